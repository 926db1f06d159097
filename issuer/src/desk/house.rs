//! What the pages stand on. The ledger and the register block: they are asked on threads of their own, each with a
//! connection that it takes from here and gives back.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cccd_population::seal::SealKeys;
use jiff::Timestamp;
use jiff::civil::Date;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand_core::Rng as _;
use tokio::sync::{Semaphore, watch};

use super::card::Faces;
use super::drawer::Drawer;
use super::making::Making;
use super::meter::Meter;
use super::pages::papers::Papers;
use super::problem::Problem;
use super::readers::Readers;
use super::taken::Captures;
use super::visits::Visits;
use crate::deadline::Calendar;
use crate::ledger::Ledger;
use crate::register::{Register, RegisterError, day_in_vietnam};
use crate::station::StationKeys;

/// Opens the register anew, for another thread.
pub type OpenRegister = Box<dyn Fn() -> Result<Box<dyn Register + Send>, RegisterError> + Send + Sync>;

/// How many requests ask ledger and register at once; the next ones wait.
const ASKING: usize = 8;

/// How long a chip may take to its next safe point.
const FAREWELL: Duration = Duration::from_secs(60);

/// How many hash passwords, decode pictures or draw cards at once: each takes much memory.
const HEAVY: usize = 2;

/// How many readers a host has at most.
const READERS: usize = 16;

/// What a desk is made of.
pub struct Setup {
    /// The station's ledger, which a file or a server keeps.
    pub ledger: Ledger,
    /// The register of persons.
    pub register: OpenRegister,
    /// The station's keys.
    pub keys: Arc<StationKeys>,
    /// Its readers.
    pub readers: Box<dyn Readers>,
    /// Where applications lie until their card is made.
    pub drawer: PathBuf,
    /// Under which keys.
    pub drawer_keys: SealKeys,
    /// Where prints and irises go; without, this desk takes none.
    pub captures: Option<Captures>,
    /// The time.
    pub clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    /// Where the desk's randomness begins.
    pub seed: [u8; 32],
    /// The office, as it stands on papers.
    pub office: String,
    /// The desk's name among the hosts of one ledger: its readers are called after it where they stand still.
    pub host: String,
    /// Names under which the desk may be asked, beside this machine's own.
    pub hosts: Vec<String>,
    /// It is reached by TLS only, which somebody before it ends: cookies say so.
    pub secure: bool,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("drawer", &self.drawer).finish_non_exhaustive()
    }
}

/// Ledger and register, for one thread.
pub(super) struct Books {
    pub(super) ledger: Ledger,
    pub(super) register: Box<dyn Register + Send>,
}

/// A desk at work.
pub struct Desk {
    first: Mutex<Ledger>,
    register: OpenRegister,
    idle: Mutex<Vec<Books>>,
    asking: Arc<Semaphore>,
    heavy: Arc<Semaphore>,
    at_readers: Arc<Semaphore>,
    clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
    rng: Mutex<StdRng>,
    closing: watch::Sender<bool>,
    /// Taking in is done by one at a time: a form that is sent twice finds what the first did.
    taking: Mutex<()>,
    pub(super) keys: Arc<StationKeys>,
    pub(super) readers: Box<dyn Readers>,
    pub(super) making: Making,
    pub(super) meter: Meter,
    pub(super) drawer: Drawer,
    pub(super) captures: Option<Captures>,
    pub(super) visits: Visits,
    pub(super) faces: Faces,
    pub(super) papers: Papers,
    pub(super) calendar: Calendar,
    pub(super) host: String,
    pub(super) hosts: Vec<String>,
    pub(super) secure: bool,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// A lock whose holder panicked holds nothing half done here: what counts is in the ledger.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    /// Opens the desk, and takes out of its drawer what an earlier run left there.
    #[must_use]
    pub fn open(setup: Setup) -> Arc<Self> {
        let drawer = Drawer::new(setup.drawer, setup.drawer_keys);
        match drawer.sweep(&setup.ledger, (setup.clock)()) {
            Ok(0) => {}
            Ok(swept) => tracing::info!(swept, "what an earlier run left in the drawer is gone"),
            Err(error) => tracing::warn!(%error, "the drawer was not looked through"),
        }
        Arc::new(Self {
            calendar: setup.ledger.calendar().clone(),
            first: Mutex::new(setup.ledger),
            register: setup.register,
            idle: Mutex::default(),
            asking: Arc::new(Semaphore::new(ASKING)),
            heavy: Arc::new(Semaphore::new(HEAVY)),
            at_readers: Arc::new(Semaphore::new(READERS)),
            clock: setup.clock,
            rng: Mutex::new(StdRng::from_seed(setup.seed)),
            closing: watch::Sender::new(false),
            taking: Mutex::default(),
            keys: setup.keys,
            readers: setup.readers,
            making: Making::default(),
            meter: Meter::new(),
            drawer,
            captures: setup.captures,
            visits: Visits::default(),
            faces: Faces::open(),
            papers: Papers::open(setup.office),
            host: setup.host,
            hosts: setup.hosts,
            secure: setup.secure,
        })
    }

    /// Ends what would otherwise go on for ever.
    pub(super) fn close(&self) {
        self.closing.send_replace(true);
        self.making.stop_all();
    }

    /// Waits until no chip is in work.
    pub(super) async fn finish(&self) {
        self.making.stop_all();
        let mut changes = self.making.changes();
        while self.making.going() > 0 {
            if tokio::time::timeout(FAREWELL, changes.changed()).await.is_err() {
                tracing::warn!("a reader did not come to an end; its chip is in doubt");
                break;
            }
        }
    }

    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(super) fn today(&self) -> Date {
        day_in_vietnam(self.now())
    }

    /// A generator of its own for whoever asks.
    pub(super) fn rng(&self) -> StdRng {
        let mut seed = [0; 32];
        lock(&self.rng).fill_bytes(&mut seed);
        StdRng::from_seed(seed)
    }

    /// A name that nobody guesses: 32 hexadecimal digits.
    pub(super) fn word(&self) -> String {
        let mut bytes = [0; 16];
        lock(&self.rng).fill_bytes(&mut bytes);
        hex::encode(bytes)
    }

    /// Whoever holds this takes an application in; the others wait.
    pub(super) fn taking(&self) -> MutexGuard<'_, ()> {
        lock(&self.taking)
    }

    pub(super) fn books(&self) -> Result<Books, Problem> {
        if let Some(books) = lock(&self.idle).pop() {
            return Ok(books);
        }
        let ledger = lock(&self.first).another()?;
        Ok(Books { ledger, register: (self.register)()? })
    }

    pub(super) fn give_back(&self, books: Books) {
        let mut idle = lock(&self.idle);
        if idle.len() < ASKING {
            idle.push(books);
        }
    }

    /// Asks ledger and register, beside what else goes on.
    pub(super) async fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self, &mut Books) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let desk = Arc::clone(self);
        self.beside(&self.asking, move || {
            let mut books = desk.books()?;
            let answer = work(&desk, &mut books);
            // A connection that was lost is not lent again.
            if answer.as_ref().err().is_none_or(|problem| !problem.is_failure()) {
                desk.give_back(books);
            }
            answer
        })
        .await
    }

    /// Does what takes much time and memory.
    pub(super) async fn heavily<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.beside(&self.heavy, work).await
    }

    /// Works with a chip in a reader while a page waits.
    pub(super) async fn at_reader<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.beside(&self.at_readers, work).await
    }

    async fn beside<T: Send + 'static>(
        &self,
        places: &Arc<Semaphore>,
        work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let place = Arc::clone(places).acquire_owned().await.map_err(|_| Problem::internal())?;
        // The place is given back when the work is done, even if nobody waits for it any more.
        let work = move || {
            let answer = work();
            drop(place);
            answer
        };
        tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Problem::internal()))
    }
}
