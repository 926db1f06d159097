//! The iris image data block of ISO/IEC 39794-6: eye, format and image; the rest kept as it stands.
//!
//! This software makes use of the schema from ISO/IEC 39794-6 within modifications permitted in that standard.

use core::fmt;

use super::block::{code, fields, integer, ordered};
use super::{VersionBlock, data_object, representations};
use crate::lds::quirk::{QuirkKind, Quirks};
use crate::lds::raw_object::RawObject;
use crate::lds::{EncodeError, LdsError, small_integer};
use crate::tlv::{Tlv, encode};

/// [APPLICATION 6].
pub(in crate::lds) const TAG: u32 = 0x66;

/// ```text
/// IrisImageDataBlock ::= [APPLICATION 6] SEQUENCE {
///   versionBlock [0] VersionBlock, representationBlocks [1] SEQUENCE OF RepresentationBlock, ... }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IrisImageData {
    /// Edition.
    pub version: VersionBlock,
    /// The images.
    pub representations: Vec<IrisRepresentation>,
}

/// ```text
/// RepresentationBlock ::= SEQUENCE { eyeLabelCode [0], irisImageKind [1], bitDepth [2], imageDataFormat [3], …,
///   irisImageData [9] OCTET STRING, … }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct IrisRepresentation {
    /// 0 unknown, 1 right, 2 left.
    pub eye: u32,
    /// 0 PGM, 1 PPM, 2 PNG, 3 JPEG 2000 lossless, 4 JPEG 2000 lossy; `None` for an extension.
    pub format: Option<u32>,
    /// The image file.
    pub data: Vec<u8>,
    /// Every other field, as it stands; the format too.
    pub other: Vec<RawObject>,
}

impl IrisImageData {
    /// Reads DO'7F2E'.
    pub(in crate::lds) fn decode(block: &Tlv<'_>, quirks: &mut Quirks) -> Result<Self, LdsError> {
        let (version, found) = representations(block, TAG, quirks)?;
        let representations =
            found.iter().map(|block| representation(block, quirks)).collect::<Result<_, _>>()?;
        Ok(Self { version, representations })
    }

    /// DO'7F2E'.
    pub(in crate::lds) fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let encode_one = |one: &IrisRepresentation| {
            let known = vec![(0, integer(0x80, one.eye)), (9, encode(0x89, &one.data))];
            encode(0x30, &ordered(known, &one.other))
        };
        let blocks: Vec<_> = self.representations.iter().map(encode_one).collect();
        Ok(data_object(TAG, self.version, &blocks))
    }
}

fn representation(block: &Tlv<'_>, quirks: &mut Quirks) -> Result<IrisRepresentation, LdsError> {
    let (mut eye, mut format, mut data, mut other) = (None, None, None, Vec::new());
    for field in fields(block.nested()?, "iris representation")? {
        match field.tag {
            0x80 => eye = Some(small_integer(&field, "eye")?),
            0x89 => data = Some(field),
            tag => {
                if tag == 0xA3 {
                    format = Some(code(&field)?);
                }
                other.push(RawObject::from(&field));
            }
        }
    }
    let missing = |what| LdsError::Value { what, offset: block.offset };
    let data = data.ok_or(missing("iris image"))?;
    quirks.note_if(data.value.is_empty(), QuirkKind::EmptyValue, data.offset);
    Ok(IrisRepresentation {
        eye: eye.ok_or(missing("eye"))?,
        format: format.ok_or(missing("image data format"))?,
        data: data.value.to_vec(),
        other,
    })
}

impl fmt::Debug for IrisRepresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IrisRepresentation(eye {}, {} bytes)", self.eye, self.data.len())
    }
}
