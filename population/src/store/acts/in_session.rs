//! The records that an act is judged by, looked up in the open transaction.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cccd_card_profile::personal_number::PersonalNumber;

use super::super::StoreError;
use super::super::engine::{Asked, Session};
use super::super::numbers;
use super::super::persons::{self, Known, Locked};
use super::{ACTS, applied};
use crate::civil_status::family::{around, looked_at};
use crate::civil_status::{Act, ActId, Applied, Books};
use crate::person::{Others, Person};

/// Looks records up in the open transaction, each once; keeps the first failure, which the port of pure rules cannot
/// carry.
pub(in crate::store) struct InSession<'s> {
    pub(super) session: RefCell<&'s mut dyn Session>,
    /// How a record is looked up that was not read with the others: locked or not.
    one: &'static str,
    pub(super) locked: RefCell<Locked>,
    pub(super) failed: RefCell<Option<StoreError>>,
}

/// Locks a record that was read.
pub(super) const HELD: &str = "SELECT revision, personal_number FROM person WHERE personal_number = ?1 AND replaced_by IS NULL FOR UPDATE";

impl<'s> InSession<'s> {
    /// Everybody named, and those around them, locked in the order of the numbers: two transactions of one family then wait
    /// for each other instead of blocking each other.
    pub(in crate::store) fn locking(
        session: &'s mut dyn Session,
        named: &[PersonalNumber],
    ) -> Result<Self, StoreError> {
        let keys = session.seal().share();
        let mut touched: BTreeSet<PersonalNumber> = named.iter().cloned().collect();
        let asked: Vec<Asked<'_>> =
            named.iter().map(|number| (persons::PERSON, vec![number.as_str().into()])).collect();
        session.ask(&asked, &mut |_, row| {
            touched.extend(around(&persons::read(row, &keys)?));
            Ok(())
        })?;
        let asked: Vec<Asked<'_>> =
            touched.iter().map(|number| (persons::KNOWN, vec![number.as_str().into()])).collect();
        let mut locked: Locked = touched.iter().map(|number| (number.clone(), None)).collect();
        session.ask(&asked, &mut |_, row| {
            let known = persons::read_known(row, &keys)?;
            locked.insert(known.person.number.clone(), Some(known));
            Ok(())
        })?;
        Ok(Self::of(session, persons::KNOWN, locked))
    }

    /// The records that were read, and those around them whom the acts look at, none of them locked: [`hold`](Self::hold) locks
    /// the few that count.
    pub(super) fn reading<'e>(
        session: &'s mut dyn Session,
        acts: impl IntoIterator<Item = &'e Act>,
        mut read: Locked,
    ) -> Result<Self, StoreError> {
        let mut beside = BTreeSet::new();
        for act in acts {
            for known in act.named().iter().filter_map(|number| read.get(number)).flatten() {
                beside.extend(looked_at(act, &known.person));
            }
        }
        beside.retain(|number| !read.contains_key(number));
        let keys = session.seal().share();
        let asked = persons::some(beside.iter());
        read.extend(beside.iter().map(|number| (number.clone(), None)));
        session.ask(&asked, &mut |_, row| {
            let known = persons::read_known(row, &keys)?;
            read.insert(known.person.number.clone(), Some(known));
            Ok(())
        })?;
        Ok(Self::of(session, persons::PERSON, read))
    }

    fn of(session: &'s mut dyn Session, one: &'static str, locked: Locked) -> Self {
        let (session, locked, failed) = (RefCell::new(session), RefCell::new(locked), RefCell::new(None));
        Self { session, one, locked, failed }
    }

    /// A record as it was read.
    pub(super) fn known_person(&self, number: &PersonalNumber) -> Option<Arc<Person>> {
        self.locked.borrow().get(number)?.as_ref().map(|known| Arc::clone(&known.person))
    }

    /// Locks records that were read, in the order of their numbers. Where one of them changed since, or another act of a
    /// principal was taken, somebody was quicker: the transaction begins anew.
    pub(super) fn hold(
        &self,
        whom: &BTreeSet<PersonalNumber>,
        principals: &[PersonalNumber],
        before: &[Applied],
    ) -> Result<(), StoreError> {
        let mut asked: Vec<Asked<'_>> =
            whom.iter().map(|number| (HELD, vec![number.as_str().into()])).collect();
        asked.extend(principals.iter().map(|number| (ACTS, vec![number.as_str().into()])));
        let mut revisions: Vec<Option<u64>> = vec![None; whom.len()];
        let mut acts = Vec::with_capacity(before.len());
        self.session.borrow_mut().ask(&asked, &mut |place, row| {
            match revisions.get_mut(place) {
                Some(revision) => *revision = Some(row.count(0)?),
                None => acts.push(applied(row)?),
            }
            Ok(())
        })?;
        let read = self.locked.borrow();
        let same = whom.iter().zip(revisions).all(|(number, revision)| {
            read.get(number).and_then(Option::as_ref).map(|known| known.revision) == revision
        });
        if same && acts == before { Ok(()) } else { Err(StoreError::Busy) }
    }

    /// The session again, if every look-up succeeded.
    pub(in crate::store) fn end(self) -> Result<&'s mut dyn Session, StoreError> {
        match self.failed.into_inner() {
            Some(error) => Err(error),
            None => Ok(self.session.into_inner()),
        }
    }
}

impl InSession<'_> {
    /// What a look into the books answers; the first failure is kept.
    fn told<T: Default>(&self, answer: Result<T, StoreError>) -> T {
        answer.unwrap_or_else(|error| {
            self.failed.borrow_mut().get_or_insert(error);
            T::default()
        })
    }
}

impl Books for InSession<'_> {
    fn acts_of(&self, person: &PersonalNumber) -> Vec<Applied> {
        let acts = super::of(*self.session.borrow_mut(), person);
        self.told(acts)
    }

    fn act(&self, id: &ActId) -> Option<Act> {
        let entry = super::registered(*self.session.borrow_mut(), id);
        let act = self.told(entry)?.act;
        Some(act.under(&mut |number| {
            let current = numbers::current(*self.session.borrow_mut(), number);
            self.told(current.map(Some)).unwrap_or_else(|| number.clone())
        }))
    }

    fn past(&self, person: &PersonalNumber) -> Vec<Person> {
        let told = (|| -> Result<Vec<Person>, StoreError> {
            let session = &mut **self.session.borrow_mut();
            let mut past = Vec::new();
            for number in numbers::former(session, person)?.iter().rev().chain([person]) {
                past.extend(persons::history(session, number)?.into_iter().map(|revision| revision.person));
            }
            past.pop();
            // Records of then name people by the numbers of then.
            let mut now = BTreeMap::new();
            for record in &mut past {
                let parents = [&mut record.father, &mut record.mother, &mut record.spouse];
                for number in parents.into_iter().flatten().filter_map(|relative| relative.number.as_mut()) {
                    if !now.contains_key(number) {
                        now.insert(number.clone(), numbers::current(session, number)?);
                    }
                    if let Some(current) = now.get(number) {
                        *number = current.clone();
                    }
                }
            }
            Ok(past)
        })();
        self.told(told)
    }
}

impl Others for InSession<'_> {
    fn person(&self, number: &PersonalNumber) -> Option<Arc<Person>> {
        let person = |known: &Option<Known>| known.as_ref().map(|known| Arc::clone(&known.person));
        if let Some(known) = self.locked.borrow().get(number) {
            return person(known);
        }
        let known = persons::whole(*self.session.borrow_mut(), self.one, number);
        match known {
            Ok(known) => {
                let found = person(&known);
                self.locked.borrow_mut().insert(number.clone(), known);
                found
            }
            Err(error) => {
                self.failed.borrow_mut().get_or_insert(error);
                None
            }
        }
    }
}
