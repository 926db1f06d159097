//! DG3: fingerprints (Doc 9303-10 §4.7.3): ISO/IEC 19794-4 in DO'5F2E', or ISO/IEC 39794-4 in DO'7F2E'. A CCCD carries
//! the container without an instance.

use super::cbeff::{self, BiometricHeader};
use super::iso19794::finger::{self, FingerRecord};
use super::iso39794::finger::FingerImageData;
use super::iso39794::{self};
use super::quirk::{Quirk, QuirkKind, Quirks};
use super::raw_object::RawObject;
use super::{EncodeError, LdsError};
use crate::tlv::{Tlv, encode};

/// CBEFF biometric type: fingerprint.
const TYPE_FINGER: u8 = 0x08;
/// Format type of ISO/IEC 19794-4.
const FORMAT_19794: u16 = 0x0007;
/// Format type of ISO/IEC 39794-4.
const FORMAT_39794: u16 = 0x0029;

/// What DG3 holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Dg3 {
    /// The number of instances that the file claims.
    pub claimed_instances: u32,
    /// The instances found.
    pub instances: Vec<FingerInstance>,
    /// The random number that makes the hashes of empty containers differ (§4.7.3.1).
    pub random: Option<Vec<u8>>,
    /// Leniencies of the reading.
    pub quirks: Vec<Quirk>,
}

/// One biometric information template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FingerInstance {
    /// What the template says of its record.
    pub header: BiometricHeader,
    /// The record.
    pub record: FingerprintRecord,
}

/// The record of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FingerprintRecord {
    /// ISO/IEC 19794-4.
    Iso19794(FingerRecord),
    /// ISO/IEC 39794-4.
    Iso39794(FingerImageData),
    /// A record of another format, kept as it is.
    Other(RawObject),
}

impl FingerprintRecord {
    fn decode(block: &Tlv<'_>, quirks: &mut Quirks) -> Result<Self, LdsError> {
        if block.tag == 0x5F2E && block.value.starts_with(finger::FORMAT_IDENTIFIER) {
            return FingerRecord::decode(block.value, block.value_offset(), quirks).map(Self::Iso19794);
        }
        if iso39794::is_application(block, iso39794::finger::TAG) {
            return FingerImageData::decode(block, quirks).map(Self::Iso39794);
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

impl FingerInstance {
    /// A record of ISO/IEC 19794-4; `subtype` names the finger (ISO/IEC 7816-11 table C.2).
    #[must_use]
    pub fn iso19794(subtype: u8, record: FingerRecord) -> Self {
        Self {
            header: BiometricHeader::new(TYPE_FINGER, subtype, FORMAT_19794),
            record: FingerprintRecord::Iso19794(record),
        }
    }

    /// A data block of ISO/IEC 39794-4.
    #[must_use]
    pub fn iso39794(subtype: u8, data: FingerImageData) -> Self {
        Self {
            header: BiometricHeader::new(TYPE_FINGER, subtype, FORMAT_39794),
            record: FingerprintRecord::Iso39794(data),
        }
    }
}

impl Dg3 {
    /// These instances.
    #[must_use]
    pub fn of(instances: Vec<FingerInstance>) -> Self {
        let claimed_instances = u32::try_from(instances.len()).unwrap_or(u32::MAX);
        Self { claimed_instances, instances, random: None, quirks: Vec::new() }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`LdsError`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        let mut group = cbeff::parse(file, 0x63)?;
        let mut instances = Vec::new();
        for template in group.templates {
            let record = FingerprintRecord::decode(&template.block, &mut group.quirks)?;
            instances.push(FingerInstance { header: template.header, record });
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
        cbeff::to_bytes(0x63, &templates?, self.random.as_deref())
    }
}

/// The random number is left out.
impl core::fmt::Debug for Dg3 {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Dg3").field("instances", &self.instances).finish_non_exhaustive()
    }
}

/// DG3 without an instance: count 0, and a random number in DO'53', so that the hashes of empty containers differ
/// (Doc 9303-10 §4.7.3.1).
#[must_use]
pub fn empty(random: &[u8; 16]) -> Vec<u8> {
    encode(0x63, &encode(0x7F61, &[encode(0x02, &[0]), encode(0x53, random)].concat()))
}

/// How many instances the file claims to hold.
///
/// # Errors
/// [`LdsError`].
pub fn instance_count(file: &[u8]) -> Result<u32, LdsError> {
    cbeff::parse(file, 0x63).map(|group| group.claimed)
}
