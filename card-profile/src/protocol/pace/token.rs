//! What both ends share after the key agreement: the authentication tokens, the session, the chip's data.

use super::{PaceError, PaceProtocol, chip_authentication_data};
use crate::protocol::block_cipher::{BadLength, mac};
use crate::protocol::group::Element;
use crate::protocol::kdf::{KeyUse, derive_key};
use crate::protocol::secure_messaging::SecureMessaging;
use crate::tlv;
use zeroize::Zeroizing;

/// A public value as it goes over the wire: a point at its fixed width, a residue as an unsigned integer without
/// leading zeros (Doc 9303-11 §9.4.1, §9.4.3, §9.4.5).
#[must_use]
pub fn public_value(key: &Element) -> &[u8] {
    match key {
        Element::Point(point) => point.as_bytes(),
        Element::Residue(residue) => {
            let bytes = residue.as_bytes();
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            bytes.get(zeros..).unwrap_or_default()
        }
    }
}

/// What the token authenticates: `7F49 { 06 protocol, 86 point | 84 residue }` (§4.4.3.4, §9.4.5).
#[must_use]
pub fn token_input(protocol: PaceProtocol, key: &Element) -> Vec<u8> {
    let oid = tlv::encode(0x06, protocol.oid().as_bytes());
    tlv::encode_all(0x7F49, &[&oid, &tlv::encode(key.tag(), public_value(key))])
}

/// T, the MAC under `KS_MAC` of [`token_input`] over the public key that the other end sent (§4.4.3.4).
///
/// # Errors
/// None in practice.
pub fn authentication_token(
    secret: &[u8],
    protocol: PaceProtocol,
    key: &Element,
) -> Result<[u8; 8], PaceError> {
    let mac_key = derive_key(secret, KeyUse::Mac, protocol.cipher);
    Ok(mac(&mac_key, &token_input(protocol, key))?)
}

/// The protocol and the shared secret K.
pub(super) struct Agreed {
    pub(super) protocol: PaceProtocol,
    pub(super) secret: Zeroizing<Vec<u8>>,
}

impl Agreed {
    pub(super) fn token(&self, key: &Element) -> Result<[u8; 8], PaceError> {
        authentication_token(&self.secret, self.protocol, key)
    }

    pub(super) fn session(&self) -> SecureMessaging {
        SecureMessaging::from_secret(&self.secret, self.protocol.cipher)
    }

    pub(super) fn encrypt(&self, data: &[u8]) -> Result<Vec<u8>, BadLength> {
        let key = derive_key(&self.secret, KeyUse::Encryption, self.protocol.cipher);
        chip_authentication_data::encrypt(&key, data)
    }

    pub(super) fn decrypt(&self, encrypted: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let key = derive_key(&self.secret, KeyUse::Encryption, self.protocol.cipher);
        chip_authentication_data::decrypt(&key, encrypted)
    }
}
