//! Rows of the stock.

use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Row, Session, StoreError};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{BlankState, BlankStep, Cause, Explanation, StockError};
use crate::application::Step;
use crate::audit::{Auditor, LogEntry, said_of_operation};
use crate::ledger::{Act, LedgerError, schema};

/// Where a blank comes from: no state of its own.
pub(super) const NEW: &str = "new";

/// In the details of an operation: serials that it found and no list names. What is found is no part of what was asked for.
pub(super) const FOUND: &str = "surplus";

/// In the details of an operation: the digest of all that it was asked to do. A request's name stands for that and nothing else.
pub(super) const ASKED: &str = "asked_sha256";

/// The digest of papers and serials, these in any order.
pub(super) fn digest<'t>(papers: &[&str], serials: impl IntoIterator<Item = &'t ChipSerial>) -> String {
    let mut serials: Vec<String> = serials.into_iter().map(ChipSerial::to_string).collect();
    serials.sort();
    let mut all = Sha256::new();
    for text in papers.iter().copied().chain(serials.iter().map(String::as_str)) {
        all.update(text);
        all.update(b"\n");
    }
    hex::encode(all.finalize())
}

/// Whether an operation was asked to do the same as one before. Older programs kept no digest of it.
fn is_same(before: &str, now: &Value) -> bool {
    let Ok(Value::Object(mut before)) = serde_json::from_str(before) else { return false };
    let Value::Object(mut now) = now.clone() else { return false };
    for asked in [&mut before, &mut now] {
        asked.remove(FOUND);
    }
    if !before.contains_key(ASKED) {
        now.remove(ASKED);
    }
    before == now
}

/// This very request was answered before, by this operation.
#[derive(Clone, Copy)]
pub(super) struct Answered(pub(super) i64);

/// A blank as the stock has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlankRow {
    /// Its serial.
    pub serial: ChipSerial,
    /// Where it stands.
    pub state: BlankState,
    /// Who delivered it.
    pub supplier: String,
    /// By which delivery note.
    pub delivery_note: String,
    /// The application that it was given to.
    pub application: Option<i64>,
    pub(super) last_event: i64,
}

/// One thing that happened to a blank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlankEvent {
    /// From which state; `None` for the first.
    pub from: Option<BlankState>,
    /// To which.
    pub to: BlankState,
    /// Why, if it was said.
    pub cause: Option<Cause>,
    /// In the officer's words.
    pub note: Option<String>,
    /// SHA-256 of a photo.
    pub photo_sha256: Option<String>,
    /// Who.
    pub actor: String,
    /// When, RFC 3339.
    pub at: String,
    /// With which transport it went, came, or was taken back.
    pub transport: Option<OnTransport>,
}

/// The transport of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnTransport {
    /// The sender's name for it.
    pub reference: String,
    /// The station at the other end, by SHA-256 of its public key.
    pub other: String,
}

macro_rules! columns {
    () => {
        "SELECT blanks.serial, blanks.state, blanks.last_event, blanks.application_id, stock_batches.supplier, \
         stock_batches.delivery_note FROM blanks JOIN stock_batches ON stock_batches.id = blanks.batch_id"
    };
}

fn parsed<T: std::str::FromStr>(text: &str, what: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Inconsistent(what))
}

fn read(row: &dyn Row) -> Result<BlankRow, StoreError> {
    Ok(BlankRow {
        serial: parsed(&row.needed(0)?, "the serial of a blank")?,
        state: parsed(&row.needed(1)?, "the state of a blank")?,
        last_event: row.int(2)?.ok_or(StoreError::Inconsistent("the last event of a blank"))?,
        application: row.int(3)?,
        supplier: row.needed(4)?,
        delivery_note: row.needed(5)?,
    })
}

pub(super) fn is_kept(session: &mut dyn Session) -> Result<bool, StoreError> {
    let mut kept = false;
    session.query("SELECT 1 FROM stock_batches LIMIT 1", &[], &mut |_| {
        kept = true;
        Ok(())
    })?;
    Ok(kept)
}

pub(super) fn is_answered(session: &mut dyn Session, request: &str) -> Result<bool, StoreError> {
    let mut is_known = false;
    let of = "SELECT 1 FROM stock_operations WHERE idempotency_key = ?1";
    session.query(of, &[request.into()], &mut |_| {
        is_known = true;
        Ok(())
    })?;
    Ok(is_known)
}

pub(super) fn blank(session: &mut dyn Session, serial: &ChipSerial) -> Result<Option<BlankRow>, StoreError> {
    let mut found = None;
    let sql = concat!(columns!(), " WHERE blanks.serial = ?1");
    session.query(sql, &[serial.to_string().into()], &mut |row| {
        found = Some(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// The blank, kept from others until the transaction ends.
pub(super) fn taken(session: &mut dyn Session, serial: &ChipSerial) -> Result<Option<BlankRow>, StoreError> {
    session.query(
        "SELECT serial FROM blanks WHERE serial = ?1 FOR UPDATE",
        &[serial.to_string().into()],
        &mut |_| Ok(()),
    )?;
    blank(session, serial)
}

/// Lost before anybody had seen it here: it may have come with a later parcel, or lie where it was sent from. Not what was stolen.
pub(super) fn is_lost_unseen(session: &mut dyn Session, row: &BlankRow) -> Result<bool, StoreError> {
    if lost_from(session, row)? != Some(BlankState::Expected) {
        return Ok(false);
    }
    let mut is_stolen = false;
    let of = "SELECT 1 FROM blank_events WHERE serial = ?1 AND sequence = ?2 AND cause = ?3";
    let stolen = Cause::Stolen.as_str();
    session.query(of, &[row.serial.to_string().into(), row.last_event.into(), stolen.into()], &mut |_| {
        is_stolen = true;
        Ok(())
    })?;
    Ok(!is_stolen)
}

/// Where a lost blank was before; `None` for one that is not lost.
pub(super) fn lost_from(session: &mut dyn Session, row: &BlankRow) -> Result<Option<BlankState>, StoreError> {
    if row.state != BlankState::Lost {
        return Ok(None);
    }
    let mut from = None;
    session.query(
        "SELECT from_state FROM blank_events WHERE serial = ?1 AND sequence = ?2",
        &[row.serial.to_string().into(), row.last_event.into()],
        &mut |event| {
            from = Some(parsed(&event.needed(0)?, "the state of a blank")?);
            Ok(())
        },
    )?;
    Ok(from)
}

pub(super) fn list(
    session: &mut dyn Session,
    state: Option<BlankState>,
    limit: u32,
) -> Result<Vec<BlankRow>, StoreError> {
    let mut found = Vec::new();
    let mut each = |row: &dyn Row| {
        found.push(read(row)?);
        Ok(())
    };
    match state {
        Some(state) => {
            let sql = concat!(columns!(), " WHERE blanks.state = ?1 ORDER BY blanks.serial LIMIT ?2");
            session.query(sql, &[state.as_str().into(), limit.into()], &mut each)?;
        }
        None => {
            let sql = concat!(columns!(), " ORDER BY blanks.serial LIMIT ?1");
            session.query(sql, &[limit.into()], &mut each)?;
        }
    }
    Ok(found)
}

/// The blanks of a delivery note that are in a state.
pub(super) fn of_batch(
    session: &mut dyn Session,
    batch: i64,
    state: BlankState,
) -> Result<Vec<BlankRow>, StoreError> {
    let mut found = Vec::new();
    let sql = concat!(columns!(), " WHERE blanks.batch_id = ?1 AND blanks.state = ?2 ORDER BY blanks.serial");
    session.query(sql, &[batch.into(), state.as_str().into()], &mut |row| {
        found.push(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn events(session: &mut dyn Session, serial: &ChipSerial) -> Result<Vec<BlankEvent>, StoreError> {
    let mut found: Vec<BlankEvent> = Vec::new();
    // By the list with which it went or came, or by a receipt that speaks of it.
    let all = "SELECT e.from_state, e.to_state, e.cause, e.note, e.photo_sha256, e.actor, e.at, \
               coalesce(l.reference, a.reference, b.reference), coalesce(l.other, a.other, b.other) FROM blank_events e \
               LEFT JOIN stock_transports l ON l.operation = e.operation \
               LEFT JOIN stock_receipts r ON r.operation = e.operation \
               LEFT JOIN stock_transports a ON a.sender = r.sender AND a.reference = r.reference \
               LEFT JOIN stock_receipts_later s ON s.operation = e.operation \
               LEFT JOIN stock_transports b ON b.sender = s.sender AND b.reference = s.reference \
               WHERE e.serial = ?1 ORDER BY e.sequence";
    session.query(all, &[serial.to_string().into()], &mut |row| {
        let from = row.needed(0)?;
        let from = if from == NEW { None } else { Some(parsed(&from, "the state of a blank")?) };
        let transport = row.text(7)?.zip(row.text(8)?);
        let transport = transport.map(|(reference, other)| OnTransport { reference, other });
        // What never left, or was lost on its way, was on that transport.
        let before = || found.last().filter(|_| from == Some(BlankState::Sent));
        let transport = transport.or_else(|| before().and_then(|event| event.transport.clone()));
        let event = BlankEvent {
            from,
            to: parsed(&row.needed(1)?, "the state of a blank")?,
            cause: row.text(2)?.map(|text| parsed(&text, "a cause")).transpose()?,
            note: row.text(3)?,
            photo_sha256: row.text(4)?,
            actor: row.needed(5)?,
            at: row.needed(6)?,
            transport,
        };
        found.push(event);
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn counts(session: &mut dyn Session) -> Result<Vec<(BlankState, u64)>, StoreError> {
    let mut found = Vec::new();
    session.query("SELECT state, count(*) FROM blanks GROUP BY state", &[], &mut |row| {
        found.push((parsed(&row.needed(0)?, "the state of a blank")?, row.count(1)?));
        Ok(())
    })?;
    let count = |state: BlankState| found.iter().find(|(of, _)| *of == state).copied();
    Ok(BlankState::ALL.into_iter().filter_map(count).collect())
}

/// What an event follows from.
#[derive(Clone, Copy)]
pub(super) enum Origin {
    /// An officer's operation.
    Operation(i64),
    /// An application's action.
    Action(i64, i64),
}

/// One step of one blank.
#[derive(Clone, Copy)]
pub(super) struct Event<'a> {
    pub(super) serial: &'a ChipSerial,
    pub(super) from: Option<BlankState>,
    pub(super) previous: i64,
    pub(super) to: BlankState,
    pub(super) why: Option<Explanation<'a>>,
    pub(super) origin: Origin,
}

impl Event<'_> {
    pub(super) fn sequence(&self) -> i64 {
        self.previous.saturating_add(1)
    }

    /// How the audit log tells of it.
    pub(super) fn said(&self) -> Value {
        let why = self.why;
        let texts = [
            Some(self.serial.to_string()),
            Some(self.from.map_or(NEW, BlankState::as_str).to_owned()),
            Some(self.to.as_str().to_owned()),
            why.map(|why| why.cause.as_str().to_owned()),
            why.and_then(|why| why.note.map(str::to_owned)),
            why.and_then(|why| why.photo_sha256.map(str::to_owned)),
        ];
        json!([self.sequence(), texts])
    }

    /// Writes the event. The blank's own row is the caller's.
    pub(super) fn write(&self, session: &mut dyn Session, act: Act<'_>) -> Result<(), StoreError> {
        let (operation, application, action) = match self.origin {
            Origin::Operation(id) => (Some(id), None, None),
            Origin::Action(id, sequence) => (None, Some(id), Some(sequence)),
        };
        session.later(
            "INSERT INTO blank_events (serial, sequence, previous, at, actor, from_state, to_state, cause, note, \
             photo_sha256, operation, application_id, application_action) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            vec![
                self.serial.to_string().into(),
                self.sequence().into(),
                (self.previous > 0).then_some(self.previous).into(),
                act.at.to_string().into(),
                act.actor.to_owned().into(),
                self.from.map_or(NEW, BlankState::as_str).into(),
                self.to.as_str().into(),
                self.why.map(|why| why.cause.as_str()).into(),
                self.why.and_then(|why| why.note.map(str::to_owned)).into(),
                self.why.and_then(|why| why.photo_sha256.map(str::to_owned)).into(),
                operation.into(),
                application.into(),
                action.into(),
            ],
        )
    }

    /// Writes the event, and the blank stands where it leads.
    pub(super) fn apply(&self, session: &mut dyn Session, act: Act<'_>) -> Result<(), StoreError> {
        self.write(session, act)?;
        session.later(
            "UPDATE blanks SET state = ?2, last_event = ?3 WHERE serial = ?1",
            vec![self.serial.to_string().into(), self.to.as_str().into(), self.sequence().into()],
        )
    }
}

/// Begins an operation: its row. The same request again answers which operation it was.
pub(super) fn begin(
    session: &mut dyn Session,
    operation: &str,
    detail: &Value,
    act: Act<'_>,
    log: Option<&Auditor>,
) -> Result<Result<i64, Answered>, StockError> {
    if let Some(request) = act.request {
        let mut known = None;
        session.query(
            "SELECT operation, detail, id FROM stock_operations WHERE idempotency_key = ?1",
            &[request.into()],
            &mut |row| {
                let id = row.int(2)?.ok_or(StoreError::Inconsistent("an operation of the stock"))?;
                known = Some((row.needed(0)?, row.needed(1)?, id));
                Ok(())
            },
        )?;
        match known {
            Some((name, said, id)) if name == operation && is_same(&said, detail) => {
                return Ok(Err(Answered(id)));
            }
            Some(_) => return Err(StockError::RequestReused),
            None => {}
        }
    }
    let id = schema::next(session, "stock-operation")?;
    session.execute(
        "INSERT INTO stock_operations (id, at, actor, operation, detail, idempotency_key, station) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            id.into(),
            act.at.to_string().into(),
            act.actor.into(),
            operation.into(),
            detail.to_string().into(),
            act.request.into(),
            log.map(Auditor::station).into(),
        ],
    )?;
    Ok(Ok(id))
}

/// Ends an operation: the line of the audit log that tells of it and of all its events.
pub(super) fn end(
    session: &mut dyn Session,
    id: i64,
    (operation, detail): (&str, &Value),
    events: &[Event<'_>],
    act: Act<'_>,
    log: Option<&Auditor>,
) -> Result<(), StockError> {
    let Some(auditor) = log else { return Ok(()) };
    let texts = [act.at.to_string(), act.actor.to_owned(), operation.to_owned(), detail.to_string()];
    let mut told: Vec<&Event<'_>> = events.iter().collect();
    told.sort_by_key(|event| (event.serial.to_string(), event.sequence()));
    let moved: Vec<Value> = told.into_iter().map(Event::said).collect();
    let entry = LogEntry {
        event: &format!("stock-{operation}"),
        subject: None,
        said: &said_of_operation(id, &texts, &moved),
        note: &format!("operation {id} by {}", act.actor),
        at: act.at,
    };
    Ok(auditor.append(session, &entry)?)
}

/// An application's action that its blank follows.
pub(crate) struct Following<'a> {
    pub(crate) application: i64,
    pub(crate) action: i64,
    pub(crate) step: Step,
    pub(crate) reason: Option<&'a str>,
}

/// What happens to an application happens to its blank, in the same transaction. Of a station without a stock, and of a chip
/// that was in work before the stock was kept, nothing is noted.
pub(crate) fn follow(
    session: &mut dyn Session,
    serial: &ChipSerial,
    following: &Following<'_>,
    act: Act<'_>,
) -> Result<(), LedgerError> {
    let step = match following.step {
        Step::Personalise => BlankStep::Assign,
        Step::Issue => BlankStep::Finish,
        Step::Spoil => BlankStep::Spoil,
        _ => return Ok(()),
    };
    let Some(row) = taken(session, serial)? else {
        let kept = step == BlankStep::Assign && is_kept(session)?;
        return if kept { Err(LedgerError::NotInStock { serial: *serial, found: None }) } else { Ok(()) };
    };
    let refused = LedgerError::NotInStock { serial: *serial, found: Some(row.state) };
    let to = row.state.apply(step).map_err(|_| refused)?;
    let why = step.needs_cause().then_some(Explanation {
        cause: Cause::PersonalisationFailed,
        note: following.reason,
        photo_sha256: None,
    });
    let origin = Origin::Action(following.application, following.action);
    let event = Event { serial, from: Some(row.state), previous: row.last_event, to, why, origin };
    event.write(session, act)?;
    session.later(
        "UPDATE blanks SET state = ?2, last_event = ?3, application_id = ?4 WHERE serial = ?1",
        vec![
            serial.to_string().into(),
            to.as_str().into(),
            event.sequence().into(),
            following.application.into(),
        ],
    )?;
    Ok(())
}
