//! Orders of the keeper of the stock, each once.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use cccd_keys::public_key::PublicKey;
use cccd_keys::transport_keys::ChipSerial;
use maud::{Markup, html};

use super::super::super::house::Desk;
use super::super::super::page::{self, Place, Title};
use super::super::super::parts::Parts;
use super::super::super::problem::Problem;
use super::super::super::seen::Seen;
use super::forms::causes;
use crate::accounts::Role;
use crate::ledger::Act;
use crate::stock::{BlankStep, Count, Explanation, Signed, StockError, parse_serials, photo_digest};

/// What is to be done.
enum Order {
    Receive {
        supplier: String,
        note: String,
        serials: Vec<ChipSerial>,
    },
    Count {
        supplier: String,
        note: String,
        found: Option<Vec<ChipSerial>>,
    },
    Explain {
        step: BlankStep,
        serials: Vec<ChipSerial>,
        cause: String,
        note: Option<String>,
        photo: Option<String>,
    },
    Send {
        reference: String,
        receiver: PublicKey,
        serials: Vec<ChipSerial>,
    },
    Accept {
        list: Signed,
        sender: PublicKey,
        found: Option<Vec<ChipSerial>>,
    },
    Acknowledge {
        receipt: Signed,
        receiver: PublicKey,
    },
    TakeBack(Vec<ChipSerial>),
    TakeBackTransport(String),
    Settle {
        reference: String,
        serials: Vec<ChipSerial>,
        note: String,
    },
}

fn needed(parts: &Parts, name: &str) -> Result<String, Problem> {
    let text = parts.fields.text(name)?.map(str::to_owned);
    text.ok_or_else(|| Problem::bad_field("Còn ô chưa điền", "A field was left empty"))
}

pub(super) fn serials(parts: &Parts) -> Result<Vec<ChipSerial>, Problem> {
    let text = parts.text_or_file("serials", "file")?.ok_or(StockError::Empty)?;
    Ok(parse_serials(&text)?)
}

/// All that was announced, or these: a cross that was left standing says nothing against serials that somebody read off.
fn found(parts: &Parts) -> Result<Option<Vec<ChipSerial>>, Problem> {
    let is_all = parts.fields.raw("all") == Some("yes");
    match (is_all, parts.text_or_file("serials", "file")?) {
        (true, None) => Ok(None),
        (false, Some(some)) => Ok(Some(parse_serials(&some)?)),
        (false, None) => Err(StockError::Empty.into()),
        (true, Some(_)) => Err(one_of_the_two()),
    }
}

fn one_of_the_two() -> Problem {
    Problem::bad_field(
        "Chọn tất cả, hoặc ghi các số phôi: một trong hai",
        "Say all of them, or their serials: one of the two",
    )
}

fn key(parts: &Parts) -> Result<PublicKey, Problem> {
    let wrong = || Problem::bad_field("Tệp khóa công khai không đúng", "This is no public key of a station");
    PublicKey::from_spki(parts.file("key").ok_or_else(wrong)?).map_err(|_| wrong())
}

fn signed(parts: &Parts, name: &str) -> Result<Signed, Problem> {
    let text = parts.file(name).and_then(|bytes| std::str::from_utf8(bytes).ok());
    Ok(Signed::parse(text.unwrap_or_default())?)
}

fn read(name: &str, parts: &Parts) -> Result<Order, Problem> {
    Ok(match name {
        "receive" => Order::Receive {
            supplier: needed(parts, "supplier")?,
            note: needed(parts, "note")?,
            serials: serials(parts)?,
        },
        "count" => {
            let batch = parts.fields.raw("batch").and_then(|text| text.split_once('\u{1f}'));
            let (supplier, note) = batch.ok_or(StockError::NoteUnknown)?;
            Order::Count { supplier: supplier.to_owned(), note: note.to_owned(), found: found(parts)? }
        }
        "spoil" => explained(BlankStep::Spoil, parts)?,
        "lose" => explained(BlankStep::Lose, parts)?,
        "find" => explained(BlankStep::Find, parts)?,
        "destroy" => explained(BlankStep::Destroy, parts)?,
        "send" => Order::Send {
            reference: needed(parts, "reference")?,
            receiver: key(parts)?,
            serials: serials(parts)?,
        },
        "accept" => Order::Accept { list: signed(parts, "list")?, sender: key(parts)?, found: found(parts)? },
        "acknowledge" => Order::Acknowledge { receipt: signed(parts, "receipt")?, receiver: key(parts)? },
        "take-back" => match (parts.fields.text("transport")?, parts.text_or_file("serials", "file")?) {
            (Some(reference), None) => Order::TakeBackTransport(reference.to_owned()),
            (None, _) => Order::TakeBack(serials(parts)?),
            (Some(_), Some(_)) => {
                return Err(Problem::bad_field(
                    "Chọn cả chuyến, hoặc ghi các số phôi: một trong hai",
                    "Choose a whole transport, or give serials: one of the two",
                ));
            }
        },
        "settle" => {
            // As the page showed them: a repetition is about the same blanks, whatever became of them since.
            let claims = parts.fields.raw("claims").and_then(|text| text.split_once('\u{1f}'));
            let (reference, claimed) = claims
                .ok_or_else(|| Problem::bad_field("Chưa chọn chuyến nào", "No transport was chosen"))?;
            // There is no way back from it: nobody settles all by a cross that was left standing, nor by leaving a field empty.
            let is_said =
                parts.fields.raw("all").is_some() || parts.text_or_file("serials", "file")?.is_some();
            if !is_said {
                return Err(one_of_the_two());
            }
            let serials = match found(parts)? {
                Some(serials) => serials,
                None => parse_serials(claimed)?,
            };
            Order::Settle { reference: reference.to_owned(), serials, note: needed(parts, "note")? }
        }
        _ => return Err(Problem::nothing_here()),
    })
}

fn explained(step: BlankStep, parts: &Parts) -> Result<Order, Problem> {
    Ok(Order::Explain {
        step,
        serials: serials(parts)?,
        cause: parts.fields.raw("cause").unwrap_or_default().to_owned(),
        note: parts.fields.text("note")?.map(str::to_owned),
        photo: parts.file("photo").map(photo_digest).transpose()?,
    })
}

/// What a count found; nothing else has more to say than the page of the stock.
fn carry_out(
    order: &Order,
    stock: &mut crate::stock::Stock<'_>,
    act: Act<'_>,
) -> Result<Option<Count>, Problem> {
    Ok(match order {
        Order::Receive { supplier, note, serials } => {
            stock.receive(supplier, note, serials, act)?;
            None
        }
        Order::Count { supplier, note, found } => Some(stock.count(supplier, note, found.as_deref(), act)?),
        Order::Explain { step, serials, cause, note, photo } => {
            let cause = causes(*step).into_iter().find(|known| known.as_str() == cause);
            let why = Explanation {
                cause: cause.ok_or(StockError::Unexplained)?,
                note: note.as_deref(),
                photo_sha256: photo.as_deref(),
            };
            stock.explain(*step, serials, why, act)?;
            None
        }
        Order::Send { reference, receiver, serials } => {
            stock.send(reference, receiver, serials, act)?;
            None
        }
        Order::Accept { list, sender, found } => Some(stock.accept(list, sender, found.as_deref(), act)?.0),
        Order::Acknowledge { receipt, receiver } => Some(stock.acknowledge(receipt, receiver, act)?),
        Order::TakeBack(serials) => {
            stock.take_back(serials, act)?;
            None
        }
        Order::TakeBackTransport(reference) => {
            stock.take_back_transport(reference, act)?;
            None
        }
        Order::Settle { reference, serials, note } => {
            stock.settle(reference, serials, note, act)?;
            None
        }
    })
}

pub(in crate::desk) async fn order(
    State(desk): State<Arc<Desk>>,
    Path(name): Path<String>,
    parts: Parts,
) -> Result<Response, Problem> {
    parts.seen.must(Role::Stock)?;
    let request = parts.fields.request(&parts.seen)?;
    let order = read(&name, &parts)?;
    let order_kind = if matches!(order, Order::Acknowledge { .. }) { Kind::Word } else { Kind::Count };
    let officer = parts.seen.name().to_owned();
    let count = desk
        .ask(move |desk, books| {
            let act = Act { actor: &officer, at: desk.now(), request: Some(&request) };
            carry_out(&order, &mut books.ledger.stock(), act)
        })
        .await?;
    match count {
        Some(count) if matches!(order_kind, Kind::Word) && !count.agrees() => {
            Ok(answered(&parts.seen, &count))
        }
        Some(count) if !count.agrees() || !count.elsewhere.is_empty() || !count.unseen.is_empty() => {
            Ok(differs(&parts.seen, &count))
        }
        _ => Ok(Redirect::to(&format!("/stock?done={name}")).into_response()),
    }
}

/// What an order has found.
enum Kind {
    /// What lies here was counted.
    Count,
    /// Another station said what came there.
    Word,
}

fn list(title: &str, serials: &[ChipSerial]) -> Markup {
    html! {
        @if !serials.is_empty() {
            h2 { (title) " (" (serials.len()) ")" }
            ul { @for serial in serials.iter().take(500) { li.number { (serial) } } }
        }
    }
}

/// A receipt that does not say what was sent.
fn answered(seen: &Seen, count: &Count) -> Response {
    let body = html! {
        (page::notice("bad", seen.say("Biên nhận khác với phôi đã gửi.", "The receipt says otherwise than what was sent.")))
        p { (count.counted.len()) " " (seen.say("phôi đã bàn giao", "blanks are handed over")) }
        (list(seen.say("Bên nhận không thấy", "Not found there"), &count.missing))
        (list(
            seen.say("Bên nhận ghi là có, sổ ở đây không gửi theo chuyến này nữa", "The receiver says it has them, and the books here did not send them, or have them back"),
            &count.surplus,
        ))
        @if !count.surplus.is_empty() { p { (seen.say(
            "Tìm ở cả hai nơi, rồi làm rõ trong việc của thủ kho.",
            "Look in both places, then settle it among the keeper's tasks.",
        )) } }
        p { a.button href="/stock" { (seen.say("Về kho phôi", "To the stock")) } }
    };
    page::page(seen, Title { text: seen.say("Biên nhận", "Receipt"), place: Place::Stock }, body)
}

/// A count that does not agree is told at once; the page of the stock keeps what is open.
fn differs(seen: &Seen, count: &Count) -> Response {
    let body = html! {
        @if count.agrees() && !count.unseen.is_empty() {
            (page::notice("bad", seen.say("Có phôi trong sổ mà lần đếm này không thấy.", "Some that the books have in stock were not found by this count.")))
        } @else if count.agrees() {
            (page::notice("good", seen.say("Đủ; có phôi đã ở đây từ trước.", "Complete; some were here before.")))
        } @else {
            (page::notice("bad", seen.say("Số đếm được khác với danh sách.", "What was found is not what was listed.")))
        }
        p { (count.counted.len()) " " (seen.say("phôi khớp, đã vào kho", "blanks agree and are in stock")) }
        (list(seen.say("Thiếu", "Missing"), &count.missing))
        (list(seen.say("Thừa, không vào kho", "Surplus, not taken into stock"), &count.surplus))
        (list(seen.say("Đã ở đây theo danh sách khác", "Here already by another list"), &count.elsewhere))
        (list(seen.say("Sổ ghi còn trong kho, lần đếm này không thấy", "In the books in stock, not found by this count"), &count.unseen))
        @if !count.unseen.is_empty() { p { (seen.say(
            "Nếu đã đếm cả lô: tìm các phôi ấy, đếm lại; không thấy thì ghi mất. Nếu chỉ quét phôi mới tìm thấy thì không cần làm gì.",
            "If the whole batch was counted: look for them and count again; what is not found is noted as lost. If only what turned up was scanned, there is nothing to do.",
        )) } }
        p { a.button href="/stock" { (seen.say("Về kho phôi", "To the stock")) } }
    };
    page::page(seen, Title { text: seen.say("Kiểm đếm", "Count"), place: Place::Stock }, body)
}
