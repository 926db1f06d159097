//! `passive`: passive authentication from files, through the verifier's own judgement.

use std::collections::BTreeMap;
use std::path::Path;

use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::lds::sod::{HashCheck, LdsSecurityObject};
use cccd_keys::master_list::MasterList;
use cccd_keys::sod::EfSod;
use cccd_keys::trust::{ChainResult, RevocationResult, SignerPath, TrustStore, ValidityStatus};
use cccd_verifier::evidence::{Evidence, Files};
use cccd_verifier::finding::{Check, Finding, Reason, Status};
use cccd_verifier::judge::{Case as JudgedCase, judge as judge_card};
use cccd_verifier::policy::{Policy, WeakAlgorithms};
use jiff::Timestamp;
use serde_json::Value;

use crate::foreign::case::Case;
use crate::foreign::data::Data;
use crate::foreign::outcome::{Outcome, Problem, same};

/// Judges EF.SOD and the data groups at hand; compares the authority and the digests that the case states.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let sod_name = case.input("sod")?;
    let sod = data.file(sod_name)?;
    let mut data_groups = BTreeMap::new();
    let named = case.inputs.get("data_groups").and_then(Value::as_object);
    for (number, name) in named.into_iter().flatten() {
        let number: u8 = number.parse().map_err(|_| Problem::new(format!("'{number}' is no data group")))?;
        let name = name.as_str().ok_or_else(|| Problem::new("a data group's file has no name"))?;
        data_groups.insert(number, data.file(name)?);
    }
    let com = case.inputs.get("com").and_then(Value::as_str).map(|name| data.file(name)).transpose()?;
    let trust = trust_of(case, data)?;
    let read_at = case.at.unwrap_or(Timestamp::UNIX_EPOCH);
    let files = Files { com, sod: Some(sod.clone()), data_groups, ..Files::default() };
    let evidence = Evidence::of_files(files, read_at);
    let mut policy = Policy::default();
    policy.weak_algorithms = WeakAlgorithms::Accept;
    let judgement =
        judge_card(&JudgedCase { policy: &policy, ..JudgedCase::new(&evidence, &trust, read_at) });
    let finding = |check: Check| judgement.findings.iter().find(|finding| finding.check == check);

    let mut leniencies = Vec::new();
    let mut outcome = None;
    for check in [Check::SodSignature, Check::DataGroupHashes, Check::SignerChain, Check::SignerValidity] {
        let found = finding(check).ok_or_else(|| Problem::new(format!("{check} was not judged")))?;
        match of_finding(case, found) {
            Verdict::Stands => {}
            Verdict::Falls => outcome = outcome.or(Some(Outcome::refused(words(found)))),
            Verdict::Open => outcome = outcome.or(Some(Outcome::undetermined(words(found)))),
        }
    }
    if let Some(found) = finding(Check::ComSodConsistent).filter(|found| !found.is_passed()) {
        leniencies.push(words(found));
    }
    if let Ok(file) = EfSod::parse(&sod) {
        if file.padding() > 0 {
            leniencies.push("trailing-padding".to_owned());
        }
        if let Ok(facts) = file.verify_signature() {
            leniencies.extend(facts.leniencies.iter().map(|leniency| leniency.code().to_owned()));
            leniencies.extend(facts.weak_hash.then(|| "weak-hash".to_owned()));
        }
        if outcome.is_none() {
            compare_anchor(case, &file, &trust)?;
            compare_hashes(case, data, sod_name, &file, &evidence)?;
        }
    }
    Ok(outcome.unwrap_or(Outcome::Accepted { leniencies }))
}

/// What one finding means for the whole.
enum Verdict {
    Stands,
    Falls,
    Open,
}

/// Under the permissive policy of these cases: groups that nobody gave are no gap, validity counts only at a time, and
/// the chain only where somebody is believed.
fn of_finding(case: &Case, finding: &Finding) -> Verdict {
    match (finding.check, finding.status, finding.reason) {
        (_, Status::Passed | Status::NotApplicable, _) => Verdict::Stands,
        (Check::DataGroupHashes, Status::Inconclusive, Some(Reason::DataGroupNotRead)) => Verdict::Stands,
        (Check::SignerValidity, _, _) if case.at.is_none() => Verdict::Stands,
        (Check::SignerChain, Status::Unavailable, Some(Reason::NoTrustAnchor)) if case.trust.is_empty() => {
            Verdict::Stands
        }
        (_, Status::Failed, _) => Verdict::Falls,
        _ => Verdict::Open,
    }
}

fn words(finding: &Finding) -> String {
    let reason = finding.reason.map(Reason::code).unwrap_or_default();
    let detail = finding.detail.as_deref().unwrap_or_default();
    format!("{} {reason} {detail}", finding.check).trim_end().to_owned()
}

/// What a signer's whole path says.
pub(super) fn of_signer(path: &SignerPath) -> Outcome {
    if let Some(code) = path.chain.code() {
        return match path.chain {
            ChainResult::NotTrusted(_) => Outcome::refused(code),
            _ => Outcome::undetermined(code),
        };
    }
    let valid = [Some(path.validity), path.anchor_validity];
    if valid.into_iter().flatten().any(|status| status != ValidityStatus::Valid) {
        return Outcome::refused("certificate-expired");
    }
    if let Some(problem) = path.profile_problems.iter().find(|problem| problem.is_violation()) {
        return Outcome::refused(problem.code());
    }
    if let RevocationResult::Revoked { reason, .. } | RevocationResult::AuthorityRevoked { reason, .. } =
        path.revocation
    {
        return Outcome::refused(reason);
    }
    Outcome::Accepted { leniencies: path.leniencies.iter().map(|code| (*code).to_owned()).collect() }
}

/// The trust store that a case names: certificates, revocation lists, and master lists whose signature holds.
pub(super) fn trust_of(case: &Case, data: &Data) -> Result<TrustStore, Problem> {
    let mut trust = TrustStore::new();
    for name in &case.trust {
        let bytes = data.file(name)?;
        let Ok(list) = MasterList::parse(&bytes) else {
            if trust.add_anchor(&bytes).is_err() && trust.add_link(&bytes).is_err() {
                trust
                    .add_crl(&bytes)
                    .map_err(|error| Problem::new(format!("{name} is not of trust: {error}")))?;
            }
            continue;
        };
        list.verify().map_err(|problem| Problem::new(format!("{name} does not hold: {problem}")))?;
        trust.add_master_list(&list);
    }
    Ok(trust)
}

/// The anchor is one of those whose fingerprint the case states.
fn compare_anchor(case: &Case, file: &EfSod, trust: &TrustStore) -> Result<(), Problem> {
    let stated = case.rest.get("csca_sha256").and_then(Value::as_array);
    let (Some(stated), false) = (stated, case.trust.is_empty()) else { return Ok(()) };
    let signer =
        file.signer_certificate().ok_or_else(|| Problem::new("EF.SOD has no signer's certificate"))?;
    let ChainResult::Trusted { anchor } = trust.chain_of(signer) else {
        return Err(Problem::new("no anchor vouches for the signer"));
    };
    let found = hex::encode(anchor.fingerprint());
    if stated.iter().any(|stated| stated.as_str() == Some(&found)) {
        Ok(())
    } else {
        Err(Problem::new(format!("the anchor is {found}, which the case does not name")))
    }
}

/// Each digest compares as the case states. A name that is no number is a file beside EF.SOD, presented as the data
/// group that its own tag says: it must not pass for authentic.
fn compare_hashes(
    case: &Case,
    data: &Data,
    sod_name: &str,
    file: &EfSod,
    evidence: &Evidence,
) -> Result<(), Problem> {
    let Some(stated) = case.rest.get("hashes").and_then(Value::as_object) else { return Ok(()) };
    let object = LdsSecurityObject::from_der(file.econtent())
        .map_err(|error| Problem::new(format!("the list of digests: {error}")))?;
    for (name, stated) in stated {
        if let Some(number) = name.parse().ok().and_then(|number| DataGroupNumber::new(number).ok()) {
            let group = evidence.data_group(number);
            let group =
                group.ok_or_else(|| Problem::new(format!("there is no file of data group {number}")))?;
            let found = object.check(number, group) == HashCheck::Matches;
            same("a digest", stated.as_str() == Some("match"), found)?;
        } else {
            let beside = Path::new(sod_name).with_file_name(format!("{name}.bin"));
            let other = data.file(&beside.to_string_lossy())?;
            let number = other
                .first()
                .and_then(|tag| DataGroupNumber::from_tag(u32::from(*tag)))
                .ok_or_else(|| Problem::new(format!("{name} is no data group")))?;
            if object.check(number, &other) == HashCheck::Matches {
                return Err(Problem::new(format!("{name} passes for authentic")));
            }
        }
    }
    Ok(())
}
