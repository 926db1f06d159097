//! Two records of one person become one: nothing that only one of them knows is lost, the number that ends is named by
//! nobody any more, and every record around follows.

use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use crate::civil_status::family::{Touched, add_child, is_one, relative};
use crate::civil_status::{ActId, Contradiction, Kind, Message, NotApplied, Refusal, Topic};
use crate::person::{Life, Others, Person, Relative, Residences};

/// What a decision changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Records that change, as they are from now on, by number.
    pub changed: Vec<Person>,
    /// The number that ended, and the one that follows it.
    pub cancelled: Option<(PersonalNumber, PersonalNumber)>,
    /// What others are told.
    pub messages: Vec<Message>,
}

/// Items that an officer may take from the record that ends. The number is what is decided; household, spouse and children
/// follow by themselves.
pub const CHOICES: [&str; 13] = [
    "full_name",
    "birth_date",
    "sex",
    "place_of_birth",
    "birth_registration_place",
    "place_of_origin",
    "ethnic_group",
    "religion",
    "nationality",
    "blood_group",
    "old_number",
    "father",
    "mother",
];

/// Merges `ended` into `kept`. `naming` are records that name `ended` without being named in its record. `act` names the
/// decision in messages.
///
/// # Errors
/// [`NotApplied`]: an unknown number, an item that is no choice, two spouses.
pub fn merge(
    (kept, ended): (&PersonalNumber, &PersonalNumber),
    take: &BTreeSet<String>,
    naming: &[PersonalNumber],
    others: &dyn Others,
    (act, today): (&ActId, Date),
) -> Result<Outcome, NotApplied> {
    if kept == ended {
        return Err(Refusal::Oneself.into());
    }
    if take.iter().any(|item| !CHOICES.contains(&item.as_str())) {
        return Err(Refusal::Flaw.into());
    }
    let mut touched = Touched::new(others);
    let one = touched.get(kept).ok_or(Refusal::UnknownPerson)?.clone();
    let other = touched.get(ended).ok_or(Refusal::UnknownPerson)?.clone();
    if let (Some(mine), Some(theirs)) = (&one.spouse, &other.spouse)
        && !is_one(mine, theirs)
    {
        // Which marriage holds is for the civil register to say first.
        return Err(Contradiction::Married.into());
    }
    let mut messages = Vec::new();
    let mut tell = |topic, person: &PersonalNumber, with: Option<&PersonalNumber>| {
        messages.push(Message {
            topic,
            person: person.clone(),
            act: act.clone(),
            kind: Kind::Decided,
            on: today,
            with: with.cloned(),
        });
    };
    let mut around: BTreeSet<PersonalNumber> = naming.iter().cloned().collect();
    around.extend(touched.around(kept));
    around.extend(touched.around(ended));
    let mut person = join(&one, &other, take)?;
    // What a card says, or whether it may be: the card of the number that stays is looked at as well.
    let on_card =
        |of: &Person| (of.full_name.clone(), of.birth_date, of.sex, of.nationality.clone(), of.life);
    let card_differs = on_card(&person) != on_card(&one);
    // A household of one's own is kept; else the other one's is.
    if one.relation_to_head.is_some() || !one.household.is_empty() {
        if touched.leave_household(ended) {
            tell(Topic::HouseholdHead, ended, Some(kept));
        }
        let own = touched.get(kept).ok_or(Refusal::UnknownPerson)?;
        (person.household, person.relation_to_head) = (own.household.clone(), own.relation_to_head.clone());
    } else {
        (person.household, person.relation_to_head) = (other.household, other.relation_to_head);
    }
    let name = person.full_name.clone();
    follow(&mut person, ended, kept, &name);
    follow(&mut person, kept, kept, &name);
    if let Some(record) = touched.get(kept) {
        *record = person;
    }
    for number in around.iter().filter(|number| *number != kept && *number != ended) {
        if let Some(record) = touched.get(number) {
            follow(record, ended, kept, &name);
            follow(record, kept, kept, &name);
        }
    }
    let mut parents = one;
    let their_parents = [other.father, other.mother];
    parents_follow(&mut touched, kept, &[&parents])?;
    [parents.father, parents.mother] = their_parents;
    parents_follow(&mut touched, kept, &[&parents])?;
    let record = touched.get(kept).ok_or(Refusal::UnknownPerson)?;
    *record = record.clone().checked(today)?;
    let mut changed = touched.changed(today)?;
    changed.retain(|person| person.number != *ended);
    for person in &changed {
        tell(Topic::PersonChanged, &person.number, None);
    }
    tell(Topic::NumberAnswered, kept, Some(ended));
    tell(Topic::Card, ended, Some(kept));
    if card_differs {
        tell(Topic::Card, kept, None);
    }
    Ok(Outcome { changed, cancelled: Some((ended.clone(), kept.clone())), messages })
}

/// What the one record says, with what only the other one knows and what is taken from it.
fn join(one: &Person, other: &Person, take: &BTreeSet<String>) -> Result<Person, Refusal> {
    let items = |person: &Person| match serde_json::to_value(person) {
        Ok(serde_json::Value::Object(items)) => Ok(items),
        _ => Err(Refusal::Flaw),
    };
    let mut joined = items(one)?;
    let of_themselves = ["number", "household", "relation_to_head", "life", "cancelled_number"];
    for (item, value) in items(other)? {
        let more = take.contains(&item) || !joined.contains_key(&item);
        if more && !of_themselves.contains(&item.as_str()) {
            joined.insert(item, value);
        }
    }
    let mut person: Person =
        serde_json::from_value(serde_json::Value::Object(joined)).map_err(|_| Refusal::Flaw)?;
    if person.life == Life::Alive {
        person.life = other.life;
    }
    if one.spouse.is_none() && other.spouse.is_some() {
        person.marital_status = other.marital_status;
    }
    // One spouse, and only the record that ends knows the number.
    let by_number = |person: &Person| person.spouse.clone().filter(|spouse| spouse.number.is_some());
    if by_number(one).is_none()
        && let Some(known) = by_number(other)
    {
        person.spouse = Some(known);
    }
    let (mine, theirs) = (&mut person.residences, &other.residences);
    for (place, more) in [
        (&mut mine.permanent, &theirs.permanent),
        (&mut mine.temporary, &theirs.temporary),
        (&mut mine.current, &theirs.current),
    ] {
        if place.is_none() {
            place.clone_from(more);
        }
    }
    if matches!(person.life, Life::Dead(_)) {
        person.residences = Residences::default();
    }
    // Whoever holds a paper under another name is found by it.
    let names = [&one.full_name, &other.full_name].into_iter();
    for name in names.chain(&one.other_names).chain(&other.other_names) {
        let known = core::iter::once(&person.full_name).chain(&person.other_names);
        if !known.into_iter().any(|known| crate::name::agree(known, name)) {
            person.other_names.push(name.clone());
        }
    }
    let full_name = person.full_name.clone();
    person.other_names.retain(|name| *name != full_name);
    person.other_names.sort_unstable();
    for (list, more) in [
        (&mut person.children, &other.children),
        (&mut person.representatives, &other.representatives),
        (&mut person.represented, &other.represented),
    ] {
        list.extend(more.iter().cloned());
    }
    person.cancelled_number = one.cancelled_number.clone().or_else(|| Some(other.number.clone()));
    Ok(person)
}

/// In one record: whoever was named by the number that ends is named by the one that stays, once; nobody is their own
/// relative.
fn follow(record: &mut Person, ended: &PersonalNumber, kept: &PersonalNumber, name: &str) {
    let own = record.number.clone();
    let rename = |relative: &mut Relative| {
        if relative.number.as_ref() == Some(ended) {
            relative.number = Some(kept.clone());
            name.clone_into(&mut relative.name);
        }
    };
    for single in [&mut record.father, &mut record.mother, &mut record.spouse] {
        single.iter_mut().for_each(rename);
        if single.as_ref().is_some_and(|relative| relative.number.as_ref() == Some(&own)) {
            *single = None;
        }
    }
    for list in [&mut record.children, &mut record.representatives, &mut record.represented] {
        list.iter_mut().for_each(rename);
        list.retain(|relative| relative.number.as_ref() != Some(&own));
        distinct(list);
    }
    for member in record.household.iter_mut().filter(|member| member.number.as_ref() == Some(ended)) {
        member.number = Some(kept.clone());
        name.clone_into(&mut member.name);
    }
    let mut seen = BTreeSet::new();
    record.household.retain(|member| member.number.as_ref().is_none_or(|number| seen.insert(number.clone())));
}

/// One line for each person, those without a number by name; in the order of the numbers, so that it does not matter which
/// record came first.
fn distinct(list: &mut Vec<Relative>) {
    let mut numbered: BTreeMap<PersonalNumber, Relative> = BTreeMap::new();
    let mut named: Vec<Relative> = Vec::new();
    for relative in list.drain(..) {
        match relative.number.clone() {
            Some(number) => {
                numbered.entry(number).or_insert(relative);
            }
            None if named.contains(&relative) => {}
            None => named.push(relative),
        }
    }
    list.extend(numbered.into_values());
    list.extend(named);
}

/// Who is named as a parent names the child, and who was named `before` and is no longer does not.
pub(super) fn parents_follow(
    touched: &mut Touched<'_>,
    number: &PersonalNumber,
    before: &[&Person],
) -> Result<(), Refusal> {
    let of = |person: &Person| -> BTreeSet<PersonalNumber> {
        let parents = [&person.father, &person.mother].into_iter().flatten();
        parents.filter_map(|parent| parent.number.clone()).collect()
    };
    let person = touched.get(number).ok_or(Refusal::UnknownPerson)?.clone();
    let now = of(&person);
    let then: BTreeSet<PersonalNumber> = before.iter().flat_map(|person| of(person)).collect();
    if now == then {
        return Ok(());
    }
    let as_child = relative(&person);
    for parent in now.union(&then) {
        let Some(record) = touched.get(parent) else { continue };
        if !now.contains(parent) {
            record.children.retain(|child| child.number.as_ref() != Some(number));
            continue;
        }
        if record.birth_date.earliest() >= person.birth_date.earliest() {
            return Err(Refusal::ParentNotOlder);
        }
        add_child(record, &as_child);
    }
    Ok(())
}
