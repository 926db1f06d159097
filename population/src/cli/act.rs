//! `act` and `outbox`: acts of civil status in, messages out.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::{ActId, Entry};
use cccd_population::numbers::Allocator;
use cccd_population::store::{ActOutcome, Change, Recorded, SqlStore, Store as _, StoreError};
use serde_json::{Value, json};

use super::lines::{self, Line};
use super::{Db, Setting, data, vietnamese};

/// The longest entry, in octets.
const MAX_ENTRY: usize = 64 * 1024;

#[derive(clap::Args, Debug)]
#[command(after_help = "An entry is one JSON object a line:
  {\"id\":\"00070.2026.KH.12\",\"registered_on\":\"2026-11-20\",\"registered_by\":\"an officer\",
   \"act\":{\"marriage\":{\"husband\":\"001088000001\",\"wife\":\"001190000002\",\"on\":\"2026-11-19\"}}}

Each is taken once: sent again it is a repeat. One that contradicts the register is kept as a case and changes nothing;
one that cannot be is refused. Both, and what was read, are told for each line. A line that is no entry, no UTF-8 or longer
than 64 KiB is told by its number, and the others are taken.

An act that needs a number (birth, sex determined again, another year of birth) gets one, and the answer names it; sent
again it answers the same. The key of the numbers lies beside the register (--secrets).")]
pub(super) struct Act {
    #[command(flatten)]
    db: Db,
    /// Entries, one a line; `-` reads standard input
    file: PathBuf,
    /// The desk or line through which they come: it has a chain of its own
    #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    intake: String,
    /// The number of a single entry that needs one, given by another system [default: this register gives it]
    #[arg(long, value_parser = PersonalNumber::parse)]
    number: Option<PersonalNumber>,
}

#[derive(clap::Args, Debug)]
pub(super) struct Outbox {
    #[command(flatten)]
    db: Db,
    /// At most so many, oldest first
    #[arg(long, default_value_t = 100)]
    limit: u32,
    /// Mark what is shown as delivered. A pipe takes messages that nobody may read in the end: with --out they are on the disk first
    #[arg(long)]
    delivered: bool,
    /// Write them to this new file, one a line, instead of showing them
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Shows a message; `false` when nobody reads any more.
fn heard(message: &Value, setting: &Setting) -> anyhow::Result<bool> {
    match writeln!(std::io::stdout().lock(), "{message}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        written => {
            written.with_context(|| setting.say("đầu ra chuẩn", "standard output").to_owned())?;
            Ok(true)
        }
    }
}

impl Act {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let mut store = self.db.open_to_write(setting)?;
        let name = self.file.display().to_string();
        let source: Box<dyn Read> = if self.file.as_os_str() == "-" {
            Box::new(std::io::stdin())
        } else {
            Box::new(File::open(&self.file).with_context(|| name.clone())?)
        };
        let mut reader = BufReader::new(source);
        let change = setting.change(format!("act:{}", self.intake));
        let mut heard = Heard { setting, refused: false };
        let mut allocator = None;
        let mut waiting: Vec<(u64, Entry)> = Vec::new();
        for line in 1_u64.. {
            let Some(text) = lines::next(&mut reader, MAX_ENTRY).with_context(|| name.clone())? else {
                break;
            };
            match read(&text) {
                Ok(None) => continue,
                Ok(Some(entry)) => waiting.push((line, entry)),
                Err(unread) => {
                    self.record(&mut store, &mut allocator, &mut waiting, &change, &mut heard)?;
                    heard.refused = true;
                    let why = match (unread.reason, &unread.field) {
                        (Some(reason), _) => not_read(setting, reason).to_owned(),
                        (None, Some(field)) => {
                            let words = setting.say("không đọc được mục", "this item cannot be read:");
                            format!("{words} {field}")
                        }
                        (None, None) => setting.say("không phải một dòng JSON", "no line of JSON").to_owned(),
                    };
                    let which = Which { line, act: unread.act.as_ref(), field: unread.field.as_deref() };
                    told(setting, &which, ("not-an-entry", None), (unread.reason, &why))?;
                    continue;
                }
            }
            // Who feeds acts through a pipe waits for each answer before the next: what lies ready goes together.
            if waiting.len() >= AT_ONCE || reader.buffer().is_empty() {
                self.record(&mut store, &mut allocator, &mut waiting, &change, &mut heard)?;
            }
        }
        self.record(&mut store, &mut allocator, &mut waiting, &change, &mut heard)?;
        Ok(if heard.refused { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }

    /// With the number that was given beside the act, else with those of the register's own, whose key is read when the first
    /// act may need it.
    fn record(
        &self,
        store: &mut SqlStore,
        allocator: &mut Option<Allocator>,
        waiting: &mut Vec<(u64, Entry)>,
        change: &Change,
        heard: &mut Heard<'_>,
    ) -> anyhow::Result<()> {
        let setting = heard.setting;
        let (lines, acts): (Vec<u64>, Vec<(Entry, Option<PersonalNumber>)>) =
            waiting.drain(..).map(|(line, entry)| (line, (entry, self.number.clone()))).unzip();
        let needs = self.number.is_none() && acts.iter().any(|(entry, _)| entry.id.kind.may_need_number());
        let allocator = match allocator {
            Some(allocator) => Some(allocator),
            None if needs => Some(allocator.insert(self.db.allocator(setting, store)?)),
            None => None,
        };
        store.record_acts(&acts, allocator, &self.intake, change, setting.today(), &mut |place, done| {
            match lines.get(place).zip(acts.get(place)) {
                Some((line, (entry, _))) => heard.tell(*line, entry, done, self.number.as_ref()),
                None => Ok(()),
            }
        })
    }
}

/// What was answered until now.
struct Heard<'s> {
    setting: &'s Setting,
    refused: bool,
}

impl Heard<'_> {
    fn tell(
        &mut self,
        line: u64,
        entry: &Entry,
        done: Result<Recorded, StoreError>,
        given: Option<&PersonalNumber>,
    ) -> anyhow::Result<()> {
        let setting = self.setting;
        let none = (None, String::new());
        let (outcome, number) = match done {
            Ok(Recorded { outcome, number }) => {
                let taken = matches!(outcome, ActOutcome::Applied(_) | ActOutcome::Repeat);
                let given = given.filter(|_| taken);
                (Ok(outcome), number.or_else(|| given.cloned()))
            }
            Err(error) => (Err(error), None),
        };
        let (outcome, (reason, words)) = match outcome {
            Ok(ActOutcome::Applied(changes)) if changes.late => ("late", none),
            Ok(ActOutcome::Applied(_)) => ("applied", none),
            Ok(ActOutcome::Repeat) => ("repeat", none),
            Ok(ActOutcome::Case(why) | ActOutcome::Waits(why)) => {
                ("case", (Some(why.code()), setting.say(why.vietnamese(), &why.to_string()).to_owned()))
            }
            Ok(ActOutcome::SentBack(why)) => {
                ("sent-back", (Some(why.code()), setting.say(why.vietnamese(), &why.to_string()).to_owned()))
            }
            Err(error) => {
                let code = match &error {
                    StoreError::Refused(refusal) => refusal.code(),
                    StoreError::OtherAct => "other-act",
                    StoreError::NumberTaken => "number-taken",
                    StoreError::OtherNumber => "other-number",
                    StoreError::NumbersExhausted => "numbers-exhausted",
                    StoreError::Flaw(_) => "item-not-possible",
                    _ => return Err(error.into()),
                };
                ("refused", (Some(code), vietnamese::or_english(&error, setting)))
            }
        };
        self.refused |= matches!(outcome, "refused" | "sent-back");
        let which = Which { line, act: Some(&entry.id), field: None };
        told(setting, &which, (outcome, number.as_ref()), (reason, &words))
    }
}

/// A line that is no entry.
#[derive(Default)]
struct Unread {
    reason: Option<&'static str>,
    /// Which act it seems to be.
    act: Option<ActId>,
    /// Where in it the reading ended, as far as that is a name of ours: never what stands there.
    field: Option<String>,
}

/// The entry of a line, if it holds one; else why it is none, where more is to be said than that.
fn read(line: &Line) -> Result<Option<Entry>, Unread> {
    match line {
        Line::Text(text) if text.trim().is_empty() => Ok(None),
        Line::Text(text) => {
            let mut reader = serde_json::Deserializer::from_str(text);
            let entry = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
                let whole: Option<Value> = serde_json::from_str(text).ok();
                let id = whole.as_ref().and_then(|whole| whole.get("id")?.as_str()?.parse().ok());
                Unread { reason: None, act: id, field: whole.and_then(|_| place(&error)) }
            })?;
            // Two entries in one line are none: the second would be lost.
            reader.end().map_err(|_| Unread::default())?;
            Ok(Some(entry))
        }
        Line::NotText => Err(Unread { reason: Some("not-utf-8"), ..Unread::default() }),
        Line::TooLong => Err(Unread { reason: Some("entry-too-long"), ..Unread::default() }),
    }
}

/// `act.death.on`: names of ours only. The last part of an item that there is not is the sender's own, and left out.
fn place(error: &serde_path_to_error::Error<serde_json::Error>) -> Option<String> {
    let path = error.path().to_string();
    let known = match error.inner().to_string().starts_with("unknown field") {
        true => path.rsplit_once('.').map_or("", |(before, _)| before),
        false => path.as_str(),
    };
    let is_ours = known.len() > 1 && known.len() <= 80;
    is_ours.then(|| known.to_owned())
}

fn not_read(setting: &Setting, reason: &str) -> &'static str {
    match reason {
        "not-utf-8" => setting.say("không phải văn bản UTF-8", "not UTF-8"),
        _ => setting
            .say("dài hơn 64 KiB; mỗi dòng một việc hộ tịch", "longer than 64 KiB; write one entry a line"),
    }
}

/// Acts that go to the register together.
const AT_ONCE: usize = 256;

/// Which line, and what is known of it.
struct Which<'w> {
    line: u64,
    act: Option<&'w ActId>,
    field: Option<&'w str>,
}

fn told(
    setting: &Setting,
    which: &Which<'_>,
    (outcome, number): (&str, Option<&PersonalNumber>),
    (reason, why): (Option<&'static str>, &str),
) -> anyhow::Result<()> {
    let (line, act) = (which.line, which.act.map(ActId::to_string));
    let mut json = json!({"line": line, "act": act, "outcome": outcome, "number": number, "reason": reason});
    if let (Some(field), Some(json)) = (which.field, json.as_object_mut()) {
        json.insert("field".to_owned(), field.into());
    }
    setting.answer(&json, || {
        let word = match outcome {
            "applied" => setting.say("đã ghi", "taken"),
            "late" => setting.say("đã ghi, đến muộn", "taken, late"),
            "repeat" => setting.say("đã có", "known already"),
            "case" => setting.say("mâu thuẫn, chờ cán bộ quyết định", "contradicts, waits for an officer"),
            "refused" => setting.say("từ chối", "refused"),
            "sent-back" => setting
                .say("đã trả lại cơ quan đăng ký theo quyết định", "sent back to its office by a decision"),
            _ => setting.say("không phải một việc hộ tịch", "no entry"),
        };
        let act = act.as_deref().unwrap_or("?");
        let number = number.map_or_else(String::new, |number| {
            format!(" · {} {}", setting.say("số định danh", "number"), number.as_str())
        });
        format!("{line}: {act} · {word}{number}{}{why}", if why.is_empty() { "" } else { " · " })
    })
}

impl Outbox {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let mut store = self.db.open()?;
        let waiting = store.outbox(self.limit)?;
        if let Some(out) = &self.out {
            data::not_there(setting, out)?;
            data::whole_file(out, |file| {
                let mut file = BufWriter::new(file);
                for outgoing in &waiting {
                    writeln!(file, "{}", serde_json::to_value(&outgoing.message)?)?;
                }
                file.flush()?;
                Ok(waiting.len() as u64)
            })?;
        }
        for outgoing in waiting {
            let message: Value = serde_json::to_value(&outgoing.message)?;
            // Who no longer listens was told nothing: that message and those after it stay.
            if self.out.is_none() && !heard(&message, setting)? {
                break;
            }
            if self.delivered {
                store.sent(&outgoing, setting.now())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
