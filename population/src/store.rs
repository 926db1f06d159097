//! The port behind which the register lies: `SQLite` in one file by default, or `PostgreSQL`; one logic over both.
//!
//! The SQL keeps to what distributed engines accept: the personal number is the first column of every key of a
//! person-scoped table, values that are unique across persons are claimed in tables of their own, and there are no
//! triggers, sequences or stored procedures.

mod access;
mod acts;
mod attempts;
mod bundles;
mod cards;
mod cases;
mod casework;
mod counts;
mod database;
mod distribution;
mod dump;
mod engine;
mod error;
mod extracts;
mod files;
mod identity;
mod keepers;
mod kept;
mod linked;
mod numbers;
mod papers;
mod persons;
mod place;
mod provenance;
mod reseal;
mod rollup;
mod schema;
mod sealed;
mod search;
mod sheets;
mod sql;
mod taking;

use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::access::{AccessEntry, AccessHead, Look};
use crate::card::{Card, CardStatus, NewCard, SodDigest};
use crate::cases::{CaseId, PaperClaim};
use crate::civil_status::{Applied, Entry};
use crate::import::Summary;
use crate::keepers::Keeper;
use crate::matching::DigestKey;
use crate::numbers::Cancelled;
use crate::person::{Life, Person};
use crate::statistics::Statistics;

pub use acts::{ActOutcome, ActWithPeople, IntakeEntry, Outgoing, Recorded};
pub use bundles::{BundleState, Collected};
pub use database::{Database, Retry, Tables, Version};
pub use dump::TableDigest;
pub use engine::{Apart, Asked, Each, EachOf, Row, Session, Table, Type, Value};
pub use error::{StoreError, TlsFault};
pub use extracts::GivenExtract;
pub use identity::{IdentityStore, ItemsSealedAnew, Kept};
pub use linked::Answered;
pub use papers::{Paper, PaperLink, PaperState, Typed};
pub use place::{BadPlace, Place, Server};
pub use provenance::Provenance;
pub use reseal::SealedAnew;
pub use rollup::{Anew, Recount};
pub use search::{Found, IndexState};
pub use sheets::{ScannedSheet, SheetOutcome};
pub use sql::SqlStore;

/// Where a change came from: `import`, `event`, `issuer` … with the file or office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Who says so.
    pub source: String,
    /// When it was recorded.
    pub at: Timestamp,
}

/// What [`Store::put_person`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// The person was not known.
    Added,
    /// The record differed and is changed; the old one is in the history.
    Changed,
    /// The record says what was known already.
    Unchanged,
    /// The number ended: nothing was written.
    Cancelled,
    /// Another ministry keeps the person's details, and this did not come from it or said too much: nothing was written.
    KeptElsewhere,
}

/// What [`Store::rehearse_persons`] would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    /// Of each person, in their order.
    pub puts: Vec<Put>,
    /// How many cases would be opened.
    pub cases: u64,
}

/// How far a file of persons was taken. Stands in the same transaction as the rows, so that both are there or neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileProgress {
    /// The file, by its digest.
    pub digest: [u8; 32],
    /// What was done, up to and with the row that `rows` says.
    pub summary: Summary,
    /// Whether that is all of it.
    pub done: bool,
}

/// One row of a person's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Counts from 1.
    pub revision: u32,
    /// Where from and when.
    pub change: Change,
    /// The record after the change.
    pub person: Person,
}

/// One row of a card's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardEvent {
    /// The status that began.
    pub status: CardStatus,
    /// On this day.
    pub since: Date,
    /// Why.
    pub reason: String,
    /// Who recorded it, and when.
    pub change: Change,
}

/// What a match attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    /// Number, name and birth date agreed.
    Match,
    /// They did not.
    NoMatch,
    /// Not answered: too many had failed.
    Refused,
}

crate::person::words!(AttemptResult, Match = "match", NoMatch = "no-match", Refused = "refused");

/// One line of the log of match attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Keyed digest of the number that was asked for.
    pub number_digest: [u8; 32],
    /// Who asked.
    pub requester: String,
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub result: AttemptResult,
}

/// The register's persons, cards and log.
///
/// Every change is one transaction: it happens whole or not at all, also when the process dies.
pub trait Store: Send {
    /// The person with this number.
    ///
    /// # Errors
    /// [`StoreError`].
    fn person(&self, number: &PersonalNumber) -> Result<Option<Person>, StoreError>;

    /// Adds or changes persons, all in one transaction. A record that says `alive` never revives one who is known to
    /// be dead or missing: that takes [`Store::set_life`].
    ///
    /// # Errors
    /// [`StoreError`]; then none of them was written.
    fn put_persons(&mut self, persons: &[Person], change: &Change) -> Result<Vec<Put>, StoreError>;

    /// [`put_persons`](Self::put_persons) of rows of a file, and in the same transaction how far the file is taken with them:
    /// `file` says it without these persons, the answer with them.
    ///
    /// # Errors
    /// As there.
    fn put_persons_of_file(
        &mut self,
        persons: &[Person],
        change: &Change,
        file: &FileProgress,
    ) -> Result<(Vec<Put>, FileProgress), StoreError>;

    /// Since when and why a number is cancelled, and which one follows it; `None` while it stands, or if nobody ever had it.
    ///
    /// # Errors
    /// [`StoreError`].
    fn cancelled(&self, number: &PersonalNumber) -> Result<Option<Cancelled>, StoreError>;

    /// The numbers that ended for this one, over as many as there were, nearest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn former_numbers(&self, number: &PersonalNumber) -> Result<Vec<PersonalNumber>, StoreError>;

    /// Which of these numbers ended.
    ///
    /// # Errors
    /// [`StoreError`].
    fn ended_among(&self, numbers: &[&PersonalNumber]) -> Result<BTreeSet<PersonalNumber>, StoreError>;

    /// Of which of these persons another ministry keeps the details.
    ///
    /// # Errors
    /// [`StoreError`].
    fn kept_elsewhere_among(
        &self,
        numbers: &[&PersonalNumber],
    ) -> Result<BTreeMap<PersonalNumber, Keeper>, StoreError>;

    /// How far a file was taken.
    ///
    /// # Errors
    /// [`StoreError`].
    fn file_progress(&self, digest: &[u8; 32]) -> Result<Option<FileProgress>, StoreError>;

    /// What [`put_persons`](Self::put_persons) would do: it is done in a transaction that is taken back.
    ///
    /// # Errors
    /// [`StoreError`].
    fn rehearse_persons(&mut self, persons: &[Person], change: &Change) -> Result<Rehearsed, StoreError>;

    /// Opens a case for what a paper says otherwise than the register, or joins it to the person's open one; what it says
    /// alike, and what was decided already, opens nothing. Answers whether what it says waits for a decision.
    ///
    /// # Errors
    /// [`StoreError::UnknownPerson`].
    fn contradict(
        &mut self,
        number: &PersonalNumber,
        said: &PaperClaim,
        change: &Change,
    ) -> Result<bool, StoreError>;

    /// Adds or changes one person.
    ///
    /// # Errors
    /// [`StoreError::NumberCancelled`], [`StoreError::KeptElsewhere`].
    fn put_person(&mut self, person: &Person, change: &Change) -> Result<Put, StoreError> {
        match self.put_persons(core::slice::from_ref(person), change)?.first() {
            None => Err(StoreError::Inconsistent("an answer is missing")),
            Some(Put::Cancelled) => Err(StoreError::NumberCancelled),
            Some(Put::KeptElsewhere) => Err(StoreError::KeptElsewhere),
            Some(put) => Ok(*put),
        }
    }

    /// Records death, being missing, or the return of a missing person.
    ///
    /// # Errors
    /// [`StoreError::UnknownPerson`]; [`StoreError::Flaw`] for a day before birth; [`StoreError::DeadAlready`].
    fn set_life(
        &mut self,
        number: &PersonalNumber,
        life: Life,
        change: &Change,
        today: Date,
    ) -> Result<Put, StoreError>;

    /// All that a person's record ever said, oldest first; also under a number that ended.
    ///
    /// # Errors
    /// [`StoreError`].
    fn history(&self, number: &PersonalNumber) -> Result<Vec<Revision>, StoreError>;

    /// Source and time of each item of a person's record, by the item's name in the JSON form.
    ///
    /// # Errors
    /// [`StoreError`].
    fn provenance(&self, number: &PersonalNumber) -> Result<Option<BTreeMap<String, Change>>, StoreError>;

    /// Up to `limit` persons with numbers after `after`, in the order of their numbers.
    ///
    /// # Errors
    /// [`StoreError`].
    fn persons_after(&self, after: Option<&PersonalNumber>, limit: u32) -> Result<Vec<Person>, StoreError>;

    /// How many persons the register holds.
    ///
    /// # Errors
    /// [`StoreError`].
    fn person_count(&self) -> Result<u64, StoreError>;

    /// Records a card. The same card again is a repeat and changes nothing (`false`).
    ///
    /// # Errors
    /// [`StoreError::UnknownPerson`], [`StoreError::NotAlive`], [`StoreError::CardInUse`],
    /// [`StoreError::Claimed`], [`StoreError::CardForm`].
    fn record_card(&mut self, card: &NewCard, change: &Change) -> Result<(Card, bool), StoreError>;

    /// The card with this EF.SOD.
    ///
    /// # Errors
    /// [`StoreError`].
    fn card(&self, sod_sha256: &SodDigest) -> Result<Option<Card>, StoreError>;

    /// All cards of a person, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn cards_of(&self, number: &PersonalNumber) -> Result<Vec<Card>, StoreError>;

    /// The card of this person that is active or held on `today`: the question before a new one is made.
    ///
    /// # Errors
    /// [`StoreError`].
    fn card_in_use(&self, number: &PersonalNumber, today: Date) -> Result<Option<Card>, StoreError> {
        let cards = self.cards_of(number)?;
        Ok(cards.into_iter().find(|card| card.status_on(today).0.is_in_use()))
    }

    /// Changes a card's status. The status it has already is a repeat and changes nothing.
    ///
    /// # Errors
    /// [`StoreError::UnknownCard`], [`StoreError::ForbiddenChange`].
    fn set_card_status(
        &mut self,
        sod_sha256: &SodDigest,
        status: CardStatus,
        since: Date,
        reason: &str,
        change: &Change,
    ) -> Result<Card, StoreError>;

    /// A card's states, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn card_history(&self, sod_sha256: &SodDigest) -> Result<Vec<CardEvent>, StoreError>;

    /// Logs a match attempt, after counting the failed ones for this number since `since`: with `max_failed` of them
    /// or more the attempt is logged as refused whatever `result` says. One transaction, so that many at once cannot
    /// slip through. Answers what was logged.
    ///
    /// # Errors
    /// [`StoreError`].
    fn log_attempt(
        &mut self,
        attempt: &Attempt,
        since: Timestamp,
        max_failed: u32,
    ) -> Result<AttemptResult, StoreError>;

    /// The log of match attempts for one number, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn attempts(&self, number_digest: &[u8; 32]) -> Result<Vec<Attempt>, StoreError>;

    /// Takes an act of civil status: everything it changes, the history, the outbox and the intake's chain in one
    /// transaction. The same act again is a repeat and changes nothing. `number` is the one allocated for it, if
    /// [`crate::civil_status::needs_number`] asks for one; `intake` names the desk or line whose chain it enters.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for an act that cannot be; [`StoreError::OtherAct`] when another act came under its
    /// name; [`StoreError::NumberTaken`].
    fn record_act(
        &mut self,
        entry: &Entry,
        number: Option<&PersonalNumber>,
        intake: &str,
        change: &Change,
        today: Date,
    ) -> Result<ActOutcome, StoreError>;

    /// The acts of a person that were taken, by the day they happened.
    ///
    /// # Errors
    /// [`StoreError`].
    fn acts_of(&self, number: &PersonalNumber) -> Result<Vec<Applied>, StoreError>;

    /// Messages that wait, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    fn outbox(&self, limit: u32) -> Result<Vec<Outgoing>, StoreError>;

    /// Marks a message as delivered. Again is harmless.
    ///
    /// # Errors
    /// [`StoreError`].
    fn sent(&mut self, message: &Outgoing, at: Timestamp) -> Result<(), StoreError>;

    /// The chain of an intake, oldest first; [`IntakeEntry::follows`] checks it.
    ///
    /// # Errors
    /// [`StoreError`].
    fn intake_entries(&self, intake: &str) -> Result<Vec<IntakeEntry>, StoreError>;

    /// Adds looks at persons to a log, all in one transaction; answers the place of the last. The key chains them
    /// ([`crate::access`]).
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::ClockBehind`] for a look dated before the last entry; then nothing may be shown.
    fn log_access(&mut self, key: &DigestKey, log: &str, looks: &[Look]) -> Result<u64, StoreError>;

    /// Entries of a log after a place, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    fn accesses(&self, log: &str, after: u64, limit: u32) -> Result<Vec<AccessEntry>, StoreError>;

    /// Where a log ends; `None` before its first entry.
    ///
    /// # Errors
    /// [`StoreError`].
    fn access_head(&self, log: &str) -> Result<Option<AccessHead>, StoreError>;

    /// Items of the person about which an officer has not decided yet: several sources say otherwise.
    ///
    /// # Errors
    /// [`StoreError`].
    fn undecided(&self, number: &PersonalNumber) -> Result<BTreeSet<String>, StoreError>;

    /// Whether a case is there, waits for a decision, and is about this person.
    ///
    /// # Errors
    /// [`StoreError`].
    fn case_stands(&self, case: &CaseId, number: &PersonalNumber) -> Result<bool, StoreError>;

    /// Counts for [`crate::statistics`], from scratch.
    ///
    /// # Errors
    /// [`StoreError`].
    fn statistics(&self, today: Date) -> Result<Statistics, StoreError>;

    /// The page of published statistics of the month of `today`, made when it is first asked for and the same for the whole
    /// month, unless it is published anew. A page without any number is not kept.
    ///
    /// # Errors
    /// [`StoreError`].
    fn statistics_page(&mut self, today: Date, at: Timestamp) -> Result<String, StoreError>;
}

/// A column whose text is not what the tables' checks promise.
fn damaged(what: &'static str) -> impl Fn() -> StoreError {
    move || StoreError::Inconsistent(what)
}
