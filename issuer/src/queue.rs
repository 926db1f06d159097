//! The queue over readers: approved applications become cards, the first due first, on up to sixteen readers of a host and
//! on several hosts of one ledger.
//!
//! A lease says who has an application in hand. It keeps two hosts from preparing the same card; what keeps them from
//! making it twice is the application's state, which only one of them can move. A host that dies leaves leases that
//! expire, and a chip in its reader that the ledger knows: the next run finds both again.

mod breaker;
mod line;
mod rows;

use cccd_population::store::{Apart, Database};
use jiff::Timestamp;

use crate::audit::{Auditor, LogEntry};
use crate::ledger::{Act, ApplicationId, LedgerError};

pub use breaker::{Breaker, Trip};
pub use line::{Event, Happened, Line, MAX_READERS, Prepared, ReaderPort, Source, Summary, run};
pub use rows::{Lease, Stop, StopKind};

/// The name under which the whole queue stands still.
pub const ALL: &str = "queue";

/// The queue of a ledger.
#[derive(Debug)]
pub struct Queue<'a> {
    database: &'a mut Database,
    auditor: Option<&'a Auditor>,
}

impl<'a> Queue<'a> {
    pub(crate) fn new(database: &'a mut Database, auditor: Option<&'a Auditor>) -> Self {
        Self { database, auditor }
    }

    /// Applications that wait for a reader and that nobody has in hand, the first due first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn waiting(&self, now: Timestamp, limit: u32) -> Result<Vec<ApplicationId>, LedgerError> {
        self.database.read_anew(|session| Ok(rows::waiting(session, now, limit)?))
    }

    /// Takes an application in hand until then. `false`: somebody else has it.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn lease(
        &mut self,
        id: ApplicationId,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, LedgerError> {
        self.database.write(Apart::Rows, |session| Ok(rows::lease(session, id, holder, now, until)?))
    }

    /// Lets these go and takes of those in hand what nobody else has, all in one. Answers what it took. It may be on the disk
    /// only later: a lease is a courtesy, and a host that begins anew forgets its own.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn exchange(
        &mut self,
        let_go: &[ApplicationId],
        wanted: &[ApplicationId],
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<ApplicationId>, LedgerError> {
        self.database.write_ahead(Apart::Rows, |session| {
            let_go.iter().try_for_each(|id| rows::release(session, *id, holder))?;
            let mut taken = Vec::new();
            for id in wanted {
                if rows::lease(session, *id, holder, now, until)? {
                    taken.push(*id);
                }
            }
            Ok(taken)
        })
    }

    /// Waits until all leases that were exchanged are on the disk.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn settle(&mut self) -> Result<(), LedgerError> {
        Ok(self.database.settle()?)
    }

    /// Still at work on these.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn renew(
        &mut self,
        ids: &[ApplicationId],
        holder: &str,
        until: Timestamp,
    ) -> Result<(), LedgerError> {
        self.database.write(Apart::Rows, |session| Ok(rows::renew(session, ids, holder, until)?))
    }

    /// Lets an application go.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn release(&mut self, id: ApplicationId, holder: &str) -> Result<(), LedgerError> {
        self.database.write(Apart::Rows, |session| Ok(rows::release(session, id, holder)?))
    }

    /// Some application's chip is in work, and nobody has it in hand: its run was interrupted.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn is_any_interrupted(&self, now: Timestamp) -> Result<bool, LedgerError> {
        self.database.read_anew(|session| Ok(rows::is_any_interrupted(session, now)?))
    }

    /// Lets everything go that a host of this name had in hand: it begins anew.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn forget(&mut self, holder: &str) -> Result<(), LedgerError> {
        self.database.write(Apart::Rows, |session| Ok(rows::forget(session, holder)?))
    }

    /// Another host has something in hand that it has not begun; if it dies, that waits again.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn is_any_elsewhere(&self, holder: &str) -> Result<bool, LedgerError> {
        self.database.read_anew(|session| Ok(rows::is_any_elsewhere(session, holder)?))
    }

    /// Who has what in hand.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn leases(&self) -> Result<Vec<Lease>, LedgerError> {
        self.database.read_anew(|session| Ok(rows::leases(session)?))
    }

    /// What stands still, and why.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn stops(&self) -> Result<Vec<Stop>, LedgerError> {
        self.database.read_anew(|session| Ok(rows::stops(session)?))
    }

    /// The queue, or one reader, stands still from now on. An order of the same name changes nothing any more.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn stop(
        &mut self,
        name: &str,
        kind: StopKind,
        reason: &str,
        act: Act<'_>,
    ) -> Result<(), LedgerError> {
        let log = self.auditor;
        self.database.write(Apart::Rows, |session| {
            if !rows::is_new(session, act)? {
                return Ok(());
            }
            rows::stop(session, name, kind, reason, act)?;
            told(session, log, kind.as_str(), &[name, reason], act)
        })
    }

    /// It goes on. `false`: it did not stand still.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn resume(&mut self, name: &str, act: Act<'_>) -> Result<bool, LedgerError> {
        let log = self.auditor;
        self.database.write(Apart::Rows, |session| {
            if !rows::is_new(session, act)? {
                return Ok(false);
            }
            let stood = rows::resume(session, name)?;
            if stood {
                told(session, log, "resume", &[name], act)?;
            }
            Ok(stood)
        })
    }
}

fn told(
    session: &mut dyn cccd_population::store::Session,
    log: Option<&Auditor>,
    what: &str,
    said: &[&str],
    act: Act<'_>,
) -> Result<(), LedgerError> {
    let Some(auditor) = log else { return Ok(()) };
    let entry = LogEntry {
        event: &format!("queue-{what}"),
        subject: None,
        said: &said.join("\n"),
        note: &format!("by {}", act.actor),
        at: act.at,
    };
    Ok(auditor.append(session, &entry)?)
}

#[cfg(test)]
mod tests;
