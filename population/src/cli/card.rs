//! `card show`, `card status` and `card record`.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::card::{Card, CardStatus, NewCard, SodDigest};
use cccd_population::store::{Store as _, StoreError};
use clap::Subcommand;
use jiff::civil::Date;
use serde_json::json;

use super::lines::{self, Line};
use super::usage::BadValue;
use super::{Db, Setting, vietnamese};

/// The longest card, in octets.
const MAX_LINE: usize = 4 * 1024;

#[derive(clap::Args, Debug)]
pub(super) struct CardCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand, Debug)]
enum Action {
    /// Show one card with its history, or all cards of a person
    Show {
        #[command(flatten)]
        db: Db,
        /// SHA-256 of the card's EF.SOD
        #[arg(long, required_unless_present = "number")]
        sod: Option<SodDigest>,
        /// The person
        #[arg(long, value_parser = PersonalNumber::parse, conflicts_with = "sod")]
        number: Option<PersonalNumber>,
    },
    /// Record cards that were made elsewhere: before this register, or by another system
    #[command(after_help = "One card a line, as in POST /v1/cards (docs/register-api.md):
  {\"number\":\"079099000001\",\"sod_sha256\":\"…\",\"document_number\":\"099000001\",\"chip_serial\":\"…\",\"issued\":\"2022-01-01\",\"expires\":\"2039-01-15\"}
The same card again is a repeat. Each line is answered; exit code 1 when one was refused, and the others are recorded.")]
    Record {
        #[command(flatten)]
        db: Db,
        /// The cards, one a line; `-` reads standard input
        file: PathBuf,
    },
    /// Change a card's status
    Status {
        #[command(flatten)]
        db: Db,
        /// SHA-256 of the card's EF.SOD
        #[arg(long)]
        sod: SodDigest,
        /// active, held, lost, revoked, replaced, expired, destroyed
        #[arg(value_parser = status)]
        status: CardStatus,
        /// Why, for the history
        #[arg(long)]
        reason: String,
        /// Since which day [default: today]
        #[arg(long)]
        date: Option<Date>,
    },
}

impl CardCommand {
    pub(super) fn run(self, setting: &Setting) -> anyhow::Result<ExitCode> {
        match self.action {
            Action::Show { db, sod: Some(sod), .. } => {
                let store = db.open()?;
                let Some(card) = store.card(&sod)? else { bail!(StoreError::UnknownCard) };
                let history: Vec<_> = store
                    .card_history(&sod)?
                    .into_iter()
                    .map(|event| {
                        json!({"status": event.status, "since": event.since, "reason": event.reason,
                               "source": event.change.source, "at": event.change.at})
                    })
                    .collect();
                let status = card.status_on(setting.today()).0;
                setting.answer(&json!({"card": card, "status_today": status, "history": history}), || {
                    line(&card, setting)
                })?;
            }
            Action::Show { db, number, .. } => {
                let store = db.open()?;
                let Some(number) = number else { bail!(StoreError::UnknownPerson) };
                if store.person(&number)?.is_none() {
                    bail!(StoreError::UnknownPerson);
                }
                let cards = store.cards_of(&number)?;
                setting.answer(&json!({"cards": cards}), || {
                    let lines: Vec<_> = cards.iter().map(|card| line(card, setting)).collect();
                    if lines.is_empty() {
                        setting.say("Chưa có thẻ.", "No cards.").to_owned()
                    } else {
                        lines.join("\n")
                    }
                })?;
            }
            Action::Record { db, file } => return record(&db, &file, setting),
            Action::Status { db, sod, status, reason, date } => {
                let mut store = db.open()?;
                let since = date.unwrap_or_else(|| setting.today());
                let change = setting.change("command line");
                let card = store.set_card_status(&sod, status, since, &reason, &change)?;
                setting.answer(&json!({"card": card}), || line(&card, setting))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn record(db: &Db, file: &Path, setting: &Setting) -> anyhow::Result<ExitCode> {
    let mut store = db.open()?;
    let change = setting.change("card record");
    let name = file.display().to_string();
    let mut reader: Box<dyn BufRead> = if file.as_os_str() == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(file).with_context(|| name.clone())?))
    };
    let mut refused = false;
    for number in 1_u64.. {
        let Some(read) = lines::next(&mut reader, MAX_LINE).with_context(|| name.clone())? else { break };
        let text = if let Line::Text(text) = read { text } else { "?".to_owned() };
        if text.trim().is_empty() {
            continue;
        }
        let card: Option<NewCard> = serde_json::from_str(&text).ok();
        let (outcome, why) = match card.map(|card| store.record_card(&card, &change)) {
            Some(Ok((_, true))) => ("recorded", String::new()),
            Some(Ok((_, false))) => ("repeat", String::new()),
            Some(Err(error)) if is_of_the_card(&error) => {
                ("refused", vietnamese::or_english(&error, setting))
            }
            Some(Err(error)) => return Err(error.into()),
            None => ("no-card", setting.say("không phải một thẻ", "no card").to_owned()),
        };
        refused |= !matches!(outcome, "recorded" | "repeat");
        let why = Some(why).filter(|why| !why.is_empty());
        setting.answer(&json!({"line": number, "outcome": outcome, "reason": why}), || {
            let word = match outcome {
                "recorded" => setting.say("đã ghi", "recorded"),
                "repeat" => setting.say("đã có", "known already"),
                _ => setting.say("từ chối", "refused"),
            };
            let why = why.as_deref().map_or_else(String::new, |why| format!(" · {why}"));
            format!("{number}: {word}{why}")
        })?;
    }
    Ok(if refused { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// What is wrong with one card is told of it, and the others go on.
fn is_of_the_card(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::UnknownPerson
            | StoreError::NotAlive(_)
            | StoreError::UnknownCard
            | StoreError::CardInUse
            | StoreError::Claimed(_)
            | StoreError::CardForm(_)
            | StoreError::ForbiddenChange(_)
    )
}

fn line(card: &Card, setting: &Setting) -> String {
    let (status, since) = card.status_on(setting.today());
    let until = card.expires.map_or_else(|| "∞".to_owned(), |date| date.to_string());
    format!(
        "{}  {} ({since})  {} → {until}",
        card.sod_sha256,
        setting.say(vietnamese::status(status), status.as_str()),
        card.issued
    )
}

fn status(word: &str) -> Result<CardStatus, BadValue> {
    CardStatus::parse(word).ok_or(BadValue::Status)
}
