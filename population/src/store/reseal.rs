//! Sealing anew: what lies plain since an older version, or under an older key, page by page while others go on.

use cccd_card_profile::personal_number::PersonalNumber;

use super::engine::{Session, Value};
use super::persons::{json, number};
use super::{StoreError, sealed};
use crate::person::Person;
use crate::seal::{SealError, SealKeys};

/// What one page came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedAnew {
    /// The last person looked at; `None` when there are no more.
    pub last: Option<PersonalNumber>,
    /// Records looked at, the present ones and those that were.
    pub seen: u64,
    /// How many of them were sealed anew.
    pub sealed: u64,
    /// How many lie under keys that are not here.
    pub without_key: u64,
}

/// Records of one person taken at once: nobody's history is longer by far.
const MAX_HISTORY: u32 = 100_000;

pub(super) fn any(session: &mut dyn Session) -> Result<bool, StoreError> {
    let mut found = false;
    for table in ["person", "person_history"] {
        let sql = format!("SELECT personal_number FROM {table} WHERE substr(sensitive, 1, 2) = '1.' LIMIT 1");
        session.query(&sql, &[], &mut |_| {
            found = true;
            Ok(())
        })?;
    }
    Ok(found)
}

pub(super) fn page(
    session: &mut dyn Session,
    after: Option<&PersonalNumber>,
    limit: u32,
) -> Result<SealedAnew, StoreError> {
    let keys = session.seal().share();
    if keys.is_empty() {
        return Err(StoreError::Sealed);
    }
    let after = after.map_or("", PersonalNumber::as_str);
    let mut done = SealedAnew { last: None, seen: 0, sealed: 0, without_key: 0 };
    let mut people: Vec<(PersonalNumber, Option<String>, bool)> = Vec::new();
    session.query(
        "SELECT personal_number, sensitive, revision FROM person WHERE personal_number > ?1 \
         ORDER BY personal_number LIMIT ?2",
        &[after.into(), limit.into()],
        &mut |row| {
            people.push((number(&row.needed(0)?)?, row.text(1)?, row.count(2)? > 1));
            Ok(())
        },
    )?;
    done.last = people.last().map(|(number, ..)| number.clone());
    for (number, text, was_other) in people {
        done.seen += 1;
        if let Some(text) = text
            && let Some(new) = anew(&keys, &number, &text, &mut done)?
        {
            // Somebody may have written the person since: then it lies under the newest key already.
            session.execute(
                "UPDATE person SET sensitive = ?2 WHERE personal_number = ?1 AND sensitive = ?3",
                &[number.as_str().into(), new.into(), text.into()],
            )?;
            done.sealed += 1;
        }
        if was_other {
            history(session, &keys, &number, &mut done)?;
        }
    }
    Ok(done)
}

fn history(
    session: &mut dyn Session,
    keys: &SealKeys,
    number: &PersonalNumber,
    done: &mut SealedAnew,
) -> Result<(), StoreError> {
    let mut records = Vec::new();
    session.query(
        "SELECT revision, sensitive, record FROM person_history WHERE personal_number = ?1 \
         ORDER BY revision LIMIT ?2",
        &[number.as_str().into(), MAX_HISTORY.into()],
        &mut |row| {
            records.push((row.int(0)?, row.text(1)?, row.needed(2)?));
            Ok(())
        },
    )?;
    for (revision, text, record) in records {
        done.seen += 1;
        let revision = revision.map_or(Value::Null, Value::Int);
        let (record, new) = match text {
            Some(text) => (record, anew(keys, number, &text, done)?),
            // An older version kept the items within.
            None => {
                let person: Person = serde_json::from_str(&record)
                    .map_err(|_| StoreError::Inconsistent("a record of the history"))?;
                (json(&sealed::without(&person))?, sealed::seal(keys, &person)?)
            }
        };
        if new.is_some() {
            session.execute(
                "UPDATE person_history SET sensitive = ?3, record = ?4 \
                 WHERE personal_number = ?1 AND revision = ?2",
                &[number.as_str().into(), revision, new.into(), record.into()],
            )?;
            done.sealed += 1;
        }
    }
    Ok(())
}

/// The text under the newest key; `None` if it is that already, or cannot be opened here.
fn anew(
    keys: &SealKeys,
    number: &PersonalNumber,
    text: &str,
    done: &mut SealedAnew,
) -> Result<Option<String>, StoreError> {
    if keys.is_current(text) {
        return Ok(None);
    }
    match keys.open_text(sealed::ITEM, number, text) {
        Ok(plain) => {
            let plain = core::str::from_utf8(&plain).map_err(|_| StoreError::Altered)?;
            keys.seal_text(sealed::ITEM, number, plain.trim_ascii_end())
                .map(Some)
                .map_err(|_| StoreError::Sealed)
        }
        Err(SealError::NoKey) => {
            done.without_key += 1;
            Ok(None)
        }
        Err(SealError::Altered) => Err(StoreError::Altered),
    }
}
