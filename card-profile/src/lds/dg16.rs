//! DG16: persons to notify (Doc 9303-10 §4.7.16).
//!
//! ```text
//! 70 { 02 count, A1 { 5F50 date recorded, 5F51 name, 5F52 telephone, 5F53 address }, A2 { … } … }
//! ```

use core::fmt;

use super::details::{date, text};
use super::quirk::{Quirk, QuirkKind, Quirks};
use super::{EncodeError, LdsError, small_integer};
use crate::tlv::{Reader, Tlv, Writer};

/// The most persons read and written: templates `A1` to `AF`.
const MAX_PERSONS: usize = 15;

/// What DG16 holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dg16 {
    /// The number of persons that the file claims.
    pub claimed: u32,
    /// The persons found.
    pub persons: Vec<PersonToNotify>,
    /// Leniencies of the reading.
    pub quirks: Vec<Quirk>,
}

/// One person. Personal data: `Debug` leaves it out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PersonToNotify {
    /// 5F50 date that this was recorded, `CCYYMMDD`.
    pub recorded: Option<String>,
    /// 5F51 name, as in an MRZ.
    pub name: Option<String>,
    /// 5F52 telephone.
    pub telephone: Option<String>,
    /// 5F53 address.
    pub address: Option<String>,
}

impl Dg16 {
    /// These persons.
    #[must_use]
    pub fn of(persons: Vec<PersonToNotify>) -> Self {
        Self { claimed: u32::try_from(persons.len()).unwrap_or(u32::MAX), persons, quirks: Vec::new() }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`LdsError`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        let mut content = Reader::new(file).expect(0x70)?.nested()?;
        let count = content.expect(0x02)?;
        let claimed = small_integer(&count, "number of persons to notify")?;
        let (mut persons, mut quirks) = (Vec::new(), Quirks::default());
        for object in content {
            let object = object?;
            if !matches!(object.tag, 0xA1..=0xAF) {
                quirks.note(QuirkKind::UnknownObject, object.offset);
                continue;
            }
            if persons.len() == MAX_PERSONS {
                return Err(LdsError::Value { what: "number of persons to notify", offset: object.offset });
            }
            persons.push(person(&object, &mut quirks)?);
        }
        let found = u32::try_from(persons.len()).ok();
        quirks.note_if(found != Some(claimed), QuirkKind::CountDiffers, count.offset);
        Ok(Self { claimed, persons, quirks: quirks.into_vec() })
    }

    /// The file.
    ///
    /// # Errors
    /// [`EncodeError::TooMany`] beyond fifteen persons.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EncodeError> {
        let too_many = EncodeError::TooMany { what: "persons to notify" };
        if self.persons.len() > MAX_PERSONS {
            return Err(too_many);
        }
        let count = u8::try_from(self.persons.len()).map_err(|_| too_many)?;
        let mut writer = Writer::new();
        writer.constructed(0x70, |group| {
            group.primitive(0x02, &[count]);
            for (person, tag) in self.persons.iter().zip(0xA1..) {
                group.constructed(tag, |template| {
                    let fields = [&person.recorded, &person.name, &person.telephone, &person.address];
                    for (field, tag) in fields.into_iter().zip(0x5F50..) {
                        if let Some(field) = field {
                            template.primitive(tag, field.as_bytes());
                        }
                    }
                });
            }
        });
        Ok(writer.into_bytes())
    }
}

fn person(template: &Tlv<'_>, quirks: &mut Quirks) -> Result<PersonToNotify, LdsError> {
    let mut person = PersonToNotify::default();
    for object in template.nested()? {
        let object = object?;
        let (place, value) = match object.tag {
            0x5F50 => (&mut person.recorded, date(&object, 8, quirks)),
            0x5F51 => (&mut person.name, text(&object, quirks)),
            0x5F52 => (&mut person.telephone, text(&object, quirks)),
            0x5F53 => (&mut person.address, text(&object, quirks)),
            _ => {
                quirks.note(QuirkKind::UnknownObject, object.offset);
                continue;
            }
        };
        match place {
            Some(_) => quirks.note(QuirkKind::Repeated, object.offset),
            None => *place = Some(value),
        }
    }
    Ok(person)
}

impl fmt::Debug for PersonToNotify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonToNotify(…)")
    }
}
