//! A small synthetic nation: families over four generations with the proportions of the real one, from a seed.
//! Nobody in it exists. The same seed, day and count give the same nation, octet for octet.

pub mod errors;
mod families;
mod names;
mod numbers;
pub mod questions;
mod tables;

use jiff::civil::Date;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::person::Person;

pub(crate) use tables::present_province;
pub use tables::{ethnic_groups, province_name};

/// Persons of a nation, one by one; holds one clan of a few hundred at a time.
#[derive(Debug)]
pub struct Nation {
    left: u64,
    today: Date,
    chance: Chance,
    numbers: numbers::Numbers,
    clan: std::vec::IntoIter<Person>,
    founders: usize,
}

impl Nation {
    /// A nation of `count` persons as it is on `today`.
    #[must_use]
    pub fn new(count: u64, seed: u64, today: Date) -> Self {
        let founders = usize::try_from(count / 15).unwrap_or(usize::MAX).clamp(2, 40);
        Self {
            left: count,
            today,
            chance: Chance(ChaCha20Rng::seed_from_u64(seed)),
            numbers: numbers::Numbers::new(seed),
            clan: Vec::new().into_iter(),
            founders,
        }
    }
}

impl Iterator for Nation {
    type Item = Person;

    fn next(&mut self) -> Option<Person> {
        self.left = self.left.checked_sub(1)?;
        loop {
            if let Some(person) = self.clan.next() {
                return Some(person);
            }
            self.clan =
                families::clan(self.founders, self.today, &mut self.chance, &mut self.numbers).into_iter();
        }
    }
}

/// Words of names with their weight among twenty thousand people, half of them women.
pub(crate) fn name_elements() -> impl Iterator<Item = (&'static str, u32)> {
    let list = |list, times| {
        tables::names(list).iter().map(move |(word, weight)| (*word, weight.saturating_mul(times)))
    };
    let by_sex = ["middle-male", "middle-female", "given-male", "given-female"];
    list("family", 2).chain(by_sex.into_iter().flat_map(move |name| list(name, 1)))
}

/// Draws from a seeded generator.
#[derive(Debug)]
struct Chance(ChaCha20Rng);

impl Chance {
    /// A number below `bound`; the bias of the remainder is below 2⁻³² here.
    fn below(&mut self, bound: u32) -> u32 {
        use rand_core::Rng as _;
        u32::try_from(self.0.next_u64() % u64::from(bound.max(1))).unwrap_or(0)
    }

    fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = u32::try_from(to.saturating_sub(from)).unwrap_or(0).saturating_add(1);
        from + i64::from(self.below(width))
    }

    /// True with a chance of `per_mille` in a thousand.
    fn happens(&mut self, per_mille: u32) -> bool {
        self.below(1_000) < per_mille
    }

    fn one_of<'t, T>(&mut self, list: &'t [T]) -> Option<&'t T> {
        let place = self.below(u32::try_from(list.len()).unwrap_or(u32::MAX));
        list.get(usize::try_from(place).unwrap_or(0))
    }

    fn weighted<'t, T>(&mut self, list: &'t [(T, u32)]) -> Option<&'t T> {
        let total = list.iter().map(|(_, weight)| weight).sum();
        let mut draw = self.below(total);
        for (item, weight) in list {
            match draw.checked_sub(*weight) {
                None => return Some(item),
                Some(rest) => draw = rest,
            }
        }
        None
    }
}
