//! `import`, `export`, `generate`, `stats`.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_population::access::Shown;
use cccd_population::cases::Intake;
use cccd_population::export::{Items, PersonWriter, export_items};
use cccd_population::generate::Nation;
use cccd_population::import::{BATCH, Format, Known, Summary, digest, import_file, rehearse, rows};
use cccd_population::keepers::Keeper;
use cccd_population::quality::conflict;
use cccd_population::register_key::beside;
use cccd_population::statistics::Statistics;
use cccd_population::store::Store as _;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::failure::Failure;
use super::keeper::keeper;
use super::look::AskedForMany;
use super::{Db, Language, Setting, vietnamese};

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FileFormat {
    Csv,
    Json,
    /// XML of QCVN 109:2017/BTTTT
    Qcvn,
}

#[derive(clap::Args, Debug)]
pub(super) struct Import {
    #[command(flatten)]
    db: Db,
    /// File of persons; the ending says the form unless --format does
    file: PathBuf,
    /// From this ministry, about persons whose details it keeps
    #[arg(long, value_name = "defence|public-security", value_parser = keeper)]
    keeper: Option<Keeper>,
    /// Form of the file
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Where rejected rows are reported, as row number and reason [default: FILE.rejects.csv]
    #[arg(long)]
    rejects: Option<PathBuf>,
    /// Where the data comes from, for the history [default: the file's name]
    #[arg(long)]
    source: Option<String>,
    /// How much its word counts: records are joined with what is known, what contradicts it becomes a case [default: carried]
    #[arg(long, value_enum, requires = "by")]
    standing: Option<Standing>,
    /// Who brings it in: they cannot decide for it later [default: the source]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// The day of the data: what the register learnt after it stays [default: now]
    #[arg(long, value_name = "DATE", conflicts_with = "replace")]
    as_of: Option<jiff::civil::Date>,
    /// What comes replaces what is known, better and newer facts too: for a migration that is done anew
    #[arg(long, conflicts_with = "standing")]
    replace: bool,
    /// Compare newcomers with those who are known; who may be the same person becomes a case
    #[arg(long)]
    duplicates: bool,
    /// Persons in one transaction: after a crash the import goes on behind the last one
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::new(BATCH).unwrap_or(NonZeroUsize::MIN))]
    batch: NonZeroUsize,
    /// Leave the index of `search` as it is: more files follow, and `population index` comes after them
    #[arg(long)]
    no_index: bool,
    /// Read, check and compare all rows as the import would, and write none
    #[arg(long, conflicts_with = "duplicates")]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Standing {
    /// Carried over from another database
    Carried,
    /// Declared and signed by the person
    Declared,
    /// Seen by an officer in a paper that proves it
    Proven,
}

#[derive(clap::Args, Debug)]
pub(super) struct Export {
    #[command(flatten)]
    db: Db,
    /// The file to write (mode 0600, replaced when complete)
    #[arg(long)]
    out: PathBuf,
    /// Form of the file
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// Only the items of an earlier law, as CSV or JSON; import does not read them back
    #[arg(long, value_enum, value_name = "LAW")]
    items: Option<super::show::Items>,
    /// Only those whose details this ministry keeps; without it, only the others
    #[arg(long, value_name = "defence|public-security", value_parser = keeper)]
    keeper: Option<Keeper>,
    #[command(flatten)]
    asked: AskedForMany,
}

#[derive(clap::Args, Debug)]
pub(super) struct Generate {
    /// How many persons
    #[arg(long)]
    people: u64,
    /// The same seed gives the same nation
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The file to write: .csv, .json or .jsonl
    #[arg(long)]
    out: PathBuf,
    /// Form of the file
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
}

impl Import {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let format = form(setting, self.format, &self.file)?;
        let mut store = self.db.open_to_write(setting)?;
        let file = File::open(&self.file).with_context(|| self.file.display().to_string())?;
        let bar = bar(file.metadata().map_or(0, |metadata| metadata.len()), "{bytes}/{total_bytes}");
        let rejects = self.rejects.unwrap_or_else(|| beside(&self.file, "rejects.csv"));
        if same_file(&rejects, &self.file) {
            return Err(Failure::usage(
                "rejects-over-input",
                setting.say(
                    "Báo cáo sẽ ghi đè lên tệp đang đọc",
                    "The report would be written over the file that is read",
                ),
                setting.say("Chọn tên khác cho --rejects.", "Name another file by --rejects."),
            )
            .into());
        }
        // What a run before this one said of the file is no longer so.
        if is_report(&rejects) {
            std::fs::remove_file(&rejects).with_context(|| rejects.display().to_string())?;
        }
        let mut report = Report { path: &rejects, file: None };
        let name = self.file.file_name().map(|name| name.to_string_lossy().into_owned());
        let standing = self.standing.map(|standing| match standing {
            Standing::Carried => conflict::Standing::Carried,
            Standing::Declared => conflict::Standing::Declared,
            Standing::Proven => conflict::Standing::Proven,
        });
        let of_standing = standing.map_or_else(String::new, |standing| format!("{}:", standing.as_str()));
        let from = self.source.or(name).unwrap_or_default();
        let change = setting.change(match self.keeper {
            Some(keeper) => keeper.source(&from),
            None => format!("import:{of_standing}{from}"),
        });
        let standing = if self.replace { None } else { standing.or(Some(conflict::Standing::Carried)) };
        let by = self.by.unwrap_or_else(|| change.source.clone());
        // The end of the day in Vietnam.
        let end =
            |day: jiff::civil::Date| day.tomorrow()?.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(7)));
        let as_of = self.as_of.map(end).transpose()?.map(|end| end.timestamp().min(setting.now()));
        if standing.is_some() || self.duplicates {
            store.take_in_by(Some(Intake { standing, by, as_of, duplicates: self.duplicates }))?;
        }
        let named = || self.file.display().to_string();
        let mut heard = |position: u64, summary: &Summary| {
            bar.set_position(position.min(bar.length().unwrap_or(0)));
            bar.set_message(format!("{} · {} ✗", summary.rows, summary.rejected));
            true
        };
        let mut file = BufReader::with_capacity(1 << 20, file);
        let done = if self.dry_run {
            let persons = rows(file, format).with_context(named)?;
            rehearse(&mut store, persons, &change, setting.today(), &mut report, &mut heard)
                .map(|(summary, cases)| (summary, Some(cases)))
        } else {
            let known = digest(&mut file, format).with_context(named)?;
            file.rewind().with_context(named)?;
            if let Some(before) = store.file_progress(&known)?.filter(|before| !before.done) {
                let words = setting.say("Làm tiếp sau dòng", "Going on after row");
                bar.println(format!("{words} {}", before.summary.rows));
            }
            let persons = rows(file, format).with_context(named)?;
            let known = Known { digest: known, batch: self.batch.get() };
            import_file(&mut store, known, persons, &change, setting.today(), &mut report, &mut heard)
                .map(|summary| (summary, None))
        };
        let (summary, rehearsed) = done.with_context(named)?;
        bar.finish_and_clear();
        if !self.dry_run && !self.no_index && store.index_state()?.waiting > 0 {
            super::find::make_index(&mut store, setting)?;
        }
        let cases = rehearsed.map_or_else(|| store.cases_opened_at(change.at), Ok)?;
        setting.answer(
            &json!({"summary": summary, "cases": cases, "dry_run": self.dry_run, "rejects": report.file.is_some().then_some(&rejects)}),
            || {
                let rehearsed = if self.dry_run {
                    setting.say("thử, không ghi gì: ", "rehearsed, nothing is written: ")
                } else {
                    ""
                };
                let mut words = format!(
                    "{rehearsed}{} {} · {} {} · {} {} · {} {} · {} {}",
                    summary.rows,
                    setting.say("dòng", "rows"),
                    summary.added,
                    setting.say("mới", "added"),
                    summary.changed,
                    setting.say("thay đổi", "changed"),
                    summary.unchanged,
                    setting.say("giữ nguyên", "unchanged"),
                    summary.rejected,
                    setting.say("bị loại", "rejected"),
                );
                if summary.converted > 0 {
                    let what = setting.say("dòng được đổi mã", "rows converted from other encodings");
                    words = format!("{words} · {} {what}", summary.converted);
                }
                if cases > 0 {
                    let opened = if self.dry_run {
                        setting.say("hồ sơ sẽ được mở", "cases would be opened")
                    } else {
                        setting.say("hồ sơ mới, xem `population cases`", "new cases, see `population cases`")
                    };
                    words = format!("{words}\n{cases} {opened}");
                }
                if summary.rejected > 0 {
                    words = format!(
                        "{words}\n{} {}",
                        setting.say("Lý do từng dòng:", "Reasons:"),
                        rejects.display()
                    );
                }
                words
            },
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// A file that begins as a reject report does.
fn is_report(path: &Path) -> bool {
    let mut begin = Vec::new();
    let is_file = std::fs::metadata(path).is_ok_and(|there| there.is_file());
    is_file
        && File::open(path).is_ok_and(|file| file.take(11).read_to_end(&mut begin).is_ok())
        && begin == b"row,reason\n"
}

/// Refuses a name under which something lies already.
pub(super) fn not_there(setting: &Setting, path: &Path) -> Result<(), Failure> {
    if std::fs::metadata(path).is_ok_and(|there| there.is_file() || there.is_dir()) {
        return Err(Failure::could_not(
            "file-exists",
            format!("{}: {}", path.display(), setting.say("tệp đã có", "it is there already")),
            setting.say(
                "Chọn tên khác; không có gì bị ghi đè.",
                "Choose another name; nothing was overwritten.",
            ),
        ));
    }
    Ok(())
}

/// The reject report is made with its first line.
struct Report<'p> {
    path: &'p Path,
    file: Option<BufWriter<File>>,
}

impl Write for Report<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(BufWriter::new(private_file(self.path)?)),
        };
        file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Export {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let format = form(setting, self.format, &self.out)?;
        if self.items.is_some() && format == Format::Qcvn {
            return Err(Failure::usage(
                "unknown-format",
                setting.say(
                    "Thông điệp QCVN 109 chỉ có các mục của luật hiện hành",
                    "The message of QCVN 109 has the items of today's law only",
                ),
                setting.say("Ghi thành .csv hoặc .json.", "Write .csv or .json."),
            )
            .into());
        }
        let mut store = self.db.open()?;
        let count = store.person_count()?;
        self.asked.log(setting, &self.db, &mut store, Shown::Exported(count))?;
        let bar = bar(count, "{pos}/{len}");
        let mut sealed = 0;
        let written = whole_file(&self.out, |file| {
            let progress = |written| bar.set_position(written);
            let items = self.items.map_or(Items::All, |_| Items::Of2014);
            let writer = PersonWriter::of(BufWriter::new(file), format, items)?;
            let written = export_items(&store, self.keeper, writer, progress)?;
            sealed = written.sealed;
            Ok(written.persons)
        })?;
        bar.finish_and_clear();
        if sealed > 0 {
            let persons = setting.say(
                "người được ghi không có tôn giáo, nhóm máu, điện thoại, thư điện tử và thông tin khác: khóa không ở đây",
                "persons were written without religion, blood group, telephone, mail and other information: their key is not here",
            );
            return Err(Failure {
                code: "sealed-left-out",
                message: format!("{}: {sealed} {persons}", self.out.display()),
                hint: setting
                    .say(
                        "Chỉ tệp khóa bằng --secrets ĐƯỜNG_DẪN rồi xuất lại.",
                        "Name the keys by --secrets PATH and export again.",
                    )
                    .to_owned(),
                exit: 1,
            }
            .into());
        }
        written_answer(setting, written, &self.out)
    }
}

impl Generate {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let format = form(setting, self.format, &self.out)?;
        let bar = bar(self.people, "{pos}/{len}");
        let written = whole_file(&self.out, |file| {
            let mut writer = PersonWriter::new(BufWriter::new(file), format)?;
            let mut written = 0_u64;
            for person in Nation::new(self.people, self.seed, setting.today()) {
                writer.write(&person)?;
                written += 1;
                if written.is_multiple_of(1_000) {
                    bar.set_position(written);
                }
            }
            writer.finish()?;
            Ok(written)
        })?;
        bar.finish_and_clear();
        written_answer(setting, written, &self.out)
    }
}

pub(super) fn stats(setting: &Setting, db: &Db) -> anyhow::Result<ExitCode> {
    let mut store = db.open()?;
    store.fold_statistics()?;
    // The register itself is read only before its first count.
    if store.roll_up()?.is_none() {
        store.recount(setting.now())?;
    }
    let statistics = match store.roll_up()? {
        Some((_, rollup)) => Statistics::of(&rollup, setting.today()),
        None => store.statistics(setting.today())?,
    };
    setting.answer(&statistics, || {
        let mut lines = vec![format!("{}: {}", setting.say("Số người", "Persons"), statistics.persons)];
        let mut part = |title: &str, counts: Vec<(String, u64)>| {
            lines.push(format!("\n{title}"));
            lines.extend(counts.into_iter().map(|(name, count)| format!("{count:>10}  {name}")));
        };
        let of = |counts: &std::collections::BTreeMap<String, u64>| {
            let named = |name: &String| match setting.lang {
                Language::Vi => vietnamese::count(name).unwrap_or(name).to_owned(),
                Language::En => name.clone(),
            };
            counts.iter().map(|(name, count)| (named(name), *count)).collect::<Vec<_>>()
        };
        part(setting.say("Tình trạng", "Life"), of(&statistics.by_life));
        part(setting.say("Giới tính (còn sống)", "Sex (living)"), of(&statistics.by_sex));
        part(setting.say("Tuổi (còn sống)", "Age (living)"), of(&statistics.by_age));
        let provinces = statistics.by_province.iter().map(|(code, count)| {
            (format!("{code} {}", count.name.as_deref().unwrap_or_default()), count.persons)
        });
        part(setting.say("Tỉnh, thành (còn sống)", "Province (living)"), provinces.collect());
        part(setting.say("Thẻ", "Cards"), of(&statistics.cards_by_status));
        lines.join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn form(setting: &Setting, given: Option<FileFormat>, file: &Path) -> Result<Format, Failure> {
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    match (given, ending.as_str()) {
        (Some(FileFormat::Csv), _) | (None, "csv") => Ok(Format::Csv),
        (Some(FileFormat::Json), _) | (None, "json" | "jsonl" | "ndjson") => Ok(Format::Json),
        (Some(FileFormat::Qcvn), _) | (None, "xml") => Ok(Format::Qcvn),
        _ => Err(Failure::usage(
            "unknown-format",
            setting
                .say("Không biết dạng tệp qua phần đuôi", "The form of the file is not known by its ending"),
            setting.say("Thêm --format csv, json hoặc qcvn.", "Add --format csv, json or qcvn."),
        )),
    }
}

fn written_answer(setting: &Setting, written: u64, out: &Path) -> anyhow::Result<ExitCode> {
    setting.answer(&json!({"persons": written, "out": out}), || {
        format!("{written} {} → {}", setting.say("người", "persons"), out.display())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A file that holds persons: for its owner only.
fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// Writes beside the target and renames, so that a full disk leaves no half file under its name. A device or a pipe is
/// written to as it is: a file renamed over `/dev/null` would take its place for everybody.
pub(super) fn whole_file(
    path: &Path,
    fill: impl FnOnce(&File) -> anyhow::Result<u64>,
) -> anyhow::Result<u64> {
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let into = || fill(&File::options().write(true).open(path)?);
        return into().with_context(|| path.display().to_string());
    }
    anyhow::ensure!(!is_database(path), "{}: a database lies there", path.display());
    let temporary = beside(path, &format!("{}.part", std::process::id()));
    let write = || {
        let file = private_file(&temporary)?;
        let written = fill(&file)?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)?;
        Ok(written)
    };
    let result: anyhow::Result<u64> = write();
    if result.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    result.with_context(|| path.display().to_string())
}

/// A register of this program or of another: nothing is ever written over it.
fn is_database(path: &Path) -> bool {
    const HEADER: &[u8] = b"SQLite format 3\0";
    let mut begin = Vec::new();
    File::open(path).is_ok_and(|file| file.take(16).read_to_end(&mut begin).is_ok()) && begin == HEADER
}

pub(super) fn bar(length: u64, counts: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    if let Ok(style) = ProgressStyle::with_template(&format!("{{bar:40}} {counts} {{eta}} {{msg}}")) {
        bar.set_style(style);
    }
    bar
}
