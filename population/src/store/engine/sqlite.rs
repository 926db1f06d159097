//! `SQLite`: one file, WAL, full durability, foreign keys, STRICT tables. Several processes may hold it open at once.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql};

use super::{Apart, Asked, Each, EachOf, Engine, Row, Session, Table, Value};
use crate::seal::SealKeys;
use crate::store::{StoreError, schema};

/// How long one process waits for another's transaction.
const BUSY: Duration = Duration::from_secs(10);

pub(in crate::store) struct Sqlite {
    connection: Connection,
    seal: SealKeys,
}

impl Sqlite {
    pub(in crate::store) fn create(path: &Path, seal: SealKeys) -> Result<Self, StoreError> {
        // Persons are nobody else's business; SQLite gives its companion files the same mode.
        let made = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
        made.map_err(|error| StoreError::Engine(Box::new(error)))?;
        Self::connect(path, OpenFlags::SQLITE_OPEN_CREATE, seal)
    }

    pub(in crate::store) fn open(path: &Path, seal: SealKeys) -> Result<Self, StoreError> {
        if path.is_file() {
            Self::connect(path, OpenFlags::empty(), seal)
        } else {
            Err(StoreError::NotInitialised)
        }
    }

    pub(in crate::store) fn in_memory(seal: SealKeys) -> Result<Self, StoreError> {
        Self::set_up(Connection::open_in_memory().map_err(engine)?, seal)
    }

    fn connect(path: &Path, extra: OpenFlags, seal: SealKeys) -> Result<Self, StoreError> {
        // No URI handling: a path is a path.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | extra;
        Self::set_up(Connection::open_with_flags(path, flags).map_err(engine)?, seal)
    }

    fn set_up(connection: Connection, seal: SealKeys) -> Result<Self, StoreError> {
        connection.busy_timeout(BUSY).map_err(engine)?;
        connection.set_prepared_statement_cache_capacity(64);
        // A statement is planned once, whatever its values are: the tables have indexes for what is asked.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(engine)?;
        for (pragma, value) in [
            ("journal_mode", "WAL"),
            ("synchronous", "FULL"),
            ("foreign_keys", "ON"),
            ("trusted_schema", "OFF"),
            // What is kept to undo a part of a transaction lies in memory.
            ("temp_store", "MEMORY"),
            // Up to 256 MiB of pages: numbers come in any order, and each load or look-up walks two trees, whose inner pages are some
            // 50 MiB with ten million people.
            ("cache_size", "-262144"),
            // 64 MiB of log before it goes into the file: pages of the indexes that every transaction changes go there once.
            ("wal_autocheckpoint", "16384"),
        ] {
            connection.pragma_update(None, pragma, value).map_err(engine)?;
        }
        Ok(Self { connection, seal })
    }
}

impl Sqlite {
    /// What is read only is read where the system has it, up to a terabyte (as much as `SQLite` was compiled for): no copy, and memory
    /// that all connections share.
    pub(in crate::store) fn mapped(self) -> Result<Self, StoreError> {
        self.connection.pragma_update(None, "mmap_size", "1099511627776").map_err(engine)?;
        Ok(self)
    }

    /// Keeps so much of the file in memory, in KiB.
    pub(in crate::store) fn keep_pages(&mut self, kib: u32) -> Result<(), StoreError> {
        self.connection.pragma_update(None, "cache_size", -i64::from(kib)).map_err(engine)
    }
}

impl Session for Sqlite {
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached(without_locks(sql)).map_err(engine)?;
        let changed = statement.execute(rusqlite::params_from_iter(values)).map_err(engine)?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut Each<'_>) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare_cached(without_locks(sql)).map_err(engine)?;
        let mut rows = statement.query(rusqlite::params_from_iter(values)).map_err(engine)?;
        while let Some(row) = rows.next().map_err(engine)? {
            each(row)?;
        }
        Ok(())
    }

    fn ask(&mut self, asked: &[Asked<'_>], each: &mut EachOf<'_>) -> Result<Vec<u64>, StoreError> {
        let mut changed = Vec::with_capacity(asked.len());
        for (place, (sql, values)) in asked.iter().enumerate() {
            let mut statement = self.connection.prepare_cached(without_locks(sql)).map_err(engine)?;
            let values = rusqlite::params_from_iter(values);
            if statement.column_count() == 0 {
                let count = statement.execute(values).map_err(engine)?;
                changed.push(u64::try_from(count).unwrap_or(u64::MAX));
                continue;
            }
            let mut rows = statement.query(values).map_err(engine)?;
            while let Some(row) = rows.next().map_err(engine)? {
                each(place, row)?;
            }
            changed.push(0);
        }
        Ok(changed)
    }

    fn later(&mut self, sql: &str, values: Vec<Value<'_>>) -> Result<(), StoreError> {
        self.execute(sql, &values).map(drop)
    }

    fn replace(&mut self, sql: &str, values: Vec<Value<'_>>) -> Result<(), StoreError> {
        if self.execute(sql, &values)? == 1 { Ok(()) } else { Err(StoreError::Busy) }
    }

    fn load<'v>(
        &mut self,
        table: &Table<'_>,
        rows: &mut dyn Iterator<Item = Result<Vec<Value<'v>>, StoreError>>,
    ) -> Result<bool, StoreError> {
        let places: Vec<String> = (1..=table.types.len()).map(|place| format!("?{place}")).collect();
        let sql = format!("INSERT INTO {} ({}) VALUES ({})", table.name, table.columns, places.join(", "));
        // A row that is there already undoes this load only.
        self.execute("SAVEPOINT load", &[])?;
        let mut insert = self.connection.prepare_cached(&sql).map_err(engine)?;
        let mut there = false;
        for row in rows {
            match insert.execute(rusqlite::params_from_iter(row?)) {
                Ok(_) => {}
                Err(error) if is_there(&error) => {
                    there = true;
                    break;
                }
                Err(error) => return Err(engine(error)),
            }
        }
        drop(insert);
        if there {
            self.execute("ROLLBACK TO SAVEPOINT load", &[])?;
        }
        self.execute("RELEASE SAVEPOINT load", &[])?;
        Ok(!there)
    }

    fn locks_several(&self) -> bool {
        // It locks all or nothing.
        true
    }

    fn seal(&self) -> &SealKeys {
        &self.seal
    }

    fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        self.connection.execute_batch(sql).map_err(engine)
    }
}

impl Engine for Sqlite {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn begin(&mut self, apart: Apart) -> Result<(), StoreError> {
        let begin = match apart {
            // One writer at a time: every transaction is as if alone.
            Apart::Rows | Apart::Whole => "BEGIN IMMEDIATE",
            // Readers of a file with a write-ahead log see the moment at which they began to read.
            Apart::Snapshot => "BEGIN",
        };
        self.execute(begin, &[]).map(drop)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.execute("COMMIT", &[]).map(drop)
    }

    fn rollback(&mut self) {
        if !self.connection.is_autocommit() {
            // What cannot be rolled back now is when the connection closes.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
    }

    fn reconnect(&mut self) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn migrate(&mut self, at: Timestamp) -> Result<(), StoreError> {
        // Tables are rebuilt under their own names: references to them must not be checked meanwhile.
        self.connection.pragma_update(None, "foreign_keys", "OFF").map_err(engine)?;
        let migrated = self.begin(Apart::Whole).and_then(|()| {
            schema::sqlite::migrate(self, at)?;
            self.sound()?;
            self.commit()
        });
        if migrated.is_err() {
            self.rollback();
        }
        self.connection.pragma_update(None, "foreign_keys", "ON").map_err(engine)?;
        migrated
    }

    fn dialect(&self, sql: &str) -> String {
        sql.to_owned()
    }

    fn asks_for_table(&self) -> &'static str {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = ?1"
    }

    fn keep_migration(&mut self, _: &str) -> Result<(), StoreError> {
        // One writer at a time.
        Ok(())
    }

    fn check(&mut self) -> Result<(), StoreError> {
        schema::check(self, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'migration'")
    }

    fn catalogue(&self) -> (&'static str, &'static str) {
        (
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_'",
            "SELECT name, lower(type) FROM pragma_table_info(?1)",
        )
    }

    fn hold(&mut self, _: &str) -> Result<(), StoreError> {
        // The transaction holds the file.
        Ok(())
    }

    fn check_owners(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn check_integrity(&mut self) -> Result<(), StoreError> {
        let mut sound = false;
        self.query("PRAGMA integrity_check", &[], &mut |row| {
            sound = row.text(0)?.as_deref() == Some("ok");
            Ok(())
        })?;
        if !sound {
            return Err(StoreError::Inconsistent("the file is damaged"));
        }
        self.sound()
    }
}

impl Sqlite {
    /// No row that belongs to nobody.
    fn sound(&mut self) -> Result<(), StoreError> {
        self.query("PRAGMA foreign_key_check", &[], &mut |_| {
            Err(StoreError::Inconsistent("a row belongs to nobody"))
        })
    }
}

fn is_there(error: &rusqlite::Error) -> bool {
    let codes = [rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY, rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE];
    matches!(error, rusqlite::Error::SqliteFailure(failure, _) if codes.contains(&failure.extended_code))
}

/// A writer holds the whole file: there is no row to lock.
fn without_locks(sql: &str) -> &str {
    sql.strip_suffix(" FOR UPDATE").unwrap_or(sql)
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Value::Null => ToSqlOutput::Owned(Owned::Null),
            Value::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Value::Int(number) => ToSqlOutput::Owned(Owned::Integer(*number)),
            Value::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl Row for rusqlite::Row<'_> {
    fn str(&self, column: usize) -> Result<Option<&str>, StoreError> {
        let value = self.get_ref(column).map_err(engine)?;
        value.as_str_or_null().map_err(|_| StoreError::Inconsistent("a text that is none"))
    }

    fn text(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.get(column).map_err(engine)
    }

    fn int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.get(column).map_err(engine)
    }

    fn bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(column).map_err(engine)
    }
}

/// What `SQLite` says, without the values that it may quote. What no program of ours writes is no failure of the engine:
/// somebody else wrote into the file.
fn engine(error: rusqlite::Error) -> StoreError {
    if is_no_value(&error) {
        return StoreError::Inconsistent("a value that is none of its column");
    }
    if lacks_table(&error) {
        return StoreError::Inconsistent("a table is missing");
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::NotADatabase) => StoreError::NotInitialised,
        _ => StoreError::Engine(Box::new(error)),
    }
}

/// Text that is no UTF-8, or another type than the column's: tables are STRICT, and a cast makes text of any octets.
fn is_no_value(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error};
    matches!(
        error,
        FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..) | Utf8Error(..)
    )
}

/// `SQLite` has no code of its own for it.
fn lacks_table(error: &rusqlite::Error) -> bool {
    let said = match error {
        rusqlite::Error::SqliteFailure(_, Some(said)) | rusqlite::Error::SqlInputError { msg: said, .. } => {
            said
        }
        _ => return false,
    };
    said.starts_with("no such table")
}

/// The same error, for another who has a part in what failed.
pub(in crate::store) fn same(error: &StoreError) -> StoreError {
    let source = match error {
        StoreError::Engine(source) => source,
        StoreError::Inconsistent(what) => return StoreError::Inconsistent(what),
        _ => return StoreError::Busy,
    };
    let known = source.downcast_ref().and_then(rusqlite::Error::sqlite_error);
    known.map_or(StoreError::Busy, |code| engine(rusqlite::Error::SqliteFailure(*code, None)))
}

/// A key that is there already, a reference to nothing, a value that the table does not allow.
pub(super) fn is_constraint(error: &(dyn core::error::Error + 'static)) -> bool {
    let code = error.downcast_ref().and_then(rusqlite::Error::sqlite_error_code);
    code == Some(ErrorCode::ConstraintViolation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_program_of_ours_writes_is_no_failure_of_the_engine() {
        let mut sqlite = Sqlite::in_memory(SealKeys::none()).unwrap();
        sqlite.script("CREATE TABLE kept (text TEXT, number INTEGER)").unwrap();
        sqlite.script("INSERT INTO kept VALUES (CAST(x'fffe' AS TEXT), 'no number')").unwrap();
        let all = "SELECT text, number FROM kept";
        let text = sqlite.query(all, &[], &mut |row| row.text(0).map(drop));
        let number = sqlite.query(all, &[], &mut |row| row.int(1).map(drop));
        let table = sqlite.query("SELECT text FROM gone", &[], &mut |_| Ok(()));
        for found in [text, number, table] {
            assert!(matches!(found, Err(StoreError::Inconsistent(_))), "{found:?}");
        }
        // A statement that is wrong is our own fault.
        let wrong = sqlite.query("SELECT words FROM kept", &[], &mut |_| Ok(()));
        assert!(matches!(wrong, Err(StoreError::Engine(_))), "{wrong:?}");
    }
}
