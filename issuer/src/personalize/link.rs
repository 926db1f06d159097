//! A card under the station's hand: bytes in, bytes out, and a reset.

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_reader::PcscTransport;
use cccd_virtual_chip::Chip;
use cccd_virtual_chip::lab::jmrtd::JmrtdApplet;

/// A transport that can reset its card. The read-back begins with a reset: so does every citizen's reader.
pub trait CardLink: Transport {
    /// Resets the card; sessions end.
    ///
    /// # Errors
    /// [`LinkLost`] when no card is there.
    fn reset(&mut self) -> Result<(), LinkLost>;
}

impl CardLink for Chip {
    fn reset(&mut self) -> Result<(), LinkLost> {
        Self::reset(self);
        Ok(())
    }
}

impl CardLink for JmrtdApplet {
    fn reset(&mut self) -> Result<(), LinkLost> {
        Self::reset(self);
        Ok(())
    }
}

impl CardLink for PcscTransport {
    fn reset(&mut self) -> Result<(), LinkLost> {
        Self::reset(self).map_err(|error| LinkLost::new(error.to_string()))
    }
}

impl<L: CardLink + ?Sized> CardLink for &mut L {
    fn reset(&mut self) -> Result<(), LinkLost> {
        (**self).reset()
    }
}

impl<L: CardLink + ?Sized> CardLink for Box<L> {
    fn reset(&mut self) -> Result<(), LinkLost> {
        (**self).reset()
    }
}
