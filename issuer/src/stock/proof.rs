//! What lies beside the blanks' own events, against the operations that the log tells of: delivery notes, and the signed papers of
//! transports. Whoever keeps the database cannot change what a station received, sent or answered and leave the log as it is.

use std::collections::BTreeMap;

use cccd_keys::public_key::PublicKey;
use cccd_population::store::{Session, StoreError};
use serde_json::Value;

use super::claimed::is_settlement;
use super::lists::{Receipt, Signed, TransportList};
use crate::audit::Auditor;

/// An operation as its row says it.
pub(crate) struct Operation {
    /// `receive`, `send`, `accept`, `acknowledge` …
    pub(crate) name: String,
    /// What it was about.
    pub(crate) detail: Value,
}

impl Operation {
    fn says(&self, name: &str) -> Option<&str> {
        self.detail.get(name).and_then(Value::as_str)
    }
}

/// The first operation of this station whose papers are not there, or say something else.
pub(crate) fn first_without_papers(
    session: &mut dyn Session,
    auditor: &Auditor,
    operations: &BTreeMap<i64, Operation>,
) -> Result<Option<i64>, StoreError> {
    let notes = notes(session)?;
    let stations = stations(session)?;
    let own = auditor.public_key();
    let key_of = |station: &str| if station == auditor.station() { Some(own) } else { stations.get(station) };
    let (ways, answers, entered) = (ways(session)?, answers(session)?, entered(session)?);
    let holds = |id: i64, operation: &Operation| match operation.name.as_str() {
        "receive" => notes.get(&id).is_some_and(|note| note.is_of(operation)),
        "send" => ways.get(&id).is_some_and(|way| way.is_of(operation, ("out", auditor.station()), own)),
        "accept" => {
            // What turned up later is on the list that was taken before.
            let first = entered.get(&id);
            let sender = operation.says("sender").unwrap_or_default();
            let listed = ways.get(&id).zip(key_of(sender));
            let listed = listed.is_some_and(|(way, key)| way.is_of(operation, ("in", sender), key));
            let noted = notes.get(&id).zip(ways.get(&id));
            let noted = noted.is_some_and(|(note, way)| {
                note.supplier == format!("station {sender}")
                    && note.name == way.reference
                    && Some(&note.announced) == first
            });
            let answered = answers.get(&id).is_some_and(|answer| answer.is_of(operation, Some(own)));
            answered && (first.is_none() || listed && noted)
        }
        "acknowledge" if is_settlement(&operation.detail) => true,
        "acknowledge" => {
            let receiver = operation.says("receiver").unwrap_or_default();
            answers.get(&id).is_some_and(|answer| answer.is_of(operation, key_of(receiver)))
        }
        _ => true,
    };
    Ok(operations.iter().find(|(id, operation)| !holds(**id, operation)).map(|(id, _)| *id))
}

/// A row of a delivery note.
struct Note {
    supplier: String,
    name: String,
    announced: u64,
}

impl Note {
    fn is_of(&self, operation: &Operation) -> bool {
        operation.says("supplier") == Some(&self.supplier)
            && operation.says("delivery_note") == Some(&self.name)
            && operation.detail.get("blanks").and_then(Value::as_u64) == Some(self.announced)
    }
}

/// A row of a transport.
struct Way {
    sender: String,
    reference: String,
    direction: String,
    other: String,
    blanks: u64,
    list: String,
}

impl Way {
    fn is_of(&self, operation: &Operation, (direction, sender): (&str, &str), key: &PublicKey) -> bool {
        let list = Signed::parse(&self.list).and_then(|list| list.opened::<TransportList>("list", key));
        let other = if direction == "out" { operation.says("receiver") } else { Some(sender) };
        list.is_ok_and(|list| {
            (self.direction.as_str(), self.sender.as_str()) == (direction, sender)
                && operation.says("reference") == Some(&self.reference)
                && other == Some(&self.other)
                && (&list.reference, &list.sender) == (&self.reference, &self.sender)
                && (direction == "in" || list.receiver == self.other)
                && u64::try_from(list.serials.len()) == Ok(self.blanks)
        })
    }
}

/// A row of an answer.
struct Answer {
    sender: String,
    reference: String,
    missing: u64,
    receipt: String,
}

impl Answer {
    /// Signed by this key; of a receiver whose key does not lie here, what the receipt says is compared all the same.
    fn is_of(&self, operation: &Operation, key: Option<&PublicKey>) -> bool {
        let receipt = Signed::parse(&self.receipt).and_then(|receipt| match key {
            Some(key) => receipt.opened::<Receipt>("receipt", key),
            None => receipt.unproved("receipt"),
        });
        receipt.is_ok_and(|receipt| {
            operation.says("reference") == Some(&self.reference)
                && operation.says("sender").is_none_or(|sender| sender == self.sender)
                && operation.says("receiver").is_none_or(|receiver| receiver == receipt.receiver)
                && (&receipt.reference, &receipt.sender) == (&self.reference, &self.sender)
                && u64::try_from(receipt.missing.len()) == Ok(self.missing)
        })
    }
}

/// Operations by which blanks were expected, and how many: the first word about each list.
fn entered(session: &mut dyn Session) -> Result<BTreeMap<i64, u64>, StoreError> {
    let mut found = BTreeMap::new();
    let all = "SELECT operation, count(*) FROM blank_events WHERE to_state = 'expected' AND operation IS NOT NULL \
               GROUP BY operation";
    session.query(all, &[], &mut |row| {
        found.extend(row.int(0)?.zip(Some(row.count(1)?)));
        Ok(())
    })?;
    Ok(found)
}

fn notes(session: &mut dyn Session) -> Result<BTreeMap<i64, Note>, StoreError> {
    let mut found = BTreeMap::new();
    let all = "SELECT operation, supplier, delivery_note, announced FROM stock_batches";
    session.query(all, &[], &mut |row| {
        let note = Note { supplier: row.needed(1)?, name: row.needed(2)?, announced: row.count(3)? };
        found.insert(row.int(0)?.unwrap_or_default(), note);
        Ok(())
    })?;
    Ok(found)
}

fn ways(session: &mut dyn Session) -> Result<BTreeMap<i64, Way>, StoreError> {
    let mut found = BTreeMap::new();
    let all = "SELECT operation, sender, reference, direction, other, blanks, list FROM stock_transports";
    session.query(all, &[], &mut |row| {
        let way = Way {
            sender: row.needed(1)?,
            reference: row.needed(2)?,
            direction: row.needed(3)?,
            other: row.needed(4)?,
            blanks: row.count(5)?,
            list: row.needed(6)?,
        };
        found.insert(row.int(0)?.unwrap_or_default(), way);
        Ok(())
    })?;
    Ok(found)
}

fn answers(session: &mut dyn Session) -> Result<BTreeMap<i64, Answer>, StoreError> {
    let mut found = BTreeMap::new();
    let all = "SELECT operation, sender, reference, missing, receipt FROM stock_receipts \
               UNION ALL SELECT operation, sender, reference, missing, receipt FROM stock_receipts_later";
    session.query(all, &[], &mut |row| {
        let answer = Answer {
            sender: row.needed(1)?,
            reference: row.needed(2)?,
            missing: row.count(3)?,
            receipt: row.needed(4)?,
        };
        found.insert(row.int(0)?.unwrap_or_default(), answer);
        Ok(())
    })?;
    Ok(found)
}

/// The keys of stations whose lists came here, each under its own digest.
fn stations(session: &mut dyn Session) -> Result<BTreeMap<String, PublicKey>, StoreError> {
    let mut found = BTreeMap::new();
    session.query("SELECT station, public_key FROM stock_stations", &[], &mut |row| {
        let key = hex::decode(row.needed_str(1)?).ok().and_then(|der| PublicKey::from_spki(&der).ok());
        let station = row.needed(0)?;
        if let Some(key) = key.filter(|key| key.fingerprint() == station) {
            found.insert(station, key);
        }
        Ok(())
    })?;
    Ok(found)
}
