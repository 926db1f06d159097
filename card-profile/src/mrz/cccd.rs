//! The zone of Vietnam's identity card, TD1.

use super::{Format, Mrz, MrzError, check_digit, date, name_field};
use crate::card_holder::{BirthDate, Sex};
use crate::personal_number::PersonalNumber;
use crate::transliteration::mrz_words;
use crate::validity::Expiry;

/// Issuing state and nationality.
pub const ISSUING_STATE: &str = "VNM";

/// The date that stands for "Không thời hạn".
pub const NO_EXPIRY: &str = "991231";

/// What the zone of a CCCD is made from.
#[derive(Clone, Copy)]
pub struct CccdFields<'a> {
    /// All 12 digits go to the optional data, the last nine are the document number.
    pub number: &'a PersonalNumber,
    /// The name with diacritics.
    pub full_name: &'a str,
    /// Date of birth.
    pub birth_date: BirthDate,
    /// Sex.
    pub sex: Sex,
    /// Expiry.
    pub expiry: Expiry,
}

impl core::fmt::Debug for CccdFields<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CccdFields").field("number", self.number).finish_non_exhaustive()
    }
}

impl Mrz {
    /// The zone of a CCCD (Doc 9303-5 §4.2.2; optional data as on the cards in use).
    ///
    /// # Errors
    /// [`MrzError::Name`], [`MrzError::EmptyName`].
    pub fn for_cccd(fields: &CccdFields<'_>) -> Result<Self, MrzError> {
        let digit = |data: &str| check_digit(data).unwrap_or('<');
        let document_number = fields.number.document_number();
        let number = fields.number.as_str();
        let birth = date::birth_date_field(fields.birth_date);
        let expiry = fields.expiry.date().map_or_else(|| NO_EXPIRY.to_owned(), date::expiry_field);
        let name = name_field(&mrz_words(fields.full_name)?, 30).ok_or(MrzError::EmptyName)?;

        let line_1 = format!(
            "ID{ISSUING_STATE}{document_number}{}{number}<<{}",
            digit(document_number),
            digit(number)
        );
        let (birth_digit, expiry_digit) = (digit(&birth), digit(&expiry));
        let optional_data_2 = "<".repeat(11);
        let composite = digit(&format!(
            "{}{birth}{birth_digit}{expiry}{expiry_digit}{optional_data_2}",
            line_1.get(5..).unwrap_or_default(),
        ));
        let sex = fields.sex.mrz();
        let line_2 = format!(
            "{birth}{birth_digit}{sex}{expiry}{expiry_digit}{ISSUING_STATE}{optional_data_2}{composite}"
        );
        let zone = Self::parse(&[line_1, line_2, name].concat())?;
        debug_assert_eq!(zone.format(), Format::Td1);
        Ok(zone)
    }
}
