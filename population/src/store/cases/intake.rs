//! Persons taken in: joined with what is known, newcomers and newborns compared with those who are there.

use cccd_card_profile::personal_number::PersonalNumber;
use serde_json::json;

use super::{open_facts, open_pair};
use crate::cases::Intake;
use crate::duplicates::{DEFAULT_THRESHOLD, NameFrequencies, Subject as Compared, at_intake};
use crate::name::comparison_key;
use crate::person::Person;
use crate::quality::conflict::{Conflict, Origin, Standing, Told, join_items};
use crate::store::engine::Session;
use crate::store::{Change, Put, StoreError, persons};

/// How many records under one key are compared with a newcomer.
const CANDIDATES: u32 = 3_000;

/// How many records of one day are compared with a newborn's.
const BORN_ALIKE: u32 = 200;

/// Takes persons in as `intake` says: joined with what is known, contradictions and likely duplicates become cases.
pub(in crate::store) fn take_in(
    session: &mut dyn Session,
    people: &[Person],
    intake: &Intake,
    change: &Change,
) -> Result<Vec<Put>, StoreError> {
    let ended = persons::ended_among(session, people)?;
    if !intake.duplicates && ended.is_empty() && persons::load_new(session, people, change)? {
        return Ok(vec![Put::Added; people.len()]);
    }
    let mut done = Vec::with_capacity(people.len());
    for person in people {
        let put = match intake.standing {
            _ if ended.contains(&person.number) => Put::Cancelled,
            None => persons::put(session, person, change)?,
            Some(_) => join_in(session, person, intake, change)?,
        };
        if put == Put::Added && intake.duplicates {
            let by = if intake.by.is_empty() { &change.source } else { &intake.by };
            look_for_duplicates(session, person, change, by)?;
        }
        done.push(put);
    }
    persons::count_added(session, people, &done)?;
    Ok(done)
}

fn join_in(
    session: &mut dyn Session,
    person: &Person,
    intake: &Intake,
    change: &Change,
) -> Result<Put, StoreError> {
    if persons::insert_new(session, person, change)? {
        return Ok(Put::Added);
    }
    let Some((known, origins)) = persons::known_with_origins(session, &person.number)? else {
        return Ok(Put::Cancelled);
    };
    let told = Told {
        person,
        source: &change.source,
        standing: intake.standing.unwrap_or(Standing::Carried),
        at: intake.as_of.unwrap_or(change.at),
        by: &intake.by,
    };
    if is_another(&known, person) && origins.of("full_name").standing < told.standing {
        // One mistyped digit brings somebody else's row here: no standing makes another person of this one.
        let incoming = Origin {
            source: told.source.to_owned(),
            standing: told.standing,
            at: told.at,
            by: told.by.to_owned(),
        };
        let claims = [
            ("full_name", json!(known.full_name), json!(person.full_name)),
            ("birth_date", json!(known.birth_date), json!(person.birth_date)),
        ];
        let conflicts = claims.into_iter().map(|(item, held, said)| Conflict {
            number: known.number.clone(),
            item: item.to_owned(),
            claims: vec![origins.of(item).claim(&held), incoming.claim(&said)],
        });
        open_facts(session, &known, conflicts.collect(), change)?;
        return Ok(Put::Unchanged);
    }
    let joined = join_items(&known, (&|item| origins.of(item), &|item| origins.gone(item)), &told)
        .map_err(|error| StoreError::Engine(Box::new(error)))?;
    if !joined.conflicts.is_empty() {
        open_facts(session, &known, joined.conflicts, change)?;
    }
    if joined.person == known {
        return Ok(Put::Unchanged);
    }
    persons::change(session, &joined.person, change)?;
    Ok(Put::Changed)
}

/// Compares a newcomer with those who share a CMND, the birth date, or the name in the year of birth.
/// Neither the name nor the day of birth is the one that is known: the row is somebody else's.
fn is_another(known: &Person, said: &Person) -> bool {
    let (one, other) = (known.birth_date.to_string(), said.birth_date.to_string());
    comparison_key(&known.full_name) != comparison_key(&said.full_name)
        && !one.starts_with(&other)
        && !other.starts_with(&one)
}

fn look_for_duplicates(
    session: &mut dyn Session,
    newcomer: &Person,
    change: &Change,
    by: &str,
) -> Result<u32, StoreError> {
    let candidates = persons::candidates(session, newcomer, CANDIDATES)?;
    let compared: Vec<Compared> = candidates.iter().map(Compared::new).collect();
    let found = at_intake(&Compared::new(newcomer), &compared, national(), DEFAULT_THRESHOLD);
    let mut opened = 0;
    for (place, weighed) in found {
        let Some(other) = candidates.get(place) else { continue };
        opened += u32::from(open_pair(session, newcomer, other, &weighed, change, by)?);
    }
    Ok(opened)
}

/// Whose record a newborn's seems to be: by name, day, sex, parents and places, as any two records are compared.
pub(in crate::store) fn registered_already(
    session: &mut dyn Session,
    newborn: &Person,
) -> Result<Option<PersonalNumber>, StoreError> {
    let candidates = persons::born_alike(session, newborn, BORN_ALIKE)?;
    Ok(like_among(newborn, candidates))
}

/// Of each newborn, whether somebody's record seems to be its. `None`: the index of people cannot answer for all of them.
pub(in crate::store) fn registered_already_among(
    session: &mut dyn Session,
    newborns: &[&Person],
) -> Result<Option<Vec<bool>>, StoreError> {
    let Some(candidates) = persons::born_alike_among(session, newborns, BORN_ALIKE)? else { return Ok(None) };
    let each = newborns.iter().zip(candidates);
    Ok(Some(each.map(|(newborn, candidates)| like_among(newborn, candidates).is_some()).collect()))
}

fn like_among(newborn: &Person, mut candidates: Vec<Person>) -> Option<PersonalNumber> {
    // Twins may be named Hương and Phượng: two names of one day at one office are two children.
    let place = |person: &Person| person.birth_registration_place.as_deref().map(comparison_key);
    let (name, here) = (comparison_key(&newborn.full_name), place(newborn));
    candidates.retain(|known| comparison_key(&known.full_name) == name || place(known) != here);
    if candidates.is_empty() {
        return None;
    }
    let compared: Vec<Compared> = candidates.iter().map(Compared::new).collect();
    let found = at_intake(&Compared::new(newborn), &compared, national(), DEFAULT_THRESHOLD);
    let best = found.into_iter().max_by_key(|(_, weighed)| weighed.bits);
    best.and_then(|(place, _)| candidates.get(place)).map(|person| person.number.clone())
}

fn national() -> &'static NameFrequencies {
    static NATIONAL: std::sync::LazyLock<NameFrequencies> =
        std::sync::LazyLock::new(NameFrequencies::national);
    &NATIONAL
}
