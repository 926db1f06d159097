//! Keys made at stock-in: a blank on a reader makes its keys, which are signed into the ledger; then the next one.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{Redirect, Response};
use cccd_keys::transport_keys::ChipSerial;
use maud::html;
use serde::Deserialize;

use super::super::super::form::Signed;
use super::super::super::house::Desk;
use super::super::super::page::{self, Place, Title, once};
use super::super::super::problem::Problem;
use super::super::super::seen::Seen;
use crate::accounts::Role;
use crate::issuance::ChipAlgorithms;
use crate::ledger::Act;
use crate::personalize::Icao9Driver;
use crate::stock_in::make_keys_at_stock_in;

/// What the page shows beside its form.
#[derive(Debug, Deserialize)]
pub(in crate::desk) struct Shown {
    /// The blank that has just made its keys.
    made: Option<String>,
}

pub(in crate::desk) async fn page(
    State(desk): State<Arc<Desk>>,
    seen: Seen,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    seen.must(Role::Stock)?;
    let made: Option<ChipSerial> = match shown.made {
        Some(text) => Some(text.parse().map_err(|_| Problem::nothing_here())?),
        None => None,
    };
    let (counted, made) = desk
        .ask(move |_, books| {
            let stock = books.ledger.stock();
            // The ledger's word, not the address's.
            let known = made.map(|serial| stock.keys_of(&serial)).transpose()?.flatten().is_some();
            Ok((stock.keys_counted()?, made.filter(|_| known)))
        })
        .await?;
    let listing = Arc::clone(&desk);
    let readers = desk.heavily(move || Ok(listing.readers.list())).await?;
    let body = html! {
        @if let Some(serial) = made {
            div.notice.good role="status" {
                p.what { (seen.say("Phôi đã tạo khóa, đã ký vào sổ:", "The blank made its keys, and they are signed into the ledger:")) " " span.number { (serial) } }
                p { (seen.say("Đặt phôi tiếp theo lên đầu đọc.", "Lay the next blank on the reader.")) }
            }
        }
        section.first aria-labelledby="keys" {
            h2 id="keys" { (seen.say("Phôi trên đầu đọc", "The blank on a reader")) }
            p { (seen.say(
                "Chíp sinh cặp khóa ngay khi nhập kho: đến lúc ghi thẻ không phải chờ nữa.",
                "The chip makes its keys now; when the card is made, nobody waits for them.",
            )) }
            p { strong { (counted.with) } " " (seen.say("phôi trong kho đã có khóa", "blanks in stock have keys")) ", "
                strong { (counted.without) } " " (seen.say("chưa có", "have none")) "." }
            @if readers.is_empty() {
                (page::no_reader(&seen))
            } @else {
                form method="post" action="/stock/keys" {
                    (once(&desk, &seen))
                    (page::reader(&seen, &readers))
                    button.main type="submit" { (seen.say("Tạo khóa cho phôi này", "Make this blank's keys")) }
                }
            }
        }
        p { a.button href="/stock" { (seen.say("Về kho phôi", "To the stock")) } }
    };
    let title =
        Title { text: seen.say("Tạo khóa khi nhập kho", "Keys made at stock-in"), place: Place::Stock };
    Ok(page::page(&seen, title, body))
}

pub(in crate::desk) async fn make(
    State(desk): State<Arc<Desk>>,
    Signed { seen, fields }: Signed,
) -> Result<Redirect, Problem> {
    seen.must(Role::Stock)?;
    let request = fields.request(&seen)?;
    let reader = fields.raw("reader").unwrap_or_default().to_owned();
    let (working, officer) = (Arc::clone(&desk), seen.name().to_owned());
    let serial = desk.at_reader(move || made(&working, &reader, &officer, &request)).await?;
    Ok(Redirect::to(&format!("/stock/keys?made={serial}")))
}

fn made(desk: &Desk, reader: &str, officer: &str, request: &str) -> Result<ChipSerial, Problem> {
    let readers = desk.readers.list();
    let there = readers.iter().find(|known| known.name == reader);
    let there = there.ok_or_else(|| Problem::bad_field("Không có đầu đọc này", "There is no such reader"))?;
    if !there.card_present {
        return Err(Problem::bad_field(
            "Đặt phôi lên đầu đọc trước, rồi bấm lại",
            "Lay the blank on the reader first, then press again",
        ));
    }
    // No card is made in this reader meanwhile.
    let _claim = desk.making.claim(reader)?;
    let mut rng = desk.rng();
    let mut laid = desk.readers.lay_blank(reader, &mut rng)?;
    let mut books = desk.books()?;
    let algorithms = ChipAlgorithms::of_profile(desk.keys.profile());
    let act = Act { actor: officer, at: desk.now(), request: Some(request) };
    let mut driver = Icao9Driver::new(laid.link.as_mut(), desk.keys.master(), laid.extended, &mut rng);
    let serial = make_keys_at_stock_in(&mut books.ledger, &mut driver, algorithms, act)?;
    desk.give_back(books);
    Ok(serial)
}
