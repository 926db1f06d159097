//! One person a line. Lists of relatives stand as JSON in their cell.

use std::cell::Cell;
use std::io::BufRead;

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::{FileFault, ImportError, Row, RowError};
use crate::person::{
    BloodGroup, Life, MaritalStatus, Person, Relative, Residence, TemporaryAbsence, parse_birth_date,
    parse_sex,
};
use crate::text_encoding::{Encoding, Known};

/// The columns, in the order in which export writes them. `number`, `full_name`, `birth_date` and `sex` must be
/// there; others may be left out; the order is free.
pub const COLUMNS: [&str; 53] = [
    "number",
    "full_name",
    "other_names",
    "birth_date",
    "sex",
    "place_of_birth",
    "birth_registration_place",
    "place_of_origin",
    "ethnic_group",
    "religion",
    "nationality",
    "blood_group",
    "old_number",
    "father_name",
    "father_number",
    "father_old_number",
    "father_nationality",
    "mother_name",
    "mother_number",
    "mother_old_number",
    "mother_nationality",
    "spouse_name",
    "spouse_number",
    "spouse_old_number",
    "spouse_nationality",
    "children",
    "representatives",
    "represented",
    "permanent_address",
    "permanent_ward",
    "permanent_province",
    "permanent_since",
    "temporary_address",
    "temporary_ward",
    "temporary_province",
    "temporary_since",
    "current_address",
    "current_ward",
    "current_province",
    "current_since",
    "absent_from",
    "absent_until",
    "residence_file",
    "marital_status",
    "relation_to_head",
    "household",
    "life",
    "life_date",
    "phone",
    "email",
    "other",
    "identification_marks",
    "cancelled_number",
];

/// The longest line, in octets.
const MAX_LINE: u64 = 256 * 1024;

/// Rows of a CSV file (RFC 4180). The header is UTF-8; a row in TCVN3, VNI, Windows-1258 or decomposed letters is
/// recognised and converted, or refused.
pub struct CsvRows<R> {
    reader: csv::Reader<Bounded<R>>,
    places: Vec<Option<usize>>,
    width: usize,
    number: u64,
    record: csv::ByteRecord,
    known: Known,
}

impl<R: BufRead> CsvRows<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`ImportError::File`] when a column is not ours, stands twice, or one that must be there is missing.
    pub fn new(reader: R) -> Result<Self, ImportError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(Bounded {
            inner: reader,
            in_quotes: false,
            run: 0,
        });
        let header = reader.headers().map_err(file_error)?.clone();
        let names: Vec<&str> = header.iter().map(|name| name.trim().trim_start_matches('\u{feff}')).collect();
        for (place, name) in names.iter().enumerate() {
            let Some(column) = COLUMNS.into_iter().find(|column| column == name) else {
                return Err(FileFault::UnknownColumn(place + 1).into());
            };
            if names.iter().filter(|other| *other == name).count() > 1 {
                return Err(FileFault::ColumnTwice(column).into());
            }
        }
        for needed in ["number", "full_name", "birth_date", "sex"] {
            if !names.contains(&needed) {
                return Err(FileFault::NoColumn(needed).into());
            }
        }
        let places = COLUMNS.iter().map(|column| names.iter().position(|name| name == column)).collect();
        Ok(Self {
            reader,
            places,
            width: names.len(),
            number: 0,
            record: csv::ByteRecord::new(),
            known: Known::default(),
        })
    }

    /// The person, and the encoding from which the row was converted.
    fn person(&mut self) -> Result<(Box<Person>, Option<Encoding>), RowError> {
        if self.record.len() != self.width {
            return Err(RowError::Columns);
        }
        let fields: Vec<&[u8]> = self.record.iter().collect();
        // ASCII is the same in all encodings that old databases use.
        let ascii = fields.iter().all(|field| field.is_ascii());
        let row = if ascii { None } else { self.known.recognise(&fields)? };
        if let Some(row) = row {
            let converted =
                (!matches!(row.encoding, Encoding::Ascii | Encoding::Utf8)).then_some(row.encoding);
            let cell = |place: &Option<usize>| {
                place.and_then(|place| row.fields.get(place)).map_or("", |cell| cell.trim())
            };
            let cells: Vec<&str> = self.places.iter().map(cell).collect();
            return Ok((person(&Cells { cells: &cells, last: Cell::new(0) })?, converted));
        }
        // The whole row at once: cells end between characters, or the row is none.
        let whole = core::str::from_utf8(self.record.as_slice()).map_err(|_| RowError::Encoding)?;
        let mut cells = Vec::with_capacity(COLUMNS.len());
        for place in &self.places {
            let range = place.and_then(|place| self.record.range(place)).unwrap_or_default();
            cells.push(whole.get(range).ok_or(RowError::Encoding)?.trim());
        }
        Ok((person(&Cells { cells: &cells, last: Cell::new(0) })?, None))
    }
}

impl<R: BufRead> Iterator for CsvRows<R> {
    type Item = Result<Row, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => {
                self.number += 1;
                let position = self.reader.position().byte();
                let (person, converted) = match self.person() {
                    Ok((person, converted)) => (Ok(person), converted),
                    Err(error) => (Err(error), None),
                };
                Some(Ok(Row { number: self.number, position, person, converted }))
            }
            Err(error) => Some(Err(file_error(error))),
        }
    }
}

impl<R> core::fmt::Debug for CsvRows<R> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CsvRows").field("number", &self.number).finish_non_exhaustive()
    }
}

fn file_error(error: csv::Error) -> ImportError {
    let line = error.position().map(csv::Position::line);
    ImportError::File(match error.into_kind() {
        csv::ErrorKind::Io(io) if matches!(io.get_ref(), Some(inner) if inner.is::<LongLine>()) => {
            FileFault::LongLine
        }
        csv::ErrorKind::Io(io) => FileFault::Read(io),
        _ => FileFault::NotCsv { line },
    })
}

struct Cells<'a> {
    cells: &'a [&'a str],
    last: Cell<usize>,
}

impl<'a> Cells<'a> {
    fn text(&self, column: &str) -> Option<&'a str> {
        // A person's items are asked for in about the order of the columns: the search goes on where it last ended.
        let from = self.last.get();
        let (before, after) = (COLUMNS.get(..from)?, COLUMNS.get(from..)?);
        let here = |list: &[&str]| list.iter().position(|name| *name == column);
        let place = here(after).map(|place| place + from).or_else(|| here(before))?;
        self.last.set(place);
        self.cells.get(place).copied().filter(|cell| !cell.is_empty())
    }

    fn owned(&self, column: &str) -> Option<String> {
        self.text(column).map(str::to_owned)
    }

    fn parsed<T>(
        &self,
        column: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, RowError> {
        self.text(column).map(|text| parse(text).ok_or(RowError::Field(column))).transpose()
    }

    fn needed<T>(&self, column: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, RowError> {
        self.parsed(column, parse)?.ok_or(RowError::Field(column))
    }

    fn list<T: DeserializeOwned>(&self, column: &'static str) -> Result<Vec<T>, RowError> {
        Ok(self.parsed(column, |text| serde_json::from_str(text).ok())?.unwrap_or_default())
    }

    fn relative(&self, columns: [&'static str; 4]) -> Result<Option<Relative>, RowError> {
        let [name, number, old_number, nationality] = columns;
        let relative = Relative {
            name: self.owned(name).unwrap_or_default(),
            number: self.parsed(number, personal_number)?,
            old_number: self.owned(old_number),
            nationality: self.owned(nationality),
        };
        let any = columns.iter().any(|column| self.text(column).is_some());
        Ok(any.then_some(relative))
    }

    fn residence(&self, columns: [&'static str; 4]) -> Result<Option<Residence>, RowError> {
        let [address, ward, province, since] = columns;
        let residence = Residence {
            address: self.owned(address).unwrap_or_default(),
            ward_code: self.owned(ward),
            province_code: self.owned(province),
            since: self.parsed(since, day)?,
        };
        let any = columns.iter().any(|column| self.text(column).is_some());
        Ok(any.then_some(residence))
    }
}

fn personal_number(text: &str) -> Option<PersonalNumber> {
    PersonalNumber::parse(text).ok()
}

fn day(text: &str) -> Option<Date> {
    text.parse().ok()
}

fn person(cells: &Cells<'_>) -> Result<Box<Person>, RowError> {
    let number = cells.needed("number", personal_number)?;
    let birth_date = cells.needed("birth_date", parse_birth_date)?;
    let sex = cells.needed("sex", parse_sex)?;
    let mut person = Person::new(number, "", birth_date, sex);
    person.full_name = cells.owned("full_name").unwrap_or_default();
    person.other_names = cells.list("other_names")?;
    person.place_of_birth = cells.owned("place_of_birth");
    person.birth_registration_place = cells.owned("birth_registration_place");
    person.place_of_origin = cells.owned("place_of_origin");
    person.ethnic_group = cells.owned("ethnic_group");
    person.religion = cells.owned("religion");
    if let Some(nationality) = cells.owned("nationality") {
        person.nationality = nationality;
    }
    person.blood_group = cells.parsed("blood_group", BloodGroup::parse)?;
    person.old_number = cells.owned("old_number");
    person.father =
        cells.relative(["father_name", "father_number", "father_old_number", "father_nationality"])?;
    person.mother =
        cells.relative(["mother_name", "mother_number", "mother_old_number", "mother_nationality"])?;
    person.spouse =
        cells.relative(["spouse_name", "spouse_number", "spouse_old_number", "spouse_nationality"])?;
    person.children = cells.list("children")?;
    person.representatives = cells.list("representatives")?;
    person.represented = cells.list("represented")?;
    person.residences.permanent =
        cells.residence(["permanent_address", "permanent_ward", "permanent_province", "permanent_since"])?;
    person.residences.temporary =
        cells.residence(["temporary_address", "temporary_ward", "temporary_province", "temporary_since"])?;
    person.residences.current =
        cells.residence(["current_address", "current_ward", "current_province", "current_since"])?;
    let until = cells.parsed("absent_until", day)?;
    person.temporary_absence = cells.parsed("absent_from", day)?.map(|from| TemporaryAbsence { from, until });
    if person.temporary_absence.is_none() && until.is_some() {
        return Err(RowError::Field("absent_from"));
    }
    person.residence_file = cells.owned("residence_file");
    person.marital_status = cells.parsed("marital_status", MaritalStatus::parse)?;
    person.relation_to_head = cells.owned("relation_to_head");
    person.household = cells.list("household")?;
    let life_date = cells.parsed("life_date", day)?;
    person.life =
        Life::from_parts(cells.text("life").unwrap_or("alive"), life_date).ok_or(RowError::Field("life"))?;
    person.phone = cells.owned("phone");
    person.email = cells.owned("email");
    person.other = cells.owned("other");
    person.identification_marks = cells.owned("identification_marks");
    person.cancelled_number = cells.parsed("cancelled_number", personal_number)?;
    Ok(Box::new(person))
}

/// Through the reader's error to [`FileFault::LongLine`].
#[derive(Debug, thiserror::Error)]
#[error("a line is too long")]
struct LongLine;

/// Refuses a file whose line is longer than any person's, before memory fills with it.
struct Bounded<R> {
    inner: R,
    in_quotes: bool,
    run: u64,
}

impl<R: BufRead> std::io::Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        // Runs between quotes and line ends, a run at a time.
        let mut rest = buffer.get(..count).unwrap_or_default();
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\n'));
            self.run += u64::try_from(end.unwrap_or(rest.len())).unwrap_or(u64::MAX);
            if self.run > MAX_LINE {
                return Err(std::io::Error::other(LongLine));
            }
            let Some(end) = end else { break };
            match rest.get(end) {
                Some(b'"') => self.in_quotes = !self.in_quotes,
                _ if self.in_quotes => self.run += 1,
                _ => self.run = 0,
            }
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        Ok(count)
    }
}
