//! Where the time of a card goes: the chip's own key generation and our signature, and everything else.

use std::time::{Duration, Instant};

use cccd_card_profile::personalization::PersonalizationStep;

/// Durations by step.
#[derive(Debug, Clone, Default)]
pub struct Timings {
    steps: Vec<(PersonalizationStep, Duration)>,
    signing: Duration,
}

impl Timings {
    /// The time spent in a step.
    #[must_use]
    pub fn of(&self, step: PersonalizationStep) -> Duration {
        self.steps.iter().filter(|(known, _)| *known == step).map(|(_, time)| *time).sum()
    }

    /// All steps in the order they ran.
    #[must_use]
    pub fn steps(&self) -> &[(PersonalizationStep, Duration)] {
        &self.steps
    }

    /// Waiting for the chip to make its key pairs.
    #[must_use]
    pub fn key_generation(&self) -> Duration {
        self.of(PersonalizationStep::GenerateKeys)
    }

    /// Signing EF.SOD and verifying the signature.
    #[must_use]
    pub fn signing(&self) -> Duration {
        self.signing
    }

    /// The whole card.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.steps.iter().map(|(_, time)| *time).sum()
    }

    /// Key generation and signature as a share of the whole, 0 to 1.
    #[must_use]
    pub fn cryptography_share(&self) -> f64 {
        let total = self.total().as_secs_f64();
        if total > 0.0 { (self.key_generation() + self.signing).as_secs_f64() / total } else { 0.0 }
    }

    pub(crate) fn measure<R>(&mut self, step: PersonalizationStep, work: impl FnOnce() -> R) -> R {
        let start = Instant::now();
        let result = work();
        self.steps.push((step, start.elapsed()));
        result
    }

    pub(crate) fn add_signing(&mut self, time: Duration) {
        self.signing += time;
    }
}
