//! Dates of certificates: six bytes of unpacked BCD, `YYMMDD` in GMT, the century being the 21st (TR-03110-3 §D.2.1.3).

use std::fmt;
use std::str::FromStr;

/// A day between 2000-01-01 and 2099-12-31.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u8,
    month: u8,
    day: u8,
}

/// Not a day of the 21st century.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date between 2000-01-01 and 2099-12-31")]
pub struct NotADate;

impl Date {
    /// By year, month and day.
    ///
    /// # Errors
    /// [`NotADate`].
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, NotADate> {
        let short = year.checked_sub(2000).filter(|year| *year < 100).ok_or(NotADate)?;
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            // 2000 to 2099: every fourth year is a leap year.
            2 => 28 + u8::from(short % 4 == 0),
            _ => return Err(NotADate),
        };
        if !(1..=days).contains(&day) {
            return Err(NotADate);
        }
        Ok(Self { year: u8::try_from(short).map_err(|_| NotADate)?, month, day })
    }

    /// From unpacked BCD.
    ///
    /// # Errors
    /// [`NotADate`].
    pub fn from_bcd(bytes: &[u8]) -> Result<Self, NotADate> {
        let digits: [u8; 6] = bytes.try_into().map_err(|_| NotADate)?;
        if digits.iter().any(|digit| *digit > 9) {
            return Err(NotADate);
        }
        let [y, z, m, n, d, e] = digits;
        let two = |tens: u8, units: u8| tens.saturating_mul(10).saturating_add(units);
        Self::new(2000_u16.saturating_add(u16::from(two(y, z))), two(m, n), two(d, e))
    }

    /// Unpacked BCD.
    #[must_use]
    pub fn to_bcd(self) -> [u8; 6] {
        let digits = |number: u8| [number / 10, number % 10];
        let ([y, z], [m, n], [d, e]) = (digits(self.year), digits(self.month), digits(self.day));
        [y, z, m, n, d, e]
    }

    /// The year, with its century.
    #[must_use]
    pub fn year(self) -> u16 {
        2000_u16.saturating_add(u16::from(self.year))
    }

    /// The month.
    #[must_use]
    pub fn month(self) -> u8 {
        self.month
    }

    /// The day.
    #[must_use]
    pub fn day(self) -> u8 {
        self.day
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = NotADate;

    /// `YYYY-MM-DD`.
    fn from_str(text: &str) -> Result<Self, NotADate> {
        let mut parts = text.splitn(3, '-');
        let mut number = |length: usize| {
            parts
                .next()
                .filter(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|part| part.parse::<u16>().ok())
                .ok_or(NotADate)
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        let small = |number: u16| u8::try_from(number).map_err(|_| NotADate);
        Self::new(year, small(month)?, small(day)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_unpacked_and_days_exist() {
        let date = Date::from_bcd(&[1, 0, 0, 9, 3, 0]).unwrap();
        assert_eq!(date.to_string(), "2010-09-30");
        assert_eq!(date.to_bcd(), [1, 0, 0, 9, 3, 0]);
        assert_eq!("2010-09-30".parse(), Ok(date));
        for wrong in [[1, 0, 0, 9, 3, 1], [1, 0, 1, 3, 0, 1], [1, 0, 0, 0, 0, 1], [10, 0, 0, 9, 0, 1]] {
            assert_eq!(Date::from_bcd(&wrong), Err(NotADate));
        }
        assert!(Date::new(2024, 2, 29).is_ok());
        assert!(Date::new(2023, 2, 29).is_err());
        assert!(Date::new(2023, 12, 31).unwrap() < Date::new(2024, 1, 1).unwrap());
    }
}
