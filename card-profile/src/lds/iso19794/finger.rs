//! The finger image record of ISO/IEC 19794-4:2005 §7.

use core::fmt;

use crate::lds::bytes::Bytes;
use crate::lds::quirk::{QuirkKind, Quirks};
use crate::lds::{EncodeError, LdsError};

/// "FIR" (§7.2.1).
pub(in crate::lds) const FORMAT_IDENTIFIER: &[u8] = b"FIR\x00";
const VERSION: &[u8] = b"010\x00";
const RECORD_HEADER: usize = 32;
const FINGER_HEADER: usize = 14;

/// The most images read in one record.
const MAX_IMAGES: usize = 32;

/// Image compression algorithms (§7.2.13 table 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// 0: none, not packed.
    Uncompressed,
    /// 1: none, packed.
    Packed,
    /// 2: WSQ.
    Wsq,
    /// 3: JPEG.
    Jpeg,
    /// 4: JPEG 2000.
    Jpeg2000,
    /// 5: PNG.
    Png,
    /// Another number.
    Unknown(u8),
}

impl Compression {
    fn of(number: u8) -> Self {
        match number {
            0 => Self::Uncompressed,
            1 => Self::Packed,
            2 => Self::Wsq,
            3 => Self::Jpeg,
            4 => Self::Jpeg2000,
            5 => Self::Png,
            other => Self::Unknown(other),
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Uncompressed => 0,
            Self::Packed => 1,
            Self::Wsq => 2,
            Self::Jpeg => 3,
            Self::Jpeg2000 => 4,
            Self::Png => 5,
            Self::Unknown(number) => number,
        }
    }
}

/// A record: what all its images share, and the images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FingerRecord {
    /// Vendor's number of the capture device.
    pub capture_device: u16,
    /// Image acquisition level (table 1): 31 is what Doc 9303-9 asks for.
    pub acquisition_level: u16,
    /// 1: pixels per inch, 2: pixels per centimetre.
    pub scale_units: u8,
    /// Scan resolution, horizontal and vertical.
    pub scan_resolution: (u16, u16),
    /// Image resolution, horizontal and vertical.
    pub image_resolution: (u16, u16),
    /// Bits per pixel.
    pub pixel_depth: u8,
    /// How the images are compressed.
    pub compression: Compression,
    /// The images.
    pub images: Vec<FingerImage>,
}

/// One image of a finger or palm.
#[derive(Clone, PartialEq, Eq)]
pub struct FingerImage {
    /// Which finger (§7.3.2): 1 right thumb … 10 left little finger.
    pub position: u8,
    /// How many views of this finger there are.
    pub views: u8,
    /// Which of them this is.
    pub view: u8,
    /// Quality, 0 to 100; 254 undefined.
    pub quality: u8,
    /// Impression type (table 10).
    pub impression: u8,
    /// Pixels in a line.
    pub width: u16,
    /// Lines.
    pub height: u16,
    /// The image as the record's compression says.
    pub data: Vec<u8>,
}

impl FingerRecord {
    /// A record of WSQ images, 8 bits, 500 pixels per inch, acquisition level 31.
    #[must_use]
    pub fn wsq(images: Vec<FingerImage>) -> Self {
        Self {
            capture_device: 0,
            acquisition_level: 31,
            scale_units: 1,
            scan_resolution: (500, 500),
            image_resolution: (500, 500),
            pixel_depth: 8,
            compression: Compression::Wsq,
            images,
        }
    }

    /// Reads a record that starts at `offset` in its file.
    pub(in crate::lds) fn decode(
        record: &[u8],
        offset: usize,
        quirks: &mut Quirks,
    ) -> Result<Self, LdsError> {
        let mut bytes = Bytes::new(record, offset);
        if bytes.take(4, "finger record header")? != FORMAT_IDENTIFIER {
            return Err(LdsError::Value { what: "finger record header", offset });
        }
        bytes.take(4, "finger record version")?;
        let length_offset = bytes.offset();
        if bytes.length::<6>("finger record length")? != record.len() {
            return Err(LdsError::Value { what: "finger record length", offset: length_offset });
        }
        let capture_device = bytes.u16("capture device")?;
        let acquisition_level = bytes.u16("acquisition level")?;
        let count_offset = bytes.offset();
        let claimed = bytes.u8("number of fingers")?;
        let scale_units = bytes.u8("scale units")?;
        let scan_resolution = (bytes.u16("resolution")?, bytes.u16("resolution")?);
        let image_resolution = (bytes.u16("resolution")?, bytes.u16("resolution")?);
        let pixel_depth = bytes.u8("pixel depth")?;
        let compression = Compression::of(bytes.u8("compression")?);
        bytes.take(2, "finger record header")?;
        let mut images = Vec::new();
        while !bytes.is_empty() {
            if images.len() == MAX_IMAGES {
                return Err(LdsError::Value { what: "number of finger images", offset: bytes.offset() });
            }
            images.push(image(&mut bytes, quirks)?);
        }
        let mut fingers: Vec<u8> = images.iter().map(|image| image.position).collect();
        fingers.sort_unstable();
        fingers.dedup();
        // Fingers are counted by some, their images by others.
        let right = usize::from(claimed) == images.len() || usize::from(claimed) == fingers.len();
        quirks.note_if(!right, QuirkKind::CountDiffers, count_offset);
        Ok(Self {
            capture_device,
            acquisition_level,
            scale_units,
            scan_resolution,
            image_resolution,
            pixel_depth,
            compression,
            images,
        })
    }

    pub(in crate::lds) fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let too_long = EncodeError::TooLong { what: "finger record" };
        let count = u8::try_from(self.images.len()).ok().filter(|_| self.images.len() <= MAX_IMAGES);
        let count = count.ok_or(EncodeError::TooMany { what: "finger images" })?;
        let data = self.images.iter().fold(RECORD_HEADER, |sum, image| {
            sum.saturating_add(FINGER_HEADER).saturating_add(image.data.len())
        });
        let length = u32::try_from(data).map_err(|_| too_long)?;
        let mut record = Vec::with_capacity(data);
        record.extend(FORMAT_IDENTIFIER);
        record.extend(VERSION);
        record.extend([0, 0]);
        record.extend(length.to_be_bytes());
        record.extend(self.capture_device.to_be_bytes());
        record.extend(self.acquisition_level.to_be_bytes());
        record.extend([count, self.scale_units]);
        for (horizontal, vertical) in [self.scan_resolution, self.image_resolution] {
            record.extend(horizontal.to_be_bytes());
            record.extend(vertical.to_be_bytes());
        }
        record.extend([self.pixel_depth, self.compression.number(), 0, 0]);
        for image in &self.images {
            let length = image.data.len().checked_add(FINGER_HEADER).and_then(|sum| u32::try_from(sum).ok());
            record.extend(length.ok_or(too_long)?.to_be_bytes());
            record.extend([image.position, image.views, image.view, image.quality, image.impression]);
            record.extend(image.width.to_be_bytes());
            record.extend(image.height.to_be_bytes());
            record.push(0);
            record.extend(&image.data);
        }
        Ok(record)
    }
}

fn image(bytes: &mut Bytes<'_>, quirks: &mut Quirks) -> Result<FingerImage, LdsError> {
    let start = bytes.offset();
    let wrong = LdsError::Value { what: "finger data block length", offset: start };
    let length = bytes.length::<4>("finger data block length")?.checked_sub(4).ok_or(wrong)?;
    let mut block = bytes.part(length, "finger data block")?;
    let [position, views, view, quality, impression] = block.array("finger header")?;
    let (width, height) = (block.u16("line length")?, block.u16("line length")?);
    block.u8("finger header")?;
    let data = block.rest().to_vec();
    quirks.note_if(data.is_empty(), QuirkKind::EmptyValue, start);
    Ok(FingerImage { position, views, view, quality, impression, width, height, data })
}

impl fmt::Debug for FingerImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "FingerImage(position {}, {} × {}, {} bytes)",
            self.position,
            self.width,
            self.height,
            self.data.len()
        )
    }
}
