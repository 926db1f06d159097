//! The fields of a person: what the register knows, what the paper or the QR code says, side by side.

use cccd_card_profile::card_holder::{BirthDate, CardHolder, Sex};

use super::problem::Problem;
use crate::application::Asserted;
use crate::words::Language;

/// One field.
pub(super) struct Field {
    /// Its name in application files.
    pub(super) name: &'static str,
    vietnamese: &'static str,
    english: &'static str,
    /// What the register knows, as a page shows it.
    pub(super) known: fn(&CardHolder) -> String,
    /// What was said, as an application file has it.
    pub(super) said: fn(&Asserted) -> Option<String>,
    put: fn(&mut Asserted, Option<String>) -> Result<(), Problem>,
}

macro_rules! text {
    ($name:ident, $vietnamese:literal, $english:literal) => {
        Field {
            name: stringify!($name),
            vietnamese: $vietnamese,
            english: $english,
            known: |holder| holder.$name.clone().unwrap_or_default(),
            said: |said| said.$name.clone(),
            put: |said, text| {
                said.$name = text;
                Ok(())
            },
        }
    };
}

/// All of them, in the order of the form.
pub(super) const FIELDS: [Field; 14] = [
    Field {
        name: "full_name",
        vietnamese: "Họ, chữ đệm và tên",
        english: "Full name",
        known: |holder| holder.full_name.clone(),
        said: |said| said.full_name.clone(),
        put: |said, text| {
            said.full_name = text;
            Ok(())
        },
    },
    Field {
        name: "birth_date",
        vietnamese: "Ngày sinh",
        english: "Date of birth",
        known: |holder| day(holder.birth_date),
        said: |said| said.birth_date.map(iso),
        put: |said, text| {
            said.birth_date = text.as_deref().map(birth_date).transpose()?;
            Ok(())
        },
    },
    Field {
        name: "sex",
        vietnamese: "Giới tính",
        english: "Sex",
        known: |holder| holder.sex.vietnamese().to_owned(),
        said: |said| said.sex.map(|sex| word_of(sex).to_owned()),
        put: |said, text| {
            said.sex = text.as_deref().map(sex).transpose()?;
            Ok(())
        },
    },
    Field {
        name: "nationality",
        vietnamese: "Quốc tịch",
        english: "Nationality",
        known: |holder| holder.nationality.clone(),
        said: |said| said.nationality.clone(),
        put: |said, text| {
            said.nationality = text;
            Ok(())
        },
    },
    text!(ethnic_group, "Dân tộc", "Ethnic group"),
    text!(religion, "Tôn giáo", "Religion"),
    text!(place_of_origin, "Quê quán", "Place of origin"),
    text!(residence, "Nơi cư trú", "Residence"),
    text!(birth_registration_place, "Nơi đăng ký khai sinh", "Place of birth registration"),
    text!(identification_marks, "Đặc điểm nhận dạng", "Identification marks"),
    text!(father, "Họ tên cha", "Father"),
    text!(mother, "Họ tên mẹ", "Mother"),
    text!(spouse, "Họ tên vợ hoặc chồng", "Spouse"),
    text!(old_number, "Số CMND cũ", "Old number"),
];

impl Field {
    pub(super) fn label(&self, language: Language) -> &'static str {
        language.say(self.vietnamese, self.english)
    }

    /// What was said, as a page shows it.
    pub(super) fn shown(&self, said: &Asserted) -> String {
        match self.name {
            "birth_date" => said.birth_date.map(day).unwrap_or_default(),
            "sex" => said.sex.map(Sex::vietnamese).unwrap_or_default().to_owned(),
            _ => (self.said)(said).unwrap_or_default(),
        }
    }

    /// Notes what was said; an empty text says nothing.
    pub(super) fn put(&self, said: &mut Asserted, text: Option<&str>) -> Result<(), Problem> {
        (self.put)(said, text.map(str::to_owned))
    }
}

/// `05/02/1999`, or what is known of it.
pub(super) fn day(date: BirthDate) -> String {
    match (date.month(), date.day()) {
        (Some(month), Some(day)) => format!("{day:02}/{month:02}/{}", date.year()),
        (Some(month), None) => format!("{month:02}/{}", date.year()),
        _ => date.year().to_string(),
    }
}

/// `1999-02-05`, or what is known of it: as files have it.
fn iso(date: BirthDate) -> String {
    match (date.month(), date.day()) {
        (Some(month), Some(day)) => format!("{:04}-{month:02}-{day:02}", date.year()),
        (Some(month), None) => format!("{:04}-{month:02}", date.year()),
        _ => format!("{:04}", date.year()),
    }
}

/// From `05/02/1999`, `5-2-1999`, `1999`, or as files have it.
fn birth_date(text: &str) -> Result<BirthDate, Problem> {
    let mut parts: Vec<&str> = text.split(['/', '.', '-']).map(str::trim).collect();
    if parts.first().is_some_and(|first| first.len() == 4) {
        parts.reverse();
    }
    let date = match parts.as_slice() {
        [day, month, year] => year
            .parse()
            .ok()
            .zip(month.parse().ok().zip(day.parse().ok()))
            .and_then(|(year, (month, day))| BirthDate::from_parts(year, Some(month), Some(day))),
        [month, year] => year
            .parse()
            .ok()
            .zip(month.parse().ok())
            .and_then(|(year, month)| BirthDate::from_parts(year, Some(month), None)),
        [year] => year.parse().ok().and_then(|year| BirthDate::from_parts(year, None, None)),
        _ => None,
    };
    date.ok_or_else(|| {
        Problem::bad_field("Ngày sinh viết như 05/02/1999", "A date of birth is written as 05/02/1999")
    })
}

fn sex(text: &str) -> Result<Sex, Problem> {
    let lower = text.to_lowercase();
    Sex::from_vietnamese(text)
        .or(match lower.as_str() {
            "nam" | "male" | "m" => Some(Sex::Male),
            "nữ" | "nu" | "female" | "f" => Some(Sex::Female),
            _ => None,
        })
        .ok_or_else(|| Problem::bad_field("Giới tính là Nam hoặc Nữ", "Sex is Nam or Nữ (male or female)"))
}

fn word_of(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "male",
        Sex::Female => "female",
        Sex::Unspecified => "unspecified",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_read_as_files_have_it() {
        let mut said = Asserted::default();
        let field = |name| FIELDS.iter().find(|field| field.name == name).unwrap();
        for text in ["05/02/1999", "5.2.1999", "1999-02-05"] {
            field("birth_date").put(&mut said, Some(text)).unwrap();
            assert_eq!((field("birth_date").said)(&said).as_deref(), Some("1999-02-05"));
            assert_eq!(field("birth_date").shown(&said), "05/02/1999");
        }
        for text in ["31/02/1999", "1/2/3/4", "hôm qua", "05/02/99999999999", "-", "//"] {
            assert!(field("birth_date").put(&mut said, Some(text)).is_err(), "{text}");
        }
        field("sex").put(&mut said, Some("nữ")).unwrap();
        assert_eq!((field("sex").said)(&said).as_deref(), Some("female"));
        assert!(field("sex").put(&mut said, Some("x")).is_err());
        for field in &FIELDS {
            field.put(&mut said, None).unwrap();
            assert_eq!((field.said)(&said), None, "{}", field.name);
        }
        assert!(said == Asserted::default());
    }
}
