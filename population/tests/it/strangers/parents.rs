//! Parents without a number: recognition, adoption and its end, and who is kin.

use super::*;

#[test]
fn a_foreign_father_recognises_his_child_and_says_what_he_is() {
    let mut office = Office::open();
    office.register.get_mut(&number(CHILD)).unwrap().father = None;
    office.register.get_mut(&number(HUSBAND)).unwrap().children.clear();
    let recognise = |parent_sex| Act::Recognition { child: number(CHILD), parent: kim(), parent_sex, on: ON };
    let unsaid = office.take(recognise(None), &[]);
    assert!(matches!(unsaid, Err(NotApplied::Refused(Refusal::Item(_)))), "{unsaid:?}");
    office.take(recognise(Some(Sex::Male)), &[]).unwrap();
    assert_eq!(office.parents(CHILD), [Some("KIM MIN-JUN".to_owned()), Some("Lê Thị Chi".to_owned())]);
    assert_eq!(office.take(recognise(Some(Sex::Male)), &[]), Err(Refusal::Nothing.into()));
    assert_eq!(office.take(recognise(Some(Sex::Female)), &[]), Err(Contradiction::OtherParent.into()));
}

#[test]
fn an_adoption_from_abroad_ends_and_the_parents_by_birth_are_parents_again() {
    let mut office = Office::open();
    let anna = stranger("ANNA SMITH", "Hoa Kỳ");
    let adopted = Act::Adoption {
        child: number(CHILD),
        father: Some(stranger("JOHN SMITH", "Hoa Kỳ")),
        mother: Some(anna.clone()),
        on: date(2025, 1, 1),
    };
    let ended = |father, mother| Act::AdoptionEnded { child: number(CHILD), father, mother, on: ON };
    let never = office.take(ended(None, None), &[]);
    assert_eq!(never, Err(Contradiction::NotAdopted.into()));
    office.take(adopted, &[]).unwrap();
    assert_eq!(office.parents(CHILD), [Some("JOHN SMITH".to_owned()), Some("ANNA SMITH".to_owned())]);
    assert!(office.register[&number(WIFE)].children.is_empty());
    let still = office.take(ended(None, Some(anna)), &[]);
    assert_eq!(still, Err(Refusal::Nothing.into()), "whose adoption ends is no parent by the same act");
    let man = office.take(ended(None, Some(party(HUSBAND))), &[]);
    assert_eq!(man, Err(Contradiction::ParentOfOtherSex.into()));
    office.take(ended(Some(party(HUSBAND)), Some(party(WIFE))), &[]).unwrap();
    assert_eq!(office.parents(CHILD), [Some("Trần Văn Bình".to_owned()), Some("Lê Thị Chi".to_owned())]);
    assert_eq!(office.register[&number(WIFE)].children.len(), 1);
    // It has ended once.
    assert_eq!(office.take(ended(None, None), &[]), Err(Contradiction::NotAdopted.into()));
}

/// A step-mother adopts, and the adoption ends: the father stays.
#[test]
fn who_was_a_parent_before_an_adoption_stays_one_after_it() {
    let mut office = Office::open();
    office
        .take(Act::Divorce { husband: party(HUSBAND), wife: party(WIFE), on: date(2020, 1, 1) }, &[])
        .unwrap();
    office.take(marry(party(HUSBAND), party(SPINSTER), date(2021, 1, 1)), &[]).unwrap();
    let adopted = Act::Adoption {
        child: number(CHILD),
        father: None,
        mother: Some(party(SPINSTER)),
        on: date(2022, 1, 1),
    };
    office.take(adopted, &[]).unwrap();
    assert_eq!(office.parents(CHILD), [Some("Trần Văn Bình".to_owned()), Some("Ngô Thị Lan".to_owned())]);
    let ended = Act::AdoptionEnded { child: number(CHILD), father: None, mother: Some(party(WIFE)), on: ON };
    office.take(ended, &[]).unwrap();
    assert_eq!(office.parents(CHILD), [Some("Trần Văn Bình".to_owned()), Some("Lê Thị Chi".to_owned())]);
    assert!(office.register[&number(SPINSTER)].children.is_empty());
}

/// An adoption that another database carried over is in no book here.
#[test]
fn an_adoption_that_no_act_tells_of_ends_on_an_officers_word() {
    let mut office = Office::open();
    let ended = Act::AdoptionEnded { child: number(CHILD), father: None, mother: None, on: ON };
    office.take(ended, &[Contradiction::NotAdopted]).unwrap();
    assert_eq!(office.parents(CHILD), [None, None]);
    assert!(office.register[&number(HUSBAND)].children.is_empty());
}

/// Adopted by strangers as a baby, and in love with her own brother twenty years later.
#[test]
fn whom_an_adoption_took_from_the_records_is_kin_all_the_same() {
    let mut office = Office::open();
    let (baby, brother) = ("001205000031", "001204000032");
    let born = date(2005, 3, 3);
    let birth = crate::civil_status::born_to(Some(party(HUSBAND)), Some(party(WIFE)), number(WIFE));
    let Act::Birth { mut child, father, mother, .. } = birth else { unreachable!() };
    (child.birth_date, child.sex) = (born, Sex::Female);
    // They were young parents.
    for (who, year) in [(HUSBAND, 1980), (WIFE, 1982)] {
        office.register.get_mut(&number(who)).unwrap().birth_date = BirthDate::Day(date(year, 1, 1));
    }
    office.take_with(Act::Birth { child, father, mother, resides_with: None }, &[], Some(baby)).unwrap();
    let mut son = Person::new(number(brother), "Trần Văn Anh", BirthDate::Day(date(2004, 1, 1)), Sex::Male);
    let named = |who: &str| Relative::new(&office.register[&number(who)].full_name, Some(number(who)));
    (son.father, son.mother) = (Some(named(HUSBAND)), Some(named(WIFE)));
    let as_child = Relative::new(&son.full_name, Some(son.number.clone()));
    for who in [HUSBAND, WIFE] {
        office.register.get_mut(&number(who)).unwrap().children.push(as_child.clone());
    }
    office.register.insert(son.number.clone(), son);
    let adopted = Act::Adoption {
        child: number(baby),
        father: None,
        mother: Some(stranger("ANNA SMITH", "Hoa Kỳ")),
        on: date(2006, 1, 1),
    };
    office.take(adopted, &[]).unwrap();
    assert_eq!(office.take(marry(party(brother), party(baby), ON), &[]), Err(Contradiction::CloseKin.into()));
    // Divorced by then, and her own father.
    office
        .take(Act::Divorce { husband: party(HUSBAND), wife: party(WIFE), on: date(2020, 1, 1) }, &[])
        .unwrap();
    let father = office.take(marry(party(HUSBAND), party(baby), ON), &[]);
    assert_eq!(father, Err(Refusal::CannotMarry.into()));
}

#[test]
fn a_recognition_does_not_make_brother_and_sister_of_husband_and_wife_unasked() {
    let mut office = Office::open();
    office.take(marry(party(BACHELOR), party(SPINSTER), date(2020, 1, 1)), &[]).unwrap();
    let old = "001150000041";
    let father = Person::new(number(old), "Ngô Văn Già", BirthDate::Day(date(1950, 1, 1)), Sex::Male);
    office.register.insert(father.number.clone(), father);
    let recognise = |child| Act::Recognition { child, parent: party(old), parent_sex: None, on: ON };
    office.take(recognise(number(SPINSTER)), &[]).unwrap();
    let asked = office.take(recognise(number(BACHELOR)), &[]);
    assert_eq!(asked, Err(Contradiction::CloseKin.into()));
    office.take(recognise(number(BACHELOR)), &[Contradiction::CloseKin]).unwrap();
}

/// A mother and her husband adopt her child together, and his adoption ends.
#[test]
fn a_mother_who_adopted_with_a_step_father_stays_the_mother() {
    let mut office = Office::open();
    let wife = office.register.get_mut(&number(WIFE)).unwrap();
    (wife.spouse, wife.marital_status) = (None, Some(MaritalStatus::Divorced));
    let husband = office.register.get_mut(&number(HUSBAND)).unwrap();
    (husband.spouse, husband.marital_status) = (None, Some(MaritalStatus::Divorced));
    office.take(marry(kim(), party(WIFE), date(2026, 1, 10)), &[]).unwrap();
    let (father, mother) = (Some(kim()), Some(party(WIFE)));
    let adopted = Act::Adoption { child: number(CHILD), father, mother, on: date(2026, 2, 10) };
    office.take(adopted, &[]).unwrap();
    assert_eq!(office.parents(CHILD), [Some("KIM MIN-JUN".to_owned()), Some("Lê Thị Chi".to_owned())]);
    let ended = |mother| Act::AdoptionEnded { child: number(CHILD), father: None, mother, on: ON };
    take_aside(&office, &ended(Some(party(WIFE)))).unwrap();
    office.take(ended(None), &[]).unwrap();
    assert_eq!(office.parents(CHILD), [None, Some("Lê Thị Chi".to_owned())]);
    assert_eq!(office.register[&number(WIFE)].children.len(), 1);
}

#[test]
fn what_is_dated_before_an_adoption_neither_ends_it_nor_takes_its_place() {
    let mut office = Office::open();
    let anna = || Some(stranger("ANNA SMITH", "Hoa Kỳ"));
    let adopted = Act::Adoption { child: number(CHILD), father: None, mother: anna(), on: date(2022, 2, 2) };
    office.take(adopted, &[]).unwrap();
    let early = Act::AdoptionEnded { child: number(CHILD), father: None, mother: None, on: date(2021, 1, 1) };
    assert_eq!(office.take(early, &[]), Err(Contradiction::NotAdopted.into()));
    let recognised = Act::Recognition {
        child: number(CHILD),
        parent: kim(),
        parent_sex: Some(Sex::Male),
        on: date(2021, 2, 2),
    };
    let changes = office.take(recognised, &[]).unwrap();
    assert!(changes.late && changes.changed.is_empty());
    assert_eq!(office.parents(CHILD), [None, Some("ANNA SMITH".to_owned())]);
    let twice = Act::Adoption { child: number(CHILD), father: anna(), mother: anna(), on: ON };
    assert_eq!(office.take(twice, &[]), Err(Refusal::Oneself.into()));
}

/// By name only, so an officer sees whether it is that one.
#[test]
fn a_stranger_with_a_parents_name_is_asked_about() {
    let mut office = Office::open();
    let recognised =
        |child| Act::Recognition { child, parent: kim(), parent_sex: Some(Sex::Male), on: date(2020, 1, 10) };
    office.take(recognised(number(SPINSTER)), &[]).unwrap();
    let father = office.take(marry(kim(), party(SPINSTER), ON), &[]);
    assert_eq!(father, Err(Contradiction::CloseKin.into()));
    let mut office = Office::open();
    office.take(marry(kim(), party(SPINSTER), date(2019, 1, 10)), &[]).unwrap();
    assert_eq!(office.take(recognised(number(SPINSTER)), &[]), Err(Contradiction::CloseKin.into()));
    // The husband has no number, and is a man: the wife does not become one unasked.
    let act = Act::SexRedetermined { person: number(SPINSTER), sex: Sex::Male, on: ON };
    let asked = office.take_with(act, &[], Some("001092000044"));
    assert_eq!(asked, Err(Contradiction::SpouseOfSameSex.into()));
    // What the register knows of a parent's sex is not said otherwise.
    let woman = Act::Recognition {
        child: number(CHILD),
        parent: party(BACHELOR),
        parent_sex: Some(Sex::Female),
        on: ON,
    };
    let woman = office.take(woman, &[]);
    assert!(matches!(woman, Err(NotApplied::Refused(Refusal::Item(_)))), "{woman:?}");
}

/// An adopted child who grows up and adopts one: the later act is not about whose child he is.
#[test]
fn ones_own_adoption_is_not_overtaken_by_the_one_in_which_one_adopts() {
    let mut office = Office::open();
    let anna = || Some(stranger("ANNA SMITH", "Hoa Kỳ"));
    let adopted =
        Act::Adoption { child: number(BACHELOR), father: None, mother: anna(), on: date(1990, 1, 1) };
    office.take(adopted, &[]).unwrap();
    let adopts = Act::Adoption {
        child: number(CHILD),
        father: Some(party(BACHELOR)),
        mother: None,
        on: date(2020, 1, 1),
    };
    office.take(adopts, &[]).unwrap();
    let ended =
        Act::AdoptionEnded { child: number(BACHELOR), father: None, mother: None, on: date(2019, 1, 1) };
    assert!(!office.take(ended, &[]).unwrap().late);
    assert_eq!(office.parents(BACHELOR), [None, None]);
    // Over, it stands in no recognition's way.
    let recognised = Act::Recognition {
        child: number(BACHELOR),
        parent: kim(),
        parent_sex: Some(Sex::Male),
        on: date(1989, 1, 1),
    };
    assert!(!office.take(recognised, &[]).unwrap().late);
    assert_eq!(office.parents(BACHELOR), [Some("KIM MIN-JUN".to_owned()), None]);
}

/// The mother whom another province keeps is named by number and has no record here.
#[test]
fn a_parent_who_stays_and_has_no_record_here_is_no_obstacle() {
    let mut office = Office::open();
    let away = number("001188000999");
    let child = office.register.get_mut(&number(CHILD)).unwrap();
    (child.father, child.mother) = (None, Some(Relative::new("Lý Thị Xa", Some(away.clone()))));
    for parent in [HUSBAND, WIFE] {
        office.register.get_mut(&number(parent)).unwrap().children.clear();
    }
    let record = office.register.get_mut(&number(BACHELOR)).unwrap();
    (record.spouse, record.marital_status) =
        (Some(Relative::new("Lý Thị Xa", Some(away.clone()))), Some(MaritalStatus::Married));
    let act = Act::Adoption { child: number(CHILD), father: Some(party(BACHELOR)), mother: None, on: ON };
    let changes = apply_overruling(&entry(act), &office, &[], None, TODAY, &[]).unwrap();
    let child = changes.changed.iter().find(|person| person.number == number(CHILD)).unwrap();
    assert_eq!(child.father.as_ref().unwrap().number, Some(number(BACHELOR)));
    assert_eq!(child.mother.as_ref().unwrap().number, Some(away));
}
