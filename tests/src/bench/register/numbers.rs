//! Personal numbers given.

use std::time::Instant;

use anyhow::{Context as _, Result};
use cccd_card_profile::card_holder::Sex;
use cccd_population::numbers::{Allocator, DEFAULT_LEASE, Digits, NumberKey, Prefix, RequestId, Withheld};
use cccd_population::store::{Place, SqlStore};
use zeroize::Zeroizing;

use super::{Figures, TODAY, median};

const ROUNDS: u32 = 4;

/// Numbers of one client in a round.
const EACH: u32 = 400;

/// One by one, each durable before the next is asked for, by some clients at once.
pub(super) fn run(name: &str, place: &Place, figures: &mut Figures) -> Result<()> {
    let clients: u32 = if matches!(place, Place::Sqlite(_)) { 1 } else { 8 };
    let single = rate(place, clients, &one_by_one)?;
    figures.put(
        &format!("register.{name}.numbers_single_per_s"),
        single,
        &format!("1/s, {clients} clients, one number a transaction"),
    );
    let many = rate(place, clients, &many)?;
    figures.put(
        &format!("register.{name}.numbers_per_s"),
        many,
        &format!("1/s, {clients} clients, {MANY} numbers a transaction"),
    );
    let slower = figures.get("register.numbers_per_s").map_or(many, |other| other.min(many));
    figures.put("register.numbers_per_s", slower, "1/s, the slower engine");
    Ok(())
}

/// Requests that are answered together: what a line brings, or a hospital's day.
const MANY: u32 = 100;

fn many(store: &mut SqlStore, allocator: &mut Allocator, prefix: Prefix, name: &str) -> Result<u32> {
    for part in 0..EACH * 5 / MANY {
        let requests: Option<Vec<RequestId>> =
            (0..MANY).map(|count| RequestId::new(&format!("{name}.many.{part}.{count}"))).collect();
        allocator.allocate_many(store, prefix, &requests.context("a request")?)?;
    }
    Ok(EACH * 5)
}

type Give<'g> = dyn Fn(&mut SqlStore, &mut Allocator, Prefix, &str) -> Result<u32> + Sync + 'g;

fn one_by_one(store: &mut SqlStore, allocator: &mut Allocator, prefix: Prefix, name: &str) -> Result<u32> {
    for count in 0..EACH {
        let request = RequestId::new(&format!("{name}.{count}")).context("a request")?;
        allocator.allocate(store, prefix, &request)?;
    }
    Ok(EACH)
}

fn rate(place: &Place, clients: u32, give: &Give<'_>) -> Result<f64> {
    let mut rates = Vec::new();
    for round in 0..ROUNDS {
        let begun = Instant::now();
        let given: Vec<Result<u32>> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..clients)
                .map(|client| {
                    scope.spawn(move || {
                        let mut store = SqlStore::open(place)?;
                        let mut allocator = allocator()?;
                        // A province each.
                        let province = [1, 2, 4, 6, 8, 10, 11, 12].get(client as usize).copied().unwrap_or(1);
                        let prefix = Prefix::new(province, Sex::Female, TODAY.year())?;
                        give(&mut store, &mut allocator, prefix, &format!("bench.{clients}.{round}.{client}"))
                    })
                })
                .collect();
            let failed = |_| Err(anyhow::anyhow!("a client ended early"));
            running.into_iter().map(|thread| thread.join().unwrap_or_else(failed)).collect()
        });
        let whole = begun.elapsed();
        let given: u32 = given.into_iter().sum::<Result<u32>>()?;
        if round > 0 {
            rates.push(f64::from(given) / whole.as_secs_f64());
        }
    }
    Ok(median(&rates))
}

fn allocator() -> Result<Allocator> {
    let digits = Digits::new(&NumberKey::derive(&Zeroizing::new([7; 32])), Withheld::default());
    Ok(Allocator::new(digits.context("the permutation")?, DEFAULT_LEASE))
}
