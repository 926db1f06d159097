//! From octets to text, one way for each encoding. What an encoding does not have stays the character of Windows-1252, is
//! counted, and counts against it.

use unicode_normalization::UnicodeNormalization as _;

use super::tables::{TCVN3, VNI_LETTERS, VNI_MARKS, WINDOWS_1258, composed, windows_1252};

/// A text, and how many octets its encoding does not have.
pub(super) type Decoded = (String, u32);

/// Punctuation of Windows-1252 is used beside every encoding.
fn beside(octet: u8) -> bool {
    octet < 0xA1
}

fn from_table(table: &[(u8, char)], octet: u8) -> char {
    table.iter().find(|(code, _)| *code == octet).map_or_else(|| windows_1252(octet), |(_, letter)| *letter)
}

/// TCVN3; words in capitals get the capitals that the encoding could not write.
pub(super) fn tcvn3(octets: &[u8]) -> Decoded {
    let known = |octet: &u8| beside(*octet) || TCVN3.iter().any(|(code, _)| code == octet);
    let foreign = count(octets.iter().filter(|octet| !known(octet)));
    (tcvn3_text(octets), foreign)
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}

fn tcvn3_text(octets: &[u8]) -> String {
    let text: String = octets.iter().map(|octet| from_table(&TCVN3, *octet)).collect();
    let words = || text.split_inclusive(|c: char| !c.is_alphabetic());
    // A field without small letters of ASCII is in capitals if one word shows it; Lã Tạ does not.
    if !text.contains(|c: char| c.is_ascii_lowercase()) && words().any(in_capitals) {
        return text.to_uppercase();
    }
    words().map(|word| if in_capitals(word) { word.to_uppercase() } else { word.to_owned() }).collect()
}

/// Two capitals of ASCII or more, and no small letter of it.
fn in_capitals(word: &str) -> bool {
    !word.contains(|c: char| c.is_ascii_lowercase())
        && word.matches(|c: char| c.is_ascii_uppercase()).count() >= 2
}

/// Windows-1258: letters and the tones that follow them.
pub(super) fn windows_1258(octets: &[u8]) -> Decoded {
    (octets.iter().map(|octet| from_table(&WINDOWS_1258, *octet)).nfc().collect(), 0)
}

/// VNI for Windows: vowels and what follows them.
pub(super) fn vni(octets: &[u8]) -> Decoded {
    let mut foreign = 0;
    let mut text: Vec<char> = Vec::with_capacity(octets.len());
    for octet in octets {
        let capital = (0xC0..0xE0).contains(octet);
        let small = if capital { octet | 0x20 } else { *octet };
        let last = text.last().copied();
        let mark = VNI_MARKS.iter().find(|(code, _)| *code == small && *octet >= 0xC0);
        let marked = last
            .filter(|base| {
                base.is_uppercase() == capital
                    && "aeouyơư".contains(base.to_lowercase().next().unwrap_or(' '))
            })
            .zip(mark)
            .and_then(|(base, (_, marks))| composed(base, marks));
        let letter =
            VNI_LETTERS.iter().find(|(code, _)| *code == small && *octet >= 0xC0).map(|(_, letter)| *letter);
        match (marked, letter) {
            (Some(marked), _) => {
                text.pop();
                text.push(marked);
            }
            (None, Some(letter)) if capital => text.extend(letter.to_uppercase()),
            (None, Some(letter)) => text.push(letter),
            (None, None) => {
                foreign += u32::from(!beside(*octet));
                text.push(windows_1252(*octet));
            }
        }
    }
    (text.into_iter().collect(), foreign)
}

/// VIQR (RFC 1456 §2): `^` `(` `+` shape a vowel, `'` `` ` `` `?` `~` `.` are tones, `dd` is đ.
pub(super) fn viqr(text: &str) -> String {
    let mut out: Vec<char> = Vec::with_capacity(text.len());
    // What may follow the last character: shape and tone, tone only, nothing.
    let (mut shape, mut tone) = (false, false);
    for c in text.chars() {
        let last = out.last().copied().unwrap_or(' ');
        let marks = match c {
            '^' if shape && "aeoAEO".contains(last) => "\u{302}",
            '(' if shape && "aA".contains(last) => "\u{306}",
            '+' if shape && "ouOU".contains(last) => "\u{31B}",
            '\'' if tone => "\u{301}",
            '`' if tone => "\u{300}",
            '?' if tone => "\u{309}",
            '~' if tone => "\u{303}",
            '.' if tone => "\u{323}",
            _ => "",
        };
        if let Some(marked) =
            Some(marks).filter(|marks| !marks.is_empty()).and_then(|marks| composed(last, marks))
        {
            out.pop();
            out.push(marked);
            (shape, tone) = (false, shape && tone && "^(+".contains(c));
            continue;
        }
        if matches!((last, c), ('d', 'd') | ('D', 'd' | 'D')) {
            out.pop();
            out.push(if last == 'd' { 'đ' } else { 'Đ' });
            (shape, tone) = (false, false);
            continue;
        }
        out.push(c);
        let vowel = "aeiouyAEIOUY".contains(c);
        (shape, tone) = (vowel, vowel);
    }
    out.into_iter().collect()
}

/// Whether a text has what VIQR writes and no English or Vietnamese text without diacritics has.
pub(super) fn looks_like_viqr(text: &str) -> bool {
    let vowel = |octet: &u8| b"aeiouyAEIOUY".contains(octet);
    let shaped = |pair: &[u8]| matches!(pair, [first, mark] if vowel(first) && b"^(+~`".contains(mark));
    let barred =
        |three: &[u8]| matches!(three, [b'd', b'd', next] | [b'D', b'D' | b'd', next] if vowel(next));
    text.as_bytes().windows(2).any(shaped) || text.as_bytes().windows(3).any(barred)
}
