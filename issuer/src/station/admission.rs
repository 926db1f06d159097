//! Before a chip is touched: the application is taken in, compared with the register, approved and prepared.

use cccd_card_profile::card_holder::CardData;
use cccd_population::card::SodDigest;
use jiff::civil::Date;
use serde_json::Value;

use super::{IssueError, Station};
use crate::application::{Application, Portrait, Refusal, Step, Template, check};
use crate::ledger::{ApplicationId, Entry};
use crate::register::day_in_vietnam;

/// An application that may become a card.
#[derive(Debug)]
pub struct Admitted {
    pub(super) id: ApplicationId,
    pub(super) card: CardData,
    pub(super) portrait: Portrait,
    pub(super) template: Template,
    pub(super) replaces: Option<SodDigest>,
    pub(super) issue_date: Date,
    /// Set when an interrupted run is to be finished: the ledger's word about it.
    pub(super) interrupted: Option<Entry>,
}

impl Admitted {
    /// What the card will say; the chip's serial is still missing.
    #[must_use]
    pub fn card(&self) -> &CardData {
        &self.card
    }

    /// The portrait, fit for chip and print.
    #[must_use]
    pub fn portrait(&self) -> &Portrait {
        &self.portrait
    }

    /// The face to print.
    #[must_use]
    pub fn template(&self) -> Template {
        self.template
    }

    /// An earlier run was interrupted while it wrote a chip.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.is_some()
    }
}

impl Station<'_> {
    /// Takes an application in and walks it to `queued`; an interrupted one is found again.
    ///
    /// # Errors
    /// [`IssueError`]. A refusal by a rule is noted as `rejected`, or `spoiled` when a chip was in work.
    pub fn admit(&mut self, application: &Application) -> Result<Admitted, IssueError> {
        self.allow_blank()?;
        // What is no portrait never enters the ledger.
        let portrait = Portrait::from_file(&application.portrait)?;
        let act = self.act();
        let entry = self.ledger.receive(application, act)?;
        let interrupted = entry.state.is_in_work().then(|| entry.clone());
        let today = day_in_vietnam(self.at);
        let signed = interrupted.as_ref().and_then(|entry| entry.signed.clone());
        let issue_date = signed.as_ref().map_or(today, |signed| signed.issued);

        let mut record = self.register.person(&application.number, today)?;
        // Recorded already, when the crash came between the register and the ledger: our own card is no obstacle.
        let recorded = signed.as_ref().is_some_and(|signed| {
            let in_use = record.as_ref().and_then(|record| record.card_in_use.as_ref());
            in_use.is_some_and(|card| card.sod_sha256 == signed.sod_sha256)
        });
        if recorded && let Some(record) = &mut record {
            record.card_in_use = None;
        }
        let checked = match check(application, record, issue_date) {
            Ok(checked) => checked,
            Err(refusal) => return Err(self.refuse(&entry, recorded, refusal)?),
        };
        let replaces = if recorded { signed.and_then(|signed| signed.replaces) } else { checked.replaces };
        // Who signs is decided by the card's expiry, before any chip is touched.
        self.keys.signers.for_card(checked.card.expiry.date(), self.at).map_err(IssueError::Signer)?;
        if interrupted.is_none() {
            for step in [Step::Check, Step::Capture, Step::Approve, Step::Prepare, Step::Enqueue] {
                self.ledger.advance(entry.id, step, None, &Value::Null, act)?;
            }
        }
        Ok(Admitted {
            id: entry.id,
            card: checked.card,
            portrait,
            template: application.template,
            replaces,
            issue_date,
            interrupted,
        })
    }

    fn refuse(&mut self, entry: &Entry, recorded: bool, refusal: Refusal) -> Result<IssueError, IssueError> {
        let act = self.act();
        if entry.state.is_before_chip() {
            self.ledger.advance(entry.id, Step::Reject, Some(&refusal.to_string()), &Value::Null, act)?;
        } else if !recorded {
            // The person may not have this card any more: the chip in work is lost to it.
            let reason = format!("refused after an interruption: {refusal}");
            self.ledger.advance(entry.id, Step::Spoil, Some(&reason), &Value::Null, act)?;
        }
        Ok(refusal.into())
    }
}
