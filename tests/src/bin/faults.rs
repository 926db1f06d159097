//! `make faults`: cards are removed at every command of a reading and of a personalisation, the register's programs and the
//! station's are killed at every call that writes, and what came of it counted.

use std::process::ExitCode;

use cccd_tests::faults::{Length, Report, personalisation, reads, register, station};

const HELP: &str = "\
Makes every fault that it can enumerate, prints a table of what came of each, and counts what went wrong.

Usage: faults [--long] [--only CAMPAIGN]

Campaigns:
  reads            the card is removed at every command of a reading, before or after the chip has it, and laid on again:
                   by PACE and by BAC, with extended and with short length
  personalisation  the card is removed at every command of the station's work, and the application run again
  register         kill -9 at every system call that writes: import, acts, numbers, on SQLite and on PostgreSQL (its
                   server of Debian's postgresql-15; with strace, else by the clock)
  station          the issuer is killed, its disk is filled and fails, its database is cut, the token with its keys goes
                   away, in every step from the delivery of blanks to a card withdrawn or destroyed; its desk is killed
                   while officers work at it; one of two hosts on one queue is killed (with strace; PostgreSQL as above)

Options:
  --long           all combinations: two removals, hostile answers at every command, short commands to the chip, its state
                   torn on disk
  --only CAMPAIGN  one campaign
  -h, --help       this text

The last line is `faults: injected=N lost=0 doubled=0 wrong_verdicts=0`; with any other the exit code is 1.";

#[expect(clippy::disallowed_methods, reason = "a program's main may ask the clock")]
fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (length, words) = match words.as_slice() {
        ["--long", rest @ ..] | [rest @ .., "--long"] => (Length::Long, rest),
        rest => (Length::Short, rest),
    };
    let only = match words {
        [] => None,
        ["-h" | "--help", ..] => {
            println!("{HELP}");
            return Ok(ExitCode::SUCCESS);
        }
        ["--only", name @ ("reads" | "personalisation" | "register" | "station")] => Some(*name),
        _ => {
            eprintln!("faults: these arguments are not understood.\nSay --help to see which there are.");
            return Ok(ExitCode::from(2));
        }
    };
    let wanted = |name: &str| only.is_none_or(|only| only == name);
    let now = jiff::Timestamp::now();
    let mut report = Report::new();
    if wanted("reads") {
        reads::run(length, now, &mut report)?;
    }
    if wanted("personalisation") {
        personalisation::run(length, now, &mut report)?;
    }
    if wanted("register") {
        register::run(length, now, &mut report)?;
    }
    if wanted("station") {
        station::run(length, now, &mut report)?;
    }
    let tally = report.finish();
    println!("\n{tally}");
    Ok(if tally.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
