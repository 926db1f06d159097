//! Why the ledger did not do it.

use std::path::PathBuf;

use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Retry, StoreError};

use crate::application::{InvalidTransition, Step};
use crate::stock::BlankState;

/// Why the ledger did not do it. Holds no personal data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file, the disk, the engine.
    #[error("the ledger failed: {}", words(.0))]
    Store(#[from] StoreError),
    /// The lock file beside it.
    #[error("the ledger's lock {} failed: {source}", path.display())]
    Lock {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process works with it.
    #[error("another issuer is working with this ledger")]
    InUse,
    /// Made before applications were approved by a second officer.
    #[error("the ledger {} was made by an older program", .0.display())]
    Older(PathBuf),
    /// The model has no such step.
    #[error(transparent)]
    Transition(#[from] InvalidTransition),
    /// A step that needs a reason got none.
    #[error("the step {0} needs a reason")]
    ReasonMissing(Step),
    /// Four eyes.
    #[error("the officer who captured an application does not approve it")]
    SameOfficer,
    /// One name for two requests.
    #[error("another request was made under this name")]
    RequestReused,
    /// No such application.
    #[error("the ledger has no application {0}")]
    Unknown(i64),
    /// The same person has another application open.
    #[error("this person has an open application with other content in this ledger")]
    OtherApplicationOpen,
    /// The serial is in the ledger already.
    #[error("the chip {0} is in the ledger already: a chip is used once")]
    ChipUsed(ChipSerial),
    /// The station keeps a stock, and this chip is not a blank of it.
    #[error("the chip {serial} is no blank in stock: {}", stock_word(*found))]
    NotInStock {
        /// Which.
        serial: ChipSerial,
        /// Where the stock has it, if it knows it.
        found: Option<BlankState>,
    },
    /// Rows that make no sense.
    #[error("the ledger contradicts itself: {0}")]
    Inconsistent(&'static str),
}

fn stock_word(found: Option<BlankState>) -> &'static str {
    found.map_or("the stock does not know it", BlankState::as_str)
}

/// The engine's own word, where there is one.
pub(crate) fn words(error: &StoreError) -> String {
    match error {
        full if is_full(full) => "the disk of the station's ledger is full".to_owned(),
        StoreError::Engine(source) => source.to_string(),
        StoreError::Unreachable => "its database server does not answer".to_owned(),
        StoreError::Unprotected => "it is on another machine and the line to it is not encrypted".to_owned(),
        StoreError::Busy => "others held it for too long".to_owned(),
        StoreError::Newer { found, known } => {
            format!("it is of version {found}, and this program knows {known}")
        }
        StoreError::NotInitialised => "this is no ledger".to_owned(),
        other => other.to_string(),
    }
}

impl Retry for LedgerError {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Store(StoreError::Busy))
    }

    fn is_lost_line(&self) -> bool {
        matches!(self, Self::Store(StoreError::Unreachable))
    }
}

impl LedgerError {
    /// The disk is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Store(error) if is_full(error))
    }
}

/// The engine found no room.
pub(crate) fn is_full(error: &StoreError) -> bool {
    let StoreError::Engine(source) = error else { return false };
    let Some(error) = source.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error) else {
        return false;
    };
    // No room for the index of the write-ahead log is told as an input or output error of its own.
    error.code == rusqlite::ErrorCode::DiskFull || error.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE
}

/// What a failing store of the station is called: one that is full is told apart from all others.
pub(crate) fn code_of(error: &StoreError) -> &'static str {
    if is_full(error) { "ledger-full" } else { "ledger-failed" }
}
