//! A file says the same words again and again: what was found to be good UTF-8 once is not judged again.

use std::collections::HashMap;

use unicode_normalization::is_nfc;

use super::judge::Looks;
use super::tables::through_1252;
use super::{MAX_ROW, Recognised, Undecided, recognise};

/// How many words are remembered: more than Vietnamese has syllables.
const MOST: usize = 1 << 16;

/// The longest word that is remembered, in octets.
const LONGEST: usize = 48;

/// What is to be known of a word of composed UTF-8 without control characters.
#[derive(Clone, Copy)]
struct Word {
    /// Nothing in it speaks for another encoding.
    clean: bool,
    /// It has a character that Windows-1252 lacks: no octets that were taken for it look so.
    beyond: bool,
}

/// What a file's rows have said so far.
#[derive(Default)]
pub struct Known {
    words: HashMap<Box<[u8]>, Word>,
}

impl Known {
    /// As [`recognise`](fn@recognise) does with a row that is not ASCII; `None` if it is UTF-8 as it is.
    ///
    /// # Errors
    /// As there.
    pub fn recognise(&mut self, fields: &[&[u8]]) -> Result<Option<Recognised>, Undecided> {
        if self.good(fields) { Ok(None) } else { recognise(fields).map(Some) }
    }

    /// Whether a row is good UTF-8, word by word. What stands between the words is ASCII and no letter, so that no word
    /// changes with its neighbours.
    fn good(&mut self, fields: &[&[u8]]) -> bool {
        let length = fields.iter().map(|field| field.len()).fold(0_usize, usize::saturating_add);
        if length > MAX_ROW || fields.iter().any(|field| has_control(field)) {
            return false;
        }
        let mut row = Word { clean: true, beyond: false };
        for octets in fields.iter().filter(|field| !field.is_ascii()).flat_map(|field| words(field)) {
            let Some(word) = self.word(octets) else { return false };
            row = Word { clean: row.clean && word.clean, beyond: row.beyond || word.beyond };
        }
        row.clean || row.beyond
    }

    fn word(&mut self, octets: &[u8]) -> Option<Word> {
        if let Some(word) = self.words.get(octets) {
            return Some(*word);
        }
        let text = core::str::from_utf8(octets).ok().filter(|text| is_nfc(text))?;
        let looks = Looks::of(text);
        if looks.broken + looks.mangled > 0 {
            return None;
        }
        let word = Word { clean: looks.clean(), beyond: through_1252(text).is_none() };
        if octets.len() <= LONGEST && self.words.len() < MOST {
            self.words.insert(octets.into(), word);
        }
        Some(word)
    }
}

/// Whether a control character of ASCII stands there that is no white space; without a branch, for it looks at every octet.
fn has_control(field: &[u8]) -> bool {
    field.iter().fold(false, |found, octet| {
        found | ((*octet < 0x20) & !matches!(octet, b'\t' | b'\n' | 0x0C | b'\r')) | (*octet == 0x7F)
    })
}

/// Runs of ASCII letters and octets beyond ASCII, those that are not ASCII.
fn words(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    field.split(|octet| octet.is_ascii() && !octet.is_ascii_alphabetic()).filter(|word| !word.is_ascii())
}

impl core::fmt::Debug for Known {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Known").field("words", &self.words.len()).finish()
    }
}
