//! Passwords, from what a person holds in the hand.

use cccd_card_profile::mrz::{Mrz, MrzInformation};
use cccd_card_profile::protocol::pace::{NotACan, Password};
use cccd_card_profile::qr::ScannedQr;

use crate::evidence::PasswordKind;

/// What opens the chip: CAN, MRZ, or both. Zeroized when dropped, never printed.
#[derive(Debug, Default)]
pub struct Access {
    can: Option<Password>,
    /// The CAN was not given: it follows from the personal number in the zone.
    can_is_derived: bool,
    mrz: Option<Password>,
    bac: Option<MrzInformation>,
}

/// No password in what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// Not a card access number.
    #[error(transparent)]
    Can(#[from] NotACan),
}

impl Access {
    /// By card access number.
    ///
    /// # Errors
    /// [`AccessError::Can`].
    pub fn can(digits: &str) -> Result<Self, AccessError> {
        Ok(Self { can: Some(Password::can(digits)?), ..Self::default() })
    }

    /// By the machine readable zone. On Vietnam's cards the CAN follows from the personal number in it and is tried first,
    /// as their PACE is not known to take the zone; then PACE with the zone; BAC on chips that have no PACE.
    #[must_use]
    pub fn mrz(mrz: &Mrz) -> Self {
        let can = mrz.personal_number().and_then(|number| Password::can(number.can()).ok());
        let can_is_derived = can.is_some();
        Self { can, can_is_derived, ..Self::mrz_information(mrz.information(), mrz.information()) }
    }

    /// By the machine readable zone's three fields, given twice as the value is not copied.
    #[must_use]
    pub fn mrz_information(pace: MrzInformation, bac: MrzInformation) -> Self {
        Self { can: None, can_is_derived: false, mrz: Some(Password::mrz(&pace)), bac: Some(bac) }
    }

    /// By the QR code: the CAN of a CCCD is the last six digits of the personal number.
    ///
    /// # Errors
    /// In practice never: a personal number has twelve digits.
    pub fn qr(qr: &ScannedQr) -> Result<Self, AccessError> {
        Self::can(qr.base.number.can())
    }

    /// With the machine readable zone beside, for chips that do not take the CAN.
    #[must_use]
    pub fn or_mrz(mut self, mrz: &Mrz) -> Self {
        let other = Self::mrz_information(mrz.information(), mrz.information());
        self.mrz = other.mrz;
        self.bac = other.bac;
        self
    }

    /// The passwords for PACE, in the order in which they are tried. Of a CAN that was given no other is tried: it is
    /// right, or mistyped.
    pub(super) fn pace(&self) -> Vec<(&Password, PasswordKind)> {
        let can = self.can.as_ref().map(|password| (password, PasswordKind::Can));
        let mrz = self.mrz.as_ref().map(|password| (password, PasswordKind::Mrz));
        let mrz = mrz.filter(|_| self.can.is_none() || self.can_is_derived);
        can.into_iter().chain(mrz).collect()
    }

    /// What BAC needs.
    pub(super) fn bac(&self) -> Option<&MrzInformation> {
        self.bac.as_ref()
    }
}
