//! What the register asks of a database: statements with values, transactions, rows loaded many at once. Two engines
//! answer, and the SQL above them is written once, in the subset that both and Citus accept.

pub(super) mod postgres;
pub(super) mod sqlite;

use std::borrow::Cow;

use super::StoreError;

/// A value of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value<'v> {
    Null,
    Text(Cow<'v, str>),
    Int(i64),
    Bytes(Cow<'v, [u8]>),
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

/// One row of an answer; columns count from 0.
pub(super) trait Row {
    fn text(&self, column: usize) -> Result<Option<String>, StoreError>;
    fn int(&self, column: usize) -> Result<Option<i64>, StoreError>;
    fn bytes(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError>;

    /// A text that the tables promise.
    fn needed(&self, column: usize) -> Result<String, StoreError> {
        self.text(column)?.ok_or(StoreError::Inconsistent("a text that must be there"))
    }

    /// A number that the tables promise, from 0.
    fn count(&self, column: usize) -> Result<u64, StoreError> {
        let number = self.int(column)?.and_then(|number| u64::try_from(number).ok());
        number.ok_or(StoreError::Inconsistent("a count that must be there"))
    }
}

/// What is done with each row.
pub(super) type Each<'f> = dyn FnMut(&dyn Row) -> Result<(), StoreError> + 'f;

/// Statements. Parameters are written `?1`; `FOR UPDATE` at the end locks the row where the engine has row locks.
pub(super) trait Session {
    /// Answers how many rows were changed.
    fn execute(&mut self, sql: &str, values: &[Value<'_>]) -> Result<u64, StoreError>;

    fn query(&mut self, sql: &str, values: &[Value<'_>], each: &mut Each<'_>) -> Result<(), StoreError>;

    /// Loads rows that are all new, whole or not at all. `false`: at least one is there already, or this engine has no
    /// faster way; then nothing was written.
    fn load(&mut self, table: &Table<'_>, rows: &[Vec<Value<'_>>]) -> Result<bool, StoreError>;

    /// Several statements without values.
    fn script(&mut self, sql: &str) -> Result<(), StoreError>;
}

/// Where rows are loaded.
pub(super) struct Table<'t> {
    pub(super) name: &'t str,
    pub(super) columns: &'t str,
    /// The type of each column.
    pub(super) types: &'t [Type],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Int,
    Octets,
}

/// How strictly a transaction is kept apart from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Apart {
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

    /// Brings the tables to this program's version.
    fn migrate(&mut self, at: jiff::Timestamp) -> Result<(), StoreError>;

    /// Whether the tables are of this program's version.
    fn check(&mut self) -> Result<(), StoreError>;

    /// How one asks for the names of the tables, and for name and type of each column of the table `?1`.
    fn catalogue(&self) -> (&'static str, &'static str);

    /// Keeps others from writing to a table until the transaction ends.
    fn hold(&mut self, table: &str) -> Result<(), StoreError>;

    /// What only this engine can say about its own soundness.
    fn check_integrity(&mut self) -> Result<(), StoreError>;
}
