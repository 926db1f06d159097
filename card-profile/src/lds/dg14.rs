//! DG14: security infos that passive authentication protects (Doc 9303-10 §4.7.14).

use super::LdsError;
use super::security_infos::SecurityInfos;
use crate::tlv::{self, Reader};

/// The file.
#[must_use]
pub fn to_bytes(infos: &SecurityInfos) -> Vec<u8> {
    tlv::encode(0x6E, &infos.to_der())
}

/// Reads the file.
///
/// # Errors
/// [`LdsError`].
pub fn parse(file: &[u8]) -> Result<SecurityInfos, LdsError> {
    SecurityInfos::parse(Reader::new(file).expect(0x6E)?.value)
}
