//! One application: where it stands, what its card will say, what may be done now and by whom, and all that happened.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use cccd_card_profile::card_holder::CardData;
use maud::{Markup, html};
use serde_json::Value;

use super::super::card::{self, Side, Sight, can_be_made};
use super::super::form::Signed;
use super::super::house::Desk;
use super::super::page::{self, Place, Title, once};
use super::super::problem::Problem;
use super::super::seen::Seen;
use super::super::taken::{self, Captures};
use super::applications::due;
use super::upload::image;
use super::{anew, delivery, making, papers};
use crate::accounts::Role;
use crate::application::{Portrait, State as Standing, Step};
use crate::audit::LogEntry;
use crate::ledger::{Act, ApplicationId, Entry};
use crate::station::IssueError;
use crate::words;

pub(super) fn id_of(text: &str) -> Result<ApplicationId, Problem> {
    text.parse().map_err(|_| Problem::nothing_here())
}

pub(in crate::desk) async fn page(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    seen.must_see_citizens()?;
    let id = id_of(&id)?;
    let officer = seen.name().to_owned();
    let sight = desk.ask(move |desk, books| card::sight(desk, books, id, &officer)).await?;
    let text = format!("{} {id}", seen.say("Hồ sơ", "Application"));
    let body = html! {
        (facts(&desk, &seen, &sight))
        (papers::section(&seen, &sight))
        // What is approved is looked at first: the button stands below it.
        @if sight.entry.state == Standing::Captured {
            (preview(&seen, &sight))
            (taken(&desk, &seen, &sight))
            (excused(&seen, &sight))
            (next(&desk, &seen, &sight))
        } @else {
            (next(&desk, &seen, &sight))
            (taken(&desk, &seen, &sight))
            (preview(&seen, &sight))
        }
        (history(&seen, &sight))
    };
    Ok(page::page(&seen, Title { text: &text, place: Place::Applications }, body))
}

fn facts(desk: &Desk, seen: &Seen, sight: &Sight) -> Markup {
    let entry = &sight.entry;
    html! {
        div.person {
            @if let Some(record) = &sight.record { p.name { (record.holder.full_name) } }
            p { span.number { (entry.number.as_str()) } " · " (page::state(entry.state, seen.language)) }
            p {
                (words::reason(entry.reason, seen.language))
                @if let Some(ground) = entry.ground { " – " (words::ground(ground, seen.language)) " (" (words::clause(ground, seen.language)) ")" }
            }
            p { (seen.say("Hạn trả", "Due")) ": " (due(entry, desk.today(), &desk.calendar, seen)) }
            @if let Some(why) = &entry.state_reason {
                p { (seen.say("Lý do", "Why")) ": " (why) }
            }
            @if let Some(signed) = entry.signed.as_ref().filter(|_| matches!(entry.state, Standing::Issued | Standing::Delivered)) {
                p { a href={ "/cards/" (signed.sod_sha256) } { (seen.say("Vòng đời của thẻ này", "The life of this card")) } }
            }
        }
    }
}

/// What may be done now.
fn next(desk: &Desk, seen: &Seen, sight: &Sight) -> Markup {
    let entry = &sight.entry;
    html! {
        @match entry.state {
            Standing::Received | Standing::Checked => {
                (page::notice("warn", seen.say(
                    "Lần tiếp nhận này bị ngắt trước khi thu nhận; tra cứu lại số định danh để làm tiếp.",
                    "This was interrupted before it was captured; look the number up again to go on.",
                )))
            }
            Standing::Captured => (approval(desk, seen, sight)),
            Standing::Issued | Standing::Delivered => {
                @if let Some((_, work)) = desk.making.of(entry.id) {
                    // The ledger may be a moment ahead of the reader's thread.
                    @if work.goes_on() {
                        div data-live={ "/live/applications/" (entry.id) } { (making::one_work(&work, seen.language)) }
                    } @else {
                        (making::one_work(&work, seen.language))
                    }
                }
                (delivery::section(desk, seen, sight))
            }
            Standing::Spoiled => (anew::section(desk, seen, sight)),
            state if can_be_made(state) => {
                (making::section(desk, seen, entry.id, state.is_in_work(), sight.obstacle.as_ref()))
            }
            _ => {}
        }
        @if entry.state.is_before_chip() && seen.may(Role::Approve) { (refusal(desk, seen, entry)) }
    }
}

fn approval(desk: &Desk, seen: &Seen, sight: &Sight) -> Markup {
    let entry = &sight.entry;
    let own = entry.captured_by.as_deref() == Some(seen.name());
    html! {
        section aria-labelledby="approve" {
            h2 id="approve" { (seen.say("Duyệt", "Approval")) }
            @if !seen.may(Role::Approve) {
                p { (seen.say("Đang chờ một cán bộ khác duyệt.", "Another officer's approval is waited for.")) }
            } @else if own {
                p { (seen.say(
                    "Bạn đã thu nhận hồ sơ này: một cán bộ khác phải duyệt.",
                    "You captured this application: another officer has to approve it.",
                )) }
            } @else if let Some(problem) = &sight.obstacle {
                (page::notice("bad", problem.sentence(seen.language)))
                p { (problem.hint(seen.language)) }
            } @else {
                form method="post" action={ "/applications/" (entry.id) "/approve" } {
                    (once(desk, seen))
                    input type="hidden" name="captured" value=(entry.captured_sha256.as_deref().unwrap_or_default());
                    p { (seen.say(
                        "So ảnh, từng dòng trên thẻ và lý do đề nghị, rồi duyệt.",
                        "Compare the portrait, every line of the card and the reason, then approve.",
                    )) }
                    button.main type="submit" { (seen.say("Duyệt hồ sơ", "Approve")) }
                }
            }
        }
    }
}

fn refusal(desk: &Desk, seen: &Seen, entry: &Entry) -> Markup {
    html! {
        details {
            summary { (seen.say("Từ chối hồ sơ", "Refuse the application")) }
            form method="post" action={ "/applications/" (entry.id) "/refuse" } autocomplete="off" {
                (once(desk, seen))
                label for="reason" { (seen.say("Lý do, sẽ ghi vào phiếu từ chối", "The reason, which the refusal says")) }
                input id="reason" name="reason" required maxlength="500";
                button.danger type="submit" { (seen.say("Từ chối", "Refuse")) }
            }
        }
    }
}

fn preview(seen: &Seen, sight: &Sight) -> Markup {
    let id = sight.entry.id;
    html! {
        section aria-labelledby="card" {
            h2 id="card" { (seen.say("Thẻ", "The card")) }
            @if let Some(card) = &sight.card {
                @if sight.application.is_some() {
                    @if sight.shows_portrait() {
                        img.portrait src={ "/applications/" (id) "/portrait.jpg" } width="240" height="320"
                            alt=(seen.say("Ảnh chân dung đã thu nhận", "The portrait that was captured"));
                    }
                    div.faces {
                        img src={ "/applications/" (id) "/front.png" } width="1011" height="638"
                            alt={ (seen.say("Mặt trước của thẻ: ", "Front of the card: ")) (said(card)) };
                        img src={ "/applications/" (id) "/back.png" } width="1011" height="638"
                            alt=(seen.say("Mặt sau của thẻ", "Back of the card"));
                    }
                    @if sight.shows_prints() && !seen.sees_prints() {
                        p.hint { (seen.say(
                            "Vân tay trên mặt sau chỉ cán bộ duyệt và in thẻ xem được.",
                            "The prints on the back are seen by whoever approves or personalises only.",
                        )) }
                    }
                } @else {
                    p.empty { (seen.say("Ảnh và tờ khai không nằm ở máy trạm này.", "Portrait and paper do not lie at this station.")) }
                }
            } @else {
                p.empty { (seen.say("Chưa xem trước được thẻ.", "The card cannot be previewed.")) }
            }
        }
    }
}

/// Prints and irises, as far as the ledger tells of them.
fn taken(desk: &Desk, seen: &Seen, sight: &Sight) -> Markup {
    let opens = desk.captures.as_ref().is_some_and(Captures::opens);
    html! {
        @if let Some(taken) = &sight.taken {
            section aria-labelledby="biometrics" {
                h2 id="biometrics" { (seen.say("Sinh trắc học", "Biometrics")) }
                p {
                    (taken.prints) " " (seen.say("vân tay", "prints"))
                    @if taken.poor > 0 { " (" (taken.poor) " " (seen.say("chất lượng thấp, lý do ở phần quá trình", "poor, the reason is in the history")) ")" }
                    ", " (taken.irises) " " (seen.say("mống mắt", "irises")) ". "
                    @match &taken.purged_at {
                        None => (seen.say(
                            "Đã mã hóa; chỉ nơi ghi thẻ mở được; tự xóa 7 ngày sau khi trả thẻ.",
                            "Encrypted; opened only where cards are made; gone 7 days after the card is handed over.",
                        )),
                        Some(at) => { (seen.say("Đã xóa lúc", "Purged at")) " " (card::clock(at)) "." }
                    }
                }
                @if !opens && taken.purged_at.is_none() {
                    (page::notice("warn", seen.say(
                        "Quầy này không có khóa mở vân tay: thẻ được ghi ở nơi có khóa.",
                        "This desk has no key that opens them: the card is made where there is one.",
                    )))
                }
            }
        }
    }
}

/// Why something was captured although it should have been taken again, and who acts for a child.
fn excused(seen: &Seen, sight: &Sight) -> Markup {
    let captures = sight.actions.iter().filter(|action| action.action == Step::Capture.as_str());
    let acting = sight.application.as_ref().and_then(|application| application.representative.as_ref());
    html! {
        @for reason in captures.filter_map(|action| action.reason.as_deref()) {
            (page::notice("warn", &format!(
                "{}: {reason}",
                seen.say("Ảnh hoặc vân tay chưa đạt vẫn được nhận, vì", "A poor portrait or print was taken, because"),
            )))
        }
        @if let Some(acting) = acting {
            p { (seen.say("Người đại diện", "Acts for the child")) ": " (acting.full_name) " " span.number { (acting.number.as_str()) } }
        }
    }
}

fn said(card: &CardData) -> String {
    format!("{}, {}", card.holder.full_name, card.holder.number.as_str())
}

fn history(seen: &Seen, sight: &Sight) -> Markup {
    html! {
        section aria-labelledby="history" {
            h2 id="history" { (seen.say("Quá trình", "History")) }
            div.scroll tabindex="0" role="group" aria-labelledby="history" {
                table {
                    thead { tr {
                        th scope="col" { (seen.say("Lúc", "When")) }
                        th scope="col" { (seen.say("Cán bộ", "Officer")) }
                        th scope="col" { (seen.say("Việc", "Action")) }
                        th scope="col" { (seen.say("Trạng thái", "State")) }
                        th scope="col" { (seen.say("Lý do", "Reason")) }
                    } }
                    tbody { @for action in &sight.actions { tr {
                        td { (card::clock(&action.at)) }
                        td { (action.actor) }
                        td { (words::action(&action.action, seen.language)) }
                        td { (page::state(action.to, seen.language)) }
                        td { (action.reason.as_deref().unwrap_or_default()) }
                    } } }
                }
            }
        }
    }
}

pub(in crate::desk) async fn approve(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Approve)?;
    let id = id_of(&id)?;
    let request = fields.request(&seen)?;
    let shown = fields.raw("captured").unwrap_or_default().to_owned();
    desk.ask(move |desk, books| {
        let sight = card::sight(desk, books, id, seen.name())?;
        // What was shown is what is approved; and it is what would be printed now.
        if sight.entry.state == Standing::Captured {
            if sight.entry.captured_sha256.as_deref() != Some(&*shown) {
                return Err(Problem::not_what_was_shown());
            }
            if let Some(obstacle) = sight.obstacle {
                return Err(obstacle);
            }
        }
        let act = Act { actor: seen.name(), at: desk.now(), request: Some(&request) };
        Ok(books.ledger.approve(id, act)?)
    })
    .await?;
    Ok(Redirect::to(&format!("/applications/{id}")))
}

pub(in crate::desk) async fn refuse(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Approve)?;
    let id = id_of(&id)?;
    let request = fields.request(&seen)?;
    let reason = fields.reason()?.to_owned();
    desk.ask(move |desk, books| {
        let act = Act { actor: seen.name(), at: desk.now(), request: Some(&request) };
        books.ledger.advance(id, Step::Reject, Some(&reason), &Value::Null, act)?;
        desk.drawer.remove(&books.ledger.entry(id)?.content_sha256);
        Ok(())
    })
    .await?;
    Ok(Redirect::to(&format!("/applications/{id}")))
}

pub(in crate::desk) async fn picture(
    State(desk): State<Arc<Desk>>,
    Path((id, name)): Path<(String, String)>,
    seen: Seen,
) -> Result<Response, Problem> {
    if let Some(form) = papers::named(&name) {
        return papers::paper(&desk, &seen, id_of(&id)?, form).await;
    }
    seen.must_see_citizens()?;
    if name == "portrait.jpg" {
        return portrait(&desk, &seen, id_of(&id)?).await;
    }
    let side = match name.as_str() {
        "front.png" => Side::Front,
        "back.png" => Side::Back,
        "card.pdf" => Side::Print,
        _ => return Err(Problem::nothing_here()),
    };
    let id = id_of(&id)?;
    let (officer, sees_prints) = (seen.name().to_owned(), seen.sees_prints());
    let (sight, prints) = desk
        .ask(move |desk, books| {
            let sight = card::sight(desk, books, id, &officer)?;
            if sight.entry.state == Standing::Delivered && sight.application.is_none() {
                return Err(Problem::not_kept());
            }
            // What a printer takes is there when its chip is locked; before, a page shows how the card will look.
            let is_made =
                matches!(sight.entry.state, Standing::Locked | Standing::Issued | Standing::Delivered);
            let too_early = || matches!(side, Side::Print) && !is_made;
            // A card that the register has withdrawn meanwhile is not printed any more.
            if let (Side::Print, Some(status)) = (side, sight.withdrawn) {
                return Err(delivery::out_of_use(status));
            }
            if !sight.shows_prints() && too_early() {
                return Err(Problem::nothing_here());
            }
            if !sight.shows_prints() || matches!(side, Side::Front) {
                return Ok((sight, None));
            }
            if !sees_prints {
                // The page shows the back without prints; what would be printed is not shown at all.
                if matches!(side, Side::Print) {
                    return Err(Problem::no_prints());
                }
                return Ok((sight, None));
            }
            let prints = taken::opened(desk.captures.as_ref(), &books.ledger, id)?;
            if prints.is_some() && too_early() {
                return Err(Problem::nothing_here());
            }
            if prints.is_some() {
                let note = format!("prints of application {id} shown to {officer}");
                let number = sight.entry.number.as_str();
                let at = desk.now();
                let line =
                    LogEntry { event: "prints-shown", subject: Some(number), said: "", note: &note, at };
                books.ledger.log(&[line])?;
            } else if matches!(side, Side::Print) {
                // A card that should show prints is not printed without them.
                return Err(IssueError::PrintsMissing(id).into());
            }
            Ok((sight, prints))
        })
        .await?;
    let drawing = Arc::clone(&desk);
    let draw = move || drawing.faces.draw(&sight, prints.as_ref().map(|prints| &prints.capture));
    let faces = desk.heavily(draw).await?;
    Ok(match side {
        Side::Front => image("image/png", faces.front.clone()),
        Side::Back => image("image/png", faces.back.clone()),
        Side::Print => image("application/pdf", faces.print.clone()),
    })
}

/// The portrait by itself: a face is compared in this size, not in that of the card.
async fn portrait(desk: &Arc<Desk>, seen: &Seen, id: ApplicationId) -> Result<Response, Problem> {
    let officer = seen.name().to_owned();
    let sight = desk.ask(move |desk, books| card::sight(desk, books, id, &officer)).await?;
    let captured = if sight.shows_portrait() { sight.application } else { None };
    let captured = captured.ok_or_else(Problem::nothing_here)?;
    let jpeg = desk.heavily(move || Ok(Portrait::from_file(&captured.portrait)?.print()?)).await?;
    Ok(image("image/jpeg", jpeg))
}
