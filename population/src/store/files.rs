//! Files of persons, and how far each was taken.

use super::engine::{Session, Value};
use super::{Change, FileProgress, Put, StoreError};
use crate::import::Summary;

/// How far a file is taken with the rows that were put just now.
pub(super) fn keep(
    session: &mut dyn Session,
    put: &[Put],
    change: &Change,
    file: &FileProgress,
) -> Result<FileProgress, StoreError> {
    let mut after = *file;
    for put in put {
        match put {
            Put::Added => after.summary.added += 1,
            Put::Changed => after.summary.changed += 1,
            Put::Unchanged => after.summary.unchanged += 1,
            Put::Cancelled | Put::KeptElsewhere => after.summary.rejected += 1,
        }
    }
    let count =
        |count: u64| i64::try_from(count).map(Value::Int).map_err(|_| StoreError::Inconsistent("a count"));
    let Summary { rows, added, changed, unchanged, rejected, converted } = after.summary;
    session.later(
        "INSERT INTO file_claim (digest, row_count, added, changed, unchanged, rejected, converted, done, recorded_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (digest) DO UPDATE SET row_count = excluded.row_count, \
         added = excluded.added, changed = excluded.changed, unchanged = excluded.unchanged, \
         rejected = excluded.rejected, converted = excluded.converted, done = excluded.done, recorded_at = excluded.recorded_at",
        vec![
            file.digest.as_slice().into(),
            count(rows)?,
            count(added)?,
            count(changed)?,
            count(unchanged)?,
            count(rejected)?,
            count(converted)?,
            Value::Int(i64::from(after.done)),
            change.at.to_string().into(),
        ],
    )?;
    Ok(after)
}

pub(super) fn progress(
    session: &mut dyn Session,
    digest: &[u8; 32],
) -> Result<Option<FileProgress>, StoreError> {
    let mut found = None;
    session.query(
        "SELECT row_count, added, changed, unchanged, rejected, converted, done FROM file_claim WHERE digest = ?1",
        &[digest.as_slice().into()],
        &mut |row| {
            let summary = Summary {
                rows: row.count(0)?,
                added: row.count(1)?,
                changed: row.count(2)?,
                unchanged: row.count(3)?,
                rejected: row.count(4)?,
                converted: row.count(5)?,
            };
            found = Some(FileProgress { digest: *digest, summary, done: row.count(6)? == 1 });
            Ok(())
        },
    )?;
    Ok(found)
}
