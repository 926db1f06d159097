//! The register of persons at size: bulk load, look-up by number, civil events, numbers; on `SQLite` and on a
//! `PostgreSQL` server of the benchmark's own, beside the engine's own floor in the same run.
//!
//! | part | ours | floor |
//! |---|---|---|
//! | `load` | `import`: parse, check, name key, provenance, in transactions | the same rows into the same tables by bare COPY, or prepared inserts |
//! | `lookup` | `Store::person` | the prepared statement alone, the same columns |
//! | `events` | `record_act`: history, outbox and audit in one transaction | |
//! | `numbers` | `Allocator` over the register's tables | |
//! | `search` | `SqlStore::find` through the index in the tables, questions of the error model | |
//!
//! Ours and the floor take turns, chunk by chunk, and both tables grow together; the ratio is the middle one.

mod engine;
mod events;
mod load;
mod lookup;
mod numbers;
mod search;

use anyhow::{Result, anyhow};
use cccd_population::store::{Change, Place};
use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::measure::Figures;
use crate::postgres_server::Server;

/// The day of the nation.
const TODAY: Date = date(2026, 11, 26);

/// People in one turn of the load, unless that were more than a tenth of all: a file of a district, say.
const CHUNK: u64 = 500_000;

/// How a deployment would set a server with 24 GB, but for the log's size; everything else as Debian has it, durable
/// commits included.
const SETTINGS: [&str; 6] = [
    "shared_buffers=9GB",
    // The first change of a page after a checkpoint logs the whole page: a third of it so.
    "wal_compression=lz4",
    "max_wal_size=3GB",
    "checkpoint_timeout=15min",
    "checkpoint_completion_target=0.9",
    "synchronous_commit=on",
];

/// The engines.
pub const ENGINES: [&str; 2] = ["sqlite", "postgres"];

/// Measures `people` on both engines, or on one.
///
/// # Errors
/// If an engine fails, or there is no `PostgreSQL`.
pub fn run(people: u64, only: Option<&str>, at: Timestamp, figures: &mut Figures) -> Result<()> {
    figures.put("register.people", f64::from(u32::try_from(people)?), "people");
    let [sqlite, postgres] = ENGINES.map(|engine| only.is_none_or(|only| only == engine));
    if sqlite {
        let folder = tempfile::Builder::new().prefix("cccd-register-bench").tempdir()?;
        let ours = Place::file(&folder.path().join("register.db"));
        on(people, at, "sqlite", &ours, || Ok(Place::file(&folder.path().join("floor.db"))), figures)?;
    }
    if !postgres {
        return Ok(());
    }
    let server = Server::start(&SETTINGS).map_err(|reason| anyhow!(reason))?;
    let ours = server.database().map_err(|reason| anyhow!(reason))?;
    on(people, at, "postgres", &ours, || server.database().map_err(|reason| anyhow!(reason)), figures)?;
    println!("  PostgreSQL with {}, {}.", SETTINGS.join(", "), pages());
    Ok(())
}

/// Which pages of the machine's memory the server's buffers lie in: it takes huge ones where the kernel has them.
fn pages() -> &'static str {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let count = |name: &str| -> u64 {
        let line = memory.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim_start_matches(':').trim().parse().ok()).unwrap_or(0)
    };
    if count("HugePages_Rsvd") + count("HugePages_Total") > count("HugePages_Free") {
        "its buffers in huge pages"
    } else {
        "its buffers in pages of 4 KB (vm.nr_hugepages gives it others)"
    }
}

/// One engine: the load, with look-ups on the way and at the end; then events and numbers on the full register.
fn on(
    people: u64,
    at: Timestamp,
    name: &str,
    ours: &Place,
    floor: impl FnOnce() -> Result<Place>,
    figures: &mut Figures,
) -> Result<()> {
    println!("\nThe register on {name}, {people} people:");
    let loaded = load::run(people, at, name, ours, &floor()?, figures)?;
    lookup::report(name, ours, &loaded, figures)?;
    // As after every import: the index is made, then the register works.
    search::run(name, ours, &loaded.questions, at, figures)?;
    events::run(name, ours, &loaded, at, figures)?;
    numbers::run(name, ours, figures)
}

fn change(source: &str, at: Timestamp) -> Change {
    Change { source: source.to_owned(), at }
}

/// The middle of some figures; 0 of none.
fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
