//! The inspection-system cases of a folder: as printed, or left for a reason of the closed list.

use cccd_tests::inspection::run::{Outcome, run, summary};

use crate::attacks::lab;

/// At least so many of the 140 with a printed outcome are made.
const AT_LEAST: usize = 120;

#[test]
fn every_case_with_a_printed_outcome_ends_as_printed() {
    let Some(data) = std::env::var_os("CCCD_FOREIGN_DATA") else {
        eprintln!("inspection cases skipped: CCCD_FOREIGN_DATA names no folder");
        return;
    };
    let judged = run(std::path::Path::new(&data), lab(), &mut |_| {}).unwrap();
    let wrong: Vec<String> = judged
        .iter()
        .filter(|one| matches!(one.outcome, Outcome::Otherwise(_)))
        .map(ToString::to_string)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let made = judged.iter().filter(|one| one.outcome == Outcome::AsPrinted).count();
    assert!(made >= AT_LEAST, "{}", summary(&judged));
}
