//! What statistics sees of a person: no name, no number.

use cccd_card_profile::personal_number::{PersonalNumber, RegistrationPlace};

use crate::generate::present_province;
use crate::person::{Life, Person, Relative, birth_date_text, sex_word};
use crate::quality::score::NOWHERE;

/// A record as far as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Province of the place of record, `??` if none is known.
    pub province: String,
    /// Ward of the same place, `??` if none is known.
    pub ward: String,
    /// `yyyy-mm-dd`, or as much of it as is known.
    pub birth_date: String,
    /// `male`, `female`, `unspecified`.
    pub sex: String,
    /// As recorded; empty if it is not.
    pub ethnic_group: String,
    /// Alive, dead, missing.
    pub life: Life,
    /// The present province in which the birth was registered, by the number's first digits; empty for births abroad.
    pub registered_in: String,
    /// The mother's year of birth by her number; 0 if she is not known by one.
    pub mother_born: i16,
    /// Province of the permanent residence; empty if none is known.
    pub home: String,
    /// Since when she lives there; empty if it is not known.
    pub home_since: String,
}

impl Facts {
    /// What is counted of a record.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        let residences = person.residences.each().map(|(_, residence)| residence.as_ref());
        let placed = residences.into_iter().flatten().find(|residence| residence.province_code.is_some());
        let code = |code: Option<&String>| code.cloned().unwrap_or_else(|| NOWHERE.to_owned());
        let permanent = person.residences.permanent.as_ref();
        Self {
            province: code(placed.and_then(|place| place.province_code.as_ref())),
            ward: code(placed.and_then(|place| place.ward_code.as_ref())),
            birth_date: birth_date_text(person.birth_date),
            sex: sex_word(person.sex).to_owned(),
            ethnic_group: person.ethnic_group.clone().unwrap_or_default(),
            life: person.life,
            registered_in: registered_in(&person.number),
            mother_born: person.mother.as_ref().map_or(0, born),
            home: permanent.and_then(|home| home.province_code.clone()).unwrap_or_default(),
            home_since: permanent
                .and_then(|home| home.since)
                .map(|since| since.to_string())
                .unwrap_or_default(),
        }
    }

    /// The year of birth, which every record has.
    #[must_use]
    pub fn birth_year(&self) -> i16 {
        self.year().parse().unwrap_or(0)
    }

    pub(super) fn year(&self) -> &str {
        self.birth_date.get(..4).unwrap_or_default()
    }

    /// Whether the permanent residence is in another province since another day: a corrected code has the same day.
    #[must_use]
    pub fn has_moved_from(&self, before: &Self) -> bool {
        let known = !self.home.is_empty() && !before.home.is_empty() && !self.home_since.is_empty();
        known && self.home != before.home && self.home_since != before.home_since
    }
}

fn registered_in(number: &PersonalNumber) -> String {
    let digits = number.as_str().get(..3).unwrap_or_default();
    match number.structure().registered_in {
        RegistrationPlace::Province { .. } => present_province(digits).unwrap_or(NOWHERE).to_owned(),
        _ => String::new(),
    }
}

fn born(mother: &Relative) -> i16 {
    mother.number.as_ref().map_or(0, |number| number.structure().birth_year)
}
