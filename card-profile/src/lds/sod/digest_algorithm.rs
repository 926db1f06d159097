//! Digest algorithms of the LDS security object (Doc 9303-12 §4.4.3).

use der::asn1::ObjectIdentifier;
use digest::Digest;

/// A digest algorithm, by its object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DigestAlgorithm {
    /// SHA-1: found in old foreign documents; for a verifier's policy to judge.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// Another.
    Unknown(ObjectIdentifier),
}

const SHA1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA224: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.4");
const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");

impl DigestAlgorithm {
    /// The algorithm of this identifier.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Self {
        match oid {
            SHA1 => Self::Sha1,
            SHA224 => Self::Sha224,
            SHA256 => Self::Sha256,
            SHA384 => Self::Sha384,
            SHA512 => Self::Sha512,
            other => Self::Unknown(other),
        }
    }

    /// The identifier.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sha1 => SHA1,
            Self::Sha224 => SHA224,
            Self::Sha256 => SHA256,
            Self::Sha384 => SHA384,
            Self::Sha512 => SHA512,
            Self::Unknown(oid) => oid,
        }
    }

    /// The digest of `data`; `None` if the algorithm is not known here.
    #[must_use]
    pub fn digest(self, data: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Sha1 => Some(sha1::Sha1::digest(data).to_vec()),
            Self::Sha224 => Some(sha2::Sha224::digest(data).to_vec()),
            Self::Sha256 => Some(sha2::Sha256::digest(data).to_vec()),
            Self::Sha384 => Some(sha2::Sha384::digest(data).to_vec()),
            Self::Sha512 => Some(sha2::Sha512::digest(data).to_vec()),
            Self::Unknown(_) => None,
        }
    }
}
