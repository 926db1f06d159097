//! A person's row, and the records that were.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::engine::{Row, Session, Table, Type, Value};
use super::{Change, Provenance, Put, Revision, StoreError, damaged, sealed};
use crate::name::comparison_key;
use crate::person::{
    Flaw, HouseholdMember, Life, MaritalStatus, Person, Relative, Residence, TemporaryAbsence,
    birth_date_text, parse_birth_date, parse_sex, sex_word,
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

/// Items that are several: one JSON text with short names, none if all are empty.
#[derive(Serialize, Deserialize)]
#[serde(bound(
    serialize = "N: Serialize, R: Serialize, H: Serialize",
    deserialize = "N: Deserialize<'de>, R: Deserialize<'de>, H: Deserialize<'de>"
))]
struct Lists<N, R, H> {
    #[serde(default, rename = "n", skip_serializing_if = "Option::is_none")]
    other_names: Option<N>,
    #[serde(default, rename = "f", skip_serializing_if = "Option::is_none")]
    father: Option<R>,
    #[serde(default, rename = "m", skip_serializing_if = "Option::is_none")]
    mother: Option<R>,
    #[serde(default, rename = "s", skip_serializing_if = "Option::is_none")]
    spouse: Option<R>,
    #[serde(default, rename = "c", skip_serializing_if = "Vec::is_empty")]
    children: Vec<R>,
    #[serde(default, rename = "r", skip_serializing_if = "Vec::is_empty")]
    representatives: Vec<R>,
    #[serde(default, rename = "p", skip_serializing_if = "Vec::is_empty")]
    represented: Vec<R>,
    #[serde(default, rename = "h", skip_serializing_if = "Option::is_none")]
    household: Option<H>,
}

type ListsOf<'p> = Lists<&'p [String], &'p Relative, &'p [HouseholdMember]>;
type ListsRead = Lists<Vec<String>, Relative, Vec<HouseholdMember>>;

pub(super) fn json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Engine(Box::new(error)))
}

fn lists(person: &Person) -> Result<Option<String>, StoreError> {
    let lists: ListsOf<'_> = Lists {
        other_names: (!person.other_names.is_empty()).then_some(&person.other_names),
        father: person.father.as_ref(),
        mother: person.mother.as_ref(),
        spouse: person.spouse.as_ref(),
        children: person.children.iter().collect(),
        representatives: person.representatives.iter().collect(),
        represented: person.represented.iter().collect(),
        household: (!person.household.is_empty()).then_some(&person.household),
    };
    let text = json(&lists)?;
    Ok((text != "{}").then_some(text))
}

/// The values of a row, in the order of the columns; `sensitive` as it is to lie there.
pub(super) fn values<'p>(
    person: &'p Person,
    sensitive: Option<String>,
    revision: u64,
    change: &'p Change,
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
        lists(person)?.into(),
        sensitive.into(),
        Value::Int(i64::try_from(revision).map_err(|_| StoreError::Inconsistent("a revision"))?),
        (&change.source).into(),
        change.at.to_string().into(),
        provenance.into(),
        comparison_key(&person.full_name).into(),
    ]);
    Ok(values)
}

/// A row of a person who was not known. `false`: the number is there already.
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
    Ok(session.execute(sql, &values(person, sensitive, 1, change, None)?)? == 1)
}

/// A record that an act of civil status makes.
pub(super) fn create(session: &mut dyn Session, person: &Person, change: &Change) -> Result<(), StoreError> {
    if insert_new(session, person, change)? { Ok(()) } else { Err(StoreError::NumberTaken) }
}

/// A record as it is from now on.
pub(super) fn change(session: &mut dyn Session, person: &Person, change: &Change) -> Result<(), StoreError> {
    let known = known(session, &person.number)?.ok_or(StoreError::UnknownPerson)?;
    if known.person == *person {
        return Ok(());
    }
    replace(session, known, person, change).map(drop)
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

/// Where one stands who is on record.
struct Known {
    person: Person,
    /// As it lies there.
    sensitive: Option<String>,
    revision: u64,
    change: Change,
    provenance: Provenance,
}

pub(super) fn load(session: &mut dyn Session, number: &PersonalNumber) -> Result<Option<Person>, StoreError> {
    let sql =
        concat!("SELECT ", columns!(), " FROM person WHERE personal_number = ?1 AND replaced_by IS NULL");
    let keys = session.seal().share();
    let mut found = None;
    session.query(sql, &[number.as_str().into()], &mut |row| {
        found = Some(read(row, &keys)?);
        Ok(())
    })?;
    Ok(found)
}

/// The row, locked until the transaction ends.
fn known(session: &mut dyn Session, number: &PersonalNumber) -> Result<Option<Known>, StoreError> {
    let sql = concat!(
        "SELECT ",
        columns!(),
        " FROM person WHERE personal_number = ?1 AND replaced_by IS NULL FOR UPDATE"
    );
    whole(session, sql, number)
}

/// The person, whose row nobody else changes until the transaction ends.
pub(super) fn locked(
    session: &mut dyn Session,
    number: &PersonalNumber,
) -> Result<Option<Person>, StoreError> {
    Ok(known(session, number)?.map(|known| known.person))
}

fn whole(session: &mut dyn Session, sql: &str, number: &PersonalNumber) -> Result<Option<Known>, StoreError> {
    let keys = session.seal().share();
    let mut found = None;
    session.query(sql, &[number.as_str().into()], &mut |row| {
        let change = Change { source: row.needed(REVISION + 1)?, at: timestamp(&row.needed(REVISION + 2)?)? };
        let provenance = match row.text(REVISION + 3)? {
            None => Provenance::default(),
            Some(text) => {
                serde_json::from_str(&text).map_err(|_| StoreError::Inconsistent("a provenance"))?
            }
        };
        found = Some(Known {
            person: read(row, &keys)?,
            sensitive: row.text(SENSITIVE)?,
            revision: row.count(REVISION)?,
            change,
            provenance,
        });
        Ok(())
    })?;
    Ok(found)
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

/// Persons who are all new go in at once; else one by one.
pub(super) fn put_all(
    session: &mut dyn Session,
    persons: &[Person],
    change: &Change,
) -> Result<Vec<Put>, StoreError> {
    // One person twice in a batch is the second time a change.
    let mut numbers: Vec<&PersonalNumber> = persons.iter().map(|person| &person.number).collect();
    numbers.sort_unstable();
    let whole = persons.iter().all(|person| !person.sealed);
    if whole && persons.len() > 1 && numbers.windows(2).all(|pair| pair.first() != pair.last()) {
        let keys = session.seal();
        let row = |person| values(person, sealed::seal(keys, person)?, 1, change, None);
        let rows: Vec<_> = persons.iter().map(row).collect::<Result<_, _>>()?;
        if session.load(&TABLE, &rows)? {
            return Ok(vec![Put::Added; persons.len()]);
        }
    }
    persons.iter().map(|person| put(session, person, change)).collect()
}

/// Inserts, changes or leaves alone. `alive` in a record is no news about one who is known to be dead or missing.
pub(super) fn put(session: &mut dyn Session, person: &Person, change: &Change) -> Result<Put, StoreError> {
    if !person.sealed && insert_new(session, person, change)? {
        return Ok(Put::Added);
    }
    let unknown = if person.sealed { StoreError::Sealed } else { StoreError::NumberCancelled };
    let known = known(session, &person.number)?.ok_or(unknown)?;
    let mut person = person.clone();
    sealed::keep(&mut person, &known.person)?;
    if person.life == Life::Alive {
        person.life = known.person.life;
    }
    if person == known.person {
        return Ok(Put::Unchanged);
    }
    replace(session, known, &person, change)
}

/// Where each item of a record came from.
pub(super) struct Origins {
    provenance: Provenance,
    change: Change,
}

impl Origins {
    pub(super) fn of(&self, item: &str) -> Origin {
        let change = self.provenance.of(item).unwrap_or(&self.change);
        let standing = Standing::of_source(&change.source);
        Origin { source: change.source.clone(), standing, at: change.at, by: change.source.clone() }
    }
}

/// The person, locked, and where each item came from.
pub(super) fn known_with_origins(
    session: &mut dyn Session,
    number: &PersonalNumber,
) -> Result<Option<(Person, Origins)>, StoreError> {
    let known = known(session, number)?;
    Ok(known.map(|known| (known.person, Origins { provenance: known.provenance, change: known.change })))
}

/// Indexes by which [`candidates`] are found: made when the first intake compares newcomers, so that a register that is
/// loaded first is not slowed by them.
pub(super) const INDEXES: &str = "\
    CREATE INDEX IF NOT EXISTS person_birth_date ON person (birth_date); \
    CREATE INDEX IF NOT EXISTS person_name_key ON person (name_key, birth_date); \
    CREATE INDEX IF NOT EXISTS person_old_number ON person (old_number) WHERE old_number IS NOT NULL;";

/// Who shares a CMND, the birth date, or the name in the year of birth with a newcomer; up to `limit` for each.
pub(super) fn candidates(
    session: &mut dyn Session,
    newcomer: &Person,
    limit: u32,
) -> Result<Vec<Person>, StoreError> {
    let keys = session.seal().share();
    let mut found: std::collections::BTreeMap<PersonalNumber, Person> = std::collections::BTreeMap::new();
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

/// Whose record names this number: the whole register is read, for there is no index of relatives, and few numbers end so.
pub(super) fn naming(
    session: &mut dyn Session,
    number: &PersonalNumber,
) -> Result<Vec<PersonalNumber>, StoreError> {
    let mut naming = Vec::new();
    session.query(
        "SELECT personal_number FROM person WHERE lists LIKE ?1 AND replaced_by IS NULL ORDER BY personal_number",
        &[format!("%\"{}\"%", number.as_str()).into()],
        &mut |row| {
            naming.push(self::number(&row.needed(0)?)?);
            Ok(())
        },
    )?;
    Ok(naming)
}

pub(super) fn set_life(
    session: &mut dyn Session,
    number: &PersonalNumber,
    life: Life,
    change: &Change,
    today: Date,
) -> Result<Put, StoreError> {
    let known = known(session, number)?.ok_or(StoreError::UnknownPerson)?;
    let mut person = known.person.clone();
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
    let sql =
        concat!("SELECT ", columns!(), " FROM person WHERE personal_number = ?1 AND replaced_by IS NULL");
    if let Some(now) = whole(session, sql, number)? {
        // Between the two statements another process may have moved the row into the history.
        let number = revision(now.revision)?;
        revisions.retain(|revision| revision.revision < number);
        revisions.push(Revision { revision: number, change: now.change, person: now.person });
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
) -> Result<Option<std::collections::BTreeMap<String, Change>>, StoreError> {
    let sql =
        concat!("SELECT ", columns!(), " FROM person WHERE personal_number = ?1 AND replaced_by IS NULL");
    let Some(known) = whole(session, sql, number)? else { return Ok(None) };
    let record = items(&known.person)?;
    Ok(Some(
        record
            .into_iter()
            .map(|(item, _)| {
                let change = known.provenance.of(&item).unwrap_or(&known.change).clone();
                (item, change)
            })
            .collect(),
    ))
}

fn items(person: &Person) -> Result<serde_json::Map<String, serde_json::Value>, StoreError> {
    match serde_json::to_value(person) {
        Ok(serde_json::Value::Object(mut items)) => {
            // No item: it says that some cannot be seen.
            items.remove("sealed");
            Ok(items)
        }
        _ => Err(StoreError::Inconsistent("a record")),
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
    let record = json(&sealed::without(&known.person))?;
    let own = person.number.as_str();
    let before =
        Value::Int(i64::try_from(known.revision).map_err(|_| StoreError::Inconsistent("a revision"))?);
    session.execute(
        "INSERT INTO person_history (personal_number, revision, source, recorded_at, record, sensitive) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &[
            own.into(),
            before,
            (&known.change.source).into(),
            known.change.at.to_string().into(),
            record.into(),
            was.into(),
        ],
    )?;
    let (old, new) = (items(&known.person)?, items(person)?);
    let provenance = known.provenance.after(&known.change, &old, &new);
    let provenance = (!provenance.is_empty()).then(|| json(&provenance)).transpose()?;
    let values = values(person, sensitive, known.revision + 1, change, provenance)?;
    session.execute(UPDATE, &values)?;
    Ok(Put::Changed)
}

const UPDATE: &str = "UPDATE person SET full_name = ?2, birth_date = ?3, sex = ?4, place_of_birth = ?5, \
    birth_registration_place = ?6, place_of_origin = ?7, ethnic_group = ?8, nationality = ?9, old_number = ?10, \
    permanent_address = ?11, permanent_ward = ?12, permanent_province = ?13, permanent_since = ?14, \
    temporary_address = ?15, temporary_ward = ?16, temporary_province = ?17, temporary_since = ?18, \
    current_address = ?19, current_ward = ?20, current_province = ?21, current_since = ?22, absent_from = ?23, \
    absent_until = ?24, residence_file = ?25, marital_status = ?26, relation_to_head = ?27, life = ?28, \
    life_date = ?29, identification_marks = ?30, cancelled_number = ?31, lists = ?32, sensitive = ?33, \
    revision = ?34, source = ?35, recorded_at = ?36, provenance = ?37, name_key = ?38 WHERE personal_number = ?1";

/// A row as a person.
fn read(row: &dyn Row, keys: &SealKeys) -> Result<Person, StoreError> {
    let birth_date = parse_birth_date(&row.needed(2)?).ok_or_else(damaged("a birth date"))?;
    let sex = parse_sex(&row.needed(3)?).ok_or_else(damaged("a sex"))?;
    let day = |column| row.text(column)?.as_deref().map(date).transpose();
    let residence = |from: usize| -> Result<Option<Residence>, StoreError> {
        let Some(address) = row.text(from)? else { return Ok(None) };
        let (ward_code, province_code) = (row.text(from + 1)?, row.text(from + 2)?);
        Ok(Some(Residence { address, ward_code, province_code, since: day(from + 3)? }))
    };
    let lists: Option<ListsRead> = parsed(row.text(31)?, "the lists of a person")?;
    let mut person = Person::new(number(&row.needed(0)?)?, "", birth_date, sex);
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
    person.marital_status = row.text(25)?.as_deref().and_then(MaritalStatus::parse);
    person.relation_to_head = row.text(26)?;
    person.life = Life::from_parts(&row.needed(27)?, day(28)?).ok_or_else(damaged("a state of life"))?;
    person.identification_marks = row.text(29)?;
    person.cancelled_number = row.text(30)?.as_deref().map(number).transpose()?;
    if let Some(lists) = lists {
        person.other_names = lists.other_names.unwrap_or_default();
        (person.father, person.mother, person.spouse) = (lists.father, lists.mother, lists.spouse);
        person.children = lists.children;
        person.representatives = lists.representatives;
        person.represented = lists.represented;
        person.household = lists.household.unwrap_or_default();
    }
    if let Some(text) = row.text(SENSITIVE)? {
        sealed::open(keys, &mut person, &text)?;
    }
    Ok(person)
}

fn parsed<T: for<'d> Deserialize<'d>>(
    text: Option<String>,
    what: &'static str,
) -> Result<Option<T>, StoreError> {
    text.map(|text| serde_json::from_str(&text).map_err(|_| StoreError::Inconsistent(what))).transpose()
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
