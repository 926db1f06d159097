//! What officers do beside the chip: applications, accounts, the audit log.

use std::path::PathBuf;

use cccd_issuer::accounts::Role;
use cccd_issuer::application::State;
use cccd_issuer::forms::Form;
use cccd_issuer::ledger::ApplicationId;
use clap::{Args, Subcommand};

use super::biometrics::TakenArguments;
use super::{LedgerArguments, OfficerArguments, RegisterArguments, parse_reason};

#[derive(Debug, Subcommand)]
pub(crate) enum ApplicationCommand {
    /// Take an application in: compared with the register and captured, it waits for another officer
    Receive(ReceiveArguments),
    /// Approve what another officer captured
    Approve(WhichArguments),
    /// Refuse, with the reason that the citizen gets in writing (Luật Căn cước 2023 art. 23(3))
    Refuse(RefuseArguments),
    /// The card is in its holder's hands
    Deliver(DeliverArguments),
    /// A paper of an application as PDF: CC01 to check and sign, CC02 the receipt, CC03 the refusal
    Form(FormArguments),
    /// Open applications, the first due first
    List(ListArguments),
    /// One application and all that happened to it
    Show(ShowArguments),
}

#[derive(Debug, Args)]
pub(crate) struct ReceiveArguments {
    /// The application (JSON; see the examples below `issuer --help`).
    #[arg(long, value_name = "FILE")]
    pub(crate) application: PathBuf,

    /// Take a portrait that should be taken again, for this reason: the ledger keeps it.
    #[arg(long, value_name = "REASON", value_parser = parse_reason)]
    pub(crate) accept_portrait: Option<String>,

    #[command(flatten)]
    pub(crate) biometrics: TakenArguments,

    #[command(flatten)]
    pub(crate) register: RegisterArguments,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,

    /// A name of this request: the same again is answered, not done again.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) request: Option<String>,
}

#[derive(Debug, Args)]
#[group(id = "which-application", required = true, multiple = false)]
pub(crate) struct WhichApplication {
    /// The application's number in the ledger.
    #[arg(long, value_name = "N", group = "which-application")]
    pub(crate) id: Option<ApplicationId>,

    /// The application's file: it must be the very one that was taken in.
    #[arg(long, value_name = "FILE", group = "which-application")]
    pub(crate) application: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct WhichArguments {
    #[command(flatten)]
    pub(crate) which: WhichApplication,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,

    /// A name of this request: the same again is answered, not done again.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) request: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RefuseArguments {
    #[command(flatten)]
    pub(crate) which: WhichApplication,

    /// Why, as the citizen reads it.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) reason: String,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,

    /// A name of this request: the same again is answered, not done again.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) request: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DeliverArguments {
    /// The application's number in the ledger.
    #[arg(long, value_name = "N")]
    pub(crate) id: ApplicationId,

    #[command(flatten)]
    pub(crate) register: RegisterArguments,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,

    /// A name of this request: the same again is answered, not done again.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) request: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct FormArguments {
    /// Which paper; CC01 shows the portrait when the application is named by its file.
    #[arg(value_enum)]
    pub(crate) form: Form,

    #[command(flatten)]
    pub(crate) which: WhichApplication,

    /// The office, as it stands on the paper.
    #[arg(long, value_name = "TEXT", env = "CCCD_OFFICE", value_parser = parse_reason)]
    pub(crate) office: String,

    /// Where the PDF goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) register: RegisterArguments,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Only those that are past the law's limit.
    #[arg(long)]
    pub(crate) late: bool,

    /// Only those in this state; closed ones, too.
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Option<State>,

    /// The most that are listed.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) limit: u32,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArguments {
    /// The application's number in the ledger.
    #[arg(long, value_name = "N")]
    pub(crate) id: ApplicationId,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Follow the log to its end: chain, signed heads, those that a second party kept, and the ledger's actions
    Verify(AuditVerifyArguments),
    /// Sign the end of the log and append it to a file that a second party keeps
    Export(AuditExportArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AuditVerifyArguments {
    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    /// The heads that a second party kept (`issuer audit export`): a log that was cut or rewritten lacks them.
    #[arg(long, value_name = "FILE")]
    pub(crate) heads: Option<PathBuf>,

    /// The station's public key (PATH.station.pub) as the second party has it: nothing of the station's is read then, and
    /// the ledger's actions are not compared.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct AuditExportArguments {
    /// The second party's file; a line is appended.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account; the first of a station is an administrator's and needs nobody
    Add(AddArguments),
    /// All accounts
    List(AccountsArguments),
    /// Let an officer in no more
    Lock(LockArguments),
    /// Let a locked officer in again
    Unlock(AccountArguments),
    /// A new password: one's own, or an officer's as administrator
    Password(PasswordArguments),
    /// Begin a session: --session FILE then stands for name and password
    Login(AccountsArguments),
    /// End a session
    Logout(AccountsArguments),
}

#[derive(Debug, Args)]
pub(crate) struct AccountsArguments {
    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub(crate) struct AccountArguments {
    /// The account.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// Its name: small letters, digits, dots and hyphens.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,

    /// What its officer may do; several times for several.
    #[arg(long = "role", value_name = "ROLE", value_enum, required = true)]
    pub(crate) roles: Vec<Role>,

    /// Its password: the first line of this file (mode 0600; - is standard input).
    #[arg(long, value_name = "FILE")]
    pub(crate) new_password_file: PathBuf,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,
}

#[derive(Debug, Args)]
pub(crate) struct LockArguments {
    #[command(flatten)]
    pub(crate) account: AccountArguments,

    /// Why.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct PasswordArguments {
    #[command(flatten)]
    pub(crate) account: AccountArguments,

    /// The new password: the first line of this file (mode 0600; - is standard input).
    #[arg(long, value_name = "FILE")]
    pub(crate) new_password_file: PathBuf,
}
