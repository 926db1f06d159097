//! One host's readers at work: a feeder prepares what comes next, a thread for each reader makes it.

mod desk;
mod feeder;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;

use super::{ALL, Breaker, Stop, StopKind, Trip};
use crate::application::Application;
use crate::ledger::{Act, ApplicationId, Entry, Ledger, LedgerError};
use crate::personalize::CardLink;
use crate::register::{Register, RegisterError};
use crate::station::{Admitted, Blank, IssueError, IssuedCard, Job, Station, StationKeys};
use desk::Desk;
use feeder::Feeder;

/// A pcsc-lite service has sixteen slots.
pub const MAX_READERS: usize = 16;

/// How often the feeder looks around.
const TICK: Duration = Duration::from_millis(100);

/// Chips that one application may cost in a run before it waits for somebody to look at it.
const ATTEMPTS: u32 = 2;

/// A reader, or whatever stands for one.
pub trait ReaderPort: Send {
    /// Its name, which no other reader of this host has.
    fn name(&self) -> &str;

    /// Waits until the next chip is there; `false` when there will be none, or `stop` is set.
    ///
    /// # Errors
    /// What happened, in one sentence.
    fn wait(&mut self, stop: &AtomicBool) -> Result<bool, String>;

    /// The chip that is there, and whether it takes extended length.
    ///
    /// # Errors
    /// What happened, in one sentence.
    fn link(&mut self) -> Result<(Box<dyn CardLink + '_>, bool), String>;

    /// The chip was not taken, or came to nothing: another one is asked for next.
    fn put_aside(&mut self) {}
}

/// Where the content of applications lies: the ledger keeps digests only.
pub trait Source: Sync {
    /// The application of this entry; `None` if it does not lie here. `sealed` names the prints and irises that were taken.
    ///
    /// # Errors
    /// What happened, in one sentence.
    fn application(&self, entry: &Entry, sealed: Option<&str>) -> Result<Option<Application>, String>;
}

/// What is done with an application before any chip is touched: faces drawn, say. What it refuses is not made.
pub type Prepared<'a> = dyn Fn(&Admitted) -> Result<(), String> + Sync + 'a;

/// A host at work.
pub struct Line<'a> {
    /// Its name among the hosts of the ledger.
    pub host: &'a str,
    /// Its keys.
    pub keys: &'a StationKeys,
    /// The officer.
    pub actor: &'a str,
    /// The time now.
    pub clock: &'a (dyn Fn() -> Timestamp + Sync),
    /// The kind of blanks.
    pub blank: Blank,
    /// What the cards are for.
    pub job: Job,
    /// Where applications lie.
    pub source: &'a dyn Source,
    /// A line to the register, for each thread its own.
    pub register: &'a (dyn Fn() -> Result<Box<dyn Register>, RegisterError> + Sync),
    /// What is done before a chip is touched.
    pub prepared: &'a Prepared<'a>,
    /// Who is told what happens.
    pub told: &'a (dyn Fn(Event<'_>) + Sync),
    /// Set: no new card is begun.
    pub stop: &'a AtomicBool,
    /// How long a lease lasts that is not renewed.
    pub lease: SignedDuration,
    /// Failures in a row that stop a reader.
    pub reader_failures: u32,
    /// Failures in a row that stop the queue.
    pub failures: u32,
    /// Ends when nothing waits; otherwise it waits for more.
    pub until_empty: bool,
}

/// Something happened.
#[derive(Debug)]
pub struct Event<'a> {
    /// To which application, if it was one's.
    pub application: Option<ApplicationId>,
    /// In which reader, if in one.
    pub reader: Option<&'a str>,
    /// What.
    pub what: Happened<'a>,
}

/// What happened.
#[derive(Debug)]
pub enum Happened<'a> {
    /// A reader has taken it in hand; its chip was not asked anything yet.
    Begun,
    /// A card was made.
    Made(&'a IssuedCard),
    /// None was made.
    Failed(&'a IssueError),
    /// It was not begun: the application cannot be prepared here.
    NotPrepared(&'a str),
    /// Something of the host or the reader failed.
    Trouble(&'a str),
    /// A reader or the queue stands still after failures in a row.
    Tripped(u32),
    /// The queue stands still by an officer's order, and this host waits; told again every minute.
    Stands(&'a Stop),
    /// The queue goes on.
    GoesOn,
}

/// What a host did.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Cards made.
    pub made: u64,
    /// Attempts that made none.
    pub failed: u64,
    /// How long readers waited for data with a chip in them, in microseconds, one for each card.
    pub waits: Vec<u32>,
    /// The queue stands still.
    pub stopped: bool,
    /// Readers of this host that stand still. What lies in them waits until they go on: a card that was begun, too.
    pub standing: Vec<Stop>,
}

/// A card that is prepared.
struct Next {
    admitted: Admitted,
}

/// What feeder and readers share.
struct Shared<'a> {
    line: &'a Line<'a>,
    summary: Mutex<Summary>,
    breaker: Mutex<Breaker>,
    in_hand: Mutex<BTreeSet<i64>>,
    /// No more in hand: let go with the next that are taken.
    finished: Mutex<Vec<ApplicationId>>,
    /// Failures of each application in this run.
    attempts: Mutex<BTreeMap<i64, u32>>,
    over: AtomicBool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes cards until nothing waits, or `stop` is set, or the queue stands still. Each reader has a thread.
///
/// # Errors
/// [`LedgerError`]: the ledger cannot be reached at all.
pub fn run(
    line: &Line<'_>,
    ledger: &mut Ledger,
    readers: Vec<Box<dyn ReaderPort + '_>>,
    random: &mut dyn FnMut() -> Box<dyn CryptoRng + Send>,
) -> Result<Summary, LedgerError> {
    ledger.queue().forget(line.host)?;
    let readers: Vec<_> = readers.into_iter().take(MAX_READERS).collect();
    let names: BTreeSet<String> = readers.iter().map(|reader| name_of(line, reader.as_ref())).collect();
    let (send, receive) = sync_channel::<Next>(readers.len().max(1));
    let receive = Mutex::new(receive);
    let shared = Shared {
        line,
        summary: Mutex::default(),
        breaker: Mutex::new(Breaker::new(line.failures)),
        in_hand: Mutex::default(),
        finished: Mutex::default(),
        attempts: Mutex::default(),
        over: AtomicBool::new(false),
    };
    let mut desks = Vec::new();
    for reader in readers {
        desks.push((reader, ledger.another()?, random()));
    }
    let count = desks.len();
    std::thread::scope(|scope| {
        let (shared, receive) = (&shared, &receive);
        let mut threads = Vec::new();
        for (reader, ledger, rng) in desks {
            threads.push(scope.spawn(move || Desk { shared, ledger, rng }.work(reader, receive)));
        }
        let fed = Feeder { shared, ledger, left: BTreeSet::new() }
            .feed(send, count, || threads.iter().all(std::thread::ScopedJoinHandle::is_finished));
        shared.over.store(true, Ordering::SeqCst);
        for thread in threads {
            let _ = thread.join();
        }
        fed
    })?;
    let mut summary = shared.summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    let stops = ledger.queue().stops()?;
    summary.stopped |= stops.iter().any(|stop| stop.name == ALL);
    summary.standing = stops.into_iter().filter(|stop| names.contains(&stop.name)).collect();
    Ok(summary)
}

/// How the ledger calls a reader.
fn name_of(line: &Line<'_>, reader: &(dyn ReaderPort + '_)) -> String {
    format!("{}/{}", line.host, reader.name())
}

fn after(now: Timestamp, lease: SignedDuration) -> Timestamp {
    now.checked_add(lease).unwrap_or(Timestamp::MAX)
}

fn admit(
    line: &Line<'_>,
    ledger: &mut Ledger,
    register: &mut Option<Box<dyn Register>>,
    application: &Application,
) -> Result<Admitted, IssueError> {
    with_station(line, ledger, register, |station| station.admit(application))
}

fn with_station<T>(
    line: &Line<'_>,
    ledger: &mut Ledger,
    register: &mut Option<Box<dyn Register>>,
    work: impl FnOnce(&mut Station<'_>) -> Result<T, IssueError>,
) -> Result<T, IssueError> {
    if register.is_none() {
        *register = Some((line.register)()?);
    }
    let register = register.as_mut().ok_or(RegisterError::Unreachable("no line".to_owned()))?;
    let mut station = Station {
        ledger,
        register: register.as_mut(),
        keys: line.keys,
        actor: line.actor,
        at: (line.clock)(),
        extended: false,
        blank: line.blank,
        job: line.job,
    };
    work(&mut station)
}

impl Shared<'_> {
    /// No more in hand; the lease goes when the feeder takes the next, or ends.
    fn let_go(&self, id: ApplicationId) {
        // In this order: it is never in neither.
        lock(&self.finished).push(id);
        lock(&self.in_hand).remove(&id.0);
    }

    /// Something is in hand, or may have to be tried again.
    fn is_busy(&self) -> bool {
        !lock(&self.in_hand).is_empty() || !lock(&self.finished).is_empty()
    }

    /// A failure counts against everything; so many in a row stop the queue.
    fn failed(&self, ledger: &mut Ledger, why: &str) -> Result<(), LedgerError> {
        let trip = lock(&self.breaker).failed();
        if let Trip::Yes(count) = trip {
            let reason = format!("{count} failures in a row, the last: {why}");
            self.trip(ledger, ALL, count, &reason)?;
        }
        Ok(())
    }

    fn trip(&self, ledger: &mut Ledger, name: &str, count: u32, reason: &str) -> Result<(), LedgerError> {
        let line = self.line;
        let act = Act::new(line.actor, (line.clock)());
        ledger.queue().stop(name, StopKind::Tripped, reason, act)?;
        let reader = (name != ALL).then_some(name);
        (line.told)(Event { application: None, reader, what: Happened::Tripped(count) });
        Ok(())
    }
}

impl std::fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("host", &self.host).finish_non_exhaustive()
    }
}
