//! The tester's and the forger's bench: open a chip's memory and alter one thing.
//!
//! What no real chip lets anyone do from outside. It serves to make the cards that a verifier must refuse: each
//! differs from an accepted one in one thing.

pub mod defect;
pub mod jmrtd;

mod groups;

use std::path::Path;

use cccd_card_profile::lds::card_access;
use cccd_card_profile::lds::security_infos::SecurityInfo;
use cccd_card_profile::protocol::curve::Curve;
use cccd_card_profile::protocol::pace::{PaceOffer, Password, PinTries};
use cccd_card_profile::protocol::private_key::{KeyAlgorithm, KeyError, PrivateKey, PublicKey};
use cccd_cvc::chain::ChipTrust;
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::state::{ChipState, Pin, file_key};
use crate::store::{StateFile, StoreError};

pub use defect::Defect;
pub use groups::every_data_group;

/// A file of the chip.
pub use cccd_card_profile::file_system::ElementaryFile as File;

/// Why something can't be altered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// The state file.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such file on the chip.
    #[error("the chip has no {}", .0.name())]
    NoFile(File),
    /// There is such a file already.
    #[error("the chip has an {} already", .0.name())]
    FileExists(File),
    /// A key pair could not be made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No such password can be.
    #[error("{0}")]
    Password(String),
}

/// What a chip of the laboratory can have beyond its profile. On a blank it makes a chip that opens and holds no
/// document.
#[derive(Default)]
pub struct Equipment {
    /// What EF.CardAccess announces of PACE, in place of what it announced; empty changes nothing.
    pub pace: Vec<PaceOffer>,
    /// The card access number.
    pub can: Option<Zeroizing<String>>,
    /// The PIN, all its tries left.
    pub pin: Option<Zeroizing<String>>,
    /// The PUK.
    pub puk: Option<Zeroizing<String>>,
}

impl std::fmt::Debug for Equipment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Equipment").field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl ChipState {
    /// Puts this in.
    ///
    /// # Errors
    /// [`LabError::Password`] for what is none.
    pub fn equip(&mut self, equipment: Equipment) -> Result<(), LabError> {
        let wrong = |error: &dyn std::fmt::Display| LabError::Password(error.to_string());
        if let Some(can) = equipment.can {
            Password::can(&can).map_err(|error| wrong(&error))?;
            self.can = Some(can);
        }
        if let Some(digits) = equipment.pin {
            Password::pin(&digits).map_err(|error| wrong(&error))?;
            self.pin = Some(Pin { digits, tries: PinTries::full() });
        }
        if let Some(puk) = equipment.puk {
            Password::puk(&puk).map_err(|error| wrong(&error))?;
            self.puk = Some(puk);
        }
        if !equipment.pace.is_empty() {
            let file = self.file(File::CardAccess).and_then(|file| card_access::parse(file).ok());
            let mut infos = file.unwrap_or_default();
            infos
                .infos
                .retain(|info| !matches!(info, SecurityInfo::Pace(_) | SecurityInfo::PaceDomainParameter(_)));
            let announced =
                |offer: &PaceOffer| SecurityInfo::pace(offer.protocol.oid(), u32::from(offer.parameter_id));
            infos.infos.extend(equipment.pace.iter().map(announced));
            self.files.insert(file_key(File::CardAccess), card_access::to_bytes(&infos));
        }
        Ok(())
    }

    /// A fresh static key on this curve, for Chip Authentication and the chip authentication mapping; the public half
    /// belongs into EF.CardSecurity or DG14.
    ///
    /// # Errors
    /// [`LabError::Key`].
    pub fn make_static_key(&mut self, curve: Curve, rng: &mut dyn CryptoRng) -> Result<PublicKey, LabError> {
        let key = PrivateKey::generate(KeyAlgorithm::EllipticCurve(curve), rng)?;
        let public = key.public_key()?;
        self.chip_authentication = Some(key);
        Ok(public)
    }

    /// Private keys that were made elsewhere, as if the chip had made them: a bench needs many chips, and not the time to
    /// find their primes.
    pub fn hold_keys(&mut self, active_authentication: PrivateKey, chip_authentication: PrivateKey) {
        self.active_authentication = Some(active_authentication);
        self.chip_authentication = Some(chip_authentication);
    }
}

/// A chip's memory, opened. Nothing is kept until [`Bench::save`].
#[derive(Debug)]
pub struct Bench {
    file: StateFile,
    state: ChipState,
}

impl Bench {
    /// Opens and holds a state file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<Self, LabError> {
        let (file, state) = StateFile::open(path)?;
        Ok(Self { file, state })
    }

    /// Writes what was altered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn save(&mut self) -> Result<(), LabError> {
        Ok(self.file.commit(&self.state)?)
    }

    /// What the chip keeps.
    #[must_use]
    pub fn state(&self) -> &ChipState {
        &self.state
    }

    /// What the chip keeps, to be equipped.
    pub fn state_mut(&mut self) -> &mut ChipState {
        &mut self.state
    }

    /// A file's content.
    #[must_use]
    pub fn read(&self, file: File) -> Option<&[u8]> {
        self.state.file(file).map(Vec::as_slice)
    }

    /// Another content for a file that is there; its length follows.
    ///
    /// # Errors
    /// [`LabError::NoFile`].
    pub fn replace(&mut self, file: File, content: impl Into<Vec<u8>>) -> Result<(), LabError> {
        *self.content(file)? = content.into();
        Ok(())
    }

    /// A file that was not there.
    ///
    /// # Errors
    /// [`LabError::FileExists`].
    pub fn add(&mut self, file: File, content: impl Into<Vec<u8>>) -> Result<(), LabError> {
        if self.state.file(file).is_some() {
            return Err(LabError::FileExists(file));
        }
        self.state.files.insert(file_key(file), content.into());
        Ok(())
    }

    /// Bytes behind a file's end.
    ///
    /// # Errors
    /// [`LabError::NoFile`].
    pub fn append(&mut self, file: File, bytes: &[u8]) -> Result<(), LabError> {
        self.content(file)?.extend_from_slice(bytes);
        Ok(())
    }

    /// A file's first bytes only.
    ///
    /// # Errors
    /// [`LabError::NoFile`].
    pub fn truncate(&mut self, file: File, length: usize) -> Result<(), LabError> {
        self.content(file)?.truncate(length);
        Ok(())
    }

    /// No such file any more.
    ///
    /// # Errors
    /// [`LabError::NoFile`].
    pub fn remove(&mut self, file: File) -> Result<(), LabError> {
        self.state.files.remove(&file_key(file)).map(drop).ok_or(LabError::NoFile(file))
    }

    /// Fresh private keys of the same kinds in place of the genuine ones: a copy of every byte that anyone can read.
    ///
    /// # Errors
    /// [`LabError::Key`].
    pub fn replace_private_keys(&mut self, rng: &mut dyn CryptoRng) -> Result<(), LabError> {
        for slot in [&mut self.state.active_authentication, &mut self.state.chip_authentication] {
            if let Some(key) = slot {
                *slot = Some(PrivateKey::generate(key.algorithm()?, rng)?);
            }
        }
        for key in self.state.further_chip_authentication.values_mut() {
            *key = PrivateKey::generate(key.algorithm()?, rng)?;
        }
        Ok(())
    }

    /// A key pair for Chip Authentication beside the first, under this number; its public half for DG14.
    ///
    /// # Errors
    /// [`LabError::Key`].
    pub fn add_chip_authentication_key(
        &mut self,
        id: u32,
        algorithm: KeyAlgorithm,
        rng: &mut dyn CryptoRng,
    ) -> Result<PublicKey, LabError> {
        let key = PrivateKey::generate(algorithm, rng)?;
        let public = key.public_key()?;
        self.state.further_chip_authentication.insert(id, key);
        Ok(public)
    }

    /// The public half of the first key for Chip Authentication.
    ///
    /// # Errors
    /// [`LabError::Key`].
    pub fn chip_authentication_key(&self) -> Result<Option<PublicKey>, LabError> {
        Ok(self.state.chip_authentication.as_ref().map(PrivateKey::public_key).transpose()?)
    }

    /// A fresh key for Active Authentication only.
    ///
    /// # Errors
    /// [`LabError::Key`].
    pub fn replace_active_authentication_key(&mut self, rng: &mut dyn CryptoRng) -> Result<(), LabError> {
        if let Some(key) = &mut self.state.active_authentication {
            *key = PrivateKey::generate(key.algorithm()?, rng)?;
        }
        Ok(())
    }

    /// Other CVCA keys and another date in place of its own: whom it believes.
    pub fn replace_terminal_trust(&mut self, trust: &ChipTrust) {
        self.state.set_terminal_trust(trust);
    }

    /// A key for Active Authentication of this kind; its public half for DG15.
    ///
    /// # Errors
    /// [`LabError::Key`].
    pub fn set_active_authentication_key(
        &mut self,
        algorithm: KeyAlgorithm,
        rng: &mut dyn CryptoRng,
    ) -> Result<PublicKey, LabError> {
        let key = PrivateKey::generate(algorithm, rng)?;
        let public = key.public_key()?;
        self.state.active_authentication = Some(key);
        Ok(public)
    }

    /// Another chip's file in place of this one's.
    ///
    /// # Errors
    /// [`LabError::NoFile`] when the other has none.
    pub fn copy_file(&mut self, file: File, other: &Self) -> Result<(), LabError> {
        let content = other.state.file(file).ok_or(LabError::NoFile(file))?.clone();
        self.state.files.insert(file_key(file), content);
        Ok(())
    }

    /// All files of another chip in place of this one's; keys stay.
    pub fn copy_files(&mut self, other: &Self) {
        self.state.files.clone_from(&other.state.files);
    }

    fn content(&mut self, file: File) -> Result<&mut Vec<u8>, LabError> {
        self.state.files.get_mut(&file_key(file)).ok_or(LabError::NoFile(file))
    }
}
