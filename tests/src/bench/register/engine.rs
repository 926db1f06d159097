//! The engines without the register: the floor under it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use cccd_population::store::Place;
use postgres::{Client, NoTls};
use rusqlite::Connection;
use rusqlite::types::Value;

/// A connection that knows the tables and nothing else.
pub(super) enum Bare {
    Sqlite(Connection),
    Postgres(Client),
}

/// Rows of the register as the engine itself hands them out.
pub(super) enum Rows {
    Sqlite(Vec<Vec<Value>>),
    /// Binary COPY.
    Postgres(Vec<u8>),
}

impl Bare {
    /// Connects with the settings that the register has.
    pub(super) fn open(place: &Place) -> Result<Self> {
        match place {
            Place::Sqlite(path) => {
                let connection = Connection::open(path)?;
                connection.busy_timeout(Duration::from_secs(10))?;
                for (pragma, value) in [
                    ("journal_mode", "WAL"),
                    ("synchronous", "FULL"),
                    ("foreign_keys", "ON"),
                    ("trusted_schema", "OFF"),
                    ("cache_size", "-262144"),
                    ("mmap_size", "1099511627776"),
                    ("wal_autocheckpoint", "16384"),
                ] {
                    connection.pragma_update(None, pragma, value)?;
                }
                Ok(Self::Sqlite(connection))
            }
            Place::Postgres(server) => Ok(Self::Postgres(server.config.connect(NoTls)?)),
        }
    }

    /// Where the next row of `person` will stand, or before it.
    pub(super) fn end(&mut self) -> Result<i64> {
        Ok(match self {
            Self::Sqlite(connection) => {
                connection.query_row("SELECT coalesce(max(rowid), 0) FROM person", [], |row| row.get(0))?
            }
            Self::Postgres(client) => {
                client.query_one("SELECT pg_relation_size('person') / 8192", &[])?.get(0)
            }
        })
    }

    /// The rows that a load brought since [`end`](Self::end) answered `from`.
    pub(super) fn rows_since(&mut self, from: i64, source: &str) -> Result<Rows> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement =
                    connection.prepare("SELECT * FROM person WHERE rowid > ?1 ORDER BY rowid")?;
                let width = statement.column_count();
                let rows = statement.query_map([from], |row| (0..width).map(|at| row.get(at)).collect())?;
                Ok(Rows::Sqlite(rows.collect::<Result<_, _>>()?))
            }
            Self::Postgres(client) => {
                use std::io::Read as _;
                let page = (from - 1).max(0);
                let sql = format!(
                    "COPY (SELECT * FROM person WHERE ctid >= '({page},0)' AND source = '{source}') \
                     TO STDOUT BINARY"
                );
                let mut rows = Vec::new();
                client.copy_out(&sql)?.read_to_end(&mut rows)?;
                Ok(Rows::Postgres(rows))
            }
        }
    }

    /// Loads rows in one transaction by the fastest way that the engine has. Answers how long it took.
    pub(super) fn load(&mut self, rows: &Rows) -> Result<Duration> {
        match (self, rows) {
            (Self::Sqlite(connection), Rows::Sqlite(rows)) => {
                let width = rows.first().context("no rows")?.len();
                let places: Vec<String> = (1..=width).map(|place| format!("?{place}")).collect();
                let begun = Instant::now();
                let transaction = connection.transaction()?;
                let mut insert =
                    transaction.prepare(&format!("INSERT INTO person VALUES ({})", places.join(", ")))?;
                for row in rows {
                    insert.execute(rusqlite::params_from_iter(row))?;
                }
                drop(insert);
                transaction.commit()?;
                Ok(begun.elapsed())
            }
            (Self::Postgres(client), Rows::Postgres(rows)) => {
                use std::io::Write as _;
                let begun = Instant::now();
                let mut writer = client.copy_in("COPY person FROM STDIN BINARY")?;
                writer.write_all(rows)?;
                writer.finish()?;
                Ok(begun.elapsed())
            }
            _ => anyhow::bail!("rows of another engine"),
        }
    }

    /// Gives the floor's place on disk back.
    pub(super) fn discard(self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => {
                let path = connection.path().map(PathBuf::from).context("a file")?;
                drop(connection);
                Ok(std::fs::remove_file(path)?)
            }
            Self::Postgres(mut client) => Ok(client.batch_execute("TRUNCATE person CASCADE; CHECKPOINT")?),
        }
    }

    /// The size of the register on disk, in octets.
    pub(super) fn size(&mut self) -> Result<i64> {
        Ok(match self {
            Self::Sqlite(connection) => connection.query_row(
                "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
                [],
                |row| row.get(0),
            )?,
            Self::Postgres(client) => {
                client.query_one("SELECT pg_database_size(current_database())", &[])?.get(0)
            }
        })
    }

    /// What autovacuum or a checkpoint of a deployment would have done by now; and the rows have been read once, as those of a
    /// register at work have been.
    pub(super) fn settle(&mut self) -> Result<()> {
        match self {
            Self::Sqlite(connection) => {
                connection.pragma_update(None, "wal_checkpoint", "TRUNCATE").or_else(
                    |error| match error {
                        rusqlite::Error::ExecuteReturnedResults => Ok(()),
                        error => Err(error),
                    },
                )?;
                let path = connection.path().map(PathBuf::from).context("a file")?;
                std::io::copy(&mut std::fs::File::open(path)?, &mut std::io::sink())?;
            }
            Self::Postgres(client) => {
                for sql in [
                    "VACUUM ANALYZE",
                    "CHECKPOINT",
                    "CREATE EXTENSION IF NOT EXISTS pg_prewarm",
                    "SELECT pg_prewarm('person'), pg_prewarm('person_pkey')",
                ] {
                    client.batch_execute(sql)?;
                }
            }
        }
        Ok(())
    }
}
