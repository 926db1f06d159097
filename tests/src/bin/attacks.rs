//! `make attacks`: makes every attack of the table from a genuine card, and says what decided.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use cccd_tests::attacks::{document, export, run, table};
use cccd_tests::laboratory::country::LabCountry;
use clap::Parser;

/// Makes every attack of docs/attacks.md from a genuine card of a country in this process, presents it to the verifier, undoes
/// the one change and presents the card again.
#[derive(Debug, Parser)]
#[command(
    name = "attacks",
    after_help = "Exit codes: 0 all decided by their reasons · 1 some are not · 2 usage · 3 the laboratory could not be set up.\n\nExamples:\n  make attacks\n  attacks --class 13\n  attacks --out forged/\n  attacks --write docs/attacks.md"
)]
struct Arguments {
    /// One class only.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=35))]
    class: Option<u8>,
    /// Writes the forged cards here, one folder each, to try other verifiers with: chip, files, trust, evidence.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Writes the document of the table here, and makes nothing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["class", "out"])]
    write: Option<PathBuf>,
}

fn main() -> ExitCode {
    match judge(&Arguments::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("attacks: {error:#}");
            ExitCode::from(3)
        }
    }
}

fn judge(arguments: &Arguments) -> Result<usize> {
    if let Some(file) = &arguments.write {
        std::fs::write(file, document::markdown())
            .with_context(|| format!("{} cannot be written", file.display()))?;
        return Ok(0);
    }
    let lab = LabCountry::found().context("the laboratory's country")?;
    let (mut made, mut decided, mut passed, mut wrong) = (0, 0, 0, 0);
    for variant in table::all().filter(|variant| arguments.class.is_none_or(|class| class == variant.class)) {
        let outcome = run::run(variant, &lab)?;
        made += 1;
        decided += usize::from(outcome.told == variant.expected.told());
        passed += usize::from(outcome.undone.0 == "accepted");
        let (decision, check, reason) = outcome.told;
        let good = outcome.is_as_expected();
        wrong += usize::from(!good);
        let mark = if good { "ok" } else { "NOT" };
        println!("{mark:3} {:40} {decision} {check} {reason}", variant.id());
        if !good {
            println!("    expected {:?}, undone {:?}", variant.expected.told(), outcome.undone);
            if let Ok((_, judgement)) = &outcome.shown.read {
                for finding in judgement.findings.iter().filter(|finding| !finding.is_passed()) {
                    let reason = finding.reason.map_or("-", |reason| reason.code());
                    let detail = finding.detail.as_deref().unwrap_or_default();
                    println!("    {} {} {reason} {detail}", finding.check, finding.status);
                }
            }
        }
        if let Some(folder) = &arguments.out {
            export::write(&outcome, folder)?;
        }
    }
    println!("attacks: made={made} decided={decided} passed_when_undone={passed}");
    Ok(wrong)
}
