//! Adoption: Luật Nuôi con nuôi 2010.

use cccd_card_profile::personal_number::PersonalNumber;

use super::families::{is_older, parents, spouse_of};
use super::{Done, Work};
use crate::civil_status::act::Kind;
use crate::civil_status::family::{add_child, relative};
use crate::civil_status::refusal::{Contradiction, Refusal};
use crate::person::{MaritalStatus, Person, Relative, latest, years};

/// Adoptive parents are at least so much older than the child, in years.
const YOUNGEST_ADOPTER: i16 = 20;

/// From this age on, only step-parents, aunts and uncles adopt.
const ANYBODYS: i16 = 16;

/// Nobody of this age is adopted.
const GROWN: i16 = 18;

impl Work<'_> {
    pub(super) fn adoption(
        &mut self,
        child: &PersonalNumber,
        father: Option<&PersonalNumber>,
        mother: Option<&PersonalNumber>,
    ) -> Done {
        if father.is_none() && mother.is_none() {
            return Err(Refusal::NoParent.into());
        }
        // Another child of theirs may have come since.
        if self.overtaken_of(child, &[Kind::Adoption]) {
            self.changes.late = true;
            return Ok(());
        }
        let record = self.record(child)?.clone();
        let age = |years: i16| record.birth_date.earliest().checked_add(jiff::Span::new().years(years));
        let on = self.entry.act.on();
        if age(GROWN).is_ok_and(|day| day <= on) {
            return Err(Refusal::NoChild.into());
        }
        let mut adopters = Vec::with_capacity(2);
        for (adopter, is_father) in [(father, true), (mother, false)] {
            let Some(adopter) = adopter else { continue };
            adopters.push((self.record(adopter)?.clone(), is_father));
        }
        // Who adopts the child of their husband or wife takes nothing from them.
        let stays = match adopters.as_slice() {
            [(one, _)] => parents(&record).find(|parent| spouse_of(one) == Some(parent)).cloned(),
            _ => None,
        };
        let number_of = |parent: &Option<Relative>| parent.as_ref().and_then(|parent| parent.number.clone());
        let is_kept = |parent: &Option<Relative>| stays.is_some() && number_of(parent) == stays;
        let mut now = [
            record.father.clone().filter(|_| is_kept(&record.father)),
            record.mother.clone().filter(|_| is_kept(&record.mother)),
        ];
        for (adopter, is_father) in &adopters {
            let [of_father, of_mother] = &mut now;
            *(if *is_father { of_father } else { of_mother }) = Some(relative(adopter));
        }
        let numbers =
            |both: [&Option<Relative>; 2]| both.map(|one| one.as_ref().map(|one| one.number.clone()));
        let [of_father, of_mother] = &now;
        if numbers([of_father, of_mother]) == numbers([&record.father, &record.mother]) {
            return Err(Refusal::Nothing.into());
        }
        self.may_adopt(&record, &adopters, age(ANYBODYS).is_ok_and(|day| day <= on))?;
        let as_child = relative(&record);
        for old in [&record.father, &record.mother] {
            if let Some(number) = number_of(old).filter(|_| !is_kept(old))
                && let Some(parent) = self.touched.get(&number)
            {
                parent.children.retain(|known| known.number.as_ref() != Some(child));
            }
        }
        for (adopter, _) in &adopters {
            add_child(self.record(&adopter.number)?, &as_child);
        }
        let record = self.record(child)?;
        [record.father, record.mother] = now;
        Ok(())
    }

    /// What keeps these from adopting this child; who is its parent already is asked nothing.
    fn may_adopt(&mut self, child: &Person, adopters: &[(Person, bool)], is_nearly_grown: bool) -> Done {
        let is_parent = |one: &Person| parents(child).any(|parent| *parent == one.number);
        let is_step_parent = |one: &Person| parents(child).any(|parent| spouse_of(one) == Some(parent));
        let new: Vec<&(Person, bool)> = adopters.iter().filter(|(one, _)| !is_parent(one)).collect();
        for (one, is_father) in adopters {
            self.of_that_sex(one.sex, *is_father)?;
        }
        for (one, _) in &new {
            is_older(one, child.birth_date)?;
            let apart = years(one.birth_date.earliest(), latest(child.birth_date));
            if !is_step_parent(one) && apart < YOUNGEST_ADOPTER {
                self.contradicts(Contradiction::AdopterTooYoung)?;
            }
        }
        let are_couple = match adopters {
            [(one, _), (other, _)] => spouse_of(one) == Some(&other.number),
            [(one, _)] => is_step_parent(one) || one.marital_status != Some(MaritalStatus::Married),
            _ => true,
        };
        let (strangers, elders) = (new.iter().any(|(one, _)| !is_step_parent(one)), self.elders(child));
        let is_kin = |one: &Person| {
            elders.contains(&one.number)
                || parents(one).any(|theirs| parents(child).any(|mine| mine == theirs))
        };
        if !are_couple || is_nearly_grown && strangers || new.iter().any(|(one, _)| is_kin(one)) {
            self.contradicts(Contradiction::AdoptionBarred)?;
        }
        Ok(())
    }
}
