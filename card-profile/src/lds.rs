//! The Logical Data Structure, version 1: what stands in the files (Doc 9303-10).
//!
//! | file | module |
//! |---|---|
//! | EF.COM | [`com`] |
//! | EF.SOD: the LDS security object (its signature is another crate's) | [`sod`] |
//! | any data group by its number | [`DataGroup`] |
//! | DG1 MRZ | [`dg1`] |
//! | DG2 face, DG3 fingerprints, DG4 irises | [`dg2`], [`dg3`], [`dg4`] in the templates of [`cbeff`]; records in [`iso19794`], [`iso39794`] |
//! | DG5 displayed portrait, DG7 displayed signature | [`displayed_image`] |
//! | DG6 reserved, DG8 to DG10 features | [`opaque`] |
//! | DG11 personal details, DG12 document details | [`dg11`], [`dg12`] |
//! | DG13 national data | [`dg13`] |
//! | DG14, EF.CardAccess, EF.CardSecurity | [`dg14`], [`card_access`], [`card_security`], [`security_infos`] |
//! | DG15 Active Authentication key | [`dg15`], [`public_key`] |
//! | DG16 persons to notify | [`dg16`] |
//! | EF.ATR/INFO, EF.DIR | [`atr_info`], [`dir`] |
//!
//! Every parser takes the whole file and is bounded by its length. What is odd and read all the same is told in a list of
//! [`Quirk`]s; a parser that never bends has none.

pub mod atr_info;
mod bytes;
pub mod card_access;
pub mod card_security;
pub mod cbeff;
pub mod com;
pub mod cvca;
mod data_group;
mod details;
pub mod dg1;
pub mod dg11;
pub mod dg12;
pub mod dg13;
pub mod dg14;
pub mod dg15;
pub mod dg16;
pub mod dg2;
pub mod dg3;
pub mod dg4;
pub mod dir;
pub mod displayed_image;
mod face_image;
mod group;
pub mod iso19794;
pub mod iso39794;
pub mod opaque;
pub mod public_key;
mod quirk;
mod raw_object;
pub mod security_infos;
pub mod sod;

pub use data_group::{DataGroupNumber, NoSuchDataGroup};
pub use face_image::{FaceImage, ImageFormat, NotAnImage};
pub use group::{DataGroup, KeyGroup, NationalGroup};
pub use quirk::{Quirk, QuirkKind};
pub use raw_object::RawObject;

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

/// Why a data group cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// An image that its record cannot hold.
    #[error(transparent)]
    Image(#[from] NotAnImage),
    /// More than the count of the group can say.
    #[error("too many {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
    },
    /// Longer than a length field can say.
    #[error("the {what} is too long")]
    TooLong {
        /// Which.
        what: &'static str,
    },
}

/// The identifiers of a name in DG11 or DG12: primary and secondary, `<` as spaces (Doc 9303-10 §4.7.11).
#[must_use]
pub fn name_parts(name: &str) -> (String, String) {
    let (primary, secondary) = name.split_once("<<").unwrap_or((name, ""));
    let spaced = |part: &str| part.split('<').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    (spaced(primary), spaced(secondary))
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
