//! What the register said.

use super::Case;
use crate::finding::{Check, Finding, Reason};
use crate::register::{CardStatus, RegisterError};

pub(super) fn findings(case: &Case<'_>) -> Vec<Finding> {
    vec![card_status(case), person(case)]
}

fn not_heard(check: Check, error: &RegisterError) -> Finding {
    let reason = match error {
        RegisterError::TooManyAttempts => Reason::TooManyAttempts,
        _ => Reason::RegisterNotHeard,
    };
    Finding::unavailable(check, reason).with_detail(crate::report::printable(&error.to_string()))
}

fn card_status(case: &Case<'_>) -> Finding {
    let check = Check::RegisterCardStatus;
    let answer = match &case.register.card_status {
        None => return Finding::unavailable(check, Reason::NotAsked),
        Some(Err(error)) => return not_heard(check, error),
        Some(Ok(answer)) => answer,
    };
    let reason = match answer.status {
        CardStatus::Active => return Finding::passed(check).with_detail(answer.time.to_string()),
        CardStatus::Unknown => return Finding::unavailable(check, Reason::CardUnknown),
        CardStatus::Held => Reason::CardHeld,
        CardStatus::Lost => Reason::CardLost,
        CardStatus::Revoked => Reason::CardRevoked,
        CardStatus::Replaced => Reason::CardReplaced,
        CardStatus::Expired => Reason::CardExpired,
        CardStatus::Destroyed => Reason::CardDestroyed,
    };
    let finding = Finding::failed(check, reason);
    match &answer.since {
        Some(since) => finding.with_detail(since.clone()),
        None => finding,
    }
}

fn person(case: &Case<'_>) -> Finding {
    let check = Check::RegisterMatch;
    let answer = match &case.register.matched {
        // The card's own data do not hold: whom should one ask for?
        None if case.register.match_withheld => {
            return Finding::unavailable(check, Reason::NotAsked).with_detail("no signed personal data");
        }
        None => return Finding::unavailable(check, Reason::NotAsked),
        Some(Err(error)) => return not_heard(check, error),
        Some(Ok(answer)) => answer,
    };
    if !answer.matches {
        return Finding::failed(check, Reason::NoMatch);
    }
    let differing: Vec<String> = answer
        .agree
        .iter()
        .filter(|(_, agreement)| *agreement == "differs")
        .map(|(name, _)| crate::report::printable(name))
        .collect();
    // People move: a field that differs is told, and is no reason to refuse.
    if differing.is_empty() {
        Finding::passed(check)
    } else {
        Finding::passed(check).with_detail(format!("differs: {}", differing.join(", ")))
    }
}
