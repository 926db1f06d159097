//! Spouses and parents who have no number here, and marriages and adoptions that end.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::{
    Act, ActId, Applied, Books, Changes, Contradiction, NotApplied, Party, Refusal, apply_overruling,
};
use cccd_population::person::{Life, MaritalStatus, Others, Person, Relative};
use jiff::civil::{Date, date};

use crate::civil_status::{
    BACHELOR, CHILD, HUSBAND, Register, TODAY, WIFE, consistent, entry, number, party, take, town,
};

const ON: Date = date(2026, 11, 10);
const SPINSTER: &str = "001192000021";

fn stranger(name: &str, nationality: &str) -> Party {
    Party::Named { name: name.to_owned(), nationality: Some(nationality.to_owned()) }
}

fn kim() -> Party {
    stranger("KIM MIN-JUN", "Hàn Quốc")
}

/// The town, and a woman of 34 who has never been married.
fn town_with_a_spinster() -> Register {
    let mut register = town();
    let mut spinster =
        Person::new(number(SPINSTER), "Ngô Thị Lan", BirthDate::Day(date(1992, 1, 2)), Sex::Female);
    spinster.marital_status = Some(MaritalStatus::Single);
    register.insert(spinster.number.clone(), spinster);
    register
}

/// A register with books: every act is judged by those before it.
struct Office {
    register: Register,
    acts: Vec<(Applied, Act)>,
    past: Vec<Person>,
}

impl Others for Office {
    fn person(&self, number: &PersonalNumber) -> Option<Person> {
        self.register.get(number).cloned()
    }
}

impl Books for Office {
    fn acts_of(&self, person: &PersonalNumber) -> Vec<Applied> {
        self.acts.iter().map(|(applied, _)| applied.clone()).filter(|one| one.of == *person).collect()
    }

    fn act(&self, id: &ActId) -> Option<Act> {
        self.acts.iter().find(|(applied, _)| applied.id == *id).map(|(_, act)| act.clone())
    }

    fn past(&self, person: &PersonalNumber) -> Vec<Person> {
        self.past.iter().filter(|record| record.number == *person).cloned().collect()
    }
}

impl Office {
    fn open() -> Self {
        Self { register: town_with_a_spinster(), acts: Vec::new(), past: Vec::new() }
    }

    fn take(&mut self, act: Act, overruled: &[Contradiction]) -> Result<Changes, NotApplied> {
        self.take_with(act, overruled, None)
    }

    fn take_with(
        &mut self,
        act: Act,
        overruled: &[Contradiction],
        given: Option<&str>,
    ) -> Result<Changes, NotApplied> {
        let serial = u32::try_from(self.acts.len()).unwrap() + 1;
        let mut entry = entry(act.clone());
        entry.id.serial = serial;
        let principals = act.principals();
        let before = self.acts.iter().map(|(applied, _)| applied.clone());
        let mut before: Vec<Applied> = before.filter(|one| principals.contains(&one.of)).collect();
        before.sort_by_key(|applied| applied.on);
        let changes = apply_overruling(&entry, self, &before, given.map(number), TODAY, overruled)?;
        for person in changes.changed.iter().chain(&changes.created) {
            self.past.extend(self.register.insert(person.number.clone(), person.clone()));
        }
        let born = changes.created.iter().map(|person| person.number.clone());
        for of in principals.into_iter().chain(born) {
            self.acts.push((Applied { of, id: entry.id.clone(), on: act.on() }, act.clone()));
        }
        consistent(&self.register);
        Ok(changes)
    }

    fn spouse(&self, who: &str) -> (Option<Relative>, Option<MaritalStatus>) {
        let person = &self.register[&number(who)];
        (person.spouse.clone(), person.marital_status)
    }

    fn parents(&self, child: &str) -> [Option<String>; 2] {
        let child = &self.register[&number(child)];
        [&child.father, &child.mother].map(|parent| parent.as_ref().map(|parent| parent.name.clone()))
    }
}

fn marry(husband: Party, wife: Party, on: Date) -> Act {
    Act::Marriage { husband, wife, on }
}

/// Whether an act would be taken.
fn take_aside(office: &Office, act: &Act) -> Result<Changes, NotApplied> {
    let Office { register, acts, past } = office;
    let mut aside = Office { register: register.clone(), acts: acts.clone(), past: past.clone() };
    aside.take(act.clone(), &[])
}

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
