//! Whether a log holds: its chain, its signed heads, those that a second party kept, and the actions that it tells of.

use std::collections::BTreeMap;

use cccd_keys::audit_log::{Chain, Head, LogProblem, verify_head};
use cccd_keys::public_key::PublicKey;
use cccd_population::store::{Retry, Session, StoreError};

use super::{Auditor, newest_head};
use crate::ledger::{changes_of_station, code_of, said_of_change, words_of};

/// Lines read at once.
const PAGE: u32 = 10_000;

/// A log that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Its lines.
    pub lines: u64,
    /// Lines after the newest signed head: linked, not signed.
    pub beyond_head: u64,
    /// Heads of a second party that were found in it.
    pub heads: usize,
    /// Actions of the ledger that were compared with their lines.
    pub actions: u64,
}

/// What is wrong with a station's log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditProblem {
    /// The store.
    #[error("the ledger failed: {}", words_of(.0))]
    Store(#[from] StoreError),
    /// The chain or the station's own head.
    #[error(transparent)]
    Log(#[from] LogProblem),
    /// Nobody signed anything.
    #[error("the log has {0} lines and no signed head")]
    NoHead(u64),
    /// A head that the second party keeps is not on this chain.
    #[error("the head that a second party keeps of line {0} is not on this log: it was cut or rewritten")]
    OtherHead(u64),
    /// A head of the second party is not signed by this station.
    #[error("the head that a second party keeps of line {0} is not signed by this station")]
    ForeignHead(u64),
    /// An action of which the log does not tell.
    #[error("the log tells nothing of action {1} of application {0}, or something else")]
    Action(i64, i64),
    /// An operation of the stock of which the log does not tell.
    #[error("the log tells nothing of operation {0} of the stock, or something else")]
    Stock(i64),
    /// A change of a card of which the log does not tell.
    #[error("the log tells nothing of change {0} of a card, or something else")]
    Card(i64),
    /// The log tells of more actions than the ledger has.
    #[error("the log tells of {told} actions and the ledger has {found}: some were taken out")]
    ActionsMissing {
        /// In the log.
        told: u64,
        /// In the ledger.
        found: u64,
    },
}

impl Retry for AuditProblem {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Store(StoreError::Busy))
    }

    fn is_lost_line(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unreachable))
    }
}

impl AuditProblem {
    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => code_of(error),
            Self::Log(LogProblem::Truncated { .. }) => "audit-cut",
            Self::Log(LogProblem::HeadSignature) => "audit-head-signature",
            Self::Log(_) => "audit-broken",
            Self::NoHead(_) => "audit-not-signed",
            Self::OtherHead(_) => "audit-other-head",
            Self::ForeignHead(_) => "audit-foreign-head",
            Self::Action(..) | Self::Stock(_) | Self::Card(_) | Self::ActionsMissing { .. } => {
                "audit-actions-differ"
            }
        }
    }
}

/// Follows the chain of a station to its end, and checks its own newest head and those of a second party.
///
/// # Errors
/// [`AuditProblem`].
pub(crate) fn follow(
    session: &mut dyn Session,
    station: &str,
    key: &PublicKey,
    kept: &[Head],
    each: &mut dyn FnMut(&str, &str, Option<&str>),
) -> Result<Proof, AuditProblem> {
    let own = newest_head(session, station)?;
    let mut expected: BTreeMap<u64, Vec<&Head>> = BTreeMap::new();
    for head in kept {
        verify_head(head, key).map_err(|_| AuditProblem::ForeignHead(head.sequence))?;
        expected.entry(head.sequence).or_default().push(head);
    }
    if let Some(head) = &own {
        verify_head(head, key)?;
    }
    let mut chain = Chain::default();
    let mut own_seen = own.as_ref().is_none_or(|head| head.sequence == 0);
    let mut problem: Option<AuditProblem> = None;
    loop {
        let from = super::number(chain.sequence());
        let before = chain.sequence();
        session.query(
            "SELECT line FROM audit WHERE station = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
            &[station.into(), from.into(), PAGE.into()],
            &mut |row| {
                if problem.is_some() {
                    return Ok(());
                }
                let line = row.needed(0)?;
                let link = match chain.follow_line(&line) {
                    Ok(link) => link,
                    Err(error) => {
                        problem = Some(error.into());
                        return Ok(());
                    }
                };
                each(&link.event, link.payload.unwrap_or_default(), link.note.as_deref());
                let here = chain.sequence();
                if own.as_ref().is_some_and(|head| head.sequence == here) {
                    own_seen = true;
                    if own.as_ref().is_some_and(|head| head.hash != chain.hash()) {
                        problem = Some(LogProblem::HeadMismatch.into());
                    }
                }
                if let Some(heads) = expected.remove(&here)
                    && heads.iter().any(|head| head.hash != chain.hash())
                {
                    problem = Some(AuditProblem::OtherHead(here));
                }
                Ok(())
            },
        )?;
        if let Some(problem) = problem {
            return Err(problem);
        }
        if chain.sequence() == before {
            break;
        }
    }
    let lines = chain.sequence();
    if let Some((sequence, _)) = expected.into_iter().find(|(sequence, _)| *sequence > 0) {
        return Err(AuditProblem::OtherHead(sequence));
    }
    let signed = own.as_ref().map_or(0, |head| head.sequence);
    if !own_seen {
        return Err(LogProblem::Truncated { found: lines, expected: signed }.into());
    }
    if own.is_none() && lines > 0 {
        return Err(AuditProblem::NoHead(lines));
    }
    Ok(Proof { lines, beyond_head: lines.saturating_sub(signed), heads: kept.len(), actions: 0 })
}

/// The chain, and that each action of the ledger is the one that the log tells of.
///
/// # Errors
/// [`AuditProblem`].
pub(crate) fn prove(
    session: &mut dyn Session,
    auditor: &Auditor,
    key: &PublicKey,
    kept: &[Head],
) -> Result<Proof, AuditProblem> {
    let mut told: BTreeMap<(i64, i64), [u8; 32]> = BTreeMap::new();
    let mut stock: BTreeMap<i64, [u8; 32]> = BTreeMap::new();
    let mut cards: BTreeMap<i64, [u8; 32]> = BTreeMap::new();
    let mut proof = follow(session, auditor.station(), key, kept, &mut |event, payload, note| {
        if event.starts_with("stock-")
            && let Some(which) = note.and_then(operation_of)
        {
            let mut digest = [0; 32];
            let _ = hex::decode_to_slice(payload, &mut digest);
            stock.insert(which, digest);
        }
        if event.starts_with("card-")
            && let Some(which) = note.and_then(card_change_of)
        {
            let mut digest = [0; 32];
            let _ = hex::decode_to_slice(payload, &mut digest);
            cards.insert(which, digest);
        }
        if event.starts_with("application-")
            && let Some(which) = note.and_then(action_of)
        {
            let mut digest = [0; 32];
            // What is no digest agrees with none.
            let _ = hex::decode_to_slice(payload, &mut digest);
            told.insert(which, digest);
        }
    })?;
    let mut wrong = None;
    let mut found = 0_u64;
    session.query(
        "SELECT application_id, sequence, at, actor, action, from_state, to_state, reason, detail FROM actions \
         WHERE station = ?1 ORDER BY application_id, sequence",
        &[auditor.station().into()],
        &mut |row| {
            let missing = StoreError::Inconsistent("an action");
            let application = row.int(0)?.ok_or(missing)?;
            let sequence = row.int(1)?.ok_or(StoreError::Inconsistent("an action"))?;
            let texts: Vec<Option<String>> = (2..9).map(|column| row.text(column)).collect::<Result<_, _>>()?;
            let said = said_of(application, sequence, &texts);
            found += 1;
            let same = told.get(&(application, sequence)) == Some(&auditor.payload_of(&said));
            if !same && wrong.is_none() {
                wrong = Some((application, sequence));
            }
            Ok(())
        },
    )?;
    if let Some((application, sequence)) = wrong {
        return Err(AuditProblem::Action(application, sequence));
    }
    let in_log = count(told.len());
    if in_log != found {
        return Err(AuditProblem::ActionsMissing { told: in_log, found });
    }
    proof.actions = found + prove_stock(session, auditor, &stock)? + prove_cards(session, auditor, &cards)?;
    Ok(proof)
}

/// The operations of the stock, each with the blanks that it moved.
fn prove_stock(
    session: &mut dyn Session,
    auditor: &Auditor,
    told: &BTreeMap<i64, [u8; 32]>,
) -> Result<u64, AuditProblem> {
    let mut operations = Vec::new();
    session.query(
        "SELECT id, at, actor, operation, detail FROM stock_operations WHERE station = ?1 ORDER BY id",
        &[auditor.station().into()],
        &mut |row| {
            let id = row.int(0)?.ok_or(StoreError::Inconsistent("an operation of the stock"))?;
            let texts: Vec<String> = (1..5).map(|column| row.needed(column)).collect::<Result<_, _>>()?;
            operations.push((id, texts));
            Ok(())
        },
    )?;
    for (id, texts) in &operations {
        let mut moved = Vec::new();
        session.query(
            "SELECT serial, sequence, from_state, to_state, cause, note, photo_sha256 FROM blank_events \
             WHERE operation = ?1 ORDER BY serial, sequence",
            &[(*id).into()],
            &mut |row| {
                let texts =
                    [row.text(0)?, row.text(2)?, row.text(3)?, row.text(4)?, row.text(5)?, row.text(6)?];
                moved.push(serde_json::json!([row.int(1)?, texts]));
                Ok(())
            },
        )?;
        if told.get(id) != Some(&auditor.payload_of(&said_of_operation(*id, texts, &moved))) {
            return Err(AuditProblem::Stock(*id));
        }
    }
    let (told, found) = (count(told.len()), count(operations.len()));
    if told == found { Ok(found) } else { Err(AuditProblem::ActionsMissing { told, found }) }
}

/// The changes of cards after issue.
fn prove_cards(
    session: &mut dyn Session,
    auditor: &Auditor,
    told: &BTreeMap<i64, [u8; 32]>,
) -> Result<u64, AuditProblem> {
    let changes = changes_of_station(session, auditor.station())?;
    for change in &changes {
        if told.get(&change.id) != Some(&auditor.payload_of(&said_of_change(change))) {
            return Err(AuditProblem::Card(change.id));
        }
    }
    let (told, found) = (count(told.len()), count(changes.len()));
    if told == found { Ok(found) } else { Err(AuditProblem::ActionsMissing { told, found }) }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// Everything that an operation of the stock says, and what it did to which blank.
pub(crate) fn said_of_operation(id: i64, texts: &[String], moved: &[serde_json::Value]) -> String {
    serde_json::json!([id, texts, moved]).to_string()
}

/// Everything that a row of `actions` says, in one text that no other row has.
pub(crate) fn said_of(application: i64, sequence: i64, texts: &[Option<String>]) -> String {
    serde_json::json!([application, sequence, texts]).to_string()
}

/// `operation 7 by minh` → 7.
fn operation_of(note: &str) -> Option<i64> {
    note.strip_prefix("operation ")?.split(' ').next()?.parse().ok()
}

/// `card-change 7 by minh` → 7.
fn card_change_of(note: &str) -> Option<i64> {
    note.strip_prefix("card-change ")?.split(' ').next()?.parse().ok()
}

/// `application 7 action 4 by minh` → (7, 4).
fn action_of(note: &str) -> Option<(i64, i64)> {
    let mut words = note.split(' ');
    match (words.next()?, words.next()?, words.next()?, words.next()?) {
        ("application", application, "action", sequence) => {
            Some((application.parse().ok()?, sequence.parse().ok()?))
        }
        _ => None,
    }
}
