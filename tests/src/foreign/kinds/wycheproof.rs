//! `wycheproof`: the files of C2SP/wycheproof. The file's own schema says what its tests are; each test counts.

mod ecdh;
mod mac;
mod signature;

use serde_json::Value;

use crate::foreign::case::Case;
use crate::foreign::data::{Data, text};
use crate::foreign::outcome::Problem;
use crate::foreign::report::Line;

/// The kind of these cases.
pub const KIND: &str = "wycheproof";

/// What came of one test.
enum Tested {
    /// The signature, tag or shared secret is right.
    Good,
    /// It is not, or the key is none.
    Bad(String),
    /// Accepted, and the wrong value came of it: never right, whatever was expected.
    Wrong(String),
    /// Algorithm or curve are not known.
    Unknown(String),
}

/// A test of a group whose key was read.
type Test<'g> = Box<dyn Fn(&Value) -> Result<Tested, Problem> + 'g>;

/// Judges every `of`-th test of the file, from the `piece`-th on.
#[must_use]
pub fn judge(case: &Case, data: &Data, piece: usize, of: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Err(problem) = judge_file(case, data, piece, of, &mut lines) {
        // One line for the file, not one for every piece.
        if piece == 0 {
            lines.push(Line::failed(case, &case.id, &problem.to_string()));
        }
    }
    lines
}

fn judge_file(
    case: &Case,
    data: &Data,
    piece: usize,
    of: usize,
    lines: &mut Vec<Line>,
) -> Result<(), Problem> {
    if case.expected != "per-test" {
        return Err(Problem::new(format!("'{}' is no expectation of a file of tests", case.expected)));
    }
    let file = data.json(case.input("file")?)?;
    let (algorithm, schema) = (text(&file, "algorithm")?, text(&file, "schema")?);
    let groups = array(&file, "testGroups")?;
    let mut all = 0;
    for group in groups {
        let tests = array(group, "tests")?;
        // A group whose key cannot be read fails each of its tests that must be good.
        let test = prepare(algorithm, schema, group);
        for item in tests {
            let turn = all % of == piece;
            all += 1;
            if turn {
                lines.push(one(case, item, &test)?);
            }
        }
    }
    let stated = case.rest.get("tests").and_then(Value::as_u64).map_or(Ok(all), usize::try_from);
    match stated {
        Ok(stated) if stated == all && all > 0 => Ok(()),
        _ => Err(Problem::new(format!("the file has {all} tests, not as many as the case states"))),
    }
}

fn array<'v>(value: &'v Value, name: &str) -> Result<&'v [Value], Problem> {
    value
        .get(name)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .ok_or_else(|| Problem::new(format!("the file has no list '{name}'")))
}

/// Which tests a group has.
fn prepare<'g>(algorithm: &str, schema: &str, group: &'g Value) -> Result<Test<'g>, Problem> {
    let name = schema.trim_end_matches(".json").trim_end_matches("_v1").trim_end_matches("_schema");
    match (algorithm, name) {
        ("AES-CMAC", "mac_test") => mac::prepare(group),
        ("ECDH", "ecdh_test" | "ecdh_ecpoint_test" | "ecdh_pem_test") => ecdh::prepare(group),
        ("ECDSA", "ecdsa_verify" | "ecdsa_p1363_verify")
        | ("RSASSA-PKCS1-v1_5", "rsassa_pkcs1_verify")
        | ("RSASSA-PSS", "rsassa_pss_verify" | "rsassa_pss_with_parameters_verify") => {
            signature::prepare(name, group)
        }
        _ => Err(Problem::new(format!("tests of {algorithm} under {schema} are not known"))),
    }
}

fn one(case: &Case, item: &Value, test: &Result<Test<'_>, Problem>) -> Result<Line, Problem> {
    let number =
        item.get("tcId").and_then(Value::as_u64).ok_or_else(|| Problem::new("a test has no tcId"))?;
    let id = format!("{}#{number}", case.id);
    let expected = text(item, "result")?;
    let tested = match test {
        Ok(test) => test(item),
        Err(problem) => Err(problem.clone()),
    };
    let (got, passed) = match tested {
        Ok(Tested::Good) => ("good".to_owned(), matches!(expected, "valid" | "acceptable")),
        Ok(Tested::Bad(why)) => (format!("bad: {why}"), matches!(expected, "invalid" | "acceptable")),
        Ok(Tested::Wrong(why)) => (format!("wrong: {why}"), expected == "invalid"),
        Ok(Tested::Unknown(why)) => (format!("undetermined: {why}"), false),
        Err(problem) => (problem.to_string(), false),
    };
    let comment = item.get("comment").and_then(Value::as_str).unwrap_or_default();
    Ok(Line::of(case, &id, &format!("{expected} ({comment})"), &got, passed))
}
