//! The facial record of ISO/IEC 19794-5:2005 §5.

use crate::lds::bytes::Bytes;
use crate::lds::quirk::{QuirkKind, Quirks};
use crate::lds::{EncodeError, FaceImage, ImageFormat, LdsError, NotAnImage};

/// "FAC" and version "010" (§5.4).
pub(in crate::lds) const FORMAT_IDENTIFIER: &[u8] = b"FAC\x00";
const VERSION: &[u8] = b"010\x00";

const RECORD_HEADER: usize = 14;
const FACIAL_INFORMATION: usize = 20;
const FEATURE_POINT: usize = 8;
const IMAGE_INFORMATION: usize = 12;

/// The most faces read in one record.
const MAX_FACES: u16 = 9;

/// One face: what is told of it, and its image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// §5.5 facial information.
    pub information: FacialInformation,
    /// §5.6 feature points.
    pub feature_points: Vec<FeaturePoint>,
    /// §5.7 image information, without format and size: those are the image's.
    pub image_information: ImageInformation,
    /// The image.
    pub image: FaceImage,
}

/// What is told of the person (§5.5). Zeros are "unspecified".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FacialInformation {
    /// 1 male, 2 female, 255 unknown.
    pub gender: u8,
    /// Eye colour (table 5).
    pub eye_colour: u8,
    /// Hair colour (table 6).
    pub hair_colour: u8,
    /// Property mask (table 7), bit 0 set when the others mean anything.
    pub properties: [u8; 3],
    /// Expression (table 8).
    pub expression: u16,
    /// Pose angles: yaw, pitch, roll.
    pub pose: [u8; 3],
    /// Uncertainties of the angles.
    pub pose_uncertainty: [u8; 3],
}

/// A feature point (§5.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeaturePoint {
    /// 1: a point of ISO/IEC 14496-2.
    pub kind: u8,
    /// Major and minor code of the point, four bits each.
    pub code: u8,
    /// Distance from the left in pixels.
    pub x: u16,
    /// Distance from the top in pixels.
    pub y: u16,
}

/// What is told of the picture (§5.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageInformation {
    /// Face image type: 0 basic, 1 full frontal, 2 token frontal.
    pub image_type: u8,
    /// Colour space: 1 is RGB of 24 bits.
    pub colour_space: u8,
    /// Source type: 1 is a static photograph from an unknown source.
    pub source_type: u8,
    /// Vendor's number of the capture device.
    pub device_type: u16,
    /// Quality; 0 unspecified.
    pub quality: u16,
}

impl Default for ImageInformation {
    /// A full frontal static photograph, RGB 24.
    fn default() -> Self {
        Self { image_type: 1, colour_space: 1, source_type: 1, device_type: 0, quality: 0 }
    }
}

impl Face {
    /// A portrait of which nothing else is told.
    #[must_use]
    pub fn of_portrait(image: FaceImage) -> Self {
        Self {
            information: FacialInformation::default(),
            feature_points: Vec::new(),
            image_information: ImageInformation::default(),
            image,
        }
    }
}

/// A record of these faces.
pub(in crate::lds) fn encode(faces: &[Face]) -> Result<Vec<u8>, EncodeError> {
    let too_large = EncodeError::Image(NotAnImage::TooLarge);
    let count = u16::try_from(faces.len()).ok().filter(|count| *count <= MAX_FACES);
    let count = count.ok_or(EncodeError::TooMany { what: "faces" })?;
    let mut blocks = Vec::new();
    for face in faces {
        let width = u16::try_from(face.image.width).map_err(|_| too_large)?;
        let height = u16::try_from(face.image.height).map_err(|_| too_large)?;
        let points = u16::try_from(face.feature_points.len())
            .map_err(|_| EncodeError::TooMany { what: "feature points" })?;
        let length = face
            .feature_points
            .len()
            .checked_mul(FEATURE_POINT)
            .and_then(|sum| sum.checked_add(FACIAL_INFORMATION)?.checked_add(IMAGE_INFORMATION))
            .and_then(|sum| sum.checked_add(face.image.bytes.len()))
            .and_then(|sum| u32::try_from(sum).ok())
            .ok_or(too_large)?;
        let told = &face.information;
        blocks.extend(length.to_be_bytes());
        blocks.extend(points.to_be_bytes());
        blocks.extend([told.gender, told.eye_colour, told.hair_colour]);
        blocks.extend(told.properties);
        blocks.extend(told.expression.to_be_bytes());
        blocks.extend(told.pose);
        blocks.extend(told.pose_uncertainty);
        for point in &face.feature_points {
            blocks.extend([point.kind, point.code]);
            blocks.extend(point.x.to_be_bytes());
            blocks.extend(point.y.to_be_bytes());
            blocks.extend([0, 0]);
        }
        let format = match face.image.format {
            ImageFormat::Jpeg => 0,
            ImageFormat::Jpeg2000 => 1,
        };
        let picture = &face.image_information;
        blocks.extend([picture.image_type, format]);
        blocks.extend(width.to_be_bytes());
        blocks.extend(height.to_be_bytes());
        blocks.extend([picture.colour_space, picture.source_type]);
        blocks.extend(picture.device_type.to_be_bytes());
        blocks.extend(picture.quality.to_be_bytes());
        blocks.extend(&face.image.bytes);
    }
    let length = blocks.len().checked_add(RECORD_HEADER).and_then(|sum| u32::try_from(sum).ok());
    let mut record = Vec::new();
    record.extend(FORMAT_IDENTIFIER);
    record.extend(VERSION);
    record.extend(length.ok_or(too_large)?.to_be_bytes());
    record.extend(count.to_be_bytes());
    record.extend(blocks);
    Ok(record)
}

/// The faces of a record that starts at `offset` in its file. The size is the image's own, where its header can be read;
/// the record's fields are often left at other values.
pub(in crate::lds) fn decode(
    record: &[u8],
    offset: usize,
    quirks: &mut Quirks,
) -> Result<Vec<Face>, LdsError> {
    let mut bytes = Bytes::new(record, offset);
    bytes.take(8, "facial record header")?;
    if bytes.length::<4>("facial record length")? != record.len() {
        return Err(LdsError::Value { what: "facial record length", offset });
    }
    let count = bytes.u16("number of faces")?;
    if count > MAX_FACES {
        return Err(LdsError::Value { what: "number of faces", offset });
    }
    let mut faces = Vec::new();
    for _ in 0..count {
        let start = bytes.offset();
        let wrong = LdsError::Value { what: "facial block length", offset: start };
        let length = bytes.length::<4>("facial block length")?.checked_sub(4).ok_or(wrong)?;
        faces.push(face(&mut bytes.part(length, "facial block")?, quirks)?);
    }
    quirks.note_if(!bytes.is_empty(), QuirkKind::TrailingBytes, bytes.offset());
    Ok(faces)
}

fn face(block: &mut Bytes<'_>, quirks: &mut Quirks) -> Result<Face, LdsError> {
    let points = block.u16("number of feature points")?;
    let [gender, eye_colour, hair_colour] = block.array("facial information")?;
    let information = FacialInformation {
        gender,
        eye_colour,
        hair_colour,
        properties: block.array("facial information")?,
        expression: block.u16("facial information")?,
        pose: block.array("facial information")?,
        pose_uncertainty: block.array("facial information")?,
    };
    let points_length = usize::from(points).saturating_mul(FEATURE_POINT);
    let mut rest = block.part(points_length, "feature points")?;
    let mut feature_points = Vec::new();
    while !rest.is_empty() {
        let [kind, code] = rest.array("feature point")?;
        let (x, y) = (rest.u16("feature point")?, rest.u16("feature point")?);
        rest.take(2, "feature point")?;
        feature_points.push(FeaturePoint { kind, code, x, y });
    }
    let start = block.offset();
    let image_type = block.u8("face image type")?;
    let format_offset = block.offset();
    let format = match block.u8("image data type")? {
        0 => ImageFormat::Jpeg,
        1 => ImageFormat::Jpeg2000,
        _ => return Err(LdsError::Value { what: "image data type", offset: format_offset }),
    };
    let width = u32::from(block.u16("width")?);
    let height = u32::from(block.u16("height")?);
    let [colour_space, source_type] = block.array("image information")?;
    let image_information = ImageInformation {
        image_type,
        colour_space,
        source_type,
        device_type: block.u16("image information")?,
        quality: block.u16("image information")?,
    };
    let bytes = block.rest().to_vec();
    // Records are found whose type and size fields and image disagree: the image decides.
    let image = FaceImage::lenient(bytes, format, (width, height), start, quirks);
    Ok(Face { information, feature_points, image_information, image })
}
