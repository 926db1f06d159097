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
fn a_chip_of_the_laboratory_is_equipped() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (can, pin, puk) = (file("can", "000001\n"), file("pin", "271828"), file("puk", "3141592653"));
    let state = folder.path().join("lab.state");
    let state = state.to_str().unwrap();
    let new = |pace: &[&str]| {
        let mut arguments = vec!["new", "--state", state, "--json"];
        arguments.extend(["--can-file", &can, "--pin-file", &pin, "--puk-file", &puk]);
        pace.iter().for_each(|offer| arguments.extend(["--pace", offer]));
        run(&arguments)
    };
    for bad in ["ECDH-IM-AES-128@10", "DH-GM-AES-128@13", "GM@13", "ECDH-GM-AES-128@3"] {
        assert_eq!(new(&[bad]).status.code(), Some(2), "{bad}");
    }
    assert_eq!(new(&["ecdh-cam-aes-256@16", "DH-IM-3DES@0"]).status.code(), Some(0));
    let shown = run(&["show", "--state", state, "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["pin_tries_left"], 3);
    assert_eq!(shown["access_keys"]["puk"], true);
    assert_eq!(shown["chip_authentication_key"], true);
    assert_eq!(shown["files"][0]["file"], "EF.CardAccess");
    let human = run(&["show", "--state", state, "--lang", "en"]);
    assert!(String::from_utf8(human.stdout).unwrap().contains("PIN: 3 tries left"));
}

#[test]
fn wrong_usage_is_2_and_a_missing_chip_3() {
    assert_eq!(run(&["frobnicate"]).status.code(), Some(2));
    assert_eq!(run(&["--help"]).status.code(), Some(0));
    let missing = run(&["show", "--state", "/nonexistent/card.state", "--lang", "en"]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(!missing.stderr.is_empty());
}
