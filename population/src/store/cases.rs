//! Cases in the register's tables: opened once for each question, decided in the transaction that carries the decision out.

mod deciding;
mod intake;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use serde_json::json as value_of;

use super::engine::{Row, Session, Value};
use super::persons::{self, number, timestamp};
use super::{Change, SqlStore, StoreError};
use crate::cases::{
    Case, CaseAction, CaseId, CaseKind, CaseState, PairEvidence, PaperClaim, Subject, Verdict,
};
use crate::civil_status::{ActId, Contradiction, Entry};
use crate::duplicates::Weighed;
use crate::person::Person;
use crate::quality::conflict::{Conflict, Origin, Standing};

pub(super) use deciding::{decide, prefix_wanted};
pub(super) use intake::{registered_already, registered_already_among, take_in};

impl SqlStore {
    /// How many cases were opened at this time: by the import that began then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn cases_opened_at(&self, at: Timestamp) -> Result<u64, StoreError> {
        self.read(|session| opened_at(session, at))
    }
}

pub(super) fn opened_at(session: &mut dyn Session, at: Timestamp) -> Result<u64, StoreError> {
    let mut count = 0;
    let sql = "SELECT count(*) FROM case_claim WHERE opened_at = ?1";
    session.query(sql, &[at.to_string().into()], &mut |row| {
        count = row.count(0)?;
        Ok(())
    })?;
    Ok(count)
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Engine(Box::new(error)))
}

macro_rules! columns {
    () => {
        "case_id, state, personal_number, other_number, province, ward, subject, ruling, opened_at, changed_at"
    };
}

fn read(row: &dyn Row) -> Result<Case, StoreError> {
    let damaged = StoreError::Inconsistent;
    let mut persons = vec![number(&row.needed(2)?)?];
    persons.extend(row.text(3)?.as_deref().map(number).transpose()?);
    let ruling = row.text(7)?.map(|text| serde_json::from_str(&text)).transpose();
    Ok(Case {
        id: row.needed(0)?.parse().map_err(|_| damaged("the name of a case"))?,
        state: CaseState::parse(&row.needed(1)?).ok_or(damaged("the state of a case"))?,
        persons,
        province: row.needed(4)?,
        ward: row.needed(5)?,
        subject: serde_json::from_str(&row.needed(6)?).map_err(|_| damaged("the subject of a case"))?,
        ruling: ruling.map_err(|_| damaged("a decision"))?,
        opened_at: timestamp(&row.needed(8)?)?,
        changed_at: timestamp(&row.needed(9)?)?,
    })
}

pub(super) fn load(session: &mut dyn Session, id: &CaseId) -> Result<Option<Case>, StoreError> {
    one(session, concat!("SELECT ", columns!(), " FROM case_claim WHERE case_id = ?1"), id)
}

fn locked(session: &mut dyn Session, id: &CaseId) -> Result<Option<Case>, StoreError> {
    one(session, concat!("SELECT ", columns!(), " FROM case_claim WHERE case_id = ?1 FOR UPDATE"), id)
}

fn one(session: &mut dyn Session, sql: &str, id: &CaseId) -> Result<Option<Case>, StoreError> {
    let mut found = None;
    session.query(sql, &[id.as_str().into()], &mut |row| {
        found = Some(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

/// Cases of an office's ward, or of all, in a state or in all, oldest first.
pub(super) fn list(
    session: &mut dyn Session,
    ward: Option<&str>,
    state: Option<CaseState>,
    limit: u32,
) -> Result<Vec<Case>, StoreError> {
    let mut cases = Vec::new();
    session.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM case_claim WHERE (?1 = '' OR ward = ?1) AND (?2 = '' OR state = ?2) \
             ORDER BY opened_at, case_id LIMIT ?3"
        ),
        &[ward.unwrap_or("").into(), state.map_or("", CaseState::as_str).into(), limit.into()],
        &mut |row| {
            cases.push(read(row)?);
            Ok(())
        },
    )?;
    Ok(cases)
}

/// Cases that name a person, oldest first.
pub(super) fn of_person(session: &mut dyn Session, person: &PersonalNumber) -> Result<Vec<Case>, StoreError> {
    let mut cases = Vec::new();
    for sql in [
        concat!("SELECT ", columns!(), " FROM case_claim WHERE personal_number = ?1"),
        concat!("SELECT ", columns!(), " FROM case_claim WHERE other_number = ?1"),
    ] {
        session.query(sql, &[person.as_str().into()], &mut |row| {
            cases.push(read(row)?);
            Ok(())
        })?;
    }
    cases.sort_by(|one, other| (one.opened_at, &one.id).cmp(&(other.opened_at, &other.id)));
    Ok(cases)
}

pub(super) fn actions(session: &mut dyn Session, id: &CaseId) -> Result<Vec<CaseAction>, StoreError> {
    let Some(case) = load(session, id)? else { return Err(StoreError::UnknownCase) };
    let whose = case.persons.first().map_or("", PersonalNumber::as_str).to_owned();
    let mut actions = Vec::new();
    session.query(
        "SELECT position, action, by_whom, reason, recorded_at FROM case_action \
         WHERE personal_number = ?1 AND case_id = ?2 ORDER BY position",
        &[whose.into(), id.as_str().into()],
        &mut |row| {
            let position = u32::try_from(row.count(0)?).map_err(|_| StoreError::Inconsistent("a case"))?;
            actions.push(CaseAction {
                position,
                action: row.needed(1)?,
                by: row.needed(2)?,
                reason: row.needed(3)?,
                at: timestamp(&row.needed(4)?)?,
            });
            Ok(())
        },
    )?;
    Ok(actions)
}

/// Adds a line to what was done.
fn note(
    session: &mut dyn Session,
    case: &Case,
    action: &str,
    (by, reason): (&str, &str),
    at: Timestamp,
) -> Result<(), StoreError> {
    let whose = case.persons.first().map_or("", PersonalNumber::as_str);
    let mut last = 0;
    session.query(
        "SELECT coalesce(max(position), 0) FROM case_action WHERE personal_number = ?1 AND case_id = ?2",
        &[whose.into(), case.id.as_str().into()],
        &mut |row| {
            last = row.count(0)?;
            Ok(())
        },
    )?;
    let position = u32::try_from(last + 1).map_err(|_| StoreError::Inconsistent("a case"))?;
    session
        .execute(
            "INSERT INTO case_action (personal_number, case_id, position, action, by_whom, reason, recorded_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            &[
                whose.into(),
                case.id.as_str().into(),
                position.into(),
                action.into(),
                by.into(),
                reason.into(),
                at.to_string().into(),
            ],
        )
        .map(drop)
}

/// Opens a case, unless the question was asked before. Answers whether it is new.
fn open(session: &mut dyn Session, case: &Case, by: &str) -> Result<bool, StoreError> {
    let at = case.opened_at.to_string();
    let new = session.execute(
        "INSERT INTO case_claim (case_id, kind, state, personal_number, other_number, province, ward, subject, \
         opened_at, changed_at) VALUES (?1, ?2, 'open', ?3, ?4, ?5, ?6, ?7, ?8, ?8) \
         ON CONFLICT (case_id) DO NOTHING",
        &[
            case.id.as_str().into(),
            case.subject.kind().as_str().into(),
            case.persons.first().map(PersonalNumber::as_str).into(),
            case.persons.get(1).map(PersonalNumber::as_str).into(),
            (&case.province).into(),
            (&case.ward).into(),
            json(&case.subject)?.into(),
            at.into(),
        ],
    )?;
    if new == 1 {
        note(session, case, "opened", (by, ""), case.opened_at)?;
    }
    Ok(new == 1)
}

fn case(
    id: CaseId,
    persons: Vec<PersonalNumber>,
    place: (String, String),
    subject: Subject,
    at: Timestamp,
) -> Case {
    let (province, ward) = place;
    let state = CaseState::Open;
    Case { id, state, persons, province, ward, subject, ruling: None, opened_at: at, changed_at: at }
}

/// Whose office a person's cases are.
fn office(person: &Person) -> (String, String) {
    let home = person.residences.of_record();
    let code = |code: Option<&String>| code.cloned().unwrap_or_default();
    (
        code(home.and_then(|home| home.province_code.as_ref())),
        code(home.and_then(|home| home.ward_code.as_ref())),
    )
}

/// An act that contradicts the register; `like` is whose record it seems to repeat.
pub(super) fn open_act(
    session: &mut dyn Session,
    entry: &Entry,
    contradiction: Contradiction,
    like: Option<PersonalNumber>,
    change: &Change,
) -> Result<(), StoreError> {
    let mut whose = None;
    for person in like.into_iter().chain(entry.act.principals()).chain(entry.act.named()) {
        whose = persons::load(session, &person)?;
        if whose.is_some() {
            break;
        }
    }
    let Some(person) = whose else { return Ok(()) };
    let subject = Subject::Act { act: entry.id.clone(), contradicts: contradiction.code().to_owned() };
    let place = (office(&person).0, entry.id.office.clone());
    let case = case(CaseId::of_act(&entry.id), vec![person.number], place, subject, change.at);
    if open(session, &case, &change.source)? {
        return Ok(());
    }
    // The act was sent back, and comes again: the same question, asked anew.
    let whose = load(session, &case.id)?.ok_or(StoreError::Inconsistent("a case"))?.persons;
    session.execute(
        "UPDATE case_claim SET state = 'open', ruling = NULL, subject = ?2, changed_at = ?3 WHERE case_id = ?1",
        &[case.id.as_str().into(), json(&case.subject)?.into(), change.at.to_string().into()],
    )?;
    note(session, &Case { persons: whose, ..case }, "opened", (&change.source, ""), change.at)
}

/// Whether an officer decided that what the register knows stays as it is: the act goes back to its office.
pub(super) fn sent_back(session: &mut dyn Session, act: &ActId) -> Result<bool, StoreError> {
    let case = load(session, &CaseId::of_act(act))?;
    Ok(case.is_some_and(|case| case.ruling.is_some_and(|ruling| ruling.verdict == Verdict::Keep)))
}

/// Two records that may be one person's, unless that was asked before.
pub(super) fn open_pair(
    session: &mut dyn Session,
    one: &Person,
    other: &Person,
    weighed: &Weighed,
    change: &Change,
    by: &str,
) -> Result<bool, StoreError> {
    let evidence = weighed.evidence.iter().map(|line| PairEvidence {
        item: line.item.to_owned(),
        finding: line.finding.to_owned(),
        bits: line.bits,
    });
    let subject = Subject::Pair { bits: weighed.bits, evidence: evidence.collect() };
    let (first, second) = if one.number < other.number { (one, other) } else { (other, one) };
    let id = CaseId::of_pair(&first.number, &second.number);
    let persons = vec![first.number.clone(), second.number.clone()];
    open(session, &case(id, persons, office(first), subject, change.at), by)
}

/// What a paper says otherwise than the register; whether it waits for a decision.
pub(super) fn contradict(
    session: &mut dyn Session,
    number: &PersonalNumber,
    said: &PaperClaim,
    change: &Change,
) -> Result<bool, StoreError> {
    let (person, origins) = persons::known_with_origins(session, number)?.ok_or(StoreError::UnknownPerson)?;
    let paper = Origin {
        source: format!("paper: {}", said.paper),
        standing: Standing::Proven,
        at: change.at,
        by: change.source.clone(),
    };
    let mut conflicts = Vec::new();
    for item in said.differs(&person.full_name, person.birth_date) {
        let (known, said) = match item {
            "full_name" => (value_of!(person.full_name), value_of!(said.full_name)),
            _ => (value_of!(person.birth_date), value_of!(said.birth_date)),
        };
        let claims = vec![origins.of(item).claim(&known), paper.claim(&said)];
        conflicts.push(Conflict { number: number.clone(), item: item.to_owned(), claims });
    }
    let differing = conflicts.clone();
    open_facts(session, &person, conflicts, change)?;
    let waiting = of_person(session, number)?;
    let waits = |conflict: &Conflict| {
        waiting.iter().filter(|case| matches!(case.state, CaseState::Open | CaseState::Papers)).any(|case| {
            let Subject::Facts(open) = &case.subject else { return false };
            let value = conflict.claims.last().map(|claim| &claim.value);
            open.iter()
                .any(|one| one.item == conflict.item && value.is_some_and(|value| one.has_claim(value)))
        })
    };
    Ok(differing.iter().any(waits))
}

/// Facts that contradict each other: joined to the person's open case, if there is one. What was decided against is not
/// asked again. Answers whether there is something new to decide.
pub(super) fn open_facts(
    session: &mut dyn Session,
    person: &Person,
    conflicts: Vec<Conflict>,
    change: &Change,
) -> Result<bool, StoreError> {
    let known: Vec<Case> = of_person(session, &person.number)?
        .into_iter()
        .filter(|case| case.subject.kind() == CaseKind::Facts)
        .collect();
    let was_judged = |item: &str, value: &serde_json::Value| {
        known.iter().filter(|case| case.state == CaseState::Decided).any(|case| match &case.subject {
            Subject::Facts(judged) => judged.iter().any(|one| one.item == item && one.has_claim(value)),
            _ => false,
        })
    };
    let news: Vec<Conflict> = conflicts
        .into_iter()
        .filter(|conflict| {
            conflict.claims.iter().skip(1).any(|claim| !was_judged(&conflict.item, &claim.value))
        })
        .collect();
    if news.is_empty() {
        return Ok(false);
    }
    let waiting = known.iter().find(|case| matches!(case.state, CaseState::Open | CaseState::Papers));
    let Some(waiting) = waiting else {
        let id = CaseId::of_facts(&person.number, known.len());
        let persons = vec![person.number.clone()];
        let case = case(id, persons, office(person), Subject::Facts(news), change.at);
        return open(session, &case, &change.source);
    };
    let Some(mut waiting) = locked(session, &waiting.id)? else { return Err(StoreError::Busy) };
    let Subject::Facts(mut open) = waiting.subject.clone() else { return Err(StoreError::Busy) };
    for conflict in news {
        match open.iter_mut().find(|known| known.item == conflict.item) {
            Some(known) => conflict.claims.into_iter().for_each(|claim| known.add(claim)),
            None => open.push(conflict),
        }
    }
    let subject = Subject::Facts(open);
    if subject == waiting.subject {
        return Ok(false);
    }
    waiting.subject = subject;
    session.execute(
        "UPDATE case_claim SET subject = ?2, state = 'open', changed_at = ?3 WHERE case_id = ?1",
        &[waiting.id.as_str().into(), json(&waiting.subject)?.into(), change.at.to_string().into()],
    )?;
    note(session, &waiting, "claimed", (&change.source, ""), change.at)?;
    Ok(true)
}

/// Pairs that wait for a decision, or were held to be two people.
pub(super) fn pairs(
    session: &mut dyn Session,
    state: CaseState,
) -> Result<Vec<(PersonalNumber, PersonalNumber)>, StoreError> {
    let mut pairs = Vec::new();
    session.query(
        "SELECT personal_number, other_number FROM case_claim WHERE kind = 'pair' AND state = ?1 \
         ORDER BY personal_number, other_number",
        &[Value::from(state.as_str())],
        &mut |row| {
            pairs.push((number(&row.needed(0)?)?, number(&row.needed(1)?)?));
            Ok(())
        },
    )?;
    Ok(pairs)
}
