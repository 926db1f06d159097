//! An act and the records it touches → changed records and messages.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::act::{Act, ActId, Entry, Kind, Newborn, Parent};
use super::family::{Touched, add_child, relative};
use super::message::{Message, Topic};
use crate::person::{Flaw, Life, MaritalStatus, Others, Person, Relative, Residence};

/// A child may be born so many days after its father's death.
pub(crate) const DAYS_AFTER_FATHER: i32 = 306;

/// An act that was taken before, of a person whose own act this one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Which.
    pub id: ActId,
    /// When it happened.
    pub on: Date,
}

/// What an act changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// A new record: of a newborn, or under a re-established number.
    pub created: Option<Person>,
    /// The number that is cancelled and linked to the new record's (NĐ 70/2024 art. 12); never given again.
    pub cancelled: Option<PersonalNumber>,
    /// Records that change, as they are from now on, by number.
    pub changed: Vec<Person>,
    /// What others are told.
    pub messages: Vec<Message>,
    /// The act came after a later one had been taken: it stands in the history and has not changed what came after.
    pub late: bool,
}

/// Why an act cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The book says another kind of act.
    #[error("the act is of another kind than its book")]
    OtherBook,
    /// It happened after it was registered.
    #[error("the act is registered before it happened")]
    BeforeItHappened,
    /// It was registered in the future, or in another year than its book's.
    #[error("the day of registration is not possible")]
    Registered,
    /// Somebody named is not in the register.
    #[error("somebody named in the act is not in the register")]
    UnknownPerson,
    /// The same person twice.
    #[error("the act names one person in two places")]
    Oneself,
    /// An item of the new record cannot be true.
    #[error(transparent)]
    Flaw(#[from] FlawName),
    /// Below the age of marriage: men 20, women 18 (Luật HN&GĐ 2014 art. 8).
    #[error("below the age of marriage")]
    TooYoung,
    /// Between a man and a woman, of direct or close kin never (art. 5, 8).
    #[error("these two cannot marry")]
    CannotMarry,
    /// A parent no older than the child.
    #[error("the parent is not older than the child")]
    ParentNotOlder,
    /// Parent and spouse of one person at once.
    #[error("a spouse cannot be a parent")]
    SpouseAsParent,
    /// Only who is under 18 is adopted (Luật Nuôi con nuôi 2010 art. 8).
    #[error("only a child under 18 is adopted")]
    NoChild,
    /// No father and no mother.
    #[error("the act names nobody as parent")]
    NoParent,
    /// The number that the act needs was not given.
    #[error("a number is needed and was not given")]
    NoNumber,
    /// Nothing would change.
    #[error("the act changes nothing")]
    Nothing,
}

/// The item of a [`Flaw`], copied so that [`Refusal`] stays a small value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an item of the record is not possible")]
pub struct FlawName;

impl From<Flaw> for Refusal {
    fn from(_: Flaw) -> Self {
        Self::Flaw(FlawName)
    }
}

/// What the register knows that does not fit the act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Contradiction {
    /// The person had died before.
    #[error("the person had died before")]
    AfterDeath,
    /// The person did something after the day of this death.
    #[error("acts of the person are known after this death")]
    ActsAfterDeath,
    /// Dead since another day.
    #[error("another day of death is known")]
    OtherDeath,
    /// Married to somebody else.
    #[error("a marriage is known")]
    Married,
    /// Not married to each other.
    #[error("no marriage of these two is known")]
    NotMarried,
    /// Another father or mother is known.
    #[error("another parent is known")]
    OtherParent,
    /// Born after the mother, or too long after the father had died.
    #[error("the child was born after the parent had died")]
    ParentDead,
    /// A child of this name, day and mother is known: the act may be entered twice under two numbers.
    #[error("this child seems to be registered already")]
    BornAlready,
    /// Not missing.
    #[error("the person is not known to be missing")]
    NotMissing,
}

/// Why an act was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotApplied {
    /// It cannot be: back to the office.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It contradicts the register: a case for an officer.
    #[error(transparent)]
    Contradicts(#[from] Contradiction),
}

/// What a number must say, for acts that need one: place of registration, sex, year of birth.
#[must_use]
pub fn needs_number(act: &Act, others: &dyn Others) -> Option<(String, Sex, i16)> {
    let of = |person: &PersonalNumber| others.person(person);
    let place = |number: &PersonalNumber| number.as_str().get(..3).unwrap_or_default().to_owned();
    match act {
        Act::Birth { child, .. } => Some((child.number_place.clone(), child.sex, child.birth_date.year())),
        Act::SexRedetermined { person, sex, .. } => {
            Some((place(person), *sex, of(person)?.birth_date.year()))
        }
        Act::BirthDateCorrected { person, birth_date, .. } => {
            let known = of(person)?;
            (known.birth_date.year() != birth_date.year())
                .then(|| (place(person), known.sex, birth_date.year()))
        }
        _ => None,
    }
}

/// What an act changes. `before` are the acts of its principals that were taken already, `number` is the one allocated
/// for it if [`needs_number`] asks for one.
///
/// # Errors
/// [`NotApplied`].
pub fn apply(
    entry: &Entry,
    others: &dyn Others,
    before: &[Applied],
    number: Option<PersonalNumber>,
    today: Date,
) -> Result<Changes, NotApplied> {
    check_entry(entry, today)?;
    let mut work = Work { entry, touched: Touched::new(others), changes: Changes::default(), before, today };
    work.alive_then()?;
    match &entry.act {
        Act::Birth { child, father, mother, resides_with } => {
            work.birth(child, [father, mother], resides_with.as_ref(), number.ok_or(Refusal::NoNumber)?)
        }
        Act::Death { person, on } => work.death(person, *on),
        Act::Marriage { husband, wife, on } => work.marriage(husband, wife, *on),
        Act::Divorce { husband, wife, .. } => work.divorce(husband, wife),
        Act::Recognition { child, parent, .. } => work.recognition(child, parent),
        Act::Adoption { child, father, mother, .. } => work.adoption(child, father.as_ref(), mother.as_ref()),
        Act::NameChanged { person, full_name, .. } => work.name(person, full_name, true),
        Act::NameCorrected { person, full_name, .. } => work.name(person, full_name, false),
        Act::BirthDateCorrected { person, birth_date, .. } => work.birth_date(person, *birth_date, number),
        Act::SexRedetermined { person, sex, .. } => work.sex(person, *sex, number),
        Act::EthnicGroup { person, ethnic_group, .. } => work.item(person, |record| {
            record.ethnic_group = Some(ethnic_group.clone());
        }),
        Act::Nationality { person, nationality, .. } => work.nationality(person, nationality),
        Act::Missing { person, on } => work.missing(person, *on),
        Act::Returned { person, .. } => work.returned(person),
    }?;
    work.finish()
}

fn check_entry(entry: &Entry, today: Date) -> Result<(), Refusal> {
    if entry.act.kind() != entry.id.kind {
        return Err(Refusal::OtherBook);
    }
    if entry.registered_on > today || entry.registered_on.year() != entry.id.year {
        return Err(Refusal::Registered);
    }
    if entry.act.on() > entry.registered_on {
        return Err(Refusal::BeforeItHappened);
    }
    let principals = entry.act.principals();
    if principals.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Refusal::Oneself);
    }
    Ok(())
}

struct Work<'w> {
    entry: &'w Entry,
    touched: Touched<'w>,
    changes: Changes,
    before: &'w [Applied],
    today: Date,
}

type Done = Result<(), NotApplied>;

impl Work<'_> {
    fn record(&mut self, number: &PersonalNumber) -> Result<&mut Person, Refusal> {
        self.touched.get(number).ok_or(Refusal::UnknownPerson)
    }

    fn tell(&mut self, topic: Topic, person: &PersonalNumber, with: Option<PersonalNumber>) {
        self.changes.messages.push(Message {
            topic,
            person: person.clone(),
            act: self.entry.id.clone(),
            kind: self.entry.id.kind,
            on: self.entry.act.on(),
            with,
        });
    }

    /// Nobody does anything after death; corrections of the record and recognition of the dead are no deeds.
    fn alive_then(&mut self) -> Done {
        let kind = self.entry.id.kind;
        if matches!(
            kind,
            Kind::Birth | Kind::Death | Kind::NameCorrected | Kind::BirthDateCorrected | Kind::Recognition
        ) {
            for person in self.entry.act.principals() {
                self.record(&person)?;
            }
            return Ok(());
        }
        let on = self.entry.act.on();
        for person in self.entry.act.principals() {
            let record = self.record(&person)?;
            if on < record.birth_date.earliest() {
                return Err(Refusal::BeforeItHappened.into());
            }
            if matches!(record.life, Life::Dead(day) if on > day) {
                return Err(Contradiction::AfterDeath.into());
            }
        }
        Ok(())
    }

    /// Whether an act of these kinds that happened later was taken already.
    fn overtaken(&self, kinds: &[Kind]) -> bool {
        let on = self.entry.act.on();
        self.before.iter().any(|applied| kinds.contains(&applied.id.kind) && applied.on > on)
    }

    fn birth(
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
                    let record = self.record(parent)?;
                    if record.birth_date.earliest() >= child.birth_date {
                        return Err(Refusal::ParentNotOlder.into());
                    }
                    can_be_parent(record.life, record.sex, child.birth_date)?;
                    add_child(record, &as_child);
                    relative(record)
                }
            };
            *(if is_father { &mut person.father } else { &mut person.mother }) = Some(named);
        }
        if let Some(host) = resides_with {
            let place = self.record(host)?.residences.permanent.clone();
            person.residences.permanent =
                place.map(|place| Residence { since: Some(self.entry.registered_on), ..place });
            if let Some((list, relation)) = self.touched.join_household((&number, &child.full_name), host) {
                (person.household, person.relation_to_head) = (list, Some(relation));
            }
            self.tell(Topic::Residence, &number, Some(host.clone()));
        }
        let person = person.checked(self.today).map_err(Refusal::from)?;
        self.tell(Topic::NumberAnswered, &number, None);
        self.tell(Topic::HealthInsuranceOfChild, &number, resides_with.cloned());
        self.changes.created = Some(person);
        Ok(())
    }

    /// The same child entered under a second act.
    fn not_born_already(&mut self, parent: &PersonalNumber, child: &Newborn) -> Done {
        let children = self.record(parent)?.children.clone();
        for known in children.iter().filter(|known| crate::name::agree(&known.name, &child.full_name)) {
            let Some(number) = &known.number else { continue };
            let born = self.touched.get(number).map(|record| record.birth_date);
            if born == Some(BirthDate::Day(child.birth_date)) {
                return Err(Contradiction::BornAlready.into());
            }
        }
        Ok(())
    }

    fn death(&mut self, number: &PersonalNumber, on: Date) -> Done {
        let record = self.record(number)?;
        match record.life {
            Life::Dead(day) if day == on => return Err(Refusal::Nothing.into()),
            Life::Dead(_) => return Err(Contradiction::OtherDeath.into()),
            Life::Alive | Life::Missing(_) => {}
        }
        if on < record.birth_date.earliest() {
            return Err(Refusal::BeforeItHappened.into());
        }
        // Corrections may come after death; deeds do not.
        let deed = |kind| {
            !matches!(kind, Kind::Birth | Kind::NameCorrected | Kind::BirthDateCorrected | Kind::Recognition)
        };
        if self.before.iter().any(|applied| applied.on > on && deed(applied.id.kind)) {
            return Err(Contradiction::ActsAfterDeath.into());
        }
        let (sex, children) = (self.record(number)?.sex, self.record(number)?.children.clone());
        for child in children.iter().filter_map(|child| child.number.as_ref()) {
            if let Some(child) = self.touched.get(child) {
                can_be_parent(Life::Dead(on), sex, child.birth_date.earliest())?;
            }
        }
        let record = self.record(number)?;
        record.life = Life::Dead(on);
        record.residences = crate::person::Residences::default();
        record.temporary_absence = None;
        let spouse = record.spouse.as_ref().and_then(|spouse| spouse.number.clone());
        let children: Vec<_> = record.children.iter().filter_map(|child| child.number.clone()).collect();
        let heir = spouse.clone().or_else(|| children.first().cloned());
        if let Some(widowed) = spouse.as_ref().and_then(|spouse| self.touched.get(spouse))
            && widowed.spouse.as_ref().and_then(|spouse| spouse.number.as_ref()) == Some(number)
            && widowed.marital_status == Some(MaritalStatus::Married)
        {
            widowed.marital_status = Some(MaritalStatus::Widowed);
        }
        let headless = self.touched.leave_household(number);
        self.tell(Topic::Residence, number, None);
        self.tell(Topic::FuneralBenefit, number, heir);
        self.tell(Topic::Card, number, None);
        if headless {
            self.tell(Topic::HouseholdHead, number, spouse);
        }
        for child in children {
            if self.is_alone(&child, on) {
                self.tell(Topic::Guardian, &child, None);
            }
        }
        Ok(())
    }

    /// Under 18, nobody stands for them, and both parents are known to be dead.
    fn is_alone(&mut self, child: &PersonalNumber, on: Date) -> bool {
        let Some(record) = self.touched.get(child) else { return false };
        let grown =
            record.birth_date.earliest() <= on.checked_sub(jiff::Span::new().years(18)).unwrap_or(Date::MIN);
        if grown || !record.representatives.is_empty() || matches!(record.life, Life::Dead(_)) {
            return false;
        }
        let parents: Vec<_> = [&record.father, &record.mother].into_iter().flatten().cloned().collect();
        parents.iter().all(|parent| {
            let record = parent.number.as_ref().and_then(|number| self.touched.get(number));
            record.is_some_and(|record| matches!(record.life, Life::Dead(_)))
        })
    }

    fn marriage(&mut self, husband: &PersonalNumber, wife: &PersonalNumber, on: Date) -> Done {
        let (man, woman) = (self.record(husband)?.clone(), self.record(wife)?.clone());
        if man.sex != Sex::Male || woman.sex != Sex::Female {
            return Err(Refusal::CannotMarry.into());
        }
        for (person, age) in [(&man, 20), (&woman, 18)] {
            let of_age = person.birth_date.earliest().checked_add(jiff::Span::new().years(age));
            if of_age.map_or(true, |day| day > on) {
                return Err(Refusal::TooYoung.into());
            }
        }
        if are_close_kin(&man, &woman) {
            return Err(Refusal::CannotMarry.into());
        }
        if self.overtaken(&[Kind::Marriage, Kind::Divorce]) {
            // Entered late: what happened since holds.
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
            if person.marital_status == Some(MaritalStatus::Married) && !died {
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

    fn divorce(&mut self, husband: &PersonalNumber, wife: &PersonalNumber) -> Done {
        if self.overtaken(&[Kind::Marriage, Kind::Divorce]) {
            self.changes.late = true;
            return Ok(());
        }
        for (one, other) in [(husband, wife), (wife, husband)] {
            let record = self.record(one)?;
            if record.spouse.as_ref().and_then(|spouse| spouse.number.as_ref()) != Some(other) {
                return Err(Contradiction::NotMarried.into());
            }
            record.spouse = None;
            record.marital_status = Some(MaritalStatus::Divorced);
        }
        Ok(())
    }

    fn recognition(&mut self, child: &PersonalNumber, parent: &PersonalNumber) -> Done {
        let elder = self.record(parent)?.clone();
        let record = self.record(child)?;
        if elder.birth_date.earliest() >= record.birth_date.earliest() {
            return Err(Refusal::ParentNotOlder.into());
        }
        can_be_parent(elder.life, elder.sex, record.birth_date.earliest())?;
        if record.spouse.as_ref().is_some_and(|spouse| spouse.number.as_ref() == Some(parent)) {
            return Err(Refusal::SpouseAsParent.into());
        }
        let place = if elder.sex == Sex::Female { &mut record.mother } else { &mut record.father };
        if let Some(known) = place {
            let same = known.number.as_ref() == Some(parent);
            let may_be = known.number.is_none() && crate::name::agree(&known.name, &elder.full_name);
            if same {
                return Err(Refusal::Nothing.into());
            }
            if !may_be {
                return Err(Contradiction::OtherParent.into());
            }
        }
        *place = Some(relative(&elder));
        let as_child = relative(record);
        add_child(self.record(parent)?, &as_child);
        Ok(())
    }

    fn adoption(
        &mut self,
        child: &PersonalNumber,
        father: Option<&PersonalNumber>,
        mother: Option<&PersonalNumber>,
    ) -> Done {
        if father.is_none() && mother.is_none() {
            return Err(Refusal::NoParent.into());
        }
        let record = self.record(child)?.clone();
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
        for (place, parent) in parents.iter_mut().zip([father, mother]) {
            let Some(parent) = parent else { continue };
            let elder = self.record(parent)?;
            if elder.birth_date.earliest() >= record.birth_date.earliest() {
                return Err(Refusal::ParentNotOlder.into());
            }
            add_child(elder, &as_child);
            *place = Some(relative(elder));
        }
        let record = self.record(child)?;
        [record.father, record.mother] = parents;
        Ok(())
    }

    fn name(&mut self, number: &PersonalNumber, full_name: &str, keep_old: bool) -> Done {
        if self.overtaken(&[Kind::NameChanged, Kind::NameCorrected]) {
            self.changes.late = true;
            let late = crate::name::clean(full_name);
            let record = self.record(number)?;
            if keep_old && !record.other_names.contains(&late) && record.full_name != late {
                record.other_names.push(late);
            }
            return Ok(());
        }
        let record = self.record(number)?;
        let old = core::mem::replace(&mut record.full_name, crate::name::clean(full_name));
        if old == record.full_name {
            return Err(Refusal::Nothing.into());
        }
        let new = record.full_name.clone();
        record.other_names.retain(|name| *name != new);
        if keep_old && !record.other_names.contains(&old) {
            record.other_names.push(old);
        }
        self.touched.rename(number, number, &new);
        self.own_household_name(number, number, &new);
        self.tell(Topic::Card, number, None);
        Ok(())
    }

    fn own_household_name(&mut self, record: &PersonalNumber, old: &PersonalNumber, name: &str) {
        if let Some(person) = self.touched.get(record) {
            let own = person.number.clone();
            for member in person.household.iter_mut().filter(|member| member.number.as_ref() == Some(old)) {
                member.number = Some(own.clone());
                name.clone_into(&mut member.name);
            }
        }
    }

    fn birth_date(&mut self, number: &PersonalNumber, date: BirthDate, new: Option<PersonalNumber>) -> Done {
        let record = self.record(number)?;
        if record.birth_date == date {
            return Err(Refusal::Nothing.into());
        }
        let other_year = record.birth_date.year() != date.year();
        record.birth_date = date;
        record.clone().checked(self.today).map_err(Refusal::from)?;
        self.tell(Topic::Card, number, None);
        if other_year { self.renumber(number, new.ok_or(Refusal::NoNumber)?) } else { Ok(()) }
    }

    fn sex(&mut self, number: &PersonalNumber, sex: Sex, new: Option<PersonalNumber>) -> Done {
        let record = self.record(number)?;
        if record.sex == sex {
            return Err(Refusal::Nothing.into());
        }
        record.sex = sex;
        self.tell(Topic::Card, number, None);
        self.renumber(number, new.ok_or(Refusal::NoNumber)?)
    }

    /// The record goes on under a new number; every record around it follows.
    fn renumber(&mut self, old: &PersonalNumber, new: PersonalNumber) -> Done {
        let mut person = self.record(old)?.clone();
        self.touched.rename(old, &new, &person.full_name.clone());
        let name = person.full_name.clone();
        person.number = new.clone();
        person.cancelled_number = Some(old.clone());
        for member in person.household.iter_mut().filter(|member| member.number.as_ref() == Some(old)) {
            member.number = Some(new.clone());
            name.clone_into(&mut member.name);
        }
        self.changes.created = Some(person.checked(self.today).map_err(Refusal::from)?);
        self.changes.cancelled = Some(old.clone());
        self.tell(Topic::NumberAnswered, &new, Some(old.clone()));
        Ok(())
    }

    fn item(&mut self, number: &PersonalNumber, change: impl FnOnce(&mut Person)) -> Done {
        let kind = self.entry.id.kind;
        if self.overtaken(&[kind]) {
            self.changes.late = true;
            return Ok(());
        }
        let record = self.record(number)?;
        let before = record.clone();
        change(record);
        if *record == before {
            return Err(Refusal::Nothing.into());
        }
        record.clone().checked(self.today).map_err(Refusal::from)?;
        Ok(())
    }

    fn nationality(&mut self, number: &PersonalNumber, nationality: &str) -> Done {
        self.item(number, |record| nationality.clone_into(&mut record.nationality))?;
        if !self.changes.late {
            self.tell(Topic::Card, number, None);
        }
        Ok(())
    }

    fn missing(&mut self, number: &PersonalNumber, on: Date) -> Done {
        let record = self.record(number)?;
        match record.life {
            // Declared missing before the day of a death that is known now: the death holds.
            Life::Dead(_) => self.changes.late = true,
            Life::Missing(day) if day == on => return Err(Refusal::Nothing.into()),
            Life::Missing(_) | Life::Alive => {
                if self.overtaken(&[Kind::Returned]) {
                    self.changes.late = true;
                } else {
                    self.record(number)?.life = Life::Missing(on);
                    self.tell(Topic::Card, number, None);
                }
            }
        }
        Ok(())
    }

    fn returned(&mut self, number: &PersonalNumber) -> Done {
        if self.overtaken(&[Kind::Missing]) {
            self.changes.late = true;
            return Ok(());
        }
        let record = self.record(number)?;
        if !matches!(record.life, Life::Missing(_)) {
            return Err(Contradiction::NotMissing.into());
        }
        record.life = Life::Alive;
        Ok(())
    }

    /// The cancelled record is no longer among those that change; everybody whose record changed is told about.
    fn finish(mut self) -> Result<Changes, NotApplied> {
        let touched = core::mem::replace(&mut self.touched, Touched::new(&Nobody));
        let cancelled = self.changes.cancelled.clone();
        let mut changed = touched.changed();
        changed.retain(|person| Some(&person.number) != cancelled.as_ref());
        let told = changed.iter().chain(&self.changes.created).map(|person| person.number.clone());
        for number in told.collect::<Vec<_>>() {
            self.tell(Topic::PersonChanged, &number, None);
        }
        self.changes.changed = changed;
        Ok(self.changes)
    }
}

struct Nobody;

impl Others for Nobody {
    fn person(&self, _: &PersonalNumber) -> Option<Person> {
        None
    }
}

/// A mother lives when her child is born, a father lived ten months before.
fn can_be_parent(life: Life, sex: Sex, born: Date) -> Result<(), Contradiction> {
    let Life::Dead(day) = life else { return Ok(()) };
    let days = if sex == Sex::Female { 0 } else { DAYS_AFTER_FATHER };
    let last = day.checked_add(jiff::Span::new().days(days)).unwrap_or(Date::MAX);
    if born > last { Err(Contradiction::ParentDead) } else { Ok(()) }
}

/// Parent and child, or brother and sister, as far as the two records say.
fn are_close_kin(one: &Person, other: &Person) -> bool {
    let parents = |person: &Person| -> Vec<PersonalNumber> {
        [&person.father, &person.mother]
            .into_iter()
            .flatten()
            .filter_map(|parent| parent.number.clone())
            .collect()
    };
    let (mine, theirs) = (parents(one), parents(other));
    mine.contains(&other.number)
        || theirs.contains(&one.number)
        || mine.iter().any(|parent| theirs.contains(parent))
}
