//! What came of a case, and whether it is what was expected.

use std::fmt;

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It stands.
    Accepted {
        /// What was tolerated or is weak, by stable code.
        leniencies: Vec<String>,
    },
    /// It does not stand.
    Refused {
        /// Why.
        reason: String,
    },
    /// Nothing follows: an algorithm or a curve that is not known.
    Undetermined {
        /// Why.
        reason: String,
    },
    /// It was read, every value that the case states with it.
    Parsed {
        /// What is wrong in it: check digits.
        findings: Vec<String>,
    },
    /// Every value that the case states was computed anew and is the same.
    Matched {
        /// How many values.
        values: usize,
    },
}

impl Outcome {
    /// It stands, and nothing had to be tolerated.
    #[must_use]
    pub const fn accepted() -> Self {
        Self::Accepted { leniencies: Vec::new() }
    }

    /// It was read, and nothing is wrong in it.
    #[must_use]
    pub const fn parsed() -> Self {
        Self::Parsed { findings: Vec::new() }
    }

    /// It does not stand.
    pub fn refused(reason: impl fmt::Display) -> Self {
        Self::Refused { reason: reason.to_string() }
    }

    /// Nothing follows.
    pub fn undetermined(reason: impl fmt::Display) -> Self {
        Self::Undetermined { reason: reason.to_string() }
    }

    /// Whether it is what was expected.
    ///
    /// # Errors
    /// An expectation that is not known, or one that belongs to single tests within a file.
    pub fn is_as_expected(&self, expected: &str) -> Result<bool, Problem> {
        Ok(match expected {
            "accept" | "parse" => match self {
                Self::Accepted { .. } => true,
                Self::Parsed { findings } => findings.is_empty(),
                _ => false,
            },
            "reject" => matches!(self, Self::Refused { .. }),
            "match" => matches!(self, Self::Matched { values } if *values > 0),
            "check-digit-findings" => matches!(self, Self::Parsed { findings } if !findings.is_empty()),
            "reject-or-leniency" => match self {
                Self::Refused { .. } => true,
                Self::Accepted { leniencies } => !leniencies.is_empty(),
                _ => false,
            },
            // The case leaves the judgement to its reader; that there is one, without a crash, is all that it states.
            "see-note" => true,
            other => return Err(Problem::new(format!("'{other}' is no expectation of such a case"))),
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = |f: &mut fmt::Formatter<'_>, word: &str, list: &[String]| {
            if list.is_empty() { f.write_str(word) } else { write!(f, "{word}: {}", list.join(", ")) }
        };
        match self {
            Self::Accepted { leniencies } => with(f, "accepted", leniencies),
            Self::Refused { reason } => write!(f, "refused: {reason}"),
            Self::Undetermined { reason } => write!(f, "undetermined: {reason}"),
            Self::Parsed { findings } => with(f, "parsed", findings),
            Self::Matched { values } => write!(f, "{values} values match"),
        }
    }
}

/// Why a case could not be judged, or what in it is not as it states. Always a failure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Problem(String);

impl Problem {
    /// In words.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// A value that is not the one that the case states.
    pub fn differs(name: &str, stated: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self(format!("{name} is {found}, the case states {stated}"))
    }
}

/// Compares a value with the one that the case states.
///
/// # Errors
/// They differ.
pub fn same<T: PartialEq + fmt::Display>(name: &str, stated: T, found: T) -> Result<(), Problem> {
    if stated == found { Ok(()) } else { Err(Problem::differs(name, stated, found)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_is_neither_good_nor_bad() {
        let unknown = Outcome::undetermined("a curve");
        for expected in ["accept", "reject", "parse", "match", "reject-or-leniency", "check-digit-findings"] {
            assert_eq!(unknown.is_as_expected(expected), Ok(false), "{expected}");
        }
        assert!(unknown.is_as_expected("perhaps").is_err());
        assert!(Outcome::accepted().is_as_expected("per-test").is_err());
    }

    #[test]
    fn a_leniency_must_be_reported() {
        assert_eq!(Outcome::accepted().is_as_expected("reject-or-leniency"), Ok(false));
        let lenient = Outcome::Accepted { leniencies: vec!["ber-lengths".to_owned()] };
        assert_eq!(lenient.is_as_expected("reject-or-leniency"), Ok(true));
        assert_eq!(lenient.is_as_expected("reject"), Ok(false));
    }

    #[test]
    fn a_match_of_nothing_is_none() {
        assert_eq!(Outcome::Matched { values: 0 }.is_as_expected("match"), Ok(false));
    }
}
