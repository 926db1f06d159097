//! How common words of names are.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::generate::name_elements;
use crate::name::{PreparedName, comparison_key, fold};

/// The share of people whose name has a word, without diacritics and as it is spelt.
#[derive(Clone, Debug, Default)]
pub struct NameFrequencies {
    counts: HashMap<String, u32>,
    spelt: HashMap<String, u32>,
    people: u32,
}

/// A small register has not seen every common name.
static NATIONAL: LazyLock<NameFrequencies> = LazyLock::new(NameFrequencies::national);

/// A word that was never seen is as rare as one person in so many.
const UNSEEN: u32 = 20_000;

impl NameFrequencies {
    /// Counted over a register.
    #[must_use]
    pub fn of<'n>(names: impl IntoIterator<Item = &'n PreparedName>) -> Self {
        let mut frequencies = Self::default();
        for name in names {
            frequencies.people = frequencies.people.saturating_add(1);
            name.plain().for_each(|word| add(&mut frequencies.counts, word, 1));
            name.spelt().for_each(|word| add(&mut frequencies.spelt, word, 1));
        }
        frequencies
    }

    /// The national proportions of the generator's tables, for a register too small to count.
    #[must_use]
    pub fn national() -> Self {
        let mut frequencies = Self { people: 20_000, ..Self::default() };
        for (word, weight) in name_elements() {
            add(&mut frequencies.counts, &fold(word), weight);
            add(&mut frequencies.spelt, &comparison_key(word), weight);
        }
        frequencies
    }

    /// How much it says that two people share a word, in tenths of a bit: −log₂ of its share, 130 at most.
    #[must_use]
    pub fn information(&self, word: &str) -> i32 {
        let share = |count: u32, people: u32| f64::from(count.max(1)) / f64::from(people.max(1));
        let share = match self.counts.get(word) {
            Some(count) => share(*count, self.people).max(share(1, UNSEEN)),
            None => share(1, UNSEEN),
        };
        tenths(-share.min(1.0).log2()).min(130)
    }

    /// Whether a word is a name that many have: it is no slip of the pen.
    #[must_use]
    pub fn is_common(&self, spelt: &str) -> bool {
        let many = |count: &u32| u64::from(*count) * 4_000 >= u64::from(self.people) && *count > 2;
        NATIONAL.spelt.contains_key(spelt) || self.spelt.get(spelt).is_some_and(many)
    }
}

fn add(counts: &mut HashMap<String, u32>, word: &str, weight: u32) {
    match counts.get_mut(word) {
        Some(count) => *count = count.saturating_add(weight),
        None => drop(counts.insert(word.to_owned(), weight)),
    }
}

/// Bits to tenths of a bit.
#[expect(clippy::cast_possible_truncation, reason = "a logarithm of a share, far below 2³¹")]
fn tenths(bits: f64) -> i32 {
    (bits * 10.0).round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_words_say_more() {
        let national = NameFrequencies::national();
        let [nguyen, dung, nhan, never] =
            ["nguyen", "dung", "nhan", "zzz"].map(|word| national.information(word));
        assert!(nguyen < dung && dung < nhan && nhan < never, "{nguyen} {dung} {nhan} {never}");
        assert!(national.is_common("lan") && !national.is_common("lnn"));
        assert!(never <= 130);
    }
}
