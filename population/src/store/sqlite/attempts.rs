//! The log of match attempts: count and insert in one transaction.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, params};

use super::{damaged, engine};
use crate::store::{Attempt, AttemptResult, StoreError};

pub(super) fn log(
    transaction: &Transaction<'_>,
    attempt: &Attempt,
    since: Timestamp,
    max_failed: u32,
) -> Result<AttemptResult, StoreError> {
    let digest: &[u8] = &attempt.number_digest;
    let failed: u32 = transaction
        .prepare_cached(
            "SELECT count(*) FROM match_attempt \
             WHERE number_digest = ?1 AND at_microsecond > ?2 AND result = 'no-match'",
        )
        .and_then(|mut statement| {
            statement.query_row(params![digest, since.as_microsecond()], |row| row.get(0))
        })
        .map_err(engine)?;
    let result = if failed >= max_failed { AttemptResult::Refused } else { attempt.result };
    transaction
        .prepare_cached(
            "INSERT INTO match_attempt (number_digest, at_microsecond, position, requester, result) \
             SELECT ?1, ?2, count(*), ?3, ?4 FROM match_attempt WHERE number_digest = ?1 AND at_microsecond = ?2",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                digest,
                attempt.at.as_microsecond(),
                attempt.requester,
                result.as_str()
            ])
        })
        .map_err(engine)?;
    Ok(result)
}

pub(super) fn all(connection: &Connection, number_digest: &[u8; 32]) -> Result<Vec<Attempt>, StoreError> {
    let digest: &[u8] = number_digest;
    let mut statement = connection
        .prepare_cached(
            "SELECT at_microsecond, requester, result FROM match_attempt WHERE number_digest = ?1 \
             ORDER BY at_microsecond, position",
        )
        .map_err(engine)?;
    let mut rows = statement.query([digest]).map_err(engine)?;
    let mut attempts = Vec::new();
    while let Some(row) = rows.next().map_err(engine)? {
        let result: String = row.get(2).map_err(engine)?;
        attempts.push(Attempt {
            number_digest: *number_digest,
            requester: row.get(1).map_err(engine)?,
            at: Timestamp::from_microsecond(row.get(0).map_err(engine)?)
                .map_err(|_| StoreError::Inconsistent("a time"))?,
            result: AttemptResult::parse(&result).ok_or_else(damaged("a result"))?,
        });
    }
    Ok(attempts)
}
