//! The attacks that a verifier must withstand, as a table: each is made from a genuine card by one change, and decided by exactly
//! its reason; without the change the same card passes.
//!
//! | module | what |
//! |---|---|
//! | [`class`] | the classes, what is made of each, and which tests stand for what is not |
//! | [`base`] | from which genuine card, before which verifier |
//! | [`table`] | the variants, by part of the verifier |
//! | [`run`] | makes one, presents it, undoes the change and presents it again |
//! | [`document`] | `docs/attacks.md` |
//! | [`export`] | the forged files in a folder, for other verifiers |

pub mod base;
pub mod class;
pub mod document;
pub mod export;
pub mod run;
pub mod table;

use anyhow::Result;
use cccd_verifier::{Check, Reason};

use crate::laboratory::stage::Stage;
use base::Base;

/// One attack.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    /// Its class; 0 for what must pass.
    pub class: u8,
    /// Its name, unique in its class.
    pub name: &'static str,
    /// What is changed, in plain words.
    pub told: &'static str,
    /// From which genuine card.
    pub base: Base,
    /// What must come of it.
    pub expected: Expected,
    /// The change.
    pub change: fn(&mut Stage<'_>) -> Result<()>,
}

/// What must come of an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Refused, by this check and reason.
    Refused(Check, Reason),
    /// Undetermined, by this check and reason.
    Undetermined(Check, Reason),
    /// The chip is not opened, by this error.
    NotOpened(&'static str),
    /// Accepted: no attack, but what looks like one.
    Accepted,
}

impl Expected {
    /// Decision, check and reason as codes.
    #[must_use]
    pub const fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Refused(check, reason) => ("refused", check.code(), reason.code()),
            Self::Undetermined(check, reason) => ("undetermined", check.code(), reason.code()),
            Self::NotOpened(code) => ("not-opened", "-", code),
            Self::Accepted => ("accepted", "-", "-"),
        }
    }
}

impl Variant {
    /// `13-duplicate-number`: unique among all.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{:02}-{}", self.class, self.name)
    }
}
