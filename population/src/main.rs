//! `population`: the register of persons on the command line.

mod cli;

use std::process::ExitCode;

/// Rows are made by one thread and given back by another, which the system's allocator is slow at (decision 0164).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::run()
}
