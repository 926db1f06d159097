//! Keys that are in a token before anything uses them: `D/unfinished/<CKA_ID>.json`, written before the key is made.
//!
//! ```text
//! intent on the disk → key in the token → its reference → its certificate → intent gone
//! ```
//!
//! A step that fails takes all of it back: the key is destroyed in the token. Where that cannot be (the token is gone, the
//! process died) the intent stays, the next command says so, and people decide ([`KeyStore::clear_unfinished`]). A file
//! alone never makes a program destroy a key: whoever writes into the directory could name the CSCA's in it.

use super::{KeyStore, StoreError, files};
use crate::token::port::{KeyId, ObjectKind};
use crate::token::{Token, TokenError};
use serde::{Deserialize, Serialize};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FOLDER: &str = "unfinished";

/// A key that was to be made and is in no use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnfinishedKey {
    /// Its name in the store.
    pub name: String,
    /// What it is.
    pub kind: ObjectKind,
    /// `CKA_ID`.
    pub id: KeyId,
}

/// What a reference on the disk says first.
#[derive(Deserialize)]
struct Identified {
    id: KeyId,
}

impl UnfinishedKey {
    fn intent(&self, dir: &Path) -> PathBuf {
        dir.join(format!("{FOLDER}/{}.json", self.id))
    }

    fn reference(&self, dir: &Path) -> PathBuf {
        dir.join(format!("{}.key.token", self.name))
    }

    /// The reference under its name is this key's.
    fn is_referenced(&self, dir: &Path) -> bool {
        files::read(&self.reference(dir))
            .ok()
            .and_then(|bytes| serde_json::from_slice::<Identified>(&bytes).ok())
            .is_some_and(|found| found.id == self.id)
    }

    /// Everything that belongs to it is there: only the intent was not removed any more.
    fn is_finished(&self, dir: &Path) -> bool {
        let folder = self.name.split('/').next().unwrap_or_default();
        let companion = match folder {
            "secret" => dir.join("store.json"),
            "request" => self.reference(dir),
            "cvca" | "dv" | "terminal" => dir.join(format!("{}.cvcert", self.name)),
            _ => dir.join(format!("{}.cer", self.name)),
        };
        dir.join("store.json").exists() && companion.exists() && self.is_referenced(dir)
    }

    /// Out of the token, with what is left of it on the disk. Gone already is fine.
    fn clear(&self, dir: &Path, token: &Token) -> Result<(), StoreError> {
        token.with("to destroy an unfinished key", &self.name, |session| {
            if session.exists(self.kind, &self.id)? { session.destroy(self.kind, &self.id) } else { Ok(()) }
        })?;
        if self.is_referenced(dir) {
            files::erase(&self.reference(dir), &[])?;
        }
        files::erase(&self.intent(dir), &[])
    }
}

/// A key that is being made; taken back when it is dropped before [`Fresh::finish`].
#[derive(Debug)]
pub(super) struct Fresh<T> {
    value: T,
    intent: Option<Intent>,
}

impl<T> Fresh<T> {
    /// One that needs no token, and so leaves nothing there.
    pub(super) const fn plain(value: T) -> Self {
        Self { value, intent: None }
    }

    pub(super) const fn new(value: T, intent: Intent) -> Self {
        Self { value, intent: Some(intent) }
    }

    /// It is in use from now on.
    pub(super) fn finish(self) -> T {
        if let Some(intent) = self.intent {
            intent.finish();
        }
        self.value
    }
}

impl<T> Deref for Fresh<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// An intent that is written down.
#[derive(Debug)]
pub(super) struct Intent {
    dir: PathBuf,
    token: Arc<Token>,
    key: UnfinishedKey,
    finished: bool,
}

impl Intent {
    /// Writes it, flushed, before the token is asked for anything.
    pub(super) fn begin(
        dir: &Path,
        token: &Arc<Token>,
        name: &str,
        kind: ObjectKind,
        id: KeyId,
    ) -> Result<Self, StoreError> {
        let key = UnfinishedKey { name: name.to_owned(), kind, id };
        files::private_dir(&dir.join(FOLDER))?;
        files::write(&key.intent(dir), &serde_json::to_vec(&key).unwrap_or_default(), true)?;
        Ok(Self { dir: dir.to_owned(), token: Arc::clone(token), key, finished: false })
    }

    pub(super) fn finish(mut self) {
        self.finished = true;
        // One that stays is seen to be finished by whoever comes next.
        drop(files::erase(&self.key.intent(&self.dir), &[]));
    }
}

impl Drop for Intent {
    fn drop(&mut self) {
        if !self.finished && !self.key.is_finished(&self.dir) {
            // The error that led here is the one to report; what stays is found by its intent.
            drop(self.key.clear(&self.dir, &self.token));
        }
    }
}

impl KeyStore {
    /// Keys that were made and never taken into use, because the token or the process went away. Needs no key: an intent
    /// whose key is in use by now is only removed.
    ///
    /// # Errors
    /// [`StoreError`]; an intent that cannot be read.
    pub fn unfinished_keys(dir: &Path) -> Result<Vec<UnfinishedKey>, StoreError> {
        let mut found = Vec::new();
        for path in files::list(&dir.join(FOLDER), "json")? {
            let damaged = || StoreError::Damaged(path.display().to_string());
            let key: UnfinishedKey = serde_json::from_slice(&files::read(&path)?).map_err(|_| damaged())?;
            // Names are of the store's own making, never ways out of it.
            let inside = key.name.split('/').count() == 2
                && key.name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'));
            if !inside || key.intent(dir) != path {
                return Err(damaged());
            }
            if key.is_finished(dir) {
                files::erase(&path, &[])?;
            } else {
                found.push(key);
            }
        }
        Ok(found)
    }

    /// Destroys them in the token. A key that is in use under any name of the store is left and refused.
    ///
    /// # Errors
    /// [`StoreError`]; what was not destroyed is still listed.
    pub fn clear_unfinished(dir: &Path, token: &Token) -> Result<Vec<UnfinishedKey>, StoreError> {
        let _lock = files::lock(&dir.join(".lock"))?;
        let found = Self::unfinished_keys(dir)?;
        let used = references(dir)?;
        for key in &found {
            if used.iter().any(|(name, id)| *id == key.id && *name != key.name) {
                let (label, key) = (token.label().to_owned(), key.name.clone());
                return Err(TokenError::KeyExists { label, key }.into());
            }
            key.clear(dir, token)?;
        }
        Ok(found)
    }
}

/// Every name in the store that stands for something in a token.
fn references(dir: &Path) -> Result<Vec<(String, KeyId)>, StoreError> {
    let mut found = Vec::new();
    for folder in ["secret", "csca", "ds", "master-list-signer", "cvca", "dv", "terminal", "request"] {
        for path in files::list(&dir.join(folder), "token")? {
            let stem = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let name = format!("{folder}/{}", stem.trim_end_matches(".key.token"));
            let Identified { id } = serde_json::from_slice(&files::read(&path)?)
                .map_err(|_| StoreError::Damaged(name.clone()))?;
            found.push((name, id));
        }
    }
    Ok(found)
}
