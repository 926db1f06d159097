//! How Vietnamese names are compared.
//!
//! [`agree`] decides whether two names are spelt alike: spelling counts, ways of writing the same spelling do not. [`compare`] says
//! how alike two names are and why: diacritics left out, letters taken for one another, words in another order.

mod compare;
mod fold;
mod syllable;

use unicode_normalization::char::is_combining_mark;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

pub use compare::{Likeness, NameComparison, NameReason, PreparedName, WordPair, compare};
pub use fold::{MAX_WORDS, fold, sound};
pub use syllable::is_syllable;

/// The longest name the register holds, in characters.
pub const MAX_NAME: usize = 200;

const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// NFC with white space collapsed: the form in which the register keeps every text.
#[must_use]
pub fn clean(text: &str) -> String {
    if is_clean(text) {
        return text.to_owned();
    }
    text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether [`clean`] would change nothing, as far as one can tell without doing it.
pub(crate) fn is_clean(text: &str) -> bool {
    let mut after_space = true;
    for c in text.chars() {
        let space = c.is_whitespace();
        if space && (after_space || c != ' ') {
            return false;
        }
        after_space = space;
    }
    (!after_space || text.is_empty()) && is_nfc_quick(text.chars()) == IsNormalized::Yes
}

/// The key under which two spellings of one name are equal: NFC, case, white space, apostrophes (`H'Hen`, `H’Hen`),
/// `ð` for `đ`, and both ways of placing a tone mark (`hòa`, `hoà`). Diacritics count: `Nguyen` is not `Nguyễn`.
#[must_use]
pub fn comparison_key(name: &str) -> String {
    let lower: String = name.nfd().flat_map(char::to_lowercase).collect();
    // Lower-casing may compose (İ): decompose again before marks are moved.
    let decomposed: String = lower
        .nfd()
        .map(|c| match c {
            '’' | 'ʼ' | '‘' | '`' | '´' | 'ʻ' => '\'',
            'ð' => 'đ',
            '‐' | '‑' | '–' => '-',
            other => other,
        })
        .collect();
    decomposed.split_whitespace().map(tone_last).collect::<Vec<_>>().join(" ")
}

/// Moves the tone mark of each run of letters to its end, so that its place within the syllable does not count.
fn tone_last(word: &str) -> String {
    let mut key = String::with_capacity(word.len());
    let mut tones = Vec::new();
    for c in word.chars() {
        if TONES.contains(&c) {
            tones.push(c);
        } else if c.is_alphabetic() || is_combining_mark(c) {
            key.push(c);
        } else {
            key.extend(tones.drain(..));
            key.push(c);
        }
    }
    key.extend(tones);
    key
}

/// Whether two names are spelt alike; see [`comparison_key`].
#[must_use]
pub fn agree(one: &str, other: &str) -> bool {
    comparison_key(one) == comparison_key(other)
}

/// Whether two texts name one user, officer or source: case, blanks, forms of one letter and marks that nobody sees do not
/// count. Who takes another letter that looks alike is somebody else here: these are names that people type, not accounts.
#[must_use]
pub fn same_user(one: &str, other: &str) -> bool {
    user_key(one) == user_key(other)
}

fn user_key(text: &str) -> String {
    let seen: String =
        text.nfkc().filter(|c| !is_unseen(*c) && (!c.is_control() || c.is_whitespace())).collect();
    comparison_key(&seen)
}

/// A mark that nobody sees, or that turns the order of what stands around it.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// As a screen may show it: what an old entry holds of controls and of marks that nobody sees is replaced.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_unseen(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_user_in_several_spellings() {
        for other in [
            "Import:so-2 ",
            " IMPORT:SO-2",
            "import:so-2\u{200b}",
            "ｉｍｐｏｒｔ:so-2",
            "import:so\u{ad}-2\u{7}",
        ] {
            assert!(same_user("import:so-2", other), "{other:?}");
        }
        assert!(same_user("Trần Hòa", "Tra\u{302}\u{300}n  hoà"));
        for other in ["import:so-3", "so-2", "import:so 2", ""] {
            assert!(!same_user("import:so-2", other), "{other:?}");
        }
    }

    #[test]
    fn ways_of_writing_one_spelling() {
        for (one, other) in [
            ("Nguyễn Văn Hòa", "NGUYỄN VĂN HOÀ"),
            ("Trần Thị Thúy", "trần  thị\u{a0}thuý"),
            ("Lê Văn Hoè", "Lê Văn Hòe"),
            ("Nguyễn Văn An", "Nguye\u{302}\u{303}n Va\u{306}n An"),
            ("H'Hen Niê", "H’Hen Niê"),
            ("Đặng Thuỷ", "ÐẶNG THỦY"),
            ("Y Moan Êban", "y moan êban"),
        ] {
            assert!(agree(one, other), "{one} / {other}");
        }
    }

    #[test]
    fn other_spellings_are_other_names() {
        for (one, other) in [
            ("Nguyễn Văn An", "Nguyen Van An"),
            ("Nguyễn Văn An", "Nguyễn Văn Ân"),
            ("Nguyễn Văn An", "Nguyễn An Văn"),
            ("Nguyễn Văn An", "Nguyễn VănAn"),
            ("Trần Hòa", "Trần Hóa"),
            ("Đỗ Lan", "Dỗ Lan"),
            ("Hoa Là", "Hòa La"),
        ] {
            assert!(!agree(one, other), "{one} / {other}");
        }
    }

    proptest! {
        #[test]
        fn keys_are_stable(name in ".{0,60}") {
            let key = comparison_key(&name);
            prop_assert_eq!(&comparison_key(&key), &key);
            prop_assert_eq!(comparison_key(&clean(&name)), key);
        }
    }
}
