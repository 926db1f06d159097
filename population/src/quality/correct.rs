//! Đúng: what contradicts itself, another record, or a list of codes. The number's own digits are only hints
//! (NĐ 137/2015 art. 13; numbers are not changed when place or sex turn out to be others).

use std::collections::HashSet;
use std::sync::Arc;

use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::{PersonalNumber, RegistrationPlace};
use jiff::civil::Date;

use super::{Context, Remark, Rule};
use crate::civil_status::apply::{DAYS_AFTER_FATHER, YOUNGEST_PARENT};
use crate::name::agree;
use crate::person::{HEAD, Life, MaritalStatus, Person, Relative, latest, years};

/// A mother is at most so much older.
const OLDEST_MOTHER: i16 = 60;
/// So many ancestors are looked at for a circle: ten generations of a real family are fewer that have records.
const ANCESTORS: usize = 256;

pub(super) fn remarks(person: &Person, context: &Context<'_>) -> Vec<Remark> {
    let mut found = Vec::new();
    number(person, &mut found);
    texts(person, &mut found);
    places(person, context, &mut found);
    let parents = [("father", &person.father, Sex::Male), ("mother", &person.mother, Sex::Female)];
    for (item, relative, sex) in parents {
        if let Some((relative, parent)) = known(relative.as_ref(), context) {
            name(&relative, &parent, item, &mut found);
            parent_of(&parent, person, (item, sex), &mut found);
        }
    }
    for child in &person.children {
        if let Some((relative, child)) = known(Some(child), context) {
            name(&relative, &child, "children", &mut found);
            let names_me = [&child.father, &child.mother].into_iter().flatten();
            if !names_me.into_iter().any(|parent| parent.number.as_ref() == Some(&person.number)) {
                found.push(Remark::new(Rule::ChildDisagrees, "children"));
            }
        }
    }
    spouse(person, context, &mut found);
    household(person, &mut found);
    if is_own_ancestor(person, context) {
        found.push(Remark::new(Rule::AncestorOfSelf, "father"));
    }
    found
}

/// The relative's own record, where both number and record are there.
fn known(relative: Option<&Relative>, context: &Context<'_>) -> Option<(Relative, Arc<Person>)> {
    let relative = relative?;
    let record = context.others.person(relative.number.as_ref()?)?;
    Some((relative.clone(), record))
}

fn number(person: &Person, found: &mut Vec<Remark>) {
    let structure = person.number.structure();
    if matches!(structure.registered_in, RegistrationPlace::Unknown(_)) {
        found.push(Remark::new(Rule::NumberPlace, "number"));
        // Digits of an unknown making say nothing about year and sex either.
        return;
    }
    if structure.birth_year != person.birth_date.year() {
        found.push(Remark::new(Rule::NumberYear, "number"));
    }
    if person.sex != Sex::Unspecified && structure.sex != person.sex {
        found.push(Remark::new(Rule::NumberSex, "number"));
    }
}

fn texts(person: &Person, found: &mut Vec<Remark>) {
    let strange =
        |name: &str| name.chars().any(|c| !(c.is_alphabetic() || c.is_whitespace() || "'’ʼ-.‐‑".contains(c)));
    if strange(&person.full_name) {
        found.push(Remark::new(Rule::NameForm, "full_name"));
    }
    if person.other_names.iter().any(|name| strange(name)) {
        found.push(Remark::new(Rule::NameForm, "other_names"));
    }
    if person.phone.as_deref().is_some_and(|phone| !is_phone(phone)) {
        found.push(Remark::new(Rule::PhoneForm, "phone"));
    }
    if person.email.as_deref().is_some_and(|email| !is_email(email)) {
        found.push(Remark::new(Rule::EmailForm, "email"));
    }
}

/// `0` and nine or ten digits, or `+` and 8 to 15 (E.164); blanks, dots and hyphens between them are fine.
fn is_phone(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
    let (digits, lengths) = match plain.strip_prefix('+') {
        Some(rest) => (rest, 8..=15),
        None if plain.starts_with('0') => (plain.as_str(), 10..=11),
        None => return false,
    };
    digits.bytes().all(|byte| byte.is_ascii_digit()) && lengths.contains(&digits.len())
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c == '@');
    plain(local)
        && plain(domain)
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}

fn places(person: &Person, context: &Context<'_>, found: &mut Vec<Remark>) {
    for (item, residence) in person.residences.each() {
        let Some(residence) = residence else { continue };
        if let Some(since) = residence.since {
            if since < person.birth_date.earliest() {
                found.push(Remark::new(Rule::SinceBeforeBirth, item));
            }
            if matches!(person.life, Life::Dead(day) if since > day) {
                found.push(Remark::new(Rule::SinceAfterDeath, item));
            }
        }
        if item != "current" && residence.country().is_some() {
            found.push(Remark::new(Rule::HomeAbroad, item));
        }
        let Some(ward) = residence.ward_code.as_deref() else { continue };
        if context.codes.ward(ward) == Some(false) {
            found.push(Remark::new(Rule::WardUnknown, item));
        } else if let (Some(province), Some(known)) =
            (residence.province_code.as_deref(), context.codes.provinces_of(ward))
            && !known.iter().any(|code| code == province)
        {
            found.push(Remark::new(Rule::WardElsewhere, item));
        }
    }
    let group = person.ethnic_group.as_deref();
    if group.is_some_and(|group| context.codes.ethnic_group(group) == Some(false)) {
        found.push(Remark::new(Rule::EthnicGroupUnknown, "ethnic_group"));
    }
}

fn name(relative: &Relative, record: &Person, item: &'static str, found: &mut Vec<Remark>) {
    let others = record.other_names.iter().map(String::as_str);
    if !core::iter::once(record.full_name.as_str()).chain(others).any(|name| agree(name, &relative.name)) {
        found.push(Remark::new(Rule::RelativeName, item));
    }
}

fn parent_of(parent: &Person, child: &Person, (item, sex): (&'static str, Sex), found: &mut Vec<Remark>) {
    let (eldest, born) = (parent.birth_date.earliest(), child.birth_date);
    // Where only a year is known, the difference that speaks for the record counts.
    if eldest >= latest(born) {
        found.push(Remark::new(Rule::ParentNotOlder, item));
    } else if years(eldest, latest(born)) < YOUNGEST_PARENT {
        found.push(Remark::new(Rule::ParentYoung, item));
    } else if sex == Sex::Female && years(latest(parent.birth_date), born.earliest()) > OLDEST_MOTHER {
        found.push(Remark::new(Rule::MotherOld, item));
    }
    if parent.sex != sex && parent.sex != Sex::Unspecified {
        found.push(Remark::new(Rule::ParentSex, item));
    }
    if let Life::Dead(day) = parent.life {
        let allowed = if sex == Sex::Male { DAYS_AFTER_FATHER } else { 0 };
        let last = day.checked_add(jiff::Span::new().days(allowed)).unwrap_or(Date::MAX);
        if born.earliest() > last {
            found.push(Remark::new(Rule::BornAfterParent, item));
        }
    }
}

fn spouse(person: &Person, context: &Context<'_>, found: &mut Vec<Remark>) {
    let Some(spouse) = &person.spouse else { return };
    // The record of a widow may go on naming the dead.
    let dead = known(Some(spouse), context).is_some_and(|(_, spouse)| matches!(spouse.life, Life::Dead(_)));
    let fits = match person.marital_status {
        None | Some(MaritalStatus::Married) => true,
        Some(MaritalStatus::Widowed) => dead,
        Some(MaritalStatus::Single | MaritalStatus::Divorced) => false,
    };
    if !fits {
        found.push(Remark::new(Rule::SpouseStatus, "marital_status"));
    }
    let age = years(person.birth_date.earliest(), context.today);
    let of_age = if person.sex == Sex::Female { 18 } else { 20 };
    if age < of_age {
        found.push(Remark::new(Rule::MarriedYoung, "spouse"));
    }
    let kin = [person.father.as_slice(), person.mother.as_slice(), &person.children];
    if let Some(number) = &spouse.number
        && kin.into_iter().flatten().any(|relative| relative.number.as_ref() == Some(number))
    {
        found.push(Remark::new(Rule::SpouseIsKin, "spouse"));
    }
    if let Some((relative, record)) = known(Some(spouse), context) {
        name(&relative, &record, "spouse", found);
        let back = record.spouse.as_ref().and_then(|spouse| spouse.number.as_ref());
        // The dead go on naming whom they were married to; the survivor may have married again.
        let both_live = !matches!(record.life, Life::Dead(_)) && !matches!(person.life, Life::Dead(_));
        if both_live && back != Some(&person.number) {
            found.push(Remark::new(Rule::SpouseDisagrees, "spouse"));
        }
    }
}

fn household(person: &Person, found: &mut Vec<Remark>) {
    if person.household.is_empty() {
        return;
    }
    let is_head = |relation: &str| agree(relation, HEAD);
    // The list may leave the person themselves out.
    let listed = person.household.iter().find(|member| member.number.as_ref() == Some(&person.number));
    let own = person.relation_to_head.as_deref();
    let heads = person.household.iter().filter(|member| is_head(&member.relation)).count()
        + usize::from(listed.is_none() && own.is_some_and(is_head));
    if heads != 1 {
        found.push(Remark::new(Rule::HouseholdHead, "household"));
    }
    if let (Some(listed), Some(own)) = (listed, own)
        && !agree(&listed.relation, own)
    {
        found.push(Remark::new(Rule::HouseholdRelation, "relation_to_head"));
    }
}

/// Whether the parents' parents … lead back. Bounded; a circle among ancestors only is theirs to report.
fn is_own_ancestor(person: &Person, context: &Context<'_>) -> bool {
    let numbers = |person: &Person| -> Vec<PersonalNumber> {
        [&person.father, &person.mother].into_iter().flatten().filter_map(|one| one.number.clone()).collect()
    };
    let mut seen = HashSet::new();
    let mut ahead = numbers(person);
    while let Some(number) = ahead.pop() {
        if number == person.number {
            return true;
        }
        if seen.len() >= ANCESTORS || !seen.insert(number.clone()) {
            continue;
        }
        if let Some(ancestor) = context.others.person(&number) {
            ahead.extend(numbers(&ancestor));
        }
    }
    false
}
