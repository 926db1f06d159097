//! The next person: by number, by the code of a card or a paper, or by the number of an application.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use cccd_card_profile::personal_number::PersonalNumber;
use cccd_card_profile::qr::ScannedQr;
use maud::html;

use super::super::super::form::Signed;
use super::super::super::house::Desk;
use super::super::super::page::{self, Place, Title};
use super::super::super::problem::Problem;
use super::super::super::seen::Seen;
use super::super::super::taken::TakenSoFar;
use super::super::super::visits::Visit;
use super::super::person::{self, KnownCard};
use super::grounds;
use crate::accounts::Role;
use crate::application::{Asserted, State as Standing, Template};
use crate::audit::LogEntry;
use crate::capture::device::Left;
use crate::forms::{NotATicket, Ticket};
use crate::ledger::ApplicationId;
use crate::register::PersonRecord;

/// The longest text of a QR code.
const MAX_SCAN: usize = cccd_card_profile::qr::MAX_TEXT;

/// What was typed or scanned: a person, or an application of this station.
enum Asked {
    Person(PersonalNumber, Box<Asserted>, bool),
    Application(ApplicationId),
    Paper(Ticket),
}

fn asked_for(text: &str) -> Result<Asked, Problem> {
    let text = text.trim();
    let not_a_number = || {
        Problem::bad_field(
            "Số định danh có 12 chữ số; mã QR của thẻ có ít nhất bảy phần cách nhau bằng |",
            "A personal number has 12 digits; a card's QR code has seven parts or more, separated by |",
        )
    };
    if text.len() > MAX_SCAN {
        return Err(not_a_number());
    }
    if text.contains('|') {
        let scanned = ScannedQr::parse(text).map_err(|_| not_a_number())?.base;
        let said = Asserted {
            full_name: Some(scanned.full_name),
            birth_date: Some(scanned.birth_date),
            sex: Some(scanned.sex),
            residence: Some(scanned.residence).filter(|text| !text.is_empty()),
            old_number: scanned.old_number,
            ..Asserted::default()
        };
        return Ok(Asked::Person(scanned.number, Box::new(said), true));
    }
    if text.starts_with("CCCD:") {
        let misread = |error: NotATicket| {
            Problem::bad_field(
                "Mã trên giấy không đọc được hoặc không phải của máy trạm: quét lại",
                &format!("Scan again: {error}"),
            )
        };
        return text.parse().map(Asked::Paper).map_err(misread);
    }
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
    if !digits.is_empty() && digits.len() < 10 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse().map(Asked::Application).map_err(|_| not_a_number());
    }
    PersonalNumber::parse(&digits)
        .map(|number| Asked::Person(number, Box::default(), false))
        .map_err(|_| not_a_number())
}

pub(in crate::desk) async fn look_up(
    State(desk): State<Arc<Desk>>,
    Signed { seen, fields }: Signed,
) -> Result<Response, Problem> {
    seen.must_see_citizens()?;
    let (number, said, scanned) = match asked_for(fields.raw("q").unwrap_or_default())? {
        Asked::Application(id) => return Ok(Redirect::to(&format!("/applications/{id}")).into_response()),
        Asked::Paper(ticket) => {
            let id = ticket.application;
            let entry = desk.ask(move |_, books| Ok(books.ledger.entry(id)?)).await?;
            // Another ledger counts from one, too; its papers promise other days.
            if entry.due != ticket.due {
                return Err(Problem::bad_field(
                    "Giấy này của một máy trạm khác",
                    "This paper is of another station",
                ));
            }
            return Ok(Redirect::to(&format!("/applications/{id}")).into_response());
        }
        Asked::Person(number, said, scanned) => (number, *said, scanned),
    };
    let (officer, asked) = (seen.name().to_owned(), number.clone());
    let (open, record, cards, left) = desk
        .ask(move |desk, books| {
            let at = desk.now();
            let note = format!("look-up by {officer}");
            let line =
                LogEntry { event: "desk-look-up", subject: Some(asked.as_str()), said: "", note: &note, at };
            books.ledger.log(&[line])?;
            let open = books.ledger.open_of(asked.as_str())?;
            books.register.for_officer(&officer);
            books.register.for_application("issuer desk look-up");
            // What lies in the officer's device by now is not this person's.
            let captures = desk.captures.as_ref();
            let left = captures.map_or_else(|| Some(Left::default()), |captures| captures.left(&officer));
            let record = books.register.person(&asked, desk.today())?;
            let cards = person::cards(desk, books, &asked, record.as_ref())?;
            Ok((open, record, cards, left))
        })
        .await?;
    // One that waits is gone on with; one that nobody captured gives way.
    if let Some(open) = open
        && !matches!(open.state, Standing::Received | Standing::Checked)
    {
        return Ok(Redirect::to(&format!("/applications/{}", open.id)).into_response());
    }
    if !seen.may(Role::Capture) {
        return Ok(found(&seen, &number, record.as_ref(), &cards));
    }
    let (reason, ground) = grounds::probable(record.as_ref(), &cards);
    let visit = Visit {
        number,
        record,
        cards,
        said,
        scanned,
        choices: BTreeMap::new(),
        reason,
        ground,
        template: Template::default(),
        representative: None,
        paper: None,
        picture: None,
        biometrics: TakenSoFar::default(),
        left,
        accepted: None,
        taken: None,
    };
    let id = desk.word();
    desk.visits.begin(id.clone(), seen.name(), visit, desk.now());
    Ok(Redirect::to(&format!("/visits/{id}")).into_response())
}

/// For whoever takes nothing in: the person's cards, and where the one that waits is handed over. The address names nobody.
fn found(
    seen: &Seen,
    number: &PersonalNumber,
    record: Option<&PersonRecord>,
    cards: &[KnownCard],
) -> Response {
    let body = html! {
        div.person {
            @if let Some(record) = record { p.name { (record.holder.full_name) } }
            p { span.number { (number.as_str()) } }
        }
        section aria-labelledby="cards" {
            h2 id="cards" { (seen.say("Thẻ của người này", "This person's cards")) }
            (person::table(seen, cards))
        }
        p { a.button href="/" { (seen.say("Người tiếp theo", "The next person")) } }
    };
    page::page(seen, Title { text: seen.say("Tra cứu", "Look-up"), place: Place::Home }, body)
}
