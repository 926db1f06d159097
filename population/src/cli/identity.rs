//! `identity`: the identity database, which is none of the register's.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::access::{Shown, VerifyError};
use cccd_population::identity::{Item, LOG, MAX_VALUE};
use cccd_population::matching::DigestKey;
use cccd_population::register_key::{
    add_identity_key, identity_keys, identity_log_key, make_identity_keys, write_secret,
};
use cccd_population::seal::SealKeys;
use cccd_population::store::{IdentityStore, Place, StoreError};
use clap::Subcommand;
use serde_json::json;

use super::backup::{back_up, bring_back, free, identities, recipients};
use super::failure::Failure;
use super::look::{Asked, altered, clock_corrected, told, unasked};
use super::{Setting, parse_db, serve};

/// Values sealed anew in one transaction: each up to a megabyte.
const VALUES: u32 = 50;

/// Entries read at once.
const PAGE: u32 = 1_000;

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population identity init --identity sqlite:identity.db
  population identity put 079099000001 portrait an.jpg --identity sqlite:identity.db --officer 'Lê Bình' --case CC01-17
  population identity put 079099000001 eid 'level-2 locked' --identity sqlite:identity.db --officer 'Lê Bình' --case 5/2026
  population identity read 079099000001 fingerprint-2 --out finger --identity sqlite:identity.db \\
      --officer 'Lê Bình' --break-glass 'nhận dạng nạn nhân'
  population identity log --verify --identity sqlite:identity.db
  population identity backup  --identity sqlite:identity.db --to identity.age --recipient age1…
  population identity restore --identity sqlite:new.db --from identity.age --age-key key.txt
  population identity new-key --identity sqlite:identity.db    then start its programs again, and
  population identity rotate-key --identity sqlite:identity.db

A backup holds no keys: with .identity-key beside it a restored database opens, without it nothing of it can be read.

Items: portrait, fingerprint-1 … fingerprint-10, iris-left, iris-right, marks, eid. On a server the database is the
schema `identity`, whose role must not be the register's: docs/decisions/0115.")]
pub(super) struct Identity {
    #[command(subcommand)]
    command: IdentityCommand,
}

#[derive(Subcommand, Debug)]
enum IdentityCommand {
    /// Make the database and its key, or bring it to this version
    Init(Apart),
    /// Write an item
    Put(PutItem),
    /// Read an item
    Read(ReadItem),
    /// Which items there are of somebody
    List(ListItems),
    /// Who read and wrote, with the grounds
    Log(Log),
    /// An encrypted backup; values stay sealed in it
    Backup(BackupItems),
    /// Restore a backup into an empty identity database
    Restore(RestoreItems),
    /// Make a new key, which seals from now on
    NewKey(Apart),
    /// Seal anew what lies under older keys; may be stopped and started again
    RotateKey(Apart),
}

#[derive(clap::Args, Debug)]
struct Apart {
    /// The identity database: `sqlite:FILE`, or `postgres://ROLE@HOST/DATABASE` of this machine
    #[arg(long, value_parser = parse_db, value_name = "sqlite:FILE|postgres://…")]
    identity: Place,
    /// Where its own keys lie: PATH.identity-key, PATH.identity-log-key [default: beside the file]
    #[arg(long, value_name = "PATH")]
    secrets: Option<PathBuf>,
}

#[derive(clap::Args, Debug)]
struct PutItem {
    #[arg(value_parser = PersonalNumber::parse)]
    number: PersonalNumber,
    item: Item,
    /// The file of a picture or template; the text itself for marks and eid
    value: String,
    #[command(flatten)]
    apart: Apart,
    #[command(flatten)]
    asked: Asked,
}

#[derive(clap::Args, Debug)]
struct ReadItem {
    #[arg(value_parser = PersonalNumber::parse)]
    number: PersonalNumber,
    item: Item,
    /// Where a picture or template is written, mode 0600; never over another file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    apart: Apart,
    #[command(flatten)]
    asked: Asked,
}

#[derive(clap::Args, Debug)]
struct ListItems {
    #[arg(value_parser = PersonalNumber::parse)]
    number: PersonalNumber,
    #[command(flatten)]
    apart: Apart,
    #[command(flatten)]
    asked: Asked,
}

#[derive(clap::Args, Debug)]
struct Log {
    #[command(flatten)]
    apart: Apart,
    /// Whether the whole log is there and as it was written
    #[arg(long)]
    verify: bool,
    /// The log is ahead of the true time, because a clock was: note it for this reason, and go on from now
    #[arg(long, value_name = "REASON", requires = "officer", conflicts_with = "verify")]
    correct_clock: Option<String>,
    /// Who notes it
    #[arg(long, requires = "correct_clock")]
    officer: Option<String>,
}

#[derive(clap::Args, Debug)]
struct BackupItems {
    #[command(flatten)]
    apart: Apart,
    /// The file to write: mode 0600, there only when complete, never over another
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Who may open it: a key age1…, or a file with one a line; several times for several
    #[arg(long, value_name = "age1…|FILE", required = true)]
    recipient: Vec<String>,
}

#[derive(clap::Args, Debug)]
struct RestoreItems {
    #[command(flatten)]
    apart: Apart,
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The file with the key AGE-SECRET-KEY-1…, mode 0600
    #[arg(long, value_name = "FILE")]
    age_key: PathBuf,
}

impl Apart {
    fn secrets(&self, setting: &Setting) -> Result<PathBuf, Failure> {
        self.secrets.clone().or_else(|| self.identity.path().map(Path::to_owned)).ok_or_else(|| {
            Failure::usage(
                "no-secrets",
                setting.say(
                    "Cơ sở dữ liệu căn cước trên máy chủ không có tệp bên cạnh để giữ khóa",
                    "An identity database on a server has no file beside which its keys could lie",
                ),
                setting.say("Thêm --secrets ĐƯỜNG_DẪN.", "Add --secrets PATH."),
            )
        })
    }

    /// For a backup, in which everything stays sealed.
    fn keyless(&self, setting: &Setting) -> anyhow::Result<IdentityStore> {
        IdentityStore::open(&self.identity, &SealKeys::none(), setting.now())
            .with_context(|| self.identity.to_string())
    }

    fn open(&self, setting: &Setting) -> anyhow::Result<(IdentityStore, DigestKey)> {
        let secrets = self.secrets(setting)?;
        let keys = identity_keys(&secrets)?;
        let store = IdentityStore::open(&self.identity, &keys, setting.now())
            .with_context(|| self.identity.to_string())?;
        Ok((store, identity_log_key(&secrets, &mut serve::randomness())?))
    }
}

impl Identity {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        match self.command {
            IdentityCommand::Init(apart) => init(setting, &apart),
            IdentityCommand::Put(command) => put(setting, &command),
            IdentityCommand::Read(command) => read(setting, &command),
            IdentityCommand::List(command) => list(setting, &command),
            IdentityCommand::Log(command) => log(setting, &command),
            IdentityCommand::Backup(command) => {
                let recipients = recipients(&command.recipient, setting)?;
                free(setting, &command.to)?;
                back_up(setting, &mut command.apart.keyless(setting)?, &command.to, &recipients)
            }
            IdentityCommand::Restore(command) => {
                let identities = identities(&command.age_key, setting)?;
                let place = &command.apart.identity;
                let make = || IdentityStore::create(place, &SealKeys::none(), setting.now());
                bring_back(setting, place, make, &command.from, &identities)
            }
            IdentityCommand::NewKey(apart) => new_key(setting, &apart),
            IdentityCommand::RotateKey(apart) => rotate(setting, &apart),
        }
    }
}

fn init(setting: &Setting, apart: &Apart) -> anyhow::Result<ExitCode> {
    let place = &apart.identity;
    let secrets = apart.secrets(setting)?;
    // The tables first: no key is left where there is to be no database.
    let store =
        IdentityStore::create(place, &SealKeys::none(), setting.now()).with_context(|| place.to_string())?;
    let keys = make_identity_keys(&secrets, &mut serve::randomness())?.0;
    let key = keys.newest().map(|id| id.to_string());
    let own_role = !store.reads_the_register();
    setting.answer(&json!({"identity": place.to_string(), "identity_key": key, "own_role": own_role}), || {
        let ready = format!("{} {place}", setting.say("Đã sẵn sàng:", "Ready:"));
        if own_role {
            return ready;
        }
        let words = setting.say(
            "CẢNH BÁO: vai trò này đọc được cả cơ sở dữ liệu dân cư. Dùng một vai trò riêng cho cơ sở dữ liệu căn cước.",
            "WARNING: this role can read the population register too. Use a role of its own for the identity database.",
        );
        format!("{ready}\n{words}")
    })?;
    Ok(ExitCode::SUCCESS)
}

fn new_key(setting: &Setting, apart: &Apart) -> anyhow::Result<ExitCode> {
    // No key for a database that is not there.
    apart.keyless(setting)?;
    let keys = add_identity_key(&apart.secrets(setting)?, &mut serve::randomness())?;
    let ids: Vec<String> = keys.ids().iter().map(ToString::to_string).collect();
    setting.answer(&json!({"identity_keys": ids, "seals": ids.last()}), || {
        let newest = ids.last().map_or("", String::as_str);
        format!("{} {newest} ({})", setting.say("Khóa niêm phong từ nay:", "Seals from now on:"), ids.len())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn rotate(setting: &Setting, apart: &Apart) -> anyhow::Result<ExitCode> {
    let (mut store, _) = apart.open(setting)?;
    let (mut after, mut sealed, mut without_key) = (None, 0, 0);
    loop {
        let page = store.seal_anew(after.as_ref(), VALUES).map_err(|error| failed(setting, error))?;
        sealed += page.sealed;
        without_key += page.without_key;
        let Some(last) = page.last else { break };
        after = Some(last);
    }
    setting.answer(&json!({"sealed_anew": sealed, "without_key": without_key}), || {
        let words = format!("{} {sealed}", setting.say("Đã niêm phong lại:", "Sealed anew:"));
        if without_key == 0 {
            return words;
        }
        let left = setting.say("Còn dưới khóa không có ở đây:", "Still under keys that are not here:");
        format!("{words}\n{left} {without_key}")
    })?;
    Ok(if without_key == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn put(setting: &Setting, command: &PutItem) -> anyhow::Result<ExitCode> {
    let value = if command.item.is_text() {
        command.value.clone().into_bytes()
    } else {
        let mut value = Vec::new();
        let most = u64::try_from(MAX_VALUE).unwrap_or(u64::MAX).saturating_add(1);
        std::fs::File::open(&command.value)
            .and_then(|file| file.take(most).read_to_end(&mut value))
            .with_context(|| command.value.clone())?;
        value
    };
    command.item.check(&value).map_err(|bad| {
        let vi = format!("Giá trị không hợp lệ cho mục {}", command.item);
        Failure::usage(
            "bad-item",
            setting.say(&vi, &bad.to_string()),
            setting.say(
                "Ảnh là JPEG hoặc JPEG 2000; tối đa 1 MiB; eid viết level-1, level-2, thêm locked khi khóa.",
                "Pictures are JPEG or JPEG 2000, of at most 1 MiB; eid is level-1 or level-2, with locked after it.",
            ),
        )
    })?;
    let (mut store, key) = command.apart.open(setting)?;
    let look = command.asked.look(setting, &key, &command.number, command.item.written())?;
    let revision =
        store.put(&key, (&command.number, command.item), &value, &look).map_err(|e| failed(setting, e))?;
    setting.answer(&json!({"item": command.item.to_string(), "revision": revision}), || {
        format!("{} {} · {revision}", setting.say("Đã ghi", "Written:"), command.item)
    })?;
    Ok(ExitCode::SUCCESS)
}

fn read(setting: &Setting, command: &ReadItem) -> anyhow::Result<ExitCode> {
    let item = command.item;
    if !item.is_text() && command.out.is_none() {
        return Err(Failure::usage(
            "no-out",
            setting.say("Mục này là ảnh hoặc mẫu", "This item is a picture or a template"),
            setting.say("Thêm --out TỆP.", "Add --out FILE."),
        )
        .into());
    }
    let (mut store, key) = command.apart.open(setting)?;
    let look = command.asked.look(setting, &key, &command.number, item.read())?;
    let Some(value) = store.get(&key, (&command.number, item), &look).map_err(|e| failed(setting, e))? else {
        setting.answer(&json!({"item": item.to_string(), "there": false}), || {
            format!("{}: {item}", setting.say("Không có mục này", "There is no such item"))
        })?;
        return Ok(ExitCode::FAILURE);
    };
    if let Some(out) = &command.out {
        write_secret(out, &value).with_context(|| out.display().to_string())?;
        setting.answer(&json!({"item": item.to_string(), "there": true, "out": out}), || {
            format!("→ {}", out.display())
        })?;
    } else {
        let text = String::from_utf8_lossy(&value).into_owned();
        setting.answer(&json!({"item": item.to_string(), "there": true, "value": text}), || text.clone())?;
    }
    Ok(ExitCode::SUCCESS)
}

fn list(setting: &Setting, command: &ListItems) -> anyhow::Result<ExitCode> {
    let (mut store, key) = command.apart.open(setting)?;
    let look = command.asked.look(setting, &key, &command.number, Shown::Record)?;
    let kept = store.items(&key, &command.number, &look)?;
    let items: Vec<_> = kept
        .iter()
        .map(|one| {
            json!({"item": one.item.to_string(), "revision": one.revision, "source": one.change.source,
                   "at": one.change.at.to_string()})
        })
        .collect();
    setting.answer(&json!({"items": items}), || {
        if kept.is_empty() {
            return setting.say("Không có mục nào.", "There are no items.").to_owned();
        }
        let line = |one: &cccd_population::store::Kept| {
            format!("{:<16} {}  {}  {}", one.item.to_string(), one.revision, one.change.at, one.change.source)
        };
        kept.iter().map(line).collect::<Vec<_>>().join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}

fn log(setting: &Setting, command: &Log) -> anyhow::Result<ExitCode> {
    let (mut store, key) = command.apart.open(setting)?;
    if let (Some(reason), Some(officer)) = (&command.correct_clock, &command.officer) {
        let look = unasked(setting, officer, reason.clone(), Shown::ClockCorrected)?;
        let place = store.correct_clock(&key, &look)?;
        return clock_corrected(setting, &place.map(|place| (LOG, place)).into_iter().collect::<Vec<_>>());
    }
    if command.verify {
        let count = match store.verify(&key) {
            Ok(count) => count,
            Err(VerifyError::Fault(fault)) => return Err(altered(setting, LOG, fault).into()),
            Err(VerifyError::Store(error)) => return Err(error.into()),
            Err(error) => return Err(error.into()),
        };
        setting.answer(&json!({"whole": {LOG: count}}), || {
            format!("{} {count}", setting.say("Nguyên vẹn:", "Whole:"))
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut found = Vec::new();
    loop {
        let after =
            found.last().map_or(0, |(_, entry): &(&str, cccd_population::access::AccessEntry)| entry.link);
        let page = store.accesses(after, PAGE)?;
        if page.is_empty() {
            break;
        }
        found.extend(page.into_iter().map(|entry| (LOG, entry)));
    }
    told(setting, &found)
}

/// A missing key is this database's, not the register's.
fn failed(setting: &Setting, error: StoreError) -> anyhow::Error {
    match error {
        StoreError::Sealed => Failure::could_not(
            "no-identity-key",
            setting.say(
                "Thiếu khóa của cơ sở dữ liệu căn cước (.identity-key)",
                "The key of the identity database (.identity-key) is missing",
            ),
            setting.say(
                "Đưa tệp khóa về chỗ cũ, hoặc chỉ chỗ bằng --secrets ĐƯỜNG_DẪN.",
                "Put the file back, or name its place by --secrets PATH.",
            ),
        )
        .into(),
        other => other.into(),
    }
}
