//! What is sensitive lies sealed: nothing of it can be read from the file, copied to somebody else, or lost by who has no key.

use cccd_population::person::{BloodGroup, Life, Person};
use cccd_population::register_key::{KeyFileError, add_seal_key, make_seal_keys, seal_keys};
use cccd_population::seal::SealKeys;
use cccd_population::store::{Change, Place, Put, SqlStore, Store as _, StoreError};
use jiff::civil::date;
use rand_core::SeedableRng as _;
use zeroize::Zeroizing;

use crate::{TODAY, change, keys, now, number, postgres, somebody};

const SECRETS: [&str; 4] = ["Tịnh độ cư sĩ", "0912345678", "an@example.vn", "nghe kém"];

fn believer() -> Person {
    let mut person = somebody();
    let [religion, phone, email, other] = SECRETS.map(|text| Some(text.to_owned()));
    (person.religion, person.phone, person.email, person.other) = (religion, phone, email, other);
    person.blood_group = Some(BloodGroup::Ab);
    person
}

/// An empty place of each engine.
fn places() -> Vec<(tempfile::TempDir, Place)> {
    let dir = tempfile::tempdir().unwrap();
    let file = Place::file(&dir.path().join("register.db"));
    let mut places = vec![(dir, file)];
    places.extend(postgres::database().map(|place| (tempfile::tempdir().unwrap(), place)));
    places
}

fn other_keys() -> SealKeys {
    SealKeys::new([Zeroizing::new([9; 32])])
}

#[test]
fn the_file_holds_no_sensitive_item_in_the_clear() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("register.db");
    let mut store = SqlStore::create_with(&Place::file(&path), &keys(), now()).unwrap();
    let mut person = believer();
    store.put_person(&person, &change()).unwrap();
    person.phone = Some("0987654321".to_owned());
    store.put_person(&person, &change()).unwrap();
    store.set_life(&person.number, Life::Dead(date(2026, 3, 1)), &change(), TODAY).unwrap();
    let history = store.history(&person.number).unwrap();
    assert_eq!((&history[0].person, &history[1].person), (&believer(), &person));
    drop(store);
    let mut octets = std::fs::read(&path).unwrap();
    octets.extend(std::fs::read(dir.path().join("register.db-wal")).unwrap_or_default());
    let holds = |text: &str| octets.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("Nguyễn Văn An"), "the file is looked at rightly");
    for text in SECRETS.iter().chain(&["0987654321", "\"AB\""]) {
        assert!(!holds(text), "{text} lies in the clear");
    }
}

#[test]
fn without_the_key_people_are_read_without_them_and_nothing_is_lost() {
    for (_dir, place) in places() {
        let person = believer();
        SqlStore::create_with(&place, &keys(), now()).unwrap().put_person(&person, &change()).unwrap();
        for blind in [SealKeys::none(), other_keys()] {
            let mut store = SqlStore::open_with(&place, &blind).unwrap();
            let mut seen = store.person(&person.number).unwrap().unwrap();
            assert!(seen.sealed && !seen.says_sensitive());
            assert!(!store.provenance(&person.number).unwrap().unwrap().contains_key("sealed"));
            // Written back as it was read, and as a file says it who does not know: both leave the items.
            assert_eq!(store.put_person(&seen, &change()).unwrap(), Put::Unchanged);
            seen.full_name.push('a');
            assert_eq!(store.put_person(&seen, &change()).unwrap(), Put::Changed);
            let plain = Person { sealed: false, full_name: "Nguyễn Văn Ân".to_owned(), ..seen.clone() };
            assert_eq!(store.put_person(&plain, &change()).unwrap(), Put::Changed);
            assert_eq!(store.put_person(&plain, &change()).unwrap(), Put::Unchanged);
            // What cannot be compared cannot be overwritten.
            let other = Person { religion: Some("Không".to_owned()), ..plain };
            assert!(matches!(store.put_person(&other, &change()), Err(StoreError::Sealed)));
        }
        // A sealed record is nobody's first one; a stranger's items lie plain until the register is sealed anew.
        let mut store = SqlStore::open(&place).unwrap();
        let stranger = Person { number: number("079099000002"), ..believer() };
        let mut bare = Person { sealed: true, religion: None, ..somebody() };
        bare.number = stranger.number.clone();
        assert!(matches!(store.put_person(&bare, &change()), Err(StoreError::Sealed)));
        assert_eq!(store.put_person(&stranger, &change()).unwrap(), Put::Added);
        assert_eq!(store.person(&stranger.number).unwrap().as_ref(), Some(&stranger));
        // With the key all is there: a record that says it was read without keeps the items too.
        let mut store = SqlStore::open_with(&place, &keys()).unwrap();
        let now_known = store.person(&person.number).unwrap().unwrap();
        assert_eq!(now_known, Person { full_name: "Nguyễn Văn Ân".to_owned(), ..person.clone() });
        let mut unseen = Person { sealed: true, full_name: "Nguyễn An".to_owned(), ..person.clone() };
        (unseen.religion, unseen.blood_group) = (None, None);
        (unseen.phone, unseen.email, unseen.other) = (None, None, None);
        assert_eq!(store.put_person(&unseen, &change()).unwrap(), Put::Changed);
        assert_eq!(store.person(&person.number).unwrap().unwrap().religion, person.religion);
        for was in store.history(&person.number).unwrap() {
            assert_eq!(
                (was.person.religion, was.person.phone),
                (person.religion.clone(), person.phone.clone())
            );
        }
    }
}

#[test]
fn a_value_copied_to_somebody_else_does_not_open() {
    for (_dir, place) in places() {
        let mut store = SqlStore::create_with(&place, &keys(), now()).unwrap();
        let other = Person { number: number("079099000002"), ..believer() };
        store.put_persons(&[believer(), other.clone()], &change()).unwrap();
        store
            .raw(
                "UPDATE person SET sensitive = (SELECT sensitive FROM person WHERE personal_number = \
                 '079099000001') WHERE personal_number = '079099000002'",
            )
            .unwrap();
        assert!(matches!(store.person(&other.number), Err(StoreError::Altered)));
        assert_eq!(store.person(&believer().number).unwrap(), Some(believer()));
    }
}

#[test]
fn what_lies_plain_or_under_an_older_key_is_sealed_anew_page_by_page() {
    for (_dir, place) in places() {
        let mut store = SqlStore::create_with(&place, &other_keys(), now()).unwrap();
        let people: Vec<Person> = (0..25)
            .map(|count| Person {
                number: number(&format!("{:012}", 79_099_000_100_u64 + count)),
                ..believer()
            })
            .collect();
        store.put_persons(&people, &change()).unwrap();
        let renamed: Vec<Person> = people
            .iter()
            .map(|person| Person { full_name: "Tên Mới".to_owned(), ..person.clone() })
            .collect();
        store.put_persons(&renamed, &Change { source: "second".to_owned(), ..change() }).unwrap();
        // Two as an older version kept them: one in its row, one in its history.
        store
            .raw(
                "UPDATE person SET sensitive = '{\"r\":\"Tịnh độ cư sĩ\",\"b\":\"AB\",\"p\":\"0912345678\",\
                 \"e\":\"an@example.vn\",\"o\":\"nghe kém\"}' WHERE personal_number = '079099000103'",
            )
            .unwrap();
        let record = serde_json::to_string(&people[4]).unwrap();
        store
            .raw(&format!(
                "UPDATE person_history SET sensitive = NULL, record = '{record}' \
                 WHERE personal_number = '079099000104'"
            ))
            .unwrap();
        drop(store);
        // The new key alone opens none of what lies under the old one, and says how much that is.
        let mut blind = SqlStore::open_with(&place, &keys()).unwrap();
        let page = blind.seal_anew(None, 1_000).unwrap();
        assert_eq!((page.seen, page.sealed, page.without_key), (50, 2, 48));
        let both = SealKeys::new([Zeroizing::new([9; 32]), Zeroizing::new([7; 32])]);
        let mut store = SqlStore::open_with(&place, &both).unwrap();
        // Stopped after the first page and begun again.
        let page = store.seal_anew(None, 7).unwrap();
        // Of fourteen records two lie under the new key already.
        assert_eq!((page.last.as_ref(), page.sealed), (Some(&people[6].number), 12));
        let (mut after, mut sealed, mut pages) = (None, 0, 0);
        loop {
            let page = store.seal_anew(after.as_ref(), 7).unwrap();
            sealed += page.sealed;
            assert_eq!(page.without_key, 0);
            let Some(last) = page.last else { break };
            (after, pages) = (Some(last), pages + 1);
        }
        assert_eq!((sealed, pages), (48 - 12, 4), "what the first page sealed is not sealed again");
        drop(store);
        let store = SqlStore::open_with(&place, &keys()).unwrap();
        for (person, renamed) in people.iter().zip(&renamed) {
            assert_eq!(store.person(&person.number).unwrap().as_ref(), Some(renamed));
            assert_eq!(&store.history(&person.number).unwrap()[0].person, person);
        }
        assert!(store.holds_sealed().unwrap());
    }
}

#[test]
fn the_file_of_keys_grows_by_one_and_is_nobody_elses() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let db = dir.path().join("register.db");
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
    assert!(seal_keys(&db).unwrap().is_empty());
    let (first, fresh) = make_seal_keys(&db, &mut rng).unwrap();
    assert!(fresh && first.ids().len() == 1);
    let (again, fresh) = make_seal_keys(&db, &mut rng).unwrap();
    assert!(!fresh && again.ids() == first.ids());
    let two = add_seal_key(&db, &mut rng).unwrap();
    assert_eq!((two.ids().len(), two.ids()[0]), (2, first.ids()[0]));
    assert_eq!(seal_keys(&db).unwrap().ids(), two.ids());
    let file = dir.path().join("register.db.seal-key");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!format!("{two:?}").contains(std::fs::read_to_string(&file).unwrap().lines().next().unwrap()));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(seal_keys(&db), Err(KeyFileError::Open(_))));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&file, "no key").unwrap();
    assert!(matches!(seal_keys(&db), Err(KeyFileError::NoKey(_))));
}
