//! A data object that is kept as it stands.

use core::fmt;

use crate::tlv::Tlv;

/// A data object that this crate does not interpret. `Debug` leaves the content out.
#[derive(Clone, PartialEq, Eq)]
pub struct RawObject {
    /// Its tag.
    pub tag: u32,
    /// Tag, length and value.
    pub raw: Vec<u8>,
}

impl From<&Tlv<'_>> for RawObject {
    fn from(object: &Tlv<'_>) -> Self {
        Self { tag: object.tag, raw: object.raw.to_vec() }
    }
}

impl fmt::Debug for RawObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawObject({:X}, {} bytes)", self.tag, self.raw.len())
    }
}
