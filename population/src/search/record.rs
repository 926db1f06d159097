//! What of a person is searched.

use std::collections::BTreeSet;

use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;

use super::SearchKey;
use crate::name::PreparedName;
use crate::person::Person;

/// The part of a person that ranking needs: some 150 octets.
#[derive(Clone, PartialEq, Eq)]
pub struct SearchRecord {
    /// The number.
    pub number: PersonalNumber,
    /// The full name.
    pub name: String,
    /// Other names.
    pub other_names: Vec<String>,
    /// The birth date as far as it is known.
    pub birth_date: BirthDate,
    /// The sex.
    pub sex: Sex,
    /// Province of residence, 2 digits.
    pub province: Option<String>,
    /// Ward of residence, 5 digits.
    pub ward: Option<String>,
    /// The father's name.
    pub father: Option<String>,
    /// The mother's name.
    pub mother: Option<String>,
}

impl core::fmt::Debug for SearchRecord {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SearchRecord").field("number", &self.number).finish_non_exhaustive()
    }
}

/// The keys of a person: about fourteen.
#[must_use]
pub fn keys(person: &Person) -> Vec<SearchKey> {
    SearchRecord::of(person).keys()
}

impl SearchRecord {
    /// The searched part of a person.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        let residence = person.residences.of_record();
        Self {
            number: person.number.clone(),
            name: person.full_name.clone(),
            other_names: person.other_names.clone(),
            birth_date: person.birth_date,
            sex: person.sex,
            province: residence.and_then(|residence| residence.province_code.clone()),
            ward: residence.and_then(|residence| residence.ward_code.clone()),
            father: person.father.as_ref().map(|father| father.name.clone()),
            mother: person.mother.as_ref().map(|mother| mother.name.clone()),
        }
    }

    /// The keys under which the person stands.
    #[must_use]
    pub fn keys(&self) -> Vec<SearchKey> {
        let mut keys = BTreeSet::new();
        let known = Known {
            year: Some(self.birth_date.year()),
            day: self.birth_date.date().map(|day| day.to_string()),
            province: self.province.as_deref(),
            ward: self.ward.as_deref(),
            father: self.father.as_deref().map(PreparedName::new),
            mother: self.mother.as_deref().map(PreparedName::new),
        };
        for name in core::iter::once(&self.name).chain(&self.other_names) {
            let name = PreparedName::new(name);
            keys.extend(known.keys(&Words::of(&name)).into_iter().map(|(_, key)| key));
        }
        keys.extend(known.parents_key());
        keys.into_iter().collect()
    }
}

/// The words of a name as they sound.
pub(super) struct Words<'n> {
    /// All but the given name, sorted.
    rest: Vec<&'n str>,
    given: Option<&'n str>,
    /// All, sorted.
    all: Vec<&'n str>,
}

/// Words of a name that make keys.
const MAX_KEY_WORDS: usize = 5;

impl<'n> Words<'n> {
    pub(super) fn of(name: &'n PreparedName) -> Self {
        let mut rest: Vec<&str> = name.sounds().collect();
        let given = rest.pop();
        rest.truncate(MAX_KEY_WORDS - 1);
        Self::with(rest, given)
    }

    /// Each word as if it were the given name: for names in another order.
    pub(super) fn turned(name: &'n PreparedName) -> Vec<Self> {
        let words: Vec<&str> = name.sounds().take(MAX_KEY_WORDS).collect();
        (0..words.len())
            .map(|at| {
                let mut rest = words.clone();
                let given = rest.remove(at);
                Self::with(rest, Some(given))
            })
            .collect()
    }

    fn with(mut rest: Vec<&'n str>, given: Option<&'n str>) -> Self {
        let mut all: Vec<&str> = rest.iter().copied().chain(given).collect();
        rest.sort_unstable();
        all.sort_unstable();
        Self { rest, given, all }
    }
}

/// What stands beside the name.
pub(super) struct Known<'k> {
    pub(super) year: Option<i16>,
    pub(super) day: Option<String>,
    pub(super) province: Option<&'k str>,
    pub(super) ward: Option<&'k str>,
    pub(super) father: Option<PreparedName>,
    pub(super) mother: Option<PreparedName>,
}

/// How much a key says; the sum over the keys that a candidate is found by orders the candidates before they are ranked.
pub(super) const STRONG: u32 = 4;
pub(super) const GOOD: u32 = 2;
pub(super) const WEAK: u32 = 1;

impl Known<'_> {
    /// The keys of a name with all that is known, and what each says.
    pub(super) fn keys(&self, words: &Words<'_>) -> Vec<(u32, SearchKey)> {
        let mut keys = Vec::new();
        let Some(given) = words.given else { return keys };
        let whole = |kind, part: &str| SearchKey::new(kind, words.all.iter().copied().chain([part]));
        let year = self.year.map(|year| year.to_string());
        if let Some(year) = &year {
            keys.push((STRONG, whole("s-name", year)));
            for (at, one) in words.rest.iter().enumerate() {
                let (first, second) = if *one <= given { (*one, given) } else { (given, *one) };
                keys.push((GOOD, SearchKey::new("s-pair", [first, second, year])));
                // Without the given name: its first or its last letter keeps Nguyễn Văn short.
                for other in words.rest.iter().skip(at + 1) {
                    for (kind, letter) in [("s-first", edge(given, true)), ("s-last", edge(given, false))] {
                        keys.push((WEAK, SearchKey::new(kind, [*one, other, letter, year])));
                    }
                }
            }
            if let Some(province) = self.province {
                keys.push((GOOD, SearchKey::new("s-given", [given, province, year])));
            }
        }
        if let Some(province) = self.province {
            keys.push((GOOD, whole("s-place", province)));
        }
        if let Some(ward) = self.ward {
            keys.push((GOOD, SearchKey::new("s-ward", [given, ward])));
        }
        if let Some(day) = &self.day {
            // The year may be wrong by ten.
            keys.extend(day.get(5..).map(|month_day| (STRONG, whole("s-month-day", month_day))));
            keys.extend(words.all.iter().map(|word| (GOOD, SearchKey::new("s-day", [*word, day]))));
        }
        for (kind, parent) in [("s-father", &self.father), ("s-mother", &self.mother)] {
            let Some(parent) = parent else { continue };
            keys.push((GOOD, SearchKey::new(kind, core::iter::once(given).chain(last_two(parent)))));
        }
        keys
    }

    /// Both parents: their children.
    pub(super) fn parents_key(&self) -> Option<SearchKey> {
        let (father, mother) = self.father.as_ref().zip(self.mother.as_ref())?;
        Some(SearchKey::new("s-parents", last_two(father).chain(["+"]).chain(last_two(mother))))
    }
}

/// The given name and the word before it: what a parent is called.
fn last_two(name: &PreparedName) -> impl Iterator<Item = &str> {
    name.sounds().skip(name.sounds().count().saturating_sub(2))
}

/// The first or last letter of a word.
fn edge(word: &str, first: bool) -> &str {
    let mut letters = word.char_indices();
    let end = if first {
        letters.nth(1).map_or(Some(word), |(at, _)| word.get(..at))
    } else {
        letters.next_back().and_then(|(at, _)| word.get(at..))
    };
    end.unwrap_or(word)
}
