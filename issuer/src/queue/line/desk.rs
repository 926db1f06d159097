//! One reader's thread: a chip after another becomes a card.

use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use rand_core::CryptoRng;

use super::{Event, Happened, Next, ReaderPort, Shared, TICK, admit, after, lock, name_of, with_station};
use crate::ledger::{ApplicationId, Ledger, LedgerError};
use crate::personalize::{CardLink, NoMonitor};
use crate::queue::{Breaker, Trip};
use crate::register::Register;
use crate::station::{Admitted, IssueError, IssuedCard};

/// What came of one chip.
enum Worked {
    Made(Box<IssuedCard>),
    Failed(ApplicationId, IssueError),
    Trouble(String),
    /// A card of an interrupted run is not finished.
    NotFinished(IssueError),
    NoMore,
}

impl Worked {
    /// Nothing can be noted any more.
    fn is_full(&self) -> bool {
        matches!(self, Self::Failed(_, error) | Self::NotFinished(error) if error.is_disk_full())
    }
}

/// One reader's thread.
pub(super) struct Desk<'a> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) ledger: Ledger,
    pub(super) rng: Box<dyn CryptoRng + Send>,
}

impl Desk<'_> {
    pub(super) fn work(mut self, mut reader: Box<dyn ReaderPort + '_>, receive: &Mutex<Receiver<Next>>) {
        let line = self.shared.line;
        let name = name_of(line, reader.as_ref());
        let mut register = None;
        let mut breaker = Breaker::new(line.reader_failures);
        loop {
            // A reader that stands still keeps nothing in hand.
            match self.ledger.queue().stops() {
                Ok(stops) => {
                    if let Some(stop) = stops.iter().find(|stop| stop.name == name) {
                        return self.trouble(&name, &format!("it stands still: {}", stop.reason));
                    }
                }
                Err(error) => return self.trouble(&name, &error.to_string()),
            }
            let worked = match reader.wait(line.stop) {
                Ok(true) => self.chip(reader.as_mut(), &name, &mut register, receive),
                Ok(false) => return,
                Err(why) => Worked::Trouble(why),
            };
            let is_full = worked.is_full();
            let why = match worked {
                Worked::NoMore => return,
                Worked::Made(card) => {
                    self.tell(card.application, &name, Happened::Made(&card));
                    breaker.made();
                    lock(&self.shared.breaker).made();
                    lock(&self.shared.summary).made += 1;
                    self.shared.let_go(card.application);
                    continue;
                }
                Worked::Trouble(why) => {
                    self.trouble(&name, &why);
                    why
                }
                Worked::NotFinished(error) => {
                    let why = error.to_string();
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
                    self.shared.let_go(id);
                    error.to_string()
                }
            };
            lock(&self.shared.summary).failed += 1;
            if is_full {
                // No fault of this reader's: the next start goes on with what lies in it.
                return;
            }
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
            Err(error) => return Worked::NotFinished(error),
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
        self.shared.let_go(entry.id);
        done.map(Some)
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
