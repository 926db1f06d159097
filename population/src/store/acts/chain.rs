//! The chain of an intake: what was taken, in which order, each link over the one before.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::super::engine::{Session, Value};
use super::super::persons::timestamp;
use super::super::{StoreError, damaged};
use super::act_id;
use crate::civil_status::ActId;

/// One link of an intake's chain. Holds no personal data: an act's name and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntakeEntry {
    /// Counts from 1.
    pub sequence: u64,
    /// Which act.
    pub act: ActId,
    /// `applied`, `late` or `case`.
    pub outcome: String,
    /// When.
    pub at: Timestamp,
    /// Over all of these and the digest before.
    pub digest: [u8; 32],
}

impl IntakeEntry {
    /// Whether this link follows one with `before` as its digest (zeros before the first).
    #[must_use]
    pub fn follows(&self, intake: &str, before: &[u8; 32]) -> bool {
        link(intake, self.sequence, &self.act, &self.outcome, self.at, before) == self.digest
    }
}

fn link(
    intake: &str,
    sequence: u64,
    act: &ActId,
    outcome: &str,
    at: Timestamp,
    before: &[u8; 32],
) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(before).chain_update(sequence.to_be_bytes());
    for text in [intake, &act.to_string(), outcome, &at.to_string()] {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        hash = hash.chain_update(length.to_be_bytes()).chain_update(text);
    }
    hash.finalize().into()
}

/// The last link of a chain, locked until the transaction ends.
fn head(session: &mut dyn Session, intake: &str) -> Result<Option<(u64, [u8; 32])>, StoreError> {
    let mut head = None;
    session.query(
        "SELECT link, digest FROM intake_head WHERE intake = ?1 FOR UPDATE",
        &[intake.into()],
        &mut |row| {
            let digest = row.bytes(1)?.and_then(|digest| <[u8; 32]>::try_from(digest).ok());
            head = Some((row.count(0)?, digest.ok_or_else(damaged("a digest"))?));
            Ok(())
        },
    )?;
    Ok(head)
}

pub(super) fn chain(
    session: &mut dyn Session,
    intake: &str,
    act: &ActId,
    outcome: &'static str,
    at: Timestamp,
) -> Result<(), StoreError> {
    chain_all(session, intake, &[(act, outcome)], at)
}

/// Links for some acts, in their order.
pub(super) fn chain_all(
    session: &mut dyn Session,
    intake: &str,
    acts: &[(&ActId, &'static str)],
    at: Timestamp,
) -> Result<(), StoreError> {
    if acts.is_empty() {
        return Ok(());
    }
    let (mut sequence, mut digest) = match head(session, intake)? {
        Some(head) => head,
        // Another line may begin the chain at this moment: it is waited for.
        None => {
            session.execute(
                "INSERT INTO intake_head (intake, link, digest) VALUES (?1, 0, ?2) ON CONFLICT (intake) DO NOTHING",
                &[intake.into(), [0_u8; 32].as_slice().into()],
            )?;
            head(session, intake)?.ok_or_else(damaged("the head of a chain"))?
        }
    };
    let long = |_| StoreError::Inconsistent("a chain's length");
    for (act, outcome) in acts {
        sequence = sequence.saturating_add(1);
        digest = link(intake, sequence, act, outcome, at, &digest);
        session.later(
            "INSERT INTO intake_audit (intake, link, act_id, outcome, at, digest) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            vec![
                intake.into(),
                Value::Int(i64::try_from(sequence).map_err(long)?),
                act.to_string().into(),
                (*outcome).into(),
                at.to_string().into(),
                digest.as_slice().into(),
            ],
        )?;
    }
    session.later(
        "UPDATE intake_head SET link = ?2, digest = ?3 WHERE intake = ?1",
        vec![intake.into(), Value::Int(i64::try_from(sequence).map_err(long)?), digest.as_slice().into()],
    )
}

pub(in crate::store) fn entries(
    session: &mut dyn Session,
    intake: &str,
) -> Result<Vec<IntakeEntry>, StoreError> {
    let mut entries = Vec::new();
    session.query(
        "SELECT link, act_id, outcome, at, digest FROM intake_audit WHERE intake = ?1 ORDER BY link",
        &[intake.into()],
        &mut |row| {
            let digest = row.bytes(4)?.and_then(|digest| <[u8; 32]>::try_from(digest).ok());
            entries.push(IntakeEntry {
                sequence: row.count(0)?,
                act: act_id(&row.needed(1)?)?,
                outcome: row.needed(2)?,
                at: timestamp(&row.needed(3)?)?,
                digest: digest.ok_or_else(damaged("a digest"))?,
            });
            Ok(())
        },
    )?;
    Ok(entries)
}
