//! The key store and its ceremonies: Doc 9303-12 §4.1.
//!
//! ```text
//! D/store.json            profile, country                    D/csca/001.cer, 001.key.age
//! D/identity.age          wrapping key, under the passphrase  D/ds/00001.cer, 00001.key.age
//! D/passphrase            0600, only for demonstrations       D/crl/000001.crl
//! D/ds/00001.count.json   signatures made and allowed         D/link/002.cer, from one CSCA key to the next
//! D/master-list, D/master-list-signer, D/foreign              lists of our own, and other states' authorities
//! D/ceremony/000001.json    who did what, from what, with what result; checked by `keys ceremony verify`
//! D/audit.log             every ceremony, hash-chained        D/secret/{transport,register,station,log,…}.age
//! D/request               keys that ask to be certified
//! D/cvca, D/dv, D/terminal  card-verifiable certificates (Terminal Authentication), 001.cvcert, 001.key.age
//! ```
//!
//! Every private key is a file of its own, mode 0600, written atomically, encrypted (age) to the wrapping key and
//! bound to its name. The wrapping key is encrypted under the passphrase (scrypt), so that opening costs one scrypt.
//! A software store is no place for the keys of a nation; the command line says so every time.
//!
//! The same store with its keys in a token has a `001.key.token` in place of each `001.key.age`, which says where the
//! key is and nothing secret, and neither `identity.age` nor passphrase: see [`crate::token`].

mod authority;
mod backup;
mod ceremonies;
mod count;
mod custody;
mod files;
mod master_lists;
mod passphrase;
mod revocation;
mod sealed;
mod signers;
mod unfinished;
mod verifying;

pub use authority::{AuthorityRequest, NewAuthority, Rename};
pub use backup::{NewBackup, Restoration};
pub use ceremonies::{CheckedCeremony, list_ceremonies, read_ceremony, verify_ceremonies};
pub use custody::{StoreKey, StoreMaster};
pub use master_lists::{MasterListImport, NewMasterList};
pub use passphrase::{PASSPHRASE_ENV, Passphrase, PassphraseError};
pub use signers::{DocumentSigner, DocumentSignerStatus, DocumentSigners, ErasedSigner};
pub use unfinished::UnfinishedKey;
pub use verifying::{
    MAX_CVCA_DAYS, MAX_TERMINAL_DAYS, MAX_VERIFIER_DAYS, NewRequest, RequestAnswer, TERMINAL_KEY_FILE,
    VerifyingKind, VerifyingRequest, certificate_date, is_renewal,
};

use crate::algorithm::HashAlgorithm;
use crate::audit_log::{AuditLog, AuditLogError, Event, SubjectKey};
use crate::ceremony::Participant;
pub use crate::certificate::AuthorityNames;
use crate::certificate::{BuildError, Certificate, CertificateOptions};
use crate::crl::CertificateRevocationList;
use crate::curve::{CurveEncoding, NamedCurve};
use crate::life::{ListSequence, Pool, Signatures};
use crate::profile::AlgorithmProfile;
use crate::shamir::CombineError;
use crate::signer::{Signer as _, SigningFailed, SoftwareKeyError};
use crate::token::{Token, TokenError, TokenIdentity};
use custody::{Custody, KeySpec};
use jiff::Timestamp;
use rand_core::CryptoRng;
use sealed::Sealer;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a store is made for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StoreSettings {
    /// Format of this file.
    pub version: u32,
    /// Algorithms of CSCA and Document Signers.
    pub profile: AlgorithmProfile,
    /// Explicit curve parameters in certificates, or named curves.
    pub curve_encoding: CurveEncoding,
    /// Country code, two capitals.
    pub country: String,
    /// When it was made.
    pub created: Timestamp,
    /// What the keys are for.
    #[serde(default)]
    pub purpose: Purpose,
    /// Who the authority is; `None` for the synthetic one of a laboratory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<AuthorityNames>,
    /// The token that holds the private keys; `None` for sealed files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenIdentity>,
    /// In a token: keys are made so that they may leave it wrapped, for a backup. Else they never do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wrapped_backup: bool,
}

/// What a store's keys are for. It is said once, when the store is made, and everything that uses the keys obeys it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Tests, demonstrations, training.
    #[default]
    Laboratory,
    /// Cards of citizens: keys in hardware only, no laboratory's drivers, blanks or registers.
    Production,
}

impl Purpose {
    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Laboratory => "laboratory",
            Self::Production => "production",
        }
    }
}

impl StoreSettings {
    /// Settings with the profile's own curve encoding.
    #[must_use]
    pub fn new(profile: AlgorithmProfile, country: &str, created: Timestamp) -> Self {
        Self {
            version: 1,
            profile,
            curve_encoding: profile.curve_encoding(),
            country: country.to_owned(),
            created,
            purpose: Purpose::Laboratory,
            authority: None,
            token: None,
            wrapped_backup: false,
        }
    }

    /// What certificates of this store have in common.
    ///
    /// # Errors
    /// [`StoreError::SyntheticNames`] in production; a country that is not two capitals.
    pub fn certificate_options(&self) -> Result<CertificateOptions, StoreError> {
        if self.purpose == Purpose::Production && self.authority.is_none() {
            return Err(StoreError::SyntheticNames);
        }
        Ok(CertificateOptions::for_authority(&self.country, self.authority.as_ref())?)
    }

    /// Of this authority.
    #[must_use]
    pub fn with_authority(mut self, authority: AuthorityNames) -> Self {
        self.authority = Some(authority);
        self
    }

    /// With keys that a backup can take out of their token in wrapped form.
    #[must_use]
    pub const fn with_wrapped_backup(mut self) -> Self {
        self.wrapped_backup = true;
        self
    }

    /// For this purpose.
    #[must_use]
    pub const fn with_purpose(mut self, purpose: Purpose) -> Self {
        self.purpose = purpose;
        self
    }
}

/// A ceremony or look-up that did not succeed. Each variant's text says what happened; [`StoreError::hint`] what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is a store already.
    #[error("there is already a key store in {0}")]
    Exists(PathBuf),
    /// There is none.
    #[error("there is no key store in {0}")]
    Missing(PathBuf),
    /// The passphrase does not open it.
    #[error("the passphrase does not open the key store")]
    WrongPassphrase,
    /// A file was altered, or belongs under another name.
    #[error("the key file {0} is damaged or was put in place of another")]
    Damaged(String),
    /// A file cannot be read or written.
    #[error("{path} cannot be read or written")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No CSCA yet.
    #[error("the key store has no CSCA yet")]
    NoCsca,
    /// No CSCA for these cards yet.
    #[error("the key store has no CSCA for cards of the pool {0} yet")]
    NoCscaOfPool(Pool),
    /// The CSCA's key may no longer sign.
    #[error("the CSCA's key may not sign at {0}")]
    CscaKeyExpired(Timestamp),
    /// No Document Signer whose key may sign at the time.
    #[error("no Document Signer of this store may sign at {0}")]
    NoDocumentSigner(Timestamp),
    /// No Document Signer for the card.
    #[error("no Document Signer of the pool {pool} may sign at {at} and outlives the card")]
    NoSignerOfPool {
        /// Which pool the card is of.
        pool: Pool,
        /// When.
        at: Timestamp,
    },
    /// A count of signatures is not what the signed log says.
    #[error(
        "the count of the Document Signer {signer} was turned back: it says {} of {}, and the signed log {} of {}",
        found.used, found.limit, logged.used, logged.limit
    )]
    CountTurnedBack {
        /// Serial number.
        signer: String,
        /// In the file.
        found: Signatures,
        /// In the log.
        logged: Signatures,
    },
    /// The series of CRLs cannot be continued.
    #[error("the next CRL does not follow: {0}")]
    CrlSequence(#[from] ListSequence),
    /// No CRL yet.
    #[error("the key store has no CRL yet")]
    NoCrl,
    /// A serial number that this CSCA never issued.
    #[error("no certificate of this store has the serial number {0}")]
    UnknownSerial(String),
    /// A certificate or CRL could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// A key could not be made.
    #[error(transparent)]
    Key(#[from] SoftwareKeyError),
    /// There is a CVCA already.
    #[error("the key store has a CVCA already")]
    CvcaExists,
    /// No CVCA, or none whose certificate covers the time.
    #[error("the key store has no CVCA that is valid at this time")]
    NoCvca,
    /// No document verifier whose certificate covers the time.
    #[error("no document verifier of this store is valid at {0}")]
    NoDocumentVerifier(Timestamp),
    /// Several document verifiers, and none is named.
    #[error("several document verifiers may certify a terminal: {0}")]
    WhichVerifier(String),
    /// Rights that the authority above, or the certificate before, has not.
    #[error("{0} would get rights beyond those of the certificate above or before it")]
    BeyondAuthority(String),
    /// A certificate request, or the answer to one.
    #[error("the certificate request is refused: {0}")]
    Request(String),
    /// No certificate of this holder.
    #[error("no certificate of this store is of the holder {0}")]
    UnknownHolder(String),
    /// Not a holder's name.
    #[error("{0:?} cannot be the name of a holder")]
    NotAHolder(String),
    /// A card-verifiable certificate could not be made.
    #[error("the card-verifiable certificate could not be made: {0}")]
    Verifying(String),
    /// A key did not sign.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// The token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The keys are in a token, and none was named; or the other way round.
    #[error("the keys of this store are in the token {0:?}")]
    InToken(String),
    /// A token was named for a store in software.
    #[error("the keys of this store are files, not in a token")]
    NotInToken,
    /// A production store in software.
    #[error("a production store does not take keys in software")]
    SoftwareInProduction,
    /// A production store without the authority's own names.
    #[error("a production store needs the authority's own name and domain")]
    SyntheticNames,
    /// A key cannot be taken out of its token.
    #[error("the private key of {0} stays in its token")]
    StaysInToken(String),
    /// The keys of a store in a token were made to stay there.
    #[error("this store has no backup: its keys were made to stay in their token")]
    NotWrappable,
    /// Shares that do not give their secret back.
    #[error(transparent)]
    Shares(#[from] CombineError),
    /// A backup was not made or does not open.
    #[error("the backup fails: {0}")]
    Backup(String),
    /// A master list was not made or not taken in.
    #[error("the master list is refused: {0}")]
    MasterList(String),
    /// The log of ceremonies could not be written, or does not hold.
    #[error(transparent)]
    Log(#[from] AuditLogError),
}

impl StoreError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exists(_) => "store-exists",
            Self::Missing(_) => "store-missing",
            Self::WrongPassphrase => "wrong-passphrase",
            Self::Damaged(_) => "store-damaged",
            Self::Io { .. } => "io",
            Self::NoCsca => "no-csca",
            Self::NoCscaOfPool(_) => "no-csca-of-pool",
            Self::NoSignerOfPool { .. } => "no-signer-of-pool",
            Self::CountTurnedBack { .. } => "count-turned-back",
            Self::CrlSequence(ListSequence::Gap(_)) => "crl-gap",
            Self::CrlSequence(_) => "crl-backwards",
            Self::CscaKeyExpired(_) => "csca-key-expired",
            Self::NoDocumentSigner(_) => "no-document-signer",
            Self::NoCrl => "no-crl",
            Self::UnknownSerial(_) => "unknown-serial",
            Self::Build(BuildError::Signing(failed))
            | Self::Log(AuditLogError::Signing(failed))
            | Self::Signing(failed) => failed.code(),
            Self::Build(_) => "certificate-not-built",
            Self::Key(_) => "key-not-made",
            Self::CvcaExists => "cvca-exists",
            Self::NoCvca => "no-cvca",
            Self::NoDocumentVerifier(_) => "no-document-verifier",
            Self::WhichVerifier(_) => "which-document-verifier",
            Self::BeyondAuthority(_) => "rights-beyond-authority",
            Self::Request(_) => "request-refused",
            Self::UnknownHolder(_) => "unknown-holder",
            Self::NotAHolder(_) => "not-a-holder",
            Self::Verifying(_) => "cv-certificate-not-made",
            Self::Token(error) => error.code(),
            Self::InToken(_) => "token-not-named",
            Self::NotInToken => "not-in-token",
            Self::SoftwareInProduction => "software-in-production",
            Self::SyntheticNames => "synthetic-names",
            Self::StaysInToken(_) => "stays-in-token",
            Self::NotWrappable => "not-wrappable",
            Self::Shares(CombineError::TooFew { .. }) => "too-few-shares",
            Self::Shares(CombineError::Mixed(_)) => "shares-mixed",
            Self::Shares(CombineError::Repeated(_)) => "share-repeated",
            Self::Shares(CombineError::Wrong) => "shares-wrong",
            Self::Shares(_) => "share-damaged",
            Self::Backup(_) => "backup-failed",
            Self::MasterList(_) => "master-list-refused",
            Self::Log(_) => "audit-log",
        }
    }

    /// One sentence: what to do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Exists(_) => "choose another directory; a key store is never overwritten",
            Self::Missing(_) => "run `keys init --dir D` first, or name the right directory",
            Self::WrongPassphrase => "give the right file with --passphrase-file",
            Self::Damaged(_) => "restore the file from the backup of the key store",
            Self::Io { .. } => "check that the path exists, is writable and the disk is not full",
            Self::NoCsca => "run `keys csca --dir D`",
            Self::NoCscaOfPool(_) => "run `keys csca --pool no-expiry --dir D` (or --pool dated)",
            Self::NoSignerOfPool { .. } => "run `keys ds new --pool no-expiry --dir D` (or --pool dated)",
            Self::CountTurnedBack { .. } => {
                "find out who wrote into the store; `keys ds erase` ends this signer, then `keys ds new`"
            }
            Self::CrlSequence(ListSequence::Gap(_)) => {
                "restore the missing list from the backup of the key store"
            }
            Self::CrlSequence(_) => "check the clock",
            Self::CscaKeyExpired(_) => "run `keys csca --dir D` to make the next generation",
            Self::NoDocumentSigner(_) => "run `keys ds new --dir D`",
            Self::NoCrl => "run `keys crl issue --dir D`",
            Self::UnknownSerial(_) => "see `keys ds list --dir D` for the serial numbers",
            Self::Build(BuildError::Signing(failed))
            | Self::Log(AuditLogError::Signing(failed))
            | Self::Signing(failed) => failed.hint(),
            Self::Build(_) | Self::Key(_) => "check country, times and profile",
            Self::CvcaExists => "run `keys cvca link --dir D` to make the next generation",
            Self::NoCvca => "run `keys cvca init --dir D`; a CVCA past its last day cannot be continued",
            Self::NoDocumentVerifier(_) => "run `keys cvca dv --dir D`",
            Self::WhichVerifier(_) => "name one with --dv",
            Self::BeyondAuthority(_) => {
                "ask for less with --read, or have the authority above certified for more"
            }
            Self::Request(_) => "have the request made anew, and compare a first one with its sender",
            Self::UnknownHolder(_) => "see `keys cvca list --dir D` for the holders",
            Self::NotAHolder(_) => "give 1 to 9 letters or digits, such as HCM01",
            Self::Verifying(_) => "check country, times and profile",
            Self::Token(error) => error.hint(),
            Self::InToken(_) => "name the module that reaches it with --pkcs11, and its PIN with --pin-file",
            Self::NotInToken => "leave --pkcs11 out, or name the directory of a store in a token",
            Self::SoftwareInProduction => {
                "name a token with --pkcs11 and --token, or make a laboratory's store"
            }
            Self::SyntheticNames => "give them with --organization and --domain",
            Self::StaysInToken(_) => "have the station make its own key and certify its request",
            Self::NotWrappable => {
                "take the token's own backup and split its PIN, or make a store with `keys init --wrapped-backup`"
            }
            Self::Shares(CombineError::TooFew { .. }) => "bring more holders of shares together",
            Self::Shares(_) => {
                "have that holder type or scan the share again, or take another one of the set"
            }
            Self::Backup(_) => "try the other place where the backup is kept",
            Self::MasterList(_) => "get the list anew, or name the authority above its signer with --anchor",
            Self::Log(_) => "keep the directory as it is and have the log examined",
        }
    }
}

/// An opened key store.
#[derive(Debug)]
pub struct KeyStore {
    dir: PathBuf,
    settings: StoreSettings,
    custody: Custody,
    /// Who takes part in what is done.
    present: Vec<Participant>,
}

impl KeyStore {
    /// Makes a new store in software with its wrapping key, transport master and the keys of register, station and log.
    ///
    /// # Errors
    /// [`StoreError`]; an existing store is left as it is.
    pub fn init(
        dir: &Path,
        settings: StoreSettings,
        passphrase: &Passphrase,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, StoreError> {
        if settings.purpose == Purpose::Production {
            return Err(StoreError::SoftwareInProduction);
        }
        Self::prepare(dir, &settings)?;
        let (sealer, identity) = Sealer::create(passphrase)?;
        files::write(&dir.join("identity.age"), &identity, true)?;
        Self { dir: dir.to_owned(), settings, custody: Custody::Sealed(sealer), present: Vec::new() }
            .fill(rng)
    }

    /// Makes a new store whose private keys are all made in this token and stay there: the same keys, the same files but
    /// for the keys, and no passphrase.
    ///
    /// # Errors
    /// [`StoreError`]; an existing store is left as it is. For production, a token that is no device is refused.
    pub fn init_in_token(
        dir: &Path,
        mut settings: StoreSettings,
        token: Arc<Token>,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, StoreError> {
        if settings.purpose == Purpose::Production {
            token.demand_hardware()?;
        }
        if settings.wrapped_backup {
            token.demand_wrapping()?;
        }
        Self::prepare(dir, &settings)?;
        settings.token = Some(token.identity());
        Self { dir: dir.to_owned(), settings, custody: Custody::Token(token), present: Vec::new() }.fill(rng)
    }

    fn prepare(dir: &Path, settings: &StoreSettings) -> Result<(), StoreError> {
        if dir.join("store.json").exists() {
            return Err(StoreError::Exists(dir.to_owned()));
        }
        settings.certificate_options()?;
        ["secret", "csca", "ds", "crl"].iter().try_for_each(|folder| files::private_dir(&dir.join(folder)))
    }

    fn fill(self, rng: &mut dyn CryptoRng) -> Result<Self, StoreError> {
        let master = self.make_master(rng)?;
        let subjects = self.make_secret("log-subjects", rng)?;
        let mut made = Vec::new();
        let spec =
            KeySpec { curve: NamedCurve::P256, hash: HashAlgorithm::Sha256, encoding: CurveEncoding::Named };
        for name in ["register", "station", "log"] {
            let full = format!("secret/{name}");
            let key = self.new_key(&full, spec, rng)?;
            self.keep_key(&full, &key)?;
            files::write(&self.dir.join(format!("{name}.pub")), key.public_key().spki(), false)?;
            made.push(key);
        }
        // Written last: a store is one only when it is whole.
        let json = serde_json::to_vec_pretty(&self.settings).unwrap_or_default();
        files::write(&self.dir.join("store.json"), &json, false)?;
        master.finish();
        subjects.finish();
        made.into_iter().for_each(|key| drop(key.finish()));
        self.log(Event::new(self.settings.created, "store-made").note(self.settings.profile.name()))?;
        Ok(self)
    }

    /// Opens a store in software.
    ///
    /// # Errors
    /// Missing, another passphrase, or damaged; [`StoreError::InToken`].
    pub fn open(dir: &Path, passphrase: &Passphrase) -> Result<Self, StoreError> {
        let settings = read_settings(dir)?;
        if let Some(token) = &settings.token {
            return Err(StoreError::InToken(token.label.clone()));
        }
        if settings.purpose == Purpose::Production {
            return Err(StoreError::SoftwareInProduction);
        }
        let sealer = Sealer::open(&files::read(&dir.join("identity.age"))?, passphrase)?;
        Ok(Self { dir: dir.to_owned(), settings, custody: Custody::Sealed(sealer), present: Vec::new() })
    }

    /// Opens a store whose keys are in this token.
    ///
    /// # Errors
    /// Missing, damaged, or of another token; for production, a token that is no device.
    pub fn open_in_token(dir: &Path, token: Arc<Token>) -> Result<Self, StoreError> {
        let settings = read_settings(dir)?;
        let expected = settings.token.as_ref().ok_or(StoreError::NotInToken)?;
        let found = token.identity();
        if *expected != found {
            let TokenIdentity { label, serial } = expected.clone();
            return Err(TokenError::OtherToken { label, expected: serial, found: found.serial }.into());
        }
        if settings.purpose == Purpose::Production {
            token.demand_hardware()?;
        }
        Ok(Self { dir: dir.to_owned(), settings, custody: Custody::Token(token), present: Vec::new() })
    }

    /// Where it lies.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its settings.
    #[must_use]
    pub const fn settings(&self) -> &StoreSettings {
        &self.settings
    }

    /// Its algorithms.
    #[must_use]
    pub const fn profile(&self) -> AlgorithmProfile {
        self.settings.profile
    }

    /// Its country.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.settings.country
    }

    /// What it is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.settings.purpose
    }

    /// The key with which the register signs its answers (P-256).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn register_key(&self) -> Result<StoreKey, StoreError> {
        self.open_key("secret/register")
    }

    /// The key with which the reading station signs evidence (P-256).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn station_key(&self) -> Result<StoreKey, StoreError> {
        self.open_key("secret/station")
    }

    /// The key with which heads of logs are signed (P-256).
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log_key(&self) -> Result<StoreKey, StoreError> {
        self.open_key("secret/log")
    }

    /// The key of the keyed digests in logs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn subject_key(&self) -> Result<SubjectKey, StoreError> {
        self.open_secret("log-subjects").map(|key| SubjectKey::from_bytes(*key))
    }

    /// Path of the log of ceremonies.
    #[must_use]
    pub fn audit_log_path(&self) -> PathBuf {
        self.dir.join("audit.log")
    }

    /// Writes what verifiers need into a trust directory: CSCAs, the link certificates between them, the CRL, the public keys of register and station.
    /// Gives the names of the files.
    ///
    /// # Errors
    /// No CSCA, no CRL, or a file that cannot be written.
    pub fn export(&self, out: &Path) -> Result<Vec<String>, StoreError> {
        use crate::trust::directory::{describe_anchor, describe_crl, describe_link};
        let mut planned = Vec::new();
        let authorities = self.csca_certificates()?;
        if authorities.is_empty() {
            return Err(StoreError::NoCsca);
        }
        for certificate in &authorities {
            planned.push((describe_anchor(certificate).0, certificate.der().to_vec()));
        }
        for link in self.csca_links()? {
            planned.push((describe_link(&link).0, link.der().to_vec()));
        }
        let crl = self.crl()?;
        planned.push((describe_crl(&crl).0, crl.der().to_vec()));
        for name in ["register", "station"] {
            let spki = files::read(&self.dir.join(format!("{name}.pub")))?;
            let key = crate::public_key::PublicKey::from_spki(&spki)
                .map_err(|_| StoreError::Damaged(format!("{name}.pub")))?;
            planned.push((format!("{name}/{}.pub", key.fingerprint()), spki));
        }
        for (name, bytes) in &planned {
            let path = out.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(|source| io_error(parent, source))?;
            }
            files::write(&path, bytes, false)?;
        }
        Ok(planned.into_iter().map(|(name, _)| name).collect())
    }

    /// Writes an event into the log of ceremonies.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn log(&self, event: Event<'_>) -> Result<(), StoreError> {
        let key = self.log_key()?;
        let mut log = AuditLog::open(&self.audit_log_path(), self.subject_key()?, key.public_key())?;
        log.append(&event, &key)?;
        Ok(())
    }

    /// One ceremony at a time: numbers of new files are taken under this lock.
    fn lock(&self) -> Result<fs::File, StoreError> {
        files::lock(&self.dir.join(".lock"))
    }

    /// Every CSCA certificate of this store, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn csca_certificates(&self) -> Result<Vec<Certificate>, StoreError> {
        self.certificates("csca").map(|list| list.into_iter().map(|(_, certificate)| certificate).collect())
    }

    /// The newest CSCA certificate.
    ///
    /// # Errors
    /// [`StoreError::NoCsca`], or a damaged file.
    pub fn csca(&self) -> Result<Certificate, StoreError> {
        self.csca_certificates()?.pop().ok_or(StoreError::NoCsca)
    }

    /// The newest CRL.
    ///
    /// # Errors
    /// [`StoreError::NoCrl`], or a damaged file.
    pub fn crl(&self) -> Result<CertificateRevocationList, StoreError> {
        let newest = files::list(&self.dir.join("crl"), "crl")?.pop().ok_or(StoreError::NoCrl)?;
        let damaged = || StoreError::Damaged(newest.display().to_string());
        let list = CertificateRevocationList::parse(&files::read(&newest)?).map_err(|_| damaged())?;
        // Verified at every reading: a list that was swapped on disk is not passed on.
        let signed = self.csca_certificates()?.iter().any(|c| list.verify_signature(c.public_key()).is_ok());
        if signed { Ok(list) } else { Err(damaged()) }
    }

    /// Certificates of a folder with their stems, in order of their numbers.
    fn certificates(&self, folder: &str) -> Result<Vec<(String, Certificate)>, StoreError> {
        files::list(&self.dir.join(folder), "cer")?
            .into_iter()
            .map(|path| {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let certificate = Certificate::parse(&files::read(&path)?)
                    .map_err(|_| StoreError::Damaged(format!("{folder}/{stem}.cer")))?;
                Ok((format!("{folder}/{stem}"), certificate))
            })
            .collect()
    }
}

/// The settings of a store, readable without its passphrase.
///
/// # Errors
/// Missing or damaged.
pub fn read_settings(dir: &Path) -> Result<StoreSettings, StoreError> {
    let path = dir.join("store.json");
    if !path.exists() {
        return Err(StoreError::Missing(dir.to_owned()));
    }
    serde_json::from_slice(&files::read(&path)?).map_err(|_| StoreError::Damaged("store.json".to_owned()))
}

fn io_error(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}
