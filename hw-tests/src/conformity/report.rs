//! One line per case.

use std::fmt;

use serde_json::{Value, json};

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The card answers as it should.
    Passed,
    /// It does not: where, and how.
    Failed(String),
    /// The card does not offer what the case needs: what.
    NotApplicable(String),
}

/// One case and its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The case.
    pub id: String,
    /// What it shows.
    pub purpose: String,
    /// The clause it rests on.
    pub reference: String,
    /// How it ended.
    pub outcome: Outcome,
}

impl Outcome {
    /// The stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::NotApplicable(_) => "not-applicable",
        }
    }

    fn reason(&self) -> Option<&str> {
        match self {
            Self::Passed => None,
            Self::Failed(reason) | Self::NotApplicable(reason) => Some(reason),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<28} {:<14} {}", self.id, self.outcome.name(), self.purpose)?;
        match self.outcome.reason() {
            Some(reason) => write!(f, " ({reason})"),
            None => Ok(()),
        }
    }
}

/// All cases against one card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order they ran.
    pub lines: Vec<Line>,
}

impl Report {
    /// How many ended so: passed, failed, not applicable.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |name| self.lines.iter().filter(|line| line.outcome.name() == name).count();
        (count("passed"), count("failed"), count("not-applicable"))
    }

    /// The identifiers of the failed cases.
    pub fn failed(&self) -> impl Iterator<Item = &str> {
        self.lines
            .iter()
            .filter(|line| matches!(line.outcome, Outcome::Failed(_)))
            .map(|line| line.id.as_str())
    }

    /// `N passed, N failed, N not applicable`.
    #[must_use]
    pub fn summary(&self) -> String {
        let (passed, failed, not_applicable) = self.counts();
        format!("{passed} passed, {failed} failed, {not_applicable} not applicable")
    }

    /// Machine-readable.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (passed, failed, not_applicable) = self.counts();
        let cases: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                json!({
                    "id": line.id, "purpose": line.purpose, "reference": line.reference,
                    "outcome": line.outcome.name(), "reason": line.outcome.reason(),
                })
            })
            .collect();
        json!({"cases": cases, "passed": passed, "failed": failed, "not_applicable": not_applicable})
    }
}
