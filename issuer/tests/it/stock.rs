//! Blanks of a stock become cards, with the keys that they made when they came in.

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_issuer::audit::Auditor;
use cccd_issuer::issuance::ChipAlgorithms;
use cccd_issuer::ledger::{Act, LedgerError};
use cccd_issuer::personalize::{CardDriver, CardLink, ChipLife, Icao9Driver, make_keys};
use cccd_issuer::station::IssueError;
use cccd_issuer::stock::BlankState;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::transport_keys::ChipSerial;
use cccd_virtual_chip::{Chip, LifeCycle};

use crate::support::{NUMBER, OTHER_NUMBER, Office, application, at, blank, rng};

fn act() -> Act<'static> {
    Act::new("stock-keeper", at())
}

/// An office with these blanks in its stock.
fn stocked(serials: &[u8]) -> (Office, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut office = Office::new();
    office.ledger.log_with(Auditor::beside(&folder.path().join("ledger"), &mut rng(3)).unwrap());
    let serials: Vec<ChipSerial> = serials.iter().map(|number| ChipSerial([*number; 10])).collect();
    office.ledger.stock().receive("maker", "note", &serials, act()).unwrap();
    assert!(office.ledger.stock().count("maker", "note", None, act()).unwrap().agrees());
    (office, folder)
}

fn keys_at_stock_in(office: &mut Office, chip: &mut Chip, of: u8) {
    let mut random = rng(4);
    let mut driver = Icao9Driver::new(chip, office.keys.master(), true, &mut random);
    let keys = make_keys(&mut driver, ChipAlgorithms::of_profile(AlgorithmProfile::P256)).unwrap();
    assert_eq!(driver.probe().unwrap().life, ChipLife::Blank);
    office.ledger.stock().note_keys(&ChipSerial([of; 10]), &keys, act()).unwrap();
}

/// Counts GENERATE ASYMMETRIC KEY PAIR on its way to the chip.
struct Watched<'a> {
    chip: &'a mut Chip,
    generated: usize,
}

impl Transport for Watched<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        self.generated += usize::from(command.get(1) == Some(&0x47));
        self.chip.transmit(command)
    }
}

impl CardLink for Watched<'_> {
    fn reset(&mut self) -> Result<(), LinkLost> {
        CardLink::reset(self.chip)
    }
}

#[test]
fn a_card_is_made_with_the_keys_of_the_stock_in() {
    let (mut office, _folder) = stocked(&[1, 2]);
    let mut chip = blank(1);
    keys_at_stock_in(&mut office, &mut chip, 1);
    let mut watched = Watched { chip: &mut chip, generated: 0 };
    office.issue(&mut watched, &application(NUMBER, "first-issue")).unwrap();
    // The two that the locked chip refused, and no other.
    assert_eq!(watched.generated, 2);
    assert_eq!(chip.state().life_cycle(), LifeCycle::Locked);
    let mut other = blank(2);
    let mut watched = Watched { chip: &mut other, generated: 0 };
    office.issue(&mut watched, &application(OTHER_NUMBER, "first-issue")).unwrap();
    assert_eq!(watched.generated, 4);
    let state = |office: &mut Office, number: u8| {
        office.ledger.stock().blank(&ChipSerial([number; 10])).unwrap().unwrap().state
    };
    assert_eq!((state(&mut office, 1), state(&mut office, 2)), (BlankState::Card, BlankState::Card));
    assert!(office.ledger.stock().reconcile(None).unwrap().agrees());
}

#[test]
fn a_chip_that_does_not_hold_the_keys_of_its_stock_in_is_spoiled() {
    let (mut office, _folder) = stocked(&[1, 2]);
    let mut chip = blank(1);
    // The keys are those of another chip: somebody changed the chips in between.
    keys_at_stock_in(&mut office, &mut blank(2), 1);
    keys_at_stock_in(&mut office, &mut chip, 2);
    let error = office.issue(&mut chip, &application(NUMBER, "first-issue")).unwrap_err();
    assert!(matches!(error, IssueError::Spoiled { .. }), "{error}");
    let row = office.ledger.stock().blank(&ChipSerial([1; 10])).unwrap().unwrap();
    assert_eq!(row.state, BlankState::Spoiled);
}

#[test]
fn a_chip_outside_the_stock_is_not_touched() {
    let (mut office, _folder) = stocked(&[1]);
    let mut chip = blank(7);
    let error = office.issue(&mut chip, &application(OTHER_NUMBER, "first-issue")).unwrap_err();
    assert!(matches!(error, IssueError::Ledger(LedgerError::NotInStock { found: None, .. })), "{error}");
    assert_eq!(error.code(), "not-in-stock");
    let mut random = rng(4);
    let report = Icao9Driver::new(&mut chip, office.keys.master(), true, &mut random).probe().unwrap();
    assert_eq!(report.life, ChipLife::Blank);
    // The application waits for a blank of the stock.
    office.issue(&mut blank(1), &application(OTHER_NUMBER, "first-issue")).unwrap();
}
