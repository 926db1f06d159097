//! The SCP03 host of yubikey-manager opens our chip's secure channel and personalises with it.

use std::process::Command as Process;

use anyhow::{Context as _, Result, bail, ensure};
use cccd_card_profile::apdu::{Command, Transport as _};
use cccd_card_profile::file_system::{Aid, ElementaryFile};
use cccd_card_profile::lds::DataGroupNumber;
use cccd_card_profile::personalization::{
    CreateFile, KeyReference, KeyVersion, StaticKeys, create_file, generate_key_pair, put_can, select_file,
    update_binary,
};
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PublicKey};
use cccd_virtual_chip::{Chip, Profile};

use super::peer::{Peer, built};
use super::table::Table;
use crate::country::blank_with;

const NAME: &str = "yubikey-manager 5.9.2";
const LINES: [&str; 4] = [
    "SCP03 with other keys is refused",
    "SCP03 opens, security level 33",
    "SCP03 commands, answers encrypted",
    "SCP03 refusals are protected",
];

/// Four lines: refused, open, used, refusals.
pub fn run(table: &mut Table) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/interop/ykman/peer.py");
    let python = match built("ykman/venv/bin/python") {
        Ok(python) => python,
        Err(error) => return table.skip(NAME, &LINES, &format!("{error:#}")),
    };
    let mut process = Process::new(python);
    process.arg(script);
    let mut chip = blank_with(Profile::Cccd, 0x5C03);
    let mut done = Vec::new();
    let end = converse(process, &mut chip, &mut done);
    let failure = end.err().map(|error| format!("{error:#}"));
    let has = |step: &str| done.iter().any(|(done, _)| done == step);
    let note = |step: &str| done.iter().find(|(done, _)| done == step).map(|(_, note)| note.clone());
    let outcome = |held: bool, note: String| {
        if held { Ok(note) } else { bail!("{}", failure.clone().unwrap_or_else(|| "not reached".to_owned())) }
    };
    let [wrong, open, commands, refusals] = LINES;
    table.result(NAME, wrong, outcome(has("wrong"), String::new()));
    table.result(NAME, open, outcome(has("open"), "S8, AES-128".to_owned()));
    let used = has("command-4");
    table.result(
        NAME,
        commands,
        outcome(used, String::new()).and_then(|_| written(&chip, note("command-0"))),
    );
    table.result(NAME, refusals, outcome(has("refusal"), note("refusal").unwrap_or_default()));
}

const CONTENT: &[u8] =
    b"\x61\x5E written by another program's secure channel, more than one cipher block of it";

/// The commands of a personalisation, as the peer takes them.
fn commands() -> [Command; 5] {
    let algorithm = KeyAlgorithm::EllipticCurve(Profile::Cccd.curve());
    let file = ElementaryFile::DataGroup(DataGroupNumber::DG1);
    let identifier = file.file_id().0;
    let length = u16::try_from(CONTENT.len()).unwrap_or_default();
    let short_identifier = file.short_file_id().value();
    [
        generate_key_pair(algorithm, KeyReference::ChipAuthentication, 256),
        create_file(CreateFile { identifier, short_identifier, length }),
        select_file(identifier),
        update_binary(0, CONTENT),
        put_can("304512"),
    ]
}

fn converse(mut process: Process, chip: &mut Chip, done: &mut Vec<(String, String)>) -> Result<()> {
    let secret = StaticKeys::publicly_known_test_keys().to_secret_bytes();
    let keys: Vec<String> = secret.chunks(16).map(hex::encode).collect();
    process.args(["--aid", &hex::encode(Aid::LDS1.as_bytes())]);
    process.args(["--version", &KeyVersion::TEST.0.to_string(), "--keys", &keys.join(",")]);
    process
        .args(commands().iter().map(|command| hex::encode([&command.header()[..], command.data()].concat())));
    let mut peer = Peer::start(process)?;
    loop {
        let line = peer.line()?;
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            ">" => {
                let answer = chip.transmit(&hex::decode(rest).context("no octets")?)?;
                peer.send(&hex::encode(answer))?;
            }
            "done" => {
                let (step, note) = rest.split_once(' ').unwrap_or((rest, ""));
                done.push((step.to_owned(), note.to_owned()));
            }
            "ok" => return Ok(()),
            "error" => bail!("{rest}{}", peer.complaint()),
            _ => {}
        }
    }
}

/// What the peer wrote is in the chip, and what the chip answered is what it made.
fn written(chip: &Chip, template: Option<String>) -> Result<String> {
    let template = hex::decode(template.context("no public key was answered")?)?;
    let algorithm = KeyAlgorithm::EllipticCurve(Profile::Cccd.curve());
    PublicKey::from_template(algorithm, &template).context("the answered public key")?;
    let dg1 = ElementaryFile::DataGroup(DataGroupNumber::DG1);
    ensure!(
        chip.state().files().any(|(file, length)| file == dg1 && length == CONTENT.len()),
        "DG1 is not there"
    );
    ensure!(chip.state().has_access_keys().1, "the CAN is not there");
    Ok("GENERATE ASYMMETRIC KEY PAIR, CREATE FILE, SELECT, UPDATE BINARY, PUT DATA".to_owned())
}
