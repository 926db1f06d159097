//! Biometrics at rest: one file a capture, encrypted to the station's age recipient, mode 0600, named by its own digest,
//! and purged by rule.
//!
//! The desk that takes prints needs the recipient only, which is public; the identity is where cards are made. What lies
//! on a disk opens with the identity alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use age::x25519::{Identity, Recipient};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::{Capture, CaptureError, Eye, IrisImage};
use crate::application::State;
use crate::fingerprint::{Finger, MissingReason, PrintImage};
use crate::ledger::{Act, Ledger, LedgerError};
use crate::output::{OutputError, write_private};

/// The longest sealed capture: ten prints and two irises, as base64.
pub const MAX_SEALED_BYTES: usize = 24 * 1024 * 1024;

/// Days that a capture is kept after its card was handed over: a card that fails at the counter is made again.
pub const DAYS_AFTER_DELIVERY: i64 = 7;

/// Days after which a card that nobody fetched, and its capture with it, has waited long enough.
pub const DAYS_AFTER_ISSUE: i64 = 90;

/// A sealed file that belongs to no application is gone after this time.
const ORPHAN_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// Why a capture can't be sealed, opened or purged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealedError {
    /// The folder or a file.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The folder or a file.
    #[error(transparent)]
    Write(#[from] OutputError),
    /// Not a recipient, or not a file of identities.
    #[error("{0} is no age key")]
    Key(&'static str),
    /// There is none of this name.
    #[error("the sealed capture is not in the folder")]
    Absent,
    /// It is not the one of its name, or does not open, or holds no capture.
    #[error("the sealed capture is not the one that was taken")]
    Damaged,
    /// Another identity is needed.
    #[error("the sealed capture is for another identity")]
    OtherIdentity,
    /// Encryption, in practice never.
    #[error("the capture cannot be encrypted")]
    Encrypt,
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl SealedError {
    /// Stable reason code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "capture-unreadable",
            Self::Write(error) if error.is_disk_full() => "disk-full",
            Self::Write(_) => "output-unwritable",
            Self::Key(_) => "capture-key",
            Self::Absent => "capture-absent",
            Self::Damaged => "capture-damaged",
            Self::OtherIdentity => "capture-other-identity",
            Self::Encrypt => "capture-unsealed",
            Self::Ledger(_) => "ledger-failed",
        }
    }
}

/// A recipient as it is written: `age1…`.
///
/// # Errors
/// [`SealedError::Key`].
pub fn recipient(text: &str) -> Result<Recipient, SealedError> {
    Recipient::from_str(text.trim()).map_err(|_| SealedError::Key("the recipient"))
}

/// The first identity of a file as `age-keygen` writes it.
///
/// # Errors
/// [`SealedError::Key`].
pub fn identity(file: &str) -> Result<Identity, SealedError> {
    file.lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .and_then(|line| Identity::from_str(line).ok())
        .ok_or(SealedError::Key("the identity"))
}

/// A capture that only the recipient's identity opens.
#[derive(Clone)]
pub struct Sealed {
    bytes: Vec<u8>,
    digest: String,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({}, {} bytes)", self.digest, self.bytes.len())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    version: u8,
    prints: BTreeMap<Finger, String>,
    missing: BTreeMap<Finger, MissingReason>,
    irises: BTreeMap<Eye, String>,
}

const VERSION: u8 = 1;

/// Prints do not stay in memory that others get.
impl Drop for Content {
    fn drop(&mut self) {
        self.prints.values_mut().chain(self.irises.values_mut()).for_each(Zeroize::zeroize);
    }
}

impl Sealed {
    /// Encrypts a capture.
    ///
    /// # Errors
    /// [`SealedError::Encrypt`].
    pub fn of(capture: &Capture, recipient: &Recipient) -> Result<Self, SealedError> {
        let mut prints = BTreeMap::new();
        for (finger, print) in capture.prints() {
            let png = Zeroizing::new(print.to_png().map_err(|_| SealedError::Encrypt)?);
            prints.insert(*finger, STANDARD.encode(&*png));
        }
        let irises =
            capture.irises().iter().map(|(eye, image)| (*eye, STANDARD.encode(image.bytes()))).collect();
        let content = Content { version: VERSION, prints, missing: capture.missing().clone(), irises };
        let plain = Zeroizing::new(serde_json::to_vec(&content).map_err(|_| SealedError::Encrypt)?);
        let to: [&dyn age::Recipient; 1] = [recipient];
        let encryptor = age::Encryptor::with_recipients(to.into_iter()).map_err(|_| SealedError::Encrypt)?;
        let mut sealing = encryptor.wrap_output(Vec::new()).map_err(|_| SealedError::Encrypt)?;
        sealing.write_all(&plain).map_err(|_| SealedError::Encrypt)?;
        let bytes = sealing.finish().map_err(|_| SealedError::Encrypt)?;
        let digest = hex::encode(Sha256::digest(&bytes));
        Ok(Self { bytes, digest })
    }

    /// Its name: SHA-256 of the encrypted file, which tells nothing of what it holds.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Opens encrypted bytes.
    ///
    /// # Errors
    /// [`SealedError::OtherIdentity`], [`SealedError::Damaged`].
    pub fn open(bytes: &[u8], identity: &Identity) -> Result<Capture, SealedError> {
        let decryptor = age::Decryptor::new(bytes).map_err(|_| SealedError::Damaged)?;
        let with: [&dyn age::Identity; 1] = [identity];
        let reader = decryptor.decrypt(with.into_iter()).map_err(|error| match error {
            age::DecryptError::NoMatchingKeys => SealedError::OtherIdentity,
            _ => SealedError::Damaged,
        })?;
        let mut plain = Zeroizing::new(Vec::new());
        let bound = u64::try_from(MAX_SEALED_BYTES).unwrap_or(u64::MAX);
        reader.take(bound).read_to_end(&mut plain).map_err(|_| SealedError::Damaged)?;
        content(&plain).map_err(|_| SealedError::Damaged)
    }
}

/// A capture as it lies in the encrypted file.
///
/// # Errors
/// [`CaptureError`].
pub fn content(plain: &[u8]) -> Result<Capture, CaptureError> {
    let content: Content = serde_json::from_slice(plain).map_err(|_| CaptureError::Damaged)?;
    if content.version != VERSION {
        return Err(CaptureError::Damaged);
    }
    let decoded = |text: &str| STANDARD.decode(text).map_err(|_| CaptureError::Damaged);
    let mut prints = BTreeMap::new();
    for (finger, png) in &content.prints {
        let png = Zeroizing::new(decoded(png)?);
        let print =
            PrintImage::from_png(&png).map_err(|error| CaptureError::Print { finger: *finger, error })?;
        prints.insert(*finger, print);
    }
    let mut irises = BTreeMap::new();
    for (eye, image) in &content.irises {
        irises.insert(*eye, IrisImage::from_file(*eye, decoded(image)?)?);
    }
    Capture::new(prints, content.missing.clone(), irises)
}

/// The folder in which sealed captures lie.
#[derive(Debug, Clone)]
pub struct Vault {
    folder: PathBuf,
}

impl Vault {
    /// In this folder, made for its owner alone when it is missing.
    ///
    /// # Errors
    /// [`SealedError`].
    pub fn open(folder: &Path) -> Result<Self, SealedError> {
        if !folder.is_dir() {
            make_private(folder).map_err(|source| SealedError::Read { path: folder.to_owned(), source })?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}.age"))
    }

    /// Keeps a capture, mode 0600.
    ///
    /// # Errors
    /// [`SealedError`].
    pub fn put(&self, sealed: &Sealed) -> Result<(), SealedError> {
        write_private(&self.path(&sealed.digest), &sealed.bytes)?;
        Ok(())
    }

    /// The capture of this name.
    ///
    /// # Errors
    /// [`SealedError`].
    pub fn get(&self, digest: &str, identity: &Identity) -> Result<Capture, SealedError> {
        let path = self.path(digest);
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => SealedError::Absent,
            _ => SealedError::Read { path: path.clone(), source },
        };
        let mut bytes = Vec::new();
        let bound = u64::try_from(MAX_SEALED_BYTES).unwrap_or(u64::MAX);
        fs::File::open(&path).map_err(failed)?.take(bound).read_to_end(&mut bytes).map_err(failed)?;
        if hex::encode(Sha256::digest(&bytes)) != digest {
            return Err(SealedError::Damaged);
        }
        Sealed::open(&bytes, identity)
    }

    /// The names of all that is kept, and since when it lies there.
    fn files(&self) -> Result<Vec<(String, Timestamp)>, SealedError> {
        let failed = |source| SealedError::Read { path: self.folder.clone(), source };
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name();
            let Some(digest) = name.to_str().and_then(|name| name.strip_suffix(".age")) else { continue };
            let modified = entry.metadata().and_then(|data| data.modified()).map_err(failed)?;
            // A time that cannot be told is a time of long ago.
            let since = Timestamp::try_from(modified).unwrap_or(Timestamp::UNIX_EPOCH);
            found.push((digest.to_owned(), since));
        }
        Ok(found)
    }

    /// Takes a capture away; one that is not there is away already.
    ///
    /// # Errors
    /// [`SealedError`].
    pub fn remove(&self, digest: &str) -> Result<(), SealedError> {
        let path = self.path(digest);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                Err(SealedError::Read { path, source })
            }
            _ => Ok(()),
        }
    }
}

/// Which captures go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Those whose time is over: [`DAYS_AFTER_DELIVERY`] days after the card was handed over or the application refused,
    /// [`DAYS_AFTER_ISSUE`] days after the card was issued or its chip spoiled and nothing came after.
    Due,
    /// Those of every application that is closed.
    Closed,
}

impl Rule {
    /// Days after the last change of state.
    fn days(self, is_ended: bool) -> i64 {
        match (self, is_ended) {
            (Self::Closed, _) => 0,
            (Self::Due, true) => DAYS_AFTER_DELIVERY,
            (Self::Due, false) => DAYS_AFTER_ISSUE,
        }
    }
}

/// Purges by this rule and answers how many went. The file goes before the ledger says so: a crash between leaves a capture
/// that is purged again, never one that is forgotten.
///
/// # Errors
/// [`SealedError`]; what was purged before it stays purged.
pub fn purge(vault: &Vault, ledger: &mut Ledger, rule: Rule, act: Act<'_>) -> Result<usize, SealedError> {
    let mut purged = 0;
    for kept in ledger.captures_of_closed()? {
        let days = rule.days(kept.state == State::Delivered || kept.state == State::Rejected);
        if act.at.duration_since(kept.closed_at) < SignedDuration::from_hours(24 * days) {
            continue;
        }
        vault.remove(&kept.sealed_sha256)?;
        ledger.note_purged(kept.application, act)?;
        purged += 1;
    }
    // Sealed, and then nothing was captured: the program was stopped between the two.
    for (digest, sealed_at) in vault.files()? {
        let waits = act.at.duration_since(sealed_at) < ORPHAN_AFTER;
        if !waits && !ledger.knows_sealed(&digest)? {
            vault.remove(&digest)?;
            purged += 1;
        }
    }
    Ok(purged)
}

#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}
