//! Rules, scores, work lists and conflicts of the register's quality.

use std::collections::BTreeMap;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::generate::Nation;
use cccd_population::person::{
    HouseholdMember, Life, MaritalStatus, Person, Relative, Residence, Residences,
};
use cccd_population::quality::clean::Clean;
use cccd_population::quality::conflict::{Standing, Told, join};
use cccd_population::quality::{
    Codes, Context, NoCodes, NotDecided, Part, Policy, Rule, Scoreboard, Trend, Weight, WorkList, assess,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};

const TODAY: Date = date(2026, 11, 26);

type Register = BTreeMap<PersonalNumber, Person>;

fn number(digits: &str) -> PersonalNumber {
    PersonalNumber::parse(digits).unwrap()
}

fn born(year: i16, month: i8, day: i8) -> BirthDate {
    BirthDate::Day(date(year, month, day))
}

/// A record with nothing to remark: unmarried, born in 1990, her parents are in the register.
fn sound() -> (Person, Register) {
    let mut person = Person::new(number("001190000001"), "Nguyễn Thị An", born(1990, 3, 4), Sex::Female);
    person.birth_registration_place = Some("Phường Hoàn Kiếm, Hà Nội".to_owned());
    person.place_of_origin = Some("Phường Hoàn Kiếm, Hà Nội".to_owned());
    person.ethnic_group = Some("Kinh".to_owned());
    person.religion = Some("Không".to_owned());
    person.marital_status = Some(MaritalStatus::Single);
    person.relation_to_head = Some("Con".to_owned());
    let mut home = Residence::new("Số 1, phố Hàng Bài, phường Hoàn Kiếm, Hà Nội");
    (home.ward_code, home.province_code) = (Some("00070".to_owned()), Some("01".to_owned()));
    home.since = Some(date(2023, 1, 1));
    person.residences.permanent = Some(home);
    let mut father = Person::new(number("001060000002"), "Nguyễn Văn Bình", born(1960, 1, 1), Sex::Male);
    let mother = Person::new(number("001162000003"), "Lê Thị Chi", born(1962, 1, 1), Sex::Female);
    father.children = vec![Relative::new("Nguyễn Thị An", Some(person.number.clone()))];
    person.father = Some(Relative::new(&father.full_name, Some(father.number.clone())));
    person.mother = Some(Relative::new(&mother.full_name, Some(mother.number.clone())));
    (person, [father, mother].into_iter().map(|one| (one.number.clone(), one)).collect())
}

fn remarks_with(person: &Person, register: &Register, codes: &dyn Codes) -> Vec<(Rule, &'static str)> {
    let context = Context { today: TODAY, policy: Policy::default(), codes, others: register };
    assess(person, None, &context).into_iter().map(|remark| (remark.rule, remark.item)).collect()
}

fn remarks(person: &Person, register: &Register) -> Vec<(Rule, &'static str)> {
    remarks_with(person, register, &NoCodes)
}

/// Each rule by the one change that breaks it; nothing else is remarked.
#[test]
fn every_rule_of_one_record_is_broken_by_one_change() {
    type Change = fn(&mut Person, &mut Register);
    fn parent<'r>(register: &'r mut Register, digits: &str) -> &'r mut Person {
        register.get_mut(&number(digits)).unwrap()
    }
    let changes: &[(&[(Rule, &str)], Change)] = &[
        (&[], |_, _| {}),
        (&[(Rule::NumberYear, "number")], |person, _| person.birth_date = born(1991, 3, 4)),
        (&[(Rule::NumberSex, "number")], |person, _| person.sex = Sex::Male),
        (&[(Rule::NameForm, "full_name")], |person, _| person.full_name = "Nguyễn Thị An 2".to_owned()),
        (&[(Rule::NameForm, "other_names")], |person, _| person.other_names = vec!["<script>".to_owned()]),
        (&[(Rule::PhoneForm, "phone")], |person, _| person.phone = Some("12345".to_owned())),
        (&[], |person, _| person.phone = Some("+84 912 345 678".to_owned())),
        (&[(Rule::EmailForm, "email")], |person, _| person.email = Some("an@localhost".to_owned())),
        (&[(Rule::HomeAbroad, "temporary")], |person, _| {
            person.residences.temporary = Some(Residence::new("5 rue Monge, Paris, Pháp"));
        }),
        // Who lives abroad has no code of ours, and a foreign parent no number.
        (&[], |person, _| {
            let mut there = Residence::new("5 rue Monge, Paris, Pháp");
            there.since = Some(date(2024, 1, 1));
            person.residences = Residences { current: Some(there), ..Residences::default() };
            person.relation_to_head = None;
            let mut father = Relative::new("Jean Martin", None);
            father.nationality = Some("Pháp".to_owned());
            person.father = Some(father);
        }),
        (&[(Rule::ParentNotOlder, "father")], |_, register| {
            parent(register, "001060000002").birth_date = born(1990, 3, 4);
        }),
        (&[(Rule::ParentYoung, "father")], |_, register| {
            parent(register, "001060000002").birth_date = born(1977, 3, 5);
        }),
        (&[], |_, register| parent(register, "001060000002").birth_date = born(1977, 3, 4)),
        (&[(Rule::MotherOld, "mother")], |_, register| {
            parent(register, "001162000003").birth_date = born(1929, 3, 3);
        }),
        (&[], |_, register| parent(register, "001060000002").birth_date = born(1919, 3, 3)),
        (&[(Rule::ParentSex, "mother")], |_, register| parent(register, "001162000003").sex = Sex::Male),
        (&[(Rule::BornAfterParent, "mother")], |_, register| {
            parent(register, "001162000003").life = Life::Dead(date(1990, 3, 3));
        }),
        (&[], |_, register| parent(register, "001060000002").life = Life::Dead(date(1989, 6, 1))),
        (&[(Rule::BornAfterParent, "father")], |_, register| {
            parent(register, "001060000002").life = Life::Dead(date(1989, 4, 1));
        }),
        (&[(Rule::RelativeName, "mother")], |_, register| {
            parent(register, "001162000003").full_name = "Lê Thị Chính".to_owned();
        }),
        (&[], |_, register| {
            let mother = parent(register, "001162000003");
            mother.full_name = "Lê Thị Chính".to_owned();
            mother.other_names = vec!["Lê thị chi".to_owned()];
        }),
        (&[(Rule::AncestorOfSelf, "father")], |person, register| {
            let me = Relative::new(&person.full_name, Some(person.number.clone()));
            parent(register, "001162000003").father = Some(me);
        }),
        (&[(Rule::ChildDisagrees, "children")], |person, register| {
            let child = Person::new(number("001214000009"), "Trần Văn Em", born(2014, 1, 1), Sex::Male);
            person.children = vec![Relative::new("Trần Văn Em", Some(child.number.clone()))];
            register.insert(child.number.clone(), child);
        }),
        (&[(Rule::SpouseStatus, "marital_status")], |person, _| {
            person.spouse = Some(Relative::new("Trần Văn Dũng", Some(number("001088000005"))));
        }),
        (&[(Rule::SpouseDisagrees, "spouse")], |person, register| {
            let spouse = Person::new(number("001088000005"), "Trần Văn Dũng", born(1988, 1, 1), Sex::Male);
            person.marital_status = Some(MaritalStatus::Married);
            person.spouse = Some(Relative::new("Trần Văn Dũng", Some(spouse.number.clone())));
            register.insert(spouse.number.clone(), spouse);
        }),
        (&[(Rule::Missing, "spouse")], |person, _| person.marital_status = Some(MaritalStatus::Married)),
        (&[(Rule::SinceBeforeBirth, "permanent"), (Rule::ResidenceOld, "residence")], |person, _| {
            person.residences.permanent.as_mut().unwrap().since = Some(date(1990, 3, 3));
        }),
        (&[(Rule::HouseholdHead, "household")], |person, _| {
            let member = |name: &str, relation: &str| HouseholdMember {
                name: name.to_owned(),
                number: None,
                relation: relation.to_owned(),
            };
            person.household = vec![member("Nguyễn Văn Bình", "Chủ hộ"), member("Lê Thị Chi", "chủ hộ")];
        }),
        (&[(Rule::HouseholdRelation, "relation_to_head")], |person, _| {
            person.household = vec![HouseholdMember {
                name: person.full_name.clone(),
                number: Some(person.number.clone()),
                relation: "Chủ hộ".to_owned(),
            }];
        }),
        (&[(Rule::Missing, "ethnic_group")], |person, _| person.ethnic_group = None),
        (&[(Rule::Missing, "relation_to_head")], |person, _| person.relation_to_head = None),
        (&[], |person, _| person.father = None),
        (&[(Rule::Missing, "mother")], |person, _| (person.father, person.mother) = (None, None)),
        (&[(Rule::BirthDatePart, "birth_date")], |person, _| person.birth_date = BirthDate::Year(1990)),
        (&[(Rule::AddressWithoutCode, "permanent")], |person, _| {
            person.residences.permanent.as_mut().unwrap().ward_code = None;
        }),
        (&[(Rule::RelativeWithoutNumber, "father")], |person, _| {
            person.father.as_mut().unwrap().number = None;
        }),
        (&[(Rule::ResidenceOld, "residence")], |person, _| {
            person.residences.permanent.as_mut().unwrap().since = Some(date(2021, 11, 26));
        }),
        (&[(Rule::TemporaryEnded, "temporary")], |person, _| {
            let since = Some(date(2024, 11, 26));
            let place = Residence { since, ..person.residences.permanent.clone().unwrap() };
            person.residences.temporary = Some(place);
        }),
        (&[(Rule::Missing, "relation_to_head"), (Rule::HeadDead, "household")], |person, register| {
            parent(register, "001060000002").life = Life::Dead(date(2020, 1, 1));
            person.relation_to_head = None;
            person.household = vec![HouseholdMember {
                name: "Nguyễn Văn Bình".to_owned(),
                number: Some(number("001060000002")),
                relation: "Chủ hộ".to_owned(),
            }];
        }),
        (&[(Rule::Missing, "residence"), (Rule::NoResidence, "residence")], |person, _| {
            person.residences.permanent = None;
        }),
    ];
    for (place, (expected, change)) in changes.iter().enumerate() {
        let (mut person, mut register) = sound();
        change(&mut person, &mut register);
        assert_eq!(remarks(&person, &register), *expected, "change {place}");
    }
}

/// A small map: one ward of Hà Nội.
struct OneWard;

impl Codes for OneWard {
    fn ward(&self, code: &str) -> Option<bool> {
        Some(code == "00070")
    }
    fn provinces_of(&self, _: &str) -> Option<Vec<String>> {
        Some(vec!["01".to_owned()])
    }
    fn ethnic_group(&self, name: &str) -> Option<bool> {
        Some(name == "Kinh")
    }
}

#[test]
fn codes_are_looked_up_where_a_list_is_at_hand() {
    let (mut person, register) = sound();
    assert_eq!(remarks_with(&person, &register, &OneWard), []);
    person.ethnic_group = Some("Kính".to_owned());
    person.residences.permanent.as_mut().unwrap().province_code = Some("79".to_owned());
    let found = remarks_with(&person, &register, &OneWard);
    assert_eq!(found, [(Rule::WardElsewhere, "permanent"), (Rule::EthnicGroupUnknown, "ethnic_group")]);
    person.residences.permanent.as_mut().unwrap().ward_code = Some("99999".to_owned());
    assert_eq!(remarks_with(&person, &register, &OneWard)[0], (Rule::WardUnknown, "permanent"));
    assert_eq!(remarks(&person, &register), [], "without lists nothing is said about codes");
}

#[test]
fn nobody_completes_the_record_of_the_dead() {
    let (mut person, register) = sound();
    person.life = Life::Dead(date(2024, 1, 1));
    (person.ethnic_group, person.residences.permanent) = (None, None);
    assert_eq!(remarks(&person, &register), []);
}

#[test]
fn a_child_whose_parents_have_died_needs_somebody() {
    let (mut person, mut register) = sound();
    person.birth_date = born(2015, 3, 4);
    person.number = number("001315000001");
    person.marital_status = None;
    let orphan = |register: &Register, person: &Person| {
        remarks(person, register).iter().any(|(rule, _)| *rule == Rule::ChildAlone)
    };
    for parent in register.values_mut() {
        parent.birth_date = born(1985, 1, 1);
        parent.life = Life::Dead(date(2024, 1, 1));
    }
    assert!(orphan(&register, &person));
    person.representatives = vec![Relative::new("Nguyễn Văn Giang", None)];
    assert!(!orphan(&register, &person));
    person.representatives.clear();
    register.pop_first();
    assert!(!orphan(&register, &person), "a parent without a record may live");
}

/// A nation whose households and families are consistent has no error in it; made mistakes are found, each once.
#[test]
fn a_generated_nation_is_correct_and_mistakes_in_it_are_found() {
    let register: Register =
        Nation::new(3_000, 11, TODAY).map(|person| (person.number.clone(), person)).collect();
    let context = Context { today: TODAY, policy: Policy::default(), codes: &NoCodes, others: &register };
    let mut clean = Clean::new();
    for person in register.values() {
        for remark in assess(person, Some(TODAY), &context) {
            assert!(
                remark.rule.part() != Part::Correct || remark.rule.weight() != Weight::Error,
                "{remark:?} in {person:?}"
            );
        }
        clean.see(person);
    }
    assert_eq!(clean.finish(&register).len(), 0);

    let mut damaged = register.clone();
    let children: Vec<_> = register
        .values()
        .filter(|person| {
            person
                .father
                .as_ref()
                .and_then(|father| father.number.as_ref())
                .is_some_and(|number| register.contains_key(number))
        })
        .step_by(37)
        .map(|person| person.number.clone())
        .collect();
    for child in &children {
        damaged.get_mut(child).unwrap().father.as_mut().unwrap().name = "Người Khác".to_owned();
    }
    let context = Context { others: &damaged, ..context };
    let found: Vec<_> = damaged
        .values()
        .filter(|person| {
            assess(person, Some(TODAY), &context)
                .iter()
                .any(|remark| (remark.rule, remark.item) == (Rule::RelativeName, "father"))
        })
        .map(|person| person.number.clone())
        .collect();
    assert!(children.len() > 20);
    assert_eq!(found, children);
}

#[test]
fn what_two_records_say_of_one_another() {
    let (mut person, _) = sound();
    let mut other = Person::new(number("001090000077"), "Trần Văn Khoa", born(1990, 5, 6), Sex::Male);
    (person.old_number, other.old_number) = (Some("012345678".to_owned()), Some("012345678".to_owned()));
    other.cancelled_number = Some(number("001090000078"));
    let ghost = Person::new(number("001090000078"), "Trần Văn Khoa", born(1990, 5, 6), Sex::Male);
    let head = |digits: &str| HouseholdMember {
        name: "Ai Đó".to_owned(),
        number: Some(number(digits)),
        relation: "Chủ hộ".to_owned(),
    };
    let me = HouseholdMember {
        name: person.full_name.clone(),
        number: Some(person.number.clone()),
        relation: "Con".to_owned(),
    };
    person.household = vec![head("001060000002"), me.clone()];
    other.household = vec![head("001090000077"), me];
    let mut clean = Clean::new();
    [&person, &other, &ghost].into_iter().for_each(|person| clean.see(person));
    let register: Register = [person.clone(), other, ghost].map(|one| (one.number.clone(), one)).into();
    let found: Vec<_> = clean
        .finish(&register)
        .into_iter()
        .flat_map(|(number, remarks)| remarks.into_iter().map(move |remark| (number.clone(), remark.rule)))
        .collect();
    let expected = [
        ("001090000077", Rule::OldNumberShared),
        ("001090000078", Rule::CancelledLives),
        ("001190000001", Rule::OldNumberShared),
        ("001190000001", Rule::TwoHouseholds),
    ];
    assert_eq!(found, expected.map(|(digits, rule)| (number(digits), rule)));
}

#[test]
fn scores_are_shares_of_people_and_a_trend_compares_them() {
    let (sound, register) = sound();
    let context = Context { today: TODAY, policy: Policy::default(), codes: &NoCodes, others: &register };
    let mut bad = sound.clone();
    (bad.ethnic_group, bad.religion, bad.place_of_origin) = (None, None, None);
    let mut moved = sound.clone();
    moved.residences.permanent.as_mut().unwrap().ward_code = Some("00082".to_owned());
    let mut board = Scoreboard::new();
    for person in [&sound, &bad, &bad, &moved] {
        board.add(person, &assess(person, None, &context));
    }
    let shares: Vec<_> =
        board.wards().map(|(_, ward, score)| (ward.to_owned(), score.sound_share())).collect();
    assert_eq!(shares, [("00070".to_owned(), Some(3_333)), ("00082".to_owned(), Some(10_000))]);
    let whole = board.whole();
    assert_eq!(board.provinces()["01"], whole);
    assert_eq!(whole.sound_share(), Some(5_000), "three errors of one record are one bad record");
    assert_eq!(whole.part_share(Part::Complete), Some(5_000));
    assert_eq!(whole.part_share(Part::Correct), Some(10_000));
    let often: Vec<_> =
        whole.most_frequent().into_iter().map(|(remark, count)| (remark.item, count)).collect();
    assert_eq!(often, [("ethnic_group", 2), ("place_of_origin", 2), ("religion", 2)]);

    let mut trend = Trend::default();
    trend.record(date(2026, 10, 1), whole.clone());
    assert_eq!(trend.change(30), None);
    let better = board.wards().nth(1).unwrap().2.clone();
    trend.record(TODAY, better);
    assert_eq!(trend.change(30), Some((TODAY, 5_000)));
    assert_eq!(trend.change(100), None);
}

#[test]
fn a_work_list_is_worst_first_and_bounded() {
    let (sound, register) = sound();
    let context = Context { today: TODAY, policy: Policy::default(), codes: &NoCodes, others: &register };
    let mut list = WorkList::new(2);
    for errors in [1, 3, 0, 2] {
        let mut person = sound.clone();
        person.number = number(&format!("00119000010{errors}"));
        for (item, _) in [&mut person.ethnic_group, &mut person.religion, &mut person.place_of_origin]
            .into_iter()
            .zip(0..errors)
        {
            *item = None;
        }
        person.father = None;
        let remarks = assess(&person, None, &context);
        list.add(&person, &remarks);
    }
    let (tasks, left_out) = list.of("00070");
    let ends: Vec<_> = tasks.iter().map(|task| (task.urgency, task.number.as_str())).collect();
    assert_eq!((ends, left_out), (vec![(30, "001190000103"), (20, "001190000102")], 1));
    assert_eq!(list.offices().collect::<Vec<_>>(), [("01", "00070", 3)]);
    assert_eq!(list.of("99999"), (vec![], 0));
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn told<'p>(person: &'p Person, by: &'p str, standing: Standing, day: &str) -> Told<'p> {
    Told { person, source: by, standing, at: at(&format!("{day}T00:00:00Z")), by }
}

#[test]
fn one_person_under_two_names_and_birth_years_is_one_person_with_conflicts() {
    let (known, _) = sound();
    let mut paper = known.clone();
    paper.full_name = "Giàng Thị Mỷ".to_owned();
    paper.birth_date = BirthDate::Year(1992);
    paper.blood_group = Some(cccd_population::person::BloodGroup::O);
    paper.religion = None;
    let joined = join(
        &told(&known, "old database", Standing::Carried, "2020-01-01"),
        &told(&paper, "household book", Standing::Carried, "2021-01-01"),
    )
    .unwrap();
    let items: Vec<&str> = joined.conflicts.iter().map(|conflict| conflict.item.as_str()).collect();
    assert_eq!(items, ["birth_date", "full_name"]);
    assert_eq!(joined.person.full_name, known.full_name, "until somebody decides");
    assert_eq!(joined.person.religion, known.religion, "what the paper leaves out stays");
    assert_eq!(joined.person.blood_group, paper.blood_group, "what it adds is taken");

    let mut names = joined.conflicts[1].clone();
    let mut third = names.claims[1].clone();
    third.value = "GIÀNG THỊ MỶ".into();
    names.add(third.clone());
    assert_eq!(names.claims.len(), 2, "the same spelling is no third claim");
    third.value = "Giàng Thị Mị".into();
    names.add(third);
    let when = at("2026-11-26T01:00:00Z");
    assert_eq!(names.decide(3, "officer", "seen the birth act", when).err(), Some(NotDecided::NoSuchClaim));
    assert_eq!(names.decide(1, " ", "seen the birth act", when).err(), Some(NotDecided::Nobody));
    assert_eq!(names.decide(1, "officer", " ok ", when).err(), Some(NotDecided::NoReason));
    assert_eq!(
        names.decide(1, "household book", "seen the birth act", when).err(),
        Some(NotDecided::OwnClaim)
    );
    let decision = names.decide(1, "officer", "seen the birth act", when).unwrap();
    let settled = names.settle(&joined.person, &decision).unwrap();
    assert_eq!(settled.full_name, "Giàng Thị Mỷ");
    assert_eq!(settled.other_names, ["Nguyễn Thị An", "Giàng Thị Mị"], "found under every paper");
    for text in [format!("{names:?}"), format!("{decision:?}")] {
        assert!(!text.contains("Giàng") && !text.contains("Nguyễn"), "{text}");
    }
}

#[test]
fn the_word_of_higher_standing_wins_and_nothing_known_is_lost() {
    let (known, _) = sound();
    let mut act = known.clone();
    act.birth_date = born(1990, 4, 3);
    act.children = vec![Relative::new("Trần Văn Em", None)];
    let as_known = told(&known, "old database", Standing::Carried, "2020-01-01");
    let joined = join(&as_known, &told(&act, "birth act", Standing::Act, "2021-01-01")).unwrap();
    assert_eq!((joined.person.birth_date, joined.conflicts.len()), (act.birth_date, 0));
    let joined = join(
        &told(&act, "birth act", Standing::Act, "2021-01-01"),
        &told(&known, "list", Standing::Carried, "2022-01-01"),
    )
    .unwrap();
    assert_eq!((joined.person, joined.conflicts.len()), (act.clone(), 0));

    let mut year = known.clone();
    year.birth_date = BirthDate::Year(1990);
    for (first, second) in [(&known, &year), (&year, &known)] {
        let joined = join(
            &told(first, "a", Standing::Declared, "2020-01-01"),
            &told(second, "b", Standing::Declared, "2021-01-01"),
        )
        .unwrap();
        assert_eq!(
            (joined.person.birth_date, joined.conflicts.len()),
            (known.birth_date, 0),
            "1990 is no contradiction"
        );
    }

    let mut dead = known.clone();
    dead.life = Life::Dead(date(2020, 5, 5));
    let joined = join(
        &told(&dead, "death act", Standing::Act, "2020-05-06"),
        &told(&known, "list", Standing::Act, "2021-01-01"),
    )
    .unwrap();
    assert_eq!(joined.person.life, dead.life);
    let mut other_day = dead.clone();
    other_day.life = Life::Dead(date(2020, 5, 15));
    let joined = join(
        &told(&dead, "death act", Standing::Act, "2020-05-06"),
        &told(&other_day, "another act", Standing::Act, "2021-01-01"),
    )
    .unwrap();
    assert_eq!((joined.person.life, joined.conflicts[0].item.as_str()), (dead.life, "life"));

    let mut moved = known.clone();
    let temporary = Residence::new("Số 5, đường Trần Phú, Đà Nẵng");
    (moved.residences.permanent, moved.residences.temporary) = (None, Some(temporary.clone()));
    for day in ["2019-01-01", "2021-01-01"] {
        let joined = join(&as_known, &told(&moved, "list", Standing::Carried, day)).unwrap();
        assert_eq!(joined.person.residences.permanent, known.residences.permanent);
        assert_eq!(joined.person.residences.temporary, Some(temporary.clone()));
    }
}

#[test]
fn the_table_of_rules_is_whole() {
    let mut codes: Vec<_> = Rule::ALL.iter().map(|rule| rule.code()).collect();
    codes.sort_unstable();
    let count = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), count);
    for part in Part::ALL {
        assert!(Rule::ALL.iter().any(|rule| rule.part() == part));
    }
}

/// docs/quality.md lists every rule; `UPDATE_DOCS=1` writes the list.
#[test]
fn the_page_on_quality_lists_the_rules_as_they_are() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/quality.md");
    let text = std::fs::read_to_string(page).unwrap();
    let (before, _) = text.split_once("## Rules\n").unwrap();
    let mut rules = String::from("| code | part | weight | what |\n|---|---|---|---|\n");
    for rule in Rule::ALL {
        let weight = format!("{:?}", rule.weight()).to_lowercase();
        let (part, words) = (rule.part().english(), rule.english());
        rules.push_str(&format!("| `{}` | {part} | {weight} | {words} |\n", rule.code()));
    }
    let expected = format!("{before}## Rules\n\n{rules}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(page, &expected).unwrap();
    }
    assert_eq!(text, expected, "run it once with UPDATE_DOCS=1");
}
