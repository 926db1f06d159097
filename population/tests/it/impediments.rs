//! Whom the law keeps from an act although nobody in it is dead or married: kin, the young, those declared missing.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_population::civil_status::{
    Act, ActId, Applied, Contradiction, Mover, NotApplied, Refusal, Stay, apply, apply_overruling,
};
use cccd_population::person::{Life, MaritalStatus, Person, Relative, Residence};
use jiff::civil::{Date, date};

use crate::civil_status::{
    BACHELOR, CHILD, HUSBAND, Register, TODAY, WIFE, consistent, entry, number, take, town,
};

const SISTER: &str = "001190000021";
const ON: Date = date(2026, 11, 10);

fn named(register: &Register, who: &str) -> Relative {
    Relative::new(&register[&number(who)].full_name, Some(number(who)))
}

fn add(register: &mut Register, who: &str, name: &str, born: Date, sex: Sex) {
    let person = Person::new(number(who), name, BirthDate::Day(born), sex);
    register.insert(person.number.clone(), person);
}

/// `child` is a child of `parent`, in both records.
fn descend(register: &mut Register, child: &str, parent: &str) {
    let (as_parent, as_child) = (named(register, parent), named(register, child));
    let is_father = register[&number(parent)].sex == Sex::Male;
    let record = register.get_mut(&number(child)).unwrap();
    *(if is_father { &mut record.father } else { &mut record.mother }) = Some(as_parent);
    register.get_mut(&number(parent)).unwrap().children.push(as_child);
}

fn marry(husband: &str, wife: &str) -> Act {
    Act::Marriage { husband: number(husband), wife: number(wife), on: ON }
}

/// Luật HN&GĐ 2014 art. 3(17), 5(2): three generations from one origin, parents first.
#[test]
fn cousins_an_uncle_and_a_grandfather_do_not_marry() {
    let grandfather = "001030000022";
    let mut register = town();
    add(&mut register, grandfather, "Phạm Văn Hùng", date(1930, 1, 1), Sex::Male);
    add(&mut register, "001060000023", "Phạm Văn Nam", date(1960, 1, 1), Sex::Male);
    add(&mut register, "001162000024", "Phạm Thị Hoa", date(1962, 1, 1), Sex::Female);
    add(&mut register, SISTER, "Ngô Thị Lan", date(1990, 1, 1), Sex::Female);
    for (child, parent) in [
        ("001060000023", grandfather),
        ("001162000024", grandfather),
        (BACHELOR, "001060000023"),
        (SISTER, "001162000024"),
    ] {
        descend(&mut register, child, parent);
    }
    let uncle = marry("001060000023", SISTER);
    for act in [marry(BACHELOR, SISTER), uncle, marry(grandfather, SISTER)] {
        assert_eq!(take(&mut register, act.clone(), None), Err(Contradiction::CloseKin.into()));
        // Kin by adoption only, as an officer finds: the register does not tell them apart.
        let decided = apply_overruling(&entry(act), &register, &[], None, TODAY, &[Contradiction::CloseKin]);
        decided.unwrap();
    }
    // Parent and child, brother and sister: no word of an officer makes it possible.
    let never = apply_overruling(
        &entry(marry("001060000023", "001162000024")),
        &register,
        &[],
        None,
        TODAY,
        &[Contradiction::CloseKin],
    );
    assert_eq!(never, Err(Refusal::CannotMarry.into()));
    // Of great-grandparents nothing is said.
    add(&mut register, "001191000025", "Đỗ Thị Mai", date(1991, 1, 1), Sex::Female);
    take(&mut register, marry(BACHELOR, "001191000025"), None).unwrap();
    consistent(&register);
}

#[test]
fn nobody_marries_the_parent_or_the_child_of_whom_they_were_married_to() {
    let father = "001060000023";
    let mut register = town();
    add(&mut register, father, "Trần Văn Nam", date(1960, 1, 1), Sex::Male);
    descend(&mut register, HUSBAND, father);
    take(&mut register, Act::Death { person: number(HUSBAND), on: date(2026, 10, 1) }, None).unwrap();
    let with_her = take(&mut register, marry(father, WIFE), None);
    assert_eq!(with_her, Err(Refusal::CannotMarry.into()), "the father of her husband");
    // Her own daughter's husband, once the daughter has died.
    let mut register = town();
    add(&mut register, SISTER, "Ngô Thị Lan", date(1965, 1, 1), Sex::Female);
    descend(&mut register, WIFE, SISTER);
    take(&mut register, Act::Death { person: number(WIFE), on: date(2026, 10, 1) }, None).unwrap();
    assert_eq!(take(&mut register, marry(HUSBAND, SISTER), None), Err(Refusal::CannotMarry.into()));
}

#[test]
fn adoptive_parents_are_twenty_years_older_unless_they_are_step_parents() {
    let mut register = town();
    let child = "001206000026";
    add(&mut register, child, "Phạm Thị Út", date(2010, 1, 1), Sex::Female);
    let adopt = Act::Adoption { child: number(child), father: None, mother: Some(number(WIFE)), on: ON };
    register.get_mut(&number(WIFE)).unwrap().birth_date = BirthDate::Day(date(1990, 1, 2));
    let refused = take(&mut register.clone(), adopt.clone(), None);
    assert_eq!(refused, Err(Contradiction::AdopterTooYoung.into()), "19 years and 364 days");
    let overruled = &[Contradiction::AdopterTooYoung];
    apply_overruling(&entry(adopt.clone()), &register, &[], None, TODAY, overruled).unwrap();
    let mut older = register.clone();
    older.get_mut(&number(WIFE)).unwrap().birth_date = BirthDate::Day(date(1990, 1, 1));
    take(&mut older, adopt, None).unwrap();
    // Who marries the child's father may be of any age.
    descend(&mut register, child, HUSBAND);
    let both = Act::Adoption {
        child: number(child),
        father: Some(number(HUSBAND)),
        mother: Some(number(WIFE)),
        on: ON,
    };
    take(&mut register, both, None).unwrap();
    consistent(&register);
}

#[test]
fn a_corrected_birth_date_is_held_against_the_marriage() {
    let married =
        Applied { id: ActId { year: 2009, ..entry(marry(HUSBAND, WIFE)).id }, on: date(2009, 4, 4) };
    let corrected = |day| {
        entry(Act::BirthDateCorrected { person: number(WIFE), birth_date: BirthDate::Day(day), on: ON })
    };
    let before = core::slice::from_ref(&married);
    // Eighteen on the fifth of April 2009.
    let young = apply(&corrected(date(1991, 4, 5)), &town(), before, Some(number("001191000044")), TODAY);
    assert_eq!(young, Err(Contradiction::MarriedTooYoung.into()));
    let of_age = apply(&corrected(date(1991, 4, 4)), &town(), before, Some(number("001191000044")), TODAY);
    of_age.unwrap();
}

/// Her husband's death is corrected to a day after she had married again: an officer looks at both marriages.
#[test]
fn a_later_death_of_a_former_spouse_is_held_against_the_second_marriage() {
    let mut register = town();
    take(&mut register, Act::Death { person: number(HUSBAND), on: date(2026, 1, 10) }, None).unwrap();
    take(&mut register, marry(BACHELOR, WIFE), None).unwrap();
    let death = |on| entry(Act::Death { person: number(HUSBAND), on });
    let decide = |on, codes: &[Contradiction]| {
        let known = [Applied { id: death(on).id, on: date(2026, 1, 10) }];
        apply_overruling(&death(on), &register, &known, None, TODAY, codes)
    };
    let (other, both) = (Contradiction::OtherDeath, Contradiction::Remarried);
    assert_eq!(decide(date(2026, 11, 12), &[other]), Err(both.into()));
    decide(date(2026, 1, 5), &[other]).unwrap();
    let changes = decide(date(2026, 11, 12), &[other, both]).unwrap();
    assert_eq!(changes.changed.len(), 1, "the second marriage is not touched");
    assert_eq!(register[&number(WIFE)].marital_status, Some(MaritalStatus::Married));
}

#[test]
fn whoever_is_declared_missing_does_nothing_until_they_return() {
    let mut register = town();
    let missing = Act::Missing { person: number(BACHELOR), on: date(2026, 2, 1) };
    take(&mut register, missing.clone(), None).unwrap();
    add(&mut register, SISTER, "Ngô Thị Lan", date(1990, 1, 1), Sex::Female);
    let person = number(BACHELOR);
    let place = Some(Residence::new("Số 9, phố Huế, Hà Nội"));
    let mover = Mover { person: person.clone(), relation: "Chủ hộ".to_owned() };
    let deeds = [
        marry(BACHELOR, SISTER),
        Act::NameChanged { person: person.clone(), full_name: "Phạm Văn Hải".to_owned(), on: ON },
        Act::Permanent { movers: vec![mover], joins: None, place: place.clone(), on: ON },
        Act::Temporary { person: person.clone(), stay: Stay::Temporary, place, on: ON },
        Act::Absence { person: person.clone(), on: ON, until: None },
        Act::Adoption { child: number(CHILD), father: Some(person.clone()), mother: None, on: ON },
    ];
    for act in &deeds {
        let kind = act.kind();
        assert_eq!(
            take(&mut register, act.clone(), None),
            Err(Contradiction::DeclaredMissing.into()),
            "{kind:?}"
        );
    }
    // Before the declaration they could.
    let before = Act::Marriage { husband: person.clone(), wife: number(SISTER), on: date(2026, 1, 31) };
    take(&mut register.clone(), before, None).unwrap();
    // The declaration comes after what they did since: one of both is wrong.
    let known = [Applied { id: entry(marry(BACHELOR, SISTER)).id, on: ON }];
    let declared: Result<_, NotApplied> = apply(&entry(missing), &town(), &known, None, TODAY);
    assert_eq!(declared, Err(Contradiction::DeclaredMissing.into()));
    // A court divorces them, and the office ends their residence (Luật Cư trú 2020 art. 24).
    let mut left = town();
    take(&mut left, Act::Missing { person: number(HUSBAND), on: date(2026, 2, 1) }, None).unwrap();
    take(&mut left, Act::Divorce { husband: number(HUSBAND), wife: number(WIFE), on: ON }, None).unwrap();
    take(&mut left, Act::Removed { person: number(HUSBAND), on: ON }, None).unwrap();
    consistent(&left);
    // Back again, all of it may be.
    take(&mut register, Act::Returned { person: person.clone(), on: date(2026, 11, 1) }, None).unwrap();
    assert_eq!(register[&person].life, Life::Alive);
    for act in deeds {
        take(&mut register.clone(), act, None).unwrap();
    }
}
