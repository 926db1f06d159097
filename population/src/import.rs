//! Reading persons from CSV and JSON: streaming, in batches of one transaction each. A bad row goes to the reject
//! report with its number and reason, the others go on. Doing it again changes nothing; after a crash the next run
//! finishes, because what is known already is left alone.

mod csv_rows;
mod json_rows;

use std::collections::HashSet;
use std::io::{BufRead, Write};

use jiff::civil::Date;
use serde::Serialize;

use crate::person::{Flaw, Person};
use crate::store::{Change, Put, Store, StoreError};
use crate::text_encoding::{Encoding, Undecided};

pub use crate::qcvn::rows::QcvnRows;
pub use csv_rows::{COLUMNS, CsvRows};
pub use json_rows::{JsonRows, MAX_ELEMENT};

/// Persons in one transaction.
pub const BATCH: usize = 2_000;

/// Form of a file of persons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One header line, one person a line; columns as [`COLUMNS`].
    Csv,
    /// An array of objects, or one object a line.
    Json,
    /// The XML message of QCVN 109:2017/BTTTT.
    Qcvn,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Rows seen.
    pub rows: u64,
    /// Persons that were not known.
    pub added: u64,
    /// Persons whose record differed.
    pub changed: u64,
    /// Persons whose record was known already.
    pub unchanged: u64,
    /// Rows in the reject report.
    pub rejected: u64,
    /// Rows that came in another encoding and were converted.
    pub converted: u64,
}

/// A row that is no person. Says where and why, never what stood there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The bytes are not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// A column's content is not of its form.
    #[error("{0} is not of its form")]
    Field(&'static str),
    /// The row has another count of columns than the header.
    #[error("the row has another number of columns than the header")]
    Columns,
    /// No JSON object of a person.
    #[error("{0}")]
    Json(String),
    /// No element of a person.
    #[error("{0}")]
    Xml(&'static str),
    /// The row is longer than any person's.
    #[error("the row is too long")]
    TooLong,
    /// The encoding of the row is not known, or not certain.
    #[error(transparent)]
    Undecided(#[from] Undecided),
    /// The record cannot be true.
    #[error(transparent)]
    Flaw(#[from] Flaw),
    /// The same number stood in the file before, with another record.
    #[error("the number stood in this file before, with another record")]
    Twice,
}

/// One row of a file: its number (from 1, the header of CSV not counted), the octets up to its end, and the person.
#[derive(Clone, Debug)]
pub struct Row {
    /// Counts from 1.
    pub number: u64,
    /// Octets of the file consumed so far.
    pub position: u64,
    /// The person, or why there is none.
    pub person: Result<Box<Person>, RowError>,
    /// The encoding from which it was converted, if it was.
    pub converted: Option<Encoding>,
}

/// What is wrong with a file as a whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// The file system refused.
    #[error("{0}")]
    Read(std::io::Error),
    /// A line is longer than any person's.
    #[error("a line is longer than 256 KiB (an unclosed quote?)")]
    LongLine,
    /// Not CSV in UTF-8.
    #[error("it is not CSV in UTF-8{}", .line.map(|line| format!(" at line {line}")).unwrap_or_default())]
    NotCsv {
        /// Counts from 1.
        line: Option<u64>,
    },
    /// Not a message of QCVN 109:2017.
    #[error("it is not a message of QCVN 109:2017: {0}")]
    NotQcvn(&'static str),
    /// A column of the header is not one of [`COLUMNS`].
    #[error("column {0} of the header is not known")]
    UnknownColumn(usize),
    /// A column stands twice in the header.
    #[error("the header has {0} twice")]
    ColumnTwice(&'static str),
    /// A column that must be there is missing.
    #[error("the header has no column {0}")]
    NoColumn(&'static str),
}

/// Why an import could not go on. What was committed stays; the next run continues.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be read as a whole.
    #[error("the file cannot be read: {0}")]
    File(#[from] FileFault),
    /// The report cannot be written.
    #[error("the reject report cannot be written")]
    Report(#[source] std::io::Error),
    /// The register refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Rows of a file in one of the forms.
///
/// # Errors
/// [`ImportError::File`] when the header of a CSV file is not ours.
pub fn rows<'r>(
    reader: impl BufRead + 'r,
    format: Format,
) -> Result<Box<dyn Iterator<Item = Result<Row, ImportError>> + 'r>, ImportError> {
    Ok(match format {
        Format::Csv => Box::new(CsvRows::new(reader)?),
        Format::Json => Box::new(JsonRows::new(reader)),
        Format::Qcvn => Box::new(QcvnRows::new(reader)?),
    })
}

/// Imports rows in batches; `progress` hears the position in the file and the summary after each of them and says
/// whether to go on. The report gets one CSV line for each rejected row.
///
/// # Errors
/// [`ImportError`]. Batches committed before it stay.
pub fn import(
    store: &mut dyn Store,
    rows: impl Iterator<Item = Result<Row, ImportError>>,
    change: &Change,
    today: Date,
    report: &mut dyn Write,
    mut progress: impl FnMut(u64, &Summary) -> bool,
) -> Result<Summary, ImportError> {
    let mut summary = Summary::default();
    let mut report = Report { out: report, begun: false };
    let mut batch = Vec::with_capacity(BATCH);
    let mut seen = Seen::default();
    for row in rows {
        let row = row?;
        summary.rows += 1;
        summary.converted += u64::from(row.converted.is_some() && row.person.is_ok());
        let checked = row.person.and_then(|person| Ok(person.checked(today)?));
        match checked.and_then(|person| seen.admit(person)) {
            Ok(Some(person)) => batch.push(person),
            Ok(None) => summary.unchanged += 1,
            Err(error) => {
                summary.rejected += 1;
                report.line(row.number, &error)?;
            }
        }
        if batch.len() >= BATCH {
            flush(store, &mut batch, change, &mut summary)?;
            if !progress(row.position, &summary) {
                return Ok(summary);
            }
        }
    }
    flush(store, &mut batch, change, &mut summary)?;
    progress(u64::MAX, &summary);
    report.out.flush().map_err(ImportError::Report)?;
    Ok(summary)
}

/// The same file must not say two things about one number: which came last would decide. Eight octets of a digest
/// for each number and record: 1.6 GB at the size of a nation, 3 MB at 100,000.
#[derive(Default)]
struct Seen {
    numbers: HashSet<u64>,
    records: HashSet<u64>,
}

impl Seen {
    fn admit(&mut self, person: Person) -> Result<Option<Person>, RowError> {
        let number = person.number.as_str().parse().unwrap_or_default();
        let record = short_digest(&person)?;
        if self.numbers.insert(number) {
            self.records.insert(record);
            return Ok(Some(person));
        }
        if self.records.contains(&record) { Ok(None) } else { Err(RowError::Twice) }
    }
}

fn short_digest(person: &Person) -> Result<u64, RowError> {
    use sha2::{Digest, Sha256};
    let record = serde_json::to_vec(person).map_err(|_| RowError::Json("not a record".to_owned()))?;
    let digest = Sha256::digest(record);
    Ok(digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
}

fn flush(
    store: &mut dyn Store,
    batch: &mut Vec<Person>,
    change: &Change,
    summary: &mut Summary,
) -> Result<(), ImportError> {
    for put in store.put_persons(batch, change)? {
        match put {
            Put::Added => summary.added += 1,
            Put::Changed => summary.changed += 1,
            Put::Unchanged => summary.unchanged += 1,
        }
    }
    batch.clear();
    Ok(())
}

struct Report<'w> {
    out: &'w mut dyn Write,
    begun: bool,
}

impl Report<'_> {
    fn line(&mut self, row: u64, error: &RowError) -> Result<(), ImportError> {
        if !self.begun {
            self.begun = true;
            writeln!(self.out, "row,reason").map_err(ImportError::Report)?;
        }
        let reason = error.to_string().replace('"', "\"\"");
        writeln!(self.out, "{row},\"{reason}\"").map_err(ImportError::Report)
    }
}
