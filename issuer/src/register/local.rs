//! The register in a file on this machine.

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::card::{Card, CardStatus, NewCard, SodDigest};
use cccd_population::cases::PaperClaim;
use cccd_population::seal::SealKeys;
use cccd_population::store::{Change, Place, SqlStore, Store, StoreError};
use jiff::Timestamp;
use jiff::civil::Date;

use super::{PersonRecord, Register, RegisterError, day_in_vietnam};

/// A register behind its own store.
#[derive(Debug)]
pub struct LocalRegister<S> {
    store: S,
    source: String,
}

impl LocalRegister<SqlStore> {
    /// Opens a register of this machine, without the keys of its sealed items.
    ///
    /// # Errors
    /// [`RegisterError::Unreachable`] when there is none.
    pub fn open(place: &Place, source: &str) -> Result<Self, RegisterError> {
        Self::open_with(place, &SealKeys::none(), source)
    }

    /// Opens a register of this machine, with the keys of its sealed items.
    ///
    /// # Errors
    /// [`RegisterError::Unreachable`] when there is none.
    pub fn open_with(place: &Place, keys: &SealKeys, source: &str) -> Result<Self, RegisterError> {
        let store = SqlStore::open_with(place, keys).map_err(failed)?;
        Ok(Self { store, source: source.to_owned() })
    }
}

impl<S: Store> LocalRegister<S> {
    /// A register in any store.
    pub fn new(store: S, source: &str) -> Self {
        Self { store, source: source.to_owned() }
    }

    /// The store behind it.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The store again.
    pub fn into_store(self) -> S {
        self.store
    }

    fn change(&self, at: Timestamp) -> Change {
        Change { source: self.source.clone(), at }
    }
}

impl<S: Store> Register for LocalRegister<S> {
    fn for_officer(&mut self, name: &str) {
        self.source = format!("issuer {name}");
    }

    fn person(
        &mut self,
        number: &PersonalNumber,
        today: Date,
    ) -> Result<Option<PersonRecord>, RegisterError> {
        let Some(person) = self.store.person(number).map_err(failed)? else { return Ok(None) };
        let (in_use, others): (Vec<_>, Vec<_>) = self
            .store
            .cards_of(number)
            .map_err(failed)?
            .into_iter()
            .partition(|card| card.status_on(today).0.is_in_use());
        let earlier = Some(others.iter().map(|card| card.status_on(today).0).collect());
        let undecided = self.store.undecided(number).map_err(failed)?;
        Ok(Some(PersonRecord { earlier, undecided, ..PersonRecord::of(&person, in_use.into_iter().next()) }))
    }

    fn contradict(
        &mut self,
        number: &PersonalNumber,
        said: &PaperClaim,
        at: Timestamp,
    ) -> Result<bool, RegisterError> {
        let change = self.change(at);
        self.store.contradict(number, said, &change).map_err(failed)
    }

    fn record_card(&mut self, card: &NewCard, at: Timestamp) -> Result<(), RegisterError> {
        let change = self.change(at);
        self.store.record_card(card, &change).map(|_| ()).map_err(failed)
    }

    fn card_status(
        &mut self,
        card: &SodDigest,
        _nonce: &[u8; 16],
        today: Date,
    ) -> Result<(CardStatus, Option<Date>), RegisterError> {
        let card = self.store.card(card).map_err(failed)?.ok_or(RegisterError::UnknownCard)?;
        let (status, since) = card.status_on(today);
        Ok((status, Some(since)))
    }

    fn set_card_status(
        &mut self,
        card: &SodDigest,
        status: CardStatus,
        reason: &str,
        at: Timestamp,
    ) -> Result<Card, RegisterError> {
        let change = self.change(at);
        self.store.set_card_status(card, status, day_in_vietnam(at), reason, &change).map_err(failed)
    }
}

fn failed(error: StoreError) -> RegisterError {
    match error {
        StoreError::UnknownCard => RegisterError::UnknownCard,
        StoreError::UnknownPerson
        | StoreError::NotAlive(_)
        | StoreError::DeadAlready
        | StoreError::CardInUse
        | StoreError::Claimed(_)
        | StoreError::CardForm(_)
        | StoreError::ForbiddenChange(_)
        | StoreError::Flaw(_) => RegisterError::Refused(error.to_string()),
        StoreError::Engine(source) => RegisterError::Unreachable(format!("its database failed ({source})")),
        other => RegisterError::Unreachable(other.to_string()),
    }
}
