//! What came after version 2: one file for both engines, written for `SQLite` in words that `PostgreSQL` has too.

use jiff::Timestamp;

use super::{FIRST, found, record};
use crate::store::StoreError;
use crate::store::engine::Session;

/// In order; the version is `FIRST` + position + 1. A file that was ever released is never changed.
pub(in crate::store) const ADDITIONS: [&str; 20] = [
    include_str!("../../../migrations/0003_numbers.sql"),
    include_str!("../../../migrations/0004_cases.sql"),
    include_str!("../../../migrations/0005_sheets.sql"),
    include_str!("../../../migrations/0006_bundles.sql"),
    include_str!("../../../migrations/0007_linked.sql"),
    include_str!("../../../migrations/0008_statistics.sql"),
    include_str!("../../../migrations/0009_sealed.sql"),
    include_str!("../../../migrations/0010_access.sql"),
    include_str!("../../../migrations/0011_files.sql"),
    include_str!("../../../migrations/0012_search.sql"),
    include_str!("../../../migrations/0013_births.sql"),
    include_str!("../../../migrations/0014_statistics_kept.sql"),
    include_str!("../../../migrations/0015_papers.sql"),
    include_str!("../../../migrations/0016_births_index.sql"),
    include_str!("../../../migrations/0017_keepers.sql"),
    include_str!("../../../migrations/0018_extracts.sql"),
    include_str!("../../../migrations/0019_room.sql"),
    include_str!("../../../migrations/0020_lists.sql"),
    include_str!("../../../migrations/0021_outbox.sql"),
    include_str!("../../../migrations/0022_owners.sql"),
];

/// Brings tables of version 2 or later to this program's version, each step recorded.
pub(super) fn apply(
    session: &mut dyn Session,
    dialect: impl Fn(&str) -> String,
    at: Timestamp,
) -> Result<(), StoreError> {
    let found = found(session)?;
    for (version, sql) in (FIRST + 1..).zip(ADDITIONS).filter(|(version, _)| *version > found) {
        session.script(&dialect(sql))?;
        record(session, version, at)?;
    }
    Ok(())
}

/// Begins a line that only `PostgreSQL` has.
const POSTGRES: &str = "-- postgres: ";

/// The same tables in `PostgreSQL`: its names of the types, texts compared by octets.
pub(in crate::store) fn for_postgres(sql: &str) -> String {
    let mut words = String::with_capacity(sql.len() * 2);
    let lines = sql.lines().map(|line| line.strip_prefix(POSTGRES).unwrap_or(line));
    for line in lines.filter(|line| !line.trim_start().starts_with("--")) {
        for word in line.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let after = word.strip_prefix(bare).unwrap_or_default();
            match bare {
                "TEXT" => words.push_str("TEXT COLLATE \"C\""),
                "INTEGER" => words.push_str("BIGINT"),
                "BLOB" => words.push_str("BYTEA"),
                // `) STRICT;`
                "STRICT" => {}
                word => words.push_str(word),
            }
            words.push_str(after);
        }
        words.push('\n');
    }
    words
}
