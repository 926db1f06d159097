//! Every look is logged, and the log tells when it was tampered with.

use cccd_population::access::{Grounds, LogFault, Look, Shown, VerifyError, verify};
use cccd_population::matching::DigestKey;
use cccd_population::store::{SqlStore, Store as _};
use zeroize::Zeroizing;

use crate::{empty, keys, now, number, postgres};

fn key() -> DigestKey {
    DigestKey::new(Zeroizing::new([3; 32]))
}

fn look(officer: &str, grounds: Grounds) -> Look {
    Look::new(&key(), &number("079099000001"), officer, grounds, Shown::Record, now()).unwrap()
}

fn five(store: &mut SqlStore) {
    for count in 1..=5_u64 {
        let grounds = if count == 3 {
            Grounds::BreakGlass("cấp cứu'); DROP TABLE access_log; --".to_owned())
        } else {
            Grounds::Case(format!("{count}/2026"))
        };
        assert_eq!(store.log_access(&key(), "command-line", &[look("Bình", grounds)]).unwrap(), count);
    }
}

fn on_both(test: impl Fn(SqlStore)) {
    test(empty());
    if let Some(place) = postgres::database() {
        test(SqlStore::create_with(&place, &keys(), now()).unwrap());
    }
}

#[test]
fn looks_are_kept_in_order_and_the_chain_holds() {
    on_both(|mut store| {
        assert_eq!(verify(&store, &key(), "command-line").unwrap(), 0);
        five(&mut store);
        let entries = store.accesses("command-line", 0, 100).unwrap();
        assert_eq!(entries.len(), 5);
        assert_eq!(entries[2].look.grounds.word(), "break-glass");
        assert_eq!(entries[2].look, look("Bình", entries[2].look.grounds.clone()));
        assert_eq!(store.accesses("command-line", 3, 100).unwrap(), entries[3..]);
        assert_eq!(verify(&store, &key(), "command-line").unwrap(), 5);
        assert!(store.accesses("http", 0, 100).unwrap().is_empty());
    });
}

#[test]
fn what_was_altered_taken_out_or_cut_off_is_found() {
    let fault = |sql: &str| {
        let mut store = empty();
        five(&mut store);
        for statement in sql.split(';') {
            store.raw(statement).unwrap();
        }
        match verify(&store, &key(), "command-line") {
            Err(VerifyError::Fault(fault)) => fault,
            other => panic!("{sql}: {other:?}"),
        }
    };
    for (sql, expected) in [
        ("UPDATE access_log SET officer = 'An' WHERE link = 2", LogFault::Altered(2)),
        ("UPDATE access_log SET grounds = 'case' WHERE link = 3", LogFault::Altered(3)),
        ("UPDATE access_log SET number_digest = zeroblob(32) WHERE link = 4", LogFault::Altered(4)),
        ("DELETE FROM access_log WHERE link = 2", LogFault::Altered(2)),
        ("DELETE FROM access_log WHERE link = 1", LogFault::Altered(1)),
        // Two entries change places: both hold what was logged, neither where it was.
        (
            "UPDATE access_log SET link = CASE link WHEN 2 THEN 103 ELSE 102 END WHERE link IN (2, 3); \
             UPDATE access_log SET link = link - 100 WHERE link > 100",
            LogFault::Altered(2),
        ),
        ("DELETE FROM access_log WHERE link = 5", LogFault::CutOff),
        ("DELETE FROM access_log", LogFault::CutOff),
        ("DELETE FROM access_head", LogFault::CutOff),
    ] {
        assert_eq!(fault(sql), expected, "{sql}");
    }
    // Cut off with the head set to what the entry before says: its keyed digest is not told by any entry.
    let mut store = empty();
    five(&mut store);
    store.raw("DELETE FROM access_log WHERE link = 5").unwrap();
    store
        .raw("UPDATE access_head SET link = 4, digest = (SELECT digest FROM access_log WHERE link = 4)")
        .unwrap();
    assert!(matches!(verify(&store, &key(), "command-line"), Err(VerifyError::Fault(LogFault::CutOff))));
    // The next look does not make it good.
    assert_eq!(
        store.log_access(&key(), "command-line", &[look("An", Grounds::Case("9".to_owned()))]).unwrap(),
        5
    );
    assert!(matches!(verify(&store, &key(), "command-line"), Err(VerifyError::Fault(LogFault::Altered(5)))));
    let mut store = empty();
    five(&mut store);
    assert_eq!(verify(&store, &key(), "command-line").unwrap(), 5);
    let other = DigestKey::new(Zeroizing::new([4; 32]));
    assert!(verify(&store, &other, "command-line").is_err());
}

#[test]
fn a_look_without_a_name_or_a_reason_is_none() {
    for (officer, reason) in [
        ("", "1/2026"),
        ("Bình", "tìm 079099000001"),
        ("079099000001", "x"),
        (" ", "1/2026"),
        ("Bình", ""),
        ("Bình", "  "),
    ] {
        let grounds = Grounds::BreakGlass(reason.to_owned());
        let look = Look::new(&key(), &number("079099000001"), officer, grounds, Shown::Record, now());
        assert!(look.is_err(), "{officer:?} {reason:?}");
    }
    // The name of a case of the register may look like one.
    for (case, fits) in [("C0123456789abcdef", true), ("C01234567890abcde9", false)] {
        let grounds = Grounds::Case(case.to_owned());
        let look = Look::new(&key(), &number("079099000001"), "Bình", grounds, Shown::Record, now());
        assert_eq!(look.is_ok(), fits, "{case}");
    }
    let long = Grounds::Case("x".repeat(501));
    assert!(Look::new(&key(), &number("079099000001"), "Bình", long, Shown::Record, now()).is_err());
}

#[test]
fn many_looks_at_once_make_one_chain() {
    let dir = tempfile::tempdir().unwrap();
    let file = cccd_population::store::Place::file(&dir.path().join("register.db"));
    for place in [Some(file), postgres::database()].into_iter().flatten() {
        SqlStore::create_with(&place, &keys(), now()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut store = SqlStore::open_with(&place, &keys()).unwrap();
                    for count in 0..10 {
                        let grounds = Grounds::Case(count.to_string());
                        store.log_access(&key(), "http", &[look("desk", grounds)]).unwrap();
                    }
                });
            }
        });
        assert_eq!(verify(&SqlStore::open_with(&place, &keys()).unwrap(), &key(), "http").unwrap(), 40);
    }
}
