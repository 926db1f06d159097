//! What a session has proved.

use super::TerminalRight;

/// How chip access was gained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChipAccess {
    /// Basic Access Control (Doc 9303-11 §4.3).
    Bac,
    /// PACE with the CAN (Doc 9303-11 §4.4).
    PaceCan,
    /// PACE with the MRZ (Doc 9303-11 §4.4).
    PaceMrz,
    /// PACE with the PIN (TR-03110-2 §2.5).
    PacePin,
    /// PACE with the PUK: it unblocks the PIN and opens no file.
    PacePuk,
}

/// The security status of a session (ISO/IEC 7816-4 §9.2). Nothing is proved at power-up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessStatus {
    /// BAC or PACE succeeded, and secure messaging has held since.
    pub chip_access: Option<ChipAccess>,
    /// Rights of the terminal that authenticated itself.
    pub terminal_rights: Vec<TerminalRight>,
    /// The personalizer's channel is open.
    pub personalizer: bool,
    /// The chip is locked for good.
    pub locked: bool,
}

impl AccessStatus {
    /// Whether the application's files are open: BAC or PACE, by any password but the PUK.
    #[must_use]
    pub fn opens_files(&self) -> bool {
        self.chip_access.is_some_and(|access| access != ChipAccess::PacePuk)
    }

    /// Forgets what the session proved: power-up, a secure messaging error. The lock stays.
    pub fn reset(&mut self) {
        *self = Self { locked: self.locked, ..Self::default() };
    }
}
