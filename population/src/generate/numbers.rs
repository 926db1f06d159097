//! Numbers that are given once: personal numbers (NĐ 137/2015 art. 13) and CMND of nine digits.

use std::collections::HashMap;

use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::PersonalNumber;
use sha2::{Digest, Sha256};

/// Counts for each place, sex, century and year; the last digits are a keyed permutation of the count, so that numbers
/// look drawn and never repeat.
#[derive(Debug)]
pub(super) struct Numbers {
    counts: HashMap<String, u64>,
    old: u64,
    seed: u64,
}

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self { counts: HashMap::new(), old: 0, seed }
    }

    /// `PPP G YY NNNNNN`; `None` once a million are given for one prefix.
    pub(super) fn personal(&mut self, place: &str, sex: Sex, year: i16) -> Option<PersonalNumber> {
        let century = (year / 100).checked_sub(19)?;
        let digit = century.checked_mul(2)?.checked_add(i16::from(sex == Sex::Female))?;
        let prefix = format!("{place}{digit}{:02}", year % 100);
        let count = self.counts.entry(prefix.clone()).or_default();
        if *count >= 1_000_000 {
            return None;
        }
        let last = drawn(*count, [1_000, 1_000], self.seed, &prefix);
        *count += 1;
        PersonalNumber::parse(&format!("{prefix}{last:06}")).ok()
    }

    /// Nine digits.
    pub(super) fn old(&mut self) -> String {
        let last = drawn(self.old, [100_000, 10_000], self.seed, "CMND");
        self.old += 1;
        format!("{last:09}")
    }
}

/// A permutation of the numbers below `high · low`: the two halves are shifted in turn by a digest of the other one
/// (an unbalanced Feistel network). Every key has another order.
fn drawn(count: u64, [high, low]: [u64; 2], seed: u64, key: &str) -> u64 {
    let digest = |round: u8, half: u64| {
        let hash = Sha256::new()
            .chain_update(seed.to_be_bytes())
            .chain_update([round])
            .chain_update(half.to_be_bytes())
            .chain_update(key);
        hash.finalize().iter().take(7).fold(0, |sum, byte| (sum << 8) | u64::from(*byte))
    };
    let (mut left, mut right) = ((count / low) % high, count % low);
    for round in 0..4 {
        left = (left + digest(round, right)) % high;
        right = (right + digest(round | 0x80, left)) % low;
    }
    left * low + right
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_number_once_in_no_order() {
        let all: HashSet<u64> = (0..20_000).map(|count| drawn(count, [200, 100], 1, "079099")).collect();
        assert_eq!(all.len(), 20_000);
        assert!(all.iter().all(|number| *number < 20_000));
        let steps: HashSet<i64> = (0..1_000_u32)
            .map(|count| {
                let one = |count| drawn(u64::from(count), [1_000, 1_000], 7, "001199").cast_signed();
                one(count + 1) - one(count)
            })
            .collect();
        assert!(steps.len() > 950, "steps repeat: {}", steps.len());
    }
}
