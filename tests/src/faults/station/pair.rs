//! Two stations on one queue: one is killed at every statement that it sends, the other goes on, the dead one comes back.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use jiff::{SignedDuration, Timestamp};

use super::Went;
use super::books::{Breach, Moment};
use super::database::Bank;
use super::house::{Extent, House, text};
use super::injector::{self, Fault, What};
use super::read;
use crate::programs::Programs;

/// By what data leaves for the server.
const CALL: &str = "sendto";

/// Both hosts, their officers, and a batch that is approved.
pub(super) struct Pair {
    house: House,
    stage: PathBuf,
    work: PathBuf,
    /// Statements that one of two hosts sends when nothing happens to either.
    pub(super) statements: usize,
}

impl Pair {
    pub(super) fn found(
        programs: &Programs,
        now: Timestamp,
        bank: &Arc<Bank>,
        folder: &Path,
    ) -> Result<Self> {
        let (stage, work) = (folder.join("pair"), folder.join("pair-work"));
        std::fs::create_dir_all(&stage)?;
        let extent = Extent::of_two_hosts();
        let house = House::found(programs, now, Some(Arc::clone(bank)), &extent, &stage)?;
        let delivery = text(&stage.join("delivery.txt"))?;
        let receive =
            ["stock", "receive", "--supplier", "maker", "--note", "1", "--counted", "--serials", &delivery];
        house.must(&stage, Some("kho"), &receive)?;
        let mut pair = Self { house, stage, work, statements: 0 };
        let taken = pair.house.plainly(&pair.batch(&pair.stage, "a", SignedDuration::ZERO)?)?;
        ensure!(taken.code == Some(1), "taking the batch in: {}{}", taken.stdout, taken.stderr);
        for index in 1..extent.applicants {
            let file = text(&pair.stage.join(format!("batch/{index}.json")))?;
            pair.house.must(
                &pair.stage,
                Some("minh"),
                &["application", "approve", "--application", &file],
            )?;
        }
        pair.house.copy(&pair.stage, &pair.work)?;
        let other = pair.other(&pair.work)?;
        let words = pair.batch(&pair.work, "a", SignedDuration::ZERO)?;
        let program = pair.house.programs.path("issuer");
        let calls = injector::calls(&program, &words, &[CALL], &[0, 1], &pair.trace());
        other.wait_with_output()?;
        pair.statements = calls?.get(CALL).copied().context("a batch that asks no server")?;
        Ok(pair)
    }

    fn trace(&self) -> PathBuf {
        self.work.with_extension("trace")
    }

    /// `issuer batch` of one of the two.
    fn batch(&self, folder: &Path, host: &str, later: SignedDuration) -> Result<Vec<String>> {
        let out = text(&folder.join(if host == "a" { "made" } else { "made-b" }))?;
        let (batch, keys) = (text(&folder.join("batch"))?, text(&folder.join("keys"))?);
        let register = self.house.register(folder)?;
        let words = [
            "batch",
            &batch,
            "--keys",
            &keys,
            "--register",
            &register,
            "--out",
            &out,
            "--without-faces",
            "--host",
            host,
            "--lease",
            "2",
            "--reader",
            "virtual",
            "--reader",
            "virtual",
        ];
        let mut house = self.house.clone();
        house.now = house.now.checked_add(later)?;
        house.command(folder, Some("lan"), &words)
    }

    /// The host that lives, at work.
    fn other(&self, folder: &Path) -> Result<Child> {
        let words = self.batch(folder, "b", SignedDuration::ZERO)?;
        let mut command = Command::new(self.house.programs.path("issuer"));
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Ok(command.spawn()?)
    }

    /// One host dies before it sends its n-th statement. Where the other took so much of the work that it never came to that
    /// one, an earlier statement is tried. Answers at which it died.
    pub(super) fn try_until_met(&self, count: usize) -> Result<Option<(usize, Went)>> {
        let mut count = count;
        while count > 0 {
            match self.try_one(count)? {
                Some(went) => return Ok(Some((count, went))),
                None => count = count * 2 / 3,
            }
        }
        Ok(None)
    }

    /// One host dies before it sends its n-th statement. `None`: it never came to it.
    pub(super) fn try_one(&self, count: usize) -> Result<Option<Went>> {
        let lost = |what: String| Ok(Some(Went::Breached(Breach::Lost(what))));
        let folder = &self.work;
        self.house.copy(&self.stage, folder)?;
        let program = self.house.programs.path("issuer");
        let lives = self.other(folder)?;
        let dying = self.batch(folder, "a", SignedDuration::ZERO)?;
        let fault = Fault { call: CALL, count, what: What::Kill };
        let dies = injector::run(&program, &dying, fault, &self.trace());
        let lives = lives.wait_with_output()?;
        let dies = dies?;
        let torn = read::books(&self.house, folder)?;
        if let Some(breach) = torn.breaches(Moment::Torn).into_iter().next() {
            return Ok(Some(Went::Breached(breach)));
        }
        // 1: what the dead one has in hand is left for it.
        if !matches!(lives.status.code(), Some(0 | 1)) {
            let said = String::from_utf8_lossy(&lives.stderr).into_owned();
            return lost(format!("the other host ended with {:?}: {said}", lives.status.code()));
        }
        let again = self.house.plainly(&self.batch(folder, "a", SignedDuration::from_secs(30))?)?;
        let books = read::books(&self.house, folder)?;
        if let Some(breach) = books.breaches(Moment::Resumed).into_iter().next() {
            let (code, said) = (again.code, again.reason().unwrap_or_default());
            let other = String::from_utf8_lossy(&lives.stderr).into_owned();
            let more = format!("the next start: {code:?} {said} {}; the other host: {other}", again.stderr);
            return Ok(Some(Went::Breached(breach.and(&more))));
        }
        let issued = books.applications.iter().filter(|one| one.state == "issued").count();
        if again.code != Some(0) || issued != self.house.applicants.len() - 1 {
            return lost(format!("{issued} issued, it ended with {:?}: {}", again.code, again.stderr));
        }
        Ok(dies.met.then_some(Went::Resumed))
    }
}
