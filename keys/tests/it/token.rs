//! A token that refuses, locks, goes away or answers garbage: nothing unverified leaves it, nothing is half made.

use cccd_keys::algorithm::{HashAlgorithm, SignatureAlgorithm};
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::life::Pool;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::signer::Signer as _;
use cccd_keys::store::{
    AuthorityNames, KeyStore, Passphrase, Purpose, Restoration, StoreError, StoreSettings, VerifyingRequest,
};
use cccd_keys::token::lab::{Failure, LabToken, Plan};
use cccd_keys::token::port::{Fault, Port};
use cccd_keys::token::{Pin, Retries, Token, TokenError, TokenKey, TokenLimits, TokenMaster};
use cccd_keys::transport_keys::{ChipSerial, TransportKeyLabel, TransportMaster};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use zeroize::Zeroizing;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn limits() -> TokenLimits {
    TokenLimits { pause: Duration::ZERO, ..TokenLimits::default() }
}

fn lab() -> LabToken {
    LabToken::new("house", "1234", Box::new(rng(1)))
}

fn try_open(lab: &LabToken, pin: &str, limits: TokenLimits) -> Result<Token, TokenError> {
    Token::open(Arc::new(lab.clone()), "house", None, Pin::new(pin.to_owned()), limits)
}

fn open(lab: &LabToken) -> Arc<Token> {
    Arc::new(try_open(lab, "1234", limits()).unwrap())
}

fn key(token: &Arc<Token>, seed: u64) -> Result<TokenKey, TokenError> {
    let (curve, hash) = (NamedCurve::P256, HashAlgorithm::Sha256);
    TokenKey::generate(token, "ds/1", "label", curve, hash, CurveEncoding::Named, false, &mut rng(seed))
}

fn lost() -> Fault {
    Fault::Lost("CKR_DEVICE_REMOVED".to_owned())
}

fn at() -> Timestamp {
    "2026-11-21T03:00:00Z".parse().unwrap()
}

#[test]
fn a_token_is_found_by_its_whole_label_and_nothing_is_guessed() {
    let lab = lab();
    let named = |label: &str| {
        Token::open(Arc::new(lab.clone()), label, None, Pin::new("1234".into()), limits()).map(|_| ())
    };
    assert_eq!(named("house"), Ok(()));
    for near in ["hous", "House", "house "] {
        let error = named(near).unwrap_err();
        assert_eq!(error.code(), "token-missing");
        assert!(error.to_string().contains("\"house\" (serial LAB0000000000001)"), "{error}");
    }
    lab.change(|info| info.initialized = false);
    assert_eq!(named("house").unwrap_err().code(), "token-missing");

    #[derive(Debug)]
    struct Two(LabToken);
    impl Port for Two {
        fn tokens(&self) -> Result<Vec<cccd_keys::token::port::TokenInfo>, Fault> {
            let mut one = self.0.tokens()?;
            let mut other = one.clone();
            other[0].serial = "LAB2".to_owned();
            one.append(&mut other);
            Ok(one)
        }
        fn open(&self, slot: u64) -> Result<Box<dyn cccd_keys::token::port::Session>, Fault> {
            self.0.open(slot)
        }
        fn restarts(&self) -> u64 {
            self.0.restarts()
        }
        fn restart(&self, seen: u64) -> Result<(), Fault> {
            self.0.restart(seen)
        }
    }
    lab.change(|info| info.initialized = true);
    let two = Arc::new(Two(lab));
    let pin = || Pin::new("1234".into());
    let error = Token::open(two.clone(), "house", None, pin(), limits()).unwrap_err();
    assert_eq!(error.code(), "token-ambiguous");
    assert!(error.to_string().contains("LAB2"), "{error}");
    // A store knows the serial number, so for it there is no ambiguity.
    let mut identity = cccd_keys::token::TokenIdentity { label: "house".into(), serial: "LAB2".into() };
    assert!(Token::open(two.clone(), "house", Some(&identity), pin(), limits()).is_ok());
    identity.serial = "LAB3".into();
    let error = Token::open(two, "house", Some(&identity), pin(), limits()).unwrap_err();
    assert_eq!(error.code(), "token-other");
}

#[test]
fn a_wrong_pin_is_counted_and_the_last_try_is_not_spent_unasked() {
    let lab = lab();
    let wrong = |retries| TokenError::PinWrong { label: "house".to_owned(), retries };
    assert_eq!(try_open(&lab, "0000", limits()).unwrap_err(), wrong(Retries::Low));
    assert_eq!(try_open(&lab, "0000", limits()).unwrap_err(), wrong(Retries::Last));
    // Not even the right one: the token cannot tell us beforehand.
    assert_eq!(try_open(&lab, "1234", limits()).unwrap_err().code(), "token-pin-last-try");
    let spend = TokenLimits { spend_last_pin_try: true, ..limits() };
    assert!(try_open(&lab, "1234", spend).is_ok());
    for _ in 0..2 {
        try_open(&lab, "0000", limits()).unwrap_err();
    }
    assert_eq!(try_open(&lab, "0000", spend).unwrap_err().code(), "token-pin-locked");
    assert_eq!(try_open(&lab, "1234", limits()).unwrap_err().code(), "token-pin-locked");
    assert_eq!(try_open(&lab, "1234", spend).unwrap_err().code(), "token-pin-locked");
    assert!(!format!("{:?}", try_open(&lab, "0000", limits())).contains("0000"));
}

#[test]
fn what_a_token_lacks_is_named_before_anything_is_made() {
    let lab = lab();
    lab.change(|info| info.mechanisms.ecdsa = false);
    let token = open(&lab);
    let error = key(&token, 2).unwrap_err();
    assert_eq!((error.code(), lab.objects()), ("token-unsupported", 0));
    assert!(error.to_string().contains("CKM_ECDSA"), "{error}");
    lab.change(|info| (info.mechanisms.ecdsa, info.mechanisms.aes_cmac) = (true, false));
    let token = open(&lab);
    let error = TokenMaster::generate(&token, "label", &mut rng(2)).unwrap_err();
    assert_eq!((error.code(), lab.objects()), ("token-unsupported", 0));
}

#[test]
fn a_signature_that_does_not_verify_never_leaves_the_token() {
    let lab = lab();
    let token = open(&lab);
    let made = key(&token, 2).unwrap();
    for failure in [Failure::Garbage, Failure::Empty] {
        lab.plan(Plan::from([(1, failure.clone())]));
        assert_eq!(made.sign_plain(b"message").unwrap_err().code(), "token-garbage", "{failure:?}");
        lab.plan(Plan::from([(1, failure.clone())]));
        let error = made.sign(b"message").unwrap_err();
        assert_eq!(error.code(), "token-garbage");
        // The next one is good: nothing was kept of the bad one.
        let signature = made.sign(b"message").unwrap();
        let algorithm = SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256);
        assert_eq!(made.public_key().verify(algorithm, b"message", &signature), Ok(()));
        // A key whose public half or first signature is garbage is not taken into use.
        for call in [1, 2] {
            lab.plan(Plan::from([(call, failure.clone())]));
            assert!(key(&token, 10 + call as u64).is_err(), "{failure:?} at {call}");
        }
    }
}

#[test]
fn a_lost_session_is_replaced_and_the_call_made_again_a_bounded_number_of_times() {
    let lab = lab();
    let token = open(&lab);
    let made = key(&token, 2).unwrap();
    for failure in [Failure::Before(lost()), Failure::After(lost())] {
        lab.plan(Plan::from([(1, failure.clone()), (2, failure.clone()), (3, failure)]));
        assert!(made.sign(b"message").is_ok());
        assert_eq!(lab.calls(), 4);
    }
    lab.plan((1..100).map(|call| (call, Failure::Before(lost()))).collect());
    let error = made.sign_plain(b"message").unwrap_err();
    assert_eq!((error.code(), lab.calls()), ("token-lost", 4));
    // What is no loss is not tried again.
    lab.plan(Plan::from([(1, Failure::Before(Fault::Refused("CKR_FUNCTION_REJECTED".to_owned())))]));
    assert_eq!((made.sign_plain(b"m").unwrap_err().code(), lab.calls()), ("token-refuses", 1));
    // Pulled out for good, and put back.
    lab.plan(Plan::from([(1, Failure::Removed)]));
    assert_eq!(made.sign_plain(b"message").unwrap_err().code(), "token-lost");
    lab.put_back(true);
    assert!(made.sign_plain(b"message").is_ok());
}

#[test]
fn a_key_is_made_once_even_when_the_answer_is_lost() {
    let lab = lab();
    let token = open(&lab);
    lab.plan(Plan::from([(1, Failure::After(lost()))]));
    let made = key(&token, 2).unwrap();
    assert_eq!(lab.objects(), 1);
    assert!(made.sign(b"message").is_ok());
    // The same identifier again is another's key: not taken over.
    assert_eq!(key(&token, 2).unwrap_err().code(), "token-key-exists");
    let reference = made.reference();
    let again = TokenKey::open(&token, "ds/1", &reference).unwrap();
    assert_eq!(again.public_key(), made.public_key());
    TokenKey::destroy_by_reference(&token, "ds/1", &reference).unwrap();
    assert_eq!(lab.objects(), 0);
    assert_eq!(TokenKey::open(&token, "ds/1", &reference).unwrap_err().code(), "token-no-key");
    assert_eq!(again.sign_plain(b"message").unwrap_err().code(), "token-no-key");
}

#[test]
fn many_threads_share_a_bounded_pool() {
    let lab = lab();
    let token = Arc::new(try_open(&lab, "1234", TokenLimits { sessions: 3, ..limits() }).unwrap());
    let made = key(&token, 2).unwrap();
    // Some of the calls lose their session, in the midst of the others'.
    lab.plan((1..20).map(|call| (call * 17, Failure::Before(lost()))).collect());
    std::thread::scope(|scope| {
        for thread in 0..12u8 {
            let made = &made;
            scope.spawn(move || {
                for number in 0..25u8 {
                    made.sign(&[thread, number]).unwrap();
                }
            });
        }
    });
    assert!((1..=3).contains(&lab.most_sessions()), "{}", lab.most_sessions());
}

#[test]
fn the_master_in_a_token_derives_the_same_keys_as_in_software() {
    let lab = lab();
    let token = open(&lab);
    let bytes = Zeroizing::new([0x5A; 32]);
    let inside = TokenMaster::import(&token, "label", &bytes, &mut rng(3)).unwrap();
    let software = TransportMaster::from_bytes(*bytes);
    for label in [TransportKeyLabel::Blank, TransportKeyLabel::Locked] {
        for serial in [ChipSerial([0; 10]), ChipSerial([0xA7; 10])] {
            let (ours, theirs) = (inside.derive(label, &serial).unwrap(), software.derive(label, &serial));
            assert_eq!(ours.encryption(), theirs.encryption());
            assert_eq!(ours.mac(), theirs.mac());
            assert_eq!(ours.data_encryption(), theirs.data_encryption());
        }
    }
    assert_ne!(inside.reference().check, "");
    assert!(TokenMaster::open(&token, inside.reference()).is_ok());
    // Another key under this identifier would lock blanks: it is noticed before.
    lab.plan(Plan::from([(1, Failure::Empty)]));
    assert_eq!(TokenMaster::open(&token, inside.reference()).unwrap_err().code(), "token-garbage");
    let mut other = inside.reference().clone();
    other.check = "000000".to_owned();
    assert_eq!(TokenMaster::open(&token, &other).unwrap_err().code(), "token-garbage");
}

fn settings() -> StoreSettings {
    StoreSettings::new(AlgorithmProfile::P256, "VN", at())
}

#[test]
fn a_store_in_a_token_has_no_private_key_on_the_disk_and_the_same_ceremonies() {
    let lab = lab();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("pki");
    let mut rng = rng(4);
    let store = KeyStore::init_in_token(&dir, settings(), open(&lab), &mut rng).unwrap();
    store.create_csca(at(), &mut rng).unwrap();
    store.create_document_signer(at(), &mut rng).unwrap();
    store.issue_crl(at(), jiff::SignedDuration::from_hours(24), &[], None).unwrap();
    let rights = cccd_cvc::InspectionRights { fingerprints: true, irises: false };
    let request = |holder| VerifyingRequest { holder, rights, days: 30 };
    store.create_cvca(at(), &request("CVCA"), &mut rng).unwrap();
    store.link_cvca(at(), 30, &mut rng).unwrap();
    store.create_document_verifier(at(), &request("DV"), false, &mut rng).unwrap();
    store.create_terminal(at(), &request("IS"), None, &mut rng).unwrap();
    drop(store);

    let store = KeyStore::open_in_token(&dir, open(&lab)).unwrap();
    let signer = store.active_document_signer(at()).unwrap();
    let sod = signer.sign_ef_sod(b"\x30\x00", at()).unwrap();
    assert!(cccd_keys::sod::EfSod::parse(&sod).is_ok());
    let out = folder.path().join("station");
    let error = store.export_terminal(at(), "IS", &out).unwrap_err();
    assert_eq!(error.code(), "stays-in-token");
    assert!(!out.exists());
    let log = cccd_keys::audit_log::AuditLog::verify_file(
        &store.audit_log_path(),
        store.log_key().unwrap().public_key(),
    );
    assert_eq!(log.unwrap().records.len(), 10);
    let (_, erased) = store.rotate_document_signer(Pool::Dated, at(), &mut rng).unwrap();
    assert_eq!(erased.len(), 1);

    let mut files = Vec::new();
    let mut folders = vec![dir.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    assert!(files.len() > 15);
    assert!(!files.iter().any(|file| file.extension().is_some_and(|extension| extension == "age")));
    // Neither way is the other's store opened.
    let passphrase = Passphrase::new("x".to_owned());
    assert!(matches!(KeyStore::open(&dir, &passphrase), Err(StoreError::InToken(label)) if label == "house"));
    lab.change(|info| info.serial = "ANOTHER".to_owned());
    let error = KeyStore::open_in_token(&dir, open(&lab)).unwrap_err();
    assert_eq!(error.code(), "token-other");
}

#[test]
fn a_ceremony_that_a_token_interrupts_leaves_a_store_that_the_next_one_finishes() {
    let ceremonies = |store: &KeyStore, seed| -> Result<(), StoreError> {
        let mut rng = rng(seed);
        if store.csca_certificates()?.is_empty() {
            store.create_csca(at(), &mut rng)?;
        }
        if store.document_signers(at())?.is_empty() {
            store.create_document_signer(at(), &mut rng)?;
        }
        if matches!(store.crl(), Err(StoreError::NoCrl)) {
            store.issue_crl(at(), jiff::SignedDuration::from_hours(24), &[], None)?;
        }
        Ok(())
    };
    let make = |lab: &LabToken, dir: &Path| {
        KeyStore::init_in_token(dir, settings(), open(lab), &mut rng(5)).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let counted = lab();
    let store = make(&counted, &folder.path().join("count"));
    counted.plan(Plan::new());
    ceremonies(&store, 6).unwrap();
    let calls = counted.calls();
    assert!(calls > 8, "{calls}");
    for call in 1..=calls {
        for failure in [Failure::Removed, Failure::Garbage, Failure::Before(Fault::Refused("no".into()))] {
            let lab = lab();
            let dir = folder.path().join(format!("{call}-{}", matches!(failure, Failure::Removed)));
            let _ = std::fs::remove_dir_all(&dir);
            let store = make(&lab, &dir);
            lab.plan(Plan::from([(call, failure.clone())]));
            let error = ceremonies(&store, 6);
            if failure == Failure::Removed {
                assert_eq!(error.unwrap_err().code(), "token-lost", "{call}");
            } else if let Err(error) = error {
                assert!(error.code().starts_with("token-") || error.code() == "audit-log", "{error:?}");
            }
            lab.put_back(true);
            lab.plan(Plan::new());
            let store = KeyStore::open_in_token(&dir, open(&lab)).unwrap();
            ceremonies(&store, 7).unwrap_or_else(|error| panic!("{failure:?} at {call}: {error:?}"));
            assert_eq!(store.csca_certificates().unwrap().len(), 1);
            let signer = store.active_document_signer(at()).unwrap();
            signer.sign_ef_sod(b"\x30\x00", at()).unwrap();
            let key = store.log_key().unwrap();
            let log = cccd_keys::audit_log::AuditLog::verify_file(&store.audit_log_path(), key.public_key());
            log.unwrap_or_else(|error| panic!("{failure:?} at {call}: {error:?}"));
        }
    }
}

/// Objects of the token that the store's files refer to.
fn referenced(dir: &Path) -> usize {
    let mut found = 0;
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            found += usize::from(path.extension().is_some_and(|extension| extension == "token"));
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

type Ceremony = fn(&KeyStore, &mut ChaCha20Rng) -> Result<(), StoreError>;

const RIGHTS: cccd_cvc::InspectionRights = cccd_cvc::InspectionRights { fingerprints: true, irises: true };

fn holder(holder: &str) -> VerifyingRequest<'_> {
    VerifyingRequest { holder, rights: RIGHTS, days: 30 }
}

/// Every ceremony that makes a key.
const CEREMONIES: [(&str, Ceremony); 7] = [
    ("csca", |store, rng| store.create_csca(at(), rng).map(drop)),
    ("ds", |store, rng| store.create_document_signer(at(), rng).map(drop)),
    ("master list", |store, rng| store.export_master_list(at(), rng).map(drop)),
    ("cvca", |store, rng| store.create_cvca(at(), &holder("CVCA"), rng).map(drop)),
    ("link", |store, rng| store.link_cvca(at(), 30, rng).map(drop)),
    ("dv", |store, rng| store.create_document_verifier(at(), &holder("DV"), false, rng).map(drop)),
    ("request", |store, rng| store.request_certificate(at(), cccd_cvc::Role::Terminal, "IS", rng).map(drop)),
];

/// A store on which the first `count` ceremonies were held.
fn held(lab: &LabToken, dir: &Path, count: usize) -> KeyStore {
    let mut rng = rng(8);
    let store = KeyStore::init_in_token(dir, settings(), open(lab), &mut rng).unwrap();
    CEREMONIES[..count].iter().for_each(|(_, hold)| hold(&store, &mut rng).unwrap());
    store
}

#[test]
fn no_step_that_fails_leaves_a_key_in_the_token() {
    let folder = tempfile::tempdir().unwrap();
    for (place, (name, hold)) in (0..).zip(CEREMONIES) {
        let counted = lab();
        let store = held(&counted, &folder.path().join(format!("{place}-count")), place);
        counted.plan(Plan::new());
        hold(&store, &mut rng(9)).unwrap();
        for call in 1..=counted.calls() {
            for (kind, failure) in (0..).zip([
                Failure::Before(Fault::Refused("no".into())),
                Failure::After(Fault::Refused("no".into())),
                Failure::Garbage,
                Failure::Removed,
            ]) {
                let lab = lab();
                let dir = folder.path().join(format!("{place}-{call}-{kind}"));
                let store = held(&lab, &dir, place);
                lab.plan(Plan::from([(call, failure.clone())]));
                let result = hold(&store, &mut rng(9));
                let what = format!("{name}: {failure:?} at {call}: {result:?}");
                lab.put_back(true);
                lab.plan(Plan::new());
                let left = KeyStore::unfinished_keys(&dir).unwrap();
                if failure == Failure::Removed {
                    // Nobody could destroy it: it is known, and the next command clears it.
                    assert!(result.is_err(), "{what}");
                    let cleared = KeyStore::clear_unfinished(&dir, &open(&lab)).unwrap();
                    assert_eq!(cleared, left, "{what}");
                } else {
                    assert_eq!(left, [], "{what}");
                }
                assert_eq!(lab.objects(), referenced(&dir), "{what}");
                assert_eq!(KeyStore::unfinished_keys(&dir).unwrap(), [], "{what}");
                // The same ceremony is held after all.
                let store = KeyStore::open_in_token(&dir, open(&lab)).unwrap();
                if let Err(error) = hold(&store, &mut rng(10)) {
                    assert!(matches!(error, StoreError::CvcaExists), "{what}: {error:?}");
                }
                assert_eq!(lab.objects(), referenced(&dir), "{what}");
            }
        }
    }
}

#[test]
fn no_file_that_cannot_be_written_leaves_a_key_in_the_token() {
    let folder = tempfile::tempdir().unwrap();
    for (place, file) in [
        (0, "csca/001.key.token"),
        (0, "csca/001.cer"),
        (1, "ds/00001.count.json"),
        (1, "ds/00001.key.token"),
        (1, "ds/00001.cer"),
        (2, "master-list-signer/001.key.token"),
        (2, "master-list-signer/001.cer"),
        (3, "cvca/001.key.token"),
        (3, "cvca/001.cvcert"),
        (5, "dv/00001.cvcert"),
        (6, "request/terminal-VNIS00001.key.token"),
    ] {
        let lab = lab();
        let dir = folder.path().join(file.replace('/', "-"));
        let store = held(&lab, &dir, place);
        let before = lab.objects();
        // A folder where the file is written before it is put in its place.
        let (parent, name) = file.split_once('/').unwrap();
        let obstacle = dir.join(parent).join(format!(".{name}.{}.tmp", std::process::id()));
        std::fs::create_dir_all(&obstacle).unwrap();
        let error = CEREMONIES[place].1(&store, &mut rng(9)).unwrap_err();
        assert_eq!((error.code(), lab.objects()), ("io", before), "{file}");
        std::fs::remove_dir(obstacle).unwrap();
        assert_eq!(KeyStore::unfinished_keys(&dir).unwrap(), [], "{file}");
        assert_eq!(lab.objects(), referenced(&dir), "{file}");
        CEREMONIES[place].1(&store, &mut rng(10)).unwrap();
    }
    // A store that is never made leaves nothing either.
    let lab = lab();
    let dir = folder.path().join("never");
    std::fs::create_dir_all(dir.join("log.pub")).unwrap();
    KeyStore::init_in_token(&dir, settings(), open(&lab), &mut rng(1)).unwrap_err();
    assert_eq!((lab.objects(), KeyStore::unfinished_keys(&dir).unwrap().len()), (0, 0));
}

#[test]
fn a_file_alone_destroys_no_key_that_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab();
    let store = held(&lab, folder.path(), 2);
    let before = lab.objects();
    let reference = std::fs::read_to_string(folder.path().join("csca/001.key.token")).unwrap();
    let id =
        serde_json::from_str::<serde_json::Value>(&reference).unwrap()["id"].as_str().unwrap().to_owned();
    let write = |name: &str| {
        std::fs::create_dir_all(folder.path().join("unfinished")).unwrap();
        let text = format!("{{\"name\":\"{name}\",\"kind\":\"key-pair\",\"id\":\"{id}\"}}");
        std::fs::write(folder.path().join(format!("unfinished/{id}.json")), text).unwrap();
    };
    // Under its own name it is seen to be finished; under another it is refused; no name leads out of the store.
    write("csca/001");
    assert_eq!(KeyStore::clear_unfinished(folder.path(), &open(&lab)).unwrap(), []);
    write("csca/009");
    assert_eq!(KeyStore::unfinished_keys(folder.path()).unwrap().len(), 1);
    let error = KeyStore::clear_unfinished(folder.path(), &open(&lab)).unwrap_err();
    assert_eq!((error.code(), lab.objects()), ("token-key-exists", before));
    for name in ["../x", "csca/../001", "csca", "/etc/x"] {
        write(name);
        assert!(matches!(KeyStore::unfinished_keys(folder.path()), Err(StoreError::Damaged(_))), "{name}");
    }
    std::fs::remove_file(folder.path().join(format!("unfinished/{id}.json"))).unwrap();
    store.issue_crl(at(), jiff::SignedDuration::from_hours(24), &[], None).unwrap();
}

#[test]
fn a_backup_that_a_token_interrupts_is_none_and_a_restoration_takes_back_what_it_brought() {
    let folder = tempfile::tempdir().unwrap();
    let places = ["a", "b"].map(|place| folder.path().join(place));
    let wrapping = settings().with_wrapped_backup();
    let first = lab();
    first.change(|info| info.mechanisms.aes_key_wrap_pad = false);
    let refused =
        KeyStore::init_in_token(&folder.path().join("no"), wrapping.clone(), open(&first), &mut rng(1));
    assert_eq!((refused.unwrap_err().code(), first.objects()), ("token-unsupported", 0));
    first.change(|info| info.mechanisms.aes_key_wrap_pad = true);
    let store =
        KeyStore::init_in_token(&folder.path().join("pki"), wrapping, open(&first), &mut rng(1)).unwrap();
    let csca = store.create_csca(at(), &mut rng(2)).unwrap();
    let objects = first.objects();
    first.plan(Plan::new());
    let made = store.create_backup(at(), (2, 3), &places, &mut rng(3)).unwrap();
    let calls = first.calls();
    for call in 1..calls {
        for failure in [Failure::Before(Fault::Refused("no".into())), Failure::Garbage, Failure::Empty] {
            first.plan(Plan::from([(call, failure.clone())]));
            let nowhere = ["c", "d"].map(|place| folder.path().join(place));
            // A wrapped form that is of another key, or of none, is never given out.
            if let Ok(made) = store.create_backup(at(), (2, 3), &nowhere, &mut rng(3)) {
                let to = folder.path().join(format!("proof-{call}-{}", failure == Failure::Garbage));
                let other = lab();
                let shares = &made.shares[..2];
                let from = Restoration { place: &nowhere[0], shares, present: &[] };
                KeyStore::restore_backup_in_token(&from, &to, open(&other), at()).unwrap();
            }
            assert_eq!(first.objects(), objects, "{failure:?} at {call}");
        }
    }
    let shares = &made.shares[1..];
    let counted = lab();
    let restore = |dir: &str, lab: &LabToken| {
        let from = Restoration { place: &places[0], shares, present: &[] };
        KeyStore::restore_backup_in_token(&from, &folder.path().join(dir), open(lab), at())
    };
    counted.plan(Plan::new());
    restore("count", &counted).unwrap();
    for call in 1..=counted.calls() {
        for (kind, failure) in
            (0..).zip([Failure::Before(Fault::Refused("no".into())), Failure::Garbage, Failure::Removed])
        {
            let lab = lab();
            let dir = format!("restored-{call}-{kind}");
            lab.plan(Plan::from([(call, failure.clone())]));
            let result = restore(&dir, &lab);
            let what = format!("{failure:?} at {call}: {result:?}");
            lab.put_back(true);
            lab.plan(Plan::new());
            let path = folder.path().join(&dir);
            if !path.join("store.json").exists() {
                assert!(result.is_err(), "{what}");
                KeyStore::clear_unfinished(&path, &open(&lab)).unwrap();
                assert_eq!(lab.objects(), 0, "{what}");
                restore(&dir, &lab).unwrap();
            }
            let store = KeyStore::open_in_token(&path, open(&lab)).unwrap();
            let list = store.issue_crl(at(), jiff::SignedDuration::from_hours(24), &[], None).unwrap();
            list.verify_signature(csca.public_key()).unwrap();
            assert_eq!(lab.objects(), referenced(&path), "{what}");
        }
    }
}

#[test]
fn production_takes_no_keys_in_software_behind_whichever_interface() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("pki");
    let lab = lab();
    let nameless = settings().with_purpose(Purpose::Production);
    let error = KeyStore::init_in_token(&dir, nameless, open(&lab), &mut rng(1)).unwrap_err();
    assert_eq!(error.code(), "token-not-hardware");
    lab.change(|info| info.hardware = true);
    let nameless = settings().with_purpose(Purpose::Production);
    let error = KeyStore::init_in_token(&dir, nameless, open(&lab), &mut rng(1)).unwrap_err();
    assert_eq!((error.code(), lab.objects()), ("synthetic-names", 0));
    lab.change(|info| info.hardware = false);
    let names =
        || AuthorityNames { organization: "Bộ Mẫu".to_owned(), domain: "csca.house.vn".to_owned() };
    let production = || settings().with_purpose(Purpose::Production).with_authority(names());
    let passphrase = Passphrase::new("x".to_owned());
    let error = KeyStore::init(&dir, production(), &passphrase, &mut rng(1)).unwrap_err();
    assert_eq!(error.code(), "software-in-production");
    let error = KeyStore::init_in_token(&dir, production(), open(&lab), &mut rng(1)).unwrap_err();
    assert_eq!(error.code(), "token-not-hardware");
    assert_eq!((lab.objects(), dir.join("store.json").exists()), (0, false));
    lab.change(|info| info.hardware = true);
    let store = KeyStore::init_in_token(&dir, production(), open(&lab), &mut rng(1)).unwrap();
    assert_eq!(store.purpose(), Purpose::Production);
    let csca = store.create_csca(at(), &mut rng(2)).unwrap();
    assert!(csca.subject().to_string().contains("Bộ Mẫu"), "{}", csca.subject());
    let checked = cccd_keys::store::verify_ceremonies(&dir).unwrap();
    assert!(checked.len() == 1 && checked[0].problem.is_none(), "{checked:?}");
    assert!(KeyStore::open_in_token(&dir, open(&lab)).is_ok());
    lab.change(|info| info.hardware = false);
    assert_eq!(KeyStore::open_in_token(&dir, open(&lab)).unwrap_err().code(), "token-not-hardware");
    // A laboratory's store does not become one of production by a word in its settings.
    let laboratory = folder.path().join("laboratory");
    KeyStore::init(&laboratory, settings(), &passphrase, &mut rng(1)).unwrap();
    let file = laboratory.join("store.json");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"laboratory\"", "\"production\"")).unwrap();
    let error = KeyStore::open(&laboratory, &passphrase).unwrap_err();
    assert_eq!(error.code(), "software-in-production");
}
