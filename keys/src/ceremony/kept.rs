//! Backups and restorations in records: which keys, under which set of shares, shown by a public list of them.

use super::ReplayProblem;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A key in a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptKey {
    /// Its name in the store.
    pub name: String,
    /// The file that shows its public half; none for a secret without one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub public: Option<KeptFile>,
}

/// The public file beside a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptFile {
    /// Its name.
    pub file: String,
    /// SHA-256, hex.
    pub sha256: String,
}

/// What a backup holds: public, and kept in the store as `backup/<set>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The set of shares that opens it.
    pub set: String,
    /// How many of them are needed.
    pub threshold: u8,
    /// How many there are.
    pub shares: u8,
    /// Its private keys.
    pub keys: Vec<KeptKey>,
}

impl Kept {
    /// The list as it is kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and numbers: it always has a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The list is the kept one, and every key's public half is in the store as it was.
    pub(super) fn replay(
        &self,
        kept: &[u8],
        file: &dyn Fn(&str) -> Result<Vec<u8>, ReplayProblem>,
    ) -> Result<(), ReplayProblem> {
        super::same(&self.to_bytes(), kept)?;
        for public in self.keys.iter().filter_map(|key| key.public.as_ref()) {
            if hex::encode(Sha256::digest(file(&public.file)?)) != public.sha256 {
                return Err(ReplayProblem::Digest(public.file.clone()));
            }
        }
        Ok(())
    }
}
