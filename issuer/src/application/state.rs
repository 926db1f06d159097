//! Where an application stands, and which step leads where: pure transitions that refuse what a state does not allow.
//!
//! ```text
//! received → checked → captured → approved → prepared → queued → personalising → read-back → locked → issued → delivered
//!     └────────┴──────────┴──────────┴──────────┴─────────┴→ rejected      └──────────┴─────────┴→ in-doubt → spoiled
//! ```
//!
//! A crash leaves `personalising`, `read-back` or `locked` behind; the next run turns that into `in-doubt` and only
//! a probe of the chip leads on.

use std::fmt;
use std::str::FromStr;

/// The state of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Taken in, nothing looked at.
    Received,
    /// Compared with the register.
    Checked,
    /// Portrait (and later fingerprints) taken and good enough.
    Captured,
    /// Approved by an officer.
    Approved,
    /// Everything computed but what needs the chip's keys: DG14, DG15, EF.SOD.
    Prepared,
    /// Waits for a blank.
    Queued,
    /// A chip is being written.
    Personalising,
    /// Read back through the citizen's interface, and equal.
    ReadBack,
    /// The chip is locked; nothing can be written any more.
    Locked,
    /// Recorded in the register: the card is active.
    Issued,
    /// Handed over.
    Delivered,
    /// Refused before a chip was touched.
    Rejected,
    /// The chip is lost to this and every other card.
    Spoiled,
    /// Interrupted while a chip was in work: only the chip knows how far it came.
    InDoubt,
}

/// A step of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// The register agrees.
    Check,
    /// Portrait accepted.
    Capture,
    /// Approval.
    Approve,
    /// Data groups prepared.
    Prepare,
    /// Put in the queue.
    Enqueue,
    /// A blank is assigned and written.
    Personalise,
    /// Read back and equal.
    ConfirmReadBack,
    /// Locked, and every write refused afterwards.
    Lock,
    /// Recorded in the register.
    Issue,
    /// Handed over.
    Deliver,
    /// Refused, with a reason.
    Reject,
    /// The chip is given up, with a reason.
    Spoil,
    /// Found interrupted.
    Doubt,
    /// The probe found an unlocked chip: written again from the start.
    Resume,
    /// The probe found the chip locked, with the card of this application in it.
    FindLocked,
}

/// A step that a state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an application that is {from} does not allow the step {step}")]
pub struct InvalidTransition {
    /// The state it was in.
    pub from: State,
    /// The step that was asked for.
    pub step: Step,
}

impl State {
    /// All states.
    pub const ALL: [Self; 14] = [
        Self::Received,
        Self::Checked,
        Self::Captured,
        Self::Approved,
        Self::Prepared,
        Self::Queued,
        Self::Personalising,
        Self::ReadBack,
        Self::Locked,
        Self::Issued,
        Self::Delivered,
        Self::Rejected,
        Self::Spoiled,
        Self::InDoubt,
    ];

    /// The state after a step.
    ///
    /// # Errors
    /// [`InvalidTransition`] when this state does not allow it.
    pub fn apply(self, step: Step) -> Result<Self, InvalidTransition> {
        Ok(match (self, step) {
            (Self::Received, Step::Check) => Self::Checked,
            (Self::Checked, Step::Capture) => Self::Captured,
            (Self::Captured, Step::Approve) => Self::Approved,
            (Self::Approved, Step::Prepare) => Self::Prepared,
            (Self::Prepared, Step::Enqueue) => Self::Queued,
            (Self::Queued, Step::Personalise) | (Self::InDoubt, Step::Resume) => Self::Personalising,
            (Self::Personalising, Step::ConfirmReadBack) => Self::ReadBack,
            (Self::ReadBack, Step::Lock) | (Self::InDoubt, Step::FindLocked) => Self::Locked,
            (Self::Locked, Step::Issue) => Self::Issued,
            (Self::Issued, Step::Deliver) => Self::Delivered,
            (from, Step::Reject) if from.is_before_chip() => Self::Rejected,
            (Self::Personalising | Self::ReadBack | Self::Locked | Self::InDoubt, Step::Spoil) => {
                Self::Spoiled
            }
            (Self::Personalising | Self::ReadBack | Self::Locked, Step::Doubt) => Self::InDoubt,
            (from, step) => return Err(InvalidTransition { from, step }),
        })
    }

    /// No chip has been touched yet.
    #[must_use]
    pub fn is_before_chip(self) -> bool {
        matches!(
            self,
            Self::Received | Self::Checked | Self::Captured | Self::Approved | Self::Prepared | Self::Queued
        )
    }

    /// Nothing more happens to the chip or the register on this application's account.
    #[must_use]
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Issued | Self::Delivered | Self::Rejected | Self::Spoiled)
    }

    /// A chip is in work: found like this at a start, it was interrupted.
    #[must_use]
    pub fn is_in_work(self) -> bool {
        matches!(self, Self::Personalising | Self::ReadBack | Self::Locked | Self::InDoubt)
    }

    /// The name in ledger and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Checked => "checked",
            Self::Captured => "captured",
            Self::Approved => "approved",
            Self::Prepared => "prepared",
            Self::Queued => "queued",
            Self::Personalising => "personalising",
            Self::ReadBack => "read-back",
            Self::Locked => "locked",
            Self::Issued => "issued",
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Spoiled => "spoiled",
            Self::InDoubt => "in-doubt",
        }
    }
}

impl Step {
    /// All steps.
    pub const ALL: [Self; 15] = [
        Self::Check,
        Self::Capture,
        Self::Approve,
        Self::Prepare,
        Self::Enqueue,
        Self::Personalise,
        Self::ConfirmReadBack,
        Self::Lock,
        Self::Issue,
        Self::Deliver,
        Self::Reject,
        Self::Spoil,
        Self::Doubt,
        Self::Resume,
        Self::FindLocked,
    ];

    /// The name in the ledger.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Capture => "capture",
            Self::Approve => "approve",
            Self::Prepare => "prepare",
            Self::Enqueue => "enqueue",
            Self::Personalise => "personalise",
            Self::ConfirmReadBack => "confirm-read-back",
            Self::Lock => "lock",
            Self::Issue => "issue",
            Self::Deliver => "deliver",
            Self::Reject => "reject",
            Self::Spoil => "spoil",
            Self::Doubt => "doubt",
            Self::Resume => "resume",
            Self::FindLocked => "find-locked",
        }
    }

    /// Steps that close or stop an application need a reason.
    #[must_use]
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Reject | Self::Spoil | Self::Doubt)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such state of an application")]
pub struct NotAState;

impl FromStr for State {
    type Err = NotAState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(NotAState)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_straight_way_and_nothing_beside_it() {
        let way = [
            (Step::Check, State::Checked),
            (Step::Capture, State::Captured),
            (Step::Approve, State::Approved),
            (Step::Prepare, State::Prepared),
            (Step::Enqueue, State::Queued),
            (Step::Personalise, State::Personalising),
            (Step::ConfirmReadBack, State::ReadBack),
            (Step::Lock, State::Locked),
            (Step::Issue, State::Issued),
            (Step::Deliver, State::Delivered),
        ];
        let mut state = State::Received;
        for (step, next) in way {
            for other in way.map(|(step, _)| step).into_iter().filter(|other| *other != step) {
                assert_eq!(state.apply(other), Err(InvalidTransition { from: state, step: other }));
            }
            state = state.apply(step).unwrap();
            assert_eq!(state, next);
        }
    }

    #[test]
    fn the_whole_table() {
        let mut allowed: Vec<String> = Vec::new();
        for state in State::ALL {
            for step in Step::ALL {
                if let Ok(next) = state.apply(step) {
                    allowed.push(format!("{state} --{step}--> {next}"));
                }
            }
        }
        let side: Vec<&str> = allowed
            .iter()
            .map(String::as_str)
            .filter(|line| {
                ["reject", "spoil", "doubt", "resume", "find-locked"]
                    .iter()
                    .any(|s| line.contains(&format!("--{s}--")))
            })
            .collect();
        assert_eq!(
            side,
            [
                "received --reject--> rejected",
                "checked --reject--> rejected",
                "captured --reject--> rejected",
                "approved --reject--> rejected",
                "prepared --reject--> rejected",
                "queued --reject--> rejected",
                "personalising --spoil--> spoiled",
                "personalising --doubt--> in-doubt",
                "read-back --spoil--> spoiled",
                "read-back --doubt--> in-doubt",
                "locked --spoil--> spoiled",
                "locked --doubt--> in-doubt",
                "in-doubt --spoil--> spoiled",
                "in-doubt --resume--> personalising",
                "in-doubt --find-locked--> locked",
            ]
        );
        assert_eq!(allowed.len(), side.len() + 10);
    }

    #[test]
    fn closed_states_stay_closed_and_names_round_trip() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            if state.is_closed() && state != State::Issued {
                assert!(Step::ALL.into_iter().all(|step| state.apply(step).is_err()), "{state}");
            }
        }
        assert_eq!("lost".parse::<State>(), Err(NotAState));
    }
}
