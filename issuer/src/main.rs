//! `issuer`: from an application to a personalised card, and a card's life afterwards.

mod cli;

use clap::Parser as _;
use std::process::ExitCode;

/// Rows are made by one thread and given back by another, which the system's allocator is slow at (decision 0164).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[expect(
    clippy::disallowed_methods,
    reason = "a program's main may ask the clock and the system for randomness"
)]
fn main() -> ExitCode {
    let arguments = cli::args::Arguments::parse();
    cli::run(&arguments, jiff::Timestamp::now(), &mut rand::rng())
}
