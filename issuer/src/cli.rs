//! The command line over `cccd_issuer`.

mod account;
mod application;
pub(crate) mod args;
mod audit;
mod batch;
mod capture;
mod card;
mod connect;
mod faces;
mod failure;
mod issue;
mod output;
mod portrait;
mod probe;
mod progress;
mod queue;
mod serve;
mod spoil;
mod status_list;
mod stock;

use std::process::ExitCode;

use jiff::Timestamp;
use rand_core::CryptoRng;

use args::{Arguments, Command};
use output::Output;

/// Runs one command.
pub(crate) fn run(arguments: &Arguments, now: Timestamp, rng: &mut dyn CryptoRng) -> ExitCode {
    let at = arguments.at.unwrap_or(now);
    let output = Output::new(arguments.json, arguments.lang);
    let result = match &arguments.command {
        Command::Issue(issue) => issue::run(issue, at, rng, &output),
        Command::Batch(batch) => batch::run(batch, at, rng, &output),
        Command::Queue(queue) => queue::run(queue, at, rng, &output),
        Command::Application(application) => application::run(application, at, rng, &output),
        Command::Serve(serve) => serve::run(serve, arguments.at, rng, &output),
        Command::Account(account) => account::run(account, at, rng, &output),
        Command::Audit(audit) => audit::run(audit, at, rng, &output),
        Command::Capture(capture) => capture::run(capture, at, rng, &output),
        Command::Card(card) => card::run(card, at, rng, &output),
        Command::Probe(probe) => probe::run(probe, rng, &output),
        Command::StatusList(list) => status_list::run(list, at, rng, &output),
        Command::Stock(stock) => stock::run(stock, at, rng, &output),
        Command::Spoil(spoil) => spoil::run(spoil, at, rng, &output),
        Command::Portrait(portrait) => portrait::run(portrait, &output),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => output.failure(&failure),
    }
}
