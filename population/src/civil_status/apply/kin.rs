//! Kin: who does not marry whom, as far as records, acts and the history tell.

use cccd_card_profile::personal_number::PersonalNumber;

use super::families::{parents, spouse_of};
use super::{Applied, Done, Work};
use crate::civil_status::act::{Act, Kind};
use crate::civil_status::family::is_one_name;
use crate::civil_status::refusal::{Contradiction, Refusal};
use crate::person::{Person, Relative};

impl Work<'_> {
    /// Parent and child, and whom a marriage made father or mother of the other, do not marry. Of brothers and sisters, and of kin
    /// further off whom the register knows by the parents' parents, an officer decides: they may be so by adoption.
    pub(super) fn no_kin(&mut self, man: &Person, woman: &Person) -> Done {
        let born = [self.born_to(man), self.born_to(woman)];
        let [his_by_birth, hers_by_birth] = &born;
        let by_birth = his_by_birth.contains(&woman.number) || hers_by_birth.contains(&man.number);
        if by_birth || are_parent_and_child(man, woman) || self.was_adopted_by(man, woman) {
            return Err(Refusal::CannotMarry.into());
        }
        for (one, other) in [(man, woman), (woman, man)] {
            let mut spouses = self.married_before(&one.number);
            spouses.extend(spouse_of(one).cloned());
            for former in spouses.iter().filter(|former| **former != other.number) {
                let is_step = parents(other).any(|parent| parent == former);
                let is_in_law = self
                    .touched
                    .look(former)
                    .is_some_and(|former| parents(former).any(|parent| *parent == other.number));
                if is_step || is_in_law {
                    return Err(Refusal::CannotMarry.into());
                }
            }
        }
        let mut elders = |person: &Person, by_birth: &[PersonalNumber]| {
            let mut all: Vec<PersonalNumber> = parents(person).cloned().collect();
            all.extend_from_slice(by_birth);
            all.extend(self.parents_before(person));
            self.with_their_parents(all)
        };
        let (his, hers) = (elders(man, his_by_birth), elders(woman, hers_by_birth));
        let is_line = his.contains(&woman.number) || hers.contains(&man.number);
        if is_line || his.iter().any(|elder| hers.contains(elder)) {
            self.contradicts(Contradiction::CloseKin)?;
        }
        Ok(())
    }

    /// Somebody without a number who bears the name of a parent, by birth or by adoption: an officer sees whether it is that one.
    pub(super) fn no_kin_by_name(&mut self, person: &Person, named: &Relative) -> Done {
        let parents = [&person.father, &person.mother].into_iter().flatten();
        let adoptions =
            self.before.iter().filter(|act| act.of == person.number && act.id.kind == Kind::Adoption);
        let adopters = adoptions.filter_map(|act| match self.books.act(&act.id)? {
            Act::Adoption { child, father, mother, .. } if child == person.number => Some([father, mother]),
            _ => None,
        });
        let adopters = adopters.flatten().flatten().filter_map(|party| party.stranger());
        let mut names = parents.filter(|parent| parent.number.is_none()).cloned().chain(adopters);
        if names.any(|parent| is_one_name(&parent.name, &named.name)) {
            self.contradicts(Contradiction::CloseKin)?;
        }
        Ok(())
    }

    /// Whom the record of somebody who was adopted named as parents before: by birth or recognition.
    fn parents_before(&self, person: &Person) -> Vec<PersonalNumber> {
        let is_adopted =
            self.before.iter().any(|act| act.of == person.number && act.id.kind == Kind::Adoption);
        if !is_adopted {
            return Vec::new();
        }
        self.books.past(&person.number).iter().flat_map(parents).cloned().collect()
    }

    /// The parents of somebody who was adopted, as the act of birth has them: the records have the adoptive ones.
    fn born_to(&self, person: &Person) -> Vec<PersonalNumber> {
        let theirs = || self.before.iter().filter(|act| act.of == person.number);
        if !theirs().any(|act| act.id.kind == Kind::Adoption) {
            return Vec::new();
        }
        let births = theirs().filter(|act| act.id.kind == Kind::Birth);
        let birth = births.filter_map(|act| self.books.act(&act.id)).next();
        let Some(Act::Birth { father, mother, .. }) = birth else { return Vec::new() };
        [father, mother].into_iter().flatten().filter_map(|parent| parent.number().cloned()).collect()
    }

    /// Whom somebody was married to, as the acts say: a divorce takes it from the records.
    fn married_before(&self, person: &PersonalNumber) -> Vec<PersonalNumber> {
        let acts = self.before.iter().filter(|act| act.of == *person && act.id.kind == Kind::Marriage);
        let other = |act: &Applied| match self.books.act(&act.id)? {
            act @ Act::Marriage { .. } => act.principals().into_iter().find(|one| one != person),
            _ => None,
        };
        acts.filter_map(other).collect()
    }

    /// Whether one of the two once adopted the other.
    fn was_adopted_by(&self, man: &Person, woman: &Person) -> bool {
        let theirs = |act: &&Applied| {
            act.of == man.number
                && act.id.kind == Kind::Adoption
                && self.before.iter().any(|other| other.of == woman.number && other.id == act.id)
        };
        self.before.iter().filter(theirs).any(|act| {
            matches!(self.books.act(&act.id), Some(Act::Adoption { child, .. }) if child == man.number || child == woman.number)
        })
    }

    /// Parents and parents' parents.
    pub(super) fn elders(&mut self, person: &Person) -> Vec<PersonalNumber> {
        self.with_their_parents(parents(person).cloned().collect())
    }

    fn with_their_parents(&mut self, mut elders: Vec<PersonalNumber>) -> Vec<PersonalNumber> {
        for parent in elders.clone() {
            if let Some(parent) = self.touched.look(&parent) {
                elders.extend(parents(parent).cloned());
            }
        }
        elders
    }
}

/// Parent and child, or a parent's spouse, as far as the two records say.
fn are_parent_and_child(one: &Person, other: &Person) -> bool {
    let is_parent = |elder: &Person, child: &Person| {
        parents(child).any(|parent| *parent == elder.number || Some(parent) == spouse_of(elder))
    };
    is_parent(one, other) || is_parent(other, one)
}
