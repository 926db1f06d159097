//! The scripts against the virtual chip in-process, behind pcscd, and against a real card on demand.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails is a test that fails")]

mod behaviour;
mod conformity;
mod jmrtd;
mod pcscd;
mod real;
mod scripts;
mod terminal;

use cccd_virtual_chip::{Chip, ChipState, Profile};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn blank(profile: Profile) -> Chip {
    Chip::in_memory(ChipState::blank([0xC1; 10], profile), Box::new(rng(1)))
}
