//! Names without what typists leave out, and as they sound.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::{TONES, comparison_key};

/// The most words of a name that are looked at.
pub const MAX_WORDS: usize = 16;

/// A name as typed without diacritics: small letters of ASCII where Vietnamese has them, đ as d, words parted by one space.
/// Apostrophes go (`H'Hen`, `HHen`), hyphens part words.
#[must_use]
pub fn fold(name: &str) -> String {
    let mut folded = String::new();
    for (at, word) in words(name).iter().enumerate() {
        if at > 0 {
            folded.push(' ');
        }
        folded.push_str(&word.plain);
    }
    folded
}

/// A word of a name in the forms that are compared.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// [`comparison_key`] of the word: spelling counts.
    pub(super) spelt: String,
    /// Without diacritics, d for đ.
    pub(super) plain: String,
    /// [`plain`](Self::plain) as it sounds: see [`sound`].
    pub(super) sound: String,
}

impl Word {
    /// Typed without diacritics, or a word that has none.
    pub(super) fn is_plain(&self) -> bool {
        self.spelt == self.plain
    }

    /// The spelling with i for y, or with one tone for hỏi and ngã.
    pub(super) fn with_i(&self) -> String {
        self.spelt.replace('y', "i")
    }

    pub(super) fn with_hook(&self) -> String {
        self.spelt.replace('\u{303}', "\u{309}")
    }
}

/// The words of a name; a consonant that stands alone belongs to the word after it (`H Hen`, `K' Sor`).
pub(super) fn words(name: &str) -> Vec<Word> {
    let key = comparison_key(name);
    let mut words: Vec<Word> = Vec::new();
    let mut mark = String::new();
    for part in key.split([' ', '-']).filter(|part| !part.is_empty()) {
        let letters: String = part.chars().filter(|c| c.is_alphanumeric() || is_combining_mark(*c)).collect();
        // Marks without a letter under them are none.
        if letters.chars().all(is_combining_mark) {
            continue;
        }
        if mark.is_empty() && is_consonant(&letters) {
            mark = letters;
            continue;
        }
        words.push(word(&(core::mem::take(&mut mark) + &letters)));
        if words.len() == MAX_WORDS {
            return words;
        }
    }
    if !mark.is_empty() {
        words.push(word(&mark));
    }
    words
}

fn is_consonant(letters: &str) -> bool {
    let mut letters = letters.chars().filter(|c| !is_combining_mark(*c));
    letters.next().is_some_and(|letter| "bcdđfghjklmnpqrstvwxz".contains(letter)) && letters.next().is_none()
}

fn word(spelt: &str) -> Word {
    let plain: String = spelt
        .nfd()
        .filter(|c| !is_combining_mark(*c) && !TONES.contains(c))
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect();
    let sound = sound(&plain);
    Word { spelt: spelt.to_owned(), plain, sound }
}

/// A folded word as it sounds where people take one letter for another: s/x, tr/ch, l/n at the beginning, d/gi/r, c/k/q, ph/f,
/// g/gh, ng/ngh, i/y. Two words of one sound need not be one word.
#[must_use]
pub fn sound(plain: &str) -> String {
    let word = plain.replace('y', "i");
    let (onset, rest) = [
        ("ngh", "ng"),
        ("gh", "g"),
        ("gi", "d"),
        ("tr", "ch"),
        ("ph", "f"),
        ("ng", "ng"),
        ("nh", "nh"),
        ("kh", "kh"),
        ("x", "s"),
        ("l", "n"),
        ("r", "d"),
        ("c", "k"),
        ("q", "k"),
    ]
    .iter()
    .find_map(|(from, to)| Some((*to, word.strip_prefix(from)?)))
    .unwrap_or(("", &word));
    // ch is no c; gì and gìn have the i as their vowel.
    let vowel = |text: &str| text.starts_with(['a', 'e', 'i', 'o', 'u']);
    match onset {
        "k" if rest.starts_with('h') => word.clone(),
        "d" if word.starts_with("gi") && !vowel(rest) => format!("di{rest}"),
        _ => format!("{onset}{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_diacritics() {
        for (name, folded) in [
            ("Nguyễn Văn Đức", "nguyen van duc"),
            ("ĐẶNG THUỲ  Dương", "dang thuy duong"),
            ("H'Hen Niê", "hhen nie"),
            ("H’ Hen Niê", "hhen nie"),
            ("H Hen Niê", "hhen nie"),
            ("K'Sor H'Bliă", "ksor hblia"),
            ("Y Bhiên Niê-Kđăm", "y bhien nie kdam"),
            ("Ðinh", "dinh"),
            ("", ""),
        ] {
            assert_eq!(fold(name), folded, "{name}");
        }
    }

    #[test]
    fn what_sounds_alike() {
        for (one, other) in [
            ("son", "xon"),
            ("trang", "chang"),
            ("lam", "nam"),
            ("dung", "rung"),
            ("giang", "rang"),
            ("ly", "li"),
            ("gin", "din"),
            ("phuc", "fuc"),
            ("kieu", "cieu"),
            ("nghia", "ngia"),
            ("quy", "kui"),
        ] {
            assert_eq!(sound(one), sound(other), "{one} {other}");
        }
        for (one, other) in
            [("nam", "nham"), ("chi", "ki"), ("thanh", "tanh"), ("hai", "hoi"), ("long", "ngong")]
        {
            assert_ne!(sound(one), sound(other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(name in "[\\PC ]{0,60}") {
            let once = fold(&name);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
