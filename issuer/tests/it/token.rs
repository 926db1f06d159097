//! The keys are in a token, and the token goes away, refuses or answers garbage at every single call: no card is half
//! made without the ledger saying so, nothing unsigned is used, and the next run finishes the same chip.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use cccd_card_profile::personalization::PersonalizationStep as Phase;
use cccd_card_profile::personalization::{KeyVersion, StaticKeys};
use cccd_issuer::application::State;
use cccd_issuer::personalize::{DriverError, JmrtdBlank, NoMonitor, Progress};
use cccd_issuer::station::{Blank, IssueError, Job, StationKeys};
use cccd_keys::pkcs11::open_token;
use cccd_keys::pkcs11::softhsm::SoftHsm;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{AuthorityNames, KeyStore, Purpose, StoreSettings};
use cccd_keys::token::lab::{Failure, LabToken, Plan};
use cccd_keys::token::port::Fault;
use cccd_keys::token::{Pin, Token, TokenLimits};
use cccd_keys::transport_keys::{ChipSerial, TransportKeyLabel};
use cccd_population::card::CardStatus;
use cccd_virtual_chip::{Chip, ChipState, LifeCycle, Profile};

use crate::support::{NUMBER, Office, application, at, blank, rng};

fn limits() -> TokenLimits {
    TokenLimits { pause: Duration::ZERO, ..TokenLimits::default() }
}

/// A country founded in this token.
fn found(token: Token, purpose: Purpose) -> KeyStore {
    // The signers count in it as long as the tests run.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
    let authority =
        AuthorityNames { organization: "House".to_owned(), domain: "csca.house.example".to_owned() };
    let settings = StoreSettings::new(AlgorithmProfile::P256, "VN", at())
        .with_purpose(purpose)
        .with_authority(authority);
    let store = KeyStore::init_in_token(&folder, settings, Arc::new(token), &mut rng(1)).unwrap();
    store.create_csca(at(), &mut rng(2)).unwrap();
    store.create_document_signer(at(), &mut rng(3)).unwrap();
    store
}

/// Its station, opened anew: one that has signed much sets signatures aside beforehand, and asks the token less.
fn station(store: &KeyStore) -> &'static StationKeys {
    Box::leak(Box::new(StationKeys::from_store(store, at()).unwrap()))
}

fn lab(purpose: Purpose) -> (LabToken, KeyStore) {
    let lab = LabToken::new("house", "1234", Box::new(rng(5)));
    lab.change(|info| info.hardware = purpose == Purpose::Production);
    let pin = Pin::new("1234".to_owned());
    let token = Token::open(Arc::new(lab.clone()), "house", None, pin, limits()).unwrap();
    let store = found(token, purpose);
    lab.plan(Plan::new());
    (lab, store)
}

/// A blank with keys of this station's master.
fn own_blank(keys: &StationKeys, serial: u8) -> Chip {
    let serial = [serial; 10];
    let transport = keys.master().derive(TransportKeyLabel::Blank, &ChipSerial(serial)).unwrap();
    let transport = StaticKeys::new(*transport.encryption(), *transport.mac(), *transport.data_encryption());
    let state = ChipState::blank_with_keys(serial, Profile::P256, KeyVersion::BLANK, transport);
    Chip::in_memory(state, Box::new(rng(serial[0])))
}

fn office(keys: &'static StationKeys) -> Office {
    let mut office = Office::new();
    office.keys = keys;
    office
}

fn states(office: &Office) -> BTreeMap<&'static str, u64> {
    let counts = office.ledger.counts().unwrap();
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(state, count)| (state.as_str(), count)).collect()
}

/// Issued exactly once, everywhere.
fn resolved(office: &Office, chip: &Chip, what: &str) {
    let cards = office.cards(NUMBER);
    assert_eq!(cards.len(), 1, "{what}");
    assert_eq!(cards[0].status, CardStatus::Active, "{what}");
    // An application that never got as far as a chip is rejected when it is handed in again.
    let mut states = states(office);
    states.remove("rejected");
    assert_eq!(states, BTreeMap::from([("issued", 1)]), "{what}");
    assert_eq!(chip.state().life_cycle(), LifeCycle::Locked, "{what}");
}

#[test]
fn the_token_fails_at_every_call_and_the_next_run_finishes_the_card() {
    let application = application(NUMBER, "first-issue");
    let (lab, store) = lab(Purpose::Laboratory);
    let keys = station(&store);
    let (mut whole, mut chip) = (office(keys), own_blank(keys, 1));
    lab.plan(Plan::new());
    whole.issue(&mut chip, &application).unwrap();
    resolved(&whole, &chip, "undisturbed");
    let calls = lab.calls();
    assert!(calls > 20, "{calls}");

    let lost = || Fault::Lost("CKR_DEVICE_REMOVED".to_owned());
    let refused = Fault::Refused("CKR_FUNCTION_REJECTED".to_owned());
    let passing = [Failure::Before(lost()), Failure::After(lost())];
    let lasting = [Failure::Removed, Failure::Garbage, Failure::Empty, Failure::Before(refused)];
    for call in 1..=calls {
        for failure in &passing {
            let what = format!("{failure:?} once at {call} of {calls}");
            lab.plan(Plan::new());
            let keys = station(&store);
            let (mut office, mut chip) = (office(keys), own_blank(keys, 1));
            lab.plan(Plan::from([(call, failure.clone())]));
            office.issue(&mut chip, &application).unwrap_or_else(|error| panic!("{what}: {error}"));
            resolved(&office, &chip, &what);
        }
        for failure in &lasting {
            let what = format!("{failure:?} at {call} of {calls}");
            lab.plan(Plan::new());
            let keys = station(&store);
            let (mut office, mut chip) = (office(keys), own_blank(keys, 1));
            lab.plan(Plan::from([(call, failure.clone())]));
            let error = office.issue(&mut chip, &application).unwrap_err();
            assert!(office.cards(NUMBER).is_empty(), "{what}: nothing is recorded of an unfinished card");
            // Before the chip was taken nothing is written on it; afterwards the ledger knows it by its serial.
            match &error {
                IssueError::Chip(DriverError::Token(error)) => {
                    assert!(error.code().starts_with("token-"), "{what}: {error}");
                    assert_eq!(states(&office), BTreeMap::from([("queued", 1)]), "{what}");
                }
                IssueError::InDoubt(reason) => {
                    assert!(reason.contains("token \"house\""), "{what}: {reason}");
                    let entry = office.ledger.of_chip(&ChipSerial([1; 10])).unwrap().unwrap();
                    assert_eq!(entry.state, State::InDoubt, "{what}");
                }
                other => panic!("{what}: {other:?}"),
            }
            lab.put_back(true);
            lab.plan(Plan::new());
            chip.reset();
            office.issue(&mut chip, &application).unwrap_or_else(|error| panic!("{what}, again: {error}"));
            resolved(&office, &chip, &what);
        }
    }
}

#[test]
fn production_keys_make_no_card_of_a_laboratory() {
    let (_, store) = lab(Purpose::Production);
    let keys = station(&store);
    let application = application(NUMBER, "first-issue");
    let refuse = |error: IssueError| {
        assert_eq!(error.code(), "production-keys", "{error}");
        assert!(error.is_refusal());
    };
    let mut office = office(keys);
    let mut chip = own_blank(keys, 1);
    let mut station = office.station();
    station.job = Job::Laboratory;
    refuse(
        station
            .issue_into(&mut chip, &application, "second-officer", &mut NoMonitor, &mut rng(1))
            .unwrap_err(),
    );
    let jmrtd = JmrtdBlank { serial: ChipSerial([1; 10]), active_authentication: true };
    for job in [Job::Laboratory, Job::Production] {
        let mut station = office.station();
        (station.blank, station.job) = (Blank::Jmrtd(jmrtd), job);
        refuse(
            station
                .issue_into(&mut chip, &application, "second-officer", &mut NoMonitor, &mut rng(1))
                .unwrap_err(),
        );
    }
    // A blank with the publicly known keys of GlobalPlatform.
    refuse(office.issue(&mut blank(2), &application).unwrap_err());
    assert_eq!(office.ledger.of_chip(&ChipSerial([2; 10])).unwrap().map(|entry| entry.state), None);
    office.issue(&mut chip, &application).unwrap();
    resolved(&office, &chip, "a blank of the station");
}

#[test]
fn softhsm_goes_away_at_every_step_and_the_next_run_finishes_the_card() {
    let folder = tempfile::tempdir().unwrap();
    let name = "token::softhsm_goes_away_at_every_step_and_the_next_run_finishes_the_card";
    SoftHsm::story(name, folder.path(), |hsm| {
        hsm.make_token("house").unwrap();
        let limits = TokenLimits { pause: Duration::from_millis(1), ..TokenLimits::default() };
        let pin = Pin::new(SoftHsm::PIN.to_owned());
        let token = open_token(hsm.module(), "house", None, pin, limits).unwrap();
        let keys = station(&found(token, Purpose::Laboratory));
        let application = application(NUMBER, "first-issue");
        let away = hsm.tokens().with_extension("away");
        let steps = [
            Phase::Select,
            Phase::OpenChannel,
            Phase::CreateFiles,
            Phase::GenerateKeys,
            Phase::SignSecurityObject,
            Phase::WriteFiles,
            Phase::PutAccessKeys,
            Phase::ReadBack,
            Phase::ReplaceTransportKeys,
            Phase::Lock,
            Phase::ProbeLock,
        ];
        for step in steps {
            let (mut office, mut chip) = (office(keys), own_blank(keys, 1));
            let mut gone = false;
            let mut monitor = |progress: Progress| {
                if progress.step == step && !gone {
                    gone = true;
                    std::fs::rename(hsm.tokens(), &away).unwrap();
                    std::fs::create_dir(hsm.tokens()).unwrap();
                }
                ControlFlow::Continue(())
            };
            let first = office.station().issue_into(
                &mut chip,
                &application,
                "second-officer",
                &mut monitor,
                &mut rng(9),
            );
            assert!(gone, "{step:?}");
            std::fs::remove_dir_all(hsm.tokens()).unwrap();
            std::fs::rename(&away, hsm.tokens()).unwrap();
            assert!(first.is_err(), "{step:?}: {first:?}");
            assert!(office.cards(NUMBER).is_empty(), "{step:?}");
            chip.reset();
            office.issue(&mut chip, &application).unwrap_or_else(|error| panic!("{step:?}: {error}"));
            resolved(&office, &chip, step.name());
        }
    })
    .unwrap();
}
