//! `issuer card …`: a card's life after issue, in the register.

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_issuer::ledger::{Act, Ledger};
use cccd_issuer::life::{CardChange, CardOrder};
use cccd_issuer::register::{Register, day_in_vietnam};
use cccd_issuer::words;
use cccd_population::card::{CardStatus, SodDigest};
use jiff::Timestamp;
use jiff::civil::Date;
use rand_core::CryptoRng;
use serde_json::json;

use super::args::{CardArguments, CardChangeArguments, CardCommand};
use super::connect;
use super::failure::Failure;
use super::output::Output;

pub(crate) fn run(
    command: &CardCommand,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let (arguments, change) = match command {
        CardCommand::Status(which) => return show(which, at, rng, output),
        CardCommand::Revoke(revoke) => (&revoke.change, CardChange::Revoke(revoke.ground)),
        CardCommand::Hold(hold) => (&hold.change, CardChange::Hold(hold.ground, hold.until)),
        CardCommand::Lost(arguments) => (arguments, CardChange::Lost),
        CardCommand::Found(arguments) => (arguments, CardChange::Found),
        CardCommand::Destroy(arguments) => (arguments, CardChange::Destroy),
        CardCommand::Return(arguments) => (arguments, CardChange::Return),
    };
    let (mut ledger, officer) =
        connect::ledger_and_officer(&arguments.ledger, &arguments.officer, change.role(), at, rng)?;
    let source = format!("issuer {}", officer.name());
    let mut register = connect::register(&arguments.card.register, &source)?;
    let card = match find(&arguments.card, register.as_mut(), at) {
        Err(Failure::NoCardInUse) => match asked_before(arguments, &ledger)? {
            Some(card) => card,
            // Of what is lost or withdrawn, the newest card that was made here.
            None => out_of_use(arguments, change, &ledger)?.ok_or(Failure::NoCardInUse)?,
        },
        found => found?,
    };
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let act = Act { actor: officer.name(), at, request: arguments.request.as_deref() };
    let order = CardOrder { card, change, said: &arguments.reason };
    let changed = order.carry_out(&mut ledger, register.as_mut(), act, &nonce)?;
    tell(&card, changed.status, changed.since, output);
    Ok(())
}

/// The newest card of the person, for what happens to a card that is no longer in use.
fn out_of_use(
    arguments: &CardChangeArguments,
    change: CardChange,
    ledger: &Ledger,
) -> Result<Option<SodDigest>, Failure> {
    let (CardChange::Found | CardChange::Destroy, Some(number)) = (change, &arguments.card.which.number)
    else {
        return Ok(None);
    };
    Ok(ledger.cards_of(number)?.first().copied())
}

/// This very request was made before, perhaps by a run that was ended on its way: the person's card of then, which is in
/// use no more.
fn asked_before(arguments: &CardChangeArguments, ledger: &Ledger) -> Result<Option<SodDigest>, Failure> {
    let (Some(request), Some(number)) = (&arguments.request, &arguments.card.which.number) else {
        return Ok(None);
    };
    let Some(card) = ledger.card_of_request(request)? else { return Ok(None) };
    let made = ledger.newest_of(number)?.and_then(|entry| entry.signed);
    Ok(made.filter(|made| made.sod_sha256 == card).map(|made| made.sod_sha256))
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
    tell(&which, status, since, output);
    Ok(())
}

fn tell(card: &SodDigest, status: CardStatus, since: Option<Date>, output: &Output) {
    let since = since.map(|date| date.to_string());
    output.result(
        &json!({"sod_sha256": card.to_string(), "status": status.as_str(), "since": since}),
        &[format!(
            "{card}: {} {} {}",
            words::card_status(status, output.language()),
            output.say("từ ngày", "since"),
            since.as_deref().unwrap_or("?")
        )],
    );
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
