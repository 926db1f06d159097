//! Randomness that is kept and played back: with it a dump of a whole reading becomes a test.
//!
//! The reader's commands depend on what it draws. [`Recorded`] keeps that; [`Played`] draws the same again, so that
//! [`Replay`](cccd_card_profile::apdu::Replay) hears the commands of the dump. Whoever has the draws has the session keys:
//! they belong into a dump only when it was asked for loudly (`docs/decisions/0062-traces.md`).

use std::collections::VecDeque;
use std::convert::Infallible;

use rand_core::{CryptoRng, TryCryptoRng, TryRng};
use zeroize::{Zeroize as _, Zeroizing};

/// A generator whose draws are kept.
pub struct Recorded<R> {
    inner: R,
    drawn: Zeroizing<Vec<u8>>,
}

impl<R: CryptoRng> Recorded<R> {
    /// Keeps what this generator gives.
    pub fn new(inner: R) -> Self {
        Self { inner, drawn: Zeroizing::new(Vec::new()) }
    }

    /// Everything drawn so far: a secret.
    pub fn drawn(&self) -> &[u8] {
        &self.drawn
    }
}

impl<R: CryptoRng> TryRng for Recorded<R> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        self.inner.fill_bytes(target);
        self.drawn.extend_from_slice(target);
        Ok(())
    }
}

impl<R: CryptoRng> TryCryptoRng for Recorded<R> {}

impl<R> std::fmt::Debug for Recorded<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recorded({} bytes)", self.drawn.len())
    }
}

/// Plays draws back. It is no source of randomness: what follows the recorded draws is a fixed sequence, so that nothing
/// that draws more than was recorded waits for ever.
pub struct Played {
    left: VecDeque<u8>,
    after: u64,
}

impl Played {
    /// Plays these draws.
    #[must_use]
    pub fn new(drawn: &[u8]) -> Self {
        Self { left: drawn.iter().copied().collect(), after: 0 }
    }
}

impl TryRng for Played {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Infallible> {
        for byte in target {
            *byte = self.left.pop_front().unwrap_or_else(|| {
                self.after =
                    self.after.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
                self.after.to_be_bytes().first().copied().unwrap_or_default()
            });
        }
        Ok(())
    }
}

impl TryCryptoRng for Played {}

impl Drop for Played {
    fn drop(&mut self) {
        self.left.make_contiguous().zeroize();
    }
}

impl std::fmt::Debug for Played {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Played({} bytes left)", self.left.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::Rng as _;

    #[test]
    fn what_was_drawn_is_drawn_again() {
        let mut recorded = Recorded::new(Played::new(b""));
        let (number, mut bytes) = (recorded.next_u64(), [0; 40]);
        recorded.fill_bytes(&mut bytes);
        let small = recorded.next_u32();
        let mut played = Played::new(recorded.drawn());
        assert_eq!(played.next_u64(), number);
        let mut again = [0; 40];
        played.fill_bytes(&mut again);
        assert_eq!((again, played.next_u32()), (bytes, small));
        // Beyond the recording it goes on, and not with one value only.
        let beyond: std::collections::BTreeSet<u64> = (0..100).map(|_| played.next_u64()).collect();
        assert!(beyond.len() > 90);
    }

    #[test]
    fn draws_are_not_shown() {
        let mut recorded = Recorded::new(Played::new(&[0xAB; 4]));
        recorded.next_u32();
        assert_eq!(format!("{recorded:?}"), "Recorded(4 bytes)");
    }
}
