//! The command line: what to read, what to judge it by, and how to say it.

mod args;
mod batch;
mod card;
mod evidence_store;
mod failure;
mod files;
mod portrait;
mod read;
mod terminal;
mod trace;
mod trust;
mod verify;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use jiff::Timestamp;
use serde_json::{Value, json};

use args::{Arguments, Command, Common, Language};
use cccd_verifier::report::{Lang, printable};
use failure::Failure;

/// The machine's clock: every time below comes from here or from `--at`.
#[expect(clippy::disallowed_methods, reason = "a program's main may ask the clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// The machine's clock at whole seconds, for what people read.
fn whole_second() -> Timestamp {
    let now = now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// The machine's randomness.
#[expect(clippy::disallowed_methods, reason = "a program's main may make a generator")]
fn generator() -> rand::rngs::ThreadRng {
    rand::rng()
}

/// How to speak.
#[derive(Debug, Clone, Copy)]
struct Output {
    json: bool,
    lang: Lang,
}

impl Output {
    fn of(common: &Common) -> Self {
        let lang = match common.lang {
            Language::Vi => Lang::Vi,
            Language::En => Lang::En,
        };
        Self { json: common.json, lang }
    }

    fn text(self, vi: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }

    /// A result. A closed pipe is no reason to fail.
    fn print(self, value: &Value, human: &str) {
        let mut out = std::io::stdout().lock();
        let end = if human.ends_with('\n') { "" } else { "\n" };
        drop(if self.json { writeln!(out, "{value}") } else { write!(out, "{human}{end}") });
    }

    /// Something to know, on standard error.
    fn note(self, vi: &'static str, en: &'static str) {
        drop(writeln!(std::io::stderr(), "{}", self.text(vi, en)));
    }

    fn failure(self, failure: &Failure) {
        let (what, hint) = failure.words(self.lang);
        if self.json {
            let value = json!({ "error": { "code": failure.code(), "message": what, "hint": hint } });
            drop(writeln!(std::io::stdout(), "{value}"));
        }
        let (label, advice) = (self.text("lỗi", "error"), self.text("cần làm", "what to do"));
        let code = failure.code();
        drop(writeln!(
            std::io::stderr(),
            "{label} [{code}]: {}\n{advice}: {}",
            printable(&what),
            printable(&hint)
        ));
    }
}

/// Runs the program.
pub(crate) fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            drop(error.print());
            if !error.use_stderr() {
                return ExitCode::SUCCESS;
            }
            if std::env::args().any(|word| word == "--json") {
                // What was typed may hold a QR code's text: only the kind of the mistake is repeated.
                let message = error.kind().as_str().unwrap_or("the arguments cannot be understood");
                let hint = "see `verifier --help`, or `--help` of the command";
                let value = serde_json::json!({"error": {"code": "usage", "message": message, "hint": hint}});
                // A closed pipe is no reason for another error.
                drop(writeln!(std::io::stdout(), "{value}"));
            }
            return ExitCode::from(2);
        }
    };
    let output = Output::of(&arguments.common);
    let at = arguments.common.at.unwrap_or_else(whole_second);
    let outcome = match &arguments.command {
        Command::Readers => card::readers(output),
        Command::Read(read) => read::run(read, at, output),
        Command::Verify(verify) => verify::run(verify, at, output),
        Command::Passive(passive) => files::run(passive, at, output),
        Command::Trust(trust) => trust::run(trust, at, output),
        Command::DecodePicture { bounds } => return cccd_pictures::child::run(bounds),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            output.failure(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}
