//! Cases that nobody here wrote: the ECDSA files of Project Wycheproof, and real EF.SODs, from the folder that
//! `CCCD_FOREIGN_DATA` names.

use cccd_keys::algorithm::{HashAlgorithm, SignatureAlgorithm};
use cccd_keys::certificate::Certificate;
use cccd_keys::public_key::PublicKey;
use cccd_keys::signed_data::SignedData;
use cccd_keys::sod::EfSod;
use const_oid::ObjectIdentifier;
use std::path::PathBuf;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("CCCD_FOREIGN_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: CCCD_FOREIGN_DATA is not set");
    }
    folder
}

#[test]
fn wycheproof_signatures_end_as_stated() {
    let Some(folder) = folder() else { return };
    let mut judged = 0;
    for entry in std::fs::read_dir(folder.join("crypto/wycheproof")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_ecdsa = name.starts_with("ecdsa_") && !name.contains("p1363");
        let is_rsa = name.starts_with("rsa_signature") || name.starts_with("rsa_pss");
        if !name.ends_with(".json") || !(is_ecdsa || is_rsa) {
            continue;
        }
        let file: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        for group in file["testGroups"].as_array().unwrap() {
            let hash = |name: &serde_json::Value| {
                HashAlgorithm::ALL.into_iter().find(|hash| Some(hash.name()) == name.as_str())
            };
            let key = ["publicKeyDer", "keyDer"].iter().find_map(|field| group[*field].as_str());
            let (Some(hash), Some(key)) = (hash(&group["sha"]), key) else { continue };
            let algorithm = if is_ecdsa {
                SignatureAlgorithm::Ecdsa(hash)
            } else if group["sLen"].is_u64() {
                let mask_hash =
                    HashAlgorithm::ALL.into_iter().find(|h| Some(h.name()) == group["mgfSha"].as_str());
                let salt_length = usize::try_from(group["sLen"].as_u64().unwrap()).unwrap();
                SignatureAlgorithm::RsaPss { hash, mask_hash: mask_hash.unwrap(), salt_length }
            } else {
                SignatureAlgorithm::RsaPkcs1v15(hash)
            };
            let key = PublicKey::from_spki(&hex::decode(key).unwrap()).unwrap();
            for test in group["tests"].as_array().unwrap() {
                let field = |name: &str| hex::decode(test[name].as_str().unwrap()).unwrap();
                let good = key.verify(algorithm, &field("msg"), &field("sig")).is_ok();
                match test["result"].as_str().unwrap() {
                    "valid" => assert!(good, "{name} {}", test["tcId"]),
                    "invalid" => assert!(!good, "{name} {}", test["tcId"]),
                    _ => {}
                }
                judged += 1;
            }
        }
    }
    assert!(judged > 500, "only {judged} tests were found");
    eprintln!("{judged} Wycheproof signature tests");
}

#[test]
fn real_files_hold() {
    let Some(folder) = folder() else { return };
    let mut weak = 0;
    for name in ["DE", "FR", "RU-b", "SG", "US"] {
        let sod =
            EfSod::parse(&std::fs::read(folder.join(format!("sod/sod_real_{name}.bin"))).unwrap()).unwrap();
        weak += u32::from(sod.verify_signature().unwrap().weak_hash);
    }
    assert_eq!(weak, 1, "only the Russian file uses SHA-1");
    let vietnam = std::fs::read(folder.join("masterlists/csca_VN_2022.der")).unwrap();
    let vietnam = Certificate::parse(&vietnam).unwrap();
    assert_eq!(vietnam.public_key().describe(), "brainpoolP512r1");
    assert_eq!(vietnam.verify_signature(vietnam.public_key()), Ok(()), "it is self-signed");
}

#[test]
fn card_security_files_hold() {
    let Some(folder) = folder() else { return };
    let id_security_object = ObjectIdentifier::new_unwrap("0.4.0.127.0.7.3.2.1");
    let mut held = 0;
    for entry in std::fs::read_dir(folder.join("cardsecurity")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "bin") {
            continue;
        }
        let file = std::fs::read(&path).unwrap();
        let signed = SignedData::parse(&file).unwrap();
        assert_eq!(signed.econtent_type(), id_security_object);
        signed.verify().unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        // One octet of the content, and it no longer holds.
        let content = signed.econtent().unwrap();
        let at = file.windows(content.len()).position(|window| window == content).unwrap();
        let mut forged = file.clone();
        forged[at + content.len() - 1] ^= 1;
        let problem = SignedData::parse(&forged).unwrap().verify().unwrap_err();
        assert_eq!(problem.code(), "message-digest-mismatch");
        held += 1;
    }
    assert_eq!(held, 4);
}
