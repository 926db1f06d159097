//! What reading produced: raw files and transcripts, to be judged now or later.
//!
//! Evidence holds a citizen's data. It never holds fingerprints or irises (DG3, DG4), passwords or session keys; the
//! portrait only if asked for ([`Evidence::without_portrait`] leaves its digest). [`EvidenceFile`] is its form at rest.

mod bytes;
mod file;

pub use file::{EvidenceError, EvidenceFile, MAX_EVIDENCE, Provenance};

use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::lds::DataGroupNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use bytes::{base64_bytes, base64_map};

/// The largest file that is read from a card, in bytes.
pub const MAX_FILE: usize = 512 * 1024;

/// Everything one reading of a card brought.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// When it was read, by the reading station's clock.
    pub read_at: Timestamp,
    /// The station's name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub station: Option<String>,
    /// The files, as they were on the card.
    pub files: Files,
    /// Whether every file that was wanted was read or refused by the chip: no link was lost on the way.
    pub complete: bool,
    /// How often the card left the reader and came back while it was read. Each time it was shown to be the same card.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub interruptions: u32,
    /// How the chip was opened.
    pub access: AccessLog,
    /// What the chip showed within PACE, if it was opened by the chip authentication mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace_chip_authentication: Option<PaceChipAuthenticationRecord>,
    /// Chip Authentication, if it was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip_authentication: Option<ChipAuthenticationRecord>,
    /// Active Authentication, if it was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_authentication: Option<ActiveAuthenticationRecord>,
    /// Terminal Authentication, if it was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal_authentication: Option<TerminalAuthenticationRecord>,
    /// How the protected channel did.
    pub secure_messaging: SecureMessagingLog,
}

/// The files of a card.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Files {
    /// EF.CardAccess, read before anything was authenticated.
    #[serde(with = "base64_bytes", skip_serializing_if = "Option::is_none")]
    pub card_access: Option<Vec<u8>>,
    /// EF.CardSecurity, if it was read: it holds the static key of PACE with chip authentication mapping.
    #[serde(with = "base64_bytes", skip_serializing_if = "Option::is_none")]
    pub card_security: Option<Vec<u8>>,
    /// EF.COM, if it was read.
    #[serde(with = "base64_bytes", skip_serializing_if = "Option::is_none")]
    pub com: Option<Vec<u8>>,
    /// EF.SOD.
    #[serde(with = "base64_bytes", skip_serializing_if = "Option::is_none")]
    pub sod: Option<Vec<u8>>,
    /// Data groups by number.
    #[serde(with = "base64_map")]
    pub data_groups: BTreeMap<u8, Vec<u8>>,
    /// Data groups of which only SHA-256, SHA-384 or SHA-512 digests were kept, in lower-case hex by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub withheld: BTreeMap<u8, BTreeMap<String, String>>,
    /// Of DG3 and DG4, which are not kept: those that are not what their standard says.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub malformed: BTreeSet<u8>,
    /// Files that were wanted and not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<MissingFile>,
}

/// A file that was wanted and not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingFile {
    /// `EF.DG3`, `EF.COM` …
    pub file: String,
    /// Why.
    pub cause: MissingCause,
    /// The status word of the refusal, four hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_word: Option<String>,
}

/// Why a file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingCause {
    /// The chip does not have it (`6A82`).
    Absent,
    /// The chip does not give it to this terminal (`6982`).
    AccessDenied,
    /// Another refusal.
    Refused,
    /// The protected channel broke.
    SecureMessaging,
    /// The link was lost.
    LinkLost,
    /// Longer than any file of a card.
    TooLong,
}

/// Which protocol opened the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessProtocol {
    /// Password Authenticated Connection Establishment.
    Pace,
    /// Basic Access Control.
    Bac,
    /// The files came without a chip.
    None,
}

/// Which password opened the chip. The password itself is nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordKind {
    /// The card access number.
    Can,
    /// The machine readable zone.
    Mrz,
    /// The personal identification number.
    Pin,
}

/// How the chip was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessLog {
    /// What opened it.
    pub protocol: AccessProtocol,
    /// By which password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordKind>,
    /// PACE protocols of EF.CardAccess, by object identifier.
    #[serde(default)]
    pub pace_offered: Vec<String>,
    /// The PACE protocol that ran, by object identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace_used: Option<String>,
    /// Why PACE was offered and did not open the chip.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace_failure: Option<PaceFailure>,
}

/// Why PACE did not open the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaceFailure {
    /// None of the variants offered is known here.
    NotSupported,
    /// The chip broke the protocol off or answered wrongly.
    Broken,
}

/// PACE with chip authentication mapping as it ran (Doc 9303-11 §4.4.3.5): enough to judge it again, and nothing that
/// helps a copy. Anyone can make such a record up: it proves something to whoever ran the protocol, or vouches for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaceChipAuthenticationRecord {
    /// The standardized domain parameters, by number.
    pub parameters: u8,
    /// The chip's mapping key, `PK_Map,IC`.
    #[serde(with = "bytes::base64_required")]
    pub mapping_key: Vec<u8>,
    /// The Chip Authentication Data, `CA_IC`; empty when the chip sent none that could be decrypted.
    #[serde(with = "bytes::base64_required")]
    pub data: Vec<u8>,
}

/// Chip Authentication as it ran.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipAuthenticationRecord {
    /// The protocol, by object identifier.
    pub protocol: String,
    /// Its version: 1, or 2 (TR-03110), whose token is the proof.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub version: u32,
    /// The key of DG14 that was used, `SubjectPublicKeyInfo`.
    #[serde(with = "bytes::base64_required")]
    pub public_key: Vec<u8>,
    /// What came of it.
    pub outcome: ChipAuthenticationOutcome,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_one(version: &u32) -> bool {
    *version == 1
}

/// What came of Chip Authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChipAuthenticationOutcome {
    /// An exchange under the new keys verified: the chip holds the private key.
    Confirmed,
    /// The chip refused, or its next answer did not verify under the new keys.
    Failed,
    /// Protocol, curve or key are of a kind that is not known here.
    NotSupported,
    /// The chip offers version 2 only, which the terminal's own proof must precede.
    TerminalAuthenticationFirst,
    /// The link was lost before anything could be seen.
    Interrupted,
}

/// Active Authentication as it ran.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActiveAuthenticationRecord {
    /// The eight bytes that were sent.
    #[serde(with = "bytes::base64_required")]
    pub challenge: Vec<u8>,
    /// The verifier's nonce that the challenge is bound to, if one was given.
    #[serde(with = "base64_bytes", default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Vec<u8>>,
    /// The chip's answer; `None` when it refused.
    #[serde(with = "base64_bytes", default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Vec<u8>>,
}

/// Terminal Authentication as it ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TerminalAuthenticationRecord {
    /// The terminal's name: its Certificate Holder Reference.
    pub terminal: String,
    /// What came of it.
    pub outcome: TerminalAuthenticationOutcome,
    /// The status word of the refusal, four hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_word: Option<String>,
}

/// What came of Terminal Authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TerminalAuthenticationOutcome {
    /// The chip accepted the terminal.
    Authenticated,
    /// Chip Authentication did not succeed before: nothing was shown to this chip.
    ChipNotAuthenticated,
    /// The chip has no EF.CVCA: it believes no terminal.
    NotOffered,
    /// None of the terminal's certificates leads to a CVCA key that the chip knows.
    AuthorityUnknown,
    /// A certificate begins after the time of reading: it was not shown, for a chip takes its date from it.
    CertificateNotYetValid,
    /// The chip refused a certificate: past its last day by the chip's date, or not as it should be.
    CertificateRefused,
    /// The chip refused the terminal's signature.
    SignatureRefused,
    /// The chip refused otherwise.
    Refused,
    /// The link was lost, or the channel broke.
    Interrupted,
}

/// How the protected channel did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SecureMessagingLog {
    /// Answers that verified.
    pub verified_exchanges: u64,
    /// What did not hold, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<Incident>,
}

/// Something about the protected channel that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// While doing what: `EF.DG2`, `active-authentication` …
    pub step: String,
    /// What.
    pub kind: IncidentKind,
}

/// What about the protected channel did not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentKind {
    /// An answer came without protection.
    NakedAnswer,
    /// A checksum, a data object or a padding was wrong.
    Integrity,
    /// A chip refused a length without protection; reading went on with short ones.
    LengthRefused,
}

/// The digests of a file that is not kept, by the names of [`Files::withheld`].
pub(crate) fn digests(file: &[u8]) -> BTreeMap<String, String> {
    use cccd_card_profile::lds::sod::DigestAlgorithm;
    let algorithms = [
        ("sha256", DigestAlgorithm::Sha256),
        ("sha384", DigestAlgorithm::Sha384),
        ("sha512", DigestAlgorithm::Sha512),
    ];
    let digest = |(name, algorithm): (&str, DigestAlgorithm)| {
        algorithm.digest(file).map(|digest| (name.to_owned(), hex::encode(digest)))
    };
    algorithms.into_iter().filter_map(digest).collect()
}

impl Evidence {
    /// SHA-256 of EF.SOD as stored on the card: how a card is known.
    #[must_use]
    pub fn sod_sha256(&self) -> Option<[u8; 32]> {
        self.files.sod.as_deref().map(|sod| Sha256::digest(sod).into())
    }

    /// A data group's file.
    #[must_use]
    pub fn data_group(&self, number: DataGroupNumber) -> Option<&[u8]> {
        self.files.data_groups.get(&number.value()).map(Vec::as_slice)
    }

    /// Why a file is not there, if it was wanted.
    #[must_use]
    pub fn missing(&self, file: ElementaryFile) -> Option<&MissingFile> {
        let name = file.name();
        self.files.missing.iter().find(|missing| missing.file == name)
    }

    /// The same without the portrait: of DG2 only digests stay, which say nothing beyond what EF.SOD already says.
    #[must_use]
    pub fn without_portrait(mut self) -> Self {
        let number = DataGroupNumber::DG2.value();
        if let Some(file) = self.files.data_groups.remove(&number) {
            self.files.withheld.insert(number, digests(&file));
        }
        self
    }

    /// Files that came without a chip: for passive authentication of a folder.
    #[must_use]
    pub fn of_files(files: Files, at: Timestamp) -> Self {
        Self {
            read_at: at,
            station: None,
            files,
            complete: false,
            interruptions: 0,
            access: AccessLog {
                protocol: AccessProtocol::None,
                password: None,
                pace_offered: Vec::new(),
                pace_used: None,
                pace_failure: None,
            },
            pace_chip_authentication: None,
            chip_authentication: None,
            active_authentication: None,
            terminal_authentication: None,
            secure_messaging: SecureMessagingLog::default(),
        }
    }
}

/// The challenge of Active Authentication that a remote verifier's nonce leads to: bound to the nonce, the reading
/// station, the time of reading and the card.
///
/// The first eight bytes of SHA-256 over `cccd-aa-challenge-v1` ‖ 00, then nonce, station, time and SHA-256 of EF.SOD, each
/// preceded by its length in four bytes. The time is RFC 3339 in UTC at whole seconds.
#[must_use]
pub fn bound_challenge(nonce: &[u8], station: &str, read_at: Timestamp, sod_sha256: &[u8; 32]) -> [u8; 8] {
    let time = read_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut digest = Sha256::new();
    digest.update(b"cccd-aa-challenge-v1\0");
    for part in [nonce, station.as_bytes(), time.as_bytes(), sod_sha256] {
        digest.update(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    let mut challenge = [0; 8];
    challenge.iter_mut().zip(digest).for_each(|(target, byte)| *target = byte);
    challenge
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde calls")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl std::fmt::Debug for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evidence")
            .field("read_at", &self.read_at)
            .field("files", &self.files)
            .field("complete", &self.complete)
            .field("interruptions", &self.interruptions)
            .field("access", &self.access)
            .field("pace_chip_authentication", &self.pace_chip_authentication)
            .field("chip_authentication", &self.chip_authentication)
            .field("active_authentication", &self.active_authentication)
            .field("terminal_authentication", &self.terminal_authentication)
            .field("secure_messaging", &self.secure_messaging)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Files {
    /// Names and lengths only: the contents are a citizen's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lengths: BTreeMap<u8, usize> =
            self.data_groups.iter().map(|(n, file)| (*n, file.len())).collect();
        f.debug_struct("Files")
            .field("card_access", &self.card_access.as_ref().map(Vec::len))
            .field("card_security", &self.card_security.as_ref().map(Vec::len))
            .field("com", &self.com.as_ref().map(Vec::len))
            .field("sod", &self.sod.as_ref().map(Vec::len))
            .field("data_groups", &lengths)
            .field("withheld", &self.withheld.keys())
            .field("missing", &self.missing)
            .finish()
    }
}

impl std::fmt::Debug for PaceChipAuthenticationRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PaceChipAuthenticationRecord({})", self.parameters)
    }
}

impl std::fmt::Debug for ChipAuthenticationRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ChipAuthenticationRecord({}, {:?})", self.protocol, self.outcome)
    }
}

impl std::fmt::Debug for ActiveAuthenticationRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let answered = if self.answer.is_some() { "answered" } else { "refused" };
        write!(f, "ActiveAuthenticationRecord({answered})")
    }
}
