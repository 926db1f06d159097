//! Inserts that wait go as one statement for each table: the server begins and ends each statement anew.

use std::collections::BTreeSet;

use super::{Value, Waiting};

/// The most values of one statement; the protocol counts them in 16 bits. Each statement parses the checks of its table anew: the
/// 250 people of 64 acts go in a few.
const MOST: usize = 10_000;

/// Up to so many rows go as they are; more go in powers of two, so that there are few texts to prepare.
const AS_THEY_ARE: usize = 24;

/// Rows of one insert.
struct Rows {
    head: String,
    tail: String,
    rows: Vec<Vec<Value<'static>>>,
    /// Whom rows replace.
    whom: BTreeSet<String>,
    /// How many rows each of them has to change, if it does.
    must: Option<u64>,
}

/// A statement, or the place where rows go.
enum Slot {
    One(Waiting),
    Rows(Rows),
}

/// The same statements, the inserts of one text together at the place of the first. What waits is independent: nobody needs
/// its answer, and none of it refers to a row that waits. An insert is not moved over a statement that deletes. Rows that
/// replace others go in the order of their keys, in which everybody locks them; of two that replace one and the same the
/// second goes in a statement of its own.
pub(super) fn gathered(waiting: Vec<Waiting>) -> Vec<Waiting> {
    let mut done: Vec<Slot> = Vec::with_capacity(waiting.len());
    // Text of the insert, its place in `done`.
    let mut open: Vec<(String, usize)> = Vec::new();
    for one in waiting {
        let Waiting::Statement(sql, values, must) = one else {
            open.clear();
            done.push(Slot::One(one));
            continue;
        };
        let same = open.iter().find(|(text, _)| *text == sql).map(|(_, place)| *place);
        let values = match same.and_then(|place| done.get_mut(place)) {
            Some(Slot::Rows(known)) => match known.take(values) {
                None => continue,
                Some(values) => values,
            },
            _ => values,
        };
        let Some((head, tail)) = parts(&sql, values.len()) else {
            if !sql.starts_with("INSERT INTO ") && !sql.starts_with("UPDATE ") {
                open.clear();
            }
            done.push(Slot::One(Waiting::Statement(sql, values, must)));
            continue;
        };
        let mut rows = Rows {
            head: head.to_owned(),
            tail: tail.to_owned(),
            rows: Vec::new(),
            whom: BTreeSet::new(),
            must,
        };
        if let Some(values) = rows.take(values) {
            done.push(Slot::One(Waiting::Statement(sql, values, must)));
            continue;
        }
        open.retain(|(text, _)| *text != sql);
        open.push((sql, done.len()));
        done.push(Slot::Rows(rows));
    }
    let mut statements = Vec::with_capacity(done.len());
    for slot in done {
        match slot {
            Slot::One(one) => statements.push(one),
            Slot::Rows(rows) => rows.statements(&mut statements),
        }
    }
    statements
}

impl Rows {
    /// One row more; it is given back where another one is of the same person.
    fn take(&mut self, row: Vec<Value<'static>>) -> Option<Vec<Value<'static>>> {
        if !self.tail.is_empty() {
            let whom = row.first().map(key).unwrap_or_default();
            if whom.is_empty() || !self.whom.insert(whom) {
                return Some(row);
            }
        }
        self.rows.push(row);
        None
    }

    fn statements(mut self, out: &mut Vec<Waiting>) {
        if !self.tail.is_empty() {
            self.rows.sort_by_key(|row| row.first().map(key));
        }
        let width = self.rows.first().map_or(1, Vec::len).max(1);
        let most = (MOST / width).max(1);
        let mut left = self.rows.len();
        let mut rows = self.rows.into_iter();
        while left > 0 {
            let fits = left.min(most);
            let count = if fits == left && left <= AS_THEY_ARE { left } else { 1 << fits.ilog2() };
            let values: Vec<Value<'static>> = rows.by_ref().take(count).flatten().collect();
            let tuples: Vec<String> = (0..count).map(|row| tuple(row * width + 1, width)).collect();
            let must = self.must.map(|rows| rows.saturating_mul(count as u64));
            out.push(Waiting::Statement(
                format!("{}{}{}", self.head, tuples.join(", "), self.tail),
                values,
                must,
            ));
            left -= count;
        }
    }
}

/// What stands before and after the row of an insert of one row, if nothing of it asks what became of the row.
fn parts(sql: &str, width: usize) -> Option<(&str, &str)> {
    let tuple = format!(" VALUES {}", tuple(1, width));
    let at = sql.find(&tuple).filter(|_| sql.starts_with("INSERT INTO ") && width > 0)?;
    let (head, tail) = sql.split_at_checked(at + " VALUES ".len())?;
    let tail = tail.get(tuple.len() - " VALUES ".len()..)?;
    (tail.is_empty() || tail.starts_with(" ON CONFLICT (personal_number) DO UPDATE SET "))
        .then_some((head, tail))
}

/// The key of a row as its first value says it.
fn key(value: &Value<'_>) -> String {
    match value {
        Value::Text(whom) => whom.to_string(),
        Value::Int(whom) => whom.to_string(),
        Value::Null | Value::Bytes(_) => String::new(),
    }
}

fn tuple(from: usize, width: usize) -> String {
    let places: Vec<String> = (from..from + width).map(|place| format!("?{place}")).collect();
    format!("({})", places.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(sql: &str, values: &[i64]) -> Waiting {
        Waiting::Statement(sql.to_owned(), values.iter().map(|value| Value::Int(*value)).collect(), None)
    }

    fn texts(waiting: Vec<Waiting>) -> Vec<(String, Vec<i64>)> {
        let each = waiting.into_iter().map(|one| match one {
            Waiting::Script(sql) => (sql.to_owned(), Vec::new()),
            Waiting::Statement(sql, values, _) => {
                let value = |value| if let Value::Int(value) = value { value } else { 0 };
                (sql, values.into_iter().map(value).collect())
            }
        });
        each.collect()
    }

    #[test]
    fn inserts_of_one_text_go_together_and_stay_before_what_deletes() {
        let a = "INSERT INTO a (b, c) VALUES (?1, ?2)";
        let once = "INSERT INTO d (e) VALUES (?1) ON CONFLICT (e) DO NOTHING";
        let told = texts(gathered(vec![
            statement(a, &[1, 2]),
            statement("UPDATE f SET g = ?1", &[7]),
            statement(a, &[3, 4]),
            statement(once, &[5]),
            statement(once, &[6]),
            statement("DELETE FROM a WHERE b = ?1", &[1]),
            statement(a, &[1, 2]),
        ]));
        let expected: [(&str, &[i64]); 6] = [
            ("INSERT INTO a (b, c) VALUES (?1, ?2), (?3, ?4)", &[1, 2, 3, 4]),
            ("UPDATE f SET g = ?1", &[7]),
            (once, &[5]),
            (once, &[6]),
            ("DELETE FROM a WHERE b = ?1", &[1]),
            (a, &[1, 2]),
        ];
        let expected = expected.map(|(sql, values)| (sql.to_owned(), values.to_vec()));
        assert_eq!(told, expected);
    }

    #[test]
    fn rows_that_replace_go_together_unless_they_are_of_one_person() {
        let put =
            "INSERT INTO a (b, c) VALUES (?1, ?2) ON CONFLICT (personal_number) DO UPDATE SET c = excluded.c";
        let told = texts(gathered(vec![
            statement(put, &[1, 10]),
            statement(put, &[2, 20]),
            statement(put, &[1, 11]),
            statement(put, &[3, 30]),
        ]));
        let two = put.replace("(?1, ?2)", "(?1, ?2), (?3, ?4)");
        assert_eq!(told, [(two.clone(), vec![1, 10, 2, 20]), (two, vec![1, 11, 3, 30])]);
    }

    #[test]
    fn rows_that_replace_lock_in_the_order_of_their_keys_and_each_must_find_one() {
        let put =
            "INSERT INTO a (b, c) VALUES (?1, ?2) ON CONFLICT (personal_number) DO UPDATE SET c = excluded.c";
        let row = |key: i64| Waiting::Statement(put.to_owned(), vec![key.into(), 0_i64.into()], Some(1));
        let told = gathered((0..50).map(|at| row(100 + at * 7 % 50)).collect());
        let (mut keys, mut rows) = (Vec::new(), Vec::new());
        for one in told {
            let Waiting::Statement(_, values, must) = one else { panic!("no statement") };
            rows.push((values.len() / 2, must));
            keys.extend(values.into_iter().step_by(2).map(|key| super::key(&key)));
        }
        assert!(keys.is_sorted(), "{keys:?}");
        assert_eq!(rows, [(32, Some(32)), (18, Some(18))]);
    }

    #[test]
    fn many_rows_go_in_few_texts() {
        let a = "INSERT INTO a (b) VALUES (?1)";
        let mut known = BTreeSet::new();
        for count in 1..200_i64 {
            let told = texts(gathered((0..count).map(|row| statement(a, &[row])).collect()));
            let values: Vec<i64> = told.iter().flat_map(|(_, values)| values).copied().collect();
            assert_eq!(values, (0..count).collect::<Vec<_>>());
            known.extend(told.into_iter().map(|(text, _)| text));
        }
        assert!(known.len() <= AS_THEY_ARE + 3, "{}", known.len());
    }

    #[test]
    fn no_statement_has_more_values_than_the_protocol_counts() {
        let a = "INSERT INTO a (b, c) VALUES (?1, ?2)";
        let rows: Vec<i64> = (0..12_000).collect();
        let told = texts(gathered(rows.iter().map(|row| statement(a, &[*row, -row])).collect()));
        assert!(told.iter().all(|(_, values)| values.len() <= MOST));
        let firsts: Vec<i64> =
            told.iter().flat_map(|(_, values)| values.iter().step_by(2)).copied().collect();
        assert_eq!(firsts, rows);
    }
}
