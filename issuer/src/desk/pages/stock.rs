//! The stock of blanks: how many stand where, by batch; what is on the way; what does not fit.

mod forms;
pub(super) mod inventory;
pub(super) mod keys;
pub(super) mod orders;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use cccd_keys::transport_keys::ChipSerial;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::card::clock;
use super::super::house::Desk;
use super::super::page::{self, Place, Title};
use super::super::problem::Problem;
use super::super::seen::Seen;
use crate::accounts::Role;
use crate::report;
use crate::stock::{BlankRow, BlankState, Difference, Reconciliation, StockError, Transport};
use crate::words;

/// How many a page lists.
const LISTED: u32 = 500;

/// Transports that a page lists.
const TRANSPORTS: u32 = 50;

pub(in crate::desk) async fn page(State(desk): State<Arc<Desk>>, seen: Seen) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let (report, transports) = desk
        .ask(|_, books| {
            let stock = books.ledger.stock();
            Ok((stock.reconcile(None)?, stock.transports(TRANSPORTS)?))
        })
        .await?;
    let body = html! {
        section.first aria-labelledby="sums" {
            h2 id="sums" { (seen.say("Phôi theo trạng thái", "Blanks by state")) }
            @if report.batches.is_empty() {
                p.empty { (seen.say(
                    "Máy trạm chưa nhận lô phôi nào: mọi phôi đặt lên đầu đọc đều được dùng. Từ lô đầu tiên, chỉ phôi trong kho mới thành thẻ.",
                    "No batch was received: any blank on a reader is taken. From the first batch on, only blanks in stock become cards.",
                )) }
            }
            ul.counts { @for (state, count) in &report.states {
                li { a href={ "/stock/blanks?state=" (state.as_str()) } { strong { (count) } " " (words::blank_state(*state, seen.language)) } }
            } }
        }
        (reconciled(&seen, &report))
        (moved(&seen, &transports))
        (forms::all(&desk, &seen, &report, &transports))
    };
    Ok(page::page(&seen, Title { text: seen.say("Kho phôi", "Stock of blanks"), place: Place::Stock }, body))
}

fn reconciled(seen: &Seen, report: &Reconciliation) -> Markup {
    html! {
        section aria-labelledby="batches" {
            h2 id="batches" { (seen.say("Đối chiếu", "Reconciliation")) }
            @if report.batches.is_empty() {
                p.empty { (seen.say("Chưa có lô nào để đối chiếu.", "There is no batch to reconcile.")) }
            } @else if report.agrees() {
                (page::notice("good", seen.say("Mọi phôi đều có dấu vết từ khi nhận đến thẻ.", "Every blank is accounted for, from receipt to card.")))
            } @else {
                (page::notice("bad", seen.say("Có phôi không khớp sổ: xem bảng dưới.", "Some blanks do not fit the books: see below.")))
            }
            @if !report.batches.is_empty() {
                div.scroll tabindex="0" role="group" aria-labelledby="batches" { table {
                    thead { tr {
                        th scope="col" { (seen.say("Nơi giao", "Supplier")) }
                        th scope="col" { (seen.say("Phiếu giao", "Delivery note")) }
                        th scope="col" { (seen.say("Theo phiếu", "Announced")) }
                        th scope="col" { (seen.say("Hiện ở đâu", "Where they stand")) }
                        th scope="col" { (seen.say("Kết quả", "Result")) }
                    } }
                    tbody { @for batch in &report.batches { tr {
                        td { (short(&batch.supplier)) }
                        td { (batch.delivery_note) }
                        td.number { (batch.announced) }
                        td { (states(seen, &batch.states)) @if batch.moved > 0 { ", " (batch.moved) " " (seen.say("về theo phiếu sau", "back under a later note")) } }
                        td { @if batch.agrees() { span.state.good { (seen.say("khớp", "agrees")) } } @else { span.state.bad { (seen.say("lệch", "differs")) } } }
                    } } }
                } }
            }
            @if report.cards_without_blank > 0 {
                p { (report.cards_without_blank) " " (seen.say("thẻ làm trước khi có kho", "cards were made before the stock was kept")) }
            }
            (differences(seen, seen.say("Không khớp", "Does not fit"), &report.differences))
            (differences(seen, seen.say("Còn mở", "Still open"), &report.open))
            p { a.button href="/stock/reconciliation.csv" { (seen.say("Biên bản đối chiếu (CSV)", "Reconciliation (CSV)")) } }
        }
    }
}

fn states(seen: &Seen, states: &[(BlankState, u64)]) -> String {
    let each: Vec<String> = states
        .iter()
        .map(|(state, count)| format!("{count} {}", words::blank_state(*state, seen.language)))
        .collect();
    each.join(", ")
}

/// A station is called by 64 digits: the first tell it from others here.
fn short(name: &str) -> String {
    match name.strip_prefix("station ") {
        Some(key) => format!("station {}…", key.get(..12).unwrap_or_default()),
        None => name.to_owned(),
    }
}

fn differences(seen: &Seen, title: &str, found: &[Difference]) -> Markup {
    let shown = found.len().min(200);
    html! {
        @if !found.is_empty() {
            h3 { (title) " (" (found.len()) ")" }
            div.scroll tabindex="0" role="group" aria-label=(title) { table { tbody {
                @for one in found.iter().take(shown) { tr {
                    th scope="row" { a.number href={ "/stock/blanks/" (one.serial) } { (one.serial) } }
                    td { (words::stock_difference(seen.language, one.what)) }
                    td { (words::stock_detail(seen.language, &one.detail)) }
                } }
            } } }
            @if found.len() > shown { p.hint { (seen.say("Danh sách đầy đủ trong tệp CSV.", "All of them are in the CSV file.")) } }
        }
    }
}

fn moved(seen: &Seen, transports: &[Transport]) -> Markup {
    html! {
        section aria-labelledby="transports" {
            h2 id="transports" { (seen.say("Vận chuyển giữa các máy trạm", "Transport between stations")) }
            @if transports.is_empty() { p.empty { (seen.say("Chưa có chuyến nào.", "None so far.")) } }
            @else { div.scroll tabindex="0" role="group" aria-labelledby="transports" { table {
                thead { tr {
                    th scope="col" { (seen.say("Chuyến", "Reference")) }
                    th scope="col" { (seen.say("Máy trạm kia", "Other station")) }
                    th scope="col" { (seen.say("Phôi", "Blanks")) }
                    th scope="col" { (seen.say("Lúc", "When")) }
                    th scope="col" { (seen.say("Xác nhận", "Acknowledged")) }
                    th scope="col" { (seen.say("Giấy đã ký", "Signed paper")) }
                } }
                tbody { @for one in transports { tr {
                    td { (one.reference) " – " @if one.outgoing { (seen.say("gửi đi", "sent")) } @else { (seen.say("nhận về", "received")) } }
                    td { (one.other.get(..12).unwrap_or_default()) "…" }
                    td.number { (one.blanks) }
                    td { (clock(&one.at)) }
                    td { @match one.answer {
                        None if one.outgoing && one.on_the_way == 0 => span.state { (seen.say("đã nhận lại", "taken back")) },
                        None => span.state.warn { (seen.say("chờ bên nhận", "waits for the receiver")) },
                        Some((0, 0)) => span.state.good { (seen.say("đủ", "complete")) },
                        Some((missing, surplus)) => span.state.bad { (seen.say("thiếu", "missing")) " " (missing) ", " (seen.say("thừa", "surplus")) " " (surplus) },
                    } }
                    td { a href={ "/stock/transports/" (one.sender) "/" (hex::encode(&one.reference)) } download {
                        @if one.outgoing { (seen.say("danh sách", "list")) } @else { (seen.say("biên nhận", "receipt")) }
                    } }
                } } }
            } } }
        }
    }
}

/// Which blanks.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct Which {
    state: Option<String>,
}

pub(in crate::desk) async fn blanks(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Query(which): Query<Which>,
) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let state: Option<BlankState> = match which.state.as_deref().filter(|word| !word.is_empty()) {
        Some(word) => Some(word.parse().map_err(|_| Problem::nothing_here())?),
        None => None,
    };
    let found = desk.ask(move |_, books| Ok(books.ledger.stock().list(state, LISTED)?)).await?;
    let body = html! {
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

pub(in crate::desk) async fn blank(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Path(serial): Path<String>,
) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let serial: ChipSerial = serial.parse().map_err(|_| Problem::nothing_here())?;
    let (blank, events, settled) = desk
        .ask(move |_, books| {
            let stock = books.ledger.stock();
            let blank = stock.blank(&serial)?.ok_or(StockError::Unknown(serial))?;
            Ok((blank, stock.events(&serial)?, stock.settlements(&serial)?))
        })
        .await?;
    let body = html! {
        div.person {
            p.name.number { (blank.serial) }
            p { span.state { (words::blank_state(blank.state, seen.language)) } " · " (short(&blank.supplier)) " " (blank.delivery_note) }
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
                    td { (words::blank_state(event.to, seen.language)) }
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

fn file(name: &str, media: &'static str, text: String) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    (headers, text).into_response()
}

pub(in crate::desk) async fn csv(State(desk): State<Arc<Desk>>, seen: Seen) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let report = desk.ask(|_, books| Ok(books.ledger.stock().reconcile(None)?)).await?;
    let name = format!("reconciliation-{}.csv", desk.today());
    Ok(file(&name, "text/csv; charset=utf-8", report::reconciliation(&report)))
}

pub(in crate::desk) async fn paper(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Path((sender, reference)): Path<(String, String)>,
) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let reference = hex::decode(&reference).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let reference = reference.ok_or_else(Problem::nothing_here)?;
    let text = desk.ask(move |_, books| Ok(books.ledger.stock().paper_of(&sender, &reference)?)).await?;
    Ok(file("transport.json", "application/json", text.ok_or_else(Problem::nothing_here)?))
}
