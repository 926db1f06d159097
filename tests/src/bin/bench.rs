//! `make bench`: ours beside a reference in the same run; figures also go to `target/bench.json`.

use std::path::Path;

use cccd_tests::bench::measure::Figures;
use cccd_tests::bench::{audit, issue, judge, read, register, sod};

/// Rows are made by one thread and given back by another, which the system's allocator is slow at (decision 0164).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "\
Measures the house, each figure beside what it can be compared with, and prints a table.

Usage: bench [--only GROUP] [--people N] [--engine sqlite|postgres] [--cards N]

Groups:
  sod    EF.SOD verified per second, ours beside OpenSSL's CMS_verify on the same files
  judge  cards judged whose signers are known, beside the fastest bare verification and hashing of this machine
  read   APDUs, bytes and time of reading a whole card, beside the least that the protocols need
  issue  cards per second of a station and its readers, beside what cryptography alone allows on these cores
  audit  lines of the station's audit log appended and verified per second, on the disk
  register  load, look-up, events and numbers of the register, on SQLite and on a PostgreSQL of its own

Options:
  --people N    how many people the register holds [default: 200000]
  --engine E    the register on one of its engines only
  --cards N     how many cards the station makes while its memory is watched [default: 10000]
  --only GROUP  one group; the figures of the others stay in the file as they were
  -h, --help    this text

The figures go to target/bench.json below the working directory: one flat object of names and numbers.

Examples:
  make bench                 all groups, some minutes
  make bench ONLY=read       one group
  make bench ONLY=register PEOPLE=1000000
  make bench ONLY=issue CARDS=1000           the station, in a minute
  make bench ONLY=register PEOPLE=10000000 ENGINE=postgres   for the disk's sake
  jq '.\"read.cccd.apdus.extended\"' target/bench.json";

const GROUPS: [&str; 6] = ["sod", "judge", "read", "issue", "audit", "register"];

/// People of the register where nobody says how many.
const PEOPLE: u64 = 200_000;

/// Cards of the station where nobody says how many.
const CARDS: usize = 10_000;

const FILE: &str = "target/bench.json";

#[expect(clippy::disallowed_methods, reason = "a program's main may ask the clock")]
fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut words = arguments.iter().map(String::as_str);
    let (mut only, mut people, mut engine, mut cards) = (None, PEOPLE, None, CARDS);
    while let Some(word) = words.next() {
        match (word, words.next()) {
            ("-h" | "--help", _) => {
                println!("{HELP}");
                return Ok(());
            }
            ("--only", Some(name)) if GROUPS.contains(&name) => only = Some(name.to_owned()),
            ("--people", Some(count)) if count.parse().is_ok_and(|count: u64| count >= 50_000) => {
                people = count.parse()?;
            }
            ("--cards", Some(count))
                if count.parse().is_ok_and(|count: usize| (20..=100_000).contains(&count)) =>
            {
                cards = count.parse()?;
            }
            ("--engine", Some(name)) if register::ENGINES.contains(&name) => engine = Some(name.to_owned()),
            _ => {
                eprintln!("bench: these arguments are not understood.\nSay --help to see which there are.");
                std::process::exit(2);
            }
        }
    }
    let wanted = |name: &str| only.as_ref().is_none_or(|only| only == name);
    let now = jiff::Timestamp::now();
    let mut figures = Figures::default();
    if wanted("sod") {
        sod::run(now, &mut figures)?;
    }
    if wanted("judge") {
        judge::run(now, &mut figures)?;
    }
    if wanted("read") {
        read::run(now, &mut figures)?;
    }
    if wanted("issue") {
        issue::run(cards, now, &mut figures)?;
    }
    if wanted("audit") {
        audit::run(now, &mut figures)?;
    }
    if wanted("register") {
        register::run(people, engine.as_deref(), now, &mut figures)?;
    }
    figures.merge_into(Path::new(FILE))?;
    println!("\nwritten to {FILE}");
    Ok(())
}
