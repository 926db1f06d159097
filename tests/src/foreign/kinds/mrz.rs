//! `mrz`: lines of a machine readable zone, beside what two other programs make of them.

use cccd_card_profile::mrz::{CheckDigit, CheckedField, Format, Mrz};
use serde_json::Value;

use crate::foreign::case::Case;
use crate::foreign::data::Data;
use crate::foreign::outcome::{Outcome, Problem, same};

/// Reads the zone and compares what the item states: format, names, nationality, every check digit.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let file = data.json(case.input("file")?)?;
    let index = case.index("item")?;
    let item = file
        .pointer(&format!("/items/{index}"))
        .ok_or_else(|| Problem::new(format!("the file has no item {index}")))?;
    let lines: Vec<&str> = item
        .get("lines")
        .and_then(Value::as_array)
        .map(|lines| lines.iter().filter_map(Value::as_str).collect())
        .ok_or_else(|| Problem::new("the item has no lines"))?;
    let zone = match Mrz::parse(&lines.join("\n")) {
        Ok(zone) => zone,
        Err(error) => return Ok(Outcome::refused(error)),
    };
    if let Some(format) = item.get("format").and_then(Value::as_str) {
        compare_format(format, &zone)?;
    }
    if let Some(names) = item.get("names").filter(|names| names.is_object()) {
        let found = zone.name();
        for (part, found) in [("primary", &found.primary), ("secondary", &found.secondary)] {
            if let Some(stated) = names.get(part).and_then(Value::as_str) {
                let words: Vec<&str> = stated.split_whitespace().collect();
                same(part, words.join(" ").as_str(), found)?;
            }
        }
    }
    if let Some(stated) = item.get("nationality").and_then(Value::as_str) {
        same("nationality", stated.trim_end_matches('<'), zone.nationality())?;
    }
    let digits = zone.check_digits();
    if let Some(stated) = item.get("check_digits").and_then(Value::as_object) {
        for (name, stated) in stated {
            compare_digit(name, stated, &digits)?;
        }
    }
    let findings = zone.wrong_check_digits().iter().map(describe).collect();
    Ok(Outcome::Parsed { findings })
}

/// A visa has the lines of a passport or of a card; formats outside of Doc 9303 have none of ours.
fn compare_format(stated: &str, zone: &Mrz) -> Result<(), Problem> {
    let visa = zone.document_code().starts_with('V');
    let found = match zone.format() {
        Format::Td1 => "TD1",
        Format::Td2 if visa => "MRV-B",
        Format::Td2 => "TD2",
        Format::Td3 if visa => "MRV-A",
        Format::Td3 => "TD3",
    };
    match stated {
        "TD1" | "TD2" | "TD3" | "MRV-A" | "MRV-B" => same("the format", stated, found),
        _ => Ok(()),
    }
}

fn compare_digit(name: &str, stated: &Value, digits: &[CheckDigit]) -> Result<(), Problem> {
    let field = match name {
        "document_number" | "document_number_long" => CheckedField::DocumentNumber,
        "date_of_birth" => CheckedField::BirthDate,
        "date_of_expiry" => CheckedField::Expiry,
        "personal_number" | "optional_data" => CheckedField::OptionalData,
        "composite" => CheckedField::Composite,
        other => return Err(Problem::new(format!("a check digit of '{other}' is not known"))),
    };
    let found = digits
        .iter()
        .find(|digit| digit.field == field)
        .ok_or_else(|| Problem::new(format!("no check digit of '{name}' was found")))?;
    if let Some(printed) = stated.get("printed").and_then(Value::as_str) {
        same(name, printed, &found.printed.to_string())?;
    }
    match stated.get("ok").and_then(Value::as_bool) {
        Some(right) if right != found.is_right() => Err(Problem::differs(name, right, found.is_right())),
        _ => Ok(()),
    }
}

fn describe(digit: &CheckDigit) -> String {
    format!("{:?} is {} instead of {}", digit.field, digit.printed, digit.computed)
}
