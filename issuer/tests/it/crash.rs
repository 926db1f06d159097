//! The card is taken away at every single command, with the command delivered or not; then the same application is
//! run again with the same chip.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_card_profile::personalization::PersonalizationStep;
use cccd_issuer::application::{Application, State};
use cccd_issuer::personalize::{NoMonitor, Progress};
use cccd_issuer::station::{Blank, IssueError, Job, Station};
use cccd_population::card::{CardStatus, SodDigest};
use cccd_virtual_chip::{Chip, LifeCycle};

use crate::cut_off::CutOff;
use crate::support::{Failing, NUMBER, OTHER_NUMBER, Office, application, blank, rng, with_iris};

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

/// The card has every file that a card can have: DG4, too.
fn lost_at_every_command(delivered: bool) {
    let application = with_iris(application(NUMBER, "first-issue"));
    let mut office = Office::new();
    let mut chip = blank(1);
    let mut whole = Failing { chip: &mut chip, left: usize::MAX, delivered: false, count: 0 };
    office.issue(&mut whole, &application).unwrap();
    let commands = whole.count;
    assert!(commands > 60, "{commands}");
    resolved(&office, "undisturbed");

    for cut in 1..=commands {
        let what = format!("cut at {cut} of {commands}, delivered: {delivered}");
        let mut office = Office::new();
        let mut chip = blank(1);
        let mut failing = Failing { chip: &mut chip, left: cut, delivered, count: 0 };
        let error = office.issue(&mut failing, &application).unwrap_err();
        assert!(matches!(error, IssueError::InDoubt(_) | IssueError::Chip(_)), "{what}: {error}");
        assert!(office.cards(NUMBER).is_empty(), "{what}: nothing is recorded before the lock is proven");
        chip.reset();
        let issued = office.issue(&mut chip, &application).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(chip.state().life_cycle(), LifeCycle::Locked, "{what}");
        assert_eq!(office.cards(NUMBER)[0].sod_sha256, issued.sod_sha256, "{what}");
        resolved(&office, &what);
    }
}

#[test]
fn the_card_is_lost_before_every_command_and_the_next_run_resolves_it() {
    lost_at_every_command(false);
}

#[test]
fn the_card_is_lost_after_every_command_and_the_next_run_resolves_it() {
    lost_at_every_command(true);
}

/// A run whose register is cut off before or after it took the card.
fn cut_off(office: &mut Office, chip: &mut Chip, application: &Application, taken: bool) -> IssueError {
    let mut register = CutOff { inner: &mut office.register, taken, cut: Arc::new(AtomicBool::new(true)) };
    let mut station = Station {
        ledger: &mut office.ledger,
        register: &mut register,
        keys: office.keys,
        actor: "officer-1",
        at: crate::support::at(),
        extended: true,
        blank: Blank::Icao9,
        job: Job::Production,
    };
    station.issue_into(chip, application, "second-officer", &mut NoMonitor, &mut rng(9)).unwrap_err()
}

#[test]
fn the_register_is_cut_off_before_or_after_it_took_the_card() {
    for (taken, reason) in
        [(false, "first-issue"), (true, "first-issue"), (false, "exchange"), (true, "exchange")]
    {
        let mut office = Office::new();
        let before = if reason == "exchange" {
            office.issue(&mut blank(7), &application(NUMBER, "first-issue")).unwrap();
            1
        } else {
            0
        };
        let application = application(NUMBER, reason);
        let mut chip = blank(1);
        let error = cut_off(&mut office, &mut chip, &application, taken);
        assert!(matches!(error, IssueError::InDoubt(_)), "{taken} {reason}: {error}");
        assert_eq!(chip.state().life_cycle(), LifeCycle::Locked);
        chip.reset();
        let issued = office.issue(&mut chip, &application).unwrap();
        assert!(issued.resumed);
        let cards = office.cards(NUMBER);
        assert_eq!(cards.len(), before + 1, "{taken} {reason}");
        let active: Vec<_> = cards.iter().filter(|card| card.status == CardStatus::Active).collect();
        assert_eq!(active.len(), 1, "{taken} {reason}");
        assert_eq!(active[0].sod_sha256, issued.sod_sha256, "{taken} {reason}");
    }
}

/// The run ended after the register took the card, and the chip is given up: whoever keeps it holds no valid card, and the
/// person gets theirs with another chip.
#[test]
fn a_chip_that_is_given_up_is_no_card_in_the_register_either() {
    use cccd_issuer::ledger::Act;
    use cccd_issuer::station::give_up;
    for reason in ["first-issue", "exchange"] {
        let mut office = Office::new();
        if reason == "exchange" {
            office.issue(&mut blank(7), &application(NUMBER, "first-issue")).unwrap();
        }
        let application = application(NUMBER, reason);
        let cut = cut_off(&mut office, &mut blank(1), &application, true);
        assert!(matches!(cut, IssueError::InDoubt(_)), "{reason}");
        let entry = office.ledger.open_of(NUMBER).unwrap().unwrap();
        let lost = entry.signed.unwrap().sod_sha256;
        let act = Act::new("officer-1", crate::support::at());
        let why = ("the chip fell into the bin", &[7; 16]);
        let state = give_up(&mut office.ledger, &mut office.register, entry.id, why, act).unwrap();
        assert_eq!(state, State::Spoiled);
        let status = |office: &Office, sod: SodDigest| {
            office.cards(NUMBER).into_iter().find(|card| card.sod_sha256 == sod).unwrap().status
        };
        assert_eq!(status(&office, lost), CardStatus::Destroyed, "{reason}");
        let issued = office.issue(&mut blank(2), &application).unwrap();
        assert_eq!(status(&office, issued.sod_sha256), CardStatus::Active, "{reason}");
        assert_eq!(status(&office, lost), CardStatus::Destroyed, "{reason}");
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
fn a_request_that_was_ended_before_it_captured_goes_on_under_its_name() {
    use cccd_issuer::application::Step;
    use cccd_issuer::ledger::Act;
    use cccd_issuer::station::Intake;
    for checked in [false, true] {
        let mut office = Office::new();
        let application = application(NUMBER, "first-issue");
        let act = Act { request: Some("window 3, the first"), ..Act::new("officer-1", crate::support::at()) };
        let entry = office.ledger.receive(&application, act).unwrap();
        if checked {
            let act = Act { request: None, ..act };
            office.ledger.advance(entry.id, Step::Check, None, &serde_json::Value::Null, act).unwrap();
        }
        let mut take_in = || {
            let mut intake =
                Intake { ledger: &mut office.ledger, register: &mut office.register, act, makes: true };
            intake.take_in(&application).unwrap().entry
        };
        let first = take_in();
        assert_eq!((first.id, first.state), (entry.id, State::Captured), "checked: {checked}");
        let again = take_in();
        assert_eq!((again.id, again.state), (entry.id, State::Captured), "checked: {checked}");
    }
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
        let result =
            office.station().issue_into(&mut chip, &application, "second-officer", &mut monitor, &mut rng(9));
        match stop {
            // Too late: the card is finished.
            PersonalizationStep::Lock | PersonalizationStep::ProbeLock => drop(result.unwrap()),
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
            cccd_population::store::SqlStore::in_memory(crate::support::at()).unwrap(),
            "x",
        ),
    )
    .into_store();
    let number = PersonalNumber::parse(NUMBER).unwrap();
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
