//! What a station did: by day, by reason, by unit, what was spoiled and why, how long it took, what is late. Counts only: no
//! person is in a report.

mod csv;
mod drawing;

use std::collections::BTreeMap;

use cccd_population::store::{Row, Session, StoreError};
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use jiff::{Timestamp, ToSpan as _};

use crate::deadline::Calendar;
use crate::register::day_in_vietnam;

pub use csv::{blanks, by_day, by_reason, by_unit, reconciliation, spoiled};
pub use drawing::{bars, page};

/// The longest span of days of a report.
pub const MAX_DAYS: i32 = 366;

/// How many kinds of reasons for spoilage are told apart; the rest is one.
const MAX_KINDS: usize = 50;

/// The first and the last day of a report, in Vietnam.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    first: Date,
    last: Date,
}

impl Span {
    /// From a day to another, both in it; `None` when they are the wrong way round or too far apart.
    #[must_use]
    pub fn new(first: Date, last: Date) -> Option<Self> {
        let days = first.until(last).ok()?.get_days();
        (0..MAX_DAYS).contains(&days).then_some(Self { first, last })
    }

    /// The first day.
    #[must_use]
    pub fn first(self) -> Date {
        self.first
    }

    /// The last day.
    #[must_use]
    pub fn last(self) -> Date {
        self.last
    }

    /// Its bounds as the ledger writes times: at or after the first, before the second.
    fn bounds(self) -> Option<(String, String)> {
        let start = |day: Date| {
            let zone = TimeZone::fixed(offset(7));
            let at = day.at(0, 0, 0, 0).to_zoned(zone).ok()?.timestamp();
            // Without its last letter it is smaller than every time of that second, with fractions or without.
            Some(at.to_string().trim_end_matches('Z').to_owned())
        };
        Some((start(self.first)?, start(self.last.checked_add(1.day()).ok()?)?))
    }

    fn days(self) -> impl Iterator<Item = Date> {
        self.first.series(1.day()).take_while(move |day| *day <= self.last)
    }
}

/// What was done, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Taken in.
    pub received: u64,
    /// Cards made.
    pub issued: u64,
    /// Handed over.
    pub delivered: u64,
    /// Refused.
    pub refused: u64,
    /// Chips given up.
    pub spoiled: u64,
}

impl Done {
    fn count(&mut self, action: &str) {
        let field = match action {
            "receive" => &mut self.received,
            "issue" => &mut self.issued,
            "deliver" => &mut self.delivered,
            "reject" => &mut self.refused,
            "spoil" => &mut self.spoiled,
            _ => return,
        };
        *field += 1;
    }
}

/// A report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Each day of the span, also those on which nothing was done.
    pub days: BTreeMap<Date, Done>,
    /// By what was asked for and on which legal ground.
    pub reasons: BTreeMap<(String, Option<String>), Done>,
    /// By station: its key's digest, empty for one without a log.
    pub units: BTreeMap<String, Done>,
    /// Chips given up, by the officer's reason; without words, with a photo only, by cause.
    pub spoilage: BTreeMap<String, u64>,
    /// Working days from taking in to the card, and how many cards took them.
    pub took: BTreeMap<i32, u64>,
    /// Cards that were made after the law's last day.
    pub issued_late: u64,
    /// Open now and past the law's last day.
    pub late_now: u64,
}

impl Report {
    /// Everything of the span.
    #[must_use]
    pub fn total(&self) -> Done {
        self.days.values().fold(Done::default(), |sum, day| Done {
            received: sum.received + day.received,
            issued: sum.issued + day.issued,
            delivered: sum.delivered + day.delivered,
            refused: sum.refused + day.refused,
            spoiled: sum.spoiled + day.spoiled,
        })
    }

    /// The working days within which half of the cards were made.
    #[must_use]
    pub fn median(&self) -> Option<i32> {
        let all: u64 = self.took.values().sum();
        let mut seen = 0;
        self.took.iter().find_map(|(days, count)| {
            seen += count;
            (2 * seen >= all && all > 0).then_some(*days)
        })
    }
}

/// Reads a report from the ledger's tables.
pub(crate) fn read(
    session: &mut dyn Session,
    span: Span,
    today: Date,
    calendar: &Calendar,
) -> Result<Report, StoreError> {
    let mut report =
        Report { days: span.days().map(|day| (day, Done::default())).collect(), ..Report::default() };
    let (from, to) = span.bounds().ok_or(StoreError::Inconsistent("a span of days"))?;
    session.query(
        "SELECT t.action, t.at, t.reason, t.station, a.reason, a.ground, a.received_at, a.due \
         FROM actions t JOIN applications a ON a.id = t.application_id \
         WHERE t.at >= ?1 AND t.at < ?2 AND t.action IN ('receive', 'issue', 'deliver', 'reject', 'spoil')",
        &[from.as_str().into(), to.as_str().into()],
        &mut |row| note(&mut report, row, calendar),
    )?;
    // A blank of the stock: what an application cost is told above. What was destroyed was spoiled before, and counts once.
    session.query(
        "SELECT e.at, e.cause, e.note, o.station FROM blank_events e JOIN stock_operations o ON o.id = e.operation \
         WHERE e.at >= ?1 AND e.at < ?2 AND e.to_state = 'spoiled' AND NOT EXISTS (SELECT 1 FROM blank_events b \
         WHERE b.serial = e.serial AND b.to_state = 'spoiled' AND b.sequence < e.sequence)",
        &[from.as_str().into(), to.as_str().into()],
        &mut |row| spoiled_in_stock(&mut report, row),
    )?;
    session.query(
        "SELECT count(*) FROM applications WHERE due < ?1 \
         AND state NOT IN ('issued', 'delivered', 'rejected', 'spoiled')",
        &[today.to_string().into()],
        &mut |row| {
            report.late_now = row.count(0)?;
            Ok(())
        },
    )?;
    Ok(report)
}

fn note(report: &mut Report, row: &dyn Row, calendar: &Calendar) -> Result<(), StoreError> {
    let damaged = || StoreError::Inconsistent("a time of the ledger");
    let action = row.needed(0)?;
    let day = day_of(&row.needed(1)?).ok_or_else(damaged)?;
    let kind = (row.needed(4)?, row.text(5)?);
    for done in [
        report.days.entry(day).or_default(),
        report.reasons.entry(kind).or_default(),
        report.units.entry(row.text(3)?.unwrap_or_default()).or_default(),
    ] {
        done.count(&action);
    }
    match action.as_str() {
        "spoil" => spoiled_for(report, row.text(2)?.unwrap_or_default()),
        "issue" => {
            let received = day_of(&row.needed(6)?).ok_or_else(damaged)?;
            *report.took.entry(calendar.left(received, day)).or_default() += 1;
            let due: Date = row.needed(7)?.parse().map_err(|_| damaged())?;
            report.issued_late += u64::from(day > due);
        }
        _ => {}
    }
    Ok(())
}

fn spoiled_in_stock(report: &mut Report, row: &dyn Row) -> Result<(), StoreError> {
    let day = day_of(&row.needed(0)?).ok_or(StoreError::Inconsistent("a time of the ledger"))?;
    for done in [
        report.days.entry(day).or_default(),
        report.units.entry(row.text(3)?.unwrap_or_default()).or_default(),
    ] {
        done.spoiled += 1;
    }
    spoiled_for(report, row.text(2)?.or(row.text(1)?).unwrap_or_default());
    Ok(())
}

fn spoiled_for(report: &mut Report, mut reason: String) {
    if report.spoilage.len() >= MAX_KINDS && !report.spoilage.contains_key(&reason) {
        "…".clone_into(&mut reason);
    }
    *report.spoilage.entry(reason).or_default() += 1;
}

fn day_of(text: &str) -> Option<Date> {
    text.parse::<Timestamp>().ok().map(day_in_vietnam)
}
