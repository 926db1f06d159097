//! The runs in turn, and the figures.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use super::chips::{Kept, Source};
use super::floor::{Floor, Octets};
use super::house::House;
use super::line::{self, Ran};
use super::machine;
use crate::bench::measure::Figures;

/// Cards that are made again and timed, in each round.
const TIMED: usize = 500;

/// Rounds of everything in turn.
const ROUNDS: usize = 3;

/// As many as a host has; more than cores, so that the disk's time is somebody else's computing time.
const READERS: usize = 16;

/// How long the floor runs in a round.
const FLOOR: Duration = Duration::from_secs(2);

/// Measures so many cards for memory, of them some hundreds for time.
///
/// # Errors
/// If a card cannot be made.
pub fn run(cards: usize, at: Timestamp, figures: &mut Figures) -> Result<()> {
    let cores = std::thread::available_parallelism()?.get();
    let timed = TIMED.min(cards);
    println!("\nCards made by a station, ledger on the disk, the chip's own work counted apart:");
    let bar = bar();
    let house = House::found(cards, at, &bar)?;

    bar.set_message("cards into chips in this process");
    bar.set_position(0);
    let (kept, spent) = (Mutex::new(Kept::new()), AtomicU64::new(0));
    let make = |number| house.chip(number);
    let live = Source::Live { make: &make, keep: u64::try_from(timed)?, kept: &kept, spent: &spent };
    let every = (cards / 10).max(1);
    let long = line::run(&house, &live, cores.max(2), cards, every, &bar)?;
    let kept = kept.into_inner().context("a reader's thread has died")?;
    let chip_ms = spent.load(Ordering::Relaxed) as f64 / 1e6 / cards as f64;

    bar.set_message("what cryptography alone takes");
    let portrait = house.portrait_octets();
    let floor = Floor::of(Octets::mean(&kept), portrait)?;
    let again = Source::Kept(&kept);
    let made = |readers: usize| line::run(&house, &again, readers, timed, usize::MAX, &bar);
    bar.set_message("cards again, in turn with cryptography alone");
    bar.set_length(u64::try_from(timed * ROUNDS * 4)?);
    bar.set_position(0);
    let mut best = Best::default();
    for _ in 0..ROUNDS {
        best.floor_one = best.floor_one.max(machine::on_cores(1, || floor.cards_per_s(1, FLOOR))?);
        keep(&mut best.one_core, machine::on_cores(1, || made(READERS))?);
        best.floor = best.floor.max(floor.cards_per_s(cores, FLOOR)?);
        keep(&mut best.all, made(READERS)?);
        keep(&mut best.one, made(1)?);
        keep(&mut best.two, made(2)?);
    }
    bar.finish_and_clear();
    println!("  cryptography alone, of one card, the fastest on this machine, and others:");
    for operation in &floor.operations {
        let (who, time) = operation.fastest;
        let others = operation.all.iter().filter(|(name, _)| *name != who);
        let others: Vec<String> = others.map(|(name, time)| format!("{name} {time:.1}")).collect();
        let line = format!("{:<16} {:>2} × {time:>9.1} µs  {who}", operation.name, operation.count);
        println!("    {line:<50} {}", others.join(", "));
    }
    best.report(&floor, cores, figures)?;
    figures.put("issue.chip_ms", chip_ms, "ms, counted apart");
    memory(&long, figures);
    Ok(())
}

#[derive(Default)]
struct Best {
    floor_one: f64,
    floor: f64,
    one_core: Option<Ran>,
    all: Option<Ran>,
    one: Option<Ran>,
    two: Option<Ran>,
}

fn keep(best: &mut Option<Ran>, ran: Ran) {
    if best.as_ref().is_none_or(|best| ran.time < best.time) {
        *best = Some(ran);
    }
}

impl Best {
    fn report(&self, floor: &Floor<'_>, cores: usize, figures: &mut Figures) -> Result<()> {
        let missing = "a run is missing";
        let all = self.all.as_ref().context(missing)?;
        let one_core = self.one_core.as_ref().context(missing)?;
        let (one, two) = (self.one.as_ref().context(missing)?, self.two.as_ref().context(missing)?);
        let busy =
            |ran: &Ran, cores: usize| ran.processor.as_secs_f64() / ran.time.as_secs_f64() / cores as f64;
        figures.put("issue.cards_per_s", all.cards_per_s(), "1/s");
        figures.put("issue.crypto_floor.cards_per_s", self.floor, "1/s");
        figures.put("issue.crypto_floor.us", floor.microseconds(), "µs of one core");
        figures.put("issue.ratio_to_crypto_floor", all.cards_per_s() / self.floor, "×");
        figures.put("issue.one_core.cards_per_s", one_core.cards_per_s(), "1/s");
        figures.put("issue.one_core.ratio_to_crypto_floor", one_core.cards_per_s() / self.floor_one, "×");
        figures.put("issue.cores.count", cores as f64, "cores");
        figures.put(
            "issue.cores.scaling",
            all.cards_per_s() / one_core.cards_per_s() / cores as f64,
            "of linear",
        );
        figures.put("issue.cores.busy", busy(all, cores), "of the cores");
        let floor_scaling = self.floor / self.floor_one / cores as f64;
        figures.put("issue.crypto_floor.scaling", floor_scaling, "of linear");
        figures.put("issue.cpu_us", all.processor.as_secs_f64() * 1e6 / all.cards as f64, "µs a card");
        figures.put("issue.readers.1.cards_per_s", one.cards_per_s(), "1/s");
        figures.put("issue.readers.2.cards_per_s", two.cards_per_s(), "1/s");
        figures.put("issue.readers.2.scaling", two.cards_per_s() / one.cards_per_s() / 2.0, "of linear");
        Ok(())
    }
}

/// Readers wait and memory grows as they do where chips take their time.
fn memory(long: &Ran, figures: &mut Figures) {
    figures.put("issue.reader_wait_p99_ms", long.wait_p99_ms(), "ms");
    let first = long.memory.first().map_or(0.0, |(_, memory)| *memory);
    let last = long.memory.last().map_or(0.0, |(_, memory)| *memory);
    for (cards, memory) in &long.memory {
        println!("    after {cards:>6} cards {memory:>8.1} MB");
    }
    figures.put("issue.memory.growth_mb", last - first, "MB");
    figures.put("issue.memory.cards", long.cards as f64, "cards");
    figures.put("issue.live.cards_per_s", long.cards_per_s(), "1/s, chips computing too");
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("  {bar:30} {pos}/{len} {msg}  {per_sec}  {eta}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}
