//! `issuer queue …`: what waits, what stands still, and letting it go on.

use std::sync::atomic::Ordering;
use std::time::Duration;

use cccd_issuer::accounts::{Officer, Role};
use cccd_issuer::application::State;
use cccd_issuer::ledger::{Act, Ledger};
use cccd_issuer::queue::{ALL, StopKind};
use jiff::Timestamp;
use rand_core::CryptoRng;
use serde_json::json;

use super::args::queue::{QueueArguments, QueueCommand, QueueStopArguments};
use super::failure::Failure;
use super::output::Output;
use super::{connect, progress};

pub(crate) fn run(
    command: &QueueCommand,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    match command {
        QueueCommand::List(list) => {
            let (mut ledger, _) = enter(list, at, rng)?;
            show(&mut ledger, output)
        }
        QueueCommand::Watch(watch) => {
            let stop = progress::watch_interrupts()?;
            // It also ends when nobody reads any more.
            while !stop.load(Ordering::SeqCst) && !output.is_closed() {
                match enter(&watch.queue, at, rng) {
                    Ok((mut ledger, _)) => show(&mut ledger, output)?,
                    Err(failure) if failure.code() == "ledger-in-use" => {
                        output.note(
                            "Sổ đang được chương trình khác dùng.",
                            "Another program works with the ledger.",
                        );
                    }
                    Err(failure) => return Err(failure),
                }
                for _ in 0..watch.every * 10 {
                    if stop.load(Ordering::SeqCst) || output.is_closed() {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
            Ok(())
        }
        QueueCommand::Pause(stop) => set(stop, StopKind::Pause, at, rng, output),
        QueueCommand::Drain(stop) => set(stop, StopKind::Drain, at, rng, output),
        QueueCommand::Resume(resume) => {
            let (mut ledger, officer) = enter(&resume.queue, at, rng)?;
            officer.may(Role::Personalise)?;
            let name = resume.reader.as_deref().unwrap_or(ALL);
            let stood = ledger.queue().resume(name, Act::new(officer.name(), at))?;
            let said = if stood {
                output.say("chạy tiếp", "goes on")
            } else {
                output.say("không dừng", "did not stand still")
            };
            output.result(&json!({"name": name, "resumed": stood}), &[format!("{name}: {said}")]);
            Ok(())
        }
    }
}

fn enter(
    arguments: &QueueArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<(Ledger, Officer), Failure> {
    let mut ledger = connect::ledger_beside(&arguments.ledger, rng)?;
    let officer = connect::officer(&mut ledger, &arguments.officer, at)?;
    Ok((ledger, officer))
}

fn set(
    arguments: &QueueStopArguments,
    kind: StopKind,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let (mut ledger, officer) = enter(&arguments.queue, at, rng)?;
    officer.may(Role::Personalise)?;
    let name = arguments.reader.as_deref().unwrap_or(ALL);
    ledger.queue().stop(name, kind, &arguments.reason, Act::new(officer.name(), at))?;
    output.result(
        &json!({"name": name, "stands": kind.as_str(), "reason": arguments.reason}),
        &[format!("{name}: {}", word(kind, output))],
    );
    Ok(())
}

fn show(ledger: &mut Ledger, output: &Output) -> Result<(), Failure> {
    let counts = ledger.counts()?;
    let (leases, stops) = (ledger.queue().leases()?, ledger.queue().stops()?);
    let states: serde_json::Map<String, serde_json::Value> =
        counts.iter().map(|(state, count)| (state.as_str().to_owned(), json!(count))).collect();
    let mut lines: Vec<String> = counts.iter().map(|(state, count)| format!("{count:>8} {state}")).collect();
    let waiting: u64 = counts
        .iter()
        .filter(|(state, _)| matches!(state, State::Approved | State::Prepared | State::Queued))
        .map(|(_, count)| count)
        .sum();
    lines.push(format!("{waiting:>8} {}", output.say("chờ đầu đọc", "wait for a reader")));
    lines.extend(leases.iter().map(|lease| {
        format!("{:>8} {} {} {}", lease.application, lease.holder, output.say("đến", "until"), lease.expires)
    }));
    lines.extend(stops.iter().map(|stop| {
        format!("!! {}: {} ({}: {})", stop.name, word(stop.kind, output), stop.actor, stop.reason)
    }));
    output.result(
        &json!({
            "waiting": waiting,
            "states": states,
            "leases": leases.iter().map(|lease| json!({
                "application": lease.application.to_string(), "holder": lease.holder,
                "expires": lease.expires.to_string(),
            })).collect::<Vec<_>>(),
            "stops": stops.iter().map(|stop| json!({
                "name": stop.name, "kind": stop.kind.as_str(), "reason": stop.reason, "by": stop.actor, "at": stop.at,
            })).collect::<Vec<_>>(),
        }),
        &lines,
    );
    Ok(())
}

fn word(kind: StopKind, output: &Output) -> &'static str {
    match kind {
        StopKind::Pause => output.say("tạm dừng", "paused"),
        StopKind::Drain => output.say("làm nốt rồi nghỉ", "finishes what is in hand"),
        StopKind::Tripped => output.say("tự ngắt vì lỗi liên tiếp", "stopped by failures in a row"),
    }
}
