//! What the parts of ISO/IEC 39794 share (ISO/IEC 39794-1).

use crate::lds::raw_object::RawObject;
use crate::lds::{LdsError, integer_bytes, small_integer};
use crate::tlv::{Reader, Tlv, encode};

/// ```text
/// VersionBlock ::= SEQUENCE { generation [0] INTEGER (3..65535), year [1] INTEGER (2019..9999), ... }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionBlock {
    /// 3.
    pub generation: u32,
    /// The year of the edition.
    pub year: u32,
}

impl VersionBlock {
    /// The first edition.
    pub const FIRST: Self = Self { generation: 3, year: 2019 };

    pub(super) fn decode(block: &Tlv<'_>) -> Result<Self, LdsError> {
        let mut fields = block.nested()?;
        Ok(Self {
            generation: small_integer(&fields.expect(0x80)?, "generation")?,
            year: small_integer(&fields.expect(0x81)?, "year of the edition")?,
        })
    }

    pub(super) fn encode(self) -> Vec<u8> {
        encode(0xA0, &[integer(0x80, self.generation), integer(0x81, self.year)].concat())
    }
}

/// ```text
/// DateTimeBlock ::= SEQUENCE { year [0] INTEGER, month [1] INTEGER OPTIONAL, … millisecond [6] INTEGER OPTIONAL }
/// ```
/// Parts that are there, from the year down; the first that is missing ends it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaptureDateTime {
    /// Year, month, day, hour, minute, second, millisecond.
    pub parts: [Option<u16>; 7],
}

impl CaptureDateTime {
    pub(super) fn decode(block: &Tlv<'_>) -> Result<Self, LdsError> {
        let mut read = Self::default();
        for field in block.nested()? {
            let field = field?;
            let wrong = LdsError::Value { what: "capture time", offset: field.offset };
            let position = usize::try_from(field.tag.checked_sub(0x80).ok_or(wrong)?).map_err(|_| wrong)?;
            let part = read.parts.get_mut(position).ok_or(wrong)?;
            let value = u16::try_from(small_integer(&field, "capture time")?).map_err(|_| wrong)?;
            if part.replace(value).is_some() {
                return Err(wrong);
            }
        }
        match read.parts {
            [Some(_), ..] => Ok(read),
            _ => Err(LdsError::Value { what: "capture time", offset: block.offset }),
        }
    }

    pub(super) fn content(&self) -> Vec<u8> {
        let mut content = Vec::new();
        for (part, tag) in self.parts.iter().zip(0x80_u32..) {
            if let Some(value) = part {
                content.extend(integer(tag, u32::from(*value)));
            }
        }
        content
    }
}

/// ```text
/// QualityBlock ::= SEQUENCE { algorithmIdBlock [0] RegistryIdBlock, scoreOrError [1] ScoreOrError, ... }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quality {
    /// Who registered the algorithm.
    pub organization: u32,
    /// The algorithm.
    pub algorithm: u32,
    /// 0 to 100; `None` when the algorithm failed to assess the image.
    pub score: Option<u8>,
}

/// The most quality blocks read.
const MAX_QUALITY_BLOCKS: usize = 32;

impl Quality {
    pub(super) fn decode_all(blocks: &Tlv<'_>) -> Result<Vec<Self>, LdsError> {
        let mut read = Vec::new();
        for block in blocks.nested()? {
            let block = block?;
            if read.len() == MAX_QUALITY_BLOCKS || block.tag != 0x30 {
                return Err(LdsError::Value { what: "quality block", offset: block.offset });
            }
            let mut fields = block.nested()?;
            let mut registry = fields.expect(0xA0)?.nested()?;
            let organization = small_integer(&registry.expect(0x80)?, "organization")?;
            let algorithm = small_integer(&registry.expect(0x81)?, "quality algorithm")?;
            let score = match fields.expect(0xA1)?.nested()?.optional(0x80)? {
                Some(score) => {
                    let wrong = LdsError::Value { what: "quality score", offset: score.offset };
                    let value = u8::try_from(small_integer(&score, "quality score")?).map_err(|_| wrong)?;
                    Some(value).filter(|value| *value <= 100).ok_or(wrong).map(Some)?
                }
                None => None,
            };
            read.push(Self { organization, algorithm, score });
        }
        Ok(read)
    }

    pub(super) fn content(all: &[Self]) -> Vec<u8> {
        let one = |quality: &Self| {
            let registry = [integer(0x80, quality.organization), integer(0x81, quality.algorithm)].concat();
            let score = match quality.score {
                Some(score) => integer(0x80, u32::from(score)),
                // error [1] ScoringError ::= { extensionBlock [1] { fallback [0] failureToAssess (0) } }
                None => encode(0xA1, &encode(0xA1, &integer(0x80, 0))),
            };
            encode(0x30, &[encode(0xA0, &registry), encode(0xA1, &score)].concat())
        };
        all.iter().flat_map(one).collect()
    }
}

/// A code in either form: `[0] code`, or `[1] { [0] code }` for readers that do not know the extension. `None` when the
/// extension has no fallback.
pub(super) fn code(choice: &Tlv<'_>) -> Result<Option<u32>, LdsError> {
    let form = choice.nested()?.read()?;
    match form.tag {
        0x80 => small_integer(&form, "code").map(Some),
        0xA1 => form.nested()?.optional(0x80)?.map(|code| small_integer(&code, "code")).transpose(),
        _ => Err(LdsError::Value { what: "code", offset: form.offset }),
    }
}

/// `[number] { [0] code }`.
pub(super) fn encode_code(tag: u32, code: u32) -> Vec<u8> {
    encode(tag, &integer(0x80, code))
}

/// An implicitly tagged INTEGER or ENUMERATED.
pub(super) fn integer(tag: u32, value: u32) -> Vec<u8> {
    encode(tag, &integer_bytes(value))
}

/// The fields of a SEQUENCE of context tags by number, each once.
pub(super) fn fields<'a>(block: Reader<'a>, what: &'static str) -> Result<Vec<Tlv<'a>>, LdsError> {
    let mut found: Vec<Tlv<'a>> = Vec::new();
    for field in block {
        let field = field?;
        let wrong = LdsError::Value { what, offset: field.offset };
        // An ascending order is DER's, and leaves no room for repetition.
        let previous = found.last().and_then(|field| number(field.tag));
        let this = number(field.tag).ok_or(wrong)?;
        if previous.is_some_and(|previous| previous >= this) {
            return Err(wrong);
        }
        found.push(field);
    }
    Ok(found)
}

/// The number of a context tag of one byte.
pub(super) fn number(tag: u32) -> Option<u32> {
    match tag {
        0x80..=0x9E | 0xA0..=0xBE => Some(tag & 0x1F),
        _ => None,
    }
}

/// Known fields and those kept as they stand, in the order of their numbers.
pub(super) fn ordered(known: Vec<(u32, Vec<u8>)>, other: &[RawObject]) -> Vec<u8> {
    let mut all = known;
    all.extend(other.iter().map(|object| (number(object.tag).unwrap_or(u32::MAX), object.raw.clone())));
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().flat_map(|(_, bytes)| bytes).collect()
}
