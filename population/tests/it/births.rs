//! A birth that is registered already, and what a list may not replace, on both engines.

use cccd_card_profile::card_holder::Sex;
use cccd_population::cases::{Case, CaseState, Intake, Ruled, Ruling, Subject, Verdict};
use cccd_population::civil_status::{Act, ActId, Book, Contradiction, Entry, Kind, Newborn, Party};
use cccd_population::generate::Nation;
use cccd_population::numbers::{Allocator, Digits, NumberKey, Withheld};
use cccd_population::person::{MaritalStatus, Person, Relative, Residence};
use cccd_population::quality::conflict::Standing;
use cccd_population::store::{ActOutcome, Change, Put, Recorded, SqlStore, Store as _};
use jiff::civil::{Date, date};

use crate::{TODAY, change, empty, now, number, postgres, somebody};

fn on_both(test: impl Fn(SqlStore)) {
    test(empty());
    if let Some(place) = postgres::database() {
        test(SqlStore::create(&place, now()).unwrap());
    }
}

fn allocator() -> Allocator {
    let digits =
        Digits::new(&NumberKey::derive(&zeroize::Zeroizing::new([7; 32])), Withheld::default()).unwrap();
    Allocator::new(digits, 100)
}

fn named(name: &str) -> Option<Party> {
    Some(Party::Named { name: name.to_owned(), nationality: None })
}

/// A child of parents whom the register does not know.
fn birth(office: &str, name: &str, born: Date, mother: &str) -> Entry {
    let child = Newborn {
        full_name: name.to_owned(),
        birth_date: born,
        sex: Sex::Male,
        place_of_birth: "Bệnh viện Mẫu".to_owned(),
        birth_registration_place: format!("Phường {office}"),
        number_place: "001".to_owned(),
        place_of_origin: "Xã Mẫu".to_owned(),
        ethnic_group: "Kinh".to_owned(),
        nationality: "Việt Nam".to_owned(),
    };
    let id = ActId { office: office.to_owned(), year: 2026, kind: Kind::Birth, serial: 3 };
    let father = named(if mother.starts_with("Vũ") { "Trần Đức Quang" } else { "Trần Văn Mẫu" });
    let act = Act::Birth { child: Box::new(child), father, mother: named(mother), resides_with: None };
    let registered_by = "an officer".to_owned();
    Entry { id, registered_on: date(2026, 11, 12), registered_by, book: Book::Electronic, act }
}

/// The next act of the same book.
fn twin(entry: Entry) -> Entry {
    Entry { id: ActId { serial: 4, ..entry.id.clone() }, ..entry }
}

fn open(store: &SqlStore) -> Vec<Case> {
    store.cases(None, Some(CaseState::Open), 100).unwrap()
}

#[test]
fn a_child_entered_twice_is_a_case_and_gets_no_second_number() {
    on_both(|mut store| {
        let mut allocator = allocator();
        let mut take = |store: &mut SqlStore, entry: &Entry| {
            store.record_act_allocating(&mut allocator, entry, "desk", &change(), TODAY).unwrap()
        };
        let day = date(2026, 11, 2);
        let first = take(&mut store, &birth("00070", "Trần Hải Đăng", day, "Lê Thị Hoà")).number.unwrap();
        // Another office, the tone put elsewhere.
        let again = birth("00073", "Trần Hải Đăng", day, "Lê Thị Hòa");
        let told = take(&mut store, &again);
        let expected = ActOutcome::Case(Contradiction::BornAlready);
        assert_eq!(told, Recorded { outcome: expected, number: None });
        assert_eq!(store.person_count().unwrap(), 1);
        let [case] = open(&store).try_into().unwrap();
        assert_eq!((case.persons.as_slice(), case.ward.as_str()), (&[first.clone()][..], "00073"));
        assert!(matches!(&case.subject, Subject::Act { contradicts, .. } if contradicts == "born-already"));
        // A twin whose name differs in a letter, and a child of that name and day of other parents, are other children; so is one of another day.
        for entry in [
            twin(birth("00070", "Trần Hải Đăn", day, "Lê Thị Hoà")),
            birth("00079", "Trần Hải Đăng", day, "Vũ Ngọc Quỳnh"),
            birth("00082", "Trần Hải Đăng", date(2026, 11, 3), "Lê Thị Hoà"),
        ] {
            let told = take(&mut store, &entry);
            assert!(matches!(told.outcome, ActOutcome::Applied(_)), "{entry:?} {told:?}");
        }
        // Two children indeed, an officer says: now it has its number.
        let ruling = Ruling {
            verdict: Verdict::TwoPeople,
            by: "officer".to_owned(),
            reason: "two certificates of birth".to_owned(),
        };
        let done = store.decide_case(&case.id, &ruling, Some(&mut allocator), now(), TODAY).unwrap();
        let Ruled::Done { number: Some(second) } = done else { panic!("{done:?}") };
        assert_ne!(second, first);
        assert_eq!(store.person_count().unwrap(), 5);
        store.check_integrity().unwrap();
    });
}

/// A nation with two children of `day` who are known by the load alone: one to a mother by number, one by her name.
fn nation_with_newborns(seed: u64, day: Date) -> Vec<Person> {
    let mut people: Vec<Person> = Nation::new(150, seed, TODAY).collect();
    people[0].sex = Sex::Female;
    let mother = people.first().map(|person| Relative::new(&person.full_name, Some(person.number.clone())));
    let mut born = |place: usize, name: &str, mother: Option<Relative>| {
        let child = people.get_mut(place).unwrap();
        child.full_name = name.to_owned();
        (child.birth_date, child.sex) = (day.into(), Sex::Male);
        child.birth_registration_place = Some("Phường 00070".to_owned());
        (child.father, child.mother) = (Some(Relative::new("Trần Văn Mẫu", None)), mother);
    };
    born(100, "Trần Hải Đăng", Some(Relative::new("Lê Thị Hoà", None)));
    born(101, "Trần Minh Khôi", mother);
    people
}

#[test]
fn a_child_is_found_through_the_index_of_people_and_without_it() {
    on_both(|mut store| {
        let day = date(2026, 11, 2);
        let people = nation_with_newborns(1, day);
        store.put_persons(&people, &change()).unwrap();
        let mut allocator = allocator();
        let mut take = |store: &mut SqlStore, entry: &Entry| {
            store.record_act_allocating(&mut allocator, entry, "desk", &change(), TODAY).unwrap().outcome
        };
        let known_already = ActOutcome::Case(Contradiction::BornAlready);
        let of_number = |office: &str| {
            let mut entry = birth(office, "Trần Minh Khôi", day, "");
            if let Act::Birth { mother, .. } = &mut entry.act {
                *mother = Some(Party::Known(people[0].number.clone()));
            }
            entry
        };
        let mut later = day;
        // Not in the index yet; in the index; in it, and others wait for the next one.
        for (office, again) in ["00071", "00072", "00073"].into_iter().zip(["00074", "00075", "00076"]) {
            let named = birth(office, "Trần Hải Đăng", day, "Lê Thị Hòa");
            assert_eq!(take(&mut store, &named), known_already, "{office}");
            assert_eq!(take(&mut store, &of_number(again)), known_already, "{again}");
            // A child that an act registers is found from then on.
            later = later.tomorrow().unwrap();
            let other = twin(birth(office, "Trần Bảo Châu", later, "Vũ Ngọc Quỳnh"));
            assert!(matches!(take(&mut store, &other), ActOutcome::Applied(_)), "{office}");
            let other = Entry { id: ActId { office: again.to_owned(), ..other.id.clone() }, ..other };
            assert_eq!(take(&mut store, &other), known_already, "{office}");
            if office == "00071" {
                assert_eq!(store.make_index(now(), &mut |_| {}).unwrap().waiting, 0);
            } else {
                let others: Vec<Person> = Nation::new(150, 2, TODAY).collect();
                store.put_persons(&others, &change()).unwrap();
                assert!(store.index_state().unwrap().waiting > 0);
            }
        }
        store.check_integrity().unwrap();
    });
}

#[test]
fn a_list_does_not_replace_what_an_act_or_another_source_said() {
    on_both(|mut store| {
        let source = |source: &str| Change { source: source.to_owned(), at: now() };
        let mut person = somebody();
        person.marital_status = Some(MaritalStatus::Married);
        store.put_person(&person, &source("act:desk")).unwrap();
        let list = |as_of| Intake {
            standing: Some(Standing::Carried),
            by: "list".to_owned(),
            as_of,
            duplicates: false,
        };
        store.take_in_by(Some(list(None))).unwrap();
        let mut row = person.clone();
        row.residences.permanent = Some(Residence::new("Nơi ở cũ"));
        row.marital_status = Some(MaritalStatus::Single);
        row.full_name = "Nguyễn Văn Anh".to_owned();
        row.phone = Some("0900000000".to_owned());
        assert_eq!(store.put_person(&row, &source("import:old.csv")).unwrap(), Put::Changed);
        let held = store.person(&person.number).unwrap().unwrap();
        assert_eq!(held.residences, person.residences);
        assert_eq!((held.marital_status, held.full_name.as_str()), (person.marital_status, "Nguyễn Văn An"));
        assert_eq!(held.phone, row.phone, "what nobody had said is taken");
        let [case] = open(&store).try_into().unwrap();
        let Subject::Facts(conflicts) = &case.subject else { panic!("{case:?}") };
        let mut items: Vec<&str> = conflicts.iter().map(|conflict| conflict.item.as_str()).collect();
        items.sort_unstable();
        assert_eq!(items, ["marital_status", "residences"], "an act's name outweighs a list's");
        // A list that tells of a later move is believed.
        let mut home = Residence::new("Nhà mới");
        home.since = Some(date(2026, 11, 20));
        let mut known = held.clone();
        known.residences.permanent.as_mut().unwrap().since = Some(date(2020, 1, 1));
        store.take_in_by(None).unwrap();
        store.put_person(&known, &source("act:desk")).unwrap();
        store.take_in_by(Some(list(None))).unwrap();
        let mut row = known.clone();
        row.residences.permanent = Some(home.clone());
        store.put_person(&row, &source("import:new.csv")).unwrap();
        assert_eq!(store.person(&person.number).unwrap().unwrap().residences.permanent, Some(home));
        // Two lists of one standing contradict each other: nobody wins by coming last.
        let mut other = somebody();
        other.number = number("079099000002");
        store.put_person(&other, &source("import:one.csv")).unwrap();
        let mut gainsaid = other.clone();
        gainsaid.ethnic_group = Some("Tày".to_owned());
        assert_eq!(store.put_person(&gainsaid, &source("import:two.csv")).unwrap(), Put::Unchanged);
        assert_eq!(store.cases_of(&other.number).unwrap().len(), 1);
        // What is older than the register's word changes nothing.
        store.take_in_by(Some(list(Some("2020-01-01T00:00:00Z".parse().unwrap())))).unwrap();
        let mut late = other.clone();
        late.phone = Some("0911111111".to_owned());
        store.put_person(&late, &source("import:one.csv")).unwrap();
        late.phone = Some("0922222222".to_owned());
        assert_eq!(store.put_person(&late, &source("import:one.csv")).unwrap(), Put::Unchanged);
        // Doing it all again opens nothing.
        let before = open(&store).len();
        store.take_in_by(Some(list(None))).unwrap();
        store.put_person(&gainsaid, &source("import:two.csv")).unwrap();
        assert_eq!(open(&store).len(), before);
    });
}
