//! Where people stand under their keys.

use core::convert::Infallible;

use super::{SearchKey, SearchRecord};

/// A person within an index: a row number, or the personal number as an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle(pub u64);

/// People under a key.
#[derive(Clone, Debug, Default)]
pub struct Postings {
    /// Some of them, as many as were asked for.
    pub handles: Vec<Handle>,
    /// Whether there are more.
    pub more: bool,
}

/// The port of [`super::search`]. A table with an index over `key` is one; so is a file of sorted keys that is made anew
/// and swapped in.
pub trait CandidateIndex {
    /// Why the index could not answer.
    type Error;

    /// Up to `limit` people under each of these keys.
    ///
    /// # Errors
    /// The index's.
    fn postings(&self, keys: &[SearchKey], limit: usize) -> Result<Vec<Postings>, Self::Error>;

    /// The records of people, in the order of the handles; who is gone meanwhile is left out.
    ///
    /// # Errors
    /// The index's.
    fn records(&self, handles: &[Handle]) -> Result<Vec<(Handle, SearchRecord)>, Self::Error>;
}

/// An index in memory: sorted keys, and for each the places of its people.
#[derive(Default)]
pub struct MemoryIndex {
    keys: Vec<SearchKey>,
    /// Where the people of a key begin; one more than keys.
    begins: Vec<u32>,
    people: Vec<u32>,
    records: Vec<SearchRecord>,
}

impl core::fmt::Debug for MemoryIndex {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "MemoryIndex({} people, {} keys)", self.records.len(), self.keys.len())
    }
}

impl MemoryIndex {
    /// An index over records; beyond 2³² − 1 postings the rest is left out.
    #[must_use]
    pub fn new(records: Vec<SearchRecord>) -> Self {
        let mut pairs: Vec<(SearchKey, u32)> = Vec::with_capacity(records.len().saturating_mul(14));
        for (place, record) in (0_u32..).zip(&records) {
            pairs.extend(record.keys().into_iter().map(|key| (key, place)));
        }
        pairs.sort_unstable();
        let mut index = Self { records, ..Self::default() };
        for ((key, place), at) in pairs.into_iter().zip(0_u32..) {
            if index.keys.last() != Some(&key) {
                index.keys.push(key);
                index.begins.push(at);
            }
            index.people.push(place);
        }
        index.begins.push(u32::try_from(index.people.len()).unwrap_or(u32::MAX));
        index.keys.shrink_to_fit();
        index
    }

    /// How many keys, how many postings, and how long the longest list is.
    #[must_use]
    pub fn size(&self) -> (usize, usize, u32) {
        let longest =
            self.begins.iter().zip(self.begins.iter().skip(1)).map(|(from, until)| until - from).max();
        (self.keys.len(), self.people.len(), longest.unwrap_or(0))
    }

    fn list(&self, key: SearchKey) -> &[u32] {
        let Ok(place) = self.keys.binary_search(&key) else { return &[] };
        let at = |place: usize| {
            self.begins.get(place).and_then(|at| usize::try_from(*at).ok()).unwrap_or(usize::MAX)
        };
        self.people.get(at(place)..at(place + 1)).unwrap_or_default()
    }
}

impl CandidateIndex for MemoryIndex {
    type Error = Infallible;

    fn postings(&self, keys: &[SearchKey], limit: usize) -> Result<Vec<Postings>, Infallible> {
        let postings = |key: &SearchKey| {
            let list = self.list(*key);
            let handles = list.iter().take(limit).map(|place| Handle(u64::from(*place))).collect();
            Postings { handles, more: list.len() > limit }
        };
        Ok(keys.iter().map(postings).collect())
    }

    fn records(&self, handles: &[Handle]) -> Result<Vec<(Handle, SearchRecord)>, Infallible> {
        let record = |handle: &Handle| {
            let record = self.records.get(usize::try_from(handle.0).ok()?)?;
            Some((*handle, record.clone()))
        };
        Ok(handles.iter().filter_map(record).collect())
    }
}
