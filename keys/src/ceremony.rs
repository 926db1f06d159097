//! Records of ceremonies: who took part, what went in, what came out, in a form from which the public results can be made
//! again.
//!
//! A record is one JSON object with its members in a fixed order; its SHA-256 stands in the signed log of the store. It
//! holds everything that a certificate or list is made of but the signature: time, names, public key, serial number. To
//! [`replay`] is to build the same thing with today's code out of the record alone, put the signature of the kept file in
//! and compare octet for octet; the signature is verified on the way.

mod card_verifiable;
mod kept;

pub use card_verifiable::{CardVerifiable, role_name};
pub(crate) use card_verifiable::{date as card_verifiable_date, validity as card_verifiable_validity};
pub use kept::{Kept, KeptFile, KeptKey};

use crate::algorithm::{HashAlgorithm, SignatureAlgorithm};
use crate::asn1;
use crate::certificate::{
    AuthorityNames, Certificate, CertificateOptions, CscaProfile, DocumentSignerProfile, LinkProfile,
    MasterListSignerProfile,
};
use crate::crl::{CertificateRevocationList, RevokedCertificate};
use crate::life::{Pool, master_list_signer_validity};
use crate::public_key::PublicKey;
use crate::signer::{Signer, SigningFailed};
use jiff::{SignedDuration, Timestamp};
use rand_core::{CryptoRng, TryCryptoRng, TryRng};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::convert::Infallible;

/// Largest record that is read.
pub const MAX_RECORD: usize = 64 * 1024 * 1024;

/// The format of this record.
const VERSION: u32 = 1;

/// Somebody who took part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Participant {
    /// Name.
    pub name: String,
    /// What for: ceremony leader, holder of a share, witness.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub role: Option<String>,
}

impl std::str::FromStr for Participant {
    type Err = String;

    /// `name` or `name, role`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, role) = text.split_once(',').map_or((text, None), |(name, role)| (name, Some(role)));
        let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (name, role) = (tidy(name), role.map(tidy).filter(|role| !role.is_empty()));
        let long = |text: &str| text.chars().count() > 100 || text.chars().any(char::is_control);
        if name.is_empty() || long(&name) || role.as_deref().is_some_and(long) {
            return Err("give a name, or a name and a role after a comma".to_owned());
        }
        Ok(Self { name, role })
    }
}

/// A file that came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Its name in the store.
    pub file: String,
    /// SHA-256, hex.
    pub sha256: String,
}

/// An entry of a list of revoked certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoked {
    /// Serial number, hex.
    pub serial: String,
    /// Since when.
    pub date: Timestamp,
    /// `CRLReason`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<u8>,
}

/// What was done, with everything that went in. Files are named by their place in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Act {
    /// A CSCA key and its self-signed certificate.
    Authority {
        /// For which cards.
        pool: String,
        /// The certificate whose name was kept; a new name otherwise.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        name_of: Option<String>,
        /// Number in the new name.
        sequence: u32,
        /// Hash of its signatures.
        hash: String,
        /// Public key, SPKI in hex.
        key: String,
        /// Serial number, hex.
        serial: String,
    },
    /// A link certificate.
    Link {
        /// The key that vouches.
        from: String,
        /// The new key.
        to: String,
        /// Serial number, hex.
        serial: String,
    },
    /// A Document Signer.
    DocumentSigner {
        /// The CSCA above it.
        authority: String,
        /// For which cards.
        pool: String,
        /// Signatures at most.
        limit: u64,
        /// Number in its name.
        sequence: u32,
        /// Public key, SPKI in hex.
        key: String,
        /// Serial number, hex.
        serial: String,
    },
    /// A Master List Signer.
    MasterListSigner {
        /// The CSCA above it.
        authority: String,
        /// Number in its name.
        sequence: u32,
        /// Public key, SPKI in hex.
        key: String,
        /// Serial number, hex.
        serial: String,
    },
    /// A list of revoked certificates.
    RevocationList {
        /// The CSCA that signed it.
        authority: String,
        /// cRLNumber.
        number: u64,
        /// Seconds until the next is due.
        seconds: i64,
        /// What it names.
        revoked: Vec<Revoked>,
    },
    /// A card-verifiable certificate: of a CVCA, a link between two, of a document verifier or an inspection system.
    CardVerifiable(CardVerifiable),
    /// A backup, whose key went into shares.
    Backup {
        /// What is in it.
        backup: Kept,
        /// SHA-256 of its file, hex.
        sha256: String,
        /// How many places it lies at.
        places: usize,
    },
    /// This store, made out of a backup.
    Restoration {
        /// What was in it.
        backup: Kept,
        /// The numbers of the shares that opened it.
        used: Vec<u8>,
        /// Serial number of the token that the keys were brought into.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        token: Option<String>,
    },
}

/// One ceremony.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Format.
    pub version: u32,
    /// 1, 2, 3 … in the store.
    pub number: u64,
    /// When.
    pub time: Timestamp,
    /// By which program.
    pub tool: String,
    /// Country code.
    pub country: String,
    /// Names of the authority; a synthetic one without.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub authority: Option<AuthorityNames>,
    /// Who took part.
    pub present: Vec<Participant>,
    /// What was done.
    pub act: Act,
    /// What came out.
    pub output: Output,
}

/// Why a record does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayProblem {
    /// Not a record.
    #[error("it is no record of a ceremony")]
    Malformed,
    /// A file that it names is not there or cannot be read.
    #[error("the file {0} is missing or damaged")]
    File(String),
    /// The kept result is another.
    #[error("the file {0} is not the one that came out")]
    Digest(String),
    /// A value in the record that cannot be.
    #[error("the record's {0} cannot be")]
    Value(&'static str),
    /// The result cannot be made again: a name, a time, or a signature that does not hold.
    #[error("the result cannot be made again: {0}")]
    Build(String),
    /// What is made from the record is something else than what was kept.
    #[error("made again from the record, the result is another")]
    Differs,
    /// The signed log does not know this record.
    #[error("the signed log does not know this record")]
    NotInLog,
    /// The log knows a ceremony without a record.
    #[error("line {0} of the signed log is a ceremony without a record")]
    NoRecord(u64),
}

impl ReplayProblem {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "record-malformed",
            Self::File(_) => "file-missing",
            Self::Digest(_) => "output-differs",
            Self::Value(_) => "record-value",
            Self::Build(_) => "replay-failed",
            Self::Differs => "replay-differs",
            Self::NotInLog => "not-in-log",
            Self::NoRecord(_) => "record-missing",
        }
    }
}

impl Record {
    /// A record of an act with one result.
    #[must_use]
    pub fn new(
        number: u64,
        time: Timestamp,
        country: &str,
        present: &[Participant],
        act: Act,
        file: &str,
        result: &[u8],
    ) -> Self {
        Self {
            version: VERSION,
            number,
            time,
            tool: format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
            country: country.to_owned(),
            authority: None,
            present: present.to_vec(),
            act,
            output: Output { file: file.to_owned(), sha256: hex::encode(Sha256::digest(result)) },
        }
    }

    /// By an authority of these names; a synthetic one without.
    #[must_use]
    pub fn of_authority(mut self, names: Option<&AuthorityNames>) -> Self {
        self.authority = names.cloned();
        self
    }

    /// The octets that are kept and logged.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings, numbers and times: it always has a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a record; one that is written otherwise than [`to_bytes`](Self::to_bytes) writes it is none.
    ///
    /// # Errors
    /// [`ReplayProblem::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ReplayProblem> {
        if bytes.len() > MAX_RECORD {
            return Err(ReplayProblem::Malformed);
        }
        let record: Self = serde_json::from_slice(bytes).map_err(|_| ReplayProblem::Malformed)?;
        (record.version == VERSION && record.to_bytes() == bytes)
            .then_some(record)
            .ok_or(ReplayProblem::Malformed)
    }
}

/// Makes the public result of a ceremony again and compares it with what was kept. `load` gives a file of the store.
///
/// # Errors
/// [`ReplayProblem`].
pub fn replay(record: &Record, load: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<(), ReplayProblem> {
    let file = |name: &str| load(name).ok_or_else(|| ReplayProblem::File(name.to_owned()));
    let certificate =
        |name: &str| Certificate::parse(&file(name)?).map_err(|_| ReplayProblem::File(name.to_owned()));
    let name = &record.output.file;
    let kept = file(name)?;
    if hex::encode(Sha256::digest(&kept)) != record.output.sha256 {
        return Err(ReplayProblem::Digest(name.clone()));
    }
    match &record.act {
        Act::CardVerifiable(certificate) => return certificate.replay(record.time, &kept, &file),
        Act::Backup { backup, .. } | Act::Restoration { backup, .. } => return backup.replay(&kept, &file),
        _ => {}
    }
    let options =
        CertificateOptions::for_authority(&record.country, record.authority.as_ref()).map_err(unbuilt)?;
    let at = record.time;
    if let Act::RevocationList { authority, number, seconds, revoked } = &record.act {
        let list = CertificateRevocationList::parse(&kept).map_err(|_| ReplayProblem::File(name.clone()))?;
        let authority = certificate(authority)?;
        let algorithm = list.signature_algorithm().map_err(|_| ReplayProblem::Value("algorithm"))?;
        let signer = Replayed { algorithm, key: authority.public_key(), signature: list.signature() };
        let revoked: Vec<RevokedCertificate> = revoked
            .iter()
            .map(|entry| {
                let serial = hex::decode(&entry.serial).map_err(|_| ReplayProblem::Value("serial"))?;
                Ok(RevokedCertificate { serial, date: entry.date, reason: entry.reason })
            })
            .collect::<Result<_, ReplayProblem>>()?;
        let validity = SignedDuration::from_secs(*seconds);
        let made = CertificateRevocationList::issue(&authority, &signer, *number, at, validity, &revoked);
        return same(made.map_err(unbuilt)?.der(), &kept);
    }
    let result = certificate(name)?;
    let signed_by = |key| -> Result<Replayed<'_>, ReplayProblem> {
        let algorithm = result.signature_algorithm().map_err(|_| ReplayProblem::Value("algorithm"))?;
        Ok(Replayed { algorithm, key, signature: result.signature() })
    };
    let made = match &record.act {
        Act::Authority { pool, name_of, sequence, hash, key, serial } => {
            let spki = decoded(key, "key")?;
            let key = PublicKey::from_spki(&spki).map_err(|_| ReplayProblem::Value("key"))?;
            let hash = HashAlgorithm::ALL.into_iter().find(|known| known.name() == hash);
            let algorithm = SignatureAlgorithm::Ecdsa(hash.ok_or(ReplayProblem::Value("hash"))?);
            let validity = pool_of(pool)?.authority_validity(at).map_err(unbuilt)?;
            let profile = match name_of {
                Some(first) => CscaProfile::succeeding(options, &certificate(first)?, validity),
                None => CscaProfile::new(options, *sequence, validity),
            };
            let signer = Replayed { algorithm, key: &key, signature: result.signature() };
            profile.map_err(unbuilt)?.issue(&signer, &mut Recorded::serial(serial)?)
        }
        Act::Link { from, to, serial } => {
            let (old, new) = (certificate(from)?, certificate(to)?);
            let profile = LinkProfile::new(options, &old, &new).map_err(unbuilt)?;
            let signer = signed_by(old.public_key())?;
            profile.issue(new.public_key().spki(), &signer, &mut Recorded::serial(serial)?)
        }
        Act::DocumentSigner { authority, pool, sequence, key, serial, .. } => {
            let authority = certificate(authority)?;
            let validity = pool_of(pool)?.signer_validity(at, &authority).map_err(unbuilt)?;
            let profile = DocumentSignerProfile::new(options, &authority, *sequence, validity);
            let signer = signed_by(authority.public_key())?;
            profile.map_err(unbuilt)?.issue(&decoded(key, "key")?, &signer, &mut Recorded::serial(serial)?)
        }
        Act::MasterListSigner { authority, sequence, key, serial } => {
            let authority = certificate(authority)?;
            let mut validity = master_list_signer_validity(at).map_err(unbuilt)?;
            validity.until = validity.until.min(authority.not_after());
            let profile = MasterListSignerProfile::new(options, &authority, *sequence, validity);
            let signer = signed_by(authority.public_key())?;
            profile.map_err(unbuilt)?.issue(&decoded(key, "key")?, &signer, &mut Recorded::serial(serial)?)
        }
        Act::RevocationList { .. }
        | Act::CardVerifiable(_)
        | Act::Backup { .. }
        | Act::Restoration { .. } => return Err(ReplayProblem::Differs),
    };
    same(made.map_err(unbuilt)?.der(), &kept)
}

fn same(made: &[u8], kept: &[u8]) -> Result<(), ReplayProblem> {
    if made == kept { Ok(()) } else { Err(ReplayProblem::Differs) }
}

fn unbuilt(error: crate::certificate::BuildError) -> ReplayProblem {
    ReplayProblem::Build(error.to_string())
}

fn pool_of(text: &str) -> Result<Pool, ReplayProblem> {
    text.parse().map_err(|_| ReplayProblem::Value("pool"))
}

fn decoded(text: &str, what: &'static str) -> Result<Vec<u8>, ReplayProblem> {
    hex::decode(text).map_err(|_| ReplayProblem::Value(what))
}

/// The serial number of a certificate as records write it.
#[must_use]
pub fn serial_of(certificate: &Certificate) -> String {
    hex::encode(asn1::unsigned(certificate.serial()))
}

/// A signer that gives the signature that was made then.
struct Replayed<'a> {
    algorithm: SignatureAlgorithm,
    key: &'a PublicKey,
    signature: &'a [u8],
}

impl Signer for Replayed<'_> {
    fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    fn public_key(&self) -> &PublicKey {
        self.key
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        Ok(self.signature.to_vec())
    }
}

/// What was drawn then: a serial number behind its leading 01.
struct Recorded(std::vec::IntoIter<u8>);

impl Recorded {
    fn serial(text: &str) -> Result<Self, ReplayProblem> {
        let mut octets = decoded(text, "serial")?.into_iter();
        let first = octets.next();
        if first != Some(1) || octets.len() != 16 {
            return Err(ReplayProblem::Value("serial"));
        }
        Ok(Self(octets))
    }
}

impl TryRng for Recorded {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut octets = [0; 4];
        self.try_fill_bytes(&mut octets)?;
        Ok(u32::from_le_bytes(octets))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut octets = [0; 8];
        self.try_fill_bytes(&mut octets)?;
        Ok(u64::from_le_bytes(octets))
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Infallible> {
        octets.fill_with(|| self.0.next().unwrap_or(0));
        Ok(())
    }
}

impl TryCryptoRng for Recorded {}

const _: fn(&mut Recorded) -> &mut dyn CryptoRng = |recorded| recorded;
