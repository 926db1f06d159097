//! The library's stable words as an officer reads them: items of a record or an act, values, standings, and what a comparison found.

use serde_json::{Map, Value};

use super::{Language, Setting};

/// The name of an item.
pub(super) fn item<'w>(setting: &Setting, item: &'w str) -> &'w str {
    known_item(item).map_or(item, |(vietnamese, english)| setting.say(vietnamese, english))
}

/// The name of an item in both languages.
pub(super) fn known_item(item: &str) -> Option<(&'static str, &'static str)> {
    Some(match item {
        "address" => ("Địa chỉ", "Address"),
        "birth_date" => ("Ngày sinh", "Born"),
        "birth_registration_place" => ("Nơi đăng ký khai sinh", "Place of registration"),
        "blood_group" => ("Nhóm máu", "Blood group"),
        "book" => ("Sổ hộ tịch", "Book"),
        "cancelled_number" => ("Số định danh đã hủy", "Number that ended"),
        "child" | "children" => ("Con", if item == "child" { "Child" } else { "Children" }),
        "current" => ("Nơi ở hiện tại", "Current"),
        "email" => ("Thư điện tử", "E-mail"),
        "ethnic_group" => ("Dân tộc", "Ethnic group"),
        "father" => ("Cha", "Father"),
        "full_name" | "name" => ("Họ tên", "Name"),
        "household" => ("Thành viên hộ gia đình", "Household"),
        "husband" => ("Chồng", "Husband"),
        "identification_marks" => ("Đặc điểm nhân dạng", "Identification marks"),
        "joins" => ("Nhập hộ của", "Joins"),
        "life" => ("Tình trạng chết, mất tích", "Life"),
        "marital_status" => ("Tình trạng hôn nhân", "Marital status"),
        "mother" => ("Mẹ", "Mother"),
        "movers" => ("Người chuyển đến", "Movers"),
        "nationality" => ("Quốc tịch", "Nationality"),
        "number" => ("Số định danh", "Number"),
        "number_place" => ("Mã nơi đăng ký", "Place of the number"),
        "old_number" => ("Số CMND", "Old number (CMND)"),
        "on" => ("Ngày", "Day"),
        "other" => ("Thông tin khác", "Other"),
        "other_names" => ("Tên gọi khác", "Other names"),
        "parent" => ("Cha hoặc mẹ", "Parent"),
        "parent_sex" => ("Giới tính của cha hoặc mẹ", "Sex of the parent"),
        "permanent" => ("Thường trú", "Permanent"),
        "person" => ("Người", "Person"),
        "phone" => ("Số điện thoại", "Phone"),
        "place" => ("Nơi cư trú", "Residence"),
        "place_of_birth" => ("Nơi sinh", "Place of birth"),
        "place_of_origin" => ("Quê quán", "Place of origin"),
        "province_code" => ("Mã tỉnh", "Province"),
        "registered_by" => ("Người ký", "Registered by"),
        "relation" | "relation_to_head" => ("Quan hệ với chủ hộ", "Relation to the head"),
        "religion" => ("Tôn giáo", "Religion"),
        "representatives" => ("Người đại diện", "Representatives"),
        "represented" => ("Người được đại diện", "Represented"),
        "residence_file" => ("Số hồ sơ cư trú", "Residence file"),
        "residences" | "residence" => ("Nơi cư trú", "Residences"),
        "resides_with" => ("Ở cùng", "Resides with"),
        "sex" => ("Giới tính", "Sex"),
        "since" => ("Từ ngày", "Since"),
        "spouse" => ("Vợ, chồng", "Spouse"),
        "stay" => ("Loại cư trú", "Stay"),
        "temporary" => ("Tạm trú", "Temporary"),
        "temporary_absence" => ("Tạm vắng", "Temporary absence"),
        "until" => ("Đến ngày", "Until"),
        "ward_code" => ("Mã xã, phường", "Ward"),
        "wife" => ("Vợ", "Wife"),
        _ => return None,
    })
}

/// A word of a list: a sex, a marital status, a stay, a state of life. Other text stays as it is.
pub(super) fn value<'w>(setting: &Setting, word: &'w str) -> &'w str {
    let vietnamese = match word {
        "male" => "nam",
        "female" => "nữ",
        "unspecified" => "không rõ",
        "alive" => "còn sống",
        "dead" => "đã chết",
        "missing" => "mất tích",
        "single" => "chưa kết hôn",
        "married" => "đang có vợ hoặc chồng",
        "divorced" => "đã ly hôn",
        "widowed" => "góa",
        "temporary" => "tạm trú",
        "current" => "nơi ở hiện tại",
        other => other,
    };
    setting.say(vietnamese, word)
}

/// How much a source's word counts.
pub(super) fn standing<'w>(setting: &Setting, word: &'w str) -> &'w str {
    let vietnamese = match word {
        "carried" => "chuyển từ cơ sở dữ liệu khác",
        "declared" => "người dân khai",
        "proven" => "có giấy tờ chứng minh",
        "act" => "theo việc hộ tịch",
        other => other,
    };
    setting.say(vietnamese, word)
}

/// What a comparison of two values found.
pub(super) fn finding<'w>(setting: &Setting, word: &'w str) -> &'w str {
    let vietnamese = match word {
        "same" => "giống hệt",
        "same-number" => "cùng số định danh",
        "agrees" => "khớp",
        "near" => "gần giống",
        "far" => "khác nhiều",
        "differs" => "khác",
        "unlike" => "khác hẳn",
        "unknown" => "không rõ",
        "unmatched" => "không khớp",
        "one-letter" => "khác một chữ cái",
        "two-letters" => "khác hai chữ cái",
        "diacritics" => "khác dấu",
        "without-diacritics" => "không dấu",
        "hook-tilde" => "hỏi, ngã",
        "i-for-y" => "i, y",
        "sound" => "đọc gần giống",
        "reordered" => "đảo thứ tự",
        "shortened" => "viết tắt bớt chữ",
        "joined" => "viết liền",
        "surname-differs" => "khác họ",
        "other-name" => "khớp tên gọi khác",
        "twins" => "có thể là sinh đôi",
        "name-and-date-differ" => "khác cả tên và ngày sinh",
        "named-together" => "cùng có tên trong một hộ",
        "same-month" => "cùng tháng, năm",
        "same-year" => "cùng năm",
        "same-year-only" => "chỉ cùng năm",
        "other-day" => "khác ngày",
        "other-month" => "khác tháng",
        "other-year" => "khác năm",
        "next-year" => "chênh một năm",
        "near-year" => "năm gần nhau",
        "ten-years" => "chênh mười năm",
        "far-year" => "năm cách xa",
        "day-and-month-exchanged" => "đảo ngày và tháng",
        other => other,
    };
    setting.say(vietnamese, word)
}

/// What an item says: people by name, number and nationality, lists with semicolons, days as the language writes them.
pub(super) fn said(setting: &Setting, said: &Value) -> String {
    match said {
        Value::Null => "—".to_owned(),
        Value::Array(list) if list.is_empty() => "—".to_owned(),
        Value::Object(items) if items.is_empty() => "—".to_owned(),
        Value::String(text) => day(setting, text).unwrap_or_else(|| value(setting, text).to_owned()),
        Value::Array(list) => list.iter().map(|one| self::said(setting, one)).collect::<Vec<_>>().join("; "),
        Value::Object(items) if items.contains_key("name") => somebody(setting, items),
        Value::Object(items) => {
            let one = |(name, said): (&String, &Value)| {
                format!("{}: {}", item(setting, name), self::said(setting, said))
            };
            items.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// A relative or a member of the household: the name, and the rest behind it.
fn somebody(setting: &Setting, items: &Map<String, Value>) -> String {
    let rest = items.iter().filter(|(name, said)| *name != "name" && !said.is_null());
    let rest: Vec<String> = rest.map(|(_, one)| said(setting, one)).collect();
    let name = items.get("name").and_then(Value::as_str).unwrap_or_default();
    if rest.is_empty() { name.to_owned() } else { format!("{name} ({})", rest.join(", ")) }
}

/// A day in figures, the day first in Vietnamese; `None` for other text.
pub(super) fn day(setting: &Setting, text: &str) -> Option<String> {
    let date: jiff::civil::Date = (text.len() == 10).then(|| text.parse().ok()).flatten()?;
    Some(match setting.lang {
        Language::Vi => format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year()),
        Language::En => text.to_owned(),
    })
}
