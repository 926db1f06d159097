//! `GlobalPlatform` Secure Channel Protocol 03 (Card Specification v2.3 Amendment D), both ends: AES-128, eight-byte
//! MACs (S8), security level `33`: command and response MAC and encryption.
//!
//! The chip announces `i = 70` (pseudo-random challenge, response MAC and encryption); a terminal also accepts
//! `i = 00` and `60` headers.

mod chip;
mod session;
mod terminal;

pub use chip::{Scp03Chip, Scp03Identity};
pub use session::{Scp03Error, Scp03Session};
pub use terminal::{ChipAnnouncement, Scp03Channel, Scp03OpenError, Scp03Start, open};

use super::keys::StaticKeys;
use crate::protocol::block_cipher::{BadLength, cmac};
use zeroize::Zeroizing;

/// Command MAC and encryption, response MAC and encryption (Amendment D §7.1.2.1).
pub const SECURITY_LEVEL: u8 = 0x33;

/// Length of the chip's serial: INITIALIZE UPDATE's key diversification data.
pub const SERIAL_LENGTH: usize = 10;

/// The derivation constants (Amendment D table 4-1).
#[derive(Clone, Copy)]
enum Derivation {
    CardCryptogram,
    HostCryptogram,
    CardChallenge,
    SessionEnc,
    SessionMac,
    SessionRmac,
}

impl Derivation {
    fn constant(self) -> u8 {
        match self {
            Self::CardCryptogram => 0x00,
            Self::HostCryptogram => 0x01,
            Self::CardChallenge => 0x02,
            Self::SessionEnc => 0x04,
            Self::SessionMac => 0x06,
            Self::SessionRmac => 0x07,
        }
    }
}

/// The KDF of NIST SP 800-108 in counter mode with CMAC (Amendment D §4.1.5): one block is enough for 128 bits.
fn derive(
    key: &[u8],
    derivation: Derivation,
    bits: u16,
    context: &[&[u8]],
) -> Result<Zeroizing<[u8; 16]>, BadLength> {
    let [high, low] = bits.to_be_bytes();
    let mut label = [0; 16];
    // Eleven zeros and the constant; separator; length in bits; counter.
    for (slot, byte) in label.iter_mut().skip(11).zip([derivation.constant(), 0x00, high, low, 0x01]) {
        *slot = byte;
    }
    let mut parts = vec![&label[..]];
    parts.extend_from_slice(context);
    cmac(key, &parts).map(Zeroizing::new)
}

/// The three session keys.
struct SessionKeys {
    enc: Zeroizing<[u8; 16]>,
    mac: Zeroizing<[u8; 16]>,
    rmac: Zeroizing<[u8; 16]>,
}

impl SessionKeys {
    fn derive(keys: &StaticKeys, host: &[u8; 8], card: &[u8; 8]) -> Result<Self, BadLength> {
        Ok(Self {
            enc: derive(keys.enc(), Derivation::SessionEnc, 128, &[host, card])?,
            mac: derive(keys.mac(), Derivation::SessionMac, 128, &[host, card])?,
            rmac: derive(keys.mac(), Derivation::SessionRmac, 128, &[host, card])?,
        })
    }

    fn cryptogram(
        &self,
        derivation: Derivation,
        host: &[u8; 8],
        card: &[u8; 8],
    ) -> Result<[u8; 8], BadLength> {
        derive(&*self.mac, derivation, 64, &[host, card])?.first_chunk::<8>().copied().ok_or(BadLength)
    }
}
