//! Arguments, and which function does what. Answers on standard output, progress and errors on standard error.

mod act;
mod backup;
mod bundle;
mod card;
mod case_act;
mod cases;
mod data;
mod extract;
mod failure;
mod find;
mod form;
mod identity;
mod keeper;
mod keys;
mod lines;
mod look;
mod number;
mod paper;
mod people;
mod places;
mod procedure;
mod quality;
mod scans;
mod secrets;
mod serve;
mod show;
mod stats;
mod usage;
mod vietnamese;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_population::register_key::{KeyFileError, make_seal_keys, seal_keys};
use cccd_population::seal::SealKeys;
use cccd_population::store::{Change, Place, SqlStore};
use clap::{Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use failure::Failure;
use usage::BadValue;

/// The register of persons: who there is, which cards they hold, and what others may ask.
#[derive(Parser, Debug)]
#[command(
    name = "population",
    version,
    after_help = "Examples:
  population generate --people 1000 --seed 7 --out nation.csv
  population init   --db sqlite:register.db
  population import --db sqlite:register.db nation.csv
  population stats  --db sqlite:register.db
  population quality --db sqlite:register.db
  population event death --db sqlite:register.db --number 001090000001 --date 2026-03-01
  population serve  --db sqlite:register.db --listen 127.0.0.1:7080

Exit codes: 0 done or match · 1 no match or refused · 2 usage · 3 could not (file, register)"
)]
struct Arguments {
    /// Machine-readable answers
    #[arg(long, global = true)]
    json: bool,
    /// Language of messages
    #[arg(long, global = true, value_enum, default_value = "vi")]
    lang: Language,
    /// The time that counts as now: a date or an RFC 3339 time
    #[arg(long, global = true, value_parser = parse_time, value_name = "TIME")]
    at: Option<Timestamp>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    Vi,
    En,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Make the register's file and tables, or bring them to this program's version
    Init(Init),
    /// Read persons from a CSV, JSON or QCVN 109 XML file; bad rows go to a reject report
    Import(data::Import),
    /// Write all persons to a CSV, JSON-lines or QCVN 109 XML file
    Export(data::Export),
    /// Invent a synthetic nation: nobody in it exists
    Generate(data::Generate),
    /// Ask whether number, name and birth date belong together
    Match(people::Match),
    /// Note that somebody is said to have died, to be missing or to be back: item 24 alone, no act of civil status
    Event(people::Event),
    /// Take acts of civil status, with all that each changes
    Act(act::Act),
    /// What connected systems are to be told, a message a line
    Outbox(act::Outbox),
    /// Give a personal number for facts of birth; a request always has one answer
    Number(number::Number),
    /// Cards: show, or change the status
    Card(card::CardCommand),
    /// A form of collection as PDF: DC01, DC02, blank or filled in
    Form(form::Form),
    /// Extracts of the books as PDF, and their codes checked
    Extract(extract::ExtractCommand),
    /// Entries of old paper books, typed twice
    Paper(paper::PaperCommand),
    /// File a folder of scanned sheets to their rows by the barcode
    Scans(scans::Scans),
    /// Bundles: collect without a line, seal, and merge at the register
    Bundle(bundle::BundleCommand),
    /// The keys under which religion, blood group, telephone, mail and other information lie sealed
    Keys(keys::Keys),
    /// Places: what a code is on the present map and the one before, or make the file of places
    Places(places::PlacesCommand),
    /// Correct, complete, clean, alive: scores by province and ward, and an office's work list
    Quality(quality::Quality),
    /// The identity database, apart: portrait, fingerprints, iris, marks, state of the electronic account
    Identity(identity::Identity),
    /// A person's record, where each item came from, its history; every look is logged with its grounds
    Show(show::Show),
    /// Who looked at whom, in which case or without one; --verify says whether the log is whole
    AccessLog(look::AccessLog),
    /// Find people by a name typed or heard, a birth date or year, parents, a place
    Search(find::Search),
    /// Make the index of `search` anew
    Index(find::Index),
    /// Find one person with two numbers, with the evidence (docs/duplicates.md)
    Duplicates(find::Duplicates),
    /// Persons whose details another ministry keeps: the armed forces
    Keeper(keeper::KeeperCommand),
    /// Linked procedures of births and deaths: what other systems were asked, and their answers
    Procedure(procedure::Procedure),
    /// Contradictions and likely duplicates: what waits for an officer, and decisions
    Cases(cases::Cases),
    /// Count by province, sex and age; a page with charts and a map (docs/statistics.md)
    Stats(stats::Stats),
    /// Write one moment of the register to an encrypted file (docs/operating.md)
    Backup(backup::Backup),
    /// Fill an empty register from such a file, whole or not at all
    Restore(backup::Restore),
    /// Answer over HTTP on loopback (docs/register-api.md)
    Serve(serve::Serve),
}

#[derive(clap::Args, Debug)]
struct Db {
    /// The register: `sqlite:FILE`, or `postgres://USER@HOST/DATABASE` of this machine
    #[arg(long, value_parser = parse_db, value_name = "sqlite:FILE|postgres://…")]
    db: Place,
    /// Where the register's own keys and tokens lie: PATH.digest-key, PATH.tokens … [default: beside the file]
    #[arg(long, value_name = "PATH")]
    secrets: Option<PathBuf>,
}

impl Db {
    fn open(&self) -> anyhow::Result<SqlStore> {
        SqlStore::open_with(&self.db, &self.seal_keys()?).with_context(|| self.db.to_string())
    }

    /// The keys of sealed items that are at hand: none for a register on a server without `--secrets`.
    fn seal_keys(&self) -> Result<SealKeys, KeyFileError> {
        self.secrets.as_deref().or(self.db.path()).map_or(Ok(SealKeys::none()), seal_keys)
    }

    /// The path beside which the register's own keys lie.
    fn secrets(&self, setting: &Setting) -> Result<PathBuf, Failure> {
        self.secrets.clone().or_else(|| self.db.path().map(Path::to_owned)).ok_or_else(|| {
            Failure::usage(
                "no-secrets",
                setting.say(
                    "Cơ sở dữ liệu trên máy chủ không có tệp bên cạnh để giữ khóa",
                    "A register on a server has no file beside which its keys could lie",
                ),
                setting.say("Thêm --secrets ĐƯỜNG_DẪN.", "Add --secrets PATH."),
            )
        })
    }
}

/// What every command needs to know.
struct Setting {
    json: bool,
    lang: Language,
    at: Option<Timestamp>,
}

impl Setting {
    fn now(&self) -> Timestamp {
        self.at.unwrap_or_else(clock)
    }

    /// The day of the law: Vietnam's.
    fn today(&self) -> Date {
        cccd_population::day_in_vietnam(self.now())
    }

    fn say<'t>(&self, vietnamese: &'t str, english: &'t str) -> &'t str {
        match self.lang {
            Language::Vi => vietnamese,
            Language::En => english,
        }
    }

    fn change(&self, source: impl Into<String>) -> Change {
        Change { source: source.into(), at: self.now() }
    }

    /// Prints the JSON form or the words.
    fn answer(&self, json: &impl serde::Serialize, words: impl FnOnce() -> String) -> anyhow::Result<()> {
        use std::io::Write as _;
        let text = if self.json { serde_json::to_string(json)? } else { words() };
        match writeln!(std::io::stdout().lock(), "{text}") {
            // Who reads has read enough (`population stats | head`).
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            written => written.with_context(|| self.say("đầu ra chuẩn", "standard output").to_owned()),
        }
    }
}

pub(crate) fn run() -> ExitCode {
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and version are no errors.
        Err(error) if !error.use_stderr() => {
            let _ = error.print();
            return ExitCode::SUCCESS;
        }
        Err(error) if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            return ExitCode::from(2);
        }
        Err(error) => {
            let setting = usage::setting(&words);
            return usage::failure(&error, &words, &setting).report(&setting);
        }
    };
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(tracing::Level::WARN).init();
    let setting = Setting { json: arguments.json, lang: arguments.lang, at: arguments.at };
    let done = match arguments.command {
        Command::Init(command) => init(&setting, &command),
        Command::Import(command) => command.run(&setting),
        Command::Export(command) => command.run(&setting),
        Command::Generate(command) => command.run(&setting),
        Command::Match(command) => command.run(&setting),
        Command::Event(command) => command.run(&setting),
        Command::Act(command) => command.run(&setting),
        Command::Outbox(command) => command.run(&setting),
        Command::Number(command) => command.run(&setting),
        Command::Card(command) => command.run(&setting),
        Command::Form(command) => command.run(&setting),
        Command::Extract(command) => command.run(&setting),
        Command::Paper(command) => command.run(&setting),
        Command::Scans(command) => command.run(&setting),
        Command::Bundle(command) => command.run(&setting),
        Command::Keys(command) => command.run(&setting),
        Command::Places(command) => command.run(&setting),
        Command::Quality(command) => command.run(&setting),
        Command::Identity(command) => command.run(&setting),
        Command::Show(command) => command.run(&setting),
        Command::AccessLog(command) => command.run(&setting),
        Command::Search(command) => command.run(&setting),
        Command::Index(command) => command.run(&setting),
        Command::Duplicates(command) => command.run(&setting),
        Command::Keeper(command) => command.run(&setting),
        Command::Procedure(command) => command.run(&setting),
        Command::Cases(command) => command.run(&setting),
        Command::Stats(command) => command.run(&setting),
        Command::Backup(command) => command.run(&setting),
        Command::Restore(command) => command.run(&setting),
        Command::Serve(command) => command.run(&setting),
    };
    done.unwrap_or_else(|error| Failure::of(&error, &setting).report(&setting))
}

#[derive(clap::Args, Debug)]
struct Init {
    #[command(flatten)]
    db: Db,
    /// Lay the tables out over the machines of Citus (docs/operating.md)
    #[arg(long)]
    distributed: bool,
    /// Show the statements by which --distributed lays them out, and change nothing
    #[arg(long, requires = "distributed")]
    print: bool,
}

fn init(setting: &Setting, Init { db, distributed, print }: &Init) -> anyhow::Result<ExitCode> {
    if *print {
        let statements = SqlStore::distribution();
        setting.answer(&serde_json::json!({"statements": statements}), || {
            statements.iter().map(|one| format!("{one};")).collect::<Vec<_>>().join("\n")
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let (place, keys) = (&db.db, db.seal_keys()?);
    let keys = match db.secrets.as_deref().or(place.path()) {
        None => keys,
        Some(_) if keys.is_empty() && keys_are_missing(place)? => {
            return Err(secrets::no_seal_key(setting).into());
        }
        Some(secrets) => make_seal_keys(secrets, &mut serve::randomness())?.0,
    };
    let create = if *distributed { SqlStore::create_distributed } else { SqlStore::create_with };
    create(place, &keys, setting.now()).with_context(|| place.to_string())?;
    let sealing = keys.newest().map(|id| id.to_string());
    setting.answer(&serde_json::json!({"db": place.to_string(), "seal_key": sealing}), || {
        let ready = format!("{} {place}", setting.say("Đã sẵn sàng:", "Ready:"));
        if sealing.is_some() {
            return ready;
        }
        let words = setting.say(
            "Không có khóa: tôn giáo, nhóm máu, điện thoại, thư điện tử và thông tin khác được ghi không mã hóa. Muốn mã \
             hóa, chạy lại với --secrets ĐƯỜNG_DẪN (và cho mọi lệnh sau đó), rồi population keys rotate-seal.",
            "There is no key: religion, blood group, telephone, mail and other information are written plain. To seal \
             them, run this again with --secrets PATH (and name it in every later command), then population keys \
             rotate-seal.",
        );
        format!("{ready}\n{words}")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Whether there is a register already, with items that only its keys open.
fn keys_are_missing(place: &Place) -> anyhow::Result<bool> {
    match SqlStore::open(place) {
        Ok(store) => store.holds_sealed().with_context(|| place.to_string()),
        Err(_) => Ok(false),
    }
}

#[expect(clippy::disallowed_methods, reason = "the program's one clock")]
fn clock() -> Timestamp {
    Timestamp::now()
}

fn parse_time(text: &str) -> Result<Timestamp, BadValue> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let date: Date = text.parse().map_err(|_| BadValue::Time)?;
    date.at(12, 0, 0, 0)
        .to_zoned(TimeZone::fixed(Offset::constant(7)))
        .map(|zoned| zoned.timestamp())
        .map_err(|_| BadValue::Time)
}

fn parse_db(text: &str) -> Result<Place, BadValue> {
    text.parse().map_err(|_| BadValue::Db)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    /// Every command's arguments have names of their own, and ask for nothing that is not there.
    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
