//! Officers on the command line: four eyes, passwords, sessions, and the log of what they did.

use std::path::Path;

use cccd_population::store::{Change, SqlStore, Store as _};
use serde_json::Value;

use super::{Desk, json, refused};
use crate::support::{NUMBER, at, persons};

#[test]
fn no_card_is_made_without_a_second_officer() {
    let desk = Desk::new();
    let (file, register) = (desk.path("an.json"), format!("sqlite:{}", desk.path("register.db")));
    for language in ["vi", "en"] {
        refused(&desk.issue("an.json", "out", &["--lang", language]), 1, "approval-missing");
    }
    assert!(!Path::new(&desk.path("out/chip.json")).exists());
    // Who captured has no role for it; with the role she is still the one who captured.
    let approve = ["application", "approve", "--application", file.as_str()];
    refused(&desk.by("lan", &approve), 1, "role-missing");
    desk.private("hoa.pw", "một mật khẩu khác");
    let password = desk.path("hoa.pw");
    let add = ["account", "add", "--name", "hoa", "--role", "capture", "--role", "approve"];
    let add = [&add[..], &["--new-password-file", &password]].concat();
    refused(&desk.by("lan", &add), 1, "role-missing");
    assert_eq!(desk.by("chief", &add).status.code(), Some(0));
    let id = json(&desk.receive("an.json"))["application"].as_str().unwrap().to_owned();
    let refuse = ["application", "refuse", "--id", &id, "--reason", "captured at the wrong desk"];
    assert_eq!(json(&desk.by("hoa", &refuse))["state"], "rejected");
    let receive = ["application", "receive", "--application", file.as_str(), "--register", register.as_str()];
    assert_eq!(json(&desk.by("hoa", &receive))["state"], "captured");
    for language in ["vi", "en"] {
        refused(&desk.by("hoa", &[&approve[..], &["--lang", language]].concat()), 1, "same-officer");
    }
    // Another file for the same person is not what was captured.
    desk.application("other.json", NUMBER, "exchange", "an.jpg");
    refused(&desk.approve("other.json"), 1, "application-not-open");
    refused(&desk.issue("other.json", "out", &[]), 1, "other-application-open");
    assert_eq!(json(&desk.approve("an.json"))["approved_by"], "minh");
    let card = json(&desk.issue("an.json", "out", &[]));
    assert_eq!(card["status"], "active");
    let id = card["application"].as_str().unwrap();
    // Withdrawn while it lay at the counter: it is not handed over.
    let deliver = ["application", "deliver", "--id", id, "--register", register.as_str()];
    let card_of = ["--number", NUMBER, "--register", register.as_str()];
    let hold = ["card", "hold", "--ground", "detention", "--reason", "decision 1"];
    json(&desk.by("minh", &[&hold[..], &card_of[..]].concat()));
    refused(&desk.by("lan", &deliver), 1, "card-not-active");
    json(&desk.by("minh", &[&["card", "return", "--reason", "it ended"][..], &card_of[..]].concat()));
    assert_eq!(json(&desk.by("lan", &deliver))["state"], "delivered");
    let shown = json(&desk.by("minh", &["application", "show", "--id", id]));
    let done: Vec<&str> = shown["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| action["action"].as_str().unwrap())
        .collect();
    assert_eq!(done[..4], ["receive", "check", "capture", "approve"]);
    assert_eq!(done.last(), Some(&"deliver"));
}

#[test]
fn what_the_register_says_anew_is_approved_anew() {
    let desk = Desk::new();
    desk.approved("an.json");
    let mut register = SqlStore::open_file(Path::new(&desk.path("register.db"))).unwrap();
    let mut person = persons().into_iter().find(|person| person.number.as_str() == NUMBER).unwrap();
    person.religion = Some("Phật giáo".to_owned());
    let change = Change { source: "import".to_owned(), at: at() };
    register.put_person(&person, &change).unwrap();
    refused(&desk.issue("an.json", "out", &["--lang", "vi"]), 1, "changed-since-capture");
    refused(&desk.issue("an.json", "out", &[]), 1, "approval-missing");
    assert_eq!(json(&desk.approve("an.json"))["state"], "approved");
    assert_eq!(desk.issue("an.json", "out", &[]).status.code(), Some(0));
}

#[test]
fn officers_are_who_they_say_and_a_session_stands_for_a_password() {
    let desk = Desk::new();
    for language in ["vi", "en"] {
        let ledger = desk.path("ledger.sqlite");
        let told =
            |arguments: &[&str]| desk.run(&[arguments, &["--ledger", &ledger, "--lang", language]].concat());
        refused(&told(&["application", "list"]), 2, "no-officer");
        let wrong = desk.path("minh.pw");
        std::fs::write(&wrong, "not his password").unwrap();
        let list = ["application", "list", "--officer", "minh", "--password-file", wrong.as_str()];
        refused(&told(&list), 1, "wrong-password");
        refused(
            &told(&["application", "list", "--officer", "minh", "--password-file", "/nonexistent"]),
            3,
            "password-unreadable",
        );
        refused(&told(&["application", "list", "--session", wrong.as_str()]), 1, "no-session");
    }
    let session = desk.path("lan.session");
    assert_eq!(desk.by("lan", &["account", "login", "--session", &session]).status.code(), Some(0));
    let ledger = desk.path("ledger.sqlite");
    let with =
        |arguments: &[&str]| desk.run(&[arguments, &["--ledger", &ledger, "--session", &session]].concat());
    assert_eq!(json(&with(&["application", "list", "--late"]))["late"], 0);
    assert_eq!(
        json(&desk.by("chief", &["account", "lock", "--name", "lan", "--reason", "leave"]))["state"],
        "locked"
    );
    refused(&with(&["application", "list"]), 1, "no-session");
    refused(&desk.by("lan", &["application", "list"]), 1, "account-locked");
    assert_eq!(desk.by("chief", &["account", "unlock", "--name", "lan"]).status.code(), Some(0));
    desk.private("new.pw", "ba cây chụm lại");
    let new = desk.path("new.pw");
    let change = ["account", "password", "--name", "lan", "--new-password-file", &new];
    assert_eq!(desk.by("lan", &change).status.code(), Some(0));
    refused(&desk.by("lan", &["application", "list"]), 1, "wrong-password");
    desk.private("easy.pw", "short");
    let easy = desk.path("easy.pw");
    let change = ["account", "password", "--name", "minh", "--new-password-file", &easy];
    refused(&desk.by("chief", &change), 2, "password-refused");
    refused(
        &desk.by("chief", &["account", "lock", "--name", "chief", "--reason", "x"]),
        1,
        "last-administrator",
    );
    let missing = desk.path("missing.sqlite");
    let list = ["application", "list", "--ledger", &missing, "--officer", "x", "--password-file", &new];
    refused(&desk.run(&list), 3, "no-ledger");
}

#[test]
fn a_second_party_holds_what_the_log_cannot_take_back() {
    let desk = Desk::new();
    desk.approved("an.json");
    desk.private("kiem.pw", "soi từng dòng một");
    let password = desk.path("kiem.pw");
    let add = ["account", "add", "--name", "kiem", "--role", "audit", "--new-password-file", &password];
    assert_eq!(desk.by("chief", &add).status.code(), Some(0));
    let (ledger, heads) = (desk.path("ledger.sqlite"), desk.path("heads.jsonl"));
    refused(&desk.by("lan", &["audit", "export", "--out", &heads]), 1, "role-missing");
    let export = json(&desk.by("kiem", &["audit", "export", "--out", &heads]));
    let lines = export["lines"].as_u64().unwrap();
    assert!(lines > 8, "{export}");
    let verify = |more: &[&str]| desk.run(&[&["audit", "verify", "--ledger", &ledger][..], more].concat());
    let own = json(&verify(&["--heads", &heads]));
    assert_eq!((own["lines"].as_u64(), own["heads"].as_u64()), (Some(lines), Some(1)), "{own}");
    assert_eq!((own["beyond_head"].as_u64(), own["actions"].as_u64()), (Some(0), Some(4)), "{own}");
    // With the public key alone, as somebody else does it.
    let key = desk.path("ledger.sqlite.station.pub");
    let second = json(&verify(&["--heads", &heads, "--key", &key]));
    assert_eq!((second["lines"].as_u64(), &second["actions"]), (Some(lines), &Value::Null), "{second}");
    // The keeper of the file takes the last lines out, signed head and all.
    let connection = rusqlite::Connection::open(&ledger).unwrap();
    connection
        .execute_batch(
            "DROP TRIGGER audit_is_append_only_2; DROP TRIGGER audit_heads_are_append_only_2; \
             PRAGMA foreign_keys = OFF; DELETE FROM audit WHERE sequence > 5; DELETE FROM audit_heads WHERE sequence > 5;",
        )
        .unwrap();
    drop(connection);
    for language in ["vi", "en"] {
        let told = verify(&["--heads", &heads, "--key", &key, "--lang", language]);
        refused(&told, 1, "audit-other-head");
    }
    std::fs::write(&heads, "no head\n").unwrap();
    refused(&verify(&["--heads", &heads, "--key", &key]), 3, "heads-unreadable");
}

#[test]
fn octets_that_are_no_text_are_a_finding_and_no_failure_of_the_machine() {
    let desk = Desk::new();
    desk.approved("an.json");
    let ledger = desk.path("ledger.sqlite");
    let verify = || desk.run(&["audit", "verify", "--ledger", &ledger]);
    assert_eq!(verify().status.code(), Some(0));
    let connection = rusqlite::Connection::open(&ledger).unwrap();
    connection
        .execute_batch(
            "DROP TRIGGER applications_keep_identity; PRAGMA ignore_check_constraints = ON; \
             UPDATE applications SET due = CAST(x'fffe' AS TEXT)",
        )
        .unwrap();
    drop(connection);
    refused(&verify(), 1, "audit-actions-differ");
}

#[test]
fn a_refusal_that_was_made_is_answered_again_under_the_same_name() {
    let desk = Desk::new();
    assert_eq!(json(&desk.receive("an.json"))["state"], "captured");
    let file = desk.path("an.json");
    let refuse = |request: &str| {
        let words = ["application", "refuse", "--application", &file, "--reason", "not this person"];
        desk.by("minh", &[&words[..], &["--request", request]].concat())
    };
    let (first, again) = (refuse("q1"), refuse("q1"));
    assert_eq!((json(&first)["state"].as_str(), json(&first)), (Some("rejected"), json(&again)));
    refused(&refuse("q2"), 1, "application-not-open");
    // Taken in anew, it is another application: the first request stays that of the first.
    assert_eq!(json(&desk.receive("an.json"))["state"], "captured");
    assert_eq!(json(&refuse("q1"))["application"], json(&first)["application"]);
    assert_ne!(json(&refuse("q3"))["application"], json(&first)["application"]);
}

#[test]
fn a_time_that_is_given_stands_in_the_log_and_ends_no_rest() {
    let desk = Desk::new();
    let (ledger, password) = (desk.path("ledger.sqlite"), desk.path("minh.pw"));
    let list =
        ["application", "list", "--ledger", &ledger, "--officer", "minh", "--password-file", &password];
    // A day that is over may be told again: the log says so.
    assert_eq!(desk.run_at("2026-11-20T03:00:00Z", &list).status.code(), Some(0));
    desk.private("minh.pw", "not his password");
    for _ in 0..5 {
        refused(&desk.run(&list), 1, "wrong-password");
    }
    desk.private("minh.pw", "đọc lại từng chữ");
    refused(&desk.run_at("2027-11-21T03:00:00Z", &list), 1, "account-resting");
    assert_eq!(desk.by("chief", &["account", "unlock", "--name", "minh"]).status.code(), Some(0));
    assert_eq!(desk.run(&list).status.code(), Some(0));
    let log = rusqlite::Connection::open(&ledger).unwrap();
    let told = "SELECT count(*), sum(line LIKE '%(the time was given)\"%') FROM audit";
    let (all, given): (i64, i64) = log.query_row(told, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert!(all > 8 && all == given, "{given} of {all}");
}
