//! Numbers that are given once: personal numbers (NĐ 137/2015 art. 13) and CMND of nine digits.

use std::collections::HashMap;

use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::PersonalNumber;

/// Counts for each place, sex, century and year; the last digits are a permutation of the count, so that numbers look
/// drawn and never repeat.
#[derive(Debug)]
pub(super) struct Numbers {
    counts: HashMap<String, u64>,
    old: u64,
    offset: u64,
}

impl Numbers {
    pub(super) fn new(seed: u64) -> Self {
        Self { counts: HashMap::new(), old: 0, offset: seed % 1_000_000 }
    }

    /// `PPP G YY NNNNNN`; `None` once a million are given for one prefix.
    pub(super) fn personal(&mut self, place: &str, sex: Sex, year: i16) -> Option<PersonalNumber> {
        let century = (year / 100).checked_sub(19)?;
        let digit = century.checked_mul(2)?.checked_add(i16::from(sex == Sex::Female))?;
        let prefix = format!("{place}{digit}{:02}", year % 100);
        // Every prefix begins elsewhere, or neighbours would share their last six digits, which are the CAN.
        let offset =
            prefix.bytes().fold(self.offset, |sum, byte| (sum * 31 + u64::from(byte) * 7_919) % 1_000_000);
        let count = self.counts.entry(prefix.clone()).or_default();
        if *count >= 1_000_000 {
            return None;
        }
        // 387 413 is coprime to ten: a permutation of the six digits.
        let last = (*count * 387_413 + offset % 1_000_000) % 1_000_000;
        *count += 1;
        PersonalNumber::parse(&format!("{prefix}{last:06}")).ok()
    }

    /// Nine digits.
    pub(super) fn old(&mut self) -> String {
        let last = (self.old * 387_420_489 + self.offset + 17) % 1_000_000_000;
        self.old += 1;
        format!("{last:09}")
    }
}
