//! `issuer spoil`: the chip of an interrupted application is given up: broken, lost, never to be resumed.

use cccd_issuer::accounts::Role;
use cccd_issuer::application::Step;
use cccd_issuer::ledger::Act;
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::{Value, json};

use super::args::SpoilArguments;
use super::connect;
use super::failure::Failure;
use super::output::Output;

pub(crate) fn run(
    arguments: &SpoilArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let (mut ledger, officer) =
        connect::ledger_and_officer(&arguments.ledger, &arguments.officer, Role::Personalise, at, rng)?;
    let entry = ledger.of_chip(&arguments.chip)?;
    let entry = entry.ok_or_else(|| Failure::ChipNotInLedger(arguments.chip.to_string()))?;
    let act = Act::new(officer.name(), at);
    let state = ledger.advance(entry.id, Step::Spoil, Some(&arguments.reason), &Value::Null, act)?;
    output.result(
        &json!({"chip": arguments.chip.to_string(), "application": entry.id.to_string(), "state": state.as_str()}),
        &[format!("{}: {}", arguments.chip, output.say("đã ghi là hỏng", "noted as spoiled"))],
    );
    Ok(())
}
