//! BER brought to definite lengths, X.690 §8.1.3.6 and §8.7.3: what some states' encoders write around EF.SOD.
//!
//! Indefinite lengths become definite, OCTET STRINGs in segments become whole; everything else stays octet for octet,
//! so that what is signed inside (certificates, signed attributes in DER) is not touched.

use super::{Malformed, tag, tlv};

/// Deeper nesting than this is refused.
const MAX_DEPTH: usize = 32;

/// One constructed object that is open.
struct Open {
    /// Identifier octet.
    tag: u8,
    /// Where it started.
    start: usize,
    /// Where its content ends; `None` for an indefinite length.
    end: Option<usize>,
    /// Its content so far.
    content: Vec<u8>,
    /// Something in it was rewritten.
    changed: bool,
}

/// The first data object with definite lengths throughout, and how many octets of the input it took. `None` if it
/// has them already.
///
/// # Errors
/// Bytes that are no BER, nested deeper than 32, or cut short; with the offset.
pub fn to_definite(bytes: &[u8]) -> Result<Option<(Vec<u8>, usize)>, Malformed> {
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    loop {
        // What is closed goes into what is around it; the last one closed is the result.
        while open.last().is_some_and(|object| object.end == Some(at) || ends_here(object, bytes, at)) {
            let Some(object) = open.pop() else { break };
            if object.end.is_none() {
                at = at.saturating_add(2);
            }
            let whole = close(&object, bytes, at);
            let changed = object.changed || object.end.is_none() || object.tag == SEGMENTED;
            match open.last_mut() {
                Some(parent) => {
                    take(parent, &whole, changed, object.start)?;
                }
                None => return Ok(changed.then_some((whole, at))),
            }
        }
        let limit = open.iter().rev().find_map(|object| object.end).unwrap_or(bytes.len());
        let header = Header::read(bytes, at, limit)?;
        match header.end {
            // A primitive object is whole.
            Some(end) if header.tag & 0x20 == 0 => {
                let whole = bytes.get(at..end).unwrap_or_default();
                match open.last_mut() {
                    Some(parent) => take(parent, whole, false, at)?,
                    None => return Ok(None),
                }
                at = end;
            }
            end => {
                if open.len() == MAX_DEPTH {
                    return Err(Malformed::at(at, "at most 32 levels"));
                }
                open.push(Open { tag: header.tag, start: at, end, content: Vec::new(), changed: false });
                at = header.content;
            }
        }
    }
}

/// A constructed OCTET STRING.
const SEGMENTED: u8 = tag::OCTET_STRING | 0x20;

/// The end-of-contents octets of an object of indefinite length.
fn ends_here(object: &Open, bytes: &[u8], at: usize) -> bool {
    object.end.is_none() && bytes.get(at..).is_some_and(|rest| rest.starts_with(&[0, 0]))
}

/// The object as a whole, rewritten only where it must be.
fn close(object: &Open, bytes: &[u8], end: usize) -> Vec<u8> {
    if object.tag == SEGMENTED {
        tlv(tag::OCTET_STRING, &object.content)
    } else if object.changed || object.end.is_none() {
        tlv(object.tag, &object.content)
    } else {
        bytes.get(object.start..end).unwrap_or_default().to_vec()
    }
}

/// Puts an object into the one around it. A segmented OCTET STRING takes the content of its segments.
fn take(parent: &mut Open, whole: &[u8], changed: bool, at: usize) -> Result<(), Malformed> {
    parent.changed |= changed;
    if parent.tag == SEGMENTED {
        let segment = super::Reader::new(whole).expect(tag::OCTET_STRING, "a segment")?;
        parent.content.extend_from_slice(segment.content);
    } else if whole.is_empty() {
        return Err(Malformed::at(at, "an object without octets"));
    } else {
        parent.content.extend_from_slice(whole);
    }
    Ok(())
}

/// Identifier and length octets.
struct Header {
    tag: u8,
    content: usize,
    end: Option<usize>,
}

impl Header {
    fn read(bytes: &[u8], at: usize, limit: usize) -> Result<Self, Malformed> {
        let bad = |what| Malformed::at(at, what);
        let rest = bytes.get(at..limit).filter(|rest| !rest.is_empty());
        let rest = rest.ok_or_else(|| bad("a data object is missing"))?;
        match rest {
            // The end-of-contents octets close an indefinite length only.
            [0, 0, ..] => Err(bad("the end of contents without a beginning")),
            [tag, 0x80, ..] if tag & 0x20 != 0 && tag & 0x1f != 0x1f => {
                Ok(Self { tag: *tag, content: at.saturating_add(2), end: None })
            }
            _ => {
                let mut reader = super::Reader { rest, offset: at };
                let element = reader.any()?;
                Ok(Self { tag: element.tag, content: element.content_offset, end: Some(reader.offset()) })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn definite_lengths_stay() {
        for bytes in
            [&[0x30, 0x03, 0x02, 0x01, 0x05][..], &[0x04, 0x00], &[0x30, 0x81, 0x02, 0x05, 0x00, 0xff]]
        {
            assert_eq!(to_definite(bytes), Ok(None), "{bytes:02x?}");
        }
    }

    #[test]
    fn indefinite_lengths_and_segments() {
        // SEQUENCE (indefinite) { [0] (indefinite) { OCTET STRING (segments) "ab" "c" }, NULL }, one octet after it
        let ber = [
            0x30, 0x80, 0xa0, 0x80, 0x24, 0x80, 0x04, 0x02, b'a', b'b', 0x04, 0x01, b'c', 0, 0, 0, 0, 0x05,
            0, 0, 0, 0x77,
        ];
        let der = [0x30, 0x09, 0xa0, 0x05, 0x04, 0x03, b'a', b'b', b'c', 0x05, 0x00];
        assert_eq!(to_definite(&ber), Ok(Some((der.to_vec(), ber.len() - 1))));
        // Only what is around a change is rewritten: the long form of the inner SEQUENCE stays.
        let ber = [0x30, 0x80, 0x30, 0x81, 0x02, 0x05, 0x00, 0, 0];
        assert_eq!(to_definite(&ber), Ok(Some((vec![0x30, 0x05, 0x30, 0x81, 0x02, 0x05, 0x00], 9))));
        // A definite length around an indefinite one.
        let ber = [0x30, 0x06, 0x31, 0x80, 0x05, 0x00, 0, 0];
        assert_eq!(to_definite(&ber), Ok(Some((vec![0x30, 0x04, 0x31, 0x02, 0x05, 0x00], 8))));
    }

    #[test]
    fn what_is_none() {
        for bytes in [
            &[0x30, 0x80][..],
            &[0x30, 0x80, 0x05],
            &[0x04, 0x80, 0, 0],
            &[0, 0],
            &[0x30, 0x04, 0x31, 0x80, 0x05, 0x00],
            &[0x24, 0x80, 0x05, 0x00, 0, 0],
            &[],
        ] {
            assert!(to_definite(bytes).is_err(), "{bytes:02x?}");
        }
        assert!(to_definite(&[0x30, 0x80].repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_the_result_is_definite(
            bytes in proptest::collection::vec(prop::sample::select(vec![0_u8, 1, 2, 4, 0x24, 0x30, 0x80, 0xa0]), 0..60)
        ) {
            if let Ok(Some((definite, taken))) = to_definite(&bytes) {
                prop_assert!(taken <= bytes.len());
                prop_assert_eq!(to_definite(&definite), Ok(None));
            }
        }
    }
}
