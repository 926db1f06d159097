//! The steps of a station's work, undisturbed, and each again with a fault in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::apdu::StatusWord;
use cccd_population::person::Person;
use jiff::Timestamp;

use super::books::{Application, Books, Breach, Moment};
use super::database::Bank;
use super::house::{self, Extent, House};
use super::injector::{self, Fault, Ran, What};
use super::room::{self, Disk};
use super::steps::{self, Step};
use super::{Report, Sum, Wanted, Went, cores, read};
use crate::programs::Programs;

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    /// A system call.
    Call(Fault),
    /// There is room for so many pages.
    Room(u64),
}

/// It goes wrong at a step.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) step: usize,
    pub(super) trouble: Trouble,
}

impl Job {
    /// Which call it is, or how many pages are left.
    pub(super) fn place(&self) -> usize {
        match self.trouble {
            Trouble::Call(fault) => fault.count,
            Trouble::Room(pages) => usize::try_from(pages).unwrap_or(usize::MAX),
        }
    }
}

/// The steps of a station's work, and the house before each.
pub(super) struct Line {
    house: House,
    steps: Vec<Step>,
    stages: Vec<PathBuf>,
    /// Where each worker has its copy.
    work: PathBuf,
    workers: usize,
}

impl Line {
    /// Founds a house and goes through all steps undisturbed; before each the house is kept.
    pub(super) fn of_work(
        programs: &Programs,
        now: Timestamp,
        bank: Option<&Arc<Bank>>,
        folder: &Path,
    ) -> Result<Self> {
        let (live, work) = (folder.join("live"), folder.join("work"));
        std::fs::create_dir_all(&live)?;
        std::fs::create_dir_all(&work)?;
        let house = House::found(programs, now, bank.map(Arc::clone), &Extent::small(), &live)?;
        let steps = steps::all(&house);
        let mut stages = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            for words in &step.before {
                let ran = house.plainly(&words.arguments(&house, &live)?)?;
                ensure!(ran.code == Some(0), "before {}: {}{}", step.name, ran.stdout, ran.stderr);
            }
            let stage = folder.join(format!("stage-{index}"));
            house.copy(&live, &stage)?;
            stages.push(stage);
            let ran = house.plainly(&step.arguments(&house, &live)?)?;
            let (code, said) = (ran.code, format!("{}{}", ran.stdout, ran.stderr));
            ensure!(code == Some(step.ends_with), "{} ended with {code:?}: {said}", step.name);
            let books = read::books(&house, &live)?;
            ensure!((step.goal)(&books), "{} did not come to its end: {books:?}", step.name);
            let breaches = books.breaches(Moment::Resumed);
            ensure!(breaches.is_empty(), "{}, undisturbed: {breaches:?}", step.name);
        }
        let workers = cores::workers();
        Ok(Self { house, steps, stages, work, workers })
    }

    /// The steps that are wanted.
    pub(super) fn steps(&self, wanted: &Wanted) -> Vec<usize> {
        let named = self.steps.iter().enumerate().filter(|(_, step)| wanted.has_step(step.name));
        named.map(|(index, _)| index).collect()
    }

    /// The first applicant, and the file of the application.
    pub(super) fn applicant(&self) -> Result<(&Person, PathBuf)> {
        let file = self.stages.first().context("a stage")?.join("application.json");
        Ok((self.house.applicants.first().context("an applicant")?, file))
    }

    fn desk(&self, worker: usize) -> PathBuf {
        self.work.join(format!("worker-{worker}"))
    }

    /// A copy of the house as it was before a step.
    fn stage(&self, index: usize, worker: usize) -> Result<PathBuf> {
        let stage = self.stages.get(index).context("a stage")?;
        let folder = self.desk(worker);
        self.house.copy(stage, &folder)?;
        Ok(folder)
    }

    /// How many calls of each kind the step makes.
    pub(super) fn calls(
        &self,
        index: usize,
        kinds: &[&'static str],
    ) -> Result<BTreeMap<&'static str, usize>> {
        let step = self.steps.get(index).context("a step")?;
        let folder = self.stage(index, 0)?;
        let arguments = step.arguments(&self.house, &folder)?;
        let program = self.house.programs.path("issuer");
        injector::calls(&program, &arguments, kinds, &[step.ends_with], &self.work.join("trace"))
    }

    /// A small disk for every worker, as long as they are kept; `None` where this machine lets none be mounted.
    pub(super) fn disks(&self) -> Result<Option<Vec<Disk>>> {
        (0..self.workers).map(|worker| Disk::mounted(&self.desk(worker))).collect()
    }

    /// With so many pages the step comes to its end.
    pub(super) fn room_for(&self, index: usize) -> Result<u64> {
        let step = self.steps.get(index).context("a step")?;
        let mut pages = 16;
        loop {
            let folder = self.stage(index, 0)?;
            let arguments = step.arguments(&self.house, &folder)?;
            room::leave(&folder, pages)?;
            if self.house.plainly(&arguments)?.code == Some(step.ends_with) {
                return Ok(pages);
            }
            pages *= 2;
            ensure!(pages * room::PAGE < 16 << 20, "{} needs more than 16 MiB", step.name);
        }
    }

    /// All faults, over the cores of this machine; the table is in their order.
    pub(super) fn try_all(&self, title: &str, jobs: &[Job], report: &mut Report) -> Result<Sum> {
        report.begin(title, jobs.len());
        let mut sum = Sum::default();
        let one =
            |job: &Job, worker: usize| self.try_one(job, worker).with_context(|| format!("{title}: {job:?}"));
        cores::over(jobs, self.workers, one, |job, went| {
            // A call that this run did not come to: another thread made it, or the run went another way.
            if let Some(went) = went {
                self.tell(job, sum.note(went), report);
            }
        })?;
        report.end(title);
        Ok(sum)
    }

    fn tell(&self, job: &Job, outcome: super::Outcome, report: &mut Report) {
        let name = self.steps.get(job.step).map_or("", |step| step.name);
        let what = match job.trouble {
            Trouble::Call(fault) => fault.call,
            Trouble::Room(_) => "pages left",
        };
        report.fault(job.place(), &format!("{name}: {what}"), outcome);
    }

    /// The step with its fault.
    fn disturbed(&self, step: &Step, trouble: Trouble, folder: &Path, worker: usize) -> Result<Ran> {
        let arguments = step.arguments(&self.house, folder)?;
        match trouble {
            Trouble::Call(fault) => {
                let trace = self.work.join(format!("trace-{worker}"));
                injector::run(&self.house.programs.path("issuer"), &arguments, fault, &trace)
            }
            Trouble::Room(pages) => {
                room::leave(folder, pages)?;
                let mut ran = self.house.plainly(&arguments)?;
                room::empty(folder)?;
                ran.met = ran.code != Some(step.ends_with);
                Ok(ran)
            }
        }
    }

    /// One fault in a copy of the house, the next start, and the books after both. `None`: it was not met.
    fn try_one(&self, job: &Job, worker: usize) -> Result<Option<Went>> {
        let step = self.steps.get(job.step).context("a step")?;
        let folder = self.stage(job.step, worker)?;
        let ran = self.disturbed(step, job.trouble, &folder, worker)?;
        let went_on = ran.code == Some(step.ends_with) && !ran.killed;
        // What stopped it without our fault is a fault, too.
        if !ran.met && went_on {
            return Ok(None);
        }
        let lost = |what: String| Ok(Some(Went::Breached(Breach::Lost(what))));
        // What did not kill it is told in words, not by falling over.
        if !ran.killed && !went_on && (!matches!(ran.code, Some(1 | 3)) || ran.reason().is_none()) {
            let said = ran.stderr.lines().next().unwrap_or_default();
            return lost(format!("it ended with {:?} and no reason: {said}", ran.code));
        }
        let torn = read::books(&self.house, &folder)?;
        if let Some(breach) = torn.breaches(Moment::Torn).into_iter().next() {
            return Ok(Some(Went::Breached(breach)));
        }
        let was_done = (step.goal)(&torn);
        let arguments = step.arguments(&self.house, &folder)?;
        let mut again = if went_on { ran } else { self.house.plainly(&arguments)? };
        // Failures in a row stop the queue, or a reader, until an officer says that it goes on.
        let stands = again.reason().filter(|code| ["queue-stands", "reader-stands"].contains(&code.as_str()));
        if stands.is_some() {
            for reader in [None, Some("host/virtual-0"), Some("host/virtual-1")] {
                let of = reader.map_or(Vec::new(), |reader| vec!["--reader", reader]);
                self.house.must(&folder, Some("lan"), &[&["queue", "resume"][..], &of].concat())?;
            }
            again = self.house.plainly(&arguments)?;
        }
        let books = read::books(&self.house, &folder)?;
        if let Some(breach) = books.breaches(Moment::Resumed).into_iter().next() {
            let said = again.reason().unwrap_or_default();
            return Ok(Some(Went::Breached(breach.and(&format!("the next start: {:?} {said}", again.code)))));
        }
        if !(step.goal)(&books) && a_chip_failed(job.trouble, &books) {
            return Ok(Some(Went::ChipFailed));
        }
        if !(step.goal)(&books) {
            let (code, said) = (again.code, again.stderr.lines().next().unwrap_or_default());
            return lost(format!("the next start did not finish it: {code:?} {said}"));
        }
        let is_half = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "part");
        if let Some(left) = house::files(&folder)?.iter().find(is_half) {
            let name = left.file_name().unwrap_or_default().to_string_lossy();
            return lost(format!("half a file is left: {name}"));
        }
        let verified = self.house.plainly(&self.house.command(&folder, None, &["audit", "verify"])?)?;
        if verified.code != Some(0) {
            return lost(format!("the audit log: {}", verified.reason().unwrap_or(verified.stderr)));
        }
        if again.code == Some(step.ends_with) {
            return Ok(Some(stands.map_or(Went::Resumed, |_| Went::Stood)));
        }
        match again.reason() {
            Some(code) if was_done && again.code == Some(1) => Ok(Some(Went::Refused(code))),
            _ => lost(format!("the next start ended with {:?}: {}", again.code, again.stderr)),
        }
    }
}

/// The disk failed under a chip's own memory, which lies on it as well: the ledger says of each chip that was given up that
/// its memory failed, and each has a successor of its application, open or issued.
fn a_chip_failed(trouble: Trouble, books: &Books) -> bool {
    let of_disks = matches!(
        trouble,
        Trouble::Room(_) | Trouble::Call(Fault { call: "fsync", what: What::Error(_), .. })
    );
    let all = &books.applications;
    let follows = |one: &Application, other: &Application| {
        let is_open = matches!(other.state.as_str(), "captured" | "approved" | "issued");
        other.number == one.number && other.id > one.id && is_open
    };
    let mut spoiled = all.iter().filter(|one| one.state == "spoiled").peekable();
    of_disks
        && spoiled.peek().is_some()
        && spoiled.all(|one| says_memory_failed(one) && all.iter().any(|other| follows(one, other)))
}

/// The ledger gave the chip up because of this answer and no other: to a command, or while the channel was opened.
fn says_memory_failed(application: &Application) -> bool {
    let status = StatusWord::MEMORY_FAILURE.to_string();
    let reason = application.reason.as_deref().unwrap_or_default();
    let is_answer = ["the chip refuses ", "the chip does not open a channel for personalization: "]
        .iter()
        .any(|told| reason.starts_with(told));
    is_answer && reason.ends_with(&format!(": {status}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chip_counts_as_failed_when_the_ledger_says_its_memory_did_and_its_disk_was_the_fault() {
        let application = |id, state: &str, reason: Option<&str>| Application {
            id,
            number: "079099000001".to_owned(),
            state: state.to_owned(),
            reason: reason.map(str::to_owned),
            ..Application::default()
        };
        let books = |reason| Books {
            applications: vec![application(1, "spoiled", Some(reason)), application(2, "captured", None)],
            ..Books::default()
        };
        let call = |call, what| Trouble::Call(Fault { call, count: 1, what });
        let failed = "the chip refuses CREATE FILE: 6581";
        let unopened = "the chip does not open a channel for personalization: 6581";
        for trouble in [Trouble::Room(85), call("fsync", What::Error("EIO"))] {
            assert!(a_chip_failed(trouble, &books(failed)), "{trouble:?}");
            assert!(a_chip_failed(trouble, &books(unopened)), "{trouble:?}");
            let refused = "the chip does not open a channel for personalization: 6982";
            for other in ["the chip refuses CREATE FILE: 6A84", refused, "DG2 reads back differently", ""] {
                assert!(!a_chip_failed(trouble, &books(other)), "{other}");
            }
            let mut alone = books(failed);
            alone.applications.truncate(1);
            assert!(!a_chip_failed(trouble, &alone));
            alone.applications.clear();
            assert!(!a_chip_failed(trouble, &alone));
        }
        let others = [call("fdatasync", What::Error("EIO")), call("fsync", What::Kill)];
        assert!(others.into_iter().all(|other| !a_chip_failed(other, &books(failed))));
    }
}
