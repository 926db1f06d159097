//! `limbo`: cases of C2SP/x509-limbo about path lengths and revocation lists.

use cccd_keys::certificate::Certificate;
use cccd_keys::crl::CertificateRevocationList;
use cccd_keys::path::{Budget, PathMaterial, PathPolicy, RevocationDemand, VerifiedPath};
use jiff::Timestamp;
use serde_json::Value;

use super::pkits::of_path;
use crate::foreign::case::Case;
use crate::foreign::data::{Data, base64_or_pem, text};
use crate::foreign::outcome::{Outcome, Problem};

/// Builds a path from what the case has: anchors, intermediates, lists. Revocation is asked where there are lists.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let file = data.json(case.input("file")?)?;
    let id = case.input("id")?;
    let test = file
        .get("testcases")
        .and_then(Value::as_array)
        .and_then(|tests| tests.iter().find(|test| test.get("id").and_then(Value::as_str) == Some(id)))
        .ok_or_else(|| Problem::new(format!("the file has no case '{id}'")))?;
    let end = match Certificate::parse(&base64_or_pem(text(test, "peer_certificate")?)?) {
        Ok(certificate) => certificate,
        Err(error) => return Ok(Outcome::refused(error)),
    };
    let certificates = |name: &str| -> Result<Vec<Certificate>, Problem> {
        let mut found = Vec::new();
        for pem in list(test, name) {
            found.extend(Certificate::parse(&base64_or_pem(pem)?).ok());
        }
        Ok(found)
    };
    let (anchors, intermediates) = (certificates("trusted_certs")?, certificates("untrusted_intermediates")?);
    let given = list(test, "crls");
    let mut crls = Vec::new();
    for pem in &given {
        crls.extend(CertificateRevocationList::parse(&base64_or_pem(pem)?).ok());
    }
    let policy = PathPolicy {
        revocation: if given.is_empty() { RevocationDemand::NotAsked } else { RevocationDemand::WholePath },
        max_intermediates: test
            .get("max_chain_depth")
            .and_then(Value::as_u64)
            .and_then(|depth| usize::try_from(depth).ok()),
        ..PathPolicy::default()
    };
    let at = match case.at {
        Some(at) => Some(at),
        None => test
            .get("validation_time")
            .and_then(Value::as_str)
            .map(str::parse::<Timestamp>)
            .transpose()
            .map_err(|_| Problem::new("'validation_time' is no time"))?,
    };
    let material = PathMaterial { anchors: &anchors, intermediates: &intermediates, crls: &crls };
    Ok(of_path(VerifiedPath::build(&end, material, at, &policy, &mut Budget::default())))
}

fn list<'v>(test: &'v Value, name: &str) -> Vec<&'v str> {
    let values = test.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    values.iter().filter_map(Value::as_str).collect()
}
