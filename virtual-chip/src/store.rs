//! The state on disk: checked when read, durable before the chip answers, held by one process at a time.
//!
//! A write goes to `STATE.new`, is synced, the old state becomes `STATE.1`, the new one takes its name, the folder is
//! synced. Whatever instant the power fails at, a whole state remains under one of the two names.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::state::{ChipState, FormatError};

/// Why a state can't be read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process runs this chip.
    #[error("the chip {} is in use by another process", path.display())]
    InUse {
        /// The state file.
        path: PathBuf,
    },
    /// There is such a file already.
    #[error("{} exists already", path.display())]
    Exists {
        /// The state file.
        path: PathBuf,
    },
    /// Neither the state nor its previous generation is whole.
    #[error("{} is not a chip's state: {cause}", path.display())]
    Damaged {
        /// The state file.
        path: PathBuf,
        /// What is wrong with it.
        cause: FormatError,
    },
    /// The operating system refuses.
    #[error("{}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Its words.
        cause: io::Error,
    },
}

/// A state file that this process holds.
#[derive(Debug)]
pub struct StateFile {
    path: PathBuf,
    /// Unlocked when dropped.
    _lock: File,
    generation: u64,
    recovered: Option<FormatError>,
}

impl StateFile {
    /// Writes a new state file, mode 0600, and holds it.
    ///
    /// # Errors
    /// [`StoreError::Exists`] rather than overwriting; else [`StoreError`].
    pub fn create(path: &Path, state: &ChipState) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        if path.exists() {
            return Err(StoreError::Exists { path: path.to_owned() });
        }
        let mut file = Self { path: path.to_owned(), _lock: lock, generation: 0, recovered: None };
        file.commit(state)?;
        Ok(file)
    }

    /// Opens and holds a state file. A torn one is replaced by its previous generation; [`StateFile::recovered`]
    /// tells.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path) -> Result<(Self, ChipState), StoreError> {
        let lock = lock(path)?;
        let (state, generation, recovered) = load(path)?;
        let mut file = Self { path: path.to_owned(), _lock: lock, generation, recovered };
        if file.recovered.is_some() {
            // The torn file must not become the previous generation.
            file.write(&state, false)?;
        }
        Ok((file, state))
    }

    /// Reads a state file without holding it: to look, while another process may run the chip.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn peek(path: &Path) -> Result<ChipState, StoreError> {
        load(path).map(|(state, _, _)| state)
    }

    /// What was wrong with the newest generation when the previous one had to be taken.
    #[must_use]
    pub fn recovered(&self) -> Option<&FormatError> {
        self.recovered.as_ref()
    }

    /// How many times the state was written.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the state; when this returns, it survives a power cut.
    ///
    /// # Errors
    /// [`StoreError`]; the state before is then still in place.
    pub fn commit(&mut self, state: &ChipState) -> Result<(), StoreError> {
        self.write(state, true)
    }

    /// The state as it was last committed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn reload(&self) -> Result<ChipState, StoreError> {
        Self::peek(&self.path)
    }

    fn write(&mut self, state: &ChipState, keep_previous: bool) -> Result<(), StoreError> {
        let generation = self.generation.saturating_add(1);
        let bytes = state
            .to_bytes(generation)
            .map_err(|cause| StoreError::Damaged { path: self.path.clone(), cause })?;
        self.replace(&bytes, keep_previous)
            .map_err(|cause| StoreError::Io { path: self.path.clone(), cause })?;
        self.generation = generation;
        Ok(())
    }

    fn replace(&self, bytes: &[u8], keep_previous: bool) -> io::Result<()> {
        let new = beside(&self.path, ".new");
        remove_if_there(&new)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        drop(file);
        if keep_previous && self.path.exists() {
            // A second name first, so that at no instant there is none.
            let link = beside(&self.path, ".old");
            remove_if_there(&link)?;
            std::fs::hard_link(&self.path, &link)?;
            std::fs::rename(&link, previous(&self.path))?;
        }
        std::fs::rename(&new, &self.path)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

/// How often a lock is tried for, and the time between.
const LOCK_TRIES: u32 = 50;
const BETWEEN_LOCK_TRIES: Duration = Duration::from_millis(20);

/// Where the generation before the newest lies.
#[must_use]
pub fn previous(path: &Path) -> PathBuf {
    beside(path, ".1")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The lock stands on a file of its own: the state file itself is replaced at every commit. A process that is just being
/// started holds every lock of the one that starts it until its own program runs: a lock that was let go may be held a moment
/// longer by nobody in particular, so that it is tried for a second.
fn lock(path: &Path) -> Result<File, StoreError> {
    let lock_path = beside(path, ".lock");
    let io = |cause| StoreError::Io { path: lock_path.clone(), cause };
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&lock_path)
        .map_err(io)?;
    for left in (0..LOCK_TRIES).rev() {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if left > 0 => std::thread::sleep(BETWEEN_LOCK_TRIES),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(cause)) => return Err(io(cause)),
        }
    }
    Err(StoreError::InUse { path: path.to_owned() })
}

fn load(path: &Path) -> Result<(ChipState, u64, Option<FormatError>), StoreError> {
    let first = match read(path)? {
        Some(Ok((state, generation))) => return Ok((state, generation, None)),
        Some(Err(newer @ FormatError::Version(_))) => {
            return Err(StoreError::Damaged { path: path.to_owned(), cause: newer });
        }
        Some(Err(cause)) => Some(cause),
        None => None,
    };
    match (read(&previous(path))?, first) {
        (Some(Ok((state, generation))), cause) => {
            Ok((state, generation, Some(cause.unwrap_or(FormatError::Header))))
        }
        (_, Some(cause)) => Err(StoreError::Damaged { path: path.to_owned(), cause }),
        (_, None) => {
            Err(StoreError::Io { path: path.to_owned(), cause: io::Error::from(io::ErrorKind::NotFound) })
        }
    }
}

type Loaded = Result<(ChipState, u64), FormatError>;

fn read(path: &Path) -> Result<Option<Loaded>, StoreError> {
    let io = |cause| StoreError::Io { path: path.to_owned(), cause };
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(io)?,
    };
    let limit = crate::state::MAX_LENGTH;
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        limit.min(file.metadata().map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(limit)) + 1),
    ));
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(io)?;
    Ok(Some(ChipState::from_bytes(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Profile;
    use std::os::unix::fs::PermissionsExt as _;

    fn blank() -> ChipState {
        ChipState::blank([1; 10], Profile::Cccd)
    }

    #[test]
    fn a_state_is_private_and_held_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chip.state");
        let file = StateFile::create(&path, &blank()).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(StateFile::open(&path), Err(StoreError::InUse { .. })));
        assert_eq!(StateFile::peek(&path).unwrap().serial(), [1; 10]);
        drop(file);
        assert!(StateFile::open(&path).is_ok());
        assert!(matches!(StateFile::create(&path, &blank()), Err(StoreError::Exists { .. })));
    }

    #[test]
    fn a_torn_state_falls_back_to_the_generation_before() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chip.state");
        let mut state = blank();
        let mut file = StateFile::create(&path, &state).unwrap();
        for counter in 1..=2 {
            state.sequence_counter = counter;
            file.commit(&state).unwrap();
        }
        drop(file);
        let whole = std::fs::read(&path).unwrap();
        for end in [0, 10, whole.len() / 2, whole.len() - 1] {
            let before = std::fs::read(previous(&path)).unwrap();
            std::fs::write(&path, &whole[..end]).unwrap();
            let (file, back) = StateFile::open(&path).unwrap();
            assert_eq!(back.sequence_counter, 1, "cut at {end}");
            assert!(file.recovered().is_some());
            // The torn bytes did not push the good generation out.
            assert_eq!(std::fs::read(previous(&path)).unwrap(), before);
            drop(file);
            let (file, _) = StateFile::open(&path).unwrap();
            assert!(file.recovered().is_none());
        }
    }

    #[test]
    fn two_damaged_generations_are_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chip.state");
        std::fs::write(&path, b"nonsense").unwrap();
        assert!(matches!(StateFile::open(&path), Err(StoreError::Damaged { .. })));
        assert!(matches!(StateFile::open(&dir.path().join("none")), Err(StoreError::Io { .. })));
    }
}
