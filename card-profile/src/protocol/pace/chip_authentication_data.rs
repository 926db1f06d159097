//! Encrypted Chip Authentication Data of the chip authentication mapping (Doc 9303-11 §4.4.3.5).

use crate::protocol::block_cipher::{BadLength, cbc_decrypt, cbc_encrypt, pad, unpad, zero_iv};
use crate::protocol::kdf::{Cipher, SymmetricKey};
use zeroize::Zeroizing;

/// −1, encrypted under `KS_Enc`; the mapping has AES only.
fn iv(key: &SymmetricKey) -> Result<Vec<u8>, BadLength> {
    match key.cipher() {
        Cipher::TripleDes => Err(BadLength),
        cipher => cbc_encrypt(key, &zero_iv(cipher), &[0xFF; 16]),
    }
}

/// `A_IC`: `CA_IC`, padded, under `KS_Enc`.
pub(super) fn encrypt(key: &SymmetricKey, data: &[u8]) -> Result<Vec<u8>, BadLength> {
    cbc_encrypt(key, &iv(key)?, &pad(data, key.cipher().block_length()))
}

/// `CA_IC` from `A_IC`; `None` when it is no encryption of such data.
pub(super) fn decrypt(key: &SymmetricKey, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let padded = cbc_decrypt(key, &iv(key).ok()?, encrypted).ok()?;
    unpad(&padded, key.cipher().block_length()).map(|data| Zeroizing::new(data.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::{from_hex, hex};

    /// Doc 9303-11 appendix I.
    #[test]
    fn the_data_of_appendix_i() {
        let all: serde_json::Value =
            serde_json::from_str(include_str!("../../../vectors/doc9303-11.json")).unwrap();
        let value =
            |name: &str| from_hex(all["pace_chip_authentication_mapping"][name].as_str().unwrap()).unwrap();
        let key = SymmetricKey::new(Cipher::Aes128, &value("ks_enc")).unwrap();
        assert_eq!(hex(&iv(&key).unwrap()), hex(&value("iv")));
        let encrypted = encrypt(&key, &value("chip_authentication_data")).unwrap();
        assert_eq!(hex(&encrypted), hex(&value("encrypted_chip_authentication_data")));
        assert_eq!(decrypt(&key, &encrypted).unwrap().as_slice(), value("chip_authentication_data"));
        assert!(decrypt(&key, &encrypted[..47]).is_none());
        assert!(decrypt(&key, &[]).is_none());
    }

    #[test]
    fn there_is_no_such_mapping_with_3des() {
        let key = SymmetricKey::new(Cipher::TripleDes, &[1; 16]).unwrap();
        assert!(encrypt(&key, &[1; 32]).is_err());
        assert!(decrypt(&key, &[1; 48]).is_none());
    }
}
