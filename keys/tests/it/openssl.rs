//! OpenSSL as referee over what we sign; said in one line where the machine has none.

use crate::house::{CONTENT, House, today};
use base64::Engine as _;
use cccd_keys::algorithm::{HashAlgorithm, SignatureAlgorithm};
use cccd_keys::curve::CurveEncoding;
use cccd_keys::profile::AlgorithmProfile;
use cccd_keys::public_key::{PublicKey, VerifyError};
use cccd_keys::sod::EfSod;
use std::path::Path;
use std::process::{Command, Output};

fn openssl(dir: &Path, arguments: &[&str]) -> Option<Output> {
    match Command::new("openssl").args(arguments).current_dir(dir).output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: there is no openssl on this machine");
            None
        }
        Err(error) => panic!("openssl cannot be run: {error}"),
    }
}

fn said(output: &Output) -> String {
    [output.stdout.as_slice(), &output.stderr].concat().iter().map(|b| char::from(*b)).collect()
}

fn write(house: &House) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let file = house.sod();
    // The ContentInfo inside the tag 77: the file without its own header.
    let content_info = cccd_keys::asn1::Reader::new(&file).any().unwrap().content.to_vec();
    assert!(EfSod::parse(&file).is_ok());
    for (name, bytes) in [
        ("csca.cer", house.csca.der()),
        ("ds.cer", house.signer.der()),
        ("list.crl", house.crl.der()),
        ("sod.cms", &content_info),
    ] {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    // Older versions read trust files in PEM only.
    for (name, label, bytes) in [
        ("csca.pem", "CERTIFICATE", house.csca.der()),
        ("ds.pem", "CERTIFICATE", house.signer.der()),
        ("list.pem", "X509 CRL", house.crl.der()),
    ] {
        let text = base64::engine::general_purpose::STANDARD.encode(bytes);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|c| std::str::from_utf8(c).unwrap()).collect();
        let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"));
        assert_eq!(cccd_keys::asn1::der_or_pem(pem.as_bytes()).unwrap(), bytes);
        std::fs::write(dir.path().join(name), pem).unwrap();
    }
    dir
}

#[test]
fn openssl_verifies_chain_crl_and_signed_data_of_named_curves() {
    for profile in [AlgorithmProfile::P256, AlgorithmProfile::Cccd] {
        let house = House::with_encoding(profile, CurveEncoding::Named, "VN", 21);
        let dir = write(&house);
        let time = today().as_second().to_string();
        let chain = [
            "verify",
            "-attime",
            &time,
            "-crl_check",
            "-CRLfile",
            "list.pem",
            "-CAfile",
            "csca.pem",
            "ds.pem",
        ];
        let Some(output) = openssl(dir.path(), &chain) else { return };
        assert!(output.status.success(), "{}", said(&output));
        cms_and_crl(dir.path());
    }
}

#[test]
fn openssl_verifies_crl_and_signed_data_of_explicit_parameters() {
    let house = House::new(AlgorithmProfile::Cccd, "VN", 22);
    let dir = write(&house);
    let Some(output) = openssl(dir.path(), &["x509", "-inform", "DER", "-in", "ds.cer", "-noout", "-text"])
    else {
        return;
    };
    let text = said(&output);
    for expected in ["Field Type: prime-field", "Digital Signature", "CA:FALSE-is-absent"] {
        match expected {
            "CA:FALSE-is-absent" => assert!(!text.contains("Basic Constraints"), "{text}"),
            _ => assert!(text.contains(expected), "{expected} in {text}"),
        }
    }
    cms_and_crl(dir.path());
}

fn cms_and_crl(dir: &Path) {
    let crl =
        openssl(dir, &["crl", "-inform", "DER", "-in", "list.crl", "-CAfile", "csca.pem", "-noout"]).unwrap();
    assert!(said(&crl).contains("verify OK"), "{}", said(&crl));
    let cms = openssl(
        dir,
        &["cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", "sod.cms", "-out", "content"],
    )
    .unwrap();
    assert!(cms.status.success(), "{}", said(&cms));
    assert_eq!(std::fs::read(dir.join("content")).unwrap(), CONTENT);
}

/// A key, a message and its signature, made by OpenSSL.
fn signed_by_openssl(dir: &Path, make_key: &[&[&str]], sign: &[&str]) -> Option<(Vec<u8>, Vec<u8>)> {
    std::fs::write(dir.join("message"), CONTENT).unwrap();
    for arguments in make_key {
        let output = openssl(dir, arguments)?;
        assert!(output.status.success(), "{}", said(&output));
    }
    let public = ["pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "key.der"];
    for arguments in [&public[..], sign] {
        let output = openssl(dir, arguments)?;
        assert!(output.status.success(), "{}", said(&output));
    }
    Some((std::fs::read(dir.join("key.der")).unwrap(), std::fs::read(dir.join("signature")).unwrap()))
}

#[test]
fn pss_with_a_mask_of_another_hash_as_openssl_signs_it() {
    let dir = tempfile::tempdir().unwrap();
    let make: &[&[&str]] =
        &[&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "key.pem"]];
    for (salt, mask, mask_hash) in [
        ("20", "sha1", HashAlgorithm::Sha1),
        ("0", "sha512", HashAlgorithm::Sha512),
        ("32", "sha256", HashAlgorithm::Sha256),
    ] {
        let (salt_option, mask_option) = (format!("rsa_pss_saltlen:{salt}"), format!("rsa_mgf1_md:{mask}"));
        let sign = [
            "dgst",
            "-sha256",
            "-sign",
            "key.pem",
            "-sigopt",
            "rsa_padding_mode:pss",
            "-sigopt",
            &salt_option,
            "-sigopt",
            &mask_option,
            "-out",
            "signature",
            "message",
        ];
        let Some((key, signature)) = signed_by_openssl(dir.path(), make, &sign) else { return };
        let key = PublicKey::from_spki(&key).unwrap();
        let salt_length = salt.parse().unwrap();
        let pss = |mask_hash, salt_length| SignatureAlgorithm::RsaPss {
            hash: HashAlgorithm::Sha256,
            mask_hash,
            salt_length,
        };
        assert_eq!(key.verify(pss(mask_hash, salt_length), CONTENT, &signature), Ok(()));
        let invalid = Err(VerifyError::Invalid);
        assert_eq!(key.verify(pss(mask_hash, salt_length + 1), CONTENT, &signature), invalid);
        assert_eq!(key.verify(pss(HashAlgorithm::Sha384, salt_length), CONTENT, &signature), invalid);
        assert_eq!(key.verify(pss(mask_hash, salt_length), b"another", &signature), invalid);
    }
}

#[test]
fn dsa_as_openssl_signs_it() {
    let dir = tempfile::tempdir().unwrap();
    let make: &[&[&str]] = &[
        &[
            "genpkey",
            "-genparam",
            "-algorithm",
            "DSA",
            "-pkeyopt",
            "dsa_paramgen_bits:1024",
            "-out",
            "dsa.pem",
        ],
        &["genpkey", "-paramfile", "dsa.pem", "-out", "key.pem"],
    ];
    let sign = ["dgst", "-sha256", "-sign", "key.pem", "-out", "signature", "message"];
    let Some((key, signature)) = signed_by_openssl(dir.path(), make, &sign) else { return };
    let key = PublicKey::from_spki(&key).unwrap();
    let dsa = SignatureAlgorithm::Dsa(HashAlgorithm::Sha256);
    assert_eq!(key.verify(dsa, CONTENT, &signature), Ok(()));
    assert_eq!(key.verify(dsa, b"another", &signature), Err(VerifyError::Invalid));
    for position in 4..signature.len() {
        let mut changed = signature.clone();
        changed[position] ^= 1;
        assert!(key.verify(dsa, CONTENT, &changed).is_err(), "octet {position}");
    }
    assert_eq!(
        key.verify(SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256), CONTENT, &signature),
        Err(VerifyError::KeyTypeMismatch)
    );
}
