//! DG3: fingerprints (Doc 9303-10 §4.7.3). This profile writes the container without an instance; templates and the
//! terminal authentication that opens them come with the fingerprints.

use super::{LdsError, small_integer};
use crate::tlv::{Reader, Writer};

/// DG3 without an instance: count 0, and a random number in DO'53', so that the hashes of empty containers differ
/// (Doc 9303-10 §4.7.3.1).
#[must_use]
pub fn empty(random: &[u8; 16]) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.constructed(0x63, |dg3| {
        dg3.constructed(0x7F61, |group| {
            group.primitive(0x02, &[0]).primitive(0x53, random);
        });
    });
    writer.into_bytes()
}

/// How many instances the file claims to hold.
///
/// # Errors
/// [`LdsError`].
pub fn instance_count(file: &[u8]) -> Result<u32, LdsError> {
    let group = Reader::new(file).expect(0x63)?.nested()?.expect(0x7F61)?;
    let count = group.nested()?.expect(0x02)?;
    small_integer(&count, "number of fingerprints")
}
