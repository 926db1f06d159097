//! `issuer application …`: taken in by one officer, approved by another, refused with a reason, handed over.

use cccd_issuer::accounts::{Officer, Role};
use cccd_issuer::application::{Application, Ground, Portrait, Refusal, Step};
use cccd_issuer::audit::LogEntry;
use cccd_issuer::desk::keep_for_desk;
use cccd_issuer::forms::{Content, Delivery, PaperError};
use cccd_issuer::ledger::{Act, ApplicationId, Entry, Ledger};
use cccd_issuer::output::NewFile;
use cccd_issuer::register::day_in_vietnam;
use cccd_issuer::station::{Intake, IssueError, hand_over};
use cccd_issuer::words;
use cccd_population::forms::FormRenderer;
use cccd_population::register_key::{beside, seal_keys};
use jiff::Timestamp;
use jiff::civil::Date;
use rand_core::CryptoRng;
use serde_json::{Value, json};

use super::args::{ApplicationCommand, FormArguments, LedgerArguments, ListArguments, WhichApplication};
use super::failure::Failure;
use super::output::Output;
use super::{capture, connect};

pub(crate) fn run(
    command: &ApplicationCommand,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let today = day_in_vietnam(at);
    match command {
        ApplicationCommand::Receive(receive) => {
            let mut application = Application::read(&receive.application)?;
            application.portrait_accepted.clone_from(&receive.accept_portrait);
            let (mut ledger, officer) =
                connect::ledger_and_officer(&receive.ledger, &receive.officer, Role::Capture, at, rng)?;
            capture::purge_due(receive.biometrics.captures.as_ref(), &mut ledger, &officer, at)?;
            let vault = capture::seal(&receive.biometrics, &mut application, &ledger, output)?;
            let source = format!("issuer {}", officer.name());
            let mut register = connect::register(&receive.register, &source)?;
            let act = Act { actor: officer.name(), at, request: receive.request.as_deref() };
            let captured = Intake { ledger: &mut ledger, register: register.as_mut(), act, makes: false }
                .take_in(&application);
            let sealed = application.biometrics.as_ref().and_then(|taken| taken.sealed_sha256.clone());
            let kept = match &captured {
                Ok(captured) => ledger.sealed_of(captured.entry.id)? == sealed,
                Err(error) => !error.is_refusal(),
            };
            capture::unseal_unless(kept, vault.as_ref(), &application)?;
            let entry = captured?.entry;
            into_drawer(&receive.ledger, &application, output)?;
            tell(&entry, today, output);
        }
        ApplicationCommand::Approve(approve) => {
            let (mut ledger, officer) =
                connect::ledger_and_officer(&approve.ledger, &approve.officer, Role::Approve, at, rng)?;
            let id = find_asked(&ledger, &approve.which, approve.request.as_deref())?;
            ledger.approve(id, act(&officer, at, approve.request.as_deref()))?;
            tell(&ledger.entry(id)?, today, output);
        }
        ApplicationCommand::Refuse(refuse) => {
            let (mut ledger, officer) =
                connect::ledger_and_officer(&refuse.ledger, &refuse.officer, Role::Approve, at, rng)?;
            let id = find_asked(&ledger, &refuse.which, refuse.request.as_deref())?;
            let act = act(&officer, at, refuse.request.as_deref());
            ledger.advance(id, Step::Reject, Some(&refuse.reason), &Value::Null, act)?;
            tell(&ledger.entry(id)?, today, output);
        }
        ApplicationCommand::Deliver(deliver) => {
            let (mut ledger, officer) =
                connect::ledger_and_officer(&deliver.ledger, &deliver.officer, Role::Deliver, at, rng)?;
            let mut register = connect::register(&deliver.register, &format!("issuer {}", officer.name()))?;
            let act = act(&officer, at, deliver.request.as_deref());
            let mut nonce = [0; 16];
            rng.fill_bytes(&mut nonce);
            hand_over(&mut ledger, register.as_mut(), deliver.id, &nonce, act)?;
            tell(&ledger.entry(deliver.id)?, today, output);
        }
        ApplicationCommand::Form(arguments) => form(arguments, at, rng, output)?,
        ApplicationCommand::List(arguments) => list(arguments, at, rng, output)?,
        ApplicationCommand::Show(show) => {
            let mut ledger = connect::ledger(&show.ledger, rng)?;
            connect::officer(&mut ledger, &show.officer, at)?;
            let entry = ledger.entry(show.id)?;
            let actions = ledger.actions(show.id)?;
            let mut value = describe(&entry, today);
            let mut lines = vec![line(&entry, today, output)];
            let mut done = Vec::new();
            for action in actions {
                done.push(json!({
                    "at": action.at, "action": action.action, "by": action.actor, "to": action.to.as_str(),
                    "reason": action.reason,
                }));
                let reason = action.reason.map_or_else(String::new, |reason| format!(": {reason}"));
                lines.push(format!("  {}  {:<18} {}{reason}", action.at, action.action, action.actor));
            }
            if let Some(object) = value.as_object_mut() {
                object.insert("actions".to_owned(), Value::Array(done));
            }
            output.result(&value, &lines);
        }
    }
    Ok(())
}

/// Where a desk was opened at this station, what is captured beside it can be made there, too.
fn into_drawer(
    arguments: &LedgerArguments,
    application: &Application,
    output: &Output,
) -> Result<(), Failure> {
    let drawer = beside(connect::station(arguments)?, "drawer");
    if !beside(&drawer, "seal-key").exists() {
        return Ok(());
    }
    if !keep_for_desk(&drawer, seal_keys(&drawer)?, application) {
        output.note(
            "Hồ sơ đã vào sổ nhưng không để được vào ngăn của quầy.",
            "The application is in the ledger, but could not be put into the desk's drawer.",
        );
    }
    Ok(())
}

/// A paper, for the printer.
fn form(
    arguments: &FormArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let mut ledger = connect::ledger(&arguments.ledger, rng)?;
    let officer = connect::officer(&mut ledger, &arguments.officer, at)?;
    let id = find(&ledger, &arguments.which)?;
    let entry = ledger.entry(id)?;
    let mut register = connect::register(&arguments.register, &format!("issuer {}", officer.name()))?;
    register.for_application(&format!("issuer application {id}"));
    let today = day_in_vietnam(at);
    let record =
        register.person(&entry.number, today)?.ok_or(Failure::Issue(Refusal::UnknownPerson.into()))?;
    let application = arguments.which.application.as_deref().map(Application::read).transpose()?;
    let portrait = match &application {
        Some(application) if !application.portrait.is_empty() => {
            let portrait = Portrait::from_file(&application.portrait).map_err(IssueError::from)?;
            Some(portrait.print().map_err(IssueError::from)?)
        }
        _ => None,
    };
    let acting = application.as_ref().and_then(|application| application.representative.as_ref());
    let representative = acting.map(|one| format!("{}, {}", one.full_name, one.number.as_str()));
    let actions = ledger.actions(id)?;
    let content = Content {
        entry: &entry,
        holder: &record.holder,
        portrait: portrait.as_deref(),
        representative: representative.as_deref(),
        delivery: Delivery::of(&actions),
        office: &arguments.office,
        today,
    };
    let pdf = content.pdf(arguments.form, &FormRenderer::new().map_err(PaperError::from)?)?;
    NewFile::begin(&arguments.out)?.write(&pdf)?;
    let name = arguments.form.as_str();
    let note = format!("{name} of application {id} by {}", officer.name());
    let subject = Some(entry.number.as_str());
    ledger.log(&[LogEntry { event: "form-printed", subject, said: "", note: &note, at }])?;
    let value = json!({"application": id.to_string(), "form": name, "out": arguments.out});
    output.result(&value, &[format!("{name} {id} → {}", arguments.out.display())]);
    Ok(())
}

fn act<'a>(officer: &'a Officer, at: Timestamp, request: Option<&'a str>) -> Act<'a> {
    Act { actor: officer.name(), at, request }
}

/// As [`find`]; a request that was carried out is of the application that it was made of, whether that is open or not.
fn find_asked(
    ledger: &Ledger,
    which: &WhichApplication,
    request: Option<&str>,
) -> Result<ApplicationId, Failure> {
    if let (None, Some(file), Some(request)) = (which.id, which.application.as_deref(), request)
        && let Some(entry) = ledger.of_request(request)?
        && entry.content_sha256 == Application::read(file)?.content_sha256()
    {
        return Ok(entry.id);
    }
    find(ledger, which)
}

/// By its number, or the open one of this very file.
fn find(ledger: &Ledger, which: &WhichApplication) -> Result<ApplicationId, Failure> {
    if let Some(id) = which.id {
        return Ok(id);
    }
    let file = which.application.as_deref().ok_or(Failure::ApplicationNotOpen)?;
    let application = Application::read(file)?;
    let open = ledger.open_of(application.number.as_str())?.ok_or(Failure::ApplicationNotOpen)?;
    if open.content_sha256 == application.content_sha256() {
        Ok(open.id)
    } else {
        Err(Failure::ApplicationNotOpen)
    }
}

fn list(
    arguments: &ListArguments,
    at: Timestamp,
    rng: &mut dyn CryptoRng,
    output: &Output,
) -> Result<(), Failure> {
    let mut ledger = connect::ledger(&arguments.ledger, rng)?;
    connect::officer(&mut ledger, &arguments.officer, at)?;
    let today = day_in_vietnam(at);
    let mut entries = ledger.list(arguments.state, arguments.limit)?;
    if arguments.late {
        entries.retain(|entry| entry.is_late(today));
    }
    let late = entries.iter().filter(|entry| entry.is_late(today)).count();
    let value = json!({
        "applications": entries.iter().map(|entry| describe(entry, today)).collect::<Vec<_>>(),
        "late": late,
    });
    let mut lines: Vec<String> = entries.iter().map(|entry| line(entry, today, output)).collect();
    lines.push(format!(
        "{} {}, {} {late}",
        entries.len(),
        output.say("hồ sơ", "applications"),
        output.say("quá hạn", "late"),
    ));
    output.result(&value, &lines);
    Ok(())
}

fn describe(entry: &Entry, today: Date) -> Value {
    json!({
        "application": entry.id.to_string(),
        "state": entry.state.as_str(),
        "number": entry.number.as_str(),
        "reason": entry.reason.as_str(),
        "ground": entry.ground.map(Ground::as_str),
        "received_at": entry.received_at,
        "due": entry.due.to_string(),
        "late": entry.is_late(today),
        "captured_by": entry.captured_by,
        "approved_by": entry.approved_by,
        "chip": entry.chip.map(|chip| chip.to_string()),
        "why": entry.state_reason,
    })
}

fn line(entry: &Entry, today: Date, output: &Output) -> String {
    let late = if entry.is_late(today) { output.say("  QUÁ HẠN", "  LATE") } else { "" };
    let why = entry.state_reason.as_ref().map_or_else(String::new, |why| format!("  ({why})"));
    format!(
        "{:>6}  {}  {:<14} {} {}{late}{why}",
        entry.id,
        entry.number.as_str(),
        words::state(entry.state, output.language()),
        output.say("hạn", "due"),
        entry.due
    )
}

fn tell(entry: &Entry, today: Date, output: &Output) {
    output.result(&describe(entry, today), &[line(entry, today, output)]);
}
