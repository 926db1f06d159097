//! A person as the national population database keeps them: the 26 items of Luật Căn cước 2023 art. 9(1).

mod age;
mod check;
mod family;
pub mod items_2014;
mod life;
mod others;
mod residence;

use core::fmt;

use cccd_card_profile::card_holder::{BirthDate, CardHolder, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use serde::{Deserialize, Serialize};

pub(crate) use age::{latest, years};
pub use check::{Flaw, MAX_LIST, MAX_TEXT};
pub(crate) use check::{checked_name, checked_place, optional, required};
pub use family::{HEAD, HouseholdMember, Relative};
pub use life::{Life, TemporaryAbsence};
pub use others::Others;
pub use residence::{Residence, Residences};

/// Items that are shown to an officer only when they are asked for, by their names in the JSON form: those that lie sealed, and
/// identification marks, which are of the identity database (art. 15).
pub const SENSITIVE: [&str; 6] =
    ["religion", "blood_group", "phone", "email", "other", "identification_marks"];

/// One person. The numbers are those of the items of art. 9(1).
///
/// Item 14 (day and place of issue, validity of cards) is [`crate::card::Card`], kept beside the person.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// 3 · Số định danh cá nhân.
    pub number: PersonalNumber,
    /// 1 · Họ, chữ đệm và tên khai sinh.
    pub full_name: String,
    /// 2 · Tên gọi khác.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<String>,
    /// 4 · Ngày, tháng, năm sinh; day, or day and month, may be unknown.
    pub birth_date: BirthDate,
    /// 5 · Giới tính.
    pub sex: Sex,
    /// 6 · Nơi sinh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_of_birth: Option<String>,
    /// 7 · Nơi đăng ký khai sinh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_registration_place: Option<String>,
    /// 8 · Quê quán.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_of_origin: Option<String>,
    /// 9 · Dân tộc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ethnic_group: Option<String>,
    /// 10 · Tôn giáo; `Không` when none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub religion: Option<String>,
    /// 11 · Quốc tịch.
    #[serde(default = "vietnam")]
    pub nationality: String,
    /// 12 · Nhóm máu.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blood_group: Option<BloodGroup>,
    /// 13 · Số chứng minh nhân dân 9 số.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_number: Option<String>,
    /// 15 · Cha.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub father: Option<Relative>,
    /// 15 · Mẹ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mother: Option<Relative>,
    /// 15 · Vợ hoặc chồng.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spouse: Option<Relative>,
    /// 15 · Con.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Relative>,
    /// 15 · Người đại diện hợp pháp.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub representatives: Vec<Relative>,
    /// 15 · Người được đại diện.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub represented: Vec<Relative>,
    /// 16, 17, 18 · Nơi thường trú, nơi tạm trú, nơi ở hiện tại.
    #[serde(default)]
    pub residences: Residences,
    /// 19 · Tình trạng khai báo tạm vắng.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_absence: Option<TemporaryAbsence>,
    /// 20 · Số hồ sơ cư trú.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residence_file: Option<String>,
    /// 21 · Tình trạng hôn nhân.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marital_status: Option<MaritalStatus>,
    /// 22 · Mối quan hệ với chủ hộ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation_to_head: Option<String>,
    /// 23 · Chủ hộ và các thành viên hộ gia đình.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub household: Vec<HouseholdMember>,
    /// 24 · Ngày chết hoặc mất tích.
    #[serde(default)]
    pub life: Life,
    /// 25 · Số thuê bao di động.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// 25 · Địa chỉ thư điện tử.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// 26 · Thông tin khác.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<String>,
    /// Đặc điểm nhận dạng: of the identity database, art. 15; printed on the card of 2021.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identification_marks: Option<String>,
    /// The number that this one replaced when it was re-established (NĐ 70/2024 art. 11, 12(1)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_number: Option<PersonalNumber>,
    /// Religion, blood group, telephone, mail and other information are on record, under a key that is not here: they are
    /// absent above, and stay what they are when this record is written back.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub sealed: bool,
}

/// Nhóm máu: the codes of QCVN 109:2017/BTTTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BloodGroup {
    /// A.
    A,
    /// B.
    B,
    /// AB.
    #[serde(rename = "AB")]
    Ab,
    /// O.
    O,
}

/// Tình trạng hôn nhân.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaritalStatus {
    /// Chưa kết hôn.
    Single,
    /// Đang có vợ hoặc chồng.
    Married,
    /// Đã ly hôn.
    Divorced,
    /// Góa.
    Widowed,
}

macro_rules! words {
    ($type:ty, $($variant:ident = $word:literal),+ $(,)?) => {
        impl $type {
            /// The word in files, in the database and in JSON.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// Reads what [`as_str`](Self::as_str) writes.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
pub(crate) use words;

words!(BloodGroup, A = "A", B = "B", Ab = "AB", O = "O");
words!(MaritalStatus, Single = "single", Married = "married", Divorced = "divorced", Widowed = "widowed");

/// `male`, `female` or `unspecified`, as the database and files write it.
pub(crate) fn sex_word(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::Unspecified => "unspecified",
    }
}

/// Reads [`sex_word`], and `Nam` and `Nữ`.
pub(crate) fn parse_sex(word: &str) -> Option<Sex> {
    match word {
        "male" => Some(Sex::Male),
        "female" => Some(Sex::Female),
        "unspecified" => Some(Sex::Unspecified),
        other => Sex::from_vietnamese(other),
    }
}

/// Reads `yyyy-mm-dd`, `yyyy-mm`, `yyyy`, and the card's form `dd/mm/yyyy`.
pub(crate) fn parse_birth_date(text: &str) -> Option<BirthDate> {
    if text.contains('/') {
        return text.parse().ok();
    }
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}

/// The form of ISO 8601, as the database and files write it.
pub(crate) fn birth_date_text(date: BirthDate) -> String {
    match date {
        BirthDate::Day(date) => date.to_string(),
        BirthDate::Month { year, month } => format!("{year:04}-{month:02}"),
        BirthDate::Year(year) => format!("{year:04}"),
    }
}

fn vietnam() -> String {
    "Việt Nam".to_owned()
}

impl Person {
    /// A person of whom only the core is known: living, Vietnamese.
    #[must_use]
    pub fn new(number: PersonalNumber, full_name: &str, birth_date: BirthDate, sex: Sex) -> Self {
        Self {
            number,
            full_name: crate::name::clean(full_name),
            other_names: Vec::new(),
            birth_date,
            sex,
            place_of_birth: None,
            birth_registration_place: None,
            place_of_origin: None,
            ethnic_group: None,
            religion: None,
            nationality: vietnam(),
            blood_group: None,
            old_number: None,
            father: None,
            mother: None,
            spouse: None,
            children: Vec::new(),
            representatives: Vec::new(),
            represented: Vec::new(),
            residences: Residences::default(),
            temporary_absence: None,
            residence_file: None,
            marital_status: None,
            relation_to_head: None,
            household: Vec::new(),
            life: Life::Alive,
            phone: None,
            email: None,
            other: None,
            identification_marks: None,
            cancelled_number: None,
            sealed: false,
        }
    }

    /// Whether the record says any of the items that lie sealed.
    #[must_use]
    pub fn says_sensitive(&self) -> bool {
        self.religion.is_some()
            || self.blood_group.is_some()
            || self.phone.is_some()
            || self.email.is_some()
            || self.other.is_some()
    }

    /// What a card says about this person (Luật Căn cước 2023 art. 18(3)).
    #[must_use]
    pub fn card_holder(&self) -> CardHolder {
        let name = |relative: &Option<Relative>| relative.as_ref().map(|relative| relative.name.clone());
        CardHolder {
            number: self.number.clone(),
            full_name: self.full_name.clone(),
            birth_date: self.birth_date,
            sex: self.sex,
            nationality: self.nationality.clone(),
            ethnic_group: self.ethnic_group.clone(),
            religion: self.religion.clone(),
            place_of_origin: self.place_of_origin.clone(),
            residence: self.residences.of_record().map(|residence| residence.address.clone()),
            birth_registration_place: self.birth_registration_place.clone(),
            identification_marks: self.identification_marks.clone(),
            father: name(&self.father),
            mother: name(&self.mother),
            spouse: name(&self.spouse),
            old_number: self.old_number.clone(),
            cancelled_number: self.cancelled_number.clone(),
        }
    }
}

/// Shows the end of the number only.
impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("number", &self.number).finish_non_exhaustive()
    }
}
