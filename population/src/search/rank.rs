//! Candidates, and which of them fit best.

use std::collections::HashMap;
use std::sync::LazyLock;

use cccd_card_profile::card_holder::{BirthDate, Sex};

use super::record::{Known, STRONG, WEAK, Words};
use super::{CandidateIndex, Handle, Query, SearchKey, SearchRecord, cost};
use crate::duplicates::NameFrequencies;
use crate::name::{NameComparison, PreparedName};

/// How common a family name is.
static NATIONAL: LazyLock<NameFrequencies> = LazyLock::new(NameFrequencies::national);

/// The most people that are taken from one key.
pub const MAX_POSTINGS: usize = 4_000;

/// The most candidates that are compared item by item.
pub const MAX_RANKED: usize = 400;

/// How one item of the question fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The item, in the words of the import format.
    pub item: &'static str,
    /// What is left of a hundred by this item alone.
    pub score: u8,
    /// What was found: stable codes.
    pub findings: Vec<&'static str>,
}

/// A person found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The handle in the index.
    pub handle: Handle,
    /// The record.
    pub record: SearchRecord,
    /// What is left of a hundred: each bit by which the question is unlikely to mean this person takes two and a half.
    pub score: u8,
    /// Item by item.
    pub agreements: Vec<Agreement>,
}

/// The people who fit best, best first.
///
/// # Errors
/// The index's.
pub fn search<I: CandidateIndex>(index: &I, query: &Query, limit: usize) -> Result<Vec<Hit>, I::Error> {
    let asked = Asked::of(query);
    let mut candidates: HashMap<Handle, u32> = HashMap::new();
    let (weights, keys): (Vec<u32>, Vec<SearchKey>) = asked.keys().into_iter().unzip();
    for (weight, postings) in weights.into_iter().zip(index.postings(&keys, MAX_POSTINGS)?) {
        // A list that was cut says less.
        let weight = if postings.more { WEAK } else { weight * telling(postings.handles.len()) };
        for handle in postings.handles {
            *candidates.entry(handle).or_default() += weight;
        }
    }
    let mut order: Vec<(u32, Handle)> =
        candidates.into_iter().map(|(handle, weight)| (weight, handle)).collect();
    order.sort_unstable_by_key(|(weight, handle)| (core::cmp::Reverse(*weight), *handle));
    let handles: Vec<Handle> = order.iter().take(MAX_RANKED).map(|(_, handle)| *handle).collect();
    let places: HashMap<Handle, usize> =
        handles.iter().enumerate().map(|(place, handle)| (*handle, place)).collect();
    let mut hits: Vec<(u32, usize, Hit)> = index
        .records(&handles)?
        .into_iter()
        .map(|(handle, record)| {
            let (cost, hit) = asked.judge(handle, record);
            (cost, places.get(&handle).copied().unwrap_or(usize::MAX), hit)
        })
        .collect();
    // Of those who fit alike the one comes first whom the rarer keys led to.
    hits.sort_by_key(|(cost, place, _)| (*cost, *place));
    hits.truncate(limit);
    Ok(hits.into_iter().map(|(.., hit)| hit).collect())
}

/// What a key says by the length of its list, in bits: the whole of 4,096 says nothing, a list of one twelve.
fn telling(people: usize) -> u32 {
    12_u32.saturating_sub(people.max(1).ilog2()).max(1)
}

impl Query {
    /// The keys that the people asked for may stand under: who shares none of them is not found.
    #[must_use]
    pub fn keys(&self) -> Vec<SearchKey> {
        Asked::of(self).keys().into_iter().map(|(_, key)| key).collect()
    }
}

/// A question, prepared.
struct Asked<'q> {
    query: &'q Query,
    name: Option<PreparedName>,
    father: Option<PreparedName>,
    mother: Option<PreparedName>,
}

impl<'q> Asked<'q> {
    fn of(query: &'q Query) -> Self {
        let prepared = |name: &Option<String>| name.as_deref().map(PreparedName::new);
        Self {
            query,
            name: prepared(&query.name),
            father: prepared(&query.father),
            mother: prepared(&query.mother),
        }
    }

    /// The keys to look under and what each says, most telling first.
    fn keys(&self) -> Vec<(u32, SearchKey)> {
        let known = |year| Known {
            year,
            day: self.query.birth_date.and_then(BirthDate::date).map(|day| day.to_string()),
            province: self.query.province.as_deref(),
            ward: self.query.ward.as_deref(),
            father: self.father.clone(),
            mother: self.mother.clone(),
        };
        let year = self.query.birth_date.map(BirthDate::year);
        let mut keys: HashMap<SearchKey, u32> = HashMap::new();
        let mut add = |weight: u32, key| {
            let held = keys.entry(key).or_default();
            *held = weight.max(*held);
        };
        if let Some(name) = &self.name {
            known(year).keys(&Words::of(name)).into_iter().for_each(|(weight, key)| add(weight, key));
            // Another order: every word may be the given name.
            for words in Words::turned(name) {
                known(year).keys(&words).into_iter().for_each(|(weight, key)| add(weight.min(2), key));
            }
            // The year before and after.
            for near in [-1, 1].into_iter().filter_map(|by| Some(year?.saturating_add(by))) {
                let strong =
                    known(Some(near)).keys(&Words::of(name)).into_iter().filter(|(weight, _)| *weight > WEAK);
                strong.for_each(|(_, key)| add(WEAK, key));
            }
        }
        if let Some(key) = known(year).parents_key() {
            add(STRONG, key);
        }
        let mut keys: Vec<(u32, SearchKey)> = keys.into_iter().map(|(key, weight)| (weight, key)).collect();
        keys.sort_unstable_by(|one, other| other.cmp(one));
        keys
    }

    /// Compares a candidate item by item. What was not asked costs nothing.
    ///
    /// Answers what all differences cost, too.
    fn judge(&self, handle: Handle, record: SearchRecord) -> (u32, Hit) {
        let mut agreements = Vec::new();
        let mut sum = 0_u32;
        let mut add = |item, cost: u32, findings| {
            sum += cost;
            agreements.push(Agreement { item, score: left(cost), findings });
        };
        if let Some(name) = &self.name {
            let (item, cost, findings) = self.best_name(name, &record);
            add(item, cost, findings);
        }
        if let Some(asked) = self.query.birth_date {
            let (cost, finding) = cost::birth_date(asked, record.birth_date);
            add("birth_date", cost, vec![finding]);
        }
        for (item, asked, held) in
            [("father", &self.father, &record.father), ("mother", &self.mother, &record.mother)]
        {
            let Some(asked) = asked else { continue };
            let Some(held) = held.as_deref().map(PreparedName::new) else {
                add(item, cost::NO_PARENT, vec!["unknown"]);
                continue;
            };
            let comparison = asked.compare(&held);
            add(item, cost::parent(asked, &held, &comparison), findings(&comparison));
        }
        let places = [
            ("province_code", &self.query.province, &record.province),
            ("ward_code", &self.query.ward, &record.ward),
        ];
        let mut moved = false;
        for (item, asked, held) in places {
            let Some(asked) = asked else { continue };
            let (cost, finding) = match held {
                Some(held) if held == asked => (0, "same"),
                Some(_) => (cost::place(moved), "differs"),
                None => (cost::NO_PLACE, "unknown"),
            };
            moved |= finding == "differs";
            add(item, cost, vec![finding]);
        }
        if let Some(asked) = self.query.sex.filter(|sex| *sex != Sex::Unspecified) {
            let (cost, finding) =
                if asked == record.sex { (0, "same") } else { (cost::OTHER_SEX, "differs") };
            add("sex", cost, vec![finding]);
        }
        (sum, Hit { handle, record, score: left(sum), agreements })
    }

    /// The name that costs least: a person may be known under several.
    fn best_name(
        &self,
        asked: &PreparedName,
        record: &SearchRecord,
    ) -> (&'static str, u32, Vec<&'static str>) {
        let mother = record.mother.as_deref();
        let judged = |item, name: &str| {
            let held = PreparedName::new(name);
            let comparison = asked.compare(&held);
            (item, cost::name(asked, &held, &comparison, mother, &NATIONAL), findings(&comparison))
        };
        let first = judged("full_name", &record.name);
        let others = record.other_names.iter().map(|name| judged("other_names", name));
        others.fold(first, |best, other| if other.1 < best.1 { other } else { best })
    }
}

/// What is left of a hundred.
fn left(cost: u32) -> u8 {
    let taken = 100 * cost.min(cost::ALL) / cost::ALL;
    u8::try_from(100_u32.saturating_sub(taken)).unwrap_or(100)
}

fn findings(comparison: &NameComparison) -> Vec<&'static str> {
    let mut findings: Vec<&'static str> = comparison.reasons.iter().map(|reason| reason.as_str()).collect();
    findings.dedup();
    if findings.is_empty() {
        findings.push("same");
    }
    findings
}
