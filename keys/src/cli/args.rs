//! Arguments.

use cccd_keys::ceremony::Participant;
use cccd_keys::curve::CurveEncoding;
use cccd_keys::life::{Pool, SIGNATURE_LIMIT};
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

/// What kind of CSCA key.
#[derive(Debug, clap::Args)]
pub(crate) struct AuthorityArguments {
    /// For cards with a date of expiry (27 years 3 months), or without (75 years).
    #[arg(long, default_value = "dated", value_name = "dated|no-expiry")]
    pub(crate) pool: Pool,
    /// Change the authority's name with the key; it stays otherwise.
    #[arg(long)]
    pub(crate) new_name: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Ds {
    /// Make a Document Signer; others stay in use, and all sign in turn.
    New {
        /// For cards with a date of expiry, or without.
        #[arg(long, default_value = "dated", value_name = "dated|no-expiry")]
        pool: Pool,
        /// Signatures at most.
        #[arg(long, value_name = "N", default_value_t = SIGNATURE_LIMIT,
              value_parser = clap::value_parser!(u64).range(1..=SIGNATURE_LIMIT))]
        limit: u64,
    },
    /// Make a Document Signer and erase the private keys of all older ones of its pool.
    Rotate {
        /// For cards with a date of expiry, or without.
        #[arg(long, default_value = "dated", value_name = "dated|no-expiry")]
        pool: Pool,
    },
    /// Erase the private keys that are past their use, used up or revoked.
    Erase,
    /// List them.
    List,
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
pub(crate) enum BackupCommand {
    /// Back the store up, under a new key that exists only in shares. Keys of Document Signers and terminals are left out.
    /// A store in a token must have been made with --wrapped-backup.
    Create {
        /// Shares, one for each holder.
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=16))]
        shares: u8,
        /// How many of them open the backup.
        #[arg(long, value_name = "M", default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=16))]
        threshold: u8,
        /// Where the backup is kept: two different places at least.
        #[arg(long, value_name = "DIR", required = true)]
        out: Vec<PathBuf>,
        /// Where the shares are written, a file each, to be printed and deleted.
        #[arg(long, value_name = "DIR")]
        shares_out: PathBuf,
    },
    /// Make the store in --dir out of a backup and enough shares; that of a token into the token of --pkcs11 and --token.
    Restore {
        /// One of the places.
        #[arg(long, value_name = "DIR")]
        from: PathBuf,
        /// A share's file; repeated.
        #[arg(long, value_name = "FILE", required = true)]
        share: Vec<PathBuf>,
    },
    /// Split a token's PIN into shares.
    SplitPin {
        /// File whose first line is the PIN.
        #[arg(long, value_name = "F")]
        pin_file: PathBuf,
        /// Shares, one for each holder.
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=16))]
        shares: u8,
        /// How many of them give the PIN back.
        #[arg(long, value_name = "M", default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=16))]
        threshold: u8,
        /// Where the shares are written.
        #[arg(long, value_name = "DIR")]
        shares_out: PathBuf,
    },
    /// Join shares of a PIN and write it into a new file that only its owner reads.
    JoinPin {
        /// A share's file; repeated.
        #[arg(long, value_name = "FILE", required = true)]
        share: Vec<PathBuf>,
        /// The file.
        #[arg(long, value_name = "F")]
        out: PathBuf,
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

const CVCA_HELP: &str = "\
Chips open DG3 (fingerprints) and DG4 (irises) only to a terminal that shows a chain of card-verifiable certificates
up to a CVCA key they know, and signs a challenge. Each certificate allows at most what the one above allows.

  cvca init      the first CVCA key; the issuer puts it into every chip made from now on
  cvca link      the next CVCA key, and the link certificate that takes old chips along: before the old one ends
  cvca dv        a document verifier: an office that runs terminals
  cvca terminal  an inspection system, for at most 31 days: a stolen one reads until then
  cvca request   a key made where it stays, and the request for its certificate; a renewal is signed by the key before
  cvca dv|terminal --request FILE --out CERT    the authority's answer;  cvca install CERT    takes it in
  cvca export    what a reading station needs: certificates and its private key, the key IN CLEAR

Chips have no clock: their date moves forward with the certificates they see. Short validities are the only revocation.";

/// A kind of data behind Terminal Authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Biometric {
    /// DG3
    Fingerprints,
    /// DG4
    Irises,
}

/// For whom a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RequestKind {
    /// An office that runs terminals
    Dv,
    /// A reading station
    Terminal,
}

/// A key that was made elsewhere.
#[derive(Debug, clap::Args)]
pub(crate) struct RequestArguments {
    /// Certify the key of this request; a first one is compared with its sender and confirmed.
    #[arg(long, value_name = "FILE", conflicts_with = "holder", requires = "out")]
    pub(crate) request: Option<PathBuf>,
    /// Where the certificate for the request is written.
    #[arg(long, value_name = "FILE", requires = "request")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Cvca {
    /// Make the first CVCA key with its self-signed certificate.
    Init {
        /// Name between country code and number: 1 to 9 letters or digits.
        #[arg(long, default_value = "CVCA")]
        holder: String,
        /// Days of validity.
        #[arg(long, default_value_t = cccd_keys::store::MAX_CVCA_DAYS,
              value_parser = clap::value_parser!(u16).range(1..=i64::from(cccd_keys::store::MAX_CVCA_DAYS)))]
        days: u16,
    },
    /// Make the next CVCA key, and the link certificate by the one before.
    Link {
        /// Days of validity.
        #[arg(long, default_value_t = cccd_keys::store::MAX_CVCA_DAYS,
              value_parser = clap::value_parser!(u16).range(1..=i64::from(cccd_keys::store::MAX_CVCA_DAYS)))]
        days: u16,
    },
    /// Make a document verifier with its key, or certify the key of a request.
    Dv {
        /// Name between country code and number: 1 to 9 letters or digits.
        #[arg(long, required_unless_present = "request")]
        holder: Option<String>,
        #[command(flatten)]
        request: RequestArguments,
        /// Of another state or a private body: chips do not take the date from its terminals.
        #[arg(long)]
        foreign: bool,
        /// What its terminals may read at most.
        #[arg(long, value_enum, value_delimiter = ',', num_args = 1.., default_values_t = [Biometric::Fingerprints, Biometric::Irises])]
        read: Vec<Biometric>,
        /// Days of validity.
        #[arg(long, default_value_t = cccd_keys::store::MAX_VERIFIER_DAYS,
              value_parser = clap::value_parser!(u16).range(1..=i64::from(cccd_keys::store::MAX_VERIFIER_DAYS)))]
        days: u16,
    },
    /// Make an inspection system (a reading station) with its key, or certify the key of a request.
    Terminal {
        /// Name between country code and number: 1 to 9 letters or digits.
        #[arg(long, required_unless_present = "request")]
        holder: Option<String>,
        #[command(flatten)]
        request: RequestArguments,
        /// Under this document verifier; may be left out while there is only one.
        #[arg(long, value_name = "HOLDER")]
        dv: Option<String>,
        /// What it may read.
        #[arg(long, value_enum, value_delimiter = ',', num_args = 1.., default_values_t = [Biometric::Fingerprints])]
        read: Vec<Biometric>,
        /// Days of validity.
        #[arg(long, default_value_t = cccd_keys::store::MAX_TERMINAL_DAYS,
              value_parser = clap::value_parser!(u16).range(1..=i64::from(cccd_keys::store::MAX_TERMINAL_DAYS)))]
        days: u16,
    },
    /// Make a key here and write the request for its certificate; the key before signs a renewal.
    Request {
        /// A document verifier, or a terminal.
        #[arg(long, value_enum, default_value = "terminal")]
        kind: RequestKind,
        /// Name between country code and number: 1 to 9 letters or digits.
        #[arg(long)]
        holder: String,
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Take in the certificate that answers a request of this store.
    Install {
        /// The certificate.
        file: PathBuf,
    },
    /// List CVCA keys, document verifiers and terminals.
    List,
    /// Write what a reading station needs: certificates, and its private key in clear.
    Export {
        /// Which terminal: its name, or its whole reference.
        #[arg(long, value_name = "HOLDER")]
        terminal: String,
        /// The folder.
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Check the chain and its signed head, and print the records.
    Verify,
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    text.parse::<Timestamp>().or_else(|_| {
        let date: Date =
            text.parse().map_err(|_| "give a time such as 2026-11-21T08:00:00Z or a date".to_owned())?;
        date.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|error| error.to_string())
    })
}
