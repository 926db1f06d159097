//! RSASSA-PSS with whatever parameters the algorithm states, RFC 8017 §8.1.2 and §9.1.2: hash and mask hash may differ.

use super::VerifyError;
use crate::algorithm::HashAlgorithm;
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, RsaPublicKey};

/// Whether `signature` is one of the message with this digest.
pub(super) fn verify(
    key: &RsaPublicKey,
    hash: HashAlgorithm,
    mask_hash: HashAlgorithm,
    salt_length: usize,
    digest: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    if signature.len() != key.size() {
        return Err(VerifyError::Invalid);
    }
    let number =
        BoxedUint::from_be_slice(signature, key.n().bits_precision()).map_err(|_| VerifyError::Invalid)?;
    if number >= *key.n().as_ref() {
        return Err(VerifyError::Invalid);
    }
    let encoded = rsa::hazmat::rsa_encrypt(key, &number).map_err(|_| VerifyError::Invalid)?;
    let encoded_bits = usize::try_from(key.n().bits_vartime()).unwrap_or(0).saturating_sub(1);
    let encoded =
        fixed_width(&encoded.to_be_bytes(), encoded_bits.div_ceil(8)).ok_or(VerifyError::Invalid)?;
    if holds(&encoded, encoded_bits, hash, mask_hash, salt_length, digest) {
        Ok(())
    } else {
        Err(VerifyError::Invalid)
    }
}

/// The last `width` octets; `None` when those before them are not all zero.
fn fixed_width(octets: &[u8], width: usize) -> Option<Vec<u8>> {
    let (before, last) = octets.split_at_checked(octets.len().checked_sub(width)?)?;
    before.iter().all(|octet| *octet == 0).then(|| last.to_vec())
}

/// EMSA-PSS-VERIFY, RFC 8017 §9.1.2.
fn holds(
    encoded: &[u8],
    encoded_bits: usize,
    hash: HashAlgorithm,
    mask_hash: HashAlgorithm,
    salt_length: usize,
    digest: &[u8],
) -> bool {
    let Some((0xbc, encoded)) = encoded.split_last().map(|(last, rest)| (*last, rest)) else { return false };
    let Some(masked_length) = encoded.len().checked_sub(digest.len()) else { return false };
    let Some((masked, hashed)) = encoded.split_at_checked(masked_length) else { return false };
    let unused = masked.len().saturating_add(digest.len()).saturating_add(1).saturating_mul(8) - encoded_bits;
    let Some(keep) = u32::try_from(unused).ok().and_then(|unused| 0xff_u8.checked_shr(unused)) else {
        return false;
    };
    if masked.first().is_none_or(|first| first & !keep != 0) {
        return false;
    }
    let mut block: Vec<u8> =
        masked.iter().zip(mask(mask_hash, hashed, masked.len())).map(|(octet, mask)| octet ^ mask).collect();
    if let Some(first) = block.first_mut() {
        *first &= keep;
    }
    let Some(salt_at) = block.len().checked_sub(salt_length) else { return false };
    let Some((padding, salt)) = block.split_at_checked(salt_at) else { return false };
    let Some((1, zeros)) = padding.split_last().map(|(last, rest)| (*last, rest)) else { return false };
    zeros.iter().all(|octet| *octet == 0) && hash.digest(&[&[0; 8], digest, salt].concat()) == hashed
}

/// MGF1, RFC 8017 §B.2.1.
fn mask(hash: HashAlgorithm, seed: &[u8], length: usize) -> impl Iterator<Item = u8> {
    let seed = seed.to_vec();
    (0_u32..)
        .flat_map(move |counter| hash.digest(&[seed.as_slice(), &counter.to_be_bytes()].concat()))
        .take(length)
}
