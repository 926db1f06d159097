//! The chip's own key pairs: made on the chip, kept by the chip, only the public half comes out.

use super::curve::{Curve, DomainParameters, InvalidPoint, Point, Scalar};
use crate::tlv::{self, Reader};
use const_oid::ObjectIdentifier;
use der::{Decode as _, Encode as _, asn1::BitStringRef};
use rand_core::CryptoRng;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use rsa::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, RsaPrivateKey, RsaPublicKey};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use std::fmt;
use zeroize::Zeroizing;

/// What kind of key pair to make, with the byte that names it in GENERATE ASYMMETRIC KEY PAIR (DO'80').
///
/// RSA takes the references of NIST SP 800-78; a curve is `80` plus the number of its standardized domain
/// parameters (Doc 9303-11 §9.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// `07`: RSA with a 2048-bit modulus.
    Rsa2048,
    /// `05`: RSA with a 3072-bit modulus.
    Rsa3072,
    /// `80` + number: elliptic curve.
    EllipticCurve(Curve),
}

impl KeyAlgorithm {
    /// By its reference byte.
    #[must_use]
    pub fn from_reference(reference: u8) -> Option<Self> {
        match reference {
            0x07 => Some(Self::Rsa2048),
            0x05 => Some(Self::Rsa3072),
            _ if reference & 0x80 != 0 => {
                DomainParameters::from_id(reference & 0x7F)?.curve().ok().map(Self::EllipticCurve)
            }
            _ => None,
        }
    }

    /// Its reference byte.
    #[must_use]
    pub fn reference(self) -> u8 {
        match self {
            Self::Rsa2048 => 0x07,
            Self::Rsa3072 => 0x05,
            Self::EllipticCurve(curve) => 0x80 | curve.number(),
        }
    }
}

/// Why key material cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not the encoding of a key.
    #[error("malformed key")]
    Malformed,
    /// A kind of key, a size or a curve that is not supported: nothing is known about the key's worth.
    #[error("unsupported key algorithm or curve")]
    Unsupported,
    /// The key pair could not be made.
    #[error("the key pair could not be made")]
    Generation,
}

impl From<InvalidPoint> for KeyError {
    fn from(_: InvalidPoint) -> Self {
        Self::Malformed
    }
}

/// A private key. Zeroized when dropped; no `Clone`, nothing in `Debug`.
pub enum PrivateKey {
    /// RSA.
    Rsa(Box<RsaPrivateKey>),
    /// Elliptic curve.
    EllipticCurve(Scalar),
}

impl PrivateKey {
    /// Makes a key pair.
    ///
    /// # Errors
    /// [`KeyError::Generation`].
    pub fn generate(algorithm: KeyAlgorithm, rng: &mut dyn CryptoRng) -> Result<Self, KeyError> {
        let rsa = |bits, rng| RsaPrivateKey::new(rng, bits).map(|key| Self::Rsa(Box::new(key)));
        match algorithm {
            KeyAlgorithm::Rsa2048 => rsa(2048, rng).map_err(|_| KeyError::Generation),
            KeyAlgorithm::Rsa3072 => rsa(3072, rng).map_err(|_| KeyError::Generation),
            KeyAlgorithm::EllipticCurve(curve) => Ok(Self::EllipticCurve(Scalar::generate(curve, rng))),
        }
    }

    /// What kind of key it is.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for an RSA size that has no reference.
    pub fn algorithm(&self) -> Result<KeyAlgorithm, KeyError> {
        match self {
            Self::Rsa(key) => match key.size() {
                256 => Ok(KeyAlgorithm::Rsa2048),
                384 => Ok(KeyAlgorithm::Rsa3072),
                _ => Err(KeyError::Unsupported),
            },
            Self::EllipticCurve(scalar) => Ok(KeyAlgorithm::EllipticCurve(scalar.curve())),
        }
    }

    /// The public half.
    ///
    /// # Errors
    /// [`KeyError`], in practice never.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        match self {
            Self::Rsa(key) => Ok(PublicKey::Rsa(key.to_public_key())),
            Self::EllipticCurve(scalar) => Ok(PublicKey::EllipticCurve(scalar.public_point()?)),
        }
    }

    /// For the chip's own state: the algorithm's reference, then PKCS#1 (RSA) or the scalar. Secret.
    ///
    /// # Errors
    /// [`KeyError`] when the key has no reference.
    pub fn to_secret_bytes(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let mut bytes = Zeroizing::new(vec![self.algorithm()?.reference()]);
        match self {
            Self::Rsa(key) => {
                let document = key.to_pkcs1_der().map_err(|_| KeyError::Malformed)?;
                bytes.extend_from_slice(document.as_bytes());
            }
            Self::EllipticCurve(scalar) => bytes.extend_from_slice(&scalar.to_secret_bytes()),
        }
        Ok(bytes)
    }

    /// Back from [`PrivateKey::to_secret_bytes`].
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_secret_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let (reference, key) = bytes.split_first().ok_or(KeyError::Malformed)?;
        match KeyAlgorithm::from_reference(*reference).ok_or(KeyError::Unsupported)? {
            KeyAlgorithm::EllipticCurve(curve) => {
                Scalar::from_bytes(curve, key).map(Self::EllipticCurve).ok_or(KeyError::Malformed)
            }
            _ => RsaPrivateKey::from_pkcs1_der(key)
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|_| KeyError::Malformed),
        }
    }

    /// The scalar, if it is an elliptic curve key: what Chip Authentication needs.
    #[must_use]
    pub fn scalar(&self) -> Option<&Scalar> {
        match self {
            Self::EllipticCurve(scalar) => Some(scalar),
            Self::Rsa(_) => None,
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(key) => write!(f, "PrivateKey(RSA, {} bytes)", key.size()),
            Self::EllipticCurve(scalar) => write!(f, "PrivateKey({:?})", scalar.curve()),
        }
    }
}

/// A chip's public key: DG15's, or one of DG14's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// RSA.
    Rsa(RsaPublicKey),
    /// Elliptic curve.
    EllipticCurve(Point),
}

const ID_EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const STANDARDIZED_DOMAIN_PARAMETERS: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.1.2");

impl PublicKey {
    /// From a DER `SubjectPublicKeyInfo`: RSA of 1024 to 4096 bits; a curve by name (RFC 5480) or by its
    /// standardized number (TR-03110-3 A.2.1.1).
    ///
    /// # Errors
    /// [`KeyError`]; a curve written out in explicit parameters is [`KeyError::Unsupported`].
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::Malformed)?;
        if info.algorithm.oid == RSA_ENCRYPTION {
            return RsaPublicKey::from_public_key_der(der).map(Self::Rsa).map_err(|_| KeyError::Unsupported);
        }
        let parameters = info.algorithm.parameters.ok_or(KeyError::Unsupported)?;
        let curve = if info.algorithm.oid == ID_EC_PUBLIC_KEY {
            parameters.decode_as::<ObjectIdentifier>().ok().and_then(Curve::from_oid)
        } else if info.algorithm.oid == STANDARDIZED_DOMAIN_PARAMETERS {
            let number = parameters.decode_as::<u8>().map_err(|_| KeyError::Malformed)?;
            DomainParameters::from_id(number).and_then(|parameters| parameters.curve().ok())
        } else {
            None
        };
        let bytes = info.subject_public_key.as_bytes().ok_or(KeyError::Malformed)?;
        Ok(Self::EllipticCurve(curve.ok_or(KeyError::Unsupported)?.point(bytes)?))
    }

    /// A DER `SubjectPublicKeyInfo`, the curve by name: what DG15 and DG14 carry.
    ///
    /// # Errors
    /// [`KeyError`], in practice never.
    pub fn to_spki(&self) -> Result<Vec<u8>, KeyError> {
        match self {
            Self::Rsa(key) => {
                key.to_public_key_der().map(der::Document::into_vec).map_err(|_| KeyError::Malformed)
            }
            Self::EllipticCurve(point) => {
                let oid = point.curve().oid();
                SubjectPublicKeyInfoRef {
                    algorithm: AlgorithmIdentifierRef {
                        oid: ID_EC_PUBLIC_KEY,
                        parameters: Some((&oid).into()),
                    },
                    subject_public_key: BitStringRef::from_bytes(point.as_bytes())
                        .map_err(|_| KeyError::Malformed)?,
                }
                .to_der()
                .map_err(|_| KeyError::Malformed)
            }
        }
    }

    /// The public key template `7F49` that GENERATE ASYMMETRIC KEY PAIR answers (ISO/IEC 7816-8 §8.2): RSA
    /// `81` modulus and `82` exponent, elliptic curve `86` point.
    #[must_use]
    pub fn to_template(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => {
                let modulus = tlv::encode(0x81, &key.n_bytes());
                let exponent = tlv::encode(0x82, &key.e_bytes());
                tlv::encode_all(0x7F49, &[&modulus, &exponent])
            }
            Self::EllipticCurve(point) => tlv::encode(0x7F49, &tlv::encode(0x86, point.as_bytes())),
        }
    }

    /// Back from [`PublicKey::to_template`]; the algorithm is the one that was asked for.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_template(algorithm: KeyAlgorithm, data: &[u8]) -> Result<Self, KeyError> {
        Self::read_template(algorithm, data).ok_or(KeyError::Malformed)
    }

    fn read_template(algorithm: KeyAlgorithm, data: &[u8]) -> Option<Self> {
        let mut outer = Reader::new(data);
        let mut template = outer.expect(0x7F49).ok()?.nested().ok()?;
        outer.finish().ok()?;
        let key = match algorithm {
            KeyAlgorithm::EllipticCurve(curve) => {
                Self::EllipticCurve(curve.point(template.expect(0x86).ok()?.value).ok()?)
            }
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 => {
                let bytes = if algorithm == KeyAlgorithm::Rsa2048 { 256 } else { 384 };
                let modulus = template.expect(0x81).ok()?.value;
                let exponent = template.expect(0x82).ok()?.value;
                if exponent.len() > 8 || modulus.len() > 512 {
                    return None;
                }
                let number = BoxedUint::from_be_slice_vartime;
                let key = RsaPublicKey::new(number(modulus), number(exponent)).ok()?;
                if key.size() != bytes {
                    return None;
                }
                Self::Rsa(key)
            }
        };
        template.finish().ok()?;
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::test_rng::Given;
    use proptest::prelude::*;

    #[test]
    fn references_name_their_algorithms() {
        for reference in 0..=255 {
            if let Some(algorithm) = KeyAlgorithm::from_reference(reference) {
                assert_eq!(algorithm.reference(), reference);
            }
        }
        assert_eq!(
            KeyAlgorithm::from_reference(0x8D),
            Some(KeyAlgorithm::EllipticCurve(Curve::BrainpoolP256r1))
        );
    }

    #[test]
    fn keys_survive_their_encodings() {
        let mut algorithms = vec![KeyAlgorithm::Rsa2048];
        algorithms.extend(Curve::ALL.map(KeyAlgorithm::EllipticCurve));
        for algorithm in algorithms {
            let key = PrivateKey::generate(algorithm, &mut Given::new(&[])).unwrap();
            let public = key.public_key().unwrap();
            let again = PrivateKey::from_secret_bytes(&key.to_secret_bytes().unwrap()).unwrap();
            assert_eq!(again.public_key().unwrap(), public);
            assert_eq!(PublicKey::from_spki(&public.to_spki().unwrap()).unwrap(), public);
            assert_eq!(PublicKey::from_template(algorithm, &public.to_template()).unwrap(), public);
        }
    }

    /// Doc 9303-11 appendix I: the `ChipAuthenticationPublicKeyInfo` names its curve by number.
    #[test]
    fn a_curve_may_be_named_by_number() {
        let point = Curve::BrainpoolP256r1.generator();
        let parameters = tlv::encode(
            0x30,
            &[&tlv::encode(0x06, STANDARDIZED_DOMAIN_PARAMETERS.as_bytes())[..], &[2, 1, 13]].concat(),
        );
        let bits = tlv::encode(0x03, &[&[0][..], point.as_bytes()].concat());
        let spki = tlv::encode_all(0x30, &[&parameters, &bits]);
        assert_eq!(PublicKey::from_spki(&spki), Ok(PublicKey::EllipticCurve(point)));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = PublicKey::from_spki(&bytes);
            let _ = PrivateKey::from_secret_bytes(&bytes);
            for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::EllipticCurve(Curve::P256)] {
                let _ = PublicKey::from_template(algorithm, &bytes);
            }
        }
    }
}
