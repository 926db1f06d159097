//! The transport keys of a chip: what SCP03 opens with, and how PUT KEY carries them.

use crate::apdu::StatusWord;
use crate::protocol::block_cipher::{cbc_decrypt, cbc_encrypt, same};
use crate::protocol::kdf::{Cipher, SymmetricKey};
use std::fmt;
use zeroize::Zeroizing;

/// The version number of a chip's transport keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyVersion(pub u8);

impl KeyVersion {
    /// `FF`: `GlobalPlatform`'s publicly known test key. Anyone may write such a blank.
    pub const TEST: Self = Self(0xFF);
    /// `01`: a blank's keys, diversified by its serial.
    pub const BLANK: Self = Self(0x01);
    /// `02`: the station's own keys, after the lock.
    pub const LOCKED: Self = Self(0x02);
}

/// Static keys of one chip: Key-ENC, Key-MAC and Key-DEK, AES-128. Zeroized, never printed.
pub struct StaticKeys {
    enc: Zeroizing<[u8; 16]>,
    mac: Zeroizing<[u8; 16]>,
    dek: Zeroizing<[u8; 16]>,
}

/// Bytes of a PUT KEY for three AES-128 keys: version, then three times type, length, key, check value.
const PUT_KEY_LENGTH: usize = 1 + 3 * 23;

impl StaticKeys {
    /// From the three keys.
    #[must_use]
    pub fn new(enc: [u8; 16], mac: [u8; 16], dek: [u8; 16]) -> Self {
        Self { enc: Zeroizing::new(enc), mac: Zeroizing::new(mac), dek: Zeroizing::new(dek) }
    }

    /// `404142…4F` three times: `GlobalPlatform`'s publicly known test key.
    #[must_use]
    pub fn publicly_known_test_keys() -> Self {
        let key = *b"@ABCDEFGHIJKLMNO";
        Self::new(key, key, key)
    }

    pub(super) fn enc(&self) -> &[u8] {
        &*self.enc
    }

    pub(super) fn mac(&self) -> &[u8] {
        &*self.mac
    }

    /// For the chip's own state: ENC, MAC, DEK. Secret.
    #[must_use]
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new([&self.enc[..], &self.mac[..], &self.dek[..]].concat())
    }

    /// Back from [`StaticKeys::to_secret_bytes`].
    #[must_use]
    pub fn from_secret_bytes(bytes: &[u8]) -> Option<Self> {
        let (enc, rest) = bytes.split_first_chunk::<16>()?;
        let (mac, rest) = rest.split_first_chunk::<16>()?;
        Some(Self::new(*enc, *mac, rest.try_into().ok()?))
    }

    /// The data of PUT KEY: version, and each key encrypted under `current`'s DEK with its check value
    /// (`GlobalPlatform` Amendment D §7.2, Card Specification §11.8.2.3).
    pub(super) fn to_put_key_data(&self, version: KeyVersion, current: &Self) -> Option<Vec<u8>> {
        let dek = SymmetricKey::new(Cipher::Aes128, &*current.dek)?;
        let mut data = vec![version.0];
        for key in [&self.enc, &self.mac, &self.dek] {
            data.extend_from_slice(&[0x88, 0x11, 0x10]);
            data.extend(cbc_encrypt(&dek, &[0; 16], &key[..]).ok()?);
            data.push(0x03);
            data.extend_from_slice(&check_value(&key[..])?);
        }
        Some(data)
    }

    /// The chip's side: the new version and keys, check values verified.
    ///
    /// # Errors
    /// `6700` for another length, `6A80` for another form, `6982` when a check value differs.
    pub fn from_put_key_data(data: &[u8], current: &Self) -> Result<(KeyVersion, Self), StatusWord> {
        let malformed = StatusWord::INCORRECT_DATA;
        if data.len() != PUT_KEY_LENGTH {
            return Err(StatusWord::WRONG_LENGTH);
        }
        let dek = SymmetricKey::new(Cipher::Aes128, &*current.dek).ok_or(malformed)?;
        let (version, blocks) = data.split_first().ok_or(malformed)?;
        let mut keys = Zeroizing::new(Vec::with_capacity(48));
        for block in blocks.chunks(23) {
            let [0x88, 0x11, 0x10, encrypted @ .., 0x03, a, b, c] = block else { return Err(malformed) };
            let key = cbc_decrypt(&dek, &[0; 16], encrypted).map_err(|_| malformed)?;
            if !same(&check_value(&key).ok_or(malformed)?, &[*a, *b, *c]) {
                return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
            }
            keys.extend_from_slice(&key);
        }
        Ok((KeyVersion(*version), Self::from_secret_bytes(&keys).ok_or(malformed)?))
    }

    /// What the chip answers to PUT KEY: version and the three check values, the cheapest read-back there is.
    ///
    /// # Errors
    /// `6F00`, in practice never.
    pub fn put_key_confirmation(&self, version: KeyVersion) -> Result<Vec<u8>, StatusWord> {
        let mut data = vec![version.0];
        for key in [&self.enc, &self.mac, &self.dek] {
            data.extend_from_slice(&check_value(&key[..]).ok_or(StatusWord::NO_PRECISE_DIAGNOSIS)?);
        }
        Ok(data)
    }
}

impl fmt::Debug for StaticKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaticKeys(…)")
    }
}

/// The leftmost three bytes of a block of `01` encrypted (`GlobalPlatform` Card Specification §B.6).
fn check_value(key: &[u8]) -> Option<[u8; 3]> {
    let key = SymmetricKey::new(Cipher::Aes128, key)?;
    cbc_encrypt(&key, &[0; 16], &[1; 16]).ok()?.first_chunk::<3>().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The check value of the publicly known test key under AES, as every `GlobalPlatform` tool prints it.
    #[test]
    fn check_value_of_the_test_key() {
        assert_eq!(check_value(b"@ABCDEFGHIJKLMNO"), Some([0x50, 0x4A, 0x77]));
        let counting: [u8; 16] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        assert_eq!(check_value(&counting), Some([0xC3, 0x52, 0x80]));
    }

    #[test]
    fn put_key_carries_keys_and_finds_altered_ones() {
        let current = StaticKeys::publicly_known_test_keys();
        let next = StaticKeys::new([1; 16], [2; 16], [3; 16]);
        let data = next.to_put_key_data(KeyVersion::LOCKED, &current).unwrap();
        let (version, read) = StaticKeys::from_put_key_data(&data, &current).unwrap();
        assert_eq!(version, KeyVersion::LOCKED);
        assert_eq!(read.to_secret_bytes(), next.to_secret_bytes());
        for index in 1..data.len() {
            let mut altered = data.clone();
            altered[index] ^= 0x10;
            assert!(StaticKeys::from_put_key_data(&altered, &current).is_err(), "byte {index}");
        }
        assert_eq!(next.put_key_confirmation(version).unwrap()[1..4], check_value(&[1; 16]).unwrap());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = StaticKeys::from_put_key_data(&bytes, &StaticKeys::publicly_known_test_keys());
            let _ = StaticKeys::from_secret_bytes(&bytes);
        }
    }
}
