//! Sống: what was true once and may be no longer.

use jiff::civil::Date;

use super::{Context, Remark, Rule};
use crate::name::agree;
use crate::person::{HEAD, Life, Person, Relative, years};

/// Below this age somebody must stand for a person (Bộ luật Dân sự 2015 art. 21).
const OF_AGE: i16 = 18;

pub(super) fn remarks(person: &Person, confirmed: Option<Date>, context: &Context<'_>) -> Vec<Remark> {
    let mut found = Vec::new();
    let today = context.today;
    let age = years(person.birth_date.earliest(), today);
    let Some(of_record) = person.residences.of_record() else {
        found.push(Remark::new(Rule::NoResidence, "residence"));
        return found;
    };
    let seen = [confirmed, of_record.since].into_iter().flatten().max();
    let unseen_for = seen.map(|day| years(day, today));
    let old = unseen_for.is_none_or(|unseen| unseen >= context.policy.residence_years);
    if old {
        found.push(Remark::new(Rule::ResidenceOld, "residence"));
    }
    if age >= context.policy.great_age && unseen_for.is_none_or(|unseen| unseen >= 1) {
        found.push(Remark::new(Rule::GreatAge, "life"));
    }
    let temporary = person.residences.temporary.as_ref().and_then(|place| place.since);
    if temporary.is_some_and(|since| years(since, today) >= context.policy.temporary_years) {
        found.push(Remark::new(Rule::TemporaryEnded, "temporary"));
    }
    let absence = person.temporary_absence.as_ref().and_then(|absence| absence.until);
    if absence.is_some_and(|until| until < today) {
        found.push(Remark::new(Rule::AbsenceEnded, "temporary_absence"));
    }
    let is_dead = |relative: &Relative| {
        let record = relative.number.as_ref().and_then(|number| context.others.person(number));
        record.map(|record| matches!(record.life, Life::Dead(_)))
    };
    let married = person.marital_status == Some(crate::person::MaritalStatus::Married);
    if married && person.spouse.as_ref().and_then(is_dead) == Some(true) {
        found.push(Remark::new(Rule::SpouseDead, "spouse"));
    }
    let head = person.household.iter().find(|member| agree(&member.relation, HEAD));
    let head = head.map(|head| Relative::new(&head.name, head.number.clone()));
    if head.as_ref().and_then(is_dead) == Some(true) {
        found.push(Remark::new(Rule::HeadDead, "household"));
    }
    if age < OF_AGE && person.representatives.is_empty() {
        let parents: Vec<_> = [&person.father, &person.mother].into_iter().flatten().collect();
        // A parent without a record may well live: only those known to be dead count.
        if !parents.is_empty() && parents.iter().all(|parent| is_dead(parent) == Some(true)) {
            found.push(Remark::new(Rule::ChildAlone, "representatives"));
        }
    }
    found
}
