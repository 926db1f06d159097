//! Passwords and the keys they give (Doc 9303-11 §9.7.3).

use crate::mrz::MrzInformation;
use crate::protocol::kdf::{Cipher, KeyUse, SymmetricKey, derive_key};
use sha1::{Digest as _, Sha1};
use std::fmt;
use zeroize::Zeroizing;

/// Which password, as MSE:SET AT names it (Doc 9303-11 §4.4.4.1, TR-03110-3 B.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PasswordType {
    /// 1: the machine readable zone.
    Mrz,
    /// 2: the card access number.
    Can,
    /// 3: a personal identification number. No such password on a CCCD.
    Pin,
    /// 4: a PIN unblocking key. No such password on a CCCD.
    Puk,
}

impl PasswordType {
    /// By its reference.
    #[must_use]
    pub fn from_reference(reference: u8) -> Option<Self> {
        Some(match reference {
            1 => Self::Mrz,
            2 => Self::Can,
            3 => Self::Pin,
            4 => Self::Puk,
            _ => return None,
        })
    }

    /// Its reference.
    #[must_use]
    pub fn reference(self) -> u8 {
        match self {
            Self::Mrz => 1,
            Self::Can => 2,
            Self::Pin => 3,
            Self::Puk => 4,
        }
    }
}

/// A card access number that is not made of digits, or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a card access number has 6 to 16 digits")]
pub struct NotACan;

/// A password, reduced to what PACE needs of it. Zeroized, never printed.
pub struct Password {
    kind: PasswordType,
    /// f(π): SHA-1 of `MRZ_information`, or the CAN's characters.
    secret: Zeroizing<Vec<u8>>,
}

impl Password {
    /// The machine readable zone: document number, birth and expiry, each with its check digit.
    #[must_use]
    pub fn mrz(information: &MrzInformation) -> Self {
        Self::mrz_characters(information.as_bytes())
    }

    pub(super) fn mrz_characters(characters: &[u8]) -> Self {
        Self { kind: PasswordType::Mrz, secret: Zeroizing::new(Sha1::digest(characters).to_vec()) }
    }

    /// The card access number (Doc 9303-11 §4.4.1: six digits; longer ones are met).
    ///
    /// # Errors
    /// [`NotACan`].
    pub fn can(digits: &str) -> Result<Self, NotACan> {
        if !(6..=16).contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(NotACan);
        }
        Ok(Self { kind: PasswordType::Can, secret: Zeroizing::new(digits.as_bytes().to_vec()) })
    }

    /// Which password it is.
    #[must_use]
    pub fn kind(&self) -> PasswordType {
        self.kind
    }

    /// `K_π` = KDF(f(π), 3).
    pub(super) fn key(&self, cipher: Cipher) -> SymmetricKey {
        derive_key(&self.secret, KeyUse::Password, cipher)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Password({:?})", self.kind)
    }
}
