//! Whether a page may take the place of one that was published before it in the same month. Whoever kept the older one has both, and
//! what they tell together must not be about fewer than [`LEAST`].

use std::collections::{BTreeMap, BTreeSet};

use super::disclosure::LEAST;

/// The head of the row and of the column of totals, as the page has it.
const TOTAL: &str = "Tổng số";

/// This table is rounded to tens, and says what the others do.
const ROUNDED: &str = "Projected population by province";

/// Numbers by row and column; what is held back is not there.
#[derive(Debug, Default)]
struct Read {
    rows: BTreeSet<String>,
    columns: BTreeSet<String>,
    numbers: BTreeMap<(String, String), i64>,
}

/// Whether a page tells nothing at all: no number in any of its tables.
#[must_use]
pub fn is_empty(page: &str) -> bool {
    tables(page).values().all(|table| table.numbers.is_empty())
}

/// Whether two pages tell together of fewer than five people or events: a number that both show changed by one to four, or the changes
/// of a row or a column leave so many for what is held back in it.
#[must_use]
pub fn tells_of_few(before: &str, after: &str) -> bool {
    let (before, after) = (tables(before), tables(after));
    before.iter().any(|(name, old)| after.get(name).is_some_and(|new| differ_by_few(old, new)))
}

fn is_few(change: i64) -> bool {
    change != 0 && change.unsigned_abs() < LEAST
}

fn differ_by_few(old: &Read, new: &Read) -> bool {
    let change = |row: &str, column: &str| {
        let place = (row.to_owned(), column.to_owned());
        Some(new.numbers.get(&place)? - old.numbers.get(&place)?)
    };
    let rows: BTreeSet<&str> = old.rows.union(&new.rows).map(String::as_str).collect();
    let columns: BTreeSet<&str> = old.columns.union(&new.columns).map(String::as_str).collect();
    let line = |total: Option<i64>, parts: &mut dyn Iterator<Item = Option<i64>>| {
        let rest = total.map(|total| total - parts.flatten().sum::<i64>());
        rest.is_some_and(is_few)
    };
    let any_number =
        rows.iter().any(|row| columns.iter().any(|column| change(row, column).is_some_and(is_few)));
    let any_row = rows.iter().any(|row| {
        line(change(row, TOTAL), &mut columns.iter().filter(|one| **one != TOTAL).map(|one| change(row, one)))
    });
    let any_column = columns.iter().any(|column| {
        line(
            change(TOTAL, column),
            &mut rows.iter().filter(|one| **one != TOTAL).map(|one| change(one, column)),
        )
    });
    any_number || any_row || any_column
}

/// The tables of a page by their names, as [`super::page`] writes them, and the events that the projection names.
fn tables(page: &str) -> BTreeMap<String, Read> {
    let mut tables = BTreeMap::new();
    for part in page.split("<table>").skip(1) {
        let part = part.split("</table>").next().unwrap_or_default();
        let name = between(part, "lang=\"en\">", "</caption>").unwrap_or_default();
        if name == ROUNDED {
            continue;
        }
        let columns: Vec<&str> = part.split("<th scope=\"col\">").skip(1).map(text).collect();
        let mut read = Read::default();
        for row in part.split("<th scope=\"row\">").skip(1) {
            let head = text(row);
            read.rows.insert(head.to_owned());
            for (column, cell) in columns.iter().zip(row.split("<td>").skip(1).map(text)) {
                read.columns.insert((*column).to_owned());
                if let Some(number) = number(cell) {
                    read.numbers.insert((head.to_owned(), (*column).to_owned()), number);
                }
            }
        }
        tables.insert(name.to_owned(), read);
    }
    let events = between(page, "Rates are those of the events registered in ", ") and stay");
    if let Some((_, events)) = events.and_then(|events| events.split_once('(')) {
        let mut read = Read::default();
        for event in events.split(", ") {
            let (count, kind) = event.split_once(' ').unwrap_or_default();
            read.rows.insert(kind.to_owned());
            read.columns.insert(String::new());
            if let Some(number) = number(count) {
                read.numbers.insert((kind.to_owned(), String::new()), number);
            }
        }
        tables.insert("events of the projection".to_owned(), read);
    }
    tables
}

fn between<'p>(page: &'p str, from: &str, to: &str) -> Option<&'p str> {
    page.split_once(from)?.1.split_once(to).map(|(inside, _)| inside)
}

/// Up to the next tag.
fn text(part: &str) -> &str {
    part.split('<').next().unwrap_or_default()
}

/// With points between groups of three.
fn number(text: &str) -> Option<i64> {
    text.replace('.', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::statistics::cells::{Cell, Measure, RollUp};
    use crate::statistics::page::page;
    use crate::statistics::publication::Publication;

    /// A page of men and women of two provinces.
    fn of(counts: [i64; 4]) -> String {
        let mut rollup = RollUp::new();
        let who = [("01", "male"), ("01", "female"), ("79", "male"), ("79", "female")];
        for ((province, sex), count) in who.into_iter().zip(counts) {
            let cell = Cell {
                province: province.to_owned(),
                ward: "00070".to_owned(),
                cohort: 1990,
                sex: sex.to_owned(),
                ..Cell::of(Measure::Living).other("Kinh")
            };
            rollup.add(cell, count);
        }
        page(&Publication::new(&rollup, date(2026, 11, 21)))
    }

    #[test]
    fn a_page_of_a_register_without_people_is_empty() {
        assert!(is_empty(&of([0; 4])));
        assert!(is_empty(&of([1, 0, 2, 0])));
        assert!(!is_empty(&of([10, 10, 10, 10])));
    }

    #[test]
    fn changes_of_one_to_four_are_found_wherever_they_can_be_worked_out() {
        let first = of([1_200, 1_000, 800, 700]);
        for (counts, few) in [
            ([1_200, 1_000, 800, 700], false),
            ([1_201, 1_000, 800, 700], true),
            ([1_205, 1_000, 800, 700], false),
            ([1_205, 1_000, 799, 700], true),
            // The sum changes by four though each part changes by more.
            ([1_210, 994, 800, 700], true),
            ([1_300, 1_100, 900, 800], false),
        ] {
            assert_eq!(tells_of_few(&first, &of(counts)), few, "{counts:?}");
        }
        // What is held back in one of them changes by what the others leave.
        let held = of([1_200, 1_000, 3, 700]);
        assert!(tells_of_few(&held, &of([1_206, 1_000, 4, 700])));
        assert!(!tells_of_few(&of([0; 4]), &first), "nothing was told before");
    }
}
