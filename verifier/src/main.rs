//! `verifier`: reads chip identity cards and judges them.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
