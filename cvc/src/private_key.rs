//! Private keys that sign certificates and challenges: of a CVCA, a document verifier, a terminal.

use crate::algorithm::SignatureAlgorithm;
use crate::public_key::{PublicKey, VerifyingKey};
use crate::tlv::{Object, Reader, encode};
use crate::{MAX_LENGTH, ParseError};
use cccd_curves::{Curve, ExplicitParameters, Scalar, on_curve};
use const_oid::ObjectIdentifier;
use rand_core::CryptoRng;
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use rsa::traits::SignatureScheme as _;
use rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey};
use std::fmt;
use zeroize::Zeroizing;

const ID_EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const PRIME_FIELD: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.1.1");
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A private key and the algorithm by which it signs. Zeroized when dropped; no `Clone`, nothing in `Debug`.
pub struct PrivateKey {
    algorithm: SignatureAlgorithm,
    secret: Secret,
}

enum Secret {
    Rsa(Box<RsaPrivateKey>),
    EllipticCurve(Scalar),
}

/// Why something could not be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot sign by {0:?}")]
pub struct SigningError(pub SignatureAlgorithm);

impl PrivateKey {
    /// A new key on a curve.
    ///
    /// # Errors
    /// [`SigningError`] when the algorithm is not ECDSA.
    pub fn generate(
        curve: Curve,
        algorithm: SignatureAlgorithm,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, SigningError> {
        Self::of_secret(algorithm, Secret::EllipticCurve(Scalar::generate(curve, rng)))
    }

    /// A new RSA key of this many bits.
    ///
    /// # Errors
    /// [`SigningError`] when the algorithm is not RSA, or the size is none from 2048 to 4096.
    pub fn generate_rsa(
        bits: usize,
        algorithm: SignatureAlgorithm,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, SigningError> {
        let failed = SigningError(algorithm);
        if !(2048..=4096).contains(&bits) {
            return Err(failed);
        }
        let key = RsaPrivateKey::new(rng, bits).map_err(|_| failed)?;
        Self::of_secret(algorithm, Secret::Rsa(Box::new(key)))
    }

    /// Of a secret scalar.
    ///
    /// # Errors
    /// [`SigningError`] when the algorithm is not ECDSA.
    pub fn from_scalar(scalar: Scalar, algorithm: SignatureAlgorithm) -> Result<Self, SigningError> {
        Self::of_secret(algorithm, Secret::EllipticCurve(scalar))
    }

    fn of_secret(algorithm: SignatureAlgorithm, secret: Secret) -> Result<Self, SigningError> {
        let fits = matches!(
            (&secret, algorithm),
            (Secret::EllipticCurve(_), SignatureAlgorithm::Ecdsa(_))
                | (Secret::Rsa(_), SignatureAlgorithm::RsaPkcs1(_) | SignatureAlgorithm::RsaPss(_))
        );
        if fits { Ok(Self { algorithm, secret }) } else { Err(SigningError(algorithm)) }
    }

    /// From PKCS#8, DER (RFC 5958): RSA, or an elliptic curve by name or with its parameters written out. The file
    /// does not say by which algorithm the key signs; its certificate does.
    ///
    /// # Errors
    /// [`ParseError`], which tells nothing of the key.
    pub fn from_pkcs8(der: &[u8], algorithm: SignatureAlgorithm) -> Result<Self, ParseError> {
        let wrong = |what| ParseError::Value { what, offset: 0 };
        if der.len() > MAX_LENGTH {
            return Err(ParseError::TooLong { length: der.len() });
        }
        let mut info = Reader::new(der).expect(0x30)?.nested();
        info.expect(0x02)?;
        let mut identifier = info.expect(0x30)?.nested();
        let kind = oid(&identifier.expect(0x06)?)?;
        let key = info.expect(0x04)?;
        let secret = if kind == RSA_ENCRYPTION {
            let key = RsaPrivateKey::from_pkcs1_der(key.value).map_err(|_| wrong("RSA private key"))?;
            Secret::Rsa(Box::new(key))
        } else if kind == ID_EC_PUBLIC_KEY {
            let curve = read_curve(&mut identifier)?.ok_or(wrong("curve of the private key"))?;
            let mut content = Reader::new(key.value).expect(0x30)?.nested();
            content.expect(0x02)?;
            let scalar = content.expect(0x04)?.value;
            // The octets of RFC 5915 have the order's width; keys with fewer are in use.
            let missing = curve.order_length().checked_sub(scalar.len()).ok_or(wrong("private key"))?;
            let mut wide = Zeroizing::new(vec![0; missing]);
            wide.reserve_exact(scalar.len());
            wide.extend_from_slice(scalar);
            Secret::EllipticCurve(Scalar::from_bytes(curve, &wide).ok_or(wrong("private key"))?)
        } else {
            return Err(wrong("kind of the private key"));
        };
        Self::of_secret(algorithm, secret).map_err(|_| wrong("algorithm of the private key"))
    }

    /// PKCS#8, DER, a curve by name: secret.
    ///
    /// # Errors
    /// [`SigningError`], in practice never.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, SigningError> {
        let failed = SigningError(self.algorithm);
        let (identifier, key) = match &self.secret {
            Secret::Rsa(key) => {
                let identifier =
                    encode(0x30, &[&encode(0x06, &[RSA_ENCRYPTION.as_bytes()]), &encode(0x05, &[])]);
                let document = key.to_pkcs1_der().map_err(|_| failed)?;
                (identifier, Zeroizing::new(encode(0x04, &[document.as_bytes()])))
            }
            Secret::EllipticCurve(scalar) => {
                let curve = encode(0x06, &[scalar.curve().oid().as_bytes()]);
                let identifier = encode(0x30, &[&encode(0x06, &[ID_EC_PUBLIC_KEY.as_bytes()]), &curve]);
                let point = scalar.public_point().map_err(|_| failed)?;
                let public = encode(0xA1, &[&encode(0x03, &[&[0], point.as_bytes()])]);
                let secret = Zeroizing::new(encode(0x04, &[&scalar.to_secret_bytes()]));
                let key = Zeroizing::new(encode(0x30, &[&encode(0x02, &[&[1]]), &secret, &public]));
                (identifier, Zeroizing::new(encode(0x04, &[&key])))
            }
        };
        Ok(Zeroizing::new(encode(0x30, &[&encode(0x02, &[&[0]]), &identifier, &key])))
    }

    /// The algorithm by which it signs.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The curve, if it is on one.
    #[must_use]
    pub fn curve(&self) -> Option<Curve> {
        match &self.secret {
            Secret::EllipticCurve(scalar) => Some(scalar.curve()),
            Secret::Rsa(_) => None,
        }
    }

    /// The public half, ready to verify.
    ///
    /// # Errors
    /// [`SigningError`], in practice never.
    pub fn verifying_key(&self) -> Result<VerifyingKey, SigningError> {
        match &self.secret {
            Secret::Rsa(key) => Ok(VerifyingKey::rsa(self.algorithm, key.to_public_key())),
            Secret::EllipticCurve(scalar) => scalar
                .public_point()
                .map(|point| VerifyingKey::elliptic_curve(self.algorithm, point))
                .map_err(|_| SigningError(self.algorithm)),
        }
    }

    /// The public half as a certificate carries it. A CVCA's has its domain parameters written out, a document
    /// verifier's or terminal's has not.
    ///
    /// # Errors
    /// [`SigningError`], in practice never.
    pub fn public_key(&self, with_parameters: bool) -> Result<PublicKey, SigningError> {
        PublicKey::new(&self.verifying_key()?, with_parameters).map_err(|_| SigningError(self.algorithm))
    }

    /// Signs a message given in parts: ECDSA answers `r ‖ s` and draws no randomness (RFC 6979).
    ///
    /// # Errors
    /// [`SigningError`].
    pub fn sign(&self, message: &[&[u8]], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, SigningError> {
        let failed = SigningError(self.algorithm);
        let digest = self.algorithm.hash().digest(message);
        match (&self.secret, self.algorithm) {
            (Secret::EllipticCurve(scalar), SignatureAlgorithm::Ecdsa(_)) => {
                sign_ecdsa(scalar, &digest).ok_or(failed)
            }
            (Secret::Rsa(key), SignatureAlgorithm::RsaPkcs1(hash)) => {
                with_hash!(hash, D => Pkcs1v15Sign::new::<D>().sign(Some(rng), key, &digest))
                    .map_err(|_| failed)
            }
            (Secret::Rsa(key), SignatureAlgorithm::RsaPss(hash)) => {
                with_hash!(hash, D => Pss::<D>::new_blinded().sign(Some(rng), key, &digest))
                    .map_err(|_| failed)
            }
            _ => Err(failed),
        }
    }
}

fn sign_ecdsa(scalar: &Scalar, digest: &[u8]) -> Option<Vec<u8>> {
    use ecdsa::signature::hazmat::PrehashSigner as _;
    // A digest shorter than half the field is refused by the crate; zeros before it do not change the number.
    let missing = scalar.curve().field_length().div_ceil(2).saturating_sub(digest.len());
    let digest = [vec![0; missing].as_slice(), digest].concat();
    let secret = scalar.to_secret_bytes();
    on_curve!(scalar.curve(), C => {
        let key = ecdsa::SigningKey::<C>::from_slice(&secret).ok()?;
        let signature: ecdsa::Signature<C> = key.sign_prehash(&digest).ok()?;
        Some(signature.to_bytes().to_vec())
    })
}

fn oid(object: &Object<'_>) -> Result<ObjectIdentifier, ParseError> {
    ObjectIdentifier::from_bytes(object.value)
        .map_err(|_| ParseError::Value { what: "object identifier", offset: object.offset })
}

/// `ECParameters` (RFC 5480 §2.1.1, X9.62): a name, or a `SpecifiedECDomain` that is compared with the table.
fn read_curve(identifier: &mut Reader<'_>) -> Result<Option<Curve>, ParseError> {
    if let Some(name) = identifier.optional(0x06)? {
        return Ok(Curve::from_oid(oid(&name)?));
    }
    let mut domain = identifier.expect(0x30)?.nested();
    domain.expect(0x02)?;
    let mut field = domain.expect(0x30)?.nested();
    if oid(&field.expect(0x06)?)? != PRIME_FIELD {
        return Ok(None);
    }
    let prime = field.expect(0x02)?.value;
    let mut equation = domain.expect(0x30)?.nested();
    let (a, b) = (equation.expect(0x04)?.value, equation.expect(0x04)?.value);
    let generator = domain.expect(0x04)?.value;
    let order = domain.expect(0x02)?.value;
    let cofactor = domain.optional(0x02)?.map(|cofactor| cofactor.value);
    Ok(ExplicitParameters { prime, a, b, generator, order, cofactor }.curve())
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.algorithm.name())
    }
}
