//! Makes an attack, presents it, undoes the one change and presents the card again.

use anyhow::{Context as _, Result};

use super::Variant;
use crate::laboratory::country::LabCountry;
use crate::laboratory::stage::Shown;

/// What came of an attack.
#[derive(Debug)]
pub struct Outcome {
    /// The attack.
    pub variant: &'static Variant,
    /// What the verifier told of it.
    pub told: (&'static str, &'static str, &'static str),
    /// What it told of the same card without the change.
    pub undone: (&'static str, &'static str, &'static str),
    /// The forged card, as it was presented.
    pub shown: Shown,
}

impl Outcome {
    /// Decided by exactly its reason, and accepted when the change is undone.
    #[must_use]
    pub fn is_as_expected(&self) -> bool {
        self.told == self.variant.expected.told() && self.undone.0 == "accepted"
    }
}

/// Makes one, and undoes it.
///
/// # Errors
/// If it cannot be made.
pub fn run(variant: &'static Variant, lab: &LabCountry) -> Result<Outcome> {
    let of = |what: &str| format!("{}: {what}", variant.id());
    let mut stage = variant.base.set(lab).with_context(|| of("the genuine card"))?;
    (variant.change)(&mut stage).with_context(|| of("the change"))?;
    let shown = stage.show().with_context(|| of("the forged card"))?;
    let undone = variant.base.set(lab)?.show().with_context(|| of("the card without the change"))?;
    Ok(Outcome { variant, told: shown.told(), undone: undone.told(), shown })
}
