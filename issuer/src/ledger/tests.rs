use std::path::Path;

use cccd_keys::public_key::PublicKey;
use jiff::civil::date;
use rand_core::SeedableRng as _;
use serde_json::Value;

use super::*;
use cccd_population::card::SodDigest;

const SERIAL: ChipSerial = ChipSerial([7; 10]);

fn act() -> Act<'static> {
    Act::new("lan", Timestamp::UNIX_EPOCH)
}

/// The second officer.
fn other() -> Act<'static> {
    Act::new("minh", Timestamp::UNIX_EPOCH)
}

fn application(number: &str, reason: &str) -> Application {
    let ground = if reason == "reissue" { r#","ground":"lost-or-damaged""# } else { "" };
    let json = format!(
        r#"{{"person":{{"number":"{number}"}},"portrait":"/9j/4AAQSkZJRg==","reason":"{reason}"{ground}}}"#
    );
    Application::parse(json.as_bytes(), Path::new("")).unwrap()
}

fn captured(ledger: &mut Ledger, number: &str) -> ApplicationId {
    let id = ledger.receive(&application(number, "first-issue"), act()).unwrap().id;
    ledger.advance(id, Step::Check, None, &Value::Null, act()).unwrap();
    ledger.capture(id, "what is to be printed", act()).unwrap();
    id
}

fn queued(ledger: &mut Ledger, number: &str) -> ApplicationId {
    let id = captured(ledger, number);
    ledger.approve(id, other()).unwrap();
    for step in [Step::Prepare, Step::Enqueue] {
        ledger.advance(id, step, None, &Value::Null, act()).unwrap();
    }
    id
}

fn stocked(ledger: &mut Ledger) {
    ledger.stock().receive("maker", "note", &[SERIAL, ChipSerial([8; 10])], act()).unwrap();
    assert!(ledger.stock().count("maker", "note", None, act()).unwrap().agrees());
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

/// Every statement that would bring about what the model forbids, and the word by which the database refuses it.
fn forbidden() -> Vec<(&'static str, &'static str)> {
    vec![
        ("UPDATE applications SET state = 'issued' WHERE id = 1", "last action left it"),
        ("UPDATE applications SET state = 'prepared' WHERE id = 1", "last action left it"),
        ("UPDATE applications SET state = 'captured', last_action = 3 WHERE id = 1", "last action left it"),
        (
            "UPDATE applications SET state = 'rejected', state_reason = 'x', last_action = 9 WHERE id = 1",
            "FOREIGN KEY",
        ),
        ("UPDATE applications SET state = 'lost', last_action = 7 WHERE id = 1", "CHECK"),
        ("UPDATE applications SET person_number = '079099000003' WHERE id = 1", "do not change"),
        ("UPDATE applications SET approved_by = 'chief' WHERE id = 1", "do not change"),
        ("UPDATE applications SET due = '2099-01-01' WHERE id = 1", "do not change"),
        ("DELETE FROM applications", "never deleted"),
        ("DELETE FROM actions", "append-only"),
        ("UPDATE actions SET reason = 'because'", "append-only"),
        // An action that does not begin where the last one ended, one that the model has not, one without a reason.
        (ACTION_ELSEWHERE, "FOREIGN KEY"),
        (ACTION_FORBIDDEN, "FOREIGN KEY"),
        (ACTION_WITHOUT_REASON, "CHECK"),
        (ACTION_AGAIN, "UNIQUE"),
        (SECOND_BEGINNING, "CHECK"),
        (BEGINS_QUEUED, "starts as received"),
        (SECOND_APPLICATION, "UNIQUE"),
        // Blanks: the same of them.
        ("UPDATE blanks SET state = 'card' WHERE state = 'in-stock'", "last event left it"),
        (
            "UPDATE blanks SET state = 'in-stock', last_event = 9 WHERE serial = '08080808080808080808'",
            "FOREIGN KEY",
        ),
        ("UPDATE blanks SET state = 'drawer', last_event = 9 WHERE serial = '08080808080808080808'", "CHECK"),
        ("DELETE FROM blanks", "never deleted"),
        ("DELETE FROM blank_events", "written stays"),
        ("UPDATE blank_events SET note = 'because'", "written stays"),
        ("DELETE FROM stock_operations", "written stays"),
        (BLANK_TWICE, "UNIQUE"),
        (BLANK_FORBIDDEN, "FOREIGN KEY"),
        (BLANK_WITHOUT_CAUSE, "CHECK"),
        (BLANK_BY_NOBODY, "CHECK"),
    ]
}

const BLANK_TWICE: &str = "INSERT INTO blanks (serial, batch_id, state, last_event) \
    SELECT serial, batch_id, state, last_event FROM blanks LIMIT 1";
const BLANK_FORBIDDEN: &str = "INSERT INTO blank_events (serial, sequence, previous, at, actor, from_state, to_state, \
    operation) VALUES ('08080808080808080808', 3, 2, '', 'lan', 'in-stock', 'card', 1)";
const BLANK_WITHOUT_CAUSE: &str = "INSERT INTO blank_events (serial, sequence, previous, at, actor, from_state, to_state, \
    cause, note, operation) VALUES ('08080808080808080808', 3, 2, '', 'lan', 'in-stock', 'spoiled', 'damaged', ' ', 1)";
const BLANK_BY_NOBODY: &str = "INSERT INTO blank_events (serial, sequence, previous, at, actor, from_state, to_state) \
    VALUES ('08080808080808080808', 3, 2, '', 'lan', 'in-stock', 'sent')";
const ACTION_ELSEWHERE: &str = "INSERT INTO actions (application_id, sequence, previous, at, actor, action, from_state, \
    to_state) VALUES (1, 7, 6, '', 'lan', 'lock', 'read-back', 'locked')";
const ACTION_FORBIDDEN: &str = "INSERT INTO actions (application_id, sequence, previous, at, actor, action, from_state, \
    to_state) VALUES (1, 7, 6, '', 'lan', 'issue', 'queued', 'issued')";
const ACTION_WITHOUT_REASON: &str = "INSERT INTO actions (application_id, sequence, previous, at, actor, action, \
    from_state, to_state, reason) VALUES (1, 7, 6, '', 'lan', 'reject', 'queued', 'rejected', ' ')";
const ACTION_AGAIN: &str = "INSERT INTO actions (application_id, sequence, previous, at, actor, action, from_state, \
    to_state, reason) VALUES (1, 6, 5, '', 'lan', 'reject', 'prepared', 'rejected', 'x')";
const SECOND_BEGINNING: &str = "INSERT INTO actions (application_id, sequence, previous, at, actor, action, from_state, \
    to_state) VALUES (1, 7, NULL, '', 'lan', 'receive', 'new', 'received')";
const BEGINS_QUEUED: &str = "INSERT INTO applications (id, content_sha256, person_number, reason, template, received_at, \
    due, changed_at, state, last_action, captured_by, captured_sha256, approved_by) SELECT 9, content_sha256, \
    '079099000009', reason, template, '', '2026-01-01', '', 'queued', 6, 'a', 'b', 'c' FROM applications WHERE id = 1";
const SECOND_APPLICATION: &str = "INSERT INTO applications (id, content_sha256, person_number, reason, template, \
    received_at, due, changed_at, state, last_action) SELECT 9, content_sha256, person_number, reason, template, '', \
    '2026-01-01', '', 'received', 1 FROM applications WHERE id = 1";

#[test]
fn the_database_refuses_what_the_model_forbids() {
    let mut ledger = Ledger::in_memory().unwrap();
    let id = queued(&mut ledger, "079099000001");
    assert_eq!(id, ApplicationId(1));
    stocked(&mut ledger);
    for (statement, why) in forbidden() {
        let done: Result<u64, LedgerError> =
            ledger.database.write(Apart::Rows, |session| Ok(session.execute(statement, &[])?));
        let error = done.unwrap_err().to_string();
        assert!(error.contains(why), "{statement}: {error}");
    }
    assert_eq!(ledger.entry(id).unwrap().state, State::Queued);
}

#[path = "../../../population/tests/it/postgres/server.rs"]
mod server;

/// The same rules on `PostgreSQL`, which says them by SQLSTATE; two connections work on one ledger.
#[test]
fn a_servers_database_refuses_the_same() {
    let server = match server::Server::start(&["shared_buffers=64MB", "fsync=off"]) {
        Ok(server) => server,
        Err(reason) if std::env::var_os("CCCD_DEMAND_POSTGRES").is_some() => panic!("{reason}"),
        Err(reason) => {
            println!("the ledger on PostgreSQL: skipped, {reason}");
            return;
        }
    };
    let place = server.database().unwrap();
    let mut ledger = Ledger::open_at(&place).unwrap();
    let mut second = Ledger::open_at(&place).unwrap();
    let id = queued(&mut ledger, "079099000001");
    stocked(&mut ledger);
    for (statement, why) in forbidden() {
        let done: Result<u64, LedgerError> =
            ledger.database.write(Apart::Rows, |session| Ok(session.execute(statement, &[])?));
        let state = match why {
            "CHECK" => "23514",
            "FOREIGN KEY" => "23503",
            "UNIQUE" => "23505",
            _ => "P0001",
        };
        let error = done.unwrap_err().to_string();
        assert!(error.ends_with(state), "{statement}: {error}");
    }
    // What one host does, the other sees; one chip is used once, and one application is one.
    assert_eq!(second.entry(id).unwrap().state, State::Queued);
    let next = queued(&mut second, "079099000002");
    assert_eq!(next, ApplicationId(id.0 + 1));
    let unsettled = second.assign_chip(next, &SERIAL, 1, None, act()).unwrap();
    second.settle(unsettled).unwrap();
    assert!(matches!(ledger.assign_chip(id, &SERIAL, 1, None, act()), Err(LedgerError::ChipUsed(SERIAL))));
    let id = captured(&mut ledger, "079099000003");
    assert!(matches!(second.approve(id, act()), Err(LedgerError::SameOfficer)));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let mut own = Ledger::open_at(&place).unwrap();
            std::thread::spawn(move || own.approve(id, other()).is_ok())
        })
        .collect();
    let approved = threads.into_iter().filter_map(|thread| thread.join().ok()).filter(|done| *done).count();
    assert_eq!(approved, 1, "approved once");
    assert_eq!(ledger.actions(id).unwrap().len(), 4);
    // Every line is cut, as when the server is started anew: reading and writing go on over another one.
    let cut = |by: &mut Ledger| {
        let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE pid <> pg_backend_pid() AND datname = current_database()";
        let done: Result<(), LedgerError> =
            by.database.write(Apart::Rows, |session| Ok(session.query(all, &[], &mut |_| Ok(()))?));
        done.unwrap();
    };
    cut(&mut second);
    assert_eq!(ledger.entry(id).unwrap().state, State::Approved);
    cut(&mut second);
    ledger.advance(id, Step::Reject, Some("asked for by the applicant"), &Value::Null, act()).unwrap();
    assert_eq!(second.entry(id).unwrap().state, State::Rejected);
    drop((ledger, second));
}

#[test]
fn who_captured_does_not_approve() {
    let mut ledger = Ledger::in_memory().unwrap();
    let id = captured(&mut ledger, "079099000001");
    assert!(matches!(ledger.approve(id, act()), Err(LedgerError::SameOfficer)));
    let prepared = ledger.advance(id, Step::Prepare, None, &Value::Null, other());
    assert!(matches!(prepared, Err(LedgerError::Transition(_))));
    // Nor does the database know a way around it.
    let forged: Result<u64, LedgerError> = ledger.database.write(Apart::Rows, |session| {
        session.execute(
            "INSERT INTO actions (application_id, sequence, previous, at, actor, action, from_state, to_state) \
             VALUES (1, 4, 3, '', 'lan', 'approve', 'captured', 'approved')",
            &[],
        )?;
        Ok(session.execute(
            "UPDATE applications SET state = 'approved', last_action = 4, approved_by = 'lan' WHERE id = 1",
            &[],
        )?)
    });
    assert!(forged.unwrap_err().to_string().contains("CHECK"));
    assert_eq!(ledger.approve(id, other()).unwrap(), State::Approved);
    let entry = ledger.entry(id).unwrap();
    assert_eq!((entry.captured_by.as_deref(), entry.approved_by.as_deref()), (Some("lan"), Some("minh")));
}

#[test]
fn the_same_request_is_answered_and_not_done_again() {
    let mut ledger = Ledger::in_memory().unwrap();
    let named = |name| Act { request: Some(name), ..act() };
    let first = ledger.receive(&application("079099000001", "first-issue"), named("r1")).unwrap();
    let again = ledger.receive(&application("079099000001", "first-issue"), named("r1")).unwrap();
    assert_eq!(first.id, again.id);
    let other_content = ledger.receive(&application("079099000002", "first-issue"), named("r1"));
    assert!(matches!(other_content, Err(LedgerError::RequestReused)));
    ledger.advance(first.id, Step::Check, None, &Value::Null, act()).unwrap();
    ledger.capture(first.id, "print", act()).unwrap();
    let approve = Act { request: Some("r2"), ..other() };
    assert_eq!(ledger.approve(first.id, approve).unwrap(), State::Approved);
    assert_eq!(ledger.approve(first.id, approve).unwrap(), State::Approved);
    assert_eq!(ledger.actions(first.id).unwrap().len(), 4);
    let reject = ledger.advance(first.id, Step::Reject, Some("no"), &Value::Null, approve);
    assert!(matches!(reject, Err(LedgerError::RequestReused)));
}

#[test]
fn what_is_late_is_in_view() {
    let mut ledger = Ledger::in_memory().unwrap();
    let received: Timestamp = "2026-11-20T03:00:00Z".parse().unwrap();
    ledger.observe(Calendar::of_list("2026-11-24").unwrap());
    let entry =
        ledger.receive(&application("079099000001", "first-issue"), Act::new("lan", received)).unwrap();
    assert_eq!(entry.due, date(2026, 12, 2));
    assert!(!entry.is_late(date(2026, 12, 2)) && entry.is_late(date(2026, 12, 3)));
    let second = ledger.receive(&application("079099000002", "first-issue"), act()).unwrap();
    let listed: Vec<ApplicationId> = ledger.list(None, 10).unwrap().iter().map(|entry| entry.id).collect();
    assert_eq!(listed, [second.id, entry.id], "the first due first");
    ledger.advance(second.id, Step::Reject, Some("withdrawn"), &Value::Null, act()).unwrap();
    assert_eq!(ledger.list(None, 10).unwrap().len(), 1);
    let closed = ledger.list(Some(State::Rejected), 10).unwrap();
    assert!(!closed[0].is_late(date(2026, 12, 3)), "what is closed is not late");
}

#[test]
fn a_serial_is_used_once_and_signing_is_noted() {
    let mut ledger = Ledger::in_memory().unwrap();
    let first = queued(&mut ledger, "079099000001");
    let second = queued(&mut ledger, "079099000002");
    let unsettled = ledger.assign_chip(first, &SERIAL, 1, None, act()).unwrap();
    ledger.settle(unsettled).unwrap();
    assert!(matches!(
        ledger.assign_chip(second, &SERIAL, 1, None, act()),
        Err(LedgerError::ChipUsed(SERIAL))
    ));
    assert_eq!(ledger.entry(second).unwrap().state, State::Queued);
    let unsettled = ledger.note_signed(first, &signed(), act()).unwrap();
    ledger.settle(unsettled).unwrap();
    let entry = ledger.of_chip(&SERIAL).unwrap().unwrap();
    assert_eq!((entry.id, entry.state, entry.signed), (first, State::Personalising, Some(signed())));
    assert!(ledger.of_chip(&ChipSerial([8; 10])).unwrap().is_none());
    ledger.advance(first, Step::Spoil, Some("broken"), &Value::Null, act()).unwrap();
    assert!(matches!(ledger.assign_chip(second, &SERIAL, 1, None, act()), Err(LedgerError::ChipUsed(_))));
    let actions: Vec<String> = ledger.actions(first).unwrap().into_iter().map(|a| a.action).collect();
    assert_eq!(
        actions,
        ["receive", "check", "capture", "approve", "prepare", "enqueue", "personalise", "sign", "spoil"]
    );
}

#[test]
fn the_same_application_is_found_again_and_another_one_waits() {
    let mut ledger = Ledger::in_memory().unwrap();
    let id = queued(&mut ledger, "079099000001");
    let again = ledger.receive(&application("079099000001", "first-issue"), act()).unwrap();
    assert_eq!((again.id, again.state), (id, State::Queued));
    let other = ledger.receive(&application("079099000001", "reissue"), act());
    assert!(matches!(other, Err(LedgerError::OtherApplicationOpen)));
    // What nobody captured gives way.
    let begun = ledger.receive(&application("079099000002", "first-issue"), act()).unwrap();
    let anew = ledger.receive(&application("079099000002", "first-issue"), act()).unwrap();
    assert_ne!(begun.id, anew.id);
    assert_eq!(ledger.entry(begun.id).unwrap().state, State::Rejected);
    let unsettled = ledger.assign_chip(again.id, &SERIAL, 1, None, act()).unwrap();
    ledger.settle(unsettled).unwrap();
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
    let old = directory.path().join("old.sqlite");
    rusqlite::Connection::open(&old).unwrap().pragma_update(None, "user_version", 1).unwrap();
    assert!(matches!(Ledger::open(&old), Err(LedgerError::Older(_))));
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }
}

#[test]
fn handles_of_one_process_share_a_ledger_its_lock_and_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    let mut first = Ledger::open(&path).unwrap();
    first.log_with(Auditor::beside(&path, &mut rand_chacha::ChaCha20Rng::from_seed([3; 32])).unwrap());
    let mut others: Vec<Ledger> = (0..3).map(|_| first.another().unwrap()).collect();
    std::thread::scope(|scope| {
        for (index, ledger) in others.iter_mut().enumerate() {
            scope.spawn(move || {
                for person in 0..20 {
                    captured(ledger, &format!("0790990{index:02}{person:03}"));
                }
            });
        }
    });
    assert_eq!(first.counts().unwrap(), [(State::Captured, 60)]);
    assert!(matches!(Ledger::open(&path), Err(LedgerError::InUse)));
    // The first handle goes: the others keep the lock.
    let key = PublicKey::from_spki(&std::fs::read(folder.path().join("ledger.sqlite.station.pub")).unwrap());
    let key = key.unwrap();
    drop(first);
    assert!(matches!(Ledger::open(&path), Err(LedgerError::InUse)));
    others.truncate(1);
    assert!(others[0].prove_log(&key, &[]).is_ok());
    others.clear();
    Ledger::open(&path).unwrap();
}

#[test]
fn steps_that_are_noted_together_are_actions_each_and_are_seen_when_they_are_settled() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open(&folder.path().join("ledger.sqlite")).unwrap();
    let other = ledger.another().unwrap();
    let id = captured(&mut ledger, "079099000001");
    ledger.approve(id, self::other()).unwrap();
    let nothing = Value::Null;
    let steps = [(Step::Prepare, &nothing), (Step::Enqueue, &nothing)];
    let unsettled = ledger.advance_ahead(id, &steps, act()).unwrap();
    assert_eq!(other.entry(id).unwrap().state, State::Approved);
    ledger.settle(unsettled).unwrap();
    assert_eq!(other.entry(id).unwrap().state, State::Queued);
    let actions = other.actions(id).unwrap();
    let last: Vec<_> = actions.iter().rev().take(2).map(|action| (action.from, action.to)).collect();
    assert_eq!(last, [(Some(State::Prepared), State::Queued), (Some(State::Approved), State::Prepared)]);
    // One that the model forbids, and none of them was done.
    let steps = [(Step::ConfirmReadBack, &nothing), (Step::Lock, &nothing)];
    assert!(matches!(ledger.advance_all(id, &steps, act()), Err(LedgerError::Transition(_))));
    assert_eq!(other.actions(id).unwrap().len(), actions.len());
    // With its chip the card that was signed for it; every action is told of in the log.
    let unsettled = ledger.assign_chip(id, &SERIAL, 1, Some(&signed()), act()).unwrap();
    ledger.settle(unsettled).unwrap();
    let entry = other.entry(id).unwrap();
    assert_eq!((entry.state, entry.chip, entry.signed), (State::Personalising, Some(SERIAL), Some(signed())));
    let issued = [(Step::ConfirmReadBack, &nothing), (Step::Lock, &nothing), (Step::Issue, &nothing)];
    assert_eq!(ledger.advance_all(id, &issued, act()).unwrap(), State::Issued);
}
