//! `make demo`: issues twelve cards through pcscd, verifies them, presents ten forgeries, and says what happens.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use cccd_hw_tests::pcscd::Pcscd;
use cccd_tests::demo::stage::Stage;
use cccd_tests::demo::story::{self, Tally};
use cccd_tests::demo::tell::Teller;
use cccd_tests::programs::Programs;

const USAGE: &str = "usage: demo [--out DIR] [--at RFC3339]\n
Issues 12 cards into virtual chips through pcscd, verifies each from a process of its own, then presents 10 forgeries.
Pictures and reports go to DIR (default demo-out). Exit code 0 if everything ended as it must.";

fn main() -> ExitCode {
    match demo() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::from(3)
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a program's main may ask the clock")]
fn demo() -> Result<bool> {
    let (mut out, mut now) = (story::default_out(), jiff::Timestamp::now());
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next();
        match (word.as_str(), value) {
            ("--out", Some(value)) => out = PathBuf::from(value),
            ("--at", Some(value)) => {
                now = value.parse().context("--at takes a time such as 2026-11-21T09:00:00Z")?;
            }
            _ => {
                println!("{USAGE}");
                std::process::exit(if word == "--help" { 0 } else { 2 });
            }
        }
    }
    let mut teller = Teller::new(Instant::now());
    let stage = Stage::new(Programs::beside_this_one()?, &out, now)?;
    let pcscd = Pcscd::start();
    if let Err(error) = &pcscd {
        teller.loud(&format!("pcscd cannot run here, the chips stay within the processes: {error:#}"));
    }
    let pcscd = pcscd.ok();
    let transport = if pcscd.is_some() { "pcscd" } else { "in-process" };
    let tally = story::run(stage, pcscd.as_ref(), &mut story::forgers_dice(), &mut teller)?;
    let Tally { issued, accepted, forgeries, refused } = tally;
    teller.line(&format!(
        "\ndemo: issued={issued} accepted={accepted} forgeries={forgeries} refused={refused} transport={transport}"
    ));
    Ok(issued == 12 && accepted == 12 && forgeries == 10 && refused == 10)
}
