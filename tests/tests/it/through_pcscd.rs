//! A card issued by one program is read by another, through pcscd; in between nothing of it lives but its state file.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cccd_hw_tests::pcscd::Pcscd;
use cccd_tests::demo::counter::path;
use cccd_tests::programs::Finished;
use cccd_verifier::Check;
use cccd_virtual_chip::{LifeCycle, StateFile};
use serde_json::Value;

use crate::desk::{Desk, files_in};

fn keys_of(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The text of the QR code in a picture.
fn scan(picture: &Path) -> String {
    let image = image::open(picture).unwrap().to_luma8();
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut prepared =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| image.as_raw()[y * width + x]);
    let codes = prepared.detect_grids();
    assert_eq!(codes.len(), 1, "one QR code in {}", picture.display());
    codes[0].decode().unwrap().1
}

struct Counter<'a> {
    desk: &'a Desk,
    reader: String,
    can: String,
    mrz: String,
    qr: String,
}

impl Counter<'_> {
    /// `verifier verify` with everything that the bearer shows and the register.
    fn verify(&self, trust: &Path, more: &[&str]) -> Finished {
        let world = self.desk.world;
        let mut arguments = vec!["verify", "--reader", &self.reader, "--can", &self.can, "--mrz", &self.mrz];
        arguments.extend(["--qr", &self.qr, "--trust", path(trust).unwrap()]);
        arguments.extend([
            "--register",
            &world.register_url,
            "--token-file",
            path(&world.token_file).unwrap(),
        ]);
        arguments.extend(more);
        self.desk.programs.run("verifier", &arguments).unwrap()
    }
}

#[test]
fn a_card_issued_by_one_program_is_read_by_another() {
    let desk = Desk::new("through-pcscd");
    let world = desk.world;
    let pcscd = Pcscd::start().unwrap();
    let reader = pcscd.reader(0).unwrap();
    let applicant = desk.application(world.without_card(10).unwrap());
    let out = desk.folder.join("out");
    let chip = desk.blank("chip.json");
    assert_eq!(StateFile::peek(&chip).unwrap().life_cycle(), LifeCycle::Blank);

    desk.approve(&applicant.application);
    // Issued against the register's service.
    let mut arguments = desk.issue_arguments(&applicant.application, reader, &out);
    let register = arguments.iter().position(|argument| argument == "--register").unwrap();
    arguments[register + 1].clone_from(&world.register_url);
    arguments.extend(["--register-token".to_owned(), world.token_file.to_str().unwrap().to_owned()]);
    let serving = desk.insert(&chip, &pcscd);
    let issued = desk.programs.must("issuer", &arguments).unwrap();
    drop(serving);

    let record = issued.json().unwrap();
    assert_eq!(record["status"], "active");
    assert_eq!(record["number"], applicant.person.number.as_str());
    assert_eq!(record["test_keys"], false);
    assert_eq!(record["lock"]["proven"], true);
    assert_eq!(files_in(&out), ["back.png", "card.json", "card.pdf", "front.png", "qr.png"]);
    for name in files_in(&out) {
        let mode = out.join(&name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    // The program that was the chip is gone; what is left is a file.
    assert_eq!(StateFile::peek(&chip).unwrap().life_cycle(), LifeCycle::Locked);

    let mrz = desk.folder.join("mrz.txt");
    let zone = match &record["mrz"] {
        Value::Array(lines) => lines.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n"),
        other => other.as_str().unwrap().to_owned(),
    };
    std::fs::write(&mrz, zone).unwrap();
    let counter = Counter {
        desk: &desk,
        reader: reader.to_owned(),
        can: applicant.person.number.can().to_owned(),
        mrz: path(&mrz).unwrap().to_owned(),
        qr: scan(&out.join("qr.png")),
    };

    let serving = desk.insert(&chip, &pcscd);
    accepted_as_json(&counter, &record);
    said_in_words(&counter);
    drop(serving);
    let _serving = desk.insert(&chip, &pcscd);
    without_fresh_crl(&counter);
    judged_from_a_file(&counter);
}

fn accepted_as_json(counter: &Counter<'_>, record: &Value) {
    let portrait = counter.desk.folder.join("face.img");
    let finished =
        counter.verify(&counter.desk.world.trust_folder, &["--json", "--portrait", path(&portrait).unwrap()]);
    assert_eq!(finished.code, 0, "{}\n{}", finished.stdout, finished.stderr);
    let report = finished.json().unwrap();
    for member in
        ["format", "version", "verdict", "statements", "findings", "document", "trust", "card", "reading"]
    {
        assert!(keys_of(&report).contains(member), "{member} is missing");
    }
    assert_eq!((&report["format"], &report["version"]), (&"cccd-verdict".into(), &1.into()));
    assert_eq!(report["verdict"]["decision"], "accepted");
    assert_eq!(report["verdict"]["decided_by"], Value::Null);
    assert!(report["verdict"]["judged_at"].is_string());
    let statements = [
        ("data", "authentic"),
        ("chip", "genuine"),
        ("trust", "known"),
        ("register", "agrees"),
        ("bearer", "not-compared"),
    ];
    for (statement, said) in statements {
        assert_eq!(report["statements"][statement], said, "{statement}");
    }
    assert_eq!(report["card"]["sod_sha256"], record["sod_sha256"]);
    assert_eq!(report["document"]["number"]["value"], record["number"]);
    assert_eq!(report["document"]["number"]["authentic"], true);

    let exceptions = [
        "access.bac",
        "access.terminal-authentication",
        "chip.pace-cam",
        "lds.com-sod-consistent",
        "passive.deviation",
        "holder.portrait",
    ];
    let findings = report["findings"].as_array().unwrap();
    let checks: Vec<&str> = findings.iter().map(|finding| finding["check"].as_str().unwrap()).collect();
    assert_eq!(checks, Check::ALL.iter().map(|check| check.code()).collect::<Vec<_>>());
    for finding in findings {
        let members = ["check", "detail", "does_not_prove", "proves", "reason", "scope", "status"];
        assert_eq!(keys_of(finding), BTreeSet::from(members));
        let passed = finding["status"] == "passed";
        assert_eq!(passed, !exceptions.contains(&finding["check"].as_str().unwrap()), "{finding}");
        assert_eq!(passed, finding["reason"].is_null(), "{finding}");
    }
    let face = std::fs::read(&portrait).unwrap();
    assert!(face.starts_with(b"\x89PNG\r\n\x1A\n"), "the portrait is no picture");
    assert_eq!(portrait.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

fn said_in_words(counter: &Counter<'_>) {
    let trust = &counter.desk.world.trust_folder;
    let said = ["vi", "en"].map(|lang| counter.verify(trust, &["--lang", lang]));
    let name = counter.qr.split('|').nth(2).unwrap();
    for finished in &said {
        assert_eq!(finished.code, 0, "{}\n{}", finished.stdout, finished.stderr);
        assert!(finished.stdout.contains(name), "{}", finished.stdout);
    }
    assert_ne!(said[0].stdout, said[1].stdout);
    // Nobody compared the bearer, and both say so.
    assert!(said[1].stdout.to_lowercase().contains("compared"), "{}", said[1].stdout);
    assert!(said[0].stdout.to_lowercase().contains("đối chiếu"), "{}", said[0].stdout);
}

/// The program's exit code 4, once without the list and once past its next update.
fn without_fresh_crl(counter: &Counter<'_>) {
    let world = counter.desk.world;
    let without = world.trust_without_crl("trust-without-crl-program").unwrap();
    let aged = world.crl_aged().unwrap().to_string();
    let runs = [
        (counter.verify(&without, &["--json"]), "revocation-unknown"),
        (counter.verify(&world.trust_folder, &["--json", "--at", &aged]), "crl-stale"),
    ];
    for (finished, reason) in runs {
        assert_eq!(finished.code, 4, "{}\n{}", finished.stdout, finished.stderr);
        let verdict = &finished.json().unwrap()["verdict"];
        assert_eq!(verdict["decision"], "undetermined");
        assert_eq!(verdict["decided_by"], "passive.revocation");
        assert_eq!(verdict["reason"], reason);
    }
}

/// Read now, judged later: undetermined, unless a trusted station signed.
fn judged_from_a_file(counter: &Counter<'_>) {
    let world = counter.desk.world;
    for (name, signed) in [("unsigned.evidence", false), ("signed.evidence", true)] {
        let file = counter.desk.folder.join(name);
        let mut read = vec![
            "read",
            "--reader",
            &counter.reader,
            "--can",
            &counter.can,
            "--plain",
            "--out",
            path(&file).unwrap(),
        ];
        if signed {
            read.extend(["--station-keys", path(&world.keys).unwrap()]);
        }
        counter.desk.programs.must("verifier", &read).unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let verify = [
            "verify",
            "--json",
            "--evidence",
            path(&file).unwrap(),
            "--trust",
            path(&world.trust_folder).unwrap(),
        ];
        let finished = counter.desk.programs.run("verifier", &verify).unwrap();
        let report = finished.json().unwrap();
        let expected = if signed { (0, "accepted") } else { (4, "undetermined") };
        assert_eq!((finished.code, report["verdict"]["decision"].as_str().unwrap()), expected, "{report}");
        if !signed {
            assert_eq!(report["verdict"]["decided_by"], "chip.chip-authentication");
            assert_eq!(report["verdict"]["reason"], "not-fresh");
        }
    }
}
