//! Why the store did not do it.

use jiff::Timestamp;

use crate::card::ForbiddenChange;
use crate::civil_status::{Contradiction, Refusal};
use crate::person::Flaw;
use crate::quality::conflict::NotDecided;

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
    #[error("{0} is not of its form, or not possible for this card")]
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
    #[error(
        "the answer lacks its reference, a reason of at least 5 characters for a refusal, or is of a day to come"
    )]
    BadAnswer,
    /// A decision of a day before the act that it follows was registered, the step before it was done, or it was refused first.
    #[error("the answer is dated before the act, the step or the answer that it follows")]
    AnswerBeforeAct,
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
