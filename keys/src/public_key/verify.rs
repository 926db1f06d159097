//! Dispatch of signature verification: key type × algorithm → arithmetic.

use super::{Material, PublicKey, VerifyError, dsa, pss};
use crate::algorithm::{HashAlgorithm, SignatureAlgorithm, UnknownAlgorithm};
use cccd_curves::{EcdsaError, Signature};
use rsa::traits::SignatureScheme as _;
use rsa::{BoxedUint, Pkcs1v15Sign, RsaPublicKey};

/// By the fastest way that the key has. All ways have one answer.
pub(super) fn verify(
    key: &PublicKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    if let (Some(tables), SignatureAlgorithm::Ecdsa(hash)) = (key.tables.get(), algorithm) {
        return of_ecdsa(tables.verify(&hash.digest(message), Signature::Der(signature)));
    }
    #[cfg(feature = "aws-lc")]
    if super::aws_lc::holds(&key.material, algorithm, message, signature) {
        return Ok(());
    }
    plain(&key.material, algorithm, message, signature)
}

/// The referee: no tables, no foreign arithmetic.
pub(super) fn plain(
    key: &Material,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let digest = algorithm.hash().digest(message);
    match (key, algorithm) {
        (Material::Unknown(what), _) => Err(UnknownAlgorithm(what.clone()).into()),
        (Material::Ec { curve, point, .. }, SignatureAlgorithm::Ecdsa(_)) => {
            of_ecdsa(cccd_curves::verify_ecdsa(*curve, point, &digest, Signature::Der(signature)))
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

fn of_ecdsa(result: Result<(), EcdsaError>) -> Result<(), VerifyError> {
    result.map_err(|error| match error {
        EcdsaError::Key => VerifyError::UnusableKey("the point is not on the curve"),
        EcdsaError::Malformed | EcdsaError::Wrong => VerifyError::Invalid,
    })
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
        SignatureAlgorithm::Ecdsa(_) | SignatureAlgorithm::EcdsaPlain(_) | SignatureAlgorithm::Dsa(_) => {
            return Err(VerifyError::KeyTypeMismatch);
        }
    };
    verdict.map_err(|_| VerifyError::Invalid)
}
