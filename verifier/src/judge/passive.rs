//! Passive authentication (Doc 9303-11 §5.1): what was signed, by whom, and whether that one is to be believed.

use cccd_card_profile::card_holder::parse_vietnamese_date;
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::dg12::Dg12;
use cccd_card_profile::lds::sod::{DigestAlgorithm, HashCheck, LdsSecurityObject};
use cccd_keys::public_key::PublicKey;
use cccd_keys::signed_data::{Leniency, SignatureProblem};
use cccd_keys::trust::{
    ChainResult, NotTrusted, RevocationResult, SignerPath, UnknownRevocation, ValidityStatus,
};
use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use jiff::civil::Date;

use super::facts::{Facts, digest_name};
use super::{Case, vietnamese_day};
use crate::country::{certificate_countries, is_country_of};
use crate::evidence::MissingCause;
use crate::finding::{Check, Finding, Reason, Scope};
use crate::policy::{Sunset, WeakAlgorithms};

/// id-data (RFC 5652 §4): what some states write where the standard wants id-icao-ldsSecurityObject.
const ID_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");

/// The groups of every document (Doc 9303-10 §4.7, table 38: DG1 and DG2 are mandatory). A signer that lists neither signed no
/// document: the reading follows the list, and would not even see them.
const MANDATORY: [DataGroupNumber; 2] = [DataGroupNumber::DG1, DataGroupNumber::DG2];

pub(super) fn findings(case: &Case<'_>, facts: &Facts) -> Vec<Finding> {
    vec![
        sod_signature(case, facts),
        data_group_hashes(case, facts),
        signer_chain(case, facts),
        signer_country(facts),
        signer_document_type(case, facts),
        signer_validity(case, facts),
        revocation(case, facts),
    ]
}

fn weak(case: &Case<'_>) -> bool {
    case.policy.weak_algorithms == WeakAlgorithms::Distrust
}

/// Why there is no EF.SOD to judge.
fn without_sod(case: &Case<'_>, check: Check) -> Finding {
    match case.evidence.missing(ElementaryFile::Sod).map(|missing| missing.cause) {
        Some(MissingCause::Absent) => Finding::failed(check, Reason::NoSod),
        Some(MissingCause::AccessDenied | MissingCause::Refused) => {
            Finding::unavailable(check, Reason::AccessDenied)
        }
        Some(MissingCause::TooLong) => Finding::failed(check, Reason::MalformedData),
        Some(MissingCause::LinkLost | MissingCause::SecureMessaging) => {
            Finding::unavailable(check, Reason::TransportFailure)
        }
        None => Finding::unavailable(check, Reason::NoSod),
    }
}

fn sod_signature(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::SodSignature;
    let sod = match &facts.sod {
        None => return without_sod(case, check),
        Some(Err(error)) => {
            return Finding::failed(check, Reason::MalformedData)
                .with_detail(format!("offset {}", error.offset()));
        }
        Some(Ok(sod)) => sod,
    };
    let signature = match &sod.signature {
        Ok(signature) => signature,
        // Nobody is named by a certificate that came along: the signer is not at hand, and nothing speaks against the document.
        Err(SignatureProblem::NoSignerCertificate)
            if !facts.is_own(case)
                && sod.file.signed_data().certificates().is_empty()
                && sod.file.signed_data().unreadable_certificates() == 0 =>
        {
            return Finding::unavailable(check, Reason::NoSignerCertificate);
        }
        Err(problem) => return of_problem(check, problem),
    };
    if !sod.file.has_lds_security_object_type() {
        let found = sod.file.econtent_type();
        let finding = if found == ID_DATA {
            Finding::inconclusive(check, Reason::ContentTypeMismatch)
        } else {
            Finding::failed(check, Reason::ContentTypeMismatch)
        };
        return finding.with_detail(found.to_string());
    }
    if let Err(error) = &sod.object {
        return Finding::failed(check, Reason::MalformedData).with_detail(error.to_string());
    }
    // Foreign signers are read as they write; ours writes by the book, and whatever differs is not from it.
    if let Some(departure) = signature.leniencies.first().filter(|_| facts.is_own(case)) {
        let reason = match departure {
            Leniency::IssuerNameOther | Leniency::CertificateFromElsewhere => Reason::NoSignerCertificate,
            _ => Reason::MalformedData,
        };
        return Finding::failed(check, reason).with_detail(departure.code());
    }
    if signature.weak_hash && weak(case) {
        return Finding::inconclusive(check, Reason::WeakAlgorithm).with_detail(signature.digest.to_string());
    }
    if let Some(sunset) = has_set(case, signature.signer.public_key()) {
        return Finding::inconclusive(check, Reason::AlgorithmSunset).with_detail(sunset.to_string());
    }
    Finding::passed(check)
}

/// The sunset past which this key's signatures are, by the policy or by the trust directory.
fn has_set<'a>(case: &Case<'a>, key: &PublicKey) -> Option<&'a Sunset> {
    let mut all = case.policy.sunsets.iter().chain(case.trust.sunsets());
    all.find(|sunset| sunset.has_set_on(key, vietnamese_day(case.at)))
}

fn of_problem(check: Check, problem: &SignatureProblem) -> Finding {
    let reason = match problem {
        SignatureProblem::UnknownAlgorithm(_) => {
            return Finding::inconclusive(check, Reason::UnknownAlgorithm).with_detail(problem.to_string());
        }
        SignatureProblem::NoSigner | SignatureProblem::NoContent | SignatureProblem::NoSignedAttributes => {
            Reason::UnsignedContent
        }
        SignatureProblem::NoSignerCertificate => Reason::NoSignerCertificate,
        SignatureProblem::RepeatedAttribute => Reason::MalformedData,
        SignatureProblem::ContentTypeMismatch => Reason::ContentTypeMismatch,
        SignatureProblem::MessageDigestMismatch => Reason::MessageDigestMismatch,
        _ => Reason::SignatureInvalid,
    };
    Finding::failed(check, reason)
}

fn names(groups: &[DataGroupNumber]) -> String {
    groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn data_group_hashes(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::DataGroupHashes;
    let Some(object) = facts.object() else {
        return match &facts.sod {
            None => without_sod(case, check),
            Some(_) => Finding::inconclusive(check, Reason::MalformedData),
        };
    };
    if !object.duplicates().is_empty() || !object.impossible_numbers().is_empty() {
        return Finding::failed(check, Reason::MalformedData).with_detail("list of digests");
    }
    let with = |wanted: HashCheck| -> Vec<DataGroupNumber> {
        DataGroupNumber::all().filter(|number| of_group(case, object, *number) == Some(wanted)).collect()
    };
    let (differ, unsigned) = (with(HashCheck::Differs), with(HashCheck::NotListed));
    if !differ.is_empty() {
        return Finding::failed(check, Reason::HashMismatch).with_detail(names(&differ));
    }
    if !unsigned.is_empty() {
        return Finding::failed(check, Reason::UnsignedContent).with_detail(names(&unsigned));
    }
    let unlisted: Vec<DataGroupNumber> =
        MANDATORY.into_iter().filter(|number| !facts.lists(*number)).collect();
    if !unlisted.is_empty() {
        return Finding::failed(check, Reason::UnsignedContent).with_detail(names(&unlisted));
    }
    let missing: Vec<DataGroupNumber> =
        object.data_groups().into_iter().filter(|number| of_group(case, object, *number).is_none()).collect();
    let absent: Vec<DataGroupNumber> = missing
        .iter()
        .copied()
        .filter(|number| {
            let cause =
                case.evidence.missing(ElementaryFile::DataGroup(*number)).map(|missing| missing.cause);
            cause == Some(MissingCause::Absent) && !is_protected(*number)
        })
        .collect();
    if !absent.is_empty() {
        return Finding::failed(check, Reason::DataGroupAbsent).with_detail(names(&absent));
    }
    if !with(HashCheck::UnknownAlgorithm).is_empty() {
        return Finding::inconclusive(check, Reason::UnknownAlgorithm);
    }
    // DG3 and DG4 are for terminals with the right; their absence from the reading is no gap in it.
    let not_read: Vec<DataGroupNumber> =
        missing.into_iter().filter(|number| !is_protected(*number)).collect();
    if !not_read.is_empty() {
        return Finding::inconclusive(check, Reason::DataGroupNotRead).with_detail(names(&not_read));
    }
    if object.digest_algorithm() == DigestAlgorithm::Sha1 && weak(case) {
        return Finding::inconclusive(check, Reason::WeakAlgorithm).with_detail("SHA-1");
    }
    let finding = Finding::passed(check).with_detail(names(&compared(case, object)));
    let portrait = DataGroupNumber::DG2.value();
    if case.evidence.files.withheld.contains_key(&portrait) {
        finding.in_scope(Scope::PortraitWithheld)
    } else {
        finding
    }
}

/// The groups whose files are here and hold; of DG3 and DG4 no file is ever kept.
fn compared(case: &Case<'_>, object: &LdsSecurityObject) -> Vec<DataGroupNumber> {
    let holds = |number: &DataGroupNumber| of_group(case, object, *number) == Some(HashCheck::Matches);
    DataGroupNumber::all()
        .filter(|number| case.evidence.data_group(*number).is_some() || is_protected(*number))
        .filter(holds)
        .collect()
}

fn is_protected(number: DataGroupNumber) -> bool {
    matches!(number, DataGroupNumber::DG3 | DataGroupNumber::DG4)
}

/// How one group compares; `None` when there is nothing to compare. A digest kept in place of a file is compared too:
/// what it is worth depends on who kept it.
fn of_group(case: &Case<'_>, object: &LdsSecurityObject, number: DataGroupNumber) -> Option<HashCheck> {
    if let Some(file) = case.evidence.data_group(number) {
        return Some(object.check(number, file));
    }
    let digests = case.evidence.files.withheld.get(&number.value())?;
    let mut listed = object.hashes().filter(|(listed, _)| *listed == u32::from(number.value()));
    let Some((_, hash)) = listed.next() else { return Some(HashCheck::NotListed) };
    let Some(kept) = digest_name(object.digest_algorithm()).and_then(|name| digests.get(name)) else {
        return Some(HashCheck::UnknownAlgorithm);
    };
    Some(if *kept == hex::encode(hash) { HashCheck::Matches } else { HashCheck::Differs })
}

fn no_signer(check: Check, facts: &Facts) -> Finding {
    let reason = match &facts.sod {
        Some(Ok(_)) => Reason::NoSignerCertificate,
        Some(Err(_)) => Reason::MalformedData,
        None => Reason::NoSod,
    };
    Finding::unavailable(check, reason)
}

fn signer_chain(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::SignerChain;
    let Some(signer) = &facts.signer else { return no_signer(check, facts) };
    match &signer.chain {
        ChainResult::Trusted { .. } => match out_of_profile(case, facts, signer) {
            Some(code) => Finding::failed(check, Reason::SignerProfile).with_detail(code),
            None => match weak_chain(case, signer) {
                Some(detail) => Finding::inconclusive(check, Reason::WeakAlgorithm).with_detail(detail),
                // Whoever forges one signature of the chain needs none of the others.
                None => match signer.authorities().find_map(|above| has_set(case, above.public_key())) {
                    Some(sunset) => {
                        Finding::inconclusive(check, Reason::AlgorithmSunset).with_detail(sunset.to_string())
                    }
                    None => Finding::passed(check),
                },
            },
        },
        ChainResult::NoAnchorForIssuer { country } => {
            let country = country.as_deref().map(crate::report::printable).unwrap_or_default();
            Finding::unavailable(check, Reason::NoTrustAnchor).with_detail(country)
        }
        ChainResult::NotTrusted(why) => {
            let reason = Reason::ChainNotTrusted;
            Finding::failed(check, reason).with_detail(match why {
                NotTrusted::UnknownIssuer => "unknown-issuer",
                NotTrusted::SignatureInvalid => "signature-invalid",
                NotTrusted::CountryMismatch => "country-mismatch",
                _ => "not-trusted",
            })
        }
        ChainResult::BudgetExhausted => Finding::inconclusive(check, Reason::BudgetExhausted),
        _ => Finding::inconclusive(check, Reason::UnknownAlgorithm),
    }
}

/// Departures that are remarks on foreign certificates and never occur in ours, which are written by Doc 9303-12 §7.1 and RFC 5280.
const OURS_NEVER: [&str; 5] = [
    "algorithm-fields-differ",
    "issuer-by-key-identifier",
    "key-usage-not-critical",
    "no-authority-key-identifier",
    "time-form",
];

/// Why the signer's certificate is not that of a Document Signer: made for another purpose, or, of a card of ours, not made by
/// the book.
fn out_of_profile(case: &Case<'_>, facts: &Facts, signer: &SignerPath) -> Option<&'static str> {
    let violation = signer.profile_problems.iter().find(|problem| problem.is_violation());
    let remarks = signer.profile_problems.iter().map(|problem| problem.code());
    let told = remarks.chain(signer.leniencies.iter().copied());
    violation.map(|problem| problem.code()).or_else(|| {
        let mut never = told.filter(|code| OURS_NEVER.contains(code));
        never.next().filter(|_| facts.is_own(case))
    })
}

/// What of the chain is past its sunset: the hash of a signature, or the size of a key.
fn weak_chain(case: &Case<'_>, signer: &SignerPath) -> Option<String> {
    let short = signer.shortest_rsa.filter(|bits| *bits < case.policy.least_rsa_bits);
    match short {
        _ if !weak(case) => None,
        _ if signer.weak_hash => Some("SHA-1".to_owned()),
        short => short.map(|bits| format!("RSA-{bits}")),
    }
}

fn signer_country(facts: &Facts) -> Finding {
    let check = Check::SignerCountry;
    let Some(signer) = &facts.signer else { return no_signer(check, facts) };
    let Some(mrz) = facts.mrz() else { return Finding::unavailable(check, Reason::NotRead) };
    let country = signer.country.as_deref().unwrap_or("-");
    match is_country_of(mrz.issuing_state(), country) {
        None => Finding::inconclusive(check, Reason::UnknownIssuingState),
        Some(true) => Finding::passed(check),
        Some(false) => {
            let expected = certificate_countries(mrz.issuing_state()).join(", ");
            let detail = format!("{expected} / {}", crate::report::printable(country));
            Finding::failed(check, Reason::CountryMismatch).with_detail(detail)
        }
    }
}

fn signer_document_type(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::SignerDocumentType;
    let certificate = facts.sod().and_then(|sod| sod.file.signer_certificate());
    let Some(certificate) = certificate else { return no_signer(check, facts) };
    let Some(mrz) = facts.mrz() else { return Finding::unavailable(check, Reason::NotRead) };
    match certificate.covers_document(mrz.document_code()) {
        Some(true) => Finding::passed(check),
        Some(false) => {
            let code = crate::report::printable(mrz.document_code());
            Finding::failed(check, Reason::DocumentTypeNotAllowed).with_detail(code)
        }
        None if facts.is_own(case) => Finding::failed(check, Reason::NoDocumentTypeList),
        None => Finding::not_applicable(check, Reason::NoDocumentTypeList),
    }
}

fn signer_validity(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::SignerValidity;
    let Some(signer) = &facts.signer else { return no_signer(check, facts) };
    for status in [Some(signer.validity), signer.anchor_validity].into_iter().flatten() {
        match status {
            ValidityStatus::Valid => {}
            ValidityStatus::Expired => return Finding::failed(check, Reason::CertificateExpired),
            ValidityStatus::NotYetValid => return Finding::failed(check, Reason::CertificateNotYetValid),
        }
    }
    match issue_date(case, facts) {
        Some(issued) if !might_sign(signer, issued) => {
            Finding::failed(check, Reason::OutsidePrivateKeyUsage).with_detail(format!("issued {issued}"))
        }
        Some(issued) => Finding::passed(check).with_detail(format!("issued {issued}")),
        None => Finding::passed(check),
    }
}

/// The card's date of issue, if DG13 or DG12 says it under the signature.
fn issue_date(case: &Case<'_>, facts: &Facts) -> Option<Date> {
    let signed = |number| facts.is_signed(case.evidence, number);
    if signed(DataGroupNumber::DG13) {
        let national = facts.national().and_then(|dg13| dg13.data.issue_date.as_deref());
        if let Some(day) = national.and_then(parse_vietnamese_date) {
            return Some(day);
        }
    }
    // Of other states DG12 tells it (Doc 9303-10 §4.7.12): YYYYMMDD.
    let file = case.evidence.data_group(DataGroupNumber::DG12).filter(|_| signed(DataGroupNumber::DG12))?;
    Date::strptime("%Y%m%d", Dg12::parse(file).ok()?.issue_date?).ok()
}

/// Whether the signer's key might sign at some moment of the day of issue: the card tells the day only.
fn might_sign(signer: &SignerPath, issued: Date) -> bool {
    let Some(period) = signer.private_key_usage else { return true };
    let offset = jiff::tz::offset(7);
    let start = offset.to_timestamp(issued.at(0, 0, 0, 0)).unwrap_or(Timestamp::MIN);
    let end = offset.to_timestamp(issued.at(23, 59, 59, 0)).unwrap_or(Timestamp::MAX);
    period.not_before.is_none_or(|from| from <= end) && period.not_after.is_none_or(|to| start <= to)
}

fn revocation(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::Revocation;
    let Some(signer) = &facts.signer else { return no_signer(check, facts) };
    // A list says something about a signer only if the anchor that vouches for the one vouches for the other.
    if !facts.is_chain_trusted() {
        return Finding::unavailable(check, Reason::RevocationUnknown).with_detail("no-trusted-signer");
    }
    match &signer.revocation {
        RevocationResult::Good { .. } if signer.crl_weak_hash && weak(case) => {
            Finding::inconclusive(check, Reason::WeakAlgorithm).with_detail("SHA-1")
        }
        RevocationResult::AuthorityRevoked { date, reason } => {
            Finding::failed(check, Reason::CertificateRevoked)
                .with_detail(format!("authority, {date}, {reason}"))
        }
        RevocationResult::Good { this_update, next_update } => {
            Finding::passed(check).with_detail(format!("{this_update} – {next_update}"))
        }
        RevocationResult::Revoked { date, reason } => {
            Finding::failed(check, Reason::CertificateRevoked).with_detail(format!("{date}, {reason}"))
        }
        RevocationResult::Unknown(unknown @ UnknownRevocation::Stale { .. }) => {
            Finding::unavailable(check, Reason::CrlStale).with_detail(unknown.code())
        }
        RevocationResult::Unknown(unknown) => {
            Finding::unavailable(check, Reason::RevocationUnknown).with_detail(unknown.code())
        }
        _ => Finding::unavailable(check, Reason::RevocationUnknown),
    }
}
