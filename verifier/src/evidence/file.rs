//! Evidence at rest: an envelope around the exact bytes, so that a signature over them can be checked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cccd_keys::detached;
use cccd_keys::signer::{Signer, SigningFailed};
use cccd_keys::trust::TrustStore;
use serde::{Deserialize, Serialize};

use super::Evidence;

/// The largest evidence file that is read, in bytes: sixteen files of the largest size, in base64 twice, fit not; the
/// files of a card do.
pub const MAX_EVIDENCE: usize = 8 * 1024 * 1024;

const FORMAT: &str = "cccd-evidence";
const VERSION: u32 = 1;
/// Names in evidence (station, steps) are no longer than this.
const MAX_NAME: usize = 256;
/// Lists in evidence are no longer than this.
const MAX_LIST: usize = 256;

/// Why bytes are no evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// Longer than [`MAX_EVIDENCE`].
    #[error("the evidence has {0} bytes, more than any card gives")]
    TooLong(usize),
    /// Not the JSON of an evidence file.
    #[error("not an evidence file, at line {line} column {column}")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// Another format or a version that is not known here.
    #[error("evidence of an unknown format or version")]
    Version,
    /// A list or name beyond its bound.
    #[error("the evidence holds more entries or longer names than any reading gives")]
    Bounds,
}

impl EvidenceError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong(_) | Self::Bounds => "evidence-too-long",
            Self::Malformed { .. } => "evidence-malformed",
            Self::Version => "evidence-version",
        }
    }
}

impl From<serde_json::Error> for EvidenceError {
    /// Only where it went wrong: the words of the decoder may repeat what stands there.
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed { line: error.line(), column: error.column() }
    }
}

/// Where evidence comes from, which decides what it can show about the chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// This process read the card a moment ago.
    Live,
    /// A file, signed by a trusted reading station.
    TrustedStation {
        /// Hex SHA-256 of the station's public key.
        key: String,
    },
    /// A file that names a station's key whose signature does not hold.
    BadSignature,
    /// A file that nobody signed, or somebody whom nobody trusts.
    Unsigned,
}

/// Evidence at rest.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceFile {
    format: String,
    version: u32,
    /// base64 of the exact JSON of the evidence.
    evidence: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl EvidenceFile {
    /// Packs evidence.
    ///
    /// # Errors
    /// In practice never: the evidence is data only.
    pub fn new(evidence: &Evidence) -> Result<Self, EvidenceError> {
        let json = serde_json::to_vec(evidence)?;
        Ok(Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            evidence: STANDARD.encode(json),
            signature: None,
            key: None,
        })
    }

    /// Signs it with a reading station's key (`cccd-evidence-v1`).
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn signed(mut self, station: &dyn Signer) -> Result<Self, SigningFailed> {
        let json = STANDARD.decode(&self.evidence).unwrap_or_default();
        self.signature = Some(STANDARD.encode(detached::sign_evidence(station, &json)?));
        self.key = Some(station.public_key().fingerprint());
        Ok(self)
    }

    /// The file's bytes: JSON. Personal data in clear: encrypt it before it rests anywhere.
    ///
    /// # Errors
    /// In practice never.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EvidenceError> {
        Ok(serde_json::to_vec(self)?)
    }

    /// Unpacks evidence, and says what speaks for it.
    ///
    /// # Errors
    /// [`EvidenceError`]. A signature that does not hold is [`Provenance::BadSignature`], no error.
    pub fn open(bytes: &[u8], trust: &TrustStore) -> Result<(Evidence, Provenance), EvidenceError> {
        if bytes.len() > MAX_EVIDENCE {
            return Err(EvidenceError::TooLong(bytes.len()));
        }
        let file: Self = serde_json::from_slice(bytes)?;
        if file.format != FORMAT || file.version != VERSION {
            return Err(EvidenceError::Version);
        }
        let malformed = EvidenceError::Malformed { line: 1, column: 1 };
        let json = STANDARD.decode(&file.evidence).map_err(|_| malformed)?;
        let evidence: Evidence = serde_json::from_slice(&json)?;
        check_bounds(&evidence)?;
        Ok((evidence, file.provenance(&json, trust)))
    }

    fn provenance(&self, json: &[u8], trust: &TrustStore) -> Provenance {
        let (Some(signature), Some(fingerprint)) = (&self.signature, &self.key) else {
            return Provenance::Unsigned;
        };
        let Some(key) = trust.station_key(fingerprint) else { return Provenance::Unsigned };
        let signature = STANDARD.decode(signature).unwrap_or_default();
        match detached::verify_evidence(key, json, &signature) {
            Ok(()) => Provenance::TrustedStation { key: fingerprint.clone() },
            Err(_) => Provenance::BadSignature,
        }
    }
}

fn check_bounds(evidence: &Evidence) -> Result<(), EvidenceError> {
    let lists = [
        evidence.files.missing.len(),
        evidence.secure_messaging.incidents.len(),
        evidence.access.pace_offered.len(),
        evidence.files.withheld.len(),
    ];
    let names = evidence
        .station
        .iter()
        .chain(evidence.files.missing.iter().map(|missing| &missing.file))
        .chain(evidence.secure_messaging.incidents.iter().map(|incident| &incident.step))
        .chain(&evidence.access.pace_offered);
    let digests = evidence.files.withheld.values().all(|digests| digests.len() <= 8);
    if lists.iter().any(|length| *length > MAX_LIST)
        || names.clone().any(|name| name.len() > MAX_NAME)
        || !digests
    {
        return Err(EvidenceError::Bounds);
    }
    Ok(())
}
