//! Dispatch of signature verification: key type × algorithm → arithmetic.

use super::{Material, VerifyError, dsa, pss};
use crate::algorithm::{HashAlgorithm, SignatureAlgorithm, UnknownAlgorithm};
use crate::curve::NamedCurve;
use rsa::traits::SignatureScheme as _;
use rsa::{BoxedUint, Pkcs1v15Sign, RsaPublicKey};
use signature::hazmat::PrehashVerifier as _;

pub(super) fn verify(
    key: &Material,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let digest = algorithm.hash().digest(message);
    match (key, algorithm) {
        (Material::Unknown(what), _) => Err(UnknownAlgorithm(what.clone()).into()),
        (Material::Ec { curve, point, .. }, SignatureAlgorithm::Ecdsa(_)) => {
            ecdsa_verify(*curve, point, &digest, signature)
        }
        (Material::Rsa { modulus, exponent }, _) => {
            rsa_verify(modulus, exponent, algorithm, &digest, signature)
        }
        (Material::Dsa { domain: Some(domain), y }, SignatureAlgorithm::Dsa(_)) => {
            dsa::verify(domain, y, &digest, signature)
        }
        (Material::Dsa { domain: None, .. }, SignatureAlgorithm::Dsa(_)) => {
            Err(UnknownAlgorithm("a DSA key without parameters".to_owned()).into())
        }
        (Material::Ec { .. } | Material::Dsa { .. }, _) => Err(VerifyError::KeyTypeMismatch),
    }
}

/// ECDSA over a digest of any length: the leftmost bits count (FIPS 186-5 §6.4.2); a short one is a small number.
fn ecdsa_verify(curve: NamedCurve, point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    /// `RustCrypto` refuses digests shorter than half the field; leading zeros do not change the number.
    fn widen(digest: &[u8], field: usize) -> Vec<u8> {
        let missing = field.div_ceil(2).saturating_sub(digest.len());
        let mut out = vec![0; missing];
        out.extend_from_slice(digest);
        out
    }
    macro_rules! on {
        ($curve:ty) => {{
            let key = ecdsa::VerifyingKey::<$curve>::from_sec1_bytes(point)
                .map_err(|_| VerifyError::UnusableKey("the point is not on the curve"))?;
            let signature =
                ecdsa::Signature::<$curve>::from_der(signature).map_err(|_| VerifyError::Invalid)?;
            key.verify_prehash(&widen(digest, curve.field_length()), &signature)
                .map_err(|_| VerifyError::Invalid)
        }};
    }
    match curve {
        NamedCurve::P256 => on!(p256::NistP256),
        NamedCurve::P384 => on!(p384::NistP384),
        NamedCurve::P521 => on!(p521::NistP521),
        NamedCurve::BrainpoolP256r1 => on!(bp256::BrainpoolP256r1),
        NamedCurve::BrainpoolP384r1 => on!(bp384::BrainpoolP384r1),
        other => Err(UnknownAlgorithm(other.name().to_owned()).into()),
    }
}

fn rsa_verify(
    modulus: &[u8],
    exponent: &[u8],
    algorithm: SignatureAlgorithm,
    digest: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    const UNUSABLE: VerifyError = VerifyError::UnusableKey("an RSA key that cannot be computed with");
    let n = BoxedUint::from_be_slice_vartime(modulus);
    let e = BoxedUint::from_be_slice_vartime(exponent);
    let key =
        RsaPublicKey::new_with_size_limits(n, e, 1024..=super::MAX_MODULUS * 8).map_err(|_| UNUSABLE)?;
    macro_rules! with_hash {
        ($hash:expr, $scheme:ident) => {
            match $hash {
                HashAlgorithm::Sha1 => $scheme!(sha1::Sha1),
                HashAlgorithm::Sha224 => $scheme!(sha2::Sha224),
                HashAlgorithm::Sha256 => $scheme!(sha2::Sha256),
                HashAlgorithm::Sha384 => $scheme!(sha2::Sha384),
                HashAlgorithm::Sha512 => $scheme!(sha2::Sha512),
            }
        };
    }
    let verdict = match algorithm {
        SignatureAlgorithm::RsaPkcs1v15(hash) => {
            macro_rules! pkcs1 {
                ($digest:ty) => {
                    Pkcs1v15Sign::new::<$digest>().verify(&key, digest, signature)
                };
            }
            with_hash!(hash, pkcs1)
        }
        SignatureAlgorithm::RsaPss { hash, mask_hash, salt_length } => {
            return pss::verify(&key, hash, mask_hash, salt_length, digest, signature);
        }
        SignatureAlgorithm::Ecdsa(_) | SignatureAlgorithm::Dsa(_) => {
            return Err(VerifyError::KeyTypeMismatch);
        }
    };
    verdict.map_err(|_| VerifyError::Invalid)
}
