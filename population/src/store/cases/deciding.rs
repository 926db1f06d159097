//! Decisions, carried out in the transaction in which they are written down.

use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use jiff::civil::Date;

use super::{actions, json, load, locked, note, of_person, open, open_facts};
use crate::cases::merge::{Outcome, merge};
use crate::cases::settle::{NotSettled, settle};
use crate::cases::{Case, CaseId, CaseKind, CaseState, Ruled, Ruling, Subject, Verdict};
use crate::civil_status::{ActId, Contradiction, Kind, NotApplied};
use crate::name::same_user;
use crate::numbers::{Cancelled, Cause, Prefix};
use crate::quality::conflict::{Conflict, NotDecided};
use crate::store::acts::{self, InSession, NumberSource};
use crate::store::engine::Session;
use crate::store::{Change, StoreError, numbers, persons};

/// The shortest reason that is one.
const SHORTEST_REASON: usize = 5;

/// The first six digits of the number that the act of a case needs.
pub(in crate::store) fn prefix_wanted(
    session: &mut dyn Session,
    id: &CaseId,
) -> Result<Option<Prefix>, StoreError> {
    let Some(Case { subject: Subject::Act { act, .. }, .. }) = load(session, id)? else { return Ok(None) };
    match acts::waiting(session, &act)? {
        Some(entry) => acts::prefix_wanted(session, &entry),
        None => Ok(None),
    }
}

/// Decides a case and carries the decision out.
pub(in crate::store) fn decide(
    session: &mut dyn Session,
    id: &CaseId,
    ruling: &Ruling,
    source: NumberSource<'_>,
    at: Timestamp,
    today: Date,
) -> Result<Ruled, StoreError> {
    let case = locked(session, id)?.ok_or(StoreError::UnknownCase)?;
    match case.state {
        CaseState::Decided if case.ruling.as_ref() == Some(ruling) => return Ok(Ruled::Repeat),
        CaseState::Decided => return Err(StoreError::CaseDecided),
        CaseState::Overtaken => return Err(StoreError::CaseOvertaken),
        CaseState::Open | CaseState::Papers => {}
    }
    if ruling.by.trim().is_empty() {
        return Err(NotDecided::Nobody.into());
    }
    if ruling.reason.trim().chars().count() < SHORTEST_REASON {
        return Err(NotDecided::NoReason.into());
    }
    if carries_out(&case.subject, &ruling.verdict) && brought_in_by(session, &case, &ruling.by)? {
        return Err(NotDecided::OwnClaim.into());
    }
    let told = (ruling.by.as_str(), ruling.reason.as_str());
    if ruling.verdict == Verdict::Papers {
        session.execute(
            "UPDATE case_claim SET state = 'papers', changed_at = ?2 WHERE case_id = ?1",
            &[id.as_str().into(), at.to_string().into()],
        )?;
        note(session, &case, "papers", told, at)?;
        return Ok(Ruled::Done { number: None });
    }
    // First the case, so that what the decision does to other cases does not find this one open.
    session.execute(
        "UPDATE case_claim SET state = 'decided', ruling = ?2, changed_at = ?3 WHERE case_id = ?1",
        &[id.as_str().into(), json(ruling)?.into(), at.to_string().into()],
    )?;
    note(session, &case, "decided", told, at)?;
    let change = Change { source: format!("case:{id}"), at };
    let number = match (&case.subject, &ruling.verdict) {
        (Subject::Facts(conflicts), Verdict::Keep | Verdict::TwoPeople) => {
            facts(session, &case, conflicts, &BTreeMap::new(), ruling, &change, today)?;
            None
        }
        (Subject::Facts(conflicts), Verdict::Take(chosen)) => {
            facts(session, &case, conflicts, chosen, ruling, &change, today)?;
            None
        }
        (Subject::Act { .. }, Verdict::Keep) | (Subject::Pair { .. }, Verdict::TwoPeople) => None,
        // What the act contradicts as well, the decision names.
        (Subject::Act { act, contradicts }, Verdict::Take(also)) => {
            let codes = core::iter::once(contradicts).chain(also.keys());
            let told = |code: &String| Contradiction::ALL.iter().find(|one| one.code() == code).copied();
            let told: Option<Vec<Contradiction>> = codes.map(told).collect();
            let overruled = told.ok_or(StoreError::OtherVerdict)?;
            acts::take_decided(session, act, &overruled, source, &change, today)?
        }
        (Subject::Act { act, contradicts }, Verdict::TwoPeople)
            if *contradicts == Contradiction::BornAlready.code() =>
        {
            acts::take_decided(session, act, &[Contradiction::BornAlready], source, &change, today)?
        }
        (Subject::Pair { .. }, Verdict::Merge { keep, take }) => {
            one_person(session, &case, keep, take, &change, today)?;
            None
        }
        _ => return Err(StoreError::OtherVerdict),
    };
    Ok(Ruled::Done { number })
}

/// The decision does what somebody wanted: it takes an act, or makes one person of two. Of facts each claim has its own name
/// ([`NotDecided::OwnClaim`]); sending an act back and keeping two people apart change nothing.
fn carries_out(subject: &Subject, verdict: &Verdict) -> bool {
    match subject {
        Subject::Act { .. } => matches!(verdict, Verdict::Take(_) | Verdict::TwoPeople),
        Subject::Pair { .. } => matches!(verdict, Verdict::Merge { .. }),
        Subject::Facts(_) => false,
    }
}

/// Whether this user registered or brought in the act, or brought in the record that opened the pair.
fn brought_in_by(session: &mut dyn Session, case: &Case, by: &str) -> Result<bool, StoreError> {
    let opened = actions(session, &case.id)?.into_iter().filter(|action| action.action == "opened");
    let mut names: Vec<String> = opened.map(|opened| opened.by).collect();
    if let Subject::Act { act, .. } = &case.subject {
        names.extend(acts::waiting(session, act)?.map(|entry| entry.registered_by));
    }
    Ok(names.iter().any(|name| same_user(name.strip_prefix("act:").unwrap_or(name), by)))
}

fn facts(
    session: &mut dyn Session,
    case: &Case,
    conflicts: &[Conflict],
    chosen: &BTreeMap<String, usize>,
    ruling: &Ruling,
    change: &Change,
    today: Date,
) -> Result<(), StoreError> {
    let whose = case.persons.first().ok_or(StoreError::Inconsistent("a case about nobody"))?;
    let others = InSession::locking(session, core::slice::from_ref(whose))?;
    let told = (ruling.by.as_str(), ruling.reason.as_str(), change.at);
    let settled = settle(whose, conflicts, chosen, told, &others, today);
    let session = others.end()?;
    let outcome = settled.map_err(|error| match error {
        NotSettled::NotDecided(error) => StoreError::NotDecided(error),
        NotSettled::Refused(error) => StoreError::Refused(error),
    })?;
    write(session, case, &outcome, change)
}

/// Makes one person of two.
fn one_person(
    session: &mut dyn Session,
    case: &Case,
    keep: &PersonalNumber,
    take: &BTreeSet<String>,
    change: &Change,
    today: Date,
) -> Result<(), StoreError> {
    let (Some(first), Some(second)) = (case.persons.first(), case.persons.get(1)) else {
        return Err(StoreError::Inconsistent("a case about two"));
    };
    let ended = match keep {
        keep if keep == first => second,
        keep if keep == second => first,
        _ => return Err(StoreError::OtherVerdict),
    };
    let naming = persons::naming(session, ended)?;
    let mut touched = naming.clone();
    touched.extend([keep.clone(), ended.clone()]);
    let others = InSession::locking(session, &touched)?;
    let office = if case.ward.len() == 5 { case.ward.clone() } else { "00000".to_owned() };
    let act = ActId { office, year: today.year(), kind: Kind::Decided, serial: case.id.serial() };
    let merged = merge((keep, ended), take, &naming, &others, (&act, today));
    let session = others.end()?;
    let outcome = merged.map_err(|error| match error {
        NotApplied::Refused(refusal) => StoreError::Refused(refusal),
        NotApplied::Contradicts(contradiction) => StoreError::Contradicts(contradiction),
    })?;
    write(session, case, &outcome, change)?;
    acts::carry_over(session, ended, keep)?;
    let successor = Some(keep.clone());
    let cancelled = Cancelled { number: ended.clone(), successor, cause: Cause::SecondNumber, on: today };
    numbers::cancel(session, &cancelled)?;
    overtake(session, ended, keep, change)
}

fn write(
    session: &mut dyn Session,
    case: &Case,
    outcome: &Outcome,
    change: &Change,
) -> Result<(), StoreError> {
    for person in &outcome.changed {
        persons::change(session, person, change)?;
    }
    acts::tell(session, case.id.as_str(), &outcome.messages, change.at)
}

/// Open cases about a number that has ended are asked again about the one that stays; pairs that were held to be two people
/// stay two.
fn overtake(
    session: &mut dyn Session,
    ended: &PersonalNumber,
    kept: &PersonalNumber,
    change: &Change,
) -> Result<(), StoreError> {
    let at = change.at.to_string();
    for case in of_person(session, ended)? {
        let other =
            case.persons.iter().find(|person| *person != ended).filter(|other| *other != kept).cloned();
        let two = case.ruling.as_ref().is_some_and(|ruling| ruling.verdict == Verdict::TwoPeople);
        let waits = matches!(case.state, CaseState::Open | CaseState::Papers);
        if waits && case.subject.kind() != CaseKind::Act {
            session.execute(
                "UPDATE case_claim SET state = 'overtaken', changed_at = ?2 WHERE case_id = ?1",
                &[case.id.as_str().into(), (&at).into()],
            )?;
            note(session, &case, "overtaken", (&change.source, ""), change.at)?;
        }
        match (&case.subject, other) {
            (Subject::Pair { .. }, Some(other)) if waits || two => {
                // Their successor may be one already.
                if persons::load(session, &other)?.is_none() {
                    continue;
                }
                let mut persons = vec![kept.clone(), other];
                persons.sort_unstable();
                let [first, second] = persons.as_slice() else { continue };
                let again = Case {
                    id: CaseId::of_pair(first, second),
                    persons: persons.clone(),
                    state: CaseState::Open,
                    ruling: None,
                    opened_at: change.at,
                    changed_at: change.at,
                    ..case.clone()
                };
                let new = open(session, &again, &change.source)?;
                if let (true, true, Some(ruling)) = (new, two, &case.ruling) {
                    session.execute(
                        "UPDATE case_claim SET state = 'decided', ruling = ?2 WHERE case_id = ?1",
                        &[again.id.as_str().into(), json(ruling)?.into()],
                    )?;
                    note(session, &again, "decided", (&ruling.by, &ruling.reason), change.at)?;
                }
            }
            (Subject::Facts(conflicts), _) if waits => {
                let Some(person) = persons::load(session, kept)? else { continue };
                let moved =
                    conflicts.iter().map(|conflict| Conflict { number: kept.clone(), ..conflict.clone() });
                open_facts(session, &person, moved.collect(), change)?;
            }
            _ => {}
        }
    }
    Ok(())
}
