//! What the signed log tells of a store's past: nothing is done before it, and nothing in it is forgotten.

use super::{KeyStore, StoreError};
use crate::audit_log::{AuditLog, Record};
use crate::signer::Signer as _;
use jiff::{SignedDuration, Timestamp};

/// How far a clock may lie behind the newest entry of the log: that much is allowed between machines.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The log of a store, checked.
#[derive(Debug)]
pub(super) struct History {
    records: Vec<Record>,
}

impl History {
    /// Its records, oldest first.
    pub(super) fn records(&self) -> &[Record] {
        &self.records
    }

    /// With a clock that was turned back, keys would be made and used that were never to be, and certificates would read as
    /// expired or not yet valid.
    pub(super) fn is_followed_by(&self, at: Timestamp) -> Result<(), StoreError> {
        match self.records.iter().map(|record| record.time).max() {
            Some(newest) if newest.duration_since(at) > CLOCK_TOLERANCE => {
                Err(StoreError::ClockBehind { at, newest })
            }
            _ => Ok(()),
        }
    }

    /// The number of the newest list of revoked certificates; 0 before the first.
    pub(super) fn newest_list(&self) -> u64 {
        let issued = self.records.iter().filter(|record| record.event == "crl-issued");
        issued.filter_map(|record| list_number(record.note.as_deref()?)).max().unwrap_or(0)
    }
}

/// Of `number <n>, <m> revoked`.
fn list_number(note: &str) -> Option<u64> {
    note.strip_prefix("number ")?.split_once(',')?.0.parse().ok()
}

impl KeyStore {
    pub(super) fn history(&self) -> Result<History, StoreError> {
        let log = AuditLog::verify_file(&self.audit_log_path(), self.log_key()?.public_key())?;
        Ok(History { records: log.records })
    }

    /// A ceremony follows those before it.
    ///
    /// # Errors
    /// [`StoreError::ClockBehind`]; a log that does not hold.
    pub fn follows_the_log(&self, at: Timestamp) -> Result<(), StoreError> {
        self.history()?.is_followed_by(at)
    }
}
