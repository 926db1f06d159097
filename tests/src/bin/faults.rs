//! `make faults`: cards are removed at every command of a reading and of a personalisation, the register's programs and the
//! station's are killed at every call that writes, and what came of it counted.

use std::process::ExitCode;

use cccd_tests::faults::{Length, Report, personalisation, reads, register, station};

const HELP: &str = "\
Makes every fault that it can enumerate, prints a table of what came of each, and counts what went wrong.

Usage: faults [--long] [--only CAMPAIGN] [--kind TEXT] [--step TEXT] [--at N] [--again N]

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
  --kind TEXT      of the station only kinds of faults with this in their title, as the tables have them
  --step TEXT      of the station only steps with this in their name
  --at N           of the station only the fault with this number, whether a short run has it or not
  --again N        of the station each fault so many times more

  faults --only station --kind 'disk is full' --step 'two readers' --at 85 --again 9
                   looks into one that a run has told of
  -h, --help       this text

The last line is `faults: injected=N lost=0 doubled=0 wrong_verdicts=0`; with any other the exit code is 1.";

const CAMPAIGNS: [&str; 4] = ["reads", "personalisation", "register", "station"];

#[expect(clippy::disallowed_methods, reason = "a program's main may ask the clock")]
fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words = arguments.iter().map(String::as_str);
    let (mut length, mut only, mut of_station) = (Length::Short, None, station::Wanted::default());
    while let Some(word) = words.next() {
        let mut is_understood = true;
        match word {
            "-h" | "--help" => {
                println!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            "--long" => length = Length::Long,
            "--only" => {
                only = words.next().filter(|name| CAMPAIGNS.contains(name));
                is_understood = only.is_some();
            }
            "--kind" => of_station.kind = words.next().map(str::to_owned),
            "--step" => of_station.step = words.next().map(str::to_owned),
            "--at" => {
                of_station.at = words.next().and_then(|number| number.parse().ok());
                is_understood = of_station.at.is_some();
            }
            "--again" => match words.next().and_then(|number| number.parse().ok()) {
                Some(times) => of_station.again = times,
                None => is_understood = false,
            },
            _ => is_understood = false,
        }
        if !is_understood {
            eprintln!("faults: these arguments are not understood.\nSay --help to see which there are.");
            return Ok(ExitCode::from(2));
        }
    }
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
        station::run(length, &of_station, now, &mut report)?;
    }
    let tally = report.finish();
    println!("\n{tally}");
    Ok(if tally.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
