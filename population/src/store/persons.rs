//! A person's row, and the records that were.

use std::collections::BTreeMap;
use std::sync::Arc;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::value::RawValue;

use super::engine::{Asked, Row, Session, Table, Type, Value, sixteens};
use super::{Change, Provenance, Put, Revision, StoreError, damaged, kept, sealed, search};
use crate::name::comparison_key;
use crate::person::{
    Flaw, Life, MaritalStatus, Person, Residence, TemporaryAbsence, birth_date_text, parse_birth_date,
    parse_sex, sex_word,
};
use crate::quality::conflict::{Origin, Standing};
use crate::seal::SealKeys;

macro_rules! columns {
    () => {
        "personal_number, full_name, birth_date, sex, place_of_birth, birth_registration_place, \
         place_of_origin, ethnic_group, nationality, old_number, permanent_address, permanent_ward, \
         permanent_province, permanent_since, temporary_address, temporary_ward, temporary_province, \
         temporary_since, current_address, current_ward, current_province, current_since, absent_from, \
         absent_until, residence_file, marital_status, relation_to_head, life, life_date, \
         identification_marks, cancelled_number, lists, sensitive, revision, source, recorded_at, provenance, \
         name_key"
    };
}

mod alike;
mod lists;
mod put;

pub(super) use alike::{INDEXES, born_alike, born_alike_among, candidates, named_and_born, naming};
pub(super) use put::{count_added, ended_among, load_new, put, put_all};

/// Where the items stand that are several.
const LISTS: usize = 31;

/// Where the sealed items stand.
const SENSITIVE: usize = 32;

/// Where the columns after the record itself stand.
const REVISION: usize = 33;

const COUNT: usize = 38;

/// What a bulk load needs to know.
pub(super) const TABLE: Table<'static> = Table { name: "person", columns: columns!(), types: &TYPES };

const TYPES: [Type; COUNT] = {
    let mut types = [Type::Text; COUNT];
    types[REVISION] = Type::Int;
    types
};

pub(super) fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Engine(Box::new(error)))
}

/// The values of a row, in the order of the columns; `sensitive` as it is to lie there.
pub(super) fn values<'p>(
    person: &'p Person,
    sensitive: Option<String>,
    revision: u64,
    change: &'p Change,
    provenance: Option<String>,
) -> Result<Vec<Value<'p>>, StoreError> {
    values_at(person, sensitive, revision, change, change.at.to_string().into(), provenance)
}

/// [`values`] with the time as it is written.
fn values_at<'p>(
    person: &'p Person,
    sensitive: Option<String>,
    revision: u64,
    change: &'p Change,
    at: Value<'p>,
    provenance: Option<String>,
) -> Result<Vec<Value<'p>>, StoreError> {
    let day = |date: Option<Date>| Value::from(date.map(|date| date.to_string()));
    let absence = person.temporary_absence.as_ref();
    let mut values = Vec::with_capacity(COUNT);
    values.extend([
        person.number.as_str().into(),
        (&person.full_name).into(),
        birth_date_text(person.birth_date).into(),
        sex_word(person.sex).into(),
        person.place_of_birth.as_ref().into(),
        person.birth_registration_place.as_ref().into(),
        person.place_of_origin.as_ref().into(),
        person.ethnic_group.as_ref().into(),
        (&person.nationality).into(),
        person.old_number.as_ref().into(),
    ]);
    for (_, residence) in person.residences.each() {
        let place = residence.as_ref();
        values.extend([
            place.map(|place| &place.address).into(),
            place.and_then(|place| place.ward_code.as_ref()).into(),
            place.and_then(|place| place.province_code.as_ref()).into(),
            day(place.and_then(|place| place.since)),
        ]);
    }
    values.extend([
        day(absence.map(|absence| absence.from)),
        day(absence.and_then(|absence| absence.until)),
        person.residence_file.as_ref().into(),
        person.marital_status.map(MaritalStatus::as_str).into(),
        person.relation_to_head.as_ref().into(),
        person.life.as_str().into(),
        day(person.life.date()),
        person.identification_marks.as_ref().into(),
        person.cancelled_number.as_ref().map(PersonalNumber::as_str).into(),
        lists::text(person)?.into(),
        sensitive.into(),
        Value::Int(i64::try_from(revision).map_err(|_| StoreError::Inconsistent("a revision"))?),
        (&change.source).into(),
        at,
        provenance.into(),
        comparison_key(&person.full_name).into(),
    ]);
    Ok(values)
}

/// A row of a person who was not known; the caller counts it. `false`: the number is there already.
pub(super) fn insert_new(
    session: &mut dyn Session,
    person: &Person,
    change: &Change,
) -> Result<bool, StoreError> {
    let sql = concat!(
        "INSERT INTO person (",
        columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, \
         ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38) \
         ON CONFLICT (personal_number) DO NOTHING"
    );
    let sensitive = sealed::seal(session.seal(), person)?;
    let new = session.execute(sql, &values(person, sensitive, 1, change, None)?)? == 1;
    if new {
        search::changed(session, None, person, 1)?;
    }
    Ok(new)
}

/// A record that an act of civil status makes.
pub(super) fn create(session: &mut dyn Session, person: &Person, change: &Change) -> Result<(), StoreError> {
    if insert_new(session, person, change)? {
        kept::added(session, &[person])
    } else {
        Err(StoreError::NumberTaken)
    }
}

/// A record as it is from now on.
pub(super) fn change(session: &mut dyn Session, person: &Person, change: &Change) -> Result<(), StoreError> {
    change_all(session, core::slice::from_ref(person), change)
}

/// Records as they are from now on, of different persons.
fn change_all(session: &mut dyn Session, persons: &[Person], change: &Change) -> Result<(), StoreError> {
    for (person, known) in persons.iter().zip(known_all(session, persons)?) {
        change_known(session, known.ok_or(StoreError::UnknownPerson)?, person, change)?;
    }
    Ok(())
}

/// [`change_all`] of persons whose rows this transaction has read already, most of them, locked or not: of a row that somebody
/// else changed since, it is told that they were quicker.
pub(super) fn change_locked(
    session: &mut dyn Session,
    persons: &[Person],
    mut locked: Locked,
    change: &Change,
) -> Result<(), StoreError> {
    for person in persons {
        match locked.remove(&person.number).flatten() {
            Some(known) => change_known(session, known, person, change)?,
            None => self::change(session, person, change)?,
        }
    }
    Ok(())
}

fn change_known(
    session: &mut dyn Session,
    known: Known,
    person: &Person,
    change: &Change,
) -> Result<(), StoreError> {
    if *known.person != *person {
        replace(session, known, person, change)?;
    }
    Ok(())
}

/// The rows of persons, locked in their order.
fn known_all(session: &mut dyn Session, persons: &[Person]) -> Result<Vec<Option<Known>>, StoreError> {
    let asked: Vec<_> =
        persons.iter().map(|person| (KNOWN, vec![Value::from(person.number.as_str())])).collect();
    let mut known: Vec<Option<Known>> = persons.iter().map(|_| None).collect();
    let keys = session.seal().share();
    session.ask(&asked, &mut |place, row| {
        let read = read_known(row, &keys)?;
        if let Some(known) = known.get_mut(place) {
            *known = Some(read);
        }
        Ok(())
    })?;
    Ok(known)
}

/// A row as a migration carries it over.
pub(super) fn insert(
    session: &mut dyn Session,
    table: &str,
    person: &Person,
    revision: u64,
    change: &Change,
) -> Result<(), StoreError> {
    let places: Vec<String> = (1..=COUNT).map(|place| format!("?{place}")).collect();
    let sql = format!("INSERT INTO {table} ({}) VALUES ({})", columns!(), places.join(", "));
    let sensitive = sealed::seal(session.seal(), person)?;
    session.execute(&sql, &values(person, sensitive, revision, change, None)?).map(drop)
}

/// The person, whose row nobody else changes until the transaction ends.
pub(super) fn locked(
    session: &mut dyn Session,
    number: &PersonalNumber,
) -> Result<Option<Person>, StoreError> {
    Ok(known(session, number)?.map(Known::into_person))
}

/// Rows that the open transaction has read, by number; `None`: nobody has the number.
pub(super) type Locked = BTreeMap<PersonalNumber, Option<Known>>;

/// Where one stands who is on record.
pub(super) struct Known {
    pub(super) person: Arc<Person>,
    /// As it lies there.
    sensitive: Option<String>,
    pub(super) revision: u64,
    change: Change,
    provenance: Provenance,
    /// The last day of the card in use, empty where it has none, if it was asked for: none in use is `Some(None)`.
    pub(super) card: Option<Option<String>>,
}

impl Known {
    fn into_person(self) -> Person {
        Arc::unwrap_or_clone(self.person)
    }
}

pub(super) fn load(session: &mut dyn Session, number: &PersonalNumber) -> Result<Option<Person>, StoreError> {
    let keys = session.seal().share();
    let mut found = None;
    session.query(PERSON, &[number.as_str().into()], &mut |row| {
        found = Some(read(row, &keys)?);
        Ok(())
    })?;
    Ok(found)
}

/// The person of a number.
pub(super) const PERSON: &str =
    concat!("SELECT ", columns!(), " FROM person WHERE personal_number = ?1 AND replaced_by IS NULL");

/// The same, locked until the transaction ends.
pub(super) const KNOWN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM person WHERE personal_number = ?1 AND replaced_by IS NULL FOR UPDATE"
);

const SOME: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM person WHERE personal_number IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, \
     ?16) AND replaced_by IS NULL"
);

/// The records of some numbers, a statement for each sixteen of them.
pub(super) fn some<'n>(numbers: impl Iterator<Item = &'n PersonalNumber>) -> Vec<Asked<'n>> {
    let numbers = numbers.map(|number| Value::from(number.as_str()));
    sixteens(numbers).into_iter().map(|values| (SOME, values)).collect()
}

/// The row, locked until the transaction ends.
pub(super) fn known(session: &mut dyn Session, number: &PersonalNumber) -> Result<Option<Known>, StoreError> {
    whole(session, KNOWN, number)
}

pub(super) fn whole(
    session: &mut dyn Session,
    sql: &str,
    number: &PersonalNumber,
) -> Result<Option<Known>, StoreError> {
    let keys = session.seal().share();
    let mut found = None;
    session.query(sql, &[number.as_str().into()], &mut |row| {
        found = Some(read_known(row, &keys)?);
        Ok(())
    })?;
    Ok(found)
}

pub(super) fn read_known(row: &dyn Row, keys: &SealKeys) -> Result<Known, StoreError> {
    let change = Change { source: row.needed(REVISION + 1)?, at: timestamp(row.needed_str(REVISION + 2)?)? };
    let provenance = match row.str(REVISION + 3)? {
        None => Provenance::default(),
        Some(text) => serde_json::from_str(text).map_err(|_| StoreError::Inconsistent("a provenance"))?,
    };
    Ok(Known {
        person: Arc::new(read(row, keys)?),
        sensitive: row.text(SENSITIVE)?,
        revision: row.count(REVISION)?,
        change,
        provenance,
        card: None,
    })
}

pub(super) fn after(
    session: &mut dyn Session,
    after: Option<&PersonalNumber>,
    limit: u32,
) -> Result<Vec<Person>, StoreError> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM person WHERE personal_number > ?1 AND replaced_by IS NULL ORDER BY personal_number LIMIT ?2"
    );
    let after = after.map_or("", PersonalNumber::as_str);
    let keys = session.seal().share();
    let mut persons = Vec::new();
    session.query(sql, &[after.into(), limit.into()], &mut |row| {
        persons.push(read(row, &keys)?);
        Ok(())
    })?;
    Ok(persons)
}

/// Where each item of a record came from.
pub(super) struct Origins {
    provenance: Provenance,
    change: Change,
}

impl Origins {
    pub(super) fn of(&self, item: &str) -> Origin {
        origin(self.provenance.of(item).unwrap_or(&self.change))
    }

    /// What took an item away that the record does not say; `None` where it never did.
    pub(super) fn gone(&self, item: &str) -> Option<Origin> {
        self.provenance.of(item).map(origin)
    }
}

fn origin(change: &Change) -> Origin {
    let standing = Standing::of_source(&change.source);
    Origin { source: change.source.clone(), standing, at: change.at, by: change.source.clone() }
}

/// The person, locked, and where each item came from.
pub(super) fn known_with_origins(
    session: &mut dyn Session,
    number: &PersonalNumber,
) -> Result<Option<(Person, Origins)>, StoreError> {
    let known = known(session, number)?;
    Ok(known.map(|known| {
        let origins = Origins { provenance: known.provenance, change: known.change };
        (Arc::unwrap_or_clone(known.person), origins)
    }))
}

pub(super) fn set_life(
    session: &mut dyn Session,
    number: &PersonalNumber,
    life: Life,
    change: &Change,
    today: Date,
) -> Result<Put, StoreError> {
    let known = known(session, number)?.ok_or(StoreError::UnknownPerson)?;
    let mut person = Person::clone(&known.person);
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
    replace(session, known, &person, change)
}

pub(super) fn history(
    session: &mut dyn Session,
    number: &PersonalNumber,
) -> Result<Vec<Revision>, StoreError> {
    let keys = session.seal().share();
    let mut revisions = Vec::new();
    session.query(
        "SELECT revision, source, recorded_at, record, sensitive FROM person_history \
         WHERE personal_number = ?1 ORDER BY revision",
        &[number.as_str().into()],
        &mut |row| {
            let mut person = serde_json::from_str(&row.needed(3)?)
                .map_err(|_| StoreError::Inconsistent("a record of the history"))?;
            if let Some(text) = row.text(4)? {
                sealed::open(&keys, &mut person, &text)?;
            }
            let change = Change { source: row.needed(1)?, at: timestamp(&row.needed(2)?)? };
            revisions.push(Revision { revision: revision(row.count(0)?)?, change, person });
            Ok(())
        },
    )?;
    // Also of a number that ended: what its record said last.
    let sql = concat!("SELECT ", columns!(), " FROM person WHERE personal_number = ?1");
    if let Some(now) = whole(session, sql, number)? {
        // Between the two statements another process may have moved the row into the history.
        let number = revision(now.revision)?;
        revisions.retain(|revision| revision.revision < number);
        revisions.push(Revision { revision: number, change: now.change.clone(), person: now.into_person() });
    }
    Ok(revisions)
}

fn revision(count: u64) -> Result<u32, StoreError> {
    u32::try_from(count).map_err(|_| StoreError::Inconsistent("a revision"))
}

/// Source and time of every item of a person's record that is there.
pub(super) fn provenance(
    session: &mut dyn Session,
    number: &PersonalNumber,
) -> Result<Option<BTreeMap<String, Change>>, StoreError> {
    let sql =
        concat!("SELECT ", columns!(), " FROM person WHERE personal_number = ?1 AND replaced_by IS NULL");
    let Some(known) = whole(session, sql, number)? else { return Ok(None) };
    let record = json(&*known.person)?;
    let change_of = |item: &str| known.provenance.of(item).unwrap_or(&known.change).clone();
    Ok(Some(items(&record)?.into_keys().map(|item| (item.to_owned(), change_of(item))).collect()))
}

/// The items of a record that was written as JSON, each as its text, by name.
fn items(record: &str) -> Result<BTreeMap<&str, &RawValue>, StoreError> {
    let mut items: BTreeMap<&str, &RawValue> =
        serde_json::from_str(record).map_err(|_| StoreError::Inconsistent("a record"))?;
    // No item: it says that some cannot be seen.
    items.remove("sealed");
    Ok(items)
}

/// Residences come and go one by one.
const PLACES: [&str; 3] = ["residences.permanent", "residences.temporary", "residences.current"];

fn is_there(person: &Person, place: &str) -> bool {
    let residences = &person.residences;
    match place {
        "residences.permanent" => residences.permanent.is_some(),
        "residences.temporary" => residences.temporary.is_some(),
        "residences.current" => residences.current.is_some(),
        _ => false,
    }
}

/// The old record goes into the history, the row says what is from now on; items that stay keep their source.
fn replace(
    session: &mut dyn Session,
    known: Known,
    person: &Person,
    change: &Change,
) -> Result<Put, StoreError> {
    let sensitive = sealed::next(session.seal(), &known.person, known.sensitive.as_deref(), person)?;
    let was = sealed::past(session.seal(), &known.person, known.sensitive)?;
    let (old, new) = (json(&*known.person)?, json(person)?);
    let plain = !known.person.sealed && !known.person.says_sensitive();
    let record = if plain { Value::from(&old) } else { json(&sealed::without(&known.person))?.into() };
    let (old_items, new) = (items(&old)?, items(&new)?);
    let stays = |item: &&str| {
        let same = |(one, other): (&&RawValue, &&RawValue)| one.get() == other.get();
        old_items.get(item).zip(new.get(item)).is_some_and(same)
    };
    let gone = old_items.keys().copied().filter(|item| !new.contains_key(item));
    let left = PLACES.into_iter().filter(|place| is_there(&known.person, place) && !is_there(person, place));
    let said = |item: &str| {
        old_items.contains_key(item)
            || new.contains_key(item)
            || is_there(&known.person, item)
            || is_there(person, item)
    };
    let provenance = known.provenance.after(&known.change, new.keys().copied().filter(stays)).with_gone(
        &known.provenance,
        (change, gone.chain(left)),
        said,
    );
    let provenance = (!provenance.is_empty()).then(|| json(&provenance)).transpose()?;
    // The row first: whoever was quicker is seen by it, and there is a record of then already.
    session.replace(REPLACE, values(person, sensitive, known.revision + 1, change, provenance)?)?;
    let before =
        Value::Int(i64::try_from(known.revision).map_err(|_| StoreError::Inconsistent("a revision"))?);
    session.later(
        "INSERT INTO person_history (personal_number, revision, source, recorded_at, record, sensitive) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        vec![
            person.number.as_str().into(),
            before,
            (&known.change.source).into(),
            known.change.at.to_string().into(),
            record,
            was.into(),
        ],
    )?;
    search::changed(session, Some(&known.person), person, known.revision + 1)?;
    kept::changed(session, known.revision + 1, &known.person, person, known.card)?;
    Ok(Put::Changed)
}

/// The row of somebody who is there, as it was read: written as an insert that finds it, since several of those go as one
/// statement.
const REPLACE: &str = concat!(
    "INSERT INTO person (",
    columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
     ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38) \
     ON CONFLICT (personal_number) DO UPDATE SET \
     full_name = excluded.full_name, birth_date = excluded.birth_date, sex = excluded.sex, place_of_birth = \
     excluded.place_of_birth, birth_registration_place = excluded.birth_registration_place, place_of_origin = \
     excluded.place_of_origin, ethnic_group = excluded.ethnic_group, nationality = excluded.nationality, \
     old_number = excluded.old_number, permanent_address = excluded.permanent_address, permanent_ward = \
     excluded.permanent_ward, permanent_province = excluded.permanent_province, permanent_since = \
     excluded.permanent_since, temporary_address = excluded.temporary_address, temporary_ward = \
     excluded.temporary_ward, temporary_province = excluded.temporary_province, temporary_since = \
     excluded.temporary_since, current_address = excluded.current_address, current_ward = excluded.current_ward, \
     current_province = excluded.current_province, current_since = excluded.current_since, absent_from = \
     excluded.absent_from, absent_until = excluded.absent_until, residence_file = excluded.residence_file, \
     marital_status = excluded.marital_status, relation_to_head = excluded.relation_to_head, life = \
     excluded.life, life_date = excluded.life_date, identification_marks = excluded.identification_marks, \
     cancelled_number = excluded.cancelled_number, lists = excluded.lists, sensitive = excluded.sensitive, \
     revision = excluded.revision, source = excluded.source, recorded_at = excluded.recorded_at, provenance = \
     excluded.provenance, name_key = excluded.name_key WHERE person.revision = excluded.revision - 1 \
     AND person.replaced_by IS NULL"
);

/// A row as a person.
pub(super) fn read(row: &dyn Row, keys: &SealKeys) -> Result<Person, StoreError> {
    let birth_date = parse_birth_date(row.needed_str(2)?).ok_or_else(damaged("a birth date"))?;
    let sex = parse_sex(row.needed_str(3)?).ok_or_else(damaged("a sex"))?;
    let day = |column| row.str(column)?.map(date).transpose();
    let residence = |from: usize| -> Result<Option<Residence>, StoreError> {
        let Some(address) = row.text(from)? else { return Ok(None) };
        let (ward_code, province_code) = (row.text(from + 1)?, row.text(from + 2)?);
        Ok(Some(Residence { address, ward_code, province_code, since: day(from + 3)? }))
    };
    let mut person = Person::new(number(row.needed_str(0)?)?, "", birth_date, sex);
    person.full_name = row.needed(1)?;
    person.place_of_birth = row.text(4)?;
    person.birth_registration_place = row.text(5)?;
    person.place_of_origin = row.text(6)?;
    person.ethnic_group = row.text(7)?;
    person.nationality = row.needed(8)?;
    person.old_number = row.text(9)?;
    person.residences.permanent = residence(10)?;
    person.residences.temporary = residence(14)?;
    person.residences.current = residence(18)?;
    if let Some(from) = day(22)? {
        person.temporary_absence = Some(TemporaryAbsence { from, until: day(23)? });
    }
    person.residence_file = row.text(24)?;
    person.marital_status = row.str(25)?.and_then(MaritalStatus::parse);
    person.relation_to_head = row.text(26)?;
    person.life = Life::from_parts(row.needed_str(27)?, day(28)?).ok_or_else(damaged("a state of life"))?;
    person.identification_marks = row.text(29)?;
    person.cancelled_number = row.str(30)?.map(number).transpose()?;
    if let Some(text) = row.str(LISTS)? {
        lists::read(text, &mut person)?;
    }
    if let Some(text) = row.text(SENSITIVE)? {
        sealed::open(keys, &mut person, &text)?;
    }
    Ok(person)
}

pub(super) fn date(text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| StoreError::Inconsistent("a date"))
}

pub(super) fn timestamp(text: &str) -> Result<Timestamp, StoreError> {
    text.parse().map_err(|_| StoreError::Inconsistent("a time"))
}

pub(super) fn number(text: &str) -> Result<PersonalNumber, StoreError> {
    PersonalNumber::parse(text).map_err(|_| StoreError::Inconsistent("a personal number"))
}
