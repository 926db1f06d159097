//! The port behind which a kind of blank lies: the primitives of personalization, whatever the chip's dialect.

use cccd_card_profile::apdu::{LinkLost, StatusWord};
use cccd_card_profile::file_system::ElementaryFile;
use cccd_card_profile::mrz::MrzInformation;
use cccd_card_profile::personalization::KeyReference;
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, PublicKey};

use super::{CardLink, ChipReport, LockProof};

/// One chip being written. Every method is one step of the script; the driver opens its channel when it needs it.
pub trait CardDriver {
    /// What the chip is, without changing it.
    ///
    /// # Errors
    /// [`DriverError`].
    fn probe(&mut self) -> Result<ChipReport, DriverError>;

    /// Opens the personalizer's channel, anew if there is one.
    ///
    /// # Errors
    /// [`DriverError`].
    fn open(&mut self) -> Result<(), DriverError>;

    /// Removes files that an interrupted run left.
    ///
    /// # Errors
    /// [`DriverError`].
    fn clear(&mut self) -> Result<(), DriverError>;

    /// Creates a file of this length.
    ///
    /// # Errors
    /// [`DriverError`].
    fn create_file(&mut self, file: ElementaryFile, length: usize) -> Result<(), DriverError>;

    /// Lets the chip make a key pair and gives the public half.
    ///
    /// # Errors
    /// [`DriverError`].
    fn generate_key(&mut self, algorithm: KeyAlgorithm, key: KeyReference) -> Result<PublicKey, DriverError>;

    /// Writes a whole file; tells the bytes written so far.
    ///
    /// # Errors
    /// [`DriverError`].
    fn write_file(
        &mut self,
        file: ElementaryFile,
        content: &[u8],
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), DriverError>;

    /// Puts what opens the citizen's side.
    ///
    /// # Errors
    /// [`DriverError`].
    fn put_access_keys(&mut self, mrz: &MrzInformation, can: &str) -> Result<(), DriverError>;

    /// The citizen's side: the card after a reset, without any channel.
    ///
    /// # Errors
    /// [`DriverError::Link`].
    fn citizen(&mut self) -> Result<&mut dyn CardLink, DriverError>;

    /// Replaces the transport keys by the station's own.
    ///
    /// # Errors
    /// [`DriverError`].
    fn replace_transport_keys(&mut self) -> Result<(), DriverError>;

    /// Locks the chip for good.
    ///
    /// # Errors
    /// [`DriverError`].
    fn lock(&mut self) -> Result<(), DriverError>;

    /// Tries what must be refused now.
    ///
    /// # Errors
    /// [`DriverError`]; a command that was not refused is in the proof, not an error.
    fn prove_lock(&mut self) -> Result<LockProof, DriverError>;
}

/// Why a step did not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// The card is gone: what it did last is not known.
    #[error(transparent)]
    Link(#[from] LinkLost),
    /// There is no application of an identity card on the chip.
    #[error("the chip has no identity card application: {0}")]
    NoApplication(StatusWord),
    /// The chip does not open a personalizer's channel.
    #[error("the chip does not open a channel for personalization: {0}")]
    NoChannel(StatusWord),
    /// No keys for this version.
    #[error("the chip's transport keys are of version {0:02X}, for which there are no keys here")]
    UnknownKeys(u8),
    /// The chip has other keys than it should. Trying again counts down.
    #[error("the chip does not hold the transport keys of its serial")]
    WrongKeys,
    /// The chip's protected answer does not verify.
    #[error("the protected channel to the chip broke: {0}")]
    Channel(String),
    /// A command was refused.
    #[error("the chip refuses {command}: {status}")]
    Refused {
        /// Which.
        command: &'static str,
        /// How.
        status: StatusWord,
    },
    /// An answer makes no sense.
    #[error("the chip's answer to {0} makes no sense")]
    Answer(&'static str),
    /// A file that the chip cannot hold.
    #[error("{0} is longer than the chip can hold")]
    TooLong(String),
}

impl DriverError {
    /// The card may have done what was asked: only a probe tells.
    #[must_use]
    pub fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Link(_) | Self::Channel(_))
    }
}
