//! AWS-LC, asked before the plain way where it is faster: RSA of usual sizes, and the curves P-256, P-384 and P-521.
//!
//! A signature that it takes is good; whatever it refuses, for whatever reason, the plain way decides. So only what it
//! *takes* must agree with the plain way, and every refusal has the plain way's reason.

use super::Material;
use crate::algorithm::{HashAlgorithm, SignatureAlgorithm};
use crate::curve::NamedCurve;
use aws_lc_rs::signature::{self, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents};

/// Octets of a modulus that is given to it: 2048 to 8192 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// Whether it takes the signature.
pub(super) fn holds(key: &Material, algorithm: SignatureAlgorithm, message: &[u8], signature: &[u8]) -> bool {
    match (key, algorithm) {
        (Material::Ec { curve, point, .. }, SignatureAlgorithm::Ecdsa(hash)) => {
            point.first() == Some(&0x04)
                && ecdsa(*curve, hash).is_some_and(|algorithm| {
                    signature::UnparsedPublicKey::new(algorithm, point).verify(message, signature).is_ok()
                })
        }
        (Material::Rsa { modulus, exponent }, _) => {
            let usual = MODULUS.contains(&modulus.len())
                && exponent.len() <= 4
                && exponent.last().is_some_and(|last| last & 1 == 1);
            usual
                && rsa(algorithm).is_some_and(|parameters| {
                    let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                    key.verify(parameters, message, signature).is_ok()
                })
        }
        _ => false,
    }
}

fn ecdsa(curve: NamedCurve, hash: HashAlgorithm) -> Option<&'static EcdsaVerificationAlgorithm> {
    use HashAlgorithm::{Sha224, Sha256, Sha384, Sha512};
    Some(match (curve, hash) {
        (NamedCurve::P256, Sha256) => &signature::ECDSA_P256_SHA256_ASN1,
        (NamedCurve::P256, Sha384) => &signature::ECDSA_P256_SHA384_ASN1,
        (NamedCurve::P256, Sha512) => &signature::ECDSA_P256_SHA512_ASN1,
        (NamedCurve::P384, Sha256) => &signature::ECDSA_P384_SHA256_ASN1,
        (NamedCurve::P384, Sha384) => &signature::ECDSA_P384_SHA384_ASN1,
        (NamedCurve::P384, Sha512) => &signature::ECDSA_P384_SHA512_ASN1,
        (NamedCurve::P521, Sha224) => &signature::ECDSA_P521_SHA224_ASN1,
        (NamedCurve::P521, Sha256) => &signature::ECDSA_P521_SHA256_ASN1,
        (NamedCurve::P521, Sha384) => &signature::ECDSA_P521_SHA384_ASN1,
        (NamedCurve::P521, Sha512) => &signature::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

/// PSS only where mask hash and salt are those of RFC 8017's recommendation.
fn rsa(algorithm: SignatureAlgorithm) -> Option<&'static RsaParameters> {
    use HashAlgorithm::{Sha256, Sha384, Sha512};
    Some(match algorithm {
        SignatureAlgorithm::RsaPkcs1v15(Sha256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        SignatureAlgorithm::RsaPkcs1v15(Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        SignatureAlgorithm::RsaPkcs1v15(Sha512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        SignatureAlgorithm::RsaPss { hash: Sha256, mask_hash: Sha256, salt_length: 32 } => {
            &signature::RSA_PSS_2048_8192_SHA256
        }
        SignatureAlgorithm::RsaPss { hash: Sha384, mask_hash: Sha384, salt_length: 48 } => {
            &signature::RSA_PSS_2048_8192_SHA384
        }
        SignatureAlgorithm::RsaPss { hash: Sha512, mask_hash: Sha512, salt_length: 64 } => {
            &signature::RSA_PSS_2048_8192_SHA512
        }
        _ => return None,
    })
}
