//! Acts that make and end families.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::{Applied, Done, Work};
use crate::civil_status::act::{Kind, Newborn, Parent};
use crate::civil_status::family::{add_child, relative};
use crate::civil_status::message::Topic;
use crate::civil_status::refusal::{Contradiction, Refusal};
use crate::person::{Life, MaritalStatus, Person, Relative, Residence, latest, years};

/// A parent is at least so much older than the child, in years.
pub(crate) const YOUNGEST_PARENT: i16 = 13;

/// Adoptive parents are at least so much older than the child, in years.
const YOUNGEST_ADOPTER: i16 = 20;

/// A child may be born so many days after its father's death.
pub(crate) const DAYS_AFTER_FATHER: i32 = 306;

impl Work<'_> {
    pub(super) fn birth(
        &mut self,
        child: &Newborn,
        [father, mother]: [&Option<Parent>; 2],
        resides_with: Option<&PersonalNumber>,
        number: PersonalNumber,
    ) -> Done {
        let mut person =
            Person::new(number.clone(), &child.full_name, BirthDate::Day(child.birth_date), child.sex);
        person.place_of_birth = Some(child.place_of_birth.clone());
        person.birth_registration_place = Some(child.birth_registration_place.clone());
        person.place_of_origin = Some(child.place_of_origin.clone());
        person.ethnic_group = Some(child.ethnic_group.clone());
        person.nationality.clone_from(&child.nationality);
        person.marital_status = Some(MaritalStatus::Single);
        let as_child = relative(&person);
        for (parent, is_father) in [(father, true), (mother, false)] {
            let Some(parent) = parent else { continue };
            let named = match parent {
                Parent::Named { name, nationality } => {
                    let mut named = Relative::new(name, None);
                    named.nationality.clone_from(nationality);
                    named
                }
                Parent::Known(parent) => {
                    self.not_born_already(parent, child)?;
                    let record = self.record(parent)?.clone();
                    self.can_have(&record, is_father, BirthDate::Day(child.birth_date))?;
                    self.of_that_sex(record.sex, is_father)?;
                    let record = self.record(parent)?;
                    add_child(record, &as_child);
                    relative(record)
                }
            };
            *(if is_father { &mut person.father } else { &mut person.mother }) = Some(named);
        }
        if let Some(host) = resides_with {
            // Nobody is at home with the dead.
            if !matches!(self.record(host)?.life, Life::Alive) {
                return Err(Contradiction::NotAtHome.into());
            }
            let place = self.record(host)?.residences.permanent.clone();
            person.residences.permanent =
                place.map(|place| Residence { since: Some(self.entry.registered_on), ..place });
            if let Some((list, relation)) = self.touched.join_household((&number, &child.full_name), host) {
                (person.household, person.relation_to_head) = (list, Some(relation));
            }
            self.tell(Topic::Residence, &number, Some(host.clone()));
        }
        let person = person.checked(self.today)?;
        self.tell(Topic::NumberAnswered, &number, None);
        let sixth = child.birth_date.checked_add(jiff::Span::new().years(6)).unwrap_or(Date::MAX);
        if self.entry.registered_on < sixth {
            self.tell(Topic::HealthInsuranceOfChild, &number, resides_with.cloned());
        }
        self.changes.created = Some(person);
        Ok(())
    }

    /// Whether a child of this birth date can be the parent's: the parent is older, of an age for it unless an officer decided so, and
    /// lived then.
    pub(super) fn can_have(&self, parent: &Person, is_father: bool, born: BirthDate) -> Done {
        is_older(parent, born)?;
        self.of_age(parent, born)?;
        Ok(can_be_parent(parent.life, is_father, born.earliest())?)
    }

    fn of_age(&self, parent: &Person, born: BirthDate) -> Done {
        if years(parent.birth_date.earliest(), latest(born)) < YOUNGEST_PARENT {
            self.contradicts(Contradiction::ParentTooYoung)?;
        }
        Ok(())
    }

    /// Twenty years lie between them, unless one marries the child's father or mother.
    fn may_adopt(&self, elder: &Person, child: &Person) -> Done {
        let is_step_parent = parents(child).any(|parent| Some(parent) == spouse_of(elder));
        if !is_step_parent && years(elder.birth_date.earliest(), latest(child.birth_date)) < YOUNGEST_ADOPTER
        {
            self.contradicts(Contradiction::AdopterTooYoung)?;
        }
        Ok(())
    }

    /// Kin of the direct line, brother and sister, and whom a marriage made father or mother of the other do not marry. Of
    /// kin further off, whom the register knows by the parents' parents, an officer decides: they may be so by adoption.
    fn no_kin(&mut self, man: &Person, woman: &Person) -> Done {
        if are_close_kin(man, woman) {
            return Err(Refusal::CannotMarry.into());
        }
        let (his, hers) = (self.elders(man), self.elders(woman));
        let spouses: Vec<_> = [man, woman].into_iter().filter_map(spouse_of).cloned().collect();
        for former in &spouses {
            if let Some(former) = self.touched.get(former)
                && parents(former).any(|parent| *parent == man.number || *parent == woman.number)
            {
                return Err(Refusal::CannotMarry.into());
            }
        }
        let is_line = his.contains(&woman.number) || hers.contains(&man.number);
        if is_line || his.iter().any(|elder| hers.contains(elder)) {
            self.contradicts(Contradiction::CloseKin)?;
        }
        Ok(())
    }

    /// Parents and parents' parents.
    fn elders(&mut self, person: &Person) -> Vec<PersonalNumber> {
        let mut elders: Vec<PersonalNumber> = parents(person).cloned().collect();
        for parent in elders.clone() {
            if let Some(parent) = self.touched.get(&parent) {
                elders.extend(parents(parent).cloned());
            }
        }
        elders
    }

    /// A father is no woman and a mother no man, as far as the register knows.
    fn of_that_sex(&self, sex: Sex, is_father: bool) -> Done {
        let other = if is_father { Sex::Female } else { Sex::Male };
        if sex == other { self.contradicts(Contradiction::ParentOfOtherSex) } else { Ok(()) }
    }

    /// The same child entered under a second act.
    fn not_born_already(&mut self, parent: &PersonalNumber, child: &Newborn) -> Done {
        let children = self.record(parent)?.children.clone();
        for known in children.iter().filter(|known| crate::name::agree(&known.name, &child.full_name)) {
            let Some(number) = &known.number else { continue };
            let born = self.touched.get(number).map(|record| record.birth_date);
            if born == Some(BirthDate::Day(child.birth_date)) {
                self.contradicts(Contradiction::BornAlready)?;
            }
        }
        Ok(())
    }

    pub(super) fn marriage(&mut self, husband: &PersonalNumber, wife: &PersonalNumber, on: Date) -> Done {
        let (man, woman) = (self.record(husband)?.clone(), self.record(wife)?.clone());
        if man.sex != Sex::Male || woman.sex != Sex::Female {
            return Err(Refusal::CannotMarry.into());
        }
        if !may_marry(&man, on) || !may_marry(&woman, on) {
            return Err(Refusal::TooYoung.into());
        }
        self.no_kin(&man, &woman)?;
        if self.overtaken(&[Kind::Marriage, Kind::Divorce]) {
            // Entered late: what happened since holds, unless one of them married somebody else while this marriage stood.
            let other = self.before.iter().filter(|act| act.id.kind == Kind::Marriage && act.on > on);
            let next = other.map(|act| act.on).min();
            let parted = |until: Date| {
                let died =
                    [&man, &woman].iter().any(|one| matches!(one.life, Life::Dead(day) if day <= until));
                died || self
                    .of_these_two()
                    .any(|act| act.id.kind == Kind::Divorce && act.on >= on && act.on <= until)
            };
            let theirs = self.of_these_two().any(|act| act.id.kind == Kind::Marriage && Some(act.on) == next);
            if next.is_some_and(|next| !theirs && !parted(next)) {
                return Err(Contradiction::Married.into());
            }
            self.changes.late = true;
            return Ok(());
        }
        let each_other = |one: &Person, other: &Person| {
            one.spouse.as_ref().and_then(|spouse| spouse.number.as_ref()) == Some(&other.number)
        };
        if each_other(&man, &woman) && each_other(&woman, &man) {
            return Err(Refusal::Nothing.into());
        }
        for person in [&man, &woman] {
            let died = person
                .spouse
                .as_ref()
                .and_then(|spouse| spouse.number.as_ref())
                .and_then(|spouse| self.touched.get(spouse))
                .is_some_and(|spouse| matches!(spouse.life, Life::Dead(day) if day <= on));
            // Of whoever is named as a spouse and was never said to be single again, the marriage stands.
            let married = match person.marital_status {
                Some(MaritalStatus::Married) => true,
                None => person.spouse.is_some(),
                Some(_) => false,
            };
            if married && !died {
                return Err(Contradiction::Married.into());
            }
        }
        for (one, other) in [(husband, &woman), (wife, &man)] {
            let record = self.record(one)?;
            record.spouse = Some(relative(other));
            // Who has died since was married then; the survivor is a widow or widower now.
            let dead = matches!(other.life, Life::Dead(_));
            record.marital_status = Some(if dead { MaritalStatus::Widowed } else { MaritalStatus::Married });
        }
        Ok(())
    }

    pub(super) fn divorce(&mut self, husband: &PersonalNumber, wife: &PersonalNumber) -> Done {
        let on = self.entry.act.on();
        if self.of_these_two().any(|act| act.on > on) {
            // They married again since, or this divorce is known by a later day. Where all that is known is a marriage after it, nothing
            // was there to be ended.
            let was_married = self.of_these_two().any(|act| match act.id.kind {
                Kind::Marriage => act.on <= on,
                _ => act.on > on,
            });
            if !was_married {
                return Err(Contradiction::NotMarried.into());
            }
            self.changes.late = true;
            return Ok(());
        }
        let mut named = 0;
        for (one, other) in [(husband, wife), (wife, husband)] {
            let spouse = self.record(one)?.spouse.as_ref().and_then(|spouse| spouse.number.as_ref());
            named += u32::from(spouse == Some(other));
        }
        // Whoever married somebody else since no longer names the one of before: only an act says that there was a marriage.
        let last = self.of_these_two().max_by_key(|act| act.on);
        let by_act = last.is_some_and(|act| act.id.kind == Kind::Marriage);
        let overtaken = self.overtaken(&[Kind::Marriage, Kind::Divorce]);
        if named < 2 && !by_act && !(named > 0 && overtaken) {
            return Err(Contradiction::NotMarried.into());
        }
        self.changes.late = overtaken;
        for (one, other) in [(husband, wife), (wife, husband)] {
            let record = self.record(one)?;
            if record.spouse.as_ref().and_then(|spouse| spouse.number.as_ref()) == Some(other) {
                record.spouse = None;
                record.marital_status = Some(MaritalStatus::Divorced);
            }
        }
        Ok(())
    }

    /// Marriages and divorces that were taken before and are of both principals: an act stands once for each of them.
    fn of_these_two(&self) -> impl Iterator<Item = &Applied> {
        self.before
            .iter()
            .enumerate()
            .filter(|(place, act)| {
                matches!(act.id.kind, Kind::Marriage | Kind::Divorce)
                    && self.before.iter().take(*place).any(|other| other.id == act.id)
            })
            .map(|(_, act)| act)
    }

    pub(super) fn recognition(&mut self, child: &PersonalNumber, parent: &PersonalNumber) -> Done {
        let elder = self.record(parent)?.clone();
        let record = self.record(child)?;
        let born = record.birth_date;
        is_older(&elder, born)?;
        if record.spouse.as_ref().is_some_and(|spouse| spouse.number.as_ref() == Some(parent)) {
            return Err(Refusal::SpouseAsParent.into());
        }
        self.can_have(&elder, elder.sex != Sex::Female, born)?;
        let record = self.record(child)?;
        let known = if elder.sex == Sex::Female { &record.mother } else { &record.father };
        if let Some(known) = known.clone() {
            let same = known.number.as_ref() == Some(parent);
            let may_be = known.number.is_none() && crate::name::agree(&known.name, &elder.full_name);
            if same {
                return Err(Refusal::Nothing.into());
            }
            if !may_be {
                self.contradicts(Contradiction::OtherParent)?;
                if let Some(former) = known.number.as_ref().and_then(|former| self.touched.get(former)) {
                    former.children.retain(|one| one.number.as_ref() != Some(child));
                }
            }
        }
        let record = self.record(child)?;
        let place = if elder.sex == Sex::Female { &mut record.mother } else { &mut record.father };
        *place = Some(relative(&elder));
        let as_child = relative(record);
        add_child(self.record(parent)?, &as_child);
        Ok(())
    }

    pub(super) fn adoption(
        &mut self,
        child: &PersonalNumber,
        father: Option<&PersonalNumber>,
        mother: Option<&PersonalNumber>,
    ) -> Done {
        if father.is_none() && mother.is_none() {
            return Err(Refusal::NoParent.into());
        }
        if self.overtaken(&[Kind::Adoption]) {
            self.changes.late = true;
            return Ok(());
        }
        let record = self.record(child)?.clone();
        let number_of = |parent: &Option<Relative>| parent.as_ref().and_then(|parent| parent.number.clone());
        if (number_of(&record.father).as_ref(), number_of(&record.mother).as_ref()) == (father, mother)
            && record.father.is_some() == father.is_some()
            && record.mother.is_some() == mother.is_some()
        {
            return Err(Refusal::Nothing.into());
        }
        let grown = record.birth_date.earliest().checked_add(jiff::Span::new().years(18));
        if grown.is_ok_and(|day| day <= self.entry.act.on()) {
            return Err(Refusal::NoChild.into());
        }
        let as_child = relative(&record);
        for old in [&record.father, &record.mother].into_iter().flatten() {
            if let Some(parent) = old.number.as_ref().and_then(|number| self.touched.get(number)) {
                parent.children.retain(|known| known.number.as_ref() != Some(child));
            }
        }
        let mut parents = [None, None];
        for (place, (parent, is_father)) in parents.iter_mut().zip([(father, true), (mother, false)]) {
            let Some(parent) = parent else { continue };
            let elder = self.record(parent)?.clone();
            is_older(&elder, record.birth_date)?;
            self.may_adopt(&elder, &record)?;
            self.of_that_sex(elder.sex, is_father)?;
            let elder = self.record(parent)?;
            add_child(elder, &as_child);
            *place = Some(relative(elder));
        }
        let record = self.record(child)?;
        [record.father, record.mother] = parents;
        Ok(())
    }
}

/// Nobody is a parent of their elders.
pub(super) fn is_older(parent: &Person, born: BirthDate) -> Result<(), Refusal> {
    if parent.birth_date.earliest() >= latest(born) { Err(Refusal::ParentNotOlder) } else { Ok(()) }
}

/// A mother lives when her child is born, a father lived ten months before.
pub(super) fn can_be_parent(life: Life, is_father: bool, born: Date) -> Result<(), Contradiction> {
    let Life::Dead(day) = life else { return Ok(()) };
    let days = if is_father { DAYS_AFTER_FATHER } else { 0 };
    let last = day.checked_add(jiff::Span::new().days(days)).unwrap_or(Date::MAX);
    if born > last { Err(Contradiction::ParentDead) } else { Ok(()) }
}

/// Whether somebody is of age to marry on this day.
pub(super) fn may_marry(person: &Person, on: Date) -> bool {
    let age = if person.sex == Sex::Male { 20 } else { 18 };
    let of_age = person.birth_date.earliest().checked_add(jiff::Span::new().years(age));
    of_age.is_ok_and(|day| day <= on)
}

fn parents(person: &Person) -> impl Iterator<Item = &PersonalNumber> {
    [&person.father, &person.mother].into_iter().flatten().filter_map(|parent| parent.number.as_ref())
}

pub(super) fn spouse_of(person: &Person) -> Option<&PersonalNumber> {
    person.spouse.as_ref().and_then(|spouse| spouse.number.as_ref())
}

/// Parent and child, brother and sister, or a parent's spouse, as far as the two records say.
fn are_close_kin(one: &Person, other: &Person) -> bool {
    let is_parent = |elder: &Person, child: &Person| {
        parents(child).any(|parent| *parent == elder.number || Some(parent) == spouse_of(elder))
    };
    is_parent(one, other)
        || is_parent(other, one)
        || parents(one).any(|mine| parents(other).any(|theirs| mine == theirs))
}
