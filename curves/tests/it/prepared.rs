//! The fast way of verifying against the plain one: on good, random and hostile input they must say the same.

use cccd_curves::{Curve, EcdsaError, PreparedKey, Scalar, Signature, on_curve, verify_ecdsa};
use ecdsa::signature::hazmat::PrehashSigner as _;
use elliptic_curve::FieldBytes;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

fn sign(key: &Scalar, digest: &[u8]) -> Vec<u8> {
    let secret = key.to_secret_bytes();
    on_curve!(key.curve(), C => {
        let key = ecdsa::SigningKey::<C>::from_bytes(&FieldBytes::<C>::try_from(secret.as_slice()).unwrap()).unwrap();
        let signature: ecdsa::Signature<C> = key.sign_prehash(digest).unwrap();
        signature.to_bytes().to_vec()
    })
}

/// Both ways, which must agree.
fn verdict(key: &PreparedKey, point: &[u8], digest: &[u8], signature: &[u8]) -> Result<(), EcdsaError> {
    let plain = verify_ecdsa(key.curve(), point, digest, Signature::Plain(signature));
    let fast = key.verify(digest, Signature::Plain(signature));
    assert_eq!(fast, plain, "{} {} {}", key.curve(), hex::encode(digest), hex::encode(signature));
    fast
}

#[test]
fn signatures_hold_on_every_curve_and_altered_ones_do_not() {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    for curve in Curve::ALL {
        let secret = Scalar::generate(curve, &mut rng);
        let point = secret.public_point().unwrap();
        let key = PreparedKey::new(curve, point.as_bytes()).unwrap();
        for length in [20, 28, 32, 48, 64, 66, 80] {
            let mut digest = vec![0; length];
            rng.fill_bytes(&mut digest);
            let padded =
                [vec![0; curve.field_length().div_ceil(2).saturating_sub(length)], digest.clone()].concat();
            let mut signature = sign(&secret, &padded);
            assert_eq!(verdict(&key, point.as_bytes(), &digest, &signature), Ok(()), "{curve} {length}");
            digest[5] ^= 1;
            assert_eq!(verdict(&key, point.as_bytes(), &digest, &signature), Err(EcdsaError::Wrong));
            digest[5] ^= 1;
            for index in [0, signature.len() / 2, signature.len() - 1] {
                signature[index] ^= 1;
                assert!(verdict(&key, point.as_bytes(), &digest, &signature).is_err());
                signature[index] ^= 1;
            }
        }
    }
}

/// Where the sum of the two tables meets the point it adds: keys that are small multiples of the generator, and its
/// negative. The additions cannot add those; the plain way answers.
#[test]
fn keys_beside_the_generator_are_no_exception() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    for curve in Curve::ALL {
        let order = hex::decode(curve.domain().order).unwrap();
        for small in 1..=4_u8 {
            let mut scalar = vec![0; curve.order_length()];
            *scalar.last_mut().unwrap() = small;
            let positive = Scalar::from_bytes(curve, &scalar).unwrap();
            let mut negative = order.clone();
            *negative.last_mut().unwrap() -= small;
            for secret in [positive, Scalar::from_bytes(curve, &negative).unwrap()] {
                let point = secret.public_point().unwrap();
                let key = PreparedKey::new(curve, point.as_bytes()).unwrap();
                for _ in 0..4 {
                    let mut digest = vec![0; curve.field_length()];
                    rng.fill_bytes(&mut digest);
                    let signature = sign(&secret, &digest);
                    assert_eq!(verdict(&key, point.as_bytes(), &digest, &signature), Ok(()));
                }
                // u1 = u2: e = r, so that every digit of the two scalars is the same.
                let digest = vec![0x11; curve.field_length()];
                let mut signature = digest.clone();
                signature[0] = 0;
                let digest = signature.clone();
                signature.extend_from_slice(&digest);
                let _ = verdict(&key, point.as_bytes(), &digest, &signature);
            }
        }
    }
}

#[test]
fn r_and_s_out_of_range_are_refused() {
    for curve in Curve::ALL {
        let point = Scalar::generate(curve, &mut ChaCha20Rng::seed_from_u64(9)).public_point().unwrap();
        let key = PreparedKey::new(curve, point.as_bytes()).unwrap();
        let width = curve.order_length();
        let order = hex::decode(curve.domain().order).unwrap();
        let mut one = vec![0; width];
        one[width - 1] = 1;
        let (zero, all) = (vec![0; width], vec![0xFF; width]);
        for (r, s) in
            [(&zero, &one), (&one, &zero), (&order, &one), (&one, &order), (&all, &all), (&one, &one)]
        {
            let signature = [r.as_slice(), s].concat();
            assert!(verdict(&key, point.as_bytes(), &[5; 32], &signature).is_err(), "{curve}");
        }
    }
}

/// Numbers of an order's width, big-endian: `a + b` and `a − b`, `None` when it does not fit.
fn sum(a: &[u8], b: &[u8]) -> Option<Vec<u8>> {
    let mut carry = 0;
    let mut digits: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let digit = u16::from(*a) + u16::from(*b) + carry;
            carry = digit >> 8;
            digit.to_le_bytes()[0]
        })
        .collect();
    digits.reverse();
    (carry == 0).then_some(digits)
}

fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut digits: Vec<u8> = a
        .iter()
        .zip(b)
        .rev()
        .map(|(a, b)| {
            let digit = 256 + u16::from(*a) - u16::from(*b) - borrow;
            borrow = u16::from(digit < 256);
            digit.to_le_bytes()[0]
        })
        .collect();
    digits.reverse();
    digits
}

/// What a forger makes of one good signature: (r, n − s) holds as well, every other change must not.
#[test]
fn relatives_of_a_good_signature() {
    let mut rng = ChaCha20Rng::seed_from_u64(10);
    for curve in Curve::ALL {
        let secret = Scalar::generate(curve, &mut rng);
        let point = secret.public_point().unwrap();
        let key = PreparedKey::new(curve, point.as_bytes()).unwrap();
        let order = hex::decode(curve.domain().order).unwrap();
        let mut one = vec![0; order.len()];
        *one.last_mut().unwrap() = 1;
        let last = difference(&order, &one);
        for _ in 0..4 {
            let mut digest = vec![0; curve.field_length().min(64)];
            rng.fill_bytes(&mut digest);
            let signature = sign(&secret, &digest);
            let (r, s) = signature.split_at(order.len());
            let judge = |r: &[u8], s: &[u8]| verdict(&key, point.as_bytes(), &digest, &[r, s].concat());
            assert_eq!(judge(r, &difference(&order, s)), Ok(()), "{curve}");
            assert!(judge(&difference(&order, r), s).is_err(), "{curve}");
            for beyond in [sum(r, &order), sum(s, &order)].into_iter().flatten() {
                assert!(judge(&beyond, s).is_err() && judge(r, &beyond).is_err(), "{curve}");
            }
            for hostile in [&one, &last] {
                assert!(judge(hostile, s).is_err() && judge(r, hostile).is_err(), "{curve}");
                assert!(judge(hostile, hostile).is_err(), "{curve}");
            }
            assert!(judge(s, r).is_err(), "{curve}");
            // Lengths that no signature of this curve has.
            for length in [0, 1, order.len(), signature.len() - 1] {
                let cut = signature.get(..length).unwrap();
                assert!(verdict(&key, point.as_bytes(), &digest, cut).is_err(), "{curve}");
            }
            let long = [signature.as_slice(), &[0]].concat();
            assert!(verdict(&key, point.as_bytes(), &digest, &long).is_err(), "{curve}");
        }
    }
}

/// Signatures that belong to no message that anyone has: chosen so that u1 and u2 are small, equal or opposite, where
/// the sum passes through points that it then meets again in a table. Both ways must say the same of each.
#[test]
fn scalars_chosen_so_that_the_sum_meets_itself() {
    for curve in Curve::ALL {
        let order = hex::decode(curve.domain().order).unwrap();
        let small = |value: u8| {
            let mut number = vec![0; order.len()];
            *number.last_mut().unwrap() = value;
            number
        };
        for secret in
            [small(1), small(2), small(128), difference(&order, &small(1)), difference(&order, &small(128))]
        {
            let secret = Scalar::from_bytes(curve, &secret).unwrap();
            let point = secret.public_point().unwrap();
            let key = PreparedKey::new(curve, point.as_bytes()).unwrap();
            // s = 1: u1 = e and u2 = r, both at the forger's choice.
            for u1 in [0, 1, 2, 127, 128, 129, 255] {
                for u2 in [1, 2, 127, 128, 129, 255] {
                    for (u1, u2) in [
                        (small(u1), small(u2)),
                        (small(u1), difference(&order, &small(u2))),
                        (difference(&order, &small(u1.max(1))), small(u2)),
                    ] {
                        let signature = [u2, small(1)].concat();
                        let _ = verdict(&key, point.as_bytes(), &u1, &signature);
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_no_point_is_not_prepared() {
    for curve in Curve::ALL {
        let good = curve.generator().as_bytes().to_vec();
        let mut off = good.clone();
        *off.last_mut().unwrap() ^= 1;
        let prime = hex::decode(curve.domain().prime).unwrap();
        let beyond = [&[4][..], &prime, &good[1 + prime.len()..]].concat();
        for bad in [&[][..], &[0], &good[..good.len() - 1], &off, &beyond] {
            assert!(matches!(PreparedKey::new(curve, bad), Err(EcdsaError::Key)), "{curve}");
        }
        assert!(PreparedKey::new(curve, &good).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn both_ways_agree_on_anything(
        number in 8_u8..=18,
        seed: u64,
        digest in proptest::collection::vec(any::<u8>(), 0..80),
        signature in proptest::collection::vec(any::<u8>(), 48..140),
    ) {
        let curve = Curve::from_number(number).unwrap();
        let secret = Scalar::generate(curve, &mut ChaCha20Rng::seed_from_u64(seed));
        let point = secret.public_point().unwrap();
        let key = PreparedKey::new(curve, point.as_bytes()).unwrap();
        let _ = verdict(&key, point.as_bytes(), &digest, &signature);
        let _ = verdict(&key, point.as_bytes(), &digest, signature.get(..2 * curve.order_length()).unwrap_or_default());
        let long = [vec![0; curve.field_length()], digest.clone()].concat();
        let good = sign(&secret, &long);
        prop_assert_eq!(verdict(&key, point.as_bytes(), &long, &good), Ok(()));
    }
}
