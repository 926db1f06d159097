//! PACE: the worked examples of Doc 9303-11 appendices G, H and I; every protocol on every group it runs on; hostile
//! chips and hostile terminals.

use crate::protocol::{Given, bytes, information, replay, seeded, speak, text, vectors};
use cccd_card_profile::apdu::{Command, LinkLost, Response, StatusWord, Transport};
use cccd_card_profile::protocol::curve::{Curve, DomainParameters, Scalar};
use cccd_card_profile::protocol::dh::ModpGroup;
use cccd_card_profile::protocol::group::{Element, Group, Secret};
use cccd_card_profile::protocol::kdf::{Cipher, SymmetricKey};
use cccd_card_profile::protocol::pace::{
    Agreement, LastAnswer, Mapping, MappingProof, PaceChip, PaceChipStep, PaceError, PaceOffer, PaceOutcome,
    PaceProtocol, PaceTerminal, Password, PasswordType, authentication_token, decrypt_nonce, encrypt_nonce,
    map_generic, map_integrated, public_value,
};
use cccd_card_profile::protocol::secure_messaging::SecureMessaging;
use cccd_card_profile::protocol::{DriveError, Step, TerminalProtocol, drive};
use proptest::prelude::*;
use serde_json::Value;

const OFFER: PaceOffer = PaceOffer {
    protocol: PaceProtocol::ECDH_GM_AES_128,
    parameters: DomainParameters::BrainpoolP256r1,
    parameter_id: 13,
};

fn offer(agreement: Agreement, mapping: Mapping, cipher: Cipher, parameters: DomainParameters) -> PaceOffer {
    PaceOffer::new(PaceProtocol { agreement, mapping, cipher }, parameters)
}

fn cam() -> PaceOffer {
    let parameters = DomainParameters::BrainpoolP256r1;
    offer(Agreement::Ecdh, Mapping::ChipAuthentication, Cipher::Aes128, parameters)
}

/// The whole exchange of a worked example, the terminal against the recorded chip, the chip against the recorded
/// terminal; the last commands must be understood on both sides. Gives what the terminal got.
fn both_ends(example: &Value, offer: PaceOffer, static_key: Option<&Scalar>) -> PaceOutcome {
    let exchanges: Vec<_> = example["exchanges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (text(&e["command"]), text(&e["response"])))
        .collect();
    let password = Password::mrz(&information(example));
    let keys = [bytes(&example["mapping_terminal"]), bytes(&example["agreement_terminal"])].concat();
    let terminal = PaceTerminal::new(offer, &password, &mut Given(keys, 0)).unwrap();
    let mut transport = replay(&exchanges);
    let mut outcome = drive(&mut transport, terminal).unwrap();
    assert!(transport.is_finished());

    let order = hex::decode(offer.parameters.curve().unwrap().domain().order).unwrap();
    let agreement = reduced(&bytes(&example["agreement_chip"]), &order);
    let keys = [bytes(&example["nonce"]), bytes(&example["mapping_chip"]), agreement].concat();
    let parse = |hex: &String| hex::decode(hex).unwrap();
    let mut exchanges = exchanges
        .iter()
        .map(|(out, back)| (Command::parse(&parse(out)).unwrap(), Response::parse(&parse(back)).unwrap()));
    let (set_at, expected) = exchanges.next().unwrap();
    let mut chip = PaceChip::set_at(&set_at, &[offer], |_| Some(&password), &mut Given(keys, 0)).unwrap();
    assert!(expected.is_ok());
    let mut session = None;
    for (command, expected) in exchanges {
        let last = LastAnswer { static_key, authorities: &[] };
        match chip.general_authenticate(&command, last).unwrap() {
            PaceChipStep::Continue(answer) => assert_eq!(answer, expected),
            PaceChipStep::Established { answer, session: established, chip_identity, .. } => {
                assert_eq!(answer, expected);
                assert_eq!(chip_identity, outcome.chip_identity);
                session = Some(established);
            }
        }
    }
    speak(&mut outcome.session, &mut session.unwrap());
    outcome
}

/// Appendix I prints a private key above the order.
fn reduced(number: &[u8], order: &[u8]) -> Vec<u8> {
    if number < order {
        return number.to_vec();
    }
    let mut borrow = 0;
    let mut digits: Vec<u8> = Vec::new();
    for (digit, subtrahend) in number.iter().zip(order).rev() {
        let difference = i16::from(*digit) - i16::from(*subtrahend) - borrow;
        borrow = i16::from(difference < 0);
        digits.push(u8::try_from(difference.rem_euclid(256)).unwrap());
    }
    digits.reverse();
    digits
}

/// Doc 9303-11 appendix G.1.
#[test]
fn ecdh_with_the_generic_mapping_of_appendix_g1() {
    let outcome = both_ends(&vectors("pace_ecdh_generic_mapping"), OFFER, None);
    assert!(outcome.mapping_proof.is_none());
    assert_eq!(outcome.authorities, Vec::<Vec<u8>>::new());
    assert_eq!(outcome.password, PasswordType::Mrz);
}

/// Doc 9303-11 appendix I. The static private key is not printed; it follows from `CA_IC` and the mapping key.
#[test]
fn the_chip_authentication_mapping_of_appendix_i() {
    let example = vectors("pace_chip_authentication_mapping");
    let curve = Curve::BrainpoolP256r1;
    let scalar = |name: &str| Scalar::from_bytes(curve, &bytes(&example[name])).unwrap();
    let static_key = scalar("mapping_chip").divided_by(&scalar("chip_authentication_data")).unwrap();
    let public = Element::from(static_key.public_point().unwrap());
    assert_eq!(public.as_bytes()[1..], bytes(&example["static_public"]));
    let outcome = both_ends(&example, cam(), Some(&static_key));
    let proof = outcome.mapping_proof.unwrap();
    assert_eq!(proof.data(), bytes(&example["chip_authentication_data"]));
    assert_eq!(proof.mapping_key().as_bytes()[1..], bytes(&example["mapping_chip_public"]));
    assert!(proof.is_of(&public));
    assert!(!proof.is_of(&Group::Curve(curve).generator()));
    let kept = (proof.mapping_key().as_bytes(), proof.data());
    let again = MappingProof::from_parts(cam().parameters, kept.0, kept.1).unwrap();
    assert!(again.is_of(&public));
}

/// The steps that all examples share, value by value.
fn follow(example: &Value, protocol: PaceProtocol, group: Group, generator: &Element) {
    let key = SymmetricKey::new(protocol.cipher, &bytes(&example["password_key"])).unwrap();
    let (nonce, encrypted) = (bytes(&example["nonce"]), bytes(&example["encrypted_nonce"]));
    assert_eq!(encrypt_nonce(&key, &nonce).unwrap(), encrypted);
    assert_eq!(decrypt_nonce(&key, &encrypted).unwrap().as_slice(), nonce);
    let value = |element: &Element| match element {
        Element::Point(point) => point.as_bytes()[1..].to_vec(),
        Element::Residue(residue) => residue.as_bytes().to_vec(),
    };
    assert_eq!(value(generator), bytes(&example["mapped_generator"]));
    let secret = |name: &str| Secret::from_bytes(group, &bytes(&example[name])).unwrap();
    let (terminal, chip) = (secret("agreement_terminal"), secret("agreement_chip"));
    let terminal_public = terminal.power(generator).unwrap();
    let chip_public = chip.power(generator).unwrap();
    assert_eq!(value(&terminal_public), bytes(&example["agreement_terminal_public"]));
    assert_eq!(value(&chip_public), bytes(&example["agreement_chip_public"]));
    let shared = terminal.agree(&chip_public).unwrap();
    assert_eq!(shared.as_slice(), bytes(&example["shared_secret"]));
    assert_eq!(chip.agree(&terminal_public).unwrap(), shared);
    let token = |key: &Element| authentication_token(&shared, protocol, key).unwrap().to_vec();
    assert_eq!(token(&chip_public), bytes(&example["token_terminal"]));
    assert_eq!(token(&terminal_public), bytes(&example["token_chip"]));
}

/// Doc 9303-11 appendix G.2.
#[test]
fn dh_with_the_generic_mapping_of_appendix_g2() {
    let example = vectors("pace_dh_generic_mapping");
    let parameters = DomainParameters::Modp1024Subgroup160;
    let group = parameters.group();
    let secret = |name: &str| Secret::from_bytes(group, &bytes(&example[name])).unwrap();
    let (terminal, chip) = (secret("mapping_terminal"), secret("mapping_chip"));
    let chip_public = chip.public().unwrap();
    assert_eq!(chip_public.as_bytes(), bytes(&example["mapping_chip_public"]));
    assert_eq!(terminal.public().unwrap().as_bytes(), bytes(&example["mapping_terminal_public"]));
    let shared = terminal.power(&chip_public).unwrap();
    assert_eq!(shared.as_bytes(), bytes(&example["shared_mapping"]));
    let generator = map_generic(parameters, &bytes(&example["nonce"]), &shared).unwrap();
    let protocol =
        PaceProtocol { agreement: Agreement::Dh, mapping: Mapping::Generic, cipher: Cipher::Aes128 };
    follow(&example, protocol, group, &generator);
}

/// Doc 9303-11 appendices H.1 and H.2.
#[test]
fn the_integrated_mapping_of_appendix_h() {
    for (name, agreement, parameters) in [
        ("pace_ecdh_integrated_mapping", Agreement::Ecdh, DomainParameters::BrainpoolP256r1),
        ("pace_dh_integrated_mapping", Agreement::Dh, DomainParameters::Modp1024Subgroup160),
    ] {
        let example = vectors(name);
        let protocol = PaceProtocol { agreement, mapping: Mapping::Integrated, cipher: Cipher::Aes128 };
        let nonces = ["nonce", "nonce_terminal"].map(|name| bytes(&example[name]));
        let generator = map_integrated(parameters, protocol.cipher, &nonces[0], &nonces[1]).unwrap();
        follow(&example, protocol, parameters.group(), &generator);
    }
}

/// What was sent and what the chip would answer, to what it answers.
type Tamper = fn(&[u8], Response) -> Response;

/// A card that speaks PACE and nothing else.
struct PaceCard {
    offers: Vec<PaceOffer>,
    password: Password,
    static_key: Option<Scalar>,
    authorities: Vec<&'static [u8]>,
    chip: Option<PaceChip>,
    session: Option<SecureMessaging>,
    rng: Given,
    /// Changes the answer to command number n; 0 is MSE:SET AT.
    tamper: Option<(usize, Tamper)>,
    sent: Vec<Vec<u8>>,
}

impl Transport for PaceCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let command = Command::parse(command).unwrap();
        let password = &self.password;
        let answer = if command.ins() == 0x22 {
            let known = |kind| (kind == password.kind()).then_some(password);
            match PaceChip::set_at(&command, &self.offers, known, &mut self.rng) {
                Ok(chip) => {
                    self.chip = Some(chip);
                    Response::status(StatusWord::OK)
                }
                Err(status) => status.into(),
            }
        } else {
            let last = LastAnswer { static_key: self.static_key.as_ref(), authorities: &self.authorities };
            match self.chip.as_mut().unwrap().general_authenticate(&command, last) {
                Ok(PaceChipStep::Continue(answer)) => answer,
                Ok(PaceChipStep::Established { answer, session, .. }) => {
                    self.session = Some(session);
                    answer
                }
                Err(status) => status.into(),
            }
        };
        let number = self.sent.len();
        self.sent.push(command.data().to_vec());
        let answer = match self.tamper {
            Some((tampered, change)) if tampered == number => change(command.data(), answer),
            _ => answer,
        };
        Ok(answer.to_bytes())
    }
}

fn card(offers: &[PaceOffer], can: &str) -> PaceCard {
    PaceCard {
        offers: offers.to_vec(),
        password: Password::can(can).unwrap(),
        static_key: None,
        authorities: Vec::new(),
        chip: None,
        session: None,
        rng: seeded(3),
        tamper: None,
        sent: Vec::new(),
    }
}

fn run(card: &mut PaceCard, offer: PaceOffer, can: &str) -> Result<PaceOutcome, DriveError<PaceError>> {
    let password = Password::can(can).unwrap();
    let terminal = PaceTerminal::new(offer, &password, &mut seeded(4)).unwrap();
    drive(card, terminal.naming_parameters())
}

fn static_key(parameters: DomainParameters, seed: u64) -> Scalar {
    Scalar::generate(parameters.curve().unwrap(), &mut seeded(seed))
}

fn every_offer() -> impl Iterator<Item = PaceOffer> {
    PaceProtocol::all().flat_map(|protocol| {
        let runs = move |parameters: &DomainParameters| protocol.runs_on(*parameters);
        DomainParameters::ALL
            .into_iter()
            .filter(runs)
            .map(move |parameters| PaceOffer::new(protocol, parameters))
    })
}

/// 4 ciphers × 11 curves with the generic mapping, × 10 with the integrated one, 3 × 11 with chip authentication; 4
/// ciphers × 2 mappings × 3 groups of residues.
#[test]
fn both_ends_agree_for_every_protocol_on_every_group() {
    assert_eq!(every_offer().count(), 44 + 40 + 33 + 24);
    for offer in every_offer() {
        let mut card = card(&[OFFER, offer], "000001");
        let is_cam = offer.protocol.mapping == Mapping::ChipAuthentication;
        card.static_key = is_cam.then(|| static_key(offer.parameters, 9));
        let mut outcome = run(&mut card, offer, "000001").unwrap_or_else(|e| panic!("{offer:?}: {e}"));
        speak(&mut outcome.session, card.session.as_mut().unwrap());
        assert_eq!(outcome.mapping_proof.is_some(), is_cam);
        if let (Some(proof), Some(key)) = (outcome.mapping_proof, &card.static_key) {
            assert!(proof.is_of(&key.public_point().unwrap().into()), "{offer:?}");
            let other = static_key(offer.parameters, 10).public_point().unwrap();
            assert!(!proof.is_of(&other.into()));
            assert_eq!(proof.data().len(), key.curve().order_length(), "fixed width");
        }
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let password = Password::can("000001").unwrap();
    let im_p224 = offer(Agreement::Ecdh, Mapping::Integrated, Cipher::Aes128, DomainParameters::P224);
    for wrong in [
        im_p224,
        offer(Agreement::Dh, Mapping::Generic, Cipher::Aes128, DomainParameters::P256),
        offer(Agreement::Ecdh, Mapping::Generic, Cipher::Aes128, DomainParameters::Modp2048Subgroup256),
        offer(Agreement::Ecdh, Mapping::ChipAuthentication, Cipher::TripleDes, DomainParameters::P256),
        offer(Agreement::Dh, Mapping::ChipAuthentication, Cipher::Aes128, DomainParameters::P256),
    ] {
        let refused = PaceTerminal::new(wrong, &password, &mut seeded(1));
        assert_eq!(refused.err(), Some(PaceError::Unsupported), "{wrong:?}");
    }
    // The chip refuses it too, though it was told to offer it.
    let oid = im_p224.protocol.oid();
    let data = [&[0x80, 0x0A][..], oid.as_bytes(), &[0x83, 1, 2]].concat();
    let command = Command::new(0, 0x22, 0xC1, 0xA4).with_data(data);
    let set = PaceChip::set_at(&command, &[im_p224], |_| Some(&password), &mut seeded(1));
    assert_eq!(set.err(), Some(StatusWord::INCORRECT_DATA));
}

#[test]
fn a_wrong_password_is_refused_with_every_mapping() {
    let offers = [
        OFFER,
        offer(Agreement::Ecdh, Mapping::Integrated, Cipher::TripleDes, DomainParameters::P256),
        offer(Agreement::Dh, Mapping::Integrated, Cipher::Aes256, DomainParameters::Modp1024Subgroup160),
        cam(),
    ];
    for offer in offers {
        let mut card = card(&offers, "000001");
        card.static_key = Some(static_key(DomainParameters::BrainpoolP256r1, 9));
        for _ in 0..3 {
            let refused = run(&mut card, offer, "000002");
            let wrong = PaceError::WrongPassword(StatusWord::AUTHENTICATION_FAILED);
            assert!(matches!(refused, Err(DriveError::Protocol(found)) if found == wrong));
        }
        assert!(run(&mut card, offer, "000001").is_ok());
    }
}

/// Field elements keep their width: on P-521 every second coordinate begins with a zero octet, and a residue loses its
/// zeros on the wire only (Doc 9303-11 §9.4.1).
#[test]
fn leading_zeros_never_break_a_session() {
    let curve = offer(Agreement::Ecdh, Mapping::Generic, Cipher::Aes256, DomainParameters::P521);
    let residues =
        offer(Agreement::Dh, Mapping::Generic, Cipher::Aes128, DomainParameters::Modp1024Subgroup160);
    let password = Password::can("000001").unwrap();
    let mut short_keys = 0;
    for (offer, runs) in [(curve, 12), (residues, 400)] {
        for seed in 0..runs {
            let mut card = card(&[offer], "000001");
            card.rng = seeded(1000 + seed);
            let terminal = PaceTerminal::new(offer, &password, &mut seeded(2000 + seed)).unwrap();
            let mut outcome = drive(&mut card, terminal).unwrap();
            speak(&mut outcome.session, card.session.as_mut().unwrap());
            // 7C 8183 83 8180 and 128 octets, or fewer.
            short_keys += usize::from(offer == residues && card.sent[3].len() < 134);
        }
    }
    assert!(short_keys > 0, "one key in 256 is shorter than its prime");
    let short = ModpGroup::Modp1024Subgroup160.residue(&[&[0][..], &[2; 127]].concat());
    assert!(short.is_err(), "and is still checked");
}

#[test]
fn hostile_chips_are_found_out_by_the_terminal() {
    let reflect: Tamper = |sent, _| {
        let mut data = sent.to_vec();
        let tag = data.iter().position(|byte| matches!(byte, 0x81 | 0x83 | 0x85)).unwrap();
        data[tag] += 1;
        Response::ok(data)
    };
    let flip: Tamper = |_, mut answer| {
        *answer.data.last_mut().unwrap() ^= 1;
        answer
    };
    let infinity: Tamper = |_, answer| Response::ok([0x7C, 3, answer.data[2], 1, 0]);
    let nothing: Tamper = |_, answer| Response::status(answer.status);
    let refusal: Tamper = |_, _| StatusWord::NO_PRECISE_DIAGNOSIS.into();
    let too_long: Tamper = |_, _| Response::ok([&[0x7C, 0x52, 0x80, 0x50][..], &[0; 80]].concat());
    for (number, change, error) in [
        (0, refusal, PaceError::NotOffered(StatusWord::NO_PRECISE_DIAGNOSIS)),
        (1, refusal, PaceError::BrokenOff(StatusWord::NO_PRECISE_DIAGNOSIS)),
        (1, nothing, PaceError::Malformed),
        (1, too_long, PaceError::Malformed),
        (2, reflect, PaceError::PublicKey),
        (2, flip, PaceError::PublicKey),
        (2, infinity, PaceError::PublicKey),
        (2, nothing, PaceError::Malformed),
        (3, reflect, PaceError::PublicKey),
        (3, flip, PaceError::PublicKey),
        (3, infinity, PaceError::PublicKey),
        (3, refusal, PaceError::BrokenOff(StatusWord::NO_PRECISE_DIAGNOSIS)),
        (4, flip, PaceError::Token),
        (4, reflect, PaceError::Token),
        (4, nothing, PaceError::Malformed),
    ] {
        assert_eq!(tampered(OFFER, number, change), error, "answer {number}");
    }
}

fn tampered(offer: PaceOffer, number: usize, change: Tamper) -> PaceError {
    let mut card = card(&[offer], "000001");
    card.tamper = Some((number, change));
    match run(&mut card, offer, "000001") {
        Err(DriveError::Protocol(found)) => found,
        other => panic!("answer {number}: {other:?}"),
    }
}

/// A chip that sends its mapping key again as its session key, and one whose residues are of small order.
#[test]
fn keys_that_bind_nothing_are_refused() {
    let residues =
        offer(Agreement::Dh, Mapping::Generic, Cipher::Aes128, DomainParameters::Modp1024Subgroup160);
    let zero: Tamper = |_, answer| Response::ok([0x7C, 3, answer.data[3], 1, 0]);
    let one: Tamper = |_, answer| Response::ok([0x7C, 3, answer.data[3], 1, 1]);
    let two: Tamper = |_, answer| Response::ok([0x7C, 3, answer.data[3], 1, 2]);
    let minus_one: Tamper = |_, answer| {
        let mut prime = ModpGroup::Modp1024Subgroup160.prime();
        *prime.last_mut().unwrap() -= 1;
        let head = [0x7C, 0x81, 0x83, answer.data[3], 0x81, 0x80];
        Response::ok([&head[..], &prime].concat())
    };
    for change in [zero, one, two, minus_one] {
        for number in [2, 3] {
            assert_eq!(tampered(residues, number, change), PaceError::PublicKey);
        }
    }

    let password = Password::can("000001").unwrap();
    let mut terminal = PaceTerminal::new(OFFER, &password, &mut seeded(4)).unwrap();
    let mut card = card(&[OFFER], "000001");
    let mut answer = None;
    let mut mapping = Vec::new();
    for step in 0..4 {
        let Step::Send(command) = terminal.advance(answer.take()).unwrap() else { unreachable!() };
        let response = Response::parse(&card.transmit(&command.to_bytes().unwrap()).unwrap()).unwrap();
        if step == 2 {
            mapping.clone_from(&response.data);
        }
        answer = Some(response);
    }
    mapping[2] = 0x84;
    assert_eq!(terminal.advance(Some(Response::ok(mapping))).err(), Some(PaceError::PublicKey));
}

#[test]
fn an_integrated_mapping_has_no_key_of_the_chip() {
    for cipher in [Cipher::Aes128, Cipher::Aes256] {
        let integrated = offer(Agreement::Ecdh, Mapping::Integrated, cipher, DomainParameters::P256);
        let key: Tamper = |_, _| Response::ok([0x7C, 3, 0x82, 1, 4]);
        assert_eq!(tampered(integrated, 2, key), PaceError::Malformed);
        // 48 octets: no cipher's l.
        let long: Tamper = |_, _| Response::ok([&[0x7C, 0x32, 0x80, 0x30][..], &[7; 48]].concat());
        assert_eq!(tampered(integrated, 1, long), PaceError::Malformed);
        let absent: Tamper = |_, _| Response::ok([0x7C, 0]);
        let mut card = card(&[integrated], "000001");
        card.tamper = Some((2, absent));
        assert!(run(&mut card, integrated, "000001").is_ok(), "chips that leave DO'82' out are met");
    }
}

/// A chip that knows the password and not the static key opens a session, and proves nothing.
#[test]
fn a_copy_with_the_chip_authentication_mapping_proves_nothing() {
    let parameters = cam().parameters;
    let genuine = Element::from(static_key(parameters, 9).public_point().unwrap());
    let proof = |tamper: Option<(usize, Tamper)>| {
        let mut copy = card(&[cam()], "000001");
        copy.static_key = Some(static_key(parameters, 10));
        copy.tamper = tamper;
        run(&mut copy, cam(), "000001").unwrap().mapping_proof.unwrap()
    };
    assert!(!proof(None).is_of(&genuine));
    let without: Tamper = |_, answer| Response::ok([&[0x7C, 10][..], &answer.data[2..12]].concat());
    let nothing = proof(Some((4, without)));
    assert!(nothing.data().is_empty());
    assert!(!nothing.is_of(&genuine));
    let flipped: Tamper = |_, mut answer| {
        *answer.data.last_mut().unwrap() ^= 1;
        answer
    };
    assert!(!proof(Some((4, flipped))).is_of(&genuine));
    let on_another_curve = static_key(DomainParameters::P256, 9).public_point().unwrap();
    assert!(!proof(None).is_of(&on_another_curve.into()));
    assert!(MappingProof::from_parts(parameters, &[4; 65], &[1; 32]).is_none());
}

#[test]
fn a_terminal_that_announces_itself_is_told_whom_the_chip_trusts() {
    let template = hex::decode("060904007F00070301020153010F").unwrap();
    let password = Password::can("000001").unwrap();
    let authorities: [&'static [u8]; 3] = [b"VNCVCA00002", b"VNCVCA00001", b"VNCVCA00000"];
    for chat in [None, Some(template)] {
        let mut card = card(&[OFFER], "000001");
        card.authorities = authorities.to_vec();
        let mut terminal = PaceTerminal::new(OFFER, &password, &mut seeded(4)).unwrap();
        if let Some(template) = &chat {
            terminal = terminal.with_chat(template.clone());
        }
        let outcome = drive(&mut card, terminal).unwrap();
        let told: &[&[u8]] = if chat.is_some() { &authorities[..2] } else { &[] };
        assert_eq!(outcome.authorities, told);
        assert_eq!(outcome.chip_identity.len(), 32, "the x-coordinate");
    }
}

/// TR-03110-3 B.11: what MSE:SET AT and GENERAL AUTHENTICATE say of a PIN's tries.
#[test]
fn the_last_try_of_a_pin_is_spent_only_when_told_to() {
    let status = |word: u16| Some(Response::status(StatusWord(word)));
    let pin = || Password::pin("123456").unwrap();
    let start = |password: &Password| {
        let mut terminal = PaceTerminal::new(OFFER, password, &mut seeded(4)).unwrap();
        assert!(matches!(terminal.advance(None), Ok(Step::Send(_))));
        terminal
    };
    for (answer, error) in [
        (0x63C0, Some(PaceError::PinBlocked)),
        (0x63C1, Some(PaceError::PinSuspended)),
        (0x63C2, None),
        (0x9000, None),
        (0x6A88, Some(PaceError::NotOffered(StatusWord::REFERENCED_DATA_NOT_FOUND))),
    ] {
        assert_eq!(start(&pin()).advance(status(answer)).err(), error, "{answer:04X}");
    }
    for (answer, error) in [(0x6983, PaceError::PinBlocked), (0x6985, PaceError::PinSuspended)] {
        let mut terminal = start(&pin());
        terminal.advance(status(0x9000)).unwrap();
        assert_eq!(terminal.advance(status(answer)).err(), Some(error));
    }
    let mut resumed = start(&pin()).spending_the_last_try();
    assert!(matches!(resumed.advance(status(0x63C1)), Ok(Step::Send(_))));
    // Of a CAN, a warning means nothing.
    assert!(start(&Password::can("123456").unwrap()).advance(status(0x63C1)).is_ok());
}

#[test]
fn the_chip_takes_pace_only_in_its_order() {
    let password = Password::can("000001").unwrap();
    let set = |data: &str| {
        let command = Command::new(0, 0x22, 0xC1, 0xA4).with_data(hex::decode(data).unwrap());
        let known = |kind| (kind == password.kind()).then_some(&password);
        PaceChip::set_at(&command, &[OFFER], known, &mut seeded(5))
    };
    let oid = "800A04007F00070202040202";
    assert!(set(&format!("{oid}830102")).is_ok());
    assert!(set(&format!("{oid}83010284010D7F4C00")).is_ok());
    assert!(set(&format!("830102{oid}")).is_ok(), "in any order");
    assert!(set(&format!("{oid}8301026700")).is_ok(), "other objects are ignored");
    assert_eq!(set(&format!("{oid}830101")).unwrap_err(), StatusWord::REFERENCED_DATA_NOT_FOUND);
    for wrong in [
        format!("{oid}83010284010C"),
        format!("{oid}830102830102"),
        format!("{oid}83020202"),
        format!("{oid}830105"),
        "830102".to_owned(),
        format!("{oid}830102FF"),
    ] {
        assert_eq!(set(&wrong).unwrap_err(), StatusWord::INCORRECT_DATA, "{wrong}");
    }
    let mut chip = set(&format!("{oid}830102")).unwrap();
    let unchained = Command::new(0x00, 0x86, 0, 0).with_data([0x7C, 0]);
    let mut send = |command: &Command| chip.general_authenticate(command, LastAnswer::default()).unwrap_err();
    assert_eq!(send(&unchained), StatusWord::CONDITIONS_NOT_SATISFIED);
    // Any refusal ends the run.
    assert_eq!(send(&unchained.with_class(0x10)), StatusWord::CONDITIONS_NOT_SATISFIED);
}

/// What a terminal may send instead of a key, and instead of the token.
#[test]
fn hostile_terminals_are_refused_by_the_chip() {
    let residues =
        offer(Agreement::Dh, Mapping::Generic, Cipher::Aes128, DomainParameters::Modp1024Subgroup160);
    for (offer, bad) in [
        (OFFER, vec![vec![0], vec![4; 65], Curve::P256.generator().as_bytes().to_vec(), Vec::new()]),
        (residues, vec![vec![0], vec![1], vec![2], ModpGroup::Modp1024Subgroup160.prime(), vec![0xFF; 129]]),
    ] {
        for bad in bad {
            for step in [2, 3] {
                assert_eq!(hostile(offer, step, &bad), StatusWord::INCORRECT_DATA, "{offer:?} {step}");
            }
        }
    }
    assert_eq!(hostile(OFFER, 4, &[0; 8]), StatusWord::AUTHENTICATION_FAILED);
    assert_eq!(hostile(OFFER, 4, &[]), StatusWord::AUTHENTICATION_FAILED);
    let integrated = offer(Agreement::Ecdh, Mapping::Integrated, Cipher::Aes192, DomainParameters::P256);
    for length in [0, 16, 32] {
        assert_eq!(hostile(integrated, 2, &vec![5; length]), StatusWord::INCORRECT_DATA);
    }
}

/// Runs to GENERAL AUTHENTICATE number `step`, which brings this value.
fn hostile(offer: PaceOffer, step: usize, value: &[u8]) -> StatusWord {
    let password = Password::can("000001").unwrap();
    let mut card = card(&[offer], "000001");
    let mut terminal = PaceTerminal::new(offer, &password, &mut seeded(4)).unwrap();
    let mut answer = None;
    for number in 0.. {
        let Step::Send(mut command) = terminal.advance(answer.take()).unwrap() else { unreachable!() };
        if number == step {
            let tag = [0x81, 0x83, 0x85][step - 2];
            let inner = cccd_card_profile::tlv::encode(tag, value);
            command = command.with_data(cccd_card_profile::tlv::encode(0x7C, &inner));
        }
        let response = Response::parse(&card.transmit(&command.to_bytes().unwrap()).unwrap()).unwrap();
        if number == step {
            return response.status;
        }
        answer = Some(response);
    }
    unreachable!()
}

/// A terminal that sends the chip's own key back, and one whose session key is its mapping key.
#[test]
fn the_chip_refuses_its_own_key_and_a_repeated_one() {
    let password = Password::can("000001").unwrap();
    for repeated in [false, true] {
        let mut card = card(&[OFFER], "000001");
        let mut terminal = PaceTerminal::new(OFFER, &password, &mut seeded(4)).unwrap();
        let mut answer: Option<Response> = None;
        let mut mapping = Vec::new();
        for number in 0..4 {
            let Step::Send(mut command) = terminal.advance(answer.take()).unwrap() else { unreachable!() };
            if number == 2 {
                mapping = command.data().to_vec();
            }
            if number == 3 && repeated {
                mapping[2] = 0x83;
                command = command.with_data(mapping.clone());
            }
            let response = Response::parse(&card.transmit(&command.to_bytes().unwrap()).unwrap()).unwrap();
            if number == 3 {
                assert_eq!(response.is_ok(), !repeated);
            }
            answer = Some(response);
        }
    }
    // Its own mapping key: a chip with the same randomness sends it.
    let mut twin = card(&[OFFER], "000001");
    let mut one = card(&[OFFER], "000001");
    let set = Command::new(0, 0x22, 0xC1, 0xA4)
        .with_data(hex::decode("800A04007F00070202040202830102").unwrap())
        .to_bytes()
        .unwrap();
    let empty =
        Command::new(0x10, 0x86, 0, 0).with_data([0x7C, 0]).with_expected_length(256).to_bytes().unwrap();
    for card in [&mut twin, &mut one] {
        card.transmit(&set).unwrap();
        card.transmit(&empty).unwrap();
    }
    let key = Scalar::generate(Curve::BrainpoolP256r1, &mut seeded(77)).public_point().unwrap();
    let send = |card: &mut PaceCard, point: &[u8]| {
        let inner = cccd_card_profile::tlv::encode(0x81, point);
        let command = Command::new(0x10, 0x86, 0, 0)
            .with_data(cccd_card_profile::tlv::encode(0x7C, &inner))
            .with_expected_length(256);
        Response::parse(&card.transmit(&command.to_bytes().unwrap()).unwrap()).unwrap()
    };
    let told = send(&mut twin, public_value(&key.into()));
    assert!(told.is_ok());
    assert_eq!(send(&mut one, &told.data[4..]).status, StatusWord::INCORRECT_DATA);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever a chip answers, the terminal ends in an error and never panics.
    #[test]
    fn the_terminal_survives_any_answer(
        answers in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 2..60), 1..6),
        number in 0..141_usize,
    ) {
        let offer = every_offer().nth(number).unwrap();
        let password = Password::pin("123456").unwrap();
        let mut terminal = PaceTerminal::new(offer, &password, &mut seeded(1)).unwrap();
        let mut next = None;
        for answer in answers {
            match terminal.advance(next.take()) {
                Ok(Step::Send(_)) => {
                    let mut response = Response::parse(&answer).unwrap();
                    response.status = StatusWord::OK;
                    next = Some(response);
                }
                Ok(Step::Done(_)) => prop_assert!(false, "random answers open no session"),
                Err(_) => break,
            }
        }
    }

    /// Whatever a terminal sends, the chip answers a status word and never panics.
    #[test]
    fn the_chip_survives_any_command(
        p1_p2 in prop_oneof![Just(0_u16), Just(0xC1A4), any::<u16>()],
        data in proptest::collection::vec(any::<u8>(), 0..80),
        number in 0..141_usize,
    ) {
        let offer = every_offer().nth(number).unwrap();
        let [p1, p2] = p1_p2.to_be_bytes();
        let password = Password::can("123456").unwrap();
        let command = Command::new(0x10, 0x86, p1, p2).with_data(data);
        let _ = PaceChip::set_at(&command, &[offer], |_| Some(&password), &mut seeded(1));
        let oid = offer.protocol.oid();
        let set = Command::new(0, 0x22, 0xC1, 0xA4)
            .with_data([&[0x80, 0x0A][..], oid.as_bytes(), &[0x83, 1, 2]].concat());
        let mut chip = PaceChip::set_at(&set, &[offer], |_| Some(&password), &mut seeded(1)).unwrap();
        let empty = Command::new(0x10, 0x86, 0, 0).with_data([0x7C, 0]);
        prop_assert!(chip.general_authenticate(&empty, LastAnswer::default()).is_ok());
        prop_assert!(chip.general_authenticate(&command, LastAnswer::default()).is_err());
    }
}
