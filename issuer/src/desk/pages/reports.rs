//! Reports for whoever answers for the station: on the page, as CSV, as PDF.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use jiff::ToSpan as _;
use jiff::civil::Date;
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;

use super::super::house::Desk;
use super::super::page::{self, Place, Title};
use super::super::problem::Problem;
use super::super::seen::Seen;
use crate::application::{Ground, Reason};
use crate::report::{self, Done, Report, Span};
use crate::words;

/// How many days a report has when nobody says.
const DAYS: i32 = 14;

/// The days asked for.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct Days {
    from: Option<String>,
    to: Option<String>,
}

fn span(days: &Days, today: Date) -> Result<Span, Problem> {
    let day = |text: &Option<String>| match text.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => text.parse::<Date>().map(Some).map_err(|_| wrong()),
        None => Ok(None),
    };
    let last = day(&days.to)?.unwrap_or(today);
    let first = match day(&days.from)? {
        Some(first) => first,
        None => last.checked_sub((DAYS - 1).days()).map_err(|_| wrong())?,
    };
    Span::new(first, last).ok_or_else(wrong)
}

fn wrong() -> Problem {
    Problem::bad_field(
        "Báo cáo gồm từ một ngày đến một ngày sau đó, không quá một năm",
        "A report goes from one day to a later one, at most a year",
    )
}

async fn read(desk: &Arc<Desk>, days: &Days) -> Result<(Span, Report), Problem> {
    let today = desk.today();
    let span = span(days, today)?;
    let report = desk.ask(move |_, books| Ok(books.ledger.report(span, today)?)).await?;
    Ok((span, report))
}

pub(in crate::desk) async fn page(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Query(days): Query<Days>,
) -> Result<Response, Problem> {
    let (span, report) = read(&desk, &days).await?;
    let total = report.total();
    let query = format!("?from={}&to={}", span.first(), span.last());
    let body = html! {
        form.filter method="get" action="/reports" {
            div { label for="from" { (seen.say("Từ ngày", "From")) } input id="from" type="date" name="from" value=(span.first()); }
            div { label for="to" { (seen.say("Đến ngày", "To")) } input id="to" type="date" name="to" value=(span.last()); }
            button type="submit" { (seen.say("Xem", "Show")) }
        }
        section aria-labelledby="sum" {
            h2 id="sum" { (seen.say("Tổng hợp", "In all")) }
            ul.figures {
                (figure(seen.say("đã nhận", "received"), &total.received.to_string(), ""))
                (figure(seen.say("đã cấp", "issued"), &total.issued.to_string(), "good"))
                (figure(seen.say("đã trả", "handed over"), &total.delivered.to_string(), "good"))
                (figure(seen.say("từ chối", "refused"), &total.refused.to_string(), ""))
                (figure(seen.say("phôi hỏng", "chips spoiled"), &total.spoiled.to_string(), if total.spoiled > 0 { "bad" } else { "" }))
                (figure(seen.say("cấp quá hạn", "issued late"), &report.issued_late.to_string(), if report.issued_late > 0 { "bad" } else { "" }))
                (figure(seen.say("đang quá hạn", "late now"), &report.late_now.to_string(), if report.late_now > 0 { "bad" } else { "" }))
                (figure(
                    seen.say("ngày làm việc đến khi cấp (trung vị)", "working days to the card (median)"),
                    &report.median().map_or_else(|| "–".to_owned(), |days| days.to_string()),
                    "",
                ))
            }
        }
        section aria-labelledby="daily" {
            h2 id="daily" { (seen.say("Theo ngày", "By day")) }
            div.chart { (PreEscaped(report::bars(&report, seen.language))) }
            (table(&seen, "daily", seen.say("Ngày", "Day"), report.days.iter().rev().map(|(day, done)| (day.strftime("%d/%m/%Y").to_string(), *done))))
        }
        section aria-labelledby="reasons" {
            h2 id="reasons" { (seen.say("Theo lý do", "By reason")) }
            (table(&seen, "reasons", seen.say("Lý do", "Reason"), report.reasons.iter().map(|(kind, done)| (named(&seen, kind), *done))))
        }
        section aria-labelledby="units" {
            h2 id="units" { (seen.say("Theo máy trạm", "By station")) }
            (table(&seen, "units", seen.say("Máy trạm", "Station"), report.units.iter().map(|(unit, done)| (short(unit), *done))))
        }
        section aria-labelledby="spoilage" {
            h2 id="spoilage" { (seen.say("Phôi hỏng và lý do", "Spoilage and why")) }
            @if report.spoilage.is_empty() { p.empty { (seen.say("Không có phôi hỏng.", "No chip was spoiled.")) } }
            @else { table { tbody { @for (reason, count) in &report.spoilage {
                tr { th scope="row" { (reason) } td.number { (count) } }
            } } } }
        }
        section aria-labelledby="took" {
            h2 id="took" { (seen.say("Thời gian cấp thẻ", "Time to issue")) }
            @if report.took.is_empty() { p.empty { (seen.say("Chưa cấp thẻ nào.", "No card was issued.")) } }
            @else { table { tbody { @for (days, count) in &report.took {
                tr { th scope="row" { (days) " " (seen.say("ngày làm việc", "working days")) } td.number { (count) } }
            } } } }
        }
        section aria-labelledby="files" {
            h2 id="files" { (seen.say("Tải về", "Files")) }
            p.files {
                a.button href={ "/reports/report.pdf" (query) } { "PDF" } " "
                @for (file, text) in [
                    ("by-day.csv", seen.say("CSV theo ngày", "CSV by day")),
                    ("by-reason.csv", seen.say("CSV theo lý do", "CSV by reason")),
                    ("by-unit.csv", seen.say("CSV theo máy trạm", "CSV by station")),
                    ("spoilage.csv", seen.say("CSV phôi hỏng", "CSV of spoilage")),
                ] { a.button href={ "/reports/" (file) (query) } { (text) } " " }
            }
        }
    };
    Ok(page::page(&seen, Title { text: seen.say("Báo cáo", "Reports"), place: Place::Reports }, body))
}

fn figure(name: &str, value: &str, kind: &str) -> Markup {
    html! { li.(kind) { strong { (value) } " " span { (name) } } }
}

fn named(seen: &Seen, (reason, ground): &(String, Option<String>)) -> String {
    let reason = reason
        .parse::<Reason>()
        .map_or_else(|_| reason.clone(), |known| words::reason(known, seen.language).to_owned());
    match ground.as_deref().map(str::parse::<Ground>) {
        Some(Ok(ground)) => format!("{reason} – {}", words::ground(ground, seen.language)),
        _ => reason,
    }
}

/// A station's name is long: its head tells it from the others.
fn short(unit: &str) -> String {
    if unit.is_empty() { "–".to_owned() } else { unit.chars().take(12).collect() }
}

fn table(seen: &Seen, id: &str, first: &str, rows: impl Iterator<Item = (String, Done)>) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-labelledby=(id) {
            table {
                thead { tr {
                    th scope="col" { (first) }
                    @for name in [
                        seen.say("nhận", "received"), seen.say("cấp", "issued"), seen.say("trả", "handed over"),
                        seen.say("từ chối", "refused"), seen.say("hỏng", "spoiled"),
                    ] { th scope="col" { (name) } }
                } }
                tbody { @for (name, done) in rows { tr {
                    th scope="row" { (name) }
                    @for count in [done.received, done.issued, done.delivered, done.refused, done.spoiled] { td.number { (count) } }
                } } }
            }
        }
    }
}

pub(in crate::desk) async fn file(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Path(name): Path<String>,
    Query(days): Query<Days>,
) -> Result<Response, Problem> {
    let (span, report) = read(&desk, &days).await?;
    let (media, content) = match name.as_str() {
        "by-day.csv" => ("text/csv; charset=utf-8", report::by_day(&report).into_bytes()),
        "by-reason.csv" => ("text/csv; charset=utf-8", report::by_reason(&report).into_bytes()),
        "by-unit.csv" => ("text/csv; charset=utf-8", report::by_unit(&report).into_bytes()),
        "spoilage.csv" => ("text/csv; charset=utf-8", report::spoiled(&report).into_bytes()),
        "report.pdf" => {
            let drawing = Arc::clone(&desk);
            let page = report::page(&report, span, seen.language);
            ("application/pdf", desk.heavily(move || drawing.faces.paper(&page)).await?)
        }
        _ => return Err(Problem::nothing_here()),
    };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    let saved = format!("attachment; filename=\"{}-{}-{name}\"", span.first(), span.last());
    if let Ok(value) = HeaderValue::from_str(&saved) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok((headers, content).into_response())
}
