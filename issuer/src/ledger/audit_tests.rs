//! What the audit log shows when the station's own keeper tampers with its store.

use std::collections::BTreeSet;
use std::path::Path;

use cccd_keys::audit_log::Head;
use cccd_keys::public_key::PublicKey;
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::card::SodDigest;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use tempfile::TempDir;

use super::*;
use crate::accounts::{Hardness, NewAccount, Password, Role};
use crate::audit::{self, AuditProblem, Proof};

const NUMBER: &str = "079099000001";

struct Station {
    folder: TempDir,
}

impl Station {
    /// Some applications, walked to where another officer approved them.
    fn at_work() -> Self {
        let station = Self { folder: tempfile::tempdir().unwrap() };
        let mut ledger = station.ledger();
        for number in 1..=5 {
            station.approve(&mut ledger, &format!("07909900000{number}"));
        }
        station
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.sqlite")
    }

    fn ledger(&self) -> Ledger {
        beside(self.folder.path(), 3).0
    }

    fn approve(&self, ledger: &mut Ledger, number: &str) {
        let json = format!(
            r#"{{"person":{{"number":"{number}"}},"portrait":"/9j/4AAQSkZJRg==","reason":"first-issue"}}"#
        );
        let application = Application::parse(json.as_bytes(), Path::new("")).unwrap();
        let (lan, minh) = (Act::new("lan", Timestamp::UNIX_EPOCH), Act::new("minh", Timestamp::UNIX_EPOCH));
        let id = ledger.receive(&application, lan).unwrap().id;
        ledger.advance(id, Step::Check, None, &Value::Null, lan).unwrap();
        ledger.capture(id, "what is to be printed", lan).unwrap();
        ledger.approve(id, minh).unwrap();
    }

    fn key(&self) -> PublicKey {
        PublicKey::from_spki(&std::fs::read(self.folder.path().join("ledger.sqlite.station.pub")).unwrap())
            .unwrap()
    }

    fn prove(&self, kept: &[Head]) -> Result<Proof, AuditProblem> {
        self.ledger().prove_log(&self.key(), kept)
    }

    fn tamper(&self, sql: &str) {
        tamper(&self.path(), sql);
    }
}

#[test]
fn every_action_is_told_of_and_no_person_is_in_the_log() {
    let station = Station::at_work();
    let proof = station.prove(&[]).unwrap();
    assert_eq!((proof.lines, proof.actions, proof.beyond_head), (20, 20, 0));
    let connection = rusqlite::Connection::open(station.path()).unwrap();
    let line: String =
        connection.query_row("SELECT line FROM audit WHERE sequence = 4", [], |row| row.get(0)).unwrap();
    assert!(line.contains("application-approve") && line.contains("by minh"), "{line}");
    assert!(!line.contains(NUMBER) && !line.contains("printed"), "{line}");
    // Another key of digests: another word for the same person.
    let other =
        Auditor::beside(&station.folder.path().join("other"), &mut ChaCha20Rng::from_seed([4; 32])).unwrap();
    let own = Auditor::beside(&station.path(), &mut ChaCha20Rng::from_seed([3; 32])).unwrap();
    assert_ne!(own.payload_of("x"), other.payload_of("x"));
}

#[test]
fn whatever_is_changed_in_the_store_shows() {
    for (sql, code) in [
        ("UPDATE audit SET line = replace(line, 'by minh', 'by hoa') WHERE sequence = 4", "audit-broken"),
        ("DELETE FROM audit WHERE sequence = 7", "audit-broken"),
        ("DELETE FROM audit WHERE sequence > 12", "audit-cut"),
        ("DELETE FROM audit_heads", "audit-not-signed"),
        (
            "UPDATE actions SET actor = 'hoa' WHERE application_id = 2 AND action = 'approve'",
            "audit-actions-differ",
        ),
        ("UPDATE actions SET detail = '{\"a\":1}' WHERE application_id = 3", "audit-actions-differ"),
        ("DELETE FROM actions WHERE application_id = 5", "audit-actions-differ"),
        // A row beside its actions: another officer, another content, another person, another state.
        ("UPDATE applications SET approved_by = 'hoa' WHERE id = 2", "audit-actions-differ"),
        ("UPDATE applications SET captured_by = 'hoa' WHERE id = 2", "audit-actions-differ"),
        ("UPDATE applications SET captured_sha256 = 'of another face' WHERE id = 3", "audit-actions-differ"),
        ("UPDATE applications SET person_number = '079099000009' WHERE id = 1", "audit-actions-differ"),
        ("UPDATE applications SET state = 'captured', last_action = 3 WHERE id = 4", "audit-actions-differ"),
        ("UPDATE applications SET due = '2099-01-01' WHERE id = 4", "audit-actions-differ"),
        (
            "UPDATE applications SET reason = 'reissue', ground = 'lost-or-damaged' WHERE id = 4",
            "audit-actions-differ",
        ),
        ("UPDATE applications SET state_reason = 'refused by law' WHERE id = 4", "audit-actions-differ"),
        ("UPDATE applications SET received_at = '2026-10-01T00:00:00Z' WHERE id = 4", "audit-actions-differ"),
        ("DELETE FROM applications WHERE id = 2", "audit-actions-differ"),
        ("DELETE FROM applications WHERE id = 5", "audit-actions-differ"),
        // An approval by nobody, or by a station that has no log here.
        (
            "UPDATE actions SET station = NULL, actor = 'hoa' WHERE application_id = 5 AND action = 'approve'; \
             UPDATE applications SET approved_by = 'hoa' WHERE id = 5",
            "audit-actions-differ",
        ),
        (
            "INSERT INTO actions SELECT 5, 5, 4, at, 'hoa', 'prepare', 'approved', 'prepared', NULL, '{}', NULL, \
             'ff' FROM actions WHERE application_id = 5 AND sequence = 4; \
             UPDATE applications SET state = 'prepared', last_action = 5 WHERE id = 5",
            "audit-actions-differ",
        ),
        (
            "INSERT INTO card_changes VALUES (1, printf('%064d', 7), 'lost', NULL, NULL, 'x', 'hoa', 'then', NULL, NULL)",
            "audit-actions-differ",
        ),
        // Octets that are no text, and a table that is gone: no failure of the machine.
        (
            "PRAGMA ignore_check_constraints = ON; \
             UPDATE applications SET due = CAST(x'fffe' AS TEXT) WHERE id = 4",
            "audit-actions-differ",
        ),
        (
            "UPDATE actions SET reason = CAST(x'fffe' AS TEXT) WHERE application_id = 3 AND sequence = 2",
            "audit-actions-differ",
        ),
        ("UPDATE audit SET line = CAST(x'fffe' AS TEXT) WHERE sequence = 4", "audit-actions-differ"),
        ("DROP TABLE account_actions", "audit-actions-differ"),
        (
            "UPDATE audit_heads SET head = replace(head, '\"signature\":\"30', '\"signature\":\"31')",
            "audit-head-signature",
        ),
    ] {
        let station = Station::at_work();
        station.tamper(sql);
        // Not through a ledger with keys: that would sign again what it finds.
        let ledger = Ledger::open(&station.path()).unwrap();
        let auditor = Auditor::beside(&station.path(), &mut ChaCha20Rng::from_seed([3; 32])).unwrap();
        let (key, kept) = (station.key(), Vec::new());
        let problem =
            ledger.database.read(|session| audit::prove(session, &auditor, &key, &kept)).unwrap_err();
        assert_eq!(problem.code(), code, "{sql}: {problem}");
    }
}

/// Notes a change that is asked for: as a kill before its outcome leaves it.
fn asked(ledger: &mut Ledger, card: &SodDigest, change: &str, ground: Option<&str>) -> i64 {
    let asked = AskedChange { card, change, ground, until: None, reason: "it ended" };
    match ledger.begin_card_change(&asked, Act::new("minh", Timestamp::UNIX_EPOCH)).unwrap() {
        Begun::Now(id) => id,
        Begun::Before(outcome) => panic!("{outcome:?}"),
    }
}

#[test]
fn an_order_whose_answer_was_lost_ends_with_the_one_that_repeats_it() {
    let station = Station { folder: tempfile::tempdir().unwrap() };
    let (card, another) = (SodDigest::of(b"a card"), SodDigest::of(b"another card"));
    let act = Act::new("minh", Timestamp::UNIX_EPOCH);
    let theirs = {
        let mut ledger = Ledger::open(&station.path()).unwrap();
        let keys = station.folder.path().join("other");
        ledger.log_with(Auditor::beside(&keys, &mut ChaCha20Rng::from_seed([4; 32])).unwrap());
        asked(&mut ledger, &card, "return", None)
    };
    let mut ledger = station.ledger();
    let lost = asked(&mut ledger, &card, "return", None);
    let of_another = asked(&mut ledger, &another, "return", None);
    let held = asked(&mut ledger, &card, "hold", Some("detention"));
    let again = asked(&mut ledger, &card, "return", None);
    // What is refused tells nothing of the one before.
    ledger.end_card_change(again, ChangeOutcome::Refused, act).unwrap();
    assert!(ledger.card_changes_open(10).unwrap().iter().any(|open| open.id == lost));
    let again = asked(&mut ledger, &card, "return", None);
    ledger.end_card_change(again, ChangeOutcome::Done, act).unwrap();
    let came = ledger.card_changes(&card).unwrap();
    let came = |id: i64| came.iter().find(|change| change.id == id).unwrap().outcome;
    assert_eq!((came(lost), came(again)), (Some(ChangeOutcome::Done), Some(ChangeOutcome::Done)));
    // Another order, another card, and what another station's log has to tell of.
    let open: Vec<i64> = ledger.card_changes_open(10).unwrap().iter().map(|open| open.id).collect();
    assert_eq!(open, [theirs, of_another, held]);
    drop(ledger);
    let proof = station.prove(&[]).unwrap();
    assert_eq!(proof.lines, 8, "five orders and three outcomes");
}

#[test]
fn an_account_that_nobody_was_given_shows() {
    let other = "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA";
    for (sql, holds) in [
        ("UPDATE accounts SET failed = 3 WHERE name = 'an'".to_owned(), true),
        ("UPDATE accounts SET roles = 'administrator capture approve' WHERE name = 'an'".to_owned(), false),
        (format!("UPDATE accounts SET password = '{other}' WHERE name = 'an'"), false),
        ("UPDATE accounts SET locked = NULL WHERE name = 'binh'".to_owned(), false),
        ("DELETE FROM account_actions WHERE account = 'binh' AND action = 'lock'".to_owned(), false),
        ("UPDATE account_actions SET actor = 'binh' WHERE account = 'binh'".to_owned(), false),
        ("DELETE FROM accounts WHERE name = 'binh'".to_owned(), false),
        (
            "INSERT INTO accounts VALUES ('chi', 'approve', 'x', NULL, 0, NULL, 'an', '2026-11-27T00:00:00Z')"
                .to_owned(),
            false,
        ),
        // Said to be another station's deed, of a station that has a made-up head and no log.
        (
            "INSERT INTO audit_heads VALUES (printf('%064d', 7), 1, 'zz'); \
             INSERT INTO accounts VALUES ('eve', 'approve', 'x', NULL, 0, NULL, 'an', '2026-11-27T00:00:00Z'); \
             INSERT INTO account_actions (account, sequence, at, actor, action, given) \
             VALUES ('eve', 1, '2026-11-27T00:00:00Z', 'an', 'add', NULL)"
                .to_owned(),
            false,
        ),
    ] {
        let station = Station::at_work();
        let mut rng = ChaCha20Rng::from_seed([5; 32]);
        let mut ledger = station.ledger();
        let password = Password::new("ba cây chụm lại");
        let hardness = Hardness::TEST;
        let mut accounts = ledger.accounts();
        let keeper = BTreeSet::from([Role::Administrator]);
        let new = NewAccount { name: "an", roles: &keeper, password: &password, hardness };
        accounts.add(None, &new, Timestamp::UNIX_EPOCH, &mut rng).unwrap();
        let by = accounts.officer("an", &password, Timestamp::UNIX_EPOCH).unwrap();
        let roles = BTreeSet::from([Role::Capture, Role::Deliver]);
        let new = NewAccount { name: "binh", roles: &roles, ..new };
        accounts.add(Some(&by), &new, Timestamp::UNIX_EPOCH, &mut rng).unwrap();
        accounts.set_password(&by, "binh", &password, hardness, Timestamp::UNIX_EPOCH, &mut rng).unwrap();
        accounts.lock(&by, "binh", "left the office", Timestamp::UNIX_EPOCH).unwrap();
        drop(ledger);
        station.tamper(&sql);
        let proof = station.prove(&[]);
        assert_eq!(proof.is_ok(), holds, "{sql}: {proof:?}");
    }
}

/// Whoever keeps the file can take the triggers away.
fn tamper(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut triggers = Vec::new();
    {
        let mut names = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").unwrap();
        let mut rows = names.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            triggers.push(row.get::<_, String>(0).unwrap());
        }
    }
    for trigger in triggers {
        connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    connection.execute_batch(sql).unwrap();
}

/// A ledger in a folder of its own, whose keys this seed makes.
fn beside(folder: &Path, seed: u8) -> (Ledger, PublicKey) {
    let path = folder.join("ledger.sqlite");
    let mut ledger = Ledger::open(&path).unwrap();
    ledger.log_with(Auditor::beside(&path, &mut ChaCha20Rng::from_seed([seed; 32])).unwrap());
    let key = std::fs::read(folder.join("ledger.sqlite.station.pub")).unwrap();
    (ledger, PublicKey::from_spki(&key).unwrap())
}

/// What was delivered, sent, taken and answered, at both ends: delivery notes, signed lists and receipts, and whose events are.
#[test]
fn papers_that_are_not_those_of_the_log_show() {
    let act = Act::new("kho", Timestamp::UNIX_EPOCH);
    let serial = |number: u8| ChipSerial([number; 10]);
    for (at_sender, sql, holds) in [
        (true, "SELECT 1", true),
        (false, "SELECT 1", true),
        (true, "UPDATE stock_batches SET announced = 4", false),
        (true, "UPDATE stock_batches SET supplier = 'another maker'", false),
        (
            true,
            "INSERT INTO stock_batches VALUES (9, 2, 'maker', 'note 9', 1); UPDATE blanks SET batch_id = 9",
            false,
        ),
        (true, "UPDATE stock_transports SET other = printf('%064d', 7)", false),
        (true, "UPDATE stock_transports SET list = replace(list, '02020202', '03030303')", false),
        (true, "DELETE FROM stock_receipts_later", false),
        (true, "UPDATE stock_receipts SET missing = 0", false),
        (true, "UPDATE blank_events SET actor = 'hoa' WHERE to_state = 'sent'", false),
        (true, "UPDATE blank_events SET at = '2026-01-01T00:00:00Z' WHERE to_state = 'in-stock'", false),
        (true, "INSERT INTO chips VALUES (printf('%020d', 7), 99, 0, 'then')", false),
        (false, "UPDATE stock_batches SET delivery_note = 'parcel 9'", false),
        (false, "UPDATE stock_transports SET list = replace(list, '02020202', '03030303')", false),
        (false, "DELETE FROM stock_stations", false),
        (false, "DELETE FROM stock_transports; DELETE FROM stock_batches", false),
        (false, "UPDATE stock_receipts_later SET receipt = (SELECT receipt FROM stock_receipts)", false),
        (false, "DELETE FROM stock_receipts_later", false),
    ] {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ((mut here, here_key), (mut there, there_key)) = (beside(one.path(), 3), beside(other.path(), 4));
        let blanks = [1, 2, 3].map(serial);
        here.stock().receive("maker", "note 1", &blanks, act).unwrap();
        here.stock().count("maker", "note 1", None, act).unwrap();
        let list = here.stock().send("parcel 1", &there_key, &blanks, act).unwrap();
        let (_, first) = there.stock().accept(&list, &here_key, Some(&[serial(1)]), act).unwrap();
        here.stock().acknowledge(&first, &there_key, act).unwrap();
        let (_, later) = there.stock().accept(&list, &here_key, Some(&[serial(2)]), act).unwrap();
        here.stock().acknowledge(&later, &there_key, act).unwrap();
        drop((here, there));
        let (folder, seed, key) = if at_sender { (&one, 3, here_key) } else { (&other, 4, there_key) };
        tamper(&folder.path().join("ledger.sqlite"), sql);
        let proof = beside(folder.path(), seed).0.prove_log(&key, &[]);
        assert_eq!(proof.is_ok(), holds, "{sql}: {proof:?}");
    }
}

#[test]
fn a_second_party_sees_what_the_stations_own_key_signed_anew() {
    let station = Station::at_work();
    let head = station.ledger().sign_log().unwrap().unwrap();
    assert_eq!(head.sequence, 20);
    station.approve(&mut station.ledger(), "079099000006");
    let kept = vec![head.clone()];
    assert_eq!(station.prove(&kept).unwrap().heads, 1);
    // The keeper cuts the log with its head, and works on: what follows is linked and signed.
    station.tamper(
        "UPDATE audit_ends SET sequence = 12, \
         hash = (SELECT json_extract(line, '$.previous') FROM audit WHERE sequence = 13); \
         DELETE FROM audit WHERE sequence > 12; DELETE FROM audit_heads;",
    );
    for number in 7..=9 {
        station.approve(&mut station.ledger(), &format!("07909900000{number}"));
    }
    let mut ledger = Ledger::open(&station.path()).unwrap();
    let key = station.key();
    let own = ledger.follow_log(&key, &[]).unwrap();
    assert_eq!(own.lines, 24, "the station alone sees nothing");
    let problem = ledger.follow_log(&key, &kept).unwrap_err();
    assert!(matches!(problem, AuditProblem::OtherHead(20)), "{problem}");
    // A head that nobody signed proves nothing.
    let cut = Head { sequence: 500, ..head.clone() };
    assert!(matches!(ledger.follow_log(&key, &[cut]), Err(AuditProblem::ForeignHead(500))));
}
