//! What this room makes, the verifier accepts: with trust, CRL, QR and MRZ at hand.

use cccd_card_profile::qr::ScannedQr;
use cccd_issuer::application::Template;
use cccd_issuer::card_face::qr_text;
use cccd_verifier::evidence::Provenance;
use cccd_verifier::finding::Status;
use cccd_verifier::inspection::{Access, InspectionOptions, inspect};
use cccd_verifier::judge::{Case, Presented, PresentedQr, judge};
use cccd_verifier::policy::Policy;
use cccd_verifier::register::RegisterReport;
use cccd_verifier::verdict::Decision;

use crate::support::{NUMBER, Office, application, at, blank, rng, trust};

#[test]
fn an_issued_card_is_accepted_with_every_own_check_passed() {
    let mut office = Office::new();
    let mut chip = blank(1);
    let issued = office.issue(&mut chip, &application(NUMBER, "first-issue")).unwrap();
    chip.reset();
    let access = Access::can(issued.card.holder.number.can()).unwrap();
    let options = InspectionOptions::new(at());
    let evidence = inspect(&mut chip, &access, &options, &mut rng(3), &mut |_| {}).unwrap();
    let qr = ScannedQr::parse(&qr_text(&issued.card, Template::IdentityCard2024).unwrap()).unwrap();
    let presented = Presented {
        mrz: Some(issued.mrz.clone()),
        qr: Some(PresentedQr::Card(Box::new(qr))),
        holder_is_bearer: None,
    };
    let judgement = judge(&Case {
        evidence: &evidence,
        provenance: &Provenance::Live,
        issued_nonce: None,
        trust: &trust(),
        at: at(),
        presented: &presented,
        register: &RegisterReport::not_asked(),
        policy: &Policy::default(),
    });
    assert_eq!(judgement.verdict.decision, Decision::Accepted, "{:?}", judgement.findings);
    for check in [
        "passive.sod-signature",
        "passive.dg-hashes",
        "passive.signer-chain",
        "passive.revocation",
        "chip.chip-authentication",
        "chip.active-authentication",
        "lds.card-access-authentic",
        "lds.dg-consistent",
        "document.expiry",
        "document.mrz",
        "document.qr",
    ] {
        let finding = judgement.findings.iter().find(|finding| finding.check.code() == check).unwrap();
        assert_eq!(finding.status, Status::Passed, "{finding:?}");
    }
    // The digest under which the register knows the card is that of the file that the chip gives.
    assert_eq!(evidence.sod_sha256().unwrap(), *issued.sod_sha256.as_bytes());
}
