//! The command line as a user meets it.

use cccd_keys::pkcs11::softhsm::SoftHsm;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::process::{Command, Output};

fn keys(dir: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_keys"))
        .args(arguments)
        .args(["--lang", "en", "--json", "--dir"])
        .arg(dir)
        .env_remove("CCCD_KEYS_PASSPHRASE_FILE")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_ceremonies_of_a_demonstration_and_their_refusals() {
    let dir = tempfile::tempdir().unwrap();
    let (store, trust) = (dir.path().join("k"), dir.path().join("t"));
    let refused = |arguments: &[&str], exit: i32, code: &str| {
        let output = keys(&store, arguments);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}");
        assert_eq!(json(&output)["error"]["code"], code, "{arguments:?}");
    };
    let done = |arguments: &[&str]| {
        let output = keys(&store, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {output:?}");
        let warned = String::from_utf8(output.stderr.clone()).unwrap().contains("SOFTWARE KEY STORE");
        assert!(warned || arguments.starts_with(&["log"]), "{arguments:?}");
        json(&output)
    };
    refused(&["csca"], 3, "store-missing");
    refused(&["init", "--country", "vn"], 2, "certificate-not-built");
    refused(&["init", "--purpose", "production"], 2, "synthetic-names");
    let names = ["--organization", "House", "--domain", "csca.house.example"];
    refused(&[&["init", "--purpose", "production"][..], &names].concat(), 1, "software-in-production");
    refused(&["init", "--pkcs11", "/nonexistent.so", "--token", "house"], 3, "no-pin");
    assert!(!store.exists());
    done(&["init", "--profile", "p256", "--at", "2026-11-01"]);
    refused(&["init"], 1, "store-exists");
    refused(&["ds", "new", "--at", "2026-11-01"], 1, "no-csca");
    done(&["csca", "--at", "2026-11-01"]);
    refused(&["csca", "--at", "2026-11-02"], 1, "not-confirmed");
    let serial =
        done(&["ds", "new", "--at", "2026-11-01"])["certificate"]["serial"].as_str().unwrap().to_owned();
    done(&["crl", "issue", "--at", "2026-11-01"]);
    let out = trust.to_str().unwrap().to_owned();
    assert_eq!(done(&["export", "--out", &out])["files"].as_array().unwrap().len(), 4);
    assert_eq!(done(&["ds", "list", "--at", "2026-12-01"])["document_signers"][0]["state"], "active");
    assert_eq!(done(&["ds", "list", "--at", "2027-03-01"])["document_signers"][0]["state"], "past-use");
    let signer = &done(&["ds", "list", "--at", "2026-12-01"])["document_signers"][0];
    assert_eq!(
        (&signer["pool"], &signer["signatures"], &signer["limit"], &signer["days_left"]),
        (&"dated".into(), &0.into(), &250_000.into(), &62.into())
    );
    refused(&["ds", "new", "--pool", "no-expiry", "--at", "2026-11-01"], 1, "no-csca-of-pool");
    refused(&["crl", "issue", "--revoke", &serial, "--at", "2026-11-01"], 1, "not-confirmed");
    let crl = done(&[
        "crl",
        "issue",
        "--revoke",
        &serial,
        "--reason",
        "key-compromise",
        "--yes",
        "--at",
        "2026-12-01",
    ]);
    assert_eq!(crl["crl"]["revoked"], 1);
    assert_eq!(done(&["log", "verify"])["records"].as_array().unwrap().len(), 5);
    // With a clock that was turned back nothing is made, whatever was confirmed.
    for arguments in [&["csca", "--yes"][..], &["ds", "new"], &["crl", "issue"], &["cvca", "init"]] {
        refused(&[arguments, &["--at", "2020-01-01"]].concat(), 1, "clock-behind");
    }
    refused(&["ds", "new", "--at", "2026-11-30T23:54:59Z"], 1, "clock-behind");
    done(&["ds", "new", "--at", "2026-11-30T23:55:00Z"]);
    done(&["ds", "list", "--at", "2020-01-01"]);
    assert!(!store.join("csca/002.cer").exists());
    // One damaged count is told, and hides none of the other signers; a list that is lost likewise.
    let listed = |arguments: &[&str], code: &str| {
        let output = keys(&store, &[arguments, &["--at", "2026-12-01"]].concat());
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let mut values = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
        let shown: serde_json::Value = values.next().unwrap().unwrap();
        let error: serde_json::Value = values.next().unwrap().unwrap();
        assert_eq!(error["error"]["code"], code, "{arguments:?}");
        shown
    };
    let count = store.join("ds/00002.count.json");
    let kept = std::fs::read(&count).unwrap();
    std::fs::remove_file(&count).unwrap();
    let shown = &listed(&["ds", "list"], "count-damaged")["document_signers"];
    assert_eq!((&shown[0]["state"], &shown[1]["state"]), (&"revoked".into(), &"count-damaged".into()));
    assert!(shown[1]["signatures"].is_null() && shown[0]["signatures"] == 0, "{shown}");
    assert_eq!(listed(&["show"], "count-damaged")["document_signers"]["active"], 0);
    for (language, words) in [("en", "COUNT DAMAGED  ?"), ("vi", "SỐ ĐẾM BỊ HỎNG  ?")] {
        let output = Command::new(env!("CARGO_BIN_EXE_keys"))
            .args(["ds", "list", "--at", "2026-12-01", "--lang", language, "--dir"])
            .arg(&store)
            .env_remove("CCCD_KEYS_PASSPHRASE_FILE")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(words) && text.lines().count() == 2, "{text}");
    }
    std::fs::write(&count, kept).unwrap();
    let list = store.join("crl/000002.crl");
    let kept = std::fs::read(&list).unwrap();
    std::fs::remove_file(&list).unwrap();
    let shown = listed(&["ds", "list"], "crl-lost");
    assert_eq!(shown["lost_crl"], serde_json::json!({ "number": 2, "newest": 1 }));
    assert_eq!(shown["document_signers"][0]["state"], "revoked");
    assert_eq!(listed(&["show"], "crl-lost")["lost_crl"]["number"], 2);
    refused(&["export", "--out", &out], 1, "crl-lost");
    std::fs::write(&list, kept).unwrap();
    done(&["export", "--out", &out]);
    std::fs::write(store.join("passphrase"), "another\n").unwrap();
    refused(&["show"], 3, "wrong-passphrase");
    std::fs::remove_file(store.join("passphrase")).unwrap();
    refused(&["show"], 3, "no-passphrase");
}

#[test]
fn fingerprints_are_for_those_whom_the_cvca_allows() {
    let dir = tempfile::tempdir().unwrap();
    let (store, out) = (dir.path().join("k"), dir.path().join("station"));
    let done = |arguments: &[&str]| {
        let output = keys(&store, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {output:?}");
        (json(&output), String::from_utf8(output.stderr).unwrap())
    };
    let refused = |arguments: &[&str], exit: i32, code: &str| {
        let output = keys(&store, arguments);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}");
        assert_eq!(json(&output)["error"]["code"], code, "{arguments:?}");
    };
    let day = ["--at", "2026-11-01"];
    let with = |arguments: &[&'static str]| [arguments, &day[..]].concat();
    done(&["init", "--profile", "p256", "--at", "2026-11-01"]);
    refused(&with(&["cvca", "dv", "--holder", "DVHCM"]), 1, "no-cvca");
    refused(&with(&["cvca", "link"]), 1, "no-cvca");
    done(&with(&["cvca", "init"]));
    refused(&with(&["cvca", "init"]), 1, "cvca-exists");
    refused(&with(&["cvca", "link"]), 1, "not-confirmed");
    refused(&with(&["cvca", "terminal", "--holder", "IS"]), 1, "no-document-verifier");
    done(&with(&["cvca", "dv", "--holder", "DVHCM"]));
    let (made, _) = done(&with(&["cvca", "terminal", "--holder", "ISHCM01"]));
    assert_eq!(made["certificate"]["holder"], "VNISHCM0100001");
    assert_eq!(made["certificate"]["expiration"], "2026-12-01");
    assert_eq!(
        (&made["certificate"]["fingerprints"], &made["certificate"]["irises"]),
        (&true.into(), &false.into())
    );
    refused(&with(&["cvca", "export", "--terminal", "NOBODY", "--out", "x"]), 2, "unknown-holder");
    let path = out.to_str().unwrap();
    let (files, warned) =
        done(&["cvca", "export", "--terminal", "ISHCM01", "--out", path, "--at", "2026-11-01"]);
    assert_eq!(files["files"].as_array().unwrap().len(), 3);
    assert!(warned.contains("IN CLEAR"));
    use std::os::unix::fs::PermissionsExt as _;
    let mode = out.join("terminal.pkcs8").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(done(&["cvca", "list"]).0["certificates"].as_array().unwrap().len(), 3);
    let (log, _) = done(&["log", "verify"]);
    let events: Vec<&str> =
        log["records"].as_array().unwrap().iter().map(|record| record["event"].as_str().unwrap()).collect();
    assert_eq!(
        events,
        ["store-made", "cvca-made", "document-verifier-made", "terminal-made", "terminal-exported"]
    );
    let states = |day: &str| -> Vec<String> {
        let (list, _) = done(&["cvca", "list", "--at", day]);
        let all = list["certificates"].as_array().unwrap().clone();
        all.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states("2026-12-01"), ["valid", "valid", "valid"]);
    assert_eq!(states("2026-12-02"), ["valid", "valid", "expired"]);
    done(&with(&["cvca", "terminal", "--holder", "ISBOTH", "--read", "fingerprints", "irises"]));
    // A key that was made elsewhere: asked for, compared by people, certified, taken in.
    let (asked, given) = (dir.path().join("is.req"), dir.path().join("is.cvcert"));
    let (asked, given) = (asked.to_str().unwrap().to_owned(), given.to_str().unwrap().to_owned());
    let at = ["--at", "2026-11-01"];
    let (made, _) = done(&[&["cvca", "request", "--holder", "ISX", "--out", &asked], &at[..]].concat());
    assert_eq!(made["renewal"], false);
    let certify = [&["cvca", "terminal", "--request", &asked, "--out", &given], &at[..]].concat();
    refused(&certify, 1, "not-confirmed");
    // Nobody was asked, so what would have been asked is told, with what its sender is to compare.
    let digest = hex::encode(Sha256::digest(std::fs::read(&asked).unwrap()));
    let told = json(&keys(&store, &certify))["error"].clone();
    assert!(told["message"].as_str().unwrap().contains(&digest), "{told}");
    assert!(told["hint"].as_str().unwrap().contains("--yes"), "{told}");
    done(&[&certify[..], &["--yes"]].concat());
    done(&[&["cvca", "install", &given], &at[..]].concat());
    refused(&[&["cvca", "install", &given], &at[..]].concat(), 1, "request-refused");
    let (made, _) = done(&[&["cvca", "request", "--holder", "ISX", "--out", &asked], &at[..]].concat());
    assert_eq!(made["renewal"], true);
    done(&certify);
    // A terminal for longer than a month is a usage error.
    let long = keys(&store, &["cvca", "terminal", "--holder", "IS", "--days", "32"]);
    assert_eq!(long.status.code(), Some(2));
    assert_eq!(json(&long)["error"]["code"], "usage");
}

#[test]
fn a_lost_store_is_restored_by_the_holders_of_shares() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let (store, restored) = (root.path().join("k"), root.path().join("r"));
    let done = |dir: &Path, arguments: &[&str]| {
        let output = keys(dir, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {output:?}");
        json(&output)
    };
    done(&store, &["init", "--profile", "p256", "--at", "2026-11-01"]);
    done(&store, &["csca", "--at", "2026-11-01", "--present", "Nguyễn Văn Mẫu, trưởng ban"]);
    let (a, b, papers) = (path("a"), path("b"), path("papers"));
    let create =
        ["backup", "create", "--out", &a, "--out", &b, "--shares-out", &papers, "--at", "2026-11-02"];
    let made = done(&store, &create);
    let shares: Vec<&str> =
        made["shares"].as_array().unwrap().iter().map(|share| share.as_str().unwrap()).collect();
    assert_eq!((shares.len(), &made["threshold"]), (5, &3.into()));
    let page = std::fs::read_to_string(shares[0]).unwrap();
    assert!(page.contains('█'), "a QR code is on the page");
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(shares[0]).unwrap().permissions().mode() & 0o777, 0o600);

    let few = ["backup", "restore", "--from", &b, "--share", shares[4], "--share", shares[1]];
    let output = keys(&restored, &few);
    assert_eq!((output.status.code(), &json(&output)["error"]["code"]), (Some(1), &"too-few-shares".into()));
    assert!(!restored.exists(), "nothing is made before the shares fit");
    let enough = [&few[..], &["--share", shares[2], "--at", "2026-11-03"]].concat();
    assert_eq!(done(&restored, &enough)["csca"], 1);
    done(&restored, &["ds", "new", "--at", "2026-11-03"]);
    let checked = done(&restored, &["ceremony", "verify"]);
    assert_eq!((&checked["wrong"], checked["ceremonies"].as_array().unwrap().len()), (&0.into(), 3));
    let listed = done(&restored, &["ceremony", "show"]);
    let kinds: Vec<_> =
        listed["ceremonies"].as_array().unwrap().iter().map(|one| &one["act"]["kind"]).collect();
    assert_eq!(kinds, ["authority", "restoration", "document-signer"]);
    let shown = done(&restored, &["ceremony", "show", "1"]);
    assert_eq!(shown["ceremony"]["present"][0]["name"], "Nguyễn Văn Mẫu");
    std::fs::write(restored.join("csca/001.cer"), std::fs::read(restored.join("ds/00001.cer")).unwrap())
        .unwrap();
    let output = keys(&restored, &["ceremony", "verify"]);
    assert_eq!(output.status.code(), Some(1));

    // A token's PIN likewise.
    std::fs::write(root.path().join("pin"), "12345678\n").unwrap();
    let (pin, pins, joined) = (path("pin"), path("pins"), path("joined"));
    let split = [
        "backup",
        "split-pin",
        "--pin-file",
        &pin,
        "--shares",
        "3",
        "--threshold",
        "2",
        "--shares-out",
        &pins,
    ];
    let made = done(&store, &split);
    let shares: Vec<&str> =
        made["shares"].as_array().unwrap().iter().map(|share| share.as_str().unwrap()).collect();
    done(&store, &["backup", "join-pin", "--share", shares[2], "--share", shares[0], "--out", &joined]);
    assert_eq!(std::fs::read(root.path().join("joined")).unwrap(), b"12345678");
}

/// The same with the keys in a token: out of it wrapped, into another one, and what a crash left is cleared by people.
#[test]
fn a_lost_token_is_replaced_by_the_holders_of_shares() {
    let root = tempfile::tempdir().unwrap();
    let Some(hsm) = SoftHsm::in_folder(&root.path().join("hsm")).unwrap() else {
        println!("a lost token at the command line: skipped, SoftHSM2 is not installed");
        return;
    };
    hsm.make_token("house").unwrap();
    let (store, restored) = (root.path().join("k"), root.path().join("r"));
    let path = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    let (module, pin) = (hsm.module().to_str().unwrap(), hsm.pin_file());
    let token = ["--pkcs11", module, "--pin-file", pin.to_str().unwrap()];
    let run = |dir: &Path, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keys"));
        command.args(arguments).args(["--lang", "en", "--json", "--at", "2026-11-02", "--dir"]).arg(dir);
        hsm.environment(&mut command).stdin(std::process::Stdio::null()).output().unwrap()
    };
    let done = |dir: &Path, arguments: &[&str]| {
        let output = run(dir, &[arguments, &token].concat());
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {output:?}");
        json(&output)
    };
    let refused = |dir: &Path, arguments: &[&str], exit: i32, code: &str| {
        let output = run(dir, arguments);
        let found = json(&output)["error"]["code"].clone();
        assert_eq!((output.status.code(), found), (Some(exit), code.into()), "{arguments:?}");
    };
    // By clap, in its own words.
    assert_eq!(run(&store, &["init", "--wrapped-backup"]).status.code(), Some(2));
    done(&store, &["init", "--profile", "p256", "--token", "house", "--wrapped-backup"]);
    done(&store, &["csca"]);
    let (a, b, papers) = (path("a"), path("b"), path("papers"));
    let create = ["backup", "create", "--shares", "3", "--threshold", "2", "--out", &a, "--out", &b];
    // Mistakes of what was typed: not what a damaged backup is answered with.
    let papers_too = ["--shares-out", &papers];
    for wrong in [
        &["--shares", "5", "--threshold", "6", "--out", &a, "--out", &b][..],
        &["--shares", "3", "--threshold", "2", "--out", &a],
    ] {
        refused(&store, &[&["backup", "create"], wrong, &papers_too, &token].concat(), 2, "backup-plan");
    }
    let made = done(&store, &[&create[..], &["--shares-out", &papers]].concat());
    assert_eq!(made["keys"], 6);
    let shares: Vec<&str> =
        made["shares"].as_array().unwrap().iter().map(|share| share.as_str().unwrap()).collect();

    hsm.make_token("spare").unwrap();
    let restore = ["backup", "restore", "--from", &b, "--share", shares[2], "--share", shares[0]];
    refused(&restored, &restore, 1, "backup-failed");
    std::fs::remove_dir_all(&restored).unwrap();
    let present = ["--present", "Lê Thị Giữ, giữ mảnh 3"];
    assert_eq!(done(&restored, &[&restore[..], &["--token", "spare"], &present].concat())["csca"], 1);
    assert_eq!(done(&restored, &["crl", "issue"])["crl"]["number"], 1);
    let shown = json(&run(&restored, &["token", "show"]));
    assert_eq!((&shown["token"]["label"], &shown["wrapped_backup"]), (&"spare".into(), &true.into()));
    assert_eq!(shown["unfinished"].as_array().unwrap().len(), 0);

    // As a crash before the certificate leaves it.
    let id = "00112233445566778899aabbccddeeff";
    std::fs::create_dir_all(restored.join("unfinished")).unwrap();
    let intent = format!("{{\"name\":\"ds/00009\",\"kind\":\"key-pair\",\"id\":\"{id}\"}}");
    std::fs::write(restored.join(format!("unfinished/{id}.json")), intent).unwrap();
    let output = run(&restored, &[&["show"][..], &token].concat());
    assert!(String::from_utf8(output.stderr).unwrap().contains("keys token clear"));
    let clear = [&["token", "clear"][..], &token].concat();
    refused(&restored, &clear, 1, "not-confirmed");
    refused(&restored, &["token", "clear", "--yes"], 2, "token-not-named");
    assert_eq!(done(&restored, &["token", "clear", "--yes"])["cleared"][0]["id"], id);
    assert_eq!(done(&restored, &["token", "clear"])["cleared"].as_array().unwrap().len(), 0);

    // A store whose keys were made to stay has no such backup, and says what it has instead.
    let staying = root.path().join("s");
    done(&staying, &["init", "--profile", "p256", "--token", "house"]);
    let output = run(&staying, &[&create[..], &["--shares-out", &papers], &token].concat());
    assert_eq!(
        (output.status.code(), json(&output)["error"]["code"].clone()),
        (Some(1), "not-wrappable".into())
    );
}
