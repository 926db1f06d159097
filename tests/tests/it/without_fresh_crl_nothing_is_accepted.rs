//! Unknown revocation is never good: without a fresh CRL none of the twelve cards is accepted.

use cccd_keys::trust::TrustStore;
use cccd_tests::story_support::{StoryCard, with_status};
use cccd_verifier::evidence::Provenance;
use cccd_verifier::verdict::TrustStatement;
use cccd_verifier::{Check, Decision, Evidence, Judgement, Reason, Status};
use jiff::Timestamp;

use crate::world;

fn judge_with(card: &StoryCard, evidence: &Evidence, trust: &TrustStore, at: Timestamp) -> Judgement {
    let world = world();
    let register = world.ask(evidence).unwrap();
    world.judge_as(evidence, &card.presented(), &register, trust, at, &Provenance::Live)
}

fn read(card: &StoryCard) -> Evidence {
    world().read(card.chip().unwrap(), card.can(), false).unwrap()
}

/// Undetermined, and by nothing but revocation: everything else is as with the list.
fn assert_withheld(card: &StoryCard, judgement: &Judgement, reason: Reason) {
    let because = card.applicant.because;
    assert_eq!(judgement.verdict.decision, Decision::Undetermined, "{because}");
    assert_eq!(judgement.verdict.decision.exit_code(), 4);
    assert_eq!(judgement.verdict.decided_by, Some(Check::Revocation), "{because}");
    assert_eq!(judgement.verdict.reason, Some(reason), "{because}");
    assert_eq!(judgement.statements.trust, TrustStatement::Stale);
    assert!(with_status(judgement, Status::Failed).is_empty(), "{because}");
    assert_eq!(with_status(judgement, Status::Passed).len(), Check::ALL.len() - 7, "{because}");
}

#[test]
fn with_the_list_all_twelve_are_accepted_and_without_it_none() {
    let world = world();
    let without = TrustStore::load(&world.trust_without_crl("trust-without-crl").unwrap()).unwrap();
    assert_eq!(world.cards.len(), 12);
    for card in &world.cards {
        let evidence = read(card);
        let with = judge_with(card, &evidence, &world.trust, world.now);
        assert_eq!(with.verdict.decision, Decision::Accepted, "{}", card.applicant.because);
        assert_withheld(card, &judge_with(card, &evidence, &without, world.now), Reason::RevocationUnknown);
    }
}

#[test]
fn past_the_lists_next_update_none_of_the_twelve_is_accepted() {
    let world = world();
    let aged = world.crl_aged().unwrap();
    for card in &world.cards {
        assert_withheld(card, &judge_with(card, &read(card), &world.trust, aged), Reason::CrlStale);
    }
}

#[test]
fn a_newer_list_makes_them_acceptable_again() {
    let world = world();
    let aged = world.crl_aged().unwrap();
    let fresh = keys_aside("keys-that-renew")
        .issue_crl(aged, jiff::SignedDuration::from_hours(48), &[], None)
        .unwrap();
    let mut trust = world.trust.clone();
    trust.add_crl(fresh.der()).unwrap();
    let card = &world.cards[3];
    let judgement = judge_with(card, &read(card), &trust, aged);
    assert_eq!(judgement.verdict.decision, Decision::Accepted, "{:?}", judgement.verdict);
}

#[test]
fn a_list_that_names_the_signer_refuses() {
    let world = world();
    let store = keys_aside("keys-that-revoke");
    let signer = store.active_document_signer(world.issued_at).unwrap().certificate().serial_hex();
    let list = store.issue_crl(world.now, jiff::SignedDuration::from_hours(48), &[signer], Some(1)).unwrap();
    let mut trust = world.trust.clone();
    trust.add_crl(list.der()).unwrap();
    let card = &world.cards[4];
    let judgement = judge_with(card, &read(card), &trust, world.now);
    assert_eq!(judgement.verdict.decision, Decision::Refused);
    assert_eq!(
        with_status(&judgement, Status::Failed),
        ["passive.revocation (certificate-revoked)".into()].into()
    );
}

/// A copy of the key store: what it issues stays out of the other stories.
pub(crate) fn keys_aside(name: &str) -> cccd_keys::store::KeyStore {
    copy_of(&world().keys, name)
}

pub(crate) fn copy_of(keys: &std::path::Path, name: &str) -> cccd_keys::store::KeyStore {
    let copy = world().folder.join(name);
    copy_folder(keys, &copy);
    world().store(&copy).unwrap()
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
