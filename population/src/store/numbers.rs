//! Personal numbers given, in the register's own tables.

use cccd_card_profile::personal_number::PersonalNumber;

use super::StoreError;
use super::engine::{Apart, Session};
use super::persons::number;
use super::sql::SqlStore;
use crate::numbers::{Block, Cancelled, Claim, NumberStore, Prefix, RequestId};

impl NumberStore for SqlStore {
    type Error = StoreError;

    fn lease_block(&mut self, prefix: Prefix, size: u32, domain: u32) -> Result<Option<Block>, StoreError> {
        self.write(Apart::Rows, |session| lease(session, prefix, size, domain))
    }

    fn mark_used(&mut self, number: &PersonalNumber, request: &RequestId) -> Result<Claim, StoreError> {
        self.write(Apart::Rows, |session| give(session, number, request))
    }

    fn is_taken(&mut self, number: &PersonalNumber) -> Result<bool, StoreError> {
        self.read(|session| taken(session, number))
    }

    fn cancel_and_link(&mut self, cancelled: &Cancelled) -> Result<(), StoreError> {
        self.write(Apart::Rows, |session| cancel_unused(session, cancelled))
    }
}

fn lease(
    session: &mut dyn Session,
    prefix: Prefix,
    size: u32,
    domain: u32,
) -> Result<Option<Block>, StoreError> {
    let key = prefix.as_str();
    session.execute(
        "INSERT INTO number_block_claim (prefix, leased) VALUES (?1, 0) ON CONFLICT (prefix) DO NOTHING",
        &[key.into()],
    )?;
    let mut leased = None;
    session.query(
        "SELECT leased FROM number_block_claim WHERE prefix = ?1 FOR UPDATE",
        &[key.into()],
        &mut |row| {
            leased = u32::try_from(row.count(0)?).ok();
            Ok(())
        },
    )?;
    let from = leased.ok_or(StoreError::Inconsistent("the leased indices of a prefix"))?;
    let until = from.saturating_add(size).min(domain);
    if from >= until {
        return Ok(None);
    }
    session.execute(
        "UPDATE number_block_claim SET leased = ?2 WHERE prefix = ?1",
        &[key.into(), until.into()],
    )?;
    Ok(Some(Block { prefix, from, until }))
}

pub(super) fn give(
    session: &mut dyn Session,
    wanted: &PersonalNumber,
    request: &RequestId,
) -> Result<Claim, StoreError> {
    if let Some(number) = answered(session, request.as_str())? {
        return Ok(Claim::Answered(number));
    }
    if taken(session, wanted)? {
        return Ok(Claim::Taken);
    }
    let values = [wanted.as_str().into(), request.as_str().into()];
    let given = session.execute(
        "INSERT INTO number_given (personal_number, request) VALUES (?1, ?2) ON CONFLICT (personal_number) DO NOTHING",
        &values,
    )?;
    if given == 0 {
        return Ok(Claim::Taken);
    }
    let answered = session.execute(
        "INSERT INTO number_request_claim (personal_number, request) VALUES (?1, ?2) ON CONFLICT (request) DO NOTHING",
        &values,
    )?;
    // The same request came through another line meanwhile: nothing of this is kept, and the next try finds its answer.
    if answered == 0 { Err(StoreError::Busy) } else { Ok(Claim::Given) }
}

/// The number that a request was answered.
pub(super) fn answered(
    session: &mut dyn Session,
    request: &str,
) -> Result<Option<PersonalNumber>, StoreError> {
    let mut answered = None;
    session.query(
        "SELECT personal_number FROM number_request_claim WHERE request = ?1",
        &[request.into()],
        &mut |row| {
            answered = Some(number(&row.needed(0)?)?);
            Ok(())
        },
    )?;
    Ok(answered)
}

fn taken(session: &mut dyn Session, number: &PersonalNumber) -> Result<bool, StoreError> {
    for sql in [
        "SELECT 1 FROM person WHERE personal_number = ?1",
        "SELECT 1 FROM number_given WHERE personal_number = ?1",
        "SELECT 1 FROM number_cancelled WHERE personal_number = ?1",
    ] {
        let mut found = false;
        session.query(sql, &[number.as_str().into()], &mut |_| {
            found = true;
            Ok(())
        })?;
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Ends a number, once: the one place that says so and what follows it. A person's row under the number, if there is one,
/// is nobody's from now on and leads to the same successor.
pub(super) fn cancel(session: &mut dyn Session, cancelled: &Cancelled) -> Result<(), StoreError> {
    keep(session, cancelled)?;
    let successor = cancelled.successor.as_ref().map(PersonalNumber::as_str);
    session
        .execute(
            "UPDATE person SET replaced_by = ?2 WHERE personal_number = ?1 AND replaced_by IS NULL",
            &[cancelled.number.as_str().into(), successor.into()],
        )
        .map(drop)
}

/// A number that nobody's record stands under. Whose does goes on under another one by an act or by a decision on a case,
/// which carry the record over.
fn cancel_unused(session: &mut dyn Session, cancelled: &Cancelled) -> Result<(), StoreError> {
    match super::persons::locked(session, &cancelled.number)? {
        Some(_) => Err(StoreError::NumberInUse),
        None => keep(session, cancelled),
    }
}

fn keep(session: &mut dyn Session, cancelled: &Cancelled) -> Result<(), StoreError> {
    let successor = cancelled.successor.as_ref().map(PersonalNumber::as_str);
    let (cause, on) = (cancelled.cause.as_str(), cancelled.on.to_string());
    let key = cancelled.number.as_str();
    let kept = session.execute(
        "INSERT INTO number_cancelled (personal_number, successor, cause, decided_on) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (personal_number) DO NOTHING",
        &[key.into(), successor.into(), cause.into(), (&on).into()],
    )?;
    if kept == 1 {
        return Ok(());
    }
    let mut same = false;
    session.query(
        "SELECT successor, cause, decided_on FROM number_cancelled WHERE personal_number = ?1",
        &[key.into()],
        &mut |row| {
            same = row.text(0)?.as_deref() == successor && row.needed(1)? == cause && row.needed(2)? == on;
            Ok(())
        },
    )?;
    if same { Ok(()) } else { Err(StoreError::NumberCancelled) }
}

/// The number that follows one that ended, over as many as there were; the number itself while it stands.
pub(super) fn current(
    session: &mut dyn Session,
    number: &PersonalNumber,
) -> Result<PersonalNumber, StoreError> {
    let mut current = number.clone();
    // Nobody has had so many; a circle ends here.
    for _ in 0..16 {
        let mut next = None;
        session.query(
            "SELECT successor FROM number_cancelled WHERE personal_number = ?1",
            &[current.as_str().into()],
            &mut |row| {
                next = row.text(0)?;
                Ok(())
            },
        )?;
        match next {
            Some(next) => current = self::number(&next)?,
            None => break,
        }
    }
    Ok(current)
}

/// Rows and cancellations must say the same: a row that leads elsewhere is of a cancelled number with that successor, and
/// under a cancelled number nobody lives.
pub(super) fn check(session: &mut dyn Session) -> Result<(), StoreError> {
    session.query(
        "SELECT 1 FROM person LEFT JOIN number_cancelled ON number_cancelled.personal_number = person.personal_number \
         WHERE coalesce(person.replaced_by, '') <> coalesce(number_cancelled.successor, '') LIMIT 1",
        &[],
        &mut |_| Err(StoreError::Inconsistent("a cancelled number and its row")),
    )
}
