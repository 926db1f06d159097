//! The card is taken away at every single command, with the command delivered or not; then the same application is
//! run again with the same chip.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use cccd_card_profile::personalization::PersonalizationStep;
use cccd_issuer::application::State;
use cccd_issuer::personalize::Progress;
use cccd_issuer::station::IssueError;
use cccd_population::card::CardStatus;
use cccd_virtual_chip::LifeCycle;

use crate::support::{Failing, NUMBER, OTHER_NUMBER, Office, application, blank, rng};

/// After the second run: issued exactly once, everywhere.
fn resolved(office: &Office, what: &str) {
    let cards = office.cards(NUMBER);
    assert_eq!(cards.len(), 1, "{what}: one card in the register");
    assert_eq!(cards[0].status, CardStatus::Active, "{what}");
    let counts: BTreeMap<&str, u64> =
        office.ledger.counts().unwrap().into_iter().map(|(state, count)| (state.as_str(), count)).collect();
    assert_eq!(counts.get("issued"), Some(&1), "{what}: {counts:?}");
    assert!(counts.keys().all(|state| matches!(*state, "issued" | "rejected")), "{what}: {counts:?}");
}

#[test]
fn the_card_is_lost_at_every_command_and_the_next_run_resolves_it() {
    let application = application(NUMBER, "first-issue");
    let mut office = Office::new();
    let mut chip = blank(1);
    let mut whole = Failing { chip: &mut chip, left: usize::MAX, delivered: false, count: 0 };
    office.issue(&mut whole, &application).unwrap();
    let commands = whole.count;
    assert!(commands > 60, "{commands}");
    resolved(&office, "undisturbed");

    for delivered in [false, true] {
        for cut in 1..=commands {
            let what = format!("cut at {cut} of {commands}, delivered: {delivered}");
            let mut office = Office::new();
            let mut chip = blank(1);
            let mut failing = Failing { chip: &mut chip, left: cut, delivered, count: 0 };
            let error = office.issue(&mut failing, &application).unwrap_err();
            assert!(matches!(error, IssueError::InDoubt(_) | IssueError::Chip(_)), "{what}: {error}");
            assert!(office.cards(NUMBER).is_empty(), "{what}: nothing is recorded before the lock is proven");
            chip.reset();
            let issued =
                office.issue(&mut chip, &application).unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!(chip.state().life_cycle(), LifeCycle::Locked, "{what}");
            assert_eq!(office.cards(NUMBER)[0].sod_sha256, issued.sod_sha256, "{what}");
            resolved(&office, &what);
        }
    }
}

#[test]
fn two_interruptions_in_a_row_and_the_wrong_chip_in_between() {
    let application = application(NUMBER, "first-issue");
    let mut office = Office::new();
    let mut chip = blank(1);
    for cut in [30, 45, 80] {
        let mut failing = Failing { chip: &mut chip, left: cut, delivered: true, count: 0 };
        let error = office.issue(&mut failing, &application).unwrap_err();
        assert!(matches!(error, IssueError::InDoubt(_)), "{cut}: {error}");
        chip.reset();
        let error = office.issue(&mut blank(2), &application).unwrap_err();
        assert!(matches!(error, IssueError::OtherChip { .. }), "{error}");
        // Another person's application must not take the chip either.
        let error =
            office.issue(&mut chip, &crate::support::application(OTHER_NUMBER, "first-issue")).unwrap_err();
        assert!(matches!(error, IssueError::ChipUsed { .. }), "{error}");
        chip.reset();
    }
    office.issue(&mut chip, &application).unwrap();
    assert_eq!(office.cards(NUMBER).len(), 1);
}

#[test]
fn the_officer_stops_at_every_step_and_goes_on_later() {
    let application = application(NUMBER, "first-issue");
    for stop in PersonalizationStep::ALL {
        let mut office = Office::new();
        let mut chip = blank(1);
        let mut monitor = |progress: Progress| {
            if progress.step == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let result = office.station().issue_into(&mut chip, &application, &mut monitor, &mut rng(9));
        match stop {
            // Too late: the card is finished.
            PersonalizationStep::Lock | PersonalizationStep::ProbeLock => drop(result.unwrap()),
            PersonalizationStep::PutAccessKeys => {
                assert!(matches!(result, Err(IssueError::Stopped)), "{stop:?}");
            }
            _ => assert!(matches!(result, Err(IssueError::Stopped)), "{stop:?}"),
        }
        if office.cards(NUMBER).is_empty() {
            office.issue(&mut chip, &application).unwrap();
        }
        resolved(&office, stop.name());
    }
}

#[test]
fn a_register_that_refuses_spoils_the_chip_with_a_reason() {
    use cccd_population::person::Life;
    use cccd_population::store::{Change, Store as _};
    // The person dies between the lock and the record: simulated by an interruption before it.
    let application = application(NUMBER, "first-issue");
    let mut office = Office::new();
    let mut chip = blank(1);
    let mut failing = Failing { chip: &mut chip, left: 60, delivered: true, count: 0 };
    office.issue(&mut failing, &application).unwrap_err();
    chip.reset();
    let mut store = std::mem::replace(
        &mut office.register,
        cccd_issuer::register::LocalRegister::new(
            cccd_population::store::SqliteStore::in_memory(crate::support::at()).unwrap(),
            "x",
        ),
    )
    .into_store();
    let number = cccd_card_profile::personal_number::PersonalNumber::parse(NUMBER).unwrap();
    let change = Change { source: "event".to_owned(), at: crate::support::at() };
    let day = jiff::civil::date(2026, 11, 20);
    store.set_life(&number, Life::Dead(day), &change, jiff::civil::date(2026, 11, 21)).unwrap();
    office.register = cccd_issuer::register::LocalRegister::new(store, "issuer test");
    let error = office.issue(&mut chip, &application).unwrap_err();
    assert!(matches!(error, IssueError::Refused(_)), "{error}");
    let counts = office.ledger.counts().unwrap();
    assert_eq!(counts, [(State::Spoiled, 1)]);
    let entry = office.ledger.of_chip(&cccd_keys::transport_keys::ChipSerial([1; 10])).unwrap().unwrap();
    assert!(entry.state_reason.unwrap().contains("dead"));
}
