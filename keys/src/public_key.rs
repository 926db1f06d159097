//! Public keys: `SubjectPublicKeyInfo` in and out, and the one place where signatures are verified.

#[cfg(feature = "aws-lc")]
mod aws_lc;
mod dsa;
mod often;
mod pkcs1;
mod pss;
#[cfg(test)]
mod referee;
mod tables;
mod verify;

use crate::algorithm::{HashAlgorithm, SignatureAlgorithm, UnknownAlgorithm, oids};
use crate::asn1::{self, Element, Malformed, Reader, tag, unsigned};
use crate::curve::{CurveEncoding, CurveParameters, NamedCurve, to_parameters};
pub use often::OftenUsed;
use sha2::{Digest, Sha256};
use tables::Tables;

/// Upper bound of an RSA modulus that is computed with, in octets: 16384 bits.
const MAX_MODULUS: usize = 2048;

/// A public key of a certificate, a Document Signer, the register or a station.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    spki: Vec<u8>,
    material: Material,
    tables: Tables,
}

/// The key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Material {
    /// A point of a known curve, SEC1 form as received.
    Ec { curve: NamedCurve, encoding: CurveEncoding, point: Vec<u8> },
    /// Modulus and public exponent, without leading zeros.
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// DSA; without parameters they are those of the issuer's key (RFC 3279 §2.3.2).
    Dsa { domain: Option<dsa::Domain>, y: Vec<u8> },
    /// A key of another kind or on an unknown curve: kept, never computed with.
    Unknown(String),
}

/// Why a signature was not found good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The signature is not one of this message by this key.
    #[error("the signature does not verify")]
    Invalid,
    /// Algorithm, curve or key type is not known here: undetermined, not false.
    #[error(transparent)]
    Unknown(#[from] UnknownAlgorithm),
    /// The key itself is no valid key (point off the curve, unusable modulus).
    #[error("the public key is not usable: {0}")]
    UnusableKey(&'static str),
    /// The algorithm belongs to another type of key.
    #[error("the signature algorithm does not fit the key")]
    KeyTypeMismatch,
}

/// A departure in a signature that is tolerated and reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SignatureLeniency {
    /// RSA PKCS#1 v1.5 over a `DigestInfo` whose algorithm lacks NULL.
    DigestInfoWithoutNull,
}

impl SignatureLeniency {
    /// Stable code for reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::DigestInfoWithoutNull => "digest-info-without-null",
        }
    }
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` (DER). A key of unknown type is kept as such.
    ///
    /// # Errors
    /// Bytes that are no `SubjectPublicKeyInfo`.
    pub fn from_spki(der: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(der);
        let element = reader.expect(tag::SEQUENCE, "a public key")?;
        reader.finish("bytes after the public key")?;
        Self::from_element(&element)
    }

    pub(crate) fn from_element(element: &Element<'_>) -> Result<Self, Malformed> {
        let mut reader = element.reader();
        let mut algorithm = reader.sequence("the algorithm of a public key")?;
        let oid = algorithm.any()?.oid()?;
        let key = reader.expect(tag::BIT_STRING, "a public key")?;
        let octets = key.bit_octets()?;
        let material = if oid == oids::EC_PUBLIC_KEY {
            let parameters = algorithm.any()?;
            match CurveParameters::from_element(&parameters)? {
                CurveParameters::Known(curve, encoding) => {
                    Material::Ec { curve, encoding, point: octets.to_vec() }
                }
                CurveParameters::Unknown => Material::Unknown("an elliptic curve outside the table".into()),
            }
        } else if oid == oids::RSA || oid == oids::RSA_PSS {
            let mut inner = Reader::new(octets).sequence("an RSA public key")?;
            let modulus = unsigned(inner.any()?.integer()?).to_vec();
            let exponent = unsigned(inner.any()?.integer()?).to_vec();
            if modulus.len() > MAX_MODULUS || exponent.len() > 8 {
                return Err(Malformed::at(key.offset, "an RSA key of at most 16384 bits"));
            }
            Material::Rsa { modulus, exponent }
        } else if oid == oids::DSA {
            let domain = algorithm.optional(tag::SEQUENCE)?;
            let domain = domain.map(|parameters| dsa::Domain::read(&parameters)).transpose()?;
            let mut inner = Reader::new(octets);
            let y = unsigned(inner.any()?.integer()?).to_vec();
            inner.finish("bytes after a DSA public key")?;
            Material::Dsa { domain, y }
        } else {
            Material::Unknown(oid.to_string())
        };
        Ok(Self { spki: element.raw.to_vec(), material, tables: Tables::NONE })
    }

    /// A key from a point of a curve (SEC1, uncompressed).
    #[must_use]
    pub fn from_point(curve: NamedCurve, encoding: CurveEncoding, point: &[u8]) -> Self {
        let algorithm = asn1::sequence(&[&asn1::oid(&oids::EC_PUBLIC_KEY), &to_parameters(curve, encoding)]);
        let spki = asn1::sequence(&[&algorithm, &asn1::bit_string(point)]);
        let material = Material::Ec { curve, encoding, point: point.to_vec() };
        Self { spki, material, tables: Tables::NONE }
    }

    /// The same key, laid out in tables for many verifications, if it is one that gains by it: an elliptic curve's. A
    /// few milliseconds of work; the answers are those of the plain key.
    #[must_use]
    pub fn with_tables(&self) -> Option<Self> {
        let Material::Ec { curve, point, .. } = &self.material else { return None };
        Some(Self { tables: Tables::of(*curve, point)?, ..self.clone() })
    }

    /// Octets that its tables take, if it has any.
    #[must_use]
    pub fn table_memory(&self) -> usize {
        self.tables.memory()
    }

    /// `SubjectPublicKeyInfo`, DER, as received or built.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of the `SubjectPublicKeyInfo`, lower-case hex: how a register or station key is named.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(&self.spki))
    }

    /// The curve, if it is an EC key on a known curve.
    #[must_use]
    pub fn curve(&self) -> Option<NamedCurve> {
        match &self.material {
            Material::Ec { curve, .. } => Some(*curve),
            _ => None,
        }
    }

    /// Curve and point (SEC1, as received), if it is an EC key on a known curve.
    #[must_use]
    pub fn point(&self) -> Option<(NamedCurve, &[u8])> {
        match &self.material {
            Material::Ec { curve, point, .. } => Some((*curve, point)),
            _ => None,
        }
    }

    /// How the curve is written, if it is an EC key on a known curve.
    #[must_use]
    pub fn curve_encoding(&self) -> Option<CurveEncoding> {
        match &self.material {
            Material::Ec { encoding, .. } => Some(*encoding),
            _ => None,
        }
    }

    /// For people: `brainpoolP384r1`, `RSA-3072`, or what is unknown.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.material {
            Material::Ec { curve, .. } => curve.name().to_owned(),
            Material::Rsa { modulus, .. } => format!("RSA-{}", modulus.len() * 8),
            Material::Dsa { domain, .. } => domain
                .as_ref()
                .map_or_else(|| "DSA".to_owned(), |domain| format!("DSA-{}", domain.length() * 8)),
            Material::Unknown(what) => what.clone(),
        }
    }

    /// Whether the key has no parameters of its own: they come from its issuer's.
    #[must_use]
    pub const fn inherits_parameters(&self) -> bool {
        matches!(self.material, Material::Dsa { domain: None, .. })
    }

    /// The key with the parameters of its issuer's, if it has none of its own: DSA parameters are inherited along a
    /// path (RFC 5280 §6.1.4 (d)–(f)).
    #[must_use]
    pub fn inheriting_from(&self, issuer: &Self) -> Self {
        match (&self.material, &issuer.material) {
            (Material::Dsa { domain: None, y }, Material::Dsa { domain: Some(domain), .. }) => Self {
                spki: self.spki.clone(),
                material: Material::Dsa { domain: Some(domain.clone()), y: y.clone() },
                tables: Tables::NONE,
            },
            _ => self.clone(),
        }
    }

    /// Whether `signature` (ECDSA: `Ecdsa-Sig-Value` in DER; RSA: the octets) is this key's over `message`.
    ///
    /// # Errors
    /// [`VerifyError`]: invalid, unknown algorithm, unusable key, or key and algorithm of different kinds.
    pub fn verify(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        if let SignatureAlgorithm::EcdsaPlain(hash) = algorithm {
            return self.verify_plain(hash, message, signature);
        }
        verify::verify(self, algorithm, message, signature)
    }

    /// As [`verify`](Self::verify), but tolerates what old signers write, and says so.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_leniently(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<Option<SignatureLeniency>, VerifyError> {
        match (self.verify(algorithm, message, signature), &self.material, algorithm) {
            (
                Err(VerifyError::Invalid),
                Material::Rsa { modulus, exponent },
                SignatureAlgorithm::RsaPkcs1v15(hash),
            ) if pkcs1::holds_without_null(modulus, exponent, hash, message, signature) => {
                Ok(Some(SignatureLeniency::DigestInfoWithoutNull))
            }
            (result, _, _) => result.map(|()| None),
        }
    }

    /// Bits of the modulus, if it is an RSA key.
    #[must_use]
    pub fn rsa_bits(&self) -> Option<usize> {
        let Material::Rsa { modulus, .. } = &self.material else { return None };
        let spare = modulus.first().map_or(0, |first| first.leading_zeros());
        Some((modulus.len() * 8).saturating_sub(usize::try_from(spare).unwrap_or(0)))
    }

    /// Whether `signature`, the plain `r ‖ s` of TR-03111 §5.2.1 at the width of the curve, is this key's over `message`.
    ///
    /// # Errors
    /// As [`verify`](Self::verify); another width is [`VerifyError::Invalid`].
    pub fn verify_plain(
        &self,
        hash: HashAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        if let Some(curve) = self.curve() {
            let halves = signature.split_at_checked(curve.order_length());
            let (r, s) = halves.filter(|(r, s)| r.len() == s.len()).ok_or(VerifyError::Invalid)?;
            let der = asn1::sequence(&[&asn1::integer(r), &asn1::integer(s)]);
            return self.verify(SignatureAlgorithm::Ecdsa(hash), message, &der);
        }
        self.verify(SignatureAlgorithm::Ecdsa(hash), message, signature)
    }

    /// Key identifier, method 1 of RFC 5280 §4.2.1.2: SHA-1 of the BIT STRING's octets. A name, not a protection.
    #[must_use]
    pub fn key_identifier(&self) -> Vec<u8> {
        let octets = Reader::new(&self.spki)
            .sequence("a public key")
            .and_then(|mut reader| {
                reader.any()?;
                reader.any()?.bit_octets().map(<[u8]>::to_vec)
            })
            .unwrap_or_default();
        sha1::Sha1::digest(octets).to_vec()
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({}, {})", self.describe(), self.fingerprint())
    }
}
