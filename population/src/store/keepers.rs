//! Persons whose details another ministry keeps: who it is, and that nothing of them comes in by others.

use std::collections::BTreeMap;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;

use super::engine::{Apart, Asked, Session};
use super::persons::{self, number, timestamp};
use super::sql::SqlStore;
use super::{Change, Put, StoreError, damaged};
use crate::keepers::{Keeper, Kept, MAX_REFERENCE, says_details, without_details};
use crate::person::Person;

/// Numbers asked about at once.
const AT_ONCE: usize = 256;

impl SqlStore {
    /// The ministry says that it keeps this person's details from a day on: it stands in the register, and the details leave the
    /// record. Again is harmless, with another day or reference it replaces its own word; another ministry's word comes first when
    /// the one that keeps them has ended it.
    ///
    /// # Errors
    /// [`StoreError::KeptElsewhere`] by another, [`StoreError::UnknownPerson`], [`StoreError::BadReference`], [`StoreError::Sealed`] without the keys.
    pub fn keep_elsewhere(
        &mut self,
        person: &PersonalNumber,
        keeper: Keeper,
        since: Date,
        reference: &str,
        change: &Change,
    ) -> Result<(), StoreError> {
        let reference = reference.trim();
        if reference.is_empty() || reference.chars().count() > MAX_REFERENCE {
            return Err(StoreError::BadReference);
        }
        let change = Change { source: keeper.source(&change.source), at: change.at };
        self.write(Apart::Rows, |session| {
            let record = persons::locked(session, person)?.ok_or(StoreError::UnknownPerson)?;
            let written = session.execute(
                "INSERT INTO kept_elsewhere (personal_number, keeper, since, reference, source, recorded_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (personal_number) DO UPDATE SET \
                 since = excluded.since, reference = excluded.reference, \
                 source = excluded.source, recorded_at = excluded.recorded_at \
                 WHERE kept_elsewhere.keeper = excluded.keeper",
                &[
                    person.as_str().into(),
                    keeper.as_str().into(),
                    since.to_string().into(),
                    reference.into(),
                    (&change.source).into(),
                    change.at.to_string().into(),
                ],
            )?;
            if written == 0 {
                return Err(StoreError::KeptElsewhere);
            }
            if record.sealed {
                // What cannot be read cannot be taken out.
                return Err(StoreError::Sealed);
            }
            if says_details(&record) {
                persons::change(session, &without_details(&record), &change)?;
            }
            Ok(())
        })
    }

    /// The ministry keeps the details no more: the register collects them again as everybody's. Answers whether it did.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_keeping(&mut self, person: &PersonalNumber, keeper: Keeper) -> Result<bool, StoreError> {
        self.write(Apart::Rows, |session| {
            let ended = session.execute(
                "DELETE FROM kept_elsewhere WHERE personal_number = ?1 AND keeper = ?2",
                &[person.as_str().into(), keeper.as_str().into()],
            )?;
            Ok(ended == 1)
        })
    }

    /// Who keeps this person's details, if it is not the register.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn kept_elsewhere(&self, person: &PersonalNumber) -> Result<Option<Kept>, StoreError> {
        self.read(|session| {
            let mut found = None;
            session.query(
                "SELECT keeper, since, reference, recorded_at FROM kept_elsewhere WHERE personal_number = ?1",
                &[person.as_str().into()],
                &mut |row| {
                    found = Some(Kept {
                        keeper: keeper(&row.needed(0)?)?,
                        since: row.needed(1)?.parse().map_err(|_| damaged("a day")())?,
                        reference: row.needed(2)?,
                        at: timestamp(&row.needed(3)?)?,
                    });
                    Ok(())
                },
            )?;
            Ok(found)
        })
    }
}

fn keeper(word: &str) -> Result<Keeper, StoreError> {
    Keeper::parse(word).ok_or_else(damaged("a ministry"))
}

/// Who of these is kept elsewhere, and by whom.
pub(super) fn among(
    session: &mut dyn Session,
    numbers: &[&PersonalNumber],
) -> Result<BTreeMap<PersonalNumber, Keeper>, StoreError> {
    let mut found = BTreeMap::new();
    let (Some(first), Some(last)) = (numbers.iter().min(), numbers.iter().max()) else { return Ok(found) };
    // Most often there is nobody between the first and the last.
    let mut any = false;
    session.query(
        "SELECT 1 FROM kept_elsewhere WHERE personal_number >= ?1 AND personal_number <= ?2 LIMIT 1",
        &[first.as_str().into(), last.as_str().into()],
        &mut |_| {
            any = true;
            Ok(())
        },
    )?;
    if !any {
        return Ok(found);
    }
    let sql = "SELECT personal_number, keeper FROM kept_elsewhere WHERE personal_number = ?1";
    for part in numbers.chunks(AT_ONCE) {
        let asked: Vec<Asked<'_>> = part.iter().map(|number| (sql, vec![number.as_str().into()])).collect();
        session.ask(&asked, &mut |_, row| {
            found.insert(number(&row.needed(0)?)?, keeper(&row.needed(1)?)?);
            Ok(())
        })?;
    }
    Ok(found)
}

/// Whether a record of somebody who is kept elsewhere may come in: from the keeper, without details.
pub(super) fn may_come(person: &Person, keeper: Keeper, change: &Change) -> bool {
    Keeper::of_source(&change.source) == Some(keeper) && !says_details(person)
}

/// Takes records in by `put`, but for those that may not come.
pub(super) fn filtered(
    session: &mut dyn Session,
    persons: &[Person],
    change: &Change,
    put: impl FnOnce(&mut dyn Session, &[Person]) -> Result<Vec<Put>, StoreError>,
) -> Result<Vec<Put>, StoreError> {
    let numbers: Vec<&PersonalNumber> = persons.iter().map(|person| &person.number).collect();
    let kept = among(session, &numbers)?;
    if kept.is_empty() {
        return put(session, persons);
    }
    let comes =
        |person: &Person| kept.get(&person.number).is_none_or(|keeper| may_come(person, *keeper, change));
    let coming: Vec<Person> = persons.iter().filter(|person| comes(person)).cloned().collect();
    let mut done = put(session, &coming)?.into_iter();
    let each = persons.iter().map(|person| match comes(person) {
        false => Ok(Put::KeptElsewhere),
        true => done.next().ok_or(StoreError::Inconsistent("an answer is missing")),
    });
    each.collect()
}

/// Whoever goes on under another number stays with the ministry.
pub(super) fn carry_over(
    session: &mut dyn Session,
    old: &PersonalNumber,
    new: &PersonalNumber,
) -> Result<(), StoreError> {
    session
        .execute(
            "INSERT INTO kept_elsewhere (personal_number, keeper, since, reference, source, recorded_at) \
             SELECT ?2, keeper, since, reference, source, recorded_at FROM kept_elsewhere \
             WHERE personal_number = ?1 ON CONFLICT (personal_number) DO NOTHING",
            &[old.as_str().into(), new.as_str().into()],
        )
        .map(drop)
}
