//! The tables' versions, and how an older register becomes a newer one.

pub(super) mod additions;
pub(super) mod postgres;
pub(super) mod sqlite;

use super::StoreError;
use super::engine::Session;

/// The version that [`additions`] build upon.
const FIRST: u32 = 2;

/// The version that this program reads and writes.
#[expect(clippy::cast_possible_truncation, reason = "a handful of files")]
pub(super) const VERSION: u32 = FIRST + additions::ADDITIONS.len() as u32;

/// The newest version that the tables were brought to; 0 before the first.
fn found(session: &mut dyn Session) -> Result<u32, StoreError> {
    let mut found = None;
    session.query("SELECT coalesce(max(version), 0) FROM migration", &[], &mut |row| {
        found = u32::try_from(row.count(0)?).ok();
        Ok(())
    })?;
    let found = found.ok_or(StoreError::Inconsistent("the version of the tables"))?;
    if found > VERSION { Err(StoreError::Newer { found, known: VERSION }) } else { Ok(found) }
}

fn record(session: &mut dyn Session, version: u32, at: jiff::Timestamp) -> Result<(), StoreError> {
    let at = at.to_string();
    session
        .execute("INSERT INTO migration (version, applied_at) VALUES (?1, ?2)", &[version.into(), at.into()])
        .map(drop)
}

/// Whether the tables are there (as `table` asks), and of this program's version.
pub(super) fn check(session: &mut dyn Session, table: &str) -> Result<(), StoreError> {
    let mut there = false;
    session.query(table, &[], &mut |_| {
        there = true;
        Ok(())
    })?;
    if !there {
        return Err(StoreError::NotInitialised);
    }
    match found(session)? {
        VERSION => Ok(()),
        0 => Err(StoreError::NotInitialised),
        found => Err(StoreError::Older { found, known: VERSION }),
    }
}

#[cfg(test)]
mod tests {
    use super::{additions, postgres, sqlite};
    use crate::store::dump::FIRST;

    /// Statements without comments.
    fn bare(sql: &str) -> String {
        sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n")
    }

    /// Tables whose key is a value that is unique across persons, and those of the register itself: on Citus the first
    /// are distributed by that value, the others are reference tables.
    fn is_person_scoped(table: &str) -> bool {
        !(table.ends_with("_claim")
            || [
                "match_attempt",
                "migration",
                "intake_audit",
                "intake_head",
                "access_log",
                "access_head",
                "statistics_cell",
                "statistics_head",
                "statistics_published",
            ]
            .contains(&table))
    }

    #[test]
    fn keys_begin_with_the_number_and_nothing_that_distributed_engines_refuse() {
        let words = [
            "TRIGGER",
            "SERIAL",
            "BIGSERIAL",
            "SEQUENCE",
            "IDENTITY",
            "AUTOINCREMENT",
            "DEFERRABLE",
            "ADVISORY",
            "LISTEN",
            "NOTIFY",
            "EXCLUDE",
            "GENERATED",
            "FUNCTION",
            "PROCEDURE",
            "INHERITS",
            "RANDOM",
            "NOW",
            "CURRENT_TIMESTAMP",
        ];
        let identity = include_str!("../../migrations/identity_0001.sql");
        for sql in [identity]
            .into_iter()
            .chain(sqlite::MIGRATIONS)
            .chain([sqlite::ACTS, postgres::TABLES])
            .chain(additions::ADDITIONS)
        {
            let sql = bare(sql);
            let between_words = |c: char| !c.is_ascii_alphanumeric() && c != '_';
            let upper = sql.to_uppercase();
            for word in words {
                assert!(!upper.split(between_words).any(|token| token == word), "{word}");
            }
            for table in sql.split("CREATE TABLE ").skip(1) {
                let name = table.split_whitespace().next().unwrap();
                if !is_person_scoped(name) {
                    continue;
                }
                let alone = table.lines().any(|line| {
                    line.trim_start().starts_with("personal_number TEXT")
                        && line.contains("NOT NULL PRIMARY KEY")
                });
                assert!(
                    alone || table.contains("PRIMARY KEY (personal_number"),
                    "the key of {name} does not begin with the number"
                );
                // A backup fills these first.
                for reference in table.split("REFERENCES ").skip(1) {
                    let to = reference.split([' ', '(']).next().unwrap();
                    assert!(FIRST.contains(&to), "{name} refers to {to}");
                }
                // Foreign keys lead to the same person's rows only: those lie on the same shard.
                for reference in table.split("REFERENCES ").skip(1) {
                    assert!(
                        reference.split('(').nth(1).unwrap().starts_with("personal_number"),
                        "{reference}"
                    );
                }
            }
            for index in sql.split("CREATE UNIQUE INDEX ").skip(1) {
                assert!(index.split('(').nth(1).unwrap().starts_with("personal_number"));
            }
        }
    }

    #[test]
    fn additions_keep_to_what_both_engines_understand() {
        for sql in additions::ADDITIONS {
            let sql = bare(sql);
            // Patterns are written differently in the two; lengths and lists of words are not.
            for word in ["GLOB", "~", "?", "REGEXP", "LIKE", "PRAGMA", "ROWID", "REAL", "BOOLEAN"] {
                assert!(!sql.contains(word), "{word}");
            }
            assert_eq!(sql.matches("CREATE TABLE").count(), sql.matches(") STRICT;").count());
            let other = additions::for_postgres(&sql);
            assert!(!other.contains("STRICT") && !other.contains("BLOB") && !other.contains("INTEGER"));
            assert_eq!(other.matches("TEXT").count(), other.matches("TEXT COLLATE \"C\"").count());
        }
    }

    #[test]
    fn both_engines_have_the_same_tables_and_columns() {
        let columns = |sql: &str, suffix: &str| -> Vec<(String, Vec<String>)> {
            let sql = bare(sql);
            sql.split("CREATE TABLE ")
                .skip(1)
                .map(|table| {
                    let name = table.split_whitespace().next().unwrap().trim_end_matches(suffix).to_owned();
                    let body = table.split("\n)").next().unwrap();
                    let columns = body.lines().skip(1).filter_map(|line| {
                        let first =
                            line.strip_prefix("  ")?.split(' ').next().filter(|first| !first.is_empty())?;
                        first
                            .chars()
                            .all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
                            .then(|| first.to_owned())
                    });
                    (name, columns.collect())
                })
                .collect()
        };
        let postgres = columns(postgres::TABLES, "");
        let of_sqlite = columns(sqlite::MIGRATIONS[1], "_new").into_iter().chain(columns(sqlite::ACTS, ""));
        for (name, of_sqlite) in of_sqlite {
            let of_postgres = &postgres.iter().find(|(other, _)| *other == name).expect(&name).1;
            assert_eq!(&of_sqlite, of_postgres, "{name}");
        }
        for name in ["card", "card_status_history", "sod_claim", "chip_claim", "match_attempt"] {
            let of = |tables: &[(String, Vec<String>)]| {
                tables.iter().find(|(other, _)| other == name).unwrap().1.clone()
            };
            assert_eq!(of(&columns(sqlite::MIGRATIONS[0], "")), of(&postgres), "{name}");
        }
    }
}
