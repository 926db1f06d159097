//! Under which names people are counted in what is published.
//!
//! A row of its own is itself a statement: somebody is there. So a value has one only if it is on the official list and at least
//! [`LEAST`] of the living have it. All others (a group or a place of fewer, a word that is no group, a code that is no province,
//! what is not recorded) stand together, and nobody can tell which of them has people and which has none.

use std::collections::BTreeMap;

use super::cells::{Cell, Measure, RollUp};
use super::disclosure::LEAST;
use crate::generate::{present_province, province_name};
use crate::qcvn::codes::{ethnic_group, ethnic_group_code};
use crate::quality::score::NOWHERE;

/// The ethnic groups that have no row of their own.
pub const OTHER_PEOPLES: &str = "~";

/// The roll-up with every person under a name that may be published. Sums stay what they are.
pub(super) fn named(rollup: &RollUp) -> RollUp {
    let known = renamed(rollup, |cell| {
        cell.province = province(&cell.province);
        match cell.measure {
            Measure::Living => cell.other = people(&cell.other),
            Measure::Move => cell.other = province(&cell.other),
            _ => {}
        }
    });
    let (provinces, peoples) =
        (many(&known, |cell| cell.province.clone()), many(&known, |cell| cell.other.clone()));
    let placed = renamed(&known, |cell| {
        let fold = |code: &mut String| {
            if !code.is_empty() && !provinces.contains_key(code) {
                NOWHERE.clone_into(code);
            }
        };
        fold(&mut cell.province);
        match cell.measure {
            Measure::Living if !peoples.contains_key(&cell.other) => {
                OTHER_PEOPLES.clone_into(&mut cell.other);
            }
            Measure::Move => fold(&mut cell.other),
            _ => {}
        }
    });
    let ward = |cell: &Cell| (cell.province.clone(), cell.ward.clone());
    let wards = many(&placed, ward);
    renamed(&placed, |cell| {
        if cell.measure == Measure::Living && (cell.province == NOWHERE || !wards.contains_key(&ward(cell))) {
            NOWHERE.clone_into(&mut cell.ward);
        }
    })
}

fn renamed(rollup: &RollUp, rename: impl Fn(&mut Cell)) -> RollUp {
    let mut all = RollUp::new();
    for (cell, count) in rollup.iter() {
        let mut cell = cell.clone();
        rename(&mut cell);
        all.add(cell, count);
    }
    all
}

/// The values that enough of the living have.
fn many<K: Ord>(rollup: &RollUp, key: impl Fn(&Cell) -> K) -> BTreeMap<K, i64> {
    let mut counts = BTreeMap::new();
    for (cell, count) in rollup.iter().filter(|(cell, _)| cell.measure == Measure::Living) {
        *counts.entry(key(cell)).or_default() += count;
    }
    counts.retain(|_, count| u64::try_from(*count).is_ok_and(|count| count >= LEAST));
    counts
}

/// A present province; one of the 63 before is the one that it became part of. A code that says nothing stays so.
fn province(code: &str) -> String {
    let known = province_name(code).map(|_| code);
    let before = || present_province(&format!("0{code}"));
    if code.is_empty() { String::new() } else { known.or_else(before).unwrap_or(NOWHERE).to_owned() }
}

/// One of the 54, or foreigners, by the official spelling; empty where nothing is recorded.
fn people(recorded: &str) -> String {
    let official = || ethnic_group(&ethnic_group_code(recorded)?).ok().flatten();
    if recorded.is_empty() { String::new() } else { official().unwrap_or(OTHER_PEOPLES).to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn living(province: &str, ward: &str, people: &str) -> Cell {
        Cell {
            province: province.to_owned(),
            ward: ward.to_owned(),
            cohort: 1990,
            sex: "male".to_owned(),
            ..Cell::of(Measure::Living).other(people)
        }
    }

    #[test]
    fn who_has_no_name_of_their_own_is_counted_with_others() {
        let mut rollup = RollUp::new();
        for (province, ward, people, count) in [
            ("01", "00070", "Kinh", 20),
            ("01", "00070", "H'Mông", 3),
            ("01", "00070", "Hmông", 2),
            ("01", "00071", "Kinh", 4),
            ("01", "00070", "Klingon", 9),
            ("01", "00070", "Brâu", 4),
            // Hà Giang, part of Tuyên Quang since.
            ("02", "00670", "Kinh", 6),
            ("99", "99999", "Kinh", 50),
            ("04", "01273", "Kinh", 4),
        ] {
            rollup.add(living(province, ward, people), count);
        }
        let named = named(&rollup);
        let sum = |of: &dyn Fn(&Cell) -> bool| {
            named.iter().filter(|(cell, _)| of(cell)).map(|(_, count)| count).sum::<i64>()
        };
        assert_eq!(sum(&|_| true), 102, "nobody is lost");
        let provinces: Vec<i64> =
            ["01", "08", NOWHERE].map(|code| sum(&|cell| cell.province == code)).to_vec();
        assert_eq!(provinces, [42, 6, 54]);
        let peoples: Vec<i64> =
            ["Kinh", "Hmông", OTHER_PEOPLES].map(|name| sum(&|cell| cell.other == name)).to_vec();
        assert_eq!(peoples, [84, 5, 13]);
        let wards: Vec<i64> = ["00070", "00670", NOWHERE].map(|code| sum(&|cell| cell.ward == code)).to_vec();
        assert_eq!(wards, [38, 6, 58]);
    }
}
