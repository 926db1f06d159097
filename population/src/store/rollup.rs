//! The roll-up of [`crate::statistics::cells`] in the store: counted in one pass, read without looking at anybody.

use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use jiff::civil::Date;

use super::engine::{Apart, Session, Table, Type, Value};
use super::kept::{Pending, act_cell};
use super::persons::{self, timestamp};
use super::sql::SqlStore;
use super::{StoreError, access, damaged};
use crate::access::{COMMAND_LINE, Look};
use crate::card::CardStatus;
use crate::civil_status::ActId;
use crate::matching::DigestKey;
use crate::statistics::anew;
use crate::statistics::cells::{Cell, Measure, RollUp};
use crate::statistics::facts::Facts;
use crate::statistics::page::page;
use crate::statistics::publication::Publication;

/// How many persons, or acts, are read at once.
const BATCH: u32 = 1_000;

/// How many cells are written at once.
const CELLS: usize = 5_000;

const TABLE: Table<'static> = Table {
    name: "statistics_cell",
    columns: "measure, province, ward, period, cohort, sex, other, persons",
    types: &[Type::Text, Type::Text, Type::Text, Type::Text, Type::Int, Type::Text, Type::Text, Type::Int],
};

/// What a count from scratch found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recount {
    /// Cells that hold something now.
    pub cells: usize,
    /// Cells that held another number before; `None` if nothing had been counted.
    pub differed: Option<usize>,
}

/// What came of publishing anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anew {
    /// The page of the month is another one now.
    Published,
    /// It says the same already.
    Same,
    /// Nothing of the register can be published.
    Empty,
    /// Together with what was published before it would tell of fewer than five; nothing was changed.
    TellsOfFew,
}

/// The largest change that is folded in cell by cell.
const FOLDED_ONE_BY_ONE: usize = 20_000;

impl SqlStore {
    /// Counts the register from scratch, in one transaction, and keeps the counts. What others change meanwhile stays to be
    /// added to them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn recount(&mut self, at: Timestamp) -> Result<Recount, StoreError> {
        // As if alone: what is counted and what is thrown away of the pending changes are of one moment.
        self.write(Apart::Whole, |session| {
            let before = match (counted_at(session)?, load(session)?) {
                (Some(_), (cells, pending)) if !pending.uncounted => Some(sum(cells, &pending)),
                _ => None,
            };
            let now = count(session)?;
            keep(session, &now, at)?;
            session.execute("DELETE FROM statistics_change", &[])?;
            Ok(Recount { cells: now.len(), differed: before.map(|before| before.differences(&now).count()) })
        })
    }

    /// The counts as they are now, and when they were last made from scratch; `None` if they never were, or if people came in
    /// whom only a count finds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn roll_up(&self) -> Result<Option<(Timestamp, RollUp)>, StoreError> {
        self.read(|session| {
            let Some(at) = counted_at(session)? else { return Ok(None) };
            let (cells, pending) = load(session)?;
            Ok((!pending.uncounted).then(|| (at, sum(cells, &pending))))
        })
    }

    /// Adds what changes have left to the cells. Answers how many changes there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn fold_statistics(&mut self) -> Result<u64, StoreError> {
        self.write(Apart::Whole, |session| {
            let Some(at) = counted_at(session)? else { return Ok(0) };
            let pending = pending(session)?;
            if pending.rows == 0 || pending.uncounted {
                return Ok(0);
            }
            if pending.sum.len() > FOLDED_ONE_BY_ONE {
                let (cells, pending) = load(session)?;
                keep(session, &sum(cells, &pending), at)?;
            } else {
                for (cell, count) in pending.sum.iter() {
                    fold(session, cell, count)?;
                }
            }
            session.execute("DELETE FROM statistics_change", &[])?;
            Ok(pending.rows)
        })
    }

    /// [`super::Store::statistics_page`]. A page that tells nothing is nobody's to keep: it is made anew when it is asked for again.
    pub(super) fn page_of_the_month(&mut self, today: Date, at: Timestamp) -> Result<String, StoreError> {
        let month = month_of(today);
        let kept = self.read(|session| published(session, &month))?;
        if let Some(page) = kept.as_ref().filter(|page| !anew::is_empty(page)) {
            return Ok(page.clone());
        }
        let page = page(&Publication::new(&self.counted(at)?, today));
        if anew::is_empty(&page) {
            return Ok(page);
        }
        self.write(Apart::Rows, |session| {
            session.execute(
                "INSERT INTO statistics_published (month, page) VALUES (?1, ?2) ON CONFLICT (month) DO NOTHING",
                &[(&month).into(), (&page).into()],
            )?;
            if let Some(empty) = &kept {
                session.execute(
                    "UPDATE statistics_published SET page = ?2 WHERE month = ?1 AND page = ?3",
                    &[(&month).into(), (&page).into(), empty.into()],
                )?;
            }
            // Another line may have been faster.
            published(session, &month)?.ok_or(StoreError::Busy)
        })
    }

    /// Publishes the month's page anew, and logs who did so and why, in one transaction. What was published before in the month is
    /// kept, and the new page may not tell together with any of it of fewer than five ([`crate::statistics::anew`]).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn publish_anew(&mut self, today: Date, key: &DigestKey, look: &Look) -> Result<Anew, StoreError> {
        let month = month_of(today);
        let page = page(&Publication::new(&self.counted(look.at)?, today));
        if anew::is_empty(&page) {
            return Ok(Anew::Empty);
        }
        let at = look.at.to_string();
        self.write(Apart::Rows, |session| {
            let mut before = Vec::new();
            session.query(
                "SELECT month, page FROM statistics_published WHERE month >= ?1 AND month < ?2",
                &[(&month).into(), format!("{month}~").into()],
                &mut |row| {
                    before.push((row.needed(0)?, row.needed(1)?));
                    Ok(())
                },
            )?;
            let current = before.iter().find(|(of, _)| *of == month).map(|(_, page)| page);
            if current == Some(&page) {
                return Ok(Anew::Same);
            }
            if before.iter().any(|(_, before)| anew::tells_of_few(before, &page)) {
                return Ok(Anew::TellsOfFew);
            }
            if let Some(current) = current {
                session.execute(
                    "INSERT INTO statistics_published (month, page) VALUES (?1, ?2)",
                    &[format!("{month} until {at}").into(), current.into()],
                )?;
            }
            session.execute(
                "INSERT INTO statistics_published (month, page) VALUES (?1, ?2) \
                 ON CONFLICT (month) DO UPDATE SET page = excluded.page",
                &[(&month).into(), (&page).into()],
            )?;
            access::log(session, key, COMMAND_LINE, core::slice::from_ref(look))?;
            Ok(Anew::Published)
        })
    }

    /// The counts as they are now; from scratch if they never were made.
    fn counted(&mut self, at: Timestamp) -> Result<RollUp, StoreError> {
        self.fold_statistics()?;
        if let Some((_, rollup)) = self.roll_up()? {
            return Ok(rollup);
        }
        self.recount(at)?;
        self.roll_up()?.map(|(_, rollup)| rollup).ok_or(StoreError::Busy)
    }
}

fn month_of(today: Date) -> String {
    today.to_string().get(..7).unwrap_or_default().to_owned()
}

fn sum(mut cells: RollUp, pending: &Pending) -> RollUp {
    cells.merge(&pending.sum);
    cells
}

fn published(session: &mut dyn Session, month: &str) -> Result<Option<String>, StoreError> {
    let mut page = None;
    session.query("SELECT page FROM statistics_published WHERE month = ?1", &[month.into()], &mut |row| {
        page = Some(row.needed(0)?);
        Ok(())
    })?;
    Ok(page)
}

pub(super) fn counted_at(session: &mut dyn Session) -> Result<Option<Timestamp>, StoreError> {
    let mut at = None;
    session.query("SELECT counted_at FROM statistics_head WHERE place = 1", &[], &mut |row| {
        at = Some(timestamp(&row.needed(0)?)?);
        Ok(())
    })?;
    Ok(at)
}

/// The cells and what is to be added to them, in one statement: of one moment.
fn load(session: &mut dyn Session) -> Result<(RollUp, Pending), StoreError> {
    let (mut rollup, mut pending) = (RollUp::new(), Pending::default());
    session.query(
        "SELECT measure, province, ward, period, cohort, sex, other, persons FROM statistics_cell \
         UNION ALL SELECT NULL, cells, NULL, NULL, NULL, NULL, NULL, NULL FROM statistics_change",
        &[],
        &mut |row| {
            let Some(measure) = row.text(0)? else { return pending.add(&row.needed(1)?) };
            let cell = Cell {
                measure: Measure::parse(&measure).ok_or_else(damaged("a measure"))?,
                province: row.needed(1)?,
                ward: row.needed(2)?,
                period: row.needed(3)?,
                cohort: row
                    .int(4)?
                    .and_then(|year| i16::try_from(year).ok())
                    .ok_or_else(damaged("a year"))?,
                sex: row.needed(5)?,
                other: row.needed(6)?,
            };
            rollup.add(cell, row.int(7)?.ok_or_else(damaged("a count"))?);
            Ok(())
        },
    )?;
    Ok((rollup, pending))
}

fn pending(session: &mut dyn Session) -> Result<Pending, StoreError> {
    let mut pending = Pending::default();
    session.query("SELECT cells FROM statistics_change", &[], &mut |row| pending.add(&row.needed(0)?))?;
    Ok(pending)
}

/// Adds to one cell; a count of zero is not kept.
fn fold(session: &mut dyn Session, cell: &Cell, count: i64) -> Result<(), StoreError> {
    let key: [Value<'_>; 7] = [
        cell.measure.as_str().into(),
        (&cell.province).into(),
        (&cell.ward).into(),
        (&cell.period).into(),
        Value::Int(cell.cohort.into()),
        (&cell.sex).into(),
        (&cell.other).into(),
    ];
    let mut held = None;
    session.query(
        "SELECT persons FROM statistics_cell WHERE measure = ?1 AND province = ?2 AND ward = ?3 AND period = ?4 \
         AND cohort = ?5 AND sex = ?6 AND other = ?7",
        &key,
        &mut |row| {
            held = row.int(0)?;
            Ok(())
        },
    )?;
    let sql = match held.unwrap_or(0).saturating_add(count) {
        0 => {
            "DELETE FROM statistics_cell WHERE measure = ?1 AND province = ?2 AND ward = ?3 AND period = ?4 \
             AND cohort = ?5 AND sex = ?6 AND other = ?7"
        }
        _ if held.is_some() => {
            "UPDATE statistics_cell SET persons = persons + ?8 WHERE measure = ?1 AND province = ?2 AND ward = ?3 \
             AND period = ?4 AND cohort = ?5 AND sex = ?6 AND other = ?7"
        }
        _ => {
            "INSERT INTO statistics_cell (measure, province, ward, period, cohort, sex, other, persons) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        }
    };
    let gone = sql.starts_with("DELETE");
    let mut values = key.to_vec();
    if !gone {
        values.push(Value::Int(count));
    }
    session.execute(sql, &values).map(drop)
}

fn keep(session: &mut dyn Session, rollup: &RollUp, at: Timestamp) -> Result<(), StoreError> {
    session.execute("DELETE FROM statistics_cell", &[])?;
    let rows: Vec<Vec<Value<'_>>> = rollup
        .iter()
        .map(|(cell, count)| {
            vec![
                cell.measure.as_str().into(),
                (&cell.province).into(),
                (&cell.ward).into(),
                (&cell.period).into(),
                Value::Int(cell.cohort.into()),
                (&cell.sex).into(),
                (&cell.other).into(),
                Value::Int(count),
            ]
        })
        .collect();
    for rows in rows.chunks(CELLS) {
        if !session.load(&TABLE, &mut rows.iter().map(|row| Ok(row.clone())))? {
            for row in rows {
                session.execute(
                    "INSERT INTO statistics_cell \
                     (measure, province, ward, period, cohort, sex, other, persons) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                    row,
                )?;
            }
        }
    }
    session
        .execute(
            "INSERT INTO statistics_head (place, counted_at) VALUES (1, ?1) \
             ON CONFLICT (place) DO UPDATE SET counted_at = excluded.counted_at",
            &[at.to_string().into()],
        )
        .map(drop)
}

fn count(session: &mut dyn Session) -> Result<RollUp, StoreError> {
    let mut rollup = RollUp::new();
    let mut after: Option<PersonalNumber> = None;
    loop {
        let batch = persons::after(session, after.as_ref(), BATCH)?;
        let Some(last) = batch.last().map(|person| person.number.clone()) else { break };
        let range = [after.as_ref().map_or("", PersonalNumber::as_str).into(), last.as_str().into()];
        let changed = changed(session, &range)?;
        let cards = cards(session, &range, &mut rollup)?;
        for person in &batch {
            let facts = Facts::of(person);
            if changed.contains(person.number.as_str()) {
                let mut before: Option<Facts> = None;
                for revision in persons::history(session, &person.number)? {
                    let next = Facts::of(&revision.person);
                    rollup.change(before.as_ref(), Some(&next));
                    before = Some(next);
                }
            } else {
                rollup.change(None, Some(&facts));
            }
            if let Some(last_day) = cards.get(person.number.as_str()) {
                rollup.holder(&facts, last_day, 1);
            }
        }
        after = Some(last);
    }
    // Cards of numbers that ended, beyond the last one that stands.
    let beyond = [after.as_ref().map_or("", PersonalNumber::as_str).into(), "~".into()];
    cards(session, &beyond, &mut rollup)?;
    acts(session, &mut rollup)?;
    Ok(rollup)
}

/// Those of a range of numbers whose record has changed.
fn changed(session: &mut dyn Session, range: &[Value<'_>]) -> Result<BTreeSet<String>, StoreError> {
    let mut numbers = BTreeSet::new();
    session.query(
        "SELECT personal_number FROM person \
         WHERE personal_number > ?1 AND personal_number <= ?2 AND revision > 1",
        range,
        &mut |row| {
            numbers.insert(row.needed(0)?);
            Ok(())
        },
    )?;
    Ok(numbers)
}

/// Counts the cards of a range of numbers; the last day of the one in use, empty if it has none.
fn cards(
    session: &mut dyn Session,
    range: &[Value<'_>],
    rollup: &mut RollUp,
) -> Result<BTreeMap<String, String>, StoreError> {
    let mut in_use = BTreeMap::new();
    session.query(
        "SELECT personal_number, status, expires FROM card \
         WHERE personal_number > ?1 AND personal_number <= ?2",
        range,
        &mut |row| {
            let status = CardStatus::parse(&row.needed(1)?).ok_or_else(damaged("a card's status"))?;
            rollup.add(Cell::of(Measure::Card).other(status.as_str()), 1);
            if status.is_in_use() {
                in_use.insert(row.needed(0)?, row.text(2)?.unwrap_or_default());
            }
            Ok(())
        },
    )?;
    Ok(in_use)
}

/// Acts that were taken, by office, month and book; births and deaths are counted from the records.
fn acts(session: &mut dyn Session, rollup: &mut RollUp) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let mut read = 0;
        let from = after.clone();
        session.query(
            "SELECT act_id, entry FROM act_claim WHERE act_id > ?1 AND outcome <> 'case' \
             ORDER BY act_id LIMIT ?2",
            &[(&from).into(), BATCH.into()],
            &mut |row| {
                read += 1;
                after = row.needed(0)?;
                let id: ActId = after.parse().map_err(|_| StoreError::Inconsistent("the name of an act"))?;
                let entry: crate::civil_status::Entry =
                    serde_json::from_str(&row.needed(1)?).map_err(|_| StoreError::Inconsistent("an act"))?;
                let Some(cell) = act_cell(&id, &entry) else { return Ok(()) };
                rollup.add(cell, 1);
                Ok(())
            },
        )?;
        if read < BATCH {
            return Ok(());
        }
    }
}
