//! Certificates and keys of other people: their own list says who signed whom.

use crate::support::day;
use cccd_cvc::chain::{ChipTrust, TrustPoint, Validation};
use cccd_cvc::{Certificate, Hash, InspectionRights, PrivateKey, Role, SignatureAlgorithm, VerifyingKey};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("CCCD_FOREIGN_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: CCCD_FOREIGN_DATA is not set");
    }
    folder
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Cvca => "CVCA",
        Role::DomesticVerifier => "DV (official domestic)",
        Role::ForeignVerifier => "DV (non-official/foreign)",
        Role::Terminal => "terminal",
    }
}

/// Every certificate of the collection: its fields, and its signature under exactly the keys that the list names.
#[test]
fn real_certificates_are_read_and_verified() {
    let Some(folder) = data() else { return };
    let cases = std::fs::read_to_string(folder.join("cases.jsonl")).unwrap();
    let cases: Vec<Value> = cases
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|case| text(case, "kind") == "cv-certificate")
        .collect();
    assert_eq!(cases.len(), 25);

    let mut read: BTreeMap<String, (Certificate, &Value)> = BTreeMap::new();
    for case in &cases {
        let file = case["inputs"]["file"].as_str().unwrap();
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let certificate = Certificate::parse(&bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(certificate.to_bytes(), bytes, "{file}");
        let content = certificate.content();
        assert_eq!(content.authority.to_string(), text(case, "car"));
        assert_eq!(content.holder.to_string(), text(case, "chr"));
        assert_eq!(role(content.chat.role()), text(case, "role"), "{file}");
        assert_eq!(content.effective, day(text(case, "valid_from")));
        assert_eq!(content.expiration, day(text(case, "valid_to")));
        let algorithm = SignatureAlgorithm::from_oid(content.public_key.algorithm()).unwrap();
        assert_eq!(algorithm.name(), text(case, "note"));
        let stem = file.rsplit("__").next().unwrap().trim_end_matches(".cvcert");
        read.insert(format!("{} {stem}", content.holder), (certificate, case));
    }

    // Parameters are inherited down from the CVCA: several passes, as the names come in no order.
    let mut keys: BTreeMap<String, VerifyingKey> = BTreeMap::new();
    for _ in 0..4 {
        for (name, (certificate, case)) in &read {
            let issuer =
                case["verified_by"].as_array().unwrap().iter().find_map(|by| keys.get(by.as_str().unwrap()));
            if let Ok(key) = certificate.content().public_key.resolve(issuer) {
                keys.insert(name.clone(), key);
            }
        }
    }
    assert_eq!(keys.len(), 25);
    for (name, (certificate, case)) in &read {
        let by: Vec<&str> = keys
            .iter()
            .filter(|(holder, _)| holder.starts_with(&format!("{} ", certificate.authority())))
            .filter(|(_, key)| certificate.verify_signature(key).is_ok())
            .map(|(holder, _)| holder.as_str())
            .collect();
        let expected: Vec<&str> =
            case["verified_by"].as_array().unwrap().iter().map(|by| by.as_str().unwrap()).collect();
        assert_eq!(by, expected, "{name}");
    }
}

fn bytes(vector: &Value, name: &str) -> Vec<u8> {
    hex::decode(text(vector, name)).unwrap()
}

/// TR-03110 worked examples, ECDSA and RSA: the chain is imported, the terminal's signature holds, and ECDSA and RSA
/// keys sign what their certificates verify.
#[test]
fn the_worked_examples_of_terminal_authentication() {
    let Some(folder) = data() else { return };
    let file = std::fs::read(folder.join("protocol/vectors-tr03110-eac.json")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    for name in ["EAC_v2_ecdh", "EAC_v2_dh"] {
        let vector = &file["vectors"][name]["terminal_authentication"];
        let certificate = |field| Certificate::parse(&bytes(vector, field)).unwrap();
        let cvca = certificate("cvca_certificate");
        let (verifier, terminal) = (certificate("dv_certificate"), certificate("terminal_certificate"));
        let point = TrustPoint::from_certificate(&cvca).unwrap();
        assert_eq!(TrustPoint::from_bytes(&point.to_bytes()).unwrap(), point);
        let mut trust = ChipTrust::new(vec![point], cvca.content().effective).unwrap();
        let mut session = Validation::new();
        for one in [&verifier, &terminal] {
            session.choose(&trust, one.authority().as_bytes()).unwrap();
            session.import(&mut trust, one).unwrap();
        }
        let certified = session.terminal(terminal.holder().as_bytes()).unwrap();
        assert_eq!(certified.key.algorithm().name(), text(vector, "algorithm"));
        let signed = bytes(vector, "signed_data");
        let parts = ["id_picc", "challenge", "comp_pk_dh_ifd"].map(|field| bytes(vector, field));
        assert_eq!(parts.concat(), signed);
        let message = [parts[0].as_slice(), &parts[1], &parts[2]];
        assert_eq!(certified.key.verify(&message, &bytes(vector, "signature")), Ok(()), "{name}");
        // An authentication terminal under an inspection authority: the signature holds, the right is none.
        assert_eq!(certified.effective.inspection_rights(), InspectionRights::default());

        let key = PrivateKey::from_pkcs8(&bytes(vector, "terminal_key_pkcs8"), certified.key.algorithm());
        let key = key.unwrap();
        assert_eq!(key.verifying_key().unwrap(), certified.key);
        let signature = key.sign(&[&signed], &mut crate::support::rng()).unwrap();
        assert_eq!(certified.key.verify(&[&signed], &signature), Ok(()));
    }
}

/// Keys published with the certificates of other chips' simulators.
#[test]
fn other_people_s_private_keys_match_their_certificates() {
    let Some(folder) = data() else { return };
    let folder = folder.join("cvc");
    let key = |file: &str, algorithm| {
        let bytes = std::fs::read(folder.join("testkeys").join(file)).unwrap();
        PrivateKey::from_pkcs8(&bytes, algorithm).unwrap_or_else(|error| panic!("{file}: {error}"))
    };
    let certificate = |file: &str| Certificate::parse(&std::fs::read(folder.join(file)).unwrap()).unwrap();
    let ecdsa = SignatureAlgorithm::Ecdsa(Hash::Sha256);
    let cvca = certificate("DEISCVCA00001__by_DEISCVCA00001__58eb658a.cvcert");
    let authority = cvca.content().public_key.resolve(None).unwrap();
    assert_eq!(key("persosim_IS_CVCA_KEY_01.pkcs8", ecdsa).verifying_key().unwrap(), authority);
    for (key_file, file) in [
        ("persosim_IS_DV_Key_01_is.pkcs8", "DEDVIS00001__by_DEISCVCA00001__63e1aca4.cvcert"),
        ("persosim_IS_IS_Key_01_default.pkcs8", "DETESTIS00001__by_DEDVIS00001__3a29b888.cvcert"),
    ] {
        let certified = certificate(file).content().public_key.resolve(Some(&authority)).unwrap();
        assert_eq!(key(key_file, ecdsa).verifying_key().unwrap(), certified, "{file}");
    }
}
