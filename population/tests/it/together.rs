//! Acts that come many at once are taken as if each came alone, on both engines.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use ::postgres::NoTls;
use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::{Act, ActId, Book, Entry, Newborn, Party, Stay};
use cccd_population::generate::Nation;
use cccd_population::numbers::{Allocator, Digits, NumberKey, Withheld};
use cccd_population::person::{Life, Person, Residence};
use cccd_population::store::{ActOutcome, Place, Recorded, SqlStore, Store as _, StoreError};
use proptest::prelude::*;

use crate::{TODAY, change, empty, new_card, now, number, postgres, somebody};

type Coming = (Entry, Option<PersonalNumber>);

fn entry(serial: u32, act: Act) -> Entry {
    let id = ActId { office: "00070".to_owned(), year: TODAY.year(), kind: act.kind(), serial };
    let registered_by = "an officer".to_owned();
    Entry { id, registered_on: TODAY, registered_by, book: Book::Electronic, act }
}

fn people(seed: u64) -> Vec<Person> {
    Nation::new(120, seed, TODAY).collect()
}

fn birth(mother: &Person, name: &str) -> Act {
    let child = Newborn {
        full_name: name.to_owned(),
        birth_date: TODAY,
        sex: Sex::Female,
        place_of_birth: "Bệnh viện".to_owned(),
        birth_registration_place: "Phường".to_owned(),
        number_place: "001".to_owned(),
        place_of_origin: "Hà Nội".to_owned(),
        ethnic_group: "Kinh".to_owned(),
        nationality: "Việt Nam".to_owned(),
    };
    Act::Birth {
        child: Box::new(child),
        father: mother.spouse.as_ref().and_then(|spouse| spouse.number.clone()).map(Party::Known),
        mother: Some(Party::Known(mother.number.clone())),
        resides_with: Some(mother.number.clone()),
    }
}

/// Acts as they come, sensible and not: `draws` says what happens to whom.
fn coming(people: &[Person], draws: &[(u8, u16, u16)]) -> Vec<Coming> {
    let mut acts: Vec<Coming> = Vec::new();
    for (serial, (what, one, other)) in (1..).zip(draws) {
        let any = |draw: &u16| &people[usize::from(*draw) % people.len()];
        let of = |sex: Sex, draw: &u16| {
            let fitting: Vec<&Person> = people
                .iter()
                .filter(|person| {
                    let age = TODAY.year() - person.birth_date.year();
                    person.sex == sex && person.life == Life::Alive && (20..50).contains(&age)
                })
                .collect();
            fitting[usize::from(*draw) % fitting.len()]
        };
        let given = |place: &str, sex: Sex, year: i16| {
            let digit = (year - 1900) / 100 * 2 + i16::from(sex == Sex::Female);
            let last = if *other % 9 == 0 { 7 } else { serial };
            number(&format!("{place}{digit}{:02}{last:06}", year % 100))
        };
        let named = |act| (entry(serial, act), None);
        acts.push(match what % 12 {
            0..=2 => {
                let name = ["Trần Mai", "Lê Ngọc Ánh", "Phạm Hà My", "Vũ An Nhiên"][usize::from(*other) % 4];
                let given = given("001", Sex::Female, TODAY.year());
                (entry(serial, birth(of(Sex::Female, one), name)), Some(given))
            }
            3 => named(Act::Death { person: any(one).number.clone(), on: TODAY }),
            4 => named(Act::Marriage {
                husband: of(Sex::Male, one).number.clone().into(),
                wife: of(Sex::Female, other).number.clone().into(),
                on: TODAY,
            }),
            5 => named(Act::NameChanged {
                person: any(one).number.clone(),
                full_name: format!("Hồ Thị {}", ["An", "Ba", "Cam"][usize::from(*other) % 3]),
                on: TODAY,
            }),
            6 => {
                let person = any(one);
                let sex = if person.sex == Sex::Male { Sex::Female } else { Sex::Male };
                let given = given(&person.number.as_str()[..3], sex, person.birth_date.year());
                let act = Act::SexRedetermined { person: person.number.clone(), sex, on: TODAY };
                (entry(serial, act), Some(given))
            }
            7 => named(Act::Temporary {
                person: any(one).number.clone(),
                stay: Stay::Current,
                place: Some(Residence::new("Huế")),
                on: TODAY,
            }),
            8 => named(Act::EthnicGroup {
                person: any(one).number.clone(),
                ethnic_group: "Mường".to_owned(),
                on: TODAY,
            }),
            9 => named(Act::Missing { person: any(one).number.clone(), on: TODAY }),
            // The same again, or another act under its name.
            10 if !acts.is_empty() => acts[usize::from(*one) % acts.len()].clone(),
            11 if !acts.is_empty() => {
                let (mut again, given) = acts[usize::from(*one) % acts.len()].clone();
                again.registered_by = "somebody else".to_owned();
                (again, given)
            }
            _ => named(Act::Death { person: number("001099999999"), on: TODAY }),
        });
    }
    acts
}

fn told(done: &Result<Recorded, StoreError>) -> String {
    match done {
        Ok(Recorded { outcome: ActOutcome::Applied(changes), .. }) => format!("applied {changes:?}"),
        Ok(Recorded { outcome, .. }) => format!("{outcome:?}"),
        Err(error) => format!("{error:?}"),
    }
}

fn ready(mut store: SqlStore, people: &[Person]) -> SqlStore {
    store.put_persons(people, &change()).unwrap();
    store.make_index(now(), &mut |_| {}).unwrap();
    store.recount(now()).unwrap();
    store
}

fn together(store: &mut SqlStore, acts: &[Coming]) -> Vec<String> {
    let mut outcomes = Vec::new();
    store
        .record_acts(acts, None, "desk", &change(), TODAY, &mut |place, done| {
            assert_eq!(place, outcomes.len(), "in their order, each once");
            outcomes.push(told(&done));
            Ok::<(), StoreError>(())
        })
        .unwrap();
    assert_eq!(outcomes.len(), acts.len());
    outcomes
}

/// Outcomes, every table row for row, and the roll-up are the same.
fn as_if_alone(mut alone: SqlStore, mut many: SqlStore, people: &[Person], acts: &[Coming]) -> Vec<String> {
    (alone, many) = (ready(alone, people), ready(many, people));
    let one_by_one: Vec<String> = acts
        .iter()
        .map(|(entry, given)| {
            let done = alone.record_act(entry, given.as_ref(), "desk", &change(), TODAY);
            told(&done.map(|outcome| Recorded { outcome, number: None }))
        })
        .collect();
    let outcomes = together(&mut many, acts);
    assert_eq!(outcomes, one_by_one);
    // Newborns that came together are counted in one row.
    let rows = |store: &mut SqlStore| {
        let mut tables = store.table_digests().unwrap();
        tables.retain(|table| table.table != "statistics_change");
        tables.into_iter().map(|table| (table.table, table.rows, table.digest)).collect::<Vec<_>>()
    };
    assert_eq!(rows(&mut alone), rows(&mut many));
    assert_eq!(alone.roll_up().unwrap(), many.roll_up().unwrap());
    many.check_integrity().unwrap();
    let chain = many.intake_entries("desk").unwrap();
    let mut before = [0; 32];
    for link in &chain {
        assert!(link.follows("desk", &before));
        before = link.digest;
    }
    outcomes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn acts_that_come_together_are_taken_as_if_each_came_alone(
        seed in 0_u64..50,
        draws in proptest::collection::vec(any::<(u8, u16, u16)>(), 1..160),
    ) {
        let people = people(seed);
        as_if_alone(empty(), empty(), &people, &coming(&people, &draws));
    }
}

/// Enough of every kind that the property above is about something; and the same on the other engine.
#[test]
fn on_both_engines_and_most_kinds_of_outcome_occur() {
    let people = people(3);
    let draws: Vec<(u8, u16, u16)> = (0_u16..400)
        .map(|at| {
            let turn = at.wrapping_mul(7_919);
            ((turn % 251) as u8, turn.wrapping_mul(31), turn.wrapping_mul(17))
        })
        .collect();
    let acts = coming(&people, &draws);
    let outcomes = as_if_alone(empty(), empty(), &people, &acts);
    let kinds: BTreeSet<&str> = outcomes.iter().map(|told| told.split([' ', '(']).next().unwrap()).collect();
    for kind in ["applied", "Repeat", "Case", "Refused", "OtherAct", "NumberTaken"] {
        assert!(kinds.contains(kind), "{kind} of {kinds:?}");
    }
    if let (Some(one), Some(other)) = (postgres::database(), postgres::database()) {
        let [one, other] = [one, other].map(|place| SqlStore::create(&place, now()).unwrap());
        assert_eq!(as_if_alone(one, other, &people, &acts), outcomes);
    }
}

const NAMES: [&str; 20] = [
    "An", "Bích", "Cúc", "Dung", "Giang", "Hà", "Lan", "Mai", "Nga", "Oanh", "Phúc", "Quế", "Sen", "Thu",
    "Uyên", "Vân", "Xuân", "Yến", "Ái", "Ý",
];

#[test]
fn an_allocator_gives_each_newborn_a_number_of_its_own() {
    let people = people(5);
    let mut store = ready(empty(), &people);
    let mothers: Vec<&Person> = people
        .iter()
        .filter(|person| {
            let age = TODAY.year() - person.birth_date.year();
            person.sex == Sex::Female && person.life == Life::Alive && (20..45).contains(&age)
        })
        .collect();
    assert!(mothers.len() > 10);
    let acts: Vec<Coming> = (1..)
        .zip(mothers.iter().take(20))
        .map(|(serial, mother)| {
            (entry(serial, birth(mother, NAMES[usize::try_from(serial).unwrap() % NAMES.len()])), None)
        })
        .collect();
    let digits = Digits::new(&NumberKey::derive(&zeroize::Zeroizing::new([7; 32])), Withheld::default());
    // A block smaller than what comes: more are leased on the way.
    let mut allocator = Allocator::new(digits.unwrap(), 6);
    let mut given = Vec::new();
    for _ in 0..2 {
        store
            .record_acts(&acts, Some(&mut allocator), "desk", &change(), TODAY, &mut |_, done| {
                given.push(done.unwrap().number.expect("a number"));
                Ok::<(), StoreError>(())
            })
            .unwrap();
    }
    // The second time each act answers the number that it gave.
    let (first, second) = given.split_at(acts.len());
    assert_eq!(first, second);
    assert_eq!(first.iter().collect::<BTreeSet<_>>().len(), acts.len());
    for number in first {
        assert!(store.person(number).unwrap().is_some());
    }
}

/// Two lines with the same acts at once: each is taken once, through one of them.
#[test]
fn the_same_acts_through_two_lines_at_once() {
    let Some(place) = postgres::database() else { return };
    let people = people(9);
    let draws: Vec<(u8, u16, u16)> = (0_u16..300).map(|at| ((at % 10) as u8, at * 37, at * 11)).collect();
    let acts = coming(&people, &draws);
    drop(ready(SqlStore::create(&place, now()).unwrap(), &people));
    let both: Vec<Vec<String>> = std::thread::scope(|scope| {
        let lines: Vec<_> =
            (0..2).map(|_| scope.spawn(|| together(&mut SqlStore::open(&place).unwrap(), &acts))).collect();
        lines.into_iter().map(|line| line.join().unwrap()).collect()
    });
    let store = SqlStore::open(&place).unwrap();
    let links = store.intake_entries("desk").unwrap();
    let names: BTreeSet<String> = links.iter().map(|link| link.act.to_string()).collect();
    assert_eq!(names.len(), links.len(), "an act was taken twice");
    let mut applied = 0;
    for (one, other) in both[0].iter().zip(&both[1]) {
        let new = |told: &str| told.starts_with("applied") || told.starts_with("Case");
        assert!(!(new(one) && new(other)), "{one} and {other}");
        applied += usize::from(new(one) || new(other));
    }
    assert_eq!(applied, links.len());
    store.check_integrity().unwrap();
}

/// Somebody is quicker with a person whom acts change: the change itself sees it, and the acts are judged by what is there then.
#[test]
fn a_change_by_somebody_quicker_is_seen_and_not_lost() {
    let Some(place) = postgres::database() else { return };
    let Place::Postgres(server) = &place else { return };
    let people = people(7);
    drop(ready(SqlStore::create(&place, now()).unwrap(), &people));
    let whom: Vec<&Person> = people.iter().take(4).collect();
    let acts: Vec<Coming> = (1..)
        .zip(&whom)
        .map(|(serial, person)| {
            let person = person.number.clone();
            (entry(serial, Act::EthnicGroup { person, ethnic_group: "Mường".to_owned(), on: TODAY }), None)
        })
        .collect();
    let mut other = server.config.connect(NoTls).unwrap();
    let mut watch = server.config.connect(NoTls).unwrap();
    let mut quicker = other.transaction().unwrap();
    let third = whom[2].number.as_str();
    let sql = "UPDATE person SET full_name = 'Hồ Thị Quý', name_key = 'ho thi quy', revision = revision + 1 \
               WHERE personal_number = $1";
    assert_eq!(quicker.execute(sql, &[&third]).unwrap(), 1);
    let outcomes = std::thread::scope(|scope| {
        let line = scope.spawn(|| together(&mut SqlStore::open(&place).unwrap(), &acts));
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        let deadline = Instant::now() + Duration::from_secs(60);
        while watch.query_one(waits, &[]).unwrap().get::<_, i64>(0) == 0 {
            assert!(Instant::now() < deadline && !line.is_finished(), "nobody waits for the row");
            std::thread::sleep(Duration::from_millis(10));
        }
        quicker.commit().unwrap();
        line.join().unwrap()
    });
    assert!(outcomes.iter().all(|outcome| outcome.starts_with("applied")), "{outcomes:?}");
    let store = SqlStore::open(&place).unwrap();
    for person in whom {
        let now = store.person(&person.number).unwrap().unwrap();
        assert_eq!(now.ethnic_group.as_deref(), Some("Mường"));
        let quick = person.number.as_str() == third;
        assert_eq!(now.full_name == "Hồ Thị Quý", quick, "{}", now.full_name);
        assert_eq!(store.acts_of(&person.number).unwrap().len(), 1, "taken once");
    }
    store.check_integrity().unwrap();
}

/// A card is recorded while its holder's death waits for the same row: the holder is counted once, among the dead.
#[test]
fn a_card_that_comes_meanwhile_is_counted_with_its_holder() {
    let Some(place) = postgres::database() else { return };
    let Place::Postgres(server) = &place else { return };
    let people = people(7);
    let mut holder = somebody();
    holder.life = Life::Alive;
    let mut store = ready(SqlStore::create(&place, now()).unwrap(), &people);
    store.put_person(&holder, &change()).unwrap();
    store.recount(now()).unwrap();
    let acts: Vec<Coming> = [
        Act::Death { person: holder.number.clone(), on: TODAY },
        Act::EthnicGroup { person: people[0].number.clone(), ethnic_group: "Mường".to_owned(), on: TODAY },
    ]
    .into_iter()
    .zip(1..)
    .map(|(act, serial)| (entry(serial, act), None))
    .collect();
    let mut other = server.config.connect(NoTls).unwrap();
    let mut watch = server.config.connect(NoTls).unwrap();
    let mut held = other.transaction().unwrap();
    let sql = "SELECT 1 FROM person WHERE personal_number = $1 FOR UPDATE";
    held.query_one(sql, &[&holder.number.as_str()]).unwrap();
    let mut until = |count: i64| {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        let deadline = Instant::now() + Duration::from_secs(60);
        while watch.query_one(waits, &[]).unwrap().get::<_, i64>(0) < count {
            assert!(Instant::now() < deadline, "nobody waits for the row");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    std::thread::scope(|scope| {
        // Whoever waits first is first.
        let card = scope.spawn(|| SqlStore::open(&place).unwrap().record_card(&new_card(1), &change()));
        until(1);
        let line = scope.spawn(|| together(&mut SqlStore::open(&place).unwrap(), &acts));
        until(2);
        held.rollback().unwrap();
        card.join().unwrap().unwrap();
        let outcomes = line.join().unwrap();
        assert!(outcomes.iter().all(|outcome| outcome.starts_with("applied")), "{outcomes:?}");
    });
    let kept = store.roll_up().unwrap();
    store.recount(now()).unwrap();
    assert_eq!(kept, store.roll_up().unwrap());
    store.check_integrity().unwrap();
}

/// A plan is kept with its connection, and the planner may know of a table that it is empty: births must not come to read all keys
/// that were written since.
#[test]
fn births_go_by_keys_although_their_plans_were_made_for_an_empty_table() {
    let Some(place) = postgres::database() else { return };
    let Place::Postgres(server) = &place else { return };
    let people = people(5);
    let mut store = ready(SqlStore::create(&place, now()).unwrap(), &people);
    let mut other = server.config.connect(NoTls).unwrap();
    other.batch_execute("VACUUM ANALYZE search_key").unwrap();
    let mothers = people.iter().filter(|person| {
        let age = TODAY.year() - person.birth_date.year();
        person.sex == Sex::Female && person.life == Life::Alive && (20..45).contains(&age)
    });
    let births: Vec<Coming> = (1..)
        .zip(mothers)
        .map(|(serial, mother)| {
            let child = number(&format!("0013{:02}{serial:06}", TODAY.year() % 100));
            // A name has no digits: the serial in letters.
            let letters: String =
                format!("{serial:05}").bytes().map(|digit| char::from(digit + 49)).collect();
            let mut act = birth(mother, &format!("Trẻ {letters}"));
            if let Act::Birth { father, .. } = &mut act {
                *father = None;
            }
            (entry(serial, act), Some(child))
        })
        .collect();
    let (alone, many) = births.split_at(births.len() / 2);
    assert!(alone.len() > 2 && many.len() > 2);
    for (entry, number) in alone {
        let done = store.record_act(entry, number.as_ref(), "desk", &change(), TODAY);
        assert!(matches!(done, Ok(ActOutcome::Applied(_))), "{done:?}");
    }
    let outcomes = together(&mut store, many);
    assert!(outcomes.iter().all(|outcome| outcome.starts_with("applied")), "{outcomes:?}");
    // The server counts when a connection ends.
    drop(store);
    let mut used = |index: &str| -> (i64, i64) {
        let sql = "SELECT idx_scan, idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = $1";
        let row = other.query_one(sql, &[&index]).unwrap();
        (row.get(0), row.get(1))
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    while used("search_key_people").0 == 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(used("search_key_people").0 > 0);
    assert_eq!(used("search_key_pkey").1, 0, "all keys were read");
}
