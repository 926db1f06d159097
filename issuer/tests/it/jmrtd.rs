//! The second driver: JMRTD's applet, by its double. Written in clear, read back by BAC, locked, probed, judged.

use std::collections::BTreeSet;

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::personalization::KeyReference;
use cccd_card_profile::protocol::curve::Curve;
use cccd_card_profile::protocol::private_key::KeyAlgorithm;
use cccd_issuer::application::State;
use cccd_issuer::personalize::{
    CardDriver, CardLink, ChipLife, DriverError, JmrtdBlank, JmrtdDriver, KeySource, NoMonitor,
};
use cccd_issuer::station::{Blank, IssueError, IssuedCard, Job};
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::card::CardStatus;
use cccd_verifier::evidence::AccessProtocol;
use cccd_verifier::finding::{Check, Reason, Status};
use cccd_verifier::inspection::{Access, InspectionOptions, inspect};
use cccd_verifier::judge::{Case, Judgement, judge};
use cccd_verifier::verdict::Decision;
use cccd_virtual_chip::lab::jmrtd::{Build, JmrtdApplet};

use crate::support::{Failing, NUMBER, Office, application, at, rng, trust};

const WITH_KEY: JmrtdBlank = JmrtdBlank { serial: ChipSerial(*b"LAB CHIP 1"), active_authentication: true };
const WITHOUT_KEY: JmrtdBlank = JmrtdBlank { active_authentication: false, ..WITH_KEY };

/// UPDATE BINARY, CREATE FILE and three PUT DATA are tried on a locked chip.
const FORBIDDEN_WRITES: u32 = 5;

fn applet() -> JmrtdApplet {
    JmrtdApplet::new(Build::PerfectWorld, Box::new(rng(1)))
}

fn issue(
    office: &mut Office,
    link: &mut dyn CardLink,
    blank: JmrtdBlank,
    job: Job,
) -> Result<IssuedCard, IssueError> {
    let mut station = office.station();
    station.blank = Blank::Jmrtd(blank);
    station.job = job;
    station.issue_into(
        link,
        &application(NUMBER, "first-issue"),
        "second-officer",
        &mut NoMonitor,
        &mut rng(9),
    )
}

/// Keeps what went over the wire, and answers one command with a status word of its own.
struct Watched<'a> {
    applet: &'a mut JmrtdApplet,
    commands: Vec<Vec<u8>>,
    refuse: Option<(usize, u16)>,
}

impl Transport for Watched<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        self.commands.push(command.to_vec());
        match self.refuse {
            Some((number, status)) if number == self.commands.len() => Ok(status.to_be_bytes().to_vec()),
            _ => self.applet.transmit(command),
        }
    }
}

impl CardLink for Watched<'_> {
    fn reset(&mut self) -> Result<(), LinkLost> {
        self.applet.reset();
        Ok(())
    }
}

#[test]
fn a_card_is_written_in_clear_read_back_by_bac_locked_and_recorded() {
    let mut office = Office::new();
    let mut applet = applet();
    let mut link = Watched { applet: &mut applet, commands: Vec::new(), refuse: None };
    let issued = issue(&mut office, &mut link, WITH_KEY, Job::Laboratory).unwrap();
    let commands = link.commands;
    assert!(applet.is_locked());
    assert_eq!(applet.writes_after_lock(), FORBIDDEN_WRITES);
    assert_eq!((issued.chip_serial, issued.test_keys), (WITH_KEY.serial, false));
    assert_eq!(issued.capabilities.active_authentication, KeySource::Station);
    assert_eq!(issued.capabilities.chip_authentication, KeySource::None);
    assert!(issued.lock_proof.holds());
    assert_eq!(issued.lock_proof.attempts().len(), 9);
    let files: Vec<u16> = applet.files().map(|(identifier, _)| identifier).collect();
    assert_eq!(files, [0x0101, 0x0102, 0x010D, 0x010F, 0x011D, 0x011E]);

    // Short, unchained, and not one write after the lock but those that prove it.
    assert!(commands.iter().all(|command| command.len() <= 261 && command[0] & 0x10 == 0));
    let lock = commands.iter().position(|command| command == &[0x00, 0xDA, 0xDE, 0xAD]).unwrap();
    let writes = commands[lock + 1..]
        .iter()
        .filter(|command| command[0] == 0 && matches!(command[1], 0xE0 | 0xD6 | 0xDA))
        .count();
    assert_eq!(u32::try_from(writes).unwrap(), FORBIDDEN_WRITES);
    let state = office.ledger.entry(issued.application).unwrap().state;
    assert_eq!((state, office.cards(NUMBER)[0].status), (State::Issued, CardStatus::Active));
}

fn judged(applet: &mut JmrtdApplet, issued: &IssuedCard) -> Judgement {
    applet.reset();
    let options = InspectionOptions::new(at()).thorough(true);
    let access = Access::mrz(&issued.mrz);
    let evidence = inspect(applet, &access, &options, &mut rng(3), &mut |_| {}).unwrap();
    assert!(evidence.complete);
    assert_eq!(evidence.access.protocol, AccessProtocol::Bac);
    assert_eq!(evidence.sod_sha256().unwrap(), *issued.sod_sha256.as_bytes());
    judge(&Case::new(&evidence, &trust(), at()))
}

fn finding(judgement: &Judgement, check: Check) -> (Status, Option<Reason>) {
    let finding = judgement.findings.iter().find(|finding| finding.check == check).unwrap();
    (finding.status, finding.reason)
}

#[test]
fn the_verdict_says_what_such_a_chip_cannot_show() {
    // RSA-1024 that the station knew: nothing follows from it.
    let (mut office, mut chip) = (Office::new(), applet());
    let issued = issue(&mut office, &mut chip, WITH_KEY, Job::Laboratory).unwrap();
    let judgement = judged(&mut chip, &issued);
    assert_eq!(judgement.verdict.decision, Decision::Undetermined);
    assert_eq!(judgement.verdict.decided_by, Some(Check::ActiveAuthentication));
    assert_eq!(
        finding(&judgement, Check::ActiveAuthentication),
        (Status::Inconclusive, Some(Reason::WeakAlgorithm))
    );
    assert_eq!(
        finding(&judgement, Check::ChipAuthentication),
        (Status::NotApplicable, Some(Reason::ProtocolNotOffered))
    );
    assert_eq!(finding(&judgement, Check::SodSignature).0, Status::Passed);
    assert_eq!(finding(&judgement, Check::DataGroupHashes).0, Status::Passed);
    assert_eq!(finding(&judgement, Check::ComSodConsistent).0, Status::Passed);

    // No key at all: a card of our own profile without any proof is refused.
    let (mut office, mut chip) = (Office::new(), applet());
    let issued = issue(&mut office, &mut chip, WITHOUT_KEY, Job::Laboratory).unwrap();
    let judgement = judged(&mut chip, &issued);
    assert_eq!(judgement.verdict.decision, Decision::Refused);
    assert_eq!(judgement.verdict.reason, Some(Reason::ProtocolNotOffered));
}

#[test]
fn no_citizen_gets_such_a_card() {
    let mut office = Office::new();
    let mut chip = applet();
    let mut link = Watched { applet: &mut chip, commands: Vec::new(), refuse: None };
    let error = issue(&mut office, &mut link, WITH_KEY, Job::Production).unwrap_err();
    assert!(matches!(error, IssueError::LaboratoryOnly("jmrtd")), "{error}");
    assert!(error.is_refusal());
    assert!(link.commands.is_empty(), "the chip was not touched");
    assert!(office.ledger.counts().unwrap().is_empty(), "nor was the ledger");
}

#[test]
fn a_build_that_refuses_the_key_spoils_the_chip_by_name_and_goes_without_it() {
    let mut office = Office::new();
    let mut chip = JmrtdApplet::new(Build::Cref, Box::new(rng(1)));
    let error = issue(&mut office, &mut chip, WITH_KEY, Job::Laboratory).unwrap_err();
    let IssueError::Spoiled { reason, .. } = &error else { panic!("{error}") };
    assert!(reason.contains("PUT DATA of the modulus") && reason.contains("6F00"), "{reason}");

    let mut office = Office::new();
    let mut chip = JmrtdApplet::new(Build::Cref, Box::new(rng(1)));
    issue(&mut office, &mut chip, WITHOUT_KEY, Job::Laboratory).unwrap();
}

#[test]
fn what_the_applet_cannot_is_said_before_a_byte_is_sent() {
    let (mut chip, mut dice) = (applet(), rng(2));
    let mut link = Watched { applet: &mut chip, commands: Vec::new(), refuse: None };
    let mut driver = JmrtdDriver::new(&mut link, WITHOUT_KEY, &mut dice);
    let curve = KeyAlgorithm::EllipticCurve(Curve::P256);
    for key in [KeyReference::ActiveAuthentication, KeyReference::ChipAuthentication] {
        assert!(matches!(driver.provide_key(curve, key), Err(DriverError::Unsupported(_))));
    }
    for file in [ElementaryFile::CardAccess, ElementaryFile::DataGroup(DataGroupNumber::DG3)] {
        assert!(matches!(driver.create_file(file, 10), Err(DriverError::Unsupported(_))));
    }
    assert!(matches!(driver.replace_transport_keys(), Err(DriverError::Unsupported(_))));
    let dg2 = ElementaryFile::DataGroup(DataGroupNumber::DG2);
    assert_eq!(driver.create_file(dg2, 32_768), Err(DriverError::TooLong("EF.DG2".to_owned())));
    assert!(link.commands.is_empty());
}

#[test]
fn the_probe_tells_blank_begun_and_locked() {
    let (mut chip, mut dice) = (applet(), rng(2));
    let mut driver = JmrtdDriver::new(&mut chip, WITH_KEY, &mut dice);
    assert_eq!(driver.probe().unwrap().life, ChipLife::Blank);
    driver.create_file(ElementaryFile::Com, 24).unwrap();
    let report = driver.probe().unwrap();
    assert_eq!((report.life, report.files), (ChipLife::Begun, vec![ElementaryFile::Com]));
    driver.lock().unwrap();
    assert_eq!(driver.probe().unwrap().life, ChipLife::Locked);
    assert!(driver.prove_lock().unwrap().holds());
}

/// Every command in turn is answered with a refusal: the card is never issued, and the reason names the status word.
#[test]
fn every_refused_command_is_told_and_no_card_comes_of_it() {
    let mut chip = applet();
    let mut link = Watched { applet: &mut chip, commands: Vec::new(), refuse: None };
    issue(&mut Office::new(), &mut link, WITHOUT_KEY, Job::Laboratory).unwrap();
    let total = link.commands.len();
    let locked_at =
        link.commands.iter().position(|command| command == &[0x00, 0xDA, 0xDE, 0xAD]).unwrap() + 1;
    let probed = |number: usize| number > locked_at;
    let mut told = BTreeSet::new();
    for number in 1..=total {
        let mut office = Office::new();
        let mut chip = applet();
        let mut link = Watched { applet: &mut chip, commands: Vec::new(), refuse: Some((number, 0x6A80)) };
        match issue(&mut office, &mut link, WITHOUT_KEY, Job::Laboratory) {
            // A reader asks otherwise, or opens the card once more: nothing was written and nothing is proved by it.
            Ok(_) => {
                let instruction = link.commands[number - 1][1];
                let writes = matches!(instruction, 0xE0 | 0xD6 | 0xDA);
                assert!(!writes && !probed(number), "{number}: {instruction:02X}");
            }
            Err(error) => {
                let text = error.to_string();
                told.insert(text.split(':').take(3).collect::<String>());
                assert!(office.cards(NUMBER).is_empty(), "{number}: {text}");
                let read_back = matches!(link.commands[number - 1][0], 0x0C) || text.contains("citizen");
                assert!(text.contains("6A80") || read_back, "{number}: {text}");
            }
        }
    }
    assert!(told.len() > 8, "{told:?}");
}

/// Taken away at every command, delivered or not; then run again with the same chip.
fn lost_at_every_command(delivered: bool, blank: JmrtdBlank) {
    let mut chip = applet();
    let mut whole = Failing { chip: &mut chip, left: usize::MAX, delivered: false, count: 0 };
    issue(&mut Office::new(), &mut whole, blank, Job::Laboratory).unwrap();
    let commands = whole.count;
    for cut in 1..=commands {
        let what = format!("cut at {cut} of {commands}, delivered: {delivered}");
        let mut office = Office::new();
        let mut chip = applet();
        let mut failing = Failing { chip: &mut chip, left: cut, delivered, count: 0 };
        let error = issue(&mut office, &mut failing, blank, Job::Laboratory).unwrap_err();
        assert!(matches!(error, IssueError::InDoubt(_) | IssueError::Chip(_)), "{what}: {error}");
        assert!(office.cards(NUMBER).is_empty(), "{what}");
        let tried = chip.writes_after_lock();
        chip.reset();
        let issued = issue(&mut office, &mut chip, blank, Job::Laboratory);
        let issued = issued.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(chip.is_locked(), "{what}");
        assert_eq!(
            chip.writes_after_lock() - tried,
            FORBIDDEN_WRITES,
            "{what}: the proof, and no other write"
        );
        let cards = office.cards(NUMBER);
        assert_eq!((cards.len(), cards[0].sod_sha256), (1, issued.sod_sha256), "{what}");
    }
}

#[test]
fn the_card_is_lost_before_every_command_and_the_next_run_resolves_it() {
    lost_at_every_command(false, WITHOUT_KEY);
}

#[test]
fn the_card_is_lost_after_every_command_and_the_next_run_resolves_it() {
    lost_at_every_command(true, WITH_KEY);
}
