//! Groups whose content no public standard gives: DG6 is reserved (Doc 9303-10 §4.7.6), DG8 to DG10 hold the features of
//! data, structure and substance (§4.7.8 to §4.7.10), whose coding is each state's.
//!
//! ```text
//! 66 { … }      68, 69, 6A { 02 count, … }
//! ```

use super::quirk::{Quirk, QuirkKind, Quirks};
use super::raw_object::RawObject;
use super::{DataGroupNumber, LdsError, small_integer};
use crate::tlv::{Reader, encode};

/// The most data objects read.
const MAX_OBJECTS: usize = 64;

/// What such a group holds: a count, if it starts with one, and data objects kept as they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpaqueGroup {
    /// The number of templates that the file claims; DG6 needs none.
    pub claimed: Option<u32>,
    /// The data objects.
    pub objects: Vec<RawObject>,
    /// Bytes that are no data objects; only in a group without them.
    pub unstructured: Vec<u8>,
    /// Leniencies of the reading.
    pub quirks: Vec<Quirk>,
}

impl OpaqueGroup {
    pub(super) fn parse(file: &[u8], group: DataGroupNumber) -> Result<Self, LdsError> {
        let whole = Reader::new(file).expect(group.tag())?;
        let mut read = Self::default();
        let mut quirks = Quirks::default();
        let mut content = whole.nested()?;
        let count = content.optional(0x02).ok().flatten();
        if let Some(count) = &count {
            read.claimed = Some(small_integer(count, "number of templates")?);
        }
        let start = content.clone();
        for object in content {
            match object {
                Ok(object) if read.objects.len() < MAX_OBJECTS => read.objects.push(RawObject::from(&object)),
                Ok(object) => {
                    return Err(LdsError::Value { what: "number of templates", offset: object.offset });
                }
                Err(_) => {
                    read.objects.clear();
                    read.unstructured = start.remaining().to_vec();
                    quirks.note(QuirkKind::UnknownObject, start.offset());
                    break;
                }
            }
        }
        let differs = read.claimed.is_some_and(|claimed| u32::try_from(read.objects.len()) != Ok(claimed));
        let counted = group != DataGroupNumber::DG6;
        let offset = count.map_or(start.offset(), |count| count.offset);
        quirks.note_if(counted && (differs || read.claimed.is_none()), QuirkKind::CountDiffers, offset);
        read.quirks = quirks.into_vec();
        Ok(read)
    }

    pub(super) fn to_bytes(&self, group: DataGroupNumber) -> Vec<u8> {
        let mut content = Vec::new();
        if let Some(claimed) = self.claimed {
            content.extend(encode(0x02, &super::integer_bytes(claimed)));
        }
        for object in &self.objects {
            content.extend(&object.raw);
        }
        content.extend(&self.unstructured);
        encode(group.tag(), &content)
    }
}
