//! Sealed items: what is sensitive lies encrypted in the register, under keys that lie elsewhere.
//!
//! AES-256-GCM-SIV (RFC 8452) with the twelve digits of the personal number as the nonce, and what the value is as
//! associated data: a value that is copied to another person or another column does not open. Nothing is drawn at
//! random, so a bulk load needs no generator. The mode keeps its promises when a nonce comes again; all that shows is that
//! one person's value is what it was before.

use core::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cccd_card_profile::personal_number::PersonalNumber;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What begins a sealed text. Plain JSON of an older register begins with a brace.
const MARK: &str = "1.";

/// Octets of a key's name before the sealed ones.
const ID: usize = 4;

/// Octets that the mode adds.
const TAG: usize = 16;

/// Plain texts are filled up to a multiple of this, so that lengths tell little.
const STEP: usize = 32;

/// A key's name: the head of a digest of it, so that a file cannot give it a wrong one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; ID]);

impl KeyId {
    /// Whether a value that [`SealKeys::seal`] answered lies under this key.
    #[must_use]
    pub fn sealed(&self, value: &[u8]) -> bool {
        value.starts_with(&self.0)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

struct SealKey {
    id: KeyId,
    key: LessSafeKey,
}

/// The keys of a register's sealed items, the oldest first. The last one seals, all of them open.
///
/// Another handle on the same keys is [`share`](Self::share); their octets are never given back.
pub struct SealKeys(Arc<[SealKey]>);

/// Why a value was not sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Its key is not here.
    #[error("the key of a sealed value is not here")]
    NoKey,
    /// It is not what was sealed for this person and item.
    #[error("a sealed value was changed, or belongs to somebody else")]
    Altered,
}

impl SealKeys {
    /// No key: people are read without the items that are sealed.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new([]))
    }

    /// Keys from their octets, the oldest first.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = Zeroizing<[u8; 32]>>) -> Self {
        Self(
            keys.into_iter()
                .filter_map(|octets| {
                    // AES-256 takes every key of 32 octets.
                    let key = UnboundKey::new(&AES_256_GCM_SIV, octets.as_slice()).ok()?;
                    Some(SealKey { id: id(&octets), key: LessSafeKey::new(key) })
                })
                .collect(),
        )
    }

    /// The same keys again.
    #[must_use]
    pub fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// Whether nothing can be sealed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that seals now.
    #[must_use]
    pub fn newest(&self) -> Option<KeyId> {
        self.0.last().map(|key| key.id)
    }

    /// The names of all keys, the oldest first.
    #[must_use]
    pub fn ids(&self) -> Vec<KeyId> {
        self.0.iter().map(|key| key.id).collect()
    }

    /// Seals `plain` as this person's value of `item`.
    ///
    /// # Errors
    /// [`SealError::NoKey`].
    pub fn seal(&self, item: &str, of: &PersonalNumber, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = self.0.last().ok_or(SealError::NoKey)?;
        let mut sealed = Vec::with_capacity(ID + plain.len() + TAG);
        sealed.extend_from_slice(&key.id.0);
        sealed.extend_from_slice(plain);
        let content = sealed.get_mut(ID..).ok_or(SealError::NoKey)?;
        let tag = key.key.seal_in_place_separate_tag(nonce(of)?, Aad::from(associated(item, of)), content);
        sealed.extend_from_slice(tag.map_err(|_| SealError::NoKey)?.as_ref());
        Ok(sealed)
    }

    /// Opens this person's value of `item`.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open(
        &self,
        item: &str,
        of: &PersonalNumber,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (id, content) = sealed.split_at_checked(ID).ok_or(SealError::Altered)?;
        let key = self.0.iter().find(|key| key.id.0 == id).ok_or(SealError::NoKey)?;
        let mut plain = Zeroizing::new(content.to_vec());
        let length = key
            .key
            .open_in_place(nonce(of)?, Aad::from(associated(item, of)), &mut plain)
            .map_err(|_| SealError::Altered)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }

    /// Seals a text of JSON as a text.
    ///
    /// # Errors
    /// [`SealError::NoKey`].
    pub fn seal_text(&self, item: &str, of: &PersonalNumber, json: &str) -> Result<String, SealError> {
        // White space after JSON says nothing.
        let mut plain = Zeroizing::new(Vec::with_capacity(json.len() + STEP));
        plain.extend_from_slice(json.as_bytes());
        plain.resize(json.len().next_multiple_of(STEP), b' ');
        let sealed = self.seal(item, of, &plain)?;
        let mut text = String::with_capacity(MARK.len() + sealed.len().div_ceil(3) * 4);
        text.push_str(MARK);
        URL_SAFE_NO_PAD.encode_string(sealed, &mut text);
        Ok(text)
    }

    /// Opens a text that [`seal_text`](Self::seal_text) made; JSON that an older register left plain is answered as it is.
    ///
    /// # Errors
    /// [`SealError`].
    pub fn open_text(
        &self,
        item: &str,
        of: &PersonalNumber,
        text: &str,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let Some(sealed) = text.strip_prefix(MARK) else {
            return Ok(Zeroizing::new(text.as_bytes().to_vec()));
        };
        self.open(item, of, &URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SealError::Altered)?)
    }

    /// Whether a text was never sealed.
    #[must_use]
    pub fn is_plain(text: &str) -> bool {
        !text.starts_with(MARK)
    }

    /// Whether a text lies under the newest key already.
    #[must_use]
    pub fn is_current(&self, text: &str) -> bool {
        let Some(newest) = self.newest() else { return false };
        // Four octets are the first six characters.
        let head = text.strip_prefix(MARK).and_then(|sealed| sealed.get(..8));
        head.and_then(|head| URL_SAFE_NO_PAD.decode(head).ok())
            .is_some_and(|head| head.starts_with(&newest.0))
    }
}

impl fmt::Debug for SealKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SealKeys").field(&self.ids()).finish()
    }
}

fn id(key: &[u8; 32]) -> KeyId {
    let digest: [u8; 32] =
        Sha256::new().chain_update(b"cccd-seal-key-v1\0").chain_update(key).finalize().into();
    let [a, b, c, d, ..] = digest;
    KeyId([a, b, c, d])
}

/// Twelve digits are the ninety-six bits that the mode asks for.
fn nonce(of: &PersonalNumber) -> Result<Nonce, SealError> {
    Nonce::try_assume_unique_for_key(of.as_str().as_bytes()).map_err(|_| SealError::Altered)
}

fn associated(item: &str, of: &PersonalNumber) -> Vec<u8> {
    [b"cccd-sealed-v1\0", item.as_bytes(), b"\0", of.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::{SealError, SealKeys};
    use cccd_card_profile::personal_number::PersonalNumber;
    use zeroize::Zeroizing;

    fn keys(seeds: &[u8]) -> SealKeys {
        SealKeys::new(seeds.iter().map(|seed| Zeroizing::new([*seed; 32])))
    }

    fn number(text: &str) -> PersonalNumber {
        PersonalNumber::parse(text).unwrap()
    }

    /// RFC 8452 appendix C.2: key 01 00…, nonce 03 00…, no associated data, plain text 01 00 00 00 00 00 00 00.
    #[test]
    fn the_mode_is_that_of_rfc_8452() {
        use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey};
        let mut key = [0; 32];
        key[0] = 1;
        let mut nonce = [0; 12];
        nonce[0] = 3;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, &key).unwrap());
        let mut text = vec![1, 0, 0, 0, 0, 0, 0, 0];
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text).unwrap();
        assert_eq!(hex::encode(text), "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28");
    }

    #[test]
    fn a_value_opens_for_its_person_and_item_only() {
        let (keys, an, binh) = (keys(&[1, 2]), number("079099000001"), number("079099000002"));
        let text = keys.seal_text("item", &an, r#"{"r":"Không"}"#).unwrap();
        assert_eq!(keys.open_text("item", &an, &text).unwrap().trim_ascii(), r#"{"r":"Không"}"#.as_bytes());
        assert_eq!(keys.open_text("item", &binh, &text).unwrap_err(), SealError::Altered);
        assert_eq!(keys.open_text("other", &an, &text).unwrap_err(), SealError::Altered);
        for place in 2..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
            assert!(keys.open_text("item", &an, &String::from_utf8(altered).unwrap()).is_err());
        }
        for length in 2..text.len() {
            assert!(keys.open_text("item", &an, &text[..length]).is_err());
        }
    }

    #[test]
    fn equal_values_of_two_people_look_different_and_short_ones_alike() {
        let keys = keys(&[1]);
        let of = |digits: &str, json: &str| keys.seal_text("item", &number(digits), json).unwrap();
        let (an, binh) = (of("079099000001", r#"{"r":"Không"}"#), of("079099000002", r#"{"r":"Không"}"#));
        assert_ne!(an[8..], binh[8..]);
        assert_eq!(an.len(), of("079099000001", r#"{"r":"Cao Đài"}"#).len());
        assert_eq!(an, of("079099000001", r#"{"r":"Không"}"#));
    }

    #[test]
    fn the_newest_key_seals_and_all_of_them_open() {
        let an = number("079099000001");
        let (old, both, new) = (keys(&[1]), keys(&[1, 2]), keys(&[2]));
        let before = old.seal_text("item", &an, "{}").unwrap();
        let after = both.seal_text("item", &an, "{}").unwrap();
        assert!(both.open_text("item", &an, &before).is_ok() && both.open_text("item", &an, &after).is_ok());
        assert_eq!(old.open_text("item", &an, &after).unwrap_err(), SealError::NoKey);
        assert_eq!(new.open_text("item", &an, &before).unwrap_err(), SealError::NoKey);
        assert!(!both.is_current(&before) && both.is_current(&after) && !both.is_current("{}"));
        assert_eq!(SealKeys::none().seal_text("item", &an, "{}").unwrap_err(), SealError::NoKey);
        assert_eq!(both.newest(), new.newest());
    }
}
