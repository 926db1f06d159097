//! EF.CardAccess: the security infos a terminal needs before PACE (Doc 9303-10 §3.11.3, Doc 9303-11 §9.2.11).
//!
//! Readable by everyone and unsigned: DG14 repeats it under the signature.

use super::LdsError;
use super::security_infos::{SecurityInfo, SecurityInfos};
use crate::tlv::Reader;

/// Standardized domain parameters 13: brainpoolP256r1 (TR-03110-3 table 4).
pub const BRAINPOOL_P256R1: u32 = 13;

/// Standardized domain parameters 12: NIST P-256.
pub const NIST_P256: u32 = 12;

/// What the cards in use announce: Terminal Authentication 1, Chip Authentication with ECDH and AES-128, PACE with
/// ECDH generic mapping and AES-128 over these domain parameters ([`BRAINPOOL_P256R1`] on a CCCD).
#[must_use]
pub fn cccd(parameter_id: u32) -> SecurityInfos {
    SecurityInfos {
        infos: vec![
            SecurityInfo::terminal_authentication(),
            SecurityInfo::chip_authentication_ecdh_aes_128(None),
            SecurityInfo::pace_ecdh_gm_aes_128(parameter_id),
        ],
    }
}

/// The file.
#[must_use]
pub fn to_bytes(infos: &SecurityInfos) -> Vec<u8> {
    infos.to_der()
}

/// Reads the file; bytes after the set (files padded to their size) are left alone.
///
/// # Errors
/// [`LdsError`].
pub fn parse(file: &[u8]) -> Result<SecurityInfos, LdsError> {
    SecurityInfos::parse(Reader::new(file).expect(0x31)?.raw)
}
