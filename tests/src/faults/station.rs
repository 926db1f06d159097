//! The issuing station under faults: its real program, in a house of its own. It is killed at every system call by which
//! something leaves it, its disk is filled and fails, the line to its database is cut, the token with its keys goes away,
//! at every step from the delivery of blanks to a card withdrawn or destroyed; its desk is killed while officers work at it;
//! and two of them work on one queue, of which one dies. Then the same command runs again, the same form is sent again, and
//! ledger, register and chips must agree.
//!
//! A step begins with a copy of a house in which everything before it was done undisturbed. How many faults there are is
//! counted in an undisturbed run under `strace`; each is then made in a copy of its own.

mod books;
mod cores;
mod database;
mod house;
mod injector;
mod line;
mod pair;
mod read;
mod room;
mod served;
mod signer;
mod steps;
mod visitor;
mod wanted;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use cccd_issuer::application::Application;
use jiff::Timestamp;

use self::books::Breach;
use self::database::Bank;
use self::injector::{Fault, What};
use self::line::{Job, Line, Trouble};
use self::pair::Pair;
use super::{Length, Outcome, Report};
use crate::programs::Programs;

pub use self::wanted::Wanted;

/// Calls after which something is there for good: what a short run is killed at.
const LASTING: &[&str] = &["fsync", "fdatasync"];

/// Every call by which something leaves the program.
const WRITING: &[&str] =
    &["fsync", "fdatasync", "rename", "link", "linkat", "unlink", "pwrite64", "write", "ftruncate", "mkdir"];

/// Calls at which a long run kills the desk: what is there for good, and what gets or loses its name.
const OF_DESKS: &[&str] = &["fsync", "fdatasync", "rename", "unlink"];

/// Calls that a disk answers with an error.
const OF_DISKS: &[&str] = &["fsync", "fdatasync", "pwrite64"];

/// Statements to a server, and its answers.
const OF_SERVERS: &[&str] = &["sendto", "recvfrom"];

/// What came of the faults of a kind.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    injected: u32,
    resumed: u32,
    refused: u32,
    lost: u32,
    doubled: u32,
}

/// How a step went on after its fault.
#[derive(Debug)]
enum Went {
    /// The next start finished it, or the same run got over it.
    Resumed,
    /// It was done, and the next start says so.
    Refused(String),
    /// The queue stood still, said so, and went on when an officer let it.
    Stood,
    /// The memory of a simulated chip lies on the same disk: it failed, is spoiled, and another application waits for approval.
    ChipFailed,
    Breached(Breach),
}

impl Sum {
    fn note(&mut self, went: Went) -> Outcome {
        self.injected += 1;
        match went {
            Went::Resumed => {
                self.resumed += 1;
                Outcome::good("the next start finished it")
            }
            Went::Refused(code) => {
                self.refused += 1;
                Outcome::Good(format!("it was done; the next start says {code}"))
            }
            Went::Stood => {
                self.refused += 1;
                Outcome::good("the queue stood still and said so; an officer let it go on")
            }
            Went::ChipFailed => {
                self.refused += 1;
                Outcome::good("the chip itself failed and is spoiled; its application waits anew")
            }
            Went::Breached(Breach::Lost(what)) => {
                self.lost += 1;
                Outcome::Lost(what)
            }
            Went::Breached(Breach::Doubled(what)) => {
                self.doubled += 1;
                Outcome::Doubled(what)
            }
        }
    }
}

/// What needs a house in files.
const OF_FILES: [&str; 4] =
    ["kill -9, SQLite", "the disk fails (EIO)", "the disk is full", "the token with the keys fails"];

/// What needs databases on a server.
const OF_BANKS: [&str; 4] = [
    "kill -9, PostgreSQL",
    "the line to PostgreSQL is cut",
    "PostgreSQL is gone",
    "two stations on one queue, one killed",
];

const OF_BROWSERS: &str = "kill -9, the desk in a browser";

/// The campaign as it runs: how long, and what came of each kind.
struct Campaign<'a> {
    length: Length,
    wanted: &'a Wanted,
    report: &'a mut Report,
    sums: Vec<(String, Sum)>,
}

/// The campaign.
///
/// # Errors
/// If something could not be tried at all.
pub fn run(length: Length, wanted: &Wanted, now: Timestamp, report: &mut Report) -> Result<()> {
    if !injector::is_possible() {
        println!("faults of the station: skipped, strace is not there or may not trace");
        return Ok(());
    }
    let programs = Programs::beside_this_one()?;
    let folder = tempfile::tempdir()?;
    let mut campaign = Campaign { length, wanted, report, sums: Vec::new() };
    let is_any = |kinds: &[&str]| kinds.iter().any(|kind| wanted.has_kind(kind));
    let [.., of_tokens] = OF_FILES;
    let files = is_any(&OF_FILES).then(|| Line::of_work(&programs, now, None, &folder.path().join("files")));
    let files = files.transpose()?;
    if let Some(files) = &files {
        campaign.of_files(files)?;
    }
    if wanted.has_kind(OF_BROWSERS) {
        campaign.of_desk(&programs, now, &folder.path().join("desk"))?;
    }
    if let Some(files) = files.filter(|_| wanted.has_kind(of_tokens)) {
        campaign.of_signer(&files, now)?;
    }
    if is_any(&OF_BANKS) {
        match Bank::open()? {
            Ok(bank) => campaign.of_servers(&programs, now, &Arc::new(bank), folder.path())?,
            Err(reason) if std::env::var_os("CCCD_DEMAND_POSTGRES").is_some() => {
                anyhow::bail!("PostgreSQL is demanded: {reason}")
            }
            Err(reason) => println!("faults of the station on PostgreSQL: skipped, {reason}"),
        }
    }
    let table = campaign.table();
    report.say(&table);
    Ok(())
}

impl Campaign<'_> {
    /// Those that are wanted; so many of a short run.
    fn kept<T: Clone>(&self, all: Vec<T>, most: usize, place: impl Fn(&T) -> usize) -> Vec<T> {
        let most = if self.length == Length::Long { usize::MAX } else { most };
        self.wanted.of(all, most, place)
    }

    /// Faults in system calls of each step; of each step at most so many in a short run.
    fn of_calls(
        &mut self,
        title: &str,
        line: &Line,
        calls: &[&'static str],
        what: What,
        most: usize,
    ) -> Result<()> {
        if !self.wanted.has_kind(title) {
            return Ok(());
        }
        let mut jobs = Vec::new();
        for step in line.steps(self.wanted) {
            let mut of_step = Vec::new();
            for (call, count) in line.calls(step, calls)? {
                let trouble = |count| Trouble::Call(Fault { call, count, what });
                of_step.extend((1..=count).map(|count| Job { step, trouble: trouble(count) }));
            }
            jobs.extend(self.kept(of_step, most, Job::place));
        }
        let sum = line.try_all(title, &jobs, self.report)?;
        self.sums.push((title.to_owned(), sum));
        Ok(())
    }

    fn of_files(&mut self, line: &Line) -> Result<()> {
        let (calls, most) = match self.length {
            Length::Short => (LASTING, 40),
            Length::Long => (WRITING, usize::MAX),
        };
        let [killed, fails, title, _] = OF_FILES;
        self.of_calls(killed, line, calls, What::Kill, most)?;
        self.of_calls(fails, line, OF_DISKS, What::Error("EIO"), 3)?;
        if !self.wanted.has_kind(title) {
            return Ok(());
        }
        let Some(_disks) = line.disks()? else {
            println!("faults of the station on a full disk: skipped, this machine lets no disk be mounted");
            return Ok(());
        };
        let mut jobs = Vec::new();
        for step in line.steps(self.wanted) {
            let room = 0..line.room_for(step)?;
            let of_step = room.map(|pages| Job { step, trouble: Trouble::Room(pages) }).collect();
            jobs.extend(self.kept(of_step, 3, Job::place));
        }
        let sum = line.try_all(title, &jobs, self.report)?;
        self.sums.push((title.to_owned(), sum));
        Ok(())
    }

    fn of_servers(
        &mut self,
        programs: &Programs,
        now: Timestamp,
        bank: &Arc<Bank>,
        folder: &Path,
    ) -> Result<()> {
        let line = Line::of_work(programs, now, Some(bank), &folder.join("servers"))?;
        let [killed, cut, gone, title] = OF_BANKS;
        self.of_calls(killed, &line, &["sendto"], What::Kill, 3)?;
        self.of_calls(cut, &line, OF_SERVERS, What::Error("ECONNRESET"), 3)?;
        self.of_calls(gone, &line, &["sendto"], What::Gone("ECONNRESET"), 2)?;
        if !self.wanted.has_kind(title) {
            return Ok(());
        }
        let pair = Pair::found(programs, now, bank, folder)?;
        let kills = self.kept((1..=pair.statements).collect(), 4, |count| *count);
        self.report.begin(title, kills.len());
        let mut sum = Sum::default();
        for count in kills {
            // A long run tries every statement: what is not met at one is met at another.
            let met = match self.length {
                Length::Short => pair.try_until_met(count)?,
                Length::Long => pair.try_one(count)?.map(|went| (count, went)),
            };
            if let Some((count, went)) = met {
                let outcome = sum.note(went);
                self.report.fault(count, "statement", outcome);
            }
        }
        self.report.end(title);
        self.sums.push((title.to_owned(), sum));
        Ok(())
    }

    /// `issuer serve`, killed while officers work at it.
    fn of_desk(&mut self, programs: &Programs, now: Timestamp, folder: &Path) -> Result<()> {
        let title = OF_BROWSERS;
        let (calls, most) = match self.length {
            Length::Short => (LASTING, 4),
            Length::Long => (OF_DESKS, usize::MAX),
        };
        let desk = served::Open::found(programs, now, calls, folder)?;
        let mut kills = Vec::new();
        for mut of_deed in desk.kills() {
            of_deed.retain(|kill| self.wanted.has_step(&served::Open::name(kill)));
            kills.extend(self.kept(of_deed, most, |kill| kill.fault.count));
        }
        self.report.begin(title, kills.len());
        let mut sum = Sum::default();
        desk.try_all(&kills, cores::workers(), &mut |kill: &served::Kill, went: Went| {
            self.report.fault(kill.fault.count, &served::Open::name(kill), sum.note(went));
        })?;
        self.report.end(title);
        self.sums.push((title.to_owned(), sum));
        Ok(())
    }

    fn of_signer(&mut self, line: &Line, now: Timestamp) -> Result<()> {
        let [.., title] = OF_FILES;
        let (person, file) = line.applicant()?;
        let house = signer::House::found(person, Application::read(&file)?, now)?;
        let faults = self.kept(house.faults(), 40, |(call, _)| *call);
        self.report.begin(title, faults.len());
        let mut sum = Sum::default();
        for (call, way) in faults {
            let outcome = sum.note(house.try_one((call, way)).with_context(|| signer::House::name(way))?);
            self.report.fault(call, signer::House::name(way), outcome);
        }
        self.report.end(title);
        self.sums.push((title.to_owned(), sum));
        Ok(())
    }

    /// One line for each kind.
    fn table(&self) -> String {
        let mut text = format!(
            "\nThe station\n  {:<40} {:>8} {:>8} {:>8} {:>5} {:>8}\n",
            "fault", "injected", "resumed", "refused", "lost", "doubled"
        );
        for (kind, Sum { injected, resumed, refused, lost, doubled }) in &self.sums {
            let _ =
                writeln!(text, "  {kind:<40} {injected:>8} {resumed:>8} {refused:>8} {lost:>5} {doubled:>8}");
        }
        text
    }
}
