//! Who vouches for a card, how fresh that is, and what of the trust directory will not last or was not used.

use cccd_keys::certificate::Certificate;
use cccd_keys::trust::{Age, ChainResult, RevocationResult, TrustedList};
use jiff::Timestamp;
use serde::Serialize;

use super::printable;
use crate::finding::coded;
use crate::judge::Case;
use crate::judge::facts::Facts;

/// More warnings of one kind than this are not told one by one.
const MAX_WARNINGS: usize = 16;

coded! {
    /// What a warning is about. A warning decides nothing; what decides is a finding.
    pub enum WarningCode {
        /// The revocation list that was used is due soon.
        CrlDueSoon = "crl-due-soon",
        /// The master lists that brought the anchor will be old soon.
        MasterListGrowsOld = "master-list-grows-old",
        /// The master lists that brought the anchor are old: what they no longer say is not known here.
        MasterListOld = "master-list-old",
        /// A list of the signer's authority begins after the time judged at, and counted for nothing.
        CrlFromTheFuture = "crl-from-the-future",
        /// A list of the country counted for nothing: another authority's, or signed by nobody who is believed.
        CrlNotUsed = "crl-not-used",
        /// A file of the trust directory cannot be used.
        FileNotUsable = "file-not-usable",
    }
}

/// Something of the trust that a person should look after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TrustWarning {
    /// What it is about.
    pub code: WarningCode,
    /// Facts: dates, counts, names of files.
    pub detail: String,
}

/// A master list, as far as the anchor rests on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ListFacts {
    /// The state that signed it.
    pub country: Option<String>,
    /// When, as the signer says.
    pub signed_at: Option<Timestamp>,
    /// How old that is: `fresh`, `grows-old`, `old`, `from-the-future`, `unknown`.
    pub age: &'static str,
}

/// Who vouches, and how fresh that is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TrustReport {
    /// Country of the Document Signer.
    pub signer_country: Option<String>,
    /// Its serial number, hex.
    pub signer_serial: Option<String>,
    /// Where its certificate comes from: `ef-sod`, or `trust-directory` if the card did not bring it along.
    pub signer_from: Option<&'static str>,
    /// The trust anchor that vouches for it.
    pub anchor: Option<String>,
    /// SHA-256 of its certificate, hex.
    pub anchor_sha256: Option<String>,
    /// Somebody gave the anchor by itself.
    pub anchor_given: Option<bool>,
    /// The master lists that have the anchor.
    pub master_lists: Vec<ListFacts>,
    /// When the revocation list was made.
    pub crl_this_update: Option<Timestamp>,
    /// When the next is due.
    pub crl_next_update: Option<Timestamp>,
    /// What a person should look after.
    pub warnings: Vec<TrustWarning>,
}

impl TrustReport {
    pub(crate) fn of(case: &Case<'_>, facts: &Facts) -> Self {
        let certificate = facts.sod().and_then(|sod| sod.file.signer_certificate());
        let anchor = match facts.signer.as_ref().map(|signer| &signer.chain) {
            Some(ChainResult::Trusted { anchor }) => Some(anchor.as_ref()),
            _ => None,
        };
        let age = |list: &TrustedList| Age::of_master_list(list.signed_at, case.at);
        let lists = anchor.into_iter().flat_map(|anchor| case.trust.lists_with(anchor));
        let crl = match facts.signer.as_ref().map(|signer| &signer.revocation) {
            Some(RevocationResult::Good { this_update, next_update }) if anchor.is_some() => {
                Some((*this_update, *next_update))
            }
            _ => None,
        };
        Self {
            signer_country: certificate.and_then(Certificate::country).as_deref().map(printable),
            signer_serial: certificate.map(Certificate::serial_hex),
            signer_from: certificate.zip(facts.sod()).map(|(certificate, sod)| {
                let supplied = sod.file.signed_data().is_supplied(certificate);
                if supplied { "trust-directory" } else { "ef-sod" }
            }),
            anchor: anchor.map(|anchor| printable(&anchor.subject().to_string())),
            anchor_sha256: anchor.map(|anchor| hex::encode(anchor.fingerprint())),
            anchor_given: anchor.map(|anchor| case.trust.is_given(anchor)),
            master_lists: lists
                .map(|list| ListFacts {
                    country: list.country.as_deref().map(printable),
                    signed_at: list.signed_at,
                    age: age(list).code(),
                })
                .collect(),
            crl_this_update: crl.map(|(this_update, _)| this_update),
            crl_next_update: crl.map(|(_, next_update)| next_update),
            warnings: warnings(case, facts, anchor, crl.map(|(_, next_update)| next_update)),
        }
    }
}

fn warnings(
    case: &Case<'_>,
    facts: &Facts,
    anchor: Option<&Certificate>,
    next_update: Option<Timestamp>,
) -> Vec<TrustWarning> {
    let mut found = Vec::new();
    let mut warn = |code, detail: String| found.push(TrustWarning { code, detail });
    if let Some(next) = next_update.filter(|next| next.duration_since(case.at) < case.policy.crl_warning) {
        warn(WarningCode::CrlDueSoon, next.to_string());
    }
    if let Some(anchor) = anchor.filter(|anchor| !case.trust.is_given(anchor)) {
        let newest = case.trust.lists_with(anchor).max_by_key(|list| list.signed_at);
        if let Some(list) = newest {
            let signed = list.signed_at.map(|signed| signed.to_string()).unwrap_or_default();
            match Age::of_master_list(list.signed_at, case.at) {
                Age::GrowsOld => warn(WarningCode::MasterListGrowsOld, signed),
                Age::Old | Age::Unknown => warn(WarningCode::MasterListOld, signed),
                Age::Fresh | Age::FromTheFuture => {}
            }
        }
    }
    if let Some(signer) = &facts.signer {
        if signer.crls_from_the_future > 0 {
            warn(WarningCode::CrlFromTheFuture, signer.crls_from_the_future.to_string());
        }
        if signer.crls_of_others > 0 {
            warn(WarningCode::CrlNotUsed, signer.crls_of_others.to_string());
        }
    }
    for problem in case.trust.problems().iter().take(MAX_WARNINGS) {
        warn(WarningCode::FileNotUsable, printable(&format!("{}: {}", problem.file, problem.problem)));
    }
    found
}
