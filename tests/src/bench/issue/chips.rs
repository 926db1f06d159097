//! Chips whose own work is counted apart: each card is made once with a chip in this process, and what went over its link
//! is kept; then the same cards are made again from what was kept, and the chip's answers cost nothing.
//!
//! That works because nothing is ambient: a card's time, its chip and the randomness of its reader follow from the number
//! of its application. A second making that sends another octet is an error, never a figure.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_issuer::personalize::CardLink;
use cccd_issuer::queue::ReaderPort;
use cccd_virtual_chip::Chip;
use rand_chacha::ChaCha20Rng;
use rand_core::{Infallible, SeedableRng as _, TryCryptoRng, TryRng};

/// The number of an application, which everything about its card follows from.
pub type Number = u64;

/// Command and answer, one after another.
pub type Exchanges = Vec<(Vec<u8>, Vec<u8>)>;

/// What went over the links, by application.
pub type Kept = BTreeMap<Number, Exchanges>;

/// Makes the chip of an application.
pub type Maker<'a> = dyn Fn(Number) -> Option<Chip> + Sync + 'a;

/// Where the answers come from.
pub enum Source<'a> {
    /// Chips in this process. What the first so many cards exchange is kept.
    Live {
        /// Makes them.
        make: &'a Maker<'a>,
        /// The last number that is kept.
        keep: Number,
        /// Where.
        kept: &'a Mutex<Kept>,
        /// Nanoseconds that chips took, theirs alone.
        spent: &'a AtomicU64,
    },
    /// What was kept.
    Kept(&'a Kept),
}

impl std::fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::Live { .. }) { "Live" } else { "Kept" })
    }
}

/// A reader's hand: which application it has, and its randomness.
#[derive(Debug, Clone)]
pub struct Hand {
    number: Arc<AtomicU64>,
    random: Arc<Mutex<ChaCha20Rng>>,
}

impl Default for Hand {
    fn default() -> Self {
        Self { number: Arc::default(), random: Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(0))) }
    }
}

impl Hand {
    /// It begins this application: from here on its randomness is the application's.
    pub fn begin(&self, number: Number) {
        *self.random.lock().unwrap_or_else(PoisonError::into_inner) = ChaCha20Rng::seed_from_u64(number);
        self.number.store(number, Ordering::SeqCst);
    }
}

impl TryRng for Hand {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).try_fill_bytes(bytes)
    }
}

impl TryCryptoRng for Hand {}

/// A reader into which a next blank is put as long as there are any.
#[derive(Debug)]
pub struct Port<'a> {
    /// Its name.
    pub name: String,
    /// Its hand.
    pub hand: Hand,
    /// Where answers come from.
    pub source: &'a Source<'a>,
    /// Blanks that all readers have left.
    pub left: &'a AtomicUsize,
}

impl ReaderPort for Port<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn wait(&mut self, stop: &AtomicBool) -> Result<bool, String> {
        let one_less = |left: usize| left.checked_sub(1);
        Ok(!stop.load(Ordering::SeqCst)
            && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok())
    }

    fn link(&mut self) -> Result<(Box<dyn CardLink + '_>, bool), String> {
        Ok((Box::new(Link { hand: &self.hand, source: self.source, at: At::Nothing }), true))
    }
}

/// The chip in a reader. Which one it is shows at the first command, when the reader knows its application.
struct Link<'a> {
    hand: &'a Hand,
    source: &'a Source<'a>,
    at: At<'a>,
}

enum At<'a> {
    Nothing,
    Live { number: Number, chip: Box<Chip>, kept: Option<Exchanges> },
    Kept(std::slice::Iter<'a, (Vec<u8>, Vec<u8>)>),
}

impl Link<'_> {
    fn first(&mut self) -> Result<(), LinkLost> {
        let number = self.hand.number.load(Ordering::SeqCst);
        let none = || LinkLost::new(format!("no chip for application {number}"));
        self.at = match self.source {
            Source::Live { make, keep, .. } => {
                let chip = Box::new(make(number).ok_or_else(none)?);
                At::Live { number, chip, kept: (number <= *keep).then(Vec::new) }
            }
            Source::Kept(kept) => At::Kept(kept.get(&number).ok_or_else(none)?.iter()),
        };
        Ok(())
    }
}

impl Transport for Link<'_> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        if matches!(self.at, At::Nothing) {
            let start = Instant::now();
            self.first()?;
            spent(self.source, start);
        }
        match &mut self.at {
            At::Nothing => Err(LinkLost::new("no chip")),
            At::Live { chip, kept, .. } => {
                let start = Instant::now();
                let answer = chip.transmit(command)?;
                spent(self.source, start);
                if let Some(kept) = kept {
                    kept.push((command.to_vec(), answer.clone()));
                }
                Ok(answer)
            }
            At::Kept(exchanges) => {
                // A reader's thread waits for its chip, if ever so shortly: others get its core at each command.
                std::thread::yield_now();
                match exchanges.next() {
                    Some((same, answer)) if same == command => Ok(answer.clone()),
                    Some(_) => Err(LinkLost::new("another command than when this card was made first")),
                    None => Err(LinkLost::new("more commands than when this card was made first")),
                }
            }
        }
    }
}

impl CardLink for Link<'_> {
    fn reset(&mut self) -> Result<(), LinkLost> {
        if let At::Live { chip, .. } = &mut self.at {
            Chip::reset(chip);
        }
        Ok(())
    }
}

impl Drop for Link<'_> {
    fn drop(&mut self) {
        let Source::Live { kept: all, .. } = self.source else { return };
        if let At::Live { number, kept: Some(kept), .. } = &mut self.at {
            all.lock().unwrap_or_else(PoisonError::into_inner).insert(*number, std::mem::take(kept));
        }
    }
}

fn spent(source: &Source<'_>, since: Instant) {
    if let Source::Live { spent, .. } = source {
        let nanoseconds = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        spent.fetch_add(nanoseconds, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::Rng as _;

    const SELECT: [u8; 12] = [0x00, 0xA4, 0x04, 0x0C, 0x07, 0xA0, 0, 0, 2, 0x47, 0x10, 0x01];

    fn port<'a>(source: &'a Source<'a>, left: &'a AtomicUsize, number: Number) -> Port<'a> {
        let hand = Hand::default();
        hand.begin(number);
        Port { name: "one".to_owned(), hand, source, left }
    }

    #[test]
    fn what_a_chip_answered_is_answered_again_and_nothing_else_is() {
        let (kept, spent, left) = (Mutex::default(), AtomicU64::new(0), AtomicUsize::new(9));
        let make = |number| Some(crate::country::blank(number));
        let live = Source::Live { make: &make, keep: 7, kept: &kept, spent: &spent };
        for number in [7, 8] {
            let mut port = port(&live, &left, number);
            let (mut link, _) = port.link().unwrap();
            assert_eq!(link.transmit(&SELECT).unwrap(), [0x90, 0x00]);
            link.reset().unwrap();
        }
        assert!(spent.load(Ordering::Relaxed) > 0);
        let kept = kept.into_inner().unwrap();
        assert_eq!(kept.keys().copied().collect::<Vec<_>>(), [7]);

        let again = Source::Kept(&kept);
        let mut same = port(&again, &left, 7);
        let (mut link, _) = same.link().unwrap();
        assert_eq!(link.transmit(&SELECT).unwrap(), [0x90, 0x00]);
        assert!(link.transmit(&SELECT).is_err());
        drop(link);
        let (mut link, _) = same.link().unwrap();
        assert!(link.transmit(&SELECT[..11]).is_err());
        assert!(port(&again, &left, 8).link().unwrap().0.transmit(&SELECT).is_err());
    }

    #[test]
    fn a_hand_draws_by_its_application_and_readers_share_the_blanks() {
        let (mut one, mut other) = (Hand::default(), Hand::default());
        one.begin(1);
        other.begin(2);
        let first = one.next_u64();
        assert_ne!(first, other.next_u64());
        other.begin(1);
        assert_eq!(first, other.next_u64());

        let (kept, left, stop) = (Kept::new(), AtomicUsize::new(3), AtomicBool::new(false));
        let source = Source::Kept(&kept);
        let mut readers = [port(&source, &left, 1), port(&source, &left, 1)];
        let taken = (0..8).filter(|turn| readers[turn % 2].wait(&stop).unwrap()).count();
        assert_eq!(taken, 3);
    }
}
