//! Chip Authentication (Doc 9303-11 §6.2, TR-03110-2 §3.4), terminal and chip, on curves and residues.
//!
//! **Version 1: a completed run proves nothing yet.** Anyone can answer `9000`: the chip shows that it holds the private
//! key only when its next answer, protected under the *new* session, verifies. The terminal's output is therefore a
//! [`ClaimedSession`], not a session. **Version 2** proves it within the run, by a token under the new keys.
//!
//! And even that is worth as much as the public key: it must come from a DG14 whose hash stands in a verified EF.SOD, or
//! from a verified EF.CardSecurity.

mod chip;
mod version2;

pub use chip::{
    ChipAgreement, ChipAuthenticationChip, ChipAuthenticationOffer, ChipAuthenticationVersion, set_kat,
};
pub use version2::ChipAuthentication2Terminal;

use super::group::{Element, InvalidElement, Secret};
use super::kdf::Cipher;
use super::pace::{Agreement, public_value};
use super::secure_messaging::SecureMessaging;
use super::{Step, TerminalProtocol};
use crate::apdu::{Command, Response, StatusWord};
use crate::tlv::{self, Reader};
use const_oid::ObjectIdentifier;
use rand_core::CryptoRng;
use std::fmt;

/// `id-CA-<agreement>-<cipher>` (Doc 9303-11 §9.2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChipAuthenticationProtocol {
    /// The key agreement.
    pub agreement: Agreement,
    /// The cipher of the new session.
    pub cipher: Cipher,
}

const ID_CA: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.3");

impl ChipAuthenticationProtocol {
    /// `id-CA-ECDH-AES-CBC-CMAC-128`: what a CCCD offers.
    pub const ECDH_AES_128: Self = Self { agreement: Agreement::Ecdh, cipher: Cipher::Aes128 };

    /// By object identifier.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        let mut arcs = oid.arcs();
        if !ID_CA.arcs().all(|arc| arcs.next() == Some(arc)) {
            return None;
        }
        let agreement = match arcs.next()? {
            1 => Agreement::Dh,
            2 => Agreement::Ecdh,
            _ => return None,
        };
        let cipher = match arcs.next()? {
            1 => Cipher::TripleDes,
            2 => Cipher::Aes128,
            3 => Cipher::Aes192,
            4 => Cipher::Aes256,
            _ => return None,
        };
        arcs.next().is_none().then_some(Self { agreement, cipher })
    }

    /// The object identifier.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        let agreement = match self.agreement {
            Agreement::Dh => 1,
            Agreement::Ecdh => 2,
        };
        let cipher = match self.cipher {
            Cipher::TripleDes => 1,
            Cipher::Aes128 => 2,
            Cipher::Aes192 => 3,
            Cipher::Aes256 => 4,
        };
        ID_CA.push_arc(agreement).and_then(|oid| oid.push_arc(cipher)).unwrap_or(ID_CA)
    }
}

/// How Chip Authentication fails at the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChipAuthenticationError {
    /// The key is not of the kind that the protocol's name says.
    #[error("this Chip Authentication protocol does not go with this key")]
    Unsupported,
    /// The chip refused to set the protocol and key.
    #[error("the chip refuses the protocol or the key reference: {0:?}")]
    NotOffered(StatusWord),
    /// The chip refused our ephemeral key.
    #[error("the chip breaks Chip Authentication off: {0:?}")]
    BrokenOff(StatusWord),
    /// The chip's public key cannot be used.
    #[error("the chip's public key is not acceptable")]
    PublicKey,
    /// The answer is not the dynamic authentication data of this step.
    #[error("malformed dynamic authentication data")]
    Malformed,
    /// The chip's token is wrong: it does not hold the private key (version 2).
    #[error("the chip's authentication token is wrong")]
    Token,
}

impl From<InvalidElement> for ChipAuthenticationError {
    fn from(_: InvalidElement) -> Self {
        Self::PublicKey
    }
}

/// The session the chip **claims** to share. It becomes proof with the first answer that verifies under it.
#[derive(Debug)]
pub struct ClaimedSession(SecureMessaging);

impl ClaimedSession {
    /// Takes the session to go on with. The caller must see one protected answer verify before it believes
    /// anything; [`SecureChannel::protected_exchanges`](super::secure_messaging::SecureChannel::protected_exchanges)
    /// counts them.
    #[must_use]
    pub fn into_unproven_session(self) -> SecureMessaging {
        self.0
    }
}

/// The terminal of version 1. Run it through the protected channel of BAC or PACE, then go on with the claimed session.
pub struct ChipAuthenticationTerminal {
    protocol: ChipAuthenticationProtocol,
    key_id: Option<u32>,
    chip: Element,
    ephemeral: Secret,
    public: Element,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Start,
    AwaitKat,
    AwaitAt,
    AwaitAuthenticate,
    Over,
}

impl ChipAuthenticationTerminal {
    /// A run against this public key of DG14, with the key's number if DG14 has one. The ephemeral key is drawn now.
    ///
    /// # Errors
    /// [`ChipAuthenticationError::Unsupported`] for a key of another kind than the protocol's.
    pub fn new(
        protocol: ChipAuthenticationProtocol,
        chip: impl Into<Element>,
        key_id: Option<u32>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, ChipAuthenticationError> {
        let chip = chip.into();
        let group = chip.group();
        if group.agreement() != protocol.agreement {
            return Err(ChipAuthenticationError::Unsupported);
        }
        let ephemeral = Secret::generate(group, rng);
        let public = ephemeral.public()?;
        Ok(Self { protocol, key_id, chip, ephemeral, public, state: State::Start })
    }

    /// The terminal's ephemeral public key: Terminal Authentication version 1 signs its compressed form.
    #[must_use]
    pub fn ephemeral(&self) -> &Element {
        &self.public
    }

    fn claim(&self) -> Result<Step<ClaimedSession>, ChipAuthenticationError> {
        let secret = self.ephemeral.agree(&self.chip)?;
        Ok(Step::Done(ClaimedSession(SecureMessaging::from_secret(&secret, self.protocol.cipher))))
    }
}

impl TerminalProtocol for ChipAuthenticationTerminal {
    type Output = ClaimedSession;
    type Error = ChipAuthenticationError;

    fn advance(&mut self, answer: Option<Response>) -> Result<Step<ClaimedSession>, ChipAuthenticationError> {
        match (std::mem::replace(&mut self.state, State::Over), answer) {
            // MSE:SET KAT `00 22 41 A6 {91 ephemeral, [84 key]}`: 3DES only (Doc 9303-11 §6.2.4.1).
            (State::Start, None) if self.protocol.cipher == Cipher::TripleDes => {
                let mut data = tlv::encode(0x91, public_value(&self.public));
                data.extend(key_reference(self.key_id));
                self.state = State::AwaitKat;
                Ok(Step::Send(Command::new(0x00, 0x22, 0x41, 0xA6).with_data(data)))
            }
            // MSE:SET AT `00 22 41 A4 {80 protocol, [84 key]}` (§6.2.4.2).
            (State::Start, None) => {
                self.state = State::AwaitAt;
                Ok(Step::Send(set_at(self.protocol, self.key_id)))
            }
            (State::AwaitKat, Some(answer)) if answer.is_ok() => self.claim(),
            (State::AwaitAt, Some(answer)) if answer.is_ok() => {
                self.state = State::AwaitAuthenticate;
                Ok(Step::Send(general_authenticate(&self.public)))
            }
            (State::AwaitKat | State::AwaitAt, Some(answer)) => {
                Err(ChipAuthenticationError::NotOffered(answer.status))
            }
            (State::AwaitAuthenticate, Some(answer)) if answer.is_ok() => {
                let mut outer = Reader::new(&answer.data);
                outer
                    .expect(0x7C)
                    .and_then(|_| outer.finish())
                    .map_err(|_| ChipAuthenticationError::Malformed)?;
                self.claim()
            }
            (State::AwaitAuthenticate, Some(answer)) => {
                Err(ChipAuthenticationError::BrokenOff(answer.status))
            }
            _ => Err(ChipAuthenticationError::Malformed),
        }
    }
}

impl fmt::Debug for ChipAuthenticationTerminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChipAuthenticationTerminal({:?})", self.protocol)
    }
}

/// MSE:SET AT `00 22 41 A4 {80 protocol, [84 key]}`.
fn set_at(protocol: ChipAuthenticationProtocol, key_id: Option<u32>) -> Command {
    let mut data = tlv::encode(0x80, protocol.oid().as_bytes());
    data.extend(key_reference(key_id));
    Command::new(0x00, 0x22, 0x41, 0xA4).with_data(data)
}

/// GENERAL AUTHENTICATE `00 86 00 00 7C{80 ephemeral}`.
fn general_authenticate(ephemeral: &Element) -> Command {
    Command::new(0x00, 0x86, 0x00, 0x00)
        .with_data(tlv::encode(0x7C, &tlv::encode(0x80, public_value(ephemeral))))
        .with_expected_length(256)
}

/// DO'84': which of the chip's keys, if they have numbers.
fn key_reference(key_id: Option<u32>) -> Vec<u8> {
    key_id.map(|id| tlv::encode(0x84, &significant(id))).unwrap_or_default()
}

/// A number in as few bytes as it needs, at least one.
fn significant(number: u32) -> Vec<u8> {
    let bytes: Vec<u8> = number.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if bytes.is_empty() { vec![0] } else { bytes }
}
