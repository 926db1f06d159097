//! The PC/SC resource manager: its readers, and waiting for a card (`SCardGetStatusChange`).

use std::ffi::CString;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::connection::{PcscTransport, Protocols, Share};
use crate::error::ReaderError;

/// The longest single wait: a cancellation that falls between two waits is noticed within it.
const WAIT_SLICE: Duration = Duration::from_millis(500);

/// A reader and what the service says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderInfo {
    /// The reader's full name, as [`Service::connect`] takes it.
    pub name: String,
    /// Whether a card lies in it now.
    pub card_present: bool,
    /// Another program holds the card exclusively.
    pub in_exclusive_use: bool,
    /// A card is there but does not answer.
    pub mute: bool,
    /// The card's answer to reset; empty without a card.
    pub atr: Vec<u8>,
}

/// A connection to the resource manager. Waits may be ended from another thread through [`Service::canceller`].
pub struct Service {
    context: pcsc::Context,
    cancelled: Arc<AtomicBool>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").finish_non_exhaustive()
    }
}

/// Ends a wait of the [`Service`] that it came from, from any thread.
#[derive(Clone)]
pub struct Canceller {
    context: pcsc::Context,
    cancelled: Arc<AtomicBool>,
}

impl std::fmt::Debug for Canceller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Canceller").finish_non_exhaustive()
    }
}

impl Canceller {
    /// Ends the current wait, or the next one if none is under way, with [`ReaderError::Cancelled`].
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        // A failure only means that nobody waits: the flag then ends the next wait.
        let _ = self.context.cancel();
    }
}

impl Service {
    /// Connects to the resource manager.
    ///
    /// # Errors
    /// [`ReaderError::NoService`] when it does not run.
    pub fn open() -> Result<Self, ReaderError> {
        let context = pcsc::Context::establish(pcsc::Scope::User)
            .map_err(|e| ReaderError::from_pcsc(e, "reach the service", ""))?;
        Ok(Self { context, cancelled: Arc::default() })
    }

    /// A handle that ends waits.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller { context: self.context.clone(), cancelled: Arc::clone(&self.cancelled) }
    }

    fn names(&self) -> Result<Vec<CString>, ReaderError> {
        // The list may grow between the two calls that size and fetch it: one more try suffices.
        let attempt = || match self.context.list_readers_owned() {
            Ok(names) => Ok(names),
            Err(pcsc::Error::NoReadersAvailable) => Ok(Vec::new()),
            Err(e) => Err(e),
        };
        match attempt() {
            Err(pcsc::Error::InsufficientBuffer) => attempt(),
            other => other,
        }
        .map_err(|e| ReaderError::from_pcsc(e, "list the readers", ""))
    }

    /// All connected readers with their state.
    ///
    /// # Errors
    /// When the service stopped.
    pub fn readers(&self) -> Result<Vec<ReaderInfo>, ReaderError> {
        let names = self.names()?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut states: Vec<_> =
            names.into_iter().map(|name| pcsc::ReaderState::new(name, pcsc::State::UNAWARE)).collect();
        match self.context.get_status_change(Duration::ZERO, &mut states) {
            Ok(()) | Err(pcsc::Error::Timeout) => {}
            Err(e) => return Err(ReaderError::from_pcsc(e, "ask for the readers' state", "")),
        }
        Ok(states
            .iter()
            .map(|state| {
                let event = state.event_state();
                ReaderInfo {
                    name: state.name().to_string_lossy().into_owned(),
                    card_present: event.contains(pcsc::State::PRESENT),
                    in_exclusive_use: event.contains(pcsc::State::EXCLUSIVE),
                    mute: event.contains(pcsc::State::MUTE),
                    atr: state.atr().to_vec(),
                }
            })
            .collect())
    }

    /// The full name of the one reader that `wanted` names: exactly, or as the only one that contains it
    /// (upper and lower case alike). An empty `wanted` takes the only reader there is.
    ///
    /// # Errors
    /// No reader, no such reader, or more than one.
    pub fn find(&self, wanted: &str) -> Result<String, ReaderError> {
        let known: Vec<String> =
            self.names()?.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        choose(wanted, known)
    }

    /// Waits until a card lies in the reader and answered to reset; gives its ATR.
    ///
    /// # Errors
    /// [`ReaderError::Timeout`], [`ReaderError::Cancelled`], an unplugged reader, a stopped service.
    pub fn wait_for_card(&self, reader: &str, timeout: Duration) -> Result<Vec<u8>, ReaderError> {
        self.wait_for(reader, timeout, |event| {
            event.contains(pcsc::State::PRESENT) && !event.contains(pcsc::State::MUTE)
        })
    }

    /// Waits until the reader is empty.
    ///
    /// # Errors
    /// As [`Service::wait_for_card`].
    pub fn wait_for_removal(&self, reader: &str, timeout: Duration) -> Result<(), ReaderError> {
        self.wait_for(reader, timeout, |event| event.contains(pcsc::State::EMPTY)).map(drop)
    }

    fn wait_for(
        &self,
        reader: &str,
        timeout: Duration,
        reached: impl Fn(pcsc::State) -> bool,
    ) -> Result<Vec<u8>, ReaderError> {
        let name = c_name(reader)?;
        let deadline = Instant::now().checked_add(timeout);
        let mut states = [pcsc::ReaderState::new(name, pcsc::State::UNAWARE)];
        loop {
            if self.cancelled.swap(false, Ordering::SeqCst) {
                return Err(ReaderError::Cancelled);
            }
            let left =
                deadline.map_or(WAIT_SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
            match self.context.get_status_change(left.min(WAIT_SLICE), &mut states) {
                Ok(()) | Err(pcsc::Error::Timeout) => {}
                Err(pcsc::Error::Cancelled) => {
                    self.cancelled.store(false, Ordering::SeqCst);
                    return Err(ReaderError::Cancelled);
                }
                Err(e) => return Err(self.explain(e, "wait for a card", reader)),
            }
            let [state] = &mut states;
            let event = state.event_state();
            if event.intersects(pcsc::State::UNKNOWN | pcsc::State::IGNORE) {
                return Err(self.explain(pcsc::Error::UnknownReader, "wait for a card", reader));
            }
            if reached(event) {
                return Ok(state.atr().to_vec());
            }
            if left.is_zero() {
                let seconds = timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0);
                return Err(if event.contains(pcsc::State::MUTE) {
                    ReaderError::Unresponsive { reader: reader.to_owned() }
                } else {
                    ReaderError::Timeout { reader: reader.to_owned(), seconds }
                });
            }
            state.sync_current_state();
        }
    }

    /// Connects to the card in the named reader.
    ///
    /// # Errors
    /// No such reader, no card, a card held by another program, a mute card.
    pub fn connect(
        &self,
        reader: &str,
        share: Share,
        protocols: Protocols,
    ) -> Result<PcscTransport, ReaderError> {
        let card = self
            .context
            .connect(&c_name(reader)?, share.to_pcsc(), protocols.to_pcsc())
            .map_err(|e| self.explain(e, "connect to the card", reader))?;
        Ok(PcscTransport::new(card, reader, share, protocols))
    }

    /// PC/SC's error, with the names of the readers that are there where that helps.
    fn explain(&self, error: pcsc::Error, doing: &'static str, reader: &str) -> ReaderError {
        match ReaderError::from_pcsc(error, doing, reader) {
            ReaderError::UnknownReader { name, .. } => {
                let known = self.names().unwrap_or_default();
                let known = known.iter().map(|name| name.to_string_lossy().into_owned()).collect();
                ReaderError::UnknownReader { name, known }
            }
            other => other,
        }
    }
}

fn c_name(reader: &str) -> Result<CString, ReaderError> {
    CString::new(reader)
        .map_err(|_| ReaderError::UnknownReader { name: reader.to_owned(), known: Vec::new() })
}

fn choose(wanted: &str, known: Vec<String>) -> Result<String, ReaderError> {
    if known.is_empty() {
        return Err(if wanted.is_empty() {
            ReaderError::NoReader
        } else {
            ReaderError::UnknownReader { name: wanted.to_owned(), known }
        });
    }
    if let Some(exact) = known.iter().find(|name| name.as_str() == wanted) {
        return Ok(exact.clone());
    }
    let lower = wanted.to_lowercase();
    let mut matching: Vec<String> =
        known.iter().filter(|name| name.to_lowercase().contains(&lower)).cloned().collect();
    match matching.len() {
        0 => Err(ReaderError::UnknownReader { name: wanted.to_owned(), known }),
        1 => Ok(matching.swap_remove(0)),
        _ => Err(ReaderError::AmbiguousReader { name: wanted.to_owned(), matching }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        vec!["Virtual PCD 00 00".into(), "Virtual PCD 00 01".into(), "ACS ACR1252".into()]
    }

    #[test]
    fn a_reader_is_found_by_its_name_or_by_an_unambiguous_part() {
        assert_eq!(choose("Virtual PCD 00 01", names()).as_deref(), Ok("Virtual PCD 00 01"));
        assert_eq!(choose("acr1252", names()).as_deref(), Ok("ACS ACR1252"));
        assert_eq!(choose("", vec!["Only".into()]).as_deref(), Ok("Only"));
    }

    #[test]
    fn a_missing_or_ambiguous_reader_names_those_that_are_there() {
        assert!(
            matches!(choose("Virtual", names()), Err(ReaderError::AmbiguousReader { matching, .. }) if matching.len() == 2)
        );
        assert!(
            matches!(choose("Omnikey", names()), Err(ReaderError::UnknownReader { known, .. }) if known.len() == 3)
        );
        assert_eq!(choose("", Vec::new()), Err(ReaderError::NoReader));
    }

    #[test]
    fn a_name_with_a_zero_byte_is_no_reader() {
        assert!(matches!(c_name("a\0b"), Err(ReaderError::UnknownReader { .. })));
    }
}
