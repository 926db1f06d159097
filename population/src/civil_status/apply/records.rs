//! Acts that change what one record says.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::families::{can_be_parent, is_older, spouse_of};
use super::marriages::{may_marry, names};
use super::{Done, Work};
use crate::civil_status::act::Kind;
use crate::civil_status::family::relative;
use crate::civil_status::message::Topic;
use crate::civil_status::refusal::{Contradiction, Refusal};
use crate::person::{Life, MaritalStatus, Person, Residences};

impl Work<'_> {
    pub(super) fn death(&mut self, number: &PersonalNumber, on: Date) -> Done {
        let registered =
            self.last_of(number, &[Kind::Death, Kind::DeathAnnulled], self.today) == Some(Kind::Death);
        match self.seen(number)?.life {
            // Where only the day was told (an event, an import), all that follows from the death is still to be done.
            Life::Dead(day) if day == on && registered => return Err(Refusal::Nothing.into()),
            Life::Dead(day) if day == on => {}
            Life::Dead(known) => {
                self.contradicts(Contradiction::OtherDeath)?;
                if on > known && self.has_remarried(number, (known, on))? {
                    self.contradicts(Contradiction::Remarried)?;
                }
            }
            Life::Alive | Life::Missing(_) => {}
        }
        let record = self.seen(number)?;
        if on < record.birth_date.earliest() {
            return Err(Refusal::BeforeItHappened.into());
        }
        // Corrections may come after death, and what a court or an office says of somebody; deeds do not. Of another day of death an
        // officer is asked by a contradiction of its own.
        let deed = |kind| {
            !matches!(
                kind,
                Kind::Birth
                    | Kind::NameCorrected
                    | Kind::BirthDateCorrected
                    | Kind::Recognition
                    | Kind::Death
                    | Kind::Missing
                    | Kind::Removed
            )
        };
        if self.before.iter().any(|applied| applied.on > on && deed(applied.id.kind)) {
            self.contradicts(Contradiction::ActsAfterDeath)?;
        }
        let (sex, children) = (self.seen(number)?.sex, self.seen(number)?.children.clone());
        for child in children.iter().filter_map(|child| child.number.as_ref()) {
            if let Some(child) = self.touched.look(child) {
                can_be_parent(Life::Dead(on), sex != Sex::Female, child.birth_date.earliest())?;
            }
        }
        let record = self.record(number)?;
        record.life = Life::Dead(on);
        record.residences = Residences::default();
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
        if registered {
            // Another day of the same death: residence and funeral benefit were asked for by the act before it.
            self.tell(Topic::Card, number, None);
            return Ok(());
        }
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

    /// The person lives: the marriage stands where the widow or widower has not married again; home and household are registered anew.
    pub(super) fn death_annulled(&mut self, number: &PersonalNumber) -> Done {
        if self.overtaken(&[Kind::Death]) {
            self.changes.late = true;
            return Ok(());
        }
        let record = self.record(number)?;
        if !matches!(record.life, Life::Dead(_)) {
            return Err(Contradiction::NotDead.into());
        }
        record.life = Life::Alive;
        let spouse = spouse_of(record).cloned();
        let named = relative(record);
        if let Some(survivor) = spouse.as_ref().and_then(|spouse| self.touched.get(spouse)) {
            // A list from elsewhere may name nobody beside a widow.
            let is_widowed = survivor.marital_status == Some(MaritalStatus::Widowed);
            let waits = names(survivor, &named) || survivor.spouse.is_none() && is_widowed;
            if waits && is_widowed {
                survivor.marital_status = Some(MaritalStatus::Married);
                survivor.spouse = Some(named);
            }
            if !waits {
                // Art. 73(2): the marriage that the survivor entered since stands, or a divorce of then.
                let record = self.record(number)?;
                (record.spouse, record.marital_status) = (None, Some(MaritalStatus::Divorced));
            }
        }
        self.tell(Topic::Residence, number, None);
        self.tell(Topic::FuneralBenefit, number, spouse);
        self.tell(Topic::Card, number, None);
        Ok(())
    }

    /// Whether the widow or widower married somebody between these days; of whom no act tells it, whether they are somebody
    /// else's spouse now.
    fn has_remarried(&mut self, dead: &PersonalNumber, (from, until): (Date, Date)) -> Result<bool, Refusal> {
        let survivor = spouse_of(self.seen(dead)?).cloned();
        let acts = survivor.as_ref().map(|survivor| self.books.acts_of(survivor)).unwrap_or_default();
        let mut marriages =
            acts.iter().filter(|act| act.id.kind == Kind::Marriage && act.on > from).peekable();
        if marriages.peek().is_some() {
            return Ok(marriages.any(|act| act.on < until));
        }
        let survivor = survivor.and_then(|survivor| self.touched.look(&survivor));
        Ok(survivor.and_then(|survivor| spouse_of(survivor)).is_some_and(|spouse| spouse != dead))
    }

    /// Under 18, nobody stands for them, and both parents are known to be dead.
    fn is_alone(&mut self, child: &PersonalNumber, on: Date) -> bool {
        let Some(record) = self.touched.look(child) else { return false };
        let grown =
            record.birth_date.earliest() <= on.checked_sub(jiff::Span::new().years(18)).unwrap_or(Date::MIN);
        if grown || !record.representatives.is_empty() || matches!(record.life, Life::Dead(_)) {
            return false;
        }
        let parents: Vec<_> = [&record.father, &record.mother].into_iter().flatten().cloned().collect();
        parents.iter().all(|parent| {
            let record = parent.number.as_ref().and_then(|number| self.touched.look(number));
            record.is_some_and(|record| matches!(record.life, Life::Dead(_)))
        })
    }

    pub(super) fn name(&mut self, number: &PersonalNumber, full_name: &str, keep_old: bool) -> Done {
        if self.overtaken(&[Kind::NameChanged, Kind::NameCorrected]) {
            self.changes.late = true;
            let record = self.record(number)?;
            let known =
                record.full_name == full_name || record.other_names.iter().any(|name| name == full_name);
            if keep_old && !known {
                record.other_names.push(full_name.to_owned());
            }
            return Ok(());
        }
        let record = self.record(number)?;
        let old = core::mem::replace(&mut record.full_name, full_name.to_owned());
        if old == record.full_name {
            return Err(Refusal::Nothing.into());
        }
        let new = record.full_name.clone();
        record.other_names.retain(|name| *name != new);
        if keep_old && !record.other_names.contains(&old) {
            record.other_names.push(old);
        }
        self.touched.rename(number, number, &new);
        self.touched.own_name(number, number, &new);
        self.tell(Topic::Card, number, None);
        Ok(())
    }

    pub(super) fn birth_date(
        &mut self,
        number: &PersonalNumber,
        date: BirthDate,
        new: Option<PersonalNumber>,
    ) -> Done {
        if self.overtaken(&[Kind::BirthDateCorrected]) {
            self.changes.late = true;
            return Ok(());
        }
        let record = self.record(number)?;
        if record.birth_date == date {
            return Err(Refusal::Nothing.into());
        }
        let other_year = record.birth_date.year() != date.year();
        record.birth_date = date;
        let record = record.clone();
        record.clone().checked(self.today)?;
        // Acts of the person happened after the birth; the act of birth itself is dated as it was entered.
        let deeds =
            self.before.iter().filter(|applied| applied.id.kind != Kind::Birth).map(|applied| applied.on);
        if deeds.chain([self.entry.act.on()]).any(|on| date.earliest() > on) {
            return Err(Refusal::BeforeItHappened.into());
        }
        let mut families = Vec::new();
        for (parent, is_father) in [(&record.father, true), (&record.mother, false)] {
            let parent =
                parent.as_ref().and_then(|parent| self.touched.look(parent.number.as_ref()?).cloned());
            families.extend(parent.map(|parent| (parent, is_father, date)));
        }
        for child in record.children.iter().filter_map(|child| child.number.as_ref()) {
            let born = self.touched.look(child).map(|child| child.birth_date);
            families.extend(born.map(|born| (record.clone(), record.sex != Sex::Female, born)));
        }
        // What cannot be is told before what an officer may decide.
        families.iter().try_for_each(|(parent, _, born)| is_older(parent, *born))?;
        families.iter().try_for_each(|(parent, is_father, born)| self.can_have(parent, *is_father, *born))?;
        let married = self.before.iter().filter(|applied| applied.id.kind == Kind::Marriage);
        if married.min_by_key(|applied| applied.on).is_some_and(|first| !may_marry(&record, first.on)) {
            self.contradicts(Contradiction::MarriedTooYoung)?;
        }
        self.tell(Topic::Card, number, None);
        if other_year { self.renumber(number, new.ok_or(Refusal::NoNumber)?) } else { Ok(()) }
    }

    pub(super) fn sex(&mut self, number: &PersonalNumber, sex: Sex, new: Option<PersonalNumber>) -> Done {
        if self.overtaken(&[Kind::SexRedetermined]) {
            self.changes.late = true;
            return Ok(());
        }
        let record = self.record(number)?;
        if record.sex == sex {
            return Err(Refusal::Nothing.into());
        }
        record.sex = sex;
        let is_married = record.marital_status == Some(MaritalStatus::Married);
        let spouse = record.spouse.clone().filter(|_| is_married);
        // Whoever has no number was married as husband or wife, and is of the other sex.
        let is_of_same_sex = spouse.is_some_and(|spouse| match &spouse.number {
            Some(number) => self.touched.look(number).is_some_and(|spouse| spouse.sex == sex),
            None => true,
        });
        if is_of_same_sex {
            self.contradicts(Contradiction::SpouseOfSameSex)?;
        }
        self.tell(Topic::Card, number, None);
        self.renumber(number, new.ok_or(Refusal::NoNumber)?)
    }

    /// The record goes on under a new number; every record around it follows.
    fn renumber(&mut self, old: &PersonalNumber, new: PersonalNumber) -> Done {
        let mut person = self.seen(old)?.clone();
        self.touched.rename(old, &new, &person.full_name.clone());
        let name = person.full_name.clone();
        person.number = new.clone();
        person.cancelled_number = Some(old.clone());
        for member in person.household.iter_mut().filter(|member| member.number.as_ref() == Some(old)) {
            member.number = Some(new.clone());
            name.clone_into(&mut member.name);
        }
        self.changes.created = Some(person.checked(self.today)?);
        self.changes.cancelled = Some(old.clone());
        self.tell(Topic::NumberAnswered, &new, Some(old.clone()));
        Ok(())
    }

    pub(super) fn item(&mut self, number: &PersonalNumber, change: impl FnOnce(&mut Person)) -> Done {
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
        Ok(())
    }

    pub(super) fn nationality(&mut self, number: &PersonalNumber, nationality: &str) -> Done {
        self.item(number, |record| nationality.clone_into(&mut record.nationality))?;
        if !self.changes.late {
            self.touched.renationalise(number, nationality);
            self.tell(Topic::Card, number, None);
        }
        Ok(())
    }

    pub(super) fn missing(&mut self, number: &PersonalNumber, on: Date) -> Done {
        let kinds = [Kind::Missing, Kind::Returned, Kind::DeathAnnulled];
        let declared = self.last_of(number, &kinds, self.today);
        let registered = declared == Some(Kind::Missing);
        match self.seen(number)?.life {
            // Declared missing before the day of a death that is known now: the death holds.
            Life::Dead(_) => self.changes.late = true,
            Life::Missing(day) if day == on && registered => return Err(Refusal::Nothing.into()),
            Life::Missing(_) if registered => {
                self.contradicts(Contradiction::DeclaredMissing)?;
                self.record(number)?.life = Life::Missing(on);
                self.tell(Topic::Card, number, None);
            }
            Life::Missing(_) | Life::Alive => {
                if self.overtaken(&[Kind::Returned]) {
                    self.changes.late = true;
                    return Ok(());
                }
                if self.before.iter().any(|applied| applied.on > on && applied.id.kind.is_deed()) {
                    self.contradicts(Contradiction::DeclaredMissing)?;
                }
                self.record(number)?.life = Life::Missing(on);
                self.tell(Topic::Card, number, None);
            }
        }
        Ok(())
    }

    pub(super) fn returned(&mut self, number: &PersonalNumber) -> Done {
        if self.overtaken(&[Kind::Missing]) {
            self.changes.late = true;
            return Ok(());
        }
        // Where somebody has told of the return already, the act that annuls the declaration changes nothing more.
        let on = self.entry.act.on();
        let declared = self
            .before
            .iter()
            .filter(|applied| matches!(applied.id.kind, Kind::Missing | Kind::Returned) && applied.on <= on);
        let declared =
            declared.max_by_key(|applied| applied.on).is_some_and(|last| last.id.kind == Kind::Missing);
        let record = self.record(number)?;
        match record.life {
            Life::Missing(_) => record.life = Life::Alive,
            Life::Alive if declared => {}
            Life::Alive | Life::Dead(_) => return Err(Contradiction::NotMissing.into()),
        }
        Ok(())
    }
}
