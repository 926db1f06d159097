//! A second source says otherwise of some people; some stand there with two numbers. Each is a case, and an officer decides
//! it with a reason.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use cccd_population::cases::{CaseState, Intake, Ruled, Ruling, Verdict};
use cccd_population::person::Person;
use cccd_population::quality::conflict::Standing;
use cccd_population::store::{SqlStore, Store as _};

use super::{World, noon};

/// Of so many people one has another paper.
const ONE_IN: usize = 500;

pub(super) fn run(world: &mut World) -> Result<()> {
    let on = world.plan.today.saturating_sub(jiff::Span::new().months(11));
    let known: Vec<Person> = world.picture.people.values().step_by(ONE_IN).cloned().collect();
    let standing = Some(Standing::Carried);
    world.store.take_in_by(Some(Intake {
        standing,
        by: "clerk".to_owned(),
        as_of: None,
        duplicates: false,
    }))?;
    let change = world.change("import:carried:second list", on);
    for person in &known {
        let mut other = person.clone();
        other.full_name = format!("{} Khác", person.full_name);
        other.ethnic_group = Some("Mường".to_owned());
        world.store.put_person(&other, &change)?;
    }
    world.store.take_in_by(None)?;
    let cases = world.store.cases(None, Some(CaseState::Open), 100_000)?;
    ensure!(cases.len() == known.len(), "{} contradictions, {} cases", known.len(), cases.len());
    for (at, case) in cases.iter().enumerate() {
        // Every third: the second list was right about the name.
        let verdict =
            if at % 3 == 0 { Verdict::Take([("full_name".to_owned(), 0)].into()) } else { Verdict::Keep };
        let ruling = Ruling { verdict, by: "officer".to_owned(), reason: "seen the papers".to_owned() };
        for wanted in [Ruled::Done { number: None }, Ruled::Repeat] {
            let done = world.store.decide_case(&case.id, &ruling, None, noon(on), on)?;
            ensure!(done == wanted, "a decision was {done:?}");
        }
        refresh(world, &case.persons)?;
        world.picture.cases += 1;
    }
    world.told("conflicts", &format!("{} cases of two sources, all decided", cases.len()));
    Ok(())
}

/// The picture follows an officer's decision, which answers no records: those named, and everybody around them.
fn refresh(world: &mut World, persons: &[cccd_card_profile::personal_number::PersonalNumber]) -> Result<()> {
    let fresh = SqlStore::open(&world.place)?;
    let mut around = BTreeSet::new();
    for number in persons {
        let person = fresh.person(number)?.context("the person of a case")?;
        around.extend(super::picture::Picture::named(&person).cloned());
        world.picture.people.insert(number.clone(), person);
    }
    for number in around {
        if let Some(person) = fresh.person(&number)? {
            world.picture.people.insert(number, person);
        }
    }
    Ok(())
}
