//! `backup` and `restore`.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use age::x25519::{Identity, Recipient};
use anyhow::Context as _;
use cccd_population::backup::{Backed, backup, restore};
use cccd_population::register_key::read_secret;
use cccd_population::store::{Place, SqlStore, StoreError, TableDigest};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::data::whole_file;
use super::failure::Failure;
use super::{Db, Setting};

/// Of a file of keys.
const MAX_KEYS: u64 = 64 * 1024;

#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  population backup --db sqlite:register.db --to register.age --recipient age1…

The register stays in use meanwhile; the backup holds one moment of it. The keys beside the register (.digest-key,
.number-key, .register-key …) are not in it: keep them apart.")]
pub(super) struct Backup {
    #[command(flatten)]
    db: Db,
    /// The file to write: mode 0600, there only when complete, never over another
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Who may open it: a key age1…, or a file with one a line (`age-keygen -y`); several times for several
    #[arg(long, value_name = "age1…|FILE", required = true)]
    recipient: Vec<String>,
}

#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  population restore --db sqlite:new.db --from register.age --identity key.txt

Into an empty register of either engine, which is made if it is not there. Whole or not at all: it is done when every
table has been read again and is what was backed up.")]
pub(super) struct Restore {
    #[command(flatten)]
    db: Db,
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The file with the key AGE-SECRET-KEY-1… (`age-keygen`), mode 0600
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
}

impl Backup {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let recipients = recipients(&self.recipient, setting)?;
        free(setting, &self.to)?;
        back_up(setting, &mut self.db.open()?, &self.to, &recipients)
    }
}

/// A backup is never written over a file.
pub(super) fn free(setting: &Setting, to: &Path) -> Result<(), Failure> {
    if !to.exists() {
        return Ok(());
    }
    Err(Failure::usage(
        "file-there",
        setting.say("Tệp sao lưu đã có", "The file of the backup is there already"),
        setting.say("Chọn tên khác cho --to.", "Choose another name for --to."),
    ))
}

/// Backs up a register or an identity database into a file.
pub(super) fn back_up(
    setting: &Setting,
    store: &mut impl Backed,
    to: &Path,
    recipients: &[Recipient],
) -> anyhow::Result<ExitCode> {
    let bar = bar(&ProgressStyle::with_template("{spinner} {human_pos} {per_sec} {elapsed}"));
    let stopped = stopped();
    let mut tables = Vec::new();
    let written = whole_file(to, |file| {
        let (mut out, done) =
            backup(&mut *store, BufWriter::new(file), recipients, setting.now(), &mut |lines| {
                bar.set_position(lines);
                !stopped.load(Ordering::Relaxed)
            })?;
        out.flush()?;
        tables = done;
        Ok(tables.iter().map(|table| table.rows).sum())
    });
    bar.finish_and_clear();
    written?;
    tell(setting, setting.say("Đã sao lưu vào", "Backed up to"), to, &tables)
}

impl Restore {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let identities = identities(&self.identity, setting)?;
        let make = || SqlStore::create(&self.db.db, setting.now());
        bring_back(setting, &self.db.db, make, &self.from, &identities)
    }
}

/// Restores a backup into a register or an identity database that `make` makes.
pub(super) fn bring_back<S: Backed>(
    setting: &Setting,
    place: &Place,
    make: impl FnOnce() -> Result<S, StoreError>,
    from: &Path,
    identities: &[Identity],
) -> anyhow::Result<ExitCode> {
    let file = File::open(from).with_context(|| from.display().to_string())?;
    let bar = bar(&ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}"));
    bar.set_length(file.metadata().map_or(0, |metadata| metadata.len()));
    let made_now = place.path().filter(|path| !path.exists()).map(Path::to_owned);
    let stopped = stopped();
    let done = make().with_context(|| place.to_string()).and_then(|mut store| {
        let source = BufReader::new(bar.wrap_read(file));
        let go_on = &mut |_| !stopped.load(Ordering::Relaxed);
        restore(&mut store, source, identities, go_on).with_context(|| from.display().to_string())
    });
    bar.finish_and_clear();
    if let (Err(_), Some(path)) = (&done, made_now) {
        // What was made for it goes with it.
        for file in [path.clone(), with_ending(&path, "-wal"), with_ending(&path, "-shm")] {
            let _ = std::fs::remove_file(file);
        }
    }
    tell(setting, setting.say("Đã khôi phục từ", "Restored from"), from, &done?)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

pub(super) fn recipients(given: &[String], setting: &Setting) -> anyhow::Result<Vec<Recipient>> {
    let mut found = Vec::new();
    for one in given {
        let bad = || {
            Failure::usage(
                "bad-recipient",
                setting.say("--recipient không có khóa nhận age1…", "--recipient holds no key age1…"),
                setting
                    .say("Đưa khóa age1… hoặc tệp chứa nó.", "Give a key age1…, or a file that holds one."),
            )
        };
        let text = if one.starts_with("age1") {
            one.clone()
        } else {
            std::fs::read_to_string(one).map_err(|_| bad())?
        };
        let before = found.len();
        for line in text.lines().map(str::trim).filter(|line| line.starts_with("age1")) {
            found.push(line.parse().map_err(|_| bad())?);
        }
        if found.len() == before {
            return Err(bad().into());
        }
    }
    Ok(found)
}

pub(super) fn identities(file: &Path, setting: &Setting) -> anyhow::Result<Vec<Identity>> {
    let secret = read_secret(file, MAX_KEYS)?;
    let bad = || {
        Failure::usage(
            "bad-identity",
            setting.say(
                "--identity không có khóa AGE-SECRET-KEY-1…",
                "--identity holds no key AGE-SECRET-KEY-1…",
            ),
            setting.say("Chỉ đúng tệp khóa.", "Name the right file."),
        )
    };
    let text = core::str::from_utf8(&secret).map_err(|_| bad())?;
    let keys = text.lines().map(str::trim).filter(|line| line.starts_with("AGE-SECRET-KEY-1"));
    let keys: Vec<Identity> = keys.map(|key| key.parse().map_err(|_| bad())).collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(bad().into()) } else { Ok(keys) }
}

/// Ctrl-C and the signal to end are heard between rows, so that nothing is left half.
fn stopped() -> Arc<AtomicBool> {
    let stopped = Arc::new(AtomicBool::new(false));
    let heard = Arc::clone(&stopped);
    // Where it cannot be heard, a signal ends the program, and the database ends the transaction.
    let _ = ctrlc::set_handler(move || heard.store(true, Ordering::Relaxed));
    stopped
}

fn bar(style: &Result<ProgressStyle, indicatif::style::TemplateError>) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = style {
        bar.set_style(style.clone());
    }
    bar
}

fn tell(setting: &Setting, done: &str, file: &Path, tables: &[TableDigest]) -> anyhow::Result<ExitCode> {
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    setting.answer(&json!({"file": file, "rows": rows, "tables": tables}), || {
        let count = setting.say("dòng", "rows");
        let mut lines = vec![format!("{done} {}: {rows} {count}", file.display())];
        lines.extend(
            tables.iter().map(|table| format!("{:>12}  {:<24} {}", table.rows, table.table, table.digest)),
        );
        lines.join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}
