//! Scores by ward and province: the share of records without an error, for each word of the motto and for all four.
//! A record counts once however many errors it has: a score says how many people are served well, not how many
//! mistakes there are.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Part, Remark, Weight};
use crate::person::Person;

/// Where no code is known.
pub const NOWHERE: &str = "??";

/// Counts of one area.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Records looked at.
    pub persons: u64,
    /// Records without any error.
    pub sound: u64,
    /// Records with an error, by word of the motto.
    pub with_error: [u64; 4],
    /// How often each rule was broken by which item, hints and doubts included.
    pub remarks: BTreeMap<Remark, u64>,
}

impl Score {
    fn add(&mut self, remarks: &[Remark]) {
        self.persons += 1;
        let errors = || remarks.iter().filter(|remark| remark.rule.weight() == Weight::Error);
        self.sound += u64::from(errors().next().is_none());
        for part in Part::ALL {
            if let Some(count) = self.with_error.get_mut(part.place()) {
                *count += u64::from(errors().any(|remark| remark.rule.part() == part));
            }
        }
        for remark in remarks {
            *self.remarks.entry(*remark).or_default() += 1;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.persons += other.persons;
        self.sound += other.sound;
        for (sum, more) in self.with_error.iter_mut().zip(other.with_error) {
            *sum += more;
        }
        for (remark, count) in &other.remarks {
            *self.remarks.entry(*remark).or_default() += count;
        }
    }

    /// What was remarked, most frequent first.
    #[must_use]
    pub fn most_frequent(&self) -> Vec<(Remark, u64)> {
        let mut counts: Vec<_> = self.remarks.iter().map(|(remark, count)| (*remark, *count)).collect();
        counts.sort_by_key(|(remark, count)| (core::cmp::Reverse(*count), *remark));
        counts
    }

    /// Sound records, in hundredths of a per cent (10,000 = all); `None` for an area without records.
    #[must_use]
    pub fn sound_share(&self) -> Option<u64> {
        share(self.sound, self.persons)
    }

    /// Records without an error of this part, in hundredths of a per cent.
    #[must_use]
    pub fn part_share(&self, part: Part) -> Option<u64> {
        let bad = self.with_error.get(part.place()).copied().unwrap_or_default();
        share(self.persons.saturating_sub(bad), self.persons)
    }
}

/// Rounded down: 9,999 of 10,000 is not all of them.
fn share(some: u64, all: u64) -> Option<u64> {
    some.saturating_mul(10_000).checked_div(all)
}

/// Scores of every ward; provinces and the whole are sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scoreboard {
    wards: BTreeMap<(String, String), Score>,
}

impl Scoreboard {
    /// No records yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts one record under its place of record.
    pub fn add(&mut self, person: &Person, remarks: &[Remark]) {
        let place = place_of(person);
        self.wards.entry(place).or_default().add(remarks);
    }

    /// Province code, ward code and score, in the order of the codes.
    pub fn wards(&self) -> impl Iterator<Item = (&str, &str, &Score)> {
        self.wards.iter().map(|((province, ward), score)| (province.as_str(), ward.as_str(), score))
    }

    /// Sums by province.
    #[must_use]
    pub fn provinces(&self) -> BTreeMap<String, Score> {
        let mut sums: BTreeMap<String, Score> = BTreeMap::new();
        for ((province, _), score) in &self.wards {
            sums.entry(province.clone()).or_default().merge(score);
        }
        sums
    }

    /// The sum of all.
    #[must_use]
    pub fn whole(&self) -> Score {
        let mut sum = Score::default();
        self.wards.values().for_each(|score| sum.merge(score));
        sum
    }
}

/// Codes of province and ward of the place of record.
pub(super) fn place_of(person: &Person) -> (String, String) {
    let code = |code: Option<&String>| code.cloned().unwrap_or_else(|| NOWHERE.to_owned());
    let place = person.residences.of_record();
    (
        code(place.and_then(|place| place.province_code.as_ref())),
        code(place.and_then(|place| place.ward_code.as_ref())),
    )
}

/// What one area's score was, day by day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trend {
    points: BTreeMap<Date, Score>,
}

impl Trend {
    /// Adds or replaces a day's score.
    pub fn record(&mut self, day: Date, score: Score) {
        self.points.insert(day, score);
    }

    /// The newest score and the change of its sound share since the newest one at least `days` older, in hundredths
    /// of a per cent; `None` where there is nothing to compare with.
    #[must_use]
    pub fn change(&self, days: i32) -> Option<(Date, i64)> {
        let (day, newest) = self.points.last_key_value()?;
        let from = day.checked_sub(jiff::Span::new().days(days)).ok()?;
        let (_, older) = self.points.range(..=from).next_back()?;
        let share = |score: &Score| i64::try_from(score.sound_share()?).ok();
        Some((*day, share(newest)? - share(older)?))
    }
}
