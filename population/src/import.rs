//! Reading persons from CSV and JSON: streaming, in batches of one transaction each. A bad row goes to the reject
//! report with its number and reason, the others go on. Doing it again changes nothing; after a crash the next run of
//! the same file goes on at its row.

mod csv_rows;
mod json_rows;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{BufRead, Write};
use std::sync::mpsc;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use serde::Serialize;

use crate::keepers::Keeper;
use crate::person::{Flaw, Person};
use crate::store::{Change, FileProgress, Put, Store, StoreError};
use crate::text_encoding::{Encoding, Undecided};

pub use crate::qcvn::rows::QcvnRows;
pub use csv_rows::{COLUMNS, CsvRows};
pub use json_rows::{JsonRows, MAX_ELEMENT};

/// Persons in one transaction, some 400 MB where a file has as many. At ten million a page of an index is changed for few of them: the
/// more go together, the less is written.
pub const BATCH: usize = 200_000;

/// Persons in the first transaction of a file, if not fewer go together at all; each next one is twice as large up to the whole
/// [`BATCH`]: the file is read on while they are written, and somebody who waits sees them come.
pub const FIRST: usize = 12_500;

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
    /// The number ended, and what follows it stands in the register.
    #[error("this number is cancelled")]
    Cancelled,
    /// The items are missing that lay sealed where the row was exported.
    #[error("the sensitive items were left out where this was exported: export it again with its keys")]
    Sealed,
    /// The person's details are another ministry's, and the row is not from it, or says more than the register keeps.
    #[error("another ministry keeps this person's details")]
    KeptElsewhere,
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
    reader: impl BufRead + Send + 'r,
    format: Format,
) -> Result<Box<dyn Iterator<Item = Result<Row, ImportError>> + Send + 'r>, ImportError> {
    Ok(match format {
        Format::Csv => Box::new(CsvRows::new(reader)?),
        Format::Json => Box::new(JsonRows::new(reader)),
        Format::Qcvn => Box::new(QcvnRows::new(reader)?),
    })
}

/// Imports rows in batches; `progress` hears the position in the file and the summary after each of them and says
/// whether to go on. The report gets one CSV line for each rejected row. One thread reads and checks, this one writes.
///
/// # Errors
/// [`ImportError`]. Batches committed before it stay.
pub fn import(
    store: &mut dyn Store,
    rows: impl Iterator<Item = Result<Row, ImportError>> + Send,
    change: &Change,
    today: Date,
    report: &mut dyn Write,
    progress: impl FnMut(u64, &Summary) -> bool,
) -> Result<Summary, ImportError> {
    let mut put = |batch: &mut Batch| Ok(store.put_persons(&batch.persons, change)?);
    run(&mut put, (rows, BATCH), Summary::default(), today, report, progress)
}

/// A file that is known by its [`digest`], and how many persons of it are one transaction.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// SHA-256 of its form and its octets.
    pub digest: [u8; 32],
    /// [`BATCH`] unless somebody wants to go on at a nearer row.
    pub batch: usize,
}

impl From<[u8; 32]> for Known {
    fn from(digest: [u8; 32]) -> Self {
        Self { digest, batch: BATCH }
    }
}

/// [`import`] of a file that is known by the SHA-256 of its form and its octets ([`digest`]). How far it got is kept with
/// the rows, in the same transaction: after a crash it goes on at the row where it stopped, and its summary counts both
/// runs. Rows before are read and judged again, for the report, and written no more.
///
/// # Errors
/// As there.
pub fn import_file(
    store: &mut dyn Store,
    file: impl Into<Known>,
    rows: impl Iterator<Item = Result<Row, ImportError>> + Send,
    change: &Change,
    today: Date,
    report: &mut dyn Write,
    progress: impl FnMut(u64, &Summary) -> bool,
) -> Result<Summary, ImportError> {
    let Known { digest: file, batch } = file.into();
    let known = store.file_progress(&file)?.filter(|known| !known.done);
    let begun = known.map(|known| known.summary).unwrap_or_default();
    let mut summary = begun;
    let mut put = |batch: &mut Batch| {
        // Rejected by the run before, and in the report of this one too.
        let numbers: Vec<&PersonalNumber> = batch.before.iter().map(|(_, number)| number).collect();
        let ended = store.ended_among(&numbers)?;
        let rows = batch.before.iter().filter(|(_, number)| ended.contains(number));
        batch.rejects.extend(rows.map(|(row, _)| (*row, RowError::Cancelled)));
        if Keeper::of_source(&change.source).is_none() {
            let kept = store.kept_elsewhere_among(&numbers)?;
            let rows = batch.before.iter().filter(|(_, number)| kept.contains_key(number));
            batch.rejects.extend(rows.map(|(row, _)| (*row, RowError::KeptElsewhere)));
        }
        if batch.rows <= begun.rows && !batch.last {
            return Ok(Vec::new());
        }
        summary.rows = batch.rows;
        summary.unchanged += batch.unchanged;
        summary.rejected += batch.rejected;
        summary.converted += batch.converted;
        let (put, after) = store.put_persons_of_file(
            &batch.persons,
            change,
            &FileProgress { digest: file, summary, done: batch.last },
        )?;
        summary = after.summary;
        Ok(put)
    };
    run(&mut put, (rows, batch), begun, today, report, progress)
}

/// What an import would do: everything is read, checked and taken in as [`import`] does, and taken back; nothing stays but
/// the report. A batch does not see those before it. Answers also how many cases it would open.
///
/// # Errors
/// As [`import`].
pub fn rehearse(
    store: &mut dyn Store,
    rows: impl Iterator<Item = Result<Row, ImportError>> + Send,
    change: &Change,
    today: Date,
    report: &mut dyn Write,
    progress: impl FnMut(u64, &Summary) -> bool,
) -> Result<(Summary, u64), ImportError> {
    let mut cases = 0;
    let mut put = |batch: &mut Batch| {
        let rehearsed = store.rehearse_persons(&batch.persons, change)?;
        cases += rehearsed.cases;
        Ok(rehearsed.puts)
    };
    let summary = run(&mut put, (rows, BATCH), Summary::default(), today, report, progress)?;
    Ok((summary, cases))
}

/// The name under which a file is known: SHA-256 over its form and its octets.
///
/// # Errors
/// [`ImportError::File`].
pub fn digest(reader: &mut dyn std::io::Read, format: Format) -> Result<[u8; 32], ImportError> {
    use sha2::{Digest, Sha256};
    let form: &[u8] = match format {
        Format::Csv => b"csv\n",
        Format::Json => b"json\n",
        Format::Qcvn => b"qcvn\n",
    };
    let mut hash = Sha256::new_with_prefix(form);
    let mut part = vec![0; 1 << 18];
    loop {
        match reader.read(&mut part) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(count) => hash.update(part.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FileFault::Read(error).into()),
        }
    }
}

/// Checked persons, and what else stood between them.
#[derive(Default)]
struct Batch {
    persons: Vec<Person>,
    /// The row of each of them.
    numbers: Vec<u64>,
    /// Rows that the run before took, and their numbers.
    before: Vec<(u64, PersonalNumber)>,
    rejects: Vec<(u64, RowError)>,
    /// Rows of the file up to the end of this batch.
    rows: u64,
    /// Repeats within the file, and rejected rows, that the summary does not count yet.
    unchanged: u64,
    rejected: u64,
    /// Rows that were converted from another encoding.
    converted: u64,
    position: u64,
    /// Rows that it took.
    length: usize,
    last: bool,
}

impl Batch {
    fn is_full(&self, most: usize) -> bool {
        self.persons.len() >= most || self.length >= most.saturating_mul(8)
    }
}

/// How many batches wait to be written.
const AHEAD: usize = 1;

type Putting<'p> = dyn FnMut(&mut Batch) -> Result<Vec<Put>, ImportError> + 'p;

fn run(
    put: &mut Putting<'_>,
    (rows, batch): (impl Iterator<Item = Result<Row, ImportError>> + Send, usize),
    begun: Summary,
    today: Date,
    report: &mut dyn Write,
    mut progress: impl FnMut(u64, &Summary) -> bool,
) -> Result<Summary, ImportError> {
    let mut summary = begun;
    let mut report = Report { out: report, begun: false };
    let (sender, batches) = mpsc::sync_channel::<Result<Batch, ImportError>>(AHEAD);
    std::thread::scope(|scope| {
        scope.spawn(move || read((rows, batch), begun.rows, today, &sender));
        // Leaving drops the receiver, which ends the reader.
        for batch in batches {
            let mut batch = batch?;
            for (place, put) in put(&mut batch)?.into_iter().enumerate() {
                match put {
                    Put::Added => summary.added += 1,
                    Put::Changed => summary.changed += 1,
                    Put::Unchanged => summary.unchanged += 1,
                    Put::Cancelled | Put::KeptElsewhere => {
                        summary.rejected += 1;
                        let row = batch.numbers.get(place).copied().unwrap_or(batch.rows);
                        let why = match put {
                            Put::Cancelled => RowError::Cancelled,
                            _ => RowError::KeptElsewhere,
                        };
                        batch.rejects.push((row, why));
                    }
                }
            }
            batch.rejects.sort_unstable_by_key(|(row, _)| *row);
            for (row, error) in &batch.rejects {
                report.line(*row, error)?;
            }
            summary.rows = summary.rows.max(batch.rows);
            summary.unchanged += batch.unchanged;
            summary.rejected += batch.rejected;
            summary.converted += batch.converted;
            if !progress(if batch.last { u64::MAX } else { batch.position }, &summary) {
                return Ok(summary);
            }
        }
        report.out.flush().map_err(ImportError::Report)?;
        Ok(summary)
    })
}

/// Reads, checks and batches; rows up to `done` count no more, but what stood in them is remembered.
fn read(
    (rows, most): (impl Iterator<Item = Result<Row, ImportError>>, usize),
    done: u64,
    today: Date,
    sender: &mpsc::SyncSender<Result<Batch, ImportError>>,
) {
    let mut seen = Seen::default();
    let mut batch = Batch::default();
    let mut size = most.min(FIRST);
    for row in rows {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                // What is before it in an unfinished batch comes again with the next run.
                let _ = sender.send(Err(error));
                return;
            }
        };
        let new = row.number > done;
        batch.converted += u64::from(new && row.converted.is_some() && row.person.is_ok());
        let whole = |person: Box<Person>| if person.sealed { Err(RowError::Sealed) } else { Ok(person) };
        let checked = row.person.and_then(whole).and_then(|person| Ok(person.checked(today)?));
        match checked.and_then(|person| seen.admit(person)) {
            Ok(Some(person)) if new => {
                batch.persons.push(person);
                batch.numbers.push(row.number);
            }
            Ok(Some(person)) => batch.before.push((row.number, person.number)),
            Ok(None) => batch.unchanged += u64::from(new),
            Err(error) => {
                batch.rejected += u64::from(new);
                batch.rejects.push((row.number, error));
            }
        }
        (batch.rows, batch.position) = (row.number, row.position);
        batch.length += 1;
        // The end of what was done before is the end of a batch.
        if batch.is_full(size) || row.number == done {
            size = size.saturating_mul(2).min(most);
            let rows = batch.rows;
            if sender.send(Ok(core::mem::take(&mut batch))).is_err() {
                return;
            }
            batch.rows = rows;
        }
    }
    batch.last = true;
    let _ = sender.send(Ok(batch));
}

/// The same file must not say two things about one number: which came last would decide. Sixteen octets for each
/// person: some 3 GB at the size of a nation, 3 MB at 100,000.
#[derive(Default)]
struct Seen(HashMap<u64, u64>);

impl Seen {
    fn admit(&mut self, person: Person) -> Result<Option<Person>, RowError> {
        let number = person.number.as_str().parse().unwrap_or_default();
        let mut record = DefaultHasher::new();
        person.hash(&mut record);
        let record = record.finish();
        match self.0.entry(number) {
            Entry::Vacant(place) => {
                place.insert(record);
                Ok(Some(person))
            }
            Entry::Occupied(known) if *known.get() == record => Ok(None),
            Entry::Occupied(_) => Err(RowError::Twice),
        }
    }
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
