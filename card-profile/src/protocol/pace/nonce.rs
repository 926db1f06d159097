//! The chip's nonce, encrypted under the password's key (Doc 9303-11 §4.4.3.3).

use super::{Mapping, PaceError, PaceProtocol};
use crate::protocol::block_cipher::{cbc_decrypt, cbc_encrypt, zero_iv};
use crate::protocol::kdf::{Cipher, SymmetricKey};
use zeroize::Zeroizing;

/// l in bytes. With the integrated mapping the smallest multiple of the block that holds a key; with the others the chip
/// may choose, and ours takes 16.
#[must_use]
pub const fn nonce_length(protocol: PaceProtocol) -> usize {
    match (protocol.mapping, protocol.cipher) {
        (Mapping::Integrated, Cipher::Aes192 | Cipher::Aes256) => 32,
        _ => 16,
    }
}

/// z = E(`K_π`, s): CBC, zero IV, no padding.
///
/// # Errors
/// [`PaceError::Malformed`] for a nonce that is no whole number of blocks.
pub fn encrypt_nonce(key: &SymmetricKey, nonce: &[u8]) -> Result<Vec<u8>, PaceError> {
    Ok(cbc_encrypt(key, &zero_iv(key.cipher()), nonce)?)
}

/// s = D(`K_π`, z). One to four blocks are read: how long the nonce is, is the chip's choice.
///
/// # Errors
/// [`PaceError::Malformed`] for another length.
pub fn decrypt_nonce(key: &SymmetricKey, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, PaceError> {
    let block = key.cipher().block_length();
    if encrypted.is_empty() || encrypted.len() > block.saturating_mul(4) {
        return Err(PaceError::Malformed);
    }
    Ok(cbc_decrypt(key, &zero_iv(key.cipher()), encrypted)?)
}
