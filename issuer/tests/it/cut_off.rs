//! A register whose line breaks while a card is recorded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_issuer::register::{PersonRecord, Register, RegisterError};
use cccd_population::card::{Card, CardStatus, NewCard, SodDigest};
use cccd_population::cases::PaperClaim;
use jiff::Timestamp;
use jiff::civil::Date;

/// Fails at chosen moments of the record, before or after the register has taken the card.
pub(crate) struct CutOff<R> {
    pub(crate) inner: R,
    pub(crate) taken: bool,
    /// The line holds while this is not set.
    pub(crate) cut: Arc<AtomicBool>,
}

impl<R: core::ops::DerefMut<Target: Register>> Register for CutOff<R> {
    fn for_application(&mut self, reference: &str) {
        self.inner.for_application(reference);
    }

    fn for_officer(&mut self, name: &str) {
        self.inner.for_officer(name);
    }

    fn person(
        &mut self,
        number: &PersonalNumber,
        today: Date,
    ) -> Result<Option<PersonRecord>, RegisterError> {
        self.inner.person(number, today)
    }

    fn contradict(
        &mut self,
        number: &PersonalNumber,
        said: &PaperClaim,
        at: Timestamp,
    ) -> Result<bool, RegisterError> {
        self.inner.contradict(number, said, at)
    }

    fn record_card(&mut self, card: &NewCard, at: Timestamp) -> Result<(), RegisterError> {
        let cut = self.cut.load(Ordering::SeqCst);
        if self.taken || !cut {
            self.inner.record_card(card, at)?;
        }
        if !cut {
            return Ok(());
        }
        Err(RegisterError::Unreachable("the line was cut".to_owned()))
    }

    fn card_status(
        &mut self,
        card: &SodDigest,
        nonce: &[u8; 16],
        today: Date,
    ) -> Result<(CardStatus, Option<Date>), RegisterError> {
        self.inner.card_status(card, nonce, today)
    }

    fn set_card_status(
        &mut self,
        card: &SodDigest,
        status: CardStatus,
        reason: &str,
        at: Timestamp,
    ) -> Result<Card, RegisterError> {
        self.inner.set_card_status(card, status, reason, at)
    }
}
