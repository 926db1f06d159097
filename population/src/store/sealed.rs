//! Items that only a case opens: sealed as a record is written, opened as it is read, kept where their key is not here.

use serde::{Deserialize, Serialize};

use super::StoreError;
use super::persons::json;
use crate::person::{BloodGroup, Person};
use crate::seal::{SealError, SealKeys};

/// What the items are to the seal. A record that was keeps its own beside it as they lay with the person.
pub(super) const ITEM: &str = "person.sensitive";

/// One JSON text with short names.
#[derive(Serialize, Deserialize)]
struct Sensitive {
    #[serde(default, rename = "r", skip_serializing_if = "Option::is_none")]
    religion: Option<String>,
    #[serde(default, rename = "b", skip_serializing_if = "Option::is_none")]
    blood_group: Option<BloodGroup>,
    #[serde(default, rename = "p", skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(default, rename = "e", skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, rename = "o", skip_serializing_if = "Option::is_none")]
    other: Option<String>,
}

/// The items of a record as they are to lie, plain where there is no key; none if it says none.
pub(super) fn seal(keys: &SealKeys, person: &Person) -> Result<Option<String>, StoreError> {
    if person.sealed {
        return Err(StoreError::Sealed);
    }
    if !person.says_sensitive() {
        return Ok(None);
    }
    let items = Sensitive {
        religion: person.religion.clone(),
        blood_group: person.blood_group,
        phone: person.phone.clone(),
        email: person.email.clone(),
        other: person.other.clone(),
    };
    let items = json(&items)?;
    if keys.is_empty() {
        return Ok(Some(items));
    }
    keys.seal_text(ITEM, &person.number, &items).map(Some).map_err(|_| StoreError::Sealed)
}

/// Puts the items into the record; without their key they stay away, and it says so.
pub(super) fn open(keys: &SealKeys, person: &mut Person, text: &str) -> Result<(), StoreError> {
    let items = match keys.open_text(ITEM, &person.number, text) {
        Err(SealError::NoKey) => {
            person.sealed = true;
            return Ok(());
        }
        Err(SealError::Altered) => return Err(StoreError::Altered),
        Ok(items) => items,
    };
    let items: Sensitive =
        serde_json::from_slice(&items).map_err(|_| StoreError::Inconsistent("items of a person"))?;
    person.religion = items.religion;
    person.blood_group = items.blood_group;
    (person.phone, person.email, person.other) = (items.phone, items.email, items.other);
    Ok(())
}

/// A record that was read without the items, or is to be written where they cannot be read, leaves them as they are.
pub(super) fn keep(person: &mut Person, known: &Person) -> Result<(), StoreError> {
    if known.sealed {
        if person.says_sensitive() {
            return Err(StoreError::Sealed);
        }
        person.sealed = true;
    } else if person.sealed {
        if person.says_sensitive() {
            return Err(StoreError::Sealed);
        }
        items_of(known, person);
        person.sealed = false;
    }
    Ok(())
}

/// How the items of `person` are to lie where those of `known` lie as `text`.
pub(super) fn next(
    keys: &SealKeys,
    known: &Person,
    text: Option<&str>,
    person: &Person,
) -> Result<Option<String>, StoreError> {
    let same = if person.sealed { known.sealed && !person.says_sensitive() } else { agree(known, person) };
    if same { past(keys, known, text.map(str::to_owned)) } else { seal(keys, person) }
}

/// The same items again: as they lie, unless that is plainly and there is a key.
pub(super) fn past(
    keys: &SealKeys,
    known: &Person,
    text: Option<String>,
) -> Result<Option<String>, StoreError> {
    match &text {
        Some(text) if !keys.is_empty() && SealKeys::is_plain(text) => seal(keys, known),
        _ => Ok(text),
    }
}

/// The record without the items.
pub(super) fn without(person: &Person) -> Person {
    let mut rest = person.clone();
    (rest.religion, rest.blood_group) = (None, None);
    (rest.phone, rest.email, rest.other) = (None, None, None);
    rest.sealed = false;
    rest
}

fn agree(one: &Person, other: &Person) -> bool {
    !one.sealed
        && (&one.religion, one.blood_group, &one.phone, &one.email, &one.other)
            == (&other.religion, other.blood_group, &other.phone, &other.email, &other.other)
}

fn items_of(from: &Person, to: &mut Person) {
    to.religion.clone_from(&from.religion);
    to.blood_group = from.blood_group;
    to.phone.clone_from(&from.phone);
    to.email.clone_from(&from.email);
    to.other.clone_from(&from.other);
}
