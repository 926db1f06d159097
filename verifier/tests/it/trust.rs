//! Whom the verifier believes, as the program is called and as the verdict tells it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cccd_keys::trust::TrustStore;
use jiff::SignedDuration;
use serde_json::Value;

use crate::card::{Card, ISSUED, NOW, Situation, at, decided, vietnam};

fn verifier(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_verifier"));
    command.args(arguments).args(["--json", "--lang", "en"]).output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A refusal is exit 1; a file that cannot be read is 3, and is named once.
#[test]
fn what_is_refused_is_told_from_what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("trust");
    let import = |name: &str| {
        let path = folder.path().join(name);
        let output = verifier(&["trust", "import", text(&path), "--into", text(&into), "--at", NOW]);
        let told = json(&output)["error"].clone();
        let message = told["message"].as_str().unwrap().to_owned();
        assert_eq!(message.matches(text(&path)).count(), 1, "{message}");
        (output.status.code(), told["code"].as_str().unwrap().to_owned())
    };
    std::fs::write(folder.path().join("noise"), b"noise").unwrap();
    assert_eq!(import("noise"), (Some(1), "not-trustworthy".to_owned()));
    assert_eq!(import("missing"), (Some(3), "file-unreadable".to_owned()));
    std::fs::File::create(folder.path().join("large")).unwrap().set_len((64 << 20) + 1).unwrap();
    assert_eq!(import("large"), (Some(3), "file-unreadable".to_owned()));
    assert!(!into.exists());
}

/// The real lists come in through the program, and the real EF.SODs chain to real authorities.
#[test]
fn real_lists_and_real_files() {
    let Some(data) = std::env::var_os("CCCD_FOREIGN_DATA").map(PathBuf::from) else {
        eprintln!("skipped: CCCD_FOREIGN_DATA is not set");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("trust");
    let list = |name: &str| data.join("masterlists").join(name);
    let import = |name: &str, more: &[&str]| {
        let path = list(name);
        verifier(
            &[&["trust", "import", text(&path), "--into", text(&into), "--at", "2026-11-25"], more].concat(),
        )
    };
    for name in ["DE_ML_2026-05-28.ml", "NL_ML_2026-07-22.ml", "ICAO_ML_2025-04-01.ml"] {
        let output = import(name, &[]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert_eq!(json(&output)["error"]["code"], "list-signer-not-trusted");
        // What a person would compare with the state's own publication.
        let told = String::from_utf8(output.stderr).unwrap();
        let (_, after) = told.split_once("its authority SHA-256 ").unwrap();
        let fingerprint = after.get(..64).unwrap();
        let looked = json(&import(name, &["--accept-list-signer", fingerprint, "--dry-run"]));
        let done = json(&import(name, &["--accept-list-signer", fingerprint]));
        assert_eq!((&looked["counts"], looked["dry_run"].as_bool()), (&done["counts"], Some(true)));
        assert_eq!(done["lists"][0]["vouching"], "accepted-fingerprint");
        let certificates = done["certificates"].as_array().unwrap();
        assert_eq!(certificates.len() as u64, done["lists"][0]["certificates"].as_u64().unwrap());
        for one in certificates {
            let used = one["outcome"] != "not-used";
            assert_eq!(used, one["reason"].is_null(), "{one}");
        }
        eprintln!("{name}: {} {}", done["counts"], done["leniencies"]);
        let again = json(&import(name, &[]));
        assert!(again["imported"].as_array().unwrap().iter().all(|file| file["already_present"] == true));
    }
    let listed = json(&verifier(&["trust", "list", "--trust", text(&into), "--at", "2026-11-25"]));
    assert_eq!(listed["problems"].as_array().unwrap().len(), 0);
    assert!(listed["countries"].as_object().unwrap().len() > 110, "{}", listed["countries"]);
    assert_eq!(listed["countries"]["VN"], 1);
    let warned: Vec<_> =
        listed["warnings"].as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap()).collect();
    assert_eq!(warned.iter().filter(|code| **code == "master-list-old").count(), 2, "{warned:?}");
    for (name, country) in [("DE", "DE"), ("SG", "SG"), ("FR", "FR"), ("US", "US"), ("RU-b", "RU")] {
        let sod = data.join(format!("sod/sod_real_{name}.bin"));
        let output =
            verifier(&["passive", "--sod", text(&sod), "--trust", text(&into), "--at", "2026-11-25"]);
        let report = json(&output);
        assert_eq!(report["trust"]["signer_country"], country);
        assert!(report["trust"]["anchor_sha256"].is_string(), "{name}: {}", report["trust"]);
        assert!(!report["trust"]["master_lists"].as_array().unwrap().is_empty());
        let found = |check: &str| {
            let findings = report["findings"].as_array().unwrap();
            findings.iter().find(|finding| finding["check"] == check).unwrap().clone()
        };
        let chain = found("passive.signer-chain");
        let weak = chain["reason"] == "weak-algorithm";
        assert!(chain["status"] == "passed" || weak, "{name}: {chain}");
        eprintln!("{name}: {chain} {} {}", found("passive.sod-signature")["status"], report["leniencies"]);
    }
}

#[test]
fn a_damaged_newer_list_beside_a_good_one_is_named_in_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("trust");
    vietnam().keys.export(&directory).unwrap();
    let good = std::fs::read_dir(directory.join("crl")).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(good).unwrap();
    std::fs::write(directory.join("crl/VN-newer.crl"), &bytes[..bytes.len() / 2]).unwrap();
    let mut situation = Situation::of(Card::genuine().read());
    situation.trust = TrustStore::load(&directory).unwrap();
    let judgement = situation.judge();
    assert_eq!(decided(&judgement).0, "accepted", "the good one counts");
    let report = cccd_verifier::report::to_json(&judgement, cccd_verifier::report::Lang::En);
    assert_eq!(report["trust"]["warnings"][0]["code"], "file-not-usable");
    assert!(report["trust"]["warnings"][0]["detail"].as_str().unwrap().starts_with("crl/VN-newer.crl: "));
}

#[test]
fn a_list_that_is_due_soon_or_from_the_future_is_told() {
    let mut situation = Situation::of(Card::genuine().read());
    assert_eq!(situation.judge().trust.warnings, []);
    // The list lasts 30 days: two weeks before its end it grows old, and counts.
    situation.at = at(ISSUED) + SignedDuration::from_hours(24 * 17);
    let judgement = situation.judge();
    assert_eq!(judgement.trust.warnings[0].code.code(), "crl-due-soon");
    let revocation = |judgement: &cccd_verifier::Judgement| {
        let finding = judgement.findings.iter().find(|one| one.check == cccd_verifier::Check::Revocation);
        (finding.unwrap().status.code(), finding.unwrap().detail.clone().unwrap_or_default())
    };
    assert_eq!(revocation(&judgement).0, "passed");
    // Judged before it began, it makes nothing good.
    situation.at = at(ISSUED) - SignedDuration::from_secs(60);
    let judgement = situation.judge();
    assert_eq!(revocation(&judgement), ("unavailable", "crl-from-the-future".to_owned()));
    assert_eq!(judgement.trust.warnings[0].code.code(), "crl-from-the-future");
}

#[test]
fn the_verdict_says_who_vouches_and_how_the_anchor_came() {
    let judgement = Situation::of(Card::genuine().read()).judge();
    assert_eq!(judgement.trust.anchor_given, Some(true));
    assert_eq!(judgement.trust.master_lists, []);
    let anchor = vietnam().keys.csca().unwrap();
    assert_eq!(judgement.trust.anchor_sha256, Some(hex::encode(anchor.fingerprint())));
    assert_eq!(judgement.leniencies, []);
    assert_eq!(judgement.judged_at, at(NOW));
}
