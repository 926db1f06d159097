//! The personal identification number: 12 digits, Luật Căn cước 2023 art. 12; structure by NĐ 137/2015 art. 13.
//!
//! The structure (place and century of birth) is a **hint**. Numbers with an unknown prefix exist and are good:
//! nothing here rejects a number of 12 digits.

mod countries;
mod provinces;

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::card_holder::Sex;

/// Twelve decimal digits. `Debug` and `Display` show the last three only, so that a log never holds a number;
/// [`PersonalNumber::as_str`] is the way to the digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonalNumber(String);

/// Text that is no personal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a personal number has 12 digits and nothing else")]
pub struct NotAPersonalNumber;

/// What the digits say by the rule of their making (NĐ 137/2015 art. 13). A hint, see the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberStructure {
    /// Where the birth was registered: digits 1–3.
    pub registered_in: RegistrationPlace,
    /// Sex as first registered: digit 4.
    pub sex: Sex,
    /// Year of birth: digits 4–6.
    pub birth_year: i16,
}

/// The place behind digits 1–3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationPlace {
    /// One of the 63 provinces of TT 07/2016 annex 1.
    Province {
        /// The three digits.
        code: u16,
        /// The province of the annex; old numbers keep this meaning.
        name: &'static str,
        /// The unit that carries the code since 1/7/2025, if any does.
        today: Option<&'static str>,
    },
    /// A country of TT 07/2016 annex 2.
    Country {
        /// The three digits.
        code: u16,
        /// The country as the annex names it.
        name: &'static str,
    },
    /// In neither table.
    Unknown(u16),
}

impl PersonalNumber {
    /// Takes exactly 12 ASCII digits.
    ///
    /// # Errors
    /// [`NotAPersonalNumber`] for anything else.
    pub fn parse(text: &str) -> Result<Self, NotAPersonalNumber> {
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAPersonalNumber)
        }
    }

    /// All 12 digits. Personal data: not for logs or errors.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last nine digits: the document number of the MRZ. Not unique: the province code is missing.
    #[must_use]
    pub fn document_number(&self) -> &str {
        self.0.get(3..).unwrap_or_default()
    }

    /// The last six digits: the CAN of PACE on the cards in use.
    #[must_use]
    pub fn can(&self) -> &str {
        self.0.get(6..).unwrap_or_default()
    }

    /// What the digits say about place, sex and year of birth.
    #[must_use]
    pub fn structure(&self) -> NumberStructure {
        let digits = |range: core::ops::Range<usize>| {
            self.0.get(range).and_then(|digits| digits.parse::<u16>().ok()).unwrap_or_default()
        };
        let code = digits(0..3);
        let gender_and_century = digits(3..4);
        let registered_in =
            if let Some((_, name, today)) = provinces::PROVINCES.iter().find(|row| row.0 == code) {
                RegistrationPlace::Province { code, name, today: *today }
            } else if let Some((_, name)) = countries::COUNTRIES.iter().find(|row| row.0 == code) {
                RegistrationPlace::Country { code, name }
            } else {
                RegistrationPlace::Unknown(code)
            };
        let year = 1900_u16
            .saturating_add((gender_and_century / 2).saturating_mul(100))
            .saturating_add(digits(4..6));
        NumberStructure {
            registered_in,
            sex: if gender_and_century % 2 == 0 { Sex::Male } else { Sex::Female },
            birth_year: i16::try_from(year).unwrap_or(i16::MAX),
        }
    }
}

impl FromStr for PersonalNumber {
    type Err = NotAPersonalNumber;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "*********{}", self.0.get(9..).unwrap_or_default())
    }
}

impl fmt::Debug for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonalNumber({self})")
    }
}

impl Serialize for PersonalNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PersonalNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_number() {
        let number = PersonalNumber::parse("079099000001").unwrap();
        assert_eq!(number.document_number(), "099000001");
        assert_eq!(number.can(), "000001");
        let structure = number.structure();
        assert_eq!((structure.sex, structure.birth_year), (Sex::Male, 1999));
        assert!(matches!(structure.registered_in, RegistrationPlace::Province { name: "Hồ Chí Minh", .. }));
    }

    #[test]
    fn old_codes_keep_their_meaning_and_name_the_unit_of_today() {
        let place = PersonalNumber::parse("080312345678").unwrap().structure().registered_in;
        assert_eq!(place, RegistrationPlace::Province { code: 80, name: "Long An", today: Some("Tây Ninh") });
        let place = PersonalNumber::parse("175212345678").unwrap().structure();
        assert!(matches!(place.registered_in, RegistrationPlace::Country { code: 175, .. }));
        assert_eq!((place.sex, place.birth_year), (Sex::Male, 2012));
    }

    #[test]
    fn an_unknown_prefix_is_no_reason_to_reject() {
        let number = PersonalNumber::parse("999999999999").unwrap();
        assert_eq!(number.structure().registered_in, RegistrationPlace::Unknown(999));
        assert_eq!(number.structure().birth_year, 2399);
    }

    #[test]
    fn refuses_everything_but_twelve_digits_and_hides_them() {
        for text in ["", "07909900000", "0790990000012", "07909900000x", "０79099000001", " 79099000001"] {
            assert_eq!(PersonalNumber::parse(text), Err(NotAPersonalNumber), "{text:?}");
        }
        let number = PersonalNumber::parse("079099000001").unwrap();
        assert_eq!(format!("{number} {number:?}"), "*********001 PersonalNumber(*********001)");
    }

    #[test]
    fn the_tables_are_whole() {
        assert_eq!((provinces::PROVINCES.len(), countries::COUNTRIES.len()), (63, 195));
    }
}
