//! Where a blank stands, and what leads where: pure transitions that refuse what a state does not allow.
//!
//! ```text
//! expected → in-stock → assigned → card
//!     │        │  └→ sent → handed-over → expected     (to another station, and perhaps back)
//!     └────────┴────────┴→ spoiled → destroyed
//!     └────────┴────┴───┴→ lost → spoiled              (what turns up again is not used)
//! ```
//!
//! A blank that was lost on its way, before anybody had seen it here, is none that was missed from a cabinet: a receipt of the
//! station that has it hands it over, and the list that names it, or a later one, brings it in.

use std::fmt;
use std::str::FromStr;

/// The state of a blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlankState {
    /// On a delivery note or on another station's list; nobody has seen it here.
    Expected,
    /// Counted, and in the cabinet.
    InStock,
    /// Given to an application: its chip is in work.
    Assigned,
    /// A card: locked and recorded.
    Card,
    /// No card will be made of it; it lies here until it is destroyed.
    Spoiled,
    /// Nobody knows where it is.
    Lost,
    /// Destroyed.
    Destroyed,
    /// On the way to another station.
    Sent,
    /// Another station has acknowledged it.
    HandedOver,
}

/// What happens to a blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlankStep {
    /// Counted on arrival.
    Count,
    /// Given to an application.
    Assign,
    /// Its card is recorded.
    Finish,
    /// Given up, with a cause.
    Spoil,
    /// Missed, with a cause.
    Lose,
    /// A lost one turned up: it is kept to be destroyed.
    Find,
    /// Destroyed.
    Destroy,
    /// Sent to another station.
    Send,
    /// The other station acknowledged it.
    Acknowledge,
    /// What was sent never left, or came back before it was acknowledged.
    TakeBack,
    /// Another station sent it here, from where it once came, or where an earlier list of its had left it out; what was signed for
    /// too early is sent after all.
    Return,
}

/// What a blank's state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a blank that is {from} does not allow the step {step}")]
pub struct InvalidBlankStep {
    /// The state it is in.
    pub from: BlankState,
    /// What was asked for.
    pub step: BlankStep,
}

impl BlankState {
    /// All states.
    pub const ALL: [Self; 9] = [
        Self::Expected,
        Self::InStock,
        Self::Assigned,
        Self::Card,
        Self::Spoiled,
        Self::Lost,
        Self::Destroyed,
        Self::Sent,
        Self::HandedOver,
    ];

    /// The state after a step.
    ///
    /// # Errors
    /// [`InvalidBlankStep`] when this state does not allow it.
    pub fn apply(self, step: BlankStep) -> Result<Self, InvalidBlankStep> {
        Ok(match (self, step) {
            (Self::Expected | Self::Lost, BlankStep::Count) | (Self::Sent, BlankStep::TakeBack) => {
                Self::InStock
            }
            (Self::InStock, BlankStep::Assign) => Self::Assigned,
            (Self::Assigned, BlankStep::Finish) => Self::Card,
            (Self::InStock, BlankStep::Send) => Self::Sent,
            (Self::Sent | Self::Lost, BlankStep::Acknowledge) => Self::HandedOver,
            (Self::HandedOver | Self::Expected | Self::Lost | Self::InStock, BlankStep::Return) => {
                Self::Expected
            }
            (Self::InStock | Self::Assigned, BlankStep::Spoil) | (Self::Lost, BlankStep::Find) => {
                Self::Spoiled
            }
            (Self::Expected | Self::InStock | Self::Sent | Self::Spoiled, BlankStep::Lose) => Self::Lost,
            (Self::Spoiled, BlankStep::Destroy) => Self::Destroyed,
            (from, step) => return Err(InvalidBlankStep { from, step }),
        })
    }

    /// The name in ledger and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::InStock => "in-stock",
            Self::Assigned => "assigned",
            Self::Card => "card",
            Self::Spoiled => "spoiled",
            Self::Lost => "lost",
            Self::Destroyed => "destroyed",
            Self::Sent => "sent",
            Self::HandedOver => "handed-over",
        }
    }
}

impl BlankStep {
    /// All steps.
    pub const ALL: [Self; 11] = [
        Self::Count,
        Self::Assign,
        Self::Finish,
        Self::Spoil,
        Self::Lose,
        Self::Find,
        Self::Destroy,
        Self::Send,
        Self::Acknowledge,
        Self::TakeBack,
        Self::Return,
    ];

    /// The name in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Assign => "assign",
            Self::Finish => "finish",
            Self::Spoil => "spoil",
            Self::Lose => "lose",
            Self::Find => "find",
            Self::Destroy => "destroy",
            Self::Send => "send",
            Self::Acknowledge => "acknowledge",
            Self::TakeBack => "take-back",
            Self::Return => "return",
        }
    }

    /// Needs a cause, and a note or a photo.
    #[must_use]
    pub fn needs_cause(self) -> bool {
        matches!(self, Self::Spoil | Self::Lose | Self::Find | Self::Destroy)
    }
}

/// Why a blank is no card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Cause {
    /// Broken, bent, scratched.
    Damaged,
    /// The chip does not answer, or not as it must.
    Unreadable,
    /// Its transport keys are not those of its serial.
    WrongKeys,
    /// The printing went wrong.
    Misprint,
    /// Its personalisation failed, or was given up.
    PersonalisationFailed,
    /// It was not in the parcel, or is not in the cabinet.
    Missing,
    /// Stolen.
    Stolen,
    /// It turned up after it was noted as lost.
    TurnedUp,
    /// Destroyed by rule.
    DestroyedByRule,
    /// Something else: the note says what.
    Other,
}

impl Cause {
    /// All causes.
    pub const ALL: [Self; 10] = [
        Self::Damaged,
        Self::Unreadable,
        Self::WrongKeys,
        Self::Misprint,
        Self::PersonalisationFailed,
        Self::Missing,
        Self::Stolen,
        Self::TurnedUp,
        Self::DestroyedByRule,
        Self::Other,
    ];

    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
            Self::WrongKeys => "wrong-keys",
            Self::Misprint => "misprint",
            Self::PersonalisationFailed => "personalisation-failed",
            Self::Missing => "missing",
            Self::Stolen => "stolen",
            Self::TurnedUp => "turned-up",
            Self::DestroyedByRule => "destroyed-by-rule",
            Self::Other => "other",
        }
    }
}

/// A word that this module does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such word of the stock")]
pub struct NotAWord;

impl FromStr for BlankState {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(NotAWord)
    }
}

impl FromStr for Cause {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == text).ok_or(NotAWord)
    }
}

impl fmt::Display for BlankState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for BlankStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        let mut allowed = Vec::new();
        for state in BlankState::ALL {
            for step in BlankStep::ALL {
                if let Ok(next) = state.apply(step) {
                    allowed.push(format!("{state} --{step}--> {next}"));
                }
            }
        }
        assert_eq!(
            allowed,
            [
                "expected --count--> in-stock",
                "expected --lose--> lost",
                "expected --return--> expected",
                "in-stock --assign--> assigned",
                "in-stock --spoil--> spoiled",
                "in-stock --lose--> lost",
                "in-stock --send--> sent",
                "in-stock --return--> expected",
                "assigned --finish--> card",
                "assigned --spoil--> spoiled",
                "spoiled --lose--> lost",
                "spoiled --destroy--> destroyed",
                "lost --count--> in-stock",
                "lost --find--> spoiled",
                "lost --acknowledge--> handed-over",
                "lost --return--> expected",
                "sent --lose--> lost",
                "sent --acknowledge--> handed-over",
                "sent --take-back--> in-stock",
                "handed-over --return--> expected",
            ]
        );
    }

    #[test]
    fn names_round_trip_and_a_card_stays_one() {
        for state in BlankState::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        for cause in Cause::ALL {
            assert_eq!(cause.as_str().parse(), Ok(cause));
        }
        for state in [BlankState::Card, BlankState::Destroyed] {
            assert!(BlankStep::ALL.into_iter().all(|step| state.apply(step).is_err()), "{state}");
        }
        assert_eq!("blank".parse::<BlankState>(), Err(NotAWord));
    }
}
