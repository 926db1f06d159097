//! Bundles in the register: each merged once, and a collected record never undoes what was learnt after it.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value as Json};

use super::engine::{Apart, Session};
use super::sql::SqlStore;
use super::{Change, Put, StoreError, cases, keepers, persons};
use crate::bundle::Header;
use crate::person::Person;
use crate::quality::conflict::{Conflict, Origin, Standing};

/// Where a bundle stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BundleState {
    /// Not seen whole yet: begun now, or by a run that was broken off.
    Open,
    /// Merged before.
    Merged,
    /// Another bundle has this station's number.
    Other,
}

/// What became of a collected record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Collected {
    /// It went in as far as it is newer.
    Put(Put),
    /// Items that the register learnt later and that differ: the register's stay, and an officer decides. The others went in.
    NewerKnown(Vec<String>),
    /// Name and birth date are both another's: nothing went in, and an officer decides.
    OtherPerson,
    /// Another ministry keeps the person's details: a station collects nothing of them.
    KeptElsewhere,
}

impl SqlStore {
    /// Begins to merge a bundle. Again is harmless.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_bundle(
        &mut self,
        header: &Header,
        digest: &[u8; 32],
        at: Timestamp,
    ) -> Result<BundleState, StoreError> {
        self.write(Apart::Rows, |session| begin(session, &name(header), digest, at))
    }

    /// Everything of it was done.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_bundle(&mut self, header: &Header, at: Timestamp) -> Result<(), StoreError> {
        self.write(Apart::Rows, |session| {
            session
                .execute(
                    "UPDATE bundle_claim SET merged_at = ?2 WHERE bundle = ?1",
                    &[name(header).into(), at.to_string().into()],
                )
                .map(drop)
        })
    }

    /// Takes a record collected at `change.at`: an item that the register learnt later stays, and an item that the
    /// record does not have is left as it is. Again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Flaw`] for what cannot be true.
    pub fn put_collected(
        &mut self,
        person: &Person,
        change: &Change,
        today: Date,
    ) -> Result<Collected, StoreError> {
        let person = person.clone().checked(today)?;
        self.write(Apart::Rows, |session| collected(session, &person, change, today))
    }
}

fn name(header: &Header) -> String {
    format!("{}:{}", header.station, header.sequence)
}

fn begin(
    session: &mut dyn Session,
    name: &str,
    digest: &[u8; 32],
    at: Timestamp,
) -> Result<BundleState, StoreError> {
    session.execute(
        "INSERT INTO bundle_claim (bundle, digest, begun_at) VALUES (?1, ?2, ?3) ON CONFLICT (bundle) DO NOTHING",
        &[name.into(), digest.as_slice().into(), at.to_string().into()],
    )?;
    let mut state = BundleState::Other;
    session.query(
        "SELECT digest, merged_at FROM bundle_claim WHERE bundle = ?1",
        &[name.into()],
        &mut |row| {
            if row.bytes(0)?.as_deref() == Some(digest.as_slice()) {
                state = if row.text(1)?.is_some() { BundleState::Merged } else { BundleState::Open };
            }
            Ok(())
        },
    )?;
    Ok(state)
}

fn collected(
    session: &mut dyn Session,
    person: &Person,
    change: &Change,
    today: Date,
) -> Result<Collected, StoreError> {
    if !keepers::among(session, &[&person.number])?.is_empty() {
        return Ok(Collected::KeptElsewhere);
    }
    let put = |session: &mut dyn Session, person: &Person| {
        let done = persons::put_all(session, core::slice::from_ref(person), change)?;
        match done.first() {
            None => Err(StoreError::Inconsistent("an answer is missing")),
            Some(Put::Cancelled) => Err(StoreError::NumberCancelled),
            Some(Put::KeptElsewhere) => Err(StoreError::KeptElsewhere),
            Some(put) => Ok(*put),
        }
    };
    // Locks the row: what is decided below is decided about the record as it stays.
    let Some(known) = persons::locked(session, &person.number)? else {
        return Ok(Collected::Put(put(session, person)?));
    };
    if known.full_name != person.full_name && known.birth_date != person.birth_date {
        let (told, held) = (items(person)?, items(&known)?);
        let claimed = ["full_name", "birth_date"].into_iter();
        let claimed = claimed.filter_map(|item| Some((item.to_owned(), told.get(item)?.clone()))).collect();
        gainsaid(session, &known, &held, claimed, change)?;
        return Ok(Collected::OtherPerson);
    }
    let since = persons::provenance(session, &person.number)?.unwrap_or_default();
    let held = items(&known)?;
    let mut merged = held.clone();
    let mut newer = Vec::new();
    let mut claimed = Vec::new();
    for (item, mut value) in items(person)? {
        let there = merged.get(&item);
        // A form with one address says nothing of the others.
        if let (Some(Json::Object(there)), Json::Object(said)) = (there, &mut value)
            && item == "residences"
        {
            for (kind, place) in there {
                said.entry(kind).or_insert_with(|| place.clone());
            }
        }
        // That somebody lives is what a form says of everybody; death is recorded by its act.
        if there == Some(&value) || item == "life" {
            continue;
        }
        if there.is_some() && since.get(&item).is_some_and(|known| known.at > change.at) {
            claimed.push((item.clone(), value));
            newer.push(item);
        } else {
            merged.insert(item, value);
        }
    }
    let merged: Person =
        serde_json::from_value(Json::Object(merged)).map_err(|_| StoreError::Inconsistent("a record"))?;
    gainsaid(session, &known, &held, claimed, change)?;
    let done = put(session, &merged.checked(today)?)?;
    Ok(if newer.is_empty() { Collected::Put(done) } else { Collected::NewerKnown(newer) })
}

/// What a form says against the register becomes the person's case.
fn gainsaid(
    session: &mut dyn Session,
    known: &Person,
    held: &Map<String, Json>,
    claimed: Vec<(String, Json)>,
    change: &Change,
) -> Result<(), StoreError> {
    let Some((_, origins)) = persons::known_with_origins(session, &known.number)? else { return Ok(()) };
    let form = Origin {
        source: change.source.clone(),
        standing: Standing::of_source(&change.source),
        at: change.at,
        by: change.source.clone(),
    };
    let conflicts: Vec<Conflict> = claimed
        .into_iter()
        .filter_map(|(item, value)| {
            let claims = vec![origins.of(&item).claim(held.get(&item)?), form.claim(&value)];
            Some(Conflict { number: known.number.clone(), item, claims })
        })
        .collect();
    if !conflicts.is_empty() {
        cases::open_facts(session, known, conflicts, change)?;
    }
    Ok(())
}

fn items(person: &Person) -> Result<Map<String, Json>, StoreError> {
    match serde_json::to_value(person) {
        Ok(Json::Object(mut items)) => {
            // Nothing said is nothing to take.
            items.retain(|item, value| {
                item != "residences" || value.as_object().is_some_and(|all| !all.is_empty())
            });
            Ok(items)
        }
        _ => Err(StoreError::Inconsistent("a record")),
    }
}
