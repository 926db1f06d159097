//! `make nation`: one simulated year of a province, through the register's own doors, and the invariants that must hold at
//! its end.
//!
//! | part | what happens |
//! |---|---|
//! | `collection` | a province's people come in from three files of three forms, with rows that are none; the same file again |
//! | `conflicts` | a second source says otherwise of some of them: cases, each decided by an officer with a reason |
//! | `year` | every kind of act, day by day, through several offices: births with their numbers, some at representations abroad, moves, late and contradicting acts, the same act twice |
//! | `stations` | stations without a line: sealed bundles merged, printed forms scanned and filed by their barcodes |
//! | `soldiers` | some join the armed forces: their ministry keeps their details, lists and wards are refused, some come back |
//! | `identity` | people come for cards; their portraits and prints are stored, and read, in the identity database with rights of its own |
//! | `looks` | officers look at people, with a case or by breaking the glass; the logs are verified |
//! | `books` | old paper books typed twice; extracts of acts and books as PDF, known again by their codes |
//! | `invariants` | what must hold of the whole register at the end, each a count of violations |
//! | `backup` | the register is backed up, encrypted, and restored elsewhere; damaged copies are refused |
//! | `failover` | the backup becomes the register of two `PostgreSQL` servers; clients take acts, the primary is killed, the replica promoted |
//!
//! The simulation keeps a picture of its own of what it was told, and the register is compared with it at the end.

mod backup;
mod books;
mod collection;
mod conflicts;
mod failover;
mod identity;
mod invariants;
mod looks;
mod picture;
mod soldiers;
mod stations;
mod year;

use std::time::Instant;

use anyhow::Result;
use cccd_population::numbers::{Allocator, DEFAULT_LEASE, Digits, NumberKey, Withheld};
use cccd_population::store::{Change, IdentityStore, Place, SqlStore, Store as _};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use zeroize::Zeroizing;

pub use invariants::Invariant;
use picture::Picture;

/// What a simulated year came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Persons in the register at the end.
    pub people: u64,
    /// Acts taken in the year.
    pub events: u64,
    /// What was looked at, and how often it did not hold.
    pub invariants: Vec<Invariant>,
}

impl Outcome {
    /// All of them together.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.invariants.iter().map(|invariant| invariant.violations).sum()
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "nation: people={} events={} violations={}", self.people, self.events, self.violations())
    }
}

/// How large, how long ago, how random.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Persons at the beginning.
    pub people: u64,
    /// The same seed gives the same year.
    pub seed: u64,
    /// The last day of the year.
    pub today: Date,
    /// Whether a primary is killed, where there is `PostgreSQL`.
    pub failover: bool,
}

/// A moment before something is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The year is over.
    Year,
    /// A backup was restored.
    Restored,
    /// The replica has taken over.
    Failover,
}

/// What may be disturbed behind the register's back.
#[derive(Debug)]
pub struct Scene<'s> {
    /// The moment.
    pub stage: Stage,
    /// The register that is judged.
    pub store: &'s SqlStore,
    /// The identity database beside it, at the end of the year.
    pub identity: Option<&'s IdentityStore>,
    /// Counts the simulation one row or one delivery short, if set.
    pub short: &'s mut Short,
}

/// What the simulation forgets.
#[derive(Debug, Clone, Copy, Default)]
pub struct Short {
    /// A row that was rejected.
    pub rejected: bool,
    /// A message that was delivered.
    pub delivered: bool,
}

/// Done at each stage.
type Disturb<'d> = dyn Fn(Scene<'_>) -> Result<()> + 'd;

/// The year as it goes on.
struct World {
    plan: Plan,
    place: Place,
    store: SqlStore,
    allocator: Allocator,
    chance: Chance,
    picture: Picture,
    bar: ProgressBar,
    begun: Instant,
}

impl World {
    fn change(&self, source: &str, on: Date) -> Change {
        Change { source: source.to_owned(), at: noon(on) }
    }

    /// One line of what was done, under the bar.
    fn told(&self, part: &str, words: &str) {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.bar.suspend(|| println!("{seconds:7.1} s  {part:<12} {words}"));
    }
}

/// The middle of a day in Vietnam.
fn noon(on: Date) -> Timestamp {
    on.at(5, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).map_or(Timestamp::UNIX_EPOCH, |time| time.timestamp())
}

/// Draws from a seeded generator.
struct Chance(ChaCha20Rng);

impl Chance {
    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(u64::MAX);
        usize::try_from(self.0.next_u64() % bound).unwrap_or_default()
    }

    fn one_of<'t, T>(&mut self, list: &'t [T]) -> Option<&'t T> {
        list.get(self.below(list.len()))
    }
}

/// Lives through the year in an empty database.
///
/// # Errors
/// If something could not be done at all.
pub fn run(plan: Plan, place: &Place) -> Result<Outcome> {
    run_disturbed(plan, place, &|_| Ok(()))
}

/// [`run`] on a `PostgreSQL` server of its own, which is gone at the end.
///
/// # Errors
/// As there; if there is no `PostgreSQL`.
pub fn run_on_postgres(plan: Plan) -> Result<Outcome> {
    let server = crate::postgres_server::Server::start(&["shared_buffers=64MB", "max_wal_size=4GB"]);
    let server = server.map_err(anyhow::Error::msg)?;
    run(plan, &server.database().map_err(anyhow::Error::msg)?)
}

/// [`run`], with something done behind the register's back before it is judged.
///
/// # Errors
/// As there, and the disturbance's.
pub fn run_disturbed(plan: Plan, place: &Place, disturb: &Disturb<'_>) -> Result<Outcome> {
    let mut world = begin(plan, place)?;
    collection::run(&mut world)?;
    conflicts::run(&mut world)?;
    year::run(&mut world)?;
    let collected = stations::run(&mut world)?;
    let soldiers = soldiers::run(&mut world)?;
    let bodies = identity::run(&mut world)?;
    let looked = looks::run(&mut world)?;
    let books = books::run(&mut world)?;
    let mut short = Short::default();
    let apart = Some(bodies.open(&world)?);
    disturb(Scene { stage: Stage::Year, store: &world.store, identity: apart.as_ref(), short: &mut short })?;
    drop(apart);
    world.picture.forget(short);
    let mut invariants = invariants::judge(&world)?;
    stations::judge(&world, &collected, &mut invariants)?;
    soldiers::judge(&world, &soldiers, &mut invariants)?;
    identity::judge(&world, &bodies, &mut invariants)?;
    looks::judge(&world, &looked, &mut invariants)?;
    books::judge(&world, &books, &mut invariants)?;
    let kept = backup::run(&mut world)?;
    backup::elsewhere(&world, &kept, disturb, &mut invariants)?;
    if plan.failover {
        failover::run(&world, &kept, disturb, &mut invariants)?;
    }
    world.bar.finish_and_clear();
    Ok(Outcome { people: world.store.person_count()?, events: world.picture.taken(), invariants })
}

fn begin(plan: Plan, place: &Place) -> Result<World> {
    let store = SqlStore::create(place, noon(plan.today))?;
    let mut chance = Chance(ChaCha20Rng::seed_from_u64(plan.seed));
    let mut secret = Zeroizing::new([0; 32]);
    chance.0.fill_bytes(secret.as_mut());
    let digits = Digits::new(&NumberKey::derive(&secret), Withheld::default());
    let digits = digits.ok_or_else(|| anyhow::anyhow!("no key of numbers"))?;
    let bar = ProgressBar::new(plan.people);
    if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len}  {elapsed}  {msg}") {
        bar.set_style(style);
    }
    let (allocator, picture) = (Allocator::new(digits, DEFAULT_LEASE), Picture::default());
    let place = place.clone();
    Ok(World { plan, place, store, allocator, chance, picture, bar, begun: Instant::now() })
}
