//! The register of persons, reached through a port: a local file or the HTTP interface (docs/register-api.md).

mod http;
mod local;

use std::collections::BTreeSet;

use cccd_card_profile::card_holder::CardHolder;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::card::{Card, CardStatus, NewCard, SodDigest};
use cccd_population::cases::PaperClaim;
use cccd_population::person::{Life, Person, Relative};
use jiff::Timestamp;
use jiff::civil::Date;

pub use cccd_population::day_in_vietnam;
pub use http::HttpRegister;
pub use local::LocalRegister;

/// What a card needs to know about a person.
#[derive(Debug, Clone)]
pub struct PersonRecord {
    /// What the card will say.
    pub holder: CardHolder,
    /// Alive, dead, missing.
    pub life: Life,
    /// The card that is active or held.
    pub card_in_use: Option<Card>,
    /// What became of their other cards, the newest last, by the day asked for; `None` from a register that does not say.
    pub earlier: Option<Vec<CardStatus>>,
    /// Who may act for them while they are a child: father, mother, and the representatives that the register names.
    pub represented_by: Vec<Relative>,
    /// Items about which sources contradict each other and no officer has decided yet.
    pub undecided: BTreeSet<String>,
}

impl PersonRecord {
    /// What the register says of a person, and the card they have.
    #[must_use]
    pub fn of(person: &Person, card_in_use: Option<Card>) -> Self {
        let parents = [&person.father, &person.mother].into_iter().flatten();
        Self {
            holder: person.card_holder(),
            life: person.life,
            card_in_use,
            earlier: None,
            represented_by: parents.chain(&person.representatives).cloned().collect(),
            undecided: BTreeSet::new(),
        }
    }

    /// The card in use is the one that is being made: it is no obstacle to itself, and what it replaced is judged already.
    pub(crate) fn pass_over_own_card(&mut self) {
        (self.card_in_use, self.earlier) = (None, None);
    }
}

/// Why the register did not do it. Holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// A rule of the register forbids it.
    #[error("the register refuses: {0}")]
    Refused(String),
    /// It has no such card.
    #[error("the register knows no such card")]
    UnknownCard,
    /// Nobody there, or no sense in the answer.
    #[error("the register cannot be reached: {0}")]
    Unreachable(String),
    /// The token file is missing, readable by others or has no issuer's token.
    #[error("the register's token cannot be used: {0}")]
    Token(String),
}

/// The register, as the issuer needs it.
pub trait Register {
    /// From now on persons are looked at for this application: the register's log of looks names it.
    fn for_application(&mut self, _reference: &str) {}

    /// From now on this officer asks: a register of this machine notes changes as theirs.
    fn for_officer(&mut self, _name: &str) {}

    /// The person with this number, if the register knows one.
    ///
    /// # Errors
    /// [`RegisterError`].
    fn person(&mut self, number: &PersonalNumber, today: Date)
    -> Result<Option<PersonRecord>, RegisterError>;

    /// A paper of this person says otherwise than the register: its officers decide which holds. Answers whether that waits
    /// for a decision; `false` once it is decided.
    ///
    /// # Errors
    /// [`RegisterError`].
    fn contradict(
        &mut self,
        number: &PersonalNumber,
        said: &PaperClaim,
        at: Timestamp,
    ) -> Result<bool, RegisterError>;

    /// Records a card; the same card again is a repeat and does no harm.
    ///
    /// # Errors
    /// [`RegisterError`].
    fn record_card(&mut self, card: &NewCard, at: Timestamp) -> Result<(), RegisterError>;

    /// What the register says about a card on this day, and since when. `nonce` binds an answer over a line.
    ///
    /// # Errors
    /// [`RegisterError::UnknownCard`] and others.
    fn card_status(
        &mut self,
        card: &SodDigest,
        nonce: &[u8; 16],
        today: Date,
    ) -> Result<(CardStatus, Option<Date>), RegisterError>;

    /// Changes a card's status; the status it has already is a repeat.
    ///
    /// # Errors
    /// [`RegisterError`].
    fn set_card_status(
        &mut self,
        card: &SodDigest,
        status: CardStatus,
        reason: &str,
        at: Timestamp,
    ) -> Result<Card, RegisterError>;
}
