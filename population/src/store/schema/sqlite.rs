//! The tables in `SQLite`: numbered SQL files, and what a program must do between them.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;

use super::{additions, found, record};
use crate::person::Person;
use crate::store::engine::Session;
use crate::store::{Change, StoreError, persons};

/// In order; version = position + 1.
pub(in crate::store) const MIGRATIONS: [&str; 2] = [
    include_str!("../../../migrations/0001_register.sql"),
    include_str!("../../../migrations/0002_one_row.sql"),
];

/// The rest of version 2.
pub(in crate::store) const ACTS: &str = include_str!("../../../migrations/0002_acts.sql");

/// Marks the file as ours: "CCCP" of "CCCD population".
const APPLICATION_ID: i32 = 0x4343_4350;

/// Persons carried over at once.
const PAGE: usize = 1_000;

/// Brings the file to this program's version, in the transaction that is open.
pub(in crate::store) fn migrate(session: &mut dyn Session, at: Timestamp) -> Result<(), StoreError> {
    session.script(&format!(
        "CREATE TABLE IF NOT EXISTS migration (
           version INTEGER NOT NULL PRIMARY KEY CHECK (version >= 1), applied_at TEXT NOT NULL) STRICT;
         PRAGMA application_id = {APPLICATION_ID};"
    ))?;
    let found = found(session)?;
    for (version, sql) in (1_u32..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        session.script(sql)?;
        if version == 2 {
            carry_over(session)?;
        }
        record(session, version, at)?;
    }
    additions::apply(session, str::to_owned, at)
}

/// Version 1 kept every record, the present one too, in the history: the present ones become rows, the others stay.
fn carry_over(session: &mut dyn Session) -> Result<(), StoreError> {
    let mut after = String::new();
    loop {
        let mut page = Vec::with_capacity(PAGE);
        session.query(
            "SELECT person_history.record, person.revision, person.source, person.recorded_at FROM person \
             JOIN person_history ON person_history.personal_number = person.personal_number \
             AND person_history.revision = person.revision \
             WHERE person.personal_number > ?1 ORDER BY person.personal_number LIMIT 1000",
            &[after.as_str().into()],
            &mut |row| {
                let person: Person = serde_json::from_str(&row.needed(0)?)
                    .map_err(|_| StoreError::Inconsistent("a record of the history"))?;
                let change = Change { source: row.needed(2)?, at: persons::timestamp(&row.needed(3)?)? };
                page.push((person, row.count(1)?, change));
                Ok(())
            },
        )?;
        let Some((last, ..)) = page.last() else { break };
        last.number.as_str().clone_into(&mut after);
        for (person, revision, change) in &page {
            persons::insert(session, "person_new", person, *revision, change)?;
        }
    }
    let mut lost: Option<PersonalNumber> = None;
    session.query(
        "SELECT personal_number FROM person WHERE personal_number NOT IN (SELECT personal_number FROM person_new) LIMIT 1",
        &[],
        &mut |row| {
            lost = Some(persons::number(&row.needed(0)?)?);
            Ok(())
        },
    )?;
    if lost.is_some() {
        return Err(StoreError::Inconsistent("a person without a record in the history"));
    }
    session.script(
        "INSERT INTO person_history_new (personal_number, revision, source, recorded_at, record)
           SELECT person_history.personal_number, person_history.revision, person_history.source,
             person_history.recorded_at, record FROM person_history
           JOIN person ON person.personal_number = person_history.personal_number
           WHERE person_history.revision < person.revision;
         DROP TABLE other_name;
         DROP TABLE residence;
         DROP TABLE relation;
         DROP TABLE person_history;
         DROP TABLE person;
         ALTER TABLE person_new RENAME TO person;
         ALTER TABLE person_history_new RENAME TO person_history;",
    )?;
    session.script(ACTS)
}
