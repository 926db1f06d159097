//! What the keeper of the blanks does.

use std::path::PathBuf;

use cccd_issuer::stock::{BlankState, Cause};
use cccd_keys::transport_keys::ChipSerial;
use clap::{Args, Subcommand};

use super::{KeyArguments, LedgerArguments, OfficerArguments, parse_reason};

#[derive(Debug, Subcommand)]
pub(crate) enum StockCommand {
    /// A delivery note of the maker: its blanks are expected until they are counted
    Receive(ReceiveStockArguments),
    /// What was found: of a delivery note, or of another station's list (the signed receipt goes back)
    Accept(AcceptArguments),
    /// Blanks go to another station, with a signed list
    Send(SendArguments),
    /// The other station's receipt: what it took is handed over
    Acknowledge(AcknowledgeArguments),
    /// What a receipt claims against the books here: you looked, and the books are right (it lies here, or where they say)
    Settle(SettleArguments),
    /// A signed list or receipt once more, as it lies in the ledger
    Paper(PaperArguments),
    /// Sent blanks that never left, or came back unopened
    TakeBack(SomeBlanks),
    /// Give blanks up, with a cause and a note or a photo
    Spoil(ExplainArguments),
    /// Blanks that are missed
    Lose(ExplainArguments),
    /// Lost blanks that turned up: they are kept to be destroyed
    Find(ExplainArguments),
    /// Spoiled blanks that were destroyed
    Destroy(ExplainArguments),
    /// Let the blank in a reader make its keys now, and sign them into the ledger
    Keys(StockKeysArguments),
    /// Blanks, by state
    List(StockListArguments),
    /// One blank, and all that happened to it
    Show(ShowBlankArguments),
    /// Every blank from receipt to card; each difference by its serial
    Reconcile(ReconcileArguments),
}

/// Ledger, officer, and the name of the request.
#[derive(Debug, Args)]
pub(crate) struct KeeperArguments {
    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,

    /// A name of this request: the same again is answered, not done again.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) request: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ReceiveStockArguments {
    /// Who delivers.
    #[arg(long, value_name = "NAME", value_parser = parse_reason)]
    pub(crate) supplier: String,

    /// The delivery note.
    #[arg(long, value_name = "NAME", value_parser = parse_reason)]
    pub(crate) note: String,

    /// The serials that it names: one a line, 20 hexadecimal digits.
    #[arg(long, value_name = "FILE")]
    pub(crate) serials: PathBuf,

    /// Counted as complete in the same step.
    #[arg(long)]
    pub(crate) counted: bool,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}

#[derive(Debug, Args)]
pub(crate) struct AcceptArguments {
    /// The supplier of the delivery note.
    #[arg(long, value_name = "NAME", requires = "note", value_parser = parse_reason)]
    pub(crate) supplier: Option<String>,

    /// The delivery note.
    #[arg(long, value_name = "NAME", requires = "supplier", value_parser = parse_reason)]
    pub(crate) note: Option<String>,

    /// The signed list of another station, instead of a delivery note.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "note",
        required_unless_present = "note",
        requires_all = ["station_key", "receipt"]
    )]
    pub(crate) list: Option<PathBuf>,

    /// That station's public key (its PATH.station.pub).
    #[arg(long = "from", value_name = "FILE")]
    pub(crate) station_key: Option<PathBuf>,

    /// Where the signed receipt goes, which the sender waits for (once more: `issuer stock paper`).
    #[arg(long, value_name = "FILE", requires = "list")]
    pub(crate) receipt: Option<PathBuf>,

    /// The serials that were found; without it, --all.
    #[arg(long, value_name = "FILE", conflicts_with = "all", required_unless_present = "all")]
    pub(crate) serials: Option<PathBuf>,

    /// Everything that is listed was found.
    #[arg(long)]
    pub(crate) all: bool,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}

#[derive(Debug, Args)]
pub(crate) struct SendArguments {
    /// The receiving station's public key (its PATH.station.pub).
    #[arg(long = "to", value_name = "FILE")]
    pub(crate) station_key: PathBuf,

    /// A name of this transport that no other has.
    #[arg(long, value_name = "NAME", value_parser = parse_reason)]
    pub(crate) reference: String,

    /// The serials that go.
    #[arg(long, value_name = "FILE")]
    pub(crate) serials: PathBuf,

    /// Where the signed list goes; it travels with the blanks.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}

#[derive(Debug, Args)]
pub(crate) struct AcknowledgeArguments {
    /// The receiver's signed receipt.
    #[arg(long, value_name = "FILE")]
    pub(crate) receipt: PathBuf,

    /// The receiving station's public key (its PATH.station.pub).
    #[arg(long = "from", value_name = "FILE")]
    pub(crate) station_key: PathBuf,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}

#[derive(Debug, Args)]
pub(crate) struct SettleArguments {
    /// The transport whose receipt names them.
    #[arg(long, value_name = "NAME", value_parser = parse_reason)]
    pub(crate) reference: String,

    #[command(flatten)]
    pub(crate) which: WhichBlanks,

    /// What you found, in your words. A blank that is not here is noted as lost with `issuer stock lose` instead. Nothing of this
    /// reaches the other station: its keeper gives the blank up there (`issuer stock lose`).
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) note: String,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}

#[derive(Debug, Args)]
pub(crate) struct PaperArguments {
    /// The transport.
    #[arg(long, value_name = "NAME", value_parser = parse_reason)]
    pub(crate) reference: String,

    /// Of one that came from another station: its public key. Without it, the list of one that was sent from here.
    #[arg(long = "from", value_name = "FILE")]
    pub(crate) station_key: Option<PathBuf>,

    /// Where it goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}

#[derive(Debug, Args)]
#[group(id = "which-blanks", required = true, multiple = false)]
pub(crate) struct WhichBlanks {
    /// The blank, 20 hexadecimal digits; several times for several.
    #[arg(long = "chip", value_name = "SERIAL", group = "which-blanks")]
    pub(crate) chips: Vec<ChipSerial>,

    /// A file of serials, one a line.
    #[arg(long, value_name = "FILE", group = "which-blanks")]
    pub(crate) serials: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SomeBlanks {
    #[command(flatten)]
    pub(crate) which: WhichBlanks,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    #[command(flatten)]
    pub(crate) which: WhichBlanks,

    /// Why, for reports.
    #[arg(long, value_enum)]
    pub(crate) cause: Cause,

    /// In your words; a photo may stand for it.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason, required_unless_present = "photo")]
    pub(crate) note: Option<String>,

    /// A photo: its SHA-256 is kept, the photo stays with you.
    #[arg(long, value_name = "FILE")]
    pub(crate) photo: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}

#[derive(Debug, Args)]
pub(crate) struct StockKeysArguments {
    /// The reader (a part of its name is enough); `virtual` for a chip in software.
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: String,

    /// With `--reader virtual`: the state file of the chip, for trying things out.
    #[arg(long, value_name = "FILE", required_if_eq("reader", "virtual"))]
    pub(crate) blank: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) keys: KeyArguments,

    /// How long to wait for a blank, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) timeout: u64,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}

#[derive(Debug, Args)]
pub(crate) struct StockListArguments {
    /// Only those in this state.
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<BlankState>,

    /// The most that are listed.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) limit: u32,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ShowBlankArguments {
    /// The blank, 20 hexadecimal digits.
    #[arg(long, value_name = "SERIAL")]
    pub(crate) chip: ChipSerial,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ReconcileArguments {
    /// The serials that lie in the cabinet, spoiled ones too, as somebody counted them.
    #[arg(long, value_name = "FILE")]
    pub(crate) counted: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) keeper: KeeperArguments,
}
