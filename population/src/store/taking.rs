//! Acts of civil status are taken: alone, or many in one transaction where they go together.

use std::cell::RefCell;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::acts::together::Halt;
use super::acts::{self, NumberSource};
use super::database::transaction;
use super::engine::Apart;
use super::{Change, Recorded, SqlStore, StoreError};
use crate::civil_status::{ActId, Entry};
use crate::numbers::{AllocationError, Allocator, Prefix};

impl SqlStore {
    /// [`Store::record_act`](super::Store::record_act) with the number, if the act needs one, from `allocator`: claimed in the act's own transaction,
    /// so that none is given to an act that was not taken. The act's name is the request: the same act again answers the
    /// same number.
    ///
    /// # Errors
    /// As there; [`StoreError::NumbersExhausted`], and [`StoreError::Flaw`] where the act's facts make no number.
    pub fn record_act_allocating(
        &mut self,
        allocator: &mut Allocator,
        entry: &Entry,
        intake: &str,
        change: &Change,
        today: Date,
    ) -> Result<Recorded, StoreError> {
        // Each turn has leased a block that the last one did not have; a prefix ends after a million.
        loop {
            if let Some(prefix) = self.read(|session| acts::prefix_wanted(session, entry))? {
                self.prepare(allocator, prefix)?;
            }
            let shared = RefCell::new(&mut *allocator);
            let done = self.write(Apart::Rows, |session| {
                acts::record(session, entry, NumberSource::Allocator(&shared), intake, change, today)
            });
            if !matches!(done, Err(StoreError::NumbersExhausted)) {
                return done;
            }
        }
    }

    /// Acts in their order, many in a transaction where they go together: each is whole with all that it changes, or not there.
    /// `given` is the number beside an act; where there is none, `allocator` gives those that are needed. `each` is told
    /// what became of an act, by its place, once that is durable.
    ///
    /// # Errors
    /// [`StoreError`] that ends the intake, and those of `each`; what is wrong with an act alone is told of the act.
    pub fn record_acts<E: From<StoreError>>(
        &mut self,
        acts: &[(Entry, Option<PersonalNumber>)],
        mut allocator: Option<&mut Allocator>,
        intake: &str,
        change: &Change,
        today: Date,
        each: &mut dyn FnMut(usize, Result<Recorded, StoreError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut from = 0;
        // The most that go together from here, as far as is known.
        let mut most = usize::MAX;
        while let Some(rest) = acts.get(from..).filter(|rest| !rest.is_empty()) {
            let part = rest.get(..most.min(rest.len())).unwrap_or(rest);
            let taken = match &mut allocator {
                Some(allocator) => {
                    let shared = RefCell::new(&mut **allocator);
                    self.take_acts(part, NumberSource::Allocator(&shared), intake, change, today)
                }
                None => self.take_acts(part, NumberSource::Given(None), intake, change, today),
            };
            most = usize::MAX;
            match taken {
                Err(Halt::Cut(place)) if place > 1 => most = place,
                Ok(done) if !done.is_empty() => {
                    let count = done.len();
                    for (place, done) in done.into_iter().enumerate() {
                        each(from + place, done)?;
                    }
                    from += count;
                }
                // The first comes by itself: alone it waits for others where many together were always pushed aside.
                Ok(_) | Err(Halt::Cut(_) | Halt::Store(StoreError::Busy)) => {
                    let Some((entry, given)) = rest.first() else { break };
                    let done = match &mut allocator {
                        Some(allocator) if given.is_none() => {
                            self.record_act_allocating(allocator, entry, intake, change, today)
                        }
                        _ => self.write(Apart::Rows, |session| {
                            let given = NumberSource::Given(given.as_ref());
                            acts::record(session, entry, given, intake, change, today)
                        }),
                    };
                    each(from, done)?;
                    from += 1;
                }
                Err(Halt::Store(error)) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn take_acts(
        &mut self,
        acts: &[(Entry, Option<PersonalNumber>)],
        source: NumberSource<'_>,
        intake: &str,
        change: &Change,
        today: Date,
    ) -> Result<Vec<Result<Recorded, StoreError>>, Halt> {
        transaction(self.engine.get_mut().as_mut(), Apart::Rows, true, |session| {
            acts::together::take(session, acts, source, intake, change, today)
        })
    }

    /// An act that was taken, the number that it gave, and the records of those whom it names.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn act_with_people(&self, act: &ActId) -> Result<Option<super::ActWithPeople>, StoreError> {
        self.read(|session| acts::with_people(session, act))
    }

    /// An act as its office registered it: taken, or waiting in a case. `None` for one that is not known, or was refused.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn act(&self, act: &ActId) -> Result<Option<Entry>, StoreError> {
        self.read(|session| acts::registered(session, act))
    }

    /// Leases numbers ahead, in a transaction of its own.
    pub(super) fn prepare(&mut self, allocator: &mut Allocator, prefix: Prefix) -> Result<(), StoreError> {
        allocator.prepare(self, prefix).map_err(|error| match error {
            AllocationError::Store(error) => error,
            _ => StoreError::NumbersExhausted,
        })
    }
}
