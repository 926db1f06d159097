//! The CBEFF templates that DG2, DG3 and DG4 share (Doc 9303-10 §4.7.2 to §4.7.4, ISO/IEC 7816-11 §5).
//!
//! ```text
//! 7F61 { 02 count, 7F60 { A1 { header }, 5F2E record (ISO/IEC 19794) or 7F2E { … } (ISO/IEC 39794) } …, 53 random }
//! ```

use super::quirk::{QuirkKind, Quirks};
use super::raw_object::RawObject;
use super::{EncodeError, LdsError, small_integer};
use crate::tlv::{Reader, Tlv, Writer};

/// The most instances read (Doc 9303-10 §4.7.2.1: 1 to 9).
pub(super) const MAX_INSTANCES: usize = 9;

/// CBEFF format owner ISO/IEC JTC 1/SC 37.
pub const OWNER_JTC1_SC37: u16 = 0x0101;

/// The header of a biometric data block (ISO/IEC 7816-11 table 3): what it is before it is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BiometricHeader {
    /// DO'80' version of the header.
    pub version: Option<u16>,
    /// DO'81' biometric type: `02` face, `08` fingerprint, `10` iris.
    pub biometric_type: Option<u32>,
    /// DO'82' biometric subtype: which finger, which eye.
    pub subtype: Option<u8>,
    /// DO'83' creation date and time.
    pub created: Option<Vec<u8>>,
    /// DO'85' validity period.
    pub validity: Option<Vec<u8>>,
    /// DO'86' creator.
    pub creator: Option<Vec<u8>>,
    /// DO'87' format owner; [`OWNER_JTC1_SC37`] is demanded.
    pub format_owner: Option<u16>,
    /// DO'88' format type of that owner.
    pub format_type: Option<u16>,
    /// Other data objects.
    pub other: Vec<RawObject>,
}

impl BiometricHeader {
    /// Type, subtype, and a format of ISO/IEC JTC 1/SC 37.
    #[must_use]
    pub fn new(biometric_type: u8, subtype: u8, format_type: u16) -> Self {
        Self {
            biometric_type: Some(u32::from(biometric_type)),
            subtype: Some(subtype),
            format_owner: Some(OWNER_JTC1_SC37),
            format_type: Some(format_type),
            ..Self::default()
        }
    }

    fn parse(object: &Tlv<'_>, quirks: &mut Quirks) -> Result<Self, LdsError> {
        let mut header = Self::default();
        for field in object.nested()? {
            let field = field?;
            let repeated = match field.tag {
                0x80 => header.version.replace(narrow(&field)?).is_some(),
                0x81 => header.biometric_type.replace(number(&field)?).is_some(),
                0x82 => header.subtype.replace(narrow(&field)?).is_some(),
                0x83 => header.created.replace(field.value.to_vec()).is_some(),
                0x85 => header.validity.replace(field.value.to_vec()).is_some(),
                0x86 => header.creator.replace(field.value.to_vec()).is_some(),
                0x87 => header.format_owner.replace(narrow(&field)?).is_some(),
                0x88 => header.format_type.replace(narrow(&field)?).is_some(),
                _ => {
                    header.other.push(RawObject::from(&field));
                    false
                }
            };
            quirks.note_if(repeated, QuirkKind::Repeated, field.offset);
        }
        Ok(header)
    }

    fn write(&self, writer: &mut Writer) {
        writer.constructed(0xA1, |header| {
            if let Some(version) = self.version {
                header.primitive(0x80, &version.to_be_bytes());
            }
            if let Some(kind) = self.biometric_type {
                let bytes: Vec<u8> = kind.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
                header.primitive(0x81, if bytes.is_empty() { &[0] } else { &bytes });
            }
            if let Some(subtype) = self.subtype {
                header.primitive(0x82, &[subtype]);
            }
            for (tag, value) in [(0x83, &self.created), (0x85, &self.validity), (0x86, &self.creator)] {
                if let Some(value) = value {
                    header.primitive(tag, value);
                }
            }
            for (tag, value) in [(0x87, self.format_owner), (0x88, self.format_type)] {
                if let Some(value) = value {
                    header.primitive(tag, &value.to_be_bytes());
                }
            }
            for other in &self.other {
                header.raw(&other.raw);
            }
        });
    }
}

/// A number of at most four bytes.
fn number(field: &Tlv<'_>) -> Result<u32, LdsError> {
    if field.value.is_empty() || field.value.len() > 4 {
        return Err(LdsError::Value { what: "biometric header", offset: field.offset });
    }
    Ok(field.value.iter().fold(0, |sum, byte| (sum << 8) | u32::from(*byte)))
}

fn narrow<N: TryFrom<u32>>(field: &Tlv<'_>) -> Result<N, LdsError> {
    N::try_from(number(field)?)
        .map_err(|_| LdsError::Value { what: "biometric header", offset: field.offset })
}

/// The templates of a file.
#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) claimed: u32,
    pub(super) templates: Vec<Template<'a>>,
    /// DO'53': makes the hashes of equal groups differ (Doc 9303-10 §4.7.3.1).
    pub(super) random: Option<Vec<u8>>,
    pub(super) quirks: Quirks,
}

/// One biometric information template.
#[derive(Debug)]
pub(super) struct Template<'a> {
    pub(super) header: BiometricHeader,
    /// DO'5F2E' or DO'7F2E'.
    pub(super) block: Tlv<'a>,
}

/// Reads the file of a biometric data group with this outer tag.
pub(super) fn parse(file: &[u8], tag: u32) -> Result<Group<'_>, LdsError> {
    let mut content = Reader::new(file).expect(tag)?.nested()?.expect(0x7F61)?.nested()?;
    let count = content.expect(0x02)?;
    let claimed = small_integer(&count, "number of biometric templates")?;
    let mut group = Group { claimed, templates: Vec::new(), random: None, quirks: Quirks::default() };
    for object in content {
        let object = object?;
        match object.tag {
            0x7F60 => {
                if group.templates.len() == MAX_INSTANCES {
                    return Err(LdsError::Value {
                        what: "number of biometric templates",
                        offset: object.offset,
                    });
                }
                let template = template(&object, &mut group.quirks)?;
                group.templates.push(template);
            }
            0x53 => group.random = Some(object.value.to_vec()),
            _ => group.quirks.note(QuirkKind::UnknownObject, object.offset),
        }
    }
    let found = u32::try_from(group.templates.len()).ok();
    group.quirks.note_if(found != Some(claimed), QuirkKind::CountDiffers, count.offset);
    Ok(group)
}

fn template<'a>(object: &Tlv<'a>, quirks: &mut Quirks) -> Result<Template<'a>, LdsError> {
    let content = object.nested()?;
    let header = match content.find(0xA1)? {
        Some(header) => BiometricHeader::parse(&header, quirks)?,
        None => BiometricHeader::default(),
    };
    let block = match content.find(0x5F2E)? {
        Some(block) => Some(block),
        None => content.find(0x7F2E)?,
    };
    let block = block.ok_or(LdsError::Value { what: "biometric data block", offset: object.offset })?;
    let other = header.format_owner != Some(OWNER_JTC1_SC37);
    quirks.note_if(other, QuirkKind::FormatDiffers, object.offset);
    Ok(Template { header, block })
}

/// The file around templates: header and the data object of each biometric data block.
pub(super) fn to_bytes(
    tag: u32,
    templates: &[(&BiometricHeader, Vec<u8>)],
    random: Option<&[u8]>,
) -> Result<Vec<u8>, EncodeError> {
    let count = u8::try_from(templates.len()).ok().filter(|_| templates.len() <= MAX_INSTANCES);
    let count = count.ok_or(EncodeError::TooMany { what: "biometric templates" })?;
    let mut writer = Writer::new();
    writer.constructed(tag, |group| {
        group.constructed(0x7F61, |group| {
            group.primitive(0x02, &[count]);
            for (header, block) in templates {
                group.constructed(0x7F60, |template| {
                    header.write(template);
                    template.raw(block);
                });
            }
            if let Some(random) = random {
                group.primitive(0x53, random);
            }
        });
    });
    Ok(writer.into_bytes())
}
