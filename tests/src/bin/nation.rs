//! `make nation`: a simulated year of a province, and a table of what must hold at its end.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use cccd_population::store::Place;
use cccd_tests::nation::{Plan, run, run_on_postgres};
use clap::Parser;
use jiff::civil::Date;

/// Lives through one year of a synthetic province in an empty register, and prints a table of what must hold at its end.
#[derive(Debug, Parser)]
#[command(
    name = "nation",
    after_help = "The last line is `nation: people=N events=N violations=0`.\nExit codes: 0 everything holds · 1 something does not · 2 usage · 3 it could not be tried.\n\nExamples:\n  make nation\n  nation --people 5000 --seed 7\n  nation --db postgres\n  nation --db postgres://%2Frun%2Fpostgresql/empty"
)]
struct Arguments {
    /// Persons at the beginning.
    #[arg(long, default_value_t = 100_000)]
    people: u64,
    /// The same seed gives the same year.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// An empty register: `sqlite:FILE` or `postgres://…`; `postgres` alone is a server of its own, `sqlite` (the default) a
    /// temporary file.
    #[arg(long, value_name = "sqlite|postgres|sqlite:FILE|postgres://…", default_value = "sqlite")]
    db: String,
    /// Without the part in which a primary is killed.
    #[arg(long)]
    no_failover: bool,
    /// The last day of the year.
    #[arg(long, default_value = "2026-11-25")]
    today: Date,
}

fn main() -> ExitCode {
    match tried(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("nation: {error:#}");
            ExitCode::from(3)
        }
    }
}

fn tried(arguments: &Arguments) -> Result<bool> {
    let folder = tempfile::tempdir().context("a temporary folder")?;
    let Arguments { people, seed, today, .. } = *arguments;
    let plan = Plan { people, seed, today, failover: !arguments.no_failover };
    let outcome = match arguments.db.as_str() {
        "postgres" => run_on_postgres(plan)?,
        "sqlite" => run(plan, &Place::file(&folder.path().join("register.db")))?,
        named => run(plan, &named.parse::<Place>()?)?,
    };
    println!("\n{:58} {:>9} {:>10}", "what must hold", "of", "violations");
    for invariant in &outcome.invariants {
        println!("{:58} {:>9} {:>10}", invariant.what, invariant.of, invariant.violations);
    }
    println!("\n{outcome}");
    Ok(outcome.violations() == 0)
}
