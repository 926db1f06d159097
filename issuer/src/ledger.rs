//! The station's ledger: what was asked for, which chip was used, and every action, append-only, in `SQLite` for one
//! host or `PostgreSQL` for several.
//!
//! The ledger is written before the chip: whatever happens to the process, the ledger knows that a chip was in work.
//! States move only along [`State::apply`]; keys between the tables refuse every other way (migrations/).

mod captures;
mod card_changes;
mod entry;
mod error;
pub(crate) mod schema;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cccd_keys::audit_log::Head;
use cccd_keys::public_key::PublicKey;
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Apart, Database, Place, Session, StoreError};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use crate::accounts::Accounts;
use crate::application::{Application, State, Step};
use crate::audit::{self, AuditProblem, Auditor, LogEntry, Proof, SIGNED_EVERY};
use crate::deadline::Calendar;
use crate::queue::Queue;
use crate::report::{self, Report, Span};
use crate::stock::Stock;

pub use captures::{CaptureNote, ClosedCapture, TakenNote};
pub(crate) use card_changes::{AskedChange, Begun, of_station as changes_of_station, said_of_change};
pub use card_changes::{CardChangeEntry, ChangeOutcome};
pub use entry::{ActionEntry, ApplicationId, Entry, SignedCard};
pub use error::LedgerError;

use entry::Move;

/// A ledger, open; in a file it is locked for this process.
#[derive(Debug)]
pub struct Ledger {
    database: Database,
    calendar: Calendar,
    auditor: Option<Arc<Auditor>>,
    place: Option<Place>,
    /// Given up with the last handle on this ledger.
    lock: Option<Arc<File>>,
}

/// Who did something, and when.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// The officer or station.
    pub actor: &'a str,
    /// When.
    pub at: Timestamp,
    /// The name that the asker gave this request: the same name again is answered, not done again.
    pub request: Option<&'a str>,
}

impl<'a> Act<'a> {
    /// Something that is not asked twice.
    #[must_use]
    pub fn new(actor: &'a str, at: Timestamp) -> Self {
        Self { actor, at, request: None }
    }
}

impl Ledger {
    /// Opens or makes a ledger in a file; one process at a time.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let lock_path = lock_path(path);
        let failed = |source| LedgerError::Lock { path: lock_path.clone(), source };
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        private(&mut options);
        let lock = options.open(&lock_path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LedgerError::InUse),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        schema::refuse_older(path)?;
        Self::at(Place::file(path), Some(Arc::new(lock)))
    }

    /// Opens or makes a ledger where this says: a file as [`open`](Self::open) does, or a server's database, which
    /// several hosts may work with.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open_at(place: &Place) -> Result<Self, LedgerError> {
        if let Some(path) = place.path() {
            return Self::open(path);
        }
        Self::at(place.clone(), None)
    }

    /// Another handle on this ledger, for another thread of this process: the same file under the same lock, the same
    /// calendar, the same audit log. One in memory has no other.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn another(&self) -> Result<Self, LedgerError> {
        let place =
            self.place.clone().ok_or(LedgerError::Inconsistent("a ledger in memory has one handle"))?;
        let mut other = Self::at(place, self.lock.clone())?;
        other.calendar = self.calendar.clone();
        other.auditor.clone_from(&self.auditor);
        Ok(other)
    }

    fn at(place: Place, lock: Option<Arc<File>>) -> Result<Self, LedgerError> {
        let mut database = Database::create(&place, &schema::TABLES, Timestamp::UNIX_EPOCH)?;
        schema::seed(&mut database)?;
        Ok(Self { database, calendar: Calendar::of_law(), auditor: None, place: Some(place), lock })
    }

    /// A ledger in memory, for benches and tests of other rooms.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn in_memory() -> Result<Self, LedgerError> {
        let mut database = Database::in_memory(&schema::TABLES, Timestamp::UNIX_EPOCH)?;
        schema::seed(&mut database)?;
        Ok(Self { database, calendar: Calendar::of_law(), auditor: None, place: None, lock: None })
    }

    /// Logs every action from now on in this station's audit log; what the log ends with is signed every
    /// [`SIGNED_EVERY`] lines and when the ledger is closed.
    pub fn log_with(&mut self, auditor: Auditor) {
        self.auditor = Some(Arc::new(auditor));
    }

    /// Signs the end of the audit log, and answers the head for a second party; `None` for a log without a line.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn sign_log(&mut self) -> Result<Option<Head>, LedgerError> {
        self.signed(0)
    }

    fn signed(&mut self, unsigned: u64) -> Result<Option<Head>, LedgerError> {
        let Some(auditor) = &self.auditor else { return Ok(None) };
        Ok(self.database.write(Apart::Rows, |session| auditor.sign(session, unsigned))?)
    }

    /// Follows this station's audit log to its end, checks its heads and those of a second party, and that every action
    /// of the ledger is the one that the log tells of.
    ///
    /// # Errors
    /// [`AuditProblem`].
    pub fn prove_log(&self, key: &PublicKey, kept: &[Head]) -> Result<Proof, AuditProblem> {
        let auditor = self.auditor.as_deref().ok_or(AuditProblem::NoHead(0))?;
        self.database.read(|session| audit::prove(session, auditor, key, kept))
    }

    /// Follows the audit log of any station in this store, without its secret key: what a second party does.
    ///
    /// # Errors
    /// [`AuditProblem`].
    pub fn follow_log(&self, key: &PublicKey, kept: &[Head]) -> Result<Proof, AuditProblem> {
        let station = key.fingerprint();
        self.database.read(|session| audit::follow(session, &station, key, kept, &mut |_, _, _| ()))
    }

    /// Logs what is no step of an application, all in one transaction.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn log(&mut self, entries: &[LogEntry<'_>]) -> Result<(), LedgerError> {
        let Some(auditor) = &self.auditor else { return Ok(()) };
        self.database.write(Apart::Rows, |session| auditor.append_all(session, entries.iter().copied()))?;
        self.signed(SIGNED_EVERY)?;
        Ok(())
    }

    /// Counts time limits by this calendar from now on.
    pub fn observe(&mut self, calendar: Calendar) {
        self.calendar = calendar;
    }

    /// The calendar by which time limits are counted.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The officers of this station.
    pub fn accounts(&mut self) -> Accounts<'_> {
        Accounts::new(&mut self.database, self.auditor.as_deref())
    }

    /// The blanks of this station.
    pub fn stock(&mut self) -> Stock<'_> {
        Stock::new(&mut self.database, self.auditor.as_deref())
    }

    /// The queue over readers and hosts.
    pub fn queue(&mut self) -> Queue<'_> {
        Queue::new(&mut self.database, self.auditor.as_deref())
    }

    /// The application that was taken in under this name of a request.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn of_request(&self, request: &str) -> Result<Option<Entry>, LedgerError> {
        self.database.read_anew(|session| {
            let id = entry::of_request(session, Some(request))?;
            id.map(|id| entry::get(session, id)).transpose()
        })
    }

    /// Takes an application in, or finds the open one with the same content.
    ///
    /// # Errors
    /// [`LedgerError::OtherApplicationOpen`] when the person has another one open; one that nobody captured gives way.
    pub fn receive(&mut self, application: &Application, act: Act<'_>) -> Result<Entry, LedgerError> {
        let content = application.content_sha256();
        let due = self.calendar.due(crate::register::day_in_vietnam(act.at));
        let log = self.auditor.as_deref();
        let received = self.database.write(Apart::Rows, |session| {
            if let Some(id) = entry::of_request(session, act.request)? {
                let known = entry::get(session, id)?;
                return if known.content_sha256 == content {
                    Ok(known)
                } else {
                    Err(LedgerError::RequestReused)
                };
            }
            if let Some(open) = entry::open_of(session, application.number.as_str())? {
                if matches!(open.state, State::Received | State::Checked) {
                    // Nothing but the register's word was gathered: asked again, it may differ today.
                    let reason = "interrupted before it was captured; taken in again";
                    let step = Move { reason: Some(reason), ..Move::of(Step::Reject) };
                    entry::advance(session, &open, &step, Act { request: None, ..act }, log)?;
                } else if open.content_sha256 == content {
                    return Ok(open);
                } else {
                    return Err(LedgerError::OtherApplicationOpen);
                }
            }
            let id = ApplicationId(schema::next(session, "application")?);
            entry::begin(session, id, application, &content, due, act, log)?;
            entry::get(session, id)
        })?;
        self.signed(SIGNED_EVERY)?;
        Ok(received)
    }

    /// Moves an application one step that needs nothing but perhaps a reason.
    ///
    /// # Errors
    /// [`LedgerError`]; then nothing changed.
    pub fn advance(
        &mut self,
        id: ApplicationId,
        step: Step,
        reason: Option<&str>,
        detail: &Value,
        act: Act<'_>,
    ) -> Result<State, LedgerError> {
        if matches!(step, Step::Capture | Step::Approve | Step::Personalise) {
            return Err(LedgerError::Inconsistent("this step says more than its name"));
        }
        self.step(id, &Move { reason, detail, ..Move::of(step) }, act)
    }

    /// The applicant's data and portrait are taken, and good enough: what an approval is of.
    ///
    /// # Errors
    /// [`LedgerError`]; then nothing changed.
    pub fn capture(&mut self, id: ApplicationId, captured: &str, act: Act<'_>) -> Result<State, LedgerError> {
        self.step(id, &Move { captured: Some(captured), ..Move::of(Step::Capture) }, act)
    }

    /// As [`capture`](Self::capture), with what the officer took note of, and the name of what was sealed.
    ///
    /// # Errors
    /// [`LedgerError`]; then nothing changed.
    pub fn capture_noting(
        &mut self,
        id: ApplicationId,
        captured: &str,
        note: CaptureNote<'_>,
        act: Act<'_>,
    ) -> Result<State, LedgerError> {
        let step = Move {
            captured: Some(captured),
            reason: note.reason,
            detail: note.detail,
            sealed: note.sealed_sha256,
            ..Move::of(Step::Capture)
        };
        self.step(id, &step, act)
    }

    /// Another officer than the one who captured approves.
    ///
    /// # Errors
    /// [`LedgerError::SameOfficer`] and others; then nothing changed.
    pub fn approve(&mut self, id: ApplicationId, act: Act<'_>) -> Result<State, LedgerError> {
        self.step(id, &Move { approves: true, ..Move::of(Step::Approve) }, act)
    }

    fn step(&mut self, id: ApplicationId, step: &Move<'_>, act: Act<'_>) -> Result<State, LedgerError> {
        let log = self.auditor.as_deref();
        let state = self.database.write(Apart::Rows, |session| {
            if let Some(known) = entry::answered(session, id, step, act.request)? {
                return Ok(known);
            }
            let entry = entry::get(session, id)?;
            entry::advance(session, &entry, step, act, log)
        })?;
        self.signed(SIGNED_EVERY)?;
        Ok(state)
    }

    /// Gives a queued application its blank: from here on the chip is in work and its serial is used.
    ///
    /// # Errors
    /// [`LedgerError::ChipUsed`] for a serial that the ledger knows.
    pub fn assign_chip(
        &mut self,
        id: ApplicationId,
        serial: &ChipSerial,
        key_version: u8,
        act: Act<'_>,
    ) -> Result<(), LedgerError> {
        let name = serial.to_string();
        let detail = serde_json::json!({"chip": name, "key_version": key_version});
        let log = self.auditor.as_deref();
        self.database.write(Apart::Rows, |session| {
            if entry::chip_owner(session, serial)?.is_some() {
                return Err(LedgerError::ChipUsed(*serial));
            }
            session.execute(
                "INSERT INTO chips (serial, application_id, key_version, assigned_at) VALUES (?1, ?2, ?3, ?4)",
                &[
                    name.as_str().into(),
                    id.0.into(),
                    u32::from(key_version).into(),
                    act.at.to_string().into(),
                ],
            )?;
            let entry = entry::get(session, id)?;
            let step = Move { chip: Some(&name), detail: &detail, ..Move::of(Step::Personalise) };
            entry::advance(session, &entry, &step, act, log).map(drop)
        })
    }

    /// Notes the card that has been signed for this chip, before its EF.SOD is written.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn note_signed(
        &mut self,
        id: ApplicationId,
        card: &SignedCard,
        act: Act<'_>,
    ) -> Result<(), LedgerError> {
        let log = self.auditor.as_deref();
        self.database.write(Apart::Rows, |session| {
            let entry = entry::get(session, id)?;
            if entry.state != State::Personalising {
                return Err(LedgerError::Inconsistent(
                    "a card is signed while its chip is written, not at another time",
                ));
            }
            entry::sign(session, &entry, card, act, log)
        })
    }

    /// The application.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn entry(&self, id: ApplicationId) -> Result<Entry, LedgerError> {
        self.database.read_anew(|session| entry::get(session, id))
    }

    /// The person's application that is not closed, if there is one.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open_of(&self, number: &str) -> Result<Option<Entry>, LedgerError> {
        self.database.read_anew(|session| entry::open_of(session, number))
    }

    /// Where the applications of this content stand.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn states_of_content(&self, content_sha256: &str) -> Result<Vec<State>, LedgerError> {
        let of = "SELECT state FROM applications WHERE content_sha256 = ?1";
        Ok(self.database.read_anew(|session: &mut dyn Session| {
            let mut found = Vec::new();
            session.query(of, &[content_sha256.into()], &mut |row| {
                let state = row.needed(0)?.parse();
                found.push(state.map_err(|_| StoreError::Inconsistent("the state of an application"))?);
                Ok(())
            })?;
            Ok::<_, StoreError>(found)
        })?)
    }

    /// The person's application that was taken in last, closed or not.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn newest_of(&self, number: &str) -> Result<Option<Entry>, LedgerError> {
        self.database.read_anew(|session| entry::newest_of(session, number))
    }

    /// The application that this chip was given to, if the ledger knows the serial.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn of_chip(&self, serial: &ChipSerial) -> Result<Option<Entry>, LedgerError> {
        self.database.read_anew(|session| {
            let owner = entry::chip_owner(session, serial)?;
            owner.map(|id| entry::get(session, id)).transpose()
        })
    }

    /// Applications in this state, or all that are not closed, the first due first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn list(&self, state: Option<State>, limit: u32) -> Result<Vec<Entry>, LedgerError> {
        self.database.read_anew(|session| entry::list(session, state, limit))
    }

    /// All that happened to an application, oldest first.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn actions(&self, id: ApplicationId) -> Result<Vec<ActionEntry>, LedgerError> {
        self.database.read_anew(|session| entry::actions(session, id))
    }

    /// What was done in these days, counted, and what is late today.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn report(&self, span: Span, today: Date) -> Result<Report, LedgerError> {
        Ok(self.database.read(|session| report::read(session, span, today, &self.calendar))?)
    }

    /// How many applications are in each state that has any.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn counts(&self) -> Result<Vec<(State, u64)>, LedgerError> {
        let mut found = Vec::new();
        self.database.read(|session: &mut dyn Session| {
            session.query("SELECT state, count(*) FROM applications GROUP BY state", &[], &mut |row| {
                found.push((row.needed(0)?, row.count(1)?));
                Ok(())
            })
        })?;
        let count = |state: State| {
            found.iter().find(|(name, _)| name == state.as_str()).map(|(_, count)| (state, *count))
        };
        Ok(State::ALL.into_iter().filter_map(count).collect())
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        // What cannot be signed now is signed by whoever opens the ledger next; until then it is linked.
        let _ = self.signed(0);
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

#[cfg(test)]
mod audit_tests;
#[cfg(test)]
mod tests;
