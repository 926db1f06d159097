//! Bad input: one clear reason each, and nothing touched.

use cccd_issuer::application::{Refusal, State};
use cccd_issuer::personalize::DriverError;
use cccd_issuer::station::IssueError;
use cccd_virtual_chip::{Chip, ChipState, LifeCycle, Profile};

use crate::support::{DEAD_NUMBER, Failing, NUMBER, OTHER_NUMBER, Office, application, blank, rng};

#[test]
fn rules_refuse_before_the_chip_is_touched() {
    let mut office = Office::new();
    let cases = [("001099999999", Refusal::UnknownPerson), (DEAD_NUMBER, Refusal::Dead)];
    for (number, refusal) in cases {
        let mut chip = blank(1);
        let error = office.issue(&mut chip, &application(number, "first-issue")).unwrap_err();
        assert!(matches!(&error, IssueError::Refused(found) if *found == refusal), "{error}");
        assert!(error.is_refusal());
        assert_eq!(chip.state().life_cycle(), LifeCycle::Blank);
    }
    office.issue(&mut blank(1), &application(NUMBER, "first-issue")).unwrap();
    let mut chip = blank(2);
    let error = office.issue(&mut chip, &application(NUMBER, "first-issue")).unwrap_err();
    assert!(matches!(error, IssueError::Refused(Refusal::HasActiveCard)), "{error}");
    assert_eq!(chip.state().life_cycle(), LifeCycle::Blank);
    assert_eq!(office.ledger.counts().unwrap(), [(State::Issued, 1), (State::Rejected, 3)]);
}

#[test]
fn a_portrait_that_is_no_image_leaves_no_trace() {
    let mut office = Office::new();
    let mut application = application(NUMBER, "first-issue");
    application.portrait = b"hello".to_vec();
    let error = office.issue(&mut blank(1), &application).unwrap_err();
    assert_eq!(error.code(), "portrait-no-image");
    assert!(office.ledger.counts().unwrap().is_empty());
}

#[test]
fn chips_that_are_not_blank_or_not_ours_stay_as_they_are() {
    let mut office = Office::new();
    let mut used = blank(1);
    let issued = office.issue(&mut used, &application(NUMBER, "first-issue")).unwrap();
    let error = office.issue(&mut used, &application(OTHER_NUMBER, "first-issue")).unwrap_err();
    assert!(matches!(error, IssueError::ChipUsed { serial, .. } if serial == issued.chip_serial), "{error}");

    // Another office's finished card, and one that somebody began.
    let mut other = Office::new();
    let error = other.issue(&mut used, &application(OTHER_NUMBER, "first-issue")).unwrap_err();
    assert!(matches!(error, IssueError::NotBlank { .. }), "{error}");
    let mut begun = blank(2);
    let mut failing = Failing { chip: &mut begun, left: 40, delivered: true, count: 0 };
    let error = office.issue(&mut failing, &application(OTHER_NUMBER, "first-issue")).unwrap_err();
    assert!(matches!(error, IssueError::InDoubt(_)), "{error}");
    begun.reset();
    let error = other.issue(&mut begun, &application(OTHER_NUMBER, "first-issue")).unwrap_err();
    assert!(matches!(error, IssueError::NotBlank { .. }), "{error}");
    assert_eq!(begun.state().life_cycle(), LifeCycle::Personalizing);

    // Keys of another station.
    let keys = cccd_card_profile::personalization::StaticKeys::new([1; 16], [2; 16], [3; 16]);
    let version = cccd_card_profile::personalization::KeyVersion::BLANK;
    let state = ChipState::blank_with_keys([9; 10], Profile::P256, version, keys);
    let mut foreign = Chip::in_memory(state, Box::new(rng(9)));
    let error = other.issue(&mut foreign, &application(OTHER_NUMBER, "first-issue")).unwrap_err();
    assert!(matches!(error, IssueError::Chip(DriverError::WrongKeys)), "{error}");
    assert_eq!(foreign.state().life_cycle(), LifeCycle::Blank);
    // All that was refused left a queued application, which the next run takes in anew.
    assert!(other.issue(&mut blank(8), &application(OTHER_NUMBER, "first-issue")).is_ok());
}
