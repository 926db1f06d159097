//! The synthetic nation: repeatable, unique, consistent, in proportion.

use std::collections::{BTreeMap, HashMap, HashSet};

use cccd_card_profile::card_holder::{CardData, Sex};
use cccd_card_profile::personal_number::RegistrationPlace;
use cccd_population::generate::Nation;
use cccd_population::person::{Life, MaritalStatus, Person};

use crate::TODAY;

fn nation(count: u64, seed: u64) -> Vec<Person> {
    Nation::new(count, seed, TODAY).collect()
}

#[test]
fn a_seed_is_a_nation() {
    assert_eq!(nation(300, 7), nation(300, 7));
    assert_ne!(nation(300, 7), nation(300, 8));
    for count in [0, 1, 7, 50] {
        assert_eq!(nation(count, 1).len() as u64, count);
    }
}

#[test]
fn everybody_could_be_true_and_nobody_is_there_twice() {
    let people = nation(20_000, 1);
    let numbers: HashSet<_> = people.iter().map(|person| &person.number).collect();
    assert_eq!(numbers.len(), people.len());
    let old: HashSet<_> = people.iter().filter_map(|person| person.old_number.as_ref()).collect();
    assert_eq!(old.len(), people.iter().filter(|person| person.old_number.is_some()).count());
    let endings: HashSet<_> = people.iter().map(|person| person.number.can()).collect();
    assert!(endings.len() > 15_000, "access numbers repeat: {}", endings.len());
    for person in &people {
        assert_eq!(person.clone().checked(TODAY).as_ref(), Ok(person));
        let structure = person.number.structure();
        assert_eq!((structure.sex, structure.birth_year), (person.sex, person.birth_date.year()));
        // Every name can be written into a machine readable zone (Doc 9303-3 §6).
        let card = CardData::new(person.card_holder(), TODAY, None).unwrap();
        assert!(card.mrz().is_ok(), "{}", person.full_name);
    }
}

#[test]
fn families_agree_with_each_other() {
    let people = nation(20_000, 3);
    let by_number: HashMap<_, _> = people.iter().map(|person| (&person.number, person)).collect();
    let find = |relative: &cccd_population::person::Relative| {
        by_number.get(relative.number.as_ref().unwrap()).copied()
    };
    let (mut parents, mut couples) = (0, 0);
    for person in &people {
        for (parent, sex) in [(&person.father, Sex::Male), (&person.mother, Sex::Female)] {
            let Some(relative) = parent else { continue };
            let Some(parent) = find(relative) else { continue };
            parents += 1;
            assert_eq!((parent.sex, &parent.full_name), (sex, &relative.name));
            let apart = person.birth_date.year() - parent.birth_date.year();
            assert!((17..=54).contains(&apart), "{apart} years between parent and child");
            assert!(parent.children.iter().any(|child| child.number.as_ref() == Some(&person.number)));
            if let Life::Dead(day) = parent.life {
                assert!(day >= person.birth_date.earliest(), "a child of the dead");
            }
        }
        if let Some(spouse) = person.spouse.as_ref().and_then(find) {
            couples += 1;
            assert_ne!(spouse.sex, person.sex);
            assert_eq!(spouse.spouse.as_ref().unwrap().number.as_ref(), Some(&person.number));
            assert_eq!(spouse.residences.permanent, person.residences.permanent);
            // Who is dead or missing lives nowhere else.
            if spouse.life == Life::Alive && person.life == Life::Alive {
                assert_eq!(spouse.residences, person.residences);
            }
        }
    }
    assert!(parents > 20_000 && couples > 6_000, "{parents} {couples}");
}

#[test]
fn the_proportions_of_the_real_one() {
    let people = nation(30_000, 5);
    let share = |of: &dyn Fn(&Person) -> bool| {
        people.iter().filter(|person| of(person)).count() as f64 / people.len() as f64
    };
    let within = |what: &str, share: f64, low: f64, high: f64| {
        assert!((low..=high).contains(&share), "{what}: {share}");
    };
    within("Kinh", share(&|person| person.ethnic_group.as_deref() == Some("Kinh")), 0.80, 0.90);
    within("no religion", share(&|person| person.religion.as_deref() == Some("Không")), 0.85, 0.88);
    within("Nguyễn", share(&|person| person.full_name.starts_with("Nguyễn ")), 0.22, 0.34);
    within("women", share(&|person| person.sex == Sex::Female), 0.46, 0.54);
    within("children", share(&|person| person.birth_date.year() > 2011), 0.12, 0.30);
    within("year only", share(&|person| person.birth_date.date().is_none()), 0.001, 0.05);
    within("dead", share(&|person| matches!(person.life, Life::Dead(_))), 0.005, 0.06);
    let status = |status| share(&|person: &Person| person.marital_status == Some(status));
    within("divorced", status(MaritalStatus::Divorced), 0.005, 0.05);
    within("widowed", status(MaritalStatus::Widowed), 0.005, 0.10);
    within("staying elsewhere", share(&|person| person.residences.temporary.is_some()), 0.005, 0.05);
    within("living elsewhere", share(&|person| person.residences.current.is_some()), 0.02, 0.10);
    let country = |person: &Person| match person.number.structure().registered_in {
        RegistrationPlace::Country { name, .. } => Some(name),
        _ => None,
    };
    within("born abroad", share(&|person| country(person).is_some()), 0.001, 0.01);
    for person in &people {
        assert!(country(person).is_none_or(|name| person.place_of_birth.as_deref() == Some(name)));
        let divorced = person.marital_status == Some(MaritalStatus::Divorced);
        assert!(!divorced || (person.spouse.is_none() && person.life == Life::Alive));
        assert!(person.spouse.is_none() || person.marital_status != Some(MaritalStatus::Single));
        let heads = person.household.iter().filter(|member| member.relation == "Chủ hộ").count();
        assert_eq!(heads, usize::from(!person.household.is_empty()));
        let permanent = person.residences.permanent.as_ref();
        assert!(person.residences.temporary.is_none() || person.residences.temporary.as_ref() != permanent);
    }
    let mut provinces = BTreeMap::<_, u32>::new();
    for person in &people {
        let residence = person.residences.permanent.clone().unwrap();
        *provinces.entry(residence.province_code.unwrap()).or_default() += 1;
    }
    assert_eq!(provinces.len(), 34);
    assert!(people.iter().any(|person| person.full_name.starts_with("H'")));
    assert!(people.iter().any(|person| person.full_name.starts_with("Y ")));
}
