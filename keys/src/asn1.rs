//! A bounded reader and a small writer for DER, ITU-T X.690.
//!
//! The structures that are judged (certificates, CRLs, EF.SOD) are read by this reader instead of derived types,
//! for three reasons: signatures are checked over the *received* bytes and never over a re-encoding, every error
//! carries its offset, and what real documents do wrong (unsorted SETs, long-form lengths) is tolerated and counted
//! instead of refused. No recursion, no indexing by input bytes, no allocation by a declared length.

mod ber;

pub use ber::to_definite;

use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Universal and context-specific tags that the PKI uses.
pub mod tag {
    /// BOOLEAN
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER
    pub const OID: u8 = 0x06;
    /// ENUMERATED
    pub const ENUMERATED: u8 = 0x0a;
    /// `UTF8String`
    pub const UTF8_STRING: u8 = 0x0c;
    /// `PrintableString`
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// `TeletexString`
    pub const TELETEX_STRING: u8 = 0x14;
    /// `IA5String`
    pub const IA5_STRING: u8 = 0x16;
    /// `UTCTime`
    pub const UTC_TIME: u8 = 0x17;
    /// `GeneralizedTime`
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// `VisibleString`
    pub const VISIBLE_STRING: u8 = 0x1a;
    /// `BMPString`
    pub const BMP_STRING: u8 = 0x1e;
    /// SEQUENCE
    pub const SEQUENCE: u8 = 0x30;
    /// SET
    pub const SET: u8 = 0x31;

    /// Constructed context-specific tag `[n]`, n < 31.
    #[must_use]
    pub const fn context(n: u8) -> u8 {
        0xa0 | (n & 0x1f)
    }

    /// Primitive context-specific tag `[n]`, n < 31.
    #[must_use]
    pub const fn context_primitive(n: u8) -> u8 {
        0x80 | (n & 0x1f)
    }
}

/// Bytes that are not the structure they should be, and where that was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} at offset {offset}")]
pub struct Malformed {
    /// Offset into the object that was being parsed.
    pub offset: usize,
    /// What was expected or found.
    pub what: &'static str,
}

impl Malformed {
    /// A defect at an offset.
    #[must_use]
    pub const fn at(offset: usize, what: &'static str) -> Self {
        Self { offset, what }
    }
}

/// One data object: its tag, content, whole encoding and place.
#[derive(Debug, Clone, Copy)]
pub struct Element<'a> {
    /// Identifier octet.
    pub tag: u8,
    /// Content octets.
    pub content: &'a [u8],
    /// Identifier, length and content octets as received.
    pub raw: &'a [u8],
    /// Offset of the identifier octet.
    pub offset: usize,
    /// Offset of the content.
    pub content_offset: usize,
}

impl<'a> Element<'a> {
    /// A reader over the content.
    #[must_use]
    pub const fn reader(&self) -> Reader<'a> {
        Reader { rest: self.content, offset: self.content_offset }
    }

    /// The content as an object identifier.
    ///
    /// # Errors
    /// Another tag, or no valid identifier.
    pub fn oid(&self) -> Result<ObjectIdentifier, Malformed> {
        self.expect(tag::OID, "an object identifier")?;
        ObjectIdentifier::from_bytes(self.content)
            .map_err(|_| Malformed::at(self.offset, "an object identifier of at most 39 octets"))
    }

    /// The content octets of an INTEGER, at least one.
    ///
    /// # Errors
    /// Another tag, or empty.
    pub fn integer(&self) -> Result<&'a [u8], Malformed> {
        self.expect(tag::INTEGER, "an integer")?;
        if self.content.is_empty() {
            return Err(Malformed::at(self.offset, "an integer without octets"));
        }
        Ok(self.content)
    }

    /// A small non-negative INTEGER.
    ///
    /// # Errors
    /// Another tag, negative, or larger than 32 bits.
    pub fn small_integer(&self) -> Result<u32, Malformed> {
        let octets = self.integer()?;
        if octets.first().is_some_and(|b| b & 0x80 != 0) {
            return Err(Malformed::at(self.offset, "a negative integer"));
        }
        let octets = unsigned(octets);
        if octets.len() > 4 {
            return Err(Malformed::at(self.offset, "an integer beyond 32 bits"));
        }
        Ok(octets.iter().fold(0u32, |value, b| (value << 8) | u32::from(*b)))
    }

    /// The octets of a BIT STRING without unused bits.
    ///
    /// # Errors
    /// Another tag, or unused bits present.
    pub fn bit_octets(&self) -> Result<&'a [u8], Malformed> {
        self.expect(tag::BIT_STRING, "a bit string")?;
        match self.content.split_first() {
            Some((0, octets)) => Ok(octets),
            _ => Err(Malformed::at(self.offset, "a bit string of whole octets")),
        }
    }

    /// A point in time, RFC 5280 §4.1.2.5 (`UTCTime` counts 1950 to 2049; seconds and `Z` required).
    ///
    /// # Errors
    /// Another tag or form.
    pub fn time(&self) -> Result<Timestamp, Malformed> {
        let bad = Malformed::at(self.offset, "a time in UTC with seconds");
        let text = std::str::from_utf8(self.content).map_err(|_| bad)?;
        let text = text.strip_suffix('Z').ok_or(bad)?;
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad);
        }
        let (year, rest) = match (self.tag, text.len()) {
            (tag::UTC_TIME, 12) => {
                let (yy, rest) = text.split_at(2);
                let yy: i16 = yy.parse().map_err(|_| bad)?;
                (if yy < 50 { 2000 + yy } else { 1900 + yy }, rest)
            }
            (tag::GENERALIZED_TIME, 14) => {
                let (yyyy, rest) = text.split_at(4);
                (yyyy.parse().map_err(|_| bad)?, rest)
            }
            _ => return Err(bad),
        };
        let field = |from: usize| -> Result<i8, Malformed> {
            rest.get(from..from + 2).and_then(|two| two.parse().ok()).ok_or(bad)
        };
        DateTime::new(year, field(0)?, field(2)?, field(4)?, field(6)?, field(8)?, 0)
            .and_then(|datetime| datetime.to_zoned(TimeZone::UTC))
            .map(|zoned| zoned.timestamp())
            .map_err(|_| bad)
    }

    /// The content as text, for the string types of names.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        matches!(self.tag, tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING)
            .then(|| std::str::from_utf8(self.content).ok())
            .flatten()
    }

    fn expect(&self, tag: u8, what: &'static str) -> Result<(), Malformed> {
        if self.tag == tag { Ok(()) } else { Err(Malformed::at(self.offset, what)) }
    }
}

/// Walks over the data objects of one content.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    /// A reader from the start of an object.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: 0 }
    }

    /// Where the reader stands.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }

    /// Nothing left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The octets that are left.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The tag that comes next.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next data object, whatever its tag. Definite lengths only; not necessarily in shortest form.
    ///
    /// # Errors
    /// A header or content that is cut short, a tag number above 30, or an indefinite length.
    pub fn any(&mut self) -> Result<Element<'a>, Malformed> {
        let start = self.offset;
        let whole = self.rest;
        let (&tag, after_tag) =
            whole.split_first().ok_or(Malformed::at(start, "a data object is missing"))?;
        if tag & 0x1f == 0x1f {
            return Err(Malformed::at(start, "a tag number above 30"));
        }
        let (&first, after_first) =
            after_tag.split_first().ok_or(Malformed::at(start, "a length is missing"))?;
        let (length, body) = if first < 0x80 {
            (usize::from(first), after_first)
        } else if first == 0x80 {
            return Err(Malformed::at(start, "an indefinite length"));
        } else {
            let count = usize::from(first & 0x7f);
            let (octets, body) = after_first
                .split_at_checked(count)
                .ok_or(Malformed::at(start, "a length that is cut short"))?;
            let octets = unsigned(octets);
            if octets.len() > 4 {
                return Err(Malformed::at(start, "a length beyond 4 octets"));
            }
            let length = octets.iter().fold(0u64, |value, b| (value << 8) | u64::from(*b));
            (usize::try_from(length).map_err(|_| Malformed::at(start, "a length beyond memory"))?, body)
        };
        let header = whole.len() - body.len();
        let (content, rest) =
            body.split_at_checked(length).ok_or(Malformed::at(start, "a length beyond the end"))?;
        let raw = whole.get(..header + length).unwrap_or(whole);
        self.rest = rest;
        self.offset = start + header + length;
        Ok(Element { tag, content, raw, offset: start, content_offset: start + header })
    }

    /// The next data object, which must carry `tag`.
    ///
    /// # Errors
    /// Another tag, or no data object.
    pub fn expect(&mut self, tag: u8, what: &'static str) -> Result<Element<'a>, Malformed> {
        if self.peek() != Some(tag) {
            return Err(Malformed::at(self.offset, what));
        }
        self.any()
    }

    /// The next data object if it carries `tag`.
    ///
    /// # Errors
    /// As [`any`](Self::any).
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, Malformed> {
        if self.peek() == Some(tag) { self.any().map(Some) } else { Ok(None) }
    }

    /// The content of a SEQUENCE.
    ///
    /// # Errors
    /// Another tag, or no data object.
    pub fn sequence(&mut self, what: &'static str) -> Result<Reader<'a>, Malformed> {
        self.expect(tag::SEQUENCE, what).map(|element| element.reader())
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// Something is.
    pub fn finish(&self, what: &'static str) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed::at(self.offset, what)) }
    }
}

/// Whether any length within the object is not in its shortest form (X.690 §10.1). Primitive contents are not looked into.
#[must_use]
pub fn has_long_lengths(object: &[u8]) -> bool {
    let mut rest = object;
    // One walk over the headers: what is constructed is entered, what is primitive is passed over.
    while let [tag, first, after @ ..] = rest {
        let (length, content) = if *first < 0x80 {
            (usize::from(*first), after)
        } else {
            let Some((octets, content)) = after.split_at_checked(usize::from(first & 0x7f)) else {
                return false;
            };
            let [leading, ..] = octets else { return false };
            if *leading == 0 || (octets.len() == 1 && *leading < 0x80) {
                return true;
            }
            (octets.iter().fold(0_usize, |value, octet| value.wrapping_shl(8) | usize::from(*octet)), content)
        };
        rest = if tag & 0x20 == 0 { content.get(length..).unwrap_or_default() } else { content };
    }
    false
}

/// The magnitude of non-negative integer octets: leading zeros removed.
#[must_use]
pub fn unsigned(octets: &[u8]) -> &[u8] {
    let zeros = octets.iter().take_while(|b| **b == 0).count();
    octets.get(zeros..).unwrap_or(&[])
}

/// The shortest content octets of an integer, its sign kept: serial numbers are compared in this form.
#[must_use]
pub fn shortest(octets: &[u8]) -> &[u8] {
    let mut rest = octets;
    while let [0x00, next @ 0x00..=0x7f, ..] | [0xff, next @ 0x80..=0xff, ..] = rest {
        let _ = next;
        rest = rest.get(1..).unwrap_or_default();
    }
    rest
}

/// A data object: tag, shortest definite length, content.
#[must_use]
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let octets = content.len().to_be_bytes();
            let octets = unsigned(&octets);
            out.push(0x80 | u8::try_from(octets.len()).unwrap_or(8));
            out.extend_from_slice(octets);
        }
    }
    out.extend_from_slice(content);
    out
}

/// SEQUENCE of encoded parts.
#[must_use]
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(tag::SEQUENCE, &parts.concat())
}

/// SET OF, sorted as DER demands (X.690 §11.6), under the given tag.
#[must_use]
pub fn set_of(tag: u8, mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    tlv(tag, &parts.concat())
}

/// OBJECT IDENTIFIER.
#[must_use]
pub fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
    tlv(tag::OID, oid.as_bytes())
}

/// INTEGER of a magnitude: one leading zero octet where the sign bit would be set.
#[must_use]
pub fn integer(magnitude: &[u8]) -> Vec<u8> {
    let magnitude = unsigned(magnitude);
    let mut content = Vec::with_capacity(magnitude.len() + 1);
    if magnitude.first().is_none_or(|b| b & 0x80 != 0) {
        content.push(0);
    }
    content.extend_from_slice(magnitude);
    tlv(tag::INTEGER, &content)
}

/// BIT STRING of whole octets.
#[must_use]
pub fn bit_string(octets: &[u8]) -> Vec<u8> {
    let mut content = vec![0];
    content.extend_from_slice(octets);
    tlv(tag::BIT_STRING, &content)
}

/// A time as RFC 5280 §4.1.2.5 wants it: `UTCTime` through 2049, `GeneralizedTime` from 2050. Whole seconds.
#[must_use]
pub fn time(at: Timestamp) -> Vec<u8> {
    let datetime = at.to_zoned(TimeZone::UTC).datetime();
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        datetime.month(),
        datetime.day(),
        datetime.hour(),
        datetime.minute(),
        datetime.second()
    );
    if (1950..2050).contains(&datetime.year()) {
        tlv(tag::UTC_TIME, format!("{:02}{rest}", datetime.year().rem_euclid(100)).as_bytes())
    } else {
        tlv(tag::GENERALIZED_TIME, format!("{:04}{rest}", datetime.year()).as_bytes())
    }
}

/// More objects than this in one PEM file are refused.
const MAX_BLOCKS: usize = 10_000;

/// The objects of a PEM file, armour taken off; none if the file is no PEM.
///
/// # Errors
/// Armour that does not end, or around something that is no base64; with the offset of its first line.
pub fn pem_blocks(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Malformed> {
    use base64::Engine;
    const BEGIN: &[u8] = b"-----BEGIN ";
    let mut blocks = Vec::new();
    let mut open: Option<(usize, Vec<u8>)> = None;
    let mut offset = 0;
    if !bytes.trim_ascii_start().starts_with(BEGIN) && !bytes.starts_with(b"#") {
        return Ok(blocks);
    }
    for line in bytes.split_inclusive(|octet| *octet == b'\n') {
        let text = line.trim_ascii();
        match &mut open {
            None if text.starts_with(BEGIN) => open = Some((offset, Vec::new())),
            None => {}
            Some((begin, body)) if text.starts_with(b"-----END ") => {
                let decoded = base64::engine::general_purpose::STANDARD.decode(&*body);
                blocks.push(decoded.map_err(|_| Malformed::at(*begin, "PEM armour that does not decode"))?);
                open = None;
            }
            Some((_, body)) => body.extend_from_slice(text),
        }
        if blocks.len() > MAX_BLOCKS {
            return Err(Malformed::at(offset, "at most 10,000 objects in armour"));
        }
        offset += line.len();
    }
    match open {
        Some((begin, _)) => Err(Malformed::at(begin, "PEM armour that does not end")),
        None => Ok(blocks),
    }
}

/// The DER (or PEM-armoured) bytes of a file that holds one object.
///
/// # Errors
/// PEM armour around something that is no base64.
pub fn der_or_pem(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    use base64::Engine;
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if text.trim_start().starts_with("-----BEGIN ") => text,
        _ => return Ok(bytes.to_vec()),
    };
    let bad = Malformed::at(0, "PEM armour that does not decode");
    let body: String = text
        .lines()
        .skip_while(|line| !line.trim_start().starts_with("-----BEGIN "))
        .skip(1)
        .take_while(|line| !line.trim_start().starts_with("-----END "))
        .map(str::trim)
        .collect();
    base64::engine::general_purpose::STANDARD.decode(body).map_err(|_| bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_round_trip_at_the_edges_of_their_forms() {
        for length in [0usize, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let encoded = tlv(tag::OCTET_STRING, &vec![7; length]);
            let element = Reader::new(&encoded).any().unwrap();
            assert_eq!((element.content.len(), element.raw.len()), (length, encoded.len()));
        }
    }

    #[test]
    fn long_lengths_are_seen_wherever_they_stand() {
        for length in [0usize, 0x7f, 0x80, 0xff, 0x100, 0x1_0000] {
            assert!(!has_long_lengths(&sequence(&[&tlv(tag::OCTET_STRING, &vec![7; length])])));
        }
        assert!(has_long_lengths(&[0x30, 0x81, 0x02, 0x05, 0x00]));
        assert!(has_long_lengths(&[0x30, 0x05, 0x31, 0x03, 0x04, 0x81, 0x00]));
        assert!(!has_long_lengths(&[0x04, 0x03, 0x04, 0x81, 0x00]), "octets are no objects");
        assert!(!has_long_lengths(&[0x30, 0x05, 0x31]), "cut short is another question");
        assert!(!has_long_lengths(&[0xa0, 0x7e].repeat(200)));
    }

    #[test]
    fn times_switch_form_in_2050() {
        let utc: Timestamp = "2049-12-31T23:59:59Z".parse().unwrap();
        let generalized: Timestamp = "2050-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(time(utc), b"\x17\x0d491231235959Z");
        assert_eq!(time(generalized), b"\x18\x0f20500101000000Z");
        for at in [utc, generalized, "1950-01-01T00:00:00Z".parse().unwrap()] {
            assert_eq!(Reader::new(&time(at)).any().unwrap().time(), Ok(at));
        }
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(Reader::new(&[0x30, 0x80]).any().unwrap_err().what, "an indefinite length");
        let mut reader = Reader::new(&[0x05, 0x00, 0x04, 0x05, 0x00]);
        reader.any().unwrap();
        assert_eq!(reader.any().unwrap_err().offset, 2);
        assert!(Reader::new(&[0x04, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]).any().is_err());
    }

    #[test]
    fn integers_are_minimal_and_positive() {
        assert_eq!(integer(&[0, 0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(shortest(&[0, 0, 0x80]), [0, 0x80]);
        assert_eq!(shortest(&[0xff, 0xff, 0x80]), [0x80]);
        assert_eq!(shortest(&[0, 1]), [1]);
        assert_eq!(shortest(&[0xff]), [0xff]);
        assert_eq!(Reader::new(&integer(&[0x12, 0x34])).any().unwrap().small_integer(), Ok(0x1234));
    }
}
