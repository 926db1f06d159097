//! Passwords and the keys they give (Doc 9303-11 §9.7.3, TR-03110-2 §2.5).

use crate::mrz::MrzInformation;
use crate::protocol::kdf::{Cipher, KeyUse, SymmetricKey, derive_key};
use sha1::{Digest as _, Sha1};
use std::fmt;
use zeroize::Zeroizing;

/// Which password, as MSE:SET AT names it (Doc 9303-11 §4.4.4.1, TR-03110-3 B.11.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PasswordType {
    /// 1: the machine readable zone.
    Mrz,
    /// 2: the card access number.
    Can,
    /// 3: the personal identification number. **Wrong tries are counted**, and the last one blocks it. A CCCD has none.
    Pin,
    /// 4: the PIN unblocking key. A CCCD has none.
    Puk,
}

impl PasswordType {
    /// All of them, by reference.
    pub const ALL: [Self; 4] = [Self::Mrz, Self::Can, Self::Pin, Self::Puk];

    /// By its reference.
    #[must_use]
    pub fn from_reference(reference: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.reference() == reference)
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

    /// How many digits a secret of this kind has; `None` for the machine readable zone.
    #[must_use]
    pub fn digits(self) -> Option<std::ops::RangeInclusive<usize>> {
        match self {
            Self::Mrz => None,
            // Doc 9303-11 §4.4.1: six; longer ones are met.
            Self::Can => Some(6..=16),
            // TR-03110-2 §2.5: at least six; the transport PIN of cards not yet in use has five.
            Self::Pin => Some(5..=16),
            Self::Puk => Some(8..=16),
        }
    }

    fn of_digits(self, digits: &str) -> Option<Password> {
        let is_it =
            self.digits()?.contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        is_it.then(|| Password { kind: self, secret: Zeroizing::new(digits.as_bytes().to_vec()) })
    }
}

/// A card access number that is not made of digits, too short or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a card access number has 6 to 16 digits")]
pub struct NotACan;

/// A PIN that is not made of digits, too short or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PIN has 5 to 16 digits")]
pub struct NotAPin;

/// A PUK that is not made of digits, too short or too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a PUK has 8 to 16 digits")]
pub struct NotAPuk;

/// A password, reduced to what PACE needs of it. Zeroized, never printed.
pub struct Password {
    kind: PasswordType,
    /// f(π): SHA-1 of `MRZ_information`, or the characters of the others.
    secret: Zeroizing<Vec<u8>>,
}

impl Password {
    /// The machine readable zone: document number, birth and expiry, each with its check digit.
    #[must_use]
    pub fn mrz(information: &MrzInformation) -> Self {
        Self {
            kind: PasswordType::Mrz,
            secret: Zeroizing::new(Sha1::digest(information.as_bytes()).to_vec()),
        }
    }

    /// The card access number (Doc 9303-11 §4.4.1: six digits; longer ones are met).
    ///
    /// # Errors
    /// [`NotACan`].
    pub fn can(digits: &str) -> Result<Self, NotACan> {
        PasswordType::Can.of_digits(digits).ok_or(NotACan)
    }

    /// The personal identification number. A wrong one costs a try.
    ///
    /// # Errors
    /// [`NotAPin`].
    pub fn pin(digits: &str) -> Result<Self, NotAPin> {
        PasswordType::Pin.of_digits(digits).ok_or(NotAPin)
    }

    /// The PIN unblocking key.
    ///
    /// # Errors
    /// [`NotAPuk`].
    pub fn puk(digits: &str) -> Result<Self, NotAPuk> {
        PasswordType::Puk.of_digits(digits).ok_or(NotAPuk)
    }

    /// Which password it is.
    #[must_use]
    pub fn kind(&self) -> PasswordType {
        self.kind
    }

    /// `K_π` = KDF(f(π), 3).
    #[must_use]
    pub fn key(&self, cipher: Cipher) -> SymmetricKey {
        derive_key(&self.secret, KeyUse::Password, cipher)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Password({:?})", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::{from_hex, hex};

    #[test]
    fn digits_make_a_password_of_their_kind() {
        assert_eq!(Password::can("000001").unwrap().kind(), PasswordType::Can);
        assert_eq!(Password::pin("12345").unwrap().kind(), PasswordType::Pin);
        assert_eq!(Password::puk("1234567890").unwrap().kind(), PasswordType::Puk);
        assert!(Password::can("12345").is_err());
        assert!(Password::pin("1234").is_err());
        assert!(Password::pin("12345678901234567").is_err());
        assert!(Password::pin("12345x").is_err());
        assert!(Password::puk("1234567").is_err());
        for kind in PasswordType::ALL {
            assert_eq!(PasswordType::from_reference(kind.reference()), Some(kind));
        }
        assert_eq!(PasswordType::from_reference(5), None);
        assert_eq!(format!("{:?}", Password::pin("123456")), "Ok(Password(Pin))");
    }

    /// Doc 9303-11 appendices G and I: `K_π` of the machine readable zones.
    #[test]
    fn the_keys_of_the_worked_examples() {
        let all: serde_json::Value =
            serde_json::from_str(include_str!("../../../vectors/doc9303-11.json")).unwrap();
        for example in ["pace_dh_generic_mapping", "pace_chip_authentication_mapping"] {
            let text = |name: &str| all[example][name].as_str().unwrap();
            let information =
                MrzInformation::new(text("document_number"), text("birth_date"), text("expiry")).unwrap();
            let key = Password::mrz(&information).key(Cipher::Aes128);
            assert_eq!(hex(key.bytes()), hex(&from_hex(text("password_key")).unwrap()), "{example}");
        }
    }
}
