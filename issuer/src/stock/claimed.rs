//! Blanks that a receiver signed for and that were not handed over to it by that word: taken back here meanwhile, or found in a
//! box whose list did not name them. Two stations then say that they have one blank, until somebody here has looked and says so.

use std::collections::{BTreeMap, BTreeSet};

use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Session, StoreError};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::lists::{CLOCKS_APART, Receipt, Signed, once, serials, texts};
use super::{BlankState, Stock, StockError, rows, surplus};
use crate::ledger::Act;

/// A blank, and the transport whose receipt names it.
pub(super) type Claimed = (ChipSerial, String);

impl Stock<'_> {
    /// What officers said about a blank that a receipt claimed.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn settlements(&self, serial: &ChipSerial) -> Result<Vec<Settlement>, StockError> {
        self.database
            .read_anew(|session: &mut dyn Session| settlements(session, serial))
            .map_err(StockError::from)
    }

    /// The transports whose receipts claim this blank, or the notes beside which it was found: what is open about it.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn claims(&self, serial: &ChipSerial) -> Result<Vec<String>, StockError> {
        let all = self.database.read_anew(|session: &mut dyn Session| all_open(session))?;
        Ok(all.into_iter().filter(|(one, _)| one == serial).map(|(_, reference)| reference).collect())
    }

    /// Somebody has looked into what a receipt claims, and these books are right about the blanks: they lie here, or went where the
    /// books say. What is not here is lost instead. A word that the receiver signs later opens the claim anew. So it is with what a
    /// count found beside a note or list: somebody has found out what it is.
    ///
    /// # Errors
    /// [`StockError`]; a blank that no receipt of this transport claims, and no count of this note or list found beside it.
    pub fn settle(
        &mut self,
        reference: &str,
        blanks: &[ChipSerial],
        note: &str,
        act: Act<'_>,
    ) -> Result<(), StockError> {
        once(blanks)?;
        if note.trim().is_empty() {
            return Err(StockError::Unexplained);
        }
        let detail = json!({"settled": reference, "blanks": texts(blanks), "note": note});
        self.write(|session, log| {
            let open = all_open(session)?;
            let Ok(operation) = rows::begin(session, SETTLED_BY, &detail, act, log)? else { return Ok(()) };
            let is_open = |serial: &ChipSerial| open.iter().any(|(one, of)| one == serial && of == reference);
            if let Some(none) = blanks.iter().find(|serial| !is_open(serial)) {
                return Err(StockError::NotClaimed(*none));
            }
            rows::end(session, operation, (SETTLED_BY, &detail), &[], act, log)
        })
    }
}

/// What can be settled.
fn all_open(session: &mut dyn Session) -> Result<Vec<Claimed>, StockError> {
    let mut found = open(session)?;
    found.extend(surplus::open(session)?.into_iter().map(|(serial, (_, note))| (serial, note)));
    Ok(found)
}

/// Somebody's word about a blank that two stations said they had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    /// When.
    pub at: String,
    /// Who.
    pub actor: String,
    /// The transport whose receipt claimed it.
    pub reference: String,
    /// What was seen.
    pub note: String,
}

/// What was settled about a blank, in order.
pub(super) fn settlements(
    session: &mut dyn Session,
    serial: &ChipSerial,
) -> Result<Vec<Settlement>, StoreError> {
    let mut found = Vec::new();
    let serial = serial.to_string();
    let all = "SELECT at, actor, detail FROM stock_operations WHERE operation = ?1 ORDER BY id";
    session.query(all, &[SETTLED_BY.into()], &mut |row| {
        let bad = || StoreError::Inconsistent("an operation of the stock");
        let detail: Value = serde_json::from_str(row.needed_str(2)?).map_err(|_| bad())?;
        let (Some(reference), Some(blanks)) =
            (detail.get("settled").and_then(Value::as_str), detail.get("blanks").and_then(Value::as_array))
        else {
            return Ok(());
        };
        if blanks.iter().any(|blank| blank.as_str() == Some(&serial)) {
            let note = detail.get("note").and_then(Value::as_str).unwrap_or_default().to_owned();
            let (at, actor) = (row.needed(0)?, row.needed(1)?);
            found.push(Settlement { at, actor, reference: reference.to_owned(), note });
        }
        Ok(())
    })?;
    Ok(found)
}

/// The operation that answers a receipt, and its claims.
const SETTLED_BY: &str = "acknowledge";

/// Whether the details of an operation are those of [`Stock::settle`], which has no paper of its own.
pub(super) fn is_settlement(detail: &Value) -> bool {
    detail.get("settled").is_some()
}

/// A word of a receiver: which transport it is about, whose it is, and what it says.
struct Word {
    reference: String,
    receiver: String,
    operation: i64,
    receipt: Receipt,
}

/// What is claimed and not settled.
pub(super) fn open(session: &mut dyn Session) -> Result<Vec<Claimed>, StockError> {
    let words = words(session)?;
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let (handed, settled) = (handed_over(session)?, settled(session)?);
    let first = first_words(&words)?;
    let said: BTreeMap<i64, Option<Timestamp>> =
        words.iter().map(|word| (word.operation, word.receipt.at.parse().ok())).collect();
    let said = |operation: i64| said.get(&operation).copied().flatten();
    let mut open = BTreeSet::new();
    for word in &words {
        let claims = [(&word.receipt.accepted, true), (&word.receipt.surplus, false)];
        for (texts, is_listed) in claims {
            for serial in serials(texts, "receipt")? {
                let claim = (serial, word.reference.clone());
                // By a receipt of this transport, or by another one of the same station that came later, or that it had signed later:
                // words come in any order.
                let is_later = |other: i64| {
                    said(other).zip(said(word.operation)).is_some_and(|(other, this)| other > this)
                };
                let is_theirs = handed.get(&serial).into_iter().flatten().any(|other| {
                    other.receiver == word.receiver
                        && (other.reference == word.reference && is_listed
                            || other.operation > word.operation
                            || is_later(other.operation))
                });
                // A receipt repeats what those before it said; what it says of its own, nobody had heard before they looked.
                let news = if is_listed { first.get(&claim).copied() } else { None };
                let news = news.unwrap_or(word.operation);
                let is_settled = settled.get(&claim).is_some_and(|one| one.answers(news, said(news)));
                if is_theirs || is_settled {
                    continue;
                }
                let state = rows::blank(session, &serial)?.map(|row| row.state);
                let is_here = match state {
                    None | Some(BlankState::Lost) => false,
                    // Not of our list: it may have gone there by another one.
                    Some(BlankState::Sent | BlankState::HandedOver | BlankState::Destroyed) => is_listed,
                    Some(_) => true,
                };
                if is_here {
                    open.insert(claim);
                }
            }
        }
    }
    Ok(open.into_iter().collect())
}

/// The operation by which each blank was first signed for under a transport.
fn first_words(words: &[Word]) -> Result<BTreeMap<Claimed, i64>, StockError> {
    let mut first: BTreeMap<Claimed, i64> = BTreeMap::new();
    for word in words {
        for serial in serials(&word.receipt.accepted, "receipt")? {
            let known = first.entry((serial, word.reference.clone())).or_insert(word.operation);
            *known = word.operation.min(*known);
        }
    }
    Ok(first)
}

/// All receipts of transports from here, the later ones too: what one says holds until it is settled.
fn words(session: &mut dyn Session) -> Result<Vec<Word>, StockError> {
    let mut found = Vec::new();
    for table in ANSWERS {
        let sql = format!(
            "SELECT t.reference, t.other, r.operation, r.receipt FROM stock_transports t JOIN {table} r \
             ON r.sender = t.sender AND r.reference = t.reference WHERE t.direction = 'out'"
        );
        session.query(&sql, &[], &mut |row| {
            let operation = row.int(2)?.ok_or(StoreError::Inconsistent("an operation of the stock"))?;
            found.push((row.needed(0)?, row.needed(1)?, operation, row.needed(3)?));
            Ok(())
        })?;
    }
    let read = |(reference, receiver, operation, text): (String, String, i64, String)| {
        let receipt = Signed::parse(&text)?.unproved("receipt")?;
        Ok(Word { reference, receiver, operation, receipt })
    };
    found.into_iter().map(read).collect()
}

/// Where receipts lie.
pub(super) const ANSWERS: [&str; 2] = ["stock_receipts", "stock_receipts_later"];

/// By which receipt a blank was handed over.
struct HandOver {
    reference: String,
    receiver: String,
    operation: i64,
}

fn handed_over(session: &mut dyn Session) -> Result<BTreeMap<ChipSerial, Vec<HandOver>>, StoreError> {
    let mut found: BTreeMap<ChipSerial, Vec<HandOver>> = BTreeMap::new();
    for table in ANSWERS {
        let sql = format!(
            "SELECT e.serial, t.reference, t.other, r.operation FROM blank_events e \
             JOIN {table} r ON r.operation = e.operation \
             JOIN stock_transports t ON t.sender = r.sender AND t.reference = r.reference \
             WHERE e.to_state = 'handed-over' AND t.direction = 'out'"
        );
        session.query(&sql, &[], &mut |row| {
            let serial =
                row.needed(0)?.parse().map_err(|_| StoreError::Inconsistent("the serial of a blank"))?;
            let operation = row.int(3)?.ok_or(StoreError::Inconsistent("an operation of the stock"))?;
            let hand_over = HandOver { reference: row.needed(1)?, receiver: row.needed(2)?, operation };
            found.entry(serial).or_default().push(hand_over);
            Ok(())
        })?;
    }
    Ok(found)
}

/// The last time that somebody looked into a claim.
pub(super) struct Looked {
    pub(super) operation: i64,
    at: Option<Timestamp>,
}

impl Looked {
    /// Whether a word of the receiver was answered by it: it lay here then, or was signed before.
    fn answers(&self, operation: i64, said: Option<Timestamp>) -> bool {
        let is_older = || said.zip(self.at).is_some_and(|(said, at)| at.duration_since(said) > CLOCKS_APART);
        operation < self.operation || is_older()
    }
}

/// What was looked into, each claim at the last time.
pub(super) fn settled(session: &mut dyn Session) -> Result<BTreeMap<Claimed, Looked>, StoreError> {
    let mut found = BTreeMap::new();
    let all = "SELECT detail, id, at FROM stock_operations WHERE operation = ?1 ORDER BY id";
    session.query(all, &[SETTLED_BY.into()], &mut |row| {
        let bad = || StoreError::Inconsistent("an operation of the stock");
        let detail: Value = serde_json::from_str(&row.needed(0)?).map_err(|_| bad())?;
        let Some(reference) = detail.get("settled").and_then(Value::as_str) else { return Ok(()) };
        let blanks = detail.get("blanks").and_then(Value::as_array).ok_or_else(bad)?;
        let (operation, at) = (row.int(1)?.ok_or_else(bad)?, row.needed(2)?);
        for blank in blanks {
            let serial = blank.as_str().and_then(|text| text.parse().ok()).ok_or_else(bad)?;
            found.insert((serial, reference.to_owned()), Looked { operation, at: at.parse().ok() });
        }
        Ok(())
    })?;
    Ok(found)
}
