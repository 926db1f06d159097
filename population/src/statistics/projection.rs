//! The cohort-component projection: people by region, sex and single year of age, carried on a year at a time.
//!
//! Age is the age reached within the year, so that a year of birth is one age all year long. In each year everybody
//! becomes a year older or dies, some of those who live move to another region, and women have children; the last
//! age group is open. Nobody comes from abroad or goes there, and the rates stay as they are.

/// Ages 0 to 99, and 100 and more.
pub const AGES: usize = 101;

/// A number for each age.
pub type ByAge = Vec<f64>;

/// What a region's people do in a year, by the age reached in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    /// Probability of dying: men, women.
    pub dying: [ByAge; 2],
    /// Children of a woman.
    pub children: ByAge,
    /// Probability of moving to another region: men, women.
    pub leaving: [ByAge; 2],
    /// Where those go, for each region; the own one has no share, the others have 1 together.
    pub destinations: Vec<f64>,
}

/// A region.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Men and women by age.
    pub people: [ByAge; 2],
    /// What they do.
    pub rates: Rates,
}

impl Region {
    /// Everybody.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.people.iter().flatten().sum()
    }
}

/// What happened in one year, all regions together.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Year {
    /// Children born.
    pub births: f64,
    /// People who died, children of the year among them.
    pub deaths: f64,
    /// People who moved to another region.
    pub moves: f64,
}

fn at(list: &[f64], place: usize) -> f64 {
    list.get(place).copied().unwrap_or(0.0)
}

/// Carries all regions on by one year; `boys` is the share of boys among the newborn.
pub fn step(regions: &mut [Region], boys: f64) -> Year {
    let mut year = Year::default();
    let mut arrivals: Vec<[ByAge; 2]> = vec![[vec![0.0; AGES], vec![0.0; AGES]]; regions.len()];
    for region in regions.iter_mut() {
        let rates = &region.rates;
        let mut births = 0.0;
        let mut next = [vec![0.0; AGES], vec![0.0; AGES]];
        for (sex, (people, next)) in region.people.iter().zip(&mut next).enumerate() {
            let dying = rates.dying.get(sex).map_or(&[][..], Vec::as_slice);
            for (age, count) in people.iter().enumerate() {
                let reached = (age + 1).min(AGES - 1);
                let dead = count * at(dying, reached);
                if let Some(next) = next.get_mut(reached) {
                    *next += count - dead;
                }
                year.deaths += dead;
                if sex == 1 {
                    // Those who die live half the year.
                    births += at(&rates.children, reached) * (count - dead / 2.0);
                }
            }
        }
        year.births += births;
        for ((next, share), dying) in next.iter_mut().zip([boys, 1.0 - boys]).zip(&rates.dying) {
            let dead = births * share * at(dying, 0);
            year.deaths += dead;
            if let Some(newborn) = next.first_mut() {
                *newborn += births * share - dead;
            }
        }
        for (sex, next) in next.iter_mut().enumerate() {
            let leaving = rates.leaving.get(sex).map_or(&[][..], Vec::as_slice);
            for (age, count) in next.iter_mut().enumerate() {
                let gone = *count * at(leaving, age);
                for (there, share) in arrivals.iter_mut().zip(&rates.destinations) {
                    if let Some(there) = there.get_mut(sex).and_then(|there| there.get_mut(age)) {
                        *there += gone * share;
                        *count -= gone * share;
                        year.moves += gone * share;
                    }
                }
            }
        }
        region.people = next;
    }
    for (region, arrivals) in regions.iter_mut().zip(&arrivals) {
        for (people, arrived) in region.people.iter_mut().flatten().zip(arrivals.iter().flatten()) {
            *people += arrived;
        }
    }
    year
}

/// Children whom a woman would have with these rates.
#[must_use]
pub fn total_fertility(children: &[f64]) -> f64 {
    children.iter().sum()
}

/// Years that a newborn would live with these probabilities, those who die in a year living half of it; in the open
/// group as long as its probability says. `None` if nobody dies in it.
#[must_use]
pub fn life_expectancy(dying: &[f64]) -> Option<f64> {
    let (mut alive, mut years) = (1.0, 0.0);
    let (last, ages) = dying.split_last()?;
    for probability in ages {
        let dead = alive * probability;
        years += alive - dead / 2.0;
        alive -= dead;
    }
    (*last > 0.0).then(|| years + alive * (1.0 / last - 0.5))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(one: f64, two: f64) -> bool {
        (one - two).abs() <= 1e-9 * (1.0 + one.abs().max(two.abs()))
    }

    fn region(regions: usize) -> Region {
        let mut dying = vec![0.001; AGES];
        dying[0] = 0.02;
        dying[60..].fill(0.03);
        dying[100] = 0.4;
        let mut children = vec![0.0; AGES];
        children[20..35].fill(0.1);
        let mut people = vec![1000.0; AGES];
        people[100] = 10.0;
        let rates = Rates {
            dying: [dying.clone(), dying],
            children,
            leaving: [vec![0.0; AGES], vec![0.0; AGES]],
            destinations: vec![0.0; regions],
        };
        Region { people: [people.clone(), people], rates }
    }

    /// The figures are powers of the Leslie matrix of 202 by 202, computed with numpy.
    #[test]
    fn agrees_with_the_leslie_matrix() {
        let known = [
            (1, 198_163.265, 752.557_533, 999.0, 606.0),
            (10, 177_082.492_876_085_74, 745.811_544_154_082_9, 990.044_880_209_748_4, 1_186.078_048_816_424),
            (30, 146_977.698_934_901_24, 593.321_087_503_568_8, 696.211_331_777_263_5, 650.281_376_485_179_1),
        ];
        let mut regions = [region(1)];
        let mut done = 0;
        for (years, all, boys, women, oldest) in known {
            while done < years {
                step(&mut regions, 0.5122);
                done += 1;
            }
            let [men, girls] = &regions[0].people;
            assert!(close(regions[0].total(), all), "{years}");
            assert!(close(men[0], boys) && close(girls[25], women) && close(men[100], oldest), "{years}");
        }
    }

    #[test]
    fn without_events_everybody_grows_older() {
        let mut regions = [region(1)];
        regions[0].rates.dying = [vec![0.0; AGES], vec![0.0; AGES]];
        regions[0].rates.children.fill(0.0);
        regions[0].people[0] = (0..AGES).map(|age| age as f64).collect();
        assert_eq!(step(&mut regions, 0.5), Year::default());
        let men = &regions[0].people[0];
        assert!((1..100).all(|age| close(men[age], (age - 1) as f64)));
        assert!(close(men[0], 0.0) && close(men[100], 199.0));
    }

    #[test]
    fn who_dies_at_birth_lives_no_time_and_an_even_rate_is_its_inverse() {
        let known = life_expectancy(&vec![0.1; AGES]).unwrap();
        assert!(close(known, 9.5), "{known}");
        assert_eq!(life_expectancy(&vec![0.0; AGES]), None);
        assert!(close(total_fertility(&region(1).rates.children), 1.5));
    }

    proptest! {
        /// People in = people out: nobody is lost on the way, and moving changes nobody's age or sex.
        #[test]
        fn nobody_is_lost(
            leaving in prop::collection::vec(0.0_f64..0.3, 3),
            split in prop::collection::vec(0.0_f64..1.0, 3),
            years in 1_usize..20,
        ) {
            let mut regions = vec![region(3), region(3), region(3)];
            for (place, region) in regions.iter_mut().enumerate() {
                region.rates.leaving = [vec![leaving[place]; AGES], vec![leaving[place] / 2.0; AGES]];
                region.rates.destinations[(place + 1) % 3] = split[place];
                region.rates.destinations[(place + 2) % 3] = 1.0 - split[place];
            }
            // All have the same rates: moves alone cannot change the sum.
            let mut closed = vec![region(1)];
            for _ in 0..years {
                let before: f64 = regions.iter().map(Region::total).sum();
                let year = step(&mut regions, 0.5122);
                let after: f64 = regions.iter().map(Region::total).sum();
                prop_assert!(close(before + year.births - year.deaths, after));
                step(&mut closed, 0.5122);
                for sex in 0..2 {
                    for age in 0..AGES {
                        let sum: f64 = regions.iter().map(|region| region.people[sex][age]).sum();
                        prop_assert!(close(sum, 3.0 * closed[0].people[sex][age]));
                        prop_assert!(regions.iter().all(|region| region.people[sex][age] >= 0.0));
                    }
                }
            }
        }
    }
}
