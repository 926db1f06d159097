//! The key derivation function (Doc 9303-11 §9.7.1).

use sha1::{Digest as _, Sha1};
use sha2::Sha256;
use std::fmt;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// The block ciphers of secure messaging (Doc 9303-11 §9.8) and PACE (§9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cipher {
    /// Two-key 3DES in CBC mode with the retail MAC.
    TripleDes,
    /// AES-128 in CBC mode with CMAC.
    Aes128,
    /// AES-192 in CBC mode with CMAC.
    Aes192,
    /// AES-256 in CBC mode with CMAC.
    Aes256,
}

impl Cipher {
    /// Length of a key in bytes.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// Length of a block in bytes.
    #[must_use]
    pub const fn block_length(self) -> usize {
        match self {
            Self::TripleDes => 8,
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
        }
    }
}

/// The counter of the key derivation function: what the key is for (Doc 9303-11 §9.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// Counter 1: encryption.
    Encryption,
    /// Counter 2: message authentication.
    Mac,
    /// Counter 3: the PACE key from a password (§9.7.3).
    Password,
}

/// A key of one of the [`Cipher`]s. Zeroized, never printed, never copied by accident.
pub struct SymmetricKey {
    cipher: Cipher,
    bytes: Zeroizing<Vec<u8>>,
}

impl SymmetricKey {
    /// A key from its bytes; `None` when the length is not the cipher's.
    #[must_use]
    pub fn new(cipher: Cipher, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == cipher.key_length()).then(|| Self { cipher, bytes: Zeroizing::new(bytes.to_vec()) })
    }

    /// The cipher.
    #[must_use]
    pub fn cipher(&self) -> Cipher {
        self.cipher
    }

    /// AES-CMAC of a message, all 16 octets (NIST SP 800-38B); `None` for 3DES, which has another checksum.
    #[must_use]
    pub fn aes_cmac(&self, message: &[u8]) -> Option<[u8; 16]> {
        (self.cipher != Cipher::TripleDes)
            .then(|| super::block_cipher::cmac(&self.bytes, &[message]).ok())
            .flatten()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl ConstantTimeEq for SymmetricKey {
    /// Whether two keys are the same, without showing either.
    fn ct_eq(&self, other: &Self) -> Choice {
        self.bytes.ct_eq(&other.bytes) & Choice::from(u8::from(self.cipher == other.cipher))
    }
}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SymmetricKey({:?})", self.cipher)
    }
}

/// KDF(K, c): SHA-1 for 3DES and AES-128, SHA-256 for AES-192 and AES-256; 3DES keys get odd parity
/// (Doc 9303-11 §9.7.1).
#[must_use]
pub fn derive_key(secret: &[u8], key_use: KeyUse, cipher: Cipher) -> SymmetricKey {
    let counter: u32 = match key_use {
        KeyUse::Encryption => 1,
        KeyUse::Mac => 2,
        KeyUse::Password => 3,
    };
    let mut bytes = Zeroizing::new(match cipher {
        Cipher::TripleDes | Cipher::Aes128 => {
            Sha1::new().chain_update(secret).chain_update(counter.to_be_bytes()).finalize().to_vec()
        }
        Cipher::Aes192 | Cipher::Aes256 => {
            Sha256::new().chain_update(secret).chain_update(counter.to_be_bytes()).finalize().to_vec()
        }
    });
    bytes.truncate(cipher.key_length());
    if cipher == Cipher::TripleDes {
        for byte in bytes.iter_mut() {
            *byte = with_odd_parity(*byte);
        }
    }
    SymmetricKey { cipher, bytes }
}

fn with_odd_parity(byte: u8) -> u8 {
    let seven = byte & 0xFE;
    seven | u8::from(seven.count_ones() & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::hex;

    #[test]
    fn parity_is_odd_for_every_byte() {
        for byte in 0..=255_u8 {
            assert_eq!(with_odd_parity(byte).count_ones() % 2, 1);
            assert_eq!(with_odd_parity(byte) & 0xFE, byte & 0xFE);
        }
    }

    /// Doc 9303-11 appendix D.1.
    #[test]
    fn the_keys_of_appendix_d1() {
        let seed = crate::apdu::from_hex("239AB9CB282DAF66231DC5A4DF6BFBAE").unwrap();
        let enc = derive_key(&seed, KeyUse::Encryption, Cipher::TripleDes);
        let mac = derive_key(&seed, KeyUse::Mac, Cipher::TripleDes);
        assert_eq!(hex(enc.bytes()), "AB94FDECF2674FDFB9B391F85D7F76F2");
        assert_eq!(hex(mac.bytes()), "7962D9ECE03D1ACD4C76089DCE131543");
        assert_eq!(format!("{enc:?}"), "SymmetricKey(TripleDes)");
    }

    /// Doc 9303-11 appendix G.1: session keys from the shared secret of PACE.
    #[test]
    fn the_keys_of_appendix_g1() {
        let secret =
            crate::apdu::from_hex("28768D20701247DAE81804C9E780EDE582A9996DB4A315020B2733197DB84925")
                .unwrap();
        let enc = derive_key(&secret, KeyUse::Encryption, Cipher::Aes128);
        let mac = derive_key(&secret, KeyUse::Mac, Cipher::Aes128);
        assert_eq!(hex(enc.bytes()), "F5F0E35C0D7161EE6724EE513A0D9A7F");
        assert_eq!(hex(mac.bytes()), "FE251C7858B356B24514B3BD5F4297D1");
    }

    #[test]
    fn lengths_are_the_ciphers() {
        for cipher in [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256] {
            assert_eq!(derive_key(b"k", KeyUse::Mac, cipher).bytes().len(), cipher.key_length());
            assert!(SymmetricKey::new(cipher, &[0; 15]).is_none());
        }
    }
}
