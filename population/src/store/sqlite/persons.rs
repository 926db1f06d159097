//! Rows of a person, and the history beside them.

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::{damaged, date, engine, number, timestamp};
use crate::name::comparison_key;
use crate::person::{
    BloodGroup, Flaw, HouseholdMember, Life, MaritalStatus, Person, Relative, Residence, TemporaryAbsence,
    birth_date_text, parse_birth_date, parse_sex, sex_word,
};
use crate::store::{Change, Put, Revision, StoreError};

const COLUMNS: &str = "personal_number, full_name, birth_date, sex, place_of_birth, birth_registration_place, \
    place_of_origin, ethnic_group, religion, nationality, blood_group, old_number, absent_from, absent_until, \
    residence_file, marital_status, relation_to_head, life, life_date, phone, email, other, \
    identification_marks, cancelled_number";

pub(super) fn load(connection: &Connection, number: &PersonalNumber) -> Result<Option<Person>, StoreError> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM person WHERE personal_number = ?1"))
        .map_err(engine)?;
    let columns = statement.query_row([number.as_str()], Columns::read).optional().map_err(engine)?;
    let Some(columns) = columns else {
        // An unknown number takes the same reads as a known one, so that time tells less about who is known.
        read_lists(connection, &mut nobody(number))?;
        return Ok(None);
    };
    columns.into_person(connection).map(Some)
}

fn nobody(number: &PersonalNumber) -> Person {
    Person::new(number.clone(), "\u{2014}", BirthDate::Year(0), Sex::Unspecified)
}

pub(super) fn after(
    connection: &Connection,
    after: Option<&PersonalNumber>,
    limit: u32,
) -> Result<Vec<Person>, StoreError> {
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM person WHERE personal_number > ?1 ORDER BY personal_number LIMIT ?2"
        ))
        .map_err(engine)?;
    let after = after.map_or("", PersonalNumber::as_str);
    let rows = statement.query_map(params![after, limit], Columns::read).map_err(engine)?;
    let columns = rows.collect::<Result<Vec<_>, _>>().map_err(engine)?;
    columns.into_iter().map(|columns| columns.into_person(connection)).collect()
}

/// Inserts, changes or leaves alone. `alive` in a record is no news about one who is known to be dead or missing.
pub(super) fn put(
    transaction: &Transaction<'_>,
    person: &Person,
    change: &Change,
) -> Result<Put, StoreError> {
    let Some(known) = load(transaction, &person.number)? else {
        write(transaction, person, 1, change)?;
        return Ok(Put::Added);
    };
    let mut person = person.clone();
    if person.life == Life::Alive {
        person.life = known.life;
    }
    if person == known {
        return Ok(Put::Unchanged);
    }
    replace(transaction, &person, change)
}

pub(super) fn set_life(
    transaction: &Transaction<'_>,
    number: &PersonalNumber,
    life: Life,
    change: &Change,
    today: Date,
) -> Result<Put, StoreError> {
    let mut person = load(transaction, number)?.ok_or(StoreError::UnknownPerson)?;
    if life.date().is_some_and(|day| day < person.birth_date.earliest() || day > today) {
        return Err(Flaw::Date("the date of death or of missing").into());
    }
    if person.life == life {
        return Ok(Put::Unchanged);
    }
    if matches!(person.life, Life::Dead(_)) {
        return Err(StoreError::DeadAlready);
    }
    person.life = life;
    replace(transaction, &person, change)
}

pub(super) fn history(connection: &Connection, number: &PersonalNumber) -> Result<Vec<Revision>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT revision, source, recorded_at, record FROM person_history \
             WHERE personal_number = ?1 ORDER BY revision",
        )
        .map_err(engine)?;
    let rows = statement
        .query_map([number.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
        })
        .map_err(engine)?;
    rows.map(|row| {
        let (revision, source, at, record) = row.map_err(engine)?;
        let person =
            serde_json::from_str(&record).map_err(|_| StoreError::Inconsistent("a record of the history"))?;
        Ok(Revision { revision, change: Change { source, at: timestamp(&at)? }, person })
    })
    .collect()
}

fn replace(transaction: &Transaction<'_>, person: &Person, change: &Change) -> Result<Put, StoreError> {
    let revision: u32 = transaction
        .prepare_cached("SELECT revision + 1 FROM person WHERE personal_number = ?1")
        .and_then(|mut statement| statement.query_row([person.number.as_str()], |row| row.get(0)))
        .map_err(engine)?;
    for table in ["other_name", "residence", "relation"] {
        transaction
            .prepare_cached(&format!("DELETE FROM {table} WHERE personal_number = ?1"))
            .and_then(|mut statement| statement.execute([person.number.as_str()]))
            .map_err(engine)?;
    }
    write(transaction, person, revision, change)?;
    Ok(Put::Changed)
}

/// Writes the person's row and all that hangs on it; an existing row of the person is overwritten in place.
fn write(
    transaction: &Transaction<'_>,
    person: &Person,
    revision: u32,
    change: &Change,
) -> Result<(), StoreError> {
    let at = change.at.to_string();
    let absence = person.temporary_absence.as_ref();
    let date_text = |date: Option<Date>| date.map(|date| date.to_string());
    transaction
        .prepare_cached(&format!(
            "INSERT INTO person ({COLUMNS}, name_key, revision, source, recorded_at) VALUES \
             (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
              ?22, ?23, ?24, ?25, ?26, ?27, ?28) \
             ON CONFLICT (personal_number) DO UPDATE SET {}",
            updates()
        ))
        .and_then(|mut statement| {
            statement.execute(params![
                person.number.as_str(),
                person.full_name,
                birth_date_text(person.birth_date),
                sex_word(person.sex),
                person.place_of_birth,
                person.birth_registration_place,
                person.place_of_origin,
                person.ethnic_group,
                person.religion,
                person.nationality,
                person.blood_group.map(BloodGroup::as_str),
                person.old_number,
                date_text(absence.map(|absence| absence.from)),
                date_text(absence.and_then(|absence| absence.until)),
                person.residence_file,
                person.marital_status.map(MaritalStatus::as_str),
                person.relation_to_head,
                person.life.as_str(),
                date_text(person.life.date()),
                person.phone,
                person.email,
                person.other,
                person.identification_marks,
                person.cancelled_number.as_ref().map(PersonalNumber::as_str),
                comparison_key(&person.full_name),
                revision,
                change.source,
                at,
            ])
        })
        .map_err(engine)?;
    write_lists(transaction, person)?;
    let record = serde_json::to_string(person).map_err(|error| StoreError::Engine(Box::new(error)))?;
    transaction
        .prepare_cached(
            "INSERT INTO person_history (personal_number, revision, source, recorded_at, record) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .and_then(|mut statement| {
            statement.execute(params![person.number.as_str(), revision, change.source, at, record])
        })
        .map_err(engine)?;
    Ok(())
}

fn updates() -> String {
    COLUMNS
        .split(", ")
        .chain(["name_key", "revision", "source", "recorded_at"])
        .map(str::trim)
        .filter(|column| *column != "personal_number")
        .map(|column| format!("{column} = excluded.{column}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn write_lists(transaction: &Transaction<'_>, person: &Person) -> Result<(), StoreError> {
    let own = person.number.as_str();
    let mut names = transaction
        .prepare_cached("INSERT INTO other_name (personal_number, position, name) VALUES (?1, ?2, ?3)")
        .map_err(engine)?;
    for (position, name) in (0_u32..).zip(&person.other_names) {
        names.execute(params![own, position, name]).map_err(engine)?;
    }
    let mut residences = transaction
        .prepare_cached(
            "INSERT INTO residence (personal_number, kind, address, ward_code, province_code, since) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .map_err(engine)?;
    for (kind, residence) in person.residences.each() {
        if let Some(place) = residence {
            let since = place.since.map(|date| date.to_string());
            residences
                .execute(params![own, kind, place.address, place.ward_code, place.province_code, since])
                .map_err(engine)?;
        }
    }
    let mut relations = transaction
        .prepare_cached(
            "INSERT INTO relation (personal_number, kind, position, name, related_number, old_number, \
             nationality, relation_to_head) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .map_err(engine)?;
    for (kind, list) in [
        ("father", person.father.as_slice()),
        ("mother", person.mother.as_slice()),
        ("spouse", person.spouse.as_slice()),
        ("child", &person.children),
        ("representative", &person.representatives),
        ("represented", &person.represented),
    ] {
        for (position, relative) in (0_u32..).zip(list) {
            let related = relative.number.as_ref().map(PersonalNumber::as_str);
            relations
                .execute(params![
                    own,
                    kind,
                    position,
                    relative.name,
                    related,
                    relative.old_number,
                    relative.nationality,
                    None::<&str>,
                ])
                .map_err(engine)?;
        }
    }
    for (position, member) in (0_u32..).zip(&person.household) {
        let related = member.number.as_ref().map(PersonalNumber::as_str);
        relations
            .execute(params![
                own,
                "household",
                position,
                member.name,
                related,
                None::<&str>,
                None::<&str>,
                member.relation,
            ])
            .map_err(engine)?;
    }
    Ok(())
}

/// The columns of one row, as `SQLite` gives them.
struct Columns {
    texts: Vec<Option<String>>,
}

impl Columns {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let texts = (0..row.as_ref().column_count()).map(|index| row.get(index)).collect::<Result<_, _>>()?;
        Ok(Self { texts })
    }

    fn into_person(self, connection: &Connection) -> Result<Person, StoreError> {
        let mut texts = self.texts.into_iter();
        let mut next = || texts.next().flatten();
        let own = number(&next().ok_or_else(damaged("a number"))?)?;
        let full_name = next().ok_or_else(damaged("a name"))?;
        let birth_date = next().as_deref().and_then(parse_birth_date).ok_or_else(damaged("a birth date"))?;
        let sex = next().as_deref().and_then(parse_sex).ok_or_else(damaged("a sex"))?;
        let mut person = Person::new(own, &full_name, birth_date, sex);
        person.place_of_birth = next();
        person.birth_registration_place = next();
        person.place_of_origin = next();
        person.ethnic_group = next();
        person.religion = next();
        person.nationality = next().ok_or_else(damaged("a nationality"))?;
        person.blood_group = next().as_deref().and_then(BloodGroup::parse);
        person.old_number = next();
        let (from, until) = (next(), next());
        if let Some(from) = from {
            let until = until.as_deref().map(date).transpose()?;
            person.temporary_absence = Some(TemporaryAbsence { from: date(&from)?, until });
        }
        person.residence_file = next();
        person.marital_status = next().as_deref().and_then(MaritalStatus::parse);
        person.relation_to_head = next();
        let (life, day) = (next().unwrap_or_default(), next());
        person.life = Life::from_parts(&life, day.as_deref().map(date).transpose()?)
            .ok_or_else(damaged("a state of life"))?;
        person.phone = next();
        person.email = next();
        person.other = next();
        person.identification_marks = next();
        person.cancelled_number = next().as_deref().map(number).transpose()?;
        read_lists(connection, &mut person)?;
        Ok(person)
    }
}

fn read_lists(connection: &Connection, person: &mut Person) -> Result<(), StoreError> {
    let own = person.number.clone();
    let own = own.as_str();
    let mut names = connection
        .prepare_cached("SELECT name FROM other_name WHERE personal_number = ?1 ORDER BY position")
        .map_err(engine)?;
    person.other_names =
        names.query_map([own], |row| row.get(0)).and_then(Iterator::collect).map_err(engine)?;
    let mut residences = connection
        .prepare_cached(
            "SELECT kind, address, ward_code, province_code, since FROM residence WHERE personal_number = ?1",
        )
        .map_err(engine)?;
    let mut rows = residences.query([own]).map_err(engine)?;
    while let Some(row) = rows.next().map_err(engine)? {
        let kind: String = row.get(0).map_err(engine)?;
        let since: Option<String> = row.get(4).map_err(engine)?;
        let place = Residence {
            address: row.get(1).map_err(engine)?,
            ward_code: row.get(2).map_err(engine)?,
            province_code: row.get(3).map_err(engine)?,
            since: since.as_deref().map(date).transpose()?,
        };
        *person.residences.slot(&kind).ok_or_else(damaged("a kind of residence"))? = Some(place);
    }
    let mut relations = connection
        .prepare_cached(
            "SELECT kind, name, related_number, old_number, nationality, relation_to_head FROM relation \
             WHERE personal_number = ?1 ORDER BY kind, position",
        )
        .map_err(engine)?;
    let mut rows = relations.query([own]).map_err(engine)?;
    while let Some(row) = rows.next().map_err(engine)? {
        let kind: String = row.get(0).map_err(engine)?;
        let related: Option<String> = row.get(2).map_err(engine)?;
        let relative = Relative {
            name: row.get(1).map_err(engine)?,
            number: related.as_deref().map(number).transpose()?,
            old_number: row.get(3).map_err(engine)?,
            nationality: row.get(4).map_err(engine)?,
        };
        match kind.as_str() {
            "father" => person.father = Some(relative),
            "mother" => person.mother = Some(relative),
            "spouse" => person.spouse = Some(relative),
            "child" => person.children.push(relative),
            "representative" => person.representatives.push(relative),
            "represented" => person.represented.push(relative),
            "household" => {
                let relation: Option<String> = row.get(5).map_err(engine)?;
                person.household.push(HouseholdMember {
                    name: relative.name,
                    number: relative.number,
                    relation: relation.ok_or_else(damaged("a household"))?,
                });
            }
            _ => return Err(StoreError::Inconsistent("a kind of relation")),
        }
    }
    Ok(())
}
