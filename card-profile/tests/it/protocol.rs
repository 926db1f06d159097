//! The protocols but PACE: worked examples of Doc 9303-11 and TR-03110, whole runs of both ends, hostile answers.

use cccd_card_profile::apdu::{
    Command, GetResponse, LengthForm, LinkLost, Replay, Response, StatusWord, Trace, Transport, exchange,
};
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::personalization::{
    KeyVersion, StaticKeys, commands, keys::KeyVersion as Version, scp03,
};
use cccd_card_profile::protocol::bac::{BacChip, BacError, BacTerminal, BasicAccessKeys, get_challenge};
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthenticationChip, ChipAuthenticationOffer, ChipAuthenticationProtocol, ChipAuthenticationTerminal,
    ChipAuthenticationVersion, set_kat,
};
use cccd_card_profile::protocol::curve::{Curve, DomainParameters, Scalar};
use cccd_card_profile::protocol::group::Group;
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::private_key::PrivateKey;
use cccd_card_profile::protocol::secure_messaging::{SecureChannel, SecureMessaging, SecureMessagingError};
use cccd_card_profile::protocol::{DriveError, Step, TerminalProtocol, drive};
use proptest::prelude::*;
use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;
use std::convert::Infallible;

pub(crate) fn vectors(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../../vectors/doc9303-11.json")).unwrap();
    all[name].clone()
}

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

/// Plays given bytes, then `SplitMix64`.
pub(crate) struct Given(pub(crate) Vec<u8>, pub(crate) u64);

impl TryRng for Given {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        for byte in dst {
            *byte = if self.0.is_empty() {
                self.1 = self.1.wrapping_add(0x9E37_79B9_7F4A_7C15);
                ((self.1 ^ self.1 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 56).to_le_bytes()[0]
            } else {
                self.0.remove(0)
            };
        }
        Ok(())
    }
}

impl TryCryptoRng for Given {}

pub(crate) fn seeded(seed: u64) -> Given {
    Given(Vec::new(), seed)
}

pub(crate) fn information(example: &Value) -> MrzInformation {
    let text = |name: &str| example[name].as_str().unwrap().to_owned();
    MrzInformation::new(&text("document_number"), &text("birth_date"), &text("expiry")).unwrap()
}

pub(crate) fn replay(exchanges: &[(String, String)]) -> Replay {
    let text: String = exchanges.iter().map(|(out, back)| format!("> {out}\n< {back}\n")).collect();
    Replay::parse(&text).unwrap()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Doc 9303-11 appendices D.1 to D.4, the terminal.
#[test]
fn bac_and_secure_messaging_of_appendix_d_terminal() {
    let (bac, sm) = (vectors("basic_access_control"), vectors("secure_messaging_3des"));
    let mut script = vec![
        ("0084000008".to_owned(), format!("{}9000", text(&bac["rnd_ic"]))),
        (text(&bac["command"]), text(&bac["response"])),
    ];
    let exchanges = sm["exchanges"].as_array().unwrap();
    script.extend(exchanges.iter().map(|e| (text(&e["protected_command"]), text(&e["protected_response"]))));
    let mut transport = replay(&script);
    let mut rng = Given([bytes(&bac["rnd_ifd"]), bytes(&bac["k_ifd"])].concat(), 0);
    let terminal = BacTerminal::new(BasicAccessKeys::new(&information(&bac)), &mut rng);
    let session = drive(&mut transport, terminal).unwrap();
    let mut channel = SecureChannel::new(&mut transport, session);
    for e in exchanges {
        assert_eq!(channel.transmit(&bytes(&e["plain_command"])), Ok(bytes(&e["plain_response"])));
    }
    assert_eq!(channel.protected_exchanges(), 3);
    assert!(transport.is_finished());
}

/// Doc 9303-11 appendices D.1 to D.4, the chip.
#[test]
fn bac_and_secure_messaging_of_appendix_d_chip() {
    let (bac, sm) = (vectors("basic_access_control"), vectors("secure_messaging_3des"));
    let keys = BasicAccessKeys::new(&information(&bac));
    let mut rng = Given([bytes(&bac["rnd_ic"]), bytes(&bac["k_ic"])].concat(), 0);
    let mut chip = BacChip::new();
    assert_eq!(chip.get_challenge(&mut rng).to_vec(), bytes(&bac["rnd_ic"]));
    let command = Command::parse(&bytes(&bac["command"])).unwrap();
    let (answer, mut session) = chip.mutual_authenticate(&keys, command.data(), &mut rng).unwrap();
    assert_eq!(answer.to_bytes(), bytes(&bac["response"]));
    for e in sm["exchanges"].as_array().unwrap() {
        let protected = Command::parse(&bytes(&e["protected_command"])).unwrap();
        let plain = session.unprotect_command(&protected).unwrap();
        assert_eq!(plain.to_bytes().unwrap(), bytes(&e["plain_command"]));
        let response = Response::parse(&bytes(&e["plain_response"])).unwrap();
        assert_eq!(session.protect_response(&response).unwrap().to_bytes(), bytes(&e["protected_response"]));
    }
    // A challenge serves once.
    assert_eq!(
        chip.mutual_authenticate(&keys, command.data(), &mut rng).unwrap_err(),
        StatusWord::CONDITIONS_NOT_SATISFIED
    );
}

#[test]
fn bac_with_another_birth_date_is_refused_by_either_end() {
    let right = || BasicAccessKeys::new(&MrzInformation::new("079000001", "990115", "390115").unwrap());
    let wrong = || BasicAccessKeys::new(&MrzInformation::new("079000001", "990116", "390115").unwrap());
    let mut chip = BacCard { keys: right(), chip: BacChip::new(), rng: seeded(1) };
    assert!(drive(&mut chip, BacTerminal::new(right(), &mut seeded(2))).is_ok());
    let refused = drive(&mut chip, BacTerminal::new(wrong(), &mut seeded(2)));
    assert!(matches!(
        refused,
        Err(DriveError::Protocol(BacError::Refused(StatusWord::AUTHENTICATION_FAILED)))
    ));
}

struct BacCard {
    keys: BasicAccessKeys,
    chip: BacChip,
    rng: Given,
}

impl Transport for BacCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let command = Command::parse(command).unwrap();
        let answer = if command == get_challenge().with_form(LengthForm::Automatic) || command.ins() == 0x84 {
            Response::ok(self.chip.get_challenge(&mut self.rng))
        } else {
            match self.chip.mutual_authenticate(&self.keys, command.data(), &mut self.rng) {
                Ok((answer, _)) => answer,
                Err(status) => status.into(),
            }
        };
        Ok(answer.to_bytes())
    }
}

/// One exchange from end to end.
pub(crate) fn speak(terminal: &mut SecureMessaging, chip: &mut SecureMessaging) {
    let read = Command::new(0, 0xB0, 0x81, 0).with_expected_length(4);
    let protected = terminal.protect_command(&read).unwrap();
    assert_eq!(chip.unprotect_command(&protected).unwrap().header(), read.header());
    let answer = chip.protect_response(&Response::ok([1, 2, 3, 4])).unwrap();
    assert_eq!(terminal.unprotect_response(&answer), Ok(Response::ok([1, 2, 3, 4])));
}

/// TR-03110 worked example 1.01: the key agreement of Chip Authentication.
#[test]
fn chip_authentication_key_agreement_of_the_worked_example() {
    let example = vectors("chip_authentication_ecdh");
    let curve = Curve::BrainpoolP256r1;
    let scalar = |name: &str| {
        let bytes = bytes(&example[name]);
        Scalar::from_bytes(curve, &bytes[bytes.len() - 32..]).unwrap()
    };
    let (chip, terminal) = (scalar("chip_private"), scalar("terminal_private"));
    let point = |name: &str| curve.point(&bytes(&example[name])).unwrap();
    assert_eq!(chip.public_point().unwrap(), point("chip_public"));
    assert_eq!(terminal.public_point().unwrap(), point("terminal_public"));
    assert_eq!(chip.agree(&point("terminal_public")).unwrap().to_vec(), bytes(&example["shared_secret"]));
    assert_eq!(terminal.agree(&point("chip_public")).unwrap().to_vec(), bytes(&example["shared_secret"]));
}

/// Runs both ends; gives the terminal's and the chip's new sessions.
fn chip_authentication(cipher: Cipher, group: Group, clone: bool) -> (SecureMessaging, SecureMessaging) {
    let make = |seed| PrivateKey::generate(group.into(), &mut seeded(seed)).unwrap();
    let genuine = make(6);
    let held = make(if clone { 7 } else { 6 });
    let protocol = ChipAuthenticationProtocol { agreement: group.agreement(), cipher };
    assert_eq!(ChipAuthenticationProtocol::from_oid(protocol.oid()), Some(protocol));
    let version = ChipAuthenticationVersion::One;
    let offers = [ChipAuthenticationOffer { protocol, version, key_id: Some(300) }];
    let public = genuine.public_key().unwrap().element().unwrap();
    let mut terminal = ChipAuthenticationTerminal::new(protocol, public, Some(300), &mut seeded(8)).unwrap();
    let ephemeral = terminal.ephemeral().clone();
    let (mut pending, mut session, mut answer) = (None, None, None);
    loop {
        match terminal.advance(answer.take()).unwrap() {
            Step::Done(claim) => return (claim.into_unproven_session(), session.unwrap()),
            Step::Send(command) => {
                let agreement = match (command.ins(), command.p2()) {
                    (0x22, 0xA6) => set_kat(&command, |id| (id == Some(300)).then_some(&held)).unwrap(),
                    (0x22, _) => {
                        let rng = &mut seeded(9);
                        pending = Some(ChipAuthenticationChip::set_at(&command, &offers, rng).unwrap());
                        answer = Some(Response::status(StatusWord::OK));
                        continue;
                    }
                    _ => pending.take().unwrap().general_authenticate(&command, &held, None).unwrap(),
                };
                assert_eq!(agreement.ephemeral, ephemeral);
                session = Some(agreement.session);
                answer = Some(agreement.answer);
            }
        }
    }
}

#[test]
fn chip_authentication_gives_both_ends_one_session() {
    for parameters in DomainParameters::ALL {
        for cipher in [Cipher::TripleDes, Cipher::Aes128, Cipher::Aes192, Cipher::Aes256] {
            let (mut terminal, mut chip) = chip_authentication(cipher, parameters.group(), false);
            speak(&mut terminal, &mut chip);
        }
    }
}

/// Ephemeral keys that are no element, the identity, or of small order are refused by the chip.
#[test]
fn a_chip_agrees_on_nothing_with_a_bad_ephemeral_key() {
    for parameters in DomainParameters::ALL {
        let group = parameters.group();
        let key = PrivateKey::generate(group.into(), &mut seeded(1)).unwrap();
        let mut off = group.generator().as_bytes().to_vec();
        *off.last_mut().unwrap() ^= 1;
        let mut one = vec![0; off.len()];
        *one.last_mut().unwrap() = 1;
        for bad in [off, one, vec![0], vec![]] {
            let kat = Command::new(0, 0x22, 0x41, 0xA6).with_data(tlv(0x91, &bad));
            let refused = set_kat(&kat, |_| Some(&key)).err();
            assert_eq!(refused, Some(StatusWord::INCORRECT_DATA), "{parameters:?}");
        }
    }
}

fn tlv(tag: u32, value: &[u8]) -> Vec<u8> {
    cccd_card_profile::tlv::encode(tag, value)
}

/// A copy answers 9000 like the chip; only the first protected exchange tells them apart.
#[test]
fn a_clone_completes_the_run_and_fails_the_first_exchange() {
    let (mut terminal, mut clone) =
        chip_authentication(Cipher::Aes128, Group::Curve(Curve::BrainpoolP256r1), true);
    let command = terminal.protect_command(&Command::new(0, 0xB0, 0, 0).with_expected_length(1)).unwrap();
    assert_eq!(clone.unprotect_command(&command), Err(SecureMessagingError::Checksum));
    let (_, mut clone) = chip_authentication(Cipher::Aes128, Group::Curve(Curve::BrainpoolP256r1), true);
    clone.protect_response(&Response::ok([])).unwrap();
    let answer = clone.protect_response(&Response::ok([])).unwrap();
    assert_eq!(terminal.unprotect_response(&answer), Err(SecureMessagingError::Checksum));
}

/// A blank that speaks SCP03 and echoes.
struct Blank {
    keys: StaticKeys,
    identity: scp03::Scp03Identity,
    pending: Option<scp03::Scp03Chip>,
    session: Option<scp03::Scp03Session>,
    flip: Option<usize>,
}

impl Blank {
    fn new() -> Self {
        let identity =
            scp03::Scp03Identity { serial: *b"0123456789", key_version: Version::TEST, sequence_counter: 7 };
        Self {
            keys: StaticKeys::publicly_known_test_keys(),
            identity,
            pending: None,
            session: None,
            flip: None,
        }
    }

    fn answer(&mut self, command: &Command) -> Result<Response, StatusWord> {
        if let Some(session) = &mut self.session {
            let plain = session.unwrap_command(command).map_err(|error| error.status_word())?;
            let answer = match plain.ins() {
                0xFE => Response::status(StatusWord::FILE_NOT_FOUND),
                0xD8 => {
                    let (version, keys) = StaticKeys::from_put_key_data(plain.data(), &self.keys)?;
                    Response::ok(keys.put_key_confirmation(version)?)
                }
                _ => Response::ok(plain.data()),
            };
            return session.wrap_response(&answer).map_err(|error| error.status_word());
        }
        if command.ins() == 0x50 {
            let (answer, pending) = scp03::Scp03Chip::initialize_update(command, &self.identity, &self.keys)?;
            self.pending = Some(pending);
            return Ok(answer);
        }
        let pending = self.pending.take().ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        let (answer, session) = pending.external_authenticate(command)?;
        self.session = Some(session);
        Ok(answer)
    }
}

impl Transport for Blank {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let mut bytes = command.to_vec();
        if let Some(bit) = self.flip
            && self.session.is_some()
        {
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        let answer = match Command::parse(&bytes) {
            Ok(command) => self.answer(&command).unwrap_or_else(Response::status),
            Err(_) => Response::status(StatusWord::WRONG_LENGTH),
        };
        Ok(answer.to_bytes())
    }
}

fn test_keys(_: &scp03::ChipAnnouncement) -> Option<StaticKeys> {
    Some(StaticKeys::publicly_known_test_keys())
}

/// A card that is not ours, under published test keys: INITIALIZE UPDATE to a decrypted answer.
#[test]
fn scp03_of_a_card_in_the_field() {
    let example = vectors("scp03_aes128_level_33");
    let script: Vec<_> = example["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (text(&e["command"]), text(&e["response"])))
        .collect();
    let key = |name: &str| <[u8; 16]>::try_from(bytes(&example[name])).unwrap();
    let keys = StaticKeys::new(key("enc"), key("mac"), key("dek"));
    let mut transport = replay(&script);
    let mut rng = Given(bytes(&example["host_challenge"]), 0);
    let mut channel = scp03::open(&mut transport, KeyVersion(0x30), |_| Some(keys), &mut rng).unwrap();
    assert_eq!(channel.transmit(&bytes(&example["plain_command"])), Ok(bytes(&example["plain_response"])));
    assert!(transport.is_finished());
}

/// Our chip's answers, computed once more with `openssl mac` and `openssl enc`.
#[test]
fn scp03_of_our_chip_agrees_with_openssl() {
    let keys = StaticKeys::publicly_known_test_keys();
    let identity =
        scp03::Scp03Identity { serial: *b"0123456789", key_version: Version::TEST, sequence_counter: 7 };
    let begin = Command::new(0x80, 0x50, 0xFF, 0).with_data([1, 2, 3, 4, 5, 6, 7, 8]);
    let (answer, chip) = scp03::Scp03Chip::initialize_update(&begin, &identity, &keys).unwrap();
    let expected = "30313233343536373839FF03707EC58C4D8C006E4FA33AE27669BFEF03000007";
    assert_eq!(answer.data, hex::decode(expected).unwrap());
    let command = |digits: &str| Command::parse(&hex::decode(digits).unwrap()).unwrap();
    let (_, mut session) =
        chip.external_authenticate(&command("84823300106DD5C50A66FF5327923DF6D021056FBC")).unwrap();
    let wrapped = command("04D6000018B92D754D419B5692ABA39E6C72045D1EB0D69D1214476597");
    let plain = session.unwrap_command(&wrapped).unwrap();
    assert_eq!((plain.header(), plain.data()), ([0x00, 0xD6, 0, 0], &[0xAA, 0xBB][..]));
    let answer = session.wrap_response(&Response::ok([0xCC, 0xDD, 0xEE])).unwrap();
    let expected = "B24135B0F2D7FD26FDCAF31FEA33767881C934DC473BA09E9000";
    assert_eq!(answer.to_bytes(), hex::decode(expected).unwrap());
}

#[test]
fn scp03_carries_commands_of_every_length() {
    let mut blank = Blank::new();
    let mut channel = scp03::open(&mut blank, KeyVersion::TEST, test_keys, &mut seeded(9)).unwrap();
    assert_eq!(channel.announcement().serial(), b"0123456789");
    for length in [0, 1, 15, 16, 239, 240, 255, 256, 5000] {
        let command = Command::new(0, 0xD6, 0, 0).with_data(vec![0x5A; length]);
        let answer = channel.exchange(&command).unwrap();
        assert_eq!(answer, Response::ok(vec![0x5A; length]), "{length}");
    }
    // A refusal comes bare; the channel lives on.
    let refused = channel.exchange(&Command::new(0, 0xFE, 0, 0)).unwrap();
    assert_eq!(refused.status, StatusWord::FILE_NOT_FOUND);
    let next = StaticKeys::new([1; 16], [2; 16], [3; 16]);
    let put = commands::put_key(KeyVersion::TEST, KeyVersion::LOCKED, &next, channel.static_keys()).unwrap();
    let confirmation = channel.exchange(&put).unwrap();
    assert_eq!(confirmation.data, next.put_key_confirmation(KeyVersion::LOCKED).unwrap());
}

#[test]
fn scp03_refuses_wrong_keys_versions_and_flipped_bits() {
    let open = |blank: &mut Blank, version, keys: fn(&scp03::ChipAnnouncement) -> Option<StaticKeys>| {
        scp03::open(blank, version, keys, &mut seeded(10)).map(|_| ())
    };
    let other = |_: &scp03::ChipAnnouncement| Some(StaticKeys::new([1; 16], [1; 16], [1; 16]));
    use scp03::Scp03OpenError as E;
    assert_eq!(open(&mut Blank::new(), KeyVersion::TEST, other), Err(E::WrongKeys));
    assert_eq!(open(&mut Blank::new(), KeyVersion::TEST, |_| None), Err(E::NoKeys));
    let missing = E::Refused(StatusWord::REFERENCED_DATA_NOT_FOUND);
    assert_eq!(open(&mut Blank::new(), KeyVersion::LOCKED, test_keys), Err(missing));
    for bit in 0..(5 + 16 + 8) * 8 {
        let mut blank = Blank::new();
        let mut channel = scp03::open(&mut blank, KeyVersion::TEST, test_keys, &mut seeded(11)).unwrap();
        channel.inner_mut().flip = Some(bit);
        let answer = channel.exchange(&Command::new(0, 0xD6, 0, 0).with_data([1, 2, 3])).unwrap();
        assert!(!answer.is_ok(), "bit {bit}");
    }
}

/// An answer longer than a short link takes arrives through 61xx, and the trace counts every piece.
#[test]
fn long_protected_answers_arrive_over_a_short_link() {
    struct Short(SecureMessaging, Vec<u8>);
    impl Transport for Short {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
            let command = Command::parse(command).unwrap();
            if command.ins() != 0xC0 {
                self.0.unprotect_command(&command).unwrap();
                self.1 = self.0.protect_response(&Response::ok(vec![7; 256])).unwrap().data;
            }
            let rest = self.1.split_off(self.1.len().min(256));
            let part = std::mem::replace(&mut self.1, rest);
            let status = if self.1.is_empty() { StatusWord::OK } else { StatusWord::more_data(self.1.len()) };
            Ok(Response::new(part, status).to_bytes())
        }
    }
    let session = || SecureMessaging::from_secret(b"secret", Cipher::Aes128);
    let trace = Trace::new(Short(session(), Vec::new()));
    let mut channel = SecureChannel::new(GetResponse::new(trace), session());
    let ask = Command::new(0, 0x88, 0, 0).with_data([1; 8]).with_expected_length(256);
    assert_eq!(channel.exchange(&ask), Ok(Response::ok(vec![7; 256])));
    assert_eq!(channel.into_inner().into_inner().counters().apdus, 2);
}

#[test]
fn a_broken_protection_is_told_from_a_lost_link() {
    struct Bare;
    impl Transport for Bare {
        fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, LinkLost> {
            Ok(vec![0x69, 0x82])
        }
    }
    let mut channel = SecureChannel::new(Bare, SecureMessaging::from_secret(b"secret", Cipher::Aes128));
    assert!(exchange(&mut channel, &Command::new(0, 0xB0, 0, 0)).is_err());
    assert_eq!(
        channel.fault(),
        Some(SecureMessagingError::Naked { status: StatusWord::SECURITY_STATUS_NOT_SATISFIED })
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever a chip answers, the terminal's ends end in an error and never panic.
    #[test]
    fn terminals_survive_any_answer(answers in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 2..60), 1..6)) {
        fn feed<P: TerminalProtocol>(mut protocol: P, answers: &[Vec<u8>]) {
            let mut next = None;
            for answer in answers {
                match protocol.advance(next.take()) {
                    Ok(Step::Send(_)) => {
                        let mut response = Response::parse(answer).unwrap();
                        response.status = StatusWord::OK;
                        next = Some(response);
                    }
                    Ok(Step::Done(_)) | Err(_) => return,
                }
            }
        }
        let information = MrzInformation::new("1", "990115", "390115").unwrap();
        feed(BacTerminal::new(BasicAccessKeys::new(&information), &mut seeded(1)), &answers);
        let point = Curve::P256.generator();
        let protocol = ChipAuthenticationProtocol::ECDH_AES_128;
        feed(ChipAuthenticationTerminal::new(protocol, point, None, &mut seeded(1)).unwrap(), &answers);
        let start = scp03::Scp03Start::new(KeyVersion::TEST, &mut seeded(1));
        let _ = start.answer(&Response::ok(answers[0].clone()));
    }

    /// Whatever a terminal sends, the chip's ends answer a status word and never panic.
    #[test]
    fn chips_survive_any_command(p1 in any::<u8>(), p2 in any::<u8>(), data in proptest::collection::vec(any::<u8>(), 0..80)) {
        for (p1, p2) in [(p1, p2), (0x41, 0xA4), (0x41, 0xA6), (0, 0), (0x33, 0)] {
            let command = Command::new(0x10, 0x86, p1, p2).with_data(data.clone());
            let key = PrivateKey::generate(Group::Curve(Curve::P256).into(), &mut seeded(2)).unwrap();
            prop_assert!(set_kat(&command, |_| Some(&key)).is_err());
            let protocol = ChipAuthenticationProtocol::ECDH_AES_128;
            for version in [ChipAuthenticationVersion::One, ChipAuthenticationVersion::Two] {
                let offers = [ChipAuthenticationOffer { protocol, version, key_id: None }];
                let _ = ChipAuthenticationChip::set_at(&command, &offers, &mut seeded(1));
                let set = Command::new(0, 0x22, 0x41, 0xA4).with_data(tlv(0x80, protocol.oid().as_bytes()));
                let chip = ChipAuthenticationChip::set_at(&set, &offers, &mut seeded(1)).unwrap();
                prop_assert!(chip.general_authenticate(&command, &key, None).is_err());
            }
            let identity = scp03::Scp03Identity { serial: [0; 10], key_version: Version::TEST, sequence_counter: 0 };
            let keys = StaticKeys::publicly_known_test_keys();
            let _ = scp03::Scp03Chip::initialize_update(&command, &identity, &keys);
            let begin = Command::new(0x80, 0x50, 0xFF, 0).with_data([1; 8]);
            let (_, pending) = scp03::Scp03Chip::initialize_update(&begin, &identity, &keys).unwrap();
            prop_assert!(pending.external_authenticate(&command.with_class(0x84)).is_err());
        }
    }
}
