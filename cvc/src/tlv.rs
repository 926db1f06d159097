//! The data objects of a certificate: a bounded reader that knows its offset, and the encoder.
//!
//! A certificate is a file of its own, nested three deep, with tags of at most two bytes: this reader follows no
//! deeper and no longer ones.

use crate::ParseError;

/// One data object.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    pub(crate) tag: u16,
    pub(crate) value: &'a [u8],
    /// Tag, length and value as they stand.
    pub(crate) raw: &'a [u8],
    /// Where `raw` starts in the file.
    pub(crate) offset: usize,
}

impl<'a> Object<'a> {
    /// A reader over the value.
    pub(crate) fn nested(&self) -> Reader<'a> {
        let header = self.raw.len().saturating_sub(self.value.len());
        Reader { rest: self.value, offset: self.offset.saturating_add(header) }
    }
}

/// Reads data objects one after the other.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: 0 }
    }

    /// The next data object.
    fn read(&mut self) -> Result<Object<'a>, ParseError> {
        let offset = self.offset;
        let cut_short = ParseError::CutShort { offset };
        let mut bytes = self.rest.iter().copied();
        let mut next = || bytes.next().ok_or(cut_short);
        let first = next()?;
        let mut header = 1_usize;
        let tag = if first & 0x1F == 0x1F {
            let second = next()?;
            if second & 0x80 != 0 {
                return Err(ParseError::Tag { offset });
            }
            header = 2;
            u16::from_be_bytes([first, second])
        } else {
            u16::from(first)
        };
        let (length, more) = match next()? {
            short @ 0..=0x7F => (usize::from(short), 1),
            0x81 => (usize::from(next()?), 2),
            0x82 => (usize::from(u16::from_be_bytes([next()?, next()?])), 3),
            _ => return Err(ParseError::Length { offset }),
        };
        let header = header.saturating_add(more);
        let total = header.saturating_add(length);
        let (raw, rest) = self.rest.split_at_checked(total).ok_or(cut_short)?;
        let value = raw.get(header..).ok_or(cut_short)?;
        self.rest = rest;
        self.offset = offset.saturating_add(total);
        Ok(Object { tag, value, raw, offset })
    }

    /// The next data object, which must carry `tag`.
    pub(crate) fn expect(&mut self, tag: u16) -> Result<Object<'a>, ParseError> {
        let missing = ParseError::Missing { expected: tag, offset: self.offset };
        self.optional(tag)?.ok_or(missing)
    }

    /// The next data object if it carries `tag`.
    pub(crate) fn optional(&mut self, tag: u16) -> Result<Option<Object<'a>>, ParseError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut ahead = self.clone();
        let object = ahead.read()?;
        if object.tag != tag {
            return Ok(None);
        }
        *self = ahead;
        Ok(Some(object))
    }

    /// Demands that nothing is left.
    pub(crate) fn finish(&self) -> Result<(), ParseError> {
        if self.rest.is_empty() { Ok(()) } else { Err(ParseError::Trailing { offset: self.offset }) }
    }
}

/// One data object of `tag`, its value being `parts` one after the other; shortest form of length.
pub(crate) fn encode(tag: u16, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
    let mut bytes = Vec::with_capacity(length.saturating_add(6));
    let [high, low] = tag.to_be_bytes();
    if high != 0 {
        bytes.push(high);
    }
    bytes.push(low);
    match u8::try_from(length) {
        Ok(short @ 0..=0x7F) => bytes.push(short),
        Ok(long) => bytes.extend_from_slice(&[0x81, long]),
        Err(_) => {
            // What this crate builds fits: keys and signatures are bounded.
            let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
            bytes.extend_from_slice(&[0x82, high, low]);
        }
    }
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}
