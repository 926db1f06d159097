//! A change in a card's life: who may order it, what it needs, and how ledger and register learn of it.

use cccd_population::card::{CardStatus, SodDigest};
use jiff::civil::Date;

use super::{HoldGround, RevocationGround};
use crate::accounts::Role;
use crate::ledger::{Act, AskedChange, Begun, ChangeOutcome, Ledger};
use crate::register::{Register, RegisterError, day_in_vietnam};
use crate::station::IssueError;

/// What happens to a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardChange {
    /// Its holder reported it lost.
    Lost,
    /// A lost card came back: it is destroyed.
    Found,
    /// Giữ (art. 29(2)): an authority holds it while a measure lasts; said again, the measure lasts longer.
    Hold(HoldGround, Option<Date>),
    /// The measure has ended: its holder has it again.
    Return,
    /// Thu hồi (art. 29(1)): withdrawn for good.
    Revoke(RevocationGround),
    /// Physically destroyed.
    Destroy,
}

impl CardChange {
    /// The stable word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Found => "found",
            Self::Hold(..) => "hold",
            Self::Return => "return",
            Self::Revoke(_) => "revoke",
            Self::Destroy => "destroy",
        }
    }

    /// What the card is afterwards.
    #[must_use]
    pub fn status(self) -> CardStatus {
        match self {
            Self::Lost => CardStatus::Lost,
            Self::Found | Self::Destroy => CardStatus::Destroyed,
            Self::Hold(..) => CardStatus::Held,
            Self::Return => CardStatus::Active,
            Self::Revoke(_) => CardStatus::Revoked,
        }
    }

    /// Who may order it. What a citizen reports or brings is taken in at the counter; what takes a card from its holder, or
    /// gives it back, is an approver's order.
    #[must_use]
    pub fn role(self) -> Role {
        match self {
            Self::Lost | Self::Found => Role::Capture,
            Self::Hold(..) | Self::Return | Self::Revoke(_) | Self::Destroy => Role::Approve,
        }
    }

    /// Whether it may happen to a card that the register has so. One that has the status already is a repeat; a card in use was
    /// perhaps never held, so its return is one only where it was asked for before.
    #[must_use]
    pub fn may_follow(self, status: CardStatus) -> bool {
        use CardStatus::{Active, Destroyed, Expired, Held, Lost, Replaced, Revoked};
        (status == self.status() && self != Self::Return)
            || match self {
                Self::Lost => matches!(status, Active | Held | Expired),
                Self::Found => status == Lost,
                Self::Hold(..) => status == Active,
                Self::Return => status == Held,
                Self::Revoke(_) => matches!(status, Active | Held | Lost | Expired),
                Self::Destroy => matches!(status, Active | Held | Lost | Revoked | Replaced | Expired),
            } && status != Destroyed
    }

    fn ground(self) -> Option<&'static str> {
        match self {
            Self::Hold(ground, _) => Some(ground.as_str()),
            Self::Revoke(ground) => Some(ground.as_str()),
            _ => None,
        }
    }

    fn until(self) -> Option<Date> {
        if let Self::Hold(_, until) = self { until } else { None }
    }

    /// What the register keeps as the reason.
    fn reason(self, said: &str) -> String {
        match self {
            Self::Hold(ground, None) => super::reason(&ground, said),
            Self::Hold(ground, Some(until)) => format!("{} (until {until})", super::reason(&ground, said)),
            Self::Revoke(ground) => super::reason(&ground, said),
            _ => said.to_owned(),
        }
    }
}

/// An officer's order about a card. The officer's role is the caller's affair ([`CardChange::role`]).
#[derive(Debug, Clone, Copy)]
pub struct CardOrder<'a> {
    /// Which card.
    pub card: SodDigest,
    /// What happens to it.
    pub change: CardChange,
    /// Why, in the officer's words.
    pub said: &'a str,
}

/// What came of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// What the card is now.
    pub status: CardStatus,
    /// Since when.
    pub since: Option<Date>,
    /// This very request was carried out before.
    pub repeated: bool,
}

impl CardOrder<'_> {
    /// Notes the order, has the register carry it out, and notes what came of it. Interrupted between the two, the same
    /// order under the same name of a request is carried on; carried out, it is answered and not done again.
    ///
    /// # Errors
    /// [`IssueError`]. What the card's life forbids is refused before anything is written.
    pub fn carry_out(
        &self,
        ledger: &mut Ledger,
        register: &mut dyn Register,
        act: Act<'_>,
        nonce: &[u8; 16],
    ) -> Result<Changed, IssueError> {
        if self.said.trim().is_empty() {
            return Err(RegisterError::Refused("a change of a card needs a reason".to_owned()).into());
        }
        let today = day_in_vietnam(act.at);
        register.for_officer(act.actor);
        let (status, since) = register.card_status(&self.card, nonce, today)?;
        let forbidden = || {
            let (word, change) = (status.as_str(), self.change.as_str());
            IssueError::from(RegisterError::Refused(format!(
                "{change} is no change of a card that is {word}"
            )))
        };
        // A request that was answered is answered again, whatever became of the card since.
        let known = act.request.map(|request| ledger.knows_card_request(request)).transpose()?;
        if known != Some(true) {
            // Asked for before, and the line went before the answer came.
            let waits =
                status == self.change.status() && ledger.waits_for(&self.card, self.change.as_str())?;
            if !waits && !self.change.may_follow(status) {
                return Err(forbidden());
            }
            if self.change.until().is_some_and(|until| until < today) {
                let past = "the measure would have ended before today";
                return Err(RegisterError::Refused(past.to_owned()).into());
            }
        }
        let asked = AskedChange {
            card: &self.card,
            change: self.change.as_str(),
            ground: self.change.ground(),
            until: self.change.until(),
            reason: self.said,
        };
        let id = match ledger.begin_card_change(&asked, act)? {
            Begun::Now(id) => id,
            Begun::Before(ChangeOutcome::Done) => return Ok(Changed { status, since, repeated: true }),
            Begun::Before(ChangeOutcome::Refused) => return Err(forbidden()),
        };
        match register.set_card_status(
            &self.card,
            self.change.status(),
            &self.change.reason(self.said),
            act.at,
        ) {
            Ok(card) => {
                ledger.end_card_change(id, ChangeOutcome::Done, act)?;
                Ok(Changed { status: card.status, since: Some(card.since), repeated: false })
            }
            Err(error) => {
                if matches!(error, RegisterError::Refused(_) | RegisterError::UnknownCard) {
                    ledger.end_card_change(id, ChangeOutcome::Refused, act)?;
                }
                Err(error.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGES: [CardChange; 6] = [
        CardChange::Lost,
        CardChange::Found,
        CardChange::Hold(HoldGround::Detention, None),
        CardChange::Return,
        CardChange::Revoke(RevocationGround::Altered),
        CardChange::Destroy,
    ];

    #[test]
    fn no_change_brings_a_card_back_into_use_but_the_end_of_a_hold() {
        for change in CHANGES {
            for status in CardStatus::ALL {
                if !change.may_follow(status) || change.status() == status {
                    continue;
                }
                assert_ne!(status, CardStatus::Destroyed, "{}", change.as_str());
                let back = change.status() == CardStatus::Active;
                assert_eq!(back, change == CardChange::Return && status == CardStatus::Held);
                // What we allow, the register allows: an expired card is active in its rows.
                let kept = if status == CardStatus::Expired { CardStatus::Active } else { status };
                assert!(kept.change(change.status()).is_ok(), "{} of {}", change.as_str(), status.as_str());
            }
        }
        assert!(
            !CardChange::Found.may_follow(CardStatus::Active),
            "a card in use is not destroyed by a slip"
        );
        assert!(CardChange::Hold(HoldGround::Detention, None).may_follow(CardStatus::Held));
        assert!(!CardChange::Return.may_follow(CardStatus::Active), "it was never held");
    }

    #[test]
    fn what_takes_a_card_away_is_an_approvers_order() {
        let roles = CHANGES.map(CardChange::role);
        use Role::{Approve, Capture};
        assert_eq!(roles, [Capture, Capture, Approve, Approve, Approve, Approve]);
    }
}
