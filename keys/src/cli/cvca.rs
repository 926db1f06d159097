//! `keys cvca`: the authority behind Terminal Authentication.

use super::args::{Arguments, Biometric, Cvca};
use super::output::Output;
use super::{Failure, confirm};
use cccd_cvc::{Certificate, InspectionRights, Role};
use cccd_keys::store::{KeyStore, VerifyingKind, VerifyingRequest};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::{Value, json};

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
        Cvca::Dv { holder, foreign, read, days } => {
            let request = VerifyingRequest { holder, rights: rights(read), days: *days };
            made(output, &store.create_document_verifier(at, &request, *foreign, rng)?);
        }
        Cvca::Terminal { holder, dv, read, days } => {
            let request = VerifyingRequest { holder, rights: rights(read), days: *days };
            made(output, &store.create_terminal(at, &request, dv.as_deref(), rng)?);
        }
        Cvca::List => list(store, output)?,
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

fn rights(read: &[Biometric]) -> InspectionRights {
    InspectionRights {
        fingerprints: read.contains(&Biometric::Fingerprints),
        irises: read.contains(&Biometric::Irises),
    }
}

fn made(output: &Output, certificate: &Certificate) {
    output.print(&json!({ "certificate": certificate_json(certificate) }), &line(output, certificate));
}

fn list(store: &KeyStore, output: &Output) -> Result<(), Failure> {
    let mut certificates = Vec::new();
    for kind in [VerifyingKind::Cvca, VerifyingKind::DocumentVerifier, VerifyingKind::Terminal] {
        certificates
            .extend(store.verifying_certificates(kind)?.into_iter().map(|(_, certificate)| certificate));
    }
    let mut lines: Vec<String> = certificates.iter().map(|certificate| line(output, certificate)).collect();
    if lines.is_empty() {
        lines.push(output.text("no CVCA yet", "chưa có CVCA"));
    }
    let values: Vec<Value> = certificates.iter().map(certificate_json).collect();
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
