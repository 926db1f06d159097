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
mod counts;
mod database;
mod distribution;
mod dump;
mod engine;
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

use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::access::{AccessEntry, AccessHead, Look};
use crate::card::{Card, CardStatus, ForbiddenChange, NewCard, SodDigest};
use crate::cases::{CaseId, PaperClaim};
use crate::civil_status::{Applied, Contradiction, Entry, Refusal};
use crate::import::Summary;
use crate::keepers::Keeper;
use crate::matching::DigestKey;
use crate::numbers::Cancelled;
use crate::person::{Flaw, Life, Person};
use crate::quality::conflict::NotDecided;
use crate::statistics::Statistics;

pub use acts::{ActOutcome, ActWithPeople, IntakeEntry, Outgoing, Recorded};
pub use bundles::{BundleState, Collected};
pub use database::{Database, Retry, Tables, Version};
pub use dump::TableDigest;
pub use engine::{Apart, Asked, Each, EachOf, Row, Session, Table, Type, Value};
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
    fn rehearse_persons(&mut self, persons: &[Person], change: &Change) -> Result<Vec<Put>, StoreError>;

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

/// Why the store did not do it. Holds no personal data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No person has this number.
    #[error("the register knows no person with this number")]
    UnknownPerson,
    /// The person is dead or missing.
    #[error("the register knows this person to be {0}")]
    NotAlive(&'static str),
    /// Death was recorded already, on another day.
    #[error("the register knows this person to be dead already")]
    DeadAlready,
    /// No card has this hash.
    #[error("the register knows no card with this hash")]
    UnknownCard,
    /// The person has an active or held card.
    #[error("this person has a card in use already")]
    CardInUse,
    /// Another card or person has this value.
    #[error("{0} belongs to another card already")]
    Claimed(&'static str),
    /// A card's item is not of its form.
    #[error("{0} is not of its form")]
    CardForm(&'static str),
    /// The card's life does not allow it.
    #[error(transparent)]
    ForbiddenChange(#[from] ForbiddenChange),
    /// Another ministry keeps the details.
    #[error("another ministry keeps this person's details")]
    KeptElsewhere,
    /// A ministry's reference is missing or too long.
    #[error("the reference of the ministry has to be there, and short")]
    BadReference,
    /// The number belonged to somebody who goes on under another one.
    #[error("this number is cancelled")]
    NumberCancelled,
    /// The number is somebody's already.
    #[error("this number is given already")]
    NumberTaken,
    /// A person's record stands under the number that is to end.
    #[error("somebody's record stands under this number: an act or a decision on a case ends it")]
    NumberInUse,
    /// The act was answered a number before, and it is not this one.
    #[error("this act was given another number before")]
    OtherNumber,
    /// A million are given.
    #[error("all numbers of this place, sex and year are given")]
    NumbersExhausted,
    /// No case has this name.
    #[error("the register knows no case of this name")]
    UnknownCase,
    /// The case was decided otherwise.
    #[error("this case is decided already")]
    CaseDecided,
    /// Another decision has ended one of the numbers; the question is asked anew in another case.
    #[error("another decision has overtaken this case")]
    CaseOvertaken,
    /// Not a decision of this kind of case.
    #[error("a case of this kind cannot be decided so")]
    OtherVerdict,
    /// The decision does not count.
    #[error(transparent)]
    NotDecided(#[from] NotDecided),
    /// What was decided contradicts the register in another way: that is mended first.
    #[error(transparent)]
    Contradicts(Contradiction),
    /// No entry of a paper book has this name, or it does not hold yet, or it names nobody in this role.
    #[error("no entry of a paper book that holds has this name and role")]
    UnknownPaper,
    /// No such step in this person's procedures.
    #[error("the register knows no such step of a linked procedure")]
    UnknownStep,
    /// The step before it is not done.
    #[error("this step waits for the one before it")]
    StepNotAsked,
    /// The step was done by another answer.
    #[error("this step is done already, by another answer")]
    OtherAnswer,
    /// An answer without its reference, a refusal without a reason, or a day that is to come.
    #[error("the answer lacks its reference or reason, or is of a day to come")]
    BadAnswer,
    /// An act of civil status cannot be.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another act was taken under this name.
    #[error("another act was registered under this office, year and number")]
    OtherAct,
    /// An entry of a log would be dated before the one that it follows.
    #[error("the clock went back: the log of looks is at {newest} already")]
    ClockBehind {
        /// When the last entry was made.
        newest: Timestamp,
    },
    /// The row of a form is another person's.
    #[error("this form was given out to another person already")]
    FormGiven,
    /// The record cannot be true.
    #[error(transparent)]
    Flaw(#[from] Flaw),
    /// Another process holds the register for too long.
    #[error("the register is busy in another process")]
    Busy,
    /// The file was made by a newer program.
    #[error("the register's tables are of version {found}; this program knows up to {known}")]
    Newer {
        /// In the file.
        found: u32,
        /// Here.
        known: u32,
    },
    /// The tables were made by an older program: `population init` brings them to this version.
    #[error("the register's tables are of version {found}; this program works with {known}")]
    Older {
        /// In the register.
        found: u32,
        /// Here.
        known: u32,
    },
    /// A database elsewhere, over a line that anybody may read.
    #[error("the register is on another machine and the line to it is not encrypted")]
    Unprotected,
    /// The database's server does not answer, or the connection to it is gone.
    #[error("the register's database server does not answer")]
    Unreachable,
    /// The items lie under a key that is not here.
    #[error(
        "religion, blood group, telephone, mail and other information are sealed under a key that is not here"
    )]
    Sealed,
    /// Sealed items that nobody of this register sealed for this person.
    #[error("a sealed value of the register was changed, or belongs to somebody else")]
    Altered,
    /// The register's own file cannot be the identity database too.
    #[error("the identity database needs a file of its own, and this one is the register's")]
    NotApart,
    /// The line to it is not encrypted as the place asks.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// Tables cannot be laid out over several machines here.
    #[error("{0}: the tables cannot be distributed, and nothing was changed")]
    NotDistributed(&'static str),
    /// There is no register at this place.
    #[error("there is no register at this place")]
    NotInitialised,
    /// Rows that the tables should not have let in.
    #[error("the register's tables contradict themselves: {0}")]
    Inconsistent(&'static str),
    /// The engine failed (disk, file).
    #[error("the register's database failed")]
    Engine(#[source] Box<dyn core::error::Error + Send + Sync>),
}

/// Why a line to the database's server is not encrypted as the place asks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// `sslmode` without `sslrootcert`.
    #[error("encryption is asked for, but no sslrootcert says whose certificates count")]
    NoRoot,
    /// Not to be read, or not of PEM.
    #[error("the file of sslrootcert holds no certificate")]
    Root,
    /// No certificate could name it.
    #[error("the database server's host has no name that a certificate could hold")]
    NoName,
    /// The server is not set up for it.
    #[error("the database server does not offer encryption")]
    NotOffered,
    /// Another's certificate, or one for another host, or one that ended.
    #[error("the database server is not the one that sslrootcert vouches for: {0}")]
    Refused(String),
}

/// A column whose text is not what the tables' checks promise.
fn damaged(what: &'static str) -> impl Fn() -> StoreError {
    move || StoreError::Inconsistent(what)
}
