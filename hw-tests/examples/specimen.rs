//! Writes the state file of a personalised and locked specimen, the same at every run:
//! `cargo run -p cccd-hw-tests --example specimen -- FILE`

use anyhow::{Context as _, Result};
use cccd_hw_tests::specimen;
use cccd_virtual_chip::{Chip, ChipState, Profile};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

fn main() -> Result<()> {
    let path = std::env::args_os().nth(1).context("usage: specimen FILE")?;
    let rng = |seed| ChaCha20Rng::from_seed([seed; 32]);
    let blank = ChipState::blank([0xE0; 10], Profile::Cccd);
    let mut chip = Chip::create(path.as_ref(), blank, Box::new(rng(1)))?;
    let (mut channel, _) = specimen::personalize(&mut chip, Profile::Cccd, &mut rng(2))?;
    specimen::lock(&mut channel)
}
