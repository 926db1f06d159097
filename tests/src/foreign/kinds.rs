//! One module per kind of case.

pub mod biometric;
pub mod card_security;
pub mod cv_certificate;
pub mod data_group;
pub mod explicit_ec_key;
pub mod limbo;
pub mod master_list;
pub mod mrz;
pub mod passive;
pub mod pkits;
pub mod protocol_vector;
pub mod security_infos;
pub mod signer_chain;
pub mod wycheproof;

use super::case::Case;
use super::data::Data;
use super::outcome::{Outcome, Problem};

/// Every kind that is known.
pub const NAMES: [&str; 14] = [
    "biometric",
    "card-security",
    "cv-certificate",
    "data-group",
    "explicit-ec-key",
    "limbo",
    "master-list",
    "mrz",
    "passive",
    "pkits",
    "protocol-vector",
    "security-infos",
    "signer-chain",
    wycheproof::KIND,
];

/// Judges a case of any kind but `wycheproof`, which has many tests in one file.
///
/// # Errors
/// A kind that is not known, inputs that are not there, values that are not as the case states them.
pub fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    match case.kind.as_str() {
        "biometric" => biometric::judge(case, data),
        "card-security" => card_security::judge(case, data),
        "cv-certificate" => cv_certificate::judge(case, data),
        "data-group" => data_group::judge(case, data),
        "explicit-ec-key" => explicit_ec_key::judge(case, data),
        "limbo" => limbo::judge(case, data),
        "master-list" => master_list::judge(case, data),
        "mrz" => mrz::judge(case, data),
        "passive" => passive::judge(case, data),
        "pkits" => pkits::judge(case, data),
        "protocol-vector" => protocol_vector::judge(case, data),
        "security-infos" => security_infos::judge(case, data),
        "signer-chain" => signer_chain::judge(case, data),
        other => Err(Problem::new(format!("the kind '{other}' is not known"))),
    }
}
