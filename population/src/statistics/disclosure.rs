//! Which numbers are published: none below five, and none held back that the others give away.
//!
//! A table with its totals is a circulation: from the whole to the rows, from the rows to the columns, from the columns
//! back to the whole; every cell is one arc. For each cell below [`LEAST`] the cheapest way is sought on which it could
//! be raised to [`LEAST`] while all sums stay as they are; the cells on that way are held back too (the network method
//! of complementary suppression: Gusfield 1988, Cox 1995). Whoever has the published numbers of the table therefore
//! finds it possible that there are five or more. Totals that several tables share are held back in all of them or in
//! none; each table is then looked at again until nothing changes.

use std::collections::BTreeSet;

/// The smallest number that is published.
pub const LEAST: u64 = 5;

/// A table of counts; its totals are sums.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// What the whole table is about, as coordinates: `province=01`.
    pub about: Vec<String>,
    /// The coordinate of each row.
    pub rows: Vec<String>,
    /// The coordinate of each column.
    pub columns: Vec<String>,
    /// Counts, row by row.
    pub counts: Vec<Vec<u64>>,
}

/// A table as it is published: a row and a column of totals come last, `None` is held back.
pub type Published = Vec<Vec<Option<u64>>>;

impl Table {
    /// Counts with the column and the row of totals.
    #[must_use]
    pub fn with_totals(&self) -> Vec<Vec<u64>> {
        let mut rows: Vec<Vec<u64>> = self
            .counts
            .iter()
            .map(|row| row.iter().copied().chain(core::iter::once(row.iter().sum())).collect())
            .collect();
        let totals = (0..=self.columns.len())
            .map(|column| rows.iter().filter_map(|row| row.get(column)).sum())
            .collect();
        rows.push(totals);
        rows
    }

    /// What a cell counts, whatever table it stands in.
    fn key(&self, row: usize, column: usize) -> Vec<String> {
        let mut parts = self.about.clone();
        parts.extend(self.rows.get(row).cloned());
        parts.extend(self.columns.get(column).cloned());
        parts.sort_unstable();
        parts
    }
}

/// The tables of one publication, protected together.
#[must_use]
pub fn protect(tables: &[Table]) -> Vec<Published> {
    let mut held: BTreeSet<Vec<String>> = BTreeSet::new();
    loop {
        let before = held.len();
        for table in tables {
            let mut network = Network::new(table, &held);
            network.protect();
            let new = network.arcs.iter().filter(|arc| arc.held);
            held.extend(new.map(|arc| table.key(arc.row, arc.column)));
        }
        if held.len() == before {
            break;
        }
    }
    let published = |table: &Table| {
        let rows = table.with_totals().into_iter().enumerate();
        rows.map(|(row, counts)| {
            let cells = counts.into_iter().enumerate();
            cells.map(|(column, count)| (!held.contains(&table.key(row, column))).then_some(count)).collect()
        })
        .collect()
    };
    tables.iter().map(published).collect()
}

struct Arc {
    row: usize,
    column: usize,
    from: usize,
    to: usize,
    count: u64,
    held: bool,
    /// By how much the count would be another one.
    shift: i64,
}

/// Which arc, by how much, from which node.
type Step = (usize, i64, usize);

struct Network {
    nodes: usize,
    arcs: Vec<Arc>,
}

impl Network {
    fn new(table: &Table, held: &BTreeSet<Vec<String>>) -> Self {
        let (rows, columns) = (table.rows.len(), table.columns.len());
        // 0: the whole by rows; then rows, columns; last: the whole by columns.
        let last = rows + columns + 1;
        let mut arcs = Vec::new();
        for (row, counts) in table.with_totals().into_iter().enumerate() {
            for (column, count) in counts.into_iter().enumerate() {
                let (from, to) = match (row < rows, column < columns) {
                    (true, true) => (1 + row, 1 + rows + column),
                    (true, false) => (0, 1 + row),
                    (false, true) => (1 + rows + column, last),
                    (false, false) => (last, 0),
                };
                let held = count < LEAST || held.contains(&table.key(row, column));
                arcs.push(Arc { row, column, from, to, count, held, shift: 0 });
            }
        }
        Self { nodes: last + 1, arcs }
    }

    fn protect(&mut self) {
        for place in 0..self.arcs.len() {
            self.arcs.iter_mut().for_each(|arc| arc.shift = 0);
            let Some(arc) = self.arcs.get(place) else { continue };
            for _ in arc.count..LEAST {
                let Some(way) = self.way(place) else { break };
                for (step, by) in way {
                    if let Some(arc) = self.arcs.get_mut(step) {
                        arc.shift += by;
                    }
                }
            }
            self.arcs.iter_mut().filter(|arc| arc.shift != 0).for_each(|arc| arc.held = true);
        }
    }

    /// The cheapest way from the end of an arc back to its start, as arcs raised or lowered by one.
    fn way(&self, place: usize) -> Option<Vec<(usize, i64)>> {
        let arc = self.arcs.get(place)?;
        let mut reached: Vec<Option<(u64, Option<Step>)>> = vec![None; self.nodes];
        *reached.get_mut(arc.to)? = Some((0, None));
        // Costs are never negative: in as many rounds as there are nodes every way is found.
        for _ in 0..self.nodes {
            let mut better = false;
            for (step, other) in self.arcs.iter().enumerate().filter(|(step, _)| *step != place) {
                let cost = if other.held || other.shift != 0 { 1 } else { 1_000 + other.count };
                let lower = i64::try_from(other.count).unwrap_or(i64::MAX).saturating_add(other.shift) > 0;
                let directions = [(other.from, other.to, 1), (other.to, other.from, -1)];
                for (from, to, by) in directions.into_iter().take(1 + usize::from(lower)) {
                    let Some(Some((before, _))) = reached.get(from) else { continue };
                    let sum = before.saturating_add(cost);
                    let Some(goal) = reached.get_mut(to) else { continue };
                    if goal.is_none_or(|(known, _)| sum < known) {
                        *goal = Some((sum, Some((step, by, from))));
                        better = true;
                    }
                }
            }
            if !better {
                break;
            }
        }
        let mut way = Vec::new();
        let mut node = arc.from;
        while let Some((step, by, from)) = reached.get(node).copied().flatten()?.1 {
            way.push((step, by));
            node = from;
            if way.len() > self.arcs.len() {
                return None;
            }
        }
        Some(way)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(counts: Vec<Vec<u64>>) -> Table {
        let columns = counts.first().map_or(0, Vec::len);
        Table {
            about: Vec::new(),
            rows: (0..counts.len()).map(|row| format!("row={row}")).collect(),
            columns: (0..columns).map(|column| format!("column={column}")).collect(),
            counts,
        }
    }

    fn one(counts: Vec<Vec<u64>>) -> Published {
        protect(&[table(counts)]).remove(0)
    }

    #[test]
    fn a_small_number_takes_three_others_with_it() {
        let published = one(vec![vec![3, 20, 30], vec![10, 40, 50], vec![60, 70, 80]]);
        let held: Vec<(usize, usize)> = (0..4)
            .flat_map(|row| (0..4).map(move |column| (row, column)))
            .filter(|(row, column)| published[*row][*column].is_none())
            .collect();
        assert_eq!(held, [(0, 0), (0, 1), (1, 0), (1, 1)], "the cheapest square");
        assert_eq!(published[3][3], Some(363));
    }

    #[test]
    fn large_numbers_are_all_published() {
        let published = one(vec![vec![5, 6], vec![7, 8]]);
        assert!(published.iter().flatten().all(Option::is_some));
    }

    #[test]
    fn what_two_tables_share_is_held_back_in_both() {
        let mut wards = table(vec![vec![2, 9]]);
        wards.about = vec!["province=01".to_owned()];
        let provinces = Table {
            rows: vec!["province=01".to_owned(), "province=02".to_owned(), "province=04".to_owned()],
            ..table(vec![vec![2, 9], vec![30, 40], vec![50, 60]])
        };
        let published = protect(&[wards, provinces]);
        let shared = |column: usize| (published[0][1][column], published[1][0][column]);
        for column in 0..3 {
            assert_eq!(shared(column).0, shared(column).1);
        }
        assert_eq!(shared(0), (None, None));
    }

    /// Somebody who narrows down what each number can be by every sum, again and again.
    fn narrowed(published: &Published) -> Vec<Vec<(i64, i64)>> {
        const MOST: i64 = 1 << 40;
        let width = published[0].len();
        let known = |cell: &Option<u64>| {
            cell.map_or((0, MOST), |count| (i64::try_from(count).unwrap(), i64::try_from(count).unwrap()))
        };
        let mut bounds: Vec<Vec<(i64, i64)>> =
            published.iter().map(|row| row.iter().map(known).collect()).collect();
        let mut lines: Vec<Vec<(usize, usize)>> = Vec::new();
        lines.extend((0..published.len()).map(|row| (0..width).map(|column| (row, column)).collect()));
        lines.extend((0..width).map(|column| (0..published.len()).map(|row| (row, column)).collect()));
        for _ in 0..60 {
            for line in &lines {
                let (total, parts) = line.split_last().unwrap();
                let sum = |except: Option<(usize, usize)>, bounds: &Vec<Vec<(i64, i64)>>| {
                    parts.iter().filter(|part| Some(**part) != except).fold((0, 0), |(low, high), part| {
                        let (a, b) = bounds[part.0][part.1];
                        (low + a, high + b)
                    })
                };
                for part in parts {
                    let (low, high) = sum(Some(*part), &bounds);
                    let all = bounds[total.0][total.1];
                    let cell = &mut bounds[part.0][part.1];
                    *cell = (cell.0.max(all.0 - high), cell.1.min(all.1 - low));
                }
                let (low, high) = sum(None, &bounds);
                let cell = &mut bounds[total.0][total.1];
                *cell = (cell.0.max(low), cell.1.min(high));
            }
        }
        bounds
    }

    proptest! {
        #[test]
        fn whoever_narrows_down_finds_nobody(
            counts in prop::collection::vec(prop::collection::vec(prop_oneof![0_u64..8, 0_u64..60], 4), 1..6),
        ) {
            let truth = table(counts.clone()).with_totals();
            let published = one(counts);
            let bounds = narrowed(&published);
            for (row, cells) in published.iter().enumerate() {
                for (column, cell) in cells.iter().enumerate() {
                    if let Some(count) = cell {
                        prop_assert!(*count >= LEAST && *count == truth[row][column]);
                    } else {
                        let (low, high) = bounds[row][column];
                        prop_assert!(low < high && high >= i64::try_from(LEAST).unwrap(), "{row},{column}: {low}..{high}");
                    }
                }
            }
        }

        /// Every way to fill a table of two by two: each number held back could be five or more.
        #[test]
        fn every_filling_is_tried(counts in prop::collection::vec(prop::collection::vec(0_u64..9, 2), 2)) {
            let published = one(counts);
            let mut most = vec![vec![0; 3]; 3];
            for filling in 0..16_u64.pow(4) {
                let digit = |place: u32| filling / 16_u64.pow(place) % 16;
                let rows = table(vec![vec![digit(0), digit(1)], vec![digit(2), digit(3)]]).with_totals();
                let fits = published.iter().zip(&rows).all(|(cells, counts)| {
                    cells.iter().zip(counts).all(|(cell, count)| cell.is_none_or(|known| known == *count))
                });
                if fits {
                    for (row, counts) in rows.iter().enumerate() {
                        for (column, count) in counts.iter().enumerate() {
                            most[row][column] = (*count).max(most[row][column]);
                        }
                    }
                }
            }
            for row in 0..3 {
                for column in 0..3 {
                    prop_assert!(published[row][column].is_some() || most[row][column] >= LEAST);
                }
            }
        }
    }
}
