//! `explicit-ec-key`: keys whose curve is written out. It is matched against the closed table, or unknown; never
//! computed upon.

use cccd_keys::curve::CurveParameters;

use crate::foreign::case::Case;
use crate::foreign::data::{Data, base64_or_pem, text};
use crate::foreign::outcome::{Outcome, Problem};

/// Reads the key's parameters.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let file = data.json(case.input("file")?)?;
    let keys = file.get("keys").ok_or_else(|| Problem::new("the file has no 'keys'"))?;
    let der = base64_or_pem(text(keys, case.input("name")?)?)?;
    Ok(match CurveParameters::of_key(&der) {
        Err(error) => Outcome::refused(error),
        Ok(CurveParameters::Known(..)) => Outcome::parsed(),
        Ok(CurveParameters::Unknown) => Outcome::Accepted { leniencies: vec!["curve-unknown".to_owned()] },
    })
}
