//! The child alone, for programs that have no hidden command of their own: `cccd-decode BYTES PIXELS MEMORY SECONDS`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    cccd_pictures::child::run(&arguments)
}
