//! All cases, on all cores.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::case::Case;
use super::data::Data;
use super::kinds;
use super::kinds::wycheproof;
use super::outcome::Problem;
use super::report::{Line, Summary};

/// A file of many tests is judged in this many pieces, so that no core waits for another.
const PIECES: usize = 8;

/// What one thread takes at a time.
struct Task<'a> {
    case: &'a Case,
    /// Which piece of a file of many tests.
    piece: Option<usize>,
}

/// Judges the cases. `progress` hears of every piece of work that is done, with how many there are.
///
/// # Errors
/// The folder has no cases, or none that can be read.
pub fn run(
    data: &Data,
    only: Option<&str>,
    threads: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Summary, Problem> {
    let cases = data.cases()?;
    let tasks: Vec<Task<'_>> = cases
        .iter()
        .filter(|case| only.is_none_or(|kind| kind == case.kind))
        .flat_map(|case| {
            let pieces =
                if case.kind == wycheproof::KIND { (0..PIECES).map(Some).collect() } else { vec![None] };
            pieces.into_iter().map(move |piece| Task { case, piece })
        })
        .collect();
    if tasks.is_empty() {
        return Err(Problem::new("there are no cases to judge"));
    }
    let next = AtomicUsize::new(0);
    let lines = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let judged = judge(task, data);
                    lines.lock().unwrap_or_else(PoisonError::into_inner).extend(judged);
                    progress(tasks.len());
                }
            });
        }
    });
    Ok(Summary::of(lines.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// Judges one case or one piece of it. A panic anywhere below is a failure like any other.
fn judge(task: &Task<'_>, data: &Data) -> Vec<Line> {
    let case = task.case;
    let judged = catch_unwind(AssertUnwindSafe(|| match task.piece {
        Some(piece) => wycheproof::judge(case, data, piece, PIECES),
        None => vec![whole(case, data)],
    }));
    judged.unwrap_or_else(|_| vec![Line::failed(case, &case.id, "it panicked")])
}

fn whole(case: &Case, data: &Data) -> Line {
    let outcome = kinds::judge(case, data);
    match outcome {
        Err(problem) => Line::failed(case, &case.id, &problem.to_string()),
        Ok(outcome) => match outcome.is_as_expected(&case.expected) {
            Ok(passed) => Line::of(case, &case.id, &case.expected, &outcome.to_string(), passed),
            Err(problem) => Line::failed(case, &case.id, &problem.to_string()),
        },
    }
}
