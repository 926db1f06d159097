//! The 18 items of the law before this one: Luật Căn cước công dân 2014 art. 9(1) as Luật Cư trú 2020 art. 37(1) left it, in force
//! until 30 June 2024. A view of the record: nothing is stored for it.
//!
//! The law let the old number of nine digits or the personal number stand for a relative; both are given where they are known. It did
//! not count the personal number itself among the items.

use serde_json::{Map, Value, json};

use super::{Life, Person};

/// One of the 18.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its place in the list, from 1.
    pub place: u8,
    /// The letter under which the law has it.
    pub letter: &'static str,
    /// The name in files.
    pub code: &'static str,
    /// In the words of the law.
    pub vietnamese: &'static str,
    /// In English.
    pub english: &'static str,
    /// Which items of the record it is made of, by their names in the JSON form.
    pub of: &'static [&'static str],
    /// What the record says; null where it says nothing.
    pub value: Value,
}

/// Letter, name in files, the law's name, the English one, the items of the record.
type Head = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

/// The 18 in the order of the law.
const HEADS: [Head; 18] = [
    ("a", "full_name", "Họ, chữ đệm và tên khai sinh", "Full name at birth", &["full_name"]),
    ("b", "birth_date", "Ngày, tháng, năm sinh", "Date of birth", &["birth_date"]),
    ("c", "sex", "Giới tính", "Sex", &["sex"]),
    (
        "d",
        "birth_registration_place",
        "Nơi đăng ký khai sinh",
        "Place where the birth was registered",
        &["birth_registration_place"],
    ),
    ("đ", "place_of_origin", "Quê quán", "Place of origin", &["place_of_origin"]),
    ("e", "ethnic_group", "Dân tộc", "Ethnic group", &["ethnic_group"]),
    ("g", "religion", "Tôn giáo", "Religion", &["religion"]),
    ("h", "nationality", "Quốc tịch", "Nationality", &["nationality"]),
    ("i", "marital_status", "Tình trạng hôn nhân", "Marital status", &["marital_status"]),
    ("k", "permanent_residence", "Nơi thường trú", "Permanent residence", &["residences"]),
    ("l", "temporary_residence", "Nơi tạm trú", "Temporary residence", &["residences"]),
    (
        "m",
        "temporary_absence",
        "Tình trạng khai báo tạm vắng",
        "Declared temporary absence",
        &["temporary_absence"],
    ),
    ("n", "current_residence", "Nơi ở hiện tại", "Current place of living", &["residences"]),
    (
        "o",
        "relation_to_head",
        "Quan hệ với chủ hộ",
        "Relation to the head of the household",
        &["relation_to_head"],
    ),
    ("p", "blood_group", "Nhóm máu", "Blood group", &["blood_group"]),
    (
        "q",
        "family",
        "Họ, chữ đệm và tên, số định danh cá nhân hoặc số Chứng minh nhân dân, quốc tịch của cha, mẹ, vợ, chồng hoặc \
         người đại diện hợp pháp",
        "Name, number and nationality of father, mother, spouse or legal representative",
        &["father", "mother", "spouse", "representatives"],
    ),
    (
        "r",
        "household",
        "Họ, chữ đệm và tên, số định danh cá nhân hoặc số Chứng minh nhân dân của chủ hộ và các thành viên hộ gia đình",
        "Name and number of the head and the members of the household",
        &["household"],
    ),
    (
        "s",
        "death_or_missing",
        "Ngày, tháng, năm chết hoặc mất tích",
        "Date of death, or of missing",
        &["life"],
    ),
];

/// What a record says of the 18 items.
#[must_use]
pub fn items_2014(person: &Person) -> [Item; 18] {
    // Persons are plain structs of texts and lists.
    let record = serde_json::to_value(person).unwrap_or_default();
    let residence = |kind: &str| record.pointer(&format!("/residences/{kind}")).cloned().unwrap_or_default();
    let mut place = 0;
    HEADS.map(|(letter, code, vietnamese, english, of)| {
        place += 1;
        let value = match code {
            "permanent_residence" => residence("permanent"),
            "temporary_residence" => residence("temporary"),
            "current_residence" => residence("current"),
            "family" => {
                let known =
                    of.iter().filter_map(|item| Some(((*item).to_owned(), record.get(*item)?.clone())));
                let family: Map<String, Value> = known.collect();
                if family.is_empty() { Value::Null } else { Value::Object(family) }
            }
            "death_or_missing" => match person.life {
                Life::Alive => Value::Null,
                Life::Dead(day) => json!({"dead": day}),
                Life::Missing(day) => json!({"missing": day}),
            },
            item => record.get(item).cloned().unwrap_or_default(),
        };
        Item { place, letter, code, vietnamese, english, of, value }
    })
}

impl Item {
    /// What stands in a cell of a table: the text, lists and places as JSON, nothing where nothing is known.
    #[must_use]
    pub fn cell(&self) -> String {
        match &self.value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// The heads of a table of the 18, the number before them.
#[must_use]
pub fn columns_2014() -> Vec<&'static str> {
    core::iter::once("number").chain(HEADS.iter().map(|(_, code, ..)| *code)).collect()
}

#[cfg(test)]
mod tests {
    use cccd_card_profile::card_holder::{BirthDate, Sex};
    use cccd_card_profile::personal_number::PersonalNumber;
    use jiff::civil::date;

    use super::*;
    use crate::person::{HouseholdMember, MaritalStatus, Relative, Residence};

    #[test]
    fn eighteen_items_in_the_order_of_the_law() {
        let number = PersonalNumber::parse("079099000001").unwrap();
        let mut person = Person::new(number, "Nguyễn Văn An", BirthDate::Day(date(1999, 1, 15)), Sex::Male);
        let items = items_2014(&person);
        let letters: Vec<&str> = items.iter().map(|item| item.letter).collect();
        assert_eq!(letters.concat(), "abcdđeghiklmnopqrs");
        assert!(items.iter().zip(1..).all(|(item, place)| item.place == place));
        let said: Vec<&str> =
            items.iter().filter(|item| !item.value.is_null()).map(|item| item.code).collect();
        assert_eq!(said, ["full_name", "birth_date", "sex", "nationality"], "what is not known is null");
        person.mother = Some(Relative::new("Trần Thị Bình", None));
        person.residences.permanent = Some(Residence::new("Số 1"));
        person.marital_status = Some(MaritalStatus::Single);
        person.household = vec![HouseholdMember {
            name: "Trần Thị Bình".to_owned(),
            number: None,
            relation: "Chủ hộ".to_owned(),
        }];
        person.life = Life::Dead(date(2026, 3, 1));
        person.phone = Some("0912345678".to_owned());
        let items = items_2014(&person);
        let value = |code: &str| items.iter().find(|item| item.code == code).unwrap().value.clone();
        assert_eq!(value("family")["mother"]["name"], "Trần Thị Bình");
        assert_eq!(value("permanent_residence")["address"], "Số 1");
        assert_eq!(value("marital_status"), "single");
        assert_eq!(value("household")[0]["relation"], "Chủ hộ");
        assert_eq!(value("death_or_missing")["dead"], "2026-03-01");
        // What the law of 2023 has added is not among them.
        assert!(items.iter().all(|item| !item.cell().contains("0912345678")));
        assert_eq!(columns_2014().len(), 19);
    }
}
