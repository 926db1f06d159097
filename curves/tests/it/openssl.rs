//! OpenSSL as the referee: domain parameters, signatures and key agreement on every curve. Without `openssl` on the
//! PATH one line says that this was skipped.

use cccd_curves::{Curve, ExplicitParameters, Scalar, Signature, verify_ecdsa};
use ecdsa::signature::hazmat::PrehashSigner as _;
use elliptic_curve::FieldBytes;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use std::fs;
use std::path::Path;
use std::process::Command;

fn name(curve: Curve) -> String {
    match curve {
        Curve::P192 => "prime192v1".into(),
        Curve::P224 => "secp224r1".into(),
        Curve::P256 => "prime256v1".into(),
        Curve::P384 => "secp384r1".into(),
        Curve::P521 => "secp521r1".into(),
        brainpool => brainpool.name().into(),
    }
}

fn available() -> bool {
    let there = Command::new("openssl").arg("version").output().is_ok();
    if !there {
        eprintln!("skipped: there is no openssl on the PATH");
    }
    there
}

fn run(folder: &Path, arguments: &str) {
    let output =
        Command::new("openssl").current_dir(folder).args(arguments.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The contents of the elements of a DER structure, in order, constructed ones opened.
fn leaves(der: &[u8], out: &mut Vec<(u8, Vec<u8>)>) {
    let mut rest = der;
    while let [tag, first, tail @ ..] = rest {
        let (length, tail) = match first {
            0x81 => (usize::from(tail[0]), &tail[1..]),
            0x82 => (usize::from(tail[0]) << 8 | usize::from(tail[1]), &tail[2..]),
            short => (usize::from(*short), tail),
        };
        if tag & 0x20 != 0 {
            leaves(&tail[..length], out);
        } else {
            out.push((*tag, tail[..length].to_vec()));
        }
        rest = &tail[length..];
    }
}

#[test]
fn the_table_is_openssls() {
    if !available() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for curve in Curve::ALL {
        run(
            folder.path(),
            &format!("ecparam -name {} -param_enc explicit -outform DER -out p.der", name(curve)),
        );
        let mut found = Vec::new();
        leaves(&fs::read(folder.path().join("p.der")).unwrap(), &mut found);
        // Version, field type, prime, a, b, perhaps a seed, generator, order, cofactor.
        let numbers: Vec<&[u8]> =
            found.iter().filter(|(tag, _)| matches!(tag, 2 | 4)).map(|(_, value)| value.as_slice()).collect();
        let [_version, prime, a, b, generator, order, cofactor] = numbers.as_slice() else {
            panic!("{curve}: {} values", numbers.len())
        };
        let stated = ExplicitParameters { prime, a, b, generator, order, cofactor: Some(cofactor) };
        assert_eq!(stated.curve(), Some(curve));
    }
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    if content.len() > 127 {
        out.push(0x81);
    }
    out.push(u8::try_from(content.len()).unwrap());
    out.extend_from_slice(content);
    out
}

/// RFC 5915 `ECPrivateKey` with the curve's name and the public point.
fn private_key(secret: &Scalar) -> Vec<u8> {
    let curve = secret.curve();
    let point = [&[0], secret.public_point().unwrap().as_bytes()].concat();
    let fields = [
        der(2, &[1]),
        der(4, &secret.to_secret_bytes()),
        der(0xA0, &der(6, curve.oid().as_bytes())),
        der(0xA1, &der(3, &point)),
    ];
    let content = fields.concat();
    // The long form of two octets is needed by the widest curves.
    let mut out = vec![0x30];
    match content.len() {
        0..=127 => {}
        128..=255 => out.push(0x81),
        _ => out.extend([0x82, 1]),
    }
    out.push(content.len().to_le_bytes()[0]);
    out.extend_from_slice(&content);
    out
}

#[test]
fn openssl_signs_and_we_verify_we_sign_and_openssl_verifies_and_both_agree() {
    if !available() {
        return;
    }
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for curve in Curve::ALL {
        let (ours, theirs) = (Scalar::generate(curve, &mut rng), Scalar::generate(curve, &mut rng));
        fs::write(path.join("ours.der"), private_key(&ours)).unwrap();
        fs::write(path.join("theirs.der"), private_key(&theirs)).unwrap();
        // OpenSSL recomputes the public point, and refuses one that is not the private key's.
        run(path, "pkey -inform DER -in ours.der -check -noout");
        run(path, "pkey -inform DER -in ours.der -pubout -out ours.pem");
        run(path, "pkey -inform DER -in theirs.der -out theirs.pem");
        for length in [20, 28, 32, 48, 64] {
            let digest: Vec<u8> = (0..length).map(|index| 200 - index).collect();
            fs::write(path.join("digest"), &digest).unwrap();
            run(path, "pkeyutl -sign -inkey theirs.pem -in digest -out signature");
            let signature = fs::read(path.join("signature")).unwrap();
            let key = theirs.public_point().unwrap();
            let checked = verify_ecdsa(curve, key.as_bytes(), &digest, Signature::Der(&signature));
            assert_eq!(checked, Ok(()), "{curve} {length}");

            // RustCrypto signs no digest shorter than half the field; zeros before it are the same number.
            let missing = curve.field_length().div_ceil(2).saturating_sub(digest.len());
            let wide = [vec![0; missing], digest].concat();
            let signature = on_signing(&ours, &wide);
            fs::write(path.join("signature"), signature).unwrap();
            run(path, "pkeyutl -verify -pubin -inkey ours.pem -in digest -sigfile signature");
        }
        run(path, "pkeyutl -derive -inkey theirs.pem -peerkey ours.pem -out shared");
        let shared = ours.agree(&theirs.public_point().unwrap()).unwrap();
        assert_eq!(fs::read(path.join("shared")).unwrap(), shared.as_slice(), "{curve}");
    }
}

fn on_signing(secret: &Scalar, digest: &[u8]) -> Vec<u8> {
    cccd_curves::on_curve!(secret.curve(), C => {
        let repr = FieldBytes::<C>::try_from(secret.to_secret_bytes().as_slice()).unwrap();
        let signature: ecdsa::Signature<C> =
            ecdsa::SigningKey::<C>::from_bytes(&repr).unwrap().sign_prehash(digest).unwrap();
        signature.to_der().as_bytes().to_vec()
    })
}
