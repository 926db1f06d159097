//! The iris image record of ISO/IEC 19794-6:2005 §6.5 (rectilinear and polar images).

use core::fmt;

use crate::lds::bytes::Bytes;
use crate::lds::quirk::{QuirkKind, Quirks};
use crate::lds::{EncodeError, LdsError};

/// "IIR" (§6.5.1).
pub(in crate::lds) const FORMAT_IDENTIFIER: &[u8] = b"IIR\x00";
const VERSION: &[u8] = b"010\x00";
const RECORD_HEADER: u16 = 45;

/// The most images read in one record.
const MAX_IMAGES: usize = 32;

/// A record: what all its images share, and the eyes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IrisRecord {
    /// Vendor's number of the capture device.
    pub capture_device: u16,
    /// Image properties, a bit field: orientations, scan type, occlusions.
    pub properties: u16,
    /// Expected diameter of an iris in pixels; 0 unknown.
    pub diameter: u16,
    /// Image format (table 3): 2 and 4 raw, 6 and 8 JPEG, 14 and 16 JPEG 2000.
    pub image_format: u16,
    /// Width of a raw image in pixels.
    pub width: u16,
    /// Height of a raw image in pixels.
    pub height: u16,
    /// Bits per pixel.
    pub intensity_depth: u8,
    /// Transformation to polar coordinates; 0 undefined.
    pub transformation: u8,
    /// The capture device's own number.
    pub device_id: [u8; 16],
    /// The eyes.
    pub eyes: Vec<Eye>,
}

/// The images of one eye.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eye {
    /// 0 undefined, 1 right, 2 left.
    pub subtype: u8,
    /// Its images.
    pub images: Vec<IrisImage>,
}

/// One image of an iris.
#[derive(Clone, PartialEq, Eq)]
pub struct IrisImage {
    /// Number of the image.
    pub number: u16,
    /// Quality, 0 to 100; 254 undefined.
    pub quality: u8,
    /// Rotation of the eye; `FFFF` undefined.
    pub rotation: u16,
    /// Uncertainty of the rotation; `FFFF` undefined.
    pub rotation_uncertainty: u16,
    /// The image in the record's format.
    pub data: Vec<u8>,
}

impl IrisRecord {
    /// Reads a record that starts at `offset` in its file.
    pub(in crate::lds) fn decode(
        record: &[u8],
        offset: usize,
        quirks: &mut Quirks,
    ) -> Result<Self, LdsError> {
        let mut bytes = Bytes::new(record, offset);
        if bytes.take(4, "iris record header")? != FORMAT_IDENTIFIER {
            return Err(LdsError::Value { what: "iris record header", offset });
        }
        bytes.take(4, "iris record version")?;
        let length_offset = bytes.offset();
        if bytes.length::<4>("iris record length")? != record.len() {
            return Err(LdsError::Value { what: "iris record length", offset: length_offset });
        }
        let capture_device = bytes.u16("capture device")?;
        let eye_count = bytes.u8("number of eyes")?;
        let header_offset = bytes.offset();
        if bytes.u16("iris record header length")? != RECORD_HEADER {
            return Err(LdsError::Value { what: "iris record header length", offset: header_offset });
        }
        let mut read = Self {
            capture_device,
            properties: bytes.u16("image properties")?,
            diameter: bytes.u16("iris diameter")?,
            image_format: bytes.u16("image format")?,
            width: bytes.u16("image width")?,
            height: bytes.u16("image height")?,
            intensity_depth: bytes.u8("intensity depth")?,
            transformation: bytes.u8("image transformation")?,
            device_id: bytes.array("device identifier")?,
            eyes: Vec::new(),
        };
        let mut left = MAX_IMAGES;
        for _ in 0..eye_count {
            let subtype = bytes.u8("eye")?;
            let count = bytes.u16("number of iris images")?;
            let mut images = Vec::new();
            for _ in 0..count {
                let too_many = LdsError::Value { what: "number of iris images", offset: bytes.offset() };
                left = left.checked_sub(1).ok_or(too_many)?;
                images.push(image(&mut bytes, quirks)?);
            }
            read.eyes.push(Eye { subtype, images });
        }
        quirks.note_if(!bytes.is_empty(), QuirkKind::TrailingBytes, bytes.offset());
        Ok(read)
    }

    pub(in crate::lds) fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let too_long = EncodeError::TooLong { what: "iris record" };
        let too_many = EncodeError::TooMany { what: "iris images" };
        let images = self.eyes.iter().fold(0_usize, |sum, eye| sum.saturating_add(eye.images.len()));
        if images > MAX_IMAGES {
            return Err(too_many);
        }
        let mut eyes = Vec::new();
        for eye in &self.eyes {
            eyes.push(eye.subtype);
            eyes.extend(u16::try_from(eye.images.len()).map_err(|_| too_many)?.to_be_bytes());
            for image in &eye.images {
                eyes.extend(image.number.to_be_bytes());
                eyes.push(image.quality);
                eyes.extend(image.rotation.to_be_bytes());
                eyes.extend(image.rotation_uncertainty.to_be_bytes());
                eyes.extend(u32::try_from(image.data.len()).map_err(|_| too_long)?.to_be_bytes());
                eyes.extend(&image.data);
            }
        }
        let length = usize::from(RECORD_HEADER).checked_add(eyes.len()).ok_or(too_long)?;
        let mut record = Vec::with_capacity(length);
        record.extend(FORMAT_IDENTIFIER);
        record.extend(VERSION);
        record.extend(u32::try_from(length).map_err(|_| too_long)?.to_be_bytes());
        record.extend(self.capture_device.to_be_bytes());
        record.push(u8::try_from(self.eyes.len()).map_err(|_| too_many)?);
        for field in
            [RECORD_HEADER, self.properties, self.diameter, self.image_format, self.width, self.height]
        {
            record.extend(field.to_be_bytes());
        }
        record.extend([self.intensity_depth, self.transformation]);
        record.extend(self.device_id);
        record.extend(eyes);
        Ok(record)
    }
}

fn image(bytes: &mut Bytes<'_>, quirks: &mut Quirks) -> Result<IrisImage, LdsError> {
    let start = bytes.offset();
    let number = bytes.u16("iris image number")?;
    let quality = bytes.u8("iris image quality")?;
    let rotation = bytes.u16("rotation")?;
    let rotation_uncertainty = bytes.u16("rotation uncertainty")?;
    let length = bytes.length::<4>("iris image length")?;
    let data = bytes.take(length, "iris image")?.to_vec();
    quirks.note_if(data.is_empty(), QuirkKind::EmptyValue, start);
    Ok(IrisImage { number, quality, rotation, rotation_uncertainty, data })
}

impl fmt::Debug for IrisImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IrisImage(number {}, {} bytes)", self.number, self.data.len())
    }
}
