//! Chip cases in the manner of BSI TR-03105-3.2: one purpose each, with the clause it rests on and the status words that are
//! right. Our own cases and numbers; nothing here claims conformity to that guideline.
//!
//! | module | what |
//! |---|---|
//! | [`case`] | a case as data, expanded over sessions and files |
//! | [`abilities`] | what a card offers: cases that need more are not applicable, never failed |
//! | [`execute`] | runs one case from a reset card on |
//! | [`session`] | opening the card, and messages altered on the way |
//! | [`tamper`] | protected commands that a card must refuse |
//! | [`checks`] | the content of files |
//! | [`report`] | one line per case |

pub mod abilities;
pub mod case;
pub mod checks;
pub mod execute;
pub mod report;
pub mod session;
pub mod tamper;

pub use abilities::{Abilities, Ability};
pub use case::{Case, Unit};
pub use report::{Outcome, Report};

use anyhow::Result;
use rand_core::CryptoRng;

use crate::runner::{Resettable, Secrets};

/// Whether cases that try to write are run: on a card that is not what it should be they could alter it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// They are.
    Allowed,
    /// They are not applicable.
    Withheld,
}

/// Runs all cases against one card.
///
/// # Errors
/// When the card is gone, or the cases cannot be read.
pub fn run(
    units: &[Unit],
    card: &mut dyn Resettable,
    secrets: &Secrets,
    writes: Writes,
    rng: &mut dyn CryptoRng,
    told: &mut dyn FnMut(&report::Line),
) -> Result<Report> {
    let abilities = Abilities::probe(card, secrets, rng)?;
    let mut report = Report::default();
    for case in units.iter().flat_map(Unit::expanded) {
        let outcome = match abilities.lacking(&case) {
            Some(reason) => Outcome::NotApplicable(reason),
            None if case.writes && writes == Writes::Withheld => {
                Outcome::NotApplicable("it tries to write, and that is not allowed on this card".to_owned())
            }
            None => match execute::execute(&case, card, secrets, &abilities, rng) {
                Ok(()) => Outcome::Passed,
                Err(error) => Outcome::Failed(format!("{error:#}")),
            },
        };
        let line = report::Line { id: case.id, purpose: case.purpose, reference: case.reference, outcome };
        told(&line);
        report.lines.push(line);
    }
    Ok(report)
}
