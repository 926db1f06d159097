//! `issuer audit …`: the station's audit log, for whoever must not have to believe it.

use std::io::Write as _;
use std::path::Path;

use cccd_issuer::accounts::Role;
use cccd_issuer::audit::{LogEntry, parse_heads};
use cccd_keys::audit_log::Head;
use cccd_keys::public_key::PublicKey;
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::json;

use super::args::{AuditCommand, AuditVerifyArguments};
use super::connect;
use super::failure::Failure;
use super::output::Output;

pub(crate) fn run(
    command: &AuditCommand,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        AuditCommand::Verify(verify) => run_verify(verify, rng, output),
        AuditCommand::Export(export) => {
            let mut ledger = connect::ledger_beside(&export.ledger, rng)?;
            let officer = connect::officer(&mut ledger, &export.officer, at)?;
            officer.may(Role::Audit)?;
            let note = format!("head given out by {}", officer.name());
            ledger.log(&[LogEntry { event: "audit-export", subject: None, said: &note, note: &note, at }])?;
            let head = ledger.sign_log()?.ok_or(Failure::NothingLogged)?;
            let line = serde_json::to_string(&head).unwrap_or_default();
            append(&export.out, &line)?;
            output.result(
                &json!({"lines": head.sequence, "hash": head.hash, "station": head.key}),
                &[format!(
                    "{} {}: {}",
                    head.sequence,
                    output.say("dòng, đã ký", "lines, signed"),
                    export.out.display()
                )],
            );
            Ok(())
        }
    }
}

fn run_verify(
    arguments: &AuditVerifyArguments,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let kept: Vec<Head> = match &arguments.heads {
        Some(file) => {
            let text = std::fs::read_to_string(file).map_err(|error| Failure::Heads(error.to_string()))?;
            parse_heads(&text).map_err(|error| Failure::Heads(error.to_string()))?
        }
        None => Vec::new(),
    };
    let proof = match &arguments.key {
        // A second party: a public key of its own, and nothing of the station's.
        Some(file) => connect::silent_ledger(&arguments.ledger)?.follow_log(&public_key(file)?, &kept)?,
        None => {
            let own = connect::station_public_key(&arguments.ledger)?;
            // Looking makes no keys: under new ones nothing would agree.
            connect::station_keys_there(&arguments.ledger)?;
            connect::ledger_beside(&arguments.ledger, rng)?.prove_log(&public_key(&own)?, &kept)?
        }
    };
    let compared = arguments.key.is_none();
    output.result(
        &json!({
            "lines": proof.lines, "beyond_head": proof.beyond_head, "heads": proof.heads,
            "actions": compared.then_some(proof.actions), "stations_beside": proof.beside,
        }),
        &[
            format!(
                "{} {}",
                proof.lines,
                output.say("dòng nối nhau, không thiếu", "lines follow from one another")
            ),
            format!(
                "{} {}",
                proof.beyond_head,
                output.say("dòng sau lần ký cuối", "lines after the last signed head")
            ),
            format!(
                "{} {}",
                proof.heads,
                output.say("lần ký do bên thứ hai giữ, đều khớp", "heads of a second party, all on this log")
            ),
            if compared {
                format!(
                    "{} {}",
                    proof.actions,
                    output.say("việc trong sổ khớp với nhật ký", "actions of the ledger agree with the log")
                )
            } else {
                output
                    .say(
                        "Không so với sổ: cần khóa của trạm",
                        "Not compared with the ledger: that takes the station's key",
                    )
                    .to_owned()
            },
            if proof.beside.is_empty() {
                output
                    .say("Không có trạm khác trong sổ này", "No other station works with this ledger")
                    .to_owned()
            } else {
                format!(
                    "{} {}: {}",
                    proof.beside.len(),
                    output.say(
                        "trạm khác trong sổ này; việc của họ được kiểm bằng khóa của họ",
                        "other stations work with this ledger; what they did is verified with their keys"
                    ),
                    proof.beside.join(", ")
                )
            },
        ],
    );
    Ok(())
}

pub(super) fn public_key(file: &Path) -> Result<PublicKey, Failure> {
    let der = std::fs::read(file).map_err(|error| Failure::StationKey(error.to_string()))?;
    PublicKey::from_spki(&der).map_err(|error| Failure::StationKey(error.to_string()))
}

/// One line more in the second party's file.
fn append(file: &Path, line: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::Heads(error.to_string());
    let mut opened = std::fs::OpenOptions::new().create(true).append(true).open(file).map_err(failed)?;
    opened.write_all(format!("{line}\n").as_bytes()).map_err(failed)?;
    opened.sync_all().map_err(failed)
}
