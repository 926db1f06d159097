//! What was tolerated, counted and told: a document is read leniently and judged strictly (`docs/decisions/0093-leniencies.md`).

use cccd_keys::trust::RevocationResult;
use serde::Serialize;

use super::facts::Facts;
use crate::finding::coded;

coded! {
    /// Where something was tolerated.
    pub enum Place {
        /// EF.SOD: its encoding, its signature, its signer identifier.
        Sod = "ef-sod",
        /// The certificates from the signer to the anchor.
        Chain = "signer-chain",
        /// The revocation list that decided.
        RevocationList = "revocation-list",
    }
}

/// One departure from a standard that was tolerated. It decides nothing by itself; where the policy does not tolerate it, a
/// finding says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Leniency {
    /// Where.
    #[serde(rename = "in")]
    pub place: Place,
    /// What, by its stable code (`docs/verdict.md`).
    pub code: &'static str,
}

/// Everything that was tolerated on the way to the verdict, each once.
pub(super) fn leniencies(facts: &Facts) -> Vec<Leniency> {
    let mut found = Vec::new();
    let mut add = |place, codes: Vec<&'static str>| {
        found.extend(codes.into_iter().map(|code| Leniency { place, code }));
    };
    if let Some(sod) = facts.sod() {
        add(Place::Sod, sod.file.leniencies());
        if let Ok(signature) = &sod.signature {
            add(Place::Sod, signature.leniencies.iter().map(|leniency| leniency.code()).collect());
            add(Place::Sod, signature.weak_hash.then_some("weak-hash").into_iter().collect());
            add(Place::Sod, signature.hashes_differ.then_some("hashes-differ").into_iter().collect());
        }
    }
    if let Some(signer) = &facts.signer {
        add(Place::Chain, signer.leniencies.clone());
        add(Place::Chain, signer.weak_hash.then_some("weak-hash").into_iter().collect());
        let remarks = signer.profile_problems.iter().filter(|problem| !problem.is_violation());
        add(Place::Chain, remarks.map(|problem| problem.code()).collect());
        if !matches!(signer.revocation, RevocationResult::Unknown(_)) {
            add(Place::RevocationList, signer.crl_leniencies.clone());
            add(Place::RevocationList, signer.crl_weak_hash.then_some("weak-hash").into_iter().collect());
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}
