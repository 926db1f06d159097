//! Every blank accounted for: sums by batch and state, and each thing that does not fit, by its serial.

use std::collections::{BTreeMap, BTreeSet};

use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Session, StoreError};
use serde_json::Value;

use super::{BlankState, StockError};

/// One batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSum {
    /// Who delivered it.
    pub supplier: String,
    /// By which delivery note.
    pub delivery_note: String,
    /// The blanks that the note names.
    pub announced: u64,
    /// Blanks by state.
    pub states: Vec<(BlankState, u64)>,
    /// Blanks of this note that came back, or came at all, under a later one.
    pub moved: u64,
    /// Blanks of this note that a count did not find, and of which nobody has said what became of them.
    pub missing: u64,
    /// Differences about its blanks, or about what was found beside them.
    pub differs: u64,
}

impl BatchSum {
    /// What the note names is what the states add up to, and nothing of it is a difference.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.missing == 0
            && self.differs == 0
            && self.announced == self.states.iter().map(|(_, count)| count).sum::<u64>() + self.moved
    }
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which blank.
    pub serial: String,
    /// A stable word.
    pub what: &'static str,
    /// More about it.
    pub detail: String,
}

/// What a reconciliation found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reconciliation {
    /// Each batch.
    pub batches: Vec<BatchSum>,
    /// All blanks by state.
    pub states: Vec<(BlankState, u64)>,
    /// Cards of this ledger that were made before the stock was kept, and have no blank.
    pub cards_without_blank: u64,
    /// What does not fit.
    pub differences: Vec<Difference>,
    /// Known and still open, no contradiction: nobody counted it yet, on the way, lost, or spoiled and not destroyed yet.
    pub open: Vec<Difference>,
}

impl Reconciliation {
    /// Every blank is accounted for.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.differences.is_empty() && self.batches.iter().all(BatchSum::agrees)
    }
}

/// The difference of a blank that another station signed for and that was not handed over to it by that word.
pub const SIGNED_FOR_ELSEWHERE: &str = "signed-for-elsewhere";

/// The difference of a blank that a count found beside what was listed.
pub const SURPLUS: &str = "surplus";

/// What is open, by state; and what it is instead where somebody has looked and not found it, which is open no more.
const OPEN: [(BlankState, &str, Option<&str>); 4] = [
    (BlankState::Expected, "not-counted", Some("not-found")),
    (BlankState::Sent, "on-the-way", Some("not-received")),
    (BlankState::Lost, "lost", None),
    (BlankState::Spoiled, "to-destroy", None),
];

pub(super) fn reconcile(
    session: &mut dyn Session,
    counted: Option<&[ChipSerial]>,
) -> Result<Reconciliation, StockError> {
    let mut found = Reconciliation {
        batches: batches(session)?,
        states: super::rows::counts(session)?,
        ..Reconciliation::default()
    };
    contradictions(session, &mut found)?;
    for (serial, reference) in super::claimed::open(session)? {
        found.differences.push(Difference {
            serial: serial.to_string(),
            what: SIGNED_FOR_ELSEWHERE,
            detail: reference,
        });
    }
    let counted_notes = counted_notes(session)?;
    let mut missing: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (state, what, sought) in OPEN {
        let open = "SELECT blanks.serial, coalesce(blank_events.note, blank_events.at), stock_batches.supplier, \
                    stock_batches.delivery_note, stock_receipts.operation FROM blanks \
                    JOIN stock_batches ON stock_batches.id = blanks.batch_id JOIN blank_events \
                    ON blank_events.serial = blanks.serial AND blank_events.sequence = blanks.last_event \
                    LEFT JOIN stock_transports ON stock_transports.operation = blank_events.operation \
                    AND blanks.state = 'sent' \
                    LEFT JOIN stock_receipts ON stock_receipts.sender = stock_transports.sender \
                    AND stock_receipts.reference = stock_transports.reference \
                    WHERE blanks.state = ?1 ORDER BY blanks.serial";
        session.query(open, &[state.as_str().into()], &mut |row| {
            let note = (row.needed(2)?, row.needed(3)?);
            let is_sought = match state {
                BlankState::Expected => counted_notes.contains(&note),
                _ => row.int(4)?.is_some(),
            };
            let (serial, detail) = (row.needed(0)?, row.needed(1)?);
            match sought.filter(|_| is_sought) {
                Some(what) => {
                    if state == BlankState::Expected {
                        *missing.entry(note).or_default() += 1;
                    }
                    found.differences.push(Difference { serial, what, detail });
                }
                None => found.open.push(Difference { serial, what, detail }),
            }
            Ok(())
        })?;
    }
    for batch in &mut found.batches {
        batch.missing = missing.remove(&(batch.supplier.clone(), batch.delivery_note.clone())).unwrap_or(0);
    }
    if let Some(counted) = counted {
        compare(session, counted, &mut found)?;
    }
    let mut differs = by_note(session, &found.differences)?;
    for (serial, note) in super::surplus::open(session)? {
        *differs.entry(note.clone()).or_default() += 1;
        found.differences.push(Difference { serial: serial.to_string(), what: SURPLUS, detail: note.1 });
    }
    for batch in &mut found.batches {
        batch.differs = differs.remove(&(batch.supplier.clone(), batch.delivery_note.clone())).unwrap_or(0);
    }
    Ok(found)
}

/// How many of these differences are about blanks of each delivery note.
fn by_note(
    session: &mut dyn Session,
    differences: &[Difference],
) -> Result<BTreeMap<(String, String), u64>, StoreError> {
    const AT_ONCE: usize = 200;
    let mut found: BTreeMap<(String, String), u64> = BTreeMap::new();
    for some in differences.chunks(AT_ONCE) {
        let places: Vec<String> = (1..=some.len()).map(|place| format!("?{place}")).collect();
        let of = format!(
            "SELECT stock_batches.supplier, stock_batches.delivery_note FROM blanks \
             JOIN stock_batches ON stock_batches.id = blanks.batch_id WHERE blanks.serial IN ({})",
            places.join(", ")
        );
        let serials: Vec<_> = some.iter().map(|one| one.serial.as_str().into()).collect();
        session.query(&of, &serials, &mut |row| {
            *found.entry((row.needed(0)?, row.needed(1)?)).or_default() += 1;
            Ok(())
        })?;
    }
    Ok(found)
}

/// The delivery notes of which somebody counted what lies there: of the maker, and of other stations, whose blanks are
/// counted when their list is accepted.
fn counted_notes(session: &mut dyn Session) -> Result<BTreeSet<(String, String)>, StoreError> {
    let mut found = BTreeSet::new();
    let counts = "SELECT detail FROM stock_operations WHERE operation = 'count'";
    session.query(counts, &[], &mut |row| {
        let bad = || StoreError::Inconsistent("a count of the stock");
        let detail: Value = serde_json::from_str(&row.needed(0)?).map_err(|_| bad())?;
        let text = |name: &str| detail.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(bad);
        found.insert((text("supplier")?, text("delivery_note")?));
        Ok(())
    })?;
    let accepted = "SELECT stock_batches.supplier, stock_batches.delivery_note FROM stock_batches \
                    JOIN stock_operations ON stock_operations.id = stock_batches.operation \
                    WHERE stock_operations.operation = 'accept'";
    session.query(accepted, &[], &mut |row| {
        found.insert((row.needed(0)?, row.needed(1)?));
        Ok(())
    })?;
    Ok(found)
}

fn batches(session: &mut dyn Session) -> Result<Vec<BatchSum>, StoreError> {
    let (mut found, mut place) = (Vec::new(), BTreeMap::new());
    session.query(
        "SELECT id, supplier, delivery_note, announced FROM stock_batches ORDER BY id",
        &[],
        &mut |row| {
            place.insert(row.count(0)?, found.len());
            found.push(BatchSum {
                supplier: row.needed(1)?,
                delivery_note: row.needed(2)?,
                announced: row.count(3)?,
                states: Vec::new(),
                moved: 0,
                missing: 0,
                differs: 0,
            });
            Ok(())
        },
    )?;
    let mut of = |batch: u64, work: &mut dyn FnMut(&mut BatchSum)| {
        if let Some(sum) = place.get(&batch).and_then(|place| found.get_mut(*place)) {
            work(sum);
        }
    };
    let states =
        "SELECT batch_id, state, count(*) FROM blanks GROUP BY batch_id, state ORDER BY batch_id, state";
    session.query(states, &[], &mut |row| {
        let state = row.needed(1)?.parse().map_err(|_| StoreError::Inconsistent("the state of a blank"))?;
        let count = row.count(2)?;
        of(row.count(0)?, &mut |sum| sum.states.push((state, count)));
        Ok(())
    })?;
    // A blank entered under one note and lies under another: it came back.
    let moved = "SELECT stock_batches.id, count(*) FROM stock_batches \
                 JOIN blank_events ON blank_events.operation = stock_batches.operation AND blank_events.to_state = 'expected' \
                 JOIN blanks ON blanks.serial = blank_events.serial AND blanks.batch_id <> stock_batches.id \
                 GROUP BY stock_batches.id";
    session.query(moved, &[], &mut |row| {
        let count = row.count(1)?;
        of(row.count(0)?, &mut |sum| sum.moved = count);
        Ok(())
    })?;
    Ok(found)
}

/// What two tables say of one chip, where they say different things.
const CONTRADICTIONS: [(&str, &str); 4] = [
    (
        "assigned-without-work",
        "SELECT blanks.serial, applications.state FROM blanks JOIN applications ON applications.id = blanks.application_id \
         WHERE blanks.state = 'assigned' AND applications.state NOT IN ('personalising', 'read-back', 'locked', 'in-doubt') \
         ORDER BY blanks.serial",
    ),
    (
        "card-not-issued",
        "SELECT blanks.serial, applications.state FROM blanks JOIN applications ON applications.id = blanks.application_id \
         WHERE blanks.state = 'card' AND applications.state NOT IN ('issued', 'delivered') ORDER BY blanks.serial",
    ),
    (
        "chip-used-from-stock",
        "SELECT blanks.serial, applications.state FROM blanks JOIN chips ON chips.serial = blanks.serial \
         JOIN applications ON applications.id = chips.application_id \
         WHERE blanks.state NOT IN ('assigned', 'card', 'spoiled', 'destroyed', 'lost') ORDER BY blanks.serial",
    ),
    (
        "card-without-blank",
        "SELECT chips.serial, applications.state FROM chips JOIN applications ON applications.id = chips.application_id \
         LEFT JOIN blanks ON blanks.serial = chips.serial WHERE blanks.serial IS NULL AND chips.assigned_at > \
         (SELECT min(stock_operations.at) FROM stock_operations) ORDER BY chips.serial",
    ),
];

fn contradictions(session: &mut dyn Session, found: &mut Reconciliation) -> Result<(), StoreError> {
    for (what, sql) in CONTRADICTIONS {
        session.query(sql, &[], &mut |row| {
            let detail = format!("application {}", row.needed(1)?);
            found.differences.push(Difference { serial: row.needed(0)?, what, detail });
            Ok(())
        })?;
    }
    let without = "SELECT count(*) FROM chips LEFT JOIN blanks ON blanks.serial = chips.serial WHERE blanks.serial IS NULL";
    session.query(without, &[], &mut |row| {
        found.cards_without_blank = row.count(0)?;
        Ok(())
    })?;
    Ok(())
}

/// What lies in the cabinet, against what must lie there: in stock, or spoiled and not destroyed.
fn compare(
    session: &mut dyn Session,
    counted: &[ChipSerial],
    found: &mut Reconciliation,
) -> Result<(), StoreError> {
    let mut there: BTreeSet<String> = counted.iter().map(ChipSerial::to_string).collect();
    let must = "SELECT serial, state FROM blanks WHERE state IN ('in-stock', 'spoiled') ORDER BY serial";
    session.query(must, &[], &mut |row| {
        let serial = row.needed(0)?;
        if !there.remove(&serial) {
            found.differences.push(Difference { serial, what: "not-in-cabinet", detail: row.needed(1)? });
        }
        Ok(())
    })?;
    for serial in there {
        let mut detail = "unknown".to_owned();
        session.query(
            "SELECT state FROM blanks WHERE serial = ?1",
            &[serial.as_str().into()],
            &mut |row| {
                detail = row.needed(0)?;
                Ok(())
            },
        )?;
        found.differences.push(Difference { serial, what: "not-expected-in-cabinet", detail });
    }
    Ok(())
}
