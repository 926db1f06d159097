//! The program as officers and scripts use it: exit codes, sentences, files.

mod life;
mod officers;
mod stock;

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
    let register = format!("sqlite:{}", desk.path("register.db"));
    let spoil = ["spoil", "--chip", chip.as_str(), "--reason", "bent", "--register", register.as_str()];
    refused(&desk.by("lan", &spoil), 1, "chip-not-in-ledger");
    refused(&desk.by("minh", &spoil), 1, "role-missing");
    desk.approved("an.json");
    let card = json(&desk.issue("an.json", "out", &[]));
    let chip = card["chip_serial"].as_str().unwrap().to_owned();
    let output = desk.by("lan", &["spoil", "--chip", &chip, "--reason", "bent", "--register", &register]);
    // An issued card is not spoiled behind the register's back.
    refused(&output, 1, "state-forbids");
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
