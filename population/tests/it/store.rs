//! What the tables hold, and what they refuse to hold.

use cccd_card_profile::card_holder::Sex;
use cccd_population::card::CardStatus;
use cccd_population::civil_status::{Act, ActId, Book, Entry, Kind, Newborn, Party, Refusal};
use cccd_population::generate::Nation;
use cccd_population::numbers::{
    Allocator, Cancelled, Cause, Digits, NumberKey, NumberStore as _, Prefix, RequestId, Withheld,
};
use cccd_population::person::{Flaw, Life, Person, Relative};
use cccd_population::store::{
    ActOutcome, Attempt, AttemptResult, Change, Place, Put, SqlStore, Store as _, StoreError,
};
use jiff::civil::date;

use crate::{TODAY, change, empty, new_card, now, number, postgres, somebody};

/// The same test on an empty register of each engine.
fn on_both(test: impl Fn(SqlStore)) {
    test(empty());
    if let Some(place) = postgres::database() {
        test(SqlStore::create(&place, now()).unwrap());
    }
}

#[test]
fn a_person_comes_back_whole_and_history_is_kept() {
    on_both(|mut store| {
        let mut person = somebody();
        assert_eq!(store.put_person(&person, &change()).unwrap(), Put::Added);
        assert_eq!(store.put_person(&person, &change()).unwrap(), Put::Unchanged);
        assert_eq!(store.person(&person.number).unwrap().as_ref(), Some(&person));
        let before = person.clone();
        person.full_name = "Nguyễn Văn Ân".to_owned();
        person.children.clear();
        assert_eq!(store.put_person(&person, &change()).unwrap(), Put::Changed);
        assert_eq!(store.person(&person.number).unwrap().as_ref(), Some(&person));
        let history = store.history(&person.number).unwrap();
        assert_eq!(history.iter().map(|row| row.revision).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(history[0].person, before);
        assert_eq!(history[1].person, person);
        assert_eq!(history[1].change, change());
        store.check_integrity().unwrap();
    });
}

#[test]
fn a_number_that_ended_is_left_out_and_the_others_go_in() {
    on_both(|mut store| {
        let person = |count: u32| Person { number: number(&format!("0790990{count:05}")), ..somebody() };
        // More than are read at once, and few.
        for ended in [1_500_u32, 3] {
            let rows: Vec<String> = (0..ended)
                .map(|count| {
                    format!("('{}', 'false-papers', '2026-01-01')", person(count * 2).number.as_str())
                })
                .collect();
            store.raw("DELETE FROM number_cancelled").unwrap();
            let sql = "INSERT INTO number_cancelled (personal_number, cause, decided_on) VALUES";
            store.raw(&format!("{sql} {}", rows.join(", "))).unwrap();
            let batch: Vec<Person> = (0..6).map(|count| person(count + ended)).rev().collect();
            let expected: Vec<Put> = batch
                .iter()
                .map(|one| {
                    let count: u32 = one.number.as_str()[7..].parse().unwrap();
                    if count.is_multiple_of(2) && count < ended * 2 { Put::Cancelled } else { Put::Added }
                })
                .collect();
            assert_eq!(store.rehearse_persons(&batch, &change()).unwrap().puts, expected);
            assert_eq!(store.put_persons(&batch, &change()).unwrap(), expected);
        }
        assert_eq!(store.person_count().unwrap(), 3 + 5);
        store.check_integrity().unwrap();
    });
}

#[test]
fn the_dead_stay_dead() {
    on_both(|mut store| {
        let person = somebody();
        let life = Life::Dead(date(2026, 3, 1));
        assert!(matches!(
            store.set_life(&person.number, life, &change(), TODAY),
            Err(StoreError::UnknownPerson)
        ));
        store.put_person(&person, &change()).unwrap();
        for day in [date(1998, 1, 1), date(2027, 1, 1)] {
            assert!(matches!(
                store.set_life(&person.number, Life::Dead(day), &change(), TODAY),
                Err(StoreError::Flaw(Flaw::Date(_)))
            ));
        }
        assert_eq!(store.set_life(&person.number, life, &change(), TODAY).unwrap(), Put::Changed);
        assert_eq!(store.set_life(&person.number, life, &change(), TODAY).unwrap(), Put::Unchanged);
        assert!(matches!(
            store.set_life(&person.number, Life::Alive, &change(), TODAY),
            Err(StoreError::DeadAlready)
        ));
        // An import of the old file does not revive.
        assert_eq!(store.put_person(&person, &change()).unwrap(), Put::Unchanged);
        assert_eq!(store.person(&person.number).unwrap().unwrap().life, life);
        assert!(matches!(store.record_card(&new_card(1), &change()), Err(StoreError::NotAlive("dead"))));
    });
}

#[test]
fn the_missing_may_return() {
    on_both(|mut store| {
        let person = somebody();
        store.put_person(&person, &change()).unwrap();
        let missing = Life::Missing(date(2026, 3, 1));
        store.set_life(&person.number, missing, &change(), TODAY).unwrap();
        assert!(matches!(store.record_card(&new_card(1), &change()), Err(StoreError::NotAlive("missing"))));
        store.set_life(&person.number, Life::Alive, &change(), TODAY).unwrap();
        assert_eq!(store.person(&person.number).unwrap().unwrap().life, Life::Alive);
    });
}

#[test]
fn one_card_in_use_and_each_value_once() {
    on_both(|mut store| {
        assert!(matches!(store.record_card(&new_card(1), &change()), Err(StoreError::UnknownPerson)));
        let person = somebody();
        store.put_person(&person, &change()).unwrap();
        let (card, new) = store.record_card(&new_card(1), &change()).unwrap();
        assert!(new && card.status == CardStatus::Active);
        assert!(!store.record_card(&new_card(1), &change()).unwrap().1, "a repeat is none");
        let mut other = new_card(1);
        other.chip_serial = format!("{:020x}", 9);
        assert!(matches!(store.record_card(&other, &change()), Err(StoreError::Claimed("sod_sha256"))));
        assert!(matches!(store.record_card(&new_card(2), &change()), Err(StoreError::CardInUse)));
        let mut next = new_card(2);
        next.replaces = Some(card.sod_sha256);
        next.chip_serial.clone_from(&card.chip_serial);
        assert!(matches!(store.record_card(&next, &change()), Err(StoreError::Claimed("chip_serial"))));
        assert_eq!(
            store.card(&card.sod_sha256).unwrap().unwrap().status,
            CardStatus::Active,
            "undone as a whole"
        );
        next.chip_serial = format!("{:020x}", 2);
        store.record_card(&next, &change()).unwrap();
        assert_eq!(store.card(&card.sod_sha256).unwrap().unwrap().status, CardStatus::Replaced);
        let in_use = store.card_in_use(&person.number, TODAY).unwrap().unwrap();
        assert_eq!(in_use.sod_sha256, next.sod_sha256);
        // Somebody else's card cannot be replaced.
        let stranger =
            Person { number: number("001199000002"), old_number: None, father: None, ..somebody() };
        store.put_person(&stranger, &change()).unwrap();
        let mut theft = new_card(3);
        theft.number = stranger.number;
        theft.replaces = Some(next.sod_sha256);
        assert!(matches!(store.record_card(&theft, &change()), Err(StoreError::Claimed(_))));
        store.check_integrity().unwrap();
    });
}

#[test]
fn a_card_past_its_day_is_expired_and_gives_way() {
    on_both(|mut store| {
        store.put_person(&somebody(), &change()).unwrap();
        let mut old = new_card(1);
        old.issued = date(2014, 1, 1);
        old.expires = Some(date(2024, 1, 15));
        let (old, _) = store.record_card(&old, &change()).unwrap();
        assert_eq!(old.status_on(date(2024, 1, 15)).0, CardStatus::Active, "the last day is valid");
        assert_eq!(old.status_on(TODAY), (CardStatus::Expired, date(2024, 1, 16)));
        assert_eq!(store.card_in_use(&old.number, TODAY).unwrap(), None);
        store.record_card(&new_card(2), &change()).unwrap();
        assert_eq!(store.card(&old.sod_sha256).unwrap().unwrap().status, CardStatus::Expired);
    });
}

#[test]
fn a_card_ends_once() {
    on_both(|mut store| {
        store.put_person(&somebody(), &change()).unwrap();
        let (card, _) = store.record_card(&new_card(1), &change()).unwrap();
        let sod = card.sod_sha256;
        let mut set = |status| {
            store.set_card_status(&sod, status, TODAY, "mất ở chợ'); DROP TABLE card; --", &change())
        };
        assert_eq!(set(CardStatus::Held).unwrap().status, CardStatus::Held);
        assert_eq!(set(CardStatus::Held).unwrap().status, CardStatus::Held);
        assert_eq!(set(CardStatus::Active).unwrap().status, CardStatus::Active);
        assert_eq!(set(CardStatus::Lost).unwrap().status, CardStatus::Lost);
        assert!(matches!(set(CardStatus::Active), Err(StoreError::ForbiddenChange(_))));
        let history: Vec<_> =
            store.card_history(&sod).unwrap().into_iter().map(|event| event.status).collect();
        assert_eq!(history, [CardStatus::Active, CardStatus::Held, CardStatus::Active, CardStatus::Lost]);
        let unknown = new_card(7).sod_sha256;
        let refused = store.set_card_status(&unknown, CardStatus::Lost, TODAY, "", &change());
        assert!(matches!(refused, Err(StoreError::UnknownCard)));
    });
}

#[test]
fn the_tables_refuse_what_the_model_forbids() {
    on_both(|mut store| {
        store.put_person(&somebody(), &change()).unwrap();
        store.record_card(&new_card(1), &change()).unwrap();
        let hash = |text: &str| {
            if store.is_postgres() { format!("decode({text}, 'hex')") } else { format!("unhex({text})") }
        };
        let zeros = hash(&format!("'{}'", "00".repeat(32)));
        let forbidden = [
            "UPDATE person SET life = 'dead'".to_owned(),
            "UPDATE person SET life_date = '2026-01-01'".to_owned(),
            "UPDATE person SET life = 'dead', life_date = '1990-01-01'".to_owned(),
            "UPDATE person SET life = 'undead', life_date = '2026-01-01'".to_owned(),
            "UPDATE person SET personal_number = '12'".to_owned(),
            "UPDATE person SET sex = 'x'".to_owned(),
            "UPDATE person SET birth_date = '15/01/1999'".to_owned(),
            "UPDATE person SET old_number = '12345678'".to_owned(),
            "UPDATE person SET full_name = ''".to_owned(),
            "UPDATE person SET permanent_ward = '123'".to_owned(),
            "UPDATE person SET permanent_since = 'gestern'".to_owned(),
            "UPDATE person SET temporary_ward = '00001'".to_owned(),
            "UPDATE person SET cancelled_number = personal_number".to_owned(),
            "UPDATE person SET absent_until = '2026-01-01'".to_owned(),
            "UPDATE person SET revision = 0".to_owned(),
            "UPDATE person SET source = NULL".to_owned(),
            "DELETE FROM person".to_owned(),
            "INSERT INTO person_history (personal_number, revision, source, recorded_at, record) \
         VALUES ('000000000000', 1, 'x', 'x', '{}')"
                .to_owned(),
            "UPDATE card SET status = 'fine'".to_owned(),
            "UPDATE card SET expires = '2020-01-01'".to_owned(),
            format!("UPDATE card SET sod_sha256 = {}", hash("'00'")),
            "UPDATE card SET chip_serial = 'XYZ'".to_owned(),
            "DELETE FROM card".to_owned(),
            format!(
                "INSERT INTO card SELECT personal_number, {zeros}, document_number, chip_serial, issued, expires, \
             'held', status_since FROM card"
            ),
            "INSERT INTO sod_claim SELECT * FROM sod_claim".to_owned(),
            format!("INSERT INTO match_attempt VALUES ({}, 0, 0, 'x', 'match')", hash("'00'")),
        ];
        for sql in forbidden {
            assert!(store.raw(&sql).is_err(), "allowed: {sql}");
        }
        // Statements of the same forms that are allowed: a refusal above is no slip of the pen.
        for sql in [
            "UPDATE card SET status = 'held'".to_owned(),
            format!("INSERT INTO match_attempt VALUES ({zeros}, 0, 0, 'x', 'match')"),
            "UPDATE person SET permanent_ward = '00001', life = 'dead', life_date = '2026-01-01'".to_owned(),
            "INSERT INTO person_history (personal_number, revision, source, recorded_at, record) \
         SELECT personal_number, 7, 'x', 'x', '{}' FROM person"
                .to_owned(),
        ] {
            store.raw(&sql).unwrap();
        }
        store.check_integrity().unwrap();
    });
}

#[test]
fn sql_and_script_are_only_text() {
    on_both(|mut store| {
        for evil in
            ["'); DROP TABLE person; --", "<script>alert(1)</script>", "\" OR 1=1", "${jndi:x}", "%s%n", "';"]
        {
            let mut person = somebody();
            let text = format!("a {evil}");
            person.full_name.clone_from(&text);
            person.other_names = vec![text.clone()];
            for item in [
                &mut person.place_of_birth,
                &mut person.birth_registration_place,
                &mut person.place_of_origin,
                &mut person.ethnic_group,
                &mut person.religion,
                &mut person.residence_file,
                &mut person.relation_to_head,
                &mut person.phone,
                &mut person.email,
                &mut person.other,
                &mut person.identification_marks,
            ] {
                *item = Some(text.clone());
            }
            person.nationality.clone_from(&text);
            person.father.as_mut().unwrap().name.clone_from(&text);
            person.residences.permanent.as_mut().unwrap().address.clone_from(&text);
            let person = person.checked(TODAY).unwrap();
            store.put_person(&person, &change()).unwrap();
            assert_eq!(store.person(&person.number).unwrap().as_ref(), Some(&person), "{evil}");
        }
        assert_eq!(store.person_count().unwrap(), 1);
        store.check_integrity().unwrap();
    });
}

#[test]
fn records_that_cannot_be_true() {
    type Spoil = fn(&mut Person);
    let spoils: [(Spoil, Flaw); 9] = [
        (|person| person.full_name = " \t".to_owned(), Flaw::Empty("full_name")),
        (|person| person.full_name = "12".to_owned(), Flaw::Form("full_name")),
        (|person| person.full_name = "a\u{0}b".to_owned(), Flaw::NoText("full_name")),
        (|person| person.full_name = "a".repeat(201), Flaw::TooLong("full_name")),
        (|person| person.birth_date = date(2026, 11, 22).into(), Flaw::Date("birth_date")),
        (|person| person.birth_date = date(1890, 1, 1).into(), Flaw::Date("birth_date")),
        (|person| person.old_number = Some("12".to_owned()), Flaw::Form("old_number")),
        (
            |person| person.father.as_mut().unwrap().number = Some(person.number.clone()),
            Flaw::Oneself("father"),
        ),
        (|person| person.life = Life::Dead(date(1999, 1, 14)), Flaw::Date("the date of death or of missing")),
    ];
    for (spoil, flaw) in spoils {
        let mut person = somebody();
        spoil(&mut person);
        assert_eq!(person.checked(TODAY).unwrap_err(), flaw);
    }
    assert_eq!(somebody().checked(TODAY).unwrap(), somebody());
}

#[test]
fn several_processes_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = Place::file(&dir.path().join("register.db"));
    for place in [Some(file), postgres::database()].into_iter().flatten() {
        SqlStore::create(&place, now()).unwrap();
        std::thread::scope(|scope| {
            for worker in 0..4_u32 {
                let place = &place;
                scope.spawn(move || {
                    let mut store = SqlStore::open(place).unwrap();
                    for count in 0..25 {
                        let person = Person {
                            number: number(&format!("{:012}", worker * 1000 + count)),
                            ..somebody()
                        };
                        store.put_person(&person, &change()).unwrap();
                        // All of them fight for one row, too.
                        let contested = Person { other: Some(format!("{worker}-{count}")), ..somebody() };
                        store.put_person(&contested, &change()).unwrap();
                    }
                });
            }
        });
        let store = SqlStore::open(&place).unwrap();
        assert_eq!(store.person_count().unwrap(), 101);
        let history = store.history(&somebody().number).unwrap();
        assert_eq!(history.iter().map(|row| row.revision).collect::<Vec<_>>(), (1..=100).collect::<Vec<_>>());
        store.check_integrity().unwrap();
    }
}

#[test]
fn many_attempts_at_once_do_not_slip_through() {
    let dir = tempfile::tempdir().unwrap();
    let file = Place::file(&dir.path().join("register.db"));
    for place in [Some(file), postgres::database()].into_iter().flatten() {
        SqlStore::create(&place, now()).unwrap();
        let attempt = Attempt {
            number_digest: [7; 32],
            requester: "bank".to_owned(),
            at: now(),
            result: AttemptResult::NoMatch,
        };
        let since = now() - jiff::SignedDuration::from_hours(1);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut store = SqlStore::open(&place).unwrap();
                    for _ in 0..5 {
                        store.log_attempt(&attempt, since, 6).unwrap();
                    }
                });
            }
        });
        let attempts = SqlStore::open(&place).unwrap().attempts(&[7; 32]).unwrap();
        let refused = attempts.iter().filter(|attempt| attempt.result == AttemptResult::Refused).count();
        assert_eq!((attempts.len(), refused), (20, 14));
    }
}

#[test]
fn every_item_keeps_its_source_and_time() {
    on_both(|mut store| {
        let from = |source: &str, at: &str| Change { source: source.to_owned(), at: at.parse().unwrap() };
        let (first, second, third) = (
            from("import:old", "2020-01-01T00:00:00Z"),
            from("DC01", "2022-01-01T00:00:00Z"),
            from("act", "2024-01-01T00:00:00Z"),
        );
        let mut person = somebody();
        store.put_person(&person, &first).unwrap();
        person.religion = Some("Phật giáo".to_owned());
        store.put_person(&person, &second).unwrap();
        person.full_name = "Nguyễn Văn Ân".to_owned();
        person.residence_file = Some("HS 1".to_owned());
        store.put_person(&person, &third).unwrap();
        let sources = store.provenance(&person.number).unwrap().unwrap();
        for (item, change) in [
            ("sex", &first),
            ("birth_date", &first),
            ("religion", &second),
            ("full_name", &third),
            ("residence_file", &third),
        ] {
            assert_eq!(&sources[item], change, "{item}");
        }
        let other = Person { number: number("001199000002"), ..somebody() };
        assert_eq!(store.provenance(&other.number).unwrap(), None);
        let history = store.history(&person.number).unwrap();
        assert_eq!(history.iter().map(|row| &row.change).collect::<Vec<_>>(), [&first, &second, &third]);
    });
}

#[test]
fn a_batch_goes_in_whole_whether_new_or_known() {
    on_both(|mut store| {
        let person = |serial: u32| Person { number: number(&format!("{serial:012}")), ..somebody() };
        let batch: Vec<Person> = (0..50).map(person).collect();
        assert_eq!(store.put_persons(&batch, &change()).unwrap(), vec![Put::Added; 50]);
        let mut second: Vec<Person> = (40..60).map(person).collect();
        second[3].full_name = "Trần Thị Bình".to_owned();
        second.push(person(55));
        let done = store.put_persons(&second, &change()).unwrap();
        let count = |what| done.iter().filter(|put| **put == what).count();
        assert_eq!((count(Put::Added), count(Put::Changed), count(Put::Unchanged)), (10, 1, 10));
        assert_eq!(store.person_count().unwrap(), 60);
        // One that the tables refuse takes the others with it.
        let mut third: Vec<Person> = (60..70).map(person).collect();
        third[9].full_name = String::new();
        assert!(store.put_persons(&third, &change()).is_err());
        assert_eq!(store.person_count().unwrap(), 60);
        assert_eq!(store.put_persons(&third[..9], &change()).unwrap(), vec![Put::Added; 9]);
        let all: Vec<Person> = store.persons_after(None, 1_000).unwrap();
        assert_eq!(all.len(), 69);
        assert!(all.is_sorted_by_key(|person| person.number.clone()));
    });
}

/// A register as version 1 of the tables kept it.
#[test]
fn a_register_of_version_one_is_carried_over_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("register.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(
        "CREATE TABLE migration (version INTEGER NOT NULL PRIMARY KEY CHECK (version >= 1), \
         applied_at TEXT NOT NULL) STRICT; INSERT INTO migration VALUES (1, '2026-01-01T00:00:00Z');",
    )
    .unwrap();
    old.execute_batch(include_str!("../../migrations/0001_register.sql")).unwrap();
    let mut persons: Vec<Person> = Nation::new(1_500, 3, TODAY).collect();
    persons.push(somebody());
    for person in &persons {
        let mut before = person.clone();
        before.full_name = "Tên Cũ".to_owned();
        old.execute(
            "INSERT INTO person (personal_number, full_name, name_key, birth_date, sex, nationality, life, \
             life_date, revision, source, recorded_at) VALUES (?1, 'x', 'x', ?2, 'male', 'x', ?3, ?4, 2, 'second', \
             '2026-02-02T00:00:00Z')",
            (
                person.number.as_str(),
                person.birth_date.earliest().to_string(),
                person.life.as_str(),
                person.life.date().map(|date| date.to_string()),
            ),
        )
        .unwrap();
        for (revision, source, record, at) in
            [(1, "first", &before, "2026-01-01T00:00:00Z"), (2, "second", person, "2026-02-02T00:00:00Z")]
        {
            let record = serde_json::to_string(record).unwrap();
            old.execute(
                "INSERT INTO person_history VALUES (?1, ?2, ?3, ?4, ?5)",
                (person.number.as_str(), revision, source, at, record),
            )
            .unwrap();
        }
    }
    old.execute_batch(
        "INSERT INTO card VALUES ('079099000001', x'0101010101010101010101010101010101010101010101010101010101010101', \
         '099000001', '00000000000000000001', '2026-01-10', NULL, 'active', '2026-01-10'); \
         INSERT INTO sod_claim VALUES (x'0101010101010101010101010101010101010101010101010101010101010101', '079099000001');",
    )
    .unwrap();
    drop(old);
    assert!(matches!(SqlStore::open_file(&path), Err(StoreError::Older { found: 1, .. })));
    let store = SqlStore::create_file(&path, now()).unwrap();
    store.check_integrity().unwrap();
    assert_eq!(store.person_count().unwrap(), 1_501);
    for person in &persons {
        assert_eq!(store.person(&person.number).unwrap().as_ref(), Some(person));
        let history = store.history(&person.number).unwrap();
        let told: Vec<_> = history.iter().map(|row| (row.revision, row.change.source.as_str())).collect();
        assert_eq!(told, [(1, "first"), (2, "second")]);
        assert_eq!((history[0].person.full_name.as_str(), &history[1].person), ("Tên Cũ", person));
    }
    assert_eq!(store.cards_of(&number("079099000001")).unwrap().len(), 1);
    SqlStore::open_file(&path).unwrap();
}

#[test]
fn places_hide_their_password_and_lines_to_elsewhere_are_refused() {
    let place: Place = "postgres://clerk:hunter2@db.example:5432/nation".parse().unwrap();
    assert_eq!(place.to_string(), "postgres://db.example/nation");
    assert!(!format!("{place:?}").contains("hunter2"));
    assert!(matches!(SqlStore::open(&place), Err(StoreError::Unprotected)));
    for text in ["", "register.db", "sqlite:", "mysql://x", "postgres://[::1"] {
        assert!(text.parse::<Place>().is_err(), "{text}");
    }
}

#[test]
fn a_file_that_is_no_register() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("register.db");
    assert!(matches!(SqlStore::open_file(&path), Err(StoreError::NotInitialised)));
    std::fs::write(&path, "this is a text and not a database, and longer than a header would be").unwrap();
    assert!(matches!(SqlStore::open_file(&path), Err(StoreError::NotInitialised)));
    let path = dir.path().join("new.db");
    let store = SqlStore::create_file(&path, now()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    SqlStore::create_file(&path, now()).unwrap();
    store.raw("INSERT INTO migration VALUES (999, '')").unwrap();
    assert!(matches!(SqlStore::open_file(&path), Err(StoreError::Newer { found: 999, .. })));
}

/// A couple and its marriage; taken twice, contradicted, and told.
#[test]
fn an_act_is_taken_once_with_all_that_it_changes() {
    on_both(|mut store| {
        let groom = Person::new(number("001088000001"), "Trần Văn Bình", date(1988, 2, 3).into(), Sex::Male);
        let bride = Person::new(number("001190000002"), "Lê Thị Chi", date(1990, 4, 5).into(), Sex::Female);
        store.put_persons(&[groom.clone(), bride.clone(), somebody()], &change()).unwrap();
        let entry = |serial: u32, act: Act| Entry {
            id: ActId { office: "00070".to_owned(), year: 2026, kind: act.kind(), serial },
            registered_on: date(2026, 11, 20),
            registered_by: "registrar".to_owned(),
            book: Book::Electronic,
            act,
        };
        let marriage = entry(
            1,
            Act::Marriage {
                husband: groom.number.clone().into(),
                wife: bride.number.clone().into(),
                on: date(2026, 11, 19),
            },
        );
        let mut take = |entry: &Entry, number: Option<&str>| {
            let number = number.map(crate::number);
            store.record_act(entry, number.as_ref(), "desk 1", &change(), TODAY)
        };
        let ActOutcome::Applied(changes) = take(&marriage, None).unwrap() else { panic!("not applied") };
        assert_eq!(changes.changed.len(), 2);
        assert_eq!(take(&marriage, None).unwrap(), ActOutcome::Repeat);
        let mut forged = marriage.clone();
        forged.registered_by = "somebody else".to_owned();
        assert!(matches!(take(&forged, None), Err(StoreError::OtherAct)));
        let again = entry(2, Act::Death { person: number("001190999999"), on: date(2026, 11, 19) });
        assert!(matches!(take(&again, None), Err(StoreError::Refused(Refusal::UnknownPerson))));
        let child = Newborn {
            full_name: "Trần Văn Em".to_owned(),
            birth_date: date(2026, 11, 1),
            sex: Sex::Male,
            place_of_birth: "Hà Nội".to_owned(),
            birth_registration_place: "Hà Nội".to_owned(),
            number_place: "001".to_owned(),
            place_of_origin: "Hà Nội".to_owned(),
            ethnic_group: "Kinh".to_owned(),
            nationality: "Việt Nam".to_owned(),
        };
        let parent = |person: &Person| Some(Party::Known(person.number.clone()));
        let birth = |serial| {
            entry(
                serial,
                Act::Birth {
                    child: Box::new(child.clone()),
                    father: parent(&groom),
                    mother: parent(&bride),
                    resides_with: None,
                },
            )
        };
        // Of another place, sex or year, and one for an act that needs none: no number that this register would give.
        for given in ["079099000001", "001126000009", "001225000009", "079226000009"] {
            let refused = take(&birth(3), Some(given));
            assert!(
                matches!(refused, Err(StoreError::Refused(Refusal::OtherNumber))),
                "{given}: {refused:?}"
            );
        }
        assert!(matches!(take(&birth(3), Some("001226000009")), Ok(ActOutcome::Applied(_))));
        let foundling = Newborn { full_name: "Nguyễn Văn Rơi".to_owned(), ..child.clone() };
        let act = Act::Birth { child: Box::new(foundling), father: None, mother: None, resides_with: None };
        assert!(
            matches!(take(&entry(13, act), Some("001226000009")), Err(StoreError::NumberTaken)),
            "whole or not at all"
        );
        assert!(matches!(take(&birth(4), Some("001226000010")), Ok(ActOutcome::Case(_))));
        let waits = ActOutcome::Waits(cccd_population::civil_status::Contradiction::BornAlready);
        assert_eq!(take(&birth(4), Some("001226000010")).unwrap(), waits, "and has no number yet");
        let girl = entry(
            5,
            Act::SexRedetermined { person: number("001226000009"), sex: Sex::Female, on: date(2026, 11, 20) },
        );
        assert!(matches!(take(&girl, Some("001326000011")), Ok(ActOutcome::Applied(_))));

        assert_eq!(store.person(&number("001226000009")).unwrap(), None, "the old number is nobody's");
        assert!(matches!(
            store.put_person(&Person { number: number("001226000009"), ..somebody() }, &change()),
            Err(StoreError::NumberCancelled)
        ));
        let renumbered = store.person(&number("001326000011")).unwrap().unwrap();
        assert_eq!(renumbered.cancelled_number, Some(number("001226000009")));
        let kinds: Vec<_> =
            store.acts_of(&renumbered.number).unwrap().into_iter().map(|act| act.id.kind).collect();
        assert_eq!(kinds, [Kind::Birth, Kind::SexRedetermined]);
        assert_eq!(store.person(&bride.number).unwrap().unwrap().children[0].number, Some(renumbered.number));
        assert_eq!((store.person_count().unwrap(), store.statistics(TODAY).unwrap().persons), (4, 4));

        let entries = store.intake_entries("desk 1").unwrap();
        let told: Vec<_> =
            entries.iter().map(|entry| (entry.sequence, entry.act.serial, entry.outcome.as_str())).collect();
        assert_eq!(told, [(1, 1, "applied"), (2, 3, "applied"), (3, 4, "case"), (4, 5, "applied")]);
        let mut before = [0; 32];
        for entry in &entries {
            assert!(entry.follows("desk 1", &before) && !entry.follows("desk 2", &before));
            before = entry.digest;
        }
        assert!(!entries[2].follows("desk 1", &entries[0].digest), "one is missing");

        let waiting = store.outbox(100).unwrap();
        assert_eq!(waiting.len(), 2 + 5 + 5, "{waiting:?}");
        store.sent(&waiting[0], now()).unwrap();
        store.sent(&waiting[0], now()).unwrap();
        assert_eq!(store.outbox(100).unwrap(), waiting[1..]);
        store.check_integrity().unwrap();
    });
}

/// Numbers of the register's own: one for each birth, the same whenever the act comes again, none for an act that is not
/// taken; a number that is replaced is cancelled and linked in the same transaction.
#[test]
fn a_birth_gets_its_number_and_answers_it_again() {
    on_both(|mut store| {
        let groom = Person::new(number("001088000001"), "Trần Văn Bình", date(1988, 2, 3).into(), Sex::Male);
        store.put_person(&groom, &change()).unwrap();
        let entry = |serial: u32, act: Act| Entry {
            id: ActId { office: "00070".to_owned(), year: 2026, kind: act.kind(), serial },
            registered_on: date(2026, 11, 20),
            registered_by: "registrar".to_owned(),
            book: Book::Electronic,
            act,
        };
        let birth = |serial: u32, name: &str, place: &str, father: &str| {
            let child = Newborn {
                full_name: name.to_owned(),
                birth_date: date(2026, 11, 1),
                sex: Sex::Female,
                place_of_birth: "Hà Nội".to_owned(),
                birth_registration_place: "Hà Nội".to_owned(),
                number_place: place.to_owned(),
                place_of_origin: "Hà Nội".to_owned(),
                ethnic_group: "Kinh".to_owned(),
                nationality: "Việt Nam".to_owned(),
            };
            let father = Some(Party::Known(number(father)));
            entry(serial, Act::Birth { child: Box::new(child), father, mother: None, resides_with: None })
        };
        let desk = || Allocator::new(Digits::new(&number_key(), Withheld::default()).unwrap(), 4);
        let mut allocator = desk();
        let take = |store: &mut SqlStore, allocator: &mut Allocator, entry: &Entry| {
            store.record_act_allocating(allocator, entry, "desk 1", &change(), TODAY)
        };
        // What an act that is refused, or becomes a case, would have been given is given to the next one.
        let refused = take(&mut store, &mut allocator, &birth(1, "Trần Thị Mai", "001", "001088999999"));
        assert!(matches!(refused, Err(StoreError::Refused(Refusal::UnknownPerson))));
        let expected = desk_would_give(&allocator);
        let first =
            take(&mut store, &mut allocator, &birth(2, "Trần Thị Mai", "001", "001088000001")).unwrap();
        let given = first.number.clone().unwrap();
        assert_eq!(Some(&given), expected.as_ref());
        assert_eq!(Prefix::of(&given).as_str(), "001326");
        let case =
            take(&mut store, &mut allocator, &birth(3, "Trần Thị Mai", "001", "001088000001")).unwrap();
        assert!(matches!(case.outcome, ActOutcome::Case(_)) && case.number.is_none());
        // Again, at another desk too: the same number, nothing more.
        for allocator in [&mut allocator, &mut desk()] {
            let again =
                take(&mut store, allocator, &birth(2, "Trần Thị Mai", "001", "001088000001")).unwrap();
            assert_eq!((again.outcome, again.number.as_ref()), (ActOutcome::Repeat, Some(&given)));
        }
        // Another desk holds a block of its own; beyond its four the next is leased.
        let mut other = desk();
        let mut numbers: Vec<_> = (4..12)
            .map(|serial| {
                let names = ["Lan", "Hương", "Cúc", "Quyên", "Phượng", "Thủy", "Diệp", "Ngân"];
                let name = names.get(serial as usize - 4).unwrap();
                let birth = birth(serial, &format!("Trần Thị {name}"), "001", "001088000001");
                take(&mut store, &mut other, &birth).unwrap().number.unwrap()
            })
            .collect();
        numbers.push(given.clone());
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 9);
        // A number that was given to the act before the line broke is the act's.
        let request = RequestId::new("00070.2026.KS.20").unwrap();
        let before = other.allocate(&mut store, Prefix::of(&given), &request).unwrap();
        let late =
            take(&mut store, &mut allocator, &birth(20, "Trần Thị Trang", "001", "001088000001")).unwrap();
        assert_eq!(late.number, Some(before));
        // No province of this code: no number, and nothing is taken.
        let nowhere = take(&mut store, &mut allocator, &birth(21, "Trần Thị Yến", "003", "001088000001"));
        assert!(matches!(nowhere, Err(StoreError::Flaw(Flaw::Form("number_place")))));

        let boy =
            entry(30, Act::SexRedetermined { person: given.clone(), sex: Sex::Male, on: date(2026, 11, 20) });
        let renumbered = take(&mut store, &mut allocator, &boy).unwrap().number.unwrap();
        assert_eq!(Prefix::of(&renumbered).as_str(), "001226");
        assert_eq!(store.person(&given).unwrap(), None);
        assert!(store.is_taken(&given).unwrap(), "never given again");
        // The cancellation is linked: the same again is no news, another one is refused.
        let same = Cancelled {
            number: given.clone(),
            successor: Some(renumbered.clone()),
            cause: Cause::SexRedetermined,
            on: date(2026, 11, 20),
        };
        store.cancel_and_link(&same).unwrap();
        let otherwise = Cancelled { successor: None, cause: Cause::FalsePapers, ..same };
        assert!(matches!(store.cancel_and_link(&otherwise), Err(StoreError::NumberCancelled)));
        assert_eq!(store.person_count().unwrap(), 11);
        store.check_integrity().unwrap();
    });
}

fn number_key() -> NumberKey {
    NumberKey::derive(&zeroize::Zeroizing::new([7; 32]))
}

fn desk_would_give(allocator: &Allocator) -> Option<cccd_card_profile::personal_number::PersonalNumber> {
    allocator.next(Prefix::new(1, Sex::Female, 2026).unwrap())
}

/// Many lines at once, each act offered by all of them: each is taken once, nobody is lost.
#[test]
fn one_act_through_several_lines_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = Place::file(&dir.path().join("register.db"));
    for place in [Some(file), postgres::database()].into_iter().flatten() {
        let mut store = SqlStore::create(&place, now()).unwrap();
        let people: Vec<Person> = Nation::new(40, 5, date(2026, 1, 1)).collect();
        store.put_persons(&people, &change()).unwrap();
        let entries: Vec<Entry> = (1..)
            .zip(&people)
            .map(|(serial, person)| Entry {
                id: ActId { office: "00070".to_owned(), year: 2026, kind: Kind::NameChanged, serial },
                registered_on: date(2026, 11, 20),
                registered_by: "registrar".to_owned(),
                book: Book::Electronic,
                act: Act::NameChanged {
                    person: person.number.clone(),
                    full_name: format!("{} Mới", person.full_name),
                    on: person.life.date().unwrap_or(date(2026, 11, 19)),
                },
            })
            .collect();
        let taken = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for line in 0..4 {
                let (place, entries, taken) = (&place, &entries, &taken);
                scope.spawn(move || {
                    let mut store = SqlStore::open(place).unwrap();
                    for entry in entries {
                        let done =
                            store.record_act(entry, None, &format!("line {line}"), &change(), TODAY).unwrap();
                        if matches!(done, ActOutcome::Applied(_)) {
                            taken.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), 40);
        let chained: usize =
            (0..4).map(|line| store.intake_entries(&format!("line {line}")).unwrap().len()).sum();
        assert_eq!(chained, 40);
        for person in &people {
            let record = store.person(&person.number).unwrap().unwrap();
            assert_eq!(record.full_name, format!("{} Mới", person.full_name));
            let known =
                |child: &&Relative| people.iter().any(|one| Some(&one.number) == child.number.as_ref());
            for child in record.children.iter().filter(known) {
                assert!(child.name.ends_with(" Mới"), "a copy was left behind");
            }
        }
    }
}
