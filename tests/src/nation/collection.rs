//! The people of a province come in: most from the list of a census, some from the database that the province kept, some
//! from the message of another ministry.

use std::io::Cursor;

use anyhow::{Result, ensure};
use cccd_population::export::PersonWriter;
use cccd_population::generate::Nation;
use cccd_population::import::{Format, Summary, import, rows};
use cccd_population::person::Person;

use super::World;
use super::picture::Picture;

/// Rows that are no persons, one in so many.
const BAD: usize = 250;

pub(super) fn run(world: &mut World) -> Result<()> {
    let plan = world.plan;
    let begun = plan.today.saturating_sub(jiff::Span::new().years(1));
    let people: Vec<Person> = Nation::new(plan.people, plan.seed, begun).collect();
    let tenth = people.len() / 10;
    let (census, rest) = people.split_at(people.len() - 3 * tenth);
    let (database, message) = rest.split_at(2 * tenth);
    for (name, format, list) in [
        ("census", Format::Csv, census),
        ("database", Format::Json, database),
        ("message", Format::Qcvn, message),
    ] {
        let (file, bad) = file(list, format)?;
        let first = taken(world, &file, format, name, begun)?;
        ensure!(first.rejected == bad, "{name}: {} rows rejected, {bad} were bad", first.rejected);
        // The same file again changes nothing.
        let again = taken(world, &file, format, name, begun)?;
        ensure!((again.added, again.changed) == (0, 0), "{name} came in twice");
        world.picture.rows += first.rows;
        world.picture.collected += first.added;
        world.picture.rejected += first.rejected;
        world.bar.inc(first.added);
        world.told(
            "collection",
            &format!("{name}: {} rows, {} persons, {} rejected", first.rows, first.added, first.rejected),
        );
    }
    let there = people.iter().map(|person| person.number.clone()).collect::<std::collections::BTreeSet<_>>();
    for person in people {
        world.picture.outside.extend(Picture::named(&person).filter(|other| !there.contains(other)).cloned());
        let person = person.checked(begun)?;
        world.picture.people.insert(person.number.clone(), person);
    }
    Ok(())
}

/// A file with bad rows among the good ones, and how many.
fn file(people: &[Person], format: Format) -> Result<(Vec<u8>, u64)> {
    let mut writer = PersonWriter::new(Vec::new(), format)?;
    for person in people {
        writer.write(person)?;
    }
    let good = writer.finish()?;
    if format == Format::Qcvn {
        return Ok((good, 0));
    }
    let (mut file, mut bad) = (Vec::with_capacity(good.len()), 0);
    for (at, line) in good.split_inclusive(|byte| *byte == b'\n').enumerate() {
        file.extend_from_slice(line);
        if at % BAD == 1 {
            // A number of eleven digits; nothing that a person could have.
            let text = String::from_utf8_lossy(line).into_owned();
            let number = text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 12);
            let spoilt = number.map(|number| text.replacen(number, number.get(1..).unwrap_or_default(), 1));
            file.extend_from_slice(spoilt.unwrap_or_default().as_bytes());
            bad += 1;
        }
    }
    Ok((file, bad))
}

fn taken(
    world: &mut World,
    file: &[u8],
    format: Format,
    name: &str,
    on: jiff::civil::Date,
) -> Result<Summary> {
    let change = world.change(&format!("import:carried:{name}"), on);
    let rows = rows(Cursor::new(file), format)?;
    Ok(import(&mut world.store, rows, &change, on, &mut std::io::sink(), |_, _| true)?)
}
