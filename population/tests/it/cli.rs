//! The program as its user meets it.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn program(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_population"));
    command.current_dir(dir).args(arguments);
    command
}

fn run(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = program(dir, arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn errors_speak_the_language_asked_for_and_repeat_no_value() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(run(dir, &["init", "--db", "sqlite:r.db"]).0, Some(0));
    let death = ["event", "death", "--db", "sqlite:r.db", "--date", "2026-03-01", "--number"];
    let table: [(&[&str], i32, &str, &str); 4] = [
        (&["stats", "--db", "sqlite:none.db"], 3, "Chưa có cơ sở dữ liệu dân cư", "there is no register"),
        (&["stats", "--db", "none.db"], 2, "viết sqlite:TỆP", "write sqlite:FILE"),
        (&[&death[..], &["001090999999"]].concat(), 3, "không có người nào", "knows no person"),
        (&[&death[..], &["00109099999x"]].concat(), 2, "đúng 12 chữ số", "has 12 digits"),
    ];
    for (arguments, code, vietnamese, english) in table {
        for (lang, words) in [(&[][..], vietnamese), (&["--lang", "en"][..], english)] {
            let (exit, out, error) = run(dir, &[arguments, lang].concat());
            assert_eq!((exit, out.as_str()), (Some(code), ""), "{arguments:?}");
            assert!(error.contains(words), "{error}");
            assert_eq!(error.lines().count(), 2, "one sentence what happened, one what to do: {error}");
            assert!(!error.contains("00109099"), "an error repeats a number");
        }
        let (exit, out, _) = run(dir, &[arguments, &["--json"]].concat());
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(exit, Some(code));
        assert!(json["error"]["message"].as_str().unwrap().contains(vietnamese), "{out}");
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(run(dir, &["init", "--db", "sqlite:r.db"]).0, Some(0));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = program(dir, &["stats", "--db", "sqlite:r.db"])
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!((child.wait().unwrap().code(), error.as_str()), (Some(0), ""));
}
