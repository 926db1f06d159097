//! What the projection starts from: people and rates by province, from the register's own births, deaths and moves.
//!
//! Rates are events of the last whole years by the people to whom they could happen: those of a year of birth who live
//! now, and those who have died since. Few events are smoothed in two ways. Over ages: events and people of the two
//! ages before and after are taken together (the first year of life stands alone). Over provinces: a province has the
//! nation's rates times (its events + [`WEIGHT`]) / (expected events + [`WEIGHT`]), so that a province with few events is
//! nearly the nation.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::cells::{Cell, Measure, RollUp};
use super::disclosure::LEAST;
use super::projection::{AGES, ByAge, Rates, Region, Year, life_expectancy, step, total_fertility};

/// Whole years before the count whose events make the rates.
pub const WINDOW: i16 = 5;

/// How many events the nation's rates weigh in a province.
pub const WEIGHT: f64 = 20.0;

/// Ages whose deaths stand for those of all later ones.
const OLDEST: usize = 5;

/// Years that are projected.
pub const YEARS: usize = 25;

/// Boys for each girl where nobody was born.
const BOYS: f64 = 1.05 / 2.05;

/// What was assumed, and what followed.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Years of the events, first and last.
    pub window: (i16, i16),
    /// Events in these years: births whose mother's year of birth is known, deaths, moves between provinces.
    pub events: [f64; 3],
    /// Children of a woman.
    pub fertility: f64,
    /// Years of life of a newborn boy and girl; `None` where fewer than [`LEAST`] died, or nobody of the oldest.
    pub life: [Option<f64>; 2],
    /// Boys among the newborn.
    pub boys: f64,
    /// Boys and girls born in these years.
    pub born: [f64; 2],
    /// Codes of the provinces.
    pub provinces: Vec<String>,
    /// The people of each province: now, and after each year.
    pub people: Vec<Vec<f64>>,
    /// Men and women of all provinces by age, in the last year.
    pub last: [ByAge; 2],
    /// What happens in each year.
    pub years: Vec<Year>,
}

/// Events and those to whom they could happen, by sex and age.
#[derive(Clone)]
struct Events {
    events: [ByAge; 2],
    exposed: [ByAge; 2],
}

impl Events {
    fn none() -> Self {
        let zero = || [vec![0.0; AGES], vec![0.0; AGES]];
        Self { events: zero(), exposed: zero() }
    }

    fn total(&self) -> f64 {
        self.events.iter().flatten().sum()
    }

    /// Whether so many of a sex are counted that a rate of theirs may be shown.
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    fn enough(&self, sex: usize) -> bool {
        self.events.get(sex).is_some_and(|list| list.iter().sum::<f64>() >= LEAST as f64)
    }

    /// Ages that nobody lived to have the rate of the [`OLDEST`] ages before them together: else whoever grows so old would
    /// live forever.
    fn to_the_end(&self, mut rates: [ByAge; 2]) -> [ByAge; 2] {
        for ((rates, exposed), events) in rates.iter_mut().zip(&self.exposed).zip(&self.events) {
            let known = exposed.iter().rposition(|people| *people > 0.0).map_or(0, |last| last + 1);
            let sum = |list: &ByAge| -> f64 { list.iter().take(known).rev().take(OLDEST).sum() };
            let rate = if known > 0 { (sum(events) / sum(exposed)).min(1.0) } else { 0.0 };
            rates.iter_mut().skip(known).for_each(|later| *later = rate);
        }
        rates
    }

    /// Rates over neighbouring ages.
    fn smooth(&self) -> [ByAge; 2] {
        [0, 1].map(|sex| {
            (0..AGES)
                .map(|age| {
                    let ages = if age == 0 { 0..=0 } else { age.saturating_sub(2).max(1)..=age + 2 };
                    let sum = |lists: &[ByAge; 2]| -> f64 {
                        let list = lists.get(sex);
                        ages.clone().filter_map(|age| list?.get(age)).sum()
                    };
                    let exposed = sum(&self.exposed);
                    if exposed > 0.0 { (sum(&self.events) / exposed).min(1.0) } else { 0.0 }
                })
                .collect()
        })
    }

    /// How much more often than by the nation's rates, weighed.
    fn level(&self, rates: &[ByAge; 2]) -> f64 {
        let expected: f64 = self
            .exposed
            .iter()
            .flatten()
            .zip(rates.iter().flatten())
            .map(|(people, rate)| people * rate)
            .sum();
        (self.total() + WEIGHT) / (expected + WEIGHT)
    }
}

fn scaled(rates: &[ByAge; 2], level: f64) -> [ByAge; 2] {
    let scale = |list: &ByAge| list.iter().map(|rate| (rate * level).min(1.0)).collect();
    let [men, women] = rates;
    [scale(men), scale(women)]
}

fn add(lists: &mut [ByAge; 2], sex: usize, age: usize, count: f64) {
    if let Some(sum) = lists.get_mut(sex).and_then(|list| list.get_mut(age)) {
        *sum += count;
    }
}

fn sex_of(cell: &Cell) -> Option<usize> {
    ["male", "female"].iter().position(|word| cell.sex == *word)
}

fn age_of(year: i16, cohort: i16) -> Option<usize> {
    usize::try_from(year.checked_sub(cohort)?).ok().map(|age| age.min(AGES - 1))
}

#[expect(clippy::cast_precision_loss, reason = "fewer people than 2^52")]
fn float(count: i64) -> f64 {
    count as f64
}

/// What a province's cells say.
#[derive(Default)]
struct Province {
    /// By sex and year of birth.
    living: BTreeMap<(usize, i16), f64>,
    /// By sex, year of birth and year of death.
    dead: BTreeMap<(usize, i16, i16), f64>,
    /// By the mother's year of birth and the year.
    births: BTreeMap<(i16, i16), f64>,
    /// Those who left, by sex, year of birth and year.
    left: BTreeMap<(usize, i16, i16), f64>,
    /// Where they went.
    went: BTreeMap<String, f64>,
}

impl Outlook {
    /// The population of the provinces over [`YEARS`] years from `day`. People whose sex is not specified have no place
    /// in it.
    #[must_use]
    pub fn new(rollup: &RollUp, day: Date) -> Self {
        let window = (day.year() - WINDOW, day.year() - 1);
        let mut born = [0.0, 0.0];
        let mut provinces: BTreeMap<String, Province> = BTreeMap::new();
        for (cell, count) in rollup.iter() {
            let count = float(count);
            let year: i16 = cell.period.get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
            let inside = (window.0..=window.1).contains(&year);
            let Some(sex) = sex_of(cell) else { continue };
            match cell.measure {
                Measure::Living => {
                    let living = &mut provinces.entry(cell.province.clone()).or_default().living;
                    *living.entry((sex, cell.cohort)).or_default() += count;
                }
                Measure::Death if year >= window.0 => {
                    let dead = &mut provinces.entry(cell.province.clone()).or_default().dead;
                    *dead.entry((sex, cell.cohort, year)).or_default() += count;
                }
                Measure::Birth if inside => {
                    if let Some(sum) = born.get_mut(sex) {
                        *sum += count;
                    }
                    if cell.cohort != 0 {
                        let births = &mut provinces.entry(cell.province.clone()).or_default().births;
                        *births.entry((cell.cohort, year)).or_default() += count;
                    }
                }
                Measure::Move if inside => {
                    let from = provinces.entry(cell.other.clone()).or_default();
                    *from.left.entry((sex, cell.cohort, year)).or_default() += count;
                    *from.went.entry(cell.province.clone()).or_default() += count;
                    provinces.entry(cell.province.clone()).or_default();
                }
                _ => {}
            }
        }
        let all: f64 = born.iter().sum();
        let boys = if all > 0.0 { born.first().copied().unwrap_or(0.0) / all } else { BOYS };
        let counted: Vec<[Events; 3]> = provinces.values().map(|province| province.events(window)).collect();
        let [children, dying, leaving] = [0, 1, 2].map(|kind| {
            let mut sum = Events::none();
            for events in counted.iter().filter_map(|events| events.get(kind)) {
                let lists = sum.events.iter_mut().flatten().zip(events.events.iter().flatten());
                lists.for_each(|(sum, count)| *sum += count);
                let lists = sum.exposed.iter_mut().flatten().zip(events.exposed.iter().flatten());
                lists.for_each(|(sum, count)| *sum += count);
            }
            sum
        });
        let nation = [children.smooth(), dying.to_the_end(dying.smooth()), leaving.smooth()];
        let codes: Vec<String> = provinces.keys().cloned().collect();
        let arrivals: Vec<f64> = codes
            .iter()
            .map(|code| provinces.values().filter_map(|province| province.went.get(code)).sum())
            .collect();
        let [of_mothers, of_dying, of_leaving] = &nation;
        let mut regions: Vec<Region> = provinces
            .values()
            .zip(&counted)
            .enumerate()
            .map(|(own, (province, [children, dying, leaving]))| {
                let [_, mothers] = scaled(of_mothers, children.level(of_mothers));
                Region {
                    people: province.people(day.year()),
                    rates: Rates {
                        dying: scaled(of_dying, dying.level(of_dying)),
                        children: mothers,
                        leaving: scaled(of_leaving, leaving.level(of_leaving)),
                        destinations: destinations(province, own, &codes, &arrivals),
                    },
                }
            })
            .collect();
        let mut people: Vec<Vec<f64>> = regions.iter().map(|region| vec![region.total()]).collect();
        let mut years = Vec::with_capacity(YEARS);
        for _ in 0..YEARS {
            years.push(step(&mut regions, boys));
            people.iter_mut().zip(&regions).for_each(|(people, region)| people.push(region.total()));
        }
        let last = [0, 1].map(|sex| {
            let at =
                |region: &Region, age: usize| region.people.get(sex).and_then(|list| list.get(age)).copied();
            (0..AGES).map(|age| regions.iter().filter_map(|region| at(region, age)).sum()).collect()
        });
        Self {
            window,
            events: [children.total(), dying.total(), leaving.total()],
            fertility: of_mothers.last().map_or(0.0, |women| total_fertility(women)),
            life: [0, 1].map(|sex| {
                let rates = of_dying.get(sex).filter(|_| dying.enough(sex));
                rates.and_then(|rates| life_expectancy(rates))
            }),
            boys,
            born,
            provinces: codes,
            people,
            last,
            years,
        }
    }
}

/// Where those go who leave: as they went, weighed with where everybody goes.
fn destinations(province: &Province, own: usize, codes: &[String], arrivals: &[f64]) -> Vec<f64> {
    let elsewhere: f64 =
        arrivals.iter().enumerate().filter(|(place, _)| *place != own).map(|(_, sum)| sum).sum();
    let went: f64 = province.went.values().sum();
    let share = |(place, (code, arrived)): (usize, (&String, &f64))| {
        if place == own || elsewhere <= 0.0 {
            return 0.0;
        }
        let there = province.went.get(code).copied().unwrap_or(0.0);
        (there + WEIGHT * arrived / elsewhere) / (went + WEIGHT)
    };
    codes.iter().zip(arrivals).enumerate().map(share).collect()
}

impl Province {
    fn people(&self, year: i16) -> [ByAge; 2] {
        let mut people = [vec![0.0; AGES], vec![0.0; AGES]];
        for ((sex, cohort), count) in &self.living {
            if let Some(age) = age_of(year, *cohort) {
                add(&mut people, *sex, age, *count);
            }
        }
        people
    }

    /// Births, deaths and departures with those to whom they could happen.
    fn events(&self, window: (i16, i16)) -> [Events; 3] {
        let [mut births, mut deaths, mut departures] = [Events::none(), Events::none(), Events::none()];
        let cohorts =
            self.living.keys().copied().chain(self.dead.keys().map(|(sex, cohort, _)| (*sex, *cohort)));
        let cohorts: std::collections::BTreeSet<(usize, i16)> = cohorts.collect();
        for (sex, cohort) in cohorts {
            let living = self.living.get(&(sex, cohort)).copied().unwrap_or(0.0);
            for year in window.0..=window.1 {
                let Some(age) = age_of(year, cohort) else { continue };
                let since = self.dead.range((sex, cohort, year)..=(sex, cohort, i16::MAX));
                let alive = living + since.map(|(_, count)| count).sum::<f64>();
                let dead = self.dead.get(&(sex, cohort, year)).copied().unwrap_or(0.0);
                let left = self.left.get(&(sex, cohort, year)).copied().unwrap_or(0.0);
                add(&mut deaths.events, sex, age, dead);
                add(&mut deaths.exposed, sex, age, alive);
                add(&mut departures.events, sex, age, left);
                add(&mut departures.exposed, sex, age, alive);
                if sex == 1 {
                    add(&mut births.exposed, sex, age, alive - dead / 2.0);
                }
            }
        }
        for ((mother, year), count) in &self.births {
            if let Some(age) = age_of(*year, *mother) {
                add(&mut births.events, 1, age, *count);
            }
        }
        [births, deaths, departures]
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn cell(measure: Measure, province: &str, sex: &str, cohort: i16) -> Cell {
        Cell { province: province.to_owned(), sex: sex.to_owned(), cohort, ..Cell::of(measure) }
    }

    fn settled() -> RollUp {
        let mut rollup = RollUp::new();
        for cohort in 1927..=2026 {
            for (province, count) in [("01", 3_000), ("79", 5_000)] {
                for sex in ["male", "female"] {
                    rollup.add(cell(Measure::Living, province, sex, cohort), count);
                }
            }
        }
        rollup
    }

    #[test]
    fn a_register_without_events_only_grows_older() {
        let outlook = Outlook::new(&settled(), date(2026, 11, 21));
        assert_eq!(outlook.events, [0.0; 3]);
        assert!(outlook.years.iter().all(|year| *year == Year::default()));
        for people in &outlook.people {
            assert!(people.iter().all(|count| (count - people[0]).abs() < 1e-6));
        }
        let youngest: f64 = outlook.last.iter().flat_map(|list| &list[..YEARS]).sum();
        assert!(youngest.abs() < 1e-9, "nobody is born");
    }

    /// Nobody lives forever because nobody was ever so old here.
    #[test]
    fn whoever_grows_older_than_anybody_was_dies_as_the_oldest_do() {
        let mut rollup = RollUp::new();
        for cohort in 1951..=2026 {
            rollup.add(cell(Measure::Living, "01", "female", cohort), 1_000);
        }
        for year in 2021..=2025_i16 {
            for age in 70..=year - 1951 {
                let deaths = cell(Measure::Death, "01", "female", year - age);
                rollup.add(Cell { period: year.to_string(), ..deaths }, 100);
            }
        }
        let outlook = Outlook::new(&rollup, date(2026, 11, 21));
        // Of those of 70 and more about one in twelve dies each year: about ten years are left to them.
        let life = outlook.life[1].unwrap();
        assert!(life > 77.0 && life < 84.0, "{life}");
        assert_eq!(outlook.life[0], None, "no man has died");
        // Those of 75 now, 25 years on.
        let oldest = outlook.last[1][100];
        assert!(oldest > 40.0 && oldest < 200.0, "{oldest}");
    }

    /// 80 of each thousand women of 30 have a child: by hand, the two ages before and after are taken together.
    #[test]
    fn rates_are_events_by_those_to_whom_they_could_happen() {
        let mut rollup = settled();
        for year in 2021..=2025_i16 {
            for (province, count) in [("01", 240), ("79", 400)] {
                let births = cell(Measure::Birth, province, "male", year - 30);
                rollup.add(Cell { period: year.to_string(), ..births }, count);
                let deaths = cell(Measure::Death, province, "male", year - 70);
                rollup.add(Cell { period: year.to_string(), ..deaths }, 60);
            }
            let moves = cell(Measure::Move, "79", "female", year - 20).other("01");
            rollup.add(Cell { period: year.to_string(), ..moves }, 90);
        }
        let outlook = Outlook::new(&rollup, date(2026, 11, 21));
        assert_eq!(outlook.window, (2021, 2025));
        assert_eq!(outlook.events, [3_200.0, 600.0, 450.0]);
        assert!((outlook.fertility - 0.08).abs() < 1e-6, "{}", outlook.fertility);
        assert!((outlook.boys - 1.0).abs() < 1e-9);
        let first = outlook.years[0];
        assert!(first.births > 600.0 && first.births < 680.0, "{first:?}");
        assert!(first.deaths > 100.0 && first.deaths < 140.0, "{first:?}");
        // Of 01 only: nobody ever came to it, so that those of 79 have nowhere to go.
        assert!(first.moves > 80.0 && first.moves < 130.0, "{first:?}");
        let all = |year: usize| outlook.people.iter().map(|people| people[year]).sum::<f64>();
        for (place, year) in outlook.years.iter().enumerate() {
            let carried = all(place) + year.births - year.deaths;
            assert!((carried - all(place + 1)).abs() < 1e-6 * carried);
        }
    }
}
