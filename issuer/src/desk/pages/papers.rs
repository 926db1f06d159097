//! The papers of an application, for the printer: what the holder signs (CC01), takes home (CC02), is refused with (CC03), or
//! signs for when the card is handed over.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use cccd_population::forms::FormRenderer;
use maud::{Markup, html};

use super::super::card::{self, Sight};
use super::super::house::Desk;
use super::super::problem::Problem;
use super::super::seen::Seen;
use super::upload::image;
use crate::application::{Portrait, State as Standing};
use crate::audit::LogEntry;
use crate::forms::{Content, Delivery, Form, PaperError};
use crate::ledger::ApplicationId;

/// What papers are drawn with, and which office they name.
pub(in crate::desk) struct Papers {
    renderer: Option<FormRenderer>,
    office: String,
}

impl Papers {
    pub(in crate::desk) fn open(office: String) -> Self {
        let renderer = FormRenderer::new();
        if let Err(error) = &renderer {
            tracing::warn!(%error, "papers cannot be printed");
        }
        Self { renderer: renderer.ok(), office }
    }
}

/// The paper of this file name.
pub(super) fn named(file: &str) -> Option<Form> {
    Form::ALL.into_iter().find(|form| file_of(*form) == file)
}

fn file_of(form: Form) -> String {
    format!("{}.pdf", form.as_str().to_lowercase())
}

fn is_open(form: Form, state: Standing) -> bool {
    // What nobody captured has no paper yet.
    form.is_of(state)
        && !matches!(state, Standing::Received | Standing::Checked)
        && (form != Form::Cc01 || state != Standing::Rejected)
}

/// The papers that there are now.
pub(super) fn section(seen: &Seen, sight: &Sight) -> Markup {
    let (id, state) = (sight.entry.id, sight.entry.state);
    let what = |form: Form| match form {
        Form::Cc01 => seen.say("phiếu thu nhận, để kiểm tra và ký", "what was captured, to check and sign"),
        Form::Cc02 => seen.say("giấy hẹn trả thẻ", "receipt and appointment"),
        Form::Cc03 => seen.say("thông báo từ chối", "notice of refusal"),
        Form::Receipt => seen.say("để người nhận ký", "for the receiver to sign"),
    };
    let open: Vec<Form> = Form::ALL.into_iter().filter(|form| is_open(*form, state)).collect();
    html! {
        @if !open.is_empty() && sight.record.is_some() {
            section.no-print aria-labelledby="papers" {
                h2 id="papers" { (seen.say("Giấy tờ để in", "Papers to print")) }
                div.papers {
                    @for form in open {
                        a.button href={ "/applications/" (id) "/" (file_of(form)) } target="_blank" rel="noopener" {
                            (form.number().unwrap_or_else(|| seen.say("Phiếu trả thẻ", "Receipt"))) span.left { " – " (what(form)) " (PDF)" }
                        }
                    }
                }
                @if state == Standing::Captured {
                    p.hint { (seen.say(
                        "In CC01, để công dân kiểm tra và ký; giao CC02 cho công dân. Mã trên giấy quét lại được ở quầy.",
                        "Print CC01 for the holder to check and sign; give them CC02. The code on the paper is scanned at the desk.",
                    )) }
                }
            }
        }
    }
}

/// A paper as PDF. Who printed what is logged.
pub(super) async fn paper(
    desk: &Arc<Desk>,
    seen: &Seen,
    id: ApplicationId,
    form: Form,
) -> Result<Response, Problem> {
    seen.must_see_citizens()?;
    let officer = seen.name().to_owned();
    let sight = desk
        .ask(move |desk, books| {
            let sight = card::sight(desk, books, id, &officer)?;
            if !is_open(form, sight.entry.state) {
                return Err(not_now());
            }
            let note = format!("{} of application {id} by {officer}", form.as_str());
            let number = sight.entry.number.as_str();
            let at = desk.now();
            let line = LogEntry { event: "form-printed", subject: Some(number), said: "", note: &note, at };
            books.ledger.log(&[line])?;
            Ok(sight)
        })
        .await?;
    let drawing = Arc::clone(desk);
    let pdf = desk.heavily(move || drawn(&drawing, &sight, form)).await?;
    let mut response = image("application/pdf", pdf);
    let name = format!("inline; filename=\"{}-{id}.pdf\"", form.as_str());
    if let Ok(value) = HeaderValue::from_str(&name) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

fn drawn(desk: &Desk, sight: &Sight, form: Form) -> Result<Vec<u8>, Problem> {
    let renderer = desk.papers.renderer.as_ref().ok_or_else(card::no_fonts)?;
    let record = sight.record.as_ref().ok_or_else(Problem::nothing_here)?;
    let application = sight.application.as_ref();
    let portrait = match application {
        Some(application) if form == Form::Cc01 && !application.portrait.is_empty() => {
            Some(Portrait::from_file(&application.portrait)?.print()?)
        }
        _ => None,
    };
    let acting = application.and_then(|application| application.representative.as_ref());
    let representative = acting.map(|one| format!("{}, {}", one.full_name, one.number.as_str()));
    let content = Content {
        entry: &sight.entry,
        holder: &record.holder,
        portrait: portrait.as_deref(),
        representative: representative.as_deref(),
        delivery: Delivery::of(&sight.actions),
        office: &desk.papers.office,
        today: desk.today(),
    };
    content.pdf(form, renderer).map_err(|error| match error {
        PaperError::NotNow(..) => not_now(),
        PaperError::Draw(error) => {
            tracing::error!(%error, "a paper cannot be drawn");
            Problem::internal()
        }
    })
}

fn not_now() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "no-such-paper",
        ("Hồ sơ ở trạng thái này không có giấy đó", "An application in this state has no such paper"),
        ("Mở lại hồ sơ để xem giấy tờ nào in được.", "Open the application and see which papers there are."),
    )
}
