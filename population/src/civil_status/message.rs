//! What connected systems are told. A message names the person and what happened, never more than its receiver needs;
//! who wants more asks the register with a right of their own.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::act::{ActId, Kind};

/// Who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// Everybody who holds a copy of what has changed.
    PersonChanged,
    /// The office of civil status: the number of a newborn.
    NumberAnswered,
    /// The residence register: a child is to be registered, the dead to be removed. First step of both linked
    /// procedures (birth → residence → health insurance; death → residence → funeral benefit).
    Residence,
    /// Social insurance: the health insurance card of a child under 6.
    HealthInsuranceOfChild,
    /// Social affairs: the funeral benefit.
    FuneralBenefit,
    /// Issuing: a card to be taken back, replaced or ended.
    Card,
    /// The ward's office: a household without a head.
    HouseholdHead,
    /// The ward's office: a child without anybody to stand for it.
    Guardian,
}

/// One line of the outbox.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who listens.
    pub topic: Topic,
    /// About whom.
    pub person: PersonalNumber,
    /// Because of which act.
    pub act: ActId,
    /// What it was.
    pub kind: Kind,
    /// The day it happened.
    pub on: Date,
    /// Whom it concerns besides: the child's household, the one to whom the benefit is paid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<PersonalNumber>,
}

impl core::fmt::Debug for Message {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Message").field("topic", &self.topic).field("act", &self.act).finish_non_exhaustive()
    }
}
