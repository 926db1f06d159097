//! `card show` and `card status`.

use std::process::ExitCode;

use anyhow::bail;
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::card::{Card, CardStatus, SodDigest};
use cccd_population::store::{Store as _, StoreError};
use clap::Subcommand;
use jiff::civil::Date;
use serde_json::json;

use super::usage::BadValue;
use super::{Db, Setting, vietnamese};

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
