//! A reading that survives the card's leaving: what came so far, and how it goes on at the next tap.

use cccd_card_profile::apdu::{Fused, LinkLost, Transport};
use cccd_card_profile::file_system::CCCD_FILES;
use rand_core::CryptoRng;

use super::run::Inspection;
use super::{Access, InspectionOptions, Progress, ReadError};
use crate::evidence::{Evidence, Files};
use crate::session::{BlockSizes, PartialFile};

/// More exchanges than any card needs in one tap: 512 KiB in blocks of 112 bytes are under five thousand.
const MOST_EXCHANGES: u32 = 20_000;

/// How a tap ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tap {
    /// The reading is over: the evidence holds all that this card gives.
    Done,
    /// The link was lost on the way. Another tap goes on where this one stopped.
    Lost(LinkLost),
}

/// One reading of one card, over as many taps as it takes.
///
/// ```text
/// let mut reading = Reading::new(InspectionOptions::new(at));
/// while let Tap::Lost(_) = reading.tap(next_transport()?, |_| Ok(()), &access, &mut rng, &mut |_| {})? {
///     // Ask for the card, wait for it, or give up: what came so far is evidence too.
/// }
/// let evidence = reading.into_evidence();
/// ```
///
/// A later tap opens the chip anew, and reads EF.SOD: it must be the first one to the byte, else the tap ends with
/// [`ReadError::OtherCard`] and the reading is as it was before. The chip shows by Chip Authentication, where it has it,
/// that it holds the key as the first one did. A file that was cut off goes on at the byte where it stopped; only the digest in
/// EF.SOD tells that its pieces belong together, and a file of two taps without that digest is read anew.
/// (`docs/decisions/0061-resume.md`)
#[derive(Debug)]
pub struct Reading {
    pub(super) options: InspectionOptions,
    pub(super) evidence: Evidence,
    pub(super) blocks: BlockSizes,
    /// A file that was cut off.
    pub(super) partial: Option<PartialFile>,
    pub(super) begun: bool,
    pub(super) over: bool,
    pub(super) done: u32,
    pub(super) total: u32,
}

impl Reading {
    /// Nothing read yet.
    #[must_use]
    pub fn new(options: InspectionOptions) -> Self {
        let mut evidence = Evidence::of_files(Files::default(), options.at);
        evidence.station.clone_from(&options.station);
        // Preparing, opening, the files of a CCCD but DG3 and the two before the opening, the two proofs.
        let files = u32::try_from(CCCD_FILES.len()).unwrap_or(10).saturating_sub(4);
        Self {
            options,
            evidence,
            blocks: BlockSizes::SHORT,
            partial: None,
            begun: false,
            over: false,
            done: 0,
            total: files.saturating_add(4),
        }
    }

    /// Reads what is still to be read, from a card that was reset or freshly presented. `reset` is needed only on chips
    /// that cannot be opened twice after one reset. After [`Tap::Done`] nothing is left to read and nothing happens.
    ///
    /// # Errors
    /// [`ReadError`] when the chip could not be opened or is another one; the reading stays as it was, and may go on with
    /// the right card.
    pub fn tap<T: Transport>(
        &mut self,
        transport: T,
        mut reset: impl FnMut(&mut T) -> Result<(), LinkLost>,
        access: &Access,
        rng: &mut dyn CryptoRng,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Tap, ReadError> {
        if self.over {
            return Ok(Tap::Done);
        }
        if self.evidence.files.sod.is_none() {
            // Nothing that could tell one card from another: from the start.
            let fresh = Self::new(self.options.clone());
            *self = fresh;
        }
        let reset = |link: &mut Fused<T>| reset(link.inner_mut());
        Inspection::new(self, reset, access, rng, progress).run(Fused::new(transport, MOST_EXCHANGES))
    }

    /// Whether a chip was opened: from then on there is evidence.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.begun
    }

    /// What came so far.
    #[must_use]
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// What came, whole or not; [`Evidence::complete`] tells.
    #[must_use]
    pub fn into_evidence(self) -> Evidence {
        self.evidence
    }
}
