//! The log of looks: appended under its head's lock, never changed.

use jiff::{SignedDuration, Timestamp};

use super::engine::{Apart, Session, Value};
use super::persons::timestamp;
use super::sql::SqlStore;
use super::{StoreError, damaged};
use crate::access::{AccessEntry, AccessHead, Grounds, Look, Shown, head_digest, link_digest};
use crate::matching::DigestKey;

/// How much earlier than the last entry the next one may be: several machines write, and some wait for others.
const TOLERATED: SignedDuration = SignedDuration::from_mins(5);

fn digest(bytes: Option<Vec<u8>>) -> Result<[u8; 32], StoreError> {
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(damaged("a digest"))
}

fn place(number: u64) -> Result<Value<'static>, StoreError> {
    i64::try_from(number).map(Value::Int).map_err(|_| StoreError::Inconsistent("a log's length"))
}

impl SqlStore {
    /// Acknowledges that a log of looks is ahead of the true time: from this entry on it is followed anew. Answers its place; `None`
    /// where nothing is to be corrected.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn correct_clock(
        &mut self,
        key: &DigestKey,
        log: &str,
        look: &Look,
    ) -> Result<Option<u64>, StoreError> {
        self.write(Apart::Rows, |session| correct(session, key, log, look))
    }
}

pub(super) fn log(
    session: &mut dyn Session,
    key: &DigestKey,
    log: &str,
    looks: &[Look],
) -> Result<u64, StoreError> {
    let zeros = [0_u8; 32];
    session.execute(
        "INSERT INTO access_head (log, link, digest, head) VALUES (?1, 0, ?2, ?3) ON CONFLICT (log) DO NOTHING",
        &[log.into(), zeros.as_slice().into(), head_digest(key, log, 0, &zeros).as_slice().into()],
    )?;
    let before = end(session, "SELECT link, digest, head FROM access_head WHERE log = ?1 FOR UPDATE", log)?
        .ok_or_else(damaged("the head of a log"))?;
    if looks.iter().any(|look| look.shown != Shown::ClockCorrected) {
        let newest = newest(session, log, before.link)?;
        let earliest = looks.iter().map(|look| look.at).min();
        if let (Some(newest), Some(earliest)) = (newest, earliest)
            && newest.duration_since(earliest) > TOLERATED
        {
            return Err(StoreError::ClockBehind { newest });
        }
    }
    // A head that somebody set is never made good by the next look: the chain goes on, and stays broken at this place.
    let sound = head_digest(key, log, before.link, &before.digest) == before.head;
    let (mut number, mut entry) = (before.link, if sound { before.digest } else { [0xff; 32] });
    for look in looks {
        number = number.saturating_add(1);
        entry = link_digest(key, log, number, look, &entry);
        session.execute(
            "INSERT INTO access_log (log, link, number_digest, officer, grounds, reason, shown, at, digest) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            &[
                log.into(),
                place(number)?,
                look.number_digest.as_slice().into(),
                (&look.officer).into(),
                look.grounds.word().into(),
                look.grounds.reason().into(),
                look.shown.to_string().into(),
                look.at.to_string().into(),
                entry.as_slice().into(),
            ],
        )?;
    }
    session.execute(
        "UPDATE access_head SET link = ?2, digest = ?3, head = ?4 WHERE log = ?1",
        &[
            log.into(),
            place(number)?,
            entry.as_slice().into(),
            head_digest(key, log, number, &entry).as_slice().into(),
        ],
    )?;
    Ok(number)
}

/// Logs that a log is ahead of the true time, if it is.
pub(super) fn correct(
    session: &mut dyn Session,
    key: &DigestKey,
    log: &str,
    look: &Look,
) -> Result<Option<u64>, StoreError> {
    let last = head_of(session, log)?.map_or(0, |head| head.link);
    let ahead = newest(session, log, last)?.is_some_and(|newest| newest > look.at);
    if ahead { self::log(session, key, log, core::slice::from_ref(look)).map(Some) } else { Ok(None) }
}

/// When the last entry was made.
fn newest(session: &mut dyn Session, log: &str, last: u64) -> Result<Option<Timestamp>, StoreError> {
    let mut newest = None;
    session.query(
        "SELECT at FROM access_log WHERE log = ?1 AND link = ?2",
        &[log.into(), place(last)?],
        &mut |row| {
            newest = Some(timestamp(row.needed_str(0)?)?);
            Ok(())
        },
    )?;
    Ok(newest)
}

fn end(session: &mut dyn Session, sql: &str, log: &str) -> Result<Option<AccessHead>, StoreError> {
    let mut found = None;
    session.query(sql, &[log.into()], &mut |row| {
        let (last, own) = (digest(row.bytes(1)?)?, digest(row.bytes(2)?)?);
        found = Some(AccessHead { link: row.count(0)?, digest: last, head: own });
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn head_of(session: &mut dyn Session, log: &str) -> Result<Option<AccessHead>, StoreError> {
    end(session, "SELECT link, digest, head FROM access_head WHERE log = ?1", log)
}

pub(super) fn entries(
    session: &mut dyn Session,
    log: &str,
    after: u64,
    limit: u32,
) -> Result<Vec<AccessEntry>, StoreError> {
    let after = i64::try_from(after).map_err(|_| StoreError::Inconsistent("a log's length"))?;
    let mut entries = Vec::new();
    session.query(
        "SELECT link, number_digest, officer, grounds, reason, shown, at, digest FROM access_log \
         WHERE log = ?1 AND link > ?2 ORDER BY link LIMIT ?3",
        &[log.into(), after.into(), limit.into()],
        &mut |row| {
            let grounds = Grounds::parse(&row.needed(3)?, row.needed(4)?);
            entries.push(AccessEntry {
                link: row.count(0)?,
                look: Look {
                    number_digest: digest(row.bytes(1)?)?,
                    officer: row.needed(2)?,
                    grounds: grounds.ok_or_else(damaged("the grounds of a look"))?,
                    shown: Shown::parse(&row.needed(5)?).ok_or_else(damaged("what a look showed"))?,
                    at: timestamp(&row.needed(6)?)?,
                },
                digest: digest(row.bytes(7)?)?,
            });
            Ok(())
        },
    )?;
    Ok(entries)
}
