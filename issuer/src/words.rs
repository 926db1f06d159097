//! What officers read, in Vietnamese and English: the sentences of failures by their codes, and the words of states,
//! reasons and grounds.

mod failures;
mod names;

pub use failures::{needs_detail, of_failure, told};
pub use names::{
    action, blank_state, card_change, card_status, cause, clause, eye, finger, ground, missing_finger,
    reason, role, state, step, stock_detail, stock_difference,
};

/// A control character, or one that turns the direction of what follows: in a line that officers write it would show another text
/// than the one that is kept.
#[must_use]
pub fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A fingerprint in groups of four digits, as it is read out.
#[must_use]
pub fn fingerprint(digits: &str) -> String {
    let each: Vec<char> = digits.chars().collect();
    each.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// What is left to be done when a blank was settled that another station signed for.
pub const SETTLED_THEN: (&str, &str) = (
    "Nếu máy trạm kia đã ký nhận phôi này, sổ bên đó vẫn ghi có: báo thủ kho bên đó ghi mất ở sổ của họ (`issuer stock lose`), với lý do vừa ghi ở đây.",
    "Where another station signed for it, its books still have it: tell its keeper, who gives it up there (`issuer stock lose`) for the reason that you wrote here.",
);

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
