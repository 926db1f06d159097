//! Vietnamese names, and those of the ethnic minorities, in the letters of the MRZ (Doc 9303-3 §6).
//!
//! Diacritics are dropped, Đ becomes D; an apostrophe is omitted, a hyphen or a space separates (Doc 9303-3 §4.6).

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A character that has no form in the MRZ. The character itself is left out: names are personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the character at position {position} of the name has no form in the machine readable zone")]
pub struct NoMrzForm {
    /// Position in the text, in characters of its decomposed form.
    pub position: usize,
}

/// The words of a name in A–Z, in order.
///
/// # Errors
/// [`NoMrzForm`] for a character of another script, a digit or a symbol.
pub fn mrz_words(name: &str) -> Result<Vec<String>, NoMrzForm> {
    let mut words = Vec::new();
    let mut word = String::new();
    for (position, character) in name.nfd().enumerate() {
        match mrz_form(character) {
            Some(MrzForm::Letters(letters)) => word.push_str(letters),
            Some(MrzForm::Letter(letter)) => word.push(letter),
            Some(MrzForm::Omit) => {}
            Some(MrzForm::Separate) => {
                if !word.is_empty() {
                    words.push(core::mem::take(&mut word));
                }
            }
            None => return Err(NoMrzForm { position }),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    Ok(words)
}

/// The words of [`mrz_words`] joined by one space: for comparing a name with an MRZ.
///
/// # Errors
/// As [`mrz_words`].
pub fn to_ascii_upper(name: &str) -> Result<String, NoMrzForm> {
    mrz_words(name).map(|words| words.join(" "))
}

enum MrzForm {
    Letter(char),
    Letters(&'static str),
    Omit,
    Separate,
}

/// Doc 9303-3 §6 table A, of the letters that no decomposition brings to A–Z; the spacing modifiers are those that
/// minority names use.
fn mrz_form(character: char) -> Option<MrzForm> {
    Some(match character {
        'A'..='Z' => MrzForm::Letter(character),
        'a'..='z' => MrzForm::Letter(character.to_ascii_uppercase()),
        'Đ' | 'đ' | 'Ð' | 'ð' => MrzForm::Letter('D'),
        'Ł' | 'ł' => MrzForm::Letter('L'),
        'Ħ' | 'ħ' => MrzForm::Letter('H'),
        'ı' => MrzForm::Letter('I'),
        'Ŧ' | 'ŧ' => MrzForm::Letter('T'),
        'Ø' | 'ø' => MrzForm::Letters("OE"),
        'Œ' | 'œ' => MrzForm::Letters("OE"),
        'Æ' | 'æ' => MrzForm::Letters("AE"),
        'ß' | 'ẞ' => MrzForm::Letters("SS"),
        'Þ' | 'þ' => MrzForm::Letters("TH"),
        'Ƀ' | 'ƀ' | 'Ɓ' | 'ɓ' => MrzForm::Letter('B'),
        '\'' | '’' | '‘' | 'ʼ' | 'ʻ' | '`' | '´' | '~' | '˜' | '˘' | '.' => MrzForm::Omit,
        mark if is_combining_mark(mark) => MrzForm::Omit,
        '-' | '\u{2010}' | '\u{2011}' | '–' | ',' => MrzForm::Separate,
        space if space.is_whitespace() => MrzForm::Separate,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vietnamese_letter() {
        let lower = "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ";
        let expected =
            "A".repeat(18) + &"E".repeat(12) + &"I".repeat(6) + &"O".repeat(18) + &"U".repeat(12) + "YYYYYYD";
        assert_eq!(mrz_words(lower), Ok(vec![expected.clone()]));
        assert_eq!(mrz_words(&lower.to_uppercase()), Ok(vec![expected.clone()]));
        assert_eq!(mrz_words(&lower.nfd().collect::<String>()), Ok(vec![expected]));
    }

    #[test]
    fn minority_names() {
        let words = |name: &str| to_ascii_upper(name).unwrap();
        assert_eq!(words("H'Hen Niê"), "HHEN NIE");
        assert_eq!(words("Y’Bŏk Êban"), "YBOK EBAN");
        assert_eq!(words("Ka-Să Hơ\u{2011}Linh"), "KA SA HO LINH");
        assert_eq!(words("Ñuă Čĕ Ĭ  ƀlă"), "NUA CE I BLA");
    }

    #[test]
    fn other_scripts_have_no_form() {
        assert_eq!(mrz_words("An 3"), Err(NoMrzForm { position: 3 }));
        assert!(mrz_words("阮文安").is_err());
        assert_eq!(mrz_words("  "), Ok(vec![]));
    }
}
