//! What a run leaves in its folder: each file appears whole or not at all, and room is found before a chip is touched.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

mod named;

pub use named::{NewFile, ensure_former, write_new};

/// Room kept for a file that is written last.
const RESERVED: usize = 8 * 1024;

/// Files on their way into a folder. Dropped before [`Staging::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Staging {
    folder: PathBuf,
    files: Vec<Staged>,
    abandoned: Vec<PathBuf>,
}

#[derive(Debug)]
struct Staged {
    name: String,
    temporary: PathBuf,
    file: File,
}

/// Why a folder cannot take the files.
#[derive(Debug, thiserror::Error)]
#[error("no file can be written at {}: {source}", path.display())]
pub struct OutputError {
    /// Which file or folder.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl OutputError {
    /// The disk is full.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self.source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }

    /// Something of this name is there already, and is left as it is.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self.source.get_ref(), Some(why) if why.is::<Taken>())
    }

    /// What stands in the way of a file that an officer named.
    #[must_use]
    pub fn taken(path: &Path) -> Self {
        Self { path: path.to_owned(), source: io::Error::new(io::ErrorKind::AlreadyExists, Taken) }
    }
}

/// The name of a file is taken. That a folder should be where a file is, is another thing.
#[derive(Debug, thiserror::Error)]
#[error("something of this name is there already")]
struct Taken;

/// Writes one file, whole or not at all, readable by its owner only.
///
/// # Errors
/// [`OutputError`].
pub fn write_private(path: &Path, content: &[u8]) -> Result<(), OutputError> {
    write_in(path, content, Staging::new)
}

/// The same, and what killed runs left half done in the folder goes.
///
/// # Errors
/// [`OutputError`].
pub fn write_anew(path: &Path, content: &[u8]) -> Result<(), OutputError> {
    write_in(path, content, Staging::of_one_card)
}

fn write_in(
    path: &Path,
    content: &[u8],
    begin: impl Fn(&Path) -> Result<Staging, OutputError>,
) -> Result<(), OutputError> {
    let failed = |source| OutputError { path: path.to_owned(), source };
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| failed(io::Error::from(io::ErrorKind::InvalidInput)))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut staging = begin(folder)?;
    staging.write(name, content)?;
    staging.commit().map(drop)
}

impl Staging {
    /// Makes the folder if it is missing.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn new(folder: &Path) -> Result<Self, OutputError> {
        fs::create_dir_all(folder).map_err(|source| OutputError { path: folder.to_owned(), source })?;
        Ok(Self { folder: folder.to_owned(), files: Vec::new(), abandoned: Vec::new() })
    }

    /// The same for a folder that one card has for itself: what a killed run left half done there goes when this run's
    /// files have their names. It holds a face and a name, and nobody would come back for it.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn of_one_card(folder: &Path) -> Result<Self, OutputError> {
        let mut staging = Self::new(folder)?;
        let failed = |source| OutputError { path: folder.to_owned(), source };
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if name.starts_with('.') && name.ends_with(".part") && is_abandoned(&path) {
                staging.abandoned.push(path);
            }
        }
        Ok(staging)
    }

    /// A killed run left files half done here.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        !self.abandoned.is_empty()
    }

    /// Writes a file, not yet under its name. Readable by the owner only.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn write(&mut self, name: &str, content: &[u8]) -> Result<(), OutputError> {
        let temporary = self.folder.join(format!(".{name}.{}.part", std::process::id()));
        let failed = |source| OutputError { path: temporary.clone(), source };
        let file = begun(&temporary).map_err(failed)?;
        // Known before it is filled: a full disk leaves no half file behind either.
        self.files.push(Staged { name: name.to_owned(), temporary: temporary.clone(), file });
        if let Some(staged) = self.files.last_mut() {
            staged.file.write_all(content).map_err(failed)?;
            staged.file.sync_all().map_err(failed)?;
        }
        Ok(())
    }

    /// Keeps room on the disk for a file that is filled at the end.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn reserve(&mut self, name: &str) -> Result<(), OutputError> {
        self.write(name, &[b' '; RESERVED])
    }

    /// Finds out whether the folder has this much room, and gives it back.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn ensure_room(&self, bytes: usize) -> Result<(), OutputError> {
        let mut trial = Self { folder: self.folder.clone(), files: Vec::new(), abandoned: Vec::new() };
        // Dropped without commit: nothing stays.
        trial.write("room", &vec![0; bytes])
    }

    /// Fills a reserved file.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn fill(&mut self, name: &str, content: &[u8]) -> Result<(), OutputError> {
        let Some(staged) = self.files.iter_mut().find(|staged| staged.name == name) else {
            return self.write(name, content);
        };
        let write = |file: &mut File| -> io::Result<()> {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(content)?;
            file.set_len(u64::try_from(content.len()).unwrap_or(u64::MAX))?;
            file.sync_all()
        };
        write(&mut staged.file).map_err(|source| OutputError { path: staged.temporary.clone(), source })
    }

    /// Gives all files their names.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn commit(mut self) -> Result<Vec<PathBuf>, OutputError> {
        let mut done = Vec::new();
        for staged in self.files.drain(..) {
            let path = self.folder.join(&staged.name);
            fs::rename(&staged.temporary, &path)
                .map_err(|source| OutputError { path: path.clone(), source })?;
            done.push(path);
        }
        for path in self.abandoned.drain(..) {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(OutputError { path, source });
                }
                _ => {}
            }
        }
        Ok(done)
    }
}

/// A new file, held by this process as long as it is open.
fn begun(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    // Where a file system knows no locks, it looks abandoned to a second run in the same folder at the same time.
    let _ = file.try_lock();
    Ok(file)
}

/// No process holds it any more.
fn is_abandoned(path: &Path) -> bool {
    OpenOptions::new().write(true).open(path).is_ok_and(|file| file.try_lock().is_ok())
}

impl Drop for Staging {
    fn drop(&mut self) {
        for staged in &self.files {
            // Nothing more can be done about a file that does not go.
            let _ = fs::remove_file(&staged.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_goes_and_what_another_run_holds_stays() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path();
        fs::write(folder.join(".front.png.4711.part"), b"half a face").unwrap();
        fs::write(folder.join("front.png"), b"a face").unwrap();
        let mut other = Staging::new(folder).unwrap();
        other.write("back.png", b"of somebody at work").unwrap();
        let mut staging = Staging::of_one_card(folder).unwrap();
        assert!(staging.is_resumed());
        staging.write("card.pdf", b"a card").unwrap();
        assert!(folder.join(".front.png.4711.part").exists(), "killed again, it is found again");
        assert_eq!(staging.commit().unwrap(), [folder.join("card.pdf")]);
        assert!(!folder.join(".front.png.4711.part").exists());
        assert_eq!(other.commit().unwrap(), [folder.join("back.png")]);
        assert!(!Staging::of_one_card(folder).unwrap().is_resumed());
        assert_eq!(fs::read_dir(folder).unwrap().count(), 3);
    }

    #[test]
    fn files_appear_together_and_an_abandoned_run_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("out");
        let mut staging = Staging::new(&folder).unwrap();
        staging.write("a.png", b"a").unwrap();
        staging.reserve("card.json").unwrap();
        drop(staging);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        let mut staging = Staging::new(&folder).unwrap();
        staging.write("a.png", b"a").unwrap();
        staging.reserve("card.json").unwrap();
        staging.fill("card.json", b"{}").unwrap();
        assert!(!folder.join("a.png").exists());
        assert_eq!(staging.commit().unwrap().len(), 2);
        assert_eq!(fs::read(folder.join("card.json")).unwrap(), b"{}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            assert_eq!(fs::metadata(folder.join("card.json")).unwrap().mode() & 0o777, 0o600);
        }
    }
}
