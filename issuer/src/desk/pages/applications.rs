//! Lists of applications, the first due first.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use jiff::civil::Date;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::house::Desk;
use super::super::page::{self, Place, Title};
use super::super::problem::Problem;
use super::super::seen::Seen;
use crate::application::State as Standing;
use crate::deadline::Calendar;
use crate::ledger::Entry;
use crate::words;

/// How many a page lists.
const LISTED: u32 = 500;

/// Which.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct Which {
    state: Option<String>,
    late: Option<String>,
}

pub(in crate::desk) async fn list(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    seen.must_see_citizens()?;
    let state: Option<Standing> = match which.state.as_deref().filter(|word| !word.is_empty()) {
        Some(word) => Some(word.parse().map_err(|_| Problem::nothing_here())?),
        None => None,
    };
    let late = which.late.is_some();
    let mut entries = desk.ask(move |_, books| Ok(books.ledger.list(state, LISTED)?)).await?;
    let today = desk.today();
    if late {
        entries.retain(|entry| entry.is_late(today));
    }
    let body = html! {
        form.filter method="get" action="/applications" {
            div {
                label for="state" { (seen.say("Trạng thái", "State")) }
                select id="state" name="state" {
                    option value="" selected[state.is_none()] { (seen.say("đang xử lý", "open")) }
                    @for known in Standing::ALL {
                        option value=(known.as_str()) selected[state == Some(known)] { (words::state(known, seen.language)) }
                    }
                }
            }
            div.check {
                input id="late" type="checkbox" name="late" value="yes" checked[late];
                label for="late" { (seen.say("chỉ hồ sơ quá hạn", "late ones only")) }
            }
            button type="submit" { (seen.say("Lọc", "Show")) }
        }
        (table(&entries, today, &desk.calendar, &seen))
        p.hint { (entries.len()) " " (seen.say("hồ sơ", "applications")) }
    };
    let title = Title { text: seen.say("Hồ sơ", "Applications"), place: Place::Applications };
    Ok(page::page(&seen, title, body))
}

/// One line an application.
pub(super) fn table(entries: &[Entry], today: Date, calendar: &Calendar, seen: &Seen) -> Markup {
    if entries.is_empty() {
        return html! { p.empty { (seen.say("Không có hồ sơ nào.", "There is none.")) } };
    }
    html! {
        div.scroll tabindex="0" role="group" aria-label=(seen.say("Danh sách hồ sơ", "List of applications")) {
            table {
                thead { tr {
                    th scope="col" { (seen.say("Hồ sơ", "No.")) }
                    th scope="col" { (seen.say("Số định danh", "Personal number")) }
                    th scope="col" { (seen.say("Để", "For")) }
                    th scope="col" { (seen.say("Trạng thái", "State")) }
                    th scope="col" { (seen.say("Thu nhận", "Captured by")) }
                    th scope="col" { (seen.say("Hạn trả", "Due")) }
                } }
                tbody {
                    @for entry in entries {
                        tr.late[entry.is_late(today)] {
                            th scope="row" { a href={ "/applications/" (entry.id) } { (entry.id) } }
                            td.number { (entry.number.as_str()) }
                            td { (words::reason(entry.reason, seen.language)) }
                            td { (page::state(entry.state, seen.language)) }
                            td { (entry.captured_by.as_deref().unwrap_or("–")) }
                            td { (due(entry, today, calendar, seen)) }
                        }
                    }
                }
            }
        }
    }
}

/// The last day, and how far it is.
pub(super) fn due(entry: &Entry, today: Date, calendar: &Calendar, seen: &Seen) -> Markup {
    let left = calendar.left(today, entry.due);
    html! {
        (entry.due.strftime("%d/%m/%Y").to_string())
        @if entry.is_late(today) {
            " " span.state.bad { (seen.say("QUÁ HẠN", "LATE")) " " (-left) " " (seen.say("ngày", "days")) }
        } @else if !entry.state.is_closed() {
            " " span.left { (seen.say("còn", "")) " " (left) " " (seen.say("ngày làm việc", "working days left")) }
        }
    }
}
