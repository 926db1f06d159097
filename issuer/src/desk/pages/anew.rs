//! A chip was spoiled: its card is made anew, of what was captured. Nobody comes to the desk again for a broken chip.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Redirect;
use maud::{Markup, html};

use super::super::card::Sight;
use super::super::form::Signed;
use super::super::house::{Books, Desk};
use super::super::page::{self, once};
use super::super::problem::Problem;
use super::super::seen::Seen;
use super::super::taken;
use super::one::id_of;
use super::visit::taking::enter;
use crate::accounts::Role;
use crate::application::State as Standing;
use crate::ledger::{Act, ApplicationId};

/// The way on from a spoiled chip.
pub(super) fn section(desk: &Desk, seen: &Seen, sight: &Sight) -> Markup {
    html! {
        section aria-labelledby="anew" {
            h2 id="anew" { (seen.say("Làm lại thẻ bằng phôi khác", "Make the card anew with another chip")) }
            @if let Some(newer) = sight.newer {
                p { a href={ "/applications/" (newer) } { (seen.say("Hồ sơ sau đó của người này", "This person's later application")) " " (newer) } }
            } @else if let Err(problem) = kept(desk, sight) {
                (page::notice("warn", problem.sentence(seen.language)))
                p { (problem.hint(seen.language)) }
            } @else if seen.may(Role::Capture) {
                form method="post" action={ "/applications/" (sight.entry.id) "/anew" } {
                    (once(desk, seen))
                    p { (seen.say(
                        "Dùng lại ảnh, vân tay và tờ khai đã thu nhận: công dân không phải đến lại. Một cán bộ khác phải duyệt.",
                        "The portrait, prints and paper that were captured serve again: nobody has to come back. Another officer approves.",
                    )) }
                    button.main type="submit" { (seen.say("Lập lại hồ sơ", "Take it in anew")) }
                }
            } @else {
                p { (seen.say("Đang chờ cán bộ thu nhận lập lại hồ sơ.", "Whoever captures is waited for.")) }
            }
        }
    }
}

/// What was captured is all here, and can be opened.
fn kept(desk: &Desk, sight: &Sight) -> Result<(), Problem> {
    if sight.application.is_none() {
        return Err(gone());
    }
    match &sight.taken {
        Some(taken) if taken.purged_at.is_some() => Err(gone()),
        Some(_) if !desk.captures.as_ref().is_some_and(taken::Captures::opens) => Err(not_here()),
        _ => Ok(()),
    }
}

fn gone() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "captured-no-more",
        (
            "Ảnh hoặc vân tay đã thu nhận không còn ở máy trạm này",
            "What was captured is not kept at this station any more",
        ),
        (
            "Mời công dân đến thu nhận lại: tra cứu số định danh.",
            "Ask the citizen to come and be captured again: look the number up.",
        ),
    )
}

fn not_here() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "prints-not-openable",
        ("Quầy này không mở được vân tay đã niêm phong", "This desk cannot open the sealed prints"),
        (
            "Lập lại ở quầy in thẻ (mở với --capture-identity).",
            "Take it in anew where cards are made (a desk with --capture-identity).",
        ),
    )
}

pub(in crate::desk) async fn anew(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Capture)?;
    let id = id_of(&id)?;
    fields.request(&seen)?;
    let taken = desk.ask(move |desk, books| take_in(desk, books, id, seen.name())).await?;
    Ok(Redirect::to(&format!("/applications/{taken}")))
}

/// The same application again, its prints sealed under a name of its own: each seal goes when its own time is over.
fn take_in(
    desk: &Desk,
    books: &mut Books,
    id: ApplicationId,
    officer: &str,
) -> Result<ApplicationId, Problem> {
    let _turn = desk.taking();
    let entry = books.ledger.entry(id)?;
    // Somebody was faster, or the button was pressed twice.
    if let Some(open) = books.ledger.open_of(entry.number.as_str())?
        && open.id > id
        && open.content_sha256 == entry.content_sha256
        && !matches!(open.state, Standing::Received | Standing::Checked)
    {
        return Ok(open.id);
    }
    if entry.state != Standing::Spoiled {
        return Err(Problem::bad_field(
            "Hồ sơ này không có phôi hỏng",
            "No chip of this application is spoiled",
        ));
    }
    let mut application = desk.drawer.get(&entry).map_err(|_| gone())?;
    // The officer who took what should have been taken again said why: that goes for the same picture.
    let captured = books.ledger.actions(id)?.into_iter().find(|action| action.action == "capture");
    application.portrait_accepted = captured.and_then(|action| action.reason);
    let taken = books.ledger.taken_with(id)?;
    if taken.as_ref().is_some_and(|taken| taken.purged_at.is_some()) {
        return Err(gone());
    }
    if taken.is_some() {
        let captures = desk.captures.as_ref().ok_or_else(not_here)?;
        let mut biometrics = taken::opened(Some(captures), &books.ledger, id)?.ok_or_else(not_here)?;
        biometrics.accepted.clone_from(&application.portrait_accepted);
        captures.seal_again(biometrics, &mut application)?;
    }
    let request = format!("desk anew {id}");
    let act = Act { request: Some(&request), ..Act::new(officer, desk.now()) };
    Ok(enter(desk, books, &application, act)?.id)
}
