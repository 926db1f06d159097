//! Encrypted backups: every table at one moment while others write on, streamed to the recipients' keys, restored whole or
//! not at all, into either engine.
//!
//! The register and the identity database are backed up each for itself, and neither is restored into the other.
//!
//! Within the encryption (age, X25519) lie lines of JSON: of which version the tables are; for each table its columns, its
//! rows, their count and digest; at the end the count of all and the digest of all lines before. Sealed items stay sealed
//! in it, and the register's own keys are not part of it. Whoever holds a recipient's public key can make a backup of
//! their own: a backup proves that it is whole, not who made it.

use std::io::{self, BufRead, BufReader, Read, Write};

use age::x25519::{Identity, Recipient};
use jiff::Timestamp;

use crate::store::{StoreError, TableDigest};

/// The longest line, in octets.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// How many lines lie between two looks at whether to go on.
const STEP: u64 = 500;

/// Why a backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The register failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file failed.
    #[error("the backup cannot be read or written")]
    Io(#[from] io::Error),
    /// No recipient was named.
    #[error("nobody is named who may open the backup")]
    NoRecipient,
    /// It is encrypted for others.
    #[error("the backup does not open with this key")]
    WrongKey,
    /// No backup at all, or its first octets are altered.
    #[error("this is no backup, or its beginning is damaged: {0}")]
    NoBackup(&'static str),
    /// It ends before its end.
    #[error("the backup is cut off after {rows} rows: nothing was restored")]
    CutOff {
        /// Rows read until then.
        rows: u64,
    },
    /// Not what was written.
    #[error("the backup is damaged after {rows} rows ({what}): nothing was restored")]
    Damaged {
        /// Rows read until then.
        rows: u64,
        /// What does not agree.
        what: &'static str,
    },
    /// It is of tables of another version.
    #[error("the backup is of tables of version {found}; this program works with {known}")]
    Version {
        /// Of the backup.
        found: u32,
        /// Of this program.
        known: u32,
    },
    /// There is something in the register.
    #[error("the database is not empty ({0} has rows): nothing was restored")]
    NotEmpty(String),
    /// The caller said so.
    #[error("stopped: nothing was done")]
    Stopped,
}

/// What can be backed up: [`crate::store::SqlStore`] and [`crate::store::IdentityStore`].
pub trait Backed {
    /// Every table as lines, in one snapshot: what others write meanwhile is not in it.
    ///
    /// # Errors
    /// [`BackupError`].
    fn dump(
        &mut self,
        at: Timestamp,
        write: &mut dyn FnMut(&str) -> Result<(), BackupError>,
    ) -> Result<Vec<TableDigest>, BackupError>;

    /// Fills empty tables from lines, in one transaction.
    ///
    /// # Errors
    /// [`BackupError`]; then they are as they were.
    fn undump(
        &mut self,
        next: &mut dyn FnMut() -> Result<Option<String>, BackupError>,
    ) -> Result<Vec<TableDigest>, BackupError>;
}

/// Hears how many rows are done; `false` stops, with nothing done.
pub type Progress<'p> = dyn FnMut(u64) -> bool + 'p;

/// Backs up a register or an identity database; answers the output and the count and digest of each table.
///
/// # Errors
/// [`BackupError`]; then what was written is no backup.
pub fn backup<W: Write>(
    store: &mut impl Backed,
    out: W,
    recipients: &[Recipient],
    at: Timestamp,
    progress: &mut Progress<'_>,
) -> Result<(W, Vec<TableDigest>), BackupError> {
    let to = recipients.iter().map(|recipient| -> &dyn age::Recipient { recipient });
    let encryptor = age::Encryptor::with_recipients(to).map_err(|_| BackupError::NoRecipient)?;
    let mut sealed = encryptor.wrap_output(out)?;
    let mut lines = 0_u64;
    let tables = store.dump(at, &mut |line| {
        if line.len() as u64 >= MAX_LINE {
            return Err(StoreError::Inconsistent("a row longer than a backup takes").into());
        }
        sealed.write_all(line.as_bytes())?;
        sealed.write_all(b"\n")?;
        lines += 1;
        if lines.is_multiple_of(STEP) && !progress(lines) { Err(BackupError::Stopped) } else { Ok(()) }
    })?;
    Ok((sealed.finish()?, tables))
}

/// Restores a backup into an empty register or identity database, in one transaction; answers the count and digest of each table as they lie
/// there now, read again, which are those of the backup.
///
/// # Errors
/// [`BackupError`]; then the register is as it was.
pub fn restore(
    store: &mut impl Backed,
    backup: impl Read,
    identities: &[Identity],
    progress: &mut Progress<'_>,
) -> Result<Vec<TableDigest>, BackupError> {
    let with = identities.iter().map(|identity| -> &dyn age::Identity { identity });
    let decryptor = age::Decryptor::new(BufReader::new(backup)).map_err(opening)?;
    let mut lines = BufReader::new(decryptor.decrypt(with).map_err(opening)?);
    let mut rows = 0_u64;
    store.undump(&mut || {
        let mut line = String::new();
        match (&mut lines).take(MAX_LINE).read_line(&mut line) {
            Ok(0) => return Ok(None),
            Ok(_) if line.ends_with('\n') => {}
            Ok(_) => return Err(BackupError::CutOff { rows }),
            Err(error) => {
                return Err(match error.kind() {
                    io::ErrorKind::UnexpectedEof => BackupError::CutOff { rows },
                    // A piece that does not authenticate.
                    io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                        BackupError::Damaged { rows, what: "octets were altered" }
                    }
                    _ => error.into(),
                });
            }
        }
        line.pop();
        rows += 1;
        if rows.is_multiple_of(STEP) && !progress(rows) { Err(BackupError::Stopped) } else { Ok(Some(line)) }
    })
}

fn opening(error: age::DecryptError) -> BackupError {
    use age::DecryptError as Fault;
    match error {
        Fault::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            BackupError::NoBackup("it is too short")
        }
        Fault::Io(error) => error.into(),
        Fault::NoMatchingKeys => BackupError::WrongKey,
        Fault::InvalidMac => BackupError::NoBackup("its list of recipients was altered"),
        Fault::DecryptionFailed | Fault::KeyDecryptionFailed => {
            BackupError::NoBackup("its key was altered, or is another's")
        }
        _ => BackupError::NoBackup("it is not of the form of age"),
    }
}
