//! The fault campaigns behind `make faults`: what can go wrong is enumerated, made to go wrong, and what came of it
//! counted.
//!
//! | campaign | fault | must be |
//! |---|---|---|
//! | [`reads`] | the card is removed at every command of a reading, before or after the chip has it | the next tap ends with the evidence and the verdict of an undisturbed reading |
//! | [`reads`], long | two removals; hostile answers at every command | the same; never accepted with anything but the card's files |
//! | [`personalisation`] | the card is removed at every command of the station's work | the next run finishes it: one card, in ledger and register |
//! | [`personalisation`], long | in short commands; the chip's state torn on disk as well | the same |
//! | [`register`] | `kill -9` at every system call that writes, while persons are imported, acts taken, numbers given; twice in imports that go on at their row | the next run finishes it: everything once, what was answered holds |
//! | [`station`] | the `issuer` is killed, its disk filled and failing, its database cut, its token gone, at every step from the delivery of blanks to a card reported lost; one of two hosts on a queue dies | the next start finishes it by itself: blanks, cards, ledger and register agree |
//!
//! No campaign has a number of faults written into it: each counts up until a run ends without meeting its fault.

pub mod personalisation;
pub mod reads;
pub mod register;
pub mod station;

use std::fmt::Write as _;

use indicatif::{ProgressBar, ProgressStyle};

/// What came of all faults.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Faults made.
    pub injected: u64,
    /// Cards, applications or blanks that ledger and register do not account for.
    pub lost: u64,
    /// Cards issued twice.
    pub doubled: u64,
    /// Torn or hostile readings that were accepted without being whole and true; genuine cards refused for a fault.
    pub wrong_verdicts: u64,
}

impl Tally {
    /// Whether nothing was lost, doubled or misjudged, and something was tried.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.injected > 0 && (self.lost, self.doubled, self.wrong_verdicts) == (0, 0, 0)
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { injected, lost, doubled, wrong_verdicts } = self;
        write!(f, "faults: injected={injected} lost={lost} doubled={doubled} wrong_verdicts={wrong_verdicts}")
    }
}

/// How many of everything are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// Every single fault: for CI.
    Short,
    /// All combinations too.
    Long,
}

/// One fault and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    first: usize,
    last: usize,
    command: String,
    outcome: String,
}

/// The outcome table of one campaign, filled while it runs.
#[derive(Debug)]
pub struct Report {
    rows: Vec<Row>,
    tally: Tally,
    bar: ProgressBar,
}

impl Report {
    /// An empty table; progress is shown where somebody looks.
    #[must_use]
    pub fn new() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} faults  {elapsed}  {msg}") {
            bar.set_style(style);
        }
        Self { rows: Vec::new(), tally: Tally::default(), bar }
    }

    /// A part of the campaigns begins, with about so many faults.
    fn begin(&mut self, title: &str, faults: usize) {
        self.bar.inc_length(u64::try_from(faults).unwrap_or_default());
        self.bar.set_message(title.to_owned());
    }

    /// One fault was made. Neighbours with the same outcome share a line.
    fn fault(&mut self, index: usize, command: &str, outcome: Outcome) {
        self.tally.injected = self.tally.injected.saturating_add(1);
        self.bar.inc(1);
        let count = |counter: &mut u64| *counter = counter.saturating_add(1);
        let text = match outcome {
            Outcome::Good(text) => text,
            Outcome::Lost(text) => {
                count(&mut self.tally.lost);
                format!("LOST: {text}")
            }
            Outcome::Doubled(text) => {
                count(&mut self.tally.doubled);
                format!("DOUBLED: {text}")
            }
            Outcome::WrongVerdict(text) => {
                count(&mut self.tally.wrong_verdicts);
                format!("WRONG VERDICT: {text}")
            }
        };
        match self.rows.last_mut() {
            Some(row)
                if row.command == command && row.outcome == text && index == row.last.saturating_add(1) =>
            {
                row.last = index;
            }
            _ => {
                self.rows.push(Row { first: index, last: index, command: command.to_owned(), outcome: text });
            }
        }
    }

    /// Prints the part's table.
    fn end(&mut self, title: &str) {
        let mut text = format!("\n{title}\n");
        for Row { first, last, command, outcome } in self.rows.drain(..) {
            let range = if first == last { first.to_string() } else { format!("{first}–{last}") };
            let _ = writeln!(text, "  {range:>9}  {command:<34} {outcome}");
        }
        self.say(&text);
    }

    /// Prints something between the tables.
    fn say(&self, text: &str) {
        self.bar.suspend(|| print!("{text}"));
    }

    /// What came of everything.
    #[must_use]
    pub fn finish(self) -> Tally {
        self.bar.finish_and_clear();
        self.tally
    }
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

/// What came of one fault.
#[derive(Debug)]
enum Outcome {
    /// As it must be.
    Good(String),
    /// Something is not accounted for.
    Lost(String),
    /// Something is there twice.
    Doubled(String),
    /// A verdict that is not true.
    WrongVerdict(String),
}

impl Outcome {
    fn good(text: &str) -> Self {
        Self::Good(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_what_others_look_for_and_nothing_tried_does_not_hold() {
        assert!(!Tally::default().holds());
        let mut report = Report::new();
        report.fault(0, "SELECT", Outcome::good("as if nothing had been"));
        report.fault(1, "SELECT", Outcome::good("as if nothing had been"));
        assert_eq!(report.rows.len(), 1);
        report.fault(2, "SELECT", Outcome::Lost("a blank".to_owned()));
        report.fault(3, "SELECT", Outcome::Doubled("two cards".to_owned()));
        report.fault(4, "SELECT", Outcome::WrongVerdict("accepted".to_owned()));
        assert_eq!(report.rows.len(), 4);
        let tally = report.finish();
        assert!(!tally.holds());
        assert_eq!(tally.to_string(), "faults: injected=5 lost=1 doubled=1 wrong_verdicts=1");
    }
}
