//! The straight way.

use cccd_card_profile::lds::DataGroupNumber;
use cccd_issuer::application::State;
use cccd_issuer::issuance::{ChipAlgorithms, ChipKeys, build_data_groups, prepare, security_object};
use cccd_issuer::personalize::{CardDriver, ChipLife, Icao9Driver};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::transport_keys::{ChipSerial, TransportKeyLabel};
use cccd_population::card::CardStatus;
use cccd_virtual_chip::{Chip, ChipState, LifeCycle, Profile};

use crate::support::{NUMBER, OTHER_NUMBER, Office, application, at, blank, rng};

#[test]
fn a_card_is_written_proven_locked_and_recorded() {
    let mut office = Office::new();
    let mut chip = blank(1);
    let issued = office.issue(&mut chip, &application(NUMBER, "first-issue")).unwrap();
    assert_eq!(chip.state().life_cycle(), LifeCycle::Locked);
    assert_eq!(chip.state().key_version().0, 0x02);
    assert!(issued.test_keys && !issued.resumed && issued.lock_proof.holds());
    assert_eq!(issued.lock_proof.attempts().len(), 20);
    // No CVCA in this key store: the chip believes no terminal.
    assert_eq!(chip.state().terminal_trust(), None);
    assert_eq!(issued.card.chip_id.as_deref(), Some("0101010101010101"));
    let cards = office.cards(NUMBER);
    assert_eq!(cards.len(), 1);
    assert_eq!((cards[0].sod_sha256, cards[0].status), (issued.sod_sha256, CardStatus::Active));
    assert_eq!(office.ledger.entry(issued.application).unwrap().state, State::Issued);
    let actions: Vec<String> =
        office.ledger.actions(issued.application).unwrap().into_iter().map(|action| action.action).collect();
    assert_eq!(
        actions,
        [
            "receive",
            "check",
            "capture",
            "approve",
            "prepare",
            "enqueue",
            "personalise",
            "sign",
            "confirm-read-back",
            "lock",
            "issue"
        ]
    );
    assert!(issued.timings.total() > issued.timings.signing());
    assert!(issued.timings.cryptography_share() > 0.0);
}

#[test]
fn the_profile_of_the_cards_in_use_with_diversified_keys_over_short_apdus() {
    let mut office = Office::with_profile(AlgorithmProfile::Cccd);
    let serial = ChipSerial([0x5A; 10]);
    let keys = office.keys.master().derive(TransportKeyLabel::Blank, &serial).unwrap();
    let keys = cccd_card_profile::personalization::StaticKeys::new(
        *keys.encryption(),
        *keys.mac(),
        *keys.data_encryption(),
    );
    let version = cccd_card_profile::personalization::KeyVersion::BLANK;
    let state = ChipState::blank_with_keys(serial.0, Profile::Cccd, version, keys);
    let mut chip =
        Chip::in_memory(state, Box::new(rng(3))).with_lengths(cccd_virtual_chip::LengthSupport::ShortOnly);
    let mut station = office.station();
    station.extended = false;
    let application = application(OTHER_NUMBER, "first-issue");
    let issued = station
        .issue_into(
            &mut chip,
            &application,
            "second-officer",
            &mut cccd_issuer::personalize::NoMonitor,
            &mut rng(4),
        )
        .unwrap();
    assert!(!issued.test_keys);
    assert_eq!(chip.state().life_cycle(), LifeCycle::Locked);
    let trust = chip.state().terminal_trust().unwrap();
    assert_eq!(trust.points().len(), 1);
    assert_eq!(trust.points()[0].holder.to_string(), "VNCVCA00001");
    assert_eq!(trust.date(), cccd_keys::store::certificate_date(at()).unwrap());
    let mut probe_rng = rng(5);
    let keys = office.keys.master();
    let report = Icao9Driver::new(&mut chip, keys, false, &mut probe_rng).probe().unwrap();
    assert_eq!((report.life, report.key_version, report.serial), (ChipLife::Locked, 2, serial));
}

#[test]
fn a_reissued_card_replaces_the_old_one_in_one_step() {
    let mut office = Office::new();
    let first = office.issue(&mut blank(1), &application(NUMBER, "first-issue")).unwrap();
    let second = office.issue(&mut blank(2), &application(NUMBER, "exchange")).unwrap();
    assert_eq!(second.replaced, Some(first.sod_sha256));
    // Both are of one day: their order is no matter.
    let cards = office.cards(NUMBER);
    let state = |sod| cards.iter().find(|card| card.sod_sha256 == sod).map(|card| card.status);
    assert_eq!(cards.len(), 2);
    assert_eq!(state(first.sod_sha256), Some(CardStatus::Replaced));
    assert_eq!(state(second.sod_sha256), Some(CardStatus::Active));
}

#[test]
fn data_groups_have_the_bytes_of_the_profile() {
    let mut office = Office::new();
    let mut chip = blank(1);
    let issued = office.issue(&mut chip, &application(NUMBER, "first-issue")).unwrap();
    let algorithms = ChipAlgorithms::of_profile(AlgorithmProfile::P256);
    let prepared =
        prepare(&issued.card, issued.portrait.face(), algorithms, &issued.chip_serial, &mut rng(7)).unwrap();
    assert_eq!(
        prepared.data_groups[&DataGroupNumber::DG1],
        [
            &[0x61, 0x5D, 0x5F, 0x1F, 0x5A],
            &b"IDVNM0990000017079099000001<<79901155M3901153VNM<<<<<<<<<<<6NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<"[..]
        ]
        .concat()
    );
    assert!(prepared.data_groups[&DataGroupNumber::DG13].starts_with(&[0x6D, 0x82]));
    let mut make = rng(8);
    let mut key = || {
        cccd_card_profile::protocol::private_key::PrivateKey::generate(
            algorithms.active_authentication,
            &mut make,
        )
        .unwrap()
        .public_key()
        .unwrap()
    };
    let keys = ChipKeys { active_authentication: Some(key()), chip_authentication: Some(key()) };
    let groups = build_data_groups(&prepared, &keys).unwrap();
    assert_eq!(groups.keys().map(|number| number.value()).collect::<Vec<_>>(), [1, 2, 3, 13, 14, 15]);
    assert_eq!(security_object(&groups).unwrap().hashes().count(), 6);
    let infos = cccd_card_profile::lds::dg14::parse(&groups[&DataGroupNumber::DG14]).unwrap();
    assert_eq!(infos.chip_authentication_keys().count(), 1);
    assert!(infos.active_authentication().is_some() && infos.offers_terminal_authentication());
}
