//! Runs one case from a reset card on.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use cccd_card_profile::apdu::{Command, Response};
use rand_core::CryptoRng;

use super::abilities::Abilities;
use super::case::{Case, Protection, Step};
use super::session::{Open, bytes};
use super::tamper::Tamper;
use crate::runner::{Resettable, Secrets};
use crate::script::status_fits;

/// Runs a case.
///
/// # Errors
/// The first step whose answer is not what the case expects.
pub fn execute(
    case: &Case,
    card: &mut dyn Resettable,
    secrets: &Secrets,
    abilities: &Abilities,
    rng: &mut dyn CryptoRng,
) -> Result<()> {
    let mut open = Open::new(card, secrets, abilities, rng);
    if let Err(status) = open.session(case.session)? {
        bail!("the card does not open for it: {status}");
    }
    let mut remembered = BTreeMap::new();
    for (number, step) in case.steps.iter().enumerate() {
        let name = || match &step.name {
            Some(name) => format!("step {}, {name}", number + 1),
            None => format!("step {}", number + 1),
        };
        match step.check {
            Some(check) => check.run(&mut open).with_context(name)?,
            None => perform(step, &mut open)
                .and_then(|answer| examine(step, &answer, &mut remembered))
                .with_context(name)?,
        }
    }
    Ok(())
}

fn perform(step: &Step, open: &mut Open<'_>) -> Result<Response> {
    if let Some(run) = step.run {
        return open.run(run, step.alter.as_ref());
    }
    let command = bytes(step.command.as_deref().context("a step without a command")?)?;
    if open.session.is_none() || step.plain {
        return open.raw(&command);
    }
    let command = Command::parse(&command)?;
    if let Some(tamper) = step.tamper {
        let session = open.session.as_mut().context("no session is open")?;
        let altered = tamper.apply(session, &command)?;
        if tamper == Tamper::Replay {
            let answer = open.raw(&altered)?;
            let session = open.session.as_mut().context("no session is open")?;
            ensure!(session.unprotect_response(&answer)?.is_ok(), "the first of the two is refused");
        }
        return in_clear(open.raw(&altered)?);
    }
    if step.answer == Some(Protection::Plain) {
        let session = open.session.as_mut().context("no session is open")?;
        let protected = session.protect_command(&command)?.to_bytes()?;
        return in_clear(open.raw(&protected)?);
    }
    open.protected(&command)
}

/// An answer that must not be protected, and must carry nothing.
fn in_clear(answer: Response) -> Result<Response> {
    ensure!(
        answer.data.is_empty(),
        "the card answers {} with data, where it must refuse in clear",
        answer.status
    );
    Ok(answer)
}

fn examine(step: &Step, answer: &Response, remembered: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    ensure!(
        step.status.iter().any(|pattern| status_fits(pattern, answer.status.0)),
        "the card answers {:04X}, expected {}",
        answer.status.0,
        step.status.join(" or ")
    );
    if let Some(start) = &step.starts_with {
        ensure!(answer.data.starts_with(&bytes(start)?), "the answer's data starts otherwise than {start}");
    }
    if let Some(length) = step.length {
        ensure!(answer.data.len() == length, "{} bytes of data, expected {length}", answer.data.len());
    }
    if let Some(least) = step.min_length {
        ensure!(answer.data.len() >= least, "{} bytes of data, expected at least {least}", answer.data.len());
    }
    if let Some(name) = &step.same_as {
        ensure!(remembered.get(name) == Some(&answer.data), "the answer differs from \u{201c}{name}\u{201d}");
    }
    if let Some(name) = &step.differs_from {
        ensure!(remembered.get(name) != Some(&answer.data), "the answer is \u{201c}{name}\u{201d} again");
    }
    if let Some(name) = &step.remember {
        remembered.insert(name.clone(), answer.data.clone());
    }
    Ok(())
}
