//! `make foreign`: judges a folder of third-party cases through the project's public API.

use std::path::PathBuf;
use std::process::ExitCode;

use cccd_tests::foreign::data::Data;
use cccd_tests::foreign::{kinds, run};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};

/// Judges a folder of cases that others wrote, by its cases.jsonl, through the project's public API.
///
/// Nothing is skipped: a kind, an expectation or a file that is not known is a failure. The last line counts them.
#[derive(Debug, Parser)]
#[command(
    name = "foreign",
    after_help = "Exit codes: 0 all as expected · 1 some are not · 2 usage · 3 no cases to judge.\n\nExamples:\n  make foreign\n  make foreign DATA=/srv/cases\n  foreign --data /srv/cases --only wycheproof\n  foreign --json | jq .kinds"
)]
struct Arguments {
    /// The folder that holds cases.jsonl.
    #[arg(long, value_name = "DIR", env = "CCCD_FOREIGN_DATA", default_value = "../shared/data")]
    data: PathBuf,
    /// Cases of one kind.
    #[arg(long, value_name = "KIND", value_parser = clap::builder::PossibleValuesParser::new(kinds::NAMES))]
    only: Option<String>,
    /// The summary and the failures as JSON.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !arguments.data.join("cases.jsonl").is_file() {
        eprintln!(
            "foreign: there is no cases.jsonl in {}. Name a folder of cases: make foreign DATA=DIR",
            arguments.data.display()
        );
        return ExitCode::from(3);
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let data = Data::new(&arguments.data);
    let progress = |all: usize| {
        bar.set_length(u64::try_from(all).unwrap_or(u64::MAX));
        bar.inc(1);
    };
    let summary = match run::run(&data, arguments.only.as_deref(), threads, &progress) {
        Ok(summary) => summary,
        Err(problem) => {
            eprintln!("foreign: {problem}");
            return ExitCode::from(3);
        }
    };
    bar.finish_and_clear();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&summary).unwrap_or_default());
    } else {
        print!("{}", summary.to_text());
        println!("{summary}");
    }
    ExitCode::from(u8::from(summary.failed > 0))
}
