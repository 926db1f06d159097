//! Tables and AWS-LC beside the plain way: on every signature they must say the same, and for the same reason.

use super::{PublicKey, VerifyError, verify};
use crate::algorithm::{HashAlgorithm, SignatureAlgorithm};
use crate::curve::{CurveEncoding, NamedCurve};
use cccd_curves::Scalar;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rsa::traits::PublicKeyParts as _;

/// By every way.
fn verdict(
    key: &PublicKey,
    algorithm: SignatureAlgorithm,
    message: &[u8],
    signature: &[u8],
) -> Result<(), VerifyError> {
    let plain = verify::plain(&key.material, algorithm, message, signature);
    let context = || format!("{key:?} {algorithm} {}", hex::encode(signature));
    assert_eq!(key.verify(algorithm, message, signature), plain, "{}", context());
    if let Some(fast) = key.with_tables() {
        assert_eq!(fast.verify(algorithm, message, signature), plain, "tables: {}", context());
    }
    plain
}

/// One good signature and what is made of it.
fn is_judged_alike(key: &PublicKey, algorithm: SignatureAlgorithm, signature: &[u8]) {
    assert_eq!(verdict(key, algorithm, b"message", signature), Ok(()), "{key:?} {algorithm}");
    assert!(verdict(key, algorithm, b"another", signature).is_err());
    let mut changed = signature.to_vec();
    for at in 0..signature.len() {
        changed[at] ^= 1 << (at % 8);
        assert!(verdict(key, algorithm, b"message", &changed).is_err(), "{key:?} {algorithm} octet {at}");
        changed[at] = signature[at];
    }
    for length in 0..signature.len() {
        assert!(verdict(key, algorithm, b"message", &signature[..length]).is_err());
    }
    for more in [vec![0], vec![0; 64]] {
        assert!(verdict(key, algorithm, b"message", &[signature, &more].concat()).is_err());
        assert!(verdict(key, algorithm, b"message", &[&more, signature].concat()).is_err());
    }
}

#[test]
fn ecdsa_on_every_curve_with_every_hash() {
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    for curve in NamedCurve::ALL {
        let secret = Scalar::generate(curve, &mut rng);
        let point = secret.public_point().unwrap();
        let key = PublicKey::from_point(curve, CurveEncoding::Named, point.as_bytes());
        let tables = key.with_tables().unwrap();
        assert_eq!(tables, key);
        assert!(tables.table_memory() > 0 && key.table_memory() == 0);
        for hash in HashAlgorithm::ALL {
            let plain = secret.sign(&hash.digest(b"message")).unwrap();
            let (r, s) = plain.split_at(curve.order_length());
            let der = crate::asn1::sequence(&[&crate::asn1::integer(r), &crate::asn1::integer(s)]);
            let algorithm = SignatureAlgorithm::Ecdsa(hash);
            // Each octet on the curves that AWS-LC computes; on the others the tables have tests of their own.
            if matches!(curve, NamedCurve::P256 | NamedCurve::P384 | NamedCurve::P521) {
                for (at, bit) in der.iter().enumerate() {
                    let mut changed = der.clone();
                    changed[at] = bit ^ 1;
                    assert!(alike(&key, &tables, algorithm, &changed).is_err(), "{curve} {hash} octet {at}");
                }
            }
            assert_eq!(alike(&key, &tables, algorithm, &der), Ok(()), "{curve} {hash}");
            assert_eq!(key.verify_plain(hash, b"message", &plain), Ok(()));
            assert_eq!(tables.verify_plain(hash, b"message", &plain), Ok(()));
        }
        let rsa = SignatureAlgorithm::RsaPkcs1v15(HashAlgorithm::Sha256);
        assert_eq!(alike(&key, &tables, rsa, &[1; 256]), Err(VerifyError::KeyTypeMismatch));
    }
}

fn alike(
    key: &PublicKey,
    tables: &PublicKey,
    algorithm: SignatureAlgorithm,
    signature: &[u8],
) -> Result<(), VerifyError> {
    let plain = verify::plain(&key.material, algorithm, b"message", signature);
    assert_eq!(key.verify(algorithm, b"message", signature), plain, "{}", hex::encode(signature));
    assert_eq!(tables.verify(algorithm, b"message", signature), plain, "{}", hex::encode(signature));
    plain
}

#[test]
fn points_off_the_curve_are_unusable_by_every_way() {
    for curve in NamedCurve::ALL {
        let mut point = curve.generator().as_bytes().to_vec();
        *point.last_mut().unwrap() ^= 1;
        for point in [point.as_slice(), &[0], &[], &[4; 3]] {
            let key = PublicKey::from_point(curve, CurveEncoding::Named, point);
            assert!(key.with_tables().is_none(), "{curve}");
            let algorithm = SignatureAlgorithm::Ecdsa(HashAlgorithm::Sha256);
            let signature =
                crate::asn1::sequence(&[&crate::asn1::integer(&[1]), &crate::asn1::integer(&[1])]);
            let found = verdict(&key, algorithm, b"message", &signature);
            assert!(matches!(found, Err(VerifyError::UnusableKey(_))), "{curve} {found:?}");
        }
    }
}

fn rsa_key(bits: usize, exponent: u64) -> (rsa::RsaPrivateKey, PublicKey) {
    let mut rng = ChaCha20Rng::seed_from_u64(u64::try_from(bits).unwrap());
    let key = rsa::RsaPrivateKey::new_with_exp(&mut rng, bits, rsa::BoxedUint::from(exponent)).unwrap();
    let public = spki(&key.n().to_be_bytes_trimmed_vartime(), &key.e().to_be_bytes_trimmed_vartime());
    (key, public)
}

fn spki(modulus: &[u8], exponent: &[u8]) -> PublicKey {
    use crate::asn1::{bit_string, integer, oid, sequence, tag, tlv};
    let key = sequence(&[&integer(modulus), &integer(exponent)]);
    let algorithm = sequence(&[&oid(&crate::algorithm::oids::RSA), &tlv(tag::NULL, &[])]);
    PublicKey::from_spki(&sequence(&[&algorithm, &bit_string(&key)])).unwrap()
}

#[test]
fn rsa_of_usual_and_unusual_sizes() {
    use rsa::signature::hazmat::PrehashSigner as _;
    use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _};
    let hash = HashAlgorithm::Sha256;
    for (bits, exponent) in [(1024, 65537), (2048, 3), (2048, 65537), (2056, 65537)] {
        let (key, public) = rsa_key(bits, exponent);
        let pkcs1 = rsa::pkcs1v15::SigningKey::<sha2::Sha256>::new(key.clone());
        let signature = pkcs1.sign_prehash(&hash.digest(b"message")).unwrap().to_vec();
        is_judged_alike(&public, SignatureAlgorithm::RsaPkcs1v15(hash), &signature);
        for salt_length in [0, 20, 32, 33] {
            let pss = rsa::pss::SigningKey::<sha2::Sha256>::new_with_salt_len(key.clone(), salt_length);
            let signature = pss.sign_with_rng(&mut ChaCha20Rng::seed_from_u64(1), b"message").to_vec();
            let stated = |salt_length| SignatureAlgorithm::RsaPss { hash, mask_hash: hash, salt_length };
            assert_eq!(verdict(&public, stated(salt_length), b"message", &signature), Ok(()));
            assert!(verdict(&public, stated(salt_length + 1), b"message", &signature).is_err());
            if salt_length == 32 && bits == 2048 {
                is_judged_alike(&public, stated(32), &signature);
            }
        }
    }
}

/// Keys that somebody made to be computed with otherwise: each must end by every way as by the plain one.
#[test]
fn hostile_rsa_keys() {
    let (_, good) = rsa_key(2048, 65537);
    let super::Material::Rsa { modulus, .. } = &good.material else { panic!("an RSA key") };
    let mut even = modulus.clone();
    *even.last_mut().unwrap() &= 0xfe;
    let wide = [modulus.as_slice(), &modulus[..modulus.len() - 1], &[1]].concat();
    let mut ends_in_one = vec![0; modulus.len()];
    ends_in_one[modulus.len() - 1] = 1;
    let exponents: [&[u8]; 8] =
        [&[1], &[2], &[3], &[4], &[1, 0, 0], &[1, 0, 1], &[0xff; 5], &[1, 0, 0, 0, 0, 0, 0, 1]];
    for exponent in exponents {
        for modulus in [modulus.as_slice(), &even, &wide, &[7], &[0xff; 128], &[0xff; 256]] {
            let key = spki(modulus, exponent);
            for algorithm in [
                SignatureAlgorithm::RsaPkcs1v15(HashAlgorithm::Sha256),
                SignatureAlgorithm::RsaPss {
                    hash: HashAlgorithm::Sha256,
                    mask_hash: HashAlgorithm::Sha256,
                    salt_length: 32,
                },
            ] {
                for signature in [ends_in_one.as_slice(), modulus, &[0; 256], &padded(modulus.len())] {
                    let _ = verdict(&key, algorithm, b"message", signature);
                }
            }
        }
    }
}

/// What an exponent of one makes a signature of: the padded digest itself.
fn padded(width: usize) -> Vec<u8> {
    let info = hex::decode("3031300d060960864801650304020105000420").unwrap();
    let info = [info, HashAlgorithm::Sha256.digest(b"message")].concat();
    let fill = vec![0xff; width.saturating_sub(info.len() + 3)];
    [&[0, 1], fill.as_slice(), &[0], &info].concat()
}

#[test]
fn wycheproof_ends_alike_by_every_way() {
    let Some(folder) = std::env::var_os("CCCD_FOREIGN_DATA").map(std::path::PathBuf::from) else {
        eprintln!("skipped: CCCD_FOREIGN_DATA is not set");
        return;
    };
    let mut judged = 0;
    for entry in std::fs::read_dir(folder.join("crypto/wycheproof")).unwrap() {
        let file: serde_json::Value =
            serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap();
        for group in file["testGroups"].as_array().into_iter().flatten() {
            let hash = |field: &str| {
                HashAlgorithm::ALL.into_iter().find(|hash| Some(hash.name()) == group[field].as_str())
            };
            let key = ["publicKeyDer", "keyDer"].iter().find_map(|field| group[*field].as_str());
            let (Some(hash_of_message), Some(key)) = (hash("sha"), key) else { continue };
            let Ok(key) = PublicKey::from_spki(&hex::decode(key).unwrap()) else { continue };
            let algorithm = match (group["sLen"].as_u64(), hash("mgfSha")) {
                _ if key.curve().is_some() => SignatureAlgorithm::Ecdsa(hash_of_message),
                (Some(salt), Some(mask_hash)) => SignatureAlgorithm::RsaPss {
                    hash: hash_of_message,
                    mask_hash,
                    salt_length: usize::try_from(salt).unwrap(),
                },
                _ => SignatureAlgorithm::RsaPkcs1v15(hash_of_message),
            };
            let fast = key.with_tables();
            for test in group["tests"].as_array().unwrap() {
                let field = |name: &str| hex::decode(test[name].as_str().unwrap()).unwrap();
                let (message, signature) = (field("msg"), field("sig"));
                let plain = verify::plain(&key.material, algorithm, &message, &signature);
                assert_eq!(key.verify(algorithm, &message, &signature), plain, "{test}");
                if let Some(fast) = &fast {
                    assert_eq!(fast.verify(algorithm, &message, &signature), plain, "{test}");
                }
                judged += 1;
            }
        }
    }
    assert!(judged > 500, "only {judged} tests were found");
}
