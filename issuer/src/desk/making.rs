//! Chips in work: a thread for each reader, watched live, stopped at safe points only. One application is in one reader.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use cccd_card_profile::personalization::PersonalizationStep;
use tokio::sync::watch;

use super::card::can_be_made;
use super::house::{Desk, lock};
use super::pages::queue;
use super::problem::Problem;
use super::readers::NoChip;
use super::taken;
use crate::ledger::{Act, ApplicationId};
use crate::personalize::Progress;
use crate::queue::{Breaker, StopKind, Trip};
use crate::station::{Blank, IssueError, Job, Station};

/// Failures in a row that stop a reader.
const FAILURES: u32 = 3;

/// What counts as a failure of a chip or its reader, by code; what the officer or the register stops does not.
const CHIP_TROUBLE: [&str; 8] = [
    "card-lost",
    "chip-keys",
    "no-blank-of-ours",
    "chip-not-blank",
    "chip-used",
    "other-chip",
    "chip-spoiled",
    "in-doubt",
];

/// How far a reader is.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// The application is looked at once more, and a blank waited for.
    Waiting,
    /// The chip is in work.
    Working(Progress),
    /// It is a card.
    Made(Made),
    /// It is none.
    Failed(Problem),
}

/// What came of it.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) chip: String,
    pub(super) sod_sha256: String,
    /// Writes that the locked chip refused.
    pub(super) refused: usize,
    pub(super) took: Duration,
    pub(super) resumed: bool,
    pub(super) test_keys: bool,
}

/// What a reader does.
#[derive(Debug, Clone)]
pub(super) struct Work {
    pub(super) application: ApplicationId,
    pub(super) officer: String,
    pub(super) stage: Stage,
    stop: Arc<AtomicBool>,
}

impl Work {
    pub(super) fn goes_on(&self) -> bool {
        matches!(self.stage, Stage::Waiting | Stage::Working(_))
    }
}

/// What all readers do.
pub(super) struct Making {
    /// Readers in which no card is made now: a blank makes its keys there.
    claimed: Mutex<BTreeSet<String>>,
    works: Mutex<BTreeMap<String, Work>>,
    /// Failures in a row, by reader.
    breakers: Mutex<BTreeMap<String, Breaker>>,
    changed: watch::Sender<u64>,
}

impl Default for Making {
    fn default() -> Self {
        Self {
            claimed: Mutex::default(),
            works: Mutex::default(),
            breakers: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }
}

fn busy(what: (&str, &str)) -> Problem {
    let hint =
        ("Chờ đầu đọc đó xong, hoặc dừng nó trước.", "Wait until that reader is done, or stop it first.");
    Problem::new(StatusCode::CONFLICT, "in-work", what, hint)
}

impl Making {
    /// Every reader that did something since the desk was opened.
    pub(super) fn all(&self) -> Vec<(String, Work)> {
        lock(&self.works).iter().map(|(reader, work)| (reader.clone(), work.clone())).collect()
    }

    /// What happens, or last happened, with an application.
    pub(super) fn of(&self, id: ApplicationId) -> Option<(String, Work)> {
        let all = self.all();
        let of = |goes_on: bool| {
            all.iter().find(|(_, work)| work.application == id && work.goes_on() == goes_on).cloned()
        };
        of(true).or_else(|| of(false))
    }

    /// Told whenever something moves.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn note(&self, reader: &str, stage: Stage) {
        if let Some(work) = lock(&self.works).get_mut(reader) {
            work.stage = stage;
        }
        self.touched();
    }

    /// Something that pages show has changed.
    pub(super) fn touched(&self) {
        self.changed.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Somebody has looked: this reader, or all of them, begin to count failures anew.
    pub(super) fn let_go(&self, reader: Option<&str>) {
        let mut breakers = lock(&self.breakers);
        match reader {
            Some(reader) => drop(breakers.remove(reader)),
            None => breakers.clear(),
        }
    }

    /// Counts what came of a chip; the number of failures in a row that stop the reader, if they do.
    fn counted(&self, reader: &str, stage: &Stage) -> Option<u32> {
        let mut breakers = lock(&self.breakers);
        let breaker = breakers.entry(reader.to_owned()).or_insert_with(|| Breaker::new(FAILURES));
        match stage {
            Stage::Made(_) => breaker.made(),
            Stage::Failed(problem) if CHIP_TROUBLE.contains(&problem.code) => {
                if let Trip::Yes(count) = breaker.failed() {
                    return Some(count);
                }
            }
            _ => {}
        }
        None
    }

    /// Asks for a stop at the next safe point.
    pub(super) fn stop(&self, id: ApplicationId) {
        for work in lock(&self.works).values().filter(|work| work.application == id) {
            work.stop.store(true, Ordering::SeqCst);
        }
    }

    /// Asks all for a stop at the next safe point.
    pub(super) fn stop_all(&self) {
        for work in lock(&self.works).values() {
            work.stop.store(true, Ordering::SeqCst);
        }
    }

    /// How many chips are in work.
    pub(super) fn going(&self) -> usize {
        lock(&self.works).values().filter(|work| work.goes_on()).count()
    }

    /// Keeps this reader for something else than a card, until the claim is dropped.
    pub(super) fn claim(&self, reader: &str) -> Result<Claim<'_>, Problem> {
        // In the order of `begin`.
        let works = lock(&self.works);
        if works.get(reader).is_some_and(Work::goes_on) || !lock(&self.claimed).insert(reader.to_owned()) {
            return Err(busy(("Đầu đọc này đang làm việc khác", "This reader is at other work")));
        }
        Ok(Claim { making: self, reader: reader.to_owned() })
    }

    fn begin(&self, reader: &str, id: ApplicationId, officer: &str) -> Result<Arc<AtomicBool>, Problem> {
        let mut works = lock(&self.works);
        if works.get(reader).is_some_and(Work::goes_on) || lock(&self.claimed).contains(reader) {
            return Err(busy(("Đầu đọc này đang ghi một thẻ khác", "This reader is making another card")));
        }
        if works.values().any(|work| work.application == id && work.goes_on()) {
            return Err(busy((
                "Hồ sơ này đang được ghi ở một đầu đọc khác",
                "This application is in work in another reader",
            )));
        }
        let stop = Arc::new(AtomicBool::new(false));
        let work = Work {
            application: id,
            officer: officer.to_owned(),
            stage: Stage::Waiting,
            stop: Arc::clone(&stop),
        };
        works.insert(reader.to_owned(), work);
        Ok(stop)
    }
}

/// A reader that is kept for something else than a card.
pub(super) struct Claim<'a> {
    making: &'a Making,
    reader: String,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        lock(&self.making.claimed).remove(&self.reader);
    }
}

/// Begins to make the card of an application in this reader.
pub(super) fn begin(desk: &Arc<Desk>, reader: &str, id: ApplicationId, officer: &str) -> Result<(), Problem> {
    let stop = desk.making.begin(reader, id, officer)?;
    let (desk, reader, officer) = (Arc::clone(desk), reader.to_owned(), officer.to_owned());
    let failed = desk.clone();
    let named = reader.clone();
    let thread = std::thread::Builder::new().name("reader".to_owned()).spawn(move || {
        let work = std::panic::AssertUnwindSafe(|| make(&desk, &reader, id, &officer, &stop));
        let stage = match std::panic::catch_unwind(work) {
            Ok(Ok(made)) => Stage::Made(made),
            Ok(Err(problem)) => Stage::Failed(problem),
            // Whatever it was: the ledger knows the chip, and the next run asks it.
            Err(_) => Stage::Failed(Problem::internal()),
        };
        if let Some(count) = desk.making.counted(&reader, &stage) {
            trip(&desk, &reader, &officer, count, &stage);
        }
        match &stage {
            Stage::Made(made) => desk.meter.made(made.took),
            Stage::Failed(problem) => desk.meter.failed(problem.code),
            Stage::Waiting | Stage::Working(_) => {}
        }
        desk.making.note(&reader, stage);
    });
    if thread.is_err() {
        failed.making.note(&named, Stage::Failed(Problem::internal()));
    }
    Ok(())
}

/// The reader stands still until somebody has looked.
fn trip(desk: &Desk, reader: &str, officer: &str, count: u32, stage: &Stage) {
    let code = if let Stage::Failed(problem) = stage { problem.code } else { "" };
    let reason = format!("{count} lần hỏng liên tiếp / failures in a row: {code}");
    let noted = desk.books().and_then(|mut books| {
        let act = Act::new(officer, desk.now());
        books.ledger.queue().stop(&queue::name_of(desk, reader), StopKind::Tripped, &reason, act)?;
        desk.give_back(books);
        Ok(())
    });
    if let Err(problem) = noted {
        tracing::error!(code = problem.code, "a reader that should stand still does not");
    }
}

fn make(
    desk: &Desk,
    reader: &str,
    id: ApplicationId,
    officer: &str,
    stop: &Arc<AtomicBool>,
) -> Result<Made, Problem> {
    let mut books = desk.books()?;
    let entry = books.ledger.entry(id)?;
    if !can_be_made(entry.state) {
        return Err(IssueError::NotApproved(id).into());
    }
    let mut application = desk.drawer.get(&entry)?;
    let act = Act::new(officer, desk.now());
    desk.captures.iter().for_each(|captures| captures.purge_due(&mut books.ledger, act));
    application.biometrics = taken::opened(desk.captures.as_ref(), &books.ledger, id)?;
    let mut rng = desk.rng();
    books.register.for_officer(officer);
    let mut station = Station {
        ledger: &mut books.ledger,
        register: books.register.as_mut(),
        keys: &desk.keys,
        actor: officer,
        at: desk.now(),
        extended: false,
        blank: Blank::Icao9,
        job: Job::Production,
    };
    // Everything that can fail is tried before a chip is touched.
    let admitted = station.admit(&application)?;
    let mut laid = desk.readers.lay(reader, id, &desk.keys, stop, &mut rng)?;
    station.extended = laid.extended;
    station.at = desk.now();
    let mut monitor = |progress: Progress| {
        desk.making.note(reader, Stage::Working(progress));
        if stop.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let issued = station.produce(laid.link.as_mut(), admitted, &mut monitor, &mut rng)?;
    let made = Made {
        chip: issued.chip_serial.to_string(),
        sod_sha256: issued.sod_sha256.to_string(),
        refused: issued.lock_proof.attempts().len(),
        took: issued.timings.total(),
        resumed: issued.resumed,
        test_keys: issued.test_keys,
    };
    tracing::info!(application = %id, milliseconds = u64::try_from(made.took.as_millis()).unwrap_or(u64::MAX), "a card was made");
    desk.give_back(books);
    Ok(made)
}

/// Share of the whole, in percent: writing is most of the time on a real chip.
pub(super) fn percent(progress: Progress) -> u64 {
    use PersonalizationStep as Step;
    let from = match progress.step {
        Step::Select | Step::OpenChannel => 1,
        Step::CreateFiles => 3,
        Step::GenerateKeys => 6,
        Step::SignSecurityObject => 20,
        Step::WriteFiles => 22,
        Step::PutAccessKeys => 70,
        Step::ReadBack => 72,
        Step::ReplaceTransportKeys => 90,
        Step::Lock => 94,
        Step::ProbeLock => 96,
        _ => 98,
    };
    let written = u64::try_from(progress.written).unwrap_or_default();
    let total = u64::try_from(progress.total).unwrap_or_default().max(1);
    from + if progress.step == Step::WriteFiles { 48 * written.min(total) / total } else { 0 }
}

impl From<NoChip> for Problem {
    fn from(error: NoChip) -> Self {
        let english = error.to_string();
        match &error {
            NoChip::Reader(reader) => {
                let (what, hint) = reader.vietnamese().unwrap_or_else(|| {
                    (format!("Đầu đọc gặp lỗi ({english})"), "Kiểm tra đầu đọc rồi thử lại.")
                });
                Self::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    reader.code(),
                    (&what, &english),
                    (hint, &reader.hint()),
                )
            }
            NoChip::ProductionKeys => Self::new(
                StatusCode::CONFLICT,
                "production-keys",
                ("Khóa này dùng để cấp thẻ thật, không cho đầu đọc phần mềm mượn", &english),
                ("Dùng đầu đọc thật.", "Use a real reader."),
            ),
            NoChip::Software(_) => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "virtual-chip",
                ("Không dùng được chíp phần mềm", &english),
                ("Kiểm tra thư mục của quầy.", "Look at the desk's folder."),
            ),
        }
    }
}
