use super::*;
use crate::apdu::{Command, LinkLost, Response, StatusWord, Transport};
use crate::protocol::test_rng::Given;
use crate::protocol::{DriveError, drive};
use cccd_cvc::chain::{ChipTrust, TrustPoint};
use cccd_cvc::{
    Certificate, CertificateContent, Curve, Hash, InspectionRights, PrivateKey, Reference, Role,
    SignatureAlgorithm,
};

const EPHEMERAL: [u8; 32] = [0x5A; 32];
const BOTH: InspectionRights = InspectionRights { fingerprints: true, irises: true };

struct Holder(Reference, PrivateKey);

fn holder(name: &str, key: PrivateKey) -> Holder {
    Holder(name.parse().unwrap(), key)
}

fn ecdsa(curve: Curve, hash: Hash, seed: u8) -> PrivateKey {
    PrivateKey::generate(curve, SignatureAlgorithm::Ecdsa(hash), &mut Given::new(&[&[seed; 80]])).unwrap()
}

fn certify(by: &Holder, whom: &Holder, role: Role, rights: InspectionRights) -> Certificate {
    CertificateContent {
        authority: by.0.clone(),
        public_key: whom.1.public_key(role == Role::Cvca).unwrap(),
        holder: whom.0.clone(),
        chat: Chat::inspection(role, rights),
        effective: "2026-06-01".parse().unwrap(),
        expiration: "2026-06-30".parse().unwrap(),
        extensions: None,
    }
    .sign(&by.1, &mut Given::new(&[]))
    .unwrap()
}

/// A chip that knows Terminal Authentication and nothing else.
struct Chip {
    trust: ChipTrust,
    run: TerminalAuthenticationChip,
    /// `Comp(PK_PCD)` of a completed Chip Authentication.
    used: Option<Vec<u8>>,
    authenticated: Option<AuthenticatedTerminal>,
    commands: usize,
}

impl Chip {
    fn identifier() -> ChipIdentifier {
        ChipIdentifier::pace(&[0x11; 32])
    }

    fn answer(&mut self, command: &Command) -> Result<Response, StatusWord> {
        match (command.ins(), command.p1_p2()) {
            (0x22, 0x81B6) => self.run.set_dst(command, &self.trust),
            (0x22, 0x81A4) => self.run.set_at(command),
            (0x2A, _) => self.run.verify_certificate(command, &mut self.trust).map(|(answer, _)| answer),
            (0x84, _) => Ok(Response::ok(self.run.get_challenge(&mut Given::new(&[&[9; 8]])))),
            (0x82, _) => {
                let done =
                    self.run.external_authenticate(command, &Self::identifier(), self.used.as_deref())?;
                self.authenticated = done.or(self.authenticated.take());
                Ok(Response::ok(Vec::new()))
            }
            _ => Err(StatusWord::INSTRUCTION_NOT_SUPPORTED),
        }
    }
}

impl Transport for Chip {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        self.commands += 1;
        let command = Command::parse(command).unwrap();
        Ok(self.answer(&command).unwrap_or_else(Response::status).to_bytes())
    }
}

struct Country {
    cvca: Holder,
    verifier: Holder,
    terminal: Holder,
}

impl Country {
    fn new() -> Self {
        let curve = Curve::BrainpoolP256r1;
        Self {
            cvca: holder("VNCVCA00001", ecdsa(curve, Hash::Sha256, 1)),
            verifier: holder("VNDVHCM00001", ecdsa(curve, Hash::Sha256, 2)),
            terminal: holder("VNISHCM00001", ecdsa(curve, Hash::Sha256, 3)),
        }
    }

    fn chip(&self) -> Chip {
        let point = TrustPoint::from_certificate(&certify(&self.cvca, &self.cvca, Role::Cvca, BOTH)).unwrap();
        Chip {
            trust: ChipTrust::new(vec![point], "2026-01-01".parse().unwrap()).unwrap(),
            run: TerminalAuthenticationChip::new(),
            used: Some(EPHEMERAL.to_vec()),
            authenticated: None,
            commands: 0,
        }
    }

    fn chain(&self) -> [Certificate; 2] {
        [
            certify(&self.cvca, &self.verifier, Role::DomesticVerifier, BOTH),
            certify(
                &self.verifier,
                &self.terminal,
                Role::Terminal,
                InspectionRights { fingerprints: true, irises: false },
            ),
        ]
    }
}

type Outcome = Result<(), DriveError<TerminalAuthenticationError>>;

fn version1(chip: &mut Chip, chain: &[&Certificate], key: &PrivateKey, largest: usize) -> Outcome {
    let mut rng = Given::new(&[]);
    let identifier = Chip::identifier();
    let terminal =
        TerminalAuthenticationTerminal::version1(chain, key, identifier, &EPHEMERAL, largest, &mut rng);
    drive(chip, terminal)
}

fn refusal(outcome: Outcome) -> (&'static str, StatusWord) {
    match outcome {
        Err(DriveError::Protocol(TerminalAuthenticationError::Refused { what, status })) => {
            (what.code(), status)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn version_1_gives_the_rights_of_the_chain() {
    let country = Country::new();
    let [one, two] = country.chain();
    for (largest, commands) in [(1000, 7), (200, 9)] {
        let mut chip = country.chip();
        version1(&mut chip, &[&one, &two], &country.terminal.1, largest).unwrap();
        assert_eq!(chip.commands, commands);
        let terminal = chip.authenticated.unwrap();
        assert_eq!(rights(&terminal.effective), [TerminalRight::ReadFingerprints]);
        assert_eq!(terminal.bound_to, None);
    }
}

#[test]
fn version_2_is_bound_to_the_key_it_names() {
    let country = Country::new();
    let [one, two] = country.chain();
    let mut chip = country.chip();
    chip.used = None;
    let mut rng = Given::new(&[]);
    let auxiliary = tlv(0x67, &[0x73, 0x00]);
    let terminal = TerminalAuthenticationTerminal::version2(
        &[&one, &two],
        &country.terminal.1,
        Chip::identifier(),
        &EPHEMERAL,
        &auxiliary,
        1000,
        &mut rng,
    );
    drive(&mut chip, terminal).unwrap();
    let terminal = chip.authenticated.unwrap();
    assert_eq!(terminal.bound_to.as_deref(), Some(&EPHEMERAL[..]));
    assert_eq!(terminal.auxiliary, auxiliary);
}

fn tlv(tag: u32, value: &[u8]) -> Vec<u8> {
    crate::tlv::encode(tag, value)
}

#[test]
fn version_1_needs_chip_authentication_first() {
    let country = Country::new();
    let [one, two] = country.chain();
    let mut chip = country.chip();
    chip.used = None;
    let outcome = version1(&mut chip, &[&one, &two], &country.terminal.1, 1000);
    assert_eq!(refusal(outcome), ("signature-refused", StatusWord::CONDITIONS_NOT_SATISFIED));
}

#[test]
fn hostile_terminals_are_refused() {
    let country = Country::new();
    let [one, two] = country.chain();
    let other = ecdsa(Curve::BrainpoolP256r1, Hash::Sha256, 77);
    let mut chip = country.chip();
    // Another's certificates, one's own key.
    let outcome = version1(&mut chip, &[&one, &two], &other, 1000);
    assert_eq!(refusal(outcome), ("signature-refused", StatusWord::AUTHENTICATION_FAILED));
    // Of another Chip Authentication: a relay.
    chip.used = Some(vec![0x5B; 32]);
    let outcome = version1(&mut chip, &[&one, &two], &country.terminal.1, 1000);
    assert_eq!(refusal(outcome), ("signature-refused", StatusWord::AUTHENTICATION_FAILED));
    chip.used = Some(EPHEMERAL.to_vec());
    // Of another country.
    let strange = holder("XXCVCA00001", ecdsa(Curve::P256, Hash::Sha256, 4));
    let foreign = certify(&strange, &country.verifier, Role::DomesticVerifier, BOTH);
    let outcome = version1(&mut chip, &[&foreign, &two], &country.terminal.1, 1000);
    assert_eq!(refusal(outcome), ("key-unknown", StatusWord::REFERENCED_DATA_NOT_FOUND));
    // Under a forged authority of the right name.
    let forger = holder("VNCVCA00001", ecdsa(Curve::BrainpoolP256r1, Hash::Sha256, 5));
    let forged = certify(&forger, &country.verifier, Role::DomesticVerifier, BOTH);
    let outcome = version1(&mut chip, &[&forged, &two], &country.terminal.1, 1000);
    assert_eq!(refusal(outcome), ("certificate-refused", StatusWord::AUTHENTICATION_FAILED));
    // A document verifier is no terminal.
    let outcome = version1(&mut chip, &[&one], &country.verifier.1, 1000);
    assert_eq!(refusal(outcome), ("terminal-refused", StatusWord::REFERENCED_DATA_NOT_FOUND));
    assert!(chip.authenticated.is_none());
}

#[test]
fn a_challenge_serves_once() {
    let country = Country::new();
    let [one, two] = country.chain();
    let mut chip = country.chip();
    version1(&mut chip, &[&one, &two], &country.terminal.1, 1000).unwrap();
    let challenge = [9; 8];
    let message = [Chip::identifier().as_bytes(), &challenge, &EPHEMERAL].concat();
    let signature = country.terminal.1.sign(&[&message], &mut Given::new(&[])).unwrap();
    let again = Command::new(0, 0x82, 0, 0).with_data(signature);
    assert_eq!(chip.answer(&again).err(), Some(StatusWord::CONDITIONS_NOT_SATISFIED));
    // Named anew, challenged anew, but another command in between.
    let name = Command::new(0, 0x22, 0x81, 0xA4).with_data(tlv(0x83, country.terminal.0.as_bytes()));
    chip.answer(&name).unwrap();
    chip.answer(&Command::new(0, 0x84, 0, 0)).unwrap();
    chip.run.interrupt();
    assert_eq!(chip.answer(&again).err(), Some(StatusWord::CONDITIONS_NOT_SATISFIED));
    chip.answer(&name).unwrap();
    chip.answer(&Command::new(0, 0x84, 0, 0)).unwrap();
    assert!(chip.answer(&again).is_ok());
}

/// RSA signatures are longer than a short command.
#[test]
fn rsa_terminals_too() {
    let mut country = Country::new();
    let algorithm = SignatureAlgorithm::RsaPss(Hash::Sha256);
    let mut rng = Given::new(&[]);
    country.terminal.1 = PrivateKey::generate_rsa(2048, algorithm, &mut rng).unwrap();
    let [one, two] = country.chain();
    let mut chip = country.chip();
    version1(&mut chip, &[&one, &two], &country.terminal.1, 223).unwrap();
    assert!(chip.authenticated.is_some());
}

#[test]
fn a_chain_without_end_is_refused() {
    let country = Country::new();
    let mut chip = country.chip();
    let part = Command::new(0x10, 0x2A, 0x00, 0xBE).with_data(vec![0; 255]);
    let refused = (0..100).find_map(|_| chip.answer(&part).err());
    assert_eq!(refused, Some(StatusWord::WRONG_LENGTH));
}

/// Doc 9303-11 appendix D.2: the document number is signed with its check digit.
#[test]
fn the_chip_is_known_by_its_number_after_bac() {
    let information = MrzInformation::new("L898902C", "690806", "940623").unwrap();
    assert_eq!(ChipIdentifier::bac(&information).as_bytes(), b"L898902C<3");
    assert_eq!(format!("{:?}", ChipIdentifier::bac(&information)), "ChipIdentifier(10 bytes)");
}

mod random {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_panic(commands in proptest::collection::vec((0_usize..6, proptest::collection::vec(any::<u8>(), 0..60)), 0..8)) {
            let mut chip = Country::new().chip();
            for (kind, data) in commands {
                let (cla, ins, p1, p2) = [
                    (0, 0x22, 0x81, 0xB6), (0, 0x22, 0x81, 0xA4), (0, 0x2A, 0, 0xBE),
                    (0x10, 0x2A, 0, 0xBE), (0, 0x84, 0, 0), (0, 0x82, 0, 0),
                ][kind];
                let _ = chip.answer(&Command::new(cla, ins, p1, p2).with_data(data));
            }
            prop_assert!(chip.authenticated.is_none());
        }
    }
}
