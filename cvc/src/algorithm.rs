//! The signature algorithms of Terminal Authentication: `id-TA-…` (TR-03110-3 §A.6.1).

use const_oid::ObjectIdentifier;

/// A hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-1: only in certificates of the past.
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The digest of a message in parts.
    #[must_use]
    pub fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        fn run<D: sha2::Digest>(parts: &[&[u8]]) -> Vec<u8> {
            parts.iter().fold(D::new(), D::chain_update).finalize().to_vec()
        }
        match self {
            Self::Sha1 => run::<sha1::Sha1>(parts),
            Self::Sha224 => run::<sha2::Sha224>(parts),
            Self::Sha256 => run::<sha2::Sha256>(parts),
            Self::Sha384 => run::<sha2::Sha384>(parts),
            Self::Sha512 => run::<sha2::Sha512>(parts),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }
}

/// A signature algorithm of Terminal Authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// `id-TA-RSA-v1-5-SHA-…`: RSASSA-PKCS1-v1_5.
    RsaPkcs1(Hash),
    /// `id-TA-RSA-PSS-SHA-…`: RSASSA-PSS, MGF1 with the same hash, a salt as long as the hash.
    RsaPss(Hash),
    /// `id-TA-ECDSA-SHA-…`: plain signatures `r ‖ s` (TR-03111 §5.2.1).
    Ecdsa(Hash),
}

/// `id-TA`.
pub const ID_TA: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.2.2.2");

impl SignatureAlgorithm {
    const NUMBERED: [(u32, u32, Self); 11] = [
        (1, 1, Self::RsaPkcs1(Hash::Sha1)),
        (1, 2, Self::RsaPkcs1(Hash::Sha256)),
        (1, 3, Self::RsaPss(Hash::Sha1)),
        (1, 4, Self::RsaPss(Hash::Sha256)),
        (1, 5, Self::RsaPkcs1(Hash::Sha512)),
        (1, 6, Self::RsaPss(Hash::Sha512)),
        (2, 1, Self::Ecdsa(Hash::Sha1)),
        (2, 2, Self::Ecdsa(Hash::Sha224)),
        (2, 3, Self::Ecdsa(Hash::Sha256)),
        (2, 4, Self::Ecdsa(Hash::Sha384)),
        (2, 5, Self::Ecdsa(Hash::Sha512)),
    ];

    /// By object identifier.
    #[must_use]
    pub fn from_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::NUMBERED.into_iter().map(|(_, _, algorithm)| algorithm).find(|algorithm| algorithm.oid() == oid)
    }

    /// The object identifier.
    #[must_use]
    pub fn oid(self) -> ObjectIdentifier {
        Self::NUMBERED
            .into_iter()
            .find(|(_, _, algorithm)| *algorithm == self)
            .and_then(|(family, number, _)| ID_TA.push_arc(family).and_then(|oid| oid.push_arc(number)).ok())
            .unwrap_or(ID_TA)
    }

    /// The hash.
    #[must_use]
    pub fn hash(self) -> Hash {
        match self {
            Self::RsaPkcs1(hash) | Self::RsaPss(hash) | Self::Ecdsa(hash) => hash,
        }
    }

    /// The standard's name: `id-TA-ECDSA-SHA-256`.
    #[must_use]
    pub fn name(self) -> String {
        let family = match self {
            Self::RsaPkcs1(_) => "RSA-v1-5",
            Self::RsaPss(_) => "RSA-PSS",
            Self::Ecdsa(_) => "ECDSA",
        };
        format!("id-TA-{family}-{}", self.hash().name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_and_names() {
        for (_, _, algorithm) in SignatureAlgorithm::NUMBERED {
            assert_eq!(SignatureAlgorithm::from_oid(algorithm.oid()), Some(algorithm));
        }
        let algorithm = SignatureAlgorithm::RsaPss(Hash::Sha256);
        assert_eq!(algorithm.oid().to_string(), "0.4.0.127.0.7.2.2.2.1.4");
        assert_eq!(algorithm.name(), "id-TA-RSA-PSS-SHA-256");
        assert_eq!(SignatureAlgorithm::from_oid(ID_TA), None);
    }
}
