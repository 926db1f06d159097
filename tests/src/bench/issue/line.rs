//! The queue of one host at work on the prepared applications.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use cccd_issuer::queue::{self, Event, Happened, ReaderPort};
use cccd_issuer::register::{Register, RegisterError};
use cccd_issuer::station::{Admitted, Blank, Job};
use indicatif::ProgressBar;
use jiff::SignedDuration;
use rand_core::CryptoRng;

use super::chips::{Hand, Port, Source};
use super::house::{self, House};
use super::machine;

const HOST: &str = "bench";

/// What one run took.
#[derive(Debug, Clone, Default)]
pub struct Ran {
    /// Cards.
    pub cards: usize,
    /// From the first chip taken in hand to the last card made.
    pub time: Duration,
    /// Time on processors, of everything in this process.
    pub processor: Duration,
    /// How long readers waited for data, one for each card, in microseconds.
    pub waits: Vec<u32>,
    /// Memory after so many cards, megabytes.
    pub memory: Vec<(usize, f64)>,
}

impl Ran {
    /// Cards in a second.
    #[must_use]
    pub fn cards_per_s(&self) -> f64 {
        self.cards as f64 / self.time.as_secs_f64()
    }

    /// The longest wait for data but for one in a hundred, milliseconds.
    #[must_use]
    pub fn wait_p99_ms(&self) -> f64 {
        let mut sorted = self.waits.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * 99).div_ceil(100).saturating_sub(1);
        sorted.get(place).map_or(0.0, |wait| f64::from(*wait) / 1000.0)
    }
}

/// Makes so many cards on so many readers, the ledger copied to the disk and synchronised as it is at work.
///
/// # Errors
/// If any card is not made.
pub fn run(
    house: &House,
    source: &Source<'_>,
    readers: usize,
    cards: usize,
    measured_every: usize,
    bar: &ProgressBar,
) -> Result<Ran> {
    let folder = tempfile::tempdir()?;
    let mut ledger = house.ledger_in(folder.path())?;
    let register = house.register();
    let (stop, left) = (AtomicBool::new(false), AtomicUsize::new(cards));
    let hands: BTreeMap<String, Hand> =
        (0..readers).map(|reader| (format!("{HOST}/{reader:02}"), Hand::default())).collect();
    let ports: Vec<Box<dyn ReaderPort + '_>> = hands
        .iter()
        .enumerate()
        .map(|(reader, (_, hand))| -> Box<dyn ReaderPort + '_> {
            Box::new(Port { name: format!("{reader:02}"), hand: hand.clone(), source, left: &left })
        })
        .collect();
    let watched = Mutex::new(Watched::default());
    let tell = |event: Event<'_>| {
        let now = Instant::now();
        let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
        match event.what {
            Happened::Begun => {
                watched.first.get_or_insert(now);
                let number = event.application.and_then(|id| id.to_string().parse().ok());
                if let Some((hand, number)) = event.reader.and_then(|name| hands.get(name)).zip(number) {
                    hand.begin(number);
                }
            }
            Happened::Made(_) => {
                watched.last = Some(now);
                watched.made += 1;
                bar.inc(1);
                if watched.made.is_multiple_of(measured_every) {
                    let made = watched.made;
                    watched.memory.extend(machine::memory_mb().ok().map(|memory| (made, memory)));
                }
            }
            Happened::Failed(error) => watched.wrong(&error.to_string(), &stop),
            Happened::NotPrepared(why) | Happened::Trouble(why) => watched.wrong(why, &stop),
            Happened::Tripped(count) => watched.wrong(&format!("{count} failures in a row"), &stop),
            Happened::Stands(_) => watched.wrong("the queue stands still", &stop),
            Happened::GoesOn => {}
        }
    };
    let line = queue::Line {
        host: HOST,
        keys: &house.keys,
        actor: "bench",
        clock: &|| house.at,
        blank: Blank::Icao9,
        job: Job::Production,
        source: house,
        register: &|| -> Result<Box<dyn Register>, RegisterError> {
            Ok(Box::new(house::Line(Arc::clone(&register))))
        },
        prepared: &|_: &Admitted| Ok(()),
        told: &tell,
        stop: &stop,
        lease: SignedDuration::from_mins(2),
        reader_failures: 1,
        failures: 1,
        until_empty: true,
    };
    let mut random = hands.values().cloned();
    let before = machine::processor_time()?;
    let summary = queue::run(&line, &mut ledger, ports, &mut || -> Box<dyn CryptoRng + Send> {
        Box::new(random.next().unwrap_or_default())
    })?;
    let processor = machine::processor_time()?.saturating_sub(before);
    let watched = watched.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(why) = watched.wrong {
        anyhow::bail!("the queue did not make every card: {why}");
    }
    ensure!(watched.made == cards && register.cards() == cards, "{} cards of {cards}", watched.made);
    let (first, last) = watched.first.zip(watched.last).context("no card was begun")?;
    Ok(Ran {
        cards,
        time: last.duration_since(first),
        processor,
        waits: summary.waits,
        memory: watched.memory,
    })
}

#[derive(Default)]
struct Watched {
    first: Option<Instant>,
    last: Option<Instant>,
    made: usize,
    memory: Vec<(usize, f64)>,
    wrong: Option<String>,
}

impl Watched {
    fn wrong(&mut self, why: &str, stop: &AtomicBool) {
        self.wrong.get_or_insert_with(|| why.to_owned());
        stop.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wait_in_a_hundred_may_be_longer_and_two_may_not() {
        let of = |long: usize| Ran {
            waits: [vec![1_000; 200 - long], vec![90_000; long]].concat(),
            ..Ran::default()
        };
        assert!((of(2).wait_p99_ms() - 1.0).abs() < 1e-9);
        assert!((of(3).wait_p99_ms() - 90.0).abs() < 1e-9);
        assert!(Ran::default().wait_p99_ms() == 0.0);
    }
}
