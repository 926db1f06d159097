//! FF1: format-preserving encryption of numeral strings (NIST SP 800-38G rev. 1 §5.1, algorithm 7).

use cipher::consts::U16;
use cipher::{Block, BlockCipherEncrypt};

const ROUNDS: u8 = 10;

/// A string or radix that FF1 does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ff1Error {
    /// The radix is not 2 to 256.
    #[error("a radix is 2 to 256")]
    Radix,
    /// Fewer than a million strings of this length (§5.1: radix^minlen ≥ 1,000,000), or halves beyond 64 bits, which this
    /// implementation does not compute.
    #[error("a string is too short or too long for FF1 here")]
    Length,
    /// A numeral is not below the radix.
    #[error("numeral {0} is not below the radix")]
    Numeral(usize),
    /// The tweak is longer than 255 octets.
    #[error("a tweak has 255 octets at most")]
    Tweak,
}

/// FF1 over a block cipher of 128 bits under its key.
pub struct Ff1<C> {
    cipher: C,
    radix: u32,
}

impl<C> core::fmt::Debug for Ff1<C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Ff1").field("radix", &self.radix).finish_non_exhaustive()
    }
}

impl<C: BlockCipherEncrypt<BlockSize = U16>> Ff1<C> {
    /// FF1 for numerals below `radix`.
    ///
    /// # Errors
    /// [`Ff1Error::Radix`].
    pub fn new(cipher: C, radix: u32) -> Result<Self, Ff1Error> {
        if (2..=256).contains(&radix) { Ok(Self { cipher, radix }) } else { Err(Ff1Error::Radix) }
    }

    /// FF1.Encrypt(K, T, X).
    ///
    /// # Errors
    /// [`Ff1Error`].
    pub fn encrypt(&self, tweak: &[u8], numerals: &[u8]) -> Result<Vec<u8>, Ff1Error> {
        let length = u32::try_from(numerals.len()).map_err(|_| Ff1Error::Length)?;
        let tweak_length = u8::try_from(tweak.len()).map_err(|_| Ff1Error::Tweak)?;
        if let Some(place) = numerals.iter().position(|numeral| u32::from(*numeral) >= self.radix) {
            return Err(Ff1Error::Numeral(place));
        }
        // Step 1; moduli of the halves.
        let (u, v) = (length / 2, length - length / 2);
        let modulus = |digits| u64::from(self.radix).checked_pow(digits).ok_or(Ff1Error::Length);
        let moduli = [u128::from(modulus(u)?), u128::from(modulus(v)?)];
        let [left, right] = moduli;
        if left * right < 1_000_000 {
            return Err(Ff1Error::Length);
        }
        // Steps 3 and 4: octets of a half, octets of a round's output; 12 at most here.
        let b = (u128::BITS - (right - 1).leading_zeros()).div_ceil(8);
        let d = 4 * b.div_ceil(4) + 4;
        let (b, d) = (usize::try_from(b).unwrap_or(8), usize::try_from(d).unwrap_or(12));
        // Step 5.
        let mut head = Block::<C>::default();
        let radix = self.radix.to_be_bytes();
        let fixed = [1, 2, 1, radix[1], radix[2], radix[3], ROUNDS, u.to_le_bytes()[0]];
        let rest = length.to_be_bytes().into_iter().chain(u32::from(tweak_length).to_be_bytes());
        head.iter_mut().zip(fixed.into_iter().chain(rest)).for_each(|(to, from)| *to = from);
        self.cipher.encrypt_block(&mut head);

        let (first, second) = numerals.split_at(numerals.len() / 2);
        let (mut a, mut low) = (self.number(first), self.number(second));
        for round in 0..ROUNDS {
            // Steps 6.i to 6.iv: the round's output from tweak, round and the right half.
            let mut q = tweak.to_vec();
            q.resize((tweak.len() + b + 1).next_multiple_of(16) - b - 1, 0);
            q.push(round);
            let octets = low.to_be_bytes();
            q.extend(octets.iter().skip(octets.len() - b));
            let mut mac = head;
            for block in q.chunks_exact(16) {
                mac.iter_mut().zip(block).for_each(|(sum, octet)| *sum ^= octet);
                self.cipher.encrypt_block(&mut mac);
            }
            let y = mac.iter().take(d).fold(0_u128, |sum, octet| (sum << 8) | u128::from(*octet));
            // Steps 6.v to 6.ix.
            let modulus = moduli[usize::from(round % 2)];
            (a, low) = (low, (a + y) % modulus);
        }
        let mut encrypted = self.numerals(a, u);
        encrypted.extend(self.numerals(low, v));
        Ok(encrypted)
    }

    /// `NUM_radix(X)` (algorithm 1).
    fn number(&self, numerals: &[u8]) -> u128 {
        numerals.iter().fold(0, |sum, numeral| sum * u128::from(self.radix) + u128::from(*numeral))
    }

    /// `STR_radix(x)` of a length (algorithm 3).
    fn numerals(&self, number: u128, length: u32) -> Vec<u8> {
        let radix = u128::from(self.radix);
        let mut rest = number;
        let mut numerals: Vec<u8> = (0..length)
            .map(|_| {
                let numeral = u8::try_from(rest % radix).unwrap_or(u8::MAX);
                rest /= radix;
                numeral
            })
            .collect();
        numerals.reverse();
        numerals
    }
}

#[cfg(test)]
mod tests {
    use aes::{Aes128, Aes192, Aes256};
    use cipher::KeyInit;

    use super::*;

    const KEY: &str = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94";
    const DIGITS: &str = "0123456789";
    const TEN: &str = "39383736353433323130";
    const ELEVEN: &str = "3737373770717273373737";
    const LETTERS: &str = "0123456789abcdefghi";

    fn encrypt<C: BlockCipherEncrypt<BlockSize = U16> + KeyInit>(
        radix: u32,
        tweak: &str,
        text: &str,
    ) -> String {
        let key = hex::decode(KEY).unwrap();
        let cipher = C::new_from_slice(&key[..C::key_size()]).unwrap();
        let numerals: Vec<u8> =
            text.chars().map(|c| u8::try_from(c.to_digit(36).unwrap()).unwrap()).collect();
        let encrypted =
            Ff1::new(cipher, radix).unwrap().encrypt(&hex::decode(tweak).unwrap(), &numerals).unwrap();
        encrypted.iter().map(|numeral| char::from_digit(u32::from(*numeral), 36).unwrap()).collect()
    }

    /// NIST's examples for SP 800-38G, FF1 samples 1 to 9.
    #[test]
    fn samples_of_nist() {
        for (radix, tweak, text, [aes128, aes192, aes256]) in [
            (10, "", DIGITS, ["2433477484", "2830668132", "6657667009"]),
            (10, TEN, DIGITS, ["6124200773", "2496655549", "1001623463"]),
            (36, ELEVEN, LETTERS, ["a9tv40mll9kdu509eum", "xbj3kv35jrawxv32ysr", "xs8a0azh2avyalyzuwd"]),
        ] {
            assert_eq!(encrypt::<Aes128>(radix, tweak, text), aes128);
            assert_eq!(encrypt::<Aes192>(radix, tweak, text), aes192);
            assert_eq!(encrypt::<Aes256>(radix, tweak, text), aes256);
        }
    }

    #[test]
    fn what_ff1_does_not_take() {
        let ff1 = |radix| Ff1::new(Aes128::new(&Default::default()), radix);
        assert_eq!(ff1(1).unwrap_err(), Ff1Error::Radix);
        assert_eq!(ff1(257).unwrap_err(), Ff1Error::Radix);
        let ten = ff1(10).unwrap();
        assert_eq!(ten.encrypt(&[], &[0; 5]), Err(Ff1Error::Length));
        assert_eq!(ten.encrypt(&[], &[9; 50]), Err(Ff1Error::Length));
        assert_eq!(ten.encrypt(&[], &[1, 2, 3, 10, 5, 6]), Err(Ff1Error::Numeral(3)));
        assert_eq!(ten.encrypt(&[0; 256], &[0; 6]), Err(Ff1Error::Tweak));
        assert!(ten.encrypt(&[0; 255], &[0; 38]).is_ok());
    }
}
