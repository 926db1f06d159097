//! Names by the customs of each group.

use cccd_card_profile::card_holder::Sex;

use super::Chance;
use super::tables::{NameForm, People, names};

const HMONG_GIVEN: [&str; 16] = [
    "Sáng", "Páo", "Chua", "Dia", "Mỷ", "Lử", "Súa", "Dế", "Chứ", "Pó", "Vảng", "Dở", "Sình", "Tủa", "Nhè",
    "Lầu",
];
const EDE_MALE: [&str; 10] =
    ["Moan", "Thông", "Ngông", "Phôn", "Bhiu", "Krông", "Tlam", "Nguôm", "Bliă", "Dhin"];
const EDE_FEMALE: [&str; 10] = ["Hen", "Zina", "Linh", "Blăk", "Rôh", "Juôn", "Mrai", "Wôn", "Nuôi", "Lem"];
const JARAI_GIVEN: [&str; 12] =
    ["Hlen", "Phin", "Blui", "Thoa", "Rin", "Yơr", "Tuih", "Khung", "Bơng", "Pheng", "Krol", "Djuik"];
const BAHNAR_GIVEN: [&str; 12] =
    ["Thút", "Blưi", "Huynh", "Biu", "Ngưi", "Thêu", "Đeng", "Hyưm", "Lăk", "Khơi", "Pyut", "Blet"];
const KHMER_GIVEN: [&str; 14] = [
    "Sô Phia",
    "Sa Rây",
    "Thi",
    "Ra",
    "Chane",
    "Rươne",
    "Sa Vươne",
    "Sô Khane",
    "Đa Ra",
    "Hiền",
    "Mao",
    "Sươne",
    "Bô Pha",
    "Rết",
];

/// What a child takes over: the father's family name, or the mother's clan where descent goes through her.
pub(super) fn heritage<'p>(people: &People, father: &'p str, mother: &'p str) -> &'p str {
    if matches!(people.form, NameForm::Ede | NameForm::Jarai) { mother } else { father }
}

/// A family name or clan.
pub(super) fn family(people: &People, chance: &mut Chance) -> String {
    match chance.one_of(&people.families) {
        Some(name) => (*name).to_owned(),
        None => chance.weighted(names("family")).copied().unwrap_or("Nguyễn").to_owned(),
    }
}

/// A whole name; old women are mostly called Thị, the young less.
pub(super) fn full(people: &People, family: &str, sex: Sex, year: i16, chance: &mut Chance) -> String {
    let female = sex == Sex::Female;
    let pick = |chance: &mut Chance, list: &[&'static str]| chance.one_of(list).copied().unwrap_or("An");
    match people.form {
        NameForm::Kinh => {
            let (middle, given) =
                if female { ("middle-female", "given-female") } else { ("middle-male", "given-male") };
            let traditional = if year < 1975 {
                750
            } else if year < 1995 {
                350
            } else {
                0
            };
            let middle = match (female, chance.happens(traditional)) {
                (true, true) => "Thị",
                (false, true) => "Văn",
                _ => chance.weighted(names(middle)).copied().unwrap_or("Minh"),
            };
            let given = chance.weighted(names(given)).copied().unwrap_or("An");
            if middle == given { format!("{family} {given}") } else { format!("{family} {middle} {given}") }
        }
        NameForm::Hmong => {
            let mark = if female { "Thị" } else { "A" };
            format!("{family} {mark} {}", pick(chance, &HMONG_GIVEN))
        }
        NameForm::Ede if female => format!("H'{} {family}", pick(chance, &EDE_FEMALE)),
        NameForm::Ede => format!("Y {} {family}", pick(chance, &EDE_MALE)),
        NameForm::Jarai => format!("{family} {}", pick(chance, &JARAI_GIVEN)),
        NameForm::Bahnar => {
            let mark = if female { "Y" } else { "A" };
            format!("{mark} {}", pick(chance, &BAHNAR_GIVEN))
        }
        NameForm::Khmer => {
            let mark = if female && chance.happens(500) { "Thị " } else { "" };
            format!("{family} {mark}{}", pick(chance, &KHMER_GIVEN))
        }
    }
}
