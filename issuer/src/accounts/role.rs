//! What officers may do.

use std::fmt;
use std::str::FromStr;

/// What an officer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Role {
    /// Keeps the accounts, and nothing else.
    Administrator,
    /// Takes applications in: tiếp nhận, thu nhận.
    Capture,
    /// Approves what another officer captured: duyệt.
    Approve,
    /// Personalises chips.
    Personalise,
    /// Hands cards over.
    Deliver,
    /// Keeps the stock of blanks.
    Stock,
    /// Reads the audit log.
    Audit,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Administrator,
        Self::Capture,
        Self::Approve,
        Self::Personalise,
        Self::Deliver,
        Self::Stock,
        Self::Audit,
    ];

    /// The word in the store and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Administrator => "administrator",
            Self::Capture => "capture",
            Self::Approve => "approve",
            Self::Personalise => "personalise",
            Self::Deliver => "deliver",
            Self::Stock => "stock",
            Self::Audit => "audit",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such role")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    fn from_str(text: &str) -> Result<Self, NotARole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(NotARole)
    }
}
