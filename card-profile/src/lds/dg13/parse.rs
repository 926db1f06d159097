//! Reading DG13.

use super::{Dg13, NationalData};
use crate::lds::{LdsError, small_integer};
use crate::tlv::{Reader, Tlv};

/// The most fields read: the cards have 16.
const MAX_FIELDS: usize = 64;

/// The most strings read in one field.
const MAX_STRINGS: usize = 16;

impl NationalData {
    /// The known fields of the file; [`Dg13::parse`] keeps the others too.
    ///
    /// # Errors
    /// As [`Dg13::parse`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        Dg13::parse(file).map(|dg13| dg13.data)
    }
}

impl Dg13 {
    /// Reads the file.
    ///
    /// # Errors
    /// [`LdsError`] when the frame is not as described; a field that is not understood is kept in
    /// [`Dg13::unknown`].
    pub fn parse(file: &[u8]) -> Result<Self, LdsError> {
        let mut content = Reader::new(file).expect(0x6D)?.nested()?.expect(0x30)?.nested()?;
        let version = small_integer(&content.expect(0x02)?, "DG13 version")?;
        let encoding = content.expect(0x06)?.value.to_vec();
        let mut dg13 = Self {
            version,
            encoding,
            data: NationalData::default(),
            unknown: Vec::new(),
            duplicates: Vec::new(),
        };
        let mut seen = Vec::new();
        for field in content.expect(0x31)?.nested()? {
            let field = field?;
            if seen.len() == MAX_FIELDS {
                return Err(LdsError::Value { what: "number of DG13 fields", offset: field.offset });
            }
            let number = dg13.read_field(&field, &seen)?;
            seen.push(number);
        }
        Ok(dg13)
    }

    fn read_field(&mut self, field: &Tlv<'_>, seen: &[u32]) -> Result<u32, LdsError> {
        if field.tag != 0x30 {
            return Err(LdsError::Value { what: "DG13 field", offset: field.offset });
        }
        let mut content = field.nested()?;
        let number = small_integer(&content.expect(0x02)?, "DG13 field number")?;
        if seen.contains(&number) {
            if !self.duplicates.contains(&number) {
                self.duplicates.push(number);
            }
            return Ok(number);
        }
        let strings = strings(content)?;
        let mut values = match strings {
            Some(strings) => strings.into_iter(),
            None => {
                self.unknown.push((number, field.raw.to_vec()));
                return Ok(number);
            }
        };
        if number == 13 {
            self.data.father = values.next().flatten();
            self.data.mother = values.next().flatten();
        } else if let Some(place) = self.data.single_mut(number) {
            *place = values.next().flatten();
        } else {
            self.unknown.push((number, field.raw.to_vec()));
            return Ok(number);
        }
        if values.next().is_some() {
            // More than belongs there: the known values are read, the whole is kept for whoever asks.
            self.unknown.push((number, field.raw.to_vec()));
        }
        Ok(number)
    }
}

/// All strings of a field, in order, however they are nested: parents stand in one sequence each, or both in one.
/// An empty string or sequence is an absent value. `None` when anything else stands there, or text that is not UTF-8.
fn strings(content: Reader<'_>) -> Result<Option<Vec<Option<String>>>, LdsError> {
    let mut strings = Vec::new();
    let mut open = vec![content];
    while let Some(level) = open.last_mut() {
        let Some(object) = level.next() else {
            open.pop();
            continue;
        };
        let object = object?;
        if strings.len() == MAX_STRINGS {
            return Ok(None);
        }
        match object.tag {
            // UTF8String, PrintableString, IA5String
            0x0C | 0x13 | 0x16 => match core::str::from_utf8(object.value) {
                Ok("") => strings.push(None),
                Ok(text) => strings.push(Some(text.to_owned())),
                Err(_) => return Ok(None),
            },
            0x30 if object.value.is_empty() => strings.push(None),
            0x30 => open.push(object.nested()?),
            _ => return Ok(None),
        }
    }
    Ok(Some(strings))
}
