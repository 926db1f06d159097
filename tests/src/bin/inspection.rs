//! `make inspection`: the inspection-system cases of a folder, one line each.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use cccd_tests::inspection::run::{Outcome, run, summary};
use cccd_tests::laboratory::country::LabCountry;
use clap::Parser;

/// Runs the cases in the manner of BSI TR-03105-5.1 whose outcome is printed in a folder: each is made from a genuine card of a
/// country in this process, read and judged, and compared with what is printed.
#[derive(Debug, Parser)]
#[command(
    name = "inspection",
    after_help = "Exit codes: 0 all as printed or left for a reason · 1 some are not · 2 usage · 3 no cases, or no laboratory.\n\nExamples:\n  make inspection\n  inspection --data /srv/cases"
)]
struct Arguments {
    /// The folder that holds conformity/.
    #[arg(long, value_name = "DIR", env = "CCCD_FOREIGN_DATA", default_value = "../shared/data")]
    data: PathBuf,
}

fn main() -> ExitCode {
    match judge(&Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("inspection: {error:#}");
            ExitCode::from(3)
        }
    }
}

fn judge(arguments: &Arguments) -> Result<usize> {
    let lab = LabCountry::found().context("the laboratory's country")?;
    let judged = run(&arguments.data, &lab, &mut |one| println!("{one}"))?;
    println!("{}", summary(&judged));
    Ok(judged.iter().filter(|one| matches!(one.outcome, Outcome::Otherwise(_))).count())
}
