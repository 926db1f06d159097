//! Arguments.

mod backup;
mod cvca;
mod signers;

pub(crate) use backup::BackupCommand;
use cvca::CVCA_HELP;
pub(crate) use cvca::{Biometric, Cvca, RequestArguments, RequestKind};
pub(crate) use signers::{AuthorityArguments, Ds};

use cccd_keys::ceremony::Participant;
use cccd_keys::curve::CurveEncoding;
use cccd_keys::pkcs11::TokenArguments;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::store::Purpose;
use clap::{Parser, Subcommand, ValueEnum};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::path::PathBuf;

/// The PKI that signs identity cards: country signing authority (CSCA), Document Signers, revocation lists.
///
/// The keys lie in a directory, encrypted under a passphrase: a SOFTWARE store, for laboratory and demonstration. With
/// --pkcs11 they are in a token, and the directory holds certificates only. Every ceremony is written into a hash-chained, signed log in the same directory.
#[derive(Debug, Parser)]
#[command(name = "keys", version, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The key store's directory.
    #[arg(long, value_name = "D", global = true, default_value = "keys.d")]
    pub(crate) dir: PathBuf,

    /// File whose first line is the passphrase; else the file named by `CCCD_KEYS_PASSPHRASE_FILE`, else `D/passphrase`.
    #[arg(long, value_name = "F", global = true)]
    pub(crate) passphrase_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) token: TokenArguments,

    /// Act as if it were this time: RFC 3339, or a date (midnight UTC).
    #[arg(long, value_name = "TIME", global = true, value_parser = parse_time)]
    pub(crate) at: Option<Timestamp>,

    /// Machine-readable output.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Language of the messages.
    #[arg(long, value_enum, default_value = "vi", global = true)]
    pub(crate) lang: Language,

    /// Somebody who takes part, for the record: "name" or "name, role"; may be repeated.
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) present: Vec<Participant>,

    /// Do not ask before what cannot be undone.
    #[arg(long, global = true)]
    pub(crate) yes: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What the keys are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PurposeName {
    /// Tests, demonstrations, training
    Laboratory,
    /// Cards of citizens: keys in hardware only
    Production,
}

impl From<PurposeName> for Purpose {
    fn from(name: PurposeName) -> Self {
        match name {
            PurposeName::Laboratory => Self::Laboratory,
            PurposeName::Production => Self::Production,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  A whole PKI for a demonstration, and what verifiers need of it:
    keys init --dir pki --profile cccd
    keys csca --dir pki
    keys ds new --dir pki
    keys crl issue --dir pki
    keys export --dir pki --out trust

  Revoke a Document Signer (every card it signed will be refused):
    keys ds list --dir pki
    keys crl issue --dir pki --revoke 01ab… --reason key-compromise --yes

  A foreign laboratory PKI is just another directory:
    keys init --dir foreign --country UT

  Fingerprints lie behind Terminal Authentication. A CVCA (chips made from now on believe it), a document verifier, and
  a reading station that may read them for a month:
    keys cvca init --dir pki
    keys cvca dv --dir pki --holder DVHCM
    keys cvca terminal --dir pki --holder ISHCM01 --read fingerprints
    keys cvca export --dir pki --terminal ISHCM01 --out station

  The same with every private key made in a token, which it never leaves (PIN in a file, never on the command line):
    keys init --dir pki --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token house --pin-file pin
    keys csca --dir pki --pkcs11 /usr/lib/softhsm/libsofthsm2.so --pin-file pin

  Check the log of ceremonies:
    keys log verify --dir pki

Exit codes: 0 done, 1 refused, 2 usage, 3 could not (file, passphrase).";

/// Languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// Vietnamese
    Vi,
    /// English
    En,
}

/// How curves are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Curves {
    /// All parameters, as Doc 9303-12 wants it
    Explicit,
    /// Object identifier, for software that refuses explicit parameters
    Named,
}

impl From<Curves> for CurveEncoding {
    fn from(curves: Curves) -> Self {
        match curves {
            Curves::Explicit => Self::Explicit,
            Curves::Named => Self::Named,
        }
    }
}

/// Why a certificate is revoked (RFC 5280 §5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reason {
    /// The private key may be in other hands
    KeyCompromise,
    /// The CSCA's private key may be in other hands
    CaCompromise,
    /// Replaced, without suspicion
    Superseded,
    /// The signer has ceased to work
    CessationOfOperation,
}

impl Reason {
    /// `CRLReason`.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new key store, with the transport master and the keys of register, station and log.
    Init {
        /// Algorithms: cccd (brainpoolP384r1, as real cards) or p256.
        #[arg(long, default_value = "cccd")]
        profile: AlgorithmProfile,
        /// Country code, two capitals.
        #[arg(long, default_value = "VN")]
        country: String,
        /// How curves are written into certificates; the profile's own way by default.
        #[arg(long, value_enum)]
        curves: Option<Curves>,
        /// What the keys are for; said once. Production takes a token that is a device, and nothing of a laboratory.
        #[arg(long, value_enum, default_value = "laboratory")]
        purpose: PurposeName,
        /// In a token: make the keys so that `keys backup create` can take them out wrapped. Without, they never leave it,
        /// and there is no such backup.
        #[arg(long, requires = "pkcs11")]
        wrapped_backup: bool,
        /// organizationName of the authority; a synthetic one by default.
        #[arg(long, value_name = "NAME", requires = "domain")]
        organization: Option<String>,
        /// The authority's domain, where the CRL is published.
        #[arg(long, value_name = "DOMAIN", requires = "organization")]
        domain: Option<String>,
    },
    /// Make the CSCA, or its next key with a link certificate by the key before.
    Csca(AuthorityArguments),
    /// Document Signers.
    #[command(subcommand)]
    Ds(Ds),
    /// Revocation lists.
    #[command(subcommand)]
    Crl(CrlCommand),
    /// The store's backup at several places, its key in shares of which some suffice (M of N).
    #[command(subcommand)]
    Backup(BackupCommand),
    /// The token of a store: which, and keys in it that were made and never taken into use.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Records of ceremonies: check them, print them.
    #[command(subcommand)]
    Ceremony(CeremonyCommand),
    /// Master lists: the authorities that this state has found, under its own signature.
    #[command(subcommand)]
    MasterList(MasterListCommand),
    /// Country verifying authority: who may read fingerprints and irises (Terminal Authentication).
    #[command(subcommand, after_long_help = CVCA_HELP)]
    Cvca(Cvca),
    /// Write a trust directory: CSCA, CRL, public keys of register and station.
    Export {
        /// The trust directory.
        #[arg(long, value_name = "TRUSTDIR")]
        out: PathBuf,
    },
    /// Show what is in the store.
    Show,
    /// The log of ceremonies.
    #[command(subcommand)]
    Log(LogCommand),
}

#[derive(Debug, Subcommand)]
pub(crate) enum CrlCommand {
    /// Issue the next list; what was revoked stays revoked.
    Issue {
        /// Days until the next list is due, at most 90.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=90))]
        days: u16,
        /// Serial number to revoke, of a Document Signer, Master List Signer, link or CSCA certificate; may be repeated.
        #[arg(long, value_name = "SERIAL", num_args = 1..)]
        revoke: Vec<String>,
        /// Why.
        #[arg(long, value_enum, requires = "revoke")]
        reason: Option<Reason>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Which token holds the keys, and what a command that was interrupted left there. Needs no PIN.
    Show,
    /// Destroy what interrupted commands left in the token. Names each key, and asks before.
    Clear,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CeremonyCommand {
    /// Check every record against the signed log and make its result again. Needs no passphrase.
    Verify,
    /// Print a record as a protocol to be signed; without a number, list all.
    Show {
        /// Its number.
        number: Option<u64>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum MasterListCommand {
    /// Sign a list of our own CSCA certificates, their links, and all that were imported.
    Export {
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take in the authorities of another state's list. Its signature and its signer's path are checked.
    Import {
        /// The list (.ml).
        file: PathBuf,
        /// The CSCA certificate above the list's signer, compared by hand; may be repeated.
        #[arg(long, value_name = "CER")]
        anchor: Vec<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Check the chain and its signed head, and print the records.
    Verify,
    /// Record that the clock was ahead once and the log with it, so that work goes on at the right time.
    CorrectClock {
        /// Why the log is ahead: one line, for the log.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    text.parse::<Timestamp>().or_else(|_| {
        let date: Date =
            text.parse().map_err(|_| "give a time such as 2026-11-21T08:00:00Z or a date".to_owned())?;
        date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|error| error.to_string())
    })
}
