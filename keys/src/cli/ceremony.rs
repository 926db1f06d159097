//! `keys ceremony`: what was done, by whom, and whether it can be made again.

use super::Failure;
use super::args::CeremonyCommand;
use super::output::Output;
use cccd_keys::ceremony::{Act, CardVerifiable, Record};
use cccd_keys::store::{list_ceremonies, read_ceremony, verify_ceremonies};
use serde_json::json;
use std::path::Path;

pub(super) fn run(command: &CeremonyCommand, dir: &Path, output: &Output) -> Result<(), Failure> {
    match command {
        CeremonyCommand::Verify => verify(dir, output),
        CeremonyCommand::Show { number: None } => {
            let records = list_ceremonies(dir)?;
            let mut lines: Vec<String> = records.iter().map(|record| listed(output, record)).collect();
            if lines.is_empty() {
                lines.push(output.text("no ceremony yet", "chưa có nghi thức nào"));
            }
            output.print(&json!({ "ceremonies": records }), &lines.join("\n"));
            Ok(())
        }
        CeremonyCommand::Show { number: Some(number) } => {
            let record = read_ceremony(dir, *number)?;
            output.print(&json!({ "ceremony": record }), &protocol(output, &record));
            Ok(())
        }
    }
}

fn verify(dir: &Path, output: &Output) -> Result<(), Failure> {
    let checked = verify_ceremonies(dir)?;
    let wrong = checked.iter().filter(|one| one.problem.is_some()).count();
    let mut lines = Vec::new();
    let mut values = Vec::new();
    for one in &checked {
        let what = one.record.as_ref().map(|record| record.output.file.clone()).unwrap_or_default();
        let state = match &one.problem {
            None => output.text("made again, the same", "dựng lại đúng như đã lưu"),
            Some(problem) => format!("{}: {problem}", output.text("WRONG", "SAI")),
        };
        lines.push(format!("{}  {what}  {state}", one.name));
        let code = one.problem.as_ref().map(cccd_keys::ceremony::ReplayProblem::code);
        values.push(json!({ "name": one.name, "file": what, "problem": code }));
    }
    lines.push(format!(
        "{} {}, {} {wrong}",
        checked.len(),
        output.text("ceremonies", "nghi thức"),
        output.text("wrong:", "sai:"),
    ));
    output.print(&json!({ "ceremonies": values, "wrong": wrong }), &lines.join("\n"));
    if wrong > 0 { Err(Failure::Ceremonies(wrong)) } else { Ok(()) }
}

/// One line: number, day, what, who.
fn listed(output: &Output, record: &Record) -> String {
    let names: Vec<&str> = record.present.iter().map(|person| person.name.as_str()).collect();
    format!(
        "{:>6}  {}  {}  [{}]",
        record.number,
        record.time,
        sentence(output, &record.act),
        names.join("; ")
    )
}

/// The protocol that people sign.
fn protocol(output: &Output, record: &Record) -> String {
    let mut lines = vec![
        format!("{} {}", output.text("PROTOCOL OF CEREMONY", "BIÊN BẢN NGHI THỨC SỐ"), record.number),
        format!("{} {}", output.text("Time:", "Thời điểm:"), record.time),
        format!("{} {}", output.text("Country:", "Quốc gia:"), record.country),
        format!("{} {}", output.text("Program:", "Chương trình:"), record.tool),
        format!("{} {}", output.text("Done:", "Nội dung:"), sentence(output, &record.act)),
        format!("{} {}", output.text("Result:", "Kết quả:"), record.output.file),
        format!("SHA-256: {}", record.output.sha256),
        output.text("Present:", "Thành phần tham dự:"),
    ];
    if record.present.is_empty() {
        lines.push(format!("  {}", output.text("(nobody was named)", "(không ghi tên)")));
    }
    for person in &record.present {
        let role = person.role.as_deref().map(|role| format!(", {role}")).unwrap_or_default();
        lines.push(format!("  {}{role}  ______________________", person.name));
    }
    lines.join("\n")
}

fn sentence(output: &Output, act: &Act) -> String {
    match act {
        Act::Authority { pool, serial, .. } => format!(
            "{} ({pool}), {} {serial}",
            output.text("a CSCA key and its self-signed certificate", "khoá CSCA và chứng thư tự ký"),
            output.text("serial", "số sê-ri"),
        ),
        Act::Link { from, to, serial } => format!(
            "{} {from} → {to}, {} {serial}",
            output.text("a link certificate", "chứng thư nối tiếp"),
            output.text("serial", "số sê-ri"),
        ),
        Act::DocumentSigner { authority, pool, limit, serial, .. } => format!(
            "{} ({pool}, {} {limit}) {} {authority}, {} {serial}",
            output.text("a Document Signer", "Document Signer"),
            output.text("signatures at most", "số chữ ký tối đa"),
            output.text("under", "dưới"),
            output.text("serial", "số sê-ri"),
        ),
        Act::MasterListSigner { authority, serial, .. } => format!(
            "{} {authority}, {} {serial}",
            output.text("a Master List Signer under", "Master List Signer dưới"),
            output.text("serial", "số sê-ri"),
        ),
        Act::RevocationList { number, revoked, .. } => format!(
            "{} {number}, {} {}",
            output.text("revocation list", "danh sách thu hồi số"),
            output.text("revoked:", "số chứng thư bị thu hồi:"),
            revoked.len(),
        ),
        Act::CardVerifiable(certificate) => card_verifiable(output, certificate),
        Act::Backup { backup, places, .. } => format!(
            "{} {}: {} {}, {} {}/{}, {} {places}",
            output.text("a backup of the set", "bản sao lưu bộ"),
            backup.set,
            backup.keys.len(),
            output.text("keys", "khoá"),
            output.text("shares needed", "số mảnh cần"),
            backup.threshold,
            backup.shares,
            output.text("places", "số nơi lưu:"),
        ),
        Act::Restoration { backup, used, token } => format!(
            "{} {} {} {}{}",
            output.text("this store restored from the set", "khôi phục kho khoá này từ bộ"),
            backup.set,
            output.text("by the shares", "bằng các mảnh số"),
            used.iter().map(u8::to_string).collect::<Vec<_>>().join(", "),
            token.as_ref().map_or_else(String::new, |serial| format!(
                " {} {serial}",
                output.text("into the token", "vào thiết bị")
            )),
        ),
    }
}

fn card_verifiable(output: &Output, certificate: &CardVerifiable) -> String {
    let CardVerifiable { authority, holder, role, days, request, renewal, .. } = certificate;
    let what = match (role.as_str(), authority) {
        ("cvca", None) => {
            output.text("a CVCA key and its self-signed certificate", "khoá CVCA và chứng thư tự ký")
        }
        ("cvca", Some(_)) => output.text("a link certificate of the CVCA", "chứng thư nối tiếp của CVCA"),
        ("terminal", _) => output.text("an inspection system's certificate", "chứng thư trạm kiểm tra (IS)"),
        _ => output.text("a document verifier's certificate", "chứng thư đơn vị xác minh (DV)"),
    };
    let under = authority
        .as_ref()
        .map_or_else(String::new, |authority| format!(" {} {authority}", output.text("under", "dưới")));
    let asked = match (request, renewal) {
        (None, _) => String::new(),
        (Some(_), true) => output.text(", a renewal by request", ", gia hạn theo yêu cầu"),
        (Some(_), false) => output.text(", by a first request", ", theo yêu cầu lần đầu"),
    };
    format!("{what} {holder}{under}, {days} {}{asked}", output.text("days", "ngày"))
}
