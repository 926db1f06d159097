//! The program as its user meets it.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn program(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_population"));
    command.current_dir(dir).args(arguments);
    command
}

pub(crate) fn run(dir: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
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
fn a_database_server_that_does_not_answer_is_not_a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    // A port that was free a moment ago: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let db = format!("postgres://clerk@127.0.0.1:{port}/register");
    for (lang, what, advice) in [
        ("vi", "Máy chủ cơ sở dữ liệu không trả lời", "Khởi động PostgreSQL"),
        ("en", "database server does not answer", "Start PostgreSQL"),
    ] {
        let (exit, out, error) = run(dir.path(), &["stats", "--db", &db, "--lang", lang]);
        assert_eq!((exit, out.as_str()), (Some(3), ""), "{error}");
        assert!(error.contains(what) && error.contains(advice), "{error}");
    }
    let (_, out, _) = run(dir.path(), &["stats", "--db", &db, "--json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["error"]["code"], "store-unreachable");
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

#[test]
fn quality_shows_scores_work_lists_and_a_trend() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(run(dir, &["init", "--db", "sqlite:r.db"]).0, Some(0));
    let made = ["generate", "--people", "300", "--seed", "5", "--out", "n.csv", "--at", "2026-10-01"];
    assert_eq!(run(dir, &made).0, Some(0));
    assert_eq!(run(dir, &["import", "--db", "sqlite:r.db", "n.csv", "--at", "2026-10-01"]).0, Some(0));
    let quality = |more: &[&str]| {
        let (code, out, error) = run(dir, &[&["quality", "--db", "sqlite:r.db", "--json"], more].concat());
        assert_eq!(code, Some(0), "{error}");
        serde_json::from_str::<serde_json::Value>(&out).unwrap()
    };
    let first = quality(&["--at", "2026-10-01", "--trend", "scores.jsonl"]);
    assert_eq!(first["whole"]["persons"], 300);
    assert_eq!(first["change_30_days"], serde_json::Value::Null);
    let areas = first["areas"].as_array().unwrap();
    assert_eq!(areas.iter().map(|area| area["persons"].as_u64().unwrap()).sum::<u64>(), 300);

    // One row names a group that is none: the office of its ward hears of it.
    let lines: Vec<String> =
        std::fs::read_to_string(dir.join("n.csv")).unwrap().lines().map(str::to_owned).collect();
    let column = |name: &str| lines[0].split(',').position(|column| column == name).unwrap();
    let mut reader = csv::ReaderBuilder::new().from_path(dir.join("n.csv")).unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let living = rows.iter().find(|row| {
        row[column("life")] == *"alive"
            && !row[column("ethnic_group")].is_empty()
            && !row[column("permanent_ward")].is_empty()
    });
    let living = living.unwrap();
    let mut damaged: Vec<String> = living.iter().map(str::to_owned).collect();
    damaged[column("ethnic_group")] = "Không rõ".to_owned();
    let mut writer = csv::Writer::from_path(dir.join("d.csv")).unwrap();
    writer.write_record(lines[0].split(',')).unwrap();
    writer.write_record(&damaged).unwrap();
    writer.flush().unwrap();
    assert_eq!(
        run(dir, &["import", "--db", "sqlite:r.db", "d.csv", "--source", "n.csv", "--at", "2026-11-26"]).0,
        Some(0)
    );
    let ward = &living[column("permanent_ward")];
    let list = quality(&["--office", ward, "--at", "2026-11-26"]);
    let tasks = list["tasks"].as_array().unwrap();
    let task = tasks.iter().find(|task| task["number"] == living[0]).expect("on the office's list");
    let rules: Vec<_> = task["remarks"].as_array().unwrap().iter().map(|remark| &remark["rule"]).collect();
    assert!(rules.contains(&&serde_json::json!("ethnic-group-unknown")), "{rules:?}");

    let second = quality(&["--at", "2026-11-26", "--trend", "scores.jsonl"]);
    assert!(second["change_30_days"].as_i64().is_some());
    let correct = |json: &serde_json::Value| json["whole"]["parts"]["correct"].as_str().unwrap().to_owned();
    assert_eq!((correct(&first).as_str(), correct(&second).as_str()), ("100.00", "99.66"));
    assert_eq!(std::fs::read_to_string(dir.join("scores.jsonl")).unwrap().lines().count(), 2);
    std::fs::write(dir.join("scores.jsonl"), "nonsense\n").unwrap();
    let (code, _, error) = run(dir, &["quality", "--db", "sqlite:r.db", "--trend", "scores.jsonl"]);
    assert_eq!(code, Some(3), "{error}");
    assert_eq!(
        std::fs::read_to_string(dir.join("scores.jsonl")).unwrap(),
        "nonsense\n",
        "and nothing is added"
    );
}

#[test]
fn people_are_searched_and_duplicates_found() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let db = ["--db", "sqlite:r.db"];
    assert_eq!(run(dir, &[&["init"][..], &db].concat()).0, Some(0));
    let rows = "number,full_name,birth_date,sex,father_name,mother_name,place_of_origin\n\
        001199000001,Nguyễn Thị Hoà,1999-01-15,female,Nguyễn Văn Sơn,Trần Thị Cúc,\"Mẫu, Hà Nội\"\n\
        001199000002,Nguyen Thi Hoa,1999-01-15,female,Nguyen Van Son,Tran Thi Cuc,Mau Ha Noi\n\
        001199000003,Nguyễn Thị Hằng,1999-01-15,female,Nguyễn Văn Sơn,Trần Thị Cúc,\"Mẫu, Hà Nội\"\n";
    std::fs::write(dir.join("rows.csv"), rows).unwrap();
    let (code, _, error) = run(dir, &[&["import"][..], &db, &["rows.csv"]].concat());
    assert_eq!(code, Some(0), "{error}");
    let json = |arguments: &[&str]| {
        let (code, out, error) = run(dir, &[arguments, &db, &["--json"]].concat());
        (code, serde_json::from_str::<serde_json::Value>(&out).unwrap_or_else(|_| panic!("{error}")))
    };
    let asked = ["--officer", "Bình", "--case", "17/2026"];
    let json_for = |arguments: &[&str]| json(&[arguments, &asked].concat());
    let (code, found) = json_for(&["search", "--name", "Hòa Nguyễn Thị", "--born", "1999"]);
    assert_eq!(code, Some(0));
    assert_eq!(found["hits"][0]["number"], "001199000001");
    assert_eq!(found["hits"][0]["agreements"][0]["findings"], serde_json::json!(["reordered"]));
    let (_, log) = json(&["access-log"]);
    let shown = found["hits"].as_array().unwrap().len();
    assert_eq!(log["looks"].as_array().unwrap().len(), shown, "everybody who is shown is a look");
    let (code, _) = json_for(&["search", "--name", "Phạm Văn Lực", "--born", "1970"]);
    assert_eq!(code, Some(1));
    let (code, refused) = json_for(&["search", "--name", "Nguyễn Thị Hoà"]);
    assert_eq!((code, refused["error"]["code"].as_str()), (Some(2), Some("too-little-known")));
    let (code, found) = json(&["duplicates"]);
    assert_eq!(code, Some(0));
    let pairs = found["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 1, "{found}");
    assert_eq!((&pairs[0]["one"], &pairs[0]["other"]), (&"001199000001".into(), &"001199000002".into()));
    assert!(pairs[0]["bits"].as_f64().unwrap() > 23.0);
}

#[test]
fn acts_come_in_line_by_line_and_messages_go_out() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(run(dir, &["init", "--db", "sqlite:r.db"]).0, Some(0));
    let people = "number,full_name,birth_date,sex\n001088000001,Trần Văn Bình,1988-02-03,male\n\
                  001190000002,Lê Thị Chi,1990-04-05,female\n";
    std::fs::write(dir.join("p.csv"), people).unwrap();
    assert_eq!(run(dir, &["import", "--db", "sqlite:r.db", "p.csv"]).0, Some(0));
    let marriage = |id: &str, on: &str| {
        format!(
            "{{\"id\":\"{id}\",\"registered_on\":\"2026-11-20\",\"registered_by\":\"x\",\"act\":{{\"marriage\":\
             {{\"husband\":\"001088000001\",\"wife\":\"001190000002\",\"on\":\"{on}\"}}}}}}\n"
        )
    };
    let lines = [
        marriage("00070.2026.KH.1", "2026-11-19"),
        marriage("00070.2026.KH.1", "2026-11-19"),
        "nonsense\n".to_owned(),
        marriage("00070.2026.KH.2", "2026-11-21"),
        marriage("00070.2026.KH.1", "2026-11-18"),
    ];
    std::fs::write(dir.join("acts.jsonl"), lines.concat()).unwrap();
    let act =
        ["act", "--db", "sqlite:r.db", "--intake", "desk-1", "--json", "--at", "2026-11-26", "acts.jsonl"];
    let (code, out, error) = run(dir, &act);
    assert_eq!(code, Some(1), "{error}");
    let outcomes: Vec<String> = out
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["outcome"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(outcomes, ["applied", "repeat", "not-an-entry", "refused", "refused"]);
    let (_, out, _) = run(dir, &["outbox", "--db", "sqlite:r.db", "--delivered"]);
    assert_eq!(out.lines().filter(|line| line.contains("person-changed")).count(), 2);
    assert_eq!(run(dir, &["outbox", "--db", "sqlite:r.db"]).1, "");
    // Extracts of the act: each has its number, and is a look at both.
    let json = |arguments: &[&str]| {
        let (code, out, error) = run(dir, &[arguments, &["--db", "sqlite:r.db", "--json"]].concat());
        assert_eq!(code, Some(0), "{error}");
        serde_json::from_str::<serde_json::Value>(&out).unwrap()
    };
    let asked = ["--officer", "Bình", "--case", "TL-1", "--at", "2026-11-26"];
    for (out, wanted) in [("1.pdf", "00070.2026.TL.1"), ("2.pdf", "00070.2026.TL.2")] {
        let make = ["extract", "make", "--act", "00070.2026.KH.1", "--out", out];
        assert_eq!(json(&[&make[..], &asked].concat())["given"], wanted);
        assert!(std::fs::read(dir.join(out)).unwrap().starts_with(b"%PDF-"));
    }
    let given = json(&["extract", "given", "00070.2026.KH.1"]);
    assert_eq!(given["given"].as_array().unwrap().len(), 2);
    let log = json(&["access-log"]);
    let shown: Vec<_> = log["looks"].as_array().unwrap().iter().map(|look| &look["shown"]).collect();
    assert_eq!(shown, ["extract"; 4]);
}

#[test]
fn whose_details_a_ministry_keeps_is_shown_for_a_case_and_left_out_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(run(dir, &["init", "--db", "sqlite:r.db"]).0, Some(0));
    let line = r#"{"number":"079099000001","full_name":"Nguyễn Văn An","birth_date":"1999-01-15","sex":"male","phone":"0912345678"}"#;
    std::fs::write(dir.join("an.jsonl"), line).unwrap();
    let on = |arguments: &[&str]| run(dir, &[arguments, &["--db", "sqlite:r.db", "--lang", "en"]].concat());
    assert_eq!(on(&["import", "an.jsonl"]).0, Some(0));
    let set = [
        "keeper",
        "set",
        "079099000001",
        "--keeper",
        "defence",
        "--since",
        "2026-11-01",
        "--reference",
        "123",
    ];
    assert_eq!(on(&set).0, Some(0));
    assert_eq!(
        on(&[
            "keeper",
            "set",
            "079099000001",
            "--keeper",
            "navy",
            "--since",
            "2026-11-01",
            "--reference",
            "1"
        ])
        .0,
        Some(2)
    );
    let show = ["show", "079099000001", "--officer", "Bình", "--sensitive"];
    let (code, out, error) = on(&[&show[..], &["--break-glass", "cấp cứu"]].concat());
    assert!(code == Some(1) && !out.contains("An") && error.contains("Another ministry"), "{error}");
    let (code, out, _) = on(&[&show[..], &["--case", "17/2026"]].concat());
    assert!(
        code == Some(0) && out.contains("Details kept by: defence") && !out.contains("0912345678"),
        "{out}"
    );
    let search = ["search", "--name", "Nguyễn Văn An", "--born", "1999", "--officer", "Bình", "--case", "1"];
    assert_eq!(on(&search).0, Some(1), "not by a name");
    let (_, out, _) = on(&["import", "an.jsonl", "--source", "again", "--json"]);
    assert!(out.contains("\"rejected\":1"), "{out}");
    let (_, out, _) = on(&["export", "--out", "all.json", "--json"]);
    assert!(out.contains("\"persons\":0"), "{out}");
    assert_eq!(on(&["keeper", "end", "079099000001", "--keeper", "defence"]).0, Some(0));
    assert_eq!(on(&search).0, Some(0));
}

#[test]
fn a_number_is_given_once_a_request_and_refused_for_facts_that_make_none() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(run(dir, &["init", "--db", "sqlite:r.db"]).0, Some(0));
    let ask = |request: &str, place: &str, year: &str| {
        let facts = ["--place", place, "--sex", "female", "--year", year, "--json"];
        let (code, out, error) =
            run(dir, &[&["number", "--db", "sqlite:r.db", "--request", request], &facts[..]].concat());
        assert_eq!(error, "");
        (code, serde_json::from_str::<serde_json::Value>(&out).unwrap())
    };
    let (code, answer) = ask("00070.2026.KS.1", "001", "2026");
    let number = answer["number"].as_str().unwrap();
    assert_eq!((code, &number[..6]), (Some(0), "001326"));
    assert_eq!(ask("00070.2026.KS.1", "001", "2026").1, answer);
    assert_ne!(ask("00070.2026.KS.2", "001", "2026").1["number"], answer["number"]);
    for (request, place, year, reason) in [
        ("00070.2026.KS.1", "001", "2025", "other-facts"),
        ("00070.2026.KS.3", "003", "2026", "facts"),
        ("00070.2026.KS.3", "1", "2026", "facts"),
        ("00070.2026.KS.3", "001", "1899", "facts"),
        ("an act", "001", "2026", "request"),
    ] {
        let (code, answer) = ask(request, place, year);
        assert_eq!((code, answer["reason"].as_str()), (Some(1), Some(reason)));
        assert_eq!(answer["number"], serde_json::Value::Null);
    }
    std::fs::write(
        dir.join("requests.jsonl"),
        "{\"request\":\"00070.2026.KS.1\",\"place\":\"001\",\"sex\":\"female\",\"year\":2026}\nnone\n",
    )
    .unwrap();
    let (code, out, error) =
        run(dir, &["number", "--db", "sqlite:r.db", "--requests", "requests.jsonl", "--lang", "en"]);
    assert_eq!((code, out), (Some(2), format!("00070.2026.KS.1 · {number}\n")));
    assert!(error.contains("no request in line 2"), "{error}");
    assert_eq!(run(dir, &["number", "--db", "sqlite:r.db"]).0, Some(2));
}

#[test]
fn a_backup_of_one_register_becomes_another_by_two_commands() {
    use age::secrecy::ExposeSecret as _;
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let identity = age::x25519::Identity::generate();
    let key = dir.join("key.txt");
    std::fs::write(&key, format!("# a key\n{}\n", identity.to_string().expose_secret())).unwrap();
    let recipient = identity.to_public().to_string();
    for arguments in [
        &["generate", "--people", "50", "--out", "people.json"][..],
        &["init", "--db", "sqlite:r.db"],
        &["import", "--db", "sqlite:r.db", "people.json"],
    ] {
        assert_eq!(run(dir, arguments).0, Some(0));
    }
    let make = ["backup", "--db", "sqlite:r.db", "--to", "r.age", "--json", "--recipient"];
    let (exit, made, error) = run(dir, &[&make[..], &[&recipient]].concat());
    assert_eq!((exit, error.as_str()), (Some(0), ""));
    assert_eq!(std::fs::metadata(dir.join("r.age")).unwrap().permissions().mode() & 0o777, 0o600);
    // Never over another, and never for nobody.
    assert_eq!(run(dir, &[&make[..], &[&recipient]].concat()).0, Some(2));
    assert_eq!(run(dir, &[&make[..], &["age1nobody"]].concat()).0, Some(2));

    let back = ["restore", "--from", "r.age", "--identity", "key.txt", "--lang", "en", "--db"];
    let open = run(dir, &[&back[..], &["sqlite:new.db"]].concat());
    assert!(open.0 == Some(3) && open.2.contains("can be read by other users"), "{open:?}");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let whole = std::fs::read(dir.join("r.age")).unwrap();
    std::fs::write(dir.join("r.age"), &whole[..whole.len() - 100]).unwrap();
    let (exit, _, error) = run(dir, &[&back[..], &["sqlite:new.db"]].concat());
    assert!(exit == Some(1) && error.contains("nothing was restored"), "{error}");
    assert!(!dir.join("new.db").exists() && !dir.join("new.db-wal").exists(), "a half register is left");
    std::fs::write(dir.join("r.age"), &whole).unwrap();
    let (exit, restored, error) = run(dir, &[&back[..], &["sqlite:new.db", "--json"]].concat());
    assert_eq!((exit, error.as_str()), (Some(0), ""));
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(json(&made)["tables"], json(&restored)["tables"]);
    let (exit, _, error) = run(dir, &[&back[..], &["sqlite:new.db"]].concat());
    assert!(exit == Some(1) && error.contains("not empty"), "{error}");
}

#[test]
fn looking_at_a_person_is_logged_and_sensitive_items_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(run(dir, &["init", "--db", "sqlite:r.db"]).0, Some(0));
    let line = r#"{"number":"079099000001","full_name":"Nguyễn Văn An","birth_date":"1999-01-15","sex":"male","religion":"Phật giáo"}"#;
    std::fs::write(dir.join("an.jsonl"), line).unwrap();
    assert_eq!(run(dir, &["import", "--db", "sqlite:r.db", "an.jsonl"]).0, Some(0));
    let show = ["show", "079099000001", "--db", "sqlite:r.db", "--officer", "Bình"];
    assert_eq!(run(dir, &show).0, Some(2), "neither a case nor a reason");
    let (code, out, _) = run(dir, &[&show[..], &["--case", "17/2026"]].concat());
    assert!(code == Some(0) && out.contains("Nguyễn Văn An") && !out.contains("Phật giáo"), "{out}");
    let (code, out, _) = run(dir, &[&show[..], &["--break-glass", "cấp cứu", "--sensitive"]].concat());
    assert!(code == Some(0) && out.contains("Phật giáo"), "{out}");
    let log = |more: &[&str]| {
        let (code, out, error) = run(dir, &[&["access-log", "--db", "sqlite:r.db", "--json"], more].concat());
        assert_eq!(code, Some(0), "{error}");
        assert!(!out.contains("079099000001"));
        serde_json::from_str::<serde_json::Value>(&out).unwrap()
    };
    assert_eq!(log(&[])["looks"].as_array().unwrap().len(), 2);
    assert_eq!(log(&["--number", "079099000001"])["looks"].as_array().unwrap().len(), 2);
    assert_eq!(log(&["--number", "079099000002"])["looks"].as_array().unwrap().len(), 0);
    let broken = log(&["--break-glass"]);
    assert_eq!(broken["looks"][0]["grounds"]["break-glass"], "cấp cứu");
    assert_eq!(log(&["--verify"])["whole"]["command-line"], 2);
    let db = rusqlite::Connection::open(dir.join("r.db")).unwrap();
    db.execute("DELETE FROM access_log WHERE link = 2", []).unwrap();
    assert_eq!(run(dir, &["access-log", "--db", "sqlite:r.db", "--verify"]).0, Some(1));
    // Without the keys the same person is shown, and says that something is sealed.
    std::fs::rename(dir.join("r.db.seal-key"), dir.join("elsewhere")).unwrap();
    let (code, out, _) = run(dir, &[&show[..], &["--case", "18/2026", "--sensitive", "--json"]].concat());
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &shown["person"]["sealed"]), (Some(0), &serde_json::Value::Bool(true)));
    let (_, out, _) = run(dir, &[&show[..], &["--case", "18/2026", "--sensitive"]].concat());
    assert!(out.contains("--secrets"), "{out}");
    assert_eq!(run(dir, &["init", "--db", "sqlite:r.db"]).0, Some(3), "no second key beside sealed items");
}

#[test]
fn whoever_takes_many_records_leaves_an_entry_with_how_many() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for arguments in [
        &["generate", "--people", "40", "--out", "people.json"][..],
        &["init", "--db", "sqlite:r.db"],
        &["import", "--db", "sqlite:r.db", "people.json"],
        &["export", "--db", "sqlite:r.db", "--out", "out.json", "--officer", "Bình", "--case", "17/2026"],
        &["quality", "--db", "sqlite:r.db", "--break-glass", "báo cáo quý"],
        &["cases", "list", "--db", "sqlite:r.db"],
    ] {
        let (code, _, error) = run(dir, arguments);
        assert_eq!(code, Some(0), "{arguments:?} {error}");
    }
    // Nothing is written where the look cannot be.
    let number = ["--officer", "079099000001", "--case", "1"];
    let export = ["export", "--db", "sqlite:r.db", "--out", "other.json"];
    assert_eq!(run(dir, &[&export[..], &number].concat()).0, Some(2));
    assert!(!dir.join("other.json").exists());
    let (_, out, _) = run(dir, &["access-log", "--db", "sqlite:r.db", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    let looks: Vec<_> = told["looks"].as_array().unwrap().iter().collect();
    let shown: Vec<_> =
        looks.iter().map(|look| (look["shown"].as_str().unwrap(), look["records"].as_u64())).collect();
    assert_eq!(shown, [("exported-40", Some(40)), ("judged-40", Some(40)), ("listed-0", Some(0))]);
    assert_eq!(looks[0]["grounds"]["case"], "17/2026");
    assert_eq!(looks[0]["officer"], "Bình");
    assert_eq!(looks[1]["grounds"]["break-glass"], "báo cáo quý");
    assert_eq!(looks[2]["grounds"]["break-glass"], "no reason was told");
    assert_eq!(run(dir, &["access-log", "--db", "sqlite:r.db", "--verify"]).0, Some(0));
    // How many it was is part of the chain.
    let db = rusqlite::Connection::open(dir.join("r.db")).unwrap();
    db.execute("UPDATE access_log SET shown = 'exported-4' WHERE link = 1", []).unwrap();
    assert_eq!(run(dir, &["access-log", "--db", "sqlite:r.db", "--verify"]).0, Some(1));
    // Who says nothing is told that a reason is enough.
    let (code, _, error) = run(dir, &["search", "--db", "sqlite:r.db", "--name", "An", "--lang", "en"]);
    assert!(code == Some(2) && error.contains("--case <REF> or --break-glass <REASON>"), "{error}");
}

#[test]
fn the_identity_database_is_made_written_and_read_with_grounds() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_eq!(run(dir, &["init", "--db", "sqlite:r.db"]).0, Some(0));
    assert_eq!(
        run(dir, &["identity", "init", "--identity", "sqlite:r.db"]).0,
        Some(3),
        "the register's own file"
    );
    assert!(!dir.join("r.db.identity-key").exists());
    assert_eq!(run(dir, &["identity", "init", "--identity", "sqlite:i.db"]).0, Some(0));
    let picture = crate::identity::small_jpeg();
    std::fs::write(dir.join("an.jpg"), &picture).unwrap();
    let asked = ["--identity", "sqlite:i.db", "--officer", "Bình", "--case", "CC01-17"];
    let identity = |arguments: &[&str]| run(dir, &[&["identity"], arguments, &asked].concat());
    assert_eq!(identity(&["put", "079099000001", "portrait", "an.jpg"]).0, Some(0));
    assert_eq!(identity(&["put", "079099000001", "eid", "level-2 locked"]).0, Some(0));
    assert_eq!(identity(&["put", "079099000001", "eid", "level-9"]).0, Some(2));
    assert_eq!(identity(&["read", "079099000001", "portrait", "--out", "out.jpg"]).0, Some(0));
    assert_eq!(std::fs::read(dir.join("out.jpg")).unwrap(), picture);
    assert_eq!(identity(&["read", "079099000001", "eid"]).1, "level-2 locked\n");
    assert_eq!(identity(&["read", "079099000001", "iris-left", "--out", "none"]).0, Some(1));
    let (code, _, error) =
        run(dir, &["identity", "read", "079099000001", "eid", "--identity", "sqlite:i.db"]);
    assert_eq!(code, Some(2), "neither officer nor grounds: {error}");
    let log = ["identity", "log", "--identity", "sqlite:i.db", "--json"];
    let (_, out, _) = run(dir, &log);
    assert!(!out.contains("079099000001"));
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    let shown: Vec<_> = told["looks"].as_array().unwrap().iter().map(|look| &look["shown"]).collect();
    assert_eq!(shown, ["portrait-written", "eid-written", "portrait", "eid", "iris"]);
    assert_eq!(run(dir, &[&log[..], &["--verify"]].concat()).0, Some(0));
    let db = rusqlite::Connection::open(dir.join("i.db")).unwrap();
    db.execute("UPDATE access_log SET officer = 'An' WHERE link = 2", []).unwrap();
    assert_eq!(run(dir, &[&log[..], &["--verify"]].concat()).0, Some(1));
}

#[test]
fn the_identity_database_is_backed_up_and_its_key_exchanged_by_commands() {
    use age::secrecy::ExposeSecret as _;
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let reader = age::x25519::Identity::generate();
    std::fs::write(dir.join("key.txt"), reader.to_string().expose_secret()).unwrap();
    std::fs::set_permissions(dir.join("key.txt"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let on =
        |db: &str, arguments: &[&str]| run(dir, &[&["identity"], arguments, &["--identity", db]].concat());
    let asked = ["--officer", "Bình", "--case", "CC01-17"];
    assert_eq!(on("sqlite:i.db", &["new-key"]).0, Some(3), "no database, no key");
    assert!(!dir.join("i.db.identity-key").exists());
    assert_eq!(on("sqlite:i.db", &["init"]).0, Some(0));
    let put = [&["put", "079099000001", "eid", "level-2"][..], &asked].concat();
    assert_eq!(on("sqlite:i.db", &put).0, Some(0));
    assert_eq!(on("sqlite:i.db", &["new-key"]).0, Some(0));
    let keys = || std::fs::read_to_string(dir.join("i.db.identity-key")).unwrap();
    assert_eq!(keys().lines().count(), 2);
    assert!(on("sqlite:i.db", &["rotate-key", "--json"]).1.contains("\"sealed_anew\":1"));
    // The older key is taken away.
    let newest = keys().lines().last().unwrap().to_owned() + "\n";
    std::fs::write(dir.join("i.db.identity-key"), newest).unwrap();
    let read = [&["read", "079099000001", "eid"][..], &asked].concat();
    assert_eq!(on("sqlite:i.db", &read).1, "level-2\n");
    let make = ["backup", "--to", "i.age", "--recipient", &reader.to_public().to_string()];
    assert_eq!(on("sqlite:i.db", &make).0, Some(0));
    let back = ["restore", "--from", "i.age", "--age-key", "key.txt"];
    assert_eq!(on("sqlite:new.db", &back).0, Some(0));
    let (code, _, error) = on("sqlite:new.db", &[&read[..], &["--lang", "en"]].concat());
    assert!(code == Some(3) && error.contains("(.identity-key) is missing"), "{error}");
    assert_eq!(on("sqlite:new.db", &[&read[..], &["--secrets", "i.db"]].concat()).1, "level-2\n");
    let register =
        ["restore", "--db", "sqlite:r.db", "--from", "i.age", "--identity", "key.txt", "--lang", "en"];
    let (code, _, error) = run(dir, &register);
    assert!(code == Some(1) && error.contains("another database"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_device_is_written_to_and_stays_what_it_is() {
    use std::os::unix::fs::FileTypeExt as _;
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("people.json");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap())
    };
    assert_eq!(run(dir.path(), &["generate", "--people", "5", "--out", "people.json"]).0, Some(0));
    assert!(reader.join().unwrap().contains("full_name"));
    assert!(std::fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}
