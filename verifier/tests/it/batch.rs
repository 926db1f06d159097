//! Many cards from files: a line for each, a summary, and the gravest exit code.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use cccd_verifier::Evidence;
use cccd_verifier::evidence::EvidenceFile;
use serde_json::Value;

use crate::card::{Card, NOW, vietnam};
use crate::program::{text, trust_directory, verifier};

/// What was said of each file, by its name, and the summary.
fn lines(output: &Output) -> (BTreeMap<String, Value>, Value) {
    let all: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{output:?}")))
        .collect();
    let (summary, files) = all.split_last().unwrap();
    let name = |line: &Value| {
        let path = Path::new(line["file"].as_str().unwrap());
        path.file_name().map_or_else(|| "-".to_owned(), |name| name.to_string_lossy().into_owned())
    };
    (files.iter().map(|line| (name(line), line.clone())).collect(), summary["summary"].clone())
}

fn write_evidence(path: &Path, evidence: &Evidence) {
    let key = vietnam().keys.station_key().unwrap();
    let file = EvidenceFile::new(evidence).unwrap().signed(&key).unwrap();
    std::fs::write(path, file.to_bytes().unwrap()).unwrap();
}

#[test]
fn evidence_of_many_cards_is_judged_each_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let trust = trust_directory(folder.path());
    let many = folder.path().join("many");
    std::fs::create_dir(&many).unwrap();
    let arguments = |of: &str, more: &[&str]| {
        let all = ["verify", "--evidence", of, "--trust", text(&trust), "--at", NOW];
        verifier(&[&all[..], more].concat())
    };
    let run = || arguments(text(&many), &["--json"]);
    let genuine = Card::genuine().read();
    for number in 0..5 {
        write_evidence(&many.join(format!("good-{number}")), &genuine);
    }
    std::fs::write(many.join(".unfinished"), b"another program still writes this").unwrap();
    let output = run();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let (files, summary) = lines(&output);
    assert_eq!(files.len(), 5);
    assert!(files.values().all(|line| line["verdict"]["decision"] == "accepted"));
    assert_eq!((&summary["accepted"], &summary["interrupted"]), (&Value::from(5), &Value::from(false)));

    std::fs::write(many.join("bad"), b"no evidence").unwrap();
    let output = run();
    assert_eq!(output.status.code(), Some(3), "what cannot be judged is graver than nothing");
    let (files, summary) = lines(&output);
    assert!(files["bad"]["error"]["code"].is_string() && files["bad"].get("verdict").is_none());
    assert_eq!((&summary["accepted"], &summary["not_judged"]), (&Value::from(5), &Value::from(1)));

    let mut forged = genuine.clone();
    *forged.files.data_groups.get_mut(&1).unwrap().last_mut().unwrap() ^= 1;
    write_evidence(&many.join("forged"), &forged);
    let output = run();
    assert_eq!(output.status.code(), Some(1), "refused is the gravest");
    let (files, summary) = lines(&output);
    assert_eq!(files["forged"]["verdict"]["decided_by"], "passive.dg-hashes");
    assert_eq!(summary["by_reason"]["refused passive.dg-hashes hash-mismatch"], 1);
    let told = arguments(text(&many), &["--lang", "en"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("Summary: 5 accepted, 1 refused, 0 undetermined, 1 not judged"), "{told}");

    // What belongs to one card.
    let output = arguments(text(&many), &["--holder-compared", "yes"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn paths_come_on_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let trust = trust_directory(folder.path());
    let path = folder.path().join("good");
    write_evidence(&path, &Card::genuine().read());
    let run = |input: &[u8]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_verifier"))
            .args(["verify", "--evidence", "-", "--trust", text(&trust), "--at", NOW, "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The program may end before it has read all.
        drop(child.stdin.take().unwrap().write_all(input));
        child.wait_with_output().unwrap()
    };
    let good = text(&path);
    for (input, judged, code) in [
        (format!("{good}\n\n{good}\r\n{good}"), (3, 0), 0),
        (format!("{good}\nnowhere\n{good}\n"), (2, 1), 3),
        (String::new(), (0, 0), 0),
        (format!("{good}\n{}\n{good}\n", "x".repeat(9000)), (1, 1), 3),
    ] {
        let output = run(input.as_bytes());
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let (_, summary) = lines(&output);
        assert_eq!((&summary["accepted"], &summary["not_judged"]), (&judged.0.into(), &judged.1.into()));
    }
    let (_, summary) = lines(&run(b"\xff\xfe\n"));
    assert_eq!(summary["not_judged"], 1, "no text");
}

#[test]
fn folders_of_files_without_a_card() {
    let folder = tempfile::tempdir().unwrap();
    let trust = trust_directory(folder.path());
    let many = folder.path().join("many");
    let evidence = Card::genuine().read();
    for name in ["whole", "altered"] {
        let card = many.join(name);
        std::fs::create_dir_all(&card).unwrap();
        std::fs::write(card.join("sod.bin"), evidence.files.sod.as_ref().unwrap()).unwrap();
        for (number, file) in &evidence.files.data_groups {
            std::fs::write(card.join(format!("dg{number}.bin")), file).unwrap();
        }
    }
    std::fs::write(many.join("altered/dg1.bin"), b"a").unwrap();
    std::fs::write(many.join("alone"), evidence.files.sod.as_ref().unwrap()).unwrap();
    std::fs::create_dir(many.join("empty")).unwrap();
    let output = verifier(&["passive", "--sod", text(&many), "--trust", text(&trust), "--at", NOW, "--json"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let (files, summary) = lines(&output);
    let decided = |name: &str| files[name]["verdict"]["decided_by"].as_str().unwrap();
    assert_eq!(decided("whole"), "chip.chip-authentication");
    assert_eq!(decided("altered"), "passive.dg-hashes");
    assert_eq!(files["alone"]["verdict"]["decision"], "undetermined");
    assert_eq!(files["empty"]["error"]["code"], "file-unreadable");
    assert_eq!((&summary["refused"], &summary["undetermined"]), (&Value::from(1), &Value::from(2)));
    let output = verifier(&["passive", "--sod", text(&many), "--trust", text(&trust), "--dg", "1=x"]);
    assert_eq!(output.status.code(), Some(2));
}

/// Exit code 0 says that every card was accepted: of none, nothing was said. A stream may be empty.
#[test]
fn a_folder_without_a_card_is_not_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let trust = trust_directory(folder.path());
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(empty.join(".half-written"), b"a").unwrap();
    for (command, option) in [("passive", "--sod"), ("verify", "--evidence")] {
        let judge =
            |path: &str| verifier(&[command, option, path, "--trust", text(&trust), "--at", NOW, "--json"]);
        let output = judge(text(&empty));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((output.status.code(), &told["error"]["code"]), (Some(3), &"folder-empty".into()));
        let output = judge("-");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(lines(&output).1["accepted"], 0);
    }
}

/// A real SIGINT, as Ctrl-C sends it.
fn interrupt(child: &Child) {
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    // The program learns of it on a thread of its own.
    std::thread::sleep(Duration::from_millis(400));
}

/// Waits for the end of a program that nobody reads from.
fn ended(child: &mut Child) -> Option<i32> {
    for _ in 0..200 {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    panic!("it did not end");
}

/// The lines fill the pipe, so the program is in the middle of the folder for as long as nobody reads on.
#[test]
fn the_first_ctrl_c_ends_with_a_summary_and_the_second_at_once() {
    const FILES: u64 = 300;
    let folder = tempfile::tempdir().unwrap();
    let trust = trust_directory(folder.path());
    let many = folder.path().join("many");
    std::fs::create_dir(&many).unwrap();
    let first = many.join("0");
    write_evidence(&first, &Card::genuine().read());
    for number in 1..FILES {
        std::fs::hard_link(&first, many.join(number.to_string())).unwrap();
    }
    let start = |of: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_verifier"))
            .args(["verify", "--evidence", of, "--trust", text(&trust), "--at", NOW, "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        (child, lines)
    };
    let read_line = |lines: &mut BufReader<_>| {
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert!(line.ends_with('\n'));
    };

    let (mut child, mut lines) = start(text(&many));
    read_line(&mut lines);
    interrupt(&child);
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let all: Vec<Value> = rest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (last, judged) = all.split_last().unwrap();
    assert_eq!(last["summary"]["interrupted"], true);
    assert!(judged.iter().all(|line| line["verdict"]["decision"] == "accepted"));
    let judged = u64::try_from(judged.len()).unwrap() + 1;
    assert_eq!(last["summary"]["accepted"], judged, "what was written is what was counted");
    assert!(judged < FILES);

    // Nobody reads on: once the pipe is full it cannot even end with a summary.
    let (mut child, mut lines) = (1..=5)
        .find_map(|seconds| {
            let (mut child, mut lines) = start(text(&many));
            read_line(&mut lines);
            std::thread::sleep(Duration::from_secs(seconds));
            interrupt(&child);
            child.try_wait().unwrap().is_none().then_some((child, lines))
        })
        .unwrap();
    interrupt(&child);
    assert_eq!(ended(&mut child), Some(3));
    let mut rest = Vec::new();
    lines.read_to_end(&mut rest).unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("\"summary\""));

    // A stream that waits for a line that does not come.
    let (mut child, mut lines) = start("-");
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "{}", text(&first)).unwrap();
    read_line(&mut lines);
    interrupt(&child);
    interrupt(&child);
    assert_eq!(ended(&mut child), Some(3));
}
