//! Contenders in turn, in many rounds shorter than a scheduler's slice: the best round of each counts, so that what else
//! the machine does weighs on all alike, and on none where a round runs undisturbed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// Does one thing to the card at an index; false if it went wrong.
pub(super) type Contender<'a> = (&'static str, &'a (dyn Fn(usize) -> bool + Sync));

const ROUNDS: usize = 400;
const ROUND: Duration = Duration::from_millis(4);

/// Seconds that each took for one card.
pub(super) struct Seconds(BTreeMap<&'static str, f64>);

impl Seconds {
    pub(super) fn of(&self, name: &str) -> Result<f64> {
        self.0.get(name).copied().with_context(|| format!("{name} was not measured"))
    }

    /// The fastest of those whose names begin so.
    pub(super) fn best(&self, beginning: &str) -> Result<f64> {
        let times = self.iter().filter(|(name, _)| name.starts_with(beginning)).map(|(_, time)| time);
        times.reduce(f64::min).with_context(|| format!("nothing was measured for {beginning}"))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.0.iter().map(|(name, time)| (*name, *time))
    }
}

/// Measures each over all cards, round by round.
pub(super) fn in_turn(cards: usize, contenders: &[Contender<'_>]) -> Result<Seconds> {
    let mut best = BTreeMap::new();
    let mut at = vec![0; contenders.len()];
    for _ in 0..ROUNDS {
        for ((name, run), at) in contenders.iter().zip(&mut at) {
            let start = Instant::now();
            let mut done = 0_u32;
            while start.elapsed() < ROUND {
                ensure!(run(*at), "{name} rejects a good card");
                *at = (*at + 1) % cards;
                done += 1;
            }
            let time = start.elapsed().as_secs_f64() / f64::from(done);
            let known = best.entry(*name).or_insert(time);
            *known = time.min(*known);
        }
    }
    Ok(Seconds(best))
}

/// Seconds for one card on one core and, in turn, on all of them; and how many they are.
pub(super) fn over_cores(judged: &(dyn Fn(usize) -> bool + Sync), cards: usize) -> Result<(f64, f64, f64)> {
    let cores = std::thread::available_parallelism()?.get();
    let (mut one, mut all) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS / 4 {
        one = one.min(on_threads(1, judged, cards)?);
        all = all.min(on_threads(cores, judged, cards)?);
    }
    Ok((one, all, f64::from(u32::try_from(cores)?)))
}

fn on_threads(threads: usize, judged: &(dyn Fn(usize) -> bool + Sync), cards: usize) -> Result<f64> {
    let (next, good) = (AtomicUsize::new(0), AtomicBool::new(true));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while start.elapsed() < 5 * ROUND {
                    let from = next.fetch_add(16, Ordering::Relaxed);
                    for index in from..from + 16 {
                        good.fetch_and(judged(index % cards), Ordering::Relaxed);
                    }
                }
            });
        }
    });
    ensure!(good.into_inner(), "a good card is rejected on {threads} threads");
    Ok(start.elapsed().as_secs_f64() / f64::from(u32::try_from(next.into_inner())?))
}
