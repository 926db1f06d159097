//! Looking other persons up, for rules and acts that concern more than one.

use std::collections::BTreeMap;

use cccd_card_profile::personal_number::PersonalNumber;

use super::Person;

/// Other persons of the register.
pub trait Others {
    /// The person with this number, if the register holds them.
    fn person(&self, number: &PersonalNumber) -> Option<Person>;
}

impl Others for BTreeMap<PersonalNumber, Person> {
    fn person(&self, number: &PersonalNumber) -> Option<Person> {
        self.get(number).cloned()
    }
}
