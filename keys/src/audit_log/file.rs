//! The log as a file: lines appended and flushed, the signed head beside it.

use super::{Chain, Event, Head, LogProblem, SubjectKey, VerifiedLog, verify};
use crate::atomic_file::atomic_write;
use crate::public_key::PublicKey;
use crate::signer::{Signer, SigningFailed};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A log file and its head, for one writer at a time (an advisory lock keeps others out).
#[derive(Debug)]
pub struct AuditLog {
    path: PathBuf,
    file: File,
    chain: Chain,
    key: SubjectKey,
}

/// A log that cannot be opened or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditLogError {
    /// Reading or writing failed.
    #[error("the log {path} cannot be read or written")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The log was tampered with: nothing is appended to it.
    #[error("the log {path} does not hold: {problem}")]
    Broken {
        /// Which.
        path: PathBuf,
        /// How.
        problem: LogProblem,
    },
    /// The head could not be signed.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
}

impl AuditLog {
    /// Opens a log for appending, or begins one. The existing records are checked up to the last; a last line without
    /// line feed, left by a writer that died, is cut off.
    ///
    /// # Errors
    /// [`AuditLogError`].
    pub fn open(path: &Path, key: SubjectKey, public_key: &PublicKey) -> Result<Self, AuditLogError> {
        let io = |source| AuditLogError::Io { path: path.to_owned(), source };
        let file = OpenOptions::new().create(true).append(true).read(true).open(path).map_err(io)?;
        file.lock().map_err(io)?;
        let mut text = fs::read_to_string(path).map_err(io)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            text.truncate(whole);
            file.set_len(u64::try_from(whole).unwrap_or(u64::MAX)).map_err(io)?;
        }
        let broken = |problem| AuditLogError::Broken { path: path.to_owned(), problem };
        match read_head(path).map_err(io)? {
            Some(head) => {
                verify(&text, &head, public_key).map_err(broken)?;
            }
            // Without a head only a log that never was written to (or died at its first record) is accepted.
            None if text.lines().count() <= 1 => {}
            None => return Err(broken(LogProblem::HeadSignature)),
        }
        let mut chain = Chain::default();
        for line in text.lines() {
            chain.follow(line).map_err(broken)?;
        }
        Ok(Self { path: path.to_owned(), file, chain, key })
    }

    /// Appends an event, flushes it to the disk and signs the new head.
    ///
    /// # Errors
    /// [`AuditLogError`].
    pub fn append(&mut self, event: &Event<'_>, signer: &dyn Signer) -> Result<Head, AuditLogError> {
        let mut next = self.chain.clone();
        let mut line = next.append(event, &self.key);
        line.push('\n');
        let io = |source| AuditLogError::Io { path: self.path.clone(), source };
        self.file.write_all(line.as_bytes()).map_err(io)?;
        self.file.sync_data().map_err(io)?;
        self.chain = next;
        let head = self.chain.head(signer)?;
        let json = serde_json::to_vec(&head).unwrap_or_default();
        atomic_write(&head_path(&self.path), &json, false).map_err(io)?;
        Ok(head)
    }

    /// Reads a log and its head, and checks both.
    ///
    /// # Errors
    /// [`AuditLogError`].
    pub fn verify_file(path: &Path, key: &PublicKey) -> Result<VerifiedLog, AuditLogError> {
        let io = |source| AuditLogError::Io { path: path.to_owned(), source };
        let broken = |problem| AuditLogError::Broken { path: path.to_owned(), problem };
        let text = fs::read_to_string(path).map_err(io)?;
        let head = read_head(path).map_err(io)?.ok_or_else(|| broken(LogProblem::HeadSignature))?;
        verify(&text, &head, key).map_err(broken)
    }
}

fn head_path(log: &Path) -> PathBuf {
    log.with_extension("head.json")
}

fn read_head(log: &Path) -> io::Result<Option<Head>> {
    match fs::read(head_path(log)) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).map_err(io::Error::from)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
