//! Days on which no office works, for time limits in working days: the fixed holidays of Bộ luật Lao động 2019 art. 112, and those
//! that each year decides anew, from a list.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};

use super::linked::Step;

/// The longest list.
pub const MAX_HOLIDAYS: usize = 10_000;

/// New Year, 30 April, 1 May, National Day.
const FIXED: [(i8, i8); 4] = [(1, 1), (4, 30), (5, 1), (9, 2)];

/// Holidays: the fixed ones, and those of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays(BTreeSet<Date>);

/// A line of a list that names no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {0} of the list of holidays is not a day like 2027-02-05")]
pub struct NotADay(pub usize);

impl Holidays {
    /// Reads a list: a day a line, empty lines and what follows `#` left out.
    ///
    /// # Errors
    /// [`NotADay`].
    pub fn parse(text: &str) -> Result<Self, NotADay> {
        let mut days = BTreeSet::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.split('#').next().unwrap_or_default().trim();
            if text.is_empty() {
                continue;
            }
            if days.len() == MAX_HOLIDAYS {
                return Err(NotADay(line));
            }
            days.insert(text.parse().map_err(|_| NotADay(line))?);
        }
        Ok(Self(days))
    }

    /// Whether offices work on a day.
    #[must_use]
    pub fn works(&self, day: Date) -> bool {
        is_weekday(day) && !FIXED.contains(&(day.month(), day.day())) && !self.0.contains(&day)
    }
}

fn is_weekday(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

impl Step {
    /// The last day for an answer whose last day without holidays is `due` ([`Step::due`]): as many working days later as
    /// holidays lie on the working days before it.
    #[must_use]
    pub fn due_over(self, due: Date, holidays: &Holidays) -> Date {
        let (mut day, mut left, mut lost) = (due, self.working_days(), 0_u32);
        while left > 0 {
            if is_weekday(day) {
                left -= 1;
                lost += u32::from(!holidays.works(day));
            }
            let Ok(before) = day.yesterday() else { break };
            day = before;
        }
        let mut last = due;
        while lost > 0 {
            let Ok(next) = last.tomorrow() else { break };
            last = next;
            lost -= u32::from(holidays.works(last));
        }
        last
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// Tết of 2027: 6 to 11 February are days off.
    const TET: &str = "2027-02-05 # giao thừa\n\n2027-02-08\n2027-02-09\n2027-02-10\n2027-02-11\n";

    #[test]
    fn a_time_limit_is_longer_by_the_holidays_in_it() {
        let tet = Holidays::parse(TET).unwrap();
        for (asked, step, wanted) in [
            // Five working days over Tết: 2, 3, 4, then 12 and 15 February.
            (date(2027, 2, 1), Step::HealthInsurance, date(2027, 2, 15)),
            (date(2027, 1, 18), Step::HealthInsurance, date(2027, 1, 25)),
            // 30 April and 1 May 2026 are a Thursday and a Friday.
            (date(2026, 4, 24), Step::HealthInsurance, date(2026, 5, 5)),
            // National Day of 2028 is a Saturday and takes nothing.
            (date(2028, 8, 31), Step::HealthInsurance, date(2028, 9, 7)),
        ] {
            let over = step.due_over(step.due(asked), &tet);
            // The definition: counted day by day.
            let mut day = asked;
            let mut left = step.working_days();
            while left > 0 {
                day = day.tomorrow().unwrap();
                left -= u32::from(tet.works(day));
            }
            assert_eq!((over, day), (wanted, wanted), "{asked}");
        }
    }

    #[test]
    fn a_list_is_days() {
        assert_eq!(Holidays::parse("2027-02-05\n5/2/2027").unwrap_err(), NotADay(2));
        assert!(Holidays::parse("# none\n").unwrap().works(date(2027, 2, 5)));
    }
}
