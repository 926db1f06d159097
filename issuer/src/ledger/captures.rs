//! Which sealed captures this station keeps, and that they were purged.

use cccd_population::store::{Apart, Session, StoreError};
use jiff::Timestamp;
use serde_json::Value;

use super::{Act, ApplicationId, Ledger, LedgerError};
use crate::application::State;
use crate::audit::LogEntry;

/// What an officer took note of when something was captured. Nothing of it tells of the person.
#[derive(Debug, Clone, Copy)]
pub struct CaptureNote<'a> {
    /// Why something was taken that should have been taken again.
    pub reason: Option<&'a str>,
    /// Codes and counts.
    pub detail: &'a Value,
    /// The name of the sealed prints and irises.
    pub sealed_sha256: Option<&'a str>,
}

/// What was taken with an application: what the ledger knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenNote {
    /// The name of the sealed file.
    pub sealed_sha256: String,
    /// When it was purged.
    pub purged_at: Option<String>,
    /// How many prints.
    pub prints: u64,
    /// How many of them should have been taken again.
    pub poor: u64,
    /// How many irises.
    pub irises: u64,
}

/// A capture that is still kept although its application is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedCapture {
    /// Of which application.
    pub application: ApplicationId,
    /// The name of the sealed file.
    pub sealed_sha256: String,
    /// Where the application stands.
    pub state: State,
    /// Since when.
    pub closed_at: Timestamp,
}

pub(super) fn begin(
    session: &mut dyn Session,
    id: ApplicationId,
    sealed: &str,
    act: Act<'_>,
) -> Result<(), LedgerError> {
    session.execute(
        "INSERT INTO captures (application_id, sealed_sha256, taken_at) VALUES (?1, ?2, ?3)",
        &[id.0.into(), sealed.into(), act.at.to_string().into()],
    )?;
    Ok(())
}

impl Ledger {
    /// The name of the prints and irises that were sealed with this application, kept or purged; `None` if there were none.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn sealed_of(&self, id: ApplicationId) -> Result<Option<String>, LedgerError> {
        let mut found = None;
        self.database.read(|session: &mut dyn Session| {
            session.query(
                "SELECT sealed_sha256 FROM captures WHERE application_id = ?1",
                &[id.0.into()],
                &mut |row| {
                    found = row.text(0)?;
                    Ok(())
                },
            )
        })?;
        Ok(found)
    }

    /// What was taken and sealed with this application; `None` if nothing was.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn taken_with(&self, id: ApplicationId) -> Result<Option<TakenNote>, LedgerError> {
        let mut found = None;
        self.database.read(|session: &mut dyn Session| {
            session.query(
                "SELECT c.sealed_sha256, c.purged_at, a.detail FROM captures c \
                 JOIN actions a ON a.application_id = c.application_id AND a.action = 'capture' \
                 WHERE c.application_id = ?1",
                &[id.0.into()],
                &mut |row| {
                    let detail: Value = serde_json::from_str(&row.needed(2)?).unwrap_or_default();
                    let count = |what: &str| detail["biometrics"][what].as_u64().unwrap_or_default();
                    found = Some(TakenNote {
                        sealed_sha256: row.needed(0)?,
                        purged_at: row.text(1)?,
                        prints: count("prints"),
                        poor: count("poor"),
                        irises: count("irises"),
                    });
                    Ok(())
                },
            )
        })?;
        Ok(found)
    }

    /// Whether a sealed file of this name belongs to an application, kept or purged.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn knows_sealed(&self, sealed_sha256: &str) -> Result<bool, LedgerError> {
        let mut known = false;
        self.database.read(|session: &mut dyn Session| {
            session.query(
                "SELECT application_id FROM captures WHERE sealed_sha256 = ?1",
                &[sealed_sha256.into()],
                &mut |_| {
                    known = true;
                    Ok(())
                },
            )
        })?;
        Ok(known)
    }

    /// Captures of closed applications that were not purged, the oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn captures_of_closed(&self) -> Result<Vec<ClosedCapture>, LedgerError> {
        let mut found = Vec::new();
        self.database.read(|session: &mut dyn Session| {
            session.query(
                "SELECT c.application_id, c.sealed_sha256, a.state, a.changed_at FROM captures c \
                 JOIN applications a ON a.id = c.application_id \
                 WHERE c.purged_at IS NULL AND a.state IN ('issued', 'delivered', 'rejected', 'spoiled') \
                 ORDER BY c.application_id",
                &[],
                &mut |row| {
                    let of = |what| StoreError::Inconsistent(what);
                    found.push(ClosedCapture {
                        application: ApplicationId(row.int(0)?.ok_or(of("the application of a capture"))?),
                        sealed_sha256: row.needed(1)?,
                        state: row.needed(2)?.parse().map_err(|_| of("a state"))?,
                        closed_at: row.needed(3)?.parse().map_err(|_| of("a time"))?,
                    });
                    Ok(())
                },
            )
        })?;
        Ok(found)
    }

    /// How many captures are kept, and how many were purged.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn captures_counted(&self) -> Result<(u64, u64), LedgerError> {
        let mut counts = (0, 0);
        self.database.read(|session: &mut dyn Session| {
            session.query("SELECT count(*), count(purged_at) FROM captures", &[], &mut |row| {
                let (all, purged) = (row.count(0)?, row.count(1)?);
                counts = (all.saturating_sub(purged), purged);
                Ok(())
            })
        })?;
        Ok(counts)
    }

    /// Notes that the sealed capture of an application is gone: when, and by whom. Noted once.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn note_purged(&mut self, id: ApplicationId, act: Act<'_>) -> Result<(), LedgerError> {
        let log = self.auditor.as_deref();
        self.database.write(Apart::Rows, |session| {
            session.execute(
                "UPDATE captures SET purged_at = ?2, purged_by = ?3 WHERE application_id = ?1 AND purged_at IS NULL",
                &[id.0.into(), act.at.to_string().into(), act.actor.into()],
            )?;
            if let Some(auditor) = log {
                let note = format!("application {id} capture purged by {}", act.actor);
                let entry = LogEntry { event: "capture-purge", subject: None, said: "", note: &note, at: act.at };
                auditor.append(session, &entry)?;
            }
            Ok::<_, LedgerError>(())
        })
    }
}
