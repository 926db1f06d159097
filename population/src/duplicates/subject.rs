//! A person prepared for comparison.

use std::collections::BTreeSet;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;

use crate::name::{PreparedName, fold};
use crate::person::{Person, Relative};
use crate::search::SearchKey;

/// What of a person is compared.
#[derive(Clone)]
pub struct Subject {
    pub(super) number: PersonalNumber,
    pub(super) name: PreparedName,
    pub(super) other_names: Vec<PreparedName>,
    pub(super) birth_date: BirthDate,
    pub(super) sex: Sex,
    pub(super) father: Option<Kin>,
    pub(super) mother: Option<Kin>,
    pub(super) spouse: Option<Kin>,
    pub(super) origin: Option<String>,
    pub(super) birth_place: Option<String>,
    pub(super) ward: Option<String>,
    pub(super) old_number: Option<String>,
    pub(super) ethnic_group: Option<String>,
    pub(super) marks: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) household: Vec<PersonalNumber>,
}

/// A relative's name and number.
#[derive(Clone)]
pub(super) struct Kin {
    pub(super) name: PreparedName,
    pub(super) number: Option<PersonalNumber>,
}

impl Kin {
    fn of(relative: Option<&Relative>) -> Option<Self> {
        let relative = relative?;
        Some(Self { name: PreparedName::new(&relative.name), number: relative.number.clone() })
    }
}

impl core::fmt::Debug for Subject {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Subject").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Subject {
    /// Prepares a person.
    #[must_use]
    pub fn new(person: &Person) -> Self {
        let text = |text: &Option<String>| text.as_deref().map(place).filter(|text| !text.is_empty());
        let residence = person.residences.of_record();
        Self {
            number: person.number.clone(),
            name: PreparedName::new(&person.full_name),
            other_names: person.other_names.iter().map(|name| PreparedName::new(name)).collect(),
            birth_date: person.birth_date,
            sex: person.sex,
            father: Kin::of(person.father.as_ref()),
            mother: Kin::of(person.mother.as_ref()),
            spouse: Kin::of(person.spouse.as_ref()),
            origin: text(&person.place_of_origin),
            birth_place: text(&person.birth_registration_place).or_else(|| text(&person.place_of_birth)),
            ward: residence.and_then(|residence| residence.ward_code.clone()),
            old_number: person.old_number.clone(),
            ethnic_group: text(&person.ethnic_group),
            marks: text(&person.identification_marks),
            phone: person.phone.clone(),
            household: person.household.iter().filter_map(|member| member.number.clone()).collect(),
        }
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> &PersonalNumber {
        &self.number
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &PreparedName {
        &self.name
    }

    /// Keys that two records of one person share if one item or two of them are wrong; two strangers share few. Stable, fit for
    /// a table `duplicate_key(key, personal_number)`.
    #[must_use]
    pub fn keys(&self) -> Vec<SearchKey> {
        let mut keys = BTreeSet::new();
        let date = self.birth_date;
        let (year, month_day) = (date.year().to_string(), month_day(date));
        for name in self.names() {
            let words: BTreeSet<&str> = name.sounds().collect();
            let whole: Vec<&str> = words.iter().copied().collect();
            // Two words and the day: one word may be wrong, missing or another.
            let day = month_day.as_ref().map_or_else(|| year.clone(), |day| format!("{year}-{day}"));
            for (at, one) in whole.iter().enumerate() {
                for other in whole.iter().skip(at + 1) {
                    keys.insert(SearchKey::new("d-pair", [*one, other, &day]));
                }
            }
            // One word and the day, for short names: where the other word is wrong, the origin or the ward is right.
            if whole.len() <= 2 {
                for place in [&self.origin, &self.ward].into_iter().flatten() {
                    for word in &whole {
                        keys.insert(SearchKey::new("d-word", [*word, &day, place]));
                    }
                }
            }
            // The whole name and a part of the date.
            let with = |kind, part: &str| SearchKey::new(kind, whole.iter().copied().chain([part]));
            keys.insert(with("d-year", &year));
            keys.extend(month_day.as_ref().map(|day| with("d-day", day)));
            // The given name and both parents.
            if let (Some(given), Some(father), Some(mother)) =
                (name.sounds().last(), &self.father, &self.mother)
            {
                let parents = father.name.sounds().chain(["+"]).chain(mother.name.sounds());
                keys.insert(SearchKey::new("d-parents", core::iter::once(given).chain(parents)));
            }
        }
        keys.extend(self.old_number.as_deref().map(|number| SearchKey::new("d-cmnd", [number])));
        keys.into_iter().collect()
    }

    /// The name, then other names.
    pub(super) fn names(&self) -> impl Iterator<Item = &PreparedName> {
        core::iter::once(&self.name).chain(&self.other_names)
    }
}

/// `mm-dd`, if both are known.
fn month_day(date: BirthDate) -> Option<String> {
    Some(format!("{:02}-{:02}", date.month()?, date.day()?))
}

/// A place as it is compared: without diacritics, commas and the words for its kind.
fn place(text: &str) -> String {
    let folded = fold(&text.replace([',', ';', '.'], " "));
    let kinds = ["xa", "phuong", "thi", "tran", "huyen", "quan", "tinh", "thanh", "pho"];
    let kept: Vec<&str> = folded.split(' ').filter(|word| !kinds.contains(word)).collect();
    if kept.is_empty() { folded } else { kept.join(" ") }
}
