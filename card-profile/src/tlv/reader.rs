//! The borrowed reader.

use core::fmt;

use super::{MAX_DEPTH, MAX_ELEMENTS, TlvError};

/// One data object, borrowed from the file it stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The tag field as a big-endian number: `0x7F61`.
    pub tag: u32,
    /// The value field.
    pub value: &'a [u8],
    /// Tag, length and value as they stand in the file.
    pub raw: &'a [u8],
    /// Where `raw` starts in the file.
    pub offset: usize,
    depth: u8,
}

impl<'a> Tlv<'a> {
    /// Bit 6 of the first tag byte: the value is data objects again (ISO/IEC 7816-4 §5.2.2.1).
    #[must_use]
    pub fn is_constructed(&self) -> bool {
        self.raw.first().is_some_and(|first| first & 0x20 != 0)
    }

    /// Where the value starts in the file.
    #[must_use]
    pub fn value_offset(&self) -> usize {
        self.offset.saturating_add(self.raw.len().saturating_sub(self.value.len()))
    }

    /// A reader over the value.
    ///
    /// # Errors
    /// [`TlvError::TooDeep`] beyond [`MAX_DEPTH`].
    pub fn nested(&self) -> Result<Reader<'a>, TlvError> {
        let depth = self.depth.saturating_add(1);
        if depth > MAX_DEPTH {
            return Err(TlvError::TooDeep { offset: self.offset });
        }
        Ok(Reader { rest: self.value, offset: self.value_offset(), depth, left: MAX_ELEMENTS, failed: false })
    }
}

/// The value is left out: it may be personal data.
impl fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tlv {{ tag: {:X}, length: {}, offset: {} }}", self.tag, self.value.len(), self.offset)
    }
}

/// Reads data objects one after the other. As an iterator it ends at the first error.
#[derive(Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
    depth: u8,
    left: usize,
    failed: bool,
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reader {{ offset: {}, remaining: {} }}", self.offset, self.rest.len())
    }
}

impl<'a> Reader<'a> {
    /// A reader at the start of a file.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: 0, depth: 0, left: MAX_ELEMENTS, failed: false }
    }

    /// Where the next data object starts in the file.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Whether all bytes are read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The bytes not yet read.
    #[must_use]
    pub fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    /// Reads the next data object.
    ///
    /// # Errors
    /// [`TlvError`] when the bytes are exhausted or are no BER-TLV.
    pub fn read(&mut self) -> Result<Tlv<'a>, TlvError> {
        if self.left == 0 {
            return Err(TlvError::TooMany { offset: self.offset });
        }
        let header = Header::read(self.rest, self.offset)?;
        let cut_short = TlvError::CutShort { offset: self.offset };
        let total = header.header_length.checked_add(header.value_length).ok_or(cut_short)?;
        let (raw, rest) = self.rest.split_at_checked(total).ok_or(cut_short)?;
        let value = raw.get(header.header_length..).ok_or(cut_short)?;
        let object = Tlv { tag: header.tag, value, raw, offset: self.offset, depth: self.depth };
        self.rest = rest;
        self.offset = self.offset.saturating_add(total);
        self.left = self.left.saturating_sub(1);
        Ok(object)
    }

    /// The tag of the next data object, which stays unread.
    ///
    /// # Errors
    /// [`TlvError`] when what follows is no tag. `Ok(None)` at the end.
    pub fn peek_tag(&self) -> Result<Option<u32>, TlvError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        Ok(Some(Header::read(self.rest, self.offset)?.tag))
    }

    /// Reads the next data object, which must carry `tag`.
    ///
    /// # Errors
    /// [`TlvError::UnexpectedTag`], [`TlvError::Missing`] at the end, or what [`Reader::read`] says.
    pub fn expect(&mut self, tag: u32) -> Result<Tlv<'a>, TlvError> {
        match self.peek_tag()? {
            Some(found) if found == tag => self.read(),
            Some(found) => Err(TlvError::UnexpectedTag { expected: tag, found, offset: self.offset }),
            None => Err(TlvError::Missing { expected: tag, offset: self.offset }),
        }
    }

    /// Reads the next data object if it carries `tag`.
    ///
    /// # Errors
    /// What [`Reader::read`] says.
    pub fn optional(&mut self, tag: u32) -> Result<Option<Tlv<'a>>, TlvError> {
        match self.peek_tag()? {
            Some(found) if found == tag => self.read().map(Some),
            _ => Ok(None),
        }
    }

    /// The first of the remaining data objects that carries `tag`, in any order.
    ///
    /// # Errors
    /// What [`Reader::read`] says, up to that object.
    pub fn find(&self, tag: u32) -> Result<Option<Tlv<'a>>, TlvError> {
        for object in self.clone() {
            let object = object?;
            if object.tag == tag {
                return Ok(Some(object));
            }
        }
        Ok(None)
    }

    /// Demands that nothing is left.
    ///
    /// # Errors
    /// [`TlvError::Trailing`].
    pub fn finish(&self) -> Result<(), TlvError> {
        if self.rest.is_empty() { Ok(()) } else { Err(TlvError::Trailing { offset: self.offset }) }
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Tlv<'a>, TlvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.rest.is_empty() {
            return None;
        }
        let object = self.read();
        self.failed = object.is_err();
        Some(object)
    }
}

/// Tag and length field of one data object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) tag: u32,
    pub(super) header_length: usize,
    pub(super) value_length: usize,
}

impl Header {
    pub(super) fn read(bytes: &[u8], offset: usize) -> Result<Self, TlvError> {
        let cut_short = TlvError::CutShort { offset };
        let mut bytes = bytes.iter().copied();
        let mut header_length = 0_usize;
        let mut next = || {
            header_length = header_length.saturating_add(1);
            bytes.next().ok_or(cut_short)
        };

        let first = next()?;
        let mut tag = u32::from(first);
        if first & 0x1F == 0x1F {
            let mut tag_length = 1_u8;
            loop {
                if tag_length == 4 {
                    return Err(TlvError::TagTooLong { offset });
                }
                let byte = next()?;
                tag = (tag << 8) | u32::from(byte);
                tag_length = tag_length.saturating_add(1);
                if byte & 0x80 == 0 {
                    break;
                }
            }
        }

        let value_length = match next()? {
            short @ 0..=0x7F => u32::from(short),
            form @ 0x81..=0x84 => {
                let mut length = 0_u32;
                for _ in 0x80..form {
                    length = (length << 8) | u32::from(next()?);
                }
                length
            }
            _ => return Err(TlvError::LengthForm { offset }),
        };
        let value_length = usize::try_from(value_length).map_err(|_| TlvError::LengthForm { offset })?;
        Ok(Self { tag, header_length, value_length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv::{encode, length_from_header, walk};

    #[test]
    fn multi_byte_tags_and_long_lengths() {
        let file = encode(0x75, &encode(0x7F61, &[0xAA; 300]));
        assert_eq!(&file[..8], &[0x75, 0x82, 0x01, 0x31, 0x7F, 0x61, 0x82, 0x01]);
        assert_eq!(length_from_header(&file[..4]), Some(file.len()));
        assert_eq!(length_from_header(&file[..3]), None);
        let outer = Reader::new(&file).read().unwrap();
        let inner = outer.nested().unwrap().read().unwrap();
        assert_eq!((inner.tag, inner.value.len(), inner.offset, inner.value_offset()), (0x7F61, 300, 4, 9));
    }

    #[test]
    fn errors_carry_the_offset_in_the_file() {
        let file = [0x30, 0x05, 0x02, 0x01, 0x01, 0x04, 0x09];
        let mut inner = Reader::new(&file).read().unwrap().nested().unwrap();
        inner.expect(0x02).unwrap();
        assert_eq!(inner.read(), Err(TlvError::CutShort { offset: 5 }));
        assert_eq!(inner.expect(0x06), Err(TlvError::UnexpectedTag { expected: 6, found: 4, offset: 5 }));
    }

    #[test]
    fn refuses_what_is_not_bounded() {
        assert_eq!(walk(&[0x30, 0x80, 0, 0]), Err(TlvError::LengthForm { offset: 0 }));
        assert_eq!(walk(&[0x04, 0x85, 0, 0, 0, 0, 0]), Err(TlvError::LengthForm { offset: 0 }));
        assert_eq!(walk(&[0x1F, 0x81, 0x81, 0x81, 0x01, 0]), Err(TlvError::TagTooLong { offset: 0 }));
        assert_eq!(walk(&[0x04, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]), Err(TlvError::CutShort { offset: 0 }));
        let mut deep = Vec::new();
        for _ in 0..100 {
            deep = encode(0x30, &deep);
        }
        assert!(matches!(walk(&deep), Err(TlvError::TooDeep { .. })));
        assert!(matches!(walk(&[0x04, 0x00].repeat(5000)), Err(TlvError::TooMany { offset: 8192 })));
    }
}
