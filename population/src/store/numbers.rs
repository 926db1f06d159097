//! Personal numbers given, in the register's own tables.

use std::collections::BTreeSet;

use cccd_card_profile::personal_number::PersonalNumber;

use super::StoreError;
use super::engine::{Apart, Asked, Session};
use super::persons::{date, number};
use super::sql::SqlStore;
use crate::numbers::{Block, Cancelled, Cause, Claim, NumberStore, Prefix, RequestId};

impl NumberStore for SqlStore {
    type Error = StoreError;

    fn lease_block(&mut self, prefix: Prefix, size: u32, domain: u32) -> Result<Option<Block>, StoreError> {
        self.write(Apart::Rows, |session| lease(session, prefix, size, domain))
    }

    fn mark_used(&mut self, number: &PersonalNumber, request: &RequestId) -> Result<Claim, StoreError> {
        self.write(Apart::Rows, |session| give(session, number, request))
    }

    fn mark_many(&mut self, wanted: &[(PersonalNumber, RequestId)]) -> Result<Vec<Claim>, StoreError> {
        self.write(Apart::Rows, |session| give_many(session, wanted))
    }

    fn is_taken(&mut self, number: &PersonalNumber) -> Result<bool, StoreError> {
        self.read(|session| taken(session, number))
    }

    fn cancel_and_link(&mut self, cancelled: &Cancelled) -> Result<(), StoreError> {
        self.write(Apart::Rows, |session| cancel_unused(session, cancelled))
    }
}

impl SqlStore {
    /// The number that follows one that ended; the number itself while it stands, or if nobody ever had it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn current_number(&self, number: &PersonalNumber) -> Result<PersonalNumber, StoreError> {
        self.read(|session| current(session, number))
    }

    /// Whether this register has set numbers aside already: then there is one key under which it gives them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn has_given_numbers(&self) -> Result<bool, StoreError> {
        self.read(|session| {
            let mut found = false;
            session.query(
                "SELECT leased FROM number_block_claim WHERE leased > 0 LIMIT 1",
                &[],
                &mut |_| {
                    found = true;
                    Ok(())
                },
            )?;
            Ok(found)
        })
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

const ANSWERED: &str = "SELECT personal_number FROM number_request_claim WHERE request = ?1";

/// Answers a row if somebody has or had the number.
const TAKEN: &str = "SELECT personal_number FROM person WHERE personal_number = ?1 \
    UNION ALL SELECT personal_number FROM number_given WHERE personal_number = ?1 \
    UNION ALL SELECT personal_number FROM number_cancelled WHERE personal_number = ?1";

/// Answers a row if the number ended.
const ENDED: &str = "SELECT personal_number FROM number_cancelled WHERE personal_number = ?1";

const GIVE: &str = "INSERT INTO number_given (personal_number, request) VALUES (?1, ?2) ON CONFLICT (personal_number) DO NOTHING";

const ANSWER: &str = "INSERT INTO number_request_claim (personal_number, request) VALUES (?1, ?2) ON CONFLICT (request) DO NOTHING";

pub(super) fn give(
    session: &mut dyn Session,
    wanted: &PersonalNumber,
    request: &RequestId,
) -> Result<Claim, StoreError> {
    let claims = give_many(session, &[(wanted.clone(), request.clone())])?;
    claims.into_iter().next().ok_or(StoreError::Inconsistent("an answer is missing"))
}

/// Gives numbers to requests: all questions together, then all answers together.
pub(super) fn give_many(
    session: &mut dyn Session,
    wanted: &[(PersonalNumber, RequestId)],
) -> Result<Vec<Claim>, StoreError> {
    let mut asked: Vec<Asked<'_>> = Vec::with_capacity(wanted.len() * 2);
    for (number, request) in wanted {
        asked.push((ANSWERED, vec![request.as_str().into()]));
        asked.push((TAKEN, vec![number.as_str().into()]));
    }
    let mut claims: Vec<Option<Claim>> = vec![None; wanted.len()];
    session.ask(&asked, &mut |place, row| {
        let Some(claim) = claims.get_mut(place / 2) else { return Ok(()) };
        if place % 2 == 0 {
            *claim = Some(Claim::Answered(number(row.needed_str(0)?)?));
        } else {
            claim.get_or_insert(Claim::Taken);
        }
        Ok(())
    })?;
    let mut requests = BTreeSet::new();
    let mut given: Vec<Asked<'_>> = Vec::new();
    for ((number, request), _) in wanted.iter().zip(&claims).filter(|(_, claim)| claim.is_none()) {
        // The same request twice in a batch: the second finds the answer of the first.
        if !requests.insert(request) {
            return Err(StoreError::Inconsistent("a request that stands twice in a batch"));
        }
        let values = || vec![number.as_str().into(), request.as_str().into()];
        given.extend([(GIVE, values()), (ANSWER, values())]);
    }
    let changed = session.ask(&given, &mut |_, _| Ok(()))?;
    // The same number or request came through another line meanwhile: nothing of this is kept, and the next try finds it.
    if changed.contains(&0) {
        return Err(StoreError::Busy);
    }
    Ok(claims.into_iter().map(|claim| claim.unwrap_or(Claim::Given)).collect())
}

/// The number that a request was answered.
pub(super) fn answered(
    session: &mut dyn Session,
    request: &str,
) -> Result<Option<PersonalNumber>, StoreError> {
    let mut answered = None;
    session.query(ANSWERED, &[request.into()], &mut |row| {
        answered = Some(number(&row.needed(0)?)?);
        Ok(())
    })?;
    Ok(answered)
}

fn taken(session: &mut dyn Session, number: &PersonalNumber) -> Result<bool, StoreError> {
    let mut found = false;
    session.query(TAKEN, &[number.as_str().into()], &mut |_| {
        found = true;
        Ok(())
    })?;
    Ok(found)
}

/// Ended numbers between two that are read at once; where there are more, each is asked for.
const ENDED_AT_ONCE: u32 = 1_000;

/// Which of these numbers ended.
pub(super) fn ended_among(
    session: &mut dyn Session,
    numbers: &[&PersonalNumber],
) -> Result<BTreeSet<PersonalNumber>, StoreError> {
    let mut ended = BTreeSet::new();
    let (Some(first), Some(last)) = (numbers.iter().min(), numbers.iter().max()) else { return Ok(ended) };
    session.query(
        "SELECT personal_number FROM number_cancelled WHERE personal_number >= ?1 AND personal_number <= ?2 LIMIT ?3",
        &[first.as_str().into(), last.as_str().into(), (ENDED_AT_ONCE + 1).into()],
        &mut |row| {
            ended.insert(number(row.needed_str(0)?)?);
            Ok(())
        },
    )?;
    if u32::try_from(ended.len()).is_ok_and(|count| count <= ENDED_AT_ONCE) {
        return Ok(ended);
    }
    ended.clear();
    for part in numbers.chunks(256) {
        let asked: Vec<Asked<'_>> = part.iter().map(|number| (ENDED, vec![number.as_str().into()])).collect();
        session.ask(&asked, &mut |_, row| {
            ended.insert(number(row.needed_str(0)?)?);
            Ok(())
        })?;
    }
    Ok(ended)
}

/// Ends a number, once: the one place that says so and what follows it. A person's row under the number, if there is one,
/// is nobody's from now on and leads to the same successor.
pub(super) fn cancel(session: &mut dyn Session, cancelled: &Cancelled) -> Result<(), StoreError> {
    keep(session, cancelled)?;
    super::kept::ended(session, &cancelled.number)?;
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

/// The number, and those that ended and that it follows, over as many as there were.
pub(super) fn borne_by(
    session: &mut dyn Session,
    number: &PersonalNumber,
) -> Result<Vec<PersonalNumber>, StoreError> {
    let mut borne = vec![number.clone()];
    let mut at = 0;
    // Nobody has had so many; a circle ends here.
    while let Some(number) = borne.get(at).cloned().filter(|_| at < 16) {
        session.query(
            "SELECT personal_number FROM number_cancelled WHERE successor = ?1 ORDER BY personal_number",
            &[number.as_str().into()],
            &mut |row| {
                let before = self::number(&row.needed(0)?)?;
                if !borne.contains(&before) {
                    borne.push(before);
                }
                Ok(())
            },
        )?;
        at += 1;
    }
    Ok(borne)
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

/// What is kept of a number that ended; `None` while it stands, or if nobody ever had it.
pub(super) fn cancelled(
    session: &mut dyn Session,
    ended: &PersonalNumber,
) -> Result<Option<Cancelled>, StoreError> {
    let mut found = None;
    session.query(
        "SELECT successor, cause, decided_on FROM number_cancelled WHERE personal_number = ?1",
        &[ended.as_str().into()],
        &mut |row| {
            found = Some(Cancelled {
                number: ended.clone(),
                successor: row.str(0)?.map(number).transpose()?,
                cause: Cause::parse(row.needed_str(1)?)
                    .ok_or(StoreError::Inconsistent("why a number was cancelled"))?,
                on: date(row.needed_str(2)?)?,
            });
            Ok(())
        },
    )?;
    Ok(found)
}

/// The numbers that ended for this one, over as many as there were, nearest first.
pub(super) fn former(
    session: &mut dyn Session,
    successor: &PersonalNumber,
) -> Result<Vec<PersonalNumber>, StoreError> {
    let mut numbers = vec![successor.clone()];
    let mut place = 0;
    // Nobody has had so many; a circle ends here.
    while let Some(one) = numbers.get(place).cloned().filter(|_| numbers.len() <= 16) {
        session.query(
            "SELECT personal_number FROM number_cancelled WHERE successor = ?1 ORDER BY decided_on DESC, personal_number",
            &[one.as_str().into()],
            &mut |row| {
                let before = number(row.needed_str(0)?)?;
                if !numbers.contains(&before) {
                    numbers.push(before);
                }
                Ok(())
            },
        )?;
        place += 1;
    }
    numbers.remove(0);
    Ok(numbers)
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
