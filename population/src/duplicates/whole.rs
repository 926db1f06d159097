//! At intake, and over a whole register.

use super::{NameFrequencies, Opinion, Subject, Weighed, weigh};
use crate::search::SearchKey;

/// People under one key are compared with one another up to so many; a larger group is left to the other keys and counted.
pub const MAX_GROUP: usize = 200;

/// A pair that may be one person.
#[derive(Clone, Debug)]
pub struct Found {
    /// The place of the one among the subjects.
    pub one: usize,
    /// The place of the other.
    pub other: usize,
    /// The evidence.
    pub weighed: Weighed,
}

/// What a run over a register found.
#[derive(Clone, Debug, Default)]
pub struct Whole {
    /// Pairs at or above the asked threshold, most evidence first.
    pub found: Vec<Found>,
    /// How many pairs were weighed.
    pub weighed: u64,
    /// How many keys had too many people.
    pub skipped_keys: u64,
}

impl Whole {
    /// The pairs of an opinion.
    pub fn of(&self, opinion: Opinion) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(move |found| found.weighed.opinion() == opinion)
    }
}

/// Who among those that share a key with a newcomer may be the same person: their places, most evidence first. The caller
/// looks the keys up ([`Subject::keys`]).
#[must_use]
pub fn at_intake<'s>(
    newcomer: &Subject,
    candidates: impl IntoIterator<Item = &'s Subject>,
    frequencies: &NameFrequencies,
    threshold: i32,
) -> Vec<(usize, Weighed)> {
    let weighed = candidates.into_iter().map(|candidate| weigh(newcomer, candidate, frequencies));
    let mut found: Vec<(usize, Weighed)> =
        weighed.enumerate().filter(|(_, weighed)| weighed.bits >= threshold).collect();
    found.sort_by_key(|(_, weighed)| core::cmp::Reverse(weighed.bits));
    found
}

/// Every pair that shares a key and whose evidence is at least `threshold` tenths of a bit.
#[must_use]
pub fn find_all(subjects: &[Subject], frequencies: &NameFrequencies, threshold: i32) -> Whole {
    let mut keys: Vec<(SearchKey, u32)> = Vec::with_capacity(subjects.len().saturating_mul(8));
    for (place, subject) in (0_u32..).zip(subjects) {
        keys.extend(subject.keys().into_iter().map(|key| (key, place)));
    }
    keys.sort_unstable();
    let mut whole = Whole::default();
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for group in keys.chunk_by(|one, other| one.0 == other.0) {
        if group.len() > MAX_GROUP {
            whole.skipped_keys += 1;
            continue;
        }
        for (at, (_, one)) in group.iter().enumerate() {
            pairs.extend(group.iter().skip(at + 1).map(|(_, other)| (*one, *other)));
        }
    }
    drop(keys);
    pairs.sort_unstable();
    pairs.dedup();
    for (one, other) in pairs {
        let (one, other) =
            (usize::try_from(one).unwrap_or(usize::MAX), usize::try_from(other).unwrap_or(usize::MAX));
        let (Some(first), Some(second)) = (subjects.get(one), subjects.get(other)) else { continue };
        let weighed = weigh(first, second, frequencies);
        whole.weighed += 1;
        if weighed.bits >= threshold {
            whole.found.push(Found { one, other, weighed });
        }
    }
    whole.found.sort_by_key(|found| core::cmp::Reverse(found.weighed.bits));
    whole
}
