//! Sạch: one person, one record; one number, one person. Needs the whole register to pass by, once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cccd_card_profile::personal_number::PersonalNumber;

use super::{Remark, Rule};
use crate::name::agree;
use crate::person::{HEAD, Life, Others, Person};

/// What was seen so far. Holds some forty octets for a person who has a CMND or a household list, nothing for others:
/// a province fits in memory; the nation is done province by province.
#[derive(Clone, Default)]
pub struct Clean {
    by_old_number: HashMap<u32, u64>,
    head_of: HashMap<u64, u64>,
    cancelled: BTreeSet<PersonalNumber>,
    found: BTreeMap<PersonalNumber, BTreeSet<Remark>>,
}

impl Clean {
    /// Nothing seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one record in.
    pub fn see(&mut self, person: &Person) {
        let own = digits(&person.number);
        if let Some(old) = person.old_number.as_deref().and_then(|old| old.parse().ok()) {
            let first = *self.by_old_number.entry(old).or_insert(own);
            if first != own {
                self.note_digits(first, Remark::new(Rule::OldNumberShared, "old_number"));
                self.note(&person.number, Remark::new(Rule::OldNumberShared, "old_number"));
            }
        }
        if let Some(cancelled) = &person.cancelled_number {
            self.cancelled.insert(cancelled.clone());
        }
        self.household(person);
    }

    /// The list of one household, as the head's own record has it; members' copies of it say nothing new.
    fn household(&mut self, person: &Person) {
        if matches!(person.life, Life::Dead(_)) {
            return;
        }
        let head = person.household.iter().find(|member| agree(&member.relation, HEAD));
        let Some(head) = head.and_then(|head| head.number.as_ref()).map(digits) else { return };
        for member in person.household.iter().filter_map(|member| member.number.as_ref()) {
            let first = *self.head_of.entry(digits(member)).or_insert(head);
            if first != head {
                self.note(member, Remark::new(Rule::TwoHouseholds, "household"));
            }
        }
    }

    /// Two records that are probably one person (see the duplicate search); both go on the list.
    pub fn duplicate(&mut self, one: &PersonalNumber, other: &PersonalNumber) {
        self.note(one, Remark::new(Rule::Duplicate, "number"));
        self.note(other, Remark::new(Rule::Duplicate, "number"));
    }

    /// What was found, in the order of the numbers.
    #[must_use]
    pub fn finish(mut self, others: &dyn Others) -> BTreeMap<PersonalNumber, Vec<Remark>> {
        for number in core::mem::take(&mut self.cancelled) {
            if others.person(&number).is_some() {
                self.note(&number, Remark::new(Rule::CancelledLives, "number"));
            }
        }
        self.found.into_iter().map(|(number, remarks)| (number, remarks.into_iter().collect())).collect()
    }

    fn note(&mut self, number: &PersonalNumber, remark: Remark) {
        self.found.entry(number.clone()).or_default().insert(remark);
    }

    fn note_digits(&mut self, digits: u64, remark: Remark) {
        if let Ok(number) = PersonalNumber::parse(&format!("{digits:012}")) {
            self.note(&number, remark);
        }
    }
}

impl core::fmt::Debug for Clean {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Clean").field("found", &self.found.len()).finish_non_exhaustive()
    }
}

/// Twelve digits fit.
fn digits(number: &PersonalNumber) -> u64 {
    number.as_str().parse().unwrap_or_default()
}
