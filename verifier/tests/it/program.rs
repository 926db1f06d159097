//! The program, as it is called.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cccd_card_profile::lds::dg2::{BiometricInstance, Dg2, FaceImage};
use cccd_verifier::evidence::EvidenceFile;
use serde_json::Value;

use crate::card::{Card, NOW, vietnam};

pub(crate) fn verifier(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_verifier"))
        .args(arguments)
        .env_remove("CCCD_REGISTER_TOKEN_FILE")
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) fn trust_directory(folder: &Path) -> PathBuf {
    let directory = folder.join("trust");
    vietnam().keys.export(&directory).unwrap();
    directory
}

#[test]
fn files_without_a_card_are_never_accepted_and_altered_ones_refused() {
    let folder = tempfile::tempdir().unwrap();
    let trust = trust_directory(folder.path());
    let evidence = Card::genuine().read();
    let sod = folder.path().join("sod.bin");
    std::fs::write(&sod, evidence.files.sod.as_ref().unwrap()).unwrap();
    let mut arguments = vec!["passive".to_owned(), "--json".into(), "--lang".into(), "en".into()];
    arguments.extend(["--at".into(), NOW.into(), "--sod".into(), text(&sod).into()]);
    arguments.extend(["--trust".into(), text(&trust).into()]);
    for (number, file) in &evidence.files.data_groups {
        let path = folder.path().join(format!("dg{number}.bin"));
        std::fs::write(&path, file).unwrap();
        arguments.extend(["--dg".to_owned(), format!("{number}={}", text(&path))]);
    }
    let run = |arguments: &[String]| verifier(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let output = run(&arguments);
    let report = json(&output);
    assert_eq!(output.status.code(), Some(4), "{report}");
    assert_eq!(report["verdict"]["decided_by"], "chip.chip-authentication");
    assert_eq!(report["statements"]["data"], "authentic");
    // Its kind of signature shows nothing any more.
    let past = [arguments.clone(), vec!["--sunset".into(), "ecdsa-384:2026-01-01".into()]].concat();
    let report = json(&run(&past));
    let finding =
        report["findings"].as_array().unwrap().iter().find(|one| one["check"] == "passive.sod-signature");
    assert_eq!(finding.unwrap()["reason"], "algorithm-sunset", "{report}");
    std::fs::write(folder.path().join("dg1.bin"), b"a\x00").unwrap();
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(json(&output)["verdict"]["decided_by"], "passive.dg-hashes");
}

#[test]
fn evidence_from_a_file_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let trust = trust_directory(folder.path());
    let key = vietnam().keys.station_key().unwrap();
    let file = EvidenceFile::new(&Card::genuine().read()).unwrap().signed(&key).unwrap();
    let (path, portrait) = (folder.path().join("card.evidence"), folder.path().join("face.png"));
    std::fs::write(&path, file.to_bytes().unwrap()).unwrap();
    let arguments = [
        "verify",
        "--evidence",
        text(&path),
        "--trust",
        text(&trust),
        "--at",
        NOW,
        "--portrait",
        text(&portrait),
    ];
    let output = verifier(&[&arguments[..], &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(json(&output)["verdict"]["decision"], "accepted");
    // The card's portrait is filler behind a good header: that is said, and the verdict stands.
    assert!(!portrait.exists());
    assert!(String::from_utf8_lossy(&output.stderr).contains("[picture-damaged]"), "{output:?}");
    let output = verifier(&arguments);
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("Kết luận: CHẤP NHẬN\n"));
    let output = verifier(&[&arguments[..], &["--require-register", "--lang", "en"]].concat());
    assert_eq!(output.status.code(), Some(4));
}

#[test]
fn a_portrait_is_saved_as_png_whatever_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let trust = trust_directory(folder.path());
    let rgb = image::RgbImage::from_fn(96, 128, |x, y| {
        image::Rgb([x, y, x + y].map(|value| u8::try_from(value).unwrap_or(u8::MAX)))
    });
    let mut jpeg = std::io::Cursor::new(Vec::new());
    rgb.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    let face = FaceImage::from_file(jpeg.into_inner()).unwrap();
    let mut evidence = Card::genuine().read();
    for instance in [BiometricInstance::iso19794(face.clone()), BiometricInstance::iso39794(face)] {
        let (path, portrait) = (folder.path().join("card.evidence"), folder.path().join("face.png"));
        evidence.files.data_groups.insert(2, Dg2::of(instance).to_bytes().unwrap());
        std::fs::write(&path, EvidenceFile::new(&evidence).unwrap().to_bytes().unwrap()).unwrap();
        let (path, to) = (text(&path), text(&portrait));
        let arguments = ["verify", "--evidence", path, "--trust", text(&trust), "--at", NOW, "--json"];
        let output = verifier(&[&arguments[..], &["--portrait", to]].concat());
        // Another portrait than the signed one.
        assert_eq!(json(&output)["verdict"]["decided_by"], "passive.dg-hashes");
        let saved = image::open(&portrait).unwrap().to_rgb8();
        assert_eq!(saved.dimensions(), (96, 128));
        let far =
            saved.as_raw().iter().zip(rgb.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum::<u64>();
        assert!(far < 10 * 3 * 96 * 128, "not the picture: {far}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&portrait).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::remove_file(&portrait).unwrap();
    }
}

#[test]
fn trust_is_imported_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let exported = trust_directory(folder.path());
    let into = folder.path().join("mine");
    let files = |name: &str| -> Vec<PathBuf> {
        std::fs::read_dir(exported.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let (csca, crl, register) = (files("csca"), files("crl"), files("register"));
    let import = |more: &[&str]| verifier(&[&["trust", "import", "--into", text(&into)], more].concat());
    // A list whose signer is not believed, a key without a role.
    assert_eq!(import(&[text(&crl[0])]).status.code(), Some(1));
    assert_eq!(import(&[text(&register[0])]).status.code(), Some(1));
    assert!(!into.exists());
    assert_eq!(import(&[text(&csca[0]), text(&crl[0])]).status.code(), Some(0));
    assert_eq!(import(&[text(&register[0]), "--as", "register"]).status.code(), Some(0));
    let list = json(&verifier(&["trust", "list", "--trust", text(&into), "--json"]));
    assert_eq!(list["anchors"][0]["country"], "VN");
    assert_eq!(list["crls"][0]["revoked"], 0);
    assert_eq!(list["register_keys"].as_array().unwrap().len(), 1);
}

#[test]
fn failures_are_one_sentence_and_one_advice() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("nothing");
    let cases: [(&[&str], i32, &str); 4] = [
        (&["read", "--can", "000001", "--out", "x"], 2, "no-recipient"),
        (&["verify", "--trust", text(&missing), "--can", "000001"], 3, "trust-unreadable"),
        (&["passive", "--sod", text(&missing), "--trust", text(folder.path())], 3, "file-unreadable"),
        (&["verify", "--evidence", text(&missing), "--trust", text(folder.path())], 3, "file-unreadable"),
    ];
    for (arguments, code, name) in cases {
        let output = verifier(&[arguments, &["--json"]].concat());
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        assert_eq!(json(&output)["error"]["code"], name);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(told.lines().count(), 2, "{told}");
    }
    assert_eq!(verifier(&["verify"]).status.code(), Some(2));
    assert_eq!(verifier(&["passive", "--sod", "x", "--trust", "t", "--dg", "3=x"]).status.code(), Some(2));
    assert_eq!(verifier(&["--help"]).status.code(), Some(0));
}
