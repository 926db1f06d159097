//! The authority behind Terminal Authentication, and what chips make of its certificates.

use cccd_cvc::chain::{ChainError, ChipTrust, Validation};
use cccd_cvc::{Certificate, InspectionRights, Role, TerminalCredentials};
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::{
    KeyStore, MAX_TERMINAL_DAYS, Passphrase, RequestAnswer, StoreError, StoreSettings, TERMINAL_KEY_FILE,
    VerifyingKind, VerifyingRequest, is_renewal,
};
use jiff::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use std::path::Path;

const BOTH: InspectionRights = InspectionRights { fingerprints: true, irises: true };
const FINGERPRINTS: InspectionRights = InspectionRights { fingerprints: true, irises: false };

fn at(day: &str) -> Timestamp {
    format!("{day}T08:00:00Z").parse().unwrap()
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(11)
}

fn request(holder: &str, rights: InspectionRights, days: u16) -> VerifyingRequest<'_> {
    VerifyingRequest { holder, rights, days }
}

fn store(dir: &Path) -> KeyStore {
    let settings = StoreSettings::new(AlgorithmProfile::Cccd, "VN", at("2026-01-01"));
    let passphrase = Passphrase::generate(&mut rng());
    KeyStore::init(dir, settings, &passphrase, &mut rng()).unwrap()
}

fn exported(folder: &Path) -> TerminalCredentials {
    let mut certificates = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "cvcert") {
            certificates.push(Certificate::parse(&std::fs::read(path).unwrap()).unwrap());
        }
    }
    TerminalCredentials::new(certificates, &std::fs::read(folder.join(TERMINAL_KEY_FILE)).unwrap()).unwrap()
}

/// What a chip with this trust lets the terminal read.
fn presented(chip: &mut ChipTrust, terminal: &TerminalCredentials) -> Result<InspectionRights, ChainError> {
    let known: Vec<_> = chip.points().iter().map(|point| point.holder.clone()).collect();
    let chain = terminal.chain_from(&known).ok_or(ChainError::UnknownKey)?;
    let mut session = Validation::new();
    for certificate in chain {
        session.choose(chip, certificate.authority().as_bytes())?;
        session.import(chip, certificate)?;
    }
    let certified = session.terminal(terminal.holder().as_bytes()).unwrap();
    let signature = terminal.key().sign(&[b"challenge"], &mut rng()).unwrap();
    certified.key.verify(&[b"challenge"], &signature).unwrap();
    Ok(certified.effective.inspection_rights())
}

#[test]
fn a_rollover_takes_old_chips_along() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir.path().join("k"));
    let mut rng = rng();
    assert_eq!(store.trust_points(at("2026-01-01")).unwrap(), []);
    let verifier = request("DVHCM", BOTH, 93);
    let nothing = store.create_document_verifier(at("2026-01-01"), &verifier, false, &mut rng);
    assert!(matches!(nothing, Err(StoreError::NoCvca)));

    let cvca = store.create_cvca(at("2026-01-01"), &request("CVCA", BOTH, 365), &mut rng).unwrap();
    assert_eq!(cvca.holder().to_string(), "VNCVCA00001");
    let twice = store.create_cvca(at("2026-01-01"), &request("CVCA", BOTH, 365), &mut rng);
    assert!(matches!(twice, Err(StoreError::CvcaExists)));
    let points = store.trust_points(at("2026-01-02")).unwrap();
    let mut old_chip = ChipTrust::new(points, "2026-01-02".parse().unwrap()).unwrap();

    store.create_document_verifier(at("2026-06-01"), &verifier, false, &mut rng).unwrap();
    let terminal = store
        .create_terminal(at("2026-06-01"), &request("ISHCM01", FINGERPRINTS, 31), None, &mut rng)
        .unwrap();
    let first = dir.path().join("first");
    store.export_terminal(at("2026-06-01"), "ISHCM01", &first).unwrap();
    assert_eq!(presented(&mut old_chip, &exported(&first)), Ok(FINGERPRINTS));
    assert_eq!(terminal.content().expiration.to_string(), "2026-07-01");

    let (next, link) = store.link_cvca(at("2026-12-01"), 365, &mut rng).unwrap();
    assert_eq!((link.authority(), link.holder()), (cvca.holder(), next.holder()));
    store.create_document_verifier(at("2026-12-01"), &verifier, false, &mut rng).unwrap();
    store.create_terminal(at("2026-12-01"), &request("ISHCM01", BOTH, 31), None, &mut rng).unwrap();
    let second = dir.path().join("second");
    let files = store.export_terminal(at("2026-12-01"), "ISHCM01", &second).unwrap();
    assert_eq!(
        files,
        ["01-VNCVCA00002.cvcert", "02-VNDVHCM00002.cvcert", "03-VNISHCM0100002.cvcert", TERMINAL_KEY_FILE]
    );
    // A new chip knows both keys, an old one learns the new by the link; the terminal of June is past.
    let points = store.trust_points(at("2026-12-01")).unwrap();
    assert_eq!(points.len(), 2);
    let mut new_chip = ChipTrust::new(points, "2026-12-01".parse().unwrap()).unwrap();
    for chip in [&mut new_chip, &mut old_chip] {
        assert_eq!(presented(chip, &exported(&second)), Ok(BOTH));
        assert_eq!(chip.points().len(), 2);
        assert_eq!(presented(chip, &exported(&first)), Err(ChainError::Expired));
    }
    // The first CVCA key has ended: a chip of today knows the second only.
    assert_eq!(store.trust_points(at("2027-02-01")).unwrap().len(), 1);
    assert!(matches!(store.trust_points(at("2028-02-01")), Err(StoreError::NoCvca)));
}

#[test]
fn no_certificate_outlives_its_authority() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir.path().join("k"));
    let mut rng = rng();
    store.create_cvca(at("2026-01-01"), &request("CVCA", BOTH, 100), &mut rng).unwrap();
    let verifier =
        store.create_document_verifier(at("2026-03-01"), &request("DV", BOTH, 93), true, &mut rng).unwrap();
    assert_eq!(verifier.content().expiration.to_string(), "2026-04-10");
    let days = request("IS", BOTH, MAX_TERMINAL_DAYS);
    let terminal = store.create_terminal(at("2026-04-01"), &days, Some("DV"), &mut rng).unwrap();
    assert_eq!(terminal.content().expiration.to_string(), "2026-04-10");
    let late = store.create_terminal(at("2026-04-11"), &days, None, &mut rng);
    assert!(matches!(late, Err(StoreError::NoDocumentVerifier(_))));
    let unknown = store.create_terminal(at("2026-04-01"), &days, Some("DVX"), &mut rng);
    assert!(matches!(unknown, Err(StoreError::UnknownHolder(_))));
    let wrong = store.create_terminal(at("2026-04-01"), &request("too long a name", BOTH, 1), None, &mut rng);
    assert!(matches!(wrong, Err(StoreError::NotAHolder(_))));
}

/// A key or a certificate put in place of another signs nothing.
#[test]
fn what_was_swapped_on_disk_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("k");
    let store = store(&path);
    let mut rng = rng();
    store.create_cvca(at("2026-01-01"), &request("CVCA", BOTH, 365), &mut rng).unwrap();
    store.create_document_verifier(at("2026-01-01"), &request("DV", BOTH, 93), false, &mut rng).unwrap();
    std::fs::copy(path.join("dv/00001.key.age"), path.join("cvca/001.key.age")).unwrap();
    let refused = store.create_document_verifier(at("2026-01-01"), &request("DV", BOTH, 93), false, &mut rng);
    assert!(matches!(refused, Err(StoreError::Damaged(_))));
    assert_eq!(store.verifying_certificates(VerifyingKind::DocumentVerifier).unwrap().len(), 1);
}

fn answer(role: Role, days: u16) -> RequestAnswer<'static> {
    RequestAnswer { role, rights: None, days, under: None, compared: false }
}

#[test]
fn a_station_asks_for_its_certificate_and_renews_it_with_the_key_before() {
    let dir = tempfile::tempdir().unwrap();
    let (office, station) = (store(&dir.path().join("office")), store(&dir.path().join("station")));
    let mut rng = rng();
    office.create_cvca(at("2026-01-01"), &request("CVCA", BOTH, 1000), &mut rng).unwrap();
    office
        .create_document_verifier(at("2026-01-01"), &request("DVHCM", FINGERPRINTS, 93), false, &mut rng)
        .unwrap();
    let refused = |result: Result<Certificate, StoreError>| result.unwrap_err().to_string();

    let first = station.request_certificate(at("2026-01-02"), Role::Terminal, "ISHCM", &mut rng).unwrap();
    assert!(!first.is_renewal && !is_renewal(&first.bytes).unwrap());
    assert_eq!(first.holder.to_string(), "VNISHCM00001");
    let terms = RequestAnswer { rights: Some(FINGERPRINTS), ..answer(Role::Terminal, 31) };
    let reason = refused(office.answer_request(at("2026-01-02"), &first.bytes, terms));
    assert!(reason.contains("not compared"), "{reason}");
    let compared = RequestAnswer { compared: true, ..terms };
    let more = RequestAnswer { rights: Some(BOTH), ..compared };
    let beyond = office.answer_request(at("2026-01-02"), &first.bytes, more);
    assert!(matches!(beyond, Err(StoreError::BeyondAuthority(_))), "the document verifier reads no irises");
    for place in [first.bytes.len() - 1, first.bytes.len() / 2] {
        let mut altered = first.bytes.clone();
        altered[place] ^= 1;
        assert!(office.answer_request(at("2026-01-02"), &altered, compared).is_err());
    }
    let issued = office.answer_request(at("2026-01-02"), &first.bytes, compared).unwrap();
    let reason = refused(office.answer_request(at("2026-01-02"), &first.bytes, compared));
    assert!(reason.contains("exists"), "{reason}");
    station.install_certificate(at("2026-01-02"), &issued).unwrap();
    assert!(station.install_certificate(at("2026-01-02"), &issued).is_err(), "its request is answered");

    // The renewal is signed by the key before: nobody compares anything.
    let second = station.request_certificate(at("2026-01-25"), Role::Terminal, "ISHCM", &mut rng).unwrap();
    assert!(second.is_renewal && is_renewal(&second.bytes).unwrap());
    let late = refused(office.answer_request(at("2026-02-02"), &second.bytes, answer(Role::Terminal, 31)));
    assert!(late.contains("past its certificate's days"), "{late}");
    let mut altered = second.bytes.clone();
    *altered.last_mut().unwrap() ^= 1;
    let reason = refused(office.answer_request(at("2026-01-25"), &altered, answer(Role::Terminal, 31)));
    assert!(reason.contains("does not hold"), "{reason}");
    let promoted =
        refused(office.answer_request(at("2026-01-25"), &second.bytes, answer(Role::DomesticVerifier, 31)));
    assert!(promoted.contains("not known"), "{promoted}");
    let renewed = office.answer_request(at("2026-01-25"), &second.bytes, answer(Role::Terminal, 31)).unwrap();
    assert_eq!(renewed.holder().to_string(), "VNISHCM00002");
    assert_eq!(renewed.content().chat.inspection_rights(), FINGERPRINTS);
    station.install_certificate(at("2026-01-25"), &renewed).unwrap();

    // A holder that is known asks by renewal only; another one's key renews nothing.
    let stranger = store(&dir.path().join("stranger"));
    let again = stranger.request_certificate(at("2026-01-26"), Role::Terminal, "ISHCM", &mut rng).unwrap();
    let reason = refused(office.answer_request(at("2026-01-26"), &again.bytes, compared));
    assert!(reason.contains("exists") || reason.contains("known"), "{reason}");
    assert!(office.answer_request(at("2026-01-26"), b"\x7f\x21\x00", compared).is_err());
    assert!(stranger.install_certificate(at("2026-01-26"), &renewed).is_err());
}

#[test]
fn rights_beyond_the_document_verifier_and_a_choice_between_several_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir.path().join("k"));
    let mut rng = rng();
    let day = at("2026-01-01");
    store.create_cvca(day, &request("CVCA", BOTH, 1000), &mut rng).unwrap();
    store.create_document_verifier(day, &request("DVHCM", FINGERPRINTS, 93), false, &mut rng).unwrap();
    let beyond = store.create_terminal(day, &request("IS", BOTH, 31), None, &mut rng);
    assert!(matches!(beyond, Err(StoreError::BeyondAuthority(_))));
    // Two generations of one office are one choice; two offices are not.
    store.create_document_verifier(day, &request("DVHCM", FINGERPRINTS, 93), false, &mut rng).unwrap();
    store.create_terminal(day, &request("IS", FINGERPRINTS, 31), None, &mut rng).unwrap();
    store.create_document_verifier(day, &request("DVHN", BOTH, 93), false, &mut rng).unwrap();
    let which = store.create_terminal(day, &request("IS", FINGERPRINTS, 31), None, &mut rng);
    assert!(matches!(which, Err(StoreError::WhichVerifier(names)) if names == "DVHCM, DVHN"));
    store.create_terminal(day, &request("IS", BOTH, 31), Some("DVHN"), &mut rng).unwrap();
    // A second export leaves nothing of the first in its folder.
    let out = dir.path().join("out");
    store.export_terminal(day, "VNIS00001", &out).unwrap();
    let before = std::fs::read_dir(&out).unwrap().count();
    store.export_terminal(day, "VNIS00002", &out).unwrap();
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), before);
    exported(&out);
}
