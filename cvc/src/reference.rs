//! The name of a key: Certification Authority Reference and Certificate Holder Reference (TR-03110-3 §D.2.1.2).

use crate::ParseError;
use std::fmt;
use std::str::FromStr;

/// The longest reference.
const MAX: usize = 16;

/// Country code, holder mnemonic and sequence number, at most 16 characters of ISO 8859-1: `VNCVCA00001`.
///
/// What is read keeps its bytes, whatever their inner structure; what is made here follows it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference(Vec<u8>);

/// Not a reference as the standard wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a reference is a country code of two capitals, 1 to 9 letters or digits, and five letters or digits"
)]
pub struct NotAReference;

impl Reference {
    /// Of a country, a holder and a sequence number of five letters or digits.
    ///
    /// # Errors
    /// [`NotAReference`].
    pub fn new(country: &str, holder: &str, sequence: &str) -> Result<Self, NotAReference> {
        let alphanumeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let good = country.len() == 2
            && country.bytes().all(|byte| byte.is_ascii_uppercase())
            && (1..=9).contains(&holder.len())
            && alphanumeric(holder)
            && sequence.len() == 5
            && alphanumeric(sequence);
        good.then(|| Self([country, holder, sequence].concat().into_bytes())).ok_or(NotAReference)
    }

    /// The bytes as they stand in a certificate: 1 to 16, none of them a control character.
    ///
    /// # Errors
    /// [`NotAReference`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NotAReference> {
        let printable = |byte: &u8| !matches!(byte, 0..=0x1F | 0x7F..=0x9F);
        let good = (1..=MAX).contains(&bytes.len()) && bytes.iter().all(printable);
        good.then(|| Self(bytes.to_vec())).ok_or(NotAReference)
    }

    pub(crate) fn read(object: &crate::tlv::Object<'_>) -> Result<Self, ParseError> {
        Self::from_bytes(object.value)
            .map_err(|_| ParseError::Value { what: "reference", offset: object.offset })
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The country code, if the reference starts with one.
    #[must_use]
    pub fn country(&self) -> Option<&str> {
        self.0
            .get(..2)
            .filter(|code| code.iter().all(u8::is_ascii_uppercase))
            .and_then(|code| std::str::from_utf8(code).ok())
    }

    /// What stands between country code and sequence number.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        let end = self.0.len().checked_sub(5)?;
        std::str::from_utf8(self.0.get(2..end)?).ok()
    }

    /// The sequence number: the last five characters.
    #[must_use]
    pub fn sequence(&self) -> Option<&str> {
        let start = self.0.len().checked_sub(5)?;
        std::str::from_utf8(self.0.get(start..)?).ok()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // ISO 8859-1: byte and code point are the same number.
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reference({self})")
    }
}

impl FromStr for Reference {
    type Err = NotAReference;

    fn from_str(text: &str) -> Result<Self, NotAReference> {
        let split = |from: usize, to: usize| text.get(from..to).ok_or(NotAReference);
        let end = text.len().checked_sub(5).ok_or(NotAReference)?;
        Self::new(split(0, 2)?, split(2, end)?, split(end, text.len())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_parts() {
        let reference = Reference::from_bytes(b"NLIS7202000NL001").unwrap();
        assert_eq!(
            (reference.country(), reference.holder(), reference.sequence()),
            (Some("NL"), Some("IS7202000"), Some("NL001"))
        );
        assert_eq!("NLIS7202000NL001".parse(), Ok(reference));
        for wrong in ["", "vnCVCA00001", "VN00001", "VNTOOLONGNAME00001"] {
            assert_eq!(wrong.parse::<Reference>(), Err(NotAReference), "{wrong}");
        }
        assert!(Reference::from_bytes(b"VN\0CVCA00001").is_err());
        assert!(Reference::from_bytes(&[b'A'; 17]).is_err());
    }
}
