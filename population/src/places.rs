//! Places as codes: the present administrative map (province, ward; since 1 July 2025), the one before it (province,
//! district, ward), and what became of each unit of before.
//!
//! The register does not bring a map: an operator gives it one as a file ([`mod@file`]), and [`published`] makes that file
//! from the trees and the list of mergers that authorities publish. A ward of before that was split over several
//! present ones answers all of them, never one.
//!
//! | module | what |
//! |---|---|
//! | [`countries`] | countries by code and name |
//! | [`mod@file`] | the operator's file, CSV or JSON |
//! | [`provinces`] | the province of a code, known without a map |
//! | [`published`] | trees and lists of mergers as published |
//! | [`residence`] | what the codes of a residence mean |

pub mod countries;
pub mod file;
pub mod provinces;
pub mod published;
pub mod residence;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};

use crate::quality::Codes;

pub use file::PlacesError;
pub use residence::Placed;

/// The first day of the present map (Nghị quyết 202/2025/QH15; Luật 72/2025/QH15).
pub const PRESENT_SINCE: Date = date(2025, 7, 1);

/// The most units of one map: twice the map of before.
pub const MAX_UNITS: usize = 25_000;

/// The longest name of a unit, in characters.
pub const MAX_NAME: usize = 200;

/// The most units that one unit became.
pub const MAX_BECAME: usize = 64;

/// Which map a code is of. The same digits may stand for another unit on each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Map {
    /// Two levels, since [`PRESENT_SINCE`].
    Present,
    /// Three levels, until the day before.
    Before,
}

impl Map {
    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Before => "before",
        }
    }

    /// Reads [`as_str`](Self::as_str).
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "present" => Some(Self::Present),
            "before" => Some(Self::Before),
            _ => None,
        }
    }
}

/// Tỉnh, huyện, xã: told by the code's length (2, 3, 5 digits; QCVN 109:2017).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Tỉnh, thành phố trực thuộc trung ương.
    Province,
    /// Huyện, quận, thị xã, thành phố thuộc tỉnh; only before.
    District,
    /// Xã, phường, thị trấn, đặc khu.
    Ward,
}

impl Level {
    /// The level that a code of so many digits has; `None` for what is no code.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        if !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match code.len() {
            2 => Some(Self::Province),
            3 => Some(Self::District),
            5 => Some(Self::Ward),
            _ => None,
        }
    }
}

/// One unit of one map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// 2, 3 or 5 digits.
    pub code: String,
    /// With its kind: `Phường Ba Đình`.
    pub name: String,
    /// Code of the unit above; empty for a province.
    pub parent: String,
    /// Codes of the present units that it became, wholly or in part; only of units of before.
    pub became: BTreeSet<String>,
}

impl Unit {
    /// Its level.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        Level::of(&self.code)
    }
}

/// What became of a unit of before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became<'p> {
    /// No unit of before has this code.
    NoSuchUnit,
    /// The map does not say.
    NotSaid,
    /// It is part of this one now, whole.
    One(&'p Unit),
    /// It was split over these: the code alone does not say which.
    Several(Vec<&'p Unit>),
}

/// Both maps and what leads from one to the other.
#[derive(Clone, Debug, Default)]
pub struct Places {
    present: BTreeMap<String, Unit>,
    before: BTreeMap<String, Unit>,
}

impl Places {
    /// The unit behind a code.
    #[must_use]
    pub fn unit(&self, map: Map, code: &str) -> Option<&Unit> {
        self.map(map).get(code)
    }

    /// All units of a map in the order of their codes.
    pub fn units(&self, map: Map) -> impl Iterator<Item = &Unit> {
        self.map(map).values()
    }

    /// Units of a level.
    #[must_use]
    pub fn count(&self, map: Map, level: Level) -> usize {
        self.units(map).filter(|unit| unit.level() == Some(level)).count()
    }

    /// The province that a unit lies in.
    #[must_use]
    pub fn province(&self, map: Map, code: &str) -> Option<&Unit> {
        let mut unit = self.unit(map, code)?;
        // Province, district, ward: two steps lead up from every unit.
        for _ in 0..2 {
            if unit.level() == Some(Level::Province) {
                break;
            }
            unit = self.unit(map, &unit.parent)?;
        }
        (unit.level() == Some(Level::Province)).then_some(unit)
    }

    /// Ward, district, province as one line.
    #[must_use]
    pub fn full_name(&self, map: Map, code: &str) -> Option<String> {
        let mut unit = self.unit(map, code)?;
        let mut name = unit.name.clone();
        for _ in 0..2 {
            let Some(parent) = self.unit(map, &unit.parent) else { break };
            name = format!("{name}, {}", parent.name);
            unit = parent;
        }
        Some(name)
    }

    /// What became of a unit of before.
    #[must_use]
    pub fn became(&self, code: &str) -> Became<'_> {
        let Some(unit) = self.before.get(code) else { return Became::NoSuchUnit };
        let now: Vec<&Unit> = unit.became.iter().filter_map(|code| self.present.get(code)).collect();
        match now.as_slice() {
            [] => Became::NotSaid,
            [one] => Became::One(one),
            _ => Became::Several(now),
        }
    }

    /// Units of before that became part of a present one.
    #[must_use]
    pub fn came_from(&self, code: &str) -> Vec<&Unit> {
        self.before.values().filter(|unit| unit.became.contains(code)).collect()
    }

    fn map(&self, map: Map) -> &BTreeMap<String, Unit> {
        match map {
            Map::Present => &self.present,
            Map::Before => &self.before,
        }
    }
}

/// For the rules of quality: a ward counts as known on either map. Ethnic groups are not places: nothing is said.
impl Codes for Places {
    fn ward(&self, code: &str) -> Option<bool> {
        let known = |map| self.unit(map, code).is_some_and(|unit| unit.level() == Some(Level::Ward));
        // A file of one map only says nothing about codes of the other.
        match (known(Map::Present) || known(Map::Before), self.present.is_empty() || self.before.is_empty()) {
            (true, _) => Some(true),
            (false, true) => None,
            (false, false) => Some(false),
        }
    }

    fn provinces_of(&self, ward: &str) -> Option<Vec<String>> {
        if self.ward(ward) != Some(true) {
            return None;
        }
        let mut provinces = BTreeSet::new();
        for map in [Map::Present, Map::Before] {
            provinces.extend(self.province(map, ward).map(|unit| unit.code.clone()));
        }
        // A record may hold the ward of before with the province of today.
        for now in self.before.get(ward).into_iter().flat_map(|unit| &unit.became) {
            provinces.extend(self.province(Map::Present, now).map(|unit| unit.code.clone()));
        }
        Some(provinces.into_iter().collect())
    }

    fn ethnic_group(&self, _: &str) -> Option<bool> {
        None
    }
}
