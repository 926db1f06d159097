//! How much a text looks like Vietnamese in good order.

use unicode_normalization::UnicodeNormalization as _;

use crate::name::is_syllable;

/// Letters beyond Vietnamese that the register's names have: those of the peoples of the highlands and what is typed for
/// đ by mistake.
const OTHER_LETTERS: &str = "ŏŭčĕĭñŎŬČĔĬÑðÐ";

/// Signs that stand in addresses.
const SIGNS: &str = "–—‘’“”…°½²№\u{a0}";

/// Counts over a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Looks {
    /// Words with a letter beyond ASCII that are Vietnamese syllables in regular case.
    pub(super) good: u32,
    /// Words with a letter beyond ASCII that are not.
    pub(super) bad: u32,
    /// Characters that Vietnamese text does not have.
    pub(super) odd: u32,
    /// Control characters and U+FFFD: no text at all.
    pub(super) broken: u32,
    /// What is left of letters of UTF-8 that were taken for Windows-1252: `á»`, `Ä‘`, `Æ°`.
    pub(super) mangled: u32,
}

impl Looks {
    pub(super) fn of(text: &str) -> Self {
        let text: String = text.nfc().collect();
        let mut looks = Self::default();
        for c in text.chars().filter(|c| !c.is_ascii()) {
            if (c.is_control()) || c == '\u{FFFD}' {
                looks.broken += 1;
            } else if !is_vietnamese(c) && !OTHER_LETTERS.contains(c) && !SIGNS.contains(c) {
                looks.odd += 1;
            }
        }
        let pairs = text.chars().zip(text.chars().skip(1));
        looks.mangled = count(pairs.filter(|(lead, next)| is_mangled(*lead, *next)));
        looks.broken += count(text.chars().filter(|c| c.is_ascii_control() && !c.is_ascii_whitespace()));
        for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_ascii()) {
            if is_syllable(word) && regular_case(word) { looks.good += 1 } else { looks.bad += 1 }
        }
        looks
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            good: self.good + other.good,
            bad: self.bad + other.bad,
            odd: self.odd + other.odd,
            broken: self.broken + other.broken,
            mangled: self.mangled + other.mangled,
        }
    }

    /// Nothing speaks for another encoding.
    pub(super) fn clean(self) -> bool {
        self.bad + self.odd + self.broken == 0
    }

    /// The share of what is Vietnamese among what is told by the encoding, in percent.
    pub(super) fn share(self) -> u32 {
        if self.broken > 0 {
            return 0;
        }
        (100 * self.good).checked_div(self.good + self.bad + self.odd).unwrap_or(0)
    }
}

/// The octet that begins a letter in UTF-8 and one that continues it, as Windows-1252 shows them. What a Vietnamese word ends with
/// may stand before a quotation mark.
fn is_mangled(lead: char, next: char) -> bool {
    let sign = matches!(next, '\u{a1}'..='\u{bf}') || "€‚ƒ„†‡ˆ‰‹˜™›".contains(next);
    match lead {
        'Ä' | 'Å' | 'Æ' => sign || "‘’“”…•".contains(next),
        'Â' | 'Ã' => sign,
        'á' => "»º".contains(next),
        'â' => next == '€',
        _ => false,
    }
}

fn count<T>(chars: impl Iterator<Item = T>) -> u32 {
    u32::try_from(chars.count()).unwrap_or(u32::MAX)
}

/// A letter of the Vietnamese alphabet beyond ASCII, composed.
pub(super) fn is_vietnamese(c: char) -> bool {
    matches!(c, '\u{1EA0}'..='\u{1EF9}') || "ĂÂÊÔƠƯĐăâêôơưđÀÁÃÈÉÌÍĨÒÓÕÙÚŨÝàáãèéìíĩòóõùúũý".contains(c)
}

/// All small, all capitals, or one capital and then small.
fn regular_case(word: &str) -> bool {
    let mut rest = word.chars();
    let first = rest.next().is_some_and(char::is_uppercase);
    let large = rest.clone().filter(|c| c.is_uppercase()).count();
    large == 0 || (first && large == rest.count())
}
