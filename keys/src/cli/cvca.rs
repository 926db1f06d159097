//! `keys cvca`: the authority behind Terminal Authentication.

use super::args::{Arguments, Biometric, Cvca, RequestArguments, RequestKind};
use super::output::Output;
use super::{Failure, confirm};
use cccd_cvc::{Certificate, InspectionRights, Role};
use cccd_keys::store::{
    KeyStore, RequestAnswer, StoreError, VerifyingKind, VerifyingRequest, certificate_date, is_renewal,
};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::path::Path;

pub(super) fn run(
    command: &Cvca,
    arguments: &Arguments,
    store: &KeyStore,
    output: &Output,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(), Failure> {
    match command {
        Cvca::Init { holder, days } => {
            let rights = InspectionRights { fingerprints: true, irises: true };
            let request = VerifyingRequest { holder, rights, days: *days };
            made(output, &store.create_cvca(at, &request, rng)?);
        }
        Cvca::Link { days } => {
            if store.verifying_certificates(VerifyingKind::Cvca)?.is_empty() {
                return Err(StoreError::NoCvca.into());
            }
            let what = output.text(
                "making the next CVCA key; chips that see its link certificate will believe it",
                "tạo khoá CVCA kế tiếp; chip nào nhận chứng thư nối tiếp sẽ tin khoá này",
            );
            confirm(arguments, output, what)?;
            let (certificate, link) = store.link_cvca(at, *days, rng)?;
            output.print(
                &json!({ "certificate": certificate_json(&certificate), "link": certificate_json(&link) }),
                &format!(
                    "{}\n{}",
                    line(output, &certificate),
                    output.text(
                        "A link certificate takes older chips along.",
                        "Chứng thư nối tiếp dẫn chip cũ theo."
                    )
                ),
            );
        }
        Cvca::Dv { holder, request, foreign, read, days } => {
            let role = if *foreign { Role::ForeignVerifier } else { Role::DomesticVerifier };
            match holder {
                Some(holder) => {
                    let request = VerifyingRequest { holder, rights: rights(read), days: *days };
                    made(output, &store.create_document_verifier(at, &request, *foreign, rng)?);
                }
                None => answer(request, role, rights(read), *days, None, arguments, store, output, at)?,
            }
        }
        Cvca::Terminal { holder, request, dv, read, days } => match holder {
            Some(holder) => {
                let request = VerifyingRequest { holder, rights: rights(read), days: *days };
                made(output, &store.create_terminal(at, &request, dv.as_deref(), rng)?);
            }
            None => {
                let under = dv.as_deref();
                answer(request, Role::Terminal, rights(read), *days, under, arguments, store, output, at)?;
            }
        },
        Cvca::Request { kind, holder, out } => {
            let role = match kind {
                RequestKind::Dv => Role::DomesticVerifier,
                RequestKind::Terminal => Role::Terminal,
            };
            let request = store.request_certificate(at, role, holder, rng)?;
            write(out, &request.bytes)?;
            let digest = hex::encode(Sha256::digest(&request.bytes));
            output.print(
                &json!({
                    "out": out, "holder": request.holder.to_string(),
                    "renewal": request.is_renewal, "sha256": digest,
                }),
                &format!("{} {}\n  SHA-256 {digest}", request.holder, out.display()),
            );
        }
        Cvca::Install { file } => {
            let certificate = Certificate::parse(&read_file(file)?)
                .map_err(|error| StoreError::Request(error.to_string()))?;
            store.install_certificate(at, &certificate)?;
            made(output, &certificate);
        }
        Cvca::List => list(store, output, at)?,
        Cvca::Export { terminal, out } => {
            let files = store.export_terminal(at, terminal, out)?;
            output.warn(&output.text(
                "the terminal's private key lies in this folder IN CLEAR: whoever copies it reads fingerprints until its certificate ends",
                "khoá riêng của thiết bị đọc nằm trong thư mục này ở dạng KHÔNG MÃ HOÁ: ai chép được sẽ đọc vân tay cho tới khi chứng thư hết hạn",
            ));
            output.print(
                &json!({ "out": out, "files": files }),
                &format!(
                    "{} {}:\n  {}",
                    output.text("Written to", "Đã ghi vào"),
                    out.display(),
                    files.join("\n  ")
                ),
            );
        }
    }
    Ok(())
}

/// Certifies the key of a request. A first request is shown with its digest, to be compared with its sender.
#[expect(clippy::too_many_arguments, reason = "one answer is all of these")]
fn answer(
    request: &RequestArguments,
    role: Role,
    rights: InspectionRights,
    days: u16,
    under: Option<&str>,
    arguments: &Arguments,
    store: &KeyStore,
    output: &Output,
    at: Timestamp,
) -> Result<(), Failure> {
    let (Some(file), Some(out)) = (&request.request, &request.out) else {
        return Err(StoreError::Request("no file is named".to_owned()).into());
    };
    let bytes = read_file(file)?;
    if !is_renewal(&bytes)? {
        let digest = hex::encode(Sha256::digest(&bytes));
        let what = output.text(
            "a first request: compare its SHA-256 with its sender",
            "yêu cầu đầu tiên: đối chiếu SHA-256 với người gửi",
        );
        confirm(arguments, output, format!("{what}: {digest}"))?;
    }
    let answer = RequestAnswer { role, rights: Some(rights), days, under, compared: true };
    let certificate = store.answer_request(at, &bytes, answer)?;
    write(out, &certificate.to_bytes())?;
    made(output, &certificate);
    Ok(())
}

fn read_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    // More than any request or certificate has.
    if std::fs::metadata(path).map_err(io)?.len() > 64 * 1024 {
        return Err(io(std::io::ErrorKind::FileTooLarge.into()));
    }
    std::fs::read(path).map_err(io)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    std::fs::write(path, bytes).map_err(|source| StoreError::Io { path: path.to_owned(), source })
}

fn rights(read: &[Biometric]) -> InspectionRights {
    InspectionRights {
        fingerprints: read.contains(&Biometric::Fingerprints),
        irises: read.contains(&Biometric::Irises),
    }
}

fn made(output: &Output, certificate: &Certificate) {
    output.print(&json!({ "certificate": certificate_json(certificate) }), &line(output, certificate));
}

fn list(store: &KeyStore, output: &Output, at: Timestamp) -> Result<(), Failure> {
    let today = certificate_date(at)?;
    let state = |certificate: &Certificate| {
        let content = certificate.content();
        if today > content.expiration {
            ("expired", output.text("EXPIRED", "HẾT HẠN"))
        } else if today < content.effective {
            ("not-yet", output.text("not yet valid", "chưa có hiệu lực"))
        } else {
            ("valid", output.text("valid", "còn hiệu lực"))
        }
    };
    let mut certificates = Vec::new();
    for kind in [VerifyingKind::Cvca, VerifyingKind::DocumentVerifier, VerifyingKind::Terminal] {
        certificates
            .extend(store.verifying_certificates(kind)?.into_iter().map(|(_, certificate)| certificate));
    }
    let mut lines: Vec<String> = certificates
        .iter()
        .map(|certificate| format!("{}  {}", line(output, certificate), state(certificate).1))
        .collect();
    if lines.is_empty() {
        lines.push(output.text("no CVCA yet", "chưa có CVCA"));
    }
    let values: Vec<Value> = certificates
        .iter()
        .map(|certificate| {
            let mut value = certificate_json(certificate);
            if let Value::Object(map) = &mut value {
                map.insert("state".to_owned(), state(certificate).0.into());
            }
            value
        })
        .collect();
    output.print(&json!({ "certificates": values }), &lines.join("\n"));
    Ok(())
}

/// One line for people.
fn line(output: &Output, certificate: &Certificate) -> String {
    let content = certificate.content();
    let role = match content.chat.role() {
        Role::Cvca => "CVCA".to_owned(),
        Role::DomesticVerifier => output.text("document verifier", "đơn vị xác minh"),
        Role::ForeignVerifier => output.text("foreign document verifier", "đơn vị xác minh nước ngoài"),
        Role::Terminal => output.text("terminal", "thiết bị đọc"),
    };
    let rights = content.chat.inspection_rights();
    let mut reads = Vec::new();
    if rights.fingerprints {
        reads.push(output.text("fingerprints", "vân tay"));
    }
    if rights.irises {
        reads.push(output.text("irises", "mống mắt"));
    }
    if reads.is_empty() {
        reads.push(output.text("nothing", "không gì cả"));
    }
    format!(
        "{role} {}  {} – {}  {} {}  {} {}",
        content.holder,
        content.effective,
        content.expiration,
        output.text("reads", "đọc"),
        reads.join(", "),
        output.text("under", "dưới"),
        content.authority,
    )
}

/// The facts of a certificate.
fn certificate_json(certificate: &Certificate) -> Value {
    let content = certificate.content();
    let role = match content.chat.role() {
        Role::Cvca => "cvca",
        Role::DomesticVerifier => "document-verifier-domestic",
        Role::ForeignVerifier => "document-verifier-foreign",
        Role::Terminal => "terminal",
    };
    let rights = content.chat.inspection_rights();
    json!({
        "holder": content.holder.to_string(),
        "authority": content.authority.to_string(),
        "role": role,
        "fingerprints": rights.fingerprints,
        "irises": rights.irises,
        "effective": content.effective.to_string(),
        "expiration": content.expiration.to_string(),
    })
}
