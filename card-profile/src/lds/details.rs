//! What DG11 and DG12 share: a tag list, then text, dates and pictures under tags of two bytes (Doc 9303-10 §4.7.11, §4.7.12).

use super::quirk::{Quirk, QuirkKind, Quirks};
use super::raw_object::RawObject;
use super::{LdsError, small_integer};
use crate::tlv::{Reader, Tlv, Writer};

/// The most names of others read.
const MAX_NAMES: usize = 32;

/// Data objects by tag, read leniently.
#[derive(Debug, Default)]
pub(super) struct Details<'a> {
    objects: Vec<Tlv<'a>>,
    pub(super) names: Vec<String>,
    pub(super) unknown: Vec<RawObject>,
    pub(super) quirks: Quirks,
}

impl<'a> Details<'a> {
    /// Reads a group: `known` are its tags, `name` the one that stands in `A0` several times.
    pub(super) fn parse(file: &'a [u8], tag: u32, known: &[u32], name: u32) -> Result<Self, LdsError> {
        let group = Reader::new(file).expect(tag)?;
        let mut read = Self::default();
        let mut listed: Option<Vec<u32>> = None;
        for object in group.nested()? {
            let object = object?;
            match object.tag {
                0x5C if listed.is_none() => listed = Some(tag_list(&object)?),
                0xA0 => read.template(&object, name)?,
                found if found == name => {
                    read.quirks.note(QuirkKind::OutsideTemplate, object.offset);
                    read.name(&object)?;
                }
                found if known.contains(&found) => {
                    if read.objects.iter().any(|other| other.tag == found) {
                        read.quirks.note(QuirkKind::Repeated, object.offset);
                    } else {
                        read.objects.push(object);
                    }
                }
                _ => {
                    read.quirks.note(QuirkKind::UnknownObject, object.offset);
                    read.unknown.push(RawObject::from(&object));
                }
            }
        }
        let Some(listed) = listed else {
            read.quirks.note(QuirkKind::TagListMissing, group.offset);
            return Ok(read);
        };
        // Names of others are listed by their own tag or by that of their template.
        let is_name = |tag: u32| tag == name || tag == 0xA0;
        let mut present: Vec<u32> = read.objects.iter().map(|object| object.tag).collect();
        present.extend(read.unknown.iter().map(|object| object.tag));
        let names_agree = listed.iter().any(|tag| is_name(*tag)) != read.names.is_empty();
        let mut listed: Vec<u32> = listed.into_iter().filter(|tag| !is_name(*tag)).collect();
        listed.sort_unstable();
        present.sort_unstable();
        let agree = listed == present && names_agree;
        read.quirks.note_if(!agree, QuirkKind::TagListDiffers, group.value_offset());
        Ok(read)
    }

    fn template(&mut self, object: &Tlv<'a>, name: u32) -> Result<(), LdsError> {
        let mut content = object.nested()?;
        let claimed = content.optional(0x02)?.map(|count| small_integer(&count, "number of names"));
        let claimed = claimed.transpose()?;
        let before = self.names.len();
        for object in content {
            let object = object?;
            if object.tag == name {
                self.name(&object)?;
            } else {
                self.quirks.note(QuirkKind::UnknownObject, object.offset);
            }
        }
        let found = u32::try_from(self.names.len().saturating_sub(before)).ok();
        self.quirks.note_if(found != claimed, QuirkKind::CountDiffers, object.offset);
        Ok(())
    }

    fn name(&mut self, object: &Tlv<'a>) -> Result<(), LdsError> {
        if self.names.len() == MAX_NAMES {
            return Err(LdsError::Value { what: "number of names", offset: object.offset });
        }
        let name = text(object, &mut self.quirks);
        self.names.push(name);
        Ok(())
    }

    /// The text under a tag. An empty value is there and says nothing.
    pub(super) fn text(&mut self, tag: u32) -> Option<String> {
        let object = self.find(tag)?;
        Some(text(&object, &mut self.quirks))
    }

    /// The bytes under a tag.
    pub(super) fn bytes(&mut self, tag: u32) -> Option<Vec<u8>> {
        let object = self.find(tag)?;
        self.quirks.note_if(object.value.is_empty(), QuirkKind::EmptyValue, object.offset);
        Some(object.value.to_vec())
    }

    /// A date of `digits` digits, `CCYYMMDD` or `CCYYMMDDhhmmss`; half as many bytes are BCD.
    pub(super) fn date(&mut self, tag: u32, digits: usize) -> Option<String> {
        let object = self.find(tag)?;
        Some(date(&object, digits, &mut self.quirks))
    }

    fn find(&self, tag: u32) -> Option<Tlv<'a>> {
        self.objects.iter().find(|object| object.tag == tag).copied()
    }

    pub(super) fn finish(self) -> (Vec<String>, Vec<RawObject>, Vec<Quirk>) {
        (self.names, self.unknown, self.quirks.into_vec())
    }
}

/// UTF-8, or ISO/IEC 8859-1 where it is none.
pub(super) fn text(object: &Tlv<'_>, quirks: &mut Quirks) -> String {
    quirks.note_if(object.value.is_empty(), QuirkKind::EmptyValue, object.offset);
    match core::str::from_utf8(object.value) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            quirks.note(QuirkKind::TextNotUtf8, object.offset);
            object.value.iter().copied().map(char::from).collect()
        }
    }
}

/// Digits; binary coded decimals become digits.
pub(super) fn date(object: &Tlv<'_>, digits: usize, quirks: &mut Quirks) -> String {
    let value = object.value;
    if value.len() == digits && value.iter().all(u8::is_ascii_digit) {
        return value.iter().copied().map(char::from).collect();
    }
    let bcd: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
    if bcd.len() == digits && bcd.bytes().all(|digit| digit.is_ascii_digit()) {
        quirks.note(QuirkKind::DateAsBcd, object.offset);
        return bcd;
    }
    quirks.note_if(!value.is_empty(), QuirkKind::DateOfOtherForm, object.offset);
    text(object, quirks)
}

fn tag_list(object: &Tlv<'_>) -> Result<Vec<u32>, LdsError> {
    let wrong = LdsError::Value { what: "tag list", offset: object.offset };
    let mut bytes = object.value.iter().copied();
    let mut tags = Vec::new();
    while let Some(first) = bytes.next() {
        let mut tag = u32::from(first);
        if first & 0x1F == 0x1F {
            tag = (tag << 8) | u32::from(bytes.next().ok_or(wrong)?);
        }
        tags.push(tag);
    }
    Ok(tags)
}

/// Writes a group: the tag list, then what is there in this order. Names stand in `A0`, listed by their own tag.
pub(super) fn to_bytes(
    tag: u32,
    objects: &[(u32, Option<&[u8]>)],
    (name, names): (u32, &[String]),
    unknown: &[RawObject],
) -> Result<Vec<u8>, super::EncodeError> {
    let too_many = super::EncodeError::TooMany { what: "names" };
    let count = u8::try_from(names.len()).ok().filter(|_| names.len() <= MAX_NAMES).ok_or(too_many)?;
    let (mut list, mut content) = (Vec::new(), Writer::new());
    let mut listed = |tag: u32| {
        list.extend(tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0));
    };
    for (tag, value) in objects {
        match value {
            Some(value) => {
                listed(*tag);
                content.primitive(*tag, value);
            }
            // The place of the names in the order of the clause.
            None if *tag == name && !names.is_empty() => {
                listed(name);
                content.constructed(0xA0, |template| {
                    template.primitive(0x02, &[count]);
                    for text in names {
                        template.primitive(name, text.as_bytes());
                    }
                });
            }
            None => {}
        }
    }
    for object in unknown {
        listed(object.tag);
        content.raw(&object.raw);
    }
    let mut writer = Writer::new();
    let content = content.into_bytes();
    writer.constructed(tag, |group| {
        group.primitive(0x5C, &list).raw(&content);
    });
    Ok(writer.into_bytes())
}
