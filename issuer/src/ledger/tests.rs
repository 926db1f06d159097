use std::path::Path;

use jiff::civil::date;
use serde_json::Value;

use super::*;
use cccd_population::card::SodDigest;

const SERIAL: ChipSerial = ChipSerial([7; 10]);

fn act() -> Act<'static> {
    Act { actor: "officer", at: Timestamp::UNIX_EPOCH }
}

fn application(number: &str, reason: &str) -> Application {
    let json =
        format!(r#"{{"person":{{"number":"{number}"}},"portrait":"/9j/4AAQSkZJRg==","reason":"{reason}"}}"#);
    Application::parse(json.as_bytes(), Path::new("")).unwrap()
}

fn queued(ledger: &mut Ledger, number: &str) -> ApplicationId {
    let id = ledger.receive(&application(number, "first-issue"), act()).unwrap().id;
    for step in [Step::Check, Step::Capture, Step::Approve, Step::Prepare, Step::Enqueue] {
        ledger.advance(id, step, None, &Value::Null, act()).unwrap();
    }
    id
}

fn signed() -> SignedCard {
    SignedCard {
        sod_sha256: SodDigest::of(b"sod"),
        document_number: "099000001".into(),
        issued: date(2026, 11, 21),
        expires: None,
        replaces: Some(SodDigest::of(b"old")),
    }
}

#[test]
fn the_database_refuses_what_the_model_forbids() {
    let mut ledger = Ledger::in_memory().unwrap();
    let id = queued(&mut ledger, "079099000001");
    let sql =
        |ledger: &Ledger, sql: &str| ledger.connection.execute(sql, []).map_err(|error| error.to_string());
    for to in State::ALL {
        let result = sql(&ledger, &format!("UPDATE applications SET state = '{to}', state_reason = 'x'"));
        if to == State::Rejected {
            assert!(result.is_ok());
            break;
        }
    }
    let id2 = queued(&mut ledger, "079099000002");
    assert_ne!(id, id2);
    for (statement, why) in [
        ("UPDATE applications SET state = 'issued' WHERE state = 'queued'", "no such transition"),
        ("UPDATE applications SET state = 'personalising' WHERE state = 'queued'", "CHECK"),
        ("UPDATE applications SET state = 'rejected' WHERE state = 'queued'", "CHECK"),
        ("UPDATE applications SET state = 'lost'", "transition"),
        ("UPDATE applications SET person_number = '079099000003'", "do not change"),
        ("DELETE FROM applications", "never deleted"),
        ("DELETE FROM actions", "append-only"),
        ("UPDATE actions SET reason = 'because'", "append-only"),
        (
            "INSERT INTO applications (content_sha256, person_number, reason, template, received_at, changed_at, state) SELECT content_sha256, '079099000009', reason, template, '', '', 'queued' FROM applications LIMIT 1",
            "starts as received",
        ),
        (
            "INSERT INTO applications (content_sha256, person_number, reason, template, received_at, changed_at) SELECT content_sha256, '079099000002', reason, template, '', '' FROM applications LIMIT 1",
            "UNIQUE",
        ),
    ] {
        let error = sql(&ledger, statement).unwrap_err();
        assert!(error.contains(why), "{statement}: {error}");
    }
}

#[test]
fn a_serial_is_used_once_and_signing_is_noted() {
    let mut ledger = Ledger::in_memory().unwrap();
    let first = queued(&mut ledger, "079099000001");
    let second = queued(&mut ledger, "079099000002");
    ledger.assign_chip(first, &SERIAL, 1, act()).unwrap();
    assert!(matches!(ledger.assign_chip(second, &SERIAL, 1, act()), Err(LedgerError::ChipUsed(SERIAL))));
    assert_eq!(ledger.entry(second).unwrap().state, State::Queued);
    ledger.note_signed(first, &signed(), act()).unwrap();
    let entry = ledger.of_chip(&SERIAL).unwrap().unwrap();
    assert_eq!((entry.id, entry.state, entry.signed), (first, State::Personalising, Some(signed())));
    assert!(ledger.of_chip(&ChipSerial([8; 10])).unwrap().is_none());
    ledger.advance(first, Step::Spoil, Some("broken"), &Value::Null, act()).unwrap();
    assert!(matches!(ledger.assign_chip(second, &SERIAL, 1, act()), Err(LedgerError::ChipUsed(_))));
    let actions: Vec<String> = ledger.actions(first).unwrap().into_iter().map(|a| a.action).collect();
    assert_eq!(
        actions,
        ["check", "capture", "approve", "prepare", "enqueue", "personalise", "sign", "spoil"]
    );
}

#[test]
fn the_same_application_is_found_again_and_another_one_waits() {
    let mut ledger = Ledger::in_memory().unwrap();
    let id = queued(&mut ledger, "079099000001");
    // Nothing was written yet: it gives way.
    let again = ledger.receive(&application("079099000001", "first-issue"), act()).unwrap();
    assert_ne!(again.id, id);
    assert_eq!(ledger.entry(id).unwrap().state, State::Rejected);
    for step in [Step::Check, Step::Capture, Step::Approve, Step::Prepare, Step::Enqueue] {
        ledger.advance(again.id, step, None, &Value::Null, act()).unwrap();
    }
    ledger.assign_chip(again.id, &SERIAL, 1, act()).unwrap();
    assert_eq!(ledger.receive(&application("079099000001", "first-issue"), act()).unwrap().id, again.id);
    let other = ledger.receive(&application("079099000001", "reissue"), act());
    assert!(matches!(other, Err(LedgerError::OtherApplicationOpen)));
}

#[test]
fn reasons_are_required() {
    let mut ledger = Ledger::in_memory().unwrap();
    let id = queued(&mut ledger, "079099000001");
    for reason in [None, Some(""), Some("  ")] {
        let error = ledger.advance(id, Step::Reject, reason, &Value::Null, act()).unwrap_err();
        assert!(matches!(error, LedgerError::ReasonMissing(Step::Reject)));
    }
    assert_eq!(ledger.entry(id).unwrap().state, State::Queued);
}

#[test]
fn one_process_at_a_time_and_nobody_else_reads() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ledger.sqlite");
    let ledger = Ledger::open(&path).unwrap();
    assert!(matches!(Ledger::open(&path), Err(LedgerError::InUse)));
    drop(ledger);
    assert!(Ledger::open(&path).unwrap().counts().unwrap().is_empty());
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }
}
