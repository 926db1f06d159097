//! Tables of another room in a database of its own: the register's engines, transactions and versions, lent out.

mod together;

use core::fmt;
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::engine::postgres::Postgres;
use super::engine::sqlite::Sqlite;
use super::engine::{Apart, Engine, Session};
use super::{Place, StoreError};
use crate::seal::SealKeys;
use together::{Owed, Together};

/// Memory for pages of a connection that only reads, in KiB, where another one writes for all.
const PAGES: u32 = 2 * 1024;

/// How often a transaction that others pushed aside is tried again.
const TRIES: u32 = 20;

/// How often one transaction is begun anew on another line.
const LOST: u32 = 3;

/// Whose tables, and how they grew. A version that was ever released is never changed.
#[derive(Debug)]
pub struct Tables {
    /// The table that says which version they are of; begins with the room's name.
    pub versions_in: &'static str,
    /// In order; the first is version 1.
    pub versions: &'static [Version],
}

/// One version.
#[derive(Debug)]
pub struct Version {
    /// Written for `SQLite` in words that `PostgreSQL` has too.
    pub both: &'static str,
    /// What only `SQLite` understands, after it.
    pub sqlite: &'static str,
    /// What only `PostgreSQL` understands, after it.
    pub postgres: &'static str,
}

/// An error that may mean: others were quicker, try again.
pub trait Retry: From<StoreError> {
    /// Others pushed this transaction aside.
    fn is_busy(&self) -> bool;

    /// The line to the database's server was lost, and another may be tried.
    fn is_lost_line(&self) -> bool {
        false
    }
}

impl Retry for StoreError {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }

    fn is_lost_line(&self) -> bool {
        matches!(self, Self::Unreachable)
    }
}

/// A database with somebody's tables. A thread has its own, made by [`another`](Self::another) where several work together.
pub struct Database {
    engine: RefCell<Box<dyn Engine>>,
    /// Who writes for all threads of this process.
    together: Option<Arc<Together>>,
    owed: Owed,
}

impl Database {
    /// Makes the tables, or brings existing ones to this program's version. Doing it again is harmless.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Newer`] when a newer program made them.
    pub fn create(place: &Place, tables: &Tables, at: Timestamp) -> Result<Self, StoreError> {
        let engine: Box<dyn Engine> = match place {
            Place::Sqlite(path) => Box::new(Sqlite::create(path, SealKeys::none())?),
            Place::Postgres(server) => Box::new(Postgres::connect(server, SealKeys::none())?),
        };
        Self::migrated(engine, tables, at)
    }

    /// A database in memory, for tests and previews.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn in_memory(tables: &Tables, at: Timestamp) -> Result<Self, StoreError> {
        Self::migrated(Box::new(Sqlite::in_memory(SealKeys::none())?), tables, at)
    }

    /// As [`create`](Self::create), for many threads: what they write by this one and by all that are made from it
    /// ([`another`](Self::another)) goes to the disk together. A server does that by itself.
    ///
    /// # Errors
    /// As there.
    pub fn create_for_threads(place: &Place, tables: &Tables, at: Timestamp) -> Result<Self, StoreError> {
        let created = Self::create(place, tables, at)?;
        let Place::Sqlite(path) = place else { return Ok(created) };
        let together = Together::new(Sqlite::open(path, SealKeys::none())?)?;
        Ok(Self { engine: reading(path)?, together: Some(Arc::new(together)), owed: Owed::default() })
    }

    /// Another one, for another thread.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn another(&self, place: &Place) -> Result<Self, StoreError> {
        let engine: RefCell<Box<dyn Engine>> = match place {
            Place::Sqlite(path) => reading(path)?,
            Place::Postgres(server) => RefCell::new(Box::new(Postgres::connect(server, SealKeys::none())?)),
        };
        Ok(Self { engine, together: self.together.clone(), owed: Owed::default() })
    }

    fn migrated(mut engine: Box<dyn Engine>, tables: &Tables, at: Timestamp) -> Result<Self, StoreError> {
        if !up_to_date(engine.as_mut(), tables)? {
            engine.begin(Apart::Rows)?;
            let migrated = migrate(engine.as_mut(), tables, at).and_then(|()| engine.commit());
            if let Err(error) = migrated {
                engine.rollback();
                return Err(error);
            }
        }
        Ok(Self { engine: RefCell::new(engine), together: None, owed: Owed::default() })
    }

    /// One statement after another, each for itself.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn read<T, E>(&self, work: impl FnOnce(&mut dyn Session) -> Result<T, E>) -> Result<T, E> {
        work(self.engine.borrow_mut().as_mut())
    }

    /// As [`read`](Self::read), and tried again on another line when this one was lost.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError`].
    pub fn read_anew<T, E: Retry>(&self, work: impl Fn(&mut dyn Session) -> Result<T, E>) -> Result<T, E> {
        let mut engine = self.engine.borrow_mut();
        for _ in 0..LOST {
            let done = work(engine.as_mut());
            let is_lost = done.as_ref().err().is_some_and(Retry::is_lost_line);
            if !is_lost || !engine.reconnect()? {
                return done;
            }
        }
        work(engine.as_mut())
    }

    /// One transaction, tried again when others have pushed it aside: whole or not at all, and on the disk when this answers,
    /// with all that this one wrote before it.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError`].
    pub fn write<T, E: Retry>(
        &mut self,
        apart: Apart,
        work: impl Fn(&mut dyn Session) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.together.clone().filter(|_| apart != Apart::Snapshot) {
            Some(together) => self.tried(|owed| together.write(owed, &work)),
            None => transaction(self.engine.get_mut().as_mut(), apart, false, work),
        }
    }

    /// As [`write`](Self::write), but where threads write together this may answer before it is on the disk. It is there when
    /// [`settle`](Self::settle) says so, or when anything is that this one writes later; until then only who writes sees it.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError`].
    pub fn write_ahead<T, E: Retry>(
        &mut self,
        apart: Apart,
        work: impl Fn(&mut dyn Session) -> Result<T, E>,
    ) -> Result<T, E> {
        match self.together.clone().filter(|_| apart != Apart::Snapshot) {
            Some(together) => self.tried(|owed| together.ahead(owed, &work)),
            None => transaction(self.engine.get_mut().as_mut(), apart, false, work),
        }
    }

    /// Waits until all that this one wrote is on the disk.
    ///
    /// # Errors
    /// [`StoreError`]: something of it came to nothing.
    pub fn settle(&mut self) -> Result<(), StoreError> {
        self.together.as_ref().map_or(Ok(()), |together| together.settle(&mut self.owed))
    }

    /// What others pushed aside is tried again, unless something before it may have been pushed aside with it.
    fn tried<T, E: Retry>(&mut self, work: impl Fn(&mut Owed) -> Result<T, E>) -> Result<T, E> {
        for _ in 1..TRIES {
            let is_alone = self.owed.is_empty();
            match work(&mut self.owed) {
                Err(error) if error.is_busy() && is_alone => {}
                done => return done,
            }
        }
        work(&mut self.owed)
    }

    /// The engine itself, for a backup.
    pub(super) fn engine_mut(&mut self) -> &mut dyn Engine {
        self.engine.get_mut().as_mut()
    }

    /// `SQLite` or `PostgreSQL`.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        self.engine.borrow().name()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Nobody is left who could be told.
        let _ = self.settle();
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({})", self.engine())
    }
}

/// A connection beside the one that writes.
fn reading(path: &Path) -> Result<RefCell<Box<dyn Engine>>, StoreError> {
    let mut sqlite = Sqlite::open(path, SealKeys::none())?;
    sqlite.keep_pages(PAGES)?;
    Ok(RefCell::new(Box::new(sqlite)))
}

/// One transaction, tried again when others have pushed it aside or the line was lost. A line that was lost while the
/// transaction ended may have counted: only what is `named`, and so a repeat when it is written again, is tried then.
pub(super) fn transaction<T, E: Retry>(
    engine: &mut dyn Engine,
    apart: Apart,
    named: bool,
    work: impl Fn(&mut dyn Session) -> Result<T, E>,
) -> Result<T, E> {
    let (mut tries, mut lost) = (0, 0);
    loop {
        let mut ending = false;
        let begun = engine.begin(apart).map_err(E::from);
        let done = begun.and_then(|()| {
            let done = work(&mut *engine)?;
            ending = true;
            engine.commit()?;
            Ok(done)
        });
        let error = match done {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        engine.rollback();
        if error.is_busy() && tries + 1 < TRIES {
            tries += 1;
        } else if error.is_lost_line() && (named || !ending) && lost < LOST && engine.reconnect()? {
            lost += 1;
        } else {
            return Err(error);
        }
    }
}

fn up_to_date(engine: &mut dyn Engine, tables: &Tables) -> Result<bool, StoreError> {
    let mut there = false;
    let sql = engine.asks_for_table();
    engine.query(sql, &[tables.versions_in.into()], &mut |_| {
        there = true;
        Ok(())
    })?;
    Ok(there && found(engine, tables)? == tables.versions.len())
}

fn migrate(engine: &mut dyn Engine, tables: &Tables, at: Timestamp) -> Result<(), StoreError> {
    let table = tables.versions_in;
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS {table} (
           version INTEGER NOT NULL PRIMARY KEY CHECK (version >= 1),
           applied_at TEXT NOT NULL
         ) STRICT;"
    );
    let sql = engine.dialect(&sql);
    engine.script(&sql)?;
    engine.keep_migration(table)?;
    let found = found(engine, tables)?;
    for (position, version) in tables.versions.iter().enumerate().skip(found) {
        let both = engine.dialect(version.both);
        engine.script(&both)?;
        engine.script(if engine.name() == "SQLite" { version.sqlite } else { version.postgres })?;
        let number = u32::try_from(position + 1).unwrap_or(u32::MAX);
        let sql = format!("INSERT INTO {table} (version, applied_at) VALUES (?1, ?2)");
        engine.execute(&sql, &[number.into(), at.to_string().into()])?;
    }
    Ok(())
}

fn found(engine: &mut dyn Engine, tables: &Tables) -> Result<usize, StoreError> {
    let mut found = 0;
    let sql = format!("SELECT coalesce(max(version), 0) FROM {}", tables.versions_in);
    engine.query(&sql, &[], &mut |row| {
        found = usize::try_from(row.count(0)?).unwrap_or(usize::MAX);
        Ok(())
    })?;
    let known = tables.versions.len();
    if found > known {
        let number = |version| u32::try_from(version).unwrap_or(u32::MAX);
        return Err(StoreError::Newer { found: number(found), known: number(known) });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Version = Version {
        both: "CREATE TABLE thing (\n name TEXT NOT NULL PRIMARY KEY\n) STRICT;",
        sqlite: "CREATE TRIGGER thing_stays BEFORE DELETE ON thing BEGIN SELECT RAISE(ABORT, 'stays'); END;",
        postgres: "",
    };
    const SECOND: Version =
        Version { both: "ALTER TABLE thing ADD COLUMN size INTEGER;", sqlite: "", postgres: "" };
    const OLD: Tables = Tables { versions_in: "room_version", versions: &[FIRST] };
    const NEW: Tables = Tables { versions_in: "room_version", versions: &[FIRST, SECOND] };

    #[test]
    fn tables_grow_by_versions_and_a_newer_programs_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::file(&folder.path().join("room.sqlite"));
        let at = Timestamp::UNIX_EPOCH;
        let insert = |session: &mut dyn Session| -> Result<u64, StoreError> {
            session.execute("INSERT INTO thing (name) VALUES (?1)", &["a".into()])
        };
        Database::create(&place, &OLD, at).unwrap().write(Apart::Rows, insert).unwrap();
        let mut grown = Database::create(&place, &NEW, at).unwrap();
        let mut names = Vec::new();
        grown
            .read(|session| {
                session.query("SELECT name, size FROM thing", &[], &mut |row| {
                    names.push((row.needed(0)?, row.int(1)?));
                    Ok(())
                })
            })
            .unwrap();
        assert_eq!(names, [("a".to_owned(), None)]);
        let deleted: Result<u64, StoreError> =
            grown.write(Apart::Rows, |session| session.execute("DELETE FROM thing", &[]));
        assert!(deleted.is_err());
        let older = Database::create(&place, &OLD, at).unwrap_err();
        assert!(matches!(older, StoreError::Newer { found: 2, known: 1 }), "{older}");
    }

    #[test]
    fn a_transaction_is_whole_or_not_at_all() {
        let mut database = Database::in_memory(&OLD, Timestamp::UNIX_EPOCH).unwrap();
        let failed: Result<(), StoreError> = database.write(Apart::Rows, |session| {
            session.execute("INSERT INTO thing (name) VALUES (?1)", &["a".into()])?;
            Err(StoreError::UnknownPerson)
        });
        assert!(matches!(failed, Err(StoreError::UnknownPerson)));
        let mut count = 0;
        database
            .read(|session| {
                session.query("SELECT count(*) FROM thing", &[], &mut |row| {
                    count = row.count(0)?;
                    Ok(())
                })
            })
            .unwrap();
        assert_eq!(count, 0);
    }
}
