//! What connected systems are told: messages that wait until they were sent.

use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;

use super::super::StoreError;
use super::super::engine::{Asked, Session, Value, sixteens};
use super::super::persons::{number, timestamp};
use crate::civil_status::Message;

/// A message of the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Because of which act, decision on a case, or step of a linked procedure it waits.
    pub because: String,
    /// Its place among those of the person for this reason.
    pub position: u32,
    /// What it says.
    pub message: Message,
    /// Since when it waits; of one person each later than the one before.
    pub recorded_at: Timestamp,
}

/// When each of some persons was last told about. Their messages leave in the order in which they were taken, also where one
/// run writes many at one time, or two clocks differ: each is stamped later than the one before it (a hybrid logical clock), and one
/// that names two (a new number and the old one) later than what was told of either.
pub(in crate::store) struct LastTold(BTreeMap<PersonalNumber, Timestamp>);

impl LastTold {
    /// Of everybody whom the messages name.
    pub(in crate::store) fn read<'m>(
        session: &mut dyn Session,
        messages: impl IntoIterator<Item = &'m Message>,
    ) -> Result<Self, StoreError> {
        let named = messages.into_iter().flat_map(|message| [Some(&message.person), message.with.as_ref()]);
        let whom: BTreeSet<&str> = named.flatten().map(PersonalNumber::as_str).collect();
        let asked: Vec<Asked<'_>> =
            sixteens(whom.into_iter().map(Value::from)).into_iter().map(|values| (LAST, values)).collect();
        let mut last = BTreeMap::new();
        session.ask(&asked, &mut |_, row| {
            last.insert(number(row.needed_str(0)?)?, timestamp(row.needed_str(1)?)?);
            Ok(())
        })?;
        Ok(Self(last))
    }

    /// The stamp of a message of now.
    fn next(&mut self, message: &Message, at: Timestamp) -> Timestamp {
        let after = |last: Timestamp| last.checked_add(jiff::SignedDuration::from_nanos(1)).unwrap_or(last);
        let named = [Some(&message.person), message.with.as_ref()].into_iter().flatten();
        let told = named.filter_map(|person| self.0.get(person)).map(|last| after(*last));
        let stamp = told.fold(at, Timestamp::max);
        self.0.insert(message.person.clone(), stamp);
        stamp
    }
}

const LAST: &str = "SELECT personal_number, max(recorded_at) FROM outbox WHERE personal_number IN \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) GROUP BY personal_number";

/// Messages into the outbox, because of an act or of a decision on a case.
pub(in crate::store) fn tell(
    session: &mut dyn Session,
    because: &str,
    messages: &[Message],
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut last = LastTold::read(session, messages)?;
    tell_after(session, because, messages, &mut last, at)
}

/// [`tell`], where many go together.
pub(in crate::store) fn tell_after(
    session: &mut dyn Session,
    because: &str,
    messages: &[Message],
    last: &mut LastTold,
    at: Timestamp,
) -> Result<(), StoreError> {
    for (position, message) in (0_u32..).zip(messages) {
        let text = serde_json::to_string(message).map_err(|error| StoreError::Engine(Box::new(error)))?;
        let topic = serde_json::to_value(message.topic).unwrap_or_default();
        // Of one length, so that the texts sort as the times do.
        let stamp = format!("{:.9}", last.next(message, at));
        session.later(
            "INSERT INTO outbox (personal_number, act_id, position, topic, message, recorded_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            vec![
                message.person.as_str().into(),
                because.into(),
                position.into(),
                topic.as_str().unwrap_or_default().into(),
                text.into(),
                stamp.into(),
            ],
        )?;
    }
    Ok(())
}

pub(in crate::store) fn outbox(session: &mut dyn Session, limit: u32) -> Result<Vec<Outgoing>, StoreError> {
    let mut waiting = Vec::new();
    session.query(
        "SELECT position, message, recorded_at, act_id FROM outbox WHERE sent_at IS NULL \
         ORDER BY recorded_at, act_id, position LIMIT ?1",
        &[limit.into()],
        &mut |row| {
            let message =
                serde_json::from_str(&row.needed(1)?).map_err(|_| StoreError::Inconsistent("a message"))?;
            let position = u32::try_from(row.count(0)?).map_err(|_| StoreError::Inconsistent("a message"))?;
            let (recorded_at, because) = (timestamp(&row.needed(2)?)?, row.needed(3)?);
            waiting.push(Outgoing { because, position, message, recorded_at });
            Ok(())
        },
    )?;
    Ok(waiting)
}

pub(in crate::store) fn sent(
    session: &mut dyn Session,
    outgoing: &Outgoing,
    at: Timestamp,
) -> Result<(), StoreError> {
    let message = &outgoing.message;
    session
        .execute(
            "UPDATE outbox SET sent_at = ?4 \
             WHERE personal_number = ?1 AND act_id = ?2 AND position = ?3 AND sent_at IS NULL",
            &[
                message.person.as_str().into(),
                (&outgoing.because).into(),
                outgoing.position.into(),
                at.to_string().into(),
            ],
        )
        .map(drop)
}
