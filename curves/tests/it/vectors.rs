//! Published numbers: the tables of point-at-infinity.org for the NIST curves, RFC 6979 appendix A.2, and what must
//! hold on any curve.

use cccd_curves::{
    Curve, EcdsaError, ExplicitParameters, InvalidPoint, Scalar, Signature, on_curve, verify_ecdsa,
};
use ecdsa::signature::hazmat::PrehashSigner as _;
use elliptic_curve::FieldBytes;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use sha2::Digest as _;

fn hex(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

fn scalar(curve: Curve, digits: &str) -> Scalar {
    let mut bytes = vec![0; curve.order_length()];
    let number = hex(digits);
    let start = bytes.len() - number.len();
    bytes[start..].copy_from_slice(&number);
    Scalar::from_bytes(curve, &bytes).unwrap()
}

/// The order's bytes, less a small number.
fn order_minus(curve: Curve, less: u8) -> Vec<u8> {
    let mut bytes = hex(curve.domain().order);
    let last = bytes.last_mut().unwrap();
    *last = last.checked_sub(less).expect("the order's last octet is large enough");
    bytes
}

#[test]
fn multiples_of_the_generator() {
    let known = [
        (
            Curve::P192,
            "018ebbb95eed0e13",
            "81E6E0F14C9302C8A8DCA8A038B73165E9687D0490CD9F85F58067119EED8579388C4281DC645A27DB7764750E812477",
        ),
        (
            Curve::P192,
            "159d893d4cdd747246cdca43590e13",
            "B357B10AC985C891B29FB37DA56661CCCF50CEC21128D4F6BA20DC2FA1CC228D3C2D8B538C2177C2921884C6B7F0D96F",
        ),
        (
            Curve::P224,
            "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a39",
            concat!(
                "AE99FEEBB5D26945B54892092A8AEE02912930FA41CD114E40447301",
                "FB7DA7F5F13A43B81774373C879CD32D6934C05FA758EEB14FCFAB38"
            ),
        ),
        (
            Curve::P224,
            "ffffffffffffffffffffffffffff16a2e0b8f03e13dd29455c5c2a3b",
            concat!(
                "706A46DC76DCB76798E60E6D89474788D16DC18032D268FD1A704FA6",
                "E3D4895843DA188FD58FB0567976D7B50359D6B78530C8F62D1B1746"
            ),
        ),
    ];
    for (curve, number, coordinates) in known {
        let point = scalar(curve, number).public_point().unwrap();
        assert_eq!(point.as_bytes()[1..], hex(coordinates), "{curve} {number}");
    }
}

/// RFC 6979 A.2.3, A.2.4 and A.2.7: message "sample". The first two with the hash that the curve type names, so
/// that the signature itself is reproduced.
#[test]
fn deterministic_signatures() {
    let p192 = (
        "6FAB034934E4C0FC9AE67F5B5659A9D7D1FEFD187EE09FD4",
        concat!(
            "4B0B8CE98A92866A2820E20AA6B75B56382E0F9BFD5ECB55",
            "CCDB006926EA9565CBADC840829D8C384E06DE1F1E381B85"
        ),
    );
    let p224 = (
        "F220266E1105BFE3083E03EC7A3A654651F45E37167E88600BF257C1",
        concat!(
            "1CDFE6662DDE1E4A1EC4CDEDF6A1F5A2FB7FBD9145C12113E6ABFD3E",
            "A6694FD7718A21053F225D3F46197CA699D45006C06F871808F43EBC"
        ),
    );
    let digests = [sha2::Sha256::digest("sample").to_vec(), sha2::Sha224::digest("sample").to_vec()];
    for (curve, (secret, expected), digest) in
        [(Curve::P192, p192, &digests[0]), (Curve::P224, p224, &digests[1])]
    {
        on_curve!(curve, C => {
            let repr = FieldBytes::<C>::try_from(hex(secret).as_slice()).unwrap();
            let signature: ecdsa::Signature<C> =
                ecdsa::SigningKey::<C>::from_bytes(&repr).unwrap().sign_prehash(digest).unwrap();
            assert_eq!(signature.to_bytes().as_slice(), hex(expected), "{curve}");
        });
        let key = scalar(curve, secret).public_point().unwrap();
        let plain = hex(expected);
        assert_eq!(verify_ecdsa(curve, key.as_bytes(), digest, Signature::Plain(&plain)), Ok(()));
    }
}

#[test]
fn the_table_is_whole() {
    for curve in Curve::ALL {
        let domain = curve.domain();
        for number in [domain.prime, domain.a, domain.b, domain.x, domain.y, domain.order] {
            assert_eq!(hex(number).len(), curve.field_length(), "{curve}");
        }
        assert_eq!(Curve::from_oid(curve.oid()), Some(curve));
        assert_eq!(Curve::from_number(curve.number()), Some(curve));
        // The arithmetic's own generator, order and the table's are one.
        let one = scalar(curve, "01").public_point().unwrap();
        assert_eq!(one, curve.generator(), "{curve}");
        let minus_one = Scalar::from_bytes(curve, &order_minus(curve, 1)).unwrap().public_point().unwrap();
        assert_eq!(minus_one.x(), one.x(), "{curve}");
        assert_ne!(minus_one, one);
        assert!(Scalar::from_bytes(curve, &order_minus(curve, 0)).is_none(), "{curve}");
        let leading = 8 * curve.order_length() - curve.order_bits();
        assert_eq!(hex(domain.order)[0].leading_zeros() as usize, leading, "{curve}");
    }
    assert_eq!(Curve::from_number(7), None);
}

/// Whoever changes one octet of explicit parameters has no curve of ours.
#[test]
fn explicit_parameters_are_compared_and_nothing_else() {
    for curve in Curve::ALL {
        let domain = curve.domain();
        let numbers = [domain.prime, domain.a, domain.b, domain.order].map(hex);
        let generator = domain.generator();
        let stated = |numbers: &[Vec<u8>; 4], generator: &[u8], cofactor| {
            let [prime, a, b, order] = numbers;
            ExplicitParameters { prime, a, b, generator, order, cofactor }.curve()
        };
        assert_eq!(stated(&numbers, &generator, None), Some(curve));
        assert_eq!(stated(&numbers, &generator, Some(&[0, 1])), Some(curve));
        assert_eq!(stated(&numbers, &generator, Some(&[4])), None, "another cofactor");
        let mut compressed = vec![2 | generator.last().unwrap() & 1];
        compressed.extend_from_slice(&generator[1..=curve.field_length()]);
        assert_eq!(stated(&numbers, &compressed, None), Some(curve));
        compressed[0] ^= 1;
        assert_eq!(stated(&numbers, &compressed, None), None, "the other root");
        for which in 0..4 {
            let mut padded = numbers.clone();
            padded[which].insert(0, 0);
            assert_eq!(stated(&padded, &generator, None), Some(curve), "a sign octet");
            for position in 0..numbers[which].len() {
                let mut altered = numbers.clone();
                altered[which][position] ^= 1;
                assert_eq!(stated(&altered, &generator, None), None, "{curve} {which} {position}");
            }
        }
        for position in 0..generator.len() {
            let mut altered = generator.clone();
            altered[position] ^= 1;
            assert_eq!(stated(&numbers, &altered, None), None, "{curve} generator {position}");
        }
    }
}

#[test]
fn both_sides_agree_on_every_curve() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for curve in Curve::ALL {
        let (a, b) = (Scalar::generate(curve, &mut rng), Scalar::generate(curve, &mut rng));
        let one = a.agree(&b.public_point().unwrap()).unwrap();
        let other = b.agree(&a.public_point().unwrap()).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.len(), curve.field_length());
    }
}

#[test]
fn what_is_no_finite_point_is_refused() {
    for curve in Curve::ALL {
        let good = curve.generator();
        let mut off = good.as_bytes().to_vec();
        *off.last_mut().unwrap() ^= 1;
        assert_eq!(curve.point(&off), Err(InvalidPoint));
        assert_eq!(curve.point(&[0]), Err(InvalidPoint), "infinity");
        assert_eq!(curve.point(&[]), Err(InvalidPoint));
        let mut compressed = vec![2];
        compressed.extend_from_slice(good.x());
        assert_eq!(curve.point(&compressed), Err(InvalidPoint));
        // The same residue, written as a number above the prime.
        let mut large = vec![4];
        large.extend_from_slice(&vec![0xFF; 2 * curve.field_length()]);
        assert_eq!(curve.point(&large), Err(InvalidPoint));
        assert_eq!(curve.point(good.as_bytes()), Ok(good));
        assert!(Scalar::from_bytes(curve, &vec![0; curve.field_length()]).is_none());
        assert!(Scalar::from_bytes(curve, &vec![0xFF; curve.field_length()]).is_none());
    }
}

#[test]
fn a_mapping_to_infinity_is_refused() {
    for curve in Curve::ALL {
        // H = -G: the same x, the other y.
        let negative = Scalar::from_bytes(curve, &order_minus(curve, 1)).unwrap().public_point().unwrap();
        assert_eq!(curve.map_generic(&[1], &negative), Err(InvalidPoint));
        assert_eq!(curve.map_generic(&[2], &negative), Ok(curve.generator()));
        let other = if curve == Curve::P256 { Curve::P384 } else { Curve::P256 };
        assert_eq!(curve.map_generic(&[2], &other.generator()), Err(InvalidPoint));
    }
}

/// A shared secret whose first octet is zero keeps it: width is the field's, not the number's.
#[test]
fn leading_zeros_of_a_shared_secret_are_kept() {
    for curve in Curve::ALL {
        // P-521's first octet is 0 or 1: there the second must be zero too.
        let zeros = if curve == Curve::P521 { 2 } else { 1 };
        let found = (1..=8000_u16).find_map(|number| {
            let point = scalar(curve, &format!("{number:04x}")).public_point().unwrap();
            point.x()[..zeros].iter().all(|octet| *octet == 0).then_some(point)
        });
        let point = found.expect("one in 256 has a leading zero");
        let secret = scalar(curve, "01").agree(&point).unwrap();
        assert_eq!(secret.len(), curve.field_length(), "{curve}");
        assert_eq!(secret.as_slice(), point.x());
        assert_eq!(point.as_bytes().len(), 1 + 2 * curve.field_length());
    }
}

#[test]
fn a_quotient_times_its_divisor_is_the_dividend() {
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    for curve in Curve::ALL {
        let (a, b) = (Scalar::generate(curve, &mut rng), Scalar::generate(curve, &mut rng));
        let quotient = a.divided_by(&b).unwrap();
        let back = quotient.multiply(&b.public_point().unwrap()).unwrap();
        assert_eq!(back, a.public_point().unwrap());
        let other = if curve == Curve::P256 { Curve::P384 } else { Curve::P256 };
        assert!(a.divided_by(&Scalar::generate(other, &mut rng)).is_none());
    }
}

#[test]
fn a_digest_may_be_shorter_or_longer_than_the_order() {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    for curve in Curve::ALL {
        let secret = Scalar::generate(curve, &mut rng);
        let key = secret.public_point().unwrap();
        for length in [20, 28, 32, 48, 64] {
            let digest = vec![0xA5; length];
            let mut wide = vec![0; curve.field_length().saturating_sub(length)];
            wide.extend_from_slice(&digest);
            let signature = on_curve!(curve, C => {
                let repr = FieldBytes::<C>::try_from(secret.to_secret_bytes().as_slice()).unwrap();
                let signature: ecdsa::Signature<C> =
                    ecdsa::SigningKey::<C>::from_bytes(&repr).unwrap().sign_prehash(&wide).unwrap();
                signature.to_bytes().to_vec()
            });
            let check =
                |digest: &[u8]| verify_ecdsa(curve, key.as_bytes(), digest, Signature::Plain(&signature));
            assert_eq!(check(&digest), Ok(()), "{curve} {length}");
            let mut altered = digest.clone();
            altered[0] ^= 1;
            assert_eq!(check(&altered), Err(EcdsaError::Wrong), "{curve} {length}");
        }
        let short = vec![1; 2 * curve.order_length() - 1];
        let checked = verify_ecdsa(curve, key.as_bytes(), &[1; 32], Signature::Plain(&short));
        assert_eq!(checked, Err(EcdsaError::Malformed));
        let zero = vec![0; 2 * curve.order_length()];
        let checked = verify_ecdsa(curve, key.as_bytes(), &[1; 32], Signature::Plain(&zero));
        assert_eq!(checked, Err(EcdsaError::Malformed));
        assert_eq!(verify_ecdsa(curve, &[0], &[1; 32], Signature::Plain(&short)), Err(EcdsaError::Key));
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..140)) {
        for curve in Curve::ALL {
            let _ = curve.point(&bytes);
            let _ = Scalar::from_bytes(curve, &bytes);
            let _ = curve.map_generic(&bytes, &curve.generator());
            for signature in [Signature::Plain(&bytes), Signature::Der(&bytes)] {
                let checked = verify_ecdsa(curve, curve.generator().as_bytes(), &bytes, signature);
                prop_assert!(checked.is_err());
            }
            prop_assert_eq!(verify_ecdsa(curve, &bytes, &bytes, Signature::Plain(&bytes)).is_ok(), false);
        }
    }
}
