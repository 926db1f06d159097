//! Entries of old paper books, from before the register: people who never had a number, dates of which only the year is
//! known, dead of long ago. Typed twice by two people and compared; what they agree on is linked to the register where it is found.
//! Nothing of a paper entry changes a record by itself.

use core::fmt;
use core::str::FromStr;
use std::collections::{BTreeMap, BTreeSet};

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::name::{agree, clean, comparison_key};
use crate::person::{Life, MAX_TEXT, Person, birth_date_text, parse_birth_date};

/// Books of the colonial administration are the oldest that offices keep.
pub const OLDEST: i16 = 1850;

/// Which of the three books.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaperKind {
    /// Sổ đăng ký khai sinh.
    Birth,
    /// Sổ đăng ký khai tử.
    Death,
    /// Sổ đăng ký kết hôn.
    Marriage,
}

crate::person::words!(PaperKind, Birth = "birth", Death = "death", Marriage = "marriage");

/// What somebody is in an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Con.
    Child,
    /// Cha.
    Father,
    /// Mẹ.
    Mother,
    /// Người chết.
    Dead,
    /// Chồng.
    Husband,
    /// Vợ.
    Wife,
}

crate::person::words!(
    Role,
    Child = "child",
    Father = "father",
    Mother = "mother",
    Dead = "dead",
    Husband = "husband",
    Wife = "wife",
);

/// Somebody as the book writes them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperPerson {
    /// What they are in the entry.
    pub role: Role,
    /// Họ và tên.
    pub name: String,
    /// Giới tính.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// `yyyy`, `yyyy-mm` or `yyyy-mm-dd`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub born: Option<String>,
    /// Likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub died: Option<String>,
    /// Quê quán, nơi sinh, nơi ở: what the book says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Dân tộc.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ethnic_group: Option<String>,
    /// The personal number, if somebody wrote it beside the entry later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<PersonalNumber>,
}

/// An entry of a book.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperEntry {
    /// The office that keeps the book now: code of its ward.
    pub office: String,
    /// Which book.
    pub kind: PaperKind,
    /// Quyển số: as it stands on the book's back.
    pub book: String,
    /// Of the book.
    pub year: i16,
    /// Trang.
    pub page: u32,
    /// Số.
    pub number: u32,
    /// The day, month or year of registration, if it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered: Option<String>,
    /// Whom it names.
    pub people: Vec<PaperPerson>,
    /// Ghi chú: what was written beside it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The name of an entry: `P` and 16 hexadecimal digits of a digest of office, book, year and number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PaperId(String);

/// Text that names no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an entry of a paper book is named P and 16 hexadecimal digits")]
pub struct NotAPaperId;

impl PaperId {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PaperId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PaperId {
    type Err = NotAPaperId;

    fn from_str(text: &str) -> Result<Self, NotAPaperId> {
        let digits = text.strip_prefix('P').ok_or(NotAPaperId)?;
        let hex = |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
        if digits.len() == 16 && digits.bytes().all(hex) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAPaperId)
        }
    }
}

/// Why an entry cannot be as it was typed. Codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PaperFlaw {
    /// No ward's code.
    #[error("the office is not five digits")]
    Office,
    /// Empty, or longer than any text.
    #[error("{0} is empty or too long")]
    Text(&'static str),
    /// Not a year, a month or a day; or one that cannot be.
    #[error("{0} is not a year, a month or a day that can be")]
    Date(&'static str),
    /// Page or number 0.
    #[error("page and number count from 1")]
    Place,
    /// The people are not those of this book.
    #[error("the people of the entry are not those of its book")]
    People,
}

impl PaperFlaw {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Text(_) => "text",
            Self::Date(_) => "date",
            Self::Place => "place",
            Self::People => "people",
        }
    }
}

/// What two typings say of one field.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `page`, `child.name`.
    pub field: String,
    /// The first typing; empty if it says nothing.
    pub first: String,
    /// The second.
    pub second: String,
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Difference").field("field", &self.field).finish_non_exhaustive()
    }
}

impl PaperEntry {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> PaperId {
        let mut hash = Sha256::new().chain_update(b"cccd-paper-v1\0");
        let (year, number) = (self.year.to_string(), self.number.to_string());
        let book = comparison_key(&self.book);
        for part in [self.office.as_str(), self.kind.as_str(), &book, &year, &number] {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            hash = hash.chain_update(length.to_be_bytes()).chain_update(part);
        }
        PaperId(format!("P{}", hex::encode(hash.finalize().get(..8).unwrap_or_default())))
    }

    /// The entry with its texts in order, if it can be.
    ///
    /// # Errors
    /// [`PaperFlaw`].
    pub fn checked(mut self, today: Date) -> Result<Self, PaperFlaw> {
        if self.office.len() != 5 || !self.office.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(PaperFlaw::Office);
        }
        if self.page == 0 || self.number == 0 {
            return Err(PaperFlaw::Place);
        }
        if !(OLDEST..=today.year()).contains(&self.year) {
            return Err(PaperFlaw::Date("year"));
        }
        text(&mut self.book, "book")?;
        option(&mut self.note, "note")?;
        let until = span(&self.registered, "registered", today)?.map_or(today, |(_, last)| last);
        let mut roles = BTreeSet::new();
        for person in &mut self.people {
            if !roles.insert(person.role) {
                return Err(PaperFlaw::People);
            }
            text(&mut person.name, "name")?;
            option(&mut person.place, "place")?;
            option(&mut person.ethnic_group, "ethnic_group")?;
            let born = span(&person.born, "born", today)?;
            let died = span(&person.died, "died", today)?;
            if born.is_some_and(|(first, _)| first > until) {
                return Err(PaperFlaw::Date("born"));
            }
            if let (Some((born, _)), Some((_, died))) = (born, died)
                && died < born
            {
                return Err(PaperFlaw::Date("died"));
            }
        }
        let (needed, more): (&[Role], &[Role]) = match self.kind {
            PaperKind::Birth => (&[Role::Child], &[Role::Father, Role::Mother]),
            PaperKind::Death => (&[Role::Dead], &[]),
            PaperKind::Marriage => (&[Role::Husband, Role::Wife], &[]),
        };
        let fits = roles.iter().all(|role| needed.contains(role) || more.contains(role));
        if !fits || !needed.iter().all(|role| roles.contains(role)) {
            return Err(PaperFlaw::People);
        }
        self.people.sort_by_key(|person| person.role);
        Ok(self)
    }

    /// Every field that says something, by its name.
    fn fields(&self) -> BTreeMap<String, String> {
        let mut fields = BTreeMap::new();
        let mut add = |name: String, value: Option<&str>| {
            if let Some(value) = value {
                fields.insert(name, value.to_owned());
            }
        };
        add("book".to_owned(), Some(&self.book));
        add("page".to_owned(), Some(&self.page.to_string()));
        add("registered".to_owned(), self.registered.as_deref());
        add("note".to_owned(), self.note.as_deref());
        for person in &self.people {
            let name = |field: &str| format!("{}.{field}", person.role.as_str());
            add(name("name"), Some(&person.name));
            add(name("sex"), person.sex.map(crate::person::sex_word));
            add(name("born"), person.born.as_deref());
            add(name("died"), person.died.as_deref());
            add(name("place"), person.place.as_deref());
            add(name("ethnic_group"), person.ethnic_group.as_deref());
            add(name("number"), person.number.as_ref().map(PersonalNumber::as_str));
        }
        fields
    }

    /// Where another typing of the same entry says something else, letter by letter.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let (mine, theirs) = (self.fields(), other.fields());
        let names: BTreeSet<&String> = mine.keys().chain(theirs.keys()).collect();
        let said =
            |fields: &BTreeMap<String, String>, name: &String| fields.get(name).cloned().unwrap_or_default();
        names
            .into_iter()
            .filter(|name| mine.get(*name) != theirs.get(*name))
            .map(|name| Difference {
                field: name.clone(),
                first: said(&mine, name),
                second: said(&theirs, name),
            })
            .collect()
    }

    /// Somebody of the entry.
    #[must_use]
    pub fn of(&self, role: Role) -> Option<&PaperPerson> {
        self.people.iter().find(|person| person.role == role)
    }
}

/// Whether a record of the register is the one whom the book names: `Some(true)` if enough agrees to say so, `Some(false)` if
/// an officer must, `None` if not.
#[must_use]
pub fn is_the_one(entry: &PaperEntry, person: &PaperPerson, record: &Person) -> Option<bool> {
    let names = core::iter::once(&record.full_name).chain(&record.other_names);
    if !names.into_iter().any(|name| agree(name, &person.name)) {
        return None;
    }
    if person.sex.is_some_and(|sex| sex != record.sex && record.sex != Sex::Unspecified) {
        return None;
    }
    let born = birth_date_text(record.birth_date);
    let written = person.born.as_deref()?;
    // What one of them leaves open does not gainsay the other.
    if !born.starts_with(written) && !written.starts_with(&born) {
        return None;
    }
    if person.number.as_ref() == Some(&record.number) {
        return Some(true);
    }
    // A number written beside the entry is another's.
    if person.number.is_some() {
        return None;
    }
    let parent = |role, known: &Option<crate::person::Relative>| {
        entry.of(role).zip(known.as_ref()).map(|(written, known)| agree(&written.name, &known.name))
    };
    let parents = match person.role {
        Role::Child => [parent(Role::Father, &record.father), parent(Role::Mother, &record.mother)],
        _ => [None, None],
    };
    if parents.contains(&Some(false)) {
        return None;
    }
    let whole_day = written.len() == 10 && born == written;
    Some(
        whole_day && (person.role != Role::Child || parents.contains(&Some(true)) || record.father.is_none()),
    )
}

/// The day of death that the book says and the register does not know, if the book says a day.
#[must_use]
pub fn death_unknown(person: &PaperPerson, record: &Person) -> Option<Date> {
    let died: Date = person.died.as_deref().filter(|text| text.len() == 10)?.parse().ok()?;
    (person.role == Role::Dead && record.life == Life::Alive).then_some(died)
}

fn text(text: &mut String, name: &'static str) -> Result<(), PaperFlaw> {
    *text = clean(text);
    if text.is_empty() || text.chars().count() > MAX_TEXT { Err(PaperFlaw::Text(name)) } else { Ok(()) }
}

fn option(value: &mut Option<String>, name: &'static str) -> Result<(), PaperFlaw> {
    if let Some(value) = value {
        text(value, name)?;
    }
    Ok(())
}

/// The first and the last day that a date can mean.
fn span(date: &Option<String>, name: &'static str, today: Date) -> Result<Option<(Date, Date)>, PaperFlaw> {
    let Some(date) = date else { return Ok(None) };
    let parsed = parse_birth_date(date).filter(|parsed| birth_date_text(*parsed) == *date);
    let parsed = parsed.filter(|parsed| parsed.year() >= OLDEST && parsed.earliest() <= today);
    let parsed = parsed.ok_or(PaperFlaw::Date(name))?;
    let first = parsed.earliest();
    let last = match parsed {
        BirthDate::Day(day) => day,
        _ if date.len() == 7 => first.last_of_month(),
        _ => first.last_of_year(),
    };
    Ok(Some((first, last)))
}

impl fmt::Debug for PaperEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaperEntry").field("kind", &self.kind).field("id", &self.id()).finish_non_exhaustive()
    }
}

impl fmt::Debug for PaperPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PaperPerson").field("role", &self.role).finish_non_exhaustive()
    }
}
