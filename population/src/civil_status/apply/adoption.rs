//! Adoption: Luật Nuôi con nuôi 2010.

use cccd_card_profile::personal_number::PersonalNumber;

use super::families::{is_older, parents, spouse_of};
use super::marriages::names;
use super::{Applied, Done, Work};
use crate::civil_status::act::{Act, Kind, Party};
use crate::civil_status::family::{add_child, is_one_name, relative};
use crate::civil_status::refusal::{Contradiction, NotApplied, Refusal};
use crate::person::{MaritalStatus, Person, Relative, latest, years};

/// Adoptive parents are at least so much older than the child, in years.
const YOUNGEST_ADOPTER: i16 = 20;

/// From this age on, only step-parents, aunts and uncles adopt.
const ANYBODYS: i16 = 16;

/// Nobody of this age is adopted.
const GROWN: i16 = 18;

/// All that says who a child's adoptive parents are.
const OF_ADOPTION: [Kind; 2] = [Kind::Adoption, Kind::AdoptionEnded];

/// An adoptive parent as the record of the child names them, and their own if they have one.
struct Adopter {
    named: Relative,
    record: Option<Person>,
    is_father: bool,
}

impl Work<'_> {
    fn adopters(&mut self, both: [Option<&Party>; 2]) -> Result<Vec<Adopter>, Refusal> {
        let mut adopters = Vec::with_capacity(2);
        for (party, is_father) in both.into_iter().zip([true, false]) {
            let Some(party) = party else { continue };
            let record = party.number().map(|number| self.seen(number).cloned()).transpose()?;
            adopters.push(Adopter { named: self.as_parent(party)?, record, is_father });
        }
        if adopters.is_empty() { Err(Refusal::NoParent) } else { Ok(adopters) }
    }

    pub(super) fn adoption(
        &mut self,
        child: &PersonalNumber,
        father: Option<&Party>,
        mother: Option<&Party>,
    ) -> Done {
        let adopters = self.adopters([father, mother])?;
        // Another child of theirs may have come since.
        if self.adopted_since(child).is_some() {
            self.changes.late = true;
            return Ok(());
        }
        let record = self.seen(child)?.clone();
        let age = |years: i16| record.birth_date.earliest().checked_add(jiff::Span::new().years(years));
        let on = self.entry.act.on();
        if age(GROWN).is_ok_and(|day| day <= on) {
            return Err(Refusal::NoChild.into());
        }
        // Who adopts the child of their husband or wife takes nothing from them.
        let stays = match adopters.as_slice() {
            [one] => [&record.father, &record.mother].into_iter().flatten().find(|parent| {
                one.record.as_ref().is_some_and(|record| names(record, parent))
                    || self.is_married_to(parent, &one.named)
            }),
            _ => None,
        };
        let kept = |parent: &Option<Relative>| parent.clone().filter(|parent| Some(parent) == stays);
        let mut now = [kept(&record.father), kept(&record.mother)];
        for adopter in &adopters {
            let [of_father, of_mother] = &mut now;
            *(if adopter.is_father { of_father } else { of_mother }) = Some(adopter.named.clone());
        }
        if are_same(&now, &record) {
            return Err(Refusal::Nothing.into());
        }
        self.may_adopt(&record, &adopters, age(ANYBODYS).is_ok_and(|day| day <= on))?;
        self.set_parents(child, now)
    }

    /// The adoptive parents of the last adoption are none any more; who the parents are says the act, and of whom it does not speak, the
    /// record.
    pub(super) fn adoption_ended(
        &mut self,
        child: &PersonalNumber,
        father: Option<&Party>,
        mother: Option<&Party>,
    ) -> Done {
        let ended = self.adopted_by(child)?;
        if self.adopted_since(child).is_some() {
            self.changes.late = true;
            return Ok(());
        }
        let record = self.seen(child)?.clone();
        let gone = |parent: &Relative| match &ended {
            Some(adopters) => adopters.iter().any(|adopter| is_same(adopter, parent)),
            None => true,
        };
        let mut now = [&record.father, &record.mother].map(|parent| parent.clone().filter(|one| !gone(one)));
        for ((party, is_father), place) in [(father, true), (mother, false)].into_iter().zip(&mut now) {
            let Some(party) = party else { continue };
            let named = self.as_parent(party)?;
            if ended.is_some() && gone(&named) {
                return Err(Refusal::Nothing.into());
            }
            if let Some(number) = party.number() {
                let parent = self.seen(number)?.clone();
                self.of_that_sex(parent.sex, is_father)?;
                self.can_have(&parent, is_father, record.birth_date)?;
                self.no_sibling(record.spouse.as_ref(), number)?;
                if spouse_of(&record) == Some(number) {
                    return Err(Refusal::SpouseAsParent.into());
                }
            }
            *place = Some(named);
        }
        if are_same(&now, &record) {
            return Err(Refusal::Nothing.into());
        }
        self.set_parents(child, now)
    }

    /// Who became a parent by the last adoption; `None` where no act says so and an officer decided that it was. Who was one
    /// before adopts together with a step-parent, and stays.
    fn adopted_by(&self, child: &PersonalNumber) -> Result<Option<Vec<Relative>>, NotApplied> {
        let on = self.entry.act.on();
        let theirs = |act: &&Applied| {
            act.of == *child
                && OF_ADOPTION.contains(&act.id.kind)
                && act.on <= on
                && self.is_adopted(child, act)
        };
        match self.before.iter().filter(theirs).max_by_key(|act| act.on).map(|act| self.books.act(&act.id)) {
            Some(Some(Act::Adoption { father, mother, .. })) => {
                let name = |party: &Party| match (party.number(), party.stranger()) {
                    (Some(number), _) => Some(Relative::new("", Some(number.clone()))),
                    (None, stranger) => stranger,
                };
                let adopters: Vec<Relative> = [father, mother].iter().flatten().filter_map(name).collect();
                let names = |record: &Person, one: &Relative| {
                    [&record.father, &record.mother].into_iter().flatten().any(|parent| is_same(parent, one))
                };
                let past = self.books.past(child);
                // The record as it was before all of them were parents for the first time.
                let all = past.iter().position(|record| adopters.iter().all(|one| names(record, one)));
                let before = all.unwrap_or(past.len()).checked_sub(1).and_then(|place| past.get(place));
                let is_new = |one: &Relative| before.is_none_or(|record| !names(record, one));
                Ok(Some(adopters.into_iter().filter(is_new).collect()))
            }
            _ => {
                self.contradicts(Contradiction::NotAdopted)?;
                Ok(None)
            }
        }
    }

    /// Whether an act is about this child, who may have adopted children too.
    fn is_adopted(&self, person: &PersonalNumber, act: &Applied) -> bool {
        match self.books.act(&act.id) {
            Some(Act::Adoption { child, .. } | Act::AdoptionEnded { child, .. }) => child == *person,
            Some(_) => false,
            // An act whose text is not there.
            None => true,
        }
    }

    /// The last word about whose child by adoption somebody is, if it came later than this act. Of the adoptions in which they
    /// became a parent themselves it says nothing.
    pub(super) fn adopted_since(&self, child: &PersonalNumber) -> Option<Kind> {
        let on = self.entry.act.on();
        let later = self
            .before
            .iter()
            .filter(|act| act.of == *child && OF_ADOPTION.contains(&act.id.kind) && act.on > on);
        later.filter(|act| self.is_adopted(child, act)).max_by_key(|act| act.on).map(|act| act.id.kind)
    }

    /// Whether the record of a parent names this one as husband or wife.
    fn is_married_to(&self, parent: &Relative, one: &Relative) -> bool {
        let record = parent.number.as_ref().and_then(|number| self.books.person(number));
        record.is_some_and(|record| names(&record, one))
    }

    /// Father and mother of a child from now on, in the records of all of them.
    fn set_parents(&mut self, child: &PersonalNumber, now: [Option<Relative>; 2]) -> Done {
        let record = self.record(child)?;
        let as_child = relative(record);
        let before = [record.father.take(), record.mother.take()];
        [record.father, record.mother] = now.clone();
        for old in before.iter().flatten() {
            if !now.iter().flatten().any(|parent| is_same(parent, old)) {
                self.no_child(Some(old), child);
            }
        }
        // Of whoever stays and has no record here, none is changed; who is new has one.
        for number in now.iter().flatten().filter_map(|parent| parent.number.as_ref()) {
            if let Some(parent) = self.touched.get(number) {
                add_child(parent, &as_child);
            }
        }
        Ok(())
    }

    /// What keeps these from adopting this child; who is its parent already is asked nothing. Of whom the register does not know, the
    /// office has seen the papers.
    fn may_adopt(&mut self, child: &Person, adopters: &[Adopter], is_nearly_grown: bool) -> Done {
        let is_parent = |one: &Person| parents(child).any(|parent| *parent == one.number);
        let is_step_parent = |one: &Person| parents(child).any(|parent| spouse_of(one) == Some(parent));
        let known =
            || adopters.iter().filter_map(|adopter| Some((adopter.record.as_ref()?, adopter.is_father)));
        let new: Vec<&Person> = known().map(|(one, _)| one).filter(|one| !is_parent(one)).collect();
        for (one, is_father) in known() {
            self.of_that_sex(one.sex, is_father)?;
        }
        for one in &new {
            is_older(one, child.birth_date)?;
            let apart = years(one.birth_date.earliest(), latest(child.birth_date));
            if !is_step_parent(one) && apart < YOUNGEST_ADOPTER {
                self.contradicts(Contradiction::AdopterTooYoung)?;
            }
        }
        let are_couple = match adopters {
            [one, other] => match (&one.record, &other.record) {
                (Some(record), _) => names(record, &other.named),
                (None, Some(record)) => names(record, &one.named),
                (None, None) => true,
            },
            [one] => one.record.as_ref().is_none_or(|record| {
                is_step_parent(record) || record.marital_status != Some(MaritalStatus::Married)
            }),
            _ => true,
        };
        let (strangers, elders) = (new.iter().any(|one| !is_step_parent(one)), self.elders(child));
        let is_kin = |one: &Person| {
            elders.contains(&one.number)
                || parents(one).any(|theirs| parents(child).any(|mine| mine == theirs))
        };
        if !are_couple || is_nearly_grown && strangers || new.iter().any(|one| is_kin(one)) {
            self.contradicts(Contradiction::AdoptionBarred)?;
        }
        Ok(())
    }
}

/// One parent, named twice: by the number, or by the name where there is none.
fn is_same(one: &Relative, other: &Relative) -> bool {
    match (&one.number, &other.number) {
        (None, None) => is_one_name(&one.name, &other.name),
        (one, other) => one == other,
    }
}

fn are_same(now: &[Option<Relative>; 2], child: &Person) -> bool {
    now.iter().zip([&child.father, &child.mother]).all(|(now, known)| match (now, known) {
        (Some(now), Some(known)) => is_same(now, known),
        (now, known) => now.is_none() && known.is_none(),
    })
}
