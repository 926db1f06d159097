//! AES-CMAC: PACE's tokens and the checksums of secure messaging are made of it.

use cccd_card_profile::protocol::kdf::{Cipher, SymmetricKey};
use serde_json::Value;

use super::{Test, Tested};
use crate::foreign::data::hex_bytes;
use crate::foreign::outcome::Problem;

pub(super) fn prepare(group: &Value) -> Result<Test<'_>, Problem> {
    let bits = group.get("tagSize").and_then(Value::as_u64);
    let length = bits
        .filter(|bits| bits % 8 == 0 && *bits <= 128)
        .and_then(|bits| usize::try_from(bits / 8).ok())
        .ok_or_else(|| Problem::new("a tag of whole octets, at most 16"))?;
    Ok(Box::new(move |test| {
        let key = hex_bytes(test, "key")?;
        let cipher = match key.len() {
            16 => Cipher::Aes128,
            24 => Cipher::Aes192,
            32 => Cipher::Aes256,
            other => return Ok(Tested::Bad(format!("a key of {other} octets"))),
        };
        let key =
            SymmetricKey::new(cipher, &key).ok_or_else(|| Problem::new("the key has another length"))?;
        let tag = key.aes_cmac(&hex_bytes(test, "msg")?).ok_or_else(|| Problem::new("AES has no CMAC"))?;
        let stated = hex_bytes(test, "tag")?;
        Ok(if tag.get(..length) == Some(stated.as_slice()) {
            Tested::Good
        } else {
            Tested::Bad("another tag".to_owned())
        })
    }))
}
