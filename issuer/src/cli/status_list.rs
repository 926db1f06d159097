//! `issuer status-list issue`: which cards are not in use, signed by the register, for counters without a line.

use std::path::Path;

use cccd_issuer::output::{ensure_former, write_private};
use cccd_issuer::register::RegisterError;
use cccd_keys::pkcs11::open_store;
use cccd_keys::signer::{Signer, SigningFailed};
use cccd_population::card::CardStatus;
use cccd_population::register_key::{beside, seal_keys, signing_key};
use cccd_population::seal::SealKeys;
use cccd_population::store::{Place, SqlStore, StoreError};
use cccd_verifier::register::CardStatus as Listed;
use cccd_verifier::register::status_list;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRng;
use serde_json::json;

use super::args::{StatusListArguments, StatusListCommand};
use super::failure::Failure;
use super::output::Output;

pub(crate) fn run(
    command: &StatusListCommand,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let StatusListCommand::Issue(arguments) = command;
    issue(arguments, at, rng, output)
}

fn issue(
    arguments: &StatusListArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let place: Place =
        arguments.register.parse().map_err(|_| Failure::RegisterAddress(arguments.register.clone()))?;
    let secrets = arguments.register_secrets.as_deref().or(place.path());
    let key = signer(arguments, secrets, rng)?;
    let seal = secrets.and_then(|secrets| seal_keys(secrets).ok()).unwrap_or_else(SealKeys::none);
    let store = SqlStore::open_with(&place, &seal);
    let failed = |error: StoreError| Failure::from(RegisterError::Unreachable(error.to_string()));
    let out_of_use = store.and_then(|store| store.cards_out_of_use()).map_err(failed)?;
    let cards: Vec<_> = out_of_use.iter().map(|(card, status)| (*card.as_bytes(), listed(*status))).collect();
    let next = at + SignedDuration::from_hours(i64::from(arguments.hours));
    let count = cards.len();
    let signing = |error: SigningFailed| Failure::StationKey(error.to_string());
    let list = status_list::issue(cards, at, next, key.as_ref()).map_err(signing)?;
    let begins = list.get(..8).unwrap_or_default();
    ensure_former(&arguments.out, |former| former.starts_with(begins))?;
    write_private(&arguments.out, &list)?;
    output.result(
        &json!({
            "cards": count, "octets": list.len(), "this_update": at.to_string(), "next_update": next.to_string(),
        }),
        &[format!(
            "{count} {}, {} {}, {} {next}",
            output.say("thẻ không dùng được", "cards out of use"),
            list.len(),
            output.say("byte", "octets"),
            output.say("đến", "until"),
        )],
    );
    Ok(())
}

/// The key that the register answers with, and that verifiers know: of the key store, as `population serve --keys` takes it,
/// or the register's own file. None is made here: nobody would know it.
fn signer(
    arguments: &StatusListArguments,
    secrets: Option<&Path>,
    rng: &mut dyn CryptoRng,
) -> Result<Box<dyn Signer>, Failure> {
    if let Some(dir) = &arguments.keys {
        let store = open_store(dir, arguments.passphrase_file.as_deref(), arguments.token.access())?;
        return Ok(Box::new(store.register_key()?));
    }
    let secrets = secrets.filter(|secrets| beside(secrets, "register-key").exists());
    let (key, _) = signing_key(secrets.ok_or(Failure::NoRegisterKey)?, rng)?;
    Ok(Box::new(key))
}

fn listed(status: CardStatus) -> Listed {
    match status {
        CardStatus::Active => Listed::Active,
        CardStatus::Held => Listed::Held,
        CardStatus::Lost => Listed::Lost,
        CardStatus::Revoked => Listed::Revoked,
        CardStatus::Replaced => Listed::Replaced,
        CardStatus::Expired => Listed::Expired,
        CardStatus::Destroyed => Listed::Destroyed,
    }
}
