//! Keys of a person's birth: who was born on one day under one name, or to one parent. A newborn is compared with these
//! before it gets a number; a nation has four thousand births a day, and few of one name or parent.

use crate::name::comparison_key;
use crate::person::{Person, Relative};

use super::SearchKey;

/// The keys under which a person's birth stands, up to five: the day with the name, and with number and name of each parent.
/// Whose day of birth is not known has none.
pub(crate) fn birth_keys(person: &Person) -> Vec<SearchKey> {
    let Some(day) = person.birth_date.date().map(|day| day.to_string()) else { return Vec::new() };
    let mut keys = vec![named(&day, &person.full_name)];
    for parent in parents(person) {
        keys.extend(parent.number.as_ref().map(|number| of_parent(&day, number.as_str())));
        keys.push(of_parent(&day, &comparison_key(&parent.name)));
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The keys by which a newborn's like are found: a parent by the number, or by the name where there is none.
pub(crate) fn alike_keys(newborn: &Person) -> Vec<SearchKey> {
    let Some(day) = newborn.birth_date.date().map(|day| day.to_string()) else { return Vec::new() };
    let parents = parents(newborn).map(|parent| match &parent.number {
        Some(number) => of_parent(&day, number.as_str()),
        None => of_parent(&day, &comparison_key(&parent.name)),
    });
    core::iter::once(named(&day, &newborn.full_name)).chain(parents).collect()
}

fn parents(person: &Person) -> impl Iterator<Item = &Relative> {
    person.father.iter().chain(&person.mother)
}

fn named(day: &str, name: &str) -> SearchKey {
    SearchKey::new("b-name", [comparison_key(name).as_str(), day])
}

fn of_parent(day: &str, parent: &str) -> SearchKey {
    SearchKey::new("b-parent", [parent, day])
}

#[cfg(test)]
mod tests {
    use super::*;
    use cccd_card_profile::card_holder::{BirthDate, Sex};
    use cccd_card_profile::personal_number::PersonalNumber;
    use jiff::civil::date;

    fn child(name: &str, mother: Relative) -> Person {
        let number = PersonalNumber::parse("001226000001").unwrap();
        let mut child = Person::new(number, name, date(2026, 11, 2).into(), Sex::Male);
        child.mother = Some(mother);
        child
    }

    #[test]
    fn a_child_is_found_by_its_name_and_by_a_parent_of_its_day() {
        let number = PersonalNumber::parse("001190000002").unwrap();
        let registered = child("Trần Hải Đăng", Relative::new("Lê Thị Hoà", Some(number.clone())));
        let keys = birth_keys(&registered);
        let found = |newborn: &Person| {
            alike_keys(newborn).iter().map(|key| keys.contains(key)).collect::<Vec<bool>>()
        };
        // The tone put elsewhere; the mother by her name alone.
        assert_eq!(found(&child("trần hải đăng", Relative::new("Lê Thị Hòa", None))), [true, true]);
        assert_eq!(found(&child("Trần Khôi", Relative::new("Vũ Ngọc Quỳnh", Some(number)))), [false, true]);
        let mut later = registered.clone();
        later.birth_date = date(2026, 11, 3).into();
        assert_eq!(found(&later), [false, false]);
        later.birth_date = BirthDate::Year(2026);
        assert!(birth_keys(&later).is_empty() && alike_keys(&later).is_empty());
    }
}
