//! Backups hold one moment, open for their recipients only, and come back whole or not at all, on either engine.

use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use age::x25519::{Identity, Recipient};
use cccd_population::backup::{BackupError, backup, restore};
use cccd_population::generate::Nation;
use cccd_population::person::Person;
use cccd_population::seal::SealKeys;
use cccd_population::store::{
    Attempt, AttemptResult, Change, Place, SqlStore, Store as _, StoreError, TableDigest,
};

use crate::{TODAY, change, keys, new_card, now, number, postgres, somebody};

/// Empty places, one of each engine.
fn places() -> Vec<(tempfile::TempDir, Place)> {
    let dir = tempfile::tempdir().unwrap();
    let file = Place::file(&dir.path().join("register.db"));
    let mut places = vec![(dir, file)];
    places.extend(postgres::database().map(|place| (tempfile::tempdir().unwrap(), place)));
    places
}

fn filled(place: &Place) -> SqlStore {
    let mut store = SqlStore::create(place, now()).unwrap();
    let mut people: Vec<Person> = Nation::new(300, 5, TODAY).collect();
    people.push(somebody());
    store.put_persons(&people, &change()).unwrap();
    let mut other = somebody();
    // What text can hold: quotes, line ends, letters of more than one octet, SQL.
    other.identification_marks = Some("Sẹo \"chấm\"\\ '; DROP TABLE person; --\u{2028}".to_owned());
    store.put_person(&other, &change()).unwrap();
    store.record_card(&new_card(1), &change()).unwrap();
    let attempt = Attempt {
        number_digest: [9; 32],
        requester: "ngân hàng".to_owned(),
        at: now(),
        result: AttemptResult::Match,
    };
    store.log_attempt(&attempt, now(), 5).unwrap();
    store
}

fn made(store: &mut SqlStore, to: &[Recipient]) -> (Vec<u8>, Vec<TableDigest>) {
    backup(store, Vec::new(), to, now(), &mut |_| true).unwrap()
}

fn back(store: &mut SqlStore, octets: &[u8], with: &Identity) -> Result<Vec<TableDigest>, BackupError> {
    restore(store, octets, std::slice::from_ref(with), &mut |_| true)
}

/// What lies within the encryption, and encrypted again by whoever can.
fn opened(octets: &[u8], with: &Identity) -> String {
    let mut text = String::new();
    let decryptor = age::Decryptor::new(octets).unwrap();
    decryptor.decrypt([with as &dyn age::Identity].into_iter()).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn closed(text: &str, to: &Identity) -> Vec<u8> {
    let to = to.to_public();
    let encryptor = age::Encryptor::with_recipients([&to as &dyn age::Recipient].into_iter()).unwrap();
    let mut out = encryptor.wrap_output(Vec::new()).unwrap();
    out.write_all(text.as_bytes()).unwrap();
    out.finish().unwrap()
}

#[test]
fn a_backup_comes_back_on_both_engines_with_every_table_the_same() {
    let (one, other) = (Identity::generate(), Identity::generate());
    for (_from, from) in places() {
        let mut store = filled(&from);
        let (octets, tables) = made(&mut store, &[one.to_public(), other.to_public()]);
        assert_eq!(store.table_digests().unwrap(), tables);
        let rows = |name: &str| tables.iter().find(|table| table.table == name).unwrap().rows;
        assert_eq!(
            (rows("person"), rows("person_history"), rows("card"), rows("match_attempt")),
            (301, 1, 1, 1)
        );
        for (_to, to) in places() {
            let mut restored = SqlStore::create(&to, now()).unwrap();
            // Either recipient opens it.
            assert_eq!(back(&mut restored, &octets, &other).unwrap(), tables);
            assert_eq!(restored.table_digests().unwrap(), tables);
            restored.check_integrity().unwrap();
            let number = somebody().number;
            assert_eq!(restored.person(&number).unwrap(), store.person(&number).unwrap());
            assert_eq!(restored.history(&number).unwrap(), store.history(&number).unwrap());
            assert_eq!(restored.cards_of(&number).unwrap(), store.cards_of(&number).unwrap());
            assert_eq!(restored.attempts(&[9; 32]).unwrap(), store.attempts(&[9; 32]).unwrap());
            // Never over anything.
            let again = back(&mut restored, &octets, &one);
            assert!(matches!(again, Err(BackupError::NotEmpty(_))), "{again:?}");
            assert_eq!(restored.table_digests().unwrap(), tables);
        }
    }
}

#[test]
fn a_digest_tells_every_value_apart() {
    let (_from, from) = places().swap_remove(0);
    let mut store = filled(&from);
    let before = store.table_digests().unwrap();
    for sql in [
        "UPDATE person SET sex = 'unspecified' WHERE personal_number = '079099000001'",
        "UPDATE card SET expires = NULL",
        "UPDATE match_attempt SET number_digest = x'0909090909090909090909090909090909090909090909090909090909090908'",
        "UPDATE match_attempt SET position = 7",
        "DELETE FROM person_history",
    ] {
        assert!(store.raw(sql).unwrap() > 0, "{sql}");
        let after = store.table_digests().unwrap();
        assert_eq!(before.iter().zip(&after).filter(|(one, other)| one != other).count(), 1, "{sql}");
        drop(store);
        std::fs::remove_file(from.path().unwrap()).unwrap();
        store = filled(&from);
    }
}

/// Where a table has no foreign key (decision 0173) the check of the whole tells of a row that belongs to nobody.
#[test]
fn a_row_of_nobody_is_refused_or_found() {
    for (_from, from) in places() {
        let store = filled(&from);
        store.check_integrity().unwrap();
        for (table, columns, values) in [
            (
                "person_history",
                "revision, source, recorded_at, record",
                "1, 's', '2026-01-01T00:00:00Z', '{}'",
            ),
            ("person_act", "on_day, act_id", "'2026-01-01', '00070/2026/KH/1'"),
            ("outbox", "act_id, position, topic, message, recorded_at", "'a', 0, 't', '{}', '2026'"),
            (
                "linked_step",
                "act_id, place, step, state, message, due, changed_at",
                "'a', 1, 'residence', 'asked', '{}', '2026-01-01', '2026'",
            ),
        ] {
            let row =
                format!("INSERT INTO {table} (personal_number, {columns}) VALUES ('001099999999', {values})");
            let put = store.raw(&row);
            if matches!(from, Place::Sqlite(_)) || table == "person_history" {
                assert!(put.is_err(), "{table}");
                continue;
            }
            assert_eq!(put.unwrap(), 1);
            assert!(matches!(store.check_integrity(), Err(StoreError::Inconsistent(_))), "{table}");
            store.raw(&format!("DELETE FROM {table} WHERE personal_number = '001099999999'")).unwrap();
            store.check_integrity().unwrap();
        }
    }
}

#[test]
fn what_is_cut_off_altered_or_for_another_restores_nothing() {
    let identity = Identity::generate();
    let (_from, from) = places().swap_remove(0);
    let (octets, _) = made(&mut filled(&from), &[identity.to_public()]);
    assert!(!octets.windows(12).any(|window| window == b"079099000001"));
    for (_to, to) in places() {
        let mut restored = SqlStore::create(&to, now()).unwrap();
        let empty = restored.table_digests().unwrap();
        let other = back(&mut restored, &octets, &Identity::generate());
        assert!(matches!(other, Err(BackupError::WrongKey)), "{other:?}");
        for length in [0, 10, 100, 200, octets.len() / 3, octets.len() / 2, octets.len() - 1] {
            let cut = back(&mut restored, &octets[..length], &identity);
            assert!(
                matches!(
                    cut,
                    Err(BackupError::CutOff { .. } | BackupError::Damaged { .. } | BackupError::NoBackup(_))
                ),
                "{length}: {cut:?}"
            );
        }
        for place in [3, 30, 60, 120, 190, 300, octets.len() / 3, octets.len() / 2, octets.len() - 20] {
            let mut altered = octets.clone();
            altered[place] ^= 1;
            let altered = back(&mut restored, &altered, &identity);
            assert!(altered.is_err(), "{place}");
        }
        assert_eq!(restored.table_digests().unwrap(), empty);
        back(&mut restored, &octets, &identity).unwrap();
    }
}

/// Who can encrypt to the recipient can also leave out, add or change lines: count and digest find it.
#[test]
fn lines_that_are_not_what_was_counted_restore_nothing() {
    let identity = Identity::generate();
    let (_from, from) = places().swap_remove(0);
    let (octets, tables) = made(&mut filled(&from), &[identity.to_public()]);
    let text = opened(&octets, &identity);
    let lines: Vec<&str> = text.lines().collect();
    let person = lines.iter().position(|line| line.contains("\"079099000001\"")).unwrap();
    let without = |at: usize| [&lines[..at], &lines[at + 1..]].concat().join("\n") + "\n";
    let instead =
        |at: usize, line: &str| [&lines[..at], &[line], &lines[at + 1..]].concat().join("\n") + "\n";
    let last = lines.len() - 1;
    let version = lines[0].replace("\"version\":", "\"version\":1");
    assert_ne!(version, lines[0]);
    for (_to, to) in places() {
        let mut restored = SqlStore::create(&to, now()).unwrap();
        let empty = restored.table_digests().unwrap();
        for (altered, what) in [
            (without(person), "tables refuse"),
            (instead(person, lines[person - 1]), "tables refuse"),
            (instead(person, &lines[person].replace("\"male\"", "\"female\"")), "its end"),
            (instead(person, "[1]"), "another width"),
            (instead(person, &lines[person].replacen("null", "7", 1)), "another type"),
            (instead(person, "{}"), "no known form"),
            (without(1), "no known form"),
            (without(last), "cut off"),
            (instead(last, &lines[last].replace("\"rows\":", "\"rows\":1")), "its end"),
            (format!("{text}{}\n", lines[last]), "more after"),
            (instead(0, &version), "of version"),
            (instead(0, &lines[0].replace("\"format\":1", "\"format\":2")), "does not know"),
            (text.trim_end().to_owned(), "cut off"),
        ] {
            let refused = back(&mut restored, &closed(&altered, &identity), &identity);
            let words = refused.as_ref().map_or_else(ToString::to_string, |_| String::new());
            assert!(words.contains(what), "{what}: {refused:?}");
            assert_eq!(restored.table_digests().unwrap(), empty, "{what}");
        }
        assert_eq!(back(&mut restored, &closed(&text, &identity), &identity).unwrap(), tables);
    }
}

#[test]
fn who_stops_leaves_nothing_half() {
    let identity = Identity::generate();
    for (_from, from) in places() {
        let mut store = filled(&from);
        let to = [identity.to_public()];
        let stopped = backup(&mut store, Vec::new(), &to, now(), &mut |_| false);
        // 301 persons are fewer than the lines between two questions.
        store.put_persons(&Nation::new(800, 6, TODAY).collect::<Vec<_>>(), &change()).unwrap();
        assert!(stopped.is_ok());
        let stopped = backup(&mut store, Vec::new(), &to, now(), &mut |_| false);
        assert!(matches!(stopped, Err(BackupError::Stopped)));
        let (octets, tables) = made(&mut store, &to);
        for (_to, place) in places() {
            let mut restored = SqlStore::create(&place, now()).unwrap();
            let empty = restored.table_digests().unwrap();
            let keys = std::slice::from_ref(&identity);
            let stopped = restore(&mut restored, octets.as_slice(), keys, &mut |_| false);
            assert!(matches!(stopped, Err(BackupError::Stopped)));
            assert_eq!(restored.table_digests().unwrap(), empty);
            assert_eq!(back(&mut restored, &octets, &identity).unwrap(), tables);
        }
    }
}

/// Writers go on. Each writes pairs of people in one transaction: a backup that holds one of a pair without the other
/// would be of no moment at all.
#[test]
fn a_backup_under_load_holds_one_moment() {
    let identity = Identity::generate();
    let to = [identity.to_public()];
    for (_from, from) in places() {
        drop(filled(&from));
        let ended = AtomicBool::new(false);
        let backups = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut store = SqlStore::open(&from).unwrap();
                let mut count = 0_u64;
                while !ended.load(Ordering::Relaxed) {
                    let pair = [0, 1].map(|one| Person {
                        number: number(&format!("{:012}", 88_000_000_000 + count * 2 + one)),
                        ..somebody()
                    });
                    let change = Change { source: format!("pair {count}"), ..change() };
                    store.put_persons(&pair, &change).unwrap();
                    count += 1;
                }
                count
            });
            let mut store = SqlStore::open(&from).unwrap();
            let mut backups = Vec::new();
            while backups.len() < 3 {
                let before = store.person_count().unwrap();
                let (octets, tables) = made(&mut store, &to);
                // One during which nobody wrote proves nothing.
                if store.person_count().unwrap() > before {
                    backups.push((octets, tables));
                }
            }
            ended.store(true, Ordering::Relaxed);
            assert!(writer.join().unwrap() > 0);
            backups
        });
        for (octets, tables) in backups {
            let mut restored = SqlStore::in_memory(now()).unwrap();
            assert_eq!(back(&mut restored, &octets, &identity).unwrap(), tables);
            restored.check_integrity().unwrap();
            assert_eq!((restored.person_count().unwrap() - 301) % 2, 0, "half a pair");
        }
    }
}

/// The keys of sealed items are not in a backup: it is restored without them, and read with them.
#[test]
fn sealed_items_come_back_sealed_and_open_with_the_keys_only() {
    let identity = Identity::generate();
    let mut person = somebody();
    person.phone = Some("0912345678".to_owned());
    for (_from, from) in places() {
        SqlStore::create_with(&from, &keys(), now()).unwrap().put_person(&person, &change()).unwrap();
        let (octets, tables) = made(&mut SqlStore::open(&from).unwrap(), &[identity.to_public()]);
        assert!(!opened(&octets, &identity).contains("0912345678"));
        for (_to, to) in places() {
            let mut restored = SqlStore::create(&to, now()).unwrap();
            assert_eq!(back(&mut restored, &octets, &identity).unwrap(), tables);
            for wrong in [SealKeys::none(), SealKeys::new([zeroize::Zeroizing::new([8; 32])])] {
                let read = SqlStore::open_with(&to, &wrong).unwrap().person(&person.number).unwrap().unwrap();
                assert!(read.sealed && read.phone.is_none() && read.religion.is_none());
                assert_eq!(read.full_name, person.full_name);
            }
            let read = SqlStore::open_with(&to, &keys()).unwrap().person(&person.number).unwrap();
            assert_eq!(read, Some(person.clone()));
        }
    }
}
