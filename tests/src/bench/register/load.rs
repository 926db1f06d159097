//! Bulk load through the import of the program, beside the bare engine.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use cccd_population::export::PersonWriter;
use cccd_population::generate::Nation;
use cccd_population::import::{Format, import, rows};
use cccd_population::person::Person;
use cccd_population::store::{Place, SqlStore};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::engine::Bare;
use super::search::{self, Question};
use super::{CHUNK, Figures, TODAY, change, lookup, median};

/// Above this many people the floor takes every so many chunks, for the disk's sake: its table is then smaller, which
/// favours the floor.
const FLOOR_PEOPLE: u64 = 5_000_000;

/// People who are looked up, spread over all: as many in a tenth of the register as in the whole, more than caches hold.
const LOOKED_UP: u64 = 100_000;

/// So many of these, evenly.
pub(super) fn spread(numbers: &[String]) -> Vec<String> {
    let step = numbers.len().div_ceil(usize::try_from(LOOKED_UP).unwrap_or(usize::MAX)).max(1);
    numbers.iter().step_by(step).cloned().collect()
}

/// What the load leaves for the other parts.
pub(super) struct Loaded {
    /// Some of the people, spread over all.
    pub(super) numbers: Vec<String>,
    /// Look-ups when a tenth of the people was in.
    pub(super) at_a_tenth: lookup::Speed,
    /// What is asked of the search.
    pub(super) questions: Vec<Question>,
}

fn bar(people: u64, name: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("  {msg} {wide_bar} {pos}/{len} {eta}");
    let bar = ProgressBar::new(people).with_message(format!("{name}: load"));
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

/// Loads `people` chunk by chunk: a chunk through `import`, then the rows that came of it into the floor.
pub(super) fn run(
    people: u64,
    at: Timestamp,
    name: &str,
    ours: &Place,
    floor: &Place,
    figures: &mut Figures,
) -> Result<Loaded> {
    let mut store = SqlStore::create(ours, at)?;
    drop(SqlStore::create(floor, at)?);
    let (mut bare_ours, mut bare) = (Bare::open(ours)?, Bare::open(floor)?);
    let mut nation = Nation::new(people, 1, TODAY);
    let every = (people / 10 / LOOKED_UP).max(1);
    let (mut ratios, mut whole, mut whole_floor) = (Vec::new(), Duration::ZERO, Duration::ZERO);
    let (mut numbers, mut tenth, mut done) = (Vec::new(), None, 0_u64);
    let (mut questions, mut floor_people) = (Vec::new(), 0_u64);
    let floor_every = people.div_ceil(FLOOR_PEOPLE).max(1);
    let turn = CHUNK.min(people.div_ceil(10)).max(1);
    let asked_every = (people / turn / 20).max(1);
    let bar = bar(people, name);
    while done < people {
        let mut file = PersonWriter::new(Vec::new(), Format::Csv)?;
        let count = turn.min(people - done);
        let chunk: Vec<Person> = nation.by_ref().take(usize::try_from(count)?).collect();
        for (person, at) in chunk.iter().zip(done..) {
            if at % every == 0 {
                numbers.push(person.number.as_str().to_owned());
            }
            file.write(person)?;
        }
        if (done / turn).is_multiple_of(asked_every) {
            search::questions(chunk, done, &mut questions);
        }
        let file = file.finish()?;
        let source = format!("chunk-{done}");
        let from = bare_ours.end()?;
        let change = change(&source, at);
        let begun = Instant::now();
        let persons = rows(file.as_slice(), Format::Csv)?;
        let summary = import(&mut store, persons, &change, TODAY, &mut std::io::sink(), |_, _| true)?;
        let took = begun.elapsed();
        ensure!(summary.added == count, "{summary:?}");
        whole += took;
        if (done / turn).is_multiple_of(floor_every) {
            let floor_took = bare.load(&bare_ours.rows_since(from, &source)?)?;
            ratios.push(floor_took.as_secs_f64() / took.as_secs_f64());
            whole_floor += floor_took;
            floor_people += count;
        }
        done += count;
        bar.set_position(done);
        if tenth.is_none() && done * 10 >= people {
            bare_ours.settle()?;
            tenth = Some(lookup::measure(ours, &spread(&numbers))?);
        }
    }
    bar.finish_and_clear();
    bare.discard()?;
    bare_ours.settle()?;
    let rate = |people: u64, time: Duration| {
        f64::from(u32::try_from(people).unwrap_or(u32::MAX)) / time.as_secs_f64()
    };
    let put = |figures: &mut Figures, what: &str, value, unit| {
        figures.put(&format!("register.{name}.load.{what}"), value, unit);
    };
    put(figures, "ratio_to_floor", median(&ratios), "of the floor's speed");
    put(figures, "people_per_s", rate(people, whole), "1/s");
    put(figures, "floor_per_s", rate(floor_people, whole_floor), "1/s");
    let size = f64::from(u32::try_from(bare_ours.size()? / 1_000)?);
    put(figures, "bytes_per_person", size * 1_000.0 / f64::from(u32::try_from(people)?), "bytes");
    Ok(Loaded { numbers, at_a_tenth: tenth.unwrap_or_default(), questions })
}
