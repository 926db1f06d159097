//! What officers read, in Vietnamese and English: the sentences of failures by their codes, and the words of states,
//! reasons and grounds.

mod failures;
mod names;

pub use failures::{needs_detail, of_failure, told};
pub use names::{
    action, blank_state, card_change, card_status, cause, clause, eye, finger, ground, missing_finger,
    reason, role, state, step, stock_detail, stock_difference,
};

/// A language of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Language {
    /// Tiếng Việt.
    #[default]
    Vi,
    /// English.
    En,
}

impl Language {
    /// One of two texts.
    #[must_use]
    pub fn say<'a>(self, vietnamese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Vi => vietnamese,
            Self::En => english,
        }
    }
}
