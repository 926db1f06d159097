//! Whether the chip is the one that was issued. A copy has every byte and every signature, and not the private keys.
//!
//! A proof counts when three things hold: the protocol succeeded, its key stands in a data group that EF.SOD signs, and
//! it is known to have happened here and now, before a trusted station, or in answer to this verifier's challenge.

use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::security_infos::SecurityInfos;
use cccd_card_profile::protocol::active_authentication::{
    ActiveAuthenticationError, Challenge, HashAlgorithm, verify,
};
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::group::Element;
use cccd_card_profile::protocol::pace::{Mapping, MappingProof, PaceProtocol};
use cccd_card_profile::protocol::private_key::PublicKey;
use const_oid::ObjectIdentifier;

use super::Case;
use super::facts::Facts;
use crate::evidence::{AccessProtocol, ChipAuthenticationOutcome, Provenance, bound_challenge};
use crate::finding::{Check, Finding, Reason, Scope};
use crate::policy::WeakAlgorithms;

pub(super) fn findings(case: &Case<'_>, facts: &Facts) -> Vec<Finding> {
    vec![chip_authentication(case, facts), active_authentication(case, facts), pace_cam(case, facts)]
}

/// Why a group that a proof needs is not there: not offered, or lost.
fn without_group(case: &Case<'_>, facts: &Facts, check: Check, number: DataGroupNumber) -> Finding {
    if facts.object().is_none() {
        return Finding::unavailable(check, Reason::NotRead);
    }
    if !facts.lists(number) {
        return Finding::not_applicable(check, Reason::ProtocolNotOffered);
    }
    let file = cccd_card_profile::file_system::ElementaryFile::DataGroup(number);
    let reason = match case.evidence.missing(file).map(|missing| missing.cause) {
        Some(crate::evidence::MissingCause::Absent) => Reason::DataGroupAbsent,
        Some(crate::evidence::MissingCause::AccessDenied | crate::evidence::MissingCause::Refused) => {
            Reason::AccessDenied
        }
        Some(_) => Reason::TransportFailure,
        None => Reason::DataGroupNotRead,
    };
    Finding::unavailable(check, reason)
}

fn without_record(case: &Case<'_>, check: Check) -> Finding {
    let reason = if case.evidence.access.protocol == AccessProtocol::None {
        Reason::NotRead
    } else if case.evidence.complete {
        Reason::ProtocolNotUsed
    } else {
        Reason::TransportFailure
    };
    Finding::unavailable(check, reason)
}

/// What a proof that succeeded is worth, by where the evidence comes from. Whoever issued a nonce wants this reading and
/// no other: evidence that does not answer it is not fresh, whoever signed it.
fn fresh(case: &Case<'_>, check: Check) -> Finding {
    if case.issued_nonce.is_some() && !nonce_is_answered(case) {
        return Finding::inconclusive(check, Reason::NotFresh);
    }
    match case.provenance {
        Provenance::Live => Finding::passed(check).in_scope(Scope::HereAndNow),
        Provenance::TrustedStation { .. } => Finding::passed(check).in_scope(Scope::StationSigned),
        Provenance::BadSignature => Finding::inconclusive(check, Reason::EvidenceSignatureInvalid),
        Provenance::Unsigned => Finding::inconclusive(check, Reason::NotFresh),
    }
}

fn chip_authentication(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::ChipAuthentication;
    let number = DataGroupNumber::DG14;
    let infos = match &facts.security_infos {
        None => return without_group(case, facts, check, number),
        Some(Err(_)) => return Finding::inconclusive(check, Reason::MalformedData),
        Some(Ok(infos)) => infos,
    };
    if infos.chip_authentication_keys().next().is_none() {
        return Finding::not_applicable(check, Reason::ProtocolNotOffered);
    }
    // A key alone is an old document's; a key beside an info that cannot be read is not.
    if infos.has_malformed_chip_authentication() {
        return Finding::inconclusive(check, Reason::MalformedData).with_detail("ChipAuthenticationInfo");
    }
    let Some(record) = &case.evidence.chip_authentication else { return without_record(case, check) };
    match record.outcome {
        ChipAuthenticationOutcome::Failed => Finding::failed(check, Reason::KeyAgreementFailed),
        ChipAuthenticationOutcome::NotSupported => Finding::inconclusive(check, Reason::ProtocolNotSupported),
        ChipAuthenticationOutcome::TerminalAuthenticationFirst => {
            Finding::unavailable(check, Reason::TerminalAuthenticationRequired)
        }
        ChipAuthenticationOutcome::Interrupted => Finding::unavailable(check, Reason::TransportFailure),
        ChipAuthenticationOutcome::Confirmed => {
            let is_listed = infos.chip_authentication_keys().any(|key| key.public_key == record.public_key);
            if !is_listed || !facts.is_signed(case.evidence, number) {
                return Finding::inconclusive(check, Reason::KeyNotAuthentic);
            }
            fresh(case, check)
        }
    }
}

fn active_authentication(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::ActiveAuthentication;
    let number = DataGroupNumber::DG15;
    let info = match &facts.chip_key {
        None => return without_group(case, facts, check, number),
        Some(Err(_)) => return Finding::inconclusive(check, Reason::MalformedData),
        Some(Ok(info)) => info,
    };
    let Some(record) = &case.evidence.active_authentication else { return without_record(case, check) };
    let Ok(key) = PublicKey::from_spki(info.as_der()) else {
        return Finding::inconclusive(check, Reason::UnknownAlgorithm);
    };
    let Some(answer) = &record.answer else { return Finding::failed(check, Reason::AnswerRefused) };
    let Ok(challenge) = Challenge::try_from(record.challenge.as_slice()) else {
        return Finding::inconclusive(check, Reason::MalformedData);
    };
    let hash = match announced_hash(facts) {
        Ok(hash) => hash,
        Err(()) => return Finding::inconclusive(check, Reason::UnknownAlgorithm),
    };
    let used = match verify(&key, &challenge, answer, hash) {
        Ok(used) => used,
        Err(ActiveAuthenticationError::UnknownHash(_)) => {
            return Finding::inconclusive(check, Reason::UnknownAlgorithm);
        }
        Err(ActiveAuthenticationError::Key) => return Finding::inconclusive(check, Reason::UnknownAlgorithm),
        Err(_) => return Finding::failed(check, Reason::ChallengeMismatch),
    };
    if !facts.is_signed(case.evidence, number) {
        return Finding::inconclusive(check, Reason::KeyNotAuthentic);
    }
    let short = info.key().rsa_bits().is_some_and(|bits| bits < case.policy.least_rsa_bits);
    if (short || used == HashAlgorithm::Sha1) && case.policy.weak_algorithms == WeakAlgorithms::Distrust {
        return Finding::inconclusive(check, Reason::WeakAlgorithm);
    }
    if answers_our_challenge(case, &challenge) {
        return Finding::passed(check).in_scope(Scope::ChallengeOfVerifier);
    }
    fresh(case, check)
}

/// The hash that DG14 names for ECDSA. RSA signatures name their own.
fn announced_hash(facts: &Facts) -> Result<Option<HashAlgorithm>, ()> {
    let Some(info) = facts.security_infos().and_then(|infos| infos.active_authentication()) else {
        return Ok(None);
    };
    HashAlgorithm::from_ecdsa_plain_oid(info.signature_algorithm).map(Some).ok_or(())
}

/// Whether the challenge is the one that this verifier's nonce leads to, for this card, station and time, and the reading
/// is recent.
fn answers_our_challenge(case: &Case<'_>, challenge: &Challenge) -> bool {
    let (Some(nonce), Some(sod)) = (case.issued_nonce, case.evidence.sod_sha256()) else { return false };
    let station = case.evidence.station.as_deref().unwrap_or_default();
    let age = case.at.duration_since(case.evidence.read_at).abs();
    // A nonce that could be guessed would let answers be collected beforehand.
    nonce.len() >= 16
        && age <= case.policy.challenge_age
        && *challenge == bound_challenge(nonce, station, case.evidence.read_at, &sod)
}

/// Whether Active Authentication was run over the challenge that this verifier's nonce leads to.
fn nonce_is_answered(case: &Case<'_>) -> bool {
    case.evidence
        .active_authentication
        .as_ref()
        .and_then(|record| Challenge::try_from(record.challenge.as_slice()).ok())
        .is_some_and(|challenge| answers_our_challenge(case, &challenge))
}

/// PACE with chip authentication mapping. The static key counts when its file is authentic: EF.CardSecurity by a signer
/// that we trust as we trust EF.SOD's, or DG14 by EF.SOD.
fn pace_cam(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::PaceChipAuthenticationMapping;
    let evidence = case.evidence;
    let is_cam = |oid: &String| {
        ObjectIdentifier::new(oid)
            .ok()
            .and_then(PaceProtocol::from_oid)
            .is_some_and(|protocol| protocol.mapping == Mapping::ChipAuthentication)
    };
    if evidence.access.protocol == AccessProtocol::None {
        return Finding::unavailable(check, Reason::NotRead);
    }
    if !evidence.access.pace_offered.iter().any(is_cam) {
        return Finding::not_applicable(check, Reason::ProtocolNotOffered);
    }
    let Some(record) = &evidence.pace_chip_authentication else {
        return Finding::unavailable(check, Reason::ProtocolNotUsed);
    };
    let proof = DomainParameters::from_id(record.parameters)
        .and_then(|parameters| MappingProof::from_parts(parameters, &record.mapping_key, &record.data));
    let Some(proof) = proof else { return Finding::inconclusive(check, Reason::MalformedData) };
    let card_security = match &facts.card_security {
        Some(Ok(file)) => Some(file),
        Some(Err(_)) => return Finding::inconclusive(check, Reason::MalformedData),
        None => None,
    };
    let signed_group = facts.security_infos().filter(|_| facts.is_signed(evidence, DataGroupNumber::DG14));
    let holds = |infos: &SecurityInfos| static_keys(infos).any(|key| proof.is_of(&key));
    if signed_group.is_some_and(holds) {
        return fresh(case, check);
    }
    let by_card_security = card_security.filter(|file| holds(&file.infos));
    // EF.CardSecurity is another file of another signature: that its chip is genuine says nothing about these data, which
    // may be a copy of another card's, shown beside the copier's own chip.
    if by_card_security.is_some_and(|file| file.is_authentic) {
        return Finding::unavailable(check, Reason::KeyNotBound);
    }
    if by_card_security.is_some() || facts.security_infos().is_some_and(holds) {
        return Finding::inconclusive(check, Reason::KeyNotAuthentic);
    }
    let on_the_group = |key: Element| key.group() == proof.mapping_key().group();
    match card_security {
        // It states a key on this group, and did not come to it.
        Some(file) if static_keys(&file.infos).any(on_the_group) => {
            Finding::failed(check, Reason::KeyAgreementFailed)
        }
        Some(_) => Finding::inconclusive(check, Reason::KeyNotAuthentic),
        None => Finding::unavailable(check, Reason::NotRead),
    }
}

fn static_keys(infos: &SecurityInfos) -> impl Iterator<Item = Element> + '_ {
    let element = |spki: &[u8]| PublicKey::from_spki(spki).ok().and_then(|key| key.element());
    infos.chip_authentication_keys().filter_map(move |key| element(&key.public_key))
}
