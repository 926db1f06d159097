//! What an office has to do: the records of its ward with the most to mend, worst first, and no more than it can read.

use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::personal_number::PersonalNumber;
use serde::Serialize;

use super::score::place_of;
use super::{Remark, Weight};
use crate::person::Person;

/// One record to open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Task {
    /// Ten for an error, one for a doubt.
    pub urgency: u32,
    /// Whose record.
    pub number: PersonalNumber,
    /// What is to be looked at; hints are shown but are no reason to open it.
    pub remarks: Vec<Remark>,
}

/// The tasks of every office, bounded for each.
#[derive(Clone, Debug)]
pub struct WorkList {
    longest: usize,
    offices: BTreeMap<(String, String), Office>,
}

#[derive(Clone, Debug, Default)]
struct Office {
    /// By falling urgency, then by number, so that two runs give the same list.
    tasks: BTreeSet<(core::cmp::Reverse<u32>, PersonalNumber, Vec<Remark>)>,
    left_out: u64,
}

impl WorkList {
    /// Keeps up to `longest` tasks for an office.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        Self { longest, offices: BTreeMap::new() }
    }

    /// Puts a record on its office's list if there is something to do.
    pub fn add(&mut self, person: &Person, remarks: &[Remark]) {
        let urgency = remarks
            .iter()
            .map(|remark| match remark.rule.weight() {
                Weight::Error => 10,
                Weight::Doubt => 1,
                Weight::Hint => 0,
            })
            .sum();
        if urgency == 0 {
            return;
        }
        let office = self.offices.entry(place_of(person)).or_default();
        office.tasks.insert((core::cmp::Reverse(urgency), person.number.clone(), remarks.to_vec()));
        if office.tasks.len() > self.longest && office.tasks.pop_last().is_some() {
            office.left_out += 1;
        }
    }

    /// The tasks of a ward's office, worst first, and how many more there are than the list holds.
    #[must_use]
    pub fn of(&self, ward: &str) -> (Vec<Task>, u64) {
        let mut left_out = 0;
        let mut tasks = Vec::new();
        for ((_, code), office) in &self.offices {
            if code == ward {
                left_out += office.left_out;
                tasks.extend(office.tasks.iter().map(|(urgency, number, remarks)| Task {
                    urgency: urgency.0,
                    number: number.clone(),
                    remarks: remarks.clone(),
                }));
            }
        }
        tasks.sort_by_key(|task| (core::cmp::Reverse(task.urgency), task.number.clone()));
        (tasks, left_out)
    }

    /// Province and ward of every office with work, and how much there is.
    pub fn offices(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.offices.iter().map(|((province, ward), office)| {
            let listed = u64::try_from(office.tasks.len()).unwrap_or(u64::MAX);
            (province.as_str(), ward.as_str(), listed.saturating_add(office.left_out))
        })
    }
}
