//! Passwords, from what a person holds in the hand.

use cccd_card_profile::mrz::{Mrz, MrzInformation};
use cccd_card_profile::protocol::pace::{NotACan, NotAPin, NotAPuk, Password};
use cccd_card_profile::qr::ScannedQr;

use crate::evidence::PasswordKind;

/// What opens the chip: CAN, MRZ, or both. Zeroized when dropped, never printed.
#[derive(Debug, Default)]
pub struct Access {
    can: Option<Password>,
    /// The CAN was not given: it follows from the personal number in the zone.
    can_is_derived: bool,
    mrz: Option<Password>,
    pin: Option<Password>,
    puk: Option<Password>,
    bac: Option<MrzInformation>,
}

/// No password in what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// Not a card access number.
    #[error(transparent)]
    Can(#[from] NotACan),
    /// Not a PIN.
    #[error(transparent)]
    Pin(#[from] NotAPin),
    /// Not a PUK.
    #[error(transparent)]
    Puk(#[from] NotAPuk),
}

impl Access {
    /// By card access number.
    ///
    /// # Errors
    /// [`AccessError::Can`].
    pub fn can(digits: &str) -> Result<Self, AccessError> {
        Ok(Self { can: Some(Password::can(digits)?), ..Self::default() })
    }

    /// By the PIN, on chips that have one. **A wrong PIN costs a try**: it is tried once in a reading, and the last try is
    /// spent only after the card access number ([`Access::or_can`]).
    ///
    /// # Errors
    /// [`AccessError::Pin`].
    pub fn pin(digits: &str) -> Result<Self, AccessError> {
        Ok(Self { pin: Some(Password::pin(digits)?), ..Self::default() })
    }

    /// With the card access number beside a PIN: it resumes one that has a single try left.
    ///
    /// # Errors
    /// [`AccessError::Can`].
    pub fn or_can(mut self, digits: &str) -> Result<Self, AccessError> {
        self.can = Some(Password::can(digits)?);
        Ok(self)
    }

    /// With the PUK beside a PIN: it unblocks a blocked one.
    ///
    /// # Errors
    /// [`AccessError::Puk`].
    pub fn or_puk(mut self, digits: &str) -> Result<Self, AccessError> {
        self.puk = Some(Password::puk(digits)?);
        Ok(self)
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
        Self { mrz: Some(Password::mrz(&pace)), bac: Some(bac), ..Self::default() }
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
        // A PIN that was given is what opens the chip: nothing else is tried after it.
        if let Some(pin) = &self.pin {
            return vec![(pin, PasswordKind::Pin)];
        }
        let can = self.can.as_ref().map(|password| (password, PasswordKind::Can));
        let mrz = self.mrz.as_ref().map(|password| (password, PasswordKind::Mrz));
        let mrz = mrz.filter(|_| self.can.is_none() || self.can_is_derived);
        can.into_iter().chain(mrz).collect()
    }

    /// Whether a PIN is to open the chip.
    pub(super) fn is_pin(&self) -> bool {
        self.pin.is_some()
    }

    /// What resumes a suspended PIN.
    pub(super) fn resuming(&self) -> Option<&Password> {
        self.can.as_ref()
    }

    /// What unblocks a blocked PIN.
    pub(super) fn unblocking(&self) -> Option<&Password> {
        self.puk.as_ref()
    }

    /// What BAC needs.
    pub(super) fn bac(&self) -> Option<&MrzInformation> {
        self.bac.as_ref()
    }
}
