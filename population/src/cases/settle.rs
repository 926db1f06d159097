//! Contradicting facts settled as an officer decided.

use std::collections::BTreeMap;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use jiff::civil::Date;

use super::merge::{Outcome, parents_follow};
use crate::civil_status::Refusal;
use crate::civil_status::apply::is_older;
use crate::civil_status::family::Touched;
use crate::person::{Others, Person};
use crate::quality::conflict::{Conflict, Decision, NotDecided};

/// Why nothing was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSettled {
    /// The decision does not count.
    #[error(transparent)]
    NotDecided(#[from] NotDecided),
    /// What was decided cannot be true.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// The records as they are when each item has the chosen claim; items that are not chosen keep what is known. A name that
/// was not chosen stays known as another name.
///
/// # Errors
/// [`NotSettled`].
pub fn settle(
    number: &PersonalNumber,
    conflicts: &[Conflict],
    chosen: &BTreeMap<String, usize>,
    (by, reason, at): (&str, &str, Timestamp),
    others: &dyn Others,
    today: Date,
) -> Result<Outcome, NotSettled> {
    if chosen.keys().any(|item| !conflicts.iter().any(|conflict| conflict.item == *item)) {
        return Err(NotDecided::NoSuchClaim.into());
    }
    let mut touched = Touched::new(others);
    let before = touched.get(number).ok_or(Refusal::UnknownPerson)?.clone();
    let mut person = before.clone();
    for conflict in conflicts {
        let claim = chosen.get(&conflict.item).copied().unwrap_or(0);
        let decision = conflict.decide(claim, by, reason, at)?;
        if claim > 0 {
            person = conflict.settle(&person, &decision).map_err(|_| Refusal::Flaw)?;
        } else if conflict.item == "full_name" {
            // What is known now, which may be younger than the claim; the other names are kept.
            let value = serde_json::Value::String(person.full_name.clone());
            person = conflict.settle(&person, &Decision { value, ..decision }).map_err(|_| Refusal::Flaw)?;
        }
    }
    let person = person.checked(today).map_err(Refusal::from)?;
    if person.birth_date != before.birth_date {
        fits_the_family(&mut touched, &person)?;
    }
    let name = person.full_name.clone();
    if let Some(record) = touched.get(number) {
        *record = person;
    }
    if before.full_name != name {
        touched.rename(number, number, &name);
        touched.own_name(number, number, &name);
    }
    parents_follow(&mut touched, number, &[&before])?;
    let changed = touched.changed(today).map_err(Refusal::from)?;
    Ok(Outcome { changed, cancelled: None, messages: Vec::new() })
}

/// A birth date that is chosen lies after the parents' and before the children's, as one that an act corrects.
fn fits_the_family(touched: &mut Touched<'_>, person: &Person) -> Result<(), Refusal> {
    let parents = [&person.father, &person.mother].into_iter().flatten();
    for parent in parents.filter_map(|parent| parent.number.as_ref()) {
        touched.get(parent).map_or(Ok(()), |parent| is_older(parent, person.birth_date))?;
    }
    for child in person.children.iter().filter_map(|child| child.number.as_ref()) {
        touched.get(child).map_or(Ok(()), |child| is_older(person, child.birth_date))?;
    }
    Ok(())
}
