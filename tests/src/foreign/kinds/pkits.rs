//! `pkits`: NIST's Public Key Interoperability Test Suite, the part without policies and name constraints.

use cccd_keys::certificate::Certificate;
use cccd_keys::crl::CertificateRevocationList;
use cccd_keys::path::{Budget, PathMaterial, PathPolicy, PathProblem, VerifiedPath};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::foreign::case::Case;
use crate::foreign::data::{Data, base64_or_pem, text};
use crate::foreign::outcome::{Outcome, Problem};

/// Builds a path for the end entity from all certificates and lists of the file.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let file = data.json(case.input("file")?)?;
    let end = case.input("end_entity")?;
    let anchor_name = text(&file, "trust_anchor")?;
    let certificates = named(&file, "certs")?;
    let of = |name: &str| -> Result<Vec<u8>, Problem> {
        let value = certificates.get(name).and_then(Value::as_str);
        base64_or_pem(value.ok_or_else(|| Problem::new(format!("the file has no certificate '{name}'")))?)
    };
    let anchor = Certificate::parse(&of(anchor_name)?).map_err(|error| Problem::new(error.to_string()))?;
    let end_entity = match Certificate::parse(&of(end)?) {
        Ok(certificate) => certificate,
        Err(error) => return Ok(Outcome::refused(error)),
    };
    // What cannot be read cannot lie on a path.
    let mut intermediates = Vec::new();
    for name in certificates.keys().filter(|name| *name != end && *name != anchor_name) {
        intermediates.extend(Certificate::parse(&of(name)?).ok());
    }
    let mut crls = Vec::new();
    for list in named(&file, "crls")?.values().filter_map(Value::as_str) {
        crls.extend(CertificateRevocationList::parse(&base64_or_pem(list)?).ok());
    }
    let at = time(case, &file, &anchor)?;
    let anchors = [anchor];
    let material = PathMaterial { anchors: &anchors, intermediates: &intermediates, crls: &crls };
    let mut budget = Budget::default();
    Ok(of_path(VerifiedPath::build(&end_entity, material, Some(at), &PathPolicy::default(), &mut budget)))
}

/// What a path, or its absence, says.
pub(super) fn of_path(path: Result<VerifiedPath, PathProblem>) -> Outcome {
    match path {
        Ok(path) => Outcome::Accepted {
            leniencies: path.leniencies().iter().map(|code| (*code).to_owned()).collect(),
        },
        Err(problem) if problem.is_undetermined() => Outcome::undetermined(problem),
        Err(problem) => Outcome::refused(problem),
    }
}

fn named<'v>(file: &'v Value, name: &str) -> Result<&'v serde_json::Map<String, Value>, Problem> {
    file.get(name).and_then(Value::as_object).ok_or_else(|| Problem::new(format!("the file has no '{name}'")))
}

/// Some of these tests are about dates, so that they need a time: the case's, the file's, else the middle of the
/// anchor's life.
fn time(case: &Case, file: &Value, anchor: &Certificate) -> Result<Timestamp, Problem> {
    if let Some(at) = case.at {
        return Ok(at);
    }
    for name in ["at", "validation_time"] {
        if let Some(at) = file.get(name).and_then(Value::as_str) {
            return at.parse().map_err(|_| Problem::new(format!("'{name}' is no time")));
        }
    }
    let life = anchor.not_after().duration_since(anchor.not_before());
    let half = SignedDuration::from_secs(life.as_secs() / 2);
    anchor.not_before().checked_add(half).map_err(|error| Problem::new(error.to_string()))
}
