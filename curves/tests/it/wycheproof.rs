//! The files of project Wycheproof, from the folder that `CCCD_FOREIGN_DATA` names; without it one line says that
//! they were skipped.

use cccd_curves::{Curve, PreparedKey, Scalar, Signature, verify_ecdsa};
use serde_json::Value;
use sha2::Digest as _;
use std::fs;
use std::path::PathBuf;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("CCCD_FOREIGN_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: CCCD_FOREIGN_DATA names no folder of foreign cases");
    }
    folder.map(|folder| folder.join("crypto/wycheproof"))
}

fn curve(name: &str) -> Curve {
    match name {
        "secp256r1" => Curve::P256,
        "secp384r1" => Curve::P384,
        "brainpoolP256r1" => Curve::BrainpoolP256r1,
        "brainpoolP512r1" => Curve::BrainpoolP512r1,
        other => panic!("curve {other} is not known"),
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

/// A private number as the file writes it: without leading zeros, or with a sign octet.
fn scalar(curve: Curve, number: &[u8]) -> Scalar {
    let zeros = number.iter().take_while(|octet| **octet == 0).count();
    let number = &number[zeros..];
    let mut wide = vec![0; curve.order_length() - number.len()];
    wide.extend_from_slice(number);
    Scalar::from_bytes(curve, &wide).unwrap()
}

fn each_test(file: &str, mut run: impl FnMut(&Value, &Value)) {
    let Some(folder) = folder() else { return };
    let file: Value = serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap();
    for group in file["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            run(group, test);
        }
    }
}

fn signatures(file: &str, plain: bool) {
    let mut judged = 0;
    let mut prepared: Option<(Vec<u8>, PreparedKey)> = None;
    each_test(file, |group, test| {
        let curve = curve(group["publicKey"]["curve"].as_str().unwrap());
        let key = bytes(&group["publicKey"]["uncompressed"]);
        let message = bytes(&test["msg"]);
        let digest = match group["sha"].as_str().unwrap() {
            "SHA-256" => sha2::Sha256::digest(message).to_vec(),
            "SHA-384" => sha2::Sha384::digest(message).to_vec(),
            "SHA-512" => sha2::Sha512::digest(message).to_vec(),
            other => panic!("hash {other} is not known"),
        };
        let signature = bytes(&test["sig"]);
        let signature = if plain { Signature::Plain(&signature) } else { Signature::Der(&signature) };
        let by_plain_way = verify_ecdsa(curve, &key, &digest, signature);
        let holds = by_plain_way.is_ok();
        // The same key in tables must say the same, and for the same reason.
        let tables = match prepared.take() {
            Some((of, tables)) if of == key => tables,
            _ => PreparedKey::new(curve, &key).unwrap(),
        };
        assert_eq!(tables.verify(&digest, signature), by_plain_way, "{file} {test}");
        prepared = Some((key, tables));
        match test["result"].as_str().unwrap() {
            "valid" => assert!(holds, "{file} {test}"),
            "invalid" => assert!(!holds, "{file} {test}"),
            _ => {}
        }
        judged += 1;
    });
    assert!(judged == 0 || judged > 100, "only {judged} tests in {file}");
}

#[test]
fn signatures_in_der() {
    signatures("ecdsa_brainpoolP256r1_sha256_test.json", false);
    signatures("ecdsa_brainpoolP512r1_sha512_test.json", false);
    signatures("ecdsa_secp256r1_sha256_test.json", false);
    signatures("ecdsa_secp384r1_sha384_test.json", false);
}

#[test]
fn plain_signatures() {
    signatures("ecdsa_brainpoolP256r1_sha256_p1363_test.json", true);
    signatures("ecdsa_secp256r1_sha256_p1363_test.json", true);
}

#[test]
fn key_agreement() {
    let mut judged = 0;
    each_test("ecdh_secp256r1_ecpoint_test.json", |group, test| {
        let curve = curve(group["curve"].as_str().unwrap());
        let secret = scalar(curve, &bytes(&test["private"]));
        let shared = curve.point(&bytes(&test["public"])).and_then(|point| secret.agree(&point));
        match test["result"].as_str().unwrap() {
            "valid" => assert_eq!(shared.unwrap().as_slice(), bytes(&test["shared"]), "{test}"),
            "invalid" => assert!(shared.is_err(), "{test}"),
            // A compressed point: fine by the file, not read by us.
            _ => {}
        }
        judged += 1;
    });
    assert!(judged == 0 || judged > 300, "only {judged} tests");
}
