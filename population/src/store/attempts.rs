//! The log of match attempts: count and insert in one transaction.

use jiff::Timestamp;

use super::damaged;
use super::engine::{Session, Value};
use crate::store::{Attempt, AttemptResult, StoreError};

pub(super) fn log(
    session: &mut dyn Session,
    attempt: &Attempt,
    since: Timestamp,
    max_failed: u32,
) -> Result<AttemptResult, StoreError> {
    let digest = attempt.number_digest.as_slice();
    let count = |session: &mut dyn Session, sql: &str, at: i64| -> Result<u64, StoreError> {
        let mut count = 0;
        session.query(sql, &[digest.into(), at.into()], &mut |row| {
            count = row.count(0)?;
            Ok(())
        })?;
        Ok(count)
    };
    let failed = count(
        session,
        "SELECT count(*) FROM match_attempt \
         WHERE number_digest = ?1 AND at_microsecond > ?2 AND result = 'no-match'",
        since.as_microsecond(),
    )?;
    let result = if failed >= u64::from(max_failed) { AttemptResult::Refused } else { attempt.result };
    let at = attempt.at.as_microsecond();
    let before = count(
        session,
        "SELECT count(*) FROM match_attempt WHERE number_digest = ?1 AND at_microsecond = ?2",
        at,
    )?;
    let position = Value::Int(i64::try_from(before).unwrap_or(i64::MAX));
    session.execute(
        "INSERT INTO match_attempt (number_digest, at_microsecond, position, requester, result) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &[digest.into(), at.into(), position, (&attempt.requester).into(), result.as_str().into()],
    )?;
    Ok(result)
}

pub(super) fn all(session: &mut dyn Session, number_digest: &[u8; 32]) -> Result<Vec<Attempt>, StoreError> {
    let mut attempts = Vec::new();
    session.query(
        "SELECT at_microsecond, requester, result FROM match_attempt WHERE number_digest = ?1 \
         ORDER BY at_microsecond, position",
        &[number_digest.as_slice().into()],
        &mut |row| {
            let at = row.int(0)?.and_then(|at| Timestamp::from_microsecond(at).ok());
            attempts.push(Attempt {
                number_digest: *number_digest,
                requester: row.needed(1)?,
                at: at.ok_or_else(damaged("a time"))?,
                result: AttemptResult::parse(&row.needed(2)?).ok_or_else(damaged("a result"))?,
            });
            Ok(())
        },
    )?;
    Ok(attempts)
}
