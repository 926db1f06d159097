//! Dates of two-digit years, Doc 9303-3 §4.8.

use jiff::civil::Date;

use crate::card_holder::BirthDate;

/// `YYMMDD`; `<<` where month or day are not known (Doc 9303-3 §4.8).
pub(super) fn birth_date_field(date: BirthDate) -> String {
    let two = |part: Option<i8>| part.map_or_else(|| "<<".to_owned(), |part| format!("{part:02}"));
    format!("{:02}{}{}", date.year().rem_euclid(100), two(date.month()), two(date.day()))
}

/// `YYMMDD`.
pub(super) fn expiry_field(date: Date) -> String {
    birth_date_field(BirthDate::Day(date))
}

/// The latest year not after `at`; `hint` (a full year) wins when it ends in the same digits.
pub(super) fn birth_date(field: &str, at: Date, hint: Option<i16>) -> Option<BirthDate> {
    let (short_year, month, day) = parts(field)?;
    let year = match hint {
        Some(hint) if hint.rem_euclid(100) == short_year && hint <= at.year() => hint,
        _ => {
            let this_century = at.year().checked_sub(at.year().rem_euclid(100))?.checked_add(short_year)?;
            let candidate = BirthDate::from_parts(this_century, month, day);
            match candidate {
                Some(date) if date.earliest() <= at => this_century,
                // 29 February may exist in one of the centuries only.
                _ => this_century.checked_sub(100)?,
            }
        }
    };
    BirthDate::from_parts(year, month, day)
}

/// The year within 50 years around `at`.
pub(super) fn expiry(field: &str, at: Date) -> Option<Date> {
    let (short_year, month, day) = parts(field)?;
    let first = at.year().checked_sub(50)?;
    let year = first.checked_add(short_year.checked_sub(first.rem_euclid(100))?.rem_euclid(100))?;
    BirthDate::from_parts(year, month, day)?.date()
}

fn parts(field: &str) -> Option<(i16, Option<i8>, Option<i8>)> {
    fn part(text: &str) -> Option<Option<i8>> {
        match text {
            "<<" => Some(None),
            digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok().map(Some),
            _ => None,
        }
    }
    if field.len() != 6 {
        return None;
    }
    Some((part(field.get(..2)?)??.into(), part(field.get(2..4)?)?, part(field.get(4..)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn births_lie_in_the_past() {
        let at = date(2026, 11, 21);
        assert_eq!(birth_date("990115", at, None), Some(date(1999, 1, 15).into()));
        assert_eq!(birth_date("261121", at, None), Some(date(2026, 11, 21).into()));
        assert_eq!(birth_date("261122", at, None), Some(date(1926, 11, 22).into()));
        assert_eq!(birth_date("200101", at, Some(1920)), Some(date(1920, 1, 1).into()));
        assert_eq!(birth_date("200101", at, Some(1921)), Some(date(2020, 1, 1).into()));
        assert_eq!(birth_date("40<<<<", at, None), Some(BirthDate::Year(1940)));
        assert_eq!(birth_date("4005<<", at, None), Some(BirthDate::Month { year: 1940, month: 5 }));
        for field in ["", "999999", "99AB01", "<<0101", "40<<01", "+10101"] {
            assert_eq!(birth_date(field, at, None), None, "{field}");
        }
    }

    #[test]
    fn expiries_lie_around_today() {
        let at = date(2026, 11, 21);
        assert_eq!(expiry("390115", at), Some(date(2039, 1, 15)));
        assert_eq!(expiry("750101", at), Some(date(2075, 1, 1)));
        assert_eq!(expiry("760101", at), Some(date(1976, 1, 1)));
        assert_eq!(expiry("010101", date(2098, 1, 1)), Some(date(2101, 1, 1)));
        assert_eq!(expiry("3901<<", at), None);
    }
}
