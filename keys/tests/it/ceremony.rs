//! Ceremonies are replayed from their records; a lost store is made again from shares.

use crate::house::{CONTENT, at, founded, today};
use cccd_cvc::{InspectionRights, Role};
use cccd_keys::ceremony::{Act, Participant, Record, ReplayProblem};
use cccd_keys::life::{Pool, SignerState};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::shamir::{CombineError, Share};
use cccd_keys::sod::EfSod;
use cccd_keys::store::{
    AuthorityRequest, KeyStore, Passphrase, Rename, RequestAnswer, Restoration, StoreError, StoreSettings,
    VerifyingRequest, list_ceremonies, read_ceremony, verify_ceremonies,
};
use jiff::SignedDuration;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};

const QUARTER: SignedDuration = SignedDuration::from_hours(90 * 24);

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.to_owned())
}

/// A store in which every kind of ceremony was held.
fn house(dir: &Path, profile: AlgorithmProfile) -> (KeyStore, ChaCha20Rng) {
    let mut rng = ChaCha20Rng::seed_from_u64(51);
    let settings = StoreSettings::new(profile, "VN", founded());
    let store = KeyStore::init(dir, settings, &passphrase("first"), &mut rng).unwrap();
    let present: Vec<Participant> =
        ["Nguyễn Văn Mẫu, trưởng ban", "Trần Thị Thử"].map(|text| text.parse().unwrap()).into();
    let store = store.in_presence_of(present);
    store.create_csca(founded(), &mut rng).unwrap();
    for (pool, rename) in
        [(Pool::Dated, Rename::Keep), (Pool::NoExpiry, Rename::Keep), (Pool::Dated, Rename::Number)]
    {
        store.create_authority(AuthorityRequest { pool, rename }, today(), &mut rng).unwrap();
    }
    let signer = store.create_document_signer(today(), &mut rng).unwrap();
    store.create_signer_of_pool(Pool::NoExpiry, 1000, today(), &mut rng).unwrap();
    store.issue_crl(today(), QUARTER, &[], None).unwrap();
    store.issue_crl(today(), QUARTER / 2, &[signer.serial_hex()], Some(1)).unwrap();
    store.export_master_list(today(), &mut rng).unwrap();
    let rights = InspectionRights { fingerprints: true, irises: true };
    let request = |holder, days| VerifyingRequest { holder, rights, days };
    store.create_cvca(today(), &request("CVCA", 100), &mut rng).unwrap();
    store.link_cvca(today(), 365, &mut rng).unwrap();
    store.create_document_verifier(today(), &request("DVHCM", 93), false, &mut rng).unwrap();
    store.create_terminal(today(), &request("IS", 31), None, &mut rng).unwrap();
    // A station of its own asks, and asks again with the key before.
    let terms = |compared| RequestAnswer {
        role: Role::Terminal,
        rights: None,
        days: 20,
        under: Some("DVHCM"),
        compared,
    };
    for compared in [true, false] {
        let asked = store.request_certificate(today(), Role::Terminal, "ISHN", &mut rng).unwrap();
        let issued = store.answer_request(today(), &asked.bytes, terms(compared)).unwrap();
        store.install_certificate(today(), &issued).unwrap();
    }
    (store, rng)
}

fn problems(dir: &Path) -> Vec<(String, ReplayProblem)> {
    let checked = verify_ceremonies(dir).unwrap();
    checked.into_iter().filter_map(|one| one.problem.map(|problem| (one.name, problem))).collect()
}

#[test]
fn every_ceremony_is_made_again_from_its_record() {
    for profile in [AlgorithmProfile::P256, AlgorithmProfile::Cccd] {
        let dir = tempfile::tempdir().unwrap();
        drop(house(dir.path(), profile));
        // 4 authorities, 3 links, 2 signers, 2 lists, a Master List Signer; 2 CVCAs, a link, a document verifier, a
        // terminal, 2 answers to requests.
        assert_eq!(verify_ceremonies(dir.path()).unwrap().len(), 19);
        assert_eq!(list_ceremonies(dir.path()).unwrap().len(), 19);
        assert_eq!(problems(dir.path()), []);
        let record = read_ceremony(dir.path(), 1).unwrap();
        assert_eq!(record.output.file, "csca/001.cer");
        let present: Vec<_> = record.present.iter().map(|p| (p.name.as_str(), p.role.as_deref())).collect();
        assert_eq!(present, [("Nguyễn Văn Mẫu", Some("trưởng ban")), ("Trần Thị Thử", None)]);
    }
}

#[test]
fn what_was_changed_after_a_ceremony_shows() {
    let dir = tempfile::tempdir().unwrap();
    drop(house(dir.path(), AlgorithmProfile::P256));
    let path = |name: &str| dir.path().join(name);
    let with = |name: &str, change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
        let kept = std::fs::read(path(name)).unwrap();
        std::fs::write(path(name), change(kept.clone())).unwrap();
        let found = problems(dir.path());
        std::fs::write(path(name), kept).unwrap();
        assert_eq!(problems(dir.path()), []);
        found
    };
    // Another certificate of the same authority in place of the one that came out.
    let other = std::fs::read(path("ds/00002.cer")).unwrap();
    let found = with("ds/00001.cer", &|_| other.clone());
    assert!(found.contains(&("000008.json".to_owned(), ReplayProblem::Digest("ds/00001.cer".to_owned()))));
    // A record that tells another story: a name added, a limit raised, written anew or with a blank in it.
    let story = |from: &'static str, to: &'static str| {
        move |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replacen(from, to, 1).into_bytes()
    };
    for (from, to) in [("Trần Thị Thử", "Trần Thị Khác"), ("\"limit\":250000", "\"limit\":250001")]
    {
        let found = with("ceremony/000008.json", &story(from, to));
        assert_eq!(found[0], ("000008.json".to_owned(), ReplayProblem::NotInLog), "{from}");
        assert!(matches!(found[1].1, ReplayProblem::NoRecord(_)));
    }
    let found = with("ceremony/000008.json", &story(",\"number\"", ", \"number\""));
    assert_eq!(found[0].1, ReplayProblem::Malformed);
    // A record that is gone.
    let kept = std::fs::read(path("ceremony/000012.json")).unwrap();
    std::fs::remove_file(path("ceremony/000012.json")).unwrap();
    assert!(matches!(problems(dir.path())[..], [(_, ReplayProblem::NoRecord(_))]));
    std::fs::write(path("ceremony/000012.json"), kept).unwrap();
}

#[test]
fn a_record_from_which_something_else_follows_does_not_hold() {
    let dir = tempfile::tempdir().unwrap();
    drop(house(dir.path(), AlgorithmProfile::P256));
    let load = |name: &str| std::fs::read(dir.path().join(name)).ok();
    let replayed = |number: u64, from: &str, to: &str| {
        let text = String::from_utf8(read_ceremony(dir.path(), number).unwrap().to_bytes()).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        let record = Record::parse(text.replacen(from, to, 1).as_bytes()).unwrap();
        cccd_keys::ceremony::replay(&record, &load).unwrap_err()
    };
    for (number, from, to) in [
        (1, "\"time\":\"2026-11-01T00:00:00Z\"", "\"time\":\"2026-11-01T00:00:01Z\""),
        (1, "\"country\":\"VN\"", "\"country\":\"UT\""),
        (1, "\"pool\":\"dated\"", "\"pool\":\"no-expiry\""),
        (8, "\"sequence\":1", "\"sequence\":2"),
        (8, "\"authority\":\"csca/004.cer\"", "\"authority\":\"csca/001.cer\""),
        (10, "\"number\":1,\"seconds\"", "\"number\":2,\"seconds\""),
        (11, "\"reason\":1", "\"reason\":4"),
        (10, "\"seconds\":7776000", "\"seconds\":777600"),
        (13, "\"days\":100", "\"days\":101"),
        (15, "\"holder\":\"VNCVCA00002\"", "\"holder\":\"VNCVCA00003\""),
        (16, "\"irises\":true", "\"irises\":false"),
        (16, "\"role\":\"domestic\"", "\"role\":\"foreign\""),
        (17, "\"time\":\"2026-12-01", "\"time\":\"2026-12-02"),
    ] {
        let problem = replayed(number, from, to);
        // What follows from it has no such signature.
        assert!(matches!(problem, ReplayProblem::Build(_)), "{from}: {problem}");
    }
    assert_eq!(replayed(8, "\"serial\":\"01", "\"serial\":\"02"), ReplayProblem::Value("serial"));
    assert_eq!(replayed(8, "\"pool\":\"dated\"", "\"pool\":\"dates\""), ReplayProblem::Value("pool"));
    assert_eq!(replayed(16, "domestic", "deity"), ReplayProblem::Value("role"));
    // Under the CVCA key before, whose key is another than the one that signed.
    assert_eq!(replayed(16, "cvca/002.cvcert", "cvca/001.cvcert"), ReplayProblem::Value("signer"));
    assert_eq!(replayed(13, "\"signer\":\"7f49", "\"signer\":\"7e49"), ReplayProblem::Value("signer"));
    let outside = replayed(8, "csca/004.cer", "csca/999.cer");
    assert_eq!(outside, ReplayProblem::File("csca/999.cer".to_owned()));
}

fn again(shares: &[Share], chosen: &[usize]) -> Vec<Share> {
    (1..)
        .zip(chosen)
        .map(|(place, index)| Share::from_text(&shares[*index].to_text(), place).unwrap())
        .collect()
}

#[test]
fn a_lost_store_comes_back_from_either_place_and_any_three_of_five() {
    let root = tempfile::tempdir().unwrap();
    let (dir, places) = (root.path().join("keys"), ["a", "b"].map(|name| root.path().join(name)));
    let (store, mut rng) = house(&dir, AlgorithmProfile::Cccd);
    let csca = store.csca().unwrap();
    let log = store.log_key().unwrap();
    let one = store.create_backup(today(), (3, 5), &[places[0].clone()], &mut rng);
    assert!(matches!(one, Err(StoreError::BackupPlan(_))));
    let same: Vec<PathBuf> = vec![places[0].clone(), places[0].join("../a")];
    assert!(matches!(store.create_backup(today(), (3, 5), &same, &mut rng), Err(StoreError::BackupPlan(_))));
    let made = store.create_backup(today(), (3, 5), &places, &mut rng).unwrap();
    assert_eq!((made.shares.len(), made.files.len()), (5, 2));
    let Some(Record { act: Act::Backup { backup, sha256, places: 2 }, output, .. }) =
        list_ceremonies(&dir).unwrap().pop()
    else {
        panic!("no record of the backup")
    };
    assert_eq!((backup.set.as_str(), backup.keys.len()), (made.set.as_str(), made.keys));
    assert_eq!(sha256, hex::encode(Sha256::digest(std::fs::read(&made.files[0]).unwrap())));
    assert_eq!(output.file, format!("backup/{}.json", made.set));
    assert_eq!(problems(&dir), []);
    drop(store);
    std::fs::remove_dir_all(&dir).unwrap();

    let restore = |from: &Path, shares: &[Share], to: &Path| {
        let from = Restoration { place: from, shares, present: &["Lê Thị Giữ".parse().unwrap()] };
        KeyStore::restore_backup(&from, to, &passphrase("second"), today())
    };
    for (number, (place, chosen)) in
        [(&places[0], vec![0, 1, 2]), (&places[1], vec![4, 2, 0]), (&places[0], vec![0, 1, 2, 3, 4])]
            .into_iter()
            .enumerate()
    {
        let to = root.path().join(format!("restored-{number}"));
        let mut store = restore(place, &again(&made.shares, &chosen), &to).unwrap();
        let record = list_ceremonies(&to).unwrap().pop().unwrap();
        assert_eq!(record.present[0].name, "Lê Thị Giữ");
        let Act::Restoration { backup: came_back, used, token: None } = record.act else {
            panic!("no record of the restoration")
        };
        let numbers: Vec<u8> = chosen.iter().map(|one| u8::try_from(*one).unwrap() + 1).collect();
        assert_eq!((came_back, used), (backup.clone(), numbers));
        // The same CSCA signs again, and a verifier that knew it before goes on.
        let signer = store.create_document_signer(today(), &mut rng).unwrap();
        assert!(signer.verify_signature(csca.public_key()).is_ok());
        let sod = store.active_document_signer(today()).unwrap().sign_ef_sod(CONTENT, today()).unwrap();
        EfSod::parse(&sod).unwrap().verify_signature().unwrap();
        let crl = store.issue_crl(today(), QUARTER, &[], None).unwrap();
        assert_eq!((crl.number(), crl.entries().len()), (Some(3), 1));
        // Keys of signers stay lost, with their counts; records and log go on.
        let states: Vec<_> =
            store.document_signers(today()).unwrap().iter().map(|status| status.state).collect();
        assert_eq!(states, [SignerState::Revoked, SignerState::Erased, SignerState::Active]);
        assert_eq!(problems(&to), []);
        use cccd_keys::signer::Signer as _;
        assert_eq!(store.log_key().unwrap().public_key(), log.public_key());
        store = KeyStore::open(&to, &passphrase("second")).unwrap();
        assert!(matches!(KeyStore::open(&to, &passphrase("first")), Err(StoreError::WrongPassphrase)));
        store.transport_master().unwrap();
    }

    let to = root.path().join("refused");
    let refused = |from: &Path, shares: &[Share]| restore(from, shares, &to).unwrap_err();
    let few = refused(&places[0], &again(&made.shares, &[1, 3]));
    assert!(matches!(few, StoreError::Shares(CombineError::TooFew { found: 2, needed: 3 })));
    assert_eq!(few.code(), "too-few-shares");
    let (other, mut rng) = house(&root.path().join("other"), AlgorithmProfile::P256);
    let theirs = other.create_backup(today(), (3, 5), &places, &mut rng).unwrap();
    let mut mixed = again(&made.shares, &[0, 1]);
    mixed.extend(again(&theirs.shares, &[2]));
    assert!(matches!(refused(&places[0], &mixed), StoreError::Shares(CombineError::Mixed(3))));
    let nowhere = refused(root.path(), &again(&made.shares, &[0, 1, 2]));
    assert!(matches!(nowhere, StoreError::Backup(_)));
    // One place rots; the other does not.
    let rotten = &made.files[0];
    let mut bytes = std::fs::read(rotten).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(rotten, bytes).unwrap();
    let (bad, good) = if rotten.starts_with(places[0].canonicalize().unwrap()) { (0, 1) } else { (1, 0) };
    assert!(matches!(refused(&places[bad], &again(&made.shares, &[0, 1, 2])), StoreError::Backup(_)));
    assert!(!to.join("store.json").exists());
    restore(&places[good], &again(&made.shares, &[0, 1, 2]), &root.path().join("last")).unwrap();
    let twice = restore(&places[good], &again(&made.shares, &[0, 1, 2]), &root.path().join("last"));
    assert!(matches!(twice, Err(StoreError::Exists(_))));
}

#[test]
fn nothing_of_a_backup_lies_in_clear() {
    let root = tempfile::tempdir().unwrap();
    let (store, mut rng) = house(&root.path().join("keys"), AlgorithmProfile::P256);
    let places = ["a", "b"].map(|name| root.path().join(name));
    let made = store.create_backup(at("2026-12-02T00:00:00Z"), (2, 3), &places, &mut rng).unwrap();
    let file = std::fs::read(&made.files[0]).unwrap();
    assert!(file.starts_with(b"age-encryption.org/v1"));
    let find = |text: &[u8]| file.windows(text.len()).any(|window| window == text);
    assert!(!find(b"symmetric") && !find(b"ecdsa ") && !find(b"csca/001"));
    assert_eq!(std::fs::read(&made.files[1]).unwrap(), file);
    for share in &made.shares {
        assert!(!format!("{share:?}").contains(&share.to_text()[20..30]));
    }
}
