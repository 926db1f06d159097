//! How long a card is valid: Luật Căn cước 2023 art. 21 (Luật CCCD 2014 art. 21 for cards before 1/7/2024).

use jiff::civil::Date;
use jiff::{Span, ToSpan};
use serde::{Deserialize, Serialize};

use crate::card_holder::BirthDate;

/// Ages at which a card must be renewed (Luật Căn cước 2023 art. 21(1)).
pub const MILESTONES: [i16; 4] = [14, 25, 40, 60];

/// A card issued within this many years before a milestone lives on to the next one (art. 21(2)).
pub const GRACE_YEARS: i16 = 2;

/// The end of a card's validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expiry {
    /// Valid up to and including this day.
    On(Date),
    /// "Không thời hạn": issued from the age of 58 on.
    Never,
}

impl Expiry {
    /// Whether a card is past its validity on `day`.
    #[must_use]
    pub fn is_past(self, day: Date) -> bool {
        matches!(self, Self::On(last) if day > last)
    }

    /// The date, if there is one.
    #[must_use]
    pub fn date(self) -> Option<Date> {
        match self {
            Self::On(date) => Some(date),
            Self::Never => None,
        }
    }
}

/// Why no expiry follows from two dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValidityError {
    /// Issued before the holder was born.
    #[error("the card would be issued before its holder's birth")]
    IssuedBeforeBirth,
    /// A date beyond what the calendar can hold.
    #[error("a date is out of the calendar's range")]
    OutOfRange,
}

/// The expiry of a card issued on `issue` to a person born on `birth`: the first milestone birthday after the
/// issue, or the one after it when the issue falls within two years before; none after 60.
///
/// Born on 29 February: the milestone of a common year is 28 February. Born on a day that is not known: counted
/// from [`BirthDate::earliest`].
///
/// # Errors
/// [`ValidityError`] when the dates contradict each other.
pub fn expiry(birth: impl Into<BirthDate>, issue: Date) -> Result<Expiry, ValidityError> {
    let birth = birth.into().earliest();
    if issue < birth {
        return Err(ValidityError::IssuedBeforeBirth);
    }
    let years_after_birth = |years: i16| -> Result<Date, ValidityError> {
        let span = Span::new().try_years(years).map_err(|_| ValidityError::OutOfRange)?;
        birth.checked_add(span).map_err(|_| ValidityError::OutOfRange)
    };
    for milestone in MILESTONES {
        let grace_starts = years_after_birth(milestone.saturating_sub(GRACE_YEARS))?;
        if issue < grace_starts {
            return Ok(Expiry::On(years_after_birth(milestone)?));
        }
    }
    Ok(Expiry::Never)
}

/// The holder's age in whole years on `day`; negative before birth.
#[must_use]
pub fn age_on(birth: impl Into<BirthDate>, day: Date) -> i16 {
    let birth = birth.into().earliest();
    let years = day.year().saturating_sub(birth.year());
    let reached = birth.checked_add(i64::from(years).years()).is_ok_and(|birthday| day >= birthday);
    if reached { years } else { years.saturating_sub(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn at_age(years: i64, days: i64) -> Expiry {
        let birth = date(1999, 1, 15);
        expiry(birth, birth.saturating_add(years.years()).saturating_add(days.days())).unwrap()
    }

    #[test]
    fn every_step_of_the_rule() {
        let until = |years: i64| Expiry::On(date(1999, 1, 15).saturating_add(years.years()));
        assert_eq!(at_age(0, 0), until(14));
        assert_eq!(at_age(12, -1), until(14));
        assert_eq!(at_age(12, 0), until(25));
        assert_eq!(at_age(14, 0), until(25));
        assert_eq!(at_age(23, -1), until(25));
        assert_eq!(at_age(23, 0), until(40));
        assert_eq!(at_age(25, 0), until(40));
        assert_eq!(at_age(38, -1), until(40));
        assert_eq!(at_age(38, 0), until(60));
        assert_eq!(at_age(58, -1), until(60));
        assert_eq!(at_age(58, 0), Expiry::Never);
        assert_eq!(at_age(80, 0), Expiry::Never);
    }

    #[test]
    fn the_example_card() {
        assert_eq!(expiry(date(1999, 1, 15), date(2022, 4, 20)), Ok(Expiry::On(date(2039, 1, 15))));
        assert_eq!(expiry(date(1999, 1, 15), date(1998, 1, 1)), Err(ValidityError::IssuedBeforeBirth));
    }

    #[test]
    fn last_day_is_valid_and_leap_birthdays_fall_back() {
        let expiry = expiry(date(2000, 2, 29), date(2015, 1, 1)).unwrap();
        assert_eq!(expiry, Expiry::On(date(2025, 2, 28)));
        assert!(!expiry.is_past(date(2025, 2, 28)));
        assert!(expiry.is_past(date(2025, 3, 1)));
        assert!(!Expiry::Never.is_past(date(9999, 12, 31)));
    }

    #[test]
    fn ages() {
        assert_eq!(age_on(date(1999, 1, 15), date(2013, 1, 14)), 13);
        assert_eq!(age_on(date(1999, 1, 15), date(2013, 1, 15)), 14);
        assert_eq!(age_on(date(1999, 1, 15), date(1998, 12, 1)), -1);
    }
}
