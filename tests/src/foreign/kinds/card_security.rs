//! `card-security`: EF.CardSecurity, the security infos under a signature of their own.

use cccd_card_profile::lds::card_security;
use cccd_keys::signed_data::{SignatureProblem, SignedData};
use cccd_keys::trust::ChainResult;

use super::passive::trust_of;
use super::signer_chain::of_chain;
use crate::foreign::case::Case;
use crate::foreign::data::Data;
use crate::foreign::outcome::{Outcome, Problem};

/// Verifies the signature and reads the infos; the signer's chain only where the case says who is believed.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let file = data.file(case.input("file")?)?;
    let signed = match card_security::content_info(&file) {
        Ok(content) => SignedData::parse(content),
        Err(error) => return Ok(Outcome::refused(error)),
    };
    let signed = match signed {
        Ok(signed) => signed,
        Err(error) => return Ok(Outcome::refused(error)),
    };
    let facts = match signed.verify() {
        Ok(facts) => facts,
        Err(problem @ SignatureProblem::UnknownAlgorithm(_)) => return Ok(Outcome::undetermined(problem)),
        Err(problem) => return Ok(Outcome::refused(problem)),
    };
    if signed.econtent_type() != card_security::ID_SECURITY_OBJECT {
        return Ok(Outcome::refused("content-type-mismatch"));
    }
    if let Err(error) = card_security::parse(signed.econtent().unwrap_or_default()) {
        return Ok(Outcome::refused(error));
    }
    if !case.trust.is_empty() {
        let chain = trust_of(case, data)?.chain_of(&facts.signer);
        if !matches!(chain, ChainResult::Trusted { .. }) {
            return Ok(of_chain(&chain));
        }
    }
    let mut leniencies: Vec<String> =
        facts.leniencies.iter().map(|leniency| leniency.code().to_owned()).collect();
    leniencies.extend(facts.weak_hash.then(|| "weak-hash".to_owned()));
    Ok(Outcome::Accepted { leniencies })
}
