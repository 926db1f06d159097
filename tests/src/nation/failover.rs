//! The register lies on two `PostgreSQL` servers, and no commit is acknowledged that the replica does not have. Clients take acts; the
//! primary is killed with `kill -9`, the replica promoted, and the clients go on by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::{Act, ActId, Book, Entry, Kind};
use cccd_population::generate::ethnic_groups;
use cccd_population::person::Life;
use cccd_population::store::{ActOutcome, Change, Place, SqlStore, Store as _};

use jiff::civil::Date;

use super::backup::Kept;
use super::{Disturb, Invariant, Scene, Short, Stage, World, noon};
use crate::postgres_pair::Pair;

/// Clients at once.
const CLIENTS: usize = 4;

/// Persons of each client.
const PEOPLE: usize = 50;

/// Acts of all clients before the primary is killed, and of each after.
const BEFORE: u32 = 200;
const AFTER: u32 = 50;

/// What a client was told.
#[derive(Default)]
struct Told {
    acknowledged: BTreeSet<ActId>,
    /// Acts in doubt, asked again and found there.
    repeats: u32,
}

/// What all clients watch.
#[derive(Default)]
struct Watch {
    taken: AtomicU32,
    killed: AtomicBool,
    failed: AtomicBool,
}

pub(super) fn run(
    world: &World,
    kept: &Kept,
    disturb: &Disturb<'_>,
    invariants: &mut Vec<Invariant>,
) -> Result<()> {
    let pair = match Pair::start() {
        Ok(pair) => pair,
        Err(reason) if std::env::var_os("CCCD_DEMAND_POSTGRES").is_some() => {
            bail!("PostgreSQL is demanded: {reason}")
        }
        Err(reason) => {
            world.told("failover", &format!("skipped: {reason}"));
            return Ok(());
        }
    };
    let place = pair.place().map_err(anyhow::Error::msg)?;
    let mut store = SqlStore::create(&place, noon(world.plan.today))?;
    kept.into(&mut store)?;
    disturb(Scene { stage: Stage::Restored, store: &store, identity: None, short: &mut Short::default() })?;
    invariants.push(Invariant {
        what: "every table comes back on PostgreSQL as it was",
        of: kept.tables(),
        violations: kept.differing(&mut store)?,
    });
    let alive = world.picture.people.values().filter(|person| matches!(person.life, Life::Alive));
    let people: Vec<PersonalNumber> =
        alive.map(|person| person.number.clone()).take(CLIENTS * PEOPLE).collect();
    ensure!(people.len() >= CLIENTS, "nobody to take acts of");

    let (watch, on) = (Watch::default(), world.plan.today);
    let told = std::thread::scope(|scope| -> Result<Vec<Told>> {
        let clients: Vec<_> = people
            .chunks(people.len().div_ceil(CLIENTS))
            .enumerate()
            .map(|(client, people)| {
                let (watch, place) = (&watch, &place);
                let known = people.iter().map(|number| {
                    let person = world.picture.people.get(number);
                    (
                        number.clone(),
                        person.and_then(|person| person.ethnic_group.clone()).unwrap_or_default(),
                    )
                });
                let known: BTreeMap<PersonalNumber, String> = known.collect();
                scope.spawn(move || {
                    let done = work(on, client, (people, known), place, watch);
                    watch.failed.fetch_or(done.is_err(), Ordering::SeqCst);
                    done
                })
            })
            .collect();
        while watch.taken.load(Ordering::SeqCst) < BEFORE && !watch.failed.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let killed = pair.kill_primary();
        watch.killed.store(true, Ordering::SeqCst);
        let begun = Instant::now();
        let promoted = killed.and_then(|()| pair.promote());
        let seconds = begun.elapsed().as_secs_f64();
        let told: Result<Vec<Told>> = clients
            .into_iter()
            .map(|client| client.join().map_err(|_| anyhow::anyhow!("a client"))?)
            .collect();
        promoted.map_err(anyhow::Error::msg)?;
        let told = told?;
        let (acts, repeats) = told.iter().fold((0, 0), |(acts, repeats), client| {
            (acts + client.acknowledged.len(), repeats + client.repeats)
        });
        world.told(
            "failover",
            &format!("{acts} acts by {CLIENTS} clients, primary killed, replica promoted in {seconds:.1} s; {repeats} in doubt were there"),
        );
        Ok(told)
    })?;
    // The primary that the first connection was to is gone.
    let store = SqlStore::open(&place)?;
    disturb(Scene { stage: Stage::Failover, store: &store, identity: None, short: &mut Short::default() })?;
    judge(&place, &people, &told, invariants)
}

/// One client: an act after another, each until it is acknowledged. It does nothing about a server that dies.
fn work(
    on: Date,
    client: usize,
    (people, mut known): (&[PersonalNumber], BTreeMap<PersonalNumber, String>),
    place: &Place,
    watch: &Watch,
) -> Result<Told> {
    let groups: Vec<&str> = ethnic_groups().collect();
    let mut store = SqlStore::open(place)?;
    let mut told = Told::default();
    let mut after = 0;
    let intake = intake(client);
    let change = Change { source: format!("act:{intake}"), at: noon(on) };
    for serial in 1_u32.. {
        let gone = watch.killed.load(Ordering::SeqCst);
        let person = people.get(usize::try_from(serial)? % people.len()).context("nobody")?.clone();
        // Each changes something.
        let before = known.get(&person).map_or("", String::as_str);
        let others = groups.iter().cycle().skip(usize::try_from(serial)? % groups.len());
        let ethnic_group =
            others.take(groups.len()).find(|group| **group != before).context("no other group")?;
        let ethnic_group = (*ethnic_group).to_owned();
        known.insert(person.clone(), ethnic_group.clone());
        let entry = Entry {
            id: ActId {
                office: format!("{:05}", 80 + client),
                year: on.year(),
                kind: Kind::EthnicGroup,
                serial,
            },
            registered_on: on,
            registered_by: "registrar".to_owned(),
            book: Book::Electronic,
            act: Act::EthnicGroup { person, ethnic_group, on },
        };
        let outcome = store.record_act(&entry, None, &intake, &change, on)?;
        told.repeats += u32::from(outcome == ActOutcome::Repeat);
        told.acknowledged.insert(entry.id);
        watch.taken.fetch_add(1, Ordering::SeqCst);
        after += u32::from(gone);
        if after == AFTER || watch.failed.load(Ordering::SeqCst) {
            break;
        }
    }
    Ok(told)
}

fn intake(client: usize) -> String {
    format!("desk-{client}")
}

/// Through a line of its own.
fn judge(
    place: &Place,
    people: &[PersonalNumber],
    told: &[Told],
    invariants: &mut Vec<Invariant>,
) -> Result<()> {
    let store = SqlStore::open(place)?;
    let acknowledged: BTreeSet<&ActId> = told.iter().flat_map(|client| &client.acknowledged).collect();
    let mut found = BTreeMap::<ActId, u64>::new();
    for person in people {
        for applied in store.acts_of(person)? {
            *found.entry(applied.id).or_default() += 1;
        }
    }
    let of = acknowledged.len() as u64;
    let lost = acknowledged.iter().filter(|act| !found.contains_key(**act)).count() as u64;
    invariants.push(Invariant {
        what: "no acknowledged commit was lost with the primary",
        of,
        violations: lost,
    });
    let doubled = acknowledged.iter().filter_map(|act| found.get(*act)).map(|times| times - 1).sum();
    invariants.push(Invariant { what: "no commit was doubled by asking again", of, violations: doubled });
    let mut broken = 0;
    for (client, told) in told.iter().enumerate() {
        let (intake, mut before) = (intake(client), [0; 32]);
        let entries = store.intake_entries(&intake)?;
        for entry in &entries {
            broken += u64::from(!entry.follows(&intake, &before));
            before = entry.digest;
        }
        broken += entries.len().abs_diff(told.acknowledged.len()) as u64;
    }
    invariants.push(Invariant {
        what: "the chain of every client is whole on the replica",
        of,
        violations: broken,
    });
    Ok(())
}
