//! The tables in `PostgreSQL`: whole at version 2, the first it held, and what came after.

use jiff::Timestamp;

use super::{FIRST, additions, found, record};
use crate::store::StoreError;
use crate::store::engine::Session;

pub(in crate::store) const TABLES: &str = include_str!("../../../migrations/postgres_0002_register.sql");

/// Several processes may try at once: the row of the version decides, not a lock that distributed engines lack.
pub(in crate::store) fn migrate(session: &mut dyn Session, at: Timestamp) -> Result<(), StoreError> {
    session.script(
        "CREATE TABLE IF NOT EXISTS migration (
           version BIGINT NOT NULL PRIMARY KEY CHECK (version >= 1), applied_at TEXT NOT NULL);
         LOCK TABLE migration IN EXCLUSIVE MODE;",
    )?;
    if found(session)? == 0 {
        session.script(TABLES)?;
        record(session, FIRST, at)?;
    }
    additions::apply(session, additions::for_postgres, at)
}
