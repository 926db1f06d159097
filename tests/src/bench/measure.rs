//! How the benchmarks measure: rounds of both contenders in turn, the best round of each counts, so that what else the
//! machine does weighs on both alike.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// Names and numbers of one run, as they go to `target/bench.json`.
#[derive(Debug, Default)]
pub struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// Prints one figure and keeps it.
    pub fn put(&mut self, name: &str, value: f64, unit: &str) {
        let digits = match value.abs() {
            whole if whole >= 1000.0 || unit == "APDUs" || unit == "bytes" => 0,
            _ => 3,
        };
        println!("  {name:<44} {value:>12.digits$} {unit}");
        self.0.insert(name.to_owned(), value);
    }

    /// A figure of this run.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// Writes the figures into a flat JSON object. A group that was measured replaces its old figures (the part of the
    /// name before the first full stop, and the engine of the register); those of other groups stay.
    ///
    /// # Errors
    /// If the file holds something else or cannot be written.
    pub fn merge_into(&self, path: &Path) -> Result<()> {
        let group = |name: &str| -> String {
            let mut parts = name.split('.');
            let first = parts.next().unwrap_or_default();
            match parts.next() {
                Some(engine) if super::register::ENGINES.contains(&engine) => format!("{first}.{engine}"),
                _ => first.to_owned(),
            }
        };
        let measured: Vec<String> = self.0.keys().map(|name| group(name)).collect();
        let mut all: BTreeMap<String, f64> = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| {
                format!("{} is not what an earlier run wrote; delete it and run again", path.display())
            })?,
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        all.retain(|name, _| !measured.contains(&group(name)));
        all.extend(self.0.clone());
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut json = serde_json::to_string_pretty(&all)?;
        json.push('\n');
        std::fs::write(path, json).with_context(|| path.display().to_string())
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
        done = done.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
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

/// The middle of some durations in milliseconds; 0 of none.
#[must_use]
pub fn median_ms(durations: &[Duration]) -> f64 {
    let mut sorted = durations.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).map_or(0.0, |middle| middle.as_secs_f64() * 1000.0)
}

/// The mean of some durations in milliseconds; 0 of none.
#[must_use]
pub fn mean_ms(durations: &[Duration]) -> f64 {
    let count = u32::try_from(durations.len()).unwrap_or(u32::MAX).max(1);
    durations.iter().sum::<Duration>().as_secs_f64() * 1000.0 / f64::from(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_measured_again_replaces_itself_and_leaves_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("target/bench.json");
        let figures = |pairs: &[(&str, f64)]| -> Figures {
            Figures(pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect())
        };
        figures(&[("sod.old", 1.0), ("sod.kept", 1.0), ("read.apdus", 17.0)]).merge_into(&path).unwrap();
        figures(&[("sod.kept", 2.0)]).merge_into(&path).unwrap();
        let all: BTreeMap<String, f64> = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(all, figures(&[("sod.kept", 2.0), ("read.apdus", 17.0)]).0);
        figures(&[("register.sqlite.a", 1.0), ("register.postgres.a", 1.0)]).merge_into(&path).unwrap();
        figures(&[("register.postgres.b", 2.0)]).merge_into(&path).unwrap();
        let all: BTreeMap<String, f64> = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert!(all.contains_key("register.sqlite.a") && !all.contains_key("register.postgres.a"));
        std::fs::write(&path, "[]").unwrap();
        assert!(figures(&[]).merge_into(&path).is_err());
    }

    #[test]
    fn the_middle_and_the_mean() {
        let some = [1, 9, 2].map(Duration::from_millis);
        assert!((median_ms(&some) - 2.0).abs() < 1e-9);
        assert!((mean_ms(&some) - 4.0).abs() < 1e-9);
        assert!(median_ms(&[]) == 0.0 && mean_ms(&[]) == 0.0);
    }
}
