//! A hash-chained, signed log of events, for every audit in the house.
//!
//! One JSON object a line. Each record carries the SHA-256 of the line before it; the head (number of records and hash
//! of the last line) is signed. Whoever holds a signed head detects change, deletion, reordering and truncation of
//! everything up to it. A person appears only as a keyed digest, unlinkable once the key is destroyed.

mod file;

pub use file::{AuditLog, AuditLogError};

use std::borrow::Cow;

use crate::detached::{self, Purpose};
use crate::public_key::PublicKey;
use crate::signer::{Signer, SigningFailed};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Longest line that is read, in octets.
pub const MAX_LINE: usize = 64 * 1024;

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// 1, 2, 3 …
    pub sequence: u64,
    /// When it happened, by the writer's clock.
    pub time: Timestamp,
    /// SHA-256 of the line before, hex; zeros for the first.
    pub previous: String,
    /// What happened: a stable kebab-case name.
    pub event: String,
    /// Keyed digest of whom or what it concerns, hex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subject: Option<String>,
    /// SHA-256 of the evidence that lies elsewhere, hex.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub payload: Option<String>,
    /// A public remark (serial number, file name); never personal data.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub note: Option<String>,
}

/// What is to be logged.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// When.
    pub time: Timestamp,
    /// What: a stable kebab-case name.
    pub name: &'a str,
    /// Whom or what it concerns; only its keyed digest is written.
    pub subject: Option<&'a [u8]>,
    /// The evidence; only its SHA-256 is written.
    pub payload: Option<&'a [u8]>,
    /// A public remark; never personal data.
    pub note: Option<&'a str>,
}

impl<'a> Event<'a> {
    /// An event with nothing but name and time.
    #[must_use]
    pub const fn new(time: Timestamp, name: &'a str) -> Self {
        Self { time, name, subject: None, payload: None, note: None }
    }

    /// With a subject.
    #[must_use]
    pub const fn subject(mut self, subject: &'a [u8]) -> Self {
        self.subject = Some(subject);
        self
    }

    /// With evidence.
    #[must_use]
    pub const fn payload(mut self, payload: &'a [u8]) -> Self {
        self.payload = Some(payload);
        self
    }

    /// With a public remark.
    #[must_use]
    pub const fn note(mut self, note: &'a str) -> Self {
        self.note = Some(note);
        self
    }
}

/// The signed end of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number of records.
    pub sequence: u64,
    /// SHA-256 of the last line, hex; zeros for an empty log.
    pub hash: String,
    /// DER ECDSA over both, hex.
    pub signature: String,
    /// SHA-256 of the signer's SPKI, hex.
    pub key: String,
}

/// The key of the keyed digests. Destroying it makes the subjects of a log unlinkable.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct SubjectKey([u8; 32]);

impl SubjectKey {
    /// From its octets.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A fresh key.
    #[must_use]
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// HMAC-SHA-256 of a subject, hex.
    #[must_use]
    pub fn digest(&self, subject: &[u8]) -> String {
        // A key of the block size or below needs no hashing, so the constructor of fixed size fits.
        let mut padded = [0; 64];
        for (to, from) in padded.iter_mut().zip(self.0) {
            *to = from;
        }
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&padded.into());
        padded.zeroize();
        mac.update(subject);
        hex::encode(mac.finalize().into_bytes())
    }
}

impl std::fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SubjectKey(redacted)")
    }
}

/// What is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogProblem {
    /// A line is no record.
    #[error("line {line} is not a record")]
    NotARecord {
        /// Counted from 1.
        line: u64,
    },
    /// A record does not follow from the one before: changed, deleted or reordered.
    #[error("line {line} does not follow from the one before: the log was changed, cut or reordered")]
    Broken {
        /// Counted from 1.
        line: u64,
    },
    /// The log ends before the signed head.
    #[error("the log has {found} records and the signed head says {expected}: it was cut short")]
    Truncated {
        /// Records found.
        found: u64,
        /// Records signed.
        expected: u64,
    },
    /// The record at the head is not the signed one.
    #[error("the record at the signed head is another: the log was rewritten")]
    HeadMismatch,
    /// The head's signature does not hold under the key.
    #[error("the head's signature does not verify")]
    HeadSignature,
}

/// A log that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLog {
    /// Its records.
    pub records: Vec<Record>,
    /// Records after the signed head: linked, not signed (a writer died between the two).
    pub beyond_head: u64,
}

/// The state from which the next record follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    sequence: u64,
    hash: String,
}

impl Default for Chain {
    fn default() -> Self {
        Self { sequence: 0, hash: "0".repeat(64) }
    }
}

impl Chain {
    /// Number of records so far.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// SHA-256 of the last line, hex; zeros before the first.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Goes on after so many records, the last line of which has this hash: for logs whose lines lie in a database.
    #[must_use]
    pub const fn resume(sequence: u64, hash: String) -> Self {
        Self { sequence, hash }
    }

    /// Appends an event and gives its line, without the line feed.
    #[must_use]
    pub fn append(&mut self, event: &Event<'_>, key: &SubjectKey) -> String {
        let record = Record {
            sequence: self.sequence.saturating_add(1),
            time: event.time,
            previous: self.hash.clone(),
            event: event.name.to_owned(),
            subject: event.subject.map(|subject| key.digest(subject)),
            payload: event.payload.map(|payload| hex::encode(Sha256::digest(payload))),
            note: event.note.map(str::to_owned),
        };
        // A record is strings and numbers: it always has a JSON form.
        let line = serde_json::to_string(&record).unwrap_or_default();
        self.take(&record, &line);
        line
    }

    /// Signs the present end.
    ///
    /// # Errors
    /// The key could not sign.
    pub fn head(&self, signer: &dyn Signer) -> Result<Head, SigningFailed> {
        let signature = detached::sign(signer, Purpose::LogHead, &head_message(self.sequence, &self.hash))?;
        Ok(Head {
            sequence: self.sequence,
            hash: self.hash.clone(),
            signature: hex::encode(signature),
            key: signer.public_key().fingerprint(),
        })
    }

    fn take(&mut self, record: &Record, line: &str) {
        self.sequence = record.sequence;
        self.hash = hex::encode(Sha256::digest(line.as_bytes()));
    }

    /// Takes the next line of a log, if it is a record that follows from the ones before. Nothing of it is copied.
    ///
    /// # Errors
    /// [`LogProblem::NotARecord`], [`LogProblem::Broken`].
    pub fn follow_line<'l>(&mut self, line: &'l str) -> Result<Link<'l>, LogProblem> {
        let number = self.sequence.saturating_add(1);
        let link: Link<'_> = (line.len() <= MAX_LINE)
            .then(|| serde_json::from_str(line).ok())
            .flatten()
            .ok_or(LogProblem::NotARecord { line: number })?;
        if link.sequence != number || link.previous != self.hash {
            return Err(LogProblem::Broken { line: number });
        }
        self.sequence = number;
        let mut hash = [0; 64];
        // 32 octets are 64 digits.
        let _ = hex::encode_to_slice(Sha256::digest(line.as_bytes()), &mut hash);
        self.hash.clear();
        self.hash.push_str(core::str::from_utf8(&hash).unwrap_or_default());
        Ok(link)
    }

    fn follow(&mut self, line: &str) -> Result<Record, LogProblem> {
        let number = self.sequence.saturating_add(1);
        self.follow_line(line)?;
        serde_json::from_str(line).map_err(|_| LogProblem::NotARecord { line: number })
    }
}

/// A record as it stands in its line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link<'l> {
    /// 1, 2, 3 …
    pub sequence: u64,
    /// When it happened, by the writer's clock.
    pub time: Timestamp,
    /// SHA-256 of the line before, hex.
    pub previous: &'l str,
    /// What happened.
    #[serde(borrow)]
    pub event: Cow<'l, str>,
    /// Keyed digest of whom or what it concerns, hex.
    #[serde(default)]
    pub subject: Option<&'l str>,
    /// SHA-256 of the evidence, hex.
    #[serde(default)]
    pub payload: Option<&'l str>,
    /// A public remark.
    #[serde(default)]
    pub note: Option<Cow<'l, str>>,
}

fn head_message(sequence: u64, hash: &str) -> Vec<u8> {
    format!("{sequence} {hash}").into_bytes()
}

/// Checks that a head is signed by this key.
///
/// # Errors
/// [`LogProblem::HeadSignature`].
pub fn verify_head(head: &Head, key: &PublicKey) -> Result<(), LogProblem> {
    let signature = hex::decode(&head.signature).map_err(|_| LogProblem::HeadSignature)?;
    detached::verify(key, Purpose::LogHead, &head_message(head.sequence, &head.hash), &signature)
        .map_err(|_| LogProblem::HeadSignature)
}

/// Checks a whole log against a signed head.
///
/// # Errors
/// [`LogProblem`].
pub fn verify(log: &str, head: &Head, key: &PublicKey) -> Result<VerifiedLog, LogProblem> {
    verify_head(head, key)?;
    let mut chain = Chain::default();
    let mut records = Vec::new();
    let mut reached = head.sequence == 0;
    for line in log.lines() {
        records.push(chain.follow(line)?);
        if chain.sequence == head.sequence {
            if chain.hash != head.hash {
                return Err(LogProblem::HeadMismatch);
            }
            reached = true;
        }
    }
    if !reached {
        return Err(LogProblem::Truncated { found: chain.sequence, expected: head.sequence });
    }
    Ok(VerifiedLog { records, beyond_head: chain.sequence.saturating_sub(head.sequence) })
}
