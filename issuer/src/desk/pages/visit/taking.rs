//! Everything is there: the application is captured, its prints sealed.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Redirect;
use maud::{Markup, html};

use super::super::super::fields::FIELDS;
use super::super::super::form::Signed;
use super::super::super::house::{Books, Desk};
use super::super::super::page::mark;
use super::super::super::problem::Problem;
use super::super::super::seen::Seen;
use super::super::super::taken::TakenSoFar;
use super::super::super::visits::Visit;
use super::super::person;
use super::{asked, grounds};
use crate::accounts::Role;
use crate::application::{Application, Asserted, Portrait, Refusal, State as Standing};
use crate::audit::LogEntry;
use crate::ledger::{Act, ApplicationId, Entry};
use crate::station::{Intake, IssueError};

/// Whether prints are taken of whom this visit is about, here.
pub(super) fn takes_prints(desk: &Desk, visit: &Visit) -> bool {
    desk.captures.is_some() && !visit.is_too_young(desk.today())
}

/// What is still missing, or the last button.
pub(super) fn ready(desk: &Desk, seen: &Seen, id: &str, visit: &Visit, refusal: Option<&Refusal>) -> Markup {
    let today = desk.today();
    let (undecided, insisted) = (visit.undecided(), visit.insisted());
    let with_prints = takes_prints(desk, visit);
    let lacks = visit.biometrics.lacks().filter(|_| with_prints);
    let poor = with_prints && visit.biometrics.to_retake();
    let possible = refusal.is_none()
        && undecided.is_empty()
        && insisted.is_empty()
        && visit.has_its_portrait(today)
        && !visit.to_retake(today)
        && lacks.is_none()
        && !poor;
    html! {
        section.last aria-labelledby="capture" {
            h2 id="capture" { (if desk.captures.is_some() { "5. " } else { "4. " }) (seen.say("Thu nhận", "Capture")) }
            @if possible {
                form method="post" action={ "/visits/" (id) "/capture" } {
                    (mark(seen))
                    p { (asked::said(seen, visit)) }
                    p { (seen.say(
                        "Đã đủ. Sau khi thu nhận, một cán bộ khác phải duyệt.",
                        "Everything is there. After capture, another officer approves.",
                    )) }
                    button.main type="submit" { (seen.say("Thu nhận hồ sơ", "Capture the application")) }
                }
            } @else {
                p { (seen.say("Còn thiếu:", "Still missing:")) }
                ul {
                    @if refusal.is_some() { li { (seen.say("không được cấp thẻ theo quy định nêu ở trên", "a rule forbids the card, see above")) } }
                    @if !undecided.is_empty() { li {
                        (seen.say("quyết định về mục khác nhau: ", "a decision about what differs: ")) (names(&undecided, seen))
                    } }
                    @if !insisted.is_empty() { li {
                        (seen.say("cơ sở dữ liệu phải được chỉnh sửa trước: ", "the register has to be corrected first: ")) (names(&insisted, seen))
                    } }
                    @if !visit.has_its_portrait(today) { li { (seen.say("ảnh chân dung", "the portrait")) } }
                    @if visit.to_retake(today) { li { (seen.say("ảnh chụp lại, hoặc lý do vẫn nhận ảnh", "another portrait, or why this one is taken")) } }
                    @if let Some(lacks) = &lacks { li {
                        @let (vietnamese, english) = (lacks.vietnamese(), lacks.to_string());
                        (seen.say("vân tay, hoặc lý do không lấy được: ", "prints, or why there is none: "))
                        (seen.say(&vietnamese, &english))
                    } }
                    @if poor { li { (seen.say("vân tay lấy lại, hoặc lý do vẫn nhận", "better prints, or why these are taken")) } }
                }
            }
        }
    }
}

fn names(fields: &BTreeSet<&'static str>, seen: &Seen) -> String {
    let known = FIELDS.iter().filter(|field| fields.contains(field.name));
    known.map(|field| field.label(seen.language)).collect::<Vec<_>>().join(", ")
}

pub(in crate::desk) async fn capture(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, .. }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Capture)?;
    let taken = desk.ask(move |desk, books| take_in(desk, books, &id, seen.name())).await?;
    Ok(Redirect::to(&format!("/applications/{taken}")))
}

/// Sealed and into the drawer, then into the ledger: what is captured can be made.
fn take_in(desk: &Desk, books: &mut Books, id: &str, officer: &str) -> Result<ApplicationId, Problem> {
    let _turn = desk.taking();
    let at = desk.now();
    let visit = desk.visits.get(id, officer, at)?;
    if let Some(taken) = visit.taken {
        return Ok(taken);
    }
    if !visit.undecided().is_empty() || !visit.insisted().is_empty() {
        return Err(Problem::bad_field(
            "Còn mục khác với cơ sở dữ liệu chưa được giải quyết",
            "A difference with the register is not resolved",
        ));
    }
    if let Some(refusal) = grounds::misfit(&visit, visit.reason) {
        return Err(IssueError::from(refusal).into());
    }
    let with_prints = takes_prints(desk, &visit);
    if with_prints && let Some(lacks) = visit.biometrics.lacks() {
        return Err(lacks.into());
    }
    if with_prints && visit.biometrics.to_retake() {
        return Err(Problem::poor_prints());
    }
    let mut application = visit.application();
    if !visit.is_too_young(desk.today()) {
        Portrait::from_file(&application.portrait)?;
    }
    let open = books.ledger.open_of(application.number.as_str())?;
    if let Some(open) = open.filter(|open| !matches!(open.state, Standing::Received | Standing::Checked)) {
        if open.content_sha256 == application.content_sha256() {
            return Ok(open.id);
        }
        return Err(crate::ledger::LedgerError::OtherApplicationOpen.into());
    }
    let resolved: Vec<&str> = visit.differences().iter().map(|difference| difference.field).collect();
    if !resolved.is_empty() {
        let note = format!("the register's word applies in {} by {officer}", resolved.join(" "));
        let line = LogEntry {
            event: "desk-differences-resolved",
            subject: Some(application.number.as_str()),
            said: "",
            note: &note,
            at,
        };
        books.ledger.log(&[line])?;
    }
    let act = Act::new(officer, at);
    if let Some(captures) = &desk.captures {
        captures.purge_due(&mut books.ledger, act);
        if with_prints {
            captures.seal(&visit.biometrics, &mut application)?;
        }
    }
    // What was refused and is asked for otherwise is another request.
    let request = format!("desk {officer} {id} {}", application.content_sha256());
    let entered = enter(desk, books, &application, Act { request: Some(&request), ..act });
    if entered.is_err() {
        refresh(desk, books, id, officer)?;
    }
    let entry = entered?;
    desk.visits.change(id, officer, at, |visit| {
        visit.taken = Some(entry.id);
        visit.picture = None;
        visit.biometrics = TakenSoFar::default();
        visit.record = None;
        visit.cards = Vec::new();
        visit.said = Asserted::default();
        Ok(())
    })?;
    Ok(entry.id)
}

/// What the register says now: a refusal came from something that the page did not show yet.
fn refresh(desk: &Desk, books: &mut Books, id: &str, officer: &str) -> Result<(), Problem> {
    let number = desk.visits.get(id, officer, desk.now())?.number;
    let record = books.register.person(&number, desk.today())?;
    let cards = person::cards(desk, books, &number, record.as_ref())?;
    desk.visits.change(id, officer, desk.now(), |visit| {
        (visit.record, visit.cards) = (record, cards);
        Ok(())
    })
}

/// Into the drawer, then into the ledger. What a rule refuses leaves neither drawer nor seal behind.
pub(in crate::desk::pages) fn enter(
    desk: &Desk,
    books: &mut Books,
    application: &Application,
    act: Act<'_>,
) -> Result<Entry, Problem> {
    let unseal = || desk.captures.iter().for_each(|captures| captures.unseal(application));
    desk.drawer.put(application).inspect_err(|_| unseal())?;
    books.register.for_officer(act.actor);
    let captured = Intake { ledger: &mut books.ledger, register: books.register.as_mut(), act, makes: false }
        .take_in(application);
    let entry = match captured {
        Ok(captured) => captured.entry,
        Err(error) => {
            if error.is_refusal() {
                // A broken chip's application is made anew of what lies there, once nothing stands in the way any more.
                if !books.ledger.waits_to_be_made_anew(application)? {
                    desk.drawer.remove(&application.content_sha256());
                }
                unseal();
            }
            return Err(error.into());
        }
    };
    let sealed = application.biometrics.as_ref().and_then(|taken| taken.sealed_sha256.as_deref());
    if books.ledger.sealed_of(entry.id)?.as_deref() != sealed {
        // One that was captured before, with prints of its own or none, was found again.
        unseal();
    }
    Ok(entry)
}
