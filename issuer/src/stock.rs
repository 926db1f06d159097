//! The stock of blanks: every one known by its serial from the delivery note to the card, or to its destruction.
//!
//! A station that has received no batch keeps no stock: any blank of its readers is taken, as the ledger alone knows
//! which chips were used. With the first batch that ends: from then on only blanks in stock become cards.

mod answered;
mod claimed;
mod error;
mod keys;
mod lists;
mod operations;
mod proof;
mod reconcile;
mod rows;
mod state;
mod surplus;
mod taken_back;
mod told;
mod transport;
mod transports;

use cccd_keys::public_key::PublicKey;
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::store::{Apart, Database, Session};
use sha2::{Digest as _, Sha256};

use crate::audit::Auditor;

pub use claimed::Settlement;
pub use error::{Entry, StockError};
pub use keys::KeysCounted;
pub use lists::{MAX_SERIALS, Receipt, Signed, TransportList, parse_serials};
pub(crate) use proof::{Operation, first_without_papers};
pub use reconcile::{BatchSum, Difference, Reconciliation, SIGNED_FOR_ELSEWHERE, SURPLUS};
pub use rows::{BlankEvent, BlankRow, OnTransport};
pub(crate) use rows::{Following, follow};
pub use state::{BlankState, BlankStep, Cause, InvalidBlankStep, NotAWord};
pub use transports::Transport;

/// The blanks of a station's ledger.
#[derive(Debug)]
pub struct Stock<'a> {
    database: &'a mut Database,
    auditor: Option<&'a Auditor>,
}

/// Why something happened to a blank, with a word for reports and what an officer adds: a note, a photo, or both.
#[derive(Debug, Clone, Copy)]
pub struct Explanation<'a> {
    /// The word.
    pub cause: Cause,
    /// In the officer's words.
    pub note: Option<&'a str>,
    /// SHA-256 of a photo that is kept elsewhere, hex.
    pub photo_sha256: Option<&'a str>,
}

/// The SHA-256, hex, of a photo that an officer keeps: JPEG or PNG, by its first octets.
///
/// # Errors
/// [`StockError::NoPhoto`].
pub fn photo_digest(photo: &[u8]) -> Result<String, StockError> {
    const BEGINNINGS: [&[u8]; 2] = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"];
    if !BEGINNINGS.iter().any(|begins| photo.starts_with(begins)) {
        return Err(StockError::NoPhoto);
    }
    Ok(hex::encode(Sha256::digest(photo)))
}

/// What a count found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Count {
    /// Blanks that are in stock by it.
    pub counted: Vec<ChipSerial>,
    /// Listed, and not found.
    pub missing: Vec<ChipSerial>,
    /// Found, and not on the list: they do not enter the stock.
    pub surplus: Vec<ChipSerial>,
    /// Of another station's list, and here already by another one of its lists or of a third station's.
    pub elsewhere: Vec<ChipSerial>,
    /// Of a delivery note, in stock by the books since an earlier count, and not among what this one found.
    pub unseen: Vec<ChipSerial>,
}

impl Count {
    /// What lies there is what was listed.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.missing.is_empty() && self.surplus.is_empty()
    }
}

impl<'a> Stock<'a> {
    pub(crate) fn new(database: &'a mut Database, auditor: Option<&'a Auditor>) -> Self {
        Self { database, auditor }
    }

    /// The station keeps a stock: it has received a batch.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn is_kept(&self) -> Result<bool, StockError> {
        self.database.read_anew(|session| Ok(rows::is_kept(session)?))
    }

    /// The key by which other stations know this one.
    #[must_use]
    pub fn station_key(&self) -> Option<&PublicKey> {
        self.auditor.map(Auditor::public_key)
    }

    /// Something was done under this name of a request.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn is_answered(&self, request: &str) -> Result<bool, StockError> {
        self.database.read_anew(|session| Ok(rows::is_answered(session, request)?))
    }

    /// A blank.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn blank(&self, serial: &ChipSerial) -> Result<Option<BlankRow>, StockError> {
        self.database.read_anew(|session| Ok(rows::blank(session, serial)?))
    }

    /// Blanks in this state, or all, by serial.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn list(&self, state: Option<BlankState>, limit: u32) -> Result<Vec<BlankRow>, StockError> {
        self.database.read_anew(|session| Ok(rows::list(session, state, limit)?))
    }

    /// All that happened to a blank, oldest first.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn events(&self, serial: &ChipSerial) -> Result<Vec<BlankEvent>, StockError> {
        self.database.read_anew(|session| Ok(rows::events(session, serial)?))
    }

    /// How many blanks are in each state that has any.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn counts(&self) -> Result<Vec<(BlankState, u64)>, StockError> {
        self.database.read_anew(|session| Ok(rows::counts(session)?))
    }

    /// Every blank from receipt to card, and each difference by its serial. With what somebody counted in the cabinet,
    /// that is compared, too.
    ///
    /// # Errors
    /// [`StockError`].
    pub fn reconcile(&self, counted: Option<&[ChipSerial]>) -> Result<Reconciliation, StockError> {
        self.database.read_anew(|session| reconcile::reconcile(session, counted))
    }

    /// One transaction; the end of the audit log is signed by the ledger.
    fn write<T>(
        &mut self,
        work: impl Fn(&mut dyn Session, Option<&Auditor>) -> Result<T, StockError>,
    ) -> Result<T, StockError> {
        let auditor = self.auditor;
        self.database.write(Apart::Rows, |session| work(session, auditor))
    }
}

#[cfg(test)]
mod tests;
