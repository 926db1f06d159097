//! `verifier passive`: files instead of a card.

use cccd_verifier::evidence::{Files, MAX_FILE, Provenance};
use cccd_verifier::register::RegisterReport;
use cccd_verifier::{Case, Evidence, Policy, Presented, judge};
use jiff::Timestamp;

use super::args::PassiveArguments;
use super::evidence_store::read_bounded;
use super::verify::{load_trust, tell};
use super::{Failure, Output};

pub(super) fn run(arguments: &PassiveArguments, at: Timestamp, output: Output) -> Result<u8, Failure> {
    let trust = load_trust(&arguments.trust, output)?;
    let mut files = Files { sod: Some(read_bounded(&arguments.sod, MAX_FILE)?.to_vec()), ..Files::default() };
    for (number, path) in &arguments.dg {
        if files.data_groups.insert(*number, read_bounded(path, MAX_FILE)?.to_vec()).is_some() {
            return Err(Failure::usage(
                "repeated-group",
                ["một nhóm dữ liệu được nêu hai lần", "a data group is given twice"],
                ["nêu mỗi nhóm một lần", "give each group once"],
            ));
        }
    }
    let evidence = Evidence::of_files(files, at);
    let judgement = judge(&Case {
        evidence: &evidence,
        provenance: &Provenance::Unsigned,
        issued_nonce: None,
        trust: &trust,
        at,
        presented: &Presented::nothing(),
        register: &RegisterReport::not_asked(),
        policy: &Policy::default(),
    });
    Ok(tell(&judgement, output))
}
