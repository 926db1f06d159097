//! The face image data block of ISO/IEC 39794-5 (ICAO application profile).
//!
//! This software makes use of the schema from ISO/IEC 39794-5 within modifications permitted in that standard.

use super::block::{code, encode_code, fields, integer, ordered};
use super::{CaptureDateTime, Quality, VersionBlock, data_object, representations};
use crate::lds::quirk::{Quirk, QuirkKind, Quirks};
use crate::lds::raw_object::RawObject;
use crate::lds::{EncodeError, FaceImage, ImageFormat, LdsError, NotAnImage, small_integer};
use crate::tlv::{Reader, Tlv, encode};

/// [APPLICATION 5].
pub(in crate::lds) const TAG: u32 = 0x65;

/// ```text
/// FaceImageDataBlock ::= [APPLICATION 5] SEQUENCE {
///   versionBlock [0] VersionBlock, representationBlocks [1] SEQUENCE OF RepresentationBlock, ... }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaceImageData {
    /// Edition.
    pub version: VersionBlock,
    /// The representations: one in a travel document.
    pub representations: Vec<FaceRepresentation>,
}

/// ```text
/// RepresentationBlock ::= SEQUENCE { representationId [0] INTEGER, imageRepresentation [1] ImageRepresentation,
///   captureDateTimeBlock [2] OPTIONAL, qualityBlocks [3] OPTIONAL, padDataBlock [4] OPTIONAL, sessionId [5] OPTIONAL,
///   derivedFrom [6] OPTIONAL, captureDeviceBlock [7] OPTIONAL, identityMetadataBlock [8] OPTIONAL,
///   landmarkBlocks [9] OPTIONAL, ... }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaceRepresentation {
    /// Number of the representation.
    pub id: u32,
    /// The image.
    pub image: FaceImage,
    /// What is told of the image.
    pub information: ImageInformation2D,
    /// `captureDevice2DBlock` and extensions of the representation, as they stand.
    pub device_2d: Vec<RawObject>,
    /// When it was captured.
    pub captured: Option<CaptureDateTime>,
    /// Assessments of the image.
    pub quality: Vec<Quality>,
    /// The other blocks, as they stand.
    pub other: Vec<RawObject>,
}

/// ```text
/// ImageInformation2DBlock ::= SEQUENCE { imageDataFormat [0], faceImageKind2D [1] OPTIONAL, …, imageSizeBlock [7] OPTIONAL,
///   imageFaceMeasurementsBlock [8] OPTIONAL, imageColourSpace [9] OPTIONAL, referenceColourMappingBlock [10] OPTIONAL, ... }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageInformation2D {
    /// 2 JPEG, 3 JPEG 2000 lossy, 4 JPEG 2000 lossless; `None` for an extension.
    pub format: Option<u32>,
    /// 0: for a machine readable travel document.
    pub kind: Option<u32>,
    /// Width and height as told; the image's own decide.
    pub size: Option<(u16, u16)>,
    /// Colour space: 2 is RGB of 24 bits.
    pub colour_space: Option<u32>,
    /// The other fields, as they stand.
    pub other: Vec<RawObject>,
}

impl FaceImageData {
    /// A minimal conforming data block around a portrait: version, image, format, kind and size.
    #[must_use]
    pub fn of_portrait(image: FaceImage) -> Self {
        let size = u16::try_from(image.width).ok().zip(u16::try_from(image.height).ok());
        let format = match image.format {
            ImageFormat::Jpeg => 2,
            ImageFormat::Jpeg2000 => 3,
        };
        Self {
            version: VersionBlock::FIRST,
            representations: vec![FaceRepresentation {
                id: 0,
                image,
                information: ImageInformation2D {
                    format: Some(format),
                    kind: None,
                    size,
                    colour_space: None,
                    other: Vec::new(),
                },
                device_2d: Vec::new(),
                captured: None,
                quality: Vec::new(),
                other: Vec::new(),
            }],
        }
    }

    /// Reads a bare data block, the value of DO'7F2E', and tells the leniencies of reading it.
    ///
    /// # Errors
    /// [`LdsError`].
    pub fn parse(data_block: &[u8]) -> Result<(Self, Vec<Quirk>), LdsError> {
        let object = encode(0x7F2E, data_block);
        let mut quirks = Quirks::default();
        let read = Self::decode(&Reader::new(&object).read()?, &mut quirks)?;
        Ok((read, quirks.into_vec()))
    }

    /// Reads DO'7F2E'.
    pub(in crate::lds) fn decode(block: &Tlv<'_>, quirks: &mut Quirks) -> Result<Self, LdsError> {
        let (version, found) = representations(block, TAG, quirks)?;
        let representations =
            found.iter().map(|block| representation(block, quirks)).collect::<Result<_, _>>()?;
        Ok(Self { version, representations })
    }

    /// DO'7F2E'.
    pub(in crate::lds) fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut blocks = Vec::new();
        for representation in &self.representations {
            if representation.image.bytes.len() > MAX_IMAGE {
                return Err(EncodeError::Image(NotAnImage::TooLarge));
            }
            blocks.push(representation.encode());
        }
        Ok(data_object(TAG, self.version, &blocks))
    }
}

/// The largest image written: a file of a card is far smaller.
const MAX_IMAGE: usize = 1 << 24;

fn missing(what: &'static str, offset: usize) -> LdsError {
    LdsError::Value { what, offset }
}

fn representation(block: &Tlv<'_>, quirks: &mut Quirks) -> Result<FaceRepresentation, LdsError> {
    let (mut id, mut picture, mut captured, mut quality, mut other) =
        (None, None, None, Vec::new(), Vec::new());
    for field in fields(block.nested()?, "face representation")? {
        match field.tag {
            0x80 => id = Some(small_integer(&field, "number of the representation")?),
            0xA1 => picture = Some(image_2d(&field, quirks)?),
            0xA2 => captured = Some(CaptureDateTime::decode(&field)?),
            0xA3 => quality = Quality::decode_all(&field)?,
            _ => other.push(RawObject::from(&field)),
        }
    }
    let (image, information, device_2d) = picture.ok_or(missing("face image", block.offset))?;
    let id = id.ok_or(missing("number of the representation", block.offset))?;
    Ok(FaceRepresentation { id, image, information, device_2d, captured, quality, other })
}

type Picture = (FaceImage, ImageInformation2D, Vec<RawObject>);

/// `base [0] { imageRepresentation2DBlock [0] { representationData2D [0], imageInformation2DBlock [1], … } }`
fn image_2d(choice: &Tlv<'_>, quirks: &mut Quirks) -> Result<Picture, LdsError> {
    let block = choice.nested()?.expect(0xA0)?.nested()?.expect(0xA0)?;
    let (mut data, mut information, mut other) = (None, None, Vec::new());
    for field in fields(block.nested()?, "face image")? {
        match field.tag {
            0x80 => data = Some(field),
            0xA1 => information = Some(image_information(&field)?),
            _ => other.push(RawObject::from(&field)),
        }
    }
    let data = data.ok_or(missing("face image", block.offset))?;
    let information = information.ok_or(missing("image information", block.offset))?;
    let format = match information.format {
        Some(2) => ImageFormat::Jpeg,
        Some(3 | 4) => ImageFormat::Jpeg2000,
        _ => {
            let found = ImageFormat::of(data.value);
            quirks.note(QuirkKind::ImageFormatDiffers, data.offset);
            found.ok_or(missing("image data format", data.offset))?
        }
    };
    // Size is optional: the image's own is no contradiction then.
    let claimed = match information.size {
        Some((width, height)) => (u32::from(width), u32::from(height)),
        None => FaceImage::from_file(data.value.to_vec()).map_or((0, 0), |image| (image.width, image.height)),
    };
    let image = FaceImage::lenient(data.value.to_vec(), format, claimed, data.offset, quirks);
    Ok((image, information, other))
}

fn image_information(block: &Tlv<'_>) -> Result<ImageInformation2D, LdsError> {
    let mut read =
        ImageInformation2D { format: None, kind: None, size: None, colour_space: None, other: Vec::new() };
    let mut format = None;
    for field in fields(block.nested()?, "image information")? {
        // An extension without fallback, or a form with one, is kept as it stands; its code is read beside it.
        match field.tag {
            0xA0 => format = Some(code(&field)?),
            0xA1 => read.kind = code(&field)?,
            0xA7 => read.size = Some(size(&field)?),
            0xA9 => read.colour_space = code(&field)?,
            _ => {}
        }
        if !is_plain(&field) {
            read.other.push(RawObject::from(&field));
        }
    }
    read.format = format.ok_or(missing("image data format", block.offset))?;
    Ok(read)
}

/// Whether the encoder writes this field just as it stands: a code in its base form, or the size.
fn is_plain(field: &Tlv<'_>) -> bool {
    match field.tag {
        0xA0 | 0xA1 | 0xA9 => {
            code(field).ok().flatten().is_some_and(|value| encode_code(field.tag, value) == field.raw)
        }
        0xA7 => size(field).is_ok_and(|size| encode_size(size) == field.raw),
        _ => false,
    }
}

fn size(block: &Tlv<'_>) -> Result<(u16, u16), LdsError> {
    let mut fields = block.nested()?;
    let mut side = |tag| {
        let field = fields.expect(tag)?;
        let wrong = LdsError::Value { what: "image size", offset: field.offset };
        u16::try_from(small_integer(&field, "image size")?).map_err(|_| wrong)
    };
    Ok((side(0x80)?, side(0x81)?))
}

fn encode_size((width, height): (u16, u16)) -> Vec<u8> {
    encode(0xA7, &[integer(0x80, width.into()), integer(0x81, height.into())].concat())
}

impl FaceRepresentation {
    fn encode(&self) -> Vec<u8> {
        let picture =
            vec![(0, encode(0x80, &self.image.bytes)), (1, encode(0xA1, &self.information.content()))];
        let block = encode(0xA0, &ordered(picture, &self.device_2d));
        let mut known = vec![(0, integer(0x80, self.id)), (1, encode(0xA1, &encode(0xA0, &block)))];
        if let Some(captured) = &self.captured {
            known.push((2, encode(0xA2, &captured.content())));
        }
        if !self.quality.is_empty() {
            known.push((3, encode(0xA3, &Quality::content(&self.quality))));
        }
        encode(0x30, &ordered(known, &self.other))
    }
}

impl ImageInformation2D {
    fn content(&self) -> Vec<u8> {
        let kept = |tag: u32| self.other.iter().any(|object| object.tag == tag);
        let mut known = Vec::new();
        for (number, tag, value) in
            [(0, 0xA0, self.format), (1, 0xA1, self.kind), (9, 0xA9, self.colour_space)]
        {
            if let Some(value) = value.filter(|_| !kept(tag)) {
                known.push((number, encode_code(tag, value)));
            }
        }
        if let Some(size) = self.size.filter(|_| !kept(0xA7)) {
            known.push((7, encode_size(size)));
        }
        ordered(known, &self.other)
    }
}
