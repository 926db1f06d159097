//! Files of the store: private modes, atomic writes.

use super::{StoreError, io_error};
use crate::atomic_file::atomic_write;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Largest file of a store.
const MAX_FILE: u64 = 64 * 1024 * 1024;

pub(super) fn write(path: &Path, bytes: &[u8], private: bool) -> Result<(), StoreError> {
    atomic_write(path, bytes, private).map_err(|source| io_error(path, source))
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    let size = fs::metadata(path).map_err(|source| io_error(path, source))?.len();
    if size > MAX_FILE {
        return Err(io_error(path, io::ErrorKind::FileTooLarge.into()));
    }
    fs::read(path).map_err(|source| io_error(path, source))
}

/// Overwrites a file in place, flushes, and removes it.
pub(super) fn erase(path: &Path, noise: &[u8]) -> Result<(), StoreError> {
    let overwrite = || {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.write_all(noise)?;
        file.sync_all()?;
        fs::remove_file(path)
    };
    overwrite().map_err(|source| io_error(path, source))
}

/// Keeps other processes out until it is dropped.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    let lock = || {
        let file = options.open(path)?;
        file.lock()?;
        Ok(file)
    };
    lock().map_err(|source| io_error(path, source))
}

/// A directory that only its owner enters.
pub(super) fn private_dir(path: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|source| io_error(path, source))
}

/// Files of one extension, sorted by name; a missing folder is empty.
pub(super) fn list(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(io_error(folder, source)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|source| io_error(folder, source))?.path();
        if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The number after the highest in a folder of numbered files. A lost file leaves a gap: its successors are never
/// written over.
pub(super) fn next_number(folder: &Path, extension: &str) -> Result<usize, StoreError> {
    let number = |path: &PathBuf| path.file_stem()?.to_str()?.parse::<usize>().ok();
    let highest = list(folder, extension)?.iter().filter_map(number).max();
    Ok(highest.unwrap_or(0).saturating_add(1))
}
