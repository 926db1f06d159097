//! Many cards over several readers: in a batch of one host, and on two hosts of which one dies.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_issuer::application::State;
use cccd_issuer::ledger::Ledger;
use cccd_population::card::CardStatus;
use cccd_population::person::Person;
use cccd_population::store::{Change, Place, SqlStore, Store};
use serde_json::Value;

use crate::cli::Desk;
use crate::support::at;

#[path = "../../../population/tests/it/postgres/server.rs"]
pub(crate) mod server;

const CARDS: usize = 6;

fn number(index: usize) -> String {
    format!("07909900{index:04}")
}

/// Six persons more, and an application of each in a folder.
fn applications(desk: &Desk) {
    let mut register = SqlStore::open_file(std::path::Path::new(&desk.path("register.db"))).unwrap();
    let change = Change { source: "import".to_owned(), at: at() };
    std::fs::create_dir(desk.path("batch")).unwrap();
    for index in 0..CARDS {
        let person: Person = serde_json::from_value(serde_json::json!({
            "number": number(100 + index), "full_name": "Nguyễn Văn Mẫu", "birth_date": "1999-01-15",
            "sex": "male", "life": "alive", "place_of_origin": "Xã Mẫu, Tỉnh Mẫu", "religion": "Không",
            "ethnic_group": "Kinh", "birth_registration_place": "Ủy ban nhân dân Xã Mẫu, Tỉnh Mẫu",
            "residences": {"permanent": {"address": "Số 1 Đường Mẫu, Phường Mẫu, TP Mẫu"}},
            "father": {"name": "Nguyễn Văn Chung"}, "mother": {"name": "Trần Thị Mẹ"}
        }))
        .unwrap();
        register.put_person(&person, &change).unwrap();
        desk.application(&format!("batch/{index}.json"), &number(100 + index), "first-issue", "../an.jpg");
    }
}

/// `issuer batch` of this host, not waited for.
fn batch(desk: &Desk, ledger: &str, station: &str, host: &str, more: &[&str]) -> Child {
    batch_of("batch", desk, (ledger, station), host, more)
}

/// The same of another folder or file.
fn batch_of(
    applications: &str,
    desk: &Desk,
    (ledger, station): (&str, &str),
    host: &str,
    more: &[&str],
) -> Child {
    let (keys, applications, out) =
        (desk.path("keys"), desk.path(applications), desk.path(&format!("out-{host}")));
    let (register, password) = (format!("sqlite:{}", desk.path("register.db")), desk.path("lan.pw"));
    Command::new(env!("CARGO_BIN_EXE_issuer"))
        .args(["--at", "2026-11-21T03:00:00Z", "--json", "batch", &applications, "--keys", &keys])
        .args(["--register", &register, "--out", &out, "--ledger", ledger, "--station", station])
        .args(["--officer", "lan", "--password-file", &password, "--host", host, "--lease", "2"])
        .args(["--without-faces", "--reader", "virtual", "--reader", "virtual"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn ended(child: Child) -> (Option<i32>, Value) {
    let output = child.wait_with_output().unwrap();
    let value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        let first = output.stdout.split(|octet| *octet == b'\n').next().unwrap_or_default();
        serde_json::from_slice(first)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    });
    (output.status.code(), value)
}

fn one_active_card_each(desk: &Desk) {
    let register = SqlStore::open_file(std::path::Path::new(&desk.path("register.db"))).unwrap();
    for index in 0..CARDS {
        let cards = register.cards_of(&PersonalNumber::parse(&number(100 + index)).unwrap()).unwrap();
        let active = cards.iter().filter(|card| card.status == CardStatus::Active).count();
        assert_eq!((cards.len(), active), (1, 1), "{index}");
    }
}

/// What is captured is approved by another officer.
fn approve_all(ledger: &mut Ledger) {
    for entry in ledger.list(Some(State::Captured), 100).unwrap() {
        ledger.approve(entry.id, cccd_issuer::ledger::Act::new("minh", at())).unwrap();
    }
}

#[test]
fn a_batch_waits_for_another_officer_and_then_makes_every_card_once() {
    let desk = Desk::new();
    applications(&desk);
    let (ledger, station) = (desk.path("ledger.sqlite"), desk.path("ledger.sqlite"));
    let (code, first) = ended(batch(&desk, &ledger, &station, "one", &[]));
    assert_eq!((code, &first["waiting_for_approval"]), (Some(1), &CARDS.into()), "{first}");
    approve_all(&mut Ledger::open(std::path::Path::new(&ledger)).unwrap());
    let (code, second) = ended(batch(&desk, &ledger, &station, "one", &[]));
    assert_eq!((code, &second["issued"]), (Some(0), &CARDS.into()), "{second}");
    one_active_card_each(&desk);
    // As a kill between a card and its record leaves it: the next run writes the record.
    let id = serde_json::from_str::<Value>(
        std::fs::read_to_string(desk.path("out-one/results.jsonl")).unwrap().lines().next().unwrap(),
    )
    .unwrap()["application"]
        .as_str()
        .unwrap()
        .to_owned();
    let record = |name: &str| desk.path(&format!("out-one/{id}/{name}"));
    let before: Value = serde_json::from_slice(&std::fs::read(record("card.json")).unwrap()).unwrap();
    std::fs::rename(record("card.json"), record(".card.json.4711.part")).unwrap();
    ended(batch(&desk, &ledger, &station, "one", &[]));
    let after: Value = serde_json::from_slice(&std::fs::read(record("card.json")).unwrap()).unwrap();
    for member in ["number", "sod_sha256", "chip_serial", "application", "issued", "expires"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    assert!(!std::path::Path::new(&record(".card.json.4711.part")).exists());
    let results = std::fs::read_to_string(desk.path("out-one/results.jsonl")).unwrap();
    assert_eq!(results.lines().filter(|line| line.contains(r#""state":"issued""#)).count(), CARDS);
    // Again: everything is done.
    let (code, third) = ended(batch(&desk, &ledger, &station, "one", &[]));
    assert_eq!((code, &third["made_now"], &third["issued"]), (Some(0), &0.into(), &CARDS.into()));
    one_active_card_each(&desk);
}

#[test]
fn a_paused_or_drained_queue_begins_nothing_until_it_is_resumed() {
    let desk = Desk::new();
    applications(&desk);
    let (ledger, station) = (desk.path("ledger.sqlite"), desk.path("ledger.sqlite"));
    ended(batch(&desk, &ledger, &station, "one", &[]));
    approve_all(&mut Ledger::open(std::path::Path::new(&ledger)).unwrap());
    let drained = desk.by("lan", &["queue", "drain", "--reason", "end of the day"]);
    assert_eq!(drained.status.code(), Some(0));
    let (code, none) = ended(batch(&desk, &ledger, &station, "one", &[]));
    assert_eq!((code, &none["made_now"], &none["stopped"]), (Some(1), &0.into(), &true.into()), "{none}");
    let listed: Value = serde_json::from_slice(&desk.by("lan", &["queue", "list"]).stdout).unwrap();
    assert_eq!(
        (&listed["waiting"], &listed["stops"][0]["reason"]),
        (&CARDS.into(), &"end of the day".into())
    );
    assert_eq!(desk.by("lan", &["queue", "resume"]).status.code(), Some(0));
    assert_eq!(ended(batch(&desk, &ledger, &station, "one", &[])).0, Some(0));
}

#[test]
fn the_queue_is_ordered_and_the_log_verified_beside_a_host_at_work() {
    let desk = Desk::new();
    let path = desk.path("ledger.sqlite");
    // A desk, or a host, that has the ledger open.
    let host = Ledger::open(std::path::Path::new(&path)).unwrap();
    for order in [
        &["queue", "pause", "--reason", "lunch"][..],
        &["queue", "list"],
        &["queue", "resume"],
        &["queue", "drain", "--reason", "evening"],
    ] {
        let output = desk.by("lan", order);
        assert_eq!(output.status.code(), Some(0), "{order:?}: {output:?}");
    }
    let key = desk.path("ledger.sqlite.station.pub");
    for more in [&[][..], &["--key", &key]] {
        let output = desk.run(&[&["audit", "verify", "--ledger", &path], more].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
    // Cards are one host's.
    assert_eq!(desk.by("lan", &["application", "list"]).status.code(), Some(3));
    drop(host);
    let mut after = Ledger::open(std::path::Path::new(&path)).unwrap();
    assert_eq!(after.queue().stops().unwrap().len(), 1);
}

#[test]
fn a_batch_tells_of_the_pause_that_it_waits_under_and_goes_on_when_it_ends() {
    use std::io::{BufRead as _, BufReader};
    let desk = Desk::new();
    applications(&desk);
    let path = desk.path("ledger.sqlite");
    ended(batch(&desk, &path, &path, "one", &[]));
    approve_all(&mut Ledger::open(std::path::Path::new(&path)).unwrap());
    assert_eq!(desk.by("lan", &["queue", "pause", "--reason", "bữa trưa"]).status.code(), Some(0));
    let mut waits = batch(&desk, &path, &path, "one", &[]);
    let told = BufReader::new(waits.stderr.take().unwrap());
    let mut lines = told.lines().map_while(Result::ok);
    let line = lines.find(|line| line.contains("bữa trưa")).expect("it says why it waits");
    assert!(line.contains("lan") && line.contains("issuer queue resume"), "{line}");
    assert_eq!(desk.by("lan", &["queue", "resume"]).status.code(), Some(0));
    assert!(lines.any(|line| line.contains("chạy tiếp")));
    // Nobody reads its notes any more, and it ends all the same.
    drop(lines);
    let (code, report) = ended(waits);
    assert_eq!((code, &report["issued"]), (Some(0), &CARDS.into()), "{report}");
}

#[test]
fn a_watch_ends_when_nobody_reads_it_any_more() {
    use std::io::{BufRead as _, BufReader, Read as _};
    let desk = Desk::new();
    let (ledger, password) = (desk.path("ledger.sqlite"), desk.path("lan.pw"));
    let mut watch = Command::new(env!("CARGO_BIN_EXE_issuer"))
        .args(["--json", "queue", "watch", "--every", "1", "--ledger", &ledger])
        .args(["--officer", "lan", "--password-file", &password])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(watch.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.contains("waiting"), "{first}");
    let status = watch.wait().unwrap();
    let mut said = String::new();
    watch.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_file_that_is_no_application_stops_no_batch_and_a_refusal_is_noted_once() {
    let desk = Desk::new();
    applications(&desk);
    std::fs::write(desk.path("batch/9-torn.json"), "{").unwrap();
    // Nobody has this number.
    desk.application("batch/8.json", "001199000099", "first-issue", "../an.jpg");
    let path = desk.path("ledger.sqlite");
    let counts = || Ledger::open(std::path::Path::new(&path)).unwrap().counts().unwrap();
    let rejected =
        || counts().into_iter().find(|(state, _)| *state == State::Rejected).map(|(_, count)| count);
    for turn in 1..=3 {
        let (code, report) = ended(batch(&desk, &path, &path, "one", &[]));
        assert_eq!(
            (code, &report["waiting_for_approval"], &report["unusable"], &report["rows"]),
            (Some(1), &CARDS.into(), &1.into(), &(CARDS + 2).into()),
            "{report}"
        );
        let results = std::fs::read_to_string(desk.path("out-one/results.jsonl")).unwrap();
        let of = |row: &str| -> Value {
            let all = results.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            all.into_iter().find(|line| line["row"] == row).unwrap()
        };
        for (row, code) in [("9-torn.json", "application-malformed"), ("8.json", "unknown-person")] {
            assert_eq!((&of(row)["state"], &of(row)["code"]), (&"refused".into(), &code.into()), "{turn}");
        }
        assert_eq!(rejected(), Some(1), "{turn}");
    }
    // Once the register knows the person, the same batch takes the application in.
    let mut register = SqlStore::open_file(std::path::Path::new(&desk.path("register.db"))).unwrap();
    let person: Person = serde_json::from_value(serde_json::json!({
        "number": "001199000099", "full_name": "Trần Thị Mới", "birth_date": "1999-05-20", "sex": "female",
        "life": "alive", "place_of_origin": "Xã Mẫu, Tỉnh Mẫu", "religion": "Không", "ethnic_group": "Kinh",
        "birth_registration_place": "Ủy ban nhân dân Xã Mẫu, Tỉnh Mẫu",
        "residences": {"permanent": {"address": "Số 1 Đường Mẫu, Phường Mẫu, TP Mẫu"}},
        "father": {"name": "Trần Văn Chung"}, "mother": {"name": "Lê Thị Mẹ"}
    }))
    .unwrap();
    register.put_person(&person, &Change { source: "import".to_owned(), at: at() }).unwrap();
    drop(register);
    let (_, report) = ended(batch(&desk, &path, &path, "one", &[]));
    assert_eq!(report["waiting_for_approval"], CARDS + 1, "{report}");
    assert_eq!(rejected(), Some(1));
    // What an officer refuses stays refused.
    let refuse = ["application", "refuse", "--application", &desk.path("batch/8.json"), "--reason", "no"];
    assert_eq!(desk.by("minh", &refuse).status.code(), Some(0));
    let (_, report) = ended(batch(&desk, &path, &path, "one", &[]));
    assert_eq!((&report["waiting_for_approval"], rejected()), (&CARDS.into(), Some(2)), "{report}");
}

/// The line that the last run wrote of this row.
fn line_of(desk: &Desk, row: &str) -> Value {
    let results = std::fs::read_to_string(desk.path("out-one/results.jsonl")).unwrap();
    let mut lines = results.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.find(|line| line["row"] == row).unwrap_or_else(|| panic!("no line of {row}: {results}"))
}

#[test]
fn what_a_counter_took_in_is_made_once_by_a_batch() {
    let desk = Desk::new();
    applications(&desk);
    let path = desk.path("ledger.sqlite");
    let (file, register) = (desk.path("batch/0.json"), format!("sqlite:{}", desk.path("register.db")));
    let taken_in = || {
        let words = ["application", "receive", "--application", &file, "--register", &register];
        assert_eq!(desk.by("lan", &words).status.code(), Some(0));
        approve_all(&mut Ledger::open(std::path::Path::new(&path)).unwrap());
    };
    let counted = || -> u64 {
        let counts = Ledger::open(std::path::Path::new(&path)).unwrap().counts().unwrap();
        counts.iter().map(|(_, count)| count).sum()
    };
    taken_in();
    let (code, first) = ended(batch(&desk, &path, &path, "one", &[]));
    assert_eq!(
        (code, &first["issued"], &first["left"]),
        (Some(1), &1.into(), &(CARDS - 1).into()),
        "{first}"
    );
    let line = line_of(&desk, "0.json");
    assert_eq!((&line["state"], &line["code"]), (&"issued".into(), &Value::Null), "{line}");
    assert!(line["application"].is_string() && line["sod_sha256"].is_string(), "{line}");
    approve_all(&mut Ledger::open(std::path::Path::new(&path)).unwrap());
    let (code, second) = ended(batch(&desk, &path, &path, "one", &[]));
    assert_eq!((code, &second["issued"]), (Some(0), &CARDS.into()), "{second}");
    assert_eq!(line_of(&desk, "0.json")["application"], line["application"]);
    assert_eq!(counted(), CARDS as u64, "nothing was taken in twice");
    one_active_card_each(&desk);

    // Of an exchange the register would take a second card: the ledger is what stands in the way.
    desk.application("batch/0.json", &number(100), "exchange", "../an.jpg");
    taken_in();
    for made in [1, 0, 0] {
        let (code, report) = ended(batch(&desk, &path, &path, "one", &[]));
        assert_eq!((code, &report["made_now"]), (Some(0), &made.into()), "{report}");
        assert_eq!(line_of(&desk, "0.json")["state"], "issued");
        assert_eq!(counted(), CARDS as u64 + 1);
    }
    // A later application is another one.
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen('{', r#"{"template":"2021","#, 1)).unwrap();
    let (_, report) = ended(batch(&desk, &path, &path, "one", &[]));
    assert_eq!((&report["waiting_for_approval"], counted()), (&1.into(), CARDS as u64 + 2), "{report}");
}

#[test]
fn every_row_of_a_file_is_accounted_for_also_equal_ones() {
    let desk = Desk::new();
    applications(&desk);
    let path = desk.path("ledger.sqlite");
    let row = |index: usize| {
        let number = number(100 + index);
        format!(r#"{{"person":{{"number":"{number}"}},"portrait":"an.jpg","reason":"first-issue"}}"#)
    };
    // With the mark that some editors put before UTF-8.
    let rows = format!("\u{feff}{}\n{}\n{}\n", row(0), row(1), row(0));
    std::fs::write(desk.path("rows.jsonl"), rows).unwrap();
    let run = || ended(batch_of("rows.jsonl", &desk, (&path, &path), "one", &[]));
    let (code, first) = run();
    let counts = |report: &Value| {
        ["rows", "unusable", "equal", "waiting_for_approval", "issued"].map(|name| report[name].as_u64())
    };
    assert_eq!((code, counts(&first)), (Some(1), [2, 0, 1, 2, 0].map(Some)), "{first}");
    let equal = line_of(&desk, "rows.jsonl:3");
    assert_eq!((&equal["state"], &equal["code"]), (&"equal-row".into(), &"equal-row".into()), "{equal}");
    assert_eq!(equal["equal_to"], "rows.jsonl:1");
    let other = line_of(&desk, "rows.jsonl:1");
    assert!(other.as_object().unwrap().keys().all(|member| equal.get(member).is_some()), "{equal}");
    // It is read again from where it stands in the file.
    approve_all(&mut Ledger::open(std::path::Path::new(&path)).unwrap());
    let (code, second) = run();
    assert_eq!((code, counts(&second)), (Some(0), [2, 0, 1, 0, 2].map(Some)), "{second}");
}

#[test]
fn a_batch_says_which_reader_stands_still_with_a_begun_card_in_it_and_finishes_that_once_it_goes_on() {
    use cccd_card_profile::personalization::KeyVersion;
    use cccd_issuer::application::Step;
    use cccd_issuer::ledger::Act;
    let desk = Desk::new();
    applications(&desk);
    let path = desk.path("ledger.sqlite");
    // Every reader lays a blank out, and keeps it: nothing is approved yet. One has two then, of which the younger was in hand.
    ended(batch(&desk, &path, &path, "one", &[]));
    let blank_of = |reader: &str| {
        let laid_out = std::fs::read_dir(desk.path(&format!("out-one/chips/{reader}"))).unwrap();
        let mut names = laid_out.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.find(|name| name.ends_with(".json")).unwrap()
    };
    let (name, older) = (blank_of("virtual-0"), blank_of("virtual-1"));
    let moved = desk.path(&format!("out-one/chips/virtual-0/{older}"));
    std::fs::rename(desk.path(&format!("out-one/chips/virtual-1/{older}")), &moved).unwrap();
    std::fs::File::options().write(true).open(&moved).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    let serial = name.strip_suffix(".json").unwrap();
    // A run was interrupted when its card was given that blank, and failures in a row had stopped the reader.
    let mut ledger = Ledger::open(std::path::Path::new(&path)).unwrap();
    approve_all(&mut ledger);
    let id = ledger.list(Some(State::Approved), 100).unwrap().first().unwrap().id;
    let act = Act::new("lan", at());
    ledger.advance_all(id, &[(Step::Prepare, &Value::Null), (Step::Enqueue, &Value::Null)], act).unwrap();
    let given = ledger.assign_chip(id, &serial.parse().unwrap(), KeyVersion::BLANK.0, None, act).unwrap();
    ledger.settle(given).unwrap();
    drop(ledger);
    let reader = ["--reader", "one/virtual-0"];
    let pause = [&["queue", "pause", "--reason", "3 failures in a row"], &reader[..]].concat();
    assert_eq!(desk.by("lan", &pause).status.code(), Some(0));
    let output = batch(&desk, &path, &path, "one", &[]).wait_with_output().unwrap();
    let said: Vec<Value> =
        output.stdout.split(|octet| *octet == b'\n').flat_map(serde_json::from_slice).collect();
    let [report, error] = &said[..] else { panic!("{said:?}") };
    assert_eq!((output.status.code(), &report["issued"]), (Some(1), &(CARDS - 1).into()), "{report}");
    assert_eq!(
        (&report["standing"], &report["stopped"]),
        (&serde_json::json!(["one/virtual-0"]), &false.into())
    );
    assert_eq!(error["error"]["code"], "reader-stands");
    assert!(String::from_utf8_lossy(&output.stderr).contains("it stands still: 3 failures in a row"));
    assert_eq!(desk.by("lan", &[&["queue", "resume"], &reader[..]].concat()).status.code(), Some(0));
    let (code, last) = ended(batch(&desk, &path, &path, "one", &[]));
    assert_eq!(
        (code, &last["issued"], &last["standing"]),
        (Some(0), &CARDS.into(), &serde_json::json!([])),
        "{last}"
    );
    one_active_card_each(&desk);
}

#[test]
fn rows_that_a_killed_batch_only_began_are_captured_by_the_next() {
    use cccd_issuer::application::{Application, Step};
    use cccd_issuer::ledger::Act;
    let desk = Desk::new();
    applications(&desk);
    let path = desk.path("ledger.sqlite");
    let mut ledger = Ledger::open(std::path::Path::new(&path)).unwrap();
    for (index, checked) in [(0, false), (1, true)] {
        let file = desk.path(&format!("batch/{index}.json"));
        let application = Application::read(std::path::Path::new(&file)).unwrap();
        let request = format!("batch batch {} 1", application.content_sha256());
        let act = Act { request: Some(&request), ..Act::new("lan", at()) };
        let entry = ledger.receive(&application, act).unwrap();
        if checked {
            let act = Act::new("lan", at());
            ledger.advance(entry.id, Step::Check, None, &Value::Null, act).unwrap();
        }
    }
    drop(ledger);
    let (code, report) = ended(batch(&desk, &path, &path, "one", &[]));
    assert_eq!((code, &report["waiting_for_approval"]), (Some(1), &CARDS.into()), "{report}");
}

/// As a command line says it: the socket's folder stands for the host.
fn address(place: &Place) -> String {
    let shown = place.to_string();
    let (folder, database) = shown.trim_start_matches("postgres://").rsplit_once('/').unwrap();
    format!("postgres://tests@{}/{database}", folder.replace('/', "%2F"))
}

#[test]
fn two_hosts_share_a_queue_and_one_is_killed() {
    let server = match server::Server::start(&["shared_buffers=64MB", "fsync=off"]) {
        Ok(server) => server,
        Err(reason) if std::env::var_os("CCCD_DEMAND_POSTGRES").is_some() => panic!("{reason}"),
        Err(reason) => {
            println!("two hosts on one queue: skipped, {reason}");
            return;
        }
    };
    let place: Place = server.database().unwrap();
    let ledger = address(&place);
    let desk = Desk::new();
    applications(&desk);
    desk.officers_of(&ledger, &desk.path("host-a"));
    let (a, b) = (desk.path("host-a"), desk.path("host-b"));
    ended(batch(&desk, &ledger, &a, "a", &[]));
    let mut watched = Ledger::open_at(&place).unwrap();
    approve_all(&mut watched);

    let mut dies = batch(&desk, &ledger, &a, "a", &[]);
    let lives = batch(&desk, &ledger, &b, "b", &[]);
    // Killed while its chips are in work.
    let deadline = Instant::now() + Duration::from_secs(60);
    while watched.counts().unwrap().iter().all(|(state, _)| !state.is_in_work()) && Instant::now() < deadline
    {
        std::thread::sleep(Duration::from_millis(2));
    }
    dies.kill().unwrap();
    dies.wait().unwrap();
    let (_, report) = ended(lives);
    assert!(report["issued"].as_u64().unwrap() + 2 >= CARDS as u64, "{report}");
    // The dead host comes back with the chips that lie in its readers.
    std::thread::sleep(Duration::from_secs(2));
    let (code, report) = ended(batch(&desk, &ledger, &a, "a", &[]));
    assert_eq!((code, &report["issued"]), (Some(0), &CARDS.into()), "{report}");
    one_active_card_each(&desk);
    assert!(watched.queue().leases().unwrap().is_empty());
}
