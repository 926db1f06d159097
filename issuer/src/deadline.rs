//! The law's time limit: seven working days from the day on which an application was taken in (Luật Căn cước 2023
//! art. 26). What is a holiday is told, not guessed: those that follow the moon differ every year.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// Working days from application to card (art. 26).
pub const WORKING_DAYS: u32 = 7;

/// The longest list of holidays that is read.
const MAX_DAYS: usize = 1_000;

/// New Year, 30 April, 1 May, National Day: the holidays that fall on the same day of the sun every year (Bộ luật Lao
/// động 2019 art. 112).
const FIXED: [(i8, i8); 4] = [(1, 1), (4, 30), (5, 1), (9, 2)];

/// Which days are worked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    moving: BTreeSet<Date>,
}

/// A line of a list of holidays that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {0} of the list of holidays is not a day like 2027-02-05")]
pub struct NotADay(pub usize);

impl Calendar {
    /// Weekends and the holidays of fixed days; Tết and Giỗ Tổ Hùng Vương are added by [`with`](Self::with).
    #[must_use]
    pub fn of_law() -> Self {
        Self::default()
    }

    /// With more days on which nobody works.
    #[must_use]
    pub fn with(mut self, days: impl IntoIterator<Item = Date>) -> Self {
        self.moving.extend(days);
        self
    }

    /// With those of a list: one day a line, `#` begins a remark.
    ///
    /// # Errors
    /// [`NotADay`], also for a list that is too long.
    pub fn with_list(self, text: &str) -> Result<Self, NotADay> {
        let mut days = Vec::new();
        for (position, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let day = line.parse().map_err(|_| NotADay(position + 1))?;
            if days.len() == MAX_DAYS {
                return Err(NotADay(position + 1));
            }
            days.push(day);
        }
        Ok(self.with(days))
    }

    /// Whether an office works on this day.
    #[must_use]
    pub fn is_worked(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
            && !FIXED.contains(&(day.month(), day.day()))
            && !self.moving.contains(&day)
    }

    /// The last day for what was taken in on `day`; the day itself does not count.
    #[must_use]
    pub fn due(&self, day: Date) -> Date {
        let (mut due, mut left) = (day, WORKING_DAYS);
        while left > 0 {
            // At the end of the calendar nothing is due any more.
            let Ok(next) = due.checked_add(1.day()) else { return due };
            due = next;
            left -= u32::from(self.is_worked(due));
        }
        due
    }

    /// Working days from `today` to `due`; negative when it is past.
    #[must_use]
    pub fn left(&self, today: Date, due: Date) -> i32 {
        let (mut day, mut count) = (today.min(due), 0);
        while day < today.max(due) {
            let Ok(next) = day.checked_add(1.day()) else { break };
            day = next;
            count += i32::from(self.is_worked(day));
        }
        if due < today { -count } else { count }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn seven_working_days_over_weekends_and_holidays() {
        let law = Calendar::of_law();
        // Friday 20 November 2026: the next seven working days end on Tuesday, 1 December.
        assert_eq!(law.due(date(2026, 11, 20)), date(2026, 12, 1));
        // Saturday counts from Monday.
        assert_eq!(law.due(date(2026, 11, 21)), date(2026, 12, 1));
        // 30 April (Thursday) and 1 May 2026 (Friday) are not worked.
        assert_eq!(law.due(date(2026, 4, 27)), date(2026, 5, 8));
        // Tết 2027 from a list: 5 to 11 February.
        let tet =
            law.clone().with_list("2027-02-05 # 29 Tết\n\n2027-02-08\n2027-02-09\n2027-02-10\n2027-02-11\n");
        assert_eq!(tet.unwrap().due(date(2027, 2, 3)), date(2027, 2, 19));
        assert_eq!(law.due(date(2027, 2, 3)), date(2027, 2, 12));
        assert_eq!(law.clone().with_list("2027-02-05\n8 February\n"), Err(NotADay(2)));
    }

    #[test]
    fn what_is_left_counts_down_to_the_last_day_and_below() {
        let law = Calendar::of_law();
        let received = date(2026, 11, 20);
        let due = law.due(received);
        assert_eq!(law.left(received, due), 7);
        assert_eq!(law.left(date(2026, 11, 28), due), 2);
        assert_eq!(law.left(due, due), 0);
        assert_eq!(law.left(date(2026, 12, 4), due), -3);
    }
}
