//! What the program refuses, so that nothing is lost, written plain or looked at unseen.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

const DB: &str = "sqlite:r.db";

fn run(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_population"))
        .current_dir(dir)
        .args(["--at", "2026-11-26", "--lang", "en"])
        .args(arguments)
        .output()
        .unwrap();
    let text = |octets| String::from_utf8(octets).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn done(dir: &Path, arguments: &[&str]) -> String {
    let (code, out, error) = run(dir, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {out}{error}");
    out
}

fn refused(dir: &Path, arguments: &[&str], code: i32, why: &str) {
    let (exit, out, error) = run(dir, &[arguments, &["--json"]].concat());
    assert_eq!(exit, Some(code), "{out}{error}");
    assert!(out.contains(why), "{out}");
}

/// A register with An, who has a religion, and with Chi.
fn register() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    done(dir.path(), &["init", "--db", DB]);
    let people = "number,full_name,birth_date,sex,religion\n079099000001,Nguyễn Văn An,1999-01-15,male,Phật giáo\n\
                  079195000002,Lê Thị Chi,1995-04-05,female,\n";
    fs::write(dir.path().join("p.csv"), people).unwrap();
    done(dir.path(), &["import", "--db", DB, "p.csv"]);
    dir
}

fn birth(sequence: u32, name: &str) -> String {
    let child = json!({
        "full_name": name, "birth_date": "2026-11-02", "sex": "female", "place_of_birth": "Hà Nội",
        "birth_registration_place": "Hà Nội", "number_place": "001", "place_of_origin": "Hà Nội",
        "ethnic_group": "Kinh", "nationality": "Việt Nam"
    });
    let act = json!({"birth": {"child": child, "mother": "079195000002"}});
    json!({"id": format!("00070.2026.KS.{sequence}"), "registered_on": "2026-11-20", "registered_by": "x", "act": act})
        .to_string()
}

#[test]
fn a_sealed_bundle_is_never_written_over_and_a_birth_in_it_gets_its_number() {
    let dir = register();
    let dir = dir.path();
    let to = done(dir, &["bundle", "recipient", "--db", DB]);
    let seal = |out: &str| {
        let arguments =
            ["bundle", "seal", "--open", "t.items", "--station", "desk-7", "--to", to.trim(), "--out", out];
        run(dir, &arguments)
    };
    let add = |acts: &[String]| {
        fs::write(dir.join("acts.jsonl"), acts.join("\n")).unwrap();
        done(dir, &["bundle", "add", "--open", "t.items", "--acts", "acts.jsonl"]);
    };
    add(&[birth(1, "Lê Thị Dung"), birth(2, "")]);
    assert_eq!(seal("1.bundle").0, Some(0));
    let first = fs::read(dir.join("1.bundle")).unwrap();
    add(&[birth(3, "")]);
    let open = fs::read(dir.join("t.items")).unwrap();
    let (code, _, error) = seal("1.bundle");
    assert!(code == Some(3) && error.contains("there already"), "{error}");
    assert_eq!(fs::read(dir.join("1.bundle")).unwrap(), first);
    assert_eq!(fs::read(dir.join("t.items")).unwrap(), open);
    assert_eq!(seal("2.bundle").0, Some(0));

    fs::create_dir(dir.join("stations")).unwrap();
    fs::rename(dir.join("desk-7.station.pub"), dir.join("stations/desk-7.pub")).unwrap();
    let merge = ["bundle", "merge", "--db", DB, "--trusted", "stations", "--rejects", "untaken.csv"];
    let out = done(dir, &[&merge[..], &["1.bundle", "2.bundle", "--json"]].concat());
    let answers: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2);
    let given = &answers[0]["summary"]["numbers"][0];
    assert_eq!(given["act"], "00070.2026.KS.1");
    let number = given["number"].as_str().unwrap();
    assert!(number.starts_with("001326"), "a girl of Hà Nội, of this century: {number}");
    // One report of both bundles.
    let report = fs::read_to_string(dir.join("untaken.csv")).unwrap();
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(lines[0], "bundle,item,reason");
    assert!(lines[1].starts_with("\"1.bundle\",2,") && lines[2].starts_with("\"2.bundle\",1,"), "{report}");
    // Merged again nobody is born again.
    let again = done(dir, &[&merge[..], &["1.bundle", "--json"]].concat());
    assert!(again.contains("\"merged_before\":true"), "{again}");
    assert!(done(dir, &["stats", "--db", DB]).contains("Persons: 3"));
}

#[test]
fn what_a_station_leaves_out_of_a_bundle_is_named() {
    let dir = register();
    fs::write(
        dir.path().join("new.csv"),
        "number,full_name,birth_date,sex\n079099000009,Trần Văn Em,1999-02-30,male\n",
    )
    .unwrap();
    let (code, out, _) = run(dir.path(), &["bundle", "add", "--open", "t.items", "--persons", "new.csv"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("new.csv, row 1: birth_date"), "{out}");
}

#[test]
fn a_form_that_is_filled_in_is_a_look_at_the_record() {
    let dir = register();
    let dir = dir.path();
    let log = || {
        let log: Value = serde_json::from_str(&done(dir, &["access-log", "--db", DB, "--json"])).unwrap();
        log["looks"].as_array().unwrap().clone()
    };
    done(dir, &["form", "dc01", "--db", DB, "--out", "blank.pdf"]);
    assert!(log().is_empty(), "a blank form shows nobody");
    let filled = ["form", "dc01", "--db", DB, "--number", "079099000001", "--out", "an.pdf"];
    done(dir, &filled);
    done(dir, &[&filled[..], &["--officer", "Bình", "--case", "17/2026"]].concat());
    let looks = log();
    assert_eq!(looks.len(), 2);
    assert!(looks[0]["grounds"]["break-glass"].is_string(), "{looks:?}");
    assert_eq!((&looks[1]["officer"], &looks[1]["grounds"]["case"]), (&json!("Bình"), &json!("17/2026")));
    assert!(looks.iter().all(|look| look["shown"] == "sensitive"));
}

#[test]
fn without_its_keys_a_register_takes_nobody_and_an_export_says_what_is_missing() {
    let dir = register();
    let dir = dir.path();
    done(dir, &["export", "--db", DB, "--out", "all.jsonl"]);
    fs::rename(dir.join("r.db.seal-key"), dir.join("kept")).unwrap();
    refused(dir, &["import", "--db", DB, "p.csv"], 3, "no-seal-key");
    refused(dir, &["export", "--db", DB, "--out", "less.jsonl"], 1, "sealed-left-out");
    fs::rename(dir.join("kept"), dir.join("r.db.seal-key")).unwrap();
    // A row without its items comes from such an export: it is one row, and no end of the file.
    let mut rows = fs::read_to_string(dir.join("less.jsonl")).unwrap();
    rows.push_str(
        r#"{"number":"079099000003","full_name":"Phạm Văn Giang","birth_date":"1999-05-06","sex":"male"}"#,
    );
    fs::write(dir.join("less.jsonl"), rows).unwrap();
    let out = done(dir, &["import", "--db", DB, "less.jsonl"]);
    assert!(out.starts_with("3 rows · 1 added · 0 changed · 1 unchanged · 1 rejected"), "{out}");
    assert!(fs::read_to_string(dir.join("less.jsonl.rejects.csv")).unwrap().contains("export it again"));
}

#[test]
fn another_key_is_no_key_of_the_logs_or_of_numbers() {
    let dir = register();
    let dir = dir.path();
    let show = ["show", "079099000001", "--db", DB, "--officer", "Bình", "--case", "17/2026"];
    done(dir, &show);
    let verify = ["access-log", "--db", DB, "--verify"];
    done(dir, &verify);
    refused(dir, &[&show[..], &["--secrets", "typo"]].concat(), 3, "no-register-key");
    assert!(!dir.join("typo.digest-key").exists(), "a key that nobody asked for");
    fs::write(dir.join("other.digest-key"), "ab".repeat(32)).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(dir.join("other.digest-key"), mode).unwrap();
    refused(dir, &[&show[..], &["--secrets", "other"]].concat(), 3, "other-digest-key");
    assert!(done(dir, &verify).contains('1'), "the log is as it was");

    let number = |request: &str| {
        let facts = ["--place", "001", "--sex", "female", "--year", "2026"];
        [&["number", "--db", DB, "--request", request][..], &facts].concat().join(" ")
    };
    let ask = |request: &str| run(dir, &number(request).split(' ').collect::<Vec<_>>());
    assert_eq!(ask("a").0, Some(0));
    fs::rename(dir.join("r.db.number-key"), dir.join("kept")).unwrap();
    let (code, _, error) = ask("b");
    assert!(code == Some(3) && error.contains(".number-key"), "{error}");
    fs::rename(dir.join("kept"), dir.join("r.db.number-key")).unwrap();
    assert_eq!(ask("b").0, Some(0));
}

#[test]
fn nothing_is_written_over_a_register_or_over_what_is_read() {
    let dir = register();
    let dir = dir.path();
    let before = fs::metadata(dir.join("r.db")).unwrap().len();
    let (code, _, error) = run(dir, &["export", "--db", DB, "--out", "r.db", "--format", "csv"]);
    assert!(code == Some(3) && error.contains("database"), "{error}");
    assert_eq!(fs::metadata(dir.join("r.db")).unwrap().len(), before);
    let input = fs::read(dir.join("p.csv")).unwrap();
    refused(dir, &["import", "--db", DB, "p.csv", "--rejects", "p.csv"], 2, "rejects-over-input");
    assert_eq!(fs::read(dir.join("p.csv")).unwrap(), input);

    // A report says what is wrong with the file as it is now.
    let mended = "number,full_name,birth_date,sex\n079099000004,Võ Văn Hải,1999-02-";
    fs::write(dir.join("q.csv"), format!("{mended}30,male\n")).unwrap();
    done(dir, &["import", "--db", DB, "q.csv"]);
    assert!(dir.join("q.csv.rejects.csv").exists());
    fs::write(dir.join("q.csv"), format!("{mended}28,male\n")).unwrap();
    done(dir, &["import", "--db", DB, "q.csv"]);
    assert!(!dir.join("q.csv.rejects.csv").exists());
}

#[test]
fn messages_are_on_the_disk_before_they_count_as_delivered() {
    let dir = register();
    let dir = dir.path();
    fs::write(dir.join("acts.jsonl"), birth(1, "Lê Thị Dung")).unwrap();
    done(dir, &["act", "--db", DB, "--intake", "desk-1", "acts.jsonl"]);
    let waiting = done(dir, &["outbox", "--db", DB]);
    assert!(!waiting.is_empty());
    done(dir, &["outbox", "--db", DB, "--delivered", "--out", "messages.jsonl"]);
    assert_eq!(fs::read_to_string(dir.join("messages.jsonl")).unwrap(), waiting);
    assert_eq!(done(dir, &["outbox", "--db", DB]), "");
    refused(dir, &["outbox", "--db", DB, "--delivered", "--out", "messages.jsonl"], 3, "file-exists");
}
