//! What the signed log tells of a store's past: nothing is done before it, and nothing in it is forgotten.

use super::{KeyStore, StoreError};
use crate::audit_log::{AuditLog, Event, Record};
use crate::signer::Signer as _;
use jiff::{SignedDuration, Timestamp};

/// How far a clock may lie behind the newest entry of the log: that much is allowed between machines.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The event after which the log is followed anew.
const CORRECTED: &str = "clock-corrected";

/// Longest reason, in characters.
const MAX_REASON: usize = 200;

/// The log of a store, checked.
#[derive(Debug)]
pub(super) struct History {
    records: Vec<Record>,
    /// Records under the signed head: one beyond it corrects nothing.
    signed: usize,
}

/// What a correction of the clock left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockCorrection {
    /// The newest entry before it, which lies ahead of time.
    pub newest: Timestamp,
    /// When it was corrected: from here on the log is followed.
    pub at: Timestamp,
}

impl History {
    /// Its records, oldest first.
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// With a clock that was turned back, keys would be made and used that were never to be, and certificates would read as
    /// expired or not yet valid.
    pub(super) fn is_followed_by(&self, at: Timestamp) -> Result<(), StoreError> {
        let since = self.records.iter().skip(self.corrected().unwrap_or(0));
        match since.map(|record| record.time).max() {
            Some(newest) if newest.duration_since(at) > CLOCK_TOLERANCE => {
                Err(StoreError::ClockBehind { at, newest })
            }
            _ => Ok(()),
        }
    }

    /// The number of the newest list of revoked certificates; 0 before the first.
    pub(super) fn newest_list(&self) -> u64 {
        newest_list(&self.records)
    }

    /// The place of the last correction.
    fn corrected(&self) -> Option<usize> {
        self.records.iter().take(self.signed).rposition(|record| record.event == CORRECTED)
    }

    /// When a list counts as made: one from before a correction of the clock was not made after it, whatever it says.
    pub(super) fn list_time(&self, number: u64, said: Timestamp) -> Timestamp {
        let Some(place) = self.corrected() else { return said };
        let (before, since) = self.records.split_at(place);
        match since.first() {
            Some(correction) if number <= newest_list(before) => said.min(correction.time),
            _ => said,
        }
    }
}

fn newest_list(records: &[Record]) -> u64 {
    let issued = records.iter().filter(|record| record.event == "crl-issued");
    issued.filter_map(|record| list_number(record.note.as_deref()?)).max().unwrap_or(0)
}

/// Of `number <n>, <m> revoked`.
fn list_number(note: &str) -> Option<u64> {
    note.strip_prefix("number ")?.split_once(',')?.0.parse().ok()
}

impl KeyStore {
    pub(super) fn history(&self) -> Result<History, StoreError> {
        let log = AuditLog::verify_file(&self.audit_log_path(), self.log_key()?.public_key())?;
        let beyond = usize::try_from(log.beyond_head).unwrap_or(usize::MAX);
        let signed = log.records.len().saturating_sub(beyond);
        Ok(History { records: log.records, signed })
    }

    /// A ceremony follows those before it.
    ///
    /// # Errors
    /// [`StoreError::ClockBehind`]; a log that does not hold.
    pub fn follows_the_log(&self, at: Timestamp) -> Result<(), StoreError> {
        self.history()?.is_followed_by(at)
    }

    /// Acknowledges that the log is ahead of the true time, because a clock was: from this entry on it is followed anew.
    /// What was made under the wrong clock stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NoReason`]; [`StoreError::ClockNotBehind`], where nothing is to be corrected; a log that does not hold.
    pub fn correct_clock(&self, at: Timestamp, reason: &str) -> Result<ClockCorrection, StoreError> {
        let _lock = self.lock()?;
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > MAX_REASON || reason.chars().any(char::is_control) {
            return Err(StoreError::NoReason);
        }
        let Err(StoreError::ClockBehind { newest, .. }) = self.history()?.is_followed_by(at) else {
            return Err(StoreError::ClockNotBehind(at));
        };
        self.log(Event::new(at, CORRECTED).note(&format!("the log was at {newest}: {reason}")))?;
        Ok(ClockCorrection { newest, at })
    }
}
