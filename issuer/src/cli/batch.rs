//! `issuer batch`: a file or folder of applications, over all readers of this host. Stopped or killed, the same command
//! goes on where it ended: every row is known by its content in the ledger.

mod readers;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use cccd_issuer::accounts::{Officer, Role};
use cccd_issuer::application::{Application, Refusal, State};
use cccd_issuer::ledger::{Act, Entry, Ledger};
use cccd_issuer::output::{Staging, write_anew};
use cccd_issuer::queue::{self, Event, Happened, Line, Stop, Summary};
use cccd_issuer::register::{Register, RegisterError};
use cccd_issuer::station::{Admitted, Blank, CHANGED, Intake, IssueError, Job};
use cccd_issuer::words::{self, Language};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng as _;
use rand_core::CryptoRng;
use serde_json::{Value, json};

use super::args::queue::BatchArguments;
use super::capture::Opener;
use super::failure::Failure;
use super::output::Output;
use super::{connect, faces, issue, progress};
use rows::{Prints, Row, Rows};

/// How often a spoiled chip's application may be taken in anew under one batch.
const ROUNDS: u32 = 100;

pub(crate) fn run(
    arguments: &BatchArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let started = Instant::now();
    let clock = move || {
        let elapsed = SignedDuration::try_from(started.elapsed()).unwrap_or(SignedDuration::MAX);
        at.checked_add(elapsed).unwrap_or(at)
    };
    let stop = progress::watch_interrupts()?;
    let rows = Rows::read(&arguments.applications)?;
    let store = connect::key_store(&arguments.keys)?;
    for reader in &arguments.readers {
        connect::allow_reader(&store, reader)?;
    }
    let keys = connect::station_keys(&store, at, output)?;
    let (mut ledger, officer) =
        connect::ledger_and_officer(&arguments.ledger, &arguments.officer, Role::Personalise, at, rng)?;
    let source = format!("issuer {}", officer.name());
    let register = || -> Result<Box<dyn Register>, RegisterError> {
        match connect::register(&arguments.register, &source) {
            Ok(register) => Ok(register),
            Err(Failure::Issue(IssueError::Register(error))) => Err(error),
            Err(other) => Err(RegisterError::Unreachable(other.to_string())),
        }
    };
    std::fs::create_dir_all(&arguments.out).map_err(|error| Failure::StockFile(error.to_string()))?;

    for bad in rows.bad() {
        let why = |language| format!("{}: {}", bad.name, words::told(bad.code, &bad.why, language));
        output.note(&why(Language::Vi), &why(Language::En));
    }
    for (name, first) in rows.equal() {
        output.note(
            &format!("{name}: giống hệt {first}, chỉ làm một thẻ"),
            &format!("{name}: the same as {first}, one card is made of both"),
        );
    }
    let mut work = Intaking { arguments, officer: &officer, clock: &clock, stop: &stop, refused: Vec::new() };
    // Whatever ends it, what was refused before is told.
    let taken_in = work.take_in(&rows, &mut ledger, register()?.as_mut(), output);
    let refused = work.refused;
    for (number, code, why) in &refused {
        let name = rows.iter().nth(*number).map_or("", |row| row.name.as_str());
        let why = |language| format!("{name}: {}", words::told(code, why, language));
        output.note(&why(Language::Vi), &why(Language::En));
    }
    taken_in?;

    let bar = bar(output.say("thẻ", "cards"), rows.len());
    let told = Mutex::new(Vec::new());
    let failed = Mutex::new(BTreeMap::new());
    let tell = |event: Event<'_>| {
        if let (Happened::Failed(error), Some(id), Ok(mut failed)) =
            (&event.what, event.application, failed.lock())
        {
            failed.insert(id.to_string(), error.code());
        }
        let note = match (&event.what, event.application) {
            (Happened::Made(card), Some(id)) => {
                bar.inc(1);
                let summary = format!("{:#}\n", issue::describe(card));
                let file = arguments.out.join(id.to_string()).join("card.json");
                write_anew(&file, summary.as_bytes()).err().map(|error| error.to_string())
            }
            (Happened::Begun, _) | (Happened::Made(_), None) => None,
            (Happened::Failed(error), _) => {
                Some(words::told(error.code(), &format!("{}: {error}", error.code()), output.language()))
            }
            (Happened::NotPrepared(why) | Happened::Trouble(why), _) => Some((*why).to_owned()),
            (Happened::Tripped(count), _) => {
                Some(format!("{count} {}", output.say("lần hỏng liên tiếp", "failures in a row")))
            }
            (Happened::Stands(stop), _) => Some(standing(stop, output)),
            (Happened::GoesOn, _) => Some(output.say("hàng in chạy tiếp", "the queue goes on").to_owned()),
        };
        if let Some(note) = note {
            let of = event.application.map_or_else(String::new, |id| format!("{id} "));
            let line = format!("{of}{}: {note}", event.reader.unwrap_or("-"));
            bar.suspend(|| output.note(&line, &line));
            if let Ok(mut told) = told.lock() {
                told.push(line);
            }
        }
    };
    let draw = |admitted: &Admitted| -> Result<(), String> {
        if arguments.without_faces {
            return Ok(());
        }
        let folder = arguments.out.join(admitted.application().to_string());
        let mut staging = Staging::of_one_card(&folder).map_err(|error| error.to_string())?;
        faces::stage(admitted, arguments.dpi, &mut staging).map_err(|error| error.to_string())?;
        staging.commit().map(drop).map_err(|error| error.to_string())
    };
    let prints = Prints { rows: &rows, opener: Opener::new(&arguments.biometrics)? };
    let line = Line {
        host: &arguments.host,
        keys: &keys,
        actor: officer.name(),
        clock: &clock,
        blank: Blank::Icao9,
        job: Job::Production,
        source: &prints,
        register: &register,
        prepared: &draw,
        told: &tell,
        stop: &stop,
        lease: SignedDuration::from_secs(i64::from(arguments.lease)),
        reader_failures: arguments.reader_failures,
        failures: arguments.failures,
        until_empty: true,
    };
    let mut in_work = BTreeSet::new();
    for state in State::ALL.into_iter().filter(|state| state.is_in_work()) {
        in_work.extend(ledger.list(Some(state), u32::MAX)?.into_iter().filter_map(|entry| entry.chip));
    }
    let ports = readers::open(arguments, &keys, &store, &in_work, rng)?;
    let mut random = || -> Box<dyn CryptoRng + Send> {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        Box::new(rand::rngs::StdRng::from_seed(seed))
    };
    let summary = if stop.load(Ordering::SeqCst) {
        Summary::default()
    } else {
        queue::run(&line, &mut ledger, ports, &mut random)?
    };
    bar.finish_and_clear();
    let failed = failed.into_inner().unwrap_or_default();
    report(&rows, (&refused, &failed), &mut ledger, arguments, &summary, output)
}

/// The place of a row, the code why it was not taken in, and the words.
type Refused = (usize, String, String);

/// Rows that are not in the ledger yet are taken in: then they wait for another officer.
struct Intaking<'a> {
    arguments: &'a BatchArguments,
    officer: &'a Officer,
    clock: &'a (dyn Fn() -> Timestamp + Sync),
    stop: &'a AtomicBool,
    refused: Vec<Refused>,
}

impl Intaking<'_> {
    fn take_in(
        &mut self,
        rows: &Rows,
        ledger: &mut Ledger,
        register: &mut dyn Register,
        output: &Output,
    ) -> Result<(), Failure> {
        let bar = bar(output.say("hồ sơ", "applications"), rows.len());
        for (number, row) in rows.iter().enumerate() {
            bar.inc(1);
            if self.stop.load(Ordering::SeqCst) {
                break;
            }
            let (entry, request) = find(row, ledger, &self.arguments.name)?;
            if entry.as_ref().is_some_and(|entry| entry.state != State::Rejected) {
                continue;
            }
            self.officer.may(Role::Capture)?;
            let act = Act { actor: self.officer.name(), at: (self.clock)(), request: Some(&request) };
            let application = match rows.load(row) {
                Ok(application) => application,
                Err(failure) => {
                    self.refused.push((number, failure.code().to_owned(), failure.to_string()));
                    continue;
                }
            };
            let mut intake = Intake { ledger: &mut *ledger, register: &mut *register, act, makes: false };
            let taken_in = match again(&mut intake, &application, entry.as_ref()) {
                Ok(Again::Refused) => continue,
                Ok(Again::ByRule(refusal)) => Err(refusal.into()),
                Ok(Again::TakenIn) => intake.take_in(&application).map(drop),
                Err(error) => Err(error),
            };
            if let Err(error) = taken_in {
                // The register or the ledger: the other rows would fail alike.
                if !error.is_refusal() {
                    bar.finish_and_clear();
                    return Err(error.into());
                }
                self.refused.push((number, error.code().to_owned(), error.to_string()));
            }
        }
        bar.finish_and_clear();
        Ok(())
    }
}

/// What becomes of a row that is not in the ledger, or was refused under this batch.
enum Again {
    /// Taken in.
    TakenIn,
    /// A rule refuses it as before, or would now.
    ByRule(Refusal),
    /// An officer refused it: that stands.
    Refused,
}

/// The same batch again adds no second refusal of the same row. What a rule refused before it was captured is taken in once the
/// rule lets it pass, and what changed in the register after it was captured is captured anew; an officer's refusal stands.
fn again(
    intake: &mut Intake<'_>,
    application: &Application,
    before: Option<&Entry>,
) -> Result<Again, IssueError> {
    let Some(before) = before else { return Ok(Again::TakenIn) };
    if before.captured_by.is_some() && before.state_reason.as_deref() != Some(CHANGED) {
        return Ok(Again::Refused);
    }
    let refusal = intake.still_refused(application, before)?;
    Ok(refusal.map_or(Again::TakenIn, Again::ByRule))
}

/// The row's application in the ledger: the open one with this content, the newest that this batch took in, or the one that was
/// made of it, whoever took it in; else one of this batch that was refused. A spoiled one is taken in anew, under the request
/// that is answered with it.
fn find(row: &Row, ledger: &Ledger, batch: &str) -> Result<(Option<Entry>, String), Failure> {
    let open = ledger.open_of(row.number.as_str())?;
    let (mut request, mut refused) = (String::new(), None);
    for round in 1..=ROUNDS {
        request = format!("batch {batch} {} {round}", row.content_sha256);
        match ledger.of_request(&request)? {
            Some(entry) if entry.state == State::Spoiled => refused = None,
            Some(entry) if entry.state == State::Rejected => refused = Some(entry),
            // A run was ended before it captured: the same request goes on with it.
            Some(entry) if is_only_begun(&entry) => return Ok((None, request)),
            Some(entry) => return Ok((Some(entry), request)),
            None => break,
        }
    }
    let same = |entry: &Entry| entry.content_sha256 == row.content_sha256;
    // One that nobody captured is begun anew.
    if let Some(open) = open.filter(|entry| same(entry) && !is_only_begun(entry)) {
        return Ok((Some(open), request));
    }
    // Taken in at a counter and done, it is open no more: `issuer issue` would make no second card of it either. One that was
    // refused since hides no card.
    let newest = ledger.newest_not_refused(row.number.as_str())?;
    let made = newest.filter(|entry| same(entry) && is_made(entry));
    Ok((made.or(refused), request))
}

/// There is a card of it.
fn is_made(entry: &Entry) -> bool {
    matches!(entry.state, State::Issued | State::Delivered)
}

/// Which order the host waits under, whose, why, and how it ends.
fn standing(stop: &Stop, output: &Output) -> String {
    format!(
        "{} {} ({}): {}. {}",
        output.say("hàng in đang tạm dừng theo lệnh của", "the queue is paused by"),
        stop.actor,
        stop.at,
        stop.reason,
        output.say(
            "Đang chờ `issuer queue resume`; Ctrl-C để thôi.",
            "Waiting for `issuer queue resume`; Ctrl-C ends this."
        ),
    )
}

/// Taken in, and not captured.
fn is_only_begun(entry: &Entry) -> bool {
    matches!(entry.state, State::Received | State::Checked)
}

/// One line for each row: where it stands now.
fn report(
    rows: &Rows,
    (refused, failed): (&[Refused], &BTreeMap<String, &str>),
    ledger: &mut Ledger,
    arguments: &BatchArguments,
    summary: &Summary,
    output: &Output,
) -> Result<(), Failure> {
    let (mut lines, mut done, mut waiting) = (String::new(), 0_usize, 0_usize);
    for bad in rows.bad() {
        let line = json!({"row": bad.name, "state": "refused", "code": bad.code, "why": bad.why});
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    for (name, first) in rows.equal() {
        lines.push_str(&equal_line(name, first).to_string());
        lines.push('\n');
    }
    for (number, row) in rows.iter().enumerate() {
        let (entry, _) = find(row, ledger, &arguments.name)?;
        let known = entry.as_ref().filter(|entry| entry.state != State::Rejected);
        let state = known.map_or("refused", |entry| entry.state.as_str());
        let why = refused.iter().find(|(of, ..)| *of == number);
        match entry.as_ref().map(|entry| entry.state) {
            Some(State::Issued | State::Delivered) => {
                done += 1;
                if let Some(entry) = &entry {
                    record_anew(entry, arguments)?;
                }
            }
            Some(State::Captured) => waiting += 1,
            _ => {}
        }
        let id = entry.as_ref().map(|entry| entry.id.to_string());
        // Of what an officer or an earlier run refused, the reason stands in the ledger in words only.
        let code = why.map(|(_, code, _)| code.as_str()).or_else(|| {
            let now = id.as_ref().and_then(|id| failed.get(id)).copied();
            now.or_else(|| (state == "refused").then_some("refused-before"))
        });
        let line = json!({
            "row": row.name,
            "application": id,
            "state": state,
            "code": code,
            "why": why.map(|(.., text)| text.clone()).or_else(|| entry.as_ref().and_then(|entry| entry.state_reason.clone())),
            "chip": entry.as_ref().and_then(|entry| entry.chip.map(|chip| chip.to_string())),
            "sod_sha256": entry.as_ref().and_then(|entry| entry.signed.as_ref().map(|card| card.sod_sha256.to_string())),
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    write_anew(&arguments.out.join("results.jsonl"), lines.as_bytes())?;
    let all = rows.len() + rows.bad().len();
    let left = all.saturating_sub(done);
    let standing: Vec<&str> = summary.standing.iter().map(|stop| stop.name.as_str()).collect();
    let value = json!({
        "rows": all, "unusable": rows.bad().len(), "equal": rows.equal().len(),
        "issued": done, "waiting_for_approval": waiting, "left": left,
        "made_now": summary.made, "failed_now": summary.failed, "stopped": summary.stopped, "standing": standing,
        "results": arguments.out.join("results.jsonl"),
    });
    output.result(
        &value,
        &[format!(
            "{done}/{all} {}, {waiting} {}",
            output.say("thẻ đã cấp", "cards issued"),
            output.say("chờ duyệt", "wait for approval"),
        )],
    );
    match (summary.stopped, left) {
        (true, _) => Err(Failure::QueueStands),
        (false, 0) => Ok(()),
        // An officer is told what to let go on: the rest may lie in that reader.
        (false, _) if !standing.is_empty() => Err(Failure::ReaderStands(standing.join(", "))),
        (false, left) => Err(Failure::BatchNotDone(left)),
    }
}

/// A row that says what another one says: where that one went stands in its own line, so that no card is counted twice.
fn equal_line(name: &str, first: &str) -> Value {
    json!({
        "row": name,
        "application": null,
        "state": "equal-row",
        "code": "equal-row",
        "why": format!("the same as {first}"),
        "chip": null,
        "sod_sha256": null,
        "equal_to": first,
    })
}

/// A run was ended after it issued a card and before the card's record had its name.
fn record_anew(entry: &Entry, arguments: &BatchArguments) -> Result<(), Failure> {
    let folder = arguments.out.join(entry.id.to_string());
    let record = folder.join("card.json");
    // Without a folder it was made by another host.
    let (true, false, Some(card)) = (folder.is_dir(), record.exists(), &entry.signed) else { return Ok(()) };
    let said = json!({
        "status": "active",
        "number": entry.number.as_str(),
        "sod_sha256": card.sod_sha256.to_string(),
        "chip_serial": entry.chip.map(|chip| chip.to_string()),
        "document_number": card.document_number,
        "issued": card.issued.to_string(),
        "expires": card.expires.map(|date| date.to_string()),
        "template": entry.template.as_str(),
        "application": entry.id.to_string(),
        "replaced": card.replaces.map(|card| card.to_string()),
        "resumed": true,
    });
    Ok(write_anew(&record, format!("{said:#}\n").as_bytes())?)
}

fn bar(what: &str, length: usize) -> ProgressBar {
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}  {per_sec}  {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

/// What a file of this kind may be in all.
pub(super) fn is_application(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}
