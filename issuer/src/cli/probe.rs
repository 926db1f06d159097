//! `issuer probe`: what the chip in a reader is.

use cccd_issuer::personalize::{CardDriver, ChipLife, Icao9Driver};
use cccd_issuer::station::IssueError;
use rand_core::CryptoRng;
use serde_json::json;

use super::args::ProbeArguments;
use super::failure::Failure;
use super::output::Output;
use super::{connect, progress};

pub(crate) fn run(
    arguments: &ProbeArguments,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let stop = progress::watch_interrupts()?;
    let store = connect::key_store(&arguments.keys)?;
    let master = store.transport_master()?;
    let mut card = connect::reader(&arguments.reader, &store, arguments.timeout, &stop, output)?;
    let report = Icao9Driver::new(card.link.as_mut(), &master, card.extended, rng)
        .probe()
        .map_err(IssueError::Chip)?;
    let files: Vec<String> = report.files.iter().map(|file| file.name()).collect();
    let life = match report.life {
        ChipLife::Blank => output.say("phôi trắng", "a blank"),
        ChipLife::Begun => output.say("đang ghi dở, chưa khóa", "begun, not locked"),
        ChipLife::Locked => output.say("thẻ đã hoàn thành và khóa", "a finished, locked card"),
    };
    output.result(
        &json!({
            "serial": report.serial.to_string(),
            "life": report.life.name(),
            "key_version": report.key_version,
            "test_keys": report.has_test_keys(),
            "files": files,
        }),
        &[
            format!("{}: {life}", report.serial),
            format!(
                "{} {:02X}",
                output.say("phiên bản khóa vận chuyển", "transport keys of version"),
                report.key_version
            ),
            format!("{} {}", output.say("tệp:", "files:"), files.join(" ")),
        ],
    );
    Ok(())
}
