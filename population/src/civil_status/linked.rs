//! The two linked procedures (liên thông): birth → permanent residence of the child → health insurance card of a child under
//! 6; death → permanent residence removed → funeral benefit. Each step waits for the one before it.

use cccd_card_profile::personal_number::PersonalNumber;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use super::act::{ActId, Entry, Kind};
use super::apply::Changes;
use super::message::{Message, Topic};
use crate::person::words;

/// One step, done by another system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Đăng ký thường trú cho trẻ.
    Residence,
    /// Cấp thẻ bảo hiểm y tế cho trẻ dưới 6 tuổi.
    HealthInsurance,
    /// Xóa đăng ký thường trú.
    ResidenceRemoved,
    /// Mai táng phí.
    FuneralBenefit,
}

words!(
    Step,
    Residence = "residence",
    HealthInsurance = "health-insurance",
    ResidenceRemoved = "residence-removed",
    FuneralBenefit = "funeral-benefit",
);

impl Step {
    /// Whom it is asked of.
    #[must_use]
    pub fn topic(self) -> Topic {
        match self {
            Self::Residence | Self::ResidenceRemoved => Topic::Residence,
            Self::HealthInsurance => Topic::HealthInsuranceOfChild,
            Self::FuneralBenefit => Topic::FuneralBenefit,
        }
    }

    /// Working days that its office has. Of knowledge, not of a text at hand: residence 7 (Luật Cư trú 2020 art. 22),
    /// the others 5 and 10.
    #[must_use]
    pub fn working_days(self) -> u32 {
        match self {
            Self::Residence | Self::ResidenceRemoved => 7,
            Self::HealthInsurance => 5,
            Self::FuneralBenefit => 10,
        }
    }

    /// The last day for an answer asked for on `day`. Saturdays and Sundays do not count; holidays do, because each
    /// year's are decided anew: [`Step::due_over`] adds them.
    #[must_use]
    pub fn due(self, day: Date) -> Date {
        let mut due = day;
        let mut left = self.working_days();
        while left > 0 {
            let Ok(next) = due.tomorrow() else { return due };
            due = next;
            left -= u32::from(!matches!(due.weekday(), Weekday::Saturday | Weekday::Sunday));
        }
        due
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepState {
    /// Needs the step before it.
    Waiting,
    /// The other system was asked, the time limit runs.
    Asked,
    /// Done.
    Done,
    /// Refused, with a reason.
    Refused,
}

words!(StepState, Waiting = "waiting", Asked = "asked", Done = "done", Refused = "refused");

/// What the other system answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepAnswer {
    /// Whether it is done; else it is refused.
    pub done: bool,
    /// The other system's own file.
    pub reference: String,
    /// Why it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The day of the decision.
    pub on: Date,
}

impl core::fmt::Debug for StepAnswer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StepAnswer").field("done", &self.done).field("on", &self.on).finish_non_exhaustive()
    }
}

/// A step of somebody's procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedStep {
    /// Whose, by the number at the time of the act.
    pub person: PersonalNumber,
    /// Because of which act.
    pub act: ActId,
    /// Counts from 1; a step needs the one before it.
    pub place: u32,
    /// What.
    pub step: Step,
    /// How far.
    pub state: StepState,
    /// The last day for an answer, once it was asked for.
    pub due: Option<Date>,
    /// The answer that counts.
    pub answer: Option<StepAnswer>,
}

/// The steps that an act begins, each with the message that asks for it. None: the act begins no procedure, its messages go
/// out as they are.
#[must_use]
pub fn steps(entry: &Entry, changes: &Changes) -> Vec<(Step, Message)> {
    let steps: &[Step] = match entry.id.kind {
        Kind::Birth => &[Step::Residence, Step::HealthInsurance],
        Kind::Death => &[Step::ResidenceRemoved, Step::FuneralBenefit],
        _ => &[],
    };
    let asks = |step: &Step| {
        let message = changes.messages.iter().find(|message| message.topic == step.topic())?;
        Some((*step, message.clone()))
    };
    let steps: Vec<(Step, Message)> = steps.iter().filter_map(asks).collect();
    // A child that is not registered as resident has no chain: health insurance is asked for at once.
    if steps.first().is_some_and(|(step, _)| matches!(step, Step::Residence | Step::ResidenceRemoved)) {
        steps
    } else {
        Vec::new()
    }
}
