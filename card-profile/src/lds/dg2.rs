//! DG2: the encoded face (Doc 9303-10 §4.7.2): ISO/IEC 19794-5 in DO'5F2E', or ISO/IEC 39794-5 in DO'7F2E'.

use super::cbeff::{self, BiometricHeader};
use super::iso19794::face::{self, Face};
use super::iso39794::face::FaceImageData;
use super::iso39794::{self};
use super::quirk::{Quirk, QuirkKind, Quirks};
use super::raw_object::RawObject;
use super::{EncodeError, LdsError};
use crate::tlv::{Tlv, encode};

pub use super::face_image::{FaceImage, ImageFormat, NotAnImage};

/// CBEFF biometric type: facial features.
const TYPE_FACE: u8 = 0x02;
/// Format type of ISO/IEC 19794-5.
const FORMAT_19794: u16 = 0x0008;
/// Format type of ISO/IEC 39794-5.
const FORMAT_39794: u16 = 0x002A;

/// What DG2 holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dg2 {
    /// The number of instances that the file claims.
    pub claimed_instances: u32,
    /// The instances found.
    pub instances: Vec<BiometricInstance>,
    /// Leniencies of the reading.
    pub quirks: Vec<Quirk>,
}

/// One biometric information template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BiometricInstance {
    /// What the template says of its record.
    pub header: BiometricHeader,
    /// The record.
    pub record: FaceRecord,
}

/// The record of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaceRecord {
    /// ISO/IEC 19794-5.
    Iso19794(Vec<Face>),
    /// ISO/IEC 39794-5.
    Iso39794(FaceImageData),
    /// A record of another format, kept as it is.
    Other(RawObject),
}

impl FaceRecord {
    fn decode(block: &Tlv<'_>, quirks: &mut Quirks) -> Result<Self, LdsError> {
        if block.tag == 0x5F2E && block.value.starts_with(face::FORMAT_IDENTIFIER) {
            return face::decode(block.value, block.value_offset(), quirks).map(Self::Iso19794);
        }
        if iso39794::is_application(block, iso39794::face::TAG) {
            return FaceImageData::decode(block, quirks).map(Self::Iso39794);
        }
        quirks.note(QuirkKind::FormatNotRecognised, block.offset);
        Ok(Self::Other(RawObject::from(block)))
    }

    fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        match self {
            Self::Iso19794(faces) => Ok(encode(0x5F2E, &face::encode(faces)?)),
            Self::Iso39794(data) => data.encode(),
            Self::Other(object) => Ok(object.raw.clone()),
        }
    }
}

impl BiometricInstance {
    /// A portrait in a record of ISO/IEC 19794-5.
    #[must_use]
    pub fn iso19794(portrait: FaceImage) -> Self {
        Self {
            header: BiometricHeader::new(TYPE_FACE, 0, FORMAT_19794),
            record: FaceRecord::Iso19794(vec![Face::of_portrait(portrait)]),
        }
    }

    /// A portrait in a data block of ISO/IEC 39794-5.
    #[must_use]
    pub fn iso39794(portrait: FaceImage) -> Self {
        Self {
            header: BiometricHeader::new(TYPE_FACE, 0, FORMAT_39794),
            record: FaceRecord::Iso39794(FaceImageData::of_portrait(portrait)),
        }
    }

    /// The images of the record.
    pub fn images(&self) -> impl Iterator<Item = &FaceImage> {
        let (old, new) = match &self.record {
            FaceRecord::Iso19794(faces) => (faces.as_slice(), [].as_slice()),
            FaceRecord::Iso39794(data) => ([].as_slice(), data.representations.as_slice()),
            FaceRecord::Other(_) => ([].as_slice(), [].as_slice()),
        };
        old.iter().map(|face| &face.image).chain(new.iter().map(|representation| &representation.image))
    }
}

impl Dg2 {
    /// One instance.
    #[must_use]
    pub fn of(instance: BiometricInstance) -> Self {
        Self { claimed_instances: 1, instances: vec![instance], quirks: Vec::new() }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`LdsError`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        let mut group = cbeff::parse(file, 0x75)?;
        let mut instances = Vec::new();
        for template in group.templates {
            let record = FaceRecord::decode(&template.block, &mut group.quirks)?;
            instances.push(BiometricInstance { header: template.header, record });
        }
        Ok(Self { claimed_instances: group.claimed, instances, quirks: group.quirks.into_vec() })
    }

    /// The file.
    ///
    /// # Errors
    /// [`EncodeError`] for what its fields cannot hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        let templates: Result<Vec<_>, EncodeError> =
            self.instances.iter().map(|one| Ok((&one.header, one.record.encode()?))).collect();
        cbeff::to_bytes(0x75, &templates?, None)
    }

    /// The first face: the portrait.
    #[must_use]
    pub fn portrait(&self) -> Option<&FaceImage> {
        self.faces().next()
    }

    /// All faces.
    pub fn faces(&self) -> impl Iterator<Item = &FaceImage> {
        self.instances.iter().flat_map(BiometricInstance::images)
    }
}

/// The file around one portrait, in a record of ISO/IEC 19794-5.
///
/// # Errors
/// [`NotAnImage::TooLarge`] for an image beyond the fields of the record.
pub fn to_bytes(portrait: &FaceImage) -> Result<Vec<u8>, NotAnImage> {
    Dg2::of(BiometricInstance::iso19794(portrait.clone())).to_bytes().map_err(|error| match error {
        EncodeError::Image(error) => error,
        EncodeError::TooMany { .. } | EncodeError::TooLong { .. } => NotAnImage::TooLarge,
    })
}

/// The faces of a bare ISO/IEC 19794-5 record, without the template around it, and the leniencies of reading it.
///
/// # Errors
/// [`LdsError`].
pub fn parse_record(record: &[u8]) -> Result<(Vec<Face>, Vec<Quirk>), LdsError> {
    if !record.starts_with(face::FORMAT_IDENTIFIER) {
        return Err(LdsError::Value { what: "facial record header", offset: 0 });
    }
    let mut quirks = Quirks::default();
    Ok((face::decode(record, 0, &mut quirks)?, quirks.into_vec()))
}
