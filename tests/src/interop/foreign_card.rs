//! A whole card whose chip is libeac, read by our verifier: PACE, Chip Authentication and every protected command run on
//! libeac's side in libeac. The files are a card's of ours, signed; the file system around them is the least that a reader
//! needs.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use cccd_card_profile::apdu::{Command, LinkLost, Response, StatusWord, Transport};
use cccd_card_profile::file_system::{Aid, ElementaryFile, Parent};
use cccd_card_profile::protocol::curve::Curve;
use cccd_card_profile::protocol::kdf::Cipher;
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PrivateKey};
use cccd_card_profile::tlv::{self, Reader};
use cccd_issuer::issuance::{self, CardLayout, ChipAlgorithms, ChipKeys};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{KeyStore, Passphrase, StoreSettings};
use cccd_keys::trust::TrustStore;
use cccd_verifier::finding::{Check, Status};
use cccd_verifier::{Access, Case, InspectionOptions, inspect, judge};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;

use super::libeac::{Libeac, NAME, Session};
use super::table::Table;
use crate::country::{Country, blank};

const LINE: &str = "whole card read by us: PACE-CAN, CA, every file";

/// One line: the whole card, and what our verifier finds.
pub fn run(table: &mut Table, at: Timestamp, rng: &mut dyn CryptoRng) {
    match Libeac::start() {
        Ok(libeac) => table.result(NAME, LINE, read(libeac, at, rng)),
        Err(error) => table.skip(NAME, &[LINE], &format!("{error:#}")),
    }
}

/// What must hold of such a card.
const CHECKS: [Check; 5] =
    [Check::SodSignature, Check::DataGroupHashes, Check::SignerChain, Check::ChipAuthentication, Check::Pace];

fn read(libeac: Libeac, at: Timestamp, rng: &mut dyn CryptoRng) -> Result<String> {
    // A card of ours, for what it says; the chip it went into is not used.
    let (mut country, applications) = Country::found(1, at, rng)?;
    let application = applications.first().context("no application")?;
    let issued = country.issue(&mut blank(0xF0E1), application, rng)?;

    let folder = tempfile::tempdir()?;
    let settings = StoreSettings::new(AlgorithmProfile::Cccd, "VN", at);
    let store = KeyStore::init(&folder.path().join("keys"), settings, &Passphrase::generate(rng), rng)?;
    store.create_csca(at, rng)?;
    store.create_document_signer(at, rng)?;
    store.issue_crl(at, SignedDuration::from_hours(24), &[], None)?;
    let exported = folder.path().join("trust");
    store.export(&exported)?;
    let trust = TrustStore::load(&exported)?;

    let key = PrivateKey::generate(KeyAlgorithm::EllipticCurve(Curve::BrainpoolP256r1), rng)?;
    let algorithms = ChipAlgorithms::of_profile(AlgorithmProfile::Cccd);
    let layout = CardLayout { active_authentication: false, ..CardLayout::CCCD };
    let prepared =
        issuance::prepare(&issued.card, issued.portrait.face(), algorithms, &issued.chip_serial, rng)?;
    let prepared = prepared.for_layout(layout);
    let keys = ChipKeys { active_authentication: None, chip_authentication: Some(key.public_key()?) };
    let groups = issuance::build_data_groups(&prepared, &keys)?;
    let files = issuance::sign_files(&prepared, groups, &store.active_document_signer(at)?, at)?;
    let files = files.in_order().map(|(file, content)| (place(file), content.to_vec())).collect();

    let can = issued.card.holder.number.can().to_owned();
    let mut card = Card { libeac, files, key, can: can.clone(), state: State::default() };
    let options = InspectionOptions::new(at);
    let evidence = inspect(&mut card, &Access::can(&can)?, &options, rng, &mut |_| {})?;
    let judgement = judge(&Case::new(&evidence, &trust, at));
    for check in CHECKS {
        let finding = judgement.findings.iter().find(|finding| finding.check == check);
        let finding = finding.with_context(|| format!("no finding {}", check.code()))?;
        ensure!(
            finding.status == Status::Passed,
            "{}: {:?} {:?}",
            check.code(),
            finding.status,
            finding.reason
        );
    }
    Ok(CHECKS.map(Check::code).join(" "))
}

/// Parent and identifier.
type Place = (bool, u16);

fn place(file: ElementaryFile) -> Place {
    (file.parent() == Parent::Lds1, file.file_id().0)
}

struct Card {
    libeac: Libeac,
    files: BTreeMap<Place, Vec<u8>>,
    key: PrivateKey,
    can: String,
    state: State,
}

#[derive(Default)]
struct State {
    application: bool,
    current: Option<Place>,
    token: Vec<u8>,
    session: Option<Session>,
    /// What the session is replaced by once the answer has gone.
    next: Option<&'static str>,
    /// PACE is over once the answer has gone.
    established: bool,
}

const CIPHER: Cipher = Cipher::Aes128;

impl Card {
    fn answer(&mut self, bytes: &[u8]) -> Result<Response> {
        let command = Command::parse(bytes)?;
        let protected = command.cla() & 0x0C == 0x0C;
        let Some(session) = self.state.session.take().filter(|_| protected) else {
            ensure!(!protected, "a protected command without a session");
            let response = self.plain(&command)?;
            if std::mem::take(&mut self.state.established) {
                self.state.session = Some(Session::open(&mut self.libeac, "pace", CIPHER)?);
            }
            return Ok(response);
        };
        let inner = session.receive(&mut self.libeac, &command)?;
        let response = self.plain(&inner)?;
        let response = session.answer(&mut self.libeac, &response, inner.has_odd_instruction())?;
        self.state.session = match self.state.next.take() {
            Some(protocol) => Some(Session::open(&mut self.libeac, protocol, CIPHER)?),
            None => Some(session),
        };
        Ok(response)
    }

    fn plain(&mut self, command: &Command) -> Result<Response> {
        Ok(match (command.ins(), command.p1(), command.p2()) {
            (0xA4, 0x04, _) if command.data() == Aid::LDS1.as_bytes() => {
                self.state.application = true;
                StatusWord::OK.into()
            }
            (0xA4, 0x02, _) => {
                let id = u16::from_be_bytes(command.data().try_into()?);
                self.state.current = [(true, id), (false, id)].into_iter().find(|place| self.visible(*place));
                let found = self.state.current.is_some();
                if found { StatusWord::OK } else { StatusWord::FILE_NOT_FOUND }.into()
            }
            (0xB0, p1, p2) => self.read_binary(command, p1, p2),
            (0x22, 0xC1, 0xA4) => {
                self.libeac.say("new 2")?;
                let oid = Reader::new(command.data()).expect(0x80)?.value.to_vec();
                let oid = tlv::encode(0x06, &oid);
                ensure!(oid.ends_with(&[2, 4, 2, 2]), "only id-PACE-ECDH-GM-AES-CBC-CMAC-128 is here");
                self.libeac.say("pace 0.4.0.127.0.7.2.2.4.2.2 13")?;
                let password = hex::encode(&self.can);
                self.libeac.say(&format!("password can {password}"))?;
                self.libeac.say("ca 0.4.0.127.0.7.2.2.3.2.2 13")?;
                StatusWord::OK.into()
            }
            (0x22, 0x41, 0xA4) if self.state_is_open(command) => StatusWord::OK.into(),
            (0x86, 0, 0) => self.general_authenticate(command)?,
            _ => StatusWord::INSTRUCTION_NOT_SUPPORTED.into(),
        })
    }

    fn state_is_open(&self, command: &Command) -> bool {
        self.state.application && command.cla() == 0
    }

    /// Before the session EF.CardAccess and EF.ATR/INFO, then everything of the application that is not DG3.
    fn visible(&self, (inside, id): Place) -> bool {
        self.files.contains_key(&(inside, id)) && (!inside || self.state.application && id != 0x0103)
    }

    fn read_binary(&mut self, command: &Command, p1: u8, p2: u8) -> Response {
        let (place, offset) = if p1 & 0x80 == 0 {
            (self.state.current, usize::from(p1) << 8 | usize::from(p2))
        } else {
            let id = u16::from(p1 & 0x1F);
            let id = match id {
                0x01 if !self.state.application => 0x2F01,
                0x1C => 0x011C,
                other => 0x0100 | other,
            };
            ([(true, id), (false, id)].into_iter().find(|place| self.visible(*place)), usize::from(p2))
        };
        let Some(place) = place else { return StatusWord::FILE_NOT_FOUND.into() };
        self.state.current = Some(place);
        let content = self.files.get(&place).and_then(|content| content.get(offset..)).unwrap_or_default();
        let wanted = command.expected_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(256);
        Response::ok(content.get(..wanted.min(content.len())).unwrap_or_default())
    }

    fn general_authenticate(&mut self, command: &Command) -> Result<Response> {
        let mut outer = Reader::new(command.data());
        let mut inner = outer.expect(0x7C)?.nested()?;
        let libeac = &mut self.libeac;
        let (tag, value) = if inner.is_empty() {
            (0x80, libeac.one("nonce", &[])?)
        } else {
            let object = inner.read()?;
            match object.tag {
                0x80 => {
                    let scalar = self.key.scalar().context("no scalar")?;
                    let public = scalar.public_point()?;
                    libeac.ask("ca-key", &[&scalar.to_secret_bytes(), public.as_bytes()])?;
                    libeac.ask("ca-agree", &[object.value])?;
                    libeac.say("ca-keys")?;
                    self.state.next = Some("ca");
                    return Ok(Response::ok([0x7C, 0x00]));
                }
                0x81 => {
                    let own = libeac.one("mapping", &[])?;
                    libeac.ask("map", &[object.value])?;
                    (0x82, own)
                }
                0x83 => {
                    let own = libeac.one("ephemeral", &[])?;
                    libeac.ask("agree", &[object.value])?;
                    self.state.token = libeac.one("token", &[object.value])?;
                    (0x84, own)
                }
                0x85 => {
                    if !libeac.check("check-token", &[object.value])? {
                        return Ok(StatusWord::AUTHENTICATION_FAILED.into());
                    }
                    self.state.established = true;
                    (0x86, std::mem::take(&mut self.state.token))
                }
                other => bail!("our terminal sends DO'{other:02X}'"),
            }
        };
        Ok(Response::ok(tlv::encode(0x7C, &tlv::encode(tag, &value))))
    }
}

impl Transport for Card {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        self.answer(command)
            .map(|answer| answer.to_bytes())
            .map_err(|error| LinkLost::new(format!("the foreign chip: {error:#}")))
    }
}
