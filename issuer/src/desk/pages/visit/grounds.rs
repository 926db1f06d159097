//! Whether what is asked for fits the cards that the person had (Luật Căn cước 2023 art. 24).

use axum::http::StatusCode;

use super::super::super::problem::Problem;
use super::super::super::visits::Visit;
use super::super::person::KnownCard;
use crate::application::{Ground, Reason};

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

/// Why this reason does not fit. A first issue for whoever has a card in use is forbidden by a rule of its own.
pub(super) fn misfit(visit: &Visit, reason: Reason) -> Option<Problem> {
    let record = visit.record.as_ref()?;
    if record.card_in_use.is_some() {
        return None;
    }
    match reason {
        Reason::FirstIssue if !visit.cards.is_empty() => Some(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "had-a-card",
            (
                "Người này đã từng được cấp thẻ: không phải cấp lần đầu",
                "This person had a card before: this is no first issue",
            ),
            ("Chọn cấp lại, với căn cứ đúng.", "Choose a reissue, on the ground that applies."),
        )),
        Reason::Exchange if !visit.cards.iter().any(KnownCard::is_expired) => Some(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "nothing-to-exchange",
            ("Người này không có thẻ để đổi", "This person has no card that could be exchanged"),
            (
                "Chọn cấp lại nếu thẻ đã mất hoặc hỏng; nếu chưa từng có thẻ, chọn cấp lần đầu.",
                "Choose a reissue if the card is lost or damaged, a first issue if there never was one.",
            ),
        )),
        _ => None,
    }
}
