//! Names, Doc 9303-3 §4.6.

use core::fmt;

/// A name of an MRZ, fillers as spaces. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct MrzName {
    /// Primary identifier: the family name.
    pub primary: String,
    /// Secondary identifier: the other words; empty when the name has one part.
    pub secondary: String,
    /// The field ends in a letter: it may have been truncated.
    pub may_be_truncated: bool,
}

impl MrzName {
    pub(super) fn from_field(field: &str) -> Self {
        let may_be_truncated = !field.ends_with('<');
        let field = field.trim_end_matches('<');
        let (primary, secondary) = field.split_once("<<").unwrap_or((field, ""));
        let spaced =
            |text: &str| text.split('<').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        Self { primary: spaced(primary), secondary: spaced(secondary), may_be_truncated }
    }

    /// All words in order, as [`crate::transliteration::to_ascii_upper`] gives them.
    #[must_use]
    pub fn full(&self) -> String {
        if self.secondary.is_empty() {
            self.primary.clone()
        } else {
            format!("{} {}", self.primary, self.secondary)
        }
    }
}

impl fmt::Debug for MrzName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MrzName(…)")
    }
}

/// The name field of `width` characters: the first word is the primary identifier, the others the secondary.
///
/// A name that is too long is truncated (Doc 9303-5 §4.2.3): words of the secondary identifier lose letters, the
/// longest of the middle words first, then the family name, the given name (which tells Vietnamese names apart)
/// last; each word keeps its first letter. The field then ends in a letter, which says that truncation may have
/// occurred. `None` without a word.
#[must_use]
pub fn name_field(words: &[String], width: usize) -> Option<String> {
    // However long the name: no word and no number of words beyond what the field could hold at all.
    let (last, others) = words.split_last()?;
    let cut = |word: &'_ String| word.len().min(width);
    let mut words: Vec<&str> = others
        .iter()
        .take(width)
        .chain(core::iter::once(last))
        .filter_map(|word| word.get(..cut(word)))
        .collect();
    // One filler between words, one more after the first.
    let length = |words: &[&str]| {
        let letters = words.iter().fold(0_usize, |sum, word| sum.saturating_add(word.len()));
        let fillers = if words.len() > 1 { words.len() } else { 0 };
        letters.saturating_add(fillers)
    };
    while length(&words) > width {
        if !shorten(&mut words) {
            // All initials, and still too long: the middle words go from the end.
            let before_last = words.len().checked_sub(2)?;
            words.remove(before_last);
        }
    }
    let (primary, secondary) = words.split_first()?;
    let mut field = (*primary).to_owned();
    for (number, word) in secondary.iter().enumerate() {
        field.push_str(if number == 0 { "<<" } else { "<" });
        field.push_str(word);
    }
    Some(format!("{field:<<width$}"))
}

/// Takes one letter off; `false` when every word is an initial already.
fn shorten(words: &mut [&str]) -> bool {
    let last = words.len().saturating_sub(1);
    let rank = |position: usize| match position {
        0 => 1,
        position if position == last => 0,
        _ => 2,
    };
    let longest = words
        .iter_mut()
        .enumerate()
        .filter(|(_, word)| word.len() > 1)
        .max_by_key(|(position, word)| (rank(*position), word.len()));
    match longest {
        Some((_, word)) => {
            *word = word.get(..word.len().saturating_sub(1)).unwrap_or_default();
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> String {
        let words: Vec<String> = name.split(' ').map(str::to_owned).collect();
        name_field(&words, 30).unwrap()
    }

    #[test]
    fn fits() {
        assert_eq!(field("NGUYEN VAN AN"), "NGUYEN<<VAN<AN<<<<<<<<<<<<<<<<");
        assert_eq!(field("Y"), "Y<<<<<<<<<<<<<<<<<<<<<<<<<<<<<");
        assert_eq!(name_field(&[], 30), None);
    }

    #[test]
    fn too_long_ends_in_a_letter_and_keeps_family_and_given_name() {
        let long = field("NGUYENPHUOC CONGTANGTON NU HUONG GIANG");
        assert_eq!(long, "NGUYENPHUOC<<CONG<NU<HUO<GIANG");
        assert!(MrzName::from_field(&long).may_be_truncated);
        assert_eq!(field(&["A".repeat(40)].join(" ")), "A".repeat(30));
        let many = field(&["AB"; 100_000].join(" "));
        assert_eq!(many.len(), 30);
        assert!(many.starts_with("A<<A<A") && !many.contains("<<<"));
    }

    #[test]
    fn reads_back() {
        let name = MrzName::from_field("TRAN<<THI<BINH<<<<<<<<<<<<<<<<");
        assert_eq!((name.primary.as_str(), name.secondary.as_str()), ("TRAN", "THI BINH"));
        assert!(!name.may_be_truncated);
        assert_eq!(name.full(), "TRAN THI BINH");
    }
}
