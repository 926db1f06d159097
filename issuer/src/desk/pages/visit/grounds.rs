//! Whether what is asked for fits the cards that the person had (Luật Căn cước 2023 art. 24).

use cccd_population::card::CardStatus;

use super::super::super::visits::Visit;
use super::super::person::KnownCard;
use crate::application::{self, Ground, Reason, Refusal};
use crate::register::PersonRecord;

/// What most probably is asked for: an exchange where there is a card in use, a reissue where there was one.
pub(super) fn probable(record: Option<&PersonRecord>, cards: &[KnownCard]) -> (Reason, Option<Ground>) {
    if record.is_some_and(|record| record.card_in_use.is_some()) {
        return (Reason::Exchange, Some(Ground::OnRequest));
    }
    match earlier(record, cards).last() {
        None => (Reason::FirstIssue, None),
        Some(CardStatus::Expired) => (Reason::Exchange, Some(Ground::OnRequest)),
        Some(_) => (Reason::Reissue, Some(Ground::LostOrDamaged)),
    }
}

/// What became of the cards, the newest last; from a register that does not say it, what this station knows of.
fn earlier(record: Option<&PersonRecord>, cards: &[KnownCard]) -> Vec<CardStatus> {
    match record.and_then(|record| record.earlier.clone()) {
        Some(earlier) => earlier,
        None => cards.iter().rev().filter_map(|card| card.status).collect(),
    }
}

/// Why this reason does not fit. Of whoever has a card in use, what is asked for at once is judged by a rule of its own.
pub(super) fn misfit(visit: &Visit, reason: Reason) -> Option<Refusal> {
    let record = visit.record.as_ref()?;
    if record.card_in_use.is_some() {
        return None;
    }
    application::misfit(reason, &earlier(Some(record), &visit.cards))
}
