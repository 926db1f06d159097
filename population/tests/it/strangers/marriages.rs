//! Husbands and wives without a number.

use super::*;

#[test]
fn a_foreigner_is_married_and_divorced_by_name() {
    let mut office = Office::open();
    office.take(marry(kim(), party(SPINSTER), date(2020, 5, 5)), &[]).unwrap();
    let (spouse, status) = office.spouse(SPINSTER);
    let spouse = spouse.unwrap();
    assert_eq!((spouse.name.as_str(), spouse.number), ("KIM MIN-JUN", None));
    assert_eq!((spouse.nationality.as_deref(), status), (Some("Hàn Quốc"), Some(MaritalStatus::Married)));
    let again = office.take(marry(kim(), party(SPINSTER), date(2020, 5, 5)), &[]);
    assert_eq!(again, Err(Refusal::Nothing.into()));
    // Another man, with a number or without: nobody here can say what became of the first.
    for other in [party(BACHELOR), stranger("JOHN SMITH", "Hoa Kỳ")] {
        let second = office.take(marry(other, party(SPINSTER), ON), &[]);
        assert_eq!(second, Err(Contradiction::MarriedToStranger.into()));
    }
    let wrong = Act::Divorce { husband: stranger("JOHN SMITH", "Hoa Kỳ"), wife: party(SPINSTER), on: ON };
    assert_eq!(office.take(wrong, &[]), Err(Contradiction::OtherSpouse.into()));
    // As other offices spell him.
    for spelling in ["Kim  Min-Jun", "KIM MINJUN", "Min-jun Kim", "MIN JUN KIM"] {
        let over = Act::Divorce { husband: stranger(spelling, "Hàn Quốc"), wife: party(SPINSTER), on: ON };
        take_aside(&office, &over).unwrap();
    }
    let over =
        Act::Divorce { husband: stranger("Min-jun Kim", "Hàn Quốc"), wife: party(SPINSTER), on: ON };
    office.take(over, &[]).unwrap();
    assert_eq!(office.spouse(SPINSTER), (None, Some(MaritalStatus::Divorced)));
    office.take(marry(party(BACHELOR), party(SPINSTER), date(2026, 11, 12)), &[]).unwrap();
    assert_eq!(office.spouse(SPINSTER).0.unwrap().number, Some(number(BACHELOR)));
}

#[test]
fn a_widow_of_a_foreigner_marries_again_on_an_officers_word() {
    let mut office = Office::open();
    office.take(marry(kim(), party(SPINSTER), date(2020, 5, 5)), &[]).unwrap();
    let second = marry(party(BACHELOR), party(SPINSTER), ON);
    office.take(second, &[Contradiction::MarriedToStranger]).unwrap();
    assert_eq!(office.spouse(SPINSTER).0.unwrap().number, Some(number(BACHELOR)));
    // The first marriage is entered once more by another office, late: what came since holds.
    let late = marry(kim(), party(SPINSTER), date(2020, 5, 6));
    assert_eq!(office.take(late, &[]), Err(Contradiction::MarriedSince.into()));
    assert_eq!(office.spouse(SPINSTER).0.unwrap().number, Some(number(BACHELOR)));
}

/// Entered from abroad in the wrong order: the divorce first.
#[test]
fn a_marriage_with_a_foreigner_that_is_told_after_its_divorce_changes_nothing() {
    let mut office = Office::open();
    let (then, after) = (date(2015, 5, 5), date(2018, 5, 5));
    let over = Act::Divorce { husband: kim(), wife: party(SPINSTER), on: after };
    assert_eq!(office.take(over.clone(), &[]), Err(Contradiction::NotMarried.into()));
    office.take(marry(kim(), party(SPINSTER), then), &[]).unwrap();
    office.take(over, &[]).unwrap();
    office.take(marry(party(BACHELOR), party(SPINSTER), date(2020, 1, 1)), &[]).unwrap();
    let changes = office.take(marry(kim(), party(SPINSTER), date(2016, 1, 1)), &[]).unwrap();
    assert!(changes.late && changes.changed.is_empty(), "they were divorced before she married again");
}

#[test]
fn one_of_two_is_known_and_of_age_and_of_the_right_sex() {
    let mut office = Office::open();
    let nobody = office.take(marry(kim(), stranger("ANNA SMITH", "Hoa Kỳ"), ON), &[]);
    assert_eq!(nobody, Err(Refusal::NobodyKnown.into()));
    let child = office.take(marry(kim(), party(CHILD), ON), &[]);
    assert_eq!(child, Err(Refusal::TooYoung.into()));
    let husband = office.take(marry(kim(), party(BACHELOR), ON), &[]);
    assert_eq!(husband, Err(Refusal::CannotMarry.into()));
    let nowhere = office.take(marry(stranger("KIM MIN-JUN", "Atlantis"), party(SPINSTER), ON), &[]);
    assert!(matches!(nowhere, Err(NotApplied::Refused(Refusal::Item(_)))), "{nowhere:?}");
    let married = office.take(marry(kim(), party(WIFE), ON), &[]);
    assert_eq!(married, Err(Contradiction::Married.into()));
}

/// A list from elsewhere knew the husband's name and not his number.
#[test]
fn a_spouse_who_was_known_by_name_gets_a_number_with_the_act() {
    let mut office = Office::open();
    let bachelor = office.register[&number(BACHELOR)].full_name.clone();
    let record = office.register.get_mut(&number(SPINSTER)).unwrap();
    (record.spouse, record.marital_status) =
        (Some(Relative::new(&bachelor, None)), Some(MaritalStatus::Married));
    office.take(marry(party(BACHELOR), party(SPINSTER), date(2015, 1, 1)), &[]).unwrap();
    assert_eq!(office.spouse(SPINSTER).0.unwrap().number, Some(number(BACHELOR)));
    assert_eq!(office.spouse(BACHELOR).0.unwrap().number, Some(number(SPINSTER)));
}

#[test]
fn an_annulled_marriage_has_not_been() {
    let mut office = Office::open();
    let annul = |husband, wife| Act::MarriageAnnulled { husband, wife, on: ON };
    let stranger = office.take(annul(party(BACHELOR), party(SPINSTER)), &[]);
    assert_eq!(stranger, Err(Contradiction::NotMarried.into()));
    office.take(marry(party(BACHELOR), party(SPINSTER), date(2020, 1, 1)), &[]).unwrap();
    office.take(annul(party(BACHELOR), party(SPINSTER)), &[]).unwrap();
    assert_eq!(office.spouse(BACHELOR), (None, Some(MaritalStatus::Single)));
    assert_eq!(office.spouse(SPINSTER), (None, Some(MaritalStatus::Single)));
    // Of a second marriage: what the first one left.
    let mut office = Office::open();
    office
        .take(Act::Divorce { husband: party(HUSBAND), wife: party(WIFE), on: date(2019, 1, 1) }, &[])
        .unwrap();
    office.take(marry(kim(), party(WIFE), date(2020, 1, 1)), &[]).unwrap();
    office.take(annul(kim(), party(WIFE)), &[]).unwrap();
    assert_eq!(office.spouse(WIFE), (None, Some(MaritalStatus::Divorced)));
    let mut office = Office::open();
    office.take(marry(party(BACHELOR), party(SPINSTER), date(2015, 1, 1)), &[]).unwrap();
    office.take(Act::Death { person: number(BACHELOR), on: date(2018, 1, 1) }, &[]).unwrap();
    office.take(marry(kim(), party(SPINSTER), date(2020, 1, 1)), &[]).unwrap();
    office.take(annul(kim(), party(SPINSTER)), &[]).unwrap();
    let (late_husband, status) = office.spouse(SPINSTER);
    assert_eq!(
        (late_husband.unwrap().number, status),
        (Some(number(BACHELOR)), Some(MaritalStatus::Widowed))
    );
}

#[test]
fn a_sex_that_is_determined_again_does_not_make_a_couple_of_one_sex_unasked() {
    let mut register = town();
    let act = Act::SexRedetermined { person: number(HUSBAND), sex: Sex::Female, on: ON };
    let asked = take(&mut register, act.clone(), Some("001188000044"));
    assert_eq!(asked, Err(Contradiction::SpouseOfSameSex.into()));
    // Of a widow and her late husband nobody asks.
    register.get_mut(&number(WIFE)).unwrap().life = Life::Dead(date(2020, 1, 1));
    register.get_mut(&number(HUSBAND)).unwrap().marital_status = Some(MaritalStatus::Widowed);
    take(&mut register, act, Some("001188000044")).unwrap();
}

/// A list from elsewhere has the widow's state and not whose widow she is.
#[test]
fn a_widow_of_whom_only_that_is_known_is_married_again_when_the_death_is_annulled() {
    let mut office = Office::open();
    office.take(Act::Death { person: number(HUSBAND), on: date(2020, 1, 1) }, &[]).unwrap();
    office.register.get_mut(&number(WIFE)).unwrap().spouse = None;
    office.take(Act::DeathAnnulled { person: number(HUSBAND), on: ON }, &[]).unwrap();
    assert_eq!(office.spouse(WIFE).0.unwrap().number, Some(number(HUSBAND)));
    assert_eq!(
        (office.spouse(WIFE).1, office.spouse(HUSBAND).1),
        (Some(MaritalStatus::Married), Some(MaritalStatus::Married))
    );
}

/// A number beside the name, or a field that is misspelt: nothing of it is passed over.
#[test]
fn a_party_with_a_field_too_many_is_no_party() {
    let written = |husband: &str| {
        let text = format!(r#"{{"marriage":{{"husband":{husband},"wife":"{WIFE}","on":"2026-11-10"}}}}"#);
        serde_json::from_str::<Act>(&text)
    };
    assert!(written(r#"{"name":"KIM MIN-JUN","nationality":"Hàn Quốc"}"#).is_ok());
    assert!(written(r#"{"name":"KIM MIN-JUN"}"#).is_ok());
    for husband in [
        r#"{"name":"Nguyễn Văn An","number":"001088000001"}"#,
        r#"{"name":"KIM MIN-JUN","nationalty":"Hàn Quốc"}"#,
        r#"{"nationality":"Hàn Quốc"}"#,
        r#""KIM MIN-JUN""#,
        "null",
    ] {
        assert!(written(husband).is_err(), "{husband}");
    }
    let mut office = Office::open();
    for name in ["KIM 001088000001", "<script>", "{}"] {
        let refused = office.take(marry(stranger(name, "Hàn Quốc"), party(SPINSTER), ON), &[]);
        assert!(matches!(refused, Err(NotApplied::Refused(Refusal::Item(_)))), "{name}: {refused:?}");
    }
}

#[test]
fn a_divorce_under_another_name_is_an_officers_to_see() {
    let mut office = Office::open();
    office.take(marry(kim(), party(SPINSTER), date(2020, 5, 5)), &[]).unwrap();
    let over = Act::Divorce { husband: stranger("LEE SU-HO", "Hàn Quốc"), wife: party(SPINSTER), on: ON };
    assert_eq!(office.take(over.clone(), &[]), Err(Contradiction::OtherSpouse.into()));
    office.take(over, &[Contradiction::OtherSpouse]).unwrap();
    assert_eq!(office.spouse(SPINSTER), (None, Some(MaritalStatus::Divorced)));
}

/// He got a number after the wedding: the divorce that names him as before ends the marriage in both records.
#[test]
fn a_divorce_by_name_ends_the_marriage_of_one_who_has_a_number_since() {
    let mut office = Office::open();
    let name = office.register[&number(BACHELOR)].full_name.clone();
    office.take(marry(party(BACHELOR), party(SPINSTER), date(2020, 5, 5)), &[]).unwrap();
    let over = Act::Divorce { husband: stranger(&name, "Việt Nam"), wife: party(SPINSTER), on: ON };
    office.take(over, &[]).unwrap();
    for who in [BACHELOR, SPINSTER] {
        assert_eq!(office.spouse(who), (None, Some(MaritalStatus::Divorced)));
    }
}

/// Bigamy is the usual ground of an annulment: the marriage that stood before stands.
#[test]
fn an_annulment_gives_back_the_marriage_that_stood() {
    let mut office = Office::open();
    office.take(marry(kim(), party(SPINSTER), date(2024, 1, 10)), &[]).unwrap();
    let second = marry(party(BACHELOR), party(SPINSTER), date(2026, 1, 10));
    office.take(second, &[Contradiction::MarriedToStranger]).unwrap();
    let annul = Act::MarriageAnnulled { husband: party(BACHELOR), wife: party(SPINSTER), on: ON };
    office.take(annul, &[]).unwrap();
    let (spouse, status) = office.spouse(SPINSTER);
    assert_eq!((spouse.unwrap().name.as_str(), status), ("KIM MIN-JUN", Some(MaritalStatus::Married)));
    assert_eq!(office.spouse(BACHELOR), (None, Some(MaritalStatus::Single)));
    // Two annulled marriages leave what was before both of them.
    let mut office = Office::open();
    office
        .take(Act::Divorce { husband: party(HUSBAND), wife: party(WIFE), on: date(2019, 1, 1) }, &[])
        .unwrap();
    for (name, day) in [("KIM MIN-JUN", 1), ("LEE SU-HO", 11)] {
        let other = || stranger(name, "Hàn Quốc");
        office.take(marry(other(), party(WIFE), date(2020, 1, day)), &[]).unwrap();
        let annul = Act::MarriageAnnulled { husband: other(), wife: party(WIFE), on: date(2020, 1, day + 5) };
        office.take(annul, &[]).unwrap();
        assert_eq!(office.spouse(WIFE), (None, Some(MaritalStatus::Divorced)));
    }
    // Divorced as another database has it, of which no act tells.
    let mut office = Office::open();
    office.register.get_mut(&number(SPINSTER)).unwrap().marital_status = Some(MaritalStatus::Divorced);
    office.take(marry(kim(), party(SPINSTER), date(2024, 1, 10)), &[]).unwrap();
    office.take(Act::MarriageAnnulled { husband: kim(), wife: party(SPINSTER), on: ON }, &[]).unwrap();
    assert_eq!(office.spouse(SPINSTER), (None, Some(MaritalStatus::Divorced)));
}

/// An annulled marriage is none that came later: an older one that is told now stands.
#[test]
fn an_older_marriage_is_not_late_because_of_one_that_was_annulled() {
    let mut office = Office::open();
    office.take(marry(kim(), party(SPINSTER), date(2026, 1, 10)), &[]).unwrap();
    office
        .take(Act::MarriageAnnulled { husband: kim(), wife: party(SPINSTER), on: date(2026, 2, 10) }, &[])
        .unwrap();
    let changes = office.take(marry(party(BACHELOR), party(SPINSTER), date(2024, 1, 10)), &[]).unwrap();
    assert!(!changes.late);
    assert_eq!(office.spouse(SPINSTER).0.unwrap().number, Some(number(BACHELOR)));
}

/// A marriage of then that lies within another one, and one that comes after it.
#[test]
fn two_marriages_did_not_stand_at_one_time() {
    let mut office = Office::open();
    office.take(marry(kim(), party(SPINSTER), date(2020, 1, 10)), &[]).unwrap();
    office.take(Act::Divorce { husband: kim(), wife: party(SPINSTER), on: date(2025, 1, 10) }, &[]).unwrap();
    for (within, day) in [(true, date(2022, 1, 10)), (true, date(2019, 1, 10)), (true, date(2025, 1, 9))] {
        let told = take_aside(&office, &marry(party(BACHELOR), party(SPINSTER), day));
        assert_eq!(told.is_err(), within, "{day}: {told:?}");
    }
    let after = take_aside(&office, &marry(party(BACHELOR), party(SPINSTER), date(2025, 1, 10)));
    assert!(!after.unwrap().late);
}

/// He is divorced by name from her who has a number: her acts know it too when a later marriage of hers is annulled.
#[test]
fn a_divorce_by_name_counts_for_both() {
    let mut office = Office::open();
    office.take(marry(party(BACHELOR), party(SPINSTER), date(2015, 1, 1)), &[]).unwrap();
    let name = office.register[&number(SPINSTER)].full_name.clone();
    let over =
        Act::Divorce { husband: party(BACHELOR), wife: stranger(&name, "Việt Nam"), on: date(2018, 1, 1) };
    office.take(over, &[]).unwrap();
    office.take(marry(kim(), party(SPINSTER), date(2020, 1, 1)), &[]).unwrap();
    office.take(Act::MarriageAnnulled { husband: kim(), wife: party(SPINSTER), on: ON }, &[]).unwrap();
    assert_eq!(office.spouse(SPINSTER), (None, Some(MaritalStatus::Divorced)));
}

/// The first marriage, to somebody without a number, ends on paper after the second was entered: the second stands.
#[test]
fn the_end_of_a_first_marriage_does_not_ask_about_the_second() {
    for annulled in [false, true] {
        let mut office = Office::open();
        office.take(marry(kim(), party(SPINSTER), date(2010, 1, 20)), &[]).unwrap();
        let second = marry(party(BACHELOR), party(SPINSTER), date(2018, 1, 1));
        office.take(second, &[Contradiction::MarriedToStranger]).unwrap();
        let (husband, wife, on) = (kim(), party(SPINSTER), date(2020, 1, 1));
        let over = match annulled {
            true => Act::MarriageAnnulled { husband, wife, on },
            false => Act::Divorce { husband, wife, on },
        };
        office.take(over, &[]).unwrap();
        let (spouse, status) = office.spouse(SPINSTER);
        assert_eq!((spouse.unwrap().number, status), (Some(number(BACHELOR)), Some(MaritalStatus::Married)));
    }
}

/// Names that only look alike are two people, or a question.
#[test]
fn another_order_of_vietnamese_names_or_another_nationality_is_somebody_else() {
    let mut office = Office::open();
    let record = office.register.get_mut(&number(BACHELOR)).unwrap();
    let mut named = Relative::new("Nguyễn Minh Anh", None);
    named.nationality = Some("Việt Nam".to_owned());
    (record.spouse, record.marital_status) = (Some(named), Some(MaritalStatus::Married));
    office.register.get_mut(&number(SPINSTER)).unwrap().full_name = "Nguyễn Anh Minh".to_owned();
    let other = office.take(marry(party(BACHELOR), party(SPINSTER), ON), &[]);
    assert_eq!(other, Err(Contradiction::MarriedToStranger.into()));
    let over = |wife| Act::Divorce { husband: party(BACHELOR), wife, on: ON };
    let other = take_aside(&office, &over(stranger("MINH ANH NGUYEN", "Hoa Kỳ")));
    assert_eq!(other, Err(Contradiction::OtherSpouse.into()));
    take_aside(&office, &over(stranger("MINH ANH NGUYEN", "Việt Nam"))).unwrap();
    // Two parents of similar names are two parents.
    let party_of = |name: &str| Some(Party::Named { name: name.to_owned(), nationality: None });
    let (father, mother) = (party_of("Trần Anh Minh"), party_of("Trần Minh Anh"));
    let Act::Birth { child, .. } = crate::civil_status::born_to(None, None, number(WIFE)) else {
        unreachable!()
    };
    let birth = Act::Birth { child, father, mother, resides_with: None };
    office.take_with(birth, &[], Some("001226000009")).unwrap();
    // A father who is known as Hóa is not recognised as Hoà unasked.
    office.register.get_mut(&number(CHILD)).unwrap().father = Some(Relative::new("Trần Thanh Hóa", None));
    office.register.get_mut(&number(HUSBAND)).unwrap().children.clear();
    office.register.get_mut(&number(HUSBAND)).unwrap().full_name = "Trần Thanh Hoà".to_owned();
    let recognised =
        Act::Recognition { child: number(CHILD), parent: party(HUSBAND), parent_sex: None, on: ON };
    let entry = entry(recognised);
    let asked = apply_overruling(&entry, &office, &[], None, TODAY, &[]).map(drop);
    assert_eq!(asked, Err(Contradiction::OtherParent.into()));
}

#[test]
fn a_widow_who_had_married_him_twice_is_his_widow_again() {
    let mut office = Office::open();
    office.take(marry(party(BACHELOR), party(SPINSTER), date(2011, 1, 1)), &[]).unwrap();
    let (husband, wife) = (party(BACHELOR), party(SPINSTER));
    office.take(Act::Divorce { husband, wife, on: date(2012, 1, 1) }, &[]).unwrap();
    office.take(marry(party(BACHELOR), party(SPINSTER), date(2013, 1, 1)), &[]).unwrap();
    office.take(Act::Death { person: number(BACHELOR), on: date(2014, 1, 1) }, &[]).unwrap();
    office.take(marry(kim(), party(SPINSTER), date(2020, 1, 1)), &[]).unwrap();
    office.take(Act::MarriageAnnulled { husband: kim(), wife: party(SPINSTER), on: ON }, &[]).unwrap();
    let (spouse, status) = office.spouse(SPINSTER);
    assert_eq!((spouse.unwrap().number, status), (Some(number(BACHELOR)), Some(MaritalStatus::Widowed)));
}
