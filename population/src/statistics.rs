//! Counts by province, sex and age band: what `population stats` prints; and the parts that published tables are made
//! of (docs/statistics.md).
//!
//! | module | what |
//! |---|---|
//! | [`facts`] | what statistics sees of a person |
//! | [`cells`] | the roll-up: what each change of a record adds and takes away |
//! | [`groups`] | which places and ethnic groups have a name on what is published |
//! | [`disclosure`] | no number below five, none that can be worked out |
//! | [`projection`], [`outlook`] | the population in later years, and the rates of the register's own events |
//! | [`publication`], [`page`] | the tables that are published, as CSV and as a page with charts and a map |
//! | [`anew`] | whether a page may be published anew within its month |

pub mod anew;
pub mod cells;
pub mod disclosure;
pub mod facts;
pub mod groups;
pub mod outlook;
pub mod page;
pub mod projection;
pub mod publication;

use std::collections::BTreeMap;

use cells::{Measure, RollUp};
use jiff::civil::Date;
use serde::Serialize;

use crate::generate::province_name;
use crate::person::parse_birth_date;

/// Counts. All but `persons`, `by_life` and `cards_by_status` are over the living.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// All persons, dead and missing ones too.
    pub persons: u64,
    /// `alive`, `dead`, `missing`.
    pub by_life: BTreeMap<String, u64>,
    /// By the code of the province of residence (`??` when none is known).
    pub by_province: BTreeMap<String, ProvinceCount>,
    /// By sex.
    pub by_sex: BTreeMap<String, u64>,
    /// By age band, `00-09`, `10-19` …
    pub by_age: BTreeMap<String, u64>,
    /// By the status recorded last.
    pub cards_by_status: BTreeMap<String, u64>,
}

/// A province's count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProvinceCount {
    /// Its name since 1/7/2025, if the code is known.
    pub name: Option<String>,
    /// How many live there.
    pub persons: u64,
}

impl Statistics {
    /// The counts of a roll-up; ages are those of `today`.
    #[must_use]
    pub fn of(rollup: &RollUp, today: Date) -> Self {
        let mut statistics = Self::default();
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        for (cell, persons) in rollup.iter().map(|(cell, persons)| (cell, count(persons))) {
            match cell.measure {
                Measure::Life => *statistics.by_life.entry(cell.other.clone()).or_default() += persons,
                Measure::Living => statistics.living(cell.province.clone(), cell.sex.clone(), persons),
                Measure::Birthday => {
                    let years = parse_birth_date(&cell.period).map_or(0, |born| {
                        let born = born.earliest();
                        let before = (today.month(), today.day()) < (born.month(), born.day());
                        i64::from(today.year()) - i64::from(born.year()) - i64::from(before)
                    });
                    statistics.aged(years.div_euclid(10), persons);
                }
                Measure::Card => {
                    *statistics.cards_by_status.entry(cell.other.clone()).or_default() += persons;
                }
                _ => {}
            }
        }
        statistics.persons = statistics.by_life.values().sum();
        statistics
    }

    pub(crate) fn add(&mut self, province: String, sex: String, decade: i64, count: u64) {
        self.living(province, sex, count);
        self.aged(decade, count);
    }

    fn living(&mut self, province: String, sex: String, count: u64) {
        let name = province_name(&province).map(str::to_owned);
        self.by_province.entry(province).or_insert(ProvinceCount { name, persons: 0 }).persons += count;
        *self.by_sex.entry(sex).or_default() += count;
    }

    fn aged(&mut self, decade: i64, count: u64) {
        let from = decade.clamp(0, 13) * 10;
        *self.by_age.entry(format!("{from:02}-{:02}", from + 9)).or_default() += count;
    }
}
