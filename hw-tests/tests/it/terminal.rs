//! Who reads fingerprints and irises, and who does not: Terminal Authentication against the chip in software.

use crate::rng;
use cccd_card_profile::apdu::{Command, StatusWord, exchange};
use cccd_card_profile::lds::cvca;
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::personalization::{
    CreateFile, TrustPlace, create_file, put_current_date, put_trust_point, select_application, select_file,
    update_binary,
};
use cccd_card_profile::protocol::bac::{BacTerminal, BasicAccessKeys};
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthenticationProtocol, ChipAuthenticationTerminal,
};
use cccd_card_profile::protocol::pace::{PaceOffer, PaceProtocol, PaceTerminal, Password};
use cccd_card_profile::protocol::private_key::PublicKey;
use cccd_card_profile::protocol::secure_messaging::SecureChannel;
use cccd_card_profile::protocol::terminal_authentication::{
    ChipIdentifier, KeyWitness, TerminalAuthenticationError, TerminalAuthenticationTerminal, terminal_key_in,
};
use cccd_card_profile::protocol::{DriveError, Step, TerminalProtocol as _, drive};
use cccd_cvc::chain::TrustPoint;
use cccd_cvc::{
    Certificate, CertificateContent, Chat, Curve, Hash, InspectionRights, PrivateKey, Reference, Role,
    SignatureAlgorithm, TerminalCredentials,
};
use cccd_hw_tests::specimen::{self, CAN, MRZ};
use cccd_virtual_chip::{Chip, ChipState, Profile};
use std::path::Path;

const BOTH: InspectionRights = InspectionRights { fingerprints: true, irises: true };
const FINGERPRINTS: InspectionRights = InspectionRights { fingerprints: true, irises: false };
const IRISES: InspectionRights = InspectionRights { fingerprints: false, irises: true };
const DG3: u8 = 0x83;
const DG4: u8 = 0x84;

struct Holder {
    name: Reference,
    key: PrivateKey,
}

impl Holder {
    fn new(name: &str, seed: u8) -> Self {
        let algorithm = SignatureAlgorithm::Ecdsa(Hash::Sha256);
        let key = PrivateKey::generate(Curve::P256, algorithm, &mut rng(seed)).unwrap();
        Self { name: name.parse().unwrap(), key }
    }

    fn certify(&self, whom: &Self, role: Role, rights: InspectionRights, days: (&str, &str)) -> Certificate {
        CertificateContent {
            authority: self.name.clone(),
            public_key: whom.key.public_key(role == Role::Cvca).unwrap(),
            holder: whom.name.clone(),
            chat: Chat::inspection(role, rights),
            effective: days.0.parse().unwrap(),
            expiration: days.1.parse().unwrap(),
            extensions: None,
        }
        .sign(&self.key, &mut rng(1))
        .unwrap()
    }

    fn trust_point(&self) -> TrustPoint {
        let years = ("2026-01-01", "2028-12-31");
        TrustPoint::from_certificate(&self.certify(self, Role::Cvca, BOTH, years)).unwrap()
    }

    /// A terminal under a document verifier under this CVCA.
    fn terminal(&self, rights: InspectionRights, days: (&str, &str)) -> TerminalCredentials {
        let (verifier, terminal) = (Self::new("VNDVHCM00001", 22), Self::new("VNISHCM00001", 23));
        let quarter = ("2026-06-01", "2026-08-31");
        let certificates = vec![
            self.certify(&verifier, Role::DomesticVerifier, BOTH, quarter),
            verifier.certify(&terminal, Role::Terminal, rights, days),
        ];
        TerminalCredentials::new(certificates, &terminal.key.to_pkcs8().unwrap()).unwrap()
    }
}

fn cvca() -> Holder {
    Holder::new("VNCVCA00001", 21)
}

const JULY: (&str, &str) = ("2026-07-01", "2026-07-31");

/// A locked card with fingerprints and irises that believes this CVCA key, or nobody.
fn card(path: &Path, believes: Option<&TrustPoint>) -> (Chip, PublicKey) {
    let state = ChipState::blank([0xC1; 10], Profile::P256);
    let mut card = Chip::create(path, state, Box::new(rng(1))).unwrap();
    let (mut channel, keys) = specimen::personalize(&mut card, Profile::P256, &mut rng(2)).unwrap();
    let mut done = |command: &Command| {
        let answer = channel.exchange(command).unwrap();
        assert!(answer.is_ok(), "{command:?}: {}", answer.status);
    };
    done(&create_file(CreateFile { identifier: 0x0104, short_identifier: 4, length: 6 }));
    done(&select_file(0x0104));
    done(&update_binary(0, b"\x76\x04iris"));
    if let Some(point) = believes {
        done(&put_trust_point(TrustPlace::Newest, point));
        done(&put_current_date("2026-06-15".parse().unwrap()));
    }
    specimen::lock(&mut channel).unwrap();
    // Locked is locked: nobody adds a CVCA key later.
    for command in [
        put_trust_point(TrustPlace::Newest, &Holder::new("XXCVCA00001", 66).trust_point()),
        put_current_date("2026-01-01".parse().unwrap()),
    ] {
        assert_eq!(channel.exchange(&command).unwrap().status, StatusWord::CONDITIONS_NOT_SATISFIED);
    }
    drop(channel);
    card.reset();
    (card, keys.chip_authentication)
}

/// A chip opened by PACE or BAC, as a terminal goes on with it.
struct Opened<'c> {
    channel: SecureChannel<&'c mut Chip>,
    identifier: ChipIdentifier,
    used: Vec<u8>,
}

fn pace(card: &mut Chip) -> Opened<'_> {
    open_by_pace(card, None)
}

fn open_by_pace<'c>(card: &'c mut Chip, announced: Option<&Chat>) -> Opened<'c> {
    let password = Password::can(CAN).unwrap();
    let offer = PaceOffer::new(PaceProtocol::ECDH_GM_AES_128, Profile::P256.curve().into());
    let mut terminal = PaceTerminal::new(offer, &password, &mut rng(3)).unwrap();
    if let Some(chat) = announced {
        terminal = terminal.with_chat(chat.to_value());
    }
    let mut witness = KeyWitness::new(&mut *card);
    let outcome = drive(&mut witness, terminal).unwrap();
    // What passed on the link is what both ends agreed on.
    assert_eq!(witness.chip_key(), Some(outcome.chip_identity.as_slice()));
    let names = outcome.authorities;
    assert!(announced.is_none() || names == [b"VNCVCA00001".to_vec()], "{names:?}");
    let identifier = ChipIdentifier::pace(&outcome.chip_identity);
    let mut channel = SecureChannel::new(card, outcome.session);
    assert!(channel.exchange(&select_application()).unwrap().is_ok());
    Opened { channel, identifier, used: Vec::new() }
}

fn bac(card: &mut Chip) -> Opened<'_> {
    assert!(exchange(card, &select_application()).unwrap().is_ok());
    let mrz = MrzInformation::new(MRZ[0], MRZ[1], MRZ[2]).unwrap();
    let session = drive(card, BacTerminal::new(BasicAccessKeys::new(&mrz), &mut rng(4))).unwrap();
    Opened {
        channel: SecureChannel::new(card, session),
        identifier: ChipIdentifier::bac(&mrz),
        used: Vec::new(),
    }
}

fn chip_authentication(key: &PublicKey, seed: u8) -> ChipAuthenticationTerminal {
    let PublicKey::EllipticCurve(point) = key else { panic!("no curve") };
    let protocol = ChipAuthenticationProtocol::ECDH_AES_128;
    ChipAuthenticationTerminal::new(protocol, point.clone(), None, &mut rng(seed)).unwrap()
}

type Outcome = Result<(), DriveError<TerminalAuthenticationError>>;

impl Opened<'_> {
    fn authenticate_chip(&mut self, key: &PublicKey, seed: u8) {
        let mut witness = KeyWitness::new(&mut self.channel);
        let claimed = drive(&mut witness, chip_authentication(key, seed)).unwrap();
        self.used = witness.terminal_key().unwrap().to_vec();
        self.channel.replace_session(claimed.into_unproven_session());
    }

    /// The CVCA keys that the chip says it knows.
    fn known(&mut self) -> Vec<Reference> {
        let read = Command::new(0x00, 0xB0, 0x9C, 0x00).with_expected_length(256);
        cvca::parse(&self.channel.exchange(&read).unwrap().data).unwrap()
    }

    /// Version 1, with short commands.
    fn authenticate(&mut self, terminal: &TerminalCredentials) -> Outcome {
        let known = self.known();
        let chain = terminal.chain_from(&known).unwrap();
        let mut rng = rng(9);
        let protocol = TerminalAuthenticationTerminal::version1(
            &chain,
            terminal.key(),
            self.identifier.clone(),
            &self.used,
            200,
            &mut rng,
        );
        drive(&mut self.channel, protocol)
    }

    fn read(&mut self, file: u8) -> StatusWord {
        let read = Command::new(0x00, 0xB0, file, 0x00).with_expected_length(256);
        self.channel.exchange(&read).unwrap().status
    }

    fn reads(&mut self) -> (StatusWord, StatusWord) {
        (self.read(DG3), self.read(DG4))
    }
}

const OPEN: StatusWord = StatusWord::OK;
const CLOSED: StatusWord = StatusWord::SECURITY_STATUS_NOT_SATISFIED;

fn refusal(outcome: Outcome) -> (&'static str, StatusWord) {
    match outcome {
        Err(DriveError::Protocol(TerminalAuthenticationError::Refused { what, status })) => {
            (what.code(), status)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_terminal_reads_what_its_certificates_allow_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (mut card, key) = card(&folder.path().join("chip"), Some(&cvca().trust_point()));
    for opening in [pace as fn(&mut Chip) -> Opened<'_>, bac] {
        for (rights, expected) in [
            (FINGERPRINTS, (OPEN, CLOSED)),
            (IRISES, (CLOSED, OPEN)),
            (BOTH, (OPEN, OPEN)),
            (InspectionRights::default(), (CLOSED, CLOSED)),
        ] {
            card.reset();
            let mut session = opening(&mut card);
            assert_eq!(session.reads(), (CLOSED, CLOSED));
            session.authenticate_chip(&key, 5);
            assert_eq!(session.reads(), (CLOSED, CLOSED));
            session.authenticate(&cvca().terminal(rights, JULY)).unwrap();
            assert_eq!(session.reads(), expected, "{rights:?}");
            // Another Chip Authentication, other keys: what the terminal signed is over.
            session.authenticate_chip(&key, 6);
            assert_eq!(session.reads(), (CLOSED, CLOSED));
        }
    }
}

/// TR-03110-2 §3.2: a terminal that announced less in PACE gets no more, whatever its certificates say.
#[test]
fn what_was_announced_in_pace_bounds_the_rights() {
    let folder = tempfile::tempdir().unwrap();
    let (mut card, key) = card(&folder.path().join("chip"), Some(&cvca().trust_point()));
    let announced = Chat::inspection(Role::Terminal, IRISES);
    let mut session = open_by_pace(&mut card, Some(&announced));
    session.authenticate_chip(&key, 5);
    session.authenticate(&cvca().terminal(BOTH, JULY)).unwrap();
    assert_eq!(session.reads(), (CLOSED, OPEN));
}

#[test]
fn rights_end_with_the_session() {
    let folder = tempfile::tempdir().unwrap();
    let (mut card, key) = card(&folder.path().join("chip"), Some(&cvca().trust_point()));
    let mut session = pace(&mut card);
    session.authenticate_chip(&key, 5);
    session.authenticate(&cvca().terminal(BOTH, JULY)).unwrap();
    drop(session);
    let read = Command::new(0x00, 0xB0, DG3, 0x00).with_expected_length(256);
    assert!(!exchange(&mut card, &read).unwrap().is_ok());
    assert_eq!(pace(&mut card).reads(), (CLOSED, CLOSED));
    card.reset();
    assert_eq!(pace(&mut card).reads(), (CLOSED, CLOSED));
}

#[test]
fn without_chip_authentication_or_secure_messaging_nobody_authenticates() {
    let folder = tempfile::tempdir().unwrap();
    let (mut card, _) = card(&folder.path().join("chip"), Some(&cvca().trust_point()));
    let mut session = pace(&mut card);
    let outcome = session.authenticate(&cvca().terminal(BOTH, JULY));
    assert_eq!(refusal(outcome), ("signature-refused", StatusWord::CONDITIONS_NOT_SATISFIED));
    assert_eq!(session.reads(), (CLOSED, CLOSED));
    drop(session);
    card.reset();
    assert!(exchange(&mut card, &select_application()).unwrap().is_ok());
    let name = Command::new(0x00, 0x22, 0x81, 0xB6).with_data(b"\x83\x0BVNCVCA00001".to_vec());
    assert_eq!(exchange(&mut card, &name).unwrap().status, CLOSED);
}

/// A card of an issuer without CVCA: EF.CVCA is not there, EF.CardAccess still is, and fingerprints stay closed.
#[test]
fn a_chip_that_believes_nobody_opens_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (mut card, key) = card(&folder.path().join("chip"), None);
    let mut session = pace(&mut card);
    session.authenticate_chip(&key, 5);
    let read = Command::new(0x00, 0xB0, 0x9C, 0x00).with_expected_length(256);
    assert_eq!(session.channel.exchange(&read).unwrap().data.first(), Some(&0x31));
    let name = Command::new(0x00, 0x22, 0x81, 0xB6).with_data(b"\x83\x0BVNCVCA00001".to_vec());
    assert_eq!(session.channel.exchange(&name).unwrap().status, StatusWord::REFERENCED_DATA_NOT_FOUND);
    assert_eq!(session.reads(), (CLOSED, CLOSED));
}

#[test]
fn terminals_of_others_and_of_the_past_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (mut card, key) = card(&folder.path().join("chip"), Some(&cvca().trust_point()));
    let mut session = pace(&mut card);
    session.authenticate_chip(&key, 5);
    // Past on the day the card was made.
    let past = cvca().terminal(BOTH, ("2026-06-01", "2026-06-14"));
    let outcome = session.authenticate(&past);
    assert_eq!(refusal(outcome), ("certificate-refused", StatusWord::CONDITIONS_NOT_SATISFIED));
    // A forger with an authority of the right name.
    let forger = Holder::new("VNCVCA00001", 66);
    let outcome = session.authenticate(&forger.terminal(BOTH, JULY));
    assert_eq!(refusal(outcome), ("certificate-refused", StatusWord::AUTHENTICATION_FAILED));
    assert_eq!(session.reads(), (CLOSED, CLOSED));
    // A right terminal, then a wrong one: the rights of the first do not outlive the second's try.
    session.authenticate(&cvca().terminal(BOTH, JULY)).unwrap();
    assert_eq!(session.reads(), (OPEN, OPEN));
    session.used = vec![0; 32];
    let outcome = session.authenticate(&cvca().terminal(BOTH, JULY));
    assert_eq!(refusal(outcome), ("signature-refused", StatusWord::AUTHENTICATION_FAILED));
    assert_eq!(session.reads(), (CLOSED, CLOSED));
}

/// The date is on disk before the answer: a power cut does not bring an old terminal back.
#[test]
fn the_date_moves_forward_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip");
    let (mut made, key) = card(&path, Some(&cvca().trust_point()));
    let june = cvca().terminal(BOTH, ("2026-06-01", "2026-06-30"));
    let mut session = pace(&mut made);
    session.authenticate_chip(&key, 5);
    session.authenticate(&june).unwrap();
    session.authenticate(&cvca().terminal(FINGERPRINTS, JULY)).unwrap();
    drop(session);
    drop(made);

    let mut card = Chip::open(&path, Box::new(rng(7))).unwrap();
    let trust = card.state().terminal_trust().unwrap();
    assert_eq!(trust.date().to_string(), "2026-07-01");
    let mut session = pace(&mut card);
    session.authenticate_chip(&key, 5);
    let outcome = session.authenticate(&june);
    assert_eq!(refusal(outcome), ("certificate-refused", StatusWord::CONDITIONS_NOT_SATISFIED));
    session.authenticate(&cvca().terminal(FINGERPRINTS, JULY)).unwrap();
    assert_eq!(session.reads(), (OPEN, CLOSED));
}

#[test]
fn a_link_certificate_brings_the_next_authority() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip");
    let (mut made, key) = card(&path, Some(&cvca().trust_point()));
    let next = Holder::new("VNCVCA00002", 31);
    let link = cvca().certify(&next, Role::Cvca, BOTH, ("2026-06-20", "2029-06-19"));
    let (verifier, terminal) = (Holder::new("VNDVHAN00001", 32), Holder::new("VNISHAN00001", 33));
    let pile = vec![
        verifier.certify(&terminal, Role::Terminal, BOTH, JULY),
        next.certify(&verifier, Role::DomesticVerifier, BOTH, ("2026-06-20", "2026-09-19")),
        link,
    ];
    let credentials = TerminalCredentials::new(pile, &terminal.key.to_pkcs8().unwrap()).unwrap();
    let mut session = pace(&mut made);
    session.authenticate_chip(&key, 5);
    assert_eq!(session.known(), [cvca().name]);
    session.authenticate(&credentials).unwrap();
    assert_eq!(session.reads(), (OPEN, OPEN));
    drop(session);
    drop(made);

    // Without power in between: both are known now, the new one first, and the old terminals still read.
    let mut card = Chip::open(&path, Box::new(rng(7))).unwrap();
    let mut session = pace(&mut card);
    session.authenticate_chip(&key, 5);
    assert_eq!(session.known(), [next.name, cvca().name]);
    session.authenticate(&cvca().terminal(FINGERPRINTS, JULY)).unwrap();
    assert_eq!(session.reads(), (OPEN, CLOSED));
}

/// Version 2: the rights wait for the Chip Authentication that uses the key which was named.
#[test]
fn version_2_opens_after_the_chip_authentication_that_it_named() {
    let folder = tempfile::tempdir().unwrap();
    let (mut card, key) = card(&folder.path().join("chip"), Some(&cvca().trust_point()));
    let terminal = cvca().terminal(BOTH, JULY);
    for (named, used, expected) in [(5, 5, true), (5, 6, false)] {
        card.reset();
        let mut session = pace(&mut card);
        // The ephemeral key of a run that is yet to come: the same randomness, asked aloud.
        let mut twin = chip_authentication(&key, named);
        let Ok(Step::Send(_)) = twin.advance(None) else { panic!("no command") };
        let ok = cccd_card_profile::apdu::Response::status(StatusWord::OK);
        let Ok(Step::Send(command)) = twin.advance(Some(ok)) else { panic!("no command") };
        let compressed = terminal_key_in(&command).unwrap();

        let known = session.known();
        let chain = terminal.chain_from(&known).unwrap();
        let (mut rng, identifier) = (rng(9), session.identifier.clone());
        let protocol = TerminalAuthenticationTerminal::version2(
            &chain,
            terminal.key(),
            identifier,
            &compressed,
            &[],
            1000,
            &mut rng,
        );
        drive(&mut session.channel, protocol).unwrap();
        assert_eq!(session.reads(), (CLOSED, CLOSED));
        let run = drive(&mut session.channel, chip_authentication(&key, used));
        assert_eq!(run.is_ok(), expected);
        if let Ok(claimed) = run {
            session.channel.replace_session(claimed.into_unproven_session());
        }
        let reads = if expected { (OPEN, OPEN) } else { (CLOSED, CLOSED) };
        assert_eq!(session.reads(), reads);
    }
}
