//! What the codes of a residence mean, by the map that was in force when they were recorded.

use jiff::civil::Date;

use super::{Became, Level, Map, PRESENT_SINCE, Places, Unit};
use crate::person::Residence;

/// A residence on the maps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placed<'p> {
    /// The residence names no ward.
    NoCode,
    /// Neither map has this ward.
    Unknown,
    /// The ward lies in another province than the residence says, on every map that has it.
    Elsewhere {
        /// Where it lies.
        provinces: Vec<&'p Unit>,
    },
    /// In this ward of the present map.
    Now(&'p Unit),
    /// In this ward of before, all of which is in one ward now.
    Became {
        /// The ward of before.
        before: &'p Unit,
        /// The present one.
        now: &'p Unit,
    },
    /// Somebody who knows the address decides: the digits stand for different wards on the two maps and the day is
    /// not known, or the ward of before was split.
    Candidates(Vec<&'p Unit>),
    /// A ward of before of which the map does not say what became.
    NotSaid(&'p Unit),
}

impl Places {
    /// Places a residence. `recorded` is the day its codes were written down; without it the day since when the
    /// person lives there counts if the present map was in force then (codes of before may have been kept after
    /// that, never the other way round).
    #[must_use]
    pub fn place(&self, residence: &Residence, recorded: Option<Date>) -> Placed<'_> {
        let Some(ward) = residence.ward_code.as_deref() else { return Placed::NoCode };
        let province = residence.province_code.as_deref();
        let on = |map| self.unit(map, ward).filter(|unit| unit.level() == Some(Level::Ward));
        let (present, before) = (on(Map::Present), on(Map::Before));
        if present.is_none() && before.is_none() {
            return Placed::Unknown;
        }
        let fits = |map| {
            let lies_in = self.province(map, ward).map(|unit| unit.code.as_str());
            let now = self.before.get(ward).filter(|_| map == Map::Before);
            let mut after = now.into_iter().flat_map(|unit| &unit.became);
            province.is_none_or(|said| {
                lies_in == Some(said)
                    || after
                        .any(|code| self.province(Map::Present, code).is_some_and(|unit| unit.code == said))
            })
        };
        let present = present.filter(|_| fits(Map::Present));
        let before = before.filter(|_| fits(Map::Before));
        let of_present_day = recorded
            .map(|day| day >= PRESENT_SINCE)
            .or_else(|| residence.since.filter(|since| *since >= PRESENT_SINCE).map(|_| true));
        match (present, before, of_present_day) {
            (None, None, _) => Placed::Elsewhere {
                provinces: [Map::Present, Map::Before]
                    .into_iter()
                    .filter_map(|map| self.province(map, ward))
                    .collect(),
            },
            (Some(unit), _, Some(true)) | (Some(unit), None, _) => Placed::Now(unit),
            (_, Some(unit), Some(false)) | (None, Some(unit), _) => self.now(unit),
            (Some(unit), Some(old), None) => match self.became(&old.code) {
                // Both readings lead to the same ward.
                Became::One(now) if now.code == unit.code => Placed::Now(unit),
                Became::Several(mut all) => {
                    if !all.iter().any(|candidate| candidate.code == unit.code) {
                        all.push(unit);
                    }
                    Placed::Candidates(all)
                }
                Became::One(now) => Placed::Candidates(vec![now, unit]),
                Became::NotSaid | Became::NoSuchUnit => Placed::NotSaid(old),
            },
        }
    }

    fn now<'p>(&'p self, before: &'p Unit) -> Placed<'p> {
        match self.became(&before.code) {
            Became::One(now) => Placed::Became { before, now },
            Became::Several(all) => Placed::Candidates(all),
            Became::NotSaid | Became::NoSuchUnit => Placed::NotSaid(before),
        }
    }
}
