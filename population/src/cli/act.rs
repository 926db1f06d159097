//! `act` and `outbox`: acts of civil status in, messages out.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::civil_status::Entry;
use cccd_population::store::{ActOutcome, Store as _, StoreError};
use serde_json::{Value, json};

use super::failure::Failure;
use super::{Db, Setting, vietnamese};

/// The longest entry, in octets.
const MAX_ENTRY: u64 = 64 * 1024;

#[derive(clap::Args, Debug)]
#[command(after_help = "An entry is one JSON object a line:
  {\"id\":\"00070.2026.KH.12\",\"registered_on\":\"2026-11-20\",\"registered_by\":\"an officer\",
   \"act\":{\"marriage\":{\"husband\":\"001088000001\",\"wife\":\"001190000002\",\"on\":\"2026-11-19\"}}}

Each is taken once: sent again it is a repeat. One that contradicts the register is kept as a case and changes nothing;
one that cannot be is refused. Both, and what was read, are told for each line.")]
pub(super) struct Act {
    #[command(flatten)]
    db: Db,
    /// Entries, one a line; `-` reads standard input
    file: PathBuf,
    /// The desk or line through which they come: it has a chain of its own
    #[arg(long)]
    intake: String,
    /// The number allocated for the act, if it needs one (birth, sex, year of birth); for a single entry
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
    /// Mark what is shown as delivered
    #[arg(long)]
    delivered: bool,
}

impl Act {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let mut store = self.db.open()?;
        let name = self.file.display().to_string();
        let mut reader: Box<dyn std::io::BufRead> = if self.file.as_os_str() == "-" {
            Box::new(BufReader::new(std::io::stdin()))
        } else {
            Box::new(BufReader::new(File::open(&self.file).with_context(|| name.clone())?))
        };
        let change = setting.change(format!("act:{}", self.intake));
        let mut refused = false;
        for line in 1_u64.. {
            let mut text = String::new();
            let read = reader.by_ref().take(MAX_ENTRY).read_line(&mut text).with_context(|| name.clone())?;
            if read == 0 {
                break;
            }
            if text.trim().is_empty() {
                continue;
            }
            let Ok(entry) = serde_json::from_str::<Entry>(&text) else {
                refused = true;
                told(setting, line, None, "not-an-entry", (None, ""))?;
                if !text.ends_with('\n') && read as u64 == MAX_ENTRY {
                    return Err(Failure::usage(
                        "entry-too-long",
                        setting.say("Một dòng quá dài", "A line is too long"),
                        setting.say("Mỗi dòng một việc hộ tịch.", "Write one entry a line."),
                    )
                    .into());
                }
                continue;
            };
            let done = store.record_act(&entry, self.number.as_ref(), &self.intake, &change, setting.today());
            let none = (None, String::new());
            let (outcome, (reason, words)) = match done {
                Ok(ActOutcome::Applied(changes)) if changes.late => ("late", none),
                Ok(ActOutcome::Applied(_)) => ("applied", none),
                Ok(ActOutcome::Repeat) => ("repeat", none),
                Ok(ActOutcome::Case(why)) => {
                    ("case", (Some(why.code()), setting.say(why.vietnamese(), &why.to_string()).to_owned()))
                }
                Err(error) => {
                    let code = match &error {
                        StoreError::Refused(refusal) => refusal.code(),
                        StoreError::OtherAct => "other-act",
                        StoreError::NumberTaken => "number-taken",
                        _ => return Err(error.into()),
                    };
                    ("refused", (Some(code), vietnamese::or_english(&error, setting)))
                }
            };
            refused |= outcome == "refused";
            told(setting, line, Some(&entry), outcome, (reason, &words))?;
        }
        Ok(if refused { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }
}

fn told(
    setting: &Setting,
    line: u64,
    entry: Option<&Entry>,
    outcome: &str,
    (reason, why): (Option<&'static str>, &str),
) -> anyhow::Result<()> {
    let act = entry.map(|entry| entry.id.to_string());
    let json = json!({"line": line, "act": act, "outcome": outcome, "reason": reason});
    setting.answer(&json, || {
        let word = match outcome {
            "applied" => setting.say("đã ghi", "taken"),
            "late" => setting.say("đã ghi, đến muộn", "taken, late"),
            "repeat" => setting.say("đã có", "known already"),
            "case" => setting.say("mâu thuẫn, chờ cán bộ quyết định", "contradicts, waits for an officer"),
            "refused" => setting.say("từ chối", "refused"),
            _ => setting.say("không phải một việc hộ tịch", "no entry"),
        };
        let act = act.as_deref().unwrap_or("?");
        format!("{line}: {act} · {word}{}{why}", if why.is_empty() { "" } else { " · " })
    })
}

impl Outbox {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let mut store = self.db.open()?;
        for outgoing in store.outbox(self.limit)? {
            let message: Value = serde_json::to_value(&outgoing.message)?;
            let words = || message.to_string();
            setting.answer(&message, words)?;
            if self.delivered {
                store.sent(&outgoing, setting.now())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
