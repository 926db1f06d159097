//! The station's ledger: what was asked for, which chip was used, and every action, append-only, in `SQLite` for one
//! host or `PostgreSQL` for several.
//!
//! The ledger is written before the chip: whatever happens to the process, the ledger knows that a chip was in work.
//! States move only along [`State::apply`]; keys between the tables refuse every other way (migrations/).

mod captures;
mod card_changes;
mod entry;
mod error;
mod log;
mod moves;
pub(crate) mod schema;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Apart, Database, Place, Session, StoreError};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use crate::accounts::Accounts;
use crate::application::{Application, State, Step};
use crate::audit::Auditor;
use crate::deadline::Calendar;
use crate::queue::Queue;
use crate::report::{self, Report, Span};
use crate::stock::Stock;

pub use captures::{CaptureNote, ClosedCapture, TakenNote};
pub(crate) use card_changes::{AskedChange, Begun, of_station as changes_of_station, said_of_change};
pub use card_changes::{CardChangeEntry, ChangeOutcome};
pub use entry::{ActionEntry, ApplicationId, Entry, SignedCard};
pub use error::LedgerError;
pub(crate) use error::{code_of, words as words_of};

use moves::Move;

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

    /// Opens a ledger beside a process that may be working with it: for looking, and for orders to the queue, which never touch
    /// a card. In a file it takes no lock while its tables are of this program; then it makes nothing and changes none.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open_beside(place: &Place) -> Result<Self, LedgerError> {
        match place.path() {
            Some(path) if schema::is_current(path) => Self::at(place.clone(), None),
            _ => Self::open_at(place),
        }
    }

    /// Another handle on this ledger, for another thread of this process: the same file under the same lock, the same
    /// calendar, the same audit log. One in memory has no other.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn another(&self) -> Result<Self, LedgerError> {
        let place =
            self.place.clone().ok_or(LedgerError::Inconsistent("a ledger in memory has one handle"))?;
        Ok(Self {
            database: self.database.another(&place)?,
            calendar: self.calendar.clone(),
            auditor: self.auditor.clone(),
            place: Some(place),
            lock: self.lock.clone(),
        })
    }

    fn at(place: Place, lock: Option<Arc<File>>) -> Result<Self, LedgerError> {
        let mut database = Database::create_for_threads(&place, &schema::TABLES, Timestamp::UNIX_EPOCH)?;
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
        let known = |session: &mut dyn Session| entry::known(session, application, &content, act.request);
        // What is known already writes nothing, and waits for nobody.
        if let Some(known) = self.database.read_anew(known)? {
            return Ok(known);
        }
        let received = self.database.write(Apart::Rows, |session| {
            if let Some(known) = known(session)? {
                return Ok(known);
            }
            if let Some(mut open) = entry::open_of(session, application.number.as_str())? {
                // Nothing but the register's word was gathered: asked again, it may differ today.
                let reason = "interrupted before it was captured; taken in again";
                let step = Move { reason: Some(reason), ..Move::of(Step::Reject) };
                moves::advance(session, &mut open, &[step], Act { request: None, ..act }, log)?;
            }
            // A chip broke, not the application: what the citizen was promised stands.
            let broken = entry::newest_of(session, application.number.as_str())?;
            let broken = broken.filter(|last| last.state == State::Spoiled && last.content_sha256 == content);
            let why = broken.as_ref().map(|last| format!("the chip of application {} broke", last.id));
            let due = broken.map_or(due, |last| last.due);
            let id = ApplicationId(schema::next(session, "application")?);
            moves::begin(session, id, application, &content, (due, why.as_deref()), act, log)?;
            entry::get(session, id)
        })?;
        self.sign_in_time()?;
        Ok(received)
    }

    /// Whether the chip of this very application broke, and nothing was made since of what was captured.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn waits_to_be_made_anew(&self, application: &Application) -> Result<bool, LedgerError> {
        let content = application.content_sha256();
        self.database.read_anew(|session: &mut dyn Session| {
            entry::spoiled_last(session, application.number.as_str(), &content)
        })
    }

    /// Whether this very application is open and was captured.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn has_captured(&self, application: &Application) -> Result<bool, LedgerError> {
        let open = self.open_of(application.number.as_str())?;
        Ok(open.is_some_and(|open| {
            open.captured_sha256.is_some() && open.content_sha256 == application.content_sha256()
        }))
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
        if says_more(step) {
            return Err(LedgerError::Inconsistent("this step says more than its name"));
        }
        self.step(id, &Move { reason, detail, ..Move::of(step) }, act)
    }

    /// The applicant's data and portrait are taken, and good enough: what an approval is of.
    ///
    /// # Errors
    /// [`LedgerError`]; then nothing changed.
    pub fn capture(&mut self, id: ApplicationId, captured: &str, act: Act<'_>) -> Result<State, LedgerError> {
        let note = CaptureNote { reason: None, detail: &Value::Null, sealed_sha256: None };
        self.capture_noting(id, captured, note, act)
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
        // The digest stands in the action, too: the log then tells what was captured and approved.
        let mut detail = note.detail.as_object().cloned().unwrap_or_default();
        detail.insert("captured_sha256".to_owned(), captured.into());
        let detail = Value::Object(detail);
        let step = Move {
            captured: Some(captured),
            reason: note.reason,
            detail: &detail,
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
            let mut entry = entry::get(session, id)?;
            moves::advance(session, &mut entry, &[*step], act, log)
        })?;
        self.sign_in_time()?;
        Ok(state)
    }

    /// Moves an application several steps that need no reason, each an action of its own with what there is to tell of it.
    ///
    /// # Errors
    /// [`LedgerError`]; then nothing changed.
    pub fn advance_all(
        &mut self,
        id: ApplicationId,
        steps: &[(Step, &Value)],
        act: Act<'_>,
    ) -> Result<State, LedgerError> {
        let steps = plain(steps)?;
        let log = self.auditor.as_deref();
        let state = self.database.write(Apart::Rows, |session| {
            let mut entry = entry::get(session, id)?;
            moves::advance(session, &mut entry, &steps, act, log)
        })?;
        self.sign_in_time()?;
        Ok(state)
    }

    /// As [`advance_all`](Self::advance_all). On the disk when [`settle`](Self::settle) says so.
    ///
    /// # Errors
    /// As there.
    pub fn advance_ahead(
        &mut self,
        id: ApplicationId,
        steps: &[(Step, &Value)],
        act: Act<'_>,
    ) -> Result<Unsettled, LedgerError> {
        let steps = plain(steps)?;
        let log = self.auditor.as_deref();
        self.database.write_ahead(Apart::Rows, |session| {
            let mut entry = entry::get(session, id)?;
            moves::advance(session, &mut entry, &steps, act, log)
        })?;
        Ok(Unsettled(()))
    }

    /// Waits until all that was written through this handle is on the disk.
    ///
    /// # Errors
    /// [`LedgerError`]: something of it is not.
    pub fn settle(&mut self, _: Unsettled) -> Result<(), LedgerError> {
        self.database.settle()?;
        self.sign_in_time()
    }

    /// Gives a queued application its blank: from here on the chip is in work and its serial is used. With the card, if it was
    /// signed already. The chip is not changed before this is settled.
    ///
    /// # Errors
    /// [`LedgerError::ChipUsed`] for a serial that the ledger knows.
    pub fn assign_chip(
        &mut self,
        id: ApplicationId,
        serial: &ChipSerial,
        key_version: u8,
        card: Option<&SignedCard>,
        act: Act<'_>,
    ) -> Result<Unsettled, LedgerError> {
        let name = serial.to_string();
        let detail = serde_json::json!({"chip": name, "key_version": key_version});
        let log = self.auditor.as_deref();
        self.database.write_ahead(Apart::Rows, |session| {
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
            let step = Move { chip: Some(&name), detail: &detail, ..Move::of(Step::Personalise) };
            let mut entry = entry::get(session, id)?;
            let mut noted = moves::advance_untold(session, &mut entry, &[step], act, log)?;
            if let Some(card) = card {
                noted.push(moves::sign_untold(session, &entry, card, act, log)?);
            }
            moves::tell(session, entry.number.as_str(), &noted, act, log)
        })?;
        Ok(Unsettled(()))
    }

    /// Notes the card that has been signed for this chip. Its EF.SOD is not written before this is settled.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn note_signed(
        &mut self,
        id: ApplicationId,
        card: &SignedCard,
        act: Act<'_>,
    ) -> Result<Unsettled, LedgerError> {
        let log = self.auditor.as_deref();
        self.database.write_ahead(Apart::Rows, |session| {
            let entry = entry::get(session, id)?;
            if entry.state != State::Personalising {
                return Err(LedgerError::Inconsistent(
                    "a card is signed while its chip is written, not at another time",
                ));
            }
            let noted = moves::sign_untold(session, &entry, card, act, log)?;
            moves::tell(session, entry.number.as_str(), &[noted], act, log)
        })?;
        Ok(Unsettled(()))
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

    /// The same of those that were not refused.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn newest_not_refused(&self, number: &str) -> Result<Option<Entry>, LedgerError> {
        self.database.read_anew(|session| entry::newest_not_refused(session, number))
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
        if self.auditor.as_ref().is_some_and(|auditor| auditor.lines() > 0) {
            let _ = self.signed(0);
        }
    }
}

/// Something that was written and may not be on the disk yet: [`Ledger::settle`] waits for it, and for all before it.
#[derive(Debug)]
#[must_use = "nothing may rest on this before the ledger has settled it"]
pub struct Unsettled(());

/// Steps that need nothing but what there is to tell of them.
fn plain<'a>(steps: &[(Step, &'a Value)]) -> Result<Vec<Move<'a>>, LedgerError> {
    if steps.iter().any(|(step, _)| says_more(*step)) {
        return Err(LedgerError::Inconsistent("this step says more than its name"));
    }
    Ok(steps.iter().map(|(step, detail)| Move { detail, ..Move::of(*step) }).collect())
}

/// Steps that take more than a reason.
fn says_more(step: Step) -> bool {
    matches!(step, Step::Capture | Step::Approve | Step::Personalise)
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
