//! The passphrase of a store, and where it is looked for.

use rand_core::CryptoRng;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Environment variable that names a file with the passphrase.
pub const PASSPHRASE_ENV: &str = "CCCD_KEYS_PASSPHRASE_FILE";

/// Longest passphrase file that is read.
const MAX_PASSPHRASE: u64 = 4096;

/// What opens a key store. Never printed, never cloned, zeroized.
pub struct Passphrase(Zeroizing<String>);

/// No passphrase to be had.
#[derive(Debug, thiserror::Error)]
#[error("no passphrase can be read from {path}; name a file with --passphrase-file")]
pub struct PassphraseError {
    /// Where it was looked for.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: std::io::Error,
}

impl Passphrase {
    /// From text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// A fresh one of 128 bits.
    #[must_use]
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0u8; 16]);
        rng.fill_bytes(&mut *bytes);
        Self(Zeroizing::new(hex::encode(*bytes)))
    }

    /// The first line of a file.
    ///
    /// # Errors
    /// Unreadable, empty or too large.
    pub fn from_file(path: &Path) -> Result<Self, PassphraseError> {
        let fail = |source| PassphraseError { path: path.to_owned(), source };
        if std::fs::metadata(path).map_err(fail)?.len() > MAX_PASSPHRASE {
            return Err(fail(std::io::ErrorKind::FileTooLarge.into()));
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(fail)?);
        match text.lines().next().filter(|line| !line.is_empty()) {
            Some(line) => Ok(Self::new(line.to_owned())),
            None => Err(fail(std::io::ErrorKind::UnexpectedEof.into())),
        }
    }

    /// The passphrase of a store: from the file given, else the file that [`PASSPHRASE_ENV`] names, else
    /// `D/passphrase`.
    ///
    /// # Errors
    /// None of these can be read.
    pub fn for_store(dir: &Path, file: Option<&Path>) -> Result<Self, PassphraseError> {
        Self::from_file(&Self::path_for_store(dir, file))
    }

    /// Where [`for_store`](Self::for_store) looks.
    #[must_use]
    pub fn path_for_store(dir: &Path, file: Option<&Path>) -> PathBuf {
        file.map(Path::to_owned)
            .or_else(|| std::env::var_os(PASSPHRASE_ENV).map(PathBuf::from))
            .unwrap_or_else(|| dir.join("passphrase"))
    }

    /// Writes it into a file that only its owner reads.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), PassphraseError> {
        let line = Zeroizing::new(format!("{}\n", *self.0));
        crate::atomic_file::atomic_write(path, line.as_bytes(), true)
            .map_err(|source| PassphraseError { path: path.to_owned(), source })
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(redacted)")
    }
}
