//! The same over PKCS#11, with `SoftHSM2`: keys made in the token, signatures verified by our own side.

use crate::house::{founded, today};
use cccd_keys::algorithm::HashAlgorithm;
use cccd_keys::curve::{CurveEncoding, NamedCurve};
use cccd_keys::pkcs11::open_token;
use cccd_keys::pkcs11::softhsm::SoftHsm;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::shamir::Share;
use cccd_keys::signer::Signer as _;
use cccd_keys::store::{
    KeyStore, Passphrase, Restoration, StoreError, StoreSettings, VerifyingRequest, verify_ceremonies,
};
use cccd_keys::token::{Pin, Retries, Token, TokenError, TokenKey, TokenLimits, TokenMaster};
use cccd_keys::transport_keys::{ChipSerial, TransportKeyLabel, TransportMaster};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

const QUARTER: jiff::SignedDuration = jiff::SignedDuration::from_hours(90 * 24);

fn story(name: &str, body: impl FnOnce(&SoftHsm)) {
    let folder = tempfile::tempdir().unwrap();
    SoftHsm::story(&format!("softhsm::{name}"), folder.path(), body).unwrap();
}

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn limits() -> TokenLimits {
    TokenLimits { pause: Duration::from_millis(1), ..TokenLimits::default() }
}

fn try_open(hsm: &SoftHsm, label: &str, pin: &str) -> Result<Token, TokenError> {
    open_token(hsm.module(), label, None, Pin::new(pin.to_owned()), limits())
}

fn open(hsm: &SoftHsm, label: &str) -> Arc<Token> {
    Arc::new(try_open(hsm, label, SoftHsm::PIN).unwrap())
}

fn key(token: &Arc<Token>, curve: NamedCurve, hash: HashAlgorithm, seed: u64) -> TokenKey {
    let label = format!("test {}", curve.name());
    TokenKey::generate(token, "test", &label, curve, hash, CurveEncoding::Explicit, false, &mut rng(seed))
        .unwrap()
}

#[test]
fn keys_of_every_curve_sign_in_the_token() {
    story("keys_of_every_curve_sign_in_the_token", |hsm| {
        hsm.make_token("house").unwrap();
        let token = open(hsm, "house");
        assert!(!token.info().hardware, "SoftHSM2 does not pretend to be a device");
        for (seed, curve) in (1u64..).zip(NamedCurve::ALL) {
            for (more, hash) in
                (0u64..).zip([HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512])
            {
                let key = key(&token, curve, hash, seed * 10 + more);
                let signature = key.sign(b"message").unwrap();
                key.public_key().verify(key.algorithm(), b"message", &signature).unwrap();
                assert!(key.public_key().verify(key.algorithm(), b"massage", &signature).is_err());
                let again = TokenKey::open(&token, "test", &key.reference()).unwrap();
                assert!(again.sign_plain(b"again").is_ok());
            }
        }
    });
}

#[test]
fn a_master_brought_into_the_token_derives_as_in_software() {
    story("a_master_brought_into_the_token_derives_as_in_software", |hsm| {
        hsm.make_token("house").unwrap();
        let token = open(hsm, "house");
        let bytes = Zeroizing::new([0x5A; 32]);
        let inside = TokenMaster::import(&token, "master", &bytes, &mut rng(1)).unwrap();
        let software = TransportMaster::from_bytes(*bytes);
        for label in [TransportKeyLabel::Blank, TransportKeyLabel::Locked] {
            for serial in [[0; 10], [0xFF; 10], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]].map(ChipSerial) {
                let (ours, theirs) =
                    (inside.derive(label, &serial).unwrap(), software.derive(label, &serial));
                assert_eq!(ours.encryption(), theirs.encryption());
                assert_eq!(ours.mac(), theirs.mac());
                assert_eq!(ours.data_encryption(), theirs.data_encryption());
            }
        }
        let made = TokenMaster::generate(&token, "another", &mut rng(2)).unwrap();
        assert_ne!(made.reference().check, inside.reference().check);
        let again = TokenMaster::open(&token, made.reference()).unwrap();
        let serial = ChipSerial([7; 10]);
        let derive = |master: &TokenMaster| *master.derive(TransportKeyLabel::Blank, &serial).unwrap().mac();
        assert_eq!(derive(&made), derive(&again));
    });
}

#[test]
fn wrong_pins_and_missing_things_are_told_apart() {
    story("wrong_pins_and_missing_things_are_told_apart", |hsm| {
        hsm.make_token("house").unwrap();
        let error = try_open(hsm, "house", "wrong").unwrap_err();
        let expected = TokenError::PinWrong { label: "house".to_owned(), retries: Retries::Low };
        assert_eq!(error, expected);
        // The right one, and the token counts anew. SoftHSM2 itself never locks.
        open(hsm, "house");
        assert_eq!(try_open(hsm, "other", "x").unwrap_err().code(), "token-missing");
        let module = Path::new("/nonexistent/libnone.so");
        let pin = || Pin::new("x".to_owned());
        let error = open_token(module, "house", None, pin(), limits()).unwrap_err();
        assert_eq!(error.code(), "token-module");
        let error =
            open_token(&std::env::current_exe().unwrap(), "house", None, pin(), limits()).unwrap_err();
        assert_eq!(error.code(), "token-module");
        let token = open(hsm, "house");
        let made = key(&token, NamedCurve::P256, HashAlgorithm::Sha256, 3);
        TokenKey::destroy_by_reference(&token, "test", &made.reference()).unwrap();
        assert_eq!(TokenKey::open(&token, "test", &made.reference()).unwrap_err().code(), "token-no-key");
        assert_eq!(made.sign_plain(b"message").unwrap_err().code(), "token-no-key");
    });
}

#[test]
fn a_token_that_is_gone_is_said_to_be_and_comes_back() {
    story("a_token_that_is_gone_is_said_to_be_and_comes_back", |hsm| {
        hsm.make_token("house").unwrap();
        let token = open(hsm, "house");
        let made = key(&token, NamedCurve::P256, HashAlgorithm::Sha256, 3);
        let away = hsm.tokens().with_extension("away");
        for round in 0..3 {
            made.sign_plain(b"before").unwrap();
            std::fs::rename(hsm.tokens(), &away).unwrap();
            std::fs::create_dir(hsm.tokens()).unwrap();
            let error = made.sign_plain(b"gone").unwrap_err();
            assert_eq!(error.code(), "token-lost", "{round}: {error}");
            std::fs::remove_dir_all(hsm.tokens()).unwrap();
            std::fs::rename(&away, hsm.tokens()).unwrap();
            made.sign_plain(b"back").unwrap_or_else(|error| panic!("{round}: {error}"));
        }
    });
}

#[test]
fn many_threads_sign_at_once_while_the_module_is_restarted() {
    story("many_threads_sign_at_once_while_the_module_is_restarted", |hsm| {
        use cccd_keys::token::port::Port as _;
        hsm.make_token("house").unwrap();
        let token = open(hsm, "house");
        let made = key(&token, NamedCurve::P256, HashAlgorithm::Sha256, 3);
        let module = cccd_keys::pkcs11::Module::load(hsm.module()).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..8u8 {
                let made = &made;
                scope.spawn(move || {
                    for number in 0..40u8 {
                        made.sign(&[thread, number]).unwrap_or_else(|error| panic!("{error}"));
                    }
                });
            }
            for _ in 0..8 {
                std::thread::sleep(Duration::from_millis(10));
                module.restart(module.restarts()).unwrap();
            }
        });
    });
}

fn settings(profile: AlgorithmProfile) -> StoreSettings {
    StoreSettings::new(profile, "VN", founded())
}

#[test]
fn a_lost_token_is_replaced_by_another_out_of_shares_and_signs_the_next_list() {
    story("a_lost_token_is_replaced_by_another_out_of_shares_and_signs_the_next_list", |hsm| {
        // Before the module starts: SoftHSM2 sees later ones only when it starts anew.
        for label in ["first-0", "second-0", "first-1", "second-1"] {
            hsm.make_token(label).unwrap();
        }
        for (number, profile) in (0..).zip([AlgorithmProfile::Cccd, AlgorithmProfile::P256]) {
            let root = tempfile::tempdir().unwrap();
            let (first, second) = (format!("first-{number}"), format!("second-{number}"));
            let dir = root.path().join("pki");
            let mut rng = rng(20 + number);
            let settings = settings(profile).with_wrapped_backup();
            let store = KeyStore::init_in_token(&dir, settings, open(hsm, &first), &mut rng).unwrap();
            let csca = store.create_csca(founded(), &mut rng).unwrap();
            let signer = store.create_document_signer(today(), &mut rng).unwrap();
            store.issue_crl(today(), QUARTER, &[signer.serial_hex()], Some(1)).unwrap();
            let rights = cccd_cvc::InspectionRights { fingerprints: true, irises: false };
            let request = |holder| VerifyingRequest { holder, rights, days: 90 };
            store.create_cvca(today(), &request("CVCA"), &mut rng).unwrap();
            let chip = ChipSerial([7; 10]);
            let blank = |store: &KeyStore| {
                let keys = store.transport_master().unwrap().derive(TransportKeyLabel::Blank, &chip).unwrap();
                *keys.mac()
            };
            let before = blank(&store);
            let places = ["a", "b"].map(|place| root.path().join(place));
            let made = store.create_backup(today(), (3, 5), &places, &mut rng).unwrap();
            // register, station, log, transport, log-subjects, csca, cvca; no Document Signer.
            assert_eq!(made.keys, 7);
            let subjects = store.subject_key().unwrap().digest(b"somebody");
            drop(store);

            // The first token burns, with the directory.
            std::fs::remove_dir_all(&dir).unwrap();
            let restored = root.path().join("restored");
            let shares: Vec<Share> = (1..)
                .zip([4, 1, 2])
                .map(|(place, one)| Share::from_text(&made.shares[one].to_text(), place).unwrap())
                .collect();
            let restore = |dir: &Path, token| {
                let from = Restoration { place: &places[1], shares: &shares, present: &[] };
                KeyStore::restore_backup_in_token(&from, dir, token, today())
            };
            let store = restore(&restored, open(hsm, &second)).unwrap();
            assert_eq!(store.settings().token.as_ref().unwrap().label, second);
            let list = store.issue_crl(today(), QUARTER, &[], None).unwrap();
            list.verify_signature(csca.public_key()).unwrap();
            assert_eq!((list.number(), list.entries().len()), (Some(2), 1));
            assert_eq!((blank(&store), store.subject_key().unwrap().digest(b"somebody")), (before, subjects));
            store.create_document_verifier(today(), &request("DV"), false, &mut rng).unwrap();
            let signer = store.create_document_signer(today(), &mut rng).unwrap();
            signer.verify_signature(csca.public_key()).unwrap();
            assert_eq!(KeyStore::unfinished_keys(&restored).unwrap(), []);
            let checked = verify_ceremonies(&restored).unwrap();
            assert!(checked.iter().all(|one| one.problem.is_none()), "{checked:?}");
            // What came back can be backed up again: the rehearsal is no dead end.
            assert_eq!(store.create_backup(today(), (2, 3), &places, &mut rng).unwrap().keys, 8);
            drop(store);
            // A second restoration beside it finds the keys in the token and takes nothing away.
            let again = restore(&root.path().join("again"), open(hsm, &second)).unwrap();
            let list = again.issue_crl(today(), QUARTER, &[], None).unwrap();
            list.verify_signature(csca.public_key()).unwrap();
            assert!(matches!(
                KeyStore::restore_backup(
                    &Restoration { place: &places[0], shares: &shares, present: &[] },
                    &root.path().join("software"),
                    &Passphrase::new("x".to_owned()),
                    today()
                ),
                Err(StoreError::Backup(_))
            ));
        }
    });
}

#[test]
fn a_key_that_was_made_to_stay_in_its_token_stays_there() {
    story("a_key_that_was_made_to_stay_in_its_token_stays_there", |hsm| {
        hsm.make_token("house").unwrap();
        let token = open(hsm, "house");
        let made = key(&token, NamedCurve::P256, HashAlgorithm::Sha256, 3);
        let error = made.wrap(&[9; 32], &mut rng(4)).unwrap_err();
        assert_eq!(error.code(), "token-refuses");
        assert!(error.to_string().contains("KeyUnextractable"), "{error}");
        let root = tempfile::tempdir().unwrap();
        let mut rng = rng(5);
        let store = KeyStore::init_in_token(
            &root.path().join("pki"),
            settings(AlgorithmProfile::P256),
            token,
            &mut rng,
        )
        .unwrap();
        store.create_csca(founded(), &mut rng).unwrap();
        let places = ["a", "b"].map(|place| root.path().join(place));
        let error = store.create_backup(today(), (2, 3), &places, &mut rng).unwrap_err();
        assert_eq!(error.code(), "not-wrappable");
        assert!(places.iter().all(|place| !place.exists()));
    });
}

/// Not a claim, a measurement: printed with `--nocapture`.
#[test]
fn how_fast_the_token_signs() {
    story("how_fast_the_token_signs", |hsm| {
        hsm.make_token("house").unwrap();
        for (curve, hash, count) in [
            (NamedCurve::P256, HashAlgorithm::Sha256, 400u32),
            (NamedCurve::BrainpoolP384r1, HashAlgorithm::Sha256, 60),
        ] {
            for sessions in [1, 8] {
                let limits = TokenLimits { sessions, ..limits() };
                let pin = Pin::new(SoftHsm::PIN.to_owned());
                let token = Arc::new(open_token(hsm.module(), "house", None, pin, limits).unwrap());
                let made = key(&token, curve, hash, 100 + sessions as u64 + u64::from(count));
                let start = Instant::now();
                std::thread::scope(|scope| {
                    for _ in 0..sessions {
                        let made = &made;
                        scope.spawn(move || {
                            for number in 0..count {
                                made.sign(&number.to_be_bytes()).unwrap();
                            }
                        });
                    }
                });
                let total = f64::from(count) * sessions as f64;
                println!(
                    "{}: {sessions} sessions, {:.0} signatures/s, each verified",
                    curve.name(),
                    total / start.elapsed().as_secs_f64()
                );
            }
        }
    });
}
