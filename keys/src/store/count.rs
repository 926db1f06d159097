//! How many signatures a Document Signer has made: set aside on the disk and in the signed log before each one is made.
//!
//! ```text
//! D/ds/00001.count.json   {"used":17,"limit":250000}
//! D/audit.log             document-signer-signatures  <serial> used 17 of 250000
//! ```
//!
//! The log says what was set aside at least; a count below that was turned back, and the signer does not sign. A count
//! above it is what a crash between the two leaves: it costs numbers and gives none. Several processes may sign with one
//! key: each takes its numbers under the lock of the count. A process that signs much takes them in blocks, a sixteenth of
//! what it has signed and of what is left, so that the log does not grow by a line for each card; while half of one is
//! left, one of its threads sets the next one aside, and the others sign on. What is left goes back at the end.

use super::{KeyStore, StoreError, StoreKey, files};
use crate::algorithm::SignatureAlgorithm;
use crate::audit_log::{AuditLog, AuditLogError, Event, Record, SubjectKey};
use crate::life::Signatures;
use crate::public_key::PublicKey;
use crate::signer::{Signer, SigningFailed};
use jiff::Timestamp;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

const EVENT: &str = "document-signer-signatures";

/// Most numbers that a process sets aside at once.
const MAX_BLOCK: u64 = 256;

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

    /// A count that is missing or unreadable is no count of zero: whatever ails the file, its signer does not sign.
    pub(super) fn read(&self) -> Result<Signatures, StoreError> {
        let damaged = || StoreError::CountDamaged(self.path.display().to_string());
        let bytes = files::read(&self.path).map_err(|_| damaged())?;
        serde_json::from_slice(&bytes).map_err(|_| damaged())
    }

    fn lock(&self) -> Result<std::fs::File, StoreError> {
        files::lock(&self.path.with_extension("lock"))
    }

    fn write(&self, signatures: Signatures) -> Result<(), StoreError> {
        files::write(&self.path, &serde_json::to_vec(&signatures).unwrap_or_default(), false)
    }
}

/// The log, as the counts of one opening write into it: it knows the time of the opening, signatures have none.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    key: StoreKey,
    subjects: Zeroizing<[u8; 32]>,
    at: Timestamp,
}

impl Journal {
    fn write(&self, serial: &str, signatures: Signatures) -> Result<(), StoreError> {
        let subjects = SubjectKey::from_bytes(*self.subjects);
        let mut log = AuditLog::open(&self.path, subjects, self.key.public_key())?;
        let Signatures { used, limit } = signatures;
        let note = format!("{serial} used {used} of {limit}");
        log.append(&Event::new(self.at, EVENT).note(&note), &self.key)?;
        Ok(())
    }
}

impl KeyStore {
    pub(super) fn journal(&self, at: Timestamp) -> Result<Arc<Journal>, StoreError> {
        Ok(Arc::new(Journal {
            path: self.audit_log_path(),
            key: self.log_key()?,
            subjects: self.open_secret("log-subjects")?,
            at,
        }))
    }
}

/// What the signed log says of each signer, by serial number: the last that was set aside, or the limit it began with.
pub(super) fn logged_counts(records: &[Record]) -> HashMap<String, Signatures> {
    records.iter().filter_map(logged_count).collect()
}

/// `<serial> used <n> of <limit>`, or `<serial> pool <pool> limit <limit>` of a new signer.
fn logged_count(record: &Record) -> Option<(String, Signatures)> {
    let words: Vec<&str> = record.note.as_deref()?.split(' ').collect();
    match (record.event.as_str(), words.as_slice()) {
        (EVENT, [serial, "used", used, "of", limit]) => {
            let (used, limit) = (used.parse().ok()?, limit.parse().ok()?);
            Some(((*serial).to_owned(), Signatures { used, limit }))
        }
        ("document-signer-made", [serial, "pool", _, "limit", limit]) => {
            Some(((*serial).to_owned(), Signatures::none_of(limit.parse().ok()?)))
        }
        _ => None,
    }
}

/// Whether a count cannot be: fewer signatures than were logged, or another limit.
pub(super) fn is_turned_back(found: Signatures, logged: Signatures) -> bool {
    found.used < logged.used || found.limit != logged.limit
}

/// Numbers that this process has set aside.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    /// Signatures made so far, of everybody.
    used: u64,
    /// Up to here the numbers are ours.
    end: u64,
    /// Of everybody.
    limit: u64,
    /// Numbers in it when it was set aside.
    size: u64,
}

impl Block {
    const fn left(self) -> u64 {
        self.end.saturating_sub(self.used)
    }
}

/// What this process has of one count.
#[derive(Debug, Default)]
struct Ours {
    block: Block,
    /// Set aside while half of the block was left.
    next: Option<Block>,
    /// Signatures made by this process.
    here: u64,
}

impl Ours {
    fn left(&self) -> u64 {
        self.block.left().saturating_add(self.next.map_or(0, Block::left))
    }
}

/// A key that signs as often as its count allows.
#[derive(Debug)]
pub(super) struct CountedKey {
    key: StoreKey,
    count: SignatureCount,
    serial: String,
    journal: Arc<Journal>,
    ours: Mutex<Ours>,
    /// Held by the thread that sets numbers aside; never taken by who holds `ours`.
    setting_aside: Mutex<()>,
}

impl CountedKey {
    pub(super) fn new(key: StoreKey, count: SignatureCount, serial: String, journal: Arc<Journal>) -> Self {
        Self { key, count, serial, journal, ours: Mutex::default(), setting_aside: Mutex::default() }
    }

    /// Signatures made, as far as this process knows, and allowed.
    pub(super) fn signatures(&self) -> Result<Signatures, StoreError> {
        let ours = self.ours();
        if ours.block.left() > 0 {
            // A number is there to sign with, whatever others have taken since.
            return Ok(Signatures { used: ours.block.used, limit: ours.block.limit });
        }
        let found = self.count.read()?;
        Ok(Signatures { used: found.used.saturating_sub(ours.left()), limit: found.limit })
    }

    fn ours(&self) -> MutexGuard<'_, Ours> {
        // Whole between any two statements.
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one number. `None` at the limit.
    fn take(&self) -> Result<Option<()>, StoreError> {
        loop {
            if let Some(is_half_used) = self.take_ours() {
                if is_half_used && let Ok(_one) = self.setting_aside.try_lock() {
                    // What goes wrong now goes wrong again when the numbers are needed, and is told then.
                    let _ = self.set_aside();
                }
                return Ok(Some(()));
            }
            let _one = self.setting_aside.lock().unwrap_or_else(PoisonError::into_inner);
            if self.ours().left() == 0 && !self.set_aside()? {
                return Ok(None);
            }
        }
    }

    /// Takes one of the numbers that are ours, if there is one: whether it is time to set others aside. A block of one is
    /// not: who signs little sets nothing aside that it may not need.
    fn take_ours(&self) -> Option<bool> {
        let mut ours = self.ours();
        if ours.block.left() == 0 {
            ours.block = ours.next.take()?;
        }
        ours.block.used = ours.block.used.saturating_add(1);
        ours.here = ours.here.saturating_add(1);
        let Block { size, .. } = ours.block;
        Some(ours.next.is_none() && size > 1 && ours.block.left() <= size / 2)
    }

    /// The next block, on the disk and in the log. `false` at the limit. Only by who is the one that sets aside.
    fn set_aside(&self) -> Result<bool, StoreError> {
        let here = {
            let ours = self.ours();
            if ours.next.is_some() {
                return Ok(true);
            }
            ours.here
        };
        let _lock = self.count.lock()?;
        let found = self.count.read()?;
        let fair = (here / 16).min(found.left() / 16).min(MAX_BLOCK);
        let size = fair.max(1).min(found.left());
        if size == 0 {
            return Ok(false);
        }
        let next = Signatures { used: found.used.saturating_add(size), limit: found.limit };
        self.count.write(next)?;
        self.journal.write(&self.serial, next)?;
        self.ours().next = Some(Block { used: found.used, end: next.used, limit: found.limit, size });
        Ok(true)
    }

    /// Numbers that were set aside and not needed, if nobody took others since.
    fn give_back(&self) -> Result<(), StoreError> {
        let ours = self.ours();
        if ours.left() == 0 {
            return Ok(());
        }
        let _lock = self.count.lock()?;
        let found = self.count.read()?;
        let mut used = found.used;
        for block in [ours.next, Some(ours.block)].into_iter().flatten() {
            if block.left() > 0 && used == block.end {
                used = block.used;
            }
        }
        if used < found.used {
            let less = Signatures { used, limit: found.limit };
            self.journal.write(&self.serial, less)?;
            self.count.write(less)?;
        }
        Ok(())
    }
}

impl Drop for CountedKey {
    fn drop(&mut self) {
        // Numbers that do not go back are lost, and nothing else.
        drop(self.give_back());
    }
}

impl Signer for CountedKey {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm()
    }

    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        match self.take() {
            Ok(Some(())) => self.key.sign(message),
            Ok(None) => Err(SigningFailed::with_advice(
                "this Document Signer has made all its signatures".to_owned(),
                "signer-exhausted",
                "run `keys ds new`",
            )),
            // The token did not sign the log: what it says of itself is the reason.
            Err(StoreError::Log(AuditLogError::Signing(failed)) | StoreError::Signing(failed)) => Err(failed),
            Err(error) => Err(SigningFailed::with_advice(
                format!("its signatures cannot be counted: {error}"),
                "signer-not-counted",
                "run `keys ds list` to see what is wrong, then `keys ds new`",
            )),
        }
    }
}
