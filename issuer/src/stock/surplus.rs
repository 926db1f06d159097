//! What a count found and no list names: it lies here, and the books say so until a list or a note brings it in, something else
//! is noted of it, or somebody says what they found out about it.

use std::collections::BTreeMap;

use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Session, StoreError};
use serde_json::Value;

use super::claimed::{ANSWERS, settled};
use super::lists::{Receipt, Signed, serials};
use super::{BlankState, StockError, rows};

/// A blank, and the delivery note beside which it was found: supplier and name.
pub(super) type Surplus = (ChipSerial, (String, String));

/// What was found too much, and is open.
pub(super) fn open(session: &mut dyn Session) -> Result<Vec<Surplus>, StockError> {
    let mut found = counted(session)?;
    for (surplus, operation) in accepted(session)? {
        let last = found.entry(surplus).or_insert(operation);
        *last = operation.max(*last);
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let settled = settled(session)?;
    let mut open = Vec::new();
    for ((serial, note), operation) in found {
        // Another host may have brought it in while this one was counting.
        let is_here = rows::blank(session, &serial)?.is_some_and(|row| row.state == BlankState::InStock);
        let looked = settled.get(&(serial, note.1.clone()));
        if is_here
            || looked.is_some_and(|looked| looked.operation > operation)
            || is_noted(session, &serial, operation)?
        {
            continue;
        }
        open.push((serial, note));
    }
    Ok(open)
}

/// Something was noted of the blank here after that operation. That another station signed for it says nothing of what lies here.
fn is_noted(session: &mut dyn Session, serial: &ChipSerial, operation: i64) -> Result<bool, StoreError> {
    let mut is_noted = false;
    let later = "SELECT 1 FROM blank_events WHERE serial = ?1 AND operation > ?2 \
                 AND to_state <> 'handed-over' LIMIT 1";
    session.query(later, &[serial.to_string().into(), operation.into()], &mut |_| {
        is_noted = true;
        Ok(())
    })?;
    Ok(is_noted)
}

/// By counts of delivery notes: the last that found it.
fn counted(session: &mut dyn Session) -> Result<BTreeMap<Surplus, i64>, StoreError> {
    let mut found = BTreeMap::new();
    let counts = "SELECT id, detail FROM stock_operations WHERE operation = 'count' ORDER BY id";
    session.query(counts, &[], &mut |row| {
        let bad = || StoreError::Inconsistent("a count of the stock");
        let operation = row.int(0)?.ok_or_else(bad)?;
        let detail: Value = serde_json::from_str(row.needed_str(1)?).map_err(|_| bad())?;
        let text = |name: &str| detail.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(bad);
        for serial in detail.get(rows::FOUND).and_then(Value::as_array).into_iter().flatten() {
            let serial = serial.as_str().and_then(|text| text.parse().ok()).ok_or_else(bad)?;
            found.insert((serial, (text("supplier")?, text("delivery_note")?)), operation);
        }
        Ok(())
    })?;
    Ok(found)
}

/// By the receipts that were signed here.
fn accepted(session: &mut dyn Session) -> Result<Vec<(Surplus, i64)>, StockError> {
    let mut papers: Vec<(String, String, i64, String)> = Vec::new();
    for table in ANSWERS {
        let sql = format!(
            "SELECT t.sender, t.reference, r.operation, r.receipt FROM stock_transports t JOIN {table} r \
             ON r.sender = t.sender AND r.reference = t.reference WHERE t.direction = 'in'"
        );
        session.query(&sql, &[], &mut |row| {
            let operation = row.int(2)?.ok_or(StoreError::Inconsistent("an operation of the stock"))?;
            papers.push((row.needed(0)?, row.needed(1)?, operation, row.needed(3)?));
            Ok(())
        })?;
    }
    let mut found = Vec::new();
    for (sender, reference, operation, text) in papers {
        let receipt: Receipt = Signed::parse(&text)?.unproved("receipt")?;
        let note = (format!("station {sender}"), reference);
        let surplus = serials(&receipt.surplus, "receipt")?;
        found.extend(surplus.into_iter().map(|serial| ((serial, note.clone()), operation)));
    }
    Ok(found)
}
