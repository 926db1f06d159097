//! Lists of serials as people bring them, and what two stations sign for each other.

use std::collections::BTreeSet;

use cccd_keys::detached::{self, Purpose};
use cccd_keys::public_key::PublicKey;
use cccd_keys::transport_keys::ChipSerial;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::StockError;
use crate::audit::Auditor;

/// The most blanks of one list: more than a pallet.
pub const MAX_SERIALS: usize = 250_000;

/// The longest document between stations, in octets.
const MAX_DOCUMENT: usize = 256 * 1024 * 1024;

/// How far the clocks of two stations may lie apart.
pub(super) const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

/// Reads a list of serials: one a line, 20 hexadecimal digits; `#` begins a remark. None twice.
///
/// # Errors
/// [`StockError`].
pub fn parse_serials(text: &str) -> Result<Vec<ChipSerial>, StockError> {
    let mut found = Vec::new();
    // Editors and spreadsheets put a mark before the first serial that nobody sees.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        if found.len() == MAX_SERIALS {
            return Err(StockError::TooLong(MAX_SERIALS));
        }
        found.push(line.parse().map_err(|_| StockError::List { line: number + 1 })?);
    }
    once(&found)?;
    Ok(found)
}

/// No serial twice, and at least one.
pub(super) fn once(serials: &[ChipSerial]) -> Result<(), StockError> {
    if serials.is_empty() {
        return Err(StockError::Empty);
    }
    if serials.len() > MAX_SERIALS {
        return Err(StockError::TooLong(MAX_SERIALS));
    }
    let mut seen = BTreeSet::new();
    match serials.iter().find(|serial| !seen.insert(serial.0)) {
        Some(twice) => Err(StockError::Twice(*twice)),
        None => Ok(()),
    }
}

/// A document with the signature of the station that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The exact text that is signed.
    document: String,
    /// Over it, hex.
    signature: String,
}

impl Signed {
    /// Reads one.
    ///
    /// # Errors
    /// [`StockError::NoDocument`].
    pub fn parse(text: &str) -> Result<Self, StockError> {
        let known = (text.len() <= MAX_DOCUMENT).then(|| serde_json::from_str(text).ok()).flatten();
        known.ok_or(StockError::NoDocument("list or receipt"))
    }

    /// As it is written into a file.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn make(document: &impl Serialize, auditor: &Auditor) -> Result<Self, StockError> {
        let document = serde_json::to_string(document).map_err(|_| StockError::NoDocument("list"))?;
        let signature = hex::encode(auditor.sign_stock(document.as_bytes())?);
        Ok(Self { document, signature })
    }

    /// The document, whoever signed it.
    pub(super) fn unproved<T: for<'d> Deserialize<'d>>(&self, what: &'static str) -> Result<T, StockError> {
        serde_json::from_str(&self.document).map_err(|_| StockError::NoDocument(what))
    }

    /// The document, if this key signed it.
    pub(super) fn opened<T: for<'d> Deserialize<'d>>(
        &self,
        what: &'static str,
        key: &PublicKey,
    ) -> Result<T, StockError> {
        let signature = hex::decode(&self.signature).map_err(|_| StockError::Signature(what))?;
        detached::verify(key, Purpose::StationStock, self.document.as_bytes(), &signature)
            .map_err(|_| StockError::Signature(what))?;
        self.unproved(what)
    }
}

/// What one station sends to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransportList {
    /// `cccd-stock-list-1`.
    pub format: String,
    /// The sender's name for it.
    pub reference: String,
    /// SHA-256 of the sender's public key.
    pub sender: String,
    /// SHA-256 of the receiver's public key.
    pub receiver: String,
    /// When it was packed, RFC 3339.
    pub at: String,
    /// The blanks.
    pub serials: Vec<String>,
    /// Statements of the keys that blanks made at a stock-in, with the keys of the stations that signed them.
    pub keys: Vec<Signed>,
}

/// What the receiver answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// `cccd-stock-receipt-1`.
    pub format: String,
    /// The sender's name for the transport.
    pub reference: String,
    /// SHA-256 of the sender's public key.
    pub sender: String,
    /// SHA-256 of the receiver's public key.
    pub receiver: String,
    /// When it was counted, RFC 3339.
    pub at: String,
    /// Found and taken.
    pub accepted: Vec<String>,
    /// Listed, and not found.
    pub missing: Vec<String>,
    /// Found, and not listed.
    pub surplus: Vec<String>,
}

pub(super) const LIST: &str = "cccd-stock-list-1";
pub(super) const RECEIPT: &str = "cccd-stock-receipt-1";

pub(super) fn texts(serials: &[ChipSerial]) -> Vec<String> {
    serials.iter().map(ChipSerial::to_string).collect()
}

pub(super) fn serials(texts: &[String], what: &'static str) -> Result<Vec<ChipSerial>, StockError> {
    if texts.len() > MAX_SERIALS {
        return Err(StockError::TooLong(MAX_SERIALS));
    }
    texts.iter().map(|text| text.parse().map_err(|_| StockError::NoDocument(what))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_each_blank_once() {
        let list = "# pallet 7\n00112233445566778899\n 0102030405060708090A # torn box\n\n";
        let found = parse_serials(list).unwrap();
        assert_eq!(texts(&found), ["00112233445566778899", "0102030405060708090a"]);
        let twice = "0102030405060708090A\n0102030405060708090a\n";
        assert!(matches!(parse_serials(twice), Err(StockError::Twice(_))));
        assert!(matches!(parse_serials("0102\n"), Err(StockError::List { line: 1 })));
        assert_eq!(parse_serials(&format!("\u{feff}{list}")).unwrap(), parse_serials(list).unwrap());
        assert!(matches!(parse_serials("\n# nothing\n"), Err(StockError::Empty)));
    }
}
