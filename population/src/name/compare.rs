//! How alike two names are, and why.

use super::fold::{Word, words};

/// How alike two words of a name are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Likeness {
    /// Nothing in common.
    Unlike,
    /// Two letters apart, in a long word.
    TwoLetters,
    /// One letter added, missing, changed, or two exchanged.
    OneLetter,
    /// The same letters, other diacritics.
    Diacritics,
    /// Letters that are taken for one another: s/x, tr/ch, l/n, d/gi/r.
    Sound,
    /// One of the two was typed without diacritics.
    WithoutDiacritics,
    /// Hỏi for ngã or the other way.
    HookTilde,
    /// i for y or the other way.
    IForY,
    /// Spelt alike; case, place of the tone mark and normal form do not count.
    Same,
}

impl Likeness {
    /// The reason code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unlike => "unlike",
            Self::TwoLetters => "two-letters",
            Self::OneLetter => "one-letter",
            Self::Diacritics => "diacritics",
            Self::Sound => "sound",
            Self::WithoutDiacritics => "without-diacritics",
            Self::HookTilde => "hook-tilde",
            Self::IForY => "i-for-y",
            Self::Same => "same",
        }
    }

    /// What a pair of words of this likeness is worth, in percent.
    fn worth(self, shorter: usize) -> u32 {
        match (self, shorter) {
            (Self::Unlike, _) => 0,
            (Self::TwoLetters, _) | (Self::OneLetter, 0..=2) => 55,
            (Self::OneLetter, 3) => 70,
            (Self::OneLetter, _) => 80,
            (Self::Diacritics, _) => 85,
            (Self::Sound, _) => 88,
            (Self::WithoutDiacritics, _) => 95,
            (Self::HookTilde, _) => 97,
            (Self::IForY, _) => 99,
            (Self::Same, _) => 100,
        }
    }
}

/// A word of one name beside a word of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordPair {
    /// The place in the one name, from 0.
    pub one: usize,
    /// The place in the other name.
    pub other: usize,
    /// How alike they are; never [`Likeness::Unlike`].
    pub likeness: Likeness,
}

/// Why a comparison has its score. Names kinds and places, never letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameReason {
    /// A word of the one name and how it is met in the other.
    Word(WordPair),
    /// The words stand in another order.
    Reordered,
    /// One name has words that the other leaves out.
    Shortened,
    /// Words were written together.
    Joined,
    /// Only the first words, the family names, differ.
    Surname,
    /// A word of either has nothing like it in the other.
    Unmatched,
}

impl NameReason {
    /// The reason code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Word(pair) => pair.likeness.as_str(),
            Self::Reordered => "reordered",
            Self::Shortened => "shortened",
            Self::Joined => "joined",
            Self::Surname => "surname-differs",
            Self::Unmatched => "unmatched",
        }
    }
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameComparison {
    /// 0 to 100; 100 only for names that are spelt alike.
    pub score: u8,
    /// What lowered it; empty at 100.
    pub reasons: Vec<NameReason>,
    /// All words that meet, in the order of the one name.
    pub pairs: Vec<WordPair>,
    /// How many words each name has.
    pub lengths: (usize, usize),
}

/// A name prepared for many comparisons.
#[derive(Clone)]
pub struct PreparedName(Vec<Word>);

impl core::fmt::Debug for PreparedName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "PreparedName({} words)", self.0.len())
    }
}

/// Compares two names; see [`PreparedName::compare`].
#[must_use]
pub fn compare(one: &str, other: &str) -> NameComparison {
    PreparedName::new(one).compare(&PreparedName::new(other))
}

impl PreparedName {
    /// Prepares a name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(words(name))
    }

    /// The words as they sound, without diacritics: [`super::sound`].
    pub fn sounds(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|word| word.sound.as_str())
    }

    /// The words without diacritics.
    pub fn plain(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|word| word.plain.as_str())
    }

    /// The words as they are spelt: [`super::comparison_key`] of each.
    pub fn spelt(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.iter().map(|word| word.spelt.as_str())
    }

    /// Compares word with word, in order and in any order, and takes the better. The given name, last, counts a quarter
    /// more than the others; a word that one name leaves out counts a third.
    #[must_use]
    pub fn compare(&self, other: &Self) -> NameComparison {
        // Where two alignments are equally good, both ways round must choose the same one.
        if self.spelt().le(other.spelt()) {
            return self.aligned(other);
        }
        let mut comparison = other.aligned(self);
        let swapped = |pair: WordPair| WordPair { one: pair.other, other: pair.one, likeness: pair.likeness };
        comparison.pairs = comparison.pairs.into_iter().map(swapped).collect();
        comparison.pairs.sort_by_key(|pair| pair.one);
        for reason in &mut comparison.reasons {
            if let NameReason::Word(pair) = reason {
                *pair = swapped(*pair);
            }
        }
        comparison.lengths = (comparison.lengths.1, comparison.lengths.0);
        comparison
    }

    fn aligned(&self, other: &Self) -> NameComparison {
        let (one, two) = (&self.0, &other.0);
        let lengths = (one.len(), two.len());
        if one.is_empty() || two.is_empty() {
            return NameComparison {
                score: 0,
                reasons: vec![NameReason::Unmatched],
                pairs: Vec::new(),
                lengths,
            };
        }
        let table: Vec<Vec<Likeness>> =
            one.iter().map(|word| two.iter().map(|candidate| likeness(word, candidate)).collect()).collect();
        let at = |pair: (usize, usize)| {
            table.get(pair.0).and_then(|row| row.get(pair.1)).copied().unwrap_or(Likeness::Unlike)
        };
        let weigh = |pair: (usize, usize)| weight(pair.0, lengths.0) + weight(pair.1, lengths.1);
        let value = |pair: (usize, usize)| {
            let length = |word: Option<&Word>| word.map_or(0, |word| word.plain.len());
            at(pair).worth(length(one.get(pair.0)).min(length(two.get(pair.1)))) * weigh(pair)
        };
        let sum = |pairs: &[(usize, usize)]| pairs.iter().map(|pair| value(*pair)).sum::<u32>();
        let (ordered, free) = (in_order(lengths, value), in_any_order(lengths, value));
        let reordered = sum(&free) > sum(&ordered) + 40;
        let places = if reordered { free } else { ordered };
        let met: u32 = sum(&places);
        let full: u32 = places.iter().map(|pair| 100 * weigh(*pair)).sum();
        let left = |own: fn(&(usize, usize)) -> usize, length: usize| -> Vec<u32> {
            (0..length)
                .filter(|at| !places.iter().any(|pair| own(pair) == *at))
                .map(|at| weight(at, length))
                .collect()
        };
        let (left_one, left_two) = (left(|pair| pair.0, lengths.0), left(|pair| pair.1, lengths.1));
        // What both have and does not meet counts whole; what one leaves out counts a third.
        let both = left_one.len().min(left_two.len());
        let unlike: u32 =
            left_one.iter().rev().take(both).zip(left_two.iter().rev()).map(|(a, b)| a + b).sum();
        let missing: u32 = left_one.iter().rev().skip(both).chain(left_two.iter().rev().skip(both)).sum();

        let pairs: Vec<WordPair> =
            places.iter().map(|pair| WordPair { one: pair.0, other: pair.1, likeness: at(*pair) }).collect();
        let mut reasons: Vec<NameReason> = pairs
            .iter()
            .filter(|pair| pair.likeness != Likeness::Same)
            .map(|pair| NameReason::Word(*pair))
            .collect();
        let mut score = met.checked_div((full + 100 * unlike + 70 * missing) / 100).unwrap_or(0).min(100);
        if reordered {
            reasons.push(NameReason::Reordered);
            score = score.saturating_sub(3);
        }
        if missing > 0 {
            reasons.push(NameReason::Shortened);
        }
        if unlike > 0 {
            let first = |own: fn(&WordPair) -> usize| !pairs.iter().any(|pair| own(pair) == 0);
            let only_surname = both == 1
                && missing == 0
                && lengths.0 > 1
                && first(|pair| pair.one)
                && first(|pair| pair.other);
            reasons.push(if only_surname { NameReason::Surname } else { NameReason::Unmatched });
        }
        if !reasons.is_empty() {
            score = score.min(99);
        }
        let mut result =
            NameComparison { score: u8::try_from(score).unwrap_or(100), reasons, pairs, lengths };
        if lengths.0 != lengths.1 && result.score < 95 && self.plain().eq_joined(other.plain()) {
            (result.score, result.reasons) = (95, vec![NameReason::Joined]);
        }
        result
    }
}

trait EqJoined {
    fn eq_joined<'a>(self, other: impl Iterator<Item = &'a str>) -> bool;
}

impl<'s, I: Iterator<Item = &'s str>> EqJoined for I {
    fn eq_joined<'a>(self, other: impl Iterator<Item = &'a str>) -> bool {
        self.flat_map(str::chars).eq(other.flat_map(str::chars))
    }
}

/// The given name, last, five; the others four.
fn weight(place: usize, length: usize) -> u32 {
    if place + 1 == length { 5 } else { 4 }
}

fn likeness(one: &Word, other: &Word) -> Likeness {
    if one.spelt == other.spelt {
        return Likeness::Same;
    }
    if one.plain == other.plain {
        return if one.is_plain() || other.is_plain() {
            Likeness::WithoutDiacritics
        } else if one.with_hook() == other.with_hook() {
            Likeness::HookTilde
        } else {
            Likeness::Diacritics
        };
    }
    if one.with_i() == other.with_i() {
        return Likeness::IForY;
    }
    if one.sound == other.sound {
        return Likeness::Sound;
    }
    let longest = one.plain.chars().count().max(other.plain.chars().count());
    match distance(&one.plain, &other.plain) {
        1 if longest > 1 => Likeness::OneLetter,
        2 if longest >= 7 => Likeness::TwoLetters,
        _ => Likeness::Unlike,
    }
}

/// Letters added, missing, changed, or neighbours exchanged (Damerau, optimal string alignment); 3 for more than two, and
/// for words longer than 24 letters, which are not looked at.
fn distance(one: &str, other: &str) -> usize {
    const MOST: usize = 24;
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 2 || one.len() > MOST || other.len() > MOST {
        return 3;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, candidate) in other.iter().enumerate() {
            let get = |line: &[usize], place: usize| line.get(place).copied().unwrap_or(3);
            let change = get(&last, column) + usize::from(letter != candidate);
            let mut best = change.min(get(&last, column + 1) + 1).min(get(&next, column) + 1);
            let exchanged = row > 0
                && column > 0
                && one.get(row - 1) == Some(candidate)
                && other.get(column - 1) == Some(letter);
            if exchanged {
                best = best.min(get(&before, column - 1) + 1);
            }
            next.push(best);
        }
        before = core::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or(3).min(3)
}

/// The pairs of the best alignment that keeps the order.
fn in_order((ones, others): (usize, usize), value: impl Fn((usize, usize)) -> u32) -> Vec<(usize, usize)> {
    let width = others + 1;
    let mut best = vec![0_u32; (ones + 1) * width];
    let at = |best: &[u32], row: usize, column: usize| best.get(row * width + column).copied().unwrap_or(0);
    // From the end, so that walking forward reads the choice off.
    for row in (0..ones).rev() {
        for column in (0..others).rev() {
            let pair = at(&best, row + 1, column + 1) + value((row, column));
            let most = pair.max(at(&best, row + 1, column)).max(at(&best, row, column + 1));
            if let Some(cell) = best.get_mut(row * width + column) {
                *cell = most;
            }
        }
    }
    let (mut row, mut column, mut pairs) = (0, 0, Vec::new());
    while row < ones && column < others {
        let here = at(&best, row, column);
        let worth = value((row, column));
        if worth > 0 && here == at(&best, row + 1, column + 1) + worth {
            pairs.push((row, column));
            (row, column) = (row + 1, column + 1);
        } else if here == at(&best, row + 1, column) {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

/// The best pairs first, each word once.
fn in_any_order(
    (ones, others): (usize, usize),
    value: impl Fn((usize, usize)) -> u32,
) -> Vec<(usize, usize)> {
    let mut all: Vec<(u32, (usize, usize))> = (0..ones)
        .flat_map(|one| (0..others).map(move |other| (one, other)))
        .map(|pair| (value(pair), pair))
        .filter(|(worth, _)| *worth > 0)
        .collect();
    all.sort_by_key(|(worth, pair)| (core::cmp::Reverse(*worth), *pair));
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (_, pair) in all {
        if !pairs.iter().any(|taken| taken.0 == pair.0 || taken.1 == pair.1) {
            pairs.push(pair);
        }
    }
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn codes(one: &str, other: &str) -> (u8, Vec<&'static str>) {
        let result = compare(one, other);
        (result.score, result.reasons.iter().map(|reason| reason.as_str()).collect())
    }

    #[test]
    fn every_reason_has_its_name() {
        for (one, other, reasons) in [
            ("Nguyễn Văn Hoà", "NGUYỄN VĂN HÒA", &[][..]),
            ("H'Hen Niê", "H’ Hen Niê", &[]),
            ("K'Sor Blưi", "Ksor Blưi", &[]),
            ("Nguyễn Văn An", "Nguyen Van An", &["without-diacritics"; 2]),
            ("Lý Thị Mai", "Lí Thị Mai", &["i-for-y"]),
            ("Nguyễn Văn Vĩ", "Nguyễn Văn Vỉ", &["hook-tilde"]),
            ("Trần Văn Sơn", "Trần Văn Xơn", &["sound"]),
            ("Trần Thị Trinh", "Trần Thị Chinh", &["sound"]),
            ("Vũ Văn Lam", "Vũ Văn Nam", &["sound"]),
            ("Vũ Thị Giung", "Vũ Thị Dung", &["sound"]),
            ("Nguyễn Văn Hùng", "Nguyễn Văn Hừng", &["diacritics"]),
            ("Nguyễn Văn Thắng", "Nguyễn Văn Thắg", &["one-letter"]),
            ("Nguyễn Văn Thắng", "Nguyễn Văn Tắhng", &["one-letter"]),
            ("Nguyễn Văn An", "An Nguyễn Văn", &["reordered"]),
            ("Nguyễn Thị Thu Hà", "Nguyễn Thu Hà", &["shortened"]),
            ("Nguyễn Văn An", "Trần Văn An", &["surname-differs"]),
            ("Y Moan Êban", "YMoan Êban", &["joined"]),
            ("Nguyễn Văn An", "Nguyễn Văn Bình", &["unmatched"]),
            ("Nguyễn Văn An", "Phạm Thị Lụa", &["unmatched"]),
        ] {
            let (score, found) = codes(one, other);
            assert_eq!(found, reasons, "{one} / {other}: {score}");
            assert_eq!(score == 100, reasons.is_empty(), "{one} / {other}: {score}");
        }
    }

    /// What is likelier to be one name stands before what is less likely.
    #[test]
    fn scores_are_in_order() {
        let scores = [
            ("Nguyễn Văn Thắng", "Nguyễn Văn Thắng"),
            ("Nguyễn Văn Lý", "Nguyễn Văn Lí"),
            ("Nguyễn Văn Thắng", "Nguyen Van Thang"),
            ("Nguyễn Văn Sơn", "Nguyễn Văn Xơn"),
            ("Nguyễn Văn Thắng", "Nguyễn Văn Thắg"),
            ("Nguyễn Văn Thắng", "Nguyễn Thắng"),
            ("Nguyễn Văn Thắng", "Trần Văn Thắng"),
            ("Nguyễn Văn Thắng", "Nguyễn Văn Bình"),
            ("Nguyễn Văn Thắng", "Phạm Thị Lụa"),
        ]
        .map(|(one, other)| codes(one, other).0);
        assert!(scores.is_sorted_by(|one, other| one >= other), "{scores:?}");
        assert!(scores[5] > 80 && scores[6] < 80 && scores[8] == 0, "{scores:?}");
    }

    proptest! {
        #[test]
        fn comparing_is_fair(one in "(\\PC{0,8} ?){0,5}", other in "(\\PC{0,8} ?){0,5}") {
            let (there, back) = (compare(&one, &other), compare(&other, &one));
            prop_assert_eq!(there.score, back.score);
            prop_assert!(there.score <= 100);
            prop_assert_eq!(there.score == 100, there.reasons.is_empty());
        }

        #[test]
        fn a_name_is_like_itself(name in "[A-Za-zàáảãạăâđêôơưỳ]{1,7}( [A-Za-zàáảãạăâđêôơưỳ]{1,7}){0,4}") {
            prop_assert_eq!(compare(&name, &name).score, 100);
        }
    }
}
