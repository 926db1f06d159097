//! Numbered SQL files, each applied once in a transaction of its own.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use super::engine;
use crate::store::StoreError;

/// In order; version = position + 1.
const MIGRATIONS: [&str; 1] = [include_str!("../../../migrations/0001_register.sql")];

/// Marks the file as ours: "CCCP" of "CCCD population".
const APPLICATION_ID: i32 = 0x4343_4350;

/// Brings the file to this program's version; several processes may try at once.
pub(super) fn migrate(connection: &mut Connection, at: Timestamp) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(engine)?;
    transaction
        .execute_batch(
            "CREATE TABLE IF NOT EXISTS migration (
               version INTEGER NOT NULL PRIMARY KEY CHECK (version >= 1), applied_at TEXT NOT NULL) STRICT;",
        )
        .map_err(engine)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(engine)?;
    let found: u32 = transaction
        .query_row("SELECT coalesce(max(version), 0) FROM migration", (), |row| row.get(0))
        .map_err(engine)?;
    check_version(found)?;
    for (version, sql) in (1_u32..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        transaction.execute_batch(sql).map_err(engine)?;
        transaction
            .execute("INSERT INTO migration (version, applied_at) VALUES (?1, ?2)", (version, at.to_string()))
            .map_err(engine)?;
    }
    transaction.commit().map_err(engine)
}

/// Whether the file is a register of this program's version.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    let table: Option<String> = connection
        .query_row("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'migration'", (), |row| {
            row.get(0)
        })
        .optional()
        .map_err(engine)?;
    if table.is_none() {
        return Err(StoreError::NotInitialised);
    }
    let found: u32 = connection
        .query_row("SELECT coalesce(max(version), 0) FROM migration", (), |row| row.get(0))
        .map_err(engine)?;
    check_version(found)?;
    if usize::try_from(found) == Ok(MIGRATIONS.len()) { Ok(()) } else { Err(StoreError::NotInitialised) }
}

fn check_version(found: u32) -> Result<(), StoreError> {
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known { Err(StoreError::Newer { found, known }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::MIGRATIONS;

    #[test]
    fn keys_begin_with_the_number_and_nothing_that_distributed_engines_refuse() {
        for sql in MIGRATIONS {
            let sql: String = sql
                .lines()
                .filter(|line| !line.trim_start().starts_with("--"))
                .collect::<Vec<_>>()
                .join("\n");
            let upper = sql.to_uppercase();
            for word in ["TRIGGER", "SERIAL", "SEQUENCE", "AUTOINCREMENT", "DEFERRABLE", "ADVISORY", "NOTIFY"]
            {
                let between_words = |c: char| !c.is_ascii_alphanumeric() && c != '_';
                assert!(!upper.split(between_words).any(|token| token == word), "{word}");
            }
            for table in sql.split("CREATE TABLE ").skip(1) {
                let name = table.split_whitespace().next().unwrap();
                if name.ends_with("_claim") || name == "match_attempt" {
                    continue;
                }
                assert!(
                    table.contains("PRIMARY KEY (personal_number")
                        || table.contains("personal_number TEXT NOT NULL PRIMARY KEY"),
                    "the key of {name} does not begin with the number"
                );
                assert!(table.contains(") STRICT"), "{name} is not STRICT");
            }
            for index in sql.split("CREATE UNIQUE INDEX ").skip(1) {
                assert!(index.split('(').nth(1).unwrap().starts_with("personal_number"));
            }
        }
    }
}
