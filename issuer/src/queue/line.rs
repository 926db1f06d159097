//! One host's readers at work: a feeder prepares what comes next, a thread for each reader makes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;

use super::{ALL, Breaker, StopKind, Trip};
use crate::application::Application;
use crate::ledger::{Act, ApplicationId, Entry, Ledger, LedgerError};
use crate::personalize::{CardLink, NoMonitor};
use crate::register::{Register, RegisterError};
use crate::station::{Admitted, Blank, IssueError, IssuedCard, Job, Station, StationKeys};

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
    let (send, receive) = sync_channel::<Next>(readers.len().max(1));
    let receive = Mutex::new(receive);
    let shared = Shared {
        line,
        summary: Mutex::default(),
        breaker: Mutex::new(Breaker::new(line.failures)),
        in_hand: Mutex::default(),
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
    summary.stopped |= ledger.queue().stops()?.iter().any(|stop| stop.name == ALL);
    Ok(summary)
}

/// Prepares what comes next, so that no reader waits.
struct Feeder<'a, 'b> {
    shared: &'a Shared<'a>,
    ledger: &'b mut Ledger,
    /// What cannot be prepared here; it is not tried again in this run.
    left: BTreeSet<i64>,
}

impl Feeder<'_, '_> {
    fn feed(
        mut self,
        send: SyncSender<Next>,
        readers: usize,
        all_ended: impl Fn() -> bool,
    ) -> Result<(), LedgerError> {
        let line = self.shared.line;
        let mut register = None;
        let mut renewed = (line.clock)();
        let mut ready: Option<Next> = None;
        loop {
            let now = (line.clock)();
            if now.duration_since(renewed) * 3 >= line.lease {
                renewed = now;
                self.renew(now)?;
            }
            if line.stop.load(Ordering::SeqCst) || all_ended() {
                break;
            }
            let stops = self.ledger.queue().stops()?;
            match stops.iter().find(|stop| stop.name == ALL).map(|stop| stop.kind) {
                Some(StopKind::Drain | StopKind::Tripped) => break,
                Some(StopKind::Pause) => {
                    std::thread::sleep(TICK);
                    continue;
                }
                None => {}
            }
            if let Some(next) = ready.take() {
                match send.try_send(next) {
                    Ok(()) => {}
                    Err(TrySendError::Full(next)) => {
                        ready = Some(next);
                        std::thread::sleep(Duration::from_millis(5));
                        continue;
                    }
                    Err(TrySendError::Disconnected(next)) => {
                        ready = Some(next);
                        break;
                    }
                }
            }
            let Some(entry) = self.take_one(now, readers)? else {
                let busy = !lock(&self.shared.in_hand).is_empty();
                if !busy && line.until_empty && !self.ledger.queue().is_any_elsewhere(line.host)? {
                    break;
                }
                std::thread::sleep(TICK);
                continue;
            };
            ready = self.prepare(&entry, &mut register)?;
        }
        if let Some(next) = ready {
            self.let_go(next.admitted.application())?;
        }
        // What lies prepared is made; what the readers have in hand is finished, and its leases are kept up.
        drop(send);
        while !all_ended() {
            std::thread::sleep(TICK);
            let now = (line.clock)();
            if now.duration_since(renewed) * 3 >= line.lease {
                renewed = now;
                self.renew(now)?;
            }
        }
        let rest: Vec<i64> = lock(&self.shared.in_hand).iter().copied().collect();
        rest.into_iter().try_for_each(|id| self.let_go(ApplicationId(id)))
    }

    fn renew(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        let line = self.shared.line;
        let ids: Vec<_> = lock(&self.shared.in_hand).iter().copied().map(ApplicationId).collect();
        self.ledger.queue().renew(&ids, line.host, after(now, line.lease))
    }

    fn let_go(&mut self, id: ApplicationId) -> Result<(), LedgerError> {
        lock(&self.shared.in_hand).remove(&id.0);
        self.ledger.queue().release(id, self.shared.line.host)
    }

    /// The next that waits and lies here.
    fn take_one(&mut self, now: Timestamp, readers: usize) -> Result<Option<Entry>, LedgerError> {
        let line = self.shared.line;
        let room = u32::try_from(self.left.len() + readers * 2 + 16).unwrap_or(u32::MAX);
        for id in self.ledger.queue().waiting(now, room)? {
            let tried = lock(&self.shared.attempts).get(&id.0).copied().unwrap_or_default();
            if tried >= ATTEMPTS || self.left.contains(&id.0) || lock(&self.shared.in_hand).contains(&id.0) {
                continue;
            }
            if self.ledger.queue().lease(id, line.host, now, after(now, line.lease))? {
                lock(&self.shared.in_hand).insert(id.0);
                return self.ledger.entry(id).map(Some);
            }
        }
        Ok(None)
    }

    /// Everything that needs no chip. What cannot be prepared is let go and told of.
    fn prepare(
        &mut self,
        entry: &Entry,
        register: &mut Option<Box<dyn Register>>,
    ) -> Result<Option<Next>, LedgerError> {
        let line = self.shared.line;
        let told = |what| (line.told)(Event { application: Some(entry.id), reader: None, what });
        let sealed = self.ledger.sealed_of(entry.id)?;
        let application = match line.source.application(entry, sealed.as_deref()) {
            Ok(Some(application)) => application,
            Ok(None) => {
                // Another host has it.
                self.left.insert(entry.id.0);
                self.let_go(entry.id)?;
                return Ok(None);
            }
            Err(why) => {
                told(Happened::NotPrepared(&why));
                self.left.insert(entry.id.0);
                self.let_go(entry.id)?;
                return Ok(None);
            }
        };
        let admitted = admit(line, self.ledger, register, &application);
        let prepared = match &admitted {
            Ok(admitted) => (line.prepared)(admitted),
            Err(_) => Ok(()),
        };
        match (admitted, prepared) {
            (Ok(admitted), Ok(())) => return Ok(Some(Next { admitted })),
            (Ok(_), Err(why)) => told(Happened::NotPrepared(&why)),
            (Err(error), _) => {
                told(Happened::Failed(&error));
                lock(&self.shared.summary).failed += 1;
                if !error.is_refusal() {
                    // The register or the ledger: no reader's fault, and no reason to go through the whole queue.
                    *register = None;
                    self.shared.failed(self.ledger, &error.to_string())?;
                }
            }
        }
        self.left.insert(entry.id.0);
        self.let_go(entry.id)?;
        Ok(None)
    }
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

/// What came of one chip.
enum Worked {
    Made(Box<IssuedCard>),
    Failed(ApplicationId, IssueError),
    Trouble(String),
    NoMore,
}

/// One reader's thread.
struct Desk<'a> {
    shared: &'a Shared<'a>,
    ledger: Ledger,
    rng: Box<dyn CryptoRng + Send>,
}

impl Desk<'_> {
    fn work(mut self, mut reader: Box<dyn ReaderPort + '_>, receive: &Mutex<Receiver<Next>>) {
        let line = self.shared.line;
        let name = format!("{}/{}", line.host, reader.name());
        let mut register = None;
        let mut breaker = Breaker::new(line.reader_failures);
        loop {
            // A reader that stands still keeps nothing in hand.
            match self.ledger.queue().stops() {
                Ok(stops) if stops.iter().any(|stop| stop.name == name) => return,
                Ok(_) => {}
                Err(error) => return self.trouble(&name, &error.to_string()),
            }
            let worked = match reader.wait(line.stop) {
                Ok(true) => self.chip(reader.as_mut(), &name, &mut register, receive),
                Ok(false) => return,
                Err(why) => Worked::Trouble(why),
            };
            let why = match worked {
                Worked::NoMore => return,
                Worked::Made(card) => {
                    self.tell(card.application, &name, Happened::Made(&card));
                    breaker.made();
                    lock(&self.shared.breaker).made();
                    lock(&self.shared.summary).made += 1;
                    self.finish(card.application);
                    continue;
                }
                Worked::Trouble(why) => {
                    self.trouble(&name, &why);
                    why
                }
                Worked::Failed(id, error) => {
                    self.tell(id, &name, Happened::Failed(&error));
                    // A chip that was used before, or is no blank of this stock, says nothing of the application.
                    let of_chip = matches!(
                        error,
                        IssueError::ChipUsed { .. } | IssueError::Ledger(LedgerError::NotInStock { .. })
                    );
                    if !of_chip {
                        *lock(&self.shared.attempts).entry(id.0).or_default() += 1;
                    }
                    self.finish(id);
                    error.to_string()
                }
            };
            lock(&self.shared.summary).failed += 1;
            reader.put_aside();
            if let Err(error) = self.shared.failed(&mut self.ledger, &why) {
                return self.trouble(&name, &error.to_string());
            }
            if self.count(&mut breaker, &name, &why) {
                return;
            }
        }
    }

    /// One chip: the card of an interrupted run, or the next that waits.
    fn chip(
        &mut self,
        reader: &mut dyn ReaderPort,
        name: &str,
        register: &mut Option<Box<dyn Register>>,
        receive: &Mutex<Receiver<Next>>,
    ) -> Worked {
        let (mut link, extended) = match reader.link() {
            Ok(link) => link,
            Err(why) => return Worked::Trouble(why),
        };
        match self.interrupted(name, register, link.as_mut(), extended) {
            Ok(None) => {}
            Ok(Some(card)) => return Worked::Made(Box::new(card)),
            Err(error) => return Worked::Trouble(error.to_string()),
        }
        let waiting = Instant::now();
        let Some(next) = self.wait_for_data(receive) else { return Worked::NoMore };
        let waited = u32::try_from(waiting.elapsed().as_micros()).unwrap_or(u32::MAX);
        lock(&self.shared.summary).waits.push(waited);
        let id = next.admitted.application();
        self.tell(id, name, Happened::Begun);
        match self.produce(register, link.as_mut(), extended, next.admitted) {
            Ok(card) => Worked::Made(Box::new(card)),
            Err(error) => Worked::Failed(id, error),
        }
    }

    /// One reader's failures in a row; `true`: it stands still.
    fn count(&mut self, breaker: &mut Breaker, name: &str, why: &str) -> bool {
        let Trip::Yes(count) = breaker.failed() else { return false };
        let reason = format!("{count} failures in a row, the last: {why}");
        if let Err(error) = self.shared.trip(&mut self.ledger, name, count, &reason) {
            self.trouble(name, &error.to_string());
        }
        true
    }

    fn wait_for_data(&self, receive: &Mutex<Receiver<Next>>) -> Option<Next> {
        loop {
            match lock(receive).recv_timeout(TICK) {
                Ok(next) => return Some(next),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.shared.over.load(Ordering::SeqCst) {
                return None;
            }
        }
    }

    fn produce(
        &mut self,
        register: &mut Option<Box<dyn Register>>,
        link: &mut dyn CardLink,
        extended: bool,
        admitted: Admitted,
    ) -> Result<IssuedCard, IssueError> {
        let rng = &mut self.rng;
        with_station(self.shared.line, &mut self.ledger, register, |station| {
            station.extended = extended;
            station.produce(link, admitted, &mut NoMonitor, rng.as_mut())
        })
    }

    /// A run was interrupted somewhere: if its chip is the one in this reader, that card is finished first.
    fn interrupted(
        &mut self,
        name: &str,
        register: &mut Option<Box<dyn Register>>,
        link: &mut dyn CardLink,
        extended: bool,
    ) -> Result<Option<IssuedCard>, IssueError> {
        let line = self.shared.line;
        if !self.ledger.queue().is_any_interrupted((line.clock)())? {
            return Ok(None);
        }
        let rng = &mut self.rng;
        let report = with_station(line, &mut self.ledger, register, |station| {
            station.extended = extended;
            station.probe(&mut *link, rng.as_mut())
        })?;
        let Some(entry) = self.ledger.of_chip(&report.serial)? else { return Ok(None) };
        if !entry.state.is_in_work() {
            return Ok(None);
        }
        let used = IssueError::ChipUsed { serial: report.serial, state: entry.state };
        let now = (line.clock)();
        if !self.ledger.queue().lease(entry.id, line.host, now, after(now, line.lease))? {
            return Err(used);
        }
        let sealed = self.ledger.sealed_of(entry.id)?;
        let found = line.source.application(&entry, sealed.as_deref()).ok().flatten();
        let Some(application) = found else { return Err(used) };
        lock(&self.shared.in_hand).insert(entry.id.0);
        self.tell(entry.id, name, Happened::Begun);
        let done = admit(line, &mut self.ledger, register, &application)
            .and_then(|admitted| self.produce(register, link, extended, admitted));
        self.finish(entry.id);
        done.map(Some)
    }

    /// No more in hand.
    fn finish(&mut self, id: ApplicationId) {
        lock(&self.shared.in_hand).remove(&id.0);
        // What cannot be let go expires.
        let _ = self.ledger.queue().release(id, self.shared.line.host);
    }

    fn tell(&self, id: ApplicationId, reader: &str, what: Happened<'_>) {
        (self.shared.line.told)(Event { application: Some(id), reader: Some(reader), what });
    }

    fn trouble(&self, reader: &str, why: &str) {
        (self.shared.line.told)(Event {
            application: None,
            reader: Some(reader),
            what: Happened::Trouble(why),
        });
    }
}

impl std::fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("host", &self.host).finish_non_exhaustive()
    }
}
