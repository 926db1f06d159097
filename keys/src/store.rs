//! The key store and its ceremonies: Doc 9303-12 §4.1.
//!
//! ```text
//! D/store.json            profile, country                    D/csca/001.cer, 001.key.age
//! D/identity.age          wrapping key, under the passphrase  D/ds/00001.cer, 00001.key.age
//! D/passphrase            0600, only for demonstrations       D/crl/000001.crl
//! D/ds/00001.count.json   signatures made and allowed         D/link/002.cer, from one CSCA key to the next
//! D/master-list, D/master-list-signer, D/foreign              lists of our own, and other states' authorities
//! D/ceremony/000001.json    who did what, from what, with what result; checked by `keys ceremony verify`
//! D/backup, D/unfinished    what backups hold; keys that are in a token and not yet in use
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
mod error;
mod files;
mod history;
mod master_lists;
mod passphrase;
mod revocation;
mod sealed;
mod settings;
mod signers;
mod unfinished;
mod verifying;

pub use authority::{AuthorityRequest, NewAuthority, Rename};
pub use backup::{NewBackup, Restoration};
pub use ceremonies::{CheckedCeremony, list_ceremonies, read_ceremony, verify_ceremonies};
pub use custody::{StoreKey, StoreMaster};
pub use error::StoreError;
pub use history::ClockCorrection;
pub use master_lists::{MasterListImport, NewMasterList};
pub use passphrase::{PASSPHRASE_ENV, Passphrase, PassphraseError};
pub use revocation::LostCrl;
pub use settings::{Purpose, StoreSettings, read_settings};
pub use signers::{DocumentSigner, DocumentSignerStatus, DocumentSigners, ErasedSigner, PassedOver};
pub use unfinished::UnfinishedKey;
pub use verifying::{
    MAX_CVCA_DAYS, MAX_TERMINAL_DAYS, MAX_VERIFIER_DAYS, NewRequest, RequestAnswer, TERMINAL_KEY_FILE,
    VerifyingKind, VerifyingRequest, certificate_date, is_renewal,
};

use crate::algorithm::HashAlgorithm;
use crate::audit_log::{AuditLog, Event, SubjectKey};
use crate::ceremony::Participant;
pub use crate::certificate::AuthorityNames;
use crate::certificate::Certificate;
use crate::curve::{CurveEncoding, NamedCurve};
use crate::profile::AlgorithmProfile;
use crate::signer::Signer as _;
use crate::token::{Token, TokenError, TokenIdentity};
use custody::{Custody, KeySpec};
use rand_core::CryptoRng;
use sealed::Sealer;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// No CSCA, no CRL, a newest CRL that is lost, or a file that cannot be written.
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

fn io_error(path: &Path, source: io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), source }
}
