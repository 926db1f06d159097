//! Why the stock was not changed.

use cccd_keys::signer::SigningFailed;
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Retry, StoreError};
use jiff::Timestamp;

use super::{BlankState, InvalidBlankStep};
use crate::ledger::LedgerError;

/// Why the stock was not changed. Nothing of it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StockError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The blank's state does not allow it.
    #[error("the blank {serial}: {problem}")]
    Step {
        /// Which.
        serial: ChipSerial,
        /// What its state does not allow.
        problem: InvalidBlankStep,
    },
    /// The same serial twice.
    #[error("{}", known(serial, *state, entry))]
    Known {
        /// Which.
        serial: ChipSerial,
        /// Where it stands.
        state: BlankState,
        /// By what it would have come in.
        entry: Entry,
    },
    /// A chip that was used before the stock was kept.
    #[error("the chip {0} was used for a card already: it is no blank")]
    Used(ChipSerial),
    /// Not in this stock.
    #[error("the stock does not know the blank {0}")]
    Unknown(ChipSerial),
    /// The delivery note was received.
    #[error("this delivery note of this supplier was received already")]
    NoteKnown,
    /// No such delivery note.
    #[error("no delivery note of this name was received")]
    NoteUnknown,
    /// No cause, or neither note nor photo.
    #[error("this needs a cause, and a note or a photo")]
    Unexplained,
    /// An empty file, a page, anything else.
    #[error("the photo is no JPEG and no PNG picture")]
    NoPhoto,
    /// No blank named.
    #[error("no blank is named")]
    Empty,
    /// A list of serials that cannot be read.
    #[error("line {line} of the list of serials is no serial of 20 hexadecimal digits")]
    List {
        /// From 1.
        line: usize,
    },
    /// Too long a list.
    #[error("a list names at most {0} blanks")]
    TooLong(usize),
    /// A serial twice on one list.
    #[error("the blank {0} is on the list twice")]
    Twice(ChipSerial),
    /// Not a list or receipt between stations.
    #[error("this is no {0} of a station")]
    NoDocument(&'static str),
    /// Signed by somebody else.
    #[error("the {0} is not signed by the station that it names")]
    Signature(&'static str),
    /// Signed at a time that has not come yet: what is signed after it would read as older.
    #[error("the {what} is dated {at}, and here it is {now}: one of the two clocks is wrong")]
    Future {
        /// What.
        what: &'static str,
        /// When it says that it was made.
        at: Timestamp,
        /// The time here.
        now: Timestamp,
    },
    /// For somebody else.
    #[error("the {0} is for another station")]
    OtherStation(&'static str),
    /// No transport of that reference.
    #[error("no transport of this reference was sent from here")]
    NoTransport,
    /// Nothing to be settled.
    #[error(
        "no receipt of this transport claims the blank {0}, and no count of a note of this name found it too much"
    )]
    NotClaimed(ChipSerial),
    /// A transport to the station itself.
    #[error("the list would be for this station itself")]
    OwnStation,
    /// A count of what another station sent.
    #[error("this came from another station: accept its signed list again, with the serials that turned up")]
    ByItsList,
    /// A reference names one transport.
    #[error("a transport of this reference was sent or received before")]
    TransportKnown,
    /// Signing needs the station's keys.
    #[error("the station's keys are needed for this")]
    NoStationKey,
    /// The station's key.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// One name for two requests.
    #[error("another request was made under this name")]
    RequestReused,
}

/// By what a blank would have come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A maker's delivery note.
    Note,
    /// Another station's list.
    List {
        /// The transport from here that it is on, whose receipt was not entered yet.
        sent_with: Option<String>,
    },
}

fn known(serial: &ChipSerial, state: BlankState, entry: &Entry) -> String {
    match entry {
        Entry::Note if state == BlankState::HandedOver => format!(
            "the blank {serial} was handed over to another station: it comes back by that station's signed list only"
        ),
        Entry::Note => format!("the blank {serial} is in this stock already, {state}: a serial enters once"),
        Entry::List { sent_with: Some(reference) } => format!(
            "the list names the blank {serial}, which the books here have as {state} with the transport \u{201c}{reference}\u{201d}, \
             whose receipt was not entered yet"
        ),
        Entry::List { sent_with: None } => {
            format!("the list names the blank {serial}, which the books here have as {state}")
        }
    }
}

impl From<StoreError> for StockError {
    fn from(error: StoreError) -> Self {
        Self::Ledger(error.into())
    }
}

impl Retry for StockError {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Ledger(error) if error.is_busy())
    }

    fn is_lost_line(&self) -> bool {
        matches!(self, Self::Ledger(error) if error.is_lost_line())
    }
}

impl StockError {
    /// The stable code of machine-readable output.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Ledger(error) if error.is_disk_full() => "ledger-full",
            Self::Ledger(_) => "ledger-failed",
            Self::Step { .. } => "blank-state-forbids",
            Self::Known { entry: Entry::List { .. }, .. } => "blank-held",
            Self::Known { .. } | Self::Twice(_) => "blank-known",
            Self::Future { .. } => "stock-document-future",
            Self::NotClaimed(_) => "blank-not-claimed",
            Self::Used(_) => "chip-used",
            Self::Unknown(_) => "blank-unknown",
            Self::NoteKnown | Self::TransportKnown => "delivery-known",
            Self::ByItsList => "stock-by-list",
            Self::NoteUnknown | Self::NoTransport => "delivery-unknown",
            Self::Unexplained => "cause-missing",
            Self::NoPhoto => "photo-unreadable",
            Self::Empty | Self::List { .. } | Self::TooLong(_) => "serials-unreadable",
            Self::NoDocument(_) => "stock-document",
            Self::Signature(_) | Self::OtherStation(_) | Self::OwnStation => "stock-document-foreign",
            Self::NoStationKey | Self::Signing(_) => "station-key",
            Self::RequestReused => "request-reused",
        }
    }

    /// A rule refuses (exit 1), as opposed to something that could not be done (exit 3).
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        !matches!(self, Self::Ledger(_) | Self::NoStationKey | Self::Signing(_))
    }
}
