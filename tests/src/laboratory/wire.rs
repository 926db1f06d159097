//! What stands between a reader and a chip: an honest wire, or one that listens, lies and remembers.

use cccd_card_profile::apdu::{LinkLost, Transport};
use cccd_virtual_chip::Chip;

/// What a wire does with an exchange: it may ask the chip, as often as it likes and whatever it likes, and answers the reader.
pub type Tamper = Box<dyn FnMut(&mut Exchange<'_>) -> Vec<u8>>;

/// One command on its way.
pub struct Exchange<'w> {
    /// How many commands went before.
    pub number: usize,
    /// How many protected ones did, if this is one.
    pub protected: Option<usize>,
    /// The command.
    pub command: &'w [u8],
    /// The answers before, as the reader saw them.
    pub heard: &'w [Vec<u8>],
    chip: &'w mut Chip,
}

impl std::fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("number", &self.number).finish_non_exhaustive()
    }
}

impl Exchange<'_> {
    /// The chip's answer to the command.
    pub fn honest(&mut self) -> Vec<u8> {
        let command = self.command.to_vec();
        self.ask(&command)
    }

    /// The chip's answer to any command.
    pub fn ask(&mut self, command: &[u8]) -> Vec<u8> {
        self.chip.transmit(command).unwrap_or_default()
    }

    /// The command's instruction byte.
    #[must_use]
    pub fn instruction(&self) -> u8 {
        self.command.get(1).copied().unwrap_or_default()
    }
}

/// A wire.
pub struct Wire {
    chip: Chip,
    tamper: Option<Tamper>,
    heard: Vec<Vec<u8>>,
    protected: usize,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("exchanges", &self.heard.len()).finish_non_exhaustive()
    }
}

impl Wire {
    /// A wire to this chip; honest without a `tamper`.
    #[must_use]
    pub fn new(chip: Chip, tamper: Option<Tamper>) -> Self {
        Self { chip, tamper, heard: Vec::new(), protected: 0 }
    }
}

/// CLA 0C…: secure messaging with an authenticated header (ISO/IEC 7816-4 §5.4.1).
fn is_protected(command: &[u8]) -> bool {
    command.first().is_some_and(|class| class & 0xE0 == 0 && class & 0x0C == 0x0C)
}

impl Transport for Wire {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkLost> {
        let protected = is_protected(command).then_some(self.protected);
        self.protected += usize::from(protected.is_some());
        let answer = match &mut self.tamper {
            None => self.chip.transmit(command)?,
            Some(tamper) => {
                let number = self.heard.len();
                let chip = &mut self.chip;
                tamper(&mut Exchange { number, protected, command, heard: &self.heard, chip })
            }
        };
        self.heard.push(answer.clone());
        Ok(answer)
    }
}
