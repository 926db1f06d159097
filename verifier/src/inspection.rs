//! The inspection: one reading of a card, from the first byte to the evidence.
//!
//! ```text
//! EF.CardAccess · EF.ATR/INFO · PACE (or BAC) · SELECT · EF.SOD · DG14 · Chip Authentication · DG1 · DG2 · DG13 · … · DG15 ·
//! Active Authentication
//! ```
//!
//! With a terminal's key Terminal Authentication and DG3, DG4 come last; on a chip of version 2 it comes right before Chip
//! Authentication 2.
//!
//! Each file is one READ BINARY where the chip announces extended length. Chip Authentication counts as confirmed when the first
//! answer under its keys verifies. When it does not, the session is given up, the chip opened again and everything else
//! read without it: a copy gives complete evidence too.
//!
//! What the chip does wrong becomes evidence; only a chip that cannot be opened and a link lost before that are errors.
//!
//! A card that leaves on the way can come back: a [`Reading`] goes on at the next tap, at the byte where it stopped.

mod access;
mod choice;
mod opening;
mod reading;
mod run;

pub use access::{Access, AccessError};
pub use reading::{Reading, Tap};

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::sod::HashCheck;
use cccd_cvc::TerminalCredentials;
use jiff::Timestamp;
use rand_core::CryptoRng;
use std::sync::Arc;

use crate::evidence::Evidence;
use crate::session::OpenError;

/// What to read, and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InspectionOptions {
    /// The time of reading, for the evidence.
    pub at: Timestamp,
    /// The station's name, for the evidence.
    pub station: Option<String>,
    /// Read DG2. Without it the portrait stays on the card, and its digest unchecked.
    pub portrait: bool,
    /// Read EF.COM and every group that it or EF.SOD lists, DG3 and DG4 excepted: unsigned groups come to light.
    pub thorough: bool,
    /// Whether extended length may be used.
    pub extended_length: ExtendedLength,
    /// The card's answer to reset, if the reader tells it: announces extended length where EF.ATR/INFO is absent.
    pub answer_to_reset: Option<Vec<u8>>,
    /// A remote verifier's nonce: the challenge of Active Authentication is bound to it.
    pub nonce: Option<Vec<u8>>,
    /// What this station shows chips by Terminal Authentication, to have DG3 and DG4 compared with EF.SOD. Only their
    /// digests are kept.
    pub terminal: Option<Arc<TerminalCredentials>>,
    /// Run Chip Authentication.
    pub chip_authentication: bool,
    /// Run Active Authentication.
    pub active_authentication: bool,
}

/// Whether commands and answers may be of extended length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExtendedLength {
    /// Where EF.ATR/INFO tells the chip's buffers or, without it, the answer to reset the capability.
    #[default]
    Announced,
    /// Never: for readers that do not carry it.
    Never,
}

impl InspectionOptions {
    /// Everything a verifier needs, read at this time.
    #[must_use]
    pub fn new(at: Timestamp) -> Self {
        Self {
            at,
            station: None,
            portrait: true,
            thorough: false,
            extended_length: ExtendedLength::Announced,
            answer_to_reset: None,
            nonce: None,
            terminal: None,
            chip_authentication: true,
            active_authentication: true,
        }
    }

    /// Named after this station.
    #[must_use]
    pub fn station(mut self, station: impl Into<String>) -> Self {
        self.station = Some(station.into());
        self
    }

    /// With or without the portrait.
    #[must_use]
    pub fn portrait(mut self, portrait: bool) -> Self {
        self.portrait = portrait;
        self
    }

    /// Everything that EF.COM and EF.SOD list, or only what a verdict needs.
    #[must_use]
    pub fn thorough(mut self, thorough: bool) -> Self {
        self.thorough = thorough;
        self
    }

    /// Bound to a remote verifier's nonce.
    #[must_use]
    pub fn nonce(mut self, nonce: Option<Vec<u8>>) -> Self {
        self.nonce = nonce;
        self
    }

    /// With a terminal's certificates and key.
    #[must_use]
    pub fn terminal(mut self, terminal: Option<Arc<TerminalCredentials>>) -> Self {
        self.terminal = terminal;
        self
    }

    /// Extended length or not.
    #[must_use]
    pub fn extended_length(mut self, extended_length: ExtendedLength) -> Self {
        self.extended_length = extended_length;
        self
    }

    /// Of a card with this answer to reset.
    #[must_use]
    pub fn answer_to_reset(mut self, atr: impl Into<Vec<u8>>) -> Self {
        self.answer_to_reset = Some(atr.into());
        self
    }

    /// Without the protocols that show the chip genuine: for measurements.
    #[must_use]
    pub fn without_chip_protocols(mut self) -> Self {
        self.chip_authentication = false;
        self.active_authentication = false;
        self
    }
}

/// What the inspection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// EF.CardAccess and EF.ATR/INFO.
    Preparing,
    /// PACE or BAC.
    Opening,
    /// This file.
    Reading(ElementaryFile),
    /// Chip Authentication.
    ChipAuthentication,
    /// The channel broke, the chip's proof did not hold, or the card came back: it is opened again.
    OpeningAgain,
    /// Active Authentication.
    ActiveAuthentication,
    /// Terminal Authentication.
    TerminalAuthentication,
    /// Over.
    Done,
}

/// How far the inspection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// What begins now.
    pub step: Step,
    /// Steps done.
    pub done: u32,
    /// Steps in all, as far as is known.
    pub total: u32,
    /// A file that just arrived whole.
    pub arrived: Option<Arrived>,
}

/// A file that was read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// Which.
    pub file: ElementaryFile,
    /// How many bytes.
    pub bytes: usize,
    /// What EF.SOD, read before, says about it; `None` for files that it does not speak of. A digest that differs is known
    /// here already, before the rest is read. Whether EF.SOD itself holds, only the judgement tells.
    pub digest: Option<HashCheck>,
}

/// Why there is no evidence.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The card was lost before it was open.
    #[error(transparent)]
    Link(#[from] LinkLost),
    /// The password opens another card.
    #[error("the chip refuses the password: it belongs to another card, or was mistyped")]
    WrongPassword,
    /// The PIN is wrong.
    #[error("the chip refuses the PIN: {}", tries_left(*left))]
    WrongPin {
        /// How many tries are left.
        left: u8,
    },
    /// The PIN has one try left, and the chip takes it only after the card access number.
    #[error("the PIN has one try left, and the chip takes it only after the card access number")]
    PinSuspended,
    /// No try is left of the PIN.
    #[error("the PIN is blocked")]
    PinBlocked,
    /// The card access number beside the PIN is another card's. The PIN was not tried.
    #[error("the chip refuses the card access number beside the PIN; the PIN was not tried")]
    WrongCan,
    /// The PUK is another card's.
    #[error("the chip refuses the PUK; the PIN stays blocked")]
    WrongPuk,
    /// The chip does not unblock its PIN by a PUK.
    #[error("the PIN is blocked, and the chip does not unblock it by the PUK")]
    PukNotOffered,
    /// The chip does not open with a PIN.
    #[error("the chip has no PIN that opens it")]
    NoPin,
    /// The chip asks for a password that was not given.
    #[error("the chip opens with {needed} only")]
    PasswordNeeded {
        /// Which.
        needed: &'static str,
    },
    /// No document in the chip.
    #[error("the chip holds no electronic document")]
    NoApplication,
    /// The chip does not follow the access protocol.
    #[error("the chip does not complete the access protocol: {0}")]
    Protocol(String),
    /// A reading was to go on, and this is not the card that it began with.
    #[error("this is not the card that the reading began with")]
    OtherCard,
}

impl ReadError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Link(_) => "card-lost",
            Self::WrongPassword => "wrong-password",
            Self::WrongPin { .. } => "wrong-pin",
            Self::PinSuspended => "pin-suspended",
            Self::PinBlocked => "pin-blocked",
            Self::WrongCan => "wrong-can",
            Self::WrongPuk => "wrong-puk",
            Self::PukNotOffered => "puk-not-offered",
            Self::NoPin | Self::PasswordNeeded { .. } => "password-needed",
            Self::NoApplication => "no-application",
            Self::Protocol(_) => "access-protocol",
            Self::OtherCard => "other-card",
        }
    }

    /// What a person can do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Link(_) => "lay the card flat on the reader, leave it there and start again",
            Self::WrongPassword => {
                "check the six digits (the last six of the personal number) or the machine readable zone on the back"
            }
            Self::WrongPin { left: 0 } => "unblock the PIN with --puk beside the right --pin",
            Self::WrongPin { left: 1 } => {
                "make sure of the PIN and add --can: the chip takes the last try only after the card access number"
            }
            Self::WrongPin { .. } => "ask the holder for the PIN again; each wrong one costs a try",
            Self::PinSuspended => {
                "give the card access number beside the PIN, and make sure of the PIN first: it is the last try"
            }
            Self::PinBlocked => "give the PUK beside the PIN",
            Self::WrongCan => {
                "check the card access number: on a CCCD the last six digits of the personal number"
            }
            Self::WrongPuk => "type the PUK again as the issuer gave it; the PIN was not tried",
            Self::PukNotOffered => {
                "have the PIN set anew by the office that issued the card; without --pin, --can opens the chip"
            }
            Self::NoPin => "leave --pin out and give --can: a CCCD has no PIN",
            Self::PasswordNeeded { .. } => "give the machine readable zone with --mrz, without --pin",
            Self::NoApplication => "use an identity card with a personalised chip",
            Self::Protocol(_) => {
                "take the card off, lay it on again and start again; if it stays so, the chip may be damaged"
            }
            Self::OtherCard => "lay the first card on the reader again, or start anew with this one",
        }
    }
}

fn tries_left(left: u8) -> String {
    match left {
        0 => "it was the last try, the PIN is blocked".to_owned(),
        1 => "one try is left".to_owned(),
        left => format!("{left} tries are left"),
    }
}

impl From<OpenError> for ReadError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Link(lost) => Self::Link(lost),
            OpenError::WrongPassword => Self::WrongPassword,
            OpenError::WrongPin { left } => Self::WrongPin { left },
            OpenError::PinSuspended => Self::PinSuspended,
            OpenError::PinBlocked => Self::PinBlocked,
            OpenError::WrongCan => Self::WrongCan,
            OpenError::WrongPuk => Self::WrongPuk,
            OpenError::PukNotOffered(_) => Self::PukNotOffered,
            OpenError::PasswordNotOffered(_) => Self::PasswordNeeded { needed: "another password" },
            OpenError::NoApplication(_) => Self::NoApplication,
            OpenError::Protocol(what) => Self::Protocol(what),
        }
    }
}

/// Reads a card over a transport and gives the evidence. The card must have been reset or freshly presented.
///
/// # Errors
/// [`ReadError`] when the chip could not be opened. Whatever happens later is in the evidence.
pub fn inspect<T: Transport>(
    transport: T,
    access: &Access,
    options: &InspectionOptions,
    rng: &mut dyn CryptoRng,
    progress: &mut dyn FnMut(Progress),
) -> Result<Evidence, ReadError> {
    inspect_with_reset(transport, |_| Ok(()), access, options, rng, progress)
}

/// As [`inspect`], with a way to reset the card: needed only on chips that cannot be opened twice after one reset.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_with_reset<T: Transport>(
    transport: T,
    reset: impl FnMut(&mut T) -> Result<(), LinkLost>,
    access: &Access,
    options: &InspectionOptions,
    rng: &mut dyn CryptoRng,
    progress: &mut dyn FnMut(Progress),
) -> Result<Evidence, ReadError> {
    let mut reading = Reading::new(options.clone());
    match reading.tap(transport, reset, access, rng, progress)? {
        Tap::Lost(lost) if !reading.is_begun() => Err(lost.into()),
        Tap::Lost(_) | Tap::Done => Ok(reading.into_evidence()),
    }
}
