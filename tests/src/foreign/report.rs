//! What is printed: a table by kind, every failure with its reason, one line at the end.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use cccd_verifier::report::printable;
use serde::Serialize;

use super::case::Case;

/// How one case, or one test within a file, ended.
#[derive(Debug, Clone, Serialize)]
pub struct Line {
    /// The case, and the test within its file.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// Whether it ended as it must.
    pub passed: bool,
    /// What was expected.
    pub expected: String,
    /// What came of it.
    pub got: String,
}

impl Line {
    /// A case that was judged.
    #[must_use]
    pub fn of(case: &Case, id: &str, expected: &str, got: &str, passed: bool) -> Self {
        Self {
            id: id.to_owned(),
            kind: case.kind.clone(),
            passed,
            expected: expected.to_owned(),
            got: got.to_owned(),
        }
    }

    /// A case that could not be judged, or that states a value which is not so.
    #[must_use]
    pub fn failed(case: &Case, id: &str, why: &str) -> Self {
        Self::of(case, id, &case.expected, why, false)
    }
}

/// Passed and failed of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Ended as they must.
    pub passed: usize,
    /// Did not.
    pub failed: usize,
}

/// How all cases ended.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Ended as they must.
    pub passed: usize,
    /// Did not.
    pub failed: usize,
    /// Always none: what is not known is a failure.
    pub skipped: usize,
    /// By kind.
    pub kinds: BTreeMap<String, Tally>,
    /// Those that did not end as they must.
    pub failures: Vec<Line>,
    /// Those that were accepted with something to tell, or left to their reader.
    pub remarks: Vec<Line>,
}

impl Summary {
    /// Counts.
    #[must_use]
    pub fn of(mut lines: Vec<Line>) -> Self {
        lines.sort_by(|a, b| (&a.kind, &a.id).cmp(&(&b.kind, &b.id)));
        let mut kinds: BTreeMap<String, Tally> = BTreeMap::new();
        for line in &lines {
            let tally = kinds.entry(line.kind.clone()).or_default();
            *(if line.passed { &mut tally.passed } else { &mut tally.failed }) += 1;
        }
        let count = |passed| lines.iter().filter(|line| line.passed == passed).count();
        let (passed, failed) = (count(true), count(false));
        let (good, failures): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(|line| line.passed);
        let told = |line: &Line| line.got.starts_with("accepted: ") || line.expected == "see-note";
        let remarks = good.into_iter().filter(told).collect();
        Self { passed, failed, skipped: 0, kinds, failures, remarks }
    }

    /// The table, the remarks and the failures. A folder's words are strangers' words.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        for line in &self.remarks {
            let _ = writeln!(out, "noted   {}  {}", printable(&line.id), printable(&line.got));
        }
        for line in &self.failures {
            let _ = writeln!(
                out,
                "FAILED  {}\n        expected: {}\n        got:      {}",
                printable(&line.id),
                printable(&line.expected),
                printable(&line.got)
            );
        }
        let _ = writeln!(out, "\n{:<18} {:>7} {:>7}", "kind", "passed", "failed");
        for (kind, tally) in &self.kinds {
            let _ = writeln!(out, "{:<18} {:>7} {:>7}", printable(kind), tally.passed, tally.failed);
        }
        out
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "foreign: {} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}
