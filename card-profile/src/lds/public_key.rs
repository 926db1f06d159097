//! `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7) as DG14 and DG15 hold it, from and to what a chip answers.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode, Encode, Sequence};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::LdsError;
use crate::tlv::Reader;

/// rsaEncryption (RFC 8017 §A.1).
pub const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// id-ecPublicKey (RFC 5480 §2.1.1).
pub const ID_EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// secp256r1.
pub const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// brainpoolP256r1 (RFC 5639 §4.1).
pub const BRAINPOOL_P256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.36.3.3.2.8.1.1.7");
/// standardizedDomainParameters (TR-03110-3 §A.2.1.1): `id-bsi standardizedDomainParameters`.
pub const STANDARDIZED_DOMAIN_PARAMETERS: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("0.4.0.127.0.7.1.2");

/// A public key: its DER encoding, kept as it is, and what kind it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKeyInfo {
    der: Vec<u8>,
    key: PublicKey,
}

/// The kinds of public key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicKey {
    /// RSA.
    Rsa {
        /// Modulus, big-endian, without leading zero.
        modulus: Vec<u8>,
        /// Public exponent, big-endian, without leading zero.
        exponent: Vec<u8>,
    },
    /// A point of an elliptic curve. Whether it lies on the curve is for whoever computes with it.
    Ec {
        /// Which curve.
        curve: CurveParameters,
        /// The encoded point.
        point: Vec<u8>,
    },
    /// Another algorithm.
    Unknown(ObjectIdentifier),
}

/// How a curve is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CurveParameters {
    /// By name.
    Named(ObjectIdentifier),
    /// By explicit parameters (`ECParameters`, DER), as Doc 9303-12 §4.4 demands of certificates.
    Explicit(Vec<u8>),
    /// By the number of standardized domain parameters (TR-03110-3 table 4).
    Standardized(u8),
}

/// ```text
/// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
/// ```
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    public_exponent: UintRef<'a>,
}

impl PublicKeyInfo {
    /// Reads the DER encoding.
    ///
    /// # Errors
    /// [`LdsError::Der`].
    pub fn from_der(der: &[u8]) -> Result<Self, LdsError> {
        let wrong = |source| LdsError::Der { what: "SubjectPublicKeyInfo", source };
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(wrong)?;
        let bits = info.subject_public_key.as_bytes().ok_or_else(|| wrong(der::ErrorKind::Failed.into()))?;
        let algorithm = info.algorithm;
        let key = if algorithm.oid == RSA_ENCRYPTION {
            rsa_key(bits)?
        } else if algorithm.oid == ID_EC_PUBLIC_KEY {
            let parameters = algorithm.parameters.ok_or_else(|| wrong(der::ErrorKind::Failed.into()))?;
            let curve = match parameters.decode_as::<ObjectIdentifier>() {
                Ok(name) => CurveParameters::Named(name),
                Err(_) => CurveParameters::Explicit(parameters.to_der().map_err(wrong)?),
            };
            PublicKey::Ec { curve, point: bits.to_vec() }
        } else if algorithm.oid == STANDARDIZED_DOMAIN_PARAMETERS {
            let parameters = algorithm.parameters.ok_or_else(|| wrong(der::ErrorKind::Failed.into()))?;
            let number = parameters.decode_as::<u8>().map_err(wrong)?;
            PublicKey::Ec { curve: CurveParameters::Standardized(number), point: bits.to_vec() }
        } else {
            PublicKey::Unknown(algorithm.oid)
        };
        Ok(Self { der: der.to_vec(), key })
    }

    /// An RSA key, from the modulus and exponent that a chip answers (big-endian, leading zeros allowed).
    ///
    /// # Errors
    /// [`LdsError::Der`] for numbers beyond what DER encodes.
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, LdsError> {
        let wrong = |source| LdsError::Der { what: "RSA public key", source };
        let key = RsaPublicKey {
            modulus: UintRef::new(modulus).map_err(wrong)?,
            public_exponent: UintRef::new(exponent).map_err(wrong)?,
        };
        Self::encode(RSA_ENCRYPTION, AnyRef::NULL, &key.to_der().map_err(wrong)?)
    }

    /// A key on a named curve, from the point that a chip answers.
    ///
    /// # Errors
    /// [`LdsError::Der`].
    pub fn ec(curve: ObjectIdentifier, point: &[u8]) -> Result<Self, LdsError> {
        Self::encode(ID_EC_PUBLIC_KEY, AnyRef::from(&curve), point)
    }

    /// The DER encoding.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    fn encode(algorithm: ObjectIdentifier, parameters: AnyRef<'_>, key: &[u8]) -> Result<Self, LdsError> {
        let wrong = |source| LdsError::Der { what: "SubjectPublicKeyInfo", source };
        let info = SubjectPublicKeyInfoRef {
            algorithm: AlgorithmIdentifierRef { oid: algorithm, parameters: Some(parameters) },
            subject_public_key: BitStringRef::from_bytes(key).map_err(wrong)?,
        };
        Self::from_der(&info.to_der().map_err(wrong)?)
    }
}

/// Lenient in one point: chips are found whose modulus lacks the leading zero and would read as negative.
fn rsa_key(bits: &[u8]) -> Result<PublicKey, LdsError> {
    let mut numbers = Reader::new(bits).expect(0x30)?.nested()?;
    let mut number = || -> Result<Vec<u8>, LdsError> {
        let value = numbers.expect(0x02)?.value;
        Ok(value.iter().copied().skip_while(|byte| *byte == 0).collect())
    };
    Ok(PublicKey::Rsa { modulus: number()?, exponent: number()? })
}

impl PublicKey {
    /// Bits of an RSA modulus; `None` for other keys.
    #[must_use]
    pub fn rsa_bits(&self) -> Option<usize> {
        match self {
            Self::Rsa { modulus, .. } => {
                let first = modulus.first()?;
                let leading = usize::try_from(first.leading_zeros()).ok()?;
                modulus.len().checked_mul(8)?.checked_sub(leading)
            }
            _ => None,
        }
    }
}
