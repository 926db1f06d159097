//! The law's time limit: seven working days from the day on which an application was taken in (Luật Căn cước 2023
//! art. 26). What is a holiday is told, not guessed: those that follow the moon differ every year.

use cccd_population::civil_status::holidays::Holidays;
pub use cccd_population::civil_status::holidays::NotADay;
use jiff::ToSpan;
use jiff::civil::Date;

/// Working days from application to card (art. 26).
pub const WORKING_DAYS: u32 = 7;

/// Which days are worked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    holidays: Holidays,
}

impl Calendar {
    /// Weekends and the holidays of fixed days; Tết and Giỗ Tổ Hùng Vương come with [`of_list`](Self::of_list).
    #[must_use]
    pub fn of_law() -> Self {
        Self::default()
    }

    /// With the days of a list: one a line, `#` begins a remark.
    ///
    /// # Errors
    /// [`NotADay`], also for a list that is too long.
    pub fn of_list(text: &str) -> Result<Self, NotADay> {
        Ok(Self { holidays: Holidays::parse(text)? })
    }

    /// Whether an office works on this day.
    #[must_use]
    pub fn is_worked(&self, day: Date) -> bool {
        self.holidays.works(day)
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
            Calendar::of_list("2027-02-05 # 29 Tết\n\n2027-02-08\n2027-02-09\n2027-02-10\n2027-02-11\n");
        assert_eq!(tet.unwrap().due(date(2027, 2, 3)), date(2027, 2, 19));
        assert_eq!(law.due(date(2027, 2, 3)), date(2027, 2, 12));
        assert_eq!(Calendar::of_list("2027-02-05\n8 February\n"), Err(NotADay(2)));
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
