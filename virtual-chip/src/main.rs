//! `virtual-chip`: make a blank, put it into pcscd's virtual reader, look at it.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
