//! Linked procedures in the register's tables.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::engine::{Row, Session};
use super::persons::{self, date, number};
use super::{Change, StoreError, acts, numbers};
use crate::civil_status::linked::{LinkedStep, Step, StepAnswer, StepState, steps};
use crate::civil_status::{ActId, Changes, Entry, Message};
use crate::day_in_vietnam;
use crate::person::Life;

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// Taken now; `late` after its time limit.
    Taken {
        /// Whether the time limit had passed.
        late: bool,
    },
    /// The same answer was taken before.
    Repeat,
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Engine(Box::new(error)))
}

macro_rules! columns {
    () => {
        "personal_number, act_id, place, step, state, due, answer"
    };
}

fn read(row: &dyn Row) -> Result<LinkedStep, StoreError> {
    let damaged = StoreError::Inconsistent("a linked procedure");
    let answer = row.text(6)?.map(|text| serde_json::from_str(&text)).transpose();
    let (Ok(act), Ok(place), Some(step), Some(state), Ok(answer)) = (
        row.needed(1)?.parse(),
        u32::try_from(row.count(2)?),
        Step::parse(&row.needed(3)?),
        StepState::parse(&row.needed(4)?),
        answer,
    ) else {
        return Err(damaged);
    };
    let due = row.text(5)?.as_deref().map(date).transpose()?;
    Ok(LinkedStep { person: number(&row.needed(0)?)?, act, place, step, state, due, answer })
}

/// Begins the procedure of an act; answers the messages that go out now. Those of later steps wait in their rows.
pub(super) fn begin(
    session: &mut dyn Session,
    entry: &Entry,
    changes: &Changes,
    change: &Change,
) -> Result<Vec<Message>, StoreError> {
    let mut messages = changes.messages.clone();
    for (place, (step, message)) in (1_u32..).zip(steps(entry, changes)) {
        let due = (place == 1).then(|| step.due(day_in_vietnam(change.at)).to_string());
        if place > 1 {
            messages.retain(|other| *other != message);
        }
        session.later(
            "INSERT INTO linked_step (personal_number, act_id, place, step, state, message, due, changed_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            vec![
                message.person.as_str().into(),
                entry.id.to_string().into(),
                place.into(),
                step.as_str().into(),
                (if place == 1 { StepState::Asked } else { StepState::Waiting }).as_str().into(),
                json(&message)?.into(),
                due.into(),
                change.at.to_string().into(),
            ],
        )?;
    }
    Ok(messages)
}

pub(super) fn of(session: &mut dyn Session, person: &PersonalNumber) -> Result<Vec<LinkedStep>, StoreError> {
    let mut steps = Vec::new();
    session.query(
        concat!("SELECT ", columns!(), " FROM linked_step WHERE personal_number = ?1 ORDER BY act_id, place"),
        &[person.as_str().into()],
        &mut |row| {
            steps.push(read(row)?);
            Ok(())
        },
    )?;
    Ok(steps)
}

/// Steps that are asked for and not answered, the most urgent first.
pub(super) fn asked(session: &mut dyn Session, limit: u32) -> Result<Vec<LinkedStep>, StoreError> {
    let mut steps = Vec::new();
    session.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM linked_step WHERE state = 'asked' ORDER BY due, act_id, place LIMIT ?1"
        ),
        &[limit.into()],
        &mut |row| {
            steps.push(read(row)?);
            Ok(())
        },
    )?;
    Ok(steps)
}

/// Takes an answer: once, in order, and never against one that a step was done by. A refusal may be followed by another
/// answer. What waits for the step is asked for then.
pub(super) fn answer(
    session: &mut dyn Session,
    person: &PersonalNumber,
    (act, wanted): (&ActId, Step),
    answer: &StepAnswer,
    change: &Change,
    today: Date,
) -> Result<Answered, StoreError> {
    let act_id = act.to_string();
    let mut found = None;
    session.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM linked_step WHERE personal_number = ?1 AND act_id = ?2 AND step = ?3 FOR UPDATE"
        ),
        &[person.as_str().into(), (&act_id).into(), wanted.as_str().into()],
        &mut |row| {
            found = Some(read(row)?);
            Ok(())
        },
    )?;
    let step = found.ok_or(StoreError::UnknownStep)?;
    let given = answer.reason.as_deref().map_or(0, |reason| reason.trim().chars().count());
    if answer.reference.trim().is_empty() || answer.on > today || (!answer.done && given < 5) {
        return Err(StoreError::BadAnswer);
    }
    if acts::registered(session, act)?.is_some_and(|entry| answer.on < entry.registered_on) {
        return Err(StoreError::AnswerBeforeAct);
    }
    match (step.state, &step.answer) {
        (StepState::Waiting, _) => return Err(StoreError::StepNotAsked),
        (_, Some(known)) if known == answer => return Ok(Answered::Repeat),
        (StepState::Done, _) => return Err(StoreError::OtherAnswer),
        (StepState::Asked | StepState::Refused, _) => {}
    }
    if latest_answer(session, person, act, step.place)?.is_some_and(|day| answer.on < day) {
        return Err(StoreError::AnswerBeforeAct);
    }
    let at = change.at.to_string();
    let text = json(answer)?;
    session.execute(
        "UPDATE linked_step SET state = ?4, answer = ?5, changed_at = ?6 \
         WHERE personal_number = ?1 AND act_id = ?2 AND place = ?3",
        &[
            person.as_str().into(),
            (&act_id).into(),
            step.place.into(),
            (if answer.done { StepState::Done } else { StepState::Refused }).as_str().into(),
            (&text).into(),
            (&at).into(),
        ],
    )?;
    let mut position = 0;
    session.query(
        "SELECT coalesce(max(position), 0) FROM linked_answer \
         WHERE personal_number = ?1 AND act_id = ?2 AND place = ?3",
        &[person.as_str().into(), (&act_id).into(), step.place.into()],
        &mut |row| {
            position = row.int(0)?.unwrap_or(0);
            Ok(())
        },
    )?;
    session.execute(
        "INSERT INTO linked_answer (personal_number, act_id, place, position, answer, source, recorded_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            person.as_str().into(),
            (&act_id).into(),
            step.place.into(),
            (position + 1).into(),
            (&text).into(),
            (&change.source).into(),
            (&at).into(),
        ],
    )?;
    if answer.done {
        ask_next(session, person, &act_id, step.place.saturating_add(1), change)?;
    }
    Ok(Answered::Taken { late: step.due.is_some_and(|due| answer.on > due) })
}

/// The day of the last answer to this step and to the one before it.
fn latest_answer(
    session: &mut dyn Session,
    person: &PersonalNumber,
    act: &ActId,
    place: u32,
) -> Result<Option<Date>, StoreError> {
    let steps = of(session, person)?;
    let answers = steps.iter().filter(|step| step.act == *act && step.place <= place);
    Ok(answers.filter_map(|step| step.answer.as_ref()).map(|answer| answer.on).max())
}

fn ask_next(
    session: &mut dyn Session,
    person: &PersonalNumber,
    act_id: &str,
    place: u32,
    change: &Change,
) -> Result<(), StoreError> {
    let mut next = None;
    session.query(
        "SELECT step, message FROM linked_step \
         WHERE personal_number = ?1 AND act_id = ?2 AND place = ?3 AND state = 'waiting'",
        &[person.as_str().into(), act_id.into(), place.into()],
        &mut |row| {
            next = Some((row.needed(0)?, row.needed(1)?));
            Ok(())
        },
    )?;
    let Some((step, message)) = next else { return Ok(()) };
    let damaged = || StoreError::Inconsistent("a linked procedure");
    let step = Step::parse(&step).ok_or_else(damaged)?;
    let mut message: Message = serde_json::from_str(&message).map_err(|_| damaged())?;
    // Whoever has another number by now is asked about under that one.
    message.person = numbers::current(session, &message.person)?;
    message.with = message.with.map(|with| numbers::current(session, &with)).transpose()?;
    let dead = matches!(persons::whole(session, persons::KNOWN, &message.person)?, Some(known) if matches!(known.person.life, Life::Dead(_)));
    if dead != matches!(step, Step::ResidenceRemoved | Step::FuneralBenefit) {
        // A child that has died since needs no card; of whoever turned out to live there is no funeral.
        let over = StepAnswer {
            done: false,
            reference: message.act.to_string(),
            reason: Some("không còn căn cứ: người này đã chết, hoặc việc khai tử đã bị hủy".to_owned()),
            on: day_in_vietnam(change.at),
        };
        session.execute(
            "UPDATE linked_step SET state = 'refused', answer = ?4, changed_at = ?5, due = ?6 \
             WHERE personal_number = ?1 AND act_id = ?2 AND place = ?3",
            &[
                person.as_str().into(),
                act_id.into(),
                place.into(),
                json(&over)?.into(),
                change.at.to_string().into(),
                over.on.to_string().into(),
            ],
        )?;
        return Ok(());
    }
    let due = step.due(day_in_vietnam(change.at)).to_string();
    session.execute(
        "UPDATE linked_step SET state = 'asked', due = ?4, changed_at = ?5 \
         WHERE personal_number = ?1 AND act_id = ?2 AND place = ?3",
        &[person.as_str().into(), act_id.into(), place.into(), due.into(), change.at.to_string().into()],
    )?;
    acts::tell(session, &format!("{act_id}.{}", step.as_str()), core::slice::from_ref(&message), change.at)
}
