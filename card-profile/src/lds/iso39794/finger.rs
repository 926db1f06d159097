//! The finger image data block of ISO/IEC 39794-4.
//!
//! This software makes use of the schema from ISO/IEC 39794-4 within modifications permitted in that standard.

use core::fmt;

use super::block::{code, encode_code, fields, ordered};
use super::{CaptureDateTime, Quality, VersionBlock, data_object, representations};
use crate::lds::quirk::{QuirkKind, Quirks};
use crate::lds::raw_object::RawObject;
use crate::lds::{EncodeError, LdsError};
use crate::tlv::{Tlv, encode};

/// [APPLICATION 4].
pub(in crate::lds) const TAG: u32 = 0x64;

/// ```text
/// FingerImageDataBlock ::= [APPLICATION 4] SEQUENCE {
///   versionBlock [0] VersionBlock, representationBlocks [1] SEQUENCE OF RepresentationBlock, ... }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FingerImageData {
    /// Edition.
    pub version: VersionBlock,
    /// The images.
    pub representations: Vec<FingerRepresentation>,
}

/// ```text
/// RepresentationBlock ::= SEQUENCE { position [0] Position, impression [1] Impression, imageDataFormat [2] ImageDataFormat,
///   imageData [3] OCTET STRING, captureDateTimeBlock [4] OPTIONAL, captureDeviceBlock [5] OPTIONAL,
///   qualityBlocks [6] OPTIONAL, spatialSamplingRateBlock [7] OPTIONAL, …, vendorSpecificDataBlocks [16] OPTIONAL, ... }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct FingerRepresentation {
    /// Which finger: 1 right thumb … 10 left little finger; `None` for an extension.
    pub position: Option<u32>,
    /// 0: plain contact; `None` for an extension.
    pub impression: Option<u32>,
    /// 0 PGM, 1 WSQ, 2 JPEG 2000 lossy, 3 JPEG 2000 lossless, 4 PNG; `None` for an extension.
    pub format: Option<u32>,
    /// The image file.
    pub data: Vec<u8>,
    /// When it was captured.
    pub captured: Option<CaptureDateTime>,
    /// Assessments of the image.
    pub quality: Vec<Quality>,
    /// The other blocks, as they stand, and codes in the form of an extension.
    pub other: Vec<RawObject>,
}

impl FingerRepresentation {
    /// The WSQ image of a finger pressed flat.
    #[must_use]
    pub fn wsq(position: u8, data: Vec<u8>) -> Self {
        Self {
            position: Some(position.into()),
            impression: Some(0),
            format: Some(1),
            data,
            captured: None,
            quality: Vec::new(),
            other: Vec::new(),
        }
    }

    fn decode(block: &Tlv<'_>, quirks: &mut Quirks) -> Result<Self, LdsError> {
        let (mut position, mut impression, mut format, mut data) = (None, None, None, None);
        let (mut captured, mut quality, mut other) = (None, Vec::new(), Vec::new());
        for field in fields(block.nested()?, "finger representation")? {
            match field.tag {
                0xA0 => position = Some(code(&field)?),
                0xA1 => impression = Some(code(&field)?),
                0xA2 => format = Some(code(&field)?),
                0x83 => data = Some(field),
                0xA4 => captured = Some(CaptureDateTime::decode(&field)?),
                0xA6 => quality = Quality::decode_all(&field)?,
                _ => other.push(RawObject::from(&field)),
            }
            let extended = matches!(field.tag, 0xA0..=0xA2)
                && code(&field)?.is_none_or(|value| encode_code(field.tag, value) != field.raw);
            if extended {
                other.push(RawObject::from(&field));
            }
        }
        let missing = |what| LdsError::Value { what, offset: block.offset };
        let data = data.ok_or(missing("finger image"))?;
        quirks.note_if(data.value.is_empty(), QuirkKind::EmptyValue, data.offset);
        Ok(Self {
            position: position.ok_or(missing("finger position"))?,
            impression: impression.ok_or(missing("impression"))?,
            format: format.ok_or(missing("image data format"))?,
            data: data.value.to_vec(),
            captured,
            quality,
            other,
        })
    }

    fn encode(&self) -> Vec<u8> {
        let mut known = vec![(3, encode(0x83, &self.data))];
        for (number, tag, value) in
            [(0, 0xA0, self.position), (1, 0xA1, self.impression), (2, 0xA2, self.format)]
        {
            let kept = self.other.iter().any(|object| object.tag == tag);
            if let Some(value) = value.filter(|_| !kept) {
                known.push((number, encode_code(tag, value)));
            }
        }
        if let Some(captured) = &self.captured {
            known.push((4, encode(0xA4, &captured.content())));
        }
        if !self.quality.is_empty() {
            known.push((6, encode(0xA6, &Quality::content(&self.quality))));
        }
        encode(0x30, &ordered(known, &self.other))
    }
}

impl FingerImageData {
    /// Reads DO'7F2E'.
    pub(in crate::lds) fn decode(block: &Tlv<'_>, quirks: &mut Quirks) -> Result<Self, LdsError> {
        let (version, found) = representations(block, TAG, quirks)?;
        let representations = found
            .iter()
            .map(|block| FingerRepresentation::decode(block, quirks))
            .collect::<Result<_, _>>()?;
        Ok(Self { version, representations })
    }

    /// DO'7F2E'.
    pub(in crate::lds) fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let blocks: Vec<_> = self.representations.iter().map(FingerRepresentation::encode).collect();
        Ok(data_object(TAG, self.version, &blocks))
    }
}

impl fmt::Debug for FingerRepresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FingerRepresentation(position {:?}, {} bytes)", self.position, self.data.len())
    }
}
