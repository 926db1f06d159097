//! Password Authenticated Connection Establishment (Doc 9303-11 §4.4), terminal and chip.
//!
//! ECDH with the generic mapping. [`Agreement`] and [`Mapping`] name the others, so that a card that offers them
//! is understood; asking for one gives [`PaceError::Unsupported`].

mod chip;
mod password;
mod protocol_id;
mod terminal;

pub use chip::{PaceChip, PaceChipStep, PaceOffer};
pub use password::{NotACan, Password, PasswordType};
pub use protocol_id::{Agreement, Mapping, PaceProtocol};
pub use terminal::PaceTerminal;

use super::block_cipher::{BadLength, mac};
use super::curve::{InvalidPoint, Point, UnsupportedParameters};
use super::kdf::{KeyUse, derive_key};
use super::secure_messaging::SecureMessaging;
use crate::apdu::StatusWord;
use crate::tlv::{self, Reader};
use zeroize::Zeroizing;

/// How PACE fails at the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PaceError {
    /// This agreement or mapping is not implemented.
    #[error("this PACE protocol is not supported")]
    Unsupported,
    /// These domain parameters have no arithmetic here.
    #[error(transparent)]
    Parameters(#[from] UnsupportedParameters),
    /// MSE:SET AT was refused: the chip has not this protocol or password.
    #[error("the chip refuses the protocol or the password's kind: {0:?}")]
    NotOffered(StatusWord),
    /// A middle step was refused.
    #[error("the chip breaks PACE off: {0:?}")]
    BrokenOff(StatusWord),
    /// The chip refused our token: the password is not this card's.
    #[error("the chip refuses the password: {0:?}")]
    WrongPassword(StatusWord),
    /// The chip's token is wrong: it does not know the password, or someone stands between.
    #[error("the chip's authentication token is wrong")]
    Token,
    /// The chip's public key is no finite point, or our own sent back.
    #[error("the chip's public key is not acceptable")]
    PublicKey,
    /// The answer is not the dynamic authentication data this step calls for.
    #[error("malformed dynamic authentication data")]
    Malformed,
}

impl From<InvalidPoint> for PaceError {
    fn from(_: InvalidPoint) -> Self {
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

/// The keys that both ends share before the tokens.
struct Agreed {
    protocol: PaceProtocol,
    secret: Zeroizing<Vec<u8>>,
}

impl Agreed {
    /// T = `MAC(K_MAC`, 7F49 { 06 protocol, 86 public key }) (Doc 9303-11 §4.4.3.4, §9.4.5).
    fn token(&self, key: &Point) -> Result<[u8; 8], BadLength> {
        let oid = tlv::encode(0x06, self.protocol.oid().as_bytes());
        let point = tlv::encode(0x86, key.as_bytes());
        let input = tlv::encode_all(0x7F49, &[&oid, &point]);
        mac(&derive_key(&self.secret, KeyUse::Mac, self.protocol.cipher), &input)
    }

    fn session(&self) -> SecureMessaging {
        SecureMessaging::from_secret(&self.secret, self.protocol.cipher)
    }
}
