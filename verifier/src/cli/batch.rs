//! Many cards from files, on all cores: one line for each as it is judged, and a summary.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cccd_keys::trust::{KnownSigners, KnownSignersLimits, TrustStore};
use cccd_verifier::evidence::Provenance;
use cccd_verifier::report::{printable, to_json};
use cccd_verifier::{Case, Decision, Evidence, Judgement, Policy, judge_among};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::json;

use super::{Failure, Output};

/// Longest line of a stream of paths, in octets.
const LONGEST_LINE: u64 = 8192;

/// Whether a path names many: a folder, or `-` for paths on standard input.
pub(super) fn is_many(path: &Path) -> bool {
    path == Path::new("-") || path.is_dir()
}

/// What one path holds.
pub(super) type Opened = Result<(Evidence, Provenance), Failure>;

/// Where the paths come from.
enum Source {
    Folder(VecDeque<PathBuf>),
    Stream { ended: bool },
}

impl Source {
    fn of(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self::Stream { ended: false });
        }
        let entries = std::fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
        let mut paths: Vec<PathBuf> = entries.map_err(|error| Failure::cannot_read(path, &error))?;
        // What another program is still writing begins with a full stop.
        paths.retain(|path| !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")));
        if paths.is_empty() {
            return Err(Failure::File {
                code: "folder-empty",
                what: [
                    format!("thư mục {} không có tệp nào để xét", path.display()),
                    format!("the folder {} has no file to judge", path.display()),
                ],
                hint: ["kiểm tra đường dẫn của thư mục", "check the path of the folder"],
            });
        }
        paths.sort();
        Ok(Self::Folder(paths.into()))
    }

    fn length(&self) -> Option<u64> {
        match self {
            Self::Folder(paths) => u64::try_from(paths.len()).ok(),
            Self::Stream { .. } => None,
        }
    }

    /// The next path. A line that is too long, or that cannot be read, ends the stream as an error.
    fn next(&mut self) -> Option<Result<PathBuf, Failure>> {
        match self {
            Self::Folder(paths) => paths.pop_front().map(Ok),
            Self::Stream { ended } => loop {
                if *ended {
                    return None;
                }
                let mut line = String::new();
                let read = std::io::stdin().lock().take(LONGEST_LINE).read_line(&mut line);
                let cut = read.as_ref().is_ok_and(|length| *length > 0) && !line.ends_with('\n');
                *ended = !matches!(read, Ok(length) if length > 0) || cut;
                match read {
                    Err(error) => return Some(Err(Failure::cannot_read(Path::new("-"), &error))),
                    Ok(length) if u64::try_from(length).is_ok_and(|length| length == LONGEST_LINE) && cut => {
                        let error = std::io::Error::other("a line of more than 8192 octets");
                        return Some(Err(Failure::cannot_read(Path::new("-"), &error)));
                    }
                    Ok(_) => {}
                }
                let path = line.trim_end_matches(['\n', '\r']);
                if !path.is_empty() {
                    return Some(Ok(PathBuf::from(path)));
                }
            },
        }
    }
}

/// How many ended how.
#[derive(Debug, Default)]
struct Summary {
    accepted: u64,
    refused: u64,
    undetermined: u64,
    not_judged: u64,
    /// By decision, deciding check and reason, or by the code of what could not be done.
    by_reason: BTreeMap<String, u64>,
}

impl Summary {
    fn count(&mut self, judged: &Result<Judgement, Failure>) {
        let key = match judged {
            Ok(judgement) => {
                let verdict = &judgement.verdict;
                match verdict.decision {
                    Decision::Accepted => self.accepted += 1,
                    Decision::Refused => self.refused += 1,
                    Decision::Undetermined => self.undetermined += 1,
                }
                if verdict.decision == Decision::Accepted {
                    return;
                }
                why(judgement)
            }
            Err(failure) => {
                self.not_judged += 1;
                format!("not-judged {}", failure.code())
            }
        };
        *self.by_reason.entry(key).or_default() += 1;
    }

    /// The gravest of all: refused, not judged, undetermined, accepted.
    const fn exit_code(&self, interrupted: bool) -> u8 {
        if self.refused > 0 {
            1
        } else if self.not_judged > 0 || interrupted {
            3
        } else if self.undetermined > 0 {
            4
        } else {
            0
        }
    }
}

/// Decision, deciding check and reason, by their codes.
fn why(judgement: &Judgement) -> String {
    let verdict = &judgement.verdict;
    let check = verdict.decided_by.map_or("-", |check| check.code());
    let reason = verdict.reason.map_or("-", |reason| reason.code());
    format!("{} {check} {reason}", verdict.decision.code())
}

/// Judges everything that `path` names, each file opened by `open`. A file that cannot be opened is a line like any other.
pub(super) fn run(
    path: &Path,
    trust: &TrustStore,
    policy: &Policy,
    at: Timestamp,
    output: Output,
    open: &(dyn Fn(&Path) -> Opened + Sync),
) -> Result<u8, Failure> {
    let source = Source::of(path)?;
    let bar = bar(source.length());
    let (source, summary) = (Mutex::new(source), Mutex::new(Summary::default()));
    let known = KnownSigners::new(trust, KnownSignersLimits::default());
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    // The second time ends the process at once: a stream may be waiting for a line that does not come.
    drop(ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::SeqCst) {
            std::process::exit(3);
        }
    }));
    let work = || {
        while !interrupted.load(Ordering::SeqCst) {
            let Some(next) = source.lock().unwrap_or_else(PoisonError::into_inner).next() else { break };
            let (name, judged) = match next {
                Ok(path) => {
                    let judged = open(&path).map(|(evidence, provenance)| {
                        let case =
                            Case { provenance: &provenance, policy, ..Case::new(&evidence, trust, at) };
                        judge_among(&case, &known)
                    });
                    (path.display().to_string(), judged)
                }
                Err(failure) => ("-".to_owned(), Err(failure)),
            };
            summary.lock().unwrap_or_else(PoisonError::into_inner).count(&judged);
            // A reader that has gone wants no more lines.
            if bar.suspend(|| line(&name, &judged, output)).is_err() {
                interrupted.store(true, Ordering::SeqCst);
            }
            bar.inc(1);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    bar.finish_and_clear();
    let summary = summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    let interrupted = interrupted.load(Ordering::SeqCst);
    tell(&summary, interrupted, output);
    Ok(summary.exit_code(interrupted))
}

/// One card's line, written whole.
fn line(name: &str, judged: &Result<Judgement, Failure>, output: Output) -> std::io::Result<()> {
    let text = match judged {
        Ok(judgement) if output.json => {
            let mut value = to_json(judgement, output.lang);
            if let Some(members) = value.as_object_mut() {
                members.insert("file".to_owned(), json!(name));
            }
            value.to_string()
        }
        Err(failure) if output.json => {
            let (message, hint) = failure.words(output.lang);
            let error = json!({ "code": failure.code(), "message": message, "hint": hint });
            json!({ "file": name, "error": error }).to_string()
        }
        Ok(judgement) => format!("{}  {}", why(judgement), printable(name)),
        Err(failure) => {
            let (message, _) = failure.words(output.lang);
            format!("not-judged {}  {}: {}", failure.code(), printable(name), printable(&message))
        }
    };
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{text}\n").as_bytes())?;
    out.flush()
}

fn tell(summary: &Summary, interrupted: bool, output: Output) {
    let value = json!({ "summary": {
        "accepted": summary.accepted,
        "refused": summary.refused,
        "undetermined": summary.undetermined,
        "not_judged": summary.not_judged,
        "by_reason": summary.by_reason,
        "interrupted": interrupted,
    }});
    let mut human = format!(
        "{}: {} {}, {} {}, {} {}, {} {}\n",
        output.text("Tổng kết", "Summary"),
        summary.accepted,
        output.text("chấp nhận", "accepted"),
        summary.refused,
        output.text("từ chối", "refused"),
        summary.undetermined,
        output.text("chưa xác định", "undetermined"),
        summary.not_judged,
        output.text("không xét được", "not judged"),
    );
    for (reason, count) in &summary.by_reason {
        human.push_str(&format!("{count:>8}  {reason}\n"));
    }
    if interrupted {
        human.push_str(
            output.text("Bị ngắt: còn tệp chưa xét.\n", "Interrupted: files were left unjudged.\n"),
        );
    }
    output.print(&value, &human);
}

/// On standard error, and only on a terminal.
fn bar(length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{bar:24} {pos}/{len}  {per_sec}  {eta}"),
        None => (ProgressBar::new_spinner(), "{spinner} {pos}  {per_sec}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
