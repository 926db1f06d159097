//! Keys at rest: encrypted with age, authenticated, bound to their names.
//!
//! age encrypts to a recipient and does not say by whom. A keyed digest over name and content, under a key derived from
//! the wrapping identity, keeps anyone without the passphrase from putting in a key of their own or swapping two files.

use super::{Passphrase, StoreError};
use crate::algorithm::HashAlgorithm;
use crate::curve::{CurveEncoding, NamedCurve};
use crate::signer::{Signer as _, SoftwareKey};
use age::secrecy::{ExposeSecret as _, SecretString};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::str::FromStr as _;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// scrypt with N = 2^16, r = 8: 64 MiB and 0.1 to 0.3 s, fixed so that a store opens alike everywhere.
const WORK_FACTOR: u8 = 16;
/// A file that asks for more work than this is refused.
const MAX_WORK_FACTOR: u8 = 18;

/// Octets of the keyed digest.
const TAG_LENGTH: usize = 32;

/// A key in the form in which it is stored.
pub(super) enum StoredKey {
    /// An ECDSA private key.
    Ecdsa { curve: NamedCurve, hash: HashAlgorithm, encoding: CurveEncoding, scalar: Zeroizing<Vec<u8>> },
    /// 32 octets.
    Symmetric(Zeroizing<[u8; 32]>),
}

impl StoredKey {
    pub(super) fn of(key: &SoftwareKey) -> Self {
        let public = key.public_key();
        Self::Ecdsa {
            curve: public.curve().unwrap_or(NamedCurve::P256),
            hash: key.algorithm().hash(),
            encoding: public.curve_encoding().unwrap_or_default(),
            scalar: key.to_scalar(),
        }
    }

    /// One line of text: `ecdsa <curve> <hash> <encoding> <hex>` or `symmetric <hex>`.
    pub(super) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Self::Ecdsa { curve, hash, encoding, scalar } => {
                let encoding = match encoding {
                    CurveEncoding::Explicit => "explicit",
                    CurveEncoding::Named => "named",
                };
                let scalar = Zeroizing::new(hex::encode(&**scalar));
                format!("ecdsa {} {} {encoding} {}", curve.oid(), hash.oid(), *scalar)
            }
            Self::Symmetric(key) => format!("symmetric {}", *Zeroizing::new(hex::encode(**key))),
        })
    }

    pub(super) fn from_text(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        match words.next()? {
            "ecdsa" => {
                let curve = NamedCurve::from_oid(words.next()?.parse().ok()?)?;
                let hash = HashAlgorithm::from_oid(&words.next()?.parse().ok()?)?;
                let encoding = match words.next()? {
                    "explicit" => CurveEncoding::Explicit,
                    "named" => CurveEncoding::Named,
                    _ => return None,
                };
                let scalar = Zeroizing::new(hex::decode(words.next()?).ok()?);
                Some(Self::Ecdsa { curve, hash, encoding, scalar })
            }
            "symmetric" => {
                let mut key = Zeroizing::new([0; 32]);
                hex::decode_to_slice(words.next()?, &mut *key).ok()?;
                Some(Self::Symmetric(key))
            }
            _ => None,
        }
    }
}

/// Encrypts and decrypts the files of one store.
pub(super) struct Sealer {
    identity: age::x25519::Identity,
    /// Key of the keyed digest, at the block size of SHA-256.
    mac_key: Zeroizing<[u8; 64]>,
}

impl Sealer {
    /// A fresh wrapping identity, and the file that holds it under the passphrase.
    pub(super) fn create(passphrase: &Passphrase) -> Result<(Self, Vec<u8>), StoreError> {
        let identity = age::x25519::Identity::generate();
        let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.expose().to_owned()));
        recipient.set_work_factor(WORK_FACTOR);
        let file = age::encrypt(&recipient, identity.to_string().expose_secret().as_bytes())
            .map_err(|_| StoreError::Damaged("identity.age".to_owned()))?;
        Ok((Self::with(identity), file))
    }

    /// Opens the wrapping identity.
    pub(super) fn open(file: &[u8], passphrase: &Passphrase) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged("identity.age".to_owned());
        let mut unlock = age::scrypt::Identity::new(SecretString::from(passphrase.expose().to_owned()));
        unlock.set_max_work_factor(MAX_WORK_FACTOR);
        let text = Zeroizing::new(age::decrypt(&unlock, file).map_err(|error| match error {
            age::DecryptError::DecryptionFailed
            | age::DecryptError::KeyDecryptionFailed
            | age::DecryptError::NoMatchingKeys => StoreError::WrongPassphrase,
            _ => damaged(),
        })?);
        let text = std::str::from_utf8(&text).map_err(|_| damaged())?;
        Ok(Self::with(age::x25519::Identity::from_str(text).map_err(|_| damaged())?))
    }

    fn with(identity: age::x25519::Identity) -> Self {
        let mut digest = Sha256::new();
        digest.update(b"cccd-key-store-mac-v1\0");
        digest.update(identity.to_string().expose_secret().as_bytes());
        let mut mac_key = Zeroizing::new([0; 64]);
        for (to, from) in mac_key.iter_mut().zip(digest.finalize()) {
            *to = from;
        }
        Self { identity, mac_key }
    }

    fn tag(&self, name: &str, content: &[u8]) -> [u8; TAG_LENGTH] {
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&(*self.mac_key).into());
        mac.update(name.as_bytes());
        mac.update(&[0]);
        mac.update(content);
        mac.finalize().into_bytes().into()
    }

    pub(super) fn seal(&self, name: &str, key: &StoredKey) -> Result<Vec<u8>, StoreError> {
        let text = key.to_text();
        let mut plain = Zeroizing::new(self.tag(name, text.as_bytes()).to_vec());
        plain.extend_from_slice(text.as_bytes());
        age::encrypt(&self.identity.to_public(), &plain).map_err(|_| StoreError::Damaged(name.to_owned()))
    }

    pub(super) fn open_sealed(&self, name: &str, file: &[u8]) -> Result<StoredKey, StoreError> {
        let damaged = || StoreError::Damaged(name.to_owned());
        let plain = Zeroizing::new(age::decrypt(&self.identity, file).map_err(|_| damaged())?);
        let (tag, content) = plain.split_at_checked(TAG_LENGTH).ok_or_else(damaged)?;
        if !bool::from(self.tag(name, content).ct_eq(tag)) {
            return Err(damaged());
        }
        std::str::from_utf8(content).ok().and_then(StoredKey::from_text).ok_or_else(damaged)
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(redacted)")
    }
}
