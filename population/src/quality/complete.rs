//! Đủ: the items of art. 9 that everybody has. Those that only some have (other names, blood group, telephone, CMND)
//! are never missing.

use cccd_card_profile::card_holder::BirthDate;
use jiff::civil::Date;

use super::{Remark, Rule};
use crate::person::{Person, Relative, Residence, years};
use crate::places::countries::{self, VIETNAM};

/// From this age on a marital status is asked for (women may marry at 18).
const ASKED_FOR_MARRIAGE: i16 = 18;

pub(super) fn remarks(person: &Person, today: Date) -> Vec<Remark> {
    let mut found = Vec::new();
    let mut need = |there: bool, item| {
        if !there {
            found.push(Remark::new(Rule::Missing, item));
        }
    };
    need(person.birth_registration_place.is_some(), "birth_registration_place");
    need(person.place_of_origin.is_some(), "place_of_origin");
    need(person.ethnic_group.is_some(), "ethnic_group");
    need(person.religion.is_some() || person.sealed, "religion");
    // One parent may be unknown to the law (Luật Hộ tịch 2014 art. 14, 15); both are not.
    need(person.father.is_some() || person.mother.is_some(), "mother");
    need(person.residences.of_record().is_some(), "residence");
    let adult = years(person.birth_date.earliest(), today) >= ASKED_FOR_MARRIAGE;
    need(!adult || person.marital_status.is_some(), "marital_status");
    let married = person.marital_status == Some(crate::person::MaritalStatus::Married);
    need(!married || person.spouse.is_some(), "spouse");
    let housed = person.residences.permanent.is_some();
    need(!housed || person.relation_to_head.is_some(), "relation_to_head");
    if !matches!(person.birth_date, BirthDate::Day(_)) {
        found.push(Remark::new(Rule::BirthDatePart, "birth_date"));
    }
    for (item, residence) in person.residences.each() {
        // An address abroad has a country, and no code of ours.
        let coded = |place: &Residence| place.ward_code.is_some() && place.province_code.is_some();
        if residence.as_ref().is_some_and(|place| !coded(place) && place.country().is_none()) {
            found.push(Remark::new(Rule::AddressWithoutCode, item));
        }
    }
    for (item, relative) in
        [("father", &person.father), ("mother", &person.mother), ("spouse", &person.spouse)]
    {
        // Who is of another country only has no number of ours.
        let foreign = |relative: &Relative| {
            relative
                .nationality
                .as_deref()
                .is_some_and(|nationality| countries::code(nationality) != Some(VIETNAM))
        };
        if relative.as_ref().is_some_and(|relative| relative.number.is_none() && !foreign(relative)) {
            found.push(Remark::new(Rule::RelativeWithoutNumber, item));
        }
    }
    found
}
