//! Whether what is asked for fits the cards that the person had (Luật Căn cước 2023 art. 24).

use super::super::super::visits::Visit;
use super::super::person::KnownCard;
use crate::application::{self, Ground, Reason, Refusal};

/// What most probably is asked for: an exchange where there is a card in use, a reissue where there was one.
pub(super) fn probable(in_use: bool, cards: &[KnownCard]) -> (Reason, Option<Ground>) {
    if in_use {
        (Reason::Exchange, Some(Ground::OnRequest))
    } else if cards.is_empty() {
        (Reason::FirstIssue, None)
    } else {
        (Reason::Reissue, Some(Ground::LostOrDamaged))
    }
}

/// Why this reason does not fit. Of whoever has a card in use, what is asked for at once is judged by a rule of its own.
pub(super) fn misfit(visit: &Visit, reason: Reason) -> Option<Refusal> {
    let record = visit.record.as_ref()?;
    if record.card_in_use.is_some() {
        return None;
    }
    match &record.earlier {
        Some(earlier) => application::misfit(reason, earlier),
        // From a register that does not say it: what this station knows of.
        None => {
            let known: Vec<_> = visit.cards.iter().filter_map(|card| card.status).collect();
            application::misfit(reason, &known)
        }
    }
}
