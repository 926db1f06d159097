//! The rows of a batch: applications in a folder, or in a file with one a line. Only digests stay in memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_issuer::application::{Application, ApplicationError, BYTE_ORDER_MARK, MAX_FILE_BYTES};
use cccd_issuer::ledger::Entry;
use cccd_issuer::queue::Source;

use super::super::capture::Opener;
use super::super::failure::Failure;
use super::is_application;

/// The most rows of a batch.
const MAX_ROWS: usize = 1_000_000;

/// One application.
#[derive(Debug)]
pub(crate) struct Row {
    /// The name of its file, or the file and its line.
    pub(crate) name: String,
    pub(crate) number: PersonalNumber,
    pub(crate) content_sha256: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    File(PathBuf),
    Line { from: u64, length: usize },
}

/// What lies among them and is no application: it is named and passed over.
#[derive(Debug)]
pub(crate) struct BadRow {
    /// The name of its file, or the file and its line.
    pub(crate) name: String,
    pub(crate) code: &'static str,
    pub(crate) why: String,
}

/// All of them, in their order.
#[derive(Debug)]
pub(crate) struct Rows {
    base: PathBuf,
    rows: Vec<Row>,
    bad: Vec<BadRow>,
    equal: Vec<(String, String)>,
    by_content: HashMap<String, usize>,
}

impl Rows {
    /// # Errors
    /// [`Failure`]: the file or folder cannot be read, or has too many; nothing was begun.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let unreadable = |error: std::io::Error| Failure::StockFile(format!("{}: {error}", path.display()));
        let mut rows = Self {
            base: path.to_owned(),
            rows: Vec::new(),
            bad: Vec::new(),
            equal: Vec::new(),
            by_content: HashMap::new(),
        };
        if path.is_dir() {
            let mut files = Vec::new();
            for file in std::fs::read_dir(path).map_err(unreadable)? {
                let file = file.map_err(unreadable)?.path();
                if is_application(&file) {
                    files.push(file);
                }
            }
            files.sort();
            for file in files {
                let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                rows.add(name, Application::read(&file), Place::File(file))?;
            }
        } else {
            let mut reader = BufReader::new(File::open(path).map_err(unreadable)?);
            let mut from = skip_mark(&mut reader).map_err(unreadable)?;
            let mut number = 0_usize;
            loop {
                let mut line = Vec::new();
                let limit = u64::try_from(MAX_FILE_BYTES + 1).unwrap_or(u64::MAX);
                let length = reader.by_ref().take(limit).read_until(b'\n', &mut line).map_err(unreadable)?;
                if length == 0 {
                    break;
                }
                number += 1;
                let rest =
                    if line.ends_with(b"\n") { 0 } else { skip_line(&mut reader).map_err(unreadable)? };
                if line.iter().any(|octet| !octet.is_ascii_whitespace()) {
                    let name = format!("{}:{number}", path.file_name().unwrap_or_default().to_string_lossy());
                    let application = Application::parse(&line, rows.directory());
                    rows.add(name, application, Place::Line { from, length })?;
                }
                from += u64::try_from(length).unwrap_or_default() + rest;
            }
        }
        Ok(rows)
    }

    fn directory(&self) -> &Path {
        self.base.parent().unwrap_or(Path::new(""))
    }

    fn add(
        &mut self,
        name: String,
        application: Result<Application, ApplicationError>,
        place: Place,
    ) -> Result<(), Failure> {
        if self.rows.len() + self.bad.len() == MAX_ROWS {
            return Err(Failure::StockFile(format!("more than {MAX_ROWS} applications")));
        }
        let application = match application {
            Ok(application) => application,
            Err(error) => {
                let failure = Failure::from(error);
                self.bad.push(BadRow { name, code: failure.code(), why: failure.to_string() });
                return Ok(());
            }
        };
        let (number, content_sha256) = (application.number.clone(), application.content_sha256());
        // The same row twice is one application.
        if let Some(first) = self.by_content.get(&content_sha256).and_then(|place| self.rows.get(*place)) {
            self.equal.push((name, first.name.clone()));
            return Ok(());
        }
        self.by_content.insert(content_sha256.clone(), self.rows.len());
        self.rows.push(Row { name, number, content_sha256, place });
        Ok(())
    }

    /// Rows that say what another one says, with the name of that one.
    pub(crate) fn equal(&self) -> &[(String, String)] {
        &self.equal
    }

    /// What is no application.
    pub(crate) fn bad(&self) -> &[BadRow] {
        &self.bad
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    /// The whole application; it is what it was when the batch began, or refused.
    ///
    /// # Errors
    /// [`Failure`].
    pub(crate) fn load(&self, row: &Row) -> Result<Application, Failure> {
        let unreadable = |error: std::io::Error| Failure::StockFile(format!("{}: {error}", row.name));
        let application = match &row.place {
            Place::File(path) => Application::read(path)?,
            Place::Line { from, length } => {
                let mut file = File::open(&self.base).map_err(unreadable)?;
                file.seek(SeekFrom::Start(*from)).map_err(unreadable)?;
                let mut line = vec![0; *length];
                file.read_exact(&mut line).map_err(unreadable)?;
                Application::parse(&line, self.directory())?
            }
        };
        if application.content_sha256() == row.content_sha256 {
            Ok(application)
        } else {
            Err(Failure::StockFile(format!("{} changed since the batch began", row.name)))
        }
    }
}

/// A byte order mark belongs to no row; how long it is.
fn skip_mark(reader: &mut impl BufRead) -> std::io::Result<u64> {
    if !reader.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        return Ok(0);
    }
    reader.consume(BYTE_ORDER_MARK.len());
    Ok(u64::try_from(BYTE_ORDER_MARK.len()).unwrap_or_default())
}

/// What is left of a line that is too long; how much it is.
fn skip_line(reader: &mut impl BufRead) -> std::io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = reader.fill_buf()?;
        let (length, ended) = match buffer.iter().position(|octet| *octet == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        reader.consume(length);
        skipped += u64::try_from(length).unwrap_or_default();
        if ended {
            return Ok(skipped);
        }
    }
}

/// The rows, and what opens the prints and irises of those that have some.
pub(crate) struct Prints<'r> {
    pub(crate) rows: &'r Rows,
    pub(crate) opener: Option<Opener>,
}

impl Source for Prints<'_> {
    fn application(&self, entry: &Entry, sealed: Option<&str>) -> Result<Option<Application>, String> {
        let rows = self.rows;
        let row = rows.by_content.get(&entry.content_sha256).and_then(|row| rows.rows.get(*row));
        let Some(row) = row else { return Ok(None) };
        let mut application = rows.load(row).map_err(|error| error.to_string())?;
        if let (Some(opener), Some(digest)) = (&self.opener, sealed) {
            opener.add(digest, &mut application).map_err(|error| error.to_string())?;
        }
        Ok(Some(application))
    }
}
