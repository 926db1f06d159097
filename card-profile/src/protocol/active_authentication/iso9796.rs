//! ISO/IEC 9796-2 digital signature scheme 1 with partial message recovery (Doc 9303-11 §6.1.2.1, appendix F):
//! F = `6A` ‖ M1 ‖ H(M1 ‖ RND.IFD) ‖ trailer.

use super::{ActiveAuthenticationError, Challenge, HashAlgorithm};
use crate::protocol::block_cipher::same;
use rand_core::CryptoRng;
use rsa::hazmat::{rsa_decrypt_and_check, rsa_encrypt};
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, RsaPrivateKey, RsaPublicKey};

/// The trailer: `BC` alone means SHA-1, else the hash's number of ISO/IEC 10118-3 and `CC`.
fn trailer(hash: HashAlgorithm) -> &'static [u8] {
    match hash {
        HashAlgorithm::Sha1 => &[0xBC],
        HashAlgorithm::Sha224 => &[0x38, 0xCC],
        HashAlgorithm::Sha256 => &[0x34, 0xCC],
        HashAlgorithm::Sha384 => &[0x36, 0xCC],
        HashAlgorithm::Sha512 => &[0x35, 0xCC],
    }
}

/// Hash length in bytes.
fn length(hash: HashAlgorithm) -> usize {
    match hash {
        HashAlgorithm::Sha1 => 20,
        HashAlgorithm::Sha224 => 28,
        HashAlgorithm::Sha256 => 32,
        HashAlgorithm::Sha384 => 48,
        HashAlgorithm::Sha512 => 64,
    }
}

pub(super) fn sign(
    key: &RsaPrivateKey,
    challenge: &Challenge,
    hash: HashAlgorithm,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, ActiveAuthenticationError> {
    let trailer = trailer(hash);
    let m1_length = key
        .size()
        .checked_sub(length(hash).saturating_add(trailer.len()).saturating_add(1))
        .ok_or(ActiveAuthenticationError::Key)?;
    let mut m1 = vec![0; m1_length];
    rng.fill_bytes(&mut m1);
    let digest = hash.digest(&[&m1, challenge]);
    let representative = [&[0x6A], m1.as_slice(), &digest, trailer].concat();
    let number = integer(&representative, key.n_bits_precision())?;
    let signature =
        rsa_decrypt_and_check(key, Some(rng), &number).map_err(|_| ActiveAuthenticationError::Key)?;
    fixed_width(&signature, key.size())
}

pub(super) fn verify(
    key: &RsaPublicKey,
    challenge: &Challenge,
    answer: &[u8],
) -> Result<HashAlgorithm, ActiveAuthenticationError> {
    if answer.len() != key.size() {
        return Err(ActiveAuthenticationError::Malformed);
    }
    let signature = integer(answer, key.n_bits_precision())?;
    if signature >= *key.n().as_ref() {
        return Err(ActiveAuthenticationError::Malformed);
    }
    let opened = rsa_encrypt(key, &signature).map_err(|_| ActiveAuthenticationError::Malformed)?;
    let recovered = fixed_width(&opened, key.size())?;
    // ISO/IEC 9796-2 §B.6: the representative ends in the nibble C; if this one does not, its complement does.
    let recovered = if recovered.last().is_some_and(|last| last & 0x0F == 0x0C) {
        recovered
    } else {
        fixed_width(&key.n().as_ref().wrapping_sub(&opened), key.size())?
    };
    let checked = check(&recovered, challenge);
    // In a modulus of odd length the representative does not start at an octet: nothing is known then.
    if !key.n().bits().is_multiple_of(8) && checked == Err(ActiveAuthenticationError::Signature) {
        return Err(ActiveAuthenticationError::Key);
    }
    checked
}

/// Checks the recovered representative F against the challenge.
pub(super) fn check(
    recovered: &[u8],
    challenge: &Challenge,
) -> Result<HashAlgorithm, ActiveAuthenticationError> {
    let wrong = ActiveAuthenticationError::Signature;
    let (hash, rest) = match recovered {
        [rest @ .., 0xBC] => (HashAlgorithm::Sha1, rest),
        [rest @ .., number, 0xCC] => (
            match number {
                0x33 => HashAlgorithm::Sha1,
                0x34 => HashAlgorithm::Sha256,
                0x35 => HashAlgorithm::Sha512,
                0x36 => HashAlgorithm::Sha384,
                0x38 => HashAlgorithm::Sha224,
                _ => {
                    // With header and trailer right it is a signature whose hash we do not know; else no signature.
                    let unknown = ActiveAuthenticationError::UnknownHash(u16::from_be_bytes([*number, 0xCC]));
                    return Err(if unpadded(recovered).is_some() { unknown } else { wrong });
                }
            },
            rest,
        ),
        _ => return Err(wrong),
    };
    let message = unpadded(rest).ok_or(wrong)?;
    let split = message.len().checked_sub(length(hash)).ok_or(wrong)?;
    let (m1, digest) = message.split_at_checked(split).ok_or(wrong)?;
    if !same(&hash.digest(&[m1, challenge]), digest) {
        return Err(wrong);
    }
    Ok(hash)
}

/// What follows the header of partial recovery: `6A` at once, or `6B BB … BA` before an M1 that is shorter than there
/// is room for (ISO/IEC 9796-2 §8.2.1).
fn unpadded(representative: &[u8]) -> Option<&[u8]> {
    match representative.split_first()? {
        (0x6A, rest) => Some(rest),
        (0x6B, rest) => {
            let padding = rest.iter().take_while(|octet| **octet == 0xBB).count();
            rest.get(padding..)?.strip_prefix(&[0xBA])
        }
        _ => None,
    }
}

fn integer(bytes: &[u8], precision: u32) -> Result<BoxedUint, ActiveAuthenticationError> {
    BoxedUint::from_be_slice(bytes, precision).map_err(|_| ActiveAuthenticationError::Malformed)
}

fn fixed_width(number: &BoxedUint, width: usize) -> Result<Vec<u8>, ActiveAuthenticationError> {
    let bytes = number.to_be_bytes();
    let start = bytes.len().checked_sub(width).ok_or(ActiveAuthenticationError::Malformed)?;
    bytes.get(start..).map(<[u8]>::to_vec).ok_or(ActiveAuthenticationError::Malformed)
}
