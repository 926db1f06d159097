//! The station's audit log, as the ledger keeps it.

use std::sync::Arc;

use cccd_keys::audit_log::Head;
use cccd_keys::public_key::PublicKey;
use cccd_population::store::Apart;

use super::{Ledger, LedgerError};
use crate::audit::{self, AuditProblem, Auditor, LogEntry, Proof, SIGNED_EVERY};

impl Ledger {
    /// Logs every action from now on in this station's audit log; what the log ends with is signed every
    /// [`SIGNED_EVERY`] lines and when the ledger is closed.
    pub fn log_with(&mut self, auditor: Auditor) {
        self.auditor = Some(Arc::new(auditor));
    }

    /// Signs the end of the audit log, and answers the head for a second party; `None` for a log without a line.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn sign_log(&mut self) -> Result<Option<Head>, LedgerError> {
        self.signed(0)
    }

    pub(super) fn signed(&mut self, unsigned: u64) -> Result<Option<Head>, LedgerError> {
        let Some(auditor) = &self.auditor else { return Ok(None) };
        let lines = auditor.lines();
        let (head, left) = self.database.write(Apart::Rows, |session| auditor.sign(session, unsigned))?;
        auditor.looked_at(lines, left);
        Ok(head)
    }

    /// Signs the end of the audit log when so many lines came that it is time.
    pub(super) fn sign_in_time(&mut self) -> Result<(), LedgerError> {
        if self.auditor.as_ref().is_some_and(|auditor| auditor.lines() > SIGNED_EVERY) {
            self.signed(SIGNED_EVERY)?;
        }
        Ok(())
    }

    /// Follows this station's audit log to its end, checks its heads and those of a second party, and that every action
    /// of the ledger is the one that the log tells of.
    ///
    /// # Errors
    /// [`AuditProblem`].
    pub fn prove_log(&mut self, key: &PublicKey, kept: &[Head]) -> Result<Proof, AuditProblem> {
        let auditor = self.auditor.as_deref().ok_or(AuditProblem::NoHead(0))?;
        // Log and ledger as of one moment, whoever works meanwhile.
        self.database.write(Apart::Snapshot, |session| audit::prove(session, auditor, key, kept))
    }

    /// Follows the audit log of any station in this store, without its secret key: what a second party does.
    ///
    /// # Errors
    /// [`AuditProblem`].
    pub fn follow_log(&mut self, key: &PublicKey, kept: &[Head]) -> Result<Proof, AuditProblem> {
        let station = key.fingerprint();
        self.database
            .write(Apart::Snapshot, |session| audit::follow(session, &station, key, kept, &mut |_| ()))
    }

    /// Logs what is no step of an application, all in one transaction.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn log(&mut self, entries: &[LogEntry<'_>]) -> Result<(), LedgerError> {
        let Some(auditor) = &self.auditor else { return Ok(()) };
        self.database.write(Apart::Rows, |session| auditor.append_all(session, entries.iter().copied()))?;
        self.sign_in_time()
    }
}
