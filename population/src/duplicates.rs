//! One person with two numbers: found at intake and over the whole register, with the reasons. What is found is a case for an
//! officer; nothing is merged by itself. docs/duplicates.md has the error model, the weights and what was measured.
//!
//! | part | what |
//! |---|---|
//! | [`Subject`] | a person prepared for comparison, and the keys under which a second record of theirs would stand |
//! | [`NameFrequencies`] | how common a word of a name is: Nguyễn agreeing says little |
//! | [`weigh`] | evidence for and against, in tenths of a bit, item by item |
//! | [`at_intake`] | who in the register may be the person at the counter |
//! | [`find_all`] | every pair of a register that may be one person |
//!
//! The weights are those of Fellegi and Sunter (1969), log₂ of how much likelier an agreement is in one person's records than
//! in two persons', rounded by hand; the rules that keep twins apart stand beside them.

mod frequencies;
mod subject;
mod weights;
mod whole;

pub use frequencies::NameFrequencies;
pub use subject::Subject;
pub use weights::{Evidence, Weighed, weigh};
pub use whole::{Found, MAX_GROUP, Whole, at_intake, find_all};

/// From here on two records are held to be one person's, in tenths of a bit.
pub const DEFAULT_THRESHOLD: i32 = 230;

/// From here on an officer may want to look, in tenths of a bit.
pub const REVIEW_THRESHOLD: i32 = 130;

/// What the evidence amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opinion {
    /// Two people, as far as can be told.
    Distinct,
    /// Worth a look.
    Review,
    /// One person.
    Duplicate,
}

impl Opinion {
    /// The opinion at the default thresholds.
    #[must_use]
    pub fn of(bits: i32) -> Self {
        match bits {
            DEFAULT_THRESHOLD.. => Self::Duplicate,
            REVIEW_THRESHOLD.. => Self::Review,
            _ => Self::Distinct,
        }
    }

    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Distinct => "distinct",
            Self::Review => "review",
            Self::Duplicate => "duplicate",
        }
    }
}
