//! `keys ceremony`: what was done, by whom, and whether it can be made again.

use super::Failure;
use super::args::CeremonyCommand;
use super::output::Output;
use cccd_keys::ceremony::{Act, Record};
use cccd_keys::store::{read_ceremony, verify_ceremonies};
use serde_json::json;
use std::path::Path;

pub(super) fn run(command: &CeremonyCommand, dir: &Path, output: &Output) -> Result<(), Failure> {
    match command {
        CeremonyCommand::Verify => verify(dir, output),
        CeremonyCommand::Show { number } => {
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
    }
}
