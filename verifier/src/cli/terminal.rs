//! `--terminal DIR`: what this station shows chips to read fingerprints and irises.

use std::path::Path;
use std::sync::Arc;

use cccd_cvc::{Certificate, TerminalCredentials};
use cccd_keys::store::{TERMINAL_KEY_FILE, certificate_date};
use jiff::Timestamp;

use super::Failure;
use super::evidence_store::read_bounded;

/// More files than any terminal has certificates.
const MOST: usize = 64;

/// Reads a folder as `keys cvca export` writes it: every `*.cvcert`, and the key.
pub(super) fn read(folder: &Path, at: Timestamp) -> Result<Arc<TerminalCredentials>, Failure> {
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
    let terminal = TerminalCredentials::new(certificates, &key).map_err(|error| {
        Failure::bad_file(
            "no-terminal-certificate",
            folder,
            ["không có chứng thư nào thuộc về khoá của thiết bị", &error.to_string()],
            ["xuất lại bằng `keys cvca export`", "export it again with `keys cvca export`"],
        )
    })?;
    let today = certificate_date(at).ok();
    match today.and_then(|today| terminal.not_current_on(today)) {
        None => Ok(Arc::new(terminal)),
        Some(certificate) => {
            let content = certificate.content();
            let days = format!("{}: {} – {}", content.holder, content.effective, content.expiration);
            Err(Failure::bad_file(
                "terminal-certificate-not-current",
                folder,
                [
                    &format!(
                        "chứng thư chưa hoặc không còn hiệu lực ({days}); chip nào thấy nó sẽ dời ngày của mình"
                    ),
                    &format!(
                        "a certificate is not valid on this day ({days}); a chip that sees it moves its own date"
                    ),
                ],
                [
                    "kiểm tra đồng hồ của máy, hoặc xin chứng thư mới và xuất lại bằng `keys cvca export`",
                    "check this machine's clock, or have the certificate renewed and export it again with `keys cvca export`",
                ],
            ))
        }
    }
}
