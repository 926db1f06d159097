//! Inserts that wait go as one statement for each table: the server begins and ends each statement anew.

use super::Waiting;

/// The most values of one statement; the protocol counts them in 16 bits.
const MOST: usize = 1_000;

/// The same statements, the inserts of one text together at the place of the first. What waits is independent: nobody needs
/// its answer, and none of it refers to a row that waits. An insert is not moved over a statement that deletes.
pub(super) fn gathered(waiting: Vec<Waiting>) -> Vec<Waiting> {
    let mut done: Vec<Waiting> = Vec::with_capacity(waiting.len());
    // Text of the first insert, its place in `done`, values of a row.
    let mut open: Vec<(String, usize, usize)> = Vec::new();
    for one in waiting {
        let Waiting::Statement(sql, values) = one else {
            open.clear();
            done.push(one);
            continue;
        };
        let width = values.len();
        if !is_row(&sql, width) {
            if !sql.starts_with("INSERT INTO ") && !sql.starts_with("UPDATE ") {
                open.clear();
            }
            done.push(Waiting::Statement(sql, values));
            continue;
        }
        let same = open.iter().find(|(text, ..)| *text == sql).map(|(_, place, _)| *place);
        match same.and_then(|place| done.get_mut(place)) {
            Some(Waiting::Statement(all, before)) if before.len() + width <= MOST => {
                all.push_str(", ");
                all.push_str(&tuple(before.len() + 1, width));
                before.extend(values);
            }
            _ => {
                open.retain(|(text, ..)| *text != sql);
                open.push((sql.clone(), done.len(), width));
                done.push(Waiting::Statement(sql, values));
            }
        }
    }
    done
}

/// Whether it inserts one row of these values and says nothing after them.
fn is_row(sql: &str, width: usize) -> bool {
    sql.starts_with("INSERT INTO ") && width > 0 && sql.ends_with(&format!(" VALUES {}", tuple(1, width)))
}

fn tuple(from: usize, width: usize) -> String {
    let places: Vec<String> = (from..from + width).map(|place| format!("?{place}")).collect();
    format!("({})", places.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::Value;
    use super::*;

    fn statement(sql: &str, values: &[i64]) -> Waiting {
        Waiting::Statement(sql.to_owned(), values.iter().map(|value| Value::Int(*value)).collect())
    }

    fn texts(waiting: Vec<Waiting>) -> Vec<(String, Vec<i64>)> {
        let each = waiting.into_iter().map(|one| match one {
            Waiting::Script(sql) => (sql.to_owned(), Vec::new()),
            Waiting::Statement(sql, values) => {
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
    fn no_statement_has_more_values_than_the_protocol_counts() {
        let a = "INSERT INTO a (b, c) VALUES (?1, ?2)";
        let rows: Vec<i64> = (0..1_200).collect();
        let told = texts(gathered(rows.iter().map(|row| statement(a, &[*row, -row])).collect()));
        assert!(told.iter().all(|(_, values)| values.len() <= MOST));
        let firsts: Vec<i64> =
            told.iter().flat_map(|(_, values)| values.iter().step_by(2)).copied().collect();
        assert_eq!(firsts, rows);
    }
}
