//! Runs the cases of a folder.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::{Plan, plan};
use crate::laboratory::country::LabCountry;

/// The file of cases within the folder.
pub const FILE: &str = "conformity/tr-03105-5.1-inspection-system-tests.json";

#[derive(Debug, Deserialize)]
struct Folder {
    test_cases: Vec<Printed>,
}

/// A case as it is printed.
#[derive(Debug, Clone, Deserialize)]
struct Printed {
    id: String,
    title: String,
    #[serde(default)]
    expected: Option<String>,
}

/// What came of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As printed.
    AsPrinted,
    /// Otherwise, or it could not be made.
    Otherwise(String),
    /// Not made.
    Left(&'static str),
}

/// One case, judged.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its identifier.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// Whether the inspection must succeed.
    pub must_succeed: bool,
    /// What came of it.
    pub outcome: Outcome,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printed = if self.must_succeed { "succeeds" } else { "fails" };
        let (mark, told) = match &self.outcome {
            Outcome::AsPrinted => ("ok", printed.to_owned()),
            Outcome::Otherwise(told) => ("NOT", told.clone()),
            Outcome::Left(code) => ("-", format!("left: {code}")),
        };
        write!(f, "{mark:3} {:13} {} ({told})", self.id, self.title)
    }
}

/// Runs every case with a printed outcome: a failure or a success, nothing between.
///
/// # Errors
/// A folder that cannot be read.
pub fn run(data: &Path, lab: &LabCountry, tell: &mut dyn FnMut(&Judged)) -> Result<Vec<Judged>> {
    let file = data.join(FILE);
    let text =
        std::fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    let folder: Folder = serde_json::from_str(&text).context("it is no list of cases")?;
    let mut judged = Vec::new();
    for case in folder.test_cases {
        let must_succeed = match case.expected.as_deref() {
            Some("inspection successful") => true,
            Some("inspection failed") => false,
            _ => continue,
        };
        let outcome = match plan(&case.id) {
            None => Outcome::Otherwise("the identifier is not known".to_owned()),
            Some(Plan::Left(left)) => Outcome::Left(left.code()),
            Some(Plan::Run(make)) => match make(lab) {
                Ok(succeeded) if succeeded == must_succeed => Outcome::AsPrinted,
                Ok(true) => Outcome::Otherwise("succeeded, and must fail".to_owned()),
                Ok(false) => Outcome::Otherwise("failed, and must succeed".to_owned()),
                Err(error) => Outcome::Otherwise(format!("could not be made: {error:#}")),
            },
        };
        let one = Judged { id: case.id, title: case.title, must_succeed, outcome };
        tell(&one);
        judged.push(one);
    }
    if judged.is_empty() {
        bail!("{} has no case with a printed outcome", file.display());
    }
    Ok(judged)
}

/// The last line.
#[must_use]
pub fn summary(judged: &[Judged]) -> String {
    let count = |wanted: fn(&Outcome) -> bool| judged.iter().filter(|one| wanted(&one.outcome)).count();
    format!(
        "inspection: {} as printed, {} not, {} left",
        count(|outcome| *outcome == Outcome::AsPrinted),
        count(|outcome| matches!(outcome, Outcome::Otherwise(_))),
        count(|outcome| matches!(outcome, Outcome::Left(_)))
    )
}
