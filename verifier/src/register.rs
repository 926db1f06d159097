//! The register of persons, as a verifier asks it: does it know the person, and how stands the card?
//!
//! [`Register`] is the port. [`answer`] checks signed answers (`docs/register-api.md`); the feature `register-client` adds
//! [`http`], which asks over HTTP. The register is never asked by SQL.

pub mod answer;
#[cfg(feature = "register-client")]
pub mod http;
mod questions;
pub mod status_list;

pub use questions::{questions, subject_of_card_status, subject_of_match};

use jiff::Timestamp;
use std::collections::BTreeMap;

/// The person that a card names. Personal data: nothing in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct MatchQuestion {
    /// The personal number.
    pub number: String,
    /// The full name as on the card.
    pub full_name: String,
    /// `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.
    pub birth_date: String,
    /// Further fields by name.
    pub also: BTreeMap<String, String>,
}

impl std::fmt::Debug for MatchQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MatchQuestion").field("also", &self.also.keys()).finish_non_exhaustive()
    }
}

/// Whether the register knows the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchAnswer {
    /// Number, name and birth belong to one living person.
    pub matches: bool,
    /// Of the further fields: `agrees`, `differs` or `not-compared`.
    pub agree: BTreeMap<String, String>,
    /// The register's time.
    pub time: Timestamp,
}

/// How the register sees the card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CardStatusAnswer {
    /// The status.
    pub status: CardStatus,
    /// Since when, `YYYY-MM-DD`.
    pub since: Option<String>,
    /// The register's time.
    pub time: Timestamp,
}

/// The status of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardStatus {
    /// In use.
    Active,
    /// Held for now.
    Held,
    /// Reported lost.
    Lost,
    /// Revoked.
    Revoked,
    /// A newer card took its place.
    Replaced,
    /// Past its last day.
    Expired,
    /// Destroyed.
    Destroyed,
    /// Never recorded.
    Unknown,
}

impl CardStatus {
    /// By its name in the register's answers.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "active" => Self::Active,
            "held" => Self::Held,
            "lost" => Self::Lost,
            "revoked" => Self::Revoked,
            "replaced" => Self::Replaced,
            "expired" => Self::Expired,
            "destroyed" => Self::Destroyed,
            "unknown" => Self::Unknown,
            _ => return None,
        })
    }
}

/// Why the register was not heard. Never a statement about the card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// No answer came.
    #[error("the register does not answer: {0}")]
    Unreachable(String),
    /// It refused the question.
    #[error("the register refuses the question: {0}")]
    Refused(String),
    /// Too many attempts for this number within an hour.
    #[error("the register allows no further attempt for this number within the hour")]
    TooManyAttempts,
    /// The answer is not to be believed.
    #[error("the register's answer is not to be believed: {0}")]
    NotBelieved(#[from] answer::AnswerError),
    /// The list that stands for it says nothing.
    #[error("no list stands for the register: {0}")]
    NoList(status_list::StatusListError),
}

/// The register, as a verifier asks it.
pub trait Register {
    /// Whether it knows the person.
    ///
    /// # Errors
    /// [`RegisterError`] when it was not heard.
    fn match_person(&mut self, question: &MatchQuestion) -> Result<MatchAnswer, RegisterError>;

    /// How stands the card whose EF.SOD has this SHA-256.
    ///
    /// # Errors
    /// [`RegisterError`] when it was not heard.
    fn card_status(&mut self, sod_sha256: &[u8; 32]) -> Result<CardStatusAnswer, RegisterError>;
}

impl<R: Register + ?Sized> Register for &mut R {
    fn match_person(&mut self, question: &MatchQuestion) -> Result<MatchAnswer, RegisterError> {
        (**self).match_person(question)
    }

    fn card_status(&mut self, sod_sha256: &[u8; 32]) -> Result<CardStatusAnswer, RegisterError> {
        (**self).card_status(sod_sha256)
    }
}

/// What was asked, and what came of it.
#[derive(Debug, Clone, Default)]
pub struct RegisterReport {
    /// `None` when nobody asked.
    pub matched: Option<Result<MatchAnswer, RegisterError>>,
    /// `None` when nobody asked.
    pub card_status: Option<Result<CardStatusAnswer, RegisterError>>,
    /// The register was at hand and the person was not asked for, because the card's own data do not hold.
    pub match_withheld: bool,
}

impl RegisterReport {
    /// Nobody asked.
    #[must_use]
    pub fn not_asked() -> Self {
        Self::default()
    }

    /// By a list, at a counter without a line: how stands the card. Persons are on no list.
    #[must_use]
    pub fn by_list(
        list: &Result<status_list::StatusList, status_list::StatusListError>,
        evidence: &crate::Evidence,
        at: Timestamp,
    ) -> Self {
        let status = |digest: [u8; 32]| -> Result<CardStatusAnswer, RegisterError> {
            Ok(list.as_ref().map_err(|error| *error)?.status(&digest, at)?)
        };
        Self { card_status: evidence.sod_sha256().map(status), ..Self::default() }
    }

    /// Asks for the card, and for the person if the card's data are those that were signed: a forged name must not use
    /// up the attempts of the person whose number it carries.
    pub fn ask(register: &mut dyn Register, evidence: &crate::Evidence) -> Self {
        let questions = questions(evidence);
        Self {
            card_status: questions.sod_sha256.map(|digest| register.card_status(&digest)),
            match_withheld: questions.person.is_none(),
            matched: questions.person.map(|person| register.match_person(&person)),
        }
    }
}
