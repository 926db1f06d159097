//! The program as officers and scripts use it: exit codes, sentences, files.

use std::path::Path;
use std::process::{Command, Output};

use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{KeyStore, Passphrase, StoreSettings};
use cccd_population::store::{Change, SqlStore, Store};
use serde_json::Value;

use crate::support::{DEAD_NUMBER, NUMBER, PORTRAIT, at, ground_of, persons, rng, signers_without_expiry};

pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let mut rng = rng(1);
        let passphrase = Passphrase::generate(&mut rng);
        let settings = StoreSettings::new(AlgorithmProfile::P256, "VN", at());
        let keys = desk.path("keys");
        let store = KeyStore::init(Path::new(&keys), settings, &passphrase, &mut rng).unwrap();
        passphrase.write(&Path::new(&keys).join("passphrase")).unwrap();
        store.create_csca(at(), &mut rng).unwrap();
        store.create_document_signer(at(), &mut rng).unwrap();
        signers_without_expiry(&store, &mut rng);
        let mut register = SqlStore::create_file(Path::new(&desk.path("register.db")), at()).unwrap();
        let change = Change { source: "import".to_owned(), at: at() };
        register.put_persons(&persons(), &change).unwrap();
        std::fs::write(desk.path("an.jpg"), &*PORTRAIT).unwrap();
        desk.application("an.json", NUMBER, "first-issue", "an.jpg");
        desk.officers();
        desk
    }

    /// One officer who takes in, personalises and hands over, one who approves, and who keeps their accounts. Their
    /// passwords cost what the program's own cost.
    fn officers(&self) {
        for (name, password) in
            [("chief", "giữ sổ tài khoản"), ("lan", "thu nhận hồ sơ"), ("minh", "đọc lại từng chữ")]
        {
            self.private(&format!("{name}.pw"), password);
        }
        let ledger = self.path("ledger.sqlite");
        self.officers_of(&ledger, &ledger);
    }

    /// The same officers in another ledger.
    pub(crate) fn officers_of(&self, ledger: &str, station: &str) {
        let add = |name: &str, by: &[&str], roles: &[&str]| {
            let file = self.path(&format!("{name}.pw"));
            let mut arguments =
                vec!["account", "add", "--ledger", ledger, "--station", station, "--name", name];
            arguments.extend(["--new-password-file", &file]);
            arguments.extend(roles.iter().flat_map(|role| ["--role", *role]));
            arguments.extend(by);
            let output = self.run(&arguments);
            assert_eq!(output.status.code(), Some(0), "{output:?}");
        };
        add("chief", &[], &["administrator"]);
        let file = self.path("chief.pw");
        let chief = ["--officer", "chief", "--password-file", file.as_str()];
        add("lan", &chief, &["capture", "personalise", "deliver"]);
        add("minh", &chief, &["approve", "stock"]);
    }

    fn private(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// A command of an officer on this ledger.
    pub(crate) fn by(&self, officer: &str, arguments: &[&str]) -> Output {
        let (ledger, file) = (self.path("ledger.sqlite"), self.path(&format!("{officer}.pw")));
        let mut all = arguments.to_vec();
        all.extend(["--ledger", &ledger, "--officer", officer, "--password-file", &file]);
        self.run(&all)
    }

    fn receive(&self, application: &str) -> Output {
        let register = format!("sqlite:{}", self.path("register.db"));
        let application = self.path(application);
        self.by("lan", &["application", "receive", "--application", &application, "--register", &register])
    }

    pub(crate) fn approve(&self, application: &str) -> Output {
        self.by("minh", &["application", "approve", "--application", &self.path(application)])
    }

    /// Taken in by one officer and approved by another.
    pub(crate) fn approved(&self, application: &str) {
        let output = self.receive(application);
        assert_eq!(json(&output)["state"], "captured", "{output:?}");
        assert_eq!(json(&self.approve(application))["state"], "approved");
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn application(&self, file: &str, number: &str, reason: &str, portrait: &str) {
        let ground = ground_of(reason);
        let json = format!(
            r#"{{"person":{{"number":"{number}"}},"portrait":"{portrait}","reason":"{reason}"{ground}}}"#
        );
        std::fs::write(self.path(file), json).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_at("2026-11-21T03:00:00Z", arguments)
    }

    fn run_at(&self, time: &str, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_issuer"))
            .args(["--at", time, "--json"])
            .args(arguments)
            .env_remove("CCCD_KEYS_PASSPHRASE_FILE")
            .env_remove("CCCD_REGISTER_TOKEN_FILE")
            .output()
            .unwrap()
    }

    fn issue(&self, application: &str, out: &str, more: &[&str]) -> Output {
        let (application, keys, out) = (self.path(application), self.path("keys"), self.path(out));
        let register = format!("sqlite:{}", self.path("register.db"));
        let mut arguments = vec!["issue", "--application", &application, "--keys", &keys, "--out", &out];
        for (name, value) in [("--register", register.as_str()), ("--reader", "virtual")] {
            if !more.contains(&name) {
                arguments.extend([name, value]);
            }
        }
        arguments.extend(more);
        self.by("lan", &arguments)
    }
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
        panic!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    })
}

fn refused(output: &Output, exit: i32, code: &str) {
    let error = json(output);
    assert_eq!(error.pointer("/error/code").and_then(Value::as_str), Some(code), "{error}");
    assert_eq!(output.status.code(), Some(exit), "{error}");
    for field in ["/error/message", "/error/hint"] {
        assert!(error.pointer(field).and_then(Value::as_str).is_some_and(|text| text.len() > 10), "{error}");
    }
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!told.contains(NUMBER) && !told.contains(DEAD_NUMBER), "no personal number in messages: {told}");
}

#[test]
fn a_store_that_calls_itself_production_is_refused_while_its_keys_are_files() {
    let desk = Desk::new();
    let settings = Path::new(&desk.path("keys")).join("store.json");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, text.replace("\"laboratory\"", "\"production\"")).unwrap();
    for language in ["en", "vi"] {
        let output = desk.issue("an.json", "out", &["--lang", language]);
        refused(&output, 1, "software-in-production");
    }
    std::fs::write(&settings, text).unwrap();
    let module = desk.path("none.so");
    refused(&desk.issue("an.json", "out", &["--pkcs11", &module]), 2, "not-in-token");
    assert!(!Path::new(&desk.path("out/chip.json")).exists());
}

/// Nothing is signed on the word of a store in which something is missing or a clock that was turned back.
#[test]
fn what_is_wrong_with_the_key_store_is_told_before_a_chip_is_touched() {
    let desk = Desk::new();
    let dir = desk.path("keys");
    let keys = Path::new(&dir);
    let passphrase = Passphrase::from_file(&keys.join("passphrase")).unwrap();
    let store = KeyStore::open(keys, &passphrase).unwrap();
    let quarter = jiff::SignedDuration::from_hours(90 * 24);
    let told = |code: &str| {
        for language in ["en", "vi"] {
            refused(&desk.issue("an.json", "out", &["--lang", language]), 1, code);
        }
        assert!(!Path::new(&desk.path("out/chip.json")).exists(), "{code}");
    };
    let list = keys.join("crl/000001.crl");
    let crl = store.issue_crl(at(), quarter, &[], None).unwrap();
    std::fs::remove_file(&list).unwrap();
    told("crl-lost");
    std::fs::write(&list, crl.der()).unwrap();

    desk.approved("an.json");
    let count = keys.join("ds/00001.count.json");
    std::fs::write(&count, "{").unwrap();
    let output = desk.issue("an.json", "out", &["--lang", "en"]);
    refused(&output, 3, "count-damaged");
    assert!(!Path::new(&desk.path("out/chip.json")).exists());
    // Another signer of the pool takes its place, and the officer is told.
    store.create_document_signer(at(), &mut rng(2)).unwrap();
    let output = desk.issue("an.json", "out", &["--lang", "en"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let warned = String::from_utf8(output.stderr).unwrap();
    assert!(warned.contains("is not used: its count"), "{warned}");

    store.issue_crl(at() + jiff::SignedDuration::from_hours(1), quarter, &[], None).unwrap();
    refused(&desk.issue("an.json", "later", &["--lang", "en"]), 1, "clock-behind");
}

#[test]
fn a_card_is_issued_and_lives_its_life() {
    let desk = Desk::new();
    desk.approved("an.json");
    let output = desk.issue("an.json", "out", &["--lang", "en"]);
    let card = json(&output);
    assert_eq!(output.status.code(), Some(0), "{card}");
    for name in ["front.png", "back.png", "qr.png", "card.pdf", "card.json", "chip.json"] {
        assert!(Path::new(&desk.path(&format!("out/{name}"))).is_file(), "{name}");
    }
    let leftovers = std::fs::read_dir(desk.path("out")).unwrap();
    assert!(
        leftovers.into_iter().all(|file| !file.unwrap().file_name().to_string_lossy().ends_with(".part"))
    );
    let saved: Value = serde_json::from_slice(&std::fs::read(desk.path("out/card.json")).unwrap()).unwrap();
    assert_eq!(saved, card);
    assert_eq!(card["lock"]["proven"], true);
    assert_eq!(card["test_keys"], false);
    let sod = card["sod_sha256"].as_str().unwrap();

    let register = format!("sqlite:{}", desk.path("register.db"));
    let status = |arguments: &[&str]| {
        let mut all = vec!["card"];
        all.extend(arguments);
        all.extend(["--register", register.as_str()]);
        match arguments[0] {
            "status" => desk.run(&all),
            "lost" | "found" => desk.by("lan", &all),
            _ => desk.by("minh", &all),
        }
    };
    assert_eq!(json(&status(&["status", "--sod-sha256", sod]))["status"], "active");
    assert_eq!(
        json(&status(&["hold", "--ground", "detention", "--number", NUMBER, "--reason", "custody"]))["status"],
        "held"
    );
    desk.application("change.json", NUMBER, "exchange", "an.jpg");
    refused(&desk.issue("change.json", "out2", &[]), 1, "card-held");
    assert_eq!(json(&status(&["return", "--number", NUMBER, "--reason", "released"]))["status"], "active");
    refused(&desk.issue("an.json", "out2", &[]), 1, "has-active-card");
    assert_eq!(json(&status(&["lost", "--number", NUMBER, "--reason", "reported"]))["status"], "lost");
    refused(&status(&["return", "--sod-sha256", sod, "--reason", "found"]), 1, "register-refused");
    refused(
        &status(&["revoke", "--ground", "altered", "--number", NUMBER, "--reason", "x"]),
        1,
        "no-card-in-use",
    );
    refused(&status(&["status", "--sod-sha256", &"0".repeat(64)]), 1, "unknown-card");
    desk.application("again.json", NUMBER, "reissue", "an.jpg");
    let text = std::fs::read_to_string(desk.path("again.json")).unwrap();
    std::fs::write(desk.path("again.json"), text.replacen('{', r#"{"template":"2021","#, 1)).unwrap();
    desk.approved("again.json");
    assert_eq!(desk.issue("again.json", "out3", &["--dpi", "600"]).status.code(), Some(0));
    let face = image::open(desk.path("out3/front.png")).unwrap();
    assert_eq!((face.width(), face.height()), (2022, 1275));
}

#[test]
fn a_run_that_ended_after_the_card_was_issued_gets_its_files_the_next_time() {
    let desk = Desk::new();
    desk.approved("an.json");
    let card = json(&desk.issue("an.json", "out", &[]));
    // As a kill between the ledger and the files leaves it.
    let out = desk.path("out");
    for name in ["front.png", "back.png", "qr.png", "card.pdf", "card.json"] {
        let (name, half) = (Path::new(&out).join(name), Path::new(&out).join(format!(".{name}.4711.part")));
        std::fs::rename(name, half).unwrap();
    }
    let output = desk.issue("an.json", "out", &["--lang", "en"]);
    let again = json(&output);
    assert_eq!(output.status.code(), Some(0), "{again}");
    assert_eq!(again["resumed"], true);
    for member in ["sod_sha256", "chip_serial", "mrz", "issued", "expires", "application", "number"] {
        assert_eq!(again[member], card[member], "{member}");
    }
    let mut names: Vec<String> = std::fs::read_dir(&out)
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with("chip.json"))
        .collect();
    names.sort();
    assert_eq!(names, ["back.png", "card.json", "card.pdf", "front.png", "qr.png"]);
    // No second application, no second card; and from now on it is refused as ever.
    refused(&desk.issue("an.json", "out", &[]), 1, "has-active-card");
    let register = SqlStore::open_file(Path::new(&desk.path("register.db"))).unwrap();
    let number = cccd_card_profile::personal_number::PersonalNumber::parse(NUMBER).unwrap();
    assert_eq!(register.cards_of(&number).unwrap().len(), 1);
}

#[test]
fn a_loss_that_was_reported_is_reported_again_under_the_same_name() {
    let desk = Desk::new();
    desk.approved("an.json");
    assert_eq!(desk.issue("an.json", "out", &[]).status.code(), Some(0));
    let register = format!("sqlite:{}", desk.path("register.db"));
    let lost = |number: &str, request: &str| {
        let words = ["card", "lost", "--number", number, "--reason", "reported", "--register", &register];
        desk.by("lan", &[&words[..], &["--request", request]].concat())
    };
    assert_eq!(json(&lost(NUMBER, "loss 1"))["status"], "lost");
    // A script that was killed asks again; the card is in use no more, and the answer is the same.
    assert_eq!(json(&lost(NUMBER, "loss 1"))["status"], "lost");
    refused(&lost(NUMBER, "loss 2"), 1, "no-card-in-use");
    refused(&lost(crate::support::OTHER_NUMBER, "loss 1"), 1, "no-card-in-use");
}

#[test]
fn blanks_that_were_received_and_not_counted_are_counted_by_the_same_request() {
    let desk = Desk::new();
    let serials = format!("{}\n{}\n", "b1".repeat(10), "b2".repeat(10));
    std::fs::write(desk.path("serials.txt"), serials).unwrap();
    let file = desk.path("serials.txt");
    let receive = |more: &[&str]| {
        let words = ["stock", "receive", "--supplier", "maker", "--note", "1", "--serials", &file];
        json(&desk.by("minh", &[&words[..], &["--request", "delivery 1"], more].concat()))
    };
    // As a kill between the two leaves it.
    assert_eq!(receive(&[])["expected"], 2);
    assert_eq!(receive(&["--counted"])["counted"], 2);
    assert_eq!(receive(&["--counted"])["missing"], serde_json::json!([]));
    let listed = json(&desk.by("minh", &["stock", "list"]));
    assert_eq!(listed["states"], serde_json::json!({"in-stock": 2}));
}

#[test]
fn bad_input_gets_one_sentence_and_leaves_nothing_behind() {
    let desk = Desk::new();
    std::fs::write(desk.path("text.jpg"), "no picture").unwrap();
    std::fs::write(desk.path("broken.json"), "{").unwrap();
    desk.application("dead.json", DEAD_NUMBER, "first-issue", "an.jpg");
    desk.application("unknown.json", "001099999999", "first-issue", "an.jpg");
    desk.application("text.json", NUMBER, "first-issue", "text.jpg");
    desk.application("noportrait.json", NUMBER, "first-issue", "missing.jpg");
    let cases: [(&str, &[&str], i32, &str); 9] = [
        ("dead.json", &[], 1, "person-dead"),
        ("unknown.json", &[], 1, "unknown-person"),
        ("text.json", &[], 1, "portrait-no-image"),
        ("noportrait.json", &[], 3, "application-unreadable"),
        ("broken.json", &[], 2, "application-malformed"),
        ("missing.json", &[], 3, "application-unreadable"),
        ("an.json", &["--register", "mysql:x"], 2, "register-address"),
        ("an.json", &["--register", "http://127.0.0.1:1"], 2, "register-token"),
        ("an.json", &["--register", "sqlite:/nonexistent/register.db"], 3, "register-unreachable"),
    ];
    for (application, more, exit, code) in cases {
        for language in ["vi", "en"] {
            let mut more = more.to_vec();
            more.extend(["--lang", language]);
            refused(&desk.issue(application, "out", &more), exit, code);
        }
        let out = desk.path("out");
        let files = std::fs::read_dir(&out).map_or(0, Iterator::count);
        assert_eq!(files, 0, "{application}: nothing is left in the folder");
    }
    desk.approved("an.json");
    // A file where the folder should be.
    std::fs::write(desk.path("file"), "").unwrap();
    refused(&desk.issue("an.json", "file", &[]), 3, "output-unwritable");
    // No reader service or no such reader: the message differs, the exit code does not.
    let output = desk.issue("an.json", "out", &["--reader", "no such reader", "--timeout", "1"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        std::fs::read_dir(desk.path("out")).unwrap().next().is_none(),
        "no picture of a card that is not"
    );
    // Usage.
    assert_eq!(desk.run(&["issue"]).status.code(), Some(2));
    assert_eq!(
        desk.by("lan", &["card", "lost", "--number", NUMBER, "--reason", " ", "--register", "x"])
            .status
            .code(),
        Some(2)
    );
    // And after all that the same application goes through.
    assert_eq!(desk.issue("an.json", "out", &[]).status.code(), Some(0));
}

/// A limit on the size of files stands in for a full disk: writes fail in the middle, whoever runs the test.
#[cfg(target_os = "linux")]
#[test]
fn no_room_for_the_pictures_is_said_before_a_chip_is_touched() {
    let desk = Desk::new();
    desk.approved("an.json");
    let run = |limit: &str| {
        let script = format!(
            "ulimit -f {limit}; trap '' XFSZ; exec '{}' --at 2026-11-21T03:00:00Z --json issue --application '{}' \
             --keys '{}' --register 'sqlite:{}' --reader virtual --out '{}' --ledger '{}' --officer lan --password-file '{}'",
            env!("CARGO_BIN_EXE_issuer"),
            desk.path("an.json"),
            desk.path("keys"),
            desk.path("register.db"),
            desk.path("out"),
            desk.path("ledger.sqlite"),
            desk.path("lan.pw")
        );
        Command::new("bash").args(["-c", &script]).output().unwrap()
    };
    // 200 blocks of 1,024 bytes: enough for ledger and register, too little for a face.
    let output = run("200");
    let error = json(&output);
    assert_eq!(output.status.code(), Some(3), "{error}");
    assert_eq!(error.pointer("/error/code").and_then(Value::as_str), Some("output-unwritable"), "{error}");
    assert!(std::fs::read_dir(desk.path("out")).unwrap().next().is_none(), "no half file, no chip");
    assert_eq!(run("unlimited").status.code(), Some(0));
}

#[test]
fn no_card_is_made_without_a_second_officer() {
    let desk = Desk::new();
    let (file, register) = (desk.path("an.json"), format!("sqlite:{}", desk.path("register.db")));
    for language in ["vi", "en"] {
        refused(&desk.issue("an.json", "out", &["--lang", language]), 1, "approval-missing");
    }
    assert!(!Path::new(&desk.path("out/chip.json")).exists());
    // Who captured has no role for it; with the role she is still the one who captured.
    let approve = ["application", "approve", "--application", file.as_str()];
    refused(&desk.by("lan", &approve), 1, "role-missing");
    desk.private("hoa.pw", "một mật khẩu khác");
    let password = desk.path("hoa.pw");
    let add = ["account", "add", "--name", "hoa", "--role", "capture", "--role", "approve"];
    let add = [&add[..], &["--new-password-file", &password]].concat();
    refused(&desk.by("lan", &add), 1, "role-missing");
    assert_eq!(desk.by("chief", &add).status.code(), Some(0));
    let id = json(&desk.receive("an.json"))["application"].as_str().unwrap().to_owned();
    let refuse = ["application", "refuse", "--id", &id, "--reason", "captured at the wrong desk"];
    assert_eq!(json(&desk.by("hoa", &refuse))["state"], "rejected");
    let receive = ["application", "receive", "--application", file.as_str(), "--register", register.as_str()];
    assert_eq!(json(&desk.by("hoa", &receive))["state"], "captured");
    for language in ["vi", "en"] {
        refused(&desk.by("hoa", &[&approve[..], &["--lang", language]].concat()), 1, "same-officer");
    }
    // Another file for the same person is not what was captured.
    desk.application("other.json", NUMBER, "exchange", "an.jpg");
    refused(&desk.approve("other.json"), 1, "application-not-open");
    refused(&desk.issue("other.json", "out", &[]), 1, "other-application-open");
    assert_eq!(json(&desk.approve("an.json"))["approved_by"], "minh");
    let card = json(&desk.issue("an.json", "out", &[]));
    assert_eq!(card["status"], "active");
    let id = card["application"].as_str().unwrap();
    assert_eq!(json(&desk.by("lan", &["application", "deliver", "--id", id]))["state"], "delivered");
    let shown = json(&desk.by("minh", &["application", "show", "--id", id]));
    let done: Vec<&str> = shown["actions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|action| action["action"].as_str().unwrap())
        .collect();
    assert_eq!(done[..4], ["receive", "check", "capture", "approve"]);
    assert_eq!(done.last(), Some(&"deliver"));
}

#[test]
fn what_the_register_says_anew_is_approved_anew() {
    let desk = Desk::new();
    desk.approved("an.json");
    let mut register = SqlStore::open_file(Path::new(&desk.path("register.db"))).unwrap();
    let mut person = persons().into_iter().find(|person| person.number.as_str() == NUMBER).unwrap();
    person.religion = Some("Phật giáo".to_owned());
    let change = Change { source: "import".to_owned(), at: at() };
    register.put_person(&person, &change).unwrap();
    refused(&desk.issue("an.json", "out", &["--lang", "vi"]), 1, "changed-since-capture");
    refused(&desk.issue("an.json", "out", &[]), 1, "approval-missing");
    assert_eq!(json(&desk.approve("an.json"))["state"], "approved");
    assert_eq!(desk.issue("an.json", "out", &[]).status.code(), Some(0));
}

#[test]
fn officers_are_who_they_say_and_a_session_stands_for_a_password() {
    let desk = Desk::new();
    for language in ["vi", "en"] {
        let ledger = desk.path("ledger.sqlite");
        let told =
            |arguments: &[&str]| desk.run(&[arguments, &["--ledger", &ledger, "--lang", language]].concat());
        refused(&told(&["application", "list"]), 2, "no-officer");
        let wrong = desk.path("minh.pw");
        std::fs::write(&wrong, "not his password").unwrap();
        let list = ["application", "list", "--officer", "minh", "--password-file", wrong.as_str()];
        refused(&told(&list), 1, "wrong-password");
        refused(
            &told(&["application", "list", "--officer", "minh", "--password-file", "/nonexistent"]),
            3,
            "password-unreadable",
        );
        refused(&told(&["application", "list", "--session", wrong.as_str()]), 1, "no-session");
    }
    let session = desk.path("lan.session");
    assert_eq!(desk.by("lan", &["account", "login", "--session", &session]).status.code(), Some(0));
    let ledger = desk.path("ledger.sqlite");
    let with =
        |arguments: &[&str]| desk.run(&[arguments, &["--ledger", &ledger, "--session", &session]].concat());
    assert_eq!(json(&with(&["application", "list", "--late"]))["late"], 0);
    assert_eq!(
        json(&desk.by("chief", &["account", "lock", "--name", "lan", "--reason", "leave"]))["state"],
        "locked"
    );
    refused(&with(&["application", "list"]), 1, "no-session");
    refused(&desk.by("lan", &["application", "list"]), 1, "account-locked");
    assert_eq!(desk.by("chief", &["account", "unlock", "--name", "lan"]).status.code(), Some(0));
    desk.private("new.pw", "ba cây chụm lại");
    let new = desk.path("new.pw");
    let change = ["account", "password", "--name", "lan", "--new-password-file", &new];
    assert_eq!(desk.by("lan", &change).status.code(), Some(0));
    refused(&desk.by("lan", &["application", "list"]), 1, "wrong-password");
    desk.private("easy.pw", "short");
    let easy = desk.path("easy.pw");
    let change = ["account", "password", "--name", "minh", "--new-password-file", &easy];
    refused(&desk.by("chief", &change), 2, "password-refused");
    refused(
        &desk.by("chief", &["account", "lock", "--name", "chief", "--reason", "x"]),
        1,
        "last-administrator",
    );
    let missing = desk.path("missing.sqlite");
    let list = ["application", "list", "--ledger", &missing, "--officer", "x", "--password-file", &new];
    refused(&desk.run(&list), 3, "no-ledger");
}

#[test]
fn the_laboratorys_driver_is_refused_for_a_citizens_card() {
    let desk = Desk::new();
    let serial = "4C414220434849502031";
    let jmrtd = ["--reader", "no such reader", "--driver", "jmrtd"];
    let with = |more: &[&'static str]| [&jmrtd[..], more].concat();
    for language in ["vi", "en"] {
        let named = with(&["--chip-serial", serial, "--lang", language]);
        refused(&desk.issue("an.json", "out", &named), 1, "laboratory-only");
        refused(&desk.issue("an.json", "out", &with(&["--lab", "--lang", language])), 2, "no-chip-serial");
        let software = ["--driver", "jmrtd", "--lab", "--chip-serial", serial, "--lang", language];
        refused(&desk.issue("an.json", "out", &software), 2, "no-virtual-jmrtd");
    }
    // With --lab it comes as far as the reader.
    desk.approved("an.json");
    let output = desk.issue("an.json", "out", &with(&["--lab", "--chip-serial", serial, "--timeout", "1"]));
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn an_interrupted_chip_can_be_given_up_with_a_reason() {
    let desk = Desk::new();
    let chip = "00".repeat(10);
    let spoil = ["spoil", "--chip", chip.as_str(), "--reason", "bent"];
    refused(&desk.by("lan", &spoil), 1, "chip-not-in-ledger");
    refused(&desk.by("minh", &spoil), 1, "role-missing");
    desk.approved("an.json");
    let card = json(&desk.issue("an.json", "out", &[]));
    let chip = card["chip_serial"].as_str().unwrap().to_owned();
    let output = desk.by("lan", &["spoil", "--chip", &chip, "--reason", "bent"]);
    // An issued card is not spoiled behind the register's back.
    refused(&output, 1, "state-forbids");
}

#[test]
fn a_second_party_holds_what_the_log_cannot_take_back() {
    let desk = Desk::new();
    desk.approved("an.json");
    desk.private("kiem.pw", "soi từng dòng một");
    let password = desk.path("kiem.pw");
    let add = ["account", "add", "--name", "kiem", "--role", "audit", "--new-password-file", &password];
    assert_eq!(desk.by("chief", &add).status.code(), Some(0));
    let (ledger, heads) = (desk.path("ledger.sqlite"), desk.path("heads.jsonl"));
    refused(&desk.by("lan", &["audit", "export", "--out", &heads]), 1, "role-missing");
    let export = json(&desk.by("kiem", &["audit", "export", "--out", &heads]));
    let lines = export["lines"].as_u64().unwrap();
    assert!(lines > 8, "{export}");
    let verify = |more: &[&str]| desk.run(&[&["audit", "verify", "--ledger", &ledger][..], more].concat());
    let own = json(&verify(&["--heads", &heads]));
    assert_eq!((own["lines"].as_u64(), own["heads"].as_u64()), (Some(lines), Some(1)), "{own}");
    assert_eq!((own["beyond_head"].as_u64(), own["actions"].as_u64()), (Some(0), Some(4)), "{own}");
    // With the public key alone, as somebody else does it.
    let key = desk.path("ledger.sqlite.station.pub");
    let second = json(&verify(&["--heads", &heads, "--key", &key]));
    assert_eq!((second["lines"].as_u64(), &second["actions"]), (Some(lines), &Value::Null), "{second}");
    // The keeper of the file takes the last lines out, signed head and all.
    let connection = rusqlite::Connection::open(&ledger).unwrap();
    connection
        .execute_batch(
            "DROP TRIGGER audit_is_append_only_2; DROP TRIGGER audit_heads_are_append_only_2; \
             PRAGMA foreign_keys = OFF; DELETE FROM audit WHERE sequence > 5; DELETE FROM audit_heads WHERE sequence > 5;",
        )
        .unwrap();
    drop(connection);
    for language in ["vi", "en"] {
        let told = verify(&["--heads", &heads, "--key", &key, "--lang", language]);
        refused(&told, 1, "audit-other-head");
    }
    std::fs::write(&heads, "no head\n").unwrap();
    refused(&verify(&["--heads", &heads, "--key", &key]), 3, "heads-unreadable");
}

#[test]
fn a_station_with_a_stock_takes_its_blanks_only_and_accounts_for_each() {
    let desk = Desk::new();
    let serials = ["0102030405060708090a", "0102030405060708090b", "0102030405060708090c"];
    std::fs::write(desk.path("serials"), serials.join("\n")).unwrap();
    std::fs::write(desk.path("found"), serials[..2].join("\n")).unwrap();
    let (list, found) = (desk.path("serials"), desk.path("found"));
    let receive = ["stock", "receive", "--supplier", "maker", "--note", "7", "--serials", &list];
    refused(&desk.by("lan", &receive), 1, "role-missing");
    assert_eq!(json(&desk.by("minh", &receive))["expected"], 3);
    refused(&desk.by("minh", &receive), 1, "delivery-known");
    let accept = ["stock", "accept", "--supplier", "maker", "--note", "7", "--serials", &found];
    let output = desk.by("minh", &accept);
    let counted = json(&output);
    assert_eq!((&counted["counted"], &counted["missing"][0]), (&2.into(), &serials[2].into()));
    assert_eq!(output.status.code(), Some(1), "what is missing ends a count with 1");
    let spoil = ["stock", "spoil", "--chip", serials[0], "--cause", "damaged", "--note", "bent"];
    assert_eq!(json(&desk.by("minh", &spoil))["state"], "spoiled");
    refused(&desk.by("minh", &spoil), 1, "blank-state-forbids");
    // The chip in software is no blank of this stock.
    desk.approved("an.json");
    refused(&desk.issue("an.json", "out", &[]), 1, "not-in-stock");
    // A blank that was counted and not found is explained before the books agree.
    let differs = desk.by("minh", &["stock", "reconcile"]);
    assert_eq!(differs.status.code(), Some(1));
    let differs: Value =
        serde_json::from_slice(differs.stdout.split(|octet| *octet == b'\n').next().unwrap()).unwrap();
    let named = &differs["differences"][0];
    assert_eq!((&named["serial"], &named["what"]), (&serials[2].into(), &"not-found".into()), "{differs}");
    assert_eq!(differs["batches"][0]["agrees"], false);
    let lose = ["stock", "lose", "--chip", serials[2], "--cause", "missing", "--note", "not in the box"];
    assert_eq!(json(&desk.by("minh", &lose))["state"], "lost");
    let report = json(&desk.by("minh", &["stock", "reconcile"]));
    assert_eq!((&report["agrees"], &report["states"]["spoiled"]), (&true.into(), &1.into()));
    assert_eq!(report["open"].as_array().unwrap().len(), 2);
    let report = desk.by("minh", &["stock", "reconcile", "--counted", &list]);
    assert_eq!(report.status.code(), Some(1));
    let shown = json(&desk.by("minh", &["stock", "show", "--chip", serials[0]]));
    assert_eq!(shown["events"][2]["cause"], "damaged");
}

#[test]
fn a_refusal_that_was_made_is_answered_again_under_the_same_name() {
    let desk = Desk::new();
    assert_eq!(json(&desk.receive("an.json"))["state"], "captured");
    let file = desk.path("an.json");
    let refuse = |request: &str| {
        let words = ["application", "refuse", "--application", &file, "--reason", "not this person"];
        desk.by("minh", &[&words[..], &["--request", request]].concat())
    };
    let (first, again) = (refuse("q1"), refuse("q1"));
    assert_eq!((json(&first)["state"].as_str(), json(&first)), (Some("rejected"), json(&again)));
    refused(&refuse("q2"), 1, "application-not-open");
    // Taken in anew, it is another application: the first request stays that of the first.
    assert_eq!(json(&desk.receive("an.json"))["state"], "captured");
    assert_eq!(json(&refuse("q1"))["application"], json(&first)["application"]);
    assert_ne!(json(&refuse("q3"))["application"], json(&first)["application"]);
}

#[test]
fn a_time_that_is_given_stands_in_the_log_and_ends_no_rest() {
    let desk = Desk::new();
    let (ledger, password) = (desk.path("ledger.sqlite"), desk.path("minh.pw"));
    let list =
        ["application", "list", "--ledger", &ledger, "--officer", "minh", "--password-file", &password];
    // A day that is over may be told again: the log says so.
    assert_eq!(desk.run_at("2026-11-20T03:00:00Z", &list).status.code(), Some(0));
    desk.private("minh.pw", "not his password");
    for _ in 0..5 {
        refused(&desk.run(&list), 1, "wrong-password");
    }
    desk.private("minh.pw", "đọc lại từng chữ");
    refused(&desk.run_at("2027-11-21T03:00:00Z", &list), 1, "account-resting");
    assert_eq!(desk.by("chief", &["account", "unlock", "--name", "minh"]).status.code(), Some(0));
    assert_eq!(desk.run(&list).status.code(), Some(0));
    let log = rusqlite::Connection::open(&ledger).unwrap();
    let told = "SELECT count(*), sum(line LIKE '%(the time was given)\"%') FROM audit";
    let (all, given): (i64, i64) = log.query_row(told, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert!(all > 8 && all == given, "{given} of {all}");
}

#[test]
fn a_portrait_is_looked_at_before_and_when_it_is_captured() {
    let desk = Desk::new();
    let good = desk.run(&["portrait", &desk.path("an.jpg")]);
    assert_eq!((good.status.code(), &json(&good)["usable"]), (Some(0), &Value::Bool(true)));

    let mut dark = image::open(desk.path("an.jpg")).unwrap().to_rgb8();
    dark.pixels_mut().for_each(|pixel| pixel.0 = pixel.0.map(|channel| channel / 4));
    dark.save(desk.path("dark.png")).unwrap();
    let drawn = desk.path("drawn.png");
    let seen = desk.run(&["portrait", &desk.path("dark.png"), "--picture", &drawn]);
    assert_eq!(seen.status.code(), Some(1));
    let said = json(&seen);
    assert_eq!(said["usable"], false);
    assert!(said["remarks"].as_array().unwrap().iter().any(|remark| remark["code"] == "too-dark"), "{said}");
    assert_eq!(image::open(&drawn).unwrap().to_rgb8().dimensions(), dark.dimensions());

    desk.application("dark.json", NUMBER, "first-issue", "dark.png");
    refused(&desk.receive("dark.json"), 1, "portrait-retake");
    let (application, register) = (desk.path("dark.json"), format!("sqlite:{}", desk.path("register.db")));
    let receive = ["application", "receive", "--application", &application, "--register", &register];
    let reason = "the lamp broke, the applicant came a long way";
    let taken = desk.by("lan", &[&receive[..], &["--accept-portrait", reason]].concat());
    assert_eq!(json(&taken)["state"], "captured", "{taken:?}");
    let shown = json(
        &desk.by("minh", &["application", "show", "--id", json(&taken)["application"].as_str().unwrap()]),
    );
    assert!(shown.to_string().contains(reason), "{shown}");
}

#[test]
fn prints_are_taken_sealed_put_into_the_card_and_purged() {
    use cccd_issuer::fingerprint::Finger;
    use cccd_issuer::fingerprint::synthetic::{Drawing, drawn, taken};
    let desk = Desk::new();
    let folder = desk.path("prints");
    std::fs::create_dir(&folder).unwrap();
    let put = |finger: Finger, png: Vec<u8>| std::fs::write(format!("{folder}/{finger}.png"), png).unwrap();
    put(Finger::RightIndex, taken(5, Finger::RightIndex).unwrap().to_png().unwrap());
    refused(&desk.run(&["capture", "look", &folder]), 1, "finger-unexplained");
    let mut faint = std::io::Cursor::new(Vec::new());
    let drawing = Drawing { contrast: 0.05, ..Drawing::default() };
    drawn(5, Finger::LeftIndex, drawing).write_to(&mut faint, image::ImageFormat::Png).unwrap();
    put(Finger::LeftIndex, faint.into_inner());
    let looked = desk.run(&["capture", "look", &folder]);
    assert_eq!(looked.status.code(), Some(1));
    let said = json(&looked);
    assert_eq!((&said["usable"], &said["prints"][1]["advice"]), (&false.into(), &"faint-ridges".into()));
    assert_eq!(said["prints"][0]["usable"], true);

    let identity = age::x25519::Identity::generate();
    let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    desk.private("identity", &format!("# a test\n{secret}\n"));
    let (captures, key, recipient) =
        (desk.path("captures"), desk.path("identity"), identity.to_public().to_string());
    let (application, register) = (desk.path("an.json"), format!("sqlite:{}", desk.path("register.db")));
    let receive = |more: &[&str]| {
        let arguments = ["application", "receive", "--application", &application, "--register", &register];
        let taken = ["--prints", &folder, "--captures", &captures, "--capture-recipient", &recipient];
        desk.by("lan", &[&arguments[..], &taken, more].concat())
    };
    let kept = || std::fs::read_dir(&captures).unwrap().count();
    refused(&receive(&[]), 1, "prints-retake");
    assert_eq!(kept(), 0, "what belongs to no application is not kept");
    let captured = json(&receive(&["--accept-prints", "a mason's hands"]));
    assert_eq!((&captured["state"], &captured["why"]), (&"captured".into(), &"a mason's hands".into()));
    assert_eq!(kept(), 1);
    // The same again finds the same application and leaves nothing behind.
    assert_eq!(json(&receive(&["--accept-prints", "again"]))["application"], captured["application"]);
    assert_eq!(kept(), 1);

    assert_eq!(json(&desk.approve("an.json"))["state"], "approved");
    refused(&desk.issue("an.json", "out", &[]), 1, "prints-missing");
    let opened = ["--captures", &captures, "--capture-identity", &key];
    let issued = desk.issue("an.json", "out", &opened);
    assert_eq!(json(&issued)["status"], "active", "{issued:?}");
    let purge = ["capture", "purge", "--captures", &captures];
    let due = json(&desk.by("lan", &[&purge[..], &["--due"]].concat()));
    assert_eq!((&due["purged"], &due["kept"]), (&0.into(), &1.into()));
    let all = json(&desk.by("lan", &purge));
    assert_eq!((&all["purged"], &all["kept"], kept()), (&1.into(), &0.into(), 0));
    assert_eq!(json(&desk.by("lan", &purge))["purged"], 0);
    // Nothing of the prints stands in the ledger.
    let ledger = std::fs::read(desk.path("ledger.sqlite")).unwrap();
    for word in [&b"iVBORw0KGgo"[..], b"left-index", b"IHDR"] {
        assert!(!ledger.windows(word.len()).any(|part| part == word));
    }
}

#[test]
fn what_is_out_of_use_is_on_the_signed_list_of_counters_without_a_line() {
    use cccd_keys::signer::Signer as _;
    use cccd_verifier::register::CardStatus;
    use cccd_verifier::register::status_list::{StatusList, StatusListError};

    let desk = Desk::new();
    desk.approved("an.json");
    assert_eq!(desk.issue("an.json", "out", &[]).status.code(), Some(0));
    let (database, list) = (desk.path("register.db"), desk.path("cards.status"));
    let register = format!("sqlite:{database}");
    let issue = || desk.run(&["status-list", "issue", "--register", &register, "--out", &list]);
    refused(&issue(), 2, "no-register-key");
    let (key, _) = cccd_population::register_key::signing_key(Path::new(&database), &mut rng(7)).unwrap();
    assert_eq!(json(&issue())["cards"], 0);
    let lost = ["card", "lost", "--number", NUMBER, "--reason", "reported", "--register", &register];
    let card = json(&desk.by("lan", &lost));
    assert_eq!(json(&issue())["cards"], 1);

    let mut trust = cccd_keys::trust::TrustStore::new();
    let bytes = std::fs::read(&list).unwrap();
    assert_eq!(StatusList::believe(&bytes, &trust), Err(StatusListError::UnknownKey));
    trust.add_register_key(key.public_key().spki()).unwrap();
    let list = StatusList::believe(&bytes, &trust).unwrap();
    let mut digest = [0; 32];
    hex::decode_to_slice(card["sod_sha256"].as_str().unwrap(), &mut digest).unwrap();
    assert_eq!(list.status(&digest, at()).unwrap().status, CardStatus::Lost);
    let tomorrow = at() + jiff::SignedDuration::from_hours(25);
    assert_eq!(list.status(&digest, tomorrow), Err(StatusListError::Time));
}

/// The register answers with a key of the key store (`population serve --keys`), and has no key file of its own.
#[test]
fn the_signed_list_is_signed_with_the_register_key_of_the_key_store() {
    use cccd_keys::signer::Signer as _;
    use cccd_verifier::register::status_list::StatusList;
    let desk = Desk::new();
    let (keys, list) = (desk.path("keys"), desk.path("cards.status"));
    let register = format!("sqlite:{}", desk.path("register.db"));
    let issue = ["status-list", "issue", "--register", &register, "--keys", &keys, "--out", &list];
    let output = desk.run(&issue);
    assert_eq!((output.status.code(), &json(&output)["cards"]), (Some(0), &0.into()), "{output:?}");
    let passphrase = Passphrase::from_file(&Path::new(&keys).join("passphrase")).unwrap();
    let store = KeyStore::open(Path::new(&keys), &passphrase).unwrap();
    let mut trust = cccd_keys::trust::TrustStore::new();
    trust.add_register_key(store.register_key().unwrap().public_key().spki()).unwrap();
    assert!(StatusList::believe(&std::fs::read(&list).unwrap(), &trust).is_ok());
    assert!(!Path::new(&desk.path("register.db.register-key")).exists());
}
