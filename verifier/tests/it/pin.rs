//! Cards that open with a PIN: a wrong one is told with its tries, and nobody spends the last one unasked.

use cccd_card_profile::protocol::pace::PinTries;
use cccd_verifier::Access;
use cccd_verifier::evidence::PasswordKind;
use cccd_verifier::inspection::ReadError;
use cccd_virtual_chip::lab::Equipment;
use zeroize::Zeroizing;

use crate::card::{CAN, Card, Situation};

const PIN: &str = "271828";
const PUK: &str = "3141592653";

fn card() -> Card {
    Card::altered(|bench| {
        let text = |digits: &str| Some(Zeroizing::new(digits.to_owned()));
        let equipment = Equipment { pin: text(PIN), puk: text(PUK), ..Equipment::default() };
        bench.state_mut().equip(equipment).unwrap();
    })
}

fn left(card: &Card) -> u8 {
    card.chip().state().pin_tries().unwrap().left()
}

fn pin(digits: &str) -> Access {
    Access::pin(digits).unwrap()
}

#[test]
fn the_pin_opens_the_card() {
    let evidence = card().read_by(&pin(PIN)).unwrap();
    assert_eq!(evidence.access.password, Some(PasswordKind::Pin));
    assert_eq!(Situation::of(evidence).judge().verdict.decision.code(), "accepted");
}

#[test]
fn a_wrong_pin_is_told_with_its_tries_and_the_last_is_kept() {
    let card = card();
    let wrong = pin("000000").or_puk(PUK).unwrap();
    for tries in [2, 1] {
        let error = card.read_by(&wrong).unwrap_err();
        assert!(matches!(error, ReadError::WrongPin { left } if left == tries), "{error}");
        assert_eq!(error.code(), "wrong-pin");
    }
    // One is left: neither the right PIN nor a wrong one is sent without the card access number.
    for access in [pin(PIN), wrong] {
        assert!(matches!(card.read_by(&access), Err(ReadError::PinSuspended)));
    }
    assert_eq!(left(&card), 1);
    // With a wrong one nothing is lost either: the PIN is not reached.
    let mistyped = pin(PIN).or_can("999999").unwrap();
    assert!(matches!(card.read_by(&mistyped), Err(ReadError::WrongCan)));
    assert_eq!(left(&card), 1);
    let evidence = card.read_by(&pin(PIN).or_can(CAN).unwrap()).unwrap();
    assert_eq!(evidence.access.password, Some(PasswordKind::Pin));
    assert!(evidence.complete);
    assert_eq!(left(&card), PinTries::INITIAL);
}

#[test]
fn a_blocked_pin_is_unblocked_by_the_puk() {
    let card = card();
    let wrong = pin("000000").or_can(CAN).unwrap();
    for tries in [2, 1, 0] {
        assert!(matches!(card.read_by(&wrong), Err(ReadError::WrongPin { left }) if left == tries));
    }
    assert!(matches!(card.read_by(&pin(PIN).or_can(CAN).unwrap()), Err(ReadError::PinBlocked)));
    let mistyped = pin(PIN).or_puk("9999999999").unwrap();
    assert!(matches!(card.read_by(&mistyped), Err(ReadError::WrongPuk)));
    assert!(card.read_by(&pin(PIN).or_puk(PUK).unwrap()).is_ok());
    assert_eq!(left(&card), PinTries::INITIAL);
}

#[test]
fn a_card_without_a_pin_says_so() {
    for access in [pin(PIN), pin(PIN).or_can(CAN).unwrap()] {
        let error = Card::genuine().read_by(&access).unwrap_err();
        assert_eq!(error, ReadError::NoPin);
        assert_eq!(error.code(), "password-needed");
        assert!(error.hint().contains("leave --pin out and give --can"));
    }
}
