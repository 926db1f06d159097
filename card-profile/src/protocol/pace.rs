//! Password Authenticated Connection Establishment (Doc 9303-11 §4.4, TR-03110-2 §3.2), terminal and chip.
//!
//! ```text
//! chip: nonce s under the password ──► both: s becomes a generator (the mapping) ──► Diffie-Hellman on it ──► tokens
//! ```
//!
//! Generic and integrated mapping over ECDH and DH, chip authentication mapping over ECDH; 3DES and AES; every
//! standardized group ([`PaceProtocol::runs_on`] says which go together). [`PaceOffer::among`] reads what a chip
//! announces. The steps in between are functions of their own ([`map_generic`], [`map_integrated`],
//! [`authentication_token`] …), so that worked examples can be followed value by value.

mod chip;
mod chip_authentication_data;
mod field;
mod integrated;
mod mapping;
mod mapping_proof;
mod nonce;
mod offer;
mod password;
mod protocol_id;
mod terminal;
mod token;
mod tries;

pub use chip::{LastAnswer, PaceChip, PaceChipStep};
pub use mapping::{map_generic, map_integrated, pseudo_random, reduced_pseudo_random};
pub use mapping_proof::MappingProof;
pub use nonce::{decrypt_nonce, encrypt_nonce, nonce_length};
pub use offer::PaceOffer;
pub use password::{NotACan, NotAPin, NotAPuk, Password, PasswordType};
pub use protocol_id::{Agreement, Mapping, PaceProtocol};
pub use terminal::{PaceOutcome, PaceTerminal};
pub use token::{authentication_token, public_value, token_input};
pub use tries::{PinStatus, PinTries, reset_retry_counter, wait_before_try};

use super::block_cipher::BadLength;
use super::group::InvalidElement;
use crate::apdu::StatusWord;
use crate::tlv::{self, Reader};

/// How PACE fails at the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PaceError {
    /// The protocol does not run on these parameters.
    #[error("this PACE protocol is not supported on these domain parameters")]
    Unsupported,
    /// MSE:SET AT was refused: the chip has not this protocol or password.
    #[error("the chip refuses the protocol or the password's kind: {0:?}")]
    NotOffered(StatusWord),
    /// One try is left of the PIN, and it was not to be spent.
    #[error("the PIN has one try left: the chip wants its card access number first")]
    PinSuspended,
    /// No try is left of the PIN.
    #[error("the PIN is blocked: its PUK unblocks it")]
    PinBlocked,
    /// A middle step was refused.
    #[error("the chip breaks PACE off: {0:?}")]
    BrokenOff(StatusWord),
    /// The chip refused our token: the password is not this card's. `63Cx` tells the tries left of a PIN.
    #[error("the chip refuses the password: {0:?}")]
    WrongPassword(StatusWord),
    /// The chip's token is wrong: it does not know the password, or someone stands between.
    #[error("the chip's authentication token is wrong")]
    Token,
    /// The chip's public key is no element of the group, or our own sent back; or the mapping led nowhere.
    #[error("the chip's public key is not acceptable")]
    PublicKey,
    /// The answer is not the dynamic authentication data this step calls for.
    #[error("malformed dynamic authentication data")]
    Malformed,
}

impl From<InvalidElement> for PaceError {
    fn from(_: InvalidElement) -> Self {
        Self::PublicKey
    }
}

impl From<BadLength> for PaceError {
    fn from(_: BadLength) -> Self {
        Self::Malformed
    }
}

/// `7C { tag value }` (Doc 9303-11 §4.4.4.2).
fn dynamic_data(tag: u32, value: &[u8]) -> Vec<u8> {
    tlv::encode(0x7C, &tlv::encode(tag, value))
}

/// The one data object that this step carries; anything beside it is refused.
fn parse_dynamic_data(data: &[u8], tag: u32) -> Option<Vec<u8>> {
    let mut outer = Reader::new(data);
    let template = outer.expect(0x7C).ok()?;
    outer.finish().ok()?;
    let mut inner = template.nested().ok()?;
    let value = inner.expect(tag).ok()?.value.to_vec();
    inner.finish().ok()?;
    Some(value)
}
