//! The table: peer × protocol × outcome.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Error;

/// How one line ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Both sides agree.
    Passed,
    /// They do not, or one of them broke off; why.
    Failed(String),
    /// Not tried, because something is missing on this machine; what.
    Skipped(String),
    /// Not asked of this peer, because it is known to be wrong or to lack it; why. Counted nowhere.
    LeftOut(String),
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whose program.
    pub peer: String,
    /// What was tried.
    pub protocol: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What else is worth saying.
    pub note: String,
}

/// All lines, printed as they come.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Prints the heading.
    #[must_use]
    pub fn begin() -> Self {
        println!("{:<22} {:<52} {:<9} note", "peer", "protocol", "outcome");
        println!("{:-<22} {:-<52} {:-<9} {:-<40}", "", "", "", "");
        Self::default()
    }

    /// Adds and prints a line.
    pub fn add(&mut self, row: Row) {
        let (word, reason) = match &row.outcome {
            Outcome::Passed => ("passed", ""),
            Outcome::Failed(reason) => ("FAILED", reason.as_str()),
            Outcome::Skipped(reason) => ("skipped", reason.as_str()),
            Outcome::LeftOut(reason) => ("left out", reason.as_str()),
        };
        let mut note = row.note.clone();
        if !reason.is_empty() {
            let _ = write!(note, "{}{reason}", if note.is_empty() { "" } else { "; " });
        }
        let line = format!("{:<22} {:<52} {word:<9} {note}", row.peer, row.protocol);
        println!("{}", line.trim_end());
        self.rows.push(row);
    }

    /// A line that passed if this is no error.
    pub fn result(&mut self, peer: &str, protocol: &str, result: Result<String, Error>) {
        let (outcome, note) = match result {
            Ok(note) => (Outcome::Passed, note),
            Err(error) => (Outcome::Failed(format!("{error:#}")), String::new()),
        };
        self.add(Row { peer: peer.to_owned(), protocol: protocol.to_owned(), outcome, note });
    }

    /// Lines that could not be tried.
    pub fn skip(&mut self, peer: &str, protocols: &[&str], reason: &str) {
        for protocol in protocols {
            let outcome = Outcome::Skipped(reason.to_owned());
            self.add(Row {
                peer: peer.to_owned(),
                protocol: (*protocol).to_owned(),
                outcome,
                note: String::new(),
            });
        }
    }

    /// A line that this peer is not asked for.
    pub fn leave_out(&mut self, peer: &str, protocol: &str, reason: &str) {
        let outcome = Outcome::LeftOut(reason.to_owned());
        self.add(Row { peer: peer.to_owned(), protocol: protocol.to_owned(), outcome, note: String::new() });
    }

    /// How many passed, failed and were skipped.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let count =
            |wanted: fn(&Outcome) -> bool| self.rows.iter().filter(|row| wanted(&row.outcome)).count();
        (
            count(|outcome| *outcome == Outcome::Passed),
            count(|outcome| matches!(outcome, Outcome::Failed(_))),
            count(|outcome| matches!(outcome, Outcome::Skipped(_))),
        )
    }

    /// Peers with at least one line.
    #[must_use]
    pub fn peers(&self) -> BTreeSet<&str> {
        self.rows.iter().map(|row| row.peer.as_str()).collect()
    }

    /// `interop: N passed, N failed, N skipped`.
    #[must_use]
    pub fn summary(&self) -> String {
        let (passed, failed, skipped) = self.counts();
        format!("interop: {passed} passed, {failed} failed, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted_nowhere() {
        let mut table = Table::default();
        table.result("a", "x", Ok(String::new()));
        table.result("a", "y", Err(anyhow::anyhow!("no")));
        table.skip("b", &["x", "y"], "not installed");
        table.leave_out("b", "z", "known to be wrong");
        assert_eq!(table.summary(), "interop: 1 passed, 1 failed, 2 skipped");
        assert_eq!(table.peers().into_iter().collect::<Vec<_>>(), ["a", "b"]);
    }
}
