//! DG15: the Active Authentication public key (Doc 9303-10 §4.7.15).

use super::LdsError;
use super::public_key::PublicKeyInfo;
use crate::tlv::{self, Reader};

/// The file around a `SubjectPublicKeyInfo`.
#[must_use]
pub fn to_bytes(key: &PublicKeyInfo) -> Vec<u8> {
    tlv::encode(0x6F, key.as_der())
}

/// Reads the file.
///
/// # Errors
/// [`LdsError`].
pub fn parse(file: &[u8]) -> Result<PublicKeyInfo, LdsError> {
    PublicKeyInfo::from_der(Reader::new(file).expect(0x6F)?.value)
}
