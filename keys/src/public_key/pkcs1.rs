//! RSASSA-PKCS1-v1_5 as some old signers write it: a `DigestInfo` whose algorithm has no NULL (RFC 8017 §A.2.4 wants
//! one; RFC 3447 §B.1 lets a verifier accept both).

use crate::algorithm::{HashAlgorithm, hash_identifier};
use crate::asn1::tag;
use rsa::traits::SignatureScheme as _;
use rsa::{BoxedUint, Pkcs1v15Sign, RsaPublicKey};

/// Whether the signature is one over a `DigestInfo` without NULL, and right in everything else.
pub(super) fn holds_without_null(
    modulus: &[u8],
    exponent: &[u8],
    hash: HashAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let n = BoxedUint::from_be_slice_vartime(modulus);
    let e = BoxedUint::from_be_slice_vartime(exponent);
    let Ok(key) = RsaPublicKey::new_with_size_limits(n, e, 1024..=super::MAX_MODULUS * 8) else {
        return false;
    };
    let digest = hash.digest(message);
    let Some(prefix) = prefix(hash, digest.len()) else { return false };
    let scheme = Pkcs1v15Sign { hash_len: Some(digest.len()), prefix: prefix.into_boxed_slice() };
    scheme.verify(&key, &digest, signature).is_ok()
}

/// `DigestInfo` up to the digest: all lengths are short ones.
fn prefix(hash: HashAlgorithm, digest_length: usize) -> Option<Vec<u8>> {
    let algorithm = hash_identifier(hash);
    let digest = u8::try_from(digest_length).ok()?;
    let whole = u8::try_from(algorithm.len().checked_add(digest_length)?.checked_add(2)?).ok()?;
    let mut prefix = vec![tag::SEQUENCE, whole];
    prefix.extend_from_slice(&algorithm);
    prefix.extend_from_slice(&[tag::OCTET_STRING, digest]);
    Some(prefix)
}
