//! The queue: what stands still and why, what each reader does, what waits and what is late; and letting it go on.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use maud::{Markup, html};
use sha2::{Digest as _, Sha256};

use super::super::card::clock;
use super::super::form::Signed;
use super::super::house::{Books, Desk};
use super::super::making::Work;
use super::super::page::{self, Place, Title, once};
use super::super::problem::Problem;
use super::super::readers::ReaderSeen;
use super::super::seen::Seen;
use super::applications::table;
use super::making::one_work;
use crate::accounts::Role;
use crate::application::State as Standing;
use crate::ledger::{Act, Entry};
use crate::queue::{ALL, Lease, Stop, StopKind};
use crate::words::Language;

/// How many that wait are listed.
const LISTED: u32 = 500;

/// How the ledger calls a reader of this desk.
pub(in crate::desk) fn name_of(desk: &Desk, reader: &str) -> String {
    format!("{}/{reader}", desk.host)
}

/// Refuses when the queue, or this reader, stands still.
pub(in crate::desk) fn goes_on(desk: &Desk, books: &mut Books, reader: &str) -> Result<(), Problem> {
    let name = name_of(desk, reader);
    let stops = books.ledger.queue().stops()?;
    let Some(stop) = stops.iter().find(|stop| stop.name == ALL || stop.name == name) else { return Ok(()) };
    let what =
        if stop.name == ALL { ("Hàng in", "The queue") } else { ("Đầu đọc này", "This reader") };
    Err(Problem::new(
        StatusCode::CONFLICT,
        "queue-stands",
        (
            &format!("{} đang dừng: {}", what.0, stop.reason),
            &format!("{} stands still: {}", what.1, stop.reason),
        ),
        (
            "Xem lý do ở trang Hàng in, xử lý rồi cho chạy tiếp.",
            "Look at the reason on the page of the queue, mend it, then let it go on.",
        ),
    ))
}

/// What a page that watches was made of: when it changes, the page is made anew.
pub(in crate::desk) fn print_of(stops: &[Stop]) -> [u8; 8] {
    let mut digest = Sha256::new();
    for stop in stops {
        digest.update(format!("{}\n{}\n{}\n", stop.name, stop.kind.as_str(), stop.at));
    }
    let mut print = [0; 8];
    print.iter_mut().zip(digest.finalize()).for_each(|(octet, made)| *octet = made);
    print
}

struct QueueSight {
    stops: Vec<Stop>,
    leases: Vec<Lease>,
    waiting: Vec<Entry>,
    late: Vec<Entry>,
    counts: Vec<(Standing, u64)>,
}

fn look(desk: &Desk, books: &mut Books) -> Result<QueueSight, Problem> {
    let open = books.ledger.list(None, LISTED)?;
    let today = desk.today();
    let late = open.iter().filter(|entry| entry.is_late(today)).cloned().collect();
    let waits = |state| matches!(state, Standing::Approved | Standing::Prepared | Standing::Queued);
    Ok(QueueSight {
        late,
        waiting: open.into_iter().filter(|entry| waits(entry.state)).collect(),
        counts: books.ledger.counts()?,
        leases: books.ledger.queue().leases()?,
        stops: books.ledger.queue().stops()?,
    })
}

pub(in crate::desk) async fn page(State(desk): State<Arc<Desk>>, seen: Seen) -> Result<Response, Problem> {
    seen.must_see_citizens()?;
    let sight = desk.ask(look).await?;
    let listing = Arc::clone(&desk);
    let found = desk.heavily(move || Ok(listing.readers.list())).await?;
    let today = desk.today();
    let whole = sight.stops.iter().find(|stop| stop.name == ALL);
    let may = seen.may(Role::Personalise);
    let body = html! {
        section.first aria-labelledby="state" {
            h2 id="state" { (seen.say("Trạng thái", "State")) }
            @match whole {
                Some(stop) => {
                    (standing(&seen, stop))
                    @if may { (go_on(&desk, &seen, ALL, seen.say("Cho hàng in chạy tiếp", "Let the queue go on"))) }
                }
                None => {
                    p { span.state.good { (seen.say("đang chạy", "running")) } }
                    @if may {
                        (stop_form(&desk, &seen, ALL, StopKind::Pause, seen.say("Tạm dừng hàng in", "Pause the queue"), "pause"))
                        (stop_form(&desk, &seen, ALL, StopKind::Drain, seen.say("Làm nốt rồi nghỉ", "Finish what is in hand, then rest"), "drain"))
                    }
                }
            }
            ul.counts {
                @for (state, count) in sight.counts.iter().filter(|(state, _)| !state.is_closed()) {
                    li { a href={ "/applications?state=" (state.as_str()) } { strong { (count) } " " (page::state(*state, seen.language)) } }
                }
            }
        }
        section aria-labelledby="found" {
            h2 id="found" { (seen.say("Đầu đọc của máy trạm", "Readers of this station")) }
            @if found.is_empty() {
                p.empty { (seen.say("Không thấy đầu đọc nào: kiểm tra dây nối và dịch vụ pcscd.", "No reader is found: check the cable and the service pcscd.")) }
            }
            @for (place, reader) in found.iter().enumerate() { (one_reader(&desk, &seen, &sight.stops, reader, place)) }
            (elsewhere(&desk, &seen, &sight))
        }
        section aria-labelledby="works" {
            h2 id="works" { (seen.say("Đang ghi và vừa ghi", "In work, and just done")) }
            div data-live={ "/live/readers?stops=" (hex::encode(print_of(&sight.stops))) } aria-live="polite" { (all_works(&desk, seen.language)) }
        }
        section aria-labelledby="late" {
            h2 id="late" { (seen.say("Quá hạn 7 ngày làm việc", "Later than seven working days")) }
            @if sight.late.is_empty() { p.empty { (seen.say("Không có hồ sơ quá hạn.", "None is late.")) } }
            @else { (table(&sight.late, today, &desk.calendar, &seen)) }
        }
        section aria-labelledby="waiting" {
            h2 id="waiting" { (seen.say("Đang chờ đầu đọc, hạn gần nhất trước", "Waiting for a reader, the first due first")) }
            @if sight.waiting.is_empty() { p.empty { (seen.say("Không có hồ sơ nào chờ.", "Nothing waits.")) } }
            @else { (table(&sight.waiting, today, &desk.calendar, &seen)) }
        }
    };
    Ok(page::page(&seen, Title { text: seen.say("Hàng in", "Queue"), place: Place::Queue }, body))
}

fn word(kind: StopKind, seen: &Seen) -> &'static str {
    match kind {
        StopKind::Pause => seen.language.say("tạm dừng", "paused"),
        StopKind::Drain => seen.language.say("làm nốt rồi nghỉ", "finishes what is in hand"),
        StopKind::Tripped => seen.language.say("tự ngắt vì lỗi liên tiếp", "stopped by failures in a row"),
    }
}

fn standing(seen: &Seen, stop: &Stop) -> Markup {
    let kind = if stop.kind == StopKind::Tripped { "bad" } else { "warn" };
    html! {
        div.notice.(kind) role="status" {
            p.what { (word(stop.kind, seen)) }
            p { (stop.reason) }
            p { (stop.actor) " · " (clock(&stop.at)) }
        }
    }
}

fn go_on(desk: &Desk, seen: &Seen, name: &str, text: &str) -> Markup {
    html! {
        form method="post" action="/queue/resume" {
            (once(desk, seen))
            input type="hidden" name="name" value=(name);
            button.main type="submit" { (text) }
        }
    }
}

fn stop_form(desk: &Desk, seen: &Seen, name: &str, kind: StopKind, title: &str, id: &str) -> Markup {
    html! {
        details {
            summary { (title) }
            form method="post" action="/queue/stop" autocomplete="off" {
                (once(desk, seen))
                input type="hidden" name="name" value=(name);
                input type="hidden" name="kind" value=(kind.as_str());
                label for={ "why-" (id) } { (seen.say("Lý do", "Reason")) }
                input id={ "why-" (id) } name="reason" required maxlength="500";
                button type="submit" { (title) }
            }
        }
    }
}

fn one_reader(desk: &Desk, seen: &Seen, stops: &[Stop], reader: &ReaderSeen, place: usize) -> Markup {
    let name = name_of(desk, &reader.name);
    let stop = stops.iter().find(|stop| stop.name == name);
    let working = desk.making.all().into_iter().find(|(known, work)| *known == reader.name && work.goes_on());
    let may = seen.may(Role::Personalise);
    html! {
        div.work {
            h3 { (reader.name) }
            p {
                @if let Some((_, work)) = &working {
                    span.state { (seen.say("đang ghi", "at work")) } " "
                    a href={ "/applications/" (work.application) } { (seen.say("hồ sơ", "application")) " " (work.application) }
                } @else if stop.is_some() { span.state.bad { (seen.say("đang dừng", "stands still")) }
                } @else { span.state.good { (seen.say("rảnh", "free")) } }
                " " @if reader.card_present { (seen.say("có phôi hoặc thẻ", "a chip lies in it")) } @else { (seen.say("trống", "empty")) }
            }
            @if let Some(stop) = stop {
                (standing(seen, stop))
                @if may { (go_on(desk, seen, &name, seen.say("Đã xử lý, cho đầu đọc chạy tiếp", "Mended: let the reader go on"))) }
            } @else if may {
                (stop_form(desk, seen, &name, StopKind::Pause, seen.say("Tạm dừng đầu đọc này", "Pause this reader"), &format!("reader-{place}")))
            }
        }
    }
}

/// Stops of readers elsewhere, and what other hosts have in hand.
fn elsewhere(desk: &Desk, seen: &Seen, sight: &QueueSight) -> Markup {
    let own = format!("{}/", desk.host);
    let others: Vec<&Stop> =
        sight.stops.iter().filter(|stop| stop.name != ALL && !stop.name.starts_with(&own)).collect();
    html! {
        @if !others.is_empty() || !sight.leases.is_empty() {
            h3 { (seen.say("Ở các máy khác", "On other hosts")) }
        }
        @for stop in others {
            p { strong { (stop.name) } }
            (standing(seen, stop))
            @if seen.may(Role::Personalise) { (go_on(desk, seen, &stop.name, seen.say("Cho chạy tiếp", "Let it go on"))) }
        }
        @for lease in &sight.leases {
            p { (lease.holder) " – " a href={ "/applications/" (lease.application) } { (seen.say("hồ sơ", "application")) " " (lease.application) }
                " " (seen.say("đến", "until")) " " (clock(&lease.expires.to_string())) }
        }
    }
}

/// What every reader of this desk does, or did last.
pub(in crate::desk) fn all_works(desk: &Desk, language: Language) -> Markup {
    let works: Vec<(String, Work)> = desk.making.all();
    html! {
        @if works.is_empty() {
            p.empty { (language.say("Chưa đầu đọc nào làm gì từ khi mở quầy.", "No reader did anything since the desk was opened.")) }
        }
        @for (reader, work) in &works {
            div.work {
                p { strong { (reader) } " – "
                    a href={ "/applications/" (work.application) } { (language.say("hồ sơ", "application")) " " (work.application) }
                    " – " (work.officer) }
                (one_work(work, language))
            }
        }
    }
}

/// What a form names: the queue, or a reader.
fn named(text: Option<&str>) -> Result<String, Problem> {
    let name = text.unwrap_or_default().trim();
    let wrong = name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control);
    if wrong || (name != ALL && !name.contains('/')) {
        return Err(Problem::nothing_here());
    }
    Ok(name.to_owned())
}

pub(in crate::desk) async fn stop(
    State(desk): State<Arc<Desk>>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Personalise)?;
    let request = fields.request(&seen)?;
    let name = named(fields.raw("name"))?;
    let kind = match fields.raw("kind") {
        Some("pause") => StopKind::Pause,
        Some("drain") => StopKind::Drain,
        _ => return Err(Problem::nothing_here()),
    };
    let reason = fields.reason()?.to_owned();
    desk.ask(move |desk, books| {
        // Sent again, or by two: what stands still stands still, and its first reason stays.
        if books.ledger.queue().stops()?.iter().any(|stop| stop.name == name) {
            return Ok(());
        }
        books.ledger.queue().stop(
            &name,
            kind,
            &reason,
            Act { actor: seen.name(), at: desk.now(), request: Some(&request) },
        )?;
        desk.making.touched();
        Ok(())
    })
    .await?;
    Ok(Redirect::to("/readers"))
}

pub(in crate::desk) async fn resume(
    State(desk): State<Arc<Desk>>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Personalise)?;
    let request = fields.request(&seen)?;
    let name = named(fields.raw("name"))?;
    desk.ask(move |desk, books| {
        books
            .ledger
            .queue()
            .resume(&name, Act { actor: seen.name(), at: desk.now(), request: Some(&request) })?;
        desk.making.let_go(name.strip_prefix(&format!("{}/", desk.host)));
        desk.making.touched();
        Ok(())
    })
    .await?;
    Ok(Redirect::to("/readers"))
}
