//! Births, and who is a parent of whom.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::{Done, Work};
use crate::civil_status::act::{Kind, Newborn, Party};
use crate::civil_status::family::{add_child, born_near, is_one, relative};
use crate::civil_status::message::Topic;
use crate::civil_status::refusal::{Contradiction, Refusal};
use crate::person::{Flaw, Life, MaritalStatus, Person, Relative, Residence, latest, years};

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
        [father, mother]: [&Option<Party>; 2],
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
                Party::Named { .. } => self.as_parent(parent)?,
                Party::Known(parent) => {
                    self.not_born_already(parent, child)?;
                    let record = self.touched.shared(parent).ok_or(Refusal::UnknownPerson)?;
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
            if !matches!(self.seen(host)?.life, Life::Alive) {
                return Err(Contradiction::NotAtHome.into());
            }
            let place = self.seen(host)?.residences.permanent.clone();
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
            let Some(BirthDate::Day(other)) = self.touched.look(child).map(|child| child.birth_date) else {
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
        let children = self.seen(parent)?.children.clone();
        for known in children.iter().filter(|known| crate::name::agree(&known.name, &child.full_name)) {
            let Some(number) = &known.number else { continue };
            let born = self.touched.look(number).map(|record| record.birth_date);
            if born == Some(BirthDate::Day(child.birth_date)) {
                self.contradicts(Contradiction::BornAlready)?;
            }
        }
        Ok(())
    }

    /// Father or mother of whom an act makes one, as the record of the child names them.
    pub(super) fn as_parent(&mut self, parent: &Party) -> Result<Relative, Refusal> {
        match parent {
            Party::Known(number) => Ok(relative(self.seen(number)?)),
            Party::Named { .. } => parent.stranger().ok_or(Refusal::UnknownPerson),
        }
    }

    /// The spouse is no other child of this parent: one of the two is not as the register says.
    pub(super) fn no_sibling(&mut self, spouse: Option<&Relative>, parent: &PersonalNumber) -> Done {
        let spouse = spouse.and_then(|spouse| self.touched.look(spouse.number.as_ref()?));
        if spouse.is_some_and(|spouse| parents(spouse).any(|theirs| theirs == parent)) {
            self.contradicts(Contradiction::CloseKin)?;
        }
        Ok(())
    }

    /// A child out of somebody's list.
    pub(super) fn no_child(&mut self, parent: Option<&Relative>, child: &PersonalNumber) {
        if let Some(record) =
            parent.and_then(|parent| parent.number.as_ref()).and_then(|number| self.touched.get(number))
        {
            record.children.retain(|known| known.number.as_ref() != Some(child));
        }
    }

    pub(super) fn recognition(&mut self, child: &PersonalNumber, parent: &Party, sex: Option<Sex>) -> Done {
        let named = self.as_parent(parent)?;
        let elder = parent.number().map(|number| self.seen(number).cloned()).transpose()?;
        let sex = match (&elder, sex) {
            (Some(elder), Some(said)) if elder.sex != said => return Err(Flaw::Form("parent_sex").into()),
            (Some(elder), _) => elder.sex,
            (None, sex) => sex.filter(|sex| *sex != Sex::Unspecified).ok_or(Flaw::Empty("parent_sex"))?,
        };
        // The adoption that came since has taken the place of whoever is father or mother by birth.
        if self.adopted_since(child) == Some(Kind::Adoption) {
            self.changes.late = true;
            return Ok(());
        }
        let record = self.seen(child)?;
        let (born, spouse) = (record.birth_date, record.spouse.clone());
        if let Some(elder) = &elder {
            is_older(elder, born)?;
            if spouse.as_ref().is_some_and(|spouse| spouse.number.as_ref() == Some(&elder.number)) {
                return Err(Refusal::SpouseAsParent.into());
            }
            self.can_have(elder, sex != Sex::Female, born)?;
            self.no_sibling(spouse.as_ref(), &elder.number)?;
        } else if spouse.as_ref().is_some_and(|spouse| is_one(spouse, &named)) {
            // By name; a number would settle it.
            self.contradicts(Contradiction::CloseKin)?;
        }
        let record = self.seen(child)?;
        let known = if sex == Sex::Female { &record.mother } else { &record.father };
        if let Some(known) = known.clone() {
            let by_name = crate::name::agree(&known.name, &named.name);
            let same = match &known.number {
                None => named.number.is_none() && by_name,
                of => *of == named.number,
            };
            if same {
                return Err(Refusal::Nothing.into());
            }
            if known.number.is_some() || !by_name {
                self.contradicts(Contradiction::OtherParent)?;
                self.no_child(Some(&known), child);
            }
        }
        let record = self.record(child)?;
        let place = if sex == Sex::Female { &mut record.mother } else { &mut record.father };
        *place = Some(named);
        let as_child = relative(record);
        if let Some(number) = parent.number() {
            add_child(self.record(number)?, &as_child);
        }
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

pub(super) fn parents(person: &Person) -> impl Iterator<Item = &PersonalNumber> {
    [&person.father, &person.mother].into_iter().flatten().filter_map(|parent| parent.number.as_ref())
}

/// How a record names somebody's husband or wife, if by number.
pub(super) fn spouse_of(person: &Person) -> Option<&PersonalNumber> {
    person.spouse.as_ref().and_then(|spouse| spouse.number.as_ref())
}
