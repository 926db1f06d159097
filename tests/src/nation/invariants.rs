//! What must hold of the register at the end of the year: each a count of what does not.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::person::{Life, Person};
use cccd_population::quality::{Context, NoCodes, Part, Policy, Weight, assess};
use cccd_population::store::{SqlStore, Store as _};

use super::World;
use super::picture::Picture;
use super::year::INTAKES;

/// One line of the table.
#[derive(Debug, Clone)]
pub struct Invariant {
    /// What must hold.
    pub what: &'static str,
    /// Of how many it was asked.
    pub of: u64,
    /// How often it did not.
    pub violations: u64,
}

/// Persons read at once.
const PAGE: u32 = 2_000;

pub(super) fn judge(world: &World) -> Result<Vec<Invariant>> {
    // Through a line of its own: what the others hold in memory is no witness.
    let store = SqlStore::open(&world.place)?;
    let people = everybody(&store)?;
    let picture = &world.picture;
    let mut table = Vec::new();
    let mut holds = |what, of: usize, violations: u64| {
        table.push(Invariant { what, of: of as u64, violations });
    };
    let sum = picture.collected + picture.born;
    let there = people.len() as u64;
    holds("people in = people out", people.len(), there.abs_diff(sum));
    holds(
        "rows in = persons + rejected rows",
        usize::try_from(picture.rows)?,
        picture.rows.abs_diff(picture.collected + picture.rejected),
    );
    holds("every record is as it was last told", picture.people.len(), differing(&people, &picture.people));
    holds("nobody is named who is not there (orphans)", people.len(), orphans(&people, &picture.outside));
    holds("what one record says of another, that one says too", people.len(), one_sided(&people));
    holds(
        "a number that ended leads to the one that goes on",
        picture.ended.len(),
        astray(&store, &people, picture)?,
    );
    let (acts, unacknowledged) = acts(&store, &people, picture)?;
    holds("every acknowledged act is there, once", acts, unacknowledged);
    let (abroad, elsewhere) = born_abroad(&store, &people, picture)?;
    holds("who is born abroad bears that country's number", abroad, elsewhere);
    let (links, broken) = chains(&store)?;
    holds(
        "the chain of every office is whole",
        links,
        broken + (links as u64).abs_diff(picture.acts.len() as u64),
    );
    let owed: u64 = picture.owed.values().sum();
    holds("every message was delivered once", usize::try_from(owed)?, undelivered(picture));
    holds("no record is wrong in itself", people.len(), wrong(world, &people));
    holds("every case is decided", usize::try_from(picture.cases)?, undecided(world, &store)?);
    let sound = store.check_integrity();
    holds("the engine finds its file sound", 1, u64::from(sound.is_err()));
    Ok(table)
}

fn everybody(store: &SqlStore) -> Result<BTreeMap<PersonalNumber, Person>> {
    let mut people = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.persons_after(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(people) };
        after = Some(last.number.clone());
        people.extend(page.into_iter().map(|person| (person.number.clone(), person)));
    }
}

fn differing(people: &BTreeMap<PersonalNumber, Person>, told: &BTreeMap<PersonalNumber, Person>) -> u64 {
    let numbers: BTreeSet<_> = people.keys().chain(told.keys()).collect();
    numbers.into_iter().filter(|number| people.get(number) != told.get(number)).count() as u64
}

fn orphans(people: &BTreeMap<PersonalNumber, Person>, outside: &BTreeSet<PersonalNumber>) -> u64 {
    let named = people.values().flat_map(Picture::named);
    named.filter(|number| !people.contains_key(number) && !outside.contains(number)).count() as u64
}

/// Husband and wife, parent and child, members of one household.
fn one_sided(people: &BTreeMap<PersonalNumber, Person>) -> u64 {
    let mut found = 0;
    for person in people.values() {
        let own = Some(&person.number);
        // Somebody who came back after years is in nobody's household until they register.
        let at_home = matches!(person.life, Life::Alive) && person.relation_to_head.is_some();
        for parent in [&person.father, &person.mother].into_iter().flatten() {
            let Some(parent) = parent.number.as_ref().and_then(|number| people.get(number)) else { continue };
            found += u64::from(!parent.children.iter().any(|child| child.number.as_ref() == own));
        }
        for member in person.household.iter().filter(|_| at_home) {
            let Some(other) = member.number.as_ref().and_then(|number| people.get(number)) else { continue };
            found += u64::from(!other.household.iter().any(|known| known.number.as_ref() == own));
        }
    }
    found
}

fn astray(store: &SqlStore, people: &BTreeMap<PersonalNumber, Person>, picture: &Picture) -> Result<u64> {
    let mut found = 0;
    for (old, new) in &picture.ended {
        let mut last = new;
        while let Some(next) = picture.ended.get(last) {
            last = next;
        }
        let follows = people.contains_key(last);
        found += u64::from(people.contains_key(old) || !follows || store.person(old)?.is_some());
    }
    Ok(found)
}

/// Acts of the persons whose own they are, found where they must be.
fn acts(
    store: &SqlStore,
    people: &BTreeMap<PersonalNumber, Person>,
    picture: &Picture,
) -> Result<(usize, u64)> {
    let mut found = BTreeMap::<_, BTreeSet<&PersonalNumber>>::new();
    let mut twice = 0;
    for number in people.keys() {
        let mut own = BTreeSet::new();
        for applied in store.acts_of(number)? {
            twice += u64::from(!own.insert(applied.id.clone()));
            found.entry(applied.id).or_default().insert(number);
        }
    }
    let missing =
        picture.acts.iter().filter(|(act, taken)| **taken && !found.contains_key(*act)).count() as u64;
    let invented = found.keys().filter(|act| picture.acts.get(act) != Some(&true)).count() as u64;
    Ok((picture.acts.len(), twice + missing + invented))
}

/// Those whose birth a representation registered: under its country's code, and resident nowhere by that act.
fn born_abroad(
    store: &SqlStore,
    people: &BTreeMap<PersonalNumber, Person>,
    picture: &Picture,
) -> Result<(usize, u64)> {
    let (mut of, mut astray) = (0, 0);
    for (act, _) in picture.acts.iter().filter(|(_, taken)| **taken) {
        let Some(country) = act.country() else { continue };
        of += 1;
        let born = store.act_with_people(act)?.and_then(|(_, number, _)| number);
        let registered = born.as_ref().and_then(|number| {
            let mut last = number;
            while let Some(next) = picture.ended.get(last) {
                last = next;
            }
            people.get(last)?.birth_registration_place.clone()
        });
        let there = registered.is_some_and(|place| place.starts_with("Cơ quan đại diện"));
        astray += u64::from(!there || born.is_none_or(|number| !number.as_str().starts_with(country)));
    }
    Ok((of, astray))
}

fn chains(store: &SqlStore) -> Result<(usize, u64)> {
    let (mut links, mut broken) = (0, 0);
    for intake in INTAKES {
        let mut before = [0; 32];
        for (entry, sequence) in store.intake_entries(intake)?.iter().zip(1_u64..) {
            broken += u64::from(entry.sequence != sequence || !entry.follows(intake, &before));
            before = entry.digest;
            links += 1;
        }
    }
    Ok((links, broken))
}

fn undelivered(picture: &Picture) -> u64 {
    let topics: BTreeSet<_> = picture.owed.keys().chain(picture.delivered.keys()).collect();
    let count = |of: &BTreeMap<_, u64>, topic| of.get(topic).copied().unwrap_or_default();
    topics
        .into_iter()
        .map(|topic| count(&picture.owed, topic).abs_diff(count(&picture.delivered, topic)))
        .sum()
}

/// Errors of correctness that the year made: none but a household that waits for its new head.
fn wrong(world: &World, people: &BTreeMap<PersonalNumber, Person>) -> u64 {
    let today = world.plan.today;
    let context = Context { today, policy: Policy::default(), codes: &NoCodes, others: people };
    let error = |person: &Person| {
        assess(person, Some(today), &context).iter().any(|remark| {
            remark.rule.part() == Part::Correct
                && remark.rule.weight() == Weight::Error
                && remark.rule.code() != "household-head"
        })
    };
    people.values().filter(|person| error(person)).count() as u64
}

/// Cases of two sources; those of contradicting acts go back to their offices and stay open here.
fn undecided(world: &World, store: &SqlStore) -> Result<u64> {
    let open = store.cases(None, Some(cccd_population::cases::CaseState::Open), 1_000_000)?;
    let contradicting = world.picture.acts.values().filter(|taken| !**taken).count() as u64;
    Ok((open.len() as u64).abs_diff(contradicting))
}
