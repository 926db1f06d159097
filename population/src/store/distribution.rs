//! How the tables lie on the machines of Citus: the rows of one person together on one shard, what is unique across persons by
//! that value, what belongs to the register itself on every machine.

use core::fmt;

use super::StoreError;
use super::engine::Engine;
use super::schema::{additions, postgres};

/// Small tables of the register itself: whole on every machine.
const EVERYWHERE: [&str; 2] = ["migration", "statistics_head"];

/// Where a table's rows lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) table: String,
    pub(super) lies: Lies,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lies {
    /// Whole on every machine.
    Everywhere,
    /// Beside their person.
    WithPerson,
    /// By the value of this column.
    By(String),
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = &self.table;
        match &self.lies {
            Lies::Everywhere => write!(f, "SELECT create_reference_table('{table}')"),
            Lies::WithPerson if table == "person" => {
                write!(
                    f,
                    "SELECT create_distributed_table('person', 'personal_number', colocate_with => 'none')"
                )
            }
            Lies::WithPerson => {
                write!(
                    f,
                    "SELECT create_distributed_table('{table}', 'personal_number', colocate_with => 'person')"
                )
            }
            Lies::By(column) => {
                write!(f, "SELECT create_distributed_table('{table}', '{column}', colocate_with => 'none')")
            }
        }
    }
}

/// Every table of this program's version; `person` and `card`, to which others refer, first.
pub(super) fn layout() -> Vec<Layout> {
    let mut tables = vec![Layout { table: "migration".to_owned(), lies: Lies::Everywhere }];
    for (table, key) in core::iter::once(postgres::TABLES).chain(additions::ADDITIONS).flat_map(keys) {
        let lies = match (table.as_str(), key.as_str()) {
            (table, _) if EVERYWHERE.contains(&table) => Lies::Everywhere,
            // The first of its key is one of four measures: too few for as many machines.
            ("statistics_cell", _) => Lies::By("province".to_owned()),
            (_, "personal_number") => Lies::WithPerson,
            (_, column) => Lies::By(column.to_owned()),
        };
        tables.push(Layout { table, lies });
    }
    tables.sort_by_key(|layout| {
        super::dump::FIRST.iter().position(|first| *first == layout.table).unwrap_or(9)
    });
    tables
}

/// Each table of a file, and the first column of its primary key.
fn keys(sql: &str) -> Vec<(String, String)> {
    let sql: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let sql = sql.join("\n");
    let tables = sql.split("CREATE TABLE ").skip(1);
    tables
        .filter_map(|table| {
            let body = table.split("\n)").next()?;
            let name = body.split([' ', '(']).next()?;
            let key = match body.split_once("PRIMARY KEY (") {
                Some((_, key)) => key.split([',', ')']).next()?,
                None => body.lines().find(|line| line.contains("PRIMARY KEY"))?.split_whitespace().next()?,
            };
            Some((name.to_owned(), key.trim().to_owned()))
        })
        .collect()
}

/// Whether the extension is there.
pub(super) fn demand(session: &mut dyn Engine) -> Result<(), StoreError> {
    let mut there = false;
    session.query("SELECT 1 FROM pg_extension WHERE extname = 'citus'", &[], &mut |_| {
        there = true;
        Ok(())
    })?;
    let missing = "the extension citus is not installed in this database";
    if there { Ok(()) } else { Err(StoreError::NotDistributed(missing)) }
}

/// Lays out what is not laid out yet, in the transaction that is open.
pub(super) fn distribute(session: &mut dyn Engine) -> Result<(), StoreError> {
    let mut done = Vec::new();
    session.query("SELECT logicalrelid::regclass::text FROM pg_dist_partition", &[], &mut |row| {
        done.push(row.needed(0)?);
        Ok(())
    })?;
    for layout in layout().iter().filter(|layout| !done.contains(&layout.table)) {
        session.script(&layout.to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn all() -> String {
        let sql =
            core::iter::once(postgres::TABLES).chain(additions::ADDITIONS).collect::<Vec<_>>().join("\n");
        sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect::<Vec<_>>().join("\n")
    }

    fn column(layout: &Layout) -> Option<&str> {
        match &layout.lies {
            Lies::Everywhere => None,
            Lies::WithPerson => Some("personal_number"),
            Lies::By(column) => Some(column),
        }
    }

    #[test]
    fn every_table_has_its_place_and_is_named_once() {
        let layout = layout();
        let named: BTreeSet<&str> = layout.iter().map(|layout| layout.table.as_str()).collect();
        assert_eq!(named.len(), layout.len());
        assert_eq!(named.len(), all().matches("CREATE TABLE ").count() + 1, "and the table of versions");
        // A table that came by another road would have no place.
        for word in ["RENAME TO", "DROP TABLE", "CREATE TABLE IF"] {
            assert!(!all().contains(word), "{word}");
        }
        assert_eq!(
            layout.iter().take(2).map(|layout| layout.table.as_str()).collect::<Vec<_>>(),
            super::super::dump::FIRST
        );
        let statements: Vec<String> = layout.iter().map(ToString::to_string).collect();
        for wanted in [
            "SELECT create_distributed_table('person', 'personal_number', colocate_with => 'none')",
            "SELECT create_distributed_table('card', 'personal_number', colocate_with => 'person')",
            "SELECT create_distributed_table('sod_claim', 'sod_sha256', colocate_with => 'none')",
            "SELECT create_distributed_table('intake_audit', 'intake', colocate_with => 'none')",
            "SELECT create_reference_table('statistics_head')",
        ] {
            assert!(statements.iter().any(|statement| statement == wanted), "{wanted}");
        }
    }

    /// Citus refuses a table one of whose unique keys lacks the column by which it is laid out, and a foreign key that
    /// leads to another shard.
    #[test]
    fn the_column_is_part_of_every_unique_key_and_of_every_reference() {
        let all = all();
        for layout in layout().iter().filter(|layout| layout.table != "migration") {
            let Some(column) = column(layout) else { continue };
            let has = |list: &str| {
                list.split(')')
                    .next()
                    .unwrap()
                    .split(',')
                    .any(|one| one.trim_start_matches('(').trim() == column)
            };
            let start = format!("CREATE TABLE {} (", layout.table);
            let body = all.split(&start).nth(1).unwrap().split("\n)").next().unwrap();
            for line in body.lines() {
                let line = line.trim();
                for words in ["PRIMARY KEY", "UNIQUE"] {
                    let Some((before, list)) = line.split_once(words) else { continue };
                    if before.is_empty() || before.ends_with(' ') && list.trim_start().starts_with('(') {
                        assert!(has(list.trim_start()), "{}: {line}", layout.table);
                    } else {
                        assert_eq!(before.split(' ').next(), Some(column), "{}: {line}", layout.table);
                    }
                }
                if let Some((_, to)) = line.split_once("REFERENCES ") {
                    assert_eq!(layout.lies, Lies::WithPerson, "{}: {line}", layout.table);
                    assert!(has(to.split_once('(').unwrap().1), "{}: {line}", layout.table);
                }
            }
            for index in all.split("CREATE UNIQUE INDEX ").skip(1) {
                let (on, list) = index.split_once(" ON ").unwrap().1.split_once('(').unwrap();
                if on.trim() == layout.table {
                    assert!(has(list), "{}: {list}", layout.table);
                }
            }
        }
    }
}
