//! Acts that make and end families.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::{Applied, Done, Work};
use crate::civil_status::act::{Act, Kind, Newborn, Parent};
use crate::civil_status::family::{add_child, born_near, relative};
use crate::civil_status::message::Topic;
use crate::civil_status::refusal::{Contradiction, Refusal};
use crate::person::{Life, MaritalStatus, Person, Relative, Residence, latest, years};

/// Since when the age of marriage is counted in completed years (Luật HN&GĐ 2014 art. 132).
const COMPLETED_YEARS: Date = jiff::civil::date(2015, 1, 1);

/// A parent is at least so much older than the child, in years.
pub(crate) const YOUNGEST_PARENT: i16 = 13;

/// Two births of one mother are at least so many days apart, but for twins.
const SHORTEST_BETWEEN: i32 = 180;

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
                    if !is_father {
                        self.has_borne(&record, child.birth_date)?;
                    }
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

    /// Parent and child, and whom a marriage made father or mother of the other, do not marry. Of brothers and sisters, and of kin
    /// further off whom the register knows by the parents' parents, an officer decides: they may be so by adoption.
    fn no_kin(&mut self, man: &Person, woman: &Person) -> Done {
        if are_parent_and_child(man, woman) || self.was_adopted_by(man, woman) {
            return Err(Refusal::CannotMarry.into());
        }
        for (one, other) in [(man, woman), (woman, man)] {
            let mut spouses = self.married_before(&one.number);
            spouses.extend(spouse_of(one).cloned());
            for former in spouses.iter().filter(|former| **former != other.number) {
                let is_step = parents(other).any(|parent| parent == former);
                let is_in_law = self
                    .touched
                    .get(former)
                    .is_some_and(|former| parents(former).any(|parent| *parent == other.number));
                if is_step || is_in_law {
                    return Err(Refusal::CannotMarry.into());
                }
            }
        }
        let (his, hers) = (self.elders(man), self.elders(woman));
        let is_line = his.contains(&woman.number) || hers.contains(&man.number);
        if is_line || his.iter().any(|elder| hers.contains(elder)) {
            self.contradicts(Contradiction::CloseKin)?;
        }
        Ok(())
    }

    /// Whom somebody was married to, as the acts say: a divorce takes it from the records.
    fn married_before(&self, person: &PersonalNumber) -> Vec<PersonalNumber> {
        let acts = self.before.iter().filter(|act| act.of == *person && act.id.kind == Kind::Marriage);
        let other = |act: &Applied| match self.books.act(&act.id)? {
            Act::Marriage { husband, wife, .. } => Some(if husband == *person { wife } else { husband }),
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
        let mut elders: Vec<PersonalNumber> = parents(person).cloned().collect();
        for parent in elders.clone() {
            if let Some(parent) = self.touched.get(&parent) {
                elders.extend(parents(parent).cloned());
            }
        }
        elders
    }

    /// A father is no woman and a mother no man, as far as the register knows.
    pub(super) fn of_that_sex(&self, sex: Sex, is_father: bool) -> Done {
        let other = if is_father { Sex::Female } else { Sex::Male };
        if sex == other { self.contradicts(Contradiction::ParentOfOtherSex) } else { Ok(()) }
    }

    /// A mother is there when her child is born, and had no other some months before. Of her children those are looked at whose
    /// numbers are of that year or the ones beside it; twins may have two birthdays.
    fn has_borne(&mut self, mother: &Person, born: Date) -> Done {
        if matches!(mother.life, Life::Missing(day) if born >= day) {
            self.contradicts(Contradiction::DeclaredMissing)?;
        }
        for child in mother.children.iter().filter_map(|child| child.number.as_ref()) {
            if !born_near(child, born.year()) {
                continue;
            }
            let Some(BirthDate::Day(other)) = self.touched.get(child).map(|child| child.birth_date) else {
                continue;
            };
            let apart = (other - born).get_days().abs();
            if (3..=SHORTEST_BETWEEN).contains(&apart) {
                self.contradicts(Contradiction::BirthsTooClose)?;
            }
        }
        Ok(())
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
                self.contradicts(Contradiction::MarriedSince)?;
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
}

/// Nobody is a parent of their elders.
pub(crate) fn is_older(parent: &Person, born: BirthDate) -> Result<(), Refusal> {
    if parent.birth_date.earliest() >= latest(born) { Err(Refusal::ParentNotOlder) } else { Ok(()) }
}

/// A mother lives when her child is born, a father lived ten months before.
pub(super) fn can_be_parent(life: Life, is_father: bool, born: Date) -> Result<(), Contradiction> {
    let Life::Dead(day) = life else { return Ok(()) };
    let days = if is_father { DAYS_AFTER_FATHER } else { 0 };
    let last = day.checked_add(jiff::Span::new().days(days)).unwrap_or(Date::MAX);
    if born > last { Err(Contradiction::ParentDead) } else { Ok(()) }
}

/// Whether somebody is of age to marry on this day. The laws until 2014 spoke of whoever had begun the twentieth or eighteenth year of
/// age, this one of whoever has completed it.
pub(super) fn may_marry(person: &Person, on: Date) -> bool {
    let age = if person.sex == Sex::Male { 20 } else { 18 };
    let born = person.birth_date.earliest();
    let after = |years: i16| born.checked_add(jiff::Span::new().years(years));
    if on < COMPLETED_YEARS {
        after(age - 1).is_ok_and(|day| day < on)
    } else {
        after(age).is_ok_and(|day| day <= on)
    }
}

pub(super) fn parents(person: &Person) -> impl Iterator<Item = &PersonalNumber> {
    [&person.father, &person.mother].into_iter().flatten().filter_map(|parent| parent.number.as_ref())
}

pub(super) fn spouse_of(person: &Person) -> Option<&PersonalNumber> {
    person.spouse.as_ref().and_then(|spouse| spouse.number.as_ref())
}

/// Parent and child, or a parent's spouse, as far as the two records say.
fn are_parent_and_child(one: &Person, other: &Person) -> bool {
    let is_parent = |elder: &Person, child: &Person| {
        parents(child).any(|parent| *parent == elder.number || Some(parent) == spouse_of(elder))
    };
    is_parent(one, other) || is_parent(other, one)
}
