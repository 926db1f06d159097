//! Years between days, and what a birth date that is known in part can mean.

use cccd_card_profile::card_holder::BirthDate;
use jiff::civil::Date;

/// Whole years from `from` to `to`.
pub(crate) fn years(from: Date, to: Date) -> i16 {
    let full = (to.month(), to.day()) >= (from.month(), from.day());
    to.year().saturating_sub(from.year()).saturating_sub(i16::from(!full))
}

/// The last day that a birth date can mean.
pub(crate) fn latest(date: BirthDate) -> Date {
    match date {
        BirthDate::Day(day) => day,
        BirthDate::Month { .. } => date.earliest().last_of_month(),
        BirthDate::Year(_) => date.earliest().last_of_year(),
    }
}
