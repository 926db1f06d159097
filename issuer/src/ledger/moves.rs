//! The writing of actions: what an officer or the station does with an application, its row, and the line of the audit log that
//! tells of it, in one transaction.

use cccd_population::store::Session;
use jiff::civil::Date;
use serde_json::Value;

use super::entry::{ApplicationId, Entry, NEW, SignedCard, parsed};
use super::{Act, LedgerError, captures};
use crate::application::{Application, Ground, State, Step};
use crate::audit::{self, Auditor, LogEntry};
use crate::stock;

/// A step with all that it says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move<'a> {
    pub(super) step: Step,
    pub(super) reason: Option<&'a str>,
    pub(super) detail: &'a Value,
    pub(super) captured: Option<&'a str>,
    pub(super) approves: bool,
    pub(super) chip: Option<&'a str>,
    pub(super) sealed: Option<&'a str>,
}

impl Move<'_> {
    pub(super) fn of(step: Step) -> Self {
        Self {
            step,
            reason: None,
            detail: &Value::Null,
            captured: None,
            approves: false,
            chip: None,
            sealed: None,
        }
    }
}

/// The first action and the row of an application that was just received: until when it is due, and why it came once more.
pub(super) fn begin(
    session: &mut dyn Session,
    id: ApplicationId,
    application: &Application,
    content: &str,
    (due, why): (Date, Option<&str>),
    act: Act<'_>,
    log: Option<&Auditor>,
) -> Result<(), LedgerError> {
    let what = ("receive", NEW, State::Received.as_str());
    // What stands in the row for good stands in the action, too: the log then tells what was asked for.
    let asked = serde_json::json!({
        "content_sha256": content, "due": due.to_string(), "ground": application.ground.map(Ground::as_str),
        "reason": application.reason.as_str(), "template": application.template.as_str(),
    });
    let noted = note(session, Of { id, previous: 0 }, what, why, &asked, act, log)?;
    let at = act.at.to_string();
    session.execute(
        "INSERT INTO applications (id, content_sha256, person_number, reason, ground, template, received_at, due, \
         state, last_action, changed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'received', 1, ?7)",
        &[
            id.0.into(),
            content.into(),
            application.number.as_str().into(),
            application.reason.as_str().into(),
            application.ground.map(Ground::as_str).into(),
            application.template.as_str().into(),
            at.into(),
            due.to_string().into(),
        ],
    )?;
    tell(session, application.number.as_str(), &[noted], act, log)
}

/// Whether this officer captured the very same before: its chip broke, and somebody took it in anew.
fn captured_before(session: &mut dyn Session, entry: &Entry, officer: &str) -> Result<bool, LedgerError> {
    let mut found = false;
    session.query(
        "SELECT id FROM applications WHERE content_sha256 = ?1 AND captured_by = ?2 AND person_number = ?3",
        &[entry.content_sha256.as_str().into(), officer.into(), entry.number.as_str().into()],
        &mut |_| {
            found = true;
            Ok(())
        },
    )?;
    Ok(found)
}

/// Moves the application along these steps, one after another: an action each, and the row stands where the last led.
pub(super) fn advance(
    session: &mut dyn Session,
    entry: &mut Entry,
    steps: &[Move<'_>],
    act: Act<'_>,
    log: Option<&Auditor>,
) -> Result<State, LedgerError> {
    let noted = advance_untold(session, entry, steps, act, log)?;
    tell(session, entry.number.as_str(), &noted, act, log)?;
    Ok(entry.state)
}

/// As [`advance`]; the audit log is told of it by [`tell`].
pub(super) fn advance_untold(
    session: &mut dyn Session,
    entry: &mut Entry,
    steps: &[Move<'_>],
    act: Act<'_>,
    log: Option<&Auditor>,
) -> Result<Vec<Noted>, LedgerError> {
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let mut told = Vec::new();
    let (mut captured, mut approves, mut chip, mut last_reason) = (None, false, None, None);
    let mut followed = Vec::new();
    for step in steps {
        let to = entry.state.apply(step.step)?;
        let reason = step.reason.filter(|reason| !reason.trim().is_empty());
        if step.step.needs_reason() && reason.is_none() {
            return Err(LedgerError::ReasonMissing(step.step));
        }
        if step.approves
            && (entry.captured_by.as_deref() == Some(act.actor)
                || captured_before(session, entry, act.actor)?)
        {
            return Err(LedgerError::SameOfficer);
        }
        let what = (step.step.as_str(), entry.state.as_str(), to.as_str());
        // The name of a request is that of its first action.
        let act = if told.is_empty() { act } else { Act { request: None, ..act } };
        let line = note(session, Of::entry(entry), what, reason, step.detail, act, log)?;
        (entry.state, entry.last_action) = (to, line.sequence);
        followed.push((step.step, line.sequence, reason));
        told.push(line);
        captured = step.captured.or(captured);
        approves |= step.approves;
        chip = step.chip.or(chip);
        last_reason = reason;
        if let Some(sealed) = step.sealed {
            captures::begin(session, entry.id, sealed, act)?;
        }
    }
    session.execute(
        "UPDATE applications SET state = ?2, last_action = ?3, state_reason = ?4, changed_at = ?5, \
         captured_by = coalesce(?6, captured_by), captured_sha256 = coalesce(?7, captured_sha256), \
         approved_by = coalesce(?8, approved_by), chip_serial = coalesce(?9, chip_serial) WHERE id = ?1",
        &[
            entry.id.0.into(),
            entry.state.as_str().into(),
            entry.last_action.into(),
            last_reason.into(),
            act.at.to_string().into(),
            captured.map(|_| act.actor).into(),
            captured.into(),
            approves.then_some(act.actor).into(),
            chip.into(),
        ],
    )?;
    entry.chip = chip.map(|chip| parsed(chip, "the serial of a chip")).transpose()?.or(entry.chip);
    if let Some(chip) = entry.chip {
        for (step, action, reason) in followed {
            // What happens to the application happens to its blank.
            stock::follow(
                session,
                &chip,
                &stock::Following { application: entry.id.0, action, step, reason },
                act,
            )?;
        }
    }
    Ok(told)
}

/// The card that was signed, noted without leaving the state. The audit log is told of it by [`tell`].
pub(super) fn sign_untold(
    session: &mut dyn Session,
    entry: &Entry,
    card: &SignedCard,
    act: Act<'_>,
    log: Option<&Auditor>,
) -> Result<Noted, LedgerError> {
    let digest = card.sod_sha256.to_string();
    let detail = serde_json::json!({
        "document_number": card.document_number, "expires": card.expires.map(|date| date.to_string()),
        "issued": card.issued.to_string(), "replaces": card.replaces.map(|card| card.to_string()),
        "sod_sha256": digest,
    });
    let state = entry.state.as_str();
    let line = note(session, Of::entry(entry), ("sign", state, state), None, &detail, act, log)?;
    session.execute(
        "UPDATE applications SET sod_sha256 = ?2, document_number = ?3, issue_date = ?4, expires = ?5, replaces = ?6, \
         last_action = ?7 WHERE id = ?1",
        &[
            entry.id.0.into(),
            digest.into(),
            card.document_number.as_str().into(),
            card.issued.to_string().into(),
            card.expires.map(|date| date.to_string()).into(),
            card.replaces.map(|card| card.to_string()).into(),
            line.sequence.into(),
        ],
    )?;
    Ok(line)
}

/// What an action is noted of.
#[derive(Clone, Copy)]
struct Of {
    id: ApplicationId,
    previous: i64,
}

impl Of {
    fn entry(entry: &Entry) -> Self {
        Self { id: entry.id, previous: entry.last_action }
    }
}

/// An action that was noted, as the audit log tells of it.
pub(super) struct Noted {
    sequence: i64,
    event: String,
    said: String,
    note: String,
}

/// The action. The audit log is told of it by [`tell`], in the same transaction.
fn note(
    session: &mut dyn Session,
    of: Of,
    (action, from, to): (&str, &str, &str),
    reason: Option<&str>,
    detail: &Value,
    act: Act<'_>,
    log: Option<&Auditor>,
) -> Result<Noted, LedgerError> {
    let detail = if detail.is_null() { "{}".to_owned() } else { detail.to_string() };
    let (id, sequence) = (of.id.0, of.previous.saturating_add(1));
    let at = act.at.to_string();
    session.execute(
        "INSERT INTO actions (application_id, sequence, previous, at, actor, action, from_state, to_state, reason, \
         detail, idempotency_key, station) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        &[
            id.into(),
            sequence.into(),
            (of.previous > 0).then_some(of.previous).into(),
            at.as_str().into(),
            act.actor.into(),
            action.into(),
            from.into(),
            to.into(),
            reason.into(),
            detail.as_str().into(),
            act.request.into(),
            log.map(Auditor::station).into(),
        ],
    )?;
    let texts = [&*at, act.actor, action, from, to].map(|text| Some(text.to_owned()));
    let texts = [&texts[..], &[reason.map(str::to_owned), Some(detail)]].concat();
    Ok(Noted {
        sequence,
        event: format!("application-{action}"),
        said: audit::said_of(id, sequence, &texts),
        note: format!("application {id} action {sequence} by {}", act.actor),
    })
}

/// The lines of the audit log that tell of these actions.
pub(super) fn tell(
    session: &mut dyn Session,
    number: &str,
    actions: &[Noted],
    act: Act<'_>,
    log: Option<&Auditor>,
) -> Result<(), LedgerError> {
    let Some(auditor) = log else { return Ok(()) };
    let lines = actions.iter().map(|action| LogEntry {
        event: &action.event,
        subject: Some(number),
        said: &action.said,
        note: &action.note,
        at: act.at,
    });
    Ok(auditor.append_all(session, lines)?)
}
