//! The machine readable zone: Doc 9303-3 §4 and the layouts TD1 (Doc 9303-5), TD2 (Doc 9303-6), TD3 (Doc 9303-4).
//!
//! Parsing checks length and characters only. Wrong check digits are *reported* ([`Mrz::check_digits`]): cards with
//! wrong ones exist, and whether that matters is for the verifier's policy.

mod cccd;
mod check_digit;
mod date;
mod information;
mod layout;
mod name;

use core::fmt;

use jiff::civil::Date;

pub use cccd::{CccdFields, ISSUING_STATE, NO_EXPIRY};
pub use check_digit::{CheckDigit, CheckedField, check_digit};
pub use information::{MrzInformation, NotMrzInformation};
pub use layout::Format;
pub use name::{MrzName, name_field};

use crate::card_holder::{BirthDate, Sex};
use crate::personal_number::PersonalNumber;
use crate::transliteration::NoMrzForm;
use crate::validity::Expiry;

/// A machine readable zone of known format. Its text is personal data and key material: `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Mrz {
    format: Format,
    /// All lines, one after the other; A–Z, 0–9 and `<` only.
    text: String,
}

/// Why text is no machine readable zone, or none can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MrzError {
    /// Neither 3 × 30, 2 × 36 nor 2 × 44 characters.
    #[error("{found} characters in {lines} lines are no machine readable zone")]
    Length {
        /// Characters found, without line ends.
        found: usize,
        /// Lines found.
        lines: usize,
    },
    /// A character other than A–Z, 0–9 and `<`.
    #[error("a character that no machine readable zone has, at position {position}")]
    Character {
        /// Position, counted over all lines.
        position: usize,
    },
    /// The name cannot be transliterated.
    #[error(transparent)]
    Name(#[from] NoMrzForm),
    /// The name has no letter.
    #[error("the name is empty")]
    EmptyName,
}

impl Mrz {
    /// Takes the lines separated by line ends, or all characters in one line.
    ///
    /// # Errors
    /// [`MrzError::Length`], [`MrzError::Character`].
    pub fn parse(text: &str) -> Result<Self, MrzError> {
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let found = lines.iter().fold(0_usize, |sum, line| sum.saturating_add(line.len()));
        let wrong_length = MrzError::Length { found, lines: lines.len() };
        let format = Format::of_length(found).ok_or(wrong_length)?;
        let (count, width) = format.lines();
        if lines.len() != 1 && (lines.len() != count || lines.iter().any(|line| line.len() != width)) {
            return Err(wrong_length);
        }
        let text = lines.concat();
        let good = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'<';
        match text.bytes().position(|byte| !good(byte)) {
            Some(position) => Err(MrzError::Character { position }),
            None => Ok(Self { format, text }),
        }
    }

    /// The layout.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// All characters without line ends, as DG1 holds them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The lines as printed.
    #[must_use]
    pub fn lines(&self) -> Vec<&str> {
        let (count, width) = self.format.lines();
        (0..count)
            .map(|line| self.slice(line.saturating_mul(width), line.saturating_add(1).saturating_mul(width)))
            .collect()
    }

    /// Document code: `ID`, `P`.
    #[must_use]
    pub fn document_code(&self) -> &str {
        self.field(self.format.layout().document_code).trim_end_matches('<')
    }

    /// Issuing state or organization (Doc 9303-3 §5): `VNM`.
    #[must_use]
    pub fn issuing_state(&self) -> &str {
        self.field(self.format.layout().issuing_state).trim_end_matches('<')
    }

    /// Nationality (Doc 9303-3 §5).
    #[must_use]
    pub fn nationality(&self) -> &str {
        self.field(self.format.layout().nationality).trim_end_matches('<')
    }

    /// The document number, with its continuation in the optional data if it has one (Doc 9303-5 §4.2.2.1 note j).
    #[must_use]
    pub fn document_number(&self) -> String {
        let number = self.field(self.format.layout().document_number);
        match self.continuation() {
            Some((rest, _)) => format!("{number}{rest}"),
            None => number.trim_end_matches('<').to_owned(),
        }
    }

    /// The optional data of the line that holds the document number.
    #[must_use]
    pub fn optional_data(&self) -> &str {
        self.field(self.format.layout().optional_data).trim_end_matches('<')
    }

    /// The second optional data field of TD1; empty elsewhere.
    #[must_use]
    pub fn optional_data_2(&self) -> &str {
        self.field(self.format.layout().optional_data_2).trim_end_matches('<')
    }

    /// The sex (Doc 9303-3 §4.7); `None` for a letter that stands for none.
    #[must_use]
    pub fn sex(&self) -> Option<Sex> {
        match self.field(self.format.layout().sex) {
            "M" => Some(Sex::Male),
            "F" => Some(Sex::Female),
            "<" | "X" => Some(Sex::Unspecified),
            _ => None,
        }
    }

    /// The holder's name.
    #[must_use]
    pub fn name(&self) -> MrzName {
        MrzName::from_field(self.field(self.format.layout().name))
    }

    /// The date of birth as it stands: `YYMMDD`, unknown parts `<<`.
    #[must_use]
    pub fn birth_date_field(&self) -> &str {
        self.field(self.format.layout().birth_date)
    }

    /// The date of expiry as it stands: `YYMMDD`.
    #[must_use]
    pub fn expiry_field(&self) -> &str {
        self.field(self.format.layout().expiry)
    }

    /// The date of birth: of the two centuries the latest that is not after `at`; a personal number whose year ends
    /// in the same digits settles it. `None` when the field holds no date.
    #[must_use]
    pub fn birth_date(&self, at: Date) -> Option<BirthDate> {
        let hint = self.personal_number().map(|number| number.structure().birth_year);
        date::birth_date(self.birth_date_field(), at, hint)
    }

    /// The expiry, within 50 years around `at`. On Vietnam's cards `991231` stands for no expiry.
    #[must_use]
    pub fn expiry(&self, at: Date) -> Option<Expiry> {
        if self.expiry_field() == NO_EXPIRY
            && self.issuing_state() == ISSUING_STATE
            && self.format == Format::Td1
        {
            return Some(Expiry::Never);
        }
        date::expiry(self.expiry_field(), at).map(Expiry::On)
    }

    /// The personal number in the optional data of Vietnam's identity card.
    #[must_use]
    pub fn personal_number(&self) -> Option<PersonalNumber> {
        if self.format != Format::Td1 || self.issuing_state() != ISSUING_STATE {
            return None;
        }
        PersonalNumber::parse(self.field(self.format.layout().optional_data).get(..12)?).ok()
    }

    /// Every check digit of the zone, printed beside computed (Doc 9303-3 §4.9).
    #[must_use]
    pub fn check_digits(&self) -> Vec<CheckDigit> {
        let layout = self.format.layout();
        let mut found = Vec::new();
        let mut check = |field, data: &str, printed: &str, empty_may_be_filler: bool| {
            let computed = check_digit(data).unwrap_or('<');
            let printed = printed.chars().next().unwrap_or('<');
            let filler = empty_may_be_filler && printed == '<' && data.bytes().all(|byte| byte == b'<');
            found.push(CheckDigit { field, printed, computed: if filler { '<' } else { computed } });
        };
        match self.continuation() {
            Some((_, digit)) => check(CheckedField::DocumentNumber, &self.document_number(), digit, false),
            None => check(
                CheckedField::DocumentNumber,
                self.field(layout.document_number),
                self.field(layout.document_number_digit),
                false,
            ),
        }
        check(CheckedField::BirthDate, self.birth_date_field(), self.field(layout.birth_date_digit), false);
        check(CheckedField::Expiry, self.expiry_field(), self.field(layout.expiry_digit), false);
        if let Some(number) = self.personal_number() {
            check(CheckedField::PersonalNumber, number.as_str(), self.slice(29, 30), false);
        }
        // A visa (MRV-A, MRV-B; Doc 9303-7 §4.2) has the lines of TD3 or TD2 without these two.
        if self.document_code().starts_with('V') && self.format != Format::Td1 {
            return found;
        }
        if let Some(digit) = layout.optional_data_digit {
            check(CheckedField::OptionalData, self.field(layout.optional_data), self.field(digit), true);
        }
        let composite: String = layout.composite.iter().map(|range| self.field(*range)).collect();
        check(CheckedField::Composite, &composite, self.field(layout.composite_digit), false);
        found
    }

    /// The check digits that are wrong.
    #[must_use]
    pub fn wrong_check_digits(&self) -> Vec<CheckDigit> {
        self.check_digits().into_iter().filter(|digit| !digit.is_right()).collect()
    }

    /// The key seed input of BAC and of PACE with the MRZ (Doc 9303-11 §4.3.2): check digits are computed anew.
    #[must_use]
    pub fn information(&self) -> MrzInformation {
        let number = match self.continuation() {
            Some(_) => self.document_number(),
            None => self.field(self.format.layout().document_number).to_owned(),
        };
        MrzInformation::of_fields(&number, self.birth_date_field(), self.expiry_field())
    }

    /// Where the check digit of the document number is a filler, the number goes on in the optional data, its check
    /// digit last.
    fn continuation(&self) -> Option<(&str, &str)> {
        let layout = self.format.layout();
        if self.format == Format::Td3 || self.field(layout.document_number_digit) != "<" {
            return None;
        }
        let rest = self.field(layout.optional_data).split('<').next().filter(|rest| !rest.is_empty())?;
        rest.split_at_checked(rest.len().saturating_sub(1))
    }

    fn field(&self, (start, end): (usize, usize)) -> &str {
        self.slice(start, end)
    }

    fn slice(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }
}

impl fmt::Debug for Mrz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mrz({:?}, {})", self.format, self.issuing_state())
    }
}
