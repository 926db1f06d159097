//! `verifier read`: a card becomes evidence at rest.

use cccd_keys::pkcs11::open_store;
use cccd_keys::token::vietnamese;
use cccd_verifier::evidence::EvidenceFile;
use cccd_verifier::inspection::InspectionOptions;
use jiff::Timestamp;
use serde_json::json;
use zeroize::Zeroizing;

use super::args::ReadArguments;
use super::card::{Printed, inspect};
use super::evidence_store::{check_writable, encrypt, write_private};
use super::{Failure, Output};

pub(super) fn run(arguments: &ReadArguments, at: Timestamp, output: Output) -> Result<u8, Failure> {
    if arguments.recipient.is_none() && !arguments.plain {
        return Err(Failure::usage(
            "no-recipient",
            [
                "bằng chứng chứa dữ liệu cá nhân và phải được mã hóa",
                "evidence holds a person's data and must be encrypted",
            ],
            [
                "thêm --recipient age1…; chỉ với thẻ giả lập mới dùng --plain",
                "add --recipient age1…; --plain is for synthetic cards only",
            ],
        ));
    }
    // Everything that can fail without the card fails before it is read.
    let store = arguments.station_keys.as_deref().map(|dir| station_key(dir, arguments)).transpose()?;
    if let Some(recipient) = &arguments.recipient {
        encrypt(recipient, b"")?;
    }
    check_writable(&arguments.out)?;
    let printed = Printed::of(&arguments.card)?;
    let mut options = InspectionOptions::new(at);
    options.station.clone_from(&arguments.station);
    let options = options.nonce(arguments.challenge.as_ref().map(|nonce| nonce.0.clone()));
    let evidence = inspect(&arguments.card, &printed, options, output)?;
    let (sod, complete) = (evidence.sod_sha256().map(hex::encode), evidence.complete);
    let missing: Vec<String> = evidence.files.missing.iter().map(|missing| missing.file.clone()).collect();
    let evidence = if arguments.with_portrait { evidence } else { evidence.without_portrait() };
    let mut file = EvidenceFile::new(&evidence)?;
    if let Some(key) = &store {
        file = file.signed(key).map_err(|_| {
            Failure::usage(
                "station-key",
                ["khóa của trạm không ký được", "the station's key does not sign"],
                ["kiểm tra kho khóa", "check the key store"],
            )
        })?;
    }
    let bytes = Zeroizing::new(file.to_bytes()?);
    match &arguments.recipient {
        Some(recipient) => write_private(&arguments.out, &encrypt(recipient, &bytes)?)?,
        None => {
            output.note(
                "CẢNH BÁO: tệp KHÔNG được mã hóa; chỉ dùng --plain cho thẻ giả lập.",
                "WARNING: the file is NOT encrypted; --plain is for synthetic cards only.",
            );
            write_private(&arguments.out, &bytes)?;
        }
    }
    let value = json!({
        "evidence": arguments.out,
        "sod_sha256": sod,
        "complete": complete,
        "missing": missing,
        "encrypted": arguments.recipient.is_some(),
        "signed": store.is_some(),
        "portrait": arguments.with_portrait,
    });
    let human = format!(
        "{}: {}\nSHA-256(EF.SOD): {}",
        output.text("đã ghi bằng chứng", "evidence written"),
        arguments.out.display(),
        sod.as_deref().unwrap_or("—")
    );
    output.print(&value, &human);
    Ok(if complete { 0 } else { 3 })
}

fn station_key(
    dir: &std::path::Path,
    arguments: &ReadArguments,
) -> Result<cccd_keys::store::StoreKey, Failure> {
    open_store(dir, arguments.passphrase_file.as_deref(), arguments.token.access())
        .and_then(|store| Ok(store.station_key()?))
        .map_err(|error| {
            let (what, advice) = vietnamese(error.code())
                .unwrap_or(("không mở được kho khóa của trạm", "kiểm tra thư mục và tệp mật khẩu"));
            let problem = [&*format!("{what} ({error})"), &*error.to_string()];
            Failure::bad_file("station-keys", dir, problem, [advice, error.hint()])
        })
}
