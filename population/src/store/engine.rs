//! What the register asks of a database: statements with values, transactions, rows loaded many at once. Two engines
//! answer, and the SQL above them is written once, in the subset that both and Citus accept.

pub(super) mod postgres;
pub(super) mod sqlite;

use std::borrow::Cow;

use super::StoreError;
use crate::seal::SealKeys;

/// A value of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'v> {
    /// NULL.
    Null,
    /// A text.
    Text(Cow<'v, str>),
    /// A number of 64 bits.
    Int(i64),
    /// Octets.
    Bytes(Cow<'v, [u8]>),
}

impl Value<'_> {
    /// The same value, held by itself.
    pub(super) fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Int(number) => Value::Int(number),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
        }
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'v> From<&'v [u8]> for Value<'v> {
    fn from(bytes: &'v [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl<'v, T: Into<Self>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// How many values a statement names that asks for several at once.
pub(super) const SIXTEEN: usize = 16;

/// Values in sixteens, one text for any count: the last stands for those that are missing.
pub(super) fn sixteens<'v>(values: impl IntoIterator<Item = Value<'v>>) -> Vec<Vec<Value<'v>>> {
    let values: Vec<Value<'v>> = values.into_iter().collect();
    let each = values
        .chunks(SIXTEEN)
        .map(|part| part.iter().chain(part.last().into_iter().cycle()).take(SIXTEEN).cloned().collect());
    each.collect()
}

/// One row of an answer; columns count from 0.
pub trait Row {
    /// A text as it lies in the answer, if there is one.
    ///
    /// # Errors
    /// [`StoreError`]: the column is of another type.
    fn str(&self, column: usize) -> Result<Option<&str>, StoreError>;

    /// A text, if there is one.
    ///
    /// # Errors
    /// As [`str`](Self::str).
    fn text(&self, column: usize) -> Result<Option<String>, StoreError>;

    /// A number, if there is one.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    fn int(&self, column: usize) -> Result<Option<i64>, StoreError>;

    /// Octets, if there are any.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    fn bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError>;

    /// A text that the tables promise.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] where there is none.
    fn needed(&self, column: usize) -> Result<String, StoreError> {
        self.text(column)?.ok_or(StoreError::Inconsistent("a text that must be there"))
    }

    /// A text that the tables promise, as it lies in the answer.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] where there is none.
    fn needed_str(&self, column: usize) -> Result<&str, StoreError> {
        self.str(column)?.ok_or(StoreError::Inconsistent("a text that must be there"))
    }

    /// A number that the tables promise, from 0.
    ///
    /// # Errors
    /// [`StoreError::Inconsistent`] where there is none.
    fn count(&self, column: usize) -> Result<u64, StoreError> {
        let number = self.int(column)?.and_then(|number| u64::try_from(number).ok());
        number.ok_or(StoreError::Inconsistent("a count that must be there"))
    }
}

/// What is done with each row.
pub type Each<'f> = dyn FnMut(&dyn Row) -> Result<(), StoreError> + 'f;

/// What is done with each row of several statements: which of them, counted from 0, and the row.
pub type EachOf<'f> = dyn FnMut(usize, &dyn Row) -> Result<(), StoreError> + 'f;

/// A statement and its values.
pub type Asked<'a> = (&'a str, Vec<Value<'a>>);

/// Statements. Parameters are written `?1`; `FOR UPDATE` at the end locks the rows where the engine has row locks.
pub trait Session {
    /// Answers how many rows were changed.
    ///
    /// # Errors
    /// [`StoreError`].
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError>;

    /// Every row of the answer, one after another.
    ///
    /// # Errors
    /// [`StoreError`], or what `each` answers.
    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut Each<'_>) -> Result<(), StoreError>;

    /// Several statements in their order, sent together where the engine is at the end of a line. Answers how many rows
    /// each changed.
    ///
    /// # Errors
    /// [`StoreError`], or what `each` answers.
    fn ask(&mut self, asked: &[Asked<'_>], each: &mut EachOf<'_>) -> Result<Vec<u64>, StoreError>;

    /// A statement whose answer nobody needs: done before the next one, or at the commit. What fails then fails the
    /// transaction.
    ///
    /// # Errors
    /// [`StoreError`].
    fn later(&mut self, sql: &str, values: Vec<Value<'_>>) -> Result<(), StoreError>;

    /// As [`later`](Self::later), of a statement that changes one row: where it finds none to change, somebody was quicker.
    ///
    /// # Errors
    /// [`StoreError::Busy`] then, here or later.
    fn replace(&mut self, sql: &str, values: Vec<Value<'_>>) -> Result<(), StoreError>;

    /// Loads rows that are all new, whole or not at all. `false`: at least one is there already; then nothing was written.
    ///
    /// # Errors
    /// [`StoreError`], or what a row answers.
    fn load<'v>(
        &mut self,
        table: &Table<'_>,
        rows: &mut dyn Iterator<Item = Result<Vec<Value<'v>>, StoreError>>,
    ) -> Result<bool, StoreError>;

    /// Whether one statement may lock rows of several persons: not where they lie on several machines.
    fn locks_several(&self) -> bool;

    /// The keys of sealed items.
    fn seal(&self) -> &SealKeys;

    /// Several statements without values.
    ///
    /// # Errors
    /// [`StoreError`].
    fn script(&mut self, sql: &str) -> Result<(), StoreError>;
}

/// Where rows are loaded.
#[derive(Debug)]
pub struct Table<'t> {
    /// The table.
    pub name: &'t str,
    /// Its columns, with commas between.
    pub columns: &'t str,
    /// The type of each column.
    pub types: &'t [Type],
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A text.
    Text,
    /// A number of 64 bits.
    Int,
    /// Octets.
    Octets,
}

/// How strictly a transaction is kept apart from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Apart {
    /// The rows that it locks.
    Rows,
    /// As if it were alone.
    Whole,
    /// It sees the moment of its first statement whatever others write meanwhile, and writes nothing itself.
    Snapshot,
}

/// Whether the engine refused a row for what is in it, and not because it failed.
pub(super) fn refused_row(error: &StoreError) -> bool {
    match error {
        StoreError::Engine(source) => {
            sqlite::is_constraint(source.as_ref()) || postgres::is_constraint(source.as_ref())
        }
        _ => false,
    }
}

/// A connection.
pub(super) trait Engine: Session + Send {
    fn name(&self) -> &'static str;

    fn begin(&mut self, apart: Apart) -> Result<(), StoreError>;
    fn commit(&mut self) -> Result<(), StoreError>;
    fn rollback(&mut self);

    /// SQL that is written for `SQLite` in words that others have too, in this engine's names of the types.
    fn dialect(&self, sql: &str) -> String;

    /// A query that answers a row if there is a table of this name.
    fn asks_for_table(&self) -> &'static str;

    /// Keeps other processes from bringing this table's tables to another version until the transaction ends.
    fn keep_migration(&mut self, table: &str) -> Result<(), StoreError>;

    /// A new line to a server after one was lost: the same server, or the one that took its place, waited for within
    /// limits. `false`: there is no line that could be lost.
    fn reconnect(&mut self) -> Result<bool, StoreError>;

    /// Brings the tables to this program's version.
    fn migrate(&mut self, at: jiff::Timestamp) -> Result<(), StoreError>;

    /// Whether the tables are of this program's version.
    fn check(&mut self) -> Result<(), StoreError>;

    /// How one asks for the names of the tables, and for name and type of each column of the table `?1`.
    fn catalogue(&self) -> (&'static str, &'static str);

    /// Keeps others from writing to a table until the transaction ends.
    fn hold(&mut self, table: &str) -> Result<(), StoreError>;

    /// That no row belongs to nobody, where the engine does not see to it by itself.
    fn check_owners(&mut self) -> Result<(), StoreError>;

    /// What only this engine can say about its own soundness.
    fn check_integrity(&mut self) -> Result<(), StoreError>;
}
