//! `cv-certificate`: card-verifiable certificates of others.

use cccd_cvc::{Certificate, Role, SignatureAlgorithm, VerifyingKey};
use cccd_keys::algorithm::HashAlgorithm;
use serde_json::Value;

use crate::foreign::case::Case;
use crate::foreign::data::Data;
use crate::foreign::outcome::{Outcome, Problem, same};

/// How many certificates may stand between a key and the one whose parameters it has.
const MAX_CHAIN: usize = 8;

/// Reads the certificate; names, role, dates and algorithm are as the case states, and so are those whose keys verify
/// it, which lie beside it.
pub(super) fn judge(case: &Case, data: &Data) -> Result<Outcome, Problem> {
    let name = case.input("file")?;
    let bytes = data.file(name)?;
    let certificate = match Certificate::parse(&bytes) {
        Ok(certificate) => certificate,
        Err(error) => return Ok(Outcome::refused(error)),
    };
    if certificate.to_bytes() != bytes {
        return Err(Problem::new("what was read does not come out again"));
    }
    let content = certificate.content();
    let stated = |name: &str| case.rest.get(name).and_then(Value::as_str);
    let role = match content.chat.role() {
        Role::Cvca => "CVCA",
        Role::DomesticVerifier => "DV (official domestic)",
        Role::ForeignVerifier => "DV (non-official/foreign)",
        Role::Terminal => "terminal",
    };
    let algorithm =
        SignatureAlgorithm::from_oid(content.public_key.algorithm()).map(SignatureAlgorithm::name);
    let day = |date: cccd_cvc::Date| format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
    for (field, found) in [
        ("car", content.authority.to_string()),
        ("chr", content.holder.to_string()),
        ("role", role.to_owned()),
        ("valid_from", day(content.effective)),
        ("valid_to", day(content.expiration)),
    ] {
        if let Some(stated) = stated(field) {
            same(field, stated, found.as_str())?;
        }
    }
    if let Some(stated) = case.note.as_deref().filter(|note| note.starts_with("id-TA-")) {
        same("the algorithm", stated, algorithm.unwrap_or_default().as_str())?;
    }
    let keys = keys_beside(data, name)?;
    let named =
        |(holder, _): &&(String, VerifyingKey)| holder.starts_with(&format!("{} ", content.authority));
    let mut by = Vec::new();
    for (holder, key) in keys.iter().filter(named) {
        match certificate.verify_signature(key) {
            Ok(()) => by.push(holder.as_str()),
            Err(error) if error.is_unknown() => return Ok(Outcome::undetermined(error)),
            Err(_) => {}
        }
    }
    if let Some(stated) = case.rest.get("verified_by").and_then(Value::as_array) {
        let mut stated: Vec<&str> = stated.iter().filter_map(Value::as_str).collect();
        stated.sort_unstable();
        same("who verifies it", stated.join(", "), by.join(", "))?;
    }
    if by.is_empty() && keys.iter().any(|key| named(&key)) {
        return Ok(Outcome::refused("its authority did not sign it"));
    }
    Ok(Outcome::parsed())
}

/// The keys of all certificates in the folder, as `HOLDER FINGERPRINT`, sorted. Parameters are inherited from a key that
/// verifies the certificate.
fn keys_beside(data: &Data, name: &str) -> Result<Vec<(String, VerifyingKey)>, Problem> {
    let mut certificates = Vec::new();
    for file in data.beside(name)? {
        let bytes = data.file(&file)?;
        if let Ok(certificate) = Certificate::parse(&bytes) {
            let fingerprint = hex::encode(HashAlgorithm::Sha256.digest(&bytes));
            let short = fingerprint.get(..8).unwrap_or_default();
            certificates.push((format!("{} {short}", certificate.holder()), certificate));
        }
    }
    let mut keys: Vec<(String, VerifyingKey)> = Vec::new();
    for _ in 0..MAX_CHAIN {
        for (holder, certificate) in &certificates {
            if keys.iter().any(|(known, _)| known == holder) {
                continue;
            }
            let content = certificate.content();
            let own = content.public_key.resolve(None).ok();
            let inherited = || {
                let above = format!("{} ", content.authority);
                keys.iter()
                    .filter(|(known, _)| known.starts_with(&above))
                    .filter(|(_, key)| certificate.verify_signature(key).is_ok())
                    .find_map(|(_, key)| content.public_key.resolve(Some(key)).ok())
            };
            if let Some(key) = own.or_else(inherited) {
                keys.push((holder.clone(), key));
            }
        }
    }
    keys.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(keys)
}
