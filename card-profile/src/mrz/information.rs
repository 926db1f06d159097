//! `MRZ_information`, Doc 9303-11 §4.3.2.

use core::fmt;

use zeroize::Zeroizing;

use super::check_digit::check_digit;
use super::{NO_EXPIRY, date};
use crate::card_holder::BirthDate;
use crate::personal_number::PersonalNumber;
use crate::validity::Expiry;

/// Document number, date of birth and date of expiry, each with its check digit: the secret from which BAC and PACE
/// derive their keys. Zeroized when dropped; no `Clone`, nothing in `Debug`.
pub struct MrzInformation(Zeroizing<String>);

/// Fields that no machine readable zone has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("document number, birth or expiry has a form that no machine readable zone has")]
pub struct NotMrzInformation;

impl MrzInformation {
    /// From the fields as printed: document number (a shorter one is filled to nine), `YYMMDD`, `YYMMDD`.
    ///
    /// # Errors
    /// [`NotMrzInformation`] for a wrong length or character.
    pub fn new(document_number: &str, birth_date: &str, expiry: &str) -> Result<Self, NotMrzInformation> {
        let good = |text: &str| check_digit(text).is_some();
        let length = document_number.len();
        if !(1..=24).contains(&length) || birth_date.len() != 6 || expiry.len() != 6 {
            return Err(NotMrzInformation);
        }
        if !good(document_number) || !good(birth_date) || !good(expiry) {
            return Err(NotMrzInformation);
        }
        Ok(Self::of_fields(&format!("{document_number:<<9}"), birth_date, expiry))
    }

    /// From what is known of a CCCD's holder without its MRZ: the QR code gives number and birth, the law the expiry.
    #[must_use]
    pub fn for_cccd(number: &PersonalNumber, birth_date: impl Into<BirthDate>, expiry: Expiry) -> Self {
        let expiry = expiry.date().map_or_else(|| NO_EXPIRY.to_owned(), date::expiry_field);
        Self::of_fields(number.document_number(), &date::birth_date_field(birth_date.into()), &expiry)
    }

    /// The characters, as SHA-1 takes them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    pub(super) fn of_fields(document_number: &str, birth_date: &str, expiry: &str) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(48));
        for field in [document_number, birth_date, expiry] {
            text.push_str(field);
            text.push(check_digit(field).unwrap_or('<'));
        }
        Self(text)
    }
}

impl fmt::Debug for MrzInformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MrzInformation(…)")
    }
}
