//! The extract of an act that the register took, with what it took since about the same facts.

use std::collections::BTreeMap;

use cccd_card_profile::personal_number::PersonalNumber;

use super::{Extract, NoExtract, changes};
use crate::civil_status::{Act, ActId, Applied, Entry};
use crate::person::Person;
use crate::store::{SqlStore, Store as _, StoreError};

impl Extract {
    /// The extract of this act; `None` where the register took no such act.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn of_act(store: &SqlStore, act: &ActId) -> Result<Option<Result<Self, NoExtract>>, StoreError> {
        let Some((entry, number, mut people)) = store.act_with_people(act)? else { return Ok(None) };
        let mut since = Vec::new();
        for later in acts_since(store, &entry, number.as_ref(), &people)? {
            if changes(entry.id.kind, later.id.kind).is_some()
                && let Some((later, _, named)) = store.act_with_people(&later.id)?
            {
                people.extend(named);
                since.push(later);
            }
        }
        Ok(Some(Self::of(&entry, number.as_ref(), &people, &since)))
    }
}

/// The acts of the newborn, or those that are of both husband and wife.
fn acts_since(
    store: &SqlStore,
    entry: &Entry,
    number: Option<&PersonalNumber>,
    people: &BTreeMap<PersonalNumber, Person>,
) -> Result<Vec<Applied>, StoreError> {
    // Who goes on under another number stands in the act under the old one.
    let of = |number: &PersonalNumber| match people.get(number) {
        Some(person) => store.acts_of(&person.number),
        None => Ok(Vec::new()),
    };
    match (&entry.act, number) {
        (Act::Marriage { husband, wife, .. }, _) => {
            let theirs = of(wife)?;
            Ok(of(husband)?.into_iter().filter(|act| theirs.iter().any(|other| other.id == act.id)).collect())
        }
        (Act::Death { person, .. }, _) => of(person),
        (_, Some(child)) => of(child),
        _ => Ok(Vec::new()),
    }
}
