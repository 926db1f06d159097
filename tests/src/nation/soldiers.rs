//! Men and women join the armed forces: their ministry keeps their details from then on, and nothing of them comes in by
//! others until they are back.

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::{Act, ActId, Book, Entry, Kind, Refusal, Stay};
use cccd_population::keepers::{Keeper, says_details, without_details};
use cccd_population::person::{Life, Residence};
use cccd_population::store::{Put, SqlStore, Store as _, StoreError};

use super::{Invariant, World};

/// Of so many people one joins in the year.
const ONE_IN: usize = 1_000;

/// One in so many comes back.
const BACK: usize = 3;

/// Who serves, and with whom; `None` for who is back.
pub(super) struct Told {
    served: Vec<(PersonalNumber, Option<Keeper>)>,
}

pub(super) fn run(world: &mut World) -> Result<Told> {
    let today = world.plan.today;
    let (young, old) = (
        today.saturating_sub(jiff::Span::new().years(18)),
        today.saturating_sub(jiff::Span::new().years(40)),
    );
    // From the end: forms and bundles are of those at the beginning.
    let fit = world.picture.people.values().rev().filter(|person| {
        matches!(person.life, Life::Alive) && (old..young).contains(&person.birth_date.earliest())
    });
    let count = (world.picture.people.len() / ONE_IN).max(4);
    let recruits: Vec<_> = fit.take(count).cloned().collect();
    ensure!(!recruits.is_empty(), "nobody to join the armed forces");
    let change = world.change("form", today);
    let mut served = Vec::new();
    for (turn, person) in recruits.into_iter().enumerate() {
        let number = person.number.clone();
        let mut known = person;
        known.phone = Some(format!("08{turn:08}"));
        known.residences.current = Some(Residence::new("Doanh trại"));
        world.store.put_person(&known, &change)?;
        let keeper = if turn % 4 == 0 { Keeper::PublicSecurity } else { Keeper::Defence };
        world.store.keep_elsewhere(&number, keeper, today, &format!("{turn}/QĐ"), &change)?;
        // A list says where they are; a ward would register it.
        let done = world.store.put_persons(std::slice::from_ref(&known), &change)?;
        ensure!(done == [Put::KeptElsewhere], "a list about a soldier: {done:?}");
        let act = Act::Temporary {
            person: number.clone(),
            stay: Stay::Current,
            place: known.residences.current.clone(),
            on: today,
        };
        let id = ActId {
            office: "00071".to_owned(),
            year: today.year(),
            kind: Kind::Current,
            serial: u32::try_from(turn)? + 1,
        };
        let entry = Entry {
            id,
            registered_on: today,
            registered_by: "registrar".to_owned(),
            book: Book::Electronic,
            act,
        };
        let done = world.store.record_act(&entry, None, "ward-1", &change, today);
        ensure!(
            matches!(done, Err(StoreError::Refused(Refusal::KeptElsewhere))),
            "a residence of a soldier: {done:?}"
        );
        let back = turn % BACK == 0;
        if back {
            ensure!(world.store.end_keeping(&number, keeper)?, "somebody who served is not back");
        }
        world.picture.people.insert(number.clone(), without_details(&known));
        served.push((number, (!back).then_some(keeper)));
    }
    world.told(
        "soldiers",
        &format!(
            "{} joined the armed forces, {} are back",
            served.len(),
            served.iter().filter(|(_, keeper)| keeper.is_none()).count()
        ),
    );
    Ok(Told { served })
}

pub(super) fn judge(world: &World, told: &Told, invariants: &mut Vec<Invariant>) -> Result<()> {
    let store = SqlStore::open(&world.place)?;
    let mut violations = 0;
    for (number, keeper) in &told.served {
        let kept = store.kept_elsewhere(number)?.map(|kept| kept.keeper);
        let person = store.person(number)?.context("somebody who served is not there")?;
        violations += u64::from(kept != *keeper || says_details(&person));
    }
    invariants.push(Invariant {
        what: "what a ministry keeps of its people stands nowhere here",
        of: told.served.len() as u64,
        violations,
    });
    Ok(())
}
