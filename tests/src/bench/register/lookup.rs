//! A person by number, beside the prepared statement alone.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::store::{Place, SqlStore, Store as _};

use super::engine::Bare;
use super::load::{Loaded, spread};
use super::{Figures, median};

/// Rounds of each contender.
const ROUNDS: usize = 7;

/// How long a round is.
const ROUND: Duration = Duration::from_millis(400);

/// The columns of `Store::person`, in its order.
const STATEMENT: &str = "SELECT personal_number, full_name, birth_date, sex, place_of_birth, \
    birth_registration_place, place_of_origin, ethnic_group, nationality, old_number, permanent_address, permanent_ward, \
    permanent_province, permanent_since, temporary_address, temporary_ward, temporary_province, \
    temporary_since, current_address, current_ward, current_province, current_since, absent_from, \
    absent_until, residence_file, marital_status, relation_to_head, life, life_date, \
    identification_marks, cancelled_number, lists, sensitive, revision, source, recorded_at, provenance, \
    name_key FROM person WHERE personal_number = ";

/// Look-ups a second at one number of threads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct One {
    pub(super) ours: f64,
    pub(super) floor: f64,
    pub(super) ratio: f64,
}

/// With one thread and with two.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Speed {
    pub(super) one: One,
    pub(super) two: One,
}

/// Measures the register as it is.
pub(super) fn measure(place: &Place, numbers: &[String]) -> Result<Speed> {
    Ok(Speed { one: with(1, place, numbers)?, two: with(2, place, numbers)? })
}

/// Measures the full register and reports.
pub(super) fn report(name: &str, place: &Place, loaded: &Loaded, figures: &mut Figures) -> Result<()> {
    let full = measure(place, &spread(&loaded.numbers))?;
    let tenth = loaded.at_a_tenth;
    let mut put =
        |what: &str, value, unit| figures.put(&format!("register.{name}.lookup.{what}"), value, unit);
    put(
        "ratio_to_floor",
        full.one.ratio.min(full.two.ratio),
        "of the floor's speed, the lower of 1 and 2 threads",
    );
    for (threads, one) in [("one_thread", full.one), ("two_threads", full.two)] {
        put(&format!("{threads}.ratio_to_floor"), one.ratio, "of the floor's speed");
        put(&format!("{threads}.per_s"), one.ours, "1/s");
        put(&format!("{threads}.floor_per_s"), one.floor, "1/s");
    }
    // With both cores at work: with one thread they sleep between question and answer, and waking is what is timed.
    let growth = tenth.two.ours / full.two.ours;
    put("growth", growth, "times longer than with a tenth of the people, 2 threads");
    put("floor_growth", tenth.two.floor / full.two.floor, "the floor's, in the same rounds");
    put("growth_one_thread", tenth.one.ours / full.one.ours, "the same with 1 thread");
    put("floor_growth_one_thread", tenth.one.floor / full.one.floor, "the floor's");
    let growth = growth.max(figures.get("register.lookup.growth").unwrap_or_default());
    figures.put(
        "register.lookup.growth",
        growth,
        "times longer than with a tenth of the people, the worse engine",
    );
    Ok(())
}

fn with(threads: usize, place: &Place, numbers: &[String]) -> Result<One> {
    let parsed: Vec<PersonalNumber> =
        numbers.iter().filter_map(|number| PersonalNumber::parse(number).ok()).collect();
    ensure!(!parsed.is_empty(), "nobody to look up");
    let parsed = parsed.as_slice();
    let (mut ours, mut floor, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    // Connections stay open, as those of a server do. Nobody asks for whom another has just brought into memory: each goes
    // its own way through the list, from round to round.
    let walk = |contender: usize, thread: usize| {
        Walk::new(contender * (parsed.len() / 2) + thread * 7_919, parsed.len())
    };
    let mut one: Vec<Call<'_>> = (0..threads)
        .map(|thread| {
            let (store, mut walk) = (SqlStore::open(place)?, walk(0, thread));
            Ok(Box::new(move || {
                let number = parsed.get(walk.next()).ok_or_else(|| anyhow::anyhow!("no number"))?;
                ensure!(store.person(number)?.is_some(), "nobody has this number");
                Ok(())
            }) as Call<'_>)
        })
        .collect::<Result<_>>()?;
    let mut other: Vec<Call<'_>> = (0..threads)
        .map(|thread| {
            let mut walk = walk(1, thread);
            bare(place, numbers, move || walk.next())
        })
        .collect::<Result<_>>()?;
    // The first round warms both; they take turns at being first.
    for round in 0..=ROUNDS {
        let (mine, bare) = if round % 2 == 0 {
            let mine = at_once(&mut one)?;
            (mine, at_once(&mut other)?)
        } else {
            let bare = at_once(&mut other)?;
            (at_once(&mut one)?, bare)
        };
        if round > 0 {
            ours.push(mine);
            floor.push(bare);
            ratios.push(mine / bare);
        }
    }
    Ok(One { ours: median(&ours), floor: median(&floor), ratio: median(&ratios) })
}

type Call<'c> = Box<dyn FnMut() -> Result<()> + Send + 'c>;

/// The prepared statement, its columns read as the engine hands them out.
fn bare<'n>(
    place: &Place,
    numbers: &'n [String],
    mut next: impl FnMut() -> usize + Send + 'n,
) -> Result<Call<'n>> {
    let missing = || anyhow::anyhow!("no number");
    match Bare::open(place)? {
        Bare::Sqlite(connection) => {
            let sql = format!("{STATEMENT}?1 AND replaced_by IS NULL");
            connection.set_prepared_statement_cache_capacity(8);
            connection.prepare_cached(&sql)?;
            Ok(Box::new(move || {
                let mut statement = connection.prepare_cached(&sql)?;
                let mut rows = statement.query([numbers.get(next()).ok_or_else(missing)?])?;
                let row = rows.next()?.ok_or_else(missing)?;
                for column in 0..38 {
                    std::hint::black_box(row.get_ref(column)?);
                }
                Ok(())
            }))
        }
        Bare::Postgres(mut client) => {
            let statement = client.prepare(&format!("{STATEMENT}$1 AND replaced_by IS NULL"))?;
            Ok(Box::new(move || {
                let row = client.query_one(&statement, &[numbers.get(next()).ok_or_else(missing)?])?;
                for column in (0..33).chain(34..38) {
                    std::hint::black_box(row.try_get::<_, Option<&str>>(column)?);
                }
                std::hint::black_box(row.try_get::<_, i64>(33)?);
                Ok(())
            }))
        }
    }
}

/// Calls a second of some threads together, each with a connection of its own.
fn at_once(calls: &mut [Call<'_>]) -> Result<f64> {
    let rates: Vec<Result<f64>> = std::thread::scope(|scope| {
        let running: Vec<_> = calls
            .iter_mut()
            .map(|call| {
                scope.spawn(move || {
                    let (begun, mut done) = (Instant::now(), 0_u32);
                    while begun.elapsed() < ROUND {
                        for _ in 0..20 {
                            call()?;
                        }
                        done += 20;
                    }
                    Ok(f64::from(done) / begun.elapsed().as_secs_f64())
                })
            })
            .collect();
        let failed = |_| Err(anyhow::anyhow!("a thread ended early"));
        running.into_iter().map(|thread| thread.join().unwrap_or_else(failed)).collect()
    });
    rates.into_iter().sum()
}

/// Places in a list, far from each other and each once before any again.
struct Walk {
    at: usize,
    length: usize,
}

impl Walk {
    fn new(at: usize, length: usize) -> Self {
        Self { at, length }
    }

    fn next(&mut self) -> usize {
        self.at = (self.at + 514_229) % self.length.max(1);
        self.at
    }
}
