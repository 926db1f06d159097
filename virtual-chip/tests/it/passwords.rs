//! What wrong passwords cost (TR-03110-2 §2.5): the PIN is suspended, resumed, blocked and unblocked; the others make
//! the chip slower. What was counted is on disk.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use cccd_card_profile::apdu::{Command, Response, StatusWord, Transport, exchange};
use cccd_card_profile::personalization::select_application;
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::pace::{
    Agreement, Mapping, PaceError, PaceOffer, PaceOutcome, PaceProtocol, PaceTerminal, Password, PinStatus,
    PinTries, reset_retry_counter,
};
use cccd_card_profile::protocol::secure_messaging::SecureChannel;
use cccd_card_profile::protocol::{DriveError, drive};
use cccd_virtual_chip::lab::Equipment;
use cccd_virtual_chip::{Chip, ChipState, Delay, Profile};
use zeroize::Zeroizing;

use crate::rng;

const OFFER: PaceOffer = PaceOffer {
    protocol: PaceProtocol::ECDH_GM_AES_128,
    parameters: DomainParameters::P256,
    parameter_id: 12,
};
const PIN: &str = "271828";
const PUK: &str = "3141592653";

fn text(digits: &str) -> Option<Zeroizing<String>> {
    Some(Zeroizing::new(digits.to_owned()))
}

fn equipped() -> ChipState {
    let mut state = ChipState::blank([5; 10], Profile::P256);
    state
        .equip(Equipment { pace: vec![OFFER], can: text("000001"), pin: text(PIN), puk: text(PUK) })
        .unwrap();
    state
}

fn chip() -> Chip {
    Chip::in_memory(equipped(), rng())
}

fn can() -> Password {
    Password::can("000001").unwrap()
}

fn pin(digits: &str) -> Password {
    Password::pin(digits).unwrap()
}

fn puk() -> Password {
    Password::puk(PUK).unwrap()
}

fn pace<T: Transport>(chip: &mut T, password: &Password) -> Result<PaceOutcome, PaceError> {
    run(chip, password, false)
}

fn run<T: Transport>(chip: &mut T, password: &Password, last: bool) -> Result<PaceOutcome, PaceError> {
    let terminal = PaceTerminal::new(OFFER, password, &mut *rng()).unwrap();
    match drive(chip, if last { terminal.spending_the_last_try() } else { terminal }) {
        Ok(outcome) => Ok(outcome),
        Err(DriveError::Protocol(error)) => Err(error),
        Err(DriveError::Link(lost)) => panic!("{lost}"),
    }
}

fn open<'c>(chip: &'c mut Chip, password: &Password) -> SecureChannel<&'c mut Chip> {
    let outcome = pace(chip, password).unwrap();
    SecureChannel::new(chip, outcome.session)
}

fn left(chip: &Chip) -> u8 {
    chip.state().pin_tries().unwrap().left()
}

fn wrong(left: u8) -> PaceError {
    PaceError::WrongPassword(StatusWord::tries_left(left))
}

fn status(channel: &mut SecureChannel<&mut Chip>, command: &Command) -> StatusWord {
    channel.exchange(command).unwrap().status
}

#[test]
fn a_pin_is_suspended_resumed_by_the_can_and_whole_again() {
    let mut chip = chip();
    assert!(pace(&mut chip, &pin(PIN)).is_ok());
    chip.reset();
    assert_eq!(pace(&mut chip, &pin("000000")).unwrap_err(), wrong(2));
    assert_eq!(pace(&mut chip, &pin("000000")).unwrap_err(), wrong(1));
    assert_eq!(chip.state().pin_tries().unwrap().status(), PinStatus::Suspended);
    // Suspended: the right one is not even compared, whether the terminal minds or not.
    assert_eq!(pace(&mut chip, &pin(PIN)).unwrap_err(), PaceError::PinSuspended);
    assert_eq!(run(&mut chip, &pin(PIN), true).unwrap_err(), PaceError::PinSuspended);
    assert_eq!(left(&chip), 1);
    // The CAN alone does not resume it for who comes after the session.
    assert!(pace(&mut chip, &can()).is_ok());
    chip.reset();
    assert_eq!(run(&mut chip, &pin(PIN), true).unwrap_err(), PaceError::PinSuspended);
    // Within the session it may be tried.
    let mut channel = open(&mut chip, &can());
    let mut inner = run(&mut channel, &pin(PIN), true).unwrap();
    let chip = channel.into_inner();
    assert_eq!(left(chip), PinTries::INITIAL);
    // The session is the PIN's now.
    let protected = inner.session.protect_command(&select_application()).unwrap();
    let answer = Response::parse(&chip.transmit(&protected.to_bytes().unwrap()).unwrap()).unwrap();
    assert!(inner.session.unprotect_response(&answer).unwrap().is_ok());
}

#[test]
fn a_blocked_pin_is_unblocked_by_the_puk_only() {
    let mut chip = chip();
    for left in [2, 1] {
        assert_eq!(pace(&mut chip, &pin("000000")).unwrap_err(), wrong(left));
    }
    let mut channel = open(&mut chip, &can());
    assert_eq!(run(&mut channel, &pin("000000"), true).unwrap_err(), wrong(0));
    assert_eq!(run(&mut channel, &pin(PIN), true).unwrap_err(), PaceError::PinBlocked);
    assert_eq!(status(&mut channel, &reset_retry_counter(None)), StatusWord::SECURITY_STATUS_NOT_SATISFIED);
    let chip = channel.into_inner();
    chip.reset();
    assert_eq!(pace(chip, &pin(PIN)).unwrap_err(), PaceError::PinBlocked);

    // The PUK unblocks, and opens no file.
    let mut channel = open(chip, &puk());
    assert!(channel.exchange(&select_application()).unwrap().is_ok());
    let read = Command::new(0, 0xB0, 0x81, 0).with_expected_length(4);
    assert_eq!(status(&mut channel, &read), StatusWord::SECURITY_STATUS_NOT_SATISFIED);
    assert_eq!(
        status(&mut channel, &reset_retry_counter(Some("111111"))),
        StatusWord::SECURITY_STATUS_NOT_SATISFIED
    );
    assert_eq!(status(&mut channel, &reset_retry_counter(None)), StatusWord::OK);
    let chip = channel.into_inner();
    chip.reset();
    assert_eq!(left(chip), PinTries::INITIAL);
    assert!(pace(chip, &pin(PIN)).is_ok());
}

#[test]
fn its_holder_changes_the_pin() {
    let mut chip = chip();
    assert_eq!(pace(&mut chip, &pin("000000")).unwrap_err(), wrong(2));
    let mut channel = open(&mut chip, &pin(PIN));
    for bad in ["12345", "12345678901234567", "12345a"] {
        assert_eq!(
            status(&mut channel, &reset_retry_counter(Some(bad))),
            StatusWord::INCORRECT_DATA,
            "{bad}"
        );
    }
    assert_eq!(status(&mut channel, &reset_retry_counter(Some("161803"))), StatusWord::OK);
    let other = Command::new(0, 0x2C, 0x02, 0x02).with_data(*b"123456");
    assert_eq!(status(&mut channel, &other), StatusWord::INCORRECT_P1_P2);
    let chip = channel.into_inner();
    chip.reset();
    assert_eq!(pace(chip, &pin(PIN)).unwrap_err(), wrong(2));
    assert!(pace(chip, &pin("161803")).is_ok());
    chip.reset();
    // Never outside a session.
    let plain = exchange(chip, &reset_retry_counter(None)).unwrap();
    assert_eq!(plain.status, StatusWord::SECURITY_STATUS_NOT_SATISFIED);
}

#[test]
fn within_a_session_only_the_pin_after_the_can() {
    let mut chip = chip();
    let refused = PaceError::NotOffered(StatusWord::CONDITIONS_NOT_SATISFIED);
    let mut channel = open(&mut chip, &can());
    assert_eq!(pace(&mut channel, &can()).unwrap_err(), refused);
    assert_eq!(pace(&mut channel, &puk()).unwrap_err(), refused);
    let chip = channel.into_inner();
    chip.reset();
    let mut channel = open(chip, &pin(PIN));
    assert_eq!(pace(&mut channel, &pin(PIN)).unwrap_err(), refused);
}

/// The try is on disk before it is answered, and even when no answer is waited for.
#[test]
fn what_was_counted_is_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip.state");
    let mut chip = Chip::create(&path, equipped(), rng()).unwrap();
    let mut wrong_pin = Cut { chip: &mut chip, commands: 0 };
    assert!(matches!(
        drive(&mut wrong_pin, PaceTerminal::new(OFFER, &pin("000000"), &mut *rng()).unwrap()),
        Err(DriveError::Link(_))
    ));
    drop(chip);
    let mut chip = Chip::open(&path, rng()).unwrap();
    assert_eq!(left(&chip), 2);
    assert!(pace(&mut chip, &pin(PIN)).is_ok());
    drop(chip);
    assert_eq!(left(&Chip::open(&path, rng()).unwrap()), PinTries::INITIAL);
}

/// Delivers the token, and loses the answer to it.
struct Cut<'c> {
    chip: &'c mut Chip,
    commands: usize,
}

impl Transport for Cut<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, cccd_card_profile::apdu::LinkLost> {
        self.commands += 1;
        let answer = self.chip.transmit(command)?;
        if self.commands == 5 {
            return Err(cccd_card_profile::apdu::LinkLost::new("taken away"));
        }
        Ok(answer)
    }
}

#[derive(Clone, Default)]
struct Watch(Arc<Mutex<Vec<Duration>>>);

impl Delay for Watch {
    fn wait(&mut self, time: Duration) {
        self.0.lock().unwrap().push(time);
    }
}

/// MRZ, CAN and PUK never block: each has its own count, which survives the power and ends with the right password.
#[test]
fn wrong_passwords_make_the_next_try_slower() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chip.state");
    let watch = Watch::default();
    let mut chip = Chip::create(&path, equipped(), rng()).unwrap().with_delay(Box::new(watch.clone()));
    let wrong_can = Password::can("000002").unwrap();
    for _ in 0..20 {
        let refused = pace(&mut chip, &wrong_can).unwrap_err();
        assert_eq!(refused, PaceError::WrongPassword(StatusWord::AUTHENTICATION_FAILED));
    }
    let waits = watch.0.lock().unwrap().clone();
    assert_eq!(waits[..4], [0, 100, 200, 400].map(Duration::from_millis));
    assert_eq!(waits[19], Duration::from_secs(5));
    drop(chip);
    let watch = Watch::default();
    let mut chip = Chip::open(&path, rng()).unwrap().with_delay(Box::new(watch.clone()));
    // Another password is not held responsible, and does not clear the CAN's count.
    assert!(pace(&mut chip, &puk()).is_ok());
    chip.reset();
    assert!(pace(&mut chip, &can()).is_ok());
    chip.reset();
    assert!(pace(&mut chip, &can()).is_ok());
    chip.reset();
    assert!(pace(&mut chip, &pin(PIN)).is_ok());
    let waits = watch.0.lock().unwrap().clone();
    assert_eq!(waits, [Duration::ZERO, Duration::from_secs(5), Duration::ZERO]);
}

#[test]
fn a_chip_offers_what_it_was_equipped_with() {
    let protocols = [
        (Agreement::Ecdh, Mapping::Integrated, Cipher::Aes256, DomainParameters::BrainpoolP384r1),
        (Agreement::Dh, Mapping::Generic, Cipher::TripleDes, DomainParameters::Modp2048Subgroup224),
        (Agreement::Ecdh, Mapping::ChipAuthentication, Cipher::Aes192, DomainParameters::P521),
    ];
    let offers = protocols.map(|(agreement, mapping, cipher, parameters)| {
        PaceOffer::new(PaceProtocol { agreement, mapping, cipher }, parameters)
    });
    let mut state = ChipState::blank([5; 10], Profile::P256);
    let run = |chip: &mut Chip, offer: PaceOffer| {
        chip.reset();
        drive(chip, PaceTerminal::new(offer, &can(), &mut *rng()).unwrap().naming_parameters())
    };
    state.equip(Equipment { pace: offers.to_vec(), can: text("000001"), ..Equipment::default() }).unwrap();
    let mut chip = Chip::in_memory(state, rng());
    assert!(run(&mut chip, offers[0]).is_ok());
    assert!(run(&mut chip, offers[1]).is_ok());
    // Without a static key on that curve there is no such mapping.
    assert!(run(&mut chip, offers[2]).is_err());
    let mut state = chip.into_state();
    let public = state.make_static_key(cccd_card_profile::protocol::curve::Curve::P521, &mut *rng()).unwrap();
    let mut chip = Chip::in_memory(state, rng());
    let proof = run(&mut chip, offers[2]).unwrap().mapping_proof.unwrap();
    let cccd_card_profile::protocol::private_key::PublicKey::EllipticCurve(point) = public else {
        panic!("a curve was asked for")
    };
    assert!(proof.is_of(&point.into()));
}

#[test]
fn no_password_is_taken_that_is_none() {
    let mut state = ChipState::blank([5; 10], Profile::P256);
    for equipment in [
        Equipment { can: text("12345"), ..Equipment::default() },
        Equipment { pin: text("12x45"), ..Equipment::default() },
        Equipment { puk: text("1234567"), ..Equipment::default() },
    ] {
        assert!(state.equip(equipment).is_err());
    }
    assert_eq!((state.pin_tries(), state.has_puk()), (None, false));
}
