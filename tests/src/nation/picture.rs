//! What the simulation was told, apart from the register: who is there, which acts were acknowledged, which messages are owed.

use std::collections::BTreeMap;

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::{ActId, Changes, Topic};
use cccd_population::person::Person;

#[derive(Default)]
pub(super) struct Picture {
    /// Everybody, as last told.
    pub(super) people: BTreeMap<PersonalNumber, Person>,
    /// Numbers that ended, and what followed.
    pub(super) ended: BTreeMap<PersonalNumber, PersonalNumber>,
    /// Acts that were acknowledged, with what became of them: taken, or a case.
    pub(super) acts: BTreeMap<ActId, bool>,
    /// Messages owed, by topic.
    pub(super) owed: BTreeMap<Topic, u64>,
    /// Messages fetched, by topic.
    pub(super) delivered: BTreeMap<Topic, u64>,
    /// Persons who came in by files, and rows that did not.
    pub(super) collected: u64,
    pub(super) rejected: u64,
    pub(super) rows: u64,
    /// Newborns.
    pub(super) born: u64,
    /// References that led out of the province from the beginning.
    pub(super) outside: std::collections::BTreeSet<PersonalNumber>,
    /// Cases that were opened and decided.
    pub(super) cases: u64,
}

impl Picture {
    /// Acts taken.
    pub(super) fn taken(&self) -> u64 {
        self.acts.values().map(|taken| u64::from(*taken)).sum()
    }

    pub(super) fn forget(&mut self, short: super::Short) {
        self.rejected -= u64::from(short.rejected);
        if let Some(count) = self.delivered.values_mut().next().filter(|_| short.delivered) {
            *count -= 1;
        }
    }

    /// What it was to be about is no longer so.
    pub(super) fn owes_no_more(&mut self, topic: Topic) {
        if let Some(count) = self.owed.get_mut(&topic) {
            *count -= 1;
        }
    }

    pub(super) fn take(&mut self, act: &ActId, changes: &Changes) {
        self.acts.insert(act.clone(), true);
        for message in &changes.messages {
            *self.owed.entry(message.topic).or_default() += 1;
        }
        if let Some(person) = &changes.created {
            match &changes.cancelled {
                Some(old) => {
                    self.people.remove(old);
                    self.ended.insert(old.clone(), person.number.clone());
                }
                None => self.born += 1,
            }
            self.people.insert(person.number.clone(), person.clone());
        }
        for person in &changes.changed {
            self.people.insert(person.number.clone(), person.clone());
        }
    }

    /// Everybody whom a record names by number.
    pub(super) fn named(person: &Person) -> impl Iterator<Item = &PersonalNumber> {
        let singles = [&person.father, &person.mother, &person.spouse].into_iter().flatten();
        let lists = person.children.iter().chain(&person.representatives).chain(&person.represented);
        singles
            .chain(lists)
            .filter_map(|relative| relative.number.as_ref())
            .chain(person.household.iter().filter_map(|member| member.number.as_ref()))
    }
}
