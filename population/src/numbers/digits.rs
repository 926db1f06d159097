//! Index → last six digits.

use aes::Aes256;
use cipher::KeyInit as _;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Ff1, NUMBERS_OF_A_PREFIX, Prefix};
use cccd_card_profile::personal_number::PersonalNumber;

/// The most values that may be withheld: walking stays short.
pub const MAX_WITHHELD: u32 = 100_000;

/// The key of the permutation; a purpose of its own under the register's secret. Whoever knows it can tell numbers in
/// advance.
pub struct NumberKey(Zeroizing<[u8; 32]>);

impl NumberKey {
    /// The key for numbers from a secret of the register.
    #[must_use]
    pub fn derive(secret: &Zeroizing<[u8; 32]>) -> Self {
        let mut key = Zeroizing::new([0; 32]);
        // HMAC takes keys of every length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_slice()) {
            mac.update(b"cccd-personal-number-ff1-v1");
            key.copy_from_slice(&mac.finalize().into_bytes());
        }
        Self(key)
    }
}

impl core::fmt::Debug for NumberKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("NumberKey(…)")
    }
}

/// Last six digits that are never given. No law withholds any, and none is by default; the CAN is these digits, so a
/// policy may leave out those that everybody tries first. Must stay as it is as long as the key does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Withheld(Vec<u32>);

impl Withheld {
    /// These values; `None` if one is no value of six digits or there are more than [`MAX_WITHHELD`].
    #[must_use]
    pub fn new(mut values: Vec<u32>) -> Option<Self> {
        values.sort_unstable();
        values.dedup();
        let fits = u32::try_from(values.len()).is_ok_and(|count| count <= MAX_WITHHELD)
            && values.last().is_none_or(|last| *last < NUMBERS_OF_A_PREFIX);
        fits.then_some(Self(values))
    }

    /// The value at a rank among those that may be given.
    fn value_at(&self, rank: u32) -> u32 {
        let mut passed = (0, self.0.len());
        // The number of withheld values at or before it: the first i with value[i] − i > rank.
        while passed.0 < passed.1 {
            let middle = passed.0.midpoint(passed.1);
            let before =
                self.0.get(middle).map(|value| i64::from(*value) - i64::try_from(middle).unwrap_or(0));
            if before.is_some_and(|before| before <= i64::from(rank)) {
                passed.0 = middle + 1;
            } else {
                passed.1 = middle;
            }
        }
        rank.saturating_add(u32::try_from(passed.0).unwrap_or(0))
    }
}

/// The keyed permutation: for each prefix every index below [`domain`](Self::domain) has its own last six digits.
#[derive(Debug)]
pub struct Digits {
    ff1: Ff1<Aes256>,
    withheld: Withheld,
}

impl Digits {
    /// The permutation under a key.
    #[must_use]
    pub fn new(key: &NumberKey, withheld: Withheld) -> Option<Self> {
        let cipher = Aes256::new_from_slice(key.0.as_slice()).ok()?;
        Some(Self { ff1: Ff1::new(cipher, 10).ok()?, withheld })
    }

    /// How many indices there are.
    #[must_use]
    pub fn domain(&self) -> u32 {
        NUMBERS_OF_A_PREFIX.saturating_sub(u32::try_from(self.withheld.0.len()).unwrap_or(u32::MAX))
    }

    /// The number at an index; `None` beyond the domain. FF1 permutes a million values under the prefix as its tweak;
    /// where it leaves the domain it is walked on until it returns, which it does because the cycle began inside.
    #[must_use]
    pub fn number(&self, prefix: Prefix, index: u32) -> Option<PersonalNumber> {
        let domain = self.domain();
        if index >= domain {
            return None;
        }
        let mut rank = self.step(prefix, index)?;
        let mut steps = 1_u32;
        while rank >= domain {
            if steps > NUMBERS_OF_A_PREFIX {
                return None;
            }
            rank = self.step(prefix, rank)?;
            steps += 1;
        }
        prefix.with(self.withheld.value_at(rank))
    }

    fn step(&self, prefix: Prefix, value: u32) -> Option<u32> {
        let mut numerals = [0; 6];
        let mut rest = value;
        for numeral in numerals.iter_mut().rev() {
            *numeral = u8::try_from(rest % 10).ok()?;
            rest /= 10;
        }
        let encrypted = self.ff1.encrypt(prefix.as_str().as_bytes(), &numerals).ok()?;
        Some(encrypted.iter().fold(0, |sum, numeral| sum * 10 + u32::from(*numeral)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use cccd_card_profile::card_holder::Sex;

    use super::*;

    fn digits(secret: u8, withheld: &[u32]) -> Digits {
        let key = NumberKey::derive(&Zeroizing::new([secret; 32]));
        Digits::new(&key, Withheld::new(withheld.to_vec()).unwrap()).unwrap()
    }

    fn prefix(year: i16) -> Prefix {
        Prefix::new(79, Sex::Female, year).unwrap()
    }

    fn last(digits: &Digits, year: i16, index: u32) -> u32 {
        digits.number(prefix(year), index).unwrap().can().parse().unwrap()
    }

    /// Every index of the whole domain has a value of its own, and only the withheld ones are missing.
    #[test]
    fn a_bijection_on_the_domain() {
        for withheld in [&[][..], &[0, 1, 111_111, 123_456, 999_998, 999_999]] {
            let digits = digits(1, withheld);
            let mut missing: BTreeSet<u32> = (0..1_000_000).collect();
            for index in 0..digits.domain() {
                let value = last(&digits, 2026, index);
                assert!(missing.remove(&value), "{value} twice");
            }
            assert_eq!(digits.number(prefix(2026), digits.domain()), None);
            assert!(missing.iter().eq(withheld));
        }
    }

    /// A tenth withheld: walks are longer, and still nothing withheld comes and nothing twice.
    #[test]
    fn walking_returns_into_the_domain() {
        let withheld: Vec<u32> = (0..MAX_WITHHELD).map(|i| i * 7).collect();
        let digits = digits(3, &withheld);
        let mut seen = BTreeSet::new();
        for index in (0..digits.domain()).step_by(97) {
            let value = last(&digits, 2000, index);
            assert!(withheld.binary_search(&value).is_err());
            assert!(seen.insert(value));
        }
    }

    /// Neither the neighbour's number nor another key's or prefix's tells anything: differences do not repeat, digits
    /// are even.
    #[test]
    fn nothing_follows_from_the_number_before() {
        let one = digits(1, &[]);
        let values: Vec<u32> = (0..10_000).map(|index| last(&one, 2026, index)).collect();
        let steps: BTreeSet<i64> =
            values.windows(2).map(|pair| i64::from(pair[1]) - i64::from(pair[0])).collect();
        assert!(steps.len() > 9_900, "{}", steps.len());
        for place in 0..6 {
            for digit in 0..10 {
                let count = values.iter().filter(|value| **value / 10_u32.pow(place) % 10 == digit).count();
                // 1,000 expected, 30 is a standard deviation.
                assert!((850..1_150).contains(&count), "{digit} stands {count} times at {place}");
            }
        }
        let same = |other: &Digits, year| {
            (0..10_000).zip(&values).filter(|(index, value)| last(other, year, *index) == **value).count()
        };
        assert!(same(&digits(2, &[]), 2026) < 5);
        assert!(same(&one, 2025) < 5);
    }

    #[test]
    fn values_that_cannot_be_withheld() {
        assert_eq!(Withheld::new(vec![1_000_000]), None);
        assert_eq!(Withheld::new((0..=MAX_WITHHELD).collect()), None);
    }
}
