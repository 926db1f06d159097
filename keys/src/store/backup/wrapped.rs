//! The keys of a token in a backup: each wrapped by the token itself (`CKM_AES_KEY_WRAP_PAD`), under a key that is in it
//! for one call and otherwise exists only in shares.

use super::{KeyLine, KeyStore, Line, Opened, Restoration, StoreError, damaged};
use crate::store::custody::{Custody, DataReference, TRANSPORT, reference_bytes};
use crate::store::unfinished::Intent;
use crate::store::{Purpose, StoreSettings, files};
use crate::token::port::{KeyId, ObjectKind};
use crate::token::{KeyReference, MasterReference, Token, TokenKey, TokenMaster};
use age::secrecy::ExposeSecret as _;
use jiff::Timestamp;
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

const SUBJECTS: &str = "secret/log-subjects";

/// The AES-256 wrapping key that goes with what the shares give: one secret, two uses, kept apart by the hash.
pub(super) fn wrapping_key(identity: &age::x25519::Identity) -> Zeroizing<[u8; 32]> {
    let mut digest = Sha256::new();
    digest.update(b"cccd-token-backup-wrapping-key-v1\0");
    digest.update(identity.to_string().expose_secret().as_bytes());
    Zeroizing::new(digest.finalize().into())
}

impl KeyStore {
    pub(super) fn wrapped_keys(
        &self,
        token: &Arc<Token>,
        wrapping: &[u8; 32],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<KeyLine>, StoreError> {
        token.demand_wrapping()?;
        let mut lines = Vec::new();
        for name in self.backed_up("token")? {
            let damaged = || StoreError::Damaged(name.clone());
            let reference = files::read(&self.key_path(&name))?;
            let line = match name.as_str() {
                SUBJECTS => {
                    let reference: DataReference =
                        serde_json::from_slice(&reference).map_err(|_| damaged())?;
                    let value = Zeroizing::new(hex::encode(*self.open_secret("log-subjects")?));
                    format!("data {name} {} {}\n", compact(&reference), *value)
                }
                TRANSPORT => {
                    let reference: MasterReference =
                        serde_json::from_slice(&reference).map_err(|_| damaged())?;
                    let wrapped = TokenMaster::open(token, &reference)?.wrap(wrapping, rng)?;
                    format!("wrapped {name} {} {}\n", compact(&reference), hex::encode(wrapped))
                }
                _ => {
                    let reference: KeyReference =
                        serde_json::from_slice(&reference).map_err(|_| damaged())?;
                    let wrapped = TokenKey::open(token, &name, &reference)?.wrap(wrapping, rng)?;
                    format!("wrapped {name} {} {}\n", compact(&reference), hex::encode(wrapped))
                }
            };
            lines.push(KeyLine { line: Zeroizing::new(line), name });
        }
        Ok(lines)
    }

    /// Makes a store in `dir` out of the backup of a store in a token, its keys unwrapped into this token, by enough
    /// shares. Each proves itself before it is taken into use. What a failed attempt brought in is taken out again.
    ///
    /// # Errors
    /// [`StoreError::Shares`], [`StoreError::Backup`]; for production, a token that is no device. An existing store is left
    /// as it is.
    pub fn restore_backup_in_token(
        from: &Restoration<'_>,
        dir: &Path,
        token: Arc<Token>,
        at: Timestamp,
    ) -> Result<Self, StoreError> {
        let backup = Opened::open(from, dir)?;
        if !backup.is_of_a_token()? {
            let what = "its keys are of a store in software: leave --pkcs11 out";
            return Err(StoreError::Backup(what.to_owned()));
        }
        let mut settings: StoreSettings =
            serde_json::from_slice(&backup.settings()?).map_err(|_| damaged())?;
        if settings.purpose == Purpose::Production {
            token.demand_hardware()?;
        }
        token.demand_wrapping()?;
        settings.token = Some(token.identity());
        backup.prepare(dir)?;
        let store = Self {
            dir: dir.to_owned(),
            settings,
            custody: Custody::Token(Arc::clone(&token)),
            present: Vec::new(),
        };
        let wrapping = wrapping_key(&backup.identity);
        let mut brought = Vec::new();
        for line in backup.lines()? {
            let Line { kind, name, value } = line?;
            if kind != "file" {
                brought.extend(store.bring_in(&token, &wrapping, kind, name, value)?);
            }
        }
        let json = serde_json::to_vec_pretty(&store.settings).unwrap_or_default();
        files::write(&dir.join("store.json"), &json, false)?;
        let store = store.restored(at, &backup, from)?;
        brought.into_iter().for_each(Intent::finish);
        Ok(store)
    }

    /// One key. What the token has already is no concern of this attempt: it proves itself and stays, whatever comes.
    fn bring_in(
        &self,
        token: &Arc<Token>,
        wrapping: &[u8; 32],
        kind: &str,
        name: &str,
        value: &str,
    ) -> Result<Option<Intent>, StoreError> {
        let (reference, octets) = value.split_once(' ').ok_or_else(damaged)?;
        let octets = Zeroizing::new(hex::decode(octets).map_err(|_| damaged())?);
        let label = self.token_label(name);
        let intend = |kind: ObjectKind, id: KeyId| -> Result<Option<Intent>, StoreError> {
            if token.with("a look for a key", name, |session| session.exists(kind, &id))? {
                return Ok(None);
            }
            Intent::begin(self.dir(), token, name, kind, id).map(Some)
        };
        match (kind, name) {
            ("data", SUBJECTS) => {
                let reference: DataReference = serde_json::from_str(reference).map_err(|_| damaged())?;
                let value: &[u8; 32] = octets.as_slice().try_into().map_err(|_| damaged())?;
                let intent = intend(ObjectKind::Data, reference.id)?;
                self.keep_secret(token, name, reference.id, value)?;
                Ok(intent)
            }
            ("wrapped", TRANSPORT) => {
                let reference: MasterReference = serde_json::from_str(reference).map_err(|_| damaged())?;
                let intent = intend(ObjectKind::SecretKey, reference.id)?;
                TokenMaster::restore(token, &label, &reference, wrapping, &octets)?;
                files::write(&self.key_path(name), &reference_bytes(&reference), true)?;
                Ok(intent)
            }
            ("wrapped", _) => {
                let reference: KeyReference = serde_json::from_str(reference).map_err(|_| damaged())?;
                let intent = intend(ObjectKind::KeyPair, reference.id)?;
                TokenKey::restore(token, name, &label, &reference, wrapping, &octets)?;
                files::write(&self.key_path(name), &reference_bytes(&reference), true)?;
                Ok(intent)
            }
            _ => Err(damaged()),
        }
    }
}

/// Without blanks: it is one word of a line.
fn compact(reference: &impl serde::Serialize) -> String {
    serde_json::to_string(reference).unwrap_or_default()
}
