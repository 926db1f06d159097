//! The chip's own key pairs: made on the chip, kept by the chip, only the public half comes out.

mod spki;

use super::curve::{Curve, DomainParameters, InvalidPoint, Point, Scalar};
use super::dh::{Exponent, InvalidResidue, ModpGroup, Residue};
use super::group::{Element, Group, InvalidElement};
use crate::tlv::{self, Reader};
use rand_core::CryptoRng;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{RsaPrivateKey, RsaPublicKey};
use std::fmt;
use zeroize::Zeroizing;

/// What kind of key pair to make, with the byte that names it in GENERATE ASYMMETRIC KEY PAIR (DO'80').
///
/// RSA takes the references of NIST SP 800-78; a curve or a group of residues is `80` plus the number of its
/// standardized domain parameters (Doc 9303-11 §9.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// `07`: RSA with a 2048-bit modulus.
    Rsa2048,
    /// `05`: RSA with a 3072-bit modulus.
    Rsa3072,
    /// `80` + number: elliptic curve.
    EllipticCurve(Curve),
    /// `80` + number: Diffie-Hellman modulo a prime.
    DiffieHellman(ModpGroup),
}

impl KeyAlgorithm {
    /// By its reference byte.
    #[must_use]
    pub fn from_reference(reference: u8) -> Option<Self> {
        match reference {
            0x07 => Some(Self::Rsa2048),
            0x05 => Some(Self::Rsa3072),
            _ if reference & 0x80 != 0 => {
                DomainParameters::from_id(reference & 0x7F).map(|parameters| parameters.group().into())
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
            Self::DiffieHellman(group) => 0x80 | group.number(),
        }
    }
}

impl From<Group> for KeyAlgorithm {
    fn from(group: Group) -> Self {
        match group {
            Group::Curve(curve) => Self::EllipticCurve(curve),
            Group::Modp(group) => Self::DiffieHellman(group),
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

impl From<InvalidResidue> for KeyError {
    fn from(_: InvalidResidue) -> Self {
        Self::Malformed
    }
}

/// A private key. Zeroized when dropped; no `Clone`, nothing in `Debug`.
pub enum PrivateKey {
    /// RSA.
    Rsa(Box<RsaPrivateKey>),
    /// Elliptic curve.
    EllipticCurve(Scalar),
    /// Diffie-Hellman modulo a prime.
    DiffieHellman(Exponent),
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
            KeyAlgorithm::DiffieHellman(group) => Ok(Self::DiffieHellman(Exponent::generate(group, rng))),
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
            Self::DiffieHellman(exponent) => Ok(KeyAlgorithm::DiffieHellman(exponent.group())),
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
            Self::DiffieHellman(exponent) => Ok(PublicKey::DiffieHellman(exponent.public_residue()?)),
        }
    }

    /// For the chip's own state: the algorithm's reference, then PKCS#1 (RSA), the scalar or the exponent. Secret.
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
            Self::DiffieHellman(exponent) => bytes.extend_from_slice(&exponent.to_secret_bytes()),
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
            KeyAlgorithm::DiffieHellman(group) if key.len() == group.order_length() => {
                Exponent::from_bytes(group, key).map(Self::DiffieHellman).ok_or(KeyError::Malformed)
            }
            KeyAlgorithm::DiffieHellman(_) => Err(KeyError::Malformed),
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 => RsaPrivateKey::from_pkcs1_der(key)
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|_| KeyError::Malformed),
        }
    }

    /// The scalar, if it is an elliptic curve key.
    #[must_use]
    pub fn scalar(&self) -> Option<&Scalar> {
        match self {
            Self::EllipticCurve(scalar) => Some(scalar),
            Self::Rsa(_) | Self::DiffieHellman(_) => None,
        }
    }

    /// The group of a key that agrees on secrets: what Chip Authentication needs.
    #[must_use]
    pub fn group(&self) -> Option<Group> {
        match self {
            Self::EllipticCurve(scalar) => Some(Group::Curve(scalar.curve())),
            Self::DiffieHellman(exponent) => Some(Group::Modp(exponent.group())),
            Self::Rsa(_) => None,
        }
    }

    /// The shared secret with this public key, fixed width (Doc 9303-11 §9.6).
    ///
    /// # Errors
    /// [`InvalidElement`] when the two are of different groups, or this is an RSA key.
    pub fn agree(&self, public: &Element) -> Result<Zeroizing<Vec<u8>>, InvalidElement> {
        match (self, public) {
            (Self::EllipticCurve(scalar), Element::Point(point)) => Ok(scalar.agree(point)?),
            (Self::DiffieHellman(exponent), Element::Residue(residue)) => Ok(exponent.agree(residue)?),
            _ => Err(InvalidElement),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(key) => write!(f, "PrivateKey(RSA, {} bytes)", key.size()),
            Self::EllipticCurve(scalar) => write!(f, "PrivateKey({:?})", scalar.curve()),
            Self::DiffieHellman(exponent) => write!(f, "PrivateKey({:?})", exponent.group()),
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
    /// Diffie-Hellman modulo a prime.
    DiffieHellman(Residue),
}

impl PublicKey {
    /// From a DER `SubjectPublicKeyInfo` as DG14 and DG15 carry it: RSA (RFC 3279 §2.3.1) of 512 to 8192 bits; a curve
    /// by name, by explicit parameters that equal a curve of the table, or by its standardized number; Diffie-Hellman
    /// by X9.42 (RFC 3279 §2.3.3), PKCS#3 or number, in a standardized group.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for any other algorithm, curve or group: nothing is known about the key's worth.
    /// [`KeyError::Malformed`] for what is no key: a point off its curve among them.
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        spki::read(der)
    }

    /// A DER `SubjectPublicKeyInfo`: a curve by name, a group of residues by X9.42's numbers.
    ///
    /// # Errors
    /// [`KeyError`], in practice never.
    pub fn to_spki(&self) -> Result<Vec<u8>, KeyError> {
        spki::write(self)
    }

    /// The element of a group, if the key is one that agrees on secrets.
    #[must_use]
    pub fn element(&self) -> Option<Element> {
        match self {
            Self::EllipticCurve(point) => Some(Element::Point(point.clone())),
            Self::DiffieHellman(residue) => Some(Element::Residue(residue.clone())),
            Self::Rsa(_) => None,
        }
    }

    /// The public key template `7F49` that GENERATE ASYMMETRIC KEY PAIR answers (ISO/IEC 7816-8 §8.2): RSA
    /// `81` modulus and `82` exponent, elliptic curve `86` point, Diffie-Hellman `84` value.
    #[must_use]
    pub fn to_template(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => {
                let modulus = tlv::encode(0x81, &key.n_bytes());
                let exponent = tlv::encode(0x82, &key.e_bytes());
                tlv::encode_all(0x7F49, &[&modulus, &exponent])
            }
            Self::EllipticCurve(point) => tlv::encode(0x7F49, &tlv::encode(0x86, point.as_bytes())),
            Self::DiffieHellman(residue) => tlv::encode(0x7F49, &tlv::encode(0x84, residue.as_bytes())),
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
            KeyAlgorithm::DiffieHellman(group) => {
                Self::DiffieHellman(group.residue(template.expect(0x84).ok()?.value).ok()?)
            }
            KeyAlgorithm::Rsa2048 | KeyAlgorithm::Rsa3072 => {
                let bytes = if algorithm == KeyAlgorithm::Rsa2048 { 256 } else { 384 };
                let modulus = template.expect(0x81).ok()?.value;
                let exponent = template.expect(0x82).ok()?.value;
                let key = spki::rsa_key(spki::significant(modulus), spki::significant(exponent)).ok()?;
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
mod tests;
