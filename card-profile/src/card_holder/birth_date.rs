//! A date of birth of which the day, or day and month, may be unknown.

use core::fmt;
use core::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A date of birth. Registers hold persons of whom only the year, or year and month, was ever recorded.
///
/// `Display` and `FromStr` use the form of the card, `dd/mm/yyyy`, `mm/yyyy` or `yyyy`; serde the form of ISO 8601,
/// `yyyy-mm-dd`, `yyyy-mm` or `yyyy`. What real cards write for incomplete dates is not known: assumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BirthDate {
    /// The day is known.
    Day(Date),
    /// Only month and year are known.
    Month {
        /// The year.
        year: i16,
        /// The month, 1 to 12.
        month: i8,
    },
    /// Only the year is known.
    Year(i16),
}

/// Text that is no date of birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a date of birth is dd/mm/yyyy, mm/yyyy or yyyy")]
pub struct NotABirthDate;

impl BirthDate {
    /// A date from its known parts; `None` for parts that no calendar has.
    #[must_use]
    pub fn from_parts(year: i16, month: Option<i8>, day: Option<i8>) -> Option<Self> {
        if !(0..=9999).contains(&year) {
            return None;
        }
        match (month, day) {
            (Some(month), Some(day)) => Date::new(year, month, day).ok().map(Self::Day),
            (Some(month), None) => Date::new(year, month, 1).ok().map(|_| Self::Month { year, month }),
            (None, None) => Some(Self::Year(year)),
            (None, Some(_)) => None,
        }
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i16 {
        match self {
            Self::Day(date) => date.year(),
            Self::Month { year, .. } | Self::Year(year) => year,
        }
    }

    /// The month, if known.
    #[must_use]
    pub fn month(self) -> Option<i8> {
        match self {
            Self::Day(date) => Some(date.month()),
            Self::Month { month, .. } => Some(month),
            Self::Year(_) => None,
        }
    }

    /// The day of the month, if known.
    #[must_use]
    pub fn day(self) -> Option<i8> {
        match self {
            Self::Day(date) => Some(date.day()),
            Self::Month { .. } | Self::Year(_) => None,
        }
    }

    /// The full date, if known.
    #[must_use]
    pub fn date(self) -> Option<Date> {
        match self {
            Self::Day(date) => Some(date),
            Self::Month { .. } | Self::Year(_) => None,
        }
    }

    /// The first day it can mean: what ages and milestones count from.
    #[must_use]
    pub fn earliest(self) -> Date {
        match self {
            Self::Day(date) => date,
            Self::Month { year, month } => Date::new(year, month, 1).unwrap_or(Date::ZERO),
            Self::Year(year) => Date::new(year, 1, 1).unwrap_or(Date::ZERO),
        }
    }

    /// `ddMMyyyy` as in the QR code; a shorter form when parts are unknown.
    #[must_use]
    pub fn compact(self) -> String {
        self.to_string().replace('/', "")
    }

    /// Reads `ddMMyyyy`, `MMyyyy` or `yyyy`.
    ///
    /// # Errors
    /// [`NotABirthDate`].
    pub fn parse_compact(text: &str) -> Result<Self, NotABirthDate> {
        let parts = match text.len() {
            4 => (None, None, text),
            6 => (None, text.get(..2), text.get(2..).unwrap_or_default()),
            8 => (text.get(..2), text.get(2..4), text.get(4..).unwrap_or_default()),
            _ => return Err(NotABirthDate),
        };
        from_text(parts.2, parts.1, parts.0)
    }
}

impl From<Date> for BirthDate {
    fn from(date: Date) -> Self {
        Self::Day(date)
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => write!(f, "{:02}/{:02}/{:04}", date.day(), date.month(), date.year()),
            Self::Month { year, month } => write!(f, "{month:02}/{year:04}"),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

impl FromStr for BirthDate {
    type Err = NotABirthDate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/').rev();
        let year = parts.next().unwrap_or_default();
        let (month, day) = (parts.next(), parts.next());
        if parts.next().is_some() {
            return Err(NotABirthDate);
        }
        from_text(year, month, day)
    }
}

impl Serialize for BirthDate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = match self {
            Self::Day(date) => date.to_string(),
            Self::Month { year, month } => format!("{year:04}-{month:02}"),
            Self::Year(year) => format!("{year:04}"),
        };
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for BirthDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut parts = text.split('-');
        let year = parts.next().unwrap_or_default();
        let (month, day) = (parts.next(), parts.next());
        if parts.next().is_some() {
            return Err(serde::de::Error::custom("a date is yyyy-mm-dd, yyyy-mm or yyyy"));
        }
        from_text(year, month, day)
            .map_err(|NotABirthDate| serde::de::Error::custom("a date is yyyy-mm-dd, yyyy-mm or yyyy"))
    }
}

fn from_text(year: &str, month: Option<&str>, day: Option<&str>) -> Result<BirthDate, NotABirthDate> {
    fn number<T: FromStr>(text: &str, digits: usize) -> Result<T, NotABirthDate> {
        if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotABirthDate);
        }
        text.parse().map_err(|_| NotABirthDate)
    }
    let month = month.map(|month| number(month, 2)).transpose()?;
    let day = day.map(|day| number(day, 2)).transpose()?;
    BirthDate::from_parts(number(year, 4)?, month, day).ok_or(NotABirthDate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_round_trip() {
        for (text, compact) in [("15/01/1999", "15011999"), ("01/1940", "011940"), ("1940", "1940")] {
            let date: BirthDate = text.parse().unwrap();
            assert_eq!((date.to_string().as_str(), date.compact().as_str()), (text, compact));
            assert_eq!(BirthDate::parse_compact(compact), Ok(date));
        }
    }

    #[test]
    fn refuses_what_no_calendar_has() {
        for text in
            ["", "30/02/1999", "13/1999", "1/1/1999", "1999-01-15", "15/01/99", "+1/01/1999", "1/2/3/4"]
        {
            assert_eq!(text.parse::<BirthDate>(), Err(NotABirthDate), "{text}");
        }
        assert!(BirthDate::parse_compact("1501199é").is_err());
    }
}
