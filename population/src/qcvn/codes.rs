//! Codes of the standard's annexes, both ways. A code that has no single meaning here is not guessed.

use cccd_card_profile::card_holder::Sex;

use crate::name::comparison_key;
use crate::person::{BloodGroup, MaritalStatus};

/// The 54 ethnic groups in the order of their codes 01 to 54 (annex E; QĐ 121-TCTK/PPCĐ of 1979).
const ETHNIC_GROUPS: [&str; 54] = [
    "Kinh",
    "Tày",
    "Thái",
    "Hoa",
    "Khơ-me",
    "Mường",
    "Nùng",
    "Hmông",
    "Dao",
    "Gia-rai",
    "Ngái",
    "Ê-đê",
    "Ba-na",
    "Xơ-đăng",
    "Sán Chay",
    "Cơ-ho",
    "Chăm",
    "Sán Dìu",
    "Hrê",
    "Mnông",
    "Ra-glai",
    "Xtiêng",
    "Bru-Vân Kiều",
    "Thổ",
    "Giáy",
    "Cơ-tu",
    "Gié-Triêng",
    "Mạ",
    "Khơ-mú",
    "Co",
    "Ta-ôi",
    "Chơ-ro",
    "Kháng",
    "Xinh-mun",
    "Hà Nhì",
    "Chu-ru",
    "Lào",
    "La Chi",
    "La Ha",
    "Phù Lá",
    "La Hủ",
    "Lự",
    "Lô Lô",
    "Chứt",
    "Mảng",
    "Pà Thẻn",
    "Cơ Lao",
    "Cống",
    "Bố Y",
    "Si La",
    "Pu Péo",
    "Brâu",
    "Ơ Đu",
    "Rơ-măm",
];

/// Codes beyond the 54.
const FOREIGNER: &str = "55";
const NOT_KNOWN: &str = "56";
const FOREIGNER_NAME: &str = "Người nước ngoài";

/// Other spellings that papers have, hyphens and apostrophes left out.
const SPELLINGS: [(&str, &str); 8] = [
    ("Mông", "08"),
    ("Khmer", "05"),
    ("Jrai", "10"),
    ("Rhade", "12"),
    ("Bahnar", "13"),
    ("Stiêng", "22"),
    ("Katu", "26"),
    ("Giẻ Triêng", "27"),
];

/// Religions (annex G).
const RELIGIONS: [(&str, &str); 14] = [
    ("01", "Phật giáo"),
    ("02", "Công giáo"),
    ("03", "Phật giáo Hòa Hảo"),
    ("04", "Hồi giáo"),
    ("05", "Cao Đài"),
    ("06", "Minh Sư Đạo"),
    ("07", "Minh Lý Đạo"),
    ("08", "Tin Lành"),
    ("09", "Tịnh độ cư sĩ Phật hội Việt Nam"),
    ("10", "Đạo Tứ Ân Hiếu Nghĩa"),
    ("11", "Bửu Sơn Kỳ Hương"),
    ("12", "Bahá'í"),
    ("13", "Tôn giáo khác"),
    ("99", "Không"),
];

/// Letters only: `H'Mông`, `Hmông`, `Khơ Me` and `Khơ-me` are spellings of one word.
fn key(name: &str) -> String {
    comparison_key(name).chars().filter(|c| !matches!(c, ' ' | '-' | '\'')).collect()
}

/// The code of an ethnic group.
#[must_use]
pub fn ethnic_group_code(name: &str) -> Option<String> {
    let wanted = key(name);
    if wanted == key(FOREIGNER_NAME) {
        return Some(FOREIGNER.to_owned());
    }
    let place = ETHNIC_GROUPS.iter().position(|group| key(group) == wanted);
    let spelling =
        || SPELLINGS.iter().find(|(name, _)| key(name) == wanted).map(|(_, code)| (*code).to_owned());
    place.map(|place| format!("{:02}", place + 1)).or_else(spelling)
}

/// What a code of an ethnic group says; `Ok(None)` where it says that nothing is known.
///
/// # Errors
/// [`UnknownCode`].
pub fn ethnic_group(code: &str) -> Result<Option<&'static str>, UnknownCode> {
    match code {
        NOT_KNOWN => return Ok(None),
        FOREIGNER => return Ok(Some(FOREIGNER_NAME)),
        _ => {}
    }
    let place: usize = two_digits(code).ok_or(UnknownCode)?;
    place.checked_sub(1).and_then(|place| ETHNIC_GROUPS.get(place)).copied().map(Some).ok_or(UnknownCode)
}

fn two_digits(code: &str) -> Option<usize> {
    (code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit())).then(|| code.parse().ok())?
}

/// The code of a religion.
#[must_use]
pub fn religion_code(name: &str) -> Option<&'static str> {
    let wanted = key(name);
    RELIGIONS.iter().find(|(_, religion)| key(religion) == wanted).map(|(code, _)| *code)
}

/// What a code of a religion says.
///
/// # Errors
/// [`UnknownCode`].
pub fn religion(code: &str) -> Result<&'static str, UnknownCode> {
    RELIGIONS.iter().find(|(known, _)| *known == code).map(|(_, name)| *name).ok_or(UnknownCode)
}

/// 1 male, 2 female, 0 unknown.
#[must_use]
pub fn sex_code(sex: Sex) -> &'static str {
    match sex {
        Sex::Unspecified => "0",
        Sex::Male => "1",
        Sex::Female => "2",
    }
}

/// Reads [`sex_code`].
///
/// # Errors
/// [`UnknownCode`].
pub fn sex(code: &str) -> Result<Sex, UnknownCode> {
    match code {
        "0" => Ok(Sex::Unspecified),
        "1" => Ok(Sex::Male),
        "2" => Ok(Sex::Female),
        _ => Err(UnknownCode),
    }
}

/// 01 A, 02 B, 03 AB, 04 O, 00 none.
#[must_use]
pub fn blood_code(group: Option<BloodGroup>) -> &'static str {
    match group {
        None => "00",
        Some(BloodGroup::A) => "01",
        Some(BloodGroup::B) => "02",
        Some(BloodGroup::Ab) => "03",
        Some(BloodGroup::O) => "04",
    }
}

/// Reads [`blood_code`].
///
/// # Errors
/// [`UnknownCode`].
pub fn blood(code: &str) -> Result<Option<BloodGroup>, UnknownCode> {
    match code {
        "00" => Ok(None),
        "01" => Ok(Some(BloodGroup::A)),
        "02" => Ok(Some(BloodGroup::B)),
        "03" => Ok(Some(BloodGroup::Ab)),
        "04" => Ok(Some(BloodGroup::O)),
        _ => Err(UnknownCode),
    }
}

/// What the standard's code of marital status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marital {
    /// 0.
    NotKnown,
    /// 1, 2.
    Is(MaritalStatus),
    /// 3: one code for the divorced and the widowed; which of them it does not say.
    DivorcedOrWidowed,
}

/// 1 single, 2 married, 3 divorced or widowed, 0 none.
#[must_use]
pub fn marital_code(status: Option<MaritalStatus>) -> &'static str {
    match status {
        None => "0",
        Some(MaritalStatus::Single) => "1",
        Some(MaritalStatus::Married) => "2",
        Some(MaritalStatus::Divorced | MaritalStatus::Widowed) => "3",
    }
}

/// Reads [`marital_code`].
///
/// # Errors
/// [`UnknownCode`].
pub fn marital(code: &str) -> Result<Marital, UnknownCode> {
    match code {
        "0" => Ok(Marital::NotKnown),
        "1" => Ok(Marital::Is(MaritalStatus::Single)),
        "2" => Ok(Marital::Is(MaritalStatus::Married)),
        "3" => Ok(Marital::DivorcedOrWidowed),
        _ => Err(UnknownCode),
    }
}

/// A code that the standard's lists do not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the code is not on the list")]
pub struct UnknownCode;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::ethnic_groups;

    #[test]
    fn codes_go_both_ways() {
        for number in 1..=54 {
            let code = format!("{number:02}");
            let name = ethnic_group(&code).unwrap().unwrap();
            assert_eq!(ethnic_group_code(name).as_deref(), Some(code.as_str()));
        }
        for (code, name) in RELIGIONS {
            assert_eq!((religion_code(name), religion(code)), (Some(code), Ok(name)));
        }
        for code in ["0", "1", "2"] {
            assert_eq!(sex(code).map(sex_code), Ok(code));
        }
        for code in ["00", "01", "02", "03", "04"] {
            assert_eq!(blood(code).map(blood_code), Ok(code));
        }
        assert_eq!((ethnic_group("56"), ethnic_group("55")), (Ok(None), Ok(Some(FOREIGNER_NAME))));
        for code in ["", "0", "00", "57", "1", "+1", "001", "١٢"] {
            assert_eq!(ethnic_group(code), Err(UnknownCode), "{code}");
        }
        assert!(religion("14").is_err() && sex("3").is_err() && blood("0").is_err() && marital("4").is_err());
    }

    /// The list of this crate's synthetic nation is the same list.
    #[test]
    fn every_group_of_the_census_has_a_code() {
        let codes: std::collections::BTreeSet<_> = ethnic_groups().filter_map(ethnic_group_code).collect();
        assert_eq!(codes.len(), 54);
        for (name, code) in
            [("H'Mông", "08"), ("Mông", "08"), ("Khơ Me", "05"), ("ê đê", "12"), ("Khmer", "05")]
        {
            assert_eq!(ethnic_group_code(name).as_deref(), Some(code), "{name}");
        }
        assert_eq!(ethnic_group_code("Atlantis"), None);
    }
}
