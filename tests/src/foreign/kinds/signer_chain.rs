//! `signer-chain`: a Document Signer and its authority, over many algorithms.

use cccd_keys::certificate::Certificate;
use cccd_keys::trust::{ChainResult, TrustStore};
use serde_json::Value;

use crate::foreign::case::Case;
use crate::foreign::data::{Data, base64_or_pem, text};
use crate::foreign::outcome::{Outcome, Problem};

/// The authority becomes an anchor, and the signer's chain is asked of the trust store.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let file = data.json(case.input("file")?)?;
    let name = case.input("name")?;
    let pair = file
        .as_object()
        .into_iter()
        .flat_map(|members| members.values())
        .filter_map(Value::as_array)
        .flatten()
        .find(|pair| pair.get("name").and_then(Value::as_str) == Some(name))
        .ok_or_else(|| Problem::new(format!("the file has no pair '{name}'")))?;
    let signer = match Certificate::parse(&base64_or_pem(text(pair, "dsc")?)?) {
        Ok(signer) => signer,
        Err(error) => return Ok(Outcome::refused(error)),
    };
    let authority = text(pair, "csca_used").or_else(|_| text(pair, "csca"))?;
    let mut trust = TrustStore::new();
    if let Err(problem) = trust.add_anchor(&base64_or_pem(authority)?) {
        return Ok(Outcome::refused(format!("the authority: {problem}")));
    }
    Ok(match case.at {
        Some(at) => super::passive::of_signer(&trust.check_signer(&signer, at)),
        None => of_chain(&trust.chain_of(&signer)),
    })
}

/// What a chain says by itself.
pub(super) fn of_chain(chain: &ChainResult) -> Outcome {
    match chain {
        ChainResult::Trusted { .. } => Outcome::accepted(),
        ChainResult::NotTrusted(why) => Outcome::refused(why),
        ChainResult::UnknownAlgorithm(unknown) => Outcome::undetermined(unknown),
        other => Outcome::undetermined(other.code().unwrap_or("unknown")),
    }
}
