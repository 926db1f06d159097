//! `keys`: the ceremonies of the PKI on a key store in software.

mod cli;

use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

#[expect(
    clippy::disallowed_methods,
    reason = "a program's main may ask the clock and the system for randomness"
)]
fn main() -> ExitCode {
    let arguments = match cli::args::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            drop(error.print());
            if !error.use_stderr() {
                return ExitCode::SUCCESS;
            }
            if std::env::args_os().any(|word| word == "--json") {
                let message = error.kind().as_str().unwrap_or("the arguments cannot be understood");
                let hint = "see `keys --help`, or `--help` of the command";
                let value =
                    serde_json::json!({ "error": { "code": "usage", "message": message, "hint": hint } });
                // A closed pipe is no reason for another error.
                drop(writeln!(std::io::stdout(), "{value}"));
            }
            return ExitCode::from(2);
        }
    };
    cli::run(&arguments, jiff::Timestamp::now(), &mut rand::rng())
}
