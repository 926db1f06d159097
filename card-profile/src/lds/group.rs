//! Any data group by its number: parsed and encoded.

use super::dg2::Dg2;
use super::dg3::Dg3;
use super::dg4::Dg4;
use super::dg11::Dg11;
use super::dg12::Dg12;
use super::dg13::Dg13;
use super::dg16::Dg16;
use super::displayed_image::DisplayedImages;
use super::opaque::OpaqueGroup;
use super::public_key::PublicKeyInfo;
use super::quirk::{Quirk, QuirkKind};
use super::security_infos::SecurityInfos;
use super::{DataGroupNumber, EncodeError, LdsError, dg1, dg14, dg15};
use crate::mrz::Mrz;
use crate::tlv::{self, Reader};

/// A data group, DG1 to DG16 (Doc 9303-10 §4.7). What is hashed is the file, never a re-encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DataGroup {
    /// DG1: the machine readable zone.
    Dg1(Mrz),
    /// DG2: the face.
    Dg2(Dg2),
    /// DG3: fingerprints.
    Dg3(Dg3),
    /// DG4: irises.
    Dg4(Dg4),
    /// DG5: the displayed portrait.
    Dg5(DisplayedImages),
    /// DG6: reserved.
    Dg6(OpaqueGroup),
    /// DG7: the displayed signature or usual mark.
    Dg7(DisplayedImages),
    /// DG8: data features.
    Dg8(OpaqueGroup),
    /// DG9: structure features.
    Dg9(OpaqueGroup),
    /// DG10: substance features.
    Dg10(OpaqueGroup),
    /// DG11: additional personal details.
    Dg11(Box<Dg11>),
    /// DG12: additional document details.
    Dg12(Box<Dg12>),
    /// DG13: national data. Vietnam's structure, or any other state's, kept as it stands.
    Dg13(NationalGroup),
    /// DG14: security infos.
    Dg14(SecurityInfos),
    /// DG15: the Active Authentication key.
    Dg15(KeyGroup),
    /// DG16: persons to notify.
    Dg16(Dg16),
}

/// DG13 as far as it is known.
#[derive(Clone, PartialEq, Eq)]
pub enum NationalGroup {
    /// Vietnam's structure.
    Vietnam(Box<Dg13>),
    /// Another state's: the value of the file.
    Other(Vec<u8>),
}

/// DG15 as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyGroup {
    /// A key.
    Key(PublicKeyInfo),
    /// A value that is no `SubjectPublicKeyInfo`, as it stands: nothing can be authenticated with it.
    NotAKey(Vec<u8>),
}

impl core::fmt::Debug for NationalGroup {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Vietnam(dg13) => f.debug_tuple("Vietnam").field(dg13).finish(),
            Self::Other(value) => write!(f, "Other({} bytes)", value.len()),
        }
    }
}

impl DataGroup {
    /// Reads the file of this number.
    ///
    /// # Errors
    /// [`LdsError`] when not even the group's own structure is there.
    pub fn parse(number: DataGroupNumber, file: &[u8]) -> Result<Self, LdsError> {
        Ok(match number.value() {
            1 => Self::Dg1(dg1::parse(file)?),
            2 => Self::Dg2(Dg2::parse(file)?),
            3 => Self::Dg3(Dg3::parse(file)?),
            4 => Self::Dg4(Dg4::parse(file)?),
            5 => Self::Dg5(DisplayedImages::parse(file, number)?),
            6 => Self::Dg6(OpaqueGroup::parse(file, number)?),
            7 => Self::Dg7(DisplayedImages::parse(file, number)?),
            8 => Self::Dg8(OpaqueGroup::parse(file, number)?),
            9 => Self::Dg9(OpaqueGroup::parse(file, number)?),
            10 => Self::Dg10(OpaqueGroup::parse(file, number)?),
            11 => Self::Dg11(Box::new(Dg11::parse(file)?)),
            12 => Self::Dg12(Box::new(Dg12::parse(file)?)),
            13 => {
                let value = Reader::new(file).expect(number.tag())?.value;
                Self::Dg13(match Dg13::parse(file) {
                    Ok(dg13) => NationalGroup::Vietnam(Box::new(dg13)),
                    Err(_) => NationalGroup::Other(value.to_vec()),
                })
            }
            14 => Self::Dg14(dg14::parse(file)?),
            15 => {
                let value = Reader::new(file).expect(number.tag())?.value;
                Self::Dg15(match dg15::parse(file) {
                    Ok(key) => KeyGroup::Key(key),
                    Err(_) => KeyGroup::NotAKey(value.to_vec()),
                })
            }
            _ => Self::Dg16(Dg16::parse(file)?),
        })
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> DataGroupNumber {
        match self {
            Self::Dg1(_) => DataGroupNumber::DG1,
            Self::Dg2(_) => DataGroupNumber::DG2,
            Self::Dg3(_) => DataGroupNumber::DG3,
            Self::Dg4(_) => DataGroupNumber::DG4,
            Self::Dg5(_) => DataGroupNumber::DG5,
            Self::Dg6(_) => DataGroupNumber::DG6,
            Self::Dg7(_) => DataGroupNumber::DG7,
            Self::Dg8(_) => DataGroupNumber::DG8,
            Self::Dg9(_) => DataGroupNumber::DG9,
            Self::Dg10(_) => DataGroupNumber::DG10,
            Self::Dg11(_) => DataGroupNumber::DG11,
            Self::Dg12(_) => DataGroupNumber::DG12,
            Self::Dg13(_) => DataGroupNumber::DG13,
            Self::Dg14(_) => DataGroupNumber::DG14,
            Self::Dg15(_) => DataGroupNumber::DG15,
            Self::Dg16(_) => DataGroupNumber::DG16,
        }
    }

    /// The file.
    ///
    /// # Errors
    /// [`EncodeError`] for what the fields of the group cannot hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        let number = self.number();
        Ok(match self {
            Self::Dg1(zone) => dg1::to_bytes(zone),
            Self::Dg2(group) => group.to_bytes()?,
            Self::Dg3(group) => group.to_bytes()?,
            Self::Dg4(group) => group.to_bytes()?,
            Self::Dg5(group) | Self::Dg7(group) => group.to_bytes(number)?,
            Self::Dg6(group) | Self::Dg8(group) | Self::Dg9(group) | Self::Dg10(group) => {
                group.to_bytes(number)
            }
            Self::Dg11(group) => group.to_bytes()?,
            Self::Dg12(group) => group.to_bytes()?,
            Self::Dg13(NationalGroup::Vietnam(dg13)) => dg13.data.to_bytes(),
            Self::Dg13(NationalGroup::Other(value)) | Self::Dg15(KeyGroup::NotAKey(value)) => {
                tlv::encode(number.tag(), value)
            }
            Self::Dg14(infos) => dg14::to_bytes(infos),
            Self::Dg15(KeyGroup::Key(key)) => dg15::to_bytes(key),
            Self::Dg16(group) => group.to_bytes()?,
        })
    }

    /// The leniencies of the reading.
    #[must_use]
    pub fn quirks(&self) -> Vec<Quirk> {
        match self {
            Self::Dg2(group) => group.quirks.clone(),
            Self::Dg3(group) => group.quirks.clone(),
            Self::Dg4(group) => group.quirks.clone(),
            Self::Dg5(group) | Self::Dg7(group) => group.quirks.clone(),
            Self::Dg6(group) | Self::Dg8(group) | Self::Dg9(group) | Self::Dg10(group) => {
                group.quirks.clone()
            }
            Self::Dg11(group) => group.quirks.clone(),
            Self::Dg12(group) => group.quirks.clone(),
            Self::Dg16(group) => group.quirks.clone(),
            Self::Dg13(NationalGroup::Other(_)) => {
                vec![Quirk { kind: QuirkKind::FormatNotRecognised, offset: 0 }]
            }
            Self::Dg15(KeyGroup::NotAKey(_)) => vec![Quirk { kind: QuirkKind::NoPublicKey, offset: 0 }],
            Self::Dg1(_) | Self::Dg13(_) | Self::Dg14(_) | Self::Dg15(_) => Vec::new(),
        }
    }
}
