//! Marriages, and how they end.

use std::sync::Arc;

use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::families::spouse_of;
use super::{Applied, Done, Work};
use crate::civil_status::act::{ActId, Kind, Party};
use crate::civil_status::family::{is_one, relative};
use crate::civil_status::refusal::{Contradiction, Refusal};
use crate::person::{Life, MaritalStatus, Person, Relative};

/// Since when the age of marriage is counted in completed years (Luật HN&GĐ 2014 art. 132).
const COMPLETED_YEARS: Date = jiff::civil::date(2015, 1, 1);

/// All that makes or ends one.
const OF_MARRIAGE: [Kind; 3] = [Kind::Marriage, Kind::Divorce, Kind::MarriageAnnulled];

/// Husband or wife: as the register knows them, or as the act names them.
enum Spouse {
    Known(Arc<Person>),
    Stranger(Relative),
}

impl Spouse {
    fn known(&self) -> Option<&Person> {
        match self {
            Self::Known(person) => Some(person),
            Self::Stranger(_) => None,
        }
    }

    /// As the other's record names them.
    fn named(&self) -> Relative {
        match self {
            Self::Known(person) => relative(person),
            Self::Stranger(named) => named.clone(),
        }
    }

    fn is_dead(&self, by: Date) -> bool {
        self.known().is_some_and(|person| matches!(person.life, Life::Dead(day) if day <= by))
    }
}

/// A marriage that an act tells of.
struct Marriage {
    id: ActId,
    spouse: Relative,
    from: Date,
    /// The day on which it ended; the last of all days where it stands.
    until: Date,
    /// It ended by a court's word, and not by a death.
    is_parted: bool,
}

impl Work<'_> {
    /// Husband and wife of an act; nobody marries or parts here of whom the register knows neither.
    fn spouses(&mut self, both: [&Party; 2]) -> Result<[Spouse; 2], Refusal> {
        let mut spouse = |party: &Party| match (party.number(), party.stranger()) {
            (Some(number), _) => self.touched.shared(number).map(Spouse::Known).ok_or(Refusal::UnknownPerson),
            (None, Some(named)) => Ok(Spouse::Stranger(named)),
            (None, None) => Err(Refusal::UnknownPerson),
        };
        match both.map(&mut spouse) {
            [Ok(Spouse::Stranger(_)), Ok(Spouse::Stranger(_))] => Err(Refusal::NobodyKnown),
            [husband, wife] => Ok([husband?, wife?]),
        }
    }

    pub(super) fn marriage(&mut self, husband: &Party, wife: &Party, on: Date) -> Done {
        let spouses = self.spouses([husband, wife])?;
        let [man, woman] = &spouses;
        let is_of = |one: &Spouse, sex| one.known().is_none_or(|person| person.sex == sex);
        if !is_of(man, Sex::Male) || !is_of(woman, Sex::Female) {
            return Err(Refusal::CannotMarry.into());
        }
        if !spouses.iter().filter_map(Spouse::known).all(|person| may_marry(person, on)) {
            return Err(Refusal::TooYoung.into());
        }
        match &spouses {
            [Spouse::Known(man), Spouse::Known(woman)] => self.no_kin(man, woman)?,
            [Spouse::Known(person), Spouse::Stranger(named)]
            | [Spouse::Stranger(named), Spouse::Known(person)] => {
                self.no_kin_by_name(person, named)?;
            }
            [Spouse::Stranger(_), Spouse::Stranger(_)] => {}
        }
        let annulled = self.annulled();
        let counts = |act: &Applied| act.id.kind.is_of_marriage() && !annulled.contains(&act.id);
        if self.before.iter().any(|act| counts(act) && act.on > on) {
            return self.married_long_ago(&spouses, on);
        }
        let pairs = [(man, woman), (woman, man)];
        let known = pairs.iter().filter_map(|(one, other)| Some((one.known()?, other.named())));
        let known: Vec<(&Person, Relative)> = known.collect();
        let stands = |(one, other): &(&Person, Relative)| {
            let (known, is_by_number) =
                (one.spouse.as_ref().and_then(|spouse| spouse.number.clone()), other.number.is_some());
            names(one, other) && (known == other.number && is_by_number || !is_by_number && is_married(one))
        };
        if known.iter().all(stands) {
            return Err(Refusal::Nothing.into());
        }
        for (person, _) in known.iter().filter(|(one, other)| is_married(one) && !names(one, other)) {
            let Some(number) = spouse_of(person) else {
                // Whom nobody can say here to have died or parted.
                self.contradicts(Contradiction::MarriedToStranger)?;
                continue;
            };
            let spouse = self.touched.look(number);
            if !spouse.is_some_and(|spouse| matches!(spouse.life, Life::Dead(day) if day <= on)) {
                return Err(Contradiction::Married.into());
            }
        }
        // Who has died since was married then; the survivor is a widow or widower now.
        let status = |other: &Spouse| match other.is_dead(Date::MAX) {
            true => MaritalStatus::Widowed,
            false => MaritalStatus::Married,
        };
        for (one, other) in pairs {
            let Some(person) = one.known() else { continue };
            let record = self.record(&person.number)?;
            (record.spouse, record.marital_status) = (Some(other.named()), Some(status(other)));
        }
        Ok(())
    }

    /// Entered late: what happened since holds, unless one of them was married to somebody else while this marriage stood.
    fn married_long_ago(&mut self, spouses: &[Spouse; 2], on: Date) -> Done {
        let death = |one: &Spouse| match one.known().map(|person| person.life) {
            Some(Life::Dead(day)) => Some(day),
            _ => None,
        };
        let theirs = self.of_these_two();
        let ends = theirs.iter().filter(|act| act.id.kind.ends_marriage() && act.on >= on).map(|act| act.on);
        let until = ends.chain(spouses.iter().filter_map(death)).min().unwrap_or(Date::MAX);
        for person in spouses.iter().filter_map(Spouse::known) {
            for other in self.marriages_of(&person.number) {
                let is_this = theirs.iter().any(|act| act.id == other.id)
                    || spouses.iter().any(|one| is_one(&one.named(), &other.spouse));
                if !is_this && other.from < until && on < other.until {
                    self.contradicts(Contradiction::MarriedSince)?;
                }
            }
        }
        self.changes.late = true;
        Ok(())
    }

    /// Marriages that were annulled, and the decisions that did it: as if none of them had been.
    fn annulled(&self) -> Vec<ActId> {
        let of = |kind: Kind| self.before.iter().filter(move |act| act.id.kind == kind);
        let mut gone = Vec::new();
        for decision in of(Kind::MarriageAnnulled) {
            let Some(couple) = self.couple(&decision.id) else { continue };
            let theirs = of(Kind::Marriage).filter(|act| act.of == decision.of && act.on <= decision.on);
            let theirs =
                theirs.filter(|act| self.couple(&act.id).is_some_and(|other| are_one(&couple, &other)));
            gone.extend(theirs.max_by_key(|act| act.on).map(|act| act.id.clone()));
            gone.push(decision.id.clone());
        }
        gone
    }

    /// Husband and wife of an act that was taken, as records name them.
    fn couple(&self, act: &ActId) -> Option<[Relative; 2]> {
        let act = self.books.act(act)?;
        let [husband, wife] = act.spouses()?.map(|party| match (party.number(), party.stranger()) {
            (Some(number), _) => {
                let name =
                    self.books.person(number).map(|person| person.full_name.clone()).unwrap_or_default();
                Some(Relative::new(&name, Some(number.clone())))
            }
            (None, stranger) => stranger,
        });
        husband.zip(wife).map(|(husband, wife)| [husband, wife])
    }

    /// Whom somebody married, as the acts say that were not annulled.
    fn marriages_of(&self, person: &PersonalNumber) -> Vec<Marriage> {
        let annulled = self.annulled();
        let acts = self
            .before
            .iter()
            .filter(|act| act.of == *person && act.id.kind.is_of_marriage() && !annulled.contains(&act.id));
        let acts: Vec<(&Applied, Relative)> = acts
            .map(|act| {
                let mut spouses = self.couple(&act.id).into_iter().flatten();
                let other = spouses.find(|one| one.number.as_ref() != Some(person));
                // An act whose text is not there is of somebody all the same.
                (act, other.unwrap_or_else(|| Relative::new("", None)))
            })
            .collect();
        let myself = self.books.person(person).map(|record| relative(&record));
        let ended = |spouse: &Relative, from: Date| {
            let own = acts.iter().filter(|(act, other)| {
                act.id.kind.ends_marriage() && act.on >= from && is_one(other, spouse)
            });
            let mut parted: Vec<Date> = own.map(|(act, _)| act.on).collect();
            // An act that names this one by name only stands with the other's acts.
            if let Some(number) = &spouse.number {
                let theirs = self.books.acts_of(number).into_iter();
                let theirs = theirs.filter(|act| act.id.kind.ends_marriage() && act.on >= from);
                let names_me = |act: &Applied| {
                    let couple = self.couple(&act.id).into_iter().flatten();
                    couple
                        .filter(|one| one.number.as_ref() != Some(number))
                        .any(|one| myself.as_ref().is_some_and(|myself| is_one(&one, myself)))
                };
                parted.extend(theirs.filter(names_me).map(|act| act.on));
            }
            let record = spouse.number.as_ref().and_then(|number| self.books.person(number));
            let death = record.and_then(|record| match record.life {
                Life::Dead(day) => Some(day),
                _ => None,
            });
            let parted = parted.into_iter().min();
            let until = parted.into_iter().chain(death).min().unwrap_or(Date::MAX);
            (until, parted == Some(until))
        };
        let marriages = acts.iter().filter(|(act, _)| act.id.kind == Kind::Marriage);
        let marriage = |(act, spouse): &(&Applied, Relative)| {
            let (until, is_parted) = ended(spouse, act.on);
            Marriage { id: act.id.clone(), spouse: spouse.clone(), from: act.on, until, is_parted }
        };
        marriages.map(marriage).collect()
    }

    /// A marriage ends by a court's word: by divorce, or as if it had not been.
    pub(super) fn parted(&mut self, husband: &Party, wife: &Party) -> Done {
        let spouses = self.spouses([husband, wife])?;
        let on = self.entry.act.on();
        let theirs = self.of_these_two();
        if theirs.iter().any(|act| act.on > on) {
            // They married again since, or this end is known by a later day. Where all that is known is a marriage after it, nothing
            // was there to be ended.
            let was_married = theirs.iter().any(|act| match act.id.kind {
                Kind::Marriage => act.on <= on,
                _ => act.on > on,
            });
            if !was_married {
                return Err(Contradiction::NotMarried.into());
            }
            self.changes.late = true;
            return Ok(());
        }
        let mut known: Vec<(PersonalNumber, Relative)> = Vec::new();
        let [man, woman] = &spouses;
        for (one, other) in [(man, woman), (woman, man)] {
            known.extend(one.known().map(|person| (person.number.clone(), other.named())));
        }
        // By name in the act, and by number in the record since: the marriage ends in both records.
        if let [(one, stranger)] = known.as_slice()
            && let Some(spouse) = self.seen(one)?.spouse.clone().filter(|spouse| is_one(spouse, stranger))
            && let Some(number) = spouse.number
        {
            let one = relative(self.seen(&one.clone())?);
            known.push((number, one));
        }
        let mut named = Vec::with_capacity(2);
        for (number, other) in &known {
            if self.touched.look(number).is_some_and(|record| names(record, other)) {
                named.push(number.clone());
            }
        }
        // Whoever married somebody else since no longer names the one of before: only an act says that there was a marriage.
        let last = theirs.iter().max_by_key(|act| act.on);
        let by_act = last.is_some_and(|act| act.id.kind == Kind::Marriage);
        let overtaken = self.overtaken(&OF_MARRIAGE);
        let is_of_stranger = spouses.iter().any(|one| one.known().is_none());
        // Married to somebody else since, as the acts say: that marriage is not asked about.
        let since = theirs.iter().map(|act| act.on).max();
        let is_past = by_act
            && self
                .before
                .iter()
                .any(|act| act.id.kind == Kind::Marriage && since.is_some_and(|since| act.on > since));
        if is_of_stranger && named.is_empty() && !overtaken && !is_past {
            // Named otherwise on another paper; an officer sees whether it is the same marriage that ends.
            let record = known.first().map(|(number, _)| self.seen(number).cloned()).transpose()?;
            let Some(record) = record.filter(is_married) else {
                return Err(Contradiction::NotMarried.into());
            };
            self.contradicts(Contradiction::OtherSpouse)?;
            let spouse = record.spouse.as_ref().and_then(|spouse| spouse.number.clone());
            named.extend(core::iter::once(record.number.clone()).chain(spouse));
        } else if named.len() < known.len() && !by_act && (named.is_empty() || !overtaken) {
            return Err(Contradiction::NotMarried.into());
        }
        self.changes.late = overtaken;
        for number in &named {
            let after = match self.entry.id.kind {
                Kind::MarriageAnnulled => self.without_this(number),
                _ => (None, MaritalStatus::Divorced),
            };
            if let Some(record) = self.touched.get(number) {
                (record.spouse, record.marital_status) = (after.0, Some(after.1));
            }
        }
        Ok(())
    }

    /// What somebody is once a marriage has not been: what the record said before it, and what became of that since.
    fn without_this(&mut self, person: &PersonalNumber) -> (Option<Relative>, MaritalStatus) {
        let Some(this) = self.touched.look(person).and_then(|record| record.spouse.clone()) else {
            return (None, MaritalStatus::Single);
        };
        let others = self.marriages_of(person).into_iter().filter(|other| !is_one(&other.spouse, &this));
        let (standing, ended): (Vec<Marriage>, Vec<Marriage>) =
            others.partition(|other| other.until == Date::MAX);
        let last = |of: Vec<Marriage>| of.into_iter().max_by_key(|one| one.from);
        if let Some(marriage) = last(standing) {
            return (Some(marriage.spouse), MaritalStatus::Married);
        }
        let annulled = self.annulled();
        let is_divorced = self
            .before
            .iter()
            .any(|act| act.of == *person && act.id.kind == Kind::Divorce && !annulled.contains(&act.id));
        match last(ended) {
            Some(marriage) if !marriage.is_parted => return (Some(marriage.spouse), MaritalStatus::Widowed),
            None if !is_divorced => {}
            _ => return (None, MaritalStatus::Divorced),
        }
        // No act tells of another marriage: what another database carried over stands in the history.
        let before = self.books.past(person);
        let before = before.iter().rev().find(|record| !names(record, &this));
        match before.map(|record| (record.spouse.clone(), record.marital_status)) {
            Some((spouse, Some(status))) if status != MaritalStatus::Married || spouse.is_some() => {
                (spouse, status)
            }
            _ => (None, MaritalStatus::Single),
        }
    }

    /// Marriages of both of an act and what ended them, taken before. An act stands once for each of them; of somebody
    /// without a number it is told by the name.
    fn of_these_two(&self) -> Vec<Applied> {
        let of_marriage = self.before.iter().enumerate().filter(|(_, act)| act.id.kind.is_of_marriage());
        let stranger = self.entry.act.spouses().into_iter().flatten().find(|party| party.number().is_none());
        let is_theirs = |place: usize, act: &Applied| match stranger {
            None => self.before.iter().take(place).any(|other| other.id == act.id),
            Some(stranger) => self.books.act(&act.id).is_some_and(|act| act.is_of_spouse(stranger)),
        };
        of_marriage.filter(|(place, act)| is_theirs(*place, act)).map(|(_, act)| act.clone()).collect()
    }
}

/// Whether this is whom a record names as husband or wife: by the number, or by the name where one of them has none.
pub(super) fn names(record: &Person, other: &Relative) -> bool {
    record.spouse.as_ref().is_some_and(|spouse| is_one(spouse, other))
}

/// Of whoever is named as a spouse and was never said to be single again, the marriage stands.
fn is_married(person: &Person) -> bool {
    match person.marital_status {
        Some(MaritalStatus::Married) => true,
        None => person.spouse.is_some(),
        Some(_) => false,
    }
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

fn are_one(one: &[Relative; 2], other: &[Relative; 2]) -> bool {
    one.iter().zip(other).all(|(one, other)| is_one(one, other))
}
