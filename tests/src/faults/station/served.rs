//! The desk under faults: `issuer serve` is killed while officers work at it, and started again; each of them does once more what
//! they did last, as one who got no answer does, and gets the answer that they would have got.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;

use super::Went;
use super::books::{Books, Breach, Moment};
use super::cores;
use super::house::{Extent, House, text};
use super::injector::{Fault, What};
use super::read;
use super::visitor::{Served, Visitor};
use crate::programs::Programs;

/// What an officer does at the desk, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Capture,
    Approve,
    Make,
    Deliver,
    Hold,
    Spoil,
}

const DEEDS: [Deed; 6] = [Deed::Capture, Deed::Approve, Deed::Make, Deed::Deliver, Deed::Hold, Deed::Spoil];

/// A desk is killed at one of these.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kill {
    deed: usize,
    pub(super) fault: Fault,
}

/// A desk, its house before each deed, and who works there.
pub(super) struct Open {
    house: House,
    stages: Vec<PathBuf>,
    work: PathBuf,
    visitor: Visitor,
    /// How many calls the desk makes during each deed.
    calls: Vec<BTreeMap<&'static str, usize>>,
}

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Capture => "capture",
            Self::Approve => "approve",
            Self::Make => "make",
            Self::Deliver => "deliver",
            Self::Hold => "hold a card",
            Self::Spoil => "spoil a blank",
        }
    }

    fn is_done(self, books: &Books) -> bool {
        let stands = |state: &str| books.applications.iter().any(|one| one.state == state);
        match self {
            Self::Capture => stands("captured"),
            Self::Approve => stands("approved"),
            Self::Make => stands("issued"),
            Self::Deliver => stands("delivered"),
            Self::Hold => books.cards.iter().any(|card| card.status == "held"),
            Self::Spoil => books.blanks.iter().any(|blank| blank.state == "spoiled"),
        }
    }
}

impl Open {
    /// Founds a house, goes through all deeds undisturbed, and keeps the house before each; counts calls of these kinds.
    pub(super) fn found(
        programs: &Programs,
        now: Timestamp,
        kinds: &[&'static str],
        folder: &Path,
    ) -> Result<Self> {
        let (live, work) = (folder.join("live"), folder.join("work"));
        std::fs::create_dir_all(&live)?;
        std::fs::create_dir_all(&work)?;
        // The reader in software lays out its blank by the number of the application: it is one of the delivery.
        let blanks = ["desk-chips/chip-1.json", "cabinet/two.json"].map(str::to_owned).into();
        let house = House::found(programs, now, None, &Extent { applicants: 1, blanks }, &live)?;
        let delivery = text(&live.join("delivery.txt"))?;
        let receive =
            ["stock", "receive", "--supplier", "maker", "--note", "1", "--counted", "--serials", &delivery];
        house.must(&live, Some("kho"), &receive)?;
        let mut visitor = Visitor::default();
        let mut open =
            Self { house, stages: Vec::new(), work, visitor: Visitor::default(), calls: Vec::new() };
        {
            let served = open.serve(&live, None, 0)?;
            for name in ["lan", "minh", "kho"] {
                visitor.log_in(&served, name, &std::fs::read_to_string(live.join(format!("{name}.pw")))?)?;
            }
        }
        open.visitor = visitor;
        for (index, deed) in DEEDS.into_iter().enumerate() {
            let stage = folder.join(format!("stage-{index}"));
            open.house.copy(&live, &stage)?;
            open.stages.push(stage);
            let mut visitor = open.visitor.clone();
            let served = open.serve(&live, Some((kinds, None)), 0)?;
            open.carry_out(deed, &mut visitor, &served)?;
            open.calls.push(served.end(kinds)?);
            let books = read::books(&open.house, &live)?;
            ensure!(deed.is_done(&books), "{} did not come to its end: {books:?}", deed.name());
            let breaches = books.breaches(Moment::Resumed);
            ensure!(breaches.is_empty(), "{}, undisturbed: {breaches:?}", deed.name());
        }
        Ok(open)
    }

    /// Every kill, by deed.
    pub(super) fn kills(&self) -> Vec<Vec<Kill>> {
        let of = |(deed, calls): (usize, &BTreeMap<&'static str, usize>)| -> Vec<Kill> {
            let each = calls.iter().flat_map(|(call, count)| {
                let kill = |count| Kill { deed, fault: Fault { call, count, what: What::Kill } };
                (1..=*count).map(kill).collect::<Vec<_>>()
            });
            each.collect()
        };
        self.calls.iter().enumerate().map(of).collect()
    }

    /// What the table says.
    pub(super) fn name(kill: &Kill) -> String {
        let deed = DEEDS.get(kill.deed).map_or("", |deed| deed.name());
        format!("{deed}: {}", kill.fault.call)
    }

    /// The desk of a house; every start is a minute later than the one before.
    fn serve(
        &self,
        folder: &Path,
        watched: Option<(&[&'static str], Option<Fault>)>,
        start: i64,
    ) -> Result<Served> {
        let mut house = self.house.clone();
        house.now = house.now.checked_add(jiff::SignedDuration::from_mins(start))?;
        let (keys, chips) = (text(&folder.join("keys"))?, text(&folder.join("desk-chips"))?);
        let (ready, register) = (text(&folder.join("desk.ready"))?, house.register(folder)?);
        let words = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--keys",
            &keys,
            "--register",
            &register,
            "--virtual-reader",
            &chips,
            "--ready-file",
            &ready,
        ];
        let arguments = house.command(folder, None, &words)?;
        Served::start(&house.programs.path("issuer"), &arguments, folder, watched)
    }

    /// Kills over the cores of this machine.
    pub(super) fn try_all(
        &self,
        kills: &[Kill],
        workers: usize,
        tell: &mut dyn FnMut(&Kill, Went),
    ) -> Result<()> {
        let one = |kill: &Kill, worker: usize| {
            self.try_one(kill, worker).with_context(|| format!("the desk: {kill:?}"))
        };
        cores::over(kills, workers, one, |kill, went| {
            if let Some(went) = went {
                tell(kill, went);
            }
        })
    }

    /// One kill in a copy of the house, the next start, and the books. `None`: it was not met.
    fn try_one(&self, kill: &Kill, worker: usize) -> Result<Option<Went>> {
        let deed = DEEDS.get(kill.deed).copied().context("a deed")?;
        let stage = self.stages.get(kill.deed).context("a stage")?;
        let folder = self.work.join(format!("worker-{worker}"));
        self.house.copy(stage, &folder)?;
        let lost = |what: String| Ok(Some(Went::Breached(Breach::Lost(what))));
        let mut visitor = self.visitor.clone();
        let mut served = self.serve(&folder, Some((&[kill.fault.call], Some(kill.fault))), 1)?;
        let mut starts = 1;
        let mut torn = None;
        while let Err(error) = self.carry_out(deed, &mut visitor, &served) {
            // An answer that should not be, and not the silence of the dead.
            if !served.dies() {
                return lost(format!("{error:#}"));
            }
            if torn.is_none() {
                torn = read::books(&self.house, &folder)?.breaches(Moment::Torn).into_iter().next();
            }
            starts += 1;
            ensure!(starts < 5, "the desk dies again and again: {error:#}");
            served = self.serve(&folder, None, starts)?;
        }
        drop(served);
        if let Some(breach) = torn {
            return Ok(Some(Went::Breached(breach)));
        }
        let books = read::books(&self.house, &folder)?;
        if let Some(breach) = books.breaches(Moment::Resumed).into_iter().next() {
            return Ok(Some(Went::Breached(breach)));
        }
        if !deed.is_done(&books) {
            return lost("the officer was told that it is done, and the books do not say so".to_owned());
        }
        if let Some(twice) = read::done_twice(&folder)? {
            return Ok(Some(Went::Breached(Breach::Doubled(twice))));
        }
        let verified = self.house.plainly(&self.house.command(&folder, None, &["audit", "verify"])?)?;
        if verified.code != Some(0) {
            return lost(format!("the audit log: {}", verified.reason().unwrap_or(verified.stderr)));
        }
        Ok((starts > 1).then_some(Went::Resumed))
    }

    /// An officer does this, or does it again: with the very form that was sent before, if one was.
    fn carry_out(&self, deed: Deed, visitor: &mut Visitor, served: &Served) -> Result<()> {
        let number = self.house.applicants.first().context("an applicant")?.number.as_str();
        match deed {
            Deed::Capture => {
                let portrait = std::fs::read(self.stages.first().context("a stage")?.join("portrait-0.jpg"))?;
                visitor.capture(served, number, &portrait)
            }
            Deed::Approve => visitor.send_form(served, "minh", "/applications/1", "/approve", &[]),
            Deed::Make => {
                visitor.send_form(served, "lan", "/applications/1", "/make", &[("reader", "virtual")])?;
                visitor.until(served, "lan", "/applications/1", "/applications/1/deliver")
            }
            Deed::Deliver => {
                visitor.send_form(served, "lan", "/applications/1", "/deliver", &[("face", "yes")])
            }
            Deed::Hold => {
                let card = visitor.card(served)?;
                let fields = [("change", "hold"), ("ground", "detention"), ("reason", "decision 1")];
                visitor.send_form(served, "minh", &card, "/change", &fields)
            }
            Deed::Spoil => {
                let serial = self.house.serials.get(1).context("a blank in the cabinet")?.to_string();
                let fields = [("serials", &*serial), ("cause", "damaged"), ("note", "bent")];
                visitor.send_form(served, "kho", "/stock", "/spoil", &fields)
            }
        }
    }
}
