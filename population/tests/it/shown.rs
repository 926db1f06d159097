//! What is shown of a person, by which words and traces: sources, history, the items of an earlier law, numbers that ended.

use std::path::Path;
use std::process::Command;

use cccd_card_profile::card_holder::Sex;
use cccd_population::access::{Grounds, Look, Shown, verify};
use cccd_population::civil_status::{Act, Entry};
use cccd_population::matching::DigestKey;
use cccd_population::register_key::seal_keys;
use cccd_population::store::{Place, SqlStore, Store as _, StoreError};
use jiff::ToSpan as _;
use jiff::civil::date;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::civil_status::entry;
use crate::{TODAY, change, empty, now, number};

const AN: &str = r#"{"number":"079099000001","full_name":"Nguyễn Văn An","birth_date":"1999-01-15","sex":"male","religion":"Phật giáo","ethnic_group":"Kinh","identification_marks":"sẹo ở trán","old_number":"012345678"}"#;

fn run(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_population"))
        .current_dir(dir)
        .args(arguments)
        .args(["--lang", "en"])
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A register in a folder, with An in it; on this day.
struct House(tempfile::TempDir);

impl House {
    fn new() -> Self {
        let house = Self(tempfile::tempdir().unwrap());
        assert_eq!(house.on("2026-10-01", &["init"]).0, Some(0));
        house.takes("first.jsonl", AN, "2026-10-01");
        house
    }

    fn dir(&self) -> &Path {
        self.0.path()
    }

    fn takes(&self, file: &str, line: &str, day: &str) {
        std::fs::write(self.dir().join(file), line).unwrap();
        let (code, _, error) = self.on(day, &["import", file, "--replace"]);
        assert_eq!(code, Some(0), "{error}");
    }

    fn on(&self, day: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
        run(self.dir(), &[arguments, &["--db", "sqlite:r.db", "--at", day]].concat())
    }

    fn shows(&self, more: &[&str]) -> (Option<i32>, String) {
        let show = ["show", "079099000001", "--officer", "Bình", "--case", "17/2026"];
        let (code, out, error) = self.on("2026-11-21", &[&show[..], more].concat());
        (code, out + &error)
    }

    fn json(&self, more: &[&str]) -> Value {
        let (code, out) = self.shows(&[more, &["--json"]].concat());
        assert_eq!(code, Some(0), "{out}");
        serde_json::from_str(&out).unwrap()
    }

    fn shown(&self) -> Vec<String> {
        let (_, out, _) = self.on("2026-11-21", &["access-log", "--json"]);
        let told: Value = serde_json::from_str(&out).unwrap();
        told["looks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|look| look["shown"].as_str().unwrap().to_owned())
            .collect()
    }

    fn store(&self) -> SqlStore {
        let path = self.dir().join("r.db");
        SqlStore::open_with(&Place::file(&path), &seal_keys(&path).unwrap()).unwrap()
    }
}

/// Art. 9 with its sources and times: what came with which file, and when; sensitive items only where they are asked for.
#[test]
fn each_item_has_its_source_and_time_and_the_history_says_what_changed() {
    let house = House::new();
    house.takes(
        "second.jsonl",
        &AN.replace("Văn An", "Văn Ân").replace("Phật giáo", "Công giáo"),
        "2026-11-02",
    );
    let told = house.json(&["--sources"]);
    assert_eq!(told["sources"]["full_name"]["source"], "import:second.jsonl");
    assert!(told["sources"]["full_name"]["at"].as_str().unwrap().starts_with("2026-11-02"));
    assert_eq!(told["sources"]["ethnic_group"]["source"], "import:first.jsonl");
    for item in ["religion", "identification_marks"] {
        assert!(told["sources"].get(item).is_none() && told["person"].get(item).is_none(), "{told}");
    }
    let told = house.json(&["--sources", "--sensitive"]);
    assert_eq!(told["sources"]["religion"]["source"], "import:second.jsonl");
    assert_eq!(told["person"]["identification_marks"], "sẹo ở trán");
    let (_, text) = house.shows(&["--sources"]);
    assert!(text.contains("full_name: Nguyễn Văn Ân  [import:second.jsonl · 2026-11-02"), "{text}");

    let told = house.json(&["--history"]);
    let history = told["history"].as_array().unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!(history[1]["source"], "import:second.jsonl");
    assert_eq!(history[1]["changed"], json!({"full_name": {"from": "Nguyễn Văn An", "to": "Nguyễn Văn Ân"}}));
    assert_eq!(history[1]["sensitive_left_out"], true);
    let told = house.json(&["--history", "--sensitive"]);
    assert_eq!(told["history"][1]["changed"]["religion"], json!({"from": "Phật giáo", "to": "Công giáo"}));
    let (_, text) = house.shows(&["--history"]);
    assert!(text.contains("full_name: Nguyễn Văn An → Nguyễn Văn Ân") && !text.contains("giáo"), "{text}");
    assert_eq!(
        house.shown(),
        ["record", "sensitive", "record", "history", "sensitive-history", "history"],
        "each is a look, and says how much was shown"
    );
}

/// Luật Căn cước công dân 2014 art. 9(1), as Luật Cư trú 2020 left it.
#[test]
fn the_eighteen_items_of_the_earlier_law_are_a_view() {
    let house = House::new();
    let told = house.json(&["--items", "2014"]);
    let items = told["items_2014"].as_array().unwrap();
    assert_eq!(items.len(), 16, "religion and blood group are asked for");
    assert_eq!(items[0]["value"], "Nguyễn Văn An");
    let told = house.json(&["--items", "2014", "--sensitive"]);
    let items = told["items_2014"].as_array().unwrap();
    assert_eq!((items.len(), &items[6]["value"]), (18, &json!("Phật giáo")));
    assert!(told.get("person").is_none() && !told.to_string().contains("sẹo"), "nothing else is shown");
    let (_, text) = house.shows(&["--items", "2014", "--sources"]);
    assert!(text.contains(" 1. Full name at birth: Nguyễn Văn An  [import:first.jsonl"), "{text}");

    let export = |out: &str| {
        let export = ["export", "--out", out, "--items", "2014", "--officer", "Bình", "--case", "17/2026"];
        house.on("2026-11-21", &export)
    };
    assert_eq!(export("all.csv").0, Some(0));
    let mut reader = csv::Reader::from_path(house.dir().join("all.csv")).unwrap();
    assert_eq!(reader.headers().unwrap().len(), 19);
    let row = reader.records().next().unwrap().unwrap();
    assert_eq!((&row[0], &row[1], &row[18]), ("079099000001", "Nguyễn Văn An", ""));
    assert_eq!(export("all.jsonl").0, Some(0));
    let line: Value =
        serde_json::from_str(&std::fs::read_to_string(house.dir().join("all.jsonl")).unwrap()).unwrap();
    assert_eq!(line.as_object().unwrap().len(), 19);
    assert_eq!((&line["ethnic_group"], &line["household"]), (&json!("Kinh"), &Value::Null));
    assert_eq!(export("all.xml").0, Some(2), "the message of QCVN 109 has no such items");
}

/// NĐ 70/2024 art. 12: a cancelled number is kept and leads to its successor.
#[test]
fn a_cancelled_number_names_when_why_and_its_successor() {
    let house = House::new();
    let act =
        Act::SexRedetermined { person: number("079099000001"), sex: Sex::Female, on: date(2026, 11, 3) };
    let entry = Entry { registered_on: TODAY, ..entry(act) };
    let new = number("079199000009");
    house.store().record_act(&entry, Some(&new), "desk", &change(), TODAY).unwrap();
    let (code, text) = house.shows(&[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("cancelled since 2026-11-03: sex determined anew"), "{text}");
    assert!(text.contains("079199000009") && text.contains("Logged as look 1"), "{text}");
    let (_, out) = house.shows(&["--json"]);
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["cancelled"]["successor"], "079199000009");
    assert_eq!(told["cancelled"]["cause"], "sex-redetermined");
    // Its history is that of the successor as well, and each number is a look.
    let ask = ["show", "079199000009", "--officer", "Bình", "--case", "17/2026", "--history", "--json"];
    let (code, out, error) = house.on("2026-11-21", &ask);
    assert_eq!(code, Some(0), "{error}");
    let told: Value = serde_json::from_str(&out).unwrap();
    let numbers: Vec<&str> =
        told["history"].as_array().unwrap().iter().map(|one| one["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["079099000001", "079199000009"]);
    assert_eq!(house.shown(), ["record", "record", "history", "history"]);
    // Who was never there is still nobody.
    let nobody = ["show", "079099999999", "--officer", "Bình", "--case", "17/2026"];
    assert_eq!(house.on("2026-11-21", &nobody).0, Some(3));
}

#[test]
fn an_entry_dated_before_the_last_one_is_refused_and_a_clock_that_was_ahead_is_corrected() {
    let house = House::new();
    assert_eq!(house.shows(&[]).0, Some(0));
    let show = ["show", "079099000001", "--officer", "Bình", "--case", "17/2026"];
    let (code, out, error) = house.on("2020-01-01", &show);
    assert_eq!((code, out.as_str()), (Some(3), ""), "nothing is shown");
    assert!(error.contains("the clock went back") && error.contains("--correct-clock"), "{error}");
    // A clock ran ahead: no look is taken until somebody says so.
    assert_eq!(house.on("2031-01-01", &show).0, Some(0));
    assert_eq!(house.shows(&[]).0, Some(3));
    let correct = ["access-log", "--correct-clock", "đồng hồ chạy trước", "--officer", "Bình"];
    assert_eq!(house.on("2026-11-21", &correct).0, Some(0));
    assert_eq!(house.on("2026-11-21", &correct).0, Some(1), "there is nothing to correct any more");
    assert_eq!(house.shows(&[]).0, Some(0));
    assert_eq!(house.shown(), ["record", "record", "clock-corrected", "record"]);
    assert_eq!(house.on("2026-11-21", &["access-log", "--verify"]).0, Some(0));
}

#[test]
fn the_log_says_what_was_shown_and_whether_it_was_read_or_written() {
    let house = House::new();
    assert_eq!(house.shows(&["--sensitive"]).0, Some(0));
    let day = "2026-11-21";
    assert_eq!(house.on(day, &["duplicates", "--officer", "Bình", "--case", "18/2026"]).0, Some(0));
    let (_, text, _) = house.on(day, &["access-log"]);
    assert!(text.contains("seen: the record with its sensitive items"), "{text}");
    assert!(text.contains("seen: compared for duplicates · 1 records"), "{text}");
    let asked = ["--identity", "sqlite:i.db", "--officer", "Bình", "--case", "CC01-17"];
    let identity = |arguments: &[&str]| run(house.dir(), &[&["identity"], arguments].concat());
    assert_eq!(identity(&["init", "--identity", "sqlite:i.db"]).0, Some(0));
    assert_eq!(identity(&[&["put", "079099000001", "eid", "level-2"], &asked[..]].concat()).0, Some(0));
    let (_, text, _) = identity(&["log", "--identity", "sqlite:i.db"]);
    assert!(text.contains("written: the electronic account"), "{text}");
}

/// Checking an extract shows what it says: names, dates, numbers.
#[test]
fn checking_an_extract_is_a_look_at_everybody_it_names() {
    let house = House::new();
    let act = Act::Death { person: number("079099000001"), on: date(2026, 11, 3) };
    let entry = Entry { registered_on: TODAY, ..entry(act) };
    house.store().record_act(&entry, None, "desk", &change(), TODAY).unwrap();
    let day = "2026-11-21";
    let make =
        ["extract", "make", "--act", "00070.2026.KT.7", "--out", "1.pdf", "--officer", "Bình", "--case", "1"];
    let (code, out, error) = house.on(day, &[&make[..], &["--json"]].concat());
    assert_eq!(code, Some(0), "{error}");
    let made: Value = serde_json::from_str(&out).unwrap();
    let code = made["code"].as_str().unwrap();
    let check = ["extract", "check", code, "--officer", "Bình", "--case", "2"];
    let (exit, text, error) = house.on(day, &check);
    assert!(exit == Some(0) && text.contains("NGUYỄN VĂN AN"), "{text}{error}");
    assert_eq!(house.shown(), ["extract", "extract"]);
    // What shows nobody leaves no entry.
    assert_eq!(house.on(day, &["extract", "check", &code.replace("KT.7:", "KT.2:")]).0, Some(1));
    assert_eq!(house.shown().len(), 2);
}

fn key() -> DigestKey {
    DigestKey::new(Zeroizing::new([3; 32]))
}

#[test]
fn a_look_may_be_a_little_earlier_than_the_one_before_it() {
    let mut store = empty();
    let look = |at| {
        Look::new(&key(), &number("079099000001"), "Bình", Grounds::Case("1".to_owned()), Shown::Record, at)
            .unwrap()
    };
    store.log_access(&key(), "http", &[look(now())]).unwrap();
    store.log_access(&key(), "http", &[look(now() - 4.minutes())]).unwrap();
    store.log_access(&key(), "http", &[look(now())]).unwrap();
    let refused = store.log_access(&key(), "http", &[look(now() - 6.minutes())]);
    assert!(matches!(refused, Err(StoreError::ClockBehind { newest }) if newest == now()));
    assert_eq!(verify(&store, &key(), "http").unwrap(), 3);
    // Each log has its own clock.
    store.log_access(&key(), "command-line", &[look(now() - 6.minutes())]).unwrap();
}
