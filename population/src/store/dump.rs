//! All rows of all tables as lines of JSON, in one snapshot, and back.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::engine::{Apart, Engine, Row, Table, Type, Value, refused_row};
use super::{StoreError, schema};
use crate::backup::BackupError;

/// The form of the lines.
const FORMAT: u32 = 1;

/// Rows that are written at once.
const BATCH: usize = 1_000;

/// Tables that others refer to, in the order in which they are filled; the others follow.
pub(super) const FIRST: [&str; 2] = ["person", "card"];

/// Count and digest of one table of a register or of its backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableDigest {
    /// Its name.
    pub table: String,
    /// How many rows.
    pub rows: u64,
    /// The sum of the SHA-256 of its rows, whatever their order.
    pub digest: String,
}

/// Whose tables, and of which version.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// As a backup names it; the register's own has no name.
    pub(super) of: Option<&'static str>,
    /// The table that says the version, which is not in a backup.
    pub(super) versions_in: &'static str,
    /// The version.
    pub(super) version: u32,
}

/// The register's.
pub(super) const REGISTER: Form = Form { of: None, versions_in: "migration", version: schema::VERSION };

/// Lines of a backup that are no rows.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "line")]
enum Mark {
    Backup {
        format: u32,
        version: u32,
        at: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<String>,
    },
    Table {
        table: String,
        columns: Vec<String>,
    },
    Rows(TableDigest),
    End {
        tables: usize,
        rows: u64,
        sha256: String,
    },
}

/// A value in a row: text, number, nothing, or octets as `{"x": hex}`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Cell {
    Null(()),
    Int(i64),
    Text(String),
    Octets { x: String },
}

impl Cell {
    fn of(row: &dyn Row, column: usize, kind: Type) -> Result<Self, StoreError> {
        let cell = match kind {
            Type::Text => row.text(column)?.map(Self::Text),
            Type::Int => row.int(column)?.map(Self::Int),
            Type::Octets => row.bytes(column)?.map(|octets| Self::Octets { x: hex::encode(octets) }),
        };
        Ok(cell.unwrap_or(Self::Null(())))
    }

    /// The value, if it is of its column's type.
    fn value(self, kind: Type) -> Option<Value<'static>> {
        match (self, kind) {
            (Self::Null(()), _) => Some(Value::Null),
            (Self::Int(number), Type::Int) => Some(Value::Int(number)),
            (Self::Text(text), Type::Text) => Some(Value::Text(text.into())),
            (Self::Octets { x }, Type::Octets) => {
                hex::decode(x).ok().map(|octets| Value::Bytes(octets.into()))
            }
            _ => None,
        }
    }
}

/// A table as it lies in the database.
struct Shape {
    name: String,
    columns: Vec<String>,
    types: Vec<Type>,
}

impl Shape {
    fn list(&self) -> String {
        self.columns.join(", ")
    }
}

/// Sums the rows' digests in four lanes of 64 bits, so that the order of the rows does not matter.
#[derive(Default)]
struct Sum {
    rows: u64,
    lanes: [u64; 4],
}

impl Sum {
    fn add(&mut self, row: &str) {
        let digest: [u8; 32] = Sha256::digest(row).into();
        for (lane, part) in self.lanes.iter_mut().zip(digest.as_chunks().0) {
            *lane = lane.wrapping_add(u64::from_be_bytes(*part));
        }
        self.rows += 1;
    }

    fn of(self, table: &str) -> TableDigest {
        let digest = self.lanes.map(|lane| format!("{lane:016x}")).concat();
        TableDigest { table: table.to_owned(), rows: self.rows, digest }
    }
}

fn text(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Engine(Box::new(error)))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
}

/// The tables that there are, with their columns in the order of names.
fn shapes(engine: &mut dyn Engine, form: Form) -> Result<Vec<Shape>, StoreError> {
    let (tables, columns) = engine.catalogue();
    let mut names: Vec<String> = Vec::new();
    engine.query(tables, &[], &mut |row| {
        names.push(row.needed(0)?);
        Ok(())
    })?;
    names.retain(|name| name != form.versions_in && is_name(name));
    names.sort_by_key(|name| {
        (FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()), name.clone())
    });
    let mut shapes = Vec::with_capacity(names.len());
    for name in names {
        let mut found = Vec::new();
        engine.query(columns, &[(&name).into()], &mut |row| {
            let kind = match row.needed(1)?.as_str() {
                "text" => Type::Text,
                "integer" | "bigint" => Type::Int,
                "blob" | "bytea" => Type::Octets,
                _ => return Err(StoreError::Inconsistent("a column of another type")),
            };
            found.push((row.needed(0)?, kind));
            Ok(())
        })?;
        if !found.iter().all(|(name, _)| is_name(name)) {
            return Err(StoreError::Inconsistent("a column's name"));
        }
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        let (columns, types) = found.into_iter().unzip();
        shapes.push(Shape { name, columns, types });
    }
    Ok(shapes)
}

fn rows(
    engine: &mut dyn Engine,
    shape: &Shape,
    each: &mut dyn FnMut(&str) -> Result<(), BackupError>,
) -> Result<TableDigest, BackupError> {
    let sql = format!("SELECT {} FROM {}", shape.list(), shape.name);
    let (mut sum, mut failed) = (Sum::default(), None);
    let read = engine.query(&sql, &[], &mut |row| {
        let cells: Result<Vec<Cell>, StoreError> =
            shape.types.iter().enumerate().map(|(column, kind)| Cell::of(row, column, *kind)).collect();
        let line = text(&cells?)?;
        sum.add(&line);
        each(&line).map_err(|error| {
            failed = Some(error);
            StoreError::Inconsistent("a backup's output")
        })
    });
    match (failed, read) {
        (Some(error), _) => Err(error),
        (None, read) => {
            read?;
            Ok(sum.of(&shape.name))
        }
    }
}

/// Every table as lines, in one snapshot: what others write meanwhile is not in it.
pub(super) fn snapshot(
    engine: &mut dyn Engine,
    form: Form,
    at: jiff::Timestamp,
    write: &mut dyn FnMut(&str) -> Result<(), BackupError>,
) -> Result<Vec<TableDigest>, BackupError> {
    engine.begin(Apart::Snapshot)?;
    let done = dump(engine, form, at, write);
    engine.rollback();
    done
}

/// Count and digest of every table, in one snapshot.
pub(super) fn snapshot_digests(engine: &mut dyn Engine, form: Form) -> Result<Vec<TableDigest>, StoreError> {
    engine.begin(Apart::Snapshot)?;
    let done = digests(engine, form);
    engine.rollback();
    done
}

/// Fills empty tables from lines, in one transaction.
pub(super) fn filled(
    engine: &mut dyn Engine,
    form: Form,
    next: &mut dyn FnMut() -> Result<Option<String>, BackupError>,
) -> Result<Vec<TableDigest>, BackupError> {
    engine.begin(Apart::Rows)?;
    let done = undump(engine, form, next).and_then(|done| {
        engine.commit()?;
        Ok(done)
    });
    if done.is_err() {
        engine.rollback();
    }
    done
}

/// Every table, in the transaction that is open.
fn dump(
    engine: &mut dyn Engine,
    form: Form,
    at: jiff::Timestamp,
    write: &mut dyn FnMut(&str) -> Result<(), BackupError>,
) -> Result<Vec<TableDigest>, BackupError> {
    let mut all = Sha256::new();
    let mut write_on = |line: &str| {
        all.update(line);
        all.update(b"\n");
        write(line)
    };
    let of = form.of.map(str::to_owned);
    let begin = Mark::Backup { format: FORMAT, version: form.version, at: at.to_string(), of };
    write_on(&text(&begin)?)?;
    let mut done = Vec::new();
    for shape in shapes(engine, form)? {
        write_on(&text(&Mark::Table { table: shape.name.clone(), columns: shape.columns.clone() })?)?;
        let digest = rows(engine, &shape, &mut write_on)?;
        write_on(&text(&Mark::Rows(digest.clone()))?)?;
        done.push(digest);
    }
    let count = done.iter().map(|table| table.rows).sum();
    let sha256 = hex::encode(all.finalize());
    write(&text(&Mark::End { tables: done.len(), rows: count, sha256 })?)?;
    Ok(done)
}

/// The digests of every table, in the transaction that is open.
fn digests(engine: &mut dyn Engine, form: Form) -> Result<Vec<TableDigest>, StoreError> {
    let mut done = Vec::new();
    for shape in shapes(engine, form)? {
        done.push(rows(engine, &shape, &mut |_| Ok(())).map_err(|error| match error {
            BackupError::Store(error) => error,
            _ => StoreError::Inconsistent("the digest of a table"),
        })?);
    }
    Ok(done)
}

/// The lines of a backup, and what was read of them.
struct Lines<'l> {
    next: &'l mut dyn FnMut() -> Result<Option<String>, BackupError>,
    all: Sha256,
    rows: u64,
}

impl Lines<'_> {
    fn damaged(&self, what: &'static str) -> BackupError {
        BackupError::Damaged { rows: self.rows, what }
    }

    fn line(&mut self) -> Result<String, BackupError> {
        (self.next)()?.ok_or(BackupError::CutOff { rows: self.rows })
    }

    /// A line that is no row, and its place in the digest of all.
    fn mark(&mut self) -> Result<Mark, BackupError> {
        let line = self.line()?;
        self.parsed(&line)
    }

    fn parsed(&mut self, line: &str) -> Result<Mark, BackupError> {
        let mark = serde_json::from_str(line).map_err(|_| self.damaged("a line of no known form"))?;
        if !matches!(mark, Mark::End { .. }) {
            self.all.update(line);
            self.all.update(b"\n");
        }
        Ok(mark)
    }

    fn load(
        &self,
        engine: &mut dyn Engine,
        shape: &Shape,
        batch: &[Vec<Value<'_>>],
    ) -> Result<(), BackupError> {
        load(engine, shape, batch).map_err(|error| {
            if refused_row(&error) { self.damaged("a row that the tables refuse") } else { error.into() }
        })
    }

    /// The rows of one table, into it.
    fn fill(&mut self, engine: &mut dyn Engine, shape: &Shape) -> Result<TableDigest, BackupError> {
        match self.mark()? {
            Mark::Table { table, columns } if table == shape.name && columns == shape.columns => {}
            _ => return Err(self.damaged("a table that is not the next")),
        }
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let line = self.line()?;
            if !line.starts_with('[') {
                self.load(engine, shape, &batch)?;
                return match self.parsed(&line)? {
                    Mark::Rows(digest) if digest.table == shape.name => Ok(digest),
                    _ => Err(self.damaged("a table without its count")),
                };
            }
            self.all.update(&line);
            self.all.update(b"\n");
            let cells: Vec<Cell> =
                serde_json::from_str(&line).map_err(|_| self.damaged("a row of no known form"))?;
            if cells.len() != shape.types.len() {
                return Err(self.damaged("a row of another width"));
            }
            let values = cells.into_iter().zip(&shape.types).map(|(cell, kind)| cell.value(*kind));
            batch.push(values.collect::<Option<Vec<_>>>().ok_or(self.damaged("a value of another type"))?);
            self.rows += 1;
            if batch.len() == BATCH {
                self.load(engine, shape, &batch)?;
                batch.clear();
            }
        }
    }
}

fn load(engine: &mut dyn Engine, shape: &Shape, batch: &[Vec<Value<'_>>]) -> Result<(), StoreError> {
    let table = Table { name: &shape.name, columns: &shape.list(), types: &shape.types };
    let mut rows = batch.iter().map(|row| Ok(row.clone()));
    if batch.is_empty() || engine.load(&table, &mut rows)? {
        return Ok(());
    }
    let places: Vec<String> = (1..=shape.columns.len()).map(|place| format!("?{place}")).collect();
    let sql = format!("INSERT INTO {} ({}) VALUES ({})", shape.name, shape.list(), places.join(", "));
    for row in batch {
        engine.execute(&sql, row)?;
    }
    Ok(())
}

/// Fills empty tables, in the transaction that is open, and reads them again: what lies there is what was written.
fn undump(
    engine: &mut dyn Engine,
    form: Form,
    next: &mut dyn FnMut() -> Result<Option<String>, BackupError>,
) -> Result<Vec<TableDigest>, BackupError> {
    let mut lines = Lines { next, all: Sha256::new(), rows: 0 };
    match lines.mark()? {
        Mark::Backup { format: FORMAT, of, .. } if of.as_deref() != form.of => {
            return Err(BackupError::NoBackup(
                "it is of another database: the register's or the identity database's",
            ));
        }
        Mark::Backup { format: FORMAT, version, .. } if version == form.version => {}
        Mark::Backup { format: FORMAT, version: found, .. } => {
            return Err(BackupError::Version { found, known: form.version });
        }
        _ => return Err(BackupError::NoBackup("it is of a form that this program does not know")),
    }
    let shapes = shapes(engine, form)?;
    for shape in &shapes {
        engine.hold(&shape.name)?;
        let mut filled = false;
        engine.query(&format!("SELECT 1 FROM {} LIMIT 1", shape.name), &[], &mut |_| {
            filled = true;
            Ok(())
        })?;
        if filled {
            return Err(BackupError::NotEmpty(shape.name.clone()));
        }
    }
    let mut promised = Vec::with_capacity(shapes.len());
    for shape in &shapes {
        promised.push(lines.fill(engine, shape)?);
    }
    let count: u64 = promised.iter().map(|table| table.rows).sum();
    match lines.mark()? {
        Mark::End { tables, rows, sha256 }
            if tables == promised.len()
                && rows == count
                && rows == lines.rows
                && sha256 == hex::encode(lines.all.clone().finalize()) => {}
        _ => return Err(lines.damaged("its end is not that of what was read")),
    }
    if (lines.next)()?.is_some() {
        return Err(lines.damaged("there is more after its end"));
    }
    if form.of.is_none() {
        engine.check_owners()?;
    }
    let there = digests(engine, form)?;
    if there == promised { Ok(there) } else { Err(lines.damaged("a table is not as it was")) }
}
