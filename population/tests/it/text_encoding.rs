//! Rows in old encodings. The octets of TCVN3 and Windows-1258 were made by GNU iconv, those of VNI are its published table.

use std::collections::HashMap;

use cccd_population::generate::Nation;
use cccd_population::name::clean;
use cccd_population::text_encoding::{Encoding, Known, Recognised, Undecided, recognise};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization as _;

use super::TODAY;

/// What TCVN3 has, and `iconv -t TCVN5712-1` of it.
const LETTERS: &str = "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ";
const TCVN3: &str = "a1a2a3a4a5a6a7a8a9aaabacadaeb5b6b7b8b9bbbcbdbec6c7c8c9cacbcccecfd0d1d2d3d4d5d6d7d8dcdddedfe1e2e3e4e5e6e7e8e9eaebecedeeeff1f2f3f4f5f6f7f8f9fafbfcfdfe";
/// `iconv -t CP1258` of the same.
const CP1258: &str = "c3c2cad4d5ddd0e3e2eaf4f5fdf0e061d261dee161f2e3cce3d2e3dee3ece3f2e2cce2d2e2dee2ece2f2e865d265dee965f2eaccead2eadeeaeceaf269cc69d269deed69f26fcc6fd26fdef36ff2f4ccf4d2f4def4ecf4f2f5ccf5d2f5def5ecf5f2f975d275defa75f2fdccfdd2fddefdecfdf279cc79d279de79ec79f2";
/// The same in VNI for Windows, as Windows-1252 shows it.
const VNI: &str = "AÊ AÂ EÂ OÂ Ô Ö Ñ aê aâ eâ oâ ô ö ñ aø aû aõ aù aï aè aú aü aé aë aà aå aã aá aä eø eû eõ eù eï eà eå eã eá eä ì æ ó í ò oø oû oõ où oï oà oå oã oá oä ôø ôû ôõ ôù ôï uø uû uõ uù uï öø öû öõ öù öï yø yû yõ yù î";

/// Names that use every letter of the alphabet, each spelt as Vietnamese is.
const NAMES: [&str; 34] = [
    "Lã Vấn",
    "Hè Bé Hẹn Về",
    "Vì Nghỉ",
    "Trò Nhỏ Võ Có",
    "Mộ Lớn",
    "Đủ Phụng",
    "Tổn Mẩn Mẵm Tử Mỉ",
    "Lữ Thị Mịch Bổng",
    "Trầm Cẩn Mẫn",
    "Mừng Tự Dần",
    "Nguyễn Văn Hùng",
    "Trần Thị Ánh Tuyết",
    "Lê Hoàng Phúc",
    "Phạm Ngọc Quỳnh Như",
    "Vũ Đức Thắng",
    "Đặng Thùy Dương",
    "Bùi Hữu Nghĩa",
    "Đỗ Mỹ Lệ",
    "Hồ Thị Kỷ",
    "Ngô Bảo Châu",
    "Lý Thường Kiệt",
    "Phan Kế Bính",
    "Đoàn Thị Điểm",
    "Hoàng Ưng Bửu",
    "Trương Vĩnh Ký",
    "Thái Thị Lẫm",
    "Mai Ẩn",
    "Tạ Ổn",
    "Từ Ử",
    "Lỡ Mẽ Mẻ Mằn",
    "Cẳn Đẵm Vẽ Kỹ",
    "Số 5, tổ 12, phường Bưởi, quận Tây Hồ",
    "Cỡ Vỵ Sợ",
    "Ỷ Lan Ẵm Ngự",
];

struct Encoder(HashMap<char, Vec<u8>>);

impl Encoder {
    fn tcvn3() -> Self {
        Self(
            LETTERS
                .chars()
                .zip(hex::decode(TCVN3).unwrap())
                .map(|(letter, octet)| (letter, vec![octet]))
                .collect(),
        )
    }

    fn vni() -> Self {
        let octets = |letter: &str| letter.chars().map(|c| u8::try_from(c).unwrap()).collect::<Vec<u8>>();
        let mut table: HashMap<char, Vec<u8>> = LETTERS.chars().zip(VNI.split(' ').map(octets)).collect();
        // Capitals stand 0x20 lower, letter and mark.
        let small: Vec<_> = table.iter().map(|(letter, octets)| (*letter, octets.clone())).collect();
        for (letter, octets) in small.into_iter().filter(|(letter, _)| letter.is_lowercase()) {
            let capital = letter.to_uppercase().next().unwrap();
            table.insert(capital, octets.iter().map(|octet| octet - 0x20).collect());
        }
        Self(table)
    }

    fn windows_1258() -> Self {
        let octets = hex::decode(CP1258).unwrap();
        let tones = [0xCC, 0xD2, 0xDE, 0xEC, 0xF2];
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for octet in octets {
            match parts.last_mut() {
                Some(part) if tones.contains(&octet) => part.push(octet),
                _ => parts.push(vec![octet]),
            }
        }
        let mut table: HashMap<char, Vec<u8>> = LETTERS.chars().zip(parts).collect();
        for letter in LETTERS.chars() {
            let capital = letter.to_uppercase().next().unwrap();
            // A capital is the capital of its base and the same tone.
            let (base, tone): (Vec<char>, Vec<char>) =
                capital.nfd().partition(|c| !"\u{300}\u{301}\u{303}\u{309}\u{323}".contains(*c));
            let base = base.into_iter().nfc().next().unwrap();
            let Some(small) =
                table.get(&letter).filter(|octets| octets.len() == 2 && tone.len() == 1).cloned()
            else {
                continue;
            };
            let first = if base.is_ascii() { vec![base as u8] } else { table[&base].clone() };
            table.insert(capital, [first, vec![small[1]]].concat());
        }
        for (capital, octet) in [
            ('À', 0xC0),
            ('Á', 0xC1),
            ('È', 0xC8),
            ('É', 0xC9),
            ('Í', 0xCD),
            ('Ó', 0xD3),
            ('Ù', 0xD9),
            ('Ú', 0xDA),
        ] {
            table.insert(capital, vec![octet]);
        }
        Self(table)
    }

    /// `None` where the encoding lacks a letter.
    fn encode(&self, text: &str) -> Option<Vec<u8>> {
        let parts: Option<Vec<Vec<u8>>> = text
            .chars()
            .map(|c| if c.is_ascii() { Some(vec![c as u8]) } else { self.0.get(&c).cloned() })
            .collect();
        parts.map(|parts| parts.concat())
    }
}

fn viqr(text: &str) -> String {
    let marks = [
        ('\u{302}', "^"),
        ('\u{306}', "("),
        ('\u{31B}', "+"),
        ('\u{301}', "'"),
        ('\u{300}', "`"),
        ('\u{309}', "?"),
        ('\u{303}', "~"),
        ('\u{323}', "."),
    ];
    let marks: HashMap<char, &str> = marks.into();
    // VIQR writes the shape before the tone; NFD orders a dot below first.
    text.chars()
        .map(|letter| {
            let mut parts: Vec<char> = letter.nfd().collect();
            parts[1..].sort_by_key(|mark| !"\u{302}\u{306}\u{31B}".contains(*mark));
            parts
                .into_iter()
                .map(|c| match c {
                    'đ' => "dd".to_owned(),
                    'Đ' => "DD".to_owned(),
                    c => marks.get(&c).map_or_else(|| c.to_string(), |mark| (*mark).to_owned()),
                })
                .collect::<String>()
        })
        .collect()
}

/// The octets, taken for Windows-1252 and written as UTF-8.
fn shown(octets: &[u8]) -> String {
    const HIGH: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ";
    let high: Vec<char> = HIGH.chars().collect();
    octets
        .iter()
        .map(|octet| match octet {
            0x80..=0x9F => high[usize::from(octet - 0x80)],
            other => char::from(*other),
        })
        .collect()
}

fn read(fields: &[&[u8]]) -> Recognised {
    recognise(fields).unwrap()
}

#[test]
fn every_letter_of_every_encoding() {
    for (encoder, encoding) in [
        (Encoder::tcvn3(), Encoding::Tcvn3),
        (Encoder::vni(), Encoding::Vni),
        (Encoder::windows_1258(), Encoding::Windows1258),
    ] {
        // Capitals with a tone have no code in TCVN3.
        let rows: Vec<(&str, Vec<u8>)> =
            NAMES.iter().filter_map(|name| Some((*name, encoder.encode(name)?))).collect();
        let all: String = rows.iter().map(|(name, _)| name.to_lowercase()).collect();
        for letter in LETTERS.chars().filter(|letter| letter.is_lowercase()) {
            assert!(all.contains(letter), "{letter} stands in no name for {encoding:?}");
        }
        // Two short words alone may be words in two encodings; a row has the parents' names too.
        let father = encoder.encode("Nguyễn Đức Hoàng").unwrap();
        for (name, octets) in rows {
            let row = read(&[b"079099000001", &octets, b"1999-01-15", &father]);
            assert_eq!((row.encoding, row.through_1252), (encoding, false), "{name}");
            assert_eq!(row.fields, ["079099000001", name, "1999-01-15", "Nguyễn Đức Hoàng"]);
            let row = read(&[shown(&octets).as_bytes(), shown(&father).as_bytes()]);
            assert_eq!((row.encoding, row.through_1252), (encoding, true), "{name}");
            assert_eq!(row.fields, [name, "Nguyễn Đức Hoàng"]);
            assert!(row.confidence >= 25);
        }
    }
}

#[test]
fn utf_8_in_every_state() {
    for name in NAMES {
        let row = read(&[name.as_bytes()]);
        assert_eq!((row.encoding, row.confidence), (Encoding::Utf8, 100), "{name}");
        assert_eq!(row.fields, [name]);
        let apart: String = name.nfd().collect();
        let row = read(&[apart.as_bytes(), name.as_bytes()]);
        assert_eq!((row.encoding, row.confidence), (Encoding::Utf8Decomposed, 100), "{name}");
        assert_eq!(row.fields, [name, name]);
        let once = shown(name.as_bytes());
        let twice = shown(once.as_bytes());
        for text in [once, twice] {
            let row = read(&[text.as_bytes(), b"an"]);
            assert_eq!((row.encoding, row.through_1252), (Encoding::Utf8Twice, true), "{text}");
            assert_eq!(row.fields, [name, "an"]);
        }
    }
}

#[test]
fn viqr_and_ascii() {
    for name in NAMES.iter().filter(|name| !name.contains(',')) {
        let text = viqr(name);
        let row = read(&[text.as_bytes()]);
        assert_eq!(row.fields, [*name], "{text}");
    }
    for text in [
        "Nguyen Van An",
        "H'Hen Nie",
        "Is it so? It is.",
        "an@example.vn",
        "So 5 (cu), to 12",
        "a^2 + b(c)",
        "dd/mm/yyyy",
    ] {
        let row = read(&[text.as_bytes()]);
        assert_eq!((row.encoding, row.fields), (Encoding::Ascii, vec![text.to_owned()]), "{text}");
    }
}

#[test]
fn capitals_of_fonts_for_capitals() {
    // As typed in .VnTimeH: small codes of letters with a tone, shown large.
    let octets = Encoder::tcvn3().encode("NGUYễN THị HồNG, Hà NộI").unwrap();
    assert_eq!(read(&[&octets]).fields, ["NGUYỄN THỊ HỒNG, HÀ NỘI"]);
    let octets = Encoder::tcvn3().encode("Xã BìNH Mỹ, huyện Lý Nhân").unwrap();
    assert_eq!(read(&[&octets]).fields, ["Xã BÌNH Mỹ, huyện Lý Nhân"]);
}

/// An octet that Windows-1252 lacks was lost on the way: nothing reads it back, and it is no name.
#[test]
fn what_was_broken_for_good_is_refused_and_foreign_names_are_not() {
    for broken in ["Nguyá»?n Vàn An", "Trần Ä?ức Ä‘áº¡t", "Nguyá»…n Thá»? Ã?nh", "Æ°á»?c mÆ¡"]
    {
        let refused = recognise(&[broken.as_bytes()]).unwrap_err();
        assert_eq!(refused.code(), "encoding-unknown", "{broken}");
    }
    for good in ["Müller", "Øystein Åsheim", "Zoë “XÃ”", "Ñuño “đá”", "François Noël", "Łukasz"]
    {
        assert_eq!(read(&[good.as_bytes()]).fields, [good], "{good}");
    }
}

#[test]
fn what_cannot_be_decided_is_refused_with_the_reason() {
    // One octet: Tú in TCVN3, Tĩ in VNI, Tó in Windows-1258.
    let Err(refused) = recognise(&[b"T\xF3"]) else { panic!("decided") };
    assert_eq!(refused.code(), "encoding-ambiguous");
    // The rest of the row decides.
    let row = read(&[b"T\xF3", b"Nguy\xD4n V\xA8n"]);
    assert_eq!((row.encoding, row.fields), (Encoding::Tcvn3, vec!["Tú".to_owned(), "Nguyễn Văn".to_owned()]));
    let row = read(&[b"T\xF3", b"Nguye\xE3n Va\xEAn"]);
    assert_eq!((row.encoding, row.fields), (Encoding::Vni, vec!["Tĩ".to_owned(), "Nguyễn Văn".to_owned()]));
    let binary = [0x4E, 0x80, 0x81, 0xFF, 0x90];
    assert_eq!(recognise(&[b"an", &binary]), Err(Undecided::Unreadable { field: 2, offset: 1 }));
    // Two encodings in one row: from two places, or cut in two.
    let Err(refused) = recognise(&[b"Nguy\xD4n V\xA8n", b"Tra\xE0n Va\xEAn"]) else { panic!("decided") };
    assert_eq!(refused.code(), "encoding-unknown");
    assert_eq!(recognise(&[&vec![b'a'; (1 << 20) + 1]]), Err(Undecided::TooLong));
}

#[test]
fn never_what_is_good() {
    for (count, person) in Nation::new(3_000, 7, TODAY).enumerate() {
        let address = person.residences.of_record().map(|place| place.address.clone()).unwrap_or_default();
        let fields = [person.full_name.as_bytes(), address.as_bytes()];
        let row = read(&fields);
        assert!(matches!(row.encoding, Encoding::Utf8 | Encoding::Ascii), "person {count}");
        assert_eq!(row.fields, [clean(&person.full_name), address]);
    }
    for text in [
        "Jürgen Müller",
        "José Núñez",
        "Zoë Åström",
        "Иван Петров",
        "李小龙",
        "Y Bhiăk Niê",
        "H’Bliă Êban",
        "Nguyễn Zoë",
        "Ksor Yơr – Gia Lai",
    ] {
        assert_eq!(read(&[text.as_bytes()]).fields, [text]);
    }
}

proptest! {
    #[test]
    fn no_row_makes_it_panic(fields in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4)) {
        let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
        if let Ok(row) = recognise(&fields) {
            prop_assert_eq!(row.fields.len(), fields.len());
            // What was read is good and stays.
            let again: Vec<&[u8]> = row.fields.iter().map(String::as_bytes).collect();
            if row.encoding != Encoding::Ascii && row.confidence == 100 {
                prop_assert_eq!(recognise(&again).map(|again| again.fields), Ok(row.fields.clone()));
            }
        }
    }

    /// What is remembered of the rows before changes nothing in what a row is read as.
    #[test]
    fn a_row_is_read_as_if_it_stood_alone(
        rows in prop::collection::vec((0..NAMES.len(), 0..4_usize, "[ ,;\u{300}’\u{1}xđé]{0,3}"), 1..12),
    ) {
        let mut known = Known::default();
        for (name, encoding, tail) in rows {
            let text = format!("{}{tail}", NAMES[name]);
            let octets = match encoding {
                0 => Encoder::tcvn3().encode(&text),
                1 => Encoder::vni().encode(&text),
                2 => Some(text.nfd().collect::<String>().into_bytes()),
                _ => None,
            };
            let octets = octets.unwrap_or_else(|| text.into_bytes());
            let alone = recognise(&[&octets, b"an"]);
            match known.recognise(&[&octets, b"an"]) {
                Ok(None) => {
                    let alone = alone.unwrap();
                    prop_assert_eq!(alone.encoding, Encoding::Utf8);
                    prop_assert_eq!(alone.fields[0].as_bytes(), &octets[..]);
                }
                Ok(Some(row)) => prop_assert_eq!(Ok(row), alone),
                Err(error) => prop_assert_eq!(Err(error), alone),
            }
        }
    }

    #[test]
    fn rows_of_syllables(places in prop::collection::vec((0..NAMES.len(), 0..3_usize), 1..5), encoding in 0..3_usize) {
        let encoder = [Encoder::tcvn3, Encoder::vni, Encoder::windows_1258][encoding]();
        let words: Vec<&str> =
            places.iter().filter_map(|(name, word)| NAMES[*name].split(' ').nth(*word)).collect();
        let text = words.join(" ");
        if let Some(octets) = encoder.encode(&text) {
            match recognise(&[&octets]) {
                Ok(row) => prop_assert_eq!(row.fields, [text]),
// Short rows may be words in two encodings; refused is right, another text never.
                Err(Undecided::Ambiguous(..)) => {}
                Err(other) => prop_assert!(false, "{text}: {other}"),
            }
        }
    }
}

/// Tokens of a public list of names, some of them in VNI that was taken for Windows-1252.
#[test]
fn names_of_strangers() {
    let Ok(folder) = std::env::var("CCCD_FOREIGN_DATA") else {
        eprintln!("skipped: CCCD_FOREIGN_DATA is not set");
        return;
    };
    let file = std::fs::read(std::path::Path::new(&folder).join("vn/names.json")).unwrap();
    let lists: serde_json::Value = serde_json::from_slice(&file).unwrap();
    let (mut tokens, mut converted) = (0, Vec::new());
    for list in lists.as_object().unwrap().values().filter_map(serde_json::Value::as_array) {
        for token in list.iter().filter_map(|row| row.get(0).or(Some(row))?.as_str()) {
            let row = read(&[token.as_bytes()]);
            tokens += 1;
            if !matches!(row.encoding, Encoding::Utf8 | Encoding::Utf8Decomposed | Encoding::Ascii) {
                converted.push((token.to_owned(), row.encoding, row.fields[0].clone()));
            }
        }
    }
    assert!(tokens > 300, "{tokens}");
    let has = |token: &str, text: &str| {
        converted.iter().any(|(from, encoding, to)| from == token && *encoding == Encoding::Vni && to == text)
    };
    assert!(has("Buøi", "Bùi") && has("Vieät", "Việt"), "{converted:?}");
    // The others have the Icelandic letter, which is the Vietnamese one in Windows-1258.
    let eth = |from: &str, to: &str| from.contains('Ð') && from.replace('Ð', "Đ") == to;
    let known =
        |(from, encoding, to): &(String, Encoding, String)| *encoding == Encoding::Vni || eth(from, to);
    assert!(converted.iter().all(known), "{converted:?}");
    eprintln!("{tokens} tokens, {} converted", converted.len());
}
