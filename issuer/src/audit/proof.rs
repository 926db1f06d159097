//! Whether a log holds: its chain, its signed heads, and those that a second party kept.

use std::collections::BTreeMap;

use cccd_keys::audit_log::{Chain, Head, Link, LogProblem, verify_head};
use cccd_keys::public_key::PublicKey;
use cccd_population::store::{Retry, Session, StoreError};

use super::{newest_head, number};
use crate::ledger::{code_of, words_of};

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
    /// Stations with a log of their own in this ledger: what they did is proved with their keys.
    pub beside: Vec<String>,
}

/// What is wrong with a station's log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditProblem {
    /// The store.
    #[error("the ledger failed: {}", words_of(.0))]
    Store(#[source] StoreError),
    /// A row says what no row can say: somebody wrote it past the station.
    #[error("the ledger holds what the station never writes: {0}")]
    Row(&'static str),
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
    /// A row that its actions do not lead to.
    #[error("application {0} stands otherwise than its actions say")]
    Application(i64),
    /// An account that is not what was logged of it, or something done to it of which the log does not tell.
    #[error("the log says otherwise of the account {0}, or nothing")]
    Account(String),
    /// A blank that stands where no event of it led.
    #[error("the blank {0} stands otherwise than its events say")]
    Blank(String),
    /// The log tells of more actions than the ledger has.
    #[error("the log tells of {told} actions and the ledger has {found}: some were taken out")]
    ActionsMissing {
        /// In the log.
        told: u64,
        /// In the ledger.
        found: u64,
    },
}

impl From<StoreError> for AuditProblem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Inconsistent(what) => Self::Row(what),
            error => Self::Store(error),
        }
    }
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
            Self::Row(_)
            | Self::Action(..)
            | Self::Application(_)
            | Self::Account(_)
            | Self::Stock(_)
            | Self::Blank(_)
            | Self::Card(_)
            | Self::ActionsMissing { .. } => "audit-actions-differ",
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
    each: &mut dyn FnMut(&Link<'_>),
) -> Result<Proof, AuditProblem> {
    follow_with(session, station, Some(key), kept, each)
}

/// Whether another station has a log in this ledger: lines that follow from one another, as far as its head says. Whose signature
/// that head bears its own key proves, which does not lie here.
pub(crate) fn has_log(session: &mut dyn Session, station: &str) -> Result<bool, StoreError> {
    if newest_head(session, station).is_ok_and(|head| head.is_none_or(|head| head.key != station)) {
        return Ok(false);
    }
    match follow_with(session, station, None, &[], &mut |_| {}) {
        Ok(proof) => Ok(proof.lines > 0),
        Err(AuditProblem::Store(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

fn follow_with(
    session: &mut dyn Session,
    station: &str,
    key: Option<&PublicKey>,
    kept: &[Head],
    each: &mut dyn FnMut(&Link<'_>),
) -> Result<Proof, AuditProblem> {
    let own = newest_head(session, station)?;
    let mut expected: BTreeMap<u64, Vec<&Head>> = BTreeMap::new();
    // Of a file that several stations wrote into, these are this one's; a file without any is another's.
    let own_key = key.map(PublicKey::fingerprint);
    let ours = kept.iter().filter(|head| own_key.as_ref() == Some(&head.key));
    if let (0, Some(head)) = (ours.clone().count(), kept.first()) {
        return Err(AuditProblem::ForeignHead(head.sequence));
    }
    if let Some(key) = key {
        for head in ours.clone() {
            verify_head(head, key).map_err(|_| AuditProblem::ForeignHead(head.sequence))?;
            expected.entry(head.sequence).or_default().push(head);
        }
        if let Some(head) = &own {
            verify_head(head, key)?;
        }
    }
    let mut chain = Chain::default();
    let mut own_seen = own.as_ref().is_none_or(|head| head.sequence == 0);
    let mut problem: Option<AuditProblem> = None;
    loop {
        let from = number(chain.sequence());
        let before = chain.sequence();
        session.query(
            "SELECT line FROM audit WHERE station = ?1 AND sequence > ?2 ORDER BY sequence LIMIT ?3",
            &[station.into(), from.into(), PAGE.into()],
            &mut |row| {
                if problem.is_some() {
                    return Ok(());
                }
                let link = match chain.follow_line(row.needed_str(0)?) {
                    Ok(link) => link,
                    Err(error) => {
                        problem = Some(error.into());
                        return Ok(());
                    }
                };
                each(&link);
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
    Ok(Proof {
        lines,
        beyond_head: lines.saturating_sub(signed),
        heads: ours.count(),
        actions: 0,
        beside: Vec::new(),
    })
}
