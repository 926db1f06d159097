//! A ledger that a program of before wrote, with two cards, accounts, a delivery note and a transport: this program brings it to
//! its own version, proves what is in it, and goes on.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cccd_issuer::accounts::Password;
use cccd_issuer::audit::Auditor;
use cccd_issuer::ledger::{Act, Ledger};
use cccd_issuer::stock::BlankState;
use cccd_keys::public_key::PublicKey;

use crate::support::{at, rng};

/// As `sqlite3 .dump` writes it: version 7.
const LEDGER: &str = include_str!("data/ledger_7.sql");

/// The keys of that station, which never issued a card to anybody.
const KEYS: [(&str, &str); 2] = [
    ("station-key", "6a679430bb8dfe33b80b737bcd9db037b3ae06deb9963b4c9331c17c98c7dfb4"),
    ("subject-key", "84e24844aa57ef34211141c5379bd98bb37d7b7dfeb1585c4becc9de5a80abef"),
];

fn opened(folder: &Path) -> (Ledger, PublicKey) {
    let path = folder.join("ledger.sqlite");
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.log_with(Auditor::beside(&path, &mut rng(1)).unwrap().at_given_time());
    let key = std::fs::read(folder.join("ledger.sqlite.station.pub")).unwrap();
    (ledger, PublicKey::from_spki(&key).unwrap())
}

fn founded() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    // A dump has its tables in the order of their names.
    let dump = format!("PRAGMA foreign_keys = OFF;\n{LEDGER}");
    rusqlite::Connection::open(&path).unwrap().execute_batch(&dump).unwrap();
    for (name, key) in KEYS {
        let file = folder.path().join(format!("ledger.sqlite.{name}"));
        std::fs::write(&file, key).unwrap();
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    folder
}

#[test]
fn a_ledger_of_before_is_proved_and_goes_on() {
    let folder = founded();
    let (mut ledger, key) = opened(folder.path());
    assert_eq!(ledger.prove_log(&key, &[]).unwrap().actions, 26);
    let counts: Vec<_> =
        ledger.counts().unwrap().into_iter().map(|(state, count)| (state.as_str(), count)).collect();
    assert_eq!(counts, [("issued", 2)]);
    // Two were handed over, one is still on the way.
    let blanks = |ledger: &mut Ledger, state| ledger.stock().list(Some(state), 9).unwrap().len();
    assert_eq!(
        [BlankState::HandedOver, BlankState::Sent, BlankState::InStock]
            .map(|state| blanks(&mut ledger, state)),
        [2, 1, 2]
    );

    // The officers have their passwords, and what they do now is told with what they are given.
    let chief = ledger.accounts().officer("chief", &Password::new("giữ sổ tài khoản"), at()).unwrap();
    ledger.accounts().lock(&chief, "lan", "nghỉ phép", at()).unwrap();
    let sent = ledger.stock().list(Some(BlankState::Sent), 9).unwrap()[0].serial;
    ledger.stock().take_back(&[sent], Act::new("kho", at())).unwrap();
    assert_eq!(ledger.prove_log(&key, &[]).unwrap().actions, 27);
    drop(ledger);
    let (mut ledger, key) = opened(folder.path());
    assert_eq!(ledger.prove_log(&key, &[]).unwrap().actions, 27);
}

#[test]
fn what_was_changed_in_it_before_the_upgrade_shows_after_it() {
    for sql in [
        "UPDATE applications SET approved_by = 'hoa'",
        "UPDATE stock_batches SET announced = 6",
        "UPDATE account_actions SET actor = 'minh' WHERE action = 'lock'",
    ] {
        let folder = founded();
        let connection = rusqlite::Connection::open(folder.path().join("ledger.sqlite")).unwrap();
        let names =
            "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema WHERE type = 'trigger'";
        let triggers: String = connection.query_row(names, [], |row| row.get(0)).unwrap();
        connection.execute_batch(&triggers).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        let (mut ledger, key) = opened(folder.path());
        let problem = ledger.prove_log(&key, &[]).unwrap_err();
        assert_eq!(problem.code(), "audit-actions-differ", "{sql}: {problem}");
    }
}
