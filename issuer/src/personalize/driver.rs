//! The port behind which a kind of blank lies: the primitives of personalization, whatever the chip's dialect.

use cccd_card_profile::apdu::{LinkLost, StatusWord};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::personalization::KeyReference;
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PublicKey};
use cccd_cvc::chain::ChipTrust;
use cccd_keys::token::TokenError;

use super::{CardLink, ChipReport, LockProof};
use crate::issuance::CardLayout;

/// Where a key pair of a chip comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// The chip makes it and never lets the private half out.
    Chip,
    /// The station makes it, puts it into the chip and forgets it.
    Station,
    /// The chip has none, and cannot prove itself by that protocol.
    None,
}

/// What a kind of blank can do. What it cannot, its cards do not claim: they list no file for it, and a verifier finds the
/// proof not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// The driver's stable name.
    pub name: &'static str,
    /// The personalizer writes in clear: whoever is near reads along, and anybody could have written.
    pub laboratory_only: bool,
    /// The blank has transport keys, which the station replaces.
    pub transport_keys: bool,
    /// Where the key of Active Authentication comes from.
    pub active_authentication: KeySource,
    /// Where the key of Chip Authentication comes from.
    pub chip_authentication: KeySource,
    /// PACE, with EF.CardAccess and the CAN; else the card opens by BAC only.
    pub pace: bool,
    /// EF.ATR/INFO can be written.
    pub atr_info: bool,
    /// DG3 and DG4 can be written.
    pub fingerprints: bool,
    /// CVCA keys can be put: terminals that they certify read DG3 and DG4.
    pub terminal_authentication: bool,
}

impl Capabilities {
    /// The files of a card made of such a blank.
    #[must_use]
    pub fn layout(&self) -> CardLayout {
        CardLayout {
            atr_info: self.atr_info,
            card_access: self.pace,
            fingerprints: self.fingerprints,
            irises: self.fingerprints,
            chip_authentication: self.chip_authentication != KeySource::None,
            active_authentication: self.active_authentication != KeySource::None,
        }
    }
}

/// One chip being written. Every method is one step of the script; the driver opens its channel when it needs it.
pub trait CardDriver {
    /// What this kind of blank can do.
    fn capabilities(&self) -> Capabilities;

    /// What the chip is, without changing it.
    ///
    /// # Errors
    /// [`DriverError`].
    fn probe(&mut self) -> Result<ChipReport, DriverError>;

    /// Opens the personalizer's channel, anew if there is one.
    ///
    /// # Errors
    /// [`DriverError`].
    fn open(&mut self) -> Result<(), DriverError>;

    /// Makes room where an interrupted run left files: they can be created anew after it.
    ///
    /// # Errors
    /// [`DriverError`].
    fn clear(&mut self) -> Result<(), DriverError>;

    /// Creates a file of this length.
    ///
    /// # Errors
    /// [`DriverError`].
    fn create_file(&mut self, file: ElementaryFile, length: usize) -> Result<(), DriverError>;

    /// Sees to it that the chip holds a key pair, from where [`Capabilities`] says, and gives the public half. A chip that
    /// takes one kind of key only gets that kind, whatever is wished.
    ///
    /// # Errors
    /// [`DriverError`]; [`DriverError::Unsupported`] where the capabilities say that there is none.
    fn provide_key(&mut self, wished: KeyAlgorithm, key: KeyReference) -> Result<PublicKey, DriverError>;

    /// Writes a whole file; tells the bytes written so far.
    ///
    /// # Errors
    /// [`DriverError`].
    fn write_file(
        &mut self,
        file: ElementaryFile,
        content: &[u8],
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), DriverError>;

    /// Puts what opens the citizen's side.
    ///
    /// # Errors
    /// [`DriverError`].
    fn put_access_keys(&mut self, mrz: &MrzInformation, can: &str) -> Result<(), DriverError>;

    /// Puts whom the chip believes about terminals, and the current date. Asked only of blanks that can take it.
    ///
    /// # Errors
    /// [`DriverError`].
    fn put_terminal_trust(&mut self, trust: &ChipTrust) -> Result<(), DriverError>;

    /// The citizen's side: the card after a reset, without any channel.
    ///
    /// # Errors
    /// [`DriverError::Link`].
    fn citizen(&mut self) -> Result<&mut dyn CardLink, DriverError>;

    /// Replaces the transport keys by the station's own.
    ///
    /// # Errors
    /// [`DriverError`]; [`DriverError::Unsupported`] for a blank without any.
    fn replace_transport_keys(&mut self) -> Result<(), DriverError>;

    /// Locks the chip for good.
    ///
    /// # Errors
    /// [`DriverError`].
    fn lock(&mut self) -> Result<(), DriverError>;

    /// Tries what must be refused now.
    ///
    /// # Errors
    /// [`DriverError`]; a command that was not refused is in the proof, not an error.
    fn prove_lock(&mut self) -> Result<LockProof, DriverError>;
}

/// Why a step did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// The card is gone: what it did last is not known.
    #[error(transparent)]
    Link(#[from] LinkLost),
    /// There is no application of an identity card on the chip.
    #[error("the chip has no identity card application: {0}")]
    NoApplication(StatusWord),
    /// The chip does not open a personalizer's channel.
    #[error("the chip does not open a channel for personalization: {0}")]
    NoChannel(StatusWord),
    /// No keys for this version.
    #[error("the chip's transport keys are of version {0:02X}, for which there are no keys here")]
    UnknownKeys(u8),
    /// The blank's keys are publicly known, and this station makes cards of citizens.
    #[error("the chip came with publicly known test keys: anyone could have written to it")]
    TestKeys,
    /// The token that holds the master of transport keys. The chip was not asked anything because of it.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The chip has other keys than it should. Trying again counts down.
    #[error("the chip does not hold the transport keys of its serial")]
    WrongKeys,
    /// The chip's protected answer does not verify.
    #[error("the protected channel to the chip broke: {0}")]
    Channel(String),
    /// A command was refused.
    #[error("the chip refuses {command}: {status}")]
    Refused {
        /// Which.
        command: &'static str,
        /// How.
        status: StatusWord,
    },
    /// An answer makes no sense.
    #[error("the chip's answer to {0} makes no sense")]
    Answer(&'static str),
    /// This kind of blank cannot do it at all.
    #[error("this kind of blank cannot do {0}")]
    Unsupported(&'static str),
    /// The station could not make a key pair.
    #[error("the station could not make a key pair for the chip")]
    Key,
    /// A file that the chip cannot hold.
    #[error("{0} is longer than the chip can hold")]
    TooLong(String),
}

impl DriverError {
    /// The card may have done what was asked: only a probe tells.
    #[must_use]
    pub fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Link(_) | Self::Channel(_) | Self::Token(_))
    }
}
