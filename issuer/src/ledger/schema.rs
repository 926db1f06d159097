//! The tables of the station's store, and what they hold from the beginning.

use std::path::Path;

use cccd_population::store::{Apart, Database, Session, StoreError, Tables, Version};
use rusqlite::{Connection, OpenFlags};

use super::LedgerError;
use super::entry::NEW;
use crate::application::{State, Step};
use crate::stock::{BlankState, BlankStep};

pub(super) const TABLES: Tables = Tables {
    versions_in: "station_version",
    versions: &[
        Version {
            both: include_str!("../../migrations/0001_station.sql"),
            sqlite: include_str!("../../migrations/0001_station_sqlite.sql"),
            postgres: include_str!("../../migrations/0001_station_postgres.sql"),
        },
        Version {
            both: include_str!("../../migrations/0002_audit.sql"),
            sqlite: include_str!("../../migrations/0002_audit_sqlite.sql"),
            postgres: include_str!("../../migrations/0002_audit_postgres.sql"),
        },
        Version {
            both: include_str!("../../migrations/0003_stock.sql"),
            sqlite: include_str!("../../migrations/0003_stock_sqlite.sql"),
            postgres: include_str!("../../migrations/0003_stock_postgres.sql"),
        },
        Version {
            both: include_str!("../../migrations/0004_captures.sql"),
            sqlite: include_str!("../../migrations/0004_captures_sqlite.sql"),
            postgres: include_str!("../../migrations/0004_captures_postgres.sql"),
        },
        Version {
            both: include_str!("../../migrations/0005_queue.sql"),
            sqlite: include_str!("../../migrations/0005_queue_sqlite.sql"),
            postgres: include_str!("../../migrations/0005_queue_postgres.sql"),
        },
        Version {
            both: include_str!("../../migrations/0006_cards.sql"),
            sqlite: include_str!("../../migrations/0006_cards_sqlite.sql"),
            postgres: include_str!("../../migrations/0006_cards_postgres.sql"),
        },
        Version { both: include_str!("../../migrations/0007_person.sql"), sqlite: "", postgres: "" },
        Version {
            both: include_str!("../../migrations/0008_later.sql"),
            sqlite: include_str!("../../migrations/0008_later_sqlite.sql"),
            postgres: include_str!("../../migrations/0008_later_postgres.sql"),
        },
    ],
};

/// The allowed transitions are rows, so that no statement can bring about a state that the model forbids. A chip in work
/// is noted as signed without leaving its state.
fn transitions() -> Vec<(&'static str, &'static str)> {
    let mut all =
        vec![(NEW, State::Received.as_str()), (State::Personalising.as_str(), State::Personalising.as_str())];
    for from in State::ALL {
        let next = Step::ALL.into_iter().filter_map(|step| from.apply(step).ok());
        all.extend(next.map(|to| (from.as_str(), to.as_str())));
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The same of blanks. They begin as expected.
fn blank_transitions() -> Vec<(&'static str, &'static str)> {
    let mut all = vec![(NEW, BlankState::Expected.as_str())];
    for from in BlankState::ALL {
        let next = BlankStep::ALL.into_iter().filter_map(|step| from.apply(step).ok());
        all.extend(next.map(|to| (from.as_str(), to.as_str())));
    }
    all.sort_unstable();
    all.dedup();
    all
}

pub(super) fn seed(database: &mut Database) -> Result<(), LedgerError> {
    let (all, blanks) = (transitions(), blank_transitions());
    let mut known = 0;
    database.read(|session| {
        let count = "SELECT (SELECT count(*) FROM transitions) + (SELECT count(*) FROM blank_transitions)";
        session.query(count, &[], &mut |row| {
            known = usize::try_from(row.count(0)?).unwrap_or(usize::MAX);
            Ok(())
        })
    })?;
    if known == all.len() + blanks.len() {
        return Ok(());
    }
    database.write(Apart::Rows, |session| {
        for (from, to) in &all {
            session.execute(
                "INSERT INTO transitions (from_state, to_state) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                &[(*from).into(), (*to).into()],
            )?;
        }
        session.execute(
            "INSERT INTO counters (kind, next) VALUES ('application', 1) ON CONFLICT DO NOTHING",
            &[],
        )?;
        for (from, to) in &blanks {
            session.execute(
                "INSERT INTO blank_transitions (from_state, to_state) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                &[(*from).into(), (*to).into()],
            )?;
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

/// The next name of a kind; others who ask wait until this transaction ends.
pub(crate) fn next(session: &mut dyn Session, kind: &str) -> Result<i64, LedgerError> {
    session.execute("UPDATE counters SET next = next + 1 WHERE kind = ?1", &[kind.into()])?;
    let mut next = None;
    session.query("SELECT next - 1 FROM counters WHERE kind = ?1", &[kind.into()], &mut |row| {
        next = row.int(0)?;
        Ok(())
    })?;
    next.ok_or(LedgerError::Inconsistent("a counter is missing"))
}

/// A ledger in a file whose tables are those of this program: opening it changes nothing.
pub(super) fn is_current(path: &Path) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let newest = format!("SELECT max(version) FROM {}", TABLES.versions_in);
    let version = Connection::open_with_flags(path, flags)
        .and_then(|connection| connection.query_row(&newest, [], |row| row.get::<_, i64>(0)));
    version.ok().and_then(|version| usize::try_from(version).ok()) == Some(TABLES.versions.len())
}

/// A ledger of the time before the second officer: its applications were approved by nobody else.
pub(super) fn refuse_older(path: &Path) -> Result<(), LedgerError> {
    if !path.is_file() {
        return Ok(());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let version = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
    });
    // What cannot be read is told by the opening itself.
    if matches!(version, Ok(1)) { Err(LedgerError::Older(path.to_owned())) } else { Ok(()) }
}
