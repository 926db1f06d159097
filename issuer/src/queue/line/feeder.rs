//! The feeder: one thread takes applications in hand and prepares them ahead of the readers.

use std::collections::{BTreeSet, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use jiff::Timestamp;

use super::{ATTEMPTS, Event, Happened, Next, Shared, TICK, after, lock, with_station};
use crate::ledger::{ApplicationId, Entry, Ledger, LedgerError};
use crate::queue::{ALL, StopKind};
use crate::register::Register;

/// Looks of 5 ms after which what was only written ahead is settled.
const SETTLED_EVERY: u32 = 20;

/// Looks at a queue that stands still between two words about it: a minute.
const TOLD_EVERY: u32 = 600;

/// Prepares what comes next, so that no reader waits.
pub(super) struct Feeder<'a, 'b> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) ledger: &'b mut Ledger,
    /// What cannot be prepared here; it is not tried again in this run.
    pub(super) left: BTreeSet<i64>,
}

impl Feeder<'_, '_> {
    pub(super) fn feed(
        mut self,
        send: SyncSender<Next>,
        readers: usize,
        all_ended: impl Fn() -> bool,
    ) -> Result<(), LedgerError> {
        let line = self.shared.line;
        let mut register = None;
        let mut renewed = (line.clock)();
        let mut ready = VecDeque::new();
        let (mut waited, mut stood) = (0_u32, 0_u32);
        loop {
            let now = (line.clock)();
            self.keep_up(&mut renewed, now)?;
            if line.stop.load(Ordering::SeqCst) || all_ended() {
                break;
            }
            let stops = self.ledger.queue().stops()?;
            match stops.iter().find(|stop| stop.name == ALL) {
                Some(stop) if stop.kind != StopKind::Pause => break,
                Some(stop) => {
                    if stood.is_multiple_of(TOLD_EVERY) {
                        (line.told)(Event { application: None, reader: None, what: Happened::Stands(stop) });
                    }
                    stood = stood.saturating_add(1);
                    self.exchange(&[], now)?;
                    self.ledger.queue().settle()?;
                    std::thread::sleep(TICK);
                    continue;
                }
                None if stood > 0 => {
                    stood = 0;
                    (line.told)(Event { application: None, reader: None, what: Happened::GoesOn });
                }
                None => {}
            }
            if !hand_out(&mut ready, &send) {
                break;
            }
            if !ready.is_empty() {
                // Readers at work settle it on their way; readers that wait for a blank do not, and keep nobody else from writing.
                waited = (waited + 1) % SETTLED_EVERY;
                if waited == 0 {
                    self.ledger.queue().settle()?;
                }
                std::thread::sleep(Duration::from_millis(5));
                continue;
            }
            let taken = self.take_some(now, readers)?;
            if taken.is_empty() {
                if !self.shared.is_busy()
                    && line.until_empty
                    && !self.ledger.queue().is_any_elsewhere(line.host)?
                {
                    break;
                }
                std::thread::sleep(TICK);
                continue;
            }
            for entry in taken {
                if line.stop.load(Ordering::SeqCst) || !hand_out(&mut ready, &send) {
                    break;
                }
                ready.extend(self.prepare(&entry, &mut register)?);
            }
        }
        for next in ready {
            self.shared.let_go(next.admitted.application());
        }
        // What lies prepared is made; what the readers have in hand is finished, and its leases are kept up.
        drop(send);
        while !all_ended() {
            self.ledger.queue().settle()?;
            std::thread::sleep(TICK);
            self.keep_up(&mut renewed, (line.clock)())?;
        }
        let rest = std::mem::take(&mut *lock(&self.shared.in_hand));
        rest.into_iter().for_each(|id| self.shared.let_go(ApplicationId(id)));
        self.exchange(&[], (line.clock)())?;
        self.ledger.queue().settle()
    }

    fn keep_up(&mut self, renewed: &mut Timestamp, now: Timestamp) -> Result<(), LedgerError> {
        let line = self.shared.line;
        if now.duration_since(*renewed) * 3 < line.lease {
            return Ok(());
        }
        *renewed = now;
        let ids: Vec<_> = lock(&self.shared.in_hand).iter().copied().map(ApplicationId).collect();
        self.ledger.queue().renew(&ids, line.host, after(now, line.lease))
    }

    /// Lets go what is finished, and takes of these what nobody else has.
    fn exchange(
        &mut self,
        wanted: &[ApplicationId],
        now: Timestamp,
    ) -> Result<Vec<ApplicationId>, LedgerError> {
        let line = self.shared.line;
        let finished = std::mem::take(&mut *lock(&self.shared.finished));
        if finished.is_empty() && wanted.is_empty() {
            return Ok(Vec::new());
        }
        self.ledger.queue().exchange(&finished, wanted, line.host, now, after(now, line.lease))
    }

    /// The next that wait and lie here: half as many as there are readers, so that other hosts find some, too.
    fn take_some(&mut self, now: Timestamp, readers: usize) -> Result<Vec<Entry>, LedgerError> {
        self.exchange(&[], now)?;
        self.ledger.queue().settle()?;
        let room = u32::try_from(self.left.len() + readers * 3 + 16).unwrap_or(u32::MAX);
        let mut wanted = self.ledger.queue().waiting(now, room)?;
        wanted.retain(|id| {
            let tried = lock(&self.shared.attempts).get(&id.0).copied().unwrap_or_default();
            tried < ATTEMPTS && !self.left.contains(&id.0) && !lock(&self.shared.in_hand).contains(&id.0)
        });
        wanted.truncate(readers.div_ceil(2).max(1));
        let taken = self.exchange(&wanted, now)?;
        lock(&self.shared.in_hand).extend(taken.iter().map(|id| id.0));
        taken.into_iter().map(|id| self.ledger.entry(id)).collect()
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
                self.shared.let_go(entry.id);
                return Ok(None);
            }
            Err(why) => {
                told(Happened::NotPrepared(&why));
                self.left.insert(entry.id.0);
                self.shared.let_go(entry.id);
                return Ok(None);
            }
        };
        let admitted = with_station(line, self.ledger, register, |station| station.admit_ahead(&application));
        let prepared = match &admitted {
            Ok((admitted, _)) => (line.prepared)(admitted),
            Err(_) => Ok(()),
        };
        match (admitted, prepared) {
            // Settled when the next are taken, or by the reader that assigns its chip.
            (Ok((admitted, _)), Ok(())) => return Ok(Some(Next { admitted })),
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
        self.shared.let_go(entry.id);
        Ok(None)
    }
}

/// Gives the readers what is ready, as much as they have room for. `false`: there are no readers any more.
fn hand_out(ready: &mut VecDeque<Next>, send: &SyncSender<Next>) -> bool {
    while let Some(next) = ready.pop_front() {
        match send.try_send(next) {
            Ok(()) => {}
            Err(TrySendError::Full(next)) => {
                ready.push_front(next);
                return true;
            }
            Err(TrySendError::Disconnected(next)) => {
                ready.push_front(next);
                return false;
            }
        }
    }
    true
}
