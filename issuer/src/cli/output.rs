//! What a command says: results on standard output, everything else on standard error.

use std::process::ExitCode;

use cccd_issuer::words::Language;
use serde_json::{Value, json};

use super::failure::Failure;

/// How results and failures are told.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    language: Language,
}

impl Output {
    pub(crate) fn new(json: bool, language: Language) -> Self {
        Self { json, language }
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
        if self.json {
            println!("{value}");
        } else {
            lines.iter().for_each(|line| println!("{line}"));
        }
    }

    /// A note beside the result.
    pub(crate) fn note(&self, vietnamese: &str, english: &str) {
        eprintln!("{}", self.say(vietnamese, english));
    }

    pub(crate) fn failure(&self, failure: &Failure) -> ExitCode {
        let (sentence, hint) = (failure.sentence(self.language), failure.hint(self.language));
        if self.json && !failure.was_told() {
            println!("{}", json!({"error": {"code": failure.code(), "message": sentence, "hint": hint}}));
        }
        eprintln!("{}: {}.", self.say("lỗi", "error"), sentence.trim_end_matches('.'));
        eprintln!("{}: {hint}", self.say("cách xử lý", "hint"));
        ExitCode::from(failure.exit())
    }
}
