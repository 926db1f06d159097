//! The station's audit log: one chain per station, every action of its officers in it, its end signed by the station.
//!
//! A line is appended in the transaction of the action that it tells of, so none is without the other. It names the
//! action and the officer; the person stands in it as a keyed digest, and what was said (reason, detail) as a digest
//! under the same key: once that is destroyed, nothing in the log leads to anybody. Signed heads are given to a second
//! party, who then sees whether the log was cut, whatever its keeper signs afterwards.

mod heads;
mod proof;
mod standing;
mod told;

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cccd_keys::audit_log::{Chain, Event, Head, SubjectKey};
use cccd_keys::detached;
use cccd_keys::public_key::PublicKey;
use cccd_keys::signer::{Signer, SigningFailed};
use cccd_population::register_key::{self, KeyFileError, beside, read_secret, write_secret};
use cccd_population::store::{Session, StoreError};
use jiff::Timestamp;
use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use heads::{HeadsError, parse_heads};
pub use proof::{AuditProblem, Proof};
pub(crate) use proof::{follow, has_log};
pub(crate) use standing::prove;
pub(crate) use told::{said_of, said_of_operation};

/// Lines after which a working station signs the end of its log.
pub const SIGNED_EVERY: u64 = 256;

/// What a station signs and digests its log with.
pub struct Auditor {
    station: String,
    subject: SubjectKey,
    signer: Box<dyn Signer>,
    /// Lines since the last signed head, or more: what came before this process began counts as many.
    lines: AtomicU64,
    /// Times are not the machine's, but somebody's word.
    given_time: bool,
}

/// Something that is logged.
#[derive(Debug, Clone, Copy)]
pub struct LogEntry<'a> {
    /// What: a stable kebab-case name.
    pub event: &'a str,
    /// Whom it concerns; only a keyed digest is written.
    pub subject: Option<&'a str>,
    /// What was said; only a keyed digest is written.
    pub said: &'a str,
    /// Which action by which officer. Never personal data of a citizen.
    pub note: &'a str,
    /// When.
    pub at: Timestamp,
}

impl Auditor {
    /// The station whose keys lie beside this path, made at the first use: `<path>.station-key`, its public half
    /// `<path>.station.pub`, and `<path>.subject-key`.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn beside(path: &Path, rng: &mut dyn CryptoRng) -> Result<Self, KeyFileError> {
        let signer = register_key::station_key(path, rng)?;
        let file = beside(path, "subject-key");
        let mut key = Zeroizing::new([0; 32]);
        if !file.exists() {
            rng.fill_bytes(key.as_mut());
            let text = Zeroizing::new(hex::encode(key.as_ref()));
            match write_secret(&file, text.as_bytes()) {
                Err(source) if source.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(KeyFileError::Io { path: file, source });
                }
                _ => {}
            }
        }
        let text = read_secret(&file, 128)?;
        hex::decode_to_slice(text.trim_ascii(), key.as_mut()).map_err(|_| KeyFileError::NoKey(file))?;
        Ok(Self::new(SubjectKey::from_bytes(*key), Box::new(signer)))
    }

    /// With keys that are at hand. The station is called by its key.
    #[must_use]
    pub fn new(subject: SubjectKey, signer: Box<dyn Signer>) -> Self {
        let station = signer.public_key().fingerprint();
        Self { station, subject, signer, lines: AtomicU64::new(u64::MAX), given_time: false }
    }

    /// Every line says from now on that its time was given by whoever asked, and is not the machine's.
    #[must_use]
    pub fn at_given_time(self) -> Self {
        Self { given_time: true, ..self }
    }

    /// Whether times are not the machine's.
    pub(crate) fn has_given_time(&self) -> bool {
        self.given_time
    }

    /// Lines since the last signed head, or more; those of transactions that came to nothing count, too.
    pub(crate) fn lines(&self) -> u64 {
        self.lines.load(Ordering::SeqCst)
    }

    /// So many lines were looked at, and so many are left without a signed head.
    pub(crate) fn looked_at(&self, lines: u64, left: u64) {
        self.count(
            |now| if lines == u64::MAX { left } else { now.saturating_sub(lines).saturating_add(left) },
        );
    }

    fn count(&self, next: impl Fn(u64) -> u64) {
        let _ = self.lines.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(next(now)));
    }

    /// What the station is called in its log: SHA-256 of its public key, hex.
    #[must_use]
    pub fn station(&self) -> &str {
        &self.station
    }

    /// Appends one line, in the transaction that is open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn append(&self, session: &mut dyn Session, entry: &LogEntry<'_>) -> Result<(), StoreError> {
        self.append_all(session, core::iter::once(*entry))
    }

    /// Appends lines one after another, in the transaction that is open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn append_all<'e>(
        &self,
        session: &mut dyn Session,
        entries: impl IntoIterator<Item = LogEntry<'e>>,
    ) -> Result<(), StoreError> {
        let mut chain = end_of(session, &self.station)?;
        let before = chain.sequence();
        for entry in entries {
            let said = self.digest_of(entry.said);
            let note = if self.given_time {
                Cow::Owned(format!("{} (the time was given)", entry.note))
            } else {
                Cow::Borrowed(entry.note)
            };
            let event = Event {
                time: entry.at,
                name: entry.event,
                subject: entry.subject.map(str::as_bytes),
                payload: Some(said.as_bytes()),
                note: Some(&note),
            };
            let line = chain.append(&event, &self.subject);
            let sequence = number(chain.sequence());
            session.execute(
                "INSERT INTO audit (station, sequence, line) VALUES (?1, ?2, ?3)",
                &[self.station.as_str().into(), sequence.into(), line.into()],
            )?;
        }
        self.count(|now| now.saturating_add(chain.sequence() - before));
        let changed = session.execute(
            "UPDATE audit_ends SET sequence = ?2, hash = ?3 WHERE station = ?1",
            &[self.station.as_str().into(), number(chain.sequence()).into(), chain.hash().into()],
        )?;
        if changed == 0 {
            session.execute(
                "INSERT INTO audit_ends (station, sequence, hash) VALUES (?1, ?2, ?3)",
                &[self.station.as_str().into(), number(chain.sequence()).into(), chain.hash().into()],
            )?;
        }
        Ok(())
    }

    /// The key that this station signs with.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        self.signer.public_key()
    }

    /// Signs what this station says of blanks.
    ///
    /// # Errors
    /// [`SigningFailed`].
    pub fn sign_stock(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        detached::sign(&*self.signer, detached::Purpose::StationStock, message)
    }

    /// What is logged of what was said.
    fn digest_of(&self, said: &str) -> String {
        self.subject.digest(said.as_bytes())
    }

    /// The word for a person in the lines.
    pub(crate) fn subject_of(&self, number: &str) -> String {
        self.subject.digest(number.as_bytes())
    }

    /// The payload of the line that tells of this.
    pub(crate) fn payload_of(&self, said: &str) -> [u8; 32] {
        Sha256::digest(self.digest_of(said).as_bytes()).into()
    }

    /// Signs the end of the log if more than so many lines came after the last signed head. Answers the newest head, and how
    /// many lines came after it.
    ///
    /// # Errors
    /// [`StoreError`]; a key that cannot sign is one of the engine.
    pub fn sign(&self, session: &mut dyn Session, unsigned: u64) -> Result<(Option<Head>, u64), StoreError> {
        let chain = end_of(session, &self.station)?;
        let last = newest_head(session, &self.station)?;
        let signed = last.as_ref().map_or(0, |head| head.sequence);
        let left = chain.sequence().saturating_sub(signed);
        if left <= unsigned {
            return Ok((last, left));
        }
        let head = chain.head(&*self.signer).map_err(signing)?;
        session.execute(
            "INSERT INTO audit_heads (station, sequence, head) VALUES (?1, ?2, ?3)",
            &[
                self.station.as_str().into(),
                number(head.sequence).into(),
                serde_json::to_string(&head).unwrap_or_default().into(),
            ],
        )?;
        Ok((Some(head), 0))
    }
}

impl std::fmt::Debug for Auditor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auditor").field("station", &self.station).finish_non_exhaustive()
    }
}

fn signing(error: SigningFailed) -> StoreError {
    StoreError::Engine(Box::new(error))
}

fn number(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// Where the next line follows; others who append wait until this transaction ends.
fn end_of(session: &mut dyn Session, station: &str) -> Result<Chain, StoreError> {
    let mut end = Chain::default();
    session.query(
        "SELECT sequence, hash FROM audit_ends WHERE station = ?1 FOR UPDATE",
        &[station.into()],
        &mut |row| {
            end = Chain::resume(row.count(0)?, row.needed(1)?);
            Ok(())
        },
    )?;
    Ok(end)
}

fn newest_head(session: &mut dyn Session, station: &str) -> Result<Option<Head>, StoreError> {
    let mut found = None;
    session.query(
        "SELECT head FROM audit_heads WHERE station = ?1 ORDER BY sequence DESC LIMIT 1",
        &[station.into()],
        &mut |row| {
            let head = serde_json::from_str(&row.needed(0)?);
            found = Some(head.map_err(|_| StoreError::Inconsistent("a signed head"))?);
            Ok(())
        },
    )?;
    Ok(found)
}
