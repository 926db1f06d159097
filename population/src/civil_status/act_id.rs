//! What an act is named by.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Serialize};

use super::kind::Kind;

/// Which act: unique in the nation, and the key under which it is taken once. `00070.2026.KS.123`: office, year, book,
/// number in the book.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActId {
    /// The office: code of its ward, 5 digits; `90` and the country's code (TT 07/2016 annex 2) for a representation abroad.
    pub office: String,
    /// Of the book.
    pub year: i16,
    /// Which book.
    pub kind: Kind,
    /// In the book of the year, from 1.
    pub serial: u32,
}

impl ActId {
    /// The country of a representation abroad, three digits; `None` for an office at home. No ward's code begins with 9.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.office.strip_prefix("90").filter(|country| country.len() == 3)
    }
}

/// Text that identifies no act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an act is named OFFICE.YEAR.BOOK.NUMBER, as in 00070.2026.KS.123")]
pub struct NotAnActId;

impl fmt::Display for ActId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:04}.{}.{}", self.office, self.year, self.kind.code(), self.serial)
    }
}

impl FromStr for ActId {
    type Err = NotAnActId;

    fn from_str(text: &str) -> Result<Self, NotAnActId> {
        let parts: Vec<&str> = text.split('.').collect();
        let [office, year, kind, serial] = parts.as_slice() else { return Err(NotAnActId) };
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if office.len() != 5 || !digits(office) || year.len() != 4 || !digits(year) {
            return Err(NotAnActId);
        }
        if !digits(serial) || serial.starts_with('0') {
            return Err(NotAnActId);
        }
        Ok(Self {
            office: (*office).to_owned(),
            year: year.parse().map_err(|_| NotAnActId)?,
            kind: Kind::from_code(kind).ok_or(NotAnActId)?,
            serial: serial.parse().map_err(|_| NotAnActId)?,
        })
    }
}

impl Serialize for ActId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ActId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
