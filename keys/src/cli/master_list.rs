//! `keys master-list`: the authorities that this state has found, passed on under its own signature.

use super::Failure;
use super::args::MasterListCommand;
use super::output::{self, Output};
use cccd_keys::certificate::Certificate;
use cccd_keys::store::{KeyStore, StoreError};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::json;
use std::path::Path;

/// Largest file that is read.
const MAX_FILE: u64 = 64 * 1024 * 1024;

pub(super) fn run(
    command: &MasterListCommand,
    store: &KeyStore,
    output: &Output,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(), Failure> {
    match command {
        MasterListCommand::Export { out } => {
            let made = store.export_master_list(at, rng)?;
            std::fs::write(out, &made.der).map_err(|source| StoreError::Io { path: out.clone(), source })?;
            output.print(
                &json!({
                    "out": out,
                    "number": made.number,
                    "certificates": made.certificates,
                    "signer": output::certificate_json(&made.signer),
                }),
                &format!(
                    "{} {}: {} {}",
                    output.text("Master list", "Danh sách CSCA (master list)"),
                    out.display(),
                    made.certificates,
                    output.text("certificates", "chứng thư"),
                ),
            );
        }
        MasterListCommand::Import { file, anchor } => {
            let mut named = Vec::new();
            for path in anchor {
                let certificate = Certificate::parse_der_or_pem(&read(path)?)
                    .map_err(|error| StoreError::MasterList(format!("{}: {error}", path.display())))?;
                named.push(certificate);
            }
            let report = store.import_master_list(&read(file)?, &named, at)?;
            let useless: Vec<_> = report
                .useless
                .iter()
                .map(|(offset, reason)| json!({ "offset": offset, "reason": reason }))
                .collect();
            let mut text = format!(
                "{} {}, {} {}, {} {}",
                report.added,
                output.text("added", "mới"),
                report.known,
                output.text("known before", "đã có"),
                report.useless.len(),
                output.text("of no use", "không dùng được"),
            );
            for (offset, reason) in &report.useless {
                text.push_str(&format!("\n  {offset}: {reason}"));
            }
            output.print(&json!({ "added": report.added, "known": report.known, "useless": useless }), &text);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(io)?.len() > MAX_FILE {
        return Err(io(std::io::ErrorKind::FileTooLarge.into()));
    }
    std::fs::read(path).map_err(io)
}
