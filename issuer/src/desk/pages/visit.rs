//! Somebody stands at the desk: the register's record, what the paper says beside it, what is asked for, the portrait, prints
//! and irises. Nothing is written before every difference is resolved and the officer captures.

pub(super) mod asked;
pub(super) mod compared;
mod grounds;
pub(super) mod look_up;
pub(super) mod portrait;
pub(super) mod prints;
pub(super) mod taking;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use cccd_population::card::CardStatus;
use cccd_population::person::Life;
use maud::{Markup, html};

use super::super::fields::day;
use super::super::form::Signed;
use super::super::house::Desk;
use super::super::page::{self, Place, Title, mark};
use super::super::problem::Problem;
use super::super::seen::Seen;
use super::super::visits::Visit;
use super::person as cards;
use crate::application::{Asserted, Refusal, check};
use crate::register::PersonRecord;
use crate::station::IssueError;

pub(in crate::desk) async fn page(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let visit = desk.visits.get(&id, seen.name(), desk.now())?;
    if let Some(taken) = visit.taken {
        return Ok(Redirect::to(&format!("/applications/{taken}")).into_response());
    }
    let refusal = refusal(&desk, &visit);
    let title =
        Title { text: seen.say("Tiếp nhận hồ sơ", "Take an application in"), place: Place::Home };
    let body = html! {
        @match &visit.record {
            None => {
                div.notice.bad role="alert" {
                    p.what { (seen.say("Cơ sở dữ liệu dân cư không có số", "The register has no number")) " " strong { (visit.number.as_str()) } "." }
                    p { (seen.say(
                        "Kiểm tra lại số; nếu đúng, cập nhật dân cư trước (mẫu DC01).",
                        "Check the number; if it is right, have the person's record added first (form DC01).",
                    )) }
                }
            }
            Some(record) => {
                (person(&seen, &visit, record))
                @if !visit.cards.is_empty() {
                    section aria-labelledby="cards" {
                        h2 id="cards" { (seen.say("Thẻ của người này", "This person's cards")) }
                        (cards::table(&seen, &visit.cards))
                    }
                }
                @if let Some(refusal) = &refusal { (told(&seen, &IssueError::from(refusal.clone()).into())) }
                (compared::comparison(&seen, &id, &visit, record))
                (asked::purpose(&seen, &id, &visit, desk.today()))
                (portrait::portrait(&seen, &id, &visit, desk.today()))
                (prints::section(&desk, &seen, &id, &visit))
                (taking::ready(&desk, &seen, &id, &visit, refusal.as_ref()))
            }
        }
        form.end method="post" action={ "/visits/" (id) "/end" } data-drop {
            (mark(&seen))
            button.quiet type="submit" { (seen.say("Bỏ lượt này, chưa ghi gì", "Drop this visit, nothing is written")) }
        }
    };
    Ok(page::page(&seen, title, body))
}

/// The rule that forbids the card as things stand, whatever the differences.
fn refusal(desk: &Desk, visit: &Visit) -> Option<Refusal> {
    let mut application = visit.application();
    application.asserted = Asserted::default();
    check(&application, visit.record.clone(), desk.today())
        .err()
        .or_else(|| grounds::misfit(visit, visit.reason))
}

fn told(seen: &Seen, problem: &Problem) -> Markup {
    html! {
        div.notice.bad role="alert" {
            p.what { (problem.sentence(seen.language)) "." }
            p { (problem.hint(seen.language)) }
        }
    }
}

fn person(seen: &Seen, visit: &Visit, record: &PersonRecord) -> Markup {
    let life = match record.life {
        Life::Alive => None,
        Life::Dead(_) => Some(seen.say("đã chết", "dead")),
        Life::Missing(_) => Some(seen.say("mất tích", "missing")),
    };
    html! {
        div.person {
            p.name { (record.holder.full_name) @if let Some(life) = life { " " span.state.bad { (life) } } }
            p { span.number { (visit.number.as_str()) } " · " (day(record.holder.birth_date)) " · " (record.holder.sex.vietnamese()) }
            p {
                @match &record.card_in_use {
                    None => (seen.say("Chưa có thẻ đang dùng", "No card in use")),
                    Some(card) => {
                        (seen.say("Thẻ đang dùng, cấp ngày", "Card in use, issued"))
                        " " (card.issued.strftime("%d/%m/%Y").to_string())
                        @if card.status == CardStatus::Held { " " span.state.warn { (seen.say("đang bị giữ", "held")) } }
                        " · " a href={ "/cards/" (card.sod_sha256) } { (seen.say("báo mất, giữ, thu hồi", "lost, hold, revoke")) }
                    }
                }
            }
        }
    }
}

pub(in crate::desk) async fn end(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, .. }: Signed,
) -> Redirect {
    desk.visits.end(&id, seen.name());
    Redirect::to("/")
}
