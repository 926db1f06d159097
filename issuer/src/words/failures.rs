//! The sentences of failures, by their codes.

mod application;
mod capture;
mod chip;
mod ledger;
mod machine;
mod officer;
mod register;
mod stock;

use super::Language;

/// What happened in Vietnamese; what to do, in English and in Vietnamese.
type Sentences = (&'static str, &'static str, &'static str);

/// One file a subject.
const SUBJECTS: [fn(&str) -> Option<Sentences>; 8] =
    [application::of, capture::of, chip::of, ledger::of, machine::of, officer::of, register::of, stock::of];

/// Whether the Vietnamese sentence alone would hide what the officer needs: which field, which chip, which file.
#[must_use]
pub fn needs_detail(code: &str) -> bool {
    !matches!(
        code,
        "unknown-person"
            | "person-dead"
            | "person-missing"
            | "has-active-card"
            | "not-a-citizen"
            | "had-a-card"
            | "nothing-to-exchange"
            | "never-had-a-card"
            | "card-held"
            | "portrait-missing"
            | "portrait-no-image"
            | "portrait-retake"
            | "no-card-in-use"
            | "not-a-number"
            | "stopped"
    )
}

/// For a code: what happened in Vietnamese, what to do in English and in Vietnamese.
#[must_use]
pub fn of_failure(code: &str) -> Option<(&'static str, &'static str, &'static str)> {
    SUBJECTS.iter().find_map(|of| of(code))
}

/// What happened, in a line of a list: from a failure's code and its own English words.
#[must_use]
pub fn told(code: &str, english: &str, language: Language) -> String {
    match (language, of_failure(code)) {
        (Language::En, _) => english.to_owned(),
        (Language::Vi, Some((text, ..))) if !needs_detail(code) => text.to_owned(),
        (Language::Vi, Some((text, ..))) => format!("{text} ({english})"),
        (Language::Vi, None) => format!("Không thực hiện được ({english})"),
    }
}
