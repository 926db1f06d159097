//! Where people live: what a registration of residence changes, and what none may (Luật Cư trú 2020).

use cccd_population::civil_status::{
    Act, Changes, Contradiction, Kind, Mover, NotApplied, Refusal, Stay, Topic, apply,
};
use cccd_population::civil_status::{ActId, Applied};
use cccd_population::person::{Flaw, Life, Residence, TemporaryAbsence};
use jiff::civil::{Date, date};

use super::civil_status::{
    BACHELOR, CHILD, HUSBAND, Register, TODAY, WIFE, consistent, entry, number, take, topics, town,
};

const ON: Date = date(2026, 10, 1);

fn elsewhere() -> Residence {
    let mut place = Residence::new("Số 9, đường Lê Lợi, Huế");
    (place.ward_code, place.province_code) = (Some("19753".to_owned()), Some("46".to_owned()));
    place
}

fn movers(of: &[(&str, &str)]) -> Vec<Mover> {
    of.iter()
        .map(|(person, relation)| Mover { person: number(person), relation: (*relation).to_owned() })
        .collect()
}

fn moving(of: &[(&str, &str)], joins: Option<&str>, place: Option<Residence>) -> Act {
    Act::Permanent { movers: movers(of), joins: joins.map(number), place, on: ON }
}

fn moved(register: &mut Register, act: Act) -> Result<Changes, NotApplied> {
    let changes = take(register, act, None);
    consistent(register);
    changes
}

#[test]
fn a_household_moves_together_and_a_member_who_stays_is_left_without_a_head() {
    let mut register = town();
    let all = [(HUSBAND, "Chủ hộ"), (WIFE, "Vợ"), (CHILD, "Con")];
    let changes = moved(&mut register, moving(&all, None, Some(elsewhere()))).unwrap();
    assert!(!topics(&changes, HUSBAND).contains(&Topic::HouseholdHead));
    for (person, relation) in all {
        let record = &register[&number(person)];
        let home = record.residences.permanent.as_ref().unwrap();
        assert_eq!((home.province_code.as_deref(), home.since), (Some("46"), Some(ON)));
        assert_eq!((record.household.len(), record.relation_to_head.as_deref()), (3, Some(relation)));
    }

    let mut register = town();
    let changes = moved(&mut register, moving(&[(HUSBAND, "Chủ hộ")], None, Some(elsewhere()))).unwrap();
    assert!(topics(&changes, HUSBAND).contains(&Topic::HouseholdHead));
    assert_eq!(register[&number(HUSBAND)].household.len(), 1);
    let left = &register[&number(WIFE)];
    assert!(left.household.len() == 2 && left.residences.permanent.as_ref().unwrap().since.is_none());
}

#[test]
fn somebody_joins_a_household_and_lives_where_it_lives() {
    let mut register = town();
    // No home of his own, nobody can join him; with them he is at home.
    assert_eq!(
        moved(&mut register, moving(&[(CHILD, "Cháu")], Some(BACHELOR), None)),
        Err(Contradiction::NotAtHome.into())
    );
    let other = moving(&[(BACHELOR, "Em")], Some(WIFE), Some(elsewhere()));
    assert_eq!(moved(&mut register, other), Err(Contradiction::NotAtHome.into()));
    moved(&mut register, moving(&[(BACHELOR, "Em")], Some(WIFE), None)).unwrap();
    for person in [HUSBAND, WIFE, CHILD, BACHELOR] {
        assert_eq!(register[&number(person)].household.len(), 4, "{person}");
    }
    let record = &register[&number(BACHELOR)];
    assert_eq!(record.residences.permanent.as_ref().unwrap().ward_code.as_deref(), Some("00070"));
    // Who is no longer at home cannot be joined; who is removed leaves.
    moved(&mut register, Act::Removed { person: number(BACHELOR), on: ON }).unwrap();
    assert_eq!(register[&number(WIFE)].household.len(), 3);
    assert_eq!(register[&number(BACHELOR)].relation_to_head, None);
    assert_eq!(
        moved(&mut register, Act::Removed { person: number(BACHELOR), on: ON }),
        Err(Refusal::Nothing.into())
    );
}

#[test]
fn a_household_has_one_head_a_place_and_living_members() {
    let mut register = town();
    let place = || Some(elsewhere());
    for (of, joins, place, why) in [
        (&[][..], None, place(), Refusal::NoHousehold),
        (&[(WIFE, "Vợ")], None, place(), Refusal::NoHousehold),
        (&[(WIFE, "Chủ hộ"), (HUSBAND, "chủ hộ")], None, place(), Refusal::NoHousehold),
        (&[(BACHELOR, "Chủ hộ")], Some(WIFE), None, Refusal::NoHousehold),
        (&[(WIFE, "Chủ hộ")], None, None, Refusal::NoPlace),
        (&[(WIFE, "Chủ hộ"), (WIFE, "Con")], None, place(), Refusal::Oneself),
        (&[(WIFE, "Em")], Some(WIFE), None, Refusal::Oneself),
        (&[("001085000099", "Chủ hộ")], None, place(), Refusal::UnknownPerson),
    ] {
        assert_eq!(moved(&mut register, moving(of, joins, place)), Err(why.into()));
    }
    let before = register.clone();
    register.get_mut(&number(WIFE)).unwrap().life = Life::Dead(date(2026, 9, 1));
    let act = moving(&[(HUSBAND, "Chủ hộ"), (WIFE, "Vợ")], None, place());
    assert_eq!(take(&mut register, act, None), Err(Contradiction::AfterDeath.into()));
    register.clone_from(&before);
    let unborn = Act::Permanent {
        movers: movers(&[(CHILD, "Chủ hộ")]),
        joins: None,
        place: place(),
        on: date(2014, 6, 6),
    };
    assert_eq!(moved(&mut register, unborn), Err(Refusal::BeforeItHappened.into()));
    assert_eq!(register, before);
}

#[test]
fn a_move_that_comes_late_does_not_undo_a_later_one() {
    let register = town();
    let later = |kind| {
        let id = ActId { office: "19753".to_owned(), year: 2026, kind, serial: 3 };
        [Applied { of: number(BACHELOR), id, on: date(2026, 11, 1) }]
    };
    let act = entry(moving(&[(BACHELOR, "Chủ hộ")], None, Some(elsewhere())));
    for kind in [Kind::Permanent, Kind::Removed] {
        let changes = apply(&act, &register, &later(kind), None, TODAY).unwrap();
        assert!(changes.late && changes.changed.is_empty());
    }
    // A stay does not overtake a home.
    assert!(!apply(&act, &register, &later(Kind::Temporary), None, TODAY).unwrap().late);
}

#[test]
fn stays_and_absence_are_noted_and_end() {
    let mut register = town();
    for (stay, place) in
        [(Stay::Temporary, Some(elsewhere())), (Stay::Current, Some(elsewhere())), (Stay::Temporary, None)]
    {
        let ends = place.is_none();
        moved(&mut register, Act::Temporary { person: number(WIFE), stay, place, on: ON }).unwrap();
        let places = &register[&number(WIFE)].residences;
        let changed = if stay == Stay::Temporary { &places.temporary } else { &places.current };
        assert_eq!(changed.as_ref().and_then(|place| place.since), (!ends).then_some(ON));
        assert_eq!(places.permanent.as_ref().unwrap().ward_code.as_deref(), Some("00070"));
    }
    let until = Some(date(2027, 1, 31));
    moved(&mut register, Act::Absence { person: number(WIFE), on: ON, until }).unwrap();
    assert_eq!(register[&number(WIFE)].temporary_absence, Some(TemporaryAbsence { from: ON, until }));
    let backwards = Act::Absence { person: number(WIFE), on: ON, until: Some(date(2026, 9, 30)) };
    assert_eq!(take(&mut register, backwards, None), Err(Flaw::Date("temporary_absence").into()));
}

/// Permanent and temporary residence are at home (Luật Cư trú 2020 art. 2); who settles abroad has a present place there, and
/// is at home again when they register.
#[test]
fn who_settles_abroad_stays_there_for_now_and_comes_home() {
    let abroad = || Residence::new("12 Main Street, San José, Hoa Kỳ");
    assert_eq!((abroad().country(), elsewhere().country()), (Some("US"), None));
    let mut register = town();
    let stay = |stay| Act::Temporary { person: number(WIFE), stay, place: Some(abroad()), on: ON };
    let home = moving(&[(WIFE, "Chủ hộ")], None, Some(abroad()));
    for act in [home, stay(Stay::Temporary)] {
        assert_eq!(moved(&mut register, act), Err(Refusal::PlaceAbroad.into()));
    }
    moved(&mut register, Act::Removed { person: number(WIFE), on: ON }).unwrap();
    moved(&mut register, stay(Stay::Current)).unwrap();
    let of_record = register[&number(WIFE)].residences.of_record().unwrap().clone();
    assert_eq!((of_record.country(), of_record.since), (Some("US"), Some(ON)));
    moved(&mut register, moving(&[(WIFE, "Chủ hộ")], None, Some(elsewhere()))).unwrap();
    let places = &register[&number(WIFE)].residences;
    assert_eq!(places.permanent.as_ref().unwrap().province_code.as_deref(), Some("46"));
    assert_eq!(places.current, None);
    // Where somebody stays in the country is no reason to forget it.
    let here = Act::Temporary { person: number(WIFE), stay: Stay::Current, place: Some(elsewhere()), on: ON };
    moved(&mut register, here).unwrap();
    moved(&mut register, moving(&[(WIFE, "Chủ hộ")], None, Some(elsewhere()))).unwrap();
    assert!(register[&number(WIFE)].residences.current.is_some());
}

#[test]
fn an_entry_reads_as_the_office_writes_it() {
    let text = format!(
        r#"{{"id":"19753.2026.CT.4","registered_on":"2026-11-20","registered_by":"officer","act":{{"permanent":
        {{"movers":[{{"person":"{BACHELOR}","relation":"Chủ hộ"}}],"place":{{"address":"Số 9, đường Lê Lợi, Huế",
        "ward_code":"19753","province_code":"46"}},"on":"2026-10-01"}}}}}}"#
    );
    let read: cccd_population::civil_status::Entry = serde_json::from_str(&text).unwrap();
    assert_eq!(read.act, moving(&[(BACHELOR, "Chủ hộ")], None, Some(elsewhere())));
    assert_eq!(read.id.kind, Kind::Permanent);
}
