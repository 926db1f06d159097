//! Active Authentication checked by `BouncyCastle` and OpenSSL, and theirs by us.

use std::path::Path;
use std::process::Command as Process;

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::protocol::active_authentication::{HashAlgorithm, sign, verify};
use cccd_card_profile::protocol::curve::{Curve, DomainParameters};
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PrivateKey, PublicKey};
use cccd_card_profile::tlv;
use rand_core::CryptoRng;

use super::peer::Peer;
use super::readers;
use super::table::Table;

const BOUNCY_CASTLE: &str = "BouncyCastle 1.84";
const OPENSSL: &str = "OpenSSL";
const HASHES: [(HashAlgorithm, &str); 5] = [
    (HashAlgorithm::Sha1, "SHA-1"),
    (HashAlgorithm::Sha224, "SHA-224"),
    (HashAlgorithm::Sha256, "SHA-256"),
    (HashAlgorithm::Sha384, "SHA-384"),
    (HashAlgorithm::Sha512, "SHA-512"),
];
const RSA: [(KeyAlgorithm, &str); 2] =
    [(KeyAlgorithm::Rsa2048, "RSA-2048"), (KeyAlgorithm::Rsa3072, "RSA-3072")];

/// Both peers, both directions.
pub fn run(table: &mut Table, rng: &mut dyn CryptoRng) {
    match readers::start_jmrtd() {
        Ok(mut java) => {
            for (algorithm, name) in RSA {
                let line = format!("AA {name} (ISO/IEC 9796-2), ours checked");
                table.result(BOUNCY_CASTLE, &line, rsa_ours(&mut java, algorithm, rng));
            }
            table.result(
                BOUNCY_CASTLE,
                "AA RSA-2048 (ISO/IEC 9796-2), checked by us",
                rsa_theirs(&mut java, rng),
            );
            table.result(BOUNCY_CASTLE, "AA ECDSA plain, ours checked", ecdsa_ours(&mut java, rng));
        }
        Err(error) => {
            table.skip(BOUNCY_CASTLE, &["AA RSA (ISO/IEC 9796-2)", "AA ECDSA plain"], &format!("{error:#}"));
        }
    }
    table.result(OPENSSL, "AA ECDSA, ours checked", openssl_checks(rng));
    table.result(OPENSSL, "AA ECDSA in DER, checked by us", openssl_signs(rng));
}

fn challenge(rng: &mut dyn CryptoRng) -> [u8; 8] {
    let mut challenge = [0; 8];
    rng.fill_bytes(&mut challenge);
    challenge
}

fn ask(java: &mut Peer, key: &PublicKey, hash: &str, challenge: &[u8], answer: &[u8]) -> Result<()> {
    let algorithm = if matches!(key, PublicKey::Rsa(_)) { "RSA" } else { "EC" };
    let request = format!(
        "aa algorithm={algorithm} key={} hash={hash} challenge={} answer={}",
        hex::encode(key.to_spki()?),
        hex::encode(challenge),
        hex::encode(answer)
    );
    java.result(&request).map(drop)
}

fn rsa_ours(java: &mut Peer, algorithm: KeyAlgorithm, rng: &mut dyn CryptoRng) -> Result<String> {
    let key = PrivateKey::generate(algorithm, rng)?;
    let public = key.public_key()?;
    for (hash, name) in HASHES {
        let challenge = challenge(rng);
        let answer = sign(&key, &challenge, hash, rng)?;
        ask(java, &public, name, &challenge, &answer).with_context(|| name.to_owned())?;
        let mut other = challenge;
        other[0] ^= 1;
        ensure!(
            ask(java, &public, name, &other, &answer).is_err(),
            "{name}: holds over another challenge too"
        );
    }
    Ok(HASHES.map(|(_, name)| name).join(" "))
}

fn rsa_theirs(java: &mut Peer, rng: &mut dyn CryptoRng) -> Result<String> {
    for (hash, name) in HASHES {
        let challenge = challenge(rng);
        let answer = java.result(&format!("aa-sign hash={name} challenge={}", hex::encode(challenge)))?;
        let (key, signature) = answer.split_once(' ').context("no signature")?;
        let key = PublicKey::from_spki(&hex::decode(key)?)?;
        let found =
            verify(&key, &challenge, &hex::decode(signature)?, None).with_context(|| name.to_owned())?;
        ensure!(found == hash, "{name}: we take it for {found:?}");
    }
    Ok(HASHES.map(|(_, name)| name).join(" "))
}

/// The hashes that go with a curve: not longer than its order (Doc 9303-11 §6.1.2.3).
fn hashes(curve: Curve) -> impl Iterator<Item = (HashAlgorithm, &'static str)> {
    let bits = curve.field_length().saturating_mul(8);
    HASHES.into_iter().filter(move |(hash, _)| {
        let length = match hash {
            HashAlgorithm::Sha1 => 160,
            HashAlgorithm::Sha224 => 224,
            HashAlgorithm::Sha256 => 256,
            HashAlgorithm::Sha384 => 384,
            HashAlgorithm::Sha512 => 512,
        };
        length <= bits
    })
}

fn ecdsa_ours(java: &mut Peer, rng: &mut dyn CryptoRng) -> Result<String> {
    let mut signatures = 0;
    for curve in Curve::ALL {
        let key = PrivateKey::generate(KeyAlgorithm::EllipticCurve(curve), rng)?;
        for (hash, name) in hashes(curve) {
            let challenge = challenge(rng);
            let answer = sign(&key, &challenge, hash, rng)?;
            let checked = ask(java, &key.public_key()?, name, &challenge, &answer);
            checked.with_context(|| format!("{curve:?} {name}"))?;
            signatures += 1;
        }
    }
    Ok(format!("{} curves, {signatures} signatures", Curve::ALL.len()))
}

fn openssl(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    let output = Process::new("openssl").current_dir(folder).args(arguments).output()?;
    ensure!(
        output.status.success(),
        "openssl {}: {}{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output.stdout)
}

/// r and s as DER takes them: `SEQUENCE { INTEGER, INTEGER }`.
fn to_der(plain: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let mut bytes: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        if bytes.first().is_none_or(|first| first & 0x80 != 0) {
            bytes.insert(0, 0);
        }
        tlv::encode(0x02, &bytes)
    };
    let (r, s) = plain.split_at(plain.len() / 2);
    tlv::encode_all(0x30, &[&integer(r), &integer(s)])
}

fn openssl_checks(rng: &mut dyn CryptoRng) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let mut signatures = 0;
    for curve in Curve::ALL {
        let key = PrivateKey::generate(KeyAlgorithm::EllipticCurve(curve), rng)?;
        std::fs::write(at("key.der"), key.public_key()?.to_spki()?)?;
        openssl(folder.path(), &["pkey", "-pubin", "-inform", "DER", "-in", "key.der", "-out", "key.pem"])?;
        for (hash, name) in hashes(curve) {
            let challenge = challenge(rng);
            std::fs::write(at("challenge"), challenge)?;
            std::fs::write(at("answer"), to_der(&sign(&key, &challenge, hash, rng)?))?;
            let digest = format!("-{}", name.replace('-', "").to_lowercase());
            openssl(
                folder.path(),
                &["dgst", &digest, "-verify", "key.pem", "-signature", "answer", "challenge"],
            )
            .with_context(|| format!("{curve:?} {name}"))?;
            signatures += 1;
        }
    }
    Ok(format!("{} curves, {signatures} signatures", Curve::ALL.len()))
}

/// OpenSSL makes keys on curves by name.
fn openssl_name(curve: Curve) -> Result<&'static str> {
    Ok(match DomainParameters::from(curve).id() {
        8 => "prime192v1",
        9 => "brainpoolP192r1",
        10 => "secp224r1",
        11 => "brainpoolP224r1",
        12 => "prime256v1",
        13 => "brainpoolP256r1",
        14 => "brainpoolP320r1",
        15 => "secp384r1",
        16 => "brainpoolP384r1",
        17 => "brainpoolP512r1",
        18 => "secp521r1",
        other => anyhow::bail!("no name for parameters {other}"),
    })
}

fn openssl_signs(rng: &mut dyn CryptoRng) -> Result<String> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    let mut signatures = 0;
    for curve in Curve::ALL {
        let group = format!("ec_paramgen_curve:{}", openssl_name(curve)?);
        openssl(folder.path(), &["genpkey", "-algorithm", "EC", "-pkeyopt", &group, "-out", "key.pem"])?;
        let spki = openssl(folder.path(), &["pkey", "-in", "key.pem", "-pubout", "-outform", "DER"])?;
        let key = PublicKey::from_spki(&spki)?;
        for (hash, name) in hashes(curve) {
            let challenge = challenge(rng);
            std::fs::write(at("challenge"), challenge)?;
            let digest = format!("-{}", name.replace('-', "").to_lowercase());
            openssl(folder.path(), &["dgst", &digest, "-sign", "key.pem", "-out", "answer", "challenge"])?;
            let answer = std::fs::read(at("answer"))?;
            verify(&key, &challenge, &answer, Some(hash)).with_context(|| format!("{curve:?} {name}"))?;
            let mut other = challenge;
            other[7] ^= 1;
            ensure!(verify(&key, &other, &answer, Some(hash)).is_err(), "holds over another challenge too");
            signatures += 1;
        }
    }
    Ok(format!("{} curves, {signatures} signatures", Curve::ALL.len()))
}
