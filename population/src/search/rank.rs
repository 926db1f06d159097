//! Candidates, and which of them fit best.

use std::collections::HashMap;

use cccd_card_profile::card_holder::{BirthDate, Sex};

use super::record::{Known, STRONG, WEAK, Words};
use super::{CandidateIndex, Handle, Query, SearchKey, SearchRecord};
use crate::name::{NameReason, PreparedName, WordPair};

/// The most people that are taken from one key.
pub const MAX_POSTINGS: usize = 4_000;

/// The most candidates that are compared item by item.
pub const MAX_RANKED: usize = 400;

/// How one item of the question fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The item, in the words of the import format.
    pub item: &'static str,
    /// How well, 0 to 100.
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
    /// How well all that was asked fits, 0 to 100.
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
            let (fine, hit) = asked.judge(handle, record);
            (fine, places.get(&handle).copied().unwrap_or(usize::MAX), hit)
        })
        .collect();
    // Of those who fit alike the one comes first whom the rarer keys led to.
    hits.sort_by_key(|(fine, place, _)| (core::cmp::Reverse(*fine), *place));
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

    /// Compares a candidate item by item: the name counts most, then the whole birth date, its year, the parents, the place; what was not
    /// asked does not count.
    ///
    /// Answers how well all of it fits in tenths of a thousandth, too.
    fn judge(&self, handle: Handle, record: SearchRecord) -> (u32, Hit) {
        let mut agreements = Vec::new();
        let (mut sum, mut full) = (0_u32, 0_u32);
        let mut add = |weight: u32, agreement: Agreement| {
            sum += weight * u32::from(agreement.score);
            full += weight * 100;
            agreements.push(agreement);
        };
        if let Some(name) = &self.name {
            add(50, best_name(name, &record));
        }
        if let Some(asked) = self.query.birth_date {
            let (score, finding) = birth_date(asked, record.birth_date);
            // A whole date says as much as a name.
            let weight = if asked.date().is_some() { 40 } else { 25 };
            add(weight, Agreement { item: "birth_date", score, findings: vec![finding] });
        }
        for (item, asked, held) in
            [("father", &self.father, &record.father), ("mother", &self.mother, &record.mother)]
        {
            let Some(asked) = asked else { continue };
            add(
                15,
                held.as_ref().map_or_else(
                    || Agreement { item, score: 40, findings: vec!["unknown"] },
                    |held| name_agreement(item, asked, &PreparedName::new(held)),
                ),
            );
        }
        let places = [
            ("province_code", &self.query.province, &record.province),
            ("ward_code", &self.query.ward, &record.ward),
        ];
        for (item, asked, held) in places {
            let Some(asked) = asked else { continue };
            let (score, finding) = match held {
                Some(held) if held == asked => (100, "same"),
                Some(_) => (0, "differs"),
                None => (40, "unknown"),
            };
            add(10, Agreement { item, score, findings: vec![finding] });
        }
        if let Some(asked) = self.query.sex.filter(|sex| *sex != Sex::Unspecified) {
            let (score, finding) = if asked == record.sex { (100, "same") } else { (0, "differs") };
            add(10, Agreement { item: "sex", score, findings: vec![finding] });
        }
        let score = (100 * sum).checked_div(full).unwrap_or(0).min(100);
        let fine = (10_000 * sum).checked_div(full).unwrap_or(0);
        (fine, Hit { handle, record, score: u8::try_from(score).unwrap_or(100), agreements })
    }
}

fn best_name(asked: &PreparedName, record: &SearchRecord) -> Agreement {
    let first = name_agreement("full_name", asked, &PreparedName::new(&record.name));
    record
        .other_names
        .iter()
        .map(|name| name_agreement("other_names", asked, &PreparedName::new(name)))
        .fold(first, |best, other| if other.score > best.score { other } else { best })
}

fn name_agreement(item: &'static str, asked: &PreparedName, held: &PreparedName) -> Agreement {
    let comparison = asked.compare(held);
    let mut findings: Vec<&'static str> = comparison.reasons.iter().map(|reason| reason.as_str()).collect();
    findings.dedup();
    if findings.is_empty() {
        findings.push("same");
    }
    // Family and middle name are shared by thousands: without the given name little agrees.
    let given = |length: usize, own: fn(&WordPair) -> usize| {
        comparison.pairs.iter().any(|pair| own(pair) + 1 == length)
    };
    let meets = comparison.score >= 95
        || given(comparison.lengths.0, |pair| pair.one)
        || given(comparison.lengths.1, |pair| pair.other);
    // Who has another family name alone has taken it, or it was taken for granted; another middle name is another person's.
    let surname = comparison.reasons.contains(&NameReason::Surname);
    let score = match comparison.score {
        score if surname && meets => score.saturating_add(8).min(95),
        score if meets => score,
        score => score / 2,
    };
    Agreement { item, score, findings }
}

fn birth_date(asked: BirthDate, held: BirthDate) -> (u8, &'static str) {
    let apart = asked.year().abs_diff(held.year());
    let part = |one: Option<i8>, other: Option<i8>| one.zip(other).map(|(one, other)| one == other);
    let (month, day) = (part(asked.month(), held.month()), part(asked.day(), held.day()));
    match (apart, month, day) {
        (0, Some(true), Some(true)) => (100, "same"),
        (0, Some(true), None) => (95, "same-month"),
        (0, None, _) => (90, "same-year"),
        (0, Some(false), Some(false)) if asked.month() == held.day() && asked.day() == held.month() => {
            (70, "day-and-month-exchanged")
        }
        // One part wrong is a slip; who shares the rest with the name is hardly anybody else.
        (0, Some(true), Some(false)) => (65, "other-day"),
        (0, Some(false), Some(true)) => (65, "other-month"),
        (0, ..) => (15, "same-year-only"),
        (1..=10, Some(true), Some(true)) => (60, "other-year"),
        (1, None, _) => (50, "next-year"),
        // Where the year alone is known and nearly right: years are guessed from an age, or wrong by ten.
        (2..=3, None, _) => (40, "near-year"),
        (10, None, _) => (30, "ten-years"),
        (_, Some(true), Some(true)) => (15, "other-year"),
        (1, ..) => (15, "next-year"),
        _ => (0, "differs"),
    }
}
