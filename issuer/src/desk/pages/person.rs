//! What this station has of a person: applications that are open, cards that wait to be handed over, cards of before.

use cccd_card_profile::personal_number::PersonalNumber;
use cccd_population::card::{CardStatus, SodDigest};
use maud::{Markup, html};
use rand_core::Rng as _;

use super::super::house::{Books, Desk};
use super::super::page;
use super::super::problem::Problem;
use super::super::seen::Seen;
use crate::application::State as Standing;
use crate::ledger::Entry;
use crate::register::{PersonRecord, RegisterError};
use crate::words;

/// A card of the person.
#[derive(Debug, Clone)]
pub(in crate::desk) struct KnownCard {
    pub(super) card: SodDigest,
    /// `None` where the register does not know it.
    pub(super) status: Option<CardStatus>,
    /// Its application, if it was made here.
    pub(super) entry: Option<Entry>,
}

impl KnownCard {
    /// Made, and not handed over.
    fn waits(&self) -> bool {
        self.entry.as_ref().is_some_and(|entry| entry.state == Standing::Issued)
    }
}

/// The person's cards: those made here, the newest first, and the one in use where another station made it.
pub(super) fn cards(
    desk: &Desk,
    books: &mut Books,
    number: &PersonalNumber,
    record: Option<&PersonRecord>,
) -> Result<Vec<KnownCard>, Problem> {
    let mut digests = books.ledger.cards_of(number.as_str())?;
    let in_use = record.and_then(|record| record.card_in_use.as_ref()).map(|card| card.sod_sha256);
    if let Some(card) = in_use.filter(|card| !digests.contains(card)) {
        digests.insert(0, card);
    }
    let mut known = Vec::new();
    for card in digests {
        let mut nonce = [0; 16];
        desk.rng().fill_bytes(&mut nonce);
        let status = match books.register.card_status(&card, &nonce, desk.today()) {
            Ok((status, _)) => Some(status),
            Err(RegisterError::UnknownCard) => None,
            Err(error) => return Err(error.into()),
        };
        let entry = match books.ledger.of_card(&card)? {
            Some(id) => Some(books.ledger.entry(id)?),
            None => None,
        };
        known.push(KnownCard { card, status, entry });
    }
    Ok(known)
}

/// Cards with their states, and where each is.
pub(super) fn table(seen: &Seen, cards: &[KnownCard]) -> Markup {
    html! {
        @if cards.iter().any(KnownCard::waits) {
            (page::notice("good", seen.say(
                "Có thẻ đã làm xong, đang chờ trả: mở hồ sơ để trả thẻ.",
                "A card is made and waits to be handed over: open its application.",
            )))
        }
        @if cards.is_empty() {
            p.empty { (seen.say("Chưa có thẻ nào.", "There is no card.")) }
        } @else {
            div.scroll tabindex="0" role="group" aria-label=(seen.say("Các thẻ của người này", "This person's cards")) {
                table {
                    thead { tr {
                        th scope="col" { (seen.say("Thẻ", "Card")) }
                        th scope="col" { (seen.say("Trạng thái thẻ", "State of the card")) }
                        th scope="col" { (seen.say("Ngày cấp", "Issued")) }
                        th scope="col" { (seen.say("Hồ sơ", "Application")) }
                    } }
                    tbody { @for known in cards { (row(seen, known)) } }
                }
            }
        }
    }
}

fn row(seen: &Seen, known: &KnownCard) -> Markup {
    let name = known.card.to_string();
    let signed = known.entry.as_ref().and_then(|entry| entry.signed.as_ref());
    html! {
        tr {
            th scope="row" { a.number href={ "/cards/" (name) } { (name.get(..16).unwrap_or_default()) "…" } }
            td { @match known.status {
                Some(status) => (words::card_status(status, seen.language)),
                None => (seen.say("cơ sở dữ liệu không có", "not in the register")),
            } }
            td { @if let Some(signed) = signed { (signed.issued.strftime("%d/%m/%Y").to_string()) } @else { "–" } }
            td { @if let Some(entry) = &known.entry {
                a href={ "/applications/" (entry.id) } { (entry.id) } " " (page::state(entry.state, seen.language))
            } @else {
                (seen.say("máy trạm khác", "another station"))
            } }
        }
    }
}
