//! People found by what is known of them, through the register's own index; each question is wrong in one thing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::generate::errors::{Twist, with_errors};
use cccd_population::generate::questions::{Beside, question};
use cccd_population::person::Person;
use cccd_population::search::Query;
use cccd_population::store::{Place, SqlStore};
use jiff::Timestamp;

use super::Figures;

/// People of each turn of the load of whom the error model makes second records.
const SAMPLED: usize = 10_000;

/// The most questions.
const QUESTIONS: usize = 4_000;

/// A question about somebody who is in the register.
pub(super) struct Question {
    query: Query,
    /// What is wrong with it, and what is known beside the name.
    about: (Twist, Beside),
    meant: PersonalNumber,
}

/// Questions about some of these people: the second records of the error model (docs/duplicates.md), a third with the birth
/// date, a third with the year and the province, a third with the year and a parent.
pub(super) fn questions(people: Vec<Person>, seed: u64, questions: &mut Vec<Question>) {
    let people: Vec<Person> = people.into_iter().take(SAMPLED).collect();
    let count = people.len();
    let errors = with_errors(people, seed);
    let added = errors.people.get(count..).unwrap_or_default();
    for ((meant, _, twist), copy) in errors.pairs.iter().zip(added) {
        if twist.is_duplicate() && questions.len() < QUESTIONS {
            let (query, beside) = question(copy, questions.len());
            questions.push(Question { query, about: (*twist, beside), meant: meant.clone() });
        }
    }
}

/// Makes the index and asks everything, once to warm and once measured.
pub(super) fn run(
    name: &str,
    place: &Place,
    questions: &[Question],
    at: Timestamp,
    figures: &mut Figures,
) -> Result<()> {
    ensure!(!questions.is_empty(), "no questions");
    let mut store = SqlStore::open(place)?;
    let begun = Instant::now();
    let state = store.make_index(at, &mut |_| {})?;
    ensure!(state.waiting == 0, "the index left some out");
    figures.put(&format!("register.{name}.search.index_s"), begun.elapsed().as_secs_f64(), "s");
    // Asked and found: with a misspelt name and all else right, and with a wrong fact.
    let (mut times, mut misspelt, mut wrong) = (Vec::new(), (0_u32, 0_u32), (0_u32, 0_u32));
    let mut missed: BTreeMap<_, u32> = BTreeMap::new();
    for measured in [false, true] {
        // Others than those that are measured warm the tables.
        for one in questions.iter().skip(usize::from(measured)).step_by(2) {
            let begun = Instant::now();
            let hits = store.find(&one.query, 10)?.hits;
            if !measured {
                continue;
            }
            times.push(begun.elapsed());
            let kind = match one.about.0 {
                Twist::Typed | Twist::Plain | Twist::Reordered => &mut misspelt,
                _ => &mut wrong,
            };
            kind.0 += 1;
            if hits.iter().any(|hit| hit.record.number == one.meant) {
                kind.1 += 1;
            } else {
                *missed.entry(one.about).or_default() += 1;
            }
        }
    }
    times.sort_unstable();
    let at = |share: usize| -> f64 {
        let place = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times.get(place).map_or(0.0, Duration::as_secs_f64) * 1_000.0
    };
    let of = |(asked, found): (u32, u32)| f64::from(found) / f64::from(asked.max(1));
    let (recall, all) = (of(misspelt), of((misspelt.0 + wrong.0, misspelt.1 + wrong.1)));
    figures.put(&format!("register.{name}.search.p50_ms"), at(50), "ms");
    figures.put(&format!("register.{name}.search.p99_ms"), at(99), "ms");
    figures.put(
        &format!("register.{name}.search.recall_at_10"),
        recall,
        "of the questions with a misspelt name",
    );
    figures.put(
        &format!("register.{name}.search.recall_at_10_all"),
        all,
        "of all, those with a wrong fact too",
    );
    println!(
        "  of {} questions missed, by what is wrong and what is known beside the name: {missed:?}",
        times.len()
    );
    let worst = figures.get("register.search.p99_ms").unwrap_or_default().max(at(99));
    figures.put("register.search.p99_ms", worst, "ms, the slower engine");
    let least = figures.get("register.search.recall_at_10").map_or(recall, |other| other.min(recall));
    figures.put(
        "register.search.recall_at_10",
        least,
        "of the questions with a misspelt name, the worse engine",
    );
    Ok(())
}
