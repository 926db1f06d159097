//! DG1: the machine readable zone (Doc 9303-10 §4.7.1).

use super::LdsError;
use crate::mrz::Mrz;
use crate::tlv::{self, Reader};

/// The file around a zone.
#[must_use]
pub fn to_bytes(mrz: &Mrz) -> Vec<u8> {
    tlv::encode(0x61, &tlv::encode(0x5F1F, mrz.as_str().as_bytes()))
}

/// The zone in the file.
///
/// # Errors
/// [`LdsError`].
pub fn parse(file: &[u8]) -> Result<Mrz, LdsError> {
    let content = Reader::new(file).expect(0x61)?.nested()?;
    let zone =
        content.find(0x5F1F)?.ok_or(LdsError::Value { what: "MRZ data object", offset: content.offset() })?;
    let text =
        core::str::from_utf8(zone.value).map_err(|_| LdsError::Value { what: "MRZ", offset: zone.offset })?;
    // Files are found whose zone a control character follows.
    Mrz::parse(text.trim_end_matches(char::is_control)).map_err(LdsError::Mrz)
}
