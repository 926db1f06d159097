//! `data-group`: EF.COM and data groups of others.

use cccd_card_profile::lds::com::Com;
use cccd_card_profile::lds::{DataGroup, DataGroupNumber};
use serde_json::Value;

use crate::foreign::case::Case;
use crate::foreign::data::Data;
use crate::foreign::outcome::{Outcome, Problem, same};

/// Reads the file by its own tag; what was read, written anew, is read as the same; the fields are as the case states.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let file = data.file(case.input("file")?)?;
    let tag = file.first().map(|tag| u32::from(*tag)).unwrap_or_default();
    if tag == 0x60 {
        return Ok(match Com::parse(&file) {
            Err(error) => Outcome::refused(error),
            Ok(com) if Com::parse(&com.to_bytes()).as_ref() == Ok(&com) => Outcome::parsed(),
            Ok(_) => return Err(Problem::new("what was read does not come out again")),
        });
    }
    let Some(number) = DataGroupNumber::from_tag(tag) else {
        return Ok(Outcome::refused("no data group has this tag"));
    };
    let group = match DataGroup::parse(number, &file) {
        Ok(group) => group,
        Err(error) => return Ok(Outcome::refused(error)),
    };
    let fields = case.rest.get("fields").and_then(Value::as_object);
    for (name, stated) in fields.into_iter().flatten() {
        let stated = stated.as_str().ok_or_else(|| Problem::new(format!("field '{name}' is no text")))?;
        same(name, stated, field(&group, name)?.as_str())?;
    }
    comes_out_again(&group)?;
    Ok(with_quirks(&group))
}

/// What was read, written and read again is the same, if reading took no leniency.
pub(super) fn comes_out_again(group: &DataGroup) -> Result<(), Problem> {
    if !group.quirks().is_empty() {
        return Ok(());
    }
    let written = group.to_bytes().map_err(|error| Problem::new(error.to_string()))?;
    if DataGroup::parse(group.number(), &written).as_ref() == Ok(group) {
        Ok(())
    } else {
        Err(Problem::new("what was read does not come out again"))
    }
}

/// Read, and what leniencies that took.
pub(super) fn with_quirks(group: &DataGroup) -> Outcome {
    let quirks = group.quirks();
    if quirks.is_empty() {
        Outcome::parsed()
    } else {
        Outcome::Accepted { leniencies: quirks.iter().map(|quirk| quirk.kind.code().to_owned()).collect() }
    }
}

/// A field by its tag in hex, or by its name.
fn field(group: &DataGroup, name: &str) -> Result<String, Problem> {
    let tag = u32::from_str_radix(name, 16);
    let found = match (group, name, tag) {
        (DataGroup::Dg1(zone), "format", _) => Some(format!("{:?}", zone.format()).to_uppercase()),
        (DataGroup::Dg11(details), _, Ok(tag)) => details.text(tag).map(str::to_owned),
        (DataGroup::Dg12(details), _, Ok(tag)) => details.text(tag).map(str::to_owned),
        _ => None,
    };
    found.ok_or_else(|| Problem::new(format!("there is no field '{name}'")))
}
