//! The register in one file: `SQLite` with WAL, full durability, foreign keys and STRICT tables.

mod attempts;
mod cards;
mod counts;
mod persons;
mod schema;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::{Attempt, AttemptResult, CardEvent, Change, Put, Revision, Store, StoreError};
use crate::card::{Card, CardStatus, NewCard, SodDigest};
use crate::person::{Life, Person};
use crate::statistics::Statistics;

/// How long one process waits for another's transaction.
const BUSY: Duration = Duration::from_secs(10);

/// The register in an `SQLite` file. Several processes may hold it open at once.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
}

impl SqliteStore {
    /// Makes the file and its tables, or brings an existing one to this program's version. Doing it again is harmless.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create(path: &Path, at: Timestamp) -> Result<Self, StoreError> {
        // Persons are nobody else's business; SQLite gives its companion files the same mode.
        let made = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        made.map_err(|error| StoreError::Engine(Box::new(error)))?;
        let mut store = Self::connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
        schema::migrate(&mut store.connection, at)?;
        Ok(store)
    }

    /// Opens an existing register.
    ///
    /// # Errors
    /// [`StoreError::NotInitialised`] if there is none, [`StoreError::Newer`] if it is beyond this program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Err(StoreError::NotInitialised);
        }
        let store = Self::connect(path, OpenFlags::empty())?;
        schema::check(&store.connection)?;
        Ok(store)
    }

    /// A register in memory, for tests and previews.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn in_memory(at: Timestamp) -> Result<Self, StoreError> {
        let connection = Connection::open_in_memory().map_err(engine)?;
        let mut store = Self { connection };
        store.set_up()?;
        schema::migrate(&mut store.connection, at)?;
        Ok(store)
    }

    fn connect(path: &Path, extra: OpenFlags) -> Result<Self, StoreError> {
        // No URI handling: a path is a path.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | extra;
        let connection = Connection::open_with_flags(path, flags).map_err(engine)?;
        let store = Self { connection };
        store.set_up()?;
        Ok(store)
    }

    fn set_up(&self) -> Result<(), StoreError> {
        self.connection.busy_timeout(BUSY).map_err(engine)?;
        self.connection.set_prepared_statement_cache_capacity(64);
        for (pragma, value) in [
            ("journal_mode", "WAL"),
            ("synchronous", "FULL"),
            ("foreign_keys", "ON"),
            ("trusted_schema", "OFF"),
            ("cell_size_check", "ON"),
        ] {
            self.connection.pragma_update(None, pragma, value).map_err(engine)?;
        }
        Ok(())
    }

    fn write(&mut self) -> Result<Transaction<'_>, StoreError> {
        self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(engine)
    }

    /// Rows that break a foreign key, and `SQLite`'s own check of the file: both must be clean.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] if they are not.
    pub fn check_integrity(&self) -> Result<(), StoreError> {
        let quick: String =
            self.connection.query_row("PRAGMA integrity_check", (), |row| row.get(0)).map_err(engine)?;
        if quick != "ok" {
            return Err(StoreError::Inconsistent("the file is damaged"));
        }
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check").map_err(engine)?;
        if statement.exists(()).map_err(engine)? {
            return Err(StoreError::Inconsistent("a row belongs to nobody"));
        }
        Ok(())
    }

    /// The bare connection, for tests of what the tables refuse.
    #[doc(hidden)]
    #[must_use]
    pub fn raw(&self) -> &Connection {
        &self.connection
    }
}

impl Store for SqliteStore {
    fn person(&self, number: &PersonalNumber) -> Result<Option<Person>, StoreError> {
        persons::load(&self.connection, number)
    }

    fn put_persons(&mut self, persons: &[Person], change: &Change) -> Result<Vec<Put>, StoreError> {
        let transaction = self.write()?;
        let done = persons
            .iter()
            .map(|person| persons::put(&transaction, person, change))
            .collect::<Result<Vec<_>, _>>()?;
        transaction.commit().map_err(engine)?;
        Ok(done)
    }

    fn set_life(
        &mut self,
        number: &PersonalNumber,
        life: Life,
        change: &Change,
        today: Date,
    ) -> Result<Put, StoreError> {
        let transaction = self.write()?;
        let put = persons::set_life(&transaction, number, life, change, today)?;
        transaction.commit().map_err(engine)?;
        Ok(put)
    }

    fn history(&self, number: &PersonalNumber) -> Result<Vec<Revision>, StoreError> {
        persons::history(&self.connection, number)
    }

    fn persons_after(&self, after: Option<&PersonalNumber>, limit: u32) -> Result<Vec<Person>, StoreError> {
        // One snapshot for the persons and all that hangs on them.
        let snapshot = self.connection.unchecked_transaction().map_err(engine)?;
        persons::after(&snapshot, after, limit)
    }

    fn person_count(&self) -> Result<u64, StoreError> {
        let count: i64 =
            self.connection.query_row("SELECT count(*) FROM person", (), |row| row.get(0)).map_err(engine)?;
        Ok(count.unsigned_abs())
    }

    fn record_card(&mut self, card: &NewCard, change: &Change) -> Result<(Card, bool), StoreError> {
        let transaction = self.write()?;
        let done = cards::record(&transaction, card, change)?;
        transaction.commit().map_err(engine)?;
        Ok(done)
    }

    fn card(&self, sod_sha256: &SodDigest) -> Result<Option<Card>, StoreError> {
        cards::load(&self.connection, sod_sha256)
    }

    fn cards_of(&self, number: &PersonalNumber) -> Result<Vec<Card>, StoreError> {
        cards::of_person(&self.connection, number)
    }

    fn set_card_status(
        &mut self,
        sod_sha256: &SodDigest,
        status: CardStatus,
        since: Date,
        reason: &str,
        change: &Change,
    ) -> Result<Card, StoreError> {
        let transaction = self.write()?;
        let card = cards::set_status(&transaction, sod_sha256, status, since, reason, change)?;
        transaction.commit().map_err(engine)?;
        Ok(card)
    }

    fn card_history(&self, sod_sha256: &SodDigest) -> Result<Vec<CardEvent>, StoreError> {
        cards::history(&self.connection, sod_sha256)
    }

    fn log_attempt(
        &mut self,
        attempt: &Attempt,
        since: Timestamp,
        max_failed: u32,
    ) -> Result<AttemptResult, StoreError> {
        let transaction = self.write()?;
        let result = attempts::log(&transaction, attempt, since, max_failed)?;
        transaction.commit().map_err(engine)?;
        Ok(result)
    }

    fn attempts(&self, number_digest: &[u8; 32]) -> Result<Vec<Attempt>, StoreError> {
        attempts::all(&self.connection, number_digest)
    }

    fn statistics(&self, today: Date) -> Result<Statistics, StoreError> {
        counts::statistics(&self.connection, today)
    }
}

/// What `SQLite` says, without the values that it may quote.
fn engine(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::NotADatabase) => StoreError::NotInitialised,
        _ => StoreError::Engine(Box::new(error)),
    }
}

/// A column whose text is not what the tables' checks promise.
fn damaged(what: &'static str) -> impl Fn() -> StoreError {
    move || StoreError::Inconsistent(what)
}

fn date(text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| StoreError::Inconsistent("a date"))
}

fn timestamp(text: &str) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|_| StoreError::Inconsistent("a time"))
}

fn number(text: &str) -> Result<PersonalNumber, StoreError> {
    PersonalNumber::parse(text).map_err(|_| StoreError::Inconsistent("a personal number"))
}
