//! What officers do to blanks: received, counted, given up, missed, found, destroyed.

use std::collections::BTreeSet;

use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Session, StoreError};
use serde_json::{Value, json};

use super::rows::{self, BlankRow, Event, Origin};
use super::{BlankState, BlankStep, Count, Entry, Explanation, Stock, StockError, answered, lists};
use crate::audit::Auditor;
use crate::ledger::{Act, schema};

impl Stock<'_> {
    /// A delivery note of the maker: its blanks are expected until somebody counts them.
    ///
    /// # Errors
    /// [`StockError`]; a serial that this station ever had refuses the whole note.
    pub fn receive(
        &mut self,
        supplier: &str,
        delivery_note: &str,
        serials: &[ChipSerial],
        act: Act<'_>,
    ) -> Result<(), StockError> {
        lists::once(serials)?;
        let detail = json!({
            "supplier": supplier, "delivery_note": delivery_note, "blanks": serials.len(),
            rows::ASKED: rows::digest(&[], serials),
        });
        self.write(|session, log| {
            let Ok(operation) = rows::begin(session, "receive", &detail, act, log)? else { return Ok(()) };
            let batch = new_batch(session, operation, (supplier, delivery_note), serials.len())?;
            let mut events = Vec::with_capacity(serials.len());
            for serial in serials {
                events.push(enter(session, (batch, false), operation, serial, act)?);
            }
            rows::end(session, operation, ("receive", &detail), &events, act, log)
        })
    }

    /// What was found of a delivery note; all of it when `found` is `None`.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn count(
        &mut self,
        supplier: &str,
        delivery_note: &str,
        found: Option<&[ChipSerial]>,
        act: Act<'_>,
    ) -> Result<Count, StockError> {
        found.map_or(Ok(()), lists::once)?;
        let detail = json!({
            "supplier": supplier, "delivery_note": delivery_note, "found": found.map(<[ChipSerial]>::len),
            rows::ASKED: found.map(|found| rows::digest(&[], found)),
        });
        self.write(|session, log| {
            let batch = batch_of(session, supplier, delivery_note)?.ok_or(StockError::NoteUnknown)?;
            // What another station sent is taken by its list: only then does the sender get a receipt for it.
            if let Some(sender) = supplier.strip_prefix("station ")
                && super::transport::kept_list(session, sender, delivery_note)?.is_some()
            {
                return Err(StockError::ByItsList);
            }
            let expected = rows::of_batch(session, batch, BlankState::Expected)?;
            let unseen = unseen(session, batch, found)?;
            // What no note names stays in the books by this.
            let (mut detail, surplus) = (detail.clone(), strangers(session, &expected, found)?);
            if let Some(object) = detail.as_object_mut().filter(|_| !surplus.is_empty()) {
                object.insert(rows::FOUND.to_owned(), lists::texts(&surplus).into());
            }
            let operation = match rows::begin(session, "count", &detail, act, log)? {
                Ok(operation) => operation,
                Err(before) => return answered::count(session, before, batch, found),
            };
            let (mut count, events) = counted(session, operation, &expected, found, act)?;
            count.unseen = unseen;
            rows::end(session, operation, ("count", &detail), &events, act, log)?;
            Ok(count)
        })
    }

    /// A step of blanks that needs a cause: [`Spoil`](BlankStep::Spoil), [`Lose`](BlankStep::Lose),
    /// [`Find`](BlankStep::Find), [`Destroy`](BlankStep::Destroy). All of them or none.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn explain(
        &mut self,
        step: BlankStep,
        serials: &[ChipSerial],
        why: Explanation<'_>,
        act: Act<'_>,
    ) -> Result<(), StockError> {
        let said = why.note.is_some_and(|note| !note.trim().is_empty()) || why.photo_sha256.is_some();
        if !step.needs_cause() || !said {
            return Err(StockError::Unexplained);
        }
        let detail = json!({
            "cause": why.cause.as_str(), "note": why.note, "photo_sha256": why.photo_sha256,
            "blanks": lists::texts(serials),
        });
        self.step(step, serials, Some(why), &detail, act)
    }

    /// What was sent and never left, or came back unopened.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn take_back(&mut self, serials: &[ChipSerial], act: Act<'_>) -> Result<(), StockError> {
        let detail = json!({"blanks": lists::texts(serials)});
        self.step(BlankStep::TakeBack, serials, None, &detail, act)
    }

    fn step(
        &mut self,
        step: BlankStep,
        serials: &[ChipSerial],
        why: Option<Explanation<'_>>,
        detail: &Value,
        act: Act<'_>,
    ) -> Result<(), StockError> {
        lists::once(serials)?;
        let name = step.as_str();
        self.write(|session, log| {
            let Ok(operation) = rows::begin(session, name, detail, act, log)? else { return Ok(()) };
            let events = moved(session, operation, step, serials, why, act)?;
            rows::end(session, operation, (name, detail), &events, act, log)
        })
    }
}

/// Moves blanks one step within an operation.
pub(super) fn moved<'a>(
    session: &mut dyn Session,
    operation: i64,
    step: BlankStep,
    serials: &'a [ChipSerial],
    why: Option<Explanation<'a>>,
    act: Act<'_>,
) -> Result<Vec<Event<'a>>, StockError> {
    let mut events = Vec::with_capacity(serials.len());
    for serial in serials {
        let row = rows::taken(session, serial)?.ok_or(StockError::Unknown(*serial))?;
        let to = row.state.apply(step).map_err(|problem| StockError::Step { serial: *serial, problem })?;
        // The application whose chip is in work says what becomes of it.
        if row.state == BlankState::Assigned {
            let problem = super::InvalidBlankStep { from: row.state, step };
            return Err(StockError::Step { serial: *serial, problem });
        }
        let origin = Origin::Operation(operation);
        let event = Event { serial, from: Some(row.state), previous: row.last_event, to, why, origin };
        event.apply(session, act)?;
        events.push(event);
    }
    Ok(events)
}

/// The row of a batch.
pub(super) fn new_batch(
    session: &mut dyn Session,
    operation: i64,
    (supplier, delivery_note): (&str, &str),
    blanks: usize,
) -> Result<i64, StockError> {
    if batch_of(session, supplier, delivery_note)?.is_some() {
        return Err(StockError::NoteKnown);
    }
    let batch = schema::next(session, "stock-batch")?;
    session.execute(
        "INSERT INTO stock_batches (id, operation, supplier, delivery_note, announced) VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            batch.into(),
            operation.into(),
            supplier.into(),
            delivery_note.into(),
            i64::try_from(blanks).unwrap_or(i64::MAX).into(),
        ],
    )?;
    Ok(batch)
}

pub(super) fn batch_of(
    session: &mut dyn Session,
    supplier: &str,
    delivery_note: &str,
) -> Result<Option<i64>, StoreError> {
    let mut found = None;
    session.query(
        "SELECT id FROM stock_batches WHERE supplier = ?1 AND delivery_note = ?2",
        &[supplier.into(), delivery_note.into()],
        &mut |row| {
            found = row.int(0)?;
            Ok(())
        },
    )?;
    Ok(found)
}

/// A blank that this station never had is expected. By a station's signed list one comes back that was handed over, and one comes
/// that was on an earlier list and left out of the parcel, also where it was noted as lost meanwhile. No note of a maker names a
/// blank that was ever here.
pub(super) fn enter<'a>(
    session: &mut dyn Session,
    (batch, by_list): (i64, bool),
    operation: i64,
    serial: &'a ChipSerial,
    act: Act<'_>,
) -> Result<Event<'a>, StockError> {
    let origin = Origin::Operation(operation);
    if let Some(row) = may_enter(session, by_list, serial)? {
        let to = row.state.apply(BlankStep::Return).map_err(|_| known(&row, by_list))?;
        let from = Some(row.state);
        let event = Event { serial, from, previous: row.last_event, to, why: None, origin };
        event.write(session, act)?;
        session.later(
            "UPDATE blanks SET state = ?2, last_event = ?3, batch_id = ?4 WHERE serial = ?1",
            vec![serial.to_string().into(), to.as_str().into(), event.sequence().into(), batch.into()],
        )?;
        return Ok(event);
    }
    let to = BlankState::Expected;
    let event = Event { serial, from: None, previous: 0, to, why: None, origin };
    event.write(session, act)?;
    session.later(
        "INSERT INTO blanks (serial, batch_id, state, last_event) VALUES (?1, ?2, ?3, 1)",
        vec![serial.to_string().into(), batch.into(), to.as_str().into()],
    )?;
    Ok(event)
}

/// Whether a blank may come in: its row, if it was here before.
pub(super) fn may_enter(
    session: &mut dyn Session,
    by_list: bool,
    serial: &ChipSerial,
) -> Result<Option<BlankRow>, StockError> {
    if let Some(row) = rows::taken(session, serial)? {
        let sent_anew = by_list && row.supplier.starts_with("station ");
        let unseen = row.state == BlankState::Expected
            || rows::lost_from(session, &row)? == Some(BlankState::Expected);
        // In stock by an earlier list of this sender: whoever reads lists has asked that.
        let too_early = row.state == BlankState::InStock;
        if row.state == BlankState::HandedOver && by_list || (unseen || too_early) && sent_anew {
            return Ok(Some(row));
        }
        return Err(known(&row, by_list));
    }
    let mut used = false;
    session.query("SELECT 1 FROM chips WHERE serial = ?1", &[serial.to_string().into()], &mut |_| {
        used = true;
        Ok(())
    })?;
    if used { Err(StockError::Used(*serial)) } else { Ok(None) }
}

fn known(row: &BlankRow, by_list: bool) -> StockError {
    let entry = if by_list { Entry::List { sent_with: None } } else { Entry::Note };
    StockError::Known { serial: row.serial, state: row.state, entry }
}

/// Compares what was expected with what was found; what agrees is in stock.
pub(super) fn counted<'a>(
    session: &mut dyn Session,
    operation: i64,
    expected: &'a [BlankRow],
    found: Option<&[ChipSerial]>,
    act: Act<'_>,
) -> Result<(Count, Vec<Event<'a>>), StockError> {
    let mut there: Option<BTreeSet<[u8; 10]>> =
        found.map(|found| found.iter().map(|serial| serial.0).collect());
    let (mut count, mut events) = (Count::default(), Vec::with_capacity(expected.len()));
    for row in expected {
        if there.as_mut().is_some_and(|there| !there.remove(&row.serial.0)) {
            count.missing.push(row.serial);
            continue;
        }
        let problem = |problem| StockError::Step { serial: row.serial, problem };
        let to = row.state.apply(BlankStep::Count).map_err(problem)?;
        let (from, origin) = (Some(row.state), Origin::Operation(operation));
        let event = Event { serial: &row.serial, from, previous: row.last_event, to, why: None, origin };
        event.apply(session, act)?;
        events.push(event);
        count.counted.push(row.serial);
    }
    count.surplus = strangers(session, expected, found)?;
    Ok((count, events))
}

/// What was found and is not expected.
fn strangers(
    session: &mut dyn Session,
    expected: &[BlankRow],
    found: Option<&[ChipSerial]>,
) -> Result<Vec<ChipSerial>, StoreError> {
    let expected: BTreeSet<[u8; 10]> = expected.iter().map(|row| row.serial.0).collect();
    let others: BTreeSet<[u8; 10]> = found.into_iter().flatten().map(|serial| serial.0).collect();
    let mut strangers = Vec::new();
    for serial in others.difference(&expected).copied().map(ChipSerial) {
        // Counted before: the second count of a torn box is no surplus.
        let known = rows::blank(session, &serial)?;
        if !known.is_some_and(|row| row.state == BlankState::InStock) {
            strangers.push(serial);
        }
    }
    Ok(strangers)
}

/// What the books have in stock of a batch, and those who named what they found did not name.
fn unseen(
    session: &mut dyn Session,
    batch: i64,
    found: Option<&[ChipSerial]>,
) -> Result<Vec<ChipSerial>, StoreError> {
    let Some(found) = found else { return Ok(Vec::new()) };
    let found: BTreeSet<[u8; 10]> = found.iter().map(|serial| serial.0).collect();
    let counted = rows::of_batch(session, batch, BlankState::InStock)?.into_iter().map(|row| row.serial);
    Ok(counted.filter(|serial| !found.contains(&serial.0)).collect())
}

/// The station that signs what it says.
pub(super) fn signing(log: Option<&Auditor>) -> Result<&Auditor, StockError> {
    log.ok_or(StockError::NoStationKey)
}
