//! `bundle`: collection without a line, sealed at the station and merged at the register.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_keys::public_key::PublicKey;
use cccd_population::bundle::{self, Header, Item, MAX_BUNDLE, MAX_SCAN, NotTaken, SealingKey};
use cccd_population::civil_status::Entry;
use cccd_population::import::{RowError, rows};
use cccd_population::numbers::Allocator;
use cccd_population::register_key::{beside, bundle_key, station_key};
use cccd_population::store::{
    ActOutcome, BundleState, Change, Collected, Put, Recorded, SqlStore, StoreError,
};
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::failure::Failure;
use super::{Db, Language, Setting, data, serve};

#[derive(clap::Args, Debug)]
#[command(after_help = "At the register, once:
  population bundle recipient --db sqlite:register.db        (give the line it prints to the stations)
At a station:
  population bundle add --open today.items --persons new.csv --acts acts.jsonl --scan sheet.pdf
  population bundle seal --open today.items --station desk-7 --to age1… --out desk-7-001.bundle
  (give desk-7.station.pub to the register, for its folder of trusted stations)
At the register:
  population bundle merge --db sqlite:register.db --trusted stations/ --scans scanned/ desk-7-001.bundle")]
pub(super) struct BundleCommand {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// To whom stations seal: made at the first use
    Recipient(Db),
    /// Put what was collected into an open bundle
    Add(Add),
    /// Sign and encrypt an open bundle
    Seal(Seal),
    /// Check bundles and take what is in them
    Merge(Merge),
}

#[derive(clap::Args, Debug)]
struct Add {
    /// The open bundle, a file of this station only (mode 0600)
    #[arg(long, value_name = "FILE")]
    open: PathBuf,
    /// Persons: CSV, JSON or QCVN 109 XML
    #[arg(long, value_name = "FILE")]
    persons: Vec<PathBuf>,
    /// Acts of civil status, one JSON entry a line
    #[arg(long, value_name = "FILE")]
    acts: Vec<PathBuf>,
    /// Scanned forms
    #[arg(long, value_name = "FILE")]
    scan: Vec<PathBuf>,
}

#[derive(clap::Args, Debug)]
struct Seal {
    /// The open bundle; it is removed when the sealed one is complete
    #[arg(long, value_name = "FILE")]
    open: PathBuf,
    /// Where the station's key lies: PATH.station-key, made at the first use
    #[arg(long, value_name = "PATH")]
    station: PathBuf,
    /// The register's recipient, as `bundle recipient` prints it
    #[arg(long, value_name = "age1…", value_parser = recipient)]
    to: SealingKey,
    /// The bundle to write; nothing may be there yet
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(clap::Args, Debug)]
struct Merge {
    #[command(flatten)]
    db: Db,
    /// Folder of the public keys of trusted stations (*.pub)
    #[arg(long, value_name = "DIR")]
    trusted: PathBuf,
    /// Folder into which scanned forms are put, for `population scans`
    #[arg(long, value_name = "DIR")]
    scans: Option<PathBuf>,
    /// Where items that were not taken whole are reported, of all bundles [default: FILE.rejects.csv of each bundle]
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Bundles, in the order in which they were sealed
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

impl BundleCommand {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        match self.verb {
            Verb::Recipient(db) => {
                let recipient = bundle_key(&db.secrets(setting)?)?.to_public().to_string();
                setting.answer(&json!({"recipient": recipient}), || recipient.clone())?;
                Ok(ExitCode::SUCCESS)
            }
            Verb::Add(command) => command.run(setting),
            Verb::Seal(command) => command.run(setting),
            Verb::Merge(command) => command.run(setting),
        }
    }
}

impl Add {
    fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let (mut items, mut untaken) = (Vec::new(), Vec::new());
        for path in &self.persons {
            let shown = path.display().to_string();
            let format = data::form(setting, None, path)?;
            let file = BufReader::new(File::open(path).with_context(|| shown.clone())?);
            for row in rows(file, format).with_context(|| shown.clone())? {
                let row = row.with_context(|| shown.clone())?;
                let checked =
                    row.person.and_then(|person| person.checked(setting.today()).map_err(RowError::from));
                match checked {
                    Ok(person) => {
                        items.push(Item::Person { collected: setting.now(), person: Box::new(person) });
                    }
                    Err(why) => untaken.push((shown.clone(), row.number, why.to_string())),
                }
            }
        }
        for path in &self.acts {
            let shown = path.display().to_string();
            let lines = BufReader::new(File::open(path).with_context(|| shown.clone())?).lines();
            for (place, line) in (1..).zip(lines) {
                let line = line.with_context(|| shown.clone())?;
                match serde_json::from_str::<Entry>(&line) {
                    Ok(entry) => items.push(Item::Act(Box::new(entry))),
                    Err(_) if line.trim().is_empty() => {}
                    Err(_) => untaken.push((shown.clone(), place, "not an entry of an act".to_owned())),
                }
            }
        }
        for path in &self.scan {
            let content = bounded(path, MAX_SCAN)?;
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            items.push(Item::Scan { name, content: STANDARD.encode(content) });
        }
        // Whole or not at all: the open bundle is written anew beside itself.
        let there = if self.open.exists() { bounded(&self.open, MAX_BUNDLE)? } else { Vec::new() };
        data::whole_file(&self.open, |mut file| {
            file.write_all(&there)?;
            for item in &items {
                writeln!(file, "{}", serde_json::to_string(item)?)?;
            }
            Ok(items.len() as u64)
        })?;
        let reasons: Vec<_> = untaken
            .iter()
            .map(|(file, row, reason)| json!({"file": file, "row": row, "reason": reason}))
            .collect();
        let rejected = untaken.len();
        setting.answer(&json!({"added": items.len(), "rejected": rejected, "reasons": reasons}), || {
            let words = setting.say("mục đã thêm", "items added");
            let mut lines =
                vec![format!("{} {words} · {rejected} {}", items.len(), setting.say("bị loại", "rejected"))];
            let row = setting.say("dòng", "row");
            lines.extend(untaken.iter().map(|(file, place, why)| format!("  {file}, {row} {place}: {why}")));
            lines.join("\n")
        })?;
        Ok(if rejected == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}

impl Seal {
    fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let items = String::from_utf8(bounded(&self.open, MAX_BUNDLE)?).ok().and_then(|text| {
            text.lines().map(|line| serde_json::from_str(line).ok()).collect::<Option<Vec<Item>>>()
        });
        let Some(items) = items else { return Err(refused(setting, &self.open, NotTaken::Item)) };
        // The open bundle goes when the sealed one is there: one that was sealed before and stands under that name would be lost.
        data::not_there(setting, &self.out)?;
        let key = station_key(&self.station, &mut serve::randomness())?;
        let counter = beside(&self.station, "sequence");
        let last: u64 =
            std::fs::read_to_string(&counter).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        let sequence = last.saturating_add(1);
        let sealed = bundle::seal(&items, sequence, setting.now(), &key, &self.to)?;
        // The number is spent first: a gap is told, a number used twice is refused.
        data::whole_file(&counter, |mut file| {
            writeln!(file, "{sequence}")?;
            Ok(1)
        })?;
        data::whole_file(&self.out, |mut file| {
            file.write_all(&sealed)?;
            Ok(1)
        })?;
        std::fs::remove_file(&self.open).with_context(|| self.open.display().to_string())?;
        let json = json!({"out": self.out, "items": items.len(), "sequence": sequence});
        setting.answer(&json, || {
            let words = setting.say("mục, gói số", "items, bundle");
            format!("{} {words} {sequence} → {}", items.len(), self.out.display())
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What became of a bundle's items.
#[derive(Default, Serialize)]
struct Summary {
    items: usize,
    added: u64,
    changed: u64,
    known: u64,
    acts: u64,
    scans: u64,
    rejected: u64,
    merged_before: bool,
    /// Numbers that were given: for the stations, who told their families that they would come.
    numbers: Vec<Given>,
}

/// The number that an act was given.
#[derive(Serialize)]
struct Given {
    act: String,
    number: PersonalNumber,
}

/// An item that was not taken whole.
struct Untaken {
    bundle: String,
    item: usize,
    reason: String,
}

/// Writes a report of items that were not taken whole, anew and whole.
fn report(path: &Path, untaken: &[Untaken]) -> anyhow::Result<()> {
    data::whole_file(path, |mut file| {
        writeln!(file, "bundle,item,reason")?;
        let quoted = |text: &str| text.replace('"', "\"\"");
        for Untaken { bundle, item, reason } in untaken {
            writeln!(file, "\"{}\",{item},\"{}\"", quoted(bundle), quoted(reason))?;
        }
        Ok(untaken.len() as u64)
    })?;
    Ok(())
}

impl Merge {
    fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let mut store = self.db.open_to_write(setting)?;
        let opening = bundle_key(&self.db.secrets(setting)?)?;
        let trusted = trusted(&self.trusted)?;
        let (mut worst, mut untaken, mut allocator) = (0, Vec::new(), None);
        for path in &self.files {
            let octets = bounded(path, MAX_BUNDLE)?;
            let opened = bundle::open(&octets, &trusted, &opening);
            let (header, items) = match opened {
                Ok(opened) => opened,
                Err(why) => {
                    refused(setting, path, why)
                        .downcast_ref::<Failure>()
                        .map(|failure| failure.report(setting));
                    worst = 1;
                    continue;
                }
            };
            let digest: [u8; 32] = Sha256::digest(&octets).into();
            let state = store.begin_bundle(&header, &digest, setting.now())?;
            if state == BundleState::Other {
                refused(setting, path, NotTaken::SequenceUsed)
                    .downcast_ref::<Failure>()
                    .map(|failure| failure.report(setting));
                worst = 1;
                continue;
            }
            let mut summary = Summary { items: items.len(), ..Summary::default() };
            if state == BundleState::Merged {
                summary.merged_before = true;
            } else {
                let named =
                    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let rejects =
                    self.take((&mut store, &mut allocator), &header, &items, &mut summary, setting)?;
                summary.rejected = rejects.len() as u64;
                let rejects =
                    rejects.into_iter().map(|(item, reason)| Untaken { bundle: named.clone(), item, reason });
                match &self.rejects {
                    // One report of all bundles: each adds what it has.
                    Some(together) => {
                        untaken.extend(rejects);
                        report(together, &untaken)?;
                    }
                    None if summary.rejected > 0 => {
                        report(&beside(path, "rejects.csv"), &rejects.collect::<Vec<_>>())?;
                    }
                    None => {}
                }
                store.end_bundle(&header, setting.now())?;
            }
            let json = json!({"bundle": path, "sequence": header.sequence, "summary": summary});
            setting.answer(&json, || {
                let shown = path.display();
                if summary.merged_before {
                    return format!(
                        "{shown}: {}",
                        setting.say("đã nhập trước đây", "merged before, nothing to do")
                    );
                }
                let given = summary.numbers.iter().map(|given| {
                    let words = setting.say("số định danh", "number");
                    format!("\n  {} · {words} {}", given.act, given.number.as_str())
                });
                format!(
                    "{shown}: {} {} · {} {} · {} {} · {} {} · {} {} · {} {} · {} {}{}",
                    summary.items,
                    setting.say("mục", "items"),
                    summary.added,
                    setting.say("người mới", "persons added"),
                    summary.changed,
                    setting.say("thay đổi", "changed"),
                    summary.known,
                    setting.say("đã biết", "known"),
                    summary.acts,
                    setting.say("việc hộ tịch", "acts"),
                    summary.scans,
                    setting.say("bản quét", "scans"),
                    summary.rejected,
                    setting.say("không nhập trọn", "not taken whole"),
                    given.collect::<String>(),
                )
            })?;
        }
        Ok(ExitCode::from(worst))
    }

    /// Every item again and again with the same end: a run that was broken off is simply done anew.
    fn take(
        &self,
        (store, allocator): (&mut SqlStore, &mut Option<Allocator>),
        header: &Header,
        items: &[Item],
        summary: &mut Summary,
        setting: &Setting,
    ) -> anyhow::Result<Vec<(usize, String)>> {
        let station = header.station.get(..16).unwrap_or_default();
        let source = format!("bundle:{station}:{}", header.sequence);
        let intake = format!("bundle:{station}");
        let bar = data::bar(items.len() as u64, "{pos}/{len}");
        let mut rejects = Vec::new();
        for (place, item) in (1..).zip(items) {
            bar.inc(1);
            match item {
                // A clock that goes ahead would make its facts newer than everything.
                Item::Person { collected, person } => {
                    let at = (*collected).min(header.sealed).min(setting.now());
                    let change = Change { source: source.clone(), at };
                    match store.put_collected(person, &change, setting.today()) {
                        Ok(Collected::Put(Put::Added)) => summary.added += 1,
                        Ok(Collected::Put(Put::Changed)) => summary.changed += 1,
                        Ok(Collected::Put(Put::Unchanged)) => summary.known += 1,
                        Ok(Collected::NewerKnown(items)) => {
                            rejects.push((place, format!("case: newer-known: {}", items.join(" "))));
                        }
                        Ok(Collected::KeptElsewhere | Collected::Put(Put::KeptElsewhere)) => {
                            rejects.push((place, "kept-elsewhere".to_owned()));
                        }
                        Ok(Collected::Put(Put::Cancelled)) => {
                            rejects.push((place, reason(StoreError::NumberCancelled)?));
                        }
                        Ok(Collected::OtherPerson) => rejects.push((place, "case: other-person".to_owned())),
                        Err(error) => rejects.push((place, reason(error)?)),
                    }
                }
                Item::Act(entry) => {
                    let change = Change { source: source.clone(), at: setting.now() };
                    if allocator.is_none() && entry.id.kind.may_need_number() {
                        *allocator = Some(self.db.allocator(setting, store)?);
                    }
                    match recorded(store, allocator.as_mut(), entry, (&intake, &change), setting)? {
                        Ok(Recorded {
                            outcome:
                                ActOutcome::Case(why) | ActOutcome::Waits(why) | ActOutcome::SentBack(why),
                            ..
                        }) => {
                            rejects.push((place, format!("case: {}", why.code())));
                        }
                        Ok(Recorded { number, .. }) => {
                            summary.acts += 1;
                            let act = || entry.id.to_string();
                            summary.numbers.extend(number.map(|number| Given { act: act(), number }));
                        }
                        Err(StoreError::Refused(why)) => {
                            rejects.push((place, format!("refused: {}", why.code())));
                        }
                        Err(error) => rejects.push((place, reason(error)?)),
                    }
                }
                Item::Scan { name, content } => match (&self.scans, STANDARD.decode(content)) {
                    (Some(folder), Ok(octets)) => {
                        keep(folder, name, &octets)?;
                        summary.scans += 1;
                    }
                    (None, _) => rejects.push((place, "no-folder-for-scans".to_owned())),
                    (_, Err(_)) => rejects.push((place, "damaged-scan".to_owned())),
                },
            }
        }
        bar.finish_and_clear();
        Ok(rejects)
    }
}

/// One act, with a number of this register if it needs one: taken again it answers the same.
fn recorded(
    store: &mut SqlStore,
    allocator: Option<&mut Allocator>,
    entry: &Entry,
    (intake, change): (&str, &Change),
    setting: &Setting,
) -> anyhow::Result<Result<Recorded, StoreError>> {
    let mut done = None;
    let acts = [(entry.clone(), None)];
    store.record_acts(&acts, allocator, intake, change, setting.today(), &mut |_, told| {
        done = Some(told);
        Ok::<(), StoreError>(())
    })?;
    Ok(done.unwrap_or(Err(StoreError::Inconsistent("an answer is missing"))))
}

/// What is wrong with the item; what is wrong with the register ends the run.
fn reason(error: StoreError) -> anyhow::Result<String> {
    match error {
        StoreError::Flaw(flaw) => Ok(format!("flaw: {flaw}")),
        StoreError::OtherAct => Ok("other-act".to_owned()),
        StoreError::NumberCancelled => Ok("number-cancelled".to_owned()),
        StoreError::NumberTaken => Ok("number-taken".to_owned()),
        StoreError::OtherNumber => Ok("other-number".to_owned()),
        StoreError::NumbersExhausted => Ok("numbers-exhausted".to_owned()),
        other => Err(other.into()),
    }
}

/// Under its digest: no name from outside becomes a path, the same scan lies there once.
fn keep(folder: &Path, name: &str, octets: &[u8]) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    let ending = ["pdf", "png", "jpg", "jpeg"].into_iter().find(|known| ending.as_deref() == Some(known));
    let file = folder.join(format!("{}.{}", hex::encode(Sha256::digest(octets)), ending.unwrap_or("scan")));
    if !file.exists() {
        data::whole_file(&file, |mut out| {
            out.write_all(octets)?;
            Ok(1)
        })?;
    }
    Ok(())
}

fn trusted(folder: &Path) -> anyhow::Result<Vec<PublicKey>> {
    let shown = || folder.display().to_string();
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder).with_context(shown)? {
        let path = entry.with_context(shown)?.path();
        if path.extension().is_some_and(|ending| ending == "pub") {
            files.insert(path);
        }
    }
    files
        .into_iter()
        .map(|path| {
            let der = bounded(&path, 4_096)?;
            PublicKey::from_spki(&der).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))
        })
        .collect()
}

fn bounded(path: &Path, max: usize) -> anyhow::Result<Vec<u8>> {
    let shown = || path.display().to_string();
    let mut octets = Vec::new();
    File::open(path)
        .with_context(shown)?
        .take(max as u64 + 1)
        .read_to_end(&mut octets)
        .with_context(shown)?;
    anyhow::ensure!(octets.len() <= max, "{}: the file is too long", shown());
    Ok(octets)
}

fn refused(setting: &Setting, path: &Path, why: NotTaken) -> anyhow::Error {
    let words = match setting.lang {
        Language::Vi => why.vietnamese().to_owned(),
        Language::En => why.to_string(),
    };
    let hint = setting.say("Không có gì bị thay đổi.", "Nothing was changed.").to_owned();
    Failure { code: why.code(), message: format!("{}: {words}", path.display()), hint, exit: 1 }.into()
}

fn recipient(text: &str) -> Result<SealingKey, &'static str> {
    text.parse()
}
