//! Whom the law keeps from an act although nobody in it is dead or married: kin, the young, those declared missing.

use std::sync::Arc;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::{
    Act, ActId, Applied, Books, Contradiction, Kind, Mover, NotApplied, Party, Refusal, Stay, Topic, apply,
    apply_overruling,
};
use cccd_population::person::{Life, MaritalStatus, Others, Person, Relative, Residence};
use jiff::civil::{Date, date};

use crate::civil_status::{
    BACHELOR, CHILD, HUSBAND, Register, TODAY, WIFE, consistent, entry, number, party, take, town,
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
    Act::Marriage { husband: party(husband), wife: party(wife), on: ON }
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
    add(&mut register, "001190000027", "Phạm Thị Xuân", date(1990, 1, 1), Sex::Female);
    for (child, parent) in [
        ("001190000027", "001060000023"),
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
    // Brother and sister may be so by adoption, too; of parent and child no word of an officer makes it possible.
    let siblings = take(&mut register, marry("001060000023", "001162000024"), None);
    assert_eq!(siblings, Err(Contradiction::CloseKin.into()));
    let never = apply_overruling(
        &entry(marry("001060000023", "001190000027")),
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

/// A register with the books of its offices.
struct Town<'r> {
    register: &'r Register,
    acts: Vec<(Applied, Act)>,
}

impl Others for Town<'_> {
    fn person(&self, number: &PersonalNumber) -> Option<Arc<Person>> {
        self.register.person(number)
    }
}

impl Books for Town<'_> {
    fn acts_of(&self, person: &PersonalNumber) -> Vec<Applied> {
        self.acts.iter().map(|(applied, _)| applied.clone()).filter(|applied| applied.of == *person).collect()
    }

    fn act(&self, id: &ActId) -> Option<Act> {
        self.acts.iter().find(|(applied, _)| applied.id == *id).map(|(_, act)| act.clone())
    }
}

/// An act of some year, once for each of its principals.
fn taken(year: i16, act: &Act) -> Vec<(Applied, Act)> {
    let id = ActId { year, serial: 1, ..entry(act.clone()).id };
    let of = |of| (Applied { of, id: id.clone(), on: act.on() }, act.clone());
    act.principals().into_iter().map(of).collect()
}

/// Art. 5(2)(d) speaks of whoever once was: what a divorce or another adoption took from the records stands in the acts.
#[test]
fn what_was_once_is_no_less_an_impediment() {
    let (step_father, daughter) = ("001060000051", "001190000052");
    let mut register = town();
    add(&mut register, step_father, "Ngô Văn Tư", date(1960, 1, 1), Sex::Male);
    add(&mut register, SISTER, "Ngô Thị Lan", date(1965, 1, 1), Sex::Female);
    add(&mut register, daughter, "Lý Thị Sen", date(1990, 1, 1), Sex::Female);
    descend(&mut register, daughter, SISTER);
    let judged = |acts: Vec<(Applied, Act)>, act: Act| {
        let before: Vec<Applied> = acts.iter().map(|(applied, _)| applied.clone()).collect();
        let principals = act.principals();
        let before: Vec<Applied> = before.into_iter().filter(|one| principals.contains(&one.of)).collect();
        apply(&entry(act), &Town { register: &register, acts }, &before, None, TODAY).map(drop)
    };
    let once = Act::Marriage { husband: party(step_father), wife: party(SISTER), on: date(2000, 1, 1) };
    let over = Act::Divorce { husband: party(step_father), wife: party(SISTER), on: date(2010, 1, 1) };
    let both = |one: &Act, other: &Act| [taken(2000, one), taken(2010, other)].concat();
    let refused = Err(Refusal::CannotMarry.into());
    assert_eq!(judged(both(&once, &over), marry(step_father, daughter)), refused, "her mother's husband");
    assert_eq!(judged(Vec::new(), marry(step_father, daughter)), Ok(()));
    // They may marry each other again.
    assert_eq!(judged(both(&once, &over), marry(step_father, SISTER)), Ok(()));
    let adopted = Act::Adoption {
        child: number(daughter),
        father: Some(party(step_father)),
        mother: None,
        on: date(2000, 1, 1),
    };
    assert_eq!(judged(taken(2000, &adopted), marry(step_father, daughter)), refused, "her adoptive father");
}

/// She married, and divorced again, between the day of death that was known and the one that holds.
#[test]
fn a_second_marriage_that_is_over_is_asked_about_as_well() {
    let mut register = town();
    take(&mut register, Act::Death { person: number(HUSBAND), on: date(2020, 1, 10) }, None).unwrap();
    let second = Act::Marriage { husband: party(BACHELOR), wife: party(WIFE), on: date(2021, 5, 5) };
    let decide = |on| {
        let death = entry(Act::Death { person: number(HUSBAND), on });
        let known = [Applied { of: number(HUSBAND), id: death.id.clone(), on: date(2020, 1, 10) }];
        let town = Town { register: &register, acts: taken(2021, &second) };
        apply_overruling(&death, &town, &known, None, TODAY, &[Contradiction::OtherDeath]).map(drop)
    };
    assert_eq!(decide(date(2021, 5, 6)), Err(Contradiction::Remarried.into()));
    assert_eq!(decide(date(2021, 5, 5)), Ok(()), "dead on the day of her wedding");
}

#[test]
fn adoptive_parents_are_twenty_years_older_unless_they_are_step_parents() {
    let mut register = town();
    let child = "001206000026";
    add(&mut register, child, "Phạm Thị Út", date(2010, 1, 1), Sex::Female);
    let adopt = Act::Adoption { child: number(child), father: None, mother: Some(party(SISTER)), on: ON };
    add(&mut register, child, "Phạm Thị Út", date(2012, 1, 1), Sex::Female);
    add(&mut register, SISTER, "Ngô Thị Lan", date(1992, 1, 2), Sex::Female);
    let refused = take(&mut register.clone(), adopt.clone(), None);
    assert_eq!(refused, Err(Contradiction::AdopterTooYoung.into()), "19 years and 364 days");
    let overruled = &[Contradiction::AdopterTooYoung];
    apply_overruling(&entry(adopt.clone()), &register, &[], None, TODAY, overruled).unwrap();
    let mut older = register.clone();
    older.get_mut(&number(SISTER)).unwrap().birth_date = BirthDate::Day(date(1992, 1, 1));
    take(&mut older, adopt, None).unwrap();
    // Who married the child's father may be of any age, adopts alone, and takes nothing from him.
    descend(&mut register, child, HUSBAND);
    register.get_mut(&number(WIFE)).unwrap().birth_date = BirthDate::Day(date(1994, 1, 1));
    let alone = Act::Adoption { child: number(child), father: None, mother: Some(party(WIFE)), on: ON };
    take(&mut register, alone, None).unwrap();
    let parents =
        |of: &Person| [&of.father, &of.mother].map(|one| one.as_ref().and_then(|one| one.number.clone()));
    assert_eq!(parents(&register[&number(child)]), [Some(number(HUSBAND)), Some(number(WIFE))]);
    assert!(register[&number(HUSBAND)].children.iter().any(|one| one.number == Some(number(child))));
    consistent(&register);
}

/// Luật Nuôi con nuôi 2010 art. 8, 13(6): a couple or somebody single; no stranger from 16 on; no kin of the line, no brother or sister.
#[test]
fn who_may_not_adopt_is_asked_about() {
    let child = "001213000026";
    let mut register = town();
    add(&mut register, child, "Phạm Thị Út", date(2013, 1, 1), Sex::Female);
    let adopt = |child: &str, father: Option<&str>, mother: Option<&str>| Act::Adoption {
        child: number(child),
        father: father.map(party),
        mother: mother.map(party),
        on: ON,
    };
    let barred = Err(Contradiction::AdoptionBarred.into());
    let judged = |register: &Register, act: Act| take(&mut register.clone(), act, None).map(drop);
    assert_eq!(judged(&register, adopt(child, Some(HUSBAND), None)), barred, "a husband alone");
    assert_eq!(judged(&register, adopt(child, Some(BACHELOR), Some(WIFE))), barred, "no couple");
    assert_eq!(judged(&register, adopt(child, Some(HUSBAND), Some(WIFE))), Ok(()));
    assert_eq!(judged(&register, adopt(child, Some(BACHELOR), None)), Ok(()));
    add(&mut register, child, "Phạm Thị Út", date(2010, 11, 10), Sex::Female);
    assert_eq!(judged(&register, adopt(child, Some(BACHELOR), None)), barred, "sixteen that day");
    add(&mut register, child, "Phạm Thị Út", date(2010, 11, 11), Sex::Female);
    assert_eq!(judged(&register, adopt(child, Some(BACHELOR), None)), Ok(()));
    // A grandfather, and a brother.
    add(&mut register, "001060000023", "Trần Văn Nam", date(1960, 1, 1), Sex::Male);
    descend(&mut register, HUSBAND, "001060000023");
    assert_eq!(judged(&register, adopt(CHILD, Some("001060000023"), None)), barred);
    descend(&mut register, BACHELOR, "001060000023");
    descend(&mut register, child, "001060000023");
    assert_eq!(judged(&register, adopt(child, Some(BACHELOR), None)), barred);
    let overruled = &[Contradiction::AdoptionBarred];
    apply_overruling(&entry(adopt(child, Some(BACHELOR), None)), &register, &[], None, TODAY, overruled)
        .unwrap();
}

/// BLDS 2015 art. 73: whoever was registered or declared as dead lives; the marriage stands unless the other one married again.
#[test]
fn a_death_that_never_was_is_annulled() {
    let mut register = town();
    let person = number(HUSBAND);
    let annulled = Act::DeathAnnulled { person: person.clone(), on: ON };
    assert_eq!(take(&mut register, annulled.clone(), None), Err(Contradiction::NotDead.into()));
    let death = Act::Death { person: person.clone(), on: date(2026, 10, 1) };
    take(&mut register, death.clone(), None).unwrap();
    let mut remarried = register.clone();
    let changes = take(&mut register, annulled.clone(), None).unwrap();
    assert_eq!(register[&person].life, Life::Alive);
    assert_eq!(register[&number(WIFE)].marital_status, Some(MaritalStatus::Married));
    assert!(changes.messages.iter().any(|one| one.topic == Topic::Card && one.person == person));
    consistent(&register);
    let married = Act::Marriage { husband: party(BACHELOR), wife: party(WIFE), on: date(2026, 11, 1) };
    take(&mut remarried, married, None).unwrap();
    take(&mut remarried, annulled.clone(), None).unwrap();
    assert_eq!(remarried[&number(WIFE)].spouse.as_ref().unwrap().number, Some(number(BACHELOR)));
    assert_eq!((&remarried[&person].spouse, remarried[&person].life), (&None, Life::Alive));
    consistent(&remarried);
    // She has divorced the second husband since: he is hers no more either.
    let mut alone = remarried.clone();
    alone.get_mut(&person).unwrap().life = Life::Dead(date(2026, 10, 1));
    alone.get_mut(&person).unwrap().spouse = Some(named(&alone, WIFE));
    alone.get_mut(&person).unwrap().marital_status = Some(MaritalStatus::Married);
    alone.get_mut(&number(WIFE)).unwrap().spouse = None;
    take(&mut alone, annulled.clone(), None).unwrap();
    assert_eq!(
        (&alone[&person].spouse, alone[&person].marital_status),
        (&None, Some(MaritalStatus::Divorced))
    );
    // Declared missing first, then dead, as courts do: the annulment ends both.
    let missing = Applied {
        of: person.clone(),
        id: entry(Act::Missing { person: person.clone(), on: ON }).id,
        on: date(2026, 1, 1),
    };
    let renamed =
        entry(Act::NameChanged {
            person: person.clone(), full_name: "Trần Văn Hải".to_owned(), on: TODAY
        });
    let renamed = cccd_population::civil_status::Entry { registered_on: TODAY, ..renamed };
    let ended = Applied { of: person.clone(), id: entry(annulled.clone()).id, on: ON };
    apply(&renamed, &register, &[missing, ended], None, TODAY).unwrap();
    // The real death is another one, with all that follows from it.
    let known = |act: &Act, on| Applied { of: person.clone(), id: entry(act.clone()).id, on };
    let before = [known(&death, date(2026, 10, 1)), known(&annulled, ON)];
    let later = entry(Act::Death { person: person.clone(), on: date(2026, 11, 15) });
    let changes = apply(&later, &register, &before, None, TODAY).unwrap();
    assert!(changes.messages.iter().any(|one| one.topic == Topic::FuneralBenefit));
}

/// What a court or an office says of somebody is no sign of life; what they did is, until an officer decides otherwise.
#[test]
fn a_death_that_is_found_out_late_is_taken() {
    let death = entry(Act::Death { person: number(BACHELOR), on: date(2026, 1, 20) });
    let known =
        |kind, on| [Applied { of: number(BACHELOR), id: ActId { kind, serial: 1, ..death.id.clone() }, on }];
    for kind in [Kind::Missing, Kind::Removed] {
        apply(&death, &town(), &known(kind, date(2026, 2, 1)), None, TODAY).unwrap();
    }
    let stayed = known(Kind::Temporary, date(2026, 2, 1));
    let asked = apply(&death, &town(), &stayed, None, TODAY);
    assert_eq!(asked, Err(Contradiction::ActsAfterDeath.into()));
    apply_overruling(&death, &town(), &stayed, None, TODAY, &[Contradiction::ActsAfterDeath]).unwrap();
}

#[test]
fn births_heads_and_nationalities_fit_the_family() {
    let mut register = town();
    // The child of 2014 is no newborn; another of the same mother some weeks before is asked about, a twin is not.
    let born = |day: Date| {
        let mut act = crate::civil_status::born_to(None, Some(Party::Known(number(WIFE))), number(WIFE));
        if let Act::Birth { child, .. } = &mut act {
            (child.birth_date, child.full_name) =
                (day, format!("Trần Văn Số {}", ["Một", "Hai"][usize::from(day.day() % 2 == 0)]));
        }
        act
    };
    take(&mut register, born(date(2026, 9, 1)), Some("001226000031")).unwrap();
    let weeks = take(&mut register, born(date(2026, 11, 4)), Some("001226000032"));
    assert_eq!(weeks, Err(Contradiction::BirthsTooClose.into()));
    take(&mut register, born(date(2026, 9, 2)), Some("001226000033")).unwrap();
    // A mother who is declared missing bears nobody.
    register.get_mut(&number(WIFE)).unwrap().life = Life::Missing(date(2026, 10, 1));
    let absent = take(&mut register, born(date(2026, 10, 2)), Some("001226000034"));
    assert_eq!(absent, Err(Contradiction::DeclaredMissing.into()));
    let mut register = town();
    let head = Mover { person: number(CHILD), relation: "Chủ hộ".to_owned() };
    let place = Some(Residence::new("Số 9, phố Huế, Hà Nội"));
    let alone = Act::Permanent { movers: vec![head], joins: None, place, on: ON };
    assert_eq!(take(&mut register, alone, None), Err(Contradiction::HeadTooYoung.into()));
    // Copies of a nationality follow it.
    let nationality =
        Act::Nationality { person: number(HUSBAND), nationality: "Hàn Quốc".to_owned(), on: ON };
    take(&mut register, nationality, None).unwrap();
    let named = |relative: &Option<Relative>| relative.as_ref().and_then(|one| one.nationality.clone());
    let (child, wife) = (&register[&number(CHILD)], &register[&number(WIFE)]);
    assert_eq!(
        [named(&child.father), named(&wife.spouse)],
        [Some("Hàn Quốc".to_owned()), Some("Hàn Quốc".to_owned())]
    );
}

/// Who had begun the twentieth year of age could marry until 2014; who has completed it can since.
#[test]
fn the_age_of_marriage_is_that_of_the_law_of_then() {
    let mut register = town();
    add(&mut register, "001090000041", "Đỗ Văn Quý", date(1990, 6, 1), Sex::Male);
    add(&mut register, SISTER, "Ngô Thị Lan", date(1988, 1, 1), Sex::Female);
    let on = |on| Act::Marriage { husband: party("001090000041"), wife: party(SISTER), on };
    let judged = |on| take(&mut register.clone(), on, None).map(drop);
    assert_eq!(judged(on(date(2009, 6, 1))), Err(Refusal::TooYoung.into()));
    assert_eq!(judged(on(date(2009, 6, 2))), Ok(()));
    register.get_mut(&number("001090000041")).unwrap().birth_date = BirthDate::Day(date(1996, 6, 1));
    let judged = |on| take(&mut register.clone(), on, None).map(drop);
    assert_eq!(judged(on(date(2016, 5, 31))), Err(Refusal::TooYoung.into()));
    assert_eq!(judged(on(date(2016, 6, 1))), Ok(()));
}

#[test]
fn a_corrected_birth_date_is_held_against_the_marriage() {
    let married = Applied {
        of: number(WIFE),
        id: ActId { year: 2009, ..entry(marry(HUSBAND, WIFE)).id },
        on: date(2009, 4, 4),
    };
    let corrected = |day| {
        entry(Act::BirthDateCorrected { person: number(WIFE), birth_date: BirthDate::Day(day), on: ON })
    };
    let before = core::slice::from_ref(&married);
    // Seventeen on that very fourth of April 2009, or the day before: by the law of then, whoever was in the eighteenth year.
    let young = apply(&corrected(date(1992, 4, 4)), &town(), before, Some(number("001192000044")), TODAY);
    assert_eq!(young, Err(Contradiction::MarriedTooYoung.into()));
    let of_age = apply(&corrected(date(1992, 4, 3)), &town(), before, Some(number("001192000044")), TODAY);
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
        let known = [Applied { of: number(HUSBAND), id: death(on).id, on: date(2026, 1, 10) }];
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
        Act::Adoption { child: number(CHILD), father: Some(person.clone().into()), mother: None, on: ON },
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
    let before = Act::Marriage { husband: person.clone().into(), wife: party(SISTER), on: date(2026, 1, 31) };
    take(&mut register.clone(), before, None).unwrap();
    // The declaration comes after what they did since: one of both is wrong.
    let known = [Applied { of: number(BACHELOR), id: entry(marry(BACHELOR, SISTER)).id, on: ON }];
    let declared: Result<_, NotApplied> = apply(&entry(missing), &town(), &known, None, TODAY);
    assert_eq!(declared, Err(Contradiction::DeclaredMissing.into()));
    // A court divorces them, and the office ends their residence (Luật Cư trú 2020 art. 24).
    let mut left = town();
    take(&mut left, Act::Missing { person: number(HUSBAND), on: date(2026, 2, 1) }, None).unwrap();
    take(&mut left, Act::Divorce { husband: party(HUSBAND), wife: party(WIFE), on: ON }, None).unwrap();
    take(&mut left, Act::Removed { person: number(HUSBAND), on: ON }, None).unwrap();
    consistent(&left);
    // Back again, all of it may be.
    take(&mut register, Act::Returned { person: person.clone(), on: date(2026, 11, 1) }, None).unwrap();
    assert_eq!(register[&person].life, Life::Alive);
    for act in deeds {
        take(&mut register.clone(), act, None).unwrap();
    }
}
