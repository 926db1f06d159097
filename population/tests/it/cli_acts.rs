//! Acts, cases and events as their users meet them.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::run;

const DB: [&str; 4] = ["--db", "sqlite:r.db", "--at", "2026-11-26"];

/// A married couple in one household.
fn register(dir: &Path) {
    let person = |number: &str, name: &str, born: &str, sex: &str, spouse: (&str, &str), relation: &str| {
        json!({
            "number": number, "full_name": name, "birth_date": born, "sex": sex, "marital_status": "married",
            "spouse": {"name": spouse.1, "number": spouse.0}, "relation_to_head": relation,
            "household": [
                {"name": "Trần Văn Bình", "number": "001088000001", "relation": "Chủ hộ"},
                {"name": "Lê Thị Chi", "number": "001190000002", "relation": "Vợ"}],
            "residences": {"permanent": {"address": "Số 1, phố Hàng Bài, Hà Nội", "ward_code": "00070"}},
        })
    };
    let him = ("001088000001", "Trần Văn Bình");
    let her = ("001190000002", "Lê Thị Chi");
    let people = [
        person(him.0, him.1, "1988-02-03", "male", her, "Chủ hộ"),
        person(her.0, her.1, "1990-04-05", "female", him, "Vợ"),
    ];
    let lines: Vec<String> = people.iter().map(|one| format!("{one}\n")).collect();
    std::fs::write(dir.join("p.jsonl"), lines.concat()).unwrap();
    assert_eq!(run(dir, &[&["init"], &DB[..2]].concat()).0, Some(0));
    let (code, out, error) = run(dir, &[&["import"], &DB[..], &["p.jsonl"]].concat());
    assert_eq!(code, Some(0), "{out}{error}");
}

fn asked(dir: &Path, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let (code, out, error) = run(dir, &[arguments, &DB[..], &["--json"]].concat());
    let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line} {error}"));
    (code, out.lines().map(read).collect())
}

fn act(id: &str, act: &Value) -> String {
    let entry = json!({"id": id, "registered_on": "2026-11-20", "registered_by": "A", "act": act});
    format!("{entry}\n")
}

fn sent(dir: &Path, octets: impl AsRef<[u8]>) -> (Option<i32>, Vec<Value>) {
    std::fs::write(dir.join("acts.jsonl"), octets).unwrap();
    asked(dir, &["act", "--intake", "desk-1", "acts.jsonl"])
}

fn death(id: &str, on: &str) -> String {
    act(id, &json!({"death": {"person": "001088000001", "on": on}}))
}

#[test]
fn a_bad_line_of_acts_is_told_and_the_others_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    register(dir);
    let renamed = |serial: u32, name: &str| {
        let id = format!("00070.2026.TD.{serial}");
        let said = json!({"person": "001190000002", "full_name": name, "on": "2026-11-19"});
        act(&id, &json!({ "name_changed": said })).into_bytes()
    };
    let long = [vec![b'x'; 70_000], b"\n".to_vec()].concat();
    let lines = [
        b"\n".to_vec(),
        renamed(1, "Lê Thị Chín"),
        b"{\"id\":\"\xff\xfe\"}\n".to_vec(),
        long,
        renamed(2, ""),
        renamed(3, "12345"),
        renamed(4, "Lê Thị Chi"),
    ];
    let (code, told) = sent(dir, lines.concat());
    assert_eq!(code, Some(1));
    let told: Vec<_> = told.iter().map(|line| (&line["line"], &line["outcome"], &line["reason"])).collect();
    let (no_entry, refused, flaw) = (json!("not-an-entry"), json!("refused"), json!("item-not-possible"));
    let expected = [
        (&json!(2), &json!("applied"), &Value::Null),
        (&json!(3), &no_entry, &json!("not-utf-8")),
        (&json!(4), &no_entry, &json!("entry-too-long")),
        (&json!(5), &refused, &flaw),
        (&json!(6), &refused, &flaw),
        (&json!(7), &json!("applied"), &Value::Null),
    ];
    assert_eq!(told, expected);
    let (_, out, _) = run(dir, &[&["act", "--intake", "d", "acts.jsonl"], &DB[..]].concat());
    assert!(
        out.contains("Mục Họ tên (full_name) bị để trống")
            && out.contains("Mục Họ tên (full_name) không đúng dạng"),
        "{out}"
    );
    // A number's requests, with blank lines between them.
    let request = |id: &str| json!({"request": id, "place": "001", "sex": "male", "year": 2026}).to_string();
    std::fs::write(dir.join("r.jsonl"), format!("\n{}\n  \n{}\n", request("a"), request("b"))).unwrap();
    let (code, given) = asked(dir, &["number", "--requests", "r.jsonl"]);
    assert_eq!((code, given.len(), &given[1]["line"]), (Some(0), 2, &json!(4)));
}

#[test]
fn an_event_notes_a_death_and_the_act_does_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    register(dir);
    let help = run(dir, &["event", "--help"]).1;
    assert!(help.contains("nothing\nelse") && help.contains("population act"), "{help}");
    let event = ["event", "death", "--number", "001088000001", "--date", "2026-11-18"];
    assert_eq!(asked(dir, &event).0, Some(0));
    assert_eq!(asked(dir, &["outbox"]).1, [] as [Value; 0]);
    let (code, told) = sent(dir, death("00070.2026.KT.51", "2026-11-18"));
    assert_eq!((code, &told[0]["outcome"]), (Some(0), &json!("applied")));
    let (_, steps) = asked(dir, &["procedure", "show", "--number", "001088000001"]);
    let steps: Vec<_> = steps[0]["steps"].as_array().unwrap().iter().map(|step| &step["step"]).collect();
    assert_eq!(steps, ["residence-removed", "funeral-benefit"]);
    let show = ["show", "--officer", "A", "--case", "1"];
    let (_, widow) = asked(dir, &[&show[..], &["001190000002"]].concat());
    assert_eq!(widow[0]["person"]["marital_status"], "widowed");
    assert_eq!(widow[0]["person"]["household"].as_array().unwrap().len(), 1);
    let (_, dead) = asked(dir, &[&show[..], &["001088000001"]].concat());
    assert_eq!(
        (&dead[0]["person"]["residences"], &dead[0]["person"]["household"]),
        (&json!({}), &Value::Null)
    );
    // Registered twice: now it changes nothing.
    let (code, told) = sent(dir, death("00071.2026.KT.1", "2026-11-18"));
    assert_eq!((code, &told[0]["reason"]), (Some(1), &json!("changes-nothing")));
}

#[test]
fn a_case_shows_what_its_act_says_and_what_the_register_holds() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    register(dir);
    let acts = death("00070.2026.KT.50", "2026-11-17") + &death("00070.2026.KT.51", "2026-11-18");
    let (_, told) = sent(dir, acts);
    assert_eq!(told[1]["reason"], "other-day-of-death");
    let (_, cases) = asked(dir, &["cases", "list", "--officer", "B"]);
    let case = cases[0]["cases"][0]["case"].as_str().unwrap().to_owned();
    let show = ["cases", "show", &case, "--officer", "B"];
    let (_, shown) = asked(dir, &show);
    assert_eq!(shown[0]["act"]["act"]["death"]["on"], "2026-11-18");
    assert_eq!(shown[0]["register"][0]["known"]["life"], json!({"dead": "2026-11-17"}));
    assert_eq!(shown[0]["register"][0]["known"]["religion"], Value::Null);
    for (lang, words) in [
        ("vi", ["khai tử", "Ngày: 18/11/2026", "Trần Văn Bình", "đã chết 17/11/2026", "Lê Thị Chi"]),
        ("en", ["death", "Day: 2026-11-18", "Trần Văn Bình", "dead 2026-11-17", "Spouse"]),
    ] {
        let (_, text, _) = run(dir, &[&show[..], &DB[..], &["--lang", lang]].concat());
        for words in words {
            assert!(text.contains(words), "{words}: {text}");
        }
    }
    // Both of a marriage are shown, and both looks are logged.
    let marriage = json!({"husband": "001088000001", "wife": "001190000002", "on": "2026-11-19"});
    let (_, told) = sent(dir, act("00070.2026.KH.9", &json!({ "marriage": marriage })));
    assert_eq!(told[0]["reason"], "after-death");
    let (_, cases) = asked(dir, &["cases", "list", "--officer", "B"]);
    let cases = cases[0]["cases"].as_array().unwrap();
    let other = cases.iter().find_map(|one| one["case"].as_str().filter(|id| *id != case)).unwrap();
    let (_, shown) = asked(dir, &["cases", "show", other, "--officer", "C"]);
    assert_eq!(shown[0]["register"].as_array().unwrap().len(), 2);
    let (_, log) = asked(dir, &["access-log", "--officer", "C"]);
    assert_eq!(log[0]["looks"].as_array().unwrap().len(), 2);
    // Under another number since: the case leads to the record.
    let determined = json!({"person": "001190000002", "sex": "male", "on": "2026-11-19"});
    let (_, told) = sent(dir, act("00070.2026.GT.1", &json!({ "sex_redetermined": determined })));
    let now = told[0]["number"].as_str().unwrap();
    let (_, shown) = asked(dir, &["cases", "show", other, "--officer", "C"]);
    let held = shown[0]["register"].as_array().unwrap();
    let of = |number: &str| held.iter().find(|one| one["number"] == number).unwrap();
    assert_eq!(
        (held.len(), &of("001190000002")["successor"], &of("001190000002")["known"]),
        (3, &json!(now), &Value::Null)
    );
    assert_eq!(of(now)["known"]["full_name"], "Lê Thị Chi");
}

/// The cards of before come in as a file; each line is told of by itself.
#[test]
fn cards_that_were_made_elsewhere_are_recorded_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    register(dir);
    let card = |number: &str, sod: &str, issued: &str| {
        json!({
            "number": number, "sod_sha256": sod.repeat(32), "document_number": format!("0990000{sod}"),
            "chip_serial": sod.repeat(10), "issued": issued, "expires": "2039-01-15",
        })
        .to_string()
    };
    let (wife, husband) = ("001190000002", "001088000001");
    let lines = [
        card(wife, "11", "2022-01-01"),
        card(husband, "22", "2099-01-01"),
        card("001190999999", "33", "2022-01-01"),
        "a card".to_owned(),
        card(husband, "44", "2022-01-01"),
        card(wife, "55", "2023-01-01"),
    ];
    std::fs::write(dir.join("cards.jsonl"), lines.join("\n")).unwrap();
    let record = ["card", "record", "cards.jsonl"];
    let (code, told) = asked(dir, &record);
    let outcomes: Vec<&str> = told.iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["recorded", "refused", "refused", "no-card", "recorded", "refused"]);
    assert_eq!(code, Some(1));
    std::fs::write(dir.join("cards.jsonl"), [&lines[0], &lines[4]].map(String::as_str).join("\n")).unwrap();
    let (code, told) = asked(dir, &record);
    assert_eq!((code, told[0]["outcome"].as_str(), told.len()), (Some(0), Some("repeat"), 2));
}

/// Who may be one person is shown with both records: an officer judges by what they say, not by weights alone.
#[test]
fn a_pair_is_shown_with_both_records() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    register(dir);
    let twin = json!({
        "number": "001188000009", "full_name": "Lê Thị Chi", "birth_date": "1990-04-05", "sex": "female",
        "residences": {"permanent": {"address": "Số 1, phố Hàng Bài, Hà Nội", "ward_code": "00070"}},
    });
    std::fs::write(dir.join("twin.jsonl"), format!("{twin}\n")).unwrap();
    asked(dir, &["import", "twin.jsonl", "--duplicates"]);
    let (_, cases) = asked(dir, &["cases", "list", "--officer", "B"]);
    let case = cases[0]["cases"][0]["case"].as_str().unwrap().to_owned();
    let show = ["cases", "show", &case, "--officer", "D"];
    let (_, shown) = asked(dir, &show);
    let names: Vec<_> = shown[0]["register"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["known"]["full_name"].as_str())
        .collect();
    assert_eq!((names, &shown[0]["act"]), (vec![Some("Lê Thị Chi"); 2], &Value::Null));
    let (_, text, _) = run(dir, &[&show[..], &DB[..], &["--lang", "vi"]].concat());
    assert!(
        text.contains("001188000009 · Lê Thị Chi") && text.contains("001190000002 · Lê Thị Chi"),
        "{text}"
    );
    let (_, log) = asked(dir, &["access-log", "--officer", "D"]);
    assert_eq!(log[0]["looks"].as_array().unwrap().len(), 4, "each look at each");
}

#[test]
fn a_line_that_is_no_entry_says_which_item_and_nothing_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    register(dir);
    let bad = |act: &Value| json!({"id": "00070.2026.KT.5", "registered_on": "2026-11-20", "registered_by": "R", "act": act});
    let lines = [
        bad(&json!({"death": {"person": "00108800000", "on": "2026-11-19"}})).to_string(),
        bad(&json!({"death": {"person": "001088000001", "on": "2026-02-31"}})).to_string(),
        bad(&json!({"death": {"Lê Thị Chi": "001088000001"}})).to_string(),
        "{".to_owned(),
        // Two in one line: the second is not lost.
        death("00070.2026.KT.8", "2026-11-17").trim().repeat(2),
    ];
    let (code, told) = sent(dir, lines.join("\n"));
    assert_eq!(code, Some(1));
    let fields: Vec<_> = told.iter().map(|one| one["field"].as_str()).collect();
    assert_eq!(fields[..2], [Some("act.death.person"), Some("act.death.on")]);
    assert!(told[..3].iter().all(|one| one["act"] == "00070.2026.KT.5" && one["outcome"] == "not-an-entry"));
    let all = told.iter().map(Value::to_string).collect::<String>();
    assert!(!all.contains("Chi") && !all.contains("0010880"), "{all}");
}
