use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_virtual-chip")).args(arguments).output().unwrap()
}

#[test]
fn a_blank_is_made_shown_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("card.state");
    let path = path.to_str().unwrap();
    let made =
        run(&["new", "--state", path, "--profile", "p256", "--serial", "00112233445566778899", "--json"]);
    assert_eq!(made.status.code(), Some(0));
    let shown = run(&["show", "--state", path, "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["life_cycle"], "blank");
    assert_eq!(shown["serial"], "00112233445566778899");
    assert_eq!(shown["key_version"], 255);
    let again = run(&["new", "--state", path, "--json"]);
    assert_eq!(again.status.code(), Some(3));
    let error: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(error["error"]["code"], "state-exists");
}

#[test]
fn wrong_usage_is_2_and_a_missing_chip_3() {
    assert_eq!(run(&["frobnicate"]).status.code(), Some(2));
    assert_eq!(run(&["--help"]).status.code(), Some(0));
    let missing = run(&["show", "--state", "/nonexistent/card.state", "--lang", "en"]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(!missing.stderr.is_empty());
}
