//! Looking other persons up, for rules and acts that concern more than one.

use std::collections::BTreeMap;
use std::sync::Arc;

use cccd_card_profile::personal_number::PersonalNumber;

use super::Person;

/// Other persons of the register.
pub trait Others {
    /// The person with this number, if the register holds them. An act looks at more people than it changes: none is copied for that.
    fn person(&self, number: &PersonalNumber) -> Option<Arc<Person>>;
}

impl Others for BTreeMap<PersonalNumber, Person> {
    fn person(&self, number: &PersonalNumber) -> Option<Arc<Person>> {
        self.get(number).cloned().map(Arc::new)
    }
}
