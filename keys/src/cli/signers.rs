//! `keys csca` and `keys ds`: the authority's keys and those that sign cards.

use super::args::{Arguments, AuthorityArguments, Ds};
use super::output::{self, Output};
use super::{Failure, confirm, period};
use cccd_keys::life::{Signatures, SignerState, days_left};
use cccd_keys::store::{AuthorityRequest, DocumentSignerStatus, ErasedSigner, KeyStore, Rename, StoreError};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::{Value, json};

/// Makes a CSCA key, asking before a second one.
pub(super) fn authority(
    request: &AuthorityArguments,
    arguments: &Arguments,
    store: &KeyStore,
    output: &Output,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(), Failure> {
    if !store.csca_certificates()?.is_empty() {
        let what = output.text("making the next CSCA key", "tạo khoá CSCA kế tiếp");
        confirm(arguments, output, what)?;
    }
    let rename = if request.new_name { Rename::Number } else { Rename::Keep };
    let made = store.create_authority(AuthorityRequest { pool: request.pool, rename }, at, rng)?;
    let link = made.link.as_ref();
    let text = match link {
        Some(link) => format!(
            "{}\n  {} {}",
            output.certificate_text("CSCA", &made.certificate),
            output.text("link certificate", "chứng thư nối tiếp"),
            link.serial_hex()
        ),
        None => output.certificate_text("CSCA", &made.certificate),
    };
    output.print(
        &json!({
            "certificate": output::certificate_json(&made.certificate),
            "pool": request.pool.name(),
            "link": link.map(output::certificate_json),
        }),
        &text,
    );
    if link.is_none() && store.csca_certificates()?.len() > 1 {
        output.warn(&output.text(
            "no link certificate: no older CSCA key may sign any more; verifiers must be given the new certificate by hand",
            "không có chứng thư nối tiếp: không còn khoá CSCA cũ nào được ký; phải trao chứng thư mới tận tay cho bên kiểm tra",
        ));
    }
    Ok(())
}

pub(super) fn run(
    command: &Ds,
    arguments: &Arguments,
    store: &KeyStore,
    output: &Output,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(), Failure> {
    match command {
        Ds::New { pool, limit } => {
            let certificate = store.create_signer_of_pool(*pool, *limit, at, rng)?;
            let mut value = output::certificate_json(&certificate);
            if let Value::Object(map) = &mut value {
                map.insert("pool".to_owned(), pool.name().into());
                map.insert("limit".to_owned(), (*limit).into());
            }
            output.print(
                &json!({ "certificate": value }),
                &format!(
                    "{}\n  {} {pool}, {} {limit}",
                    output.certificate_text("Document Signer", &certificate),
                    output.text("pool", "nhóm thẻ"),
                    output.text("signatures at most", "số chữ ký tối đa"),
                ),
            );
        }
        Ds::Rotate { pool } => {
            confirm(
                arguments,
                output,
                output.text(
                    "a new Document Signer, and erasing the private keys of all older ones of its pool",
                    "tạo Document Signer mới và xoá khoá riêng của mọi Document Signer cũ cùng nhóm thẻ",
                ),
            )?;
            let (certificate, erased) = store.rotate_document_signer(*pool, at, rng)?;
            output.print(
                &json!({
                    "certificate": output::certificate_json(&certificate),
                    "erased": erased.iter().map(|one| &one.serial).collect::<Vec<_>>(),
                }),
                &format!(
                    "{} {}\n{}",
                    output.text("New Document Signer:", "Document Signer mới:"),
                    certificate.serial_hex(),
                    erased_text(output, &erased),
                ),
            );
        }
        Ds::Erase => {
            confirm(
                arguments,
                output,
                output.text(
                    "erasing the private keys that are past their use, used up or revoked, or whose count is damaged or was turned back",
                    "xoá các khoá riêng đã hết hạn ký, đã dùng hết, bị thu hồi, hoặc có số đếm bị hỏng hay bị vặn ngược",
                ),
            )?;
            let erased = store.erase_finished_signers(at, rng)?;
            output.print(
                &json!({ "erased": erased.iter().map(|one| &one.serial).collect::<Vec<_>>() }),
                &erased_text(output, &erased),
            );
        }
        Ds::List => list(store, output, at)?,
    }
    Ok(())
}

fn erased_text(output: &Output, erased: &[ErasedSigner]) -> String {
    let mut text =
        format!("{} {}", output.text("Private keys erased:", "Số khoá riêng đã xoá:"), erased.len());
    for one in erased {
        let after = output.text("signatures", "chữ ký");
        text.push_str(&format!("\n  {}  {} {after}", one.serial, counted(one.signatures)));
    }
    text
}

/// `17/250000`; `?` for a count that cannot be read.
fn counted(signatures: Option<Signatures>) -> String {
    signatures.map_or_else(|| "?".to_owned(), |count| format!("{}/{}", count.used, count.limit))
}

/// All of them are listed, whatever is wrong with some; then what is wrong is the error.
fn list(store: &KeyStore, output: &Output, at: Timestamp) -> Result<(), StoreError> {
    let signers = store.document_signers(at)?;
    let lost = store.lost_crl()?;
    let mut lines: Vec<String> = signers.iter().map(|status| line(output, status, at)).collect();
    if lines.is_empty() {
        lines.push(output.text("no Document Signer yet", "chưa có Document Signer"));
    }
    let values: Vec<Value> = signers.iter().map(|status| value(status, at)).collect();
    output.print(&json!({ "document_signers": values, "lost_crl": lost }), &lines.join("\n"));
    match lost {
        Some(lost) => Err(StoreError::CrlLost(lost)),
        None => looked_over(&signers),
    }
}

/// The first signer whose count was turned back, or else is damaged, is something for people to look at.
pub(super) fn looked_over(signers: &[DocumentSignerStatus]) -> Result<(), StoreError> {
    let with = |state| signers.iter().find(|status| status.state == state);
    if let Some(DocumentSignerStatus { certificate, signatures: Some(found), logged: Some(logged), .. }) =
        with(SignerState::Miscounted)
    {
        let signer = certificate.serial_hex();
        return Err(StoreError::CountTurnedBack { signer, found: *found, logged: *logged });
    }
    match with(SignerState::CountDamaged) {
        Some(status) => Err(StoreError::CountDamaged(format!("of {}", status.certificate.serial_hex()))),
        None => Ok(()),
    }
}

fn line(output: &Output, status: &DocumentSignerStatus, at: Timestamp) -> String {
    let label = match status.state {
        SignerState::Revoked => output.text("revoked", "bị thu hồi"),
        SignerState::Erased => output.text("key erased", "khoá đã xoá"),
        SignerState::Miscounted => output.text("COUNT TURNED BACK", "SỐ ĐẾM BỊ VẶN NGƯỢC"),
        SignerState::CountDamaged => output.text("COUNT DAMAGED", "SỐ ĐẾM BỊ HỎNG"),
        SignerState::NotYet => output.text("not yet in use", "chưa đến hạn sử dụng"),
        SignerState::PastUse => output.text("past its time of use", "đã hết hạn ký"),
        SignerState::Exhausted => output.text("all signatures made", "đã dùng hết số chữ ký"),
        SignerState::Active => output.text("may sign", "được ký"),
    };
    let left = match status.state {
        SignerState::Active => {
            format!("{} {}", days_left(&status.certificate, at), output.text("days left", "ngày còn lại"))
        }
        _ => "–".to_owned(),
    };
    format!(
        "{}  {}  {label}  {}  {left}  {}",
        status.certificate.serial_hex(),
        status.pool,
        counted(status.signatures),
        period(&status.certificate),
    )
}

fn value(status: &DocumentSignerStatus, at: Timestamp) -> Value {
    let mut value = output::certificate_json(&status.certificate);
    if let Value::Object(map) = &mut value {
        map.insert("state".to_owned(), status.state.name().into());
        map.insert("pool".to_owned(), status.pool.name().into());
        map.insert("signatures".to_owned(), status.signatures.map(|count| count.used).into());
        map.insert("limit".to_owned(), status.signatures.map(|count| count.limit).into());
        map.insert("days_left".to_owned(), days_left(&status.certificate, at).into());
    }
    value
}
