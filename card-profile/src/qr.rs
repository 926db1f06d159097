//! The text in the printed QR code. It carries no signature: it proves nothing, it only says which card to expect.
//!
//! The card of 2021 (TT 06/2021): seven fields separated by `|`. The card of 2024 (TT 16/2024): the law names more
//! items, their **order is not published**: [`QrLayout2024`] is an assumption, and configurable.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::card_holder::{BirthDate, Sex};
use crate::personal_number::PersonalNumber;
use jiff::civil::Date;

/// The longest text a QR code holds (version 40, level L, bytes; ISO/IEC 18004 table 7).
pub const MAX_TEXT: usize = 2953;

/// The seven fields of the card of 2021. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Qr2021 {
    /// Số định danh.
    pub number: PersonalNumber,
    /// Số CMND, nine digits, if the holder had one.
    pub old_number: Option<String>,
    /// Full name with diacritics.
    pub full_name: String,
    /// Date of birth.
    pub birth_date: BirthDate,
    /// Sex.
    pub sex: Sex,
    /// Nơi thường trú.
    pub residence: String,
    /// Ngày cấp.
    pub issue_date: Date,
}

/// The fields of the card of 2024.
#[derive(Clone, PartialEq, Eq)]
pub struct Qr2024 {
    /// The seven leading fields.
    pub base: Qr2021,
    /// Số định danh đã hủy, if there is one.
    pub cancelled_number: Option<PersonalNumber>,
    /// Father, on the card of a child under 14.
    pub father: Option<String>,
    /// Mother, on the card of a child under 14.
    pub mother: Option<String>,
}

/// A field after the seventh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QrField2024 {
    /// Số định danh đã hủy.
    CancelledNumber,
    /// Father's name.
    Father,
    /// Mother's name.
    Mother,
}

/// Which fields follow the seventh, in order. **Assumption**: no public source gives the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QrLayout2024 {
    /// The trailing fields; all are written, empty ones too.
    pub trailing: Vec<QrField2024>,
}

impl Default for QrLayout2024 {
    fn default() -> Self {
        Self { trailing: vec![QrField2024::CancelledNumber, QrField2024::Father, QrField2024::Mother] }
    }
}

/// A text as scanned: the seven known fields, and what follows them as it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct ScannedQr {
    /// The seven leading fields.
    pub base: Qr2021,
    /// The fields after the seventh, raw.
    pub rest: Vec<String>,
}

/// Why text is not the QR code of a CCCD, or none can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QrError {
    /// More bytes than any QR code holds.
    #[error("{length} bytes are more than a QR code holds")]
    TooLong {
        /// Bytes found.
        length: usize,
    },
    /// Fewer than seven fields.
    #[error("{found} fields instead of at least seven")]
    TooFewFields {
        /// Fields found.
        found: usize,
    },
    /// A field that is not what stands in its place.
    #[error("field {number} ({name}) is malformed")]
    Field {
        /// Counted from one.
        number: usize,
        /// What should stand there.
        name: &'static str,
    },
    /// A value that holds the separator `|` or a line end.
    #[error("a value holds the separator or a line end, and cannot stand in the QR code")]
    Separator,
}

impl ScannedQr {
    /// Reads the text of either card: at least seven fields, the rest kept as it is.
    ///
    /// # Errors
    /// [`QrError`].
    pub fn parse(text: &str) -> Result<Self, QrError> {
        if text.len() > MAX_TEXT {
            return Err(QrError::TooLong { length: text.len() });
        }
        let mut fields = text.trim_end_matches(['\r', '\n', '\0']).split('|');
        let mut found = 0_usize;
        let mut next = || {
            let field = fields.next().ok_or(QrError::TooFewFields { found })?;
            found = found.saturating_add(1);
            Ok::<&str, QrError>(field.trim())
        };
        let wrong = |number, name| QrError::Field { number, name };
        let (number, old, full_name, birth, sex, residence, issued) =
            (next()?, next()?, next()?, next()?, next()?, next()?, next()?);
        let base = Qr2021 {
            number: PersonalNumber::parse(number).map_err(|_| wrong(1, "personal number"))?,
            old_number: match old {
                "" => None,
                old if old.len() <= 12 && old.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Some(old.to_owned())
                }
                _ => return Err(wrong(2, "old number")),
            },
            full_name: match full_name {
                "" => return Err(wrong(3, "full name")),
                name => name.to_owned(),
            },
            birth_date: BirthDate::parse_compact(birth).map_err(|_| wrong(4, "date of birth"))?,
            sex: Sex::from_vietnamese(sex).ok_or_else(|| wrong(5, "sex"))?,
            residence: residence.to_owned(),
            issue_date: BirthDate::parse_compact(issued)
                .ok()
                .and_then(BirthDate::date)
                .ok_or_else(|| wrong(7, "date of issue"))?,
        };
        Ok(Self { base, rest: fields.map(str::to_owned).collect() })
    }

    /// Reads the trailing fields as `layout` assumes them. What does not fit is left out.
    #[must_use]
    pub fn with_layout(&self, layout: &QrLayout2024) -> Qr2024 {
        let value = |field| {
            let position = layout.trailing.iter().position(|listed| *listed == field)?;
            self.rest.get(position).map(|text| text.trim()).filter(|text| !text.is_empty())
        };
        Qr2024 {
            base: self.base.clone(),
            cancelled_number: value(QrField2024::CancelledNumber)
                .and_then(|number| PersonalNumber::parse(number).ok()),
            father: value(QrField2024::Father).map(str::to_owned),
            mother: value(QrField2024::Mother).map(str::to_owned),
        }
    }
}

impl Qr2021 {
    /// The seven leading fields of either card's text; [`ScannedQr::parse`] keeps the rest too.
    ///
    /// # Errors
    /// [`QrError`].
    pub fn parse(text: &str) -> Result<Self, QrError> {
        ScannedQr::parse(text).map(|scanned| scanned.base)
    }

    /// The text to print.
    ///
    /// # Errors
    /// [`QrError::Separator`], [`QrError::TooLong`].
    pub fn text(&self) -> Result<String, QrError> {
        join(&self.fields())
    }

    fn fields(&self) -> Vec<String> {
        vec![
            self.number.as_str().to_owned(),
            self.old_number.clone().unwrap_or_default(),
            self.full_name.clone(),
            self.birth_date.compact(),
            self.sex.vietnamese().to_owned(),
            self.residence.clone(),
            BirthDate::Day(self.issue_date).compact(),
        ]
    }
}

impl Qr2024 {
    /// The text to print, in the order that `layout` assumes.
    ///
    /// # Errors
    /// [`QrError::Separator`], [`QrError::TooLong`].
    pub fn text(&self, layout: &QrLayout2024) -> Result<String, QrError> {
        let mut fields = self.base.fields();
        fields.extend(layout.trailing.iter().map(|field| match field {
            QrField2024::CancelledNumber => {
                self.cancelled_number.as_ref().map(|number| number.as_str().to_owned()).unwrap_or_default()
            }
            QrField2024::Father => self.father.clone().unwrap_or_default(),
            QrField2024::Mother => self.mother.clone().unwrap_or_default(),
        }));
        join(&fields)
    }
}

fn join(fields: &[String]) -> Result<String, QrError> {
    if fields.iter().any(|field| field.contains(['|', '\n', '\r'])) {
        return Err(QrError::Separator);
    }
    let text = fields.join("|");
    if text.len() > MAX_TEXT { Err(QrError::TooLong { length: text.len() }) } else { Ok(text) }
}

impl fmt::Debug for Qr2021 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qr2021").field("number", &self.number).finish_non_exhaustive()
    }
}

impl fmt::Debug for Qr2024 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qr2024").field("base", &self.base).finish_non_exhaustive()
    }
}

impl fmt::Debug for ScannedQr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScannedQr").field("base", &self.base).field("rest", &self.rest.len()).finish()
    }
}
