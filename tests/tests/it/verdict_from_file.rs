//! Evidence from a file: what it shows about the chip depends on who vouches for the reading.

use std::collections::BTreeSet;

use cccd_keys::signer::Signer as _;
use cccd_keys::trust::TrustStore;
use cccd_tests::story_support::with_status;
use cccd_verifier::evidence::{EvidenceFile, Provenance};
use cccd_verifier::finding::Scope;
use cccd_verifier::verdict::ChipStatement;
use cccd_verifier::{
    Case, Check, Decision, Evidence, InspectionOptions, Judgement, Policy, Reason, Status, judge,
};
use jiff::SignedDuration;

use crate::world;

const CHIP: [Check; 2] = [Check::ChipAuthentication, Check::ActiveAuthentication];

fn evidence() -> Evidence {
    let card = &world().cards[6];
    world().read(card.chip().unwrap(), card.can(), false).unwrap()
}

/// Judges a file an hour after it was written.
fn from_file(bytes: &[u8], trust: &TrustStore) -> (Provenance, Judgement) {
    let world = world();
    let card = &world.cards[6];
    let (evidence, provenance) = EvidenceFile::open(bytes, trust).unwrap();
    let later = world.now.checked_add(SignedDuration::from_hours(1)).unwrap();
    let register = world.ask(&evidence).unwrap();
    let judgement = world.judge_as(&evidence, &card.presented(), &register, trust, later, &provenance);
    (provenance, judgement)
}

fn assert_not_fresh(judgement: &Judgement, reason: Reason) {
    assert_eq!(judgement.verdict.decision, Decision::Undetermined);
    assert_eq!(judgement.verdict.decided_by, Some(Check::ChipAuthentication));
    assert_eq!(judgement.verdict.reason, Some(reason));
    let expected: BTreeSet<String> = CHIP.map(|check| format!("{check} ({reason})")).into();
    assert_eq!(with_status(judgement, Status::Inconclusive), expected);
    assert!(with_status(judgement, Status::Failed).is_empty());
    assert_eq!(judgement.statements.chip, ChipStatement::NotShown);
}

#[test]
fn unsigned_evidence_shows_nothing_about_the_chip() {
    let bytes = EvidenceFile::new(&evidence()).unwrap().to_bytes().unwrap();
    let (provenance, judgement) = from_file(&bytes, &world().trust);
    assert_eq!(provenance, Provenance::Unsigned);
    assert_not_fresh(&judgement, Reason::NotFresh);
}

#[test]
fn a_trusted_stations_signature_makes_it_count() {
    let world = world();
    let station = world.store(&world.keys).unwrap().station_key().unwrap();
    let file = EvidenceFile::new(&evidence()).unwrap().signed(&station).unwrap();
    let (provenance, judgement) = from_file(&file.to_bytes().unwrap(), &world.trust);
    assert_eq!(provenance, Provenance::TrustedStation { key: station.public_key().fingerprint() });
    assert_eq!(judgement.verdict.decision, Decision::Accepted, "{:?}", judgement.findings);
    for check in CHIP {
        let finding = judgement.findings.iter().find(|finding| finding.check == check).unwrap();
        assert_eq!((finding.status, finding.scope), (Status::Passed, Some(Scope::StationSigned)));
    }
}

#[test]
fn a_station_that_nobody_trusts_makes_nothing_count() {
    let world = world();
    let station = world.store(&world.forged_keys).unwrap().station_key().unwrap();
    let file = EvidenceFile::new(&evidence()).unwrap().signed(&station).unwrap();
    let (provenance, judgement) = from_file(&file.to_bytes().unwrap(), &world.trust);
    assert_eq!(provenance, Provenance::Unsigned);
    assert_not_fresh(&judgement, Reason::NotFresh);
}

#[test]
fn evidence_changed_after_the_station_signed_it_is_named_so() {
    let world = world();
    let station = world.store(&world.keys).unwrap().station_key().unwrap();
    let signed = |evidence: &Evidence| -> serde_json::Value {
        let file = EvidenceFile::new(evidence).unwrap().signed(&station).unwrap();
        serde_json::from_slice(&file.to_bytes().unwrap()).unwrap()
    };
    let evidence = evidence();
    let mut later = evidence.clone();
    later.read_at = later.read_at.checked_add(SignedDuration::from_mins(30)).unwrap();
    let mut file = signed(&evidence);
    file["evidence"] = signed(&later)["evidence"].take();
    let (provenance, judgement) = from_file(&serde_json::to_vec(&file).unwrap(), &world.trust);
    assert_eq!(provenance, Provenance::BadSignature);
    assert_not_fresh(&judgement, Reason::EvidenceSignatureInvalid);
}

#[test]
fn an_answer_to_the_verifiers_own_challenge_counts_without_any_station() {
    let world = world();
    let card = &world.cards[6];
    let nonce = [0xC5; 16];
    let options = InspectionOptions::new(world.now).station("desk-7").nonce(Some(nonce.to_vec()));
    let evidence = world.read_with(card.chip().unwrap(), card.can(), &options).unwrap();
    let bytes = EvidenceFile::new(&evidence).unwrap().to_bytes().unwrap();
    let (evidence, provenance) = EvidenceFile::open(&bytes, &world.trust).unwrap();
    let register = world.ask(&evidence).unwrap();
    let judged = |nonce: &[u8], minutes: i64| {
        judge(&Case {
            evidence: &evidence,
            provenance: &provenance,
            issued_nonce: Some(nonce),
            trust: &world.trust,
            at: world.now.checked_add(SignedDuration::from_mins(minutes)).unwrap(),
            presented: &card.presented(),
            register: &register,
            policy: &Policy::default(),
        })
    };
    let of = |judgement: &Judgement, check: Check| {
        let finding = judgement.findings.iter().find(|finding| finding.check == check).unwrap();
        (finding.status, finding.reason, finding.scope)
    };
    let good = judged(&nonce, 5);
    let passed = (Status::Passed, None, Some(Scope::ChallengeOfVerifier));
    assert_eq!(of(&good, Check::ActiveAuthentication), passed);
    let not_fresh = (Status::Inconclusive, Some(Reason::NotFresh), None);
    assert_eq!(of(&good, Check::ChipAuthentication), not_fresh);
    // Another nonce, or the right one too late.
    assert_eq!(of(&judged(&[0xC6; 16], 5), Check::ActiveAuthentication), not_fresh);
    assert_eq!(of(&judged(&nonce, 11), Check::ActiveAuthentication), not_fresh);
}
