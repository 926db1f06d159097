//! Spouses and parents without a number, as the stores keep them: merges, numbers that ended, what a record said before.

use std::cell::Cell;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_population::cases::{CaseId, Ruling, Verdict};
use cccd_population::civil_status::{Act, ActId, Book, Contradiction, Entry, Party};
use cccd_population::duplicates::{Evidence, Weighed};
use cccd_population::extract::Extract;
use cccd_population::person::{MaritalStatus, Person};
use cccd_population::store::{ActOutcome, SqlStore, Store as _, StoreError};
use jiff::civil::{Date, date};

use crate::{TODAY, change, empty, now, number, postgres};

const WOMAN: &str = "001190000001";
const TWIN: &str = "001190000077";
const MAN: &str = "001088000001";
const CHILD: &str = "001312000001";

/// A register with single people and a child, and the number of the last act.
struct Office {
    store: SqlStore,
    last: Cell<u32>,
}

fn on_both(test: impl Fn(Office)) {
    let open = |mut store: SqlStore| {
        let single = |digits: &str, name: &str, born: Date, sex| {
            let mut person = Person::new(number(digits), name, BirthDate::Day(born), sex);
            person.marital_status = Some(MaritalStatus::Single);
            person
        };
        let people = [
            single(WOMAN, "Lê Thị Chi", date(1990, 4, 5), Sex::Female),
            single(TWIN, "Lê Thị Chi", date(1990, 4, 5), Sex::Female),
            single(MAN, "Trần Văn Bình", date(1988, 2, 3), Sex::Male),
            single(CHILD, "Lê Thị Út", date(2012, 6, 7), Sex::Female),
        ];
        store.put_persons(&people, &change()).unwrap();
        Office { store, last: Cell::new(0) }
    };
    test(open(empty()));
    if let Some(place) = postgres::database() {
        test(open(SqlStore::create(&place, now()).unwrap()));
    }
}

impl Office {
    fn entry(&self, act: Act) -> Entry {
        self.last.set(self.last.get() + 1);
        Entry {
            id: ActId { office: "00070".to_owned(), year: 2026, kind: act.kind(), serial: self.last.get() },
            registered_on: date(2026, 11, 20),
            registered_by: "registrar".to_owned(),
            book: Book::Electronic,
            act,
        }
    }

    fn take(&mut self, act: Act, given: Option<&str>) -> (ActId, ActOutcome) {
        let entry = self.entry(act);
        let given = given.map(number);
        let done = self.store.record_act(&entry, given.as_ref(), "desk", &change(), TODAY).unwrap();
        (entry.id, done)
    }

    fn taken(&mut self, act: Act) -> ActId {
        let (id, done) = self.take(act, None);
        assert!(matches!(done, ActOutcome::Applied(_)), "{id}: {done:?}");
        id
    }

    fn person(&self, digits: &str) -> Person {
        self.store.person(&number(digits)).unwrap().unwrap()
    }
}

fn party(digits: &str) -> Party {
    number(digits).into()
}

fn kim() -> Party {
    Party::Named { name: "KIM MIN-JUN".to_owned(), nationality: Some("Hàn Quốc".to_owned()) }
}

fn merge(store: &mut SqlStore, keep: &str) -> Result<(), StoreError> {
    let evidence = vec![Evidence { item: "full_name", finding: "same", bits: 300 }];
    let weighed = Weighed { bits: 300, evidence };
    store.open_pair((&number(WOMAN), &number(TWIN)), &weighed, &change()).unwrap();
    let verdict = Verdict::Merge { keep: number(keep), take: Default::default() };
    let ruling = Ruling { verdict, by: "officer".to_owned(), reason: "seen the papers".to_owned() };
    store.decide_case(&CaseId::of_pair(&number(WOMAN), &number(TWIN)), &ruling, None, now(), TODAY).map(drop)
}

#[test]
fn records_with_two_spouses_are_not_one_whether_these_have_numbers_or_not() {
    let lee = Party::Named { name: "LEE SU-HO".to_owned(), nationality: Some("Hàn Quốc".to_owned()) };
    for other in [party(MAN), lee] {
        on_both(|mut office| {
            office.taken(Act::Marriage { husband: kim(), wife: party(WOMAN), on: date(2026, 1, 10) });
            office.taken(Act::Marriage { husband: other.clone(), wife: party(TWIN), on: date(2026, 3, 10) });
            for keep in [WOMAN, TWIN] {
                let merged = merge(&mut office.store, keep);
                assert!(matches!(merged, Err(StoreError::Contradicts(Contradiction::Married))), "{merged:?}");
            }
        });
    }
}

/// One record names the husband, the other knows his number too.
#[test]
fn a_spouse_of_both_records_stays_with_the_number() {
    for keep in [WOMAN, TWIN] {
        on_both(|mut office| {
            let named = Party::Named { name: "Trần Văn Bình".to_owned(), nationality: None };
            office.taken(Act::Marriage { husband: named, wife: party(WOMAN), on: date(2026, 1, 10) });
            office.taken(Act::Marriage { husband: party(MAN), wife: party(TWIN), on: date(2026, 1, 10) });
            merge(&mut office.store, keep).unwrap();
            assert_eq!(office.person(keep).spouse.unwrap().number, Some(number(MAN)));
            assert_eq!(office.person(MAN).spouse.unwrap().number, Some(number(keep)));
        });
    }
}

/// The acts name people by the numbers of then.
#[test]
fn an_adoption_ends_although_mother_and_child_have_other_numbers_since() {
    on_both(|mut office| {
        office.taken(Act::Marriage { husband: party(MAN), wife: party(WOMAN), on: date(2015, 2, 10) });
        let (father, mother, on) = (Some(party(MAN)), Some(party(WOMAN)), date(2020, 2, 10));
        office.taken(Act::Adoption { child: number(CHILD), father, mother, on });
        let corrected = |person: &str, day: Date| Act::BirthDateCorrected {
            person: number(person),
            birth_date: BirthDate::Day(day),
            on: date(2026, 3, 1),
        };
        for (person, day, new) in
            [(WOMAN, date(1989, 3, 3), "001189000044"), (CHILD, date(2013, 3, 3), "001313000045")]
        {
            let (id, done) = office.take(corrected(person, day), Some(new));
            assert!(matches!(done, ActOutcome::Applied(_)), "{id}: {done:?}");
        }
        assert_eq!(office.person("001313000045").mother.unwrap().number, Some(number("001189000044")));
        let child = number("001313000045");
        office.taken(Act::AdoptionEnded {
            child: child.clone(),
            father: None,
            mother: None,
            on: date(2026, 5, 10),
        });
        assert_eq!(office.person("001313000045").mother, None);
        assert_eq!(office.person("001313000045").father, None);
        assert!(office.person(MAN).children.is_empty());
        assert!(office.person("001189000044").children.is_empty());
        let (_, again) = office
            .take(Act::AdoptionEnded { child, father: None, mother: None, on: date(2026, 5, 11) }, None);
        assert!(matches!(again, ActOutcome::Case(Contradiction::NotAdopted)), "{again:?}");
    });
}

/// Divorced before, as a list from elsewhere says, of which no act tells: the history of the record does.
#[test]
fn an_annulled_marriage_leaves_what_the_record_said_before() {
    on_both(|mut office| {
        let mut woman = office.person(WOMAN);
        woman.marital_status = Some(MaritalStatus::Divorced);
        office.store.put_person(&woman, &change()).unwrap();
        office.taken(Act::Marriage { husband: kim(), wife: party(WOMAN), on: date(2026, 1, 10) });
        office.taken(Act::MarriageAnnulled { husband: kim(), wife: party(WOMAN), on: date(2026, 2, 10) });
        let woman = office.person(WOMAN);
        assert_eq!((woman.spouse, woman.marital_status), (None, Some(MaritalStatus::Divorced)));
    });
}

/// An extract of a marriage tells of its own end: not of that of a later one, and also where the husband had a number by then.
#[test]
fn an_extract_of_a_marriage_tells_of_its_own_end() {
    on_both(|mut office| {
        let of = |office: &Office, act: &ActId| {
            let lines = Extract::of_act(&office.store, act).unwrap().unwrap().unwrap().lines;
            let ends = ["Divorced", "MARRIAGE ANNULLED"];
            lines.into_iter().map(|line| line.en).filter(|en| ends.contains(en)).collect::<Vec<_>>()
        };
        let marry = |on| Act::Marriage { husband: kim(), wife: party(WOMAN), on };
        let first = office.taken(marry(date(2020, 1, 10)));
        office.taken(Act::Divorce { husband: kim(), wife: party(WOMAN), on: date(2021, 1, 10) });
        let second = office.taken(marry(date(2022, 1, 10)));
        assert_eq!((of(&office, &first), of(&office, &second)), (vec!["Divorced"], vec![]));
        office.taken(Act::MarriageAnnulled { husband: kim(), wife: party(WOMAN), on: date(2023, 1, 10) });
        assert_eq!(
            (of(&office, &first), of(&office, &second)),
            (vec!["Divorced"], vec!["MARRIAGE ANNULLED"])
        );
        // He has a number, and is divorced by it.
        let named = Party::Named { name: "TRẦN VĂN BÌNH".to_owned(), nationality: None };
        let third = office.taken(Act::Marriage { husband: named, wife: party(TWIN), on: date(2024, 1, 10) });
        office.taken(Act::Marriage { husband: party(MAN), wife: party(TWIN), on: date(2024, 1, 10) });
        office.taken(Act::Divorce { husband: party(MAN), wife: party(TWIN), on: date(2025, 1, 10) });
        assert_eq!(of(&office, &third), ["Divorced"]);
    });
}

/// She has another number by then: he was single before, and not her husband under the old one.
#[test]
fn an_annulled_marriage_does_not_come_back_under_a_number_that_ended() {
    on_both(|mut office| {
        office.taken(Act::Marriage { husband: party(MAN), wife: party(WOMAN), on: date(2015, 2, 10) });
        let corrected = Act::BirthDateCorrected {
            person: number(WOMAN),
            birth_date: BirthDate::Day(date(1989, 3, 3)),
            on: date(2016, 3, 1),
        };
        let (id, done) = office.take(corrected, Some("001189000044"));
        assert!(matches!(done, ActOutcome::Applied(_)), "{id}: {done:?}");
        let (husband, wife) = (party(MAN), party("001189000044"));
        office.taken(Act::MarriageAnnulled { husband, wife, on: date(2026, 2, 10) });
        for who in [MAN, "001189000044"] {
            let person = office.person(who);
            assert_eq!((person.spouse, person.marital_status), (None, Some(MaritalStatus::Single)), "{who}");
        }
    });
}
