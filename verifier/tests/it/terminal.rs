//! Terminal Authentication: what a reading station with the right compares, and what it says nothing about.

use cccd_card_profile::apdu::{LinkLost, Trace, Transport};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::security_infos::{SecurityInfo, SecurityInfos};
use cccd_card_profile::lds::sod::{DigestAlgorithm, LdsSecurityObject};
use cccd_card_profile::lds::{DataGroupNumber, card_access, dg14};
use cccd_card_profile::protocol::chip_authentication::{
    ChipAuthentication2Terminal, ChipAuthenticationProtocol,
};
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::group::Secret;
use cccd_card_profile::protocol::pace::{PaceOffer, PaceProtocol, Password};
use cccd_card_profile::protocol::private_key::PublicKey;
use cccd_cvc::chain::{ChipTrust, TrustPoint};
use cccd_cvc::{
    Certificate, CertificateContent, Chat, Curve, Hash, InspectionRights, PrivateKey, Reference, Role,
    SignatureAlgorithm, TerminalCredentials,
};
use cccd_keys::sod::EfSod;
use cccd_verifier::evidence::{ChipAuthenticationOutcome, TerminalAuthenticationOutcome as Outcome};
use cccd_verifier::session::{BlockSizes, PaceAttempt, Session};
use cccd_verifier::{Check, Evidence, InspectionOptions, Judgement, Reading, Tap, inspect};
use cccd_virtual_chip::lab::Bench;
use std::sync::Arc;

use crate::card::{CAN, Card, ISSUED, Situation, at, can, decided, options, rng, vietnam};

const DG3: ElementaryFile = ElementaryFile::DataGroup(DataGroupNumber::DG3);
const FINGERPRINTS: InspectionRights = InspectionRights { fingerprints: true, irises: false };
const IRISES: InspectionRights = InspectionRights { fingerprints: false, irises: true };
const BOTH: InspectionRights = InspectionRights { fingerprints: true, irises: true };
const MONTH: (&str, &str) = ("2026-11-01", "2026-11-30");

struct Holder(Reference, PrivateKey);

fn holder(name: &str, seed: u64) -> Holder {
    let algorithm = SignatureAlgorithm::Ecdsa(Hash::Sha256);
    let key = PrivateKey::generate(Curve::BrainpoolP256r1, algorithm, &mut rng(seed)).unwrap();
    Holder(name.parse().unwrap(), key)
}

fn certify(
    by: &Holder,
    whom: &Holder,
    role: Role,
    rights: InspectionRights,
    days: (&str, &str),
) -> Certificate {
    CertificateContent {
        authority: by.0.clone(),
        public_key: whom.1.public_key(role == Role::Cvca).unwrap(),
        holder: whom.0.clone(),
        chat: Chat::inspection(role, rights),
        effective: days.0.parse().unwrap(),
        expiration: days.1.parse().unwrap(),
        extensions: None,
    }
    .sign(&by.1, &mut rng(1))
    .unwrap()
}

/// The options of a station whose terminal has these rights under the CVCA of this seed.
fn station(seed: u64, rights: InspectionRights, days: (&str, &str)) -> InspectionOptions {
    let cvca = holder("VNCVCA00001", seed);
    let (verifier, terminal) = (holder("VNDVHCM00001", 42), holder("VNISHCM00001", 43));
    let certificates = vec![
        certify(&cvca, &verifier, Role::DomesticVerifier, BOTH, MONTH),
        certify(&verifier, &terminal, Role::Terminal, rights, days),
    ];
    let credentials = TerminalCredentials::new(certificates, &terminal.1.to_pkcs8().unwrap()).unwrap();
    options().terminal(Some(Arc::new(credentials)))
}

/// The chip believes the CVCA of seed 41 since the day of issue.
fn believing(bench: &mut Bench) {
    let cvca = holder("VNCVCA00001", 41);
    let certificate = certify(&cvca, &cvca, Role::Cvca, BOTH, ("2026-01-01", "2028-12-31"));
    let point = TrustPoint::from_certificate(&certificate).unwrap();
    bench.replace_terminal_trust(&ChipTrust::new(vec![point], "2026-11-20".parse().unwrap()).unwrap());
}

fn outcome(evidence: &Evidence) -> Outcome {
    evidence.terminal_authentication.as_ref().unwrap().outcome
}

/// Status and reason of the check about the terminal, and the verdict on the card.
fn judged(evidence: Evidence) -> (&'static str, &'static str, &'static str) {
    let judgement = Situation::of(evidence).judge();
    let finding = judgement.findings.iter().find(|one| one.check == Check::TerminalAuthentication).unwrap();
    (finding.status.code(), finding.reason.map_or("-", |reason| reason.code()), decided(&judgement).0)
}

#[test]
fn fingerprints_are_compared_and_not_kept() {
    for card in [Card::altered(believing), Card::altered(believing).short_only()] {
        let evidence = card.read_with(&station(41, FINGERPRINTS, MONTH)).unwrap();
        assert!(evidence.complete);
        assert_eq!(outcome(&evidence), Outcome::Authenticated);
        assert!(evidence.data_group(DataGroupNumber::DG3).is_none());
        assert_eq!(evidence.files.withheld[&3].keys().collect::<Vec<_>>(), ["sha256", "sha384", "sha512"]);
        let judgement = Situation::of(evidence.clone()).judge();
        let hashes = judgement.findings.iter().find(|one| one.check == Check::DataGroupHashes).unwrap();
        assert!(hashes.is_passed() && hashes.detail.as_ref().unwrap().contains("DG3"), "{hashes:?}");
        assert_eq!(judged(evidence), ("passed", "-", "accepted"));
    }
}

/// What only a terminal can see: the fingerprints are not those that were signed.
#[test]
fn exchanged_fingerprints_are_found() {
    let card = Card::altered(|bench| {
        believing(bench);
        let mut other = bench.read(DG3).unwrap().to_vec();
        *other.last_mut().unwrap() ^= 1;
        bench.replace(DG3, other).unwrap();
    });
    assert_eq!(decided(&Situation::of(card.read()).judge()).0, "accepted");
    let evidence = card.read_with(&station(41, FINGERPRINTS, MONTH)).unwrap();
    let judgement = Situation::of(evidence).judge();
    assert_eq!(decided(&judgement), ("refused", "passive.dg-hashes", "hash-mismatch"));
}

#[test]
fn a_refused_terminal_says_nothing_about_the_card() {
    let card = Card::altered(believing);
    let past = ("2026-11-01", "2026-11-19");
    for (options, expected, check) in [
        (station(41, FINGERPRINTS, past), Outcome::CertificateRefused, "terminal-certificate-refused"),
        (station(99, FINGERPRINTS, MONTH), Outcome::CertificateRefused, "terminal-certificate-refused"),
        (
            station(41, FINGERPRINTS, ("2026-12-01", "2026-12-31")),
            Outcome::CertificateNotYetValid,
            "terminal-certificate-not-yet-valid",
        ),
    ] {
        let evidence = card.read_with(&options).unwrap();
        assert_eq!(outcome(&evidence), expected);
        assert!(evidence.files.withheld.is_empty());
        assert_eq!(judged(evidence), ("unavailable", check, "accepted"));
    }
    // A chip that knows other authorities.
    let stranger = Card::altered(|bench| {
        let cvca = holder("VNCVCA00007", 77);
        let certificate = certify(&cvca, &cvca, Role::Cvca, BOTH, ("2026-01-01", "2028-12-31"));
        let point = TrustPoint::from_certificate(&certificate).unwrap();
        let date = "2026-11-20".parse().unwrap();
        bench.replace_terminal_trust(&ChipTrust::new(vec![point], date).unwrap());
    });
    let evidence = stranger.read_with(&station(41, FINGERPRINTS, MONTH)).unwrap();
    assert_eq!(judged(evidence), ("unavailable", "terminal-authority-unknown", "accepted"));
    // A chip that believes nobody, as those in use.
    let evidence = Card::genuine().read_with(&station(41, FINGERPRINTS, MONTH)).unwrap();
    assert_eq!(judged(evidence), ("not_applicable", "protocol-not-offered", "accepted"));
    // A terminal without the right does not ask for what it may not have.
    let evidence = card.read_with(&station(41, IRISES, MONTH)).unwrap();
    assert_eq!(outcome(&evidence), Outcome::Authenticated);
    assert!(evidence.files.withheld.is_empty() && evidence.missing(DG3).is_none());
}

/// A copy of a card gets neither certificates nor a signature.
#[test]
fn a_copy_is_shown_nothing() {
    let card = Card::altered(|bench| {
        believing(bench);
        bench.replace_private_keys(&mut rng(8)).unwrap();
    });
    let mut trace = Trace::new(card.chip());
    let options = station(41, FINGERPRINTS, MONTH);
    let evidence = inspect(&mut trace, &can(), &options, &mut rng(9), &mut |_| {}).unwrap();
    assert_eq!(outcome(&evidence), Outcome::ChipNotAuthenticated);
    assert_eq!(judged(evidence), ("unavailable", "chip-not-authenticated", "refused"));
    let shown = trace.exchanges().iter().filter(|exchange| exchange.header.get(1) == Some(&0x2A));
    assert_eq!(shown.count(), 0);
}

/// A link that ends after so many commands.
struct Leaving<T> {
    inner: T,
    left: u64,
}

impl<T: Transport> Transport for Leaving<T> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        self.left = self.left.checked_sub(1).ok_or_else(|| LinkLost::new("the card left"))?;
        self.inner.transmit(command)
    }
}

/// At every command of Terminal Authentication and of the files behind it.
#[test]
fn whenever_the_card_leaves_no_fingerprint_stays_and_another_tap_finishes() {
    let card = Card::altered(believing);
    let options = station(41, FINGERPRINTS, MONTH);
    let count = |options: &InspectionOptions| {
        let mut trace = Trace::new(card.chip());
        inspect(&mut trace, &can(), options, &mut rng(9), &mut |_| {}).unwrap();
        trace.counters().apdus
    };
    let (without, with) = (count(&crate::card::options()), count(&options));
    // EF.CVCA, two certificates, the terminal's name, the challenge, the signature, DG3.
    assert_eq!(with - without, 1 + 4 + 3 + 1);
    for left in without..with {
        let mut reading = Reading::new(options.clone());
        let link = Leaving { inner: card.chip(), left };
        let tap = reading.tap(link, |_| Ok(()), &can(), &mut rng(9), &mut |_| {}).unwrap();
        assert!(matches!(tap, Tap::Lost(_)), "{left}: {tap:?}");
        assert!(reading.evidence().data_group(DataGroupNumber::DG3).is_none());
        assert!(!reading.evidence().complete);
        let tap = reading.tap(card.chip(), |_| Ok(()), &can(), &mut rng(10), &mut |_| {}).unwrap();
        assert_eq!(tap, Tap::Done);
        let evidence = reading.into_evidence();
        assert_eq!(outcome(&evidence), Outcome::Authenticated, "{left}");
        assert!(evidence.files.withheld.contains_key(&3) && evidence.complete, "{left}");
        assert!(evidence.missing(DG3).is_none());
    }
}

/// A chip that knows version 2 alone: Terminal Authentication, then Chip Authentication, by the chip's only key.
fn second_version(bench: &mut Bench) {
    believing(bench);
    let dg14 = ElementaryFile::DataGroup(DataGroupNumber::DG14);
    let mut infos = dg14::parse(bench.read(dg14).unwrap()).unwrap();
    for info in &mut infos.infos {
        match info {
            SecurityInfo::ChipAuthentication(info) => info.version = 2,
            SecurityInfo::TerminalAuthentication(info) => (info.version, info.ef_cvca) = (2, None),
            _ => {}
        }
    }
    assert!(infos.announces_terminal_authentication(2));
    let is_open = |info: &&SecurityInfo| !matches!(info, SecurityInfo::ChipAuthenticationPublicKey(_));
    let open = SecurityInfos { infos: infos.infos.iter().filter(is_open).cloned().collect() };
    bench.replace(ElementaryFile::CardAccess, card_access::to_bytes(&open)).unwrap();
    bench.replace(dg14, dg14::to_bytes(&infos)).unwrap();
    let sod = EfSod::parse(bench.read(ElementaryFile::Sod).unwrap()).unwrap();
    let groups = LdsSecurityObject::from_der(sod.econtent())
        .unwrap()
        .data_groups()
        .into_iter()
        .map(|number| (number, bench.read(ElementaryFile::DataGroup(number)).unwrap().to_vec()))
        .collect();
    let object = LdsSecurityObject::new(DigestAlgorithm::Sha256, &groups).unwrap();
    let signer = vietnam().keys.active_document_signer(at(ISSUED)).unwrap();
    let sod = signer.sign_ef_sod(object.as_der(), at(ISSUED)).unwrap();
    bench.replace(ElementaryFile::Sod, sod).unwrap();
}

fn chip_outcome(evidence: &Evidence) -> (u32, ChipAuthenticationOutcome) {
    let record = evidence.chip_authentication.as_ref().unwrap();
    (record.version, record.outcome)
}

fn of_the_chip(judgement: &Judgement) -> (&'static str, &'static str) {
    let finding = judgement.findings.iter().find(|one| one.check == Check::ChipAuthentication).unwrap();
    (finding.status.code(), finding.reason.map_or("-", |reason| reason.code()))
}

/// TR-03110-2 §3.3, §3.4: PACE, the terminal's proof, the chip's; then everything, DG3 too.
#[test]
fn version_2_shows_the_terminal_first_and_reads_everything() {
    for card in [Card::altered(second_version), Card::altered(second_version).short_only()] {
        let mut trace = Trace::new(card.chip());
        let options = station(41, FINGERPRINTS, MONTH);
        let evidence = inspect(&mut trace, &can(), &options, &mut rng(9), &mut |_| {}).unwrap();
        assert!(evidence.complete);
        assert_eq!(outcome(&evidence), Outcome::Authenticated);
        assert_eq!(chip_outcome(&evidence), (2, ChipAuthenticationOutcome::Confirmed));
        assert!(evidence.files.withheld.contains_key(&3));
        assert!(evidence.data_group(DataGroupNumber::DG3).is_none() && evidence.missing(DG3).is_none());
        let judgement = Situation::of(evidence.clone()).judge();
        assert_eq!(of_the_chip(&judgement), ("passed", "-"));
        let hashes = judgement.findings.iter().find(|one| one.check == Check::DataGroupHashes).unwrap();
        assert!(hashes.is_passed() && hashes.detail.as_ref().unwrap().contains("DG3"), "{hashes:?}");
        assert_eq!(judged(evidence), ("passed", "-", "accepted"));
        // Certificates, the signature (82), and only then GENERAL AUTHENTICATE (86) of Chip Authentication.
        let sent: Vec<u8> =
            trace.exchanges().iter().filter_map(|exchange| exchange.header.get(1).copied()).collect();
        let last = |instruction| sent.iter().rposition(|one| *one == instruction).unwrap();
        assert!(last(0x2A) < last(0x82) && last(0x82) < last(0x86), "{sent:02X?}");
    }
}

#[test]
fn version_2_with_a_wrong_terminal_reads_the_rest() {
    let card = Card::altered(second_version);
    let past = ("2026-11-01", "2026-11-19");
    for options in [station(41, FINGERPRINTS, past), station(99, FINGERPRINTS, MONTH)] {
        let evidence = card.read_with(&options).unwrap();
        assert_eq!(outcome(&evidence), Outcome::CertificateRefused);
        let first = ChipAuthenticationOutcome::TerminalAuthenticationFirst;
        assert_eq!(chip_outcome(&evidence), (2, first));
        assert!(evidence.files.withheld.is_empty() && evidence.complete);
        assert!(evidence.data_group(DataGroupNumber::DG1).is_some());
        let judgement = Situation::of(evidence.clone()).judge();
        assert_eq!(of_the_chip(&judgement), ("unavailable", "terminal-authentication-required"));
        let expected = ("unavailable", "terminal-certificate-refused", "undetermined");
        assert_eq!(judged(evidence), expected);
    }
    // Without a terminal nothing is asked, and a terminal without the right does not get the fingerprints.
    let evidence = card.read();
    assert!(evidence.terminal_authentication.is_none());
    let evidence = card.read_with(&station(41, IRISES, MONTH)).unwrap();
    assert_eq!(chip_outcome(&evidence), (2, ChipAuthenticationOutcome::Confirmed));
    assert!(evidence.files.withheld.is_empty());
}

/// A copy accepts the terminal, as anyone could; it does not come to the key, and DG3 is not asked for.
#[test]
fn version_2_finds_the_copy() {
    let card = Card::altered(|bench| {
        second_version(bench);
        bench.replace_private_keys(&mut rng(8)).unwrap();
    });
    let evidence = card.read_with(&station(41, FINGERPRINTS, MONTH)).unwrap();
    assert_eq!(chip_outcome(&evidence), (2, ChipAuthenticationOutcome::Failed));
    assert!(evidence.files.withheld.is_empty());
    assert_eq!(judged(evidence).2, "refused");
}

/// What announces Terminal Authentication 2 gives no Chip Authentication 2 before it.
#[test]
fn the_chip_wants_the_terminal_before_version_2() {
    let card = Card::altered(second_version);
    let unannounced = Card::altered(|bench| {
        second_version(bench);
        let dg14 = ElementaryFile::DataGroup(DataGroupNumber::DG14);
        let mut infos = dg14::parse(bench.read(dg14).unwrap()).unwrap();
        infos.infos.retain(|info| !matches!(info, SecurityInfo::TerminalAuthentication(_)));
        bench.replace(dg14, dg14::to_bytes(&infos)).unwrap();
    });
    for (card, expected) in [(card, false), (unannounced, true)] {
        let dg14 = card.read().files.data_groups[&14].clone();
        let infos = dg14::parse(&dg14).unwrap();
        let key = infos.chip_authentication_keys().next().unwrap();
        let element = PublicKey::from_spki(&key.public_key).unwrap().element().unwrap();
        let protocol = infos.chip_authentication().next().unwrap().protocol;
        let protocol = ChipAuthenticationProtocol::from_oid(protocol).unwrap();
        let ephemeral = Secret::generate(element.group(), &mut rng(3));
        let terminal = ChipAuthentication2Terminal::new(protocol, element, key.key_id, ephemeral).unwrap();
        let offer = PaceOffer::new(PaceProtocol::ECDH_GM_AES_128, DomainParameters::BrainpoolP256r1);
        let password = &Password::can(CAN).unwrap();
        let attempt = PaceAttempt { offer, several: false, password, blocks: BlockSizes::SHORT };
        let (mut session, _) = Session::connect(card.chip()).pace(&attempt, &mut rng(4)).unwrap();
        let outcome = session.chip_authentication_2(terminal);
        assert_eq!(outcome.is_ok(), expected, "{outcome:?}");
    }
}

/// At every command of Terminal Authentication 2, Chip Authentication 2 and what follows.
#[test]
fn version_2_goes_on_after_the_card_left_at_any_command() {
    let card = Card::altered(second_version);
    let options = station(41, FINGERPRINTS, MONTH);
    let mut trace = Trace::new(card.chip());
    let whole = inspect(&mut trace, &can(), &options, &mut rng(9), &mut |_| {}).unwrap();
    let names: Vec<_> = trace.exchanges().iter().map(|exchange| exchange.header.get(1).copied()).collect();
    drop(trace);
    // From EF.CVCA, which comes right before the first MSE:SET DST.
    let certificates = names.iter().position(|instruction| *instruction == Some(0x2A)).unwrap();
    for left in certificates - 2..names.len() {
        let left = u64::try_from(left).unwrap();
        let mut reading = Reading::new(options.clone());
        let link = Leaving { inner: card.chip(), left };
        let tap = reading.tap(link, |_| Ok(()), &can(), &mut rng(9), &mut |_| {}).unwrap();
        assert!(matches!(tap, Tap::Lost(_)), "{left}: {tap:?}");
        assert!(reading.evidence().data_group(DataGroupNumber::DG3).is_none());
        assert!(!reading.evidence().complete);
        let tap = reading.tap(card.chip(), |_| Ok(()), &can(), &mut rng(10), &mut |_| {}).unwrap();
        assert_eq!(tap, Tap::Done);
        let evidence = reading.into_evidence();
        assert_eq!(outcome(&evidence), Outcome::Authenticated, "{left}");
        assert_eq!(chip_outcome(&evidence), (2, ChipAuthenticationOutcome::Confirmed), "{left}");
        assert_eq!(evidence.files.withheld, whole.files.withheld, "{left}");
        assert_eq!(evidence.files.data_groups, whole.files.data_groups, "{left}");
        assert!(evidence.complete && evidence.missing(DG3).is_none(), "{left}");
    }
}
