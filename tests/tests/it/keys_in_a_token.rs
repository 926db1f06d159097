//! A country whose every private key is in a token: founded, a card issued and verified, by the programs that people use.

use std::path::{Path, PathBuf};

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_keys::pkcs11::softhsm::SoftHsm;
use cccd_keys::trust::TrustStore;
use cccd_population::person::Person;
use cccd_population::store::{Change, SqlStore, Store as _};
use cccd_tests::officers::{CAPTURES, Officers};
use cccd_tests::portrait::draw;
use cccd_tests::programs::{Finished, Programs};
use cccd_tests::story_support::dice;
use cccd_verifier::evidence::Provenance;
use cccd_verifier::register::RegisterReport;
use cccd_verifier::{Access, Case, Decision, InspectionOptions, Policy, Presented, inspect, judge};
use cccd_virtual_chip::Chip;
use jiff::Timestamp;

const NUMBER: &str = "079099000001";
const AT: &str = "2026-11-21T03:00:00Z";

struct House {
    folder: tempfile::TempDir,
    hsm: SoftHsm,
    programs: Programs,
    officers: Officers,
}

impl House {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// `--pkcs11 MODULE --pin-file F`.
    fn token(&self) -> Vec<String> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        vec!["--pkcs11".into(), text(self.hsm.module()), "--pin-file".into(), text(&self.hsm.pin_file())]
    }

    fn keys(&self, words: &[&str]) -> Finished {
        let mut all: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        all.extend(["--dir".into(), self.path("pki"), "--at".into(), AT.into(), "--json".into()]);
        self.programs.run("keys", &all).unwrap()
    }

    fn with_token(&self, words: &[&str]) -> Finished {
        let token = self.token();
        self.keys(&[words, &token.iter().map(String::as_str).collect::<Vec<_>>()].concat())
    }

    fn issue(&self, more: &[String]) -> Finished {
        let register = format!("sqlite:{}", self.path("register.db"));
        let mut all: Vec<String> =
            ["--at", AT, "--json", "issue", "--reader", "virtual"].map(str::to_owned).into();
        all.extend(["--application".into(), self.path("an.json"), "--keys".into(), self.path("pki")]);
        all.extend(["--register".into(), register, "--out".into(), self.path("an")]);
        all.extend(self.officers.as_officer(CAPTURES).unwrap());
        all.extend(more.iter().cloned());
        self.programs.run("issuer", &all).unwrap()
    }
}

fn code(finished: &Finished) -> String {
    finished.json().unwrap()["error"]["code"].as_str().unwrap_or_default().to_owned()
}

fn done(finished: &Finished) {
    assert_eq!(finished.code, 0, "{}{}", finished.stdout, finished.stderr);
}

#[test]
fn a_country_founded_in_a_token_issues_a_card_that_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let Some(hsm) = SoftHsm::in_folder(&folder.path().join("hsm")).unwrap() else {
        println!("a country in a token: skipped, SoftHSM2 is not installed");
        return;
    };
    let configuration = hsm.configuration();
    let programs = Programs::beside_this_one()
        .unwrap()
        .with_environment("SOFTHSM2_CONF", configuration.to_str().unwrap())
        .with_environment("CCCD_KEYS_PASSPHRASE_FILE", "/nonexistent");
    let officers = Officers::hired(&programs, &folder.path().join("ledger.sqlite"), folder.path()).unwrap();
    let house = House { folder, hsm, programs, officers };
    house.hsm.make_token("house").unwrap();

    // What does not fit is said, and nothing is made.
    let names = ["--organization", "House", "--domain", "csca.house.example"];
    let production = ["init", "--token", "house", "--purpose", "production"];
    let finished = house.with_token(&[&production[..], &names].concat());
    assert_eq!((finished.code, code(&finished).as_str()), (1, "token-not-hardware"));
    let finished = house.with_token(&["init", "--token", "other"]);
    assert_eq!((finished.code, code(&finished).as_str()), (3, "token-missing"));
    assert!(!Path::new(&house.path("pki/store.json")).exists());

    done(&house.with_token(&["init", "--token", "house", "--profile", "cccd"]));
    // Afterwards the store knows its token.
    done(&house.with_token(&["csca"]));
    done(&house.with_token(&["ds", "new"]));
    done(&house.with_token(&["crl", "issue"]));
    done(&house.with_token(&["cvca", "init"]));
    done(&house.with_token(&["cvca", "dv", "--holder", "DVHCM"]));
    let finished = house.with_token(&["export", "--out", &house.path("trust")]);
    done(&finished);
    assert!(!finished.stderr.contains("SOFTWARE"), "{}", finished.stderr);
    assert_eq!(house.with_token(&["show"]).json().unwrap()["software"], false);
    done(&house.keys(&["log", "verify"]));

    let finished = house.keys(&["ds", "new"]);
    assert_eq!((finished.code, code(&finished).as_str()), (2, "token-not-named"));
    let wrong = house.path("wrong-pin");
    std::fs::write(&wrong, "0000\n").unwrap();
    let module = house.hsm.module().to_str().unwrap().to_owned();
    let finished = house.keys(&["ds", "new", "--pkcs11", &module, "--pin-file", &wrong]);
    assert_eq!((finished.code, code(&finished).as_str()), (3, "token-pin-wrong"));
    assert!(!finished.stderr.contains("0000") && !finished.stdout.contains("0000"));

    // No private key, sealed or not, is anywhere but in the token.
    let mut folders = vec![PathBuf::from(house.path("pki"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let sealed = path.extension().is_some_and(|extension| extension == "age");
            assert!(!sealed && !path.ends_with("passphrase"), "{}", path.display());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }

    let at: Timestamp = AT.parse().unwrap();
    let person: Person = serde_json::from_value(serde_json::json!({
        "number": NUMBER, "full_name": "Nguyễn Văn An", "birth_date": "1999-01-15", "sex": "male", "life": "alive",
        "place_of_origin": "Xã Mẫu, Tỉnh Mẫu", "religion": "Không", "ethnic_group": "Kinh",
        "birth_registration_place": "Ủy ban nhân dân Xã Mẫu, Tỉnh Mẫu",
        "residences": {"permanent": {"address": "Số 1 Đường Mẫu, Phường Mẫu, TP Mẫu"}},
        "identification_marks": "Nốt ruồi cách 1 cm trên sau mép phải",
        "father": {"name": "Nguyễn Văn Chung"}, "mother": {"name": "Trần Thị Mẹ"}
    }))
    .unwrap();
    let mut register = SqlStore::create_file(Path::new(&house.path("register.db")), at).unwrap();
    register.put_person(&person, &Change { source: "story".to_owned(), at }).unwrap();
    drop(register);
    std::fs::write(house.path("an.jpg"), draw(1, false, 27).unwrap()).unwrap();
    let application = format!(
        r#"{{"person":{{"number":"{NUMBER}"}},"portrait":"an.jpg","reason":"first-issue","template":"2024"}}"#
    );
    std::fs::write(house.path("an.json"), application).unwrap();

    let register = format!("sqlite:{}", house.path("register.db"));
    house.officers.approve(&house.programs, Path::new(&house.path("an.json")), &register, AT).unwrap();

    // Before anything is touched: no token named.
    let finished = house.issue(&[]);
    assert_eq!((finished.code, code(&finished).as_str()), (2, "token-not-named"));
    let finished = house.issue(&house.token());
    done(&finished);
    assert_eq!(finished.json().unwrap()["lock"]["proven"], true);

    let mut chip = Chip::open(Path::new(&house.path("an/chip.json")), Box::new(dice(1))).unwrap();
    let number = PersonalNumber::parse(NUMBER).unwrap();
    let access = Access::can(number.can()).unwrap();
    let evidence =
        inspect(&mut chip, &access, &InspectionOptions::new(at), &mut dice(2), &mut |_| {}).unwrap();
    let judgement = judge(&Case {
        evidence: &evidence,
        provenance: &Provenance::Live,
        issued_nonce: None,
        trust: &TrustStore::load(Path::new(&house.path("trust"))).unwrap(),
        at,
        presented: &Presented::default(),
        register: &RegisterReport::not_asked(),
        policy: &Policy::default(),
    });
    assert_eq!(judgement.verdict.decision, Decision::Accepted, "{:?}", judgement.findings);

    // The other programs open the same store in the same way.
    let token = house.token();
    let with = |words: &[&str], token: &[String]| -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).chain(token.iter().cloned()).collect()
    };
    let (state, pki) = (house.path("blank.state"), house.path("pki"));
    let blank = ["new", "--state", &state, "--keys", &pki, "--json", "--pkcs11", &module];
    let pin = ["--token-pin-file".to_owned(), house.hsm.pin_file().to_str().unwrap().to_owned()];
    done(&house.programs.run("virtual-chip", &with(&blank, &pin)).unwrap());
    assert!(Path::new(&state).exists());
    let db = format!("sqlite:{}", house.path("register.db"));
    let (ready, log) = (house.path("ready"), house.path("log"));
    let serve = ["--json", "serve", "--db", &db, "--keys", &pki, "--ready-file", &ready];
    let finished = house.programs.run("population", &with(&serve, &[])).unwrap();
    assert_eq!((finished.code, code(&finished).as_str()), (3, "token-not-named"));
    let running =
        house.programs.start("population", &with(&serve, &token), Path::new(&ready), Path::new(&log));
    let running = running.unwrap();
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(!said.contains("CẢNH BÁO"), "the register's key is no file: {said}");
    drop(running);
    let read = ["read", "--reader", "none", "--can", "123456", "--plain", "--json", "--station-keys", &pki];
    let out = house.path("evidence");
    let read = [&read[..], &["--out", &out]].concat();
    let finished = house.programs.run("verifier", &with(&read, &[])).unwrap();
    assert!(finished.stdout.contains("--pkcs11"), "{}", finished.stdout);
    let finished = house.programs.run("verifier", &with(&read, &token)).unwrap();
    assert!(
        !finished.stdout.contains("station-keys"),
        "the key opened, the reader is not there: {}",
        finished.stdout
    );
}
