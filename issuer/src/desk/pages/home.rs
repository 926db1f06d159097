//! The first page: the next person, and what waits.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

use super::super::house::Desk;
use super::super::page::{self, Place, Title, mark};
use super::super::problem::Problem;
use super::super::seen::Seen;
use super::applications::table;
use crate::accounts::Role;

/// How many open applications the first page shows.
const SHOWN: u32 = 12;

/// How many are counted to tell what is late.
const COUNTED: u32 = 10_000;

pub(in crate::desk) async fn home(State(desk): State<Arc<Desk>>, seen: Seen) -> Result<Response, Problem> {
    if seen.may(Role::Administrator) {
        return Ok(Redirect::to("/accounts").into_response());
    }
    if !seen.sees_citizens() {
        let own = if seen.may(Role::Stock) { "/stock" } else { "/reports" };
        return Ok(Redirect::to(own).into_response());
    }
    let (entries, counts) =
        desk.ask(|_, books| Ok((books.ledger.list(None, COUNTED)?, books.ledger.counts()?))).await?;
    let today = desk.today();
    let late = entries.iter().filter(|entry| entry.is_late(today)).count();
    let shown = usize::try_from(SHOWN).unwrap_or_default().min(entries.len());
    let body = html! {
        (look_up(&seen))
        section aria-labelledby="open" {
            h2 id="open" { (seen.say("Hồ sơ đang xử lý", "Open applications")) }
            @if late > 0 {
                div.notice.bad role="status" {
                    p { a href="/applications?late=yes" {
                        (late) " " (seen.say("hồ sơ quá hạn", "applications are late"))
                    } }
                }
            }
            ul.counts {
                @for (state, count) in &counts {
                    @if !state.is_closed() {
                        li { a href={ "/applications?state=" (state.as_str()) } {
                            strong { (count) } " " (page::state(*state, seen.language))
                        } }
                    }
                }
            }
            (table(&entries[..shown], today, &desk.calendar, &seen))
            @if entries.len() > shown {
                p { a href="/applications" { (seen.say("Tất cả hồ sơ đang xử lý", "All open applications")) } }
            }
        }
    };
    let title = Title { text: seen.say("Tiếp nhận", "Desk"), place: Place::Home };
    Ok(page::page(&seen, title, body))
}

/// The field into which a number is typed or a code is scanned.
fn look_up(seen: &Seen) -> Markup {
    html! {
        section.first aria-labelledby="next" {
            h2 id="next" { (seen.say("Người tiếp theo", "The next person")) }
            form.look-up method="post" action="/look-up" autocomplete="off" {
                (mark(seen))
                label for="q" { (seen.say("Số định danh, hoặc quét mã QR trên thẻ", "Personal number, or scan the card's QR code")) }
                div.line {
                    input id="q" name="q" required autofocus spellcheck="false" autocapitalize="none" accesskey="q";
                    button type="submit" { (seen.say("Tra cứu", "Look up")) }
                }
                p.hint {
                    (seen.say(
                        "Đặt con trỏ vào ô này rồi quét: máy quét tự gõ và gửi. Số hồ sơ và mã trên giấy CC01, CC02, CC03 cũng tìm được.",
                        "Put the cursor here and scan: the scanner types and sends. An application's number and the code on CC01, CC02, CC03 are found, too.",
                    ))
                }
            }
        }
    }
}
