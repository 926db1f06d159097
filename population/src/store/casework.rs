//! Cases are listed, opened for a pair, and decided.

use std::cell::RefCell;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use jiff::civil::Date;

use super::acts::NumberSource;
use super::engine::Apart;
use super::{Change, SqlStore, StoreError, cases, persons};
use crate::cases::{Case, CaseAction, CaseId, CaseState, Ruled, Ruling};
use crate::duplicates::Weighed;
use crate::numbers::Allocator;

impl SqlStore {
    /// Cases of a ward's office or of all offices, in one state or in any, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cases(
        &self,
        ward: Option<&str>,
        state: Option<CaseState>,
        limit: u32,
    ) -> Result<Vec<Case>, StoreError> {
        self.read(|session| cases::list(session, ward, state, limit))
    }

    /// Cases that name a person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cases_of(&self, number: &PersonalNumber) -> Result<Vec<Case>, StoreError> {
        self.read(|session| cases::of_person(session, number))
    }

    /// A case, and what was done in it.
    ///
    /// # Errors
    /// [`StoreError::UnknownCase`].
    pub fn case(&self, id: &CaseId) -> Result<(Case, Vec<CaseAction>), StoreError> {
        self.read(|session| {
            let case = cases::load(session, id)?.ok_or(StoreError::UnknownCase)?;
            Ok((case, cases::actions(session, id)?))
        })
    }

    /// Pairs of records that wait for a decision ([`CaseState::Open`]), or were decided.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pair_cases(&self, state: CaseState) -> Result<Vec<(PersonalNumber, PersonalNumber)>, StoreError> {
        self.read(|session| cases::pairs(session, state))
    }

    /// Opens a case for a pair that a search over the register found, unless it was asked before. Answers whether it is new.
    ///
    /// # Errors
    /// [`StoreError::UnknownPerson`].
    pub fn open_pair(
        &mut self,
        (one, other): (&PersonalNumber, &PersonalNumber),
        weighed: &Weighed,
        change: &Change,
    ) -> Result<bool, StoreError> {
        self.write(Apart::Rows, |session| {
            let one = persons::load(session, one)?.ok_or(StoreError::UnknownPerson)?;
            let other = persons::load(session, other)?.ok_or(StoreError::UnknownPerson)?;
            cases::open_pair(session, &one, &other, weighed, change, &change.source)
        })
    }

    /// Decides a case; what the decision changes is written in the same transaction, with the case as its source. The same
    /// decision again is a repeat. `allocator` gives the number if the decision is to take an act that needs one.
    ///
    /// # Errors
    /// [`StoreError::UnknownCase`], [`StoreError::CaseDecided`], [`StoreError::CaseOvertaken`],
    /// [`StoreError::NotDecided`], [`StoreError::OtherVerdict`], [`StoreError::Contradicts`],
    /// [`StoreError::Refused`].
    pub fn decide_case(
        &mut self,
        id: &CaseId,
        ruling: &Ruling,
        allocator: Option<&mut Allocator>,
        at: Timestamp,
        today: Date,
    ) -> Result<Ruled, StoreError> {
        let Some(allocator) = allocator else {
            let source = NumberSource::Given(None);
            return self.write(Apart::Rows, |session| cases::decide(session, id, ruling, source, at, today));
        };
        loop {
            let wanted = self.read(|session| cases::prefix_wanted(session, id))?;
            if let Some(prefix) = wanted {
                self.prepare(allocator, prefix)?;
            }
            let shared = RefCell::new(&mut *allocator);
            let source = NumberSource::Allocator(&shared);
            let done =
                self.write(Apart::Rows, |session| cases::decide(session, id, ruling, source, at, today));
            if !matches!(done, Err(StoreError::NumbersExhausted)) {
                return done;
            }
        }
    }
}
