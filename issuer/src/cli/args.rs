//! What can be said on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use cccd_issuer::card_face::Resolution;
use cccd_issuer::life::{HoldGround, RevocationGround};
use cccd_issuer::personalize::JmrtdBlank;
use cccd_issuer::station::{Blank, Job};
use cccd_issuer::words::Language;
use cccd_keys::pkcs11::TokenArguments;
use cccd_keys::transport_keys::ChipSerial;
use cccd_population::card::SodDigest;
use cccd_population::store::Place;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use super::failure::Failure;

mod biometrics;
mod office;
pub(crate) mod queue;
pub(crate) mod stock;

pub(crate) use biometrics::{
    CaptureCommand, DeskCaptureArguments, OpenedArguments, PurgeArguments, TakenArguments,
};
pub(crate) use office::{
    AccountCommand, ApplicationCommand, AuditCommand, AuditVerifyArguments, FormArguments, ListArguments,
    WhichApplication,
};

/// Cấp thẻ căn cước có chíp: from an application to a personalised card
#[derive(Debug, Parser)]
#[command(
    name = "issuer",
    version,
    after_help = "\
Examples:
  A station's ledger begins with an administrator, who makes the officers' accounts (passwords are in files, mode 0600):
    issuer account add --ledger ledger.sqlite --name chief --role administrator --new-password-file chief.pw
    issuer account add --ledger ledger.sqlite --officer chief --password-file chief.pw \\
        --name lan --role capture --role personalise --new-password-file lan.pw
    issuer account add --ledger ledger.sqlite --officer chief --password-file chief.pw \\
        --name minh --role approve --new-password-file minh.pw

  One officer takes an application in, another approves it:
    issuer application receive --application an.json --register sqlite:register.db \\
        --ledger ledger.sqlite --officer lan --password-file lan.pw
    issuer application approve --application an.json --ledger ledger.sqlite --officer minh --password-file minh.pw

  Issue the card into the blank in a reader, against a register in a file:
    issuer issue --application an.json --keys pki --register sqlite:register.db --reader ACS --out an \\
        --ledger ledger.sqlite --officer lan --password-file lan.pw

  The same into a chip in software (its state file is an/chip.json), against a register over HTTP:
    issuer issue --application an.json --keys pki --register http://127.0.0.1:8080 \\
        --register-token register.db.tokens --reader virtual --out an \\
        --ledger ledger.sqlite --officer lan --password-file lan.pw

  An application file:
    {\"person\": {\"number\": \"079099000001\", \"full_name\": \"Nguyễn Văn An\"},
     \"portrait\": \"an.jpg\", \"reason\": \"first-issue\", \"template\": \"2024\"}
  An exchange or a reissue says why: \"reason\": \"reissue\", \"ground\": \"lost-or-damaged\"

  A card of the laboratory, into JMRTD's applet on a Java Card (opens by BAC, has no Chip Authentication):
    issuer issue --application an.json --keys lab-keys --register sqlite:lab.db --reader ACS --out an \\
        --ledger ledger.sqlite --officer lan --password-file lan.pw --driver jmrtd --lab --chip-serial 4C414200000000000001

  A card was reported lost:
    issuer card lost --number 079099000001 --reason \"reported at the ward police\" --register sqlite:register.db \\
        --ledger ledger.sqlite --officer lan --password-file lan.pw

Exit codes: 0 done · 1 refused by a rule · 2 usage · 3 could not (reader, chip, register, disk)"
)]
pub(crate) struct Arguments {
    /// Machine-readable output on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Language of messages.
    #[arg(long, global = true, value_enum, default_value_t = Language::Vi)]
    pub(crate) lang: Language,

    /// Act as if it were this time: RFC 3339, or a date (noon in Vietnam). The station's log says so in each line, and does not go
    /// back; no account's rest ends by it.
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_time)]
    pub(crate) at: Option<Timestamp>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Issue one card: check the application, write the chip, read it back, lock it, record it
    Issue(Box<IssueArguments>),
    /// Issue many: a file or folder of applications over all readers of this host; run again, it goes on
    Batch(Box<queue::BatchArguments>),
    /// The queue over readers and hosts: watch it, pause it, let it go on
    #[command(subcommand)]
    Queue(queue::QueueCommand),
    /// Applications: taken in, approved by another officer, refused, handed over; what is late
    #[command(subcommand)]
    Application(ApplicationCommand),
    /// The desk: a web page for officers on this machine
    Serve(Box<ServeArguments>),
    /// The officers of this station
    #[command(subcommand)]
    Account(AccountCommand),
    /// The station's audit log: does it hold, and its signed end for a second party
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Prints and irises: how good they are before they are taken, and their end
    #[command(subcommand)]
    Capture(CaptureCommand),
    /// A card's life after issue: status, lost, hold, return, revoke …
    #[command(subcommand)]
    Card(CardCommand),
    /// The signed list of cards that are not in use, for counters without a line to the register
    #[command(subcommand)]
    StatusList(StatusListCommand),
    /// Blanks: received, counted, sent to another station, given up, reconciled
    #[command(subcommand)]
    Stock(stock::StockCommand),
    /// Tell what the chip in a reader is, without changing it
    Probe(ProbeArguments),
    /// Give up the chip of an interrupted application, with a reason
    Spoil(SpoilArguments),
    /// Look at a portrait before it is used: one face, its place, light, sharpness; ends with 1 when it must be taken again
    Portrait(PortraitArguments),
}

#[derive(Debug, Args)]
pub(crate) struct PortraitArguments {
    /// The portrait: JPEG, PNG or JPEG 2000.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Write the portrait here with two frames: where the face stands, and (dashed) where it should.
    #[arg(long, value_name = "PNG")]
    pub(crate) picture: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RegisterArguments {
    /// The register: sqlite:FILE, `postgres://USER@HOST/DATABASE` of this machine, or http://127.0.0.1:PORT.
    #[arg(long, value_name = "DB|URL")]
    pub(crate) register: String,

    /// Where the register's own keys lie: PATH.seal-key [default: beside the file]; a register on a server has no file.
    #[arg(long, value_name = "PATH")]
    pub(crate) register_secrets: Option<PathBuf>,

    /// The register's token file, for http:// (role issuer, mode 0600).
    #[arg(long, value_name = "FILE", env = "CCCD_REGISTER_TOKEN_FILE")]
    pub(crate) register_token: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    /// The key store: Document Signer and transport master.
    #[arg(long, value_name = "DIR")]
    pub(crate) keys: PathBuf,

    /// The key store's passphrase; otherwise `CCCD_KEYS_PASSPHRASE_FILE`, or DIR/passphrase.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) token: TokenArguments,
}

#[derive(Debug, Args)]
pub(crate) struct LedgerArguments {
    /// The station's ledger: a file, or `postgres://USER@HOST/DATABASE` that several hosts work with.
    #[arg(long, value_name = "FILE|DB", env = "CCCD_LEDGER", value_parser = parse_ledger)]
    pub(crate) ledger: Place,

    /// Days on which nobody works, one a line (2027-02-05): Tết and Giỗ Tổ, which move every year.
    #[arg(long, value_name = "FILE", env = "CCCD_HOLIDAYS")]
    pub(crate) holidays: Option<PathBuf>,

    /// Where this station's own keys lie (PATH.station-key, PATH.subject-key), made at the first use; beside the ledger's
    /// file by default, needed with postgres://.
    #[arg(long, value_name = "PATH", env = "CCCD_STATION")]
    pub(crate) station: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) clock: GivenClock,
}

/// The time of `--at`, for whoever writes it down: the log tells which times are not the machine's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenClock(pub(crate) Option<Timestamp>);

impl clap::FromArgMatches for GivenClock {
    fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(matches.try_get_one::<Timestamp>("at").ok().flatten().copied()))
    }

    fn update_from_arg_matches(&mut self, matches: &clap::ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for GivenClock {
    fn augment_args(command: clap::Command) -> clap::Command {
        command
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command
    }
}

/// Who does this: a name and a password, or a session that `issuer account login` began.
#[derive(Debug, Args)]
pub(crate) struct OfficerArguments {
    /// The officer who does this.
    #[arg(long, value_name = "NAME", env = "CCCD_OFFICER")]
    pub(crate) officer: Option<String>,

    /// The officer's password (mode 0600; - is standard input).
    #[arg(long, value_name = "FILE", env = "CCCD_OFFICER_PASSWORD_FILE")]
    pub(crate) password_file: Option<PathBuf>,

    /// A session instead of name and password.
    #[arg(long, value_name = "FILE", env = "CCCD_OFFICER_SESSION")]
    pub(crate) session: Option<PathBuf>,
}

impl OfficerArguments {
    /// Nobody is named.
    pub(crate) fn is_empty(&self) -> bool {
        self.officer.is_none() && self.session.is_none()
    }
}

#[derive(Debug, Args)]
pub(crate) struct IssueArguments {
    /// The application (JSON; see the examples below `issuer --help`).
    #[arg(long, value_name = "FILE")]
    pub(crate) application: PathBuf,

    /// Take a portrait that should be taken again, for this reason: the ledger keeps it.
    #[arg(long, value_name = "REASON", value_parser = parse_reason)]
    pub(crate) accept_portrait: Option<String>,

    #[command(flatten)]
    pub(crate) keys: KeyArguments,

    #[command(flatten)]
    pub(crate) register: RegisterArguments,

    #[command(flatten)]
    pub(crate) biometrics: OpenedArguments,

    /// The reader (a part of its name is enough), or `virtual` for a new chip in software.
    #[arg(long, value_name = "NAME|virtual")]
    pub(crate) reader: String,

    /// Where qr.png, front.png, back.png, card.pdf (both sides, for a card printer) and card.json go.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,

    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,

    /// How long to wait for a blank, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) timeout: u64,

    /// Resolution of the card's faces.
    #[arg(long, value_enum, default_value_t = Resolution::Dpi300)]
    pub(crate) dpi: Resolution,

    /// The kind of blank: our own chip, or JMRTD's open applet on a Java Card (with --lab only).
    #[arg(long, value_enum, default_value_t = DriverName::Icao9)]
    pub(crate) driver: DriverName,

    /// A card of the laboratory, for no citizen: allows blanks that are written in clear.
    #[arg(long)]
    pub(crate) lab: bool,

    /// The name of a chip that has no serial of its own (--driver jmrtd): 20 hexadecimal digits, the same at every run.
    #[arg(long, value_name = "SERIAL")]
    pub(crate) chip_serial: Option<ChipSerial>,

    /// Put no key for Active Authentication into a JMRTD applet: some builds refuse it.
    #[arg(long)]
    pub(crate) without_chip_key: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    #[command(flatten)]
    pub(crate) keys: KeyArguments,

    #[command(flatten)]
    pub(crate) register: RegisterArguments,

    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8470")]
    pub(crate) listen: SocketAddr,

    /// Listen on an address that other machines reach: only behind something that speaks TLS to them.
    #[arg(long)]
    pub(crate) allow_non_loopback: bool,

    /// The office, as it stands on the papers that the desk prints; left open, it is filled in by hand.
    #[arg(long, value_name = "TEXT", env = "CCCD_OFFICE", value_parser = parse_reason)]
    pub(crate) office: Option<String>,

    /// The name of this desk among the hosts of one ledger (`issuer queue pause --reader desk/READER`).
    #[arg(long, value_name = "NAME", default_value = "desk", value_parser = parse_reason)]
    pub(crate) desk_name: String,

    /// A name under which browsers reach the desk, beside 127.0.0.1 and localhost.
    #[arg(long, value_name = "NAME")]
    pub(crate) host: Vec<String>,

    /// Browsers reach the desk by https: only then is the session's cookie sent.
    #[arg(long)]
    pub(crate) behind_tls: bool,

    /// Where applications lie, sealed, between capture and card [default: LEDGER.drawer]
    #[arg(long, value_name = "DIR")]
    pub(crate) drawer: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) captures: DeskCaptureArguments,

    /// Offer a reader in software, whose chips lie in this folder: for trying things out.
    #[arg(long, value_name = "DIR")]
    pub(crate) virtual_reader: Option<PathBuf>,

    /// Gets the URL once the desk answers.
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

/// A driver, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DriverName {
    /// Our own chip: SCP03, keys made on the chip.
    Icao9,
    /// JMRTD's passport applet: laboratory only.
    Jmrtd,
}

impl IssueArguments {
    /// The kind of blank that was asked for.
    pub(crate) fn blank(&self) -> Result<Blank, Failure> {
        match (self.driver, self.chip_serial) {
            (DriverName::Icao9, _) => Ok(Blank::Icao9),
            (DriverName::Jmrtd, _) if self.reader == "virtual" => Err(Failure::NoVirtualJmrtd),
            (DriverName::Jmrtd, None) => Err(Failure::NoChipSerial),
            (DriverName::Jmrtd, Some(serial)) => {
                Ok(Blank::Jmrtd(JmrtdBlank { serial, active_authentication: !self.without_chip_key }))
            }
        }
    }

    /// What the card is for.
    pub(crate) fn job(&self) -> Job {
        if self.lab { Job::Laboratory } else { Job::Production }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum CardCommand {
    /// What the register says about a card
    Status(CardArguments),
    /// Thu hồi: withdraw for good (Luật Căn cước 2023 art. 29(1))
    Revoke(RevokeArguments),
    /// Reported lost
    Lost(CardChangeArguments),
    /// A lost card came back: it is destroyed, it never becomes active again
    Found(CardChangeArguments),
    /// Giữ: held by the authority (art. 29(2))
    Hold(HoldArguments),
    /// A held card is given back: the measure has ended
    #[command(alias = "release")]
    Return(CardChangeArguments),
    /// Physically destroyed
    Destroy(CardChangeArguments),
}

#[derive(Debug, Args)]
#[group(id = "which", required = true, multiple = false)]
pub(crate) struct WhichCard {
    /// The card, by SHA-256 of its EF.SOD.
    #[arg(long, value_name = "HEX", group = "which")]
    pub(crate) sod_sha256: Option<SodDigest>,

    /// The card in use of this person.
    #[arg(long, value_name = "DIGITS", group = "which")]
    pub(crate) number: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CardArguments {
    #[command(flatten)]
    pub(crate) which: WhichCard,

    #[command(flatten)]
    pub(crate) register: RegisterArguments,
}

#[derive(Debug, Args)]
pub(crate) struct CardChangeArguments {
    #[command(flatten)]
    pub(crate) card: CardArguments,

    /// Why; kept with the card.
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
pub(crate) struct RevokeArguments {
    /// On which ground of the law.
    #[arg(long, value_enum)]
    pub(crate) ground: RevocationGround,

    #[command(flatten)]
    pub(crate) change: CardChangeArguments,
}

#[derive(Debug, Args)]
pub(crate) struct HoldArguments {
    /// On which ground of the law.
    #[arg(long, value_enum)]
    pub(crate) ground: HoldGround,

    /// The day on which the measure ends, as the authority said (2027-03-01).
    #[arg(long, value_name = "DAY")]
    pub(crate) until: Option<Date>,

    #[command(flatten)]
    pub(crate) change: CardChangeArguments,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StatusListCommand {
    /// Sign the list as the register stands now, with the register's key
    Issue(StatusListArguments),
}

#[derive(Debug, Args)]
pub(crate) struct StatusListArguments {
    /// The register: sqlite:FILE or `postgres://…` of this machine.
    #[arg(long, value_name = "DB")]
    pub(crate) register: String,

    /// Where the register's own keys lie: PATH.seal-key, and PATH.register-key without --keys [default: beside the file].
    #[arg(long, value_name = "PATH")]
    pub(crate) register_secrets: Option<PathBuf>,

    /// The key store whose register key signs, as in `population serve --keys DIR`; left out, the register signs with a key
    /// file of its own.
    #[arg(long, value_name = "DIR")]
    pub(crate) keys: Option<PathBuf>,

    /// The key store's passphrase; otherwise `CCCD_KEYS_PASSPHRASE_FILE`, or DIR/passphrase.
    #[arg(long, value_name = "FILE")]
    pub(crate) passphrase_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) token: TokenArguments,

    /// How long it holds, in hours; after that it says nothing of any card.
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720))]
    pub(crate) hours: u32,

    /// Where the list goes.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ProbeArguments {
    /// The reader (a part of its name is enough).
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: String,

    #[command(flatten)]
    pub(crate) keys: KeyArguments,

    /// How long to wait for a chip, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) timeout: u64,
}

#[derive(Debug, Args)]
pub(crate) struct SpoilArguments {
    #[command(flatten)]
    pub(crate) ledger: LedgerArguments,

    /// The chip, 20 hexadecimal digits.
    #[arg(long, value_name = "SERIAL")]
    pub(crate) chip: ChipSerial,

    /// Why it is given up; kept in the ledger.
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(crate) reason: String,

    #[command(flatten)]
    pub(crate) register: RegisterArguments,

    #[command(flatten)]
    pub(crate) officer: OfficerArguments,
}

fn parse_time(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let date: Date =
        text.parse().map_err(|_| "a time is 2026-11-21T10:00:00+07:00 or 2026-11-21".to_owned())?;
    let noon = date.at(12, 0, 0, 0);
    let vietnam = jiff::tz::TimeZone::fixed(jiff::tz::offset(7));
    noon.to_zoned(vietnam)
        .map(|zoned| zoned.timestamp())
        .map_err(|_| "out of the calendar's range".to_owned())
}

fn parse_ledger(text: &str) -> Result<Place, String> {
    if ["sqlite:", "postgres:", "postgresql:"].iter().any(|scheme| text.starts_with(scheme)) {
        return text.parse().map_err(|error: cccd_population::store::BadPlace| error.to_string());
    }
    if text.is_empty() { Err("a ledger is a file".to_owned()) } else { Ok(Place::file(text.as_ref())) }
}

fn parse_reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > 500 || text.chars().any(cccd_issuer::words::steers) {
        return Err("a reason is one line of 1 to 500 characters".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn a_line_of_an_officer_shows_what_it_says() {
        assert_eq!(parse_reason(" vỡ hộp ").as_deref(), Ok("vỡ hộp"));
        for line in ["", "two\nlines", "lost \u{202e}kcots ni", "\u{2066}x"] {
            assert!(parse_reason(line).is_err(), "{line:?}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_date_is_that_day_in_vietnam() {
        let at = parse_time("2026-11-21").unwrap();
        assert_eq!(cccd_issuer::register::day_in_vietnam(at).to_string(), "2026-11-21");
        assert!(parse_time("tomorrow").is_err());
        assert!(parse_reason(" \n").is_err());
    }
}
