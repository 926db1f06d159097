//! `verifier passive`: files instead of a card.

use std::path::Path;

use cccd_verifier::evidence::{Files, MAX_FILE, Provenance};
use cccd_verifier::register::RegisterReport;
use cccd_verifier::{Case, Evidence, Presented, judge};
use jiff::Timestamp;

use super::args::PassiveArguments;
use super::evidence_store::read_bounded;
use super::verify::{load_trust, tell};
use super::{Failure, Output, batch};

pub(super) fn run(arguments: &PassiveArguments, at: Timestamp, output: Output) -> Result<u8, Failure> {
    let trust = load_trust(&arguments.trust, output)?;
    let policy = arguments.policy.policy();
    if batch::is_many(&arguments.sod) {
        if !arguments.dg.is_empty() {
            return Err(Failure::usage(
                "group-of-many",
                ["--dg là của một thẻ, ở đây có nhiều", "--dg is of one card, and here are many"],
                [
                    "để dg1.bin … cạnh sod.bin trong thư mục của từng thẻ",
                    "put dg1.bin … beside sod.bin in a folder for each card",
                ],
            ));
        }
        return batch::run(&arguments.sod, &trust, &policy, at, output, &|path| card(path, at));
    }
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
        policy: &policy,
    });
    Ok(tell(&judgement, output))
}

/// One card of many: an EF.SOD, or a folder with it and its data groups.
fn card(path: &Path, at: Timestamp) -> batch::Opened {
    let mut files = Files::default();
    if path.is_dir() {
        files.sod = Some(read_bounded(&path.join("sod.bin"), MAX_FILE)?.to_vec());
        // Fingerprints and irises are not taken.
        for number in (1..=16_u8).filter(|number| !matches!(number, 3 | 4)) {
            let file = path.join(format!("dg{number}.bin"));
            if file.exists() {
                files.data_groups.insert(number, read_bounded(&file, MAX_FILE)?.to_vec());
            }
        }
    } else {
        files.sod = Some(read_bounded(path, MAX_FILE)?.to_vec());
    }
    Ok((Evidence::of_files(files, at), Provenance::Unsigned))
}
