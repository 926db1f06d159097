//! ECDSA in DER and as `r ‖ s`, RSASSA-PKCS1-v1_5 and RSASSA-PSS: what certificates, EF.SOD and terminals sign with.

use cccd_keys::algorithm::{HashAlgorithm, SignatureAlgorithm};
use cccd_keys::asn1;
use cccd_keys::public_key::{PublicKey, VerifyError};
use serde_json::Value;

use super::{Test, Tested};
use crate::foreign::data::{hex_bytes, text};
use crate::foreign::outcome::Problem;

pub(super) fn prepare<'g>(schema: &str, group: &'g Value) -> Result<Test<'g>, Problem> {
    let key = match group.get("publicKeyDer").or_else(|| group.get("keyDer")).and_then(Value::as_str) {
        Some(der) => hex::decode(der).map_err(|_| Problem::new("the key is not hex"))?,
        None => asn1::der_or_pem(text(group, "publicKeyPem")?.as_bytes())
            .map_err(|error| Problem::new(error.to_string()))?,
    };
    let key = PublicKey::from_spki(&key).map_err(|error| Problem::new(format!("the key: {error}")))?;
    let hash = hash(text(group, "sha")?)?;
    let plain = schema == "ecdsa_p1363_verify";
    let algorithm = if schema.starts_with("ecdsa") {
        SignatureAlgorithm::Ecdsa(hash)
    } else if schema.starts_with("rsassa_pkcs1") {
        SignatureAlgorithm::RsaPkcs1v15(hash)
    } else {
        let salt_length = group.get("sLen").and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        if text(group, "mgf")? != "MGF1" {
            return Err(Problem::new("a mask generation function that is not MGF1"));
        }
        SignatureAlgorithm::RsaPss {
            hash,
            mask_hash: self::hash(text(group, "mgfSha")?)?,
            salt_length: salt_length.ok_or_else(|| Problem::new("the group states no length of salt"))?,
        }
    };
    Ok(Box::new(move |test| {
        let (message, signature) = (hex_bytes(test, "msg")?, hex_bytes(test, "sig")?);
        let verdict = if plain {
            key.verify_plain(hash, &message, &signature)
        } else {
            key.verify(algorithm, &message, &signature)
        };
        Ok(match verdict {
            Ok(()) => Tested::Good,
            Err(VerifyError::Unknown(unknown)) => Tested::Unknown(unknown.to_string()),
            Err(error) => Tested::Bad(error.to_string()),
        })
    }))
}

fn hash(name: &str) -> Result<HashAlgorithm, Problem> {
    HashAlgorithm::ALL
        .into_iter()
        .find(|hash| hash.name() == name)
        .ok_or_else(|| Problem::new(format!("the hash {name} is not known")))
}
