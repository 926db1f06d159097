//! `issuer card …`: a card's life after issue, in the register.

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_issuer::life;
use cccd_issuer::register::{Register, day_in_vietnam};
use cccd_population::card::{CardStatus, SodDigest};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::json;

use super::args::{CardArguments, CardChange, CardCommand};
use super::connect;
use super::failure::Failure;
use super::output::Output;

pub(crate) fn run(
    command: &CardCommand,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let (change, status) = match command {
        CardCommand::Status(which) => return show(which, at, rng, output),
        CardCommand::Revoke(revoke) => {
            let reason = life::reason(&revoke.ground, &revoke.change.reason);
            return set(&revoke.change, CardStatus::Revoked, &reason, at, output);
        }
        CardCommand::Hold(hold) => {
            let reason = life::reason(&hold.ground, &hold.change.reason);
            return set(&hold.change, CardStatus::Held, &reason, at, output);
        }
        CardCommand::Lost(change) => (change, CardStatus::Lost),
        CardCommand::Found(change) | CardCommand::Destroy(change) => (change, CardStatus::Destroyed),
        CardCommand::Return(change) => (change, CardStatus::Active),
    };
    set(change, status, &change.reason, at, output)
}

fn set(
    change: &CardChange,
    status: CardStatus,
    reason: &str,
    at: Timestamp,
    output: &Output,
) -> Result<(), Failure> {
    let mut register = connect::register(&change.card.register, "issuer card")?;
    let which = find(&change.card, register.as_mut(), at)?;
    let card = register.set_card_status(&which, status, reason, at)?;
    let (word, since) = (card.status.as_str(), card.since.to_string());
    output.result(
        &json!({"sod_sha256": which.to_string(), "status": word, "since": since}),
        &[format!("{which}: {} {} {since}", say(card.status, output), output.say("từ ngày", "since"))],
    );
    Ok(())
}

fn show(
    arguments: &CardArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let mut register = connect::register(&arguments.register, "issuer card")?;
    let which = find(arguments, register.as_mut(), at)?;
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let (status, since) = register.card_status(&which, &nonce, day_in_vietnam(at))?;
    let since = since.map(|date| date.to_string());
    output.result(
        &json!({"sod_sha256": which.to_string(), "status": status.as_str(), "since": since}),
        &[format!(
            "{which}: {} {} {}",
            say(status, output),
            output.say("từ ngày", "since"),
            since.as_deref().unwrap_or("?")
        )],
    );
    Ok(())
}

fn find(arguments: &CardArguments, register: &mut dyn Register, at: Timestamp) -> Result<SodDigest, Failure> {
    if let Some(digest) = arguments.which.sod_sha256 {
        return Ok(digest);
    }
    let number = arguments.which.number.as_deref().unwrap_or_default();
    let number = PersonalNumber::parse(number).map_err(|_| Failure::Number)?;
    let person = register.person(&number, day_in_vietnam(at))?.ok_or(Failure::UnknownPerson)?;
    person.card_in_use.map(|card| card.sod_sha256).ok_or(Failure::NoCardInUse)
}

fn say(status: CardStatus, output: &Output) -> &'static str {
    match status {
        CardStatus::Active => output.say("đang dùng", "active"),
        CardStatus::Held => output.say("đang bị giữ", "held"),
        CardStatus::Lost => output.say("đã báo mất", "lost"),
        CardStatus::Revoked => output.say("đã thu hồi", "revoked"),
        CardStatus::Replaced => output.say("đã được thay", "replaced"),
        CardStatus::Expired => output.say("hết hạn", "expired"),
        CardStatus::Destroyed => output.say("đã hủy", "destroyed"),
    }
}
