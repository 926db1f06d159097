//! The card is handed over, and a receipt is printed.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use cccd_population::card::CardStatus;
use maud::{Markup, html};
use rand_core::Rng as _;

use super::super::card::{self, Sight};
use super::super::form::Signed;
use super::super::house::Desk;
use super::super::page::{self, Place, Title, once};
use super::super::problem::Problem;
use super::super::seen::Seen;
use super::one::id_of;
use crate::accounts::Role;
use crate::application::{State as Standing, Step};
use crate::ledger::Act;
use crate::station::{IssueError, hand_over};
use crate::words::{self, Language};

/// What may be done with a card that is made.
pub(super) fn section(desk: &Desk, seen: &Seen, sight: &Sight) -> Markup {
    let id = sight.entry.id;
    html! {
        section aria-labelledby="deliver" {
            h2 id="deliver" { (seen.say("Trả thẻ", "Delivery")) }
            @if sight.entry.state == Standing::Delivered {
                p { a.button href={ "/applications/" (id) "/receipt" } { (seen.say("Phiếu trả thẻ", "Receipt")) } }
            } @else {
                @if sight.withdrawn.is_none() && (!sight.shows_prints() || seen.sees_prints()) {
                    p { a.button href={ "/applications/" (id) "/card.pdf" } { (seen.say("Tệp in thẻ (PDF)", "Print file (PDF)")) } }
                }
                @if let Some(status) = sight.withdrawn {
                    @let problem = out_of_use(status);
                    (page::notice("bad", problem.sentence(seen.language)))
                    p { (problem.hint(seen.language)) }
                } @else if seen.may(Role::Deliver) {
                    form method="post" action={ "/applications/" (id) "/deliver" } {
                        (once(desk, seen))
                        div.check {
                            input id="face" type="checkbox" name="face" value="yes" required;
                            label for="face" { (seen.say("Người nhận đúng là người trong ảnh", "The person before me is the one in the portrait")) }
                        }
                        button.main type="submit" { (seen.say("Trả thẻ", "Hand the card over")) }
                    }
                } @else {
                    p { (seen.say("Đang chờ cán bộ trả thẻ.", "Whoever hands cards over is waited for.")) }
                }
            }
        }
    }
}

pub(in crate::desk) async fn deliver(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Deliver)?;
    let id = id_of(&id)?;
    let request = fields.request(&seen)?;
    if fields.raw("face") != Some("yes") {
        return Err(Problem::bad_field(
            "Chưa xác nhận người nhận",
            "It was not confirmed who takes the card",
        ));
    }
    desk.ask(move |desk, books| {
        let act = Act { actor: seen.name(), at: desk.now(), request: Some(&request) };
        let mut nonce = [0; 16];
        desk.rng().fill_bytes(&mut nonce);
        books.register.for_officer(seen.name());
        match hand_over(&mut books.ledger, books.register.as_mut(), id, &nonce, act) {
            Ok(_) => {}
            Err(IssueError::OutOfUse(status)) => return Err(out_of_use(status)),
            Err(error) => return Err(error.into()),
        }
        // The portrait has no further use here: it is in the chip and on the card.
        desk.drawer.remove(&books.ledger.entry(id)?.content_sha256);
        desk.faces.forget();
        Ok(())
    })
    .await?;
    Ok(Redirect::to(&format!("/applications/{id}/receipt")))
}

/// The register has withdrawn the card that lies here.
pub(super) fn out_of_use(status: CardStatus) -> Problem {
    let say = |language| words::card_status(status, language);
    Problem::new(
        StatusCode::CONFLICT,
        "card-not-active",
        (
            &format!("Thẻ này không còn dùng được: {}", say(Language::Vi)),
            &format!("This card is out of use: {}", say(Language::En)),
        ),
        (
            "Không trả thẻ này. Xem vòng đời của thẻ; nếu cần, tiếp nhận hồ sơ cấp lại.",
            "Do not hand it over. Look at the card's life; if need be, take an application for another one in.",
        ),
    )
}

pub(in crate::desk) async fn receipt(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
    seen: Seen,
) -> Result<Response, Problem> {
    seen.must_see_citizens()?;
    let id = id_of(&id)?;
    let officer = seen.name().to_owned();
    let sight = desk.ask(move |desk, books| card::sight(desk, books, id, &officer)).await?;
    let delivered = sight.actions.iter().find(|action| action.action == Step::Deliver.as_str());
    let (Some(delivered), Some(signed)) = (delivered, &sight.entry.signed) else {
        return Err(Problem::nothing_here());
    };
    let line = |label: &str, value: String| html! { tr { th scope="row" { (label) } td { (value) } } };
    let date = |day: jiff::civil::Date| day.strftime("%d/%m/%Y").to_string();
    let expires = signed.expires.map_or_else(|| seen.say("không thời hạn", "no expiry").to_owned(), date);
    let body = html! {
        section.receipt {
            table {
                tbody {
                    (line(seen.say("Hồ sơ", "Application"), id.to_string()))
                    @if let Some(record) = &sight.record { (line(seen.say("Họ, chữ đệm và tên", "Full name"), record.holder.full_name.clone())) }
                    (line(seen.say("Số định danh", "Personal number"), sight.entry.number.as_str().to_owned()))
                    (line(seen.say("Số thẻ", "Document number"), signed.document_number.clone()))
                    (line(seen.say("Ngày cấp", "Issued"), date(signed.issued)))
                    (line(seen.say("Có giá trị đến", "Valid until"), expires))
                    (line(seen.say("Trả thẻ lúc", "Handed over"), card::clock(&delivered.at)))
                    (line(seen.say("Cán bộ trả thẻ", "By"), delivered.actor.clone()))
                }
            }
            div.signatures {
                p { (seen.say("Người nhận (ký, ghi rõ họ tên)", "Receiver (signature and name)")) }
                p { (seen.say("Cán bộ trả thẻ (ký)", "Officer (signature)")) }
            }
        }
        div.no-print {
            a.button href={ "/applications/" (id) "/receipt.pdf" } target="_blank" rel="noopener" { (seen.say("Phiếu để in (PDF)", "Paper to print (PDF)")) }
            " " button type="button" data-print hidden { (seen.say("In trang này", "Print this page")) }
            " " a.button href="/" { (seen.say("Người tiếp theo", "The next person")) }
        }
    };
    let title = Title {
        text: seen.say("Phiếu trả thẻ căn cước", "Receipt of an identity card"),
        place: Place::Applications,
    };
    Ok(page::page(&seen, title, body))
}
