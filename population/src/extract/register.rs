//! The extract of an act that the register took, with what it took since about the same facts.

use std::collections::BTreeMap;

use cccd_card_profile::personal_number::PersonalNumber;

use super::{Extract, NoExtract, changes};
use crate::civil_status::{Act, ActId, Applied, Entry, Kind, Party};
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

/// What ended this marriage and not a later one of the same two.
fn until_the_next(
    entry: &Entry,
    theirs: Result<Vec<Applied>, StoreError>,
) -> Result<Vec<Applied>, StoreError> {
    let mut theirs = theirs?;
    let on = entry.act.on();
    let again = theirs.iter().filter(|act| act.id.kind == Kind::Marriage && act.on > on);
    let next = again.map(|act| act.on).min();
    theirs.retain(|act| act.on >= on && next.is_none_or(|next| act.on <= next));
    Ok(theirs)
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
        (Act::Marriage { husband, wife, .. }, _) => until_the_next(
            entry,
            match (husband, wife) {
                (Party::Known(husband), Party::Known(wife)) => {
                    let theirs = of(wife)?;
                    let both = |act: &Applied| theirs.iter().any(|other| other.id == act.id);
                    Ok(of(husband)?.into_iter().filter(both).collect())
                }
                (Party::Known(one), stranger @ Party::Named { .. })
                | (stranger @ Party::Named { .. }, Party::Known(one)) => {
                    let mut theirs = Vec::new();
                    for act in of(one)? {
                        let Some(entry) = store.act(&act.id)? else { continue };
                        // They may have had a number by then.
                        let by_number = |number: &PersonalNumber| -> Result<bool, StoreError> {
                            let other = store.person(number)?.filter(|_| number != one);
                            Ok(other.is_some_and(|other| stranger.is_named(&other.full_name)))
                        };
                        let mut is_theirs = entry.act.is_of_spouse(stranger);
                        for number in entry.act.principals() {
                            is_theirs |= by_number(&number)?;
                        }
                        if is_theirs {
                            theirs.push(act);
                        }
                    }
                    Ok(theirs)
                }
                (Party::Named { .. }, Party::Named { .. }) => Ok(Vec::new()),
            },
        ),
        (Act::Death { person, .. }, _) => of(person),
        (_, Some(child)) => of(child),
        _ => Ok(Vec::new()),
    }
}
