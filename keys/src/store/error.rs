//! What does not succeed with a store: what happened, and what to do.

use super::revocation::LostCrl;
use crate::audit_log::AuditLogError;
use crate::certificate::BuildError;
use crate::life::{ListSequence, Pool, Signatures};
use crate::shamir::CombineError;
use crate::signer::{SigningFailed, SoftwareKeyError};
use crate::token::TokenError;
use jiff::Timestamp;
use std::io;
use std::path::PathBuf;

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
    /// A ceremony would lie before one that was held.
    #[error("the time given, {at}, lies before the newest entry of the signed log, {newest}")]
    ClockBehind {
        /// The time given.
        at: Timestamp,
        /// Of the newest entry.
        newest: Timestamp,
    },
    /// The clock is to be corrected, and is not behind.
    #[error("the signed log has no entry after {0}: there is nothing to correct")]
    ClockNotBehind(Timestamp),
    /// No reason, or none that can be logged.
    #[error("the reason is missing, or is too long, or is not one line")]
    NoReason,
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
    /// A count of signatures is missing or cannot be read.
    #[error("the count {0} is missing or damaged, and its Document Signer does not sign")]
    CountDamaged(String),
    /// The newest CRL is gone.
    #[error("{0}")]
    CrlLost(LostCrl),
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
    /// Shares or places of a backup that cannot be asked for.
    #[error("no backup can be made so: {0}")]
    BackupPlan(String),
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
            Self::CountDamaged(_) => "count-damaged",
            Self::CrlLost(_) => "crl-lost",
            Self::CrlSequence(ListSequence::Gap(_)) => "crl-gap",
            Self::CrlSequence(_) => "crl-backwards",
            Self::CscaKeyExpired(_) => "csca-key-expired",
            Self::ClockBehind { .. } => "clock-behind",
            Self::ClockNotBehind(_) => "clock-not-behind",
            Self::NoReason => "no-reason",
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
            Self::BackupPlan(_) => "backup-plan",
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
            Self::CountDamaged(_) => "`keys ds erase` ends that signer, `keys ds new` makes another",
            Self::CrlLost(_) => {
                "put the file back, from a backup or from a trust folder that the list was exported to"
            }
            Self::CrlSequence(ListSequence::Gap(_)) => {
                "restore the missing list from the backup of the key store"
            }
            Self::CrlSequence(_) => "check the clock",
            Self::CscaKeyExpired(_) => "run `keys csca --dir D` to make the next generation",
            Self::ClockBehind { .. } => {
                "set this machine's clock; if it is right and was ahead before, `keys log correct-clock` records that"
            }
            Self::ClockNotBehind(_) => "leave the log as it is",
            Self::NoReason => "give one line of at most 200 characters with --reason",
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
            Self::BackupPlan(_) => {
                "give two different --out, 2 to 16 --shares and a --threshold of 2 up to their number"
            }
            Self::MasterList(_) => "get the list anew, or name the authority above its signer with --anchor",
            Self::Log(_) => "keep the directory as it is and have the log examined",
        }
    }
}
