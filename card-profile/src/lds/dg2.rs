//! DG2: the encoded face (Doc 9303-10 §4.7.2), a CBEFF template around ISO/IEC 19794-5:2005 records.

mod face_image;
mod face_record;

pub use face_image::{FaceImage, ImageFormat, NotAnImage};

use super::{LdsError, small_integer};
use crate::tlv::{Reader, Tlv, Writer};

/// The most instances read (Doc 9303-10 §4.7.2.1: 1 to 9).
const MAX_INSTANCES: usize = 9;

/// CBEFF format owner ISO/IEC JTC 1/SC 37.
const FORMAT_OWNER: [u8; 2] = [0x01, 0x01];

/// CBEFF format type: face image.
const FORMAT_TYPE: [u8; 2] = [0x00, 0x08];

/// What DG2 holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dg2 {
    /// The number of instances that the file claims.
    pub claimed_instances: u32,
    /// The instances found.
    pub instances: Vec<BiometricInstance>,
}

/// One biometric information template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BiometricInstance {
    /// ISO/IEC 19794-5: the faces of the record.
    Faces(Vec<FaceImage>),
    /// A record of another format (ISO/IEC 39794-5 stands in a constructed data object 7F2E), kept as it is.
    Other(Vec<u8>),
}

impl Dg2 {
    /// Reads the file.
    ///
    /// # Errors
    /// [`LdsError`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        let mut group = Reader::new(file).expect(0x75)?.nested()?.expect(0x7F61)?.nested()?;
        let claimed_instances = small_integer(&group.expect(0x02)?, "number of faces")?;
        let mut instances = Vec::new();
        for template in group {
            let template = template?;
            if template.tag != 0x7F60 {
                continue;
            }
            if instances.len() == MAX_INSTANCES {
                return Err(LdsError::Value { what: "number of faces", offset: template.offset });
            }
            instances.push(instance(&template)?);
        }
        Ok(Self { claimed_instances, instances })
    }

    /// The first face: the portrait.
    #[must_use]
    pub fn portrait(&self) -> Option<&FaceImage> {
        self.faces().next()
    }

    /// All faces.
    pub fn faces(&self) -> impl Iterator<Item = &FaceImage> {
        self.instances.iter().flat_map(|instance| match instance {
            BiometricInstance::Faces(faces) => faces.as_slice(),
            BiometricInstance::Other(_) => &[],
        })
    }
}

/// The file around one portrait.
///
/// # Errors
/// [`NotAnImage::TooLarge`] for an image beyond the fields of the record.
pub fn to_bytes(portrait: &FaceImage) -> Result<Vec<u8>, NotAnImage> {
    let record = face_record::encode(portrait)?;
    let mut writer = Writer::new();
    writer.constructed(0x75, |dg2| {
        dg2.constructed(0x7F61, |group| {
            group.primitive(0x02, &[1]).constructed(0x7F60, |template| {
                template
                    .constructed(0xA1, |header| {
                        // ISO/IEC 7816-11: type facial features, no subtype, owner and type of the format.
                        header
                            .primitive(0x81, &[0x02])
                            .primitive(0x82, &[0x00])
                            .primitive(0x87, &FORMAT_OWNER)
                            .primitive(0x88, &FORMAT_TYPE);
                    })
                    .primitive(0x5F2E, &record);
            });
        });
    });
    Ok(writer.into_bytes())
}

/// The faces of a bare ISO/IEC 19794-5 record, without the template around it.
///
/// # Errors
/// [`LdsError`].
pub fn parse_record(record: &[u8]) -> Result<Vec<FaceImage>, LdsError> {
    if !record.starts_with(face_record::FORMAT_IDENTIFIER) {
        return Err(LdsError::Value { what: "facial record header", offset: 0 });
    }
    face_record::decode(record, 0)
}

fn instance(template: &Tlv<'_>) -> Result<BiometricInstance, LdsError> {
    let content = template.nested()?;
    if let Some(record) = content.find(0x5F2E)? {
        if record.value.starts_with(face_record::FORMAT_IDENTIFIER) {
            return face_record::decode(record.value, record.value_offset()).map(BiometricInstance::Faces);
        }
        return Ok(BiometricInstance::Other(record.raw.to_vec()));
    }
    match content.find(0x7F2E)? {
        Some(record) => Ok(BiometricInstance::Other(record.raw.to_vec())),
        None => Err(LdsError::Value { what: "biometric data block", offset: template.offset }),
    }
}
