//! Private keys in this process's memory. They announce themselves wherever a person can see it.

use super::{Signer, SigningFailed};
use crate::algorithm::{HashAlgorithm, SignatureAlgorithm};
use crate::asn1;
use crate::curve::{CurveEncoding, NamedCurve};
use crate::public_key::PublicKey;
use rand_core::CryptoRng;
use signature::hazmat::PrehashSigner as _;
use zeroize::Zeroizing;

/// An ECDSA private key held in memory; zeroized when dropped, never cloned, never printed.
pub struct SoftwareKey {
    inner: Inner,
    hash: HashAlgorithm,
    public_key: PublicKey,
}

enum Inner {
    P256(Box<ecdsa::SigningKey<p256::NistP256>>),
    P384(Box<ecdsa::SigningKey<p384::NistP384>>),
    BrainpoolP256r1(Box<ecdsa::SigningKey<bp256::BrainpoolP256r1>>),
    BrainpoolP384r1(Box<ecdsa::SigningKey<bp384::BrainpoolP384r1>>),
}

/// A private key that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SoftwareKeyError {
    /// No software key of this curve.
    #[error("keys on {0} are not made in software")]
    Curve(NamedCurve),
    /// Not a private key of the curve.
    #[error("the octets are no private key of {0}")]
    Scalar(NamedCurve),
}

impl SoftwareKey {
    /// A fresh key. Candidates are drawn until one lies in 1 ≤ d < n (FIPS 186-5 A.2.2).
    ///
    /// # Errors
    /// A curve without software keys.
    pub fn generate(
        curve: NamedCurve,
        hash: HashAlgorithm,
        encoding: CurveEncoding,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, SoftwareKeyError> {
        let mut candidate = Zeroizing::new(vec![0; curve.field_length()]);
        // Every draw succeeds with probability above one half; 256 failures mean a broken generator.
        for _ in 0..256 {
            rng.fill_bytes(&mut candidate);
            match Self::from_scalar(curve, hash, encoding, &candidate) {
                Err(SoftwareKeyError::Scalar(_)) => {}
                other => return other,
            }
        }
        Err(SoftwareKeyError::Scalar(curve))
    }

    /// A key from its scalar, big-endian at the width of the field.
    ///
    /// # Errors
    /// A curve without software keys, or a number outside 1 ≤ d < n.
    pub fn from_scalar(
        curve: NamedCurve,
        hash: HashAlgorithm,
        encoding: CurveEncoding,
        scalar: &[u8],
    ) -> Result<Self, SoftwareKeyError> {
        macro_rules! key {
            ($variant:ident, $curve:ty) => {{
                let key = ecdsa::SigningKey::<$curve>::from_slice(scalar)
                    .map_err(|_| SoftwareKeyError::Scalar(curve))?;
                let point = key.verifying_key().to_sec1_point(false);
                (point.as_bytes().to_vec(), Inner::$variant(Box::new(key)))
            }};
        }
        let (point, inner) = match curve {
            NamedCurve::P256 => key!(P256, p256::NistP256),
            NamedCurve::P384 => key!(P384, p384::NistP384),
            NamedCurve::BrainpoolP256r1 => key!(BrainpoolP256r1, bp256::BrainpoolP256r1),
            NamedCurve::BrainpoolP384r1 => key!(BrainpoolP384r1, bp384::BrainpoolP384r1),
            other => return Err(SoftwareKeyError::Curve(other)),
        };
        Ok(Self { inner, hash, public_key: PublicKey::from_point(curve, encoding, &point) })
    }

    /// Signs a message: the plain `r ‖ s` of TR-03111 §5.2.1.
    ///
    /// # Errors
    /// A hash that is too short for the curve.
    pub fn sign_plain(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        self.sign_digest(&self.hash.digest(message))
    }

    /// Signs a digest, whatever its hash: `r ‖ s`.
    pub(crate) fn sign_digest(&self, digest: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        macro_rules! sign {
            ($key:expr, $curve:ty) => {{
                let signature: Result<ecdsa::Signature<$curve>, _> = $key.sign_prehash(digest);
                signature.map(|signature| signature.to_bytes().to_vec())
            }};
        }
        match &self.inner {
            Inner::P256(key) => sign!(key, p256::NistP256),
            Inner::P384(key) => sign!(key, p384::NistP384),
            Inner::BrainpoolP256r1(key) => sign!(key, bp256::BrainpoolP256r1),
            Inner::BrainpoolP384r1(key) => sign!(key, bp384::BrainpoolP384r1),
        }
        .map_err(|error| SigningFailed::new(error.to_string()))
    }

    /// The scalar, for the encrypted store only.
    #[cfg(feature = "store")]
    pub(crate) fn to_scalar(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(match &self.inner {
            Inner::P256(key) => key.to_bytes().to_vec(),
            Inner::P384(key) => key.to_bytes().to_vec(),
            Inner::BrainpoolP256r1(key) => key.to_bytes().to_vec(),
            Inner::BrainpoolP384r1(key) => key.to_bytes().to_vec(),
        })
    }
}

impl Signer for SoftwareKey {
    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::Ecdsa(self.hash)
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        let plain = self.sign_plain(message)?;
        let (r, s) = plain.split_at_checked(plain.len() / 2).unwrap_or_default();
        Ok(asn1::sequence(&[&asn1::integer(r), &asn1::integer(s)]))
    }
}

impl std::fmt::Debug for SoftwareKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SoftwareKey(redacted, {:?})", self.public_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::public_key::VerifyError;
    use rand_core::SeedableRng;

    #[test]
    fn what_a_key_signs_its_public_key_verifies_and_nothing_else() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        for curve in
            [NamedCurve::P256, NamedCurve::P384, NamedCurve::BrainpoolP256r1, NamedCurve::BrainpoolP384r1]
        {
            for hash in HashAlgorithm::ALL {
                // RustCrypto signs no digest shorter than half the field; SHA-1 on 384 bits is verified, not signed.
                if hash == HashAlgorithm::Sha1 {
                    continue;
                }
                let key = SoftwareKey::generate(curve, hash, CurveEncoding::Explicit, &mut rng).unwrap();
                let signature = key.sign(b"message").unwrap();
                let algorithm = SignatureAlgorithm::Ecdsa(hash);
                assert_eq!(key.public_key().verify(algorithm, b"message", &signature), Ok(()));
                let other = key.public_key().verify(algorithm, b"massage", &signature);
                assert_eq!(other, Err(VerifyError::Invalid));
                let spki = PublicKey::from_spki(key.public_key().spki()).unwrap();
                assert_eq!(&spki, key.public_key());
            }
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(2);
        let key =
            SoftwareKey::generate(NamedCurve::P256, HashAlgorithm::Sha256, CurveEncoding::Named, &mut rng)
                .unwrap();
        assert!(!format!("{key:?}").contains(&hex::encode(&*key.to_scalar())));
    }
}
