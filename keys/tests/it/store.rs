//! Ceremonies in a key store on disk, the trust directory and the log.

use crate::house::{CONTENT, at, founded, today};
use cccd_keys::audit_log::{self, AuditLog, Event, Head, LogProblem};
use cccd_keys::life::Pool;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signer::Signer as _;
use cccd_keys::sod::EfSod;
use cccd_keys::store::{KeyStore, Passphrase, StoreError, StoreSettings};
use cccd_keys::trust::{self, ChainResult, ImportKind, RevocationResult, TrustStore};
use jiff::SignedDuration;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::path::{Path, PathBuf};

const QUARTER: SignedDuration = SignedDuration::from_hours(90 * 24);

fn passphrase() -> Passphrase {
    Passphrase::new("correct horse".to_owned())
}

fn make(dir: &Path, profile: AlgorithmProfile) -> (KeyStore, ChaCha20Rng) {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let settings = StoreSettings::new(profile, "VN", founded());
    let store = KeyStore::init(dir, settings, &passphrase(), &mut rng).unwrap();
    (store, rng)
}

#[test]
fn a_pki_made_in_one_process_signs_and_is_trusted_in_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, out) = (dir.path().join("keys"), dir.path().join("trust"));
    let (store, mut rng) = make(&keys, AlgorithmProfile::Cccd);
    assert!(matches!(store.create_document_signer(founded(), &mut rng), Err(StoreError::NoCsca)));
    store.create_csca(founded(), &mut rng).unwrap();
    assert!(matches!(store.active_document_signer(today()), Err(StoreError::NoDocumentSigner(_))));
    store.create_document_signer(founded(), &mut rng).unwrap();
    assert!(matches!(store.export(&out), Err(StoreError::NoCrl)));
    store.issue_crl(founded(), QUARTER, &[], None).unwrap();
    store.export(&out).unwrap();
    drop(store);

    let store = KeyStore::open(&keys, &passphrase()).unwrap();
    let signer = store.active_document_signer(today()).unwrap();
    let sod = EfSod::parse(&signer.sign_ef_sod(CONTENT, today()).unwrap()).unwrap();
    let facts = sod.verify_signature().unwrap();
    let trust = TrustStore::load(&out).unwrap();
    assert_eq!(trust.problems(), []);
    let path = trust.check_signer(&facts.signer, today());
    assert!(matches!(path.chain, ChainResult::Trusted { .. }));
    assert!(matches!(path.revocation, RevocationResult::Good { .. }));
    // Register and station keys are exported and are those of the store.
    let register = store.register_key().unwrap();
    assert_eq!(trust.register_key(&register.public_key().fingerprint()), Some(register.public_key()));
    let station = store.station_key().unwrap();
    assert_eq!(trust.station_keys(), [station.public_key().clone()]);
    // The key's use ends after three months, the certificate's validity does not.
    assert!(matches!(
        store.active_document_signer(at("2027-02-02T00:00:00Z")),
        Err(StoreError::NoDocumentSigner(_))
    ));
    assert!(matches!(
        KeyStore::open(&keys, &Passphrase::new("wrong".into())),
        Err(StoreError::WrongPassphrase)
    ));
    let again = KeyStore::init(
        &keys,
        StoreSettings::new(AlgorithmProfile::P256, "VN", founded()),
        &passphrase(),
        &mut rng,
    );
    assert!(matches!(again, Err(StoreError::Exists(_))));
}

#[test]
fn a_document_signer_that_rotted_on_the_disk_signs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), AlgorithmProfile::Cccd);
    store.create_csca(founded(), &mut rng).unwrap();
    store.create_document_signer(founded(), &mut rng).unwrap();
    assert!(store.active_document_signer(founded()).is_ok());
    for folder in ["ds", "csca"] {
        let mut files =
            std::fs::read_dir(dir.path().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let file = files.find(|path| path.extension().is_some_and(|e| e == "cer")).unwrap();
        let whole = std::fs::read(&file).unwrap();
        let mut rotten = whole.clone();
        // Within the signature: the certificate still reads as before.
        *rotten.last_mut().unwrap() ^= 1;
        std::fs::write(&file, &rotten).unwrap();
        assert!(matches!(store.active_document_signer(founded()), Err(StoreError::Damaged(_))), "{folder}");
        std::fs::write(&file, &whole).unwrap();
    }
    assert!(store.active_document_signer(founded()).is_ok());
}

#[test]
fn rotation_erases_and_revocation_is_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), AlgorithmProfile::P256);
    store.create_csca(founded(), &mut rng).unwrap();
    let first = store.create_document_signer(founded(), &mut rng).unwrap();
    let second = store.create_document_signer(founded(), &mut rng).unwrap();
    assert_eq!(store.active_document_signer(today()).unwrap().certificate().der(), second.der());
    let unknown = store.issue_crl(founded(), QUARTER, &["00ff".to_owned()], None);
    assert!(matches!(unknown, Err(StoreError::UnknownSerial(_))));
    let crl = store.issue_crl(today(), QUARTER, &[second.serial_hex()], Some(1)).unwrap();
    assert_eq!((crl.number(), crl.entries().len()), (Some(1), 1));
    assert_eq!(store.active_document_signer(today()).unwrap().certificate().der(), first.der());
    let crl = store.issue_crl(today(), QUARTER, &[], None).unwrap();
    assert_eq!((crl.number(), crl.entries().len()), (Some(2), 1));
    let (third, erased) = store.rotate_document_signer(Pool::Dated, today(), &mut rng).unwrap();
    let serials: Vec<_> = erased.iter().map(|one| one.serial.clone()).collect();
    assert_eq!(serials, [first.serial_hex(), second.serial_hex()]);
    assert_eq!(store.active_document_signer(today()).unwrap().certificate().der(), third.der());
    assert!(!dir.path().join("ds/00001.key.age").exists());
    let states: Vec<_> =
        store.document_signers(today()).unwrap().iter().map(|s| (s.may_sign, s.revoked, s.erased)).collect();
    assert_eq!(states, [(false, false, true), (false, true, true), (true, false, false)]);
}

#[test]
fn ceremonies_at_the_same_time_do_not_overwrite_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), AlgorithmProfile::P256);
    store.create_csca(founded(), &mut rng).unwrap();
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let store = &store;
            scope.spawn(move || {
                let mut rng = ChaCha20Rng::seed_from_u64(100 + seed);
                store.create_document_signer(founded(), &mut rng).unwrap()
            });
        }
    });
    assert_eq!(store.document_signers(today()).unwrap().len(), 4);
    let key = store.log_key().unwrap();
    let log = AuditLog::verify_file(&store.audit_log_path(), key.public_key()).unwrap();
    assert_eq!((log.records.len(), log.beyond_head), (6, 0));
}

#[cfg(unix)]
#[test]
fn private_files_are_private_and_cannot_be_swapped() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = make(dir.path(), AlgorithmProfile::P256);
    let secret = dir.path().join("secret");
    let mut count = 0;
    for entry in std::fs::read_dir(&secret).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        count += 1;
    }
    assert_eq!(count, 5);
    let master = store.transport_master().unwrap();
    let register = store.register_key().unwrap().public_key().fingerprint();
    std::fs::copy(secret.join("station.key.age"), secret.join("register.key.age")).unwrap();
    assert!(matches!(store.register_key(), Err(StoreError::Damaged(_))));
    assert_ne!(register, store.station_key().unwrap().public_key().fingerprint());
    assert!(!format!("{store:?} {master:?}").contains("AGE-SECRET"));
}

#[test]
fn import_is_all_or_nothing_and_twice_is_once() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, exported, into) = (dir.path().join("k"), dir.path().join("e"), dir.path().join("t"));
    let (store, mut rng) = make(&keys, AlgorithmProfile::P256);
    store.create_csca(founded(), &mut rng).unwrap();
    store.issue_crl(founded(), QUARTER, &[], None).unwrap();
    let files: Vec<PathBuf> =
        store.export(&exported).unwrap().iter().map(|name| exported.join(name)).collect();
    let damaged = dir.path().join("damaged.cer");
    std::fs::write(&damaged, b"not a certificate").unwrap();
    assert!(trust::directory::import(&[files[0].clone(), damaged], &into, ImportKind::Anchors).is_err());
    assert!(!into.exists());
    // A CRL alone has nobody to vouch for it.
    assert!(trust::directory::import(&[files[1].clone()], &into, ImportKind::Anchors).is_err());
    for present in [false, true] {
        let report = trust::directory::import(&files[..2], &into, ImportKind::Anchors).unwrap();
        assert!(report.files.iter().all(|file| file.already_present == present));
        let report = trust::directory::import(&files[2..3], &into, ImportKind::Register).unwrap();
        assert_eq!(report.files[0].already_present, present);
    }
    let trust = TrustStore::load(&into).unwrap();
    let counts = (trust.anchors().len(), trust.crls().count(), trust.register_keys().len());
    assert_eq!(counts, (1, 1, 1));
    // A damaged file in the directory is named and does not harm the others.
    std::fs::write(into.join("csca/broken.cer"), b"\x30\x03").unwrap();
    let trust = TrustStore::load(&into).unwrap();
    assert_eq!(trust.anchors().len(), 1);
    assert_eq!(trust.problems()[0].file, "csca/broken.cer");
}

#[test]
fn the_log_shows_change_deletion_reordering_and_truncation() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut rng) = make(dir.path(), AlgorithmProfile::P256);
    store.create_csca(founded(), &mut rng).unwrap();
    store.log(Event::new(today(), "card-issued").subject(b"012345678901").payload(b"evidence")).unwrap();
    let key = store.log_key().unwrap();
    let public = key.public_key();
    let path = store.audit_log_path();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("012345678901"));
    let head: Head =
        serde_json::from_slice(&std::fs::read(path.with_extension("head.json")).unwrap()).unwrap();
    let good = audit_log::verify(&text, &head, public).unwrap();
    assert_eq!((good.records.len(), good.beyond_head), (3, 0));
    let lines: Vec<&str> = text.lines().collect();
    let check = |lines: &[&str]| audit_log::verify(&lines.join("\n"), &head, public).unwrap_err();
    let changed = lines[1].replace("csca-made", "csca-gone");
    assert_eq!(check(&[lines[0], &changed, lines[2]]), LogProblem::Broken { line: 3 });
    assert_eq!(check(&[lines[0], lines[2]]), LogProblem::Broken { line: 2 });
    assert_eq!(check(&[lines[1], lines[0], lines[2]]), LogProblem::Broken { line: 1 });
    assert_eq!(check(&lines[..2]), LogProblem::Truncated { found: 2, expected: 3 });
    let rewritten = lines[2].replace("card-issued", "card-wasted");
    assert_eq!(check(&[lines[0], lines[1], &rewritten]), LogProblem::HeadMismatch);
    let forged = Head { sequence: 2, ..head.clone() };
    assert_eq!(audit_log::verify(&lines[..2].join("\n"), &forged, public), Err(LogProblem::HeadSignature));

    // A writer that died while writing its line: cut off at the next opening, and the log goes on.
    std::fs::write(&path, format!("{text}{{\"sequence\":4,")).unwrap();
    let mut log = AuditLog::open(&path, store.subject_key().unwrap(), public).unwrap();
    log.append(&Event::new(today(), "after"), &key).unwrap();
    drop(log);
    assert_eq!(AuditLog::verify_file(&path, public).unwrap().records.len(), 4);
    // A log that was tampered with takes no further record.
    std::fs::write(&path, lines[..2].join("\n") + "\n").unwrap();
    assert!(AuditLog::open(&path, store.subject_key().unwrap(), public).is_err());
}
