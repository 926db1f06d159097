//! The one logic over both engines.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use jiff::civil::Date;
use zeroize::Zeroizing;

use super::acts::NumberSource;
use super::database::transaction;
use super::engine::postgres::Postgres;
use super::engine::sqlite::Sqlite;
use super::engine::{Apart, Engine, Session};
use super::{
    ActOutcome, Answered, Attempt, AttemptResult, CardEvent, Change, FileProgress, IntakeEntry, Outgoing,
    Place, Put, Rehearsed, Revision, SealedAnew, Store, StoreError, TableDigest, access, acts, attempts,
    cards, cases, counts, distribution, dump, files, keepers, linked, numbers, persons, reseal,
};
use crate::access::{AccessEntry, AccessHead, Look};
use crate::backup::{Backed, BackupError};
use crate::card::{Card, CardStatus, NewCard, SodDigest};
use crate::cases::{Case, CaseId, CaseState, Intake, PaperClaim, Subject};
use crate::civil_status::linked::{LinkedStep, Step, StepAnswer};
use crate::civil_status::{ActId, Applied, Entry};
use crate::keepers::Keeper;
use crate::matching::DigestKey;
use crate::numbers::Cancelled;
use crate::person::{Life, Person};
use crate::seal::SealKeys;
use crate::statistics::Statistics;

/// The register in a database. One connection: a thread has its own.
pub struct SqlStore {
    pub(super) engine: RefCell<Box<dyn Engine>>,
    intake: Option<Intake>,
}

impl SqlStore {
    /// Makes the register's tables, or brings existing ones to this program's version. Doing it again is harmless. Sensitive
    /// items lie plain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create(place: &Place, at: Timestamp) -> Result<Self, StoreError> {
        Self::create_with(place, &SealKeys::none(), at)
    }

    /// [`create`](Self::create), and sensitive items are sealed under the newest of `keys`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create_with(place: &Place, keys: &SealKeys, at: Timestamp) -> Result<Self, StoreError> {
        let engine: Box<dyn Engine> = match place {
            Place::Sqlite(path) => Box::new(Sqlite::create(path, keys.share())?.mapped()?),
            Place::Postgres(server) => Box::new(Postgres::connect(server, keys.share())?),
        };
        Self::migrated(engine, at)
    }

    /// [`create_with`](Self::create_with) with its tables laid out over the machines of Citus. Doing it again is harmless.
    ///
    /// # Errors
    /// [`StoreError::NotDistributed`] where there is no Citus; then nothing was changed.
    pub fn create_distributed(place: &Place, keys: &SealKeys, at: Timestamp) -> Result<Self, StoreError> {
        let Place::Postgres(server) = place else {
            return Err(StoreError::NotDistributed("SQLite is one file on one machine"));
        };
        let mut engine: Box<dyn Engine> = Box::new(Postgres::connect(server, keys.share())?);
        distribution::demand(engine.as_mut())?;
        let store = Self::migrated(engine, at)?;
        store.engine.borrow_mut().begin(Apart::Rows)?;
        let done = distribution::distribute(store.engine.borrow_mut().as_mut())
            .and_then(|()| store.engine.borrow_mut().commit());
        if let Err(error) = done {
            store.engine.borrow_mut().rollback();
            return Err(error);
        }
        Ok(store)
    }

    /// The statements by which [`create_distributed`](Self::create_distributed) lays out the tables, in order.
    #[must_use]
    pub fn distribution() -> Vec<String> {
        distribution::layout().iter().map(ToString::to_string).collect()
    }

    /// Opens an existing register without its keys: people whose sensitive items are sealed are read without them, and say
    /// so ([`Person::sealed`]).
    ///
    /// # Errors
    /// [`StoreError::NotInitialised`] if there is none, [`StoreError::Older`] or [`StoreError::Newer`] if it is of another
    /// version than this program's.
    pub fn open(place: &Place) -> Result<Self, StoreError> {
        Self::open_with(place, &SealKeys::none())
    }

    /// [`open`](Self::open) with the keys of sealed items; the newest seals what is written.
    ///
    /// # Errors
    /// As there.
    pub fn open_with(place: &Place, keys: &SealKeys) -> Result<Self, StoreError> {
        let mut engine: Box<dyn Engine> = match place {
            Place::Sqlite(path) => Box::new(Sqlite::open(path, keys.share())?.mapped()?),
            Place::Postgres(server) => Box::new(Postgres::connect(server, keys.share())?),
        };
        engine.check()?;
        Ok(Self { engine: RefCell::new(engine), intake: None })
    }

    /// [`create`](Self::create) in a file of `SQLite`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn create_file(path: &Path, at: Timestamp) -> Result<Self, StoreError> {
        Self::create(&Place::file(path), at)
    }

    /// [`open`](Self::open) of a file of `SQLite`.
    ///
    /// # Errors
    /// As there.
    pub fn open_file(path: &Path) -> Result<Self, StoreError> {
        Self::open(&Place::file(path))
    }

    /// A register in memory, for tests and previews. Nothing of it ever lies anywhere: its items are sealed under zeros.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn in_memory(at: Timestamp) -> Result<Self, StoreError> {
        let keys = SealKeys::new([Zeroizing::new([0; 32])]);
        Self::migrated(Box::new(Sqlite::in_memory(keys)?), at)
    }

    fn migrated(mut engine: Box<dyn Engine>, at: Timestamp) -> Result<Self, StoreError> {
        engine.migrate(at)?;
        Ok(Self { engine: RefCell::new(engine), intake: None })
    }

    /// One statement after another, each for itself. A line that was lost is made anew, once.
    pub(super) fn read<T>(
        &self,
        work: impl Fn(&mut dyn Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut engine = self.engine.borrow_mut();
        match work(engine.as_mut()) {
            Err(StoreError::Unreachable) if engine.reconnect()? => work(engine.as_mut()),
            done => done,
        }
    }

    /// One transaction, tried again when others have pushed it aside or the line was lost: whole or not at all.
    ///
    /// Where the line is lost while the transaction ends, it may have counted. What is written carries the name of what it
    /// is (an act's, a request's, a record's number), so that written again it is a repeat.
    pub(super) fn write<T>(
        &mut self,
        apart: Apart,
        work: impl Fn(&mut dyn Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        transaction(self.engine.get_mut().as_mut(), apart, true, work)
    }

    /// [`write`](Self::write) of what has no name and would count twice: whether it counted stays unknown where the line is
    /// lost while the transaction ends, and the caller is told.
    pub(super) fn write_once<T>(
        &mut self,
        apart: Apart,
        work: impl Fn(&mut dyn Session) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        transaction(self.engine.get_mut().as_mut(), apart, false, work)
    }

    /// Every card that is not in use: what a list for counters without a line is made of.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cards_out_of_use(&self) -> Result<Vec<(SodDigest, CardStatus)>, StoreError> {
        self.read(|session| cards::out_of_use(session))
    }

    /// Count and digest of every table, in one snapshot.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn table_digests(&mut self) -> Result<Vec<TableDigest>, StoreError> {
        dump::snapshot_digests(self.engine.get_mut().as_mut(), dump::REGISTER)
    }

    /// Whether any item lies sealed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn holds_sealed(&self) -> Result<bool, StoreError> {
        self.read(reseal::any)
    }

    /// Seals up to about `limit` values anew that do not lie under the newest key, of people after `after`; answers where
    /// to go on. Each call is one transaction; after a crash, from the start or from any answer, it goes on.
    ///
    /// # Errors
    /// [`StoreError::Sealed`] without a key; [`StoreError::Altered`].
    pub fn seal_anew(
        &mut self,
        after: Option<&PersonalNumber>,
        limit: u32,
    ) -> Result<SealedAnew, StoreError> {
        self.write(Apart::Rows, |session| reseal::page(session, after, limit))
    }

    /// Rows that contradict each other across tables, and the engine's own check: both must be clean.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] if they are not.
    pub fn check_integrity(&self) -> Result<(), StoreError> {
        self.engine.borrow_mut().check_integrity()?;
        self.read(numbers::check)
    }

    /// From now on, persons are taken in as `intake` says: joined with what is known, contradictions and likely duplicates
    /// becoming cases. `None`: what comes replaces what is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_in_by(&mut self, intake: Option<Intake>) -> Result<(), StoreError> {
        if intake.as_ref().is_some_and(|intake| intake.duplicates) {
            self.write(Apart::Rows, |session| session.script(persons::INDEXES))?;
        }
        self.intake = intake;
        Ok(())
    }

    /// The steps of a person's linked procedures.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn linked_steps_of(&self, number: &PersonalNumber) -> Result<Vec<LinkedStep>, StoreError> {
        self.read(|session| linked::of(session, number))
    }

    /// Steps that other systems were asked for and have not answered, the most urgent first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn linked_steps_asked(&self, limit: u32) -> Result<Vec<LinkedStep>, StoreError> {
        self.read(|session| linked::asked(session, limit))
    }

    /// Takes the answer to a step; what waits for it is asked for in the same transaction. The same answer again is a
    /// repeat.
    ///
    /// # Errors
    /// [`StoreError::UnknownStep`], [`StoreError::StepNotAsked`], [`StoreError::OtherAnswer`],
    /// [`StoreError::BadAnswer`], [`StoreError::AnswerBeforeAct`].
    pub fn answer_step(
        &mut self,
        number: &PersonalNumber,
        step: (&ActId, Step),
        answer: &StepAnswer,
        change: &Change,
        today: Date,
    ) -> Result<Answered, StoreError> {
        self.write(Apart::Rows, |session| linked::answer(session, number, step, answer, change, today))
    }

    /// Which engine, for statements of a test.
    #[doc(hidden)]
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.engine.borrow().name() == "PostgreSQL"
    }

    /// Statements of a test, to see what the tables refuse.
    ///
    /// # Errors
    /// [`StoreError`].
    #[doc(hidden)]
    pub fn raw(&self, sql: &str) -> Result<u64, StoreError> {
        self.engine.borrow_mut().execute(sql, &[])
    }
}

/// Persons come in: as they are, or joined with what is known where an intake says how.
fn take(
    session: &mut dyn Session,
    persons: &[Person],
    intake: Option<&Intake>,
    change: &Change,
) -> Result<Vec<Put>, StoreError> {
    keepers::filtered(session, persons, change, |session, persons| match intake {
        None => persons::put_all(session, persons, change),
        Some(intake) => cases::take_in(session, persons, intake, change),
    })
}

impl core::fmt::Debug for SqlStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SqlStore").finish_non_exhaustive()
    }
}

impl Backed for SqlStore {
    fn dump(
        &mut self,
        at: Timestamp,
        write: &mut dyn FnMut(&str) -> Result<(), BackupError>,
    ) -> Result<Vec<TableDigest>, BackupError> {
        dump::snapshot(self.engine.get_mut().as_mut(), dump::REGISTER, at, write)
    }

    fn undump(
        &mut self,
        next: &mut dyn FnMut() -> Result<Option<String>, BackupError>,
    ) -> Result<Vec<TableDigest>, BackupError> {
        dump::filled(self.engine.get_mut().as_mut(), dump::REGISTER, next)
    }
}

impl Store for SqlStore {
    fn contradict(
        &mut self,
        number: &PersonalNumber,
        said: &PaperClaim,
        change: &Change,
    ) -> Result<bool, StoreError> {
        self.write(Apart::Rows, |session| cases::contradict(session, number, said, change))
    }

    fn person(&self, number: &PersonalNumber) -> Result<Option<Person>, StoreError> {
        self.read(|session| persons::load(session, number))
    }

    fn put_persons(&mut self, persons: &[Person], change: &Change) -> Result<Vec<Put>, StoreError> {
        let intake = self.intake.clone();
        self.write(Apart::Rows, |session| take(session, persons, intake.as_ref(), change))
    }

    fn put_persons_of_file(
        &mut self,
        persons: &[Person],
        change: &Change,
        file: &FileProgress,
    ) -> Result<(Vec<Put>, FileProgress), StoreError> {
        let intake = self.intake.clone();
        self.write(Apart::Rows, |session| {
            let put = take(session, persons, intake.as_ref(), change)?;
            let after = files::keep(session, &put, change, file)?;
            Ok((put, after))
        })
    }

    fn ended_among(&self, numbers: &[&PersonalNumber]) -> Result<BTreeSet<PersonalNumber>, StoreError> {
        self.read(|session| numbers::ended_among(session, numbers))
    }

    fn kept_elsewhere_among(
        &self,
        numbers: &[&PersonalNumber],
    ) -> Result<BTreeMap<PersonalNumber, Keeper>, StoreError> {
        self.read(|session| keepers::among(session, numbers))
    }

    fn file_progress(&self, digest: &[u8; 32]) -> Result<Option<FileProgress>, StoreError> {
        self.read(|session| files::progress(session, digest))
    }

    fn rehearse_persons(&mut self, persons: &[Person], change: &Change) -> Result<Rehearsed, StoreError> {
        let engine = self.engine.get_mut().as_mut();
        engine.begin(Apart::Rows)?;
        let done = take(engine, persons, self.intake.as_ref(), change)
            .and_then(|puts| Ok(Rehearsed { puts, cases: cases::opened_at(engine, change.at)? }));
        engine.rollback();
        done
    }

    fn set_life(
        &mut self,
        number: &PersonalNumber,
        life: Life,
        change: &Change,
        today: Date,
    ) -> Result<Put, StoreError> {
        self.write(Apart::Rows, |session| persons::set_life(session, number, life, change, today))
    }

    fn history(&self, number: &PersonalNumber) -> Result<Vec<Revision>, StoreError> {
        self.read(|session| persons::history(session, number))
    }

    fn cancelled(&self, number: &PersonalNumber) -> Result<Option<Cancelled>, StoreError> {
        self.read(|session| numbers::cancelled(session, number))
    }

    fn former_numbers(&self, number: &PersonalNumber) -> Result<Vec<PersonalNumber>, StoreError> {
        self.read(|session| numbers::former(session, number))
    }

    fn provenance(&self, number: &PersonalNumber) -> Result<Option<BTreeMap<String, Change>>, StoreError> {
        self.read(|session| persons::provenance(session, number))
    }

    fn persons_after(&self, after: Option<&PersonalNumber>, limit: u32) -> Result<Vec<Person>, StoreError> {
        self.read(|session| persons::after(session, after, limit))
    }

    fn person_count(&self) -> Result<u64, StoreError> {
        self.read(|session| {
            let mut count = 0;
            session.query("SELECT count(*) FROM person WHERE replaced_by IS NULL", &[], &mut |row| {
                count = row.count(0)?;
                Ok(())
            })?;
            Ok(count)
        })
    }

    fn record_card(&mut self, card: &NewCard, change: &Change) -> Result<(Card, bool), StoreError> {
        self.write(Apart::Rows, |session| cards::record(session, card, change))
    }

    fn card(&self, sod_sha256: &SodDigest) -> Result<Option<Card>, StoreError> {
        self.read(|session| cards::load(session, sod_sha256))
    }

    fn cards_of(&self, number: &PersonalNumber) -> Result<Vec<Card>, StoreError> {
        self.read(|session| cards::of_person(session, number))
    }

    fn set_card_status(
        &mut self,
        sod_sha256: &SodDigest,
        status: CardStatus,
        since: Date,
        reason: &str,
        change: &Change,
    ) -> Result<Card, StoreError> {
        self.write(Apart::Rows, |session| {
            cards::possible_since(session, sod_sha256, since, change)?;
            cards::set_status(session, sod_sha256, status, since, reason, change)
        })
    }

    fn card_history(&self, sod_sha256: &SodDigest) -> Result<Vec<CardEvent>, StoreError> {
        self.read(|session| cards::history(session, sod_sha256))
    }

    fn log_attempt(
        &mut self,
        attempt: &Attempt,
        since: Timestamp,
        max_failed: u32,
    ) -> Result<AttemptResult, StoreError> {
        // Counted and added as if alone, so that many at once cannot slip through.
        self.write_once(Apart::Whole, |session| attempts::log(session, attempt, since, max_failed))
    }

    fn attempts(&self, number_digest: &[u8; 32]) -> Result<Vec<Attempt>, StoreError> {
        self.read(|session| attempts::all(session, number_digest))
    }

    fn record_act(
        &mut self,
        entry: &Entry,
        number: Option<&PersonalNumber>,
        intake: &str,
        change: &Change,
        today: Date,
    ) -> Result<ActOutcome, StoreError> {
        self.write(Apart::Rows, |session| {
            acts::record(session, entry, NumberSource::Given(number), intake, change, today)
        })
        .map(|recorded| recorded.outcome)
    }

    fn acts_of(&self, number: &PersonalNumber) -> Result<Vec<Applied>, StoreError> {
        self.read(|session| acts::of(session, number))
    }

    fn outbox(&self, limit: u32) -> Result<Vec<Outgoing>, StoreError> {
        self.read(|session| acts::outbox(session, limit))
    }

    fn sent(&mut self, message: &Outgoing, at: Timestamp) -> Result<(), StoreError> {
        self.write(Apart::Rows, |session| acts::sent(session, message, at))
    }

    fn intake_entries(&self, intake: &str) -> Result<Vec<IntakeEntry>, StoreError> {
        self.read(|session| acts::entries(session, intake))
    }

    fn log_access(&mut self, key: &DigestKey, log: &str, looks: &[Look]) -> Result<u64, StoreError> {
        self.write(Apart::Rows, |session| access::log(session, key, log, looks))
    }

    fn accesses(&self, log: &str, after: u64, limit: u32) -> Result<Vec<AccessEntry>, StoreError> {
        self.read(|session| access::entries(session, log, after, limit))
    }

    fn access_head(&self, log: &str) -> Result<Option<AccessHead>, StoreError> {
        self.read(|session| access::head_of(session, log))
    }

    fn undecided(&self, number: &PersonalNumber) -> Result<BTreeSet<String>, StoreError> {
        let waits = |case: &Case| matches!(case.state, CaseState::Open | CaseState::Papers);
        let cases = self.read(|session| cases::of_person(session, number))?;
        let mut items = BTreeSet::new();
        for case in cases.into_iter().filter(waits) {
            if let Subject::Facts(conflicts) = case.subject {
                items.extend(conflicts.into_iter().map(|conflict| conflict.item));
            }
        }
        Ok(items)
    }

    fn case_stands(&self, case: &CaseId, number: &PersonalNumber) -> Result<bool, StoreError> {
        let case = self.read(|session| cases::load(session, case))?;
        Ok(case.is_some_and(|case| case.stands_for(Some(number))))
    }

    fn statistics(&self, today: Date) -> Result<Statistics, StoreError> {
        self.read(|session| counts::statistics(session, today))
    }

    fn statistics_page(&mut self, today: Date, at: Timestamp) -> Result<String, StoreError> {
        self.page_of_the_month(today, at)
    }
}
