//! Blanks one by one: lists by state, one that is looked for, and all that happened to it.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use cccd_keys::transport_keys::ChipSerial;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::super::card::clock;
use super::super::super::house::Desk;
use super::super::super::page::{self, Place, Title};
use super::super::super::problem::Problem;
use super::super::super::seen::Seen;
use super::{file, short};
use crate::accounts::Role;
use crate::report;
use crate::stock::{BlankRow, BlankState, StockError};
use crate::words;

/// How many a page lists.
const LISTED: u32 = 500;

/// To the page of one blank.
pub(super) fn search(seen: &Seen) -> Markup {
    html! {
        form.filter method="get" action="/stock/find" autocomplete="off" {
            div {
                label for="find-serial" { (seen.say("Tìm một phôi theo số", "Find a blank by its serial")) }
                input id="find-serial" name="serial" required maxlength="40" spellcheck="false";
            }
            button type="submit" { (seen.say("Tìm", "Find")) }
        }
    }
}

/// Which blanks.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct Which {
    state: Option<String>,
}

impl Which {
    fn state(&self) -> Result<Option<BlankState>, Problem> {
        let word = self.state.as_deref().filter(|word| !word.is_empty());
        word.map(|word| word.parse().map_err(|_| Problem::nothing_here())).transpose()
    }
}

/// All blanks of a state, or all.
pub(in crate::desk) async fn csv(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let state = which.state()?;
    let found = desk.ask(move |_, books| Ok(books.ledger.stock().list(state, u32::MAX)?)).await?;
    let name = format!("blanks-{}.csv", desk.today());
    Ok(file(&name, "text/csv; charset=utf-8", report::blanks(&found)))
}

/// A serial as somebody typed or scanned it.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct Sought {
    serial: String,
}

pub(in crate::desk) async fn find(seen: Seen, Query(sought): Query<Sought>) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let digits: String = sought.serial.chars().filter(|letter| !letter.is_whitespace()).collect();
    let serial: ChipSerial = digits.parse().map_err(|_| {
        Problem::bad_field("Số phôi phải có 20 chữ số hex", "A serial has 20 hexadecimal digits")
    })?;
    Ok(Redirect::to(&format!("/stock/blanks/{serial}")).into_response())
}

pub(in crate::desk) async fn list(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let state = which.state()?;
    let (found, counts) = desk
        .ask(move |_, books| {
            let stock = books.ledger.stock();
            Ok((stock.list(state, LISTED)?, stock.counts()?))
        })
        .await?;
    let of_state = |of: &BlankState| state.is_none_or(|state| state == *of);
    let total: u64 = counts.iter().filter(|(of, _)| of_state(of)).map(|(_, count)| count).sum();
    let shown = u64::try_from(found.len()).unwrap_or(u64::MAX);
    let body = html! {
        (search(&seen))
        form.filter method="get" action="/stock/blanks" {
            div {
                label for="state" { (seen.say("Trạng thái", "State")) }
                select id="state" name="state" {
                    option value="" selected[state.is_none()] { (seen.say("tất cả", "all")) }
                    @for known in BlankState::ALL {
                        option value=(known.as_str()) selected[state == Some(known)] { (words::blank_state(known, seen.language)) }
                    }
                }
            }
            button type="submit" { (seen.say("Lọc", "Show")) }
        }
        @if found.is_empty() { p.empty { (seen.say("Không có phôi nào.", "There is none.")) } }
        @else { div.scroll tabindex="0" role="group" aria-label=(seen.say("Các phôi", "Blanks")) { table {
            thead { tr {
                th scope="col" { (seen.say("Số phôi", "Serial")) }
                th scope="col" { (seen.say("Trạng thái", "State")) }
                th scope="col" { (seen.say("Phiếu giao", "Delivery note")) }
                th scope="col" { (seen.say("Hồ sơ", "Application")) }
            } }
            tbody { @for blank in &found { (row(&seen, blank)) } }
        } } }
        @if shown < total { p.hint {
            (seen.say(&format!("{shown} phôi đầu trong {total}."), &format!("The first {shown} of {total}.")))
            " " (seen.say("Tệp CSV có tất cả; hoặc tìm theo số.", "The CSV file has all of them; or find one by its serial."))
        } }
        @if total > 0 { p { a.button href={ "/stock/blanks.csv?state=" (state.map_or("", BlankState::as_str)) } { (seen.say("Các phôi (CSV)", "Blanks (CSV)")) } } }
    };
    Ok(page::page(&seen, Title { text: seen.say("Các phôi", "Blanks"), place: Place::Stock }, body))
}

fn row(seen: &Seen, blank: &BlankRow) -> Markup {
    html! { tr {
        td { a.number href={ "/stock/blanks/" (blank.serial) } { (blank.serial) } }
        td { (words::blank_state(blank.state, seen.language)) }
        td { (short(&blank.supplier)) " " (blank.delivery_note) }
        td { @if let Some(id) = blank.application { @if seen.sees_citizens() { a href={ "/applications/" (id) } { (id) } } @else { (id) } } }
    } }
}

pub(in crate::desk) async fn page(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Path(serial): Path<String>,
) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let serial: ChipSerial = serial.parse().map_err(|_| Problem::nothing_here())?;
    let (blank, events, settled, claims) = desk
        .ask(move |_, books| {
            let stock = books.ledger.stock();
            let blank = stock.blank(&serial)?.ok_or(StockError::Unknown(serial))?;
            Ok((blank, stock.events(&serial)?, stock.settlements(&serial)?, stock.claims(&serial)?))
        })
        .await?;
    let body = html! {
        div.person {
            p.name.number { (blank.serial) }
            p { span.state { (words::blank_state(blank.state, seen.language)) } " · " (short(&blank.supplier)) " " (blank.delivery_note) }
            @for reference in &claims {
                p { span.state.bad { (seen.say("còn phải làm rõ, chuyến hoặc phiếu", "to be settled, transport or note")) " " (reference) } }
            }
            @if let Some(id) = blank.application {
                @let text = format!("{} {id}", seen.say("Hồ sơ", "Application"));
                p { @if seen.sees_citizens() { a href={ "/applications/" (id) } { (text) } } @else { (text) } }
            }
        }
        section aria-labelledby="events" {
            h2 id="events" { (seen.say("Đã xảy ra", "What happened")) }
            div.scroll tabindex="0" role="group" aria-labelledby="events" { table {
                thead { tr {
                    th scope="col" { (seen.say("Lúc", "When")) }
                    th scope="col" { (seen.say("Cán bộ", "Officer")) }
                    th scope="col" { (seen.say("Trạng thái", "State")) }
                    th scope="col" { (seen.say("Nguyên nhân", "Cause")) }
                } }
                tbody { @for event in &events { tr {
                    td { (clock(&event.at)) }
                    td { (event.actor) }
                    td {
                        (words::blank_state(event.to, seen.language))
                        @if let Some(way) = &event.transport {
                            " (" (seen.say("chuyến", "transport")) " " (way.reference) ", " (seen.say("máy trạm", "station")) " " span.number { (words::fingerprint(&way.other)) } ")"
                        }
                    }
                    td {
                        @if let Some(cause) = event.cause { (words::cause(cause, seen.language)) }
                        @if let Some(note) = &event.note { ": " (note) }
                        @if let Some(photo) = &event.photo_sha256 { " (" (seen.say("ảnh", "photo")) " " (photo.get(..12).unwrap_or_default()) "…)" }
                    }
                } } }
            } }
        }
        @if !settled.is_empty() { section aria-labelledby="settled" {
            h2 id="settled" { (seen.say("Đã làm rõ với máy trạm kia", "Settled with the other station")) }
            @for one in &settled {
                p { (clock(&one.at)) " · " (one.actor) " · " (seen.say("chuyến", "transport")) " " (one.reference) ": " (one.note) }
            }
        } }
    };
    Ok(page::page(&seen, Title { text: seen.say("Một phôi", "A blank"), place: Place::Stock }, body))
}
