//! An act and the records it touches → changed records and messages.

mod adoption;
mod families;
mod kin;
mod marriages;
mod records;
mod residence;

use std::collections::BTreeMap;
use std::sync::Arc;

use cccd_card_profile::card_holder::Sex;
use cccd_card_profile::personal_number::{PersonalNumber, RegistrationPlace};
use jiff::civil::Date;

use super::act::{Act, ActId, Entry, Kind};
use super::family::Touched;
use super::form::formed;
use super::message::{Message, Topic};
use super::refusal::{Contradiction, NotApplied, Refusal};
use crate::name::agree;
use crate::person::{Flaw, Life, Others, Person};
use crate::places::provinces;

pub(crate) use families::{DAYS_AFTER_FATHER, YOUNGEST_PARENT, is_older};

/// What an act is judged by: the records, and the acts that were taken, which know what records have forgotten.
pub trait Books: Others {
    /// The acts of somebody who is no principal of the act that is judged.
    fn acts_of(&self, _person: &PersonalNumber) -> Vec<Applied> {
        Vec::new()
    }

    /// An act that was taken, its people under their numbers of today.
    fn act(&self, _id: &ActId) -> Option<Act> {
        None
    }

    /// What somebody's record said before it says what it does, the oldest first.
    fn past(&self, _person: &PersonalNumber) -> Vec<Person> {
        Vec::new()
    }
}

/// Records without books.
impl Books for BTreeMap<PersonalNumber, Person> {}

/// An act that was taken before, of a person whose own act this one is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Whose.
    pub of: PersonalNumber,
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
    others: &dyn Books,
    before: &[Applied],
    number: Option<PersonalNumber>,
    today: Date,
) -> Result<Changes, NotApplied> {
    apply_overruling(entry, others, before, number, today, &[])
}

/// [`apply`](fn@apply) after an officer decided that the act holds although it contradicts the register in these respects. What
/// was known before is replaced: another day of death, another parent, a child of the same name and day. A parent whose sex
/// the register knows otherwise (determined again since) stands as the act says. Contradictions that first need an act of their own ([`may_overrule`]) stay what they are.
///
/// # Errors
/// [`NotApplied`].
pub fn apply_overruling(
    entry: &Entry,
    others: &dyn Books,
    before: &[Applied],
    number: Option<PersonalNumber>,
    today: Date,
    overruled: &[Contradiction],
) -> Result<Changes, NotApplied> {
    check_entry(entry, today)?;
    let entry = &formed(entry)?;
    let changes = Changes::default();
    let mut work =
        Work { entry, books: others, touched: Touched::new(others), changes, before, today, overruled };
    work.alive_then()?;
    work.at_hand_then()?;
    match &entry.act {
        Act::Birth { child, father, mother, resides_with } => {
            work.birth(child, [father, mother], resides_with.as_ref(), number.ok_or(Refusal::NoNumber)?)
        }
        Act::Death { person, on } => work.death(person, *on),
        Act::Marriage { husband, wife, on } => work.marriage(husband, wife, *on),
        Act::Divorce { husband, wife, .. } | Act::MarriageAnnulled { husband, wife, .. } => {
            work.parted(husband, wife)
        }
        Act::Recognition { child, parent, parent_sex, .. } => work.recognition(child, parent, *parent_sex),
        Act::Adoption { child, father, mother, .. } => work.adoption(child, father.as_ref(), mother.as_ref()),
        Act::AdoptionEnded { child, father, mother, .. } => {
            work.adoption_ended(child, father.as_ref(), mother.as_ref())
        }
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
        Act::DeathAnnulled { person, .. } => work.death_annulled(person),
        Act::Permanent { movers, joins, place, on } => {
            work.permanent(movers, joins.as_ref(), place.as_ref(), *on)
        }
        Act::Temporary { person, stay, place, on } => work.temporary(person, *stay, place.as_ref(), *on),
        Act::Absence { person, on, until } => work.absence(person, *on, *until),
        Act::Removed { person, .. } => work.removed(person),
    }?;
    work.finish()
}

/// Whether an officer's word is enough. For the others the register is mended first, by an act: a marriage ends by divorce
/// or death, a death that never was by its annulment.
#[must_use]
pub fn may_overrule(contradiction: Contradiction) -> bool {
    matches!(
        contradiction,
        Contradiction::OtherDeath
            | Contradiction::OtherParent
            | Contradiction::BornAlready
            | Contradiction::ParentOfOtherSex
            | Contradiction::ParentTooYoung
            | Contradiction::Remarried
            | Contradiction::CloseKin
            | Contradiction::MarriedTooYoung
            | Contradiction::AdopterTooYoung
            | Contradiction::AdoptionBarred
            | Contradiction::BirthsTooClose
            | Contradiction::HeadTooYoung
            | Contradiction::DeclaredMissing
            | Contradiction::MarriedSince
            | Contradiction::MarriedToStranger
            | Contradiction::OtherSpouse
            | Contradiction::SpouseOfSameSex
            | Contradiction::NotAdopted
            | Contradiction::ActsAfterDeath
    )
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
    check_office(entry)?;
    let mut named = entry.act.named();
    if let Act::Birth { resides_with: Some(_), .. } = entry.act {
        // Who the child lives with is one of those named, most often.
        named.pop();
    }
    named.sort_unstable();
    if named.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(Refusal::Oneself);
    }
    if let Act::Adoption { father: Some(one), mother: Some(other), .. }
    | Act::AdoptionEnded { father: Some(one), mother: Some(other), .. } = &entry.act
        && one.stranger().zip(other.stranger()).is_some_and(|(one, other)| agree(&one.name, &other.name))
    {
        return Err(Refusal::Oneself);
    }
    Ok(())
}

/// The office is one that there is, and a birth's number begins with its place.
fn check_office(entry: &Entry) -> Result<(), Refusal> {
    let country = entry.id.country();
    let province = provinces::of_ward(&entry.id.office);
    if !country.map_or(province.is_some(), is_country) {
        return Err(Refusal::UnknownOffice);
    }
    let Act::Birth { child, .. } = &entry.act else { return Ok(()) };
    let place = child.number_place.as_str();
    let fits = match (country, provinces::of_number_place(place)) {
        (Some(country), _) => place == country,
        // A province that was merged away keeps its digits for those whose birth it registered.
        (None, Some(of_number)) => province == Some(of_number),
        // Another state registered the birth, and it is noted here.
        (None, None) if is_country(place) => true,
        (None, None) => return Err(Flaw::Form("number_place").into()),
    };
    if fits { Ok(()) } else { Err(Refusal::NumberPlace) }
}

/// Whether these three digits stand for a country (TT 07/2016 annex 2).
fn is_country(digits: &str) -> bool {
    let number = PersonalNumber::parse(&format!("{digits}000000000"));
    number.is_ok_and(|number| matches!(number.structure().registered_in, RegistrationPlace::Country { .. }))
}

struct Work<'w> {
    entry: &'w Entry,
    books: &'w dyn Books,
    touched: Touched<'w>,
    changes: Changes,
    before: &'w [Applied],
    today: Date,
    overruled: &'w [Contradiction],
}

type Done = Result<(), NotApplied>;

impl Work<'_> {
    /// A record, to be written in.
    fn record(&mut self, number: &PersonalNumber) -> Result<&mut Person, Refusal> {
        self.touched.get(number).ok_or(Refusal::UnknownPerson)
    }

    /// A record, to be looked at.
    fn seen(&mut self, number: &PersonalNumber) -> Result<&Person, Refusal> {
        self.touched.look(number).ok_or(Refusal::UnknownPerson)
    }

    /// Stops here, unless an officer decided otherwise.
    fn contradicts(&self, contradiction: Contradiction) -> Done {
        let holds = may_overrule(contradiction) && self.overruled.contains(&contradiction);
        if holds { Ok(()) } else { Err(contradiction.into()) }
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
            Kind::Birth
                | Kind::Death
                | Kind::DeathAnnulled
                | Kind::NameCorrected
                | Kind::BirthDateCorrected
                | Kind::Recognition
        ) {
            let (on, dies) = (self.entry.act.on(), kind == Kind::Death);
            for person in self.entry.act.principals() {
                // The day of a death has rules of its own.
                if on < self.seen(&person)?.birth_date.earliest() && !dies {
                    return Err(Refusal::BeforeItHappened.into());
                }
            }
            return Ok(());
        }
        let on = self.entry.act.on();
        for person in self.entry.act.principals() {
            let record = self.seen(&person)?;
            if on < record.birth_date.earliest() {
                return Err(Refusal::BeforeItHappened.into());
            }
            if matches!(record.life, Life::Dead(day) if on > day) {
                return Err(Contradiction::AfterDeath.into());
            }
        }
        Ok(())
    }

    /// Whoever is declared missing does nothing until the declaration is annulled, as the record says or the acts of then.
    fn at_hand_then(&mut self) -> Done {
        let on = self.entry.act.on();
        for person in self.entry.act.doers() {
            let now = matches!(self.seen(&person)?.life, Life::Missing(day) if on >= day);
            let kinds = [Kind::Missing, Kind::Returned, Kind::DeathAnnulled];
            if now || self.last_of(&person, &kinds, on) == Some(Kind::Missing) {
                self.contradicts(Contradiction::DeclaredMissing)?;
            }
        }
        Ok(())
    }

    /// Which of these kinds was the last that happened to somebody until this day.
    fn last_of(&self, person: &PersonalNumber, kinds: &[Kind], until: Date) -> Option<Kind> {
        let acts = self.before.iter().filter(|applied| {
            applied.of == *person && kinds.contains(&applied.id.kind) && applied.on <= until
        });
        acts.max_by_key(|applied| applied.on).map(|last| last.id.kind)
    }

    /// Whether an act of these kinds that happened later was taken already.
    fn overtaken(&self, kinds: &[Kind]) -> bool {
        let on = self.entry.act.on();
        self.before.iter().any(|applied| kinds.contains(&applied.id.kind) && applied.on > on)
    }

    /// The same of one of the principals: what came later for another of them is no reason against this one.
    fn overtaken_of(&self, person: &PersonalNumber, kinds: &[Kind]) -> bool {
        let on = self.entry.act.on();
        self.before
            .iter()
            .any(|applied| applied.of == *person && kinds.contains(&applied.id.kind) && applied.on > on)
    }

    /// The cancelled record is no longer among those that change; everybody whose record changed is told about.
    fn finish(mut self) -> Result<Changes, NotApplied> {
        let touched = core::mem::replace(&mut self.touched, Touched::new(&Nobody));
        let cancelled = self.changes.cancelled.clone();
        let mut changed = touched.changed(self.today)?;
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
    fn person(&self, _: &PersonalNumber) -> Option<Arc<Person>> {
        None
    }
}
