//! An issued card, judged with trust, a fresh CRL and a live register: every check passes that has something to check.

use std::collections::BTreeMap;

use cccd_tests::story_support::with_status;
use cccd_verifier::verdict::{
    BearerStatement, ChipStatement, DataStatement, RegisterStatement, Statements, TrustStatement,
};
use cccd_verifier::{Check, Decision, Reason, Status};

use crate::world;

/// What has nothing to check on this card: not offered, not needed, not read by choice, not done by a person.
fn exceptions() -> BTreeMap<Check, (Status, Reason)> {
    BTreeMap::from([
        (Check::Deviation, (Status::NotApplicable, Reason::NoDeviationList)),
        (Check::Bac, (Status::NotApplicable, Reason::ProtocolNotUsed)),
        (Check::TerminalAuthentication, (Status::NotApplicable, Reason::ProtocolNotUsed)),
        (Check::PaceChipAuthenticationMapping, (Status::NotApplicable, Reason::ProtocolNotOffered)),
        (Check::ComSodConsistent, (Status::Unavailable, Reason::NotRead)),
        (Check::HolderPortrait, (Status::Unavailable, Reason::NotCompared)),
    ])
}

#[test]
fn every_check_passes_but_the_six_that_have_nothing_to_check() {
    let world = world();
    for card in &world.cards {
        let evidence = world.read(card.chip().unwrap(), card.can(), false).unwrap();
        let register = world.ask(&evidence).unwrap();
        let judgement = world.judge(&evidence, &card.presented(), &register);

        let exceptions = exceptions();
        let wrong: Vec<_> = Check::ALL
            .iter()
            .filter(|check| {
                let found: Vec<_> = judgement
                    .findings
                    .iter()
                    .filter(|finding| finding.check == **check)
                    .map(|finding| (finding.status, finding.reason))
                    .collect();
                let expected = match exceptions.get(check) {
                    Some((status, reason)) => (*status, Some(*reason)),
                    None => (Status::Passed, None),
                };
                found != [expected]
            })
            .collect();
        let because = card.applicant.because;
        assert!(wrong.is_empty(), "{because}: {wrong:?} in {:?}", judgement.findings);
        assert_eq!(judgement.findings.len(), Check::ALL.len());
        assert_eq!(judgement.verdict.decision, Decision::Accepted);
        assert_eq!((judgement.verdict.decided_by, judgement.verdict.reason), (None, None));
        assert_eq!(
            judgement.statements,
            Statements {
                data: DataStatement::Authentic,
                chip: ChipStatement::Genuine,
                trust: TrustStatement::Known,
                register: RegisterStatement::Agrees,
                bearer: BearerStatement::NotCompared,
            },
            "{because}"
        );
    }
}

#[test]
fn what_is_shown_is_what_the_register_knows() {
    let world = world();
    for card in &world.cards {
        let evidence = world.read(card.chip().unwrap(), card.can(), false).unwrap();
        let judgement = world.judge(&evidence, &card.presented(), &world.ask(&evidence).unwrap());
        let person = &card.applicant.person;
        let shown = |field: &Option<cccd_verifier::report::Field>| {
            field.as_ref().map(|field| (field.value.clone(), field.authentic))
        };
        let document = &judgement.document;
        assert_eq!(shown(&document.number), Some((person.number.as_str().to_owned(), true)));
        assert_eq!(shown(&document.full_name), Some((person.full_name.clone(), true)));
        assert_eq!(judgement.sod_sha256, Some(card.sod_sha256.to_string()));
    }
}

#[test]
fn the_thorough_reading_and_a_compared_bearer_leave_four_checks_over() {
    let world = world();
    let card = &world.cards[0];
    let evidence = world.read(card.chip().unwrap(), card.can(), true).unwrap();
    let presented = card.presented().with_holder(Some(true));
    let judgement = world.judge(&evidence, &presented, &world.ask(&evidence).unwrap());
    assert_eq!(judgement.verdict.decision, Decision::Accepted);
    assert_eq!(with_status(&judgement, Status::Passed).len(), Check::ALL.len() - 4);
    assert_eq!(judgement.statements.bearer, BearerStatement::Same);

    let other = card.presented().with_holder(Some(false));
    let judgement = world.judge(&evidence, &other, &world.ask(&evidence).unwrap());
    assert_eq!(judgement.verdict.decision, Decision::Refused);
    assert_eq!(judgement.verdict.decided_by, Some(Check::HolderPortrait));
}
