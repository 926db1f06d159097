//! CBC, retail MAC and CMAC over a [`SymmetricKey`], and the padding of ISO/IEC 9797-1 method 2.

use super::kdf::{Cipher, SymmetricKey};
use aes::{Aes128, Aes192, Aes256};
use cipher::block_padding::NoPadding;
use cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt as _, BlockModeEncrypt as _, KeyInit,
    KeyIvInit as _,
};
use cmac::Cmac;
use des::{Des, TdesEde2};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A length or key that the caller's types already exclude; kept as an error so that nothing can panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadLength;

/// Appends `80`, then zeros up to a whole block.
pub(crate) fn pad(data: &[u8], block: usize) -> Zeroizing<Vec<u8>> {
    let length = data.len().saturating_add(1).next_multiple_of(block.max(1));
    let mut padded = Zeroizing::new(Vec::with_capacity(length));
    padded.extend_from_slice(data);
    padded.push(0x80);
    padded.resize(length, 0);
    padded
}

/// Takes the padding off; `None` when it is not there within the last block.
pub(crate) fn unpad(data: &[u8], block: usize) -> Option<&[u8]> {
    let end = data.iter().rposition(|byte| *byte != 0)?;
    let (content, padding) = data.split_at_checked(end)?;
    (padding.first() == Some(&0x80) && padding.len() <= block).then_some(content)
}

fn encrypt_with<C: BlockCipherEncrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    data: &mut [u8],
) -> Result<(), BadLength> {
    let length = data.len();
    cbc::Encryptor::<C>::new_from_slices(key, iv)
        .map_err(|_| BadLength)?
        .encrypt_padded::<NoPadding>(data, length)
        .map(|_| ())
        .map_err(|_| BadLength)
}

fn decrypt_with<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    data: &mut [u8],
) -> Result<(), BadLength> {
    cbc::Decryptor::<C>::new_from_slices(key, iv)
        .map_err(|_| BadLength)?
        .decrypt_padded::<NoPadding>(data)
        .map(|_| ())
        .map_err(|_| BadLength)
}

/// CBC over whole blocks, no padding.
pub(crate) fn cbc_encrypt(key: &SymmetricKey, iv: &[u8], data: &[u8]) -> Result<Vec<u8>, BadLength> {
    let mut buffer = data.to_vec();
    match key.cipher() {
        Cipher::TripleDes => encrypt_with::<TdesEde2>(key.bytes(), iv, &mut buffer)?,
        Cipher::Aes128 => encrypt_with::<Aes128>(key.bytes(), iv, &mut buffer)?,
        Cipher::Aes192 => encrypt_with::<Aes192>(key.bytes(), iv, &mut buffer)?,
        Cipher::Aes256 => encrypt_with::<Aes256>(key.bytes(), iv, &mut buffer)?,
    }
    Ok(buffer)
}

/// CBC over whole blocks, no padding.
pub(crate) fn cbc_decrypt(
    key: &SymmetricKey,
    iv: &[u8],
    data: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadLength> {
    let mut buffer = Zeroizing::new(data.to_vec());
    match key.cipher() {
        Cipher::TripleDes => decrypt_with::<TdesEde2>(key.bytes(), iv, &mut buffer)?,
        Cipher::Aes128 => decrypt_with::<Aes128>(key.bytes(), iv, &mut buffer)?,
        Cipher::Aes192 => decrypt_with::<Aes192>(key.bytes(), iv, &mut buffer)?,
        Cipher::Aes256 => decrypt_with::<Aes256>(key.bytes(), iv, &mut buffer)?,
    }
    Ok(buffer)
}

/// CBC's zero vector of the right length.
pub(crate) fn zero_iv(cipher: Cipher) -> Vec<u8> {
    vec![0; cipher.block_length()]
}

/// ISO/IEC 9797-1 MAC algorithm 3 with DES over whole blocks (Doc 9303-11 §9.8.6.1).
fn retail_mac(key: &[u8], padded: &[u8]) -> Result<[u8; 8], BadLength> {
    let (first, second) = key.split_first_chunk::<8>().ok_or(BadLength)?;
    if padded.is_empty() {
        return Err(BadLength);
    }
    let mut buffer = Zeroizing::new(padded.to_vec());
    encrypt_with::<Des>(first, &[0; 8], &mut buffer)?;
    let mut last = *buffer.last_chunk::<8>().ok_or(BadLength)?;
    decrypt_with::<Des>(second, &[0; 8], &mut last)?;
    encrypt_with::<Des>(first, &[0; 8], &mut last)?;
    Ok(last)
}

/// AES-CMAC, all 16 bytes (NIST SP 800-38B).
pub(crate) fn cmac(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 16], BadLength> {
    fn run<M: cmac::Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Result<[u8; 16], BadLength> {
        let mut mac = <M as KeyInit>::new_from_slice(key).map_err(|_| BadLength)?;
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().as_slice().try_into().map_err(|_| BadLength)
    }
    match key.len() {
        16 => run::<Cmac<Aes128>>(key, parts),
        24 => run::<Cmac<Aes192>>(key, parts),
        _ => run::<Cmac<Aes256>>(key, parts),
    }
}

/// The 8-byte checksum over data that is **already padded** (secure messaging pads for both ciphers).
pub(crate) fn mac_padded(key: &SymmetricKey, padded: &[u8]) -> Result<[u8; 8], BadLength> {
    match key.cipher() {
        Cipher::TripleDes => retail_mac(key.bytes(), padded),
        _ => first_eight(&cmac(key.bytes(), &[padded])?),
    }
}

/// The 8-byte checksum over data as it is: the retail MAC pads it, CMAC pads by itself (PACE tokens, BAC).
pub(crate) fn mac(key: &SymmetricKey, data: &[u8]) -> Result<[u8; 8], BadLength> {
    match key.cipher() {
        Cipher::TripleDes => retail_mac(key.bytes(), &pad(data, 8)),
        _ => first_eight(&cmac(key.bytes(), &[data])?),
    }
}

fn first_eight(full: &[u8; 16]) -> Result<[u8; 8], BadLength> {
    full.first_chunk::<8>().copied().ok_or(BadLength)
}

/// Compares in time that does not depend on the content.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::{from_hex, hex};
    use proptest::prelude::*;

    /// RFC 4493 §4, examples 1 to 3.
    #[test]
    fn cmac_of_rfc_4493() {
        let key = from_hex("2b7e151628aed2a6abf7158809cf4f3c").unwrap();
        let message =
            from_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411")
                .unwrap();
        assert_eq!(hex(&cmac(&key, &[]).unwrap()), "BB1D6929E95937287FA37D129B756746");
        assert_eq!(hex(&cmac(&key, &[&message[..16]]).unwrap()), "070A16B46B4D4144F79BDD9DD04A287C");
        assert_eq!(
            hex(&cmac(&key, &[&message[..7], &message[7..]]).unwrap()),
            "DFA66747DE9AE63030CA32611497C827"
        );
    }

    #[test]
    fn lengths_that_are_no_blocks_are_errors() {
        let key = SymmetricKey::new(Cipher::Aes128, &[1; 16]).unwrap();
        assert!(cbc_encrypt(&key, &[0; 16], &[0; 15]).is_err());
        assert!(cbc_decrypt(&key, &[0; 16], &[0; 17]).is_err());
        assert!(retail_mac(&[0; 16], &[]).is_err());
    }

    proptest! {
        #[test]
        fn padding_comes_off_again(data in proptest::collection::vec(any::<u8>(), 0..70), block in prop::sample::select(vec![8_usize, 16])) {
            let padded = pad(&data, block);
            prop_assert_eq!(padded.len() % block, 0);
            prop_assert_eq!(unpad(&padded, block), Some(&data[..]));
        }

        #[test]
        fn unpad_never_panics(data in proptest::collection::vec(prop::sample::select(vec![0_u8, 0x80, 1]), 0..40)) {
            if let Some(content) = unpad(&data, 8) {
                prop_assert!(data.len() - content.len() <= 8);
            }
        }
    }
}
