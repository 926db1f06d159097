//! The command line over `cccd_keys::store`.

pub(crate) mod args;
mod backup;
mod ceremony;
mod cvca;
mod master_list;
mod output;
mod signers;
mod token;

use args::{Arguments, Command, CrlCommand, LogCommand};
use cccd_keys::asn1::Malformed;
use cccd_keys::audit_log::{AuditLog, AuditLogError};
use cccd_keys::certificate::{BuildError, Certificate};
use cccd_keys::pkcs11::{AccessError, open_store};
use cccd_keys::public_key::PublicKey;
use cccd_keys::signer::Signer as _;
use cccd_keys::store::{
    AuthorityNames, KeyStore, Passphrase, PassphraseError, Purpose, StoreError, StoreSettings, read_settings,
};
use cccd_keys::token::{PinError, TokenError};
use jiff::{SignedDuration, Timestamp};
use output::Output;
use rand_core::CryptoRng;
use serde_json::{Value, json};
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

/// What stops a command, with its exit code.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error(transparent)]
    Pin(#[from] PinError),
    #[error(transparent)]
    Log(#[from] AuditLogError),
    #[error("the public key {0} is damaged: {1}")]
    PublicKey(String, Malformed),
    #[error("{0} ceremonies do not hold")]
    Ceremonies(usize),
    #[error("not confirmed: {0}")]
    NotConfirmed(String),
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Passphrase(error) => error.into(),
            AccessError::Pin(error) => error.into(),
            AccessError::Store(error) => error.into(),
            other => Self::Store(StoreError::Damaged(other.to_string())),
        }
    }
}

impl Failure {
    const fn code(&self) -> &'static str {
        match self {
            Self::Store(error) => error.code(),
            Self::Passphrase(_) => "no-passphrase",
            Self::Pin(_) => "no-pin",
            Self::Log(AuditLogError::Broken { .. }) => "log-broken",
            Self::Log(_) => "audit-log",
            Self::PublicKey(..) => "store-damaged",
            Self::Ceremonies(_) => "ceremonies-wrong",
            Self::NotConfirmed(_) => "not-confirmed",
        }
    }

    const fn hint(&self) -> &'static str {
        match self {
            Self::Store(error) => error.hint(),
            Self::Passphrase(_) => "give the file with --passphrase-file or CCCD_KEYS_PASSPHRASE_FILE",
            Self::Pin(_) => "give the file with --pin-file or CCCD_KEYS_PIN_FILE; - is standard input",
            Self::Log(_) | Self::PublicKey(..) | Self::Ceremonies(_) => {
                "keep the directory as it is and have it examined"
            }
            Self::NotConfirmed(_) => "repeat with --yes, which confirms it, if it is meant",
        }
    }

    /// 1 refused, 2 usage, 3 could not.
    const fn exit(&self) -> u8 {
        match self {
            Self::Store(
                StoreError::Exists(_)
                | StoreError::NoCsca
                | StoreError::NoCrl
                | StoreError::NoCscaOfPool(_)
                | StoreError::NoSignerOfPool { .. }
                | StoreError::CountTurnedBack { .. }
                | StoreError::CountDamaged(_)
                | StoreError::CrlLost(_)
                | StoreError::CrlSequence(_)
                | StoreError::MasterList(_)
                | StoreError::BeyondAuthority(_)
                | StoreError::Request(_)
                | StoreError::Shares(_)
                | StoreError::Backup(_)
                | StoreError::CscaKeyExpired(_)
                | StoreError::ClockBehind { .. }
                | StoreError::ClockNotBehind(_)
                | StoreError::NoDocumentSigner(_)
                | StoreError::CvcaExists
                | StoreError::NoCvca
                | StoreError::NoDocumentVerifier(_)
                | StoreError::SoftwareInProduction
                | StoreError::StaysInToken(_)
                | StoreError::NotWrappable
                | StoreError::Token(TokenError::NotHardware { .. } | TokenError::LastTry { .. }),
            )
            | Self::Log(AuditLogError::Broken { .. })
            | Self::Ceremonies(_)
            | Self::NotConfirmed(_) => 1,
            Self::Store(
                StoreError::UnknownSerial(_)
                | StoreError::Build(BuildError::Field(_) | BuildError::ReadBack(_))
                | StoreError::UnknownHolder(_)
                | StoreError::WhichVerifier(_)
                | StoreError::NotAHolder(_)
                | StoreError::InToken(_)
                | StoreError::NotInToken
                | StoreError::BackupPlan(_)
                | StoreError::SyntheticNames
                | StoreError::NoReason,
            ) => 2,
            _ => 3,
        }
    }
}

/// Runs one command and reports.
pub(crate) fn run(arguments: &Arguments, now: Timestamp, rng: &mut dyn CryptoRng) -> ExitCode {
    let output = Output { json: arguments.json, vietnamese: arguments.lang == args::Language::Vi };
    match execute(arguments, &output, arguments.at.unwrap_or(now), rng) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(failure.code(), &describe(&failure), failure.hint());
            ExitCode::from(failure.exit())
        }
    }
}

/// The sentence, with the system's reason where there is one.
fn describe(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let mut source = std::error::Error::source(failure);
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}

fn execute(
    arguments: &Arguments,
    output: &Output,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(), Failure> {
    let dir = &arguments.dir;
    let open = || -> Result<KeyStore, Failure> {
        let store = open_store(dir, arguments.passphrase_file.as_deref(), arguments.token.access())?;
        if store.is_in_token() {
            token::warn_of_unfinished(dir, output)?;
        } else {
            output.software_warning(dir);
        }
        Ok(store.in_presence_of(arguments.present.clone()))
    };
    let ceremony = || -> Result<KeyStore, Failure> {
        let store = open()?;
        store.follows_the_log(at)?;
        Ok(store)
    };
    match &arguments.command {
        Command::Init { profile, country, curves, purpose, wrapped_backup, organization, domain } => {
            let mut settings = StoreSettings::new(*profile, country, at).with_purpose((*purpose).into());
            if let (Some(organization), Some(domain)) = (organization.clone(), domain.clone()) {
                settings = settings.with_authority(AuthorityNames { organization, domain });
            }
            if *wrapped_backup {
                settings = settings.with_wrapped_backup();
            }
            if let Some(curves) = curves {
                settings.curve_encoding = (*curves).into();
            }
            init(arguments, output, settings, rng)
        }
        Command::Csca(request) => signers::authority(request, arguments, &ceremony()?, output, at, rng),
        Command::Ds(command) => {
            let store = if matches!(command, args::Ds::List) { open()? } else { ceremony()? };
            signers::run(command, arguments, &store, output, at, rng)
        }
        Command::Crl(CrlCommand::Issue { days, revoke, reason }) => {
            let store = ceremony()?;
            if !revoke.is_empty() {
                confirm(
                    arguments,
                    output,
                    output.text(
                        "revoking for ever; every card of these signers will be refused",
                        "thu hồi vĩnh viễn; mọi thẻ do các Document Signer này ký sẽ bị từ chối",
                    ),
                )?;
            }
            warn_of_time_without_list(&store, output, at)?;
            let validity = SignedDuration::from_hours(i64::from(*days).saturating_mul(24));
            let crl = store.issue_crl(at, validity, revoke, reason.map(args::Reason::code))?;
            let (number, count) = (crl.number().unwrap_or(0), crl.entries().len());
            output.print(
                &json!({ "crl": { "number": number, "this_update": crl.this_update(), "next_update": crl.next_update(), "revoked": count } }),
                &format!(
                    "CRL {number}: {count} {}, {} {}",
                    output.text("revoked", "bị thu hồi"),
                    output.text("next due", "hạn kế tiếp"),
                    crl.next_update().map(|time| time.to_string()).unwrap_or_default()
                ),
            );
            Ok(())
        }
        Command::Cvca(command) => {
            let store = if matches!(command, args::Cvca::List) { open()? } else { ceremony()? };
            cvca::run(command, arguments, &store, output, at, rng)
        }
        Command::Backup(command) => backup::run(command, arguments, &ceremony, output, at, rng),
        Command::Token(command) => token::run(command, arguments, output),
        Command::Ceremony(command) => ceremony::run(command, dir, output),
        Command::MasterList(command) => master_list::run(command, &ceremony()?, output, at, rng),
        Command::Export { out } => {
            let files = open()?.export(out)?;
            output.print(
                &json!({ "out": out, "files": files }),
                &format!(
                    "{} {}:\n  {}",
                    output.text("Written to", "Đã ghi vào"),
                    out.display(),
                    files.join("\n  ")
                ),
            );
            Ok(())
        }
        Command::Show => {
            show(&open()?, output, at)?;
            Ok(())
        }
        Command::Log(LogCommand::Verify) => verify_log(arguments, output),
        Command::Log(LogCommand::CorrectClock { reason }) => {
            let store = open()?;
            if let Err(StoreError::ClockBehind { newest, .. }) = store.follows_the_log(at) {
                let what = output.text(
                    "recording that the clock was ahead; ceremonies and cards go on from",
                    "ghi nhận đồng hồ đã chạy trước; nghi thức và việc cấp thẻ tiếp tục từ",
                );
                let log = output.text("the log is at", "nhật ký đang ở");
                confirm(arguments, output, format!("{what} {at} ({log} {newest})"))?;
            }
            let corrected = store.correct_clock(at, reason)?;
            output.print(
                &json!({ "corrected": { "from": corrected.newest, "to": corrected.at } }),
                &format!(
                    "{} {} → {}",
                    output.text("Clock corrected:", "Đã ghi nhận chỉnh đồng hồ:"),
                    corrected.newest,
                    corrected.at
                ),
            );
            Ok(())
        }
    }
}

fn init(
    arguments: &Arguments,
    output: &Output,
    settings: StoreSettings,
    rng: &mut dyn CryptoRng,
) -> Result<(), Failure> {
    let dir = &arguments.dir;
    if dir.join("store.json").exists() {
        return Err(StoreError::Exists(dir.clone()).into());
    }
    // Before anything is written.
    settings.certificate_options()?;
    let made = |profile: &str, country: &str| {
        output.print(
            &json!({ "dir": dir, "profile": profile, "country": country }),
            &format!(
                "{} {} ({profile}, {country})",
                output.text("Key store made in", "Đã tạo kho khoá tại"),
                dir.display()
            ),
        );
    };
    let (profile, country) = (settings.profile.name(), settings.country.clone());
    if let Some(access) = arguments.token.access() {
        KeyStore::init_in_token(dir, settings, access.open(None)?, rng)?;
        made(profile, &country);
        return Ok(());
    }
    if settings.purpose == Purpose::Production {
        return Err(StoreError::SoftwareInProduction.into());
    }
    let passphrase = new_passphrase(arguments, output, rng)?;
    output.software_warning(dir);
    KeyStore::init(dir, settings, &passphrase, rng)?;
    made(profile, &country);
    Ok(())
}

/// The passphrase of a store that is made now: from its file, or a new one.
fn new_passphrase(
    arguments: &Arguments,
    output: &Output,
    rng: &mut dyn CryptoRng,
) -> Result<Passphrase, Failure> {
    let dir = &arguments.dir;
    let path = Passphrase::path_for_store(dir, arguments.passphrase_file.as_deref());
    Ok(if path.exists() {
        Passphrase::from_file(&path)?
    } else if path == dir.join("passphrase") {
        std::fs::create_dir_all(dir).map_err(|source| StoreError::Io { path: dir.clone(), source })?;
        let passphrase = Passphrase::generate(rng);
        passphrase.write(&path)?;
        output.warn(&output.text(
            "the passphrase was generated and lies BESIDE the keys it protects: whoever copies the directory has the keys. For a demonstration only; otherwise give --passphrase-file",
            "mật khẩu được sinh tự động và nằm NGAY CẠNH các khoá nó bảo vệ: ai chép thư mục là có khoá. Chỉ dùng để trình diễn; nếu không, hãy dùng --passphrase-file",
        ));
        passphrase
    } else {
        Passphrase::from_file(&path)?
    })
}

fn confirm(arguments: &Arguments, output: &Output, what: String) -> Result<(), Failure> {
    if arguments.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::NotConfirmed(what));
    }
    let question = output.text("Type yes to go on: ", "Gõ yes để tiếp tục: ");
    drop(write!(std::io::stderr(), "{what}. {question}"));
    let mut answer = String::new();
    drop(std::io::stdin().read_line(&mut answer));
    if answer.trim() == "yes" { Ok(()) } else { Err(Failure::NotConfirmed(what)) }
}

/// Between the last list's end and this one nobody could say that a card is not revoked.
fn warn_of_time_without_list(store: &KeyStore, output: &Output, at: Timestamp) -> Result<(), StoreError> {
    let last = match store.crl() {
        Ok(crl) => crl.next_update(),
        Err(StoreError::NoCrl) => None,
        Err(error) => return Err(error),
    };
    if let Some(due) = last.filter(|due| *due < at) {
        output.warn(&format!(
            "{} {due}",
            output.text(
                "the last list ran out before this one; cards read undetermined since",
                "danh sách trước đã hết hạn; thẻ không xác định được kể từ"
            )
        ));
    }
    Ok(())
}

fn period(certificate: &Certificate) -> String {
    let usage = certificate.private_key_usage();
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    format!("{} – {}", time(usage.and_then(|u| u.not_before)), time(usage.and_then(|u| u.not_after)))
}

fn show(store: &KeyStore, output: &Output, at: Timestamp) -> Result<(), StoreError> {
    let settings = store.settings();
    let authorities: Vec<Value> = store.csca_certificates()?.iter().map(output::certificate_json).collect();
    let document_signers = store.document_signers(at)?;
    let active = document_signers.iter().filter(|status| status.may_sign).count();
    let (crl, lost) = match store.crl() {
        Ok(crl) => (Some(crl), None),
        Err(StoreError::NoCrl) => (None, None),
        Err(StoreError::CrlLost(lost)) => (None, Some(lost)),
        Err(error) => return Err(error),
    };
    let due = crl.as_ref().and_then(cccd_keys::crl::CertificateRevocationList::next_update);
    let (register, station) = (store.register_key()?, store.station_key()?);
    let keys = [register.public_key().fingerprint(), station.public_key().fingerprint()];
    let human = format!(
        "{} {} · {} · {}\nCSCA: {}\nDocument Signers: {} ({} {active})\nCRL: {}\nregister {}\nstation  {}",
        output.text("Key store", "Kho khoá"),
        store.dir().display(),
        settings.country,
        settings.profile.name(),
        authorities.len(),
        document_signers.len(),
        output.text("may sign:", "được ký:"),
        match (due, lost) {
            (_, Some(lost)) => format!("{} {}", output.text("LOST, number", "BỊ MẤT, số"), lost.number),
            (Some(due), None) => due.to_string(),
            (None, None) => output.text("none", "chưa có"),
        },
        keys[0],
        keys[1],
    );
    output.print(
        &json!({
            "dir": store.dir(), "settings": settings, "csca": authorities,
            "document_signers": { "count": document_signers.len(), "active": active },
            "crl": crl.map(|crl| json!({ "number": crl.number(), "next_update": crl.next_update() })),
            "lost_crl": lost,
            "register_key": keys[0], "station_key": keys[1], "software": !store.is_in_token(),
        }),
        &human,
    );
    match lost {
        Some(lost) => Err(StoreError::CrlLost(lost)),
        None => signers::looked_over(&document_signers),
    }
}

fn verify_log(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let dir = &arguments.dir;
    read_settings(dir)?;
    let name = dir.join("log.pub");
    let bytes = std::fs::read(&name).map_err(|source| StoreError::Io { path: name.clone(), source })?;
    let key = PublicKey::from_spki(&bytes)
        .map_err(|error| Failure::PublicKey(name.display().to_string(), error))?;
    let log = AuditLog::verify_file(&dir.join("audit.log"), &key)?;
    let lines: Vec<String> = log
        .records
        .iter()
        .map(|record| {
            format!(
                "{} {} {} {}",
                record.sequence,
                record.time,
                record.event,
                record.note.as_deref().unwrap_or("")
            )
        })
        .collect();
    output.print(
        &json!({ "records": log.records, "beyond_head": log.beyond_head }),
        &format!("{}\n{}", lines.join("\n"), output.text("The log holds.", "Nhật ký toàn vẹn.")),
    );
    Ok(())
}
