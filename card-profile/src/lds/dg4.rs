//! DG4: irises (Doc 9303-10 §4.7.4): ISO/IEC 19794-6 in DO'5F2E', or ISO/IEC 39794-6 in DO'7F2E'.

use super::cbeff::{self, BiometricHeader};
use super::iso19794::iris::{self, IrisRecord};
use super::iso39794::iris::IrisImageData;
use super::iso39794::{self};
use super::quirk::{Quirk, QuirkKind, Quirks};
use super::raw_object::RawObject;
use super::{EncodeError, LdsError};
use crate::tlv::{Tlv, encode};

/// CBEFF biometric type: iris.
const TYPE_IRIS: u8 = 0x10;
/// Format type of ISO/IEC 19794-6.
const FORMAT_19794: u16 = 0x0009;
/// Format type of ISO/IEC 39794-6.
const FORMAT_39794: u16 = 0x002B;

/// What DG4 holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Dg4 {
    /// The number of instances that the file claims.
    pub claimed_instances: u32,
    /// The instances found.
    pub instances: Vec<IrisInstance>,
    /// The random number that makes the hashes of empty containers differ (§4.7.4.1).
    pub random: Option<Vec<u8>>,
    /// Leniencies of the reading.
    pub quirks: Vec<Quirk>,
}

/// One biometric information template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IrisInstance {
    /// What the template says of its record.
    pub header: BiometricHeader,
    /// The record.
    pub record: EyeRecord,
}

/// The record of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EyeRecord {
    /// ISO/IEC 19794-6.
    Iso19794(IrisRecord),
    /// ISO/IEC 39794-6.
    Iso39794(IrisImageData),
    /// A record of another format, kept as it is.
    Other(RawObject),
}

impl EyeRecord {
    fn decode(block: &Tlv<'_>, quirks: &mut Quirks) -> Result<Self, LdsError> {
        if block.tag == 0x5F2E && block.value.starts_with(iris::FORMAT_IDENTIFIER) {
            return IrisRecord::decode(block.value, block.value_offset(), quirks).map(Self::Iso19794);
        }
        if iso39794::is_application(block, iso39794::iris::TAG) {
            return IrisImageData::decode(block, quirks).map(Self::Iso39794);
        }
        quirks.note(QuirkKind::FormatNotRecognised, block.offset);
        Ok(Self::Other(RawObject::from(block)))
    }

    fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        match self {
            Self::Iso19794(record) => Ok(encode(0x5F2E, &record.encode()?)),
            Self::Iso39794(data) => data.encode(),
            Self::Other(object) => Ok(object.raw.clone()),
        }
    }
}

impl IrisInstance {
    /// A record of ISO/IEC 19794-6; `subtype` 1 right, 2 left (ISO/IEC 7816-11 table C.2).
    #[must_use]
    pub fn iso19794(subtype: u8, record: IrisRecord) -> Self {
        Self {
            header: BiometricHeader::new(TYPE_IRIS, subtype, FORMAT_19794),
            record: EyeRecord::Iso19794(record),
        }
    }

    /// A data block of ISO/IEC 39794-6.
    #[must_use]
    pub fn iso39794(subtype: u8, data: IrisImageData) -> Self {
        Self {
            header: BiometricHeader::new(TYPE_IRIS, subtype, FORMAT_39794),
            record: EyeRecord::Iso39794(data),
        }
    }
}

impl Dg4 {
    /// These instances.
    #[must_use]
    pub fn of(instances: Vec<IrisInstance>) -> Self {
        let claimed_instances = u32::try_from(instances.len()).unwrap_or(u32::MAX);
        Self { claimed_instances, instances, random: None, quirks: Vec::new() }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`LdsError`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        let mut group = cbeff::parse(file, 0x76)?;
        let mut instances = Vec::new();
        for template in group.templates {
            let record = EyeRecord::decode(&template.block, &mut group.quirks)?;
            instances.push(IrisInstance { header: template.header, record });
        }
        let quirks = group.quirks.into_vec();
        Ok(Self { claimed_instances: group.claimed, instances, random: group.random, quirks })
    }

    /// The file.
    ///
    /// # Errors
    /// [`EncodeError`] for what its fields cannot hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        let templates: Result<Vec<_>, EncodeError> =
            self.instances.iter().map(|one| Ok((&one.header, one.record.encode()?))).collect();
        cbeff::to_bytes(0x76, &templates?, self.random.as_deref())
    }
}

/// The random number is left out.
impl core::fmt::Debug for Dg4 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Dg4").field("instances", &self.instances).finish_non_exhaustive()
    }
}
