//! What the bearer showed beside the chip.

use cccd_card_profile::mrz::Mrz;
use cccd_card_profile::qr::{QrError, ScannedQr};

/// What the bearer showed beside the chip, and what a person saw.
#[derive(Debug, Clone, Default)]
pub struct Presented {
    /// The printed machine readable zone.
    pub mrz: Option<Mrz>,
    /// The printed QR code.
    pub qr: Option<PresentedQr>,
    /// Whether the bearer is the person of the portrait, if somebody compared.
    pub holder_is_bearer: Option<bool>,
}

/// A QR code as scanned.
#[derive(Debug, Clone)]
pub enum PresentedQr {
    /// That of an identity card.
    Card(Box<ScannedQr>),
    /// A text that is none.
    Other(QrError),
}

impl Presented {
    /// Nothing but the chip.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// With the printed machine readable zone.
    #[must_use]
    pub fn with_mrz(mut self, mrz: Mrz) -> Self {
        self.mrz = Some(mrz);
        self
    }

    /// With the text of the printed QR code.
    #[must_use]
    pub fn with_qr(mut self, text: &str) -> Self {
        self.qr = Some(match ScannedQr::parse(text) {
            Ok(qr) => PresentedQr::Card(Box::new(qr)),
            Err(error) => PresentedQr::Other(error),
        });
        self
    }

    /// With what a person saw who compared the portrait with the bearer.
    #[must_use]
    pub fn with_holder(mut self, holder_is_bearer: Option<bool>) -> Self {
        self.holder_is_bearer = holder_is_bearer;
        self
    }
}
