//! An import of several transactions is killed, goes on at the row behind the last one, is killed again, and ends: every row is in
//! the register once, the progress that is kept is what is there, and the summary and the report of the last run count all.

use std::io::Cursor;

use anyhow::{Context as _, Result, ensure};
use cccd_card_profile::card_holder::{BirthDate, Sex};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::import::{Format, digest};
use cccd_population::person::Person;
use cccd_population::store::Store as _;

use super::killer::{Killer, Moment};
use super::{Desk, Outcome, Report, answers};

/// Persons in one transaction, and rows of a file: four transactions and a part.
const BATCH: usize = 40;
const ROWS: usize = 170;

/// One row in so many is none.
const BAD: usize = 50;

/// A file, and what must come of it.
struct File {
    arguments: Vec<String>,
    digest: [u8; 32],
    /// By the row; `None` for one that is no person.
    rows: Vec<Option<Person>>,
}

fn file(desk: &Desk, round: usize) -> Result<File> {
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    for row in 0..ROWS {
        let number = format!("001191{:06}", round * ROWS + row);
        let number = PersonalNumber::parse(&number).map_err(anyhow::Error::msg)?;
        let person = Person::new(number, "Trần Thị Bình", BirthDate::Year(1991), Sex::Female);
        let line = serde_json::to_string(&person)? + "\n";
        if row % BAD == BAD - 1 {
            lines.push(line.replacen("1991\"", "2991\"", 1));
            rows.push(None);
        } else {
            lines.push(line);
            rows.push(Some(person));
        }
    }
    let digest = digest(&mut Cursor::new(lines.concat()), Format::Json)?;
    let batch = BATCH.to_string();
    let words = ["import", "--source", "file", "--no-index", "--batch", &batch];
    Ok(File { arguments: desk.command(&words, &lines)?, digest, rows })
}

/// Kills spread over the whole import: nearer together at its beginning.
pub(super) fn run(
    desk: &Desk,
    killer: &Killer,
    calls: &[&'static str],
    kills: usize,
    report: &mut Report,
) -> Result<()> {
    let (mut round, mut done) = (0, 0);
    while done < kills {
        let before = done;
        for call in killer.kinds(calls) {
            let mut count = 1;
            while done < kills {
                let file = file(desk, round)?;
                round += 1;
                let mut killed = 0;
                // The second time in the run that goes on, at about half of what is left.
                let mut outcome = None;
                for moment in [Moment { call, count }, Moment { call, count: count / 2 + 1 }] {
                    let run = killer.run(desk, &file.arguments, moment)?;
                    if !run.killed {
                        ensure!(run.code == Some(0), "an import ended with {:?}: {}", run.code, run.errors);
                        break;
                    }
                    killed += 1;
                    let ended;
                    (outcome, ended) = after_kill(desk, &file)?;
                    if outcome.is_some() || ended {
                        break;
                    }
                }
                if outcome.is_none() {
                    outcome = after_all(desk, &file)?;
                }
                for _ in 0..killed {
                    done += 1;
                    let outcome = outcome.take().unwrap_or_else(|| Outcome::good("it went on at its row"));
                    report.fault(done, call, outcome);
                }
                if let Some(outcome) = outcome {
                    report.fault(done, call, outcome);
                }
                if killed == 0 {
                    break;
                }
                count += 1 + count / 2;
            }
        }
        ensure!(done > before, "no import could be killed");
    }
    Ok(())
}

/// What is kept as progress is there, all of it and no more; and whether that is the whole file.
fn after_kill(desk: &Desk, file: &File) -> Result<(Option<Outcome>, bool)> {
    let store = desk.open()?;
    store.check_integrity().context("after the kill")?;
    let progress = store.file_progress(&file.digest)?;
    let (rows, ended) = progress.map_or((0, false), |progress| (progress.summary.rows, progress.done));
    let taken = usize::try_from(rows)?;
    for (row, person) in file.rows.iter().enumerate() {
        let Some(person) = person else { continue };
        match (row < taken, store.person(&person.number)?) {
            (true, Some(known)) if known == *person => {}
            (true, _) => {
                return Ok((Some(Outcome::Lost("a row that the progress counts".to_owned())), ended));
            }
            (false, None) => {}
            (false, Some(_)) => {
                let lost = Outcome::Lost("progress behind a row that is there".to_owned());
                return Ok((Some(lost), ended));
            }
        }
    }
    Ok((None, ended))
}

/// The same command once more, to its end.
fn after_all(desk: &Desk, file: &File) -> Result<Option<Outcome>> {
    let last = desk.programs.run("population", &file.arguments)?;
    ensure!(last.code == 0, "the last run ended with {}: {}", last.code, last.stderr);
    let store = desk.open()?;
    store.check_integrity().context("after the last run")?;
    for person in file.rows.iter().flatten() {
        if store.person(&person.number)?.as_ref() != Some(person) {
            return Ok(Some(Outcome::Lost("a row".to_owned())));
        }
        if store.history(&person.number)?.len() != 1 {
            return Ok(Some(Outcome::Doubled("a row came in twice".to_owned())));
        }
    }
    let progress = store.file_progress(&file.digest)?.context("an import without progress")?;
    let bad = file.rows.iter().filter(|row| row.is_none()).count() as u64;
    let good = file.rows.len() as u64 - bad;
    let summary = answers(&last.stdout).pop().unwrap_or_default()["summary"].clone();
    // Of a file that was done before the last run, all is known.
    let counted =
        [&summary["added"], &summary["unchanged"]].iter().filter_map(|count| count.as_u64()).sum::<u64>();
    if !progress.done || summary["rows"] != ROWS || counted != good || summary["rejected"] != bad {
        return Ok(Some(Outcome::Lost(format!("rows in the summary {summary}"))));
    }
    let rejects = std::fs::read_to_string(desk.folder.join("round.jsonl.rejects.csv"))?;
    if rejects.lines().count() as u64 != bad + 1 {
        return Ok(Some(Outcome::Lost("a reason in the report".to_owned())));
    }
    Ok(None)
}
