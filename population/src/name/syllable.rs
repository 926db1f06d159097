//! The Vietnamese syllable as it is spelt: onset, rhyme, tone. What is none is a foreign or minority word, a slip of the
//! pen, or text in another encoding.

use unicode_normalization::UnicodeNormalization as _;

use super::TONES;

/// Onsets, longer ones first.
const ONSETS: [&str; 28] = [
    "ngh", "ch", "gh", "gi", "kh", "ng", "nh", "ph", "qu", "th", "tr", "b", "c", "d", "đ", "g", "h", "k",
    "l", "m", "n", "p", "r", "s", "t", "v", "x", "",
];

/// Rhymes without tone.
const RHYMES: [&str; 27] = [
    "a ac ach ai am an ang anh ao ap at au ay",
    "ăc ăm ăn ăng ăp ăt",
    "âc âm ân âng âp ât âu ây",
    "e ec em en eng eo ep et",
    "ê êc êch êm ên êng ênh êp êt êu",
    "i ia ich im in inh ip it iu",
    "iêc iêm iên iêng iêp iêt iêu",
    "o oc oi om on ong op ot",
    "oa oac oach oai oam oan oang oanh oao oap oat oay",
    "oăc oăm oăn oăng oăp oăt",
    "oe oem oen oeo oet",
    "ooc oong",
    "ô ôc ôi ôm ôn ông ôp ôt",
    "ơ ơi ơm ơn ơp ơt",
    "u ua uc ui um un ung up ut",
    "uân uâng uât uây",
    "uê uêch uênh",
    "uơ",
    "uy uya uych uyn uynh uyp uyt uyu",
    "uyên uyêt",
    "uôc uôi uôm uôn uông uôt",
    "ư ưc ưi ưm ưn ưng ưt ưu",
    "ưa",
    "ươc ươi ươm ươn ương ươp ươt ươu",
    "y",
    "yêm yên yêng yêt yêu",
    // After qu, where the y is the vowel.
    "ynh yt ych",
];

/// Whether a word of letters is spelt as a Vietnamese syllable is, in any case and normal form, with the tone mark placed in
/// the old way or the new (`hòa`, `hoà`).
#[must_use]
pub fn is_syllable(word: &str) -> bool {
    let mut tone = None;
    let mut base = String::with_capacity(word.len());
    for c in word.nfc().flat_map(char::to_lowercase) {
        let (tones, letter): (Vec<char>, Vec<char>) = c.nfd().partition(|part| TONES.contains(part));
        base.extend(letter.into_iter().nfc());
        for mark in tones {
            if tone.replace((mark, base.chars().count())).is_some() {
                return false;
            }
        }
    }
    let after = tone.map(|(_, at)| base.chars().count() - at);
    ONSETS.iter().any(|onset| {
        base.strip_prefix(onset).is_some_and(|rhyme| {
            fits(onset, rhyme)
                && RHYMES.iter().any(|row| row.split(' ').any(|known| known == rhyme))
                && sounds(rhyme, tone.map(|(mark, _)| mark))
                && after.is_none_or(|after| bears(rhyme, after))
        })
        // gì: the i is its vowel.
        || (*onset == "gi" && base == "gi")
    })
}

/// Whether the letter of a rhyme with so many letters after it may bear the tone: a vowel, and not the one that glides off
/// (mái, sáu, lúa).
fn bears(rhyme: &str, after: usize) -> bool {
    let letters = rhyme.chars().count();
    let Some(letter) = rhyme.chars().rev().nth(after) else { return false };
    let glides =
        rhyme.ends_with(['i', 'y', 'o', 'u']) && rhyme != "uy" || ["ia", "ua", "ưa", "uya"].contains(&rhyme);
    "aăâeêioôơuưy".contains(letter) && !(after == 0 && letters > 1 && glides)
}

/// c, g and ng before back vowels, k, gh and ngh before front ones.
fn fits(onset: &str, rhyme: &str) -> bool {
    let front = rhyme.starts_with(['e', 'ê', 'i', 'y']);
    match onset {
        "c" | "ng" => !front,
        "g" => !rhyme.starts_with(['e', 'ê', 'y']),
        "k" | "gh" | "ngh" => front,
        "qu" => !rhyme.starts_with(['u', 'ư', 'o']),
        _ => true,
    }
}

/// A syllable that ends in a stop is sắc or nặng.
fn sounds(rhyme: &str, tone: Option<char>) -> bool {
    !rhyme.ends_with(['c', 'p', 't']) && !rhyme.ends_with("ch") || matches!(tone, Some('\u{301}' | '\u{323}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn syllables_and_what_is_none() {
        for word in [
            "Nguyễn",
            "Trần",
            "Huỳnh",
            "Đặng",
            "HOÀ",
            "hòa",
            "Giếng",
            "gì",
            "Quý",
            "Quỳnh",
            "Nghiêm",
            "Khuyên",
            "Thuở",
            "Ngoằn",
            "Yến",
            "Ý",
            "Ưng",
            "Xuân",
            "Kiều",
            "Phượng",
            "Việt",
            "Oanh",
            "Lý",
            "Lí",
            "Uyên",
            "quốc",
            "thịch",
            "Quyền",
            "Quân",
            "Gìn",
            "Giang",
            "Yêu",
            "Quới",
        ] {
            assert!(is_syllable(word), "{word}");
            assert!(is_syllable(&word.nfd().collect::<String>()), "{word}");
        }
        for word in [
            "Nguyôn",
            "Traàn",
            "Viet",
            "Viêt",
            "Hïng",
            "Êban",
            "Krông",
            "Niê",
            "Bliă",
            "cê",
            "kan",
            "nge",
            "ghan",
            "Müller",
            "",
            "đđ",
            "Vuị",
            "Maí",
            "Luá",
            "Nguyeñ",
            "Nguyễñ",
        ] {
            assert!(!is_syllable(word), "{word}");
        }
    }
}
