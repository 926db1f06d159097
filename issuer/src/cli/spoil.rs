//! `issuer spoil`: the chip of an interrupted application is given up: broken, lost, never to be resumed.

use cccd_issuer::accounts::Role;
use cccd_issuer::ledger::Act;
use cccd_issuer::station::give_up;
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::json;

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
    let mut register = connect::register(&arguments.register, &format!("issuer {}", officer.name()))?;
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let why = (arguments.reason.as_str(), &nonce);
    let state = give_up(&mut ledger, register.as_mut(), entry.id, why, act)?;
    output.result(
        &json!({"chip": arguments.chip.to_string(), "application": entry.id.to_string(), "state": state.as_str()}),
        &[format!("{}: {}", arguments.chip, output.say("đã ghi là hỏng", "noted as spoiled"))],
    );
    Ok(())
}
