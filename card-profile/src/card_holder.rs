//! Everything a card says about its holder, as one value: DG1, DG13, the QR code and the printed faces are derived
//! from it and cannot disagree.

mod birth_date;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use birth_date::{BirthDate, NotABirthDate};

use crate::lds::dg13::NationalData;
use crate::mrz::{CccdFields, Mrz, MrzError};
use crate::personal_number::PersonalNumber;
use crate::qr::{Qr2021, Qr2024};
use crate::validity::{self, Expiry, ValidityError};

/// Sex as documents write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// Nam, `M`.
    Male,
    /// Nữ, `F`.
    Female,
    /// `<` in an MRZ (Doc 9303-3 §4.7): no card of this profile, but a foreign document may say so.
    Unspecified,
}

impl Sex {
    /// `Nam` or `Nữ`, as printed and as in DG13 and QR; empty when unspecified.
    #[must_use]
    pub fn vietnamese(self) -> &'static str {
        match self {
            Self::Male => "Nam",
            Self::Female => "Nữ",
            Self::Unspecified => "",
        }
    }

    /// Reads `Nam` and `Nữ`, in any normalization form.
    #[must_use]
    pub fn from_vietnamese(text: &str) -> Option<Self> {
        use unicode_normalization::UnicodeNormalization;
        match text.trim().nfc().collect::<String>().as_str() {
            "Nam" => Some(Self::Male),
            "Nữ" => Some(Self::Female),
            _ => None,
        }
    }

    /// `M`, `F` or `<` (Doc 9303-3 §4.7).
    #[must_use]
    pub fn mrz(self) -> char {
        match self {
            Self::Male => 'M',
            Self::Female => 'F',
            Self::Unspecified => '<',
        }
    }
}

/// The person, as the register knows them on the day of issue. Personal data: `Debug` is redacted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardHolder {
    /// Số định danh cá nhân.
    pub number: PersonalNumber,
    /// Họ, chữ đệm và tên khai sinh, with diacritics.
    pub full_name: String,
    /// Ngày, tháng, năm sinh.
    pub birth_date: BirthDate,
    /// Giới tính.
    pub sex: Sex,
    /// Quốc tịch: `Việt Nam`.
    pub nationality: String,
    /// Dân tộc.
    #[serde(default)]
    pub ethnic_group: Option<String>,
    /// Tôn giáo; `Không` when none.
    #[serde(default)]
    pub religion: Option<String>,
    /// Quê quán: printed on the card of 2021, in the chip of both.
    #[serde(default)]
    pub place_of_origin: Option<String>,
    /// Nơi thường trú (2021), nơi cư trú (2024).
    #[serde(default)]
    pub residence: Option<String>,
    /// Nơi đăng ký khai sinh: printed on the card of 2024.
    #[serde(default)]
    pub birth_registration_place: Option<String>,
    /// Đặc điểm nhận dạng: printed on the card of 2021.
    #[serde(default)]
    pub identification_marks: Option<String>,
    /// Họ tên cha.
    #[serde(default)]
    pub father: Option<String>,
    /// Họ tên mẹ.
    #[serde(default)]
    pub mother: Option<String>,
    /// Họ tên vợ hoặc chồng.
    #[serde(default)]
    pub spouse: Option<String>,
    /// Số CMND: the old number of nine digits.
    #[serde(default)]
    pub old_number: Option<String>,
    /// Số định danh đã hủy (NĐ 70/2024 art. 12(1)).
    #[serde(default)]
    pub cancelled_number: Option<PersonalNumber>,
}

/// One card: its holder, its dates, its chip.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardData {
    /// The person.
    pub holder: CardHolder,
    /// Ngày cấp.
    pub issue_date: Date,
    /// Có giá trị đến.
    pub expiry: Expiry,
    /// DG13 field 16: 16 characters, probably the chip's serial (meaning unconfirmed).
    #[serde(default)]
    pub chip_id: Option<String>,
}

impl CardData {
    /// A card issued on `issue_date`, valid as long as the law says ([`validity::expiry`]).
    ///
    /// # Errors
    /// [`ValidityError`] when the dates contradict each other.
    pub fn new(holder: CardHolder, issue_date: Date, chip_id: Option<String>) -> Result<Self, ValidityError> {
        let expiry = validity::expiry(holder.birth_date, issue_date)?;
        Ok(Self { holder, issue_date, expiry, chip_id })
    }

    /// The machine readable zone: what DG1 holds and the back of the card shows.
    ///
    /// # Errors
    /// [`MrzError`] when the name has letters that cannot be transliterated.
    pub fn mrz(&self) -> Result<Mrz, MrzError> {
        Mrz::for_cccd(&CccdFields {
            number: &self.holder.number,
            full_name: &self.holder.full_name,
            birth_date: self.holder.birth_date,
            sex: self.holder.sex,
            expiry: self.expiry,
        })
    }

    /// What DG13 holds.
    #[must_use]
    pub fn national_data(&self) -> NationalData {
        let holder = &self.holder;
        NationalData {
            number: Some(holder.number.as_str().to_owned()),
            full_name: Some(holder.full_name.clone()),
            birth_date: Some(holder.birth_date.to_string()),
            sex: Some(holder.sex.vietnamese().to_owned()),
            nationality: Some(holder.nationality.clone()),
            ethnic_group: holder.ethnic_group.clone(),
            religion: holder.religion.clone(),
            place_of_origin: holder.place_of_origin.clone(),
            residence: holder.residence.clone(),
            identification_marks: holder.identification_marks.clone(),
            issue_date: Some(vietnamese_date(self.issue_date)),
            expiry: Some(vietnamese_expiry(self.expiry)),
            father: holder.father.clone(),
            mother: holder.mother.clone(),
            spouse: holder.spouse.clone(),
            old_number: holder.old_number.clone(),
            chip_id: self.chip_id.clone(),
        }
    }

    /// What the QR code of the card of 2021 says.
    #[must_use]
    pub fn qr_2021(&self) -> Qr2021 {
        Qr2021 {
            number: self.holder.number.clone(),
            old_number: self.holder.old_number.clone(),
            full_name: self.holder.full_name.clone(),
            birth_date: self.holder.birth_date,
            sex: self.holder.sex,
            residence: self.holder.residence.clone().unwrap_or_default(),
            issue_date: self.issue_date,
        }
    }

    /// What the QR code of the card of 2024 says; father and mother for holders under 14 (TT 16/2024).
    #[must_use]
    pub fn qr_2024(&self) -> Qr2024 {
        let child = validity::age_on(self.holder.birth_date, self.issue_date) < 14;
        Qr2024 {
            base: self.qr_2021(),
            cancelled_number: self.holder.cancelled_number.clone(),
            father: self.holder.father.clone().filter(|_| child),
            mother: self.holder.mother.clone().filter(|_| child),
        }
    }
}

impl core::fmt::Debug for CardHolder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CardHolder").field("number", &self.number).finish_non_exhaustive()
    }
}

impl core::fmt::Debug for CardData {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CardData").field("holder", &self.holder).finish_non_exhaustive()
    }
}

/// What the expiry field says on a card that does not expire.
pub const NO_EXPIRY: &str = "Không thời hạn";

/// `dd/mm/yyyy`.
#[must_use]
pub fn vietnamese_date(date: Date) -> String {
    format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year())
}

/// `dd/mm/yyyy` or [`NO_EXPIRY`], as printed and as in DG13 field 12.
#[must_use]
pub fn vietnamese_expiry(expiry: Expiry) -> String {
    expiry.date().map_or_else(|| NO_EXPIRY.to_owned(), vietnamese_date)
}

/// Reads `dd/mm/yyyy`.
#[must_use]
pub fn parse_vietnamese_date(text: &str) -> Option<Date> {
    match text.trim().parse::<BirthDate>() {
        Ok(BirthDate::Day(date)) => Some(date),
        _ => None,
    }
}

/// Reads `dd/mm/yyyy` or [`NO_EXPIRY`] in any normalization form.
#[must_use]
pub fn parse_vietnamese_expiry(text: &str) -> Option<Expiry> {
    use unicode_normalization::UnicodeNormalization;
    let text: String = text.trim().nfc().collect();
    if text.to_lowercase() == NO_EXPIRY.to_lowercase() {
        return Some(Expiry::Never);
    }
    parse_vietnamese_date(&text).map(Expiry::On)
}
