//! The operator's file of places: one unit a row.
//!
//! CSV (RFC 4180, UTF-8) with the header `map,code,name,parent,became`, or JSON: an array of objects with the same
//! members.
//!
//! | column | |
//! |---|---|
//! | `map` | `present` or `before` |
//! | `code` | 2 digits a province, 3 a district, 5 a ward |
//! | `name` | with its kind: `Phường Ba Đình` |
//! | `parent` | code of the unit above; empty for a province |
//! | `became` | of units of before: codes of the present units that it became, wholly or in part, with blanks between |

use std::collections::BTreeSet;
use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use super::{Level, MAX_BECAME, MAX_NAME, MAX_UNITS, Map, Places, Unit};
use crate::name::clean;

/// The longest file, in octets.
pub const MAX_FILE: u64 = 16 << 20;

/// Why a file of places cannot be used. Rows count from 1, the header not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlacesError {
    /// The file system refused.
    #[error("the file cannot be read")]
    Read(#[source] std::io::Error),
    /// Longer than any map.
    #[error("the file is longer than 16 MiB")]
    TooLong,
    /// Neither CSV with our header nor JSON.
    #[error("this is neither CSV with the header map,code,name,parent,became nor JSON of the same members")]
    Form,
    /// A row is not of its form.
    #[error("row {row}: {item} is not of its form")]
    Row {
        /// Counts from 1.
        row: usize,
        /// The column.
        item: &'static str,
    },
    /// A unit stands twice.
    #[error("row {row}: this unit stood before")]
    Twice {
        /// Counts from 1.
        row: usize,
    },
    /// The unit above, or one that it became, is not in the file.
    #[error("{map} unit {code}: {item} names a unit that the file does not have, or one of another level")]
    NoSuchUnit {
        /// `present` or `before`.
        map: &'static str,
        /// The unit that names it.
        code: String,
        /// `parent` or `became`.
        item: &'static str,
    },
    /// More units than a country has.
    #[error("there are more than 25000 units on a map")]
    TooMany,
    /// No unit at all.
    #[error("there is no unit in the file")]
    Empty,
}

/// A row of the file.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Row {
    map: String,
    code: String,
    name: String,
    #[serde(default)]
    parent: String,
    #[serde(default)]
    became: String,
}

impl Places {
    /// Reads a file of places in either form, bounded.
    ///
    /// # Errors
    /// [`PlacesError`].
    pub fn read(reader: impl Read) -> Result<Self, PlacesError> {
        let mut text = Vec::new();
        reader.take(MAX_FILE + 1).read_to_end(&mut text).map_err(PlacesError::Read)?;
        if text.len() as u64 > MAX_FILE {
            return Err(PlacesError::TooLong);
        }
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let rows: Vec<Row> = if text.trim_ascii_start().starts_with(b"[") {
            serde_json::from_slice(text).map_err(|_| PlacesError::Form)?
        } else {
            let mut reader = csv::Reader::from_reader(text);
            let header = reader.headers().map_err(|_| PlacesError::Form)?;
            if header.iter().map(str::trim).ne(["map", "code", "name", "parent", "became"]) {
                return Err(PlacesError::Form);
            }
            let mut rows = Vec::new();
            for (place, row) in reader.deserialize().enumerate() {
                rows.push(row.map_err(|_| PlacesError::Row { row: place + 1, item: "the row" })?);
                if rows.len() > 2 * MAX_UNITS {
                    return Err(PlacesError::TooMany);
                }
            }
            rows
        };
        let mut units = Vec::with_capacity(rows.len().min(2 * MAX_UNITS));
        for (place, row) in rows.into_iter().enumerate() {
            let flaw = |item| PlacesError::Row { row: place + 1, item };
            let map = Map::parse(row.map.trim()).ok_or_else(|| flaw("map"))?;
            units.push((map, unit(row, map).map_err(flaw)?));
        }
        Self::from_units(units)
    }

    /// Puts units together and checks that every one hangs in its map.
    ///
    /// # Errors
    /// [`PlacesError`].
    pub fn from_units(units: impl IntoIterator<Item = (Map, Unit)>) -> Result<Self, PlacesError> {
        let mut places = Self::default();
        for (place, (map, unit)) in units.into_iter().enumerate() {
            let units = match map {
                Map::Present => &mut places.present,
                Map::Before => &mut places.before,
            };
            if units.len() >= MAX_UNITS {
                return Err(PlacesError::TooMany);
            }
            if units.insert(unit.code.clone(), unit).is_some() {
                return Err(PlacesError::Twice { row: place + 1 });
            }
        }
        if places.present.is_empty() && places.before.is_empty() {
            return Err(PlacesError::Empty);
        }
        for map in [Map::Present, Map::Before] {
            for unit in places.units(map) {
                places.check(map, unit)?;
            }
        }
        Ok(places)
    }

    fn check(&self, map: Map, unit: &Unit) -> Result<(), PlacesError> {
        let flaw = |item| PlacesError::NoSuchUnit { map: map.as_str(), code: unit.code.clone(), item };
        let parent = self.unit(map, &unit.parent).and_then(Unit::level);
        let hangs = match (map, unit.level()) {
            (_, Some(Level::Province)) => unit.parent.is_empty(),
            (Map::Present, Some(Level::Ward)) => parent == Some(Level::Province),
            (Map::Before, Some(Level::Ward)) => parent == Some(Level::District),
            (Map::Before, Some(Level::District)) => parent == Some(Level::Province),
            _ => false,
        };
        if !hangs {
            return Err(flaw("parent"));
        }
        let same_level =
            |code: &String| self.present.get(code).is_some_and(|now| now.level() == unit.level());
        if !unit.became.iter().all(same_level) {
            return Err(flaw("became"));
        }
        Ok(())
    }

    /// Writes the file as CSV; [`read`](Self::read) gives the same places.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, out: impl Write) -> std::io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        for map in [Map::Present, Map::Before] {
            for unit in self.units(map) {
                let became: Vec<&str> = unit.became.iter().map(String::as_str).collect();
                writer.serialize(Row {
                    map: map.as_str().to_owned(),
                    code: unit.code.clone(),
                    name: unit.name.clone(),
                    parent: unit.parent.clone(),
                    became: became.join(" "),
                })?;
            }
        }
        writer.flush()
    }
}

fn unit(row: Row, map: Map) -> Result<Unit, &'static str> {
    let code = row.code.trim().to_owned();
    Level::of(&code).ok_or("code")?;
    let name = clean(&row.name);
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err("name");
    }
    let became: BTreeSet<String> = row.became.split_whitespace().map(str::to_owned).collect();
    if became.len() > MAX_BECAME || (map == Map::Present && !became.is_empty()) {
        return Err("became");
    }
    Ok(Unit { code, name, parent: row.parent.trim().to_owned(), became })
}
