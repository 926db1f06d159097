//! The chip as its users meet it: states of older versions load, no bytes make it panic, the program says what it does.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a helper that fails is a test that fails")]

mod command_line;
mod no_panic;
mod old_states;
mod passwords;

use cccd_virtual_chip::{Chip, ChipState, Profile};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

fn rng() -> Box<ChaCha20Rng> {
    Box::new(ChaCha20Rng::from_seed([1; 32]))
}

fn blank() -> Chip {
    Chip::in_memory(ChipState::blank([1; 10], Profile::Cccd), rng())
}

fn locked() -> Chip {
    let bytes = include_bytes!("../../state_test_data/v1/locked.state");
    Chip::in_memory(ChipState::from_bytes(bytes).unwrap().0, rng())
}
