//! The facial record of ISO/IEC 19794-5:2005 §5.

use super::{FaceImage, ImageFormat, NotAnImage};
use crate::lds::LdsError;

/// "FAC" and version "010" (§5.4).
pub(super) const FORMAT_IDENTIFIER: &[u8] = b"FAC\x00";
const VERSION: &[u8] = b"010\x00";

const RECORD_HEADER: u32 = 14;
const FACIAL_INFORMATION: u32 = 20;
const IMAGE_INFORMATION: u32 = 12;
const FEATURE_POINT: usize = 8;

/// The most faces read in one record.
const MAX_FACES: u16 = 9;

/// A record of one face: full frontal, no feature points, everything else unspecified.
pub(super) fn encode(portrait: &FaceImage) -> Result<Vec<u8>, NotAnImage> {
    let too_large = NotAnImage::TooLarge;
    let width = u16::try_from(portrait.width).map_err(|_| too_large)?;
    let height = u16::try_from(portrait.height).map_err(|_| too_large)?;
    let image_length = u32::try_from(portrait.bytes.len()).map_err(|_| too_large)?;
    let block_length = image_length.checked_add(FACIAL_INFORMATION + IMAGE_INFORMATION).ok_or(too_large)?;
    let record_length = block_length.checked_add(RECORD_HEADER).ok_or(too_large)?;

    let mut record = Vec::new();
    // §5.4 facial record header
    record.extend(FORMAT_IDENTIFIER);
    record.extend(VERSION);
    record.extend(record_length.to_be_bytes());
    record.extend(1_u16.to_be_bytes());
    // §5.5 facial information: no feature points; gender, eyes, hair, features, expression, pose unspecified
    record.extend(block_length.to_be_bytes());
    record.extend([0; 16]);
    // §5.7 image information: full frontal, format, size, RGB 24, static photograph from an unknown source
    let format = match portrait.format {
        ImageFormat::Jpeg => 0,
        ImageFormat::Jpeg2000 => 1,
    };
    record.extend([1, format]);
    record.extend(width.to_be_bytes());
    record.extend(height.to_be_bytes());
    record.extend([1, 1, 0, 0, 0, 0]);
    record.extend(&portrait.bytes);
    Ok(record)
}

/// The faces of a record. The size is the image's own, where its header can be read; the record's fields are
/// often left at other values.
pub(super) fn decode(record: &[u8], offset: usize) -> Result<Vec<FaceImage>, LdsError> {
    let mut bytes = Bytes { rest: record, offset };
    bytes.take(8, "facial record header")?;
    let record_length = bytes.u32("facial record length")?;
    if usize::try_from(record_length).ok() != Some(record.len()) {
        return Err(LdsError::Value { what: "facial record length", offset });
    }
    let count = bytes.u16("number of faces")?;
    if count > MAX_FACES {
        return Err(LdsError::Value { what: "number of faces", offset });
    }
    let mut faces = Vec::new();
    for _ in 0..count {
        let start = bytes.offset;
        let block_length = usize::try_from(bytes.u32("facial block length")?).ok();
        let wrong = LdsError::Value { what: "facial block length", offset: start };
        let rest_length = block_length.and_then(|length| length.checked_sub(4)).ok_or(wrong)?;
        let mut block = Bytes { offset: bytes.offset, rest: bytes.take(rest_length, "facial block")? };
        faces.push(face(&mut block)?);
    }
    Ok(faces)
}

fn face(block: &mut Bytes<'_>) -> Result<FaceImage, LdsError> {
    let points = usize::from(block.u16("number of feature points")?);
    block.take(14, "facial information")?;
    block.take(points.saturating_mul(FEATURE_POINT), "feature points")?;
    block.take(1, "face image type")?;
    let format_offset = block.offset;
    let format = match block.take(1, "image data type")? {
        [0] => ImageFormat::Jpeg,
        [1] => ImageFormat::Jpeg2000,
        _ => return Err(LdsError::Value { what: "image data type", offset: format_offset }),
    };
    let width = u32::from(block.u16("width")?);
    let height = u32::from(block.u16("height")?);
    block.take(6, "image information")?;
    let bytes = block.rest.to_vec();
    // Records are found whose type field and image disagree: the image decides.
    Ok(FaceImage::from_file(bytes.clone()).unwrap_or(FaceImage { format, bytes, width, height }))
}

struct Bytes<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Bytes<'a> {
    fn take(&mut self, length: usize, what: &'static str) -> Result<&'a [u8], LdsError> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or(LdsError::Value { what, offset: self.offset })?;
        self.rest = rest;
        self.offset = self.offset.saturating_add(length);
        Ok(taken)
    }

    fn u16(&mut self, what: &'static str) -> Result<u16, LdsError> {
        let bytes = self.take(2, what)?;
        Ok(bytes.iter().fold(0, |sum, byte| (sum << 8) | u16::from(*byte)))
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, LdsError> {
        let bytes = self.take(4, what)?;
        Ok(bytes.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
    }
}
