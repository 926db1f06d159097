//! The integrated mapping: the nonces s and t become a generator (Doc 9303-11 §4.4.3.3.2, appendix B).

use super::field::{Field, Residue};
use crate::protocol::block_cipher::{BadLength, cbc_encrypt, zero_iv};
use crate::protocol::kdf::{Cipher, SymmetricKey};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};
use zeroize::Zeroizing;

/// c0 and c1 of 3DES and AES-128, l = 128.
const CONSTANTS_128: [[u8; 16]; 2] = [
    0xa668_892a_7c41_e3ca_739f_40b0_57d8_5904_u128.to_be_bytes(),
    0xa4e1_36ac_725f_738b_01c1_f602_17c1_88ad_u128.to_be_bytes(),
];

/// c0 and c1 of AES-192 and AES-256, l = 256, in halves.
const CONSTANTS_256: [[[u8; 16]; 2]; 2] = [
    [
        0xd463_d652_3412_4ef7_8970_5498_6dca_0a17_u128.to_be_bytes(),
        0x4e28_df75_8cba_a03f_2406_1641_4d5a_1676_u128.to_be_bytes(),
    ],
    [
        0x54bd_7255_f0aa_f831_bec3_423f_cf39_d69b_u128.to_be_bytes(),
        0x6cbf_0666_77d0_faae_5aad_d99d_f8e5_3517_u128.to_be_bytes(),
    ],
];

/// The pseudo-random function R(s, t): x1 ‖ x2 ‖ … ‖ xn with n·l ≥ log2 p + 64.
///
/// # Errors
/// [`BadLength`] when s or t have not the cipher's length.
pub(super) fn pseudo_random(
    cipher: Cipher,
    s: &[u8],
    t: &[u8],
    modulus_bits: usize,
) -> Result<Zeroizing<Vec<u8>>, BadLength> {
    if t.len() != cipher.key_length() {
        return Err(BadLength);
    }
    let [c0, c1] = match cipher {
        Cipher::TripleDes | Cipher::Aes128 => CONSTANTS_128.map(|constant| constant.to_vec()),
        Cipher::Aes192 | Cipher::Aes256 => CONSTANTS_256.map(|halves| halves.concat()),
    };
    if s.len() != c0.len() {
        return Err(BadLength);
    }
    let encrypt = |key: &[u8], data: &[u8]| {
        // Of AES-192's 32 bytes the first 24 are the key.
        let key = key.get(..cipher.key_length()).and_then(|key| SymmetricKey::new(cipher, key));
        cbc_encrypt(&key.ok_or(BadLength)?, &zero_iv(cipher), data).map(Zeroizing::new)
    };
    let wanted = modulus_bits.saturating_add(64).div_ceil(8);
    let mut output = Zeroizing::new(Vec::with_capacity(wanted.saturating_add(32)));
    let mut key = encrypt(t, s)?;
    while output.len() < wanted {
        output.extend_from_slice(&encrypt(&key, &c1)?);
        key = encrypt(&key, &c0)?;
    }
    Ok(output)
}

/// The point encoding `f_G` for y² = x³ + ax + b over GF(p), p ≡ 3 mod 4 (appendix B.2, affine coordinates). Gives x and
/// y; `None` for another p. All standardized curves have cofactor 1.
///
/// For the handful of inputs the formulas have no answer to (0, 1 and −1) the result is no point: whoever reads it
/// refuses it.
pub(super) fn encode_point([p, a, b]: [&[u8]; 3], input: &[u8]) -> Option<[Zeroizing<Vec<u8>>; 2]> {
    let field = Field::new(p)?;
    let exponent = field.inverse_square_root_exponent()?;
    let (a, b, t) = (field.reduce(a), field.reduce(b), field.reduce(input));
    let on_curve = |x: &Residue| x.square().plus(&a).times(x).plus(&b);
    // 1. α = −t²; 2. X2 = −b/a · (1 + 1/(α + α²)); 3. X3 = α·X2
    let alpha = t.square().negated();
    let inverse = field.invert(&alpha.plus(&alpha.square()));
    let x2 = b.times(&field.invert(&a)).negated().times(&field.one().plus(&inverse));
    let x3 = alpha.times(&x2);
    // 4.–7. h2, U = t³·h2, A = h2^(p−1−(p+1)/4); h3 follows from U
    let h2 = on_curve(&x2);
    let u = t.square().times(&t).times(&h2);
    let root = field.power(&h2, &exponent);
    // 8., 9. (X2, A·h2) if A²·h2 = 1, else (X3, A·U)
    let is_square =
        field.to_bytes(&root.square().times(&h2)).as_slice().ct_eq(field.to_bytes(&field.one()).as_slice());
    let select = |square: &Residue, other: &Residue| {
        let (square, other) = (field.to_bytes(square), field.to_bytes(other));
        let selected = other.iter().zip(square.iter());
        Zeroizing::new(
            selected
                .map(|(other, square)| u8::conditional_select(other, square, is_square))
                .collect::<Vec<_>>(),
        )
    };
    Some([select(&x2, &x3), select(&root.times(&h2), &root.times(&u))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apdu::{from_hex, hex};

    fn vector(example: &str, name: &str) -> Vec<u8> {
        let all: serde_json::Value =
            serde_json::from_str(include_str!("../../../vectors/doc9303-11.json")).unwrap();
        from_hex(all[example][name].as_str().unwrap()).unwrap()
    }

    const P: &str = "A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377";
    const A: &str = "7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9";
    const B: &str = "26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6";

    /// Doc 9303-11 appendix H.1: brainpoolP256r1, AES-128.
    #[test]
    fn the_point_of_appendix_h1() {
        let value = |name| vector("pace_ecdh_integrated_mapping", name);
        let random = pseudo_random(Cipher::Aes128, &value("nonce"), &value("nonce_terminal"), 256).unwrap();
        assert_eq!(hex(&random), hex(&value("pseudo_random")));
        let domain = [P, A, B].map(|number| from_hex(number).unwrap());
        let field = Field::new(&domain[0]).unwrap();
        assert_eq!(hex(&field.to_bytes(&field.reduce(&random))), hex(&value("reduced")));
        let [x, y] = encode_point([&domain[0], &domain[1], &domain[2]], &random).unwrap();
        assert_eq!(hex(&[x.as_slice(), y.as_slice()].concat()), hex(&value("mapped_generator")));
    }

    /// Both branches of the encoding give points, of whatever input.
    #[test]
    fn every_input_leads_onto_the_curve() {
        let [p, a, b] = [P, A, B].map(|number| from_hex(number).unwrap());
        let field = Field::new(&p).unwrap();
        let bytes = |residue: &Residue| field.to_bytes(residue).to_vec();
        for input in 2..40_u8 {
            let [x, y] = encode_point([&p, &a, &b], &[input]).unwrap();
            let (x, y) = (field.reduce(&x), field.reduce(&y));
            let right = x.square().plus(&field.reduce(&a)).times(&x).plus(&field.reduce(&b));
            assert_eq!(bytes(&y.square()), bytes(&right), "{input}");
        }
    }

    #[test]
    fn lengths_follow_the_cipher() {
        for (cipher, s, t) in [
            (Cipher::TripleDes, 16, 16),
            (Cipher::Aes128, 16, 16),
            (Cipher::Aes192, 32, 24),
            (Cipher::Aes256, 32, 32),
        ] {
            let random = pseudo_random(cipher, &vec![1; s], &vec![2; t], 521).unwrap();
            assert!(random.len() * 8 >= 521 + 64 && random.len().is_multiple_of(s));
            assert!((random.len() - s) * 8 < 521 + 64, "no block more than needed");
            assert!(pseudo_random(cipher, &vec![1; s + 8], &vec![2; t], 521).is_err());
            assert!(pseudo_random(cipher, &vec![1; s], &vec![2; t + 8], 521).is_err());
        }
    }
}
