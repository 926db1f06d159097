//! Shamir's secret sharing over GF(2⁸): a secret in N shares, of which any M give it back and fewer say nothing.
//!
//! Each octet of the secret is the value at 0 of its own random polynomial of degree M − 1 over the field of AES (FIPS
//! 197 §4.2, x⁸ + x⁴ + x³ + x + 1); share i holds the values at i. Multiplication and inversion take the same steps whatever
//! the operands. What is shared is the secret with a keyed digest of itself, so that shares of different sets, or too few
//! of a set that claims another threshold, are told and never give a wrong secret.
//!
//! A share is text for paper and QR: groups of hexadecimal digits with a checksum of its own, so that a slip of the pen is
//! found in the share where it is.

use rand_core::CryptoRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Longest secret, in octets.
pub const MAX_SECRET: usize = 128;

const VERSION: u8 = 1;
const SET: usize = 8;
const CHECK: usize = 4;
const PROOF: usize = 8;
/// Version, set, threshold, count, index.
const HEADER: usize = 1 + SET + 3;

/// What cannot be shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// M or N.
    #[error("give 2 to 16 shares, and a threshold of at least 2 and at most their number")]
    Numbers,
    /// The secret.
    #[error("a secret of 1 to 128 octets is shared")]
    Length,
}

/// Why shares do not give their secret back. Nothing is said of the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CombineError {
    /// Not a share at all.
    #[error("share {0} is not the text of a share")]
    NotAShare(usize),
    /// Something was misread or altered.
    #[error("share {0} is damaged: its checksum does not fit")]
    Damaged(usize),
    /// Of another secret.
    #[error("share {0} belongs to another set than the first")]
    Mixed(usize),
    /// The same one again.
    #[error("share {0} is the same as one before")]
    Repeated(usize),
    /// More are needed.
    #[error("{found} shares are given and {needed} are needed")]
    TooFew {
        /// Given.
        found: usize,
        /// The threshold.
        needed: usize,
    },
    /// The shares are whole, and what they give is not what was shared.
    #[error("the shares do not give a secret of this set: one of them was forged")]
    Wrong,
}

/// One share. Zeroized, never printed by `Debug`, neither cloned nor serialized but by [`to_text`](Self::to_text).
pub struct Share {
    set: [u8; SET],
    threshold: u8,
    count: u8,
    index: u8,
    values: Zeroizing<Vec<u8>>,
}

impl Share {
    /// Its place in the set, from 1.
    #[must_use]
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// How many are needed.
    #[must_use]
    pub const fn threshold(&self) -> u8 {
        self.threshold
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u8 {
        self.count
    }

    /// The set's name, hex: public.
    #[must_use]
    pub fn set(&self) -> String {
        hex::encode(self.set)
    }

    /// The text for paper and QR: hexadecimal digits in groups of four.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(vec![VERSION]);
        bytes.extend_from_slice(&self.set);
        bytes.extend_from_slice(&[self.threshold, self.count, self.index]);
        bytes.extend_from_slice(&self.values);
        let check = Sha256::digest(&*bytes);
        bytes.extend(check.iter().take(CHECK));
        let digits = Zeroizing::new(hex::encode_upper(&*bytes));
        let mut text = Zeroizing::new(String::with_capacity(digits.len().saturating_mul(2)));
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && place % 4 == 0 {
                text.push('-');
            }
            text.push(digit);
        }
        text
    }

    /// Reads the text of a share; `place` is named in the error. Blanks, line ends and hyphens do not matter.
    ///
    /// # Errors
    /// [`CombineError::NotAShare`], [`CombineError::Damaged`].
    pub fn from_text(text: &str, place: usize) -> Result<Self, CombineError> {
        let no_share = CombineError::NotAShare(place);
        let longest = (HEADER + MAX_SECRET + PROOF + CHECK) * 4;
        if text.len() > longest {
            return Err(no_share);
        }
        let digits: Zeroizing<String> =
            Zeroizing::new(text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect());
        let bytes = Zeroizing::new(hex::decode(&*digits).map_err(|_| no_share.clone())?);
        let (body, check) = bytes
            .len()
            .checked_sub(CHECK)
            .and_then(|end| bytes.split_at_checked(end))
            .ok_or(no_share.clone())?;
        if !Sha256::digest(body).starts_with(check) {
            return Err(CombineError::Damaged(place));
        }
        let (header, values) = body.split_at_checked(HEADER).ok_or(no_share.clone())?;
        let [VERSION, set @ .., threshold, count, index] = header else { return Err(no_share) };
        let set: [u8; SET] = set.try_into().map_err(|_| no_share.clone())?;
        let sound = (2..=16).contains(count)
            && (2..=*count).contains(threshold)
            && (1..=*count).contains(index)
            && (PROOF + 1..=PROOF + MAX_SECRET).contains(&values.len());
        if !sound {
            return Err(no_share);
        }
        let values = Zeroizing::new(values.to_vec());
        Ok(Self { set, threshold: *threshold, count: *count, index: *index, values })
    }
}

impl std::fmt::Debug for Share {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Share({} of {}, redacted)", self.index, self.count)
    }
}

/// Shares a secret: `count` shares, any `threshold` of which give it back.
///
/// # Errors
/// [`SplitError`].
pub fn split(
    secret: &[u8],
    threshold: u8,
    count: u8,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<Share>, SplitError> {
    if !(2..=16).contains(&count) || !(2..=count).contains(&threshold) {
        return Err(SplitError::Numbers);
    }
    if secret.is_empty() || secret.len() > MAX_SECRET {
        return Err(SplitError::Length);
    }
    let mut set = [0; SET];
    rng.fill_bytes(&mut set);
    let mut whole = Zeroizing::new(proof(&set, secret).to_vec());
    whole.extend_from_slice(secret);
    // The coefficients of x¹ … x^(M−1), a row for each octet.
    let width = usize::from(threshold) - 1;
    let mut coefficients = Zeroizing::new(vec![0; whole.len().saturating_mul(width)]);
    rng.fill_bytes(&mut coefficients);
    Ok((1..=count)
        .map(|index| {
            let rows = coefficients.chunks(width);
            let values = whole.iter().zip(rows).map(|(constant, row)| evaluate(*constant, row, index));
            Share { set, threshold, count, index, values: Zeroizing::new(values.collect()) }
        })
        .collect())
}

/// Gives the secret back. More shares than needed are all used.
///
/// # Errors
/// [`CombineError`]; places count from 1, in the order given.
pub fn combine(shares: &[Share]) -> Result<Zeroizing<Vec<u8>>, CombineError> {
    let first = shares.first().ok_or(CombineError::TooFew { found: 0, needed: 2 })?;
    for (place, share) in (1..).zip(shares) {
        let same = share.set == first.set
            && (share.threshold, share.count) == (first.threshold, first.count)
            && share.values.len() == first.values.len();
        if !same {
            return Err(CombineError::Mixed(place));
        }
        if shares.iter().take(place.saturating_sub(1)).any(|before| before.index == share.index) {
            return Err(CombineError::Repeated(place));
        }
    }
    let needed = usize::from(first.threshold);
    if shares.len() < needed {
        return Err(CombineError::TooFew { found: shares.len(), needed });
    }
    // Lagrange at 0: Σ yᵢ Πⱼ xⱼ / (xⱼ − xᵢ); in this field minus is plus.
    let mut whole = Zeroizing::new(vec![0; first.values.len()]);
    for share in shares {
        let mut weight = 1;
        for other in shares.iter().filter(|other| other.index != share.index) {
            weight = multiply(weight, multiply(other.index, invert(other.index ^ share.index)));
        }
        for (octet, value) in whole.iter_mut().zip(share.values.iter()) {
            *octet ^= multiply(weight, *value);
        }
    }
    let (check, secret) = whole.split_at_checked(PROOF).ok_or(CombineError::Wrong)?;
    if !bool::from(proof(&first.set, secret).ct_eq(check)) {
        return Err(CombineError::Wrong);
    }
    Ok(Zeroizing::new(secret.to_vec()))
}

/// A digest of the secret that goes into the shares with it.
fn proof(set: &[u8; SET], secret: &[u8]) -> [u8; PROOF] {
    let mut digest = Sha256::new();
    digest.update(b"cccd-share-v1\0");
    digest.update(set);
    digest.update(secret);
    let mut proof = [0; PROOF];
    for (to, from) in proof.iter_mut().zip(digest.finalize()) {
        *to = from;
    }
    proof
}

fn evaluate(constant: u8, coefficients: &[u8], at: u8) -> u8 {
    let higher = coefficients.iter().rev().fold(0, |sum, coefficient| multiply(sum ^ coefficient, at));
    higher ^ constant
}

/// The product in GF(2⁸), without branch or table.
fn multiply(one: u8, other: u8) -> u8 {
    let (mut a, mut product) = (one, 0);
    for bit in 0..8 {
        product ^= a & 0u8.wrapping_sub((other >> bit) & 1);
        let carry = 0u8.wrapping_sub(a >> 7);
        a = (a << 1) ^ (carry & 0x1b);
    }
    product
}

/// The inverse, a²⁵⁴; 0 for 0.
fn invert(a: u8) -> u8 {
    let (mut square, mut product) = (a, 1);
    for _ in 0..7 {
        square = multiply(square, square);
        product = multiply(product, square);
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::SeedableRng;

    #[test]
    fn the_field_is_that_of_aes() {
        // FIPS 197 §4.2, §4.2.1 and the affine-free part of its S-box.
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        assert_eq!(multiply(0x57, 0x13), 0xfe);
        assert_eq!(invert(0x53), 0xca);
        for a in 1..=255 {
            assert_eq!(multiply(a, invert(a)), 1);
            assert_eq!(multiply(a, 1), a);
            assert_eq!(multiply(a, 0), 0);
        }
        assert_eq!(invert(0), 0);
    }

    #[test]
    fn a_polynomial_by_hand() {
        // f(x) = 57 + 83 x: f(1) = d4, f(0x13) by FIPS 197's own products.
        assert_eq!(evaluate(0x57, &[0x83], 1), 0xd4);
        assert_eq!(evaluate(0, &[0x57], 0x13), 0xfe);
        // f(x) = 01 + 00 x + 57 x²: f(2) = 01 + 57·4 = 01 + 47 (FIPS 197: 57·04 = 47).
        assert_eq!(evaluate(0x01, &[0x00, 0x57], 2), 0x46);
    }

    fn shares(secret: &[u8], threshold: u8, count: u8, seed: u64) -> Vec<Share> {
        split(secret, threshold, count, &mut rand_chacha::ChaCha20Rng::seed_from_u64(seed)).unwrap()
    }

    fn pick(shares: &[Share], mask: u32) -> Vec<Share> {
        let chosen = shares.iter().enumerate().filter(|(place, _)| mask & (1 << place) != 0);
        chosen.map(|(place, share)| Share::from_text(&share.to_text(), place).unwrap()).collect()
    }

    #[test]
    fn every_subset_of_enough_shares_gives_the_secret_and_no_smaller_one_does() {
        let secret = b"AGE-SECRET-KEY-1 or a PIN";
        for (threshold, count) in [(2, 2), (2, 3), (3, 5), (5, 5), (4, 7)] {
            let all = shares(secret, threshold, count, 7);
            for mask in 0..(1u32 << count) {
                let chosen = pick(&all, mask);
                let (found, needed) = (chosen.len(), usize::from(threshold));
                match combine(&chosen) {
                    Ok(given) => assert!(found >= needed && *given == secret),
                    Err(CombineError::TooFew { .. }) => assert!(found < needed),
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }

    #[test]
    fn too_few_shares_say_nothing_of_the_secret() {
        // For every value of the missing share there is a secret: the first octet takes all 256 values.
        let all = shares(&[0x5a], 2, 2, 9);
        let mut seen = std::collections::BTreeSet::new();
        for value in 0..=255u8 {
            let (known, guessed) = (all[0].values[PROOF], value);
            let weight = |own: u8, other: u8| multiply(other, invert(other ^ own));
            seen.insert(multiply(weight(1, 2), known) ^ multiply(weight(2, 1), guessed));
        }
        assert_eq!(seen.len(), 256);
    }

    #[test]
    fn damaged_mixed_and_repeated_shares_are_told_by_their_place() {
        let all = shares(b"secret", 2, 3, 11);
        let other = shares(b"secret", 2, 3, 12);
        let text = all[1].to_text();
        for place in 0..text.len() {
            let mut altered = text.to_string();
            let digit = altered.as_bytes()[place];
            if digit == b'-' {
                continue;
            }
            altered.replace_range(place..=place, if digit == b'0' { "1" } else { "0" });
            assert!(matches!(Share::from_text(&altered, 2), Err(CombineError::Damaged(2))));
        }
        assert!(matches!(Share::from_text("12-34", 3), Err(CombineError::NotAShare(3))));
        assert!(matches!(Share::from_text("no share", 1), Err(CombineError::NotAShare(1))));
        let spread = text.replace('-', "\n ").to_lowercase();
        assert_eq!(Share::from_text(&spread, 1).unwrap().index(), 2);
        let mixed = [pick(&all, 0b001), pick(&other, 0b010)].concat_shares();
        assert_eq!(combine(&mixed).unwrap_err(), CombineError::Mixed(2));
        let twice = [pick(&all, 0b001), pick(&all, 0b001)].concat_shares();
        assert_eq!(combine(&twice).unwrap_err(), CombineError::Repeated(2));
        let mut forged = pick(&all, 0b011);
        forged[0].values[PROOF] ^= 1;
        assert_eq!(combine(&forged).unwrap_err(), CombineError::Wrong);
        assert_eq!(combine(&pick(&all, 0b100)).unwrap_err(), CombineError::TooFew { found: 1, needed: 2 });
        assert!(!format!("{:?}", all[0]).contains(&hex::encode(&*all[0].values)));
    }

    trait ConcatShares {
        fn concat_shares(self) -> Vec<Share>;
    }

    impl ConcatShares for [Vec<Share>; 2] {
        fn concat_shares(self) -> Vec<Share> {
            self.into_iter().flatten().collect()
        }
    }

    #[test]
    fn what_cannot_be_shared_is_refused() {
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(13);
        for (threshold, count) in [(1, 3), (4, 3), (0, 0), (2, 17), (2, 1)] {
            assert_eq!(split(b"s", threshold, count, &mut rng).unwrap_err(), SplitError::Numbers);
        }
        assert_eq!(split(b"", 2, 3, &mut rng).unwrap_err(), SplitError::Length);
        assert_eq!(split(&[0; 129], 2, 3, &mut rng).unwrap_err(), SplitError::Length);
    }
}
