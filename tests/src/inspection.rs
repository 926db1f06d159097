//! Inspection systems in the manner of BSI TR-03105-5.1: each case of a folder with a printed outcome, made from the laboratory's
//! genuine card, read and judged, and compared with what is printed.
//!
//! The folder is not part of the project (`CCCD_FOREIGN_DATA`); how each case is made is written here, by its identifier. A case
//! with a printed outcome that is not known here is a failure.
//!
//! | module | cases |
//! |---|---|
//! | [`terminal`] | Terminal Authentication: `ISO7816_E`, `LDS_G` |
//! | [`biometrics`] | fingerprints and irises: `LDS_D`, `LDS_E` |
//! | [`groups`] | DG14, DG15, EF.CardAccess, EF.CardSecurity: `LDS_F`, `LDS_I`, `LDS_J`, `ISO7816_G` |
//! | [`signed_object`] | EF.SOD and its signer: `LDS_H` |
//! | [`run`] | the folder, and the count |

pub mod biometrics;
pub mod groups;
pub mod run;
pub mod signed_object;
pub mod terminal;

use anyhow::Result;

use crate::laboratory::country::LabCountry;

/// What is done with a case.
#[derive(Debug, Clone, Copy)]
pub enum Plan {
    /// Made and judged; whether the inspection succeeded.
    Run(fn(&LabCountry) -> Result<bool>),
    /// Not made, for a reason of a closed list.
    Left(Left),
}

/// Why a case is not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// The chip itself would have to lie within the protected channel.
    LyingChip,
    /// EF.ATR/INFO is advice about lengths that nobody signs: a card is not refused for it.
    AtrInfoIsAdvice,
    /// RSA below 2048 bits is not made here.
    ShortKey,
}

impl Left {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::LyingChip, Self::AtrInfoIsAdvice, Self::ShortKey];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::LyingChip => "lying-chip",
            Self::AtrInfoIsAdvice => "atr-info-is-advice",
            Self::ShortKey => "short-key",
        }
    }
}

/// A case's identifier, and what is done with it.
pub type Case = (&'static str, Plan);

/// What is done with the case of this identifier.
#[must_use]
pub fn plan(id: &str) -> Option<Plan> {
    [terminal::CASES, biometrics::CASES, groups::CASES, signed_object::CASES]
        .into_iter()
        .flatten()
        .find_map(|(known, plan)| (*known == id).then_some(*plan))
}
