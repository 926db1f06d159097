//! Persons taken in, many at a time: those who are new go in at once, those who are known are read together and changed.

use std::collections::BTreeSet;
use std::sync::mpsc;

use cccd_card_profile::personal_number::PersonalNumber;

use super::{Known, TABLE, insert_new, known, known_all, replace, values_at};
use crate::person::{Life, Person};
use crate::store::engine::Session;
use crate::store::{Change, Put, StoreError, kept, numbers, sealed, search};

/// Persons whose records are read together.
const TOGETHER: usize = 256;

/// Fewer rows than this are made by the thread that loads them.
const ALONE: usize = 1_000;

/// Rows that are handed over together, and how many such parts wait to be loaded.
const PART: usize = 250;
const AHEAD: usize = 8;

/// Persons who are all new go in at once, by the order of their numbers; else those who are known are read together. A
/// number that ended is nobody's: its row is left out.
pub(in crate::store) fn put_all(
    session: &mut dyn Session,
    persons: &[Person],
    change: &Change,
) -> Result<Vec<Put>, StoreError> {
    let ended = ended_among(session, persons)?;
    if ended.is_empty() {
        return put_standing(session, persons, change);
    }
    let standing: Vec<Person> =
        persons.iter().filter(|person| !ended.contains(&person.number)).cloned().collect();
    let mut done = put_standing(session, &standing, change)?.into_iter();
    let each = persons.iter().map(|person| match ended.contains(&person.number) {
        true => Ok(Put::Cancelled),
        false => done.next().ok_or(StoreError::Inconsistent("an answer is missing")),
    });
    each.collect()
}

/// Which of these persons' numbers ended.
pub(in crate::store) fn ended_among(
    session: &mut dyn Session,
    persons: &[Person],
) -> Result<BTreeSet<PersonalNumber>, StoreError> {
    let numbers: Vec<&PersonalNumber> = persons.iter().map(|person| &person.number).collect();
    numbers::ended_among(session, &numbers)
}

fn put_standing(
    session: &mut dyn Session,
    persons: &[Person],
    change: &Change,
) -> Result<Vec<Put>, StoreError> {
    let Some(order) = in_order(persons) else {
        let done: Vec<Put> =
            persons.iter().map(|person| put(session, person, change)).collect::<Result<_, _>>()?;
        count_added(session, persons, &done)?;
        return Ok(done);
    };
    if load_ordered(session, &order, change)? {
        return Ok(vec![Put::Added; persons.len()]);
    }
    let mut done = Vec::with_capacity(persons.len());
    for part in persons.chunks(TOGETHER) {
        put_some(session, part, change, &mut done)?;
    }
    Ok(done)
}

/// The records in the order of their numbers, if they may be loaded at once: several, whole, and nobody twice. One person
/// twice in a batch is the second time a change; a record without its items changes one who is known, or is refused.
fn in_order(persons: &[Person]) -> Option<Vec<&Person>> {
    let mut order: Vec<&Person> = persons.iter().collect();
    order.sort_unstable_by(|one, other| one.number.cmp(&other.number));
    let twice = order.windows(2).any(|pair| match pair {
        [one, other] => one.number == other.number,
        _ => false,
    });
    (persons.len() > 1 && !twice && persons.iter().all(|person| !person.sealed)).then_some(order)
}

/// Persons who are all new, at once. `false`, and nothing was done, if one of them is not.
pub(in crate::store) fn load_new(
    session: &mut dyn Session,
    persons: &[Person],
    change: &Change,
) -> Result<bool, StoreError> {
    match in_order(persons) {
        Some(order) => load_ordered(session, &order, change),
        None => Ok(false),
    }
}

/// Rows are made while the engine takes those before them.
fn load_ordered<'p>(
    session: &mut dyn Session,
    persons: &[&'p Person],
    change: &'p Change,
) -> Result<bool, StoreError> {
    let at = change.at.to_string();
    let keys = session.seal().share();
    let row = |person: &&'p Person| {
        values_at(person, sealed::seal(&keys, person)?, 1, change, at.as_str().into(), None)
    };
    let loaded = if persons.len() < ALONE {
        session.load(&TABLE, &mut persons.iter().map(row))?
    } else {
        std::thread::scope(|scope| {
            let (sender, parts) = mpsc::sync_channel(AHEAD);
            let row = &row;
            scope.spawn(move || {
                for part in persons.chunks(PART) {
                    // The engine stops where somebody is known already.
                    if sender.send(part.iter().map(row).collect::<Vec<_>>()).is_err() {
                        break;
                    }
                }
            });
            session.load(&TABLE, &mut parts.into_iter().flatten())
        })?
    };
    if loaded {
        search::loaded(session, persons)?;
        kept::added(session, persons)?;
    }
    Ok(loaded)
}

/// Counts those who were not known.
pub(in crate::store) fn count_added(
    session: &mut dyn Session,
    persons: &[Person],
    done: &[Put],
) -> Result<(), StoreError> {
    let added = persons.iter().zip(done).filter(|(_, put)| **put == Put::Added);
    kept::added(session, &added.map(|(person, _)| person).collect::<Vec<_>>())
}

/// Persons of whom some are known.
fn put_some(
    session: &mut dyn Session,
    persons: &[Person],
    change: &Change,
    done: &mut Vec<Put>,
) -> Result<(), StoreError> {
    let known = known_all(session, persons)?;
    let new: Vec<&Person> =
        persons.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(person, _)| person).collect();
    let loaded = !new.is_empty() && load_ordered(session, &new, change)?;
    let mut singly = Vec::new();
    for (person, known) in persons.iter().zip(known) {
        done.push(match known {
            Some(known) => put_known(session, known, person, change)?,
            None if loaded => Put::Added,
            None => {
                let put = put(session, person, change)?;
                if put == Put::Added {
                    singly.push(person);
                }
                put
            }
        });
    }
    kept::added(session, &singly)
}

/// Inserts (the caller counts it), changes or leaves alone; who calls it has asked [`ended_among`]. `alive` in a record is no news about one who is known to be dead or missing.
pub(in crate::store) fn put(
    session: &mut dyn Session,
    person: &Person,
    change: &Change,
) -> Result<Put, StoreError> {
    if !person.sealed && insert_new(session, person, change)? {
        return Ok(Put::Added);
    }
    match known(session, &person.number)? {
        Some(known) => put_known(session, known, person, change),
        None if person.sealed => Err(StoreError::Sealed),
        None => Ok(Put::Cancelled),
    }
}

fn put_known(
    session: &mut dyn Session,
    known: Known,
    person: &Person,
    change: &Change,
) -> Result<Put, StoreError> {
    let mut person = person.clone();
    sealed::keep(&mut person, &known.person)?;
    if person.life == Life::Alive {
        person.life = known.person.life;
    }
    if person == *known.person {
        return Ok(Put::Unchanged);
    }
    replace(session, known, &person, change)
}
