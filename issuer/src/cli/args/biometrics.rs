//! Prints and irises on the command line.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{LedgerArguments, OfficerArguments, parse_reason};

#[derive(Debug, Subcommand)]
pub(crate) enum CaptureCommand {
    /// Look at prints before they are taken: a score and an advice for each; ends with 1 when one must be taken again
    Look(LookArguments),
    /// Take away the sealed prints and irises of closed applications; the ledger notes it
    Purge(PurgeArguments),
}

#[derive(Debug, Args)]
pub(crate) struct LookArguments {
    /// The folder that a device left: right-index.png, left-index.png …, right-iris.jpg, and missing.json for fingers that cannot be taken.
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct PurgeArguments {
    /// The folder of sealed captures.
    #[arg(long, value_name = "DIR", env = "CCCD_CAPTURES")]
    pub(crate) captures: PathBuf,

    /// Only those whose time is over: 7 days after the card was handed over, 90 after it was issued.
    #[arg(long)]
    pub(crate) due: bool,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,
}

/// Prints and irises that are taken with an application.
#[derive(Debug, Args)]
pub(crate) struct TakenArguments {
    /// Take prints and irises from this folder: right-index.png …, right-iris.jpg, missing.json (`issuer capture look`).
    #[arg(long, value_name = "FOLDER", requires = "captures", requires = "capture_recipient")]
    pub(crate) prints: Option<PathBuf>,

    /// The folder of sealed captures.
    #[arg(long, value_name = "DIR", env = "CCCD_CAPTURES")]
    pub(crate) captures: Option<PathBuf>,

    /// To whom captures are encrypted: age1…, as `age-keygen` says it.
    #[arg(long, value_name = "KEY", env = "CCCD_CAPTURE_RECIPIENT")]
    pub(crate) capture_recipient: Option<String>,

    /// Take prints that should be taken again, for this reason: the ledger keeps it.
    #[arg(long, value_name = "REASON", value_parser = parse_reason)]
    pub(crate) accept_prints: Option<String>,
}

/// Prints and irises at the desk.
#[derive(Debug, Args)]
pub(crate) struct DeskCaptureArguments {
    /// The folder of sealed captures: with it the desk takes prints and irises, and asks for them.
    #[arg(long, value_name = "DIR", env = "CCCD_CAPTURES")]
    pub(crate) captures: Option<PathBuf>,

    /// To whom captures are encrypted: age1…, as `age-keygen` says it [default: the one of --capture-identity]
    #[arg(long, value_name = "KEY", env = "CCCD_CAPTURE_RECIPIENT")]
    pub(crate) capture_recipient: Option<String>,

    /// What opens them (mode 0600), where cards are made at this desk: a file of `age-keygen`.
    #[arg(long, value_name = "FILE", env = "CCCD_CAPTURE_IDENTITY")]
    pub(crate) capture_identity: Option<PathBuf>,

    /// Officers' devices leave prints and irises here, each in the folder that has its officer's account name: right-index.png …, as
    /// `issuer capture look` reads them. What was taken is removed from it.
    #[arg(long, value_name = "DIR", requires = "captures")]
    pub(crate) prints_from: Option<PathBuf>,
}

/// Sealed prints and irises that go into a card.
#[derive(Debug, Args)]
pub(crate) struct OpenedArguments {
    /// The folder of sealed captures.
    #[arg(long, value_name = "DIR", env = "CCCD_CAPTURES")]
    pub(crate) captures: Option<PathBuf>,

    /// What opens them (mode 0600): a file of `age-keygen`.
    #[arg(long, value_name = "FILE", env = "CCCD_CAPTURE_IDENTITY")]
    pub(crate) capture_identity: Option<PathBuf>,
}
