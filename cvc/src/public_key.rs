//! Public keys in certificates (TR-03110-3 §D.3), and the keys that verify.
//!
//! An elliptic curve key of a document verifier or terminal has no domain parameters: it takes those of the key that
//! signed its certificate. Parameters that are written out are compared with the closed table of curves and never
//! computed upon.

use crate::ParseError;
use crate::algorithm::SignatureAlgorithm;
use crate::tlv::{Object, Reader, encode};
use cccd_curves::{Curve, Domain, EcdsaError, ExplicitParameters, Point, Signature, verify_ecdsa};
use const_oid::ObjectIdentifier;
use rsa::traits::{PublicKeyParts as _, SignatureScheme as _};
use rsa::{BoxedUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use std::fmt;

/// The longest number read: an RSA modulus of 4096 bits.
const MAX_NUMBER: usize = 512;

/// A public key as a certificate carries it. The bytes are kept.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    raw: Vec<u8>,
    algorithm: ObjectIdentifier,
    material: Material,
}

#[derive(Clone, PartialEq, Eq)]
enum Material {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    EllipticCurve {
        parameters: Option<Box<Parameters>>,
        point: Vec<u8>,
    },
    /// Of an algorithm that is not known here.
    Unknown,
}

#[derive(Clone, PartialEq, Eq)]
struct Parameters {
    prime: Vec<u8>,
    a: Vec<u8>,
    b: Vec<u8>,
    generator: Vec<u8>,
    order: Vec<u8>,
    cofactor: Option<Vec<u8>>,
}

impl Parameters {
    fn curve(&self) -> Option<Curve> {
        ExplicitParameters {
            prime: &self.prime,
            a: &self.a,
            b: &self.b,
            generator: &self.generator,
            order: &self.order,
            cofactor: self.cofactor.as_deref(),
        }
        .curve()
    }
}

impl PublicKey {
    pub(crate) fn read(object: &Object<'_>) -> Result<Self, ParseError> {
        let mut inner = object.nested();
        let oid = inner.expect(0x06)?;
        let algorithm = ObjectIdentifier::from_bytes(oid.value)
            .map_err(|_| ParseError::Value { what: "object identifier of the key", offset: oid.offset })?;
        let material = match SignatureAlgorithm::from_oid(algorithm) {
            Some(SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_)) => {
                let modulus = number(&mut inner, 0x81)?;
                let exponent = number(&mut inner, 0x82)?;
                inner.finish()?;
                Material::Rsa { modulus, exponent }
            }
            Some(SignatureAlgorithm::Ecdsa(_)) => {
                let parameters = match inner.optional(0x81)? {
                    None => None,
                    Some(prime) => Some(Box::new(Parameters {
                        prime: bounded(&prime)?,
                        a: number(&mut inner, 0x82)?,
                        b: number(&mut inner, 0x83)?,
                        generator: number(&mut inner, 0x84)?,
                        order: number(&mut inner, 0x85)?,
                        cofactor: None,
                    })),
                };
                let point = number(&mut inner, 0x86)?;
                let cofactor = inner.optional(0x87)?.map(|object| bounded(&object)).transpose()?;
                inner.finish()?;
                let parameters = parameters.map(|mut parameters| {
                    parameters.cofactor = cofactor;
                    parameters
                });
                Material::EllipticCurve { parameters, point }
            }
            None => Material::Unknown,
        };
        Ok(Self { raw: object.raw.to_vec(), algorithm, material })
    }

    /// Reads a data object `7F49` with nothing behind it.
    ///
    /// # Errors
    /// [`ParseError`].
    pub fn from_object(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(bytes);
        let object = reader.expect(0x7F49)?;
        reader.finish()?;
        Self::read(&object)
    }

    /// Of a key that verifies; an elliptic curve's domain parameters are written out or left to be inherited.
    ///
    /// # Errors
    /// [`ParseError`], in practice never.
    pub fn new(key: &VerifyingKey, with_parameters: bool) -> Result<Self, ParseError> {
        let oid = encode(0x06, &[key.algorithm.oid().as_bytes()]);
        let raw = match &key.material {
            VerifyingMaterial::Rsa(key) => {
                encode(0x7F49, &[&oid, &encode(0x81, &[&key.n_bytes()]), &encode(0x82, &[&key.e_bytes()])])
            }
            VerifyingMaterial::EllipticCurve(point) if with_parameters => {
                let parameters = written_out(point.curve().domain());
                let point = encode(0x86, &[point.as_bytes()]);
                encode(0x7F49, &[&oid, &parameters, &point, &encode(0x87, &[&[1]])])
            }
            VerifyingMaterial::EllipticCurve(point) => {
                encode(0x7F49, &[&oid, &encode(0x86, &[point.as_bytes()])])
            }
        };
        Self::read(&Reader::new(&raw).expect(0x7F49)?)
    }

    /// The data object `7F49`.
    #[must_use]
    pub fn as_object(&self) -> &[u8] {
        &self.raw
    }

    /// The algorithm by which this key signs.
    #[must_use]
    pub fn algorithm(&self) -> ObjectIdentifier {
        self.algorithm
    }

    /// Whether an elliptic curve's domain parameters are written out.
    #[must_use]
    pub fn has_parameters(&self) -> bool {
        matches!(&self.material, Material::EllipticCurve { parameters: Some(_), .. })
    }

    /// The key that verifies. Domain parameters that are not written out are those of `issuer`.
    ///
    /// # Errors
    /// [`VerifyError`] when the key cannot be used; [`VerifyError::is_unknown`] tells whether that is only because
    /// it is not known here.
    pub fn resolve(&self, issuer: Option<&VerifyingKey>) -> Result<VerifyingKey, VerifyError> {
        let algorithm = SignatureAlgorithm::from_oid(self.algorithm)
            .ok_or(VerifyError::UnknownAlgorithm(self.algorithm))?;
        let material = match &self.material {
            Material::Unknown => return Err(VerifyError::UnknownAlgorithm(self.algorithm)),
            Material::Rsa { modulus, exponent } => rsa_key(modulus, exponent)?,
            Material::EllipticCurve { parameters, point } => {
                let curve = match parameters {
                    Some(parameters) => parameters.curve().ok_or(VerifyError::UnknownCurve)?,
                    None => issuer.and_then(VerifyingKey::curve).ok_or(VerifyError::NoParameters)?,
                };
                VerifyingMaterial::EllipticCurve(curve.point(point).map_err(|_| VerifyError::Key)?)
            }
        };
        Ok(VerifyingKey { algorithm, material })
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.algorithm)
    }
}

fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Result<VerifyingMaterial, VerifyError> {
    if exponent.len() > 8 || modulus.len() > MAX_NUMBER {
        return Err(VerifyError::Key);
    }
    let number = BoxedUint::from_be_slice_vartime;
    RsaPublicKey::new_with_size_limits(number(modulus), number(exponent), 1024..=4096)
        .map(VerifyingMaterial::Rsa)
        .map_err(|_| VerifyError::Key)
}

fn number(reader: &mut Reader<'_>, tag: u16) -> Result<Vec<u8>, ParseError> {
    bounded(&reader.expect(tag)?)
}

fn bounded(object: &Object<'_>) -> Result<Vec<u8>, ParseError> {
    if object.value.is_empty() || object.value.len() > MAX_NUMBER {
        return Err(ParseError::Value { what: "number of a public key", offset: object.offset });
    }
    Ok(object.value.to_vec())
}

/// Domain parameters as `81` to `85`.
fn written_out(domain: &Domain) -> Vec<u8> {
    let bytes = |text: &str| hex::decode(text).unwrap_or_default();
    let generator = [vec![0x04], bytes(domain.x), bytes(domain.y)].concat();
    let numbers = [
        (0x81, bytes(domain.prime)),
        (0x82, bytes(domain.a)),
        (0x83, bytes(domain.b)),
        (0x84, generator),
        (0x85, bytes(domain.order)),
    ];
    numbers.iter().flat_map(|(tag, value)| encode(*tag, &[value])).collect()
}

/// Why a signature does not hold, or a key cannot verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// An algorithm that is not known here.
    #[error("the signature algorithm {0} is not known")]
    UnknownAlgorithm(ObjectIdentifier),
    /// Domain parameters that are no curve of the table.
    #[error("the domain parameters are none of the known curves")]
    UnknownCurve,
    /// No domain parameters, and none to inherit.
    #[error("the key has no domain parameters, and the key that signed it has none either")]
    NoParameters,
    /// A point off its curve, or an RSA key that nobody should use.
    #[error("the public key is not acceptable")]
    Key,
    /// The signature is not this key's.
    #[error("the signature is not this key's over these bytes")]
    Wrong,
}

impl VerifyError {
    /// Nothing is shown to be wrong: it only can't be checked here.
    #[must_use]
    pub fn is_unknown(self) -> bool {
        matches!(self, Self::UnknownAlgorithm(_) | Self::UnknownCurve)
    }
}

/// A key with everything it needs to verify.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifyingKey {
    algorithm: SignatureAlgorithm,
    material: VerifyingMaterial,
}

#[derive(Clone, PartialEq, Eq)]
enum VerifyingMaterial {
    Rsa(RsaPublicKey),
    EllipticCurve(Point),
}

impl VerifyingKey {
    pub(crate) fn rsa(algorithm: SignatureAlgorithm, key: RsaPublicKey) -> Self {
        Self { algorithm, material: VerifyingMaterial::Rsa(key) }
    }

    /// A key on a curve, of its point: for whoever holds the private half elsewhere.
    #[must_use]
    pub fn elliptic_curve(algorithm: SignatureAlgorithm, point: Point) -> Self {
        Self { algorithm, material: VerifyingMaterial::EllipticCurve(point) }
    }

    /// The algorithm by which it signs.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The curve, if it is on one.
    #[must_use]
    pub fn curve(&self) -> Option<Curve> {
        match &self.material {
            VerifyingMaterial::EllipticCurve(point) => Some(point.curve()),
            VerifyingMaterial::Rsa(_) => None,
        }
    }

    /// Whether this key signed the message, given in parts.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify(&self, message: &[&[u8]], signature: &[u8]) -> Result<(), VerifyError> {
        let digest = self.algorithm.hash().digest(message);
        let holds = match (&self.material, self.algorithm) {
            (VerifyingMaterial::EllipticCurve(point), SignatureAlgorithm::Ecdsa(_)) => {
                let signature = Signature::Plain(signature);
                match verify_ecdsa(point.curve(), point.as_bytes(), &digest, signature) {
                    Err(EcdsaError::Key) => return Err(VerifyError::Key),
                    other => other.is_ok(),
                }
            }
            (VerifyingMaterial::Rsa(key), SignatureAlgorithm::RsaPkcs1(hash)) => {
                with_hash!(hash, D => Pkcs1v15Sign::new::<D>().verify(key, &digest, signature).is_ok())
            }
            (VerifyingMaterial::Rsa(key), SignatureAlgorithm::RsaPss(hash)) => {
                with_hash!(hash, D => Pss::<D>::new().verify(key, &digest, signature).is_ok())
            }
            _ => return Err(VerifyError::Key),
        };
        if holds { Ok(()) } else { Err(VerifyError::Wrong) }
    }

    /// A short form of the project's own, for a chip's memory: as `7F49`, a curve named by its standardized number
    /// in `80` (TR-03110-3 §A.2.1.1) instead of its parameters.
    #[must_use]
    pub(crate) fn to_compact(&self) -> Vec<u8> {
        let oid = encode(0x06, &[self.algorithm.oid().as_bytes()]);
        match &self.material {
            VerifyingMaterial::Rsa(key) => {
                encode(0x7F49, &[&oid, &encode(0x81, &[&key.n_bytes()]), &encode(0x82, &[&key.e_bytes()])])
            }
            VerifyingMaterial::EllipticCurve(point) => {
                let number = encode(0x80, &[&[point.curve().number()]]);
                encode(0x7F49, &[&oid, &number, &encode(0x86, &[point.as_bytes()])])
            }
        }
    }

    /// Back from the short form.
    pub(crate) fn read_compact(object: &Object<'_>) -> Result<Self, ParseError> {
        let wrong = |what, object: &Object<'_>| ParseError::Value { what, offset: object.offset };
        let mut inner = object.nested();
        let oid = inner.expect(0x06)?;
        let algorithm = ObjectIdentifier::from_bytes(oid.value)
            .ok()
            .and_then(SignatureAlgorithm::from_oid)
            .ok_or(wrong("algorithm of the key", &oid))?;
        let material = match algorithm {
            SignatureAlgorithm::Ecdsa(_) => {
                let number = inner.expect(0x80)?;
                let curve = match number.value {
                    [number] => Curve::from_number(*number),
                    _ => None,
                };
                let curve = curve.ok_or(wrong("number of the curve", &number))?;
                let point = inner.expect(0x86)?;
                let point = curve.point(point.value).map_err(|_| wrong("point", &point))?;
                VerifyingMaterial::EllipticCurve(point)
            }
            SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_) => {
                let (modulus, exponent) = (number(&mut inner, 0x81)?, number(&mut inner, 0x82)?);
                rsa_key(&modulus, &exponent).map_err(|_| wrong("RSA key", object))?
            }
        };
        inner.finish()?;
        Ok(Self { algorithm, material })
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.material {
            VerifyingMaterial::EllipticCurve(point) => {
                write!(f, "VerifyingKey({}, {})", self.algorithm.name(), point.curve())
            }
            VerifyingMaterial::Rsa(key) => {
                write!(f, "VerifyingKey({}, {} bytes)", self.algorithm.name(), key.size())
            }
        }
    }
}
