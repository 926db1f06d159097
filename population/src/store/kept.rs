//! The roll-up kept with each change: what a change adds to the counts and takes away is written in its own transaction, a row
//! for each, and folded into the cells later. Cells and rows together are the count from scratch, whoever counts meanwhile.

use cccd_card_profile::personal_number::PersonalNumber;

use super::engine::{Row, Session};
use super::persons;
use super::rollup::counted_at;
use super::{StoreError, damaged};
use crate::card::{Card, CardStatus};
use crate::civil_status::{ActId, Entry, Kind};
use crate::person::{Life, Person};
use crate::statistics::cells::{Cell, Measure, RollUp};
use crate::statistics::facts::Facts;

/// What stands instead of cells where many came in before anything was counted: the first count finds them.
const UNCOUNTED: &str = "uncounted";

/// The coordinates of a cell and what is added, in this order.
type Line = (String, String, String, String, i16, String, String, i64);

/// What the rows say that are not folded in yet.
#[derive(Default)]
pub(super) struct Pending {
    /// Their sum.
    pub(super) sum: RollUp,
    /// How many rows.
    pub(super) rows: u64,
    /// Whether there are some that only a count finds.
    pub(super) uncounted: bool,
}

impl Pending {
    /// Takes one row's text.
    pub(super) fn add(&mut self, text: &str) -> Result<(), StoreError> {
        self.rows += 1;
        if text == UNCOUNTED {
            self.uncounted = true;
            return Ok(());
        }
        let lines: Vec<Line> =
            serde_json::from_str(text).map_err(|_| StoreError::Inconsistent("a change of counts"))?;
        for (measure, province, ward, period, cohort, sex, other, count) in lines {
            let measure = Measure::parse(&measure).ok_or_else(damaged("a measure"))?;
            self.sum.add(Cell { measure, province, ward, period, cohort, sex, other }, count);
        }
        Ok(())
    }
}

fn text(rollup: &RollUp) -> Result<String, StoreError> {
    let lines: Vec<_> = rollup
        .iter()
        .map(|(cell, count)| {
            let Cell { measure, province, ward, period, cohort, sex, other } = cell;
            (measure.as_str(), province, ward, period, cohort, sex, other, count)
        })
        .collect();
    serde_json::to_string(&lines).map_err(|error| StoreError::Engine(Box::new(error)))
}

fn append(
    session: &mut dyn Session,
    whose: &PersonalNumber,
    because: &str,
    rollup: &RollUp,
) -> Result<(), StoreError> {
    if rollup.is_empty() { Ok(()) } else { row(session, whose, because, text(rollup)?) }
}

fn row(
    session: &mut dyn Session,
    whose: &PersonalNumber,
    because: &str,
    cells: String,
) -> Result<(), StoreError> {
    session.later(
        "INSERT INTO statistics_change (personal_number, because, cells) VALUES (?1, ?2, ?3)",
        vec![whose.as_str().into(), because.into(), cells.into()],
    )
}

/// Records that are new, all those of one transaction that came in together. Whatever puts rows into `person` calls it.
pub(super) fn added(session: &mut dyn Session, people: &[&Person]) -> Result<(), StoreError> {
    let Some(first) = people.iter().map(|person| &person.number).min() else { return Ok(()) };
    if people.len() > 1 && counted_at(session)?.is_none() {
        return row(session, first, "added", UNCOUNTED.to_owned());
    }
    let mut rollup = RollUp::new();
    for person in people {
        rollup.change(None, Some(&Facts::of(person)));
    }
    append(session, first, "added", &rollup)
}

/// Where and as what a card's holder is counted.
fn placed(facts: &Facts) -> (String, i16, Life) {
    (facts.province.clone(), facts.birth_year(), facts.life)
}

/// Whether a card that the person has is counted elsewhere from now on.
pub(super) fn moves(before: &Person, after: &Person) -> bool {
    placed(&Facts::of(before)) != placed(&Facts::of(after))
}

/// A record that is now another one; `card` as in [`Known`](persons::Known).
pub(super) fn changed(
    session: &mut dyn Session,
    revision: u64,
    before: &Person,
    after: &Person,
    card: Option<Option<String>>,
) -> Result<(), StoreError> {
    let (old, new) = (Facts::of(before), Facts::of(after));
    let mut rollup = RollUp::new();
    rollup.change(Some(&old), Some(&new));
    if placed(&old) != placed(&new) {
        let card = match card {
            Some(known) => known,
            None => in_use(session, &before.number)?,
        };
        if let Some(last_day) = card {
            rollup.holder(&old, &last_day, -1);
            rollup.holder(&new, &last_day, 1);
        }
    }
    append(session, &after.number, &format!("r{revision}"), &rollup)
}

/// A record that ends with its number, before it does: all that its history counted for is taken away.
pub(super) fn ended(session: &mut dyn Session, number: &PersonalNumber) -> Result<(), StoreError> {
    let mut counted = RollUp::new();
    let mut before: Option<Facts> = None;
    for revision in persons::history(session, number)? {
        let next = Facts::of(&revision.person);
        counted.change(before.as_ref(), Some(&next));
        before = Some(next);
    }
    let Some(last) = before else { return Ok(()) };
    if let Some(last_day) = in_use(session, number)? {
        counted.holder(&last, &last_day, 1);
    }
    let mut rollup = RollUp::new();
    for (cell, count) in counted.iter() {
        rollup.add(cell.clone(), count.saturating_neg());
    }
    append(session, number, "ended", &rollup)
}

/// A card's status since its event at `position` of its history; `before` is the one until then.
pub(super) fn card(
    session: &mut dyn Session,
    before: Option<CardStatus>,
    card: &Card,
    position: i64,
) -> Result<(), StoreError> {
    let mut rollup = RollUp::new();
    if let Some(before) = before {
        rollup.add(Cell::of(Measure::Card).other(before.as_str()), -1);
    }
    rollup.add(Cell::of(Measure::Card).other(card.status.as_str()), 1);
    let (was, is) = (before.is_some_and(CardStatus::is_in_use), card.status.is_in_use());
    if was != is
        && let Some(person) = persons::load(session, &card.number)?
    {
        let last_day = card.expires.map(|day| day.to_string()).unwrap_or_default();
        rollup.holder(&Facts::of(&person), &last_day, if is { 1 } else { -1 });
    }
    let because = format!("c{}:{position}", hex::encode(card.sod_sha256.as_bytes()));
    append(session, &card.number, &because, &rollup)
}

/// An act that was taken.
pub(super) fn act(session: &mut dyn Session, entry: &Entry) -> Result<(), StoreError> {
    let (Some(cell), Some(whose)) = (act_cell(&entry.id, entry), entry.act.principals().into_iter().next())
    else {
        return Ok(());
    };
    let mut rollup = RollUp::new();
    rollup.add(cell, 1);
    append(session, &whose, &entry.id.to_string(), &rollup)
}

/// Where an act is counted; births and deaths are counted from the records.
pub(super) fn act_cell(id: &ActId, entry: &Entry) -> Option<Cell> {
    let day = entry.act.on().to_string();
    let cell = Cell {
        ward: id.office.clone(),
        period: day.get(..7).unwrap_or_default().to_owned(),
        ..Cell::of(Measure::Act).other(id.kind.code())
    };
    (!matches!(id.kind, Kind::Birth | Kind::Death)).then_some(cell)
}

/// Cards of some people.
pub(super) const CARDS: &str = "SELECT personal_number, status, expires FROM card WHERE personal_number IN \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

/// Of a row of [`CARDS`]: the last day of a card in use, empty if it has none.
pub(super) fn card_in_use(row: &dyn Row) -> Result<Option<String>, StoreError> {
    let status = CardStatus::parse(&row.needed(1)?).ok_or_else(damaged("a card's status"))?;
    Ok(if status.is_in_use() { Some(row.text(2)?.unwrap_or_default()) } else { None })
}

/// The last day of the card in use; empty if it has none.
fn in_use(session: &mut dyn Session, number: &PersonalNumber) -> Result<Option<String>, StoreError> {
    let mut last_day = None;
    session.query(
        "SELECT personal_number, status, expires FROM card WHERE personal_number = ?1",
        &[number.as_str().into()],
        &mut |row: &dyn Row| {
            if let Some(found) = card_in_use(row)? {
                last_day = Some(found);
            }
            Ok(())
        },
    )?;
    Ok(last_day)
}
