//! The station's ledger: what was asked for, which chip was used, and every action, append-only, in `SQLite`.
//!
//! The ledger is written before the chip: whatever happens to the process, the ledger knows that a chip was in work.
//! States move only along [`State::apply`]; triggers of the database refuse every other way (migrations/).

mod entry;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use cccd_keys::transport_keys::ChipSerial;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde_json::Value;

use crate::application::{Application, InvalidTransition, State, Step};

pub use entry::{ActionEntry, ApplicationId, Entry, SignedCard};

const MIGRATIONS: [&str; 1] = [include_str!("../migrations/0001_ledger.sql")];

/// A ledger, open and locked for this process.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    _lock: Option<File>,
}

/// Who did something, and when.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// The officer or station.
    pub actor: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Why the ledger did not do it. Holds no personal data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file, the disk, the engine.
    #[error("the ledger failed: {0}")]
    Engine(#[from] rusqlite::Error),
    /// The lock file beside it.
    #[error("the ledger's lock {} failed: {source}", path.display())]
    Lock {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process works with it.
    #[error("another issuer is working with this ledger")]
    InUse,
    /// The model has no such step.
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    /// A step that needs a reason got none.
    #[error("the step {0} needs a reason")]
    ReasonMissing(Step),
    /// The same person has another application open.
    #[error("this person has an open application with other content in this ledger")]
    OtherApplicationOpen,
    /// The serial is in the ledger already.
    #[error("the chip {0} is in the ledger already: a chip is used once")]
    ChipUsed(ChipSerial),
    /// Made by a newer program.
    #[error("the ledger is of version {found}, this program knows {known}")]
    Newer {
        /// In the file.
        found: usize,
        /// Here.
        known: usize,
    },
    /// Rows that make no sense.
    #[error("the ledger contradicts itself: {0}")]
    Inconsistent(&'static str),
}

impl LedgerError {
    /// The disk is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Engine(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull))
    }
}

impl Ledger {
    /// Opens or makes a ledger; one process at a time.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let lock_path = lock_path(path);
        let failed = |source| LedgerError::Lock { path: lock_path.clone(), source };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        private(&mut options);
        let lock = options.open(&lock_path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LedgerError::InUse),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // Made with its mode before SQLite opens it: personal numbers are inside.
        options.open(path).map_err(failed)?;
        Self::prepare(Connection::open(path)?, Some(lock))
    }

    /// A ledger in memory, for benches and tests of other rooms.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn in_memory() -> Result<Self, LedgerError> {
        Self::prepare(Connection::open_in_memory()?, None)
    }

    fn prepare(mut connection: Connection, lock: Option<File>) -> Result<Self, LedgerError> {
        connection.pragma_update(None, "foreign_keys", true)?;
        // One row is written before the chip is touched: it must be on the disk then.
        connection.pragma_update(None, "synchronous", "FULL")?;
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let found = usize::try_from(found).unwrap_or(usize::MAX);
        if found > MIGRATIONS.len() {
            return Err(LedgerError::Newer { found, known: MIGRATIONS.len() });
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (version, migration) in MIGRATIONS.iter().enumerate().skip(found) {
            transaction.execute_batch(migration)?;
            transaction.pragma_update(
                None,
                "user_version",
                u32::try_from(version + 1).unwrap_or(u32::MAX),
            )?;
        }
        for from in State::ALL {
            for to in Step::ALL.into_iter().filter_map(|step| from.apply(step).ok()) {
                transaction.execute(
                    "INSERT OR IGNORE INTO transitions VALUES (?1, ?2)",
                    params![from.as_str(), to.as_str()],
                )?;
            }
        }
        transaction.commit()?;
        Ok(Self { connection, _lock: lock })
    }

    /// Takes an application in, or finds the open one with the same content, interrupted earlier.
    ///
    /// # Errors
    /// [`LedgerError::OtherApplicationOpen`] when the person has another one with a chip in work; one that never
    /// touched a chip gives way.
    pub fn receive(&mut self, application: &Application, act: Act<'_>) -> Result<Entry, LedgerError> {
        let content = application.content_sha256();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let open = entry::open_of(&transaction, application.number.as_str())?;
        if let Some(open) = open {
            if open.state.is_before_chip() {
                // Nothing but the register's word was gathered: asked again, it may differ today.
                let reason = "interrupted before a chip was touched; taken in again";
                entry::advance(
                    &transaction,
                    open.id,
                    open.state,
                    Step::Reject,
                    Some(reason),
                    &Value::Null,
                    act,
                )?;
            } else if open.content_sha256 == content {
                transaction.commit()?;
                return Ok(open);
            } else {
                return Err(LedgerError::OtherApplicationOpen);
            }
        }
        transaction.execute(
            "INSERT INTO applications (content_sha256, person_number, reason, template, received_at, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
            params![
                content,
                application.number.as_str(),
                application.reason.as_str(),
                application.template.as_str(),
                act.at.to_string()
            ],
        )?;
        let id = ApplicationId(transaction.last_insert_rowid());
        let entry = entry::get(&transaction, id)?;
        transaction.commit()?;
        Ok(entry)
    }

    /// Moves an application one step.
    ///
    /// # Errors
    /// [`LedgerError`]; then nothing changed.
    pub fn advance(
        &mut self,
        id: ApplicationId,
        step: Step,
        reason: Option<&str>,
        detail: &Value,
        act: Act<'_>,
    ) -> Result<State, LedgerError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let state = entry::get(&transaction, id)?.state;
        let state = entry::advance(&transaction, id, state, step, reason, detail, act)?;
        transaction.commit()?;
        Ok(state)
    }

    /// Gives a queued application its blank: from here on the chip is in work and its serial is used.
    ///
    /// # Errors
    /// [`LedgerError::ChipUsed`] for a serial that the ledger knows.
    pub fn assign_chip(
        &mut self,
        id: ApplicationId,
        serial: &ChipSerial,
        key_version: u8,
        act: Act<'_>,
    ) -> Result<(), LedgerError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let known = transaction
            .query_row("SELECT 1 FROM chips WHERE serial = ?1", [serial.to_string()], |_| Ok(()))
            .optional()?;
        if known.is_some() {
            return Err(LedgerError::ChipUsed(*serial));
        }
        transaction.execute(
            "INSERT INTO chips VALUES (?1, ?2, ?3, ?4)",
            params![serial.to_string(), id.0, key_version, act.at.to_string()],
        )?;
        transaction.execute(
            "UPDATE applications SET chip_serial = ?2 WHERE id = ?1",
            params![id.0, serial.to_string()],
        )?;
        let state = entry::get(&transaction, id)?.state;
        let detail = serde_json::json!({"chip": serial.to_string(), "key_version": key_version});
        entry::advance(&transaction, id, state, Step::Personalise, None, &detail, act)?;
        transaction.commit()?;
        Ok(())
    }

    /// Notes the card that has been signed for this chip, before its EF.SOD is written.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn note_signed(
        &mut self,
        id: ApplicationId,
        card: &SignedCard,
        act: Act<'_>,
    ) -> Result<(), LedgerError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let state = entry::get(&transaction, id)?.state;
        if state != State::Personalising {
            return Err(LedgerError::Inconsistent(
                "a card is signed while its chip is written, not at another time",
            ));
        }
        transaction.execute(
            "UPDATE applications SET sod_sha256 = ?2, document_number = ?3, issue_date = ?4, expires = ?5,
                    replaces = ?6 WHERE id = ?1",
            params![
                id.0,
                card.sod_sha256.to_string(),
                card.document_number,
                card.issued.to_string(),
                card.expires.map(|date| date.to_string()),
                serde_json::json!(card.replaces.iter().map(ToString::to_string).collect::<Vec<_>>())
                    .to_string(),
            ],
        )?;
        let detail = serde_json::json!({"sod_sha256": card.sod_sha256.to_string()});
        entry::note(&transaction, id, "sign", (state, state), None, &detail, act)?;
        transaction.commit()?;
        Ok(())
    }

    /// The application.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn entry(&self, id: ApplicationId) -> Result<Entry, LedgerError> {
        Ok(entry::get(&self.connection, id)?)
    }

    /// The application that this chip was given to, if the ledger knows the serial.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn of_chip(&self, serial: &ChipSerial) -> Result<Option<Entry>, LedgerError> {
        let id = self
            .connection
            .query_row("SELECT application_id FROM chips WHERE serial = ?1", [serial.to_string()], |row| {
                row.get(0)
            })
            .optional()?;
        id.map(|id| self.entry(ApplicationId(id))).transpose()
    }

    /// All that happened to an application, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn actions(&self, id: ApplicationId) -> Result<Vec<ActionEntry>, LedgerError> {
        Ok(entry::actions(&self.connection, id)?)
    }

    /// How many applications are in each state that has any.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn counts(&self) -> Result<Vec<(State, u64)>, LedgerError> {
        State::ALL
            .into_iter()
            .map(|state| {
                let sql = "SELECT count(*) FROM applications WHERE state = ?1";
                let count: i64 = self.connection.query_row(sql, [state.as_str()], |row| row.get(0))?;
                Ok((state, u64::try_from(count).unwrap_or_default()))
            })
            .filter(|row| !matches!(row, Ok((_, 0))))
            .collect()
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests;
