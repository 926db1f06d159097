//! The day from which a kind of signature shows nothing any more.

use std::fmt;
use std::str::FromStr;

use cccd_keys::algorithm::SignatureAlgorithm;
use cccd_keys::signed_data::SignatureFacts;
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

impl Sunset {
    /// Whether this signature is of the kind, and the day has come.
    pub(crate) fn has_set_on(&self, signature: &SignatureFacts, day: Date) -> bool {
        let key = signature.signer.public_key();
        let (kind, bits) = match signature.algorithm {
            SignatureAlgorithm::Ecdsa(_) | SignatureAlgorithm::EcdsaPlain(_) => {
                (Kind::Ecdsa, key.curve().map(|curve| curve.field_length() * 8))
            }
            SignatureAlgorithm::RsaPkcs1v15(_) | SignatureAlgorithm::RsaPss { .. } => {
                (Kind::Rsa, key.rsa_bits())
            }
            SignatureAlgorithm::Dsa(_) => return false,
        };
        day >= self.from && kind == self.kind && bits.is_some_and(|bits| bits <= self.at_most)
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
