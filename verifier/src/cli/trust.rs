//! `verifier trust`: whom to believe.

use std::path::Path;

use cccd_keys::trust::directory::import;
use cccd_keys::trust::{ImportError, ImportKind};
use serde_json::json;

use super::args::{Role, TrustArguments, TrustCommand};
use super::verify::load_trust;
use super::{Failure, Output};

pub(super) fn run(arguments: &TrustArguments, output: Output) -> Result<u8, Failure> {
    match &arguments.command {
        TrustCommand::Import { files, into, role } => {
            let kind = match role {
                None => ImportKind::Anchors,
                Some(Role::Register) => ImportKind::Register,
                Some(Role::Station) => ImportKind::Station,
            };
            let report = import(files, into, kind).map_err(|error| refused(&error, into))?;
            let value: Vec<_> = report
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
            let mut human = String::new();
            for file in &report.files {
                let mark = if file.already_present { "=" } else { "+" };
                human.push_str(&format!("{mark} {}  {}\n", file.stored_as, file.description));
            }
            output.print(&json!({ "imported": value }), &human);
            Ok(0)
        }
        TrustCommand::List { trust } => list(trust, output),
    }
}

fn list(directory: &Path, output: Output) -> Result<u8, Failure> {
    let trust = load_trust(directory, output)?;
    let mut human = String::new();
    let anchors: Vec<_> = trust
        .anchors()
        .iter()
        .map(|anchor| {
            human.push_str(&format!(
                "CSCA {}  {} – {}\n",
                anchor.subject(),
                anchor.not_before(),
                anchor.not_after()
            ));
            json!({
                "subject": anchor.subject().to_string(),
                "country": anchor.country(),
                "serial": anchor.serial_hex(),
                "sha256": hex::encode(anchor.fingerprint()),
                "not_before": anchor.not_before(),
                "not_after": anchor.not_after(),
            })
        })
        .collect();
    let mut lists = Vec::new();
    for (list, signer) in trust.crls() {
        let next = list.next_update().map(|next| next.to_string()).unwrap_or_default();
        let mark = if signer.is_some() {
            ""
        } else {
            output.text("  [không ai tin đã ký]", "  [signed by nobody trusted]")
        };
        human.push_str(&format!("CRL  {}  {} – {next}{mark}\n", list.issuer(), list.this_update()));
        lists.push(json!({
            "issuer": list.issuer().to_string(),
            "this_update": list.this_update(),
            "next_update": list.next_update(),
            "revoked": list.entries().len(),
            "signed_by": signer.map(|signer| signer.subject().to_string()),
        }));
    }
    for key in trust.register_keys() {
        human.push_str(&format!(
            "{}  {}\n",
            output.text("khóa cơ sở dữ liệu", "register key"),
            key.fingerprint()
        ));
    }
    for key in trust.station_keys() {
        human.push_str(&format!("{}  {}\n", output.text("khóa trạm đọc", "station key"), key.fingerprint()));
    }
    let fingerprints = |keys: &[cccd_keys::public_key::PublicKey]| -> Vec<String> {
        keys.iter().map(cccd_keys::public_key::PublicKey::fingerprint).collect()
    };
    let value = json!({
        "anchors": anchors,
        "crls": lists,
        "register_keys": fingerprints(trust.register_keys()),
        "station_keys": fingerprints(trust.station_keys()),
        "problems": trust.problems().iter().map(|problem| json!({ "file": problem.file, "problem": problem.problem })).collect::<Vec<_>>(),
    });
    if human.is_empty() {
        human.push_str(output.text("thư mục chưa tin ai\n", "nobody is believed yet\n"));
    }
    output.print(&value, &human);
    Ok(0)
}

fn refused(error: &ImportError, into: &Path) -> Failure {
    let (code, path) = match error {
        ImportError::Read { path, .. } => ("file-unreadable", path.as_path()),
        ImportError::Refused { path, .. } => ("not-trustworthy", path.as_path()),
        ImportError::Write { path, .. } => ("file-unwritable", path.as_path()),
        _ => ("trust-unreadable", into),
    };
    Failure::bad_file(
        code,
        path,
        ["không nhập được; không có gì thay đổi", &error.to_string()],
        [
            "chỉ nhập chứng thư CSCA tự ký, CRL do CSCA đã tin ký, hoặc khóa công khai với --as",
            "import self-signed CSCA certificates, CRLs signed by a trusted CSCA, or public keys with --as",
        ],
    )
}
