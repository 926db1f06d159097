//! Many applications, many readers, several hosts.

use std::path::PathBuf;

use cccd_issuer::card_face::Resolution;
use clap::{Args, Subcommand};

use super::{
    KeyArguments, LedgerArguments, OfficerArguments, OpenedArguments, RegisterArguments, parse_reason,
};

#[derive(Debug, Args)]
pub(crate) struct BatchArguments {
    /// A folder of applications (*.json), or a file with one application a line.
    #[arg(value_name = "FILE|DIR")]
    pub(crate) applications: PathBuf,

    #[command(flatten)]
    pub(crate) keys: KeyArguments,

    #[command(flatten)]
    pub(crate) register: RegisterArguments,

    /// A reader (a part of its name is enough), or `virtual` for new chips in software; once for each, sixteen at most.
    #[arg(long = "reader", value_name = "NAME|virtual", required = true)]
    pub(crate) readers: Vec<String>,

    /// Where results.jsonl and a folder for each application go.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,

    #[command(flatten)]
    pub(crate) biometrics: OpenedArguments,

    /// The name of this host among those of one ledger.
    #[arg(long, value_name = "NAME", default_value = "host", value_parser = parse_reason)]
    pub(crate) host: String,

    /// A name of the batch: the same again goes on where it ended.
    #[arg(long, value_name = "NAME", default_value = "batch", value_parser = parse_reason)]
    pub(crate) name: String,

    /// How long another host leaves an application to this one that says nothing more, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) lease: u32,

    /// Failures in a row that stop one reader.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) reader_failures: u32,

    /// Failures in a row that stop the queue.
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) failures: u32,

    /// How long to wait for a blank, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) timeout: u64,

    /// Resolution of the cards' faces.
    #[arg(long, value_enum, default_value_t = Resolution::Dpi300)]
    pub(crate) dpi: Resolution,

    /// Draw no faces: they are printed elsewhere.
    #[arg(long)]
    pub(crate) without_faces: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum QueueCommand {
    /// What waits, what is in whose hands, and what stands still
    List(QueueArguments),
    /// The same again and again, until Ctrl-C
    Watch(QueueWatchArguments),
    /// Hosts begin no new card until it is resumed
    Pause(QueueStopArguments),
    /// Hosts finish what they have in hand, and end
    Drain(QueueStopArguments),
    /// The queue, or a reader, goes on
    Resume(QueueResumeArguments),
}

#[derive(Debug, Args)]
pub(crate) struct QueueArguments {
    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub(crate) struct QueueWatchArguments {
    #[command(flatten)]
    pub(crate) queue: QueueArguments,

    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) every: u32,
}

#[derive(Debug, Args)]
pub(crate) struct QueueStopArguments {
    #[command(flatten)]
    pub(crate) queue: QueueArguments,

    /// One reader only, as `issuer queue list` names it.
    #[arg(long, value_name = "HOST/READER", value_parser = parse_reason)]
    pub(crate) reader: Option<String>,

    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct QueueResumeArguments {
    #[command(flatten)]
    pub(crate) queue: QueueArguments,

    /// One reader only, as `issuer queue list` names it.
    #[arg(long, value_name = "HOST/READER", value_parser = parse_reason)]
    pub(crate) reader: Option<String>,
}
