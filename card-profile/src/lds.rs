//! The Logical Data Structure, version 1: what stands in the files (Doc 9303-10).
//!
//! | file | module |
//! |---|---|
//! | EF.COM | [`com`] |
//! | EF.SOD: the LDS security object (its signature is another crate's) | [`sod`] |
//! | DG1 MRZ | [`dg1`] |
//! | DG2 face | [`dg2`] |
//! | DG3 fingerprints: an empty container | [`dg3`] |
//! | DG13 national data | [`dg13`] |
//! | DG14, EF.CardAccess | [`dg14`], [`card_access`], [`security_infos`] |
//! | DG15 Active Authentication key | [`dg15`], [`public_key`] |
//! | EF.ATR/INFO | [`atr_info`] |
//!
//! Every parser takes the whole file and is bounded by its length.

pub mod atr_info;
pub mod card_access;
pub mod com;
mod data_group;
pub mod dg1;
pub mod dg13;
pub mod dg14;
pub mod dg15;
pub mod dg2;
pub mod dg3;
pub mod public_key;
pub mod security_infos;
pub mod sod;

pub use data_group::{DataGroupNumber, NoSuchDataGroup};

use crate::mrz::MrzError;
use crate::tlv::TlvError;

/// Why a file is not what its standard says. Offsets count from the start of the file; no content is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LdsError {
    /// Not the BER-TLV structure expected.
    #[error(transparent)]
    Tlv(#[from] TlvError),
    /// A value that its clause does not allow.
    #[error("malformed {what} at offset {offset}")]
    Value {
        /// Which value.
        what: &'static str,
        /// Where its data object starts.
        offset: usize,
    },
    /// Not DER, or not of the type expected.
    #[error("malformed {what}")]
    Der {
        /// Which structure.
        what: &'static str,
        /// Where and why.
        source: der::Error,
    },
    /// DG1 holds no machine readable zone.
    #[error("DG1: {0}")]
    Mrz(MrzError),
}

/// A non-negative ASN.1 INTEGER of at most four bytes.
pub(crate) fn small_integer(object: &crate::tlv::Tlv<'_>, what: &'static str) -> Result<u32, LdsError> {
    let wrong = LdsError::Value { what, offset: object.offset };
    match object.value {
        [] => Err(wrong),
        [first, ..] if first & 0x80 != 0 => Err(wrong),
        value => {
            let significant: Vec<u8> = value.iter().copied().skip_while(|byte| *byte == 0).collect();
            if significant.len() > 4 {
                return Err(wrong);
            }
            Ok(significant.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
        }
    }
}

/// The content bytes of a non-negative ASN.1 INTEGER.
pub(crate) fn integer_bytes(value: u32) -> Vec<u8> {
    let mut bytes: Vec<u8> = value.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    if bytes.first().is_none_or(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    bytes
}
