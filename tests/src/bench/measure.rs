//! How the benchmarks measure: rounds of both contenders in turn, the best round of each counts, so that what else the
//! machine does weighs on both alike.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Names and numbers of one run, as they go to `target/bench.json`.
#[derive(Debug, Default)]
pub struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// Prints one figure and keeps it.
    pub fn put(&mut self, name: &str, value: f64, unit: &str) {
        let digits = if value.abs() >= 1000.0 { 0 } else { 3 };
        println!("  {name:<44} {value:>12.digits$} {unit}");
        self.0.insert(name.to_owned(), value);
    }

    /// The figures as a flat JSON object.
    ///
    /// # Errors
    /// If a value is not a number.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(&self.0)
    }
}

/// Operations per second of `operation`, called in turn on every index below `count` for at least `time`.
pub fn per_second(count: usize, time: Duration, operation: &mut dyn FnMut(usize)) -> f64 {
    let start = Instant::now();
    let mut done = 0_u32;
    while start.elapsed() < time {
        for index in 0..count {
            operation(index);
        }
        done += u32::try_from(count).unwrap_or(u32::MAX);
    }
    f64::from(done) / start.elapsed().as_secs_f64()
}

/// The best of five rounds of each contender, taken in turn.
pub fn in_pairs(count: usize, one: &mut dyn FnMut(usize), other: &mut dyn FnMut(usize)) -> (f64, f64) {
    let round = Duration::from_millis(600);
    let mut best = (0.0_f64, 0.0_f64);
    for _ in 0..5 {
        best.0 = best.0.max(per_second(count, round, one));
        best.1 = best.1.max(per_second(count, round, other));
    }
    best
}
