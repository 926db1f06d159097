//! How the chip was opened, and how the protected channel did.

use super::Case;
use super::facts::Facts;
use crate::evidence::{AccessProtocol, IncidentKind, PaceFailure, TerminalAuthenticationOutcome};
use crate::finding::{Check, Finding, Reason};
use crate::report::printable;

pub(super) fn findings(case: &Case<'_>, facts: &Facts) -> Vec<Finding> {
    vec![pace(case), bac(case), downgrade(case, facts), terminal_authentication(case), secure_messaging(case)]
}

fn pace(case: &Case<'_>) -> Finding {
    let check = Check::Pace;
    let access = &case.evidence.access;
    match access.protocol {
        AccessProtocol::None => Finding::unavailable(check, Reason::NotRead),
        AccessProtocol::Pace => Finding::passed(check),
        AccessProtocol::Bac if access.pace_offered.is_empty() => {
            Finding::not_applicable(check, Reason::ProtocolNotOffered)
        }
        AccessProtocol::Bac => Finding::not_applicable(check, Reason::ProtocolNotUsed),
    }
}

fn bac(case: &Case<'_>) -> Finding {
    let check = Check::Bac;
    match case.evidence.access.protocol {
        AccessProtocol::None => Finding::unavailable(check, Reason::NotRead),
        AccessProtocol::Bac => Finding::passed(check),
        AccessProtocol::Pace => Finding::not_applicable(check, Reason::ProtocolNotUsed),
    }
}

/// BAC on a chip that offers PACE is a downgrade: whoever stands between could have wanted it. What the chip offers says
/// EF.CardAccess, which anyone can alter, and DG14, which nobody can.
fn downgrade(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::Downgrade;
    let access = &case.evidence.access;
    match access.protocol {
        AccessProtocol::None => Finding::unavailable(check, Reason::NotRead),
        AccessProtocol::Pace => Finding::passed(check),
        AccessProtocol::Bac => {
            let signed = facts.security_infos().is_some_and(|infos| infos.pace().next().is_some());
            match access.pace_failure {
                Some(PaceFailure::NotSupported) => Finding::inconclusive(check, Reason::ProtocolNotSupported),
                Some(PaceFailure::Broken) => Finding::failed(check, Reason::ProtocolDowngrade),
                None if signed || !access.pace_offered.is_empty() => {
                    Finding::failed(check, Reason::ProtocolDowngrade)
                }
                None => Finding::not_applicable(check, Reason::ProtocolNotOffered),
            }
        }
    }
}

/// Whether the chip let this terminal in: no statement about the card.
fn terminal_authentication(case: &Case<'_>) -> Finding {
    use TerminalAuthenticationOutcome as Outcome;
    let check = Check::TerminalAuthentication;
    let Some(record) = &case.evidence.terminal_authentication else {
        return Finding::not_applicable(check, Reason::ProtocolNotUsed);
    };
    let reason = match record.outcome {
        Outcome::Authenticated => return Finding::passed(check).with_detail(printable(&record.terminal)),
        Outcome::NotOffered => return Finding::not_applicable(check, Reason::ProtocolNotOffered),
        Outcome::ChipNotAuthenticated => Reason::ChipNotAuthenticated,
        Outcome::AuthorityUnknown => Reason::TerminalAuthorityUnknown,
        Outcome::CertificateNotYetValid => Reason::TerminalCertificateNotYetValid,
        Outcome::CertificateRefused => Reason::TerminalCertificateRefused,
        Outcome::SignatureRefused | Outcome::Refused => Reason::TerminalRefused,
        Outcome::Interrupted => Reason::TransportFailure,
    };
    let status = record.status_word.as_deref().map(|status| format!(" {}", printable(status)));
    Finding::unavailable(check, reason).with_detail(format!(
        "{}{}",
        printable(&record.terminal),
        status.unwrap_or_default()
    ))
}

fn secure_messaging(case: &Case<'_>) -> Finding {
    let check = Check::SecureMessaging;
    let log = &case.evidence.secure_messaging;
    if case.evidence.access.protocol == AccessProtocol::None {
        return Finding::unavailable(check, Reason::NotRead);
    }
    let broken = log.incidents.iter().find(|incident| incident.kind != IncidentKind::LengthRefused);
    match broken {
        Some(incident) => {
            let kind = if incident.kind == IncidentKind::NakedAnswer { "naked answer" } else { "integrity" };
            let step = printable(&incident.step);
            Finding::failed(check, Reason::SecureMessagingIntegrity).with_detail(format!("{step}: {kind}"))
        }
        None if log.verified_exchanges == 0 => Finding::unavailable(check, Reason::TransportFailure),
        None => Finding::passed(check).with_detail(format!("{} answers", log.verified_exchanges)),
    }
}
