//! `master-list`: what a state has found of all others' authorities, as published.

use std::collections::BTreeMap;

use cccd_keys::certificate::Certificate;
use cccd_keys::master_list::{MasterList, Use};
use cccd_keys::path::{Budget, PathProblem};
use cccd_keys::signed_data::SignatureProblem;
use serde_json::Value;

use super::passive::trust_of;
use crate::foreign::case::Case;
use crate::foreign::data::Data;
use crate::foreign::outcome::{Outcome, Problem, same};

/// Reads the list, verifies its signature and its signer, counts certificates and countries, and says of each
/// certificate what it is of use for or why it is of none.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let list = match MasterList::parse(&data.file(case.input("file")?)?) {
        Ok(list) => list,
        Err(error) => return Ok(Outcome::refused(error)),
    };
    let facts = match list.verify() {
        Ok(facts) => facts,
        Err(cccd_keys::master_list::MasterListProblem::Signature(
            problem @ SignatureProblem::UnknownAlgorithm(_),
        )) => return Ok(Outcome::undetermined(problem)),
        Err(problem) => return Ok(Outcome::refused(problem)),
    };
    // Without anybody to believe, the list's own authority is asked: it shows that the chain is whole, no more.
    let anchors: Vec<Certificate> = if case.trust.is_empty() {
        let country = facts.signer.country();
        list.certificates()
            .chain(list.signed_data().certificates())
            .filter(|certificate| certificate.country() == country && certificate.is_self_issued())
            .cloned()
            .collect()
    } else {
        trust_of(case, data)?.anchors().to_vec()
    };
    match list.signer_path(&facts.signer, &anchors, case.at, &mut Budget::default()) {
        Ok(_) => {}
        Err(problem @ PathProblem::UnknownAlgorithm(_)) => return Ok(Outcome::undetermined(problem)),
        Err(problem) => return Ok(Outcome::refused(format!("the list's signer: {problem}"))),
    }
    let mut leniencies: Vec<String> =
        facts.leniencies.iter().map(|leniency| leniency.code().to_owned()).collect();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in list.entries() {
        let what = match entry.usability() {
            Ok(Use::Anchor) => "anchors".to_owned(),
            Ok(Use::Link) => "links".to_owned(),
            Err(useless) => format!("of no use ({useless})"),
        };
        *counts.entry(what).or_default() += 1;
        for leniency in entry.certificate.iter().flat_map(Certificate::leniencies) {
            *counts.entry(leniency.code().to_owned()).or_default() += 1;
        }
    }
    leniencies.extend(counts.iter().map(|(what, count)| format!("{count} {what}")));
    let number = |name: &str| {
        case.rest.get(name).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok())
    };
    if let Some(stated) = number("certificates") {
        same("the number of certificates", stated, list.entries().len())?;
    }
    if let Some(stated) = number("countries") {
        same("the number of countries", stated, list.countries().len())?;
    }
    Ok(Outcome::Accepted { leniencies })
}
