//! A line of `cases.jsonl`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::outcome::Problem;

/// One case: what is given, and what must come of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Case {
    /// Its name, for reports only.
    pub id: String,
    /// What it is about: which module judges it.
    pub kind: String,
    /// Files, and what in them is meant.
    pub inputs: Map<String, Value>,
    /// What must come of it.
    pub expected: String,
    /// The time at which validity is judged; without it, it is not.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Files of whom is believed.
    #[serde(default)]
    pub trust: Vec<String>,
    /// A remark for people.
    #[serde(default)]
    pub note: Option<String>,
    /// Everything else that the case says.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Case {
    /// The cases of a `cases.jsonl`, in order.
    ///
    /// # Errors
    /// A line that is no case, with its number.
    pub fn read_all(text: &str) -> Result<Vec<Self>, Problem> {
        text.lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(index, line)| {
                serde_json::from_str(line)
                    .map_err(|error| Problem::new(format!("line {} is no case: {error}", index + 1)))
            })
            .collect()
    }

    /// An input in words.
    ///
    /// # Errors
    /// It is missing or something else.
    pub fn input(&self, name: &str) -> Result<&str, Problem> {
        self.inputs
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| Problem::new(format!("the case has no input '{name}'")))
    }

    /// An input that counts.
    ///
    /// # Errors
    /// It is missing or something else.
    pub fn index(&self, name: &str) -> Result<usize, Problem> {
        self.inputs
            .get(name)
            .and_then(Value::as_u64)
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| Problem::new(format!("the case has no number '{name}' among its inputs")))
    }
}
