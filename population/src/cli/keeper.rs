//! `keeper`: persons whose details another ministry keeps.

use std::process::ExitCode;

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::keepers::Keeper;
use clap::Subcommand;
use jiff::civil::Date;
use serde_json::json;

use super::usage::BadValue;
use super::{Db, Setting};

#[derive(clap::Args, Debug)]
#[command(after_help = "Examples:
  population keeper set 079099000001 --keeper defence --since 2026-11-01 --reference '123/QĐ' --db sqlite:register.db
  population keeper end 079099000001 --keeper defence --db sqlite:register.db
  population import list.json --keeper defence --db sqlite:register.db     what the ministry says of them

Their present and temporary residence, absence, telephone, mail and other information leave the record, and come in no more;
docs/decisions/0135 says what else is different.")]
pub(super) struct KeeperCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// The ministry says that it keeps a person's details
    Set {
        #[arg(value_parser = PersonalNumber::parse)]
        number: PersonalNumber,
        #[command(flatten)]
        db: Db,
        /// Which ministry
        #[arg(long, value_name = "defence|public-security", value_parser = keeper)]
        keeper: Keeper,
        /// Since when
        #[arg(long, value_name = "DATE")]
        since: Date,
        /// The ministry's reference
        #[arg(long, value_name = "TEXT")]
        reference: String,
    },
    /// It keeps them no more: the register collects them again
    End {
        #[arg(value_parser = PersonalNumber::parse)]
        number: PersonalNumber,
        #[command(flatten)]
        db: Db,
        /// Which ministry
        #[arg(long, value_name = "defence|public-security", value_parser = keeper)]
        keeper: Keeper,
    },
}

/// Reads the word of a ministry.
pub(super) fn keeper(text: &str) -> Result<Keeper, BadValue> {
    Keeper::parse(text).ok_or(BadValue::Keeper)
}

impl KeeperCommand {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        match self.what {
            What::Set { number, db, keeper, since, reference } => {
                let change = setting.change("command-line".to_owned());
                db.open()?.keep_elsewhere(&number, keeper, since, &reference, &change)?;
                let answer = json!({"details_kept_by": keeper.as_str(), "since": since});
                setting.answer(&answer, || {
                    let name = setting.say(keeper.vietnamese(), keeper.as_str());
                    format!("{} {name}, {since}", setting.say("Thông tin do bộ quản lý:", "Details kept by"))
                })?;
                Ok(ExitCode::SUCCESS)
            }
            What::End { number, db, keeper } => {
                let ended = db.open()?.end_keeping(&number, keeper)?;
                setting.answer(&json!({"ended": ended}), || {
                    match ended {
                        true => setting
                            .say("Hệ thống thu thập lại như mọi người.", "The register collects them again."),
                        false => {
                            setting.say("Bộ này không quản lý người đó.", "This ministry did not keep them.")
                        }
                    }
                    .to_owned()
                })?;
                Ok(if ended { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
        }
    }
}
