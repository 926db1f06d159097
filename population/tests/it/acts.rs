//! What an act may say: texts and codes are judged at the door, families by what the register knows.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::{
    Act, ActId, Applied, Book, Contradiction, Entry, Kind, Mover, Newborn, Party, Refusal, Stay, apply,
    apply_overruling, may_overrule,
};
use cccd_population::person::{Flaw, Life, MAX_LIST, MaritalStatus, Person, Relative, Residence};
use cccd_population::store::{SqlStore, Store as _, StoreError};
use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::civil_status::{
    BACHELOR, CHILD, HUSBAND, Register, TODAY, WIFE, consistent, entry, number, party, take, town,
};
use crate::{change, empty, now, postgres};

const ON: Date = date(2026, 11, 11);

fn newborn() -> Newborn {
    Newborn {
        full_name: "Trần Văn Em".to_owned(),
        birth_date: date(2026, 11, 1),
        sex: Sex::Male,
        place_of_birth: "Hà Nội".to_owned(),
        birth_registration_place: "Phường Hoàn Kiếm, Hà Nội".to_owned(),
        number_place: "001".to_owned(),
        place_of_origin: "Hà Nội".to_owned(),
        ethnic_group: "Kinh".to_owned(),
        nationality: "Việt Nam".to_owned(),
    }
}

fn birth(child: Newborn, father: Option<Party>, mother: Option<Party>) -> Act {
    Act::Birth { child: Box::new(child), father, mother, resides_with: None }
}

fn known(digits: &str) -> Option<Party> {
    Some(Party::Known(number(digits)))
}

fn renamed(full_name: &str) -> Act {
    Act::NameChanged { person: number(BACHELOR), full_name: full_name.to_owned(), on: ON }
}

#[test]
fn a_name_is_a_text_with_letters() {
    let mut register = town();
    for (name, flaw) in [
        ("", Flaw::Empty("full_name")),
        (" \t ", Flaw::Empty("full_name")),
        (&"An".repeat(150), Flaw::TooLong("full_name")),
        ("12345", Flaw::Form("full_name")),
        ("Nguyễn Văn 2", Flaw::Form("full_name")),
        ("Nguуen Van An", Flaw::Form("full_name")),
        ("Nguyễn @ An", Flaw::Form("full_name")),
        ("Nguyễn ª", Flaw::Form("full_name")),
        ("Nguyễn -.-a", Flaw::Form("full_name")),
        ("X\0Y", Flaw::NoText("full_name")),
        ("Bell\u{7}\u{1b}[31m", Flaw::NoText("full_name")),
    ] {
        let corrected = Act::NameCorrected { person: number(BACHELOR), full_name: name.to_owned(), on: ON };
        let child = Newborn { full_name: name.to_owned(), ..newborn() };
        for act in [renamed(name), corrected, birth(child, None, known(WIFE))] {
            assert_eq!(take(&mut register, act, Some("001226000009")), Err(flaw.into()), "{name:?}");
        }
    }
    assert_eq!(Refusal::from(Flaw::Empty("full_name")).code(), "item-not-possible");
    let long = Party::Named { name: "7".to_owned(), nationality: None };
    let act = birth(newborn(), Some(long), known(WIFE));
    assert_eq!(take(&mut register, act, Some("001226000009")), Err(Flaw::Form("father").into()));
    assert_eq!(register, town(), "nothing was taken");
    // The forms of one letter and blanks are brought into that of the register.
    for name in ["Y-Bhăm Êban", "H'Hen Niê", "Đinh Ŭ Ŏ"] {
        let act = renamed(name);
        assert!(apply(&entry(act), &register, &[], None, TODAY).is_ok(), "{name}");
    }
    take(&mut register, renamed(" Pha\u{323}m  Giang\n"), None).unwrap();
    assert_eq!(register[&number(BACHELOR)].full_name, "Phạm Giang");
    assert_eq!(take(&mut register, renamed("Phạm\u{a0}Giang"), None), Err(Refusal::Nothing.into()));
}

#[test]
fn groups_countries_and_places_are_those_of_the_lists() {
    let register = town();
    let judged = |act: Act| apply(&entry(act), &register, &[], Some(number("001226000009")), TODAY).map(drop);
    let group =
        |group: &str| Act::EthnicGroup { person: number(WIFE), ethnic_group: group.to_owned(), on: ON };
    let nation =
        |nation: &str| Act::Nationality { person: number(WIFE), nationality: nation.to_owned(), on: ON };
    let stay = |ward: &str, province: &str| {
        let mut place = Residence::new("Số 2, phố Huế, Hà Nội");
        (place.ward_code, place.province_code) = (Some(ward.to_owned()), Some(province.to_owned()));
        Act::Temporary { person: number(WIFE), stay: Stay::Temporary, place: Some(place), on: ON }
    };
    let child = |group: &str, nation: &str| {
        let (ethnic_group, nationality) = (group.to_owned(), nation.to_owned());
        birth(Newborn { ethnic_group, nationality, ..newborn() }, None, known(WIFE))
    };
    for act in [
        group("Tày"),
        group("H'Mông"),
        nation("Hoa Kỳ"),
        nation("Việt Nam, Nga"),
        stay("00070", "01"),
        stay("00706", "02"),
        child("", "Việt Nam"),
        child("Hán", "Trung Quốc"),
    ] {
        assert_eq!(judged(act.clone()), Ok(()), "{act:?}");
    }
    for (act, flaw) in [
        (group("<script>alert(1)</script>"), Flaw::Unlisted("ethnic_group")),
        (group("Klingon"), Flaw::Unlisted("ethnic_group")),
        (group(" "), Flaw::Empty("ethnic_group")),
        (nation("Atlantis"), Flaw::Unlisted("nationality")),
        (nation(""), Flaw::Empty("nationality")),
        (child("Klingon", "Việt Nam"), Flaw::Unlisted("ethnic_group")),
        (child("Kinh", "Atlantis"), Flaw::Unlisted("nationality")),
        (stay("99999", "00"), Flaw::Unlisted("ward_code")),
        (stay("00070", "00"), Flaw::Unlisted("province_code")),
        (stay("00070", "79"), Flaw::Form("province_code")),
        (stay("7", "01"), Flaw::Form("ward_code")),
    ] {
        assert_eq!(judged(act), Err(flaw.into()));
    }
}

/// A corrected day of birth is held against the family's days and against what the person did.
#[test]
fn a_day_of_birth_contradicts_nobody_in_the_family() {
    let register = town();
    let judged = |person: &str, day: Date, before: &[Applied]| {
        let act = Act::BirthDateCorrected { person: number(person), birth_date: BirthDate::Day(day), on: ON };
        apply(&entry(act), &register, before, Some(number("001226000009")), TODAY).map(drop)
    };
    // The child is of 7 June 2014, the father of 1988, the mother of 1990.
    assert_eq!(judged(CHILD, date(2014, 7, 7), &[]), Ok(()));
    assert_eq!(judged(CHILD, date(1990, 4, 5), &[]), Err(Refusal::ParentNotOlder.into()));
    assert_eq!(judged(CHILD, date(2003, 4, 4), &[]), Err(Contradiction::ParentTooYoung.into()));
    assert_eq!(judged(CHILD, date(2003, 4, 5), &[]), Ok(()), "thirteen years old that day");
    assert_eq!(judged(WIFE, date(2014, 6, 7), &[]), Err(Refusal::ParentNotOlder.into()));
    assert_eq!(judged(WIFE, date(2003, 1, 1), &[]), Err(Contradiction::ParentTooYoung.into()));
    let married =
        Applied { of: number(BACHELOR), id: "00070.2012.KH.1".parse().unwrap(), on: date(2012, 5, 5) };
    assert_eq!(judged(BACHELOR, date(2013, 1, 1), &[married]), Err(Refusal::BeforeItHappened.into()));
    let born = Applied { of: number(BACHELOR), id: "00070.1985.KS.1".parse().unwrap(), on: date(1985, 8, 9) };
    assert_eq!(judged(BACHELOR, date(1986, 1, 1), &[born]), Ok(()), "the act of birth is what was wrong");
    // A mother of nine years is a case, and may be true.
    let mut register = town();
    register.get_mut(&number(WIFE)).unwrap().birth_date = BirthDate::Day(date(2017, 1, 1));
    let act = birth(newborn(), None, known(WIFE));
    let young = Contradiction::ParentTooYoung;
    assert_eq!(take(&mut register, act.clone(), Some("001226000009")), Err(young.into()));
    assert!(may_overrule(young));
    let given = Some(number("001226000009"));
    assert!(apply_overruling(&entry(act), &register, &[], given, TODAY, &[young]).is_ok());
}

/// TT 07/2016: the number says where the birth was registered.
#[test]
fn a_number_begins_with_the_offices_own_place() {
    let register = town();
    let judged = |office: &str, place: &str| {
        let act = birth(Newborn { number_place: place.to_owned(), ..newborn() }, None, known(WIFE));
        let home = entry(act);
        let entry = Entry { id: ActId { office: office.to_owned(), ..home.id.clone() }, ..home };
        apply(&entry, &register, &[], Some(number("001226000009")), TODAY).map(drop)
    };
    // Hà Nội; Hà Giang, which is Tuyên Quang now; Russia, at its embassy and noted at home.
    for (office, place) in
        [("00070", "001"), ("00706", "002"), ("00706", "008"), ("90231", "231"), ("00070", "231")]
    {
        assert_eq!(judged(office, place), Ok(()), "{office} {place}");
    }
    for (office, place) in [("00070", "079"), ("00706", "001"), ("90231", "001"), ("90231", "232")] {
        assert_eq!(judged(office, place), Err(Refusal::NumberPlace.into()), "{office} {place}");
    }
    for place in ["", "1", "999", "0001", "abc"] {
        assert_eq!(judged("00070", place), Err(Flaw::Form("number_place").into()), "{place}");
    }
    for office in ["00000", "99999", "90999", "90001"] {
        assert_eq!(judged(office, "001"), Err(Refusal::UnknownOffice.into()), "{office}");
    }
}

#[test]
fn a_mother_is_no_man_and_a_father_no_woman() {
    let mut register = town();
    let other = Contradiction::ParentOfOtherSex;
    let given = Some("001226000009");
    for act in [birth(newborn(), None, known(BACHELOR)), birth(newborn(), known(WIFE), known(HUSBAND))] {
        assert_eq!(take(&mut register, act, given), Err(other.into()));
    }
    let adopt = |father: Option<&str>, mother: Option<&str>| Act::Adoption {
        child: number(CHILD),
        father: father.map(party),
        mother: mother.map(party),
        on: ON,
    };
    assert_eq!(take(&mut register, adopt(None, Some(BACHELOR)), None), Err(other.into()));
    assert_eq!(take(&mut register, adopt(Some(WIFE), None), None), Err(other.into()));
    assert_eq!(register, town());
    // Whose sex was determined again since may have borne a child before: an officer says so.
    assert!(may_overrule(other));
    let act = entry(birth(newborn(), None, known(BACHELOR)));
    let changes = apply_overruling(&act, &register, &[], given.map(number), TODAY, &[other]).unwrap();
    assert_eq!(changes.created.unwrap().mother.unwrap().number, Some(number(BACHELOR)));
    // Of whom no sex is known, nothing contradicts.
    register.get_mut(&number(BACHELOR)).unwrap().sex = Sex::Unspecified;
    take(&mut register, adopt(None, Some(BACHELOR)), None).unwrap();
}

/// A later marriage to somebody else does not make an invented one true.
#[test]
fn only_who_was_married_is_divorced() {
    let mut register = town();
    let divorce = entry(Act::Divorce { husband: party(BACHELOR), wife: party(WIFE), on: date(2024, 1, 1) });
    let id = ActId { office: "00070".to_owned(), year: 2025, kind: Kind::Marriage, serial: 1 };
    let hers = [Applied { of: number(WIFE), id, on: date(2025, 5, 5) }];
    let done = apply(&divorce, &register, &hers, None, TODAY);
    assert_eq!(done, Err(Contradiction::NotMarried.into()));
    // One of them names the other still: the divorce ends that, and leaves what came after.
    let bachelor = register.get_mut(&number(BACHELOR)).unwrap();
    bachelor.spouse = Some(Relative::new("Lê Thị Chi", Some(number(WIFE))));
    bachelor.marital_status = Some(MaritalStatus::Married);
    let changes = apply(&divorce, &register, &hers, None, TODAY).unwrap();
    assert!(changes.late);
    let [changed] = changes.changed.as_slice() else { panic!("one record") };
    assert_eq!((&changed.spouse, changed.marital_status), (&None, Some(MaritalStatus::Divorced)));
}

/// An event tells of the day only; the act does all the rest, and once.
#[test]
fn the_act_of_a_death_that_was_told_before_takes_effect() {
    let mut register = town();
    register.get_mut(&number(HUSBAND)).unwrap().life = Life::Dead(ON);
    let death = Act::Death { person: number(HUSBAND), on: ON };
    take(&mut register, death.clone(), None).unwrap();
    let (dead, widow) = (&register[&number(HUSBAND)], &register[&number(WIFE)]);
    assert!(dead.residences.of_record().is_none() && dead.household.is_empty());
    assert_eq!(widow.marital_status, Some(MaritalStatus::Widowed));
    consistent(&register);
    let before = [Applied { of: number(HUSBAND), id: entry(death.clone()).id, on: ON }];
    assert_eq!(apply(&entry(death), &register, &before, None, TODAY), Err(Refusal::Nothing.into()));
    let other = Act::Death { person: number(HUSBAND), on: date(2026, 11, 12) };
    assert_eq!(take(&mut register, other, None), Err(Contradiction::OtherDeath.into()));
    // Missing, and back.
    register.get_mut(&number(BACHELOR)).unwrap().life = Life::Missing(ON);
    let missing = Act::Missing { person: number(BACHELOR), on: ON };
    take(&mut register, missing.clone(), None).unwrap();
    let before = [Applied { of: number(BACHELOR), id: entry(missing.clone()).id, on: ON }];
    assert_eq!(apply(&entry(missing), &register, &before, None, TODAY), Err(Refusal::Nothing.into()));
    register.get_mut(&number(BACHELOR)).unwrap().life = Life::Alive;
    let returned = entry(Act::Returned { person: number(BACHELOR), on: date(2026, 11, 12) });
    assert!(apply(&returned, &register, &before, None, TODAY).is_ok());
    let never = apply(&returned, &register, &[], None, TODAY);
    assert_eq!(never, Err(Contradiction::NotMissing.into()));
}

#[test]
fn an_act_does_not_make_a_record_impossible_but_is_not_held_up_by_one() {
    let mut register = town();
    let mother = register.get_mut(&number(WIFE)).unwrap();
    mother.children.resize(MAX_LIST, Relative::new("Ai", None));
    let born = birth(newborn(), None, known(WIFE));
    assert_eq!(take(&mut register, born, Some("001226000009")), Err(Flaw::TooLong("children").into()));
    // Older than the register believes, and registered: nobody is kept from dying by that.
    let old = register.get_mut(&number(BACHELOR)).unwrap();
    old.birth_date = BirthDate::Day(date(1890, 1, 1));
    take(&mut register, Act::Death { person: number(BACHELOR), on: ON }, None).unwrap();
    let backwards = Act::Absence { person: number(BACHELOR), on: ON, until: Some(date(2026, 1, 1)) };
    assert_eq!(take(&mut register, backwards, None), Err(Flaw::Date("temporary_absence").into()));
    for act in [
        Act::NameCorrected { person: number(WIFE), full_name: "Lê Chi".to_owned(), on: date(-99, 1, 1) },
        Act::Recognition {
            child: number(CHILD),
            parent: party(BACHELOR),
            parent_sex: None,
            on: date(-99, 1, 1),
        },
        Act::BirthDateCorrected {
            person: number(WIFE),
            birth_date: BirthDate::Day(date(1990, 9, 9)),
            on: date(1990, 8, 8),
        },
    ] {
        assert_eq!(take(&mut register, act, None), Err(Refusal::BeforeItHappened.into()));
    }
}

/// Any text that somebody may type or send, and what a table refuses.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("  \t".to_owned()),
        Just("Kinh".to_owned()),
        Just("Việt Nam".to_owned()),
        Just("Chủ hộ".to_owned()),
        Just("X\0Y".to_owned()),
        "[\\PC\u{0}\u{7}\u{1b}\u{fffd}\u{301} \n]{0,12}",
        "[ A-Za-zà-ỹ]{1,30}",
        (1_usize..700).prop_map(|length| "Đ ".repeat(length)),
        "[0-9]{1,5}",
    ]
}

fn day() -> impl Strategy<Value = Date> {
    prop_oneof![
        3 => Just(ON),
        1 => (1985_i16..2027, 1_i8..13).prop_map(|(year, month)| date(year, month, 1)),
        1 => (-9_999_i16..9_999).prop_map(|year| date(year, 1, 1)),
    ]
}

fn person() -> impl Strategy<Value = PersonalNumber> {
    proptest::sample::select(vec![HUSBAND, WIFE, CHILD, BACHELOR, OLD, "001088999999"]).prop_map(number)
}

fn place() -> impl Strategy<Value = Option<Residence>> {
    let code = || proptest::option::of(prop_oneof![Just("00070".to_owned()), Just("01".to_owned()), text()]);
    proptest::option::of((text(), code(), code(), proptest::option::of(day())).prop_map(
        |(address, ward_code, province_code, since)| Residence { address, ward_code, province_code, since },
    ))
}

fn party_of() -> impl Strategy<Value = Party> {
    prop_oneof![
        person().prop_map(Party::Known),
        (text(), proptest::option::of(text()))
            .prop_map(|(name, nationality)| Party::Named { name, nationality }),
    ]
}

fn parent() -> impl Strategy<Value = Option<Party>> {
    proptest::option::of(party_of())
}

fn sex() -> impl Strategy<Value = Sex> {
    proptest::sample::select(vec![Sex::Male, Sex::Female, Sex::Unspecified])
}

fn child() -> impl Strategy<Value = Newborn> {
    let place = || prop_oneof![Just("001".to_owned()), text()];
    ((text(), day(), sex(), text(), text()), (place(), text(), text(), text())).prop_map(
        |((full_name, birth_date, sex, place_of_birth, birth_registration_place), rest)| {
            let (number_place, place_of_origin, ethnic_group, nationality) = rest;
            Newborn {
                full_name,
                birth_date,
                sex,
                place_of_birth,
                birth_registration_place,
                number_place,
                place_of_origin,
                ethnic_group,
                nationality,
            }
        },
    )
}

fn any_act() -> impl Strategy<Value = Act> {
    let of = || (person(), day());
    prop_oneof![
        2 => (child(), parent(), parent(), proptest::option::of(person())).prop_map(
            |(child, father, mother, resides_with)| Act::Birth { child: Box::new(child), father, mother, resides_with }),
        1 => of().prop_map(|(person, on)| Act::Death { person, on }),
        1 => (party_of(), party_of(), day()).prop_map(|(husband, wife, on)| Act::Marriage { husband, wife, on }),
        1 => (party_of(), party_of(), day()).prop_map(|(husband, wife, on)| Act::Divorce { husband, wife, on }),
        1 => (party_of(), party_of(), day())
            .prop_map(|(husband, wife, on)| Act::MarriageAnnulled { husband, wife, on }),
        1 => (person(), party_of(), proptest::option::of(sex()), day())
            .prop_map(|(child, parent, parent_sex, on)| Act::Recognition { child, parent, parent_sex, on }),
        1 => (person(), parent(), parent(), day())
            .prop_map(|(child, father, mother, on)| Act::Adoption { child, father, mother, on }),
        1 => (person(), parent(), parent(), day())
            .prop_map(|(child, father, mother, on)| Act::AdoptionEnded { child, father, mother, on }),
        2 => (of(), text()).prop_map(|((person, on), full_name)| Act::NameChanged { person, full_name, on }),
        2 => (of(), text()).prop_map(|((person, on), full_name)| Act::NameCorrected { person, full_name, on }),
        1 => (of(), day()).prop_map(|((person, on), birth)| Act::BirthDateCorrected { person, birth_date: BirthDate::Day(birth), on }),
        1 => (of(), sex()).prop_map(|((person, on), sex)| Act::SexRedetermined { person, sex, on }),
        1 => (of(), text()).prop_map(|((person, on), ethnic_group)| Act::EthnicGroup { person, ethnic_group, on }),
        1 => (of(), text()).prop_map(|((person, on), nationality)| Act::Nationality { person, nationality, on }),
        1 => of().prop_map(|(person, on)| Act::Missing { person, on }),
        1 => of().prop_map(|(person, on)| Act::Returned { person, on }),
        2 => (proptest::collection::vec((person(), text()), 0..3), proptest::option::of(person()), place(), day()).prop_map(
            |(movers, joins, place, on)| {
                let movers = movers.into_iter().map(|(person, relation)| Mover { person, relation }).collect();
                Act::Permanent { movers, joins, place, on }
            }),
        2 => (of(), any::<bool>(), place()).prop_map(|((person, on), current, place)| {
            let stay = if current { Stay::Current } else { Stay::Temporary };
            Act::Temporary { person, stay, place, on }
        }),
        1 => (of(), proptest::option::of(day())).prop_map(|((person, on), until)| Act::Absence { person, on, until }),
        1 => of().prop_map(|(person, on)| Act::Removed { person, on }),
    ]
}

/// Somebody about whom the register holds what it would not take in today.
const OLD: &str = "001190000099";

fn elder() -> Person {
    Person::new(number(OLD), "Phạm Thị Cụ", BirthDate::Year(1890), Sex::Female)
}

fn peopled(mut store: SqlStore) -> SqlStore {
    let people: Vec<Person> = Register::from_iter(town()).into_values().chain([elder()]).collect();
    store.put_persons(&people, &change()).unwrap();
    store
}

fn none_ends_in_the_database(
    store: &mut SqlStore,
    acts: Vec<(Act, Date, String)>,
) -> Result<(), TestCaseError> {
    let entries: Vec<(Entry, Option<PersonalNumber>)> = (1..)
        .zip(acts)
        .map(|(serial, (act, registered_on, registered_by))| {
            let year = registered_on.year().clamp(0, 9_999);
            let id = ActId { office: "00070".to_owned(), year, kind: act.kind(), serial };
            let book = Book::Paper { book: registered_by.clone(), page: 1 };
            let book = if serial % 2 == 0 { book } else { Book::Electronic };
            let given = number(&format!("0012{:08}", 26_000_000 + serial));
            (Entry { id, registered_on, registered_by, book, act }, Some(given))
        })
        .collect();
    let mut each = |place: usize, done: Result<_, StoreError>| {
        if let Err(error @ (StoreError::Engine(_) | StoreError::Inconsistent(_) | StoreError::Busy)) = done {
            let what = serde_json::to_string(&entries[place].0).unwrap();
            return Err(StoreError::Engine(format!("{error:?} by {what}").into()));
        }
        Ok(())
    };
    let done = store.record_acts(&entries, None, "desk", &change(), TODAY, &mut each);
    prop_assert!(done.is_ok(), "{:?}", done);
    for person in store.persons_after(None, 1_000).unwrap() {
        let number = person.number.clone();
        prop_assert!(number.as_str() == OLD || person.clone().checked(TODAY) == Ok(person), "{:?}", number);
    }
    store.check_integrity().unwrap();
    Ok(())
}

fn some_acts() -> impl Strategy<Value = Vec<(Act, Date, String)>> {
    let registered_on = prop_oneof![4 => Just(date(2026, 11, 20)), 1 => day()];
    let registered_by = prop_oneof![4 => Just("officer".to_owned()), 1 => text()];
    proptest::collection::vec((any_act(), registered_on, registered_by), 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    /// Whatever an act says, it is taken, refused with a reason or a case: never a failure of the database, which would end the
    /// file or the bundle in which it came. What was taken leaves records that are possible.
    #[test]
    fn no_act_ends_in_a_failure_of_the_database(acts in some_acts()) {
        none_ends_in_the_database(&mut peopled(empty()), acts)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn nor_on_a_server(acts in some_acts()) {
        if let Some(place) = postgres::database() {
            none_ends_in_the_database(&mut peopled(SqlStore::create(&place, now()).unwrap()), acts)?;
        }
    }
}
