//! EF.CardSecurity: security infos under a signature of their own, in the master file (Doc 9303-10 §3.11.4,
//! TR-03110-3 §A.1.2.5). A chip with PACE-CAM holds the key of that mapping here.
//!
//! The file is CMS `SignedData`; its signature, like that of EF.SOD, is not this crate's.

use der::asn1::ObjectIdentifier;

use super::LdsError;
use super::security_infos::SecurityInfos;
use crate::tlv::Reader;

/// id-SecurityObject: the eContentType of EF.CardSecurity (TR-03110-3 §A.1.2.5).
pub const ID_SECURITY_OBJECT: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.3.2.1");

/// The CMS `ContentInfo` in the file; bytes after it (files padded to their size) are left alone.
///
/// # Errors
/// [`LdsError::Tlv`] when the file is not one SEQUENCE.
pub fn content_info(file: &[u8]) -> Result<&[u8], LdsError> {
    Ok(Reader::new(file).expect(0x30)?.raw)
}

/// The security infos: the eContent of the `SignedData`.
///
/// # Errors
/// [`LdsError`].
pub fn parse(econtent: &[u8]) -> Result<SecurityInfos, LdsError> {
    SecurityInfos::parse(econtent)
}

/// The eContent to be signed.
#[must_use]
pub fn to_econtent(infos: &SecurityInfos) -> Vec<u8> {
    infos.to_der()
}
