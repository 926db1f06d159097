//! Acts of civil status: taken once, with all they change, in one transaction.

mod chain;
mod in_session;
mod outbox;
pub(super) mod together;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::engine::{Asked, Row, Session};
use super::persons::{self, Locked, date};
use super::{Change, StoreError};
use super::{cases, keepers, kept, linked, numbers};
use crate::civil_status::{
    Act, ActId, Applied, Changes, Contradiction, Entry, Kind, NotApplied, Refusal, apply_overruling,
    needs_number,
};
use crate::numbers::{Allocator, Cancelled, Cause, Claim, Prefix, PrefixError, RequestId};
use crate::person::{Flaw, Others, Person};

pub use self::chain::IntakeEntry;
use self::chain::chain;
pub use self::outbox::Outgoing;
pub(super) use self::{
    chain::entries,
    in_session::InSession,
    outbox::{LastTold, outbox, sent, tell, tell_after},
};

/// What became of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActOutcome {
    /// Taken now.
    Applied(Box<Changes>),
    /// Taken before; nothing was done.
    Repeat,
    /// Sent before, and not taken: it waits in a case for this reason.
    Waits(Contradiction),
    /// Sent before, and sent back to its office by an officer's decision.
    SentBack(Contradiction),
    /// It contradicts the register: kept for an officer, nothing else was done.
    Case(Contradiction),
}

/// What became of an act, and the number that it gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What became of it.
    pub outcome: ActOutcome,
    /// Of the newborn, or of the record under its new number; the same whenever the act comes again.
    pub number: Option<PersonalNumber>,
}

/// Where an act that needs a number has it from.
#[derive(Clone, Copy)]
pub(super) enum NumberSource<'a> {
    /// Given beside the act, if at all.
    Given(Option<&'a PersonalNumber>),
    /// The block that an allocator holds.
    Allocator(&'a RefCell<&'a mut Allocator>),
}

/// An act, the number that it gave, and the records of those whom it names, by the numbers in the act.
pub type ActWithPeople = (Entry, Option<PersonalNumber>, BTreeMap<PersonalNumber, Person>);

/// The first six digits of the number that an act needs, if it needs one.
///
/// # Errors
/// [`StoreError::Flaw`] where its facts make no number.
pub(super) fn prefix(entry: &Entry, others: &dyn Others) -> Result<Option<Prefix>, StoreError> {
    let Some((place, sex, year)) = needs_number(&entry.act, others) else { return Ok(None) };
    let place = if place.len() == 3 { place.parse().ok() } else { None };
    let prefix = Prefix::new(place.ok_or(Flaw::Form("number_place"))?, sex, year);
    Ok(Some(prefix.map_err(|error| match error {
        PrefixError::Place(_) => Flaw::Form("number_place"),
        PrefixError::Sex => Flaw::Form("sex"),
        PrefixError::Year => Flaw::Date("birth_date"),
    })?))
}

/// [`prefix`] before the transaction, to lease a block for it.
pub(super) fn prefix_wanted(session: &mut dyn Session, entry: &Entry) -> Result<Option<Prefix>, StoreError> {
    let mut known = BTreeMap::new();
    for number in entry.act.principals() {
        if let Some(person) = persons::load(session, &number)? {
            known.insert(number, person);
        }
    }
    prefix(entry, &known)
}

pub(super) fn record(
    session: &mut dyn Session,
    entry: &Entry,
    source: NumberSource<'_>,
    intake: &str,
    change: &Change,
    today: Date,
) -> Result<Recorded, StoreError> {
    let text = serde_json::to_string(entry).map_err(|error| StoreError::Engine(Box::new(error)))?;
    let digest: [u8; 32] = Sha256::digest(&text).into();
    let act = entry.id.to_string();
    let at = change.at.to_string();
    // The claim comes first: the same act through another line waits here until this one is done.
    let claim: Asked<'_> = (
        "INSERT INTO act_claim (act_id, digest, entry, outcome, recorded_at) VALUES (?1, ?2, ?3, 'applied', ?4) \
         ON CONFLICT (act_id) DO NOTHING",
        vec![(&act).into(), digest.as_slice().into(), (&text).into(), (&at).into()],
    );
    let read = read_after(session, Some(claim), entry)?;
    if !read.done {
        let known = taken(session, &act)?.ok_or(StoreError::Busy)?;
        if known == digest {
            return again(session, &act);
        }
        // What was sent back to its office comes again as its office mended it; the number in the book stays.
        if !cases::sent_back(session, &entry.id)? {
            return Err(StoreError::OtherAct);
        }
        session.execute(
            "UPDATE act_claim SET digest = ?2, entry = ?3, outcome = 'applied', reason = NULL, recorded_at = ?4 \
             WHERE act_id = ?1 AND outcome = 'case'",
            &[(&act).into(), digest.as_slice().into(), (&text).into(), (&at).into()],
        )?;
    }
    if let Act::Temporary { person, .. } | Act::Absence { person, .. } = &entry.act
        && !keepers::among(session, &[person])?.is_empty()
    {
        return Err(Refusal::KeptElsewhere.into());
    }
    let Judged { applied, number, like, locked } = judge(session, entry, read, source, today, &[])?;
    let (outcome, reason, done) = match applied {
        Err(NotApplied::Refused(refusal)) => return Err(why_refused(session, entry, refusal)?),
        Err(NotApplied::Contradicts(contradiction)) => {
            ("case", Some(contradiction.code()), ActOutcome::Case(contradiction))
        }
        Ok(changes) => {
            (if changes.late { "late" } else { "applied" }, None, ActOutcome::Applied(Box::new(changes)))
        }
    };
    if outcome != "applied" {
        session.later(
            "UPDATE act_claim SET outcome = ?2, reason = ?3 WHERE act_id = ?1",
            vec![(&act).into(), outcome.into(), reason.into()],
        )?;
    }
    match &done {
        ActOutcome::Applied(changes) => write(session, entry, changes, locked, change)?,
        ActOutcome::Case(contradiction) => cases::open_act(session, entry, *contradiction, like, change)?,
        ActOutcome::Repeat | ActOutcome::Waits(_) | ActOutcome::SentBack(_) => {}
    }
    chain(session, intake, &entry.id, outcome, change.at)?;
    Ok(Recorded { outcome: done, number })
}

/// Of somebody whom the register does not know it is told whether the number has ended.
fn why_refused(session: &mut dyn Session, entry: &Entry, refusal: Refusal) -> Result<StoreError, StoreError> {
    if refusal == Refusal::UnknownPerson {
        for number in entry.act.named() {
            if numbers::current(session, &number)? != number {
                return Ok(Refusal::NumberEnded.into());
            }
        }
    }
    Ok(refusal.into())
}

/// What is read of the people whom an act names.
struct Read {
    /// Whether the statement before changed a row.
    done: bool,
    /// The acts of its principals that were taken.
    before: Vec<Applied>,
    /// Everybody named.
    named: Locked,
}

/// Does a statement, if there is one, and reads what an act is judged by in the same breath.
fn read_after(
    session: &mut dyn Session,
    first: Option<Asked<'_>>,
    entry: &Entry,
) -> Result<Read, StoreError> {
    let (principals, named) = (entry.act.principals(), entry.act.named());
    let mut asked: Vec<Asked<'_>> = first.into_iter().collect();
    let acts_until = asked.len() + principals.len();
    asked.extend(principals.iter().map(|number| (ACTS, vec![number.as_str().into()])));
    asked.extend(persons::some(named.iter()));
    let keys = session.seal().share();
    let mut before = Vec::new();
    let mut read: Locked = named.iter().map(|number| (number.clone(), None)).collect();
    let changed = session.ask(&asked, &mut |place, row| {
        if place < acts_until {
            before.push(applied(row)?);
        } else {
            let known = persons::read_known(row, &keys)?;
            read.insert(known.person.number.clone(), Some(known));
        }
        Ok(())
    })?;
    Ok(Read { done: changed.first().is_some_and(|count| *count > 0), before, named: read })
}

/// What an act comes to.
struct Judged {
    /// What it changes, or why not.
    applied: Result<Changes, NotApplied>,
    /// The number that was claimed for it.
    number: Option<PersonalNumber>,
    /// Who seems to be the child of this act of birth.
    like: Option<PersonalNumber>,
    /// The rows that were read to judge it; those that it changes are locked.
    locked: Locked,
}

/// What the act changes; the number that a new record stands under is claimed for it.
fn judge(
    session: &mut dyn Session,
    entry: &Entry,
    read: Read,
    source: NumberSource<'_>,
    today: Date,
    overruled: &[Contradiction],
) -> Result<Judged, StoreError> {
    let before = read.before;
    let request = RequestId::new(&entry.id.to_string()).ok_or(Refusal::OtherBook)?;
    let named: BTreeSet<PersonalNumber> = read.named.keys().cloned().collect();
    let others = InSession::reading(session, [&entry.act], read.named)?;
    let mut held = false;
    let wanted = match source {
        NumberSource::Given(_) => None,
        NumberSource::Allocator(_) => prefix(entry, &others)?,
    };
    let mut number = match source {
        NumberSource::Given(number) => number.cloned(),
        NumberSource::Allocator(_) => None,
    };
    // Each turn takes an index away for good.
    loop {
        if let (NumberSource::Allocator(allocator), Some(prefix), None) = (source, wanted, &number) {
            number = Some(allocator.borrow().next(prefix).ok_or(StoreError::NumbersExhausted)?);
        }
        let applied = apply_overruling(entry, &others, &before, number.clone(), today, overruled);
        if let Some(error) = others.failed.take() {
            return Err(error);
        }
        if !held && !matches!(applied, Err(NotApplied::Refused(_))) {
            let changed = applied.iter().flat_map(|changes| &changes.changed);
            let whom = named.iter().cloned().chain(changed.map(|person| person.number.clone())).collect();
            others.hold(&whom, &entry.act.principals(), &before)?;
            held = true;
        }
        if let (NumberSource::Given(Some(given)), Ok(changes)) = (source, &applied)
            && !fits(given, changes, prefix(entry, &others)?)
        {
            return Err(Refusal::OtherNumber.into());
        }
        let created = applied.as_ref().ok().and_then(|changes| changes.created.as_ref());
        let Some(child) = created else {
            return Ok(Judged { applied, number: None, like: None, locked: others.locked.into_inner() });
        };
        let given = child.number.clone();
        // Before a number is taken for good: a child that is registered already gets no second one.
        if entry.id.kind == Kind::Birth && !overruled.contains(&Contradiction::BornAlready) {
            let like = cases::registered_already(*others.session.borrow_mut(), child)?;
            if like.is_some() {
                let applied = Err(Contradiction::BornAlready.into());
                return Ok(Judged { applied, number: None, like, locked: others.locked.into_inner() });
            }
        }
        match numbers::give(*others.session.borrow_mut(), &given, &request)? {
            Claim::Given => {
                if let (NumberSource::Allocator(allocator), Some(prefix)) = (source, wanted) {
                    allocator.borrow_mut().pass(prefix);
                }
                return Ok(Judged {
                    applied,
                    number: Some(given),
                    like: None,
                    locked: others.locked.into_inner(),
                });
            }
            Claim::Answered(answer) if answer == given => {
                return Ok(Judged {
                    applied,
                    number: Some(given),
                    like: None,
                    locked: others.locked.into_inner(),
                });
            }
            Claim::Answered(answer) => match wanted {
                // Given to this act before, and the line broke before the act was recorded.
                Some(prefix) if Prefix::of(&answer) == prefix => number = Some(answer),
                _ => return Err(StoreError::OtherNumber),
            },
            Claim::Taken => match (source, wanted) {
                (NumberSource::Allocator(allocator), Some(prefix)) => {
                    allocator.borrow_mut().pass(prefix);
                    number = None;
                }
                _ => return Err(StoreError::NumberTaken),
            },
        }
    }
}

/// Whether a number that another system gave is one for what the act makes: of its place, sex and year, and needed at all.
pub(super) fn fits(given: &PersonalNumber, changes: &Changes, wanted: Option<Prefix>) -> bool {
    match &changes.created {
        Some(_) => wanted == Some(Prefix::of(given)),
        None => changes.late,
    }
}

/// An act that was taken, the number that it gave, and the records of those whom it names.
pub(super) fn with_people(
    session: &mut dyn Session,
    act: &ActId,
) -> Result<Option<ActWithPeople>, StoreError> {
    let taken = "SELECT entry FROM act_claim WHERE act_id = ?1 AND outcome <> 'case'";
    let Some(entry) = entry(session, taken, act)? else { return Ok(None) };
    let number = numbers::answered(session, &act.to_string())?;
    let mut people = BTreeMap::new();
    for named in entry.act.named().into_iter().chain(number.clone()) {
        // Who goes on under another number stands in the act under the old one.
        let current = numbers::current(session, &named)?;
        if let Some(person) = persons::load(session, &current)? {
            people.insert(named, person);
        }
    }
    Ok(Some((entry, number, people)))
}

/// An act that was kept as a case, as it came in.
pub(super) fn waiting(session: &mut dyn Session, act: &ActId) -> Result<Option<Entry>, StoreError> {
    entry(session, "SELECT entry FROM act_claim WHERE act_id = ?1 AND outcome = 'case'", act)
}

/// An act as its office registered it, whatever became of it.
pub(super) fn registered(session: &mut dyn Session, act: &ActId) -> Result<Option<Entry>, StoreError> {
    entry(session, "SELECT entry FROM act_claim WHERE act_id = ?1", act)
}

fn entry(session: &mut dyn Session, sql: &str, act: &ActId) -> Result<Option<Entry>, StoreError> {
    let mut entry = None;
    session.query(sql, &[act.to_string().into()], &mut |row| {
        let text = row.needed(0)?;
        entry = Some(serde_json::from_str(&text).map_err(|_| StoreError::Inconsistent("an act"))?);
        Ok(())
    })?;
    Ok(entry)
}

/// The act of a case, which an officer decided to take. What still contradicts it is told.
pub(super) fn take_decided(
    session: &mut dyn Session,
    act: &ActId,
    overruled: &[Contradiction],
    source: NumberSource<'_>,
    change: &Change,
    today: Date,
) -> Result<Option<PersonalNumber>, StoreError> {
    let entry = waiting(session, act)?.ok_or(StoreError::Inconsistent("the act of a case"))?;
    let read = read_after(session, None, &entry)?;
    let Judged { applied, number, locked, .. } = judge(session, &entry, read, source, today, overruled)?;
    let changes = match applied {
        Ok(changes) => changes,
        Err(NotApplied::Refused(refusal)) => return Err(why_refused(session, &entry, refusal)?),
        Err(NotApplied::Contradicts(contradiction)) => return Err(StoreError::Contradicts(contradiction)),
    };
    let outcome = if changes.late { "late" } else { "applied" };
    session.execute(
        "UPDATE act_claim SET outcome = ?2, reason = NULL WHERE act_id = ?1",
        &[act.to_string().into(), outcome.into()],
    )?;
    write(session, &entry, &changes, locked, change)?;
    chain(session, "cases", act, outcome, change.at)?;
    Ok(number)
}

/// Whoever goes on under another number keeps the acts of the old one.
pub(super) fn carry_over(
    session: &mut dyn Session,
    old: &PersonalNumber,
    new: &PersonalNumber,
) -> Result<(), StoreError> {
    keepers::carry_over(session, old, new)?;
    session
        .execute(
            "INSERT INTO person_act (personal_number, on_day, act_id) \
             SELECT ?2, on_day, act_id FROM person_act WHERE personal_number = ?1 \
             ON CONFLICT (personal_number, on_day, act_id) DO NOTHING",
            &[old.as_str().into(), new.as_str().into()],
        )
        .map(drop)
}

/// What became of an act that is sent again: it waits in a case or was sent back by one, or it was taken, with its number.
fn again(session: &mut dyn Session, act: &str) -> Result<Recorded, StoreError> {
    let mut waits: Option<String> = None;
    let sql = "SELECT reason FROM act_claim WHERE act_id = ?1 AND outcome = 'case'";
    session.query(sql, &[act.into()], &mut |row| {
        waits = row.text(0)?;
        Ok(())
    })?;
    let contradiction =
        waits.and_then(|code| Contradiction::ALL.iter().find(|one| one.code() == code).copied());
    Ok(match contradiction {
        Some(contradiction) => {
            let back = cases::sent_back(session, &act_id(act)?)?;
            let outcome = if back { ActOutcome::SentBack } else { ActOutcome::Waits };
            Recorded { outcome: outcome(contradiction), number: None }
        }
        None => Recorded { outcome: ActOutcome::Repeat, number: numbers::answered(session, act)? },
    })
}

fn taken(session: &mut dyn Session, act: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let mut digest = None;
    session.query("SELECT digest FROM act_claim WHERE act_id = ?1", &[act.into()], &mut |row| {
        digest = row.bytes(0)?;
        Ok(())
    })?;
    Ok(digest)
}

fn write(
    session: &mut dyn Session,
    entry: &Entry,
    changes: &Changes,
    locked: Locked,
    change: &Change,
) -> Result<(), StoreError> {
    if let Some(person) = &changes.created {
        persons::create(session, person, change)?;
        if let Some(old) = &changes.cancelled {
            let cause = match entry.id.kind {
                Kind::SexRedetermined => Cause::SexRedetermined,
                _ => Cause::BirthYearCorrected,
            };
            let successor = Some(person.number.clone());
            let cancelled = Cancelled { number: old.clone(), successor, cause, on: entry.act.on() };
            numbers::cancel(session, &cancelled)?;
        }
    }
    persons::change_locked(session, &changes.changed, locked, change)?;
    let mut last = LastTold::read(session, &changes.messages)?;
    write_changes(session, entry, changes, &mut last, change)?;
    if let (Some(person), Some(old)) = (&changes.created, &changes.cancelled) {
        carry_over(session, old, &person.number)?;
    }
    Ok(())
}

/// All that an act changes but the records of persons.
fn write_changes(
    session: &mut dyn Session,
    entry: &Entry,
    changes: &Changes,
    last: &mut LastTold,
    change: &Change,
) -> Result<(), StoreError> {
    let act = entry.id.to_string();
    // Of a newborn it is the first act; whoever has a new number keeps the acts of the old one.
    let on = entry.act.on().to_string();
    let mut of_whom = entry.act.principals();
    of_whom.extend(changes.created.as_ref().map(|person| person.number.clone()));
    for person in of_whom {
        session.later(
            "INSERT INTO person_act (personal_number, on_day, act_id) VALUES (?1, ?2, ?3)",
            vec![person.as_str().into(), (&on).into(), (&act).into()],
        )?;
    }
    kept::act(session, entry)?;
    let messages = linked::begin(session, entry, changes, change)?;
    tell_after(session, &act, &messages, last, change.at)
}

const ACTS: &str = "SELECT personal_number, act_id, on_day FROM person_act WHERE personal_number = ?1 ORDER BY on_day, act_id";

fn applied(row: &dyn Row) -> Result<Applied, StoreError> {
    let of = persons::number(row.needed_str(0)?)?;
    Ok(Applied { of, id: act_id(row.needed_str(1)?)?, on: date(row.needed_str(2)?)? })
}

pub(super) fn of(session: &mut dyn Session, number: &PersonalNumber) -> Result<Vec<Applied>, StoreError> {
    let mut acts = Vec::new();
    session.query(ACTS, &[number.as_str().into()], &mut |row| {
        acts.push(applied(row)?);
        Ok(())
    })?;
    Ok(acts)
}

fn act_id(text: &str) -> Result<ActId, StoreError> {
    text.parse().map_err(|_| StoreError::Inconsistent("the name of an act"))
}
