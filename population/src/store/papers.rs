//! Entries of paper books in the register: two typings compared, a third one decides where they differ, and links to those of
//! the register whom an entry names.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::cases::open_facts;
use super::engine::{Apart, Row, Session};
use super::persons::{self, number, timestamp};
use super::sql::SqlStore;
use super::{Change, StoreError, damaged};
use crate::civil_status::paper::{
    Difference, PaperEntry, PaperId, PaperPerson, Role, death_unknown, is_the_one,
};
use crate::name::same_user;
use crate::person::Person;
use crate::quality::conflict::{Conflict, Origin, Standing};

/// How many records of one birth date or name are looked at.
const CANDIDATES: u32 = 500;

/// How far an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaperState {
    /// By one person.
    Typed,
    /// By two, who read it differently.
    Differs,
    /// Two read the same, or a third one has decided.
    Agreed,
}

crate::person::words!(PaperState, Typed = "typed", Differs = "differs", Agreed = "agreed");

/// An entry as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    /// Which.
    pub id: PaperId,
    /// How far.
    pub state: PaperState,
    /// The first typing, and whose.
    pub one: (PaperEntry, String),
    /// The second.
    pub two: Option<(PaperEntry, String)>,
    /// What holds.
    pub agreed: Option<PaperEntry>,
    /// Who decided, if two had read it differently.
    pub decided_by: Option<String>,
}

impl Paper {
    /// Where the two typings differ.
    #[must_use]
    pub fn differences(&self) -> Vec<Difference> {
        self.two.as_ref().map(|(two, _)| self.one.0.differences(two)).unwrap_or_default()
    }
}

/// Somebody of an entry in the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperLink {
    /// What they are in the entry.
    pub role: Role,
    /// Who.
    pub number: PersonalNumber,
    /// Who linked them.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// What became of a typing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// The first one; another person types it once more.
    First,
    /// Said before; nothing was done.
    Again,
    /// The two read it differently: a third person reads the book.
    Differs(Vec<Difference>),
    /// It holds now; those of the register whom it names, and roles in which somebody may be meant.
    Agreed {
        /// Linked now.
        links: Vec<(Role, PersonalNumber)>,
        /// Whom an officer may link, by role.
        perhaps: Vec<(Role, PersonalNumber)>,
    },
    /// It holds already, otherwise.
    Closed(Vec<Difference>),
}

impl SqlStore {
    /// Takes a typing of an entry (checked before) by somebody.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn type_paper(
        &mut self,
        entry: &PaperEntry,
        by: &str,
        change: &Change,
        today: Date,
    ) -> Result<Typed, StoreError> {
        self.write(Apart::Rows, |session| typed(session, entry, by, change, today))
    }

    /// An entry and its links.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn paper(&self, id: &PaperId) -> Result<Option<(Paper, Vec<PaperLink>)>, StoreError> {
        self.read(|session| {
            let Some(paper) = load(session, id, "")? else { return Ok(None) };
            Ok(Some((paper, links(session, id)?)))
        })
    }

    /// Entries in one state or in all, of one office or of all, by name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn papers(
        &self,
        state: Option<PaperState>,
        office: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Paper>, StoreError> {
        self.read(|session| {
            let mut found = Vec::new();
            session.query(
                concat!(
                    "SELECT ",
                    "paper, state, one, one_by, two, two_by, agreed, decided_by",
                    " FROM paper_claim WHERE (?1 = '' OR state = ?1) AND (?2 = '' OR office = ?2) \
                     ORDER BY typed_at, paper LIMIT ?3"
                ),
                &[state.map_or("", PaperState::as_str).into(), office.unwrap_or("").into(), limit.into()],
                &mut |row| {
                    found.push(read(row)?);
                    Ok(())
                },
            )?;
            Ok(found)
        })
    }

    /// Says that somebody of an entry that holds is this person. Again is harmless.
    ///
    /// # Errors
    /// [`StoreError::UnknownPaper`], [`StoreError::UnknownPerson`].
    pub fn link_paper(
        &mut self,
        id: &PaperId,
        (role, number): (Role, &PersonalNumber),
        (by, reason): (&str, &str),
        change: &Change,
    ) -> Result<(), StoreError> {
        self.write(Apart::Rows, |session| {
            let entry = load(session, id, "")?.and_then(|paper| paper.agreed);
            let entry = entry.ok_or(StoreError::UnknownPaper)?;
            let person = entry.of(role).ok_or(StoreError::UnknownPaper)?;
            let record = persons::locked(session, number)?.ok_or(StoreError::UnknownPerson)?;
            link(session, id, (person, &record), (by, reason), change)
        })
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Engine(Box::new(error)))
}

fn read(row: &dyn Row) -> Result<Paper, StoreError> {
    let entry = |text: String| -> Result<PaperEntry, StoreError> {
        serde_json::from_str(&text).map_err(|_| StoreError::Inconsistent("an entry of a paper book"))
    };
    let two = match (row.text(4)?, row.text(5)?) {
        (Some(two), Some(by)) => Some((entry(two)?, by)),
        _ => None,
    };
    Ok(Paper {
        id: row.needed(0)?.parse().map_err(|_| damaged("the name of a paper entry")())?,
        state: PaperState::parse(&row.needed(1)?).ok_or_else(damaged("the state of a paper entry"))?,
        one: (entry(row.needed(2)?)?, row.needed(3)?),
        two,
        agreed: row.text(6)?.map(entry).transpose()?,
        decided_by: row.text(7)?,
    })
}

fn load(session: &mut dyn Session, id: &PaperId, lock: &str) -> Result<Option<Paper>, StoreError> {
    let mut found = None;
    let sql = format!(
        "SELECT paper, state, one, one_by, two, two_by, agreed, decided_by FROM paper_claim WHERE paper = ?1{lock}"
    );
    session.query(&sql, &[id.as_str().into()], &mut |row| {
        found = Some(read(row)?);
        Ok(())
    })?;
    Ok(found)
}

fn links(session: &mut dyn Session, id: &PaperId) -> Result<Vec<PaperLink>, StoreError> {
    let mut links = Vec::new();
    session.query(
        "SELECT role, personal_number, linked_by, reason, linked_at FROM paper_person WHERE paper = ?1 \
         ORDER BY role, personal_number",
        &[id.as_str().into()],
        &mut |row| {
            links.push(PaperLink {
                role: Role::parse(&row.needed(0)?).ok_or_else(damaged("a role"))?,
                number: number(&row.needed(1)?)?,
                by: row.needed(2)?,
                reason: row.needed(3)?,
                at: timestamp(&row.needed(4)?)?,
            });
            Ok(())
        },
    )?;
    Ok(links)
}

fn typed(
    session: &mut dyn Session,
    entry: &PaperEntry,
    by: &str,
    change: &Change,
    today: Date,
) -> Result<Typed, StoreError> {
    let (id, at) = (entry.id(), change.at.to_string());
    let text = json(entry)?;
    let new = session.execute(
        "INSERT INTO paper_claim (paper, state, office, one, one_by, typed_at, changed_at) \
         VALUES (?1, 'typed', ?2, ?3, ?4, ?5, ?5) ON CONFLICT (paper) DO NOTHING",
        &[id.as_str().into(), (&entry.office).into(), (&text).into(), by.into(), (&at).into()],
    )?;
    if new == 1 {
        return Ok(Typed::First);
    }
    let known = load(session, &id, " FOR UPDATE")?.ok_or(StoreError::Busy)?;
    if let Some(agreed) = &known.agreed {
        let differences = agreed.differences(entry);
        return Ok(if differences.is_empty() { Typed::Again } else { Typed::Closed(differences) });
    }
    let (one, one_by) = &known.one;
    let (one, two, decided) = match &known.two {
        None if same_user(one_by, by) => {
            if one == entry {
                return Ok(Typed::Again);
            }
            // Nobody has typed it a second time yet: the first corrects itself.
            (entry.clone(), None, None)
        }
        None => (one.clone(), Some((entry.clone(), by)), None),
        Some((two, two_by)) if same_user(two_by, by) => {
            if two == entry {
                return Ok(Typed::Again);
            }
            (one.clone(), Some((entry.clone(), by)), None)
        }
        Some((two, two_by)) if same_user(one_by, by) => {
            if one == entry {
                return Ok(Typed::Again);
            }
            (entry.clone(), Some((two.clone(), two_by.as_str())), None)
        }
        // Who is neither has read the book and decides.
        Some((two, two_by)) => (one.clone(), Some((two.clone(), two_by.as_str())), Some(entry.clone())),
    };
    let differences = two.as_ref().map(|(two, _)| one.differences(two));
    let agreed = match (&decided, &differences) {
        (Some(decided), _) => Some(decided),
        (None, Some(differences)) if differences.is_empty() => Some(&one),
        _ => None,
    };
    let state = match (&agreed, &two) {
        (Some(_), _) => PaperState::Agreed,
        (None, Some(_)) => PaperState::Differs,
        (None, None) => PaperState::Typed,
    };
    session.execute(
        "UPDATE paper_claim SET state = ?2, one = ?3, two = ?4, two_by = ?5, agreed = ?6, decided_by = ?7, \
         changed_at = ?8 WHERE paper = ?1",
        &[
            id.as_str().into(),
            state.as_str().into(),
            json(&one)?.into(),
            two.as_ref().map(|(two, _)| json(two)).transpose()?.into(),
            two.as_ref().map(|(_, by)| *by).into(),
            agreed.map(json).transpose()?.into(),
            decided.as_ref().map(|_| by).into(),
            (&at).into(),
        ],
    )?;
    match (agreed, differences) {
        (Some(agreed), _) => found(session, &id, agreed, change, today),
        (None, Some(differences)) => Ok(Typed::Differs(differences)),
        (None, None) => Ok(Typed::First),
    }
}

/// Looks everybody of an entry up in the register.
fn found(
    session: &mut dyn Session,
    id: &PaperId,
    entry: &PaperEntry,
    change: &Change,
    _today: Date,
) -> Result<Typed, StoreError> {
    let (mut links, mut perhaps) = (Vec::new(), Vec::new());
    for person in &entry.people {
        let records = match &person.number {
            Some(number) => persons::load(session, number)?.into_iter().collect(),
            None => persons::named_and_born(session, &person.name, person.born.as_deref(), CANDIDATES)?,
        };
        let (mut sure, mut may_be) = (Vec::new(), Vec::new());
        for record in records {
            match is_the_one(entry, person, &record) {
                Some(true) => sure.push(record),
                Some(false) => may_be.push(record),
                None => {}
            }
        }
        match sure.as_slice() {
            [record] => {
                link(session, id, (person, record), ("register", "name and birth agree"), change)?;
                links.push((person.role, record.number.clone()));
            }
            _ => perhaps.extend(sure.into_iter().chain(may_be).map(|record| (person.role, record.number))),
        }
    }
    Ok(Typed::Agreed { links, perhaps })
}

/// A death that the book knows and the register does not is the person's case.
fn link(
    session: &mut dyn Session,
    id: &PaperId,
    (person, record): (&PaperPerson, &Person),
    (by, reason): (&str, &str),
    change: &Change,
) -> Result<(), StoreError> {
    let new = session.execute(
        "INSERT INTO paper_person (personal_number, paper, role, linked_by, reason, linked_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (personal_number, paper, role) DO NOTHING",
        &[
            record.number.as_str().into(),
            id.as_str().into(),
            person.role.as_str().into(),
            by.into(),
            reason.into(),
            change.at.to_string().into(),
        ],
    )?;
    let Some(died) = death_unknown(person, record).filter(|_| new == 1) else { return Ok(()) };
    let Some((_, origins)) = persons::known_with_origins(session, &record.number)? else { return Ok(()) };
    let book = Origin {
        source: format!("paper:{id}"),
        standing: Standing::Act,
        at: change.at,
        by: change.source.clone(),
    };
    let claims = vec![origins.of("life").claim(&json!("alive")), book.claim(&json!({"dead": died}))];
    let conflict = Conflict { number: record.number.clone(), item: "life".to_owned(), claims };
    open_facts(session, record, vec![conflict], change).map(drop)
}
