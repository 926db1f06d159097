//! Writing persons as CSV, JSON lines or the message of QCVN 109:2017, in the order of their numbers; what import reads back unchanged.

use std::io::Write;

use cccd_card_profile::personal_number::PersonalNumber;
use serde::Serialize;
use serde::ser::SerializeMap as _;

use crate::import::{COLUMNS, Format};
use crate::keepers::Keeper;
use crate::person::items_2014::{columns_2014, items_2014};
use crate::person::{BloodGroup, MaritalStatus, Person, Relative, Residence, birth_date_text, sex_word};
use crate::qcvn;
use crate::store::{Store, StoreError};

/// Persons read at once.
const PAGE: u32 = 1_000;

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The register failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The message of QCVN 109 has the items of today's law only.
    #[error("the items of an earlier law are written as CSV or JSON")]
    NoSuchForm,
    /// The file cannot be written.
    #[error("the file cannot be written")]
    Write(#[source] std::io::Error),
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Persons.
    pub persons: u64,
    /// Those of them whose sensitive items are missing: they lie sealed under a key that was not at hand.
    pub sealed: u64,
}

/// Writes persons one by one.
pub struct PersonWriter<W: Write>(Form<W>);

/// Which items of a person are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Items {
    /// All that the register holds: what import reads back.
    #[default]
    All,
    /// The number and the 18 items of the law of 2014 ([`items_2014`]).
    Of2014,
}

enum Form<W: Write> {
    Csv(Box<csv::Writer<W>>, Items),
    Json(W, Items),
    Qcvn(W),
}

impl<W: Write> PersonWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// [`ExportError::Write`].
    pub fn new(out: W, format: Format) -> Result<Self, ExportError> {
        Self::of(out, format, Items::All)
    }

    /// Begins a file of some items.
    ///
    /// # Errors
    /// [`ExportError::Write`]; [`ExportError::NoSuchForm`] for items that the message of QCVN 109 does not know as such.
    pub fn of(out: W, format: Format, items: Items) -> Result<Self, ExportError> {
        Ok(Self(match format {
            Format::Qcvn if items != Items::All => return Err(ExportError::NoSuchForm),
            Format::Json => Form::Json(out, items),
            Format::Qcvn => {
                let mut out = out;
                out.write_all(qcvn::HEAD.as_bytes()).map_err(ExportError::Write)?;
                Form::Qcvn(out)
            }
            Format::Csv => {
                let mut writer = csv::Writer::from_writer(out);
                match items {
                    Items::All => writer.write_record(COLUMNS),
                    Items::Of2014 => writer.write_record(columns_2014()),
                }
                .map_err(csv_error)?;
                Form::Csv(Box::new(writer), items)
            }
        }))
    }

    /// Writes one person.
    ///
    /// # Errors
    /// [`ExportError::Write`].
    pub fn write(&mut self, person: &Person) -> Result<(), ExportError> {
        match &mut self.0 {
            Form::Csv(writer, Items::All) => writer.write_record(cells(person)).map_err(csv_error),
            Form::Csv(writer, Items::Of2014) => {
                let own = person.number.as_str().to_owned();
                let cells = items_2014(person).map(|item| item.cell());
                writer.write_record(core::iter::once(own).chain(cells)).map_err(csv_error)
            }
            Form::Json(out, items) => {
                let written = match items {
                    Items::All => serde_json::to_writer(&mut *out, person),
                    Items::Of2014 => serde_json::to_writer(&mut *out, &Of2014(person)),
                };
                written.map_err(|error| ExportError::Write(std::io::Error::from(error)))?;
                out.write_all(b"\n").map_err(ExportError::Write)
            }
            Form::Qcvn(out) => {
                let element = qcvn::message::write(person)
                    .map_err(|error| ExportError::Write(std::io::Error::from(error)))?;
                out.write_all(element.as_bytes()).map_err(ExportError::Write)
            }
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`ExportError::Write`].
    pub fn finish(self) -> Result<W, ExportError> {
        match self.0 {
            Form::Csv(writer, _) => {
                writer.into_inner().map_err(|error| ExportError::Write(error.into_error()))
            }
            Form::Json(mut out, _) => out.flush().map_err(ExportError::Write).map(|()| out),
            Form::Qcvn(mut out) => {
                let ended = out.write_all(qcvn::TAIL.as_bytes()).and_then(|()| out.flush());
                ended.map_err(ExportError::Write).map(|()| out)
            }
        }
    }
}

/// Writes the whole register but for those whose details another ministry keeps; `progress` hears how many persons are
/// written.
///
/// # Errors
/// [`ExportError`].
pub fn export(
    store: &dyn Store,
    out: impl Write,
    format: Format,
    progress: impl FnMut(u64),
) -> Result<Exported, ExportError> {
    export_for(store, None, out, format, progress)
}

/// [`export`] for a ministry: only those whose details it keeps.
///
/// # Errors
/// [`ExportError`].
pub fn export_for(
    store: &dyn Store,
    keeper: Option<Keeper>,
    out: impl Write,
    format: Format,
    progress: impl FnMut(u64),
) -> Result<Exported, ExportError> {
    export_items(store, keeper, PersonWriter::new(out, format)?, progress)
}

/// [`export_for`] by a writer that was begun: of some items only, if it says so.
///
/// # Errors
/// [`ExportError`].
pub fn export_items(
    store: &dyn Store,
    keeper: Option<Keeper>,
    mut writer: PersonWriter<impl Write>,
    mut progress: impl FnMut(u64),
) -> Result<Exported, ExportError> {
    let mut written = Exported::default();
    let mut after: Option<PersonalNumber> = None;
    loop {
        let page = store.persons_after(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(last.number.clone());
        let numbers: Vec<&PersonalNumber> = page.iter().map(|person| &person.number).collect();
        let kept = store.kept_elsewhere_among(&numbers)?;
        for person in page.iter().filter(|person| kept.get(&person.number).copied() == keeper) {
            writer.write(person)?;
            written.persons += 1;
            written.sealed += u64::from(person.sealed);
        }
        progress(written.persons);
    }
    writer.finish()?;
    Ok(written)
}

fn csv_error(error: csv::Error) -> ExportError {
    ExportError::Write(error.into())
}

fn list<T: Serialize>(list: &[T]) -> String {
    // Lists of strings and plain structs always serialize.
    if list.is_empty() { String::new() } else { serde_json::to_string(list).unwrap_or_default() }
}

/// The number and the 18 items, by their names in files and in the order of the law; what is not known is null.
struct Of2014<'p>(&'p Person);

impl Serialize for Of2014<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let items = items_2014(self.0);
        let mut map = serializer.serialize_map(Some(items.len() + 1))?;
        map.serialize_entry("number", &self.0.number)?;
        for item in &items {
            map.serialize_entry(item.code, &item.value)?;
        }
        map.end()
    }
}

/// In the order of [`COLUMNS`].
fn cells(person: &Person) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let number = |number: &Option<PersonalNumber>| {
        number.as_ref().map(|number| number.as_str().to_owned()).unwrap_or_default()
    };
    let relative = |relative: &Option<Relative>| match relative {
        Some(relative) => [
            relative.name.clone(),
            number(&relative.number),
            text(&relative.old_number),
            text(&relative.nationality),
        ],
        None => Default::default(),
    };
    let residence = |residence: &Option<Residence>| match residence {
        Some(place) => [
            place.address.clone(),
            text(&place.ward_code),
            text(&place.province_code),
            place.since.map(|date| date.to_string()).unwrap_or_default(),
        ],
        None => Default::default(),
    };
    let absence = person.temporary_absence.as_ref();
    let mut cells = vec![
        person.number.as_str().to_owned(),
        person.full_name.clone(),
        list(&person.other_names),
        birth_date_text(person.birth_date),
        sex_word(person.sex).to_owned(),
        text(&person.place_of_birth),
        text(&person.birth_registration_place),
        text(&person.place_of_origin),
        text(&person.ethnic_group),
        text(&person.religion),
        person.nationality.clone(),
        person.blood_group.map(BloodGroup::as_str).unwrap_or_default().to_owned(),
        text(&person.old_number),
    ];
    for one in [&person.father, &person.mother, &person.spouse] {
        cells.extend(relative(one));
    }
    cells.extend([list(&person.children), list(&person.representatives), list(&person.represented)]);
    for (_, place) in person.residences.each() {
        cells.extend(residence(place));
    }
    cells.extend([
        absence.map(|absence| absence.from.to_string()).unwrap_or_default(),
        absence.and_then(|absence| absence.until).map(|date| date.to_string()).unwrap_or_default(),
        text(&person.residence_file),
        person.marital_status.map(MaritalStatus::as_str).unwrap_or_default().to_owned(),
        text(&person.relation_to_head),
        list(&person.household),
        person.life.as_str().to_owned(),
        person.life.date().map(|date| date.to_string()).unwrap_or_default(),
        text(&person.phone),
        text(&person.email),
        text(&person.other),
        text(&person.identification_marks),
        number(&person.cancelled_number),
    ]);
    cells
}

impl<W: Write> core::fmt::Debug for PersonWriter<W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PersonWriter(…)")
    }
}
