//! The primary of two servers is killed while clients take acts: the replica takes over, the clients go on by themselves, and
//! every act that was acknowledged is there, once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use cccd_population::backup::backup;
use cccd_population::civil_status::{Act, ActId, Book, Entry, Kind};
use cccd_population::generate::{Nation, ethnic_groups};
use cccd_population::person::Person;
use cccd_population::store::{ActOutcome, Attempt, AttemptResult, SqlStore, Store as _};

use crate::postgres::pair::Pair;
use crate::{TODAY, change, now};

/// Clients at once.
const CLIENTS: u32 = 4;

/// Acts that each takes after the primary is gone.
const AFTER: u32 = 25;

fn entry(client: u32, serial: u32, person: &mut Person) -> Entry {
    // Each changes something.
    let groups: Vec<&str> = ethnic_groups().collect();
    let mut others = groups.iter().cycle().skip(serial as usize % groups.len());
    let group = others.find(|group| person.ethnic_group.as_deref() != Some(**group)).unwrap();
    person.ethnic_group = Some((*group).to_owned());
    let office = format!("{:05}", 70 + client);
    Entry {
        id: ActId { office, year: TODAY.year(), kind: Kind::EthnicGroup, serial },
        registered_on: TODAY,
        registered_by: "registrar".to_owned(),
        book: Book::Electronic,
        act: Act::EthnicGroup { person: person.number.clone(), ethnic_group: (*group).to_owned(), on: TODAY },
    }
}

#[test]
fn no_acknowledged_act_is_lost_or_doubled_when_the_primary_dies() {
    let pair = match Pair::start() {
        Ok(pair) => pair,
        Err(reason) if std::env::var_os("CCCD_DEMAND_POSTGRES").is_some() => panic!("{reason}"),
        Err(reason) => {
            eprintln!("skipped: {reason}");
            return;
        }
    };
    let place = pair.place().unwrap();
    let mut store = SqlStore::create(&place, now()).unwrap();
    let people: Vec<_> = Nation::new(40, 3, TODAY).collect();
    store.put_persons(&people, &change()).unwrap();

    let (taken, after, killed) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    let acknowledged = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                // Each client has people of its own.
                let (place, mut people) = (&place, people.clone());
                let (taken, after, killed) = (&taken, &after, &killed);
                scope.spawn(move || {
                    let mut store = SqlStore::open(place).unwrap();
                    let (mut acknowledged, mut repeats, mut own_after) = (BTreeSet::new(), 0, 0);
                    for serial in 1.. {
                        let at = (serial as usize * 4 + client as usize) % people.len();
                        let entry = entry(client, serial, &mut people[at]);
                        let gone = killed.load(Ordering::SeqCst) == 1;
                        // No client does anything about the server that died.
                        let outcome = store
                            .record_act(&entry, None, &format!("desk-{client}"), &change(), TODAY)
                            .unwrap_or_else(|error| panic!("client {client}, act {serial}: {error}"));
                        repeats += u32::from(outcome == ActOutcome::Repeat);
                        acknowledged.insert(entry.id);
                        taken.fetch_add(1, Ordering::SeqCst);
                        if gone {
                            own_after += 1;
                            after.fetch_add(1, Ordering::SeqCst);
                        }
                        if own_after == AFTER {
                            break;
                        }
                    }
                    (acknowledged, repeats)
                })
            })
            .collect();
        while taken.load(Ordering::SeqCst) < 60
            && !clients.iter().any(std::thread::ScopedJoinHandle::is_finished)
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        pair.kill_primary().unwrap();
        killed.store(1, Ordering::SeqCst);
        let begun = Instant::now();
        pair.promote().unwrap();
        eprintln!("promoted after {:?}", begun.elapsed());
        clients.into_iter().map(|client| client.join().unwrap()).collect::<Vec<_>>()
    });
    // At most one act of each client was in doubt, and was asked again.
    for (client, (acknowledged, repeats)) in acknowledged.iter().enumerate() {
        assert!(*repeats <= 1, "client {client}: {repeats} repeats of {}", acknowledged.len());
    }

    // This client was connected to the dead server all the time.
    let mut found = Vec::new();
    for person in &people {
        found.extend(store.acts_of(&person.number).unwrap().into_iter().map(|applied| applied.id));
    }
    let once: BTreeSet<_> = found.iter().cloned().collect();
    assert_eq!(once.len(), found.len(), "an act stands twice");
    let told: BTreeSet<_> = acknowledged.iter().flat_map(|(acknowledged, _)| acknowledged.clone()).collect();
    assert_eq!(once, told, "what stands there is not what was acknowledged");
    for client in 0..CLIENTS {
        let intake = format!("desk-{client}");
        let mut before = [0; 32];
        let entries = store.intake_entries(&intake).unwrap();
        for entry in &entries {
            assert!(entry.follows(&intake, &before), "the chain of {intake} is broken at {}", entry.sequence);
            before = entry.digest;
        }
        assert_eq!(entries.len(), acknowledged[client as usize].0.len());
    }
    store.check_integrity().unwrap();
}

#[test]
fn a_replica_answers_and_can_be_backed_up_but_takes_nothing() {
    let Ok(pair) = Pair::start() else { return };
    let mut store = SqlStore::create(&pair.place().unwrap(), now()).unwrap();
    let people: Vec<_> = Nation::new(40, 3, TODAY).collect();
    store.put_persons(&people, &change()).unwrap();
    // A commit is acknowledged when the replica has it on disk; it shows it a moment later, the register's own tables too.
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut replica = loop {
        match SqlStore::open(&pair.replica()) {
            Ok(replica) if replica.person_count().unwrap() == store.person_count().unwrap() => {
                break replica;
            }
            _ if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(10)),
            Ok(_) => panic!("the replica has not all the people after a minute"),
            Err(error) => panic!("the replica does not open: {error}"),
        }
    };
    let to = [age::x25519::Identity::generate().to_public()];
    let (_, tables) = backup(&mut replica, Vec::new(), &to, now(), &mut |_| true).unwrap();
    assert_eq!(tables, store.table_digests().unwrap());
    assert!(replica.put_persons(&people, &change()).is_err() || replica.table_digests().unwrap() == tables);
    let attempt = Attempt {
        number_digest: [1; 32],
        requester: "x".to_owned(),
        at: now(),
        result: AttemptResult::Match,
    };
    assert!(replica.log_attempt(&attempt, now(), 5).is_err());
}
