//! What the tables hold, and what they refuse to hold.

use cccd_population::card::CardStatus;
use cccd_population::person::{Flaw, Life, Person};
use cccd_population::store::{Put, SqliteStore, Store as _, StoreError};
use jiff::civil::date;

use crate::{TODAY, change, empty, new_card, now, number, somebody};

#[test]
fn a_person_comes_back_whole_and_history_is_kept() {
    let mut store = empty();
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
}

#[test]
fn the_dead_stay_dead() {
    let mut store = empty();
    let person = somebody();
    let life = Life::Dead(date(2026, 3, 1));
    assert!(matches!(store.set_life(&person.number, life, &change(), TODAY), Err(StoreError::UnknownPerson)));
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
}

#[test]
fn the_missing_may_return() {
    let mut store = empty();
    let person = somebody();
    store.put_person(&person, &change()).unwrap();
    let missing = Life::Missing(date(2026, 3, 1));
    store.set_life(&person.number, missing, &change(), TODAY).unwrap();
    assert!(matches!(store.record_card(&new_card(1), &change()), Err(StoreError::NotAlive("missing"))));
    store.set_life(&person.number, Life::Alive, &change(), TODAY).unwrap();
    assert_eq!(store.person(&person.number).unwrap().unwrap().life, Life::Alive);
}

#[test]
fn one_card_in_use_and_each_value_once() {
    let mut store = empty();
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
    let stranger = Person { number: number("001199000002"), old_number: None, father: None, ..somebody() };
    store.put_person(&stranger, &change()).unwrap();
    let mut theft = new_card(3);
    theft.number = stranger.number;
    theft.replaces = Some(next.sod_sha256);
    assert!(matches!(store.record_card(&theft, &change()), Err(StoreError::Claimed(_))));
    store.check_integrity().unwrap();
}

#[test]
fn a_card_past_its_day_is_expired_and_gives_way() {
    let mut store = empty();
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
}

#[test]
fn a_card_ends_once() {
    let mut store = empty();
    store.put_person(&somebody(), &change()).unwrap();
    let (card, _) = store.record_card(&new_card(1), &change()).unwrap();
    let sod = card.sod_sha256;
    let mut set =
        |status| store.set_card_status(&sod, status, TODAY, "mất ở chợ'); DROP TABLE card; --", &change());
    assert_eq!(set(CardStatus::Held).unwrap().status, CardStatus::Held);
    assert_eq!(set(CardStatus::Held).unwrap().status, CardStatus::Held);
    assert_eq!(set(CardStatus::Active).unwrap().status, CardStatus::Active);
    assert_eq!(set(CardStatus::Lost).unwrap().status, CardStatus::Lost);
    assert!(matches!(set(CardStatus::Active), Err(StoreError::ForbiddenChange(_))));
    let history: Vec<_> = store.card_history(&sod).unwrap().into_iter().map(|event| event.status).collect();
    assert_eq!(history, [CardStatus::Active, CardStatus::Held, CardStatus::Active, CardStatus::Lost]);
    let unknown = new_card(7).sod_sha256;
    let refused = store.set_card_status(&unknown, CardStatus::Lost, TODAY, "", &change());
    assert!(matches!(refused, Err(StoreError::UnknownCard)));
}

#[test]
fn the_tables_refuse_what_the_model_forbids() {
    let mut store = empty();
    store.put_person(&somebody(), &change()).unwrap();
    store.record_card(&new_card(1), &change()).unwrap();
    let forbidden = [
        "UPDATE person SET life = 'dead'",
        "UPDATE person SET life_date = '2026-01-01'",
        "UPDATE person SET life = 'dead', life_date = '1990-01-01'",
        "UPDATE person SET life = 'undead', life_date = '2026-01-01'",
        "UPDATE person SET personal_number = '12'",
        "UPDATE person SET sex = 'x'",
        "UPDATE person SET birth_date = '15/01/1999'",
        "UPDATE person SET old_number = '12345678'",
        "UPDATE person SET full_name = ''",
        "UPDATE person SET blood_group = 'C'",
        "UPDATE person SET cancelled_number = personal_number",
        "UPDATE person SET absent_until = '2026-01-01'",
        "UPDATE person SET revision = 'x'",
        "DELETE FROM person",
        "UPDATE relation SET related_number = personal_number WHERE kind = 'father'",
        "UPDATE relation SET position = 1 WHERE kind = 'father'",
        "UPDATE residence SET kind = 'holiday'",
        "INSERT INTO other_name VALUES ('000000000000', 0, 'x')",
        "UPDATE card SET status = 'fine'",
        "UPDATE card SET expires = '2020-01-01'",
        "UPDATE card SET sod_sha256 = x'00'",
        "UPDATE card SET chip_serial = 'XYZ'",
        "DELETE FROM card",
        "INSERT INTO card SELECT personal_number, zeroblob(32), document_number, chip_serial, issued, expires, \
         'held', status_since FROM card",
        "INSERT INTO sod_claim SELECT * FROM sod_claim",
        "INSERT INTO match_attempt VALUES (x'00', 0, 0, 'x', 'match')",
    ];
    for sql in forbidden {
        assert!(store.raw().execute(sql, ()).is_err(), "allowed: {sql}");
    }
    store.raw().execute("UPDATE card SET status = 'held'", ()).unwrap();
    store.check_integrity().unwrap();
}

#[test]
fn sql_and_script_are_only_text() {
    let mut store = empty();
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
    let path = dir.path().join("register.db");
    SqliteStore::create(&path, now()).unwrap();
    std::thread::scope(|scope| {
        for worker in 0..4_u32 {
            let path = &path;
            scope.spawn(move || {
                let mut store = SqliteStore::open(path).unwrap();
                for count in 0..25 {
                    let person =
                        Person { number: number(&format!("{:012}", worker * 1000 + count)), ..somebody() };
                    store.put_person(&person, &change()).unwrap();
                    // All of them fight for one row, too.
                    let contested = Person { other: Some(format!("{worker}-{count}")), ..somebody() };
                    store.put_person(&contested, &change()).unwrap();
                }
            });
        }
    });
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.person_count().unwrap(), 101);
    let history = store.history(&somebody().number).unwrap();
    assert_eq!(history.iter().map(|row| row.revision).collect::<Vec<_>>(), (1..=100).collect::<Vec<_>>());
    store.check_integrity().unwrap();
}

#[test]
fn a_file_that_is_no_register() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("register.db");
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::NotInitialised)));
    std::fs::write(&path, "this is a text and not a database, and longer than a header would be").unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::NotInitialised)));
    let path = dir.path().join("new.db");
    let store = SqliteStore::create(&path, now()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    SqliteStore::create(&path, now()).unwrap();
    store.raw().execute("INSERT INTO migration VALUES (999, '')", ()).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Newer { found: 999, .. })));
}
