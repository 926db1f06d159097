//! What the issuing state itself says to be wrong in documents like this one (Doc 9303-12 §10).

use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::mrz::Mrz;
use cccd_keys::certificate::Certificate;
use cccd_keys::deviation_list::Document;
use cccd_keys::trust::ChainResult;

use super::Case;
use super::facts::Facts;
use crate::finding::{Check, Finding, Reason};

/// A deviation excuses nothing and accuses nobody: a document that it concerns is for a person to judge. The state says so
/// about its own documents, so the list counts only under an authority of the signer's country.
pub(super) fn finding(case: &Case<'_>, facts: &Facts) -> Finding {
    let check = Check::Deviation;
    let signer = facts.sod().and_then(|sod| sod.file.signer_certificate());
    let Some(signer) = signer else { return Finding::not_applicable(check, Reason::NoSod) };
    if !signer.country().is_some_and(|country| case.trust.has_deviations_of(&country)) {
        return Finding::not_applicable(check, Reason::NoDeviationList);
    }
    let mut certificates: Vec<&Certificate> = vec![signer];
    if let Some(path) = &facts.signer {
        certificates.extend(path.link.as_deref());
        if let ChainResult::Trusted { anchor } = &path.chain {
            certificates.push(anchor);
        }
    }
    let signed = facts.is_signed(case.evidence, DataGroupNumber::DG1);
    let mrz = facts.mrz().filter(|_| signed);
    let number = mrz.map(Mrz::document_number);
    let document =
        Document { document_type: mrz.map(Mrz::document_code), number: number.as_deref(), issued: None };
    let kinds = case.trust.deviations_of(&certificates, document);
    if kinds.is_empty() {
        return Finding::passed(check);
    }
    let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
    Finding::inconclusive(check, Reason::DeviationListed).with_detail(kinds.join(", "))
}
