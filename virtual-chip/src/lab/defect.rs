//! Chips that do one thing wrong: what shows that a test of chips can fail.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

/// One thing that a chip does wrong. None of them is ever set but by [`crate::Chip::with_defect`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Defect {
    /// The checksum of a protected command is not looked at.
    IgnoresChecksum,
    /// Answers inside the session leave it unprotected.
    AnswersNaked,
    /// An unprotected command does not end the session, and is carried out.
    SurvivesPlainCommand,
    /// DG3 is given to whoever opened the chip.
    GivesFingerprints,
    /// The files are open without BAC or PACE.
    OpenWithoutAccess,
    /// A file that is not there is `6A88`.
    ConfusesAbsence,
    /// Beyond the end of a file: `9000` without data.
    ReadsBeyondEnd,
    /// The challenge of BAC is always the same.
    RepeatsChallenge,
    /// A BAC or PACE that failed opens the files, unprotected.
    OpensOnFailure,
    /// UPDATE BINARY is `9000` after the lock.
    ClaimsToWrite,
    /// Active Authentication signs another challenge than the one given.
    SignsOtherChallenge,
    /// What is no public key is answered with `9000` in Chip Authentication.
    AcceptsAnyPublicKey,
}

impl Defect {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::IgnoresChecksum,
        Self::AnswersNaked,
        Self::SurvivesPlainCommand,
        Self::GivesFingerprints,
        Self::OpenWithoutAccess,
        Self::ConfusesAbsence,
        Self::ReadsBeyondEnd,
        Self::RepeatsChallenge,
        Self::OpensOnFailure,
        Self::ClaimsToWrite,
        Self::SignsOtherChallenge,
        Self::AcceptsAnyPublicKey,
    ];
}

/// What [`Defect::RepeatsChallenge`] takes for randomness.
pub(crate) struct Constant;

impl TryRng for Constant {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0x2A2A_2A2A)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0x2A2A_2A2A_2A2A_2A2A)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(0x2A);
        Ok(())
    }
}

impl TryCryptoRng for Constant {}
