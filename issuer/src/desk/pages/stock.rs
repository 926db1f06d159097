//! The stock of blanks: how many stand where, by batch; what is on the way; what does not fit.

pub(super) mod blanks;
mod forms;
pub(super) mod inventory;
pub(super) mod keys;
pub(super) mod orders;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use cccd_keys::public_key::PublicKey;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::card::clock;
use super::super::house::Desk;
use super::super::page::{self, Place, Title};
use super::super::problem::Problem;
use super::super::seen::Seen;
use crate::accounts::Role;
use crate::report;
use crate::stock::{BlankState, Difference, Reconciliation, Transport};
use crate::words;

/// Transports that a page lists.
const TRANSPORTS: u32 = 50;

/// What was just done here.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct After {
    done: Option<String>,
}

/// What an order has done, for the orders that a page tells of.
fn done(seen: &Seen, name: &str) -> Option<Markup> {
    let (vietnamese, english) = match name {
        "receive" => (
            "Đã nhập phiếu giao; các phôi chờ kiểm đếm.",
            "The delivery note is entered; its blanks wait to be counted.",
        ),
        "count" => ("Đã kiểm đếm đủ; các phôi đã vào kho.", "All of it was counted and is in stock."),
        "spoil" => ("Đã ghi phôi hỏng.", "The blanks are noted as spoiled."),
        "lose" => ("Đã ghi phôi mất.", "The blanks are noted as lost."),
        "find" => (
            "Đã ghi phôi tìm lại được; phôi chờ hủy.",
            "The blanks are noted as found; they wait to be destroyed.",
        ),
        "destroy" => ("Đã ghi phôi đã hủy.", "The blanks are noted as destroyed."),
        "send" => (
            "Đã ghi phôi gửi đi: tải danh sách đã ký ở bảng vận chuyển, gửi kèm phôi.",
            "The blanks are noted as sent: the signed list in the table of transports goes with them.",
        ),
        "accept" => (
            "Đã nhận đủ theo danh sách: tải biên nhận đã ký ở bảng vận chuyển, gửi lại bên gửi.",
            "All of the list is in stock: the signed receipt in the table of transports goes back to the sender.",
        ),
        "acknowledge" => (
            "Đã nhập biên nhận; các phôi đã bàn giao.",
            "The receipt is entered; the blanks are handed over.",
        ),
        "take-back" => ("Đã nhận lại các phôi.", "The blanks are back in stock."),
        "settle" => ("Đã làm rõ.", "It is settled."),
        _ => return None,
    };
    Some(html! {
        (page::notice("good", seen.say(vietnamese, english)))
        @if name == "settle" { p { (seen.say(
            "Nếu máy trạm kia đã ký nhận phôi này, sổ bên đó vẫn ghi có: báo thủ kho bên đó ghi mất ở sổ của họ, với lý do vừa ghi ở đây.",
            "Where another station signed for it, its books still have it: tell its keeper, who notes it as lost there for the reason that you wrote here.",
        )) } }
    })
}

pub(in crate::desk) async fn page(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Query(after): Query<After>,
) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let (report, transports, own) = desk
        .ask(|_, books| {
            let stock = books.ledger.stock();
            let own = stock.station_key().map(PublicKey::fingerprint);
            Ok((stock.reconcile(None)?, stock.transports(TRANSPORTS)?, own))
        })
        .await?;
    let body = html! {
        @if let Some(done) = after.done.as_deref().and_then(|name| done(&seen, name)) { (done) }
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
            (blanks::search(&seen))
        }
        (reconciled(&seen, &report))
        (moved(&seen, &transports, own.as_deref()))
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
                    td { (clock(&words::stock_detail(seen.language, &one.detail))) }
                } }
            } } }
            @if found.len() > shown { p.hint { (seen.say("Danh sách đầy đủ trong tệp CSV.", "All of them are in the CSV file.")) } }
        }
    }
}

fn moved(seen: &Seen, transports: &[Transport], own: Option<&str>) -> Markup {
    html! {
        section aria-labelledby="transports" {
            h2 id="transports" { (seen.say("Vận chuyển giữa các máy trạm", "Transport between stations")) }
            @if let Some(own) = own {
                p { (seen.say("Mã khóa của máy trạm này: ", "This station's key reads: ")) span.number { (words::fingerprint(own)) } }
                p.hint { (seen.say(
                    "Máy trạm khác cần tệp khóa công khai này để gửi phôi đến đây và đọc giấy ký ở đây. Thủ kho hai nơi đọc mã cho nhau qua điện thoại trước khi dùng khóa.",
                    "Other stations need this public key to send blanks here and to read what is signed here. The two keepers read these digits to each other by telephone before the key is used.",
                )) }
                p { a.button href="/stock/station.pub" download { (seen.say("Tải khóa công khai của máy trạm này", "This station's public key")) } }
            }
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
                    td.number { (words::fingerprint(&one.other)) }
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

/// The key by which other stations know this one, as they take it.
pub(in crate::desk) async fn station_key(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let key = desk.ask(|_, books| Ok(books.ledger.stock().station_key().cloned())).await?;
    let key = key.ok_or_else(Problem::nothing_here)?;
    let name = format!("{}.station.pub", key.fingerprint().get(..12).unwrap_or_default());
    Ok(file(&name, "application/octet-stream", key.spki().to_vec()))
}

fn file(name: &str, media: &'static str, content: impl IntoResponse) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    (headers, content).into_response()
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
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
    let named: String = reference.chars().map(plain).collect();
    let (text, is_ours) = desk
        .ask(move |_, books| {
            let stock = books.ledger.stock();
            let is_ours = stock.station_key().is_some_and(|key| key.fingerprint() == sender);
            Ok((stock.paper_of(&sender, &reference)?, is_ours))
        })
        .await?;
    let name = format!("{}-{named}.json", if is_ours { "list" } else { "receipt" });
    Ok(file(&name, "application/json", text.ok_or_else(Problem::nothing_here)?))
}
