//! Terminal Authentication versions 1 and 2 (TR-03110-1 §3.5, TR-03110-2 §3.3, TR-03110-3 §B.3), terminal and chip: the
//! terminal shows by certificates and a signature what it may read.
//!
//! Version 1 runs after Chip Authentication and is bound to its ephemeral key; the rights hold at once. Version 2 runs
//! before Chip Authentication and names the ephemeral key that it will use; the rights hold once it was used.
//!
//! ```text
//! MSE:SET DST, PSO:VERIFY CERTIFICATE      once for each certificate, link certificates first
//! MSE:SET AT                               the terminal's key; version 2: the ephemeral key, auxiliary data
//! GET CHALLENGE, EXTERNAL AUTHENTICATE     signature over ID_PICC ‖ r_PICC ‖ Comp(PK_PCD) [‖ A_PCD]
//! ```

mod chip;
mod ephemeral;
mod terminal;

pub use chip::{AuthenticatedTerminal, TerminalAuthenticationChip};
pub use ephemeral::{KeyWitness, chip_key_in, compressed_key, terminal_key_in};
pub use terminal::{TerminalAuthenticationError, TerminalAuthenticationTerminal, TerminalRefusal};

use crate::access::TerminalRight;
use crate::mrz::MrzInformation;
use cccd_cvc::Chat;
use std::fmt;

/// `ID_PICC`: the chip as both ends know it before the terminal signs (TR-03110-3 §B.3).
#[derive(Clone, PartialEq, Eq)]
pub struct ChipIdentifier(Vec<u8>);

impl ChipIdentifier {
    /// After BAC: the document number with its check digit, as in the machine readable zone.
    #[must_use]
    pub fn bac(information: &MrzInformation) -> Self {
        // Number and check digit stand before two dates of six with a check digit each.
        let bytes = information.as_bytes();
        Self(bytes.get(..bytes.len().saturating_sub(14)).unwrap_or_default().to_vec())
    }

    /// After PACE: `Comp(PK_PICC)`, the chip's ephemeral key of the key agreement, compressed: the x-coordinate, or
    /// SHA-1 of a Diffie-Hellman key (TR-03110-3 §A.2.2.3).
    #[must_use]
    pub fn pace(compressed_key: &[u8]) -> Self {
        Self(compressed_key.to_vec())
    }

    /// The bytes that are signed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The number of a document is personal: it is not printed.
impl fmt::Debug for ChipIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChipIdentifier({} bytes)", self.0.len())
    }
}

/// The rights of an inspection system (TR-03110-3 §C.4.1); other kinds of terminals have none of these.
#[must_use]
pub fn rights(effective: &Chat) -> Vec<TerminalRight> {
    let rights = effective.inspection_rights();
    [(rights.fingerprints, TerminalRight::ReadFingerprints), (rights.irises, TerminalRight::ReadIrises)]
        .into_iter()
        .filter_map(|(given, right)| given.then_some(right))
        .collect()
}

#[cfg(test)]
mod tests;
