//! Arguments of `keys cvca`.

use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

pub(super) const CVCA_HELP: &str = "\
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
