//! What a command says: results on standard output, everything else on standard error.

use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use cccd_issuer::words::Language;
use serde_json::{Value, json};

use super::failure::Failure;

/// How results and failures are told.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    language: Language,
    /// Whoever read the results has gone.
    closed: AtomicBool,
}

impl Output {
    pub(crate) fn new(json: bool, language: Language) -> Self {
        Self { json, language, closed: AtomicBool::new(false) }
    }

    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The text in the language asked for.
    pub(crate) fn say<'a>(&self, vietnamese: &'a str, english: &'a str) -> &'a str {
        self.language.say(vietnamese, english)
    }

    /// A result: JSON, or lines for people.
    pub(crate) fn result(&self, value: &Value, lines: &[String]) {
        let lines = if self.json { vec![value.to_string()] } else { lines.to_vec() };
        let mut out = std::io::stdout().lock();
        // What was done is done, whether anybody reads of it or not.
        let written = lines.iter().try_for_each(|line| writeln!(out, "{line}")).and_then(|()| out.flush());
        if written.is_err() {
            self.closed.store(true, Ordering::SeqCst);
        }
    }

    /// Nobody reads the results any more (`| head`).
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// A note beside the result.
    pub(crate) fn note(&self, vietnamese: &str, english: &str) {
        let _ = writeln!(std::io::stderr(), "{}", self.say(vietnamese, english));
    }

    pub(crate) fn failure(&self, failure: &Failure) -> ExitCode {
        let (sentence, hint) = (failure.sentence(self.language), failure.hint(self.language));
        if self.json && !failure.was_told() {
            self.result(&json!({"error": {"code": failure.code(), "message": sentence, "hint": hint}}), &[]);
        }
        let told = [
            format!("{}: {}.", self.say("lỗi", "error"), sentence.trim_end_matches('.')),
            format!("{}: {hint}", self.say("cách xử lý", "hint")),
        ];
        told.iter().for_each(|line| self.note(line, line));
        ExitCode::from(failure.exit())
    }
}
