//! Files that an officer names on the command line: none is written over another.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::{OutputError, begun, is_abandoned};

/// A file that an officer named and that is not there yet: never over another, and in no folder that was not there. Begun before
/// what it tells of is done, so that a name that cannot be written stops that; dropped without [`NewFile::write`], it leaves nothing.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    abandoned: Vec<PathBuf>,
}

impl NewFile {
    /// Begins it.
    ///
    /// # Errors
    /// [`OutputError`]; something of this name is there, or its folder cannot be written.
    pub fn begin(path: &Path) -> Result<Self, OutputError> {
        if fs::symlink_metadata(path).is_ok() {
            return Err(OutputError::taken(path));
        }
        Self::beside(path)
    }

    /// The same, where what is written may lie there already: whether it does is found out when it is written.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn again(path: &Path) -> Result<Self, OutputError> {
        Self::beside(path)
    }

    fn beside(path: &Path) -> Result<Self, OutputError> {
        let failed = |source| OutputError { path: path.to_owned(), source };
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| failed(io::Error::from(io::ErrorKind::InvalidInput)))?;
        let abandoned = abandoned(path, name);
        let temporary = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file = begun(&temporary).map_err(failed)?;
        Ok(Self { path: path.to_owned(), temporary, file, abandoned })
    }

    /// Writes it, whole or not at all. The very same content under this name is as good as written.
    ///
    /// # Errors
    /// [`OutputError`].
    pub fn write(mut self, content: &[u8]) -> Result<(), OutputError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::AlreadyExists => OutputError::taken(&self.path),
            _ => OutputError { path: self.path.clone(), source },
        };
        self.file.write_all(content).and_then(|()| self.file.sync_all()).map_err(failed)?;
        match fs::hard_link(&self.temporary, &self.path) {
            Ok(()) => {}
            Err(_) if holds(&self.path, content) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(failed(error)),
            // A file system without links, as sticks have it.
            Err(_) => made(&self.path, content).map_err(failed)?,
        }
        for left in &self.abandoned {
            // The file is there: what a killed run left beside it is no reason to say otherwise.
            let _ = fs::remove_file(left);
        }
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Nothing more can be done about a file that does not go.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// What killed runs left half done of a file of this name.
fn abandoned(path: &Path, name: &str) -> Vec<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let begins = format!(".{name}.");
    let is_left = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with(&begins) && name.ends_with(".part") && is_abandoned(path)
    };
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.path()).filter(is_left).collect()
}

/// Writes one file that is not there yet.
///
/// # Errors
/// [`OutputError`].
pub fn write_new(path: &Path, content: &[u8]) -> Result<(), OutputError> {
    NewFile::again(path)?.write(content)
}

/// What is written again and again under one name, as a list that is published: over its former self and over nothing else.
///
/// # Errors
/// [`OutputError`]; something else is there.
pub fn ensure_former(path: &Path, is_former: impl Fn(&[u8]) -> bool) -> Result<(), OutputError> {
    let mut begins = Vec::new();
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Ok(found) if found.is_file() => {
            let read = File::open(path).and_then(|file| file.take(BEGINNING).read_to_end(&mut begins));
            if read.is_ok() && (begins.is_empty() || is_former(&begins)) {
                return Ok(());
            }
        }
        _ => {}
    }
    Err(OutputError::taken(path))
}

/// Octets by which a former file is known.
const BEGINNING: u64 = 256;

/// A file, and nothing else, with this very content.
fn holds(path: &Path, content: &[u8]) -> bool {
    let is_as_long = |found: fs::Metadata| found.is_file() && Ok(found.len()) == u64::try_from(content.len());
    fs::symlink_metadata(path).is_ok_and(is_as_long) && fs::read(path).is_ok_and(|found| found == content)
}

fn made(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file is none: it was not there before.
        let _ = fs::remove_file(path);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_written_over_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path();
        let ledger = folder.join("ledger.sqlite");
        fs::write(&ledger, b"books").unwrap();
        assert!(NewFile::begin(&ledger).unwrap_err().is_there());
        assert!(write_new(&ledger, b"a list").unwrap_err().is_there());
        assert_eq!(fs::read(&ledger).unwrap(), b"books");
        // The same again is done already; a folder that is not there is not made.
        let list = folder.join("list.json");
        write_new(&list, b"a list").unwrap();
        write_new(&list, b"a list").unwrap();
        assert!(write_new(&list, b"b list").unwrap_err().is_there());
        assert_eq!(fs::read(&list).unwrap(), b"a list");
        assert!(NewFile::begin(&folder.join("typo/list.json")).is_err() && !folder.join("typo").exists());
        // What a killed run left of it goes.
        fs::write(folder.join(".list.json.4711.part"), b"a l").unwrap();
        write_new(&list, b"a list").unwrap();
        assert!(!folder.join(".list.json.4711.part").exists());
        // It may come to be there meanwhile.
        let begun = NewFile::begin(&folder.join("late.json")).unwrap();
        fs::write(folder.join("late.json"), b"another").unwrap();
        assert!(begun.write(b"a list").unwrap_err().is_there());
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            std::os::unix::fs::symlink(folder.join("nowhere"), folder.join("link")).unwrap();
            assert!(NewFile::begin(&folder.join("link")).unwrap_err().is_there());
            assert!(write_new(Path::new("/dev/full"), b"x").is_err());
            assert!(!fs::metadata("/dev/full").unwrap().is_file());
            assert_eq!(fs::metadata(&list).unwrap().mode() & 0o777, 0o600);
        }
        drop(NewFile::begin(&folder.join("given-up.json")).unwrap());
        let left: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(
            left.len() == 4 && left.iter().all(|name| !name.to_string_lossy().contains("part")),
            "{left:?}"
        );
    }

    #[test]
    fn what_is_published_again_replaces_only_its_former_self() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("cards.status");
        let is_list = |begins: &[u8]| begins.starts_with(b"LIST");
        assert!(ensure_former(&path, is_list).is_ok());
        for (content, is_ok) in [(&b""[..], true), (b"LIST 1", true), (b"SQLite format 3", false)] {
            fs::write(&path, content).unwrap();
            assert_eq!(ensure_former(&path, is_list).is_ok(), is_ok, "{content:?}");
        }
        assert!(ensure_former(directory.path(), |_| true).unwrap_err().is_there());
    }
}
