//! `match` and `event`.

use std::collections::BTreeMap;
use std::process::ExitCode;

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::answer::MatchRequest;
use cccd_population::matching::{Agreement, Outcome, ask, check_form};
use cccd_population::person::Life;
use cccd_population::store::{Put, Store as _};
use clap::ValueEnum;
use jiff::civil::Date;
use serde_json::json;

use super::failure::Failure;
use super::usage::BadValue;
use super::{Db, Setting, vietnamese};

#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  population match --db sqlite:register.db --number 079099000001 --name 'Nguyễn Văn An' \\
      --birth-date 1999-01-15 --also sex=Nam

The attempt counts and is logged like one over HTTP.")]
pub(super) struct Match {
    #[command(flatten)]
    db: Db,
    #[arg(long, value_parser = PersonalNumber::parse)]
    number: PersonalNumber,
    /// With its diacritics
    #[arg(long)]
    name: String,
    /// YYYY-MM-DD, YYYY-MM or YYYY
    #[arg(long)]
    birth_date: String,
    /// Further fields to compare
    #[arg(long, value_name = "FIELD=VALUE", value_parser = field)]
    also: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A death
    Death,
    /// Declared missing by a court
    Missing,
    /// A missing person is back
    Returned,
}

#[derive(clap::Args, Debug)]
#[command(after_help = "Example:
  population event death --db sqlite:register.db --number 001090000001 --date 2026-03-01 --source 'hospital 17/2026'

This notes what another authority has told before the office registers it: whether the person lives (item 24), and nothing
else. Spouse, household, residence, linked procedures and messages wait for the act, which the office of civil status sends
(`population act`); an act of the same day does all of that, one of another day becomes a case.")]
pub(super) struct Event {
    #[arg(value_enum)]
    kind: Kind,
    #[command(flatten)]
    db: Db,
    #[arg(long, value_parser = PersonalNumber::parse)]
    number: PersonalNumber,
    /// Day of the event
    #[arg(long)]
    date: Option<Date>,
    /// The paper or office that says so, for the history
    #[arg(long, default_value = "command line")]
    source: String,
}

impl Match {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let request = MatchRequest {
            nonce: String::new(),
            number: self.number,
            full_name: self.name,
            birth_date: self.birth_date,
            also: self.also.into_iter().collect(),
        };
        let birth_date = check_form(&request).map_err(|error| {
            let message = vietnamese::or_english(&error, setting);
            Failure::usage("bad-field", message, setting.say("Sửa lại rồi thử lại.", "Correct it."))
        })?;
        let mut store = self.db.open()?;
        let key = self.db.digest_key(setting, &store)?;
        let outcome = ask(&mut store, &key, &request, birth_date, "command line", setting.now())?;
        let (result, agree, exit) = match outcome {
            Outcome::Match(agree) => ("match", agree, ExitCode::SUCCESS),
            Outcome::NoMatch => ("no-match", BTreeMap::new(), ExitCode::from(1)),
            Outcome::TooManyAttempts => {
                return Err(Failure::could_not(
                    "too-many-attempts",
                    setting.say(
                        "Quá nhiều lần hỏi sai cho số này trong một giờ",
                        "Too many attempts for this number have failed within the hour",
                    ),
                    setting.say("Đợi đủ một giờ rồi thử lại.", "Wait until an hour has passed."),
                )
                .into());
            }
        };
        setting.answer(&json!({"result": result, "agree": agree}), || {
            let mut lines = vec![match result {
                "match" => setting.say("khớp", "match").to_owned(),
                _ => setting.say("không khớp", "no-match").to_owned(),
            }];
            for (field, agreement) in &agree {
                let word = match agreement {
                    Agreement::Agrees => setting.say("khớp", "agrees"),
                    Agreement::Differs => setting.say("khác", "differs"),
                    Agreement::NotCompared => setting.say("không so sánh", "not compared"),
                };
                lines.push(format!("  {field}: {word}"));
            }
            lines.join("\n")
        })?;
        Ok(exit)
    }
}

impl Event {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        let needed = || {
            self.date.ok_or_else(|| {
                let hint = setting.say("Thêm --date YYYY-MM-DD.", "Add --date YYYY-MM-DD.");
                Failure::usage("no-date", setting.say("Thiếu ngày", "The day is missing"), hint)
            })
        };
        let life = match self.kind {
            Kind::Death => Life::Dead(needed()?),
            Kind::Missing => Life::Missing(needed()?),
            Kind::Returned => Life::Alive,
        };
        let mut store = self.db.open_to_write(setting)?;
        let change = setting.change(format!("event:{}", self.source));
        let put = store.set_life(&self.number, life, &change, setting.today())?;
        let changed = put != Put::Unchanged;
        setting.answer(&json!({"changed": changed, "life": life}), || {
            let words = if changed && matches!(life, Life::Dead(_)) {
                setting.say(
                    "Đã ghi nhận. Vợ chồng, hộ, cư trú và thủ tục liên thông chờ việc hộ tịch (`population act`).",
                    "Recorded. Spouse, household, residence and procedures wait for the act (`population act`).",
                )
            } else if changed {
                setting.say("Đã ghi nhận.", "Recorded.")
            } else {
                setting.say("Đã biết từ trước.", "Known already.")
            };
            words.to_owned()
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn field(text: &str) -> Result<(String, String), BadValue> {
    let (field, value) = text.split_once('=').ok_or(BadValue::Field)?;
    Ok((field.to_owned(), value.to_owned()))
}
