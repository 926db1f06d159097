//! The judge of third-party cases, on cases made here: what it does not know is a failure, and nothing is skipped.

use std::fs;

use cccd_tests::foreign::data::Data;
use cccd_tests::foreign::report::Summary;
use cccd_tests::foreign::run::run;

/// A zone of the standard (Doc 9303-4 appendix B), and the same with a wrong check digit.
const ZONES: &str = r#"{"items": [
    {"lines": ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"],
     "format": "TD3", "names": {"primary": "ERIKSSON", "secondary": "ANNA MARIA"}},
    {"lines": ["P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C37UTO7408122F1204159ZE184226B<<<<<10"],
     "format": "TD3", "names": {"primary": "SMITH"}}]}"#;

/// RFC 4493 §4, example 1, and its tag with one bit changed.
const MACS: &str = r#"{"algorithm": "AES-CMAC", "schema": "mac_test_schema_v1.json", "testGroups": [
    {"tagSize": 128, "tests": [
        {"tcId": 1, "key": "2b7e151628aed2a6abf7158809cf4f3c", "msg": "", "result": "valid",
         "tag": "bb1d6929e95937287fa37d129b756746"},
        {"tcId": 2, "key": "2b7e151628aed2a6abf7158809cf4f3c", "msg": "", "result": "RESULT",
         "tag": "ba1d6929e95937287fa37d129b756746"}]}]}"#;

fn judged(cases: &[&str]) -> Summary {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("cases.jsonl"), cases.join("\n")).unwrap();
    fs::write(folder.path().join("zones.json"), ZONES).unwrap();
    fs::write(folder.path().join("macs.json"), MACS.replace("RESULT", "invalid")).unwrap();
    fs::write(folder.path().join("wrong.json"), MACS.replace("RESULT", "valid")).unwrap();
    run(&Data::new(folder.path()), None, 2, &|_| {}).unwrap()
}

fn counts(cases: &[&str]) -> (usize, usize) {
    let summary = judged(cases);
    assert_eq!(summary.skipped, 0);
    (summary.passed, summary.failed)
}

#[test]
fn what_ends_as_expected_passes_and_each_test_of_a_file_counts() {
    let zone =
        r#"{"id": "z", "kind": "mrz", "inputs": {"file": "zones.json", "item": 0}, "expected": "parse"}"#;
    let macs = r#"{"id": "m", "kind": "wycheproof", "inputs": {"file": "macs.json"}, "expected": "per-test", "tests": 2}"#;
    assert_eq!(counts(&[zone, macs]), (3, 0));
    assert_eq!(judged(&[zone, macs]).to_string(), "foreign: 3 passed, 0 failed, 0 skipped");
    let wrong = macs.replace("macs.json", "wrong.json");
    assert_eq!(counts(&[&wrong]), (1, 1));
    let fewer = macs.replace("\"tests\": 2", "\"tests\": 3");
    assert_eq!(counts(&[&fewer]), (2, 1), "a file that lost tests is a failure");
}

#[test]
fn what_is_not_known_or_not_as_stated_fails() {
    let case = |kind: &str, file: &str, expected: &str| {
        format!(
            r#"{{"id": "x", "kind": "{kind}", "inputs": {{"file": "{file}", "item": 0}}, "expected": "{expected}"}}"#
        )
    };
    for (kind, file, expected) in [
        ("palm-print", "zones.json", "parse"),
        ("mrz", "zones.json", "perhaps"),
        ("mrz", "zones.json", "reject"),
        ("mrz", "zones.json", "check-digit-findings"),
        ("mrz", "absent.json", "parse"),
        ("mrz", "../zones.json", "parse"),
        ("wycheproof", "zones.json", "per-test"),
        ("wycheproof", "macs.json", "accept"),
        ("protocol-vector", "zones.json", "match"),
    ] {
        assert_eq!(counts(&[&case(kind, file, expected)]), (0, 1), "{kind} {file} {expected}");
    }
    // The digits are reported as wrong, but the name is not the one that the item states.
    let other = r#"{"id": "n", "kind": "mrz", "inputs": {"file": "zones.json", "item": 1}, "expected": "check-digit-findings"}"#;
    let summary = judged(&[other]);
    assert_eq!(summary.failures[0].got, "primary is ERIKSSON, the case states SMITH");
}

#[test]
fn a_folder_without_cases_is_no_success() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(&Data::new(folder.path()), None, 1, &|_| {}).is_err());
    fs::write(folder.path().join("cases.jsonl"), "not a case").unwrap();
    assert!(run(&Data::new(folder.path()), None, 1, &|_| {}).is_err());
    fs::write(folder.path().join("cases.jsonl"), "\n").unwrap();
    assert!(run(&Data::new(folder.path()), None, 1, &|_| {}).is_err());
}

#[test]
fn a_folders_words_do_not_steer_the_terminal() {
    let evil = r#"{"id": "e\u001b[2J\nforeign: 9 passed\u202e", "kind": "palm\u001b[31m", "inputs": {}, "expected": "parse"}"#;
    let text = judged(&[evil]).to_text();
    assert!(text.contains("FAILED") && !text.contains(['\u{1B}', '\u{202E}']), "{text}");
    assert!(!text.lines().any(|line| line.starts_with("foreign: 9")), "{text}");
}
