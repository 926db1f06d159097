//! The tester's and the forger's bench: open a chip's memory and alter one thing.
//!
//! What no real chip lets anyone do from outside. It serves to make the cards that a verifier must refuse: each
//! differs from an accepted one in one thing.

pub mod jmrtd;

use std::path::Path;

use cccd_card_profile::protocol::private_key::{KeyError, PrivateKey};
use rand_core::CryptoRng;

use crate::state::{ChipState, file_key};
use crate::store::{StateFile, StoreError};

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
        Ok(())
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
