//! The day of the law.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

/// The day in Vietnam (UTC+7 all year): what validity and ages are counted in.
#[must_use]
pub fn day_in_vietnam(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::fixed(Offset::constant(7))).date()
}
