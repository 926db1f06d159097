use super::*;
use crate::apdu::from_hex;
use crate::protocol::curve::{Curve, on_curve};
use crate::protocol::private_key::KeyAlgorithm;
use crate::protocol::test_rng::Given;
use proptest::prelude::*;

const HASHES: [HashAlgorithm; 5] = [
    HashAlgorithm::Sha1,
    HashAlgorithm::Sha224,
    HashAlgorithm::Sha256,
    HashAlgorithm::Sha384,
    HashAlgorithm::Sha512,
];

/// Doc 9303-11 appendix F gives the recovered representative, not the key.
#[test]
fn the_representative_of_appendix_f() {
    let recovered = from_hex(concat!(
        "6A9D2784A67F8E7C659973EA1AEA25D95B6C8F91E5002F369F0FBDCE8A3CEC1991B543F1696546C5524CF23A5303CD6C98599F40B79F37",
        "7B5F3A1406B3B4D8F96784D23AA88DB7E1032A405E69325FA91A6E86F5C71AEA978264C4A207446DAD4E7292E2DCDA3024B47DA8C063",
        "AA1E6D22FBD976AB0FE73D94D2D9C6D88127BC",
    ))
    .unwrap();
    let challenge: Challenge = from_hex("F173589974BF40C6").unwrap().try_into().unwrap();
    assert_eq!(iso9796::check(&recovered, &challenge), Ok(HashAlgorithm::Sha1));
    for index in 0..recovered.len() {
        let mut altered = recovered.clone();
        altered[index] ^= 1;
        assert!(iso9796::check(&altered, &challenge).is_err(), "byte {index}");
    }
    assert_eq!(iso9796::check(&recovered, &[0; 8]), Err(ActiveAuthenticationError::Signature));
}

#[test]
fn rsa_signs_with_every_hash_and_the_terminal_believes_only_the_challenge() {
    let mut rng = Given::new(&[]);
    let key = PrivateKey::generate(KeyAlgorithm::Rsa2048, &mut rng).unwrap();
    let public = key.public_key().unwrap();
    let challenge = [1, 2, 3, 4, 5, 6, 7, 8];
    for hash in HASHES {
        let signature = sign(&key, &challenge, hash, &mut rng).unwrap();
        assert_eq!(signature.len(), 256);
        assert_eq!(verify(&public, &challenge, &signature, None), Ok(hash));
        assert!(verify(&public, &[0; 8], &signature, None).is_err());
        let mut altered = signature.clone();
        altered[100] ^= 1;
        assert!(verify(&public, &challenge, &altered, None).is_err());
        assert!(verify(&public, &challenge, &signature[1..], None).is_err());
        // ISO/IEC 9796-2 also allows the smaller of s and n - s.
        let PublicKey::Rsa(rsa) = &public else { panic!("RSA") };
        use ::rsa::traits::PublicKeyParts as _;
        let number = ::rsa::BoxedUint::from_be_slice(&signature, 2048).unwrap();
        let complement = rsa.n().as_ref().wrapping_sub(&number).to_be_bytes();
        assert_eq!(verify(&public, &challenge, &complement, None), Ok(hash));
    }
}

#[test]
fn ecdsa_is_accepted_plain_and_as_der_on_every_curve() {
    let mut rng = Given::new(&[]);
    for curve in Curve::ALL {
        let key = PrivateKey::generate(KeyAlgorithm::EllipticCurve(curve), &mut rng).unwrap();
        let public = key.public_key().unwrap();
        for hash in HASHES {
            let signature = sign(&key, &[7; 8], hash, &mut rng).unwrap();
            assert_eq!(signature.len(), 2 * curve.field_length());
            let der = on_curve!(curve, C => ecdsa::Signature::<C>::from_slice(&signature).unwrap().to_der().as_bytes().to_vec());
            for answer in [signature, der] {
                assert_eq!(verify(&public, &[7; 8], &answer, Some(hash)), Ok(hash), "{curve} {hash:?}");
                assert_eq!(verify(&public, &[7; 8], &answer, None), Ok(hash), "no hash is named");
                let wrong = Err(ActiveAuthenticationError::Signature);
                assert_eq!(verify(&public, &[8; 8], &answer, None), wrong);
                let other =
                    if hash == HashAlgorithm::Sha256 { HashAlgorithm::Sha512 } else { HashAlgorithm::Sha256 };
                assert_eq!(verify(&public, &[7; 8], &answer, Some(other)), wrong, "another hash is named");
            }
        }
    }
}

#[test]
fn plain_ecdsa_identifiers_name_their_hashes() {
    use HashAlgorithm as H;
    for hash in HASHES {
        assert_eq!(H::from_ecdsa_plain_oid(hash.ecdsa_plain_oid()), Some(hash));
    }
}

/// The exponents and lengths of RSA keys that are met on chips: 3 and others beside 65,537, lengths beside powers of two.
#[test]
fn rsa_keys_of_odd_exponents_and_lengths_are_verified() {
    use ::rsa::{BoxedUint, RsaPrivateKey};
    let mut rng = Given::new(&[]);
    for (bits, exponent) in [(1024, 3_u64), (1280, 37), (1848, 65_537), (1536, 0x1_0000_000F)] {
        let key = RsaPrivateKey::new_with_exp(&mut rng, bits, BoxedUint::from(exponent)).unwrap();
        let key = PrivateKey::Rsa(Box::new(key));
        let public = PublicKey::from_spki(&key.public_key().unwrap().to_spki().unwrap()).unwrap();
        for hash in HASHES {
            let signature = sign(&key, &[5; 8], hash, &mut rng).unwrap();
            assert_eq!(
                verify(&public, &[5; 8], &signature, None),
                Ok(hash),
                "{bits} bits, exponent {exponent}"
            );
            assert_eq!(verify(&public, &[6; 8], &signature, None), Err(ActiveAuthenticationError::Signature));
        }
    }
}

/// ISO/IEC 9796-2 §8.2.1: an M1 shorter than there is room for stands behind padding.
#[test]
fn a_padded_representative_is_read() {
    let representative = |header: &[u8]| {
        let m1 = vec![0x5A; 256 - 2 - 32 - header.len()];
        let digest = HashAlgorithm::Sha256.digest(&[&m1, &[9; 8]]);
        [header, &m1, &digest, &[0x34, 0xCC]].concat()
    };
    for header in [&[0x6A][..], &[0x6B, 0xBA], &[0x6B, 0xBB, 0xBB, 0xBA]] {
        assert_eq!(
            iso9796::check(&representative(header), &[9; 8]),
            Ok(HashAlgorithm::Sha256),
            "{header:02X?}"
        );
    }
    for header in [&[0x4A][..], &[0x6B, 0xBB, 0xBB], &[0x6B, 0xAA, 0xBA], &[0x00, 0x6A]] {
        let wrong = Err(ActiveAuthenticationError::Signature);
        assert_eq!(iso9796::check(&representative(header), &[9; 8]), wrong, "{header:02X?}");
    }
    let unknown = [&[0x6A][..], &[1; 100], &[0x37, 0xCC]].concat();
    assert_eq!(iso9796::check(&unknown, &[9; 8]), Err(ActiveAuthenticationError::UnknownHash(0x37CC)));
}

#[test]
fn a_diffie_hellman_key_signs_nothing() {
    let group = crate::protocol::dh::ModpGroup::Modp2048Subgroup256;
    let key = PrivateKey::generate(KeyAlgorithm::DiffieHellman(group), &mut Given::new(&[])).unwrap();
    let none = sign(&key, &[1; 8], HashAlgorithm::Sha256, &mut Given::new(&[]));
    assert_eq!(none, Err(ActiveAuthenticationError::Key));
    let public = key.public_key().unwrap();
    assert_eq!(verify(&public, &[1; 8], &[0; 256], None), Err(ActiveAuthenticationError::Key));
}

proptest! {
    #[test]
    fn no_answer_panics(answer in proptest::collection::vec(any::<u8>(), 0..140)) {
        for curve in Curve::ALL {
            prop_assert!(verify(&PublicKey::EllipticCurve(curve.generator()), &[0; 8], &answer, None).is_err());
        }
        let _ = iso9796::check(&answer, &[0; 8]);
    }
}
