//! The data blocks of ISO/IEC 39794: part 4 fingers, part 5 faces, part 6 irises, as DO'7F2E' holds them from 2026 on
//! (Doc 9303-10 8th edition §4.7.2 to §4.7.4; ICAO application profile of ISO/IEC 39794).
//!
//! DER with implicit context tags, extensible. What a reader needs is read (version, image, format, size, capture time,
//! quality); everything else is kept as it stands and written back at its place. A code is read in both of its forms: as
//! `code [0]`, or as the fallback of an extension `[1] { [0] code }`.

mod block;
pub mod face;
pub mod finger;
pub mod iris;

pub use block::{CaptureDateTime, Quality, VersionBlock};

use super::LdsError;
use super::quirk::Quirks;
use crate::tlv::{Reader, Tlv, encode};

/// The data block in DO'7F2E': `A1 { [APPLICATION n] … }`.
fn application<'a>(block: &Tlv<'a>, tag: u32) -> Result<Reader<'a>, LdsError> {
    let content = block.nested()?.expect(0xA1)?.nested()?.expect(tag)?;
    Ok(content.nested()?)
}

/// Whether DO'7F2E' holds the data block of this application tag.
pub(super) fn is_application(block: &Tlv<'_>, tag: u32) -> bool {
    block.tag == 0x7F2E && application(block, tag).is_ok()
}

/// DO'7F2E' around a data block of this application tag.
fn data_object(tag: u32, version: VersionBlock, representations: &[Vec<u8>]) -> Vec<u8> {
    let blocks = encode(0xA1, &representations.concat());
    encode(0x7F2E, &encode(0xA1, &encode(tag, &[version.encode(), blocks].concat())))
}

/// The most representations read in one data block.
const MAX_REPRESENTATIONS: usize = 9;

/// Version and representations of a data block; whatever extends it is noted.
fn representations<'a>(
    block: &Tlv<'a>,
    tag: u32,
    quirks: &mut Quirks,
) -> Result<(VersionBlock, Vec<Tlv<'a>>), LdsError> {
    let mut content = application(block, tag)?;
    let version = VersionBlock::decode(&content.expect(0xA0)?)?;
    let mut found = Vec::new();
    for representation in content.expect(0xA1)?.nested()? {
        let representation = representation?;
        if found.len() == MAX_REPRESENTATIONS || representation.tag != 0x30 {
            return Err(LdsError::Value { what: "representation block", offset: representation.offset });
        }
        found.push(representation);
    }
    if found.is_empty() {
        return Err(LdsError::Value { what: "representation block", offset: block.offset });
    }
    if !content.is_empty() {
        quirks.note(super::quirk::QuirkKind::UnknownObject, content.offset());
    }
    Ok((version, found))
}
