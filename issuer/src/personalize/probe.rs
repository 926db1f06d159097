//! What a chip is, found without changing it.

use cccd_card_profile::file_system::ElementaryFile;
use cccd_keys::transport_keys::ChipSerial;

/// Where a chip stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChipLife {
    /// Nothing was written.
    Blank,
    /// Something was written; not locked.
    Begun,
    /// Locked.
    Locked,
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChipReport {
    /// The chip's serial.
    pub serial: ChipSerial,
    /// The version of its transport keys.
    pub key_version: u8,
    /// Where it stands.
    pub life: ChipLife,
    /// The files that exist.
    pub files: Vec<ElementaryFile>,
}

impl ChipReport {
    /// Anyone may write a blank with `GlobalPlatform`'s publicly known test keys.
    #[must_use]
    pub fn has_test_keys(&self) -> bool {
        self.key_version == cccd_keys::transport_keys::TEST_KEY_VERSION
    }
}

impl ChipLife {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Begun => "begun",
            Self::Locked => "locked",
        }
    }
}
