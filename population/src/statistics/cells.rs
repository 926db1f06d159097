//! The roll-up: counts by cell, kept up to date by what each change of a record adds and takes away.
//!
//! A person adds to a handful of cells. Most of them say how things stand ([`Measure::Living`] and the like): a change
//! takes the record's old cells away and adds the new ones, so that the sum over any sequence of changes is the count
//! from scratch. The others say what happened ([`Measure::Death`], [`Measure::Move`]): they are added once, where it
//! happened, and stay.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::person::Life;

use super::facts::Facts;

/// What a cell counts, and which of its coordinates say something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Records by state of life (`other`).
    Life,
    /// The living, by province, ward, year of birth (`cohort`), sex and ethnic group (`other`).
    Living,
    /// The living by birth date (`period`): for exact ages.
    Birthday,
    /// Births by province of registration, year (`period`), the mother's year of birth (`cohort`, 0 unknown), sex.
    Birth,
    /// Births by province of registration and month (`period`).
    BirthMonth,
    /// Deaths by province, year (`period`), year of birth (`cohort`), sex.
    Death,
    /// Deaths by province and month (`period`).
    DeathMonth,
    /// Moves into a province from another one (`other`), by year (`period`), year of birth (`cohort`), sex.
    Move,
    /// Acts by office (`ward`), month in which it happened (`period`) and book (`other`).
    Act,
    /// Cards by the status recorded last (`other`).
    Card,
    /// The living who hold a card in use, by province, year of birth (`cohort`) and last day of the card (`period`).
    Holder,
}

crate::person::words!(
    Measure,
    Life = "life",
    Living = "living",
    Birthday = "birthday",
    Birth = "birth",
    BirthMonth = "birth-month",
    Death = "death",
    DeathMonth = "death-month",
    Move = "move",
    Act = "act",
    Card = "card",
    Holder = "holder",
);

/// The coordinates of a count; empty (0 for the year of birth) where the measure has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// What is counted.
    pub measure: Measure,
    /// Code of the province.
    pub province: String,
    /// Code of the ward or office.
    pub ward: String,
    /// A year, a month or a day.
    pub period: String,
    /// A year of birth.
    pub cohort: i16,
    /// `male`, `female`, `unspecified`.
    pub sex: String,
    /// A state, an ethnic group, another province, a book.
    pub other: String,
}

impl Cell {
    /// A cell of which only the measure is said.
    #[must_use]
    pub fn of(measure: Measure) -> Self {
        Self {
            measure,
            province: String::new(),
            ward: String::new(),
            period: String::new(),
            cohort: 0,
            sex: String::new(),
            other: String::new(),
        }
    }

    /// With its last coordinate.
    #[must_use]
    pub fn other(self, other: &str) -> Self {
        Self { other: other.to_owned(), ..self }
    }

    fn at(self, province: &str) -> Self {
        Self { province: province.to_owned(), ..self }
    }

    fn during(self, period: &str) -> Self {
        Self { period: period.to_owned(), ..self }
    }

    fn born(self, facts: &Facts) -> Self {
        Self { cohort: facts.birth_year(), sex: facts.sex.clone(), ..self }
    }
}

/// Counts by cell; cells of count zero are not kept. A roll-up is whole, or what is to be added to one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RollUp {
    cells: BTreeMap<Cell, i64>,
}

impl RollUp {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds to one cell, or takes away from it.
    pub fn add(&mut self, cell: Cell, count: i64) {
        match self.cells.entry(cell) {
            Entry::Vacant(entry) if count != 0 => {
                entry.insert(count);
            }
            Entry::Vacant(_) => {}
            Entry::Occupied(mut entry) => {
                let sum = entry.get().saturating_add(count);
                if sum == 0 {
                    entry.remove();
                } else {
                    entry.insert(sum);
                }
            }
        }
    }

    /// Adds all of another one.
    pub fn merge(&mut self, other: &Self) {
        for (cell, count) in &other.cells {
            self.add(cell.clone(), *count);
        }
    }

    /// What a record's change adds and takes away; `None` before the first record, and after a number has ended.
    pub fn change(&mut self, before: Option<&Facts>, after: Option<&Facts>) {
        if let Some(facts) = before {
            self.state(facts, -1);
        }
        if let Some(facts) = after {
            self.state(facts, 1);
            self.happened(before, facts);
        }
    }

    /// What is so as long as the record says so.
    fn state(&mut self, facts: &Facts, count: i64) {
        self.add(Cell::of(Measure::Life).other(facts.life.as_str()), count);
        if facts.life == Life::Alive {
            let living = Cell::of(Measure::Living).at(&facts.province).born(facts).other(&facts.ethnic_group);
            self.add(Cell { ward: facts.ward.clone(), ..living }, count);
            self.add(Cell::of(Measure::Birthday).during(&facts.birth_date), count);
        }
        // Born abroad is no birth here.
        if !facts.registered_in.is_empty() {
            let birth = Cell::of(Measure::Birth).at(&facts.registered_in).during(facts.year());
            self.add(Cell { cohort: facts.mother_born, sex: facts.sex.clone(), ..birth }, count);
            if let Some(month) = facts.birth_date.get(..7) {
                self.add(Cell::of(Measure::BirthMonth).at(&facts.registered_in).during(month), count);
            }
        }
    }

    /// What a change tells of: counted where it happened, once.
    fn happened(&mut self, before: Option<&Facts>, after: &Facts) {
        let dead = |facts: &Facts| matches!(facts.life, Life::Dead(_));
        if let (Life::Dead(day), false) = (after.life, before.is_some_and(dead)) {
            // The dead are removed from where they lived: what counts is where that was.
            let place = before.unwrap_or(after);
            let day = day.to_string();
            let (year, month) = (day.get(..4).unwrap_or_default(), day.get(..7).unwrap_or_default());
            self.add(Cell::of(Measure::Death).at(&place.province).during(year).born(after), 1);
            self.add(Cell::of(Measure::DeathMonth).at(&place.province).during(month), 1);
        }
        if let Some(before) = before
            && after.life == Life::Alive
            && after.has_moved_from(before)
        {
            let year = after.home_since.get(..4).unwrap_or_default();
            let moved = Cell::of(Measure::Move).at(&after.home).during(year).born(after);
            self.add(moved.other(&before.home), 1);
        }
    }

    /// A person who holds a card in use and lives, or does so no longer.
    pub fn holder(&mut self, facts: &Facts, last_day: &str, count: i64) {
        if facts.life == Life::Alive {
            let holder = Cell::of(Measure::Holder).at(&facts.province).during(last_day);
            self.add(Cell { cohort: facts.birth_year(), ..holder }, count);
        }
    }

    /// Cells and counts in the order of the cells.
    pub fn iter(&self) -> impl Iterator<Item = (&Cell, i64)> {
        self.cells.iter().map(|(cell, count)| (cell, *count))
    }

    /// Whether nothing is counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// How many cells hold something.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Cells whose counts differ: here, there.
    pub fn differences<'r>(&'r self, other: &'r Self) -> impl Iterator<Item = (&'r Cell, i64, i64)> {
        let mine = self
            .cells
            .iter()
            .map(|(cell, count)| (cell, *count, other.cells.get(cell).copied().unwrap_or_default()));
        let theirs = other.cells.iter().filter(|(cell, _)| !self.cells.contains_key(cell));
        mine.chain(theirs.map(|(cell, count)| (cell, 0, *count))).filter(|(_, here, there)| here != there)
    }
}

#[cfg(test)]
mod tests {
    use cccd_card_profile::card_holder::{BirthDate, Sex};
    use cccd_card_profile::personal_number::PersonalNumber;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::person::{Person, Relative, Residence};

    fn somebody(serial: u32, year: i16, sex: Sex) -> Person {
        let number =
            PersonalNumber::parse(&format!("001{}{:02}{serial:06}", 2 * (year / 100 - 19), year % 100));
        Person::new(number.unwrap(), "Nguyễn Văn Mẫu", BirthDate::Day(date(year, 5, 3)), sex)
    }

    fn home(province: &str, ward: &str, year: i16) -> Residence {
        Residence {
            province_code: Some(province.to_owned()),
            ward_code: Some(ward.to_owned()),
            since: Some(date(year, 1, 2)),
            ..Residence::new("Nhà")
        }
    }

    fn count(rollup: &RollUp, cell: &Cell) -> i64 {
        rollup.iter().find(|(other, _)| *other == cell).map_or(0, |(_, count)| count)
    }

    #[test]
    fn a_death_is_counted_where_the_dead_lived_and_a_move_by_both_ends() {
        let mut person = somebody(1, 1970, Sex::Male);
        person.residences.permanent = Some(home("01", "00070", 2000));
        let first = Facts::of(&person);
        person.residences.permanent = Some(home("79", "26734", 2020));
        let moved = Facts::of(&person);
        person.life = Life::Dead(date(2024, 3, 9));
        person.residences.permanent = None;
        let dead = Facts::of(&person);
        let mut rollup = RollUp::new();
        rollup.change(None, Some(&first));
        rollup.change(Some(&first), Some(&moved));
        rollup.change(Some(&moved), Some(&dead));
        let by_cohort = |cell: Cell| Cell { cohort: 1970, sex: "male".to_owned(), ..cell };
        let death = by_cohort(Cell::of(Measure::Death).at("79").during("2024"));
        assert_eq!(count(&rollup, &death), 1);
        assert_eq!(count(&rollup, &Cell::of(Measure::DeathMonth).at("79").during("2024-03")), 1);
        let step = by_cohort(Cell::of(Measure::Move).at("79").during("2020").other("01"));
        assert_eq!(count(&rollup, &step), 1);
        assert!(rollup.iter().all(|(cell, _)| cell.measure != Measure::Living), "nobody lives");
        assert_eq!(count(&rollup, &Cell::of(Measure::Life).other("dead")), 1);
        assert_eq!(count(&rollup, &Cell::of(Measure::BirthMonth).at("01").during("1970-05")), 1);
    }

    #[test]
    fn another_code_for_the_same_home_is_no_move() {
        let mut person = somebody(1, 1970, Sex::Male);
        person.residences.permanent = Some(home("01", "00070", 2000));
        let before = Facts::of(&person);
        person.residences.permanent = Some(home("02", "00071", 2000));
        let mut rollup = RollUp::new();
        rollup.change(Some(&before), Some(&Facts::of(&person)));
        assert!(rollup.iter().all(|(cell, _)| cell.measure != Measure::Move));
    }

    #[derive(Clone, Debug)]
    struct Step {
        who: usize,
        province: u8,
        ward: u8,
        year: i16,
        female: bool,
        ethnic: u8,
        life: u8,
        gone: bool,
    }

    fn step() -> impl Strategy<Value = Step> {
        (0_usize..6, 0_u8..3, 0_u8..3, 1960_i16..2020, any::<bool>(), 0_u8..3, 0_u8..5, any::<bool>())
            .prop_map(|(who, province, ward, year, female, ethnic, life, gone)| Step {
                who,
                province,
                ward,
                year,
                female,
                ethnic,
                life,
                gone: gone && life == 4,
            })
    }

    proptest! {
        /// What stands, after any sequence of records that come, change and end, is what counting the last records
        /// gives; only what happened is more than they can tell.
        #[test]
        fn sums_of_changes_are_counts_from_scratch(steps in prop::collection::vec(step(), 0..40)) {
            let mut kept = RollUp::new();
            let mut records: Vec<Option<Facts>> = vec![None; 6];
            let (mut deaths, mut moves) = (0, 0);
            for step in steps {
                let sex = if step.female { Sex::Female } else { Sex::Male };
                let serial = u32::try_from(step.who).unwrap();
                let mut person = somebody(serial, step.year, sex);
                person.residences.permanent =
                    (step.province > 0).then(|| home(&format!("0{}", step.province), &step.ward.to_string(), step.year));
                person.ethnic_group = (step.ethnic > 0).then(|| format!("nhóm {}", step.ethnic));
                person.mother = Some(Relative::new("Mẹ", Some(somebody(99, step.year - 25, Sex::Female).number)));
                person.life = match step.life {
                    0 => Life::Dead(date(2021, 1, 1)),
                    1 => Life::Missing(date(2021, 1, 1)),
                    _ => Life::Alive,
                };
                let after = (!step.gone).then(|| Facts::of(&person));
                let before = records[step.who].take();
                let dead = |facts: &Option<Facts>| facts.as_ref().is_some_and(|facts| matches!(facts.life, Life::Dead(_)));
                deaths += i64::from(dead(&after) && !dead(&before));
                if let (Some(old), Some(new)) = (&before, &after) {
                    moves += i64::from(new.life == Life::Alive && new.has_moved_from(old));
                }
                let mut delta = RollUp::new();
                delta.change(before.as_ref(), after.as_ref());
                kept.merge(&delta);
                records[step.who] = after;
            }
            let mut scratch = RollUp::new();
            for record in records.iter().flatten() {
                scratch.state(record, 1);
            }
            let stays = |cell: &Cell| ![Measure::Death, Measure::DeathMonth, Measure::Move].contains(&cell.measure);
            let standing: Vec<_> = kept.iter().filter(|(cell, _)| stays(cell)).collect();
            prop_assert_eq!(standing, scratch.iter().collect::<Vec<_>>());
            let sum = |measure| kept.iter().filter(|(cell, _)| cell.measure == measure).map(|(_, count)| count).sum::<i64>();
            prop_assert_eq!(sum(Measure::Death), deaths);
            prop_assert_eq!(sum(Measure::DeathMonth), deaths);
            prop_assert_eq!(sum(Measure::Move), moves);
        }
    }

    #[test]
    fn differences_name_every_cell_that_differs() {
        let cell = |word| Cell::of(Measure::Life).other(word);
        let (mut one, mut two) = (RollUp::new(), RollUp::new());
        one.add(cell("alive"), 3);
        one.add(cell("dead"), 1);
        two.add(cell("alive"), 3);
        two.add(cell("missing"), 2);
        let (dead, missing) = (cell("dead"), cell("missing"));
        let differences: Vec<_> = one.differences(&two).collect();
        assert_eq!(differences, [(&dead, 1, 0), (&missing, 0, 2)]);
        two.add(cell("missing"), -2);
        assert_eq!(two.len(), 1, "a count of zero is not kept");
    }
}
