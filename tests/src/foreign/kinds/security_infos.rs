//! `security-infos`: EF.CardAccess, DG14 and DG15 of others.

use cccd_card_profile::lds::security_infos::SecurityInfo;
use cccd_card_profile::lds::{DataGroup, DataGroupNumber, card_access, dg14};
use serde_json::Value;

use super::data_group::with_quirks;
use crate::foreign::case::Case;
use crate::foreign::data::{Data, hex_bytes};
use crate::foreign::outcome::{Outcome, Problem};

/// Reads the set; what was read comes out again byte for byte.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let file = data.json(case.input("file")?)?;
    let item = item(case, &file)?;
    let bytes = hex_bytes(item, "hex")?;
    // A list of one kind of file does not repeat which.
    let set = match item.get("kind").and_then(Value::as_str).unwrap_or("EF.CardAccess") {
        "DG14" => dg14::parse(&bytes),
        "EF.CardAccess" => card_access::parse(&bytes),
        "DG15" => {
            // One whose value is no key is read as that, and said: nothing can be authenticated with it.
            return Ok(match DataGroup::parse(DataGroupNumber::DG15, &bytes) {
                Ok(group) => with_quirks(&group),
                Err(error) => Outcome::refused(error),
            });
        }
        other => return Err(Problem::new(format!("a file '{other}' is not known"))),
    };
    let set = match set {
        Ok(set) => set,
        Err(error) => return Ok(Outcome::refused(error)),
    };
    // Written anew, the elements are the same, whatever their order was.
    let mut elements: Vec<Vec<u8>> = set.infos.iter().map(SecurityInfo::to_der).collect();
    elements.sort_unstable();
    if elements.is_empty() || !set.to_der().ends_with(&elements.concat()) {
        return Err(Problem::new("what was read does not come out again"));
    }
    Ok(Outcome::parsed())
}

/// By number in a list of `items`, or by name among `samples`.
fn item<'v>(case: &Case, file: &'v Value) -> Result<&'v Value, Problem> {
    let list = |name: &str| file.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let found = if let Ok(index) = case.index("item") {
        list("items").get(index)
    } else if let Ok(index) = case.index("sample") {
        list("samples").get(index)
    } else {
        let name = case.input("name")?;
        list("samples").iter().find(|sample| sample.get("name").and_then(Value::as_str) == Some(name))
    };
    found.ok_or_else(|| Problem::new("the file has no such item"))
}
