//! What connected systems are told: messages that wait until they were sent.

use jiff::Timestamp;

use super::super::StoreError;
use super::super::engine::Session;
use super::super::persons::timestamp;
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
    /// Since when it waits.
    pub recorded_at: Timestamp,
}

/// Messages into the outbox, because of an act or of a decision on a case.
pub(in crate::store) fn tell(
    session: &mut dyn Session,
    because: &str,
    messages: &[Message],
    at: Timestamp,
) -> Result<(), StoreError> {
    let at = at.to_string();
    for (position, message) in (0_u32..).zip(messages) {
        let text = serde_json::to_string(message).map_err(|error| StoreError::Engine(Box::new(error)))?;
        let topic = serde_json::to_value(message.topic).unwrap_or_default();
        session.later(
            "INSERT INTO outbox (personal_number, act_id, position, topic, message, recorded_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            vec![
                message.person.as_str().into(),
                because.into(),
                position.into(),
                topic.as_str().unwrap_or_default().into(),
                text.into(),
                (&at).into(),
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
