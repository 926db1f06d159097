//! Arguments.

use std::path::PathBuf;

use cccd_keys::pkcs11::TokenArguments;
use cccd_verifier::Policy;
use cccd_verifier::policy::Sunset;
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

/// Reads a chip identity card, and says whether it is genuine, still valid, and known to the register.
///
/// The verdict is `accepted` (exit 0), `refused` (1) or `undetermined` (4): nothing speaks against the card, but not everything
/// needed speaks for it. 2 is a mistake in the arguments, 3 a reader, card or file that could not be used.
#[derive(Debug, Parser)]
#[command(name = "verifier", version, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  A card on the only reader, opened by the last six digits of the personal number:
    verifier verify --can 000001 --trust trust

  A bank's counter: the printed zone and QR code are compared, the register is asked, the portrait is shown to the teller:
    verifier verify --qr \"$(scan)\" --mrz zone.txt --trust trust \\
        --register http://127.0.0.1:8701 --token-file token --portrait face.png

  The same after the teller compared the portrait with the person:
    verifier verify … --holder-compared yes

  Read now, judge later; the file can be opened only with the recipient's key:
    verifier read --can 000001 --recipient age1… --out card.evidence
    verifier verify --evidence card.evidence --identity key.txt --trust trust

  Everything that a station read today, and the files of a list:
    verifier verify --evidence today/ --identity key.txt --trust trust --json > today.jsonl
    find archive -name '*.evidence' | verifier verify --evidence - --identity key.txt --trust trust

  A card that cannot be read, for whoever is to find out why:
    verifier read --can 000001 --recipient age1… --out card.evidence --trace card.apdu

  Read for a verifier elsewhere, who issued the challenge:
    verifier read --can 000001 --challenge 3f…16-bytes-or-more…a9 --station desk-7 --recipient age1… --out card.evidence

  A station with the right to read fingerprints compares them with the signature, too (only their digests are kept):
    verifier verify --can 000001 --trust trust --terminal station

  Whom to believe:
    verifier trust import csca.cer list.crl --into trust
    verifier trust import DE_ML.ml --into trust --dry-run     # who signed it, and what is in it
    verifier trust import DE_ML.ml --into trust --accept-list-signer SHA-256
    verifier trust import icaopkd-001-complete.ldif --into trust
    verifier trust import register.pub --into trust --as register
    verifier trust import sunsets.txt --into trust            # lines such as ecdsa-384:2071-01-01
    verifier trust list --trust trust";

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Act as if it were this time: RFC 3339, or a date (midnight UTC).
    #[arg(long, value_name = "TIME", global = true, value_parser = parse_time)]
    pub(crate) at: Option<Timestamp>,
    /// Machine-readable output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Language of reports and messages.
    #[arg(long, value_enum, default_value = "vi", global = true)]
    pub(crate) lang: Language,
}

/// A language.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Language {
    /// Tiếng Việt.
    Vi,
    /// English.
    En,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lists the card readers.
    Readers,
    /// Reads a card and keeps the evidence, to be judged later or elsewhere.
    Read(ReadArguments),
    /// Judges a card in a reader, or evidence from a file.
    Verify(VerifyArguments),
    /// Judges files that came without a card: EF.SOD and data groups. Without a chip the best verdict is `undetermined`.
    Passive(PassiveArguments),
    /// Whom to believe: certificates, revocation lists, keys of the register and of reading stations.
    Trust(TrustArguments),
    /// The child that decodes a picture: from standard input to standard output, confined.
    #[command(hide = true)]
    DecodePicture {
        /// Its bounds.
        #[arg(num_args = 4)]
        bounds: Vec<String>,
    },
}

/// How to reach and open the card.
#[derive(Debug, Args)]
pub(crate) struct CardArguments {
    /// The reader's name or a part of it; needed only if there are several.
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: Option<String>,
    /// The card access number: six digits, the last of the personal number.
    #[arg(long, value_name = "N")]
    pub(crate) can: Option<String>,
    /// The PIN, on chips that have one (a CCCD has none). A WRONG PIN COSTS ONE OF THREE TRIES: it is tried once, and the last
    /// try is spent only with --can beside. `-` reads it from standard input, where nobody else on this machine sees it.
    #[arg(long, value_name = "N|-", env = "CCCD_PIN", hide_env_values = true)]
    pub(crate) pin: Option<String>,
    /// The PUK, beside --pin: unblocks a blocked PIN. `-` reads it from standard input, after the PIN.
    #[arg(long, value_name = "N|-", requires = "pin", env = "CCCD_PUK", hide_env_values = true)]
    pub(crate) puk: Option<String>,
    /// File with the printed machine readable zone. Opens the chip if there is no --can; is compared in any case.
    #[arg(long, value_name = "FILE")]
    pub(crate) mrz: Option<PathBuf>,
    /// Text of the printed QR code. Opens the chip if there is neither --can nor --mrz; is compared in any case.
    #[arg(long, value_name = "TEXT")]
    pub(crate) qr: Option<String>,
    /// Read EF.COM and every group that it lists, too: finds groups that nobody signed.
    #[arg(long)]
    pub(crate) thorough: bool,
    /// Folder with a terminal's certificates and key (`keys cvca export`): fingerprints and irises are compared with the
    /// signature, if the chip lets this terminal read them. Only their digests are kept.
    #[arg(long, value_name = "DIR")]
    pub(crate) terminal: Option<PathBuf>,
    /// How long to wait for a card, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) timeout: u64,
    /// How long to wait, in seconds, for a card that left while it was read; reading then goes on where it stopped. 0 gives
    /// up at once.
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    pub(crate) resume_for: u64,
    /// Write the exchange of APDUs to this file, with times and without secrets: what the card sent in clear, and protected
    /// bytes that nobody can open.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// DANGEROUS: the trace also holds the password, the reader's random numbers and so everything that the card says. Such a
    /// trace can be replayed, unless --pin opened the chip: PIN and PUK are not written. For synthetic cards and your own only.
    #[arg(long, requires = "trace")]
    pub(crate) trace_with_secrets: bool,
    /// Never use extended length: for readers that do not carry it.
    #[arg(long)]
    pub(crate) short_length: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReadArguments {
    #[command(flatten)]
    pub(crate) card: CardArguments,
    /// Where the evidence goes (mode 0600).
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Encrypt to this age recipient: `age1…`, or a file with one.
    #[arg(long, value_name = "RECIPIENT", conflicts_with = "plain")]
    pub(crate) recipient: Option<String>,
    /// Do not encrypt. For synthetic cards only: the file holds everything about a person.
    #[arg(long)]
    pub(crate) plain: bool,
    /// Keep the portrait in the evidence; else only its digest.
    #[arg(long)]
    pub(crate) with_portrait: bool,
    /// The reading station's name.
    #[arg(long, value_name = "NAME")]
    pub(crate) station: Option<String>,
    /// Key store whose station key signs the evidence.
    #[arg(long, value_name = "D")]
    pub(crate) station_keys: Option<PathBuf>,
    /// File with the key store's passphrase; else `CCCD_KEYS_PASSPHRASE_FILE`, else `D/passphrase`.
    #[arg(long, value_name = "F")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) token: TokenArguments,
    /// The nonce of a verifier elsewhere, in hex, at least 16 bytes: Active Authentication answers it.
    #[arg(long, value_name = "HEX", value_parser = parse_nonce)]
    pub(crate) challenge: Option<Nonce>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    pub(crate) card: CardArguments,
    /// Judge this evidence instead of a card. A folder is judged file by file on all cores, and `-` the files whose paths come
    /// on standard input, one a line: one line for each as it is done (JSON with --json), then a summary. A file that cannot
    /// be judged is a line, too. The exit code is the gravest: 1 if any was refused, else 3 if any could not be judged or
    /// Ctrl-C came, else 4 if any is undetermined, else 0.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["reader", "can", "thorough", "terminal", "trace", "resume_for"])]
    pub(crate) evidence: Option<PathBuf>,
    /// File with the age identity that opens the evidence.
    #[arg(long, value_name = "FILE", requires = "evidence")]
    pub(crate) identity: Option<PathBuf>,
    /// The nonce that you issued for this reading, in hex.
    #[arg(long, value_name = "HEX", value_parser = parse_nonce, requires = "evidence")]
    pub(crate) challenge: Option<Nonce>,
    /// Trust directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) trust: PathBuf,
    /// Where the register answers.
    #[arg(long, value_name = "URL", requires = "token_file")]
    pub(crate) register: Option<String>,
    /// The register's signed list of cards that are not in use (`issuer status-list issue`), for a counter without a line;
    /// a list past its next update says nothing, and the verdict is undetermined.
    #[arg(long, value_name = "FILE", conflicts_with = "register")]
    pub(crate) status_list: Option<PathBuf>,
    /// File with the register's token: `verifier:TOKEN` lines, or the token alone.
    #[arg(long, value_name = "FILE", env = "CCCD_REGISTER_TOKEN_FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Undetermined unless the register was heard.
    #[arg(long)]
    pub(crate) require_register: bool,
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
    /// Save the portrait from the chip to this file, as PNG. It is decoded in a process of its own; that it cannot be decoded
    /// is said and changes no verdict.
    #[arg(long, value_name = "FILE")]
    pub(crate) portrait: Option<PathBuf>,
    /// What you saw when you compared the portrait with the bearer.
    #[arg(long, value_enum, value_name = "yes|no")]
    pub(crate) holder_compared: Option<YesNo>,
}

#[derive(Debug, Args)]
pub(crate) struct PassiveArguments {
    /// EF.SOD. A folder is judged entry by entry, and `-` the paths on standard input, as by `verify --evidence`; an entry is an
    /// EF.SOD, or a folder of one card with `sod.bin` and `dg1.bin` to `dg16.bin`.
    #[arg(long, value_name = "FILE")]
    pub(crate) sod: PathBuf,
    /// A data group: its number and its file, `--dg 1=dg1.bin`.
    #[arg(long, value_name = "N=FILE", value_parser = parse_group)]
    pub(crate) dg: Vec<(u8, PathBuf)>,
    /// Trust directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) trust: PathBuf,
    #[command(flatten)]
    pub(crate) policy: PolicyArguments,
}

/// What is asked of cards beyond the rule that everybody has.
#[derive(Debug, Args)]
pub(crate) struct PolicyArguments {
    /// A kind of signature that shows nothing from a day on, `ecdsa-256:2060-01-01` or `rsa-3072:2045-01-01`; may be given again.
    /// Counts beside those of the trust directory and those that every verifier has (`verifier trust list` shows them).
    #[arg(long, value_name = "KIND-BITS:DAY")]
    pub(crate) sunset: Vec<Sunset>,
}

impl PolicyArguments {
    /// The default policy with these.
    pub(crate) fn policy(&self) -> Policy {
        let mut policy = Policy::default();
        policy.sunsets.extend_from_slice(&self.sunset);
        policy
    }
}

#[derive(Debug, Args)]
pub(crate) struct TrustArguments {
    #[command(subcommand)]
    pub(crate) command: TrustCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    /// Takes certificates of CSCAs, links and Document Signers (candidates, for documents without theirs), CRLs, master lists, deviation lists, LDIF of the ICAO PKD, algorithm sunsets (a text of lines like ecdsa-384:2071-01-01), or public keys, after
    /// checking them. All or nothing.
    Import {
        /// The files.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The trust directory; made if it is missing.
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
        /// As what public keys are taken.
        #[arg(long = "as", value_enum, value_name = "ROLE")]
        role: Option<Role>,
        /// Believe a master list signed under this certificate: SHA-256 in hex of the list's signer, or of the CSCA above it.
        /// Compare it with what the state publishes elsewhere. Needed once for each state's lists.
        #[arg(long = "accept-list-signer", value_name = "SHA-256", value_parser = parse_fingerprint)]
        accept_list_signer: Vec<Fingerprint>,
        /// Look and tell, and change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Shows whom a trust directory believes, and how fresh that is.
    List {
        /// The trust directory.
        #[arg(long, value_name = "DIR")]
        trust: PathBuf,
    },
}

/// Whose public key.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Role {
    /// The register of persons.
    Register,
    /// A reading station.
    Station,
}

/// What a person saw.
#[derive(Debug, Clone, Copy, ValueEnum, PartialEq, Eq)]
pub(crate) enum YesNo {
    /// The same person.
    Yes,
    /// Another person.
    No,
}

/// SHA-256 of a certificate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fingerprint(pub(crate) [u8; 32]);

fn parse_fingerprint(text: &str) -> Result<Fingerprint, String> {
    let digits: String = text.chars().filter(|c| *c != ':' && !c.is_whitespace()).collect();
    let octets = hex::decode(digits).ok().and_then(|octets| <[u8; 32]>::try_from(octets).ok());
    octets
        .map(Fingerprint)
        .ok_or_else(|| "a fingerprint is SHA-256 in hex: 64 digits, colons allowed".to_owned())
}

/// A nonce.
#[derive(Debug, Clone)]
pub(crate) struct Nonce(pub(crate) Vec<u8>);

fn parse_time(text: &str) -> Result<Timestamp, String> {
    text.parse::<Timestamp>()
        .or_else(|_| {
            text.parse::<Date>().and_then(|date| jiff::tz::TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)))
        })
        .map_err(|_| "a time is RFC 3339 (2026-11-21T08:00:00Z) or a date (2026-11-21)".to_owned())
}

fn parse_nonce(text: &str) -> Result<Nonce, String> {
    match hex::decode(text) {
        Ok(bytes) if (16..=64).contains(&bytes.len()) => Ok(Nonce(bytes)),
        _ => Err("a challenge is 16 to 64 bytes in hex".to_owned()),
    }
}

fn parse_group(text: &str) -> Result<(u8, PathBuf), String> {
    let wrong = || "a data group is its number and its file: 1=dg1.bin".to_owned();
    let (number, path) = text.split_once('=').ok_or_else(wrong)?;
    let number: u8 = number.trim_start_matches("DG").trim_start_matches("dg").parse().map_err(|_| wrong())?;
    if !(1..=16).contains(&number) || matches!(number, 3 | 4) || path.is_empty() {
        return Err(
            "data groups are numbered 1 to 16; fingerprints and irises (3, 4) are not taken".to_owned()
        );
    }
    Ok((number, PathBuf::from(path)))
}
