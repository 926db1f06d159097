//! Records found by what they say and not by their number: candidates for duplicates, newborns, names in old books.

use std::collections::BTreeMap;

use cccd_card_profile::personal_number::PersonalNumber;

use super::{PERSON, number as number_of, read};
use crate::name::comparison_key;
use crate::person::{Person, Relative, birth_date_text};
use crate::store::engine::{Asked, Session};
use crate::store::{StoreError, search};

/// Indexes by which [`candidates`] are found: made when the first intake compares newcomers, so that a register that is
/// loaded first is not slowed by them.
pub(in crate::store) const INDEXES: &str = "\
    CREATE INDEX IF NOT EXISTS person_birth_date ON person (birth_date); \
    CREATE INDEX IF NOT EXISTS person_name_key ON person (name_key, birth_date); \
    CREATE INDEX IF NOT EXISTS person_old_number ON person (old_number) WHERE old_number IS NOT NULL;";

/// Who shares a CMND, the birth date, or the name in the year of birth with a newcomer; up to `limit` for each.
pub(in crate::store) fn candidates(
    session: &mut dyn Session,
    newcomer: &Person,
    limit: u32,
) -> Result<Vec<Person>, StoreError> {
    let keys = session.seal().share();
    let mut found: BTreeMap<PersonalNumber, Person> = BTreeMap::new();
    let year = format!("{:04}", newcomer.birth_date.year());
    let after = format!("{:04}", newcomer.birth_date.year().saturating_add(1));
    let name = comparison_key(&newcomer.full_name);
    let day = birth_date_text(newcomer.birth_date);
    for (sql, values) in [
        (
            concat!(
                "SELECT ",
                columns!(),
                " FROM person WHERE old_number = ?1 AND replaced_by IS NULL LIMIT ?2"
            ),
            vec![newcomer.old_number.as_ref().into(), limit.into()],
        ),
        (
            concat!(
                "SELECT ",
                columns!(),
                " FROM person WHERE birth_date = ?1 AND replaced_by IS NULL LIMIT ?2"
            ),
            vec![(&day).into(), limit.into()],
        ),
        (
            concat!(
                "SELECT ",
                columns!(),
                " FROM person WHERE name_key = ?1 AND birth_date >= ?2 AND birth_date < ?3 \
                 AND replaced_by IS NULL LIMIT ?4"
            ),
            vec![(&name).into(), (&year).into(), (&after).into(), limit.into()],
        ),
    ] {
        session.query(sql, &values, &mut |row| {
            let person = read(row, &keys)?;
            if person.number != newcomer.number {
                found.insert(person.number.clone(), person);
            }
            Ok(())
        })?;
    }
    Ok(found.into_values().collect())
}

/// Who has this name, without diacritics, and was born within the date as far as it is known.
pub(in crate::store) fn named_and_born(
    session: &mut dyn Session,
    name: &str,
    born: Option<&str>,
    limit: u32,
) -> Result<Vec<Person>, StoreError> {
    // Who is known by the year only stands at its beginning; nobody is looked for whose year is not written.
    let Some(year) = born.and_then(|born| born.get(..4)) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let keys = session.seal().share();
    session.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM person WHERE name_key = ?1 AND birth_date >= ?2 AND birth_date < ?3 AND replaced_by IS NULL \
             ORDER BY personal_number LIMIT ?4"
        ),
        // The next character after every digit and the hyphen.
        &[comparison_key(name).into(), year.into(), format!("{year}~").into(), limit.into()],
        &mut |row| {
            found.push(read(row, &keys)?);
            Ok(())
        },
    )?;
    Ok(found)
}

/// Who was born on the newborn's day under the same name, or to a parent of the same number or name; up to `limit`.
pub(in crate::store) fn born_alike(
    session: &mut dyn Session,
    newborn: &Person,
    limit: u32,
) -> Result<Vec<Person>, StoreError> {
    match born_alike_among(session, &[newborn], limit)? {
        Some(found) => Ok(found.into_iter().next().unwrap_or_default()),
        None => born_on_the_day(session, newborn, limit),
    }
}

/// [`born_alike`] of several newborns, if the index of people can answer for each.
pub(in crate::store) fn born_alike_among(
    session: &mut dyn Session,
    newborns: &[&Person],
    limit: u32,
) -> Result<Option<Vec<Vec<Person>>>, StoreError> {
    let Some(numbers) = search::born_alike_among(session, newborns, limit)? else { return Ok(None) };
    let mut found: Vec<Vec<Person>> = newborns.iter().map(|_| Vec::new()).collect();
    let (mut whose, mut asked): (Vec<usize>, Vec<Asked<'_>>) = (Vec::new(), Vec::new());
    for (place, (numbers, newborn)) in numbers.iter().zip(newborns).enumerate() {
        for number in numbers.iter().filter(|number| **number != newborn.number) {
            whose.push(place);
            asked.push((PERSON, vec![number.as_str().into()]));
        }
    }
    if asked.is_empty() {
        return Ok(Some(found));
    }
    let keys = session.seal().share();
    session.ask(&asked, &mut |place, row| {
        let person = read(row, &keys)?;
        let Some(newborn) = whose.get(place).copied() else { return Ok(()) };
        // A key may be of what no longer holds.
        let same_day = newborns.get(newborn).is_some_and(|newborn| newborn.birth_date == person.birth_date);
        if let Some(found) = found.get_mut(newborn).filter(|_| same_day) {
            found.push(person);
        }
        Ok(())
    })?;
    Ok(Some(found))
}

/// [`born_alike`] by reading everybody who was born on the day.
fn born_on_the_day(
    session: &mut dyn Session,
    newborn: &Person,
    limit: u32,
) -> Result<Vec<Person>, StoreError> {
    // A pattern that finds nobody, where there is nothing to look for.
    let quoted = |text: Option<String>| match text {
        Some(text) if !text.contains(['%', '_', '\\', '"']) => format!("%\"{text}\"%"),
        _ => "-".to_owned(),
    };
    let parent = |parent: &Option<Relative>| {
        quoted(parent.as_ref().map(|parent| match &parent.number {
            Some(number) => number.as_str().to_owned(),
            None => parent.name.clone(),
        }))
    };
    let mut found = Vec::new();
    let keys = session.seal().share();
    session.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM person WHERE birth_date = ?1 AND replaced_by IS NULL AND personal_number <> ?2 \
             AND (name_key = ?3 OR lists LIKE ?4 OR lists LIKE ?5) ORDER BY personal_number LIMIT ?6"
        ),
        &[
            birth_date_text(newborn.birth_date).into(),
            newborn.number.as_str().into(),
            comparison_key(&newborn.full_name).into(),
            parent(&newborn.father).into(),
            parent(&newborn.mother).into(),
            limit.into(),
        ],
        &mut |row| {
            found.push(read(row, &keys)?);
            Ok(())
        },
    )?;
    Ok(found)
}

/// Whose record names this number: the whole register is read, for there is no index of relatives, and few numbers end so.
pub(in crate::store) fn naming(
    session: &mut dyn Session,
    number: &PersonalNumber,
) -> Result<Vec<PersonalNumber>, StoreError> {
    let mut naming = Vec::new();
    session.query(
        "SELECT personal_number FROM person WHERE lists LIKE ?1 AND replaced_by IS NULL ORDER BY personal_number",
        &[format!("%\"{}\"%", number.as_str()).into()],
        &mut |row| {
            naming.push(number_of(&row.needed(0)?)?);
            Ok(())
        },
    )?;
    Ok(naming)
}
