//! The command line.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use cccd_card_profile::personalization::{KeyVersion, StaticKeys};
use cccd_card_profile::protocol::curve::DomainParameters;
use cccd_card_profile::protocol::pace::{Mapping, PaceOffer, PaceProtocol, PinStatus, PinTries};
use cccd_keys::pkcs11::{AccessError, TokenAccess, open_store};
use cccd_keys::store::KeyStore;
use cccd_keys::token::vietnamese;
use cccd_keys::transport_keys::{ChipSerial, TransportKeyLabel};
use cccd_virtual_chip::lab::Equipment;
use cccd_virtual_chip::store::{StateFile, StoreError};
use cccd_virtual_chip::vpcd::{self, Event, Stop};
use cccd_virtual_chip::{Chip, ChipState, LengthSupport, LifeCycle, Profile, RealDelay};
use clap::{Parser, Subcommand, ValueEnum};
use rand_core::CryptoRng;
use serde_json::json;
use zeroize::Zeroizing;

const EXAMPLES: &str = "\
Examples:
  virtual-chip new --state card.state                    a blank with the publicly known test keys
  virtual-chip new --state card.state --keys ./keys      a blank with keys of its own serial
  virtual-chip new --state lab.state --pace ECDH-CAM-AES-128@12 --can-file can --pin-file pin    for the laboratory
  virtual-chip serve --state card.state                  lay it into pcscd's virtual reader; Ctrl-C takes it out
  virtual-chip show --state card.state                   life cycle, files and sizes; never a secret

pcscd with the virtual reader (Debian: packages pcscd and vsmartcard-vpcd) may start before or after.
Exit codes: 0 done, 2 usage, 3 could not.";

#[derive(Parser)]
#[command(name = "virtual-chip", version, about = "A chip in software: made blank, personalised, read", after_help = EXAMPLES)]
struct Arguments {
    /// Machine-readable output.
    #[arg(long, global = true)]
    json: bool,
    /// Language of what people read.
    #[arg(long, global = true, value_enum, default_value = "vi")]
    lang: Language,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum, PartialEq, Eq)]
enum Language {
    Vi,
    En,
}

impl Language {
    fn choose<'t>(self, vietnamese: &'t str, english: &'t str) -> &'t str {
        match self {
            Self::Vi => vietnamese,
            Self::En => english,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum ProfileArgument {
    /// As the cards in use: brainpoolP256r1.
    Cccd,
    /// NIST P-256.
    P256,
}

/// What makes a chip of the laboratory: it opens, and holds no document.
#[derive(clap::Args)]
#[command(next_help_heading = "Laboratory")]
struct LaboratoryArguments {
    /// Announce this PACE protocol on these standardized domain parameters: `ECDH-GM-AES-128@13`. Again for more.
    #[arg(long, value_name = "PROTOCOL@NUMBER", value_parser = parse_offer)]
    pace: Vec<PaceOffer>,
    /// File with the card access number, as are the next two.
    #[arg(long, value_name = "FILE")]
    can_file: Option<PathBuf>,
    /// The PIN: three tries, the last one only after the card access number.
    #[arg(long, value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// The PUK, which unblocks the PIN.
    #[arg(long, value_name = "FILE")]
    puk_file: Option<PathBuf>,
}

impl LaboratoryArguments {
    /// Secrets come in files: arguments are seen by everyone on the machine.
    fn equipment(&self) -> Result<Equipment> {
        let [can, pin, puk] =
            [&self.can_file, &self.pin_file, &self.puk_file].map(|path| read_secret(path.as_deref()));
        let (can, pin, puk) = (can?, pin?, puk?);
        Ok(Equipment { pace: self.pace.clone(), can, pin, puk })
    }
}

fn read_secret(path: Option<&Path>) -> Result<Option<Zeroizing<String>>> {
    let Some(path) = path else { return Ok(None) };
    let text = Zeroizing::new(std::fs::read_to_string(path).with_context(|| path.display().to_string())?);
    Ok(Some(Zeroizing::new(text.trim().to_owned())))
}

fn parse_offer(text: &str) -> std::result::Result<PaceOffer, String> {
    let offer = || {
        let (protocol, number) = text.split_once('@')?;
        let protocol = PaceProtocol::from_name(protocol)?;
        let parameters = DomainParameters::from_id(number.parse().ok()?)?;
        protocol.runs_on(parameters).then(|| PaceOffer::new(protocol, parameters))
    };
    offer().ok_or_else(|| {
        "a protocol and the number of domain parameters on which it runs: ECDH-GM-AES-128@13, DH-IM-3DES@0, ECDH-CAM-AES-256@16".to_owned()
    })
}

/// The token of a key store; its PIN's file has a name of its own beside that of the chip's PIN.
#[derive(clap::Args)]
struct StoreToken {
    /// The store's keys are in a token: the PKCS#11 module that reaches it, a shared library.
    #[arg(long, value_name = "MODULE", requires = "keys")]
    pkcs11: Option<PathBuf>,
    /// The token's label, if it is not the store's own.
    #[arg(long, value_name = "LABEL", requires = "pkcs11")]
    token: Option<String>,
    /// File whose first line is the token's PIN, - for standard input; else the file named by `CCCD_KEYS_PIN_FILE`.
    #[arg(long, value_name = "FILE", requires = "pkcs11")]
    token_pin_file: Option<PathBuf>,
}

impl StoreToken {
    fn access(&self) -> Option<TokenAccess<'_>> {
        self.pkcs11.as_deref().map(|module| TokenAccess {
            module,
            label: self.token.as_deref(),
            pin_file: self.token_pin_file.as_deref(),
            spend_last_pin_try: false,
        })
    }
}

#[derive(Subcommand)]
enum Command {
    /// Make a blank chip.
    New {
        /// The state file to write; it must not exist.
        #[arg(long)]
        state: PathBuf,
        /// The algorithms the chip is made for.
        #[arg(long, value_enum, default_value = "cccd")]
        profile: ProfileArgument,
        /// Key store whose master gives the blank its transport keys; without it, the publicly known test keys.
        #[arg(long)]
        keys: Option<PathBuf>,
        /// File with the key store's passphrase.
        #[arg(long, env = "CCCD_KEYS_PASSPHRASE_FILE")]
        passphrase_file: Option<PathBuf>,
        #[command(flatten)]
        token: StoreToken,
        /// The chip's serial, 20 hexadecimal digits; by default a random one.
        #[arg(long)]
        serial: Option<ChipSerial>,
        #[command(flatten)]
        laboratory: LaboratoryArguments,
    },
    /// Put the chip into pcscd's virtual reader until Ctrl-C.
    Serve {
        /// The chip's state file.
        #[arg(long)]
        state: PathBuf,
        /// Where the virtual reader listens.
        #[arg(long, default_value = vpcd::DEFAULT_ADDRESS, value_name = "HOST:PORT")]
        vpcd: String,
        /// Written when the chip lies in the reader, removed at the end.
        #[arg(long)]
        ready_file: Option<PathBuf>,
        /// Refuse extended length, as old readers and cards do.
        #[arg(long)]
        short_length_only: bool,
    },
    /// Show life cycle, files and sizes.
    Show {
        /// The chip's state file.
        #[arg(long)]
        state: PathBuf,
    },
}

/// Runs the program.
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no failure.
            let code = if error.use_stderr() { 2 } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&arguments, &error);
            ExitCode::from(3)
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.command {
        Command::New { state, profile, keys, passphrase_file, token, serial, laboratory } => {
            let profile = match profile {
                ProfileArgument::Cccd => Profile::Cccd,
                ProfileArgument::P256 => Profile::P256,
            };
            let open = |keys: &Path| open_store(keys, passphrase_file.as_deref(), token.access());
            let store = keys.as_deref().map(open).transpose()?;
            new(arguments, state, profile, store.as_ref(), *serial, laboratory)
        }
        Command::Serve { state, vpcd, ready_file, short_length_only } => {
            serve(arguments, state, vpcd, ready_file.as_deref(), *short_length_only)
        }
        Command::Show { state } => show(arguments, state),
    }
}

#[expect(clippy::disallowed_methods, reason = "the program's own source of randomness")]
fn randomness() -> Box<dyn CryptoRng + Send> {
    use rand::SeedableRng as _;
    Box::new(rand::rngs::StdRng::from_rng(&mut rand::rng()))
}

fn new(
    arguments: &Arguments,
    path: &Path,
    profile: Profile,
    store: Option<&KeyStore>,
    serial: Option<ChipSerial>,
    laboratory: &LaboratoryArguments,
) -> Result<()> {
    let mut rng = randomness();
    let serial = serial.unwrap_or_else(|| {
        let mut bytes = [0; 10];
        rng.fill_bytes(&mut bytes);
        ChipSerial(bytes)
    });
    let mut state = match store {
        None => ChipState::blank(serial.0, profile),
        Some(store) => {
            let master = store.transport_master()?;
            let keys = master.derive(TransportKeyLabel::Blank, &serial)?;
            let keys = StaticKeys::new(*keys.encryption(), *keys.mac(), *keys.data_encryption());
            ChipState::blank_with_keys(
                serial.0,
                profile,
                KeyVersion(TransportKeyLabel::Blank.key_version()),
                keys,
            )
        }
    };
    let mapping = |offer: &&PaceOffer| offer.protocol.mapping == Mapping::ChipAuthentication;
    if let Some(curve) = laboratory.pace.iter().find(mapping).and_then(|offer| offer.parameters.curve().ok())
    {
        state.make_static_key(curve, &mut *rng)?;
    }
    state.equip(laboratory.equipment()?)?;
    let test_keys = state.key_version() == KeyVersion::TEST;
    StateFile::create(path, &state)?;
    if arguments.json {
        print(&json!({
            "state": path.display().to_string(),
            "serial": serial.to_string(),
            "profile": profile.name(),
            "key_version": state.key_version().0,
        }));
    } else {
        let made = arguments.lang.choose("Đã tạo chip trắng", "Made a blank chip");
        println!("{made}: {} ({}, {serial})", path.display(), profile.name());
    }
    if test_keys {
        eprintln!(
            "{}",
            arguments.lang.choose(
                "CẢNH BÁO: chip mang khoá thử công khai (40…4F), ai cũng ghi được; chỉ dùng trong phòng thử nghiệm.",
                "WARNING: this blank carries the publicly known test keys (40…4F); anyone can write it. Laboratory only.",
            )
        );
    }
    Ok(())
}

fn serve(
    arguments: &Arguments,
    path: &Path,
    address: &str,
    ready_file: Option<&Path>,
    short_length_only: bool,
) -> Result<()> {
    let lengths = if short_length_only { LengthSupport::ShortOnly } else { LengthSupport::Extended };
    let mut chip = Chip::open(path, randomness())?.with_lengths(lengths).with_delay(Box::new(RealDelay));
    if let Some(damage) = chip.store().and_then(StateFile::recovered) {
        eprintln!(
            "{}: {damage}",
            arguments.lang.choose(
                "CẢNH BÁO: tệp trạng thái bị hỏng, đã dùng bản ngay trước đó",
                "WARNING: the state file was damaged, the generation before it is used",
            )
        );
    }
    let stop = Stop::default();
    let handler = stop.clone();
    ctrlc::set_handler(move || handler.stop()).context("no handler for signals")?;
    let mut failed = None;
    vpcd::serve(&mut chip, address, &stop, |event| {
        if let (Event::Connected, Some(ready)) = (&event, ready_file) {
            // Renamed into place: who waits for the file finds it whole.
            let new = ready.with_extension("new");
            let written =
                std::fs::write(&new, format!("{address}\n")).and_then(|()| std::fs::rename(&new, ready));
            if let Err(error) = written {
                failed = Some((ready.to_owned(), error));
                stop.stop();
            }
        }
        tell(arguments, address, &event);
    });
    if let Some((ready, error)) = failed {
        return Err(error).with_context(|| ready.display().to_string());
    }
    if let Some(ready) = ready_file
        && let Err(error) = std::fs::remove_file(ready)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error).with_context(|| ready.display().to_string());
    }
    Ok(())
}

fn tell(arguments: &Arguments, address: &str, event: &Event) {
    let (name, vietnamese, english, detail) = match event {
        Event::Connected => ("connected", "chip đã nằm trong đầu đọc", "the chip lies in the reader", ""),
        Event::Waiting(why) => {
            ("waiting", "chưa có đầu đọc ảo, đang chờ", "no virtual reader yet, waiting", why.as_str())
        }
        Event::Disconnected(why) => ("disconnected", "đầu đọc đã ngắt", "the reader is gone", why.as_str()),
    };
    if arguments.json {
        print(&json!({ "event": name, "vpcd": address, "detail": detail }));
    } else {
        let words = arguments.lang.choose(vietnamese, english);
        let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
        eprintln!("{address}: {words}{detail}");
    }
}

fn show(arguments: &Arguments, path: &Path) -> Result<()> {
    let state = StateFile::peek(path)?;
    let (mrz, can) = state.has_access_keys();
    if arguments.json {
        let files: Vec<_> =
            state.files().map(|(file, length)| json!({ "file": file.name(), "length": length })).collect();
        print(&json!({
            "serial": ChipSerial(state.serial()).to_string(),
            "profile": state.profile().name(),
            "life_cycle": state.life_cycle().name(),
            "key_version": state.key_version().0,
            "files": files,
            "access_keys": { "mrz": mrz, "can": can, "puk": state.has_puk() },
            "pin_tries_left": state.pin_tries().map(PinTries::left),
            "active_authentication_key": state.has_active_authentication_key(),
            "chip_authentication_key": state.has_chip_authentication_key(),
        }));
        return Ok(());
    }
    let lang = arguments.lang;
    let life = match state.life_cycle() {
        LifeCycle::Blank => lang.choose("trắng", "blank"),
        LifeCycle::Personalizing => lang.choose("đang cá thể hoá", "being personalised"),
        LifeCycle::Locked => lang.choose("đã khoá", "locked"),
    };
    let yes = |is: bool| if is { lang.choose("có", "yes") } else { lang.choose("không", "no") };
    println!("{} {}", lang.choose("Số chip:", "Serial:"), ChipSerial(state.serial()));
    println!("{} {}", lang.choose("Thuật toán:", "Profile:"), state.profile().name());
    println!("{} {life}", lang.choose("Vòng đời:", "Life cycle:"));
    println!(
        "{} {:02X}",
        lang.choose("Phiên bản khoá vận chuyển:", "Transport key version:"),
        state.key_version().0
    );
    println!("{} MRZ {}, CAN {}", lang.choose("Khoá truy nhập:", "Access keys:"), yes(mrz), yes(can));
    if let Some(tries) = state.pin_tries() {
        let status = match tries.status() {
            PinStatus::Operational { left } => {
                format!("{left} {}", lang.choose("lần thử còn lại", "tries left"))
            }
            PinStatus::Suspended => {
                lang.choose("tạm ngưng, cần CAN", "suspended, the CAN resumes it").to_owned()
            }
            PinStatus::Blocked => lang.choose("đã khoá, cần PUK", "blocked, the PUK unblocks it").to_owned(),
        };
        println!("PIN: {status}");
    }
    println!(
        "{} AA {}, CA {}",
        lang.choose("Khoá riêng của chip:", "Private keys:"),
        yes(state.has_active_authentication_key()),
        yes(state.has_chip_authentication_key())
    );
    for (file, length) in state.files() {
        println!("  {:<14} {length:>6} B", file.name());
    }
    Ok(())
}

fn print(value: &serde_json::Value) {
    println!("{value}");
}

/// One sentence what happened, one what to do.
fn report(arguments: &Arguments, error: &anyhow::Error) {
    if let Some(access) = error.downcast_ref::<AccessError>() {
        let advice = vietnamese(access.code()).map_or("kiểm tra kho khóa và mật khẩu", |(_, advice)| advice);
        return say(arguments, access.code(), error, arguments.lang.choose(advice, access.hint()));
    }
    let (code, vietnamese, english) = match error.downcast_ref::<StoreError>() {
        Some(StoreError::InUse { .. }) => (
            "chip-in-use",
            "Dừng tiến trình đang chạy chip này rồi thử lại.",
            "Stop the process that runs this chip and try again.",
        ),
        Some(StoreError::Exists { .. }) => (
            "state-exists",
            "Chọn tên khác; chip đã có không bị ghi đè.",
            "Choose another name; a chip is never overwritten.",
        ),
        Some(StoreError::Damaged { .. }) => (
            "state-damaged",
            "Khôi phục tệp từ bản sao lưu, hoặc tạo chip mới.",
            "Restore the file from a backup, or make a new chip.",
        ),
        _ => (
            "could-not",
            "Kiểm tra đường dẫn và quyền truy cập rồi thử lại.",
            "Check the path and its permissions and try again.",
        ),
    };
    say(arguments, code, error, arguments.lang.choose(vietnamese, english));
}

fn say(arguments: &Arguments, code: &str, error: &anyhow::Error, hint: &str) {
    if arguments.json {
        print(&json!({ "error": { "code": code, "message": format!("{error:#}"), "hint": hint } }));
    } else {
        eprintln!("virtual-chip: {error:#}.\n{hint}");
    }
}
