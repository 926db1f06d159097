//! What a request was answered the first time, read from what it wrote: the same again is told the same.

use std::collections::BTreeSet;

use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Session, StoreError};
use serde_json::Value;

use super::lists::{Receipt, Signed, serials};
use super::rows::{self, Answered};
use super::{BlankState, Count, StockError};

/// A count of a delivery note.
pub(super) fn count(
    session: &mut dyn Session,
    Answered(operation): Answered,
    batch: i64,
    found: Option<&[ChipSerial]>,
) -> Result<Count, StockError> {
    let mut surplus = Vec::new();
    let of = "SELECT detail FROM stock_operations WHERE id = ?1";
    session.query(of, &[operation.into()], &mut |row| {
        let bad = || StoreError::Inconsistent("a count of the stock");
        let detail: Value = serde_json::from_str(row.needed_str(0)?).map_err(|_| bad())?;
        for serial in detail.get(rows::FOUND).and_then(Value::as_array).into_iter().flatten() {
            surplus.push(serial.as_str().and_then(|text| text.parse().ok()).ok_or_else(bad)?);
        }
        Ok(())
    })?;
    let seen: Option<BTreeSet<[u8; 10]>> = found.map(|found| found.iter().map(|serial| serial.0).collect());
    let mut unseen = stood(session, batch, operation, BlankState::InStock)?;
    unseen.retain(|serial| seen.as_ref().is_some_and(|seen| !seen.contains(&serial.0)));
    Ok(Count {
        counted: moved(session, operation, BlankState::InStock)?,
        missing: stood(session, batch, operation, BlankState::Expected)?,
        surplus,
        unseen,
        ..Count::default()
    })
}

/// Another station's list, and the receipt that was signed for it then.
pub(super) fn accept(
    session: &mut dyn Session,
    Answered(operation): Answered,
    listed: &[ChipSerial],
) -> Result<(Count, Signed), StockError> {
    let (signed, receipt) = receipt_of(session, operation)?.ok_or(StockError::NoTransport)?;
    let missing = serials(&receipt.missing, "receipt")?;
    let accepted = serials(&receipt.accepted, "receipt")?;
    let told: BTreeSet<[u8; 10]> = missing.iter().chain(&accepted).map(|serial| serial.0).collect();
    let count = Count {
        counted: moved(session, operation, BlankState::InStock)?,
        elsewhere: listed.iter().filter(|serial| !told.contains(&serial.0)).copied().collect(),
        surplus: serials(&receipt.surplus, "receipt")?,
        missing,
        ..Count::default()
    };
    Ok((count, signed))
}

/// The receiver's word: `count` as the receipt has it.
pub(super) fn acknowledge(
    session: &mut dyn Session,
    Answered(operation): Answered,
    receipt: &Receipt,
    mut count: Count,
) -> Result<Count, StockError> {
    let handed_over = moved(session, operation, BlankState::HandedOver)?;
    let mut told: BTreeSet<[u8; 10]> = handed_over.iter().map(|serial| serial.0).collect();
    for text in receipts_before(session, receipt, operation)? {
        let before = Signed::parse(&text)?.unproved::<Receipt>("receipt")?;
        told.extend(serials(&before.accepted, "receipt")?.iter().map(|serial| serial.0));
    }
    // What it claims and the books here have otherwise.
    count.counted.retain(|serial| !told.contains(&serial.0));
    count.surplus.extend(core::mem::replace(&mut count.counted, handed_over));
    Ok(count)
}

/// What an operation brought to a state.
fn moved(session: &mut dyn Session, operation: i64, to: BlankState) -> Result<Vec<ChipSerial>, StoreError> {
    let of = "SELECT serial FROM blank_events WHERE operation = ?1 AND to_state = ?2 ORDER BY serial";
    named(session, of, &[operation.into(), to.as_str().into()])
}

/// What of a batch stood in a state when an operation had ended.
fn stood(
    session: &mut dyn Session,
    batch: i64,
    operation: i64,
    state: BlankState,
) -> Result<Vec<ChipSerial>, StoreError> {
    let then = "SELECT b.serial FROM blanks b WHERE b.batch_id = ?1 AND ?3 = (SELECT e.to_state FROM blank_events e \
                WHERE e.serial = b.serial AND (e.operation <= ?2 OR e.operation IS NULL AND e.at <= \
                (SELECT o.at FROM stock_operations o WHERE o.id = ?2)) ORDER BY e.sequence DESC LIMIT 1) ORDER BY b.serial";
    named(session, then, &[batch.into(), operation.into(), state.as_str().into()])
}

fn named(
    session: &mut dyn Session,
    sql: &str,
    values: &[cccd_population::store::Value<'_>],
) -> Result<Vec<ChipSerial>, StoreError> {
    let mut found = Vec::new();
    session.query(sql, values, &mut |row| {
        found.push(row.needed_str(0)?.parse().map_err(|_| StoreError::Inconsistent("a serial"))?);
        Ok(())
    })?;
    Ok(found)
}

/// The receipt that an operation signed or brought in.
fn receipt_of(session: &mut dyn Session, operation: i64) -> Result<Option<(Signed, Receipt)>, StockError> {
    let mut found = None;
    let of = "SELECT receipt FROM stock_receipts WHERE operation = ?1 UNION ALL \
              SELECT receipt FROM stock_receipts_later WHERE operation = ?1";
    session.query(of, &[operation.into()], &mut |row| {
        found = Some(row.needed(0)?);
        Ok(())
    })?;
    let Some(text) = found else { return Ok(None) };
    let signed = Signed::parse(&text)?;
    let receipt = signed.unproved("receipt")?;
    Ok(Some((signed, receipt)))
}

fn receipts_before(
    session: &mut dyn Session,
    receipt: &Receipt,
    operation: i64,
) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    let before = "SELECT receipt FROM stock_receipts WHERE sender = ?1 AND reference = ?2 AND operation < ?3 UNION ALL \
                  SELECT receipt FROM stock_receipts_later WHERE sender = ?1 AND reference = ?2 AND operation < ?3";
    let of = [receipt.sender.as_str().into(), receipt.reference.as_str().into(), operation.into()];
    session.query(before, &of, &mut |row| {
        found.push(row.needed(0)?);
        Ok(())
    })?;
    Ok(found)
}
