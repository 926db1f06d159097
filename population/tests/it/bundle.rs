//! Bundles of stations without a line: sealed, carried, merged once; damaged and forged ones change nothing.

use std::path::Path;
use std::process::{Command, Output};

use cccd_keys::algorithm::HashAlgorithm;
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::public_key::PublicKey;
use cccd_keys::signer::{Signer as _, SoftwareKey};
use cccd_population::bundle::{Header, Item, NotTaken, OpeningKey, items, open, seal};
use cccd_population::cases::{CaseState, Subject};
use cccd_population::person::Residence;
use cccd_population::store::{BundleState, Change, Collected, Put, SqlStore, Store as _, StoreError};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::{TODAY, empty, now, postgres, somebody};

fn station(octet: u8) -> SoftwareKey {
    SoftwareKey::from_scalar(NamedCurve::P256, HashAlgorithm::Sha256, CurveEncoding::Named, &[octet; 32])
        .unwrap()
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn collected(time: &str) -> Item {
    Item::Person { collected: at(time), person: Box::new(somebody()) }
}

fn sealed(register: &OpeningKey) -> (Vec<u8>, PublicKey) {
    let key = station(7);
    let scan = Item::Scan { name: "a.png".to_owned(), content: "iVBORw0KGgo=".to_owned() };
    let all = [collected("2026-11-20T01:00:00Z"), scan];
    (seal(&all, 1, now(), &key, &register.to_public()).unwrap(), key.public_key().clone())
}

#[test]
fn only_what_a_trusted_station_sealed_is_opened() {
    let register = OpeningKey::generate();
    let (bundle, key) = sealed(&register);
    let trusted = [station(9).public_key().clone(), key.clone()];
    let (header, all) = open(&bundle, &trusted, &register).unwrap();
    assert_eq!((header.sequence, header.items, all.len()), (1, 2, 2));
    let Item::Person { person, .. } = &all[0] else { panic!("the first item") };
    assert_eq!(**person, somebody());
    // Nothing of the person is legible.
    assert!(!bundle.windows(12).any(|part| part == somebody().number.as_str().as_bytes()));

    let other = OpeningKey::generate();
    assert_eq!(open(&bundle, &trusted, &other).unwrap_err(), NotTaken::OtherRegister);
    assert_eq!(open(&bundle, &trusted[..1], &register).unwrap_err(), NotTaken::UnknownStation);
    // Any octet changed, any end cut, anything added: refused.
    for place in (0..bundle.len()).step_by(7) {
        let mut changed = bundle.clone();
        changed[place] ^= 1;
        assert!(open(&changed, &trusted, &register).is_err(), "octet {place}");
        assert!(open(&bundle[..place], &trusted, &register).is_err(), "cut at {place}");
    }
    assert_eq!(
        open(&[bundle.as_slice(), b"x"].concat(), &trusted, &register).unwrap_err(),
        NotTaken::Damaged
    );
    // A forger puts a trusted station's name over content of their own.
    let forged =
        seal(&[collected("2026-11-20T01:00:00Z")], 2, now(), &station(8), &register.to_public()).unwrap();
    let forger = station(8).public_key().fingerprint();
    let named = String::from_utf8_lossy(&forged[..400]).find(&forger).unwrap();
    let mut forged = forged;
    forged[named..named + 64].copy_from_slice(key.fingerprint().as_bytes());
    assert_eq!(open(&forged, &trusted, &register).unwrap_err(), NotTaken::Signature);
}

#[test]
fn items_stand_in_their_places() {
    let line = |place: usize, item: &str, digest_of: &str| {
        use sha2::Digest as _;
        let sha256 = hex::encode(sha2::Sha256::digest(digest_of));
        format!("{}\n", serde_json::json!({"place": place, "sha256": sha256, "item": item}))
    };
    let scan = r#"{"scan":{"name":"a","content":""}}"#;
    let (one, two) = (line(1, scan, scan), line(2, scan, scan));
    assert_eq!(items(format!("{one}{two}").as_bytes()).unwrap().len(), 2);
    for wrong in [
        format!("{two}{one}"),
        format!("{one}{one}"),
        line(1, scan, "other"),
        line(1, "{}", "{}"),
        "{}\n".into(),
    ] {
        assert_eq!(items(wrong.as_bytes()).unwrap_err(), NotTaken::Item, "{wrong}");
    }
}

fn change(time: &str, source: &str) -> Change {
    Change { source: source.to_owned(), at: at(time) }
}

/// What the register learnt later stays; what the form does not say is left; nobody is doubled. On both engines.
#[test]
fn the_newer_fact_stays() {
    for place in [None, postgres::database()] {
        let mut store = match place {
            None => empty(),
            Some(place) => SqlStore::create(&place, now()).unwrap(),
        };
        let first = change("2026-11-01T01:00:00Z", "bundle:a:1");
        let person = somebody();
        let mut put = |person: &_, change: &Change| store.put_collected(person, change, TODAY).unwrap();
        assert_eq!(put(&person, &first), Collected::Put(Put::Added));
        assert_eq!(put(&person, &first), Collected::Put(Put::Unchanged));
        // The office learns another address and religion on the tenth.
        let mut moved = person.clone();
        moved.residences.permanent = Some(Residence::new("Số 99 Đường Khác"));
        moved.religion = Some("Phật giáo".to_owned());
        store.put_person(&moved, &change("2026-11-10T01:00:00Z", "office")).unwrap();
        // A bundle of the fifth comes on the twentieth, with a telephone and the old address.
        let mut old = person.clone();
        old.phone = Some("0900000000".to_owned());
        old.ethnic_group = None;
        let mut put = |person: &_, change: &Change| store.put_collected(person, change, TODAY).unwrap();
        let older = change("2026-11-05T01:00:00Z", "bundle:b:1");
        let expected = Collected::NewerKnown(vec!["religion".to_owned(), "residences".to_owned()]);
        assert_eq!(put(&old, &older), expected);
        assert_eq!(put(&old, &older), expected);
        // A newer one with a current place only: the permanent one stays.
        let mut newer = person.clone();
        newer.religion = None;
        newer.residences.permanent = None;
        newer.residences.current = Some(Residence::new("Lán 3, nương Tả Phìn"));
        assert_eq!(put(&newer, &change("2026-11-12T01:00:00Z", "bundle:a:2")), Collected::Put(Put::Changed));
        let held = store.person(&person.number).unwrap().unwrap();
        assert_eq!(held.residences.permanent, moved.residences.permanent);
        assert_eq!(held.residences.current, newer.residences.current);
        assert_eq!(held.religion.as_deref(), Some("Phật giáo"));
        assert_eq!((held.phone.as_deref(), held.ethnic_group.as_deref()), (Some("0900000000"), Some("Kinh")));
        assert_eq!(store.person_count().unwrap(), 1);
        // Somebody else under the same number is nobody's change.
        let mut other = somebody();
        other.full_name = "Lò Thị Khác".to_owned();
        other.birth_date = "2001-02-03".parse::<jiff::civil::Date>().unwrap().into();
        let done = store.put_collected(&other, &change("2026-11-19T01:00:00Z", "bundle:c:1"), TODAY).unwrap();
        assert_eq!(done, Collected::OtherPerson);
        // One case for the person, with what each form said against the register.
        let [case] = store.cases(None, Some(CaseState::Open), 10).unwrap().try_into().unwrap();
        let Subject::Facts(conflicts) = &case.subject else { panic!("{case:?}") };
        let mut items: Vec<&str> = conflicts.iter().map(|conflict| conflict.item.as_str()).collect();
        items.sort_unstable();
        assert_eq!(items, ["birth_date", "full_name", "religion", "residences"]);
        assert_eq!(store.person(&person.number).unwrap().unwrap(), held);
        let mut early = somebody();
        early.birth_date = "2030-01-01".parse::<jiff::civil::Date>().unwrap().into();
        let refused = store.put_collected(&early, &first, TODAY);
        assert!(matches!(refused, Err(StoreError::Flaw(_))));
        store.check_integrity().unwrap();

        let header = |sequence| Header {
            station: "ab".repeat(32),
            sequence,
            sealed: now(),
            items: 1,
            length: 1,
            sha256: String::new(),
        };
        let mut begin =
            |sequence, digest| store.begin_bundle(&header(sequence), &[digest; 32], now()).unwrap();
        assert_eq!(begin(1, 1), BundleState::Open);
        assert_eq!(
            (begin(1, 1), begin(1, 2), begin(2, 2)),
            (BundleState::Open, BundleState::Other, BundleState::Open)
        );
        store.end_bundle(&header(1), now()).unwrap();
        assert_eq!(store.begin_bundle(&header(1), &[1; 32], now()).unwrap(), BundleState::Merged);
    }
}

fn population(folder: &Path, words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_population"))
        .args(["--lang", "en", "--at", "2026-11-21"])
        .args(words.split(' '))
        .current_dir(folder)
        .output()
        .unwrap()
}

fn done(folder: &Path, words: &str) -> String {
    let output = population(folder, words);
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Two stations and a register, from the command line; the same bundle twice, a damaged one, one resumed.
#[test]
fn from_two_stations_to_the_register() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    done(folder, "init --db sqlite:r.db");
    let to = done(folder, "bundle recipient --db sqlite:r.db");
    let to = to.trim();
    assert_eq!(to, done(folder, "bundle recipient --db sqlite:r.db").trim());
    done(folder, "generate --people 60 --seed 3 --out a.csv");
    done(folder, "generate --people 40 --seed 3 --out b.csv");
    std::fs::write(folder.join("sheet.png"), b"\x89PNG not whole").unwrap();
    std::fs::write(folder.join("acts.jsonl"), "{\"no\":\"act\"}\n").unwrap();
    assert!(
        done(folder, "bundle add --open a.items --persons a.csv --scan sheet.png").contains("items added")
    );
    assert_eq!(population(folder, "bundle add --open a.items --acts acts.jsonl").status.code(), Some(1));
    done(folder, "bundle add --open b.items --persons b.csv");
    done(folder, &format!("bundle seal --open a.items --station sa --to {to} --out a.bundle"));
    done(folder, &format!("bundle seal --open b.items --station sb --to {to} --out b.bundle"));
    assert!(!folder.join("a.items").exists());
    std::fs::create_dir(folder.join("trusted")).unwrap();
    std::fs::copy(folder.join("sa.station.pub"), folder.join("trusted/sa.pub")).unwrap();
    let merge = |file: &str| {
        population(
            folder,
            &format!("--json bundle merge --db sqlite:r.db --trusted trusted --scans scanned {file}"),
        )
    };
    let count = || SqlStore::open_file(&folder.join("r.db")).unwrap().person_count().unwrap();
    // Not trusted yet, and damaged: nothing is changed.
    assert_eq!((merge("b.bundle").status.code(), count()), (Some(1), 0));
    let mut damaged = std::fs::read(folder.join("a.bundle")).unwrap();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    std::fs::write(folder.join("damaged.bundle"), damaged).unwrap();
    let refused = merge("damaged.bundle");
    assert_eq!((refused.status.code(), count()), (Some(1), 0));
    assert!(String::from_utf8_lossy(&refused.stdout).contains("\"damaged\""));
    std::fs::copy(folder.join("sb.station.pub"), folder.join("trusted/sb.pub")).unwrap();
    // Killed in the middle: whatever was done stays, the next run ends it.
    let mut killed = Command::new(env!("CARGO_BIN_EXE_population"))
        .args("bundle merge --db sqlite:r.db --trusted trusted --scans scanned a.bundle".split(' '))
        .current_dir(folder)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(40));
    let _ = killed.kill();
    killed.wait().unwrap();
    assert!(merge("a.bundle").status.success());
    let people = count();
    assert_eq!(std::fs::read_dir(folder.join("scanned")).unwrap().count(), 1);
    let again = merge("a.bundle");
    assert!(String::from_utf8_lossy(&again.stdout).contains("\"merged_before\":true"));
    let both = merge("b.bundle");
    assert!(both.status.success(), "{}", String::from_utf8_lossy(&both.stderr));
    let store = SqlStore::open_file(&folder.join("r.db")).unwrap();
    store.check_integrity().unwrap();
    // Everybody of both files, each once.
    let mut numbers = std::collections::BTreeSet::new();
    for (file, held) in [("a.csv", people), ("b.csv", store.person_count().unwrap())] {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let rows = text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned());
        numbers.extend(rows);
        assert_eq!(held, numbers.len() as u64, "{file}");
    }
}

proptest! {
    #[test]
    fn no_octets_make_it_panic(octets in proptest::collection::vec(any::<u8>(), 0..300), text in "[ -~\n]{0,200}") {
        let register = OpeningKey::generate();
        let trusted = [station(7).public_key().clone()];
        prop_assert!(open(&octets, &trusted, &register).is_err());
        let head = ["CCCD-BUNDLE 1\n", &text].concat();
        prop_assert!(open(head.as_bytes(), &trusted, &register).is_err());
        let _ = items(text.as_bytes());
    }
}
