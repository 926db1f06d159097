//! A disk of its own for a house, so small that it can be filled: a file system in memory, where this machine lets one be
//! mounted.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

/// What the disk holds.
const SIZE: &str = "size=24m,mode=700";

/// The file that takes the room.
const FILLER: &str = "filler";

/// What a file system gives out at a time.
pub(super) const PAGE: u64 = 4096;

/// A mounted disk; it goes when this is dropped.
#[derive(Debug)]
pub(super) struct Disk(PathBuf);

impl Disk {
    /// `None` where this machine does not let it.
    pub(super) fn mounted(at: &Path) -> Result<Option<Self>> {
        std::fs::create_dir_all(at)?;
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(at).output();
        Ok(mounted.is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned())))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What stays mounted is a folder in memory.
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

/// Takes all room but so many pages.
pub(super) fn leave(folder: &Path, pages: u64) -> Result<()> {
    let mut filler = std::fs::File::create(folder.join(FILLER))?;
    let block = vec![0_u8; 64 * 1024];
    while filler.write_all(&block).is_ok() {}
    let length = filler.metadata()?.len();
    filler.set_len(length.saturating_sub(pages * PAGE)).context("the filler")
}

/// Gives the room back.
pub(super) fn empty(folder: &Path) -> Result<()> {
    Ok(std::fs::remove_file(folder.join(FILLER))?)
}
