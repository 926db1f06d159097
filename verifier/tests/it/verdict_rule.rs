//! The verdict's rule as a table: from a card of which everything passed, one finding changes.

use cccd_verifier::policy::RegisterDemand;
use cccd_verifier::{Check, Decision, Finding, Policy, Reason, Verdict};

fn all_passed() -> Vec<Finding> {
    Check::ALL.iter().map(|check| Finding::passed(*check)).collect()
}

fn with(changes: &[Finding]) -> Vec<Finding> {
    let mut findings = all_passed();
    for change in changes {
        let place = findings.iter_mut().find(|finding| finding.check == change.check).unwrap();
        *place = change.clone();
    }
    findings
}

fn verdict(changes: &[Finding]) -> Verdict {
    Verdict::of(&with(changes), true, true, &Policy::default())
}

#[test]
fn any_failure_refuses_and_the_first_in_order_decides() {
    for check in Check::ALL {
        let verdict = verdict(&[Finding::failed(*check, Reason::MalformedData)]);
        assert_eq!((verdict.decision, verdict.decided_by), (Decision::Refused, Some(*check)));
    }
    let everything: Vec<Finding> =
        Check::ALL.iter().map(|check| Finding::failed(*check, Reason::MalformedData)).collect();
    assert_eq!(verdict(&everything).decided_by, Some(Check::SodSignature));
    // A failure goes before whatever is missing.
    let mixed = [
        Finding::unavailable(Check::SignerChain, Reason::NoTrustAnchor),
        Finding::failed(Check::DocumentQr, Reason::QrMismatch),
    ];
    assert_eq!(verdict(&mixed).decided_by, Some(Check::DocumentQr));
}

#[test]
fn any_inconclusive_check_leaves_it_undetermined() {
    for check in Check::ALL {
        let verdict = verdict(&[Finding::inconclusive(*check, Reason::UnknownAlgorithm)]);
        assert_eq!((verdict.decision, verdict.decided_by), (Decision::Undetermined, Some(*check)));
    }
}

#[test]
fn what_is_missing_counts_unless_it_is_optional() {
    use Check as C;
    use Decision::{Accepted, Undetermined};
    use Reason as R;
    let table = [
        (C::SodSignature, R::NoSod, Undetermined),
        (C::SignerChain, R::NoTrustAnchor, Undetermined),
        (C::Revocation, R::RevocationUnknown, Undetermined),
        (C::Revocation, R::CrlStale, Undetermined),
        (C::ChipAuthentication, R::TransportFailure, Undetermined),
        (C::ChipAuthentication, R::ProtocolNotUsed, Accepted),
        (C::DocumentMrz, R::NotRead, Undetermined),
        (C::DocumentQr, R::NotPresented, Accepted),
        (C::ComSodConsistent, R::NotRead, Accepted),
        (C::ComSodConsistent, R::TransportFailure, Undetermined),
        (C::RegisterMatch, R::NotAsked, Accepted),
        (C::RegisterMatch, R::TooManyAttempts, Undetermined),
        (C::RegisterCardStatus, R::NotAsked, Accepted),
        (C::RegisterCardStatus, R::RegisterNotHeard, Undetermined),
        (C::RegisterCardStatus, R::CardUnknown, Undetermined),
        (C::HolderPortrait, R::NotCompared, Accepted),
        (C::TerminalAuthentication, R::TerminalCertificateRefused, Accepted),
    ];
    for (check, reason, decision) in table {
        assert_eq!(verdict(&[Finding::unavailable(check, reason)]).decision, decision, "{check} {reason}");
    }
}

#[test]
fn a_chip_of_ours_must_show_itself() {
    use Check::{ActiveAuthentication as AA, ChipAuthentication as CA, PaceChipAuthenticationMapping as CAM};
    let no = |check| Finding::not_applicable(check, Reason::ProtocolNotOffered);
    let decide = |changes: &[Finding], own, complete| {
        let verdict = Verdict::of(&with(changes), own, complete, &Policy::default());
        (verdict.decision, verdict.decided_by)
    };
    let none = [no(CA), no(AA), no(CAM)];
    assert_eq!(decide(&none, true, true), (Decision::Refused, Some(CA)));
    // A foreign chip that offers nothing may be genuine; one of ours that was not read whole may be as well.
    assert_eq!(decide(&none, false, true), (Decision::Undetermined, Some(CA)));
    assert_eq!(decide(&none, true, false), (Decision::Undetermined, Some(CA)));
    // One proof is enough.
    for passed in [CA, AA, CAM] {
        let others: Vec<Finding> = none.iter().filter(|finding| finding.check != passed).cloned().collect();
        assert_eq!(decide(&others, true, true), (Decision::Accepted, None));
    }
    // What could not be seen is not "offers nothing".
    let stale = Finding::inconclusive(AA, Reason::NotFresh);
    assert_eq!(decide(&[no(CA), stale, no(CAM)], true, true), (Decision::Undetermined, Some(AA)));
    let old = Finding::inconclusive(CA, Reason::NotFresh);
    assert_eq!(decide(std::slice::from_ref(&old), true, true), (Decision::Accepted, None));
    assert_eq!(decide(&[old, no(AA), no(CAM)], true, true), (Decision::Undetermined, Some(CA)));
    let unused = Finding::unavailable(CA, Reason::ProtocolNotUsed);
    assert_eq!(decide(&[unused, no(AA), no(CAM)], true, true), (Decision::Refused, Some(CA)));
}

#[test]
fn an_incomplete_reading_is_never_accepted() {
    let verdict = Verdict::of(&all_passed(), true, false, &Policy::default());
    assert_eq!(verdict.decision, Decision::Undetermined);
}

#[test]
fn a_register_that_is_demanded_must_be_heard() {
    let mut policy = Policy::default();
    policy.register = RegisterDemand::Always;
    let findings = with(&[Finding::unavailable(Check::RegisterCardStatus, Reason::NotAsked)]);
    assert_eq!(Verdict::of(&findings, true, true, &policy).decision, Decision::Undetermined);
}

#[test]
fn exit_codes() {
    let codes: Vec<u8> = Decision::ALL.iter().map(|decision| decision.exit_code()).collect();
    assert_eq!(codes, [0, 1, 4]);
}
