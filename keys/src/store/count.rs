//! How many signatures a Document Signer has made: set aside on the disk before each one is made.
//!
//! A crash between the two loses a signature and never makes one too many. Several processes may sign with the same key:
//! each takes its numbers under the lock of the count.

use super::{StoreError, files};
use crate::algorithm::SignatureAlgorithm;
use crate::life::Signatures;
use crate::public_key::PublicKey;
use crate::signer::{Signer, SigningFailed};
use std::path::{Path, PathBuf};

/// The file with the count of one signer.
#[derive(Debug, Clone)]
pub(super) struct SignatureCount {
    path: PathBuf,
}

impl SignatureCount {
    /// That of the signer whose key has this name in the store.
    pub(super) fn of(dir: &Path, name: &str) -> Self {
        Self { path: dir.join(format!("{name}.count.json")) }
    }

    pub(super) fn begin(&self, limit: u64) -> Result<(), StoreError> {
        self.write(Signatures::none_of(limit))
    }

    /// A count that is missing or unreadable is no count of zero.
    pub(super) fn read(&self) -> Result<Signatures, StoreError> {
        let damaged = || StoreError::Damaged(self.path.display().to_string());
        if !self.path.exists() {
            return Err(damaged());
        }
        serde_json::from_slice(&files::read(&self.path)?).map_err(|_| damaged())
    }

    /// Sets one signature aside. `None` at the limit.
    fn take(&self) -> Result<Option<Signatures>, StoreError> {
        let _lock = files::lock(&self.path.with_extension("lock"))?;
        let next = self.read()?.one_more();
        if let Some(next) = next {
            self.write(next)?;
        }
        Ok(next)
    }

    fn write(&self, signatures: Signatures) -> Result<(), StoreError> {
        files::write(&self.path, &serde_json::to_vec(&signatures).unwrap_or_default(), false)
    }
}

/// A key that signs as often as its count allows.
#[derive(Debug)]
pub(super) struct CountedKey<K> {
    pub(super) key: K,
    pub(super) count: SignatureCount,
}

impl<K: Signer> Signer for CountedKey<K> {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }

    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        match self.count.take() {
            Ok(Some(_)) => self.key.sign(message),
            Ok(None) => Err(SigningFailed::with_advice(
                "this Document Signer has made all its signatures".to_owned(),
                "signer-exhausted",
                "run `keys ds new`",
            )),
            Err(error) => Err(SigningFailed::with_advice(
                format!("its signatures cannot be counted: {error}"),
                "signer-not-counted",
                "restore the count from the backup of the key store, or make a new signer",
            )),
        }
    }
}
