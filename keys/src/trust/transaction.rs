//! Changes of a trust directory that happen whole or not at all, whenever the machine stops.
//!
//! New files are written into `.import-…` first. Renaming that folder to `.commit` is the one moment in which everything
//! happens: before it nothing has changed, after it a reader takes the files of `.commit` as if they were in their places
//! already, and whoever imports next moves them there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// The folder of changes that count and are not in their places yet.
const COMMIT: &str = ".commit";
/// What is taken away by a change, one name a line.
const REMOVALS: &str = "removals";
/// Where the new files of a change lie.
const FILES: &str = "files";
/// More names than this in one change are refused.
const MAX_NAMES: usize = 100_000;

/// What is to change: names below the directory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) writes: Vec<(String, Vec<u8>)>,
    pub(super) removals: BTreeSet<String>,
}

/// A lock on the directory; it ends with this value.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// How often the lock is tried, and the pause between.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(25);

/// One importer at a time.
pub(super) fn lock(directory: &Path) -> io::Result<Lock> {
    let file = File::options().create(true).truncate(false).write(true).open(directory.join(".lock"))?;
    // A process that is just being started holds every open file of its parent for a moment.
    for _ in 0..LOCK_TRIES {
        if file.try_lock().is_ok() {
            return Ok(Lock { _file: file });
        }
        std::thread::sleep(LOCK_PAUSE);
    }
    Err(io::Error::new(io::ErrorKind::WouldBlock, "another import is running"))
}

/// Makes all changes. `step` is asked before every touch of the disk; a test lets it fail to stop the machine there.
pub(super) fn commit(
    directory: &Path,
    changes: &Changes,
    step: &mut dyn FnMut() -> io::Result<()>,
) -> io::Result<()> {
    finish(directory, step)?;
    sweep(directory)?;
    if changes.writes.is_empty() && changes.removals.is_empty() {
        return Ok(());
    }
    let staging = directory.join(format!(".import-{}", std::process::id()));
    step()?;
    fs::create_dir_all(staging.join(FILES))?;
    for (name, bytes) in &changes.writes {
        step()?;
        let path = staging.join(FILES).join(checked(name)?);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        write(&path, bytes)?;
    }
    step()?;
    let removals: Vec<&str> = changes.removals.iter().map(String::as_str).collect();
    write(&staging.join(REMOVALS), removals.join("\n").as_bytes())?;
    sync_tree(&staging)?;
    step()?;
    fs::rename(&staging, directory.join(COMMIT))?;
    File::open(directory)?.sync_all()?;
    finish(directory, step)
}

/// Moves what a change that counts still has outside of its places.
fn finish(directory: &Path, step: &mut dyn FnMut() -> io::Result<()>) -> io::Result<()> {
    let commit = directory.join(COMMIT);
    if !commit.exists() {
        return Ok(());
    }
    let pending = Pending::read(directory)?;
    for name in &pending.removals {
        step()?;
        match fs::remove_file(directory.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    let mut folders = BTreeSet::new();
    for name in &pending.writes {
        step()?;
        let target = directory.join(name);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
            folders.insert(parent.to_owned());
        }
        fs::rename(commit.join(FILES).join(name), target)?;
    }
    for folder in folders {
        File::open(folder)?.sync_all()?;
    }
    step()?;
    fs::remove_dir_all(&commit)?;
    File::open(directory)?.sync_all()
}

/// Takes away what an importer that stopped too early left behind; the lock is held, so nobody works on it.
fn sweep(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(".import-") {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// A change that counts, as far as it is not in its places.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Names of new files that still lie in the folder of the change.
    pub(super) writes: BTreeSet<String>,
    /// Names that no longer count.
    pub(super) removals: BTreeSet<String>,
}

impl Pending {
    /// Reads what is pending; a directory without a change has nothing.
    pub(super) fn read(directory: &Path) -> io::Result<Self> {
        let commit = directory.join(COMMIT);
        let mut text = String::new();
        match File::open(commit.join(REMOVALS)) {
            Ok(file) => drop(file.take(16 * 1024 * 1024).read_to_string(&mut text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error),
        }
        let mut pending = Self::default();
        for name in text.lines().filter(|name| !name.is_empty()) {
            checked(name)?;
            pending.removals.insert(name.to_owned());
        }
        for folder in entries(&commit.join(FILES))? {
            for file in entries(&commit.join(FILES).join(&folder))? {
                pending.writes.insert(format!("{folder}/{file}"));
                if pending.writes.len() > MAX_NAMES {
                    return Err(io::Error::other("a change of more than 100,000 files"));
                }
            }
        }
        Ok(pending)
    }

    /// Where a file of this name lies now.
    pub(super) fn place(directory: &Path, name: &str) -> PathBuf {
        let waiting = directory.join(COMMIT).join(FILES).join(name);
        if waiting.exists() { waiting } else { directory.join(name) }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let read = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    read.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

/// A name of one folder and one file, and nothing that leads elsewhere.
fn checked(name: &str) -> io::Result<&Path> {
    let path = Path::new(name);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    if plain && path.components().count() == 2 {
        Ok(path)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "a name that leads elsewhere"))
    }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_tree(staging: &Path) -> io::Result<()> {
    for folder in entries(&staging.join(FILES))? {
        File::open(staging.join(FILES).join(folder))?.sync_all()?;
    }
    File::open(staging.join(FILES))?.sync_all()?;
    File::open(staging)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// What a reader sees: names and contents, those of a pending change included.
    fn seen(directory: &Path) -> BTreeMap<String, Vec<u8>> {
        let pending = Pending::read(directory).unwrap();
        let mut names = pending.writes.clone();
        for folder in ["csca", "crl"] {
            names.extend(
                entries(&directory.join(folder)).unwrap().iter().map(|file| format!("{folder}/{file}")),
            );
        }
        names
            .difference(&pending.removals)
            .map(|name| (name.clone(), fs::read(Pending::place(directory, name)).unwrap()))
            .collect()
    }

    fn changes() -> Changes {
        let file = |name: &str, text: &str| (name.to_owned(), text.as_bytes().to_vec());
        Changes {
            writes: vec![file("csca/b.cer", "new b"), file("crl/c.crl", "c"), file("csca/d.cer", "d")],
            removals: BTreeSet::from(["csca/a.cer".to_owned()]),
        }
    }

    fn before() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("csca")).unwrap();
        fs::write(folder.path().join("csca/a.cer"), "a").unwrap();
        fs::write(folder.path().join("csca/b.cer"), "b").unwrap();
        folder
    }

    /// The machine stops before every single touch of the disk in turn: a reader sees the old or the new, never both.
    #[test]
    fn stopped_anywhere_it_is_whole_or_not_at_all() {
        let old = seen(before().path());
        let complete = before();
        commit(complete.path(), &changes(), &mut || Ok(())).unwrap();
        let new = seen(complete.path());
        assert_eq!(new.keys().collect::<Vec<_>>(), ["crl/c.crl", "csca/b.cer", "csca/d.cer"]);
        assert!(!complete.path().join(COMMIT).exists());
        let (mut stops, mut seen_old, mut seen_new) = (0, 0, 0);
        loop {
            let folder = before();
            let mut left = stops;
            let outcome = commit(folder.path(), &changes(), &mut || {
                left = usize::checked_sub(left, 1).ok_or(io::ErrorKind::Interrupted)?;
                Ok(())
            });
            let found = seen(folder.path());
            assert!(found == old || found == new, "stopped after {stops}: {found:?}");
            seen_old += usize::from(found == old);
            seen_new += usize::from(found == new);
            // The next import finishes what counted, or sweeps what did not, and comes to the same end.
            commit(folder.path(), &changes(), &mut || Ok(())).unwrap();
            assert_eq!(seen(folder.path()), new, "stopped after {stops}, then once more");
            if outcome.is_ok() {
                break;
            }
            stops += 1;
        }
        assert!(seen_old > 3 && seen_new > 3, "{seen_old} {seen_new}");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["../a", "/etc/passwd", "a", "a/b/c", "a/../b", ""] {
            assert!(checked(name).is_err(), "{name}");
        }
        let folder = before();
        let changes = Changes { writes: vec![("../x".to_owned(), vec![])], removals: BTreeSet::new() };
        assert!(commit(folder.path(), &changes, &mut || Ok(())).is_err());
        assert!(lock(folder.path()).is_ok_and(|_held| lock(folder.path()).is_err()));
    }
}
