//! The day from which a kind of signature shows nothing any more.

use std::fmt;
use std::str::FromStr;

use crate::public_key::PublicKey;
use jiff::civil::Date;

/// The day from which the signatures of a kind show nothing any more, in Vietnam. It is written `ecdsa-256:2060-01-01`: ECDSA on
/// fields of at most 256 bits, from that day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sunset {
    /// Which signatures.
    pub kind: Kind,
    /// With keys of at most so many bits.
    pub at_most: usize,
    /// From this day on.
    pub from: Date,
}

/// A kind of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// ECDSA; the bits are the field's.
    Ecdsa,
    /// RSA with either padding; the bits are the modulus'.
    Rsa,
}

/// A text that is no sunset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sunset is written like ecdsa-256:2060-01-01 or rsa-3072:2045-01-01")]
pub struct NotASunset;

/// Largest list of sunsets that is read, in octets.
pub const MAX_SUNSET_LIST: usize = 64 * 1024;
/// More sunsets than this in one list are refused.
const MAX_SUNSETS: usize = 256;

/// A list of sunsets that cannot be used, and on which line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {what}")]
pub struct NotASunsetList {
    /// Which line, from 1.
    pub line: usize,
    /// What was expected.
    pub what: &'static str,
}

impl Sunset {
    /// What every verifier starts with (`docs/decisions/0108-sunsets.md`): signatures of about 112 bits of strength are to be made
    /// until the end of 2030 (NIST SP 800-57 part 1), and a document of ten years that carries one ends with 2040.
    #[must_use]
    pub fn built_in() -> Vec<Self> {
        let from = Date::constant(2041, 1, 1);
        vec![Self { kind: Kind::Ecdsa, at_most: 224, from }, Self { kind: Kind::Rsa, at_most: 3071, from }]
    }

    /// Reads a list: one sunset a line, `#` begins a remark.
    ///
    /// # Errors
    /// [`NotASunsetList`], with the line.
    pub fn read_list(bytes: &[u8]) -> Result<Vec<Self>, NotASunsetList> {
        let wrong = |line, what| NotASunsetList { line, what };
        if bytes.len() > MAX_SUNSET_LIST {
            return Err(wrong(1, "a list of at most 64 KiB"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| wrong(1, "text"))?;
        let mut found = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            if found.len() == MAX_SUNSETS {
                return Err(wrong(number + 1, "at most 256 sunsets"));
            }
            let sunset = line.parse().map_err(|_| wrong(number + 1, "a sunset like ecdsa-256:2060-01-01"))?;
            found.push(sunset);
        }
        Ok(found)
    }

    /// Whether a file looks like a list of sunsets: its first line that is no remark begins like one.
    #[must_use]
    pub fn looks_like_list(bytes: &[u8]) -> bool {
        let start = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
        let mut lines = start.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii);
        let first = lines.find(|line| !line.is_empty() && !line.starts_with(b"#"));
        first.is_some_and(|line| line.starts_with(b"ecdsa-") || line.starts_with(b"rsa-"))
    }

    /// Whether signatures by this key show nothing any more on a day.
    #[must_use]
    pub fn has_set_on(&self, key: &PublicKey, day: Date) -> bool {
        let bits = match self.kind {
            Kind::Ecdsa => key.curve().map(|curve| curve.field_length() * 8),
            Kind::Rsa => key.rsa_bits(),
        };
        day >= self.from && bits.is_some_and(|bits| bits <= self.at_most)
    }
}

impl fmt::Display for Sunset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Ecdsa => "ecdsa",
            Kind::Rsa => "rsa",
        };
        write!(f, "{kind}-{}:{}", self.at_most, self.from)
    }
}

impl FromStr for Sunset {
    type Err = NotASunset;

    fn from_str(text: &str) -> Result<Self, NotASunset> {
        let (what, day) = text.split_once(':').ok_or(NotASunset)?;
        let (kind, bits) = what.split_once('-').ok_or(NotASunset)?;
        let kind = match kind {
            "ecdsa" => Kind::Ecdsa,
            "rsa" => Kind::Rsa,
            _ => return Err(NotASunset),
        };
        let at_most = bits.parse().map_err(|_| NotASunset)?;
        Ok(Self { kind, at_most, from: day.parse().map_err(|_| NotASunset)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_line_by_line() {
        let text = b"# decided by the issuer\n\n  ecdsa-256:2060-01-01  # cards without expiry\nrsa-3072:2045-12-31\n";
        let found: Vec<_> = Sunset::read_list(text).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, ["ecdsa-256:2060-01-01", "rsa-3072:2045-12-31"]);
        assert!(Sunset::looks_like_list(text) && !Sunset::looks_like_list(b"# ecdsa-256:2060-01-01\n"));
        let line = |bytes: &[u8]| Sunset::read_list(bytes).unwrap_err().line;
        assert_eq!(line(b"rsa-3072:2045-12-31\n\nrsa-3072\n"), 3);
        assert_eq!(line(b"rsa-3072:2045-12-31\n\xff"), 1);
        assert_eq!(line("rsa-3072:2045-12-31\n".repeat(257).as_bytes()), 257);
        assert_eq!(line(&[b'#'; MAX_SUNSET_LIST + 1]), 1);
    }

    #[test]
    fn written_as_read_and_nothing_else() {
        for text in ["ecdsa-256:2060-01-01", "rsa-3072:2045-12-31"] {
            assert_eq!(text.parse::<Sunset>().unwrap().to_string(), text);
        }
        for text in
            ["", "ecdsa:2060-01-01", "dsa-256:2060-01-01", "ecdsa-256:2060-13-01", "ecdsa-x:2060-01-01"]
        {
            assert_eq!(text.parse::<Sunset>(), Err(NotASunset), "{text}");
        }
    }
}
