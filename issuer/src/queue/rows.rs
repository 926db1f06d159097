//! Rows of the queue.

use cccd_population::store::{Session, StoreError};
use jiff::Timestamp;

use crate::ledger::{Act, ApplicationId};

/// Who has an application in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Which.
    pub application: ApplicationId,
    /// Who.
    pub holder: String,
    /// Until when, if it is not renewed.
    pub expires: Timestamp,
}

/// How something stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopKind {
    /// Hosts wait.
    Pause,
    /// Hosts finish what they have in hand, and end.
    Drain,
    /// Failures in a row.
    Tripped,
}

impl StopKind {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Drain => "drain",
            Self::Tripped => "tripped",
        }
    }
}

/// Something that stands still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The queue, or `host/reader`.
    pub name: String,
    /// How.
    pub kind: StopKind,
    /// Why.
    pub reason: String,
    /// By whom.
    pub actor: String,
    /// Since when, RFC 3339.
    pub at: String,
}

/// Whether this order was not carried out before; from now on it was. One without a name is always new.
pub(super) fn is_new(session: &mut dyn Session, act: Act<'_>) -> Result<bool, StoreError> {
    let Some(request) = act.request else { return Ok(true) };
    let added = session.execute(
        "INSERT INTO queue_requests (idempotency_key, at) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        &[request.into(), act.at.to_string().into()],
    )?;
    Ok(added > 0)
}

pub(super) fn waiting(
    session: &mut dyn Session,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<ApplicationId>, StoreError> {
    let mut found = Vec::new();
    session.query(
        "SELECT applications.id FROM applications LEFT JOIN queue_leases \
         ON queue_leases.application_id = applications.id AND queue_leases.expires_ms > ?1 \
         WHERE applications.state IN ('approved', 'prepared', 'queued') AND queue_leases.application_id IS NULL \
         ORDER BY applications.due, applications.id LIMIT ?2",
        &[now.as_millisecond().into(), limit.into()],
        &mut |row| {
            found.extend(row.int(0)?.map(ApplicationId));
            Ok(())
        },
    )?;
    Ok(found)
}

pub(super) fn is_any_interrupted(session: &mut dyn Session, now: Timestamp) -> Result<bool, StoreError> {
    let mut any = false;
    session.query(
        "SELECT 1 FROM applications LEFT JOIN queue_leases \
         ON queue_leases.application_id = applications.id AND queue_leases.expires_ms > ?1 \
         WHERE applications.state IN ('personalising', 'read-back', 'locked', 'in-doubt') \
         AND queue_leases.application_id IS NULL LIMIT 1",
        &[now.as_millisecond().into()],
        &mut |_| {
            any = true;
            Ok(())
        },
    )?;
    Ok(any)
}

pub(super) fn lease(
    session: &mut dyn Session,
    id: ApplicationId,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StoreError> {
    let changed = session.execute(
        "INSERT INTO queue_leases (application_id, holder, expires_ms) VALUES (?1, ?2, ?3) \
         ON CONFLICT (application_id) DO UPDATE SET holder = ?2, expires_ms = ?3 \
         WHERE queue_leases.expires_ms <= ?4 OR queue_leases.holder = ?2",
        &[id.0.into(), holder.into(), until.as_millisecond().into(), now.as_millisecond().into()],
    )?;
    Ok(changed > 0)
}

pub(super) fn renew(
    session: &mut dyn Session,
    ids: &[ApplicationId],
    holder: &str,
    until: Timestamp,
) -> Result<(), StoreError> {
    for id in ids {
        session.execute(
            "UPDATE queue_leases SET expires_ms = ?3 WHERE application_id = ?1 AND holder = ?2",
            &[id.0.into(), holder.into(), until.as_millisecond().into()],
        )?;
    }
    Ok(())
}

pub(super) fn release(session: &mut dyn Session, id: ApplicationId, holder: &str) -> Result<(), StoreError> {
    session.execute(
        "DELETE FROM queue_leases WHERE application_id = ?1 AND holder = ?2",
        &[id.0.into(), holder.into()],
    )?;
    Ok(())
}

/// What a host of this name had in hand when it died.
pub(super) fn forget(session: &mut dyn Session, holder: &str) -> Result<(), StoreError> {
    session.execute("DELETE FROM queue_leases WHERE holder = ?1", &[holder.into()]).map(drop)
}

pub(super) fn is_any_elsewhere(session: &mut dyn Session, holder: &str) -> Result<bool, StoreError> {
    let mut any = false;
    session.query(
        "SELECT 1 FROM queue_leases JOIN applications ON applications.id = queue_leases.application_id \
         WHERE queue_leases.holder <> ?1 AND applications.state IN ('approved', 'prepared', 'queued') LIMIT 1",
        &[holder.into()],
        &mut |_| {
            any = true;
            Ok(())
        },
    )?;
    Ok(any)
}

pub(super) fn leases(session: &mut dyn Session) -> Result<Vec<Lease>, StoreError> {
    let mut found = Vec::new();
    session.query(
        "SELECT application_id, holder, expires_ms FROM queue_leases ORDER BY application_id",
        &[],
        &mut |row| {
            let bad = || StoreError::Inconsistent("a lease");
            found.push(Lease {
                application: ApplicationId(row.int(0)?.ok_or_else(bad)?),
                holder: row.needed(1)?,
                expires: Timestamp::from_millisecond(row.int(2)?.ok_or_else(bad)?).map_err(|_| bad())?,
            });
            Ok(())
        },
    )?;
    Ok(found)
}

pub(super) fn stops(session: &mut dyn Session) -> Result<Vec<Stop>, StoreError> {
    let mut found = Vec::new();
    session.query(
        "SELECT name, kind, reason, actor, at FROM queue_stops ORDER BY name",
        &[],
        &mut |row| {
            let kind = row.needed(1)?;
            let kinds = [StopKind::Pause, StopKind::Drain, StopKind::Tripped];
            let kind = kinds.into_iter().find(|known| known.as_str() == kind);
            found.push(Stop {
                name: row.needed(0)?,
                kind: kind.ok_or(StoreError::Inconsistent("a stop of the queue"))?,
                reason: row.needed(2)?,
                actor: row.needed(3)?,
                at: row.needed(4)?,
            });
            Ok(())
        },
    )?;
    Ok(found)
}

pub(super) fn stop(
    session: &mut dyn Session,
    name: &str,
    kind: StopKind,
    reason: &str,
    act: Act<'_>,
) -> Result<(), StoreError> {
    session.execute(
        "INSERT INTO queue_stops (name, kind, reason, actor, at) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT (name) DO UPDATE SET kind = ?2, reason = ?3, actor = ?4, at = ?5",
        &[name.into(), kind.as_str().into(), reason.into(), act.actor.into(), act.at.to_string().into()],
    )?;
    Ok(())
}

pub(super) fn resume(session: &mut dyn Session, name: &str) -> Result<bool, StoreError> {
    Ok(session.execute("DELETE FROM queue_stops WHERE name = ?1", &[name.into()])? > 0)
}
