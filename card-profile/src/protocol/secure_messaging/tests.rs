use super::*;
use crate::apdu::hex;
use proptest::prelude::*;

const CIPHERS: [Cipher; 4] = [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256];

fn session(cipher: Cipher) -> SecureMessaging {
    SecureMessaging::from_secret(b"shared secret", cipher)
}

fn command() -> Command {
    Command::new(0x00, 0xD6, 0x00, 0x10)
        .with_data(b"forty bytes of a file that is written so")
        .with_expected_length(16)
}

/// Every bit of header, Lc, data objects and Le.
#[test]
fn any_flipped_bit_of_a_command_is_detected() {
    for cipher in CIPHERS {
        let bytes = session(cipher).protect_command(&command()).unwrap().to_bytes().unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            if let Ok(parsed) = Command::parse(&altered) {
                assert!(session(cipher).unprotect_command(&parsed).is_err(), "{cipher:?} bit {bit}");
            }
        }
        assert!(session(cipher).unprotect_command(&Command::parse(&bytes).unwrap()).is_ok());
    }
}

/// Every bit of data objects and status word.
#[test]
fn any_flipped_bit_of_a_response_is_detected() {
    for cipher in CIPHERS {
        let bytes =
            session(cipher).protect_response(&Response::ok(b"some data".to_vec())).unwrap().to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let parsed = Response::parse(&altered).unwrap();
            assert!(session(cipher).unprotect_response(&parsed).is_err(), "{cipher:?} bit {bit}");
        }
        assert!(session(cipher).unprotect_response(&Response::parse(&bytes).unwrap()).is_ok());
    }
}

#[test]
fn replay_reorder_and_use_after_the_end_fail() {
    let (mut terminal, mut chip) = (session(Cipher::Aes128), session(Cipher::Aes128));
    let first = terminal.protect_command(&command()).unwrap();
    assert!(chip.unprotect_command(&first).is_ok());
    assert_eq!(chip.unprotect_command(&first), Err(SecureMessagingError::Checksum));
    assert_eq!(chip.protect_response(&Response::ok([])), Err(SecureMessagingError::Ended));
    assert!(!chip.is_alive());
}

#[test]
fn an_unprotected_answer_is_its_own_error() {
    let status = StatusWord::SECURITY_STATUS_NOT_SATISFIED;
    let mut terminal = session(Cipher::TripleDes);
    assert_eq!(
        terminal.unprotect_response(&Response::status(status)),
        Err(SecureMessagingError::Naked { status })
    );
    assert_eq!(
        session(Cipher::Aes128).unprotect_response(&Response::ok(vec![0x99, 2, 0x90, 0])),
        Err(SecureMessagingError::Missing { tag: 0x8E })
    );
    assert_eq!(
        session(Cipher::Aes128).unprotect_command(&Command::new(0, 0xB0, 0, 0)),
        Err(SecureMessagingError::Unprotected)
    );
}

/// A chip that signs one status word and shows another.
#[test]
fn the_two_status_words_must_agree() {
    let mut answer =
        session(Cipher::Aes128).protect_response(&Response::status(StatusWord::FILE_NOT_FOUND)).unwrap();
    answer.status = StatusWord::OK;
    assert_eq!(
        session(Cipher::Aes128).unprotect_response(&answer),
        Err(SecureMessagingError::StatusDiffers {
            protected: StatusWord::FILE_NOT_FOUND,
            outer: StatusWord::OK
        })
    );
}

#[test]
fn doubled_objects_and_wrong_order_are_malformed() {
    for data in [
        &[0x99, 2, 0x90, 0, 0x99, 2, 0x90, 0][..],
        &[0x8E, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0x99, 2, 0x90, 0],
        &[0x99, 2, 0x90, 0, 0x87, 1, 1],
        &[0x97, 1, 0],
        &[0x85, 1, 0, 0x99, 2, 0x90, 0],
        &[0x87, 2, 2, 0],
    ] {
        assert!(
            matches!(
                session(Cipher::Aes128).unprotect_response(&Response::ok(data)),
                Err(SecureMessagingError::Malformed { .. })
            ),
            "{}",
            hex(data)
        );
    }
}

#[test]
fn the_counter_does_not_wrap() {
    for (cipher, last) in [(Cipher::TripleDes, u128::from(u64::MAX)), (Cipher::Aes256, u128::MAX)] {
        let mut session = session(cipher);
        session.counter = last;
        assert_eq!(session.protect_command(&command()), Err(SecureMessagingError::CounterExhausted));
    }
}

#[test]
fn short_links_stay_short() {
    let long = Command::new(0, 0xD6, 0, 0).with_data(vec![0; 240]).with_form(LengthForm::Short);
    assert_eq!(session(Cipher::Aes128).protect_command(&long), Err(SecureMessagingError::TooLong));
    let odd = Command::new(0, 0xB1, 0, 0).with_data([0x54, 1, 0]).with_expected_length(65_536);
    let protected = session(Cipher::Aes128).protect_command(&odd).unwrap();
    assert!(protected.is_extended() && protected.data().starts_with(&[0x85]));
}

proptest! {
    #[test]
    fn both_ends_understand_each_other(
        cipher in prop::sample::select(CIPHERS.to_vec()),
        ins in any::<u8>(),
        data in proptest::collection::vec(any::<u8>(), 0..600),
        expected in prop::option::of(1_u32..=65_536),
        answer in proptest::collection::vec(any::<u8>(), 0..600),
        status in any::<u16>(),
    ) {
        let (mut terminal, mut chip) = (session(cipher), session(cipher));
        for _ in 0..2 {
            let command = Command::new(0x00, ins, 1, 2).with_data(data.clone()).with_optional_length(expected);
            let wire = terminal.protect_command(&command).unwrap().to_bytes().unwrap();
            let received = chip.unprotect_command(&Command::parse(&wire).unwrap()).unwrap();
            prop_assert_eq!(received.header(), command.header());
            prop_assert_eq!(received.data(), command.data());
            prop_assert_eq!(received.expected_length(), expected);
            let response = Response::new(answer.clone(), StatusWord(status));
            let wire = chip.protect_response(&response).unwrap().to_bytes();
            prop_assert_eq!(terminal.unprotect_response(&Response::parse(&wire).unwrap()).unwrap(), response);
        }
    }

    #[test]
    fn no_bytes_panic(data in proptest::collection::vec(prop::sample::select(vec![0x85_u8, 0x87, 0x97, 0x99, 0x8E, 0, 1, 2, 8, 0x81, 0xFF]), 0..60)) {
        for cipher in [Cipher::TripleDes, Cipher::Aes128] {
            prop_assert!(session(cipher).unprotect_response(&Response::ok(data.clone())).is_err());
            for ins in [0xB0, 0xB1] {
                let command = Command::new(0x0C, ins, 0, 0).with_data(data.clone());
                prop_assert!(session(cipher).unprotect_command(&command).is_err());
            }
        }
    }
}
