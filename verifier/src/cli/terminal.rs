//! `--terminal DIR`: what this station shows chips to read fingerprints and irises.

use std::path::Path;
use std::sync::Arc;

use cccd_cvc::{Certificate, TerminalCredentials};
use cccd_keys::store::TERMINAL_KEY_FILE;

use super::Failure;
use super::evidence_store::read_bounded;

/// More files than any terminal has certificates.
const MOST: usize = 64;

/// Reads a folder as `keys cvca export` writes it: every `*.cvcert`, and the key.
pub(super) fn read(folder: &Path) -> Result<Arc<TerminalCredentials>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| Failure::cannot_read(folder, &error))?;
    let mut certificates = Vec::new();
    for entry in entries.take(MOST) {
        let path = entry.map_err(|error| Failure::cannot_read(folder, &error))?.path();
        if path.extension().is_none_or(|extension| extension != "cvcert") {
            continue;
        }
        let bytes = read_bounded(&path, cccd_cvc::MAX_LENGTH)?;
        certificates.push(Certificate::parse(&bytes).map_err(|error| {
            Failure::bad_file(
                "bad-cv-certificate",
                &path,
                ["không phải chứng thư CV", &format!("not a card-verifiable certificate: {error}")],
                ["xuất lại bằng `keys cvca export`", "export it again with `keys cvca export`"],
            )
        })?);
    }
    let key = read_bounded(&folder.join(TERMINAL_KEY_FILE), cccd_cvc::MAX_LENGTH)?;
    TerminalCredentials::new(certificates, &key).map(Arc::new).map_err(|error| {
        Failure::bad_file(
            "no-terminal-certificate",
            folder,
            ["không có chứng thư nào thuộc về khoá của thiết bị", &error.to_string()],
            ["xuất lại bằng `keys cvca export`", "export it again with `keys cvca export`"],
        )
    })
}
