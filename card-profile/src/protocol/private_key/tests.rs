use super::*;
use crate::protocol::test_rng::Given;
use proptest::prelude::*;

#[test]
fn references_name_their_algorithms() {
    for reference in 0..=255 {
        if let Some(algorithm) = KeyAlgorithm::from_reference(reference) {
            assert_eq!(algorithm.reference(), reference);
        }
    }
    assert_eq!(KeyAlgorithm::from_reference(0x8D), Some(KeyAlgorithm::EllipticCurve(Curve::BrainpoolP256r1)));
}

#[test]
fn keys_survive_their_encodings() {
    let mut algorithms = vec![KeyAlgorithm::Rsa2048];
    algorithms.extend(DomainParameters::ALL.map(|parameters| KeyAlgorithm::from(parameters.group())));
    for algorithm in algorithms {
        let key = PrivateKey::generate(algorithm, &mut Given::new(&[])).unwrap();
        let public = key.public_key().unwrap();
        let again = PrivateKey::from_secret_bytes(&key.to_secret_bytes().unwrap()).unwrap();
        assert_eq!(again.public_key().unwrap(), public);
        assert_eq!(PublicKey::from_spki(&public.to_spki().unwrap()).unwrap(), public);
        assert_eq!(PublicKey::from_template(algorithm, &public.to_template()).unwrap(), public);
    }
}

/// Doc 9303-11 appendix I: the `ChipAuthenticationPublicKeyInfo` names its curve by number.
#[test]
fn a_curve_may_be_named_by_number() {
    let point = Curve::BrainpoolP256r1.generator();
    let parameters = tlv::encode(
        0x30,
        &[&tlv::encode(0x06, spki::STANDARDIZED_DOMAIN_PARAMETERS.as_bytes())[..], &[2, 1, 13]].concat(),
    );
    let bits = tlv::encode(0x03, &[&[0][..], point.as_bytes()].concat());
    let spki = tlv::encode_all(0x30, &[&parameters, &bits]);
    assert_eq!(PublicKey::from_spki(&spki), Ok(PublicKey::EllipticCurve(point)));
}

/// X9.42 as RFC 3279 §2.3.3 writes it, PKCS#3 as older chips do, and the standardized number (TR-03110-3 A.2.1.1).
#[test]
fn a_group_of_residues_may_be_written_in_three_ways() {
    for group in ModpGroup::ALL {
        let residue = Exponent::generate(group, &mut Given::new(&[])).public_residue().unwrap();
        let signed = |number: &[u8]| tlv::encode(0x02, &[&[0], number].concat());
        let (p, g, q) =
            (signed(&group.prime()), signed(group.generator().as_bytes()), signed(&group.order()));
        let oid =
            |oid: &str| tlv::encode(0x06, oid.parse::<const_oid::ObjectIdentifier>().unwrap().as_bytes());
        let spki = |oid: &[u8], parameters: &[u8]| {
            let bits = tlv::encode(0x03, &[&[0], &signed(residue.as_bytes())[..]].concat());
            tlv::encode_all(0x30, &[&tlv::encode(0x30, &[oid, parameters].concat()), &bits])
        };
        let expected = Ok(PublicKey::DiffieHellman(residue.clone()));
        let x942 = tlv::encode_all(0x30, &[&p, &g, &q]);
        assert_eq!(PublicKey::from_spki(&spki(&oid("1.2.840.10046.2.1"), &x942)), expected);
        // With the cofactor and validation parameters, which say nothing that the table does not.
        let more = tlv::encode_all(0x30, &[&p, &g, &q, &signed(&[7])]);
        assert_eq!(PublicKey::from_spki(&spki(&oid("1.2.840.10046.2.1"), &more)), expected);
        let pkcs3 = tlv::encode_all(0x30, &[&p, &g]);
        assert_eq!(PublicKey::from_spki(&spki(&oid("1.2.840.113549.1.3.1"), &pkcs3)), expected);
        let number = [2, 1, group.number()];
        assert_eq!(PublicKey::from_spki(&spki(&oid("0.4.0.127.0.7.1.2"), &number)), expected);
        let chosen = tlv::encode_all(0x30, &[&p, &signed(&[2]), &q]);
        let unknown = Err(KeyError::Unsupported);
        assert_eq!(
            PublicKey::from_spki(&spki(&oid("1.2.840.10046.2.1"), &chosen)),
            unknown,
            "another generator"
        );
    }
}

/// Explicit parameters name the curve that they equal; one changed octet names none.
#[test]
fn explicit_parameters_name_the_curve_they_equal() {
    let hex = |digits: &str| hex::decode(digits).unwrap();
    for curve in Curve::ALL {
        let domain = curve.domain();
        let integer = |digits: &str| tlv::encode(0x02, &[vec![0], hex(digits)].concat());
        let prime_field = "1.2.840.10045.1.1".parse::<const_oid::ObjectIdentifier>().unwrap();
        let field = [tlv::encode(0x06, prime_field.as_bytes()), integer(domain.prime)].concat();
        let coefficients = [tlv::encode(0x04, &hex(domain.a)), tlv::encode(0x04, &hex(domain.b))].concat();
        let with_cofactor = |generator: &[u8], cofactor: &[u8]| {
            tlv::encode_all(
                0x30,
                &[
                    &[2, 1, 1],
                    &tlv::encode(0x30, &field),
                    &tlv::encode(0x30, &coefficients),
                    &tlv::encode(0x04, generator),
                    &integer(domain.order),
                    cofactor,
                ],
            )
        };
        let parameters = |generator: &[u8]| with_cofactor(generator, &[2, 1, 1]);
        let point = Scalar::generate(curve, &mut Given::new(&[])).public_point().unwrap();
        let spki = |parameters: &[u8]| {
            let ec = "1.2.840.10045.2.1".parse::<const_oid::ObjectIdentifier>().unwrap();
            let algorithm = [tlv::encode(0x06, ec.as_bytes()), parameters.to_vec()].concat();
            let bits = tlv::encode(0x03, &[&[0], point.as_bytes()].concat());
            tlv::encode_all(0x30, &[&tlv::encode(0x30, &algorithm), &bits])
        };
        let good = PublicKey::from_spki(&spki(&parameters(&domain.generator())));
        assert_eq!(good, Ok(PublicKey::EllipticCurve(point.clone())));
        let without = with_cofactor(&domain.generator(), &[]);
        assert_eq!(PublicKey::from_spki(&spki(&without)), Err(KeyError::Unsupported), "no cofactor");
        // CVE-2020-0601: the public key as its own generator.
        assert_eq!(PublicKey::from_spki(&spki(&parameters(point.as_bytes()))), Err(KeyError::Unsupported));
    }
}

#[test]
fn rsa_keys_of_any_size_and_odd_exponent_are_read() {
    let modulus = |bits: usize| {
        let mut number = vec![0; bits.div_ceil(8)];
        number[0] = 1 << ((bits - 1) % 8);
        *number.last_mut().unwrap() |= 1;
        number
    };
    for bits in [512, 1024, 1280, 1848, 2047, 4096, 8192] {
        for exponent in [vec![3], vec![1, 0, 1], vec![0xFF; 63]] {
            let key = PublicKey::Rsa(spki::rsa_key(&modulus(bits), &exponent).unwrap());
            assert_eq!(PublicKey::from_spki(&key.to_spki().unwrap()), Ok(key), "{bits} {exponent:02X?}");
        }
    }
    let refused = |modulus: &[u8], exponent: &[u8]| spki::rsa_key(modulus, exponent).err();
    let good = modulus(1024);
    assert_eq!(refused(&good, &[1]), Some(KeyError::Unsupported), "under 1 everything is signed");
    assert_eq!(refused(&good, &[]), Some(KeyError::Unsupported));
    assert_eq!(refused(&good, &[4]), Some(KeyError::Unsupported), "even");
    assert_eq!(refused(&good, &good), Some(KeyError::Unsupported), "not below the modulus");
    assert_eq!(refused(&modulus(504), &[3]), Some(KeyError::Unsupported));
    assert_eq!(refused(&modulus(8200), &[3]), Some(KeyError::Unsupported));
    let mut even = good;
    *even.last_mut().unwrap() = 2;
    assert_eq!(refused(&even, &[3]), Some(KeyError::Unsupported));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = PublicKey::from_spki(&bytes);
        let _ = PrivateKey::from_secret_bytes(&bytes);
        for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::EllipticCurve(Curve::P256)] {
            let _ = PublicKey::from_template(algorithm, &bytes);
        }
    }
}
