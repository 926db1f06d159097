//! x
/// x
pub fn province_name(_code: &str) -> Option<&'static str> { None }
