//! People found by what is known of them, in the register's own tables: blocks that were made from the whole register, and
//! the keys of whoever came or changed since, written with the person.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;

use super::engine::{Apart, Asked, Row, SIXTEEN, Session, Table, Type, Value, sixteens};
use super::sql::SqlStore;
use super::{StoreError, persons};
use crate::person::Person;
use crate::search::blocks::{self, Sorter};
use crate::search::{
    CandidateIndex, Handle, Hit, Postings, Query, SearchKey, SearchRecord, alike_keys, birth_keys, search,
};

/// A load of more people than this waits for the next index.
pub(super) const BY_KEYS: usize = 100;

/// People read at once for an index.
const PAGE: u32 = 5_000;

/// Statements asked together.
const TOGETHER: usize = 256;

/// Which keys an index holds that this program makes: since 2 those of births.
const FORM: u32 = 2;

/// How often a question is asked again because the index was made anew meanwhile.
const TRIES: u32 = 3;

const BLOCKS: Table<'static> = Table {
    name: "search_block_claim",
    columns: "generation, block, content",
    types: &[Type::Int, Type::Int, Type::Octets],
};

/// How far the index knows the register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexState {
    /// People who were in it when it was made.
    pub people: u64,
    /// Persons loaded since, who are not found until it is made again.
    pub waiting: u64,
}

/// People found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Persons of whom the index does not know yet: one of them may be who is sought.
    pub waiting: u64,
}

/// Which blocks count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Head {
    generation: u32,
    bits: u32,
    people: u64,
    form: u32,
}

const HEAD: &str = "SELECT generation, bits, people, form FROM search_index_claim WHERE name = 'people'";

const BLOCK: &str = "SELECT content FROM search_block_claim WHERE generation = ?1 AND block = ?2";

const SINCE: &str = "SELECT personal_number FROM search_key WHERE search_key = ?1 LIMIT ?2";

fn read_head(row: &dyn Row) -> Result<Head, StoreError> {
    let small = |column| {
        u32::try_from(row.count(column)?).map_err(|_| StoreError::Inconsistent("the index of people"))
    };
    Ok(Head { generation: small(0)?, bits: small(1)?, people: row.count(2)?, form: small(3)? })
}

fn head(session: &mut dyn Session) -> Result<Option<Head>, StoreError> {
    let mut head = None;
    session.query(HEAD, &[], &mut |row| {
        head = Some(read_head(row)?);
        Ok(())
    })?;
    Ok(head)
}

fn waiting(session: &mut dyn Session) -> Result<Vec<(String, u64)>, StoreError> {
    let mut waiting = Vec::new();
    session.query("SELECT personal_number, people FROM search_waiting", &[], &mut |row| {
        waiting.push((row.needed(0)?, row.count(1)?));
        Ok(())
    })?;
    Ok(waiting)
}

/// Many persons who are all new.
pub(super) fn loaded(session: &mut dyn Session, people: &[&Person]) -> Result<(), StoreError> {
    if people.len() <= BY_KEYS {
        return people.iter().try_for_each(|person| changed(session, None, person, 1));
    }
    let Some(first) = people.iter().map(|person| &person.number).min() else { return Ok(()) };
    let count = i64::try_from(people.len()).map_err(|_| StoreError::Inconsistent("a count"))?;
    session.later(
        "INSERT INTO search_waiting (personal_number, people) VALUES (?1, ?2)",
        vec![first.as_str().into(), Value::Int(count)],
    )
}

/// A person as from now on: found by what is new, too. What no longer holds stays in the index, and ranking sees it.
pub(super) fn changed(
    session: &mut dyn Session,
    before: Option<&Person>,
    person: &Person,
    revision: u64,
) -> Result<(), StoreError> {
    let known: BTreeSet<SearchKey> = match before {
        Some(before) if same_keys(before, person) => return Ok(()),
        Some(before) => keys_of(before).collect(),
        None => BTreeSet::new(),
    };
    let new: Vec<SearchKey> = keys_of(person).filter(|key| !known.contains(key)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let revision = i64::try_from(revision).map_err(|_| StoreError::Inconsistent("a revision"))?;
    for key in new {
        session.later(
            "INSERT INTO search_key (personal_number, revision, search_key) VALUES (?1, ?2, ?3)",
            vec![person.number.as_str().into(), Value::Int(revision), Value::Int(key.to_i64())],
        )?;
    }
    Ok(())
}

/// All keys under which a person stands.
fn keys_of(person: &Person) -> impl Iterator<Item = SearchKey> {
    SearchRecord::of(person).keys().into_iter().chain(birth_keys(person))
}

/// Whether nothing that keys are made of differs.
fn same_keys(before: &Person, after: &Person) -> bool {
    SearchRecord::of(before) == SearchRecord::of(after)
        && [(&before.father, &after.father), (&before.mother, &after.mother)].into_iter().all(
            |(one, other)| {
                one.as_ref().and_then(|parent| parent.number.as_ref())
                    == other.as_ref().and_then(|parent| parent.number.as_ref())
            },
        )
}

const ONE_WAITS: &str = "SELECT people FROM search_waiting LIMIT 1";

/// Whether every person stands in the index under all keys of this program.
pub(super) fn knows_everybody(session: &mut dyn Session) -> Result<bool, StoreError> {
    let (mut index, mut complete) = (None, true);
    session.ask(&[(HEAD, Vec::new()), (ONE_WAITS, Vec::new())], &mut |place, row| {
        match place {
            0 => index = Some(read_head(row)?),
            _ => complete = false,
        }
        Ok(())
    })?;
    Ok(complete && index.is_some_and(|head| head.form >= FORM))
}

const BORN_SINCE: &str = "SELECT search_key, personal_number FROM search_key WHERE search_key IN \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) LIMIT ?17";

const BORN_BLOCKS: &str = "SELECT block, content FROM search_block_claim WHERE block IN \
    (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) AND generation = ?17";

/// Who may be each of these newborns, by the keys of births. `None`: the index does not know everybody, or was made anew
/// meanwhile, or more than `limit` stand under the keys of one of them.
pub(super) fn born_alike_among(
    session: &mut dyn Session,
    newborns: &[&Person],
    limit: u32,
) -> Result<Option<Vec<BTreeSet<PersonalNumber>>>, StoreError> {
    let keys: Vec<Vec<SearchKey>> = newborns.iter().map(|newborn| alike_keys(newborn)).collect();
    let all: Vec<SearchKey> = keys.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let padded = |values: &[i64], last: Value<'static>| -> Vec<Vec<Value<'static>>> {
        let mut each = sixteens(values.iter().map(|value| Value::Int(*value)));
        each.iter_mut().for_each(|values| values.push(last.clone()));
        each
    };
    let texts: Vec<i64> = all.iter().map(|key| key.to_i64()).collect();
    let mut asked: Vec<Asked<'_>> = vec![(HEAD, Vec::new()), (ONE_WAITS, Vec::new())];
    // Sixteen keys are asked for at once; how many stand under each is counted below.
    let together = limit.saturating_mul(u32::try_from(SIXTEEN).unwrap_or(u32::MAX));
    asked.extend(
        padded(&texts, together.saturating_add(1).into()).into_iter().map(|values| (BORN_SINCE, values)),
    );
    let mut under: HashMap<i64, BTreeSet<PersonalNumber>> = HashMap::new();
    let (mut index, mut complete) = (None, true);
    let mut rows = vec![0_u32; asked.len()];
    session.ask(&asked, &mut |place, row| {
        match place {
            0 => index = Some(read_head(row)?),
            1 => complete = false,
            _ => {
                if let Some(rows) = rows.get_mut(place) {
                    *rows += 1;
                }
                let key = row.int(0)?.ok_or(StoreError::Inconsistent("a key"))?;
                under.entry(key).or_default().insert(persons::number(row.needed_str(1)?)?);
            }
        }
        Ok(())
    })?;
    let whole = complete && rows.iter().all(|rows| *rows <= together);
    let Some(head) = index.filter(|head| head.form >= FORM && whole) else { return Ok(None) };
    let mut of_block: HashMap<i64, Vec<SearchKey>> = HashMap::new();
    for key in &all {
        of_block.entry(blocks::block_of(*key, head.bits)).or_default().push(*key);
    }
    let mut named: Vec<i64> = of_block.keys().copied().collect();
    named.sort_unstable();
    let mut asked: Vec<Asked<'_>> =
        padded(&named, head.generation.into()).into_iter().map(|values| (BORN_BLOCKS, values)).collect();
    asked.push((HEAD, Vec::new()));
    let (last, most) = (asked.len() - 1, usize::try_from(limit).unwrap_or(usize::MAX));
    let mut same = false;
    session.ask(&asked, &mut |place, row| {
        if place == last {
            same = read_head(row)? == head;
            return Ok(());
        }
        let damaged = || StoreError::Inconsistent("a block of the index");
        let block = row.int(0)?.ok_or_else(damaged)?;
        let content = row.bytes(1)?.ok_or_else(damaged)?;
        for key in of_block.get(&block).into_iter().flatten() {
            let postings = blocks::find(&content, *key, most).ok_or_else(damaged)?;
            complete = complete && !postings.more;
            for handle in postings.handles {
                under.entry(key.to_i64()).or_default().insert(persons::number(&format!("{:012}", handle.0))?);
            }
        }
        Ok(())
    })?;
    let found: Vec<BTreeSet<PersonalNumber>> = keys
        .iter()
        .map(|keys| keys.iter().filter_map(|key| under.get(&key.to_i64())).flatten().cloned().collect())
        .collect();
    Ok((same && complete && found.iter().all(|found| found.len() <= most)).then_some(found))
}

/// The index as tables.
struct Stored<'s> {
    session: RefCell<&'s mut dyn Session>,
    head: Option<Head>,
}

impl CandidateIndex for Stored<'_> {
    type Error = StoreError;

    fn postings(&self, keys: &[SearchKey], limit: usize) -> Result<Vec<Postings>, StoreError> {
        let mut found: Vec<Postings> = keys.iter().map(|_| Postings::default()).collect();
        let mut asked: Vec<Asked<'_>> = Vec::with_capacity(keys.len() * 2);
        let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        for key in keys {
            // The same statement for each, so that their answers come in turn.
            let (generation, bits) = self.head.map_or((0, 8), |head| (head.generation, head.bits));
            asked.push((BLOCK, vec![generation.into(), Value::Int(blocks::block_of(*key, bits))]));
            asked.push((SINCE, vec![Value::Int(key.to_i64()), Value::Int(most)]));
        }
        self.session.borrow_mut().ask(&asked, &mut |place, row| {
            let (Some(key), Some(postings)) = (keys.get(place / 2), found.get_mut(place / 2)) else {
                return Ok(());
            };
            if place % 2 == 0 {
                let block = row.bytes(0)?.ok_or(StoreError::Inconsistent("a block of the index"))?;
                *postings = blocks::find(&block, *key, limit)
                    .ok_or(StoreError::Inconsistent("a block of the index"))?;
            } else if postings.handles.len() < limit {
                let handle = handle(&persons::number(row.needed_str(0)?)?);
                if !postings.handles.contains(&handle) {
                    postings.handles.push(handle);
                }
            } else {
                postings.more = true;
            }
            Ok(())
        })?;
        Ok(found)
    }

    fn records(&self, handles: &[Handle]) -> Result<Vec<(Handle, SearchRecord)>, StoreError> {
        let mut records: HashMap<Handle, SearchRecord> = HashMap::with_capacity(handles.len());
        for part in handles.chunks(TOGETHER) {
            let asked: Vec<Asked<'_>> = part
                .iter()
                .map(|handle| (persons::PERSON, vec![Value::from(format!("{:012}", handle.0))]))
                .collect();
            let keys = self.session.borrow().seal().share();
            self.session.borrow_mut().ask(&asked, &mut |_, row| {
                let person = persons::read(row, &keys)?;
                records.insert(handle(&person.number), SearchRecord::of(&person));
                Ok(())
            })?;
        }
        Ok(handles.iter().filter_map(|handle| Some((*handle, records.remove(handle)?))).collect())
    }
}

fn handle(number: &PersonalNumber) -> Handle {
    Handle(number.as_str().parse().unwrap_or_default())
}

fn file(error: std::io::Error) -> StoreError {
    StoreError::Engine(Box::new(error))
}

/// An error of the files or of the store.
struct Failed(StoreError);

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self(file(error))
    }
}

impl SqlStore {
    /// The people who fit a question best, best first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find(&self, query: &Query, limit: usize) -> Result<Found, StoreError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let done = self.read(|session| {
                let before = head(session)?;
                let waiting = waiting(session)?.iter().map(|(_, people)| people).sum();
                let index = Stored { session: RefCell::new(session), head: before };
                let hits = search(&index, query, limit)?;
                let after = head(*index.session.borrow_mut())?;
                Ok((before == after).then_some(Found { hits, waiting }))
            })?;
            match done {
                Some(found) => return Ok(found),
                None if tries == TRIES => return Err(StoreError::Busy),
                None => {}
            }
        }
    }

    /// How far the index knows the register.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn index_state(&self) -> Result<IndexState, StoreError> {
        self.read(|session| {
            let people = head(session)?.unwrap_or_default().people;
            Ok(IndexState { people, waiting: waiting(session)?.iter().map(|(_, people)| people).sum() })
        })
    }

    /// Makes the index anew from the whole register, beside the one in use, and puts it in its place. Others read and write
    /// meanwhile: what they change stands under its keys and stays there. `heard` is told how many people were read.
    ///
    /// # Errors
    /// [`StoreError`]; then the index is the one before.
    pub fn make_index(
        &mut self,
        at: Timestamp,
        heard: &mut dyn FnMut(u64),
    ) -> Result<IndexState, StoreError> {
        let (old, before, loads) = self.read(|session| {
            let old = head(session)?.unwrap_or_default();
            // What a run that was broken off has left.
            session
                .execute("DELETE FROM search_block_claim WHERE generation <> ?1", &[old.generation.into()])?;
            let mut before: Vec<(String, i64)> = Vec::new();
            session.query(
                "SELECT personal_number, max(revision) FROM search_key GROUP BY personal_number",
                &[],
                &mut |row| {
                    before.push((row.needed(0)?, row.int(1)?.unwrap_or_default()));
                    Ok(())
                },
            )?;
            Ok((old, before, waiting(session)?))
        })?;
        let mut sorter = Sorter::new().map_err(file)?;
        let (mut people, mut last) = (0_u64, None);
        loop {
            let page = self.read(|session| persons::after(session, last.as_ref(), PAGE))?;
            for person in &page {
                let handle = handle(&person.number);
                for key in keys_of(person) {
                    sorter.add(key, handle).map_err(file)?;
                }
            }
            people += u64::try_from(page.len()).unwrap_or(0);
            heard(people);
            match page.into_iter().next_back() {
                Some(person) => last = Some(person.number),
                None => break,
            }
        }
        let bits = blocks::bits_for(people);
        let generation = old.generation + 1;
        let mut count = 0_u64;
        let put = sorter.blocks(bits, &mut |part| {
            let loaded = self.write(Apart::Rows, |session| {
                session.load(
                    &BLOCKS,
                    &mut part.iter().map(|(block, content)| {
                        Ok(vec![
                            generation.into(),
                            Value::Int(*block),
                            Value::Bytes(content.as_slice().into()),
                        ])
                    }),
                )
            });
            match loaded {
                Ok(true) => {
                    count += u64::try_from(part.len()).unwrap_or(0);
                    Ok(())
                }
                // Another process makes one too.
                Ok(false) => Err(Failed(StoreError::Busy)),
                Err(error) => Err(Failed(error)),
            }
        });
        put.map_err(|failed| failed.0)?;
        let people = Value::Int(i64::try_from(people).map_err(|_| StoreError::Inconsistent("a count"))?);
        self.write(Apart::Rows, |session| {
            // Another process made one meanwhile, or took these blocks for the rest of a broken run.
            let mut there = 0;
            session.query(
                "SELECT count(*) FROM search_block_claim WHERE generation = ?1",
                &[generation.into()],
                &mut |row| {
                    there = row.count(0)?;
                    Ok(())
                },
            )?;
            if there != count || head(session)?.unwrap_or_default() != old {
                return Err(StoreError::Busy);
            }
            session.execute(
                "INSERT INTO search_index_claim (name, generation, bits, people, made_at, form) \
                 VALUES ('people', ?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET \
                 generation = excluded.generation, bits = excluded.bits, people = excluded.people, \
                 made_at = excluded.made_at, form = excluded.form",
                &[generation.into(), bits.into(), people.clone(), at.to_string().into(), FORM.into()],
            )?;
            for (number, revision) in &before {
                session.later(
                    "DELETE FROM search_key WHERE personal_number = ?1 AND revision <= ?2",
                    vec![number.into(), Value::Int(*revision)],
                )?;
            }
            for (number, _) in &loads {
                session
                    .later("DELETE FROM search_waiting WHERE personal_number = ?1", vec![number.into()])?;
            }
            Ok(())
        })?;
        self.write(Apart::Rows, |session| {
            session
                .execute("DELETE FROM search_block_claim WHERE generation <> ?1", &[generation.into()])
                .map(drop)
        })?;
        self.index_state()
    }
}
