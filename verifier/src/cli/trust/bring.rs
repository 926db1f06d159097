//! `verifier trust import`: what is taken, and what is not and why.

use std::path::{Path, PathBuf};

use cccd_keys::trust::import::{ImportOptions, ListReport, import};
use cccd_keys::trust::{ImportError, ImportKind, ImportReport};
use cccd_verifier::report::printable;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::args::{Fingerprint, Role};
use super::super::{Failure, Output};

pub(super) fn options(
    role: Option<Role>,
    accepted: &[Fingerprint],
    dry_run: bool,
    at: Timestamp,
) -> ImportOptions {
    let kind = match role {
        None => ImportKind::Anchors,
        Some(Role::Register) => ImportKind::Register,
        Some(Role::Station) => ImportKind::Station,
    };
    let accepted_signers = accepted.iter().map(|fingerprint| fingerprint.0).collect();
    ImportOptions { kind, at: Some(at), accepted_signers, dry_run }
}

pub(super) fn run(
    files: &[PathBuf],
    into: &Path,
    options: &ImportOptions,
    output: Output,
) -> Result<u8, Failure> {
    let report = import(files, into, options).map_err(|error| refused(&error, into))?;
    output.print(&to_json(&report), &to_text(&report, output));
    Ok(0)
}

fn to_json(report: &ImportReport) -> Value {
    let files: Vec<_> = report
        .files
        .iter()
        .map(|file| {
            json!({
                "source": file.source,
                "stored_as": file.stored_as,
                "already_present": file.already_present,
                "description": file.description,
            })
        })
        .collect();
    let certificates: Vec<_> = report
        .certificates
        .iter()
        .map(|one| {
            let reason = match &one.outcome {
                cccd_keys::trust::import::Outcome::NotUsed(reason) => Some(reason),
                _ => None,
            };
            json!({
                "source": one.source,
                "line": one.line,
                "offset": one.offset,
                "country": one.country,
                "subject": one.subject,
                "sha256": one.sha256,
                "not_after": one.not_after,
                "outcome": one.outcome.code(),
                "reason": reason,
                "leniencies": one.leniencies,
            })
        })
        .collect();
    json!({
        "imported": files,
        "replaced": report.replaced,
        "lists": report.lists.iter().map(list_to_json).collect::<Vec<_>>(),
        "counts": {
            "anchors": report.count("anchor"),
            "links": report.count("link"),
            "document_signers": report.count("document-signer"),
            "not_used": report.not_used(),
        },
        "certificates": certificates,
        "leniencies": report.leniencies,
        "warnings": report.warnings,
        "dry_run": report.dry_run,
    })
}

fn list_to_json(list: &ListReport) -> Value {
    json!({
        "country": list.country,
        "signer": list.signer,
        "signer_sha256": list.signer_sha256,
        "authority": list.authority.as_ref().map(|(name, _)| name),
        "authority_sha256": list.authority.as_ref().map(|(_, fingerprint)| fingerprint),
        "vouching": list.vouching.code(),
        "used": list.vouching.is_enough() && !list.older_than_held,
        "older_than_held": list.older_than_held,
        "signed_at": list.signed_at,
        "age": list.age.map(cccd_keys::trust::Age::code),
        "signer_expired": list.signer_expired,
        "certificates": list.certificates,
        "countries": list.countries,
        "dropped": list.dropped,
        "leniencies": list.leniencies,
    })
}

fn to_text(report: &ImportReport, output: Output) -> String {
    let mut lines = Vec::new();
    for list in &report.lists {
        let signed = list.signed_at.map(|at| at.to_string()).unwrap_or_default();
        let age = list.age.map(cccd_keys::trust::Age::code).unwrap_or_default();
        lines.push(format!(
            "{} {}  {signed} ({age})  {}",
            output.text("danh sách chủ", "master list"),
            list.signer,
            list.vouching.code()
        ));
        lines.push(format!("    SHA-256 {}", list.signer_sha256));
        if let Some((name, fingerprint)) = &list.authority {
            lines.push(format!("    CSCA {name}\n    SHA-256 {fingerprint}"));
        }
        if list.signer_expired {
            lines.push(
                output
                    .text("    chứng thư người ký đã hết hạn", "    the signer's certificate has ended")
                    .into(),
            );
        }
        if list.older_than_held {
            lines.push(
                output
                    .text(
                        "    không dùng: đã có danh sách mới hơn",
                        "    not used: a newer list of this state is here",
                    )
                    .into(),
            );
        }
        if list.dropped > 0 {
            let what =
                output.text("chứng thư không còn trong danh sách mới", "certificates no longer listed");
            lines.push(format!("    {}: {what}", list.dropped));
        }
    }
    for file in &report.files {
        let mark = if file.already_present { "=" } else { "+" };
        lines.push(format!("{mark} {}  {}", file.stored_as, file.description));
    }
    lines.extend(report.replaced.iter().map(|name| format!("- {name}")));
    if !report.certificates.is_empty() {
        lines.push(format!(
            "{}: {} CSCA, {} {}, {} {}",
            output.text("chứng thư", "certificates"),
            report.count("anchor"),
            report.count("link"),
            output.text("chứng thư nối", "links"),
            report.count("document-signer"),
            output.text(
                "người ký giấy tờ (chưa tin ai chỉ vì có ở đây)",
                "Document Signers (not believed for lying here)"
            )
        ));
    }
    for (reason, count) in report.not_used() {
        lines.push(format!("  {count} {}: {reason}", output.text("không dùng", "not used")));
    }
    for (code, count) in &report.leniencies {
        lines.push(format!("  {count} {}: {code}", output.text("được dung thứ", "tolerated")));
    }
    if report.not_used().contains_key("unsigned-source") {
        lines.push(format!("{}: {}", output.text("lưu ý", "note"), output.text(
            "unsigned-source là CSCA trong LDIF mà không ai ký: nhập danh sách chủ có CSCA đó, hoặc so dấu vân tay với nguồn khác của quốc gia rồi nhập riêng tệp .cer",
            "unsigned-source is a CSCA in an LDIF, which nobody signs: import a master list that has it, or compare its fingerprint (--json) with another source of that state and import its .cer by itself",
        )));
    }
    for warning in &report.warnings {
        lines.push(format!("{}: {warning}", output.text("lưu ý", "note")));
    }
    if report.dry_run {
        lines.push(output.text("chỉ xem: không có gì thay đổi", "looked only: nothing has changed").into());
    }
    let mut text: String = lines.iter().map(|line| safe(line)).collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// Names in certificates are anybody's; line ends here are ours.
fn safe(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

fn refused(error: &ImportError, into: &Path) -> Failure {
    let (code, path) = match error {
        ImportError::Read { path, source } => return Failure::cannot_read(path, source),
        ImportError::Refused { path, .. } => ("not-trustworthy", path.as_path()),
        ImportError::Sunsets { path, .. } => ("not-a-sunset-list", path.as_path()),
        ImportError::ListSigner { path, .. } => ("list-signer-not-trusted", path.as_path()),
        ImportError::Write { path, source } => return Failure::cannot_write(path, source),
        _ => ("trust-unreadable", into),
    };
    let hint = match error {
        ImportError::ListSigner { .. } => [
            "so dấu vân tay với nguồn khác của quốc gia ký, rồi thêm --accept-list-signer SHA-256; hoặc nhập trước CSCA của họ",
            "compare the fingerprint with another source of that state and add --accept-list-signer SHA-256, or import its CSCA first",
        ],
        ImportError::Sunsets { .. } => [
            "mỗi dòng viết như ecdsa-384:2071-01-01 hoặc rsa-3072:2045-01-01 (loại khóa, số bit, ngày); # bắt đầu lời ghi chú",
            "write each line like ecdsa-384:2071-01-01 or rsa-3072:2045-01-01 (kind, bits, day); # begins a remark",
        ],
        _ => [
            "chỉ nhập chứng thư CSCA hay người ký giấy tờ, CRL và danh sách do CSCA đã tin ký, LDIF của ICAO PKD, danh sách ngày hết hạn thuật toán (dòng như ecdsa-384:2071-01-01), hoặc khóa công khai với --as",
            "import certificates of CSCAs and Document Signers, CRLs and lists signed under a trusted CSCA, LDIF of the ICAO PKD, sunsets (lines such as ecdsa-384:2071-01-01), or public keys with --as",
        ],
    };
    let text = error.to_string();
    // The file is named before it.
    let text = text.strip_prefix(&format!("{} is ", path.display())).unwrap_or(&text);
    let path = path.display();
    let what = [format!("{path}: không nhập được; không có gì thay đổi ({text})"), format!("{path}: {text}")];
    if matches!(
        error,
        ImportError::Refused { .. } | ImportError::Sunsets { .. } | ImportError::ListSigner { .. }
    ) {
        return Failure::Refused { code, what, hint };
    }
    Failure::File { code, what, hint }
}
